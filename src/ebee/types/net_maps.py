"""Maps that packets and sockets are sent through: devices, CPUs, AF_XDP sockets, and sockets."""

from __future__ import annotations

from ..abi import bpf
from .intrinsics import probe_only
from .maps import K, KeyedDecl
from .scalars import Type, u32
from .structs import type_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..btf.build import BtfBuilder


class SocketType(Type):
    """A socket in a map: given as a socket or its file descriptor, read as its cookie (a number that stays its own)."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("socket", 8, 8)

    def pack(self, value: Any) -> bytes:
        fileno = getattr(value, "fileno", None)
        number = fileno() if fileno else value
        if not isinstance(number, int):
            raise TypeError(f"a map of sockets takes a socket or its file descriptor, not {value!r}")
        if number < 0:
            raise ValueError("this socket is closed")
        return number.to_bytes(8, "little")

    def unpack(self, data: bytes) -> int:
        return int.from_bytes(data, "little")

    def btf_id(self, btf: BtfBuilder) -> int:
        return btf.add_int("u64", 8)


SOCKET = SocketType()


class RedirectDecl(KeyedDecl[int, int]):
    """A map of places that packets can be sent to. A probe sends them; only the program outside changes the map."""

    def __init__(self, *, max_entries: int, name: str = "") -> None:
        super().__init__(u32, u32, max_entries, name)  # type: ignore[arg-type]

    def redirect(self, key: int, default: int = 0) -> int:
        """Send the packet to the place at `key`: what an XDP probe returns. Where there is none, `default` is returned.

        Source: bpf_redirect_map; `default` is an XDP action up to XDP_TX.
        """
        probe_only(f"{self.kind}.redirect")


class DevMap(RedirectDecl):
    """Network interfaces by number from 0: BPF_MAP_TYPE_DEVMAP. Values are interface numbers (ifindex)."""

    map_type = bpf.BPF_MAP_TYPE_DEVMAP
    kind = "DevMap"


class DevMapHash(RedirectDecl):
    """Network interfaces by any u32: BPF_MAP_TYPE_DEVMAP_HASH. Values are interface numbers (ifindex)."""

    map_type = bpf.BPF_MAP_TYPE_DEVMAP_HASH
    kind = "DevMapHash"


class CpuMap(RedirectDecl):
    """CPUs that handle packets: BPF_MAP_TYPE_CPUMAP. Values are the lengths of their queues, 0 for CPUs not used."""

    map_type = bpf.BPF_MAP_TYPE_CPUMAP
    kind = "CpuMap"


class XskMap(RedirectDecl):
    """AF_XDP sockets by number from 0: BPF_MAP_TYPE_XSKMAP. Values are their file descriptors; none can be read."""

    map_type = bpf.BPF_MAP_TYPE_XSKMAP
    kind = "XskMap"


class SocketDecl(KeyedDecl[K, "Any"]):
    """A map of sockets. Outside, `m[k] = sock` adds one, and `m[k]` is its cookie, 0 where there is none."""

    def redirect(self, key: K, *, ingress: bool = False) -> int:
        """Send what an sk_skb or sk_msg probe was called for to the socket at `key`: what the probe returns.

        It is sent by that socket, or with `ingress` received by it. Without such a socket it is dropped (SK_DROP).
        Source: bpf_sk_redirect_map, bpf_msg_redirect_map and those of hashes.
        """
        probe_only(f"{self.kind}.redirect")

    def add(self, key: K) -> bool:
        """Add the socket that a sock_ops probe was called for; a failure is counted. Source: bpf_sock_map_update."""
        probe_only(f"{self.kind}.add")

    def assign(self, key: K) -> bool:
        """Give the packet to the socket at `key`, in an sk_lookup probe; return whether it was there and fits.

        Source: bpf_sk_assign.
        """
        probe_only(f"{self.kind}.assign")

    def select(self, key: K) -> bool:
        """Choose the socket at `key`, in an sk_reuseport probe; return whether it was there and fits.

        Source: bpf_sk_select_reuseport.
        """
        probe_only(f"{self.kind}.select")


class SockMap(SocketDecl[int]):
    """Sockets by number from 0: BPF_MAP_TYPE_SOCKMAP."""

    map_type = bpf.BPF_MAP_TYPE_SOCKMAP
    kind = "SockMap"

    def __init__(self, *, max_entries: int, name: str = "") -> None:
        super().__init__(u32, SOCKET, max_entries, name)  # type: ignore[arg-type]


class SockHash(SocketDecl[K]):
    """Sockets by any key: BPF_MAP_TYPE_SOCKHASH."""

    map_type = bpf.BPF_MAP_TYPE_SOCKHASH
    kind = "SockHash"

    def __init__(self, key: type[K], *, max_entries: int, name: str = "") -> None:
        super().__init__(type_of(key, "key of SockHash"), SOCKET, max_entries, name)


class ReuseportSockArray(SocketDecl[int]):
    """Sockets that share a port, by number from 0: BPF_MAP_TYPE_REUSEPORT_SOCKARRAY."""

    map_type = bpf.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY
    kind = "ReuseportSockArray"

    def __init__(self, *, max_entries: int, name: str = "") -> None:
        super().__init__(u32, SOCKET, max_entries, name)  # type: ignore[arg-type]

"""Packets as programs in the engine see them: a region of memory, and a context that points into it.

The kernel declares a context's pointers to the packet as 32 bits wide, and rewrites their loads when it verifies the
program (convert_ctx_access). The engine does so at run time: a 4-byte load from one of the addresses in `pointers`
gives the pointer. That holds for every program, also where the context has been spilled or passed on. When a packet
changes its size it gets a new region: what pointed into the old one faults, and the verifier refuses its use.

Source: struct xdp_md and struct __sk_buff in include/uapi/linux/bpf.h; bpf_prog_test_run_xdp() and
bpf_prog_test_run_skb() in net/bpf/test_run.c (Linux 6.18).
"""

from __future__ import annotations

from errno import EINVAL

from ..abi import bpf
from ..abi.contexts import STRUCTS
from ..errors import SyscallError
from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .interpreter import Machine

ETH_BYTES = 14
XDP_HEADROOM = 256
XDP_TAILROOM = 320  # struct skb_shared_info, aligned
XDP_FRAME = 40  # sizeof(struct xdp_frame), which is kept free at the start
PAGE_BYTES = 4096
_LOOPBACK = 1  # the interface that a test run in the kernel says the packet came from
_SK_BUFF_BYTES, _XDP_BYTES = 192, 24

# Fields of struct __sk_buff: offset in bytes (4 bytes wide where nothing else is said).
SKB_LEN, SKB_PKT_TYPE, SKB_MARK, SKB_PROTOCOL = 0, 4, 8, 16
SKB_VLAN_PRESENT, SKB_VLAN_TCI, SKB_VLAN_PROTO, SKB_IFINDEX, SKB_HASH = 20, 24, 28, 40, 68
SKB_SK, SKB_TSTAMP, SKB_TSTAMP_TYPE = 168, 152, 180  # 8, 8 and 1 bytes
_SKB_POINTERS = (76, 80, 140)  # data, data_end, data_meta
# Fields of struct bpf_sock, 4 bytes wide; a protocol's number, its family, and where its addresses are and were.
_SOCK = {name: off for name, (off, _, _) in STRUCTS["bpf_sock"].items()}
_TCP_CLOSE = 7
SKF_NET_OFF, SKF_LL_OFF = -0x100000, -0x200000  # include/uapi/linux/filter.h
_ADDRESSES = (
    (b"\x08\0", 2, "src_ip4", "dst_ip4", 12, 4),
    (b"\x86\xdd", 10, "src_ip6", "dst_ip6", 8, 16),
)
# What a caller may set, as (start, end): mark; priority, ingress_ifindex, ifindex; cb; tstamp, wire_len, gso_segs;
# gso_size; hwtstamp.
_SKB_GIVEN = ((8, 12), (32, 44), (48, 68), (152, 168), (176, 180), (184, 192))


class PacketKind(Record):
    """How programs of a type see a packet.

    `has_ethernet`: whether the Ethernet header is part of it. `has_pointers`: whether the context points to it.
    """

    is_xdp: bool = False
    has_ethernet: bool = False
    has_pointers: bool = True


PACKET_KINDS = {
    bpf.BPF_PROG_TYPE_XDP: PacketKind(is_xdp=True, has_ethernet=True),
    bpf.BPF_PROG_TYPE_SCHED_CLS: PacketKind(has_ethernet=True),
    bpf.BPF_PROG_TYPE_SCHED_ACT: PacketKind(has_ethernet=True),
    bpf.BPF_PROG_TYPE_SOCKET_FILTER: PacketKind(has_pointers=False),
    bpf.BPF_PROG_TYPE_CGROUP_SKB: PacketKind(),
    bpf.BPF_PROG_TYPE_LWT_IN: PacketKind(),
    bpf.BPF_PROG_TYPE_LWT_OUT: PacketKind(),
    bpf.BPF_PROG_TYPE_LWT_XMIT: PacketKind(),
}


class Packet:
    """A packet under way: `frame[start:end]` are its bytes, `frame[meta:start]` metadata in front of them.

    `ctx` are the bytes of the context. `vlan` is a tag (EtherType, TCI) that lies beside the packet; `csum_level` that
    of a checksum found right, -1 for none; `network` is where the network header starts, `is_encapsulated` whether
    another header was put around it. `link` is the link header where that is no part of the packet.
    """

    __slots__ = (
        "_frame",
        "_region",
        "_shown",
        "_shown_at",
        "_sock",
        "csum_level",
        "ctx",
        "ctx_address",
        "end",
        "is_encapsulated",
        "kind",
        "link",
        "meta",
        "network",
        "start",
        "vlan",
        "vm",
    )

    _frame: bytearray
    start: int
    end: int
    meta: int

    def __init__(self, vm: Machine, kind: PacketKind, data: bytes, ctx: bytes) -> None:
        self.vm, self.kind = vm, kind
        self.vlan: tuple[int, int] | None = None
        self.link = b"" if kind.has_ethernet else data[:ETH_BYTES]
        self.is_encapsulated = False
        self.csum_level, self.network, self._region = -1, 0, 0
        self._shown: bytearray | memoryview = bytearray()
        self._shown_at = self._sock = 0
        made = self._xdp(data, ctx) if kind.is_xdp else self._skb(data, ctx)
        self.ctx_address, self.ctx = vm.memory.new(made, "the context")
        self.place()

    def _xdp(self, data: bytes, ctx: bytes) -> bytearray:
        meta_bytes = int.from_bytes(ctx[:4], "little")
        if ctx and (int.from_bytes(ctx[4:8], "little") != len(data) or meta_bytes > len(data)):
            raise SyscallError("BPF_PROG_TEST_RUN", EINVAL, "the context's data_end is not the packet's size")
        size = max(PAGE_BYTES, XDP_HEADROOM + len(data) + XDP_TAILROOM)
        self._frame = bytearray(size)
        self.meta = XDP_HEADROOM - meta_bytes
        self.start = XDP_HEADROOM
        self.end = self.meta + len(data)
        self._frame[self.meta : self.end] = data
        made = bytearray(_XDP_BYTES)
        made[12:] = ctx[12:].ljust(12, b"\0")
        if not ctx:
            made[12:16] = _LOOPBACK.to_bytes(4, "little")
        return made

    def _skb(self, data: bytes, ctx: bytes) -> bytearray:
        made = bytearray(_SK_BUFF_BYTES)
        for at, end in _SKB_GIVEN:
            made[at:end] = ctx[at:end].ljust(end - at, b"\0")
        if any(a != b for a, b in zip(ctx, made, strict=False)):
            raise SyscallError("BPF_PROG_TEST_RUN", EINVAL, "a field of the context that cannot be given is not 0")
        if len(data) < ETH_BYTES and not self.kind.has_ethernet:
            raise SyscallError("BPF_PROG_TEST_RUN", EINVAL, "the packet is shorter than an Ethernet header")
        if not any(made[SKB_IFINDEX : SKB_IFINDEX + 4]):
            made[SKB_IFINDEX] = _LOOPBACK
        made[SKB_PKT_TYPE] = _packet_type(data[:6])
        made[SKB_PROTOCOL : SKB_PROTOCOL + 2] = protocol_at(data, ETH_BYTES)
        self.network = min(ETH_BYTES, len(data)) if self.kind.has_ethernet else 0
        self._frame = bytearray(data if self.kind.has_ethernet else data[ETH_BYTES:])
        self.meta, self.start, self.end = 0, 0, len(self._frame)
        self._sock = self.vm.memory.map(_sock(data), "the packet's socket")
        self.vm.registry.name(self._sock, "sock", 0)
        made[SKB_SK : SKB_SK + 8] = self._sock.to_bytes(8, "little")
        return made

    @property
    def content(self) -> memoryview:
        """The bytes of the packet, in place."""
        return memoryview(self._shown)[self.start - self.meta :]

    @property
    def frame(self) -> bytearray:
        """The whole page of an XDP frame, with the bytes that programs have written. `place` shows what changes."""
        self._frame[self._shown_at : self._shown_at + len(self._shown)] = self._shown
        return self._frame

    def address(self, off: int) -> int:
        """Return where programs find a byte of the packet."""
        return self._region + self.start - self.meta + off

    def field(self, off: int) -> int:
        """Return a field of the context, 4 bytes wide."""
        return int.from_bytes(self.ctx[off : off + 4], "little")

    def set_field(self, off: int, value: int, size: int = 4) -> None:
        """Set a field of the context."""
        self.ctx[off : off + size] = value.to_bytes(size, "little")

    def number_beside(self, off: int, size: int) -> int:
        """Return a big-endian number at a negative offset, which counts from a header; -1 outside of the packet."""
        whole = self.link + bytes(self.content)
        base = len(self.link) + self.network - SKF_NET_OFF if off >= SKF_NET_OFF else -SKF_LL_OFF
        at = off + base
        return int.from_bytes(whole[at : at + size], "big") if 0 <= at <= len(whole) - size else -1

    def replace(self, content: bytes) -> None:
        """Give the packet (of a socket buffer) other bytes."""
        self._frame = bytearray(content)
        self.meta, self.start, self.end = 0, 0, len(self._frame)
        self.place()

    def place(self) -> None:
        """Show the packet at a new address, and let the context point there."""
        vm = self.vm
        old = self._region
        self._region, self._shown = vm.memory.new(memoryview(self._frame)[self.meta : self.end], "the packet")
        self._shown_at = self.meta
        if old:
            vm.memory.unmap(old)
        vm.legacy = self.content
        data = self.address(0)
        ends = (data, data + self.end - self.start, self._region)
        offsets = (0, 4, 8) if self.kind.is_xdp else _SKB_POINTERS
        if self.kind.has_pointers:
            vm.set_pointers(self.ctx_address, dict(zip(offsets, ends, strict=True)))
        if not self.kind.is_xdp:
            self.set_field(SKB_LEN, self.end - self.start)

    def result(self) -> bytes:
        """Return what user space sees of the packet after a run."""
        if self.kind.has_ethernet:
            return bytes(self._shown)
        return bytes(ETH_BYTES) + bytes(self.content)

    def result_context(self) -> bytes:
        """Return what user space sees of the context after a run."""
        if self.kind.is_xdp:
            ends = (self.start - self.meta, self.end - self.meta, 0)
            return b"".join(n.to_bytes(4, "little") for n in ends) + bytes(self.ctx[12:])
        out = bytearray(_SK_BUFF_BYTES)
        for at, end in _SKB_GIVEN:
            out[at:end] = self.ctx[at:end]
        return bytes(out)

    def close(self) -> None:
        """Take the packet and its context out of memory."""
        self.vm.memory.unmap(self._region)
        self.vm.registry.forget(self._sock)
        self.vm.memory.unmap(self._sock)
        self.vm.memory.unmap(self.ctx_address)
        self.vm.set_pointers(0, {})
        self.vm.legacy = b""


def _sock(data: bytes) -> bytes:
    """Return the socket of a packet in a test run: a struct bpf_sock that is closed, with the packet's addresses."""
    made, l3 = bytearray(80), data[ETH_BYTES:]
    for name, value in (("state", _TCP_CLOSE), ("rx_queue_mapping", 0xFFFF_FFFF)):
        made[_SOCK[name] : _SOCK[name] + 4] = value.to_bytes(4, "little")
    for protocol, family, src, dst, off, size in _ADDRESSES:
        if protocol_at(data, ETH_BYTES) == protocol:
            made[_SOCK["family"]] = family
            if len(l3) >= off + 2 * size:
                made[_SOCK[src] : _SOCK[src] + size] = l3[off : off + size]
                made[_SOCK[dst] : _SOCK[dst] + size] = l3[off + size : off + 2 * size]
    return bytes(made)


def _packet_type(destination: bytes) -> int:
    """Return PACKET_HOST, MULTICAST or OTHERHOST: the loopback device's addresses are all zeros."""
    return 0 if not any(destination) else 2 if destination[0] & 1 else 3


def protocol_at(data: bytes, end: int) -> bytes:
    """Return the EtherType that ends at `end`; a length there stands for 802.3 (IPX) or 802.2."""
    if len(data) < end:
        return b"\0\0"
    if int.from_bytes(data[end - 2 : end], "big") >= 0x600:
        return data[end - 2 : end]
    return b"\0\x01" if data[end : end + 2] == b"\xff\xff" else b"\0\x04"

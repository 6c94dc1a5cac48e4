"""Helpers that ask the network for something. There is none: what programs ask is recorded in `Machine.effects`.

Routes and sockets are not there either, and the results say so as the kernel's do on a machine without them.
Source: net/core/filter.c (Linux 6.18).
"""

from __future__ import annotations

from errno import EAFNOSUPPORT, EINVAL, EOPNOTSUPP

from ...abi import bpf
from ...errors import ExecutionError
from ..packets import ETH_BYTES
from .common import U32, map_at
from .skb import skb_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..interpreter import Machine

_FIB_BYTES = 64  # sizeof(struct bpf_fib_lookup)
_FIB_FLAGS = 0x3F
_MAP_FLAGS = bpf.BPF_F_BROADCAST | bpf.BPF_F_EXCLUDE_INGRESS


def _record(vm: Machine, name: str, *arguments: int) -> None:
    packet = b"" if vm.packet is None else bytes(vm.packet.content)
    vm.effects.append((name, arguments, packet))


def clone_redirect(vm: Machine, ctx: int, ifindex: int, flags: int) -> int:
    """Send a copy of the packet to an interface. The engine knows of none, and takes every number but 0 for one."""
    skb = skb_at(vm, ctx)
    if flags & ~bpf.BPF_F_INGRESS or not ifindex & U32 or len(skb.content) < ETH_BYTES:
        return -EINVAL
    _record(vm, "clone_redirect", ifindex & U32, flags)
    return 0


def redirect(vm: Machine, ifindex: int, flags: int) -> int:
    is_xdp = vm.packet is not None and vm.packet.kind.is_xdp
    if flags & ~(0 if is_xdp else bpf.BPF_F_INGRESS):
        return bpf.XDP_ABORTED if is_xdp else bpf.TCX_DROP
    _record(vm, "redirect", ifindex & U32, flags)
    return bpf.XDP_REDIRECT if is_xdp else bpf.TCX_REDIRECT


def redirect_neigh(vm: Machine, ifindex: int, params: int, size: int, flags: int) -> int:
    if flags or size & U32 and size & U32 < 20:
        return bpf.TCX_DROP
    _record(vm, "redirect_neigh", ifindex & U32)
    return bpf.TCX_REDIRECT


def redirect_peer(vm: Machine, ifindex: int, flags: int) -> int:
    if flags:
        return bpf.TCX_DROP
    _record(vm, "redirect_peer", ifindex & U32)
    return bpf.TCX_REDIRECT


def redirect_map(vm: Machine, handle: int, key: int, flags: int) -> int:
    """Send a frame by a map's entry; bits 0 and 1 of `flags` are the result where there is none."""
    from ..mapkinds.references import CpuMap, DevMap

    m = map_at(vm, handle)
    if not isinstance(m, DevMap):
        raise ExecutionError(f"map {m.spec.name!r} says of no device or CPU")
    broadcasts = not isinstance(m, CpuMap)
    if flags & ~(3 | (_MAP_FLAGS if broadcasts else 0)):
        return bpf.XDP_ABORTED
    if not flags & bpf.BPF_F_BROADCAST and not m.has_target(key & U32):
        return flags & 3
    _record(vm, "redirect_map", handle, key & U32, flags)
    return bpf.XDP_REDIRECT


def fib_lookup(vm: Machine, ctx: int, params: int, size: int, flags: int) -> int:
    """Say that there is no route: BPF_FIB_LKUP_RET_NOT_FWDED."""
    if size & U32 < _FIB_BYTES or flags & U32 & ~_FIB_FLAGS:
        return -EINVAL
    family = vm.memory.window(params, size & U32)[0]
    if family not in (2, 10):
        return -EAFNOSUPPORT
    return bpf.BPF_FIB_LKUP_RET_NOT_FWDED


# Sockets: none is found.


def sk_lookup_tcp(vm: Machine, ctx: int, tuple: int, size: int, netns: int, flags: int) -> int:
    vm.memory.read(tuple, size & U32)
    return 0


def sk_lookup_udp(vm: Machine, ctx: int, tuple: int, size: int, netns: int, flags: int) -> int:
    vm.memory.read(tuple, size & U32)
    return 0


def skc_lookup_tcp(vm: Machine, ctx: int, tuple: int, size: int, netns: int, flags: int) -> int:
    vm.memory.read(tuple, size & U32)
    return 0


def sk_release(vm: Machine, sock: int) -> int:
    raise ExecutionError(f"{sock:#x} is no socket that was looked up")


def sk_fullsock(vm: Machine, sock: int) -> int:
    return sock


def tcp_sock(vm: Machine, sock: int) -> int:
    """Return 0: the socket of a packet is no TCP socket."""
    return 0


def get_listener_sock(vm: Machine, sock: int) -> int:
    return 0


def sk_assign(vm: Machine, ctx: int, sock: int, flags: int) -> int:
    """Have a socket get the packet: of an skb only where one arrives, which none does here."""
    if vm.packet is not None:
        return -EOPNOTSUPP if sock and not flags else -EINVAL
    _record(vm, "sk_assign", sock)
    return 0


def get_socket_cookie(vm: Machine, ctx: int) -> int:
    return 1


def get_socket_uid(vm: Machine, ctx: int) -> int:
    return 0


def get_netns_cookie(vm: Machine, ctx: int) -> int:
    return 1


def get_cgroup_classid(vm: Machine, ctx: int) -> int:
    return 0


def skb_cgroup_classid(vm: Machine, ctx: int) -> int:
    return 0


def skb_cgroup_id(vm: Machine, ctx: int) -> int:
    return vm.task.cgroup_id


def skb_ancestor_cgroup_id(vm: Machine, ctx: int, level: int) -> int:
    ancestors = (*vm.task.cgroup_ancestors, vm.task.cgroup_id)
    return ancestors[level & U32] if level & U32 < len(ancestors) else 0


def get_route_realm(vm: Machine, ctx: int) -> int:
    return 0

"""Helpers over XDP frames: a page with room in front of the packet and behind it.

Source: net/core/filter.c, bpf_xdp_adjust_head() and its neighbours (Linux 6.18).
"""

from __future__ import annotations

from errno import EACCES, EFAULT, EINVAL

from ...errors import ExecutionError
from ..packets import ETH_BYTES, XDP_FRAME, XDP_TAILROOM, Packet
from .common import U32, signed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..interpreter import Machine

_MAX_META_BYTES = 255


def xdp_at(vm: Machine, ctx: int) -> Packet:
    """Return the frame whose context a program passed. Raises: ExecutionError."""
    if vm.packet is None or vm.packet.ctx_address != ctx or not vm.packet.kind.is_xdp:
        raise ExecutionError(f"{ctx:#x} is no XDP frame")
    return vm.packet


def xdp_adjust_head(vm: Machine, ctx: int, delta: int) -> int:
    xdp, delta = xdp_at(vm, ctx), signed(delta, 32)
    meta_bytes = xdp.start - xdp.meta
    start = xdp.start + delta
    if start < XDP_FRAME + meta_bytes or start > xdp.end - ETH_BYTES:
        return -EINVAL
    meta = bytes(xdp.frame[xdp.meta : xdp.start])
    xdp.start, xdp.meta = start, start - meta_bytes
    xdp.frame[xdp.meta : xdp.start] = meta
    xdp.place()
    return 0


def xdp_adjust_tail(vm: Machine, ctx: int, delta: int) -> int:
    xdp, delta = xdp_at(vm, ctx), signed(delta, 32)
    end = xdp.end + delta
    if end > len(xdp.frame) - XDP_TAILROOM or end < xdp.start + ETH_BYTES:
        return -EINVAL
    xdp.frame[xdp.end : end] = bytes(max(0, delta))
    xdp.end = end
    xdp.place()
    return 0


def xdp_adjust_meta(vm: Machine, ctx: int, delta: int) -> int:
    xdp = xdp_at(vm, ctx)
    meta = xdp.meta + signed(delta, 32)
    if meta < XDP_FRAME or meta > xdp.start:
        return -EINVAL
    if (xdp.start - meta) % 4 or xdp.start - meta > _MAX_META_BYTES:
        return -EACCES
    xdp.meta = meta
    xdp.place()
    return 0


def xdp_get_buff_len(vm: Machine, ctx: int) -> int:
    return len(xdp_at(vm, ctx).content)


def _check(xdp: Packet, off: int, size: int) -> int:
    if off > 0xFFFF or size > 0xFFFF:
        return -EFAULT
    return -EINVAL if off + size > len(xdp.content) else 0


def xdp_load_bytes(vm: Machine, ctx: int, off: int, to: int, size: int) -> int:
    xdp, off, size = xdp_at(vm, ctx), off & U32, size & U32
    out = vm.memory.window(to, size)
    error = _check(xdp, off, size)
    if not error:
        out[:] = xdp.content[off : off + size]
    return error


def xdp_store_bytes(vm: Machine, ctx: int, off: int, data: int, size: int) -> int:
    xdp, off, size = xdp_at(vm, ctx), off & U32, size & U32
    new = vm.memory.read(data, size)
    error = _check(xdp, off, size)
    if not error:
        xdp.content[off : off + size] = new
    return error

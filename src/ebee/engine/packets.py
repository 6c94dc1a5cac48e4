"""Packets as programs in the engine see them: a region of memory, and a context that points into it.

The kernel declares a context's pointers to the packet as 32 bits wide, and rewrites their loads when it verifies the
program (convert_ctx_access). The engine does so at run time: a 4-byte load from one of the addresses in `pointers`
gives the pointer. That holds for every program, also where the context has been spilled or passed on.

Source: struct xdp_md in include/uapi/linux/bpf.h; xdp_convert_ctx_access in net/core/filter.c (Linux 6.18).
"""

from __future__ import annotations

from ..abi import bpf
from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .memory import Memory

_LOOPBACK = 1  # the interface that a test run in the kernel says the packet came from


class PacketContext(Record):
    """A context with a packet: `context` is what it holds unasked, the rest are offsets of its pointers in bytes."""

    context: bytes
    data_off: int
    data_end_off: int
    data_meta_off: int


PACKET_CONTEXTS = {
    bpf.BPF_PROG_TYPE_XDP: PacketContext(bytes(12) + _LOOPBACK.to_bytes(4, "little") + bytes(8), 0, 4, 8),
}


def place_packet(memory: Memory, layout: PacketContext, ctx: int, packet: bytearray) -> dict[int, int]:
    """Map a packet; return the context's pointers by their addresses. `data` is the first of them."""
    data = memory.map(packet, "the packet")
    end = data + len(packet)
    return {ctx + layout.data_off: data, ctx + layout.data_end_off: end, ctx + layout.data_meta_off: data}

"""What a program holds and must give back, and what becomes invalid when it is given back.

Source: kernel/bpf/verifier.c (Linux 6.18): acquire_reference(), release_reference(),
check_resource_leak(), clear_all_pkt_pointers().
"""

from __future__ import annotations

from .jumps import map_registers
from .state import (
    DYNPTR,
    INVALID_SLOT,
    NOT_INIT_REG,
    PTR_TO_MEM,
    PTR_TO_PACKET,
    PTR_TO_PACKET_END,
    PTR_TO_PACKET_META,
    UNKNOWN_REG,
    Reg,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .explore import Verifier

_PACKET = (PTR_TO_PACKET, PTR_TO_PACKET_META, PTR_TO_PACKET_END)
# Dynptrs over packets: pointers into them are lost when the packet moves.
PACKET_DYNPTRS = ("skb", "xdp", "skb_meta")


def acquire(v: Verifier, kind: str, id: int = 0) -> int:
    """Note that the current instruction acquires something that must be released; return its id."""
    id = id or v.new_id()
    v.state.refs += ((kind, id, v.idx),)
    return id


def is_held(v: Verifier, id: int) -> bool:
    """Tell if a reference was acquired and not yet released."""
    return any(held[1] == id for held in v.state.refs)


def lost(v: Verifier) -> Reg:
    """Return what a register holds whose pointer became invalid."""
    return UNKNOWN_REG if v.privileged else NOT_INIT_REG


def release(v: Verifier, id: int) -> bool:
    """Give a reference back: all pointers that belong to it become invalid; False if it is not held."""
    refs = v.state.refs
    left = tuple([held for held in refs if held[1] != id])
    if len(left) == len(refs):
        return False
    v.state.refs = left
    invalid = lost(v)
    map_registers(v.state, lambda reg: invalid if reg.ref == id else reg)
    return True


def lose_packet(v: Verifier) -> None:
    """Let all pointers into the packet become invalid: it may have moved."""
    invalid = lost(v)

    def changed(reg: Reg) -> Reg:
        if reg.kind in _PACKET:
            return invalid
        is_slice = reg.kind == PTR_TO_MEM and isinstance(reg.obj, tuple) and reg.obj[1] in PACKET_DYNPTRS
        return invalid if is_slice else reg

    map_registers(v.state, changed)


def lose_slices(v: Verifier, dynptr_id: int) -> None:
    """Let all pointers into what a dynptr points to become invalid."""
    invalid = lost(v)

    def changed(reg: Reg) -> Reg:
        is_slice = reg.kind == PTR_TO_MEM and isinstance(reg.obj, tuple) and reg.obj[0] == dynptr_id
        return invalid if is_slice else reg

    map_registers(v.state, changed)


def lose_dynptrs(v: Verifier, ref: int) -> None:
    """Forget every dynptr on the stack that belongs to a reference."""
    for frame in v.state.frames:
        for spi, slot in enumerate(frame.stack):
            if slot.kinds[0] == DYNPTR and slot.reg is not None and slot.reg.ref == ref:
                lose_slices(v, slot.reg.id)
                frame.stack[spi] = INVALID_SLOT

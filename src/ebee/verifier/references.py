"""What a program holds and must give back: references, locks, and what becomes invalid when it is given back.

Source: kernel/bpf/verifier.c (Linux 6.18): acquire_reference(), release_reference(), process_spin_lock(),
check_resource_leak(), clear_all_pkt_pointers().
"""

from __future__ import annotations

from .jumps import map_registers
from .special_fields import fields_of
from .state import (
    CONST_PTR_TO_MAP,
    DYNPTR,
    INVALID_SLOT,
    NOT_INIT_REG,
    PTR_TO_MAP_VALUE,
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


def field_at(v: Verifier, number: int, reg: Reg, name: str, helper: str) -> None:
    """Refuse a pointer into a map's value that is not to its field of a type: a lock or a timer. Raises: Refusal."""
    rule = "timer" if name == "bpf_timer" else "lock"
    if reg.num.mask:
        message = f"R{number} doesn't have constant offset. {name} has to be at the constant offset"
        raise v.refuse(rule, message, register=number)
    if reg.kind != PTR_TO_MAP_VALUE:
        return
    map_ = reg.obj
    if not map_.value_type_id:
        raise v.refuse(rule, f"map '{map_.name}' has to have BTF in order to use {name}", map=map_.name)
    places = [field.off for field in fields_of(v, map_) if field.name == name]
    if not places:
        raise v.refuse(rule, f"map '{map_.name}' has no valid {name}", map=map_.name)
    at = reg.off + reg.num.value
    if at not in places:
        message = f"off {at} doesn't point to 'struct {name}' that is at {places[0]}"
        raise v.refuse(rule, message, map=map_.name, off=at, helper=helper)


def take_lock(v: Verifier, number: int, reg: Reg) -> None:
    """Check and do bpf_spin_lock. Raises: Refusal."""
    field_at(v, number, reg, "bpf_spin_lock", "bpf_spin_lock")
    if v.state.locks:
        raise v.refuse("lock", "Locking two bpf_spin_locks are not allowed", register=number)
    v.state.locks += (_lock_of(v, reg),)


def leave_lock(v: Verifier, number: int, reg: Reg) -> None:
    """Check and do bpf_spin_unlock. Raises: Refusal."""
    field_at(v, number, reg, "bpf_spin_lock", "bpf_spin_unlock")
    if not v.state.locks:
        raise v.refuse("lock", "bpf_spin_unlock without taking a lock", register=number)
    if v.state.locks[-1] != _lock_of(v, reg):
        raise v.refuse("lock", "bpf_spin_unlock of different lock", register=number)
    v.state.locks = v.state.locks[:-1]


def _lock_of(v: Verifier, reg: Reg) -> tuple[int, int]:
    """Return what tells a lock from others: the map or type that it is in, and the pointer's id."""
    if reg.kind in (PTR_TO_MAP_VALUE, CONST_PTR_TO_MAP):
        return list(v.program.special).index(reg.obj.name), reg.id
    return -1, reg.id

"""Dynptrs: 16 bytes of stack that only helpers and kernel functions may touch.

A dynptr at fp + off has the two slots from there up; each holds a register of kind CONST_PTR_TO_DYNPTR whose `obj` is
(what it points into, whether it is the lower slot), `id` the dynptr's own, `ref` the reference that it belongs to.

Source: kernel/bpf/verifier.c (Linux 6.18): process_dynptr_func(), mark_stack_slots_dynptr(),
destroy_if_dynptr_stack_slot().
"""

from __future__ import annotations

from .references import acquire, lose_dynptrs, lose_slices, release
from .scalar import const
from .stack import slot_of
from .state import CONST_PTR_TO_DYNPTR, DYNPTR, INVALID_SLOT, PTR_TO_STACK, STACK_BYTES, Reg, Slot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .explore import Verifier
    from .prototypes import Arg

_KINDS = bytes([DYNPTR] * 8)
_ZERO = const(0)


def _place(reg: Reg) -> int | None:
    """Return the lower slot's index, None for a pointer that cannot be a dynptr's."""
    if reg.num.mask:
        return None
    off = reg.off + reg.num.smin
    return None if off % 8 or not -STACK_BYTES <= off <= -16 else slot_of(off)


def dynptr_at(v: Verifier, reg: Reg) -> Reg | None:
    """Return the dynptr that a pointer to the stack points to, or the one that it is; None if there is none."""
    if reg.kind == CONST_PTR_TO_DYNPTR:
        return reg
    spi = _place(reg)
    if spi is None:
        return None
    stack = v.state.frames[reg.obj].stack
    if spi >= len(stack):
        return None
    low, high = stack[spi], stack[spi - 1]
    if low.kinds[0] != DYNPTR or high.kinds[0] != DYNPTR or low.reg is None or high.reg is None:
        return None
    return low.reg if low.reg.obj[1] and not high.reg.obj[1] else None


def check_dynptr(v: Verifier, number: int, reg: Reg, arg: Arg) -> Reg | None:
    """Check an argument that is a dynptr; return it, None for one that the helper is yet to make. Raises: Refusal."""
    if arg.is_released:
        if reg.kind != PTR_TO_STACK:
            raise v.refuse("dynptr", "cannot release unowned const bpf_dynptr", register=number)
        held = dynptr_at(v, reg)
        if held is None or not held.ref:
            raise v.refuse("dynptr", f"arg {number} is an unacquired reference", register=number)
    if arg.is_uninit:
        if reg.kind != PTR_TO_STACK or _place(reg) is None:
            raise v.refuse("dynptr", "Dynptr has to be an uninitialized dynptr", register=number)
        return None
    found = dynptr_at(v, reg)
    if found is None:
        message = f"Expected an initialized dynptr as arg #{number - 1}"
        raise v.refuse("dynptr", message, register=number)
    if arg.of and found.obj[0] != arg.of:
        message = f"Expected a dynptr of type {arg.of} as arg #{number - 1}"
        raise v.refuse("dynptr", message, register=number, kind=found.obj[0])
    return found


def make(v: Verifier, reg: Reg, kind: str, ref: int = 0) -> None:
    """Put a dynptr of a kind where a pointer to the stack points. Raises: Refusal."""
    spi = _place(reg)
    assert spi is not None
    frame = v.state.frames[reg.obj]
    missing = spi + 1 - len(frame.stack)
    if missing > 0:
        frame.stack += [INVALID_SLOT] * missing
    for at in (spi, spi - 1):
        forget_at(v, reg.obj, at)
    if kind == "ringbuf" and not ref:
        ref = acquire(v, "dynptr")
    id = v.new_id()
    frame.stack[spi] = Slot(_KINDS, Reg(CONST_PTR_TO_DYNPTR, _ZERO, id, obj=(kind, True), ref=ref))
    frame.stack[spi - 1] = Slot(_KINDS, Reg(CONST_PTR_TO_DYNPTR, _ZERO, id, obj=(kind, False), ref=ref))
    v.pruning.stack_write(reg.obj, 3 << (spi - 1))


def unmake(v: Verifier, reg: Reg) -> None:
    """Take away the dynptr that a helper has released, and all that belongs to it."""
    found = dynptr_at(v, reg)
    assert found is not None
    if found.ref:
        lose_dynptrs(v, found.ref)
        release(v, found.ref)
    else:
        _forget(v, reg.obj, found.id)


def _forget(v: Verifier, frame_no: int, id: int) -> None:
    stack = v.state.frames[frame_no].stack
    for spi, slot in enumerate(stack):
        if slot.kinds[0] == DYNPTR and slot.reg is not None and slot.reg.id == id:
            stack[spi] = INVALID_SLOT
    lose_slices(v, id)


def refuse_overwriting(v: Verifier, reg: Reg, size: int) -> None:
    """Refuse a range of the stack that a helper would write to, where it has a dynptr. Raises: Refusal."""
    low = reg.off + reg.num.smin
    stack = v.state.frames[reg.obj].stack
    for off in range(low, low + size):
        if stack[slot_of(off)].kinds[0] == DYNPTR:
            raise v.refuse("dynptr", f"potential write to dynptr at off={off} disallowed", off=off)


def forget_at(v: Verifier, frame_no: int, spi: int) -> None:
    """Take away the dynptr whose slot is to be overwritten. Raises: Refusal for one that must be released."""
    stack = v.state.frames[frame_no].stack
    slot = stack[spi]
    if slot.kinds[0] != DYNPTR or slot.reg is None:
        return
    held = slot.reg
    if held.ref:
        slots = [slot for frame in v.state.frames for slot in frame.stack if slot.kinds[0] == DYNPTR]
        if len({slot.reg.id for slot in slots if slot.reg is not None and slot.reg.ref == held.ref}) == 1:
            raise v.refuse("dynptr", "cannot overwrite referenced dynptr")
    _forget(v, frame_no, held.id)

"""Iterators and saved interrupt flags: slots of stack that only kernel functions touch.

Each slot holds a register. `obj` is the name of the iterator's struct, `off` 1 while it is not at its end, `size` the
turns so far, `ref` (in the lowest slot only) the reference that destroying it releases. `flags` are MEM_RCU or
PTR_UNTRUSTED where it needs an RCU region.

Source: kernel/bpf/verifier.c (Linux 6.18): process_iter_arg(), process_iter_next_call(), process_irq_flag().
"""

from __future__ import annotations

from . import stack
from .jumps import find_earlier, widen
from .references import acquire, release
from .scalar import const
from .state import (
    CONST_PTR_TO_DYNPTR,
    INVALID_SLOT,
    IRQ_FLAG,
    ITER,
    PTR_TO_STACK,
    PTR_UNTRUSTED,
    STACK_BYTES,
    ZERO_REG,
    Reg,
    Slot,
    State,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .explore import Verifier

_ZERO = const(0)
_ITER, _IRQ = bytes([ITER] * 8), bytes([IRQ_FLAG] * 8)


def _place(reg: Reg, count: int) -> int | None:
    """Return the index of the lowest of `count` slots at a pointer, None if there is no room for them."""
    if reg.num.mask:
        return None
    off = reg.off + reg.num.smin
    if off % 8 or not -STACK_BYTES <= off < 0:
        return None
    spi = stack.slot_of(off)
    return spi if spi + 1 >= count else None


def _slots(v: Verifier, reg: Reg, spi: int, count: int) -> list[Slot]:
    frame = v.state.frames[reg.obj].stack
    return [frame[spi - n] if spi - n < len(frame) else INVALID_SLOT for n in range(count)]


def new_iterator(v: Verifier, number: int, reg: Reg, name: str, size: int, flags: int) -> None:
    """Check and make an iterator. Raises: Refusal."""
    count = size // 8
    spi = _place(reg, count) if reg.kind == PTR_TO_STACK else None
    if reg.kind != PTR_TO_STACK:
        raise v.refuse("iterator", f"arg#{number - 1} expected pointer to an iterator on stack", register=number)
    if spi is None or any(slot.kinds[0] == ITER for slot in _slots(v, reg, spi, count)):
        message = f"expected uninitialized {name.removeprefix('bpf_')} as arg #{number - 1}"
        raise v.refuse("iterator", message, register=number)
    for n in range(count):
        stack.write(v, number, reg, 8 * n, 8, None, -1)
    ref = acquire(v, "iter")
    frame = v.state.frames[reg.obj].stack
    for n in range(count):
        frame[spi - n] = Slot(_ITER, Reg(CONST_PTR_TO_DYNPTR, _ZERO, 0, 1, flags, name, 0 if n else ref))


def find_iterator(v: Verifier, number: int, reg: Reg, name: str, size: int, function: str) -> int:
    """Return the index of the lowest slot of an iterator that was made. Raises: Refusal."""
    count = size // 8
    if reg.kind != PTR_TO_STACK:
        raise v.refuse("iterator", f"arg#{number - 1} expected pointer to an iterator on stack", register=number)
    spi = _place(reg, count)
    slots = _slots(v, reg, spi, count) if spi is not None else []
    for n, slot in enumerate(slots):
        held = slot.reg
        if slot.kinds != _ITER or held is None or held.obj != name or bool(held.ref) == bool(n):
            break
        if held.flags & PTR_UNTRUSTED:
            raise v.refuse("rcu", f"expected an RCU CS when using {function}", register=number)
    else:
        if spi is not None:
            v.pruning.stack_read(reg.obj, ((1 << count) - 1) << (spi + 1 - count))
            return spi
    message = f"expected an initialized {name.removeprefix('bpf_')} as arg #{number - 1}"
    raise v.refuse("iterator", message, register=number)


def destroy_iterator(v: Verifier, reg: Reg, spi: int, size: int) -> None:
    """Take an iterator away, and what was got from it."""
    frame = v.state.frames[reg.obj].stack
    held = frame[spi].reg
    assert held is not None
    release(v, held.ref)
    for n in range(size // 8):
        frame[spi - n] = INVALID_SLOT


def iterator_in(state: State, frame_no: int, spi: int) -> Reg:
    """Return the register in an iterator's lowest slot."""
    held = state.frames[frame_no].stack[spi].reg
    assert held is not None
    return held


def next_turn(v: Verifier, frame_no: int, spi: int, following: int, result: Reg) -> None:
    """Go on both ways: with the next element later, and now with none. Raises: Refusal."""
    held = iterator_in(v.state, frame_no, spi)
    if held.off:
        earlier = find_earlier(v.state.parent, v.idx)
        other = v.push(following, v.idx)
        _set(other, frame_no, spi, Reg(held.kind, _ZERO, 0, 1, held.flags, held.obj, held.ref, held.size + 1))
        if earlier is not None:
            widen(earlier, other)
        other.frames[-1].regs[0] = result
    _set(v.state, frame_no, spi, Reg(held.kind, _ZERO, 0, 0, held.flags, held.obj, held.ref, held.size))
    v.regs[0] = ZERO_REG


def _set(state: State, frame_no: int, spi: int, reg: Reg) -> None:
    state.frames[frame_no].stack[spi] = Slot(_ITER, reg)


def irq_flag(v: Verifier, number: int, reg: Reg, *, is_save: bool, by: str) -> None:
    """Check and do the saving or restoring of interrupts, by "native" functions or by those of a "lock".

    Raises: Refusal.
    """
    spi = _place(reg, 1) if reg.kind == PTR_TO_STACK else None
    slot = _slots(v, reg, spi, 1)[0] if spi is not None else INVALID_SLOT
    if is_save:
        if spi is None or slot.kinds[0] == IRQ_FLAG:
            raise v.refuse("irq", f"expected uninitialized irq flag as arg#{number - 1}", register=number)
        stack.write(v, number, reg, 0, 8, None, -1)
        ref = acquire(v, "irq")
        v.state.frames[reg.obj].stack[spi] = Slot(_IRQ, Reg(CONST_PTR_TO_DYNPTR, _ZERO, obj=by, ref=ref))
        return
    if spi is None or slot.kinds != _IRQ or slot.reg is None:
        raise v.refuse("irq", f"expected an initialized irq flag as arg#{number - 1}", register=number)
    v.pruning.stack_read(reg.obj, 1 << spi)
    if slot.reg.obj != by:
        message = f"irq flag acquired by {slot.reg.obj} kfuncs cannot be restored with {by} kfuncs"
        raise v.refuse("irq", message, register=number)
    active = [id for kind, id, _ in v.state.refs if kind == "irq"]
    if not active or active[-1] != slot.reg.ref:
        message = f"cannot restore irq state out of order, expected id={active[-1] if active else 0}"
        raise v.refuse("irq", message, register=number)
    v.state.refs = tuple([held for held in v.state.refs if held[1] != slot.reg.ref])
    v.state.frames[reg.obj].stack[spi] = INVALID_SLOT


def irqs_are_off(v: Verifier) -> bool:
    """Tell if interrupts are disabled."""
    return any(kind == "irq" for kind, _, _ in v.state.refs)

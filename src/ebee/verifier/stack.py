"""Reads and writes of the stack: spilled registers, numbers, zeros, and what is unknown.

A slot's bytes go from the lowest address up; `slot_of(off)` is the index of the slot that holds the byte at fp + off.
Source: kernel/bpf/verifier.c (Linux 6.18): check_stack_read*(), check_stack_write*(), check_stack_range_initialized().
"""

from __future__ import annotations

from .alu import with_id
from .names import bits_of
from .scalar import UNKNOWN, truncate
from .state import (
    ALL_INVALID,
    ALL_SPILL,
    CONST_PTR_TO_DYNPTR,
    DYNPTR,
    INVALID,
    INVALID_SLOT,
    IRQ_FLAG,
    ITER,
    MISC,
    MISC_SLOT,
    NOT_INIT_REG,
    PTR_TO_INSN,
    PTR_TO_STACK,
    PTR_TO_TP_BUFFER,
    SCALAR,
    SPILL,
    STACK_BYTES,
    STACK_ZERO,
    UNKNOWN_REG,
    ZERO_REG,
    Frame,
    Reg,
    Slot,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .explore import Verifier

_NOT_SPILLED = frozenset((PTR_TO_TP_BUFFER, CONST_PTR_TO_DYNPTR, PTR_TO_INSN))
# What happens to a slot that holds a dynptr, iterator or irq flag when a program writes there; `steps` enters it.
SPECIAL: dict[int, Callable[[Verifier, int, int], None]] = {}
MAX_VAR_OFF = 1 << 29

MAX_SLOTS = STACK_BYTES // 8
NOT_THERE = -1  # what a byte is, for kernels before 6.8, that no instruction before has reached
_ZERO_BYTE, _MISC_BYTE, _DYNPTR_BYTE = bytes([STACK_ZERO]), bytes([MISC]), bytes([DYNPTR])

READ, WRITE = "read from", "write to"


def slot_of(off: int) -> int:
    """Return the index in `Frame.stack` of the slot that holds the byte at fp + off (off < 0)."""
    return (-off - 1) >> 3


def width_of(reg: Reg) -> int:
    """Return how many bits a scalar may need."""
    return reg.num.umax.bit_length()


def offsets(v: Verifier, number: int, reg: Reg, off: int, size: int, what: str) -> tuple[int, int]:
    """Return the first and the last offset from the frame pointer at which an access may begin, both within bounds.

    `off` is added to the pointer's own. The frame's list of slots reaches there afterwards.
    """
    num = reg.num
    if not num.mask:
        low = high = num.smin + reg.off + off
    else:
        if num.smax >= MAX_VAR_OFF or num.smin <= -MAX_VAR_OFF:
            message = f"invalid unbounded variable-offset {what} stack R{number}"
            raise v.refuse("stack_bounds", message, register=number, value=num)
        low, high = num.smin + reg.off + off, num.smax + reg.off + off
    frame = v.state.frames[reg.obj]
    reaches = v.may_read_unset and v.follows_spills or what != READ
    least = -STACK_BYTES if reaches else -8 * len(frame.stack)
    if not least <= low < 0 or high + size > 0:
        if not num.mask:
            message = f"invalid {what} stack R{number} off={low} size={size}"
        else:
            at = f"var_off={bits_of(num)} off={reg.off + off} size={size}"
            message = f"invalid variable-offset {what} stack R{number} {at}"
        raise v.refuse("stack_bounds", message, register=number, value=num, low=low, high=high, size=size)
    missing = slot_of(low) + 1 - len(frame.stack)
    if missing > 0 and (size or v.follows_spills):
        frame.stack += [INVALID_SLOT] * missing
        v.stack_bytes[frame.subprog] = max(v.stack_bytes[frame.subprog], 8 * len(frame.stack))
    return low, high


def read(v: Verifier, number: int, reg: Reg, off: int, size: int, dst: int) -> Reg:
    """Return what a load through the pointer r`number` gives; `dst` -1: it is only checked that it may be read."""
    low, high = offsets(v, number, reg, off, size, READ)
    if low != high:
        if dst < 0:
            message = "variable offset stack pointer cannot be passed into helper function; "
            message += f"var_off={bits_of(reg.num)} off={off} size={size}"
            raise v.refuse("stack_variable_offset", message, register=number)
        check_readable(v, number, reg, off, size)
        return _bytes_read(v.state.frames[reg.obj], low, high + size)
    frame_no: int = reg.obj
    frame = v.state.frames[frame_no]
    spi = slot_of(low)
    slot = frame.stack[spi]
    kinds = slot.kinds
    v.pruning.stack_read(frame_no, 1 << spi)
    if kinds is ALL_SPILL and size == 8:
        spilled = slot.reg
        assert spilled is not None
        if dst < 0 and spilled.kind != SCALAR and not v.privileged:
            raise v.refuse("pointer_leak", f"leaking pointer from stack off {low}", off=low)
        v.note_stack(frame_no, spi)
        return spilled
    first = low & 7
    if kinds[0] == SPILL:
        spilled = slot.reg
        assert spilled is not None
        if spilled.kind != SCALAR:
            raise v.refuse("pointer_partial", "invalid size of register fill", off=low, size=size)
        if dst < 0:
            return spilled
        spilled_size = kinds.rfind(SPILL) + 1
        if not v.follows_spills and (first or size != spilled_size):
            _check_bytes(v, kinds[first : first + size].replace(_ZERO_BYTE, _DYNPTR_BYTE), low, size)
            return UNKNOWN_REG
        if size <= spilled_size and first == 0:
            v.note_stack(frame_no, spi)
            if width_of(spilled) > size * 8:
                return Reg(SCALAR, truncate(spilled.num, size, v.rules))
            return spilled
        part = kinds[first : first + size]
        _check_bytes(v, part, low, size)
        if part.count(SPILL) == size and not spilled.num.mask and not spilled.num.value:
            v.note_stack(frame_no, spi)
            return ZERO_REG
        return ZERO_REG if part.count(STACK_ZERO) == size else UNKNOWN_REG
    part = kinds[first : first + size]
    _check_bytes(v, part, low, size, spilled=False)
    return ZERO_REG if part.count(STACK_ZERO) == size else UNKNOWN_REG


def _check_bytes(v: Verifier, part: bytes, low: int, size: int, *, spilled: bool = True) -> None:
    for i, kind in enumerate(part):
        if kind in (MISC, STACK_ZERO) or (kind == SPILL and spilled) or (kind == INVALID and v.may_read_unset):
            continue
        message = f"invalid read from stack off {low}+{i} size {size}"
        raise v.refuse("stack_unwritten", message, off=low, byte=i, size=size)


def _bytes_read(frame: Frame, low: int, end: int) -> Reg:
    for off in range(low, end):
        if frame.stack[slot_of(off)].kinds[off & 7] != STACK_ZERO:
            return UNKNOWN_REG
    return ZERO_REG


def check_readable(v: Verifier, number: int, reg: Reg, off: int, size: int, *, clobbers: bool = False) -> None:
    """Refuse memory of the stack that is not initialised, or not to be given away.

    `clobbers` says that a helper may write there.
    """
    num = reg.num
    if num.mask and not v.privileged:
        message = f"R{number} variable offset stack access prohibited for !root, var_off={bits_of(num)}"
        raise v.refuse("stack_variable_offset", message, register=number)
    frame_no: int = reg.obj
    stack = v.state.frames[frame_no].stack
    allocated = MAX_SLOTS if v.follows_spills else len(stack)
    low, high = offsets(v, number, reg, off, size, WRITE if clobbers else READ)
    mask = 0
    for at in range(low, high + size):
        spi = slot_of(at)
        mask |= 1 << spi
        slot = stack[spi]
        kind = slot.kinds[at & 7] if spi < allocated else NOT_THERE
        if kind == MISC:
            continue
        if kind == STACK_ZERO or (kind == INVALID and v.may_read_unset):
            if clobbers:
                kinds = bytearray(slot.kinds)
                kinds[at & 7] = MISC
                stack[spi] = Slot(bytes(kinds), slot.reg)
            continue
        is_spill = kind != NOT_THERE and slot.kinds[0] == SPILL and slot.reg is not None
        if is_spill and slot.reg is not None and (slot.reg.kind == SCALAR or v.privileged):
            if clobbers:
                stack[spi] = MISC_SLOT
            continue
        where = f"off {low}+{at - low}" if not num.mask else f"var_off {bits_of(num)}+{at - low}"
        message = f"invalid read from stack R{number} {where} size {size}"
        raise v.refuse("stack_unwritten", message, register=number, off=low, byte=at - low, size=size)
    v.pruning.stack_read(frame_no, mask)


def write(v: Verifier, number: int, ptr: Reg, off: int, size: int, value: Reg | None, src: int) -> None:
    """Store through the pointer r`number`: register r`src` with `value`, for -1 a constant, or None: unknown bytes."""
    low, high = offsets(v, number, ptr, off, size, WRITE)
    if low != high:
        _write_somewhere(v, ptr, low, high + size, value, src)
        return
    frame_no: int = ptr.obj
    frame = v.state.frames[frame_no]
    spi = slot_of(low)
    stack = frame.stack
    slot = stack[spi]
    kinds = slot.kinds
    if not v.privileged and size != 8 and kinds[0] == SPILL and slot.reg is not None and slot.reg.kind != SCALAR:
        raise v.refuse("pointer_partial", "attempt to corrupt spilled pointer on stack", off=low)
    if kinds[0] in SPECIAL:
        SPECIAL[kinds[0]](v, frame_no, spi)
        kinds = stack[spi].kinds
    if size == 8:
        v.pruning.stack_write(frame_no, 1 << spi)
    if value is not None and value.kind == SCALAR:
        if not low & 7 and v.privileged and (v.follows_spills or _is_followed(value)):
            if src >= 0 and number != 10 and not v.follows_spills:
                v.pruning.mark_precise(src)
            fits = value.num.umax >> size * 8 == 0
            if src >= 0:
                if fits and v.follows_spills:
                    value = with_id(v, src)
                elif value.id and not fits:
                    value = Reg(SCALAR, value.num)
            if size == 8:
                stack[spi] = Slot(ALL_SPILL, value)
            else:
                others = _misc(kinds[size:])
                if not v.follows_spills:
                    others = others.replace(_ZERO_BYTE, _MISC_BYTE)
                stack[spi] = Slot(b"\1" * size + others, value)
            v.note_stack(frame_no, spi)
            return
    elif value is not None and value.kind not in _NOT_SPILLED:
        if size != 8:
            raise v.refuse("pointer_partial", "invalid size of register spill", off=low, size=size)
        if frame_no != len(v.state.frames) - 1 and value.kind == PTR_TO_STACK:
            message = "cannot spill pointers to stack into stack frame of the caller"
            raise v.refuse("pointer_leak", message, off=low)
        stack[spi] = Slot(ALL_SPILL, value)
        v.note_stack(frame_no, spi)
        return
    kind = MISC
    if value is not None and _is_zero(value):
        if src >= 0:
            v.pruning.mark_precise(src)
        kind = STACK_ZERO
    first = low & 7
    is_special = kinds[0] == SPILL or kinds[0] in (DYNPTR, ITER, IRQ_FLAG)
    changed = bytearray(MISC if is_special and k != INVALID else k for k in kinds)
    changed[first : first + size] = bytes([kind]) * size
    stack[spi] = Slot(bytes(changed))


def _is_followed(value: Reg) -> bool:
    """Tell if kernels before 6.8 keep what they know of a number that is stored. Source: register_is_bounded()."""
    return not _is_zero(value) and value.num.key != UNKNOWN.key


def _is_zero(reg: Reg) -> bool:
    return reg.kind == SCALAR and not reg.num.mask and not reg.num.value


def _misc(kinds: bytes) -> bytes:
    """Return what bytes are beside a narrow spill: zeros stay, as do uninitialised ones; the rest is unknown."""
    return bytes(kind if kind in (INVALID, STACK_ZERO) else MISC for kind in kinds)


def _write_somewhere(v: Verifier, ptr: Reg, low: int, end: int, value: Reg | None, src: int) -> None:
    """Store at an offset that is not known: every slot in the range may have changed, or not."""
    frame_no: int = ptr.obj
    stack = v.state.frames[frame_no].stack
    is_zero = value is not None and _is_zero(value)
    zero_used = False
    for spi in range(slot_of(end - 1), slot_of(low) + 1):
        if stack[spi].kinds[0] in SPECIAL:
            SPECIAL[stack[spi].kinds[0]](v, frame_no, spi)
    for at in range(low, end):
        spi = slot_of(at)
        slot = stack[spi]
        kind = slot.kinds[at & 7]
        if kind == MISC and slot.kinds[0] != SPILL:
            continue
        if not v.privileged and kind not in (MISC, STACK_ZERO, INVALID):
            message = f"spilled ptr in range of var-offset stack write; insn {v.idx}, ptr off: {at}"
            raise v.refuse("stack_variable_offset", message, off=at)
        reg = slot.reg
        if is_zero and kind == SPILL and reg is not None and _is_zero(reg):
            zero_used = True
            continue
        if kind == INVALID and not v.privileged:
            message = f"uninit stack in range of var-offset write prohibited for !root; insn {v.idx}, off: {at}"
            raise v.refuse("stack_variable_offset", message, off=at)
        kinds = bytearray(slot.kinds)
        if v.follows_spills:
            kinds = bytearray(MISC if slot.kinds[0] == SPILL and k != INVALID else k for k in slot.kinds)
        if is_zero and kind == STACK_ZERO:
            zero_used = True
        else:
            kinds[at & 7] = MISC
        stack[spi] = Slot(bytes(kinds), NOT_INIT_REG if kinds[0] == SPILL else None)
    if zero_used and src >= 0:
        v.pruning.mark_precise(src)


def is_invalid(slot: Slot) -> bool:
    """Tell if nothing is known to be in a slot."""
    return slot.kinds == ALL_INVALID

"""Sums of pointers and numbers without privilege: the kernel masks the number, so that no wrong prediction leads out.

An instruction has one mask, whichever way leads there. Source: kernel/bpf/verifier.c (Linux 6.18): sanitize_ptr_alu(),
sanitize_val_alu(), retrieve_ptr_limit(), update_alu_sanitation_state(), sanitize_err().
"""

from __future__ import annotations

from .state import PTR_TO_MAP_VALUE, PTR_TO_STACK, STACK_BYTES, Reg

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .explore import Verifier
    from .scalar import Scalar
    from .state import State

_PROHIBITED = "pointer arithmetic with it prohibited for !root"
_OF_NUMBERS = ("number", 0)


class Window:
    """What the first half of a check found: how the number is masked, and how far the pointer is from its end."""

    __slots__ = ("kind", "limit", "to_left")

    def __init__(self, kind: str, limit: int, to_left: bool) -> None:
        self.kind, self.limit, self.to_left = kind, limit, to_left


def numbers(v: Verifier, dst: int, name: str) -> None:
    """Note that an instruction adds or subtracts numbers. Raises: Refusal where it does so with pointers, too."""
    _note(v, dst, name, _OF_NUMBERS)


def before(v: Verifier, dst: int, src: int, name: str, ptr: Reg, num: Scalar, is_left: bool) -> Window | None:
    """Check the pointer and the number; None on a path that only a wrong prediction takes. Raises: Refusal."""
    window = None
    if not v.state.speculative:
        number, pointer = (src, dst) if is_left else (dst, src)
        if not num.is_const and (num.smin < 0) != (num.smax < 0):
            message = f"R{number} has unknown scalar with mixed signed bounds, {_PROHIBITED}"
            raise v.refuse("pointer_offset_range", message, register=number, value=num)
        to_left = (num.smin < 0) == (name == "add")
        limit = _limit(v, dst, pointer, name, ptr, to_left)
        kind = f"{'negative ' * (num.smin < 0)}{'constant ' * num.is_const}{'of src' if is_left else 'of dst'}"
        if not num.is_const:
            v.compares_exactly = True
        window = Window(kind, limit, to_left)
    if not num.is_const and v.may_mispredict:
        other = _push(v)
        if not is_left:
            other.frames[-1].regs[dst] = ptr
    return window


def after(v: Verifier, dst: int, name: str, window: Window | None, result: Reg) -> None:
    """Note how far the pointer went, as the mask of the instruction. Raises: Refusal where another is noted."""
    if window is not None:
        went = abs(window.limit - _limit(v, dst, dst, name, result, window.to_left))
        _note(v, dst, name, (window.kind, went))


def _push(v: Verifier) -> State:
    state = v.push(v.idx + 1, v.idx)
    state.speculative = True
    return state


def _limit(v: Verifier, dst: int, pointer: int, name: str, ptr: Reg, to_left: bool) -> int:
    if ptr.kind == PTR_TO_STACK:
        most, limit = STACK_BYTES + to_left, -(ptr.num.value + ptr.off)
    elif ptr.kind == PTR_TO_MAP_VALUE and not ptr.flags:
        most, limit = ptr.obj.value_size, (ptr.num.smin if to_left else ptr.num.umax) + ptr.off
    else:
        message = f"R{pointer} has pointer with unsupported alu operation, {_PROHIBITED}"
        raise v.refuse("pointer_arithmetic", message, register=pointer, operation=name)
    if limit & 0xFFFF_FFFF >= most:
        message = f"R{dst} tried to {name} beyond pointer bounds, {_PROHIBITED}"
        raise v.refuse("pointer_arithmetic", message, register=dst, operation=name)
    return limit & 0xFFFF_FFFF


def _note(v: Verifier, dst: int, name: str, mask: tuple[str, int]) -> None:
    if v.masks.setdefault(v.idx, mask) != mask:
        message = f"R{dst} tried to {name} from different maps, paths or scalars, {_PROHIBITED}"
        raise v.refuse("pointer_arithmetic", message, register=dst, operation=name)

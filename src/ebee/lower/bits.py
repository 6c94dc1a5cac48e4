"""How many bits a number has, without branches: a verifier follows one way only."""

from __future__ import annotations

from .numbers import Num, Refusal, magnitude

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Value
    from .program import Lowering


def log2(low: Lowering, n: Num) -> Num:
    """The position of the highest bit that is set, 0 for 0 too. Raises: Refusal for what may be negative."""
    if n.lo < 0:
        raise Refusal(f"log2() takes an unsigned number, not {n.describe()}", "cast it: ebee.log2(u64(x))")
    position, _ = _highest(low, n)
    return Num(position, _log2(n.lo), _log2(n.hi))


def bit_length(low: Lowering, n: Num) -> Num:
    """n.bit_length(), of a negative number that of its magnitude."""
    size = magnitude(low, n)
    position, rest = _highest(low, size)  # the rest is 0 for 0, otherwise 1
    return Num(low.b.op("add", position, rest), size.lo.bit_length(), size.hi.bit_length())


def _log2(n: int) -> int:
    return max(n.bit_length() - 1, 0)


def _highest(low: Lowering, n: Num) -> tuple[Value, Value]:
    """The position of the highest bit, and the number shifted right by it."""
    b, rest = low.b, n.value
    position: Value = b.const(0)
    for width in (32, 16, 8, 4, 2, 1):
        if n.hi >> width:
            upper = b.op("lshr", rest, b.const(width))
            is_set = b.op("lshr", b.op("neg", upper), b.const(63))  # 1 unless the upper half is 0
            distance = b.op("shl", is_set, b.const(width.bit_length() - 1))
            rest = b.op("lshr", rest, distance)
            position = b.op("add", position, distance)
    return position, rest

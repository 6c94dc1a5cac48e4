"""Integers as bpftrace 0.27 has them: which type an operation works in, and its operations in IR.

A value of N bytes is kept in 64 bits, extended by its sign or with zeros. Arithmetic works in 64 bits, comparisons in
the smallest type that holds both operands' types. Where signs differ the signed type wins, except that a literal that
is not negative takes its type's unsigned form beside an unsigned operand. Division, remainder and `>>` take 64 bits
for an unsigned number whatever their type; shift distances count modulo 64, as eBPF has it. `-` and `~` work at their
operand's width. (0.27.1 extends what they give with zeros where it assigns it at once to a variable, although it is
signed: `$x = ~(int32)5` is 4294967290 there. Everywhere else it is -6, and here always.)

Source: the casts that `bpftrace -d types` of 0.27.1 shows, and what it computes.
"""

from __future__ import annotations

from ..record import Record
from ..types.scalars import INT_TYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Value
    from ..lower.program import Lowering
    from ..types.scalars import IntType

_SIGNED = {type.size: type for type in INT_TYPES if type.signed}
_UNSIGNED = {type.size: type for type in INT_TYPES if not type.signed}
_S64, _U64 = _SIGNED[8], _UNSIGNED[8]

ARITHMETIC = {
    "+": "add", "-": "sub", "*": "mul", "/": "udiv", "%": "umod", "&": "and", "|": "or", "^": "xor", "<<": "shl",
    ">>": "lshr",
}  # fmt: skip
# operator: the conditions of the IR for unsigned and for signed operands
COMPARISONS = {
    "==": ("eq", "eq"), "!=": ("ne", "ne"), "<": ("ult", "slt"), "<=": ("ule", "sle"), ">": ("ugt", "sgt"),
    ">=": ("uge", "sge"),
}  # fmt: skip


class Integer(Record):
    """A number at run time: 64 bits, extended as `type` says. `literal` is its value where the source has it."""

    value: Value
    type: IntType
    literal: int | None = None


def literal(low: Lowering, n: int) -> Integer:
    """A number of the source, from -2^63 to 2^64 - 1, in the smallest signed type, or u64 if none holds it."""
    return Integer(low.b.const(n), literal_type(n), n)


def literal_type(n: int) -> IntType:
    """Return the type of a number of the source."""
    return next((t for t in _SIGNED.values() if t.lo <= n <= t.hi), _U64)


def comparison_type(a: IntType, b: IntType, a_literal: int | None = None, b_literal: int | None = None) -> IntType:
    """Return the type in which two integers are compared; a literal is given beside its type."""
    if a.signed != b.signed:
        if a.signed and a_literal is not None and a_literal >= 0:
            a = _UNSIGNED[a.size]
        elif b.signed and b_literal is not None and b_literal >= 0:
            b = _UNSIGNED[b.size]
    if a.signed == b.signed:
        return a if a.size >= b.size else b
    negative, other = (a, b) if a.signed else (b, a)
    return _SIGNED[max(negative.size, min(2 * other.size, 8))]


def arithmetic_type(
    op: str, a: IntType, b: IntType, a_literal: int | None = None, b_literal: int | None = None
) -> IntType:
    """Return the type in which an operation of `ARITHMETIC` works, and its result's: s64 or u64. A `-` is signed."""
    return _S64 if op == "-" or comparison_type(a, b, a_literal, b_literal).signed else _U64


def cast(low: Lowering, n: Integer, type: IntType) -> Integer:
    """The number in another type, as a cast of C: what does not fit is cut off."""
    if type.size == 8 or type.lo <= n.type.lo and n.type.hi <= type.hi:
        return Integer(n.value, type)  # extended already as it must be
    return Integer(low.b.op("sext" if type.signed else "zext", n.value, size=type.size), type)


def binary(low: Lowering, op: str, a: Integer, b: Integer) -> Integer:
    """An operation of `ARITHMETIC`. Division by zero, and its remainder, is 1; that is counted."""
    type = arithmetic_type(op, a.type, b.type, a.literal, b.literal)
    if op not in ("/", "%") or b.literal:
        return Integer(low.b.op(ARITHMETIC[op], a.value, b.value), type)
    return Integer(_divided(low, op, a.value, b.value), type)


def _divided(low: Lowering, op: str, a: Value, divisor: Value) -> Value:
    """The quotient or remainder by a number that may be zero."""
    b, (zero, some, done) = low.b, low.blocks(3)
    name = f"quotient {id(done)}"
    b.branch("eq", divisor, b.const(0), zero, some)
    b.start(zero)
    low.lose("zero_divisor", op)
    b.write(name, b.const(1))
    b.jump(done)
    b.start(some)
    b.write(name, b.op(ARITHMETIC[op], a, divisor))
    b.jump(done)
    b.start(done)
    return b.read(name)


def compare(low: Lowering, op: str, a: Integer, b: Integer) -> tuple[str, Value, Value]:
    """What a branch takes for an operator of `COMPARISONS`: the IR's condition and the operands."""
    type = comparison_type(a.type, b.type, a.literal, b.literal)
    return COMPARISONS[op][type.signed], cast(low, a, type).value, cast(low, b, type).value


def negate(low: Lowering, n: Integer) -> Integer:
    """`-n`, at the width of `n`."""
    return _unary(low, n, low.b.op("neg", n.value))


def invert(low: Lowering, n: Integer) -> Integer:
    """`~n`, at the width of `n`."""
    return _unary(low, n, low.b.op("xor", n.value, low.b.const(-1)))


def _unary(low: Lowering, n: Integer, result: Value) -> Integer:
    """The result cut to the width of `n` and extended as `n` is, as s64 or u64."""
    kept = cast(low, Integer(result, _S64), n.type)
    return Integer(kept.value, _S64 if n.type.signed else _U64)

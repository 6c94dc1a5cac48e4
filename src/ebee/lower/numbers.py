"""Integers with Python's meaning inside 64 bits.

A `Num` is an IR value and the range of numbers that its bits can stand for: if the range reaches below zero the
bits are two's complement, else they are unsigned. An operation whose result may leave every 64-bit type wraps, in
the operands' signedness; operands that no one 64-bit type can hold (a full u64 beside a negative number) are
refused, unless the result is the same both ways.
"""

from __future__ import annotations

from ..ir.core import Op
from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Value
    from .program import Lowering

S64_LO, S64_HI, U64_HI = -(1 << 63), (1 << 63) - 1, (1 << 64) - 1

KERNEL = "__kernel *"  # ends the C type of a pointer into kernel memory, whose fields can be read
BOOL, MAYBE_BOOL, ENUM = "bool", "bool or int", "enum "

# Python's comparison operators: the IR's condition for unsigned and for signed numbers.
COMPARISONS = {
    "==": ("eq", "eq"), "!=": ("ne", "ne"), "<": ("ult", "slt"), "<=": ("ule", "sle"),
    ">": ("ugt", "sgt"), ">=": ("uge", "sge"),
}  # fmt: skip


class Refusal(Exception):
    """Something that cannot be lowered; the front end knows where it stands in the source."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.hint = message, hint


class Num(Record):
    """An integer at run time: `lo` to `hi` are the numbers it can be.

    `c_type` is the C type it came from, when that matters (pointers), `BOOL` for Python's True and False, `ENUM` with
    more behind it for members of an enum, and `MAYBE_BOOL` for what is one of those on some ways. `may_borrow` marks an
    unsigned difference that wraps when it would be negative.
    """

    value: Value
    lo: int
    hi: int
    c_type: str = ""
    may_borrow: bool = False

    @property
    def is_signed(self) -> bool:
        """Whether the bits are two's complement."""
        return self.lo < 0

    @property
    def is_kernel_pointer(self) -> bool:
        """Whether it leads to a struct in kernel memory."""
        return self.c_type.endswith(KERNEL)

    def describe(self) -> str:
        """Return the range in words, for messages."""
        for bits in (8, 16, 32, 64):
            for name, lo, hi in (("u", 0, (1 << bits) - 1), ("s", -(1 << bits - 1), (1 << bits - 1) - 1)):
                if (self.lo, self.hi) == (lo, hi):
                    return f"{name}{bits}"
        return f"a number from {self.lo} to {self.hi}"


def fits_together(a: Num, b: Num) -> bool:
    """Whether one 64-bit type can hold both numbers."""
    return min(a.lo, b.lo) >= 0 or max(a.hi, b.hi) <= S64_HI


def union(a: Num, b: Num) -> Num:
    """The range of a number that is one or the other. Raises: Refusal when no one 64-bit type holds both."""
    _same_sign(a, b, "this")
    c_type = common({a.c_type, b.c_type})
    return Num(a.value, min(a.lo, b.lo), max(a.hi, b.hi), c_type, a.may_borrow or b.may_borrow)


def common(c_types: set[str]) -> str:
    """Return the `c_type` of a number that has one of several."""
    if len(c_types) == 1:
        return next(iter(c_types))
    return MAYBE_BOOL if any(map(_is_more, c_types)) else ""


def _is_more(c_type: str) -> bool:
    """Whether a number is not always Python's int, but of a class that derives from it."""
    return c_type in (BOOL, MAYBE_BOOL) or c_type.startswith(ENUM)


def bare(n: Num) -> Num:
    """The number as Python's int, which it may be only as True or False, or as a member of an enum."""
    return Num(n.value, n.lo, n.hi, "", n.may_borrow) if _is_more(n.c_type) else n


def _same_sign(a: Num, b: Num, what: str) -> None:
    if not fits_together(a, b):
        raise Refusal(
            f"{what} mixes signed and unsigned: {a.describe()} and {b.describe()}",
            "say which is meant with a cast: u64(x) or s64(x)",
        )


def _result(value: Value, lo: int, hi: int, *operands: Num) -> Num:
    """The result of an operation whose exact value lies in lo … hi: exact if 64 bits can hold it, else wrapped."""
    if (lo >= S64_LO and hi <= S64_HI) or (lo >= 0 and hi <= U64_HI):
        return Num(value, lo, hi)
    if all(n.lo >= 0 for n in operands):
        return Num(value, 0, U64_HI, "", lo < 0)
    return Num(value, S64_LO, S64_HI)


def constant(low: Lowering, n: int) -> Num:
    """A number known now."""
    if n is True or n is False:
        return Num(low.b.const(n), int(n), int(n), BOOL)
    if not S64_LO <= n <= U64_HI:
        raise Refusal(f"{n} does not fit in 64 bits")
    return Num(low.b.const(n), n, n)


def check_number(n: Num) -> None:
    """Raises: Refusal for a pointer into the kernel, which the verifier lets nobody compute with."""
    if n.is_kernel_pointer:
        what = n.c_type.removesuffix(KERNEL).strip()
        raise Refusal(f"a pointer to {what} is no number to compute with", "u64(p) is its address")


def binary(low: Lowering, op: str, a: Num, b: Num) -> Num:
    """Python's `a op b`. Raises: Refusal."""
    if op not in BINARY:
        raise Refusal(f"the operator {op} is not supported here")
    check_number(a)
    check_number(b)
    if op in "&|^" and a.c_type == b.c_type == BOOL:
        n = BINARY[op](low, a, b)
        return Num(n.value, 0, 1, BOOL)
    return bare(BINARY[op](low, bare(a), bare(b)))


def _add(low: Lowering, a: Num, b: Num) -> Num:
    _same_sign(a, b, "an addition")
    return _result(low.b.op("add", a.value, b.value), a.lo + b.lo, a.hi + b.hi, a, b)


def _sub(low: Lowering, a: Num, b: Num) -> Num:
    _same_sign(a, b, "a subtraction")
    return _result(low.b.op("sub", a.value, b.value), a.lo - b.hi, a.hi - b.lo, a, b)


def _mul(low: Lowering, a: Num, b: Num) -> Num:
    _same_sign(a, b, "a multiplication")
    ends = [x * y for x in (a.lo, a.hi) for y in (b.lo, b.hi)]
    return _result(low.b.op("mul", a.value, b.value), min(ends), max(ends), a, b)


def _divisor(low: Lowering, b: Num) -> None:
    if b.lo == b.hi == 0:
        raise Refusal("this always divides by zero")
    if b.lo <= 0 <= b.hi:
        low.abort_if("eq", b.value, low.b.const(0), "div_by_zero", "division by zero")


def _magnitude(low: Lowering, n: Num) -> tuple[Value, Value]:
    """The sign (0 or -1) and the absolute value, as IR values."""
    sign = low.b.op("ashr", n.value, low.b.const(63))
    return sign, low.b.op("sub", low.b.op("xor", n.value, sign), sign)


def _floor_quotient(low: Lowering, a: Num, b: Num) -> Value:
    """a // b of signed numbers: the quotient of the magnitudes, negated and rounded down if the signs differ."""
    op = low.b.op
    a_sign, a_abs = _magnitude(low, a)
    b_sign, b_abs = _magnitude(low, b)
    sign = op("xor", a_sign, b_sign)
    quotient, rest = op("udiv", a_abs, b_abs), op("umod", a_abs, b_abs)
    has_rest = op("lshr", op("or", rest, op("neg", rest)), low.b.const(63))
    return op("sub", op("sub", op("xor", quotient, sign), sign), op("and", has_rest, sign))


def _floordiv(low: Lowering, a: Num, b: Num) -> Num:
    _same_sign(a, b, "a division")
    _divisor(low, b)
    if a.lo >= 0 and b.lo >= 0:
        return Num(low.b.op("udiv", a.value, b.value), a.lo // max(b.hi, 1), a.hi // max(b.lo, 1))
    biggest = max(abs(a.lo), abs(a.hi))
    return _result(_floor_quotient(low, a, b), -biggest, biggest, a, b)


def _mod(low: Lowering, a: Num, b: Num) -> Num:
    _same_sign(a, b, "a remainder")
    _divisor(low, b)
    if a.lo >= 0 and b.lo >= 0:
        return Num(low.b.op("umod", a.value, b.value), 0, min(a.hi, max(b.hi - 1, 0)))
    product = low.b.op("mul", _floor_quotient(low, a, b), b.value)
    return Num(low.b.op("sub", a.value, product), min(b.lo + 1, 0), max(b.hi - 1, 0))


def _mask(n: int) -> int:
    return (1 << n.bit_length()) - 1 if n >= 0 else (1 << (-n - 1).bit_length()) - 1


def _and(low: Lowering, a: Num, b: Num) -> Num:
    # No check of signs: with a non-negative operand Python's result is the same bits either way.
    value = low.b.op("and", a.value, b.value)
    limits = [n.hi for n in (a, b) if n.lo >= 0]
    if limits:
        return Num(value, 0, min(limits))
    return Num(value, -max(_mask(a.lo), _mask(b.lo)) - 1, max(a.hi, b.hi, 0))


def _or_xor(opcode: str, word: str) -> Operator:
    def lower(low: Lowering, a: Num, b: Num) -> Num:
        _same_sign(a, b, word)
        mask = max(_mask(n) for n in (a.lo, a.hi, b.lo, b.hi))
        negative = a.lo < 0 or b.lo < 0
        return Num(low.b.op(opcode, a.value, b.value), -mask - 1 if negative else 0, mask)

    return lower


def _distance(low: Lowering, n: Num) -> None:
    if n.hi < 0 or n.lo > 63:
        raise Refusal(f"this always shifts by {n.describe()}", "a shift takes 0 to 63")
    if n.lo < 0 or n.hi > 63:
        low.abort_if("ugt", n.value, low.b.const(63), "bad_shift", "shift by more than 63")


def _shl(low: Lowering, a: Num, b: Num) -> Num:
    _distance(low, b)
    shifts = (max(b.lo, 0), min(b.hi, 63))
    ends = [x << s for x in (a.lo, a.hi) for s in shifts]
    return _result(low.b.op("shl", a.value, b.value), min(ends), max(ends), a)


def _shr(low: Lowering, a: Num, b: Num) -> Num:
    _distance(low, b)
    ends = [x >> s for x in (a.lo, a.hi) for s in (max(b.lo, 0), min(b.hi, 63))]
    return Num(low.b.op("ashr" if a.is_signed else "lshr", a.value, b.value), min(ends), max(ends))


if TYPE_CHECKING:
    from collections.abc import Callable

    Operator = Callable[[Lowering, Num, Num], Num]

BINARY: dict[str, Operator] = {
    "+": _add, "-": _sub, "*": _mul, "//": _floordiv, "%": _mod, "&": _and,
    "|": _or_xor("or", "|"), "^": _or_xor("xor", "^"), "<<": _shl, ">>": _shr,
}  # fmt: skip


def negate(low: Lowering, a: Num) -> Num:
    """Python's `-a`."""
    check_number(a)
    return _result(low.b.op("neg", a.value), -a.hi, -a.lo, a)


def invert(low: Lowering, a: Num) -> Num:
    """Python's `~a`, which is -a - 1."""
    check_number(a)
    return _result(low.b.op("xor", a.value, low.b.const(-1)), -a.hi - 1, -a.lo - 1, a)


def _borrows() -> Refusal:
    return Refusal(
        "the difference of two unsigned numbers wraps and is never negative",
        "compare the numbers themselves: a < b; or cast: s64(a - b); at least 0 is a - b if a > b else 0",
    )


def condition(op: str, a: Num, b: Num) -> str:
    """Return the IR condition for a comparison. Raises: Refusal for one that Python would decide otherwise."""
    _same_sign(a, b, "a comparison")
    for n, other in ((a, b), (b, a)):
        if n.may_borrow and other.lo == other.hi == 0 and op not in ("==", "!="):
            raise _borrows()
    return COMPARISONS[op][a.is_signed or b.is_signed]


def power(low: Lowering, a: Num, exponent: int) -> Num:
    """Python's `a ** exponent`, by repeated squaring."""
    check_number(a)
    result, square = constant(low, 1), bare(a)
    while exponent:
        if exponent & 1:
            result = _mul(low, result, square)
        exponent >>= 1
        if exponent:
            square = _mul(low, square, square)
    return result


def magnitude(low: Lowering, a: Num) -> Num:
    """Python's `abs(a)`; that of the smallest s64 is a u64."""
    check_number(a)
    if a.may_borrow:
        raise _borrows()
    if a.lo >= 0:
        return bare(a)
    return Num(_magnitude(low, a)[1], max(a.lo, -a.hi, 0), max(-a.lo, a.hi))


def choose(low: Lowering, op: str, a: Num, b: Num, smaller: bool) -> Num:
    """`a` if `a op b` else `b`: the smaller or the greater of two numbers."""
    take, done = low.blocks(2)
    name = f"chosen {id(take)}"
    low.b.write(name, b.value)
    low.b.branch(condition(op, a, b), a.value, b.value, take, done)
    low.b.start(take)
    low.b.write(name, a.value)
    low.b.jump(done)
    low.b.start(done)
    best = min if smaller else max
    is_more = _is_more(a.c_type) or _is_more(b.c_type)
    c_type = common({a.c_type, b.c_type}) if is_more else ""
    return Num(low.b.read(name), best(a.lo, b.lo), best(a.hi, b.hi), c_type)


def at_most(low: Lowering, n: Num, *, roughly: bool = False) -> Num:
    """The same number, whose greatest value a verifier sees, too: it follows no division, for one, and forgets much.

    `roughly`: it may see less than twice as much.
    """
    value = n.value
    if n.lo == n.hi or isinstance(value, Op) and not low.forgets and _shows(value) <= n.hi:
        return n
    if n.lo >= 0:
        mask = (1 << n.hi.bit_length()) - 1
        if mask <= S64_HI:
            n = Num(low.b.op("bound", value, low.b.const(mask)), n.lo, n.hi)
        if roughly or mask == n.hi:
            return n
    return Num(choose(low, "<", n, constant(low, n.hi), True).value, n.lo, n.hi)


def at_least(low: Lowering, n: Num) -> Num:
    """The same number, whose least value a verifier sees, too, if it may be negative."""
    if n.lo == n.hi or n.lo >= 0 or n.lo == S64_LO:
        return n
    return Num(choose(low, ">", n, constant(low, n.lo), False).value, n.lo, n.hi)


def _shows(op: Op) -> int:
    """The greatest number that a verifier takes the result of an operation for."""
    if op.opcode in ("load", "zext"):
        return (1 << 8 * op.size) - 1
    if op.opcode in ("and", "lshr") and isinstance(op.args[1], Op) and op.args[1].opcode == "const":
        n = op.args[1].imm
        return n if op.opcode == "and" and n >= 0 else U64_HI >> n if op.opcode == "lshr" and 0 <= n < 64 else U64_HI
    return U64_HI


# What `a op b` is when the operands change sides, and when it is false.
MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
NEGATED = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def refine(op: str, a: Num, b: Num) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the range of `a` if `a op b` is true, and if it is false."""

    def when(op: str) -> tuple[int, int]:
        lo, hi = {
            "<": (a.lo, b.hi - 1), "<=": (a.lo, b.hi), ">": (b.lo + 1, a.hi), ">=": (b.lo, a.hi),
            "==": (b.lo, b.hi), "!=": (a.lo, a.hi),
        }[op]  # fmt: skip
        if op == "!=" and b.lo == b.hi:
            lo, hi = lo + (lo == b.lo), hi - (hi == b.hi)
        return max(lo, a.lo), min(hi, a.hi)

    return when(op), when(NEGATED[op])


def wrap(low: Lowering, n: Num, size_bytes: int, signed: bool) -> Num:
    """The number cut to a width, as a cast in C does it."""
    if n.is_kernel_pointer:
        from .kernel_types import address

        n = address(low, n)
    bits = 8 * size_bytes
    lo, hi = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    if lo <= n.lo and n.hi <= hi:
        return Num(n.value, n.lo, n.hi)
    if n.lo == n.hi:
        cut = n.lo & (1 << bits) - 1
        return constant(low, cut - (1 << bits) if signed and cut > hi else cut)
    value = n.value if size_bytes == 8 else low.b.op("sext" if signed else "zext", n.value, size=size_bytes)
    return Num(value, lo, hi)


def check_assignable(n: Num, lo: int, hi: int, what: str) -> None:
    """Refuse a number that a field of range lo … hi would hold as another number for no fault of overflow."""
    if lo <= n.lo and n.hi <= hi:
        return
    if n.lo == n.hi:
        raise Refusal(f"{n.lo} does not fit in {what}")
    if n.lo < 0 <= lo or lo < 0 <= n.lo:
        raise Refusal(
            f"{n.describe()} is assigned to {what}: signed and unsigned are mixed", "cast it to the field's type"
        )

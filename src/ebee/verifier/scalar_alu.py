"""What arithmetic makes of scalars. Source: adjust_scalar_min_max_vals in kernel/bpf/verifier.c (Linux 6.18)."""

from __future__ import annotations

from ebee.isa.opcodes import (
    BPF_ADD,
    BPF_AND,
    BPF_ARSH,
    BPF_LSH,
    BPF_MOV,
    BPF_MUL,
    BPF_NEG,
    BPF_OR,
    BPF_RSH,
    BPF_SUB,
    BPF_XOR,
)
from ebee.verifier import tnum
from ebee.verifier.scalar import (
    HALF,
    KEPT_AT_MOST,
    LINUX_6_18,
    S32_MAX,
    S32_MIN,
    S32_SIGN,
    S64_MAX,
    S64_MIN,
    U32_MAX,
    UNKNOWN,
    UPPER,
    ZERO,
    Rules,
    Scalar,
    bounded_by_ends,
    const,
    extend_half,
    make,
    zero_extend,
)
from ebee.verifier.tnum import BITS, S64_SIGN, U64_MAX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Range = tuple[int, int]

# What ranges become in an operation. `top` is the greatest unsigned number of the width, `sign` its sign bit.


def _add_unsigned(amin: int, amax: int, bmin: int, bmax: int, top: int, wraps: bool) -> Range:
    low, high = amin + bmin, amax + bmax
    if high <= top:
        return low, high
    return (low & top, high & top) if wraps and low > top else (0, top)


def _add_signed(amin: int, amax: int, bmin: int, bmax: int, sign: int) -> Range:
    low, high = amin + bmin, amax + bmax
    return (low, high) if -sign <= low and high < sign else (-sign, sign - 1)


def _sub_unsigned(amin: int, amax: int, bmin: int, bmax: int, top: int, wraps: bool) -> Range:
    low, high = amin - bmax, amax - bmin
    if low >= 0:
        return low, high
    return (low & top, high & top) if wraps and high < 0 else (0, top)


def _sub_signed(amin: int, amax: int, bmin: int, bmax: int, sign: int) -> Range:
    low, high = amin - bmax, amax - bmin
    return (low, high) if -sign <= low and high < sign else (-sign, sign - 1)


def _mul_unsigned(amin: int, amax: int, bmin: int, bmax: int, top: int) -> Range:
    high = amax * bmax
    return (amin * bmin, high) if high <= top else (0, top)


def _mul_signed(amin: int, amax: int, bmin: int, bmax: int, sign: int) -> Range:
    products = amin * bmin, amin * bmax, amax * bmin, amax * bmax
    low, high = min(products), max(products)
    return (low, high) if -sign <= low and high < sign else (-sign, sign - 1)


def _mul_of_small(
    amin: int, amax: int, asmin: int, bmin: int, bmax: int, bsmin: int, top: int, sign: int
) -> tuple[int, int, int, int]:
    """Multiply ranges as Linux before 6.14 does: only of numbers that fit half the width and are not negative."""
    half = sign.bit_length() >> 1
    if asmin < 0 or bsmin < 0 or amax >> half or bmax >> half:
        return 0, top, -sign, sign - 1
    low, high = amin * bmin, amax * bmax
    return (low, high, low, high) if high < sign else (low, high, -sign, sign - 1)


def _as_signed(umin: int, umax: int, sign: int) -> Range:
    """Return an unsigned range as a signed one: the whole one if it has numbers of both signs."""
    low, high = (umin ^ sign) - sign, (umax ^ sign) - sign
    return (low, high) if low <= high else (-sign, sign - 1)


def _lsh_unsigned(amin: int, amax: int, shift: int, top: int) -> Range:
    high = amax << shift
    return (amin << shift, high) if high <= (top + 1) >> 1 else (0, top)


def alu64(op: int, a: Scalar, b: Scalar, rules: Rules = LINUX_6_18) -> Scalar:
    """Return what is known of `a op b` as 64 bits; `op` is BPF_ADD…BPF_MOV. BPF_NEG negates a and ignores b.

    Division, remainder, and shifts by what is not one number below 64 tell nothing, as in the kernel.
    """
    if op == BPF_MOV:
        return b
    number, other = a.number, b.number
    if number >= 0 <= other and op in _EXACT and (other < BITS or op not in _SHIFTS):
        return const(_EXACT[op](number, other, S64_SIGN))
    known = rules.memo.get((op, a, b))
    if known is not None:
        return known
    if len(rules.memo) >= KEPT_AT_MOST:
        rules.memo.clear()
    result = rules.memo[op, a, b] = _alu(op, a, b, True, rules)
    return result


def alu32(op: int, a: Scalar, b: Scalar, rules: Rules = LINUX_6_18) -> Scalar:
    """Return what is known of `a op b` of the lower halves, extended with zeros. See `alu64`."""
    number, other = a.number, b.number
    if number >= 0 <= other and op in _EXACT and (other < HALF or op not in _SHIFTS):
        return const(_EXACT[op](number & U32_MAX, other & U32_MAX, S32_SIGN) & U32_MAX)
    known = rules.memo.get((~op, a, b))
    if known is not None:
        return known
    if len(rules.memo) >= KEPT_AT_MOST:
        rules.memo.clear()
    result = rules.memo[~op, a, b] = _alu(op, a, b, False, rules)
    return result


def fork(op: int, a: Scalar, b: Scalar) -> tuple[Scalar, Scalar] | None:
    """Return the two values of a that the kernel follows apart before `a op b`: all ones first, and zero.

    They are what a sign bit makes, shifted to all bits; `and` and `or` with one number then choose between two numbers.
    None where it does not do that. Source: maybe_fork_scalars.
    """
    if b.mask or op not in (BPF_AND, BPF_OR):
        return None
    if a.smin == -1 and a.smax == 0:
        return const(U64_MAX), ZERO
    if a.smin32 == -1 and a.smax32 == 0:
        upper = a.value & UPPER, a.mask & UPPER
        ranges = a.umin, a.umax, a.smin, a.smax
        ones = make((upper[0] | U32_MAX, upper[1], *ranges, U32_MAX, U32_MAX, -1, -1))
        return ones, make((*upper, *ranges, 0, 0, 0, 0))
    return None


def _alu(op: int, a: Scalar, b: Scalar, wide: bool, rules: Rules) -> Scalar:
    if op == BPF_NEG:
        if not rules.negation:
            return UNKNOWN
        op, a, b = BPF_SUB, const(0), a
    operation = _OPERATIONS.get(op)
    if op in _OF_PAIRS and not rules.number_pairs and b.mask & (U64_MAX if wide else U32_MAX):
        return UNKNOWN
    if operation is not None:
        return operation(a, b, wide, rules)
    shift = _SHIFTS.get(op)
    if shift is None:
        return UNKNOWN
    # A shift's count is one number, of the operation's width, that is less than it; it may be above it in 64 bits.
    if wide:
        fixed = not b.mask and b.smin == b.smax and b.umin == b.umax
    else:
        fixed = not b.mask & U32_MAX and b.smin32 == b.smax32 and b.umin32 == b.umax32
    if not fixed or b.umax >= (BITS if wide else HALF):
        return UNKNOWN
    return shift(a, b.umin if wide else b.umin32, wide, rules)


def _add(a: Scalar, b: Scalar, wide: bool, rules: Rules) -> Scalar:
    value, mask = tnum.add(a.value, a.mask, b.value, b.mask)
    wraps = rules.sums_may_wrap
    umin32, umax32 = _add_unsigned(a.umin32, a.umax32, b.umin32, b.umax32, U32_MAX, wraps)
    smin32, smax32 = _add_signed(a.smin32, a.smax32, b.smin32, b.smax32, S32_SIGN)
    if not wide:
        return extend_half(value, mask, umin32, umax32, smin32, smax32, rules)
    umin, umax = _add_unsigned(a.umin, a.umax, b.umin, b.umax, U64_MAX, wraps)
    smin, smax = _add_signed(a.smin, a.smax, b.smin, b.smax, S64_SIGN)
    return rules.sync(value, mask, umin, umax, smin, smax, umin32, umax32, smin32, smax32)


def _sub(a: Scalar, b: Scalar, wide: bool, rules: Rules) -> Scalar:
    value, mask = tnum.sub(a.value, a.mask, b.value, b.mask)
    wraps = rules.sums_may_wrap
    umin32, umax32 = _sub_unsigned(a.umin32, a.umax32, b.umin32, b.umax32, U32_MAX, wraps)
    smin32, smax32 = _sub_signed(a.smin32, a.smax32, b.smin32, b.smax32, S32_SIGN)
    if not wide:
        return extend_half(value, mask, umin32, umax32, smin32, smax32, rules)
    umin, umax = _sub_unsigned(a.umin, a.umax, b.umin, b.umax, U64_MAX, wraps)
    smin, smax = _sub_signed(a.smin, a.smax, b.smin, b.smax, S64_SIGN)
    return rules.sync(value, mask, umin, umax, smin, smax, umin32, umax32, smin32, smax32)


def _mul(a: Scalar, b: Scalar, wide: bool, rules: Rules) -> Scalar:
    value, mask = rules.product_bits(a.value, a.mask, b.value, b.mask)
    if rules.signed_products:
        umin32, umax32 = _mul_unsigned(a.umin32, a.umax32, b.umin32, b.umax32, U32_MAX)
        smin32, smax32 = _mul_signed(a.smin32, a.smax32, b.smin32, b.smax32, S32_SIGN)
        umin, umax = _mul_unsigned(a.umin, a.umax, b.umin, b.umax, U64_MAX)
        smin, smax = _mul_signed(a.smin, a.smax, b.smin, b.smax, S64_SIGN)
    else:
        umin32, umax32, smin32, smax32 = _mul_of_small(
            a.umin32, a.umax32, a.smin32, b.umin32, b.umax32, b.smin32, U32_MAX, S32_SIGN
        )
        umin, umax, smin, smax = _mul_of_small(a.umin, a.umax, a.smin, b.umin, b.umax, b.smin, U64_MAX, S64_SIGN)
    if not wide:
        return extend_half(value, mask, umin32, umax32, smin32, smax32, rules)
    return rules.sync(value, mask, umin, umax, smin, smax, umin32, umax32, smin32, smax32)


def _and(a: Scalar, b: Scalar, wide: bool, rules: Rules) -> Scalar:
    value, mask = tnum.and_(a.value, a.mask, b.value, b.mask)
    return _bitwise(
        value, mask, value, min(a.umax, b.umax), value & U32_MAX, min(a.umax32, b.umax32), a, b, wide, rules
    )


def _or(a: Scalar, b: Scalar, wide: bool, rules: Rules) -> Scalar:
    value, mask = tnum.or_(a.value, a.mask, b.value, b.mask)
    most = value | mask
    return _bitwise(
        value, mask, max(a.umin, b.umin), most, max(a.umin32, b.umin32), most & U32_MAX, a, b, wide, rules
    )


def _xor(a: Scalar, b: Scalar, wide: bool, rules: Rules) -> Scalar:
    value, mask = tnum.xor(a.value, a.mask, b.value, b.mask)
    most = value | mask
    return _bitwise(value, mask, value, most, value & U32_MAX, most & U32_MAX, a, b, wide, rules)


def _bitwise(
    value: int, mask: int, umin: int, umax: int, umin32: int, umax32: int, a: Scalar, b: Scalar, wide: bool,
    rules: Rules,
) -> Scalar:
    """Return the result of and, or, xor: its bits come first, and where both operands' are known they are all."""
    if not (a.mask | b.mask):
        return const(value if wide else value & U32_MAX)
    if not (a.mask | b.mask) & U32_MAX:
        umin32 = umax32 = value & U32_MAX
    smin32, smax32 = _as_signed(umin32, umax32, S32_SIGN)
    if not wide:
        return extend_half(value, mask, umin32, umax32, smin32, smax32, rules)
    smin, smax = _as_signed(umin, umax, S64_SIGN)
    return rules.sync(value, mask, umin, umax, smin, smax, umin32, umax32, smin32, smax32)


def _lsh(a: Scalar, shift: int, wide: bool, rules: Rules) -> Scalar:
    value, mask = tnum.lsh(a.value, a.mask, shift)
    umin32, umax32 = _lsh_unsigned(a.umin32, a.umax32, shift, U32_MAX) if shift < HALF else (0, U32_MAX)
    if not wide:
        value, mask = value & U32_MAX, mask & U32_MAX
        return _zeros_above(value, mask, umin32, umax32, S32_MIN, S32_MAX, rules)
    # Half the width is how compilers extend a sign: left, then right.
    smin, smax = (a.smin32 << HALF, a.smax32 << HALF) if shift == HALF else (S64_MIN, S64_MAX)
    umin, umax = _lsh_unsigned(a.umin, a.umax, shift, U64_MAX)
    return rules.sync(value, mask, umin, umax, smin, smax, umin32, umax32, S32_MIN, S32_MAX)


def _rsh(a: Scalar, shift: int, wide: bool, rules: Rules) -> Scalar:
    if not wide:
        value, mask = tnum.rsh(a.value & U32_MAX, a.mask & U32_MAX, shift)
        return _zeros_above(value, mask, a.umin32 >> shift, a.umax32 >> shift, S32_MIN, S32_MAX, rules)
    value, mask = tnum.rsh(a.value, a.mask, shift)
    return rules.sync(
        value, mask, a.umin >> shift, a.umax >> shift, S64_MIN, S64_MAX, 0, U32_MAX, S32_MIN, S32_MAX
    )


def _arsh(a: Scalar, shift: int, wide: bool, rules: Rules) -> Scalar:
    if not wide:
        value, mask = tnum.arsh(a.value & U32_MAX, a.mask & U32_MAX, shift, S32_SIGN)
        return _zeros_above(value, mask, 0, U32_MAX, a.smin32 >> shift, a.smax32 >> shift, rules)
    value, mask = tnum.arsh(a.value, a.mask, shift, S64_SIGN)
    return rules.sync(
        value, mask, 0, U64_MAX, a.smin >> shift, a.smax >> shift, 0, U32_MAX, S32_MIN, S32_MAX
    )


def _zeros_above(
    value: int, mask: int, umin32: int, umax32: int, smin32: int, smax32: int, rules: Rules
) -> Scalar:
    """Narrow a lower half by its bits, then extend it. Source: __update_reg32_bounds, zext_32_to_64."""
    narrowed = bounded_by_ends(
        value, mask, 0, U64_MAX, S64_MIN, S64_MAX, umin32, umax32, smin32, smax32
    )
    return extend_half(value, mask, *narrowed[6:], rules)


_OPERATIONS: dict[int, Callable[[Scalar, Scalar, bool, Rules], Scalar]] = {
    BPF_ADD: _add,
    BPF_SUB: _sub,
    BPF_MUL: _mul,
    BPF_AND: _and,
    BPF_OR: _or,
    BPF_XOR: _xor,
    BPF_MOV: lambda _a, b, _wide, rules: zero_extend(b, rules),
}
_OF_PAIRS = frozenset((BPF_MUL, BPF_OR, BPF_XOR))  # of two unknown numbers
_SHIFTS: dict[int, Callable[[Scalar, int, bool, Rules], Scalar]] = {BPF_LSH: _lsh, BPF_RSH: _rsh, BPF_ARSH: _arsh}
_EXACT: dict[int, Callable[[int, int, int], int]] = {
    BPF_ADD: lambda a, b, _sign: a + b,
    BPF_SUB: lambda a, b, _sign: a - b,
    BPF_MUL: lambda a, b, _sign: a * b,
    BPF_AND: lambda a, b, _sign: a & b,
    BPF_OR: lambda a, b, _sign: a | b,
    BPF_XOR: lambda a, b, _sign: a ^ b,
    BPF_LSH: lambda a, b, _sign: a << b,
    BPF_RSH: lambda a, b, _sign: a >> b,
    BPF_ARSH: lambda a, b, sign: ((a ^ sign) - sign) >> b,
}
"""What operations make of two numbers that are known, of which the sign bit tells the width."""

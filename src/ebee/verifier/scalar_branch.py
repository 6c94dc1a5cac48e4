"""What comparisons tell of scalars: the way a branch goes, and what is known behind it.

Source: is_scalar_branch_taken, regs_refine_cond_op in kernel/bpf/verifier.c (Linux 6.18).
"""

from __future__ import annotations

from ebee.isa.opcodes import (
    BPF_JEQ,
    BPF_JGE,
    BPF_JGT,
    BPF_JLE,
    BPF_JLT,
    BPF_JNE,
    BPF_JSET,
    BPF_JSGE,
    BPF_JSGT,
    BPF_JSLE,
    BPF_JSLT,
)
from ebee.verifier import tnum
from ebee.verifier.scalar import (
    FREE,
    KEPT_AT_MOST,
    LINUX_6_18,
    S32_MAX,
    S32_MIN,
    S32_SIGN,
    U32_MAX,
    UPPER,
    Rules,
    Scalar,
    const,
    make,
    possible,
)
from ebee.verifier.tnum import S64_SIGN, U64_MAX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Sync = Callable[[int, int, int, int, int, int, int, int, int, int], Scalar]

# Comparisons. Each is a comparison of a with b, or one of b with a.
_FLIPPED = {BPF_JGT: BPF_JLT, BPF_JGE: BPF_JLE, BPF_JSGT: BPF_JSLT, BPF_JSGE: BPF_JSLE}
_UNFLIPPED = {less: greater for greater, less in _FLIPPED.items()}
_NEGATED = {
    BPF_JEQ: BPF_JNE,
    BPF_JNE: BPF_JEQ,
    BPF_JGE: BPF_JLT,
    BPF_JGT: BPF_JLE,
    BPF_JLE: BPF_JGT,
    BPF_JLT: BPF_JGE,
    BPF_JSGE: BPF_JSLT,
    BPF_JSGT: BPF_JSLE,
    BPF_JSLE: BPF_JSGT,
    BPF_JSLT: BPF_JSGE,
}
_STRICT = frozenset((BPF_JLT, BPF_JSLT))
_SIGNED = frozenset((BPF_JSLT, BPF_JSLE))


def branch_outcome(op: int, a: Scalar, b: Scalar, is32: bool, rules: Rules = LINUX_6_18) -> bool | None:
    """Tell if `if a op b` jumps: always, never, or (None) that is not known. Source: is_scalar_branch_taken."""
    ones = U32_MAX if is32 else U64_MAX
    if not rules.number_pairs:
        return None if b.mask & ones else _outcome(op, a, const(b.value & ones), is32, True)
    outcome = _outcome(op, a, b, is32, False)
    if outcome is None and rules.contradictions_are_dead:
        if refine(op, a, b, False, is32, rules) is None:
            return True
        if refine(op, a, b, True, is32, rules) is None:
            return False
    return outcome


def _outcome(op: int, a: Scalar, b: Scalar, is32: bool, by_bits: bool) -> bool | None:
    """Tell if a comparison jumps; `by_bits`: equal is what has the same bits, whatever the ranges say."""
    if op in (BPF_JEQ, BPF_JNE):
        equal = _equality(a, b, is32, by_bits)
        return equal if equal is None or op == BPF_JEQ else not equal
    if op == BPF_JSET:
        ones = U32_MAX if is32 else U64_MAX
        if b.mask & ones:
            a, b = b, a
            if b.mask & ones:
                return None
        bits = b.value & ones
        if a.value & bits:
            return True
        return None if (a.value | a.mask) & bits else False
    if op in _FLIPPED:
        op, a, b = _FLIPPED[op], b, a
    if op in _SIGNED:
        amin, amax, bmin, bmax = (
            (a.smin32, a.smax32, b.smin32, b.smax32) if is32 else (a.smin, a.smax, b.smin, b.smax)
        )
    else:
        amin, amax, bmin, bmax = (
            (a.umin32, a.umax32, b.umin32, b.umax32) if is32 else (a.umin, a.umax, b.umin, b.umax)
        )
    if op in _STRICT:
        return True if amax < bmin else False if amin >= bmax else None
    return True if amax <= bmin else False if amin > bmax else None


def _equality(a: Scalar, b: Scalar, is32: bool, by_bits: bool) -> bool | None:
    if is32:
        amask, bmask, differ = a.mask & U32_MAX, b.mask & U32_MAX, (a.value ^ b.value) & U32_MAX
    else:
        amask, bmask, differ = a.mask, b.mask, a.value ^ b.value
    if not (amask or bmask):
        return not differ
    if by_bits:
        return None
    if differ & ~(amask | bmask):
        return False
    if not is32 and (a.umin > b.umax or a.umax < b.umin or a.smin > b.smax or a.smax < b.smin):
        return False
    if a.umin32 > b.umax32 or a.umax32 < b.umin32 or a.smin32 > b.smax32 or a.smax32 < b.smin32:
        return False
    return None


def refine(
    op: int, a: Scalar, b: Scalar, taken: bool, is32: bool, rules: Rules = LINUX_6_18
) -> tuple[Scalar, Scalar] | None:
    """Return what a and b are where `if a op b` jumped (`taken`) or did not, which `branch_outcome` did not exclude.

    None when the parts of a number contradict each other, so that this way is never taken; kernels before 7.0 go on
    and forget the ranges of the register. Source: regs_refine_cond_op, reg_bounds_sync, reg_bounds_sanity_check.
    """
    case = op << 2 | taken << 1 | is32, a, b
    if case in rules.refined:
        return rules.refined[case]
    pair = (_refine if rules.number_pairs else _refine_by_number)(op, a, b, taken, is32, rules.sync)
    result: tuple[Scalar, Scalar] | None = pair
    if rules.number_pairs and (possible(pair[0]) is None or possible(pair[1]) is None):
        result = None if rules.contradictions_are_dead else (_bits_alone(pair[0]), _bits_alone(pair[1]))
    if len(rules.refined) >= KEPT_AT_MOST:
        rules.refined.clear()
    rules.refined[case] = result
    return result


def _refine(op: int, a: Scalar, b: Scalar, taken: bool, is32: bool, sync: Sync) -> tuple[Scalar, Scalar]:
    if op == BPF_JSET:
        return _refine_bits(a, b, taken, is32, sync)
    if not taken:
        op = _NEGATED[op]
    if op in _FLIPPED:
        b, a = _refine_less(_FLIPPED[op], b, a, is32, sync)
        return a, b
    refine_by = _refine_equal if op == BPF_JEQ else _refine_unequal if op == BPF_JNE else _refine_less
    return refine_by(op, a, b, is32, sync)


def _refine_by_number(
    op: int, a: Scalar, b: Scalar, taken: bool, is32: bool, sync: Sync
) -> tuple[Scalar, Scalar]:
    """Refine as Linux 6.1 does, by comparison with one number; what is then known is that of the compared width.

    Source: reg_set_min_max, reg_combine_min_max, __reg_combine_32_into_64, __reg_combine_64_into_32 (6.1).
    """
    ones = U32_MAX if is32 else U64_MAX
    if b.mask & ones:
        if not a.mask & ones:
            swapped = _FLIPPED.get(op) or _UNFLIPPED.get(op, op)
            b, a = _refine_by_number(swapped, b, a, taken, is32, sync)
            return a, b
        if is32 or op not in (BPF_JEQ, BPF_JNE) or taken != (op == BPF_JEQ):
            return a, b
        return _refine_equal(op, a, b, False, sync)
    number = const(b.value & ones)
    if op in (BPF_JEQ, BPF_JNE) and taken != (op == BPF_JEQ):
        key = a.key
    elif op in (BPF_JEQ, BPF_JNE):
        key = number.key
        if is32:
            key = a.value & UPPER | number.value, a.mask & UPPER, *a.key[2:6], *number.key[6:]
    else:
        key = _refine(op, a, number, taken, is32, _as_they_are)[0].key
    value, mask, umin, umax, smin, smax, umin32, umax32, smin32, smax32 = key
    if is32 and not (value | mask) & UPPER:
        umin, umax = umin32, umax32
        smin, smax = (smin32, smax32) if smin32 >= 0 and smax32 >= 0 else (0, U32_MAX)
    elif is32:
        umin, umax, smin, smax = FREE[:4]
    else:
        umin32, umax32, smin32, smax32 = FREE[4:]
        if S32_MIN <= smin <= S32_MAX and S32_MIN <= smax <= S32_MAX:
            smin32, smax32 = smin, smax
        if umin <= U32_MAX and umax <= U32_MAX:
            umin32, umax32 = umin, umax
    return sync(value, mask, umin, umax, smin, smax, umin32, umax32, smin32, smax32), b


def _as_they_are(*key: int) -> Scalar:
    return make(key)  # type: ignore[arg-type]


def _bits_alone(s: Scalar) -> Scalar:
    return s if possible(s) is s else make((s.value, s.mask, *FREE))


def _refine_equal(_op: int, a: Scalar, b: Scalar, is32: bool, sync: Sync) -> tuple[Scalar, Scalar]:
    if is32:
        value, mask = tnum.intersect(a.value & U32_MAX, a.mask & U32_MAX, b.value & U32_MAX, b.mask & U32_MAX)
        low_half = (
            max(a.umin32, b.umin32), min(a.umax32, b.umax32), max(a.smin32, b.smin32), min(a.smax32, b.smax32),
        )  # fmt: skip
        return (
            sync(a.value & UPPER | value, a.mask & UPPER | mask, a.umin, a.umax, a.smin, a.smax, *low_half),
            sync(b.value & UPPER | value, b.mask & UPPER | mask, b.umin, b.umax, b.smin, b.smax, *low_half),
        )
    common = (
        *tnum.intersect(a.value, a.mask, b.value, b.mask),
        max(a.umin, b.umin),
        min(a.umax, b.umax),
        max(a.smin, b.smin),
        min(a.smax, b.smax),
    )
    return (
        sync(*common, a.umin32, a.umax32, a.smin32, a.smax32),
        sync(*common, b.umin32, b.umax32, b.smin32, b.smax32),
    )


def _refine_unequal(_op: int, a: Scalar, b: Scalar, is32: bool, sync: Sync) -> tuple[Scalar, Scalar]:
    ones = U32_MAX if is32 else U64_MAX
    if b.mask & ones:
        if a.mask & ones:
            return sync(*a.key), sync(*b.key)
        b, a = _refine_unequal(_op, b, a, is32, sync)
        return a, b
    number = b.value & ones
    value, mask, umin, umax, smin, smax, umin32, umax32, smin32, smax32 = a.key
    if is32:
        signed = (number ^ S32_SIGN) - S32_SIGN
        umin32, umax32 = umin32 + (umin32 == number), umax32 - (umax32 == number)
        smin32, smax32 = smin32 + (smin32 == signed), smax32 - (smax32 == signed)
    else:
        signed = (number ^ S64_SIGN) - S64_SIGN
        umin, umax = umin + (umin == number), umax - (umax == number)
        smin, smax = smin + (smin == signed), smax - (smax == signed)
    return sync(value, mask, umin, umax, smin, smax, umin32, umax32, smin32, smax32), sync(*b.key)


def _refine_less(op: int, a: Scalar, b: Scalar, is32: bool, sync: Sync) -> tuple[Scalar, Scalar]:
    value, mask, umin, umax, smin, smax, umin32, umax32, smin32, smax32 = a.key
    bvalue, bmask, bumin, bumax, bsmin, bsmax, bumin32, bumax32, bsmin32, bsmax32 = b.key
    apart = 1 if op in _STRICT else 0
    if op in _SIGNED:
        if is32:
            smax32, bsmin32 = min(smax32, bsmax32 - apart), max(smin32 + apart, bsmin32)
        else:
            smax, bsmin = min(smax, bsmax - apart), max(smin + apart, bsmin)
    elif is32:
        umax32, bumin32 = min(umax32, bumax32 - apart), max(umin32 + apart, bumin32)
    else:
        umax, bumin = min(umax, bumax - apart), max(umin + apart, bumin)
    return (
        sync(value, mask, umin, umax, smin, smax, umin32, umax32, smin32, smax32),
        sync(bvalue, bmask, bumin, bumax, bsmin, bsmax, bumin32, bumax32, bsmin32, bsmax32),
    )


def _refine_bits(a: Scalar, b: Scalar, taken: bool, is32: bool, sync: Sync) -> tuple[Scalar, Scalar]:
    """Refine by `a & b` being other than zero (`taken`) or zero, where b is one number."""
    ones = U32_MAX if is32 else U64_MAX
    if b.mask & ones:
        if a.mask & ones:
            return sync(*a.key), sync(*b.key)
        b, a = _refine_bits(b, a, taken, is32, sync)
        return a, b
    bits = b.value & ones
    if not taken:
        # The ranges are forgotten: with fewer bits they could contradict them.
        return sync(a.value & ~bits, a.mask & ~bits, *FREE), sync(*b.key)
    if bits & (bits - 1):
        return sync(*a.key), sync(*b.key)
    return sync(a.value | bits, a.mask & ~bits, *a.key[2:]), sync(*b.key)

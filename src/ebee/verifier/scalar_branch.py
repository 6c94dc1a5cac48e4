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
    S32_SIGN,
    U32_MAX,
    UPPER,
    Rules,
    Scalar,
    make,
    possible,
    sync,
)
from ebee.verifier.tnum import S64_SIGN, U64_MAX

# Comparisons. Each is a comparison of a with b, or one of b with a.
_FLIPPED = {BPF_JGT: BPF_JLT, BPF_JGE: BPF_JLE, BPF_JSGT: BPF_JSLT, BPF_JSGE: BPF_JSLE}
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
    if a.mask and b.mask and not rules.number_pairs and _are_unknown(a, b, is32):
        return None
    if op in (BPF_JEQ, BPF_JNE):
        equal = _equality(a, b, is32)
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


def _equality(a: Scalar, b: Scalar, is32: bool) -> bool | None:
    if is32:
        amask, bmask, differ = a.mask & U32_MAX, b.mask & U32_MAX, (a.value ^ b.value) & U32_MAX
    else:
        amask, bmask, differ = a.mask, b.mask, a.value ^ b.value
    if not (amask or bmask):
        return not differ
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
    if not rules.number_pairs and _are_unknown(a, b, is32):
        pair = a, b
    elif op == BPF_JSET:
        pair = _refine_bits(a, b, taken, is32)
    else:
        if not taken:
            op = _NEGATED[op]
        if op in _FLIPPED:
            b, a = _refine_less(_FLIPPED[op], b, a, is32)
            pair = a, b
        else:
            pair = (_refine_equal if op == BPF_JEQ else _refine_unequal if op == BPF_JNE else _refine_less)(
                op, a, b, is32
            )
    if not rules.number_pairs:
        pair = _one_width(pair[0], is32), _one_width(pair[1], is32)
    result: tuple[Scalar, Scalar] | None = pair
    if possible(pair[0]) is None or possible(pair[1]) is None:
        result = None if rules.contradictions_are_dead else (_bits_alone(pair[0]), _bits_alone(pair[1]))
    if len(rules.refined) >= KEPT_AT_MOST:
        rules.refined.clear()
    rules.refined[case] = result
    return result


def _one_width(s: Scalar, is32: bool) -> Scalar:
    """Forget the ranges of the width that was not compared. Source: __reg_combine_32_into_64 and its reverse (6.1)."""
    if possible(s) is not s or not s.mask:
        return s
    if is32:
        return sync(s.value, s.mask, *FREE[:4], *s.key[6:]) if (s.value | s.mask) & UPPER else s
    return sync(*s.key[:6], *FREE[4:])


def _are_unknown(a: Scalar, b: Scalar, is32: bool) -> bool:
    ones = U32_MAX if is32 else U64_MAX
    return bool(a.mask & ones and b.mask & ones)


def _bits_alone(s: Scalar) -> Scalar:
    return s if possible(s) is s else make((s.value, s.mask, *FREE))


def _refine_equal(_op: int, a: Scalar, b: Scalar, is32: bool) -> tuple[Scalar, Scalar]:
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


def _refine_unequal(_op: int, a: Scalar, b: Scalar, is32: bool) -> tuple[Scalar, Scalar]:
    ones = U32_MAX if is32 else U64_MAX
    if b.mask & ones:
        if a.mask & ones:
            return sync(*a.key), sync(*b.key)
        b, a = _refine_unequal(_op, b, a, is32)
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


def _refine_less(op: int, a: Scalar, b: Scalar, is32: bool) -> tuple[Scalar, Scalar]:
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


def _refine_bits(a: Scalar, b: Scalar, taken: bool, is32: bool) -> tuple[Scalar, Scalar]:
    """Refine by `a & b` being other than zero (`taken`) or zero, where b is one number."""
    ones = U32_MAX if is32 else U64_MAX
    if b.mask & ones:
        if a.mask & ones:
            return sync(*a.key), sync(*b.key)
        b, a = _refine_bits(b, a, taken, is32)
        return a, b
    bits = b.value & ones
    if not taken:
        # The ranges are forgotten: with fewer bits they could contradict them.
        return sync(a.value & ~bits, a.mask & ~bits, *FREE), sync(*b.key)
    if bits & (bits - 1):
        return sync(*a.key), sync(*b.key)
    return sync(a.value | bits, a.mask & ~bits, *a.key[2:]), sync(*b.key)

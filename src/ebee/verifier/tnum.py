"""Tristate numbers: what is known of a value's single bits.

A tnum is a pair `(value, mask)` of unsigned 64-bit integers: a bit that is set in `mask` is unknown, the others are
those of `value`, in which unknown bits are zero. Every function returns a pair that describes at least all the results
that the operands' members can have.

Source: kernel/bpf/tnum.c (Linux 6.18 unless a function says otherwise).
"""

from __future__ import annotations

BITS = 64
"""Width of a value. The proofs in the tests load this module with smaller ones; nothing else may depend on 64."""

U64_MAX = (1 << BITS) - 1
S64_SIGN = 1 << (BITS - 1)

TYPE_CHECKING = False
if TYPE_CHECKING:
    Tnum = tuple[int, int]

UNKNOWN = (0, U64_MAX)


def between(low: int, high: int) -> Tnum:
    """Return the bits that all numbers of the unsigned range `low` to `high` share. Source: tnum_range."""
    delta = (1 << (low ^ high).bit_length()) - 1
    return low & ~delta & U64_MAX, delta


def add(av: int, am: int, bv: int, bm: int) -> Tnum:
    value = av + bv
    mask = (value + am + bm ^ value | am | bm) & U64_MAX
    return value & U64_MAX & ~mask, mask


def sub(av: int, am: int, bv: int, bm: int) -> Tnum:
    value = av - bv
    mask = (value + am ^ value - bm | am | bm) & U64_MAX
    return value & U64_MAX & ~mask, mask


def and_(av: int, am: int, bv: int, bm: int) -> Tnum:
    value = av & bv
    return value, (av | am) & (bv | bm) & ~value


def or_(av: int, am: int, bv: int, bm: int) -> Tnum:
    value = av | bv
    return value, (am | bm) & ~value


def xor(av: int, am: int, bv: int, bm: int) -> Tnum:
    mask = am | bm
    return (av ^ bv) & ~mask, mask


def union(av: int, am: int, bv: int, bm: int) -> Tnum:
    """Return the least tnum that has the members of both."""
    mask = av ^ bv | am | bm
    return av & bv & ~mask, mask


def mul(av: int, am: int, bv: int, bm: int) -> Tnum:
    """Multiply as by hand: for each bit of a that is unknown, both sums are possible."""
    value, mask = 0, 0
    while av or am:
        if av & 1:
            value, mask = add(value, mask, bv, bm)
        elif am & 1:
            value, mask = union(value, mask, *add(value, mask, bv, bm))
        av >>= 1
        am >>= 1
        bv = bv << 1 & U64_MAX
        bm = bm << 1 & U64_MAX
    return value, mask


def mul_by_parts(av: int, am: int, bv: int, bm: int) -> Tnum:
    """Multiply as Linux before 6.18 does: the known parts' product, and what each unknown bit may add to it."""
    value, mask = 0, 0
    product = av * bv & U64_MAX
    while av or am:
        if av & 1:
            value, mask = add(value, mask, 0, bm)
        elif am & 1:
            value, mask = add(value, mask, 0, bv | bm)
        av >>= 1
        am >>= 1
        bv = bv << 1 & U64_MAX
        bm = bm << 1 & U64_MAX
    return add(product, 0, value, mask)


def lsh(value: int, mask: int, shift: int) -> Tnum:
    return value << shift & U64_MAX, mask << shift & U64_MAX


def rsh(value: int, mask: int, shift: int) -> Tnum:
    return value >> shift, mask >> shift


def arsh(value: int, mask: int, shift: int, sign: int) -> Tnum:
    """Shift a number whose sign bit is `sign` to the right; copies of that bit, or of its being unknown, come in."""
    ones = (sign << 1) - 1
    return ((value ^ sign) - sign) >> shift & ones, ((mask ^ sign) - sign) >> shift & ones


def intersect(av: int, am: int, bv: int, bm: int) -> Tnum:
    """Return what both say together; where they contradict each other the bit is one."""
    mask = am & bm
    return (av | bv) & ~mask, mask


def overlap(av: int, am: int, bv: int, bm: int) -> bool:
    """Tell if some number is a member of both."""
    return not (av ^ bv) & ~(am | bm)


def is_subset(av: int, am: int, bv: int, bm: int) -> bool:
    """Tell if every member of a is one of b. Source: tnum_in, whose arguments are the other way round."""
    return not am & ~bm and not (av ^ bv) & ~bm


def step(value: int, mask: int, number: int) -> int:
    """Return the least member above `number`, or the greatest member if none is. Source: tnum_step (Linux 7.0)."""
    if number >= value | mask:
        return value | mask
    if number < value:
        return value
    # Add one to the number's unknown bits: known ones, and all below the highest that differs, pass the carry on.
    above = number - value
    below = (1 << (above & ~mask).bit_length()) - 1
    return value | (above | below | ~mask) + 1 & mask


def bswap(value: int, mask: int, size: int) -> Tnum:
    """Return the lower `size` bytes in the other order, zeros above them. Source: tnum_bswap16… (Linux 7.0)."""
    ones = (1 << 8 * size) - 1
    return (
        int.from_bytes((value & ones).to_bytes(size, "little"), "big"),
        int.from_bytes((mask & ones).to_bytes(size, "little"), "big"),
    )

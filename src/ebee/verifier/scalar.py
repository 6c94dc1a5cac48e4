"""What the verifier knows of a number: its bits, and its range as 64 and as 32 bits, with and without a sign.

A `Scalar` never changes, so states share them. Functions return the same object for the same knowledge (until `forget`
is called), hence `is` is a quick first test of equality; `is_equal` is the whole one.

What operations make of scalars is in `scalar_alu`, what comparisons tell of them in `scalar_branch`.

Source: kernel/bpf/verifier.c (Linux 6.18): reg_bounds_sync, coerce_reg_to_size.
"""

from __future__ import annotations

from ebee.verifier import tnum
from ebee.verifier.tnum import BITS, S64_SIGN, U64_MAX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ebee.verifier.tnum import Tnum

    Range = tuple[int, int]
    Key = tuple[int, int, int, int, int, int, int, int, int, int]

HALF = BITS // 2
BYTE = BITS // 8
S64_MAX, S64_MIN = S64_SIGN - 1, -S64_SIGN
U32_MAX, S32_SIGN = (1 << HALF) - 1, 1 << (HALF - 1)
S32_MAX, S32_MIN = S32_SIGN - 1, -S32_SIGN
UPPER = U64_MAX ^ U32_MAX
KEPT_AT_MOST = 100_000


class Rules:
    """In what the arithmetic of kernels differs.

    signed_products: products of numbers that may be negative have ranges (6.14). sums_may_wrap: a sum or difference
    that overflows in all its cases has a range (6.17). negation: `neg` is tracked (6.17). long_multiplication: unknown
    bits of products (6.18). contradictions_are_dead: see `refine` (7.0). number_pairs: two unknown numbers tell
    of each other in comparisons, and have products and bits (6.8). byte_order: a swap of bytes is tracked (6.18).
    sync: how the parts of a number tell each other what they know.
    """

    __slots__ = (
        "byte_order",
        "contradictions_are_dead",
        "memo",
        "negation",
        "number_pairs",
        "product_bits",
        "refined",
        "signed_products",
        "sums_may_wrap",
        "sync",
    )

    def __init__(
        self,
        *,
        signed_products: bool,
        sums_may_wrap: bool,
        negation: bool,
        long_multiplication: bool,
        number_pairs: bool = True,
        byte_order: bool = False,
        contradictions_are_dead: bool = False,
        sync: Callable[[int, int, int, int, int, int, int, int, int, int], Scalar],
    ) -> None:
        self.sync = sync
        self.contradictions_are_dead = contradictions_are_dead
        self.number_pairs, self.byte_order = number_pairs, byte_order
        self.signed_products = signed_products
        self.sums_may_wrap = sums_may_wrap
        self.negation = negation
        self.product_bits: Callable[[int, int, int, int], Tnum] = (
            tnum.mul if long_multiplication else tnum.mul_by_parts
        )
        self.memo: dict[tuple[int, Scalar, Scalar], Scalar] = {}
        self.refined: dict[tuple[int, Scalar, Scalar], tuple[Scalar, Scalar] | None] = {}


class Scalar:
    """Knowledge of a register's 64 bits, any of which may be wider than need be: the true value fulfils all of it.

    value, mask: a tnum. umin, umax: unsigned. smin, smax: signed. umin32 and the others: the same of the lower half.
    key: all ten, in this order. number: the value of one that `const` made, else -1.
    """

    __slots__ = (
        "key",
        "mask",
        "number",
        "smax",
        "smax32",
        "smin",
        "smin32",
        "umax",
        "umax32",
        "umin",
        "umin32",
        "value",
    )

    def __init__(self, key: Key) -> None:
        self.key = key
        self.number = -1
        (
            self.value,
            self.mask,
            self.umin,
            self.umax,
            self.smin,
            self.smax,
            self.umin32,
            self.umax32,
            self.smin32,
            self.smax32,
        ) = key

    @property
    def is_const(self) -> bool:
        """Whether only one value is possible; it is then `value`."""
        return not self.mask

    @property
    def is_const32(self) -> bool:
        """Whether the lower half has only one value; it is then `value & U32_MAX`."""
        return not self.mask & U32_MAX

    def holds(self, number: int) -> bool:
        """Tell if an unsigned 64-bit `number` is possible."""
        if number & ~self.mask != self.value or not self.umin <= number <= self.umax:
            return False
        low = number & U32_MAX
        return (
            self.smin <= (number ^ S64_SIGN) - S64_SIGN <= self.smax
            and self.umin32 <= low <= self.umax32
            and self.smin32 <= (low ^ S32_SIGN) - S32_SIGN <= self.smax32
        )

    def __repr__(self) -> str:
        if not self.mask:
            return f"Scalar({self.value:#x})"
        return (
            f"Scalar(u64={self.umin:#x}..{self.umax:#x} s64={self.smin}..{self.smax} u32={self.umin32:#x}.."
            f"{self.umax32:#x} s32={self.smin32}..{self.smax32} bits=({self.value:#x}; {self.mask:#x}))"
        )


FREE: tuple[int, int, int, int, int, int, int, int] = (
    0, U64_MAX, S64_MIN, S64_MAX, 0, U32_MAX, S32_MIN, S32_MAX,
)  # fmt: skip
_known: dict[Key, Scalar] = {}
_constants: dict[int, Scalar] = {}


def make(key: Key) -> Scalar:
    """Return the scalar of these ten values as they are."""
    found = _known.get(key)
    if found is None:
        if not key[1] and const(key[0]).key == key:
            return const(key[0])
        if len(_known) >= KEPT_AT_MOST:
            forget()
        found = _known[key] = Scalar(key)
    return found


def const(number: int) -> Scalar:
    """Return a scalar with one value, the lower 64 bits of `number`."""
    found = _constants.get(number)
    if found is None:
        number &= U64_MAX
        found = _constants.get(number)
        if found is None:
            if len(_constants) >= KEPT_AT_MOST:
                forget()
            signed = (number ^ S64_SIGN) - S64_SIGN
            low = number & U32_MAX
            signed32 = (low ^ S32_SIGN) - S32_SIGN
            found = Scalar((number, 0, number, number, signed, signed, low, low, signed32, signed32))
            found.number = number
            _constants[number] = found
    return found


def forget() -> None:
    """Drop what is remembered of earlier scalars, which bounds memory; `is` then tells less."""
    _known.clear()
    _constants.clear()
    for rules in (LINUX_6_1, LINUX_6_12, LINUX_6_18, LINUX_7_0):
        rules.memo.clear()
        rules.refined.clear()
    _known[UNKNOWN.key] = UNKNOWN


UNKNOWN = make((0, U64_MAX, *FREE))
"""A number of which nothing is known."""
ZERO = const(0)


def is_equal(a: Scalar, b: Scalar) -> bool:
    """Tell if two scalars say the same."""
    return a is b or a.key == b.key


def is_subset(new: Scalar, old: Scalar) -> bool:
    """Tell if what is known of `new` implies all that is known of `old`. Source: range_within, tnum_in."""
    return new is old or (
        old.umin <= new.umin
        and new.umax <= old.umax
        and old.smin <= new.smin
        and new.smax <= old.smax
        and old.umin32 <= new.umin32
        and new.umax32 <= old.umax32
        and old.smin32 <= new.smin32
        and new.smax32 <= old.smax32
        and not new.mask & ~old.mask
        and not (new.value ^ old.value) & ~old.mask
    )


def union(a: Scalar, b: Scalar) -> Scalar:
    """Return what is true of both: the least scalar with the values of each."""
    if a is b:
        return a
    return make((
        *tnum.union(a.value, a.mask, b.value, b.mask),
        min(a.umin, b.umin),
        max(a.umax, b.umax),
        min(a.smin, b.smin),
        max(a.smax, b.smax),
        min(a.umin32, b.umin32),
        max(a.umax32, b.umax32),
        min(a.smin32, b.smin32),
        max(a.smax32, b.smax32),
    ))  # fmt: skip


def intersect(a: Scalar, b: Scalar) -> Scalar | None:
    """Return what both say together; None when no value fulfils both."""
    if a is b:
        return a
    if not tnum.overlap(a.value, a.mask, b.value, b.mask):
        return None
    return possible(sync(
        *tnum.intersect(a.value, a.mask, b.value, b.mask),
        max(a.umin, b.umin),
        min(a.umax, b.umax),
        max(a.smin, b.smin),
        min(a.smax, b.smax),
        max(a.umin32, b.umin32),
        min(a.umax32, b.umax32),
        max(a.smin32, b.smin32),
        min(a.smax32, b.smax32),
    ))  # fmt: skip


def possible(s: Scalar) -> Scalar | None:
    """Return s, or None when its parts contradict each other. Source: reg_bounds_sanity_check."""
    if s.umin > s.umax or s.smin > s.smax or s.umin32 > s.umax32 or s.smin32 > s.smax32:
        return None
    if not s.mask:
        return s if is_equal(s, const(s.value)) else None
    if not s.mask & U32_MAX and (s.umin32 != s.umax32 or s.umin32 != s.value & U32_MAX or s.smin32 != s.smax32):
        return None
    return s


def from_range(umin: int, umax: int) -> Scalar:
    """Return an unsigned range of 64-bit numbers."""
    return sync(0, U64_MAX, umin, umax, S64_MIN, S64_MAX, 0, U32_MAX, S32_MIN, S32_MAX)


def from_signed_range(smin: int, smax: int) -> Scalar:
    """Return a signed range of 64-bit numbers."""
    return sync(0, U64_MAX, 0, U64_MAX, smin, smax, 0, U32_MAX, S32_MIN, S32_MAX)


def _sync_with(bounded: Callable[..., Key], arcs: bool = False) -> Callable[..., Scalar]:
    """Return `sync`, which narrows bounds by bits as `bounded` does, and may keep one arc of numbers only."""

    def sync(
        value: int, mask: int, umin: int, umax: int, smin: int, smax: int, umin32: int, umax32: int, smin32: int,
        smax32: int,
    ) -> Scalar:  # fmt: skip
        """Tell each of the parts what the others know. Source: reg_bounds_sync.

        Parts that contradict each other give a scalar whose lower bounds may be above its upper ones. Comparisons stand
        where min and max would be shorter: this is where a verifier's time goes.
        """
        state = bounded(value, mask, umin, umax, smin, smax, umin32, umax32, smin32, smax32)
        value, mask, umin, umax, smin, smax, umin32, umax32, smin32, smax32 = state
        for _ in range(3):
            # 64 -> 32 bits: the lower half is a range where the upper half is one number, or goes up by one at zero.
            low, high = umin & U32_MAX, umax & U32_MAX
            low_signed, high_signed = (low ^ S32_SIGN) - S32_SIGN, (high ^ S32_SIGN) - S32_SIGN
            steps = (umax >> HALF) - (umin >> HALF)
            if not steps:
                if low > umin32:
                    umin32 = low
                if high < umax32:
                    umax32 = high
            if low_signed <= high_signed if not steps else steps & U32_MAX == 1 and low_signed < 0 <= high_signed:
                if low_signed > smin32:
                    smin32 = low_signed
                if high_signed < smax32:
                    smax32 = high_signed
            low, high = smin & U32_MAX, smax & U32_MAX
            low_signed, high_signed = (low ^ S32_SIGN) - S32_SIGN, (high ^ S32_SIGN) - S32_SIGN
            steps = (smax >> HALF) - (smin >> HALF)
            if not steps and low <= high:
                if low > umin32:
                    umin32 = low
                if high < umax32:
                    umax32 = high
            if low_signed <= high_signed if not steps else steps & U32_MAX == 1 and low_signed < 0 <= high_signed:
                if low_signed > smin32:
                    smin32 = low_signed
                if high_signed < smax32:
                    smax32 = high_signed
            # Unsigned <-> signed, first of the halves, then of the whole.
            umin32, umax32, smin32, smax32 = _across_signs(umin32, umax32, smin32, smax32, S32_SIGN, U32_MAX)
            umin, umax, smin, smax = _across_signs(umin, umax, smin, smax, S64_SIGN, U64_MAX)
            # 32 -> 64 bits: the lower half's bounds replace those of both ends.
            low, high = umin32, umax32
            for _both in (0, 1):
                if umin & UPPER | low > umin:
                    umin = umin & UPPER | low
                if umax & UPPER | high < umax:
                    umax = umax & UPPER | high
                if smin & ~U32_MAX | low > smin:
                    smin = smin & ~U32_MAX | low
                if smax & ~U32_MAX | high < smax:
                    smax = smax & ~U32_MAX | high
                low, high = smin32 & U32_MAX, smax32 & U32_MAX
                if low > high:
                    break
            # A number that was extended by its sign, whose lower half is not negative.
            if smin32 >= 0 and smin >= S32_MIN and smax <= S32_MAX:
                smin, smax = smin32, smax32
                umin, umax = smin & U64_MAX, smax & U64_MAX
                value, mask = tnum.intersect(value, mask, *tnum.between(umin, umax))
            now = value, mask, umin, umax, smin, smax, umin32, umax32, smin32, smax32
            if now == state:
                break
            state = now
        # What the ranges tell of bits, and those then of the ranges.
        delta = (1 << (umin ^ umax).bit_length()) - 1
        value64, mask64 = (value | umin & ~delta) & ~(mask & delta), mask & delta
        delta = (1 << (umin32 ^ umax32).bit_length()) - 1 | UPPER
        mask64 &= delta
        value64 = (value64 | umin32 & ~delta) & ~mask64
        key = bounded(value64, mask64, umin, umax, smin, smax, umin32, umax32, smin32, smax32)
        return make(_one_arc(key) if arcs else key)

    return sync


def bounded_by_bits(
    value: int, mask: int, umin: int, umax: int, smin: int, smax: int, umin32: int, umax32: int, smin32: int,
    smax32: int,
) -> Key:  # fmt: skip
    """Narrow bounds by a tnum's least and greatest members, and all to its one member within them.

    Source: __update_reg_bounds.
    """
    most = value | mask
    if value > umin:
        umin = value
    if most < umax:
        umax = most
    if umin & ~mask != value:
        only = tnum.step(value, mask, umin)
        if only == most or only <= umax < tnum.step(value, mask, only):
            return const(only).key
    elif (umin >= umax or umin & 1 or not mask & 1) and tnum.step(value, mask, umin) > umax:
        return const(umin).key
    return bounded_by_ends(value, mask, umin, umax, smin, smax, umin32, umax32, smin32, smax32)


def bounded_by_ends(
    value: int, mask: int, umin: int, umax: int, smin: int, smax: int, umin32: int, umax32: int, smin32: int,
    smax32: int,
) -> Key:  # fmt: skip
    """Narrow bounds by a tnum's least and greatest members only, as kernels before 6.18 do."""
    most = value | mask
    if value > umin:
        umin = value
    if most < umax:
        umax = most
    low = ((value | mask & S64_SIGN) ^ S64_SIGN) - S64_SIGN
    if low > smin:
        smin = low
    high = ((value | mask & S64_MAX) ^ S64_SIGN) - S64_SIGN
    if high < smax:
        smax = high
    low, most = value & U32_MAX, most & U32_MAX
    if low > umin32:
        umin32 = low
    if most < umax32:
        umax32 = most
    high = ((low | mask & S32_MAX) ^ S32_SIGN) - S32_SIGN
    if high < smax32:
        smax32 = high
    low = ((low | mask & S32_SIGN) ^ S32_SIGN) - S32_SIGN
    if low > smin32:
        smin32 = low
    return value, mask, umin, umax, smin, smax, umin32, umax32, smin32, smax32


def _across_signs(
    umin: int, umax: int, smin: int, smax: int, sign: int, top: int
) -> tuple[int, int, int, int]:
    """Narrow an unsigned range by a signed one and the other way round. Source: __reg64_deduce_bounds."""
    low, high = (umin ^ sign) - sign, (umax ^ sign) - sign
    if low <= high:
        if low > smin:
            smin = low
        if high < smax:
            smax = high
    low, high = smin & top, smax & top
    if low <= high:
        if low > umin:
            umin = low
        if high < umax:
            umax = high
    elif umax < low:  # only the part that is not negative
        smin = (umin ^ sign) - sign
        if high < umax:
            umax = high
    elif high < umin:  # only the negative part
        smax = (umax ^ sign) - sign
        if low > umin:
            umin = low
    return umin, umax, smin, smax


def _one_arc(key: Key) -> Key:
    """Return ranges without those that leave two pieces when they are put together: Linux 7.3 keeps the smaller one.

    Source: kernel/bpf/cnum_defs.h: cnum_intersect().
    """
    value, mask, umin, umax, smin, smax, umin32, umax32, smin32, smax32 = key
    if smin < 0 <= smax and umin < S64_SIGN <= umax:
        if umax - umin <= smax - smin:
            smin, smax = S64_MIN, S64_MAX
        else:
            umin, umax = 0, U64_MAX
    if smin32 < 0 <= smax32 and umin32 < S32_SIGN <= umax32:
        if umax32 - umin32 <= smax32 - smin32:
            smin32, smax32 = S32_MIN, S32_MAX
        else:
            umin32, umax32 = 0, U32_MAX
    return value, mask, umin, umax, smin, smax, umin32, umax32, smin32, smax32


def sync_by_signs(
    value: int, mask: int, umin: int, umax: int, smin: int, smax: int, umin32: int, umax32: int, smin32: int,
    smax32: int,
) -> Scalar:  # fmt: skip
    """Tell each of the parts what the others know, as Linux 6.1 does: the two widths tell each other nothing."""
    value, mask, umin, umax, smin, smax, umin32, umax32, smin32, smax32 = bounded_by_ends(
        value, mask, umin, umax, smin, smax, umin32, umax32, smin32, smax32
    )
    umin32, umax32, smin32, smax32 = _of_one_sign(umin32, umax32, smin32, smax32, S32_SIGN, U32_MAX)
    umin, umax, smin, smax = _of_one_sign(umin, umax, smin, smax, S64_SIGN, U64_MAX)
    value, mask = tnum.intersect(value, mask, *tnum.between(umin, umax))
    low = tnum.intersect(value & U32_MAX, mask & U32_MAX, *tnum.between(umin32, umax32))
    value, mask = value & UPPER | low[0], mask & UPPER | low[1]
    return make(bounded_by_ends(value, mask, umin, umax, smin, smax, umin32, umax32, smin32, smax32))


def _of_one_sign(
    umin: int, umax: int, smin: int, smax: int, sign: int, top: int
) -> tuple[int, int, int, int]:
    """Put an unsigned and a signed range together where either has numbers of one sign only."""
    if smin >= 0 or smax < 0 or umax < sign or umin >= sign:
        if smin >= 0 or smax < 0:
            umin, umax = max(umin, smin & top), min(umax, smax & top)
        elif umax < sign:
            umax = min(umax, smax & top)
        else:
            umin = max(umin, smin & top)
        return umin, umax, (umin ^ sign) - sign, (umax ^ sign) - sign
    return umin, umax, smin, smax


sync = _sync_with(bounded_by_bits)
sync_by_ends = _sync_with(bounded_by_ends)
sync_arcs = _sync_with(bounded_by_bits, arcs=True)

LINUX_6_12 = Rules(
    signed_products=False, sums_may_wrap=False, negation=False, long_multiplication=False, sync=sync_by_ends
)
LINUX_6_1 = Rules(
    signed_products=False, sums_may_wrap=False, negation=False, long_multiplication=False, number_pairs=False,
    sync=sync_by_signs,
)  # fmt: skip
LINUX_6_18 = Rules(
    signed_products=True, sums_may_wrap=True, negation=True, long_multiplication=True, byte_order=True, sync=sync
)
LINUX_7_0 = Rules(
    signed_products=True, sums_may_wrap=True, negation=True, long_multiplication=True, byte_order=True,
    contradictions_are_dead=True, sync=sync_arcs,
)  # fmt: skip


def rules_of(kernel: tuple[int, ...]) -> Rules:
    """Return the arithmetic of a kernel's version: that of the latest one known that is not above it."""
    known = ((7, 0), LINUX_7_0), ((6, 18), LINUX_6_18), ((6, 8), LINUX_6_12)
    return next((rules for since, rules in known if kernel >= since), LINUX_6_1)


def extend_half(
    value: int, mask: int, umin32: int, umax32: int, smin32: int, smax32: int, rules: Rules = LINUX_6_18
) -> Scalar:
    """Return a lower half with zeros above it. Source: zext_32_to_64."""
    if smin32 >= 0 and smax32 >= 0:
        smin, smax = smin32, smax32
    else:
        smin, smax = 0, U32_MAX
    return rules.sync(
        value & U32_MAX, mask & U32_MAX, umin32, umax32, smin, smax, umin32, umax32, smin32, smax32
    )


def zero_extend(s: Scalar, rules: Rules = LINUX_6_18) -> Scalar:
    """Return the lower half with zeros above it: `w1 = w2`."""
    return extend_half(s.value, s.mask, s.umin32, s.umax32, s.smin32, s.smax32, rules)


def truncate(s: Scalar, size: int, rules: Rules = LINUX_6_18) -> Scalar:
    """Return the lower `size` bytes (1, 2, 4 or 8), extended with zeros. Source: coerce_reg_to_size."""
    bits = size * BYTE
    if bits >= BITS:
        return s
    ones = (1 << bits) - 1
    umin, umax = (s.umin & ones, s.umax & ones) if s.umin >> bits == s.umax >> bits else (0, ones)
    if bits < HALF:
        return rules.sync(s.value & ones, s.mask & ones, umin, umax, umin, umax, 0, U32_MAX, S32_MIN, S32_MAX)
    return rules.sync(
        s.value & ones, s.mask & ones, umin, umax, umin, umax, s.umin32, s.umax32, s.smin32, s.smax32
    )


def sign_extend(s: Scalar, size: int, is32: bool = False) -> Scalar:
    """Return the lower `size` bytes (1, 2, 4) extended with their sign, to 64 bits or (then with zeros) to 32.

    Source: coerce_reg_to_size_sx, coerce_subreg_to_size_sx.
    """
    bits = size * BYTE
    ones, sign = (1 << bits) - 1, 1 << (bits - 1)
    if not s.mask:
        number = ((s.value & ones) ^ sign) - sign
        return const(number & U32_MAX if is32 else number)
    low, high = (s.smin32, s.smax32) if is32 else (s.smin, s.smax)
    if low >> bits == high >> bits:
        low, high = ((low & ones) ^ sign) - sign, ((high & ones) ^ sign) - sign
        low, high = min(low, high), max(low, high)
        if (low >= 0) == (high >= 0):
            value, mask = tnum.between(low & U64_MAX, high & U64_MAX)
            low32, high32 = low & U32_MAX, high & U32_MAX
            if is32:
                return extend_half(value, mask, low32, high32, low, high)
            return make((value, mask, low & U64_MAX, high & U64_MAX, low, high, low32, high32, low, high))
    if is32:
        return extend_half(0, U32_MAX, 0, U32_MAX, -sign, sign - 1)
    return make((0, U64_MAX, 0, U64_MAX, -sign, sign - 1, 0, U32_MAX, -sign, sign - 1))


def bswap(s: Scalar, bits: int, swaps: bool = True) -> Scalar:
    """Return the lower 16, 32 or 64 bits in the other byte order (`swaps`) or as they are, extended with zeros.

    Source: scalar_byte_swap.
    """
    if swaps:
        s = make((*tnum.bswap(s.value, s.mask, bits // 8), *FREE))
    return truncate(s, bits // 8) if bits < BITS else sync(*s.key)

"""What division by a constant makes of scalars, as Linux 7.0 and later follow it.

Source: scalar_min_max_udiv(), scalar_min_max_sdiv(), scalar_min_max_umod(), scalar_min_max_smod() and those of 32 bits
in kernel/bpf/verifier.c (Linux 7.3).
"""

from __future__ import annotations

from .scalar import S32_MAX, S32_MIN, S64_MIN, U32_MAX, UNKNOWN, Rules, Scalar, const, extend_half, zero_extend
from .tnum import U64_MAX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Range = tuple[int, int]


def _udiv(low: int, high: int, by: int, least: int) -> Range | None:
    return low // by, high // by


def _umod(low: int, high: int, by: int, least: int) -> Range | None:
    return None if high < by else (0, min(high, by - 1))


def _towards_zero(number: int, by: int) -> int:
    quotient = abs(number) // abs(by)
    return quotient if (number < 0) == (by < 0) else -quotient


def _sdiv(low: int, high: int, by: int, least: int) -> Range | None:
    if low == least and by == -1:  # which is itself again
        return (least, least if high == least else -least - 1)
    ends = _towards_zero(low, by), _towards_zero(high, by)
    return min(ends), max(ends)


def _smod(low: int, high: int, by: int, least: int) -> Range | None:
    most = abs(by) - 1
    if -most <= low and high <= most:
        return None
    if low >= 0:
        return 0, min(high, most)
    return (max(low, -most), 0) if high <= 0 else (-most, most)


def _alu(name: str, wide: bool) -> Callable[[int, Scalar, Scalar, Rules], Scalar]:
    is_signed, is_quotient = name[0] == "s", name.endswith("div")
    of_range = _OF_RANGES[name]
    least, ones = (S64_MIN, U64_MAX) if wide else (S32_MIN, U32_MAX)

    def alu(op: int, a: Scalar, b: Scalar, rules: Rules) -> Scalar:
        if b.mask & ones:
            return UNKNOWN
        by = b.value & ones
        unchanged = a if wide else zero_extend(a, rules)
        if not by:
            return const(0) if is_quotient else unchanged
        if is_signed and by > ones >> 1:
            by -= ones + 1
        if is_signed:
            low, high = (a.smin, a.smax) if wide else (a.smin32, a.smax32)
        else:
            low, high = (a.umin, a.umax) if wide else (a.umin32, a.umax32)
        found = of_range(low, high, by, least)
        if found is None:
            return unchanged
        free = (0, ones, *found) if is_signed else (*found, least, -least - 1)
        if wide:
            return rules.sync(0, U64_MAX, *free, 0, U32_MAX, S32_MIN, S32_MAX)
        return extend_half(0, U32_MAX, *free, rules)

    return alu


_OF_RANGES: dict[str, Callable[[int, int, int, int], Range | None]] = {
    "div": _udiv, "mod": _umod, "sdiv": _sdiv, "smod": _smod,
}  # fmt: skip
QUOTIENTS = {(name, wide): _alu(name, wide) for name in _OF_RANGES for wide in (False, True)}
"""By name and width: what it makes of two scalars, as `scalar_alu.alu64` and `alu32` tell of other operations."""

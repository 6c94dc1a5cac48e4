"""What hist() and lhist() counted, as text with bars and as JSON."""

from __future__ import annotations

from ..bpftrace.value_types import Hist, Lhist

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

BAR_COLUMNS = 52
SUFFIXES = ("", "K", "M", "G", "T", "P", "E")

Row = tuple["int | None", "int | None", int]  # the least, and one more than the greatest, of what was counted


def bounds(kind: Hist | Lhist, bucket: int) -> tuple[int | None, int | None]:
    """Return the least number of a bucket and one more than its greatest; None where there is no bound."""
    if isinstance(kind, Lhist):
        lo = kind.min + (bucket - 1) * kind.step
        return (lo if bucket else None), (lo + kind.step if bucket < kind.buckets - 1 else None)
    if bucket <= 1 << kind.bits:
        return (bucket - 1 if bucket else None), bucket
    above = bucket - (1 << kind.bits) - 1
    shift = above >> kind.bits
    lo = ((1 << kind.bits) + (above & ((1 << kind.bits) - 1))) << shift
    return lo, lo + (1 << shift)


def rows(kind: Hist | Lhist, counts: Sequence[int]) -> list[Row]:
    """Return the buckets from the first to the last that counted something."""
    used = [i for i, count in enumerate(counts) if count]
    return [(*bounds(kind, i), counts[i]) for i in range(used[0], used[-1] + 1)] if used else []


def text_lines(kind: Hist | Lhist, counts: Sequence[int]) -> list[str]:
    """Return a line for each of `rows`."""
    most = max(counts, default=0)
    write = _shortened if isinstance(kind, Lhist) or not kind.bits else str
    return [
        f"{_label(lo, end, write):<16}{count:>8} |{'@' * (BAR_COLUMNS * count // most):<{BAR_COLUMNS}}|"
        for lo, end, count in rows(kind, counts)
    ]


def json_text(kind: Hist | Lhist, counts: Sequence[int]) -> str:
    """Return a JSON array of an object for each of `rows`."""
    parts = []
    for lo, end, count in rows(kind, counts):
        fields = [] if lo is None else [f'"min": {json_number(lo)}']
        if end is not None:
            fields.append(f'"max": {json_number(end - 1)}')
        parts.append(f'{{{", ".join(fields)}, "count": {json_number(count)}}}')
    return f"[{','.join(parts)}]"


def json_number(number: int) -> str:
    """Return a number as bpftrace 0.27.1 writes it: those that a double does not hold exactly are strings."""
    return str(number) if int(float(number)) == number else f'"{number}"'


def _label(lo: int | None, end: int | None, write: Callable[[int], str]) -> str:
    if lo is None:
        return f"(..., {write(end or 0)})"
    if end is None:
        return f"[{write(lo)}, ...)"
    return f"[{write(lo)}]" if end == lo + 1 else f"[{write(lo)}, {write(end)})"


def _shortened(number: int) -> str:
    power = 0
    while number and number % 1024 == 0 and power + 1 < len(SUFFIXES):
        number //= 1024
        power += 1
    return f"{number}{SUFFIXES[power]}"

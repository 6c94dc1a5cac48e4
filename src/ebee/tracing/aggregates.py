"""What count(), sum(), min(), max(), avg() and stats() kept: every processor's part put together, as text and JSON."""

from __future__ import annotations

from ..bpftrace.value_types import Avg, Count, Max, Min, Stats
from .histograms import json_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from ..bpftrace.value_types import Sum

    Kind = Count | Sum | Min | Max | Avg | Stats

WORD = 1 << 64


def combine(kind: Kind, parts: Sequence[bytes], byteorder: str = "little") -> tuple[int, int]:
    """Return a total, or the extreme, and the number of values it is of, which count() and sum() do not keep: 0.

    Totals wrap around at 64 bits; they are signed where the kind is. An extreme that no processor set is 0.
    """
    order: Literal["little", "big"] = "little" if byteorder == "little" else "big"
    pairs = [
        (int.from_bytes(part[:8], order, signed=not isinstance(kind, Count) and kind.signed),
         int.from_bytes(part[8:16], order))
        for part in parts
    ]
    number = sum(n for _, n in pairs)
    if isinstance(kind, (Min, Max)):
        chosen = min if isinstance(kind, Min) else max
        return chosen((value for value, is_set in pairs if is_set), default=0), number
    total = sum(value for value, _ in pairs) % WORD
    return (total - WORD if not isinstance(kind, Count) and kind.signed and total >= WORD // 2 else total), number


def average(total: int, number: int) -> int:
    """Return total / number, cut towards zero as in C; 0 of nothing."""
    if not number:
        return 0
    return total // number if total >= 0 else -(-total // number)


def text(kind: Kind, total: int, number: int) -> str:
    """Return what `combine` gave as print() shows it."""
    if isinstance(kind, Stats):
        return f"{{ .count = {number}, .average = {average(total, number)}, .total = {total} }}"
    return str(average(total, number) if isinstance(kind, Avg) else total)


def json_text(kind: Kind, total: int, number: int) -> str:
    """Return what `combine` gave as `-f json` shows it."""
    if isinstance(kind, Stats):
        shown = (("count", number), ("average", average(total, number)), ("total", total))
        fields = (f'"{name}": {json_number(value)}' for name, value in shown)
        return f"{{{', '.join(fields)}}}"
    return json_number(average(total, number) if isinstance(kind, Avg) else total)

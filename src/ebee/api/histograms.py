"""Histograms as text: counts by bucket, each with the range of values that it stands for."""

from __future__ import annotations

import sys

from ..errors import UsageError
from ..types.map_kinds import PerCpuDecl
from ..types.maps import KeyedDecl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, TextIO

    Counts = KeyedDecl[Any, Any] | Mapping[int, int] | Sequence[int]

_STARS = 40


def render_histogram(counts: Counts, *, unit: str = "", step: int = 0) -> str:
    """Return counts by bucket as lines of text, from the first bucket that counted something to the last one.

    `counts` is a map, a dictionary or a list. Bucket i holds the values whose `ebee.log2` is i, or with `step` those
    from i * step to before (i + 1) * step. Per-CPU counts are added up. `unit` is that of the values.

    Raises: UsageError for keys or counts that are no integers.
    """
    by_bucket = {bucket: count for bucket, count in _pairs(counts) if count}
    first, last = min(by_bucket, default=0), max(by_bucket, default=-1)
    most = max(by_bucket.values(), default=1)
    rows = [(_range(i, step), by_bucket.get(i, 0)) for i in range(first, last + 1)]
    width = max((len(high) for (_, high), _ in rows), default=0)
    lines = [f"{unit:>{2 * width + 4}} : {'count':<8} distribution"]
    for (low, high), count in rows:
        stars = "*" * (count * _STARS // most)
        lines.append(f"{low:>{width}} -> {high:<{width}} : {count:<8} |{stars:<{_STARS}}|")
    return "".join(f"{line}\n" for line in lines)


def print_histogram(counts: Counts, *, unit: str = "", step: int = 0, file: TextIO | None = None) -> None:
    """Print what `render_histogram` returns, to standard output unless told otherwise."""
    (file or sys.stdout).write(render_histogram(counts, unit=unit, step=step))


def _pairs(counts: Any) -> list[tuple[int, int]]:
    if isinstance(counts, PerCpuDecl):
        pairs = [(bucket, counts.sum(bucket)) for bucket in counts]
    elif isinstance(counts, KeyedDecl) or hasattr(counts, "items"):
        pairs = list(counts.items())
    else:
        pairs = list(enumerate(counts))
    for pair in pairs:
        if not all(isinstance(n, int) and n >= 0 for n in pair):
            raise UsageError(f"a histogram is counts by the numbers of buckets, not {pair[0]!r}: {pair[1]!r}")
    return pairs


def _range(bucket: int, step: int) -> tuple[str, str]:
    """Return the least and the greatest value in a bucket."""
    if step:
        return str(bucket * step), str((bucket + 1) * step - 1)
    return str(1 << bucket if bucket else 0), str((1 << bucket + 1) - 1)

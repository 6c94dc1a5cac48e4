"""Histograms as bpftrace 0.27.1 prints them."""

from __future__ import annotations

import pytest

from ebee.bpftrace.value_types import Hist, Lhist
from ebee.tracing.histograms import bounds, json_number, json_text, text_lines

FULL = "|" + "@" * 52 + "|"
NONE = "|" + " " * 52 + "|"


def counted(kind: Hist | Lhist, numbers: list[int]) -> list[int]:
    """Count numbers into the bucket whose bounds hold them."""
    counts = [0] * kind.buckets
    for number in numbers:
        for i in range(kind.buckets):
            lo, end = bounds(kind, i)
            if (lo is None or lo <= number) and (end is None or number < end):
                counts[i] += 1
    return counts


@pytest.mark.parametrize(
    ("kind", "numbers", "lines"),
    [
        (Hist(), [0, -3], [f"(..., 0)               1 {FULL}", f"[0]                    1 {FULL}"]),
        (Hist(), [1, 5], [
            f"[1]                    1 {FULL}", f"[2, 4)                 0 {NONE}", f"[4, 8)                 1 {FULL}"]),
        (Hist(), [900, 1025], [f"[512, 1K)              1 {FULL}", f"[1K, 2K)               1 {FULL}"]),
        (Hist(), [1 << 62], [f"[4E, 8E)               1 {FULL}"]),
        (Hist(2), [7, 9], [f"[7]                    1 {FULL}", f"[8, 10)                1 {FULL}"]),
        (Hist(2), [1020, 1030], [f"[896, 1024)            1 {FULL}", f"[1024, 1280)           1 {FULL}"]),
        (Lhist(1000, 4000, 1000), [2000, 2001, 2002, 3002], [
            f"[2000, 3000)           3 {FULL}", "[3000, 4000)           1 |" + "@" * 17 + " " * 35 + "|"]),
        (Lhist(0, 10, 3), [7, 9], [f"[6, 9)                 1 {FULL}", f"[9, ...)               1 {FULL}"]),
        (Lhist(0, 2 << 20, 1 << 19), [1 << 20, 3 << 19], [
            f"[1M, 1536K)            1 {FULL}", f"[1536K, 2M)            1 {FULL}"]),
        (Lhist(0, 10, 2), [-1, 1], [f"(..., 0)               1 {FULL}", f"[0, 2)                 1 {FULL}"]),
        (Lhist(0, 5, 1), [1], [f"[1]                    1 {FULL}"]),
        (Hist(), [], []),
    ],
)
def test_text(kind: Hist | Lhist, numbers: list[int], lines: list[str]) -> None:
    assert text_lines(kind, counted(kind, numbers)) == lines


@pytest.mark.parametrize("kind", [Hist(0), Hist(1), Hist(5), Lhist(0, 100, 7)])
def test_buckets_follow_each_other(kind: Hist | Lhist) -> None:
    every = [bounds(kind, i) for i in range(kind.buckets)]
    assert every[0][0] is None
    assert all(a[1] == b[0] for a, b in zip(every, every[1:]))
    assert every[-1][1] in (None, 1 << 64)


@pytest.mark.parametrize(
    ("kind", "numbers", "expected"),
    [
        (Hist(), [-1], '[{"max": -1, "count": 1}]'),
        (Hist(), [1, 5], '[{"min": 1, "max": 1, "count": 1},{"min": 2, "max": 3, "count": 0},'
         '{"min": 4, "max": 7, "count": 1}]'),
        (Hist(), [1 << 62], '[{"min": 4611686018427387904, "max": "9223372036854775807", "count": 1}]'),
        (Lhist(0, 10, 3), [8, 11], '[{"min": 6, "max": 8, "count": 1},{"min": 9, "count": 1}]'),
    ],
)
def test_json(kind: Hist | Lhist, numbers: list[int], expected: str) -> None:
    assert json_text(kind, counted(kind, numbers)) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [(1 << 63, "9223372036854775808"), ((1 << 53) + 1, '"9007199254740993"'), (1 - (1 << 63), '"-9223372036854775807"')],
)
def test_numbers_that_a_double_does_not_hold_are_strings(number: int, expected: str) -> None:
    assert json_number(number) == expected

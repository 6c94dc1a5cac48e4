"""Counts, sums, extremes and averages as bpftrace 0.27.1 prints them."""

from __future__ import annotations

import struct

import pytest

from ebee.bpftrace.value_types import Avg, Count, Max, Min, Stats, Sum
from ebee.tracing.aggregates import combine, json_text, text


def pair(value: int, number: int) -> bytes:
    return struct.pack("<qQ", value, number)


@pytest.mark.parametrize(
    ("kind", "parts", "as_text", "as_json"),
    [
        (Count(), [struct.pack("<Q", 2), struct.pack("<Q", 3)], "5", "5"),
        (Sum(), [struct.pack("<Q", 2**64 - 1), struct.pack("<Q", 3)], "2", "2"),
        (Sum(True), [struct.pack("<q", -4), struct.pack("<q", 1)], "-3", "-3"),
        (Min(True), [pair(-3, 1), pair(0, 0), pair(4, 1)], "-3", "-3"),
        (Min(), [pair(-1, 1), pair(0, 0)], "18446744073709551615", '"18446744073709551615"'),
        (Max(True), [pair(-3, 1), pair(0, 0)], "-3", "-3"),
        (Max(), [pair(0, 0), pair(0, 0)], "0", "0"),
        (Avg(), [pair(7, 1), pair(0, 0)], "7", "7"),
        (Avg(True), [pair(-7, 2)], "-3", "-3"),
        (Stats(), [pair(5, 1), pair(8, 1)], "{ .count = 2, .average = 6, .total = 13 }",
         '{"count": 2, "average": 6, "total": 13}'),
        (Stats(True), [pair(-3, 1), pair(-4, 1)], "{ .count = 2, .average = -3, .total = -7 }",
         '{"count": 2, "average": -3, "total": -7}'),
        (Stats(), [pair(0, 0)], "{ .count = 0, .average = 0, .total = 0 }",
         '{"count": 0, "average": 0, "total": 0}'),
    ],
)
def test_shown(kind: Count | Sum | Min | Max | Avg | Stats, parts: list[bytes], as_text: str, as_json: str) -> None:
    total, number = combine(kind, parts)
    assert text(kind, total, number) == as_text
    assert json_text(kind, total, number) == as_json


def test_big_endian() -> None:
    assert combine(Stats(), [struct.pack(">QQ", 9, 2)], "big") == (9, 2)

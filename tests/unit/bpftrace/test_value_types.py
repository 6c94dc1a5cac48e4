"""The kinds of a script's values: where fields lie, sizes, and their form in an object's notes."""

from __future__ import annotations

import json

import pytest

from ebee.bpftrace.value_types import (
    KINDS,
    Array,
    Avg,
    Bool,
    Buf,
    CgroupPath,
    Count,
    Enum,
    Hist,
    Inet,
    Int,
    Ksym,
    Lhist,
    Mac,
    Max,
    Member,
    Min,
    Pointer,
    SignalName,
    Stack,
    Stats,
    Str,
    Strerror,
    Struct,
    Sum,
    Timestamp,
    TimestampMode,
    Tseries,
    Username,
    Usym,
    ValueType,
    from_note,
    record_of,
    tuple_of,
)

KIND_OF_EACH: list[tuple[ValueType, int]] = [
    (Int(4, True), 4), (Bool(), 1), (Str(16), 16), (Buf(6), 10), (tuple_of([Int(8), Str(3)]), 16),
    (record_of([("a", Int(1)), ("b", Int(2))]), 4),
    (Struct((Member("x", 0, Int(4), 3, 5), Member("y", 4, Pointer(Int(1), "user"))), 16, "struct s"), 16),
    (Array(Int(2), 3), 6), (Pointer(), 8), (Enum("e", 4, False, ((1, "A"), (2, "B"))), 4), (Ksym(), 8),
    (SignalName(), 8), (Strerror(), 8), (Username(), 8), (Usym(), 16), (Stack(True, "perf", 3), 16), (Inet(), 20),
    (Mac(), 6), (Timestamp("%H"), 8), (TimestampMode("tai"), 0), (CgroupPath("unified"), 8), (Count(), 8),
    (Sum(True), 8), (Min(), 16), (Max(True), 16), (Avg(), 16), (Stats(), 16), (Hist(), 528), (Lhist(0, 10, 2), 56),
    (Tseries(1_000_000_000, 5, "avg"), 160),
]


def test_every_kind_is_tried() -> None:
    assert {type(kind).__name__ for kind, _ in KIND_OF_EACH} | {"Member"} == set(KINDS)


@pytest.mark.parametrize(("kind", "size_bytes"), KIND_OF_EACH, ids=lambda v: type(v).__name__)
def test_size_and_note(kind: ValueType, size_bytes: int) -> None:
    assert kind.size_bytes == size_bytes
    assert from_note(kind.note()) == kind
    assert from_note(json.loads(json.dumps(kind.note()))) == kind


def test_fields_of_a_tuple_lie_as_in_c() -> None:
    kinds = [Int(1, True), Int(1, True), Str(7), Int(1), Int(4), Int(8), Int(1), Int(2, True), Str(4)]
    whole = tuple_of(list(kinds))
    assert [m.off_bytes for m in whole.members] == [0, 1, 2, 9, 12, 16, 24, 26, 28]
    assert whole.size_bytes == 32


def test_tuples_in_tuples_keep_their_alignment() -> None:
    whole = tuple_of([Int(1), tuple_of([Int(8), Int(1)]), Bool()])
    assert [m.off_bytes for m in whole.members] == [0, 8, 24]
    assert (whole.size_bytes, whole.align_bytes) == (32, 8)


def test_fields_are_found_by_name() -> None:
    whole = record_of([("a", Int(1)), ("b", Int(2))])
    found = whole.member("b")
    assert found is not None and found.off_bytes == 2
    assert whole.member("c") is None


@pytest.mark.parametrize(
    ("kind", "buckets"), [(Hist(0), 66), (Hist(5), 1921), (Lhist(0, 10, 3), 5), (Lhist(-10, 10, 5), 6)]
)
def test_buckets(kind: Hist | Lhist, buckets: int) -> None:
    assert kind.buckets == buckets

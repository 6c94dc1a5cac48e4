"""`ring.output(record)`: one copy of what is there already, on both backends."""

from __future__ import annotations

import pytest
from map_probes import Stat

from ebee import Hash, RingBuf, Str, u32


def drained(p, ring):
    return [ring.value.unpack(record) for record in p.maps[ring.name].drain()]


def test_structs_of_every_origin(probe):
    ring, m = RingBuf(Stat), Hash(u32, Stat)
    p = probe(
        """
        s = Stat(count=1, total=-2, name="first")
        ring.output(s)
        s.count = 2
        ring.output(s)
        ring.output(Stat(small=9))
        m[1] = s
        entry = m.lookup(1)
        entry.count += 5
        ring.output(entry)
        ring.output(m[1])
        with ring.reserve() as other:
            other.count = 8
            ring.output(other)
            other.count = 9
        """,
        ring=ring,
        m=m,
    )
    assert [(s.count, s.small, s.total, s.name) for s in drained(p, ring)] == [
        (1, 0, -2, "first"), (2, 0, -2, "first"), (0, 9, 0, ""), (7, 0, -2, "first"), (7, 0, -2, "first"),
        (9, 0, 0, ""), (8, 0, 0, ""),
    ]  # fmt: skip


def test_numbers_and_strings(probe):
    numbers, names = RingBuf(u32), RingBuf(Str(16))
    p = probe(
        """
        numbers.output(2 ** 32 - 1)
        for i in range(3):
            numbers.output(i)
        names.output("constant")
        names.output(ebee.comm())
        """,
        numbers=numbers,
        names=names,
    )
    assert drained(p, numbers) == [2**32 - 1, 0, 1, 2]
    first, second = drained(p, names)
    assert first == "constant" and second


def test_a_missing_entry_reserves_nothing(probe):
    ring, m = RingBuf(Stat), Hash(u32, Stat)
    p = probe(
        """
        ring.output(Stat(count=1))
        ring.output(m.lookup(7))
        ring.output(Stat(count=2))
        """,
        ring=ring,
        m=m,
    )
    assert [s.count for s in drained(p, ring)] == [1]


def test_a_full_ring_is_counted(probe):
    ring = RingBuf(Stat, size=4096)
    p = probe("for i in range(200):\n    ring.output(Stat(count=i))", ring=ring)
    got = [s.count for s in drained(p, ring)]
    assert got == list(range(len(got))) and 0 < len(got) < 200
    assert p.losses == {("ring_full", "ring"): 200 - len(got)}


@pytest.mark.parametrize("what", ["ring.output(5)", "ring.output()", "m.output(Stat())", "ring.output(Stat(), 1)"])
def test_refused(probe, what):
    from ebee.errors import CompileError

    with pytest.raises(CompileError):
        probe(what, ring=RingBuf(Stat), m=Hash(u32, Stat))

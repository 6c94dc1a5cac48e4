"""User ring buffers: records from the program outside, drained in a probe."""

from __future__ import annotations

import errno

import pytest
from map_probes import Stat, refused

import ebee
from ebee import Array, Hash, UserRingBuf, u32, u64
from ebee.errors import UsageError


def test_numbers_and_structs(probe):
    numbers, stats, out = UserRingBuf(u64, size=4096), UserRingBuf(Stat, size=4096), Array(u64, max_entries=4)
    made = probe(
        """
        count = 0
        for n in numbers.drain():
            out[0] += n
            count += 1
        for stat in stats.drain():
            out[1] += stat.count
            stat.count = 0
            if stat.name == "last":
                out[2] = u64(stat.total + 10)
        out[3] = count
        """, 0, numbers=numbers, stats=stats, out=out,
    )  # fmt: skip
    made.run()
    assert list(out.values()) == [0, 0, 0, 0]
    for n in (1, 20, 300):
        numbers.push(n)
    stats.push(Stat(count=5, name="first"))
    stats.push(Stat(count=6, total=-3, name="last"))
    made.run()
    assert list(out.values()) == [321, 11, 7, 3]
    made.run()
    assert list(out.values()) == [321, 11, 7, 0] and made.losses == {}


def test_what_is_left_comes_next(probe):
    ring, out = UserRingBuf(u32, size=4096), Array(u64, max_entries=2)
    made = probe(
        "for n in ring.drain():\n    out[0] = n\n    if n % 2:\n        continue\n    out[1] += n\n    break",
        0, ring=ring, out=out,
    )  # fmt: skip
    for n in (1, 2, 3, 4, 6):
        ring.push(n)
    seen = []
    for _ in range(4):
        made.run()
        seen.append(list(out.values()))
    assert seen == [[2, 2], [4, 6], [6, 12], [6, 12]]


def test_a_full_ring_and_going_round(probe):
    ring, out = UserRingBuf(Stat, size=4096), Array(u64, max_entries=1)
    made = probe("for stat in ring.drain():\n    out[0] += stat.count", 0, ring=ring, out=out)
    total = 0
    for turn in range(3):
        for i in range(4096 // 40):
            ring.push(Stat(count=turn * 1000 + i))
            total += turn * 1000 + i
        refused(errno.ENOSPC, ring.push, Stat())
        made.run()
    assert out[0] == total


def test_records_that_are_too_short_are_counted(probe):
    ring, out = UserRingBuf(u64, size=4096), Array(u64, max_entries=1)
    made = probe("for n in ring.drain():\n    out[0] += n", 0, ring=ring, out=out)
    ring._live.push(b"abc")
    ring.push(7)
    refused(errno.E2BIG, ring._live.push, bytes(5000))
    made.run()
    assert out[0] == 7 and made.losses == {("short_record", "ring"): 1}


def test_declarations():
    with pytest.raises(UsageError, match="does not fit in 4096 bytes"):
        UserRingBuf(type("Big", (ebee.Struct,), {"__annotations__": {"x": ebee.Bytes(5000)}}), size=1)
    with pytest.raises(UsageError, match="only inside a probe"):
        UserRingBuf(u64).drain()
    with pytest.raises(UsageError, match="not bound"):
        UserRingBuf(u64).push(1)


@pytest.mark.parametrize("name", ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)])
def test_in_a_session(name):
    wanted = UserRingBuf(u32)
    pids = Hash(u32, u32)

    @ebee.tracepoint("syscalls:sys_enter_openat")
    def opened(ctx):
        for flag in wanted.drain():
            pids[flag] = ebee.pid()

    with ebee.Session(backend=name) as session:
        attachment = session.attach(opened, command=["sh", "-c", "sleep 0.2; ls /"])
        wanted.push(3)
        wanted.push(4)
        attachment.wait()
        assert set(pids) == {3, 4}

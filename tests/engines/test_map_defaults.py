"""What a probe takes from maps of structs, strings, lists and bytes where there may be nothing: copies, or a default."""

from __future__ import annotations

import pytest
from map_probes import Stat

from ebee import Array, Bytes, Hash, List, LruHash, PerCpuHash, Queue, Stack, Str, TaskStorage, u32, u64


@pytest.mark.parametrize("kind", [Hash, LruHash, PerCpuHash])
def test_structs(probe, kind):
    m, out = kind(u32, Stat), Array(u64, max_entries=8)
    made = probe(
        """
        m[1] = Stat(count=5, total=-2, name="one")
        s = m.get(1, Stat(count=9))
        t = m.get(2, Stat(count=8, name="none"))
        out[0] = s.count + t.count * 100
        s.count += 1
        out[1] = m.get(1, Stat()).count + s.count * 10
        out[2] = (s.name == "one") + 2 * (t.name == "none") + 4 * (s.total == -2)
        """,
        m=m, out=out,
    )  # fmt: skip
    assert [out[i] for i in range(3)] == [805, 65, 7] and made.losses == {}


def test_structs_are_popped(probe):
    m, out = Hash(u32, Stat), Array(u64, max_entries=8)
    made = probe(
        """
        for i in range(3):
            m[i] = Stat(count=i + 1, name="x")
        s = m.pop(1, Stat())
        out[0] = s.count
        out[1] = 1 in m
        t = m.pop(1, Stat(count=s.count))
        t.count += 7
        out[2] = t.count + s.count * 100
        m[5] = m.pop(2, Stat(count=77))
        m[6] = m.pop(2, Stat(count=77))
        m.pop(0, m[7])
        out[3] = 0 in m
        """,
        m=m, out=out,
    )  # fmt: skip
    assert [out[i] for i in range(4)] == [2, 0, 209, 0] and made.losses == {}
    assert {k: v.count for k, v in m.items()} == {5: 3, 6: 77}


def test_strings(probe):
    m, out = Hash(u32, Str(12)), Hash(u32, Str(16))
    probe(
        """
        m[1] = "first"
        m[2] = "second"
        out[0] = m.get(1, "none")
        out[1] = m.get(7, "none")
        out[2] = m.pop(2, "none")
        out[3] = m.pop(2, "none")
        out[4] = m.setdefault(1, "new")
        out[5] = m.setdefault(8, "new")
        name = m.get(9, m[1])
        m[1] = "changed"
        out[6] = name + "!"
        out[7] = f"{m.get(1, 'x')} {len(m.get(1, 'x'))}"
        """,
        m=m, out=out,
    )  # fmt: skip
    assert [out[i] for i in range(8)] == ["first", "none", "second", "none", "first", "new", "first!", "changed 7"]
    assert dict(m.items()) == {1: "changed", 8: "new"}


def test_lists_and_bytes(probe):
    lists, data, out = Hash(u32, List(u32, 3)), Hash(u32, Bytes(4)), Array(u64, max_entries=8)
    made = probe(
        """
        lists[1] = [1, 2, 3]
        data[1] = b"abcd"
        a = lists.get(1, [7, 8, 9])
        out[0] = a[0] * 100 + lists.get(2, [7, 8, 9])[1] * 10 + lists.pop(1, [7, 8, 9])[2]
        out[1] = 1 in lists
        out[2] = data.get(1, b"zzzz")[0] + data.get(2, b"zzzz")[3] * 1000
        x = data.setdefault(3, b"wxyz")
        data[3] = b"0000"
        out[3] = x[0] + data.pop(3, b"1111")[0] * 1000
        kept = lists.setdefault(4, [4, 5, 6])
        if kept is not None:
            kept[0] += 40
        """,
        lists=lists, data=data, out=out,
    )  # fmt: skip
    assert [out[i] for i in range(4)] == [183, 0, ord("a") + 1000 * ord("z"), ord("w") + 1000 * ord("0")]
    assert list(lists[4]) == [44, 5, 6] and made.losses == {}


def test_queues_of_structs_and_strings(probe):
    queue, stack = Queue(Stat, max_entries=4), Stack(Str(8), max_entries=4)
    out, words, m = Array(u64, max_entries=8), Hash(u32, Str(8)), Hash(u32, Stat)
    made = probe(
        """
        queue.push(Stat(count=3, name="a"))
        queue.push(Stat(count=4, name="b"))
        s = queue.peek(Stat(count=9))
        out[0] = s.count
        out[1] = queue.pop(m[1]).count + queue.pop(Stat()).count * 10 + queue.pop(Stat(count=9)).count * 100
        stack.push("one")
        stack.push("two")
        for i in range(3):
            words[i] = stack.pop("none")
        """,
        queue=queue, stack=stack, out=out, words=words, m=m,
    )  # fmt: skip
    assert (out[0], out[1]) == (3, 943) and [words[i] for i in range(3)] == ["two", "one", "none"]
    assert made.losses == {}


def test_storage(probe):
    m, stats, out = TaskStorage(u64), TaskStorage(Stat), Array(u64, max_entries=8)
    made = probe(
        """
        task = ebee.current_task()
        out[0] = m.setdefault(task, 5) + m.setdefault(task, 6) * 10
        out[1] = m.pop(task, 9) + m.pop(task, 9) * 10
        out[2] = stats.get(task, Stat(count=3)).count + (task in stats) * 10
        mine = stats.setdefault(task, Stat(count=7, name="mine"))
        if mine is not None:
            mine.count += 1
        out[3] = stats.pop(task, Stat()).count + stats.pop(task, Stat(count=2)).count * 10
        out[4] = (task in m) + (task in stats)
        """,
        m=m, stats=stats, out=out,
    )  # fmt: skip
    assert [out[i] for i in range(5)] == [55, 95, 3, 28, 0] and made.losses == {}


def test_storage_outside(live):
    import os

    m = live(TaskStorage(u64))
    me = os.getpid()
    assert (m.setdefault(me, 4), m.setdefault(me, 5), m.pop(me, 6), m.pop(me, 7)) == (4, 4, 4, 7) and me not in m

"""Structs as keys and values, entries in place, and the order in which maps are used, on both backends."""

from __future__ import annotations

import pytest
from map_probes import Key, Stat

from ebee import (
    Array,
    Hash,
    LpmTrie,
    LruHash,
    PerCpuArray,
    Queue,
    Str,
    u32,
    u64,
)

# Structs


def test_struct_keys_and_values(probe):
    m, out = Hash(Key, Stat), Array(u64, max_entries=4)
    probe(
        """
        n = 3
        m[Key(pid=5, cpu=1)] = Stat(count=n + 1, small=7, total=-2, name="abc")
        m[Key(pid=6)] = Stat()
        out[0] = Key(cpu=1, pid=5) in m
        s = Stat(count=1)
        s.count += 5
        s.name = ebee.comm()
        s.small = u8(s.count)
        m[Key(pid=7)] = s
        s.name = "x"
        m[Key(pid=8)] = s
        del m[Key(pid=6)]
        """,
        m=m,
        out=out,
    )
    found = {k.pid: v for k, v in m.items()}
    assert found[5] == Stat(count=4, small=7, total=-2, name="abc") and m[Key(pid=5, cpu=1)] == found[5]
    assert (found[7].count, found[7].small) == (6, 6) and found[7].name
    assert found[8] == Stat(count=6, small=6, name="x")
    assert sorted(found) == [5, 7, 8] and out[0] == 1


def test_padding_is_zero(probe):
    m = Hash(u32, Key)
    p = probe("m[1] = Key(pid=1, cpu=2, when=3)", m=m)
    assert p.maps["m"].lookup(bytes([1, 0, 0, 0])) == bytes([1, 0, 0, 0, 2, *[0] * 3, 3, *[0] * 7])


def test_a_struct_in_a_loop_is_new_every_time(probe):
    m = Hash(u32, Stat)
    probe(
        """
        for i in range(3):
            s = Stat(count=i)
            if i == 0:
                s.small = 9
            m[i] = s
        """,
        m=m,
    )
    assert [(m[i].count, m[i].small) for i in range(3)] == [(0, 9), (1, 0), (2, 0)]


@pytest.mark.parametrize("kind", [Hash, LruHash])
def test_reading_a_struct_copies_it(probe, kind):
    m, out = kind(u32, Stat), Array(u64, max_entries=4)
    p = probe(
        """
        s = m[1]
        t = m[1]
        s.count += 1
        out[0] = m[1].count
        out[1] = s.count
        out[2] = t.count
        out[3] = m[7].count + 1
        m[2] = m[1]
        m[3] = s
        m[4] = m[7]
        """,
        times=0, m=m, out=out,
    )  # fmt: skip
    m[1] = Stat(count=5, total=-1, small=3, name="x")
    p.run(2)
    assert [out[i] for i in range(4)] == [5, 6, 5, 1]
    assert m[2] == m[1] and m[3] == Stat(count=6, total=-1, small=3, name="x") and 4 in m and m[4] == Stat()


def test_strings_as_values(probe):
    m, out = Hash(u32, Str(12)), Hash(u32, Stat)
    p = probe("s = m[1]\nm[1] = 'new'\nout[1] = Stat(name=s)\nout[2] = Stat(name=m[9])\nm[2] = s",
              times=0, m=m, out=out)  # fmt: skip
    m[1] = "old"
    p.run()
    assert (out[1].name, out[2].name, m[1], m[2]) == ("old", "", "new", "old")


# Entries in place


def test_one_entry_on_every_way(probe):
    m, out = Hash(u32, Stat), Array(u64, max_entries=4)
    probe(
        """
        for k in (1, 2, 2, 3):
            v = m.lookup(k)
            if v is None:
                m[k] = Stat(count=10)
                v = m.lookup(k)
            v.count += k
            if k == 2:
                w = m.lookup(1)
            else:
                w = m.lookup(99)
            if w is None:
                out[0] += 1
            else:
                out[1] += w.count
        u = m.lookup(1)
        for k in range(5):
            u.count += 1
            if k == 3:
                del m[2]
                break
        """,
        m=m,
        out=out,
    )
    assert {k: v.count for k, v in m.items()} == {1: 15, 3: 13}
    assert (out[0], out[1]) == (2, 22)


@pytest.mark.parametrize("kind", [Hash, LruHash])
def test_lookup_in_place(probe, kind):
    m, out = kind(u32, Stat), Array(u64, max_entries=8)
    p = probe(
        """
        v = m.lookup(1)
        if v is None:
            m[1] = Stat(count=10, total=-1, name="first")
            out[0] += 1
            return
        v.count += 2
        v.total -= 3
        v.small = 4
        v.name = "second"
        out[1] = v.count
        w = m.lookup(2)
        if w:
            out[2] = 1
        if not w:
            out[3] += 1
        if w is not None and w.count > 5:
            out[4] = 1
        """,
        times=3,
        m=m,
        out=out,
    )
    assert m[1] == Stat(count=14, small=4, total=-7, name="second") == m.lookup(1) and m.lookup(2) is None
    assert [out[i] for i in range(5)] == [1, 14, 0, 2, 0]
    assert not p.losses and not [s for s in p.spec.loss_sites if s.kind == "no_entry"]


def test_an_entry_that_is_not_there_ends_the_probe(probe):
    m, out = Hash(u32, Stat), Array(u64, max_entries=2)
    p = probe("v = m.lookup(1)\nout[0] = 1\nv.count += 1\nout[1] = 1", m=m, out=out)
    assert p.losses == {("no_entry", "m.lookup(1)"): 1}
    assert (out[0], out[1]) == (1, 0)
    m[1] = Stat()
    p.run()
    assert m[1].count == 1 and out[1] == 1


def test_the_check_of_one_way_does_not_hold_on_another(probe):
    m, out = Hash(u32, Stat), Array(u64, max_entries=2)
    p = probe(
        """
        v = m.lookup(1)
        if v or out[0] == 0:
            out[0] = 5
            v.count += 1
        out[1] = 1
        """,
        m=m,
        out=out,
    )
    assert p.losses == {("no_entry", "m.lookup(1)"): 1} and out[1] == 0


def test_entries_of_percpu_and_prefix_maps(probe):
    m, routes = PerCpuArray(Stat, max_entries=2), LpmTrie(u32, Stat)
    p = probe(
        """
        v = m.lookup(1)
        if v:
            v.count += 1
        r = routes.lookup(0x0a000005)
        if r is not None:
            r.count += 1
            r.total = -1
        """,
        times=0, m=m, routes=routes,
    )  # fmt: skip
    routes["10.0.0.0/8"] = Stat(count=5)
    p.run(2)
    assert sum(v.count for v in m[1]) == 2
    assert dict(routes.items()) == {"10.0.0.0/8": Stat(count=7, total=-1)}


def test_an_entry_can_be_copied(probe):
    m, n, q = Hash(u32, Stat), Hash(u32, Stat), Queue(Stat, max_entries=4)
    p = probe("v = m.lookup(1)\nif v:\n    n[2] = v\n    q.push(v)", times=0, m=m, n=n, q=q)
    m[1] = Stat(count=3, name="x")
    p.run()
    assert n[2] == q.pop() == m[1]


def test_is_none_of_other_things(probe):
    out = Array(u64, max_entries=4)
    probe(
        """
        x = out[0]
        if x is None:
            out[1] = 1
        if x is not None:
            out[2] = 1
        if None is None:
            out[3] = 1
        """,
        out=out,
    )
    assert [out[i] for i in range(1, 4)] == [0, 1, 1]


def test_a_string_taken_from_a_field_stays_what_it_was(probe):
    m = Hash(u32, Stat)
    p = probe(
        """
        s = Stat(name="one")
        t = Stat(name="two")
        kept = s.name
        s.name = "three"
        m[1] = Stat(name=kept)
        s.name, t.name = t.name, s.name
        m[2] = s
        m[3] = t
        v = m.lookup(9)
        if v:
            name = v.name
            v.name = "new"
            t.name = name
            m[4] = t
        """,
        times=0,
        m=m,
    )
    m[9] = Stat(name="nine")
    p.run()
    assert [m[i].name for i in (1, 2, 3, 4, 9)] == ["one", "two", "three", "nine", "new"]


def test_an_entry_as_an_argument(probe):
    def bump(v, by):
        v.count += by
        return v.count

    m, out = Hash(u32, Stat), Array(u64, max_entries=2)
    p = probe("v = m.lookup(1)\nif v:\n    out[0] = bump(v, 3)", times=0, m=m, out=out, bump=bump)
    m[1] = Stat(count=4)
    p.run()
    assert (m[1].count, out[0]) == (7, 7)


# Order of evaluation


def test_a_default_that_reads_the_same_map(probe):
    m, out = Hash(u32, u64), Array(u64, max_entries=4)
    p = probe("out[0] = m.get(1, m.get(2, 0))\nout[1] = m.get(1, m[2])", times=0, m=m, out=out)
    m[1], m[2] = 10, 20
    p.run()
    assert (out[0], out[1]) == (10, 10)


def test_a_key_that_takes_from_a_queue(probe):
    m, q = Hash(u64, u64), Queue(u64, max_entries=4)
    p = probe("m[q.pop(1)] = 5\nm[q.pop(1)] += q.pop(7)\nq.push(q.pop(8))", times=0, m=m, q=q)
    for n in (100, 200, 300, 400):
        q.push(n)
    p.run()
    assert dict(m.items()) == {100: 5, 200: 300} and q.pop() == 400

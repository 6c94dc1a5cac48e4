"""Maps of maps: put in from outside, looked up in a probe, on both backends."""

from __future__ import annotations

import pytest
from map_probes import Stat

import ebee
from ebee import Array, ArrayOfMaps, Hash, HashOfMaps, LruHash, PerCpuHash, Queue, RingBuf, u32, u64
from ebee.elf.read import read_object
from ebee.errors import ElfError, SyscallError, UsageError


def test_outside(live):
    m = live(HashOfMaps(u32, Hash(u32, u64), max_entries=3))
    assert 7 not in m and m.get(7) is None and len(m) == 0
    with pytest.raises(KeyError):
        m[7]
    small, big = Hash(u32, u64, max_entries=1), Hash(u32, u64, max_entries=100)
    m[7] = small
    m[8] = m[9] = big
    small[1] = 5
    for i in range(50):
        m[9][i] = i
    assert m[7] is small and m[7][1] == 5 and len(m[8]) == 50 == len(big) and list(m) == [7, 8, 9]
    assert dict(m.items()) == {7: small, 8: big, 9: big} and list(m.values()) == [small, big, big]
    with pytest.raises(SyscallError):
        small[2] = 1
    with pytest.raises(SyscallError):
        m[10] = small
    del m[7]
    assert 7 not in m and len(m) == 2 and small[1] == 5
    assert m.insert(9, small) is False and m.insert(7, small) is True and m[7] is small
    with pytest.raises(KeyError):
        del m[77]


def test_what_does_not_fit(live):
    m, a = live(ArrayOfMaps(Hash(u32, u64), max_entries=2), ArrayOfMaps(Array(u64, max_entries=4), max_entries=2))
    for wrong, why in (
        (LruHash(u32, u64), "kind Hash, not LruHash"), (Hash(u64, u64), "key u32, not u64"),
        (Hash(u32, u32), "value u64, not u32"), (Array(u64, max_entries=1), "kind Hash, not Array"),
        (5, "takes maps, not 5"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=why):
            m[0] = wrong
    with pytest.raises(UsageError, match="max_entries 4, not 5"):
        a[0] = Array(u64, max_entries=5)
    with pytest.raises(SyscallError):
        m[2] = Hash(u32, u64)
    a[1] = Array(u64, max_entries=4)
    assert list(a) == [1]
    for wrong in (RingBuf(u64), Queue(u64, max_entries=1), u32, m):
        with pytest.raises(UsageError, match="inside can be Hash"):
            ArrayOfMaps(wrong, max_entries=1)


OPERATIONS = """
    inner = outer.lookup(1)
    if inner is None:
        out[0] = 1
        return
    inner[5] += 2
    inner[5] |= 8
    out[1] = inner[5]
    n = inner.get(6)
    if n is None:
        inner[6] = 40
    out[2] = inner.get(6, 1)
    out[3] = 6 in inner
    out[4] = inner.setdefault(7, 3)
    out[5] = inner.insert(7, 4)
    out[6] = ebee.fetch_add(inner[7], 10)
    del inner[5]
    out[7] = 5 in inner
"""


@pytest.mark.parametrize("kind", ["array", "hash"])
def test_operations_in_a_probe(probe, kind):
    template = Hash(u32, u64, max_entries=16)
    outer = ArrayOfMaps(template, max_entries=4) if kind == "array" else HashOfMaps(u32, template, max_entries=4)
    out = Array(u64, max_entries=8)
    made = probe(OPERATIONS, outer=outer, out=out)
    assert list(out.values()) == [1, 0, 0, 0, 0, 0, 0, 0]
    outer[1] = inner = Hash(u32, u64, max_entries=8)
    made.run()
    assert list(out.values())[1:] == [10, 40, 1, 3, 0, 3, 0] and made.losses == {}
    assert dict(inner.items()) == {6: 40, 7: 13}


def test_structs_arrays_and_cpus(probe):
    stats, slots, cpus = HashOfMaps(u32, Hash(u32, Stat)), ArrayOfMaps(Array(u64, max_entries=3), max_entries=2), HashOfMaps(u32, PerCpuHash(u32, u64))  # fmt: skip
    body = """
        inner = stats.lookup(4)
        if inner is not None:
            stat = inner.lookup(1)
            if stat is None:
                inner[1] = Stat(count=1, name="new")
            else:
                stat.count += 10
        array = slots.lookup(1)
        if array is not None:
            for i in range(3):
                array[i] += i
        own = cpus.lookup(2)
        if own is not None:
            own[9] += 1
    """
    made = probe(body, 0, stats=stats, slots=slots, cpus=cpus)
    stats[4], slots[1], cpus[2] = Hash(u32, Stat), Array(u64, max_entries=3), PerCpuHash(u32, u64)
    made.run(3)
    assert stats[4][1].count == 21 and stats[4][1].name == "new"
    assert list(slots[1].values()) == [0, 3, 6] and cpus[2].sum(9) == 3 and made.losses == {}


def test_a_map_that_is_missing_ends_the_probe(probe):
    outer, out = HashOfMaps(u32, Hash(u32, u64)), Array(u64, max_entries=3)
    made = probe("out[0] = 3 in outer\nouter[3][1] += 1\nout[1] = outer[3][1]\nout[2] = 3 in outer", outer=outer, out=out)
    assert list(out.values()) == [0, 0, 0] and made.losses == {("no_entry", "outer[3]"): 1}
    outer[3] = Hash(u32, u64)
    made.run()
    assert list(out.values()) == [1, 1, 1]


def test_ways_that_meet_and_loops(probe):
    outer, out = ArrayOfMaps(Hash(u32, u64), max_entries=4), Array(u64, max_entries=2)
    made = probe(
        """
        inner = outer.lookup(0)
        if inner is None:
            inner = outer.lookup(1)
        other = outer.lookup(3)
        if inner is not None:
            inner[1] += 1
            for k, v in inner.items():
                out[0] += v
                if other is not None:
                    other[k] += inner[k]
        for i in range(4):
            each = outer.lookup(i)
            if each is not None:
                out[1] += each[1]
        """, 0, outer=outer, out=out,
    )  # fmt: skip
    outer[1], outer[2], outer[3] = first, second, third = Hash(u32, u64), Hash(u32, u64), Hash(u32, u64)
    first[7], second[1] = 30, 100
    made.run()
    assert dict(third.items()) == {7: 30, 1: 1}
    assert first[1] == 1 and list(out.values()) == [31, 102] and made.losses == {}


def test_a_map_that_the_probe_knows_too(probe):
    known, outer, out = Hash(u32, u64), ArrayOfMaps(Hash(u32, u64), max_entries=1), Array(u64, max_entries=2)
    made = probe("known[1] += 5\ninner = outer.lookup(0)\nif inner is not None:\n    out[0] = inner[1]",
                 0, known=known, outer=outer, out=out)  # fmt: skip
    outer[0] = known
    made.run()
    assert out[0] == 5 and outer[0] is known


@pytest.mark.parametrize("name", ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)])
def test_in_a_session(name):
    by_cpu = ArrayOfMaps(Hash(u32, u64), max_entries=1)

    @ebee.tracepoint("syscalls:sys_enter_openat")
    def opened(ctx):
        inner = by_cpu.lookup(0)
        if inner is not None:
            inner[ebee.pid()] += 1

    old, new = Hash(u32, u64), Hash(u32, u64)
    with ebee.Session(backend=name) as session:
        first = session.attach(opened, command=["true"])
        by_cpu[0] = old
        first.wait()
        by_cpu[0] = new
        session.attach(opened, command=["true"]).wait()
        assert set(new.values()) and new in list(session.maps())
    with pytest.raises(UsageError, match="not bound"):
        len(old)


first_table, ready = Hash(u32, u64, max_entries=5), Array(u64, max_entries=2)
tables, arrays = HashOfMaps(u32, Hash(u32, u64), max_entries=3), ArrayOfMaps(Array(u64, max_entries=2), max_entries=2)
tables[0] = tables[2] = first_table
tables[1] = Hash(u32, u64, max_entries=7)
arrays[1] = ready


@ebee.xdp
def tabled(pkt):
    for n in range(3):
        table = tables.lookup(n)
        if table is not None:
            table[pkt[0]] += n + 1
    array = arrays.lookup(1)
    if array is not None and 0 not in arrays:
        array[1] += 5
        ready[0] += 1
    return ebee.XDP_PASS


@pytest.mark.parametrize("name", ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)])
def test_what_is_put_in_first_is_there_from_the_start(name):
    assert tables[0] is first_table and list(arrays) == [1] and len(tables) == 3
    with ebee.Session(backend=name) as session:
        session.run(tabled, packet=bytes([9]) + bytes(63))
        assert dict(first_table.items()) == {9: 4} and dict(tables[1].items()) == {9: 2}
        assert list(ready.values()) == [1, 5] and tables[2] is first_table
        del tables[2]
        session.run(tabled, packet=bytes([9]) + bytes(63))
        assert first_table[9] == 5
    with ebee.Session(backend=name) as session:  # another session begins as declared
        session.run(tabled, packet=bytes([9]) + bytes(63))
        assert first_table[9] == 4 and tables[2] is first_table


def test_what_cannot_be_there_from_the_start():
    few, small = HashOfMaps(u64, Hash(u32, u64), max_entries=1), ArrayOfMaps(Hash(u32, u64), max_entries=1)
    few[1 << 40] = Hash(u32, u64)
    for outer, key in ((few, 2), (small, 1)):
        with pytest.raises(UsageError, match="there are 1 places for maps"):
            outer[key] = Hash(u32, u64)
    with pytest.raises(UsageError, match="kind Hash, not LruHash"):
        few[1 << 40] = LruHash(u32, u64)
    assert few.get(7) is None and 7 not in few
    with pytest.raises(KeyError):
        small[0]
    with pytest.raises(KeyError):
        del small[0]

    @ebee.xdp
    def far(pkt):
        if few.lookup(5) is not None:
            return 1
        return 2

    with pytest.raises(ElfError, match="'few' has a map at a key that an object file cannot say"):
        ebee.compile(far).to_bytes()
    del few[1 << 40]
    assert len(few) == 0 and ebee.compile(far).to_bytes()


def test_objects_have_what_is_put_in_first():
    spec = ebee.compile(tabled).spec
    again = read_object(ebee.compile(tabled).to_bytes())
    keys = [n.to_bytes(4, "little") for n in range(3)]
    wanted = dict(zip(keys, ("first_table", "tables_2", "first_table")))
    for one in (spec, again):
        assert one.maps["tables"].inner_maps == wanted and one.maps["arrays"].inner_maps == {keys[1]: "ready"}
        assert one.maps["tables_2"].max_entries == 7


def test_objects_describe_the_inner_maps():
    outer = HashOfMaps(u64, Array(u32, max_entries=5), max_entries=9)

    @ebee.tracepoint("syscalls:sys_enter_openat")
    def opened(ctx):
        outer[1][2] += 1

    spec = ebee.compile(opened).spec.maps["outer"]
    assert (spec.map_type, spec.key_size, spec.value_size, spec.max_entries) == (13, 8, 4, 9)
    assert (spec.inner.name, spec.inner.map_type, spec.inner.value_size, spec.inner.max_entries) == ("outer.inner", 2, 4, 5)

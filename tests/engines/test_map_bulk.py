"""Maps as dictionaries, as arrays of numpy and as shared memory: both backends alike."""

from __future__ import annotations

import enum
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from map_probes import CPUS, bound, make_backend, refused

import ebee
from ebee import (
    Array,
    Bits,
    Bytes,
    Hash,
    List,
    LpmTrie,
    LruHash,
    PerCpuArray,
    PerCpuHash,
    Queue,
    Str,
    Struct,
    Union,
    be16,
    s16,
    u8,
    u16,
    u32,
    u64,
)
from ebee.errors import SyscallError, UsageError
from ebee.lower.object import ObjectBuilder

np = pytest.importorskip("numpy")


class State(enum.IntEnum):
    NEW = 1
    OLD = 2


class Point(Struct):
    x: s16
    y: s16


class Word(Union):
    whole: u32
    half: u16


class Everything(Struct):
    small: u8
    big: u64
    port: be16
    name: str = Str(8)
    raw: bytes = Bytes(3)
    at: Point
    path: list = List(Point, 2)
    numbers: list = List(u16, 3)
    state: State
    word: Word
    ok: bool


class Flags(Struct):
    kind: int = Bits(u8, 3)
    delta: int = Bits(ebee.s32, 5)
    urgent: bool = Bits(u8, 1)
    wide: int = Bits(u64, 40)
    count: u32
    state: State = Bits(u8, 2)


class Nested(Struct):
    flags: list = List(Flags, 2)
    after: u16


def everything(n):
    return Everything(
        small=n, big=n << 40, port=n + 1, name=f"n{n}", raw=bytes([n] * 3), at=Point(x=-n, y=n),
        path=[Point(x=n, y=1), Point(x=2, y=-n)], numbers=[n, 2, 3], state=State.OLD, word=Word(whole=n << 16 | 7),
        ok=n % 2 == 1,
    )  # fmt: skip


# Dictionaries


@pytest.mark.parametrize("kind", [Hash, LruHash])
def test_many_at_once(live, kind):
    m = live(kind(u32, u64, max_entries=5000))
    wanted = {i: i * i for i in range(5000 if kind is Hash else 500)}
    m.update(wanted)
    m.update([(3, 33), (4, 44)])
    wanted.update({3: 33, 4: 44})
    assert dict(m.items()) == wanted and len(m) == len(wanted) and set(m.keys()) == set(m) == wanted.keys()
    assert sorted(m.values()) == sorted(wanted.values())
    assert m.delete_many([*range(100), 9999, 1]) == 100
    assert len(m) == len(wanted) - 100 and 99 not in m and 100 in m
    assert m.pop(100) == 10000 and m.get(100) is None
    assert dict(m.pop_items()) == {i: i * i for i in range(101, len(wanted))}
    assert len(m) == 0
    m.update(wanted)
    m.clear()
    assert list(m.items()) == [] == list(m.pop_items()) and m.delete_many([]) == 0


def test_a_full_map_says_so(live):
    m = live(Hash(u32, u64, max_entries=3))
    with pytest.raises(SyscallError, match="m0") as caught:
        m.update({i: i for i in range(5)})
    assert caught.value.errno == 7 and len(m) == 3


def test_wrong_entries_change_nothing(live):
    m = live(Hash(u32, u64))
    with pytest.raises(ValueError, match="key of Hash m0: 4294967296 does not fit"):
        m.update({1: 1, 1 << 32: 2})
    with pytest.raises(TypeError, match="value of Hash m0"):
        m.update({1: "x"})
    assert len(m) == 0


def test_other_kinds(live):
    array, trie, percpu = live(
        Array(u64, max_entries=3), LpmTrie(u32, u64, max_entries=9), PerCpuHash(u32, u32, max_entries=9)
    )
    array.update({0: 5, 2: 7})
    assert dict(array.items()) == {0: 5, 1: 0, 2: 7} and len(array) == 3
    trie.update({"10.0.0.0/8": 1, "10.1.0.0/16": 2})
    assert trie.to_numpy()["key"]["bits"].tolist() in ([8, 16], [16, 8])
    assert set(trie.to_numpy()["key"]["address"].tolist()) == {10 << 24, 10 << 24 | 1 << 16}
    assert trie.delete_many(["10.1.0.0/16", "11.0.0.0/8"]) == 1
    assert dict(trie.pop_items()) == {"10.0.0.0/8": 1} and len(trie) == 0
    percpu.update({1: list(range(CPUS)), 2: [7] * CPUS})
    assert percpu[1] == list(range(CPUS)) and dict(percpu.items())[2] == [7] * CPUS
    percpu.clear()
    assert len(percpu) == 0


def test_entries_that_are_deleted_meanwhile(live):
    for m in (live(Hash(u32, u64, max_entries=1000)), live(LpmTrie(u32, u64, max_entries=1000))):
        m.update({i: i for i in range(1000)})
        seen = []
        for key in m:
            seen.append(key)
            del m[key]
        assert len(seen) == len(set(seen)) == 1000 and len(m) == 0


@settings(max_examples=15)
@given(st.lists(st.tuples(st.sampled_from(["update", "delete", "take"]), st.sets(st.integers(0, 9))), max_size=12))
@pytest.mark.needs_kernel
def test_as_a_dictionary(calls):
    model, m = {}, Hash(u32, u64)
    for one in (make_backend("engine"), make_backend("kernel")):
        model.clear()
        builder = ObjectBuilder("maps")
        builder.use_map(m, "m")
        with bound(builder.finish(one.target), builder.decls, one):
            for n, (call, keys) in enumerate(calls):
                if call == "update":
                    m.update(dict.fromkeys(keys, n))
                    model.update(dict.fromkeys(keys, n))
                elif call == "delete":
                    assert m.delete_many(keys) == sum(model.pop(key, None) is not None for key in keys)
                else:
                    assert dict(m.pop_items()) == model
                    model.clear()
                assert dict(m.items()) == model and len(m) == len(model)
        one.close()


# Arrays of numpy


def test_scalars(live):
    m = live(Hash(u32, u64))
    assert m.to_numpy().dtype == [("key", "<u4"), ("value", "<u8")] and len(m.to_numpy()) == 0
    m.update({i: 10 * i for i in range(5000)})
    found = m.to_numpy()
    assert len(found) == 5000 and (found["value"] == 10 * found["key"].astype("u8")).all()
    assert sorted(found["key"].tolist()) == list(range(5000))


def test_structs(live):
    m = live(Hash(Point, Everything))
    m.update({Point(x=-n, y=n): everything(n) for n in range(4)})
    found = {row["key"]["x"].item(): row["value"] for row in m.to_numpy()}
    for n in range(4):
        row = found[-n]
        assert (row["small"], row["big"], row["port"]) == (n, n << 40, n + 1)
        assert (row["name"], row["raw"].tobytes()) == (f"n{n}".encode(), bytes([n] * 3))
        assert row["at"].tolist() == (-n, n) and row["path"].tolist() == [(n, 1), (2, -n)]
        assert row["numbers"].tolist() == [n, 2, 3] and row["state"] == 2 and bool(row["ok"]) == (n % 2 == 1)
        assert (row["word"]["whole"], row["word"]["half"]) == (n << 16 | 7, 7)


flags = st.builds(
    Flags, kind=st.integers(0, 7), delta=st.integers(-16, 15), urgent=st.booleans(), wide=st.integers(0, (1 << 40) - 1),
    count=st.integers(0, (1 << 32) - 1), state=st.sampled_from(State),
)  # fmt: skip


@settings(max_examples=40)
@given(st.lists(st.builds(Nested, flags=st.lists(flags, min_size=2, max_size=2), after=st.integers(0, 9)), max_size=3))
def test_bit_fields_are_unpacked(values):
    from ebee.types.bulk import records_array, values_as_records

    found = records_array(Nested._type, values_as_records(Nested._type, values, "ring"))
    assert len(found) == len(values)
    for row, value in zip(found, values):
        assert row["after"] == value.after
        for got, want in zip(row["flags"], value.flags):
            assert {name: got[name].item() for name in got.dtype.names} == {
                name: getattr(want, name) for name in ebee.fields(Flags)
            }


def test_a_value_for_each_cpu(live):
    m, a = live(PerCpuHash(u32, Point), PerCpuArray(u32, max_entries=3))
    m[5] = [Point(x=cpu, y=-cpu) for cpu in range(CPUS)]
    a.update({1: list(range(10, 10 + CPUS))})
    (row,) = m.to_numpy()
    assert row["key"] == 5 and row["value"]["x"].tolist() == list(range(CPUS))
    assert a.to_numpy().shape == (3, CPUS) and a.to_numpy().tolist()[1] == list(range(10, 10 + CPUS))
    assert a.to_numpy().sum(axis=1).tolist() == [0, sum(range(10, 10 + CPUS)), 0]


def test_arrays_have_values_only(live):
    m = live(Array(Point, max_entries=4))
    m[2] = Point(x=1, y=-1)
    assert m.to_numpy().shape == (4,) and m.to_numpy()[2].tolist() == (1, -1)


def test_what_has_no_array():
    with pytest.raises(UsageError, match="nobody can iterate"):
        ebee.TaskStorage(u64).to_numpy()
    with pytest.raises(UsageError, match="holds maps"):
        ebee.HashOfMaps(u32, Hash(u32, u64)).to_numpy()


@pytest.mark.parametrize(("module", "call"), [("numpy", "to_numpy"), ("pandas", "to_pandas")])
def test_extras_are_named(live, monkeypatch, module, call):
    m = live(Hash(u32, u64))
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError, match=rf"{call}\(\) needs {module}") as caught:
        getattr(m, call)()
    assert f"ebee[{module}]" in caught.value.hint


def test_tables(live):
    pytest.importorskip("pandas")
    m, a, p = live(Hash(Point, Everything), PerCpuArray(u32, max_entries=2), LpmTrie(u32, u64))
    m[Point(x=-3, y=3)] = everything(3)
    table = m.to_pandas()
    (row,) = table.to_dict("records")
    assert (row["x"], row["y"], row["small"], row["name"], row["at.x"]) == (-3, 3, 3, "n3", -3)
    assert row["numbers"] == [3, 2, 3] and row["raw"] == b"\3\3\3" and row["port"] == 4
    a[1] = list(range(CPUS))
    assert a.to_pandas().to_dict("list") == {
        "index": [0] * CPUS + [1] * CPUS, "cpu": [*range(CPUS)] * 2, "value": [0] * CPUS + [*range(CPUS)]
    }  # fmt: skip
    p["10.0.0.0/8"] = 3
    assert p.to_pandas().to_dict("list") == {"key": ["10.0.0.0/8"], "value": [3]}


# Memory


def test_shared_memory(live, probe):
    m = Array(Point, max_entries=3, mmapable=True)
    live(m)
    assert len(m.memory) % 3 == 0
    view = m.view()
    view["x"][1] = -5
    assert m[1] == Point(x=-5, y=0)
    m[2] = Point(x=7, y=8)
    assert view[2].tolist() == (7, 8) and view.shape == (3,)
    del view


def test_a_probe_sees_what_is_written_to_memory(probe):
    m, out = Array(u64, max_entries=2, mmapable=True), Array(u64, max_entries=1, mmapable=True)
    made = probe("out[0] = m[1] + 1", m=m, out=out)
    view = m.view()
    view[1] = 41
    made.run()
    assert out.view().tolist() == [42]


def test_memory_is_asked_for(live):
    m = live(Array(u64, max_entries=3))
    with pytest.raises(UsageError, match="not mapped"):
        m.view()

    class Packed(Struct):
        a: int = Bits(u8, 3)

    with pytest.raises(UsageError, match="bit fields"):
        live(Array(Packed, max_entries=3, mmapable=True)).view()


def test_frozen_maps(live, probe):
    m = live(Array(u64, max_entries=3))
    m[1] = 5
    m.freeze()
    refused(1, m.__setitem__, 1, 6)
    assert m[1] == 5


def test_probes_write_to_frozen_maps(probe):
    m = Array(u64, max_entries=1)
    made = probe("m[0] += 1", m=m)
    m.freeze()
    made.run(2)
    assert m[0] == 3


def test_queues_have_no_array(live):
    q = live(Queue(u32, max_entries=3))
    assert not hasattr(q, "to_numpy")

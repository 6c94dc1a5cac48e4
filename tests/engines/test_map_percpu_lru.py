"""Per-CPU and LRU maps, outside of probes and inside one, on both backends."""

from __future__ import annotations

import contextlib
import errno

import pytest
from map_probes import CPUS, Probe, Stat, make_backend, refused

from ebee import (
    Array,
    LruHash,
    LruPerCpuHash,
    PerCpuArray,
    PerCpuHash,
    s32,
    u8,
    u16,
    u32,
    u64,
)
from ebee.errors import UsageError
from ebee.spec.backend import TestRun as Run

# Per CPU


@pytest.mark.parametrize("kind", [PerCpuHash, LruPerCpuHash])
@pytest.mark.parametrize("type", [u8, u32, u64, s32])
def test_percpu_hash_outside(live, kind, type):
    m = live(kind(u32, type, max_entries=64))
    values = [type(i * 37 + 1) for i in range(CPUS)]
    assert m[7] == [0] * CPUS and m.sum(7) == 0 and m.get(7) is None and 7 not in m
    m[7] = values
    assert m[7] == values == m.get(7) == m.lookup(7)
    assert m.sum(7) == sum(values)
    assert list(m.items()) == [(7, values)] and list(m.values()) == [values] and len(m) == 1
    del m[7]
    with pytest.raises(KeyError):
        del m[7]
    m[1] = m[2] = values
    m.clear()
    assert len(m) == 0


def test_percpu_values_are_lists_of_the_right_length(live):
    m = live(PerCpuHash(u32, u8))
    for wrong in (5, [0] * (CPUS + 1), [], "ab"):
        with pytest.raises(TypeError, match=f"a list of {CPUS} values"):
            m[1] = wrong
    with pytest.raises(ValueError, match="does not fit in u8"):
        m[1] = [256] * CPUS
    assert len(m) == 0


def test_percpu_structs_cannot_be_summed(live):
    m = live(PerCpuHash(u32, Stat))
    m[1] = [Stat(count=i, small=2, name="x") for i in range(CPUS)]
    assert [v.count for v in m[1]] == list(range(CPUS))
    assert m[2] == [Stat()] * CPUS
    with pytest.raises(UsageError, match="only integers can be summed"):
        m.sum(1)


def test_percpu_array_outside(live):
    m = live(PerCpuArray(u16, max_entries=3))
    m[1] = [5] * CPUS
    assert [m.sum(i) for i in range(3)] == [0, 5 * CPUS, 0]
    assert len(m) == 3 == len(list(m.items()))
    assert m[9] == [0] * CPUS and 9 not in m
    refused(errno.E2BIG, m.__setitem__, 3, [1] * CPUS)
    refused(errno.EINVAL, m.__delitem__, 1)


@pytest.mark.parametrize("kind", [PerCpuHash, LruPerCpuHash])
def test_percpu_hash_in_a_probe(probe, kind):
    m, out = kind(u32, u64, max_entries=64), Array(u64, max_entries=8)
    probe(
        """
        m[1] += 5
        m[1] += m[1]
        m[2] = 7
        out[0] = m[1]
        out[1] = m.get(3, 99)
        out[2] = 2 in m
        del m[2]
        out[3] = 2 in m
        """,
        m=m,
        out=out,
    )
    assert m.sum(1) == 10 and sorted(m[1])[-1] == 10
    assert [out[i] for i in range(4)] == [10, 99, 1, 0]
    assert m[2] == [0] * CPUS and 2 not in m


def test_percpu_entry_made_by_a_probe_is_zero_elsewhere(probe, live):
    m = PerCpuHash(u32, u64)
    probe("m[1] = 5", m=m)
    assert sorted(m[1]) == [0] * (CPUS - 1) + [5]


def test_percpu_array_in_a_probe(probe):
    m = PerCpuArray(u32, max_entries=2)
    p = probe(
        """
        m[0] += 3
        m[1] = m[0] + 1
        m[2] += 1
        m[5] = 1
        """,
        m=m,
    )
    assert sorted(m[0]) == [0] * (CPUS - 1) + [3] and m.sum(1) == 4
    assert p.losses == {("map_full", "m"): 2}


def test_engine_keeps_the_values_of_every_cpu_that_events_come_from():
    from ebee.engine.task import TaskContext

    backend = make_backend("engine")
    m, a = PerCpuHash(u32, u32), PerCpuArray(u32, max_entries=1)
    with contextlib.ExitStack() as stack:
        p = Probe(stack, backend, "m[1] += 1\na[0] += 1", {"m": m, "a": a})
        for cpu in (0, 1, 1, 40):
            backend.test_run(p.program, Run(ctx=bytes(64)), TaskContext(cpu=cpu))
        for values in (m[1], a[0]):
            assert (len(values), values[0], values[1], values[40], sum(values)) == (41, 1, 2, 1, 4)


# LRU


def test_lru_never_refuses(live):
    m = live(LruHash(u32, u64, max_entries=50))
    for i in range(1000):
        m[i] = i
        assert m[i] == i
    assert 0 < len(m) <= 50
    assert all(k == v for k, v in m.items())


def test_lru_in_a_probe_never_loses(probe):
    m, at = LruHash(u32, u64, max_entries=20), Array(u32, max_entries=1)
    p = probe("m[at[0]] += 1\nat[0] += 1", times=200, m=m, at=at)
    assert not p.losses
    assert 199 in m and 0 < len(m) <= 20


def test_lru_engine_throws_out_the_oldest():
    backend = make_backend("engine")
    m = LruHash(u32, u32, max_entries=3)
    with contextlib.ExitStack() as stack:
        p = Probe(stack, backend, "m[1] += 1", {"m": m})
        for k in (1, 2, 3):
            m[k] = k
        p.run()
        m[4] = 4
        assert dict(m.items()) == {3: 3, 1: 2, 4: 4}

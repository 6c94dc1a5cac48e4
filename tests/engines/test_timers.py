"""Timers in the values of maps: functions written in Python that the kernel, or the engine's clock, calls later."""

import time

import pytest

import ebee
from ebee import XDP_DROP, XDP_PASS, Array, Hash, Struct, Timer, WorkQueue, u32, u64
from ebee.api.source import compile_probes
from ebee.engine.backend import EngineBackend
from ebee.engine.task import TaskContext
from ebee.spec.backend import TestRun as Run
from ebee.spec.object import LOSS_MAP


class Held(Struct):
    n: u64
    timer: Timer
    left: u32


timers = Hash(u32, Held, max_entries=8)
slots = Array(Held, max_entries=2)
out = Array(u64, max_entries=8)
MS = 1_000_000


def add(value, n):
    value.n += n


def tick(m, key, value):
    add(value, key)
    if value.left > 0:
        value.left -= 1
        value.timer.start(MS, tick)
        return
    for k in timers:
        out[3] += k
    out[0] += 1
    del m[key]


def fails(m, key, value):
    out[1] += 1
    assert value.n == 99
    out[2] += 1


@ebee.xdp
def begin(pkt):
    timers[5] = Held(left=3)
    v = timers.lookup(5)
    a = slots.lookup(1)
    if v is None or a is None:
        return XDP_DROP
    v.timer.start(MS, tick)
    a.timer.start(3600_000 * MS, fails)
    out[4] = a.timer.cancel()
    out[5] = a.timer.cancel()
    a.n = 7
    a.timer.start(MS // 2, fails)
    return XDP_PASS


EXPECTED = {0: 1, 1: 1, 2: 0, 3: 5, 4: 1, 5: 0}


def test_in_the_engine():
    backend = EngineBackend()
    spec, _ = compile_probes([begin], backend.target)
    maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
    program = backend.load_program(spec.programs["begin"], spec, maps)
    now = [0]
    result = backend.test_run(program, Run(data=bytes(64)), TaskContext(ktime_ns=lambda: now[0]))
    assert result.retval == XDP_PASS
    for step in range(1, 12):
        now[0] = step * MS // 2
        backend.run_timers()
    got = {i: int.from_bytes(maps["out"].lookup(i.to_bytes(4, "little")), "little") for i in EXPECTED}
    assert got == EXPECTED
    assert maps["timers"].lookup((5).to_bytes(4, "little")) is None
    lost = maps[LOSS_MAP].lookup(bytes(4))
    assert sum(int.from_bytes(lost[i : i + 8], "little") for i in range(0, len(lost), 8)) == 1


@pytest.mark.needs_kernel
def test_in_the_kernel():
    with ebee.Session(backend="kernel") as session:
        assert session.run(begin, packet=bytes(64)).retval == XDP_PASS
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and not (out[0] and out[1]):
            time.sleep(0.002)
        assert {i: out[i] for i in EXPECTED} == EXPECTED
        assert timers.lookup(5) is None and slots[1] == Held(n=7)
        (loss,) = session.losses()
        assert (loss.kind, loss.count) == ("assertion", 1)


class Job(Struct):
    n: u64
    work: WorkQueue


jobs = Hash(u32, Job, max_entries=8)
tables = Array(Job, max_entries=2)


def work(m, key, value):
    value.n += key
    if value.n < 20:
        value.work.start(work)
        return
    out[0] += value.n
    del m[key]


def sleeping(m, key, value):
    out[1] += 1
    out[2] = u64(key)
    assert value.n == 0


@ebee.xdp
def enqueue(pkt):
    jobs[5] = Job(n=1)
    v = jobs.lookup(5)
    a = tables.lookup(1)
    if v is None or a is None:
        return XDP_DROP
    v.work.start(work)
    a.n = 7
    a.work.start(sleeping)
    return XDP_PASS


WORKED = {0: 21, 1: 1, 2: 1}


def test_work_queues_in_the_engine():
    with ebee.Session(backend="engine") as session:
        assert session.run(enqueue, packet=bytes(64)).retval == XDP_PASS
        for _ in range(5):
            session._backend.run_timers()
        assert {i: out[i] for i in WORKED} == WORKED and jobs.lookup(5) is None and tables[1] == Job(n=7)
        (loss,) = session.losses()
        assert (loss.kind, loss.count) == ("assertion", 1)


@pytest.mark.needs_kernel
@pytest.mark.needs_feature("work_queues")
def test_work_queues_in_the_kernel():
    with ebee.Session(backend="kernel") as session:
        assert session.run(enqueue, packet=bytes(64)).retval == XDP_PASS
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and not (out[0] and out[1]):
            time.sleep(0.002)
        assert {i: out[i] for i in WORKED} == WORKED and jobs.lookup(5) is None and tables[1] == Job(n=7)
        (loss,) = session.losses()
        assert (loss.kind, loss.count) == ("assertion", 1)


def test_a_timer_has_no_value():
    assert Held(n=3).timer is None
    assert Held._type.size == 32 and Held._type.unpack(Held._type.pack(Held(n=3))) == Held(n=3)
    with pytest.raises(TypeError, match="a Timer has no value"):
        Held._type.pack(Held(timer=5))
    for call in (lambda: Timer().start(1, tick), lambda: Timer().cancel(), lambda: WorkQueue().start(tick)):
        with pytest.raises(ebee.UsageError, match="means something only inside a probe"):
            call()

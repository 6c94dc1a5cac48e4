"""Maps of maps, buffers, stacks, storage, locks and timers: engine and kernel alike where both have them."""

from __future__ import annotations

import errno
import os

import pytest
from both_backends import RAW_TP, TC, kernel, load, outcome, same

from ebee.abi import bpf
from ebee.btf.build import BtfBuilder
from ebee.btf.kinds import Member
from ebee.engine.backend import EngineBackend
from ebee.engine.task import TaskContext
from ebee.errors import ExecutionError, SyscallError
from ebee.spec.backend import TestRun as Run
from ebee.spec.object import MapSpec, ObjectSpec

INNER = MapSpec("table.inner", bpf.BPF_MAP_TYPE_ARRAY, 4, 8, 2)
BACKENDS = ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)]


def backend_of(name):
    return EngineBackend() if name == "engine" else kernel()


def errors(calls):
    """Return the errno of each call (function, arguments…), 0 where it works."""
    found = []
    for call, *args in calls:
        try:
            call(*args)
            found.append(0)
        except SyscallError as error:
            found.append(error.errno)
    return found


def number(n, size=4):
    return n.to_bytes(size, "little")


LOOK_TWICE = """
    r7 = out@value
    *(u32 *)(r10 - 4) = {key}
    r1 = table@map
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto none
    *(u32 *)(r10 - 4) = 1
    r1 = r0
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto none
    r1 = *(u64 *)(r0 + 0)
    *(u64 *)(r7 + 0) = r1
    *(u64 *)(r0 + 0) = 5
    r0 = 0
    exit
none:
    *(u64 *)(r7 + 8) = 9
    r0 = 0
    exit
"""


@pytest.mark.needs_kernel
@pytest.mark.parametrize("kind", [bpf.BPF_MAP_TYPE_ARRAY_OF_MAPS, bpf.BPF_MAP_TYPE_HASH_OF_MAPS])
@pytest.mark.parametrize("key", [0, 1, 7])
def test_maps_of_maps(kind, key):
    found = []
    for name in ("engine", "kernel"):
        backend = backend_of(name)
        program, live = load(backend, LOOK_TWICE.format(key=key), RAW_TP, [MapSpec("table", kind, 4, 4, 3, inner=INNER)])
        inner = backend.create_map(INNER, ObjectSpec("o"))
        other = backend.create_map(MapSpec("other", bpf.BPF_MAP_TYPE_ARRAY, 4, 16, 2), ObjectSpec("o"))
        inner.update(number(1), number(77, 8))
        table = live["table"]
        refusals = errors([
            (table.update, number(0), number(inner.fd.number)),
            (table.update, number(0), number(other.fd.number)),
            (table.update, number(0), number(9999)),
            (table.update, number(0), number(inner.fd.number), bpf.BPF_NOEXIST),
            (table.update, number(2), number(inner.fd.number)), (table.delete, number(2)),
        ])  # fmt: skip
        backend.test_run(program, Run(ctx=bytes(16)))
        found.append((refusals, live["out"].lookup(bytes(4)), inner.lookup(number(1))))
    assert found[0] == found[1]


def test_maps_of_maps_need_a_description():
    with pytest.raises(SyscallError) as caught:
        EngineBackend().create_map(MapSpec("m", bpf.BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 1), ObjectSpec("o"))
    assert caught.value.errno == errno.EBADF


SIZES = [(4, 4, 0), (4, 8, 4), (8, 4, 4), (0, 0, 4096), (0, 0, 4000), (4, 16, 4), (4, 12, 4), (4, 8, 0), (4, 1024, 4), (0, 4, 1)]
KINDS = ["PROG_ARRAY", "PERF_EVENT_ARRAY", "STACK_TRACE", "USER_RINGBUF", "CGROUP_ARRAY", "DEVMAP", "CPUMAP"]


def create(backend, spec):
    backend.create_map(spec, ObjectSpec("o")).close()


@pytest.mark.needs_kernel
@pytest.mark.parametrize("kind", KINDS)
def test_sizes_are_refused_alike(kind):
    found = []
    for name in ("engine", "kernel"):
        backend = backend_of(name)
        specs = [MapSpec("m", getattr(bpf, f"BPF_MAP_TYPE_{kind}"), *sizes) for sizes in SIZES]
        found.append(errors([(create, backend, spec) for spec in specs]))
    assert found[0] == found[1]


# Buffers


def test_perf_events():
    backend = EngineBackend()
    text = """
        r6 = r1
        r1 = 0x1122334455667788 ll
        *(u64 *)(r10 - 8) = r1
        r1 = r6
        r2 = events@map
        r3 = {flags} ll
        r4 = r10
        r4 += -8
        r5 = {size}
        call bpf_perf_event_output
        exit
    """
    events = MapSpec("events", bpf.BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 2)
    for flags, size, want in ((0xFFFFFFFF, 8, 0), (0, 3, 0), (1, 8, -errno.EOPNOTSUPP), (5, 8, -errno.E2BIG),
                              (1 << 60, 8, -errno.EINVAL)):  # fmt: skip
        program, live = load(backend, text.format(flags=flags, size=size), RAW_TP, [events])
        assert backend.test_run(program, Run(ctx=bytes(16))).retval == want & 0xFFFF_FFFF
        records = live["events"].drain()
        assert records == ([number(0x1122334455667788, 8)[:size]] if want == 0 else [])
    program, live = load(backend, text.format(flags=3 << 32, size=8), TC, [events])
    backend.test_run(program, Run(data=b"abcdef" + bytes(60)))
    backend.wait(0)
    assert live["events"].drain() == [number(0x1122334455667788, 8) + b"abc"]
    program, live = load(backend, text.format(flags=0, size=8), RAW_TP, [events])
    for _ in range(20_000):
        backend.test_run(program, Run(ctx=bytes(16)))
        if live["events"].lost:
            break
    assert live["events"].lost == 1 and len(live["events"].drain(5)) == 5


DRAIN = """
    r1 = samples@map
    lddw r2, code_addr(each)
    r3 = r10
    r3 += -8
    *(u64 *)(r10 - 8) = 0
    r4 = 0
    call bpf_user_ringbuf_drain
    r7 = out@value
    *(u64 *)(r7 + 0) = r0
    r1 = *(u64 *)(r10 - 8)
    *(u64 *)(r7 + 8) = r1
    r0 = 0
    exit
each:
    r6 = r2
    r3 = r1
    *(u64 *)(r10 - 8) = 0
    r1 = r10
    r1 += -8
    r2 = 4
    r4 = 0
    r5 = 0
    call bpf_dynptr_read
    r1 = *(u64 *)(r10 - 8)
    r2 = *(u64 *)(r6 + 0)
    r2 += r1
    *(u64 *)(r6 + 0) = r2
    r0 = 0
    if r1 != 3 goto on
    r0 = 1
on:
    exit
"""


def test_samples_of_user_space():
    backend = EngineBackend()
    samples = MapSpec("samples", bpf.BPF_MAP_TYPE_USER_RINGBUF, 0, 0, 4096)
    program, live = load(backend, DRAIN, RAW_TP, [samples])
    for n in (1, 2, 3, 4):
        live["samples"].push(number(n))
    for want in ((3, 6), (1, 4), (0, 0)):
        backend.test_run(program, Run(ctx=bytes(16)))
        out = live["out"].lookup(bytes(4))
        assert (int.from_bytes(out[:8], "little"), int.from_bytes(out[8:16], "little")) == want
    assert errors([(live["samples"].push, bytes(5000))]) == [errno.E2BIG]
    fill = [(live["samples"].push, bytes(1000))] * 5
    assert errors(fill) == [0, 0, 0, 0, errno.ENOSPC]


def test_stack_traces():
    backend = EngineBackend()
    text = "r2 = stacks@map\nr3 = {flags}\ncall bpf_get_stackid\nexit"
    stacks = MapSpec("stacks", bpf.BPF_MAP_TYPE_STACK_TRACE, 4, 24, 8)
    program, live = load(backend, text.format(flags=0x101), RAW_TP, [stacks])
    assert backend.test_run(program, Run(ctx=bytes(16))).retval == -errno.EFAULT & 0xFFFF_FFFF
    task = TaskContext(stack=lambda is_user: [10, 20, 30] if is_user else [])
    first = backend.test_run(program, Run(ctx=bytes(16)), task).retval
    assert first == backend.test_run(program, Run(ctx=bytes(16)), task).retval
    assert live["stacks"].lookup(number(first)) == b"".join(number(n, 8) for n in (20, 30, 0))
    assert list(live["stacks"].items()) == [(number(first), live["stacks"].lookup(number(first)))]
    assert live["stacks"].delete(number(first)) and live["stacks"].lookup(number(first)) is None
    program, _ = load(backend, text.format(flags=1 << 20), RAW_TP, [stacks])
    assert backend.test_run(program, Run(ctx=bytes(16)), task).retval == -errno.EINVAL & 0xFFFF_FFFF


def test_storage_of_tasks():
    backend = EngineBackend()
    text = """
        call bpf_get_current_task_btf
        r1 = marks@map
        r2 = r0
        r3 = 0
        r4 = {flags}
        call bpf_task_storage_get
        if r0 == 0 goto none
        r1 = *(u64 *)(r0 + 0)
        r1 += 1
        *(u64 *)(r0 + 0) = r1
        r0 = r1
    none:
        exit
    """
    marks = MapSpec("marks", bpf.BPF_MAP_TYPE_TASK_STORAGE, 4, 8, 0, bpf.BPF_F_NO_PREALLOC)
    program, live = load(backend, text.format(flags=1), RAW_TP, [marks])

    def run(pid):
        return backend.test_run(program, Run(ctx=bytes(16)), TaskContext(pid=pid)).retval

    assert [run(1), run(1), run(2), run(1)] == [1, 2, 1, 3]
    looking, _ = load(backend, text.format(flags=0), RAW_TP, [marks])
    assert backend.test_run(looking, Run(ctx=bytes(16))).retval == 0
    me = os.pidfd_open(os.getpid())
    try:
        assert live["marks"].lookup(number(me)) is None
        run(os.getpid())
        assert live["marks"].lookup(number(me)) == number(1, 8)
        live["marks"].update(number(me), number(40, 8))
        assert run(os.getpid()) == 41
        assert live["marks"].delete(number(me)) and not live["marks"].delete(number(me))
    finally:
        os.close(me)
    assert errors([(live["marks"].lookup, number(9999))]) == [errno.EBADF]


# Locks and timers in values


def value_btf(*fields):
    """Return (BTF, id of a struct with these system fields at 0, 16, … and a u64 `n` at the end)."""
    btf = BtfBuilder()
    word, long = btf.add_int("u32", 4), btf.add_int("u64", 8)
    sizes = {"bpf_spin_lock": 4, "bpf_timer": 16}
    pair = btf.add_array(long, 2, word)
    members = {"bpf_spin_lock": [Member("val", word, 0)], "bpf_timer": [Member("__opaque", pair, 0)]}
    own = [Member(f"f{i}", btf.add_struct(f, sizes[f], members[f]), 128 * i) for i, f in enumerate(fields)]
    own.append(Member("n", long, 128 * len(fields)))
    id = btf.add_struct("value", 16 * len(fields) + 8, own)
    return btf.encode(), word, id


@pytest.mark.needs_kernel
@pytest.mark.parametrize("kind", [bpf.BPF_MAP_TYPE_ARRAY, bpf.BPF_MAP_TYPE_HASH])
def test_locks_are_not_part_of_the_value(kind):
    text = """
        *(u32 *)(r10 - 4) = 0
        r1 = locked@map
        r2 = r10
        r2 += -4
        call bpf_map_lookup_elem
        if r0 == 0 goto none
        r6 = r0
        r1 = r6
        call bpf_spin_lock
        r7 = *(u64 *)(r6 + 16)
        r7 += 1
        *(u64 *)(r6 + 16) = r7
        r1 = r6
        call bpf_spin_unlock
        r7 = out@value
        r1 = *(u64 *)(r6 + 16)
        *(u64 *)(r7 + 0) = r1
    none:
        r0 = 0
        exit
    """
    btf, key, value = value_btf("bpf_spin_lock")
    found = []
    for name in ("engine", "kernel"):
        backend = backend_of(name)
        spec = MapSpec("locked", kind, 4, 24, 2, key_type_id=key, value_type_id=value)
        program, live = load(backend, text, TC, [spec], btf=btf)
        m = live["locked"]
        refusals = errors([
            (m.update, number(0), b"\xff" * 16 + number(7, 8)),
            (m.update, number(0), b"\xff" * 16 + number(8, 8), bpf.BPF_F_LOCK),
            (m.update, number(0), b"\xff" * 16 + number(9, 8), 8),
        ])  # fmt: skip
        backend.test_run(program, Run(data=bytes(40)))
        found.append((refusals, m.lookup(number(0)), live["out"].lookup(bytes(4))))
    assert found[0] == found[1]
    assert found[0][1][:4] == bytes(4)


START = """
    *(u32 *)(r10 - 4) = 0
    r1 = timers@map
    r2 = r10
    r2 += -4
    call bpf_map_lookup_elem
    if r0 == 0 goto none
    r6 = r0
    r7 = out@value
    r1 = r6
    r2 = 0
    r3 = 0
    call bpf_timer_start
    *(u32 *)(r7 + 0) = r0
    r1 = r6
    r2 = timers@map
    r3 = 99
    call bpf_timer_init
    *(u32 *)(r7 + 4) = r0
    r1 = r6
    r2 = timers@map
    r3 = 1
    call bpf_timer_init
    *(u32 *)(r7 + 8) = r0
    r1 = r6
    r2 = timers@map
    r3 = 1
    call bpf_timer_init
    *(u32 *)(r7 + 12) = r0
    r1 = r6
    r2 = 0
    r3 = 0
    call bpf_timer_start
    *(u32 *)(r7 + 16) = r0
    r1 = r6
    lddw r2, code_addr(ring)
    call bpf_timer_set_callback
    *(u32 *)(r7 + 20) = r0
    r1 = r6
    r2 = 0
    r3 = 8
    call bpf_timer_start
    *(u32 *)(r7 + 24) = r0
    r1 = r6
    r2 = {ns} ll
    r3 = 0
    call bpf_timer_start
    *(u32 *)(r7 + 28) = r0
none:
    r0 = 0
    exit
ring:
    r1 = *(u64 *)(r3 + 16)
    r1 += 1
    *(u64 *)(r3 + 16) = r1
    r0 = 0
    exit
"""


@pytest.mark.needs_kernel
def test_timers_fire_alike():
    import time

    btf, key, value = value_btf("bpf_timer")
    found = []
    for name in ("engine", "kernel"):
        backend = backend_of(name)
        spec = MapSpec("timers", bpf.BPF_MAP_TYPE_ARRAY, 4, 24, 1, key_type_id=key, value_type_id=value)
        program, live = load(backend, START.format(ns=0), TC, [spec], btf=btf)
        backend.test_run(program, Run(data=bytes(40)))
        deadline = time.monotonic() + 5
        while not any(live["timers"].lookup(bytes(4))) and time.monotonic() < deadline:
            time.sleep(0.01)
        found.append((live["timers"].lookup(bytes(4)), live["out"].lookup(bytes(4))))
        for m in live.values():
            m.close()
    assert found[0] == found[1]
    assert found[0][0] == bytes(16) + number(1, 8)


def test_timers_wait_for_the_clock():
    btf, key, value = value_btf("bpf_timer")
    backend = EngineBackend()
    spec = MapSpec("timers", bpf.BPF_MAP_TYPE_ARRAY, 4, 24, 1, key_type_id=key, value_type_id=value)
    program, live = load(backend, START.format(ns=1000), TC, [spec], btf=btf)
    now = [0]
    task = TaskContext(ktime_ns=lambda: now[0])
    backend.test_run(program, Run(data=bytes(40)), task)
    for now[0], fired in ((999, 0), (1000, 1), (5000, 1)):
        backend.run_timers()
        assert live["timers"].lookup(bytes(4))[16:] == number(fired, 8)


def test_programs_cannot_look_into_some_maps():
    text = "*(u32 *)(r10 - 4) = 0\nr1 = m@map\nr2 = r10\nr2 += -4\ncall bpf_map_{call}_elem\nexit"
    for kind in ("PERF_EVENT_ARRAY", "PROG_ARRAY", "CGROUP_ARRAY"):
        spec = MapSpec("m", getattr(bpf, f"BPF_MAP_TYPE_{kind}"), 4, 4, 1)
        with pytest.raises(ExecutionError, match="cannot look into map 'm'"):
            outcome(EngineBackend(), text.format(call="lookup"), RAW_TP, [spec], ctx=bytes(16))
    with pytest.raises(ExecutionError, match="for user space to write to"):
        outcome(EngineBackend(), text.format(call="delete"), RAW_TP, [MapSpec("m", 3, 4, 4, 1)], ctx=bytes(16))


@pytest.mark.needs_kernel
def test_values_of_other_cpus():
    counts = MapSpec("counts", bpf.BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 1)
    text = """
        r7 = out@value
        *(u32 *)(r10 - 4) = {key}
        r1 = counts@map
        r2 = r10
        r2 += -4
        r3 = {cpu}
        call bpf_map_lookup_percpu_elem
        if r0 == 0 goto none
        r1 = *(u64 *)(r0 + 0)
        *(u64 *)(r7 + 0) = r1
        *(u64 *)(r7 + 8) = 1
    none:
        r0 = 0
        exit
    """

    def fill(live):
        cpus = live["counts"].cpus
        live["counts"].update(bytes(4), b"".join(number(10 + i, 8) for i in range(cpus)))

    for key, cpu in ((0, 0), (0, 1), (1, 0), (0, 100_000)):
        same(text.format(key=key, cpu=cpu), TC, maps=[counts], data=bytes(40), before=fill)

"""Perf events and stacks, on children of the test."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time

import pytest

import ebee
import kernel_features
from ebee import Hash, List, RingBuf, StackTrace, Struct, s32, u32, u64
from ebee.errors import NotSupported, UsageError

pytestmark = pytest.mark.needs_kernel

BUSY = "import time\nend = time.process_time() + {s}\nwhile time.process_time() < end: pass"


def busy(seconds=0.4):
    return [sys.executable, "-S", "-c", BUSY.format(s=seconds)]


counts = Hash(u64, u64)
stacks = StackTrace(depth=32, max_entries=4096)
by_stack = Hash(s32, u64)


@ebee.profile(hz=499)
def sample(ctx):
    counts[ebee.pid()] += 1
    counts[0] += ctx.ip != 0 and ctx.sp != 0
    counts[1] += ctx.sample_period > 0


@pytest.mark.vm
def test_a_command_and_its_descendants_are_sampled():
    argv = ["sh", "-c", f"exec {sys.executable} -S -c 'import os, time\npid = os.fork()\n{BUSY.format(s=0.3)}'"]
    with ebee.Session(backend="kernel") as session, session.attach(sample, command=argv) as attached:
        assert attached.wait() == 0
        got = dict(counts.items())
    pids = {pid: n for pid, n in got.items() if pid > 1}
    assert len(pids) == 2 and attached.command.pid in pids and os.getpid() not in pids
    assert all(n > 20 for n in pids.values()), pids
    assert got[0] == got[1] == sum(pids.values())


@pytest.mark.vm
def test_a_process_and_nobody_else_is_sampled():
    one, other = subprocess.Popen(busy(1)), subprocess.Popen(busy(1))
    try:
        with ebee.Session(backend="kernel") as session, session.attach(sample, pid=one.pid):
            time.sleep(0.6)
            assert set(counts) == {0, 1, one.pid} and counts[one.pid] > 10
            with pytest.raises(UsageError, match="or at a command"):
                session.attach(sample, pid=one.pid, command=["true"])
    finally:
        for process in (one, other):
            process.kill()
            process.wait()


def test_threads_that_are_there_and_that_come_are_sampled():
    code = (
        "import sys, threading, time\n"
        "def work():\n    end = time.monotonic() + 1\n    while time.monotonic() < end: sum(range(10000))\n"
        "one = threading.Thread(target=lambda: (sys.stdin.read(1), work()))\none.start()\nprint('x', flush=True)\n"
        "one.join(0.2)\ntwo = threading.Thread(target=work)\ntwo.start()\none.join()\ntwo.join()"
    )

    @ebee.profile(hz=499)
    def by_thread(ctx):
        counts[ebee.tid()] += 1

    argv = [sys.executable, "-S", "-c", code]
    child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    child.stdout.read(1)
    try:
        with ebee.Session(backend="kernel") as session, session.attach(by_thread, pid=child.pid):
            child.communicate(b"x")
            assert len({tid for tid, n in counts.items() if n > 5} - {child.pid}) == 2
    finally:
        child.kill()
        child.wait()


@ebee.perf_event("page-faults")
def fault(ctx):
    counts[ctx.addr >> 12] += 1


@pytest.mark.vm
def test_page_faults_have_their_address():
    code = "import mmap\nm = mmap.mmap(-1, 4096 * 300)\nfor i in range(300): m[4096 * i] = 1"
    with ebee.Session(backend="kernel") as session:
        with session.attach(fault, command=[sys.executable, "-S", "-c", code]) as attached:
            assert attached.wait() == 0
        pages = set(counts)
    assert any(pages >= set(range(page, page + 250)) for page in pages)


class Trace(Struct):
    pid: u32
    user: list[int] = List(u64, 16)
    kernel: list[int] = List(u64, 16)


traces = RingBuf(Trace, size="64K")


GETPPID = {"x86_64": 110, "aarch64": 173}.get(platform.machine(), -1)


@ebee.raw_tracepoint("sys_enter")  # at the tracepoint of the call itself kernels before 6.13 have no stack of their own
def on_getppid(id):
    if id != GETPPID:
        return
    kernel = ebee.stack_id(stacks)
    user = ebee.stack_id(stacks, user=True)
    by_stack[kernel] += 1
    by_stack[user] += 1
    with traces.reserve() as e:
        e.pid = ebee.pid()
        e.user = ebee.user_stack()
        e.kernel = ebee.kernel_stack()


@pytest.mark.vm
def test_stacks_by_number_and_by_value(tmp_path):
    copy = tmp_path / "maps"
    code = "import os, sys\nopen(sys.argv[1], 'w').write(open('/proc/self/maps').read())\n[os.getppid() for _ in 'abc']"
    argv = [sys.executable, "-S", "-c", code, str(copy)]
    with ebee.Session(backend="kernel") as session, session.attach(on_getppid, command=argv) as attached:
        assert attached.wait() == 0
        rows = [line.split() for line in copy.read_text().splitlines()]
        mapped = [tuple(int(n, 16) for n in row[0].split("-")) for row in rows if "x" in row[1]]
        seen = traces.drain()[-3:]
        kept = {number: stacks[number] for number in by_stack}
        assert not attached.losses and len(seen) == 3
    user = [e.user[0] for e in seen]
    assert all(any(start <= ip < end for start, end in mapped) for ip in user) and len(set(user)) == 1
    for e in seen:
        for frames, own in ((e.user, 0), (e.kernel, 2)):  # the program itself is among the kernel's: another place in it
            known = [ip for ip in frames if ip]
            assert len(known) > own and frames[: len(known)] == known
            assert any(set(known[own:]) <= set(whole) for whole in kept.values())
        assert e.kernel[0] >> 63 and not e.user[0] >> 63
    assert stacks.kind == "StackTrace" and all(kept.values())


def test_numbers_of_stacks_that_are_not_there():
    with ebee.Session(backend="kernel") as session, session.attach(on_getppid, command=["true"]) as attached:
        attached.wait()
        assert stacks[-14] == [] and stacks[4095] == []
        with pytest.raises(TypeError, match="by probes only"):
            stacks[1] = [1]
        stacks.clear()


def test_a_stack_whose_place_is_taken_is_lost_and_counted():
    few = StackTrace(max_entries=1)

    @ebee.raw_tracepoint("sys_enter")
    def both(id):
        if id != GETPPID:
            return
        counts[0] += ebee.stack_id(few) >= 0
        counts[1] += ebee.stack_id(few, user=True, skip=0) >= 0

    argv = [sys.executable, "-S", "-c", "import os; os.getppid()"]
    lost = []
    session = ebee.Session(backend="kernel")
    with session, session.attach(both, command=argv, on_loss=lost.extend) as attached:
        attached.wait()
        assert (counts[0], counts[1]) == (1, 0)
    assert [(loss.kind, loss.what, loss.count) for loss in lost] == [("stack_lost", "few", 1)]
    assert "another had its place in 'few'" in str(lost[0])


def test_what_this_machine_does_not_count_is_said():
    @ebee.perf_event("cache-misses", period=1000)
    def misses(ctx):
        counts[0] += 1

    with ebee.Session(backend="kernel") as session:
        try:
            session.attach(misses, command=["true"]).wait()
        except NotSupported as e:
            assert "cache-misses" in str(e) and "does not count" in e.hint


def test_what_is_refused():
    for declare, words in [
        (lambda: ebee.perf_event("cpu-clok", freq=1), "no perf event 'cpu-clok'"),
        (lambda: ebee.perf_event("page-faults", freq=1, period=1), "not both"),
        (lambda: ebee.perf_event("cpu-clock"), "counts nanoseconds"),
        (lambda: ebee.profile(hz=0), "from 1 to 100000"),
        (lambda: ebee.interval(0), "at least 0.0001"),
        (lambda: StackTrace(depth=200), "from 1 to 127"),
    ]:
        with pytest.raises(UsageError, match=words):
            declare()
    with ebee.Session(backend="kernel") as session, pytest.raises(UsageError, match="no process 4194303"):
        session.attach(sample, pid=4194303)
    with ebee.Session(backend="engine") as session, pytest.raises(NotSupported, match="in the engine"):
        session.attach(sample, command=["true"])


def test_a_control_group_is_sampled():
    from ebee.sys.cgroups import cgroup_root

    root = cgroup_root()
    group = os.path.join(root, f"ebee-samples-{os.getpid()}")
    try:
        os.mkdir(group)
    except OSError:
        pytest.skip("control groups cannot be made here")
    try:
        with ebee.Session(backend="kernel") as session:
            try:
                attached = session.attach(sample, cgroup=group)
            except ebee.EbeeError as e:
                pytest.skip(f"perf events of control groups are not to be had here: {e}")
            with attached:
                join = f"echo $$ > {group}/cgroup.procs; exec {sys.executable} -S -c '{BUSY.format(s=0.3)}'"
                child = subprocess.Popen(["sh", "-c", join])
                other = subprocess.Popen(busy(0.3))
                assert child.wait() == 0 and other.wait() == 0
                assert counts[child.pid] > 10 and other.pid not in counts
    finally:
        os.rmdir(group)


@pytest.mark.vm
@pytest.mark.skipif(not kernel_features.in_guest(), reason="it acts on a whole machine, so on one of its own")
def test_a_machine_is_sampled_and_an_interval_ticks():
    ticks = Hash(u32, u64)

    @ebee.interval(0.02)
    def tick(ctx):
        ticks[0] += 1
        ticks[1 + ebee.cpu()] += 1

    children = [subprocess.Popen(busy(2)) for _ in range(2)]
    try:
        with ebee.Session(backend="kernel") as session, session.attach(tick, sample):
            time.sleep(1)
            assert 10 < ticks[0] <= 60 and len(ticks) == 2
            assert {child.pid for child in children} <= set(counts)
    finally:
        for child in children:
            child.kill()
            child.wait()


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("page-faults", (1, 2)), ("cycles", (0, 0)), ("r01c2", (4, 0x1C2)), ("rFF", (4, 255)), ("L1-dcache-loads", (3, 0)),
        ("LLC-load-misses", (3, 2 | 1 << 16)), ("dTLB-stores", (3, 3 | 1 << 8)), ("node-prefetch-misses", (3, 0x10206)),
        ("r", None), ("rxyz", None), ("LLC", None), ("L2-loads", None), ("r" + "1" * 17, None),
    ],
)  # fmt: skip
def test_events_by_name(name, event):
    from ebee.abi.perf_events import find_event

    assert find_event(name) == event


def test_events_on_one_cpu():
    cpu = sorted(os.sched_getaffinity(0))[-1]

    @ebee.perf_event("page-faults", cpu=cpu)
    def fault(ctx):
        counts[2 + ebee.cpu()] += 1

    with ebee.Session(backend="kernel") as session:
        with session.attach(fault, command=["taskset", "-c", str(cpu), "true"]) as attached:
            attached.wait()
        assert counts[2 + cpu] > 10
        assert [key for key in counts if key >= 2] == [2 + cpu]

    @ebee.profile(hz=99, cpu=8000)
    def nowhere(ctx):
        counts[2] += 1

    with ebee.Session(backend="kernel") as session, pytest.raises(UsageError, match="there is no CPU 8000"):
        session.attach(nowhere, command=["true"])
    with pytest.raises(UsageError, match="cpu= is a number from 0 to 8191"):
        ebee.profile(cpu=-1)
    with pytest.raises(UsageError, match="there is no perf event 'LLC'"):
        ebee.perf_event("LLC")

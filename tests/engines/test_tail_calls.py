"""Tail calls from probes: programs go on with others, which are put in before and after; engine and kernel."""

import pytest

import ebee
from ebee import XDP_DROP, XDP_PASS, XDP_TX, Array, Hash, ProgArray, RingBuf, Struct, u32, u64
from ebee.errors import CompileError, UsageError

BACKENDS = ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)]

stages = ProgArray(max_entries=4)
seen = Array(u64, max_entries=8)
counts = Hash(u32, u64)


class Rec(Struct):
    n: u64


ring = RingBuf(Rec)


def go(pkt, index):
    stages.call(pkt, index)
    seen[6] += 1


@ebee.xdp
def first(pkt):
    seen[0] += 1
    with ring.reserve() as r:
        r.n = 7
    stages.call(pkt, u32(len(pkt) - 60))
    seen[1] += 1
    go(pkt, 2)
    return XDP_DROP


@ebee.xdp
def second(pkt):
    seen[2] += 1
    assert len(pkt) != 61
    return XDP_TX


@ebee.xdp
def endless(pkt):
    seen[3] += 1
    stages.call(pkt, 3)
    return XDP_PASS


@pytest.fixture(autouse=True)
def empty():
    yield
    for i in range(4):
        if i in stages:
            del stages[i]


def run(session, length):
    return session.run(first, packet=bytes(length)).retval


@pytest.mark.parametrize("backend", BACKENDS)
def test_programs_go_on_with_others(backend):
    stages[0] = second  # before anything is live
    with ebee.Session(backend=backend) as session:
        assert run(session, 60) == XDP_TX
        assert [seen[i] for i in range(3)] == [1, 0, 1]
        assert run(session, 62) == XDP_DROP  # nothing there: it goes on, with place 2 where nothing is either
        assert [seen[i] for i in (0, 1, 2, 6)] == [2, 1, 1, 1]
        assert run(session, 100) == XDP_DROP  # no such place
        stages[2] = second
        assert run(session, 62) == XDP_TX
        assert run(session, 100) == XDP_TX and seen[1] == 3
        del stages[2]
        assert run(session, 62) == XDP_DROP
        assert len(stages) == 4 and 0 in stages and 2 not in stages
        assert [r.n for r in ring.drain()] == [7] * 6


@pytest.mark.parametrize("backend", BACKENDS)
def test_33_calls_one_after_the_other(backend):
    stages[3] = endless
    with ebee.Session(backend=backend) as session:
        assert run(session, 63) == XDP_PASS
        assert seen[3] == 33


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_the_others_lose_is_counted(backend):
    stages[1] = second
    with ebee.Session(backend=backend) as session:
        run(session, 61)
        (loss,) = session.losses()
        assert (loss.kind, loss.count) == ("assertion", 1)
        loaded = session._loaded[(first,)]
        assert loaded.losses() == [loss] and loaded.own_losses() == []


@ebee.socket_filter
def of_another_kind(skb):
    return 0


@pytest.mark.parametrize("backend", BACKENDS)
def test_programs_of_another_kind_are_refused(backend):
    with ebee.Session(backend=backend) as session:
        run(session, 60)
        with pytest.raises(UsageError, match="are of another kind"):
            stages[0] = of_another_kind


def test_places_and_programs_are_checked():
    with pytest.raises(IndexError, match="places 0 to 3"):
        stages[4] = second
    with pytest.raises(UsageError, match="takes probes"):
        stages[0] = len
    with pytest.raises(KeyError):
        del stages[0]
    with pytest.raises(UsageError, match="means something only inside a probe"):
        stages.call(None, 0)


@ebee.xdp
def refused(pkt):
    stages.call(5, 0)
    stages.call(pkt, -1)
    with ring.reserve() as r:
        stages.call(pkt, r.n)
    for k in counts:
        stages.call(k, k)
    seen[0] = stages[0]
    return XDP_PASS


@ebee.tracepoint("syscalls:sys_enter_*")
def of_system_calls(ctx):
    stages.call(ctx, 0)


@ebee.raw_tracepoint("sys_enter")
def in_a_body(ctx):
    for k in counts:
        stages.call(ctx, k)


@ebee.subprogram
def apart(c):
    stages.call(c, 0)


@ebee.raw_tracepoint("sys_enter")
def in_a_subprogram(ctx):
    apart(ctx)


def test_refused():
    with ebee.Session(backend="engine") as session:
        with pytest.raises(CompileError) as caught:
            session.run(refused)
        assert [d.message for d in caught.value.diagnostics] == [
            "call() takes the probe's context, not 5",
            "-1 does not fit in the index of call() (u32)",
            "a record is still open here, and may not be submitted again",
            "call() takes the probe's context, not u32",
            "the map stages cannot be indexed in a probe",
        ]
        with pytest.raises(CompileError, match="cannot hand on its context"):
            session.run(of_system_calls)
        for probe in (in_a_body, in_a_subprogram):
            with pytest.raises(CompileError, match="from here no other program can be called"):
                session.run(probe)


opened = ProgArray(max_entries=2)
opens = Array(u64, max_entries=4)


@ebee.tracepoint("syscalls:sys_enter_openat")
def on_open(ctx):
    opens[0] += 1
    opened.call(ctx, 1)
    opens[1] += 1


@ebee.tracepoint("syscalls:sys_enter_openat")
def goes_on(ctx):
    opens[2] += 1
    opens[3] = ctx.dfd & 0xFFFF_FFFF
    assert ctx.flags != 0x123


@ebee.tracepoint("syscalls:sys_enter_open*")
def on_opens(ctx):
    opens[2] += 1


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("is_attached", [False, True])
def test_tracepoints_of_system_calls(backend, is_attached):
    with ebee.Session(backend=backend) as session:
        try:
            if not is_attached:
                opened[1] = goes_on
            with session.attach(on_open, command=["cat", "/dev/null"]) as attached:
                attached.wait()
            if not is_attached:
                assert opens[0] == opens[2] > 0 and opens[1] == 0 and opens[3] == 0xFFFF_FF9C
                return
            assert opens[0] == opens[1] > 0
            with session.attach(goes_on, command=["cat", "/dev/null"]) as attached:  # alone: on the raw tracepoint
                attached.wait()
            seen = opens[2]
            assert seen > 0
            opened[1] = goes_on
            with session.attach(on_open, command=["cat", "/dev/null"]) as attached:
                attached.wait()
            assert opens[0] == 2 * opens[1] and opens[2] == 2 * seen
        finally:
            if 1 in opened:
                del opened[1]


@pytest.mark.needs_kernel
def test_patterns_are_not_called():
    with ebee.Session(backend="kernel") as session:
        program = session.load(on_opens).programs["on_opens"]
        with pytest.raises(UsageError, match="is for many system calls"):
            program.called_fd()

"""Arrays of numbers in the records of tracepoints, in the engine and in the kernel."""

from __future__ import annotations

import sys

import pytest

import ebee
from ebee import Hash, List, RingBuf, Struct, s64, u64
from ebee.errors import CompileError, NotSupported

BACKENDS = ["engine", pytest.param("kernel", marks=[pytest.mark.needs_kernel, pytest.mark.vm])]


class Call(Struct):
    id: s64
    third: u64
    last: u64
    args: list[int] = List(u64, 6)


calls = RingBuf(Call, size="256K")
sums = Hash(u64, u64)
MARK = 0x1234_5678_9ABC


@ebee.tracepoint("raw_syscalls:sys_enter")
def on_any(ctx):
    if ctx.args[1] != MARK:
        return
    total = 0
    for number in ctx.args:
        total += number & 0xFFFF
    sums[0] = u64(total)
    sums[1] = len(ctx.args)
    with calls.reserve() as e:
        e.id = ctx.id
        e.third = ctx.args[2]
        e.last = ctx.args[-1]
        e.args = ctx.args


@pytest.mark.needs_ptrace
@pytest.mark.parametrize("backend", BACKENDS)
def test_arguments_of_every_system_call(backend):
    code = f"import ctypes\nctypes.CDLL(None).syscall(28, 11, ctypes.c_long({MARK}), 3, 4, 5, ctypes.c_long(-6))"
    with ebee.Session(backend=backend) as session, session.attach(on_any, command=[sys.executable, "-c", code]):
        (call,) = list(calls)
        assert call.args == [11, MARK, 3, 4, 5, (1 << 64) - 6]
        assert (call.id, call.third, call.last) == (28, 3, (1 << 64) - 6)
        assert (sums[0], sums[1]) == (11 + (MARK & 0xFFFF) + 12 + 0xFFFA, 6)


def test_what_is_refused():
    @ebee.tracepoint("raw_syscalls:sys_enter")
    def assigns(ctx):
        ctx.args[0] = 1

    @ebee.tracepoint("raw_syscalls:sys_enter")
    def outside(ctx):
        sums[0] = ctx.args[6]

    @ebee.tracepoint("sched:sched_*")
    def pattern(ctx):
        sums[0] = 1

    @ebee.tracepoint("syscalls:sys_enter_no*such")
    def no_call(ctx):
        sums[0] = 1

    @ebee.tracepoint("syscalls:sys_enter_*")
    def no_field(ctx):
        sums[0] = ctx.fd

    @ebee.tracepoint("syscalls:sys_exit_*")
    def no_args(ctx):
        sums[0] = ctx.args[0]

    for probe, words in [
        (assigns, "is in a copy"), (outside, "has 6 elements"), (pattern, "patterns are for system calls"),
        (no_call, "no system call that 'no*such' fits"), (no_field, "has no field 'fd'"), (no_args, "has no field 'args'"),
    ]:  # fmt: skip
        with pytest.raises(CompileError, match=words.replace("*", r"\*")):
            ebee.compile(probe)


counts = Hash(u64, u64)


@ebee.tracepoint("syscalls:sys_enter_f*sync")
def some(ctx):
    counts[ctx.id] += 1
    sums[u64(ctx.id)] = u64(ctx.fd) + ctx.args[0]


@ebee.tracepoint("syscalls:sys_exit_*")
def ends(ctx):
    if ctx.ret == -9:
        sums[1000 + u64(ctx.id)] += 1


@ebee.tracepoint("syscalls:sys_enter_*")
def every(ctx):
    counts[10_000] += 1


@pytest.mark.needs_ptrace
@pytest.mark.parametrize("backend", BACKENDS)
def test_many_system_calls_in_one_program(backend):
    from ebee.abi.syscalls import SYSCALLS
    from ebee.api.backends import host_arch

    fsync, fdatasync = (SYSCALLS[host_arch()][name] for name in ("fsync", "fdatasync"))
    code = "import os\nfor call in (os.fsync, os.fdatasync, os.fdatasync):\n    try: call(777)\n    except OSError: pass"
    probes = (some, ends, every)
    with ebee.Session(backend=backend) as session:
        with session.attach(*probes, command=[sys.executable, "-S", "-c", code]) as attached:
            assert attached.wait() == 0
        got = dict(counts.items())
        assert {fsync: got.pop(fsync), fdatasync: got.pop(fdatasync)} == {fsync: 1, fdatasync: 2}
        assert set(got) == {10_000} and got[10_000] > 50
        assert sums[fsync] == sums[fdatasync] == 2 * 777
        assert sums[1000 + fsync] == 1 and sums[1000 + fdatasync] == 2


@pytest.mark.needs_kernel
def test_it_is_attached_and_detached_at_once():
    import time

    start = time.perf_counter()
    with ebee.Session(backend="kernel") as session, session.attach(every, command=["true"]) as attached:
        attached.wait()
    assert time.perf_counter() - start < 2  # 360 perf events take 25 s to detach


@pytest.mark.needs_kernel
def test_stacks_of_many_system_calls_are_refused():
    stacks = ebee.StackTrace()

    @ebee.tracepoint("syscalls:sys_enter_f*sync")
    def with_stack(ctx):
        counts[ctx.id] += ebee.stack_id(stacks) > 0

    with ebee.Session(backend="kernel") as session, pytest.raises(NotSupported, match="with_stack") as e:
        session.attach(with_stack, command=["true"])
    assert "no stacks" in e.value.hint

"""Arrays of numbers in the records of tracepoints, in the engine and in the kernel."""

from __future__ import annotations

import sys

import pytest

import ebee
from ebee import Hash, List, RingBuf, Struct, s64, u64
from ebee.errors import CompileError

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

    @ebee.tracepoint("syscalls:sys_enter_*")
    def pattern(ctx):
        sums[0] = 1

    for probe, words in [
        (assigns, "is in a copy"), (outside, "has 6 elements"), (pattern, "name is no pattern: 'syscalls:sys_enter_"),
    ]:  # fmt: skip
        with pytest.raises(CompileError, match=words.replace("*", r"\*")):
            ebee.compile(probe)

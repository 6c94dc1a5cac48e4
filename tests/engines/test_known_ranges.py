"""What the kernel's numbers can be, and differences beside limits."""

from __future__ import annotations

import os

import pytest
from test_python_meaning import make_probe, run_engine, run_engine_often

import ebee
from ebee.errors import CompileError

PRELUDE = """
LIMIT = 0
class Numbers(Struct):
    pid: s32
    tid: s32
    cpu: s32
kept = Hash(u32, Numbers)
def is_long(ns, least=0):
    return ns >= least
"""


@pytest.mark.parametrize("name", ["pid", "tid", "cpu"])
def test_numbers_of_the_kernel_fit_its_int(name):
    body = [f"e = Numbers({name}=ebee.{name}())", "kept[1] = e", f"out[0] = kept[1].{name} == ebee.{name}()"]
    assert run_engine(body, (0,) * 6, prelude=PRELUDE) == ([1] + [0] * 7, 0)


def test_signed_and_unsigned_go_together_with_a_pid():
    body = ["signed = s32(ctx.addr)", "out[0] = ebee.pid() > signed"]
    assert run_engine(body, (2**32 - 5, 0, 0, 0, 0, 0))[0][0] == 1


@pytest.mark.parametrize("test", ["d >= LIMIT", "LIMIT <= d", "is_long(d)", "is_long(d, LIMIT)", "not d < LIMIT"])
def test_a_difference_is_compared_with_a_limit_that_is_zero(test):
    body = ["d = ctx.addr - ctx.len", f"out[0] = {test}"]
    found = run_engine_often(body, [(7, 3, 0, 0, 0, 0), (3, 3, 0, 0, 0, 0)], prelude=PRELUDE)
    assert [values[0] for values, _lost in found] == [1, 1]


@pytest.mark.parametrize("test", ["d < 0", "0 <= d", "d >= u64(0)", "d >= zero", "max(0, d) > 1", "max(LIMIT, d) > 1", "abs(d) > 1"])
def test_whether_a_difference_is_negative_is_refused(test):
    with pytest.raises(CompileError, match="the difference of two unsigned numbers wraps and is never negative"):
        run_engine(["zero = 0", "d = ctx.addr - ctx.len", f"out[0] = {test}"], (0,) * 6, prelude=PRELUDE)


@pytest.mark.needs_kernel
def test_kernel():
    body = [f"if ebee.pid() != {os.getpid()} or ctx.off != 1:", "    return",
            "e = Numbers(pid=ebee.pid(), tid=ebee.tid(), cpu=ebee.cpu())",
            "kept[1] = e", "d = ebee.ktime() - ctx.prot", "if d >= LIMIT:", "    out[0] = u64(kept[1].pid)"]  # fmt: skip
    probe, out = make_probe(body, prelude=PRELUDE)
    with ebee.Session(backend="kernel") as session, session.attach(probe):
        import ctypes

        ctypes.CDLL(None).syscall(9, *[ctypes.c_ulong(0)] * 5, ctypes.c_ulong(1))
        assert out[0] == os.getpid()

"""Objects with functions, callbacks, global variables and atomics run in the engine as in the kernel."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "kernel"))

from built_objects import Built

from ebee.abi.helpers import BPF_FUNC as FUNC
from ebee.engine.backend import EngineBackend
from ebee.ir.core import I64, PTR_ARG
from ebee.kernel.backend import KernelBackend
from ebee.spec.backend import TestRun as Run
from ebee.types.scalars import u64


@pytest.mark.parametrize("backend", [EngineBackend, pytest.param(KernelBackend, marks=pytest.mark.needs_kernel)])
def test_what_a_program_leaves_behind(backend):
    t = Built("xdp")
    t.obj.add_global("limit", u64, ".rodata", b"\5")
    t.obj.add_global("count", u64, ".bss")

    def body(low, index, total):
        low.atomic("add", total, 0, 8, low.call_function("twice", [index]))
        return low.b.const(0)

    t.function_of("twice", [I64], lambda low, n: low.b.op("add", n, n))
    t.function_of("each", [I64, PTR_ARG], body)
    b, low = t.b, t.low
    total = b.alloca(8, 8)
    b.store(total, 0, 8, b.const(0))
    t.out(1, b.call(FUNC.loop, b.const(10), low.function_address("each"), total, b.const(0)))
    t.out(2, b.load(total, 0, 8))
    t.out(3, b.load(low.global_address("limit"), 0, 8))
    t.out(4, low.compare_exchange(low.global_address("out0"), 0, 8, b.const(77), b.const(-2)))
    t.out(5, b.op("load_sx", low.global_address("out0"), off=0, size=4))
    t.out(6, low.atomic("xchg", low.global_address("count"), 0, 8, b.const(3)))
    t.out(7, low.atomic("and", low.global_address("count"), 0, 4, b.const(2), is_fetch=True))
    b.ret(b.const(2))
    spec = t.finish()
    live = backend()
    try:
        maps = {name: live.create_map(m, spec) for name, m in spec.maps.items()}
        result = live.test_run(live.load_program(spec.programs["prog"], spec, maps), Run(data=bytes(64)))
        values = struct.unpack("<8q", maps[".data"].lookup(bytes(4)))
        count = maps[".bss"].lookup(bytes(4))
    finally:
        live.close()
    assert (result.retval, values, count) == (2, (-2, 10, 90, 5, 77, -2, 0, 3), b"\2" + bytes(7))

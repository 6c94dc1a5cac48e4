"""bpftrace's map functions on one processor's entry: a model in Python, the engine and the kernel agree."""

import pytest
from both_backends import kernel
from hypothesis import given, settings
from hypothesis import strategies as st

from ebee.bpftrace.aggregates import add
from ebee.bpftrace.value_types import Avg, Count, Hist, Lhist, Max, Min, Stats, Sum
from ebee.engine.backend import EngineBackend
from ebee.ir.core import PTR_CTX, Function
from ebee.lower.object import ObjectBuilder
from ebee.lower.program import Lowering
from ebee.spec.backend import TestRun as Run
from ebee.types.fields import ListType
from ebee.types.scalars import u64

ALL = (1 << 64) - 1
KINDS = [Count(), Sum(True), Min(True), Min(False), Max(True), Max(False), Avg(True), Stats(False), Hist(0), Hist(2),
         Hist(5), Lhist(0, 10, 2), Lhist(-20, 21, 7)]  # fmt: skip


def bucket(kind, n):
    """The bucket by its words in `value_types`, found by counting up."""
    if isinstance(kind, Lhist):
        return 0 if n < kind.min else kind.buckets - 1 if n >= kind.max else (n - kind.min) // kind.step + 1
    if n < 0:
        return 0
    at, low, width = 1, 0, 1
    while True:
        count = 1 << kind.bits if low else 2 << kind.bits
        if n < low + count * width:
            return at + (n - low) // width
        at, low, width = at + count, low + count * width, width * 2


def expected(kind, numbers):
    signed = [n - (1 << 64) if n >> 63 else n for n in numbers]
    if isinstance(kind, Count):
        return [len(numbers)]
    if isinstance(kind, Hist | Lhist):
        words = [0] * kind.buckets
        for n in signed:
            words[bucket(kind, n)] += 1
        return words
    if isinstance(kind, Min | Max):
        best = (min if isinstance(kind, Min) else max)(signed if kind.signed else numbers)
        return [best & ALL, 1]
    return [sum(numbers) & ALL] + ([] if isinstance(kind, Sum) else [len(numbers)])


def check(backend, kind, numbers):
    obj = ObjectBuilder("test")
    obj.add_global("entry", ListType(u64, kind.size_bytes // 8))
    low = Lowering(obj, Function("program", [PTR_CTX]))
    add(low, low.global_address("entry"), kind, low.b.load(low.ctx, 0, 8))
    low.b.ret(low.b.const(0))
    obj.add_program(low.b.function, "raw_tp/sys_enter")
    spec = obj.finish(backend.target)
    maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
    program = backend.load_program(spec.programs["program"], spec, maps)
    for n in numbers:
        backend.test_run(program, Run(ctx=n.to_bytes(8, "little").ljust(96, b"\0")))
    got = maps[".bss"].lookup(bytes(4))
    assert [int.from_bytes(got[i : i + 8], "little") for i in range(0, kind.size_bytes, 8)] == expected(kind, numbers)


NUMBERS = st.lists(
    st.integers(0, 40) | st.integers(0, ALL) | st.sampled_from([ALL, 1 << 63, (1 << 63) - 1, ALL - 19, ALL - 20])
    | st.integers(0, 63).map(lambda n: 1 << n) | st.integers(0, 63).map(lambda n: (1 << n) - 1),
    min_size=1, max_size=8,
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=repr)
@given(numbers=NUMBERS)
@settings(max_examples=25)
def test_engine(kind, numbers):
    backend = EngineBackend()
    try:
        check(backend, kind, numbers)
    finally:
        backend.close()


@pytest.mark.needs_kernel
@pytest.mark.parametrize("kind", KINDS, ids=repr)
@given(numbers=NUMBERS)
@settings(max_examples=5)
def test_kernel(kind, numbers):
    check(kernel(), kind, numbers)

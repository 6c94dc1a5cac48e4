"""Random programs: what IR means, what the compiled code does in ebee's engine, and what it does in Linux."""

from __future__ import annotations

import os
import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from ir_model import ALL, CTX_BYTES, RandomProgram, evaluate, used_before_written

from ebee.compiler.passes import PASSES, compile_module
from ebee.engine.interpreter import Machine
from ebee.errors import CompileError
from ebee.ir.check import check
from ebee.ir.text import parse_module, print_module
from ebee.isa.encode import encode
from ebee.spec.target import Target
from ebee.sys.bpf import ProgLoad, map_create, prog_test_run

RAW_TRACEPOINT = 17
HELPER = 200  # of the test


def target(*features):
    return Target("test", "x86_64", lambda name: None, lambda: [], frozenset(features))


def helper(a, b, c, d, e):
    return a * 3 + b * 5 + c * 7 + d * 11 + e * 13


def helper_of_engine(_machine, a, b, c, d, e):
    return helper(a, b, c, d, e) & ALL


def inputs_for(seed):
    numbers = random.Random(seed)
    return [bytes(CTX_BYTES), numbers.randbytes(CTX_BYTES), numbers.randbytes(CTX_BYTES)]


def compiled(module, features):
    try:
        return compile_module(module, target(*features), check=True)
    except CompileError as error:
        assert "bytes of stack" in str(error)
        return None


def run_both_ways(program, seed, features):
    text = print_module(program.module)
    module = parse_module(text)
    assert print_module(module) == text
    check(module)
    inputs = inputs_for(seed)
    want = [evaluate(module, module.functions[0], [(bytearray(x), 0)], {HELPER: helper}) for x in inputs]
    code = compiled(module, features)
    assume(code is not None)
    assert len(code.spans) == len(code.insns)
    assert used_before_written(code) is None
    again = compile_module(parse_module(text), target(*features))
    assert again.insns == code.insns
    machine = Machine(helpers={HELPER: helper_of_engine})
    run = machine.load(code.insns)
    got = [run.run(machine.memory.map(bytearray(x), "ctx")) for x in inputs]
    assert got == want, text


FEATURES = st.sampled_from([(), ("v4",)])


@given(st.integers(0, 1 << 32), st.integers(1, 40), FEATURES)
def test_engine(seed, size, features):
    run_both_ways(RandomProgram(seed, size, loops=True, helper=HELPER), seed, features)


@given(st.integers(0, 1 << 32), st.sampled_from([6, 11, 14, 30]), FEATURES)
def test_engine_under_register_pressure(seed, variables, features):
    run_both_ways(RandomProgram(seed, 120, loops=True, helper=HELPER, variables=variables), seed, features)


@given(st.integers(0, 1 << 32), st.integers(1, 80))
def test_each_pass_keeps_the_meaning(seed, size):
    module = RandomProgram(seed, size, loops=True, helper=HELPER).module
    inputs = inputs_for(seed)
    want = [evaluate(module, module.functions[0], [(bytearray(x), 0)], {HELPER: helper}) for x in inputs]
    for run in PASSES:
        for function in module.functions:
            run(function)
        check(module)
        got = [evaluate(module, module.functions[0], [(bytearray(x), 0)], {HELPER: helper}) for x in inputs]
        assert got == want, (run.__name__, print_module(module))


def loaded(code):
    load = ProgLoad(RAW_TRACEPOINT, encode(code.insns), "random", "GPL")
    fd = load.load()
    log = load.load_with_log()[1] if fd < 0 else ""
    # The kernel has no atomic operations at a place on the stack that only a run knows; front ends make none.
    assume("variable offset stack pointer cannot be passed" not in log)
    assert fd >= 0, log[-3000:]
    return fd


@pytest.mark.needs_kernel
@given(st.integers(0, 1 << 32), st.integers(1, 80), FEATURES)
def test_kernel(seed, size, features):
    """The verifier takes the code, and it does the same. Without loops: this runs on the host."""
    module = RandomProgram(seed, size, loops=False).module
    inputs = inputs_for(seed)
    want = [evaluate(module, module.functions[0], [(bytearray(x), 0)]) for x in inputs]
    text = print_module(module)
    code = compiled(module, features)
    assume(code is not None)
    fd = loaded(code)
    try:
        got = [prog_test_run(fd, ctx=x)[0] & 0xFFFF_FFFF for x in inputs]
    finally:
        os.close(fd)
    assert got == want, text


POINTERS = """
program pointers(ctx: ptr.ctx) {{
entry:
  key = alloca 4 align 4
  null = const 0
  one = const 1
  n = load.8 ctx + 0
  store.4 key + 0, n
  m = map values
{lookups}
  goto check0
{checks}
out:
  ret null
}}
"""


def many_pointers(count):
    """Look a value up `count` times, then check and use all the pointers: more than the registers hold."""
    lookups = "\n".join(f"  p{n}: ptr.value? = call 1(m, key)" for n in range(count))
    checks = []
    for n in range(count):
        onward = f"check{n + 1}" if n + 1 < count else "use"
        cond, ways = ("eq", ("out", f"have{n}")) if n % 2 else ("ne", (f"have{n}", "out"))
        checks.append(f"check{n}:\n  if {cond} p{n}, null goto {ways[0]} else {ways[1]}")
        checks.append(f"have{n}:\n  q{n}: ptr.value = non_null p{n}\n  goto {onward}")
    checks.append("use:")
    for n in range(count):
        checks.append(f"  atomic_add.8 q{n} + 0, one\n  x{n} = load.8 q{n} + 0\n  t{n} = call 5()")
    checks.append("  masked = const 7\n  at = and n, masked\n  r: ptr.value = add q0, at\n  z = load.1 r + 0")
    checks.append(f"  s = add z, x{count - 1}\n  ret s")
    return parse_module(POINTERS.format(lookups=lookups, checks="\n".join(checks)))


@pytest.mark.needs_kernel
@pytest.mark.parametrize("count", [1, 3, 5, 8, 12])
def test_kernel_knows_spilled_pointers(count):
    array = 2  # BPF_MAP_TYPE_ARRAY
    with map_create(array, 4, 16, 1, name="values") as values:
        module = many_pointers(count)
        check(module)
        code = compile_module(module, target(), check=True)
        assert count < 8 or code.stack_size > 32
        for reloc in code.relocs:
            assert (reloc.kind, reloc.symbol) == ("map", "values")
            code.insns[reloc.insn_idx].imm = values.fileno()
        fd = loaded(code)
        try:
            present = prog_test_run(fd, ctx=bytes(CTX_BYTES))[0]
            absent = prog_test_run(fd, ctx=(9).to_bytes(8, "little") + bytes(56))[0]
        finally:
            os.close(fd)
        assert (present, absent) == (2 * count, 0)

"""Programs in which jumps go further than 16 bits reach, with and without `gotol`."""

from __future__ import annotations

import os
import struct

import pytest
from ir_model import ALL, evaluate, used_before_written

from ebee.compiler.branches import resolve_branches
from ebee.compiler.emit import FunctionCode
from ebee.compiler.passes import compile_module
from ebee.compiler.select import MFunction
from ebee.engine.interpreter import Machine
from ebee.errors import CompileError
from ebee.ir.builder import Builder
from ebee.ir.core import PTR_CTX, Function, Module
from ebee.isa.encode import encode
from ebee.isa.insn import Insn
from ebee.isa.opcodes import BPF_JEQ, BPF_JMP, BPF_K, EXIT, GOTOL, JA
from ebee.spec.target import Target
from ebee.sys.bpf import ProgLoad, prog_test_run

INPUTS = (0, 1, 2, 4, 12345, ALL)
RAW_TRACEPOINT = 17


def target(*features):
    return Target("test", "x86_64", lambda name: None, lambda: [], frozenset(features))


def long_program(size):
    """A loop of two rounds around three arms of `size` operations in all, with exits to one far block."""
    f = Function("long", [PTR_CTX])
    b = Builder(f)
    b.write("x", b.load(f.entry.params[0], 0, 8))
    b.write("i", b.const(0))
    head, out, fail = b.new_block("head"), b.new_block("out"), b.new_block("fail")
    b.jump(head)
    b.start(head, seal=False)
    for arm, cond in enumerate(("ugt", "set", "slt")):
        then, els, join = b.new_block(), b.new_block(), b.new_block()
        b.branch(cond, b.read("x"), b.const(1 << arm), then, els)
        b.start(then)
        for k in range(size // 6):
            b.write("x", b.op("xor", b.op("mul", b.read("x"), b.const(33)), b.const(k)))
            if k % 997 == 0:
                onward = b.new_block()
                b.branch("set" if k % 2 else "eq", b.read("x"), b.const(1 << 31 if k % 2 else k), fail, onward)
                b.start(onward)
        b.jump(join)
        b.start(els)
        b.write("x", b.op("add", b.read("x"), b.const(arm + 1)))
        b.jump(join)
        b.start(join)
    b.write("i", b.op("add", b.read("i"), b.const(1)))
    b.branch("ult", b.read("i"), b.const(2), head, out)
    b.seal(head)
    b.start(fail)
    b.ret(b.const(77))
    b.start(out)
    x = b.read("x")
    b.ret(b.op("zext", b.op("xor", x, b.op("lshr", x, b.const(32))), size=4))
    return Module([f])


@pytest.fixture(scope="module")
def results():
    module = long_program(110_000)
    return [
        evaluate(module, module.functions[0], [(bytearray(struct.pack("<Q", x) + bytes(56)), 0)]) for x in INPUTS
    ]


@pytest.fixture(scope="module", params=[(), ("gotol",)], ids=["landings", "gotol"])
def code(request):
    return compile_module(long_program(110_000), target(*request.param)), "gotol" in request.param


def test_long_jumps(code, results):
    code, has_gotol = code
    assert len(code.insns) > 100_000
    assert len(code.spans) == len(code.insns)
    assert any(i.opcode == GOTOL for i in code.insns) == has_gotol
    assert all(-0x8000 <= i.off <= 0x7FFF for i in code.insns)
    assert used_before_written(code) is None
    machine = Machine()
    run = machine.load(code.insns)
    got = [run.run(machine.memory.map(bytearray(struct.pack("<Q", x) + bytes(56)), "ctx")) for x in INPUTS]
    assert got == results


@pytest.mark.needs_kernel
def test_long_jumps_in_the_kernel(code, results):
    code, has_gotol = code
    load = ProgLoad(RAW_TRACEPOINT, encode(code.insns), "long", "GPL")
    fd = load.load()
    if fd < 0:
        log = load.load_with_log()[1]
        if has_gotol and "unknown opcode 06" in log:
            pytest.skip("this kernel has no gotol (Linux 6.6)")
        pytest.fail(log[-2000:])
    try:
        got = [prog_test_run(fd, ctx=struct.pack("<Q", x) + bytes(56))[0] & 0xFFFF_FFFF for x in INPUTS]
    finally:
        os.close(fd)
    assert got == results


def test_short_programs_have_neither():
    code = compile_module(long_program(600), target("gotol"))
    assert not any(i.opcode == GOTOL for i in code.insns)
    # No jump leads to another jump.
    assert not any(i.opcode == JA and code.insns[n + 1 + i.off].opcode == JA for n, i in enumerate(code.insns))


def many_far_targets(blocks, size):
    """A first half of branches and a second half of their targets, each of them on its own."""
    f = Function("dispatch", [PTR_CTX])
    b = Builder(f)
    x = b.load(f.entry.params[0], 0, 8)
    targets = [b.new_block("t") for _ in range(blocks)]
    b.write("x", x)
    for n, block in enumerate(targets):
        onward = b.new_block()
        b.branch("ne", x, b.const(n), onward, block)
        b.start(onward)
        for k in range(size):
            b.write("x", b.op("xor", b.op("mul", b.read("x"), b.const(33)), b.const(k + n)))
    b.ret(b.read("x"))
    for n, block in enumerate(targets):
        b.start(block)
        b.ret(b.op("add", b.read("x"), b.const(n)))
    return Module([f])


def test_many_targets_share_landings():
    module = many_far_targets(120, 140)
    want = [evaluate(module, module.functions[0], [(bytearray(x.to_bytes(8, "little")), 0)]) for x in (0, 1, 119, 120)]
    code = compile_module(module, target())
    assert used_before_written(code) is None
    machine = Machine()
    run = machine.load(code.insns)
    got = [run.run(machine.memory.map(bytearray(x.to_bytes(8, "little")), "ctx")) for x in (0, 1, 119, 120)]
    assert got == want


def test_too_many_far_targets_are_refused():
    count = 36_000
    code = FunctionCode(MFunction(Function("dispatch")))
    jumps = [Insn(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0, n) for n in range(count)]
    code.insns = [*jumps, *(Insn(EXIT) for _ in range(count))]
    code.spans = [None] * len(code.insns)
    code.starts = {n: count + n for n in range(count)}
    code.branches = [(jump, n) for n, jump in enumerate(jumps)]
    with pytest.raises(CompileError, match=r"'dispatch' is too long: a jump in it goes over \d+ instructions"):
        resolve_branches(code, has_gotol=False)

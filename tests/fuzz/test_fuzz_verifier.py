"""The verifier on input that is no sound program: always a verdict, never an exception, in bounded time."""

from __future__ import annotations

import random
import time

import pytest

from ebee.isa.asm import assemble
from ebee.isa.encode import decode
from ebee.isa.insn import Insn
from ebee.isa.opcodes import LDDW
from ebee.isa.table import ROWS
from ebee.spec.object import ObjectSpec, ProgramSpec
from ebee.verifier.entry import verify_program
from ebee.verifier.refusal import Options
from ebee.verifier.rules import RULES

SECTIONS = {1: "socket", 5: "tracepoint", 6: "xdp", 17: "raw_tp/sys_enter"}


def verdict_on(insns, prog_type=1, **options):
    program = ProgramSpec("fuzzed", SECTIONS[prog_type], prog_type, insns=list(insns))
    found = verify_program(program, ObjectSpec("fuzzed", {"fuzzed": program}), None, Options(**options))
    assert found.accepted == (found.refusal is None)
    if found.refusal is not None:
        assert found.refusal.rule in RULES
        assert found.refusal.message
    return found


def random_insn(pick, rows):
    if pick.random() < 0.1:
        return Insn(pick.randrange(256), pick.randrange(16), pick.randrange(16), pick.randrange(-9, 9), pick.randrange(-9, 9))
    row = pick.choice(rows)
    imm = pick.choice((0, 1, 7, -1, 64, 1 << 30, pick.randrange(1 << 8)))
    if row.opcode == LDDW:
        imm &= (1 << 64) - 1
    source = row.src_reg if isinstance(row.src_reg, int) else pick.randrange(11)
    return Insn(row.opcode, pick.randrange(11), source, pick.randrange(-9, 9), imm)


@pytest.mark.parametrize("seed", range(20))
def test_random_instructions(seed):
    pick = random.Random(seed)
    for _ in range(60):
        insns = [random_insn(pick, ROWS) for _ in range(pick.randrange(1, 24))]
        verdict_on(insns, pick.choice(list(SECTIONS)), max_insns=2000)
        verdict_on([*insns, *assemble("r0 = 0\nexit")], pick.choice(list(SECTIONS)), max_insns=2000)


@pytest.mark.parametrize("seed", range(5))
def test_random_bytes(seed):
    pick = random.Random(100 + seed)
    for _ in range(100):
        data = bytes(pick.randrange(256) if i % 8 else pick.choice(ROWS).opcode & 0xE7 for i in range(8 * pick.randrange(1, 12)))
        insns = decode(data, check=False)
        verdict_on(insns, max_insns=2000)


def test_no_instruction():
    assert not verdict_on([]).accepted


def test_a_million_instructions_are_refused_in_time():
    start = time.monotonic()
    found = verdict_on(assemble("r0 = 0\nl: r0 += 1\nr1 = r0\nif r0 != 0x7fffffff goto l\nexit"), max_insns=50_000)
    assert found.refusal.rule in ("complexity", "infinite_loop") and time.monotonic() - start < 20


def test_a_long_straight_program():
    insns = [*assemble("r0 = 0"), *([assemble("r0 += 1")[0]] * 50_000), *assemble("exit")]
    assert verdict_on(insns).accepted


def test_many_functions_and_branches():
    calls = "\n".join(f"call f{i}" for i in range(200)) + "\nr0 = 0\nexit\n"
    functions = "\n".join(f"f{i}: r0 = {i}\nexit" for i in range(200))
    assert verdict_on(assemble(calls + functions)).accepted
    branches = "call 7\n" + "\n".join(f"if r0 == {i} goto out" for i in range(2000)) + "\nout: r0 = 0\nexit"
    assert verdict_on(assemble(branches)).accepted


def test_deep_calls_are_refused():
    text = "\n".join(f"f{i}: call f{i + 1}\nexit" for i in range(40)) + "\nf40: r0 = 0\nexit"
    assert verdict_on(assemble(text)).refusal.rule == "call_depth"

"""Random programs: arithmetic against the model (and Linux), memory accesses that must not get out."""

from __future__ import annotations

import alu_model
import isa_cases
import linux_engine
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from machines import each_machine

from ebee.engine.jit.layout import FIRST_REGION
from ebee.errors import EbeeError, ExecutionError, FaultError
from ebee.isa.insn import Insn
from ebee.isa.opcodes import BPF_ALU64, BPF_MOV, BPF_X, BPF_XOR, EXIT
from ebee.isa.table import ROWS

U64 = (1 << 64) - 1
REGISTERS = range(10)
EDGES = [0, 1, 2, 7, 31, 32, 63, 64, 0x7F, 0x80, 0x7FFF, 0x8000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 32,
         (1 << 63) - 1, 1 << 63, U64, U64 - 1]  # fmt: skip
values = st.sampled_from(EDGES) | st.integers(0, U64)
small_edges = [edge - (edge >> 31 << 32) for edge in EDGES if edge < 1 << 32]
immediates = st.sampled_from(small_edges) | st.integers(-(1 << 31), (1 << 31) - 1)
arithmetic_rows = [row for row in ROWS if row.family in ("alu", "neg", "movsx", "endian")]


@st.composite
def arithmetic(draw, for_linux=False):
    row = draw(st.sampled_from(arithmetic_rows))
    insn = isa_cases.fixed(row, dst_reg=draw(st.sampled_from(REGISTERS)))
    if row.src_reg == "reg":
        insn.src_reg = draw(st.sampled_from(REGISTERS))
    elif row.imm == "s32":
        insn.imm = draw(immediates)
        if for_linux and row.op in ("lsh", "rsh", "arsh"):
            insn.imm %= row.bits
        if for_linux and row.op in ("div", "mod", "sdiv", "smod"):
            insn.imm = insn.imm or 1
    return row, insn


def model(start, steps):
    registers = list(start)
    for row, insn in steps:
        dst = registers[insn.dst_reg]
        src = registers[insn.src_reg] if row.src_reg == "reg" else alu_model.unsigned(insn.imm, 64)
        if row.family == "movsx":
            result = alu_model.sign_extend(row.bits, insn.off, src)
        elif row.family == "endian":
            result = alu_model.byte_swap(row.op, row.bits, dst)
        else:
            result = alu_model.operate(row.op, row.bits, dst, src)
        registers[insn.dst_reg] = result
    return registers


def program(start, steps, shown):
    insns = [isa_cases.mov(i, value) for i, value in enumerate(start)]
    insns += [insn for _, insn in steps]
    return [*insns, Insn(BPF_ALU64 | BPF_MOV | BPF_X, 0, shown), Insn(EXIT)]


starts = st.lists(values, min_size=10, max_size=10)


@each_machine
@given(starts, st.lists(arithmetic(), min_size=1, max_size=12), st.sampled_from(REGISTERS))
@settings(max_examples=150)
def test_arithmetic_against_the_model(new_machine, start, steps, shown):
    assert new_machine().load(program(start, steps, shown)).run() == model(start, steps)[shown]


@each_machine
@pytest.mark.needs_kernel
@given(starts, st.lists(arithmetic(for_linux=True), min_size=1, max_size=12))
@settings(max_examples=60)
def test_arithmetic_against_linux(new_machine, start, steps):
    insns = program(start, steps, 0)[:-2]
    insns += [Insn(BPF_ALU64 | BPF_XOR | BPF_X, 0, reg) for reg in REGISTERS[1:]] + [Insn(EXIT)]
    r0 = new_machine().load(insns).run()
    assert linux_engine.run(insns) == r0 & 0xFFFF_FFFF
    upper = isa_cases.upper_half(isa_cases.Case("", insns, r0))
    assert linux_engine.run(upper.insns) == upper.expected


memory_rows = [row for row in ROWS if row.off == "mem"]
addresses = (
    values
    | st.integers(0x8000_0000, 0x8000_1010).map(lambda number: number << 32)
    | st.integers(0x8000_0FFF << 32, (0x8000_1001 << 32) + 200)
    | st.integers(FIRST_REGION, FIRST_REGION + 16).map(lambda number: number << 32)
    | st.integers(FIRST_REGION << 32, (FIRST_REGION + 12 << 32) + 200)
)


@each_machine
@given(
    st.lists(st.tuples(st.sampled_from(memory_rows), st.integers(-0x8000, 0x7FFF), st.booleans()), max_size=8),
    addresses,
    st.binary(max_size=64),
)
@settings(max_examples=200)
def test_memory_accesses_never_get_out(new_machine, accesses, address, content):
    """Whatever a program accesses: it is inside and in order, or a FaultError; the guard regions stay as they were."""
    machine = new_machine()
    machine.memory.new(b"\xa5" * 32, "test memory")
    machine.memory.new(content, "test memory")
    _, after = machine.memory.new(b"\x5a" * 32, "test memory", is_writable=False)
    insns = [isa_cases.mov(1, address), isa_cases.mov(2, U64)]
    for row, off, near in accesses:
        insn = isa_cases.fixed(row, dst_reg=1, off=off % 80 - 8 if near else off)
        if row.src_reg == "reg":
            insn.src_reg = 2
        if row.family == "load" or row.op == "load_acq":
            insn.dst_reg, insn.src_reg = 3, 1
        insns.append(insn)
    sizes = {number: len(region) for number, region in machine.memory.regions.items()}
    try:
        machine.load([*insns, Insn(EXIT)]).run()
    except FaultError as error:
        assert 0 < error.size <= 8
        assert error.insn_idx is not None
    assert {number: len(region) for number, region in machine.memory.regions.items()} == sizes
    assert after == b"\x5a" * 32


@each_machine
@given(st.lists(st.binary(min_size=8, max_size=8), min_size=1, max_size=8))
@settings(max_examples=200)
def test_random_bytes_end_or_are_refused(new_machine, slots):
    from ebee.isa.encode import decode

    try:
        new_machine().load(decode(b"".join(slots))).run(budget=1000)
    except EbeeError as error:
        assert str(error)


@each_machine
@given(st.data())
@settings(max_examples=100)
def test_random_instructions_end_or_are_refused(new_machine, data):
    """Valid instructions with random operands and short jumps: a result, a fault or a refusal, nothing else."""
    rows = data.draw(st.lists(st.sampled_from([row for row in ROWS if row.family != "lddw"]), max_size=12))
    insns = [isa_cases.mov(data.draw(st.sampled_from(REGISTERS)), data.draw(values))]
    for row in rows:
        insn = isa_cases.fixed(row)
        for field, kind in row.operands:
            if field in ("dst_reg", "src_reg"):
                setattr(insn, field, data.draw(st.sampled_from(REGISTERS)))
            elif kind == "jump":
                setattr(insn, field, data.draw(st.integers(-3, 3)))
            elif field == "off":
                insn.off = data.draw(st.integers(-8, 8))
            else:
                insn.imm = data.draw(st.sampled_from([0, 1, 5, 14, -1, 1 << 16]))
        insns.append(insn)
    try:
        r0 = new_machine().load([*insns, Insn(EXIT)]).run(budget=2000)
    except EbeeError as error:
        assert "failed:" not in str(error)
    else:
        assert 0 <= r0 <= U64


@each_machine
def test_budget_is_exact(new_machine):
    loop = [isa_cases.mov(0, 0), Insn(BPF_ALU64 | BPF_XOR | BPF_X, 0, 0), Insn(EXIT)]
    code = new_machine().load(loop)
    assert code.run(budget=3) == 0
    with pytest.raises(ExecutionError, match="budget is used up"):
        code.run(budget=2)

"""Native code beside the interpreter: the same results, the same faults at the same instructions, nothing outside."""

from __future__ import annotations

import gc
import subprocess
import sys

import isa_cases
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from machines import each_machine, has_native

from ebee.engine.interpreter import Machine, ProgramExit
from ebee.engine.jit.machine import NativeMachine
from ebee.engine.jit.native_text import Options
from ebee.engine.jit.x86_64 import baseline
from ebee.errors import EbeeError, ExecutionError, FaultError
from ebee.isa.asm import assemble
from ebee.isa.insn import Insn
from ebee.isa.opcodes import EXIT
from ebee.isa.table import ROWS

pytestmark = has_native
SIZE = 40
STACK = 512


def test_every_row_has_a_handler():
    assert [row.name for row in ROWS if not baseline.has_handler(row)] == []


plain_rows = [row for row in ROWS if row.family in ("alu", "neg", "movsx", "endian")]
memory_rows = [row for row in ROWS if row.off == "mem"]
jump_rows = [row for row in ROWS if row.family in ("jump", "may_goto") or row.name in ("ja", "gotol")]
numbers = st.sampled_from((0, 1, -1, 31, 63, 255, 1 << 31, -(1 << 31), (1 << 63) - 1, 1 << 63)) | st.integers(0, 1 << 64)


@st.composite
def programs(draw):
    """Programs whose r1 is an address that nothing changes, so that no address becomes part of a result."""
    free = st.sampled_from((0, 2, 3, 4, 5, 6, 7, 8, 9))
    insns = [isa_cases.mov(reg, draw(numbers)) for reg in (0, 2, 3, 4, 5, 6, 7, 8, 9)]
    count = draw(st.integers(1, 14))
    for at in range(count):
        row = draw(st.sampled_from((plain_rows, memory_rows, jump_rows)[draw(st.integers(0, 2))]))
        insn = isa_cases.fixed(row)
        for field, kind in row.operands:
            if kind == "mem":
                edge = draw(st.sampled_from((0, SIZE)))
                insn.off = draw(st.integers(edge - 9, edge + 9)) if draw(st.booleans()) else draw(st.integers(0, SIZE))
            elif kind == "jump":
                setattr(insn, field, draw(st.integers(-min(at, 4) - 1 + (at == 0), count - at - 1)))
            elif kind == "reg":
                setattr(insn, field, draw(free))
            else:
                insn.imm = draw(st.integers(-(1 << 31), (1 << 31) - 1) | st.sampled_from((0, 1, -1, 8)))
        if row.off == "mem":
            pointer = "src_reg" if row.family == "load" or row.op == "load_acq" else "dst_reg"
            base = draw(st.sampled_from((1, 1, 10)))
            setattr(insn, pointer, base)
            if base == 10:
                insn.off = draw(st.integers(-STACK - 9, 9))
        insns.append(insn)
    return [*insns, Insn(EXIT)]


def outcome(new_machine, insns, content):
    machine = new_machine()
    address, data = machine.memory.new(content, "test memory")
    try:
        result: object = machine.load(insns).run(address, budget=300)
    except (FaultError, ExecutionError) as error:
        return type(error).__name__, error.insn_idx, bytes(data)
    return result, machine.left, bytes(data)


@settings(max_examples=250)
@given(programs(), st.binary(min_size=SIZE, max_size=SIZE))
def test_random_programs_do_the_same(insns, content):
    assert outcome(NativeMachine, insns, content) == outcome(Machine, insns, content)


@settings(max_examples=60)
@given(programs(), st.binary(min_size=SIZE, max_size=SIZE))
def test_without_checks_what_stays_inside_does_the_same(insns, content):
    expected = outcome(Machine, insns, content)
    if isinstance(expected[0], int):
        unchecked = Options(is_checked=False)
        assert outcome(lambda: NativeMachine(options=unchecked), insns, content) == expected


@each_machine
def test_helpers_that_fail_end_the_program(new_machine):
    def fails(vm, a):
        raise ExecutionError(f"no {a}")

    def ends(vm, a):
        raise ProgramExit(a + 1)

    machine = new_machine(helpers={7: fails, 8: ends})
    with pytest.raises(ExecutionError, match="no 5"):
        machine.load(assemble("r1 = 5\ncall 7\nr0 = 0\nexit")).run()
    assert machine.load(assemble("r1 = 5\ncall 8\nr0 = 0\nexit")).run() == 6
    assert machine.load(assemble("r0 = 9\nexit")).run() == 9


@each_machine
def test_an_error_of_ours_is_not_lost(new_machine):
    def broken(vm):
        raise ZeroDivisionError

    with pytest.raises(EbeeError, match="ZeroDivisionError"):
        new_machine(helpers={7: broken}).load(assemble("call 7\nexit")).run()


@each_machine
def test_functions_are_called_back_in_frames_of_their_own(new_machine):
    """bpf_loop: the callback has a frame, registers and a depth of its own, and its caller's stay."""
    text = """
        r6 = 77
        *(u64 *)(r10 -8) = r6
        r1 = 5
        r2 = subprog[+8] ll
        r3 = r10
        r3 += -8
        r4 = 0
        call 181
        r0 = *(u64 *)(r10 -8)
        r0 += r6
        exit
        r6 = *(u64 *)(r2 +0)
        r6 += r1
        *(u64 *)(r2 +0) = r6
        *(u64 *)(r10 -8) = r6
        r0 = 0
        exit
    """
    machine = new_machine()
    assert machine.load(assemble(text)).run() == 77 + 77 + 0 + 1 + 2 + 3 + 4


def test_an_endless_loop_ends_when_the_budget_is_spent():
    machine = NativeMachine()
    with pytest.raises(ExecutionError, match="budget is used up"):
        machine.load(assemble("r0 = 0\ngoto -1\nexit")).run(budget=1_000_000)


def test_unchecked_code_that_leaves_its_memory_is_a_fault():
    """The signal handler: a wild access names the instruction, and the machine goes on."""
    machine = NativeMachine(options=Options(is_checked=False))
    for address in (8, 0x1234_5678_0000, 0xFFFF_8000_0000_0000, (1 << 64) - 1):
        wild = [isa_cases.mov(1, address), *assemble("r0 = *(u64 *)(r1 +0)\nexit")]
        with pytest.raises(FaultError) as caught:
            machine.load(wild).run()
        assert (caught.value.insn_idx, caught.value.address) == (2, address)
    assert machine.load(assemble("r0 = 9\nexit")).run() == 9


def test_programs_that_nobody_has_any_more_go_at_any_time():
    """Programs are collected in the midst of the loading of another one, after ever more allocations."""
    machine = NativeMachine()
    insns = assemble("r0 = 7\nexit")
    kept = [machine.load(insns) for _ in range(100)]
    before = gc.get_threshold()
    gc.disable()
    try:
        for allocations in range(0, 450, 15):
            for _ in range(2):
                gone = machine.load(insns)
                gone.attach_type = [gone]  # a cycle
            del gone
            gc.set_threshold(gc.get_count()[0] + allocations)
            gc.enable()
            kept.append(machine.load(insns))
            gc.disable()
            gc.collect()
    finally:
        gc.set_threshold(*before)
        gc.enable()
    assert {code.run() for code in kept} == {7}
    with pytest.raises(FaultError) as caught:
        machine.load(assemble("r1 = 8\nr0 = *(u64 *)(r1 +0)\nexit")).run()
    assert (caught.value.insn_idx, caught.value.address) == (1, 8)


def test_a_crash_elsewhere_is_still_a_crash():
    code = (
        "import ctypes\n"
        "from ebee.engine.jit.machine import NativeMachine\n"
        "NativeMachine()\n"
        "ctypes.string_at(8)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert done.returncode == -11


def test_code_is_never_writable():
    machine = NativeMachine()
    code = machine.load(assemble("r0 = 1\nexit"))
    seen = 0
    with open("/proc/self/maps") as file:
        for line in file:
            span, permissions = line.split()[:2]
            assert not ("w" in permissions and "x" in permissions), line
            first, last = (int(part, 16) for part in span.split("-"))
            if first <= code.address < last:
                assert permissions == "r-xp"
                seen += 1
    assert seen == 1

"""The translation to Python, and what is reported when a program cannot go on."""

from __future__ import annotations

import time

import pytest

from ebee.engine.interpreter import Machine
from ebee.engine.translate import has_handler
from ebee.errors import ExecutionError, FaultError, FormatError, InternalError, NotSupported
from ebee.isa.asm import assemble
from ebee.isa.insn import Insn
from ebee.isa.table import ROWS, Row


def load(text, **more):
    return Machine(**more).load(assemble(text))


def test_every_row_has_a_handler():
    assert [row.name for row in ROWS if not has_handler(row)] == []
    new = Row("new", 0x0F, "", "", "", family="alu", op="popcount", group="base64", source="")
    assert not has_handler(new)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("goto +1\nexit", "ja to slot 2, where no instruction starts"),
        ("goto -2\nexit", "ja to slot -1"),
        ("goto +1\nr1 = 5 ll\nexit", "where no instruction starts"),
        ("call 5\nexit\n", "helper"),
        ("r10 = 5\nexit", "r10, the frame pointer, cannot be written"),
        ("r10 = *(u64 *)(r10 - 8)\nexit", "cannot be written"),
        ("r10 = atomic64_fetch_add((u64 *)(r1 + 0), r10)\nexit", "cannot be written"),
    ],
)
def test_refused_before_it_runs(text, words):
    with pytest.raises((ExecutionError, NotSupported), match=words):
        load(text, helpers={})


def test_empty_program_and_unknown_opcode():
    with pytest.raises(ExecutionError, match="no instructions"):
        Machine().load([])
    with pytest.raises(FormatError):
        Machine().load([Insn(0xFF)])


def test_kernel_functions_and_maps_need_a_backend():
    with pytest.raises(NotSupported, match="kernel functions"):
        load("call kernel-function#7\nexit")
    with pytest.raises(ExecutionError, match="lddw_map_fd: the program must be relocated"):
        load("r1 = map[fd:3]\nexit")


def test_errors_name_the_slot():
    code = load("r1 = 0 ll\nr2 = 1\nr0 = *(u64 *)(r1 + 16)\nexit")
    with pytest.raises(FaultError) as caught:
        code.run()
    assert (caught.value.address, caught.value.size, caught.value.insn_idx) == (16, 8, 3)


def test_fault_in_a_helper_names_the_call():
    code = load("r1 = 0\nr2 = 16\ncall 16\nexit")
    with pytest.raises(FaultError) as caught:
        code.run()
    assert caught.value.insn_idx == 2


def test_fault_in_a_local_function_names_its_instruction():
    code = load("r1 = 1\ncall f\nexit\nf: r1 += 1\n*(u8 *)(r1 + 0) = 3\nexit")
    with pytest.raises(FaultError) as caught:
        code.run()
    assert caught.value.insn_idx == 4


def test_a_broken_helper_is_an_internal_error():
    def broken(vm):
        raise KeyError("oops")

    code = load("call 1\nexit", helpers={1: broken})
    with pytest.raises(InternalError, match=r"instruction 0 \(call_helper\) failed: KeyError"):
        code.run()


def test_budget():
    code = load("r0 = 0\nagain: r0 += 1\nif r0 < 1000 goto again\nexit")
    assert code.run() == 1000
    assert code.machine.executed == 2002
    assert code.run(budget=2002) == 1000
    with pytest.raises(ExecutionError, match="budget is used up"):
        code.run(budget=2001)
    with pytest.raises(ExecutionError, match="budget is used up"):
        load("again: goto again").run(budget=10_000)


def test_budget_covers_local_functions_and_callbacks():
    text = "r1 = 100\nlddw r2, code_addr(body)\nr3 = 0\nr4 = 0\ncall 181\ncall body\nexit\nbody: r0 = 0\nexit"
    code = load(text)
    code.run()
    assert code.machine.executed == 7 + 202
    with pytest.raises(ExecutionError, match="budget"):
        code.run(budget=100)


def test_runs_do_not_see_each_other():
    code = load("r0 = *(u64 *)(r10 - 8)\n*(u64 *)(r10 - 8) = 7\nr0 += r6\nr6 = 9\nexit")
    assert [code.run(), code.run()] == [0, 0]
    regions = dict(code.machine.memory.regions)
    with pytest.raises(FaultError):
        load("r0 = *(u8 *)(r10 + 0)\nexit").run()
    assert code.machine.memory.regions == regions == {}


def test_large_program():
    code = Machine().load(assemble("r0 = 0\n" + "r0 += 1\nif r0 > 90000 goto end\n" * 4000 + "end: exit"))
    assert code.run() == 4000


def test_small_programs_load_fast_and_run_fast():
    insns = assemble("r0 = 1\n" + "r0 += 3\nr0 ^= r1\n" * 24 + "exit")
    machine = Machine()
    costs = []
    for _ in range(5):
        start = time.perf_counter()
        machine.load(insns)
        costs.append(time.perf_counter() - start)
    assert min(costs) < 0.005  # 0.5 ms is usual
    code = machine.load(assemble("r1 = 100000\nagain: r0 += r1\nr0 ^= 5\nr1 -= 1\nif r1 != 0 goto again\nexit"))
    start = time.perf_counter()
    code.run()
    assert machine.executed / (time.perf_counter() - start) > 1_000_000

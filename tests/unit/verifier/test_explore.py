"""The walk through a program's paths: verdicts, and how many instructions it took the kernel (Linux 6.18)."""

from __future__ import annotations

import pytest

from ebee.isa.asm import assemble
from ebee.isa.table import ROWS
from ebee.verifier.explore import verify
from ebee.verifier.refusal import Options, Verdict
from ebee.verifier.setting import Setting
from ebee.verifier.steps import DECODERS


def verdict(text: str, **options: object) -> Verdict:
    return verify(Setting("test", 1, insns=list(assemble(text))), Options(**options))


def test_every_instruction_form_has_a_decoder() -> None:
    assert {row.family for row in ROWS} <= set(DECODERS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("exit", "R0 !read_ok"),
        ("r0 = 0\nr10 = 0\nexit", "frame pointer is read only"),
        ("r0 = 0\nr0 <<= 64\nexit", "invalid shift 64"),
        ("r0 = 0\nr0 /= 0\nexit", "div by zero"),
        ("r0 = 0\ngoto +1\nexit\nr0 = 0", "last insn is not an exit or jmp"),
        ("r0 = 0\ngoto +5\nexit", "jump out of range from insn 1 to 7"),
        ("r0 = 0\nexit\nr0 = 0\nexit", "unreachable insn 2"),
        ("r0 = 0\ngoto -1", "infinite loop detected at insn 1"),
        ("r1 = 5\nr0 = *(u64 *)(r1 +0)\nexit", "R1 invalid mem access 'scalar'"),
        ("*(u64 *)(r10 -516) = 0\nr0 = 0\nexit", "misaligned stack access off 0+0+-516 size 8"),
        ("*(u64 *)(r10 -520) = 0\nr0 = 0\nexit", "invalid write to stack R10 off=-520 size=8"),
        ("r0 = *(u64 *)(r10 +0)\nexit", "invalid read from stack R10 off=0 size=8"),
        ("r0 = r1\nr0 += r10\nexit", "R0 pointer += pointer prohibited"),
        ("r0 = r10\nr0 &= -8\nexit", "R0 bitwise operator &= on pointer prohibited"),
        ("r0 = r10\nw0 += 1\nexit", "R0 32-bit pointer arithmetic prohibited"),
        ("r0 = r10\nr0 -= 8\nexit", "R0 subtraction from stack pointer prohibited"),
        ("*(u64 *)(r10 -8) = r1\nr0 = *(u32 *)(r10 -8)\nexit", "invalid size of register fill"),
        ("*(u32 *)(r10 -8) = r1\nr0 = 0\nexit", "invalid size of register spill"),
        ("r0 = *(u64 *)(r1 +0)\nr1 = r10\nr1 += r0\nexit", None),
    ],
)
def test_refusals(text: str, message: str | None) -> None:
    result = verdict(text)
    assert not result.accepted and result.refusal is not None
    if message is not None:
        assert result.refusal.message == message


LOOP = """
    r7 = 0
loop:
    r7 += 1
    if r7 < 1000 goto loop
    r0 = 0
    exit
"""


def test_a_bounded_loop_is_walked_to_its_end() -> None:
    result = verdict(LOOP)
    assert result.accepted and result.stats.processed == 2003


def test_a_loop_without_privileges_is_a_back_edge() -> None:
    result = verdict(LOOP, privileged=False)
    assert result.refusal is not None and result.refusal.message == "back-edge from insn 2 to 1"


def test_limit() -> None:
    result = verdict("r0 = 0\nl: r0 += 1\nif r0 < 100000 goto l\nexit", max_insns=5000)
    assert result.refusal is not None and result.refusal.rule == "complexity"


def test_functions_are_verified_where_they_are_called() -> None:
    text = "r1 = 3\ncall f\nr0 -= 4\nexit\nf: r0 = r1\nr0 += 1\nexit"
    assert verdict(text).accepted
    recursive = verdict("call f\nexit\nf: call f\nexit")
    assert recursive.refusal is not None and recursive.refusal.message == "the call stack of 9 frames is too deep"


def test_a_diamond_is_explored_once_where_nothing_depends_on_it() -> None:
    step = "r2 = *(u32 *)(r10 -8)\nif r2 > 5 goto +1\nr2 = 1\n"
    result = verdict(step * 20 + "r0 = 0\nexit")
    assert result.accepted and result.stats.processed == 184


def test_stack_of_all_calls_together() -> None:
    deep = "*(u64 *)(r10 -400) = 0\ncall f\nr0 = 0\nexit\nf: *(u64 *)(r10 -400) = 0\nr0 = 0\nexit"
    refusal = verdict(deep).refusal
    assert refusal is not None and refusal.message == "combined stack size of 2 calls is 800. Too large"

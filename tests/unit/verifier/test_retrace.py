"""The path to a refusal of ebee's verifier, in words: values, where they came from, names of variables."""

from __future__ import annotations

import pytest
from compare import KERNEL, target_with_types
from verdict_cases import parse, read_cases

from ebee.errors import SourceSpan
from ebee.verifier.entry import verify_program
from ebee.verifier.explain_refusal import explain_refusal
from ebee.verifier.refusal import Options

HEAD = "case x\nsection socket\nmap values array value 64\n"
TARGET = target_with_types()


def explained(code, sources=()):
    case = parse(HEAD + "".join(f"    {line}\n" for line in code.split("\n")))[0]
    verdict = verify_program(case.program, case.spec, TARGET, Options(trace_refusal=True))
    assert verdict.refusal is not None
    spans = {slot: SourceSpan("probe.py", line, text=text) for slot, line, text in sources}
    return explain_refusal(verdict.refusal, case.program, spans)


INDEX = """*(u32 *)(r10 - 4) = 0
r6 = *(u32 *)(r1 + 0)
r2 = r10
r2 += -4
r1 = map[fd:values]
call map_lookup_elem
if r0 == 0 goto +3
if r6 > 4096 goto +2
r0 += r6
r0 = *(u8 *)(r0 + 0)
r0 = 0
exit"""


def test_values_are_followed_to_where_they_came_from():
    sources = [(1, 4, "n = ctx.length"), (7, 6, "if n <= 4096:"), (8, 6, "if n <= 4096:"), (9, 7, "return value[n]")]
    found = explained(INDEX, [*sources, (10, 7, "return value[n]")])
    notes = "\n".join(found.notes())
    assert "the access is to 1 byte at offset 4096; the map's value has 64 bytes" in notes
    assert "line 4 `n = ctx.length`: `n` (r6) is a number from 0 to 4294967295 (read from memory)" in notes
    assert "line 6 `if n <= 4096:`: `n` (r6) is a number from 0 to 4096 (not jumped)" in notes
    assert "r0 is an address in map values's value of 64 bytes plus a number from 0 to 4096" in notes


def test_a_path_through_functions_and_the_stack():
    found = explained(
        "r2 = *(u32 *)(r1 + 0)\nr2 &= 31\n*(u64 *)(r10 - 24) = r2\nr1 = r10\nr1 += -24\ncall +5\nr3 = r10\nr3 += r0\n"
        "*(u8 *)(r3 - 16) = 1\nr0 = 0\nexit\nr0 = *(u64 *)(r1 + 0)\nif r0 > 20 goto +1\nexit\nr0 = 7\nexit"
    )
    assert [(s.insn_idx, s.register) for s in found.path] == [(11, 0), (12, 0), (6, 3), (7, 3)]
    assert found.path[-1].words.endswith("plus a number from 0 to 20")


def test_the_turn_of_a_loop_that_is_refused():
    found = explained(
        "r6 = 0\nr3 = r10\nr3 += -4\n*(u8 *)(r3 + 0) = 1\nr3 += 1\nr6 += 1\nif r6 < 9 goto -4\nr0 = 0\nexit"
    )
    assert found.message == "invalid write to stack R3 off=0 size=1"
    assert "stack" in found.path[-1].words
    assert len(found.path) <= 8


@pytest.mark.parametrize("name", ["complexity", "cfg_unreachable"])
def test_refusals_without_a_path(name):
    codes = {"complexity": "r0 = 0\nr0 += 1\nif r0 != -1 goto -2\nexit", "cfg_unreachable": "r0 = 0\nexit\nexit"}
    case = parse(HEAD + "".join(f"    {line}\n" for line in codes[name].split("\n")))[0]
    options = Options(trace_refusal=True, max_insns=2000)
    refusal = verify_program(case.program, case.spec, TARGET, options).refusal
    assert (refusal.rule, refusal.path) == (name, [])


def test_every_path_begins_at_the_start_and_ends_at_the_refusal():
    traced = lost = 0
    for case in read_cases():
        verdict = case.verdicts.get(KERNEL)
        if verdict is None or verdict.accepted or case.options:
            continue
        refusal = verify_program(case.program, case.spec, TARGET, Options(trace_refusal=True)).refusal
        if refusal is None or refusal.state is None or not refusal.state.frames[0].chain:
            continue
        if not refusal.path:
            lost += 1
            continue
        traced += 1
        assert refusal.path[-1].slot == refusal.insn_idx, case.name
    assert traced > 200 and lost <= 0.05 * traced, (traced, lost)

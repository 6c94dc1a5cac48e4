"""Programs that are made and changed: readable, and judged as the kernel does; a share of tools/verdicts/agree.py."""

from __future__ import annotations

from collections import Counter
from zlib import crc32

import pytest
from agree import RECORDED, RECORDED_COUNT, RECORDED_MISTAKE, RECORDED_SEED, Asked, smaller
from compare import KERNEL, compare, target_with_types
from host_verdict import kernel_version
from random_cases import HOOKS, MISTAKES, Generator, real_programs, texts
from verdict_cases import CaseError, parse, read_cases

from ebee.errors import EbeeError
from ebee.verifier.entry import verify_program
from ebee.verifier.refusal import Options

_TYPES_NEEDED = ("btf_access", "lock", "map_special_field")  # as text, maps have no types


def test_generated_programs_are_cases():
    generator = Generator(5)
    for _ in range(200):
        assert parse(generator.program())[0].program.insns


def test_the_same_seed_makes_the_same_programs():
    assert list(texts(Generator(3), 30)) == list(texts(Generator(3), 30))


def test_differences_are_made_small():
    text = "case x\nsection socket\n" + "".join(f"    r{i} = 0\n" for i in range(8)) + "    exit\n"
    assert smaller(text, lambda tried: "r5 = 0" in tried) == "case x\nsection socket\n    r5 = 0\n"


def test_what_the_kernel_said_of_some():
    """Recorded by `agree.py --record`: the verdicts are those of Linux 6.18, on every machine."""
    target, rules, differ = target_with_types(), Counter(), []
    generator = Generator(RECORDED_SEED, mistake=RECORDED_MISTAKE)
    for line in RECORDED.read_text().splitlines():
        checksum, rule = line.split()
        text = generator.program()
        assert f"{crc32(text.encode()):08x}" == checksum, "programs are made otherwise: record them again"
        case = parse(text)[0]
        refusal = verify_program(case.program, case.spec, target, Options(kernel=KERNEL)).refusal
        rules[rule] += 1
        if (refusal is None) != (rule == "accepted"):
            differ.append((rule, refusal, text))
    assert rules.total() == RECORDED_COUNT and 0.3 < rules["accepted"] / RECORDED_COUNT < 0.7 and len(rules) > 20
    assert not differ


def test_mistakes_break_many_rules():
    """Each of the mistakes that are made on purpose is one, in some type of program."""
    target, rules = target_with_types(), Counter()
    for mistake in MISTAKES:
        found = set()
        for section in HOOKS:
            generator = Generator(1, (section,))
            generator.hook = HOOKS[section]
            lines = ["r9 = r1", *(f"r{n} = *(u32 *)(r10 - 16)" for n in (6, 7, 8)), *generator.mistake_of(mistake)]
            case = parse(generator.text(section, lines, 0))[0]
            refusal = verify_program(case.program, case.spec, target, Options(kernel=KERNEL)).refusal
            found |= {refusal.rule} if refusal is not None else set()
        rules.update(found)
        assert found, mistake
    assert len(rules) > 25, rules


def test_real_programs_are_accepted():
    target = target_with_types()
    real = real_programs(every=8)
    assert len(real) > 5
    for lines in real:
        case = parse("\n".join(lines))[0]
        verdict = verify_program(case.program, case.spec, target, Options(kernel=KERNEL))
        assert verdict.accepted or verdict.refusal.rule in _TYPES_NEEDED, (verdict.refusal, lines)


@pytest.mark.needs_kernel
@pytest.mark.needs_root
def test_the_kernel_agrees():
    if kernel_version() != KERNEL:
        pytest.skip(f"the rules of Linux {KERNEL} are compared")
    target, kinds, rules = target_with_types(), Counter(), Counter()
    for text in texts(Generator(2), 300, real_programs(every=8)):
        try:
            asked = Asked(text, target)
        except (CaseError, EbeeError):
            continue
        kinds[asked.kind] += 1
        rules["accepted" if asked.kernel.accepted else asked.kernel.rule] += 1
    wrong = kinds["unsafe"] + kinds["strict"] + kinds["failed"]
    assert 0.3 < rules["accepted"] / kinds.total() < 0.7 and len(rules) > 25
    assert not kinds["unsafe"] and wrong <= 0.01 * kinds.total(), kinds


def test_loops_are_explored_as_often_as_by_the_kernel():
    names = ("callback_widens_what_its_last_turn_changed", "kfunc_iter_num_loop")
    found = {case.name: case for case in read_cases() if case.name in names}
    for name in names:
        said = found[name].verdicts["6.18"]
        assert compare(found[name], target_with_types()).processed == said.processed, name

"""Programs that are made and changed: readable, and judged as the kernel does; a share of tools/verdicts/agree.py."""

from __future__ import annotations

from collections import Counter

import pytest
from agree import Asked, Generator, smaller, texts
from compare import KERNEL, compare, target_with_types
from host_verdict import kernel_version
from verdict_cases import CaseError, parse, read_cases

from ebee.errors import EbeeError


def test_generated_programs_are_cases():
    generator = Generator(5)
    for _ in range(200):
        assert parse(generator.program())[0].program.insns


def test_the_same_seed_makes_the_same_programs():
    assert list(texts(Generator(3), 30)) == list(texts(Generator(3), 30))


def test_differences_are_made_small():
    text = "case x\nsection socket\n" + "".join(f"    r{i} = 0\n" for i in range(8)) + "    exit\n"
    assert smaller(text, lambda tried: "r5 = 0" in tried) == "case x\nsection socket\n    r5 = 0\n"


@pytest.mark.needs_kernel
@pytest.mark.needs_root
def test_the_kernel_agrees():
    if kernel_version() != KERNEL:
        pytest.skip(f"the rules of Linux {KERNEL} are compared")
    target, kinds, rules = target_with_types(), Counter(), Counter()
    for text in texts(Generator(2), 300):
        try:
            asked = Asked(text, target)
        except (CaseError, EbeeError):
            continue
        kinds[asked.kind] += 1
        rules["accepted" if asked.kernel.accepted else asked.kernel.rule] += 1
    wrong = kinds["unsafe"] + kinds["strict"] + kinds["failed"]
    assert 0.2 < rules["accepted"] / kinds.total() < 0.7 and len(rules) > 15
    assert wrong <= 0.03 * kinds.total(), kinds


def test_loops_are_explored_as_often_as_by_the_kernel():
    names = ("callback_widens_what_its_last_turn_changed", "kfunc_iter_num_loop")
    found = {case.name: case for case in read_cases() if case.name in names}
    for name in names:
        said = found[name].verdicts["6.18"]
        assert compare(found[name], target_with_types()).processed == said.processed, name

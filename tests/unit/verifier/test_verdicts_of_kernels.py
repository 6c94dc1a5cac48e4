"""ebee's verifier by the rules of other kernels, and what these kernels said of the same programs when they were asked."""

from __future__ import annotations

import functools

import pytest
from agree import MOST_PROCESSED
from compare import BY_KERNEL, compare, target_with_types
from verdict_cases import MADE, all_files, read_cases

KERNELS = ("6.1", "6.1-user", "6.12", "6.12-user", "7.3", "7.3-user")


@functools.cache
def cases(made_only=False):
    return read_cases(sorted(MADE.glob("*.asm")) if made_only else all_files())


@functools.cache
def compared(kernel):
    """Return by name how ebee's verdict compares with the kernel's, for all that is not too long to be compared."""
    target, found = target_with_types(), {}
    for case in cases(made_only=kernel == "6.18"):
        said = case.verdicts.get(kernel)
        if said is not None and said.processed <= MOST_PROCESSED and said.rule != "complexity":
            found[case.name] = compare(case, target, kernel, max_insns=2 * MOST_PROCESSED)
    return found


@pytest.mark.parametrize("kernel", ["6.18", *KERNELS])
def test_nothing_is_accepted_that_a_kernel_refuses(kernel):
    wrong = {name: said.words for name, said in compared(kernel).items() if said.kind in ("unsafe", "failed")}
    assert not wrong


@pytest.mark.parametrize("kernel", ["6.18", *KERNELS])
def test_what_is_refused_that_a_kernel_accepts_is_listed(kernel):
    listed = {name for of, name in (line.split() for line in BY_KERNEL.read_text().splitlines()) if of == kernel}
    assert {name for name, said in compared(kernel).items() if said.kind == "strict"} == listed


@pytest.mark.parametrize("kernel", ["6.18", *KERNELS])
def test_kernels_agree_on_99_of_100(kernel):
    kinds = [said.kind for said in compared(kernel).values()]
    assert len(kinds) > 250
    assert sum(kind in ("same", "other") for kind in kinds) >= 0.99 * len(kinds)


def test_every_case_was_put_to_other_kernels():
    asked = [case for case in cases() if case.verdicts.keys() & set(KERNELS)]
    assert len(asked) > 0.9 * len(cases())

"""Sources with mistakes: what ebee's verifier and the kernel's say of them, as it stands above the lines."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pytest

import ebee
from ebee.cli.verify import _programs

FOLDER = Path(__file__).parents[1] / "data" / "verifier" / "sources"
MARK = re.compile(r"\s*(?://|#)! (\w+): (.*)")
START = {".c": re.compile(r"SEC\(.*\) int (\w+)\("), ".py": re.compile(r"def (\w+)\(")}


def expected(file):
    """Return what is to be refused: name of the program -> (rule, words, line); None for those that are accepted."""
    lines = file.read_text().splitlines()
    found, current, waiting = {}, None, None
    for number, line in enumerate(lines, 1):
        if start := START[file.suffix].match(line):
            current = start[1]
            found[current], waiting = waiting, None
        elif mark := MARK.match(line):
            entry = mark[1], mark[2].split(" | "), number + 1
            if current is not None and not lines[number].startswith(("static", "@")):
                found[current] = entry
            else:  # a function that the next program calls
                waiting = entry
    return found


C_PROGRAMS = expected(FOLDER / "mistakes.bpf.c")


@functools.cache
def verdicts(name, log):
    if name.endswith(".c"):
        pytest.importorskip("ziglang", reason="clang is in the package ziglang")
    return {verdict.program: verdict for verdict in ebee.verify(*_programs(str(FOLDER / name), "socket"), log=log)}


def check(verdict, wanted):
    if wanted is None:
        assert verdict.accepted, verdict.render()
        return
    rule, words, line = wanted
    assert not verdict.accepted and verdict.explanation.rule == rule, verdict.render()
    explanation = verdict.explanation
    if explanation.insn_idx is not None:  # the kernel does not say whose stack it is
        assert explanation.span.line == line, verdict.render()
    said = "\n".join([explanation.message, explanation.words, *explanation.notes(), explanation.hint])
    for word in words:
        assert word in said, verdict.render()


@pytest.mark.parametrize("program", C_PROGRAMS)
def test_mistakes_in_c(program):
    check(verdicts("mistakes.bpf.c", "ebee")[program], C_PROGRAMS[program])


@pytest.mark.needs_kernel
@pytest.mark.needs_root
@pytest.mark.parametrize("program", C_PROGRAMS)
def test_mistakes_in_c_as_the_kernel_says(program):
    check(verdicts("mistakes.bpf.c", "kernel")[program], C_PROGRAMS[program])


def test_there_are_many():
    assert len(C_PROGRAMS) > 20 and len({wanted[0] for wanted in C_PROGRAMS.values() if wanted}) > 12

"""Passes, one by one: IR texts under tests/data/ir_passes name the passes, and beside each is what these make of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ebee.compiler import passes
from ebee.ir.check import check
from ebee.ir.text import parse_module, print_module

CASES = sorted((Path(__file__).parents[2] / "data" / "ir_passes").glob("*.ir"), key=lambda p: p.name)


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_pass(path, expected):
    text = path.read_text()
    module = parse_module(text, file=path.name)
    for name in text.partition("\n")[0].removeprefix("; passes: ").split():
        getattr(passes, name)(module.functions[0])
        check(module)
    expected(f"ir_passes/{path.stem}.out", print_module(module))

"""IR texts under tests/data/ir, and beside each what the compiler makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ebee.compiler.passes import compile_module
from ebee.errors import CompileError
from ebee.ir.check import check
from ebee.ir.text import parse_module, print_module
from ebee.isa.disasm import disassemble
from ebee.spec.target import Target

CASES = sorted((Path(__file__).parents[2] / "data" / "ir").glob("*.ir"), key=lambda p: p.name)


def target(*features):
    return Target("test", "x86_64", lambda name: None, lambda: [], frozenset(features))


def features_of(text):
    return [word for line in text.splitlines() if line.startswith("; features:") for word in line.split()[2:]]


def describe(code):
    names = {sum(i.slots for i in code.insns[:at]): name for name, at in code.functions}
    lines = disassemble(code.insns, names=lambda kind, number: names.get(number) if kind == "subprog" else None)
    lines += [
        f"; relocation at {r.insn_idx}: {r.kind} {r.symbol} + {r.addend}" + (f", {r.size_bytes} bytes" * (r.size_bytes > 0))
        for r in code.relocs
    ]
    return "\n".join([*lines, f"; stack: {code.stack_size} bytes"])


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_case(path, expected):
    text = path.read_text()
    module = parse_module(text, file=path.name)
    printed = print_module(module)
    assert print_module(parse_module(printed)) == printed
    check(module)
    code = compile_module(module, target(*features_of(text)), check=True)
    assert len(code.spans) == len(code.insns)
    expected(f"ir/{path.stem}.s", describe(code))
    again = compile_module(parse_module(text), target(*features_of(text)))
    assert again.insns == code.insns and again.relocs == code.relocs


def test_dump_names_each_pass():
    module = parse_module(CASES[0].read_text())
    seen = []
    compile_module(module, target(), dump=lambda name, text: seen.append((name, text)))
    assert seen[0][0] == "input" and seen[0][1] == print_module(parse_module(CASES[0].read_text()))
    assert [name for name, _ in seen[1:]].count("fold_constants") == 1
    assert "remove_dead_ops" in [name for name, _ in seen]


@pytest.mark.parametrize(("size", "loops", "fits"), [(512, False, True), (496, True, True), (504, True, False)])
def test_the_budget_of_loops_takes_stack(size, loops, fits):
    jump = "if spent n, n goto out else out" if loops else "goto out"
    text = f"""
program p(ctx: ptr.ctx) {{
entry:
  a = alloca {size} align 8
  n = const 0
  store.8 a + 0, n
  x = load.8 a + 0
  {jump}
out:
  ret x
}}
"""
    module = parse_module(text)
    if fits:
        assert compile_module(module, target("may_goto")).stack_size == 512
    else:
        with pytest.raises(CompileError, match="needs at least 520 bytes of stack"):
            compile_module(module, target("may_goto"))

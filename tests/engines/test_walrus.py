"""Assignments in expressions that may not be evaluated: as in CPython, or refused where a name may have no value.

`EBEE_PROGRAMS` is how many random programs are tried (60), `EBEE_SEED` where they begin.
"""

from __future__ import annotations

import os
import random

import pytest
from test_python_meaning import FIELDS, run_engine_often, run_on

from ebee.engine.backend import EngineBackend
from ebee.errors import CompileError
from ebee.spec.default_target import default_target

NAMES = "abcxyz"
INPUTS = [(0, 0, 0), (1, 2, 3), (7, 0, 5), (2, 200, 1), (3, 3, 3)]
BEGIN = [f"{n} = u8(ctx.{f})" for n, f in zip("abc", FIELDS)]
PRELUDE = "m = Hash(u32, u64)\n"


class Map(dict):
    def __missing__(self, key):
        return 0

    def __setitem__(self, key, value):
        super().__setitem__(key + 0, value + 0)  # None is no key or value

    def get(self, key, default=None):
        return super().get(key + 0, default)


class Maker:
    """Random statements over the integers a, b and c, and x, y and z that may be assigned or not."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def number(self, depth=2):
        pick = self.random.random()
        if depth == 0 or pick < 0.3:
            return self.random.choice([*NAMES, *"abc", "1", "3"])
        if pick < 0.6:
            return f"({self.random.choice('abcxyz')} := {self.number(depth - 1)})"
        if pick < 0.7:
            return f"({self.number(depth - 1)} if {self.test(depth - 1)} else {self.number(depth - 1)})"
        if pick < 0.8:
            return f"({self.number(depth - 1)} {self.random.choice(['and', 'or'])} {self.number(depth - 1)})"
        if pick < 0.87:
            return f"int({self.test(depth - 1)})"
        if pick < 0.92:
            return f"m.get({self.number(0)}, {self.number(depth - 1)})"
        return f"({self.number(depth - 1)} {self.random.choice('+&|')} {self.number(depth - 1)}) % 256"

    def test(self, depth=2):
        pick = self.random.random()
        if depth and pick < 0.45:
            parts = [self.test(depth - 1) for _ in range(self.random.randint(2, 3))]
            return "(" + f" {self.random.choice(['and', 'or'])} ".join(parts) + ")"
        if depth and pick < 0.55:
            return f"(not {self.test(depth - 1)})"
        if pick < 0.8:
            return " ".join([self.number(1), *(f"{self.random.choice(['<', '<=', '==', '!='])} {self.number(1)}"
                                               for _ in range(self.random.randint(1, 2)))])  # fmt: skip
        if pick < 0.9:
            return f"({self.random.choice('xyz')} := m.get({self.number(0)})) is not None"
        return self.number(depth)

    def statements(self, depth=2, in_loop=False):
        lines = []
        for _ in range(self.random.randint(1, 3)):
            pick = self.random.random()
            if pick < 0.25 or not depth:
                name, value = self.random.choice(NAMES), self.number()
                lines.append(self.random.choice([f"{name} = {value}", f"m[{self.number(0)}] = {value}"]))
            elif pick < 0.75:
                lines += [f"if {self.test()}:", *indented(self.statements(depth - 1, in_loop))]
                if self.random.random() < 0.6:
                    lines += ["else:", *indented(self.statements(depth - 1, in_loop))]
            elif pick < 0.85:
                lines += ["t = 0", f"while (t := t + 1) < 4 and {self.test()}:", *indented(self.statements(0, True))]
            elif pick < 0.92:
                lines += [f"match {self.number(1)}:", f"    case {self.random.randint(0, 3)} if {self.test()}:",
                          *indented(indented(self.statements(0))), "    case _:", *indented(indented(self.statements(0)))]  # fmt: skip
            else:
                lines.append(f"assert {self.test()} or True")
        return lines


def indented(lines):
    return [f"    {line}" for line in lines]


def expected(lines, inputs):
    """What CPython's `out` is, or None where a name has no value."""
    out, m = [0] * 8, Map()
    names = {"out": out, "m": m, "u64": lambda n: n % 2**64, **dict(zip("abc", (n % 256 for n in inputs)))}
    try:
        exec("\n".join(lines), names)
        return [n % 2**64 for n in out]
    except (NameError, TypeError):
        return None


def check(seed, backend=None):
    """Whether a random program was compiled; it then does what CPython does."""
    maker = Maker(seed)
    lines = [f"{n} = {k}" for k, n in enumerate("xyz") if maker.random.random() < 0.7] + maker.statements()
    lines += [f"out[{k}] = {n}" for k, n in enumerate(NAMES) if maker.random.random() < 0.8 or n in "abc"]
    lines += ["out[7] = m[0] + m[1] * 3 + m[2] * 5 + m[3] * 7"]
    try:
        if backend is None:
            found = run_engine_often([*BEGIN, *lines], INPUTS, prelude=PRELUDE)
        else:
            found = [run_on(backend, [*BEGIN, *lines], inputs, 8, PRELUDE) for inputs in INPUTS]
    except CompileError:
        return False
    for inputs, (values, lost) in zip(INPUTS, found):
        wanted = expected(lines, inputs)
        assert (values, lost) == (wanted, 0) if wanted is not None else lost, "\n".join(lines)
    return True


PROGRAMS, SEED = int(os.environ.get("EBEE_PROGRAMS", 60)), int(os.environ.get("EBEE_SEED", 1))


def test_random_programs():
    assert sum(check(seed) for seed in range(SEED, SEED + PROGRAMS)) > PROGRAMS // 4


def test_random_programs_whose_loops_are_functions():
    backend = EngineBackend(default_target().replace(features=frozenset(("bpf_loop",))))
    try:
        assert sum(check(seed, backend) for seed in range(SEED, SEED + PROGRAMS // 6)) > PROGRAMS // 24
    finally:
        backend.close()


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (["if a and (x := b):", "    out[0] = x"], [0, 2, 0, 200, 3]),
        (["if not (a and (x := b)):", "    out[0] = 9", "else:", "    out[0] = x"], [9, 2, 9, 200, 3]),
        (["if a == 0 or (x := b) == 0:", "    out[0] = 9", "else:", "    out[0] = x"], [9, 2, 9, 200, 3]),
        (["m[1] = 5", "if a and (x := m.pop(a, 0)):", "    out[0] = x"], [0, 5, 0, 0, 0]),
        (["n = 0", "while (x := n + a) and x < 5:", "    n = n + 1", "out[0] = x"], [0, 5, 7, 5, 5]),
        (["x = 4", "if a < b < (x := c):", "    out[1] = x", "out[0] = x"], [4, 3, 4, 1, 4]),
        (["if (x := a) > 2 and (x := b) < 5:", "    out[1] = x", "out[0] = x"], [0, 1, 0, 2, 3]),
        (["out[0] = (x := b) + x if a else 7"], [7, 4, 0, 400, 6]),
        (["x = 9", "y = 1 if (x := sum(a for _ in (1, 2))) else 2", "out[0] = x + y"], [2, 3, 15, 5, 7]),
        (["x, n = 9, 0", "while (x := sum(n for _ in (1, 2))) < 7:", "    n = n + 1", "out[0] = x + n"], [12] * 5),
        (["x = 9", "if b < (x := sum(a for _ in (1, 2))) < 9:", "    out[1] = x", "out[0] = x"], [0, 2, 14, 4, 6]),
        (["y = 1", "match a:", "    case 1 if (y := b) > 9:", "        pass", "    case _:", "        y = y + 10",
          "out[0] = y"], None),
    ],
)  # fmt: skip
def test_what_is_assigned_on_the_way(body, result):
    if result is None:
        with pytest.raises(CompileError, match="may have been assigned by a `case`"):
            run_engine_often([*BEGIN, *body], INPUTS, prelude=PRELUDE)
        return
    found = run_engine_often([*BEGIN, *body], INPUTS, prelude=PRELUDE)
    assert [values[0] for values, _lost in found] == result
    assert [expected(body, inputs)[0] for inputs in INPUTS] == result


@pytest.mark.parametrize(
    "body",
    [
        ["if a and (x := b):", "    pass", "out[0] = x"],
        ["if a or (x := b):", "    out[0] = x"],
        ["if a and (x := b):", "    pass", "else:", "    out[0] = x"],
        ["y = a and (x := b)", "out[0] = x"],
        ["y = 1 if a else (x := b)", "out[0] = x"],
        ["out[1] = a < b < (x := c)", "out[0] = x"],
    ],
)
def test_what_may_have_no_value_is_not_used(body):
    with pytest.raises(CompileError, match="x is not assigned on every way that leads here"):
        run_engine_often([*BEGIN, *body], INPUTS, prelude=PRELUDE)


def test_texts_that_are_assigned_on_the_way():
    body = ["s = 'a'", "if a and (s := 'bcd'):", "    out[0] = len(s)", "else:", "    out[1] = 1"]
    assert [values[0] for values, _lost in run_engine_often([*BEGIN, *body], INPUTS)] == [0, 3, 3, 3, 3]
    for test in ("a and (s := 'bcd')", "a and (s := b'bcd')"):
        with pytest.raises(CompileError, match="s may be one text or another here"):
            run_engine_often([*BEGIN, "s = 'a'", f"if {test}:", "    pass", "out[0] = len(s)"], INPUTS)

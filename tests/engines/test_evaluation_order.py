"""Order of evaluation: functions that write what their caller reads, as in CPython or refused.

In CPython a map is a dict of copies. `EBEE_PROGRAMS` is how many random programs are tried (60), `EBEE_SEED` where they
begin.
"""

from __future__ import annotations

import os
import random
import sys
from itertools import count

import pytest

from ebee.api.source import compile_probes, remember_source
from ebee.engine.backend import EngineBackend
from ebee.errors import CompileError
from ebee.spec.backend import TestRun as Run
from ebee.spec.object import LOSS_MAP

_serial = count()
_WRITERS = """
def bump(n):
    total.value += 1
    return total.value + n

def put(k, n):
    counts[k] = n
    return n

def drop(k):
    del counts[k]
    return k

def add(k, n):
    counts[k] += n
    return counts[k]

def cell(k, n):
    cells[k] = n
    return n

def first(k, n):
    counts.setdefault(k, n)
    return n

def poke(r, n):
    r.n = n
    return n

def rename(r, n):
    r.name = 'other'
    return n

def refill(r, n):
    r.data = b'wxyz'
    return n

def item(r, n):
    r.items[1] = n
    r.items[2] += n
    return n

def move(r, n):
    r.part = Part(x=n)
    return n

def shift(r, n):
    r.part.x = n
    return n

def touch(k, n):
    found = rows.lookup(k)
    if found:
        found.n = n
        found.name = 'found'
        found.items[1] = n
        found.part.x += n
    return n

def erase(k):
    del rows[k]
    return k

def renew(k, n):
    rows[k] = Row(n=n, name='new', items=(n, 1, 2, 3))
    return n

def deep(n):
    return bump(n) + put(1, n)

def looped(n):
    for i in range(3):
        total.value += i
        counts[i] += 1
    return n

def fetched(n):
    return ebee.fetch_add(total.value, n)
"""
DECLARATIONS = f"""
import ebee
from ebee import Array, Bytes, Global, Hash, List, Str, Struct, s64, u32, u64

class Part(Struct):
    x: u32
    y: u32

class Row(Struct):
    n: u64
    part: Part
    items: list[int] = List(u64, 4)
    name: str = Str(8)
    data: bytes = Bytes(4)

rows = Hash(u32, Row)
counts = Hash(u32, u64)
cells = Array(u64, max_entries=4)
out = Array(u64, max_entries=32)
total = Global(u64)
whole = Global(Row)
{_WRITERS}
{_WRITERS.replace("def ", "@ebee.subprogram" + chr(10) + "def s_").replace(" bump(", " s_bump(").replace(" put(1", " s_put(1")}
"""
BEGIN = [
    "x, y, s = 1, 2, 'start'[:3]", "r = Row(n=7, name='local', items=(1, 2, 3, 4), data=b'abcd', part=Part(x=5, y=6))",
    "rows[0] = Row(n=9, name='entry', items=(5, 6, 7, 8), data=b'efgh', part=Part(x=3, y=4))", "rows[1] = r",
    "counts[1] = 4", "cells[1] = 3", "total.value = 2", "whole.value.n = 8", "whole.value.name = 'global'",
    "whole.value.items[1] = 6", "whole.value.data = b'ijkl'",
]  # fmt: skip
RESULTS = [
    "x & 0xFFFF", "y & 0xFFFF", "len(s)", "total.value", *(f"counts[{k}]" for k in range(4)), *(f"cells[{k}]" for k in range(4)),
    "int(0 in counts) + 2 * int(1 in counts) + 4 * int(0 in rows) + 8 * int(1 in rows)",
    *(text for row in ("r", "whole.value", "rows[0]", "rows[1]")
      for text in (f"{row}.n + {row}.items[0] * 3 + {row}.items[1] * 5 + {row}.items[2] * 7 + {row}.part.x * 11", f"len({row}.name) + {row}.data[0]")),
]  # fmt: skip
FIELDS = ("addr", "len", "prot", "flags")
INPUTS = [(0, 1, 2, 3), (1, 0, 1, 200), (3, 3, 0, 1)]


class Table(dict):
    def __init__(self, make):
        self.make = make

    def __missing__(self, key):
        return self.make()

    def __getitem__(self, key):
        found = super().__getitem__(key)
        return found if isinstance(found, int) else found._type.own(found)

    def __setitem__(self, key, value):
        super().__setitem__(key, value if isinstance(value, int) else value._type.own(value))

    def __delitem__(self, key):
        self.pop(key, None)

    def lookup(self, key):
        return dict.get(self, key)

    def setdefault(self, key, value):
        if key not in self:
            self[key] = value


class Variable:
    def __init__(self, value):
        self.value = value


class Programs:
    """Makes random programs of the integers a to d, 0 to 200."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.rows = ["r", "whole.value"]
        self.names = 0

    def pick(self, *choices):
        choice = self.random.choice(choices)
        return choice() if callable(choice) else choice

    def row(self):
        return self.pick(*self.rows)

    def small(self):
        return self.pick("0", "1", "2", "a & 3", "b & 3", "3")

    def writer(self, depth):
        n, k, row = self.number(depth - 1), self.small(), self.row()
        n = f"{n} & 255"
        call = self.pick(
            f"bump({n})", f"put({k}, {n})", f"drop({k})", f"add({k}, {n})", f"cell({k}, {n})", f"first({k}, {n})", f"poke({row}, {n})",
            f"rename({row}, {n})", f"refill({row}, {n})", f"item({row}, {n})", f"move({row}, {n})", f"shift({row}, {n})",
            f"touch({self.pick('0', '1')}, {n})", f"erase({self.pick('0', '1')})", f"renew({self.pick('0', '1')}, {n})", f"deep({n})",
            f"looped({n})", f"fetched({n})", f"poke(r={row}, n={n})", f"put(n={n}, k={k})",
        )  # fmt: skip
        return self.pick("", "", "s_") + call

    def reader(self):
        row, k = self.row(), self.small()
        return self.pick(
            "total.value", f"counts[{k}]", f"cells[{k}]", f"counts.get({k}, 5)", f"{row}.n", f"{row}.items[{k}]", f"{row}.part.x",
            f"len({row}.name)", f"{row}.data[0]", f"rows[{k}].n", f"rows[{k}].items[1]", f"({k} in counts)", f"len(rows[{k}].name)",
            "x", "y", "len(s)", f"sum({row}.items)", f"({row}.part == r.part)", f"({row}.name == s)",
        )  # fmt: skip

    def number(self, depth=2):
        if depth <= 0:
            return self.reader()
        p, q = (self.pick(self.reader, lambda: self.writer(depth - 1)) for _ in "pq")
        row = self.row()
        return self.pick(
            p, p, f"({p} + {q})", f"({p} ^ {q})", f"({p} if {q} else {self.reader()})", f"({p} and {q})", f"({p} or {q})", f"({p} < {q})",
            f"({p} <= {q} < {self.reader()})", f"max({p}, {q})", f"{row}.items[{p} & 3]", f"({row}.data == b'abcd') + {p}",
            f"counts[{p} & 3]", f"({self.text(depth - 1)} == {self.text(depth - 1)})", f"len({self.text(depth - 1)})",
            f"counts.get({p} & 3, {q})", f"sum(({p}, {q}))", f"sum({p} for _ in (1, 2))", f"sum(v + {p} for v in {row}.items)",
            f"(({row}.data, {p}) == (b'abcd', 3))", f"(({row}.name, {p})[0] == 'other')", f"({p} in ({q}, 5))", f"both({row}, {p})",
            f"both(n={p}, row={row})", f"named({row}.name, {p})", f"rows[{p} & 1].items[{q} & 3]", f"getattr({row}, 'n') + {p}",
        )  # fmt: skip

    def text(self, depth=1):
        row, n = self.row(), self.number(depth)
        w = self.pick(self.reader, lambda: self.writer(1))  # without quotes
        return self.pick(
            f"{row}.name", f"{row}.name[:2]", "s", "'local'", f"({row}.name if {n} else s)", f"f'{{{row}.n}}'", f"(f'{{{row}.name}}' + f'{{{w} & 7}}')[:4]",
            f"f'{{{w} & 3}}{{{row}.name[:3]}}'[:4]", f"rows[{n} & 1].name",
        )  # fmt: skip

    def statement(self, depth):
        n, w, row = self.number(), self.writer(2), self.row()
        k, r = self.small(), self.random.randrange
        places = ("total.value", f"counts[{k}]", f"counts[{n} & 3]", f"cells[{k}]", f"{row}.n", f"{row}.items[{k}]", f"{row}.items[{n} & 3]",
                  f"{row}.part.x", "x", "y")  # fmt: skip
        place, op = self.pick(*places), self.pick("+", "|", "^", "&")
        simple = (
            f"{place} {op}= {n} & 255", f"{place} {op}= {w} & 255", f"{place} = {n} & 255", f"x, y = {w} & 255, {n} & 255",
            f"x = {n} & 255", f"{self.pick(*places[:-2])}, {self.pick(*places)} = {n} & 255, {w} & 255", f"del counts[{n} & 3]",
            f"{place} = {self.pick(*places)} = {n} & 255", f"s = {self.text()}", f"{row}.name = {self.text()}", f"s, x = {row}.name, {w}",
            f"x, {row}.name = {w}, {self.text()}", f"x = (y := {n} & 255) + {w} & 255", f"x += (x := {n} & 255) & 3",
            f"{row}.part = Part(x={n} & 255, y={w} & 255)", f"{row}.data, x = {self.row()}.data, {w}", f"x = int({n} > 3) + {w} & 255",
            w, w, f"rows[{k}] = Row(n={n} & 255, name={row}.name, part=Part(x={w} & 255))", f"t = {row}.name, {n} & 255",
        )  # fmt: skip
        if depth and r(3) == 0:
            rows, self.names = list(self.rows), self.names + 1
            name = f"n{self.names}"
            kind = r(8)
            if kind == 0:
                head = [f"if {n} > {r(9)} and {self.text()} != s:"]
            elif kind == 1:
                head = [f"for {name} in {row}.items:", f"    x = x + {name} & 255"]
            elif kind == 2:
                head = [f"for {name} in {self.pick(f'{row}.name', f'{row}.data', 's')}:", "    x = x + 1 & 255"]
            elif kind == 3:
                head = [f"for {name}, v in enumerate({row}.items):", f"    x = x + v * {name} & 255"]
            elif kind == 4:
                head = [f"{name} = rows.lookup({k})", f"if {name}:"]
                self.rows.append(name)
            elif kind == 5:
                head = [f"{name} = {row}.part", f"if {name}.x < {n}:"]
            elif kind == 6:
                head = [f"for {name} in range({n} & 3):"]
            else:
                head = [f"{name} = 0", f"while {name} < 3 and {n} > 2:", f"    {name} += 1"]
            inside = [f"    {line}" for _ in range(r(1, 3)) for line in self.statement(depth - 1)]
            self.rows = rows
            return [*head, *inside]
        return [self.pick(*simple)]

    def lines(self):
        found = []
        for _ in range(self.random.randrange(1, 4)):
            found += self.statement(2)
        return found


MORE = """
def both(row, n):
    return row.n + row.part.x + n & 255

def named(text, n):
    return len(text) + n & 255
"""


class Module:
    """A probe of some lines, compiled for the engine, and the same lines for CPython."""

    def __init__(self, lines):
        self.lines = [*BEGIN, *lines, *(f"out[{at}] = {text}" for at, text in enumerate(RESULTS))]
        body = [*(f"{n} = u64(ctx.{f}) & 255" for n, f in zip("abcd", FIELDS)), *self.lines]
        self.name = f"<python order {next(_serial)}>"
        text = DECLARATIONS + MORE + "\n@ebee.tracepoint('syscalls:sys_enter_mmap')\ndef probe(ctx):\n"
        text += "".join(f"    {line}\n" for line in body)
        remember_source(self.name, text)
        self.module = sys.modules[self.name] = type(sys)(self.name)
        exec(compile(text, self.name, "exec"), self.module.__dict__)
        try:
            self.backend = EngineBackend()
            self.spec, _ = compile_probes([self.module.probe], self.backend.target)
        except BaseException:
            self.close()
            raise

    def close(self):
        self.backend.close()
        del sys.modules[self.name]

    def run(self, inputs):
        """What the engine says, and whether something was lost."""
        maps = {name: self.backend.create_map(m, self.spec) for name, m in self.spec.maps.items()}
        program = self.backend.load_program(self.spec.programs["probe"], self.spec, maps)
        ctx = bytes(16) + b"".join(n.to_bytes(8, "little") for n in (*inputs, 0, 0))
        self.backend.test_run(program, Run(ctx=ctx))
        lost = LOSS_MAP in maps and any(maps[LOSS_MAP].lookup(bytes(4)))
        return [
            int.from_bytes(maps["out"].lookup(at.to_bytes(4, "little")), "little") for at in range(len(RESULTS))
        ], lost

    def python(self, inputs):
        names = dict(vars(self.module))
        names.update(zip("abcd", inputs), rows=Table(self.module.Row), counts=Table(int), cells=Table(int), out={})
        names.update(total=Variable(0), whole=Variable(self.module.Row()))
        for name, function in list(names.items()):
            if isinstance(function, type(lambda: 0)) and function.__module__ == self.name:
                names[name] = type(function)(function.__code__, names, name)
        names["ebee"] = Twin(names)
        exec("\n".join(self.lines), names)
        return [int(names["out"][at]) for at in range(len(RESULTS))]


class Twin:
    """`ebee` for CPython, where the only number that is fetched is `total`."""

    def __init__(self, names):
        self.names = names

    def fetch_add(self, old, n):
        self.names["total"].value += n
        return old


def check(lines):
    """Return "right" or "refused"."""
    try:
        module = Module(lines)
    except CompileError:
        return "refused"
    try:
        for inputs in INPUTS:
            got, lost = module.run(inputs)
            text = f"{inputs}\n" + "\n".join(lines)
            if lost:
                with pytest.raises((IndexError, ZeroDivisionError, TypeError, ValueError, AttributeError)):
                    module.python(inputs)
            else:
                assert got == module.python(inputs), text
    finally:
        module.close()
    return "right"


def test_random_programs_are_right_or_refused():
    first, number = int(os.environ.get("EBEE_SEED", 0)), int(os.environ.get("EBEE_PROGRAMS", 60))
    results = [check(Programs(seed).lines()) for seed in range(first, first + number)]
    assert results.count("right") >= number // 10


# What is changed, and what writes to it: `op=` sees the number that was there before its operand, or is refused.
PLACES = ("total.value", "counts[1]", "cells[1]", "e.n", "e.items[1]", "e.part.x", "whole.value.n", "whole.value.items[1]", "r.n",
          "r.items[1]", "x")  # fmt: skip
OPERANDS = {
    "total.value": ("bump(3)", "deep(2)", "looped(1)", "fetched(2)", "sum(bump(v) for v in (1, 2))", "(y := bump(1))",
                    "(bump(2) if a else 1)", "max(b, bump(2))", "(a and bump(1))", "both(r, bump(1))", "bump(bump(1))"),
    "counts[1]": ("put(1, 9)", "drop(1)", "add(1, 5)", "deep(2)", "looped(1)", "first(2, 1)", "(y := add(b & 1, 2))"),
    "cells[1]": ("cell(1, 9)", "sum(cell(v, 8) for v in (1, 2))"),
    "e.n": ("poke(e, 9)", "touch(0, 3)", "erase(0)", "renew(0, 5)", "poke(rows.lookup(0), 4) if 0 in rows else 1"),
    "e.items[1]": ("item(e, 9)", "touch(0, 3)"),
    "e.part.x": ("move(e, 9)", "shift(e, 3)", "touch(0, 3)"),
    "whole.value.n": ("poke(whole.value, 9)",),
    "whole.value.items[1]": ("item(whole.value, 9)",),
    "r.n": ("poke(r, 9)", "poke(r=r, n=2)", "(y := poke(r, 9))", "sum(poke(r, v) for v in (3, 4))"),
    "r.items[1]": ("item(r, 9)", "item(r, r.items[1])"),
    "x": ("(x := 9)", "(x := x + 1) + x"),
}  # fmt: skip
CASES = [(place, text) for place in PLACES for text in OPERANDS[place]]


@pytest.mark.parametrize(("place", "operand"), CASES)
def test_augmented_assignments_see_what_was_there(place, operand):
    for op in ("+", "|", "&", "^", "-") if operand == OPERANDS[place][0] else ("+", "|"):
        plain = [f"{place} {op}= {operand}"]
        name = operand.replace("(y := ", "").partition("(")[0]
        told = [f"{place} {op}= {operand.replace(name + '(', f's_{name}(')}"]
        cached = [f"y = {operand.replace(name + '(', f's_{name}(')}", *told]  # made for an earlier call
        for lines in (plain, told, cached) if name in _WRITERS else (plain,):
            around = ["e = rows.lookup(0)", "if e:", *(f"    {line}" for line in [*lines, f"{place} = {place} & 0xFFFF"])]
            check(around if op != "-" else [around[0], around[1], f"    {place} = 1000", *around[2:]])


def test_changes_by_functions_are_refused():
    for place, operand in (("total.value", "bump(1)"), ("counts[1]", "add(1, 2)"), ("cells[1]", "cell(1, 2)"), ("e.n", "touch(0, 1)")):
        for name in ("", "s_"):
            lines = ["e = rows.lookup(0)", "if e:", f"    x = {name}{operand}", f"    {place} += {name}{operand}"]
            with pytest.raises(CompileError, match=r"is changed atomically, and .* is written to by what follows"):
                Module(lines).close()
        for other in ("put(1, 2)", "cell(1, 2)"):
            if place.partition("[")[0] not in {"put": "counts", "cell": "cells"}[other.partition("(")[0]]:
                assert check(["e = rows.lookup(0)", "if e:", f"    {place} += s_{other} + {other}"]) == "right"


HELD = {
    "x = both(e, erase(0))": "e may be gone|row may be gone",
    "x = s_poke(e, erase(0))": "may be gone",
    "x = e.items[erase(0)]": "may be gone",
    "e.items[erase(0)] = 3": "may be gone",
    "e.items[erase(0)] += 3": "may be gone",
    "x = ebee.fetch_add(e.items[erase(0)], 3)": "may be gone",
    "x = ebee.fetch_add(e.n, touch(0, 1))": "is changed atomically, and rows is written to by what follows it",
    "x = int(e == (erase(0), r)[1])": "may be gone",
}


@pytest.mark.parametrize("line", HELD)
def test_entries_that_go_while_they_are_held(line):
    with pytest.raises(CompileError, match=HELD[line]):
        Module(["e = rows.lookup(0)", "if e:", f"    {line}"]).close()


RIGHT = (
    "x = rows[0].items[erase(0)]", "x = rows[1].items[renew(1, 3) & 3]",
    "x = sum(v + item(r, 9) for v in r.items)", "x = sum(v * k + item(r, 9) for k, v in enumerate(r.items))",
    "x = sum(v + refill(r, 9) for v in r.data)", "x = sum(r.data, refill(r, 1))", "x = sum(r.items, item(r, 9))",
    "x = max(v ^ w ^ item(r, v) for v, w in zip(r.items, (1, 2, 3)))", "x = any(v == 9 and item(r, 9) for v in reversed(r.items))",
    "for v, w in zip(r.items, (1, 2, 3)): x = x + v * w + item(r, 9)", "counts.setdefault(len(r.name), rename(r, 3))",
    "x = counts.get(len(r.name), rename(r, 3))", "x = both(n=rename(r, 2), row=r)", "x, r.name = rename(r, 3), r.name",
    "t = r.name; r.name = 'x'; x = len(t)", "t = r.data; refill(r, 3); x = t[0]", "x = ((t := r.name), rename(r, 3), len(t))[2]",
    "del counts[put(1, 1)]", "counts[put(2, 3)] = put(2, 1)", "x = 5 if (y := bump(1)) and counts[1] < y < total.value else bump(4)",
    "x = r.part.x + shift(r, 9) + r.part.x", "x = counts[1] + drop(1) + counts[1]", "x = total.value <= bump(1) < bump(2) < total.value",
    "cells[cell(1, 2)], cells[cell(2, 3)] = cell(1, 3), cell(3, 1)", "r.items[item(r, 1)] += item(r, 3)",
)  # fmt: skip


@pytest.mark.parametrize("line", RIGHT)
def test_what_is_read_before_a_function_writes(line):
    lines = line.split("; ")
    assert check(lines) == "right"

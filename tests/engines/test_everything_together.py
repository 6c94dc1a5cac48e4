"""Random programs of all that the language has, each about as long as a probe is: as in CPython, or refused.

`EBEE_PROGRAMS` is how many are tried (16), `EBEE_SEED` where they begin, `EBEE_STATEMENTS` how many statements each has (3).
"""

from __future__ import annotations

import os
import sys

import pytest
import test_evaluation_order as order
from test_evaluation_order import DECLARATIONS, INPUTS, Module, Programs, Table

from ebee.engine.backend import EngineBackend
from ebee.errors import CompileError
from ebee.spec.default_target import default_target

MORE = """
import enum

class State(enum.IntEnum):
    IDLE = 0
    RUN = 1
    DONE = 2

class Mode(enum.IntFlag):
    READ = 1
    WRITE = 2

words = Hash(u32, Str(8))
LIMIT = 3
NOTHING = 0
STEPS = (1, 2, 3, 5)
TABLE = {0: (1, 2), 1: (7, 9), 3: (3, 4)}
LETTERS = {"a": 1, "local": 2, "other": 3}

def apply(f, *values):
    return f(*values) & 255

def clamp(n, low=0, *, high=100):
    if n < low:
        return low
    return high if n > high else n

def first_of(text, data, n):
    for at, byte in enumerate(data):
        if byte == n & 127:
            return at
    return len(text) + 10

def pair(n, m):
    return (m, n) if n > m else (n, m)

def name_of(n):
    if n > 100:
        return "much"
    elif n > 3:
        return "some"
    return "few"

def bytes_of(n, data):
    if n & 1:
        return data
    return n.to_bytes(4, "big")
"""
BEGIN = ["d, p, q, st, md = b'abcd', 3, 4, State.IDLE, Mode.READ", "words[1] = 'one'", "words[2] = r.name", "z = c"]
END = [
    "x = x + d[0] * 3 + d[3] + p & 255", "y = y + q * 5 + len(words[1]) + len(words[3]) * 3 & 255",
    "total.value = total.value + z + int(st) + int(md) * 7 & 0xFFFF",
]  # fmt: skip


class Rows(Table):
    """A dict of copies, as maps are."""

    def get(self, key, default=None):
        if key not in self:
            return default
        return self[key]

    def pop(self, key, default):
        return dict.pop(self, key, default)


class Words(Rows):
    def __getitem__(self, key):
        return dict.get(self, key, "")

    def __setitem__(self, key, value):
        dict.__setitem__(self, key, value)

    def setdefault(self, key, value):
        return dict.setdefault(self, key, value)


class Everything(Programs):
    """Makes programs of the integers a to d; of those that only this makes, x to z, p and q are integers."""

    def byte(self):
        return f"{self.number(1)} & 255"

    def name(self):
        return self.pick("x", "y", "z", "p", "q")

    def data(self):
        n, row = self.number(0), self.row()
        return self.pick(
            "d", "b'wxyz'", f"{row}.data", f"({n} & 0xFFFF).to_bytes(4, 'little')", f"(d if {n} > 3 else {row}.data)",
            f"bytes_of({n} & 255, d)", f"(b'abcd', {row}.data)[{n} & 1 if False else 1]", f"rows[{self.small()}].data",
        )  # fmt: skip

    def test(self, depth=1):
        n, m, x = self.byte(), self.number(1), self.name()
        inner = self.test(depth - 1) if depth else f"{m} > 2"
        return self.pick(
            f"{m} and ({x} := {n})", f"{m} or ({x} := {n}) > 7", f"({x} := {n}) > 3 and {x} < 90", f"{m} < ({x} := {n}) < 200",
            f"not ({inner})", f"({inner}) and {m} != 3", f"({inner}) or {m} == 1", f"1 < {m} <= ({x} := {n})",
            f"({x} := counts.get({m} & 3, {n})) > 2", f"({x} := counts.pop({m} & 3, 0))", f"st == State({m} & 1)", "Mode.WRITE in md",
            f"{self.text()} in ('local', 'other')", f"{self.text()}.startswith('l')", f"d == {self.data()}", f"{m} in STEPS",
            f"any(v > {m} for v in {self.row()}.items)", f"all(v < 99 for v in (x, y, {m}))", f"{m} not in (x, y, 3)",
            f"(v := rows.lookup({self.small()})) is not None and v.n > {m}",
        )  # fmt: skip

    def extra(self, depth=1):
        n, m, row, k = self.number(depth - 1), self.reader(), self.row(), self.small()
        return self.pick(
            f"int.from_bytes({self.data()}, {self.pick(repr('big'), repr('little'))}) % 251", f"int.from_bytes({row}.data[1:3], 'big') % 99",
            f"min({n}, 200)", f"max((v for v in {row}.items if v > {m}), default={m})", f"min((v for v in STEPS if v < ({n} & 7)), default=9)",
            f"apply(lambda v: v + LIMIT, {n})", f"apply(lambda v, w=2: v * w + {self.pick('LIMIT', 'v', '1')}, {n} & 15)",
            f"clamp({n}, {m}, high=150)", f"clamp({n}, high={m})", f"first_of({self.text()}, {self.data()}, {n})", f"sum(pair({n}, {m}))",
            f"pair({n} & 255, {m} & 255)[{m} & 1]", f"len(name_of({n}))", f"TABLE.get({n} & 3, (5, 6))[1]", f"LETTERS.get({self.text()}, 8)",
            f"rows.get({k}, Row(n={m} & 255)).n", f"len(words.get({k}, 'none'))", f"counts.get({k}, {n})", f"STEPS[{n} & 3]",
            f"len([v for v in STEPS if v > 2]) + {m}", f"(x, y, {m})[{n} % 3]", f"divmod({n}, 7)[1]", f"{n} // 3 + {m} % 5", f"abs(s64({n} & 255) - s64({m} & 255))",
            f"({n} << 2 & 255) >> 1", f"({n}).bit_length()", f"int({m} >= NOTHING)", f"(md & Mode.WRITE) + {n}", f"st.value + int({m} == st)",
            f"len(f'{{{m} & 255}}-{{{m} & 7}}')", f"({row}.name + '!').find('l') + 1", f"ord('a') + {m}",
        )  # fmt: skip

    def number(self, depth=2):
        if depth > 0 and self.random.random() < 0.35:
            return self.extra(depth)
        return super().number(depth)

    def reader(self):
        return self.pick("z", "p", "q", "d[1]", "d[2]") if self.random.random() < 0.2 else super().reader()

    def text(self, depth=1):
        if self.random.random() < 0.3:
            return self.pick("words[1]", f"words.get({self.small()}, 'none')", "name_of(x)", f"('local' if {self.reader()} > 2 else s)")
        return super().text(depth)

    def statement(self, depth):
        if self.random.random() < 0.45:
            return super().statement(depth)
        x, n, k, row = self.name(), self.byte(), self.small(), self.row()
        self.names += 1
        name = f"m{self.names}"
        if not depth or self.random.random() < 0.5:
            return self.pick(
                [f"d = {self.data()}"], [f"{row}.data = {self.data()}"], [f"words[{k}] = {self.text()}"], [f"s = words.pop({k}, 'gone')"],
                [f"{name} = rows.pop({k}, Row(n={n}, name='popped'))", f"{name}.n += 1", f"{x} = {name}.n + len({name}.name) & 255"],
                [f"{name} = rows.get({k}, Row(n={n}))", f"{name}.items[1] = 3", f"rows[{k}] = {name}"],
                [f"{x}, {name} = (x, {n}) if {self.test()} else ({n}, y)", f"q = {name}"],
                ["p, q = q, p"], [f"p, *{name} = STEPS", f"q = {name}[{n} & 1] + p"], [f"{x} = ({self.test(0)}) and {n}"],
                [f"{x} = {n} if {self.test()} else q"], [f"{name} = {n}", f"{x} = {name} + 1 & 255", f"del {name}"], [f"{x} = words.setdefault({k}, 'set')[0] == 's'"],
                [f"st = State({n} & 1)"], [f"md = Mode({n} & 3)"], ["md |= Mode.WRITE", "md = Mode(md & 3)"], [f"{name} = lambda v: v * 2 + 1", f"{x} = {name}({n}) & 255"],
                [f"assert {self.test(0)} or True"], [f"q, p = pair({n}, {self.byte()})"], [f"{x}, {name} = TABLE[1] if {n} else TABLE[0]"],
            )  # fmt: skip
        inside = [f"    {line}" for _ in range(self.random.randrange(1, 3)) for line in self.statement(depth - 1)]
        other = [f"    {line}" for line in self.statement(depth - 1)]
        head = self.random.randrange(10)
        if head == 0:
            return [f"if {self.test()}:", *inside, "else:", *other]
        if head == 1:
            return [f"if {self.test()}:", *inside, f"elif {self.test()}:", *other]
        if head == 2:
            return [f"{name} = 0", f"while ({name} := {name} + 1) < 4 and ({self.test()}):", *inside, f"    if {self.test(0)}:", "        break"]
        if head == 3:
            return [f"for {name} in range({k}):", *inside, f"    if {self.test()}:", "        continue", f"    q = q + {name} & 255",
                    "else:", *other]  # fmt: skip
        if head == 4:
            return [f"match {n}:", "    case 0 | 3:", *(f"    {line}" for line in inside), f"    case {name} if {name} > 9 or ({self.test(0)}):",
                    f"        p = {name}", "    case _:", *(f"    {line}" for line in other)]  # fmt: skip
        if head == 5:
            return [f"for {name}, {name}b in zip(STEPS, (x, y, p, 2)):", f"    q = q + {name} * {name}b & 255", *inside]
        if head == 6:
            return [f"for {name} in (b'one', b'two'):", f"    d = ({name} + b'!') if {self.reader()} else d", *inside]
        if head == 7:
            return [f"match {self.text()}:", "    case 'local' | 'other':", *(f"    {line}" for line in inside), "    case _:",
                    *(f"    {line}" for line in other)]  # fmt: skip
        if head == 8:
            return [f"for {name} in reversed({row}.items):", f"    z = z * 3 + {name} & 255", *inside]
        return [f"match {row}.part:", f"    case Part(x=3, y={name}):", f"        p = {name} & 255", "    case _:", *(f"    {line}" for line in inside)]

    def lines(self):
        found = []
        for _ in range(int(os.environ.get("EBEE_STATEMENTS", 3))):
            found += self.statement(2)
        return [*BEGIN, *found, *END]


class Whole(Module):
    """As `Module`, with all that this has beside; loops may be functions."""

    features = None

    def __init__(self, lines, features=None):
        made = order.EngineBackend
        if features is not None:
            order.EngineBackend = lambda: EngineBackend(default_target().replace(features=frozenset(features)))
        declared, order.DECLARATIONS = order.DECLARATIONS, DECLARATIONS.replace("import ebee\n", "import ebee\nfrom ebee import *\n", 1) + MORE
        try:
            super().__init__(lines)
        finally:
            order.EngineBackend, order.DECLARATIONS = made, declared

    def python(self, inputs):
        names = dict(vars(self.module))
        names.update(zip("abcd", inputs), rows=Rows(self.module.Row), counts=Rows(int), cells=Rows(int), words=Words(str), out={})
        names.update(total=order.Variable(0), whole=order.Variable(self.module.Row()))
        for name, function in list(names.items()):
            if isinstance(function, type(lambda: 0)) and function.__module__ == self.name:
                names[name] = type(function)(function.__code__, names, name, function.__defaults__)
                names[name].__kwdefaults__ = function.__kwdefaults__
        names["ebee"], names["s64"] = order.Twin(names), int
        exec("\n".join(self.lines), names)
        return [int(names["out"][at]) for at in range(len(order.RESULTS))]


def check(lines, features=None):
    """Return "right" or "refused", with the first reason."""
    try:
        module = Whole(lines, features)
    except CompileError as e:
        return "refused", e.diagnostics[0].message
    try:
        for inputs in INPUTS:
            got, lost = module.run(inputs)
            try:
                wanted = module.python(inputs)
            except (IndexError, KeyError, ZeroDivisionError, TypeError, ValueError, AttributeError, NameError) as e:
                assert lost, f"{e!r}\n{inputs}\n" + "\n".join(lines)
                continue
            assert not lost and got == wanted, f"{inputs}\n{got}\n{wanted}\n" + "\n".join(lines)
    finally:
        module.close()
    return "right", ""


PROGRAMS, SEED = int(os.environ.get("EBEE_PROGRAMS", 16)), int(os.environ.get("EBEE_SEED", 1))


@pytest.mark.parametrize("features", [None, ("bpf_loop",)], ids=["", "loops are functions"])
def test_random_programs_are_right_or_refused(features):
    number = PROGRAMS if features is None else PROGRAMS // 4
    results = [check(Everything(seed).lines(), features)[0] for seed in range(SEED, SEED + number)]
    assert results.count("right") >= number // 10


if __name__ == "__main__":  # python test_everything_together.py FIRST LAST [FEATURE]: how many are right, and what is wrong
    import collections

    counts, wrong = collections.Counter(), []
    for seed in range(int(sys.argv[1]), int(sys.argv[2])):
        try:
            result, why = check(Everything(seed).lines(), sys.argv[3:] or None)
            counts[result] += 1
            counts[why[:70]] += 1
        except Exception as e:
            wrong.append(seed)
            print(seed, type(e).__name__, str(e)[:300].replace("\n", " | "))
    print(counts.most_common(25), wrong)

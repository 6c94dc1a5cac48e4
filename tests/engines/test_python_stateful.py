"""Random programs with structs, lists, bytes, strings, maps, variables and functions together: as in CPython, or refused.

In CPython a map is a dict. `EBEE_PROGRAMS` is how many programs are tried (12), `EBEE_SEED` where they begin.
"""

from __future__ import annotations

import os
import random
import sys

import pytest
import test_python_structs as structs
from test_python_meaning import FIELDS, _serial

from ebee.api.source import compile_probes, remember_source
from ebee.engine.backend import EngineBackend
from ebee.errors import CompileError
from ebee.spec.backend import TestRun as Run
from ebee.spec.object import LOSS_MAP

DECLARATIONS = (
    structs.DECLARATIONS
    + """
table = Hash(u32, s64)
kept = Hash(u32, Point)
turns = Global(s64)

def shift(p, n):
    old = p.x
    p.x = n & 65535
    return old

def tick(n):
    turns.value = turns.value + 1
    return n + turns.value

def naming(small, text):
    small.name = text
    return len(text)

def middle(p):
    return Point(x=p.x, y=p.y + 1)
"""
)


class Table(dict):
    def __init__(self, make):
        self.make = make

    def __missing__(self, key):
        return self.make()

    def __setitem__(self, key, value):
        super().__setitem__(key, value if isinstance(value, int) else value._type.own(value))

    def __delitem__(self, key):
        self.pop(key, None)

    def lookup(self, key):
        return dict.get(self, key)


class Variable:
    value = 0


class Programs:
    """Makes random programs: lines for the body of a probe whose record is `e`."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.aliases: list[str] = []
        self.serial = 0

    def pick(self, *choices):
        choice = self.random.choice(choices)
        return choice() if callable(choice) else choice

    def point(self):
        r = self.random.randrange
        return self.pick("e.where", f"e.ways[{r(-3, 3)}]", f"e.ways[a % {r(1, 4)}]", *self.aliases)

    def small(self):
        return self.pick("e.small", f"e.smalls[{self.random.randrange(2)}]")

    def text(self):
        return self.pick("'old'", "''", "'abcd'", f"{self.small()}.name", "s", "s[1:3]", f"{self.small()}.name[:2]")

    def number(self, depth=2):
        r = self.random.randrange
        if not depth or r(4) == 0:
            return self.pick(
                "a", "b", "c", "d", "x", "y", str(r(-9, 300)), "e.values[b % 6]", f"e.values[{r(-6, 6)}]", f"e.deltas[{r(3)}]",
                f"e.data[{r(7)}]", f"{self.point()}.x", f"{self.point()}.y", "e.first", "e.second", "e.rest", "e.port", "e.state",
                "e.flag", "e.ok", "e.small.low", "e.small.high", "e.small.n", f"{self.small()}.port", "turns.value",
                f"table[{r(3)}]", f"kept[{r(3)}].x", f"({r(3)} in table)", "len(e.name)", f"len({self.text()})", "e.host",
                f"tick({self.number(0) if depth else 1})", f"shift({self.point()}, {self.number(0) if depth else 1})",
                f"naming({self.small()}, {self.text()})", "sum_of(e.values)", "e.address.v4", "e.address.words[1]",
            ).replace("sum_of", "total")  # fmt: skip
        p, q = self.number(depth - 1), self.number(depth - 1)
        return self.pick(
            f"({p} + {q})", f"({p} - {q})", f"(({p} & 255) * ({q} & 255))", f"({p} // (({q} & 7) + 1))", f"({p} % (({q} & 7) - 9))",
            f"({p} & {q})", f"({p} | {q})", f"({p} ^ {q})", f"(({p} & 1023) << ({q} & 7))", f"({p} >> ({q} & 15))",
            f"({p} if {self.test(depth - 1)} else {q})", f"min({p}, {q})", f"max({p}, {q})", f"abs({p})", f"(-{p})", f"({p} < {q})",
        )  # fmt: skip

    def test(self, depth=1):
        r = self.random.randrange
        p, q = self.number(depth), self.number(depth)
        return self.pick(
            f"{p} < {q}", f"{p} == {q}", f"{p} <= {q} < {self.number(0)}", f"{self.text()} == {self.text()}", f"not {p}",
            f"{self.point()} == {self.point()}", "e.data[:3] == b'abc'", f"'b' in {self.text()}", f"{p} in (1, 2, {r(9)})",
            f"{self.small()}.mark == {self.small()}.mark", f"{p} and {q}", f"{p} or {q}", f"{r(9)} in e.values",
            f"{self.text()}.startswith('o')", "e.mode == Mode.READ",
        )  # fmt: skip

    def assignment(self):
        r, n = self.random.randrange, self.number()
        masked = f"({n}) & "
        return self.pick(
            f"x = ({masked}0xFFFFFF) - 0x800000", f"y = {masked}65535", f"e.values[{r(6)}] = {masked}0xFFFFFF",
            f"e.values[a % 6] = {masked}65535", f"e.deltas[{r(3)}] = ({masked}255) - 128", f"{self.point()}.x = {masked}65535",
            f"{self.point()}.y = ({masked}65535) - 99", f"e.first = {masked}7", f"e.second = ({masked}31) - 16", f"e.rest = {masked}4095",
            f"e.port = {masked}65535", f"e.host = {masked}0xFFFFFFFF", f"e.ok = {self.test()}", f"e.flag = {self.test()}",
            f"e.small.low = {masked}2047", f"e.small.high = ({masked}65535) - 32768", f"{self.small()}.n = {masked}65535",
            "e.state = State.RUN", "e.mode = Mode.READ", "e.mode |= Mode.WRITE", f"s = {self.text()}",
            f"{self.small()}.name = {self.text()}", f"e.name = {self.text()} + {self.text()}", "e.data = b'abcdefg'",
            f"{self.small()}.mark = {self.pick(b'uvw', 'e.data[1:4]', 'e.data[:3]', self.small() + '.mark')}",
            f"e.data = {self.pick(b'1234567', 'e.data')}", "e.mac = e.data[1:]", f"{self.pick('e.where', 'e.ways[1]', 'e.ways[b % 3]')} = {self.point()}",
            f"{self.pick('e.where', 'e.ways[0]')} = Point(x={masked}65535, y=-1)", f"e.where = middle({self.point()})",
            f"e.address.v4 = {masked}65535", f"e.address.words[{r(8)}] = {masked}65535", f"e.address.point = {self.point()}",
            f"table[{r(3)}] = ({masked}65535) - 5", f"table[{r(3)}] += {masked}255", f"del table[{r(3)}]",
            f"kept[{r(3)}] = Point(x={masked}65535)", f"kept[{r(3)}] = {self.point()}", f"turns.value = {masked}255",
            f"turns.value += {masked}15", "x, y = y, x", f"e.values[0], e.values[1] = e.values[1], {masked}255",
            f"e.small.name, e.smalls[0].name = e.smalls[0].name, {self.text()}", f"e.values[{r(6)}] ^= {masked}255",
            f"e.deltas[1] = e.deltas[{r(3)}]", f"e.values[naming({self.small()}, 'ab')] = {masked}255", "e.smalls[1] = e.small",
            "e.values = (1, 2, 3, a, b, 6)", "e.deltas = (1, -2, 3)", f"shift({self.point()}, {n})", f"tick({r(9)})",
        )  # fmt: skip

    def lines(self, depth=2):
        found = []
        for _ in range(self.random.randrange(1, 5)):
            kind = self.random.random()
            if kind < 0.6 or not depth:
                found.append(self.assignment())
                continue
            aliases = list(self.aliases)
            self.serial += 1
            name = f"n{self.serial}"
            inner = lambda: ["    " + line for line in self.lines(depth - 1)]  # noqa: E731
            if kind < 0.72:
                found += [f"if {self.test()}:", *inner(), *(["else:", *inner()] if self.random.random() < 0.5 else [])]
            elif kind < 0.78:
                found += [f"for {name} in range({self.pick('3', 'a % 4', '2, 5')}):", f"    x = x + {name} & 0xFFFF", *inner()]
            elif kind < 0.82:
                found += [f"for {name} in {self.pick('e.values', 'e.deltas', 'e.data', 's')}:", *inner()]
            elif kind < 0.86:
                found.append(f"for {name} in e.ways:")
                self.aliases.append(name)
                found += inner()
            elif kind < 0.9:
                found.append(f"{name} = {self.pick('e.where', 'e.ways[1]', 'e.ways[a % 3]')}")
                aliases.append(name)
            elif kind < 0.94:
                found += [f"{name} = kept.lookup({self.random.randrange(3)})", f"if {name}:", f"    {name}.x = ({self.number()}) & 255"]
            else:
                cases = [f"    case {self.pick('0', '1 | 2', 'State.RUN')}:", *("    " + line for line in inner())]
                found += [f"match {self.pick('a', 'e.state', 'e.first', 'b % 3')}:", *cases, "    case _:", "        x = 3"]
            self.aliases = aliases
        return found


def module_of(lines, kind):
    snippet = ["x, y, s = 1, 2, 'start'[:3]", *lines, "e.r = x * 65536 + y"]
    snippet += [f"e.values[{k}] = e.values[{k}] & 65535 | table[{k}] << 16 & 0xFFFF0000" for k in range(3)]
    snippet += [f"e.values[{k + 3}] = e.values[{k + 3}] & 65535 | kept[{k}].x << 16" for k in range(3)]
    snippet.append("e.deltas[0] = (turns.value & 255) - 128")
    body = {
        "record": ["with events.reserve() as e:", *(f"    {line}" for line in snippet)],
        "local": ["e = Event()", *snippet, "entries[0] = e"],
        "entry": ["e = entries.lookup(0)", "if e:", *(f"    {line}" for line in snippet)],
    }[kind]
    body = [*(f"{n} = u32(ctx.{f})" for n, f in zip("abcd", FIELDS)), *body]
    name = f"<python stateful {next(_serial)}>"
    text = f"{DECLARATIONS}\n@ebee.tracepoint('{structs.EVENT}')\ndef probe(ctx):\n" + "".join(f"    {line}\n" for line in body)
    remember_source(name, text)
    module = sys.modules[name] = type(sys)(name)
    exec(compile(text, name, "exec"), module.__dict__)
    return module, snippet


def python_result(module, snippet, inputs):
    names = dict(vars(module))
    names.update(zip("abcd", inputs), e=module.Event(), table=Table(int), kept=Table(module.Point), turns=Variable())
    for function in ("shift", "tick", "naming", "middle", "total"):
        f = names[function]
        names[function] = type(f)(f.__code__, names, function)
    exec("\n".join(snippet), names)
    return module.Event._type.unpack(module.Event._type.pack(names["e"]))


def try_program(seed):
    """Return "right" or "refused"."""
    lines = Programs(seed).lines()
    result = "refused"
    for kind in ("local", "record", "entry"):
        module, snippet = module_of(lines, kind)
        backend = EngineBackend()
        try:
            try:
                spec, _decls = compile_probes([module.probe], backend.target)
            except CompileError:
                continue
            for inputs in structs.INPUTS[1:]:
                maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
                program = backend.load_program(spec.programs["probe"], spec, maps)
                ctx = bytes(16) + b"".join(n.to_bytes(8, "little") for n in [*inputs, 0, 0][:6])
                backend.test_run(program, Run(ctx=ctx))
                lost = maps[LOSS_MAP].lookup(bytes(4)) if LOSS_MAP in maps else b""
                raw = maps["events"].drain()[0] if kind == "record" else maps["entries"].lookup(bytes(4))
                got = module.Event._type.unpack(raw)
                text = f"seed {seed}, {kind}, {inputs}\n" + "\n".join(snippet)
                if any(lost):
                    with pytest.raises((IndexError, ZeroDivisionError, TypeError, ValueError)):
                        python_result(module, snippet, inputs[:4])
                    continue
                assert got == python_result(module, snippet, inputs[:4]), text
            result = "right"
        finally:
            backend.close()
            del sys.modules[module.__name__]
    return result


def test_random_programs_are_right_or_refused():
    first, count = int(os.environ.get("EBEE_SEED", 0)), int(os.environ.get("EBEE_PROGRAMS", 12))
    results = [try_program(seed) for seed in range(first, first + count)]
    assert results.count("right") >= count // 10

"""All of Python's syntax: each construct compiles to what CPython computes, or is refused. Nothing is ever dropped.

Which of the two is not said here: a construct that is refused today may compile tomorrow. What a snippet may not do
is run and give another result, or run where CPython raises an exception without that being counted.
"""

import ast
import inspect
import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_python_meaning import FIELDS, run_engine_often

from ebee.errors import CompileError

NAMES = "abcde"
INPUTS = [(0, 0, 0, 0, 0), (1, 2, 3, 4, 5), (7, 7, 7, 7, 7), (200, 3, 65, 0, 1)]
PRELUDE = """
import enum
LIMIT = 5
STEPS = (1, 2, 3, 5)
TABLE = {1: 10, 2: 20}
NAMES = ["x", "y"]
class Color(enum.IntEnum):
    RED = 1
    BLUE = 2
class Flag(enum.IntFlag):
    READ = 4
    WRITE = 2
class Box:
    size = 7
    def area(self):
        return 3
box = Box()
def add(x, y=2, *rest, z=0):
    return x + y + z + len(rest)
def one(x):
    return x
def fact(n):
    return 1 if n < 2 else n * fact(n - 1)
def gen():
    yield 1
identity = lambda x: x
"""

# Each computes r from the integers a to e.
SNIPPETS = """
r = a + b * 2 - c
r = a // (b + 1) + -7 // 2 + -7 % 5 + divmod(-9, 4)[0]
r = a / 2
r = a ** 2 + 2 ** 3
r = a ** b
r = a @ b
r = a << 2 | b >> 1 & c ^ d
r = 1 << a % 40
r = ~a + -b + +c
r = not a
r = 1.5 + a
r = 2j
r = a and b or c
r = a if b else c
r = (r := a + 1) + r
r = a < b < c
r = a <= b
r = a < b > c != d
r = a == b == c
r = a is b
r = a is None
r = a is not None
r = None is None
r = a in (1, 2, 3)
r = a not in range(5)
r = a in STEPS
r = a in [b, c]
r = a in (b, 7)
r = a in {1, 2}
r = a in TABLE
r = "x" in NAMES
r = "a" in "abc"
r = "abc" == "abd"
r = "abc" < "abd"
r = "abc"[1] == "b"
r = len("abc" + "de")
r = len("ab" * 3)
r = len(f"{a}")
r = len(f"{5}x")
r = len(b"abc")
r = b"abc"[1]
r = ord("a") + a
r = int("12") + a
r = int(True) + bool(a)
r = min(a, b) + max(a, b, c) + abs(a - 9)
r = min((3, 1, 2)) + max(STEPS)
r = sum((1, 2, 3))
r = sum(STEPS) + a
r = sorted((3, 1))[0]
r = any((a, b)) + all((a, b))
r = len(STEPS) + STEPS[1]
r = STEPS[-1] + STEPS[a % 4]
r = STEPS[1:3][0]
r = TABLE[1] + a
r = TABLE.get(2, 0) + a
r = (a, b)[1]
r = (a, b, c)[-1]
r = [a, b][0]
r = {1: a}[1]
r = {a, b}
r = [x for x in (1, 2)][1]
r = [x * a for x in STEPS if x > a][0]
r = [x for x in range(a)][0]
r = sum(x * a for x in STEPS if x != b)
r = sum(x for x in "ab")
r = sum([[1], [2]], [])
r = sum(STEPS, a)
r = any(x == a for x in STEPS) + all(x for x in (a, 0, 1 // 0))
r = max(x - a for x in STEPS)
r = max(STEPS, key=abs)
r = max((), default=a)
r = len([y := x for x in STEPS]) + y
r = list(zip(STEPS, (a, b)))[1][1]
r = zip(STEPS, STEPS)[0]
r = len(zip(STEPS))
r = enumerate(STEPS)[0]
r = len(reversed(STEPS))
z = zip(STEPS); r = sum(x for (x,) in z) + sum(x for (x,) in z)
z = enumerate((a, b)); r = len(tuple(z)) + len(tuple(z)) * 10
r = [a, b, c][a % 3] + (a, b, c)[-1 - a % 3]
r = (a, b)[a]
r = (a, b)[2]
r = (a, b, c)[1:][0] + [a, b][::-1][0]
r = (a, b)[a:][0]
r = ((a, b) + (c,))[2] + ((a, b) * 2)[3]
r = ((a, b) + [c])[2]
r = (a, b) == (1, 2)
r = (a, b) == [a, b]
r = (a, b) < (b, a)
r = (a, "x") == (b, "x")
r = TABLE.get(a, b) + TABLE.get(7, c)
r = TABLE.get(a)
r = TABLE[a]
r = a in TABLE.values()
r = len(TABLE.items()) + len(TABLE.keys())
r = TABLE.pop(1)
r = sorted((3, 1), reverse=True)[0]
r = sorted((a, b))[0]
r = sorted(STEPS, key=lambda x: -x)[0]
r = "ab".index("b") + "a,b".split(",").index("b") + STEPS.index(3) + STEPS.count(1)
r = "ab".index("z")
r = "%s" % a == "7"
r = "abc"[a]
r = len(str(a)) + len(hex(b))
r = int(str(a))
r = pow(a, 3) + pow(2, 5, 7)
r = pow(a, -1)
r = round(7) + round(-5)
r = list(STEPS)[1] + tuple([a, b])[1] + len(tuple()) + len(set((1, 1)))
r = STEPS * 2 == STEPS + STEPS
r = STEPS + a
x = [a]; y = x; y += [b]; r = len(x)
x = (a,); y = x; y += (b,); r = len(x)
x = [a, b]; x[0] = 5; r = x[0]
x = [a, b]; x.append(5); r = len(x)
x = [a, b]; y = x; a = 9; r = y[0]
x, *y = STEPS; r = x + len(y)
*x, y = a, b, c; r = x[1] + y
x, *y, z = (a,); r = x
x, y = STEPS; r = x
x, y = [a, b]; r = y
x, y = "ab"; r = x == "a"
x, y = a; r = x
(x, *y), z = (a, b, c), d; r = y[1] + z
r = add(*STEPS, z=a) + add(*(a, b))
r = add(*a)
r = add(**TABLE)
r = add(a, **{"z": 5, "y": 1})
r = add(1, **{"x": 1})
r = print(*STEPS)
r = sum(x for x in (1, 2))
r = {x: 1 for x in (1, 2)}[1]
r = {x for x in (1, 2)}
r = (lambda x: x + 1)(a)
r = identity(a)
r = add(a)
r = add(a, b)
r = add(a, z=3)
r = add(y=a, x=b)
r = add(a, 1, 2, 3)
r = add(*(1, 2))
r = add(**{"x": 1})
r = add()
r = add(1, x=2)
r = one(one(a))
r = fact(3)
r = gen()
r = box.size + a
r = box.area()
r = Box.size
r = Box().size
r = Color.RED + a
r = Color(2) + a
r = Color.RED == a
r = Flag.READ | Flag.WRITE | a
r = Flag.READ in (Flag.READ | Flag.WRITE)
r = undefined
r = undefined(a)
r = a.real
r = a.bit_length()
r = str(a)
r = a; r.x = 1
r = round(a)
r = pow(a, 2)
r = pow(a, 2, 7)
r = hash(a)
r = id(a) * 0
r = isinstance(a, int)
r = getattr(box, "size")
r = ...
r = a,
r = type(a) is int
r = bin(3)[2] == "1"
r = [*STEPS][0]
r = (*STEPS, 9)[4]
r = f"{a}" == "7"
r = f"{a:>5}" == "    7"
r = f"{a!r}" == "7"
r = "%d" % a == "7"
r = "x".join(("a", "b")) == "axb"
r = "abc".upper() == "ABC"
r = "abc".startswith("ab")
r = "abc".find("c")
r = "a,b".split(",")[0] == "a"
r = b"ab" == b"ab"
r = a == "x"
r = a == None
r = a != None
r = a < None
r = a + "x"
r = "x" + a
r = a + True
r = a == True
r = -True + ~False
r = 0x10 + 0b11 + 0o7 + 1_000
r = 18446744073709551615 // 3 + a
a = b; r = a
a, b = b, a; r = a * 1000 + b
a = b = c; r = a + b
(a, b), c = (b, c), a; r = a * 100 + b * 10 + c
a, *b = 1, 2, 3; r = a
[a, b] = c, d; r = a + b
r = a; r += b; r -= 1; r *= 2; r //= 3; r %= 100; r <<= 1; r >>= 1; r |= 1; r &= 255; r ^= 5
r = a; r **= 2
r = a; r /= 2
r = a; r @= 2
r: int = a
r: u32 = a
r = 0; x: int
r = a; del a
r = a; del r
r = a; pass
r = 0; assert a >= 0
r = 0; assert a > 5, "small"
r = 0; global LIMIT; LIMIT = 3
r = 0; a.x = 1
r = 0; a[0] = 1
r = 0; STEPS[0] = 1
r = 0; box.size = 1
r = a; r; r + 1
r = 0; a == b
r = 0; one(a)
r = 0; (yield a)
r = 0; return
r = 0; import os
r = 0; from os import path
r = 0; raise ValueError
""".strip().splitlines()

BLOCKS = [
    "if a:\n    r = 1\nelse:\n    r = 2",
    "if a:\n    r = 1\nelif b:\n    r = 2\nelse:\n    r = 3",
    "if a > 3:\n    r = 1",
    "r = 0\nfor i in range(a % 7):\n    r += i",
    "r = 0\nfor i in range(10, 0, -3):\n    r += i * a",
    "r = 0\nfor i in range(3):\n    r += i\nr += i",
    "for i in range(a % 2):\n    r = i",
    "r = 0\nfor i in STEPS:\n    if i == a:\n        break\n    r += i\nelse:\n    r = 99",
    "r = 0\nfor i in [1, a]:\n    r += i",
    "r = 0\nfor i in (1, a):\n    r += i",
    "r = 0\nfor i, x in enumerate(STEPS):\n    r += i * x",
    "r = 0\nfor x, y in zip(STEPS, STEPS):\n    r += x * y",
    "r = 0\nfor x in reversed(STEPS):\n    r = r * 2 + x",
    "r = 0\nfor k in TABLE:\n    r += k",
    "r = 0\nfor k, v in TABLE.items():\n    r += v",
    'r = 0\nfor c in "abc":\n    r += 1',
    'r = 0\nfor c in b"abc":\n    r += c',
    "r = 0\nfor k, v in zip(TABLE, TABLE.values()):\n    r += k * v + a",
    "r = 0\nfor i, x in enumerate([a, b], start=5):\n    r += i * x",
    "r = 0\nfor x in reversed(range(a)):\n    r += x",
    "r = 0\nfor x in reversed(TABLE):\n    r += x",
    "r = 0\nfor x in (y * 2 for y in STEPS):\n    r += x",
    "r = 0\nfor x in [y * a for y in STEPS]:\n    r += x\nelse:\n    r += 1",
    "r = 0\nfor x in []:\n    r += x\nelse:\n    r += 7",
    "x = 5\nr = [x for x in STEPS][0] + x",
    "r = 0\nx = (a, b)\nfor i in range(3):\n    x = (x[1], x[0])\nr = x[0]",
    "def star(*v, **k):\n    return len(v)\nr = star(a)",
    "match [a, b]:\n    case [1, *rest]:\n        r = rest[0]\n    case [*_, x]:\n        r = x + 50",
    "r = 0\nfor x in gen():\n    r += x",
    "r = 0\nfor x.y in range(3):\n    r += 1",
    "r = 0\nfor i in range(3):\n    i = 10\n    r += i",
    "r = 0\nwhile r < a % 9:\n    r += 2\nelse:\n    r += 100",
    "r = 0\nwhile True:\n    r += 1\n    if r > 5:\n        break",
    "r = 0\nwhile r < 10:\n    r += 1\n    if r % 2:\n        continue\n    a += r\nr = a",
    "r = 0\ntry:\n    r = 1\nexcept ValueError:\n    r = 2\nfinally:\n    r += 1",
    "r = 0\ntry:\n    r = 1 // a\nexcept ZeroDivisionError:\n    r = 5",
    "r = 0\ntry:\n    r = 1\nexcept* ValueError:\n    r = 2",
    "r = 0\nwith open('x') as f:\n    r = 1",
    "r = 0\nwith a:\n    r = 1",
    "def inner(x):\n    return x + 1\nr = inner(a)",
    "class C:\n    x = 1\nr = C.x",
    "r = 0\nasync def f():\n    pass",
    "def inner():\n    nonlocal r\n    r = 5\nr = 0\ninner()",
    "match a:\n    case 1:\n        r = 10\n    case 2 | 7:\n        r = 20\n    case _:\n        r = 30",
    "match a:\n    case x if x > 5:\n        r = x\n    case y:\n        r = y + 100",
    "match (a, b):\n    case (1, y):\n        r = y\n    case (x, y):\n        r = x * 10 + y",
    'match "abc":\n    case "abc":\n        r = 1\n    case _:\n        r = 2',
    "match a:\n    case int():\n        r = 1",
    "match a:\n    case None:\n        r = 1\n    case True:\n        r = 2\n    case _:\n        r = 3",
    "match a:\n    case [x, *rest]:\n        r = 1\n    case _:\n        r = 2",
    'match a:\n    case {"k": 1, **rest}:\n        r = 1\n    case _:\n        r = 2',
    "match a:\n    case Color.RED:\n        r = 1\n    case _:\n        r = 2",
    "match a:\n    case (1 | 2) as x:\n        r = x + 5\n    case _:\n        r = 2",
    "match a:\n    case -1:\n        r = 1\n    case _:\n        r = 2",
    "match a:\n    case Box(size=1):\n        r = 1\n    case _:\n        r = 2",
    "if (n := a + 1) > 3:\n    r = n\nelse:\n    r = n + 50",
    "r = 0\nif a and (n := b):\n    r = n",
    "x = a\nif b:\n    x = 'text'\nr = x",
    "x = (a, b)\nif c:\n    x = (b, a)\nr = x[0]",
    "def f(x=[]):\n    return 1\nr = f()",
    "r = 0\nfor i in range(2):\n    for j in range(3):\n        if j == a:\n            break\n        r += 10 * i + j",
    "r = 0\nlambda: r",
    "r = 1\nif a:\n    return\nr = 2",
]  # fmt: skip
ALL = [*(line.replace("; ", "\n") for line in SNIPPETS), *BLOCKS]

# Syntax that cannot stand in a function's body, or that the parser never makes any more.
NOT_IN_A_BODY = {
    "AsyncFor", "AsyncWith", "Await", "YieldFrom", "TryStar", "Expression", "AugLoad", "AugStore", "Num", "Str", "Bytes",
    "NameConstant", "Ellipsis", "ExtSlice", "Index", "Suite", "Param", "TypeAlias", "TemplateStr", "Interpolation",
}  # fmt: skip


def on_cpython(lines, values):
    """r, or None where Python raises an exception or gives no r."""
    # A function of its own, so that a name that it assigns is local, as in the probe.
    code = f"def run({', '.join(NAMES)}):\n" + "".join(f"    {line}\n" for line in lines) + "    return ('done', r)\n"
    names = {}
    try:
        exec("from ebee import *\n" + PRELUDE + code, names)
        result = names["run"](*values)
    except Exception:
        return None
    return result[1] if isinstance(result, tuple) and result[:1] == ("done",) else "left"


def check(lines):
    """Compare a snippet with CPython; return "refused" or "right"."""
    body = [f"{n} = u16(ctx.{f})" for n, f in zip(NAMES, FIELDS)] + ["out[2] = 1", *lines, "out[0] = u64(r)", "out[1] = 1"]
    try:
        runs = run_engine_often(body, [(*values, 0) for values in INPUTS], prelude=PRELUDE)
    except CompileError as e:
        assert all(d.message and (d.span or d.hint) for d in e.diagnostics)
        return "refused"
    for values, ((result, done, *_), losses) in zip(INPUTS, runs):
        expected = on_cpython(lines, values)
        text = "\n".join(lines)
        if expected == "left":
            assert not done, text
        elif expected is None:
            assert losses and not done, f"Python raises an exception, the probe goes on: {values}\n{text}"
        else:
            assert isinstance(expected, int), f"Python gives {expected!r}, the probe {result}: {values}\n{text}"
            assert (result, losses) == (expected % (1 << 64), 0), f"Python gives {expected}: {values}\n{text}"
    return "right"


@pytest.mark.parametrize("source", ALL)
def test_right_or_refused(source):
    check(source.splitlines())


def test_every_construct_of_the_grammar_is_tried():
    tried = set()
    for source in ALL:
        body = "def f():\n" + "".join(f"    {line}\n" for line in source.splitlines())
        tried |= {type(node).__name__ for node in ast.walk(ast.parse(body))}
    wanted = {
        name for name, cls in vars(ast).items()
        if inspect.isclass(cls) and issubclass(cls, ast.stmt | ast.expr | ast.operator | ast.cmpop | ast.unaryop | ast.pattern)
        and not cls.__subclasses__()
    }  # fmt: skip
    assert wanted - tried - NOT_IN_A_BODY == set()


def test_what_others_drop_is_right():
    """Constructs that compilers of this kind were seen to drop or to get wrong without a word."""
    for source in (
        "a, b = b, a\nr = a * 1000 + b", "r = -7 // 2 + a", "r = one(x=a)",
        "r = a if b else c", "r = -a", "r = one(a) + one(b)", "r = a < b < c",
    ):  # fmt: skip
        assert check(source.splitlines()) == "right", source
    for source in ("r = undefined(a)", "r = a + 1.5", "r = box.area()"):
        assert check(source.splitlines()) == "refused", source


# Random programs of the whole language. Numbers stay small: beyond 64 bits CPython and a probe are meant to differ.

ATOMS = st.sampled_from([*"abcde", "r", "x", "1", "3", "-2", "True", "None", "STEPS", "LIMIT", "TABLE", "Color.RED", "'s'", "b'ab'"])


def expressions():
    def more(inner):
        pair = st.tuples(inner, inner)
        return st.one_of(
            st.tuples(inner, st.sampled_from(["+", "-", "*", "//", "%", "&", "|", "^", "and", "or", "<", "==", "!=", ">=",
                                              "in", "not in", "is", "/"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
            st.tuples(st.sampled_from(["-", "~", "not ", "+"]), inner).map(lambda t: f"({t[0]}{t[1]})"),
            st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
            st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} < {t[1]} <= {t[2]})"),
            pair.map(lambda t: f"({t[0]}, {t[1]})"), pair.map(lambda t: f"[{t[0]}, {t[1]}]"),
            pair.map(lambda t: f"{t[0]}[{t[1]}]"), inner.map(lambda t: f"(x := {t})"), inner.map(lambda t: f"one({t})"),
            pair.map(lambda t: f"add({t[0]}, z={t[1]})"), pair.map(lambda t: f"min({t[0]}, {t[1]})"),
            inner.map(lambda t: f"abs({t})"), inner.map(lambda t: f"len({t})"), inner.map(lambda t: f"int({t})"),
            inner.map(lambda t: f"bool({t})"), pair.map(lambda t: f"divmod({t[0]}, {t[1]})"), inner.map(lambda t: f"u8({t})"),
            pair.map(lambda t: f"[{t[0]} for x in {t[1]}]"), pair.map(lambda t: f"sum({t[0]} for i in STEPS if {t[1]})"),
            pair.map(lambda t: f"any({t[0]} < x for x in {t[1]})"), inner.map(lambda t: f"sum({t})"),
            pair.map(lambda t: f"TABLE.get({t[0]}, {t[1]})"), inner.map(lambda t: f"TABLE[{t}]"),
            pair.map(lambda t: f"zip({t[0]}, {t[1]})"), inner.map(lambda t: f"list({t})"), inner.map(lambda t: f"{t}[1:]"),
            pair.map(lambda t: f"(*{t[0]}, {t[1]})"), inner.map(lambda t: f"max({t})"), inner.map(lambda t: f"add(*{t})"),
            inner.map(lambda t: f"reversed({t})"), inner.map(lambda t: f"tuple(enumerate({t}))"),
            inner.map(lambda t: f'f"{{{t}}}"'), inner.map(lambda t: f"range({t})"),
        )  # fmt: skip

    return st.recursive(ATOMS, more, max_leaves=4)


EXPRESSIONS = expressions()


@st.composite
def programs(draw, depth=2):
    lines = []
    for _ in range(draw(st.integers(1, 3))):
        e, f = draw(EXPRESSIONS), draw(EXPRESSIONS)
        kinds = ["assign", "augment", "pair", "if", "for", "expression", "assert", "match", "del", "chain"]
        kind = draw(st.sampled_from(kinds if depth else ["assign", "augment", "pair", "chain"]))
        target = draw(st.sampled_from("rxab"))
        inner = ["    " + line for line in draw(programs(depth - 1))] if depth and kind in ("if", "for", "match") else []
        if kind == "assign":
            lines.append(f"{target} = {e}")
        elif kind == "augment":
            lines.append(f"{target} {draw(st.sampled_from(['+', '-', '*', '//', '|']))}= {e}")
        elif kind == "pair":
            # Not one name twice: CPython 3.11.2 swaps such stores.
            lines.append(f"{target}, {draw(st.sampled_from([n for n in ('r', 'x', '*c', 'd') if n != target]))} = {e}, {f}")
        elif kind == "chain":
            lines.append(f"{target} = x = {e}")
        elif kind == "if":
            lines += [f"if {e}:", *inner, *(["else:", f"    {target} = {f}"] if draw(st.booleans()) else [])]
        elif kind == "for":
            over = draw(st.sampled_from(["range(3)", "range(a % 4)", "STEPS", "(1, 2)", f"zip({e}, {f})", f"enumerate({e})", e]))
            lines += [f"for {draw(st.sampled_from(['i', 'x', 'i, x']))} in {over}:", *inner]
        elif kind == "expression":
            lines.append(e)
        elif kind == "assert":
            lines.append(f"assert {e}")
        elif kind == "match":
            pattern = draw(st.sampled_from(["1", "1 | 7", "x", "_", "'s'", "(x, y)", "None", "int()", "True", "Color.RED"]))
            lines += [f"match {e}:", f"    case {pattern}:", *("    " + line for line in inner)]
        elif kind == "del":
            lines.append(f"del {target}")
    return lines


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(programs())
def test_random_programs_are_right_or_refused(lines):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile("\n".join(lines), "", "exec")
    except SyntaxError:  # an f-string inside an f-string before Python 3.12
        return
    check(["r = x = 1", *lines])

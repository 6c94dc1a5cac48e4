"""Tuples, lists, constants and what goes over them: the same lines on CPython, in the engine and in the kernel.

Each snippet computes `r` from the integers a to e, as in `test_python_language`.
"""

import ctypes
import os
import textwrap

import pytest
from test_python_language import INPUTS, Out, with_inputs
from test_python_meaning import make_probe, run_engine_often

import ebee

PRELUDE = """
import enum
STEPS = (1, 2, 3, 5)
WIDE = [10, 2**40, -3, 7, 7, 2**63 - 1]
NAMES = ["zero", "one", "two", "three"]
TABLE = {0: 5, 1: 10, 2: 20, 7: 70, 200: -1}
WORDS = {"one": 1, "two": 2, "three": 3}
LABELS = {1: "one", 7: "seven"}
BY_PAIR = {"a": (1, 2), "b": (3, 4)}
class Color(enum.IntEnum):
    RED = 1
    BLUE = 7

def last(*values):
    return values[-1]

def count(first, *rest, scale=1, **named):
    return first + len(rest) * 10 + scale * 100 + len(named) * 1000 + named.get("x", 0)

def spread(x):
    return x, x + 1, x * 2

def area(width, height=3):
    return width * height
"""

SNIPPETS = {
    "constant tuples with a run-time index": """
        r = STEPS[a % 4] + STEPS[a % 4 - 4] * 10 + WIDE[b % 6] % 1000 + len(STEPS)
        r += (a, b, c)[d % 3] + [a, 5, b][-1 - d % 3]
    """,
    "constant dicts with a run-time key": """
        r = TABLE[b % 3] + TABLE.get(a, 1000) + TABLE.get(c, a)
        r += 100000 if a in TABLE else 0
        r += 200000 if d in TABLE.keys() else 0
        r += {1: 5, 2: 6}.get(a, 7)
    """,
    "dicts by strings": """
        n = NAMES[a % 4]
        r = WORDS.get(n, 99)
        if n in WORDS:
            r += WORDS[n] * 1000
        if LABELS.get(a, "none") == "seven":
            r += 5
        r += len(LABELS.get(a, "none")) * 100
    """,
    "enums as keys and items": """
        r = {Color.RED: 3, Color.BLUE: 4}.get(a, 0) + (Color.RED, Color.BLUE)[b % 2]
    """,
    "zip, reversed and enumerate": """
        r = 0
        for i, (x, y) in enumerate(zip(STEPS, (a, b, c)), start=1):
            r = r * 3 + i * x + y
        for x in reversed(STEPS):
            r += x
            if r % 7 == 3:
                break
        for i, x in enumerate(reversed([a, b, c])):
            r += i * x
        for x, y, z in zip(STEPS, range(10), "abc"):
            r += x * y + ord(z)
    """,
    "zip() of nothing, of one": """
        r = 0
        for x in zip():
            r = 1
        for (x,) in zip((a, b)):
            r += x
    """,
    "sum, any, all, min, max": """
        r = sum((a, b, c)) + sum([1, 2, 3], 10) + sum(STEPS, start=a)
        r += 1000 * any((a, 0)) + 2000 * all([a, b, True]) + 4000 * any(()) + 8000 * all(())
        r += min((a, b, c)) * 3 + max([a, 4]) + min(STEPS) + max(a, *STEPS)
    """,
    "generator expressions": """
        r = sum(x * a for x in STEPS) + sum(x * y for x in (a, b) for y in STEPS if y > 1)
        r += sum(x for x in (a, b, c, d) if x > 2)
        r += sum(1 for x in (a, b, c) if x % 2 if x > 1) * 1000
        r += 10000 * any(x > 5 for x in (a, b, c)) + 20000 * all(x > 0 for x in (a, b) if x != 2)
        r += max(x * 2 for x in (a, b)) + min(x - 1000 for x in STEPS)
    """,
    "nothing is evaluated behind what decides": """
        r = 0
        if any(10 // x for x in (1, 0, a)):
            r = 1
        if all(x < 3 and 10 // (3 - x) for x in (0, 3, 4)):
            r += 2
    """,
    "comprehensions": """
        v = [x + a for x in STEPS if x != 2]
        r = v[0] + v[1] * 2 + v[-1] * 3 + len(v)
        w = [x * y for x in (1, 2) for y in (b, c)]
        r += w[1] + w[2] * 7 + [x for x in range(10)][a % 10]
        for x, y in [(x, x * a) for x in STEPS]:
            r += x * y
        t = tuple(x for x in v)
        r += t[1] + {n: n * n for n in STEPS}[3] + (5 in {x + 1 for x in STEPS})
    """,
    "a comprehension has names of its own": """
        x = a
        v = [x for x in (1, 2, 3)]
        r = x * 100 + v[2]
        w = [x + y for x in (x, 5) for y in (x, 1)]
        r += w[0] + w[1] * 3 + w[2] * 5 + x + sum(sum(x * y for y in (1, x)) + x for x in (x, 2))
        r += len([[x for x in (x, y)] for y in (x, a)]) + x
        if b > 3:
            x = 7
        r += x + sum(x for x in (b, x))
    """,
    "stars": """
        x, *y = a, b, c
        r = x + len(y) * 100 + y[1]
        *x, y = STEPS
        r += y + sum(x)
        x, *y, z = (a, b)
        r += x * 3 + len(y) + z
        v = [*STEPS, a, *(b, c)]
        r += v[4] + v[-1] * 2 + len((*v, *v)) * 1000
    """,
    "calls with stars": """
        r = last(a, b, *STEPS) + last(*(1, a))
        r += count(a, b, c, scale=d, x=3) + count(*STEPS) + count(1, **{"y": 5, "scale": 7})
        r += area(*(a, b)) + area(**{"width": 4}) + area(b, **dict(height=2)) + area(a, **{"height": 2})
        x, y, z = spread(a)
        r += x + y * 2 + z * 3 + spread(b)[1]
    """,
    "slices, sums and products of tuples": """
        v = (a, b, c, d)[1:3] + (5, a)
        r = v[0] + v[1] * 2 + v[-1] * 3 + STEPS[1:][a % 3] + (STEPS * 2)[5] + ((a,) * 3)[2]
        r += (a, b)[::-1][0] + len(STEPS + (1,)) + (1 + a, *STEPS[:2])[1]
    """,
    "comparisons of tuples": """
        r = ((a, b) == (1, 2)) + 2 * ((a, b) != (b, a)) + 4 * ([a] == [7]) + 8 * ((a,) == (7, 1)) + 16 * ((a,) == [a])
        r += 32 * (a in (b, c, 7)) + 64 * (a not in [b, c]) + 128 * ((1, 2) in BY_PAIR.values())
    """,
    "going over constants": """
        r = 0
        for k, v in TABLE.items():
            r += k * v
        for k in WORDS:
            r += WORDS[k] + len(k)
        for x in [1, a, 3]:
            r = r * 2 + x
        for byte in b"ab":
            r += byte
        for name, (x, y) in BY_PAIR.items():
            r += x * y + (name == "b")
    """,
    "Python computes with constants": """
        r = sorted((3, 1, 2), reverse=True)[0] + len("a,b".split(",")) + pow(3, 4, 5) + pow(2, 5)
        r += int("12") + len("x".join(NAMES)) + (255).bit_length() + STEPS.index(3) + len(hex(255)) + abs(-4)
        r += len("%d%%" % 12) + ("abc".upper() == "ABC") + len(list(range(4))) + round(7) + len(str(1234))
        r += max("b", "a") == "b"
    """,
    "values with names are what they were": """
        v = (a, b)
        a, b = b, a
        w = v
        r = w[0] * 1000 + w[1]
        v += (5,)
        r += len(v) + len(w)
        a, *w = *v, a
        r += a + w[-1]
    """,
    "match on sequences": """
        match (a, b, c):
            case (1, *rest):
                r = rest[0] + rest[1] * 10
            case (x, y, *_) if x > y:
                r = x
            case (*_, z):
                r = z + 5
        match [a]:
            case [7]:
                r += 1000
            case [x, y]:
                r += 2000
        match range(2):
            case (0, 1):
                r += 5000
    """,
    "conditions that are known": """
        v = (a, b) if len(STEPS) == 4 else 5
        r = v[1]
    """,
}


def lines_of(name):
    return textwrap.dedent(SNIPPETS[name]).strip().splitlines()


def on_cpython(lines, values):
    names = {"u64": lambda n: n % (1 << 64), "out": Out()}
    text = "def probe(a, b, c, d, e):\n" + "".join(f"    {line}\n" for line in lines) + "    out[0] = u64(r)\n"
    exec(PRELUDE + text, names)
    names["probe"](*values)
    return names["out"][0]


@pytest.mark.parametrize("name", SNIPPETS)
def test_engine(name):
    runs = run_engine_often(with_inputs(lines_of(name)), [(*values, 0) for values in INPUTS], prelude=PRELUDE)
    for values, (result, losses) in zip(INPUTS, runs):
        assert (result[0], losses) == (on_cpython(lines_of(name), values), 0), values


@pytest.mark.needs_kernel
def test_kernel():
    """All in one session: the snippets are functions that a probe of this process calls by number."""
    libc = ctypes.CDLL(None, use_errno=True)
    for name in SNIPPETS:
        body = [f"if ebee.pid() != {os.getpid()} or ctx.off != 1:", "    return", *with_inputs(lines_of(name))]
        probe, out = make_probe(body, 8, prelude=PRELUDE)
        with ebee.Session(backend="kernel") as session, session.attach(probe) as attachment:
            for values in INPUTS:
                # mmap(2) with a file offset that is not aligned does nothing: EINVAL.
                assert libc.syscall(9, *map(ctypes.c_ulong, values), ctypes.c_ulong(1)) == -1
                assert out[0] == on_cpython(lines_of(name), values), (name, values)
            assert attachment.losses == []


@pytest.mark.parametrize("source", ["r = STEPS[a]", "r = TABLE[a]", "r = (a, b)[a - 10]", "r = WORDS[NAMES[a - 5]]"])
def test_what_is_not_there_ends_the_probe_and_is_counted(source):
    ((result, losses),) = run_engine_often(
        ["out[1] = 1", *with_inputs([source])], [(5, 0, 0, 0, 0, 0)], prelude=PRELUDE
    )
    assert (result[0], result[1], losses) == (0, 1, 1)


def test_items_of_structs_are_what_they_were():
    body = """
        p = Pair()
        p.ways[0].x = u32(ctx.addr)
        p.mac, p.other = p.other, b"ab"
        v = (p.mac, p.ways[0].x)
        p.mac = b"zz"
        p.ways[0].x = 9
        out[0] = v[1] * 10 + p.ways[0].x
        out[1] = u64(v[0] == b"\\0\\0")
        out[2] = sum(w.x for w in p.ways) + sum(p.values) + len([v for v in p.values])
        p.values = [x * 2 for x in (1, 2, 3)]
        tail = p.values[1:]
        p.values[2] = 50
        out[3] = tail[1] * 10 + len(p.values[::2]) + p.values[-2:][1]
        out[4] = sum(w.x for w in p.ways[:1])
    """
    prelude = """
class Point(Struct):
    x: u32
class Pair(Struct):
    ways: list[Point] = List(Point, 2)
    mac: bytes = Bytes(2)
    other: bytes = Bytes(2)
    values: list[int] = List(u16, 3)
"""
    ((result, losses),) = run_engine_often(textwrap.dedent(body).strip().splitlines(), [(3,)], prelude=prelude)
    assert (result[:5], losses) == ([39, 1, 12, 112, 9], 0)

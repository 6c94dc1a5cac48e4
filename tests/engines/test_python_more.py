"""Deleted names, tuples that depend on a condition, bytes that change, integers of bytes, lambdas: as in CPython."""

from __future__ import annotations

import ctypes
import os
import textwrap

import pytest
from test_python_meaning import FIELDS, make_probe, run_engine_often, run_on

import ebee
from ebee.engine.backend import EngineBackend
from ebee.errors import CompileError
from ebee.spec.default_target import default_target

INPUTS = [(0, 0, 0), (1, 2, 3), (7, 0, 5), (2, 200, 1), (65535, 40000, 255)]
PRELUDE = """
import struct
LIMIT = 5
STEPS = (1, 2, 3, 5)
NONE = ()
PAIRS = {1: (1, 2), 2: (7, 9), 7: (3, 4)}

class Row(Struct):
    data: bytes = Bytes(8)
    items: list[int] = List(u16, 4)
    size: u32

rows = Array(Row, max_entries=4)

def apply(f, *values):
    return f(*values)

def twice(f, x):
    return f(f(x))

def pick(test, x, y):
    if test:
        return x
    return y
"""
SNIPPETS = {
    "names are deleted": """
        x = a
        y = x + b
        del x
        x = y + 1
        del y, x
        y = c
        r = y
    """,
    "tuples on two ways": """
        x, y = (a, b) if a > b else (b + 1, c)
        r = x * 3 + y
        t = (a, (b, 7)) if c else (1, (2, a))
        r += t[0] + t[1][0] * 5 + t[1][1]
        lo, hi = sorted((2, 1)) if LIMIT else [a, b]
        r += lo * hi
        m = [a, b] if a else [c, 1]
        r += sum(m) + len(m)
        first, second = PAIRS[1] if b else (a, a)
        r += first + second
    """,
    "tuples in dicts": """
        x, y = PAIRS.get(a, (8, 6))
        r = x * 10 + y
    """,
    "strings and bytes in tuples": """
        s, n, d = ("one", a, b"ab") if a > 1 else ("three", b, b"cd")
        r = len(s) * 1000 + n + d[0] + d[1] * 7 + (d == b"cd")
    """,
    "bytes on two ways": """
        d = b"abcd"
        if a > b:
            d = b"wxyz"
        e = d if c else b"1234"
        r = d[0] + e[1] * 3 + (e == b"1234") * 1000
        f = pick(a, d, e)
        r += f[3]
    """,
    "bytes that change in a loop": """
        d, n = b"\\x01\\x02\\x03\\x04", 0
        for i in range(a % 7):
            n += d[0] + (d == b"abcd")
            if i % 2:
                d = b"abcd"
            else:
                d = (n + i & 0xFFFF).to_bytes(4, "little")
        r = n + d[1] * 3 + d[0]
    """,
    "bytes of an iteration before": """
        old = b"....."
        r = 0
        for word in (b"alpha", b"bravo", b"delta"):
            r += old[a % 5] + (old < word if False else old == b"alpha")
            old = word
        r += old[0]
    """,
    "integers of bytes": """
        data = a.to_bytes(2, "big") + b"" if False else a.to_bytes(2, "big")
        r = int.from_bytes(data, "big") + int.from_bytes(data, "little") * 3
        wide = (a * 65536 + b).to_bytes(6, "big")
        r += int.from_bytes(wide[1:4], "big") + int.from_bytes(wide[2:], "little", signed=False) % 1000
        r += int.from_bytes(wide[5:]) + int.from_bytes(b"ab", "big") + wide[5]
        r += c.to_bytes(8, byteorder="little")[0] + c.to_bytes(length=3, byteorder="big")[2]
        r += int.from_bytes(wide[4:6], "big", signed=True) + 100000
        r += (b - 70000).to_bytes(4, "big", signed=True)[3] + int.from_bytes((b - a).to_bytes(5, "little", signed=True), "little", signed=True) + 70000
        r += int.from_bytes((a * 65536 * 65536 * 65536 + b).to_bytes(8, "big"), "little") % 1009
    """,
    "the least and the greatest of what there may be none of": """
        r = min((), default=a) + max(NONE, default=LIMIT) + min((a, b), default=3)
        r += min((x for x in (a, b, c) if x > 2), default=9) * 10
        r += max((x * 2 for x in (a, b, c) if x % 2), default=b)
        r += max((x for x in STEPS if x < 3), default=0) + min((x for x in STEPS if x > 9), default=77)
        r += min(x + 1 for x in (a, b, c)) + max(x for x in STEPS if x != 5)
        if a or b or c:
            r += min(x for x in (a, b, c) if x > 0)
    """,
    "lambdas": """
        r = apply(lambda x: x + 1, a) + apply(lambda x, y=LIMIT: x * y, b)
        r += twice(lambda n: n * 2 + LIMIT, c)
        double = lambda x: x + x
        r += double(a) + apply(double, b)
        r += (lambda *xs: sum(xs))(a, b, c)
    """,
}  # fmt: skip


def lines_of(name):
    return textwrap.dedent(SNIPPETS[name]).strip().splitlines()


def on_cpython(lines, values):
    names = {}
    exec("from ebee import *\n" + PRELUDE, names)
    exec("def probe(a, b, c):\n" + "".join(f"    {line}\n" for line in lines) + "    return r\n", names)
    return names["probe"](*values) % (1 << 64)


def with_inputs(lines):
    return [f"{n} = u16(ctx.{f})" for n, f in zip("abc", FIELDS)] + list(lines) + ["out[0] = u64(r)"]


@pytest.mark.parametrize("name", SNIPPETS)
def test_engine(name):
    found = run_engine_often(with_inputs(lines_of(name)), INPUTS, prelude=PRELUDE)
    assert found == [([on_cpython(lines_of(name), values)] + [0] * 7, 0) for values in INPUTS]


@pytest.mark.parametrize("name", [name for name in SNIPPETS if "for " in SNIPPETS[name]])
def test_loops_that_are_functions(name):
    backend = EngineBackend(default_target().replace(features=frozenset(("bpf_loop",))))
    try:
        for values in INPUTS:
            result, lost = run_on(backend, with_inputs(lines_of(name)), values, 8, PRELUDE)
            assert (result[0], lost) == (on_cpython(lines_of(name), values), 0)
    finally:
        backend.close()


@pytest.mark.needs_kernel
@pytest.mark.parametrize("name", SNIPPETS)
def test_kernel(name):
    body = [f"if ebee.pid() != {os.getpid()} or ctx.off != 1:", "    return", *with_inputs(lines_of(name))]
    probe, out = make_probe(body, 8, prelude=PRELUDE)
    libc = ctypes.CDLL(None, use_errno=True)
    with ebee.Session(backend="kernel") as session, session.attach(probe) as attachment:
        for values in INPUTS:
            # mmap(2) with a file offset that is not aligned does nothing: EINVAL.
            assert libc.syscall(9, *map(ctypes.c_ulong, (*values, 0, 0)), ctypes.c_ulong(1)) == -1
            assert out[0] == on_cpython(lines_of(name), values), values
        assert attachment.losses == []


def test_fields_of_records_as_integers():
    body = ["rows[1] = Row(data=b'\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08', items=(1, 2, 3, 4))", "v = rows.lookup(1)",
            "if v is not None:", "    out[0] = int.from_bytes(v.data[0:4], 'big')", "    v.data = ctx.addr.to_bytes(8, 'big')",
            "    out[1] = int.from_bytes(v.data, 'big')", "    out[2] = int.from_bytes(v.data[3:6], 'little')",
            "    out[3] = max((x for x in v.items if x < ctx.len), default=99)"]  # fmt: skip
    n = 0x1122334455667788
    for limit, greatest in ((3, 2), (0, 99)):
        values, lost = run_engine_often(body, [(n, limit, 0)], prelude=PRELUDE)[0]
        wanted = [0x01020304, n, int.from_bytes(n.to_bytes(8, "big")[3:6], "little"), greatest]
        assert (values[:4], lost) == (wanted, 0)


def test_the_least_of_nothing_ends_the_run():
    values, lost = run_engine_often(["out[0] = 1", "out[1] = min(x for x in (ctx.addr, ctx.len) if x > 3)"], [(1, 2, 3)])[0]
    assert (values[:2], lost) == ([1, 0], 1)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (["x = 1", "del x", "out[0] = x"], "x was deleted before this"),
        (["x = 1", "if ctx.addr:", "    del x", "out[0] = x"], "x was deleted before this"),
        (["del x"], "name 'x' is not defined|x is not assigned on every way"),
        (["del ctx.addr"], "only names and entries of maps can be deleted"),
        (["x = (1, ctx.addr) if ctx.len else (1, 2, 3)"], "a tuple of 2 on one way and a tuple of 3 on another"),
        (["x = (1, ctx.addr) if ctx.len else [1, 2]"], "a tuple of 2 on one way and a list of 2 on another"),
        (["x = (1, ctx.addr) if ctx.len else 3"], "several values on one way and 3 on another"),
        (["x = 3 if ctx.len else (1, 2)"], "several values on one way and one on another"),
        (["x = b'ab'", "if ctx.addr:", "    x = b'abc'", "out[0] = x[0]"], "is 2 or 3 bytes on the ways that lead here"),
        (["x = b'ab' if ctx.addr else 'ab'"], "is (bytes|a string) on one way and"),
        (["out[0] = ctx.addr.to_bytes(4, 'big')[0]"], "u64 need not fit in 4 unsigned bytes"),
        (["out[0] = ctx.addr.to_bytes(9, 'big')[0]"], "to_bytes.. makes 1 to 8 bytes"),
        (["out[0] = int.from_bytes(rows[1].data, 'middle')"], '"big" or "little"'),
        (["n = ctx.addr", "out[0] = apply(lambda x: x + n, 1)"], "a lambda in a probe sees constants only, and n is not one"),
        (["x = b'ab'", "for i in range(ctx.addr):", "    out[0] = x[0]", "    x = b'abc'"], "x changes in the loop"),
        (["def inner(x):", "    return x", "out[0] = inner(1)"], "a function cannot be defined inside a probe"),
    ],
)  # fmt: skip
def test_what_is_refused(body, message):
    with pytest.raises(CompileError, match=message):
        run_engine_often(body, [(0, 0, 0)], prelude=PRELUDE)

"""Statements and calls: the same lines on CPython, in the engine and, where it admits us, in the kernel.

Each snippet computes `r` from the integers a to e. In the kernel it runs at a system call of the test's own process.
"""

import ctypes
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_python_meaning import FIELDS, make_probe, run_engine

import ebee
from ebee.errors import CompileError

INPUTS = [(0, 0, 0, 0, 0), (1, 2, 3, 4, 5), (7, 1, 100, 3, 65535), (10, 65535, 2, 9, 1), (200, 30, 4, 17, 255)]
HELPERS = """
LIMIT = 5
STEPS = (1, 2, 3, 5)

def clamp(x, lo=0, hi=100):
    if x < lo:
        return lo
    if x > hi:
        return hi
    return x

def total(n: u32, *, step=1):
    s = 0
    for i in range(0, min(n, 20), step):
        if i == 13:
            return s
        s += i
    return s

def nothing(x):
    pass

def twice(f):
    return clamp(f) + clamp(f, hi=LIMIT)
"""

SNIPPETS = {
    "while counting down": """
        r = 0
        n = a
        while n > 0:
            r += n
            n -= 1
    """,
    "for by a step that passes the end, and zero": """
        r = 0
        for i in range(10, 0, -3):
            r += i * a
        for i in range(b % 7, 0, -4):
            r += i
    """,
    "for over a constant sequence of pairs": """
        r = 0
        for x, y in ((1, 2), (3, 4), (50, 60)):
            r += x * y
            if y > a:
                break
    """,
    "while with break, continue and else": """
        r = 0
        i = 0
        while i < 50:
            i += 1
            if i % 3 == 0:
                continue
            if i > b:
                break
            r += i
        else:
            r += 1000
    """,
    "for over a run-time range": """
        r = 0
        for i in range(min(a, 60)):
            r += i * i
    """,
    "for with start, stop and step": """
        r = 0
        for i in range(d, min(c, 40), 3):
            r = r * 3 + i
            r %= 65521
    """,
    "for downwards": """
        r = 0
        for i in range(min(a, 30), -3, -2):
            r += i
    """,
    "many turns of nested loops": """
        r = 0
        for i in range(30):
            for j in range(30):
                for k in range(30):
                    r = (r * 7 + i * j + k) % 65521
    """,
    "a first guess that is refused leaves nothing behind": """
        i = k = r = 0
        s = a - 100
        while i < 5:
            if k + k < s or i == 3:
                r += 1
            k = i
            i += 1
        while (w := r + 3) < 9:
            r = w
    """,
    "forks in a loop of known length": """
        n = a * 7 + 27
        r = 0
        for _ in range(200):
            if n == 1:
                break
            n = 3 * n + 1 if n % 2 else n // 2
            r += 1
    """,
    "a long loop around a short one": """
        r = 0
        for i in range(3000):
            for j in range(min(d, 5)):
                r = (r + i * j) % 65521
    """,
    "the loop variable afterwards": """
        i = 77
        for i in range(3, 3 + min(d, 9)):
            pass
        r = i
    """,
    "break out of nested loops": """
        r = 0
        for i in range(8):
            for j in range(8):
                if i * j > d:
                    break
                r += 1
            else:
                r += 100
            if r > 300:
                break
    """,
    "a constant tuple": """
        r = 0
        for x in (3, 1, 4, 1, 5):
            if x == 4:
                continue
            r = r * 10 + x
            if r > b:
                break
        else:
            r = -r
    """,
    "primes": """
        r = 0
        for n in range(2, 40):
            k = 2
            while k * k <= n:
                if n % k == 0:
                    break
                k += 1
            else:
                r += n
    """,
    "collatz with a budget": """
        n = a + 1
        r = 0
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            r += 1
    """,
    "gcd by swapping": """
        x, y = a, b
        while y:
            x, y = y, x % y
        r = x
    """,
    "fibonacci": """
        x, y = 0, 1
        for _ in range(min(a, 40)):
            x, y = y, x + y
        r = x
    """,
    "several targets": """
        x = y = z = a + 1
        x += 1
        r = x * 10000 + y * 100 + z
    """,
    "ternary, and, or as values": """
        r = (a and b) + (c or d) * (2 if a < b else 3) + (a and b and c or e)
    """,
    "walrus": """
        r = 0
        while (n := r + 3) < 20:
            r = n
        r += n
    """,
    "membership": """
        r = (a in (1, 2, 7)) + 2 * (b not in (2, 65535)) + 4 * (d in range(3, 10)) + 8 * (c in ())
    """,
    "min, max, abs, divmod, int, bool, len": """
        q, m = divmod(a, 7)
        r = min(a, b, c) + max(a, b, c) * 2 + abs(a - b) * 3 + q + m + int(True) + bool(d) + len("four")
    """,
    "powers": """
        r = (a ** 2 + b ** 0 + (d - 20) ** 3) % 1000003 + 2 ** 10
    """,
    "match": """
        match a:
            case 0 | 1:
                r = 10
            case 7 if b == 1:
                r = 20
            case 10:
                r = 30
            case n:
                r = n + 1
        match b:
            case 65535:
                r += 1000
    """,
    "conditions narrow ranges": """
        r = 0
        if 0 < a < 100 and b > a:
            r = b - a
        elif a >= 200:
            r = a - 200
        if c - d < 0:
            r += d - c
    """,
    "functions": """
        r = clamp(a) + clamp(b, 10, hi=20) * 3 + clamp(hi=3, x=c)
    """,
    "functions with loops": """
        r = total(a) + total(b, step=3) * 1000
        nothing(r)
    """,
    "functions that call functions": """
        r = twice(a) + twice(b)
    """,
    "early return from a nested loop": """
        r = 0
        for i in range(10):
            for j in range(10):
                r += 1
                if r == d:
                    out[0] = u64(r)
                    return
    """,
    "assert holds": """
        assert a >= 0 and b < 1 << 40
        r = 1
    """,
    "signed sums": """
        r = 0
        for i in range(20):
            if i % 2:
                r -= i * a
            else:
                r += i
    """,
    "assignments where it depends": """
        r, x = 0, 9
        if a and (x := b) > 1 and (y := c):
            r = x * 1000 + y
        elif not (d and (z := e)):
            r = x
        else:
            r = x + z
        while (n := r + x) and n < 300 and (r := r + 7):
            x += 1
        r += (w := a) + w if b < c < (x := d) else x
        r = (a and (x := 3)) + x + r
    """,
    "a wrapping sum": """
        r = u64(e)
        for i in range(70):
            r = u64(r * 31 + i)
    """,
}  # fmt: skip


def lines_of(name):
    import textwrap

    return textwrap.dedent(SNIPPETS[name]).strip().splitlines()


class Out(dict):
    """What the probe's `out` is in CPython."""


def on_cpython(lines, values):
    names = {"u64": lambda n: n % (1 << 64), "u32": int, "out": Out(), **dict(zip("abcde", values))}
    exec(HELPERS, names)
    text = "def probe():\n" + "".join(f"    {line}\n" for line in lines) + "    out[0] = u64(r)\n"
    text = text.replace("def probe():\n", "def probe(a, b, c, d, e):\n")
    exec(text, names)
    names["probe"](*values)
    return names["out"][0]


def with_inputs(lines):
    return [f"{n} = u16(ctx.{f})" for n, f in zip("abcde", FIELDS)] + list(lines) + ["out[0] = u64(r)"]


@pytest.mark.parametrize("name", SNIPPETS)
def test_engine(name):
    for values in INPUTS:
        result, losses = run_engine(with_inputs(lines_of(name)), (*values, 0), prelude=HELPERS)
        assert (result[0], losses) == (on_cpython(lines_of(name), values), 0), values


@pytest.mark.needs_kernel
@pytest.mark.parametrize("name", SNIPPETS)
def test_kernel(name):
    guard = [f"if ebee.pid() != {os.getpid()} or ctx.off != 1:", "    return"]
    body = [guard[0], guard[1], *with_inputs(lines_of(name))]
    probe, out = make_probe(body, 8, prelude=HELPERS)
    libc = ctypes.CDLL(None, use_errno=True)
    with ebee.Session(backend="kernel") as session, session.attach(probe) as attachment:
        for values in INPUTS:
            # mmap(2) with a file offset that is not aligned does nothing: EINVAL.
            assert libc.syscall(9, *map(ctypes.c_ulong, values), ctypes.c_ulong(1)) == -1
            assert out[0] == on_cpython(lines_of(name), values), values
        assert attachment.losses == []


# Random statements


@st.composite
def statements(draw, depth=2, in_loop=False):
    """Lines of a random, terminating program over x, y, z and a to e; all numbers stay small."""
    lines = []
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(["assign", "assign", "swap", "if", "for", "while", "jump"] if depth else ["assign"]))
        atoms = ["a", "b", "x", "y", "z", "3", "17"]
        one, two = draw(st.sampled_from(atoms)), draw(st.sampled_from(atoms))
        op = draw(st.sampled_from(["+", "-", "*", "&", "|", "^"]))
        test = f"{one} {draw(st.sampled_from(['<', '>', '==', '!=', '<=']))} {two}"
        target = draw(st.sampled_from("xyz"))
        if kind == "assign":
            lines.append(f"{target} = ({one} {op} {two}) % 1000")
        elif kind == "swap":
            lines.append("x, y = y, x")
        elif kind == "jump" and in_loop:
            lines += [f"if {test}:", f"    {draw(st.sampled_from(['break', 'continue']))}"]
        elif kind == "if":
            lines.append(f"if {test}:")
            lines += indented(draw(statements(depth - 1, in_loop)))
            if draw(st.booleans()):
                lines.append("else:")
                lines += indented(draw(statements(depth - 1, in_loop)))
        elif kind == "for":
            lines.append(f"for {target} in range({draw(st.integers(0, 3))}, {one} % 6):")
            lines += indented(draw(statements(depth - 1, True)))
            if draw(st.booleans()):
                lines.append("else:")
                lines.append("    y = (y + 1) % 1000")
        elif kind == "while":
            n = f"n{depth}"  # of its own at each depth: the loops must end
            lines += [f"{n} = 0", f"while {n} < 5 and {test}:", f"    {n} += 1"]
            lines += indented(draw(statements(depth - 1, True)))
    return lines or ["pass"]


def indented(lines):
    return ["    " + line for line in lines]


@settings(max_examples=80)
@given(statements(), st.tuples(*[st.integers(0, 65535)] * 5))
def test_random_statements(lines, values):
    lines = ["x = y = z = 1", "n1 = n2 = 0", *lines, "r = x + 1000 * y + 1000000 * z + n1 + n2"]
    expected = on_cpython(lines, values)
    try:
        result, losses = run_engine(with_inputs(lines), (*values, 0), prelude=HELPERS)
    except CompileError as e:
        pytest.fail(f"{e}\n" + "\n".join(lines))
    assert (result[0], losses) == (expected, 0), "\n".join(lines)


def test_a_loop_that_never_ends_is_cut_and_counted():
    assert run_engine(["out[0] = 1", "while True:", "    pass", "out[0] = 2"], ()) == ([1, *[0] * 7], 1)


def test_a_failed_assertion_ends_the_probe_and_is_counted():
    assert run_engine(["out[0] = 1", "assert ctx.addr > 5", "out[0] = 2"], (3,)) == ([1, *[0] * 7], 1)


def test_records_are_submitted_by_break_and_by_return_from_a_function():
    from ebee.engine.backend import EngineBackend  # noqa: F401  (the session below runs in it)

    with ebee.Session(backend="engine") as session, session.attach(breaks, command=["true"]) as attachment:
        assert [e.n for e in ring] == [0, 1, 2, 3, 100, 200]
        assert attachment.losses == []


class Number(ebee.Struct):
    n: ebee.u32


ring = ebee.RingBuf(Number)


def emit(n):
    with ring.reserve() as e:
        e.n = n
        if n == 100:
            return 1
        e.n = n
    return 0


@ebee.tracepoint("syscalls:sys_enter_exit_group")
def breaks(ctx):
    for i in range(10):
        with ring.reserve() as e:
            e.n = i
            if i == 3:
                break
    emit(100)
    emit(200)

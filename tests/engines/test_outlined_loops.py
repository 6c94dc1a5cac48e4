"""Loops whose body is a function of its own: over maps, and those that bpf_loop turns. CPython, engine and kernel agree."""

import ctypes
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_python_language import HELPERS, INPUTS, SNIPPETS, lines_of, on_cpython, statements, with_inputs
from test_python_meaning import FIELDS, make_probe, run_engine, run_on

import ebee
from ebee import Struct, u32, u64
from ebee.engine.backend import EngineBackend
from ebee.errors import CompileError
from ebee.pyfront import loops
from ebee.spec.default_target import default_target

PRELUDE = '''
class Pair(Struct):
    a: u64
    b: u32
class Key(Struct):
    x: u32
    y: u32
h = Hash(u32, u64, max_entries=64)
h2 = Hash(u32, Pair)
keyed = Hash(Key, u64)
named = Hash(Str(16), Pair)
arr = Array(Pair, max_entries=4)
per_cpu = PerCpuArray(u64, max_entries=4)
recent = LruHash(u32, u64, max_entries=64)
ring = RingBuf(Pair)

def find(n):
    for k, v in h.items():
        if v == n:
            return k
    return 99

def has(n):
    for k in h:
        if k == n:
            return
    out[7] = 1
'''
# Bodies that do not depend on the order in which a hash map is gone over; the maps are empty at the start.
BODIES = {
    "items": """
        for i in range(6):
            h[i] = i * 10
        t = n = 0
        for k, v in h.items():
            if k == 3:
                continue
            t += v
            n += 1
        out[0] = t
        out[1] = n
    """,
    "keys, break and else": """
        h[3] = 1
        n = 0
        for k in h:
            if k == 2:
                break
        else:
            n = 100
        for k in h.keys():
            if k == 3:
                n += k
                break
        else:
            n = 5
        out[0] = n
    """,
    "nothing there": """
        x = 3
        for k in h:
            x = 4
        else:
            x += 10
        out[0] = x
    """,
    "values in place": """
        for i in range(5):
            h2[i] = Pair(a=i, b=1)
        for v in h2.values():
            v.b += 5
            v.a = v.a * 2
        for k, v in h2.items():
            out[0] += v.b + v.a + k
    """,
    "structs as keys": """
        keyed[Key(x=1, y=2)] = 7
        keyed[Key(x=3, y=4)] = 8
        t = 0
        for k, v in keyed.items():
            t += k.x * 100 + k.y * 10 + v
        out[0] = t
    """,
    "strings as keys": """
        named["one"] = Pair(a=3)
        named["two"] = Pair(a=4)
        for k, v in named.items():
            v.a += 1
            if k == "two":
                out[0] = v.a
    """,
    "an array": """
        arr[2] = Pair(a=9, b=1)
        for i, v in arr.items():
            v.a += i
            out[i] = v.a
        out[5] = len(arr)
    """,
    "other kinds": """
        recent[1] = 2
        per_cpu[3] = 5
        t = 0
        for k, v in recent.items():
            t += k * 10 + v
        for i, v in per_cpu.items():
            t += i * v * 100
        out[0] = t
    """,
    "nested": """
        for i in range(6):
            h[i] = i
        t = 0
        for p in h:
            for q, v in h.items():
                if q > p:
                    continue
                t += v
                if t > 1000:
                    break
        out[0] = t
    """,
    "return from a function": """
        h[5] = 50
        h[6] = 60
        out[0] = find(60)
        out[1] = find(61)
        has(5)
        out[2] = 1
        has(7)
    """,
    "return from the probe": """
        h[5] = 50
        out[0] = 1
        for k in h:
            if k == 5:
                out[1] = k
                return
        out[0] = 2
    """,
    "loops in it and around it": """
        h[2] = 1
        h[1] = 1
        t = 0
        for i in range(3):
            for k in h:
                t += k + i
                for j in range(k):
                    t += j + 1
                n = 0
                while n < c % 10:
                    n += 1
                    t += 1
            if t > 1000:
                break
        out[0] = t
    """,
    "what is around it is read and written": """
        h[1] = 10
        h[2] = 20
        s = Pair(a=1)
        name = "abc"
        last = h2.lookup(7)
        flag = True
        for k, v in h.items():
            s.a += v + a
            if name == "abc" and last is None:
                s.b = 4
            flag = k > 5
        out[0] = s.a + s.b
        out[1] = flag
    """,
    "swaps": """
        h[1] = 3
        h[2] = 3
        lo, hi = 0, 0
        for v in h.values():
            lo, hi = hi, lo + v
            out[2] += 1
        out[0] = lo + hi
    """,
    "a name that the loop assigns too": """
        arr[1] = Pair(a=4)
        i = 77
        for i, v in arr.items():
            if v.a == 4:
                break
        out[0] = i
    """,
}


class Map(dict):
    """What a map is in CPython."""

    lookup = dict.get

    def __missing__(self, key):
        return 0


class Number(Struct):
    a: u64
    b: u32


def python_maps():
    class Key:
        def __init__(self, **fields):
            self.__dict__.update(fields)

    names = {name: Map() for name in ("h", "h2", "keyed", "named", "recent", "out")}
    names["arr"], names["per_cpu"] = Map((i, Number()) for i in range(4)), Map.fromkeys(range(4), 0)
    return {**names, "Pair": Number, "Key": Key, "u64": u64, "Struct": Struct, "u32": u32}


FUNCTIONS = PRELUDE[PRELUDE.index("def find") :]


def on_python(lines, values):
    names = {**python_maps(), **dict(zip("abcde", values))}
    exec(FUNCTIONS + "def probe():\n" + "".join(f"    {line}\n" for line in lines), names)
    names["probe"]()
    return [names["out"][i] for i in range(8)]


def body(name):
    import textwrap

    return textwrap.dedent(BODIES[name]).strip().splitlines()


def typed(lines):
    return [f"{n} = u16(ctx.{f})" for n, f in zip("abcde", FIELDS)] + lines


@pytest.mark.parametrize("name", BODIES)
def test_loops_over_maps_in_the_engine(name):
    values, losses = run_engine(typed(body(name)), (*INPUTS[0], 0), prelude=PRELUDE)
    assert (values, losses) == (on_python(body(name), INPUTS[0]), 0)


def kernel_run(lines, values, prelude):
    """Run a probe on this process's own call of mmap(2), which does nothing: the offset is not aligned."""
    libc = ctypes.CDLL(None, use_errno=True)
    probe, out = make_probe([f"if ebee.pid() != {os.getpid()} or ctx.off != 1:", "    return", *lines], 8, prelude)
    with ebee.Session(backend="kernel") as session, session.attach(probe) as attachment:
        assert libc.syscall(9, *map(ctypes.c_ulong, values), ctypes.c_ulong(1)) == -1
        return [out[i] for i in range(8)], sum(loss.count for loss in attachment.losses)


@pytest.mark.needs_kernel
@pytest.mark.parametrize("name", BODIES)
def test_loops_over_maps_in_the_kernel(name):
    assert kernel_run(typed(body(name)), INPUTS[0], PRELUDE) == (on_python(body(name), INPUTS[0]), 0)


DELETING = "for i in range(8):\n h[i] = i\nfor k in h:\n if k > 2:\n  del h[k]\nfor k in h:\n out[0] += k + 1"
ENDING = "h[5] = 50\nout[0] = 1\nfor k in h:\n assert k != 5\n out[1] = 1\nout[0] = 2"
DIVIDING = "h[5] = 50\nout[0] = 1\nfor i in range(2):\n for k in h:\n  for q in h:\n   out[1] = u64(10 // (k - q))\nout[0] = 2"
IN_PLACE = "h2[1] = Pair(a=1)\ne = h2.lookup(1)\nfor k in h2:\n e.a += 4\nout[0] = e.a"
SPECIAL = {"delete": (DELETING, [6], 0), "end": (ENDING, [1, 0], 1), "nested end": (DIVIDING, [1, 0], 1),
           "an entry": (IN_PLACE, [5], 0)}  # fmt: skip


@pytest.mark.parametrize("name", SPECIAL)
@pytest.mark.parametrize("run", [run_engine, pytest.param(kernel_run, marks=pytest.mark.needs_kernel)])
def test_entries_go_and_bodies_end_the_probe(run, name):
    text, expected, losses = SPECIAL[name]
    values, lost = run(text.splitlines(), INPUTS[0], prelude=PRELUDE)
    assert (values[: len(expected)], lost) == (expected, losses)


@settings(max_examples=60)
@given(statements(depth=1, in_loop=True), statements(depth=1), st.tuples(*[st.integers(0, 65535)] * 5))
def test_random_bodies_over_an_array(lines, orelse, values):
    lines = [
        "x = y = z = 1", "n1 = n2 = 0", "for w, v in arr.items():", "    v.a = w", "for z, v in arr.items():",
        "    x = (x + v.a) % 1000", *("    " + line for line in lines), "else:", *("    " + line for line in orelse),
        "out[0] = u64(x + 1000 * y + 1000000 * z + n1 + n2)",
    ]  # fmt: skip
    names = {**python_maps(), **dict(zip("abcde", values)), "u64": lambda n: n % (1 << 64)}
    names["arr"] = Map((i, Number()) for i in range(4))
    exec("\n".join(lines), names)
    expected = names["out"][0]
    got, losses = run_engine(typed(lines), (*values, 0), prelude=PRELUDE)
    assert (got[0], losses) == (expected, 0), "\n".join(lines)


# Loops that bpf_loop turns, where there is no may_goto


@pytest.fixture
def no_followed_loops(monkeypatch):
    """Every loop is one that the verifier would not follow."""
    monkeypatch.setattr(loops, "MOST_FOLLOWED", 0)
    monkeypatch.setattr(loops, "MOST_FORKS_FOLLOWED", 0)


def run_old(lines, values, prelude=HELPERS):
    backend = EngineBackend(default_target().replace(features=frozenset(("bpf_loop",))))
    return run_on(backend, lines, (*values, 0), 8, prelude)


@pytest.mark.usefixtures("no_followed_loops")
@pytest.mark.parametrize("name", SNIPPETS)
def test_every_loop_of_the_language_in_the_engine(name):
    values = INPUTS[-1]
    result, losses = run_old(with_inputs(lines_of(name)), values)
    assert (result[0], losses) == (on_cpython(lines_of(name), values), 0)


LOOPING = [name for name, text in SNIPPETS.items() if "for " in text or "while " in text]


@pytest.mark.needs_kernel
@pytest.mark.usefixtures("no_followed_loops")
@pytest.mark.parametrize("name", LOOPING)
def test_loops_of_the_language_in_the_kernel(name, monkeypatch):
    from ebee.kernel.target import Features

    monkeypatch.setattr(Features, "__contains__", lambda self, name: name == "bpf_loop")
    values = INPUTS[-1]
    got, losses = kernel_run(with_inputs(lines_of(name)), values, HELPERS)
    assert (got[0], losses) == (on_cpython(lines_of(name), values), 0)


@settings(max_examples=60)
@given(statements(), st.tuples(*[st.integers(0, 65535)] * 5))
def test_random_loops_that_bpf_loop_turns(lines, values):
    lines = ["x = y = z = 1", "n1 = n2 = 0", *lines, "r = x + 1000 * y + 1000000 * z + n1 + n2"]
    expected = on_cpython(lines, values)
    limits = loops.MOST_FOLLOWED, loops.MOST_FORKS_FOLLOWED
    loops.MOST_FOLLOWED = loops.MOST_FORKS_FOLLOWED = 0
    try:
        result, losses = run_old(with_inputs(lines), values)
    finally:
        loops.MOST_FOLLOWED, loops.MOST_FORKS_FOLLOWED = limits
    assert (result[0], losses) == (expected, 0), "\n".join(lines)


def test_a_loop_that_never_ends_is_cut_and_counted(monkeypatch):
    monkeypatch.setattr("ebee.abi.bpf.BPF_MAX_LOOPS", 1000)  # the engine is no fast machine
    assert run_old(["out[0] = 1", "while True:", "    pass", "out[0] = 2"], ()) == ([1, *[0] * 7], 1)


# Refusals

REFUSED = {
    "for k in h:\n for v in h2.values():\n  h2[k] = Pair()\n  out[0] = v.a": "v may be gone: h2 was written to after",
    "for k in h:\n s = 'abc'\nout[0] = u64(s == 'abc')": "s is not assigned on every way that leads here",
    "n = 1\nfor k in h:\n if k:\n  n = ebee.comm()\n  break\nout[0] = u64(n == 'a')": "n is an integer before the loop and none where it is left",
    "x = h.items()": "cannot get a name",
    "out[0] = len(h)": "how many entries h has is not known in a probe",
}


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text):
    with pytest.raises(CompileError) as caught:
        run_engine(text.splitlines(), INPUTS[0], prelude=PRELUDE)
    assert REFUSED[text] in caught.value.diagnostics[0].message

"""Functions as subprograms mean what they mean where they are called: engine, kernel and CPython agree."""

import textwrap

import pytest
from test_outlined_loops import kernel_run
from test_python_language import HELPERS, INPUTS, SNIPPETS, lines_of, on_cpython, with_inputs
from test_python_meaning import FIELDS, make_probe, run_engine

from ebee.api.source import compile_probes
from ebee.errors import CompileError
from ebee.pyfront import subprograms
from ebee.spec.default_target import default_target

PRELUDE = '''
class Pair(Struct):
    a: u64
    b: u32
    name: str = Str(8)
h = Hash(u32, u64)
h2 = Hash(u32, Pair)
ring = RingBuf(Pair)

def mix(p: u32, q: u32):
    x = p * 3 + q
    if x > 100:
        x = x // 2 + p % 7
    else:
        x = x * 5 - q
    y = x * x + p
    if y > q:
        y = y - q + 7
    h[0] = y & 0xffff
    return y + x

def checked(p: u32, q: u32):
    assert p != 7
    t = 0
    for i in range(10):
        t += p // (q + i) + i
        if t > 1000:
            return t
        if t & 8:
            t += 5
        if t & 16:
            t += 6
    return t

def scaled(value, by=3, *, plus=0):
    r = value * by + plus
    if r > 1000:
        r = r % 1000 + by
    elif r > 500:
        r = r - 400 + plus
    return r + (value & 7) + (by & 3)

@ebee.subprogram
def fill(s, n: u64):
    s.a = n
    s.b += 1

@ebee.subprogram
def forced(n: u32, m=3):
    if n == 5:
        return 0
    return n + m

@ebee.subprogram
def bump(v, n: u64):
    v.a += n

@ebee.subprogram
def is_abc(s):
    return s == "abc"

@ebee.subprogram
def from_ctx(c):
    return c.len

@ebee.subprogram
def emit(n: u32):
    with ring.reserve() as r:
        fill(r, n)
        assert n != 9

@ebee.subprogram
def outer(n: u32):
    return forced(n) + forced(n + 1)

@ebee.subprogram
def forgets():
    h2[5] = Pair()

def one(n):
    return n + 1

def apply(f, n: u32):
    x = f(n) * 2
    y = f(n + 1) + x * x - x // 3 + (x & 15) + (x >> 2)
    return f(x + y) + f(y) * 3

def over(items, n: u32):
    t = 0
    for i in items:
        t += i * n + (n & 3) + (n >> i) + (n | i)
        if t > 1000:
            t = t % 1000 + (n & i) + i
    return t + n * 2 + (n & 9) + (n >> 5)

def sized(kind, n: u32):
    x = u64(kind(n)) + (n & 3) + (n >> 4) + (n | 8) + (n ^ 5)
    y = u64(kind(n + 300)) + x + (x & 7) + (x >> 3) + (x | 1)
    return x + y
'''
BODIES = {
    "long": "out[0] = u64(mix(u32(a), u32(b)))\nout[1] = u64(mix(u32(c), u32(b)))\nout[2] = u64(mix(u32(e), u32(d)))\nout[3] = h[0]",
    "loops": "out[0] = checked(a + 8, b + 1)\nout[1] = checked(c + 8, b + 1)\nout[2] = checked(d + 8, a + 1)",
    "keywords and defaults": "out[0] = scaled(a)\nout[1] = scaled(b)\nout[2] = scaled(c, plus=4)\nout[3] = scaled(d, plus=4)\nout[4] = scaled(value=e, by=5)",
    "forced": "out[0] = forced(4)\nout[1] = forced(5)\nout[2] = forced(6, 10)\nout[3] = forced(a, m=2)",
    "nested": "out[0] = outer(3)\nout[1] = outer(4)",
    "a local struct": "s = Pair(a=1)\nfill(s, 8)\nfill(s, 9)\nout[0] = s.a\nout[1] = s.b",
    "a function as an argument": "out[0] = u64(apply(one, u32(a)))\nout[1] = u64(apply(one, u32(b)))",
    "constants as arguments": "out[0] = over((1, 2), u32(a))\nout[1] = over((1, 2), u32(b))\nout[2] = over((1, 3), u32(a))\nout[3] = over((1, True), u32(c))",
    "a type as an argument": "out[0] = sized(u8, u32(a))\nout[1] = sized(u8, u32(b))\nout[2] = sized(u16, u32(a))",
}


def body(name):
    return BODIES[name].splitlines()


def on_python(lines, values):
    class Pair:
        def __init__(self, a=0, b=0):
            self.a, self.b = a, b

    class Out(dict):
        def __missing__(self, key):
            return 0

    def kind(bits):
        made = type(f"u{bits}", (), {"size": bits // 8, "__new__": lambda cls, n: n % (1 << bits)})
        return made

    class Decorators:
        subprogram = staticmethod(lambda f: f)

    names = {f"u{bits}": kind(bits) for bits in (8, 16, 32, 64)}
    names |= {"out": Out(), "h": Out(), "h2": Out(), "Pair": Pair, "ebee": Decorators, **dict(zip("abcde", values))}
    exec(PRELUDE[PRELUDE.index("def mix") :] + "\n" + "\n".join(lines), names)
    return [names["out"][i] for i in range(8)]


def typed(lines):
    return [f"{n} = u16(ctx.{f})" for n, f in zip("abcde", FIELDS)] + lines


RUNS = [run_engine, pytest.param(kernel_run, marks=pytest.mark.needs_kernel)]


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("name", BODIES)
def test_as_python(name, run):
    values = (*INPUTS[0], 0) if run is run_engine else INPUTS[0]
    got, losses = run(typed(body(name)), values, prelude=PRELUDE)
    assert (got, losses) == (on_python(body(name), INPUTS[0]), 0)


# What CPython has not: entries, strings of the kernel, records, the context. (body, out, losses)
OTHERS = {
    "an entry": ("h2[1] = Pair(a=5)\nv = h2.lookup(1)\nif v is not None:\n bump(v, 4)\n bump(v, 5)\n out[0] = v.a", [14], 0),
    "strings": ("n = ebee.comm()\nout[0] = is_abc('abc')\nout[1] = is_abc(n)\nout[2] = is_abc('abd')", [1, 0, 0], 0),
    "the context": ("out[0] = from_ctx(ctx) - from_ctx(c=ctx) + 1", [1], 0),
    "it ends the program": ("emit(3)\nout[0] = 1\nemit(9)\nout[1] = 1", [1, 0], 1),
    "it ends the program from afar": ("out[0] = checked(8, 1)\nout[1] = checked(a + 8, 1)\nout[2] = checked(u32(7), b)\nout[3] = 1",
                                      [None, None, 0, 0], 1),
    "in the body of a loop": ("h[3] = 4\nh[4] = 5\nt = 0\nfor k, v in h.items():\n t += forced(k) + forced(u32(v))\n emit(k)\nout[0] = t", [20], 0),
    "ending in the body of a loop": ("h[9] = 4\nfor k in h:\n emit(k)\n out[0] = 1\nout[1] = 1", [0, 0], 1),
}  # fmt: skip


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("name", OTHERS)
def test_what_can_be_passed(name, run):
    text, expected, losses = OTHERS[name]
    values = (*INPUTS[0], 0) if run is run_engine else INPUTS[0]
    got, lost = run(typed(text.splitlines()), values, prelude=PRELUDE)
    assert lost == losses
    assert all(want in (None, is_there) for want, is_there in zip(expected, got)), got


@pytest.fixture
def every_call(monkeypatch):
    """Every function that can be is a subprogram."""
    monkeypatch.setattr(subprograms, "WORTHWHILE", 0)
    monkeypatch.setattr(subprograms, "SMALL", 0)


CALLING = [name for name, text in SNIPPETS.items() if any(f"{f}(" in text for f in ("clamp", "total", "nothing", "twice"))]


@pytest.mark.usefixtures("every_call")
@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("name", CALLING)
def test_every_call_of_the_language(name, run):
    values = INPUTS[-1]
    got, losses = run(with_inputs(lines_of(name)), (*values, 0) if run is run_engine else values, prelude=HELPERS)
    assert (got[0], losses) == (on_cpython(lines_of(name), values), 0)


def compiled(lines, prelude=PRELUDE):
    probe, _ = make_probe(typed(lines), 8, prelude)
    return compile_probes([probe], default_target())[0].programs["probe"]


CALLS = [f"out[{i}] = u64(mix(u32({x}), u32({y})))" for i, (x, y) in enumerate(("ab", "bc", "cd", "de", "ea"))]


def test_code_is_there_once():
    """Five calls of a function take half the instructions; that nothing changes from run to run is tested, too."""
    inlined = compiled(CALLS, PRELUDE.replace("def mix", "@ebee.inline\ndef mix"))
    shared = compiled(CALLS)
    assert len(shared.insns) < 0.55 * len(inlined.insns)
    assert [f.insn_idx for f in inlined.func_info] == [0] and len(shared.func_info) == 2
    again = compiled(CALLS)
    assert [str(i) for i in shared.insns] == [str(i) for i in again.insns]


def test_small_functions_and_single_calls_stay_where_they_are():
    assert len(compiled(CALLS[:1]).func_info) == 1
    assert len(compiled([f"out[{i}] = one({i}) + one(a)" for i in range(8)]).func_info) == 1


BIG = """
class Big(Struct):
    text: str = Str(200)
    n: u64
big = Hash(u32, Big)
def use(n: u32):
    x = Big(n=n)
    if n > 3:
        x.n += n * 2 + (n & 7) + (n >> 3) + (n | 1) + (n ^ 9) + n % 11 + n // 5 + (n & 3) * 2
    if n > 5:
        x.n += n * 3 + (n & 3) + (n >> 2) + (n | 2) + (n ^ 8) + n % 13 + n // 7 + (n & 1) * 2
    big[n] = x
    return x.n
"""


def test_where_the_stack_does_not_suffice_functions_stay_where_they_are():
    lines = ["y = Big(n=1)", *(f"out[{i}] = use(u32({x}))" for i, x in enumerate("abc")), "big[0] = y"]
    program = compiled(lines, BIG)
    assert len(program.func_info) == 1


def test_too_much_for_the_stack_is_moved():
    prelude = BIG.replace("def use", "@ebee.subprogram\ndef use")
    lines = ["y = Big(n=1)", "z = Big(n=2)", "out[0] = use(u32(a))", "big[0] = y", "big[1] = z"]
    program = compiled(lines, prelude)
    assert len(program.func_info) == 2
    assert program.stack_size <= 512


REFUSED = {
    "@ebee.subprogram\ndef f(a, b, c, d, e, g):\n return a\n": ("x = u8(ctx.len)\nout[0] = f(x, x, x, x, x, x)", "6 values would have to be passed"),
    "@ebee.subprogram\ndef f(n):\n return ebee.comm()\n": ("out[0] = f(1) == 'a'", "it returns "),
    "@ebee.subprogram\ndef f(n):\n assert False\n": ("out[0] = f(1)", "it never returns"),
    "@ebee.subprogram\ndef f(n):\n return n / 2\n": ("out[0] = f(1)", "this operator (Div) is not supported"),
    "@ebee.subprogram\ndef f(n):\n return g(n)\ndef g(n):\n return f(n)\n": ("out[0] = f(1)", "f() calls itself"),
    "@ebee.subprogram\ndef f(v):\n return v.a\n": ("out[0] = f(h2.lookup(1))", "v is an entry of h2, or None"),
}


@pytest.mark.parametrize("prelude", REFUSED)
def test_refused(prelude):
    line, words = REFUSED[prelude]
    with pytest.raises(CompileError) as caught:
        run_engine(line.splitlines(), INPUTS[0], prelude=PRELUDE + textwrap.dedent(prelude))
    message = caught.value.diagnostics[0].message
    assert message.startswith("f() cannot be a subprogram: ") and words in message, message
    assert caught.value.diagnostics[0].hint == "leave out @ebee.subprogram"


def test_an_entry_is_gone_after_a_subprogram_has_written_to_its_map():
    lines = ["v = h2.lookup(5)", "forgets()", "out[0] = v.a"]
    with pytest.raises(CompileError, match="v may be gone: h2 was written to"):
        run_engine(lines, INPUTS[0], prelude=PRELUDE)

"""The same function on CPython and on the engines: a probe means what Python means, or is refused.

Random expressions over typed inputs are compiled, run and compared with Python's own result. The generator keeps
every intermediate result inside 64 bits, where the two must agree; wrap-around has its own tests below.
"""

import itertools
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ebee
from ebee.api.source import compile_probes, remember_source
from ebee.errors import CompileError
from ebee.spec.backend import TestRun as Run
from ebee.spec.object import LOSS_MAP

S64 = (-(1 << 63), (1 << 63) - 1)
EVENT = "syscalls:sys_enter_mmap"  # six unsigned longs
FIELDS = ("addr", "len", "prot", "flags", "fd", "off")
TYPES = {"u8": (0, 255), "s8": (-128, 127), "u16": (0, 65535), "s16": (-32768, 32767), "u32": (0, (1 << 32) - 1),
         "s32": (-(1 << 31), (1 << 31) - 1)}  # fmt: skip
_serial = itertools.count()


def make_probe(body, slots=8, prelude=""):
    """Compile source text as a file would be, and return the probe and its map."""
    file = f"<python meaning {next(_serial)}>"
    text = (
        "import ebee\nfrom ebee import *\nfrom ebee import Array, s64, u64\n"
        f"out = Array(u64, max_entries={slots})\n{prelude}\n"
        f"@ebee.tracepoint('{EVENT}')\ndef probe(ctx):\n" + "".join(f"    {line}\n" for line in body)
    )
    remember_source(file, text)
    names = {"__name__": file}
    sys.modules[file] = type(sys)(file)
    exec(compile(text, file, "exec"), names)
    return names["probe"], names["out"]


def run_engine(body, inputs, slots=8, prelude=""):
    """Run a probe's body once; return the values of `out` and the number of counted losses."""
    from ebee.engine.backend import EngineBackend

    backend = EngineBackend()
    return run_on(backend, body, inputs, slots, prelude)


def run_on(backend, body, inputs, slots, prelude=""):
    try:
        return next(runs_on(backend, body, [inputs], slots, prelude))
    finally:
        backend.close()


def run_engine_often(body, inputs, slots=8, prelude=""):
    """Compile a probe's body once, and run it with each of several inputs: a list of what `run_engine` returns."""
    from ebee.engine.backend import EngineBackend

    backend = EngineBackend()
    try:
        return list(runs_on(backend, body, inputs, slots, prelude))
    finally:
        backend.close()


def runs_on(backend, body, all_inputs, slots, prelude=""):
    probe, _out = make_probe(body, slots, prelude)
    spec, _decls = compile_probes([probe], backend.target)
    for inputs in all_inputs:
        maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
        program = backend.load_program(spec.programs["probe"], spec, maps)
        ctx = bytes(8) + (9).to_bytes(8, "little") + b"".join((n % (1 << 64)).to_bytes(8, "little") for n in inputs)
        backend.test_run(program, Run(ctx=ctx))
        out = maps.get("out")
        values = [int.from_bytes(out.lookup(i.to_bytes(4, "little")), "little") for i in range(slots)] if out else []
        lost = maps[LOSS_MAP].lookup(bytes(4)) if LOSS_MAP in maps else b""
        yield values, sum(int.from_bytes(lost[i : i + 8], "little") for i in range(0, len(lost), 8))


class Expr:
    """An expression's text, and bounds that Python's result cannot leave."""

    def __init__(self, text, lo, hi):
        self.text, self.lo, self.hi = text, lo, hi


def combine(op, a, b):
    ends = [(x, y) for x in (a.lo, a.hi) for y in (b.lo, b.hi)]
    if op in "+-*":
        values = [eval(f"x {op} y", {"x": x, "y": y}) for x, y in ends]
    elif op == "//":
        m = max(abs(a.lo), abs(a.hi))
        values = [-m - 1, m]
    elif op == "%":
        m = max(abs(b.lo), abs(b.hi))
        values = [-m, m]
    else:
        bits = max(abs(n).bit_length() for n in (a.lo, a.hi, b.lo, b.hi))
        values = [-(1 << bits), 1 << bits]
    return Expr(f"({a.text} {op} {b.text})", min(values), max(values))


@st.composite
def expressions(draw, inputs, depth=3):
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        if draw(st.booleans()):
            n = draw(st.integers(-300, 300) | st.sampled_from([0, 1, -1, 2**31, 2**32 - 1]))
            return Expr(f"({n})", n, n)
        return draw(st.sampled_from(inputs))
    kind = draw(st.sampled_from(["op", "op", "op", "neg", "invert", "shift", "cmp"]))
    a = draw(expressions(inputs, depth - 1))
    if kind == "neg":
        result = Expr(f"(-{a.text})", -a.hi, -a.lo)
    elif kind == "invert":
        result = Expr(f"(~{a.text})", -a.hi - 1, -a.lo - 1)
    elif kind == "shift":
        n = draw(st.integers(0, 20))
        left = draw(st.booleans())
        scale = 1 << n
        result = (
            Expr(f"({a.text} << {n})", a.lo * scale, a.hi * scale)
            if left
            else Expr(f"({a.text} >> {n})", a.lo >> n, a.hi >> n)
        )
    elif kind == "cmp":
        op = draw(st.sampled_from(["<", "<=", ">", ">=", "==", "!="]))
        result = Expr(f"({a.text} {op} {draw(expressions(inputs, depth - 1)).text})", 0, 1)
    else:
        op = draw(st.sampled_from(["+", "-", "*", "//", "%", "&", "|", "^"]))
        result = combine(op, a, draw(expressions(inputs, depth - 1)))
    return result if S64[0] <= result.lo and result.hi <= S64[1] else a


@st.composite
def programs(draw):
    names = "abcdef"
    types = [draw(st.sampled_from(sorted(TYPES))) for _ in names]
    values = [draw(st.integers(*TYPES[t]) | st.sampled_from(TYPES[t])) for t in types]
    inputs = [Expr(n, *TYPES[t]) for n, t in zip(names, types)]
    return types, values, [draw(expressions(inputs)) for _ in range(4)]


def python_result(expr, values):
    try:
        return int(eval(expr.text, dict(zip("abcdef", values)))) % (1 << 64)
    except ZeroDivisionError:
        return None


@settings(max_examples=60)
@given(programs())
def test_expressions_mean_what_python_means(program):
    types, values, exprs = program
    body = [f"{n} = {t}(ctx.{f})" for n, t, f in zip("abcdef", types, FIELDS)]
    expected, losses = [0] * 8, 0
    for slot, expr in enumerate(exprs):
        body.append(f"out[{slot}] = u64({expr.text})")
    for slot, expr in enumerate(exprs):
        result = python_result(expr, values)
        if result is None:
            losses = 1  # the program ends there, counted
            break
        expected[slot] = result
    try:
        assert run_engine(body, values) == (expected, losses)
    except CompileError as e:
        assert all("divides by zero" in d.message or "by zero" in d.message for d in e.diagnostics), e


@settings(max_examples=40)
@given(programs())
def test_conditions_take_pythons_way(program):
    types, values, (x, y, z, w) = program
    body = [f"{n} = {t}(ctx.{f})" for n, t, f in zip("abcdef", types, FIELDS)]
    flow = [
        "r = 0",
        f"if {x.text} and not {y.text}:",
        "    r = 1",
        f"    if {z.text}:",
        "        r = r + 2",
        f"elif {z.text} or {w.text} > {x.text}:",
        "    r = 4",
        f"    if {w.text} < 3 <= {y.text}:",
        "        r = 8",
        "else:",
        "    r = r - 1",
    ]
    names = dict(zip("abcdef", values))
    try:
        exec("\n".join(flow), names)
        expected = ([names["r"] % (1 << 64)] + [0] * 7, 0)
    except ZeroDivisionError:
        expected = ([0] * 8, 1)
    try:
        assert run_engine([*body, *flow, "out[0] = u64(r)"], values) == expected
    except CompileError as e:
        assert all("by zero" in d.message for d in e.diagnostics), e


@pytest.mark.parametrize(
    ("body", "inputs", "expected"),
    [
        (["out[0] = u64(u64(ctx.addr) + u64(ctx.len))"], (2**64 - 1, 2), 1),
        (["out[0] = u64(ctx.addr - ctx.len)"], (1, 2), 2**64 - 1),
        (["out[0] = u64(u32(ctx.addr))"], (2**32 + 5,), 5),
        (["out[0] = u64(s8(ctx.addr))"], (0xFF,), 2**64 - 1),
        (["x: u8 = u16(ctx.addr)", "out[0] = x"], (0x1FF,), 0xFF),
        (["out[0] = u64(s64(ctx.addr) // s64(ctx.len))"], (2**63, -1), 2**63),
        (["out[0] = u64(s64(ctx.addr) % s64(ctx.len))"], (-7, 2), 1),
        (["out[0] = u64(s64(ctx.addr) // s64(ctx.len))"], (-7, 2), 2**64 - 4),
        (["out[0] = u64(s64(ctx.addr) >> u8(ctx.len))"], (-1, 63), 2**64 - 1),
        (["out[0] = u64(ctx.addr << u8(ctx.len))"], (1, 63), 2**63),
        (["out[0] += 5", "out[0] -= 2", "out[1] += out[0]"], (), 3),
        (["out[0] = 9 in out", "out[1] = 2 in out"], (), 0),
        (["if 9 in out:", "    return", "out[0] = out[9] + 4"], (), 4),
        (["out[0] = 1", "return 7", "out[0] = 2"], (), 1),
        (["x = 5 if False else 6" if False else "x = 6", "out[0] = x"], (), 6),
    ],
)
def test_widths_and_wrap_around(body, inputs, expected):
    values, losses = run_engine(body, inputs)
    assert (values[0], losses) == (expected, 0)


@pytest.mark.parametrize(
    ("body", "inputs"),
    [
        (["out[0] = 1", "out[1] = ctx.addr // ctx.len", "out[0] = 2"], (5, 0)),
        (["out[0] = 1", "out[1] = ctx.addr % ctx.len", "out[0] = 2"], (5, 0)),
        (["out[0] = 1", "out[1] = ctx.addr << ctx.len", "out[0] = 2"], (5, 64)),
        (["out[0] = 1", "out[1] = ctx.addr >> ctx.len", "out[0] = 2"], (5, 2**64 - 1)),
        (["out[0] = 1", "out[9] = 5"], ()),
        (["out[0] = 1", "out[9] += 5"], ()),
    ],
)
def test_what_cannot_go_on_is_counted(body, inputs):
    values, losses = run_engine(body, inputs)
    assert (values[:2], losses) == ([1, 0], 1)


def test_public_names_are_enough():
    assert {"u8", "s64", "Array", "tracepoint"} <= set(ebee.__all__)

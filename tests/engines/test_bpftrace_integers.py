"""bpftrace's integers: a model in Python, the engine and the kernel agree; `PEER` is what bpftrace 0.27.1 printed."""

import pytest
from both_backends import kernel
from hypothesis import given, settings
from hypothesis import strategies as st

from ebee.bpftrace.integers import (
    ARITHMETIC,
    COMPARISONS,
    Integer,
    arithmetic_type,
    binary,
    cast,
    compare,
    comparison_type,
    invert,
    literal,
    literal_type,
    negate,
)
from ebee.engine.backend import EngineBackend
from ebee.ir.core import PTR_CTX, Function
from ebee.lower.object import ObjectBuilder
from ebee.lower.program import Lowering
from ebee.spec.backend import TestRun as Run
from ebee.spec.object import LOSS_MAP
from ebee.types.scalars import s8, s16, s32, s64, u8, u16, u32, u64

TYPES = [u8, u16, u32, u64, s8, s16, s32, s64]
ALL = (1 << 64) - 1
# Expressions are (operator, operands...), an input (type, number), or a literal.


class Model:
    """Numbers as mathematics has them; what is kept of them is said by the type."""

    def __init__(self):
        self.zero_divisors = 0

    def value(self, e):
        """The number of an expression, its type, and whether it is a literal of which sign (None: none)."""
        if isinstance(e, int):
            return e, literal_type(e), e
        if not isinstance(e[0], str):
            return e[1], e[0], None
        op, *operands = e
        if op == "cast":
            return operands[0](self.value(operands[1])[0]), operands[0], None
        if op in ("neg", "not"):
            n, type, _ = self.value(operands[0])
            return type(-n if op == "neg" else ~n), s64 if type.signed else u64, None
        (x, a, p), (y, b, q) = map(self.value, operands)
        if op in COMPARISONS:
            type = comparison_type(a, b, p, q)
            x, y = type(x), type(y)
            return int({"==": x == y, "!=": x != y, "<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}[op]), u8, None
        type = arithmetic_type(op, a, b, p, q)
        x, y = x & ALL, y & ALL
        if op in "/%" and y == 0:
            self.zero_divisors += 1
            return 1, type, None
        result = {
            "+": lambda: x + y, "-": lambda: x - y, "*": lambda: x * y, "/": lambda: x // y, "%": lambda: x % y,
            "&": lambda: x & y, "|": lambda: x | y, "^": lambda: x ^ y, "<<": lambda: x << y % 64,
            ">>": lambda: x >> y % 64,
        }[op]()  # fmt: skip
        return type(result), type, None


def lowered(low, e, inputs):
    """The same expression in IR; what it reads of the context is added to `inputs`."""
    if isinstance(e, int):
        return literal(low, e)
    if not isinstance(e[0], str):
        type, n = e
        inputs.append(n)
        return cast(low, Integer(low.b.load(low.ctx, 8 * (len(inputs) - 1), 8), s64), type)
    op, *operands = e
    if op == "cast":
        return cast(low, lowered(low, operands[1], inputs), operands[0])
    values = [lowered(low, x, inputs) for x in operands]
    if op in COMPARISONS:
        holds, done = low.blocks(2)
        name = f"holds {id(done)}"
        low.b.write(name, low.b.const(0))
        condition, a, b = compare(low, op, *values)
        low.b.write(name, low.b.const(0))
        low.b.branch(condition, a, b, holds, done)
        low.b.start(holds)
        low.b.write(name, low.b.const(1))
        low.b.jump(done)
        low.b.start(done)
        return Integer(low.b.read(name), u8)
    return {"neg": negate, "not": invert}[op](low, *values) if len(values) == 1 else binary(low, op, *values)


def run(backend, e):
    """Compile an expression and run it: its 64 bits as the number that its type says, and what was counted."""
    obj, inputs = ObjectBuilder("test"), []
    obj.add_global("out", u64)
    low = Lowering(obj, Function("program", [PTR_CTX]))
    result = lowered(low, e, inputs)
    low.b.store(low.global_address("out"), 0, 8, result.value)
    low.b.ret(low.b.const(0))
    obj.add_program(low.b.function, "raw_tp/sys_enter")
    spec = obj.finish(backend.target)
    maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
    program = backend.load_program(spec.programs["program"], spec, maps)
    ctx = b"".join((n & ALL).to_bytes(8, "little") for n in inputs)
    backend.test_run(program, Run(ctx=ctx.ljust(96, b"\0")))
    got = result.type(int.from_bytes(maps[".bss"].lookup(bytes(4)), "little"))
    lost = maps[LOSS_MAP].lookup(bytes(4)) if LOSS_MAP in maps else b""
    return got, sum(lost[i] for i in range(0, len(lost), 8))


def number_of(type):
    return st.sampled_from([type.lo, type.hi, 0, 1, type.hi // 2 + 1]) | st.integers(type.lo, type.hi)


INPUTS = st.sampled_from(TYPES).flatmap(lambda t: number_of(t).map(lambda n: (t, n)))
LITERALS = st.integers(-300, 300) | st.sampled_from([0, 1, -1, 2**31, 2**32 - 1, 2**63, 2**64 - 1, -(2**63)])
OPERATORS = st.sampled_from([*ARITHMETIC, *COMPARISONS])
EXPRESSIONS = st.recursive(
    INPUTS | LITERALS,
    lambda inner: st.tuples(OPERATORS, inner, inner) | st.tuples(st.sampled_from(["neg", "not"]), inner)
    | st.tuples(st.just("cast"), st.sampled_from(TYPES), inner),
    max_leaves=8,
)


def check(backend, e):
    model = Model()
    want = model.value(e)[0]
    assert run(backend, e) == (want, model.zero_divisors)


@given(EXPRESSIONS)
@settings(max_examples=200)
def test_engine(e):
    backend = EngineBackend()
    try:
        check(backend, e)
    finally:
        backend.close()


@pytest.mark.needs_kernel
@given(EXPRESSIONS)
@settings(max_examples=100)
def test_kernel(e):
    check(kernel(), e)


A, B, C, D, F = (u8, 200), (s8, -128), (u32, 4000000000), (s32, 5), (s64, -7)
PEER = [
    (("+", A, A), 400, u64),
    (("+", A, (s8, -100)), 100, s64),
    (("*", C, C), -2446744073709551616 % (1 << 64), u64),
    (("/", (s32, -5), 2), 9223372036854775805, s64),
    (("%", F, 3), 0, s64),
    (("/", (u64, ALL), 3), 6148914691236517205, u64),
    (("<<", A, 4), 3200, u64),
    ((">>", (s8, -100), 1), 9223372036854775758, s64),
    ((">>", F, 1), 9223372036854775804, s64),
    (("<<", F, 2), -28, s64),
    (("&", A, (s8, -100)), 136, s64),
    (("-", A, (u16, 65535)), -65335, s64),
    (("-", ("-", C, C), 1), -1, s64),
    (("not", A), 55, u64),
    (("not", B), 127, s64),
    (("not", C), 294967295, u64),
    (("not", D), -6, s64),
    (("not", F), 6, s64),
    (("neg", A), 56, u64),
    (("neg", B), -128, s64),
    (("neg", C), 294967296, u64),
    (("neg", D), -5, s64),
    (("neg", F), 7, s64),
    (("/", F, (u64, 0)), 1, s64),
    (("%", F, (s64, 0)), 1, s64),
    (("/", (s64, -(1 << 63)), (s64, -1)), 0, s64),
    (("%", (s64, -(1 << 63)), (s64, -1)), -(1 << 63), s64),
    (("<", (s64, -1), (u64, 0)), 1, u8),
    (("<", F, (u64, 7)), 1, u8),
    (("<<", (u32, 1), 32), 4294967296, u64),
]


@pytest.mark.parametrize(("e", "want", "type"), PEER)
def test_as_the_peer_has_it(e, want, type):
    backend = EngineBackend()
    try:
        assert run(backend, e)[0] == want
        assert Model().value(e)[:2] == (want, type)
    finally:
        backend.close()


@pytest.mark.parametrize(
    ("a", "b", "want"),
    [((u8, None), (s16, 300), u16), ((s32, None), (u8, None), s32), ((u8, None), (s8, None), s16),
     ((u64, None), (s64, None), s64), ((u64, None), (s8, -1), s64), ((s32, None), (s8, 1), s32)],
)  # fmt: skip
def test_types_of_comparisons(a, b, want):
    assert comparison_type(a[0], b[0], a[1], b[1]) is want
    assert comparison_type(b[0], a[0], b[1], a[1]) is want

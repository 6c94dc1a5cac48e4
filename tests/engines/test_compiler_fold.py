"""Folding against the plain meaning of operations: each pair of operations, on values at the edges."""

from __future__ import annotations

import itertools

import pytest
from ir_model import ALL, BINARY, CONDITIONS, INTERESTING, evaluate

from ebee.compiler.flow import drop_unreachable_blocks, holds
from ebee.compiler.fold import EVALUATE, fold_constants
from ebee.ir.builder import Builder
from ebee.ir.check import check_function
from ebee.ir.core import CONDITIONS as NAMES
from ebee.ir.core import I64, OPS, PTR_CTX, PURE, Function
from ebee.ir.text import parse_module, print_function

CONSTANTS = (0, 1, 3, 8, 32, 63, 64, 0xFF, 0xFF00, 0xFFFFFFFF, 1 << 32, 1 << 63, ALL, ALL - 7, 0x12345678)
INPUTS = (0, 1, 0x7F, 0x80, 0xFFFF_8000, 0xFEDC_BA98_7654_3210, 1 << 63, ALL)


def steps():
    """Operations on x: with a constant on either side, with x itself, extensions."""
    for opcode in BINARY:
        for c in CONSTANTS:
            yield lambda b, x, o=opcode, c=c: b.op(o, x, b.const(c))
        for c in (0, 1, ALL):
            yield lambda b, x, o=opcode, c=c: b.op(o, b.const(c), x)
        yield lambda b, x, o=opcode: b.op(o, x, x)
    for size in (1, 2, 4):
        yield lambda b, x, s=size: b.op("zext", x, size=s)
        yield lambda b, x, s=size: b.op("sext", x, size=s)
    for size in (2, 4, 8):
        yield lambda b, x, s=size: b.op("bswap", x, size=s)
    yield lambda b, x: b.op("neg", x)


STEPS = list(steps())


def function(*chain):
    f = Function("f", [I64])
    b = Builder(f)
    x = f.entry.params[0]
    for step in chain:
        x = step(b, x)
    b.ret(x)
    return f


def agrees(f, inputs):
    want = [evaluate(None, f, [x]) for x in inputs]
    before = print_function(f)
    fold_constants(f)
    check_function(f)
    got = [evaluate(None, f, [x]) for x in inputs]
    assert got == want, f"{before}\n{print_function(f)}"


@pytest.mark.parametrize("part", range(4))
def test_pairs(part):
    for n, first in enumerate(STEPS[part::4]):
        for second in STEPS[n % 3 :: 3]:
            agrees(function(first, second), INPUTS)


def test_pairs_of_shifts_and_extensions_in_full():
    chosen = [s for s in STEPS if function(s).entry.ops[-1].opcode in ("shl", "lshr", "ashr", "zext", "sext", "and")]
    for a, b in itertools.product(chosen, chosen):
        agrees(function(a, b), INPUTS)


def test_stores_and_loads_keep_their_meaning():
    text = """
function f(x: i64) {{
entry:
  buffer = alloca 16 align 8
  four = const 4
  inside: ptr.stack = add buffer, four
  further: ptr.stack = add inside, four
  low = {extension} x
  store.8 buffer + 0, x
  store.8 buffer + 8, x
  store.{size} further + 1, low
  y = load.8 inside + 4
  ret y
}}
"""
    for extension in ("zext.1", "zext.2", "zext.4", "sext.1", "sext.2", "sext.4"):
        for size in (1, 2, 4):
            f = parse_module(text.format(extension=extension, size=size)).functions[0]
            agrees(f, INPUTS)
            addresses = [op.args[0].opcode for op in f.ops() if op.opcode in ("load", "store")]
            assert set(addresses) == {"alloca"}


def test_an_address_too_far_for_an_offset_stays():
    f = parse_module(
        "program f(c: ptr.ctx) {\nentry:\n  far = const 40000\n  p: ptr.ctx = add c, far\n  x = load.8 p + 0\n"
        "  back = const -20000\n  q: ptr.ctx = add p, back\n  y = load.8 q + 0\n  z = add x, y\n  ret z\n}\n"
    ).functions[0]
    fold_constants(f)
    loads = [(op.args[0].type, op.off) for op in f.ops() if op.opcode == "load"]
    assert loads == [(PTR_CTX, 0), (PTR_CTX, 20000)]


@pytest.mark.parametrize("cond", [name for name in NAMES if name != "spent"])  # that compares nothing
def test_branches(cond):
    for c in (0, 1, 7, ALL, 1 << 63):
        for build in (lambda b, x, c=c: (x, b.const(c)), lambda b, x, c=c: (b.const(c), x), lambda b, x: (x, x)):
            f = Function("f", [I64])
            b = Builder(f)
            then, els = b.new_block(), b.new_block()
            b.branch(cond, *build(b, f.entry.params[0]), then, els)
            for block, value in ((then, 1), (els, 0)):
                b.start(block)
                b.ret(b.const(value))
            agrees(f, (*INPUTS, 7, c))
            drop_unreachable_blocks(f)
            check_function(f)


@pytest.mark.parametrize("cond", ("eq", "ne"))
@pytest.mark.parametrize("size", (2, 4, 8))
def test_a_comparison_of_swapped_bytes_compares_what_was_loaded(cond, size):
    for c in (0, 23, 0x0800, 0x12345678, 1 << 40):
        f = Function("f", [I64])
        b = Builder(f)
        buffer = b.alloca(8)
        b.store(buffer, 0, 8, f.entry.params[0])
        then, els = b.new_block(), b.new_block()
        b.branch(cond, b.op("bswap", b.load(buffer, 0, size), size=size), b.const(c), then, els)
        for block, value in ((then, 1), (els, 0)):
            b.start(block)
            b.ret(b.const(value))
        agrees(f, (*INPUTS, 0, 0x1700, 0x17000000, 0x0008, 0x78563412))
        swapped = f.entry.term.a.opcode if hasattr(f.entry.term, "a") else ""
        assert swapped == ("bswap" if c >> 8 * size else "load")


def test_two_models_agree():
    """The compiler's own evaluation and the test's were written apart."""
    for a, b in itertools.product(INTERESTING, INTERESTING):
        for opcode, meaning in BINARY.items():
            assert EVALUATE[opcode](a, b) & ALL == meaning(a, b) & ALL, (opcode, a, b)
        for cond, meaning in CONDITIONS.items():
            assert holds(cond, a, b) == meaning(a, b), (cond, a, b)
    assert {o for o, row in OPS.items() if row[0] == 2 and row[2] == PURE} == set(BINARY)


def test_masks_that_the_verifier_needs_stay():
    """It does not see that a quotient is small, so the mask that bounds an index is kept."""
    module = parse_module(
        "function f(x: i64) {\nentry:\n  b = zext.1 x\n  three = const 3\n  q = udiv b, three\n  c = const 255\n"
        "  i = and q, c\n  j = and b, c\n  k = add i, j\n  ret k\n}\n"
    )
    f = module.functions[0]
    fold_constants(f)
    assert [op.opcode for op in f.ops() if op.opcode != "const"] == ["and", "udiv", "and", "add"]

"""The text form of the IR: what it looks like, that it comes back, and what it says about bad text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ebee.errors import AsmError, InternalError, SourceSpan
from ebee.ir.builder import Builder
from ebee.ir.check import check
from ebee.ir.core import I64, PTR_CTX, PTR_VALUE_OR_NULL, Function, Module
from ebee.ir.text import parse_module, print_function, print_module

CASES = sorted((Path(__file__).parents[2] / "data" / "ir").glob("*.ir"))
TEXTS = [path.read_text() for path in CASES]


def build():
    span = SourceSpan("open.py", 7)
    f = Function("count", [PTR_CTX], span=span)
    b = Builder(f)
    key = b.alloca(4, 4)
    fd = b.load(f.entry.params[0], -16, 4, symbol="fd", reloc="tp_field")
    b.store(key, 0, 4, b.op("sext", fd, size=2))
    value = b.call(1, b.op("map", symbol="my counts; \"x\""), key, type=PTR_VALUE_OR_NULL)
    hit, out = b.new_block("hit"), b.new_block("out")
    b.branch("ne", value, b.const(0), hit, out)
    b.start(hit)
    b.op("atomic_add", b.non_null(value), b.const(-1), off=8, size=8)
    b.jump(out)
    b.start(out)
    b.ret(b.op("call_local", b.const(1 << 63), symbol="half"))
    half = Function("half", [I64], is_program=False)
    b = Builder(half)
    b.ret(b.op("lshr", half.entry.params[0], b.const(1)))
    return Module([f, half])


TEXT = r"""program count(v0: ptr.ctx) {
entry:
  v1 = alloca 4 align 4
  v2 = load.4 v0 - 16 tp_field fd
  v3 = sext.2 v2
  store.4 v1 + 0, v3
  v4 = map "my counts; \u{22}x\u{22}"
  v5: ptr.value? = call 1(v4, v1)
  v6 = const 0
  if ne v5, v6 goto hit1 else out2
hit1:
  v7: ptr.value = non_null v5
  v8 = const -1
  atomic_add.8 v7 + 8, v8
  goto out2
out2:
  v9 = const 9223372036854775808
  v10 = call_local half(v9)
  ret v10
}

function half(v0: i64) {
entry:
  v1 = const 1
  v2 = lshr v0, v1
  ret v2
}
"""


def test_print():
    assert print_module(build()) == TEXT


def test_print_source_lines():
    text = print_function(build().functions[0], lines=True)
    assert "v3 = sext.2 v2                         ; open.py:7\n" in text
    assert print_module(parse_module(text)) == TEXT.split("\nfunction")[0]


def test_round_trip():
    module = parse_module(TEXT)
    check(module)
    assert print_module(module) == TEXT
    assert module.functions[0].is_program and not module.functions[1].is_program


@pytest.mark.parametrize("text", TEXTS, ids=[path.stem for path in CASES])
def test_round_trip_of_cases(text):
    once = print_module(parse_module(text))
    assert print_module(parse_module(once)) == once


def test_values_may_be_used_before_the_line_that_defines_them():
    text = "program p() {\nentry:\n  goto a\nb:\n  ret x\na:\n  x = const 1\n  goto b\n}\n"
    module = parse_module(text)
    check(module)


def test_blocks_of_one_name_are_told_apart():
    f = Function("p")
    b = Builder(f)
    first, second = b.new_block("b1"), b.new_block("b")
    second.name = first.name
    b.jump(first)
    b.start(first)
    b.jump(second)
    b.start(second)
    b.ret(b.const(0))
    check(parse_module(print_function(f)))


BAD = [
    ("program p() {\nentry:\n  x = frob 1\n  ret x\n}", 3, "there is no operation frob"),
    ("program p() {\nentry:\n  x = zext 1\n  ret x\n}", 3, "there is no operation zext"),
    ("program p() {\nentry:\n  ret y\n}", 3, "y is not defined in this function"),
    ("program p() {\nentry:\n  goto nowhere\n}", 3, "there is no block nowhere"),
    ("program p() {\nentry:\n  x = const 1\n  x = const 2\n  ret x\n}", 4, "x is defined twice"),
    ("program p(x: ptr.nix) {\nentry:\n  ret x\n}", 1, "there is no type ptr.nix"),
    ("program p(x: i64, x: i64) {\nentry:\n  ret x\n}", 1, "x is defined twice"),
    ("program p(x: i64) {\nentry:\n  x = const 1\n  ret x\n}", 3, "x is defined twice"),
    ("program p() {\nentry:\n  x: ptr.ctx = const 1\n  ret x\n}", 3, "the result of const is i64"),
    ("program p(a: ptr.ctx) {\nentry:\n  x = store.8 a + 0, a\n  ret a\n}", 3, "store has no result"),
    ("program p(a: i64) {\nentry:\n  neg a\n  ret a\n}", 3, "neg has a result"),
    ("program p(a: i64) {\nentry:\n  if less a, a goto entry else entry\n}", 3, "there is no condition less"),
    ("program p(a: i64) {\nentry:\n  ret a\nentry:\n  ret a\n}", 4, "block entry is there twice"),
    ("program p(a: i64) {\nentry:\n  ret a a\n}", 3, "expected the end of the line"),
    ("program p(a: i64) {\nentry:\n  x = const\n}", 3, "expected a number"),
    ("program p(a: i64) {\nentry:\n  x = const 1\n}", 4, "expected an operation"),
    ("program p(a: i64) {\n}", 2, "a function needs at least one block"),
    ("prog p() {\n}", 1, "expected 'program' or 'function'"),
    ("program p() {\nentry:\n  x = const 1 §\n}", 3, "cannot read '§'"),
    ("program p(", 1, "expected"),
    ("program p() {\nentry:", 2, "the text ends"),
]


@pytest.mark.parametrize("text,line,message", BAD)
def test_bad_text(text, line, message):
    with pytest.raises(AsmError) as caught:
        parse_module(text, file="bad.ir")
    assert message in str(caught.value)
    assert caught.value.span.file == "bad.ir" and caught.value.span.line == line


@given(st.sampled_from(TEXTS), st.data())
def test_any_text_is_read_or_refused(text, data):
    tokens = text.split(" ")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(tokens) - 1))
        tokens[at] = data.draw(st.sampled_from([*tokens, "", "}", "{", '"', ":", "\n", "-1", "0x", "?", "ptr.value?"]))
    try:
        module = parse_module(" ".join(tokens))
        check(module)
    except (AsmError, InternalError):
        pass


EVERY_OPERATION = """program p(v0: ptr.ctx, v1: ptr.arg) {
entry:
  v2 = load_sx.4 v1 - 8
  v3: ptr.btf = load_ptr.8 v1 + 8 core_field "task_struct.mm:struct mm_struct *"
  atomic_xor.4 v1 + 0, v2
  v4 = fetch_or.8 v1 + 0, v2
  v5 = cmpxchg.4 v1 + 4, v4, v2
  v6 = core core_type_exists "struct x"
  v7: ptr.func = ksym weak weak
  v8: ptr.func = ksym "weak"
  v9 = func_addr later later
  v10 = func_addr "later"
  v11: ptr.btf? = call_kfunc weak bpf_x(v2, v3)
  v12 = call_kfunc "weak"()
  v13: ptr.packet_end = load_ptr.4 v0 + 4
  ret v12
}
"""


def test_every_operation_comes_back():
    text = EVERY_OPERATION.replace("weak weak", 'weak "weak"').replace("later later", 'later "later"')
    module = parse_module(text)
    assert print_module(module) == text
    ops = {op.opcode: op for op in module.functions[0].ops()}
    assert (ops["ksym"].imm, ops["ksym"].symbol) == (0, "weak") and ops["core"].reloc == "core_type_exists"
    assert parse_module(EVERY_OPERATION.replace("weak weak", "weak w").replace("later later", "later l"))

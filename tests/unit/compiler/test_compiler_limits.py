"""What does not fit on the stack or in the call chain is refused in words; every instruction knows its source."""

from __future__ import annotations

import pytest

from ebee.compiler.passes import compile_module
from ebee.errors import CompileError, SourceSpan
from ebee.ir.builder import Builder
from ebee.ir.core import I64, PTR_CTX, Function, Module
from ebee.ir.text import parse_module
from ebee.spec.target import Target

SPAN = SourceSpan("probe.py", 3, 0, 3, 9, "def probe(ctx):\n")


def target(*features):
    return Target("test", "x86_64", lambda name: None, lambda: [], frozenset(features))


def live_over_a_call(count, allocas=()):
    """A program with `count` values that live at the same time, and stack memory that is used."""
    f = Function("probe", [PTR_CTX], span=SPAN)
    b = Builder(f)
    buffers = [b.alloca(size, align) for size, align in allocas]
    for buffer in buffers:
        b.store(buffer, 0, 1, b.load(f.entry.params[0], 0, 1))
    b.span = SourceSpan("probe.py", 4)
    values = [b.load(f.entry.params[0], 8 * n, 8) for n in range(count)]
    b.call(5)
    b.span = SourceSpan("probe.py", 5)
    total = b.const(0)
    for value in values:
        total = b.op("xor", b.op("mul", total, b.const(3)), value)
    for buffer in buffers:
        total = b.op("xor", total, b.load(buffer, 0, 1))
    b.ret(total)
    return Module([f])


def chain(names, buffer=0):
    """Functions that call one another in the order of their names; the last calls none."""
    functions = []
    for n, name in enumerate(names):
        f = Function(name, [PTR_CTX] if n == 0 else [I64], span=SPAN, is_program=n == 0)
        b = Builder(f)
        x = b.load(f.entry.params[0], 0, 8) if n == 0 else f.entry.params[0]
        if buffer:
            b.store(b.alloca(buffer, 8), 0, 8, x)
        b.ret(b.op("call_local", x, symbol=names[n + 1]) if n + 1 < len(names) else x)
        functions.append(f)
    return Module(functions)


def test_stack_size():
    assert compile_module(live_over_a_call(1), target()).stack_size == 32
    assert compile_module(live_over_a_call(4), target()).stack_size == 32
    assert compile_module(live_over_a_call(4 + 8), target()).stack_size == 64
    assert compile_module(live_over_a_call(4, [(100, 1), (8, 8)]), target()).stack_size == 128
    assert compile_module(live_over_a_call(4, [(512, 8)]), target()).stack_size == 512
    assert compile_module(chain(["a", "b", "c"], 40), target()).stack_size == 3 * 64


def test_slots_are_aligned_below_odd_buffers():
    code = compile_module(live_over_a_call(12, [(13, 1), (3, 1)]), target())
    slots = {i.off for i in code.insns if i.opcode == 0x7B and i.dst_reg == 10}
    assert slots and all(off % 8 == 0 and off <= -24 for off in slots)


@pytest.mark.parametrize(
    "module,message",
    [
        (live_over_a_call(80), "'probe' needs at least 608 bytes of stack; eBPF has 512"),
        (live_over_a_call(9, [(500, 8)]), "'probe' needs at least"),
        (live_over_a_call(1, [(300, 8), (300, 8)]), "'probe' needs at least 608 bytes of stack; eBPF has 512"),
        (chain(["a", "b", "c"], 200), "'a' and what it calls need 672 bytes of stack; eBPF has 512"),
        (chain("abcdefghi"), "calls from 'a' go 9 functions deep; eBPF has 8"),
        (chain(["a", "b", "c", "b"]), "two"),
    ],
)
def test_refused(module, message):
    if message == "two":
        module.functions.pop()  # c calls b again
        message = "'b' calls itself (b → c → b)"
    with pytest.raises(CompileError) as caught:
        compile_module(module, target())
    (diagnostic,) = caught.value.diagnostics
    assert message in diagnostic.message
    assert diagnostic.span == SPAN


def test_stack_error_says_what_fills_the_stack():
    with pytest.raises(CompileError) as caught:
        compile_module(live_over_a_call(30, [(400, 8)]), target())
    text = str(caught.value)
    assert "probe.py:3:1: error: 'probe' needs at least" in text
    assert "400 bytes are for a variable or buffer at probe.py:3:1" in text
    assert "bytes are for values that do not fit in registers" in text
    assert "hint: keep some of the numbers in a struct" in text


def test_every_instruction_has_its_source():
    code = compile_module(live_over_a_call(12), target())
    assert len(code.spans) == len(code.insns)
    lines = [span.line for span in code.spans]
    assert set(lines) == {4, 5} and lines == sorted(lines)


def test_eight_calls_deep_are_allowed():
    code = compile_module(chain("abcdefgh"), target())
    assert [name for name, _ in code.functions] == list("abcdefgh")
    calls = [(n, i) for n, i in enumerate(code.insns) if i.opcode == 0x85]
    starts = dict(code.functions)
    assert [n + 1 + i.imm for n, i in calls] == [starts[c] for c in "bcdefgh"]
    assert all(i.src_reg == 1 for _, i in calls)


def test_no_functions():
    assert compile_module(Module(), target()).insns == []


def test_an_endless_loop_is_compiled():
    """The kernel refuses it; that is not for the compiler to say."""
    code = compile_module(parse_module("program p() {\nentry:\n  goto a\na:\n  goto b\nb:\n  goto a\n}"), target())
    assert [(i.opcode, i.off) for i in code.insns] == [(0x05, -1)]


def test_division_by_a_constant_zero_that_folding_does_not_see():
    text = """
program p(c: ptr.ctx) {
entry:
  x = load.8 c + 0
  zero = const 0
  one = const 1
  if ult x, zero goto never else head(zero, x)
head(d: i64, v: i64):
  q = umod v, d
  s = shl q, one
  if ult s, one goto head(d, s) else out
never:
  goto head(one, x)
out:
  ret s
}
"""
    code = compile_module(parse_module(text), target(), check=True)
    assert not any(i.opcode in (0x97, 0x37) and i.imm == 0 for i in code.insns)


CALLBACK = """
program p(ctx: ptr.ctx) {{
entry:
  big = alloca {own} align 8
  zero = const 0
  store.8 big + 0, zero
  f = func_addr {later} back
  x = call 181(zero, f, big, zero)
  ret x
}}
function back(i: i64, place: ptr.arg) {{
entry:
  big = alloca {its} align 8
  x = load.8 place + 0
  store.8 big + 0, x
  g = func_addr {again} back
  y = call 170(big, g)
  ret y
}}
"""


def test_callbacks_share_the_stack_unless_they_run_later():
    def compiled(**values):
        return compile_module(parse_module(CALLBACK.format(**values)), target())

    later = {"later": "later", "again": "later"}
    assert compiled(own=480, its=480, **later).stack_size == 480
    with pytest.raises(CompileError, match="'p' and what it calls need"):
        compiled(own=480, its=480, later="", again="later")
    with pytest.raises(CompileError, match="'back' calls itself"):
        compiled(own=8, its=8, later="later", again="")
    with pytest.raises(CompileError, match="bytes of stack"):
        compiled(own=8, its=520, **later)

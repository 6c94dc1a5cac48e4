"""What is not legal IR, and that the message names the place."""

from __future__ import annotations

import pytest

from ebee.errors import InternalError
from ebee.ir.check import check, check_function
from ebee.ir.core import I64, PTR_CTX, Block, Function, Jump, Module, Op, Ret
from ebee.ir.text import parse_module

LEGAL = """
program p(ctx: ptr.ctx) {
entry:
  buffer = alloca 8 align 8
  x = load.8 ctx + 8
  store.8 buffer + 0, ctx
  four = const 4
  ctx4: ptr.ctx = add ctx, four
  distance = sub ctx4, ctx
  y = call_local f(x, distance)
  if ult x, y goto a(x) else b
a(v: i64):
  goto b
b:
  ret y
}
function f(a: i64, b: i64) {
entry:
  ret a
}
"""


def test_legal():
    check(parse_module(LEGAL))


def body(lines, params="ctx: ptr.ctx, n: i64, m: ptr.value?, v: ptr.value"):
    return f"program p({params}) {{\nentry:\n  zero = const 0\n" + "\n".join(f"  {x}" for x in lines) + "\n}\n"


BAD = [
    (["x = add n, ctx", "ret x"], "operation 1 (add): the second argument is ptr.ctx, it takes i64"),
    (["x = add ctx, n", "ret x"], "its type is i64, it makes ptr.ctx"),
    (["x: ptr.value? = add m, n", "ret n"], "arithmetic on ptr.value?"),
    (["k = map things", "x: ptr.map = add k, n", "ret n"], "arithmetic on ptr.map"),
    (["x = sub ctx, v", "ret x"], "ptr.ctx - ptr.value gives i64"),
    (["x = mul n, v", "ret x"], "an argument is ptr.value, it takes i64"),
    (["x = zext.4 v", "ret x"], "an argument is ptr.value, it takes i64"),
    (["x = zext.3 n", "ret x"], "size 3 is not one of (1, 2, 4)"),
    (["x = load.3 v + 0", "ret x"], "size 3 is not one of (1, 2, 4, 8)"),
    (["atomic_add.2 v + 0, n", "ret n"], "size 2 is not one of (4, 8)"),
    (["x = load.4 m + 0", "ret x"], "the address is ptr.value?"),
    (["x = load.4 n + 0", "ret x"], "the address is i64"),
    (["k = map things", "x = load.4 k + 0", "ret x"], "the address is ptr.map"),
    (["store.8 v + 0, ctx", "ret n"], "it stores ptr.ctx to 8 bytes of ptr.value"),
    (["a = alloca 8 align 8", "store.4 a + 0, ctx", "ret n"], "it stores ptr.ctx to 4 bytes of ptr.stack"),
    (["atomic_add.8 v + 0, ctx", "ret n"], "an operand is ptr.ctx, it takes i64"),
    (["x = load.4 v + 40000", "ret x"], "offset 40000 does not fit in 16 bits"),
    (["x: ptr.ctx = non_null m", "ret n"], "ptr.value? does not become ptr.ctx"),
    (["x: ptr.value = non_null v", "ret n"], "ptr.value does not become ptr.value"),
    (["x = call 1(n, n, n, n, n, n)", "ret x"], "6 arguments; a call takes up to 5"),
    (["x = call_local g(n)", "ret x"], "there is no function 'g'"),
    (["x = call_local p(n)", "ret x"], "p takes 4 arguments, not 1"),
    (["x = const 18446744073709551616", "ret x"], "does not fit in 64 bits"),
    (["x = add n", "ret x"], "1 arguments, it takes 2"),
    (["a = alloca 0 align 8", "ret n"], "0 bytes"),
    (["goto b", "b:", "a = alloca 8 align 8", "ret n"], "block b, operation 0 (alloca): it is not in the entry block"),
    (["goto entry"], "it jumps to the entry block"),
    (["goto b", "b(x: i64):", "ret x"], "it gives 0 values to b, which takes 1"),
    (["goto b(v)", "b(x: i64):", "ret x"], "value 0 for b is ptr.value, the parameter is i64"),
    (["if eq n, zero goto a else b", "a:", "x = const 1", "goto b", "b:", "ret x"], "block b, terminator: value 0 (const)"),
    (["y = add x, n", "x = add y, n", "ret x"], "operation 1 (add): value 0 (add) is not defined on every way here"),
    (["k = map things", "if eq k, zero goto a else a", "a:", "ret n"], "a map is compared"),
    (["x = call_local f(v)", "ret x"], "argument 0 of f is ptr.value, the parameter is i64"),
    (["y = const 1", "x: ptr.value = call_local f(y)", "ret n"], "f returns i64, not ptr.value"),
    (["x = call_local g2(ctx)", "ret x"], "argument 0 of g2 is ptr.ctx, the parameter is ptr.arg"),
    (["f = func_addr nowhere", "ret n"], "there is no function 'nowhere'"),
    (["f = func_addr f", "x: ptr.func = add f, n", "ret n"], "arithmetic on ptr.func"),
    (["x = core frobs a", "ret x"], "there is no relocation 'frobs'"),
    (['x = ksym ""', "ret x"], "it names no symbol of the kernel"),
    (['x = call_kfunc ""()', "ret x"], "it names no function"),
    (["x = fetch_add.8 v + 0, ctx", "ret x"], "an operand is ptr.ctx, it takes i64"),
    (["x = cmpxchg.2 v + 0, n, n", "ret x"], "size 2 is not one of (4, 8)"),
    (["x = load_sx.8 v + 0", "ret x"], "size 8 is not one of (1, 2, 4)"),
    (["x: ptr.btf = load_ptr.4 v + 0", "ret n"], "it loads ptr.btf from 4 bytes of ptr.value"),
    (["x = load_ptr.8 v + 0", "ret n"], "it loads i64 from 8 bytes of ptr.value"),
]
FUNCTIONS = """function f(a: i64) {
entry:
  ret a
}
function g2(a: ptr.arg) {
entry:
  x = const 1
  ret x
}
"""


@pytest.mark.parametrize("lines,message", BAD)
def test_illegal(lines, message):
    with pytest.raises(InternalError) as caught:
        check(parse_module(body(lines) + FUNCTIONS))
    assert message in str(caught.value)
    assert str(caught.value).startswith("illegal IR in function 'p', block ")


def function(*ops, term=True):
    f = Function("p", [PTR_CTX])
    f.entry.ops += ops
    if term:
        value = Op("const")
        f.entry.ops.insert(0, value)
        f.entry.term = Ret(value)
    return f


def test_illegal_objects():
    for f, message in [
        (function(term=False), "it has no terminator"),
        (function(Op("frob")), "there is no such operation"),
        (function(Op("const", type="ptr")), "its type is ptr, it makes i64"),
        (function(Op("call", type="ptr", imm=1)), "there is no type 'ptr'"),
        (Function("p", [I64] * 6), "6 parameters"),
        (function(Op("map", type="ptr.map")), "it names no map"),
    ]:
        with pytest.raises(InternalError, match=message.replace("(", r"\(")):
            check_function(f)
    f = function()
    f.entry.term = Jump(Block("elsewhere"))
    with pytest.raises(InternalError, match="which is not a block of the function"):
        check_function(f)
    f = function()
    f.blocks.append(f.entry)
    with pytest.raises(InternalError, match="a block is listed twice"):
        check_function(f)
    store = Op("store", [f.entry.params[0], f.entry.ops[0]], "", size=8)
    with pytest.raises(InternalError, match="an argument is an operation without a result"):
        check_function(function(store, Op("neg", [store])))
    op = Op("const")
    with pytest.raises(InternalError, match="a value is defined twice"):
        check_function(function(op, op))
    with pytest.raises(InternalError, match="two functions of the module have one name"):
        check(Module([function(), function()]))


def test_raw_memory_is_allowed_on_request():
    module = parse_module(body(["x = load.4 n + 0", "store.1 n + 2, x", "ret x"]))
    check(module, raw_memory=True)
    with pytest.raises(InternalError):
        check(parse_module(body(["x = load.4 m + 0", "ret x"])), raw_memory=True)

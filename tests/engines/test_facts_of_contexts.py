"""What a comparison says of a context's field holds wherever the field is read again: it never changes."""

from __future__ import annotations

import sys
from itertools import count

import pytest

from ebee.api.source import compile_probes, remember_source
from ebee.engine.backend import EngineBackend
from ebee.errors import CompileError
from ebee.spec.backend import TestRun as Run
from fd_leaks import closed_after

_serial = count()
BEGIN = """
import ebee
from ebee import Array, Global, List, Struct, s64, u32, u64

out = Array(u64, max_entries=1)
class Row(Struct):
    items: list[int] = List(u64, 4)
row = Global(Row, Row(items=[5, 6, 7, 8]))

def noted(ctx):
    if ctx.ret < 0:
        return 0
    return ebee.log2(ctx.ret)

@ebee.tracepoint("syscalls:sys_exit_openat")
def probe(ctx):
"""


def log2(n):
    return max(n.bit_length() - 1, 0)


BODIES = {
    "if ctx.ret > 0:\n    out[0] = ebee.log2(ctx.ret)": lambda n: log2(n) if n > 0 else 0,
    "if ctx.ret < 0:\n    return\nout[0] = ebee.log2(ctx.ret) + (ctx.ret >> 1)": lambda n: log2(n) + (n >> 1) if n >= 0 else 0,
    "out[0] = ebee.log2(ctx.ret) if ctx.ret >= 0 else 99": lambda n: log2(n) if n >= 0 else 99,
    "if ctx.ret >= 0 and ebee.log2(ctx.ret) > 2:\n    out[0] = ctx.ret": lambda n: n if n > 7 else 0,
    "if 0 <= ctx.ret < 4:\n    out[0] = row.value.items[ctx.ret]": lambda n: n + 5 if 0 <= n < 4 else 0,
    "assert ctx.ret >= 0\nfor i in range(3):\n    out[0] += ebee.log2(ctx.ret) + i": lambda n: log2(n) * 3 + 3 if n >= 0 else 0,
    "n = 3\nwhile ctx.ret > 0 and n:\n    out[0] += ebee.log2(ctx.ret)\n    n -= 1\nelse:\n    out[0] += n": (
        lambda n: log2(n) * 3 if n > 0 else 3),
    "x = 0\nif ctx.ret > 8:\n    x = 1\nelif ctx.ret > 0:\n    x = ebee.log2(ctx.ret)\nif ctx.ret >= 0:\n    x += ebee.log2(ctx.ret)\nout[0] = x": (
        lambda n: (1 if n > 8 else log2(n) if n > 0 else 0) + (log2(n) if n >= 0 else 0)),
    "x = ctx.ret if 7 > 3 > ctx.ret else 5\nif ctx.ret >= 0:\n    out[0] = u64(x) + ebee.log2(ctx.ret)": (
        lambda n: (n if n < 3 else 5) + log2(n) if n >= 0 else 0),
    "k = u64(ctx.ret)\nif k < 9 < ctx.ret + 8:\n    out[0] = 1\nif k < 5 and k > ctx.ret - 3:\n    out[0] += u64(ctx.ret) & 15": (
        lambda n: (n % 2**64 < 9 and n > 1) + (n & 15 if n % 2**64 < 5 and n % 2**64 > n - 3 else 0)),
    "if 1 < u64(ctx.ret) < 20 > ctx.ret > 4:\n    out[0] = 2\nif ctx.ret >= 0:\n    out[0] += ebee.log2(ctx.ret)": (
        lambda n: 2 * (4 < n < 20) + (log2(n) if n >= 0 else 0)),
    "out[0] = noted(ctx) + noted(ctx)": lambda n: 2 * log2(n) if n >= 0 else 0,
}  # fmt: skip


def compiled(body, backend):
    name = f"<facts {next(_serial)}>"
    text = BEGIN + "".join(f"    {line}\n" for line in body.split("\n"))
    remember_source(name, text)
    module = sys.modules[name] = type(sys)(name)
    try:
        exec(compile(text, name, "exec"), module.__dict__)
        return compile_probes([module.probe], backend.target)[0]
    finally:
        del sys.modules[name]


def backend_of(name):
    if name == "engine":
        return EngineBackend()
    from ebee.kernel.backend import KernelBackend

    return closed_after(KernelBackend())


@pytest.mark.parametrize("body", BODIES)
def test_fields_that_were_compared(body):
    backend = EngineBackend()
    try:
        spec = compiled(body, backend)
        for n in (-(1 << 63), -9, -1, 0, 1, 2, 3, 4, 5, 8, 9, 19, 20, 1 << 40):
            maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
            program = backend.load_program(spec.programs["probe"], spec, maps)
            backend.test_run(program, Run(ctx=bytes(16) + n.to_bytes(8, "little", signed=True)))
            got = int.from_bytes(maps["out"].lookup(bytes(4)), "little")
            assert got == BODIES[body](n), n
    finally:
        backend.close()


@pytest.mark.needs_kernel
@pytest.mark.parametrize("body", BODIES)
def test_the_verifier_sees_the_same(body):
    backend = backend_of("kernel")
    try:
        spec = compiled(body, backend)
        maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
        backend.load_program(spec.programs["probe"], spec, maps)
    finally:
        backend.close()


@pytest.mark.parametrize("body", [
    "out[0] = ebee.log2(ctx.ret)", "if ctx.ret > 0:\n    out[0] = 1\nout[0] = ebee.log2(ctx.ret)",
    "if out[0] and ctx.ret > 0:\n    pass\nout[0] = ebee.log2(ctx.ret)",
])  # fmt: skip
def test_what_is_not_known(body):
    backend = EngineBackend()
    try:
        with pytest.raises(CompileError, match=r"log2\(\) takes an unsigned number"):
            compiled(body, backend)
    finally:
        backend.close()

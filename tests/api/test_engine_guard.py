"""A session that verifies: the engine refuses what the kernel would, before it runs."""

from __future__ import annotations

import pytest

import ebee
from ebee.errors import VerifierError
from ebee.isa.asm import assemble
from ebee.spec.object import ObjectSpec, ProgramSpec
from ebee.spec.sections import parse_section

UNSAFE = "r2 = *(u32 *)(r1 + 0)\nr2 &= 31\nr3 = r10\nr3 += -16\nr3 += r2\n*(u8 *)(r3 + 0) = 1\nr0 = 0\nexit\n"


def load(session, text):
    prog = ProgramSpec("f", "socket", parse_section("socket").prog_type, insns=assemble(text))
    return session._test_backend().load_program(prog, ObjectSpec("f", {"f": prog}), {})


def test_what_is_unsafe_is_refused_with_its_reason():
    with ebee.Session(backend="engine", verify=True) as session, pytest.raises(VerifierError) as caught:
        load(session, UNSAFE)
    assert caught.value.insn_idx == 5
    assert "invalid variable-offset write to stack R3" in caught.value.reason
    assert caught.value.explanation.rule == "stack_bounds"


def test_what_is_safe_is_loaded():
    with ebee.Session(backend="engine", verify=True) as session:
        load(session, "r0 = 7\nexit\n")


def test_without_it_the_engine_looks_while_it_runs():
    with ebee.Session(backend="engine") as session:
        load(session, UNSAFE)


def test_probes():
    @ebee.tracepoint("syscalls:sys_enter_openat")
    def opened(ctx):
        print(ctx.flags)

    with ebee.Session(backend="engine", verify=True) as session:
        assert session.load(opened) is not None

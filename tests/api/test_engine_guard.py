"""A session that verifies: the engine refuses what the kernel would, before it runs."""

from __future__ import annotations

import pytest

import ebee
from ebee.cli import main
from ebee.errors import VerifierError
from ebee.isa.asm import assemble
from ebee.spec.object import RELO_MAP, MapSpec, ObjectSpec, ProgramSpec, Reloc
from ebee.spec.sections import parse_section
from ebee.verifier.entry import verify_program

UNSAFE = "r2 = *(u32 *)(r1 + 0)\nr2 &= 31\nr3 = r10\nr3 += -16\nr3 += r2\n*(u8 *)(r3 + 0) = 1\nr0 = 0\nexit\n"


def load(session, text):
    prog = ProgramSpec("f", "socket", parse_section("socket").prog_type, insns=assemble(text))
    return session._test_backend().load_program(prog, ObjectSpec("f", {"f": prog}), {})


def test_what_is_unsafe_is_refused_with_its_reason():
    with ebee.Session(backend="engine") as session, pytest.raises(VerifierError) as caught:
        load(session, UNSAFE)
    assert caught.value.insn_idx == 5
    assert "invalid variable-offset write to stack R3" in caught.value.reason
    assert caught.value.explanation.rule == "stack_bounds"


def test_what_is_safe_is_loaded():
    with ebee.Session(backend="engine") as session:
        load(session, "r0 = 7\nexit\n")


def test_without_it_the_engine_looks_while_it_runs():
    with ebee.Session(backend="engine", verify=False) as session:
        load(session, UNSAFE)


def unsafe_object():
    prog = ProgramSpec("f", "socket", parse_section("socket").prog_type, insns=assemble(UNSAFE))
    return ebee.Object(ObjectSpec("f", {"f": prog}))


def test_objects():
    with pytest.raises(VerifierError) as caught:
        unsafe_object().load(backend="engine")
    assert caught.value.insn_idx == 5
    assert any("r2" in note for note in caught.value.notes)  # the values that led there
    with unsafe_object().load(backend="engine", verify=False) as obj:
        assert obj.is_loaded


@pytest.mark.parametrize(("flags", "code"), [([], 4), (["--no-verify"], 0)])
def test_the_command_line(tmp_path, flags, code, capfd):
    file = str(tmp_path / "f.bpf.o")
    unsafe_object().save(file)
    assert main(["load", "--engine", *flags, file]) == code
    assert ("invalid variable-offset write" in capfd.readouterr().err) == bool(code)


def test_a_map_that_the_object_does_not_have_is_refused():
    prog = ProgramSpec("f", "socket", parse_section("socket").prog_type, insns=assemble("r1 = 0 ll\nr0 = 0\nexit\n"))
    prog.relocs.append(Reloc(0, RELO_MAP, "elsewhere"))
    refusal = verify_program(prog, ObjectSpec("f", {"f": prog})).refusal
    assert (refusal.rule, refusal.message) == ("map_fd", "fd 0 is not pointing to valid bpf_map")


def test_maps_that_are_apart_from_the_object():
    prog = ProgramSpec("f", "socket", parse_section("socket").prog_type, insns=assemble("r1 = 0 ll\nr0 = 0\nexit\n"))
    prog.relocs.append(Reloc(0, RELO_MAP, "elsewhere"))
    obj = ObjectSpec("f", {"f": prog})
    with ebee.Session(backend="engine") as session:
        backend = session._test_backend()
        made = backend.create_map(MapSpec("elsewhere", 2, 4, 8, 1), obj)
        assert backend.load_program(prog, obj, {"elsewhere": made}) is not None


def test_probes():
    @ebee.tracepoint("syscalls:sys_enter_openat")
    def opened(ctx):
        print(ctx.flags)

    with ebee.Session(backend="engine") as session:
        assert session.load(opened) is not None

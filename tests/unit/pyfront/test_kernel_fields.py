"""Fields of kernel structs: one program for every layout, and what a loader says to one that does not fit."""

from __future__ import annotations

import re

import pytest

import ebee
from ebee import Hash, Str, Struct, u32, u64
from ebee.api.source import compile_probes
from ebee.btf.read import Btf
from ebee.elf.read import read_object
from ebee.elf.write import write_object
from ebee.errors import CompileError, ElfError, NotSupported
from ebee.ir.text import parse_module, print_module
from ebee.isa.encode import encode
from ebee.isa.opcodes import BPF_ALU64, BPF_K, BPF_MOV
from ebee.kernel import vmlinux
from ebee.kernel.relocate import relocate
from ebee.spec import core_fields
from ebee.spec.core_relo import CoreTarget, Relocator
from ebee.spec.default_target import default_target
from ebee.spec.object import RELO_CORE_FIELD
from synthetic_kernel import kernel_btf, kernel_target


class Seen(Struct):
    parent: u32
    uid: u32
    comm: str = Str(16)


counts = Hash(u32, u64)
seen = Hash(u32, Seen)


@ebee.tracepoint("syscalls:sys_enter_openat")
def reads(ctx):
    task = ebee.current_task()
    seen[0] = Seen(parent=u32(task.real_parent.tgid), uid=task.cred.uid.val, comm=task.comm)
    counts[1] = task.mm.start_stack
    counts[2] = task.mode
    counts[3] = u64(u32(task.pids[1].nr))
    counts[4] = u64(u32(task.seen))  # in an anonymous union


SYMBOLS = {
    "task_struct.real_parent:struct task_struct *", "task_struct.tgid:s32", "task_struct.cred:struct cred *",
    "cred.uid.val:u32", "task_struct.comm:char[16]", "task_struct.mm:struct mm_struct *", "mm_struct.start_stack:u64",
    "task_struct.mode:u32 enum", "task_struct.pids[1].nr:s32", "task_struct.seen:s32",
}  # fmt: skip


@ebee.tracepoint("syscalls:sys_enter_openat")
def asks(ctx):
    task = ebee.current_task()
    counts[0] = u64(task.__state) if hasattr(task, "__state") else u64(task.state)
    counts[1] = 7 if hasattr(task, "hidden") and not hasattr(task.cred.uid, "value") else task.nothing
    if not hasattr(task, "nothing"):
        counts[2] = hasattr(task.cred.uid, "val")
    else:
        counts[2] = task.nothing


def test_what_a_kernel_does_not_have_is_not_compiled():
    spec = compile_probes([asks], kernel_target())[0]
    assert asked(spec.programs["asks"], spec) == {"struct task_struct.__state", "struct task_struct.cred"}


def test_the_text_form_of_ir_has_them():
    text = 'program p(v0: ptr.ctx) {\nentry:\n  v1 = core_off "task_struct.tgid:s32"\n  ret v1\n}\n'
    assert print_module(parse_module(text)) == text


def compiled(**layout):
    return compile_probes([reads], kernel_target(**layout))[0]


def relocator(spec, kernel):
    return Relocator(Btf(spec.btf), CoreTarget("vmlinux", kernel))


def asked(program, spec):
    """Return the fields that a program reads, in words."""
    own = relocator(spec, Btf(spec.btf))
    return {own.calculate("", r).local for r in program.core_relos if r.kind == RELO_CORE_FIELD}


def loaded(spec, kernel):
    """Return the instructions of `reads` as they are loaded into a kernel."""
    program = spec.programs["reads"].replace(relocs=[])
    return relocate(program, spec, {}, None, relocator(spec, kernel)).insns


def test_no_offset_is_in_the_program():
    here, there = compiled(), compiled(gap_bytes=256)
    assert encode(here.programs["reads"].insns) == encode(there.programs["reads"].insns)
    assert here.programs["reads"].core_relos == there.programs["reads"].core_relos and here.btf == there.btf
    assert asked(here.programs["reads"], here) == {f"struct {s.partition(':')[0]}" for s in SYMBOLS}
    assert {r.insn_idx for r in here.programs["reads"].core_relos}.isdisjoint(
        r.insn_idx for r in here.programs["reads"].relocs
    )
    for relo in here.programs["reads"].core_relos:
        assert relo.is_exact and here.programs["reads"].insns[relo.insn_idx].opcode == BPF_ALU64 | BPF_MOV | BPF_K


@pytest.mark.parametrize("gap_bytes", [0, 8, 256])
def test_the_loader_fills_in_where_this_kernel_has_them(gap_bytes):
    spec = compiled()
    program = spec.programs["reads"]
    before = encode(program.insns)
    own, insns = relocator(spec, Btf(spec.btf)), loaded(spec, kernel_btf(gap_bytes))
    found = {own.calculate("", r).local: insns[r.insn_idx].imm for r in program.core_relos}
    first = gap_bytes
    expected = {
        "task_struct.tgid": first + 8, "task_struct.seen": first + 16, "task_struct.real_parent": first + 24,
        "task_struct.mm": first + 32, "task_struct.cred": first + 40, "task_struct.pids[1].nr": first + 64,
        "task_struct.mode": first + 96, "task_struct.comm": first + 136, "cred.uid.val": 8,
        "mm_struct.start_stack": 8 + gap_bytes,
    }  # fmt: skip
    assert found == {f"struct {name}": off for name, off in expected.items()}
    assert encode(program.insns) == before  # the object is as it was


@pytest.mark.parametrize(
    "layout, message",
    [
        ({"tgid_bytes": 8}, "in vmlinux it is 's64', not 's32'"),
        ({"has_comm": False}, "struct task_struct has no 'comm'"),
        ({"parent": "mm_struct"}, "in vmlinux it is 'struct mm_struct *'"),
        ({"parent": ""}, "in vmlinux it is '*'"),
    ],
)
def test_a_kernel_where_a_field_is_something_else_is_refused(layout, message):
    with pytest.raises(NotSupported) as caught:
        loaded(compiled(), kernel_btf(**layout))
    assert message in caught.value.hint
    assert "task_struct" in str(caught.value)


def test_a_kernel_without_types_is_refused(monkeypatch):
    monkeypatch.setattr(vmlinux, "_found", [None])
    with pytest.raises(NotSupported, match="the kernel's types"):
        vmlinux.core_target()


def test_a_target_without_types_refuses_when_compiling():
    with pytest.raises(CompileError) as caught:
        compile_probes([reads], default_target())
    (first, *_rest) = caught.value.diagnostics
    assert first.message == "kernel types need the kernel's BTF; the target default-x86_64 has none"
    assert "ebee run --kernel" in first.hint
    assert first.span.text.strip() .startswith("seen[0] = Seen(parent=u32(task.real_parent.tgid)")


def test_the_engine_refuses_a_program_that_was_compiled_for_a_kernel():
    from ebee.engine.backend import EngineBackend

    spec = compiled()
    backend = EngineBackend()
    try:
        maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
        with pytest.raises(NotSupported, match="the kernel's memory") as caught:
            backend.load_program(spec.programs["reads"], spec, maps)
        assert "kernel" in caught.value.hint
    finally:
        backend.close()


def test_symbols_are_what_they_say():
    for symbol in SYMBOLS:
        assert core_fields.core_symbol(*core_fields.split_symbol(symbol)) == symbol


@pytest.mark.parametrize("damage", [b"", b"\0" * 400, b"ebee"])
def test_a_damaged_index_is_made_again(damage, tmp_path, monkeypatch):
    path = tmp_path / "index"
    path.write_bytes(damage)
    data = kernel_btf().data
    monkeypatch.setattr(vmlinux, "_found", [])
    monkeypatch.setattr(vmlinux, "cache_path", lambda what: str(path))

    class Seam:
        def map_file(self, _path):
            return data

    monkeypatch.setattr(vmlinux, "current", Seam)
    assert vmlinux.required_btf().field("task_struct", "tgid").off_bytes == 8
    kept = path.read_bytes()
    assert kept != damage
    vmlinux._found.clear()
    assert vmlinux.required_btf().field("task_struct", "tgid").off_bytes == 8
    assert path.read_bytes() == kept


def test_an_object_file_holds_them_and_is_read_back():
    spec = compiled()
    data = write_object(spec, kernel_target())
    assert data == write_object(compiled(gap_bytes=256), kernel_target(gap_bytes=256))
    back = read_object(data)
    assert back.programs["reads"].insns == spec.programs["reads"].insns
    assert back.programs["reads"].relocs == spec.programs["reads"].relocs
    assert back.programs["reads"].core_relos == spec.programs["reads"].core_relos
    assert write_object(back, kernel_target()) == data


def test_the_objects_own_structs_have_what_is_used():
    btf = Btf(read_object(write_object(compiled(), kernel_target())).btf)
    members = {s.name: {m.name for m in s.members} for s in btf.types(4) if s.name in ("task_struct", "cred", "mm_struct")}
    assert members == {
        "task_struct": {"real_parent", "tgid", "cred", "comm", "mm", "mode", "pids", "seen"},
        "cred": {"uid"}, "mm_struct": {"start_stack"},
    }  # fmt: skip
    assert btf.sizeof(btf.field("task_struct", "pids").type.id) == 2 * 8  # only what is used: two elements, one member


@ebee.tracepoint("syscalls:sys_enter_openat")
def both_ways(ctx):
    task = ebee.current_task()
    counts[0] = u64(u32(task.pids[0].nr))
    counts[1] = ebee.sizeof("struct task_struct.pids")


def test_what_is_used_as_a_whole_and_in_parts():
    spec = compile_probes([both_ways], kernel_target())[0]
    relocator = Relocator(Btf(spec.btf), CoreTarget("vmlinux", kernel_btf()))
    found = [relocator.calculate("", r) for r in spec.programs["both_ways"].core_relos]
    assert {(r.kind, r.local, r.new) for r in found} == {
        ("core_field", "struct task_struct.pids[0].nr", 48), ("core_field_size", "struct task_struct.pids", 32),
    }
    back = read_object(write_object(spec, kernel_target()))
    assert back.programs["both_ways"].core_relos == spec.programs["both_ways"].core_relos


@pytest.mark.parametrize(
    "old, new, message",
    [
        (rb'("exact":\[)\d', rb'\g<1>9', "a field of the kernel at no instruction"),
        (rb'("exact":\[[\d,]*?)\d\d([,\]])', rb'\1""\2', "is missing or of another type"),
    ],
)
def test_notes_that_do_not_fit_are_refused(old, new, message):
    data = write_object(compiled(), kernel_target())
    changed, count = re.subn(old, new, data, count=1)
    assert count == 1 and len(changed) == len(data)
    with pytest.raises(ElfError, match=message):
        read_object(changed)

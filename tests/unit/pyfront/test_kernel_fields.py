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
    symbols = {r.symbol for r in spec.programs["asks"].relocs if r.kind == RELO_CORE_FIELD}
    assert symbols == {"task_struct.__state:u32", "task_struct.cred:struct cred *"}


def test_the_text_form_of_ir_has_them():
    text = 'program p(v0: ptr.ctx) {\nentry:\n  v1 = core_off "task_struct.tgid:s32"\n  ret v1\n}\n'
    assert print_module(parse_module(text)) == text


def compiled(**layout):
    return compile_probes([reads], kernel_target(**layout))[0]


def core_relocs(spec):
    return [r for r in spec.programs["reads"].relocs if r.kind == RELO_CORE_FIELD]


def test_no_offset_is_in_the_program():
    here, there = compiled(), compiled(gap_bytes=256)
    assert encode(here.programs["reads"].insns) == encode(there.programs["reads"].insns)
    assert here.programs["reads"].relocs == there.programs["reads"].relocs
    assert {r.symbol for r in core_relocs(here)} == SYMBOLS
    for reloc in core_relocs(here):
        insn = here.programs["reads"].insns[reloc.insn_idx]
        assert (insn.opcode, insn.imm) == (BPF_ALU64 | BPF_MOV | BPF_K, 0)


@pytest.mark.parametrize("gap_bytes", [0, 8, 256])
def test_the_loader_fills_in_where_this_kernel_has_them(gap_bytes, monkeypatch):
    program = compiled().programs["reads"]
    program.relocs = [r for r in program.relocs if r.kind == RELO_CORE_FIELD]
    monkeypatch.setattr(vmlinux, "_found", [kernel_btf(gap_bytes)])
    insns = relocate(program, None, {}, None).insns
    found = {r.symbol.partition(":")[0]: insns[r.insn_idx].imm for r in program.relocs}
    first = gap_bytes
    assert found == {
        "task_struct.tgid": first + 8, "task_struct.seen": first + 16, "task_struct.real_parent": first + 24,
        "task_struct.mm": first + 32, "task_struct.cred": first + 40, "task_struct.pids[1].nr": first + 64,
        "task_struct.mode": first + 96, "task_struct.comm": first + 136, "cred.uid.val": 8,
        "mm_struct.start_stack": 8 + gap_bytes,
    }  # fmt: skip
    assert all(i.imm == 0 for i in (program.insns[r.insn_idx] for r in program.relocs))  # the object is as it was


@pytest.mark.parametrize(
    "layout, message",
    [
        ({"tgid_bytes": 8}, "in this kernel it is 's64'"),
        ({"has_comm": False}, "there is no member 'comm'"),
        ({"parent": "mm_struct"}, "in this kernel it is 'struct mm_struct *'"),
        ({"parent": ""}, "in this kernel it is '*'"),
    ],
)
def test_a_kernel_where_a_field_is_something_else_is_refused(layout, message, monkeypatch):
    program = compiled().programs["reads"]
    program.relocs = [r for r in program.relocs if r.kind == RELO_CORE_FIELD]
    monkeypatch.setattr(vmlinux, "_found", [kernel_btf(**layout)])
    with pytest.raises(NotSupported) as caught:
        relocate(program, None, {}, None)
    assert message in caught.value.hint
    assert "task_struct" in str(caught.value)


def test_a_kernel_without_types_is_refused(monkeypatch):
    program = compiled().programs["reads"]
    program.relocs = core_relocs(compiled())
    monkeypatch.setattr(vmlinux, "_found", [None])
    with pytest.raises(NotSupported, match="the kernel's types"):
        relocate(program, None, {}, None)


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
    assert vmlinux.core_value("core_field", "task_struct.tgid:s32") == 8
    kept = path.read_bytes()
    assert kept != damage
    vmlinux._found.clear()
    assert vmlinux.core_value("core_field", "task_struct.tgid:s32") == 8
    assert path.read_bytes() == kept


def test_an_object_file_holds_them_and_is_read_back():
    spec = compiled()
    data = write_object(spec, kernel_target())
    assert data == write_object(compiled(gap_bytes=256), kernel_target(gap_bytes=256))
    back = read_object(data)
    assert back.programs["reads"].insns == spec.programs["reads"].insns
    assert back.programs["reads"].relocs == spec.programs["reads"].relocs
    assert write_object(back, kernel_target()) == data


def test_the_objects_own_structs_have_what_is_used():
    btf = Btf(read_object(write_object(compiled(), kernel_target())).btf)
    members = {s.name: {m.name for m in s.members} for s in btf.types(4) if s.name in ("task_struct", "cred", "mm_struct")}
    assert members == {
        "task_struct": {"real_parent", "tgid", "cred", "comm", "mm", "mode", "pids", "seen"},
        "cred": {"uid"}, "mm_struct": {"start_stack"},
    }  # fmt: skip
    assert btf.sizeof(btf.field("task_struct", "pids").type.id) == 2 * 8  # only what is used: two elements, one member


@pytest.mark.parametrize(
    "old, new, message",
    [
        (rb'"core_fields":', b'"core_fielts":', "'core_fields' is missing"),
        (rb'"core_fields":\[\[\d', b'"core_fields":[[9', "a field of the kernel at no instruction"),
        (rb'"core_fields":\[\[(\d+),"', rb'"core_fields":[["\1,', "0 is missing or of another type"),
    ],
)
def test_notes_that_do_not_fit_are_refused(old, new, message):
    data = write_object(compiled(), kernel_target())
    changed, count = re.subn(old, new, data, count=1)
    assert count == 1 and len(changed) == len(data)
    with pytest.raises(ElfError, match=message):
        read_object(changed)

"""Object files: written, accepted by other tools, read back."""

from __future__ import annotations

import subprocess

import pytest
from elf_examples import SOURCE, by_hand, file_by_hand, from_ir, from_python

from ebee.api.compile import find_target
from ebee.btf.read import Btf
from ebee.elf.read import read_object
from ebee.elf.write import write_object
from ebee.errors import ElfError
from ebee.isa.insn import Insn
from ebee.isa.opcodes import BPF_PSEUDO_CALL, BPF_PSEUDO_KFUNC_CALL, CALL
from ebee.spec.object import LOSS_MAP, RELO_TP_FIELD, FuncInfo, MapSpec, ObjectSpec, ProgramSpec, Reloc

TARGET = find_target("default")


def same(found, wanted):
    """Everything but the BTF, to which the file's variables are added."""
    for name in ObjectSpec._fields:
        if name != "btf":
            assert getattr(found, name) == getattr(wanted, name), name
    assert list(found.programs) == list(wanted.programs) and list(found.maps) == list(wanted.maps)
    before, after = Btf(wanted.btf), Btf(found.btf)
    for id in range(1, before.type_count):
        assert (after.by_id(id).name, after.by_id(id).kind) == (before.by_id(id).name, before.by_id(id).kind)


def test_an_object_from_python_comes_back(tmp_path):
    made = from_python(tmp_path)
    data = made.to_bytes()
    found = read_object(data)
    same(found, made.spec)
    kinds = {r.kind for p in found.programs.values() for r in p.relocs}
    assert kinds == {"map", "map_value", RELO_TP_FIELD} and found.loss_sites and found.notes["types"]["counts"]
    assert write_object(found, TARGET) == data


def test_functions_callbacks_and_data_come_back():
    spec = by_hand()
    data = write_object(spec, TARGET)
    found = read_object(data)
    same(found, spec)
    assert write_object(found, TARGET) == data == file_by_hand()


def test_what_the_kernel_fills_in_comes_back():
    spec = from_ir()
    data = write_object(spec, TARGET)
    found = read_object(data)
    same(found, spec)
    assert write_object(found, TARGET) == data
    kinds = {r.kind for r in (*found.programs["main"].relocs, *found.programs["main"].core_relos)}
    assert kinds == {
        "map_value", "ksym", "kfunc", "core_field", "core_type_size", "core_enum_value", "core_field_rshift",
        "core_type_id_local", "core_field_exists",
    }  # fmt: skip
    weak = {r.symbol: r.is_weak for r in found.programs["main"].relocs if r.kind in ("ksym", "kfunc")}
    assert weak == {"bpf_new": True, "bpf_old": False, "runqueues": False}
    assert data == write_object(from_ir(), TARGET)


def test_functions_that_programs_share_are_there_once():
    """Those of one name that differ get names of their own; what they call counts."""
    spec = from_ir()
    main = spec.programs["main"]
    other = spec.programs["other"] = main.replace(name="other", func_info=[f.replace() for f in main.func_info])
    third = spec.programs["third"] = main.replace(name="third", insns=[i.copy() for i in main.insns])
    half = main.func_info[1].insn_idx
    shifts = [i for i in range(half, len(third.insns)) if third.insns[i].opcode == 0x77]
    third.insns[shifts[0]].imm = 2
    alone, together = (read_object(write_object(s, TARGET)) for s in (from_ir(), spec))
    assert [p.insns for p in together.programs.values()] == [main.insns, other.insns, third.insns]
    data = write_object(together, TARGET)
    names = [name for name in (b"half", b"each", b"half.2", b"each.2", b"half.3") if b"\0" + name + b"\0" in data]
    assert names == [b"half", b"each", b"half.2", b"each.2"] and alone.programs["main"] == together.programs["main"]


def test_tracepoint_fields_are_where_the_target_has_them_and_symbolic_when_read(tmp_path):
    made = from_python(tmp_path)
    moved = find_target("default")

    def tracepoint(event, known=moved.tracepoint):
        format = known(event)
        for f in format.fields.values():
            f.off_bytes += 8
        return format

    moved.tracepoint = tracepoint
    here, there = made.to_bytes(), write_object(made.spec, moved)
    assert here != there and len(here) == len(there)
    same(read_object(there), made.spec)


def test_entry_functions_are_global_and_sections_described():
    btf = Btf(read_object(file_by_hand()).btf)
    linkage = {btf.by_id(i).name: btf.by_id(i).linkage for i in range(1, btf.type_count) if btf.by_id(i).kind == 12}
    assert linkage == {"entry": 1, "seven": 0, "each": 0, "other": 1}
    (lost,) = btf.by_name(".data.ebee_lost").secinfos
    assert btf.by_id(lost[0]).name == "ebee_lost" and lost[1:] == (0, 16)
    assert [info[1:] for info in btf.by_name(".maps").secinfos] == [(0, 40)]


@pytest.mark.needs_tool("llvm-objdump", "readelf")
def test_other_tools_read_it(tmp_path):
    (tmp_path / "x.bpf.o").write_bytes(file_by_hand())

    def run(*argv):
        done = subprocess.run([*argv, "x.bpf.o"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and not done.stderr, done.stderr
        return done.stdout

    shown = run("readelf", "-aW")
    assert "Linux BPF" in shown and ".relsocket" in shown and "R_BPF_INSN_DISP32" in shown
    listing = run("llvm-objdump", "-dr")
    for text in ("<entry>:", "<other>:", "<user>:", "R_BPF_64_64\tebee_lost", "R_BPF_64_64\tflags", "R_BPF_64_32"):
        assert text in listing, listing


def change(**fields):
    """A spec with one program that is changed."""
    spec = by_hand()
    spec.programs["user"] = spec.programs["user"].replace(**fields)
    return spec


def with_map(*maps):
    spec = by_hand()
    spec.maps = {m.name: m for m in maps} | {m.name: m for m in spec.maps.values() if m.name != LOSS_MAP or not maps}
    return spec


TP = {"section": "tracepoint/syscalls/sys_enter_openat", "prog_type": 5, "expected_attach_type": 0}
REFUSED = {
    "cannot be a name": lambda: with_map(MapSpec("my-map", 1, 4, 4, 1)),
    "two things are called 'entry'": lambda: with_map(MapSpec("entry", 1, 4, 4, 1)),
    "has contents": lambda: with_map(MapSpec("m", 2, 4, 4, 1, initial=b"1234")),
    "contents that are not zero": lambda: with_map(MapSpec(".bss", 2, 4, 8, 1, initial=b"12345678")),
    "two maps": lambda: with_map(MapSpec(LOSS_MAP, 2, 4, 16, 1), MapSpec(".data.ebee_lost", 2, 4, 16, 1)),
    "of another type than its section says": lambda: change(prog_type=1),
    "no section name of programs": lambda: change(section="nowhere"),
    "no relocation 'core'": lambda: change(relocs=[Reloc(0, "core", "task_struct")]),
    "in a way that an object file cannot say": lambda: change(relocs=[Reloc(0, "map_value", "flags")]),
    "uses 'gone'": lambda: change(relocs=[Reloc(0, "map", "gone")]),
    "no field 'nope'": lambda: change(**TP, attach_to="syscalls:sys_enter_openat", relocs=[Reloc(0, RELO_TP_FIELD, "nope")]),
    "no field 'flags' of 4 bytes": lambda: change(
        **TP, attach_to="syscalls:sys_enter_openat", relocs=[Reloc(0, RELO_TP_FIELD, "flags", 0, 4)]
    ),
    "is bound to the running system": lambda: change(insns=[Insn(CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, 5)], relocs=[]),
    "calls its own program, or into": lambda: change(insns=[Insn(CALL, 0, BPF_PSEUDO_CALL, 0, 50)], relocs=[]),
    "instruction 0 .* calls its own": lambda: change(insns=[Insn(CALL, 0, BPF_PSEUDO_CALL, 0, -1)], relocs=[]),
    "type of the kernel's 'bpf_old' is not known": lambda: from_ir().replace(externs={"bpf_new": 1, "runqueues": 1}),
    "is no function": lambda: change(func_info=[FuncInfo(0, 1)]),
    "not plain data": lambda: by_hand().replace(notes={"x": b""}),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_a_file_cannot_hold_is_refused(message):
    from ebee.errors import FormatError

    with pytest.raises(FormatError, match=message):
        write_object(REFUSED[message](), TARGET)


def patched(old, new):
    data = file_by_hand()
    assert data.count(old) >= 1 and len(old) == len(new)
    return data.replace(old, new)


DAMAGED = {
    "the header lies outside": lambda: b"\x7fELF\2\1\1",
    "no ELF file: it begins with 23212f": lambda: b"#!/bin/sh",
    "it begins with nothing": lambda: b"",
    "ELF of another class": lambda: b"\x7fELF\1\1\1" + file_by_hand()[7:],
    "it is for x86-64": lambda: file_by_hand()[:18] + b"\x3e\0" + file_by_hand()[20:],
    "it is for machine 63232": lambda: b"\x7fELF\2\2" + file_by_hand()[6:16] + b"\0\1" + file_by_hand()[18:],
    "no section .BTF, which says": lambda: patched(b"\0.ebee\0", b"\0.else\0").replace(b"\0.BTF\0", b"\0.BTX\0"),
    "notes of format 9": lambda: patched(b'"format":1', b'"format":9'),
    "these are no notes": lambda: patched(b'{"format"', b"\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
    "is missing or of another type": lambda: patched(b'"stack_size":64', b'"stack_size":[]'),
    "program 'entrx' of the notes": lambda: patched(b'"entry":{', b'"entrx":{'),
    "map 'flagz' of the notes": lambda: patched(b'"flags":{}', b'"flagz":{}'),
    "lies outside of the file": lambda: file_by_hand()[:-100],
}


@pytest.mark.parametrize("message", DAMAGED)
def test_damage_is_named(message):
    with pytest.raises(ElfError, match=message) as caught:
        read_object(DAMAGED[message](), "some.bpf.o")
    assert caught.value.file == "some.bpf.o" and str(caught.value).startswith("some.bpf.o: ")


def test_every_field_of_a_spec_is_known_here():
    """A new field must be written and read, or be refused: then it is added to this list."""
    assert MapSpec._fields == (
        "name", "map_type", "key_size", "value_size", "max_entries", "map_flags", "key_type_id", "value_type_id",
        "initial", "frozen", "map_extra", "inner", "inner_maps", "pinning", "programs", "numa_node",
        "autocreate",
    )  # fmt: skip
    assert ProgramSpec._fields == (
        "name", "section", "prog_type", "attach_to", "expected_attach_type", "prog_flags", "insns", "relocs",
        "func_info", "line_info", "stack_size", "core_relos", "jump_tables",
    )  # fmt: skip
    assert ObjectSpec._fields == (
        "name", "programs", "maps", "btf", "license", "loss_sites", "notes", "externs", "structs", "kconfig", "byteorder",
    )  # fmt: skip
    assert Reloc._fields == ("insn_idx", "kind", "symbol", "addend", "size_bytes", "is_weak")


def test_paths_and_lines_are_those_of_the_source(tmp_path):
    spec = read_object(from_python(tmp_path).to_bytes())
    btf = Btf(spec.btf)
    first = spec.programs["on_open"].line_info[0]
    assert btf.string(first.file_name_off) == str(tmp_path / "probes.py")
    assert btf.string(first.line_off) == SOURCE.splitlines()[first.line_num - 1].strip()

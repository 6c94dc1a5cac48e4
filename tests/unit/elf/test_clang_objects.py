"""Objects of clang are read as libbpf reads them: programs, maps, variables, what they want from the kernel."""

from __future__ import annotations

import pytest

from clang_objects import compile_text, compiled
from ebee.abi import bpf
from ebee.btf.read import Btf
from ebee.elf.read import read_object
from ebee.elf.write import write_object
from ebee.errors import ElfError, FormatError
from ebee.isa.opcodes import BPF_PSEUDO_CALL, BPF_PSEUDO_FUNC, CALL, LDDW
from ebee.spec.default_target import default_target
from ebee.spec.sections import SECTIONS, TARGET, parse_section
from ebee.types.from_btf import BtfTypes

TARGET_OF_TESTS = default_target()
HEAD = '#include "ebpf.h"\nchar LICENSE[] SEC("license") = "GPL";\n'


def read(path):
    return read_object(path.read_bytes(), str(path))


def of(text, **how):
    return read(compile_text(HEAD + text, **how))


def test_everything_that_an_object_has():
    spec = read(compiled("many"))
    assert (spec.name, spec.license, spec.byteorder) == ("made", "GPL", "little")
    assert list(spec.programs) == ["called", "entry", "jumper", "not_loaded", "on_open"]
    assert spec.programs["on_open"].attach_to == "syscalls:sys_enter_openat"
    assert spec.programs["not_loaded"].section == "?tc" and spec.programs["not_loaded"].prog_type == 3
    maps = spec.maps
    assert maps["outer"].inner_maps == {b"\1\0\0\0": "inner_a", b"\3\0\0\0": "inner_b"}
    assert maps["outer"].inner.name == "outer.inner" and maps["outer"].value_size == 4
    assert maps["jumps"].programs == {2: "called"} and maps["jumps"].value_size == 4
    assert (maps["events"].value_size, maps["perf"].max_entries) == (0, 0)
    assert spec.kconfig == {"CONFIG_BPF": False, "CONFIG_NOT_THERE": True, "LINUX_KERNEL_VERSION": False}
    assert spec.externs.keys() == {"vfs_read", "nowhere_at_all"}
    data = {m.name: (m.value_size, m.initial, m.frozen) for m in maps.values() if m.name.startswith(".")}
    assert data[".rodata"] == (12, bytes((7, 0, 0, 0, 3, 0, 0, 0, 0xFC, 0xFF, 0xFF, 0xFF)), True)
    assert data[".data.own"] == (4, b"\x09\0\0\0", False) and data[".bss.more"] == (16, b"", False)
    assert data[".rodata.str1.1"] == (6, b"hello\0", True) and data[".kconfig"] == (20, b"", True)
    entry = spec.programs["entry"]
    weak = {r.symbol: r.is_weak for r in entry.relocs if r.kind == "ksym"}
    assert weak == {"vfs_read": True, "nowhere_at_all": True}
    assert len(entry.func_info) == 4 and entry.func_info[0].insn_idx == 0
    btf = Btf(spec.btf)
    assert [btf.by_id(f.type_id).name for f in entry.func_info] == ["entry", "sub", "each", "local"]
    starts = {f.insn_idx for f in entry.func_info}
    assert starts <= {line.insn_idx for line in entry.line_info}
    text = {btf.string(line.line_off).strip() for line in entry.line_info}
    assert "static int each(__u32 i, __u64 *sum) { *sum += i; return 0; }" in text
    assert [i.imm for i in entry.insns if (i.opcode, i.src_reg) == (LDDW, BPF_PSEUDO_FUNC)] != []
    assert len([i for i in entry.insns if (i.opcode, i.src_reg) == (CALL, BPF_PSEUDO_CALL)]) == 2


def test_types_are_those_that_the_kernel_takes():
    spec = read(compiled("many"))
    btf = Btf(spec.btf)
    assert btf.by_name(".maps") is None and btf.by_name(".ksyms") is None and btf.by_name("license") is None
    assert [off for _id, off, _size in btf.by_name(".rodata").secinfos] == [0, 4]
    assert btf.by_name(".rodata").size_bytes == 12 and btf.by_name(".bss").size_bytes == 16
    assert all(t.linkage != 2 for t in btf.types() if t.kind_name in ("func", "var"))


def test_the_other_byte_order():
    little, big = read(compiled("many")), read(compiled("many", big=True))
    assert big.byteorder == "big" and list(big.programs) == list(little.programs)
    for name, program in little.programs.items():
        other = big.programs[name]
        assert (other.relocs, other.func_info) == (program.relocs, program.func_info)
        differ = [(a, b) for a, b in zip(program.insns, other.insns, strict=True) if a != b]
        assert all(a.opcode == b.opcode and a.imm != b.imm for a, b in differ)  # constants with several fields in them
        assert name == "entry" or not differ
        assert [i.line_num for i in other.line_info] == [i.line_num for i in program.line_info]
    assert big.maps[".rodata"].initial == bytes((0, 0, 0, 7, 0, 0, 0, 3, 0xFF, 0xFF, 0xFF, 0xFC))
    assert big.maps["outer"].inner_maps == {b"\0\0\0\1": "inner_a", b"\0\0\0\3": "inner_b"}


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("name", ["many", "legacy", "arena", "counting", "struct_ops"])
def test_what_is_written_is_read_again(name, big):
    path = compiled(name, *(["-mcpu=v4"] if name == "arena" else []), big=big)
    spec = read(path)
    data = write_object(spec, TARGET_OF_TESTS)
    again = read_object(data, "again.o")
    assert data[:7] == path.read_bytes()[:7] and again.byteorder == ("big" if big else "little")
    for part in spec.__match_args__:
        if part != "btf":
            assert getattr(again, part) == getattr(spec, part), part
    assert write_object(again, TARGET_OF_TESTS) == data


@pytest.mark.parametrize("section", ["strange", "?strange/more", "my-classifier", "tracepoint/only"])
def test_sections_of_no_known_name_are_kept(section):
    spec = of(f'SEC("{section}") int f(void *ctx) {{ return 3; }} SEC("tc") int g(void *ctx) {{ return 4; }}')
    assert (spec.programs["f"].section, spec.programs["f"].prog_type) == (section, 0)
    again = read_object(write_object(spec, TARGET_OF_TESTS))
    assert again.programs == spec.programs
    spec.programs["f"].prog_type = 3
    with pytest.raises(FormatError, match=r"is no section name|does not name a tracepoint"):
        write_object(spec, TARGET_OF_TESTS)


def test_every_section_of_libbpf():
    """A program in each: with something behind the slash, and a question mark, where it may have them."""
    names = []
    for kind, (_type, _attach, properties, _flags) in SECTIONS.items():
        names.append(kind)
        if properties & TARGET:
            names.append(f"?{kind}/" + ("a/b" if kind.startswith(("tp", "tracepoint")) and "btf" not in kind else "some"))
    source = "".join(f'SEC("{name}") int p{n}(void *ctx) {{ return 0; }}\n' for n, name in enumerate(names))
    spec = of(source)
    assert len(names) == 169 and len(spec.programs) == len(names)
    for n, name in enumerate(names):
        program, section = spec.programs[f"p{n}"], parse_section(name)
        assert program.section == name
        assert (program.prog_type, program.expected_attach_type, program.attach_to, program.prog_flags) == (
            section.prog_type, section.expected_attach_type, section.attach_to, section.prog_flags
        )  # fmt: skip


def test_every_kind_of_map():
    rows = {number: name for number, name in bpf.MAP_TYPE_NAMES.items() if number}
    source = "".join(
        f"struct {{ __uint(type, {n}); __uint(max_entries, {n + 1}); __uint(key_size, 4); __uint(value_size, 8);"
        f" __uint(map_flags, {n % 3}); __uint(numa_node, {n % 2}); }} m{n} SEC(\".maps\");\n"
        for n in rows
    )
    spec = of(source + 'struct { __uint(type, 30); __ulong(map_extra, 0x300000001); __uint(pinning, 1);} big SEC(".maps");')
    for n in rows:
        map = spec.maps[f"m{n}"]
        assert (map.map_type, map.max_entries, map.map_flags, map.numa_node) == (n, n + 1, n % 3, n % 2)
    assert spec.maps["big"].map_extra == 0x300000001 and spec.maps["big"].pinning == 1


def test_maps_of_before():
    spec = read(compiled("legacy"))
    counts, slots = spec.maps["counts"], spec.maps["slots"]
    assert (counts.map_type, counts.key_size, counts.value_size, counts.max_entries) == (1, 4, 8, 8)
    types = BtfTypes(Btf(spec.btf))
    assert str(types.type(counts.key_type_id)) == "u32" and str(types.type(counts.value_type_id)) == "u64"
    assert (slots.map_type, slots.value_type_id) == (2, 0)
    assert read(compiled("legacy", debug=False)).maps.keys() == {"counts", "slots"}


def test_an_arena_has_its_variables():
    spec = read(compiled("arena", "-mcpu=v4"))
    assert spec.maps["arena"].initial[:4] == b"\x29\0\0\0" and len(spec.maps["arena"].initial) == 44
    assert {r.symbol for r in spec.programs["bump"].relocs if r.kind == "map_value"} == {"arena"}


def test_structs_of_functions():
    spec = read(compiled("struct_ops"))
    (struct,) = spec.structs.values()
    assert (struct.name, struct.struct) == ("slow", "tcp_congestion_ops___mine")
    assert sorted(struct.programs.values()) == ["slow_avoid", "slow_ssthresh", "slow_undo"]
    assert spec.programs["slow_undo"].attach_to == "tcp_congestion_ops.undo_cwnd"


def test_core_relocations_are_kept():
    text = """struct task_struct { int pid; int tgid; } __attribute__((preserve_access_index));
SEC("raw_tp/sys_enter") int f(void *ctx) {
    struct task_struct *task = (void *)bpf_get_current_pid_tgid();
    int n; bpf_map_update_elem(0, 0, __builtin_preserve_access_index(&task->tgid), 0);
    return __builtin_preserve_field_info(task->tgid, 2);
}"""
    relos = of(text).programs["f"].core_relos
    assert {(r.kind, r.access) for r in relos} == {("core_field", "0:1"), ("core_field_exists", "0:1")}


def test_functions_that_are_called():
    """Static ones in a program's own section, hidden ones, one by two names, callbacks of callbacks."""
    spec = of("""
__hidden __noinline int hidden(int a) { volatile int b = a; return b; }
__noinline int open(int a) { volatile int b = a; return b + 1; }
int same(int a) __attribute__((alias("open")));
static SEC("tc") __noinline int beside(int a) { volatile int b = a; return b * 2; }
static int inner(__u32 i, void *c) { return 0; }
static int outer(__u32 i, void *c) { bpf_loop(2, inner, c, 0); return 0; }
SEC("tc") int one(void *ctx) { return hidden(1) + beside(2); }
SEC("tc") int two(void *ctx) { bpf_loop(3, outer, ctx, 0); return same(3); }
""")
    btf = Btf(spec.btf)
    names = {p.name: [btf.by_id(f.type_id).name for f in p.func_info] for p in spec.programs.values()}
    assert set(names["one"]) == {"one", "hidden", "beside"} and set(names["two"]) >= {"two", "inner", "outer"}
    assert btf.by_name("hidden").linkage == 0 and btf.by_name("open").linkage == 1


def test_unknown_sections_have_no_type():
    assert of('SEC("strange") int f(void *ctx) { return 0; }').programs["f"].prog_type == 0


REFUSED = {
    "'missing', which is nowhere": ('int missing(int a);\nSEC("tc") int f(void *ctx) { return missing(1); }', {}),
    "'absent', which is nowhere": ('extern int absent;\nSEC("tc") int f(void *ctx) { return absent; }', {}),
    r"no section \.BTF, which says what its maps are: ?|\.BTF": (
        'struct { __uint(type, 1); } m SEC(".maps"); SEC("tc") int f(void *ctx) { return !!bpf_map_lookup_elem(&m, 0); }',
        {"debug": False},
    ),
    "member 'colour' is not supported": ('struct { __uint(type, 1); __uint(colour, 1); } m SEC(".maps");', {}),
    "is defined by a int": ('int m SEC(".maps") = 1;', {}),
    "something else than a struct bpf_map_def": ('struct { int a; } m SEC("maps") = { 1 };', {}),
    "a pointer to no map": (
        'struct i { __uint(type, 2); __uint(max_entries, 1); __uint(key_size, 4); __uint(value_size, 4); };\n'
        'int other; struct { __uint(type, 12); __uint(key_size, 4); __uint(max_entries, 1); __array(values, struct i); }'
        ' m SEC(".maps") = { .values = { (void *)&other } };',
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("message", REFUSED)
def test_refusals(message):
    text, how = REFUSED[message]
    with pytest.raises(ElfError, match=message) as caught:
        of(text, **how)
    assert caught.value.file.endswith("made.bpf.o")


@pytest.mark.parametrize("big", [False, True])
def test_they_are_printed(capsys, big):
    from ebee.cli import main

    text = """struct task_struct { int pid; int tgid; } __attribute__((preserve_access_index));
SEC("raw_tp/sys_enter") int f(struct task_struct **ctx) { return (*ctx)->tgid; }"""
    assert main(["disasm", str(compile_text(HEAD + text, big=big))]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("f: raw_tp/sys_enter, 3 instructions\n; 4: ") and "return (*ctx)->tgid; }" in shown
    assert "[core_field type " in shown and " 0:1]" in shown

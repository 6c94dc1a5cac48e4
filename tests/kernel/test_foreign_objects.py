"""What objects of other projects have that is seldom: found by loading many of them beside libbpf."""

from __future__ import annotations

import mmap
import os

import pytest

import ebee
from clang_objects import DATA, compile_text, compiled
from ebee.elf.read import read_object
from ebee.errors import ElfError, NotSupported, UsageError, VerifierError
from ebee.isa.opcodes import BPF_PSEUDO_CALL, CALL

HEAD = '#include "ebpf.h"\nchar LICENSE[] SEC("license") = "GPL";\n'
PACKET = bytes(64)
needs_kernel = pytest.mark.needs_kernel


def test_what_is_called_when_a_program_throws_belongs_to_it():
    spec = ebee.read(compiled("throwing")).spec
    throws = spec.programs["throws"]
    assert len(throws.func_info) == 2 and len(spec.programs["plain"].func_info) == 1
    assert not any((i.opcode, i.src_reg) == (CALL, BPF_PSEUDO_CALL) for i in throws.insns)
    with pytest.raises(ElfError, match="there is no 'nobody'"):
        ebee.read(compiled("throwing", '-DCALLED="nobody"'))


@needs_kernel
@pytest.mark.needs_feature("exceptions")
def test_a_program_throws():
    with ebee.load(compiled("throwing")) as obj:
        assert obj.programs["throws"].run(packet=PACKET).retval == 41


@needs_kernel
@pytest.mark.needs_feature("arena")
def test_an_arena_is_where_it_says_and_its_pages_are_free():
    with ebee.load(compiled("arena_pages", "-mcpu=v4")) as obj:
        memory = obj._live["arena"].shared
        for _ in range(16):
            assert obj.programs["take"].run().retval == 0
        assert obj.programs["take"].run().retval == 1
        at = (obj.globals.first & 0xFFFFFFFF) % (16 * mmap.PAGESIZE)
        assert memory[at : at + 8] == (77).to_bytes(8, "little")
        with pytest.raises(ebee.SyscallError, match=r"map 'arena' at 0x300000000000"):
            ebee.load(compiled("arena_pages", "-mcpu=v4"))
        del memory
    ebee.load(compiled("arena_pages", "-mcpu=v4")).close()


RINGS = HEAD + """
struct { __uint(type, 27); __uint(max_entries, SIZE); } ring SEC(".maps");
struct ring_map { __uint(type, 27); __uint(max_entries, SIZE); };
struct {
    __uint(type, 12); __uint(max_entries, 2); __type(key, int); __array(values, struct ring_map);
} rings SEC(".maps");
SEC("?kprobe.multi/") int later(void *ctx) { return 0; }
SEC("socket") int entry(void *ctx) { return 0; }
"""


@needs_kernel
@pytest.mark.parametrize(("size", "pages"), [(1, 1), (1000, 1), (4096, 1), (4097, 2), (9000, 4)])
def test_rings_have_whole_pages(size, pages):
    obj = ebee.read(compile_text(RINGS, f"-DSIZE={size}"))
    with obj.load():
        assert obj.maps["ring"].max_entries == pages * 4096
        assert obj.spec.maps["ring"].max_entries == size and obj.spec.maps["rings"].inner.max_entries == size


def test_unknown_ways_to_pin_are_refused():
    members = "__uint(type, 2); __uint(max_entries, 1); __type(key, int); __type(value, int); __uint(pinning, 2);"
    text = HEAD + "struct { " + members + ' } m SEC(".maps");'
    with pytest.raises(ElfError, match="map 'm': pinning 2 is unknown"):
        ebee.read(compile_text(text))


UNKNOWN = HEAD + """
SEC("socket") __attribute__((naked)) int future(void *ctx)
{
    asm volatile("r0 = 0; .8byte 0xffffffff000003e7; exit;");
}
SEC("socket") int today(void *ctx) { return 3; }
"""


def test_instructions_that_nobody_knows_are_for_the_kernel_to_refuse():
    obj = ebee.read(compile_text(UNKNOWN))
    assert [i.opcode for i in obj.spec.programs["future"].insns] == [0xB7, 0xE7, 0x95]
    with pytest.raises(ebee.EbeeError):
        obj.load(backend="engine")


@needs_kernel
def test_other_programs_of_such_an_object_load():
    obj = ebee.read(compile_text(UNKNOWN))
    with pytest.raises(VerifierError, match=r"unknown opcode e7|invalid insn"):
        obj.load()
    with ebee.read(compile_text(UNKNOWN)) as obj:
        obj.programs["future"].autoload = False
        assert obj.load().programs["today"].run(packet=PACKET).retval == 3


@needs_kernel
def test_tracing_a_program_needs_a_function():
    text = HEAD + 'SEC("fentry") int traced(void *ctx) { return 0; }'
    with pytest.raises(UsageError, match="names no function") as e:
        ebee.load(compile_text(text))
    assert "target" in e.value.hint


ABSENT = HEAD + """
struct { __uint(type, 1); __uint(max_entries, 4); __type(key, int); __type(value, int); } optional SEC(".maps");
const volatile int has_it = 0;
SEC("socket") int asks(void *ctx)
{
    int key = 0;
    if (has_it) return bpf_map_lookup_elem(&optional, &key) ? 1 : 2;
    return 3;
}
"""


@pytest.mark.parametrize("backend", ["engine", pytest.param("kernel", marks=needs_kernel)])
def test_a_map_that_is_not_made(backend):
    with ebee.read(compile_text(ABSENT)) as obj:
        obj.spec.maps["optional"].autocreate = False
        with pytest.raises(ElfError, match="map 'optional' is to be left out"):
            obj.to_bytes()
        obj.load(backend=backend)
        assert obj.programs["asks"].run(packet=PACKET).retval == 3 and obj.maps["optional"].name == "optional"
        with pytest.raises(UsageError):
            obj.maps["optional"][0]
    with ebee.load(compile_text(ABSENT), globals={"has_it": 1}, backend=backend) as obj:
        assert obj.programs["asks"].run(packet=PACKET).retval == 2
    obj = ebee.read(compile_text(ABSENT))
    obj.spec.maps["optional"].autocreate, obj.globals.has_it = False, 1
    if backend == "kernel":
        with pytest.raises(NotSupported, match="map 'optional', which program 'asks' uses") as e:
            obj.load()
        assert "autocreate" in e.value.hint
    else:
        with obj.load(backend=backend), pytest.raises(ebee.EbeeError):
            obj.programs["asks"].run(packet=PACKET)


def test_structs_of_functions_that_are_not_registered():
    text = (DATA / "struct_ops.bpf.c").read_text().replace('SEC(".struct_ops.link")', 'SEC("?.struct_ops.link")')
    obj = ebee.read(compile_text(text))
    again = ebee.read(compile_text(text)).to_bytes()
    for spec in (obj.spec, read_object(again)):
        (struct,) = spec.structs.values()
        assert not struct.autocreate and len(struct.programs) == 3
    obj.load(backend="engine")  # no program of them is loaded
    with pytest.raises(UsageError, match="is not loaded"):
        obj.programs["slow_undo"].fileno()
    with pytest.raises(UsageError, match="no section of"):
        obj.attach()
    obj.close()


@needs_kernel
@pytest.mark.needs_feature("fentry")
def test_functions_of_programs_are_traced():
    with ebee.load(compiled("traced")) as target, ebee.read(compiled("traced")) as tracer:
        tracer.programs["traced"].autoload = False
        for program in (tracer.programs["before"], tracer.programs["after"]):
            program.autoload, program.target, program.spec.attach_to = True, target.programs["traced"], "work"
        tracer.load()
        with tracer.programs["before"].attach(), tracer.programs["after"].attach():
            assert target.programs["traced"].run(packet=PACKET).retval == 7
        assert (tracer.globals.entries, tracer.globals.results) == (1, 7)
    with ebee.read(compiled("traced")) as other, ebee.load(compiled("traced")) as target:
        before = other.programs["before"]
        before.autoload, before.target, before.spec.attach_to = True, target.programs["traced"], "wrok"
        with pytest.raises(ebee.UnknownProbe, match="fentry:wrok in program traced"):
            other.load()


DIRECTLY = HEAD + """
__noinline int caught(__u64 cookie) { return cookie + 1; }
__attribute__((btf_decl_tag("exception_callback:caught")))
SEC("tc") int throws(void *ctx) { return caught(1); }
"""
ADDRESS = HEAD + """
extern void bpf_rcu_read_lock(void) __ksym;
SEC("socket") int has_it(void *ctx) { return bpf_rcu_read_lock ? 1 : 2; }
"""


@needs_kernel
@pytest.mark.parametrize(("text", "words"), [(DIRECTLY, "cannot call exception cb directly"), (ADDRESS, "")])
def test_both_verifiers_say_the_same(text, words):
    (verdict,) = ebee.verify(compile_text(text))
    assert verdict.accepted == (not words)
    if words:
        assert verdict.explanation.rule == "exception"
        with pytest.raises(VerifierError, match=words):
            ebee.load(compile_text(text))
    else:
        ebee.load(compile_text(text)).close()


NODEBUG = HEAD + """
#define NODEBUG __attribute__((nodebug))
static __noinline CALLEE int callee(__u64 n) { return bpf_ktime_get_ns() + n; }
SEC("socket") ENTRY int entry(void *ctx) { return callee(5) && 0; }
SEC("socket") int other(void *ctx) { return 5; }
"""


@needs_kernel
@pytest.mark.parametrize("flags", [("-DCALLEE=", "-DENTRY=NODEBUG"), ("-DCALLEE=NODEBUG", "-DENTRY=")])
def test_functions_without_types_are_loaded_without_any(flags):
    path = compile_text(NODEBUG, *flags)
    spec = ebee.read(path).spec
    assert not spec.programs["entry"].func_info and not spec.programs["entry"].line_info
    assert spec.programs["other"].func_info and spec.programs["other"].line_info
    assert all(v.accepted for v in ebee.verify(path, log="kernel"))
    with ebee.load(path) as obj:
        assert obj.programs["entry"].run(packet=PACKET).retval == 0


LEGACY = HEAD + """
struct bpf_elf_map { __u32 type, size_key, size_value, max_elem, flags, id, pinning, inner_id, inner_idx; };
struct bpf_elf_map SEC("maps") one = { .type = 2, .size_key = 4, .size_value = 8, .max_elem = 3, .id = 7, .inner_idx = 1 };
struct bpf_elf_map SEC("maps") rows = { .type = 12, .size_key = 4, .size_value = 4, .max_elem = 2, .inner_id = INNER };
struct bpf_elf_map SEC("maps") shared = { .type = 1, .size_key = 4, .size_value = 4, .max_elem = 2, .id = 9, .pinning = PIN };
SEC("socket") int count(void *ctx)
{
    __u32 index = 1, zero = 0;
    void *row = bpf_map_lookup_elem(&rows, &index);
    __u64 *n = row ? bpf_map_lookup_elem(row, &zero) : 0;
    if (!n)
        return 0;
    return ++*n;
}
"""


def test_maps_of_iproute2_are_read():
    maps = ebee.read(compile_text(LEGACY, "-DINNER=7", "-DPIN=2")).spec.maps
    assert [m.pinning for m in maps.values()] == [0, 0, 1]
    inner = maps["rows"].inner
    assert (inner.map_type, inner.value_size, inner.max_entries) == (2, 8, 3)
    assert maps["rows"].inner_maps == {b"\1\0\0\0": "one"}
    with pytest.raises(ElfError, match="map 'rows' holds maps like that of id 8"):
        ebee.read(compile_text(LEGACY, "-DINNER=8", "-DPIN=0"))
    with pytest.raises(ElfError, match="map 'shared' is defined by something else"):
        ebee.read(compile_text(LEGACY, "-DINNER=7", "-DPIN=1"))


@needs_kernel
def test_maps_of_iproute2_are_in_each_other():
    with ebee.load(compile_text(LEGACY, "-DINNER=7", "-DPIN=0")) as obj:
        assert [obj.programs["count"].run(packet=PACKET).retval for _ in range(2)] == [1, 2]


SECTIONS = HEAD + """
struct bpf_map_def { __u32 type, key_size, value_size, max_entries, map_flags, id, pinning; };
struct bpf_map_def SEC("maps/first") first = { .type = 1, .key_size = 4, .value_size = 8, .max_entries = 5 };
struct bpf_map_def SEC("maps/other") second = { .type = 2, .key_size = 4, .value_size = 4, .max_entries = 1, .pinning = 1 };
SEC("socket") int uses(void *ctx)
{
    __u32 key = 0;
    return bpf_map_lookup_elem(&first, &key) && bpf_map_lookup_elem(&second, &key);
}
"""


def test_each_map_may_have_a_section():
    maps = ebee.read(compile_text(SECTIONS)).spec.maps
    assert {m.name: (m.map_type, m.value_size, m.pinning) for m in maps.values()} == {
        "first": (1, 8, 0), "second": (2, 4, 1),
    }  # fmt: skip


WEAK = HEAD + """
extern const void bpf_init __ksym;
extern void nothing_of_this_name __ksym __attribute__((weak));
SEC("socket") int weak(void *ctx) { return &nothing_of_this_name ? 1 : 2; }
SEC("?socket") int strong(void *ctx) { return (long)&bpf_init == 5; }
"""


def test_addresses_of_the_kernel_are_saved(tmp_path):
    obj = ebee.read(compile_text(WEAK))
    obj.save(tmp_path / "saved.bpf.o")
    assert ebee.read(tmp_path / "saved.bpf.o").spec.externs == obj.spec.externs
    assert len(obj.spec.externs) == 2


@needs_kernel
def test_what_is_weak_and_missing_is_zero_to_both_verifiers():
    verdicts = [v for log in ("ebee", "kernel") for v in ebee.verify(compile_text(WEAK), log=log)]
    assert [v.accepted for v in verdicts if v.program == "weak"] == [True, True]


@needs_kernel
def test_verdicts_pin_no_maps():
    before = set(os.listdir("/sys/fs/bpf"))
    assert all(v.accepted for v in ebee.verify(compile_text(SECTIONS), log="kernel"))
    assert "second" not in set(os.listdir("/sys/fs/bpf")) - before

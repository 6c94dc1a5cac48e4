"""Objects of clang that look up arguments of marks (USDT) in tables that the loader fills, as libbpf's usdt.bpf.h has them."""

from __future__ import annotations

import platform

import pytest
import tiny_elf
from clang_objects import compile_text

import ebee
from ebee.errors import FormatError, NotSupported, UsageError
from ebee.kernel.usdt_specs import SPECS_MAP, encode_spec
from ebee.spec.usdt import parse_arguments

X86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="the program that is probed is for x86-64")
LIVE = (pytest.mark.needs_kernel, pytest.mark.needs_feature("uprobe"), X86)

# A table of 12 words of 16 bytes, a cookie and a count; `look` reads one argument as the word of it says.
SOURCE = """
#include "ebpf.h"
typedef __u64 u64; typedef __u32 u32; typedef short s16; typedef __u8 u8;
static long (*bpf_probe_read_user)(void *to, u32 size, const void *from) = (void *)112;
static long (*bpf_probe_read_kernel)(void *to, u32 size, const void *from) = (void *)113;
static u64 (*bpf_get_attach_cookie)(void *ctx) = (void *)174;
char LICENSE[] SEC("license") = "GPL";
struct place { u64 number; u32 kind : 8, index_at : 12, shift : 4, none : 8; s16 at; u8 is_signed, cut; };
struct marks { struct place args[12]; u64 cookie; s16 count; };
struct {
    __uint(type, 2); __uint(max_entries, ROOM); __type(key, int); __type(value, struct marks);
} __bpf_usdt_specs SEC(".maps");
struct {
    __uint(type, 1); __uint(max_entries, 4); __type(key, long); __type(value, u32);
} __bpf_usdt_ip_to_spec_id SEC(".maps");
struct seen { long args[4]; u64 cookie; u32 entry; int count; };
struct { __uint(type, 27); __uint(max_entries, 4096); __type(value, struct seen); } events SEC(".maps");

static __attribute__((noinline)) long look(void *ctx, struct marks *m, u32 n)
{
    u64 number = 0, index = 0;
    if (n >= 12) return -1;
    struct place *p = &m->args[n];
    if (p->kind == 0) number = p->number;
    else if (bpf_probe_read_kernel(&number, 8, ctx + p->at)) return -1;
    if (p->kind == 3 && bpf_probe_read_kernel(&index, 8, ctx + p->index_at)) return -1;
    if (p->kind >= 2 && bpf_probe_read_user(&number, 8, (void *)(number + (index << p->shift) + p->number))) return -1;
    number <<= p->cut;
    return p->is_signed ? (long)number >> p->cut : number >> p->cut;
}

static __attribute__((always_inline)) int tell(void *ctx)
{
    int entry = bpf_get_attach_cookie(ctx);
    struct marks *m = bpf_map_lookup_elem(&__bpf_usdt_specs, &entry);
    struct seen *e = m ? bpf_ringbuf_reserve(&events, sizeof(*e), 0) : 0;
    if (!e) return 0;
    for (u32 n = 0; n < 4; n++) e->args[n] = n < m->count ? look(ctx, m, n) : 0;
    e->cookie = m->cookie; e->entry = entry; e->count = m->count;
    bpf_ringbuf_submit(e, 0);
    return 0;
}

SEC("usdt") int on_mark(void *ctx) { return tell(ctx); }
SEC("?usdt.s") int on_mark_asleep(void *ctx) { return tell(ctx); }
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_elf.write(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def obj():
    with ebee.read(compile_text(SOURCE, "-DROOM=8")) as made:
        yield made


def run(tiny):
    import subprocess

    subprocess.run([tiny], timeout=30, check=False)


@pytest.fixture(params=[pytest.param(way, marks=LIVE) for way in ("as the kernel can", "event by event")])
def way(request, monkeypatch):
    if request.param == "event by event":
        from ebee.kernel import uprobes

        monkeypatch.setattr(uprobes, "_known", [False])


@pytest.mark.usefixtures("way")
def test_arguments_are_where_each_place_has_them(obj, tiny):
    obj.load()
    on_mark = obj.programs["on_mark"]
    with on_mark.attach(f"{tiny}:tiny:step", cookie=2**63):
        run(tiny)
        first, second = obj.maps["events"].drain()
    text = tiny_elf.PROGRESS
    assert list(first.args) == [-5, text, 77, -7] and list(second.args) == [-0x1FFB3, 3, 0x1234, 0xC8]
    assert (first.count, second.count, first.cookie, first.entry, second.entry) == (4, 4, 2**63, 0, 1)
    with on_mark.attach(f"{tiny}:tiny:guarded", cookie=7):  # its counter counts, and the entries were free again
        run(tiny)
        (third,) = obj.maps["events"].drain()
    assert (third.args[0], third.count, third.cookie, third.entry) == (text, 1, 7, 0)
    run(tiny)
    assert obj.maps["events"].drain() == []


@pytest.mark.usefixtures("way")
def test_attachments_have_entries_of_their_own(obj, tiny):
    obj.programs["on_mark_asleep"].autoload = True
    obj.load()
    with obj.programs["on_mark"].attach(f"{tiny}:tiny:step", cookie=1):
        with obj.programs["on_mark_asleep"].attach(f"{tiny}:tiny:step", cookie=2):
            run(tiny)
            seen = obj.maps["events"].drain()
    assert sorted((e.cookie, e.entry) for e in seen) == [(1, 0), (1, 1), (2, 2), (2, 3)]


@pytest.mark.needs_kernel
@X86
def test_what_does_not_fit_is_refused(tiny):
    with ebee.load(compile_text(SOURCE, "-DROOM=1")) as obj:
        with pytest.raises(UsageError, match="no room for 2 more kinds") as e:
            obj.programs["on_mark"].attach(f"{tiny}:tiny:step")
        assert "max_entries" in e.value.hint
        with pytest.raises(NotSupported, match="argument 0 of this mark: it is a floating-point number"):
            obj.programs["on_mark"].attach(f"{tiny}:tiny:floats")
    with ebee.read(compile_text(SOURCE, "-DROOM=1")) as obj:
        obj.spec.maps[SPECS_MAP].value_size = 64
        obj.spec.maps[SPECS_MAP].value_type_id = obj.spec.maps[SPECS_MAP].key_type_id = 0
        obj.programs["on_mark"].autoload = False
        for program in obj.spec.programs.values():
            program.relocs = [r for r in program.relocs if r.symbol != SPECS_MAP]
        with pytest.raises(FormatError, match="another layout"):
            from ebee.kernel.usdt_specs import UsdtSpecs

            class Table:
                spec = obj.spec.maps[SPECS_MAP]

            UsdtSpecs(Table())


def test_entries_are_as_programs_read_them():
    args = parse_arguments("-4@%edi 8@$-1 2@-6(%rbp) -1@8(%rsp,%rcx,4)", "x86_64")
    spec = encode_spec(args, 5)
    assert len(spec) == 208 and spec[192:] == (5).to_bytes(8, "little") + b"\x04\0" + bytes(6)
    rows = [spec[n : n + 16].hex() for n in range(0, 64, 16)]
    assert rows == [
        "0000000000000000" "01000000" "7000" "01" "20",
        "ffffffffffffffff" "00000000" "0000" "00" "00",
        "faffffffffffffff" "02000000" "2000" "00" "30",
        "0800000000000000" "03582000" "9800" "01" "38",
    ]  # fmt: skip
    assert not any(spec[64:192])
    with pytest.raises(NotSupported, match="13 arguments"):
        encode_spec(parse_arguments("8@%rax " * 13, "x86_64"), 0)
    with pytest.raises(NotSupported, match="without a base register"):
        encode_spec(parse_arguments("8@8(,%rax,2)", "x86_64"), 0)

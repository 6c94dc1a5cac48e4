"""Types as a C header: clang accepts it, and lays everything out as it was."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ebee.btf.build import BtfBuilder
from ebee.btf.c_dump import _Dumper, dump_c
from ebee.btf.kinds import BTF_INT_SIGNED, BTF_KIND_STRUCT, BTF_KIND_UNION, Member
from ebee.btf.read import Btf
from ebee.errors import BtfError

VMLINUX = Path("/sys/kernel/btf/vmlinux")


def clang(text, folder):
    """Compile a text; return the object."""
    pytest.importorskip("ziglang", reason="clang is in the package ziglang")
    source, out = folder / "t.c", folder / "t.o"
    source.write_text(text)
    argv = [sys.executable, "-m", "ziglang", "cc", "-target", "bpfel-freestanding", "-g", "-O2", "-Wall", "-Werror"]
    argv += ["-Wno-unused", "-c", "-o", str(out), str(source)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[:3000]
    return out.read_bytes()


@pytest.mark.skipif(not VMLINUX.exists(), reason=f"there is no {VMLINUX}")
def test_the_whole_kernel_compiles_with_its_layout(tmp_path):
    btf = Btf(VMLINUX.read_bytes())
    header = dump_c(btf)
    names = _Dumper(btf)
    names.parts = []
    for id in range(1, btf.type_count):
        names.need(id, is_whole=True)
    checks = []
    for kind, tag in ((BTF_KIND_STRUCT, "struct"), (BTF_KIND_UNION, "union")):
        for type in btf.types(kind):
            if not type.name:
                continue
            name = f"{tag} {names.names[type.id]}"
            checks.append(f'_Static_assert(sizeof({name}) == {type.size_bytes}, "");')
            checks += [
                f'_Static_assert(__builtin_offsetof({name}, {m.name}) == {m.bit_off // 8}, "");'
                for m in type.members
                if m.name and not m.bitfield_size
            ]
    assert len(checks) > 30_000
    clang(f"{header}\n" + "\n".join(checks), tmp_path)


def test_what_is_needed_comes_first():
    b = BtfBuilder()
    u32, node, inner = b.add_int("unsigned int", 4), b.reserve(), b.reserve()
    pid = b.add_typedef("pid_t", u32)
    b.add_struct("node", 24, [Member("next", b.add_ptr(node), 0), Member("in", inner, 64), Member("p", pid, 128)], id=node)
    b.add_struct("inner", 8, [Member("back", b.add_ptr(node), 0)], id=inner)
    text = dump_c(Btf(b.encode()))
    body = text[text.index("apply_to") :]
    assert body.index("struct node;") < body.index("struct inner {") < body.index("typedef unsigned int pid_t;")
    assert body.index("typedef unsigned int pid_t;") < body.index("struct node {\n\tstruct node *next;\n\tstruct inner in;")


def test_a_long_hole_is_one_line(tmp_path):
    """A struct may be 4 GiB: what is not a member takes no memory here."""
    b = BtfBuilder()
    u8, u64 = b.add_int("u8", 1), b.add_int("long unsigned int", 8)
    b.add_struct("large", (1 << 32) - 8, [Member("a", u8, 0), Member("b", u64, 1 << 31)])
    text = dump_c(Btf(b.encode()))
    assert len(text) < 2000
    checks = 'sizeof(struct large) == 0xfffffff8 && __builtin_offsetof(struct large, b) == 1 << 28, ""'
    clang(f"{text}\n_Static_assert({checks});\nstruct large *use;\n", tmp_path)


def test_names_are_unique_and_layouts_are_kept(tmp_path):
    b = BtfBuilder()
    u8, u32, u64 = b.add_int("u8", 1), b.add_int("unsigned int", 4), b.add_int("long unsigned int", 8)
    b.add_struct("twice", 4, [Member("a", u32, 0)])
    b.add_struct("twice", 8, [Member("a", u64, 0)])
    b.add_enum("twice", [("A", 1)])
    b.add_enum("other", [("A", 2), ("B", -1)])
    b.add_enum64("wide", [("HUGE", 1 << 63), ("ONE", 1)])
    b.add_enum("small", [("TINY", 1)], 1)
    b.add_struct("packed", 5, [Member("a", u8, 0), Member("b", u32, 8)])
    b.add_struct("gaps", 64, [Member("a", u8, 0), Member("b", u64, 128), Member("c", u32, 200, 3), Member("d", u8, 240)])
    b.add_union("large", 64, [Member("a", u32, 0)])
    b.add_struct("tail", 8, [Member("n", u32, 0), Member("rest", b.add_array(u8, 0), 32)])
    b.add_struct("holder", 8, [Member("f", b.add_ptr(b.add_func_proto(u32, [("", b.add_ptr(b.add_fwd("gone"))), ("", 0)])), 0)])
    text = dump_c(Btf(b.encode()))
    for wanted in (
        "struct twice___2 {", "enum twice___3 {", "\tA___2 = 2,", "HUGE = 9223372036854775808ULL", "mode(QI)",
        "__attribute__((packed))", "union large {", "aligned(64)", "unsigned char rest[0];", "(*f)(struct gone *, ...)",
    ):  # fmt: skip
        assert wanted in text, text
    sizes = {
        "struct twice": 4, "struct twice___2": 8, "struct packed": 5, "struct gaps": 64, "union large": 64,
        "struct tail": 8, "enum small": 1, "enum wide": 8,
    }  # fmt: skip
    clang(text + "".join(f'_Static_assert(sizeof({n}) == {s}, "{n}");\n' for n, s in sizes.items()), tmp_path)


@pytest.mark.parametrize("kind", ["struct", "typedef"])
def test_what_contains_itself_is_refused(kind):
    b = BtfBuilder()
    own = b.reserve()
    if kind == "struct":
        b.add_struct("own", 8, [Member("own", own, 0)], id=own)
    else:
        b._add(8, "own", own, id=own)  # a typedef of itself
    with pytest.raises(BtfError, match=r"contains itself|made of itself"):
        dump_c(Btf(b.encode()))


NUMBERS = [("char", 1, BTF_INT_SIGNED), ("unsigned short", 2, 0), ("int", 4, BTF_INT_SIGNED), ("unsigned long", 8, 0)]


@st.composite
def structs(draw):
    """Random layouts, as compilers may make them: gaps, bit fields, packed, nested."""
    b = BtfBuilder()
    ints = [(b.add_int(*row), row[1]) for row in NUMBERS]
    known = [(id, size, size) for id, size in ints] + [(b.add_ptr(0), 8, 8)]
    for number in range(draw(st.integers(1, 4))):
        is_packed, members, at, most = draw(st.booleans()), [], 0, 1
        for i in range(draw(st.integers(1, 6))):
            if draw(st.integers(0, 2)) == 0:
                id, size = draw(st.sampled_from(ints))
                bits = draw(st.integers(1, 8 * size))
                at += draw(st.sampled_from([0, 0, 1, 5, 64]))
                if at // (8 * size) != (at + bits - 1) // (8 * size):
                    at = -(-at // (8 * size)) * 8 * size
                members.append(Member(f"m{i}", id, at, bits))
                at, most = at + bits, max(most, 1 if is_packed else size)
                continue
            id, size, align = draw(st.sampled_from(known))
            align = 1 if is_packed else align
            if draw(st.booleans()):
                count = draw(st.integers(1, 3))
                id, size = b.add_array(id, count), size * count
            at = (-(-at // (8 * align)) + draw(st.sampled_from([0, 0, 0, 1, 9]))) * 8 * align
            members.append(Member(f"m{i}", id, at))
            at, most = at + 8 * size, max(most, align)
        size = -(-at // (8 * most)) * most + draw(st.sampled_from([0, 0, most, 8 * most]))
        id = b.add_struct(f"s{number}", size, members)
        known.append((id, size, most))
    return b


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(structs(), min_size=30, max_size=30))
def test_clang_gives_back_the_same_types(tmp_path_factory, builders):
    folder = tmp_path_factory.mktemp("dump")
    texts, wanted = [], {}
    for number, b in enumerate(builders):
        btf = Btf(b.encode())
        text = dump_c(btf)
        text = text[text.index("apply_to") : text.rindex("\n#ifndef BPF_NO")].partition("#endif\n")[2]
        for s in range(4):
            text = text.replace(f"struct s{s} ", f"struct x{number}_s{s} ").replace(f"struct s{s};", f"struct x{number}_s{s};")
        texts.append(text)
        for type in btf.types(BTF_KIND_STRUCT):
            wanted[f"x{number}_{type.name}"] = shape(type)
    variables = "".join(f"struct {name} v_{name};\n" for name in wanted)
    data = clang("\n".join(texts) + variables, folder)
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "kernel"))
    from core_objects import sections

    found = Btf(dict(sections(data))[".BTF"])
    assert {name: shape(found.by_name(name, BTF_KIND_STRUCT)) for name in wanted} == wanted


def shape(type):
    return type.size_bytes, [(m.name, m.bit_off, m.bitfield_size, type.btf.sizeof(m.type_id)) for m in type.members]


def test_functions_for_programs_are_declared(tmp_path):
    btf = BtfBuilder()
    number = btf.add_int("int", 4, BTF_INT_SIGNED)
    task = btf.add_struct("task", 4, [Member("pid", number, 0)])
    proto = btf.add_func_proto(number, [("p", btf.add_ptr(task)), ("flags__k", number)])
    for name in ("take", "hidden", "number"):
        function = btf.add_func(name, proto)
        if name != "hidden":
            btf.add_decl_tag("bpf_kfunc", function)
    btf.add_typedef("number", number)
    header = dump_c(Btf(btf.encode()))
    assert "extern int take(struct task *p, int flags__k) __attribute__((weak)) __ksym;" in header
    assert "hidden" not in header and "int number(" not in header
    used = 'int f(struct task *t) { return take ? take(t, 1) : 0; }\n'
    again = "int take(struct task *p, int flags__k) __attribute__((section(\".ksyms\")));\n"
    assert b".ksyms" in clang(f"{header}\n{again}{used}", tmp_path)
    clang(f"#define BPF_NO_KFUNC_PROTOTYPES\n{header}\nlong take(void);\n", tmp_path)
    assert "take" not in dump_c(Btf(btf.encode()), [task])

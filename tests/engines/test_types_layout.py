"""Where fields lie and how values become bytes: ctypes and C compilers say it, too."""

import ctypes
import os
import subprocess
import sys

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from layouts import PRELUDE, Colour, declaration, definition, inner, make, structs

import ebee
from ebee import Bits, u8, u16, u32, u64
from ebee.api.source import remember_source
from ebee.btf.build import BtfBuilder
from ebee.btf.read import Btf
from ebee.sys import bpf
from ebee.types.scalars import IntType, NumType
from ebee.types.structs import StructType

metaclass = type
CTYPES = {(n, s): getattr(ctypes, f"c_{'' if s else 'u'}int{8 * n}") for n in (1, 2, 4, 8) for s in (0, 1)}


def as_ctypes(type):
    """The type for ctypes: an oracle that is always there, without bit fields."""
    if isinstance(type, StructType):
        base = ctypes.Union if type.is_union else ctypes.Structure
        fields = [(f.name, as_ctypes(f.type)) for f in type.fields.values()]
        options = {"_pack_": 1} if type.packed else {}
        return metaclass(type.name, (base,), {**options, "_fields_": fields})
    if hasattr(type, "element"):
        return as_ctypes(type.element) * type.count
    if isinstance(type, NumType):
        return CTYPES[type.size, int(type.signed)]
    return ctypes.c_ubyte * type.size


def is_aligned(cls):
    return cls.c_align > 1 or any(is_aligned(t.cls) for t in inner(cls._type))


def has_packed_union(cls):
    return cls._type.is_union and cls._type.packed or any(has_packed_union(t.cls) for t in inner(cls._type))


def has_packed_bits(cls):
    """Return whether bit fields stand where C would not put them, in a struct that nothing else shows to be packed."""
    here = cls._type.packed and any(hasattr(f.type, "placed") for f in cls._type.fields.values())
    return here or any(has_packed_bits(t.cls) for t in inner(cls._type))


@given(structs(bits=False))
def test_layout_is_that_of_ctypes(cls):
    if is_aligned(cls):
        cls = make("Plain", [u16, u64, u8])
    oracle = as_ctypes(cls._type)
    assert ctypes.sizeof(oracle) == cls._type.size
    assert ctypes.alignment(oracle) == cls._type.align
    for f in cls._type.fields.values():
        assert getattr(oracle, f.name).offset == f.off_bytes


@pytest.mark.needs_tool("cc")
@settings(max_examples=8)
@given(st.lists(structs(), min_size=12, max_size=12))
def test_layout_is_that_of_the_c_compiler(tmp_path_factory, batch):
    """Each member in turn is filled with ones; the bytes that C makes are the bytes that ebee makes."""
    body, heads, expected = [], [], []
    for i, cls in enumerate(batch):
        heads.append(renamed(cls, i))
        word = "union" if cls._type.is_union else "struct"
        body.append(f'{{ {word} n{i}_T v; printf("%zu %zu\\n", sizeof v, (size_t)_Alignof(v));')
        expected.append(f"{cls._type.size} {cls._type.align}")
        for f in cls._type.fields.values():
            if isinstance(f.type, NumType):
                ones = 1 if f.type.hi == 1 else -1
                body.append(f"memset(&v, 0, sizeof v); v.{f.name} = {ones}; show(&v, sizeof v);")
                out = (ones & (1 << f.type.bits) - 1) << 8 * f.off_bytes + f.type.shift
                expected.append(out.to_bytes(cls._type.size, "little").hex())
            else:
                body.append(f"memset(&v, 0, sizeof v); memset(&v.{f.name}, 255, sizeof v.{f.name}); show(&v, sizeof v);")
                out = ((1 << 8 * f.type.size) - 1) << 8 * f.off_bytes
                expected.append(out.to_bytes(cls._type.size, "little").hex())
        body.append("}")
    directory = tmp_path_factory.mktemp("layout")
    source = directory / "layout.c"
    source.write_text(
        "#include <stdio.h>\n#include <string.h>\n" + PRELUDE + "\n".join(heads) +
        "static void show(void *p, size_t n) { for (size_t i = 0; i < n; i++) printf(\"%02x\", ((u8 *)p)[i]);"
        ' puts(""); }\nint main(void) {\n' + "\n".join(body) + "\nreturn 0; }\n"
    )  # fmt: skip
    subprocess.run(["cc", "-w", "-O0", "-o", directory / "layout", source], check=True)
    out = subprocess.run([directory / "layout"], capture_output=True, text=True, check=True).stdout
    assert out.splitlines() == expected


def renamed(cls, i):
    """The C text with the names of structs made unique."""
    return definition(cls).replace("struct ", f"struct n{i}_").replace("union ", f"union n{i}_").replace(
        f"n{i}___attribute__", "__attribute__").replace(")) ", f")) n{i}_")  # fmt: skip


def same_types(a, b, seen=None):
    """Whether two BTF types say the same layout, their integers' names aside."""
    a, b = a.btf.resolve(a.id), b.btf.resolve(b.id)
    assert a.kind_name.replace("enum64", "enum") == b.kind_name.replace("enum64", "enum")
    if a.kind_name == "array":
        assert a.array[2] == b.array[2]
        same_types(a.btf.by_id(a.array[0]), b.btf.by_id(b.array[0]))
        return
    assert a.size_bytes == b.size_bytes
    if a.kind_name in ("struct", "union"):
        assert [(m.name, m.bit_off, m.bitfield_size) for m in a.members] == [
            (m.name, m.bit_off, m.bitfield_size) for m in b.members
        ]
        for m, n in zip(a.members, b.members):
            same_types(a.btf.by_id(m.type_id), b.btf.by_id(n.type_id))
    elif a.kind_name == "enum":
        assert a.values == b.values
    elif a.kind_name == "int" and a.name != "char":  # whose sign is the machine's
        assert a.int_encoding[0] & 5 == b.int_encoding[0] & 5


@settings(max_examples=6)
@given(st.lists(structs(), min_size=12, max_size=12))
def test_btf_is_that_of_clang(tmp_path_factory, batch):
    pytest.importorskip("ziglang", reason="clang is in the package ziglang")
    from elftools.elf.elffile import ELFFile

    directory = tmp_path_factory.mktemp("btf")
    source, result = directory / "layout.c", directory / "layout.o"
    text = [PRELUDE]
    for i, cls in enumerate(batch):
        text.append(f"{renamed(cls, i)}{'union' if cls._type.is_union else 'struct'} n{i}_T v{i};")
    source.write_text("\n".join(text))
    argv = [sys.executable, "-m", "ziglang", "cc", "-target", "bpfel-freestanding", "-mcpu=v3", "-g", "-w", "-O2", "-c"]
    subprocess.run([*argv, source, "-o", result], check=True, cwd=directory)
    with open(result, "rb") as file:
        theirs = Btf(ELFFile(file).get_section_by_name(".BTF").data())
    for i, cls in enumerate(batch):
        builder = BtfBuilder()
        id = cls._type.btf_id(builder)
        same_types(Btf(builder.encode()).by_id(id), theirs.by_name(f"n{i}_T"))


@st.composite
def values(draw, type):
    """A Python value that fits a type."""
    if isinstance(type, StructType):
        names = list(type.fields)
        if type.is_union:
            names = [draw(st.sampled_from(names))]
        return type.cls(**{n: draw(values(type.fields[n].type)) for n in names})
    if hasattr(type, "element"):
        return [draw(values(type.element)) for _ in range(type.count)]
    if isinstance(type, NumType):
        number = draw(st.integers(type.lo, type.hi))
        return bool(number) if type.name == "bool" else number
    if type.name.startswith("Str("):
        return draw(st.text("abc", max_size=type.size - 1))
    return draw(st.binary(min_size=type.size, max_size=type.size))


@given(st.data(), structs())
def test_values_survive_the_way_to_bytes_and_back(data, cls):
    value = data.draw(values(cls._type))
    raw = cls._type.pack(value)
    assert len(raw) == cls._type.size
    back = cls._type.unpack(raw)
    assert back == value and hash(back) == hash(value)
    assert cls._type.pack(back) == raw
    for f in cls._type.fields.values():
        if type(f.type) is IntType and not cls._type.is_union:
            order = int.from_bytes(raw[f.off_bytes : f.off_bytes + f.type.size], "little", signed=f.type.signed)
            assert order == getattr(value, f.name)
    assert cls._type.unpack(bytes(cls._type.size)) == cls()


@given(structs())
def test_the_kernels_rules_for_btf_hold(cls):
    builder = BtfBuilder()
    btf = Btf((cls._type.btf_id(builder), builder.encode())[1])
    type = btf.by_name("T")
    assert btf.sizeof(type.id) == cls._type.size
    for m in type.members:
        assert declaration(cls._type.fields[m.name].type, m.name)
        bits = m.bitfield_size or 8 * btf.sizeof(m.type_id)
        assert m.bit_off + bits <= 8 * type.size_bytes
        assert type.kind_flag or m.bit_off % 8 == 0


@pytest.mark.needs_kernel
@settings(max_examples=15)
@given(structs())
def test_the_kernel_takes_the_btf(cls):
    builder = BtfBuilder()
    cls._type.btf_id(builder)
    fd = bpf.btf_load(builder.encode())
    os.close(fd)


def test_numpy_reads_the_same_values():
    numpy = pytest.importorskip("numpy")
    inner = make("Inner", [ebee.be16, ebee.s64])
    cls = make("Outer", [u8, inner, ebee.List(u16, 3), ebee.Str(4), Colour, bool, ebee.Bytes(3)])
    value = cls(m0=7, m1=inner(m0=0x1234, m1=-5), m2=[1, 2, 3], m3="abc", m4=Colour.BLUE, m5=True, m6=b"\1\2\3")
    (row,) = numpy.frombuffer(cls._type.pack(value), numpy.dtype(cls._type.numpy_format()))
    assert (row["m0"], row["m1"]["m0"], row["m1"]["m1"]) == (7, 0x1234, -5)
    assert list(row["m2"]) == [1, 2, 3] and row["m3"] == b"abc" and row["m4"] == 6 and row["m5"]
    assert row["m6"].tobytes() == b"\1\2\3"
    with pytest.raises(TypeError, match="has no numpy format"):
        make("B", [Bits(u32, 3)])._type.numpy_format()


@pytest.mark.needs_tool("bpftool", "cc")
@settings(max_examples=8)
@given(structs())
def test_bpftool_prints_the_layout_that_c_compilers_take(tmp_path_factory, cls):
    """An object's types, printed as C by bpftool and compiled: every size and offset is that of the class."""
    assume(not is_aligned(cls))  # which BTF does not say
    assume(not has_packed_union(cls))  # which bpftool prints as an ordinary one
    assume(not has_packed_bits(cls))  # which it prints so, too, where no plain member tells
    directory = tmp_path_factory.mktemp("dump")
    module = sys.modules["layout_probe"] = type(sys)("layout_probe")
    text = (
        "import ebee\nfrom ebee import Hash, u32\n\n"
        "@ebee.tracepoint('syscalls:sys_enter_mmap')\ndef probe(ctx):\n    entries[1] = T()\n"
    )
    remember_source("<layout probe>", text)
    module.__dict__.update(T=cls, entries=ebee.Hash(u32, cls))
    exec(compile(text, "<layout probe>", "exec"), module.__dict__)
    ebee.compile(module.probe).save(str(directory / "probe.bpf.o"))
    argv = ["bpftool", "btf", "dump", "file", directory / "probe.bpf.o", "format", "c"]
    dump = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    word = "union" if cls._type.is_union else "struct"
    asserts = [f"_Static_assert(sizeof({word} T) == {cls._type.size}, \"T\");"]
    asserts += [
        f'_Static_assert(__builtin_offsetof({word} T, {f.name}) == {f.off_bytes}, "{f.name}");'
        for f in cls._type.fields.values()
        if not hasattr(f.type, "placed")
    ]
    (directory / "dump.c").write_text(dump + "\n".join(asserts) + "\n")
    done = subprocess.run(["cc", "-w", "-c", "dump.c", "-o", "dump.o"], cwd=directory, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stderr}\n{dump}"

"""Objects of clang that look up arguments of marks (USDT) in tables that the loader fills, as libbpf's usdt.bpf.h has them."""

from __future__ import annotations

import platform

import pytest
import tiny_elf

import ebee
from clang_objects import compiled
from ebee.btf.read import Btf
from ebee.errors import FormatError, NotSupported, UsageError
from ebee.kernel.usdt_specs import SPECS_MAP, SpecLayout
from ebee.spec.usdt import parse_arguments

X86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="the program that is probed is for x86-64")
LIVE = (pytest.mark.needs_kernel, pytest.mark.needs_feature("uprobe"), X86)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_elf.write(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def obj():
    with ebee.read(compiled("marks", "-DROOM=8")) as made:
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
    ways = obj.programs["on_mark"], obj.programs["on_mark_asleep"]
    with ways[0].attach(f"{tiny}:tiny:step", cookie=1), ways[1].attach(f"{tiny}:tiny:step", cookie=2):
        run(tiny)
        seen = obj.maps["events"].drain()
    assert sorted((e.cookie, e.entry) for e in seen) == [(1, 0), (1, 1), (2, 2), (2, 3)]


@pytest.mark.needs_kernel
@X86
def test_what_does_not_fit_is_refused(tiny):
    with ebee.load(compiled("marks", "-DROOM=1")) as obj:
        with pytest.raises(UsageError, match="no room for 2 more kinds") as e:
            obj.programs["on_mark"].attach(f"{tiny}:tiny:step")
        assert "max_entries" in e.value.hint
        with pytest.raises(NotSupported, match="argument 0 of this mark: it is a floating-point number"):
            obj.programs["on_mark"].attach(f"{tiny}:tiny:floats")
    with ebee.load(compiled("marks", "-DROOM=8", "-DOLD")) as obj:
        with pytest.raises(NotSupported, match="argument 3 of this mark: its address has two registers"):
            obj.programs["on_mark"].attach(f"{tiny}:tiny:step")
        if has_uprobes():
            with obj.programs["on_mark"].attach(f"{tiny}:tiny:guarded"):
                run(tiny)
                (seen,) = obj.maps["events"].drain()
                assert (seen.args[0], seen.count) == (tiny_elf.PROGRESS, 1)


def has_uprobes():
    from ebee.kernel.uprobes import has_uprobe_multi

    return has_uprobe_multi()


def layout(*flags):
    spec = ebee.read(compiled("marks", "-DROOM=8", *flags)).spec
    return SpecLayout(Btf(spec.btf), spec.maps[SPECS_MAP])


@pytest.mark.parametrize(("flags", "bytes_"), [((), 24), (("-DOLD",), 16)])
def test_entries_are_as_programs_read_them(flags, bytes_):
    made = layout(*flags)
    args = parse_arguments("-4@%edi 8@$-1 2@-6(%rbp)", "x86_64")
    spec = made.encode(args, 5)
    assert len(spec) == made.size_bytes == 12 * bytes_ + 16 and made.arg_bits == 8 * bytes_
    assert spec[-16:] == (5).to_bytes(8, "little") + b"\x03\0" + bytes(6)
    tail = slice(12, 16) if bytes_ == 16 else slice(14, 18)
    rows = [spec[n : n + bytes_] for n in range(0, 3 * bytes_, bytes_)]
    assert [row[:8].hex() for row in rows] == ["00" * 8, "ff" * 8, "fa" + "ff" * 7]
    assert [row[8] for row in rows] == [1, 0, 2]
    assert [row[tail].hex() for row in rows] == ["70000120", "00000000", "20000030"]
    assert not any(spec[3 * bytes_ : -16])


def test_what_a_table_cannot_say():
    with pytest.raises(NotSupported, match="13 arguments"):
        layout().encode(parse_arguments("8@%rax " * 13, "x86_64"), 0)
    with pytest.raises(NotSupported, match="no register"):
        layout().encode(parse_arguments("8@8(,%rax,2)", "x86_64"), 0)
    spec = ebee.read(compiled("marks", "-DROOM=8")).spec
    spec.maps[SPECS_MAP].value_type_id = 0
    with pytest.raises(FormatError, match="another layout"):
        SpecLayout(Btf(spec.btf), spec.maps[SPECS_MAP])

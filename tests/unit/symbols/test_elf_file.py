"""Programs and libraries are read, damaged ones refused in words."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ebee.errors import EbeeError, FormatError, SyscallError, UnknownProbe
from ebee.symbols.binaries import find_binary
from ebee.symbols.elf_file import ElfFile, open_elf
from ebee.symbols.functions import find_functions, find_offset
from ebee.symbols.usdt import find_marks, mark_names

sys.path.insert(0, str(Path(__file__).parents[2] / "kernel"))
import tiny_elf

DATA = tiny_elf.build()


def test_functions_and_where_they_lie(tmp_path):
    path = tiny_elf.write(tmp_path)
    elf, (_, marks, functions) = open_elf(path), tiny_elf.code()
    assert {str(f) for f in elf.functions()} == {"start", "work", "work_too", "chosen", "old@V1", "old@@V2"}
    assert find_offset(path, "work") == 0x1000 + functions["work"] == find_offset(path, hex(0x1000 + functions["work"]))
    assert find_offset(path, "work+2") == 0x1002 + functions["work"]
    assert (find_offset(path, "old"), find_offset(path, "old@V1"), find_offset(path, "old@@V2")) == (0x1000, 0x1005, 0x1000)
    names = dict(find_functions(path, "*"))
    assert names["work"] == 0x1000 + functions["work"] and "work_too" not in names and "chosen" not in names
    assert [site.off for site in find_marks(path, "tiny", "step")] == [0x1000 + at for at in marks[:2]]
    assert [site.counter_off for site in find_marks(path, "tiny", "guarded")] == [0x2000]
    assert elf.file_offset(tiny_elf.DATA) == 0x2000 and elf.file_offset(tiny_elf.DATA, is_code=True) is None


def test_files_that_are_no_programs(tmp_path):
    with pytest.raises(FormatError, match="is no ELF file"):
        ElfFile(b"#!/bin/sh", "x")
    with pytest.raises(FormatError, match="another kind"):
        ElfFile(b"\x7fELF\x02\x02" + bytes(60), "x")
    with pytest.raises(SyscallError, match=r"open .*nothing"):
        open_elf(str(tmp_path / "nothing"))
    with pytest.raises(UnknownProbe):
        find_binary(str(tmp_path / "nothing"))


@given(st.lists(st.tuples(st.integers(0, len(DATA) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_damaged_files_give_an_error_or_functions(changes):
    data = bytearray(DATA)
    for at, byte in changes:
        data[at if at > 0x200 or at % 3 else len(data) - 1 - at % 0x600] = byte
    try:
        elf = ElfFile(bytes(data), "x")
        for function in elf.functions():
            elf.file_offset(function.addr, is_code=True)
    except EbeeError:
        pass


@given(st.integers(0, len(DATA)))
def test_files_that_are_cut_off(end):
    try:
        ElfFile(DATA[:end], "x").functions()
    except EbeeError:
        pass


def test_marks_of_a_file_without_any(tmp_path):
    path = tmp_path / "none"
    path.write_bytes(DATA.replace(b".note.stapsdt\0", b".note.nothing\0"))
    assert mark_names(str(path)) == []
    with pytest.raises(UnknownProbe) as e:
        find_marks(str(path), "tiny", "step")
    assert "no marks at all" in e.value.hint


@pytest.mark.skipif(not Path("/etc/ld.so.cache").exists(), reason="this system has no cache of libraries")
def test_libraries_by_name():
    found = {find_binary(name) for name in ("libc", "c", "libc.so.6")}
    assert len(found) == 1 and Path(found.pop()).name == "libc.so.6"
    assert "malloc" in dict(find_functions(find_binary("libc"), "mallo?"))
    with pytest.raises(UnknownProbe, match="no-such-thing"):
        find_binary("no-such-thing")


def test_libraries_are_found_without_the_linkers_cache(monkeypatch, tmp_path):
    import ebee.symbols.binaries as binaries

    monkeypatch.setattr(binaries, "_CACHE", str(tmp_path / "none"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "malloc" in dict(find_functions(find_binary("libc"), "mallo?"))

"""Damaged programs, debug information and lists: every answer is a FormatError or a name, soon and in little memory."""

from __future__ import annotations

import contextlib
import functools
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ebee.errors import FormatError
from ebee.symbols.binary import Binary
from ebee.symbols.debug_files import packed_symbols
from ebee.symbols.dwarf_units import Dwarf
from ebee.symbols.elf_file import ElfFile
from ebee.symbols.kernel import KernelTable
from ebee.symbols.process import JitMap, parse_maps
from ebee.symbols.tables import table_of

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit" / "symbols"))
import built_programs as built

MOST_SECONDS = 5


@functools.cache
def good(way: str) -> tuple[bytes, tuple[int, ...], dict[str, tuple[int, int]]]:
    """Return a library, addresses of its functions, and where its sections are."""
    data = built.with_packed_symbols() if way == "packed" else Path(built.build(way)).read_bytes()
    elf = ElfFile(data, "x")
    whole = ElfFile(Path(built.build("dwarf5")).read_bytes(), "x")
    addresses = tuple(sorted(f.addr + n for f in whole.functions() for n in (0, 9)))
    return data, addresses, {s.name: (s.off, s.size) for s in elf.sections if s.size}


def read(data: bytes, addresses: tuple[int, ...]) -> None:
    began = time.monotonic()
    with contextlib.suppress(FormatError):
        elf = ElfFile(data, "x")
        for ask in (elf.build_id, elf.functions, lambda: packed_symbols(elf), lambda: table_of(elf)):
            with contextlib.suppress(FormatError):
                ask()
        with contextlib.suppress(FormatError):
            dwarf = Dwarf(elf)
            for address in addresses:
                for ask in (dwarf.line_of, dwarf.inlined_at):
                    with contextlib.suppress(FormatError):
                        ask(address)
        told: list[str] = []
        binary = Binary(elf, "/x", "", told.append)
        for address in addresses:  # never an error: what is damaged is left out, and told once
            binary.function(address), binary.line(address), binary.inlined(address)
        assert len(told) == len(set(told))
    assert time.monotonic() - began < MOST_SECONDS


PARTS = [
    *((way, name) for way in ("dwarf5", "dwarf4", "dwarf64") for name in (".debug_info", ".debug_abbrev", ".debug_line")),
    *(("dwarf5", name) for name in (".debug_addr", ".debug_str_offsets", ".debug_line_str", ".symtab", ".dynsym")),
    ("sections", ".debug_rnglists"), ("sections4", ".debug_ranges"), ("packed", ".gnu_debugdata"),
    ("compressed", ".debug_info"),
]  # fmt: skip

places = st.integers(0, 1 << 20)
values = st.integers(0, 255) | st.sampled_from([0x7F, 0x80, 0xFF])


@pytest.mark.parametrize("way, name", PARTS)
@given(st.lists(st.tuples(places, values), min_size=1, max_size=5))
def test_changed_bytes_of_a_section(way, name, changes):
    data, addresses, sections = good(way)
    off, size = sections[name]
    data = bytearray(data)
    for at, value in changes:
        data[off + at % size] = value
    read(bytes(data), addresses)


@given(st.lists(st.tuples(places, values), min_size=1, max_size=4))
def test_changed_headers(changes):
    data, addresses, _ = good("dwarf5")
    data = bytearray(data)
    table = int.from_bytes(data[40:48], "little")
    for at, value in changes:
        at = at % (len(data) - table + 0x300)
        data[at if at < 0x300 else table + at - 0x300] = value
    read(bytes(data), addresses)


@functools.cache
def apart(kind: str) -> tuple[bytes, str, bytes, tuple[int, ...]]:
    """Return a library, the path of the file that its debug information refers to, that file, and addresses."""
    addresses = good("dwarf5")[1]
    if kind == "shared":
        whole = Path(built.build("dwarf4")).read_bytes()
        path = str(Path(built.build("dwarf4")).parent / "shared.fuzz")
        return built.sharing_names(whole, path, bytes.fromhex(built.BUILD_ID[2:])), path, whole, addresses
    library = Path(built.build_split(int(kind)))
    data = library.read_bytes()
    folder = str(library.parent).encode()
    path = str(library.parent / "fuzz" / "library.dwo")
    Path(path).parent.mkdir()
    return data.replace(folder, b"/" + b"x" * (len(folder) - 1)), path, library.with_name("library.dwo").read_bytes(), addresses


@pytest.mark.parametrize("kind", ["4", "5", "shared"])
@given(st.lists(st.tuples(places, values), max_size=6), st.booleans())
def test_damaged_files_that_debug_information_is_in(kind, changes, is_index):
    data, path, other, addresses = apart(kind)
    changed = bytearray(other)
    if is_index:  # the sections as a package would have them
        index = bytearray(b"\x05\0\0\0\3\0\0\0\1\0\0\0\2\0\0\0" + bytes(64))
        for at, value in changes:
            index[at % len(index)] = value
        changed = bytearray(built.with_section(other, ".debug_cu_index", bytes(index)))
    for at, value in changes:
        changed[0x40 + at % (len(other) - 0x40)] = value
    Path(path).write_bytes(changed)
    told: list[str] = []
    began = time.monotonic()
    binary = Binary(ElfFile(data, f"{Path(path).parent}/x.so"), "/x", "", told.append)
    for address in addresses:
        binary.inlined(address), binary.line(address)
    assert time.monotonic() - began < MOST_SECONDS


@given(st.lists(st.tuples(places, values), min_size=1, max_size=5))
def test_changed_entries_that_call_others(changes):
    data = bytearray(Path(built.build_calls("x86_64-linux-gnu")).read_bytes())
    sections = [s for s in ElfFile(bytes(data), "x").sections if s.name.startswith((".plt", ".rela", ".dyn"))]
    for at, value in changes:
        section = sections[at % len(sections)]
        data[section.off + at // 8 % section.size] = value
    with contextlib.suppress(FormatError):
        table_of(ElfFile(bytes(data), "x"))


@given(places, st.binary(max_size=16))
def test_cut_and_extended(at, tail):
    data, addresses, _ = good("dwarf5")
    read(data[: at % len(data)] + tail, addresses)


def test_lists_of_files_without_end():
    """A line table that says it has 2**63 files of no bytes each."""
    data, addresses, sections = good("dwarf5")
    off, size = sections[".debug_line"]
    for at in range(size):
        changed = bytearray(data)
        changed[off + at : off + at + 10] = b"\xff" * 9 + b"\x01"
        read(bytes(changed), addresses[:2])
        changed[off + at] = 0
        read(bytes(changed), addresses[:2])


def test_sections_that_say_they_are_huge():
    data, addresses, _ = good("compressed")
    table, entries = int.from_bytes(data[40:48], "little"), int.from_bytes(data[60:62], "little")
    sections = ElfFile(data, "x").sections
    for number in range(entries):
        changed = bytearray(data)
        changed[table + 64 * number + 32 : table + 64 * number + 40] = (1 << 62).to_bytes(8, "little")
        read(bytes(changed), addresses[:2])
        changed = bytearray(data)
        off = sections[number].off
        changed[off + 8 : off + 16] = (1 << 40).to_bytes(8, "little")  # where compressed ones have their size
        read(bytes(changed), addresses[:2])


@given(st.binary(max_size=300) | st.lists(st.sampled_from([b"ffffffff81000000", b" ", b"T", b"\t[m]", b"\n", b"name", b"0"])).map(b"".join))
def test_lists_of_addresses(text):
    table = KernelTable(text)
    table.names()
    for address in (0, 1, 0xFFFFFFFF81000000, (1 << 64) - 1):
        table.find(address)
        JitMap(text).table.find(address)
    parse_maps(text)

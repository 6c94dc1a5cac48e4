"""Addresses to functions, files and lines: what clang makes in several ways, beside addr2line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import built_programs as built
import pytest

import ebee
from ebee.symbols import debug_files
from ebee.symbols.elf_file import open_elf
from ebee.symbols.functions import find_functions, find_offset
from ebee.symbols.names import Symbols
from ebee.symbols.plt import plt_entries
from ebee.symbols.usdt import mark_names

WAYS = ["dwarf5", "dwarf4", "dwarf64", "sections", "sections4", "compressed", "bits32", "bits32_4"]


def functions(path):
    return {f.name: f.addr for f in open_elf(path, any_width=True).functions()}


def lines_in(path, name):
    """What each byte of a function is named: frames, innermost first."""
    symbols = Symbols()
    elf, start = open_elf(path, any_width=True), functions(path)[name]
    found = []
    for address in range(start, start + 0x60):
        key = symbols._key_of(path)
        symbols.file(path, start)
        frames = symbols._place(symbols._binaries[key], address, address, False, path)
        if frames[-1].function != name:
            break
        found.append(frames)
    assert elf.path == path and not symbols.notes, symbols.notes
    return found


@pytest.mark.parametrize("way", WAYS)
def test_lines_and_inlined_functions(way):
    path = built.build(way)
    at_leaf = lines_in(path, "leaf")
    lines = {frames[0].line for frames in at_leaf}
    assert at_leaf[0][0].line in (built.line_of("leaf begins"), built.line_of("leaf begins") - 1)
    assert built.line_of("leaf ends") in lines and all(len(frames) == 1 for frames in at_leaf)
    assert {os.path.basename(frames[0].file) for frames in at_leaf} == {"library.c"}
    assert at_leaf[0][0].offset_bytes == 0 and at_leaf[3][0].offset_bytes == 3
    chains = {tuple((f.function, f.is_inlined) for f in frames) for frames in lines_in(path, "hidden")}
    whole = (("twice", True), ("fourfold", True), ("hidden", False))
    assert whole in chains, chains
    called = next(f for f in lines_in(path, "hidden") if f[0].function == "twice")
    assert built.line_of("twice") <= called[0].line <= built.line_of("twice") + 1
    assert called[1].line == built.line_of("fourfold calls twice")
    assert called[2].line == built.line_of("hidden calls fourfold")


@pytest.mark.needs_tool("addr2line")
@pytest.mark.parametrize("way, kind", [(way, "shared") for way in WAYS] + [("dwarf5", "pie"), ("dwarf4", "static")])
def test_as_addr2line_has_it(way, kind):
    path = built.build(way, kind)
    names = functions(path)
    first, last = min(names.values()), max(names.values())
    symbols = Symbols()
    addresses = range(first, last + 3)
    argv = ["addr2line", "-fiae", path, *map(hex, addresses)]
    answer = subprocess.run(argv, capture_output=True, text=True, timeout=60).stdout
    compared = 0
    for address, theirs in zip(addresses, answer.split("\n0x")):
        rows = theirs.split("\n")[1:]
        wanted = [(n, place.split(" ")[0]) for n, place in zip(rows[::2], rows[1::2])]
        symbols.file(path, address)
        frames = symbols._place(symbols._binaries[symbols._key_of(path)], address, address, False, path)
        if wanted[0][0] == "??" or not frames[-1].function or wanted[0][1].endswith((":0", ":?")):
            continue
        ours = [(f.function, f"{f.file}:{f.line}") for f in frames]
        assert [(n, os.path.basename(place)) for n, place in ours] == [(n, os.path.basename(p)) for n, p in wanted]
        compared += 1
    assert compared > 60


def chains_in(path, name="hidden"):
    """Return what is inlined where in a function, and what was told."""
    symbols, start = Symbols(), functions(path)[name]
    symbols.file(path, start)
    binary = symbols._binaries[symbols._key_of(path)]
    found = [symbols._place(binary, a, a, False, path) for a in range(start, start + 0x60)]
    return {tuple((f.function, f.line) for f in frames) for frames in found if frames[-1].function == name}, symbols.notes


def expected_chain():
    lines = [built.line_of(words) for words in ("twice", "fourfold calls twice", "hidden calls fourfold")]
    return tuple(zip(("twice", "fourfold", "hidden"), lines))


@pytest.mark.parametrize("version", [4, 5])
def test_units_that_are_split_off(version, tmp_path):
    path = built.build_split(version)
    chains, notes = chains_in(path)
    assert expected_chain() in chains and notes == []
    alone = shutil.copy(path, tmp_path / "alone.so")
    shutil.copy(Path(path).parent / "library.dwo", tmp_path)
    data = Path(alone).read_bytes()
    folder = str(Path(path).parent).encode()
    Path(alone).write_bytes(data.replace(folder, b"/" + b"x" * (len(folder) - 1)))  # as after a move
    assert expected_chain() in chains_in(str(alone))[0]
    (tmp_path / "library.dwo").unlink()
    chains, notes = chains_in(str(alone))
    assert chains and {len(chain) for chain in chains} == {1} and any(chain[0][1] for chain in chains)
    assert len(notes) == 1 and "library.dwo" in notes[0]


@pytest.mark.parametrize("version", [4, 5])
def test_units_of_a_package(version, tmp_path):
    tool = shutil.which("llvm-dwp") or (shutil.which("dwp") if version == 4 else None)
    if tool is None:
        pytest.skip("not installed: llvm-dwp")
    path = built.build_split(version)
    alone = shutil.copy(path, tmp_path / "alone.so")
    data = Path(alone).read_bytes()
    folder = str(Path(path).parent).encode()
    subprocess.run([tool, str(Path(path).parent / "library.dwo"), "-o", str(tmp_path / "alone.so.dwp")], check=True, timeout=60)
    Path(alone).write_bytes(data.replace(folder, b"/" + b"x" * (len(folder) - 1)))
    chains, notes = chains_in(str(alone))
    assert expected_chain() in chains and notes == []


def test_a_split_file_of_another_version(tmp_path):
    path = built.build_split(5)
    alone = shutil.copy(path, tmp_path / "alone.so")
    folder = str(Path(path).parent).encode()
    data = Path(alone).read_bytes().replace(folder, b"/" + b"x" * (len(folder) - 1))
    Path(alone).write_bytes(data)
    other = Path(path).with_name("library.dwo").read_bytes()
    at = other.index(b"\x05\0\x05\x08")  # a unit of version 5 that was split off, and its number
    (tmp_path / "library.dwo").write_bytes(other[: at + 8] + bytes(8) + other[at + 16 :])
    chains, notes = chains_in(str(alone))
    assert {len(chain) for chain in chains} == {1} and len(notes) == 1


def test_debug_information_that_files_share(tmp_path):
    whole = Path(built.build("dwarf4")).read_bytes()
    build_id, other_id = bytes.fromhex(built.BUILD_ID[2:]), bytes(range(20))
    path, shared = tmp_path / "library.so", tmp_path / "dwz" / "shared.debug"
    shared.parent.mkdir()
    shared.write_bytes(whole.replace(build_id, other_id))
    path.write_bytes(built.sharing_names(whole, "dwz/shared.debug", other_id))
    chains, notes = chains_in(str(path))
    assert expected_chain() in chains and notes == []
    assert ebee.file_symbol(str(path), functions(path)["leaf"]).file == ebee.file_symbol(built.build("dwarf4"), functions(path)["leaf"]).file
    shared.write_bytes(whole)  # of another build
    chains, notes = chains_in(str(path))
    assert (("?", built.line_of("twice")), ("?", built.line_of("fourfold calls twice")), ("hidden", built.line_of("hidden calls fourfold"))) in chains
    assert len(notes) == 1 and "dwz/shared.debug, which is not there" in notes[0]


@pytest.mark.needs_tool("dwz")
def test_what_dwz_leaves(tmp_path):
    for name in ("one.so", "two.so"):
        shutil.copy(built.build("dwarf4"), tmp_path / name)
    subprocess.run(["dwz", "-m", "shared.debug", "-M", "shared.debug", "one.so", "two.so"], cwd=tmp_path, check=True, timeout=60)
    chains, notes = chains_in(str(tmp_path / "one.so"))
    assert expected_chain() in chains and notes == []


@pytest.mark.parametrize("target", ["x86_64-linux-gnu", "x86-linux-gnu", "aarch64-linux-gnu"])
def test_entries_that_call_functions_of_others(target):
    path = built.build_calls(target)
    elf = open_elf(path, any_width=True)
    entries = plt_entries(elf)
    assert {name for _, _, name in entries} >= {b"puts@plt", b"malloc@plt", b"free@plt"}
    assert len({start for start, _, _ in entries}) == len(entries)
    plt = next(s for s in elf.sections if s.name == ".plt")
    for start, size, name in entries:
        assert plt.addr <= start < start + size <= plt.addr + plt.size
        frame = ebee.file_symbol(path, start + size - 1)
        assert (frame.function, frame.offset_bytes) == (name.decode(), size - 1)
    assert ebee.file_symbol(path, functions(path)["own"]).function == "own"


@pytest.mark.needs_tool("objdump")
@pytest.mark.parametrize("target", ["x86_64-linux-gnu", "x86-linux-gnu"])
def test_entries_as_objdump_has_them(target):
    path = built.build_calls(target)
    text = subprocess.run(["objdump", "-d", "-j", ".plt", path], capture_output=True, text=True, timeout=60).stdout
    theirs = {int(row.split()[0], 16): row.split("<")[1].rstrip(">:") for row in text.splitlines() if row.endswith("@plt>:")}
    entries = plt_entries(open_elf(path, any_width=True))
    assert theirs and theirs == {start: name.decode() for start, _, name in entries}


def test_programs_of_32_bits_are_not_probed():
    path = built.build("bits32")
    assert ebee.file_symbol(path, functions(path)["leaf"] + 1).function == "leaf"
    for ask in (lambda: find_offset(path, "leaf"), lambda: find_functions(path, "*"), lambda: mark_names(path)):
        with pytest.raises(ebee.FormatError, match="a program of 32 bits"):
            ask()


def zstd_or_skip():
    return pytest.importorskip("backports.zstd" if sys.version_info < (3, 14) else "compression.zstd")


def test_debug_information_that_is_compressed_with_zstd(tmp_path):
    path = tmp_path / "zstd.so"
    path.write_bytes(built.compressed(Path(built.build("dwarf5")).read_bytes(), 2, zstd_or_skip().compress))
    assert answer(path) == (("hidden", True), [])
    path.write_bytes(built.compressed(Path(built.build("dwarf5")).read_bytes(), 2, lambda data: b"\x28\xb5\x2f\xfd" + data))
    found, notes = answer(path)
    assert found == ("hidden", False) and len(notes) == 1 and "is damaged" in notes[0]


def test_zstd_that_this_python_does_not_read(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "backports.zstd", None)
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    monkeypatch.setitem(sys.modules, "backports", None)
    monkeypatch.setitem(sys.modules, "compression", None)
    path = tmp_path / "zstd.so"
    path.write_bytes(built.compressed(Path(built.build("dwarf5")).read_bytes(), 2, bytes))
    found, notes = answer(path)
    assert found == ("hidden", False) and len(notes) == 1
    assert "compressed with zstd" in notes[0] and "pip install 'ebee[zstd]'" in notes[0]


def test_a_compression_that_is_not_known(tmp_path):
    path = tmp_path / "other.so"
    path.write_bytes(built.compressed(Path(built.build("dwarf5")).read_bytes(), 7, bytes))
    assert "in a way that is not known: number 7" in answer(path)[1][0]


def test_a_single_place_of_a_file():
    path = built.build("dwarf5")
    outer = functions(path)["outer"]
    frame = ebee.file_symbol(path, outer)
    assert (frame.function, frame.offset_bytes, frame.module, frame.address) == ("outer", 0, path, outer)
    assert frame.file.endswith("library.c") and str(frame).startswith("outer at /")
    with pytest.raises(ebee.FormatError, match="no ELF"):
        ebee.file_symbol(__file__, 1)
    with pytest.raises(ebee.SyscallError):
        ebee.file_symbol(path + ".none", 1)


@pytest.fixture
def debug(monkeypatch, tmp_path):
    monkeypatch.setattr(debug_files, "DEBUG_DIRECTORY", str(tmp_path / "debug"))
    folder = tmp_path / "debug" / ".build-id" / built.BUILD_ID[2:4]
    folder.mkdir(parents=True)
    return folder / f"{built.BUILD_ID[4:]}.debug"


def answer(path, name="hidden"):
    """Return what a function that only debuggers know is called in a file, and what was told."""
    symbols = Symbols()
    frame = symbols.file(str(path), functions(built.build("dwarf5"))[name] + 2)
    return (frame.function, frame.line > 0), symbols.notes


def test_a_stripped_file_knows_what_others_are_linked_with():
    assert answer(built.build("stripped"), "outer") == (("outer", False), [])
    assert answer(built.build("stripped"))[0] == ("", False)


def test_symbols_that_are_packed_into_the_file(tmp_path):
    path = tmp_path / "packed.so"
    path.write_bytes(built.with_packed_symbols())
    assert answer(path) == (("hidden", False), [])
    assert ebee.user_functions(str(path), "hid*") == ["hidden"]
    assert find_offset(str(path), "hidden") == find_offset(built.build("symbols"), "hidden")


def test_packed_symbols_that_are_damaged(tmp_path):
    path = tmp_path / "packed.so"
    data = built.with_packed_symbols()
    at = data.index(b"\xfd7zXZ")
    path.write_bytes(data[: at + 200] + b"????" + data[at + 204 :])
    found, notes = answer(path, "outer")
    assert found == ("outer", False) and len(notes) == 1 and ".gnu_debugdata is damaged" in notes[0]


def test_a_debug_file_by_build_id(debug):
    shutil.copy(built.build("dwarf5"), debug)
    assert answer(built.build("stripped")) == (("hidden", True), [])
    assert find_functions(built.build("stripped"), "h?dden") == [("hidden", find_offset(built.build("dwarf5"), "hidden"))]


def test_a_debug_file_of_another_file(debug):
    data = Path(built.build("dwarf5")).read_bytes()
    debug.write_bytes(data.replace(bytes.fromhex(built.BUILD_ID[2:]), bytes(20)))
    found, notes = answer(built.build("stripped"))
    assert found == ("", False) and notes == [f"{debug} is left out: it belongs to another file"]


@pytest.mark.parametrize("where", ["", ".debug/", "debug"])
def test_a_debug_file_by_its_name_and_checksum(debug, tmp_path, where):
    import zlib

    whole = Path(built.build("dwarf5")).read_bytes()
    folder = tmp_path / "debug" / str(tmp_path)[1:] if where == "debug" else tmp_path / where
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "x.debug").write_bytes(whole)
    link = b"x.debug\0" + zlib.crc32(whole).to_bytes(4, "little")
    path = tmp_path / "x.so"
    path.write_bytes(built.with_section(Path(built.build("stripped")).read_bytes(), ".gnu_debuglink", link))
    assert answer(path) == (("hidden", True), [])
    (folder / "x.debug").write_bytes(whole + b"x")
    found, notes = answer(path)
    assert found == ("", False) and "another version" in notes[0]


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"#!/bin/sh\n", b"\x7fELF\x02\x01" + bytes(90)])
def test_a_debug_file_that_is_none(debug, content):
    debug.write_bytes(content)
    found, notes = answer(built.build("stripped"), "outer")
    assert found == ("outer", False) and len(notes) <= 1


def test_a_pipe_where_a_debug_file_would_be(debug):
    os.mkfifo(debug)
    assert answer(built.build("stripped"), "outer") == (("outer", False), [])

"""Names of addresses in processes: that run, that have ended, whose files are gone, in namespaces of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import built_programs as built
import pytest

import ebee
from ebee.symbols.names import Symbols
from ebee.symbols.process import AddressSpace, Mapping, parse_maps


@pytest.fixture
def library(tmp_path):
    return shutil.copy(built.build("dwarf5"), tmp_path / "library.so")


def check(frame, path):
    assert (frame.function, frame.offset_bytes, frame.module) == ("outer", 2, str(path))
    assert frame.file.endswith("library.c") and frame.line > 0


@pytest.mark.parametrize("way", ["dwarf5", "dwarf4", "sections"])
def test_a_process_that_runs(way):
    path = built.build(way)
    with built.Loaded(path) as child:
        check(ebee.user_symbol(child.pid, child.address + 2), path)
        name = str(ebee.user_symbol(child.pid, child.address))
        assert name.startswith("outer at ") and name.endswith(f"[{os.path.basename(path)}]")


def test_a_process_that_has_ended_and_whose_file_is_gone(library):
    symbols = Symbols()
    with built.Loaded(library) as child:
        symbols.remember(child.pid)
    os.unlink(library)
    check(symbols.user(child.pid, child.address + 2), library)
    assert symbols.notes == []


def test_a_file_that_was_deleted_and_replaced(library):
    with built.Loaded(library) as child:
        os.unlink(library)
        shutil.copy(built.build("stripped"), library)
        symbols = Symbols()
        frame = symbols.user(child.pid, child.address + 2)
        if os.geteuid() == 0:  # /proc/PID/map_files is for CAP_CHECKPOINT_RESTORE
            check(frame, library)
        else:
            assert frame.module == str(library) and frame.function in ("", "outer")


def test_a_process_that_ended_before_anybody_looked():
    with built.Loaded(built.build("dwarf5")) as child:
        pass
    symbols = Symbols()
    frame = symbols.user(child.pid, child.address)
    assert (frame.function, frame.module, frame.name) == ("", "", hex(child.address))
    assert len(symbols.notes) == 1 and "ended before anybody looked" in symbols.notes[0]


def mounting() -> str:
    argv = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /mnt && unshare --version"]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=10)
    except OSError:
        return "not installed: unshare"
    return "" if done.returncode == 0 else "cannot make a mount namespace"


@pytest.mark.needs_root
@pytest.mark.needs_tool("unshare")
def test_a_process_with_a_mount_namespace_of_its_own():
    if why := mounting():
        pytest.skip(why)
    copy = f"mount -t tmpfs none /mnt && cp {built.build('dwarf5')} /mnt/only-here.so && exec \"$@\""
    symbols = Symbols()
    with built.Loaded("/mnt/only-here.so", "unshare", "--mount", "sh", "-c", copy, "sh") as child:
        assert not os.path.exists("/mnt/only-here.so")
        check(symbols.user(child.pid, child.address + 2), "/mnt/only-here.so")
        from ebee.symbols.binaries import find_binary
        from ebee.symbols.functions import find_offset

        path = find_binary("only-here", child.pid)
        assert path == f"/proc/{child.pid}/root/mnt/only-here.so" and find_offset(path, "outer") > 0
    check(symbols.user(child.pid, child.address + 2), "/mnt/only-here.so")


def test_code_that_a_process_made_and_named(tmp_path):
    code = (
        "import mmap, ctypes, os, sys\nm = mmap.mmap(-1, 8192, prot=7)\n"
        "a = ctypes.addressof(ctypes.c_char.from_buffer(m))\n"
        "open(f'/tmp/perf-{os.getpid()}.map', 'w').write(f'{a:x} 40 first name\\nx y\\n{a + 64:x} 0x20 second@1\\n{a+64:x} 10')\n"
        "print(a, flush=True)\nsys.stdin.read()"
    )
    child = subprocess.Popen([sys.executable, "-S", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        at = int(child.stdout.readline())
        symbols = Symbols()
        assert [symbols.user(child.pid, at + n).name for n in (0, 0x3F, 0x41)] == ["first name", "first name", "second@1"]
        assert symbols.user(child.pid, at + 5).module == "[jit]" and symbols.user(child.pid, at + 0x61).function == ""
    finally:
        child.communicate()
        os.unlink(f"/tmp/perf-{child.pid}.map")


def test_the_code_that_the_kernel_gives_every_process():
    rows = [line.split() for line in Path("/proc/self/maps").read_text().splitlines() if "[vdso]" in line]
    if not rows:
        pytest.skip("this machine has no vdso")
    start = int(rows[0][0].split("-")[0], 16)
    symbols = Symbols()
    names = {symbols.user(os.getpid(), start + at).function for at in range(0x200, 0x1400, 16)}
    assert any("gettime" in name for name in names), names


def test_returns_are_named_by_their_calls():
    path = built.build("dwarf5")
    with built.Loaded(path) as child:
        symbols = Symbols()
        exact = symbols.frames([child.address, child.address], child.pid)
        assert exact[0].function == "outer" and exact[0].offset_bytes == 0
        assert exact[1].function != "outer"  # the byte before it belongs to the one before, or to none
        assert symbols.frames([child.address, 0, 0], child.pid) == [exact[0]]
        assert symbols.frames([child.address])[0].name == hex(child.address)
        assert symbols.folded([child.address + 4, child.address + 9], child.pid) == "outer;outer"


def test_what_was_mapped_last_counts(library):
    space = AddressSpace()
    for n in range(3):
        space.add(Mapping(0x1000 * n, 0x1000 * n + 0x2000, 0, n, f"/{n}"))
    assert [space.find(a).path for a in (0, 0x1000, 0x2000, 0x3FFF)] == ["/0", "/1", "/2", "/2"] and space.find(0x4000) is None
    child = space.copy()
    child.add(Mapping(0, 0x5000, 0, 9, "/9"))
    assert space.find(0).path == "/0" and child.find(0).path == "/9"


def test_mappings_that_are_cut_off():
    whole = b"00400000-00401000 r-xp 00000000 08:01 12 /bin/a b (deleted)\n7f00-7f10 rwxp 00000000 00:00 0 \n7ffff000-"
    for end in range(len(whole)):
        found = parse_maps(whole[:end])
        assert len(found) <= 2 and all(m.start < m.end for m in found)
    assert [(m.path, m.inode) for m in parse_maps(whole)] == [("/bin/a b (deleted)", 12), ("", 0)]
    assert parse_maps(b"zz-yy r-xp 0 0:0 0 /x\n20-10 r-xp 0 0:0 0 /x\n10-20 r--p 0 0:0 0 /x\n\xff") == []


def test_numbers_that_are_no_process():
    for pid in (-1, "x"):
        with pytest.raises(ebee.UsageError):
            ebee.user_symbol(pid, 1)


def test_many_look_ups_are_remembered(library):
    with built.Loaded(library) as child:
        symbols = Symbols()
        symbols.user(child.pid, child.address)
        began = time.perf_counter()
        for _ in range(20_000):
            symbols.user(child.pid, child.address)
        assert time.perf_counter() - began < 1

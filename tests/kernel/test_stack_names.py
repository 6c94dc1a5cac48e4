"""Stacks of commands that have ended have names, on children of the test."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest

import ebee
import kernel_features
from ebee import Hash, List, RingBuf, StackTrace, Struct, s32, u32, u64

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "symbols"))
import built_programs as built

pytestmark = pytest.mark.needs_kernel

stacks = StackTrace(depth=32, max_entries=4096)
kept = Hash(s32, u32)


class Called(Struct):
    pid: u32
    stack: list[int] = List(u64, 16)


calls = RingBuf(Called, size="64K")


@pytest.fixture
def library(tmp_path):
    """A library made by clang, which is not in the virtual machines: there the tests of the C library are."""
    if why := kernel_features.missing("uprobe"):
        pytest.skip(why)
    return shutil.copy(built.build("dwarf5"), tmp_path / "library.so")


def on_leaf(path):
    @ebee.uprobe(path, "leaf")
    def probe(a: s32):
        kept[ebee.stack_id(stacks, user=True)] = ebee.pid()
        with calls.reserve() as e:
            e.pid = ebee.pid()
            e.stack = ebee.user_stack()

    return probe


CODE = "import ctypes, os, sys\nlibrary = ctypes.CDLL(sys.argv[1])\nlibrary.outer(3, None)"


def named(frames):
    return [f.function for f in frames[:3]]


def check(frames, path):
    assert named(frames) == ["leaf", "hidden", "outer"], frames
    assert [f.module for f in frames[:3]] == [str(path)] * 3
    assert frames[1].line == built.line_of("hidden calls fourfold") and frames[2].line == built.line_of("outer calls hidden")
    assert frames[0].offset_bytes == 0 < frames[1].offset_bytes


def test_a_command_that_has_ended_and_whose_library_is_gone(library):
    with ebee.Session(backend="kernel") as session:
        with session.attach(on_leaf(library), command=[sys.executable, "-S", "-c", CODE, library]) as attached:
            assert attached.wait() == 0
            os.unlink(library)
            (number, pid), = kept.items()
            stack = stacks[number]
            check(stack.symbols(pid), library)
            (call,) = calls.drain()
            check(attached.symbols.frames(call.stack, call.pid), library)
        assert attached.symbols.notes == []
    check(stack.symbols(pid), library)  # also when the session is closed
    assert stack.text(pid).startswith("leaf at /") and re.search(r";outer;hidden;leaf$", stack.folded(pid))
    assert str(stack).startswith(hex(stack[0])) and stack == list(stack)


def test_stacks_of_an_object_file(library, tmp_path):
    file = tmp_path / "leaf.bpf.o"
    file.write_bytes(ebee.compile(on_leaf(library), target="kernel").to_bytes())
    with ebee.load(file) as loaded:
        with loaded.attach(command=[sys.executable, "-S", "-c", CODE, library]) as attached:
            assert attached.wait() == 0
        (number, pid), = loaded.maps["kept"].items()
        check(loaded.maps["stacks"][number].symbols(pid), library)


by_build_id = StackTrace(depth=32, build_ids=True)


def test_stacks_of_build_ids(library):
    @ebee.uprobe(library, "leaf")
    def probe(a: s32):
        kept[ebee.stack_id(by_build_id, user=True)] = ebee.pid()

    with ebee.Session(backend="kernel") as session:
        for _ in range(2):  # somewhere else each time, by ASLR, and the same stack
            with session.attach(probe, command=[sys.executable, "-S", "-c", CODE, library]) as attached:
                assert attached.wait() == 0
        stack = by_build_id[next(iter(kept))]
        first = stack[0]
        assert isinstance(first, ebee.FileOffset) and first.build_id.hex() == built.BUILD_ID[2:]
        assert first == ebee.FileOffset(int(first), first.build_id) and repr(first).startswith(built.BUILD_ID[2:])
        check(stack.symbols(), library)
        assert {by_build_id[n][0] for n in kept} == {first}
        other = ebee.CallStack([ebee.FileOffset(5, bytes(20))], attached.symbols.frames).symbols()
        assert other[0].name == f"[{bytes(20).hex()}+0x5]"


def test_children_and_their_children(library):
    code = f"import os, sys\nif os.fork() == 0:\n    if os.fork() == 0:\n        exec({CODE!r})\n        os._exit(0)\n    os.wait(); os._exit(0)\nos.wait()"
    again = f"import os, sys\nos.execv(sys.executable, [sys.executable, '-S', '-c', {CODE!r}, sys.argv[1]])"
    for script in (code, again):
        with ebee.Session(backend="kernel") as session:
            with session.attach(on_leaf(library), command=[sys.executable, "-S", "-c", script, library]) as attached:
                assert attached.wait() == 0
            (number, pid), = kept.items()
            check(stacks[number].symbols(pid), library)
            outside = [f for f in stacks[number].symbols(pid) if not f.module]
            assert len(outside) <= 2


def test_a_process_by_its_number(library):
    session = ebee.Session(backend="kernel")
    with built.Loaded(library, calls=1) as child, session, session.attach(on_leaf(library), pid=child.pid):
        child.end()
        (number, pid), = kept.items()
        assert pid == child.pid
        check(stacks[number].symbols(pid), library)


@pytest.mark.needs_feature("uprobe")
def test_a_function_of_the_c_library(tmp_path):
    lines = Path("/proc/self/maps").read_text().splitlines()
    path = shutil.copy(next(line.split()[-1] for line in lines if "/libc.so.6" in line), tmp_path / "libc.so.6")

    @ebee.uprobe(path, "setenv")
    def probe():
        kept[ebee.stack_id(stacks, user=True)] = ebee.pid()

    code = "import os; os.putenv('COLOUR', 'blue')"
    with ebee.Session(backend="kernel") as session:
        argv = ["env", f"LD_LIBRARY_PATH={tmp_path}", sys.executable, "-S", "-c", code]
        with session.attach(probe, command=argv) as attached:
            assert attached.wait() == 0
        os.unlink(path)
        number, pid = next(iter(kept.items()))
        frame = stacks[number].symbols(pid)[0]
        assert (frame.function, frame.offset_bytes, frame.module) == ("setenv", 0, str(path))
        assert attached.symbols.notes == []


@pytest.mark.vm
def test_the_kernels_part_has_names_without_a_process():
    @ebee.raw_tracepoint("sys_enter")
    def entered(id):
        kept[ebee.stack_id(stacks)] = 1

    with ebee.Session(backend="kernel") as session:
        with session.attach(entered, command=["true"]) as attached:
            attached.wait()
        number = next(n for n in kept if n >= 0)
        frames = stacks[number].symbols()
        assert all(f.is_kernel for f in frames)
        assert {"do_syscall_64", "el0_svc"} & {f.function for f in frames} or attached.symbols.notes
        assert "_[k]" in stacks[number].folded() and str(stacks[number]).count("\n") == len(frames) - 1


def test_a_stack_of_no_session():
    with pytest.raises(ebee.UsageError, match="no session"):
        ebee.CallStack([1]).symbols()
    assert str(ebee.CallStack([1])) == "[1]"


@pytest.mark.vm
def test_programs_that_are_loaded_later_have_names(backend):
    from kernel_programs import EXIT, R0, Insn, mov_imm, object_of, raw_program

    from ebee.symbols.kernel import kernel_table
    from ebee.sys import objects

    if not kernel_table().has_addresses:
        pytest.skip("this user is not told addresses of the kernel")
    symbols = ebee.Symbols()
    for name in ("first_late", "second_late"):
        spec = raw_program([mov_imm(R0, 0), Insn(EXIT)], name)
        loaded = backend.load_program(spec, object_of(spec), {}, backend.scope())
        (address,) = objects.prog_info(loaded.fd.number, "jited_ksyms").numbers("jited_ksyms", 8)
        frame = symbols.kernel(address + 4)
        assert (frame.function.split("_", 3)[3], frame.offset_bytes, frame.module) == (name, 4, "[bpf]")

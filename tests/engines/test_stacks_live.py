"""Stacks of a command that is traced without privilege: the kernel's, and names when it has ended."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

import ebee
from ebee import Hash, List, RingBuf, StackTrace, Struct, s32, u32, u64

pytestmark = pytest.mark.needs_ptrace

SOURCE = """#include <unistd.h>
#include <sys/syscall.h>
__attribute__((noinline)) long inner(long n) { long r = syscall(SYS_getpgid, n); return r + 1; }
__attribute__((noinline)) long middle(long n) { return inner(n) * 2; }
__attribute__((noinline)) long outer(long n) { return middle(n) + 3; }
int main(void) { return outer(0) == 0; }
"""

stacks = StackTrace(depth=32, max_entries=64)
kept = Hash(u32, s32)


class Called(Struct):
    pid: u32
    stack: list[int] = List(u64, 16)


calls = RingBuf(Called, size="64K")


@ebee.tracepoint("syscalls:sys_enter_getpgid")
def on_call(ctx):
    kept[ebee.pid()] = ebee.stack_id(stacks, user=True)
    with calls.reserve() as e:
        e.pid = ebee.pid()
        e.stack = ebee.user_stack()


@pytest.fixture
def program(tmp_path):
    pytest.importorskip("ziglang")
    (tmp_path / "program.c").write_text(SOURCE)
    argv = [sys.executable, "-m", "ziglang", "cc", "-O1", "-g", "-fno-omit-frame-pointer", "-fno-optimize-sibling-calls", "program.c", "-o", "program"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return tmp_path / "program"


@pytest.mark.parametrize("backend", ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)])
def test_stacks_of_a_command(backend, program):
    path = shutil.copy(program, program.with_name("copy"))
    with ebee.Session(backend=backend) as session:
        with session.attach(on_call, command=[path]) as attachment:
            attachment.wait()
            (event,) = calls
        frames = session.symbols.frames(event.stack, event.pid)
        (number,) = [value for key, value in kept.items() if key == event.pid]
        by_id = stacks[number].symbols(event.pid)
    names = [f.function for f in frames]
    assert names[1:4] == ["middle", "outer", "main"], names  # `syscall` of the C library makes no frame for its caller
    assert [f.line for f in frames[1:4]] == [4, 5, 6] and frames[1].module == str(path)
    assert [f.function for f in by_id][:4] == names[:4]

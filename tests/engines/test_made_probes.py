"""Probes and maps that functions and loops make: closures, lambdas, defaults that are constants, lists of probes."""

from __future__ import annotations

import subprocess
import sys

import pytest

import ebee
from ebee import Bytes, Hash, RingBuf, Struct, u8, u32, u64

BACKENDS = [
    pytest.param("kernel", marks=pytest.mark.needs_kernel),
    pytest.param("engine", marks=pytest.mark.needs_ptrace),
]
NAMES = ("openat", "close")
calls = Hash(u32, u64)


def distribution(event, expression):
    counts = Hash(u64, u64)

    @ebee.tracepoint(event)
    def probe(ctx):
        counts[expression(ctx)] += 1

    return probe, counts


probes = []
for number, name in enumerate(NAMES):

    @ebee.tracepoint(f"syscalls:sys_enter_{name}")
    def counted(ctx, number=number, *, step=2):
        calls[number] += step

    probes.append(counted)

by_count, sizes = distribution("syscalls:sys_enter_read", lambda ctx: ebee.log2(ctx.count))
by_fd, fds = distribution(
    "syscalls:sys_enter_write",
    lambda ctx: u64(ctx.fd) * 10,
)

WORKLOAD = """
import os
fd = os.open("/dev/zero", os.O_RDONLY)
os.read(fd, 4096)
os.write(1, b"x" * 7)
os.close(fd)
"""


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_made_probe_is_its_own(backend):
    argv = [sys.executable, "-I", "-S", "-c", WORKLOAD]
    with ebee.Session(backend=backend) as session:
        session.attach(*probes, by_count, by_fd, command=argv).wait()
        assert fds[10] == 1 and sizes[12] >= 1
        assert calls[0] > 0 and calls[1] > 0 and not any(n % 2 for n in calls.values())


def test_programs_and_maps_get_names_of_their_own():
    spec = ebee.compile(*probes, by_count, by_fd, by_count).spec
    assert list(spec.programs) == ["counted", "counted_2", "probe", "probe_2"]
    assert {"calls", "counts", "counts_2"} <= set(spec.maps)


LISTED = """
import ebee
from ebee import Hash, u32, u64
calls = Hash(u32, u64)
probes = {}
for name in ("openat", "close"):
    @ebee.tracepoint(f"syscalls:sys_enter_{name}")
    def counted(ctx):
        calls[0] += 1
    probes[name] = counted
del counted
more = [ebee.tracepoint("syscalls:sys_enter_read")(lambda ctx: 0)] if False else ()
"""


def test_probes_in_lists_are_a_files_probes(tmp_path):
    file, out = tmp_path / "listed.py", tmp_path / "listed.bpf.o"
    file.write_text(LISTED)
    argv = [sys.executable, "-m", "ebee", "compile", str(file), "-o", str(out)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "program counted:" in done.stdout and "program counted_2:" in done.stdout


class Head(Struct):
    a: u32
    b: u32


class Written(Struct):
    tag: u8
    size: u32
    data: bytes = Bytes(1000)
    head: Head
    rest: u32


written = RingBuf(Written)


@ebee.tracepoint("syscalls:sys_enter_write")
def captured(ctx):
    if ctx.fd == 1:
        with written.reserve() as e:
            e.tag = 1
            e.size = ctx.count
            e.rest = 0xFFFFFFFF
            e.data = ebee.read_user(ctx.buf, Bytes(1000), min(ctx.count, 1000))  # more than a stack has
            e.head = ebee.read_user(ctx.buf, Head)
            if e.data[0] == 1:
                e.data = ebee.read_user(ctx.buf, Bytes(1000), 2)


@pytest.mark.parametrize("backend", BACKENDS)
def test_large_memory_is_read_where_it_is_kept(backend):
    script = "import os; os.write(1, b'ab' * 5); os.write(1, bytes(range(1, 251)) * 5)"
    argv = [sys.executable, "-I", "-S", "-c", script]
    with ebee.Session(backend=backend) as session, session.attach(captured, command=argv):
        short, long = written
    assert (short.size, short.data, short.rest) == (10, b"ab" * 5 + bytes(990), 0xFFFFFFFF)
    assert (short.head.a, short.head.b) == (0x62616261, 0x62616261)
    assert (long.size, long.data, long.rest) == (1250, b"\1\2" + bytes(998), 0xFFFFFFFF)

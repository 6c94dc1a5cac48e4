"""Probes on functions and marks of programs, on own copies of files and on children of the test."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tiny_elf

import ebee
from ebee import Hash, RingBuf, Str, Struct, s16, s32, s64, u8, u32, u64
from ebee.errors import CompileError, NotSupported, UsageError

pytestmark = [
    pytest.mark.needs_kernel,
    pytest.mark.needs_feature("uprobe"),
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the program that is probed is for x86-64"),
]


@pytest.fixture(params=["as the kernel can", "event by event"])
def way(request, monkeypatch):
    """Attach as the kernel allows it, and as kernels before 6.6 do."""
    from ebee.kernel import uprobes

    if request.param == "event by event":
        monkeypatch.setattr(uprobes, "_known", [False])
    return request.param


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_elf.write(tmp_path_factory.mktemp("tiny"))


class Child:
    """A Python process that runs on a copy of the C library, and does its work when told."""

    def __init__(self, directory, work):
        self.libc = str(directory / "libc.so.6")
        if not os.path.exists(self.libc):
            lines = Path("/proc/self/maps").read_text().splitlines()
            shutil.copy(next(line.split()[-1] for line in lines if "/libc.so.6" in line), self.libc)
        code = f"import os, sys\nsys.stdin.read(1)\n{work}\n"
        env = {**os.environ, "LD_LIBRARY_PATH": str(directory)}
        argv = [sys.executable, "-S", "-c", code]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, env=env, stdout=subprocess.DEVNULL)
        self.pid = self.process.pid
        end = time.monotonic() + 20
        while self.libc not in Path(f"/proc/{self.pid}/maps").read_text():
            assert time.monotonic() < end, "the child does not use the copy of the C library"
            time.sleep(0.02)

    def run(self):
        self.process.communicate(b"x", timeout=60)
        assert self.process.returncode == 0


@pytest.fixture
def child(tmp_path):
    made = []

    def make(work):
        made.append(Child(tmp_path, work))
        return made[-1]

    yield make
    for one in made:
        one.process.kill()
        one.process.wait()


class Setting(Struct):
    pid: u32
    replace: s32
    cookie: u64
    name: str = Str(16)
    value: str = Str(32)


settings = RingBuf(Setting, size="64K")
counts = Hash(u64, u64)
numbers = Hash(u32, s64)


def set_probe(path, **options):
    @ebee.uprobe(path, "setenv", **options)
    def on_setenv(ctx, name: str, value: str, replace: s32):
        with settings.reserve() as e:
            e.pid = ebee.pid()
            e.name = name
            e.value = value
            e.replace = replace
            e.cookie = ctx.cookie

    return on_setenv


def test_arguments_of_a_function_of_one_process(child, way):
    one = child("os.putenv('COLOUR', 'blue'); os.putenv('EMPTY', '')")
    other = child("os.putenv('COLOUR', 'red')")
    with ebee.Session(backend="kernel") as session:
        with session.attach(set_probe(one.libc, cookie=77), pid=one.pid) as attached:
            other.run()
            one.run()
            seen = settings.drain()
        assert not attached.losses
    assert [(e.pid, e.name, e.value, e.replace, e.cookie) for e in seen] == [
        (one.pid, "COLOUR", "blue", 1, 77),
        (one.pid, "EMPTY", "", 1, 77),
    ]


@pytest.mark.parametrize("spelling", ["libc", "c", "libc.so.6"])
def test_a_library_is_found_among_those_of_the_process(child, spelling):
    one = child("os.putenv('A', 'b')")
    with ebee.Session(backend="kernel") as session, session.attach(set_probe(spelling, pid=one.pid)):
        one.run()
        assert [e.name for e in settings.drain()] == ["A"]


def test_results(child, way):
    one = child("os.putenv('A', 'b'); os.getpid()")

    @ebee.uretprobe(one.libc, "setenv")
    def by_parameter(ret: s32):
        numbers[0] = ret + 5

    @ebee.uretprobe(one.libc, "getpid")
    def by_context(ctx):
        counts[0] = ctx.ret
        counts[1] += ctx.ip != 0

    with ebee.Session(backend="kernel") as session, session.attach(by_parameter, by_context, pid=one.pid):
        one.run()
        assert (numbers[0], counts[0], counts[1]) == (5, one.pid, 1)


def test_a_pattern_is_many_functions(child, way):
    one = child("os.putenv('A', 'b'); os.unsetenv('A')")
    names = ebee.user_functions(one.libc, "*setenv")
    assert names == sorted(names) and {"setenv", "unsetenv"} <= set(names)
    assert names == ebee.user_functions("libc", "*setenv", pid=one.pid)

    @ebee.uprobe(one.libc, "*setenv", cookie=100)
    def on_any(ctx):
        counts[ctx.cookie] += 1

    with ebee.Session(backend="kernel") as session, session.attach(on_any, pid=one.pid):
        one.run()
        assert dict(counts.items()) == {100 + names.index("setenv"): 1, 100 + names.index("unsetenv"): 1}


@pytest.mark.needs_feature("uprobe_session")
def test_beginning_and_end_in_one_probe(child):
    one = child("os.putenv('A', 'b'); os.putenv('B', 'b')")

    @ebee.uprobe_session(one.libc, "*setenv")
    def both(ctx, name: str):
        if ctx.is_return:
            counts[ctx.cookie] += ctx.ret == 0
            return 0
        return name == "A"

    @ebee.uprobe_session(one.libc, "setenv")
    def left_out(ctx):
        if ctx.is_return:
            counts[2000] += 1
        counts[1000] += 1
        return 1

    with ebee.Session(backend="kernel") as session, session.attach(both, left_out, pid=one.pid):
        one.run()
        assert counts[1000] == 2 and 2000 not in counts
        names = ebee.user_functions(one.libc, "*setenv")
        assert counts[names.index("setenv")] == 1


# Marks


def step_probe(path):
    @ebee.usdt(path, "tiny", "step")
    def on_step(ctx, change, progress, part, last):
        numbers[0] = change
        counts[counts[9]] = progress
        numbers[u32(10 + counts[9])] = change
        numbers[u32(20 + counts[9])] = s64(part)
        numbers[u32(30 + counts[9])] = last
        counts[9] += 1

    return on_step


def test_marks_have_typed_arguments_at_each_place(tiny, way):
    with ebee.Session(backend="kernel") as session, session.attach(step_probe(tiny), command=[tiny]) as attached:
        assert attached.wait() == 42
        assert not attached.losses
        assert (counts[9], counts[0], counts[1]) == (2, tiny_elf.PROGRESS, 3)
        assert (numbers[10], numbers[20], numbers[30]) == (-5, 0x4D, -7)
        assert (numbers[11], numbers[21], numbers[31]) == (-130_995, 0x1234, 0xC8)


def test_a_mark_that_is_switched_on_by_its_counter(tiny, way):
    @ebee.usdt(tiny, "tiny", "guarded")
    def on_guarded(progress: u32):
        counts[0] = progress
        counts[1] += 1

    with ebee.Session(backend="kernel") as session, session.attach(on_guarded, command=[tiny]) as attached:
        assert attached.wait() == 42
        assert (counts[0], counts[1]) == (tiny_elf.PROGRESS & 0xFFFF_FFFF, 1)


def test_places_in_a_function(tiny, way):
    @ebee.uprobe(tiny, "work")
    def by_name(a: s16, b: u8):
        numbers[0] = a
        numbers[1] = b

    @ebee.uprobe(tiny, "start+5")
    def inside(ctx):
        counts[0] = ctx.ip
        counts[1] = ctx.sp

    @ebee.uprobe(tiny, 0x1000 + tiny_elf.code()[2]["work"])
    def by_offset(ctx):
        counts[2] = ctx.arg1 if ctx.args[0] != 0 else 0

    probes = (by_name, inside, by_offset)
    with ebee.Session(backend="kernel") as session, session.attach(*probes, command=[tiny]) as attached:
        assert attached.wait() == 42
        assert (numbers[0], numbers[1]) == (-5, 0x88)
        assert counts[0] == tiny_elf.TEXT + 5 and counts[1] > 0 and counts[2] == tiny_elf.PROGRESS


@pytest.mark.parametrize(
    "declare, message",
    [
        (lambda f: ebee.uprobe(f, "wrok"), "wrok'; did you mean work?"),
        (lambda f: ebee.uprobe(f, "nothing*"), "nothing*"),
        (lambda f: ebee.uprobe(f, "chosen"), "is chosen when the program is loaded"),
        (lambda f: ebee.uprobe(f, "old@V3"), "did you mean old@V1 or old@@V2?"),
        (lambda f: ebee.uprobe(f, 0x40), "has no code"),
        (lambda f: ebee.uprobe(f, "work+x"), "does not say where"),
        (lambda f: ebee.uprobe(f + "-not", "work"), "tiny-not"),
        (lambda f: ebee.uprobe("no-such-library", "work"), "no-such-library"),
        (lambda f: ebee.uprobe(__file__, "work"), "is no ELF file"),
    ],
)
def test_what_cannot_be_attached(tiny, declare, message):
    @declare(tiny)
    def probe(ctx):
        counts[0] += 1

    with ebee.Session(backend="kernel") as session, pytest.raises(ebee.EbeeError) as e:
        session.attach(probe, command=[tiny])
    assert message in str(e.value)


def test_a_process_that_is_not_there(tiny, way):
    with ebee.Session(backend="kernel") as session, pytest.raises(UsageError, match="no process 4194303"):
        session.attach(set_probe(tiny, pid=4194303))
    with ebee.Session(backend="kernel") as session, pytest.raises(UsageError, match="pid=, or at a command"):
        session.attach(set_probe(tiny, pid=os.getpid()), command=["true"])


def test_marks_that_are_not_there(tiny):
    assert ebee.usdt_probes(tiny) == ["tiny:floats", "tiny:guarded", "tiny:step"]

    @ebee.usdt(tiny, "tiny", "stop")
    def unknown(ctx):
        counts[0] += 1

    @ebee.usdt(tiny, "tiny", "floats")
    def floats(ctx, a, b, c: s32, d):
        counts[0] += ctx.cookie

    with ebee.Session(backend="kernel") as session:
        with pytest.raises(CompileError, match="did you mean tiny:step"):
            session.attach(unknown)
        with pytest.raises(CompileError) as e:
            session.attach(floats)
        for part in ("floating-point", r"'x(%rip)' is no place", "has no cookie", "has 3 arguments, and d is one more"):
            assert part in str(e.value)


def test_the_engine_runs_it_on_given_arguments():
    @ebee.uprobe("libc", "write")
    def on_write(ctx, fd: s32, buf, count: u64):
        numbers[0] = fd
        counts[0] = count + ctx.arg1 + ctx.args[1]

    @ebee.uretprobe("libc", "write")
    def written(ret: s64):
        numbers[1] = ret

    with ebee.Session(backend="engine") as session:
        session.run(on_write, args=[0xFFFF_FFFE, 1000, 4])
        session.run(written, args=[-9])
        assert (numbers[0], numbers[1], counts[0]) == (-2, -9, 2004)
        with pytest.raises(NotSupported, match="in the engine"):
            session.attach(on_write, command=["true"])

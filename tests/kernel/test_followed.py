"""`ebee.followed(pid)`, and a command beside `--all`: whom a probe sees."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import ebee
from ebee import Hash, s32, u32, u64
from ebee.errors import NotSupported

ROOT = Path(__file__).resolve().parents[2]
SIGNALS = """
import os, sys
for pid in (os.getpid(), int(sys.argv[1])):
    os.kill(pid, 0)
"""
asked = Hash(s32, u64)


@ebee.tracepoint("syscalls:sys_enter_kill")
def on_kill(ctx):
    if ebee.followed(ebee.pid()):
        asked[s32(ctx.pid)] = 1 + ebee.followed(ctx.pid)


@ebee.raw_tracepoint("sched_switch")
def numbers(ctx):
    asked[0] = 5 if ebee.followed(u32(ctx.args[0])) else 6


@pytest.mark.needs_kernel
@pytest.mark.vm
def test_the_command_and_nobody_else():
    if os.readlink("/proc/self/ns/pid") != "pid:[4026531836]":
        pytest.skip("process ids in here are not those that a program sees")
    with ebee.Session(backend="kernel") as session:
        command = [sys.executable, "-I", "-S", "-c", SIGNALS, str(os.getpid())]
        with session.attach(on_kill, command=command) as attachment:
            attachment.wait()
            pid = attachment.command.pid
        assert dict(asked.items()) == {pid: 2, os.getpid(): 1}


@pytest.mark.parametrize("backend", [pytest.param("kernel", marks=pytest.mark.needs_kernel), "engine"])
def test_without_a_command_it_is_everyone(backend):
    with ebee.Session(backend=backend) as session:
        session.run(numbers, args=[os.getpid()])
        assert asked[0] == 5


@pytest.mark.needs_ptrace
def test_the_engine_says_that_it_cannot():
    with ebee.Session(backend="engine") as session, pytest.raises(NotSupported, match="followed"):
        session.attach(on_kill, command=["true"])


OWN = """
import os
import ebee
from ebee import Hash, u32, u64

seen = Hash(u32, u64)
OWN = os.getpid()

@ebee.tracepoint("syscalls:sys_enter_getppid")
def on_call(ctx):
    if ebee.pid() == OWN:
        seen[1] += 1

with ebee.attach(on_call) as attachment:
    os.getppid()
    attachment.wait()
print(dict(seen.items()))
"""


@pytest.mark.needs_kernel
@pytest.mark.vm
@pytest.mark.parametrize("more, wanted", [((), "{}"), (("--all",), "{1: 1}")])
def test_all_beside_a_command(tmp_path, more, wanted):
    if os.readlink("/proc/self/ns/pid") != "pid:[4026531836]":
        pytest.skip("process ids in here are not those that a program sees")
    (tmp_path / "own.py").write_text(OWN)
    argv = [sys.executable, "-m", "ebee", "run", "--kernel", "-q", *more, "-c", "true", str(tmp_path / "own.py")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, wanted + "\n", "")

"""fork_exec: what the command sees, and how failures come back."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from ebee.errors import CommandError, SyscallError
from ebee.sys import spawn


def status_of(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_runs_command_and_returns_its_pid():
    assert status_of(spawn.fork_exec(["sh", "-c", "exit 7"])) == 7


def test_arguments_and_environment_arrive(tmp_path):
    out = tmp_path / "out"
    pid = spawn.fork_exec(["sh", "-c", 'printf "%s|%s" "$0" "$1" > "$2"', "a b", "ü", str(out)])
    assert status_of(pid) == 0
    assert out.read_text() == "a b|ü"


@pytest.mark.parametrize(
    ("argv", "number"),
    [
        (["no-such-command-here"], errno.ENOENT),
        (["/no/such/file"], errno.ENOENT),
        (["/etc"], errno.EACCES),
        ([__file__], errno.EACCES),
        ([""], errno.ENOENT),
        ([], errno.ENOENT),
        (["a\0b"], errno.EINVAL),
        (["true", "a\0b"], errno.EINVAL),
    ],
)
def test_what_cannot_be_executed_is_a_command_error(argv, number):
    with pytest.raises(CommandError) as caught:
        spawn.fork_exec(argv)
    assert caught.value.errno == number
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_file_without_format_is_a_command_error(tmp_path):
    script = tmp_path / "script"
    script.write_text("not a program\n")
    script.chmod(0o755)
    with pytest.raises(CommandError) as caught:
        spawn.fork_exec([str(script)])
    assert caught.value.errno == errno.ENOEXEC


def test_path_lookup_is_execvps(tmp_path, monkeypatch):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    (first / "tool").write_text("#!/bin/sh\nexit 1\n")
    (second / "tool").write_text("#!/bin/sh\nexit 2\n")
    (second / "tool").chmod(0o755)
    monkeypatch.setenv("PATH", f"{first}:{second}")
    assert spawn.find_executable("tool") == str(second / "tool")
    (second / "tool").unlink()
    if os.geteuid() != 0 or not os.access(first / "tool", os.X_OK):
        with pytest.raises(CommandError) as caught:
            spawn.find_executable("tool")
        assert caught.value.errno == errno.EACCES


def test_before_exec_runs_in_the_child(tmp_path):
    out = tmp_path / "out"

    def before() -> None:
        out.write_text(str(os.getpid()))

    pid = spawn.fork_exec(["true"], before)
    assert status_of(pid) == 0
    assert out.read_text() == str(pid)


def test_a_failing_before_exec_is_reported_and_nothing_is_executed(tmp_path):
    def before() -> None:
        raise SyscallError("BPF_PROG_TEST_RUN", errno.EPERM)

    with pytest.raises(CommandError, match="BPF_PROG_TEST_RUN") as caught:
        spawn.fork_exec(["touch", str(tmp_path / "made")], before)
    assert caught.value.errno == errno.EPERM
    assert not (tmp_path / "made").exists()

    def broken() -> None:
        raise ValueError("odd")

    with pytest.raises(CommandError, match="odd"):
        spawn.fork_exec(["true"], broken)


def test_the_command_has_default_signals():
    code = (
        "import os, signal; signal.signal(signal.SIGTERM, lambda *_: None)\n"
        "from ebee.sys import spawn\n"
        "pid = spawn.fork_exec(['cat', '/proc/self/status'])\n"
        "os.waitpid(pid, 0)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    fields = dict(line.split(":", 1) for line in out.splitlines() if ":" in line)
    assert int(fields["SigIgn"], 16) & 0x7FFFFFFF == 0  # above are the C library's own
    assert int(fields["SigBlk"], 16) == 0


def test_wait_for_holds_the_child_until_the_byte(tmp_path):
    made = tmp_path / "made"
    r, w = os.pipe()
    pid = spawn.fork_exec(["touch", str(made)], wait_for=r)
    try:
        time.sleep(0.05)
        assert not made.exists()
        assert os.waitpid(pid, os.WNOHANG) == (0, 0)
        os.write(w, b"g")
        spawn.confirm_exec(pid)
        spawn.confirm_exec(pid)
        assert status_of(pid) == 0
        assert made.exists()
    finally:
        os.close(r)
        os.close(w)


def test_wait_for_reports_the_failure_later():
    r, w = os.pipe()
    pid = spawn.fork_exec([__file__], wait_for=r)
    os.write(w, b"g")
    with pytest.raises(CommandError) as caught:
        spawn.confirm_exec(pid)
    assert caught.value.errno == errno.EACCES
    assert status_of(pid) == spawn.EXIT_NOT_STARTED
    os.close(r)
    os.close(w)


def test_a_waiting_child_dies_with_its_parent():
    code = textwrap.dedent("""
        import os, signal
        from ebee.sys import spawn
        r, w = os.pipe()
        pid = spawn.fork_exec(["sleep", "60"], wait_for=r)
        print(pid, flush=True)
        import time; time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    pid = int(out)
    for _ in range(100):
        try:
            with open(f"/proc/{pid}/stat") as f:
                if f.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return
        except (FileNotFoundError, ProcessLookupError):
            return
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("the child outlived its parent")

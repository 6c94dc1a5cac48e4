"""Tools in examples/ about processes, memory and mounts: what they print is what was done."""

# ruff: noqa: F811 - fixtures that are imported
from __future__ import annotations

import pytest
from example_tools import KERNEL, matches, tool, x86_only  # noqa: F401
from test_cli_run import BACKENDS, tmp_path  # noqa: F401


@pytest.mark.parametrize("backend", KERNEL)
def test_exitsnoop(tool, backend):
    body = """
for kind in ("code", "signal", "thread"):
    pid = os.fork()
    if pid == 0:
        time.sleep(0.06)
        if kind == "code":
            os._exit(42)
        if kind == "signal":
            os.kill(os.getpid(), signal.SIGKILL)
        import _thread
        _thread.start_new_thread(time.sleep, (0.01,))
        time.sleep(0.05)
        os._exit(0)
    os.waitpid(pid, 0)
    report[kind] = pid
report["me"] = os.getpid()
"""
    lines, report = tool(backend, "exitsnoop", body)
    exits = {pid: (float(ms), how) for pid, ms, how in matches(rf"(\d+) +{report['me']} +\S+ +([\d.]+) ms  (.*)", lines)}
    assert [exits[str(report[k])][1] for k in ("code", "signal", "thread")] == ["code 42", "SIGKILL", "code 0"]
    assert all(60 <= ms < 10_000 for ms, _ in exits.values()) and len(exits) == 3


@pytest.mark.parametrize("backend", KERNEL)
def test_sigsnoop(tool, backend):
    body = """
signal.signal(signal.SIGUSR1, signal.SIG_IGN)
pid = os.fork()
if pid == 0:
    os.kill(os.getppid(), signal.SIGUSR1)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    r, w = os.pipe()
    os.close(r)
    os.write(w, b"x")
os.waitpid(pid, 0)
report = {"me": os.getpid(), "child": pid}
"""
    lines, report = tool(backend, "sigsnoop", body)
    sent = matches(rf"{report['child']} +\S+ +(\S+) +(\d+) +\S+ +(.*)", lines)
    assert sent[:2] == [("SIGUSR1", str(report["me"]), "ignored"), ("SIGPIPE", str(report["child"]), "delivered")]


@pytest.mark.parametrize("backend", KERNEL)
def test_threadsnoop(tool, backend):
    body = """
import _thread
ids = []
_thread.start_new_thread(lambda: ids.append(_thread.get_native_id()), ())
while not ids:
    time.sleep(0.01)
pid = os.fork()
if pid == 0:
    os._exit(0)
os.waitpid(pid, 0)
report = {"me": os.getpid(), "thread": ids[0], "child": pid}
"""
    lines, report = tool(backend, "threadsnoop", body)
    started = matches(rf"{report['me']} +\S+ +starts (\w+) (\d+)", lines)
    assert started == [("thread", str(report["thread"])), ("process", str(report["child"]))]


@pytest.mark.needs_root
@pytest.mark.parametrize("backend", BACKENDS)
def test_mountsnoop(tool, backend):
    body = """
import ctypes
libc = ctypes.CDLL(None)
assert libc.unshare(0x20000) == 0  # CLONE_NEWNS: nobody else sees the mounts
libc.mount(None, b"/", None, 1 << 18 | 1 << 14, None)  # MS_PRIVATE | MS_REC
os.mkdir("m")
libc.mount(b"none", b"m", b"tmpfs", 0, None)
libc.umount2(b"m", 0)
libc.umount2(b"m", 0)
report["pid"] = os.getpid()
"""
    lines, report = tool(backend, "mountsnoop", body)
    assert matches(rf"{report['pid']} +(\S+) +(.*)", lines) == [
        ("ok", "mount - - /") if "mount - - /" in lines[0] else ("ok", "umount /"),
        ("ok", "mount none tmpfs m"), ("ok", "umount m"), ("EINVAL", "umount m"),
    ]  # fmt: skip


@pytest.mark.parametrize("backend", BACKENDS)
def test_futexctn(tool, backend):
    body = """
import _thread
lock = _thread.allocate_lock()
lock.acquire()
def hold():
    time.sleep(0.25)
    lock.release()
_thread.start_new_thread(hold, ())
lock.acquire()
report["pid"] = os.getpid()
"""
    lines, report = tool(backend, "futexctn", body)
    waits = matches(rf"{report['pid']} +\S+ +0x[0-9a-f]+ +(\d+) waits, mean ([\d.]+) ms, max ([\d.]+) ms", lines)
    # The longest in total comes first; Python waits for its lock with a time limit or without.
    assert waits and 200 <= float(waits[0][2]) < 10_000


@x86_only
@pytest.mark.parametrize("backend", BACKENDS)
def test_shmsnoop(tool, backend):
    body = """
import ctypes
libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
report["id"] = libc.shmget(0, 12345, 0o600)
at = libc.shmat(report["id"], None, 0)
libc.shmdt(ctypes.c_void_p(at))
libc.shmctl(report["id"], 0, None)
report["at"] = hex(at)
"""
    lines, report = tool(backend, "shmsnoop", body)
    number = report["id"]
    found = [what for (what,) in matches(r"\d+ +\S+ +(shm.*)", lines)]
    wanted = [f"shmget 12345 bytes: {number}", f"shmat {number}", f"shmdt {report['at']}", f"shmctl {number}: remove"]
    assert found == wanted

"""Tools in examples/ that need hooks inside the kernel, disks or libraries, run by `ebee run` on known workloads."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kernel_features import in_guest

pytestmark = pytest.mark.needs_kernel
ROOT = Path(__file__).resolve().parents[2]
WORKLOAD = """import ctypes, json, os, socket, sys, time
os.chdir(sys.argv[1])
report = {}
%s
json.dump(report, open("report", "w"))
"""
whole_machine = pytest.mark.skipif(not in_guest(), reason="it sees the whole machine: in a guest only")


@pytest.fixture
def tool(tmp_path):
    """A function (name, workload) that returns the lines the tool printed, and the workload's report."""

    def run(name, body, *args, options=(), before=""):
        (tmp_path / "workload.py").write_text(WORKLOAD % body)
        argv = [sys.executable, "-m", "ebee", "run", "--kernel", "-q", *options, ROOT / "examples" / f"{name}.py"]
        argv += ["-c", f"{before} {sys.executable} -I -S {tmp_path}/workload.py {tmp_path}"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        argv = list(map(str, [*argv, *(["--", *args] if args else [])]))
        done = subprocess.run(argv, capture_output=True, text=True, timeout=100, env=environment)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout.splitlines(), json.loads((tmp_path / "report").read_text())

    return run


def matches(pattern, lines):
    found = (re.fullmatch(pattern, line) for line in lines)
    return [m.groups() for m in found if m]


def buckets(lines):
    """The rows of histograms: the smallest number of each, and how many there were."""
    return [(int(low), int(n)) for low, n in matches(r" *(\d+) -> \d+ +: (\d+) +\|\*+ *\|", lines)]


# Disks

READS = """
import mmap
buffer = mmap.mmap(-1, 65536)
fd = os.open("data", os.O_CREAT | os.O_RDWR)
os.write(fd, os.urandom(4 * 65536))
os.fsync(fd)
try:
    direct = os.open("data", os.O_RDONLY | os.O_DIRECT)
    report["read"] = [os.preadv(direct, [buffer], at * 65536) for at in range(4)]
except OSError:
    report["read"] = None
report["pid"] = os.getpid()
"""


@pytest.fixture
def disk(tool, tmp_path):
    """As `tool`, for reads and writes of a disk."""
    device = os.stat(tmp_path).st_dev
    if not os.path.exists(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}"):
        pytest.skip("the tests' files are on no disk")

    def run(name, **more):
        lines, report = tool(name, READS, **more)
        if report["read"] is None:
            pytest.skip("the tests' file system does not read past its cache")
        assert report["read"] == [65536] * 4
        return lines, report

    return run


def test_biosnoop(disk):
    lines, report = disk("biosnoop")
    pattern = r"(\d+) +(\S+) +(\S+) +(read|write|flush) +(\d+) +(\d+) +([\d.]+) ms"
    rows = matches(pattern, lines)
    own = [r for r in rows if r[0] == str(report["pid"]) and r[3] == "read"]
    assert sum(int(r[5]) for r in own) >= 4 * 65536
    assert all(0 < float(r[6]) < 10_000 and r[1].startswith("python") for r in own)
    assert len({r[2] for r in own}) == 1 and len({r[4] for r in own}) == len(own)


def test_bitesize(disk):
    lines, _ = disk("bitesize")
    assert any(line.startswith("python") for line in lines)
    assert sum(n for low, n in buckets(lines) if low >= 4096) >= 4


def test_biolatency(disk):
    lines, _ = disk("biolatency")
    assert sum(n for _, n in buckets(lines)) >= 4


# Libraries


@pytest.mark.needs_feature("uprobe")
def test_gethostlatency(tool, tmp_path):
    with open("/proc/self/maps") as maps:
        libc = next(line.split()[-1] for line in maps if line.rstrip().endswith("/libc.so.6"))
    copy = tmp_path / "own" / "libc.so.6"  # a probe changes the file for everyone
    copy.parent.mkdir()
    shutil.copy(libc, copy)
    body = """
for host in "127.0.0.1", "no.such.host.invalid.":
    try:
        socket.getaddrinfo(host, 80, flags=socket.AI_NUMERICHOST)
    except OSError:
        pass
report["pid"] = os.getpid()
"""
    lines, report = tool("gethostlatency", body, copy, before=f"env LD_LIBRARY_PATH={copy.parent}")
    found = matches(rf"{report['pid']} +\S+ +(\S+) +(ok|failed) +([\d.]+) ms", lines)
    assert [f[:2] for f in found] == [("127.0.0.1", "ok"), ("no.such.host.invalid.", "failed")]
    assert all(0 < float(ms) < 10_000 for _, _, ms in found)


# The whole machine: in a guest


@whole_machine
@pytest.mark.vm
def test_softirqs(tool):
    lines, _ = tool("softirqs", "time.sleep(0.5)", options=["--all"])
    found = {name: (int(n), float(ms)) for name, n, ms in matches(r"(\w+) +(\d+) +([\d.]+) ms", lines)}
    assert len(found) == len(lines) and found["timer"][0] > 0
    assert all(0 < ms < 2000 for _, ms in found.values())


@whole_machine
@pytest.mark.vm
def test_hardirqs(tool):
    body = """
with open("/dev/ttyS0", "w") as console:
    for i in range(20):
        console.write(".")
        console.flush()
        time.sleep(0.01)
"""
    lines, _ = tool("hardirqs", body, options=["--all"])
    found = {name: (int(n), float(ms)) for name, n, ms in matches(r"(\S+) +(\d+) +([\d.]+) ms", lines)}
    assert found["ttyS0"][0] > 0 and all(0 < ms < 5000 for _, ms in found.values())


# Functions of the kernel: in a guest where the host has no kprobes

FILES = """
os.mkdir("d")
for i in range(7):
    os.close(os.open(f"d/{i}", os.O_CREAT | os.O_WRONLY))
for i in range(5):
    os.unlink(f"d/{i}")
fd = os.open("d/6", os.O_WRONLY)
for i in range(150):
    os.write(fd, b"x")
"""


@pytest.mark.needs_feature("kprobe")
def test_vfsstat(tool):
    lines, _ = tool("vfsstat", FILES)
    counts = {kind: int(n) for kind, n in matches(r"(\w+) +(\d+)", lines)}
    assert len(counts) == 7
    assert (counts["unlink"], counts["mkdir"], counts["rmdir"]) == (5, 1, 0)
    assert 150 <= counts["write"] <= 160 and counts["open"] >= 8 and counts["read"] > 0


@pytest.mark.needs_feature("kprobe_multi")
def test_funccount(tool):
    lines, _ = tool("funccount", FILES, "vfs_*")
    counts = {name: int(n) for n, name in matches(r" *(\d+) (\w+)", lines)}
    assert (counts["vfs_unlink"], counts["vfs_mkdir"]) == (5, 1) and 150 <= counts["vfs_write"] <= 160
    assert list(counts.values()) == sorted(counts.values()) and all(name.startswith("vfs_") for name in counts)


@pytest.mark.needs_feature("kprobe")
def test_funclatency(tool):
    lines, _ = tool("funclatency", FILES, "vfs_unlink")
    assert lines[0] == "vfs_unlink: 5 calls"
    assert sum(n for _, n in buckets(lines)) == 5


@pytest.mark.needs_feature("kprobe")
def test_capable(tool):
    body = """
fd = os.open("file", os.O_CREAT | os.O_WRONLY)
os.chown("file", 1, 1)
libc = ctypes.CDLL(None)
if os.fork() == 0:
    os.setuid(65534)
    try:
        os.fchown(fd, 2, 2)
    except PermissionError:
        os._exit(0)
    os._exit(1)
report["ended"] = os.wait()[1]
report["pid"] = os.getpid()
"""
    lines, report = tool("capable", body)
    asked = matches(r"(\d+) +\S+ +CAP_(\w+) +(yes|no)", lines)
    assert report["ended"] == 0 and (str(report["pid"]), "CHOWN", "yes") in asked
    other = {a[1:] for a in asked if a[0] != str(report["pid"])}
    assert {("SETUID", "yes"), ("CHOWN", "no")} <= other

"""Tools in examples/ about the scheduler: what they print is what was done."""

# ruff: noqa: F811 - fixtures that are imported
from __future__ import annotations

import re

import pytest
from example_tools import KERNEL, matches, tool  # noqa: F401
from test_cli_run import tmp_path  # noqa: F401

pytestmark = pytest.mark.skipif(
    "not __import__('os').path.exists('/sys/kernel/btf/vmlinux')", reason="this kernel has no BTF"
)
SLEEPS = """
for i in range(20):
    time.sleep(0.005)
report["pid"] = os.getpid()
"""
ROW = r" *(\d+) -> (\d+) +: (\d+) +\|\** *\|"


def rows(lines):
    found = [tuple(map(int, row)) for row in matches(ROW, lines)]
    assert all(high == max(2 * low, 2) - 1 for low, high, _ in found)
    return found


@pytest.mark.parametrize("backend", KERNEL)
def test_runqlat(tool, backend):
    lines, _ = tool(backend, "runqlat", SLEEPS)
    waits = rows(lines)
    assert len(waits) == len(lines) - 1 and 20 <= sum(n for _, _, n in waits) < 2000
    assert all(low < 10_000_000 for low, _, _ in waits)


@pytest.mark.parametrize("backend", KERNEL)
def test_cpudist(tool, backend):
    lines, _ = tool(backend, "cpudist", SLEEPS)
    at = next(i for i, line in enumerate(lines) if line.startswith("off it: "))
    on, off = rows(lines[:at]), rows(lines[at:])
    assert lines[0] == f"on a CPU: {sum(n for _, _, n in on)}" and lines[at] == f"off it: {sum(n for _, _, n in off)}"
    assert sum(n for low, _, n in off if low >= 4096) >= 20  # each sleep is 5 ms or longer


@pytest.mark.parametrize("backend", KERNEL)
def test_offcputime(tool, backend):
    lines, report = tool(backend, "offcputime", SLEEPS)
    ((ready, asleep, blocked),) = matches(rf"{report['pid']} +\S+ +([\d.]+) +([\d.]+) +([\d.]+)", lines)
    assert 100 <= float(asleep) < 10_000 and float(ready) < 10_000 and float(blocked) < 10_000
    where = "\n".join(lines)
    assert re.search(r"\n    \w*(schedule|switch)\w*\+0x\w+ \[kernel\]\n", where), where
    assert re.search(r"\n    \w+.* \[(libc|ld-|(lib)?python)\S*\](\n|$)", where), where


@pytest.mark.parametrize("backend", KERNEL)
def test_wakeuptime(tool, backend):
    body = """
def named(name):
    with open("/proc/self/comm", "w") as f:
        f.write(name)
r, w = os.pipe()
done, end = os.pipe()
if os.fork() == 0:
    named("sleeper")
    for i in range(5):
        os.read(r, 1)
        os.write(end, b"x")
    os._exit(0)
named("waker")
for i in range(5):
    time.sleep(0.02)
    os.write(w, b"x")
    os.read(done, 1)
os.wait()
"""
    lines, _ = tool(backend, "wakeuptime", body)
    found = {(waker, sleeper): (int(n), float(ms)) for waker, sleeper, n, ms in
             matches(r"(\S+) +wakes (\S+) +(\d+) times, after ([\d.]+) ms in all", lines)}  # fmt: skip
    count, asleep_ms = found["waker", "sleeper"]
    assert count == 5 and 80 <= asleep_ms < 10_000

"""docs/coming-from-*.md: each block of Python is a whole file that compiles, and does what the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TYPED = pytest.mark.skipif(not os.path.exists("/sys/kernel/btf/vmlinux"), reason="this kernel has no BTF")
KPROBE = (pytest.mark.needs_kernel, pytest.mark.needs_feature("kprobe"))
CAT = "cat /etc/hostname"
CONNECT = (
    f"""{sys.executable} -I -S -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); """
    """socket.socket().connect_ex(s.getsockname())'"""
)
# By its last function: what a line that it prints looks like, and the command that makes it print.
RUNS = {
    "hello": (r"opened by \d+: '/etc/hostname'", CAT),
    "filtered": (rf"an open of user {os.getuid()}", CAT),
    "large_reads": (r"cat asks for \d+", CAT),
    "counting": (r"\d+ cat \d+", CAT),
    "sizes": (r" *\d+ -> \d+ +: \d+ +\|\*+ *\|", CAT),
    "opened": (r"\d+ cat /etc/hostname", CAT),
    "leave": (r"\d+ bytes, \d+ ns", CAT),
    "exits": (r"cat \d+, a child of \d+, exits with 0", CAT),
    "sample": (r"\d+ sh 0x.*", "sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'"),
    "on_exit": (r"\d+ \d+ cat \d+\.\d ms", CAT),
    "ending": (r"asked for \d+ bytes", CAT),
    "connecting": (r"\S+ connects to 0x7f000001, port \d+", CONNECT),
}
NEEDS_MORE = {"leave": KPROBE, "exits": (TYPED,), "on_exit": (TYPED,)}
LOADED_ONLY = {"protect", "lookups"}  # the second would change the machine's libc


def blocks():
    for page in sorted((ROOT / "docs").glob("coming-from-*.md")):
        for code in re.findall(r"```python\n(.*?)```", page.read_text(), re.S):
            yield page.stem, re.findall(r"^def (\w+)", code, re.M)[-1], code


BLOCKS = [pytest.param(name, code, id=f"{page}-{name}") for page, name, code in blocks()]
TO_RUN = [
    pytest.param(name, code, id=f"{page}-{name}", marks=NEEDS_MORE.get(name, ()))
    for page, name, code in blocks()
    if name in RUNS
]


def ebee(*argv):
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    argv = [sys.executable, "-m", "ebee", *map(str, argv)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, env=env)


@pytest.fixture
def write(tmp_path):
    def to_file(code):
        file = tmp_path / "page.py"
        file.write_text(code)
        return file

    return to_file


@pytest.mark.parametrize("name, code", BLOCKS)
def test_it_compiles(write, name, code):
    done = ebee("disasm", write(code))
    if "BTF" in done.stderr:
        if not os.path.exists("/sys/kernel/btf/vmlinux"):
            pytest.skip("this kernel has no BTF")
        done = ebee("disasm", "--target", "kernel", write(code))
    assert (done.returncode, done.stderr) == (0, "") and "instructions" in done.stdout


@pytest.mark.needs_kernel
@pytest.mark.parametrize("name, code", TO_RUN)
def test_it_runs(write, name, code):
    pattern, command = RUNS[name]
    done = ebee("run", "--kernel", "-q", write(code), "-c", command)
    assert (done.returncode, done.stderr) == (0, "")
    assert any(re.fullmatch(pattern, line) for line in done.stdout.splitlines()), done.stdout


def test_every_block_is_run_or_said_not_to_be():
    assert {name for _, name, _ in blocks()} == {*RUNS, *LOADED_ONLY}


def test_it_is_what_it_says_it_is_to_a_type_checker(tmp_path):
    pytest.importorskip("mypy")
    for number, (_, _, code) in enumerate(blocks()):
        (tmp_path / f"page{number}.py").write_text(code)
    argv = [sys.executable, "-m", "mypy", "--check-untyped-defs", "--no-incremental", "--config-file", "/dev/null"]
    argv += sorted(map(str, tmp_path.glob("*.py")))
    env = {"MYPYPATH": str(ROOT / "src"), "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    done = subprocess.run(argv, capture_output=True, text=True, cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stdout + done.stderr

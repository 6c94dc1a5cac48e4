"""docs/printing.md: its code runs and prints what the page says, run as a file and by `ebee run`."""

import ctypes
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DECLARED, ATTACHED, KEPT = re.findall(r"```python\n(.*?)```", (ROOT / "docs/printing.md").read_text(), re.S)
BACKENDS = [
    pytest.param("--kernel", marks=pytest.mark.needs_kernel),
    pytest.param("--engine", marks=pytest.mark.needs_ptrace),
]
LINE = r" *\d+ cat +'/etc/hostname' 0o\d+"


def run(tmp_path, text, *args):
    file = tmp_path / "opens.py"
    file.write_text(text)
    argv = [sys.executable, "-m", "ebee", "run", str(file), *args]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True)


def count(pattern, text):
    return sum(re.fullmatch(pattern, line) is not None for line in text.splitlines())


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("text", [DECLARED, DECLARED + ATTACHED], ids=["declared", "attached"])
def test_the_page_prints(tmp_path, text, backend):
    done = run(tmp_path, text, backend, "-c", "cat /etc/hostname")
    assert count(LINE, done.stdout) == 1
    assert count("configuration: /etc/hostname", done.stderr) == 1


@pytest.mark.needs_ptrace
def test_lines_of_json(tmp_path):
    done = run(tmp_path, DECLARED, "--engine", "--json", "-c", "cat /etc/hostname")
    events = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    text = "".join(e["print"] for e in events if e["stream"] == "stdout")
    assert count(LINE, text) == 1
    assert "configuration: /etc/hostname\n" in [e["print"] for e in events if e["stream"] == "stderr"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_kept_text_is_a_key(tmp_path, backend):
    done = run(tmp_path, "import ebee\n" + KEPT, backend, "-c", "cat /etc/hostname")
    assert re.search(rf"^calls:\n +cat:{os.getuid()}  [1-9]\d*$", done.stdout, re.M), done.stdout


MIXED = """
import ebee
from ebee import RingBuf, Struct, u64

class Seen(Struct):
    n: u64

seen = RingBuf(Seen)

@ebee.tracepoint("syscalls:sys_enter_openat")
def on_open(ctx):
    if ebee.user_str(ctx.filename, 64) == "/etc/hostname":
        print("before")
        with seen.reserve() as e:
            e.n = ebee.pid()
        print("after")

with ebee.attach(on_open):
    for e in seen:
        print("record")
"""


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_print_comes_before_the_record_that_follows_it(tmp_path, backend):
    done = run(tmp_path, MIXED, backend, "-c", "cat /etc/hostname /etc/hostname")
    lines = [line for line in done.stdout.splitlines() if line in ("before", "after", "record")]
    assert sorted(lines) == ["after", "after", "before", "before", "record", "record"]
    assert [i for i, line in enumerate(lines) if line == "before"][1] < len(lines) - lines[::-1].index("record") - 1
    assert lines[0] == "before"


@pytest.mark.needs_kernel
@pytest.mark.needs_root
def test_libbpf_loads_an_object_that_prints(tmp_path):
    try:
        libbpf = ctypes.CDLL("libbpf.so.1")
    except OSError:
        pytest.skip("libbpf.so.1 is not installed")
    file = tmp_path / "opens.py"
    file.write_text(DECLARED + KEPT)
    argv = [sys.executable, "-m", "ebee", "compile", str(file), "-o", str(tmp_path / "opens.o")]
    said = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True).stdout
    assert "map ebee_print: ringbuf, max_entries 524288" in said
    libbpf.bpf_object__open_file.restype = ctypes.c_void_p
    opened = ctypes.c_void_p(libbpf.bpf_object__open_file(os.fsencode(tmp_path / "opens.o"), None))
    try:
        assert libbpf.bpf_object__load(opened) == 0
    finally:
        libbpf.bpf_object__close(opened)

"""docs/loading.md: its C source is compiled, its Python runs; the commands that it names do what it says."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ebee
from ebee.api import c_sources, options

PAGE = Path(__file__).resolve().parents[2] / "docs" / "loading.md"
HEADERS = Path(__file__).resolve().parents[1] / "data" / "objects"
CLI = "import sys; from ebee.cli import main; sys.exit(main(sys.argv[1:]))"


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.S)


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """The page's source, with headers of our own instead of libbpf's, which may not be installed."""
    pytest.importorskip("ziglang", reason="clang is in the package ziglang")
    made = tmp_path_factory.mktemp("loading")
    shutil.copy(HEADERS / "ebpf.h", made)
    names = {"BPF_MAP_TYPE_HASH": 1, "BPF_MAP_TYPE_RINGBUF": 27, "BPF_ANY": 0}
    defines = "".join(f"#define {name} {number}\n" for name, number in names.items())
    defines += "static long (*bpf_get_current_comm)(void *buf, __u32 size) = (void *)16;\n"
    (text,) = blocks("c")
    source = re.sub(r"#include.*\n#include.*\n", f'#include "ebpf.h"\n{defines}', text)
    (made / "calls.bpf.c").write_text(source)
    return made


def run(directory, *argv):
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run([sys.executable, "-c", CLI, *argv], cwd=directory, capture_output=True, text=True, env=env)


@pytest.mark.needs_ptrace
def test_the_page_runs(directory, monkeypatch):
    """In the engine: in the kernel the first snippet would count every process of the machine."""
    monkeypatch.chdir(directory)
    monkeypatch.setattr(options.current, "backend", "engine")
    first, second = blocks("python")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(first, {})
    assert re.fullmatch(r"python3\S* [12] [12]\npython3\S* 2 2\n", out.getvalue())
    done = run(directory, "compile", "calls.bpf.c")
    assert done.returncode == 0 and "program on_getpgid: tracepoint/syscalls/sys_enter_getpgid" in done.stdout
    exec(second, {"ebee": ebee})
    again = ebee.read("changed.bpf.o")
    assert again.globals.most == 5 and again.spec.maps["counts"].max_entries == 1 << 16


@pytest.mark.needs_ptrace
def test_the_commands(directory):
    done = run(directory, "load", "calls.bpf.c", "--engine", "--attach", "-c", "python3 -c 'import os; os.getpgid(0)'")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "calls: loaded" and "calls: attached 1 program; Ctrl-C ends it" in lines
    assert lines[-1].startswith("events: seen(pid=") and "comm='python3" in lines[-1]


@pytest.mark.needs_kernel
def test_loading_without_attaching(directory):
    done = run(directory, "load", "calls.bpf.c", "--set", "most=0x10")
    assert done.returncode == 0, done.stderr
    assert "  map counts: hash, key 4 bytes, value 8 bytes, max_entries 64" in done.stdout.splitlines()


REFUSED = {
    "--set most says no value": ["load", "calls.bpf.c", "--set", "most"],
    "most takes a number, not 'x'": ["load", "calls.bpf.c", "--set", "most=x"],
    "-1 does not fit in u32": ["load", "calls.bpf.c", "--set", "most=-1"],
    "no global variable 'least'": ["load", "calls.bpf.c", "--set", "least=1"],
    "whom should the programs see?": ["load", "calls.bpf.c", "--attach"],
    "it is not to be attached": ["load", "calls.bpf.c", "--interface", "lo"],
    "read gone.bpf.c: No such file": ["load", "gone.bpf.c"],
    "read gone.bpf.o: No such file": ["load", "gone.bpf.o"],
    "ebpf.h: offset 0: this is no ELF file": ["load", "ebpf.h"],
    "clang refused broken.bpf.c": ["compile", "broken.bpf.c"],
}


@pytest.mark.parametrize("message", REFUSED)
def test_refusals(directory, message):
    (directory / "broken.bpf.c").write_text("int f( {")
    done = run(directory, *REFUSED[message])
    assert done.returncode and message in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_without_clang_the_extra_is_named(tmp_path, monkeypatch):
    source = tmp_path / "x.bpf.c"
    source.write_text("int a;")
    monkeypatch.setitem(sys.modules, "ziglang", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ebee.NotSupported, match="the package ziglang, which has clang, is not installed") as caught:
        c_sources.compile_c(str(source))
    assert 'pip install "ebee[c]"' in caught.value.hint

"""The modules that the start path imports: each costs every user a millisecond or more, at every start.

tests/data/start_path*.txt hold them; a new one is a decision (`pytest --update-expected`), some are refused.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from clang_objects import compiled

SRC = Path(__file__).resolve().parents[2] / "src"

# Each of these brings a dozen others.
REFUSED = {
    "argparse", "ast", "asyncio", "click", "dataclasses", "elftools", "enum", "inspect", "json", "logging",
    "pathlib", "re", "socket", "subprocess", "tempfile", "threading", "typing",
}  # fmt: skip

# Reports on a descriptor of its own: what the code prints does not matter. `os` and what it needs is there
# in every interpreter that is not started with -S.
REPORT = """
import os, sys
before = set(sys.modules)
sys.path.insert(0, {src!r})
try:
    {code}
finally:
    os.write({fd}, " ".join(set(sys.modules) - before).encode())
"""


def modules_after(code):
    """The modules that `code` (one line) imports in a fresh interpreter in which no site's .pth file has run.

    The standard library's private modules and sub-modules are left out: they differ between Python versions.
    """
    reader, writer = os.pipe()
    program = REPORT.format(src=str(SRC), code=code, fd=writer)
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program],
        pass_fds=[writer], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    os.close(writer)
    with open(reader) as report:
        names = report.read().split()
    assert ran.returncode == 0, ran.stderr
    return sorted(n for n in names if n.partition(".")[0] == "ebee" or not (n.startswith("_") or "." in n))


def check(expected, file, modules, allowed=frozenset()):
    refused = sorted((REFUSED - allowed) & set(modules))
    assert not refused
    if sys.version_info[:2] == (3, 11):
        expected(file, "\n".join(modules))
    else:  # the standard library's modules import one another in other ways; ebee's own are the same
        known = (SRC.parent / "tests" / "data" / file).read_text().split()
        assert [n for n in modules if n.startswith("ebee")] == [n for n in known if n.startswith("ebee")]


def test_import_ebee(expected):
    check(expected, "start_path_import.txt", modules_after("import ebee"))


def test_a_refused_module_is_seen():
    assert {"json", "re"} <= set(modules_after("import json")) & REFUSED


PROGRAM = """
import ebee
from ebee import Hash, u32, u64

opens = Hash(u32, u64, max_entries=64)


@ebee.tracepoint("syscalls:sys_enter_openat")
def count(ctx):
    opens[ebee.pid()] += 1
"""


@pytest.mark.parametrize(
    ("backend", "allowed"),
    [
        pytest.param("kernel", set(), marks=pytest.mark.needs_kernel),
        # The tracer is a thread of its own; the stops that it serves cost more than the import.
        pytest.param("engine", {"threading"}, marks=pytest.mark.needs_ptrace),
    ],
)
def test_ebee_run(expected, tmp_path, backend, allowed):
    file = tmp_path / "count.py"
    file.write_text(PROGRAM)
    args = ["run", f"--{backend}", str(file), "-c", "/bin/true"]
    code = f"from ebee.cli import main; assert main({args!r}) == 0"
    check(expected, f"start_path_{backend}.txt", modules_after(code), allowed)


@pytest.mark.needs_kernel
def test_loading_an_object(expected):
    path = str(compiled("counting"))
    check(expected, "start_path_load.txt", modules_after(f"import ebee; ebee.read({path!r}).load().close()"))

"""What docs/user-hooks.md shows compiles, runs and type-checks; its tables have every decorator."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ebee
from ebee.types import perf_hooks, user_hooks
from ebee.types.probes import Probe

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "kernel"))
PAGE = (ROOT / "docs" / "user-hooks.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.S)
ENV = {**os.environ, "PYTHONPATH": str(ROOT / "src")}


def named(code):
    return re.search(r"^def (\w+)", code, re.M)[1]


@pytest.mark.skipif(not os.path.exists("/sys/kernel/btf/vmlinux"), reason="this kernel has no BTF")
@pytest.mark.parametrize("code", BLOCKS, ids=named)
def test_it_compiles_for_this_kernel(tmp_path, code):
    import tiny_elf

    code = code.replace('"/opt/db/server", "db", "query"', f'"{tiny_elf.write(tmp_path)}", "tiny", "step"')
    file = tmp_path / "page.py"
    file.write_text(code)
    names: dict[str, object] = {"__name__": "page"}
    exec(compile(code, str(file), "exec"), names)
    probes = [value for value in names.values() if isinstance(value, Probe)]
    assert probes and ebee.compile(*probes, target="kernel").to_bytes()


@pytest.mark.needs_kernel
@pytest.mark.needs_tool("bash", "date")
@pytest.mark.parametrize("block, pattern", [(3, r"\d+ times at \['0x.*\]\n")], ids=["samples"])
def test_it_runs(tmp_path, block, pattern):
    file = tmp_path / "page.py"
    file.write_text(BLOCKS[block])
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, env=ENV, timeout=60)
    told = re.sub(r"ebee: \d+ stacks? (was|were) lost: another had its place in .*\n", "", done.stderr)
    assert done.returncode == 0 and not told, told
    assert re.search(pattern, done.stdout), done.stdout


@pytest.mark.needs_kernel
@pytest.mark.needs_feature("uprobe")
@pytest.mark.parametrize("block", [0, 1], ids=["settings", "pattern"])
def test_it_runs_on_a_library_of_its_own(tmp_path, block):
    import shutil

    lines = Path("/proc/self/maps").read_text().splitlines()
    library = str(tmp_path / "libc.so.6")
    shutil.copy(next(line.split()[-1] for line in lines if "/libc.so.6" in line), library)
    child = [sys.executable, "-S", "-c", "import os; os.putenv('COLOUR', 'blue')"]
    command = repr(["env", f"LD_LIBRARY_PATH={tmp_path}", *child])
    code = BLOCKS[block].replace('"libc"', repr(library))
    code = code.replace('["bash", "-c", "export COLOUR=blue; date"]', command)
    file = tmp_path / "page.py"
    file.write_text(code)
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, env=ENV, timeout=60)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert re.search(r"\d+ COLOUR=blue\n|setenv 1\n", done.stdout), done.stdout


@pytest.mark.parametrize("checker", [pytest.param("mypy", marks=pytest.mark.slow), "pyright"])
def test_it_type_checks(tmp_path, checker):
    pytest.importorskip(checker)
    for number, code in enumerate(BLOCKS):
        (tmp_path / f"page{number}.py").write_text(code)
    (tmp_path / "pyrightconfig.json").write_text(f'{{"extraPaths": ["{ROOT / "src"}"]}}')
    more = ["--check-untyped-defs", "--no-incremental", "--config-file", "/dev/null"] if checker == "mypy" else []
    files = sorted(str(path) for path in tmp_path.glob("*.py"))
    argv = [sys.executable, "-m", checker, *more, *files]
    env = {"MYPYPATH": str(ROOT / "src"), "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    done = subprocess.run(argv, capture_output=True, text=True, cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_tables_have_every_decorator():
    shown = set(re.findall(r"^\| `(\w+)\(", PAGE, re.M))
    declared = {
        name
        for module in (user_hooks, perf_hooks)
        for name, value in vars(module).items()
        if getattr(value, "__module__", "") == module.__name__ and not name.startswith("_") and name != "PathLike"
    }
    assert declared <= shown | {"Decorator", "Path"}

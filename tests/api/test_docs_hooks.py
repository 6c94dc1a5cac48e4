"""What docs/hooks.md shows compiles, runs and type-checks; its table has every decorator."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ebee
from ebee.elf.read import read_object
from ebee.types import kernel_hooks
from ebee.types.probes import Probe

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "hooks.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.S)
ENV = {**os.environ, "PYTHONPATH": str(ROOT / "src")}


def has_btf():
    return os.path.exists("/sys/kernel/btf/vmlinux")


@pytest.mark.skipif(not has_btf(), reason="this kernel has no BTF")
@pytest.mark.parametrize("code", BLOCKS, ids=lambda code: re.search(r"^ *def (\w+)", code, re.M)[1])
def test_it_compiles_for_this_kernel(tmp_path, code):
    file = tmp_path / "page.py"
    file.write_text(code)
    names: dict[str, object] = {"__name__": "page"}
    exec(compile(code, str(file), "exec"), names)
    probes = [value for value in names.values() if isinstance(value, Probe)]
    structs = [v for v in names.values() if isinstance(v, type) and issubclass(v, ebee.StructOps)]
    if structs:
        assert read_object(ebee.compile(*structs, target="kernel").to_bytes()).structs
        return
    assert probes and ebee.compile(*probes, target="kernel").to_bytes()


@pytest.mark.needs_kernel
@pytest.mark.parametrize(
    "block, pattern",
    [(0, r"(sh|sleep) \d+, a child of \d+, makes room for \d+\n"), (4, r"\d+ \d+ \S+\n"), (5, r" +\d+ \d+\n"), (-1, "42\n")],
    ids=["switches", "tasks", "elements", "sum"],
)
def test_it_runs(tmp_path, block, pattern):
    file = tmp_path / "page.py"
    file.write_text(BLOCKS[block])
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, env=ENV, timeout=60)
    assert done.returncode == 0 and not done.stderr, done.stderr
    assert re.search(pattern, done.stdout), done.stdout


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


def test_its_table_has_every_decorator():
    table = PAGE.partition("| Decorator |")[2].partition("\n\n")[0]
    shown = set(re.findall(r"`(\w+)(?:\(|`)", " ".join(row.split("|")[1] for row in table.splitlines() if "|" in row)))
    declared = {n for n, v in vars(kernel_hooks).items() if getattr(v, "__module__", "") == kernel_hooks.__name__}
    assert {name for name in declared if not name.startswith("_")} <= shown

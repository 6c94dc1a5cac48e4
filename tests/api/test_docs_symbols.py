"""What docs/symbols.md shows runs, and its tables have what there is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ebee

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "symbols.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.S)
ENV = {**os.environ, "PYTHONPATH": str(ROOT / "src")}


def run(tmp_path, block):
    file = tmp_path / "page.py"
    file.write_text(BLOCKS[block])
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, env=ENV, timeout=60)
    told = re.sub(r"ebee: \d+ stacks? (was|were) lost: another had its place in .*\n", "", done.stderr)
    assert done.returncode == 0 and not told, told
    return done.stdout.splitlines()


@pytest.mark.needs_kernel
def test_stacks_of_probes(tmp_path):
    lines = run(tmp_path, 0)
    assert re.fullmatch(r"\d+ times at", lines[0]) and len(lines) >= 2
    frames = lines[1:-1]
    assert frames and all(re.match(r"    (\S+)", line) for line in frames)
    assert any(line.endswith("]") for line in frames), lines


def test_without_probes(tmp_path):
    one, module, name, notes = run(tmp_path, 1)
    assert one.startswith(name) and module.startswith("/") and notes == "[]"


def test_names_of_the_page_are_there():
    frame = ebee.Frame("f", 1, "x.c", 2, "/m", 3)
    for name in re.search(r"A `Frame` has (.*?)\. ", PAGE, re.S)[1].replace(" and ", ", ").split(", "):
        assert hasattr(frame, name.strip().strip("`")), name
    for name in re.findall(r"`(?:Symbols\(\))?\.(\w+)\(", PAGE):
        assert hasattr(ebee.Symbols, name), name
    for name in re.findall(r"^\| `(\w+)\(pid\)`", PAGE, re.M):
        assert hasattr(ebee.CallStack, name), name


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

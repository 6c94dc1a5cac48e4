"""What docs/btf.md shows runs, and every command that it names is there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from ebee.cli.click_app import app

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "btf.md").read_text()
(CODE,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
(COMMANDS,) = re.findall(r"```sh\n(.*?)```", PAGE, re.S)


@pytest.mark.needs_kernel
def test_it_runs(tmp_path):
    pytest.importorskip("ziglang", reason="clang is in the package ziglang")
    file = tmp_path / "page.py"
    file.write_text(CODE)
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    argv = [sys.executable, str(file)]
    done = subprocess.run(argv, capture_output=True, text=True, env=env, timeout=60, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "struct task_struct.pid is in vmlinux", "struct task_struct.nothing_of_this_name is missing",
        "struct task_struct.nothing_of_this_name is missing", "1 struct task_struct has no 'nothing_of_this_name'",
    ]  # fmt: skip


@pytest.mark.parametrize("line", [line for line in COMMANDS.splitlines() if line])
def test_commands_are_there(line):
    words = line.partition("  #")[0].split()
    group = app.get_command(click.Context(app), words[1])
    assert isinstance(group, click.Group)
    command = group.get_command(click.Context(group), words[2])
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= options

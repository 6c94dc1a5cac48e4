"""What docs/inspect.md shows runs, and every command that it names is there."""

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
PAGE = (ROOT / "docs" / "inspect.md").read_text()
(CODE,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
(COMMANDS,) = re.findall(r"```sh\n(.*?)```", PAGE, re.S)


@pytest.mark.needs_kernel
def test_it_runs(tmp_path):
    file = tmp_path / "page.py"
    file.write_text(CODE)
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, env=env, timeout=60)
    assert done.returncode == 0, done.stderr
    pattern = r"raw_tracepoint \d+ instructions\n\d+ .+\nraw_tracepoint sched_process_exec\nhash 1\n"
    assert re.fullmatch(pattern, done.stdout), done.stdout


@pytest.mark.parametrize("line", [line for line in COMMANDS.splitlines() if line])
def test_commands_are_there(line):
    words = line.partition("  #")[0].split()
    group = app.get_command(click.Context(app), words[1])
    assert isinstance(group, click.Group)
    command = group.get_command(click.Context(group), words[2])
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("-")} <= options


def test_the_table_has_names_that_are_there():
    import ebee

    for cls, names in re.findall(r"`(Program|Map|Link)[. ]([^`]+)`", PAGE):
        for name in re.findall(r"\w+", names):
            if name not in ("new", "old"):
                assert hasattr(getattr(ebee, cls), name), f"{cls}.{name}"

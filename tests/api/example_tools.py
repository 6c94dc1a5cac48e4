"""Running a tool of examples/ by `ebee run` on a workload of the test's own."""

from __future__ import annotations

import json
import platform
import re
import sys

import pytest
from test_cli_run import BACKENDS, ROOT, ebee, tmp_path  # noqa: F401

EXAMPLES = ROOT / "examples"
KERNEL = BACKENDS[:1]
x86_only = pytest.mark.skipif(platform.machine() != "x86_64", reason="the tool names system calls of x86-64")

WORKLOAD = """
import errno, json, os, signal, socket, sys, time
os.chdir(sys.argv[1])
report = {{}}
{body}
with open("report.json", "w") as f:
    json.dump(report, f)
"""


@pytest.fixture
def tool(tmp_path):  # noqa: F811
    """A function (backend, name, workload) that returns the lines the tool printed, and the workload's report."""

    def run(backend, name, body, *args):
        script = tmp_path / "workload.py"
        script.write_text(WORKLOAD.format(body=body))
        command = f"{sys.executable} -I -S {script} {tmp_path}"
        rest = ["--", *args] if args else []
        result = ebee("run", backend, "-q", EXAMPLES / f"{name}.py", "-c", command, *rest)
        assert (result.returncode, result.stderr) == (0, ""), result.stderr
        return result.stdout.splitlines(), json.loads((tmp_path / "report.json").read_text())

    return run


def matches(pattern, lines):
    """The groups of each line that fits a pattern as a whole."""
    found = (re.fullmatch(pattern, line) for line in lines)
    return [m.groups() for m in found if m]

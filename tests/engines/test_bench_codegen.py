"""The benchmark of the compiler runs: without clang alone, with it the two versions of each program must agree."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"
PROGRAMS = sorted(p.stem for p in (BENCH / "codegen").glob("*.c"))


def run(*options):
    return subprocess.run([sys.executable, str(BENCH / "codegen.py"), *options], capture_output=True, text=True)


def test_every_program_has_a_twin_and_runs():
    # An interpreter that does nothing has no clang: what is measured is ebee alone.
    ran = run("--ziglang", "false")
    assert ran.returncode == 0, ran.stderr
    head, _, *rows = ran.stdout.splitlines()
    assert "pip install ziglang" in head
    assert sorted(row.split()[0] for row in rows) == PROGRAMS and len(PROGRAMS) >= 30
    assert all(int(n) > 0 for row in rows for n in row.split()[1:])


def test_twins_agree():
    pytest.importorskip("ziglang", reason="clang is in the package ziglang")
    ran = run()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "executed: geometric mean" in ran.stdout

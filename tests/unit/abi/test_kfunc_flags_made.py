"""The generator of the flags of kernel functions: it reads a tree of sources, and says what it cannot check."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from ebee.abi.kfunc_flags import FLAGS

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "tools" / "gen" / "abi_kfunc_flags.py"


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPT.parent))
    return runpy.run_path(str(SCRIPT))


def run(*args, **env):
    argv = [sys.executable, str(SCRIPT), *args]
    clean = {name: value for name, value in os.environ.items() if name != "EBEE_KERNEL_SOURCES"}
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, env={**clean, **env})


@pytest.fixture
def tree(tmp_path, script):
    """Sources that register just what the table has."""
    words = {flag: macro for macro, flag in script["FLAGS"].items()}
    names = sorted(set().union(*FLAGS.values()))
    lines = [f"BTF_ID_FLAGS(func, {n}, {' | '.join(words[f] for f in FLAGS if n in FLAGS[f])})" for n in names]
    for source in script["SOURCES"]:
        (tmp_path / source).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / source).write_text("BTF_ID_FLAGS(func, bpf_without_any)\n")
    (tmp_path / script["SOURCES"][0]).write_text("\n".join(lines))
    (tmp_path / "Makefile").write_text("VERSION = 6\nPATCHLEVEL = 18\n")
    return tmp_path


def test_registrations_are_read(script):
    text = """
    BTF_ID_FLAGS(func, plain)
    BTF_ID_FLAGS(func, given, KF_ACQUIRE | KF_RET_NULL |
                 KF_RCU_PROTECTED)
    BTF_ID_FLAGS(func, stepping, KF_ITER_NEXT | KF_RET_NULL)
    BTF_ID_FLAGS(struct, kind, KF_RCU)
    """
    assert script["flags_in"](text) == {
        "plain": set(), "given": {"acquire", "ret_null", "rcu_protected"}, "stepping": {"ret_null"},
    }  # fmt: skip


def test_the_table_is_what_its_sources_give(tree):
    done = run("--check", EBEE_KERNEL_SOURCES=str(tree))
    assert (done.returncode, done.stdout) == (0, "")
    source = tree / "kernel" / "bpf" / "cpumask.c"
    source.write_text("BTF_ID_FLAGS(func, bpf_cpumask_new_one, KF_RCU)\n")
    done = run("--check", EBEE_KERNEL_SOURCES=str(tree))
    assert done.returncode == 1
    assert "+" in done.stdout and "bpf_cpumask_new_one" in done.stdout


def test_what_cannot_be_checked_says_so(tree):
    done = run("--check")
    assert done.returncode == 0 and "not checked" in done.stdout
    (tree / "Makefile").write_text("VERSION = 6\nPATCHLEVEL = 12\n")
    done = run("--check", EBEE_KERNEL_SOURCES=str(tree))
    assert done.returncode == 0 and "is of Linux 6.18, the sources of 6.12" in done.stdout

"""The runner of other kernels, without one: its archives, and what it makes of a guest's report."""

from __future__ import annotations

import importlib
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "vmtest"


@pytest.fixture
def module(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    names = ("image", "job", "packages")
    yield importlib.import_module
    for name in names:
        sys.modules.pop(name, None)


def result(module, release, tests, exit=0):
    lines = [{"test": f"t{i}", "outcome": o, "reason": r, "vm": vm} for i, (o, r, vm) in enumerate(tests)]
    return module("job").Result(release, 1.0, [{"up": release}, *lines, *([] if exit is None else [{"exit": exit}])])


@pytest.mark.parametrize(
    ("release", "tests", "exit", "good", "said"),
    [
        ("6.12.1-cloud", [("passed", "", True)], 0, True, "1 passed"),
        ("6.12.1-cloud", [("skipped", "needs Linux 6.15 for x", True)], 0, True, "1 skipped"),
        ("6.12.1-cloud", [("skipped", "not installed: ip", True)], 0, False, "is there for it: t0: not installed: ip"),
        ("6.12.1-cloud", [("skipped", "not installed: ip", False)], 0, True, "1 skipped"),
        ("6.12.1-cloud", [("skipped", "this kernel is built without kprobe: …", True)], 0, False, "is there for it"),
        ("6.1.0-50-cloud", [("skipped", "this kernel is built without kprobe_multi: …", True)], 0, True, "1 skipped"),
        ("6.12.1-cloud", [("skipped", "this kernel is built without kprobe_multi: …", True)], 0, False, "is there"),
        ("6.12.1-cloud", [("failed", "E assert 0", True)], 1, False, "failed   t0: E assert 0"),
        ("6.12.1-cloud", [("passed", "", True)], None, False, "ended before its tests did"),
        ("6.12.1-cloud", [], 5, False, "exit status 5"),
    ],
)
def test_a_report_is_judged(module, capsys, release, tests, exit, good, said):
    assert result(module, release, tests, exit).tell() is good
    assert said in capsys.readouterr().out


def test_the_series_of_the_known_kernels_have_features_of_the_table(module):
    from kernel_features import FEATURES

    for names in module("job").BUILT_WITHOUT.values():
        assert set(names) <= set(FEATURES)


def test_an_archive_holds_the_tree(module, tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_bytes(b"12345")
    (tmp_path / "d" / "link").symlink_to("f")
    (tmp_path / "dirlink").symlink_to("d")
    (tmp_path / "d" / "f").chmod(0o755)
    out = io.BytesIO()
    module("image").write_cpio(tmp_path, out)
    data, at, found = out.getvalue(), 0, {}
    while at < len(data):
        fields = [int(data[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13)]
        assert data[at : at + 6] == b"070701" and at % 4 == 0
        name = data[at + 110 : at + 110 + fields[11] - 1].decode()
        at += 110 + fields[11] + -(110 + fields[11]) % 4
        found[name] = (oct(fields[1]), fields[2], fields[3], data[at : at + fields[6]])
        at += fields[6] + -fields[6] % 4
    assert found.pop("TRAILER!!!")
    assert found == {
        "d": (oct(0o040000 | (tmp_path / "d").stat().st_mode & 0o7777), 0, 0, b""),
        "d/f": ("0o100755", 0, 0, b"12345"),
        "d/link": ("0o120777", 0, 0, b"f"),
        "dirlink": ("0o120777", 0, 0, b"d"),
        "dev/console": ("0o20600", 0, 0, b""),
    }


def test_arguments_go_to_pytest_with_paths_of_the_clone(module, monkeypatch):
    command = module("job")._pytest
    assert command(["-x"]).endswith("-m vm tests/kernel -x")
    monkeypatch.chdir(FOLDER.parent / "tests" / "unit")
    assert command(["test_vmtest.py::test_x", "-k", "a b"]).endswith("tests/unit/test_vmtest.py::test_x -k 'a b'")


@pytest.mark.parametrize("argument", ["--help", "6.12"])
def test_without_qemu_it_says_what_to_install(argument):
    environ = os.environ | {"PATH": os.path.dirname(sys.executable)}
    done = subprocess.run([sys.executable, FOLDER / "run", argument], env=environ, capture_output=True, text=True)
    if argument == "--help":
        assert done.returncode == 0 and "6.1, 6.12, 7" in done.stdout
    else:
        assert done.returncode == 2 and "apt-get install --no-install-recommends qemu-system-x86" in done.stdout


def test_what_killed_runs_have_left_is_removed(module, tmp_path, monkeypatch):
    ended = subprocess.Popen(["true"])
    ended.wait()
    names = [f"ebee-vmtest-{pid}-x" for pid in (ended.pid, os.getpid())] + ["ebee-vmtest-other", "another"]
    for name in names:
        (tmp_path / name / "guest").mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    module("job")._remove_left()
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(names[1:])

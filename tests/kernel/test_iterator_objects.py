"""Iterators of clang's objects give what bpftool, which is libbpf, reads of the same objects."""

from __future__ import annotations

import os
import shlex
import subprocess

import pytest

import ebee
import kernel_features
from clang_objects import compiled

pytestmark = [
    pytest.mark.needs_kernel,
    pytest.mark.needs_root,
    pytest.mark.needs_tool("bpftool", "unshare", "mount"),
    pytest.mark.vm,
    pytest.mark.skipif(not kernel_features.in_guest(), reason="it shows tasks of a whole machine, so one of its own"),
]
BPFTOOL = os.environ.get("EBEE_BPFTOOL", "bpftool")


def by_bpftool(tmp_path, path, *more):
    """Return what the iterator that bpftool pins says, in a mount namespace of its own."""
    (tmp_path / "mnt").mkdir()
    script = f"mount -t bpf none mnt && {BPFTOOL} iter pin {shlex.quote(str(path))} mnt/it {' '.join(more)} && cat mnt/it"
    argv = ["unshare", "--mount", "--propagation", "private", "--fork", "--kill-child", "sh", "-c", script]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_tasks(tmp_path):
    path = compiled("iterators", "-DTASKS")
    with ebee.load(path) as obj:
        lines = list(obj.programs["show"].lines())
    assert "2 kthreadd" in lines and lines == by_bpftool(tmp_path, path)


def test_elements_of_a_map(tmp_path):
    path = compiled("iterators")
    with ebee.load(path) as obj:
        numbers = obj.maps["numbers"]
        for n in range(50):
            numbers[n] = n * n
        lines = list(obj.programs["show"].lines(map=numbers))
        number = next(m.id for m in ebee.Map.all() if m.name == "numbers")
        assert sorted(lines) == sorted(f"{n} {n * n}" for n in range(50))
        assert lines == by_bpftool(tmp_path, path, "map", "id", str(number))

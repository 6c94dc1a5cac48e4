"""The index of the kernel's types that is kept on disk: whatever is in its place, the types are right, and soon there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import ebee
from ebee.btf.read import Btf
from ebee.errors import BtfError
from ebee.kernel import task_layout, vmlinux
from synthetic_kernel import kernel_btf

VMLINUX = Path("/sys/kernel/btf/vmlinux")
SOURCE = str(Path(ebee.__file__).resolve().parents[1])
SECONDS = 60  # for what takes a tenth of one
LOOK_UP = """
from ebee.kernel import vmlinux
btf = vmlinux.vmlinux_btf()
field = btf.field("task_struct", "pid")
print(field.off_bytes, field.type.name, btf.by_name("file").size_bytes, len(btf.all_by_name("list_head")))
"""


def look_up(cache):
    """Start a process that looks types up, with a directory for what it keeps."""
    env = {**os.environ, "XDG_CACHE_HOME": str(cache), "PYTHONPATH": SOURCE}
    return subprocess.Popen(
        [sys.executable, "-c", LOOK_UP], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def answers(processes):
    """Wait for processes, no longer than `SECONDS` each, and return what they say."""
    found = []
    try:
        for process in processes:
            out, err = process.communicate(timeout=SECONDS)
            assert process.returncode == 0, err
            found.append(out)
    finally:
        for process in processes:
            process.kill()
            process.wait(SECONDS)
    return found


@pytest.mark.skipif(not VMLINUX.exists(), reason=f"there is no {VMLINUX}")
def test_many_who_make_it_at_once(tmp_path):
    before = answers([look_up("/proc/self/nowhere")])  # a directory that cannot be made
    found = answers([look_up(tmp_path) for _ in range(4)])
    (made,) = (tmp_path / "ebee").iterdir()  # one whole file, and nothing that was left over
    Btf(VMLINUX.read_bytes(), index=made.read_bytes())
    assert set(found) == set(before) == set(answers([look_up(tmp_path)]))
    assert [p.name for p in (tmp_path / "ebee").iterdir()] == [made.name]


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Where the index of a kernel made up is kept; `look` looks a field up as a new process would."""
    path = tmp_path / "ebee" / "index"
    data = kernel_btf().data
    monkeypatch.setattr(vmlinux, "_found", [])
    monkeypatch.setattr(vmlinux, "cache_path", lambda what: str(path))

    class Seam:
        def map_file(self, _path):
            return data

    monkeypatch.setattr(vmlinux, "current", Seam)
    return path


def look():
    vmlinux._found.clear()
    btf = vmlinux.required_btf()
    assert btf.field("task_struct", "tgid").off_bytes == 8
    assert btf.by_name("cred").size_bytes == 16 and len(btf.all_by_name("task_struct")) == 1
    return btf


def test_it_is_used(kept):
    look()
    made = kept.read_bytes()
    assert kept.stat().st_mode & 0o777 == 0o600 and kept.parent.stat().st_mode & 0o777 == 0o700
    inode = kept.stat().st_ino
    assert look()._known is not None  # given to it, not made
    assert kept.read_bytes() == made and kept.stat().st_ino == inode


def test_every_damage_is_found(kept):
    """Cut anywhere, or with any byte changed, it is made again."""
    whole = look().index_bytes()
    data = kernel_btf().data
    for damaged in (
        *(whole[:n] for n in range(len(whole))), whole + bytes(4),
        *(whole[:n] + bytes([whole[n] ^ 0x40]) + whole[n + 1 :] for n in range(len(whole))),
    ):  # fmt: skip
        with pytest.raises(BtfError, match="index is damaged"):
            Btf(data, index=damaged)
    for damaged in (b"", whole[:-4], whole[: len(whole) // 2], bytes(len(whole)), b"x" * 5):
        kept.write_bytes(damaged)
        look()
        assert kept.read_bytes() == whole
    with pytest.raises(BtfError, match="belongs to other data"):
        Btf(VMLINUX.read_bytes() if VMLINUX.exists() else kernel_btf(8).data[:-4] + bytes(4), index=whole)


def blocking_fifo(path):
    os.mkfifo(path)


def foreign_link(path):
    target = path.parent.parent / "other"
    target.write_bytes(b"of someone else's")
    path.symlink_to(target)


@pytest.mark.parametrize("put", [blocking_fifo, foreign_link, Path.mkdir])
def test_what_is_no_file_of_ours(put, kept):
    """A pipe that nobody writes to does not stop the reader."""
    kept.parent.mkdir()
    put(kept)
    look()
    assert put is not foreign_link or (kept.parent.parent / "other").read_bytes() == b"of someone else's"


def test_a_directory_that_cannot_be_written(kept, monkeypatch):
    kept.parent.write_bytes(b"a file in its place")
    look()
    kept.parent.unlink()
    kept.parent.mkdir()
    monkeypatch.setattr(task_layout.os, "geteuid", lambda: os.getuid() + 1)
    look()
    assert list(kept.parent.iterdir()) == []  # the directory is another user's
    monkeypatch.undo()


def refuse(_fd, _data):
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("write", [refuse, lambda fd, data: len(data) // 2])
def test_a_disk_that_is_full(write, kept, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(task_layout.os, "write", write)
        look()
        assert list(kept.parent.iterdir()) == []
    look()
    assert [p.name for p in kept.parent.iterdir()] == ["index"]

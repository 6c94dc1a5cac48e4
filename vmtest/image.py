"""What a guest boots from: cpio archives of an unpacked Debian, of a kernel's modules and of this clone."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

ROOT = Path(__file__).resolve().parents[1]

# What tests read; the guest has no use for the rest of the clone.
CLONE = ("CHANGELOG.md", "README.md", "bench", "docs", "examples", "pyproject.toml", "src", "tests", "tools", "vmtest")
NOT_IN_GUEST = tuple(f"usr/share/{name}" for name in ("bash-completion", "doc", "info", "lintian", "locale", "man"))
MODULES = ("kernel/net", "kernel/lib", "kernel/crypto", "kernel/drivers/net")
PYTHON = "usr/bin/python3.13"
GUEST_CLONE = "ebee"


def unpack(packages: Iterable[Path], root: Path) -> None:
    """Unpack Debian packages into `root` without running their scripts."""
    for package in packages:
        subprocess.run(["dpkg-deb", "--extract", package, root], check=True)


def make_guest(packages: Iterable[Path], root: Path) -> None:
    """Make the root file system that every kernel boots from."""
    for name in ("dev", "proc", "root", "run", "sys", "tmp"):
        (root / name).mkdir(parents=True)
    unpack(packages, root)
    for name in ("bin", "lib", "lib64", "sbin"):
        (root / name).symlink_to(f"usr/{name}")
    for name in NOT_IN_GUEST:
        shutil.rmtree(root / name, ignore_errors=True)
    (root / "tmp").chmod(0o1777)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\nnogroup:x:65534:\n")
    (root / "etc/hostname").write_text("guest\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    compile_python(root, "usr/lib/python3", "usr/lib/python3.13")


def make_modules(packages: Iterable[Path], root: Path, guest: Path) -> Path:
    """Unpack a kernel's packages and prune its modules to those of networks; return the kernel image."""
    root.mkdir()
    unpack(packages, root)
    if (root / "lib/modules").is_dir():  # before /usr was merged
        (root / "usr").mkdir(exist_ok=True)
        (root / "lib").rename(root / "usr/lib")
    release = next((root / "usr/lib/modules").iterdir())
    image = next(path for path in (root / f"boot/vmlinuz-{release.name}", release / "vmlinuz") if path.is_file())
    kernel = root.with_name(f"vmlinuz-{release.name}")
    shutil.move(image, kernel)
    for path in sorted(root.rglob("*"), reverse=True):
        inside = path.relative_to(release).as_posix() if path.is_relative_to(release) else ""
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif not inside.startswith(MODULES) and not inside.startswith("modules."):
            path.unlink()
    (root / "lib").symlink_to("usr/lib")
    for name in ("order", "builtin", "builtin.modinfo"):
        (release / f"modules.{name}").touch()  # depmod wants them; some packages have them elsewhere
    run_in(guest, "usr/sbin/depmod", "-b", root, release.name)
    return kernel


def _has_clang(python: Path) -> bool:
    """Whether an interpreter can compile C, which those of guests cannot."""
    return subprocess.run([python, "-c", "import pytest, ziglang"], stderr=subprocess.DEVNULL).returncode == 0


def _python_with_clang(cache: Path) -> Path:
    """Return an interpreter that can compile C: this one, that of tools/test, or one of its own in the cache.

    Raises: CalledProcessError when the package cannot be had.
    """
    own = cache / "clang" / "bin" / "python"
    for python in (Path(sys.executable), ROOT / ".venv" / "bin" / "python", own):
        if python.exists() and _has_clang(python):
            return python
    subprocess.run([sys.executable, "-m", "venv", cache / "clang"], check=True)
    subprocess.run([own, "-m", "pip", "install", "--quiet", "pytest", "ziglang"], check=True)
    return own


def make_clone(root: Path, guest: Path, cache: Path) -> None:
    """Copy what tests need of this clone, with compiled Python and the objects of C sources."""
    subprocess.run([_python_with_clang(cache), ROOT / "tests" / "clang_objects.py"], check=True)
    skip = shutil.ignore_patterns("__pycache__", ".*")
    for name in CLONE:
        source, target = ROOT / name, root / GUEST_CLONE / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True, ignore=skip)
        elif source.exists():
            shutil.copy2(source, target)
    (root / "init").symlink_to(f"{GUEST_CLONE}/vmtest/init")
    compile_python(root, f"{GUEST_CLONE}/src", guest=guest)


def compile_python(root: Path, *folders: str, guest: Path | None = None) -> None:
    """Compile `folders` with the guest's own interpreter, here: emulation would take twenty times as long."""
    argv = ["-I", "-S", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", root, "-p", "/"]
    run_in(guest or root, PYTHON, *argv, *(root / folder for folder in folders))


def run_in(guest: Path, program: str, *arguments: object) -> str:
    """Run a program of the guest on this machine, with the guest's libraries; return what it prints."""
    loader = guest / "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
    argv = list(map(str, (loader, "--library-path", loader.parent, guest / program, *arguments)))
    environ = {"PYTHONHOME": str(guest / "usr"), "LC_ALL": "C.UTF-8"}
    return subprocess.run(argv, env=environ, check=True, stdout=subprocess.PIPE, text=True).stdout


def write_cpio(root: Path, out: BinaryIO) -> None:
    """Write what is under `root` as a cpio archive that belongs to root.

    Source: Documentation/driver-api/early-userspace/buffer-format.rst, the "new" format.
    """
    for number, (name, path) in enumerate(_tree(root), 1):
        found = path.lstat()
        kind = stat.S_IFMT(found.st_mode)
        if kind == stat.S_IFLNK:
            content = os.readlink(path).encode()
        else:
            content = path.read_bytes() if kind == stat.S_IFREG else b""
        _write_entry(out, name, content, number, found.st_mode, int(found.st_mtime))
    _write_entry(out, "dev/console", b"", 0, stat.S_IFCHR | 0o600, 0, device=(5, 1))
    _write_entry(out, "TRAILER!!!", b"", 0, 0, 0)


def _tree(root: Path) -> Iterator[tuple[str, Path]]:
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in [*(() if folder == str(root) else ("",)), *sorted(files)]:
            path = Path(folder, name)
            yield path.relative_to(root).as_posix(), path
        for name in folders:
            if (path := Path(folder, name)).is_symlink():
                yield path.relative_to(root).as_posix(), path


def _write_entry(
    out: BinaryIO, name: str, content: bytes, number: int, mode: int, mtime: int, device: tuple[int, int] = (0, 0)
) -> None:
    raw = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, mtime, len(content), 0, 0, *device, len(raw), 0)
    header = b"070701" + b"".join(b"%08x" % field for field in fields) + raw
    out.write(header + bytes(-len(header) % 4) + content + bytes(-len(content) % 4))

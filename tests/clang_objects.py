"""Objects that clang makes of the C sources in data/objects, each compiled once."""

from __future__ import annotations

import functools
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parent / "data" / "objects"
_directory = tempfile.TemporaryDirectory(prefix="ebee-objects-")


@functools.cache
def compile_text(text: str, *flags: str, big: bool = False, debug: bool = True) -> Path:
    """Compile a source, and return the path of the object."""
    pytest.importorskip("ziglang", reason="clang is in the package ziglang")
    directory = Path(tempfile.mkdtemp(dir=_directory.name))
    source, out = directory / "made.bpf.c", directory / "made.bpf.o"
    source.write_text(text)
    target = "bpfeb-freestanding" if big else "bpfel-freestanding"
    argv = [sys.executable, "-m", "ziglang", "cc", "-target", target, "-mcpu=v3", "-O2", *(["-g"] if debug else []),
            "-I", str(DATA), *flags, "-c", str(source), "-o", str(out)]  # fmt: skip
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return out


def compiled(name: str, *flags: str, big: bool = False, debug: bool = True) -> Path:
    """Compile a source of data/objects."""
    return compile_text((DATA / f"{name}.bpf.c").read_text(), *flags, big=big, debug=debug)

"""Objects that clang makes of the C sources in data/objects, each compiled once.

Where there is no clang, those are taken that `python tests/clang_objects.py` left in data/objects/build: vmtest does so.
"""

from __future__ import annotations

import functools
import subprocess
import sys
import tempfile
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parent / "data" / "objects"
BUILT = DATA / "build"
# What is loaded in a guest: names of sources and further flags.
FOR_GUESTS = (("hooks",), ("struct_ops",), ("counting",), ("many",), ("legacy",), ("packets",), ("traced",),
              ("arena", "-mcpu=v4"), ("arena_pages", "-mcpu=v4"), ("throwing",), ("marks", "-DROOM=8"), ("jumping",),
              ("modules",), ("iterators", "-DTASKS"), ("iterators",), ("scheduler",))
_directory = tempfile.TemporaryDirectory(prefix="ebee-objects-")


@functools.cache
def compile_text(text: str, *flags: str, big: bool = False, debug: bool = True) -> Path:
    """Compile a source, and return the path of the object."""
    built = BUILT / sha256(repr((text, flags, big, debug)).encode()).hexdigest()[:16] / "made.bpf.o"
    if find_spec("ziglang") is None:
        if not built.exists():
            pytest.skip("clang is in the package ziglang")
        return built
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


def build() -> None:
    """Compile what guests load, and leave it where they look."""
    for name, *flags in FOR_GUESTS:
        text = (DATA / f"{name}.bpf.c").read_text()
        to = BUILT / sha256(repr((text, tuple(flags), False, True)).encode()).hexdigest()[:16]
        to.mkdir(parents=True, exist_ok=True)
        (to / "made.bpf.o").write_bytes(compiled(name, *flags).read_bytes())


if __name__ == "__main__":
    build()

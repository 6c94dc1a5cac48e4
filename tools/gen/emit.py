"""What every generator shares: its command line, and writing a file or checking that it is up to date."""

from __future__ import annotations

import argparse
import difflib
import itertools
import os
import sys
from binascii import crc32
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src"))

from ebee.btf.read import Btf  # noqa: E402 - from this tree, installed or not

VMLINUX = Path("/sys/kernel/btf/vmlinux")
VERSION_H = Path("/usr/include/linux/version.h")


class SourceMissing(Exception):
    """What a generator reads is not on this machine, or is of another version; the text says why."""


def kernel_version() -> str:
    """Return what tells the running kernel from others, also from those of another configuration.

    That is its version without local suffix, and the CRC-32 of its BTF. Raises: OSError.
    """
    return f"{os.uname().release.split('-')[0]}, BTF {crc32(VMLINUX.read_bytes()):08x}"


def headers_version() -> str:
    """Return the version of the kernel whose UAPI headers are installed (`6.1.187`). Raises: OSError."""
    words = [line.split() for line in VERSION_H.read_text().splitlines()]
    numbers = {w[1]: w[2] for w in words if len(w) == 3 and w[0] == "#define"}
    return ".".join(numbers[f"LINUX_VERSION_{part}"] for part in ("MAJOR", "PATCHLEVEL", "SUBLEVEL"))


def vmlinux_btf() -> Btf:
    """Return the running kernel's types. Raises: OSError."""
    return Btf(VMLINUX.read_bytes())


def recorded(path: Path, key: str) -> str:
    """Return what the generated file says in its line `key: value`, or an empty string."""
    for line in path.read_text().splitlines()[:40] if path.exists() else ():
        if line.lstrip("# ").startswith(key + ": "):
            return line.split(": ", 1)[1].strip()
    return ""


def require_same_kernel(path: Path) -> None:
    """Raises: SourceMissing if `path` was generated from another kernel than the running one."""
    made_from = recorded(path, "Kernel")
    if made_from != kernel_version():
        raise SourceMissing(f"{path.name} was made from Linux {made_from}, this is Linux {kernel_version()}")


def require_same_headers(path: Path) -> None:
    """Raises: SourceMissing if `path` was generated from other UAPI headers than those installed."""
    made_from = recorded(path, "Headers")
    if made_from != headers_version():
        raise SourceMissing(f"{path.name} was made from headers of {made_from}, here are {headers_version()}")


def main(
    description: str, path: str, generate: Callable[[], str], precondition: Callable[[Path], None]
) -> int:
    """Write `generate()` to `path`, or with --check compare; return the exit status.

    With --check the status is 1 if the file differs, and 0 with a printed reason where its source is missing.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--check", action="store_true", help="compare with the file instead of writing it")
    options = parser.parse_args()
    target = ROOT / path
    try:
        if options.check:
            precondition(target)
        text = generate()
    except (SourceMissing, OSError) as problem:
        print(f"{path}: {'not checked' if options.check else 'not generated'}: {problem}")
        return 0 if options.check else 1
    if not options.check:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return 0
    old = target.read_text() if target.exists() else ""
    if old == text:
        return 0
    print(f"{path} is not what {sys.argv[0]} makes:")
    diff = difflib.unified_diff(old.splitlines(True), text.splitlines(True), "file", "made")
    sys.stdout.writelines(itertools.islice(diff, 60))
    return 1

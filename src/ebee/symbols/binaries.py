"""Finding programs and libraries by name: what a process has mapped, the dynamic linker's cache, PATH.

Source: ld.so(8), ldconfig(8); struct cache_file_new in sysdeps/generic/dl-cache.h (glibc 2.41).
"""

from __future__ import annotations

import os
import struct

from ..errors import UnknownProbe, UsageError
from ..sys.os_seam import current

_CACHE, _MAGIC = "/etc/ld.so.cache", b"glibc-ld.so.cache1.1"
_HEAD_BYTES, _ENTRY = 48, struct.Struct("<iIIIQ")  # flags, key, value, osversion, hwcap
# Debian's linker looks into those of the machine first. Source: multiarch-support, ld.so(8).
_DIRECTORIES = (
    "/lib/{}-linux-gnu", "/usr/lib/{}-linux-gnu", "/lib", "/usr/lib", "/usr/local/lib", "/lib64", "/usr/lib64"
)  # fmt: skip
_ELF_64 = b"\x7fELF\x02\x01"


def find_binary(name: str, pid: int = 0) -> str:
    """Return the file that a name stands for: a path, a library (`libc`, `c`, `libc.so.6`), or a program in PATH.

    With a process its own libraries come first, and paths are those that it sees.
    Raises: UnknownProbe, UsageError if there is no such process.
    """
    root = root_of(pid) if pid else ""
    if "/" in name:
        if not os.path.isfile(root + name):
            raise UnknownProbe(name, hint="there is no such file" + (" where the process looks" if root else ""))
        return root + name
    if pid:
        for path in _mapped(pid):
            if _stands_for(name, os.path.basename(path)):
                return root + path
    for path in _cached(name):
        return path
    libraries = tuple(directory.format(current().machine) for directory in _DIRECTORIES)
    for directory in libraries + tuple(os.environ.get("PATH", "").split(":")):
        try:
            names = [n for n in sorted(os.listdir(directory or ".")) if _stands_for(name, n)]
        except OSError:
            continue
        for found in names:
            if _is_elf(path := os.path.join(directory, found)):
                return path
    raise UnknownProbe(name, hint="no library and no program has this name; give its path")


def _stands_for(name: str, file: str) -> bool:
    """Whether `libc`, `c` or `libc.so.6` means the file `libc.so.6`."""
    return file == name or any(file.startswith((f"{n}.so", f"{n}-")) and ".so" in file for n in (name, f"lib{name}"))


def _is_elf(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(6) == _ELF_64
    except OSError:
        return False


def root_of(pid: int) -> str:
    """Return what paths of a process begin with, seen from here: nothing where it sees what we see."""
    try:
        if os.readlink(f"/proc/{pid}/ns/mnt") == os.readlink("/proc/self/ns/mnt"):
            return ""
    except FileNotFoundError:
        raise UsageError(f"there is no process {pid}") from None
    except OSError:
        return ""
    return f"/proc/{pid}/root"


def _mapped(pid: int) -> list[str]:
    try:
        text = current().read_file(f"/proc/{pid}/maps").decode("utf-8", "surrogateescape")
    except OSError:
        return []
    fields = (line.split(None, 5) for line in text.splitlines())
    return list(dict.fromkeys(f[5] for f in fields if len(f) == 6 and f[5].startswith("/") and "x" in f[1]))


def _cached(name: str) -> list[str]:
    """Return what the dynamic linker's cache has under a name, for this kind of machine."""
    try:
        data = current().read_file(_CACHE)
    except OSError:
        return []
    start = data.find(_MAGIC)
    if start < 0:
        return []
    count = int.from_bytes(data[start + 20 : start + 24], "little")
    first = start + _HEAD_BYTES
    paths = []
    for _, key, value, _, _ in _ENTRY.iter_unpack(data[first : first + count * _ENTRY.size]):
        if _stands_for(name, _text(data, start + key)) and _is_elf(path := _text(data, start + value)):
            paths.append(path)
    return paths


def _text(data: bytes, off: int) -> str:
    return data[off : data.find(b"\0", off)].decode("utf-8", "surrogateescape")

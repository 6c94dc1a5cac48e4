"""A small library in C, built with clang (ziglang) in several ways, and processes that have it loaded."""

from __future__ import annotations

import functools
import lzma
import os
import struct
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from ebee.symbols.elf_file import ElfFile

SOURCE = """typedef int (*callback)(int);
volatile int total;
static inline __attribute__((always_inline)) int twice(int a)
{
    total += a;                  /* twice */
    return a * 2;
}
static inline __attribute__((always_inline)) int fourfold(int a)
{
    int b = twice(a);            /* fourfold calls twice */
    return b * b;
}
__attribute__((noinline)) int leaf(int a)
{                                /* leaf begins */
    total += 7 * a;
    return total ^ a;            /* leaf ends */
}
static __attribute__((noinline)) int hidden(int a)
{
    return fourfold(a) + leaf(a); /* hidden calls fourfold */
}
__attribute__((noinline)) int outer(int a, callback f)
{
    int b = hidden(a);           /* outer calls hidden */
    return f ? f(b) : b - 1;
}
int nothing(void) { return 0; }
"""
BUILD_ID = "0xfeedfacecafe0123456789abcdef00112233aabb"
WAYS = {
    "dwarf5": ["-gdwarf-5"],
    "dwarf4": ["-gdwarf-4"],
    "dwarf64": ["-gdwarf-5", "-gdwarf64"],
    "sections": ["-gdwarf-5", "-ffunction-sections", "-Wl,--gc-sections"],
    "sections4": ["-gdwarf-4", "-ffunction-sections"],
    "compressed": ["-gdwarf-5"],
    "bits32": ["-gdwarf-5", "-target", "x86-linux-gnu"],
    "bits32_4": ["-gdwarf-4", "-target", "x86-linux-gnu"],
    "symbols": [],
    "stripped": ["-s"],
}


def line_of(words: str) -> int:
    """Return the line of the source that has a comment."""
    return next(n for n, line in enumerate(SOURCE.splitlines(), 1) if f"/* {words} */" in line)


@functools.cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="ebee-symbols-"))
    (folder / "library.c").write_text(SOURCE)
    import atexit
    import shutil

    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@functools.cache
def build(way: str, kind: str = "shared") -> str:
    """Return the path of the library, or with kind `pie` or `static` of a program that is it."""
    pytest.importorskip("ziglang")
    path = _folder() / f"lib{way}-{kind}.so"
    flags = {"shared": ["-shared", "-fPIC"], "pie": ["-pie", "-fPIE", "-Wl,-e,nothing"], "static": ["-no-pie", "-static", "-Wl,-e,nothing"]}[kind]
    argv = [sys.executable, "-m", "ziglang", "cc", "-O1", "-nostdlib", "-fno-omit-frame-pointer", "-fno-sanitize=all"]
    argv += [*flags, *WAYS[way], f"-Wl,--build-id={BUILD_ID}", "library.c", "-o", path.name]
    if way in ("symbols", "stripped"):
        argv.append("-g0")
    done = subprocess.run(argv, cwd=_folder(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    if way == "compressed":
        path.write_bytes(compressed(path.read_bytes(), 1, zlib.compress))
    return str(path)


CALLS = """int puts(const char *); void *malloc(unsigned long); void free(void *);
int own(int n) { return n + 1; }
int calls(int n) { free(malloc(n)); return puts("x") + own(n); }
"""


@functools.cache
def build_calls(target: str, *flags: str) -> str:
    """Return the path of a library that calls functions of others."""
    pytest.importorskip("ziglang")
    path = _folder() / f"calls-{target}{''.join(flags)}.so"
    (_folder() / "calls.c").write_text(CALLS)
    argv = [sys.executable, "-m", "ziglang", "cc", "-O1", "-nostdlib", "-fno-builtin", "-shared", "-fPIC", "-g0"]
    argv += [*flags, "-target", target, "-Wl,-z,lazy", "calls.c", "-o", path.name]
    done = subprocess.run(argv, cwd=_folder(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return str(path)


@functools.cache
def build_split(version: int) -> str:
    """Return the path of the library with its debug information split off into `library.dwo` beside it."""
    pytest.importorskip("ziglang")
    folder = _folder() / f"split{version}"
    folder.mkdir()
    zig = [sys.executable, "-m", "ziglang"]
    flags = ["-target", "x86_64-linux-gnu", "-O1", "-fPIC", "-fno-omit-frame-pointer", f"-gdwarf-{version}", "-gsplit-dwarf"]
    flags += ["-ffunction-sections"] if version == 4 else []  # a list of ranges
    for argv in (["clang", "-c", *flags, "../library.c", "-o", "library.o"], ["ld.lld", "-shared", "library.o", "-o", "lib.so"]):
        done = subprocess.run([*zig, *argv], cwd=folder, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
    return str(folder / "lib.so")


_STR_ALT, _REF_ALT = 0x1F21, 0x1F20


def _leb(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return value, at


def sharing_names(data: bytes, name: str, build_id: bytes) -> bytes:
    """Return a library (DWARF 4, one unit) whose texts and inlined functions are in another file, as dwz leaves it.

    The other file is the library itself: what is at an offset in one is there in the other.
    """
    elf = ElfFile(data, "x")
    sections = {s.name: n for n, s in enumerate(elf.sections)}
    table = elf.bytes_of(elf.find_section(".debug_abbrev"))
    out, at = bytearray(), 0
    while at < len(table):
        start = at
        code, at = _leb(table, at)
        if code:
            _, at = _leb(table, at)
            at += 1
        out += table[start:at]
        while code:
            attribute, at = _leb(table, at)
            form, at = _leb(table, at)
            form = _STR_ALT if form == 0x0E else _REF_ALT if attribute == 0x31 and form == 0x13 else form
            out += bytes([attribute & 0x7F | 0x80, attribute >> 7]) if attribute > 0x7F else bytes([attribute])
            out += bytes([form & 0x7F | 0x80, form >> 7]) if form > 0x7F else bytes([form])
            if not attribute and not form:
                break
    made = bytearray(with_section(data, ".gnu_debugaltlink", name.encode() + b"\0" + build_id))
    shoff = struct.unpack_from("<Q", made, 40)[0]
    struct.pack_into("<Q", made, 40, shoff + len(out))
    made[shoff:shoff] = out
    for which, off, size in ((".debug_abbrev", shoff, len(out)), (".debug_str", 0, 0)):
        struct.pack_into("<QQ", made, shoff + len(out) + 64 * sections[which] + 24, off, size)
    return bytes(made)


CPP = """namespace shapes { template <typename T> struct Square { int twice(T a) const { return a * 2; } }; }
template struct shapes::Square<int>;
"""


@functools.cache
def build_cpp() -> str:
    """Return the path of a library in C++."""
    pytest.importorskip("ziglang")
    (_folder() / "shapes.cc").write_text(CPP)
    argv = [sys.executable, "-m", "ziglang", "c++", "-O1", "-nostdlib", "-nostdlib++", "-shared", "-fPIC", "-g0", "shapes.cc", "-o", "libshapes.so"]
    done = subprocess.run(argv, cwd=_folder(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return str(_folder() / "libshapes.so")


def compressed(data: bytes, number: int, compress: Callable[[bytes], bytes]) -> bytes:
    """Return a file with its debug information compressed; `number` says in what way."""
    shoff, shnum = struct.unpack_from("<Q", data, 40)[0], struct.unpack_from("<H", data, 60)[0]
    names = ElfFile(data, "x").sections
    out = bytearray(data)
    for n in range(shnum):
        head = shoff + n * 64
        if names[n].name.startswith(".debug_"):
            flags, _, off, size = struct.unpack_from("<QQQQ", data, head + 8)
            content = struct.pack("<IIQQ", number, 0, size, 1) + compress(data[off : off + size])
            struct.pack_into("<Q", out, head + 8, flags | 0x800)
            struct.pack_into("<QQ", out, head + 24, len(out), len(content))
            out += content
    return bytes(out)


def with_section(data: bytes, name: str, content: bytes) -> bytes:
    """Return an ELF file with one more section."""
    shoff, shentsize, shnum, shstrndx = struct.unpack_from("<Q", data, 40)[0], *struct.unpack_from("<HHH", data, 58)
    heads = [bytearray(data[shoff + n * shentsize : shoff + (n + 1) * shentsize]) for n in range(shnum)]
    off, size = struct.unpack_from("<QQ", heads[shstrndx], 24)
    names = data[off : off + size] + name.encode() + b"\0"
    out = bytearray(data) + bytes(-len(data) % 8)
    struct.pack_into("<QQ", heads[shstrndx], 24, len(out), len(names))
    out += names
    heads.append(bytearray(struct.pack("<IIQQQQIIQQ", size, 1, 0, 0, len(out), len(content), 0, 0, 1, 0)))
    out += content
    out += bytes(-len(out) % 8)
    struct.pack_into("<Q", out, 40, len(out))
    struct.pack_into("<H", out, 60, shnum + 1)
    return bytes(out + b"".join(heads))


def with_packed_symbols() -> bytes:
    """Return the stripped library, with its symbols packed into it."""
    return with_section(Path(build("stripped")).read_bytes(), ".gnu_debugdata", lzma.compress(Path(build("symbols")).read_bytes()))


class Loaded:
    """A process that has a library loaded, and waits. `address` is that of its function `outer`."""

    CODE = (
        "import ctypes, sys\nlibrary = ctypes.CDLL(sys.argv[1])\n"
        "print(ctypes.cast(library.outer, ctypes.c_void_p).value, flush=True)\n"
        "sys.stdin.read()\nfor i in range(int(sys.argv[2])): library.outer(i, None)"
    )

    def __init__(self, path: str, *before: str, calls: int = 0) -> None:
        argv = [*before, sys.executable, "-S", "-c", self.CODE, path, str(calls)]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        assert line, self.process.wait()
        self.pid, self.address = self.process.pid, int(line)

    def end(self) -> None:
        if self.process.returncode is None:
            self.process.communicate(timeout=30)

    def __enter__(self) -> Loaded:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.end()


def remove(path: str) -> None:
    os.unlink(path)

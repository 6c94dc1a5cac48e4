"""Reading programs and shared libraries: functions by name, and where in the file an address lies.

32 and 64 bits, little-endian. Source: System V ABI, ELF-32 and ELF-64; Linux Standard Base, symbol versioning.
"""

from __future__ import annotations

import struct

from ..elf.layout import EHDR, SHDR, STT_FUNC, SYM
from ..errors import FormatError, SyscallError
from ..record import Record
from ..sys.os_seam import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterator
    from typing import Any

# The structs of both widths. EHDR and SHDR have the same fields in both; of a program header these are wanted:
# type, flags, offset, vaddr, filesz; of a symbol: name, info, section, value, size; of what is compressed: type, size.
_EHDR_32, _SHDR_32, _SYM_32 = struct.Struct("<16sHHIIIIIHHHHHH"), struct.Struct("<10I"), struct.Struct("<IIIBBH")
_PHDR_32, _PHDR_64 = struct.Struct("<8I"), struct.Struct("<IIQQQQQQ")
_CHDR_32, _CHDR_64 = struct.Struct("<III"), struct.Struct("<IIQQ")
PT_LOAD, PT_NOTE, PF_X = 1, 4, 1
SHT_SYMTAB, SHT_NOTE, SHT_NOBITS, SHT_DYNSYM = 2, 7, 8, 11
SHF_COMPRESSED = 0x800
NOTE = struct.Struct("<III")  # namesz, descsz, type
_NT_GNU_BUILD_ID = 3
_ELFCOMPRESS_ZLIB, _ELFCOMPRESS_ZSTD = 1, 2
MOST_BYTES = 1 << 29  # that a section may have when it is decompressed
_MOST_WINDOW_BITS = 27  # of zstd, which may keep as many bytes
SHT_GNU_VERDEF, SHT_GNU_VERSYM = 0x6FFFFFFD, 0x6FFFFFFF
STT_GNU_IFUNC = 10
_HIDDEN = 0x8000
# version, flags, ndx, cnt, hash, aux, next; name, next
_VERDEF, _VERDAUX = struct.Struct("<HHHHIII"), struct.Struct("<II")
MACHINES = {"x86_64": 62, "aarch64": 183}
EM_386, EM_X86_64, EM_AARCH64 = 3, 62, 183


class Section(Record):
    """A section; numbers as in its header."""

    name: str
    type: int
    flags: int
    addr: int
    off: int
    size: int
    link: int
    info: int


class Function(Record):
    """A function: its name, its version if it has one, whether that is the one others are linked with, its address.

    `is_indirect`: the address is that of a function which chooses the true one when the program is loaded.
    """

    name: str
    version: str
    is_default: bool
    addr: int
    is_indirect: bool = False

    def __str__(self) -> str:
        return f"{self.name}{'@@' if self.is_default else '@'}{self.version}" if self.version else self.name


class ElfFile:
    """A program or library. `path` is for messages."""

    def __init__(self, data: bytes | mmap.mmap, path: str) -> None:
        self.data, self.path = data, path
        if data[:4] != b"\x7fELF":
            raise FormatError(f"{path} is no ELF file", hint="a script runs in its interpreter: name that")
        if data[4:6] not in (b"\x01\x01", b"\x02\x01"):
            raise FormatError(f"{path} is for a machine of another kind: not little-endian")
        self.is_32 = data[4] == 1
        head = self._unpack(_EHDR_32 if self.is_32 else EHDR, 0)
        self.machine, phoff, shoff, phentsize, phnum = head[2], head[5], head[6], head[9], head[10]
        heads = [self._unpack(_PHDR_32 if self.is_32 else _PHDR_64, phoff + n * phentsize) for n in range(phnum)]
        if self.is_32:  # type, offset, vaddr, paddr, filesz, memsz, flags
            heads = [(p[0], p[6], p[1], p[2], p[3], p[4]) for p in heads]
        self.loads = [(p[3], p[2], p[5], p[1]) for p in heads if p[0] == PT_LOAD]  # vaddr, offset, filesz, flags
        self._notes = [(p[2], p[5]) for p in heads if p[0] == PT_NOTE]  # offset, filesz
        self.sections = self._read_sections(shoff, head[11], head[12], head[13])

    def _unpack(self, format: struct.Struct, off: int) -> tuple[int, ...]:
        try:
            return format.unpack_from(self.data, off)
        except (struct.error, OverflowError):
            raise FormatError(f"{self.path} is cut off, or damaged") from None

    def _read_sections(self, shoff: int, shentsize: int, shnum: int, shstrndx: int) -> list[Section]:
        if not shoff:
            return []
        format = _SHDR_32 if self.is_32 else SHDR
        heads = [self._unpack(format, shoff + n * shentsize) for n in range(shnum)]
        if shstrndx >= len(heads):
            return []
        names = heads[shstrndx][4]
        return [Section(self.text(names + h[0]), h[1], h[2], h[3], h[4], h[5], h[6], h[7]) for h in heads]

    def text(self, off: int) -> str:
        """Return the NUL-terminated string at an offset in the file. Raises: FormatError."""
        end = self.data.find(b"\0", off) if 0 <= off < len(self.data) else -1
        if end < 0:
            raise FormatError(f"{self.path} is damaged: it has no string at {off:#x}")
        return bytes(self.data[off:end]).decode("utf-8", "backslashreplace")

    def bytes_of(self, section: Section) -> bytes:
        """Return what a section holds."""
        if section.type == SHT_NOBITS:
            return b""
        data = bytes(self.data[section.off : section.off + section.size])
        return self._decompressed(data, section) if section.flags & SHF_COMPRESSED else data

    def _decompressed(self, data: bytes, section: Section) -> bytes:
        where, format = f"{self.path}: section {section.name}", _CHDR_32 if self.is_32 else _CHDR_64
        if len(data) < format.size:
            raise FormatError(f"{where} is cut off")
        head = format.unpack_from(data)
        kind, size = head[0], head[-2]
        if kind not in (_ELFCOMPRESS_ZLIB, _ELFCOMPRESS_ZSTD):
            raise FormatError(f"{where} is compressed in a way that is not known: number {kind}")
        if size > MOST_BYTES:
            raise FormatError(f"{where} is larger than can be")
        unpack = _zlib if kind == _ELFCOMPRESS_ZLIB else _zstd
        return unpack(data[format.size :], max(size, 1), where)

    def symbols(self, table: Section) -> Iterator[tuple[int, int, int, int, int, int]]:
        """Return the symbols of a table: name, info (binding << 4 | type), other, section, value, size."""
        data = self.bytes_of(table)
        if not self.is_32:
            return SYM.iter_unpack(data[: len(data) // SYM.size * SYM.size])
        rows = _SYM_32.iter_unpack(data[: len(data) // _SYM_32.size * _SYM_32.size])
        return ((name, info, other, section, value, size) for name, value, size, info, other, section in rows)

    def build_id(self) -> bytes:
        """Return what the linker named the file by, stripped or not: mostly 20 bytes; b"" without one."""
        places = [(s.off, s.size) for s in self.sections if s.type == SHT_NOTE] + self._notes
        for start, size in places:
            data, at = bytes(self.data[start : start + min(size, 1 << 16)]), 0
            while at + NOTE.size <= len(data):
                name_bytes, bytes_, type = NOTE.unpack_from(data, at)
                desc = at + NOTE.size + (name_bytes + 3 & ~3)
                if type == _NT_GNU_BUILD_ID and data[at + NOTE.size : desc] == b"GNU\0":
                    return data[desc : desc + bytes_]
                at = desc + (bytes_ + 3 & ~3)
        return b""

    def address_at(self, off: int) -> int | None:
        """Return the address that the program headers give to an offset in the file, first of all where it is code."""
        for vaddr, start, size, _ in sorted(self.loads, key=lambda load: not load[3] & PF_X):
            if start <= off < start + size:
                return off - start + vaddr
        return None

    def find_section(self, name: str) -> Section | None:
        """Return the section of a name, or None."""
        return next((s for s in self.sections if s.name == name), None)

    def file_offset(self, addr: int, *, is_code: bool = False) -> int | None:
        """Return where in the file an address of the program lies; `is_code`: where it can be executed. None: nowhere.

        A position-independent file has the addresses that its program headers say; so it is the same wherever it is
        loaded.
        """
        for vaddr, off, size, flags in self.loads:
            if vaddr <= addr < vaddr + size and (flags & PF_X or not is_code):
                return addr - vaddr + off
        return None

    def is_code(self, off: int) -> bool:
        """Whether what is at an offset in the file can be executed."""
        return any(start <= off < start + size and flags & PF_X for _, start, size, flags in self.loads)

    def functions(self) -> list[Function]:
        """Return the functions that the file defines, as often as its tables name them."""
        found = []
        for table in self.sections:
            if table.type in (SHT_SYMTAB, SHT_DYNSYM) and table.link < len(self.sections):
                found += self._read_table(table)
        return found

    def _read_table(self, table: Section) -> list[Function]:
        strings = self.bytes_of(self.sections[table.link])
        versions, numbers = self._versions() if table.type == SHT_DYNSYM else ({}, b"")
        found = []
        for n, (name, info, _, section, value, _) in enumerate(self.symbols(table)):
            if not section or not value or info & 15 not in (STT_FUNC, STT_GNU_IFUNC):
                continue
            text = strings[name : strings.find(b"\0", name)].decode("utf-8", "backslashreplace")
            version, is_default = "", True
            if numbers:
                number = int.from_bytes(numbers[2 * n : 2 * n + 2], "little")
                version, is_default = versions.get(number & ~_HIDDEN, ""), not number & _HIDDEN
            elif "@" in text:  # as the table for debuggers has it
                text, _, version = text.partition("@")
                is_default, version = version.startswith("@"), version.lstrip("@")
            found.append(Function(text, version, is_default, value, info & 15 == STT_GNU_IFUNC))
        return found

    def _versions(self) -> tuple[dict[int, str], bytes]:
        """Return the versions that the file defines, by number, and the numbers of its dynamic symbols."""
        by_type = {s.type: s for s in self.sections}
        versym, verdef = by_type.get(SHT_GNU_VERSYM), by_type.get(SHT_GNU_VERDEF)
        if versym is None or verdef is None or verdef.link >= len(self.sections):
            return {}, b""
        strings, at, names = self.sections[verdef.link].off, verdef.off, {}
        for _ in range(verdef.info):
            _, flags, number, _, _, aux, following = self._unpack(_VERDEF, at)
            if not flags & 1:  # VER_FLG_BASE: the file's own name
                names[number] = self.text(strings + self._unpack(_VERDAUX, at + aux)[0])
            if not following:
                break
            at += following
        return names, self.bytes_of(versym)


def _zlib(data: bytes, size: int, where: str) -> bytes:
    import zlib

    try:
        return zlib.decompressobj().decompress(data, size)
    except zlib.error as e:
        raise FormatError(f"{where} is damaged: {e}") from None


def _zstd(data: bytes, size: int, where: str) -> bytes:
    """Source: RFC 8878; `compression.zstd` is part of Python 3.14, `backports.zstd` the same for older ones."""
    try:
        zstd: Any = __import__("compression.zstd", fromlist=["zstd"])
    except ImportError:
        try:
            zstd = __import__("backports.zstd", fromlist=["zstd"])
        except ImportError:
            what = "is compressed with zstd: that needs Python 3.14, or pip install 'ebee[zstd]'"
            raise FormatError(f"{where} {what}") from None
    limits = {zstd.DecompressionParameter.window_log_max: _MOST_WINDOW_BITS}
    try:
        content: bytes = zstd.ZstdDecompressor(options=limits).decompress(data, size)
    except zstd.ZstdError as e:
        raise FormatError(f"{where} is damaged: {e}") from None
    return content


def open_elf(path: str, *, any_width: bool = False) -> ElfFile:
    """Read a program or library. Those of 32 bits have names (`any_width`), and cannot be probed.

    Raises: FormatError for what is none, SyscallError for a file that cannot be read.
    """
    try:
        elf = ElfFile(current().map_file(path), path)
    except OSError as e:
        raise SyscallError(f"open {path}", e.errno or 0) from None
    if elf.is_32 and not any_width:
        raise FormatError(f"{path} is a program of 32 bits: probes are for those of 64 bits")
    return elf

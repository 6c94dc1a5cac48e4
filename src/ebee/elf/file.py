"""ELF files of eBPF, of either byte order: sections, symbols and relocations, each checked to be inside."""

from __future__ import annotations

import struct

from ..errors import ElfError
from ..record import Record
from . import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

_MAX_DATA_BYTES = 1 << 30  # of a section without bytes in the file: the kernel's limit for a value, about
_EM_NONE = 0  # what old compilers wrote
# Source: e_machine in the System V ABI; machines that objects are compiled for by mistake.
_MACHINES = {3: "i386", 8: "MIPS", 20: "PowerPC", 21: "PowerPC", 22: "S/390", 40: "ARM", 62: "x86-64",
             183: "AArch64", 243: "RISC-V", 258: "LoongArch"}  # fmt: skip


class Section(Record):
    """A section; `data` is empty for those without bytes in the file."""

    name: str
    type: int
    flags: int
    data: bytes
    size: int
    link: int
    info: int


class Symbol(Record):
    """A symbol; `section` is 0 for what is not in the file, and for what has no section."""

    name: str
    kind: int
    section: int
    value: int
    size: int
    is_weak: bool = False
    is_local: bool = False
    is_hidden: bool = False

    @property
    def is_extern(self) -> bool:
        return not self.section and self.kind == layout.STT_NOTYPE and bool(self.name)


def is_elf(data: bytes) -> bool:
    """Whether a file begins as ELF does."""
    return data[:4] == layout.ELF_IDENT[:4]


class ElfFile:
    """The parts of an object file. Raises: ElfError."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.byteorder: Literal["little", "big"] = "big" if data[5:6] == b"\2" else "little"
        self.sections = self._read_sections()
        self.by_name: dict[str, int] = {}
        for number, section in enumerate(self.sections):
            if self.by_name.setdefault(section.name, number) != number and section.flags & layout.SHF_ALLOC:
                raise ElfError("there are two of this name", section=section.name)
        self.symbols = self._read_symbols()

    def _format(self, format: struct.Struct) -> struct.Struct:
        return layout.of_order(format, self.byteorder)

    def _unpack(self, format: struct.Struct, off: int, what: str) -> Any:
        if off + format.size > len(self.data):
            raise ElfError(f"{what} lies outside of the file", off_bytes=off)
        return self._format(format).unpack_from(self.data, off)

    def _read_sections(self) -> list[Section]:
        """Return every section, in order; the first is the empty one that number 0 stands for."""
        if not is_elf(self.data):
            raise ElfError(f"this is no ELF file: it begins with {self.data[:4].hex() or 'nothing'}", off_bytes=0)
        if self.data[4:5] != b"\2" or self.data[5:6] not in (b"\1", b"\2") or self.data[6:7] != b"\1":
            raise ElfError("this is no eBPF object file: ELF of another class or version", off_bytes=4)
        header = self._unpack(layout.EHDR, 0, "the header")
        _ident, kind, machine, _version, _entry, _phoff, shoff, *_rest, shentsize, shnum, shstrndx = header
        if kind != layout.ET_REL or machine not in (layout.EM_BPF, _EM_NONE):
            what = _MACHINES.get(machine, f"machine {machine}") if machine != layout.EM_BPF else "eBPF, but linked"
            raise ElfError(
                f"this is no eBPF object file: it is for {what}", off_bytes=16,
                hint="compile with clang --target=bpf -O2 -g -c",
            )
        if shentsize != layout.SHDR.size or not 0 < shstrndx < shnum < layout.SHN_LORESERVE:
            raise ElfError("the table of sections is damaged", off_bytes=58)
        rows = [self._unpack(layout.SHDR, shoff + i * shentsize, f"section {i}'s header") for i in range(shnum)]
        sections = []
        for i, (_name, kind, flags, _addr, off, size, link, info, _align, _entsize) in enumerate(rows):
            has_bytes = kind not in (0, layout.SHT_NOBITS)
            if size > (max(len(self.data) - off, 0) if has_bytes else _MAX_DATA_BYTES):
                raise ElfError(f"section {i} lies outside of the file", off_bytes=shoff + i * shentsize)
            content = self.data[off : off + size] if has_bytes else b""
            sections.append(Section("", kind, flags, content, size, link, info))
        for section, row in zip(sections, rows):
            section.name = string_at(sections[shstrndx].data, row[0], "names of sections")
        return sections

    def _read_symbols(self) -> list[Symbol]:
        table = next((s for s in self.sections if s.type == layout.SHT_SYMTAB), self.sections[0])
        if table.type != layout.SHT_SYMTAB or table.size % layout.SYM.size or table.link >= len(self.sections):
            hint = "" if table.type == layout.SHT_SYMTAB else "strip it with -g only (llvm-strip -g), which leaves them"
            raise ElfError("there is no table of symbols, or it is damaged", section=".symtab", hint=hint)
        strings = self.sections[table.link].data
        symbols: list[Symbol] = []
        for name_off, info, other, section, value, size in self._format(layout.SYM).iter_unpack(table.data):
            if len(self.sections) <= section < layout.SHN_LORESERVE:
                off = len(symbols) * layout.SYM.size
                raise ElfError("a symbol of no section", section=".symtab", off_bytes=off)
            kind, binding = info & 15, info >> 4
            if section >= layout.SHN_LORESERVE:
                section, kind = 0, layout.STT_FILE
            symbols.append(
                Symbol(
                    string_at(strings, name_off, ".strtab"), kind, section, value, size, binding == layout.STB_WEAK,
                    binding == layout.STB_LOCAL, other & 3 in (layout.STV_INTERNAL, layout.STV_HIDDEN),
                )
            )  # fmt: skip
        return symbols

    def bytes_of(self, name: str) -> bytes:
        """Return the contents of a section that must be there."""
        if name not in self.by_name:
            raise ElfError(f"there is no section {name}")
        return self.sections[self.by_name[name]].data

    def relocs(self, section: Section) -> list[tuple[int, int, Symbol]]:
        """Return what a table of relocations holds: offset, type, symbol. Raises: ElfError."""
        if section.info >= len(self.sections) or section.size % layout.REL.size:
            raise ElfError("this table of relocations is damaged", section=section.name)
        found: list[tuple[int, int, Symbol]] = []
        for off, info in self._format(layout.REL).iter_unpack(section.data):
            number, kind = info >> 32, info & 0xFFFFFFFF
            if number >= len(self.symbols):
                what = f"relocation type {kind} of symbol {number} is not supported"
                raise ElfError(what, section=section.name, off_bytes=len(found) * layout.REL.size)
            found.append((off, kind, self.symbols[number]))
        return found

    def little(self, name: str) -> bytes:
        """Return .BTF or .BTF.ext with its numbers little-endian. Raises: ElfError."""
        data = self.bytes_of(name)
        return data if self.byteorder == "little" else layout.swapped(name, data, "big")


def string_at(data: bytes, off: int, where: str) -> str:
    """Return the string at an offset of a string table. Raises: ElfError."""
    end = data.find(b"\0", off) if off < len(data) else -1
    if end < 0:
        raise ElfError("there is no string", section=where, off_bytes=off)
    try:
        return data[off:end].decode()
    except UnicodeDecodeError:
        raise ElfError("a string is not UTF-8", section=where, off_bytes=off) from None

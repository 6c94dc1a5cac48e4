"""Reading DWARF's entries: numbers, abbreviations, the values of attributes.

Positions are offsets in the bytes that a section is part of, or all of where it was compressed.
Source: DWARF Debugging Information Format, version 5, chapter 7; the GNU forms of binutils' dwarf2.def.
"""

from __future__ import annotations

import struct

from ..errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import mmap

    from .elf_file import ElfFile

    Abbreviation = tuple[int, bool, tuple[tuple[int, int, int], ...], int]

DAMAGE = (IndexError, KeyError, OverflowError, ValueError, struct.error)  # what reading damaged bytes may raise
_MOST_LEB = 16

# Classes of values that are indices into other sections, or offsets in a file that is shared.
ADDRX, STRX, RNGLISTX, REF_SUP, STR_SUP = "addrx", "strx", "rnglistx", "ref_sup", "strp_sup"
_ADDR, _OFFSET, _REF, _BLOCK, _TEXT, _DATA, _ULEB, _SLEB, _FLAG, _CONST, _INDIRECT, _REF_ADDR = range(12)

# Form: how it is read, and its size in bytes, or of its length (0: as LEB128).
_FORMS: dict[int, tuple[int, int]] = {
    0x01: (_ADDR, 0), 0x03: (_BLOCK, 2), 0x04: (_BLOCK, 4), 0x05: (_DATA, 2), 0x06: (_DATA, 4), 0x07: (_DATA, 8),
    0x08: (_TEXT, 0), 0x09: (_BLOCK, 0), 0x0A: (_BLOCK, 1), 0x0B: (_DATA, 1), 0x0C: (_DATA, 1), 0x0D: (_SLEB, 0),
    0x0E: (_OFFSET, 0), 0x0F: (_ULEB, 0), 0x10: (_REF_ADDR, 0), 0x11: (_REF, 1), 0x12: (_REF, 2), 0x13: (_REF, 4),
    0x14: (_REF, 8), 0x15: (_REF, 0), 0x16: (_INDIRECT, 0), 0x17: (_OFFSET, 0), 0x18: (_BLOCK, 0), 0x19: (_FLAG, 0),
    0x1A: (_ULEB, 0), 0x1B: (_ULEB, 0), 0x1C: (_DATA, 4), 0x1D: (_OFFSET, 0), 0x1E: (_DATA, 16), 0x1F: (_OFFSET, 0),
    0x20: (_DATA, 8), 0x21: (_CONST, 0), 0x22: (_ULEB, 0), 0x23: (_ULEB, 0), 0x24: (_DATA, 8), 0x25: (_DATA, 1),
    0x26: (_DATA, 2), 0x27: (_DATA, 3), 0x28: (_DATA, 4), 0x29: (_DATA, 1), 0x2A: (_DATA, 2), 0x2B: (_DATA, 3),
    0x2C: (_DATA, 4), 0x1F01: (_ULEB, 0), 0x1F02: (_ULEB, 0), 0x1F20: (_OFFSET, 0), 0x1F21: (_OFFSET, 0),
}  # fmt: skip
_IN_STR, _IN_LINE_STR = 0x0E, 0x1F
_CLASSES = {
    **dict.fromkeys((0x1A, 0x25, 0x26, 0x27, 0x28, 0x1F02), STRX), 0x23: RNGLISTX, 0x1D: STR_SUP, 0x1F21: STR_SUP,
    **dict.fromkeys((0x1B, 0x29, 0x2A, 0x2B, 0x2C, 0x1F01), ADDRX), **dict.fromkeys((0x1C, 0x24, 0x1F20), REF_SUP),
}  # fmt: skip


class Piece:
    """A section's bytes: from `start` to `end` in `data`."""

    __slots__ = ("data", "end", "start")

    def __init__(self, data: bytes | mmap.mmap, start: int, end: int) -> None:
        self.data, self.start, self.end = data, start, min(end, len(data))

    def text(self, off: int) -> str:
        """Return the NUL-terminated string at an offset in the section."""
        at = self.start + off
        end = self.data.find(b"\0", at, self.end)
        if off < 0 or end < 0:
            raise IndexError("a string is not in its section")
        return bytes(self.data[at:end]).decode("utf-8", "backslashreplace")

    def number(self, off: int, size: int) -> int:
        """Return the unsigned number of `size` bytes at an offset in the section."""
        at = self.start + off
        if off < 0 or at + size > self.end:
            raise IndexError("a number is not in its section")
        return int.from_bytes(self.data[at : at + size], "little")


def piece_of(elf: ElfFile, name: str) -> Piece:
    """Return a section's bytes, empty without the section. Raises: FormatError."""
    from .elf_file import SHF_COMPRESSED, SHT_NOBITS

    section = elf.find_section(name)
    if section is None or section.type == SHT_NOBITS:
        return Piece(b"", 0, 0)
    if section.flags & SHF_COMPRESSED:
        data = elf.bytes_of(section)
        return Piece(data, 0, len(data))
    return Piece(elf.data, section.off, section.off + section.size)


def uleb(data: bytes | mmap.mmap, at: int) -> tuple[int, int]:
    """Return an unsigned LEB128 number, and where it ends."""
    byte = data[at]
    if byte < 0x80:
        return byte, at + 1
    value, shift = byte & 0x7F, 7
    for end in range(at + 1, at + _MOST_LEB):
        byte = data[end]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, end + 1
        shift += 7
    raise ValueError("a number is too long")


def sleb(data: bytes | mmap.mmap, at: int) -> tuple[int, int]:
    """Return a signed LEB128 number, and where it ends."""
    value, end = uleb(data, at)
    bits = 7 * (end - at)
    return (value - (1 << bits) if value >> bits - 1 else value), end


def read_abbreviations(piece: Piece, off: int, wanted: int = 0) -> dict[int, Abbreviation]:
    """Return the shapes of entries, by number: tag, whether it has children, (attribute, form, constant)…, size.

    The size is that of all values, where it is the same in every entry, or -1. Reading ends at the `wanted` one.
    """
    data, at, found = piece.data, piece.start + off, {}
    if not piece.start <= at < piece.end:
        raise FormatError("debug information refers to abbreviations that are not there")
    while at < piece.end:
        code, at = uleb(data, at)
        if not code:
            break
        tag, at = uleb(data, at)
        has_children, at = bool(data[at]), at + 1
        attributes, size = [], 0
        while True:
            name, at = uleb(data, at)
            form, at = uleb(data, at)
            constant = 0
            if form == 0x21:
                constant, at = sleb(data, at)
            if not name and not form:
                break
            how, bytes_ = _FORMS[form]
            is_fixed = how == _DATA or how == _REF and bytes_ or how in (_FLAG, _CONST)
            size = size + bytes_ if size >= 0 and is_fixed else -1
            attributes.append((name, form, constant))
        found[code] = (tag, has_children, tuple(attributes), size)
        if code == wanted:
            break
    return found


class Reader:
    """Reads the values of attributes in one unit. `strings` and `line_strings` are sections."""

    def __init__(self, data: bytes | mmap.mmap, address_size: int, offset_size: int, version: int, strings: Piece,
                 line_strings: Piece) -> None:  # fmt: skip
        if address_size not in (4, 8):
            raise FormatError(f"addresses of {address_size} bytes in debug information")
        self.data, self.address_size, self.offset_size, self.version = data, address_size, offset_size, version
        self._str, self._line_str = strings, line_strings

    def value(self, form: int, at: int, constant: int) -> tuple[int | str | bytes | tuple[str, int], int]:
        """Return an attribute's value, and where it ends. One of _CLASSES is a pair of its class and number."""
        how, size = _FORMS[form]
        data = self.data
        if how == _DATA or how == _REF and size:
            end = at + size
            number = int.from_bytes(data[at:end], "little")
            return (_CLASSES[form], number) if form in _CLASSES else number, end
        if how in (_ULEB, _REF):
            number, end = uleb(data, at)
            return (_CLASSES[form], number) if form in _CLASSES else number, end
        if how == _OFFSET:
            end = at + self.offset_size
            off = int.from_bytes(data[at:end], "little")
            if form in (_IN_STR, _IN_LINE_STR):
                return (self._str if form == _IN_STR else self._line_str).text(off), end
            return (_CLASSES[form], off) if form in _CLASSES else off, end
        return self._rare(how, size, at, constant)

    def _rare(self, how: int, size: int, at: int, constant: int) -> tuple[int | str | bytes | tuple[str, int], int]:
        data = self.data
        if how in (_ADDR, _REF_ADDR):
            end = at + (self.offset_size if how == _REF_ADDR and self.version > 2 else self.address_size)
            return int.from_bytes(data[at:end], "little"), end
        if how == _BLOCK:
            length, at = uleb(data, at) if not size else (int.from_bytes(data[at : at + size], "little"), at + size)
            return b"", at + length
        if how == _TEXT:
            end = data.find(b"\0", at)
            if end < 0:
                raise IndexError("a string has no end")
            return bytes(data[at:end]).decode("utf-8", "backslashreplace"), end + 1
        if how == _SLEB:
            return sleb(data, at)
        if how == _INDIRECT:
            form, at = uleb(data, at)
            if form in (0x16, 0x21):
                raise ValueError("a form that stands for another one")
            return self.value(form, at, 0)
        return (1 if how == _FLAG else constant), at

"""The line table of a unit: which file and line the code at an address was made from.

Source: DWARF Debugging Information Format, version 5, section 6.2 (versions 2 to 5 of the table).
"""

from __future__ import annotations

from array import array
from bisect import bisect_right

from ..errors import FormatError
from .dwarf_forms import Reader, sleb, uleb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .dwarf_forms import Piece

_MASK = (1 << 64) - 1
_PATH, _DIRECTORY = 1, 2  # DW_LNCT


class LineTable:
    """Places in the source by address; 16 bytes for each."""

    def __init__(self, files: list[str], sequences: list[tuple[array[int], array[int]]]) -> None:
        """Each sequence has its addresses, the last being its end, and for each `file << 32 | line`."""
        self.files = files
        self._starts, self._places = array("Q"), array("Q")
        for starts, places in sorted(sequences, key=lambda s: s[0][0]):
            self._starts += starts
            self._places += places

    def find(self, addr: int) -> tuple[str, int] | None:
        """Return the file and line of an address; line 0: of no line in particular. None: it is of another unit."""
        at = bisect_right(self._starts, addr) - 1
        if at < 0 or not self._places[at]:
            return None
        number, line = self._places[at] >> 32, self._places[at] & 0xFFFF_FFFF
        return self.file(number - 1), line

    def file(self, number: int) -> str:
        """Return a file by the number that the unit's entries know it by."""
        return self.files[number] if 0 <= number < len(self.files) else ""


def read_line_table(line: Piece, off: int, folder: str, strings: Piece, line_strings: Piece) -> LineTable:
    """Read the table at an offset; `folder` is the unit's. Raises: FormatError, or one of DAMAGE."""
    at, offset_size = line.start + off, 4
    length = line.number(off, 4)
    at += 4
    if length == 0xFFFF_FFFF:
        length, at, offset_size = line.number(off + 4, 8), at + 8, 8
    end = at + length
    if end > line.end:
        raise FormatError("a line table is cut off")
    data, at = bytes(line.data[at:end]), 0
    version = int.from_bytes(data[:2], "little")
    if not 2 <= version <= 5:
        raise FormatError(f"a line table has version {version}, which is not known")
    at = 4 if version >= 5 else 2
    header_length = int.from_bytes(data[at : at + offset_size], "little")
    at += offset_size
    program = at + header_length
    min_length = data[at]
    at += 3 if version >= 4 else 2  # over maximum_operations_per_instruction, too, and default_is_stmt
    base, line_range, opcode_base = data[at], data[at + 1], data[at + 2]
    base -= 256 if base > 127 else 0
    lengths = data[at + 3 : at + 2 + opcode_base]
    at += 2 + opcode_base
    if not line_range or not opcode_base or program > len(data):
        raise FormatError("the header of a line table is damaged")
    if version >= 5:
        reader = Reader(data, 8, offset_size, version, strings, line_strings)
        folders, at = _entries(reader, at, program, [])
        files, _ = _entries(reader, at, program, [_joined(folder, name) for name in folders])
    else:
        files = _older_files(data, at, program, folder)
    return LineTable(files, _run(data, program, (min_length, base, line_range, opcode_base), lengths))


def _joined(folder: str, name: str) -> str:
    return name if name.startswith("/") or not folder else f"{folder.rstrip('/')}/{name}"


def _older_files(data: bytes, at: int, end: int, folder: str) -> list[str]:
    """Directories and files of versions 2 to 4; the numbers of files begin with 1."""
    folders, files = [folder], [""]
    while data[at] and at < end:
        stop = data.index(b"\0", at)
        folders.append(_joined(folder, data[at:stop].decode("utf-8", "backslashreplace")))
        at = stop + 1
    at += 1
    while data[at] and at < end:
        stop = data.index(b"\0", at)
        number, after = uleb(data, stop + 1)
        where = folders[number] if number < len(folders) else ""
        files.append(_joined(where, data[at:stop].decode("utf-8", "backslashreplace")))
        _, at = uleb(data, uleb(data, after)[1])
    return files


def _entries(reader: Reader, at: int, end: int, folders: list[str]) -> tuple[list[str], int]:
    """Directories or files of version 5. Raises: FormatError for entries without bytes, of which there is no end."""
    data, formats = reader.data, []
    count, at = data[at], at + 1
    for _ in range(count):
        kind, at = uleb(data, at)
        form, at = uleb(data, at)
        formats.append((kind, form))
    count, at = uleb(data, at)
    found = []
    for _ in range(count):
        name, number, before = "", -1, at
        for kind, form in formats:
            value, at = reader.value(form, at, 0)
            if kind == _PATH and isinstance(value, str):
                name = value
            elif kind == _DIRECTORY and isinstance(value, int):
                number = value
        if at == before or at > end:
            raise FormatError("the files of a line table are damaged")
        found.append(_joined(folders[number], name) if 0 <= number < len(folders) else name)
    return found, at


def _run(
    data: bytes, at: int, header: tuple[int, int, int, int], lengths: bytes
) -> list[tuple[array[int], array[int]]]:
    """Run the program that makes the table. A sequence at zero, or at the end of all, was left out by the linker."""
    min_length, base, line_range, opcode_base = header
    done: list[tuple[array[int], array[int]]] = []
    starts, places = array("Q"), array("Q")
    address, file, line, end = 0, 2, 1, len(data)  # files count from one more here: zero is the end of a sequence
    step = (255 - opcode_base) // line_range * min_length
    while at < end:
        opcode = data[at]
        at += 1
        if opcode >= opcode_base:
            opcode -= opcode_base
            address += opcode // line_range * min_length
            line += base + opcode % line_range
        elif opcode == 1:  # DW_LNS_copy
            pass
        else:
            if opcode == 2:  # advance_pc
                delta, at = uleb(data, at)
                address += delta * min_length
            elif opcode == 3:  # advance_line
                delta, at = sleb(data, at)
                line += delta
            elif opcode == 4:  # set_file
                file, at = uleb(data, at)
                file = file + 1 & 0x7FFF_FFFF
            elif opcode == 8:  # const_add_pc
                address += step
            elif opcode == 9:  # fixed_advance_pc
                address += int.from_bytes(data[at : at + 2], "little")
                at += 2
            elif opcode:
                for _ in range(lengths[opcode - 1]):
                    _, at = uleb(data, at)
            else:
                length, at = uleb(data, at)
                if not length:
                    continue
                extended, after = data[at], at + length
                if extended == 1:  # end_sequence
                    starts.append(address & _MASK)
                    places.append(0)
                    if 0 < starts[0] <= starts[-1] and starts[0] < _MASK - 1:
                        done.append((starts, places))
                    starts, places = array("Q"), array("Q")
                    address, file, line = 0, 2, 1
                elif extended == 2:  # set_address
                    address = int.from_bytes(data[at + 1 : after], "little") & _MASK
                at = after
            continue
        place = file << 32 | line & 0xFFFF_FFFF
        if starts and starts[-1] == address:
            places[-1] = place
        elif not places or places[-1] != place:
            starts.append(address & _MASK)
            places.append(place)
    return done

"""Debug information in other files than the program: units split off (`.dwo`, `.dwp`), and what files share (dwz).

Source: DWARF Debugging Information Format, version 5, sections 3.1.2, 7.3.2 to 7.3.6;
GCC's DebugFission for version 4; dwz(1) for `.gnu_debugaltlink`.
"""

from __future__ import annotations

import os
import struct

from ..errors import EbeeError, FormatError
from . import debug_files
from .dwarf_forms import DAMAGE, Piece, piece_of, uleb
from .dwarf_units import Dwarf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .debug_files import Tell
    from .dwarf_units import Unit
    from .elf_file import ElfFile

_SPLIT = ("info", "abbrev", "str", "str_offsets", "rnglists")
_INDEX_HEAD = struct.Struct("<4I")  # version, columns, units, slots
# The columns of an index that are read, by the version of the index.
_COLUMNS = {2: {1: "info", 3: "abbrev", 6: "str_offsets"}, 5: {1: "info", 3: "abbrev", 6: "str_offsets", 8: "rnglists"}}
_KEPT = 64


class OtherFiles:
    """Files that a program's debug information refers to. What is not there, or damaged, is told of once."""

    def __init__(self, elf: ElfFile, root: str, tell: Tell) -> None:
        self._elf, self._root, self._tell = elf, root, tell
        self._shared: list[Dwarf | None] = []
        self._split: dict[int, tuple[Dwarf, Unit] | None] = {}
        self._packages: list[ElfFile] | None = None
        self._is_told = False

    # What several files share

    def supplement(self) -> Dwarf | None:
        """Return the debug information that this file shares with others."""
        if not self._shared:
            self._shared.append(None)
            try:
                self._shared[0] = self._read_supplement()
            except (EbeeError, *DAMAGE) as e:
                self._tell(f"{self._elf.path}: debug information that it shares is left out: {e}")
        return self._shared[0]

    def _read_supplement(self) -> Dwarf | None:
        name, build_id = _link_of(self._elf)
        folder = os.path.dirname(self._elf.path)
        paths = [f"{self._root}{name}", name] if name.startswith("/") else [f"{folder}/{name}"]
        for path in paths + debug_files.by_build_id(build_id, self._root):
            found = debug_files.opened(path, self._tell)
            if found is not None and found.build_id() == build_id:
                return Dwarf(found)
        if name:
            self._tell(f"{self._elf.path}: names of inlined functions are in {name}, which is not there")
        return None

    # Units that were split off

    def split(self, name: str, folder: str, id: int, main: dict[str, Piece]) -> tuple[Dwarf, Unit] | None:
        """Return what was split off a unit: the debug information that has it, and the unit there."""
        if id not in self._split:
            while len(self._split) >= _KEPT:
                del self._split[next(iter(self._split))]
            self._split[id] = self._find_split(name, folder, id, main)
        return self._split[id]

    def _find_split(self, name: str, folder: str, id: int, main: dict[str, Piece]) -> tuple[Dwarf, Unit] | None:
        here = os.path.dirname(self._elf.path)
        whole = name if name.startswith("/") else f"{folder}/{name}"
        for path in dict.fromkeys((self._root + whole, whole, f"{here}/{name}", f"{here}/{os.path.basename(name)}")):
            elf = debug_files.opened(path, self._tell)
            found = self._unit_in(elf, id, main) if elf is not None else None
            if found is not None:
                return found
        if self._packages is None:
            names = (f"{self._elf.path}.dwp", f"{self._elf.path.removesuffix('.debug')}.dwp")
            packages = [debug_files.opened(path, self._tell) for path in dict.fromkeys(names)]
            self._packages = [elf for elf in packages if elf is not None]
        for elf in self._packages:
            found = self._unit_in(elf, id, main)
            if found is not None:
                return found
        if not self._is_told:
            self._is_told = True
            self._tell(f"{self._elf.path}: inlined functions are in files that are not there, such as {whole}")
        return None

    def _unit_in(self, elf: ElfFile, id: int, main: dict[str, Piece]) -> tuple[Dwarf, Unit] | None:
        try:
            pieces = {name: piece_of(elf, f".debug_{name}.dwo") for name in _SPLIT}
            if not _is_narrowed(elf, id, pieces):
                return None
            dwarf = Dwarf(elf, pieces={**dict.fromkeys(main, Piece(b"", 0, 0)), **pieces, "addr": main["addr"],
                                       "ranges": main["ranges"]})  # fmt: skip
            unit = dwarf.split_unit(id)
        except (FormatError, *DAMAGE) as e:
            self._tell(f"{elf.path} is left out: {e}")
            return None
        return (dwarf, unit) if unit is not None else None


def _is_narrowed(elf: ElfFile, id: int, pieces: dict[str, Piece]) -> bool:
    """Narrow the sections of a package to what is a unit's; False: it has no such unit. Another file stays as it is."""
    index = piece_of(elf, ".debug_cu_index")
    if index.end <= index.start:
        return True
    data = bytes(index.data[index.start : index.end])
    version, columns, units, slots = _INDEX_HEAD.unpack_from(data)
    rows = 16 + 8 * slots
    table = rows + 4 * slots
    if version not in _COLUMNS or table + 4 * columns * (2 * units + 1) > len(data):
        raise FormatError(f"{elf.path}: its index is damaged")
    at, step = id, id >> 32 | 1
    for _ in range(slots):
        slot = at % slots
        row = int.from_bytes(data[rows + 4 * slot : rows + 4 * slot + 4], "little")
        if not row:
            return False
        if data[16 + 8 * slot : 24 + 8 * slot] == id.to_bytes(8, "little"):
            break
        at = slot + (step & slots - 1)
    else:
        return False
    kinds = struct.unpack_from(f"<{columns}I", data, table)
    starts = struct.unpack_from(f"<{columns}I", data, table + 4 * columns * row)
    sizes = struct.unpack_from(f"<{columns}I", data, table + 4 * columns * (row + units))
    for kind, start, size in zip(kinds, starts, sizes):
        name = _COLUMNS[version].get(kind)
        if name is not None:
            piece = pieces[name]
            pieces[name] = Piece(piece.data, piece.start + start, min(piece.start + start + size, piece.end))
    return True


def _link_of(elf: ElfFile) -> tuple[str, bytes]:
    """Return the name and build id of the file that a file shares debug information with."""
    section = elf.find_section(".gnu_debugaltlink")
    if section is not None:
        name, _, build_id = elf.bytes_of(section).partition(b"\0")
    elif (section := elf.find_section(".debug_sup")) is not None:
        name, _, more = elf.bytes_of(section)[3:].partition(b"\0")  # after its version, and what it is
        length, at = uleb(more, 0)
        build_id = more[at : at + length]
    else:
        return "", b""
    return os.fsdecode(name), build_id

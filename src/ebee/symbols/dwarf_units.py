"""Debug information of a program: which file and line an address is of, and which functions were inlined there.

Units are found by one pass over their first entries; line tables and trees of entries are read when an address
needs them, and the latest few are kept. Versions 2 to 5, 32 and 64 bits.
Source: DWARF Debugging Information Format, version 5, sections 2.17, 3.3.8 and 7.5.
"""

from __future__ import annotations

from bisect import bisect_right

from ..errors import FormatError
from ..record import Record
from .dwarf_forms import (
    ADDRX,
    DAMAGE,
    REF_SUP,
    RNGLISTX,
    STR_SUP,
    STRX,
    Piece,
    Reader,
    piece_of,
    read_abbreviations,
    uleb,
)
from .dwarf_lines import LineTable, read_line_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    import mmap
    from typing import TypeVar

    from .dwarf_forms import Abbreviation
    from .dwarf_split import OtherFiles
    from .elf_file import ElfFile

    T = TypeVar("T")
    Value = int | str | bytes | tuple[str, int]

_NAME, _STMT_LIST, _LOW_PC, _HIGH_PC, _COMP_DIR = 0x03, 0x10, 0x11, 0x12, 0x1B
_ABSTRACT_ORIGIN, _SPECIFICATION, _RANGES, _CALL_FILE, _CALL_LINE = 0x31, 0x47, 0x55, 0x58, 0x59
_STR_OFFSETS_BASE, _ADDR_BASE, _RNGLISTS_BASE, _GNU_ADDR_BASE = 0x72, 0x73, 0x74, 0x2133
_INLINED = 0x1D
_REF_ADDR_FORM, _ADDRESS_FORMS = 0x10, (0x01, 0x1B, 0x29, 0x2A, 0x2B, 0x2C, 0x1F01)
_UNIT_TYPES = (1, 3, 4, 5)  # compile, partial, skeleton, split off
_WITH_ID = (4, 5)
_DWO_NAME, _GNU_DWO_NAME, _DWO_ID, _GNU_RANGES_BASE = 0x76, 0x2130, 0x2131, 0x2132  # DWO_ID: where GCC has it
_INHERITED = (_LOW_PC, _ADDR_BASE, _GNU_ADDR_BASE, _GNU_RANGES_BASE)  # by what was split off a unit
_MOST_UNITS, _MOST_ENTRIES, _KEPT, _HOPS = 1 << 18, 1 << 22, 16, 8
_MOST_RANGES = 1 << 16


class Unit(Record):
    """A compiled file: where its entries begin and end, and what its first one says."""

    start: int
    first: int
    end: int
    version: int
    reader: Reader
    abbreviations: int  # where the shapes of its entries are
    values: dict[int, Value]


class Inlined(Record):
    """A function that was inlined, or one that was not: its addresses, how deep, name and where it was called."""

    low: int
    high: int
    depth: int
    name: str
    call_file: int
    call_line: int


class Dwarf:
    """A file's debug information. Its methods raise FormatError where it is damaged."""

    def __init__(
        self, elf: ElfFile, others: OtherFiles | None = None, pieces: dict[str, Piece] | None = None
    ) -> None:
        """`pieces` are the sections of what was split off; `others` finds files that are referred to."""
        self.path, self._others, self._is_split = elf.path, others, pieces is not None
        names = "info abbrev line str line_str ranges rnglists addr str_offsets"
        self._pieces = pieces or {name: piece_of(elf, f".debug_{name}") for name in names.split()}
        self._abbreviations: dict[int, dict[int, Abbreviation]] = {}
        self._tables: dict[int, LineTable] = {}
        self._trees: dict[int, list[Inlined]] = {}
        self._units: list[Unit] = []
        self._starts: list[int] = []
        self._ranges: list[tuple[int, int, int]] = []  # low, high, unit
        try:
            self._read_units()
        except DAMAGE as e:
            raise self._damaged(e) from None
        self._ranges.sort()
        self._starts = [low for low, _, _ in self._ranges]

    def _damaged(self, e: Exception) -> FormatError:
        return FormatError(f"{self.path}: its debug information is damaged: {e or type(e).__name__}")

    def line_of(self, addr: int) -> tuple[str, int] | None:
        """Return the file and line of an address, or None. Raises: FormatError."""
        unit = self._unit_of(addr)
        if unit is None:
            return None
        try:
            table = self._table_of(unit)
        except DAMAGE as e:
            raise self._damaged(e) from None
        return None if table is None else table.find(addr)

    def inlined_at(self, addr: int) -> list[tuple[str, str, int]]:
        """Return what was inlined at an address, innermost first: name, and file and line that it was called in.

        Raises: FormatError.
        """
        unit = self._unit_of(addr)
        if unit is None:
            return []
        try:
            tree = self._trees.get(unit.start)
            if tree is None:
                tree = _remembered(self._trees, unit.start, self._tree_of(unit))
            found = sorted((i for i in tree if i.low <= addr < i.high), key=lambda i: -i.depth)
            table = self._table_of(unit)
        except DAMAGE as e:
            raise self._damaged(e) from None
        return [(i.name, table.file(i.call_file) if table is not None else "", i.call_line) for i in found]

    # Units

    def _unit_of(self, addr: int) -> Unit | None:
        at = bisect_right(self._starts, addr) - 1
        for low, high, unit in reversed(self._ranges[max(at - 3, 0) : at + 1]):
            if low <= addr < high:
                return self._units[unit]
        return None

    def _table_of(self, unit: Unit) -> LineTable | None:
        off = unit.values.get(_STMT_LIST)
        if not isinstance(off, int):
            return None
        table = self._tables.get(off)
        if table is None:
            pieces, folder = self._pieces, self._text(unit, unit.values.get(_COMP_DIR))
            table = read_line_table(pieces["line"], off, folder, pieces["str"], pieces["line_str"])
            _remembered(self._tables, off, table)
        return table

    def _read_units(self) -> None:
        info = self._pieces["info"]
        at = info.start
        while at + 11 < info.end and len(self._units) < _MOST_UNITS:
            start, length, offset_size = at, info.number(at - info.start, 4), 4
            at += 4
            if length == 0xFFFF_FFFF:
                length, at, offset_size = info.number(at - info.start, 8), at + 8, 8
            end = at + length
            if end > info.end or length < 8:
                raise FormatError(f"{self.path}: its debug information is cut off")
            unit = self._read_unit(start, at, end, offset_size)
            if unit is not None:
                for low, high in self._ranges_of(unit, unit.values) if not self._is_split else ():
                    self._ranges.append((low, high, len(self._units)))
                self._units.append(unit)
            at = end

    def _read_unit(self, start: int, at: int, end: int, offset_size: int) -> Unit | None:
        info = self._pieces["info"]
        version = info.number(at - info.start, 2)
        if not 2 <= version <= 5:
            return None
        kind, at = (info.data[at + 2], at + 3) if version >= 5 else (1, at + 2)
        if kind not in _UNIT_TYPES:
            return None
        if version >= 5:
            address_size, off = info.data[at], info.number(at + 1 - info.start, offset_size)
        else:
            off, address_size = info.number(at - info.start, offset_size), info.data[at + offset_size]
        at += 1 + offset_size
        id = info.number(at - info.start, 8) if kind in _WITH_ID else 0
        at += 8 if kind in _WITH_ID else 0
        reader = Reader(info.data, address_size, offset_size, version, self._pieces["str"], self._pieces["line_str"])
        code, after = uleb(info.data, at)
        unit = Unit(start, at, end, version, reader, off, {})
        if code:
            shape = read_abbreviations(self._pieces["abbrev"], off, code)[code]
            _, unit.values, _ = self._entry(unit, shape, after)
        if kind in _WITH_ID:
            unit.values[_DWO_ID] = id
        return unit

    def _shapes(self, unit: Unit) -> dict[int, Abbreviation]:
        shapes = self._abbreviations.get(unit.abbreviations)
        if shapes is None:
            shapes = read_abbreviations(self._pieces["abbrev"], unit.abbreviations)
            _remembered(self._abbreviations, unit.abbreviations, shapes)
        return shapes

    # Entries

    def _entry(self, unit: Unit, shape: Abbreviation, at: int) -> tuple[int, dict[int, Value], int]:
        """Return an entry's tag, its values, and where it ends. References are positions; high_pc is an address."""
        tag, _, attributes, _ = shape
        values: dict[int, Value] = {}
        high_is_address = False
        for name, form, constant in attributes:
            value, at = unit.reader.value(form, at, constant)
            if name in (_ABSTRACT_ORIGIN, _SPECIFICATION) and isinstance(value, int):
                value += self._pieces["info"].start if form == _REF_ADDR_FORM else unit.start
            elif name == _HIGH_PC:
                high_is_address = form in _ADDRESS_FORMS
            values[name] = value
        low, high = self._address(unit, values.get(_LOW_PC)), values.get(_HIGH_PC)
        if high is not None and high_is_address:
            values[_HIGH_PC] = self._address(unit, high)
        elif isinstance(high, int):
            values[_HIGH_PC] = low + high
        return tag, values, at

    def _address(self, unit: Unit, value: Value | None) -> int:
        if isinstance(value, tuple) and value[0] == ADDRX:
            base = unit.values.get(_ADDR_BASE, unit.values.get(_GNU_ADDR_BASE))
            size, first = unit.reader.address_size, _first_of(unit)
            return self._pieces["addr"].number((base if isinstance(base, int) else first) + value[1] * size, size)
        return value if isinstance(value, int) else 0

    def _text(self, unit: Unit, value: Value | None) -> str:
        if isinstance(value, tuple) and value[0] == STRX:
            base, size = unit.values.get(_STR_OFFSETS_BASE), unit.reader.offset_size
            off = (base if isinstance(base, int) else _first_of(unit)) + value[1] * size
            return self._pieces["str"].text(self._pieces["str_offsets"].number(off, size))
        if isinstance(value, tuple) and value[0] == STR_SUP:
            shared = self._others.supplement() if self._others is not None else None
            return shared._pieces["str"].text(value[1]) if shared is not None else ""
        return value if isinstance(value, str) else ""

    def _ranges_of(self, unit: Unit, values: dict[int, Value]) -> list[tuple[int, int]]:
        """Return the addresses of an entry. Those at zero, or at the end of all, were left out by the linker."""
        value = values.get(_RANGES)
        if value is None:
            low, high = self._address(unit, values.get(_LOW_PC)), values.get(_HIGH_PC)
            return [(low, high)] if isinstance(high, int) and 0 < low < high < 1 << 64 else []
        base = self._address(unit, unit.values.get(_LOW_PC))
        found = self._listed(unit, value, base) if unit.version >= 5 else self._older_ranges(unit, value, base)
        return [(low, high) for low, high in found if 0 < low < high < (1 << 8 * unit.reader.address_size) - 2]

    def _older_ranges(self, unit: Unit, value: Value, base: int) -> list[tuple[int, int]]:
        piece, size = self._pieces["ranges"], unit.reader.address_size
        found: list[tuple[int, int]] = []
        off = value if isinstance(value, int) else 0
        moved = unit.values.get(_GNU_RANGES_BASE) if self._is_split else 0
        off += moved if isinstance(moved, int) else 0
        for _ in range(_MOST_RANGES):
            low, high = piece.number(off, size), piece.number(off + size, size)
            off += 2 * size
            if not low and not high:
                return found
            if low == (1 << 8 * size) - 1:
                base = high
            else:
                found.append((base + low, base + high))
        raise ValueError("a list of ranges is too long")

    def _listed(self, unit: Unit, value: Value, base: int) -> list[tuple[int, int]]:
        """Source: DWARF 5, section 7.25: DW_RLE_end_of_list 0 to DW_RLE_start_length 7."""
        piece = self._pieces["rnglists"]
        off = value if isinstance(value, int) else 0
        if isinstance(value, tuple) and value[0] == RNGLISTX:
            lists = unit.values.get(_RNGLISTS_BASE)
            start = lists if isinstance(lists, int) else _first_of(unit) + 4
            off = start + piece.number(start + value[1] * unit.reader.offset_size, unit.reader.offset_size)
        data, at = piece.data, piece.start + off
        found: list[tuple[int, int]] = []
        for _ in range(_MOST_RANGES):
            kind = data[at] if piece.start <= at < piece.end else 0
            at += 1
            if kind == 0:
                return found
            first, at = self._operand(unit, data, at, kind in (1, 2, 3), kind >= 5)
            if kind in (1, 5):
                base = first
                continue
            second, at = self._operand(unit, data, at, kind == 2, kind == 6)
            low = first + base if kind == 4 else first
            found.append((low, second + base if kind == 4 else second if kind in (2, 6) else low + second))
        raise ValueError("a list of ranges is too long")

    def _operand(
        self, unit: Unit, data: bytes | mmap.mmap, at: int, is_index: bool, is_address: bool
    ) -> tuple[int, int]:
        if is_address:
            size = unit.reader.address_size
            return int.from_bytes(data[at : at + size], "little"), at + size
        number, at = uleb(data, at)
        return (self._address(unit, (ADDRX, number)) if is_index else number), at

    # Functions that were inlined

    def split_unit(self, id: int) -> Unit | None:
        """Return the unit that has a number."""
        return next((unit for unit in self._units if unit.values.get(_DWO_ID) == id), None)

    def _tree_of(self, unit: Unit) -> list[Inlined]:
        """Return what was inlined into a unit. Units that were split off inherit where theirs begins."""
        name, id = unit.values.get(_DWO_NAME, unit.values.get(_GNU_DWO_NAME)), unit.values.get(_DWO_ID)
        if name is None or not isinstance(id, int):
            return self._read_tree(unit)
        folder = self._text(unit, unit.values.get(_COMP_DIR))
        found = self._others.split(self._text(unit, name), folder, id, self._pieces) if self._others else None
        if found is None:
            return []
        dwarf, split = found
        split.values.update({key: unit.values[key] for key in _INHERITED if key in unit.values})
        return dwarf._read_tree(split)

    def _read_tree(self, unit: Unit) -> list[Inlined]:
        data, at, depth, shapes = unit.reader.data, unit.first, 0, self._shapes(unit)
        found: list[Inlined] = []
        for _ in range(_MOST_ENTRIES):
            if at >= unit.end:
                break
            code, at = uleb(data, at)
            if not code:
                depth -= 1
                continue
            tag, has_children, attributes, size = shapes[code]
            if tag == _INLINED:
                _, values, at = self._entry(unit, shapes[code], at)
                file, line = values.get(_CALL_FILE, 0), values.get(_CALL_LINE, 0)
                for low, high in self._ranges_of(unit, values):
                    name = self._name(values)
                    found.append(Inlined(low, high, depth, name, file if isinstance(file, int) else 0,
                                         line if isinstance(line, int) else 0))  # fmt: skip
            elif size >= 0:
                at += size
            else:
                for _, form, constant in attributes:
                    _, at = unit.reader.value(form, at, constant)
            depth += has_children
        return found

    def _name(self, values: dict[int, Value]) -> str:
        """Return an entry's name, or that of what it stands for."""
        for _ in range(_HOPS):
            where = values.get(_ABSTRACT_ORIGIN, values.get(_SPECIFICATION))
            if _NAME not in values and isinstance(where, tuple) and where[0] == REF_SUP and self._others is not None:
                shared = self._others.supplement()
                return shared._name({_ABSTRACT_ORIGIN: shared._pieces["info"].start + where[1]}) if shared else "?"
            if _NAME in values or not isinstance(where, int):
                break
            number = bisect_right(self._units, where, key=_start_of) - 1
            if number < 0 or not self._units[number].first <= where < self._units[number].end:
                break
            unit = self._units[number]
            code, at = uleb(unit.reader.data, where)
            _, values, _ = self._entry(unit, self._shapes(unit)[code], at)
            if isinstance(values.get(_NAME), tuple):
                values[_NAME] = self._text(unit, values[_NAME])
        name = values.get(_NAME)
        return name if isinstance(name, str) else "?"


def _start_of(unit: Unit) -> int:
    return unit.start


def _first_of(unit: Unit) -> int:
    """Return where the first number of a section lies that has indices of a unit, if it does not say."""
    return 2 * unit.reader.offset_size if unit.version >= 5 else 0


def _remembered(kept: dict[int, T], key: int, value: T) -> T:
    """Keep a value, and the latest few of the others."""
    while len(kept) >= _KEPT:
        del kept[next(iter(kept))]
    kept[key] = value
    return value

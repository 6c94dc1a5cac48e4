"""A program or library with all that is known of it: symbols, debug information, wherever that is."""

from __future__ import annotations

from ..errors import EbeeError
from .debug_files import debug_file, packed_symbols
from .tables import table_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .debug_files import Tell
    from .dwarf_units import Dwarf
    from .elf_file import ElfFile
    from .tables import SymbolTable

_UNREAD: object = object()


class Binary:
    """A file that code was loaded from. Symbols are read at the first question for a name, lines for a line.

    `root` is what paths begin with where the program runs; `tell` is given what could not be used, a sentence each.
    """

    def __init__(self, elf: ElfFile, path: str, root: str, tell: Tell) -> None:
        self.elf, self.path = elf, path
        self._root, self._tell = root, tell
        self._table: SymbolTable | None = None
        self._dwarf: Dwarf | object | None = _UNREAD
        self._debug: ElfFile | object | None = _UNREAD

    def function(self, addr: int) -> tuple[str, int] | None:
        """Return the name of the function that an address of the file lies in, and where that begins."""
        if self._table is None:
            self._table = self._read_table()
        return self._table.find(addr)

    def line(self, addr: int) -> tuple[str, int] | None:
        """Return the file and line that an address of the file was made from."""
        dwarf = self._debug_information()
        if dwarf is None:
            return None
        try:
            return dwarf.line_of(addr)
        except EbeeError as e:
            self._damaged(e)
        return None

    def inlined(self, addr: int) -> list[tuple[str, str, int]]:
        """Return what was inlined at an address, innermost first: name, and file and line that it was called in."""
        dwarf = self._debug_information()
        if dwarf is None:
            return []
        try:
            return dwarf.inlined_at(addr)
        except EbeeError as e:
            self._damaged(e)
        return []

    def _damaged(self, e: EbeeError) -> None:
        self._dwarf = None
        self._tell(str(e))

    def _separate(self) -> ElfFile | None:
        if self._debug is _UNREAD:
            self._debug = debug_file(self.elf, self._root, self._tell)
        return self._debug  # type: ignore[return-value]

    def _read_table(self) -> SymbolTable:
        files = [self.elf]
        if self.elf.find_section(".symtab") is None:
            try:
                files += filter(None, [self._separate() or packed_symbols(self.elf)])
            except EbeeError as e:
                self._tell(str(e))
        for elf in files[::-1]:
            try:
                return table_of(*files)
            except EbeeError as e:
                self._tell(str(e))
                files.remove(elf)
        return table_of()

    def _debug_information(self) -> Dwarf | None:
        if self._dwarf is _UNREAD:
            from .dwarf_split import OtherFiles
            from .dwarf_units import Dwarf

            self._dwarf = None
            elf: ElfFile | None = self.elf
            if elf is not None and elf.find_section(".debug_info") is None:
                elf = self._separate()
            if elf is not None:
                try:
                    self._dwarf = Dwarf(elf, OtherFiles(elf, self._root, self._tell))
                except EbeeError as e:
                    self._tell(str(e))
        return self._dwarf  # type: ignore[return-value]

"""Which function an address lies in: the symbols of a file, or lines of a text, in order of their addresses.

An entry takes 24 bytes, and its name stays where it is.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right

from ..elf.layout import SHF_EXECINSTR, STB_GLOBAL, STB_WEAK, STT_FUNC, STT_NOTYPE
from .elf_file import SHT_DYNSYM, SHT_SYMTAB, STT_GNU_IFUNC

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .elf_file import ElfFile

TO_NEXT = 1 << 63  # of a size: the function reaches to the next one, at most so far
_NESTED = 16  # so many functions may begin inside another one
_PLT_RANK = 16  # a symbol for an entry is better than what it jumps to
_RANKS = {STB_GLOBAL: 0, STB_WEAK: 1}  # of two names of one function the better known one


class SymbolTable:
    """Functions by address."""

    def __init__(self, rows: list[tuple[int, int, int, int]], texts: Sequence[bytes], *, cut: str = "@",
                 whole: int = -1) -> None:  # fmt: skip
        """Rows are address, a rank among names of the same address, size, `number of the text << 40 | offset in it`.

        A size with TO_NEXT is where what the function is in ends. Names end at a `cut`: before a version; those
        of the text of number `whole` do not.
        """
        rows.sort()
        self._texts, self._cut, self._whole = texts, cut, whole
        self._starts, self._sizes, self._names = array("Q"), array("Q"), array("Q")
        last = -1
        for start, _, size, name in rows:
            if start == last:
                if self._sizes[-1] & TO_NEXT:
                    self._sizes[-1] = size
                continue
            last = start
            self._starts.append(start)
            self._sizes.append(size)
            self._names.append(name)

    def __len__(self) -> int:
        return len(self._starts)

    def find(self, addr: int) -> tuple[str, int] | None:
        """Return the name of the function that an address lies in, and where that begins; None: in none."""
        at = bisect_right(self._starts, addr) - 1
        for n in range(at, max(at - _NESTED, -1), -1):
            start, size = self._starts[n], self._sizes[n]
            if addr < start + (size & ~TO_NEXT) and (not size & TO_NEXT or n == at):
                return self._name(n), start
        return None

    def _name(self, n: int) -> str:
        number, off = self._names[n] >> 40, self._names[n] & (1 << 40) - 1
        text = self._texts[number]
        name = text[off : text.find(b"\0", off)].decode("utf-8", "backslashreplace")
        return name if number == self._whole else name.partition(self._cut)[0]


def table_of(*files: ElfFile) -> SymbolTable:
    """Return the functions of a file and of those that belong to it: what is for linking, and what is for debuggers."""
    rows: list[tuple[int, int, int, int]] = []
    texts: list[bytes] = []
    for elf in files:
        for table in elf.sections:
            if table.type not in (SHT_SYMTAB, SHT_DYNSYM) or table.link >= len(elf.sections):
                continue
            strings = elf.bytes_of(elf.sections[table.link]) + b"\0"
            ends = {n: s.addr + s.size for n, s in enumerate(elf.sections) if s.flags & SHF_EXECINSTR}
            base, end = len(texts) << 40, len(strings) - 1
            texts.append(strings)
            for name, info, _, section, value, size in elf.symbols(table):
                kind = info & 15
                if kind == STT_FUNC and section or kind == STT_GNU_IFUNC or kind == STT_NOTYPE and section in ends:
                    if value and 0 < name < end and strings[name] not in b"$\0":  # $x of arm64: where code begins
                        rank = _RANKS.get(info >> 4, 2) << 1 | (strings[name] == 95)
                        if not size:
                            size = (ends.get(section, value + 1) - value & TO_NEXT - 1) | TO_NEXT
                        rows.append((value, rank + (8 if kind == STT_NOTYPE else 0), size, base | name))
    from .plt import plt_entries

    base, jumps = len(texts) << 40, bytearray()
    for elf in files:
        for start, size, name_text in plt_entries(elf):
            rows.append((start, _PLT_RANK, size, base | len(jumps)))
            jumps += name_text + b"\0"
    return SymbolTable(rows, [*texts, bytes(jumps)], whole=len(texts))

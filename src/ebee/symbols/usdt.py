"""Reading the marks for tracers (USDT) of programs and libraries: the notes in `.note.stapsdt`.

Source: sys/sdt.h of systemtap; collect_usdt_targets in usdt.c (libbpf 1.6).
"""

from __future__ import annotations

import struct

from ..errors import FormatError, UnknownProbe
from ..spec.usdt import UsdtSite, parse_arguments
from .elf_file import SHT_NOTE, open_elf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..spec.usdt import UsdtArgument
    from .elf_file import ElfFile

_NOTE = struct.Struct("<III")  # namesz, descsz, type
_PLACES = struct.Struct("<QQQ")  # pc, base, semaphore
_NT_STAPSDT = 3
_ARCHES = {62: "x86_64", 183: "arm64"}


def find_marks(path: str, provider: str, name: str) -> list[UsdtSite]:
    """Return the places of a mark, in the order of the file. Raises: UnknownProbe, FormatError, SyscallError."""
    elf = open_elf(path)
    arch = _ARCHES.get(elf.machine, f"machine {elf.machine}")
    known, sites = set(), []
    for where, its_provider, its_name, args in _notes(elf):
        known.add(f"{its_provider}:{its_name}")
        if (its_provider, its_name) == (provider, name):
            sites.append(_site(elf, where, parse_arguments(args, arch)))
    if not sites:
        from difflib import get_close_matches

        close = get_close_matches(f"{provider}:{name}", known, 3)
        hint = "" if known else "it has no marks at all: it was built without them"
        raise UnknownProbe(f"usdt:{path}:{provider}:{name}", close, hint=hint)
    return sites


def mark_names(path: str) -> list[str]:
    """Return the marks of a file, as `provider:name`, sorted. Raises: FormatError, SyscallError."""
    return sorted({f"{provider}:{name}" for _, provider, name, _ in _notes(open_elf(path))})


def _notes(elf: ElfFile) -> list[tuple[tuple[int, int, int], str, str, str]]:
    """Return for each mark its addresses (its own, the base, its counter's), provider, name and arguments."""
    found = []
    for section in elf.sections:
        if section.type != SHT_NOTE or section.name != ".note.stapsdt":
            continue
        data, at = elf.bytes_of(section), 0
        try:
            while at + _NOTE.size <= len(data):
                name_bytes, bytes_, type = _NOTE.unpack_from(data, at)
                start = at + _NOTE.size + (name_bytes + 3 & ~3)
                at = start + (bytes_ + 3 & ~3)
                if type != _NT_STAPSDT:
                    continue
                where = _PLACES.unpack_from(data, start)
                texts = data[start + _PLACES.size : start + bytes_].split(b"\0")
                provider, name, args = (t.decode("utf-8", "backslashreplace") for t in texts[:3])
                found.append((where, provider, name, args))
        except (struct.error, ValueError):
            raise FormatError(f"{elf.path}: its notes about marks for tracers are damaged") from None
    return found


def _site(elf: ElfFile, where: tuple[int, int, int], args: list[UsdtArgument | str]) -> UsdtSite:
    addr, base, counter = where
    section = elf.find_section(".stapsdt.base")  # what tells when a file was moved after its notes were written
    moved = section.addr - base if section is not None and base else 0
    off = elf.file_offset(addr + moved, is_code=True)
    counter_off = elf.file_offset(counter + moved) if counter else 0
    if off is None or counter_off is None:
        raise FormatError(f"{elf.path}: a mark is at {addr:#x}, where the file has nothing")
    return UsdtSite(off, counter_off, args)

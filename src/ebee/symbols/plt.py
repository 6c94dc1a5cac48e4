"""Names for the entries through which a file calls functions of others (PLT): `puts@plt`.

An entry jumps to where a slot of the file's points; the relocation of that slot names the function.
Source: psABI of x86-64, "Procedure Linkage Table", of i386 and AArch64 the same; entries as ld and lld write them.
"""

from __future__ import annotations

import struct

from ..elf.layout import SHF_EXECINSTR, SHT_REL
from .elf_file import EM_386, EM_AARCH64, EM_X86_64, SHT_DYNSYM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .elf_file import ElfFile, Section

SHT_RELA = 4
_RELA_64, _REL_64, _RELA_32, _REL_32 = (struct.Struct(f) for f in ("<QQq", "<QQ", "<IIi", "<II"))
_SLOT_RELOCATIONS = {EM_X86_64: (6, 7), EM_386: (6, 7), EM_AARCH64: (1025, 1026)}  # GLOB_DAT, JUMP_SLOT
_ENTRY_BYTES, _SHORT_BYTES = 16, 8  # of x86; short ones are in .plt.got
_ADRP_X16, _LDR_X17 = (0x9F00001F, 0x90000010), (0xFFC003FF, 0xF9400211)  # mask, and what is left


def plt_entries(elf: ElfFile) -> list[tuple[int, int, bytes]]:
    """Return the entries of a file: address, size in bytes, name. Raises: FormatError."""
    code = [s for s in elf.sections if s.name.startswith(".plt") and s.flags & SHF_EXECINSTR]
    slots = _slots(elf) if code and elf.machine in _SLOT_RELOCATIONS else {}
    if not slots:
        return []
    jumps = _arm64_jumps if elf.machine == EM_AARCH64 else _x86_jumps
    return [
        (start, size, slots[slot] + b"@plt")
        for section in code
        for start, size, slot in jumps(elf, section, elf.bytes_of(section))
        if slot in slots
    ]


def _slots(elf: ElfFile) -> dict[int, bytes]:
    """Return the names of the functions whose addresses the dynamic linker puts somewhere, by where that is."""
    found: dict[int, bytes] = {}
    kinds = _SLOT_RELOCATIONS[elf.machine]
    for section in elf.sections:
        symbols = elf.sections[section.link] if section.link < len(elf.sections) else section
        if section.type not in (SHT_RELA, SHT_REL) or symbols.type != SHT_DYNSYM or symbols.link >= len(elf.sections):
            continue
        strings = elf.bytes_of(elf.sections[symbols.link]) + b"\0"
        names = [row[0] for row in elf.symbols(symbols)]
        is_rela = section.type == SHT_RELA
        format = (_RELA_32 if is_rela else _REL_32) if elf.is_32 else (_RELA_64 if is_rela else _REL_64)
        data, shift = elf.bytes_of(section), 8 if elf.is_32 else 32
        for slot, info, *_ in format.iter_unpack(data[: len(data) // format.size * format.size]):
            name = names[info >> shift] if info >> shift < len(names) else 0
            if info & (1 << shift) - 1 in kinds and 0 < name < len(strings):
                found[slot] = strings[name : strings.find(b"\0", name)]
    return found


def _x86_jumps(elf: ElfFile, section: Section, code: bytes) -> Iterator[tuple[int, int, int]]:
    """Return entries and their slots: jumps through memory, beside rip, at an address, or beside the table of slots."""
    table = elf.find_section(".got.plt") or elf.find_section(".got")
    at = code.find(b"\xff")
    while 0 <= at <= len(code) - 6:
        number = int.from_bytes(code[at + 2 : at + 6], "little", signed=True)
        slot = -1
        if code[at + 1] == 0x25:
            slot = number + section.addr + at + 6 if elf.machine == EM_X86_64 else number & 0xFFFF_FFFF
        elif code[at + 1] == 0xA3 and elf.machine == EM_386 and table is not None:
            slot = table.addr + number & 0xFFFF_FFFF
        if slot >= 0:
            is_short = section.name == ".plt.got" and not at % _SHORT_BYTES
            start = at if is_short else at // _ENTRY_BYTES * _ENTRY_BYTES
            yield section.addr + start, _SHORT_BYTES if is_short else _ENTRY_BYTES, slot
        at = code.find(b"\xff", at + 1)


def _arm64_jumps(elf: ElfFile, section: Section, code: bytes) -> Iterator[tuple[int, int, int]]:
    """Return entries and their slots: the page of the slot in x16, then what is there in x17."""
    words = struct.unpack(f"<{len(code) // 4}I", code[: len(code) // 4 * 4])
    for n, (page, load) in enumerate(zip(words, words[1:])):
        if page & _ADRP_X16[0] == _ADRP_X16[1] and load & _LDR_X17[0] == _LDR_X17[1]:
            pages = (page >> 5 & 0x7FFFF) << 2 | page >> 29 & 3
            pages -= (pages >> 20) << 21
            start = section.addr + 4 * n
            yield start, _ENTRY_BYTES, (start & ~0xFFF) + (pages << 12) + (load >> 10 & 0xFFF) * 8

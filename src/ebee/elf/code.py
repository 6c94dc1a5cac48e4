"""The code of an object file: functions as its sections hold them, with relocations, types and source lines.

Source: libbpf.c (libbpf 1.6): bpf_object__add_programs, bpf_object__collect_relos; btf.c: btf_ext_parse_sec_info.
"""

from __future__ import annotations

from bisect import bisect_right

from ..btf.kinds import BTF_KIND_FUNC
from ..errors import ElfError, FormatError
from ..isa.encode import decode, slot_offsets
from ..isa.opcodes import CALL, LDDW
from ..record import Record, field
from ..spec.object import CORE_RELO_KINDS, LineInfo
from . import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    import struct
    from typing import Any

    from ..btf.read import Btf
    from ..isa.insn import Insn
    from .file import ElfFile, Section, Symbol

_CORE_KINDS = {number: kind for kind, number in CORE_RELO_KINDS.items()}
# The relocations of pointers in `.maps` (ours are of the first type), and in structs of functions.
_MAP_POINTERS, _FUNCTION_POINTERS = (layout.R_BPF_64_64, layout.R_BPF_64_ABS64), (layout.R_BPF_64_ABS64,)
_CODE = (layout.R_BPF_64_64, layout.R_BPF_64_32)


class Function(Record):
    """The code behind a symbol. `indices` has the instruction at an offset, `relocs` the symbol that one refers to.

    What `is_local` is no program of its own, wherever it is. `core_relos` are kind, type and access string.
    """

    name: str
    place: tuple[int, int]
    is_local: bool
    insns: list[Insn]
    indices: dict[int, int]
    relocs: dict[int, Symbol] = field(default_factory=dict)
    type_id: int = 0
    lines: list[LineInfo] = field(default_factory=list)
    core_relos: dict[int, tuple[str, int, str]] = field(default_factory=dict)


class CodeReader:
    """Reads the functions of a file. `notes` are ebee's own, None in files of others; `btf` its types."""

    notes: dict[str, Any] | None
    btf: Btf

    def __init__(self, file: ElfFile) -> None:
        self.file = file
        self.sections, self.by_name = file.sections, file.by_name
        self.functions: dict[tuple[int, int], Function] = {}  # section and offset -> function
        self.starts: dict[int, list[int]] = {}  # section -> offsets of its functions
        self.pointers: dict[int, list[tuple[int, Symbol]]] = {}  # section of data -> where, and to what

    def read_functions(self) -> None:
        """Read every function, its relocations, types and lines."""
        for number, section in enumerate(self.sections):
            if section.type == layout.SHT_PROGBITS and section.flags & layout.SHF_EXECINSTR:
                self.split(number, section)
        for section in self.sections:
            if section.type == layout.SHT_REL:
                self.read_relocs(section)
        self.read_btf_ext()

    def split(self, number: int, section: Section) -> None:
        """Cut a section into functions: symbols say where each begins and ends, without gaps."""
        end = 0
        own = [s for s in self.file.symbols if s.section == number and s.kind == layout.STT_FUNC]
        for symbol in sorted(own, key=lambda s: s.value):
            if (number, symbol.value) in self.functions and symbol.value + symbol.size == end:
                continue  # a second name of the same function
            is_whole = symbol.value % 8 == 0 and 0 < symbol.size <= section.size - symbol.value
            if symbol.value != end or not is_whole:
                what = f"function {symbol.name!r} overlaps another or leaves a gap"
                raise ElfError(what, section=section.name, off_bytes=end)
            end = symbol.value + symbol.size
            insns = self.decode(section.data[symbol.value : end], section.name, symbol.value)
            indices = {8 * slot: i for i, slot in enumerate(slot_offsets(insns)[:-1])}
            self.starts.setdefault(number, []).append(symbol.value)
            place = number, symbol.value
            self.functions[place] = Function(symbol.name, place, symbol.is_local, insns, indices)
        if end != section.size:
            raise ElfError("there is code without a function", section=section.name, off_bytes=end)

    def decode(self, data: bytes, section: str, off_bytes: int) -> list[Insn]:
        """Return instructions. Those of other makers the kernel looks at, which may know more of them."""
        try:
            return decode(data, self.file.byteorder, check=self.notes is not None)
        except FormatError as e:
            raise ElfError(e.what, section=section, off_bytes=off_bytes) from None

    def at(self, number: int, off: int, what: str) -> tuple[Function, int]:
        """Return the function and the index of the instruction at an offset of a section."""
        starts = self.starts.get(number, [])
        position = bisect_right(starts, off) - 1
        if position >= 0:
            function = self.functions[number, starts[position]]
            if (i := function.indices.get(off - starts[position])) is not None:
                return function, i
        raise ElfError(f"{what} is at no instruction", section=self.sections[number].name, off_bytes=off)

    def read_relocs(self, section: Section) -> None:
        """Read the relocations of code, and of data whose pointers mean something; libbpf passes over the others."""
        target = self.sections[section.info] if section.info < len(self.sections) else self.sections[0]
        kinds = _FUNCTION_POINTERS if target.name in layout.STRUCT_OPS_SECTIONS else _MAP_POINTERS
        has_pointers = target.name == layout.MAPS or kinds is _FUNCTION_POINTERS
        if not has_pointers and not target.flags & layout.SHF_EXECINSTR:
            return
        for at, (off, kind, symbol) in enumerate(self.file.relocs(section)):
            where = at * layout.REL.size
            if kind not in (kinds if has_pointers else _CODE):
                what = f"relocation type {kind} of symbol {symbol.name!r} is not supported"
                raise ElfError(what, section=section.name, off_bytes=where)
            if has_pointers:
                self.pointers.setdefault(section.info, []).append((off, symbol))
                continue
            function, i = self.at(section.info, off, "a relocation")
            if function.insns[i].opcode != (LDDW if kind == layout.R_BPF_64_64 else CALL):
                what = "a relocation of an instruction that cannot have one"
                raise ElfError(what, section=section.name, off_bytes=where)
            function.relocs[i] = symbol

    def read_btf_ext(self) -> None:
        """Read functions' types and source lines."""
        if layout.BTF_EXT not in self.by_name:
            return
        data = self.file.little(layout.BTF_EXT)
        if len(data) < layout.BTF_EXT_HDR_LEN:
            raise ElfError("the header is cut off", section=layout.BTF_EXT, off_bytes=0)
        magic, version, _flags, hdr_len, *parts = layout.BTF_EXT_HDR.unpack(
            data[: layout.BTF_EXT_HDR.size].ljust(layout.BTF_EXT_HDR.size, b"\0")
        )
        if hdr_len < layout.BTF_EXT_HDR.size:
            parts[4:] = 0, 0
        if magic != 0xEB9F or version != 1 or hdr_len < layout.BTF_EXT_HDR_LEN:
            raise ElfError("the header is damaged", section=layout.BTF_EXT, off_bytes=0)
        for number, off, (insn_off, type_id) in self.infos(data, hdr_len + parts[0], parts[1], layout.FUNC_INFO):
            function, i = self.at(number, insn_off, "a function's type")
            if i or not 0 < type_id < self.btf.type_count or self.btf.by_id(type_id).kind != BTF_KIND_FUNC:
                raise ElfError(f"type {type_id} is that of no function", section=layout.BTF_EXT, off_bytes=off)
            function.type_id = type_id
        for number, _off, row in self.infos(data, hdr_len + parts[2], parts[3], layout.LINE_INFO):
            function, i = self.at(number, row[0], "a source line")
            for string_off in row[1:3]:
                self.btf.string(string_off)
            line = LineInfo(i, row[1], row[2], row[3] >> 10, row[3] & layout.COLUMN_MAX)
            function.lines.append(line)
        for number, _off, row in self.infos(data, hdr_len + parts[4], parts[5], layout.CORE_RELO):
            function, i = self.at(number, row[0], "a field")
            if row[3] not in _CORE_KINDS or i in function.core_relos:
                what = f"a relocation of kind {row[3]}, or a second one of an instruction"
                raise ElfError(what, section=layout.BTF_EXT)
            self.btf.by_id(row[1])
            function.core_relos[i] = _CORE_KINDS[row[3]], row[1], self.btf.string(row[2])

    def infos(self, data: bytes, start: int, length: int, format: struct.Struct) -> Any:
        """Iterate over the records of one part of .BTF.ext: number of the section, offset, fields."""
        if not length:
            return
        end = start + length
        record_bytes = int.from_bytes(data[start : start + 4], "little")
        at = start + 4
        if end > len(data) or record_bytes < format.size or record_bytes % 4:
            raise ElfError("this part is damaged", section=layout.BTF_EXT, off_bytes=start)
        while at < end:
            if at + layout.SEC_INFO.size > end:
                raise ElfError("this part is cut off", section=layout.BTF_EXT, off_bytes=at)
            name_off, count = layout.SEC_INFO.unpack_from(data, at)
            number = self.by_name.get(self.btf.string(name_off), 0)
            at += layout.SEC_INFO.size
            if not number or at + count * record_bytes > end:
                raise ElfError("a section that is not there, or too many records", section=layout.BTF_EXT, off_bytes=at)
            for _ in range(count):
                yield number, at, format.unpack_from(data, at)
                at += record_bytes

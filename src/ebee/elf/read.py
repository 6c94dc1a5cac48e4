"""An object file that `write_object` made, back to its `ObjectSpec`.

Objects of other makers are refused: they have no `.ebee` section.
"""

from __future__ import annotations

from ..abi import bpf
from ..btf.build import BtfBuilder
from ..btf.kinds import BTF_KIND_DATASEC, BTF_KIND_FUNC, BTF_KIND_STRUCT, BTF_KIND_VAR
from ..btf.read import Btf
from ..errors import ElfError, FormatError, SourceSpan
from ..isa.encode import decode, slot_offsets
from ..isa.opcodes import (
    BPF_LDX,
    BPF_PSEUDO_BTF_ID,
    BPF_PSEUDO_CALL,
    BPF_PSEUDO_FUNC,
    BPF_PSEUDO_KFUNC_CALL,
    BPF_PSEUDO_MAP_FD,
    BPF_PSEUDO_MAP_VALUE,
    BPF_ST,
    BPF_STX,
    CALL,
    LDDW,
)
from ..record import Record, field
from ..spec.core_fields import is_symbol
from ..spec.object import (
    CORE_KINDS,
    RELO_KFUNC,
    RELO_KSYM,
    RELO_MAP,
    RELO_MAP_VALUE,
    RELO_TP_FIELD,
    FuncInfo,
    LineInfo,
    LossSite,
    MapSpec,
    ObjectSpec,
    ProgramSpec,
    Reloc,
    StructOpsSpec,
)
from ..spec.sections import parse_section
from . import layout
from .maps import map_variable_bytes, read_maps

TYPE_CHECKING = False
if TYPE_CHECKING:
    import struct
    from typing import Any

    from ..isa.insn import Insn

_CORE_KINDS = {number: kind for kind, number in CORE_KINDS.items()}
_MAX_DATA_BYTES = 1 << 30  # of a section without bytes in the file: the kernel's limit for a value, about


# Sections of data with pointers, and the relocations of these.
_RELOCS = {layout.STRUCT_OPS: (layout.R_BPF_64_ABS64,), layout.MAPS: (layout.R_BPF_64_64,)}


class _Section(Record):
    name: str
    type: int
    flags: int
    data: bytes
    size: int
    link: int
    info: int


class _Symbol(Record):
    name: str
    kind: int
    section: int
    value: int
    size: int
    is_weak: bool = False

    @property
    def is_extern(self) -> bool:
        return not self.section and self.kind == layout.STT_NOTYPE and bool(self.name)


class _Function(Record):
    """The code behind a symbol. `indices` has the instruction at an offset, `relocs` the symbol that one refers to."""

    name: str
    insns: list[Insn]
    indices: dict[int, int]
    relocs: dict[int, _Symbol] = field(default_factory=dict)
    type_id: int = 0
    lines: list[LineInfo] = field(default_factory=list)
    core_relos: dict[int, str] = field(default_factory=dict)


def is_elf(data: bytes) -> bool:
    """Whether a file begins as ELF does."""
    return data[:4] == layout.ELF_IDENT[:4]


def read_object(data: bytes, file: str = "") -> ObjectSpec:
    """Return the object that a file written by `write_object` holds; `file` is its name for messages.

    Fields of tracepoints are symbolic again. The object's BTF has the variables of the file in addition.
    Raises: ElfError with section and offset for a file that is damaged, or that ebee has not made.
    """
    try:
        return _Reader(data).object()
    except FormatError as e:
        section = e.section or (layout.BTF if type(e).__name__ == "BtfError" else "")
        raise ElfError(e.what, file=file, section=section, off_bytes=e.off_bytes, hint=e.hint) from None


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.sections = self.read_sections()
        self.by_name: dict[str, int] = {}
        for number, section in enumerate(self.sections):
            if self.by_name.setdefault(section.name, number) != number:
                raise ElfError("there are two of this name", section=section.name)
        self.notes = self.read_notes()
        self.btf = Btf(self.bytes_of(layout.BTF))
        self.symbols = self.read_symbols()
        self.maps: dict[tuple[int, int], str] = {}  # section and offset -> name
        self.functions: dict[tuple[int, int], _Function] = {}  # section and offset -> function
        self.starts: dict[int, list[int]] = {}  # section -> offsets of its functions
        self.pointers: list[tuple[int, _Symbol]] = []  # of structs of functions: where, and to what
        self.map_pointers: list[tuple[int, _Symbol]] = []  # of maps of maps

    # The file

    def unpack(self, format: struct.Struct, off: int, what: str) -> Any:
        """Return the fields of a struct at an offset of the file. Raises: ElfError."""
        if off + format.size > len(self.data):
            raise ElfError(f"{what} lies outside of the file", off_bytes=off)
        return format.unpack_from(self.data, off)

    def read_sections(self) -> list[_Section]:
        """Return every section, in order; the first is the empty one that number 0 stands for."""
        header = self.unpack(layout.EHDR, 0, "the header")
        ident, kind, machine, _version, _entry, _phoff, shoff, *_rest, shentsize, shnum, shstrndx = header
        if ident[:7] != layout.ELF_IDENT[:7] or (kind, machine) != (layout.ET_REL, layout.EM_BPF):
            raise ElfError("this is no little-endian eBPF object file", off_bytes=0)
        if shentsize != layout.SHDR.size or not 0 < shstrndx < shnum < layout.SHN_LORESERVE:
            raise ElfError("the table of sections is damaged", off_bytes=58)
        rows = [self.unpack(layout.SHDR, shoff + i * shentsize, f"section {i}'s header") for i in range(shnum)]
        sections = []
        for i, (_name, kind, flags, _addr, off, size, link, info, _align, _entsize) in enumerate(rows):
            has_bytes = kind not in (0, layout.SHT_NOBITS)
            if size > (max(len(self.data) - off, 0) if has_bytes else _MAX_DATA_BYTES):
                raise ElfError(f"section {i} lies outside of the file", off_bytes=shoff + i * shentsize)
            content = self.data[off : off + size] if has_bytes else b""
            sections.append(_Section("", kind, flags, content, size, link, info))
        for section, row in zip(sections, rows):
            section.name = _string(sections[shstrndx].data, row[0], "names of sections")
        return sections

    def bytes_of(self, name: str) -> bytes:
        """Return the contents of a section that must be there."""
        if name not in self.by_name:
            raise ElfError(f"there is no section {name}")
        return self.sections[self.by_name[name]].data

    def read_symbols(self) -> list[_Symbol]:
        """Return every symbol, in order."""
        table = self.sections[self.by_name.get(".symtab", 0)]
        if table.type != layout.SHT_SYMTAB or table.size % layout.SYM.size or table.link >= len(self.sections):
            raise ElfError("there is no table of symbols, or it is damaged", section=".symtab")
        strings = self.sections[table.link].data
        symbols: list[_Symbol] = []
        for name_off, info, _other, section, value, size in layout.SYM.iter_unpack(table.data):
            if section >= len(self.sections):
                off = len(symbols) * layout.SYM.size
                raise ElfError("a symbol of no section", section=".symtab", off_bytes=off)
            is_weak = info >> 4 == layout.STB_WEAK
            symbols.append(_Symbol(_string(strings, name_off, ".strtab"), info & 15, section, value, size, is_weak))
        return symbols

    # Notes

    def read_notes(self) -> dict[str, Any]:
        """Return ebee's own notes. Raises: ElfError if there are none, or of a format that is unknown."""
        import json

        if layout.NOTES not in self.by_name:
            raise ElfError(
                f"there is no section {layout.NOTES}: this object was not made by ebee",
                hint="ebee reads the objects that `ebee compile` and `ebee.compile` write",
            )
        try:
            notes = json.loads(self.bytes_of(layout.NOTES).strip(b"\0"))
        except (ValueError, RecursionError):
            notes = None
        if not isinstance(notes, dict):
            raise ElfError("these are no notes", section=layout.NOTES)
        if notes.get("format") != layout.NOTES_FORMAT:
            what = f"notes of format {notes.get('format')!r}, and this ebee reads {layout.NOTES_FORMAT}"
            raise ElfError(what, section=layout.NOTES, hint="compile the program again")
        return notes

    def note(self, of: Any, key: str | int, *types: type) -> Any:
        """Return an entry of the notes, which must be of one of these types."""
        try:
            value = of[key]
        except (KeyError, IndexError, TypeError):
            value = self
        # A bool is an int to Python, and not meant where a number is.
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise ElfError(f"{key!r} is missing or of another type", section=layout.NOTES)
        return value

    # The object

    def object(self) -> ObjectSpec:
        """Return what the file holds."""
        notes = self.notes
        spec = ObjectSpec(self.note(notes, "name", str))
        spec.btf, spec.externs = self.read_externs()
        license = self.bytes_of(layout.LICENSE)
        spec.license = _string(license, 0, layout.LICENSE)
        spec.notes = self.note(notes, "notes", dict)
        spec.loss_sites = self.loss_sites()
        maps = self.read_maps()
        for name in self.note(notes, "maps", dict):
            if name not in maps:
                raise ElfError(f"map {name!r} of the notes is not there", section=layout.NOTES)
            spec.maps[name] = maps[name]
        if len(maps) != len(spec.maps):
            raise ElfError("not every map is in the notes", section=layout.NOTES)
        self.read_functions()
        spec.structs = self.read_structs()
        self.read_inner_maps(maps)
        programs = {f.name: at for at, f in self.functions.items() if self.sections[at[0]].name != layout.TEXT}
        for name, note in self.note(notes, "programs", dict).items():
            if name not in programs:
                raise ElfError(f"program {name!r} of the notes is not there", section=layout.NOTES)
            spec.programs[name] = self.program(programs[name], note, maps)
        if len(programs) != len(spec.programs):
            raise ElfError("not every program is in the notes", section=layout.NOTES)
        return spec

    def read_externs(self) -> tuple[bytes, dict[str, int]]:
        """Return the types without `.ksyms`, which the kernel does not take, and the types of what it has by name."""
        data = self.bytes_of(layout.BTF)
        section = self.btf.by_name(layout.KSYMS, BTF_KIND_DATASEC)
        if section is None:
            return data, {}
        ids = [info[0] for info in section.secinfos]
        first = min(ids, default=section.id)
        found = {}
        for id in ids:
            extern = self.btf.by_id(id)
            if extern.kind not in (BTF_KIND_FUNC, BTF_KIND_VAR) or not 0 < extern.type_id < first:
                raise ElfError(f"type {id} is nothing that the kernel has", section=layout.BTF)
            found[extern.name] = extern.type_id
        if section.id + 1 != self.btf.type_count or section.id - first != len(found):
            raise ElfError(f"{layout.KSYMS} are not the last types", section=layout.BTF)
        return BtfBuilder.continuing(data, first).encode(), found

    def loss_sites(self) -> list[LossSite]:
        """Return the places that the loss counters are for."""
        sites = []
        for row in self.note(self.notes, "loss_sites", list):
            slot, kind, what = self.note(row, 0, int), self.note(row, 1, str), self.note(row, 2, str)
            place = self.note(row, 3, list, type(None))
            if place is not None:
                types = (str, int, int, int, int, str)
                place = SourceSpan(*(self.note(place, i, kind_) for i, kind_ in enumerate(types)))
            sites.append(LossSite(slot, kind, what, place))
        return sites

    def read_maps(self) -> dict[str, MapSpec]:
        """Return the maps by name, and note where each is."""
        found = {}
        if layout.MAPS in self.by_name:
            number = self.by_name[layout.MAPS]
            for off, map in read_maps(self.btf, self.sections[number].size).items():
                self.maps[number, off] = map.name
                found[map.name] = map
        for name, note in self.note(self.notes, "maps", dict).items():
            if not isinstance(note, dict) or "section" not in note:
                continue
            section_name = self.note(note, "section", str)
            number = self.by_name.get(section_name, 0)
            section = self.sections[number]
            is_data = layout.is_data_section(section_name)
            if not (number and is_data) or (number, 0) in self.maps or name in found:
                raise ElfError(f"map {name!r} has no section of its own", section=layout.NOTES)
            map = MapSpec(name, bpf.BPF_MAP_TYPE_ARRAY, 4, section.size, 1, self.note(note, "flags", int))
            map.value_type_id = self.note(note, "type_id", int)
            map.initial = section.data if any(section.data) else b""
            map.frozen = self.note(note, "frozen", bool)
            if not 0 <= map.value_type_id < self.btf.type_count or layout.data_section(map) != section_name:
                raise ElfError(f"map {name!r} is not described right", section=layout.NOTES)
            found[name] = map
            self.maps[number, 0] = name
        return found

    def read_inner_maps(self, maps: dict[str, MapSpec]) -> None:
        """Note which maps are in maps of maps from the start."""
        number = self.by_name.get(layout.MAPS, 0)
        starts = sorted(off for section, off in self.maps if section == number)
        for at, symbol in self.map_pointers:
            start = max((off for off in starts if off <= at), default=-1)
            outer, inner = maps.get(self.maps.get((number, start), "")), self.maps.get((symbol.section, symbol.value))
            slot = at - start - map_variable_bytes(outer) if outer is not None else -1
            if outer is None or outer.inner is None or inner is None or slot < 0 or slot % 8 or outer.key_size != 4:
                raise ElfError("a pointer to no map, or in no map of maps", section=layout.MAPS, off_bytes=at)
            outer.inner_maps[(slot // 8).to_bytes(4, "little")] = inner

    def read_structs(self) -> dict[str, StructOpsSpec]:
        """Return the structs of functions, and what they point to."""
        number = self.by_name.get(layout.STRUCT_OPS, 0)
        datasec = self.btf.by_name(layout.STRUCT_OPS, BTF_KIND_DATASEC) if number else None
        found: dict[str, StructOpsSpec] = {}
        ends: dict[int, StructOpsSpec] = {}
        for var_id, off, size in datasec.secinfos if datasec is not None else ():
            variable, data = self.btf.by_id(var_id), self.sections[number].data[off : off + size]
            type = self.btf.by_id(variable.type_id)
            if variable.kind != BTF_KIND_VAR or type.kind != BTF_KIND_STRUCT or len(data) != size:
                what = "a variable is no struct, or lies outside"
                raise ElfError(what, section=layout.STRUCT_OPS, off_bytes=off)
            found[variable.name] = ends[off] = StructOpsSpec(variable.name, type.name, type.id, data)
        for at, symbol in self.pointers:
            start = max((off for off in ends if off <= at), default=-1)
            function = self.functions.get((symbol.section, symbol.value))
            if function is None or start < 0 or at - start + 8 > len(ends[start].data):
                raise ElfError("a pointer to no program, or in no struct", section=layout.STRUCT_OPS, off_bytes=at)
            ends[start].programs[at - start] = function.name
        return found

    # Code

    def read_functions(self) -> None:
        """Read every function, its relocations, types and lines."""
        for number, section in enumerate(self.sections):
            if section.type == layout.SHT_PROGBITS and section.flags & layout.SHF_EXECINSTR:
                self.split(number, section)
        for section in self.sections:
            if section.type == layout.SHT_REL:
                self.read_relocs(section)
        self.read_btf_ext()

    def split(self, number: int, section: _Section) -> None:
        """Cut a section into functions: symbols say where each begins and ends, without gaps."""
        end = 0
        own = [s for s in self.symbols if s.section == number and s.kind == layout.STT_FUNC]
        for symbol in sorted(own, key=lambda s: s.value):
            is_whole = symbol.value % 8 == 0 and 0 < symbol.size <= section.size - symbol.value
            if symbol.value != end or not is_whole:
                what = f"function {symbol.name!r} overlaps another or leaves a gap"
                raise ElfError(what, section=section.name, off_bytes=end)
            end = symbol.value + symbol.size
            insns = _decode(section.data[symbol.value : end], section.name, symbol.value)
            indices = {8 * slot: i for i, slot in enumerate(slot_offsets(insns)[:-1])}
            self.starts.setdefault(number, []).append(symbol.value)
            self.functions[number, symbol.value] = _Function(symbol.name, insns, indices)
        if end != section.size:
            raise ElfError("there is code without a function", section=section.name, off_bytes=end)

    def at(self, number: int, off: int, what: str) -> tuple[_Function, int]:
        """Return the function and the index of the instruction at an offset of a section."""
        for start in self.starts.get(number, ()):
            function = self.functions[number, start]
            if start <= off and (i := function.indices.get(off - start)) is not None:
                return function, i
        raise ElfError(f"{what} is at no instruction", section=self.sections[number].name, off_bytes=off)

    def read_relocs(self, section: _Section) -> None:
        if section.info >= len(self.sections) or section.size % layout.REL.size:
            raise ElfError("this table of relocations is damaged", section=section.name)
        for at, (off, info) in enumerate(layout.REL.iter_unpack(section.data)):
            symbol_number, kind = info >> 32, info & 0xFFFFFFFF
            where = at * layout.REL.size
            kinds = _RELOCS.get(self.sections[section.info].name, (layout.R_BPF_64_64, layout.R_BPF_64_32))
            if symbol_number >= len(self.symbols) or kind not in kinds:
                what = f"relocation type {kind} of symbol {symbol_number} is not supported"
                raise ElfError(what, section=section.name, off_bytes=where)
            if self.sections[section.info].name in _RELOCS:
                pointers = self.pointers if kind == layout.R_BPF_64_ABS64 else self.map_pointers
                pointers.append((off, self.symbols[symbol_number]))
                continue
            function, i = self.at(section.info, off, "a relocation")
            if function.insns[i].opcode != (LDDW if kind == layout.R_BPF_64_64 else CALL):
                what = "a relocation of an instruction that cannot have one"
                raise ElfError(what, section=section.name, off_bytes=where)
            function.relocs[i] = self.symbols[symbol_number]

    def read_btf_ext(self) -> None:
        """Read functions' types and source lines."""
        if layout.BTF_EXT not in self.by_name:
            return
        data = self.bytes_of(layout.BTF_EXT)
        if len(data) < layout.BTF_EXT_HDR.size:
            raise ElfError("the header is cut off", section=layout.BTF_EXT, off_bytes=0)
        magic, version, _flags, hdr_len, *parts = layout.BTF_EXT_HDR.unpack_from(data)
        if magic != 0xEB9F or version != 1 or hdr_len < layout.BTF_EXT_HDR.size:
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
            function.core_relos[i] = _CORE_KINDS[row[3]]

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

    def program(self, entry: tuple[int, int], note: Any, maps: dict[str, MapSpec]) -> ProgramSpec:
        """Return a program with every function that it calls."""
        section = parse_section(self.sections[entry[0]].name)
        keys, pending = {entry}, [entry]
        while pending:
            for callee in self.callees(self.functions[pending.pop()]).values():
                if callee not in keys:
                    keys.add(callee)
                    pending.append(callee)
        program = ProgramSpec(
            self.functions[entry].name,
            self.sections[entry[0]].name,
            section.prog_type,
            section.attach_to,
            section.expected_attach_type,
            section.prog_flags,
            stack_size=self.note(note, "stack_size", int),
        )
        order = [entry, *sorted(keys - {entry})]
        starts: dict[tuple[int, int], int] = {}
        self.core_relos: dict[int, str] = {}  # instructions of this program that .BTF.ext has one for
        slot = 0
        for key in order:
            starts[key] = slot
            slot += slot_offsets(self.functions[key].insns)[-1]
        for key in order:
            self.append(program, self.functions[key], starts[key], starts, maps)
        for row in self.note(note, "fields", list):
            i, symbol, addend, size = (self.note(row, at, t) for at, t in enumerate((int, str, int, int)))
            if not 0 <= i < len(program.insns) or not -(1 << 15) <= addend < 1 << 15:
                raise ElfError(f"program {program.name!r}: a field at no instruction", section=layout.NOTES)
            program.insns[i].off = addend
            program.relocs.append(Reloc(i, RELO_TP_FIELD, symbol, addend, size))
        for row in self.note(note, "core_fields", list):
            i, symbol, addend, size = (self.note(row, at, t) for at, t in enumerate((int, str, int, int)))
            kind = self.core_relos.pop(i, None)
            if kind is None or addend or not is_symbol(kind, symbol):
                what = f"program {program.name!r}: a field of the kernel at no instruction, or of no name"
                raise ElfError(what, section=layout.NOTES)
            insn = program.insns[i]
            if insn.opcode & 7 in (BPF_LDX, BPF_ST, BPF_STX):
                insn.off = 0
            else:
                insn.imm = 0
            program.relocs.append(Reloc(i, kind, symbol, 0, size))
        if self.core_relos:
            what = f"program {program.name!r}: CO-RE relocations that are not in the notes"
            raise ElfError(what, section=layout.NOTES)
        program.relocs.sort(key=lambda r: r.insn_idx)
        return program

    def callees(self, function: _Function) -> dict[int, tuple[int, int]]:
        """Return the functions that a function calls or takes the address of, by instruction."""
        found = {}
        for i, insn in enumerate(function.insns):
            if (insn.opcode, insn.src_reg) not in ((CALL, BPF_PSEUDO_CALL), (LDDW, BPF_PSEUDO_FUNC)):
                continue
            symbol = function.relocs.get(i)
            if symbol is not None and symbol.is_extern:
                continue
            distance = insn.imm if insn.opcode == LDDW else 8 * (insn.imm + 1)
            key = (symbol.section, symbol.value + distance) if symbol is not None else (0, 0)
            if key not in self.functions or self.sections[key[0]].name != layout.TEXT:
                raise ElfError(f"function {function.name!r}: instruction {i} calls no function of {layout.TEXT}")
            found[i] = key
        return found

    def append(
        self,
        program: ProgramSpec,
        function: _Function,
        start_slot: int,
        starts: dict[tuple[int, int], int],
        maps: dict[str, MapSpec],
    ) -> None:
        """Add a function's instructions to a program, with calls and relocations as an `ObjectSpec` has them."""
        first = len(program.insns)
        self.core_relos.update({first + i: kind for i, kind in function.core_relos.items()})
        callees = self.callees(function)
        slots = slot_offsets(function.insns)
        for i, original in enumerate(function.insns):
            insn = original.copy()
            if i in callees:
                distance = starts[callees[i]] - (start_slot + slots[i]) - 1
                insn.imm = distance & 0xFFFFFFFF if insn.opcode == LDDW else distance
            elif i in function.relocs and function.relocs[i].is_extern:
                symbol = function.relocs[i]
                is_call = insn.opcode == CALL
                insn.src_reg, insn.imm = BPF_PSEUDO_KFUNC_CALL if is_call else BPF_PSEUDO_BTF_ID, 0
                kind = RELO_KFUNC if is_call else RELO_KSYM
                program.relocs.append(Reloc(first + i, kind, symbol.name, is_weak=symbol.is_weak))
            elif i in function.relocs:
                program.relocs.append(self.map_reloc(first + i, insn, function.relocs[i], maps))
            program.insns.append(insn)
        if function.type_id:
            program.func_info.append(FuncInfo(first, function.type_id))
        program.line_info += [x.replace(insn_idx=first + x.insn_idx) for x in function.lines]

    def map_reloc(self, insn_idx: int, insn: Insn, symbol: _Symbol, maps: dict[str, MapSpec]) -> Reloc:
        """Return the relocation of a wide load that refers to a map or to its value."""
        name = self.maps.get((symbol.section, symbol.value))
        if name is None or insn.opcode != LDDW or insn.src_reg:
            raise ElfError(f"instruction {insn_idx} refers to {symbol.name!r}, which is no map")
        addend, insn.imm = insn.imm, 0
        if layout.data_section(maps[name]):
            if addend >= maps[name].value_size:
                raise ElfError(f"instruction {insn_idx} refers to a byte beyond {symbol.name!r}")
            insn.src_reg = BPF_PSEUDO_MAP_VALUE
            return Reloc(insn_idx, RELO_MAP_VALUE, name, addend)
        if addend:
            raise ElfError(f"instruction {insn_idx} refers to the middle of map {symbol.name!r}")
        insn.src_reg = BPF_PSEUDO_MAP_FD
        return Reloc(insn_idx, RELO_MAP, name)


def _string(data: bytes, off: int, where: str) -> str:
    """Return the string at an offset of a string table. Raises: ElfError."""
    end = data.find(b"\0", off) if off < len(data) else -1
    if end < 0:
        raise ElfError("there is no string", section=where, off_bytes=off)
    try:
        return data[off:end].decode()
    except UnicodeDecodeError:
        raise ElfError("a string is not UTF-8", section=where, off_bytes=off) from None


def _decode(data: bytes, section: str, off_bytes: int) -> list[Insn]:
    try:
        return decode(data)
    except FormatError as e:
        raise ElfError(e.what, section=section, off_bytes=off_bytes) from None

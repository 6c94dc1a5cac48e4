"""`ObjectSpec` to an object file that libbpf and bpftool load.

A section for each section name of programs, `.text` for the functions that they call, `.maps` described by BTF,
sections of global variables, `.data.ebee_lost` for the loss counters. What libbpf has no form for is in `.ebee`.
"""

from __future__ import annotations

from ..abi import bpf
from ..btf.build import BtfBuilder
from ..btf.kinds import (
    BTF_FUNC_EXTERN,
    BTF_FUNC_GLOBAL,
    BTF_KIND_DATASEC,
    BTF_KIND_FUNC,
    BTF_KIND_FUNC_PROTO,
    BTF_VAR_GLOBAL_EXTERN,
    BTF_VAR_STATIC,
)
from ..btf.read import Btf
from ..errors import ElfError
from ..isa.encode import encode
from ..isa.opcodes import BPF_PSEUDO_CALL, CALL, LDDW
from ..record import Record, field
from ..spec.object import (
    CORE_RELO_KINDS,
    RELO_FUNC,
    RELO_JUMP_TABLE,
    RELO_KFUNC,
    RELO_KSYM,
    RELO_MAP,
    RELO_MAP_VALUE,
    RELO_SUBPROG,
    RELO_TP_FIELD,
)
from ..spec.sections import parse_section, section_of_file
from . import layout
from .functions import Functions, Text
from .maps import has_records, map_types, map_variable_bytes, slot_off_bytes, slots_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal

    from ..btf.read import BtfType
    from ..isa.insn import Insn
    from ..spec.object import MapSpec, ObjectSpec, ProgramSpec, Reloc
    from ..spec.target import Target


class _Section(Record):
    """A section being filled; `relocs` are (offset, symbol name, type), lines and functions as in .BTF.ext."""

    name: str
    type: int
    flags: int
    data: bytearray = field(default_factory=bytearray)
    align: int = 8
    relocs: list[tuple[int, str, int]] = field(default_factory=list)
    func_info: list[tuple[int, int]] = field(default_factory=list)
    line_info: list[tuple[int, int, int, int]] = field(default_factory=list)
    core_relo: list[tuple[int, int, int, int]] = field(default_factory=list)


class _Symbol(Record):
    """A symbol; `section` is the name of the one it is in, empty for what the kernel has."""

    name: str
    section: str
    kind: int
    value: int
    size: int
    binding: int = layout.STB_GLOBAL


def write_object(spec: ObjectSpec, target: Target) -> bytes:
    """Return the bytes of an object file, the same for the same object and Target.

    libbpf does not relocate a tracepoint's fields: their offsets are those that the Target has.
    Raises: ElfError for what an object file cannot hold, BtfError if the object's BTF cannot be read.
    """
    return _Writer(spec, target).file()


class _Writer:
    def __init__(self, spec: ObjectSpec, target: Target) -> None:
        self.spec, self.target = spec, target
        self.btf = BtfBuilder.continuing(spec.btf) if spec.btf else BtfBuilder()
        self.sections: dict[str, _Section] = {}
        self.symbols: dict[str, _Symbol] = {}
        self.fields: dict[str, list[list[Any]]] = {}
        self.exact: dict[str, list[int]] = {}  # by program, the instructions of CO-RE relocations that are exact
        self.kconfig: dict[int, str] = {}
        self.jump_tables: dict[str, str] = {}  # of the function being added: table -> symbol
        self.types = Btf(spec.btf or self.btf.encode())
        self.text = Text((*spec.programs, *spec.maps, *spec.externs, *self.variables()))

    def variables(self) -> list[str]:
        """Return the names of the global variables."""
        sections = [s for m in self.spec.maps.values() if (s := self.datasec(m)) is not None]
        return [self.types.by_id(type_id).name for s in sections for type_id, _off, _size in s.secinfos]

    def datasec(self, map: MapSpec) -> BtfType | None:
        """Return the section of variables that describes a map, if that is what it holds."""
        type = self.types.by_id(map.value_type_id) if map.value_type_id else None
        return type if type is not None and type.kind == BTF_KIND_DATASEC else None

    def section(self, name: str, type: int, flags: int, align: int = 8) -> _Section:
        """Return the section of a name, made if needed."""
        return self.sections.setdefault(name, _Section(name, type, flags, align=align))

    def symbol(self, symbol: _Symbol) -> None:
        """Add a symbol. Raises: ElfError if the name is taken or libbpf would not take it."""
        if symbol.binding != layout.STB_LOCAL and not (symbol.name.isascii() and symbol.name.isidentifier()):
            raise ElfError(
                f"{symbol.name!r} cannot be a name in an object file",
                hint="use ASCII letters, digits and underscores (for a map: name=…)",
            )
        if self.symbols.setdefault(symbol.name, symbol) is not symbol:
            raise ElfError(f"two things are called {symbol.name!r}", hint="give the map another name=, or the probe")

    def file(self) -> bytes:
        """Return the whole file."""
        self.add_maps()
        for program in self.spec.programs.values():
            self.add_program(program)
        self.add_structs()
        self.add_externs()
        license = self.section(layout.LICENSE, layout.SHT_PROGBITS, layout.SHF_WRITE | layout.SHF_ALLOC, 1)
        license.data += self.spec.license.encode() + b"\0"
        ext = self.btf_ext()  # first: it names sections in .BTF's strings
        for name, data in ((layout.BTF, self.btf.encode()), (layout.BTF_EXT, ext)):
            swapped = data if self.spec.byteorder == "little" else layout.swapped(name, data, "little")
            self.section(name, layout.SHT_PROGBITS, 0, 4).data += swapped
        # A table of one string: libbpf passes over such a section without a word.
        self.section(layout.NOTES, layout.SHT_STRTAB, 0, 1).data += b"\0" + self.notes() + b"\0"
        return _assemble(list(self.sections.values()), list(self.symbols.values()), self.spec.byteorder)

    # Maps

    def add_maps(self) -> None:
        """Add `.maps` and the sections that libbpf makes maps of, with their BTF."""
        entries: list[tuple[int, int, int]] = []
        # libbpf makes them in their order, and puts into a map of maps only what is there by then.
        for map in sorted(self.spec.maps.values(), key=lambda m: bool(m.inner_maps)):
            if not map.autocreate:
                hint = "whoever loads the object says so: leave it on here"
                raise ElfError(f"map {map.name!r} is to be left out, which an object file cannot say", hint=hint)
            if section := layout.data_section(map):
                self.add_data(map, section)
                continue
            if map.name == layout.KCONFIG:
                self.add_kconfig(map)
                continue
            if map.initial and map.map_type == bpf.BPF_MAP_TYPE_ARENA:
                self.add_arena_data(map)
            elif map.initial or map.frozen:
                raise ElfError(f"map {map.name!r} has contents, which an object file holds for global data only")
            maps = self.section(layout.MAPS, layout.SHT_PROGBITS, layout.SHF_WRITE | layout.SHF_ALLOC)
            off, size = len(maps.data), map_variable_bytes(map) + slots_bytes(map, self.spec.byteorder)
            for key, name in map.inner_maps.items():
                at = off + map_variable_bytes(map) + slot_off_bytes(map, key, self.spec.byteorder)
                maps.relocs.append((at, name, layout.R_BPF_64_64))
            for index, name in map.programs.items():
                maps.relocs.append((off + map_variable_bytes(map) + 8 * index, name, layout.R_BPF_64_ABS64))
            self.symbol(_Symbol(map.name, layout.MAPS, layout.STT_OBJECT, off, size))
            entries.append((self.btf.add_var(map.name, map_types(map, self.btf)), off, size))
            maps.data += bytes(size)
        if entries:
            self.btf.add_datasec(layout.MAPS, len(self.sections[layout.MAPS].data), entries)

    def add_arena_data(self, map: MapSpec) -> None:
        """Add what is in an arena from the start."""
        flags = layout.SHF_WRITE | layout.SHF_ALLOC
        self.section(layout.ARENA_DATA, layout.SHT_PROGBITS, flags).data += map.initial
        self.symbol(_Symbol(layout.ARENA_DATA, layout.ARENA_DATA, layout.STT_SECTION, 0, 0, layout.STB_LOCAL))

    def add_kconfig(self, map: MapSpec) -> None:
        """Note the variables that libbpf fills in, by where they are, and have their types say so."""
        for type_id, off, _size in self.types.by_id(map.value_type_id).secinfos:
            words = self.btf.words(type_id)
            words[3] = BTF_VAR_GLOBAL_EXTERN
            self.btf.replace(type_id, words)
            self.kconfig[off] = self.types.by_id(type_id).name

    def add_data(self, map: MapSpec, name: str) -> None:
        """Add a section whose bytes are the one value of a map."""
        is_zero = not any(map.initial)
        is_bss = name == ".bss" or name.startswith(".bss.")
        if name in self.sections or (is_bss and not is_zero):
            raise ElfError(f"two maps, or contents that are not zero, for section {name}", section=name)
        flags = layout.SHF_ALLOC | (0 if name.startswith(".rodata") else layout.SHF_WRITE)
        kind = layout.SHT_NOBITS if is_bss else layout.SHT_PROGBITS
        self.section(name, kind, flags).data += (map.initial or bytes(map.value_size)).ljust(map.value_size, b"\0")
        datasec = self.datasec(map)
        if datasec is not None:
            self.symbol(_Symbol(name, name, layout.STT_SECTION, 0, 0, layout.STB_LOCAL))
            for type_id, off, size in datasec.secinfos:
                variable = self.types.by_id(type_id)
                binding = layout.STB_LOCAL if variable.linkage == BTF_VAR_STATIC else layout.STB_GLOBAL
                self.symbol(_Symbol(variable.name, name, layout.STT_OBJECT, off, size, binding))
            return
        symbol = layout.LOSS_SYMBOL if name == layout.LOSS_SECTION else name.strip(".").replace(".", "_")
        self.symbol(_Symbol(symbol, name, layout.STT_OBJECT, 0, map.value_size))
        type_id = map.value_type_id
        if not type_id and name == layout.LOSS_SECTION and map.value_size % 8 == 0:
            type_id = self.btf.add_array(self.btf.add_int("u64", 8), map.value_size // 8)
        elif not type_id:
            type_id = self.btf.add_array(self.btf.add_int("u8", 1), map.value_size)
        self.btf.add_datasec(name, map.value_size, [(self.btf.add_var(symbol, type_id), 0, map.value_size)])

    def add_structs(self) -> None:
        """Add the structs of functions, whose pointers are relocations to programs."""
        entries: dict[str, list[tuple[int, int, int]]] = {}
        for struct in self.spec.structs.values():
            name = layout.STRUCT_OPS if struct.autocreate else f"?{layout.STRUCT_OPS}"
            section = self.section(name, layout.SHT_PROGBITS, layout.SHF_WRITE | layout.SHF_ALLOC)
            base, size = len(section.data), len(struct.data)
            self.symbol(_Symbol(struct.name, name, layout.STT_OBJECT, base, size))
            variable = self.btf.add_var(struct.name, struct.type_id)
            entries.setdefault(name, []).append((variable, base, size))
            for off, program in struct.programs.items():
                if program not in self.spec.programs:
                    raise ElfError(f"{struct.name!r} points to {program!r}, which is no program of the object")
                section.relocs.append((base + off, program, layout.R_BPF_64_ABS64))
            section.data += struct.data
        for name, infos in entries.items():
            self.btf.add_datasec(name, len(self.sections[name].data), infos)

    def add_externs(self) -> None:
        """Add what the kernel has to `.ksyms`, as the last types: a reader drops them again."""
        used = [s for s in self.symbols.values() if not s.section and s.name not in self.spec.kconfig]
        ids = []
        for symbol in used:
            type_id = self.spec.externs.get(symbol.name, -1)
            if type_id < 0:
                raise ElfError(
                    f"the type of the kernel's {symbol.name!r} is not known", hint="compile for a Target that has types"
                )
            if self.types.by_id(type_id).kind == BTF_KIND_FUNC_PROTO:
                ids.append(self.btf.add_func(symbol.name, type_id, BTF_FUNC_EXTERN))
            else:
                ids.append(self.btf.add_var(symbol.name, type_id, BTF_VAR_GLOBAL_EXTERN))
        if ids:
            self.btf.add_datasec(layout.KSYMS, 0, [(id, 0, 0) for id in sorted(ids)])

    # Programs

    def add_program(self, program: ProgramSpec) -> None:
        """Add a program to the section of its name, and the functions that it calls to `.text`."""
        is_known = program.prog_type != bpf.BPF_PROG_TYPE_UNSPEC
        section = (parse_section if is_known else section_of_file)(program.section)
        same = (section.prog_type, section.expected_attach_type, section.prog_flags | program.prog_flags)
        if same != (program.prog_type, program.expected_attach_type, section.prog_flags):
            what = f"program {program.name!r} is of another type than its section says"
            raise ElfError(what, section=program.section)
        functions = Functions(program)
        if functions.types.get(0):
            self.btf.make_global(functions.types[0])
        names = {start: self.types.by_id(id).name for start, id in functions.types.items() if self.is_function(id)}
        new = self.text.place(functions, names)
        self.indices = functions.reader_indices()
        for start in (0, *new):
            flags = layout.SHF_ALLOC | layout.SHF_EXECINSTR
            code = self.section(layout.TEXT if start else program.section, layout.SHT_PROGBITS, flags)
            base, end = len(code.data), functions.ends[start]
            name = functions.text[start][0] if start else program.name
            is_global = not start or self.is_global(functions.types.get(start, 0))
            binding = layout.STB_GLOBAL if is_global else layout.STB_LOCAL
            self.symbol(_Symbol(name, code.name, layout.STT_FUNC, base, functions.size(start), binding))
            if start in functions.types:
                code.func_info.append((base, functions.types[start]))
            for x in program.line_info:
                if start <= x.insn_idx < end:
                    line = x.line_num << 10 | min(x.line_col, layout.COLUMN_MAX)
                    at = base + functions.off(x.insn_idx) - functions.off(start)
                    code.line_info.append((at, x.file_name_off, x.line_off, line))
            for core in program.core_relos:
                if start <= core.insn_idx < end:
                    at = base + functions.off(core.insn_idx) - functions.off(start)
                    code.core_relo.append((at, core.type_id, self.btf.string(core.access), CORE_RELO_KINDS[core.kind]))
            self.add_jump_tables(functions, start, code)
            code.data += encode(self.relocated(functions, start, end, code), self.spec.byteorder)
        for relo in program.relocs:
            self.note_reloc(program, relo)
        exact = [self.indices[c.insn_idx] for c in program.core_relos if c.is_exact and c.insn_idx in self.indices]
        if exact:
            self.exact[program.name] = exact

    def add_jump_tables(self, functions: Functions, start: int, code: _Section) -> None:
        """Add the jump tables of the function that is put at the end of `code`."""
        base = len(code.data) - functions.off(start)
        self.jump_tables = {}
        for table, targets in functions.tables(start).items():
            section = self.section(layout.JUMP_TABLES, layout.SHT_PROGBITS, 0)
            name = self.jump_tables[table] = table if table not in self.symbols else f"{table}.{len(section.data) // 8}"
            self.symbol(
                _Symbol(name, section.name, layout.STT_NOTYPE, len(section.data), 8 * len(targets), layout.STB_LOCAL)
            )
            section.data += b"".join((base + functions.off(i)).to_bytes(8, self.spec.byteorder) for i in targets)

    def is_function(self, type_id: int) -> bool:
        """Whether a type of the object's is a function."""
        return 0 < type_id < self.types.type_count and self.types.by_id(type_id).kind == BTF_KIND_FUNC

    def is_global(self, type_id: int) -> bool:
        """Whether a type of the object's is a global function."""
        return self.is_function(type_id) and self.types.by_id(type_id).linkage == BTF_FUNC_GLOBAL

    def note_reloc(self, program: ProgramSpec, relo: Reloc) -> None:
        """Note what the file does not say of a relocation, by the instruction's index in the program read back."""
        if relo.insn_idx in self.indices and relo.kind == RELO_TP_FIELD:
            row = [self.indices[relo.insn_idx], relo.symbol, relo.addend, relo.size_bytes]
            self.fields.setdefault(program.name, []).append(row)

    def relocated(self, functions: Functions, start: int, end: int, code: _Section) -> list[Insn]:
        """Return the function that is put at the end of `code` as libbpf wants it, and note its relocations."""
        program = functions.program
        base = len(code.data) - functions.off(start)
        insns = [insn.copy() for insn in program.insns[start:end]]
        relocs = {relo.insn_idx: relo for relo in program.relocs if relo.kind not in (RELO_SUBPROG, RELO_FUNC)}
        for i, insn in enumerate(insns, start):
            relo, at = relocs.get(i), base + functions.off(i)
            if relo is not None and relo.kind == RELO_MAP_VALUE and relo.symbol == layout.KCONFIG:
                name = self.kconfig.get(relo.addend, "")
                if name not in self.spec.kconfig:
                    raise ElfError(f"program {program.name!r}: at byte {relo.addend} of .kconfig is no variable")
                self.extern(name, is_weak=self.spec.kconfig[name])
                insn.src_reg, insn.imm = 0, 0
                code.relocs.append((at, name, layout.R_BPF_64_64))
            elif relo is not None and relo.kind in (RELO_MAP, RELO_MAP_VALUE):
                insn.src_reg, insn.imm = 0, relo.addend
                code.relocs.append((at, self.map_symbol(relo.symbol, relo.kind, program), layout.R_BPF_64_64))
            elif relo is not None and relo.kind == RELO_JUMP_TABLE:
                insn.src_reg = insn.imm = 0
                code.relocs.append((at, self.jump_tables[relo.symbol], layout.R_BPF_64_64))
            elif relo is not None and relo.kind == RELO_TP_FIELD:
                insn.off = self.field_off(program, relo.symbol, relo.size_bytes) + relo.addend
            elif relo is not None and relo.kind in (RELO_KFUNC, RELO_KSYM):
                is_call = relo.kind == RELO_KFUNC
                self.extern(relo.symbol, is_weak=relo.is_weak)
                insn.src_reg, insn.off, insn.imm = (BPF_PSEUDO_CALL, 0, -1) if is_call else (0, 0, 0)
                kind = layout.R_BPF_64_32 if is_call else layout.R_BPF_64_64
                code.relocs.append((at, relo.symbol, kind))
            elif relo is not None:
                raise ElfError(f"program {program.name!r}: an object file has no relocation {relo.kind!r}")
            elif i in functions.calls and insn.opcode == CALL:
                code.relocs.append((at, functions.text[functions.calls[i]][0], layout.R_BPF_64_32))
                insn.imm = -1
            elif i in functions.calls:  # the address of a function: libbpf takes section and offset (sym_is_subprog)
                self.symbols.setdefault(
                    layout.TEXT, _Symbol(layout.TEXT, layout.TEXT, layout.STT_SECTION, 0, 0, layout.STB_LOCAL)
                )
                code.relocs.append((at, layout.TEXT, layout.R_BPF_64_64))
                insn.imm = functions.text[functions.calls[i]][1]
            elif insn.src_reg and insn.opcode in (LDDW, CALL):
                raise ElfError(f"instruction {i} of program {program.name!r} is bound to the running system: {insn!r}")
        return insns

    def extern(self, name: str, *, is_weak: bool) -> None:
        """Add the symbol of something that the kernel has; it is weak if every use is."""
        known = self.symbols.get(name)
        if known is None or known.section:
            binding = layout.STB_WEAK if is_weak else layout.STB_GLOBAL
            self.symbol(_Symbol(name, "", layout.STT_NOTYPE, 0, 0, binding))
        elif not is_weak:
            known.binding = layout.STB_GLOBAL

    def map_symbol(self, name: str, kind: str, program: ProgramSpec) -> str:
        """Return the symbol that an instruction refers to a map by."""
        map = self.spec.maps.get(name)
        section = layout.data_section(map) if map is not None else ""
        if map is not None and map.map_type == bpf.BPF_MAP_TYPE_ARENA and kind == RELO_MAP_VALUE:
            section = layout.ARENA_DATA
        symbol = next((s.name for s in self.symbols.values() if s.section == section), "") if section else name
        if map is None or bool(section) != (kind == RELO_MAP_VALUE) or not symbol:
            raise ElfError(f"program {program.name!r} uses {name!r} in a way that an object file cannot say")
        return symbol

    def field_off(self, program: ProgramSpec, name: str, size_bytes: int) -> int:
        """Return where the Target has a field of the tracepoint's record."""
        format = self.target.tracepoint(program.attach_to)
        found = format.fields.get(name) if format is not None else None
        if found is None or (size_bytes and found.size_bytes != size_bytes):
            what = f"{self.target.name} has no field {name!r} of {size_bytes} bytes in {program.attach_to}"
            raise ElfError(f"program {program.name!r}: {what}", hint="compile for the Target that it was made for")
        return found.off_bytes

    # What describes it

    def btf_ext(self) -> bytes:
        """Return .BTF.ext: functions, lines and CO-RE relocations, by section."""
        functions = self.infos(layout.FUNC_INFO, lambda section: section.func_info)
        lines = self.infos(layout.LINE_INFO, lambda section: section.line_info)
        relocs = self.infos(layout.CORE_RELO, lambda section: section.core_relo)
        sizes = (0, len(functions), len(functions), len(lines), len(functions) + len(lines), len(relocs))
        return layout.BTF_EXT_HDR.pack(0xEB9F, 1, 0, layout.BTF_EXT_HDR.size, *sizes) + functions + lines + relocs

    def infos(self, record: Any, rows_of: Callable[[_Section], Any]) -> bytes:
        """Return one part of .BTF.ext: the size of a record, then the records of each section that has any."""
        out = b""
        for section in self.sections.values():
            if rows := sorted(rows_of(section)):
                out += layout.SEC_INFO.pack(self.btf.string(section.name), len(rows))
                out += b"".join(record.pack(*row) for row in rows)
        return record.size.to_bytes(4, "little") + out if out else b""

    def notes(self) -> bytes:
        """Return what libbpf does not need, as JSON."""
        import json

        spec = self.spec
        sites: list[list[Any]] = []
        for site in spec.loss_sites:
            span = site.span
            place = span and [span.file, span.line, span.col, span.end_line, span.end_col, span.text]
            sites.append([site.slot, site.kind, site.what, place])
        notes = {
            "format": layout.NOTES_FORMAT,
            "name": spec.name,
            "target": self.target.name,
            "programs": {
                p.name: {
                    "stack_size": p.stack_size, "fields": self.fields.get(p.name, []),
                    **({"exact": self.exact[p.name]} if p.name in self.exact else {}),
                }
                for p in spec.programs.values()
            },
            "maps": {
                m.name: {"section": section, "flags": m.map_flags, "frozen": m.frozen, "type_id": m.value_type_id}
                if (section := layout.data_section(m) or (m.name if m.name == layout.KCONFIG else ""))
                else ({"record_type_id": m.value_type_id} if has_records(m) and m.value_type_id else {})
                for m in spec.maps.values()
            },
            "loss_sites": sites,
            "notes": spec.notes,
            **({"kconfig": spec.kconfig} if spec.kconfig else {}),
        }
        try:
            return json.dumps(notes, separators=(",", ":")).encode()
        except (TypeError, ValueError) as e:
            raise ElfError(f"the object's notes are not plain data: {e}", section=layout.NOTES) from None


# The file


def _assemble(contents: list[_Section], symbols: list[_Symbol], byteorder: Literal["little", "big"]) -> bytes:
    """Return the file: the header, the sections' bytes, then the table of sections."""
    ehdr, shdr, sym, rel = (layout.of_order(f, byteorder) for f in (layout.EHDR, layout.SHDR, layout.SYM, layout.REL))
    strings = bytearray(1)
    offs: dict[str, int] = {"": 0}

    def string(text: str) -> int:
        if text not in offs:
            offs[text] = len(strings)
            strings.extend(text.encode() + b"\0")
        return offs[text]

    numbers = {section.name: i for i, section in enumerate(contents, 1)}
    order = sorted(symbols, key=lambda s: s.binding != layout.STB_LOCAL)  # local ones come first in the table
    symbol_numbers = {symbol.name: i for i, symbol in enumerate(order, 1)}
    table = [bytes(layout.SYM.size)]
    for s in order:
        name_off = 0 if s.kind == layout.STT_SECTION else string(s.name)  # sections' symbols have no names
        info, section_number = s.binding << 4 | s.kind, numbers.get(s.section, layout.SHN_UNDEF)
        table.append(sym.pack(name_off, info, 0, section_number, s.value, s.size))
    relocated = [s for s in contents if s.relocs]
    symtab, strtab = len(contents) + len(relocated) + 1, len(contents) + len(relocated) + 2

    # name, type, flags, contents, link, info, align, entsize, size
    rows: list[tuple[str, int, int, bytes, int, int, int, int]] = []
    for section in contents:
        rows.append((section.name, section.type, section.flags, bytes(section.data), 0, 0, section.align, 0))
    for section in relocated:
        entries = [rel.pack(off, symbol_numbers[name] << 32 | kind) for off, name, kind in section.relocs]
        flags, size = layout.SHF_INFO_LINK, layout.REL.size
        name, info = f".rel{section.name}", numbers[section.name]
        rows.append((name, layout.SHT_REL, flags, b"".join(entries), symtab, info, 8, size))
    local_count = 1 + sum(s.binding == layout.STB_LOCAL for s in order)
    rows.append((".symtab", layout.SHT_SYMTAB, 0, b"".join(table), strtab, local_count, 8, layout.SYM.size))
    name_offs = [string(row[0]) for row in rows] + [string(".strtab")]
    rows.append((".strtab", layout.SHT_STRTAB, 0, bytes(strings), 0, 0, 1, 0))

    body = bytearray(layout.EHDR.size)
    headers = [bytes(layout.SHDR.size)]
    for name_off, (_name, kind, flags, data, link, info, align, entsize) in zip(name_offs, rows):
        body += bytes(-len(body) % align)
        headers.append(
            shdr.pack(name_off, kind, flags, 0, len(body), len(data), link, info, align, entsize)
        )
        if kind != layout.SHT_NOBITS:
            body += data
    body += bytes(-len(body) % 8)
    body[: layout.EHDR.size] = ehdr.pack(
        layout.ELF_IDENTS[byteorder], layout.ET_REL, layout.EM_BPF, 1, 0, 0, len(body), 0,
        layout.EHDR.size, 0, 0, layout.SHDR.size, len(headers), strtab,
    )  # fmt: skip
    return bytes(body) + b"".join(headers)

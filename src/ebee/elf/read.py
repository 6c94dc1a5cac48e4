"""Object files to `ObjectSpec`: those of clang, gcc and libbpf's linker, and those that `write_object` made.

The latter have a section `.ebee`, which says what the others do not have: what fields of tracepoints are called, where
records can be lost, what printf formats mean.
Source: libbpf.c (libbpf 1.6): bpf_object__elf_collect, bpf_program__record_reloc, bpf_object__reloc_code.
"""

from __future__ import annotations

from ..abi import bpf
from ..btf.build import BtfBuilder
from ..btf.kinds import (
    BTF_KIND_DATASEC,
    BTF_KIND_DECL_TAG,
    BTF_KIND_FUNC,
    BTF_KIND_STRUCT,
    BTF_KIND_VAR,
    BTF_VAR_GLOBAL_ALLOCATED,
)
from ..btf.read import Btf
from ..errors import ElfError, FormatError, SourceSpan
from ..isa.encode import slot_offsets
from ..isa.opcodes import (
    BPF_PSEUDO_BTF_ID,
    BPF_PSEUDO_CALL,
    BPF_PSEUDO_FUNC,
    BPF_PSEUDO_KFUNC_CALL,
    BPF_PSEUDO_MAP_FD,
    BPF_PSEUDO_MAP_VALUE,
    CALL,
    LDDW,
)
from ..spec.core_fields import without_flavour
from ..spec.object import (
    RELO_JUMP_TABLE,
    RELO_KFUNC,
    RELO_KSYM,
    RELO_MAP,
    RELO_MAP_VALUE,
    RELO_TP_FIELD,
    CoreRelo,
    FuncInfo,
    LineInfo,
    LossSite,
    MapSpec,
    ObjectSpec,
    ProgramSpec,
    Reloc,
    StructOpsSpec,
)
from ..spec.sections import section_of_file
from . import layout
from .code import CodeReader, Function
from .file import ElfFile, Symbol, string_at
from .file import is_elf as is_elf
from .maps import read_legacy_maps, read_maps, slots_off_bytes
from .variables import Variables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..isa.insn import Insn

_THROWN = "exception_callback:"


def read_object(data: bytes, file: str = "") -> ObjectSpec:
    """Return the object that a file holds; `file` is its name for messages, and names the object.

    Of a file that `write_object` made fields of tracepoints are symbolic again; the object's BTF has the variables of
    the file in addition. That of others is as the kernel takes it. Raises: ElfError with section and offset.
    """
    try:
        return _Reader(data, file).object()
    except FormatError as e:
        section = e.section or (layout.BTF if type(e).__name__ == "BtfError" else "")
        raise ElfError(e.what, file=file, section=section, off_bytes=e.off_bytes, hint=e.hint) from None


class _Reader(CodeReader):
    def __init__(self, data: bytes, file: str) -> None:
        super().__init__(ElfFile(data))
        self.path = file
        self.notes = self.read_notes()
        self.raw_btf = self.read_btf()
        self.btf = Btf(self.raw_btf)
        self.externs: dict[str, int] = {}
        self.kconfig: dict[str, int] = {}
        self.maps: dict[tuple[int, int], str] = {}  # section and offset -> name
        self.data_maps: dict[int, str] = {}  # section -> name
        self.exception_tags: dict[int, str] | None = None  # function's type -> name

    def read_btf(self) -> bytes:
        """Return the types, which an object of legacy maps, or without any, may do without."""
        if layout.BTF in self.by_name:
            return self.file.little(layout.BTF)
        if layout.MAPS in self.by_name or self.notes is not None:
            hint = "compile with -g, and strip with llvm-strip -g, which leaves .BTF"
            raise ElfError(f"there is no section {layout.BTF}, which says what its maps are", hint=hint)
        return BtfBuilder().encode()

    # Notes

    def read_notes(self) -> dict[str, Any] | None:
        """Return ebee's own notes, None if there are none. Raises: ElfError for those of a format that is unknown."""
        if layout.NOTES not in self.by_name:
            return None
        import json

        try:
            notes = json.loads(self.file.bytes_of(layout.NOTES).strip(b"\0"))
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
        spec = self.foreign() if self.notes is None else self.own()
        spec.byteorder = self.file.byteorder
        for name, type in spec.structs.items():
            for off, member in self.members_at(type).items():
                program = spec.programs.get(type.programs.get(off, ""))
                if program is not None:
                    program.attach_to = f"{without_flavour(type.struct)}.{member}"
            assert name == type.name
        return spec

    def members_at(self, struct: StructOpsSpec) -> dict[int, str]:
        """Return the members of a struct of functions, by their offsets."""
        return {m.bit_off // 8: m.name for m in self.btf.by_id(struct.type_id).members}

    def license(self) -> str:
        """Return the licence: empty where none is given."""
        data = self.file.bytes_of(layout.LICENSE) if layout.LICENSE in self.by_name else b""
        return string_at(data + b"\0", 0, layout.LICENSE)

    def foreign(self) -> ObjectSpec:
        """Return what a file of another maker holds."""
        name = self.path.replace("\\", "/").rpartition("/")[2]
        name = name.removesuffix(".o").removesuffix(".c").removesuffix(".bpf")
        spec = ObjectSpec(name or "object", license=self.license())
        found = Variables(self.file, self.raw_btf)
        spec.btf, self.externs, self.kconfig = found.data, found.ksyms, found.kconfig
        self.btf = Btf(spec.btf)
        weak = {s.name for s in self.file.symbols if s.is_extern and s.is_weak}
        spec.kconfig = {name: name in weak for name in self.kconfig}
        spec.externs = dict(found.ksyms)
        maps = spec.maps
        self.add_maps(maps, Btf(self.raw_btf))
        legacy = (n for n in self.by_name if n == layout.LEGACY_MAPS or n.startswith(f"{layout.LEGACY_MAPS}/"))
        for number in [self.by_name[name] for name in legacy]:
            names = {s.value: s.name for s in self.file.symbols if s.section == number and s.kind == layout.STT_OBJECT}
            for off, map in read_legacy_maps(self.sections[number].data, names, self.file.byteorder, self.btf).items():
                self.maps[number, off] = map.name
                maps[map.name] = map
        for section, map in found.maps.items():
            if section in maps:
                raise ElfError(f"a map is called {section!r}, as a section is", section=layout.MAPS)
            maps[section] = map
            self.data_maps[self.by_name.get(section, 0)] = section
        self.add_arena_data(maps)
        self.read_functions()
        spec.structs = self.read_structs()
        self.read_initial(maps, Btf(self.raw_btf))
        used = {s.name for f in self.functions.values() for s in f.relocs.values()}
        spec.externs = {name: id for name, id in spec.externs.items() if name in used}
        for at, function in self.functions.items():
            if self.is_program(at, function):
                if function.name in spec.programs:
                    raise ElfError(f"two programs are called {function.name!r}")
                spec.programs[function.name] = self.program(at, None, maps)
        return spec

    def is_program(self, at: tuple[int, int], function: Function) -> bool:
        """Whether a function is a program of its own, and not one that others call."""
        return self.sections[at[0]].name != layout.TEXT and not function.is_local

    def add_maps(self, maps: dict[str, MapSpec], btf: Btf) -> None:
        """Add the maps that `.maps` defines, and note where each is."""
        number = self.by_name.get(layout.MAPS, 0)
        places = {s.name: s.value for s in self.file.symbols if number and s.section == number}
        for off, map in (read_maps(btf, self.sections[number].size, places) if number else {}).items():
            self.maps[number, off] = map.name
            maps[map.name] = map

    def add_arena_data(self, maps: dict[str, MapSpec]) -> None:
        """Note that the variables of address space 1 are in the object's arena."""
        number = self.by_name.get(layout.ARENA_DATA, 0)
        arenas = [m for m in maps.values() if m.map_type == bpf.BPF_MAP_TYPE_ARENA]
        if not number or not self.sections[number].size:
            return
        if len(arenas) != 1:
            raise ElfError(f"{len(arenas)} arenas for the variables of this section", section=layout.ARENA_DATA)
        section = self.sections[number]
        arenas[0].initial = section.data if section.data else bytes(section.size)
        self.data_maps[number] = arenas[0].name

    def own(self) -> ObjectSpec:
        """Return what a file of ebee's own holds."""
        notes = self.notes
        spec = ObjectSpec(self.note(notes, "name", str))
        spec.btf, spec.externs = self.read_externs()
        self.externs = spec.externs
        self.file.bytes_of(layout.LICENSE)
        spec.license = self.license()
        spec.notes = self.note(notes, "notes", dict)
        spec.loss_sites = self.loss_sites()
        if notes is not None and "kconfig" in notes:
            spec.kconfig = {name: bool(is_weak) for name, is_weak in self.note(notes, "kconfig", dict).items()}
            spec.btf = self.read_kconfig(spec.btf)
        maps = self.read_maps()
        self.add_arena_data(maps)
        for name in self.note(notes, "maps", dict):
            if name not in maps:
                raise ElfError(f"map {name!r} of the notes is not there", section=layout.NOTES)
            spec.maps[name] = maps[name]
            note = self.note(notes, "maps", dict)[name]
            if isinstance(note, dict) and "record_type_id" in note:
                maps[name].value_type_id = self.btf.by_id(self.note(note, "record_type_id", int)).id
        if len(maps) != len(spec.maps):
            raise ElfError("not every map is in the notes", section=layout.NOTES)
        self.read_functions()
        spec.structs = self.read_structs()
        self.read_initial(maps, self.btf)
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
        data = self.raw_btf
        section = self.btf.by_name(layout.KSYMS, BTF_KIND_DATASEC)
        if section is None:
            return data, {}
        ids = [info[0] for info in section.secinfos]
        first = min(ids, default=section.id)
        found = {}
        for id in ids:
            extern = self.btf.by_id(id)
            least = extern.kind == BTF_KIND_FUNC  # variables may be of type void
            if extern.kind not in (BTF_KIND_FUNC, BTF_KIND_VAR) or not least <= extern.type_id < first:
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
        found: dict[str, MapSpec] = {}
        self.add_maps(found, self.btf)
        for name, note in self.note(self.notes, "maps", dict).items():
            if not isinstance(note, dict) or "section" not in note:
                continue
            section_name = self.note(note, "section", str)
            if section_name == layout.KCONFIG:
                found[name] = self.kconfig_map(note)
                continue
            number = self.by_name.get(section_name, 0)
            section = self.sections[number]
            is_data = layout.is_data_section(section_name)
            if not (number and is_data) or number in self.data_maps or name in found:
                raise ElfError(f"map {name!r} has no section of its own", section=layout.NOTES)
            map = MapSpec(name, bpf.BPF_MAP_TYPE_ARRAY, 4, section.size, 1, self.note(note, "flags", int))
            map.value_type_id = self.note(note, "type_id", int)
            map.initial = section.data if any(section.data) else b""
            map.frozen = self.note(note, "frozen", bool)
            if not 0 <= map.value_type_id < self.btf.type_count or layout.data_section(map) != section_name:
                raise ElfError(f"map {name!r} is not described right", section=layout.NOTES)
            found[name] = map
            self.data_maps[number] = name
        return found

    def read_kconfig(self, data: bytes) -> bytes:
        """Note where the variables of `.kconfig` are; return the types with these as variables of the object's own."""
        section = self.btf.by_name(layout.KCONFIG, BTF_KIND_DATASEC)
        builder = BtfBuilder.continuing(data)
        for var_id, off, _size in section.secinfos if section is not None else ():
            variable = self.btf.by_id(var_id)
            words = builder.words(var_id) if var_id < Btf(data).type_count else []
            if variable.kind != BTF_KIND_VAR or not words:
                raise ElfError(f"type {var_id} is no variable", section=layout.BTF)
            words[3] = BTF_VAR_GLOBAL_ALLOCATED
            builder.replace(var_id, words)
            self.kconfig[variable.name] = off
        return builder.encode()

    def kconfig_map(self, note: Any) -> MapSpec:
        """Return the map of what is filled in for loading."""
        section = self.btf.by_name(layout.KCONFIG, BTF_KIND_DATASEC)
        if section is None or section.id != self.note(note, "type_id", int):
            raise ElfError(f"map {layout.KCONFIG!r} is not described right", section=layout.NOTES)
        flags = self.note(note, "flags", int)
        map = MapSpec(layout.KCONFIG, bpf.BPF_MAP_TYPE_ARRAY, 4, section.size_bytes, 1, flags, value_type_id=section.id)
        map.frozen = self.note(note, "frozen", bool)
        return map

    def read_initial(self, maps: dict[str, MapSpec], btf: Btf) -> None:
        """Note which maps are in maps of maps, and which programs in arrays of programs, from the start."""
        number = self.by_name.get(layout.MAPS, 0)
        starts = sorted(off for section, off in self.maps if section == number)
        slots = slots_off_bytes(btf)
        for at, symbol in self.pointers.get(number, ()) if number else ():
            start = max((off for off in starts if off <= at), default=-1)
            outer, key = maps.get(self.maps.get((number, start), "")), (symbol.section, symbol.value)
            slot = at - start - slots.get(outer.name, at + 1) if outer is not None else -1
            inner, function = self.maps.get(key), self.functions.get(key)
            if outer is not None and slot >= 0 and slot % 8 == 0 and outer.key_size == 4:
                if outer.inner is not None and inner is not None:
                    outer.inner_maps[(slot // 8).to_bytes(4, self.file.byteorder)] = inner
                    continue
                if outer.map_type == bpf.BPF_MAP_TYPE_PROG_ARRAY and function is not None:
                    outer.programs[slot // 8] = function.name
                    continue
            what = "a pointer to no map or program, or in nothing that holds them"
            raise ElfError(what, section=layout.MAPS, off_bytes=at)

    def read_structs(self) -> dict[str, StructOpsSpec]:
        """Return the structs of functions, and what they point to."""
        found: dict[str, StructOpsSpec] = {}
        raw = Btf(self.raw_btf)
        for name in layout.STRUCT_OPS_SECTIONS:
            number = self.by_name.get(name, 0)
            datasec = raw.by_name(name, BTF_KIND_DATASEC) if number else None
            places = {s.name: s.value for s in self.file.symbols if s.section == number}
            ends: dict[int, StructOpsSpec] = {}
            for var_id, off, size in datasec.secinfos if datasec is not None else ():
                variable = raw.by_id(var_id)
                off = places.get(variable.name, off)
                type, data = raw.resolve(variable.type_id), self.sections[number].data[off : off + size]
                if variable.kind != BTF_KIND_VAR or type.kind != BTF_KIND_STRUCT or len(data) != size:
                    what = "a variable is no struct, or lies outside"
                    raise ElfError(what, section=name, off_bytes=off)
                found[variable.name] = ends[off] = made = StructOpsSpec(variable.name, type.name, type.id, data)
                made.autocreate = not name.startswith("?")
            for at, symbol in self.pointers.get(number, ()) if number else ():
                start = max((off for off in ends if off <= at), default=-1)
                function = self.functions.get((symbol.section, symbol.value))
                if function is None or start < 0 or at - start + 8 > len(ends[start].data):
                    raise ElfError("a pointer to no program, or in no struct", section=name, off_bytes=at)
                ends[start].programs[at - start] = function.name
        return found

    # Programs

    def program(self, entry: tuple[int, int], note: Any, maps: dict[str, MapSpec]) -> ProgramSpec:
        """Return a program with every function that it calls. One in a section of no known name has no type."""
        section = section_of_file(self.sections[entry[0]].name)
        keys, pending = {entry}, [entry]
        while pending:
            function = self.functions[pending.pop()]
            for callee in (*self.callees(function).values(), *self.on_exception(function)):
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
            stack_size=self.note(note, "stack_size", int) if note is not None else 0,
        )
        order = [entry, *sorted(keys - {entry})]
        starts: dict[tuple[int, int], int] = {}
        # Instructions of this program that .BTF.ext has one for.
        self.core_relos: dict[int, tuple[str, int, str]] = {}
        slot = 0
        for key in order:
            starts[key] = slot
            slot += slot_offsets(self.functions[key].insns)[-1]
        for key in order:
            self.append(program, self.functions[key], starts[key], starts, maps)
        # The kernel wants types of all functions, and the first line of each, or none.
        functions = [self.functions[key] for key in order]
        if not all(f.type_id for f in functions):
            program.func_info = []
        if not all(any(not x.insn_idx for x in f.lines) for f in functions):
            program.line_info = []
        for row in self.note(note, "fields", list) if note is not None else ():
            i, symbol, addend, size = (self.note(row, at, t) for at, t in enumerate((int, str, int, int)))
            if not 0 <= i < len(program.insns) or not -(1 << 15) <= addend < 1 << 15:
                raise ElfError(f"program {program.name!r}: a field at no instruction", section=layout.NOTES)
            program.insns[i].off = addend
            program.relocs.append(Reloc(i, RELO_TP_FIELD, symbol, addend, size))
        exact = self.exact(program, note)
        program.core_relos = [CoreRelo(i, *relo, i in exact) for i, relo in sorted(self.core_relos.items())]
        program.relocs.sort(key=lambda r: r.insn_idx)
        return program

    def exact(self, program: ProgramSpec, note: Any) -> set[int]:
        """Return the instructions whose CO-RE relocations are exact."""
        if note is None or "exact" not in note:
            return set()
        rows = self.note(note, "exact", list)
        exact = {self.note(rows, at, int) for at in range(len(rows))}
        if not exact <= self.core_relos.keys():
            what = f"program {program.name!r}: a field of the kernel at no instruction"
            raise ElfError(what, section=layout.NOTES)
        return exact

    def on_exception(self, function: Function) -> list[tuple[int, int]]:
        """Return the function that runs when this one throws, which a declaration tag names.

        Source: bpf_prog_assign_exc_cb in libbpf.c (libbpf 1.8).
        """
        if self.exception_tags is None:
            tags = ((t.name, t.type_id) for t in self.btf.types(BTF_KIND_DECL_TAG))
            self.exception_tags = {id: name.removeprefix(_THROWN) for name, id in tags if name.startswith(_THROWN)}
        name = self.exception_tags.get(function.type_id)
        if name is None:
            return []
        found = [at for at, f in self.functions.items() if f.name == name and not self.is_program(at, f)]
        if not found:
            raise ElfError(f"function {function.name!r}: there is no {name!r}, which is called when it throws")
        return found

    def callees(self, function: Function) -> dict[int, tuple[int, int]]:
        """Return the functions that a function calls or takes the address of, by instruction.

        A call within a section may have no relocation: its distance is right as it is.
        """
        found = {}
        slots = slot_offsets(function.insns)
        for i, insn in enumerate(function.insns):
            symbol = function.relocs.get(i)
            is_call = (insn.opcode, insn.src_reg) == (CALL, BPF_PSEUDO_CALL)
            is_address = insn.opcode == LDDW and (
                insn.src_reg == BPF_PSEUDO_FUNC or (symbol is not None and symbol.section in self.starts)
            )
            if not (is_call or is_address) or (symbol is not None and symbol.is_extern):
                continue
            distance = _signed(insn.imm) if is_address else 8 * (insn.imm + 1)
            number, start = function.place
            key = (number, start + 8 * slots[i] + distance)
            if symbol is not None:
                key = (symbol.section, symbol.value + distance)
            if key not in self.functions or (symbol is None and is_address):
                raise ElfError(f"function {function.name!r}: instruction {i} calls no function of {layout.TEXT}")
            found[i] = key
        return found

    def append(
        self,
        program: ProgramSpec,
        function: Function,
        start_slot: int,
        starts: dict[tuple[int, int], int],
        maps: dict[str, MapSpec],
    ) -> None:
        """Add a function's instructions to a program, with calls and relocations as an `ObjectSpec` has them."""
        first = len(program.insns)
        self.core_relos.update({first + i: relo for i, relo in function.core_relos.items()})
        callees = self.callees(function)
        slots = slot_offsets(function.insns)
        for i, original in enumerate(function.insns):
            insn = original.copy()
            if i in callees:
                distance = starts[callees[i]] - (start_slot + slots[i]) - 1
                insn.imm = distance & 0xFFFFFFFF if insn.opcode == LDDW else distance
                insn.src_reg = BPF_PSEUDO_FUNC if insn.opcode == LDDW else BPF_PSEUDO_CALL
            elif i in function.relocs and function.relocs[i].name in self.kconfig:
                program.relocs.append(self.kconfig_reloc(first + i, insn, function.relocs[i].name))
            elif i in function.relocs and function.relocs[i].is_extern:
                symbol = function.relocs[i]
                is_call = insn.opcode == CALL
                if symbol.name not in self.externs:
                    hint = "what the kernel has is declared with __ksym, what its configuration says with __kconfig"
                    raise ElfError(f"function {function.name!r} uses {symbol.name!r}, which is nowhere", hint=hint)
                insn.src_reg, insn.imm = BPF_PSEUDO_KFUNC_CALL if is_call else BPF_PSEUDO_BTF_ID, 0
                kind = RELO_KFUNC if is_call else RELO_KSYM
                program.relocs.append(Reloc(first + i, kind, symbol.name, is_weak=symbol.is_weak))
            elif i in function.relocs:
                program.relocs.append(self.map_reloc(first + i, insn, function.relocs[i], maps))
                if program.relocs[-1].kind == RELO_JUMP_TABLE:
                    targets = self.jump_targets(function, function.relocs[i])
                    program.jump_tables[program.relocs[-1].symbol] = [first + n for n in targets]
            program.insns.append(insn)
        if function.type_id:
            program.func_info.append(FuncInfo(first, function.type_id))
        program.line_info += [
            LineInfo(first + x.insn_idx, x.file_name_off, x.line_off, x.line_num, x.line_col) for x in function.lines
        ]

    def kconfig_reloc(self, insn_idx: int, insn: Insn, name: str) -> Reloc:
        """Return the relocation of a wide load that refers to a variable of `.kconfig`."""
        if insn.opcode != LDDW or insn.src_reg:
            raise ElfError(f"instruction {insn_idx} refers to {name!r}, which is no function")
        insn.src_reg, insn.imm = BPF_PSEUDO_MAP_VALUE, 0
        return Reloc(insn_idx, RELO_MAP_VALUE, layout.KCONFIG, self.kconfig[name])

    def map_reloc(self, insn_idx: int, insn: Insn, symbol: Symbol, maps: dict[str, MapSpec]) -> Reloc:
        """Return the relocation of a wide load that refers to a map or to its value."""
        if insn.opcode == LDDW and symbol.section and symbol.section == self.by_name.get(layout.JUMP_TABLES):
            return self.jump_table_reloc(insn_idx, insn, symbol)
        data = self.data_maps.get(symbol.section)
        name = data or self.maps.get((symbol.section, symbol.value))
        if name is None or insn.opcode != LDDW or insn.src_reg:
            raise ElfError(f"instruction {insn_idx} refers to {symbol.name!r}, which is no map")
        addend, insn.imm = _signed(insn.imm), 0
        if data:
            addend += symbol.value
            size = len(maps[name].initial) if maps[name].map_type == bpf.BPF_MAP_TYPE_ARENA else maps[name].value_size
            if not 0 <= addend < size:
                raise ElfError(f"instruction {insn_idx} refers to a byte beyond {symbol.name or data!r}")
            insn.src_reg = BPF_PSEUDO_MAP_VALUE
            return Reloc(insn_idx, RELO_MAP_VALUE, name, addend)
        if addend:
            raise ElfError(f"instruction {insn_idx} refers to the middle of map {symbol.name!r}")
        insn.src_reg = BPF_PSEUDO_MAP_FD
        return Reloc(insn_idx, RELO_MAP, name)

    def jump_table_reloc(self, insn_idx: int, insn: Insn, symbol: Symbol) -> Reloc:
        """Return the relocation of a wide load of a jump table, which is called as its symbol if no other one is."""
        if insn.src_reg or insn.imm:
            raise ElfError(f"instruction {insn_idx} refers to the middle of jump table {symbol.name!r}")
        insn.src_reg = BPF_PSEUDO_MAP_VALUE
        tables = [s for s in self.file.symbols if s.section == symbol.section and s.name == symbol.name]
        is_only = bool(symbol.name) and len(tables) == 1
        return Reloc(insn_idx, RELO_JUMP_TABLE, symbol.name if is_only else f"{symbol.name}@{symbol.value:#x}")

    def jump_targets(self, function: Function, symbol: Symbol) -> list[int]:
        """Return the instructions of a function that a jump table has: 64-bit offsets into the function's section.

        Source: create_jt_map in libbpf.c (libbpf 1.7).
        """
        data, (_, start) = self.sections[symbol.section].data, function.place
        off, size = symbol.value, symbol.size
        if off % 8 or size % 8 or not 0 < size <= len(data) - off:
            raise ElfError("a jump table is cut off", section=layout.JUMP_TABLES, off_bytes=off)
        indices = []
        for at in range(off, off + size, 8):
            target = function.indices.get(int.from_bytes(data[at : at + 8], self.file.byteorder) - start)
            if target is None:
                what = f"a jump table of function {function.name!r} leads to none of its instructions"
                raise ElfError(what, section=layout.JUMP_TABLES, off_bytes=at)
            indices.append(target)
        return indices


def _signed(imm: int) -> int:
    """Return the number in the first half of a wide load."""
    low = imm & 0xFFFFFFFF
    return low - (low >> 31 << 32)

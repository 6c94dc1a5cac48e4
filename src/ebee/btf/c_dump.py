"""All types of a BTF as one C header that compilers accept: in order, with names made unique and layouts kept.

Source: what btf_dump.c of libbpf 1.6 makes of them; System V ABI, AMD64, for how compilers lay out structs.
"""

from __future__ import annotations

from ..errors import BtfError
from .c_format import TAGS, Printer
from .kinds import (
    BTF_INT_SIGNED,
    BTF_KIND_ARRAY,
    BTF_KIND_DECL_TAG,
    BTF_KIND_ENUM,
    BTF_KIND_ENUM64,
    BTF_KIND_FLOAT,
    BTF_KIND_FUNC,
    BTF_KIND_FUNC_PROTO,
    BTF_KIND_FWD,
    BTF_KIND_INT,
    BTF_KIND_PTR,
    BTF_KIND_STRUCT,
    BTF_KIND_TYPEDEF,
    BTF_KIND_UNION,
    MODIFIER_KINDS,
)
from .read import Btf, BtfType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_COMPOSITES = (BTF_KIND_STRUCT, BTF_KIND_UNION)
_ENUMS = (BTF_KIND_ENUM, BTF_KIND_ENUM64)
_INT_WORDS = frozenset(("char", "short", "int", "long", "signed", "unsigned", "_Bool", "__int128"))
# By size in bytes: an integer of C, and what makes an enum of that size.
_INTS = {1: "char", 2: "short", 4: "int", 8: "long long", 16: "__int128"}
_ENUM_MODES = {1: "QI", 2: "HI", 8: "DI"}
_PADS = {64: "long", 32: "int", 16: "short", 8: "char"}  # in bits
_LONG_HOLE = 64 * 64  # bits
_MAX_DEPTH = 200

_HEAD = """\
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
#endif

"""
# Programs that declare them differently leave them out.
_KFUNCS = """\
#ifndef BPF_NO_KFUNC_PROTOTYPES
#ifndef __ksym
#define __ksym __attribute__((section(".ksyms")))
#endif
"""
_TAIL = """
#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

#endif
"""


def dump_c(btf: Btf, type_ids: Iterable[int] | None = None) -> str:
    """Return a header with all types, or with some and what they need, so that all can be used by CO-RE.

    Raises: BtfError for types that contain themselves, or are nested too deeply.
    """
    dumper = _Dumper(btf)
    for id in range(1, btf.type_count) if type_ids is None else type_ids:
        dumper.need(id, is_whole=True)
    types, dumper.parts = dumper.parts, []
    if type_ids is None:
        dumper.add_kfuncs()
    kfuncs = f"\n{_KFUNCS}{chr(10).join(dumper.parts)}\n#endif\n" if dumper.parts else ""
    return _HEAD + "\n\n".join(types) + "\n" + kfuncs + _TAIL


class _Dumper(Printer):
    no_count = "0"

    def __init__(self, btf: Btf) -> None:
        super().__init__(btf, 500_000 + 8 * len(btf.data))  # anonymous types nest exponentially
        self.parts: list[str] = []
        self.tags: dict[str, int] = {}  # names of structs, unions and enums: the first id that has it
        self.idents = {"__builtin_va_list": 1}  # names of typedefs and enumerators; this one is the compiler's own
        self.names: dict[int, str] = {}
        self.state: dict[int, bool] = {}  # structs and typedefs: False in work, True done
        self.declared: set[tuple[str, str]] = set()
        self.layouts: dict[int, tuple[int, bool]] = {}  # alignment, is packed

    def add_kfuncs(self) -> None:
        """Declare the functions that programs may call, which have a tag: weak, so that older kernels do without."""
        for tag in self.btf.types(BTF_KIND_DECL_TAG):
            function = self.btf.by_id(tag.type_id)
            if tag.name != "bpf_kfunc" or function.kind != BTF_KIND_FUNC or function.name in self.idents:
                continue
            self.idents[function.name] = 1
            self.need(function.type_id, is_whole=False)
            declared = self.declaration(function.type_id, function.name, 0)
            self.parts.append(f"extern {declared} __attribute__((weak)) __ksym;")

    # Names

    def unique(self, table: dict[str, int], name: str) -> str:
        """Return a name, with a number at its end when it is taken already."""
        count = table[name] = table.get(name, 0) + 1
        return name if count == 1 else self.unique(table, f"{name}___{count}")

    def name_of(self, type: BtfType) -> str:
        """Return the name under which a type is in the header."""
        id = type.id
        if id not in self.names:
            table = self.tags if type.kind in (*_COMPOSITES, *_ENUMS) else self.idents
            self.names[id] = self.unique(table, type.name)
        return self.names[id]

    def base(self, type_: BtfType, depth: int) -> str:
        kind = type_.kind
        if kind in TAGS:
            if not type_.name:
                if kind in _ENUMS and self.state.get(type_.id):  # its enumerators are defined: only its size is left
                    return self.plain_int(type_.size_bytes, is_signed=type_.kind_flag)
                return self.body(type_, depth)
            return f"{TAGS[kind]} {self.spend(self.name_of(type_))}"
        if kind == BTF_KIND_TYPEDEF:
            return self.spend(self.name_of(type_))
        if kind == BTF_KIND_INT and not _INT_WORDS.issuperset(type_.name.split()):
            return self.plain_int(type_.size_bytes, is_signed=bool(type_.int_encoding[0] & BTF_INT_SIGNED))
        return super().base(type_, depth)

    def plain_int(self, size_bytes: int, *, is_signed: bool) -> str:
        """Return an integer of C. Raises: BtfError if there is none of the size."""
        if size_bytes not in _INTS:
            raise BtfError(f"C has no integer of {size_bytes} bytes", section=".BTF")
        return f"{'signed' if is_signed else 'unsigned'} {_INTS[size_bytes]}"

    # Order

    def need(self, id: int, *, is_whole: bool, depth: int = 0) -> None:
        """Emit what must stand before a use of a type: with `is_whole` its definition, else so that it has a name."""
        if depth > _MAX_DEPTH:
            raise BtfError(f"type {id} is nested too deeply to print", section=".BTF")
        type = self.btf.by_id(id)
        kind = type.kind
        if kind == BTF_KIND_PTR:
            self.need(type.type_id, is_whole=False, depth=depth + 1)
        elif kind == BTF_KIND_ARRAY:
            self.need(type.array[0], is_whole=True, depth=depth + 1)
        elif kind == BTF_KIND_FUNC_PROTO:
            for target in (type.type_id, *(param_id for _, param_id in type.params)):
                self.need(target, is_whole=False, depth=depth + 1)
        elif kind == BTF_KIND_TYPEDEF:
            self.need_typedef(type, is_whole, depth)
        elif kind in MODIFIER_KINDS:
            self.need(type.type_id, is_whole=is_whole, depth=depth + 1)
        elif kind in _ENUMS:
            if type.name or not depth:
                self.emit_once(type)
        elif kind == BTF_KIND_FWD:
            self.declare("union" if type.kind_flag else "struct", type.name)
        elif kind in _COMPOSITES:
            self.need_composite(type, is_whole, depth)

    def need_typedef(self, type: BtfType, is_whole: bool, depth: int) -> None:
        id = type.id
        if id not in self.state:
            self.state[id] = False
            self.need(type.type_id, is_whole=False, depth=depth + 1)
            self.parts.append(f"typedef {self.declaration(type.type_id, self.name_of(type), 0)};")
            self.state[id] = True
        elif not self.state[id]:
            raise BtfError(f"typedef {type.name!r} is made of itself", section=".BTF")
        if is_whole:
            self.need(type.type_id, is_whole=True, depth=depth + 1)

    def need_composite(self, type: BtfType, is_whole: bool, depth: int) -> None:
        id = type.id
        if type.name and not is_whole:
            if not self.state.get(id):
                self.declare(TAGS[type.kind], self.name_of(type))
            return
        if self.state.get(id):
            return
        if id in self.state:
            raise BtfError(f"{type.kind_name} {type.name!r} contains itself", section=".BTF")
        if not type.name and not depth:
            return  # printed where it is used
        self.state[id] = False
        for member in type.members:
            self.need(member.type_id, is_whole=True, depth=depth + 1)
        self.state[id] = True
        if type.name:
            self.parts.append(self.body(type, 0) + ";")

    def emit_once(self, type: BtfType) -> None:
        if type.id not in self.state:
            self.state[type.id] = True
            self.parts.append(self.body(type, 0) + ";")

    def declare(self, tag: str, name: str) -> None:
        """Emit a forward declaration, unless the name stands for something else."""
        self.tags.setdefault(name, 1)
        if (tag, name) not in self.declared:
            self.declared.add((tag, name))
            self.parts.append(f"{tag} {name};")

    # Layout

    def body(self, type_: BtfType, depth: int) -> str:
        indent = "\t" * (depth + 1)
        head = f"{TAGS[type_.kind]} {self.name_of(type_) if type_.name else ''}".rstrip() + " {"
        if type_.kind in _ENUMS:
            self.state[type_.id] = True
            rows = [f"{indent}{self.unique(self.idents, self.spend(n))} = {_literal(v)}," for n, v in type_.values]
            mode = _ENUM_MODES.get(type_.size_bytes)
            tail = f" __attribute__((mode({mode})))" if mode else ""
            return "\n".join([head, *rows, "\t" * depth + "}" + tail]) if rows else head[:-2]
        align, is_packed = self.layout(type_, depth)
        rows, at = [], 0
        for member in type_.members:
            size, member_align = self.size_and_align(member.type_id, depth)
            if type_.kind == BTF_KIND_STRUCT:
                natural = _natural(at, member.bitfield_size, 8 * size, 1 if is_packed else 8 * member_align, is_packed)
                if natural != member.bit_off:
                    _fill(rows, indent, at, member.bit_off)
            width = f" : {member.bitfield_size}" if member.bitfield_size else ""
            rows.append(f"{indent}{self.declaration(member.type_id, member.name, depth + 1)}{width};")
            end = (0 if type_.kind == BTF_KIND_UNION else member.bit_off) + (member.bitfield_size or 8 * size)
            at = max(at, end)
        tail = " __attribute__((packed))" if is_packed else ""
        whole = 8 * type_.size_bytes
        if _aligned(at, 8 * align) != whole:
            if type_.kind == BTF_KIND_STRUCT:
                _fill(rows, indent, at, whole)
            else:
                tail += f" __attribute__((aligned({type_.size_bytes & -type_.size_bytes})))"
        return "\n".join([head, *rows, "\t" * depth + "}" + tail])

    def layout(self, type: BtfType, depth: int) -> tuple[int, bool]:
        """Return a struct's or union's alignment in bytes, and whether it must be packed."""
        id = type.id
        if id not in self.layouts:
            self.layouts[id] = 1, False  # a struct in itself was refused before
            most, is_packed = 1, False
            for member in type.members:
                size, align = self.size_and_align(member.type_id, depth)
                most = max(most, align)
                if not member.bitfield_size:
                    is_packed |= member.bit_off % (8 * align) != 0
                else:
                    is_packed |= _natural(member.bit_off, member.bitfield_size, 8 * size, 8, False) != member.bit_off
            is_packed |= type.size_bytes % most != 0
            self.layouts[id] = 1 if is_packed else most, is_packed
        return self.layouts[id]

    def size_and_align(self, id: int, depth: int) -> tuple[int, int]:
        """Return a type's size and alignment in bytes. Raises: BtfError."""
        type, count = self.btf.resolve(id), 1
        for _ in range(_MAX_DEPTH):
            if type.kind != BTF_KIND_ARRAY:
                break
            element, _index, elements = type.array
            type, count = self.btf.resolve(element), count * elements
        if depth > _MAX_DEPTH or type.kind == BTF_KIND_ARRAY:
            raise BtfError(f"type {id} is nested too deeply to print", section=".BTF")
        size = self.btf.pointer_size if type.kind == BTF_KIND_PTR else type.size_bytes
        if type.kind in _COMPOSITES:
            return count * size, self.layout(type, depth + 1)[0]
        if type.kind not in (BTF_KIND_INT, BTF_KIND_FLOAT, BTF_KIND_PTR, *_ENUMS):
            raise BtfError(f"a member of type {id}, which has no size", section=".BTF")
        return count * size, size & -size or 1


def _natural(at: int, bits: int, unit: int, align: int, is_packed: bool) -> int:
    """Return where a compiler puts a member behind bit `at`: a bit field does not cross its type's units.

    `unit` and `align`, of the type, are in bits, as what is returned.
    """
    if not bits:
        return _aligned(at, max(align, 8))
    crosses = unit and at // unit != (at + bits - 1) // unit
    return _aligned(at, unit) if crosses and not is_packed else at


def _aligned(off: int, to: int) -> int:
    return -(-off // to) * to


def _fill(rows: list[str], indent: str, at: int, end: int) -> None:
    """Add bit fields without names, which take space and are nothing, and an array for a hole that is long."""
    while at < end:
        if at % 64 == 0 and end - at >= _LONG_HOLE:
            rows.append(f"{indent}char __hole_at_{at // 8}[{(end - at) // 8}];")
            at += (end - at) // 8 * 8
            continue
        bits = next((b for b in _PADS if at % b == 0 and end - at >= b), 0) or min(8 - at % 8, end - at)
        rows.append(f"{indent}{_PADS.get(bits, 'char')} : {bits};")
        at += bits


def _literal(value: int) -> str:
    """Return a number as C reads it."""
    if value > 0x7FFF_FFFF_FFFF_FFFF:
        return f"{value}ULL"
    return str(value) if value > -(1 << 63) else "(-9223372036854775807LL - 1)"

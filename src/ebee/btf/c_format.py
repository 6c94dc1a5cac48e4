"""Types as C source text."""

from __future__ import annotations

from ..errors import BtfError
from .kinds import (
    BTF_KIND_ARRAY,
    BTF_KIND_CONST,
    BTF_KIND_DATASEC,
    BTF_KIND_DECL_TAG,
    BTF_KIND_ENUM,
    BTF_KIND_ENUM64,
    BTF_KIND_FUNC,
    BTF_KIND_FUNC_PROTO,
    BTF_KIND_FWD,
    BTF_KIND_PTR,
    BTF_KIND_RESTRICT,
    BTF_KIND_STRUCT,
    BTF_KIND_TYPE_TAG,
    BTF_KIND_TYPEDEF,
    BTF_KIND_UNION,
    BTF_KIND_VAR,
    BTF_KIND_VOLATILE,
)
from .read import MAX_DEPTH, Btf, BtfType

_QUALIFIERS = {BTF_KIND_CONST: "const", BTF_KIND_VOLATILE: "volatile", BTF_KIND_RESTRICT: "restrict"}
TAGS = {
    BTF_KIND_STRUCT: "struct",
    BTF_KIND_UNION: "union",
    BTF_KIND_ENUM: "enum",
    BTF_KIND_ENUM64: "enum",
}

# Characters after which an output is refused: anonymous types can nest exponentially.
_MAX_CHARS = 4_000_000


def format_type(type_: BtfType) -> str:
    """Return the C definition or declaration of a type, with its semicolon; a section lists its variables.

    Raises: BtfError for types that contain themselves or are too large to print.
    """
    return Printer(type_.btf).definition(type_)


def format_declaration(btf: Btf, type_id: int, name: str = "") -> str:
    """Return the C declaration of `name` with a type (`int (*name)[3]`); without a name, the type alone.

    Raises: BtfError as `format_type` does.
    """
    return Printer(btf).declaration(type_id, name, 0)


class Printer:
    """Prints the types of one BTF; it refuses more than a limit of characters."""

    def __init__(self, btf: Btf, most_chars: int = _MAX_CHARS) -> None:
        self.btf = btf
        self.left = most_chars

    no_count = ""  # what stands for the number of elements of a flexible array

    def definition(self, type_: BtfType) -> str:
        kind, name = type_.kind, type_.name
        if kind in TAGS:
            return self.body(type_, 0) + ";"
        if kind == BTF_KIND_FWD:
            return f"{'union' if type_.kind_flag else 'struct'} {name};"
        if kind == BTF_KIND_TYPEDEF:
            return f"typedef {self.declaration(type_.type_id, name, 0)};"
        if kind in (BTF_KIND_FUNC, BTF_KIND_VAR):
            return self.variable(type_)
        if kind == BTF_KIND_DECL_TAG:
            return f'/* btf_decl_tag("{name}") */'
        if kind == BTF_KIND_DATASEC:
            variables = [
                f"{self.variable(self.btf.by_id(id))} /* {off}, {size} bytes */\n"
                for id, off, size in type_.secinfos
            ]
            return f"/* section {name}, {type_.size_bytes} bytes */\n" + "".join(variables)
        return self.declaration(type_.id, "", 0) + ";"

    def variable(self, type_: BtfType) -> str:
        if type_.kind not in (BTF_KIND_FUNC, BTF_KIND_VAR):
            raise BtfError(f"{type_.kind_name} {type_.name!r} is no variable", section=".BTF")
        return self.declaration(type_.type_id, type_.name, 0) + ";"

    def spend(self, text: str) -> str:
        """Return the text, counted."""
        self.left -= len(text) + 8
        if self.left < 0:
            raise BtfError("too large to print", section=".BTF")
        return text

    def body(self, type_: BtfType, depth: int) -> str:
        """Return a struct, union or enum with its members, indented for `depth`."""
        if depth > MAX_DEPTH:
            raise BtfError(f"{type_.kind_name} {type_.name!r} is nested too deeply to print", section=".BTF")
        indent = "\t" * (depth + 1)
        lines = [f"{TAGS[type_.kind]} {type_.name}".rstrip() + " {"]
        if type_.kind in (BTF_KIND_ENUM, BTF_KIND_ENUM64):
            lines += [f"{indent}{self.spend(name)} = {value}," for name, value in type_.values]
        else:
            for member in type_.members:
                width = f" : {member.bitfield_size}" if member.bitfield_size else ""
                lines.append(f"{indent}{self.declaration(member.type_id, member.name, depth + 1)}{width};")
        return "\n".join(lines) + "\n" + "\t" * depth + "}"

    def declaration(self, type_id: int, declarator: str, depth: int) -> str:
        """Build a declarator from the inside out: what is next to the name comes first in the chain."""
        qualifiers: list[str] = []
        tags: list[str] = []
        for _ in range(MAX_DEPTH):
            self.spend(declarator)
            type_ = self.btf.by_id(type_id)
            kind = type_.kind
            if kind in _QUALIFIERS:
                if _QUALIFIERS[kind] not in qualifiers:
                    qualifiers.append(_QUALIFIERS[kind])
            elif kind == BTF_KIND_TYPE_TAG:
                name = self.spend(type_.name)  # with the flag it is the attribute itself: address_space(1)
                attribute = name if type_.kind_flag else f'btf_type_tag("{name}")'
                tags.append(f"__attribute__(({attribute}))")
            elif kind == BTF_KIND_PTR:
                declarator = "*" + " ".join(filter(None, [*qualifiers, *tags, declarator]))
                qualifiers, tags = [], []
                if self.unqualified(type_.type_id) in (BTF_KIND_ARRAY, BTF_KIND_FUNC_PROTO):
                    declarator = f"({declarator})"
            elif kind == BTF_KIND_ARRAY:
                element, _index, count = type_.array
                declarator += f"[{count or self.no_count}]"
                type_id = element
                continue
            elif kind == BTF_KIND_FUNC_PROTO:
                declarator += f"({self.parameters(type_, depth)})"
            else:
                return " ".join(filter(None, [*qualifiers, self.base(type_, depth), *tags, declarator]))
            type_id = type_.type_id
        raise BtfError(f"type {type_id} refers to itself", section=".BTF")

    def unqualified(self, type_id: int) -> int:
        """Return the kind behind qualifiers and tags."""
        for _ in range(MAX_DEPTH):
            type_ = self.btf.by_id(type_id)
            if type_.kind not in _QUALIFIERS and type_.kind != BTF_KIND_TYPE_TAG:
                return type_.kind
            type_id = type_.type_id
        raise BtfError(f"type {type_id} refers to itself", section=".BTF")

    def base(self, type_: BtfType, depth: int) -> str:
        """Return the part of a declaration that names the type."""
        name = self.spend(type_.name)
        if type_.kind in TAGS:
            return f"{TAGS[type_.kind]} {name}" if name else self.body(type_, depth)
        if type_.kind == BTF_KIND_FWD:
            return f"{'union' if type_.kind_flag else 'struct'} {name}"
        return name or "void"

    def parameters(self, proto: BtfType, depth: int) -> str:
        params = proto.params
        if depth > MAX_DEPTH:
            raise BtfError("function types are nested too deeply to print", section=".BTF")
        shown = [self.declaration(t, n, depth + 1) if t or n else "..." for n, t in params]
        return ", ".join(shown) or "void"

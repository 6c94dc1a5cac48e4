"""Order of evaluation: what an operand is once the operands after it were evaluated.

A string or bytes in a field is not copied when it is named, but when it is used. Python has its value from the moment
on that it is evaluated, so it is copied then if what is evaluated later may write to memory. Structs and lists are not
values but places: Python, too, sees what was written to them.
"""

from __future__ import annotations

import _ast as ast

from ..lower.numbers import Num, Refusal
from .intrinsics import EFFECTS, INTRINSICS
from .source import places, walk
from .values import (
    BytesPlace,
    Entry,
    Known,
    Lazy,
    ListPlace,
    Many,
    Memory,
    Peek,
    Piece,
    Place,
    RecordRef,
    StructPlace,
    StructValue,
    Text,
    entry_of,
    may_be_same,
    root,
)  # fmt: skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ir.core import Value
    from .expressions import Expressions
    from .values import Val


def steady(front: Expressions, value: Val, *later: Any) -> Val:
    """A value as it is now, if evaluating nodes later may change the memory where it lies.

    Of a map's entry it is refused to use it where one of the nodes has written to the map.
    """
    nodes = list(later)
    if _is_read_later(value) and may_write(front, nodes):
        value = own(front, value)
    return held(front, value) if any(isinstance(node, ast.Call) for node in walk(nodes)) else value


def held(front: Expressions, value: Val) -> Val:
    """A value of which the entry that it is, or is a part of, is known to be held until the statement ends."""
    if isinstance(value, Many):
        return Many([held(front, v) for v in value.values], value.cls)
    entry = entry_of(value)
    if entry is None:
        return value
    mine: Entry = entry.replace()
    front.held.append(mine)
    if not isinstance(value, Place):
        return mine
    part: StructPlace = value.replace(entry=mine)
    return part


def _is_read_later(value: Val) -> bool:
    """Whether a value is read from memory, which may change, when it is used."""
    match value:
        case Memory():
            return value.is_field
        case BytesPlace():
            return not value.is_own
        case Peek():
            return True
        case Text():
            return any(isinstance(part, Piece) and _is_read_later(part.value) for part in value.parts)
        case Many():
            return any(map(_is_read_later, value.values))
        case Lazy():
            return any(map(_is_read_later, value.over))
    return False


def own(front: Expressions, value: Val) -> Val:
    """A value that was read now."""
    if not _is_read_later(value):
        return value
    match value:
        case Memory():
            return front.written(value)
        case BytesPlace():
            return front.kind(value).kept(front, "", value)
        case Peek():
            from .records import taken

            return taken(front, value)
        case Text():
            return own_text(front, value)
        case Many():
            return Many([own(front, v) for v in value.values], value.cls)
        case Lazy():
            return Lazy(value.name, [own(front, v) for v in value.over], value.start)
    return value


def own_text(front: Expressions, text: Text) -> Text:
    """A text of values that were read now."""
    return Text([p if isinstance(p, str) else p.replace(value=own(front, p.value)) for p in text.parts])


def may_write(front: Expressions, nodes: list[Any]) -> bool:
    """Whether evaluating nodes may write to memory that has a name: by an assignment or in a function."""
    for node in walk(nodes):
        if isinstance(node, ast.Attribute | ast.Subscript) and not isinstance(node.ctx, ast.Load):
            return True
        if isinstance(node, ast.Call):
            function = _meant(front, node.func)
            if type(function).__name__ == "Kfunc":
                return True
            if function is setattr or function in EFFECTS:
                return True
            if isinstance(function, type(steady)) and function not in INTRINSICS:
                return True
    return False


def _meant(front: Expressions, node: ast.expr) -> Any:
    """The function that is called, if it is one; the methods of values write to nothing that has a name."""
    if isinstance(node, ast.Name):
        value = front.env.get(node.id)
        found = value.object if isinstance(value, Known) else front.names.get(node.id) if value is None else None
    elif isinstance(node, ast.Attribute):
        found = getattr(_meant(front, node.value), node.attr, None)
    else:
        return setattr if not isinstance(node, ast.Constant) else None  # anything
    is_meant = isinstance(found, type(steady) | type(ast) | type(setattr)) or type(found).__name__ == "Kfunc"
    return found if is_meant else None


def once(front: Expressions, node: ast.Subscript) -> ast.Subscript:
    """A subscript that is read and written, with its index as it is now."""
    index = front.expr(node.slice)
    if isinstance(index, Known):
        return node
    name = f"index {node.lineno} {node.col_offset}"
    front.assign_name(name, index)
    return ast.Subscript(node.value, ast.Name(name, ast.Load(), **places(node.slice)), node.ctx, **places(node))


def is_place(value: Val) -> bool:
    """Whether a value is a struct or list, of which Python would have a reference."""
    return isinstance(value, StructPlace | ListPlace | RecordRef | StructValue | Entry)


def outlive(front: Expressions, value: Val, records: list[Value]) -> Val:
    """A value that is used when records were submitted. Raises: Refusal for parts of them."""
    if not isinstance(value, BytesPlace) and is_in(value, records):
        raise Refusal(f"{front.describe(value)} is given back here", "return its fields")
    if isinstance(value, Many):
        return Many([outlive(front, v, records) for v in value.values], value.cls)
    return own(front, value)


def is_replaced(value: Val, by: Place | None) -> bool:
    """Whether a value is a struct or list, or a part of one, that was assigned as a whole: Python's is the old one."""
    if not isinstance(value, StructPlace | ListPlace) or by is None:
        return by is None and isinstance(value, StructPlace | ListPlace)
    if value.type.size > by.type.size:
        return False
    if value.entry is None or by.entry is None:
        same = value.entry is by.entry and root(value.base) is root(by.base)
    else:
        same = may_be_same(value.entry.decl, by.entry.decl)
    if "add" in (getattr(value.base, "opcode", ""), getattr(by.base, "opcode", "")):
        return same  # at an index that is not known
    return same and by.off <= value.off and value.off + value.type.size <= by.off + by.type.size


def is_in(value: Val, records: list[Value]) -> bool:
    """Whether a value is one of some records, or a part of one."""
    if isinstance(value, RecordRef):
        return value.pointer in records
    if isinstance(value, Num):
        return value.value in records
    return isinstance(value, Place) and root(value.base) in records

"""Structs in a probe: made there, inside others, reserved, and entries of maps that are used in place."""

from __future__ import annotations

import _ast as ast

from ..lower.map_kinds import entry, store_prefix
from ..lower.numbers import Refusal
from ..types.scalars import StrType
from ..types.structs import StructType
from .arrays import augment_entry, check_fresh, copy, read, same, store_array
from .kinds import Elements, Kind
from .values import Entry, Known, ListPlace, Memory, Place, RecordRef, StructPlace, StructValue, similar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Block, Value
    from ..types.maps import MapDecl
    from ..types.scalars import Type
    from ..types.structs import Field
    from .expressions import Expressions
    from .values import Ranges, Val

    StructLike = StructValue | RecordRef | Entry | StructPlace
    Truth = tuple[Ranges, Ranges]


class StructKind(Kind):
    """A struct in memory: inside something else, or on the stack without a name yet."""

    def describe(self, front: Expressions, value: StructLike) -> str:
        return f"a {value.type.name} record"

    def attribute(self, front: Expressions, value: StructLike, name: str, node: ast.expr) -> Val:
        p = place_of(front, value)
        field = field_of(p.type, name)
        return read(front, p.base, p.off + field.off_bytes, field.type, p.align, p.entry)

    def set_attribute(self, front: Expressions, value: StructLike, name: str, new: Val, node: ast.Attribute) -> None:
        if isinstance(value, StructValue):
            hint = "this would change a copy: v = m.lookup(k), then v.field"
            raise Refusal(f"{front.describe(value)} has no fields that can be assigned", hint)
        p = place_of(front, value)
        field = field_of(p.type, name)
        what = f"{p.type.name}.{name} ({field.type.name})"
        front.store(p.base, p.off + field.off_bytes, field.type, new, what, align=p.align)

    def augment_attribute(
        self, front: Expressions, value: StructLike, name: str, op: str, operand: ast.expr, node: ast.Attribute
    ) -> None:
        """v.field += n: in an entry of a map atomically, because other CPUs may do the same."""
        p = place_of(front, value)
        if p.entry is None:
            super().augment_attribute(front, value, name, op, operand, node)
            return
        field = field_of(p.type, name)
        at = Place(p.base, p.off + field.off_bytes, field.type, p.align, p.entry)
        augment_entry(front, at, op, operand, f"{p.type.name}.{name} ({field.type.name})")

    def compare(self, front: Expressions, op: str, a: Val, b: Val, then: Block, els: Block) -> bool:
        if op not in ("==", "!="):
            raise Refusal("structs can be compared with == and != only")
        if isinstance(b, Known) and b.object is None:
            a, b = b, a
        structs = [v for v in (a, b) if isinstance(v, StructValue | RecordRef | Entry | StructPlace)]
        if len(structs) < 2 or structs[0].type is not structs[1].type:
            raise Refusal(f"{front.describe(a)} is compared with {front.describe(b)}", "compare the fields")
        if op == "!=":
            then, els = els, then
        same(front, place_of(front, structs[0]), place_of(front, structs[1]), then, els)
        return True

    def truth(self, front: Expressions, value: StructLike, node: ast.expr, then: Block, els: Block) -> Truth:
        front.b.jump(then)  # as every object is that says nothing else
        return {}, {}

    def kept(self, front: Expressions, name: str, value: StructLike) -> Val:
        if isinstance(value, StructValue):
            return RecordRef(value.pointer, value.type, touched=set(value.type.fields))
        return value


class RecordKind(StructKind):
    """A reserved record, or a local struct: its fields are assigned."""

    def set_attribute(self, front: Expressions, value: StructLike, name: str, new: Val, node: ast.Attribute) -> None:
        assert isinstance(value, RecordRef)
        field = field_of(value.type, name)
        what = f"{value.type.name}.{field.name} ({field.type.name})"
        is_zero = field.name not in value.touched and not value.type.is_union
        value.touched.add(field.name)
        front.store(value.pointer, field.off_bytes, field.type, new, what, is_zero=is_zero)

    def kept(self, front: Expressions, name: str, value: StructLike) -> Val:
        raise Refusal(f"{self.describe(front, value)} cannot get a second name")


class EntryKind(StructKind):
    """An entry of a map that was looked up, or null: a struct or a list."""

    def describe(self, front: Expressions, value: StructLike) -> str:
        assert isinstance(value, Entry)
        return f"an entry of {value.decl.name}, or None"

    def item(self, front: Expressions, value: Entry, node: ast.Subscript) -> Val:
        p = place_of(front, value)
        return front.kind(p).item(front, p, node)

    def set_item(self, front: Expressions, value: Entry, node: ast.Subscript, new: Val) -> None:
        p = place_of(front, value)
        front.kind(p).set_item(front, p, node, new)

    def augment_item(self, front: Expressions, value: Entry, node: ast.Subscript, op: str, operand: ast.expr) -> None:
        p = place_of(front, value)
        front.kind(p).augment_item(front, p, node, op, operand)

    def length(self, front: Expressions, value: Entry) -> Val:
        p = place_of(front, value)
        return front.kind(p).length(front, p)

    def elements(self, front: Expressions, value: Entry) -> Elements | None:
        p = place_of(front, value)
        return front.kind(p).elements(front, p)

    def truth(self, front: Expressions, value: StructLike, node: ast.expr, then: Block, els: Block) -> Truth:
        assert isinstance(value, Entry)
        front.b.branch("ne", value.pointer, front.b.const(0), then, els)
        return {}, {}

    def is_none(self, front: Expressions, value: Entry, then: Block, els: Block) -> None:
        front.b.branch("eq", value.pointer, front.b.const(0), then, els)

    def kept(self, front: Expressions, name: str, value: StructLike) -> Val:
        assert isinstance(value, Entry)
        front.b.write(front.local(name), value.pointer)
        return value

    def merged(self, front: Expressions, name: str, values: list[Entry]) -> Val | None:
        first = values[0]
        if any(e.decl is not first.decl or e.is_stale for e in values):
            return None
        pointer = front.b.read(front.local(name), first.pointer.type)
        return Entry(pointer, first.type, first.decl, first.what)


def place_of(front: Expressions, value: StructLike | Place) -> Place:
    """Where a struct lies; of an entry that is not there the program ends, counted. Raises: Refusal."""
    if isinstance(value, Place):
        check_fresh(value)
        return value
    place = ListPlace if hasattr(value.type, "element") else StructPlace
    if isinstance(value, Entry):
        return place(entry(front.low, value.pointer, value.what), 0, value.type, 8, value)
    return place(value.pointer, 0, value.type)


def make_struct(front: Expressions, node: ast.Call, type: StructType) -> Val:
    """Point(x=1): a struct on the stack; what is not given, and the padding, is zero. Raises: Refusal."""
    if node.args or any(k.arg is None for k in node.keywords):
        raise Refusal(f"{type.name}() takes its fields by name", f"{type.name}({next(iter(type.fields))}=…)")
    # All values first: one of them may make the same struct.
    values = [(field_of(type, k.arg or ""), front.expr(k.value)) for k in node.keywords]
    memory = front.b.alloca(-(-type.size // 8) * 8)
    front.low.zero(memory, 0, type.size)
    for field, value in values:
        what = f"{type.name}.{field.name} ({field.type.name})"
        front.store(memory, field.off_bytes, field.type, value, what, is_zero=True)
    return StructValue(memory, type)


def field_of(type: StructType, name: str) -> Field:
    """Return a field of a struct. Raises: Refusal."""
    field = type.fields.get(name)
    if field is None:
        raise Refusal(f"{type.name} has no field {name!r}", similar(name, type.fields))
    return field


def read_copy(front: Expressions, decl: MapDecl, key: Value) -> Val:
    """m[k] of structs and strings: a copy on the stack, zeros for a missing key. Raises: Refusal."""
    type, low, b = decl.value, front.low, front.b
    assert type is not None
    memory = b.alloca(-(-type.size // 8) * 8)
    found, missing, done = low.blocks(3)
    pointer = low.lookup(decl, key)
    b.branch("eq", pointer, b.const(0), missing, found)
    b.start(found)
    low.copy(memory, 0, b.non_null(pointer), 0, type.size)
    b.jump(done)
    b.start(missing)
    low.zero(memory, 0, type.size)
    b.jump(done)
    b.start(done)
    if isinstance(type, StructType):
        return StructValue(memory, type)
    return Memory(memory, 0, type.size) if isinstance(type, StrType) else read(front, memory, 0, type, 8, None)


def store_other(front: Expressions, base: Value, off: int, type: Type, value: Val, what: str, align: int) -> None:
    """Write a value of a type that is neither number nor string. Raises: Refusal."""
    if isinstance(type, StructType):
        if not isinstance(value, StructValue | RecordRef | Entry | StructPlace) or value.type is not type:
            raise Refusal(f"{what} takes a {type.name}, not {front.describe(value)}")
        copy(front, base, off, align, place_of(front, value))
        return
    from ..types.map_kinds import PrefixType

    if not isinstance(type, PrefixType):
        if isinstance(value, Entry):
            value = place_of(front, value)
        store_array(front, base, off, type, value, what, align)
        return
    store_prefix(front.low, base, off, type, front.as_num(value), what)

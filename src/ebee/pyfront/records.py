"""Structs in a probe: made there, inside others, reserved, and entries of maps that are used in place."""

from __future__ import annotations

import _ast as ast

from ..lower.numbers import Num, Refusal
from ..types.scalars import NumType, StrType
from ..types.structs import StructType
from .kinds import Elements, Kind
from .values import (
    BytesPlace,
    Entry,
    Known,
    ListPlace,
    Memory,
    Peek,
    Place,
    RecordRef,
    Slice,
    StructPlace,
    StructValue,
    may_be_same,
    similar,
)  # fmt: skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

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
        from .arrays import read

        p = place_of(front, value)
        field = field_of(p.type, name)
        return read(front, p.inside(field.off_bytes, field.type))

    def set_attribute(self, front: Expressions, value: StructLike, name: str, new: Val, node: ast.Attribute) -> None:
        if isinstance(value, StructValue):
            hint = "this would change a copy: v = m.lookup(k), then v.field"
            raise Refusal(f"{front.describe(value)} has no fields that can be assigned", hint)
        from .arrays import write

        p = place_of(front, value)
        field = field_of(p.type, name)
        write(front, p.inside(field.off_bytes, field.type), new, f"{p.type.name}.{name} ({field.type.name})")

    def augment_attribute(
        self, front: Expressions, value: StructLike, name: str, op: str, operand: ast.expr, node: ast.Attribute
    ) -> None:
        """v.field += n: in an entry of a map atomically, because other CPUs may do the same."""
        p = place_of(front, value)
        if not p.is_shared:
            super().augment_attribute(front, value, name, op, operand, node)
            return
        from .arrays import augment_entry

        field = field_of(p.type, name)
        what = f"{p.type.name}.{name} ({field.type.name})"
        augment_entry(front, p.inside(field.off_bytes, field.type), op, operand, what)

    def place_attribute(self, front: Expressions, value: StructLike, name: str, node: ast.Attribute) -> Place:
        p = place_of(front, value)
        field = field_of(p.type, name)
        return p.inside(field.off_bytes, field.type)

    def compare(self, front: Expressions, op: str, a: Val, b: Val, then: Block, els: Block) -> bool:
        if op not in ("==", "!="):
            raise Refusal("structs can be compared with == and != only")
        if isinstance(b, Known) and b.object is None:
            a, b = b, a
        structs = [v for v in (a, b) if isinstance(v, StructValue | RecordRef | Entry | StructPlace)]
        if len(structs) < 2 or structs[0].type is not structs[1].type:
            raise Refusal(f"{front.describe(a)} is compared with {front.describe(b)}", "compare the fields")
        from .arrays import same

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
        if isinstance(value, StructPlace):
            return value.named()
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
        if hasattr(field.type, "fields") or hasattr(field.type, "element"):
            front.replace(Place(value.pointer, field.off_bytes, field.type))

    def kept(self, front: Expressions, name: str, value: StructLike) -> Val:
        raise Refusal(f"{self.describe(front, value)} cannot get a second name")


class EntryKind(StructKind):
    """An entry of a map that was looked up, or null: a struct or a list."""

    is_iterable = True

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

    def place_item(self, front: Expressions, value: Entry, node: ast.Subscript) -> Place | None:
        p = place_of(front, value)
        return front.kind(p).place_item(front, p, node)

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
        if any(not may_be_same(e.decl, first.decl) or e.is_stale for e in values):
            return None
        pointer = front.b.read(front.local(name), first.pointer.type)
        return Entry(pointer, first.type, first.decl, first.what)


class PeekKind(Kind):
    """A part of `m[k]`: what is read of it is copied, zero for a missing key."""

    def describe(self, front: Expressions, value: Peek) -> str:
        return f"a {value.type.name}"

    def attribute(self, front: Expressions, value: Peek, name: str, node: ast.expr) -> Val:
        if not isinstance(value.type, StructType):
            return super().attribute(front, value, name, node)
        field = field_of(value.type, name)
        return peek(front, value.pointer, value.off + field.off_bytes, field.type)

    def item(self, front: Expressions, value: Peek, node: ast.Subscript) -> Val:
        element = getattr(value.type, "element", None)
        if element is None or isinstance(node.slice, ast.Slice):
            whole = taken(front, value)
            return front.kind(whole).item(front, whole, node)
        from .arrays import element_at, index, read
        from .enums import meant

        at = index(front, front.expr(node.slice), value.type.count, front.source.text_of(node.value))
        if isinstance(at, int):
            return peek(front, value.pointer, value.off + at * element.size, element)
        if not isinstance(element, NumType):
            whole = taken(front, value)
            assert isinstance(whole, ListPlace)
            return read(front, element_at(front, whole, element, at))

        def load(entry: Value) -> Num:
            p = element_at(front, Place(entry, value.off, value.type), element, at)
            return front.low.load_num(p.base, p.off, element, p.align)

        return meant(element, front.low.number_or(value.pointer, element, load))

    def method(self, front: Expressions, value: Peek, name: str, node: ast.Call) -> Val:
        whole = taken(front, value)
        return front.kind(whole).method(front, whole, name, node)


def peek(front: Expressions, pointer: Value, off: int, type: Type) -> Val:
    """A part of an entry that may be null: a number is read now."""
    if not isinstance(type, NumType):
        return Peek(pointer, off, type)
    from .enums import meant

    return meant(type, front.low.number_or(pointer, type, lambda entry: front.low.load_num(entry, off, type)))


def taken(front: Expressions, value: Peek) -> Val:
    """A copy of a part of an entry, zeros for a missing one."""
    low, b = front.low, front.b

    def copy(memory: Value, missing: Block) -> None:
        found = b.new_block()
        b.branch("eq", value.pointer, b.const(0), missing, found)
        b.start(found)
        low.copy(memory, 0, b.non_null(value.pointer), value.off, value.type.size)

    return copied_or(front, value.type, copy, lambda memory: low.zero(memory, 0, value.type.size))


def whole_or(front: Expressions, decl: MapDecl, pointer: Value, other: Val) -> Val:
    """A copy of a map's value, or of another one where the pointer is null. Raises: Refusal."""
    type = decl.value
    assert type is not None

    def copy(memory: Value, missing: Block) -> None:
        found = front.b.new_block()
        front.b.branch("eq", pointer, front.b.const(0), missing, found)
        front.b.start(found)
        front.low.copy(memory, 0, front.b.non_null(pointer), 0, type.size)

    return copied_or(front, type, copy, lambda memory: store_default(front, decl, memory, other))


def store_default(front: Expressions, decl: MapDecl, memory: Value, other: Val) -> None:
    """Write what is taken where a map has nothing. Raises: Refusal."""
    assert decl.value is not None
    if isinstance(other, Known) and other.object is None:
        hint = f"give one that says so, {decl.value.name}(…)" if hasattr(decl.value, "fields") else 'give one: ""'
        raise Refusal(f"a copy of what is in {decl.name} cannot be None", f"{hint}; or ask first: k in {decl.name}")
    if isinstance(other, RecordRef | Entry) or isinstance(other, StructPlace | ListPlace) and not other.is_copy:
        what = f"the default is {front.describe(other)}, of which this may be a second name"
        raise Refusal(what, "make it there: m.get(k, Row(…)), m.pop(k, Row(…))")
    front.store(memory, 0, decl.value, other, f"the default for {decl.name} ({decl.value.name})")


def copied_or(
    front: Expressions, type: Type, copy: Callable[[Value, Block], None], make: Callable[[Value], None]
) -> Val:
    """What `copy` writes to memory of its own, or, where it goes to the block that it is given, what `make` does."""
    from .arrays import check_copied, read

    low, b = front.low, front.b
    check_copied(type)
    memory = b.alloca(-(-type.size // 8) * 8)
    missing, done = low.blocks(2)
    copy(memory, missing)
    b.jump(done)
    b.start(missing)
    make(memory)
    b.jump(done)
    b.start(done)
    if isinstance(type, StructType):
        return StructValue(memory, type)
    if isinstance(type, StrType):
        return Memory(memory, 0, type.size)
    whole = read(front, Place(memory, 0, type, is_copy=True))
    return BytesPlace(memory, 0, type, is_own=True) if isinstance(whole, BytesPlace) else whole


def place_of(front: Expressions, value: StructLike | Place) -> Place:
    """Where a struct lies; of an entry that is not there the program ends, counted. Raises: Refusal."""
    from .arrays import check_fresh

    check_fresh(value)
    if isinstance(value, Place):
        return value
    place = ListPlace if hasattr(value.type, "element") else StructPlace
    if isinstance(value, Entry):
        from ..lower.map_kinds import entry

        is_constant = isinstance(value, Slice) and value.is_constant
        address = entry(front.low, value.pointer, value.what)
        return place(address, 0, value.type, 8, value, is_constant=is_constant)
    return place(value.pointer, 0, value.type, is_copy=isinstance(value, StructValue))


def make_struct(front: Expressions, node: ast.Call, type: StructType) -> Val:
    """Point(x=1): a struct on the stack; what is not given, and the padding, is zero. Raises: Refusal."""
    if node.args or any(k.arg is None for k in node.keywords):
        raise Refusal(f"{type.name}() takes its fields by name", f"{type.name}({next(iter(type.fields))}=…)")
    # All values first: one of them may make the same struct.
    named = [field_of(type, k.arg or "") for k in node.keywords]
    values = zip(named, front.operands([k.value for k in node.keywords]))
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


def store_other(front: Expressions, base: Value, off: int, type: Type, value: Val, what: str, align: int) -> None:
    """Write a value of a type that is neither number nor string. Raises: Refusal."""
    if isinstance(type, StructType):
        if not isinstance(value, StructValue | RecordRef | Entry | StructPlace) or value.type is not type:
            raise Refusal(f"{what} takes a {type.name}, not {front.describe(value)}")
        from .arrays import copy

        copy(front, base, off, align, place_of(front, value))
        return
    from ..types.map_kinds import PrefixType

    if hasattr(type, "is_timer"):
        raise Refusal(f"{what} cannot be assigned", "it is started: v.field.start(…)")
    if not isinstance(type, PrefixType):
        if isinstance(value, Entry):
            value = place_of(front, value)
        from .arrays import store_array

        store_array(front, base, off, type, value, what, align)
        return
    from ..lower.map_kinds import store_prefix

    store_prefix(front.low, base, off, type, front.as_num(value), what)

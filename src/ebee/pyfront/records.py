"""Structs made in a probe, and entries of maps that are used in place."""

from __future__ import annotations

import _ast as ast

from ..lower import numbers
from ..lower.map_kinds import add_in_place, entry, store_prefix
from ..lower.numbers import Refusal
from ..types.scalars import IntType, StrType
from ..types.structs import StructType
from .kinds import Kind
from .values import Entry, Memory, RecordRef, StructValue, similar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Block, Value
    from ..types.maps import MapDecl
    from ..types.scalars import Type
    from ..types.structs import Field
    from .expressions import Expressions
    from .values import Ranges, Val


class StructKind(Kind):
    """A struct on the stack that has no name yet: a copy."""

    def describe(self, front: Expressions, value: StructValue | RecordRef) -> str:
        return f"a {value.type.name} record"

    def attribute(self, front: Expressions, value: StructValue | RecordRef, name: str, node: ast.expr) -> Val:
        return read_field(front, value.pointer, value.type, name)

    def set_attribute(
        self, front: Expressions, value: StructValue, name: str, new: Val, node: ast.Attribute
    ) -> None:
        hint = "this would change a copy: v = m.lookup(k), then v.field"
        raise Refusal(f"{front.describe(value)} has no fields that can be assigned", hint)

    def kept(self, front: Expressions, name: str, value: StructValue) -> Val:
        return RecordRef(value.pointer, value.type, touched=set(value.type.fields))


class RecordKind(StructKind):
    """A reserved record, or a local struct: its fields are assigned."""

    def set_attribute(
        self, front: Expressions, value: StructValue | RecordRef, name: str, new: Val, node: ast.Attribute
    ) -> None:
        assert isinstance(value, RecordRef)
        field = field_of(value.type, name)
        what = f"{value.type.name}.{field.name} ({field.type.name})"
        is_zero = field.name not in value.touched
        value.touched.add(field.name)
        front.store(value.pointer, field.off_bytes, field.type, new, what, is_zero=is_zero)

    def kept(self, front: Expressions, name: str, value: StructValue | RecordRef) -> Val:
        raise Refusal(f"{self.describe(front, value)} cannot get a second name")


class EntryKind(Kind):
    """An entry of a map that was looked up, or null."""

    def describe(self, front: Expressions, value: Entry) -> str:
        return f"an entry of {value.decl.name}, or None"

    def attribute(self, front: Expressions, value: Entry, name: str, node: ast.expr) -> Val:
        return read_field(front, pointer_of(front, value), value.type, name)

    def set_attribute(self, front: Expressions, value: Entry, name: str, new: Val, node: ast.Attribute) -> None:
        field = field_of(value.type, name)
        what = f"{value.type.name}.{name} ({field.type.name})"
        front.store(pointer_of(front, value), field.off_bytes, field.type, new, what)

    def augment_attribute(
        self, front: Expressions, value: Entry, name: str, op: str, operand: ast.expr, node: ast.Attribute
    ) -> None:
        """v.field += n, atomically: other CPUs may do the same."""
        field = field_of(value.type, name)
        if not isinstance(field.type, IntType):
            raise Refusal(f"{value.type.name}.{name} is a {field.type.name}, not an integer")
        if op not in ("+", "-"):
            raise Refusal(f"{op}= on a map is not atomic", "read the field, compute, and assign it")
        n = front.num(operand)
        n = numbers.negate(front.low, n) if op == "-" else n
        add_in_place(front.low, pointer_of(front, value), field.off_bytes, field.type, n)

    def truth(self, front: Expressions, value: Entry, node: ast.expr, then: Block, els: Block) -> tuple[Ranges, Ranges]:
        front.b.branch("ne", value.pointer, front.b.const(0), then, els)
        return {}, {}

    def is_none(self, front: Expressions, value: Entry, then: Block, els: Block) -> None:
        front.b.branch("eq", value.pointer, front.b.const(0), then, els)

    def kept(self, front: Expressions, name: str, value: Entry) -> Val:
        front.b.write(front.local(name), value.pointer)
        return value

    def merged(self, front: Expressions, name: str, values: list[Entry]) -> Val | None:
        first = values[0]
        if any(e.decl is not first.decl or e.is_stale for e in values):
            return None
        pointer = front.b.read(front.local(name), first.pointer.type)
        return Entry(pointer, first.type, first.decl, first.what)


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


def read_field(front: Expressions, base: Value, type: StructType, name: str) -> Val:
    """The value of a field of a struct in memory. Raises: Refusal."""
    field = field_of(type, name)
    if isinstance(field.type, IntType):
        return front.low.load_num(base, field.off_bytes, field.type)
    if isinstance(field.type, StrType):
        return Memory(base, field.off_bytes, field.type.size, True)
    raise Refusal(f"{name} is a {field.type.name}, which cannot be read here")


def read_copy(front: Expressions, decl: MapDecl, key: Value) -> Val:
    """m[k] of structs and strings: a copy on the stack, zeros for a missing key. Raises: Refusal."""
    type, low, b = decl.value, front.low, front.b
    if not isinstance(type, StructType | StrType):
        raise Refusal(f"the values of {decl.name} are {type}, which cannot be read in a probe yet")
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
    return StructValue(memory, type) if isinstance(type, StructType) else Memory(memory, 0, type.size)


def pointer_of(front: Expressions, value: Entry) -> Value:
    """The address of an entry that must be there."""
    return entry(front.low, value.pointer, value.what)


def store_other(front: Expressions, base: Value, off: int, type: Type, value: Val, what: str) -> None:
    """Write a value of a type that is neither integer nor string. Raises: Refusal."""
    if isinstance(type, StructType):
        if not isinstance(value, StructValue | RecordRef | Entry) or value.type is not type:
            raise Refusal(f"{what} takes a {type.name}, not {front.describe(value)}")
        source = pointer_of(front, value) if isinstance(value, Entry) else value.pointer
        front.low.copy(base, off, source, 0, type.size)
        return
    from ..types.map_kinds import PrefixType

    if not isinstance(type, PrefixType):
        raise Refusal(f"{what} cannot be assigned in a probe yet")
    store_prefix(front.low, base, off, type, front.as_num(value), what)

"""Structs made in a probe, and entries of maps that are used in place."""

from __future__ import annotations

import _ast as ast

from ..lower import numbers
from ..lower.map_kinds import add_in_place, entry, store_prefix
from ..lower.numbers import Refusal
from ..types.scalars import IntType, StrType
from ..types.structs import StructType
from .values import Entry, Memory, RecordRef, StructValue, similar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Value
    from ..types.maps import MapDecl
    from ..types.scalars import Type
    from ..types.structs import Field
    from .expressions import Expressions
    from .values import Val


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


def write_entry_field(front: Expressions, target: Entry, name: str, value: Val) -> None:
    """v.field = value. Raises: Refusal."""
    field = field_of(target.type, name)
    what = f"{target.type.name}.{name} ({field.type.name})"
    front.store(pointer_of(front, target), field.off_bytes, field.type, value, what)


def augment_entry_field(front: Expressions, target: Entry, name: str, op: str, value: ast.expr) -> None:
    """v.field += n, atomically: other CPUs may do the same. Raises: Refusal."""
    field = field_of(target.type, name)
    if not isinstance(field.type, IntType):
        raise Refusal(f"{target.type.name}.{name} is a {field.type.name}, not an integer")
    if op not in ("+", "-"):
        raise Refusal(f"{op}= on a map is not atomic", "read the field, compute, and assign it")
    n = front.num(value)
    n = numbers.negate(front.low, n) if op == "-" else n
    add_in_place(front.low, pointer_of(front, target), field.off_bytes, field.type, n)


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


def is_none(front: Expressions, value: Val, then: object, els: object) -> None:
    """Jump to `then` if a value is None, else to `els`."""
    if isinstance(value, Entry):
        front.b.branch("eq", value.pointer, front.b.const(0), then, els)  # type: ignore[arg-type]
    elif isinstance(value, numbers.Num) and value.is_kernel_pointer:
        front.b.branch("eq", value.value, front.b.const(0), then, els)  # type: ignore[arg-type]
    else:
        known = getattr(value, "object", value) is None
        front.b.jump(then if known else els)  # type: ignore[arg-type]

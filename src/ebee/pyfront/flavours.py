"""Structs of the kernel that a program declares for itself, and what it asks of the kernel's types at load time."""

from __future__ import annotations

import _ast as ast

from ..errors import BtfError
from ..lower import kernel_types as lower
from ..lower.numbers import U64_HI, Num, Refusal
from ..spec.core_fields import core_symbol, find_enumerator, find_field, find_type, is_symbol, shape_of
from ..types.fields import BigEndianType
from ..types.kernel_structs import KernelStruct, PointerType
from ..types.scalars import StrType, Type
from .values import KernelRef, Known, Memory, similar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .expressions import Expressions
    from .values import Val


def cast(front: Expressions, node: ast.Call, cls: type[KernelStruct]) -> Val:
    """task_struct___old(task): the same pointer, taken for one to such a struct. Raises: Refusal."""
    name = cls.__name__
    base = front.expr(front.arguments(node, name, 1, 1)[0])
    if not isinstance(base, Num) or not base.c_type.endswith("*"):
        raise Refusal(f"{name}() takes a pointer into the kernel, not {front.describe(base)}")
    if front.low.obj.flavours.setdefault(name, cls) is not cls:
        raise Refusal(f"two classes are called {name}", f"end the name of one otherwise: {name}___2")
    return lower.pointer(base.value, name)


def declared(front: Expressions, base: Num | KernelRef) -> type[KernelStruct] | None:
    """Return the KernelStruct class that a place in the kernel is taken for."""
    if isinstance(base, KernelRef):
        return base.type if isinstance(base.type, type) else None
    return front.low.obj.flavours.get(lower.struct_of(base))


def attribute(front: Expressions, base: Num | KernelRef, cls: type[KernelStruct], name: str, what: str) -> Val:
    """Return `base.name`, read now unless it is a struct. Raises: Refusal for a field that is not declared."""
    type = cls._kernel_fields.get(name)
    if type is None:
        raise Refusal(f"{cls.__name__} declares no field {name!r}", similar(name, cls._kernel_fields))
    pointer, struct_name, path = _place(base, name)
    if not isinstance(type, Type):
        return KernelRef(pointer, struct_name, path, type)
    symbol = core_symbol(struct_name, path, _shape(type))
    if isinstance(type, StrType):
        return Memory(lower.read_text(front.low, pointer, symbol, type.size, what), 0, type.size, True)
    n = lower.read_field(front.low, pointer, symbol, _shape(type), what, is_known=True)
    if isinstance(type, BigEndianType):
        return Num(front.b.op("bswap", n.value, size=type.size), type.lo, type.hi)
    return lower.pointer(n.value, type.struct_name) if isinstance(type, PointerType) else n


def has(front: Expressions, base: Num | KernelRef, cls: type[KernelStruct], name: str) -> Val:
    """Whether the kernel that the program is loaded into has `base.name`, of the declared sort. Raises: Refusal."""
    type = cls._kernel_fields.get(name)
    if type is None:
        raise Refusal(f"{cls.__name__} declares no field {name!r}", similar(name, cls._kernel_fields))
    _pointer, struct_name, path = _place(base, name)
    symbol = core_symbol(struct_name, path, _shape(type) if isinstance(type, Type) else "struct")
    return _asked(front, "core_field_exists", symbol)


def _place(base: Num | KernelRef, name: str) -> tuple[Any, str, str]:
    if isinstance(base, KernelRef):
        return base.pointer, base.struct_name, f"{base.path}.{name}"
    return base.value, lower.struct_of(base), name


def _shape(type: Type) -> str:
    if isinstance(type, PointerType):
        return f"struct {type.struct_name} *"
    if isinstance(type, BigEndianType):
        return f"u{8 * type.size}"
    return f"char[{type.size}]" if isinstance(type, StrType) else type.name


def _asked(front: Expressions, kind: str, symbol: str, hi: int = 1) -> Num:
    return Num(lower.core_number(front.low, kind, symbol), 0, hi)


def _names(front: Expressions, node: ast.Call, name: str, count: int) -> list[str]:
    values = [front.expr(a) for a in front.arguments(node, name, count, count)]
    if not all(isinstance(v, Known) and isinstance(v.object, str) for v in values):
        raise Refusal(f"{name}() takes names as constants")
    return [v.object for v in values if isinstance(v, Known)]


def _type_symbol(text: str, name: str) -> str:
    if not is_symbol("core_type_size", text):
        raise Refusal(f"{name}() takes 'struct x', 'union x' or 'enum x', not {text!r}")
    return text


def sizeof(front: Expressions, node: ast.Call) -> Val:
    """ebee.sizeof(Struct), ebee.sizeof("struct task_struct"), ebee.sizeof("struct task_struct.comm")."""
    (value,) = (front.expr(a) for a in front.arguments(node, "sizeof", 1, 1))
    what = value.object if isinstance(value, Known) else None
    what = getattr(what, "_type", what)
    if isinstance(what, Type):
        return Known(what.size)
    if not isinstance(what, str):
        raise Refusal(f"sizeof() takes a type, or the name of one of the kernel's, not {front.describe(value)}")
    whole, dot, path = what.partition(".")
    _type_symbol(whole, "sizeof")
    if not dot:
        return _asked(front, "core_type_size", whole, (1 << 31) - 1)
    from .kernel_types import members, types

    btf, struct_name = types(front), whole.partition(" ")[2]
    try:
        shape = shape_of(btf, find_field(btf, struct_name, path))
    except BtfError:
        raise Refusal(f"{whole} has no member {path!r}", similar(path, members(btf, find_type(btf, whole)))) from None
    if not shape:
        raise Refusal(f"{what} is of a type that no program can ask for")
    return _asked(front, "core_field_size", core_symbol(struct_name, path, shape), (1 << 31) - 1)


def has_type(front: Expressions, node: ast.Call) -> Val:
    """ebee.has_type("struct x")."""
    (text,) = _names(front, node, "has_type", 1)
    return _asked(front, "core_type_exists", _type_symbol(text, "has_type"))


def has_enum_value(front: Expressions, node: ast.Call) -> Val:
    """ebee.has_enum_value("enum", "ENUMERATOR")."""
    return _asked(front, "core_enum_exists", _enumerator(front, node, "has_enum_value"))


def enum_value(front: Expressions, node: ast.Call) -> Val:
    """ebee.enum_value("enum", "ENUMERATOR"): as a u64, or as an s64 where this kernel's is negative."""
    symbol = _enumerator(front, node, "enum_value")
    btf = front.target.btf()
    known = find_enumerator(btf, symbol) if btf is not None else None
    n = _asked(front, "core_enum_value", symbol, U64_HI)
    return Num(n.value, -1 << 63, (1 << 63) - 1) if known is not None and known < 0 else n


def _enumerator(front: Expressions, node: ast.Call, name: str) -> str:
    enum, enumerator = _names(front, node, name, 2)
    symbol = f"{enum.removeprefix('enum ')}.{enumerator}"
    if not is_symbol("core_enum_value", symbol):
        raise Refusal(f"{name}() takes the names of an enum and of one of its enumerators, not {symbol!r}")
    return symbol

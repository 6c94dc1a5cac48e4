"""Types of C, as an object's BTF describes them, as types of ebee: numbers, texts, lists, structs and unions.

Layouts are those of BTF, to the byte and bit. What Python has nothing for is bytes; pointers are numbers.
"""

from __future__ import annotations

import struct

from ..btf.kinds import (
    BTF_INT_BOOL,
    BTF_INT_SIGNED,
    BTF_KIND_ARRAY,
    BTF_KIND_ENUM,
    BTF_KIND_ENUM64,
    BTF_KIND_FLOAT,
    BTF_KIND_INT,
    BTF_KIND_PTR,
    BTF_KIND_STRUCT,
    BTF_KIND_UNION,
)
from ..btf.read import MAX_DEPTH
from ..errors import BtfError
from .fields import BOOL, BitsType, BytesType, EnumType, ListType, Union, UnionType
from .scalars import INT_TYPES, IntType, StrType, Type
from .structs import _RESERVED, Field, Struct, StructType, _set_own, window

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    from ..btf.read import Btf, BtfType

_MAX_ELEMENTS = 1 << 16  # of a list: longer arrays are bytes


class FloatType(Type):
    """C `float` or `double`."""

    __slots__ = ()

    def pack(self, value: Any) -> bytes:
        if not isinstance(value, int | float):
            raise TypeError(f"{self.name} takes a float, not {type(value).__name__}")
        return struct.pack("<f" if self.size == 4 else "<d", value)

    def unpack(self, data: bytes) -> float:
        return float(struct.unpack("<f" if self.size == 4 else "<d", data)[0])

    def numpy_format(self) -> str:
        return f"<f{self.size}"


def raw_type(size: int) -> BytesType:
    """Return the type of bytes without a meaning, however many."""
    type = BytesType.__new__(BytesType)
    Type.__init__(type, f"Bytes({size})", size, 1)
    return type


class _LongStr(StrType):
    """Text in an array of any length; one that fills it has no terminator, as is usual in C."""

    __slots__ = ()

    def __init__(self, size: int) -> None:
        Type.__init__(self, f"Str({size})", size, 1)

    def pack(self, value: Any) -> bytes:
        data = value.encode() if isinstance(value, str) else bytes(value)
        if len(data) > self.size:
            raise ValueError(f"{value!r} does not fit in {self.name}: {len(data)} bytes")
        return data.ljust(self.size, b"\0")


class MadeStruct(Struct):
    """A struct that BTF describes. Members of anonymous structs and unions in it are members of its own."""

    _type: StructType
    _inside: ClassVar[dict[str, str]] = {}  # member of an anonymous one -> the field that this is

    def __init__(self, **values: Any) -> None:
        inside = {name: values.pop(name) for name in list(values) if name in self._inside}
        super().__init__(**values)
        for name, value in inside.items():
            setattr(self, name, value)


class MadeUnion(Union):
    """A union that BTF describes."""

    _inside: ClassVar[dict[str, str]] = {}


class _Placed(StructType):
    """A struct laid out by BTF. Its values may be given as dicts, or as tuples in the order of the fields."""

    __slots__ = ()

    def __init__(self, cls: Any, fields: list[Field], size: int) -> None:
        _place(self, cls, fields, size)

    def pack(self, value: Any) -> bytes:
        return super().pack(_given(self, value))


class _PlacedUnion(UnionType):
    """A union laid out by BTF."""

    __slots__ = ()

    def __init__(self, cls: Any, fields: list[Field], size: int) -> None:
        _place(self, cls, fields, size)

    def pack(self, value: Any) -> bytes:
        return super().pack(_given(self, value))


def _place(type: StructType, cls: Any, fields: list[Field], size: int) -> None:
    type.cls, type.packed, type.is_special = cls, False, False
    type.fields = {f.name: f for f in fields}
    type._unpack = type._unpack_many = None
    Type.__init__(type, cls.__name__, size, 1)


def _given(type: StructType, value: Any) -> Any:
    if isinstance(value, tuple) and len(value) == len(type.fields):
        value = dict(zip(type.fields, value))
    return type.cls(**value) if isinstance(value, dict) else value


class BtfTypes:
    """The types of one object, each made once. An id may also be that of what a size is known of only: 0."""

    def __init__(self, btf: Btf) -> None:
        self.btf = btf
        self._known: dict[int, Type] = {}

    def type(self, type_id: int, size: int = 0, depth: int = 0) -> Type:
        """Return the type of an id; bytes of `size` if there is none, or if it has another size.

        Raises: BtfError for damaged types.
        """
        if not type_id:
            return raw_type(size)
        if depth > MAX_DEPTH:
            raise BtfError(f"type {type_id} contains itself", section=".BTF")
        found = self._known.get(type_id)
        if found is None:
            type = self.btf.resolve(type_id)  # qualified or not, it is one class
            found = self._known.get(type.id) or self._make(type, self._name(type_id), depth)
            self._known[type_id] = self._known[type.id] = found
        return found if not size or found.size == size else raw_type(size)

    def _name(self, type_id: int) -> str:
        """Return the name of a type, that of the typedef if it has none of its own."""
        name = self.btf.resolve(type_id).name
        for _ in range(MAX_DEPTH):
            type = self.btf.by_id(type_id)
            if name or not type.type_id:
                break
            name, type_id = type.name, type.type_id
        return name

    def _make(self, type: BtfType, name: str, depth: int) -> Type:
        kind = type.kind
        if kind == BTF_KIND_INT:
            encoding = type.int_encoding[0]
            is_signed = bool(encoding & BTF_INT_SIGNED)
            return BOOL if encoding & BTF_INT_BOOL and type.size_bytes == 1 else _number(type.size_bytes, is_signed)
        if kind == BTF_KIND_PTR:
            return _number(self.btf.pointer_size, False)
        if kind in (BTF_KIND_ENUM, BTF_KIND_ENUM64):
            return _enum(type, name)
        if kind == BTF_KIND_FLOAT and type.size_bytes in (4, 8):
            return FloatType("float" if type.size_bytes == 4 else "double", type.size_bytes, type.size_bytes)
        if kind == BTF_KIND_ARRAY:
            return self._array(type, depth)
        if kind in (BTF_KIND_STRUCT, BTF_KIND_UNION):
            return self._struct(type, name or "anonymous", depth)
        return raw_type(self.btf.sizeof(type.id))

    def _array(self, type: BtfType, depth: int) -> Type:
        element_id, _index, count = type.array
        element = self.btf.resolve(element_id)
        size = self.btf.sizeof(type.id)
        if element.kind == BTF_KIND_INT and element.size_bytes == 1 and not element.int_encoding[0] & BTF_INT_BOOL:
            return _LongStr(size) if element.name == "char" and size else raw_type(size)
        made = self.type(element_id, 0, depth + 1)
        if not 0 < count <= _MAX_ELEMENTS or not 0 < size <= 1 << 20:
            return raw_type(size)
        return ListType(made, count)

    def _struct(self, type: BtfType, name: str, depth: int) -> Type:
        is_union = type.kind == BTF_KIND_UNION
        fields: list[Field] = []
        inside: dict[str, str] = {}
        for at, member in enumerate(type.members):
            made = self.type(member.type_id, 0, depth + 1)
            name_of = member.name if member.name not in _RESERVED else f"{member.name}_"
            if not name_of.isidentifier():
                name_of = f"_{at}"
            bits = member.bitfield_size
            if bits and isinstance(made, IntType | EnumType) and member.bit_off + bits <= 8 * type.size_bytes:
                base, meaning = (made.base, made) if isinstance(made, EnumType) else (made, None)
                off, size = window(member.bit_off, member.bit_off + bits, 8)
                made = BitsType(base, bits, meaning, size, member.bit_off - 8 * off)
            elif bits or member.bit_off % 8 or member.bit_off // 8 + made.size > type.size_bytes:
                raise BtfError(f"member {member.name!r} of {name!r} lies outside", section=".BTF")
            else:
                off = member.bit_off // 8
            if not made.size or (not member.name and bits):
                continue  # an array without elements, or padding
            if not member.name:
                name_of = f"_{at}"
                members = (*getattr(made, "fields", ()), *getattr(getattr(made, "cls", None), "_inside", ()))
                inside.update({n: name_of for n in members if n[:1] != "_"})
            fields.append(Field(name_of, made, off))
        if not fields:
            return raw_type(type.size_bytes)
        base_class = MadeUnion if is_union else MadeStruct
        about: dict[str, Any] = {n: _forward(n, at) for n, at in inside.items()}
        cls: Any = make_class(base_class, name, {**about, "_inside": inside})
        cls._type = (_PlacedUnion if is_union else _Placed)(cls, fields, type.size_bytes)
        if not is_union and any(hasattr(f.type, "fields") or hasattr(f.type, "element") for f in fields):
            cls.__setattr__ = _set_own
        return cls._type  # type: ignore[no-any-return]


def described_type(description: Any, depth: int = 0) -> Type | None:
    """Return the type that a description stands for, which objects of `ebee.compile` have in their notes.

    None if it is damaged, or has parts that are described by their names only.
    """
    if isinstance(description, str):
        name, _, count = description.rstrip(")").partition("(")
        if name in ("Str", "Bytes") and count.isdecimal():
            return _LongStr(int(count)) if name == "Str" else raw_type(int(count))
        return next((t for t in INT_TYPES if t.name == description), None)
    rows = description.get("fields") if isinstance(description, dict) and depth < MAX_DEPTH else None
    if not isinstance(rows, list) or any(not isinstance(row, list) or len(row) != 3 for row in rows):
        return None
    if any(not isinstance(name, str) or not isinstance(off, int) for name, off, _part in rows):
        return None
    types = [(name, off, described_type(part, depth + 1)) for name, off, part in rows]
    fields = [Field(name, type, off) for name, off, type in types if type is not None and name.isidentifier()]
    size = description.get("size_bytes")
    if len(fields) != len(rows) or not fields or not isinstance(size, int):
        return None
    ends = [f.off_bytes for f in fields[1:]] + [size]
    if any(f.off_bytes < 0 or f.off_bytes + f.type.size > end for f, end in zip(fields, ends)):
        return None  # a union
    cls: Any = make_class(MadeStruct, str(description.get("name")), {})
    cls._type = _Placed(cls, fields, size)
    return cls._type  # type: ignore[no-any-return]


def make_class(base: Any, name: str, about: dict[str, Any]) -> Any:
    """Return a class of a struct whose fields are placed already."""
    return type(base)(name, (base,), {"_type": None, "__module__": __name__, **about})


def _forward(name: str, at: str) -> property:
    """A member of an anonymous struct or union, which is a field."""

    def get(self: Any) -> Any:
        return getattr(getattr(self, at), name)

    def put(self: Any, value: Any) -> None:
        inner = getattr(self, at)
        setattr(inner, name, value)
        setattr(self, at, inner)

    return property(get, put)


def _number(size: int, is_signed: bool) -> Type:
    return next((t for t in INT_TYPES if (t.size, t.signed) == (size, is_signed)), None) or raw_type(size)


def _enum(type: BtfType, name: str) -> Type:
    """Return the type of an enum: of a class made for it, or a number where Python cannot have such one."""
    base = _number(type.size_bytes, type.kind_flag)
    if not type.values or not isinstance(base, IntType):
        return base
    from enum import IntEnum

    try:
        make: Any = IntEnum
        cls = make(name or "anonymous", dict(type.values))
    except (TypeError, ValueError):
        return base
    return EnumType(cls, base, name)

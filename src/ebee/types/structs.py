"""`Struct`: records with a C layout, declared as a class with annotations."""

from __future__ import annotations

import sys

from ..errors import UsageError
from ..record import Record
from .scalars import NumType, Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..btf.build import BtfBuilder


class Field(Record):
    """A field of a struct: its type and where it lies, in bytes from the start."""

    name: str
    type: Type
    off_bytes: int

    def put(self, out: bytearray, value: Any) -> None:
        """Write a value into a struct's bytes. Raises: TypeError or ValueError when it does not fit."""
        piece, end = self.type.pack(value), self.off_bytes + self.type.size
        if isinstance(self.type, NumType) and self.type.bits < 8 * self.type.size:
            mask = (1 << self.type.bits) - 1 << self.type.shift
            kept = int.from_bytes(out[self.off_bytes : end], "little") & ~mask
            piece = (kept | int.from_bytes(piece, "little")).to_bytes(self.type.size, "little")
        out[self.off_bytes : end] = piece

    def take(self, data: bytes) -> Any:
        """Return the value in a struct's bytes."""
        return self.type.unpack(data[self.off_bytes : self.off_bytes + self.type.size])


class StructType(Type):
    """The layout of a `Struct` class, as C lays it out: natural alignment unless it is packed, bit fields, padding."""

    __slots__ = ("_unpack", "_unpack_many", "cls", "fields", "is_special", "packed")
    is_union = False

    def __init__(self, cls: type[Struct], members: dict[str, Type], packed: bool = False, align: int = 1) -> None:
        self.cls, self.packed = cls, packed
        self.fields: dict[str, Field] = {}
        bit, end = 0, 0
        for name, member in members.items():
            member_align = 1 if packed else member.align
            align = max(align, member_align)
            if self.is_union:
                bit = 0
            if hasattr(member, "placed"):
                unit = 8 * member.base.size  # type: ignore[attr-defined]
                if not packed and bit // unit < (bit + member.bits - 1) // unit:  # type: ignore[attr-defined]
                    bit = -(-bit // unit) * unit
                start, bit = bit, bit + member.bits  # type: ignore[attr-defined]
                off, size = window(start, bit, 1 if packed else 8)
                member = member.placed(size, start - 8 * off)
            else:
                off = -(-bit // (8 * member_align)) * member_align
                bit = 8 * (off + member.size)
            self.fields[name] = Field(name, member, off)
            end = max(end, bit)
        super().__init__(cls.__name__, -(-end // (8 * align)) * align, align)
        special = [f for f in self.fields.values() if f.type.is_special]
        self.is_special = bool(special)
        if special:
            self._check_special(special)
        self._unpack: Any = None
        self._unpack_many: Any = None

    def _check_special(self, special: list[Field]) -> None:
        """Refuse a lock or kernel pointer where the kernel does not look for it. Raises: UsageError."""
        deep = next((f for f in special if hasattr(f.type, "fields")), None)
        if deep is not None or self.is_union or self.packed:
            what = f"{self.name}.{(deep or special[0]).name}"
            raise UsageError(f"{what}: a lock or kernel pointer stands in a map's value itself, in a plain struct")
        locks = [f.name for f in special if f.type.name == "bpf_spin_lock"]
        if len(locks) > 1:
            raise UsageError(f"{self.name}.{locks[1]}: a value has one lock, and {locks[0]} is one already")

    def pack(self, value: Any) -> bytes:
        if not isinstance(value, self.cls):
            raise TypeError(f"{self.name} takes a {self.name}, not {type(value).__name__}")
        out = bytearray(self.size)
        for f in self.fields.values():
            try:
                f.put(out, getattr(value, f.name))
            except (TypeError, ValueError) as e:
                raise type(e)(f"{self.name}.{f.name}: {e}") from None
        return bytes(out)

    def own(self, value: Any) -> Any:
        if not isinstance(value, self.cls):
            return value
        copy = type(value).__new__(type(value))
        for f in type(value)._type.fields.values():
            object.__setattr__(copy, f.name, f.type.own(getattr(value, f.name)))
        return copy

    def _make_readers(self) -> None:
        from .readers import struct_readers

        self._unpack, self._unpack_many = struct_readers(self)

    def unpack(self, data: bytes) -> Any:
        if self._unpack is None:
            self._make_readers()
        return self._unpack(data)

    def reader(self) -> Callable[[bytes], Any]:
        if self._unpack is None:
            self._make_readers()
        read: Callable[[bytes], Any] = self._unpack
        return read

    def unpack_many(self, data: bytes | bytearray) -> list[Any]:
        if self._unpack is None:
            self._make_readers()
        values: list[Any] = self._unpack_many(data)
        return values

    def btf_id(self, btf: BtfBuilder) -> int:
        from ..btf.kinds import Member

        members = []
        for f in self.fields.values():
            bit, width = 8 * f.off_bytes, 0
            if hasattr(f.type, "placed"):
                bit, width = bit + f.type.shift, f.type.bits  # type: ignore[attr-defined]
            members.append(Member(f.name, f.type.btf_id(btf), bit, width))
        return (btf.add_union if self.is_union else btf.add_struct)(self.name, self.size, members)

    def numpy_format(self) -> dict[str, Any]:
        fields = self.fields.values()
        return {
            "names": [f.name for f in fields],
            "formats": [f.type.numpy_format() for f in fields],
            "offsets": [f.off_bytes for f in fields],
            "itemsize": self.size,
        }


def window(start: int, end: int, most: int) -> tuple[int, int]:
    """Return the offset and size in bytes of what holds bits `start` to `end`: one aligned access of `most` at most,
    or the bytes themselves."""
    size = 1
    while size <= most:
        if start // (8 * size) == (end - 1) // (8 * size):
            return start // (8 * size) * size, size
        size *= 2
    return start // 8, -(-end // 8) - start // 8


def type_of(annotation: Any, where: str) -> Type:
    """Return the type that a user wrote. Raises: UsageError, naming `where`."""
    if isinstance(annotation, Type):
        return annotation
    if isinstance(annotation, type) and isinstance(getattr(annotation, "_type", None), Type):
        return annotation._type  # type: ignore[attr-defined, no-any-return]
    if annotation is bool or isinstance(annotation, type) and hasattr(annotation, "__members__"):
        from .fields import BOOL, enum_type

        return BOOL if annotation is bool else enum_type(annotation, where)
    what = annotation.__name__ if isinstance(annotation, type) else repr(annotation)
    hints = {
        "int": "give the width: u8 … u64, s8 … s64",
        "str": "give the size: Str(16)",
        "bytes": "give the size: Bytes(16)",
        "list": "give type and number of the elements: List(u32, 8)",
    }
    raise UsageError(
        f"{where}: {what} is not a type with a fixed size",
        hint=hints.get(what, "")
        or "types are u8 … u64, s8 … s64, be16 … be64, bool, enums, Str(size), Bytes(size), List(type, count) and "
        "classes derived from Struct and Union",
    )


class Struct:
    """Base of record classes. Each annotation is a field, in order, laid out as C does.

        class Open(Struct):
            pid: u32
            path: str = Str(256)

    Fields that are not given are zero. Instances compare by value. `class P(Struct, packed=True)` has no padding;
    `align=64` aligns the whole, in bytes.
    """

    _layout: type[StructType] = StructType
    if TYPE_CHECKING:
        _type: StructType

    def __init_subclass__(cls, packed: bool = False, align: int = 1, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "_type" in vars(cls) or cls.__module__ == f"{__package__}.from_btf":
            return  # laid out elsewhere
        names = _Names(cls)
        members: dict[str, Type] = {}
        for base in cls.__mro__[1:]:
            inherited = vars(base).get("_type")
            if inherited is not None:
                if packed and not inherited.packed:
                    raise UsageError(f"{cls.__name__} cannot be packed: it begins with {base.__name__}, which is not")
                packed, align = inherited.packed, max(align, inherited.align)
                members.update({f.name: f.type for f in inherited.fields.values()})
                break
        for name, annotation in vars(cls).get("__annotations__", cls.__annotations__).items():
            where = f"{cls.__name__}.{name}"
            if name in _RESERVED or not name.isascii():
                raise UsageError(f"{where}: a field cannot have this name")
            default = cls.__dict__.get(name)
            if default is None:
                members[name] = type_of(names.value(annotation, where), where)
            elif isinstance(default, Type):
                members[name] = default
            elif hasattr(default, "member_type"):
                members[name] = default.member_type(names.value(annotation, where), where)
            else:
                raise UsageError(f"{where}: a field cannot have a default value; it is zero unless assigned")
            if default is not None:
                delattr(cls, name)
        if not members:
            if cls.__module__ == f"{__package__}.fields":
                return  # Union itself
            raise UsageError(f"struct {cls.__name__} has no fields", hint="write them as annotations: `pid: u32`")
        if not isinstance(align, int) or align & align - 1 or not 1 <= align <= 4096:
            raise UsageError(f"{cls.__name__}: align= is a power of two from 1 to 4096, not {align!r}")
        cls._type = cls._layout(cls, members, packed, align)
        if any(hasattr(member, "fields") or hasattr(member, "element") for member in members.values()):
            if not cls._type.is_union:
                cls.__setattr__ = _set_own  # type: ignore[method-assign, assignment]

    def __init__(self, **values: Any) -> None:
        for name, f in self._type.fields.items():
            setattr(self, name, values.pop(name) if name in values else f.type.zero())
        for name in values:
            raise TypeError(f"{type(self).__name__} has no field {name!r}")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(self._type.pack(self))

    def __repr__(self) -> str:
        shown = ", ".join(f"{n}={getattr(self, n)!r}" for n in self._type.fields)
        return f"{type(self).__name__}({shown})"


def _set_own(self: Struct, name: str, value: Any) -> None:
    """Assign a field, of structs and lists a copy."""
    f = self._type.fields.get(name)
    object.__setattr__(self, name, value if f is None else f.type.own(value))


def fields(struct: type[Struct]) -> tuple[str, ...]:
    """Return the names of a struct's fields, in order. A loop over them in a probe is unrolled; see `getattr`."""
    return tuple(struct._type.fields)


class _Names:
    """What the annotations of a class can name: what its module has, and the function that makes it."""

    def __init__(self, cls: type) -> None:
        self._module = vars(sys.modules.get(cls.__module__, sys))
        frame = sys._getframe(2)
        while frame.f_code.co_name == "__init_subclass__" and frame.f_back is not None:
            frame = frame.f_back
        self._local = frame.f_locals

    def value(self, annotation: Any, where: str) -> Any:
        """Return what an annotation stands for. Raises: UsageError."""
        if not isinstance(annotation, str):
            return annotation
        try:
            return eval(annotation, dict(self._module), dict(self._local))
        except NameError as e:
            raise UsageError(f"{where}: {e}") from None


_RESERVED = frozenset(("_bytes", "_data", "_last", "_layout", "_type", "_use", "_value"))

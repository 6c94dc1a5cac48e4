"""`Struct`: records with a C layout, declared as a class with annotations."""

from __future__ import annotations

import sys

from ..errors import UsageError
from ..record import Record
from .scalars import IntType, StrType, Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, dataclass_transform

    from ..btf.build import BtfBuilder
    from .scalars import Str
else:

    def dataclass_transform(**_options):
        return lambda cls: cls

    Str = StrType


class Field(Record):
    """A field of a struct: its type and where it lies, in bytes from the start."""

    name: str
    type: Type
    off_bytes: int


class StructType(Type):
    """The layout of a `Struct` class, as C lays it out: natural alignment, tail padding."""

    __slots__ = ("_decode", "cls", "fields")

    def __init__(self, cls: type[Struct], members: dict[str, Type]) -> None:
        self.cls = cls
        self.fields: dict[str, Field] = {}
        off, align = 0, 1
        for name, member in members.items():
            off = -(-off // member.align) * member.align
            self.fields[name] = Field(name, member, off)
            off += member.size
            align = max(align, member.align)
        super().__init__(cls.__name__, -(-off // align) * align, align)
        self._decode: Any = None

    def pack(self, value: Any) -> bytes:
        if not isinstance(value, self.cls):
            raise TypeError(f"{self.name} takes a {self.name}, not {type(value).__name__}")
        out = bytearray(self.size)
        for f in self.fields.values():
            try:
                out[f.off_bytes : f.off_bytes + f.type.size] = f.type.pack(getattr(value, f.name))
            except (TypeError, ValueError) as e:
                raise type(e)(f"{self.name}.{f.name}: {e}") from None
        return bytes(out)

    def _formats(self) -> Any:
        """One `struct.Struct` over the whole record, and the fields that need more than it gives."""
        import struct

        codes = {(1, False): "B", (2, False): "H", (4, False): "I", (8, False): "Q",
                 (1, True): "b", (2, True): "h", (4, True): "i", (8, True): "q"}  # fmt: skip
        text, off = "<", 0
        convert: list[tuple[str, Callable[[bytes], Any] | None]] = []
        for f in self.fields.values():
            text += f"{f.off_bytes - off}x" if f.off_bytes > off else ""
            if isinstance(f.type, IntType):
                text += codes[f.type.size, f.type.signed]
                convert.append((f.name, None))
            else:
                text += f"{f.type.size}s"
                convert.append((f.name, f.type.unpack))
            off = f.off_bytes + f.type.size
        return struct.Struct(f"{text}{self.size - off}x"), convert

    def unpack(self, data: bytes) -> Any:
        if self._decode is None:
            self._decode = self._formats()
        layout, convert = self._decode
        value = self.cls.__new__(self.cls)
        for (name, unpack), raw in zip(convert, layout.unpack(data)):
            object.__setattr__(value, name, raw if unpack is None else unpack(raw))
        return value

    def btf_id(self, btf: BtfBuilder) -> int:
        from ..btf.kinds import Member

        members = [Member(f.name, f.type.btf_id(btf), 8 * f.off_bytes) for f in self.fields.values()]
        return btf.add_struct(self.name, self.size, members)


def type_of(annotation: Any, where: str) -> Type:
    """Return the type that a user wrote. Raises: UsageError, naming `where`."""
    if isinstance(annotation, Type):
        return annotation
    if isinstance(annotation, type) and issubclass(annotation, Struct) and annotation is not Struct:
        return annotation._type
    what = annotation.__name__ if isinstance(annotation, type) else repr(annotation)
    hint = {"int": "give the width: u8 … u64, s8 … s64", "str": "give the size: Str(16)"}.get(what, "")
    raise UsageError(
        f"{where}: {what} is not a type with a fixed size",
        hint=hint or "types are u8 … u64, s8 … s64, Str(size) and Struct classes",
    )


@dataclass_transform(kw_only_default=True, field_specifiers=(Str,))
class Struct:
    """Base of record classes. Each annotation is a field, in order, laid out as C does.

        class Open(Struct):
            pid: u32
            path: str = Str(256)

    Fields that are not given are zero. Instances compare by value.
    """

    if TYPE_CHECKING:
        _type: StructType

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        scope = vars(sys.modules.get(cls.__module__, sys))
        members: dict[str, Type] = {}
        for base in cls.__mro__[1:]:
            if isinstance(base, type) and issubclass(base, Struct) and base is not Struct:
                members.update({f.name: f.type for f in base._type.fields.values()})
                break
        for name, annotation in vars(cls).get("__annotations__", cls.__annotations__).items():
            where = f"{cls.__name__}.{name}"
            default = cls.__dict__.get(name)
            if default is not None and not isinstance(default, Type):
                raise UsageError(f"{where}: a field cannot have a default value; it is zero unless assigned")
            if isinstance(annotation, str) and default is None:
                try:
                    annotation = eval(annotation, dict(scope))
                except NameError as e:
                    raise UsageError(f"{where}: {e}") from None
            members[name] = type_of(annotation if default is None else default, where)
            if default is not None:
                delattr(cls, name)
        if not members:
            raise UsageError(f"struct {cls.__name__} has no fields", hint="write them as annotations: `pid: u32`")
        cls._type = StructType(cls, members)

    def __init__(self, **values: Any) -> None:
        for name, f in self._type.fields.items():
            setattr(self, name, values.pop(name) if name in values else f.type.zero())
        for name in values:
            raise TypeError(f"{type(self).__name__} has no field {name!r}")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, n) for n in self._type.fields))

    def __repr__(self) -> str:
        shown = ", ".join(f"{n}={getattr(self, n)!r}" for n in self._type.fields)
        return f"{type(self).__name__}({shown})"

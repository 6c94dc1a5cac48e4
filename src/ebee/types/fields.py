"""More types of fields: lists, bytes, booleans, enums, bit fields, big-endian integers and unions."""

from __future__ import annotations

from ..errors import UsageError
from .scalars import INT_TYPES, IntType, NumType, Type
from .structs import Field, Struct, StructType, type_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from ..btf.build import BtfBuilder


class ListType(Type):
    """A fixed number of values one after the other: C `T x[count]`. In Python a list of exactly that length."""

    __slots__ = ("count", "element")

    def __init__(self, element: Any, count: int) -> None:
        self.element = type_of(element, "List()")
        if self.element.is_special:
            raise UsageError("List(): a lock or kernel pointer stands in a map's value itself, in a plain struct")
        if not isinstance(count, int) or not 1 <= count * self.element.size <= 1 << 20:
            raise ValueError(f"List() takes a number of elements that fill at most 1048576 bytes, not {count!r}")
        self.count = count
        super().__init__(f"List({self.element.name}, {count})", count * self.element.size, self.element.align)

    def pack(self, value: Any) -> bytes:
        if not isinstance(value, list | tuple) or len(value) != self.count:
            raise TypeError(f"{self.name} takes a list of {self.count} values, not {value!r}")
        return b"".join(map(self.element.pack, value))

    def unpack(self, data: bytes) -> list[Any]:
        size, unpack = self.element.size, self.element.unpack
        return self.kept([unpack(data[at : at + size]) for at in range(0, self.size, size)])

    def own(self, value: Any) -> Any:
        return self.kept([self.element.own(v) for v in value]) if isinstance(value, list | tuple) else value

    def kept(self, values: list[Any]) -> list[Any]:
        """The list of a field: one of structs or lists copies what is assigned to its elements."""
        if not (hasattr(self.element, "fields") or hasattr(self.element, "element")):
            return values
        elements = _Elements(values)
        elements.own = self.element.own
        return elements

    def btf_id(self, btf: BtfBuilder) -> int:
        return btf.add_array(self.element.btf_id(btf), self.count)

    def numpy_format(self) -> tuple[Any, int]:
        return (self.element.numpy_format(), self.count)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ListType) and (other.element, other.count) == (self.element, self.count)

    def __hash__(self) -> int:
        return hash((ListType, self.element, self.count))


class _Elements(list):  # type: ignore[type-arg]
    """A list of structs or lists, of which the elements are copies: assigning one to another leaves two."""

    __slots__ = ("own",)
    own: Callable[[Any], Any]

    def __setitem__(self, at: Any, value: Any) -> None:
        super().__setitem__(at, list(map(self.own, value)) if isinstance(at, slice) else self.own(value))

    def __reduce__(self) -> Any:
        return list, (list(self),)


class BytesType(Type):
    """Raw bytes: C `unsigned char x[size]`. In Python `bytes` of exactly that length."""

    __slots__ = ()

    def __init__(self, size: int) -> None:
        if not isinstance(size, int) or not 1 <= size <= 1 << 20:
            raise ValueError(f"Bytes() takes a size in bytes from 1 to 1048576, not {size!r}")
        super().__init__(f"Bytes({size})", size, 1)

    def pack(self, value: Any) -> bytes:
        if not isinstance(value, bytes | bytearray | memoryview) or len(value) != self.size:
            raise TypeError(f"{self.name} takes {self.size} bytes, not {value!r}")
        return bytes(value)

    def unpack(self, data: bytes) -> bytes:
        return bytes(data)

    def btf_id(self, btf: BtfBuilder) -> int:
        return btf.add_array(btf.add_int("unsigned char", 1), self.size)

    def numpy_format(self) -> str:
        return f"V{self.size}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BytesType) and other.size == self.size

    def __hash__(self) -> int:
        return hash((BytesType, self.size))


class BoolType(NumType):
    """C `_Bool`: one byte, 0 or 1."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("bool", 1, 1, False)
        self.hi = 1

    def pack(self, value: Any) -> bytes:
        return bytes([self.number(value)])

    def unpack(self, data: bytes) -> bool:
        return bool(data[0])

    def btf_id(self, btf: BtfBuilder) -> int:
        from ..btf.kinds import BTF_INT_BOOL

        return btf.add_int("_Bool", 1, BTF_INT_BOOL)

    def numpy_format(self) -> str:
        return "?"


class EnumType(NumType):
    """An enum class kept as an integer: C `enum`. Numbers that are no member stay ints."""

    __slots__ = ("base", "cls")

    def __init__(self, cls: Any, base: IntType, name: str = "") -> None:
        self.cls, self.base = cls, base
        super().__init__(name or cls.__name__, base.size, base.size, base.signed)

    def number(self, value: Any) -> int:
        return super().number(value.value if isinstance(value, self.cls) else value)

    def pack(self, value: Any) -> bytes:
        return self.base.pack(self.number(value))

    def unpack(self, data: bytes) -> Any:
        return self.member(self.base.unpack(data))

    def member(self, number: int) -> Any:
        """Return the member of a number, or the number itself."""
        try:
            return self.cls(number)
        except ValueError:
            return number

    def btf_id(self, btf: BtfBuilder) -> int:
        values = [(name, m.value) for name, m in self.cls.__members__.items()]
        add = btf.add_enum64 if self.size == 8 else btf.add_enum
        return add(self.cls.__name__, values, self.size)

    def numpy_format(self) -> str:
        return self.base.numpy_format()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EnumType) and other.cls is self.cls and other.base is self.base

    def __hash__(self) -> int:
        return hash((EnumType, self.cls, self.base))


class BigEndianType(NumType):
    """An unsigned integer whose most significant byte comes first, as in packets: the kernel's `__be16`.

    Values are host numbers, on both sides: only memory has the other order.
    """

    __slots__ = ()
    is_big_endian = True

    def __init__(self, size: int) -> None:
        super().__init__(f"be{8 * size}", size, size, False)

    def __call__(self, value: int = 0) -> int:
        return value & self.hi

    def pack(self, value: Any) -> bytes:
        return self.number(value).to_bytes(self.size)

    def unpack(self, data: bytes) -> int:
        return int.from_bytes(data)

    def btf_id(self, btf: BtfBuilder) -> int:
        base = next(t for t in INT_TYPES if t.size == self.size and not t.signed)
        return btf.add_typedef(f"__{self.name}", base.btf_id(btf))

    def numpy_format(self) -> str:
        return f">u{self.size}"


class BitsType(NumType):
    """A bit field of a struct: `bits` bits from bit `shift` of `size` bytes on; C `T x : bits`.

    `base` is T; `meaning` is an enum type or bool if the bits are not a plain int.
    """

    __slots__ = ("base", "meaning")

    def __init__(self, base: IntType, bits: int, meaning: NumType | None, size: int = 0, shift: int = 0) -> None:
        self.base, self.meaning = base, meaning
        super().__init__(f"Bits({base}, {bits})", size or base.size, base.align, base.signed, bits, shift)

    def placed(self, size: int, shift: int) -> BitsType:
        """Return the type of a member whose bits begin at `shift` in `size` bytes."""
        return BitsType(self.base, self.bits, self.meaning, size, shift)

    def number(self, value: Any) -> int:
        return super().number(value if self.meaning is None else self.meaning.number(value))

    def pack(self, value: Any) -> bytes:
        return ((self.number(value) & (1 << self.bits) - 1) << self.shift).to_bytes(self.size, "little")

    def unpack(self, data: bytes) -> Any:
        number = int.from_bytes(data, "little") >> self.shift & (1 << self.bits) - 1
        number -= (1 << self.bits) if number > self.hi else 0
        if isinstance(self.meaning, EnumType):
            return self.meaning.member(number)
        return number if self.meaning is None else bool(number)

    def btf_id(self, btf: BtfBuilder) -> int:
        return (self.meaning if isinstance(self.meaning, EnumType) else self.base).btf_id(btf)


class WidthSpec:
    """How wide an enum is; the annotation says which."""

    def __init__(self, base: Any) -> None:
        if not isinstance(base, IntType):
            raise UsageError(f"Width() takes u8 … u64 or s8 … s64, not {base!r}")
        self.base = base

    def member_type(self, annotation: Any, where: str) -> Type:
        """Return the type of a member. Raises: UsageError."""
        if not is_enum(annotation):
            raise UsageError(f"{where}: Width() is for enums", hint="write the integer type itself: u8 … u64, s8 … s64")
        return enum_type(annotation, where, self.base)


class BitsSpec:
    """How many bits a member has; the annotation says what they mean: int, bool or an enum."""

    def __init__(self, base: Any, bits: int) -> None:
        if not isinstance(base, IntType):
            raise UsageError(f"Bits() takes the type that holds the bits, u8 … u64 or s8 … s64, not {base!r}")
        if not isinstance(bits, int) or not 1 <= bits <= 8 * base.size:
            raise UsageError(f"Bits() takes a number of bits from 1 to {8 * base.size} of a {base}, not {bits!r}")
        self.base, self.bits = base, bits

    def member_type(self, annotation: Any, where: str) -> Type:
        """Return the type of a member. Raises: UsageError."""
        if annotation is bool:
            if self.bits > 1 or self.base.signed:
                hint = f"write Bits(u{8 * self.base.size}, 1)"
                raise UsageError(f"{where}: a bool has one bit of an unsigned type", hint=hint)
            return BitsType(self.base, 1, BOOL)
        if is_enum(annotation):
            field = BitsType(self.base, self.bits, enum_type(annotation, where, self.base))
            for member in annotation:
                if not field.lo <= member.value <= field.hi:
                    raise UsageError(f"{where}: {member!r} does not fit in {self.bits} bits of {self.base}")
            return field
        if annotation is not int and annotation is not self.base:
            raise UsageError(f"{where}: bits are int, bool or an enum, not {annotation!r}")
        return BitsType(self.base, self.bits, None)


def is_enum(annotation: Any) -> bool:
    """Whether an annotation is a class made with Python's `enum`."""
    return isinstance(annotation, type) and hasattr(annotation, "__members__")


def enum_type(cls: Any, where: str, base: IntType | None = None) -> EnumType:
    """Return the type of an enum class: 4 bytes, or 8 where its values need them. Raises: UsageError."""
    values = [m.value for m in cls]
    if not values or not all(isinstance(v, int) for v in values):
        raise UsageError(f"{where}: the members of {cls.__name__} are not integers", hint="derive it from enum.IntEnum")
    fit = [t for t in INT_TYPES if t.size >= 4 and t.lo <= min(values) and max(values) <= t.hi]
    if base is not None:
        fit = [base] if base.lo <= min(values) and max(values) <= base.hi else []
    if not fit:
        raise UsageError(f"{where}: the members of {cls.__name__} do not fit in {base or '64 bits'}")
    name = cls.__name__ if base is None else f"{cls.__name__}, Width({base})"
    return EnumType(cls, min(fit, key=lambda t: (t.size, t.signed)), name)


class Union(Struct):
    """Base of unions: each annotation is a field, and all of them lie in the same memory, as in C.

        class Address(Union):
            v4: be32
            v6: bytes = Bytes(16)

    Assigning one field changes what the others read. At most one may be given when a union is made.
    """

    # The field that was used last is kept as a value, so that `u.point.x = 1` changes the union.
    if TYPE_CHECKING:
        _data: bytes
        _last: str
        _value: Any

    def __init__(self, **values: Any) -> None:
        if len(values) > 1:
            raise TypeError(f"{type(self).__name__} is a union: one field can be given, not {len(values)}")
        object.__setattr__(self, "_data", bytes(self._type.size))
        object.__setattr__(self, "_last", "")
        for name, value in values.items():
            if name not in self._type.fields:
                raise TypeError(f"{type(self).__name__} has no field {name!r}")
            setattr(self, name, value)

    def _bytes(self) -> bytes:
        """Return the memory as it is now."""
        f = self._type.fields.get(self._last)
        if f is not None:
            raw = bytearray(self._data)
            write_changes(f, raw, 0, f.take(self._data), self._value)
            object.__setattr__(self, "_data", bytes(raw))
        return self._data

    def _use(self, name: str, value: Any, data: bytes) -> None:
        for attribute, new in (("_data", data), ("_last", name), ("_value", value)):
            object.__setattr__(self, attribute, new)

    def __getattr__(self, name: str) -> Any:
        f = type(self)._type.fields.get(name)
        if f is None:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")
        if self._last != name:
            data = self._bytes()
            self._use(name, f.take(data), data)
        return self._value

    def __setattr__(self, name: str, value: Any) -> None:
        f = self._type.fields.get(name)
        if f is None:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")
        raw = bytearray(self._bytes())
        try:
            f.put(raw, value)
        except (TypeError, ValueError) as e:
            raise type(e)(f"{type(self).__name__}.{name}: {e}") from None
        self._use(name, f.type.own(value), bytes(raw))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Union) and type(other) is type(self) and other._bytes() == self._bytes()

    __hash__ = Struct.__hash__


def write_changes(f: Field, out: bytearray, base: int, before: Any, now: Any) -> None:
    """Write what has changed of a field's value into bytes from `base` on; the rest, padding included, stays."""
    if before == now:
        return
    off, parts = base + f.off_bytes, None
    if type(f.type) is StructType and isinstance(now, f.type.cls):
        parts = [(g, getattr(before, g.name), getattr(now, g.name)) for g in f.type.fields.values()]
    elif isinstance(f.type, ListType) and isinstance(now, list | tuple) and len(now) == f.type.count:
        places = [Field("", f.type.element, at * f.type.element.size) for at in range(f.type.count)]
        parts = list(zip(places, before, now))
    if parts is not None:
        for part, old, new in parts:
            write_changes(part, out, off, old, new)
        return
    piece = out[off : off + f.type.size]
    Field(f.name, f.type, 0).put(piece, now)
    out[off : off + f.type.size] = piece


class UnionType(StructType):
    """The layout of a `Union` class: every field begins at the start."""

    __slots__ = ()
    is_union = True

    def pack(self, value: Any) -> bytes:
        if not isinstance(value, self.cls):
            raise TypeError(f"{self.name} takes a {self.name}, not {type(value).__name__}")
        assert isinstance(value, Union)
        return value._bytes()

    def own(self, value: Any) -> Any:
        return self.unpack(self.pack(value)) if isinstance(value, self.cls) else value

    def unpack(self, data: bytes) -> Any:
        value = self.cls()
        object.__setattr__(value, "_data", bytes(data))
        return value

    def reader(self) -> Callable[[bytes], Any]:
        return self.unpack

    def unpack_many(self, data: bytes | bytearray) -> list[Any]:
        return Type.unpack_many(self, data)


Union._layout = UnionType
BOOL = BoolType()

if TYPE_CHECKING:
    be16: TypeAlias = int
    be32: TypeAlias = int
    be64: TypeAlias = int

    def List(element: type[Any], count: int) -> Any:
        """`count` values one after the other: C `T x[count]`."""

    def Bytes(size: int) -> Any:
        """Raw bytes: C `unsigned char x[size]`."""

    def Bits(base: type[int], bits: int) -> Any:
        """A bit field: C `T x : bits`. The annotation is int, bool or an enum."""

    def Width(base: type[int]) -> Any:
        """How wide an enum is that is the annotation of a field."""
else:
    be16, be32, be64 = (BigEndianType(n) for n in (2, 4, 8))
    List, Bytes, Bits, Width = ListType, BytesType, BitsSpec, WidthSpec

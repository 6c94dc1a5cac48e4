"""Integer and string types: their C layout, and their conversion between bytes and Python values.

Integers are little endian on every architecture that ebee runs on. To a type checker `u32` is `int` and a string
field is `str`; at run time they are objects that know their width.
"""

from __future__ import annotations

from struct import Struct as Layout
from struct import error as LayoutError

from .records import RECORD_LEAD, record_step

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from ..btf.build import BtfBuilder


# What the module struct has for integers: by size and sign.
CODES = {(1, False): "B", (2, False): "H", (4, False): "I", (8, False): "Q",
         (1, True): "b", (2, True): "h", (4, True): "i", (8, True): "q"}  # fmt: skip


class Type:
    """A type with a fixed layout: `size` and `align` in bytes, `name` as a user writes it."""

    __slots__ = ("align", "name", "size")
    is_special = False  # whether the kernel keeps something in it that programs must not write: a lock, a pointer

    def __init__(self, name: str, size: int, align: int) -> None:
        self.name, self.size, self.align = name, size, align

    def pack(self, value: Any) -> bytes:
        """Return the `size` bytes of a Python value. Raises: TypeError or ValueError when it does not fit."""
        raise TypeError(f"{self.name} has no Python value")

    def unpack(self, data: bytes) -> Any:
        """Return the Python value of `size` bytes."""
        raise TypeError(f"{self.name} has no Python value")

    def packer(self) -> Callable[[Any], bytes]:
        """Return the quickest `pack`, which may raise struct.error in its place."""
        return self.pack

    def reader(self) -> Callable[[bytes], Any]:
        """Return the quickest `unpack`."""
        return self.unpack

    def unpack_many(self, data: bytes | bytearray) -> list[Any]:
        """Return the Python values of records, each behind a header of 8 bytes and padded to a multiple of 8."""
        size, step, unpack = self.size, record_step(self.size), self.unpack
        return [unpack(bytes(data[at : at + size])) for at in range(RECORD_LEAD, len(data), step)]

    def own(self, value: Any) -> Any:
        """Return what a field keeps of a value that is assigned to it: a copy of structs and lists, as in C."""
        return value

    def zero(self) -> Any:
        """Return the Python value of all-zero bytes."""
        return self.unpack(bytes(self.size))

    def btf_id(self, btf: BtfBuilder) -> int:
        """Add the type to `btf`, if it is not there yet, and return its id."""
        raise TypeError(f"{self.name} has no BTF")

    def numpy_format(self) -> Any:
        """Return what `numpy.dtype()` takes for this layout. Raises: TypeError where numpy has no such thing."""
        raise TypeError(f"{self.name} has no numpy format")

    def __repr__(self) -> str:
        return self.name


class NumType(Type):
    """A type whose values are numbers in a probe: from `lo` to `hi`, kept in `bits` bits from bit `shift` on.

    Of the kinds of such types only `IntType` fills its bytes with the number as the CPU has it.
    """

    __slots__ = ("bits", "hi", "lo", "shift", "signed")
    is_big_endian = False

    def __init__(self, name: str, size: int, align: int, signed: bool, bits: int = 0, shift: int = 0) -> None:
        super().__init__(name, size, align)
        self.signed, self.shift = signed, shift
        self.bits = bits = bits or 8 * size
        self.lo, self.hi = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)

    def number(self, value: Any) -> int:
        """Return a Python value as the number that is kept. Raises: TypeError or ValueError when it does not fit."""
        if not isinstance(value, int):
            raise TypeError(f"{self.name} takes an int, not {type(value).__name__}")
        if not self.lo <= value <= self.hi:
            raise ValueError(f"{int(value)} does not fit in {self.name} ({self.lo} to {self.hi})")
        return int(value)


class IntType(NumType):
    """An integer of 1, 2, 4 or 8 bytes. Calling it wraps a Python int to its width, as a cast in C does."""

    __slots__ = ("_layout",)

    def __init__(self, name: str, size: int, signed: bool) -> None:
        super().__init__(name, size, size, signed)
        self._layout = Layout("<" + CODES[size, signed])

    def __call__(self, value: int = 0) -> int:
        value &= (1 << 8 * self.size) - 1
        return value - (1 << 8 * self.size) if self.signed and value > self.hi else value

    def pack(self, value: Any) -> bytes:
        try:
            return self._layout.pack(value)
        except LayoutError:
            return self._layout.pack(self.number(value))  # says what is wrong

    def packer(self) -> Callable[[Any], bytes]:
        return self._layout.pack

    def unpack(self, data: bytes) -> int:
        number: int = self._layout.unpack(data)[0]
        return number

    def btf_id(self, btf: BtfBuilder) -> int:
        name = {1: "char", 2: "short", 4: "int", 8: "long long"}[self.size]
        if self.signed:
            return btf.add_typedef(self.name, btf.add_signed("signed char" if self.size == 1 else name, self.size))
        return btf.add_typedef(self.name, btf.add_int(f"unsigned {name}", self.size))

    def numpy_format(self) -> str:
        return f"<{'i' if self.signed else 'u'}{self.size}"


class StrType(Type):
    """A buffer of `size` bytes that holds a NUL-terminated string: C `char[size]`.

    Bytes are UTF-8; what is not is shown with backslash escapes, so that printing never fails.
    """

    __slots__ = ()

    def __init__(self, size: int) -> None:
        if not isinstance(size, int) or not 1 <= size <= 1 << 20:
            raise ValueError(f"Str() takes a size in bytes from 1 to 1048576, not {size!r}")
        super().__init__(f"Str({size})", size, 1)

    def pack(self, value: Any) -> bytes:
        data = value.encode() if isinstance(value, str) else bytes(value)
        if len(data) >= self.size:
            raise ValueError(f"{value!r} does not fit in {self.name}: {len(data)} bytes and the terminator")
        return data.ljust(self.size, b"\0")

    def unpack(self, data: bytes) -> str:
        end = data.find(b"\0")
        return (data if end < 0 else data[:end]).decode("utf-8", "backslashreplace")

    def btf_id(self, btf: BtfBuilder) -> int:
        return btf.add_array(btf.add_int("char", 1), self.size)

    def numpy_format(self) -> str:
        return f"S{self.size}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StrType) and other.size == self.size

    def __hash__(self) -> int:
        return hash((StrType, self.size))


if TYPE_CHECKING:
    u8: TypeAlias = int
    u16: TypeAlias = int
    u32: TypeAlias = int
    u64: TypeAlias = int
    s8: TypeAlias = int
    s16: TypeAlias = int
    s32: TypeAlias = int
    s64: TypeAlias = int

    def Str(size: int) -> Any:
        """A NUL-terminated string in a buffer of `size` bytes: C `char[size]`."""
else:
    u8, u16, u32, u64 = (IntType(f"u{8 * n}", n, False) for n in (1, 2, 4, 8))
    s8, s16, s32, s64 = (IntType(f"s{8 * n}", n, True) for n in (1, 2, 4, 8))
    Str = StrType

INT_TYPES: tuple[IntType, ...] = (u8, u16, u32, u64, s8, s16, s32, s64)  # type: ignore[assignment]

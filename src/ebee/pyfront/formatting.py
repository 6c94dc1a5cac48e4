"""f-strings: what they are made of, and what Python's formatting says of a value that is not there yet."""

from __future__ import annotations

import _ast as ast

from ..lower import formatting as lower
from ..lower.numbers import BOOL, MAYBE_BOOL, U64_HI, Num, Refusal
from ..types.scalars import StrType
from .arrays import check_fresh
from .order import steady
from .strings import StringKind, encoded
from .values import (
    BytesPlace,
    Comm,
    Entry,
    EnumNum,
    Known,
    ListPlace,
    Many,
    Maybe,
    Member,
    Memory,
    Piece,
    RecordRef,
    StructPlace,
    StructValue,
    Text,
    UserStr,
    is_flag,
    size_of_string,
)  # fmt: skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..ir.core import Value
    from .expressions import Expressions
    from .values import Val

_CONVERSIONS = {-1: "", ord("r"): "r", ord("s"): "s", ord("a"): "a"}
_MOST_SETS = 256  # of members of a Flag whose texts are found before
CONVERT: dict[str, Any] = {"": lambda value: value, "r": repr, "s": str, "a": ascii}


class TextKind(StringKind):
    """f-strings of values at run time: strings that are put together where they are needed."""


def joined(front: Expressions, node: ast.JoinedStr) -> Val:
    """An f-string. Raises: Refusal for values that have no text in a probe, and for formats that Python refuses."""
    parts: list[str | Piece] = []
    for at, part in enumerate(node.values):
        if isinstance(part, ast.FormattedValue):
            spec: Val = Known("")
            if isinstance(part.format_spec, ast.JoinedStr):
                spec = joined(front, part.format_spec)
            if not isinstance(spec, Known):
                raise Refusal("a format specification must be known when the probe is compiled")
            try:
                value = steady(front, front.expr(part.value), *node.values[at + 1 :])
                parts += formatted(front, value, _CONVERSIONS[part.conversion], spec.object)
            except Refusal as e:
                raise front.located(part, e) from None
        elif isinstance(part, ast.Constant):
            parts.append(str(part.value))
    return text_of(parts)


def text_of(parts: list[str | Piece]) -> Val:
    """The text that parts make together; a constant if all of them are known."""
    merged: list[str | Piece] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    if not merged or len(merged) == 1 and isinstance(merged[0], str):
        return Known(merged[0] if merged else "")
    return Text(merged)


def formatted(front: Expressions, value: Val, conversion: str = "", spec: str = "") -> list[str | Piece]:
    """A value as parts of a text: `format(value, spec)`. Raises: Refusal."""
    match value:
        case Known():
            if not is_plain(value.object):
                raise Refusal(f"{front.describe(value)} has no text in a probe")
            return [_try(value.object, conversion, spec)]
        case Text(parts=[Piece(names=dict(names)) as name]) if names and (conversion in ("r", "a") or spec):
            if "None" in names.values():
                what = "the name of flags of which none is set is None, which is not formatted so"
                raise Refusal(what, "print x.name")
            return [name.replace(names={n: _try(text, conversion, spec) for n, text in names.items()})]
        case Text():
            if conversion in ("", "s") and not spec:
                return list(value.parts)
            raise Refusal("an f-string inside another one cannot be formatted again", "format its parts")
        case Member() | EnumNum():
            return [_member(front, value, conversion, spec)]
        case Num():
            _check_number(front, value, conversion, spec)
        case Comm() | UserStr() | Memory():
            _try("text", conversion, spec)
        case BytesPlace():
            check_fresh(value)
            _try(bytes(value.type.size), conversion, spec)
        case Many():
            return _sequence(front, value, conversion, spec)
        case StructValue() | RecordRef() | Entry() | StructPlace() | ListPlace():
            from .texts_of_structs import text_of_place

            return text_of_place(front, value, conversion, spec)
        case _:
            hint = "test it first: if n is not None" if isinstance(value, Maybe) else "format its fields"
            raise Refusal(f"{front.describe(value)} has no text in a probe", hint)
    return [Piece(value, conversion, spec)]


def _sequence(front: Expressions, value: Many, conversion: str, spec: str) -> list[str | Piece]:
    """A tuple or list as parts of a text. Raises: Refusal."""
    _try(value.cls((0,)), conversion, spec)
    start, end = ("[", "]") if value.cls is list else ("(", ",)" if len(value.values) == 1 else ")")
    if spec:
        raise Refusal("a tuple or list cannot be formatted in a probe", "format its values")
    parts: list[str | Piece] = [start]
    for at, each in enumerate(value.values):
        parts += [", "] if at else []
        parts += formatted(front, each, "a" if conversion == "a" else "r")
    return [*parts, end]


def _member(front: Expressions, value: Member | EnumNum, conversion: str, spec: str) -> Piece:
    """A member of an enum; a number that is none is shown as such. Raises: Refusal."""
    names = texts_of_members(value, lambda member: _try(member, conversion, spec))
    if isinstance(value, Member):
        return Piece(value.num, "", "", names)
    n = Num(value.value, value.lo, value.hi)
    _check_number(front, n, conversion, spec)
    if all(text == _try(number, conversion, spec) for number, text in names.items()):
        names = {}
    return Piece(n, conversion, spec, names)


def texts_of_members(value: Member | EnumNum, text: Callable[[Any], str]) -> dict[int, str]:
    """What `text` says of the members that a number can be, and of sets of them. Raises: Refusal for too many."""
    n, cls = value.num if isinstance(value, Member) else value, value.cls
    if not is_flag(cls):
        return {int(m.value): text(m) for m in cls}
    plain = text(next(iter(cls), 0))
    if n.hi - n.lo >= _MOST_SETS:
        if isinstance(value, EnumNum) and plain == text(int(next(iter(cls), 0))):
            return {}  # as its number
        mask = (1 << (_MOST_SETS - 1).bit_length()) - 1
        what = f"a {cls.__name__} that may be {n.describe()} has too many names"
        raise Refusal(what, f"bound it: {cls.__name__}(int(x) & {mask:#x}); or show its number: int(x)")
    texts = {}
    for number in range(n.lo, n.hi + 1):
        try:
            texts[number] = text(cls(number))
        except ValueError:
            pass  # there is no such set: the number is shown
    return texts


def name_of(front: Expressions, value: Member | EnumNum) -> Text:
    """x.name of a member of an enum; a number that is no member ends the program, counted."""
    n = value.num if isinstance(value, Member) else Num(value.value, value.lo, value.hi)
    if not is_flag(value.cls):
        from .sequences import contains

        known, unknown = front.low.blocks(2)
        contains(front, Known(tuple(int(m.value) for m in value.cls)), n, known, unknown)
        front.b.start(unknown)
        front.low.abort("bad_index", f"a number that is no member of {value.cls.__name__} has no name")
        front.b.start(known)
    return Text([Piece(n, "", "", texts_of_members(value, lambda member: str(getattr(member, "name", None))))])


def is_plain(object: Any) -> bool:
    """Whether the text of a constant is the same wherever it is asked for."""
    if isinstance(object, tuple | list):
        return all(is_plain(item) for item in object)
    if isinstance(object, dict):
        return all(is_plain(key) and is_plain(item) for key, item in object.items())
    return object is None or isinstance(object, int | str | bytes | float) or hasattr(type(object), "__members__")


def _check_number(front: Expressions, n: Num, conversion: str, spec: str) -> None:
    """Refuse a number that Python would show otherwise, or not at all."""
    if n.c_type == MAYBE_BOOL:
        what = "this is True or False, or a member of an enum, on one way and a number on another"
        raise Refusal(what, "say which: int(x) or bool(x)")
    if not spec or conversion:
        if n.is_kernel_pointer:
            raise Refusal("a pointer into the kernel has no text", "print a member, or the address with :#x")
        if "char *" in n.c_type and not conversion:
            raise Refusal(
                "this is the address of a string", "the string: ebee.user_str(address); the address: f'{address:#x}'"
            )
    if spec.endswith("c") and not conversion and not (n.lo >= 0 and n.hi < 0xD800):
        raise Refusal(f"{n.describe()} need not be a character", "cast it: u8(x)")
    for sample in (False, True) if n.c_type == BOOL else {n.lo, n.hi, min(max(0, n.lo), n.hi, U64_HI)}:
        _try(sample, conversion, spec)


def _try(sample: object, conversion: str, spec: str) -> str:
    """Return Python's text of a value. Raises: Refusal with what Python says."""
    try:
        text = format(CONVERT[conversion](sample), spec)
    except (ValueError, TypeError, OverflowError) as e:
        raise Refusal(str(e)) from None
    if len(text) > 4096:
        raise Refusal(f"the text would be {len(text)} characters long")
    return text


# Texts that a probe keeps, which the kernel puts together


def most_bytes(value: Text) -> int:
    """The size of memory that holds a text whatever its values are. Raises: Refusal."""
    size = 1
    for part in value.parts:
        if isinstance(part, str):
            size += len(encoded(part))
        elif isinstance(part.value, Num):
            n = part.value
            if part.names:
                what = "the name of a member has no text that a probe could keep"
                raise Refusal(what, "print() shows it; compare the member itself")
            size += max(len(_try(sample, part.conversion, part.spec)) for sample in (n.lo, n.hi))
        elif isinstance(part.value, BytesPlace):
            raise Refusal("bytes have no text that a probe could keep", "print() shows them")
        else:
            size += size_of_string(part.value) - 1  # type: ignore[arg-type]
    return size


def write(front: Expressions, base: Value, off: int, size_bytes: int, text: Text, *, is_zero: bool, align: int) -> None:
    """Put a text together in memory. Raises: Refusal for formats that the kernel does not have."""
    fmt, values = format_of(front, text.parts)
    if not is_zero:
        front.low.zero(base, off, size_bytes, align)
    lower.write_text(front.low, base, off, size_bytes, fmt, values)


def format_of(front: Expressions, parts: Sequence[str | Piece]) -> tuple[bytes, list[Value]]:
    """Return the kernel's format of a text, and its values: at most two of a part. Raises: Refusal."""
    fmt, values = b"", []
    for part in parts:
        if part == "":
            continue
        if isinstance(part, str):
            data = encoded(part)
            # A format is printable ASCII, and what follows %s in it is no letter or digit.
            is_format = all(32 <= c < 127 or 9 <= c <= 13 for c in data)
            if is_format and not (fmt.endswith(b"%s") and part[0].isalnum()):
                fmt += data.replace(b"%", b"%%")
            else:
                fmt += b"%s"
                values.append(lower.constant(front.low, data))
        elif isinstance(part.value, Num):
            number = _number_format(part.value, part.conversion, part.spec)
            if fmt.endswith(b"%s") and number.startswith(b"0x"):
                fmt, number = fmt + b"%s", number[2:]
                values.append(lower.constant(front.low, b"0x"))
            fmt += number
            values.append(part.value.value)
        elif isinstance(part.value, BytesPlace):
            raise Refusal("bytes have no text that a probe could keep", "print() shows them")
        else:
            if part.conversion not in ("", "s") or part.spec not in ("", "s"):
                raise Refusal(
                    f"a string that is kept cannot be formatted with {part.conversion and '!'}{part.conversion}"
                    f"{part.spec and ':'}{part.spec}",
                    "print() can: the text is made in user space there",
                )
            fmt += b"%s"
            values.append(_address(front, part.value))
    return fmt, values


def _address(front: Expressions, value: Val) -> Value:
    """The address of a string that ends with a zero."""
    memory = front.written(value) if isinstance(value, Comm | UserStr) else value
    assert isinstance(memory, Memory)
    if not memory.has_end:
        size = memory.size_bytes + 1
        copy = front.b.alloca(-(-size // 8) * 8)
        front.store(copy, 0, StrType(size), memory, "a string")
        memory = Memory(copy, 0, size)
    return front.low.at(memory.base, memory.off)


def _number_format(n: Num, conversion: str, spec: str) -> bytes:
    """The kernel's format of a number that gives Python's text. Raises: Refusal."""
    rest, flags, prefix = "" if conversion else spec, "", ""
    if rest[:1] in ("<", ">"):
        flags, rest = "-" if rest[0] == "<" else "", rest[1:]
    is_aligned = rest != spec
    if rest[:1] == "#":
        prefix, rest = "0x", rest[1:]
    kind = rest[-1:] if rest[-1:] in ("d", "x", "X") else "d"
    width = rest.removesuffix(kind)
    has_zeros = width.startswith("0")
    wrong = (
        n.c_type == BOOL
        or conversion and spec
        or width and not (width.isascii() and width.isdigit())
        or has_zeros and is_aligned
        or kind != "d" and n.lo < 0
        or prefix and (kind != "x" or is_aligned or width and not (has_zeros and int(width) > 2))
    )  # fmt: skip
    if wrong:
        hint = "kept: d, x, X with < or > and a width, or 0 and a width; print() has them all"
        what = "True or False" if n.c_type == BOOL else f"the format {conversion and '!'}{conversion}:{spec}"
        raise Refusal(f"{what} is not for a text that is kept", "write int(x)" if n.c_type == BOOL else hint)
    if prefix and width:
        width = f"0{int(width) - 2}"
    sign = {"d": "lld" if n.lo < 0 else "llu"}.get(kind, f"ll{kind}")
    zeros = f"0{int(width)}" if has_zeros and int(width) else str(int(width)) if width and int(width) else ""
    return f"{prefix}%{flags}{zeros}{sign}".encode()

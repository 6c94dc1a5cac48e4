"""A script's values: bytes to Python values, and those to bpftrace's text and JSON.

Here are the kinds that need nothing from the machine: no symbols, stacks, users or clocks. Texts may hold bytes that
are not UTF-8, as lone surrogates (`surrogateescape`); who writes them out encodes them back.
"""

from __future__ import annotations

from ..bpftrace.value_types import (
    Array,
    Bool,
    Buf,
    Enum,
    Inet,
    Int,
    Mac,
    Member,
    Pointer,
    RecordType,
    Str,
    Struct,
    Tuple,
)
from .histograms import json_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..bpftrace.value_types import ValueType

AF_INET = 2
ESCAPES = {0x22: '\\"', 0x5C: "\\\\", 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t"}


def decode(kind: ValueType, data: bytes, byteorder: str = "little") -> Any:
    """Return the value that lies at the start of `data`.

    Numbers, enums and pointers give int, bool gives bool, texts give str, buf() and addresses of the network give
    bytes, tuples and arrays give tuple, records and structs give dict.

    Raises: TypeError for a kind that needs the machine. ValueError when `data` is too short.
    """
    if len(data) < kind.size_bytes:
        raise ValueError(f"a value of {kind.size_bytes} bytes is cut off after {len(data)}")
    data = data[: kind.size_bytes]
    match kind:
        case Int(signed=signed) | Enum(signed=signed):
            return _number(data, byteorder, signed)
        case Pointer():
            return _number(data, byteorder, False)
        case Bool():
            return data != b"\0"
        case Str():
            return data.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
        case Buf():
            return data[4 : 4 + _number(data[:4], byteorder, False)]
        case Mac():
            return data
        case Inet():
            return data[4:8] if _number(data[:4], byteorder, False) == AF_INET else data[4:]
        case Array(element=element, count=count):
            size = element.size_bytes
            return tuple(decode(element, data[i * size :], byteorder) for i in range(count))
        case Tuple(members=members):
            return tuple(_field(m, data, byteorder) for m in members)
        case RecordType(members=members) | Struct(members=members):
            return {m.name: _field(m, data, byteorder) for m in members}
    raise TypeError(f"{type(kind).__name__} is shown with the help of the machine")


def text(kind: ValueType, value: Any) -> str:
    """Return a value that `decode` gave as print() shows it.

    Raises: TypeError for a kind that needs the machine.
    """
    match kind:
        case Int():
            return str(value)
        case Bool():
            return "true" if value else "false"
        case Str():
            return value  # type: ignore[no-any-return]
        case Enum(names=names):
            return dict(names).get(value, str(value))
        case Pointer():
            return f"0x{value:x}"
        case Buf():
            return "".join(chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}" for byte in value)
        case Mac():
            return value.hex(":").upper()  # type: ignore[no-any-return]
        case Inet():
            return _address(value)
        case Array(element=element):
            return f"[{','.join(text(element, v) for v in value)}]"
        case Tuple(members=members):
            return f"({', '.join(text(m.type, v) for m, v in zip(members, value))})"
        case RecordType(members=members) | Struct(members=members):
            shown = (f".{m.name} = {text(m.type, value[m.name])}" for m in members)
            return f"{{ {', '.join(shown)} }}"
    raise TypeError(f"{type(kind).__name__} is shown with the help of the machine")


def json_text(kind: ValueType, value: Any) -> str:
    """Return a value that `decode` gave as `-f json` shows it.

    Raises: TypeError for a kind that needs the machine.
    """
    match kind:
        case Int() | Enum() | Pointer():
            return json_number(value)
        case Bool():
            return text(kind, value)
        case Buf():
            return f"[{','.join(map(str, value))}]"
        case Array(element=element):
            return f"[{','.join(json_text(element, v) for v in value)}]"
        case Tuple(members=members):
            return f"[{','.join(json_text(m.type, v) for m, v in zip(members, value))}]"
        case RecordType(members=members) | Struct(members=members):
            return f"{{{', '.join(f'{json_string(m.name)}: {json_text(m.type, value[m.name])}' for m in members)}}}"
    return json_string(text(kind, value))


def key_text(kind: ValueType, value: Any) -> str:
    """Return a map's key as it stands between the brackets: a tuple's elements without parentheses."""
    return text(kind, value)[1:-1] if isinstance(kind, Tuple) else text(kind, value)


def json_key(kind: ValueType, value: Any) -> str:
    """Return a map's key as a member's name of a JSON object: bpftrace 0.27.1 leaves every space out."""
    return json_string(key_text(kind, value).replace(" ", ""))


def json_string(content: str) -> str:
    """Return a text as a JSON string, as bpftrace 0.27.1 escapes it: bytes from 0x80 on are sign-extended."""
    parts = []
    for byte in content.encode("utf-8", "surrogateescape"):
        if byte >= 0x80:
            parts.append(f"\\uffffff{byte:02x}")
        elif byte >= 0x20 and byte not in ESCAPES:
            parts.append(chr(byte))
        else:
            parts.append(ESCAPES.get(byte) or f"\\u{byte:04x}")
    return f'"{"".join(parts)}"'


def _number(data: bytes, byteorder: str, signed: bool) -> int:
    return int.from_bytes(data, "little" if byteorder == "little" else "big", signed=signed)


def _field(member: Member, data: bytes, byteorder: str) -> Any:
    part = data[member.off_bytes : member.off_bytes + member.type.size_bytes]
    if not member.bit_size:
        return decode(member.type, part, byteorder)
    bits = (_number(part, byteorder, False) >> member.bit_off) & ((1 << member.bit_size) - 1)
    signed = isinstance(member.type, (Int, Enum)) and member.type.signed
    return bits - (1 << member.bit_size) if signed and bits >> (member.bit_size - 1) else bits


def _address(packed: bytes) -> str:
    from ipaddress import ip_address

    return str(ip_address(packed))

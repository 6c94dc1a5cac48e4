"""Bytes as Python values and back, by their type: numbers, text, lists, dicts by member.

A char array is text if it is UTF-8 with nothing but zeros behind its end, else a list of numbers. An enum is the name
of its value if it has one. Members of anonymous structs and unions stand beside the others, as in C.
"""

from __future__ import annotations

import struct

from ..errors import BtfError
from .kinds import (
    BTF_INT_BOOL,
    BTF_INT_SIGNED,
    BTF_KIND_ARRAY,
    BTF_KIND_DATASEC,
    BTF_KIND_ENUM,
    BTF_KIND_ENUM64,
    BTF_KIND_FLOAT,
    BTF_KIND_INT,
    BTF_KIND_PTR,
    BTF_KIND_STRUCT,
    BTF_KIND_UNION,
)
from .read import MAX_DEPTH, Btf, BtfType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal

    Order = Literal["little", "big"]

_FLOATS = {4: "f", 8: "d"}


def decode_value(btf: Btf, type_id: int, data: bytes, order: Order = "little", depth: int = 0) -> Any:
    """Return the value that bytes are. Raises: BtfError for too few of them and types without values."""
    type_ = btf.resolve(type_id)
    size_bytes = _size_of(btf, type_)
    if len(data) < size_bytes or depth > MAX_DEPTH:
        raise BtfError(f"{len(data)} bytes are no {type_.kind_name} {type_.name} of {size_bytes}")
    data, kind = data[:size_bytes], type_.kind
    if kind == BTF_KIND_INT:
        encoding, bit_off, bits = type_.int_encoding
        return _integer(int.from_bytes(data, order) >> bit_off, bits, encoding)
    if kind in (BTF_KIND_ENUM, BTF_KIND_ENUM64):
        return _enumerator(type_, int.from_bytes(data, order, signed=type_.kind_flag))
    if kind == BTF_KIND_FLOAT and size_bytes in _FLOATS:
        return struct.unpack(("<" if order == "little" else ">") + _FLOATS[size_bytes], data)[0]
    if kind == BTF_KIND_ARRAY:
        return _array(btf, type_, data, order, depth)
    if kind in (BTF_KIND_STRUCT, BTF_KIND_UNION):
        return _struct(btf, type_, data, order, depth)
    if kind == BTF_KIND_DATASEC:
        return {
            btf.by_id(var).name: decode_value(btf, btf.by_id(var).type_id, data[off : off + size], order, depth + 1)
            for var, off, size in type_.secinfos
        }
    return int.from_bytes(data, order)  # a pointer, a float of odd size


def _size_of(btf: Btf, type_: BtfType) -> int:
    if type_.kind == BTF_KIND_PTR:
        return 8
    if type_.kind == BTF_KIND_ARRAY:
        element, _, count = type_.array
        return btf.sizeof(element) * count
    if not type_.size_bytes and type_.kind not in (BTF_KIND_STRUCT, BTF_KIND_UNION, BTF_KIND_DATASEC):
        raise BtfError(f"{type_.kind_name} {type_.name} has no values")
    return type_.size_bytes


def _integer(number: int, bits: int, encoding: int) -> int | bool:
    number &= (1 << bits) - 1
    if encoding & BTF_INT_BOOL and number <= 1:
        return bool(number)
    return (number ^ 1 << bits - 1) - (1 << bits - 1) if encoding & BTF_INT_SIGNED and bits else number


def _enumerator(type_: BtfType, number: int) -> str | int:
    return next((name for name, value in type_.values if value == number), number)


def _is_char(btf: Btf, type_id: int) -> bool:
    type_ = btf.resolve(type_id)
    return type_.kind == BTF_KIND_INT and type_.size_bytes == 1 and type_.name == "char"


def _array(btf: Btf, type_: BtfType, data: bytes, order: Order, depth: int) -> Any:
    element, _, count = type_.array
    if _is_char(btf, element):
        text, _, rest = data.partition(b"\0")
        try:
            if not any(rest):
                return text.decode()
        except UnicodeDecodeError:
            pass
        return list(data)
    size = btf.sizeof(element)
    return [decode_value(btf, element, data[i * size : (i + 1) * size], order, depth + 1) for i in range(count)]


def _struct(btf: Btf, type_: BtfType, data: bytes, order: Order, depth: int) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for member in type_.members:
        bits = member.bitfield_size or btf._old_bitfield_size(btf.by_id(member.type_id), member.bit_off)
        if bits:
            value: Any = _bits(btf, member.type_id, data, member.bit_off, bits, order)
        else:
            value = decode_value(btf, member.type_id, data[member.bit_off // 8 :], order, depth + 1)
        if member.name:
            values[member.name] = value
        elif isinstance(value, dict):
            values.update(value)
    return values


def _bits(btf: Btf, type_id: int, data: bytes, bit_off: int, bits: int, order: Order) -> int | bool | str:
    type_, whole = btf.resolve(type_id), len(data) * 8
    shift = bit_off if order == "little" else whole - bit_off - bits
    number = int.from_bytes(data, order) >> shift & (1 << bits) - 1
    if type_.kind == BTF_KIND_INT:
        return _integer(number, bits, type_.int_encoding[0])
    signed = (number ^ 1 << bits - 1) - (1 << bits - 1) if type_.kind_flag else number
    return _enumerator(type_, signed)


def encode_value(btf: Btf, type_id: int, value: Any, order: Order = "little") -> bytes:
    """Return the bytes of a value, of a struct those of the members that are given, others zero.

    Raises: BtfError for a value that the type cannot hold.
    """
    type_ = btf.resolve(type_id)
    size_bytes, kind = _size_of(btf, type_), type_.kind
    if kind in (BTF_KIND_STRUCT, BTF_KIND_UNION) and isinstance(value, dict):
        return _encode_struct(btf, type_, value, order)
    if kind == BTF_KIND_ARRAY:
        element, _, count = type_.array
        if isinstance(value, str) and _is_char(btf, element) and len(value.encode()) <= size_bytes:
            return value.encode().ljust(size_bytes, b"\0")
        if not isinstance(value, list) or len(value) > count:
            raise BtfError(f"{value!r} is no list of at most {count} values")
        return b"".join(encode_value(btf, element, item, order) for item in value).ljust(size_bytes, b"\0")
    if kind == BTF_KIND_FLOAT and size_bytes in _FLOATS and isinstance(value, (int, float)):
        return struct.pack(("<" if order == "little" else ">") + _FLOATS[size_bytes], value)
    if kind in (BTF_KIND_ENUM, BTF_KIND_ENUM64) and isinstance(value, str):
        known = dict(type_.values)
        if value not in known:
            raise BtfError(f"enum {type_.name} has no {value!r}")
        value = known[value]
    if not isinstance(value, int) or kind in (BTF_KIND_STRUCT, BTF_KIND_UNION, BTF_KIND_DATASEC):
        raise BtfError(f"{value!r} is no {type_.kind_name} {type_.name}")
    signed = type_.kind_flag if kind != BTF_KIND_INT else bool(type_.int_encoding[0] & BTF_INT_SIGNED)
    try:
        return value.to_bytes(size_bytes, order, signed=signed)
    except OverflowError:
        words = f"{'signed' if signed else 'unsigned'} {size_bytes} bytes"
        raise BtfError(f"{value} does not fit into {type_.kind_name} {type_.name}: {words}") from None


def _encode_struct(btf: Btf, type_: BtfType, value: dict[str, Any], order: Order) -> bytes:
    data, left = bytearray(type_.size_bytes), dict(value)
    for name, item in value.items():
        try:
            place = btf.field_of(type_, name)
        except BtfError:
            continue
        del left[name]
        if place.bitfield_size:
            raise BtfError(f"member {name!r} is a bit field: give the bytes instead")
        part = encode_value(btf, place.type.id, item, order)
        data[place.off_bytes : place.off_bytes + len(part)] = part
    if left:
        raise BtfError(f"{type_.kind_name} {type_.name} has no member {next(iter(left))!r}")
    return bytes(data)

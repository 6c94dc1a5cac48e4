"""Values as bpftrace 0.27.1 prints them."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from ebee.bpftrace.value_types import (
    Array,
    Bool,
    Buf,
    Enum,
    Inet,
    Int,
    Ksym,
    Mac,
    Member,
    Pointer,
    Str,
    Struct,
    ValueType,
    record_of,
    tuple_of,
)
from ebee.tracing.values import decode, json_key, json_string, json_text, key_text, text

COLOURS = Enum("e", 4, False, ((3, "A"),))
NESTED = record_of([("a", Int(8)), ("b", tuple_of([Int(4, True), Str(4)]))])
BITS = Struct((Member("low", 0, Int(4), 0, 3), Member("s", 0, Int(4, True), 3, 2)), 4, "struct s")

SHOWN: list[tuple[ValueType, bytes, Any, str, str]] = [
    (Int(8), b"\xff" * 8, 2**64 - 1, "18446744073709551615", '"18446744073709551615"'),
    (Int(1, True), b"\xff", -1, "-1", "-1"),
    (Bool(), b"\1", True, "true", "true"),
    (Str(6), b"q\"\n\0zz", 'q"\n', 'q"\n', '"q\\"\\n"'),
    (Str(2), b"\xc3\xa9", "é", "é", '"\\uffffffc3\\uffffffa9"'),
    (Str(1), b"\xff", "\udcff", "\udcff", '"\\uffffffff"'),
    (Buf(6), b"\5\0\0\0\1b\"\\\n\0", b'\1b"\\\n', '\\x01b"\\\\x0a', "[1,98,34,92,10]"),
    (Pointer(), struct.pack("<Q", 7), 7, "0x7", "7"),
    (COLOURS, b"\3\0\0\0", 3, "A", "3"),
    (COLOURS, b"\4\0\0\0", 4, "4", "4"),
    (Inet(), struct.pack("<I4s12x", 2, b"\x7f\0\0\1"), b"\x7f\0\0\1", "127.0.0.1", '"127.0.0.1"'),
    (Inet(), struct.pack("<I16s", 10, b"\0" * 15 + b"\1"), b"\0" * 15 + b"\1", "::1", '"::1"'),
    (Mac(), b"\x00\x1a\2\3\4\xff", b"\x00\x1a\2\3\4\xff", "00:1A:02:03:04:FF", '"00:1A:02:03:04:FF"'),
    (Array(Int(1), 4), b"\1\2\3\4", (1, 2, 3, 4), "[1,2,3,4]", "[1,2,3,4]"),
    (NESTED, struct.pack("<Qi4s", 1, -2, b"hi"), {"a": 1, "b": (-2, "hi")}, "{ .a = 1, .b = (-2, hi) }",
     '{"a": 1, "b": [-2,"hi"]}'),
    (BITS, b"\x1d\0\0\0", {"low": 5, "s": -1}, "{ .low = 5, .s = -1 }", '{"low": 5, "s": -1}'),
]


@pytest.mark.parametrize(("kind", "data", "value", "as_text", "as_json"), SHOWN)
def test_values(kind: ValueType, data: bytes, value: Any, as_text: str, as_json: str) -> None:
    assert decode(kind, data + b"what follows") == value
    assert text(kind, value) == as_text
    assert json_text(kind, value) == as_json


def test_numbers_of_big_endian_machines() -> None:
    assert decode(tuple_of([Int(2), Int(4)]), b"\1\2\0\0\0\0\0\3", "big") == (0x102, 3)


def test_keys() -> None:
    key = tuple_of([tuple_of([Int(1), Int(1)]), Bool(), Pointer()])
    assert key_text(key, ((1, 2), True, 9)) == "(1, 2), true, 0x9"
    assert json_key(key, ((1, 2), True, 9)) == '"(1,2),true,0x9"'
    assert json_key(Str(16), "a b = { x },  y\t") == '"ab={x},y\\t"'
    assert json_key(NESTED, {"a": 1, "b": (-2, "hi")}) == '"{.a=1,.b=(-2,hi)}"'
    assert key_text(Buf(2), b"ok") == "ok"
    assert json_key(Buf(2), b"ab") == '"ab"'


def test_controls_in_json() -> None:
    assert json_string("\r\t\x08\x0c\x7f\x1f\\") == '"\\r\\t\\u0008\\u000c\x7f\\u001f\\\\"'


def test_what_is_cut_off_is_refused() -> None:
    with pytest.raises(ValueError, match="8 bytes is cut off after 3"):
        decode(Int(8), b"abc")


def test_what_needs_the_machine_is_refused() -> None:
    with pytest.raises(TypeError, match="Ksym"):
        decode(Ksym(), bytes(8))

"""Values by their types: read as C lays them out, and written back the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ebee.btf.build import BtfBuilder
from ebee.btf.kinds import BTF_INT_BOOL, BTF_INT_SIGNED, Member
from ebee.btf.read import Btf
from ebee.btf.values import decode_value, encode_value
from ebee.errors import BtfError


def types(order="little"):
    b = BtfBuilder(order)
    ids = {
        "int": b.add_int("int", 4, BTF_INT_SIGNED), "u16": b.add_int("u16", 2), "bool": b.add_int("_Bool", 1, BTF_INT_BOOL),
        "char": b.add_int("char", 1, BTF_INT_SIGNED), "double": b.add_float("double", 8),
    }  # fmt: skip
    ids["text"] = b.add_array(ids["char"], 8)
    ids["list"] = b.add_array(ids["u16"], 3)
    ids["enum"] = b.add_enum("color", [("RED", 0), ("GREEN", 1)])
    ids["ptr"] = b.add_ptr(ids["int"])
    ids["inner"] = b.add_struct("", 4, [Member("x", ids["u16"], 0), Member("y", ids["u16"], 16)])
    members = [
        Member("a", ids["int"], 0), Member("", ids["inner"], 32), Member("flags", ids["u16"], 64, 3),
        Member("more", ids["int"], 67, 5), Member("name", ids["text"], 96),
    ]  # fmt: skip
    ids["struct"] = b.add_struct("whole", 20, members)
    return Btf(b.encode()), ids


@pytest.mark.parametrize(
    ("name", "data", "value"),
    [
        ("int", b"\xff\xff\xff\xff", -1), ("u16", b"\xff\xff", 65535), ("bool", b"\1", True), ("bool", b"\2", 2),
        ("double", b"\0\0\0\0\0\0\xf8\x3f", 1.5), ("text", b"ab\0\0\0\0\0\0", "ab"), ("list", b"\1\0\2\0\3\0", [1, 2, 3]),
        ("text", b"ab\0c\0\0\0\0", [97, 98, 0, 99, 0, 0, 0, 0]), ("text", b"\xff" * 8, [255] * 8),
        ("enum", b"\1\0\0\0", "GREEN"), ("enum", b"\7\0\0\0", 7), ("ptr", b"\1" + bytes(7), 1),
        ("struct", b"\xfe\xff\xff\xff\1\0\2\0\xfd\0\0\0hi" + bytes(6),
         {"a": -2, "x": 1, "y": 2, "flags": 5, "more": -1, "name": "hi"}),
    ],
)  # fmt: skip
def test_values(name, data, value):
    btf, ids = types()
    assert decode_value(btf, ids[name], data) == value


def test_too_few_bytes_and_types_without_values():
    btf, ids = types()
    with pytest.raises(BtfError, match="3 bytes are no int int of 4"):
        decode_value(btf, ids["int"], b"abc")
    with pytest.raises(BtfError, match="void  has no values"):
        decode_value(btf, 0, b"abc")


@given(st.integers(-(1 << 31), (1 << 31) - 1), st.lists(st.integers(0, 65535), min_size=3, max_size=3), st.floats())
def test_values_written_are_read_back(number, numbers, fraction):
    for order in ("little", "big"):
        btf, ids = types(order)
        for name, value in (("int", number), ("list", numbers), ("double", fraction), ("enum", "RED")):
            again = decode_value(btf, ids[name], encode_value(btf, ids[name], value, order), order)
            assert again == value or value != value


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("int", 1 << 31, "does not fit into int int: signed 4 bytes"), ("u16", -1, "unsigned 2 bytes"),
        ("text", "too long for it", "no list of at most 8 values"), ("list", [1, 2, 3, 4], "no list of at most 3"),
        ("enum", "BLUE", "enum color has no 'BLUE'"), ("int", "a", "'a' is no int int"),
        ("struct", 5, "5 is no struct whole"), ("struct", {"z": 1}, "struct whole has no member 'z'"),
        ("struct", {"flags": 1}, "member 'flags' is a bit field"),
    ],
)  # fmt: skip
def test_values_that_types_cannot_hold(name, value, why):
    btf, ids = types()
    with pytest.raises(BtfError, match=why):
        encode_value(btf, ids[name], value)


def test_members_that_are_not_given_are_zero():
    btf, ids = types()
    data = encode_value(btf, ids["struct"], {"y": 2, "name": "hi"})
    assert decode_value(btf, ids["struct"], data) == {"a": 0, "x": 0, "y": 2, "flags": 0, "more": 0, "name": "hi"}

"""What a kernel's types say for each kind of CO-RE relocation, on kernels made up."""

from __future__ import annotations

import pytest

from ebee.btf.build import BtfBuilder
from ebee.btf.kinds import BTF_INT_SIGNED, Member
from ebee.btf.read import Btf
from ebee.errors import NotSupported
from ebee.spec.core_fields import kernel_names
from synthetic_kernel import core_value


def kernel():
    b = BtfBuilder()
    u8, u32, s32, u64 = (b.add_int(n, s, f) for n, s, f in (("u8", 1, 0), ("u32", 4, 0), ("int", 4, BTF_INT_SIGNED), ("u64", 8, 0)))
    b.add_enum("color", [("RED", 1), ("GREEN", -5)])
    b.add_enum64("wide", [("HUGE", 1 << 40)])
    b.add_union("either", 8, [Member("a", u64, 0)])
    inner = b.add_struct("", 8, [Member("deep", s32, 32)])
    members = [
        Member("plain", u64, 0), Member("name", b.add_array(b.add_int("char", 1), 16), 64), Member("p", b.add_ptr(0), 192),
        Member("inner", inner, 256), Member("low", u32, 320, 3), Member("sign", s32, 323, 5), Member("high", u8, 350, 2),
        Member("across", u64, 384 + 30, 20),
    ]  # fmt: skip
    b.add_struct("thing", 64, members)
    return Btf(b.encode())


VALUES = [
    ("core_field", "thing.inner.deep:s32", 36),
    ("core_field_exists", "thing.inner.deep:s32", 1),
    ("core_field_exists", "thing.inner.deep:u64", 1),  # a number is a number
    ("core_field_exists", "thing.inner.deep:*", 0),
    ("core_field_exists", "thing.inner.gone:s32", 0),
    ("core_field_exists", "nothing.plain:u64", 0),
    ("core_field_exists", "thing___old.plain:u64", 1),
    ("core_field_exists", "thing.low:bits", 1),
    ("core_field_size", "thing.name:char[16]", 16),
    ("core_field_size", "thing.plain:u64", 8),
    ("core_field_signed", "thing.inner.deep:s32", 1),
    ("core_field_signed", "thing.plain:u64", 0),
    ("core_type_exists", "struct thing", 1),
    ("core_type_exists", "struct thing___v2", 1),
    ("core_type_exists", "union thing", 0),
    ("core_type_exists", "enum color", 1),
    ("core_type_size", "union either", 8),
    ("core_type_size", "struct thing", 64),
    ("core_enum_exists", "color.RED", 1),
    ("core_enum_exists", "color.BLUE", 0),
    ("core_enum_exists", "shape.RED", 0),
    ("core_enum_value", "color.RED", 1),
    ("core_enum_value", "color.GREEN", (1 << 64) - 5),
    ("core_enum_value", "wide.HUGE", 1 << 40),
]


@pytest.mark.parametrize("kind,symbol,value", VALUES)
def test_value(kind, symbol, value):
    assert core_value(kernel(), kind, symbol) == value


@pytest.mark.parametrize("name,start,bits,signed", [("low", 320, 3, 0), ("sign", 323, 5, 1), ("high", 350, 2, 0), ("across", 414, 20, 0)])
def test_bit_fields_are_read_by_shifts(name, start, bits, signed):
    off, size, left, right, is_signed = (
        core_value(kernel(), kind, f"thing.{name}:bits")
        for kind in ("core_field", "core_field_size", "core_field_lshift", "core_field_rshift", "core_field_signed")
    )
    assert is_signed == signed and off % size == 0
    ones = ((1 << bits) - 1) << start
    word = int.from_bytes(ones.to_bytes(64, "little")[off : off + size], "little")
    assert (word << left & (1 << 64) - 1) >> right == (1 << bits) - 1
    outside = ~ones & (1 << 512) - 1
    word = int.from_bytes(outside.to_bytes(64, "little")[off : off + size], "little")
    assert (word << left & (1 << 64) - 1) >> right == 0


@pytest.mark.parametrize(
    "kind,symbol",
    [
        ("core_field", "thing.gone:u64"), ("core_field_size", "thing.gone:u64"), ("core_type_size", "struct gone"),
        ("core_enum_value", "color.BLUE"), ("core_field", "thing.plain:s32"), ("core_type_id", "union thing"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(kind, symbol):
    with pytest.raises(NotSupported, match=r"gone|BLUE|plain|union thing"):
        core_value(kernel(), kind, symbol)


def test_names_of_kernel_functions():
    assert kernel_names("bpf_obj_new") == ["bpf_obj_new", "bpf_obj_new_impl"]
    assert kernel_names("bpf_obj_new_impl___v2") == ["bpf_obj_new", "bpf_obj_new_impl"]

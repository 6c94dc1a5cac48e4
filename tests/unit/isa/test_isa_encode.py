"""Bytes to instructions and back, and what is refused on the way."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from isa_strategies import insn_of, programs

from ebee.errors import EbeeError, FormatError
from ebee.isa.encode import decode, encode, slot_offsets
from ebee.isa.insn import Insn
from ebee.isa.table import ROWS


@given(programs, st.sampled_from(["little", "big"]))
def test_decode_undoes_encode(program, byteorder):
    data = encode(program, byteorder)
    assert decode(data, byteorder) == program
    assert len(data) == 8 * slot_offsets(program)[-1]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@settings(max_examples=5)
@given(data=st.data())
def test_every_row_round_trips(row, data):
    insn = data.draw(insn_of(row))
    assert decode(encode([insn])) == [insn]


def test_layout_little_and_big_endian():
    # The example of RFC 9669 section 3.1: r1 += 0x11223344.
    insn = Insn(0x07, dst_reg=1, imm=0x11223344)
    assert encode([insn]).hex() == "0701000044332211"
    assert encode([insn], "big").hex() == "0710000011223344"
    wide = Insn(0x18, 2, 6, imm=0x1122334455667788)
    assert encode([wide]).hex() == "1862000088776655" + "0000000044332211"
    assert encode([wide], "big").hex() == "1826000055667788" + "0000000011223344"
    assert encode([Insn(0x63, 10, 9, -4, 0)]).hex() == "639afcff00000000"


def test_slot_offsets_count_lddw_twice():
    assert slot_offsets([]) == [0]
    assert slot_offsets([Insn(0xB7), Insn(0x18), Insn(0x95)]) == [0, 1, 3, 4]


@pytest.mark.parametrize(
    "insn, field",
    [
        (Insn(0x07, dst_reg=11), "dst_reg"),
        (Insn(0x07, dst_reg=-1), "dst_reg"),
        (Insn(0x0F, src_reg=16), "src_reg"),
        (Insn(0x05, off=1 << 15), "off"),
        (Insn(0x05, off=-(1 << 15) - 1), "off"),
        (Insn(0x07, imm=1 << 31), "imm"),
        (Insn(0x07, imm=-(1 << 31) - 1), "imm"),
        (Insn(0x18, imm=1 << 64), "imm"),
        (Insn(0x18, imm=-1), "imm"),
        (Insn(0x18, off=1 << 15), "off"),
        (Insn(256), "opcode"),
        (Insn(0x07, imm="4"), "imm"),
        (Insn(0x0F, src_reg=None), "src_reg"),
        (Insn(0x18, imm=1.5), "imm"),
    ],
)
def test_values_out_of_range_are_refused(insn, field):
    with pytest.raises(FormatError, match=f"instruction 1 .*{field}"):
        encode([Insn(0xB7), insn])


@given(st.builds(Insn, *[st.integers(-(2**70), 2**70)] * 5))
def test_encode_never_fails_otherwise(insn):
    try:
        data = encode([insn])
    except EbeeError:
        return
    assert decode(data, check=False) == [insn]


def test_truncated_and_odd_sizes_are_refused():
    with pytest.raises(FormatError, match="8 bytes"):
        decode(bytes(7))
    with pytest.raises(FormatError, match=r"instruction 1: .*missing"):
        decode(encode([Insn(0xB7)]) + b"\x18" + bytes(7))


@pytest.mark.parametrize("second", ["01000000", "00010000", "00100000", "00000100", "00000001"])
def test_second_slot_of_lddw_must_be_empty_but_for_imm(second):
    with pytest.raises(FormatError, match=r"instruction 2: .*second slot"):
        decode(encode([Insn(0xB7)]) + b"\x18" + bytes(7) + bytes.fromhex(second) + bytes(4))


def test_reserved_fields_are_refused_with_slot_and_field_or_passed_unchecked():
    data = encode([Insn(0x18), Insn(0x95)])[:-8] + struct.pack("<BBhi", 0x95, 0, 1, 0)
    with pytest.raises(FormatError, match=r"instruction 2: exit: the field off"):
        decode(data)
    assert decode(data, check=False)[1].off == 1


def test_unchecked_decoding_passes_unknown_opcodes():
    assert decode(b"\xff" * 8, check=False) == [Insn(0xFF, 15, 15, -1, -1)]
    with pytest.raises(FormatError, match="opcode 0xff"):
        decode(b"\xff" * 8)

"""Whatever the input, `decode` and `assemble` return something consistent or raise an EbeeError."""

from __future__ import annotations

import struct

from hypothesis import given, settings
from hypothesis import strategies as st

from ebee.errors import EbeeError
from ebee.isa.asm import assemble
from ebee.isa.disasm import disassemble
from ebee.isa.encode import decode, encode
from ebee.isa.table import ROWS

OPCODES = st.sampled_from([row.opcode for row in ROWS] + [0])
SMALL = st.sampled_from([0, 0, 0, 1, 8, 16, 32, 64, -1, 0x41, 0xE1, 0x100])
SLOT = st.builds(
    lambda opcode, regs, off, imm: struct.pack("<BBhi", opcode, regs, off, imm),
    OPCODES,
    st.integers(0, 255),
    SMALL,
    SMALL | st.integers(-(2**31), 2**31 - 1),
)
TEXTS = [text for row in ROWS for text in (row.syntax, row.conformance, *row.aliases)]
WORDS = [word for text in TEXTS for word in text.split()]
FIELDS = st.sampled_from(["0", "3", "-1", "+4", "0x10", "9" * 20, "name", "r", "1f", "r1", "w11", "%r2"])
MARKS = st.sampled_from([*":#;()*", "//", "name:", "1:", "٣", "0x", "s>", "\x00", "kernel-function"])
WORD = (
    st.builds(lambda word, field: word.replace("{", "").replace("}", field), st.sampled_from(WORDS), FIELDS)
    | FIELDS
    | MARKS
)
LINE = st.lists(WORD, max_size=8).map(" ".join) | st.text(max_size=20)


@settings(max_examples=300)
@given(st.binary(max_size=64) | st.lists(SLOT, max_size=8).map(b"".join), st.sampled_from(["little", "big"]))
def test_decode(data, byteorder):
    try:
        insns = decode(data, byteorder)
    except EbeeError:
        return
    assert encode(insns, byteorder) == data
    assert assemble("\n".join(disassemble(insns))) == insns


@settings(max_examples=300)
@given(st.lists(LINE, max_size=6).map("\n".join))
def test_assemble(text):
    try:
        insns = assemble(text, helpers={"name": 1}, symbols={"name": 7})
    except EbeeError as error:
        assert error.render()
        return
    assert decode(encode(insns)) == insns


@settings(max_examples=300)
@given(st.data())
def test_assemble_of_damaged_text(data):
    text = data.draw(st.sampled_from(TEXTS))
    operands = st.sampled_from(["1", "0", "+2", "- 3", "4096", "name"])
    for part in ("dst", "src", "off", "imm", "lo", "hi"):
        text = text.replace("{" + part + "}", data.draw(operands))
    position = data.draw(st.integers(0, len(text)))
    text = text[:position] + data.draw(st.text(max_size=2)) + text[position + data.draw(st.integers(0, 2)) :]
    try:
        insns = assemble(text, symbols={"name": 7})
    except EbeeError as error:
        assert error.render()
        return
    assert decode(encode(insns)) == insns

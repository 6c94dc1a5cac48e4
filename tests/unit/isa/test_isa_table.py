"""The table: names, coverage of the opcode space, selection of rows, refusals."""

from __future__ import annotations

import string
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from isa_strategies import insns

from ebee.errors import FormatError
from ebee.isa import opcodes
from ebee.isa.encode import encode
from ebee.isa.insn import Insn
from ebee.isa.table import BY_NAME, FIELDS, ROWS, row_of

ROOT = Path(__file__).resolve().parents[3]

# What other layers register handlers by: a renamed row must be noticed here.
NAMES = [
    "add64_imm", "add64_reg", "add32_imm", "sdiv64_reg", "smod32_imm", "mov64_reg", "mov64_imm",
    "movsx64_8", "movsx64_32", "movsx32_16", "arsh32_reg", "neg64", "neg32", "le16", "le32", "le64",
    "be16", "be64", "bswap16", "bswap64", "addr_space_cast", "ja", "gotol", "gotox", "may_goto",
    "jeq_imm", "jeq_reg", "jeq32_imm", "jset_reg", "jsle32_reg", "jslt_imm", "call_helper", "call_local",
    "call_kfunc", "callx", "exit", "ldxb", "ldxh", "ldxw", "ldxdw", "ldxsb", "ldxsh", "ldxsw", "stb",
    "stdw", "stxb", "stxdw", "ldabsb", "ldabsh", "ldabsw", "ldindb", "ldindw", "atomic_add64",
    "atomic_or32", "atomic_fetch_and64", "atomic_fetch_xor32", "atomic_xchg64", "atomic_cmpxchg32",
    "load_acq8", "load_acq64", "store_rel16", "store_rel64", "lddw", "lddw_map_fd", "lddw_map_value",
    "lddw_btf_id", "lddw_func", "lddw_map_idx", "lddw_map_idx_value",
]  # fmt: skip

# Independent of the table's way of computing them: opcode, fixed fields. From RFC 9669 and the kernel's headers.
ENCODINGS = {
    "add32_imm": (0x04, {}), "add64_reg": (0x0F, {}), "sub64_imm": (0x17, {}), "mul32_reg": (0x2C, {}),
    "div64_imm": (0x37, {"off": 0}), "sdiv64_imm": (0x37, {"off": 1}), "smod32_reg": (0x9C, {"off": 1}),
    "or64_imm": (0x47, {}), "and32_reg": (0x5C, {}), "lsh64_reg": (0x6F, {}), "rsh32_imm": (0x74, {}),
    "neg64": (0x87, {}), "xor32_imm": (0xA4, {}), "mov64_reg": (0xBF, {"off": 0}), "mov32_imm": (0xB4, {}),
    "movsx32_8": (0xBC, {"off": 8}), "movsx64_32": (0xBF, {"off": 32}), "arsh64_imm": (0xC7, {}),
    "addr_space_cast": (0xBF, {"off": 1}), "le16": (0xD4, {"imm": 16}), "be64": (0xDC, {"imm": 64}),
    "bswap32": (0xD7, {"imm": 32}), "ja": (0x05, {}), "gotol": (0x06, {}), "gotox": (0x0D, {}),
    "may_goto": (0xE5, {}), "jeq_imm": (0x15, {}), "jsgt32_reg": (0x6E, {}), "jslt_reg": (0xCD, {}),
    "jle32_imm": (0xB6, {}), "call_helper": (0x85, {"src_reg": 0}), "call_local": (0x85, {"src_reg": 1}),
    "call_kfunc": (0x85, {"src_reg": 2}), "callx": (0x8D, {}), "exit": (0x95, {}),
    "ldxw": (0x61, {}), "ldxh": (0x69, {}), "ldxb": (0x71, {}), "ldxdw": (0x79, {}), "ldxsw": (0x81, {}),
    "ldxsh": (0x89, {}), "ldxsb": (0x91, {}), "stw": (0x62, {}), "stdw": (0x7A, {}), "stxh": (0x6B, {}),
    "ldabsw": (0x20, {}), "ldabsb": (0x30, {}), "ldindh": (0x48, {}),
    "atomic_add32": (0xC3, {"imm": 0}), "atomic_fetch_or64": (0xDB, {"imm": 0x41}),
    "atomic_and64": (0xDB, {"imm": 0x50}), "atomic_fetch_xor32": (0xC3, {"imm": 0xA1}),
    "atomic_xchg64": (0xDB, {"imm": 0xE1}), "atomic_cmpxchg32": (0xC3, {"imm": 0xF1}),
    "load_acq8": (0xD3, {"imm": 0x100}), "load_acq64": (0xDB, {"imm": 0x100}),
    "store_rel16": (0xCB, {"imm": 0x110}), "store_rel32": (0xC3, {"imm": 0x110}),
    "lddw": (0x18, {"src_reg": 0}), "lddw_map_fd": (0x18, {"src_reg": 1}),
    "lddw_map_value": (0x18, {"src_reg": 2}),
    "lddw_btf_id": (0x18, {"src_reg": 3}), "lddw_func": (0x18, {"src_reg": 4}),
    "lddw_map_idx": (0x18, {"src_reg": 5}), "lddw_map_idx_value": (0x18, {"src_reg": 6}),
}  # fmt: skip


def test_names_are_unique_and_those_that_others_use_exist():
    assert len(BY_NAME) == len(ROWS)
    assert set(NAMES) <= set(BY_NAME)
    assert all(set(name) <= set(string.ascii_lowercase + string.digits + "_") for name in BY_NAME)


@pytest.mark.parametrize("name", ENCODINGS)
def test_encodings_known_from_the_standard(name):
    opcode, fixed = ENCODINGS[name]
    row = BY_NAME[name]
    assert row.opcode == opcode
    assert fixed.items() <= dict(row.fixed).items()


def test_every_row_is_complete():
    groups = {
        "base32", "base64", "atomic32", "atomic64", "divmul32", "divmul64", "packet", "callx", "post9669",
    }  # fmt: skip
    for row in ROWS:
        assert row.group in groups, row
        assert row.operation and row.source and row.family and row.op, row
        assert row.bits in (8, 16, 32, 64), row
        assert (row.since == "") == (row.name == "callx"), row
        assert {field for field, _ in row.fixed} | {field for field, _ in row.operands} == set(FIELDS), row
        assert ("jump" in dict(row.operands).values() or row.imm == "func") == bool(row.jump_field), row


@given(insns)
def test_row_of_finds_the_row_an_instruction_was_made_from(insn):
    row = row_of(insn)
    assert row.opcode == insn.opcode
    assert all(getattr(insn, field) == value for field, value in row.fixed)
    assert row is BY_NAME[row.name]


def test_all_other_opcodes_are_refused():
    known = {row.opcode for row in ROWS}
    assert len(known) == 130
    for opcode in set(range(256)) - known:
        with pytest.raises(FormatError, match=f"instruction 7: .*opcode {opcode:#04x}"):
            row_of(Insn(opcode), 7)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_fixed_field_with_another_value_is_refused_or_another_row(row):
    wrong = {"dst_reg": 9, "src_reg": 9, "off": 1234, "imm": 0x1234}
    for field, _value in row.fixed:
        insn = Insn(row.opcode, **dict(row.fixed))
        setattr(insn, field, wrong[field])
        with pytest.raises(FormatError, match=rf"instruction 3: .*\b{field}\b"):
            row_of(insn, 3)


@pytest.mark.parametrize("name", ["lddw_map_fd", "lddw_func", "lddw_map_idx"])
def test_second_imm_of_a_pseudo_lddw_without_use_for_it_is_refused(name):
    row = BY_NAME[name]
    assert row_of(Insn(0x18, 1, int(row.src_reg), imm=0xFFFFFFFF)) is row
    with pytest.raises(FormatError, match="second slot"):
        row_of(Insn(0x18, 1, int(row.src_reg), imm=1 << 32))


@pytest.mark.parametrize("insn", [Insn(0xBF, 11, 1), Insn(0xBF, 1, 15), Insn(0x61, 1, 12)])
def test_registers_above_r10_are_refused(insn):
    with pytest.raises(FormatError, match=r"no register r1[0-9]"):
        row_of(insn)


def test_opcode_names_and_rows_agree():
    assert BY_NAME["exit"].opcode == opcodes.EXIT
    assert BY_NAME["gotol"].opcode == opcodes.GOTOL
    assert BY_NAME["lddw"].opcode == opcodes.LDDW


def test_encoding_does_not_load_the_table_or_slow_modules():
    script = (
        "import sys; before = set(sys.modules); from ebee.isa import encode; "
        "print(*sorted(set(sys.modules) - before))"
    )
    loaded = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); {script}"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert "ebee.isa.encode" in loaded
    assert not {"re", "typing", "dataclasses", "enum", "inspect", "ebee.isa.table"} & set(loaded)
    assert encode([Insn(0x95)]) == b"\x95" + bytes(7)


def test_reference_page_is_up_to_date():
    made = subprocess.run(
        [sys.executable, str(ROOT / "tools/gen/isa_reference.py"), "--check"], capture_output=True, text=True
    )
    assert made.returncode == 0, made.stdout + made.stderr

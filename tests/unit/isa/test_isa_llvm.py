"""llvm-mc as an oracle, in both directions, for the instructions that LLVM 14 and later know."""

from __future__ import annotations

import random
import re
import shutil
import subprocess

import pytest

from ebee.isa.asm import assemble
from ebee.isa.disasm import format_insn
from ebee.isa.encode import encode
from ebee.isa.insn import Insn
from ebee.isa.table import ROWS, Row

pytestmark = pytest.mark.skipif(shutil.which("llvm-mc") is None, reason="llvm-mc is not installed")

# LLVM 14 knows none of these; calls of functions become relocations.
UNKNOWN = {"mod", "smod", "jset", "st", "load_acq", "store_rel", "callx", "kfunc", "local"}
KNOWN = [
    row
    for row in ROWS
    if row.op not in UNKNOWN and row.group != "post9669" and row.since != "6.6" and row.family != "lddw"
] + [row for row in ROWS if row.name in ("lddw", "lddw_map_fd", "lddw_map_value")]


def samples(row: Row, rng: random.Random) -> list[Insn]:
    """Return instructions of the row with assorted operands."""
    made = []
    for _ in range(6):
        insn = Insn(row.opcode, **dict(row.fixed))
        for field, kind in row.operands:
            bits = 4 if kind == "reg" else 16 if field == "off" else 63 if kind == "imm64" else 31
            value = rng.randrange(11) if kind == "reg" else rng.getrandbits(rng.randrange(1, bits))
            if rng.random() < 0.5 and kind in ("mem", "jump", "s32", "cmp"):
                value = -value
            if kind == "pkt_off":
                value = 0  # LLVM has no way to write it
            setattr(insn, field, value)
        made.append(insn)
    return made


def llvm_mc(arguments: list[str], text: str) -> str:
    done = subprocess.run(
        ["llvm-mc", "--arch=bpfel", "--mattr=+alu32", *arguments], input=text, capture_output=True, text=True
    )
    assert not done.stderr and done.returncode == 0, done.stderr[:2000]
    return done.stdout


def test_llvm_encodes_our_text_as_we_do():
    rng = random.Random(9669)
    # The assembler of LLVM 14 reads neither arguments in parentheses nor `|=` on 32 bits.
    rows = [
        row
        for row in KNOWN
        if row.name in ("atomic_add64", "atomic_add32")
        or (row.family != "atomic" and row.op not in ("ldind", "lddw_map_fd", "lddw_map_value"))
    ]
    assert len(rows) > 100
    insns = [insn for row in rows for insn in samples(row, rng)]
    texts = [re.sub(r"\bpc(?=[+-])", "", format_insn(insn)) for insn in insns]
    output = llvm_mc(["--show-encoding"], "\n".join(texts) + "\n")
    encodings = re.findall(r"encoding: \[(.*?)\]", output)
    assert len(encodings) == len(insns)
    for insn, text, encoding in zip(insns, texts, encodings, strict=True):
        assert encode([insn]) == bytes(int(byte, 16) for byte in encoding.split(",")), text


def test_we_read_what_llvm_disassembles():
    rng = random.Random(14)
    insns = [insn for row in KNOWN for insn in samples(row, rng)]
    data = "\n".join(" ".join(f"{byte:#04x}" for byte in encode([insn])) for insn in insns)
    output = llvm_mc(["--disassemble"], data + "\n")
    lines = [line.strip() for line in output.splitlines()]
    texts = [line for line in lines if line and not line.startswith(".")]
    assert len(texts) == len(insns)
    for insn, text in zip(insns, texts, strict=True):
        assert assemble(text) == [insn], text

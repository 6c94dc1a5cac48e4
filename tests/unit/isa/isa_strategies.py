"""Hypothesis strategies for instructions, made from the table's operand kinds."""

from __future__ import annotations

from hypothesis import strategies as st

from ebee.isa.insn import Insn
from ebee.isa.table import ROWS, Row

U32 = st.integers(0, 2**32 - 1)
S32 = st.integers(-(2**31), 2**31 - 1)
S16 = st.integers(-(2**15), 2**15 - 1)
WIDE_PAIR = st.integers(0, 2**64 - 1)

KINDS = {
    "reg": st.integers(0, 10),
    "mem": S16,
    "fd_idx": st.integers(0, 2**15 - 1),
    "s32": S32,
    "cmp": S32,
    "pkt": S32,
    "pkt_off": S32,
    "helper": S32,
    "kfunc": S32,
    "addr_spaces": S32,
    "imm64": WIDE_PAIR,
    "map_fd": U32,
    "map_idx": U32,
    "func": U32,
    "map_fd_value": WIDE_PAIR,
    "map_idx_value": WIDE_PAIR,
    "btf_id": WIDE_PAIR,
}


def insn_of(row: Row) -> st.SearchStrategy[Insn]:
    """Return instructions of `row` with any legal operands."""
    fields = {field: st.just(value) for field, value in row.fixed}
    for field, kind in row.operands:
        fields[field] = (S16 if field == "off" else S32) if kind == "jump" else KINDS[kind]
    return st.builds(Insn, st.just(row.opcode), **fields)


insns = st.sampled_from(ROWS).flatmap(insn_of)
programs = st.lists(insns, max_size=30)

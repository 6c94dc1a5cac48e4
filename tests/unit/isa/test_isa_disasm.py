"""Instructions to text: the canonical syntax, the conformance suite's, labels, names, listings."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from isa_strategies import insn_of, programs

from ebee.errors import FormatError
from ebee.isa.asm import assemble
from ebee.isa.disasm import disassemble, format_insn, jump_targets
from ebee.isa.insn import Insn
from ebee.isa.table import ROWS

STYLES = st.sampled_from(["kernel", "conformance"])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@settings(max_examples=5)
@given(data=st.data())
def test_every_row_is_read_back_from_both_syntaxes(row, data):
    insn = data.draw(insn_of(row))
    for style in ("kernel", "conformance"):
        assert assemble(format_insn(insn, style=style)) == [insn]


@given(programs, STYLES, st.booleans(), st.booleans())
def test_programs_are_read_back(program, style, labels, slots):
    def source_line(slot):
        return f"line: {slot}"

    lines = disassemble(program, style=style, labels=labels, slots=slots, source_line=source_line)
    assert assemble("\n".join(lines)) == program


# As kernel/bpf/disasm.c prints them (LDDW apart, and what has no name there).
@pytest.mark.parametrize(
    "insn, kernel, conformance",
    [
        (Insn(0x07, 0, 0, 0, 4), "r0 += 4", "add %r0, 4"),
        (Insn(0xBC, 1, 2), "w1 = w2", "mov32 %r1, %r2"),
        (Insn(0xC4, 0, 0, 0, 3), "w0 s>>= 3", "arsh32 %r0, 3"),
        (Insn(0x87, 1), "r1 = -r1", "neg %r1"),
        (Insn(0x84, 1), "w1 = -w1", "neg32 %r1"),
        (Insn(0xBF, 1, 2, 8), "r1 = (s8)r2", "movsx864 %r1, %r2"),
        (Insn(0x9F, 1, 2, 1), "r1 s%= r2", "smod %r1, %r2"),
        (Insn(0xDC, 1, imm=16), "r1 = be16 r1", "be16 %r1"),
        (Insn(0xD7, 1, imm=64), "r1 = bswap64 r1", "swap64 %r1"),
        (Insn(0xBF, 1, 2, 1, 1), "r1 = addr_space_cast(r2, 0, 1)", "addr_space_cast %r1, %r2, 0, 1"),
        (Insn(0x65, 1, 0, 3, -5), "if r1 s> 0xfffffffb goto pc+3", "jsgt %r1, -5, +3"),
        (Insn(0x1E, 1, 2, -3), "if w1 == w2 goto pc-3", "jeq32 %r1, %r2, -3"),
        (Insn(0x05, off=-1), "goto pc-1", "ja -1"),
        (Insn(0x06, imm=70000), "gotol pc+70000", "ja32 +70000"),
        (Insn(0xE5, off=3), "may_goto pc+3", "may_goto +3"),
        (Insn(0x0D, 1), "gotox r1", "gotox %r1"),
        (Insn(0x61, 1, 10, -4), "r1 = *(u32 *)(r10 -4)", "ldxw %r1, [%r10-4]"),
        (Insn(0x89, 1, 2, 4), "r1 = *(s16 *)(r2 +4)", "ldxsh %r1, [%r2+4]"),
        (Insn(0x72, 1, 0, 0, 5), "*(u8 *)(r1 +0) = 5", "stb [%r1+0], 5"),
        (Insn(0x7B, 10, 1, -8), "*(u64 *)(r10 -8) = r1", "stxdw [%r10-8], %r1"),
        (Insn(0xDB, 1, 2), "lock *(u64 *)(r1 +0) += r2", "lock add [%r1+0], %r2"),
        (
            Insn(0xDB, 1, 2, 0, 1),
            "r2 = atomic64_fetch_add((u64 *)(r1 +0), r2)",
            "lock fetch add [%r1+0], %r2",
        ),
        (Insn(0xC3, 1, 2, 8, 0xE1), "r2 = atomic_xchg((u32 *)(r1 +8), r2)", "lock xchg32 [%r1+8], %r2"),
        (
            Insn(0xDB, 1, 2, 8, 0xF1),
            "r0 = atomic64_cmpxchg((u64 *)(r1 +8), r0, r2)",
            "lock cmpxchg [%r1+8], %r2",
        ),
        (Insn(0xD3, 1, 2, 0, 0x100), "r1 = load_acquire((u8 *)(r2 +0))", "load_acq8 %r1, [%r2+0]"),
        (Insn(0xCB, 1, 2, 0, 0x110), "store_release((u16 *)(r1 +0), r2)", "store_rel16 [%r1+0], %r2"),
        (Insn(0x30, imm=4), "r0 = *(u8 *)skb[4]", "ldabsb 4"),
        (Insn(0x40, 0, 1, imm=4), "r0 = *(u32 *)skb[r1 + 4]", "ldindw %r1, + 4"),
        (Insn(0x18, 1, imm=2**64 - 1), "r1 = 0xffffffffffffffff ll", "lddw %r1, 0xffffffffffffffff"),
        (Insn(0x18, 1, 1, imm=3), "r1 = map[fd:3]", "lddw %r1, map_by_fd(3)"),
        (Insn(0x18, 1, 2, imm=16 << 32 | 3), "r1 = map[fd:3][0]+16", "lddw %r1, map_val(map_by_fd(3))+16"),
        (Insn(0x18, 1, 3, imm=77), "r1 = var[btf_id:77]", "lddw %r1, var_addr(77)"),
        (Insn(0x18, 1, 4, imm=2**32 - 2), "r1 = subprog[-2]", "lddw %r1, code_addr(-2)"),
        (Insn(0x18, 1, 5, imm=1), "r1 = map[idx:1]", "lddw %r1, map_by_idx(1)"),
        (Insn(0x85, imm=5), "call 5", "call helper 5"),
        (Insn(0x85, 0, 1, 0, 6), "call pc+6", "call local +6"),
        (Insn(0x85, 0, 2, 0, 1234), "call kernel-function#1234", "call runtime 1234"),
        (Insn(0x85, 0, 2, 2, 1234), "call kernel-function#1234 fd_idx 2", "call runtime 1234 fd_idx 2"),
        (Insn(0x8D, 2), "callx r2", "call helper %r2"),
        (Insn(0x95), "exit", "exit"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_text(insn, kernel, conformance):
    assert format_insn(insn) == kernel
    assert format_insn(insn, style="conformance") == conformance


PROGRAM = [
    Insn(0xB7, 0, imm=1),
    Insn(0x18, 1, 1, imm=3),
    Insn(0x85, imm=5),
    Insn(0x85, 0, 1, 0, 2),
    Insn(0x05, off=-6),
    Insn(0x95),
    Insn(0x95),
]


def test_labels_and_names_and_source_lines():
    names = {("helper", 5): "bpf_ktime_get_ns", ("map_fd", 3): "counts", ("subprog", 7): "work"}
    lines = disassemble(
        PROGRAM,
        names=lambda kind, value: names.get((kind, value)),
        source_line=lambda slot: "x = 1" if slot == 0 else None,
    )
    assert lines == [
        "L0:",
        "; x = 1",
        "    r0 = 1",
        "    r1 = map[fd:counts]",
        "    call bpf_ktime_get_ns#5",
        "    call work",
        "    goto L0",
        "    exit",
        "work:",
        "    exit",
    ]
    assert assemble("\n".join(lines), symbols={"counts": 3}) == PROGRAM


def test_listing_with_slots():
    assert disassemble(PROGRAM, labels=False, slots=True) == [
        "   0: (b7) r0 = 1",
        "   1: (18) r1 = map[fd:3]",
        "   3: (85) call 5",
        "   4: (85) call pc+2",
        "   5: (05) goto pc-6",
        "   6: (95) exit",
        "   7: (95) exit",
    ]


def test_jump_targets_tell_functions_and_leave_out_what_is_no_instruction():
    assert jump_targets(PROGRAM) == {0: False, 7: True}
    into_the_middle = [Insn(0x18), Insn(0x05, off=-2), Insn(0x05, off=100)]
    assert jump_targets(into_the_middle) == {}
    assert disassemble(into_the_middle)[1:] == ["    goto pc-2", "    goto pc+100"]
    # A reference to a function counts from the second slot.
    assert jump_targets([Insn(0x18, 1, 4, imm=1), Insn(0x95)]) == {2: True}


def test_a_named_kernel_function_needs_its_name_to_be_read_back():
    insn = Insn(0x85, 0, 2, 0, 99)
    text = format_insn(insn, names=lambda kind, value: "bpf_rcu_read_lock")
    assert text == "call bpf_rcu_read_lock#99"
    assert assemble(text, kfuncs={"bpf_rcu_read_lock": 99}) == [insn]


def test_what_is_not_in_the_table_is_refused():
    with pytest.raises(FormatError, match=r"instruction 1: .*0xff"):
        disassemble([Insn(0x95), Insn(0xFF)])

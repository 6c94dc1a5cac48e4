"""Text to instructions: the syntaxes, labels, names, and the messages for mistakes."""

from __future__ import annotations

import pytest

from ebee.errors import AsmError
from ebee.isa.asm import assemble, assemble_listing
from ebee.isa.encode import encode
from ebee.isa.insn import Insn


# What LLVM, the kernel's inline assembly and the bpf_conformance suite write, beyond the canonical syntax.
@pytest.mark.parametrize(
    "text, insn",
    [
        ("r0 = 0xffffffff", Insn(0xB7, 0, imm=-1)),
        ("r1=bswap32 r1", Insn(0xD7, 1, imm=32)),
        ("R1 S>>= 0B101", Insn(0xC7, 1, imm=5)),
        ("r1 = 0o17", Insn(0xB7, 1, imm=15)),
        ("r1 = 007", Insn(0xB7, 1, imm=7)),
        ("if r1 s> 7 goto +3", Insn(0x65, 1, 0, 3, 7)),
        ("if r1 & 8 goto -2", Insn(0x45, 1, 0, -2, 8)),
        ("goto +2", Insn(0x05, off=2)),
        ("gotol +4", Insn(0x06, imm=4)),
        ("gotol -70000", Insn(0x06, imm=-70000)),
        ("w1 = *(u32*)(r2)", Insn(0x61, 1, 2)),
        ("w1 = *(u8 *)(r2 + 4)", Insn(0x71, 1, 2, 4)),
        ("*(u32 *)(r10 - 4) = w1", Insn(0x63, 10, 1, -4)),
        ("lock *(u32 *)(r1 + 0) ^= w2", Insn(0xC3, 1, 2, 0, 0xA0)),
        ("r2 = atomic_fetch_add((u64 *)(r1 + 0), r2)", Insn(0xDB, 1, 2, 0, 1)),
        ("w2 = atomic_fetch_or((u32 *)(r1 + 0), w2)", Insn(0xC3, 1, 2, 0, 0x41)),
        ("r2 = xchg_64(r1 + 0, r2)", Insn(0xDB, 1, 2, 0, 0xE1)),
        ("w2 = xchg32_32(r1 - 8, w2)", Insn(0xC3, 1, 2, -8, 0xE1)),
        ("r0 = cmpxchg_64(r1 + 0, r0, r2)", Insn(0xDB, 1, 2, 0, 0xF1)),
        ("w0 = cmpxchg32_32(r1 + 0, w0, w2)", Insn(0xC3, 1, 2, 0, 0xF1)),
        ("w0 = load_acquire((u8 *)(r1 + 0))", Insn(0xD3, 0, 1, 0, 0x100)),
        ("store_release((u32 *)(r1 + 0x10), w2)", Insn(0xC3, 1, 2, 16, 0x110)),
        ("r1 = 0x1122334455667788 ll", Insn(0x18, 1, imm=0x1122334455667788)),
        ("r1 = -1 ll", Insn(0x18, 1, imm=2**64 - 1)),
        ("ld_pseudo\tr1, 1, 3", Insn(0x18, 1, 1, imm=3)),
        ("ld_pseudo r1, 2, 0x1000000003", Insn(0x18, 1, 2, imm=0x1000000003)),
        ("r1 = map[fd:3] ll", Insn(0x18, 1, 1, imm=3)),
        ("r1 = map[fd:3][0]", Insn(0x18, 1, 2, imm=3)),
        ("r1 = addr_space_cast(r2, 0x1, 0x0)", Insn(0xBF, 1, 2, 1, 1 << 16)),
        ("r0 = * (u16 *)skb[r1]", Insn(0x48, 0, 1)),
        ("call pc+3", Insn(0x85, 0, 1, 0, 3)),
        ("call -1", Insn(0x85, 0, 1, 0, -1)),
        ("call unknown#200", Insn(0x85, imm=200)),
        ("callx r2", Insn(0x8D, 2)),
        ("gotox r3", Insn(0x0D, 3)),
        ("EXIT", Insn(0x95)),
        ("mov32 r0, 1", Insn(0xB4, 0, imm=1)),
        ("mov %r0, -1", Insn(0xB7, 0, imm=-1)),
        ("mov64 r0, r1", Insn(0xBF, 0, 1)),
        ("sdiv32 %r1, %r2", Insn(0x3C, 1, 2, 1)),
        ("movsx1632 %r0, %r1", Insn(0xBC, 0, 1, 16)),
        ("be16 r0", Insn(0xDC, 0, imm=16)),
        ("bswap16 %r0", Insn(0xD7, 0, imm=16)),
        ("jeq r1, 2, +3", Insn(0x15, 1, 0, 3, 2)),
        ("jsle32 %r1, %r2, -3", Insn(0xDE, 1, 2, -3)),
        ("jne %r2, 0xCCBBAA99, +1", Insn(0x55, 2, 0, 1, 0xCCBBAA99 - 2**32)),
        ("ja32 +70000", Insn(0x06, imm=70000)),
        ("ldxdw r0, [r1+8]", Insn(0x79, 0, 1, 8)),
        ("ldxsb %r0, [%r1]", Insn(0x91, 0, 1)),
        ("stxw [r10-4], r1", Insn(0x63, 10, 1, -4)),
        ("stdw [%r10-8], 0x88776655", Insn(0x7A, 10, 0, -8, 0x88776655 - 2**32)),
        ("lddw r0, 0x1122334455667788", Insn(0x18, 0, imm=0x1122334455667788)),
        ("lddw %r1, map_by_fd(7)", Insn(0x18, 1, 1, imm=7)),
        ("lock add [r1], r2", Insn(0xDB, 1, 2)),
        ("lock fetch add32 [%r1+4], %r2", Insn(0xC3, 1, 2, 4, 1)),
        ("lock cmpxchg32 [%r10-4], %r1", Insn(0xC3, 10, 1, -4, 0xF1)),
        ("call local +2", Insn(0x85, 0, 1, 0, 2)),
        ("call runtime 7", Insn(0x85, 0, 2, 0, 7)),
        ("call %r2", Insn(0x8D, 2)),
        ("neg32 %r3", Insn(0x84, 3)),
        ("le64 %r3", Insn(0xD4, 3, imm=64)),
        ("ldindb %r1, -4", Insn(0x50, 0, 1, imm=-4)),
    ],
)
def test_reads(text, insn):
    assert assemble(text) == [insn]


def test_labels_comments_and_mixed_syntax():
    program = assemble(
        """
        # a comment; mov r0, 1
        start: mov32 r0, 1      # conformance
               r1 = 5 ll        // two slots
               if r0 == 1 goto end ; kernel
               ja start
               gotol end
        1:     r0 += 1
               if w0 < 5 goto 1b
               jeq r0, 2, 1f
               call func
        1: end: exit
        func:  exit
        """
    )
    assert program == [
        Insn(0xB4, 0, imm=1),
        Insn(0x18, 1, imm=5),
        Insn(0x15, 0, 0, 6, 1),
        Insn(0x05, off=-5),
        Insn(0x06, imm=4),
        Insn(0x07, 0, imm=1),
        Insn(0xA6, 0, 0, -2, 5),
        Insn(0x15, 0, 0, 1, 2),
        Insn(0x85, 0, 1, 0, 1),
        Insn(0x95),
        Insn(0x95),
    ]


def test_exit_is_a_target_unless_defined():
    assert assemble("jeq r1, 2, exit\nr0 = 1\nexit\nexit")[0].off == 1
    assert assemble("jeq r1, 2, exit\nr0 = 1\nexit\nexit: exit")[0].off == 2


def test_names_spelled_like_words_of_the_language():
    source = "goto call\nlock: call lock\ncall: r1 = map[fd:map]\nr2 = add ll\nr: w: goto r\ngoto w\ngoto pc"
    program = assemble(source + "\npc: exit", symbols={"map": 4, "add": 9})
    assert [insn.imm for insn in program] == [0, -1, 4, 9, 0, 0, 0, 0]
    assert [program[index].off for index in (0, 4, 5, 6)] == [1, -1, -2, 0]


def test_functions_by_name():
    helpers, kfuncs = {"bpf_ktime_get_ns": 5}, {"bpf_rcu_read_lock": 900}
    source = """
    call bpf_ktime_get_ns
    call ktime_get_ns
    call bpf_rcu_read_lock
    call bpf_rcu_read_lock#900 fd_idx 1
    call bpf_rcu_read_lock#900
    call helper bpf_ktime_get_ns
    """
    program = assemble(source, helpers=helpers, kfuncs=kfuncs)
    assert [(insn.src_reg, insn.off, insn.imm) for insn in program] == [
        (0, 0, 5), (0, 0, 5), (2, 0, 900), (2, 1, 900), (2, 0, 900), (0, 0, 5),
    ]  # fmt: skip
    # A label goes before a helper.
    assert assemble("call bpf_ktime_get_ns\nbpf_ktime_get_ns: exit", helpers=helpers)[0].src_reg == 1


def test_function_references_count_from_the_second_slot():
    program = assemble("r1 = subprog[cb]\nexit\ncb: exit")
    assert program[0] == Insn(0x18, 1, 4, imm=2)
    assert assemble("cb: exit\nr1 = subprog[cb]")[1].imm == 2**32 - 2


def test_listing_of_the_kernel_is_read():
    log = """
    0: (b7) r0 = 1                        ; R0_w=1
    1: (55) if r0 != 0x1 goto pc+1        ; R0_w=1
    ; return 0; @ prog.c:3
    2: (85) call bpf_ktime_get_ns#5       ; R0_w=scalar()
    3: (95) exit
    """
    assert [insn.opcode for insn in assemble(log)] == [0xB7, 0x55, 0x85, 0x95]


def test_places_and_labels_are_reported():
    listing = assemble_listing("a: r1 = 5 ll\nb:\n  exit ; done\n", "x.s")
    assert listing.labels == {"a": 0, "b": 2}
    assert [(str(span), span.end_col, span.text) for span in listing.spans] == [
        ("x.s:1:4", 12, "a: r1 = 5 ll"),
        ("x.s:3:3", 6, "  exit ; done"),
    ]


def test_far_labels():
    filler = "r0 = 0\n" * 32767
    assert assemble("goto x\n" + filler + "x: exit")[0].off == 32767
    with pytest.raises(AsmError, match="too far") as caught:
        assemble("goto x\n" + filler + "r0 = 0\nx: exit")
    assert caught.value.hint == "use gotol"
    assert assemble("gotol x\n" + filler + "r0 = 0\nx: exit")[0].imm == 32768


@pytest.mark.parametrize(
    "text, where, what, hint",
    [
        ("exit\nmvo r0, 1", "2:1", "no instruction 'mvo'", "mov"),
        ("  movs r0, 1", "1:3", "no instruction 'movs'", "did you mean mov"),
        ("r0 = r11", "1:6", "no register r11", "r0 to r10"),
        ("r1 = w2", "1:1", "not an instruction", "r1 = r1"),
        ("add r0 r1", "1:1", "not an instruction", "add %r1, %r1"),
        ("r0 =", "1:1", "not an instruction", ""),
        ("goto 3", "1:6", "needs its sign", "+3"),
        ("start:\ngoto stat", "2:6", "no label 'stat'", "start"),
        ("goto 1f\n", "1:6", "no label '1f'", ""),
        ("call bpf_map_lookup", "1:6", "no function 'bpf_map_lookup'", "bpf_map_lookup_elem"),
        ("r1 = map[fd:xs]", "1:13", "no symbol 'xs'", ""),
        ("r0 += 4294967296", "1:7", "out of range", "-2147483648 to 4294967295"),
        ("r0 += -2147483649", "1:7", "out of range", ""),
        ("r1 = 0x10000000000000000 ll", "1:6", "out of range", ""),
        ("r0 = *(u32 *)(r1 + 32768)", "1:18", "out of range", "-32768 to 32767"),
        ("if r1 > 3 goto +32768", "1:16", "out of range", ""),
        ("gotol +2147483648", "1:7", "out of range", ""),
        ("r1 = be16 r2", "1:11", "same register, r1", ""),
        ("r2 = xchg_64(r1 + 0, r3)", "1:22", "same register, r2", ""),
        ("r1 = *(u8 *)skb[0]", "1:1", "must be r0", ""),
        ("ld_pseudo r1, 9, 1", "1:15", "must be", ""),
        ("r1 = 5 ?", "1:8", "means nothing", ""),
        ("x: exit\nx: exit", "2:1", "defined twice", ""),
        ("call kernel-function#-3", "1:22", "no sign", ""),
    ],
)
def test_mistakes(text, where, what, hint):
    with pytest.raises(AsmError, match=what) as caught:
        assemble(text, "f.s", helpers={"bpf_map_lookup_elem": 1})
    error = caught.value
    assert str(error.span) == f"f.s:{where}"
    assert hint in error.hint
    assert f"f.s:{where}: error: " in error.render() and "^" in error.render()


def test_a_program_of_the_conformance_manner():
    source = """
    mov %r0, 0
    mov %r1, 5
    stxdw [%r10-8], %r1
    again:
    add %r0, 2
    ldxdw %r2, [%r10-8]
    sub32 %r2, 1
    stxdw [%r10-8], %r2
    jne %r2, 0, again
    call local twice
    exit
    twice:
    lsh %r0, 1
    exit
    """
    assert encode(assemble(source)).hex(" ", 8).split() == [
        "b700000000000000", "b701000005000000", "7b1af8ff00000000", "0700000002000000", "79a2f8ff00000000",
        "1402000001000000", "7b2af8ff00000000", "5502fbff00000000", "8510000001000000", "9500000000000000",
        "6700000001000000", "9500000000000000",
    ]  # fmt: skip

"""Reading the verifier's log: old and new formats, whole and cut off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ebee.verifier.kernel_log import explain, read_log

STATS = "processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n"

CASES = {
    "plain": (
        "0: R1=ctx() R10=fp0\n0: (b7) r2 = 0                        ; R2_w=0\n"
        "1: (79) r0 = *(u64 *)(r2 +0)\nR2 invalid mem access 'scalar'\n" + STATS,
        1,
        "R2 invalid mem access 'scalar'",
    ),
    "two lines of reason": (
        "7: (79) r1 = *(u64 *)(r0 +8)\n R0=map_value(off=0,ks=4,vs=8,imm=0) R10=fp0\n"
        "invalid access to map value, value_size=8 off=8 size=8\n"
        "R0 min value is outside of the allowed memory range\n" + STATS,
        7,
        "invalid access to map value, value_size=8 off=8 size=8; "
        "R0 min value is outside of the allowed memory range",
    ),
    "source lines and jumps": (
        "func#0 @0\n0: R1=ctx(off=0,imm=0) R10=fp0\n; x = 1 @ a.py:3\n0: (85) call pc+1\ncaller:\n R10=fp0\n"
        "callee:\n frame1: R1=ctx() R10=fp0\n2: (bf) r0 = r3\nR3 !read_ok\n" + STATS,
        2,
        "R3 !read_ok",
    ),
    "from … to": (
        "4: (15) if r0 == 0x0 goto pc+2\n\nfrom 4 to 7: R0=0 R10=fp0\n7: (79) r1 = *(u64 *)(r0 +0)\n"
        "R0 invalid mem access 'map_value_or_null'\nverification time 91 usec\nstack depth 8\n" + STATS,
        7,
        "R0 invalid mem access 'map_value_or_null'",
    ),
    "control flow": ("func#0 @0\nunreachable insn 38\n" + STATS, 38, "unreachable insn 38"),
    "back edge": ("back-edge from insn 7 to 3\n", 7, "back-edge from insn 7 to 3"),
    "no stats": ("0: (95) exit\nR0 !read_ok\n", 0, "R0 !read_ok"),
}

REPORT = """0: R1=ctx() R10=fp0
0: (95) exit
R0 !read_ok

Verification failed: Register Type Safety: Unreadable register

Reason:
  R0 has never been initialized on this path, so the verifier cannot use it
  as an input.

At:
  insn 12
        | ^-- error: R0 is not readable
  Instruction context:
  >>> 12 | (95) exit

Causal path:
  no retained diagnostic events on this path

Suggestion:
  Initialize R0 on every path before this instruction.

"""


@pytest.mark.parametrize(("log", "insn_idx", "message"), CASES.values(), ids=list(CASES))
def test_the_refusal_is_found(log, insn_idx, message):
    report = read_log(log)
    assert (report.insn_idx, report.message, report.reason) == (insn_idx, message, message)


def test_the_report_of_newer_kernels_is_read():
    report = read_log(REPORT + STATS)
    assert report.insn_idx == 12
    assert report.message == "R0 !read_ok"
    assert report.reason == (
        "R0 has never been initialized on this path, so the verifier cannot use it as an input."
    )
    assert report.hint == "Initialize R0 on every path before this instruction."


def test_a_report_that_is_cut_off_still_says_what_there_is():
    for end in range(REPORT.index("Verification"), len(REPORT)):
        report = read_log(REPORT[:end])
        assert report.insn_idx in (0, 12, 1)
        assert report.reason


@pytest.mark.parametrize("log", ["", "\0\0", "0: R1=ctx() R10=fp0\n0: (95) exit\n" + STATS])
def test_a_log_without_a_reason_has_no_message(log):
    report = read_log(log)
    assert report.message == "" and report.reason


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("R0 invalid mem access 'map_value_or_null'", "null"),
        ("R2 invalid mem access 'inv'", "probe_read"),
        ("cannot call GPL-restricted function from non-GPL compatible program", "licence"),
        ("combined stack size of 2 calls is 544. Too large", "512"),
        ("BPF program is too large. Processed 1000001 insn", "loops"),
        ("Unreleased reference id=2 alloc_insn=5", "every path"),
        ("program of this type cannot use helper bpf_probe_read_kernel#113", "program type"),
        ("R1 type=scalar expected=fp", "argument"),
    ],
)
def test_refusals_are_explained(message, words):
    assert words in explain(message)


def test_what_is_not_known_is_not_explained():
    assert explain("some new words") == ""


# Lines as kernels 5.10, 6.1 and 6.18 print them.
REGISTERS = {
    "a number": ("0: (b7) r2 = 0 ; R2_w=0\n1: (79) r0 = *(u64 *)(r2 +0)\nR2 invalid mem access 'scalar'", ["r2 is the number 0"]),
    "a range": (
        "2: (57) r2 &= 4095 ; R2=scalar(smin=smin32=0,smax=umax=smax32=umax32=4095,var_off=(0x0; 0xfff))\n"
        "3: (0f) r3 += r2 ; R3=fp(off=-16,smin=smin32=0,smax=umax=smax32=umax32=4095,var_off=(0x0; 0xfff))\n"
        "4: (71) r0 = *(u8 *)(r3 +0)\ninvalid variable-offset read from stack R3",
        ["r3 is the address 16 bytes below the top of the stack plus a number from 0 to 4095"],
    ),
    "an old range": (
        "5: R0_w=inv(id=0,umax_value=255,var_off=(0x0; 0xff)) R1=ctx(id=0,off=0,imm=0) R10=fp0\n"
        "5: (0f) r1 += r0\nmath between ctx pointer and register with unbounded min value",
        ["r1 is the program's context", "r0 is a number from 0 to 255"],
    ),
    "signed": ("1: (bf) r1 = r2 ; R1=scalar(smin=-5,smax=7)\n2: (79) r0 = *(u64 *)(r1 +0)\nR1 bad", ["r1 is a number from -5 to 7"]),
    "a look-up": (
        "4: (85) call bpf_map_lookup_elem#1 ; R0_w=map_value_or_null(id=1,map=counts,off=0,ks=4,vs=8,imm=0)\n"
        "5: (79) r1 = *(u64 *)(r0 +0)\nR0 invalid mem access 'map_value_or_null'",
        ["r0 is an address in map counts's value of 8 bytes, or null"],
    ),
    "of another way": (
        "4: (15) if r0 == 0x0 goto pc+2 ; R0=map_value(map=m,ks=4,vs=8)\n\nfrom 4 to 7: R0=0 R10=fp0\n"
        "7: (79) r1 = *(u64 *)(r0 +0)\nR0 invalid mem access 'scalar'",
        ["r0 is the number 0"],
    ),
    "a packet": (
        "0: (61) r2 = *(u32 *)(r1 +0) ; R1=ctx() R2=pkt(r=0)\n2: (71) r0 = *(u8 *)(r2 +14)\n"
        "invalid access to packet, off=14 size=1, R2(id=0,off=14,r=0)",
        ["r2 is an address in the packet, not compared with its end"],
    ),
    "a kernel struct": (
        "0: (85) call bpf_get_current_task_btf#158 ; R0=trusted_ptr_task_struct()\n1: (79) r1 = *(u64 *)(r0 +9999)\n"
        "access beyond struct task_struct at off 9999 size 8",
        ["r0 is a pointer to the kernel's struct task_struct"],
    ),
    "nothing known": ("0: (95) exit\nR0 !read_ok", []),
}


@pytest.mark.parametrize(("log", "words"), REGISTERS.values(), ids=list(REGISTERS))
def test_registers_are_told_in_words(log, words):
    assert read_log(log + "\n" + STATS).registers == words


@given(st.text(alphabet=st.sampled_from("0123456789:()ab ;RrfromtoinsAteason\nVfd.,='_ \0"), max_size=300))
def test_any_text_is_read(text):
    report = read_log(text)
    assert report.reason
    assert report.insn_idx is None or report.insn_idx >= 0

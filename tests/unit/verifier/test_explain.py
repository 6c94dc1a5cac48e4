"""Explanations from logs: the rule, the line, the values that led there; the old format and that of Linux 7.3."""

from __future__ import annotations

import pytest

from ebee.errors import SourceSpan, VerifierError
from ebee.verifier.explain import catalogue, explain_log, language_of, read_steps
from ebee.verifier.rules import RULES

STATS = "processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n"

INDEX = """0: R1=ctx() R10=fp0
; n = ctx.length @ probe.py:4
0: (61) r6 = *(u32 *)(r1 +0)          ; R1=ctx() R6_w=scalar(smin=0,smax=umax=0xffffffff,var_off=(0x0; 0xffffffff))
; value = table.get(0) @ probe.py:5
1: (bf) r2 = r10                      ; R2_w=fp0 R10=fp0
2: (18) r1 = 0xffff888102755400       ; R1_w=map_ptr(map=table,ks=4,vs=256)
4: (85) call bpf_map_lookup_elem#1    ; R0_w=map_value_or_null(id=1,map=table,ks=4,vs=256)
; if value is not None: @ probe.py:6
5: (15) if r0 == 0x0 goto pc+5        ; R0_w=map_value(map=table,ks=4,vs=256)
; if n <= 4096: @ probe.py:7
6: (25) if r6 > 0x1000 goto pc+4      ; R6_w=scalar(smin=smin32=0,smax=umax=smax32=umax32=4096,var_off=(0x0; 0x1fff))
; return value.data[n] @ probe.py:8
7: (0f) r0 += r6                      ; R0_w=map_value(map=table,ks=4,vs=256,smin=smin32=0,smax=umax=smax32=umax32=4096)
8: (71) r0 = *(u8 *)(r0 +0)
invalid access to map value, value_size=256 off=4096 size=1
R0 max value is outside of the allowed memory range
"""


def test_values_are_followed_to_where_they_came_from():
    found = explain_log(INDEX + STATS)
    assert (found.rule, found.insn_idx, found.insn) == ("map_value_bounds", 8, "r0 = *(u8 *)(r0 +0)")
    assert found.span == SourceSpan("probe.py", 8, text="return value.data[n]")
    assert found.numbers == "the access is to 1 byte at offset 4096; the map's value has 256 bytes"
    assert [(step.insn_idx, step.register, step.how) for step in found.path] == [
        (0, 6, "read from memory"), (4, 0, "what the call gave"), (5, 0, "not jumped"), (6, 6, "not jumped"), (7, 0, "")
    ]  # fmt: skip
    assert str(found.path[0]) == "line 4 `n = ctx.length`: `n` (r6) is a number from 0 to 4294967295 (read from memory)"
    assert str(found.path[3]) == "line 7 `if n <= 4096:`: `n` (r6) is a number from 0 to 4096 (not jumped)"
    assert found.hint == RULES["map_value_bounds"].python


def test_sources_of_the_object_are_better_than_those_of_the_log():
    spans = {6: SourceSpan("own.c", 70, text="if (n > 4096)")}
    found = explain_log(INDEX + STATS, SourceSpan("own.c", 80, text="v[n]"), spans=spans)
    assert "line 70 `if (n > 4096)`: `n` (r6) is a number from 0 to 4096 (not jumped)" in found.notes()
    assert found.hint == RULES["map_value_bounds"].c


def test_instructions_in_front_are_not_counted():
    found = explain_log(INDEX + STATS, shift_slots=6)
    assert found.insn_idx == 2
    assert [step.insn_idx for step in found.path][-2:] == [0, 1]


def test_a_copied_value_is_followed_through_the_copy():
    log = (
        "0: R1=ctx() R10=fp0\n0: (61) r2 = *(u32 *)(r1 +0)  ; R1=ctx() R2_w=scalar(umax=4294967295)\n"
        "1: (57) r2 &= 31  ; R2_w=scalar(umax=31)\n2: (bf) r4 = r2  ; R2_w=scalar(id=1,umax=31) R4_w=scalar(id=1,umax=31)\n"
        "3: (bf) r3 = r10  ; R3_w=fp0 R10=fp0\n4: (0f) r3 += r4  ; R3_w=fp(umax=31) R4_w=scalar(id=1,umax=31)\n"
        "5: (72) *(u8 *)(r3 +0) = 1\ninvalid variable-offset write to stack R3 var_off=(0x0; 0x1f) off=0 size=1\n"
    )
    found = explain_log(log + STATS)
    assert found.rule == "stack_bounds"
    assert [step.insn_idx for step in found.path] == [0, 1, 2, 3, 4]
    assert found.numbers == "the access is to 1 byte at offset 0 of the frame, which goes from -512 to 0"


def test_logs_before_linux_6():
    log = (
        "0: R1=ctx(id=0,off=0,imm=0) R10=fp0\n; int n = ctx->len;\n0: (61) r6 = *(u32 *)(r1 +0)\n"
        " R6_w=inv(id=0,umax_value=4294967295,var_off=(0x0; 0xffffffff)) R10=fp0\n"
        "; buf[n]\n1: (79) r0 = *(u64 *)(r6 +8)\nR6 invalid mem access 'inv'\n"
    )
    found = explain_log(log + STATS, language="c")
    assert (found.rule, found.insn_idx) == ("address_is_number", 1)
    assert str(found.path[0]) == "`int n = ctx->len;`: r6 is a number from 0 to 4294967295 (read from memory)"
    assert found.span is not None and found.span.text == "buf[n]"
    assert "bpf_probe_read_kernel" in found.hint


REPORT = """
Verification failed: Register Type Safety: Unreadable register

Reason:
  R0 has never been initialized on this path.

At:
  insn 1

Suggestion:
  Initialize R0 on every path before this instruction.
"""


def test_the_report_of_linux_7_3():
    found = explain_log("0: R1=ctx() R10=fp0\n0: (b7) r1 = 0 ; R1_w=0\n1: (95) exit\nR0 !read_ok\n" + REPORT)
    assert (found.rule, found.insn_idx, found.insn) == ("register_unset", 1, "exit")
    assert found.reason == "R0 has never been initialized on this path."
    assert found.hint == "Initialize R0 on every path before this instruction."


def test_frames_of_calls_are_not_mixed():
    log = (
        "0: R1=ctx() R10=fp0\n0: (b7) r6 = 5  ; R6_w=5\n1: (85) call pc+2\ncaller:\n R6_w=5 R10=fp0\ncallee:\n"
        " frame1: R1=ctx() R10=fp0\n4: (b7) r6 = 7  ; frame1: R6_w=7\n5: (0f) r6 += r2\nR2 !read_ok\n"
    )
    assert [step.frame for step in read_steps(log)] == [0, 0, 1, 1]
    assert explain_log(log + STATS).path == []


def test_what_no_rule_knows_is_still_told():
    found = explain_log("0: (95) exit\nthe moon is full\n" + STATS)
    assert (found.rule, found.reason, found.hint, found.path) == ("other", "the moon is full", "", [])
    assert explain_log("").reason == "no reason was given"


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("invalid access to packet, off=14 size=20, R3(id=0,off=14,r=14)", "20 bytes at offset 14 of the packet"),
        ("invalid bpf_context access off=200 size=4", "4 bytes at offset 200 of the context"),
        ("combined stack size of 2 calls is 544. Too large", "544 bytes of stack"),
        ("Unreleased reference id=2 alloc_insn=5", "what instruction 5 acquired"),
        ("invalid read from stack R10 off -16+0 size 8", "8 bytes at offset -16 of the frame"),
        ("invalid access to memory, mem_size=16 off=8 size=16", "16 bytes at offset 8 of 16 bytes"),
    ],
)
def test_numbers_in_words(message, words):
    assert words in explain_log(f"3: (95) exit\n{message}\n").numbers


def test_languages():
    assert [language_of(SourceSpan(f, 1)) for f in ("a.py", "b/c.bpf.c", "d.bt", "e.txt")] == ["python", "c", "bpftrace", ""]


def test_an_explanation_is_data():
    data = explain_log(INDEX + STATS).to_dict()
    assert data["source"] == {"file": "probe.py", "line": 8, "text": "return value.data[n]"}
    assert len(data["path"]) == 5


def test_the_catalogue_has_every_rule():
    text = catalogue()
    assert all(f"### {name}\n" in text for name in RULES)


def test_the_error_carries_the_explanation():
    found = explain_log(INDEX + STATS)
    error = VerifierError("p", found.reason, notes=found.notes(), hint=found.hint, explanation=found)
    assert error.explanation is found
    assert "line 7 `if n <= 4096:`: `n` (r6) is a number from 0 to 4096" in str(error)


def test_values_are_followed_through_functions_and_the_stack():
    log = (
        "0: R1=ctx() R10=fp0\n0: (61) r1 = *(u32 *)(r1 +0)  ; R1_w=scalar(umax=255)\n"
        "1: (7b) *(u64 *)(r10 -8) = r1  ; R10=fp0\n2: (79) r2 = *(u64 *)(r10 -8)  ; R2_w=scalar(umax=255)\n"
        "3: (85) call pc+4\ncaller:\n R10=fp0\ncallee:\n frame1: R2=scalar(umax=255) R10=fp0\n"
        "8: (bf) r0 = r2  ; frame1: R0_w=scalar(umax=255) R2=scalar(umax=255)\n"
        "9: (95) exit\nreturning from callee:\n frame1: R0_w=scalar(umax=255)\nto caller at 4:\n R0_w=scalar(umax=255)\n"
        "4: (79) r3 = *(u64 *)(r0 +0)\nR0 invalid mem access 'scalar'\n"
    )
    assert [(step.insn_idx, step.register) for step in explain_log(log + STATS).path] == [(0, 1), (8, 0)]


def test_the_words_of_the_source_come_before_those_of_linux_7_3():
    log = "1: (95) exit\nkernel func bpf_iter_task_new requires RCU critical section protection\n" + REPORT
    assert explain_log(log, SourceSpan("probe.py", 3)).hint == "write it inside `with ebee.rcu():`"
    assert explain_log(log, SourceSpan("<stdin>", 3)).hint == "write it inside `with ebee.rcu():`"
    assert explain_log(log, SourceSpan("probe.bt", 3)).hint == "Initialize R0 on every path before this instruction."

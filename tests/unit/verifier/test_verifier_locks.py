"""Locks and timers in the values of maps: what may be done with them, and while a lock is held (Linux 6.18)."""

from __future__ import annotations

from pathlib import Path

import pytest

from ebee.abi import bpf
from ebee.btf.build import BtfBuilder
from ebee.btf.kinds import Member
from ebee.btf.read import Btf
from ebee.btf.special import add_special
from ebee.isa.asm import assemble
from ebee.isa.insn import Insn
from ebee.isa.opcodes import BPF_PSEUDO_BTF_ID, BPF_PSEUDO_KFUNC_CALL, CALL, EXIT, LDDW
from ebee.spec.object import MapSpec
from ebee.verifier.explore import verify
from ebee.verifier.setting import Setting, slots_of


def said(text: str, prog_type: int = bpf.BPF_PROG_TYPE_SCHED_CLS) -> str:
    """Return the verdict on a program whose map `m` has a timer at 0, a lock at 16 and a number at 24."""
    btf = BtfBuilder()
    number = btf.add_int("u64", 8)
    members = [
        Member("timer", add_special(btf, "bpf_timer"), 0),
        Member("lock", add_special(btf, "bpf_spin_lock"), 128),
        Member("number", number, 192),
    ]
    value = btf.add_struct("value", 32, members)
    used = MapSpec("m", bpf.BPF_MAP_TYPE_ARRAY, 4, 32, 1, key_type_id=number, value_type_id=value)
    insns = list(assemble(f"r6 = map[fd:m][0]+0\n{text}\nr0 = 0\nexit", symbols={"m": 1}))
    maps = {slot: used for insn, slot in zip(insns, slots_of(insns), strict=True) if insn.opcode == LDDW}
    setting = Setting("t", prog_type, insns=insns, maps=maps, btf=Btf(btf.encode()))
    refusal = verify(setting).refusal
    return "ok" if refusal is None else refusal.message


LOCK, UNLOCK = (f"r1 = r6\nr1 += 16\ncall {number}\n" for number in (93, 94))
INIT = "r2 = map[fd:m]\nr3 = 0\ncall 169\n"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (LOCK + UNLOCK, "ok"),
        (LOCK + "*(u64 *)(r6 + 24) = 1\n" + UNLOCK, "ok"),
        (LOCK, "BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region"),
        (UNLOCK, "bpf_spin_unlock without taking a lock"),
        (LOCK + LOCK, "function calls are not allowed while holding a lock"),
        (LOCK + "call 5\n" + UNLOCK, "function calls are not allowed while holding a lock"),
        ("*(u64 *)(r6 + 16) = 1\n", "bpf_spin_lock cannot be accessed directly by load/store"),
        ("r0 = *(u32 *)(r6 + 0)\n", "bpf_timer cannot be accessed directly by load/store"),
        ("r1 = r6\ncall 93\n", "off 0 doesn't point to 'struct bpf_spin_lock' that is at 16"),
        ("r1 = r6\n" + INIT, "ok"),
        ("r1 = r6\nr1 += 8\n" + INIT, "off 8 doesn't point to 'struct bpf_timer' that is at 0"),
    ],
)
def test_locks_and_timers(text: str, verdict: str) -> None:
    assert said(text) == verdict


def test_programs_that_run_anywhere_have_no_locks() -> None:
    assert said("", bpf.BPF_PROG_TYPE_TRACEPOINT) == "tracing progs cannot use bpf_spin_lock yet"


def test_kernel_functions_that_are_not_known_are_refused() -> None:
    setting = Setting("t", bpf.BPF_PROG_TYPE_XDP, insns=[Insn(CALL, src_reg=BPF_PSEUDO_KFUNC_CALL, imm=7), Insn(EXIT)])
    setting.kfuncs[0] = "bpf_something"
    refusal = verify(setting).refusal
    assert refusal is not None
    assert refusal.rule == "kfunc_unknown"
    assert refusal.message == "calling kernel function bpf_something: what it takes and gives is not known"


@pytest.mark.needs_kernel
@pytest.mark.parametrize(
    ("name", "use", "verdict"),
    [
        ("bpf_user_rnd_state", "r0 = *(u32 *)(r1 + 0)", "R1 is ptr_rnd_state access percpu memory: off=0"),
        ("bpf_user_rnd_state", "call 154\nr0 = *(u32 *)(r0 + 0)", "ok"),
        ("bpf_no_such_variable", "r0 = 0", "kernel variable bpf_no_such_variable: its type is not known"),
    ],
)
def test_variables_of_the_kernel(name: str, use: str, verdict: str) -> None:
    btf = Btf(Path("/sys/kernel/btf/vmlinux").read_bytes())
    insns = [Insn(LDDW, dst_reg=1, src_reg=BPF_PSEUDO_BTF_ID, imm=1), *assemble(f"{use}\nr0 = 0\nexit")]
    setting = Setting("t", bpf.BPF_PROG_TYPE_SCHED_CLS, insns=insns, ksyms={0: name}, kernel_btf=btf)
    refusal = verify(setting).refusal
    assert ("ok" if refusal is None else refusal.message) == verdict

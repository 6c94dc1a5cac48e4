"""What the tables say of other kernels than 6.18, by what a program may do there."""

from __future__ import annotations

import pytest
from compare import target_with_types
from verdict_cases import parse

from ebee.abi import by_kernel
from ebee.abi.helpers import HELPER_IDS
from ebee.spec.sections import SECTIONS
from ebee.verifier.entry import verify_program
from ebee.verifier.refusal import Options

KERNELS = ("6.1", "6.12", "6.18", "7.3")
# A program, and the kernels that accept it.
PROGRAMS = {
    "raw_tp/sys_enter: call get_attach_cookie": "6.12 6.18 7.3",
    "tc: call get_netns_cookie": "6.18 7.3",
    "tp_btf/sched_switch: r2 = r10; r2 += -8; *(u64 *)(r10 - 8) = 0; r3 = r2; r2 = 0; call get_func_arg": "7.3",
    "socket: call get_current_uid_gid": "6.18 7.3",
    "sockops: r0 = *(u64 *)(r1 + 216)": "6.12 6.18 7.3",
    "kprobe/x: *(u64 *)(r1 + 0) = 0": "7.3",
    "cgroup/connect_unix: r1 = 0": "6.12 6.18 7.3",
    "netfilter: r1 = 0": "6.12 6.18 7.3",
    "tracepoint.s/a/b: r1 = 0": "7.3",
    "tc: call bpf_rcu_read_lock; call bpf_rcu_read_unlock": "6.12 6.18 7.3",
    "tc: call bpf_preempt_disable; call bpf_preempt_enable": "6.12 6.18 7.3",
    "raw_tp/sys_enter: r1 = 1; call bpf_task_from_pid; if r0 == 0 goto out; r1 = r0; call bpf_task_release": "7.3",
}


@pytest.mark.needs_kernel
@pytest.mark.parametrize("program", PROGRAMS)
def test_what_kernels_let_programs_do(program):
    section, _, code = program.partition(": ")
    result = "r0 = 1" if section.startswith("cgroup/") else "r0 = 0"
    lines = "".join(f"    {line}\n" for line in code.split("; "))
    case = parse(f"case one\nsection {section}\n{lines}  out:\n    {result}\n    exit\n")[0]
    target = target_with_types()
    accepting = [k for k in KERNELS if verify_program(case.program, case.spec, target, Options(k)).accepted]
    assert accepting == PROGRAMS[program].split()


def test_the_tables_name_what_there_is():
    for table in (by_kernel.HELPERS_LESS, by_kernel.HELPERS_MORE):
        for rows in table.values():
            assert all(name in HELPER_IDS for names, _ in rows for name in names.split())
            assert all(kind in SECTIONS for _, kinds in rows for kind in kinds.split())
    assert all(kind in SECTIONS for kinds in by_kernel.KINDS_LESS.values() for kind in kinds.split())

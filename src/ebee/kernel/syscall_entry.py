"""System-call tracepoints without a perf event: a stub on the raw tracepoint makes their record.

Detaching a perf event from a tracepoint waits for every CPU (70 ms); a raw tracepoint goes in under 1 ms, and needs
no tracefs. So a program for `syscalls:sys_enter_NAME` or `sys_exit_NAME` is loaded as a raw tracepoint program on
`sys_enter` or `sys_exit`: a stub checks number and scope, writes the record that the tracepoint would hand over onto
its stack, and calls the program, now a subprogram, with a pointer to it in r1.

The record is the kernel's: u16 common_type (0 here), u8 common_flags (0), u8 common_preempt_count (0), s32 common_pid,
s32 __syscall_nr at 8, then at 16 six u64 arguments, or the s64 result. As there, 32-bit system calls are left out.
Source: perf_syscall_enter and perf_syscall_exit, kernel/trace/trace_syscalls.c (Linux 6.18).

Programs that hand their context to a helper which wants the true one, that would use too much stack together with the
stub's frame, or whose licence does not allow the stub's helpers keep the perf event.
"""

from __future__ import annotations

from ..abi import syscalls
from ..abi.pt_regs import PT_REGS
from ..isa.opcodes import (
    BPF_HELPER_CALL,
    BPF_JNE,
    BPF_JSET,
    BPF_LSH,
    CALL,
    R0,
    R1,
    R2,
    R3,
    R4,
    R5,
    R6,
    R7,
    R8,
    R9,
    R10,
)
from ..spec.sections import is_pattern
from .stub import GET_CURRENT_TASK, Stub, add_imm, call, load, mov, shift, store, store_imm
from .task_layout import COMPAT_MARKS, task_layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..isa.insn import Insn
    from ..spec.object import ProgramSpec

# The kernel's name of an architecture, by what uname(2) calls the machine.
ARCH_OF_MACHINE = {"x86_64": "x86_64", "aarch64": "arm64"}

# Helpers that take the context: tail_call, perf_event_output, get_stackid, perf_prog_read_value, get_stack,
# get_func_ip, get_attach_cookie. Source: ARG_PTR_TO_CTX in kernel/trace/bpf_trace.c.
_HELPERS_OF_CONTEXT = frozenset((12, 25, 27, 56, 67, 173, 174))

# Source: license_is_gpl_compatible, include/linux/license.h.
_GPL_COMPATIBLE = frozenset(
    ("GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL")
)

_ENTER, _EXIT = "syscalls:sys_enter_", "syscalls:sys_exit_"
_ENTER_RECORD_BYTES, _EXIT_RECORD_BYTES = 64, 24
_MOST_STACK_BYTES = 512 - 32 - _ENTER_RECORD_BYTES  # the verifier rounds each frame up


def syscall_number(event: str, machine: str) -> int | None:
    """Return the number of the system call whose entry or exit tracepoint `event` (category:name) is, or None."""
    for prefix in (_ENTER, _EXIT):
        if event.startswith(prefix):
            table = syscalls.X86_64 if machine == "x86_64" else syscalls.ARM64
            return table.get(event[len(prefix) :]) if machine in ARCH_OF_MACHINE else None
    return None


def can_wrap(prog: ProgramSpec, license: str, machine: str) -> bool:
    """Whether a tracepoint program can run behind the stub, as far as one can tell without the verifier."""
    is_many = is_pattern(prog.attach_to) and machine in ARCH_OF_MACHINE
    return (
        (is_many or syscall_number(prog.attach_to, machine) is not None)
        and license in _GPL_COMPATIBLE
        and prog.stack_size <= _MOST_STACK_BYTES
        and not any(
            i.opcode == CALL and i.src_reg == BPF_HELPER_CALL and i.imm in _HELPERS_OF_CONTEXT
            for i in prog.insns
        )
    )


def raw_tracepoint_of(event: str) -> str:
    """Return the raw tracepoint behind a system-call tracepoint."""
    return "sys_enter" if event.startswith(_ENTER) else "sys_exit"


def stub_for(event: str, machine: str, scope_map_fd: int) -> list[Insn]:
    """Return the instructions to put in front of the program. `scope_map_fd` is -1 for the whole machine.

    Raises: NotSupported if the kernel has no BTF.
    """
    number = syscall_number(event, machine)
    assert number is not None or is_pattern(event)
    stub = (_enter if event.startswith(_ENTER) else _exit)(number, machine, scope_map_fd)
    return stub.calling()


def _leave_if_compat(stub: Stub, machine: str) -> None:
    mark = COMPAT_MARKS[machine][1]
    stub.add(call(GET_CURRENT_TASK))
    stub.read_kernel(-8, 4, R0, task_layout().task_compat)
    stub.add(load(4, R1, R10, -8))
    stub.leave_if(BPF_JSET, R1, mark)


def _enter(number: int | None, machine: str, scope_map_fd: int) -> Stub:
    """sys_enter(regs, id); every id if `number` is None"""
    stub = Stub(load(8, R2, R1, 8), mov(R9, R2))
    if number is not None:
        stub.leave_if(BPF_JNE, R2, number)
    stub.add(load(8, R6, R1, 0))
    stub.check_scope(scope_map_fd, pid_tgid=R7)
    _leave_if_compat(stub, machine)
    record = -_ENTER_RECORD_BYTES
    args = PT_REGS[ARCH_OF_MACHINE[machine]].syscall_args
    first, last = min(args), max(args)
    if last + 8 - first <= _ENTER_RECORD_BYTES:
        # One read of all registers into the record's place, then put in order by way of r0 to r5.
        stub.read_kernel(record, last + 8 - first, R6, first)
        homes = (R0, R1, R2, R3, R4, R5)
        stub.add(*(load(8, reg, R10, record + off - first) for reg, off in zip(homes, args)))
        stub.add(*(store(8, R10, record + 16 + 8 * i, reg) for i, reg in enumerate(homes)))
    else:
        # The first argument is kept apart (arm64: orig_x0), the other five lie in order.
        stub.read_kernel(record + 16, 8, R6, args[0])
        stub.read_kernel(record + 24, 40, R6, args[1])
    return _finish(stub, record, number)


def _exit(number: int | None, machine: str, scope_map_fd: int) -> Stub:
    """sys_exit(regs, ret)"""
    record = -_EXIT_RECORD_BYTES
    stub = Stub(load(8, R6, R1, 0), load(8, R8, R1, 8))
    stub.check_scope(scope_map_fd, pid_tgid=R7)
    # The kernel takes the lower half of the register as the number.
    stub.read_kernel(record, 4, R6, PT_REGS[ARCH_OF_MACHINE[machine]].syscall_nr)
    stub.add(load(4, R1, R10, record), mov(R9, R1))
    if number is not None:
        stub.leave_if(BPF_JNE, R1, number)
    _leave_if_compat(stub, machine)
    stub.add(store(8, R10, record + 16, R8))
    return _finish(stub, record, number)


def _finish(stub: Stub, record: int, number: int | None) -> Stub:
    """Append: the record's head, and r1 = the record. r9 is the system call's number."""
    stub.add(shift(BPF_LSH, R7, 32), store(8, R10, record, R7))  # both machines are little endian
    head = store(4, R10, record + 8, R9) if number is None else store_imm(4, R10, record + 8, number)
    stub.add(head, store_imm(4, R10, record + 12, 0))
    stub.add(mov(R1, R10), add_imm(R1, record))
    return stub

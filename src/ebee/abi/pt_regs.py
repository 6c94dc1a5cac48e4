"""Where a system call and a function call keep their arguments: struct pt_regs, by architecture.

All registers are u64 unless said otherwise. Source: arch/x86/include/asm/ptrace.h and syscall.h,
arch/arm64/include/asm/ptrace.h and syscall.h (Linux 6.18); the psABIs for the arguments of functions.
"""

from __future__ import annotations

from ..record import Record


class PtRegs(Record):
    """Offsets in bytes into struct pt_regs, and the size of the part that they lie in.

    `syscall_args` are the six arguments of a system call, `args` those of a function that come in registers;
    `syscall_nr` has `syscall_nr_size` bytes and is signed; `ret` holds the result of either.
    """

    size_bytes: int
    syscall_args: tuple[int, ...]
    args: tuple[int, ...]
    syscall_nr: int
    syscall_nr_size: int
    ret: int
    ip: int
    sp: int
    fp: int


PT_REGS = {
    # di si dx r10 r8 r9 (functions: cx for r10), orig_ax, ax, ip, sp, bp
    "x86_64": PtRegs(
        size_bytes=168,
        syscall_args=(112, 104, 96, 56, 72, 64),
        args=(112, 104, 96, 88, 72, 64),
        syscall_nr=120,
        syscall_nr_size=8,
        ret=80,
        ip=128,
        sp=152,
        fp=32,
    ),
    # orig_x0 x1-x5 (functions: x0-x7), syscallno (s32), x0, pc, sp, x29
    "arm64": PtRegs(
        size_bytes=288,
        syscall_args=(272, 8, 16, 24, 32, 40),
        args=(0, 8, 16, 24, 32, 40, 48, 56),
        syscall_nr=280,
        syscall_nr_size=4,
        ret=0,
        ip=256,
        sp=248,
        fp=232,
    ),
}

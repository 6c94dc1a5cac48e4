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


def _x86_registers() -> dict[str, int]:
    """Return offsets by the names that assembly has for a register and its lower parts."""
    offs = {"bp": 32, "bx": 40, "ax": 80, "cx": 88, "dx": 96, "si": 104, "di": 112, "sp": 152}
    names = {f"{part}{name}": off for name, off in offs.items() for part in ("r", "e", "")}
    names |= {f"{name[0]}l" if name.endswith("x") else f"{name}l": off for name, off in offs.items()}
    for n, off in zip(range(15, 7, -1), (0, 8, 16, 24, 48, 56, 64, 72)):
        names |= {f"r{n}{part}": off for part in ("", "d", "w", "b")}
    return names


# Offsets of all general registers in struct pt_regs, by their names in assembly. Source: as above; that a value is a
# register's lower part says its size.
REGISTERS = {
    "x86_64": _x86_registers(),
    "arm64": {f"{part}{n}": 8 * n for n in range(31) for part in "xw"} | {"sp": 248, "pc": 256},
}

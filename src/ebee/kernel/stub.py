"""Instructions that ebee puts in front of a user's program, written with the few forms they need."""

from __future__ import annotations

from ..isa.insn import Insn
from ..isa.opcodes import (
    BPF_ADD,
    BPF_ALU64,
    BPF_ATOMIC,
    BPF_DW,
    BPF_JEQ,
    BPF_JMP,
    BPF_JNE,
    BPF_K,
    BPF_LDX,
    BPF_MEM,
    BPF_MOV,
    BPF_PSEUDO_CALL,
    BPF_PSEUDO_MAP_FD,
    BPF_PSEUDO_MAP_VALUE,
    BPF_RSH,
    BPF_ST,
    BPF_STX,
    BPF_X,
    CALL,
    EXIT,
    LDDW,
    R0,
    R1,
    R2,
    R3,
    R10,
    SIZE_BITS,
)

# Helper numbers. Source: enum bpf_func_id, include/uapi/linux/bpf.h.
MAP_LOOKUP_ELEM, MAP_UPDATE_ELEM, MAP_DELETE_ELEM = 1, 2, 3
GET_CURRENT_PID_TGID, GET_CURRENT_TASK, PROBE_READ_KERNEL = 14, 35, 113

# A process in the scope map: acted on, or seeded and not yet executing the command.
IN_SCOPE, BEFORE_EXEC = 1, 2


def mov(dst: int, src: int) -> Insn:
    """dst = src"""
    return Insn(BPF_ALU64 | BPF_MOV | BPF_X, dst, src)


def mov_imm(dst: int, imm: int) -> Insn:
    """dst = imm"""
    return Insn(BPF_ALU64 | BPF_MOV | BPF_K, dst, imm=imm)


def add_imm(dst: int, imm: int) -> Insn:
    """dst += imm"""
    return Insn(BPF_ALU64 | BPF_ADD | BPF_K, dst, imm=imm)


def shift(op: int, dst: int, imm: int) -> Insn:
    """dst <<= imm or dst >>= imm, as `op` is BPF_LSH or BPF_RSH"""
    return Insn(BPF_ALU64 | op | BPF_K, dst, imm=imm)


def load(size_bytes: int, dst: int, src: int, off: int) -> Insn:
    """dst = *(size *)(src + off)"""
    return Insn(BPF_LDX | BPF_MEM | SIZE_BITS[size_bytes], dst, src, off)


def store(size_bytes: int, dst: int, off: int, src: int) -> Insn:
    """*(size *)(dst + off) = src"""
    return Insn(BPF_STX | BPF_MEM | SIZE_BITS[size_bytes], dst, src, off)


def store_imm(size_bytes: int, dst: int, off: int, imm: int) -> Insn:
    """*(size *)(dst + off) = imm"""
    return Insn(BPF_ST | BPF_MEM | SIZE_BITS[size_bytes], dst, off=off, imm=imm)


def call(helper: int) -> Insn:
    """call a helper"""
    return Insn(CALL, imm=helper)


def map_ptr(dst: int, fd: int) -> Insn:
    """dst = the map with this file descriptor"""
    return Insn(LDDW, dst, BPF_PSEUDO_MAP_FD, imm=fd)


def map_value(dst: int, fd: int) -> Insn:
    """dst = address of the one value of this array map"""
    return Insn(LDDW, dst, BPF_PSEUDO_MAP_VALUE, imm=fd)


def atomic_add(dst: int, src: int) -> Insn:
    """lock *(u64 *)(dst + 0) += src"""
    return Insn(BPF_STX | BPF_ATOMIC | BPF_DW, dst, src, imm=BPF_ADD)


class Stub:
    """A straight run of instructions that may leave to its end, which returns 0."""

    def __init__(self, *insns: Insn) -> None:
        self.insns = list(insns)
        self._leaving: list[int] = []

    def add(self, *insns: Insn) -> None:
        """Append instructions."""
        self.insns += insns

    def leave_if(self, op: int, reg: int, imm: int) -> None:
        """Append a jump to the end: `op` is a BPF_J* comparison of `reg` with `imm`."""
        self._leaving.append(len(self.insns))
        self.insns.append(Insn(BPF_JMP | op | BPF_K, reg, imm=imm))

    def _patch(self, end: int) -> None:
        """Let the jumps go to instruction `end`."""
        slot = 0
        at = []
        for insn in self.insns:
            at.append(slot)
            slot += insn.slots
        for i in self._leaving:
            self.insns[i].off = at[end] - at[i] - 1

    def as_program(self) -> list[Insn]:
        """Return a whole program that ends with `return 0`."""
        end = len(self.insns)
        self.add(mov_imm(R0, 0), Insn(EXIT))
        self._patch(end)
        return self.insns

    def before(self, saved_ctx: int) -> list[Insn]:
        """Return what goes in front of a program, which is reached with r1 = `saved_ctx`."""
        end = len(self.insns) + 1
        self.add(Insn(BPF_JMP, off=2), mov_imm(R0, 0), Insn(EXIT), mov(R1, saved_ctx))
        self._patch(end)
        return self.insns

    def calling(self) -> list[Insn]:
        """Return what calls the program that follows as a subprogram, with r1 as it is, and returns its result."""
        end = len(self.insns) + 2
        # The callee starts after call, exit, mov, exit: three slots after the one that follows the call.
        self.add(Insn(CALL, src_reg=BPF_PSEUDO_CALL, imm=3), Insn(EXIT), mov_imm(R0, 0), Insn(EXIT))
        self._patch(end)
        return self.insns

    def check_scope(self, scope_map_fd: int, pid_tgid: int | None = None, key_off: int = -8) -> None:
        """Append: leave unless the current process is in the scope map.

        The key is written to r10 + `key_off`. r0 to r5 are lost; register `pid_tgid` gets what
        bpf_get_current_pid_tgid returned.
        """
        self.add(call(GET_CURRENT_PID_TGID))
        if pid_tgid is not None:
            self.add(mov(pid_tgid, R0))
        if scope_map_fd < 0:
            return
        self.add(shift(BPF_RSH, R0, 32), store(4, R10, key_off, R0))
        self.lookup(scope_map_fd, key_off)
        self.add(load(1, R0, R0, 0))
        self.leave_if(BPF_JNE, R0, IN_SCOPE)

    def lookup(self, map_fd: int, key_off: int) -> None:
        """Append: r0 = the value for the key at r10 + `key_off`; leave if there is none."""
        self.add(mov(R2, R10), add_imm(R2, key_off), map_ptr(R1, map_fd), call(MAP_LOOKUP_ELEM))
        self.leave_if(BPF_JEQ, R0, 0)

    def read_kernel(self, to_off: int, size_bytes: int, base: int, off: int) -> None:
        """Append: read kernel memory at register `base` + `off` to r10 + `to_off`; leave if it faults."""
        self.add(mov(R3, base), add_imm(R3, off))
        self.add(mov(R1, R10), add_imm(R1, to_off), mov_imm(R2, size_bytes), call(PROBE_READ_KERNEL))
        self.leave_if(BPF_JNE, R0, 0)

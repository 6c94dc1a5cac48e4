"""The fields of an eBPF opcode byte, and the pseudo values of the other fields.

Source: RFC 9669 sections 3-5; include/uapi/linux/bpf.h and bpf_common.h (Linux 6.18) for what came after.
"""

# Instruction classes (opcode & 0x07).
BPF_LD, BPF_LDX, BPF_ST, BPF_STX, BPF_ALU, BPF_JMP, BPF_JMP32, BPF_ALU64 = range(8)

# Operand source (opcode & 0x08), for ALU and JMP classes.
BPF_K, BPF_X = 0x00, 0x08

# ALU operations (opcode & 0xf0).
BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR, BPF_AND, BPF_LSH, BPF_RSH = range(0x00, 0x80, 0x10)
BPF_NEG, BPF_MOD, BPF_XOR, BPF_MOV, BPF_ARSH, BPF_END = range(0x80, 0xE0, 0x10)

# Jump operations (opcode & 0xf0).
BPF_JA, BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET, BPF_JNE, BPF_JSGT, BPF_JSGE = range(0x00, 0x80, 0x10)
BPF_CALL, BPF_EXIT, BPF_JLT, BPF_JLE, BPF_JSLT, BPF_JSLE, BPF_JCOND = range(0x80, 0xF0, 0x10)

# Memory access size (opcode & 0x18) and mode (opcode & 0xe0), for LD, LDX, ST and STX.
BPF_W, BPF_H, BPF_B, BPF_DW = 0x00, 0x08, 0x10, 0x18
BPF_IMM, BPF_ABS, BPF_IND, BPF_MEM, BPF_MEMSX, BPF_ATOMIC = 0x00, 0x20, 0x40, 0x60, 0x80, 0xC0

SIZE_BYTES = {BPF_B: 1, BPF_H: 2, BPF_W: 4, BPF_DW: 8}
SIZE_BITS = {1: BPF_B, 2: BPF_H, 4: BPF_W, 8: BPF_DW}

# imm of atomic instructions.
BPF_FETCH = 0x01
BPF_XCHG, BPF_CMPXCHG = 0xE0 | BPF_FETCH, 0xF0 | BPF_FETCH
BPF_LOAD_ACQ, BPF_STORE_REL = 0x100, 0x110

# src_reg of a wide load (LDDW).
BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE, BPF_PSEUDO_BTF_ID = 1, 2, 3
BPF_PSEUDO_FUNC, BPF_PSEUDO_MAP_IDX, BPF_PSEUDO_MAP_IDX_VALUE = 4, 5, 6

# src_reg of a call.
BPF_HELPER_CALL, BPF_PSEUDO_CALL, BPF_PSEUDO_KFUNC_CALL = 0, 1, 2

# Registers. r0 returns, r1-r5 carry arguments and are lost in a call, r6-r9 survive it, r10 is the frame pointer.
R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, R10 = range(11)

LDDW = BPF_LD | BPF_DW | BPF_IMM  # 0x18, the one instruction of two slots
EXIT = BPF_JMP | BPF_EXIT
CALL = BPF_JMP | BPF_CALL
JA = BPF_JMP | BPF_JA
GOTOL = BPF_JMP32 | BPF_JA

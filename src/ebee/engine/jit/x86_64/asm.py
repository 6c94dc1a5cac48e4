"""x86-64 machine code, instruction by instruction: registers, memory operands, immediates.

Each function returns the bytes of one instruction. Registers are their numbers (0 to 15); `wide` is 64 bits, otherwise
32 (whose result zero-extends).
Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2.
"""

from __future__ import annotations

RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 = range(16)

# Opcodes of `op r/m, r`; the same operation with an immediate is 81 or 83 with this number in ModRM.reg.
ADD, OR, AND, SUB, XOR, CMP = b"\x01", b"\x09", b"\x21", b"\x29", b"\x31", b"\x39"
IMMEDIATE = {ADD: 0, OR: 1, AND: 4, SUB: 5, XOR: 6, CMP: 7}
TEST, MOV, LOAD, LEA, XCHG = b"\x85", b"\x89", b"\x8b", b"\x8d", b"\x87"
MOVZX8, MOVZX16, MOVSX8, MOVSX16, MOVSXD = b"\x0f\xb6", b"\x0f\xb7", b"\x0f\xbe", b"\x0f\xbf", b"\x63"
IMUL, XADD, CMPXCHG, BSWAP = b"\x0f\xaf", b"\x0f\xc1", b"\x0f\xb1", b"\x0f\xc8"
SHL, SHR, SAR, ROR = 4, 5, 7, 1  # ModRM.reg of C1 and D3
NOT, NEG, DIV, IDIV = 2, 3, 6, 7  # ModRM.reg of F7

# Condition codes of jcc, setcc and cmovcc.
O, NO, B, AE, E, NE, BE, A, S, NS, P, NP, L, GE, LE, G = range(16)  # noqa: E741


def fits8(n: int) -> bool:
    """Return whether a signed number fits in 8 bits."""
    return -128 <= n < 128


def imm8(n: int) -> bytes:
    """Return a signed byte."""
    return (n & 0xFF).to_bytes(1, "little")


def imm32(n: int) -> bytes:
    """Return 4 bytes."""
    return (n & 0xFFFF_FFFF).to_bytes(4, "little")


def imm64(n: int) -> bytes:
    """Return 8 bytes."""
    return (n & 0xFFFF_FFFF_FFFF_FFFF).to_bytes(8, "little")


def reg_reg(op: bytes, reg: int, rm: int, wide: bool = True, *, byte: bool = False) -> bytes:
    """`op rm, reg` (or `op reg, rm`, as the opcode says); `byte` if an operand is an 8-bit register."""
    rex = 0x40 | wide << 3 | reg >> 3 << 2 | rm >> 3
    modrm = 0xC0 | (reg & 7) << 3 | rm & 7
    head = b"" if rex == 0x40 and not byte else bytes((rex,))
    return head + op + bytes((modrm,))


def reg_mem(
    op: bytes, reg: int, base: int, disp: int, wide: bool = True, *, prefix: bytes = b"", byte: bool = False
) -> bytes:
    """`op reg, [base + disp]` or `op [base + disp], reg`; `prefix` is an operand-size or lock prefix."""
    rex = 0x40 | wide << 3 | reg >> 3 << 2 | base >> 3
    low = base & 7
    if disp == 0 and low != 5:
        mod, tail = 0, b""
    elif -128 <= disp < 128:
        mod, tail = 0x40, imm8(disp)
    else:
        mod, tail = 0x80, imm32(disp)
    modrm = mod | (reg & 7) << 3 | low
    sib = b"\x24" if low == 4 else b""
    head = prefix if rex == 0x40 and not byte else prefix + bytes((rex,))
    return head + op + bytes((modrm,)) + sib + tail


def reg_index(op: bytes, reg: int, base: int, index: int, scale: int, disp: int, wide: bool = True) -> bytes:
    """`op reg, [base + index * scale + disp]` with a displacement of 32 bits."""
    rex = 0x40 | wide << 3 | reg >> 3 << 2 | index >> 3 << 1 | base >> 3
    sib = (scale.bit_length() - 1) << 6 | (index & 7) << 3 | base & 7
    return bytes((rex,)) + op + bytes((0x84 | (reg & 7) << 3, sib)) + imm32(disp)


def alu_imm(op: bytes, reg: int, imm: int, wide: bool = True) -> bytes:
    """`op reg, imm` for an operation of IMMEDIATE; the immediate is sign-extended from 32 bits."""
    number = IMMEDIATE[op]
    if fits8(imm):
        return reg_reg(b"\x83", number, reg, wide) + imm8(imm)
    return reg_reg(b"\x81", number, reg, wide) + imm32(imm)


def mem_imm(op: bytes, base: int, disp: int, imm: int, wide: bool = True) -> bytes:
    """`op [base + disp], imm` for an operation of IMMEDIATE."""
    number = IMMEDIATE[op]
    if fits8(imm):
        return reg_mem(b"\x83", number, base, disp, wide) + imm8(imm)
    return reg_mem(b"\x81", number, base, disp, wide) + imm32(imm)


def mov_imm(reg: int, value: int) -> bytes:
    """Set a register to a number of 64 bits, as short as it goes."""
    value &= 0xFFFF_FFFF_FFFF_FFFF
    if value < 1 << 32:
        if not value:
            return reg_reg(XOR, reg, reg, False)
        return (b"\x41" if reg > 7 else b"") + bytes((0xB8 | reg & 7,)) + imm32(value)
    if value >= (1 << 64) - (1 << 31):
        return reg_reg(b"\xc7", 0, reg) + imm32(value)
    return bytes((0x48 | reg >> 3, 0xB8 | reg & 7)) + imm64(value)


def shift_imm(kind: int, reg: int, count: int, wide: bool = True) -> bytes:
    """Shift or rotate by a constant."""
    return reg_reg(b"\xc1", kind, reg, wide) + imm8(count)


def unary(kind: int, reg: int, wide: bool = True) -> bytes:
    """`not`, `neg`, and `div` or `idiv` of rdx:rax."""
    return reg_reg(b"\xf7", kind, reg, wide)


def push(reg: int) -> bytes:
    """Push a register."""
    return (b"\x41" if reg > 7 else b"") + bytes((0x50 | reg & 7,))


def pop(reg: int) -> bytes:
    """Pop a register."""
    return (b"\x41" if reg > 7 else b"") + bytes((0x58 | reg & 7,))


def call_mem(base: int, disp: int) -> bytes:
    """`call [base + disp]`."""
    return reg_mem(b"\xff", 2, base, disp, False)


def jmp_mem(base: int, disp: int) -> bytes:
    """`jmp [base + disp]`."""
    return reg_mem(b"\xff", 4, base, disp, False)


def call_reg(reg: int) -> bytes:
    """`call reg`."""
    return reg_reg(b"\xff", 2, reg, False)


def jmp_reg(reg: int) -> bytes:
    """`jmp reg`."""
    return reg_reg(b"\xff", 4, reg, False)


def jcc8(condition: int, distance: int) -> bytes:
    """A conditional jump within 127 bytes, from the end of the instruction."""
    return bytes((0x70 | condition,)) + imm8(distance)


def bmi_shift(kind: int, dst: int, src: int, count: int, wide: bool = True) -> bytes:
    """`shlx`, `shrx` or `sarx dst, src, count`: a shift by a register, which leaves the flags alone (BMI2)."""
    prefix = {SHL: 1, SAR: 2, SHR: 3}[kind]
    first = (dst < 8) << 7 | 1 << 6 | (src < 8) << 5 | 2
    second = wide << 7 | (~count & 15) << 3 | prefix
    return bytes((0xC4, first, second, 0xF7, 0xC0 | (dst & 7) << 3 | src & 7))

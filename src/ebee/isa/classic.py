"""Classic BPF, which eBPF grew from: ONE table of its instructions; encode, decode, and what the kernel admits.

A classic program has an accumulator A, an index register X and sixteen 32-bit cells M[0] to M[15]. It reads a packet
(a socket's filter) or a `struct seccomp_data`, jumps forward only, and returns a number: how many bytes of the packet
to keep, or what to do with a system call.

Source: include/uapi/linux/{bpf_common,filter,seccomp}.h; chk_code_allowed, bpf_check_classic and check_load_and_stores
in net/core/filter.c, seccomp_check_filter in kernel/seccomp.c (Linux 6.18).
"""

from __future__ import annotations

import struct

from ..errors import FormatError
from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Literal

    ByteOrder = Literal["little", "big"]

# Instruction classes (code & 0x07).
LD, LDX, ST, STX, ALU, JMP, RET, MISC = range(8)
# Size (code & 0x18) and mode (code & 0xe0) of loads.
W, H, B = 0x00, 0x08, 0x10
IMM, ABS, IND, MEM, LEN, MSH = range(0x00, 0xC0, 0x20)
# Operand (code & 0x08) of ALU and JMP; of RET also A (code & 0x18).
K, X, A = 0x00, 0x08, 0x10
# Operations (code & 0xf0).
ADD, SUB, MUL, DIV, OR, AND, LSH, RSH, NEG, MOD, XOR = range(0x00, 0xB0, 0x10)
JA, JEQ, JGT, JGE, JSET = range(0x00, 0x50, 0x10)
TAX, TXA = 0x00, 0x80

SIZE_BYTES = {W: 4, H: 2, B: 1}
MAX_INSNS, CELLS = 4096, 16  # BPF_MAXINSNS, BPF_MEMWORDS

# Where loads reach beside the packet's data, as k: from the network header, from the link header, and ancillary data.
AD_OFF, NET_OFF, LL_OFF = -0x1000 & 0xFFFFFFFF, -0x100000 & 0xFFFFFFFF, -0x200000 & 0xFFFFFFFF
# Ancillary data by its distance from AD_OFF: the words of bpf_asm. `xor` is A ^= X, an operation in a load's clothes.
ANCILLARY = {
    0: "proto", 4: "type", 8: "ifidx", 12: "nla", 16: "nlan", 20: "mark", 24: "queue", 28: "hatype", 32: "rxhash",
    36: "cpu", 40: "xor", 44: "vlan_tci", 48: "vlan_avail", 52: "poff", 56: "rand", 60: "vlan_tpid",
}  # fmt: skip
SECCOMP_DATA_BYTES = 64  # sizeof(struct seccomp_data)

_SLOT = {"little": struct.Struct("<HBBI"), "big": struct.Struct(">HBBI")}


class ClassicInsn(Record):
    """One instruction, `struct sock_filter`: code u16, jt and jf u8 (instructions to skip), k u32."""

    code: int
    jt: int = 0
    jf: int = 0
    k: int = 0


class Row(Record):
    """One instruction form: its code, mnemonic, and operand, where {k} is decimal and {x} hexadecimal.

    `seccomp`: whether seccomp's filters may have it.
    """

    code: int
    mnemonic: str
    operand: str
    seccomp: bool = True

    @property
    def is_branch(self) -> bool:
        """Whether it has two targets."""
        return self.code & 7 == JMP and self.code & 0xF0 != JA


def _rows() -> list[Row]:
    rows = []
    for letter, size in (("", W), ("h", H), ("b", B)):
        rows.append(Row(LD | ABS | size, f"ld{letter}", "[{k}]", seccomp=size == W))
        rows.append(Row(LD | IND | size, f"ld{letter}", "[x + {k}]", seccomp=False))
    for code, mnemonic in ((LD, "ld"), (LDX, "ldx")):
        rows += (
            Row(code | IMM, mnemonic, "#{x}"), Row(code | MEM, mnemonic, "M[{k}]"),
            Row(code | LEN, mnemonic, "#pktlen"),
        )  # fmt: skip
    rows.append(Row(LDX | MSH | B, "ldxb", "4*([{k}]&0xf)", seccomp=False))
    rows += Row(ST, "st", "M[{k}]"), Row(STX, "stx", "M[{k}]")
    words = ("add", "sub", "mul", "div", "or", "and", "lsh", "rsh", "neg", "mod", "xor")
    for op, mnemonic in zip(range(0, 0xB0, 0x10), words):
        if op == NEG:
            rows.append(Row(ALU | op, mnemonic, ""))
            continue
        number = "#{x}" if op in (OR, AND, XOR) else "#{k}"
        rows += Row(ALU | op | K, mnemonic, number, op != MOD), Row(ALU | op | X, mnemonic, "x", op != MOD)
    rows.append(Row(JMP | JA, "ja", "{target}"))
    for op, mnemonic in ((JEQ, "jeq"), (JGT, "jgt"), (JGE, "jge"), (JSET, "jset")):
        rows += Row(JMP | op | K, mnemonic, "#{x}"), Row(JMP | op | X, mnemonic, "x")
    rows += Row(RET | K, "ret", "#{k}"), Row(RET | A, "ret", ""), Row(MISC | TAX, "tax", ""), Row(MISC | TXA, "txa", "")
    return rows


ROWS: dict[int, Row] = {row.code: row for row in _rows()}


def encode(insns: Iterable[ClassicInsn], byteorder: ByteOrder = "little") -> bytes:
    """Return the machine form, 8 bytes an instruction. Raises: FormatError for a field outside its width."""
    pack, parts = _SLOT[byteorder].pack, []
    for at, insn in enumerate(insns):
        try:
            parts.append(pack(insn.code, insn.jt, insn.jf, insn.k))
        except struct.error:
            raise FormatError(f"instruction {at}: a field is outside its width: {insn!r}") from None
    return b"".join(parts)


def decode(data: bytes, byteorder: ByteOrder = "little") -> list[ClassicInsn]:
    """Return the instructions of a machine form; `check` says whether they make a program.

    Raises: FormatError for a size that is no multiple of 8.
    """
    if len(data) % 8:
        raise FormatError(f"classic instructions take 8 bytes each, {len(data)} bytes are not a whole number of them")
    return [ClassicInsn(*fields) for fields in _SLOT[byteorder].iter_unpack(data)]


def signed(number: int) -> int:
    """Return a u32 as an s32: loads take their offsets so."""
    return number - (number >> 31 << 32)


def ancillary_of(insn: ClassicInsn) -> str:
    """Return the word of the ancillary data that a load reads, "" if it reads something else."""
    if insn.code & ~0x18 != LD | ABS or insn.code & 0x18 == 0x18:
        return ""
    return ANCILLARY.get(insn.k - AD_OFF, "")


def row_of(insn: ClassicInsn, at: int = 0) -> Row:
    """Return an instruction's row. Raises: FormatError if the kernel has no such instruction."""
    row = ROWS.get(insn.code)
    if row is None:
        raise FormatError(f"instruction {at}: there is no classic instruction {insn.code:#06x}")
    return row


def check(insns: Sequence[ClassicInsn]) -> None:
    """Check a socket's filter as the kernel does. Raises: FormatError, where the kernel answers EINVAL."""
    count = len(insns)
    if not 1 <= count <= MAX_INSNS:
        raise FormatError(f"a classic program has 1 to {MAX_INSNS} instructions, this one {count}")
    for at, insn in enumerate(insns):
        row = row_of(insn, at)
        why = _fault(insn, row, count - at - 1)
        if why:
            raise FormatError(f"instruction {at} ({row.mnemonic}): {why}")
    if insns[-1].code not in (RET | K, RET | A):
        raise FormatError(f"instruction {count - 1}: the last instruction is no ret")
    _check_cells(insns)


def _fault(insn: ClassicInsn, row: Row, left: int) -> str:
    """Return what is wrong with an instruction by itself; `left` follow it."""
    code, k = insn.code, insn.k
    if code in (ALU | DIV | K, ALU | MOD | K) and k == 0:
        return "division by 0"
    if code in (ALU | LSH | K, ALU | RSH | K) and k >= 32:
        return f"a shift by {k} is more than 31"
    if code in (LD | MEM, LDX | MEM, ST, STX) and k >= CELLS:
        return f"there is no M[{k}], only M[0] to M[{CELLS - 1}]"
    if code == JMP | JA and k >= left or row.is_branch and max(insn.jt, insn.jf) >= left:
        return "it jumps beyond the program's end"
    if code & ~0x18 == LD | ABS and k >= AD_OFF and not ancillary_of(insn):
        return f"there is no ancillary data {k - AD_OFF}"
    return ""


def _check_cells(insns: Sequence[ClassicInsn]) -> None:
    """Refuse a cell that is read and was not written on every way there."""
    everything = (1 << CELLS) - 1
    known = [everything] * len(insns)
    written = 0
    for at, insn in enumerate(insns):
        written &= known[at]
        code, k = insn.code, insn.k
        if code in (ST, STX):
            written |= 1 << k
        elif code in (LD | MEM, LDX | MEM):
            if not written >> k & 1:
                raise FormatError(f"instruction {at}: M[{k}] is read, and is not written on every way here")
        elif code & 7 == JMP:
            for distance in (k,) if code == JMP | JA else (insn.jt, insn.jf):
                known[at + 1 + distance] &= written
            written = everything


def check_seccomp(insns: Sequence[ClassicInsn]) -> None:
    """Check a seccomp filter as the kernel does. Raises: FormatError, where the kernel answers EINVAL."""
    check(insns)
    for at, insn in enumerate(insns):
        row = row_of(insn, at)
        if not row.seccomp:
            raise FormatError(f"instruction {at} ({row.mnemonic} {row.operand}): seccomp's filters have no such one")
        if insn.code == LD | ABS and (insn.k >= SECCOMP_DATA_BYTES or insn.k % 4):
            raise FormatError(f"instruction {at}: {insn.k} is no offset of a u32 in struct seccomp_data")

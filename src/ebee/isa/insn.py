"""`Insn`: one decoded instruction."""

from __future__ import annotations

from .opcodes import LDDW


class Insn:
    """One instruction. A wide load (LDDW) is one `Insn` whose `imm` has 64 bits; it takes two 8-byte slots.

    `off` is a signed 16-bit value. `imm` is a signed 32-bit value, or for LDDW an unsigned 64-bit one (for its
    pseudo forms: low half the fd, id or index, high half the second slot's imm). Jump distances count slots from
    the next instruction, as in the machine format.

    Source: RFC 9669 section 3.
    """

    __slots__ = ("dst_reg", "imm", "off", "opcode", "src_reg")

    def __init__(self, opcode: int, dst_reg: int = 0, src_reg: int = 0, off: int = 0, imm: int = 0) -> None:
        self.opcode = opcode
        self.dst_reg = dst_reg
        self.src_reg = src_reg
        self.off = off
        self.imm = imm

    @property
    def slots(self) -> int:
        """The number of 8-byte slots this instruction takes: 2 for LDDW, else 1."""
        return 2 if self.opcode == LDDW else 1

    def _key(self) -> tuple[int, int, int, int, int]:
        return (self.opcode, self.dst_reg, self.src_reg, self.off, self.imm)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Insn) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def copy(self) -> Insn:
        """Return an equal, separate instruction."""
        return Insn(self.opcode, self.dst_reg, self.src_reg, self.off, self.imm)

    def __repr__(self) -> str:
        registers = f"dst_reg={self.dst_reg}, src_reg={self.src_reg}"
        return f"Insn({self.opcode:#04x}, {registers}, off={self.off}, imm={self.imm:#x})"

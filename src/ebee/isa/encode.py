"""Instructions to bytes and back.

Source: RFC 9669 section 3.1 and 3.2.
"""

from __future__ import annotations

import struct

from ..errors import FormatError
from .insn import Insn
from .opcodes import LDDW

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Literal

    ByteOrder = Literal["little", "big"]

_SLOT = {"little": struct.Struct("<BBhi"), "big": struct.Struct(">BBhi")}
_WIDE = {"little": struct.Struct("<BBhIII"), "big": struct.Struct(">BBhIII")}


def encode(insns: Iterable[Insn], byteorder: ByteOrder = "little") -> bytes:
    """Return the machine form of `insns`, 8 bytes a slot, in the byte order of the machine that is to run
    them.

    Fields are checked for range only; `table.row_of` checks that they make an instruction.

    Raises: FormatError for a register outside 0..10, an `off` outside s16, an `imm` outside s32 (LDDW: u64).
    """
    narrow, wide = _SLOT[byteorder].pack, _WIDE[byteorder].pack
    dst_shift, src_shift = (0, 4) if byteorder == "little" else (4, 0)
    parts = []
    for insn in insns:
        dst, src, imm = insn.dst_reg, insn.src_reg, insn.imm
        try:
            if not (0 <= dst <= 10 and 0 <= src <= 10):
                raise ValueError
            regs = dst << dst_shift | src << src_shift
            if insn.opcode == LDDW:
                parts.append(wide(LDDW, regs, insn.off, imm & 0xFFFFFFFF, 0, imm >> 32))
            else:
                parts.append(narrow(insn.opcode, regs, insn.off, imm))
        except (struct.error, TypeError, ValueError):
            raise _out_of_range(insn, len(parts)) from None
    return b"".join(parts)


def _out_of_range(insn: Insn, index: int) -> FormatError:
    ranges = (
        ("opcode", 0, 0xFF, "a byte"),
        ("dst_reg", 0, 10, "r0 to r10"),
        ("src_reg", 0, 10, "r0 to r10"),
        ("off", -(1 << 15), (1 << 15) - 1, "a signed 16-bit number"),
        ("imm", 0, (1 << 64) - 1, "an unsigned 64-bit number")
        if insn.opcode == LDDW
        else ("imm", -(1 << 31), (1 << 31) - 1, "a signed 32-bit number"),
    )
    for field, low, high, expected in ranges:
        value = getattr(insn, field)
        if not isinstance(value, int) or not low <= value <= high:
            return FormatError(f"instruction {index} of the list: {field} is {value!r}, not {expected}")
    return FormatError(f"instruction {index} of the list cannot be encoded: {insn!r}")


def decode(data: bytes, byteorder: ByteOrder = "little", *, check: bool = True) -> list[Insn]:
    """Return the instructions of the machine form `data`.

    With `check` every instruction must be one of the table, with its reserved fields zero; without, only
    the form is looked at (for images that the kernel has already rewritten).

    Raises: FormatError for a size that is no multiple of 8, a cut or malformed LDDW, and what `check`
    refuses.
    """
    if len(data) % 8:
        raise FormatError(f"instructions take 8 bytes each, {len(data)} bytes are not a whole number of them")
    dst_shift, src_shift = (0, 4) if byteorder == "little" else (4, 0)
    insns: list[Insn] = []
    slots = _SLOT[byteorder].iter_unpack(data)
    for opcode, regs, off, imm in slots:
        if opcode == LDDW:
            second = next(slots, None)
            if second is None or second[:3] != (0, 0, 0):
                slot = sum(insn.slots for insn in insns)
                raise FormatError(
                    f"instruction {slot}: the second slot of lddw is missing"
                    if second is None
                    else f"instruction {slot + 1}: opcode, registers and off of lddw's second slot must be 0"
                )
            imm = (second[3] & 0xFFFFFFFF) << 32 | imm & 0xFFFFFFFF
        insns.append(Insn(opcode, regs >> dst_shift & 15, regs >> src_shift & 15, off, imm))
    if check:
        from .table import row_of

        slot = 0
        for insn in insns:
            row_of(insn, slot)
            slot += insn.slots
    return insns


def slot_offsets(insns: Sequence[Insn]) -> list[int]:
    """Return the slot number of each instruction and, as one entry more, the number of slots."""
    offsets = [0]
    slot = 0
    for insn in insns:
        slot += 2 if insn.opcode == LDDW else 1
        offsets.append(slot)
    return offsets

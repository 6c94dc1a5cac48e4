"""A program taken apart: instructions by slot, with their rows, functions and basic blocks.

The interpreter and the compilers of native code start from it.
"""

from __future__ import annotations

from ..errors import ExecutionError
from ..isa.table import row_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..isa.insn import Insn
    from ..isa.table import Row

_U32 = 0xFFFF_FFFF
_ENDS = frozenset(("jump", "ja", "gotox", "may_goto", "exit"))  # the families that end a basic block
_WRITE_DST = frozenset(("alu", "neg", "movsx", "endian", "load", "lddw", "addr_space_cast"))


class Program:
    """Instructions by slot, with their rows, functions and basic blocks.

    Raises: FormatError for what is no instruction; ExecutionError for jumps that leave their function or hit the
    middle of an instruction, and for writes to r10.
    """

    __slots__ = ("end", "functions", "insn_at", "row_at", "slots")

    def __init__(self, insns: Sequence[Insn]) -> None:
        self.insn_at: dict[int, Insn] = {}
        self.row_at: dict[int, Row] = {}
        slot = 0
        for insn in insns:
            self.insn_at[slot] = insn
            self.row_at[slot] = row_of(insn, slot)
            slot += insn.slots
        self.end = slot
        self.slots = list(self.insn_at)
        if not self.slots:
            raise ExecutionError("the program has no instructions")
        starts = {0}
        for slot, row in self.row_at.items():
            if row.op == "local" or row.name == "lddw_func":
                starts.add(self.target(slot))
            if writes_frame_pointer(row, self.insn_at[slot]):
                raise ExecutionError("r10, the frame pointer, cannot be written", slot)
        self.functions = sorted(starts)

    def target(self, slot: int) -> int:
        """Return the slot that a jump, call or function address at `slot` leads to."""
        insn, row = self.insn_at[slot], self.row_at[slot]
        distance = insn.off if row.jump_field == "off" else insn.imm
        if row.name == "lddw_func":
            distance = (insn.imm & _U32 ^ 0x8000_0000) - 0x8000_0000
        target = slot + 1 + distance
        if target not in self.insn_at:
            raise ExecutionError(f"{row.name} to slot {target}, where no instruction starts", slot)
        return target

    def bodies(self) -> list[tuple[int, list[int], set[int]]]:
        """Return each function: its first slot, its slots and the first slots of its basic blocks."""
        out = []
        many = len(self.functions) > 1
        for start, end in zip(self.functions, [*self.functions[1:], self.end], strict=True):
            slots = [s for s in self.slots if start <= s < end] if many else self.slots
            heads = {start}
            for slot in slots:
                row = self.row_at[slot]
                if row.family in _ENDS:
                    heads.add(slot + 1)
                    if row.jump_field:
                        target = self.target(slot)
                        if not start <= target < end:
                            raise ExecutionError(f"{row.name} to slot {target}, outside the function", slot)
                        heads.add(target)
                    if row.family == "gotox":  # it may lead to any instruction
                        heads.update(slots)
            out.append((start, slots, heads))
        return out


def writes_frame_pointer(row: Row, insn: Insn) -> bool:
    """Return whether an instruction writes r10."""
    if row.family == "atomic":
        if row.op == "load_acq":
            return insn.dst_reg == 10
        return (row.op.startswith("fetch_") or row.op == "xchg") and insn.src_reg == 10
    return insn.dst_reg == 10 and row.dst_reg == "reg" and row.family in _WRITE_DST

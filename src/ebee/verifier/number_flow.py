"""Ranges of registers at each instruction, whatever path led there.

The walk through a program's paths leaves out a path where it is sure that it would go well; the numbers on it may be
others than those that it saw. This is why ranges that a compiler relies on come from here: an analysis of the whole
flow of each function, joined where paths meet, with the same arithmetic. Pointers are numbers of which nothing is
known; so is what comes from memory, from calls and from callers. Numbers on the stack are followed where they are
read again by the frame pointer itself.
"""

from __future__ import annotations

from heapq import heappop, heappush

from ..isa.opcodes import BPF_CMPXCHG, BPF_FETCH, BPF_NEG, BPF_RSH, BPF_XCHG
from .scalar import (
    S64_MAX,
    S64_MIN,
    UNKNOWN,
    Scalar,
    bswap,
    const,
    sign_extend,
    sync,
    truncate,
    union,
)
from .scalar_alu import alu32, alu64
from .scalar_branch import branch_outcome, refine
from .tnum import U64_MAX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from ..isa.insn import Insn
    from ..isa.table import Row
    from .program import Code

    Numbers = tuple[Scalar, ...]  # of r0 to r10, then of the places
    Written = Callable[[int], tuple[int, int] | None]

_EXACT_JOINS, _JOINS = 3, 200
_FP = 10


def number_flow(code: Code, gives_pointer: Container[int], written: Written) -> dict[int, Numbers]:
    """Return what r0 to r10 hold before each slot that can be reached.

    The loads at the slots of `gives_pointer` give pointers, whatever their size. `written` says which bytes of the
    stack, as the first and the end, an instruction may change otherwise than by the frame pointer itself.
    """
    flow = _Flow(code, gives_pointer, written)
    return {slot: numbers[:11] for slot, numbers in flow.run().items()}


def _joined(old: Numbers, new: Numbers, joins: int) -> Numbers:
    """Join two states; the more often it was done where a loop begins, the coarser, so that it ends."""
    result = list(old)
    for n in range(len(result)):
        a, b = old[n], new[n]
        if a is not b:
            both = union(a, b)
            if both is not a and joins >= _EXACT_JOINS:
                both = _widened(a, both) if joins < _JOINS else UNKNOWN
            result[n] = both
    return tuple(result)


def _widened(old: Scalar, new: Scalar) -> Scalar:
    """Move the bounds that moved on to the next power of two."""
    umin = 0 if new.umin < old.umin else new.umin
    umax = (1 << new.umax.bit_length()) - 1 if new.umax > old.umax else new.umax
    smin, smax = new.smin, new.smax
    if smin < old.smin:
        smin = 0 if smin >= 0 else max(S64_MIN, -1 << (~smin).bit_length())
    if smax > old.smax:
        smax = -1 if smax < 0 else min(S64_MAX, (1 << smax.bit_length()) - 1)
    mask = (1 << new.mask.bit_length()) - 1 if new.mask != old.mask else new.mask
    return sync(new.value & ~mask & U64_MAX, mask, umin, umax, smin, smax, *UNKNOWN.key[6:])


def _jump(row: Row, insn: Insn, slot: int, regs: Numbers) -> list[tuple[int, Numbers]]:
    op, is32 = insn.opcode & 0xF0, row.bits == 32
    is_register = row.src_reg == "reg"
    a, b = regs[insn.dst_reg], regs[insn.src_reg] if is_register else const(insn.imm)
    outcome = branch_outcome(op, a, b, is32)
    ways = []
    for taken, following in ((False, slot + 1), (True, slot + 1 + insn.off)):
        if outcome is not None and outcome != taken:
            continue
        after = regs
        if outcome is None:
            pair = refine(op, a, b, taken, is32)
            if pair is None:
                continue
            known = list(regs)
            known[insn.dst_reg] = pair[0]
            if is_register and insn.src_reg != insn.dst_reg:
                known[insn.src_reg] = pair[1]
            after = tuple(known)
        ways.append((following, after))
    return ways


def _results(row: Row, insn: Insn, regs: Numbers) -> dict[int, Scalar]:
    """Return the registers that an instruction writes, with what is known of them."""
    family, dst, wide = row.family, insn.dst_reg, row.bits == 64
    if family == "alu":
        b = regs[insn.src_reg] if row.src_reg == "reg" else const(insn.imm)
        return {dst: (alu64 if wide else alu32)(insn.opcode & 0xF0, regs[dst], b)}
    if family == "load":
        size = row.bits // 8
        return {dst: sign_extend(UNKNOWN, size) if row.op == "ldxs" else truncate(UNKNOWN, size)}
    if family == "lddw":
        return {dst: const(insn.imm) if row.name == "lddw" else UNKNOWN}
    if family == "movsx":
        return {dst: sign_extend(regs[insn.src_reg], insn.off // 8, not wide)}
    if family == "neg":
        return {dst: (alu64 if wide else alu32)(BPF_NEG, regs[dst], regs[dst])}
    if family == "endian":
        return {dst: bswap(regs[dst], insn.imm, row.op != "le")}
    if family in ("call", "callx", "packet"):
        return dict.fromkeys(range(6), UNKNOWN)
    if family == "atomic":
        loaded = truncate(UNKNOWN, row.bits // 8)
        if row.op == "load_acq":
            return {dst: loaded}
        if insn.imm == BPF_CMPXCHG:
            return {0: loaded}
        return {insn.src_reg: loaded} if insn.imm & BPF_FETCH or insn.imm == BPF_XCHG else {}
    return {dst: UNKNOWN} if family == "addr_space_cast" else {}


class _Flow:
    """The analysis of one program. `places` are the bytes of the stack (offset from the frame pointer, size) that are
    loaded by the frame pointer itself, each with its index in `Numbers`."""

    def __init__(self, code: Code, gives_pointer: Container[int], written: Written) -> None:
        self.code, self.gives_pointer, self.written = code, gives_pointer, written
        self.places: dict[tuple[int, int], int] = {}
        for row, insn in zip(code.rows, code.insns):
            if row is not None and insn is not None and row.family == "load" and insn.src_reg == _FP:
                self.places.setdefault((insn.off, row.bits // 8), 11 + len(self.places))
        self.unknown = (*(UNKNOWN,) * 11, *(truncate(UNKNOWN, size) for _, size in self.places))

    def run(self) -> dict[int, Numbers]:
        """Return what is known before each slot."""
        code = self.code
        before: dict[int, Numbers] = dict.fromkeys(code.starts, self.unknown)
        joins: dict[int, int] = {}  # by slot that is jumped back to, as every loop has one
        waiting = list(code.starts)
        is_waiting = set(waiting)
        while waiting:
            slot = heappop(waiting)
            is_waiting.discard(slot)
            for following, after in self._ways(slot, before[slot]):
                if following <= slot:
                    joins.setdefault(following, 0)
                old = before.get(following)
                new = after if old is None else _joined(old, after, joins.get(following, 0))
                if new != old:
                    before[following] = new
                    if following in joins:
                        joins[following] += 1
                    if following not in is_waiting:
                        is_waiting.add(following)
                        heappush(waiting, following)
        return before

    def _ways(self, slot: int, known: Numbers) -> list[tuple[int, Numbers]]:
        """Return each slot that may follow, with what is known there."""
        row, insn = self.code.rows[slot], self.code.insns[slot]
        assert row is not None and insn is not None
        if row.family == "jump":
            return _jump(row, insn, slot, known)
        after = list(known)
        if self.places:
            self._change_stack(slot, row, insn, known, after)
        for number, result in _results(row, insn, known).items():
            after[number] = result
        if row.family == "load":
            if slot in self.gives_pointer:
                after[insn.dst_reg] = UNKNOWN
            elif insn.src_reg == _FP:
                filled = known[self.places[insn.off, row.bits // 8]]
                after[insn.dst_reg] = sign_extend(filled, row.bits // 8) if row.op == "ldxs" else filled
        changed = tuple(after)
        return [(following, changed) for following in self.code.successors(slot)]

    def _change_stack(self, slot: int, row: Row, insn: Insn, known: Numbers, after: list[Scalar]) -> None:
        """Take over what an instruction stores, and forget what it may have changed."""
        span = self.written(slot)
        value = None
        if row.family in ("store", "atomic") and insn.dst_reg == _FP and row.op != "load_acq":
            span = insn.off, insn.off + row.bits // 8
            if row.family == "store":
                value = known[insn.src_reg] if row.src_reg == "reg" else const(insn.imm)
        if span is None:
            return
        low, end = span
        for (off, size), index in self.places.items():
            if off < end and low < off + size:
                after[index] = self.unknown[index]
                if value is not None and low <= off and off + size <= end:
                    after[index] = truncate(alu64(BPF_RSH, value, const(8 * (off - low))), size)

"""Ranges of registers at each instruction, whatever path led there.

The walk through a program's paths leaves out a path where it is sure that it would go well; the numbers on it may be
others than those that it saw. This is why ranges that a compiler relies on come from here: an analysis of the whole
flow of each function, joined where paths meet, with the same arithmetic. Pointers are numbers of which nothing is
known; so is what comes from memory, from calls and from callers.
"""

from __future__ import annotations

from heapq import heappop, heappush

from ..isa.opcodes import BPF_CMPXCHG, BPF_FETCH, BPF_NEG, BPF_XCHG
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
    from ..isa.insn import Insn
    from ..isa.table import Row
    from .program import Code

    Numbers = tuple[Scalar, ...]

_UNKNOWN: Numbers = (UNKNOWN,) * 11
_EXACT_JOINS, _JOINS = 3, 200


def number_flow(code: Code) -> dict[int, Numbers]:
    """Return what r0 to r10 hold before each slot that can be reached."""
    before: dict[int, Numbers] = dict.fromkeys(code.starts, _UNKNOWN)
    joins: dict[int, int] = {}  # by slot that is jumped back to, as every loop has one
    waiting = list(code.starts)
    is_waiting = set(waiting)
    while waiting:
        slot = heappop(waiting)
        is_waiting.discard(slot)
        for following, after in _ways(code, slot, before[slot]):
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


def _joined(old: Numbers, new: Numbers, joins: int) -> Numbers:
    """Join two states; the more often it was done where a loop begins, the coarser, so that it ends."""
    result = list(old)
    for n in range(11):
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


def _ways(code: Code, slot: int, regs: Numbers) -> list[tuple[int, Numbers]]:
    """Return each slot that may follow, with what is known there."""
    row, insn = code.rows[slot], code.insns[slot]
    assert row is not None and insn is not None
    if row.family == "jump":
        return _jump(row, insn, slot, regs)
    changed = _results(row, insn, regs)
    if changed:
        after = list(regs)
        for number, result in changed.items():
            after[number] = result
        regs = tuple(after)
    return [(following, regs) for following in code.successors(slot)]


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

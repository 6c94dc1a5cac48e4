"""Which numbers' exact ranges mattered: marks that go back along the path that was taken.

A stored state prunes others only by what was needed after it. Where a check depends on a register's range, the path is
walked backwards to what the value was computed from, and all stored states on the way get marks.

Source: kernel/bpf/verifier.c (Linux 6.18): __mark_chain_precision(), backtrack_insn(), propagate_precision().
"""

from __future__ import annotations

from .program import CALLBACK
from .state import MAX_FRAMES_7, SCALAR, SPILL, Frame, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .explore import Verifier

ARGUMENTS = 0x3E  # r1 to r5
_TAIL_CALL = 12


class _Lost(Exception):
    """Backtracking does not know where a value came from."""


class Backtrack:
    """The registers and slots that are looked for, by frame; `frame` is the one that the walk is in."""

    __slots__ = ("frame", "regs", "slots")

    def __init__(self, frame: int) -> None:
        self.frame = frame
        self.regs, self.slots = [0] * (MAX_FRAMES_7 + 1), [0] * (MAX_FRAMES_7 + 1)

    def is_empty(self) -> bool:
        """Tell if nothing is looked for any more."""
        return not any(self.regs) and not any(self.slots)


def mark_chain(v: Verifier, start: State, bt: Backtrack) -> bool:
    """Mark what `bt` looks for in `start`, and what it was made of, in all stored states before.

    Return whether marks are new.
    """
    if bt.is_empty():
        return False
    changed = False
    state = start
    last, following = start.idx, -1
    is_first = True
    steps = v.pruning.back_steps
    while True:
        history = state.history
        left = len(history)
        i = last
        first = state.first
        if i < 0:
            return changed
        while True:
            entry = history[left - 1] if left and history[left - 1][0] == i else None
            if is_first:
                is_first = False
            else:
                step = steps[i]
                try:
                    if entry is not None and entry[3]:
                        _sync(bt, entry[3])
                    if step is not None:
                        step[0](v, bt, step, i, following, entry)
                    if entry is not None and entry[3]:
                        _sync(bt, entry[3])
                except _Lost:
                    return mark_all(start) or changed
            if not (bt.regs[bt.frame] or bt.slots[bt.frame]) and bt.is_empty():
                return changed
            following = i
            if i == first and (left == 0 or (left == 1 and history[0][0] == i)):
                break
            if entry is not None:
                i = entry[1]
                left -= 1
            else:
                i -= 1
        parent = state.parent
        if parent is None:
            break
        state = parent
        for n in range(bt.frame, -1, -1):
            frame = state.frames[n]
            if bt.regs[n]:
                changed |= _mark_regs(frame, bt, n)
            if bt.slots[n]:
                changed |= _mark_slots(frame, bt, n)
        if bt.is_empty():
            return changed
        following, last = first, state.last
    if bt.is_empty():
        return changed
    return mark_all(start) or changed


def _mark_regs(frame: Frame, bt: Backtrack, n: int) -> bool:
    wanted = bt.regs[n] & ~frame.precise_regs
    regs = frame.regs
    left = wanted
    while left:
        low = left & -left
        if regs[low.bit_length() - 1].kind != SCALAR:
            wanted &= ~low
        left ^= low
    bt.regs[n] = wanted
    frame.precise_regs |= wanted
    return wanted != 0


def _mark_slots(frame: Frame, bt: Backtrack, n: int) -> bool:
    wanted = bt.slots[n] & ~frame.precise_slots
    left = wanted
    while left:
        low = left & -left
        spi = low.bit_length() - 1
        slot = frame.stack[spi] if spi < len(frame.stack) else None
        if slot is None or slot.reg is None or slot.reg.kind != SCALAR or slot.kinds[0] != SPILL:
            wanted &= ~low
        left ^= low
    bt.slots[n] = wanted
    frame.precise_slots |= wanted
    return wanted != 0


def mark_all(start: State) -> bool:
    """Mark every number in all stored states before `start`."""
    state = start.parent
    while state is not None:
        for frame in state.frames:
            frame.precise_regs |= sum(1 << i for i, reg in enumerate(frame.regs) if reg.kind == SCALAR)
            slots = enumerate(frame.stack)
            frame.precise_slots |= sum(1 << i for i, slot in slots if slot.reg is not None and slot.reg.kind == SCALAR)
        state = state.parent
    return True


def propagate(v: Verifier, old: State, cur: State) -> bool:
    """Mark in the states before `cur` what is marked in `old`, which `cur` is equal to."""
    bt = Backtrack(len(cur.frames) - 1)
    for n, frame in enumerate(old.frames):
        bt.regs[n], bt.slots[n] = frame.precise_regs, frame.precise_slots
        regs = cur.frames[n].regs
        if bt.regs[n]:
            bt.regs[n] &= sum(1 << i for i in range(10) if regs[i].kind == SCALAR)
        if bt.slots[n]:
            stack = cur.frames[n].stack
            bt.slots[n] &= sum(
                1 << i for i, slot in enumerate(stack)
                if slot.reg is not None and slot.reg.kind == SCALAR and slot.kinds[0] == SPILL
            )  # fmt: skip
    return mark_chain(v, cur, bt)


def _sync(bt: Backtrack, linked: tuple[tuple[int, bool, int], ...]) -> None:
    for frame, is_reg, i in linked:
        if (bt.regs if is_reg else bt.slots)[frame] >> i & 1:
            break
    else:
        return
    for frame, is_reg, i in linked:
        if frame <= bt.frame:
            (bt.regs if is_reg else bt.slots)[frame] |= 1 << i


# The steps back, by instruction: (step, operands …).


def _copy(v: Verifier, bt: Backtrack, op: Any, i: int, following: int, entry: Any) -> None:
    """dst = src: the source matters instead."""
    regs, n = bt.regs, bt.frame
    if regs[n] & op[1]:
        regs[n] = regs[n] & ~op[1] | op[2]


def _combine(v: Verifier, bt: Backtrack, op: Any, i: int, following: int, entry: Any) -> None:
    """dst = dst op src: both matter."""
    if bt.regs[bt.frame] & op[1]:
        bt.regs[bt.frame] |= op[2]


def _load(v: Verifier, bt: Backtrack, op: Any, i: int, following: int, entry: Any) -> None:
    if bt.regs[bt.frame] & op[1]:
        bt.regs[bt.frame] &= ~op[1]
        if entry is not None and entry[2] is not None:
            frame, spi = entry[2]
            bt.slots[frame] |= 1 << spi


def _store(v: Verifier, bt: Backtrack, op: Any, i: int, following: int, entry: Any) -> None:
    if bt.regs[bt.frame] & op[1]:
        raise _Lost
    if entry is not None and entry[2] is not None:
        frame, spi = entry[2]
        if bt.slots[frame] >> spi & 1:
            bt.slots[frame] &= ~(1 << spi)
            bt.regs[bt.frame] |= op[2]


def _compare(v: Verifier, bt: Backtrack, op: Any, i: int, following: int, entry: Any) -> None:
    both = op[1] | op[2]
    if bt.regs[bt.frame] & both:
        bt.regs[bt.frame] |= both & ~(entry[4] if entry is not None else 0)


def _call(v: Verifier, bt: Backtrack, op: Any, i: int, following: int, entry: Any) -> None:
    regs, n = bt.regs, bt.frame
    if v.code.marks[i] & CALLBACK and following != i + 1:
        regs[n] &= ~ARGUMENTS
        if regs[n] or bt.slots[n] or not n:
            raise _Lost
        bt.frame -= 1
        return
    if op[1] and following != i + 1:  # the function ended there
        _ended(bt)
        return
    regs[n] &= ~1
    if regs[n] & ARGUMENTS:
        raise _Lost


def _call_local(v: Verifier, bt: Backtrack, op: Any, i: int, following: int, entry: Any) -> None:
    regs, n = bt.regs, bt.frame
    if op[1]:
        regs[n] &= ~1
        if regs[n] & ARGUMENTS:
            raise _Lost
        return
    if regs[n] & ~ARGUMENTS or bt.slots[n] or not n:
        raise _Lost
    regs[n - 1] |= regs[n]
    regs[n] = 0
    bt.frame -= 1


def _exit(v: Verifier, bt: Backtrack, op: Any, i: int, following: int, entry: Any) -> None:
    regs, n = bt.regs, bt.frame
    if following >= 0 and v.code.marks[following] & CALLBACK:
        regs[n] &= ~ARGUMENTS
    if regs[n] & ARGUMENTS or n == 7:
        raise _Lost
    row = v.code.rows[following - 1] if following > 0 else None
    precise = regs[n] & 1 if row is not None and row.name == "call_local" else 0
    regs[n] &= ~1
    bt.frame += 1
    regs[n + 1] |= precise


def _packet(v: Verifier, bt: Backtrack, op: Any, i: int, following: int, entry: Any) -> None:
    if following != i + 1:
        _ended(bt)
    elif bt.regs[bt.frame] & 1:
        raise _Lost


def _ended(bt: Backtrack) -> None:
    """Go into the function that ended at an instruction in its midst: what it returned is not known."""
    bt.regs[bt.frame] &= ~1
    if bt.frame == 7:
        raise _Lost
    bt.frame += 1


def back_steps(v: Verifier) -> list[Any]:
    """Return for each slot how to go back over it."""
    steps: list[Any] = []
    for slot, (row, insn) in enumerate(zip(v.code.rows, v.code.insns)):
        if row is None or insn is None:
            steps.append(None)
            continue
        dst, src = 1 << insn.dst_reg, 1 << insn.src_reg
        if insn.src_reg == 10:
            src = 0
        by_register = row.src_reg == "reg"
        family = row.family
        step: Any = None
        if family in ("alu", "movsx", "addr_space_cast"):
            if family != "alu" or row.op == "mov":
                step = (_copy, dst, src if by_register else 0)
            elif by_register:
                step = (_combine, dst, src)
        elif family == "load" or row.op == "load_acq":
            step = (_load, dst)
        elif family in ("store", "atomic"):
            step = (_store, dst, src if by_register else 0)
        elif family == "jump" and by_register:
            step = (_compare, dst, 1 << insn.src_reg)
        elif row.name == "call_local":
            step = (_call_local, v.is_global(v.code.subprog_at[v.code.callee(slot)]))
        elif family == "call":
            step = (_call, row.name == "call_helper" and insn.imm == _TAIL_CALL)
        elif family == "exit":
            step = (_exit,)
        elif family == "lddw":
            step = (_copy, dst, 0)
        elif family == "packet":
            step = (_packet,)
        steps.append(step)
    return steps

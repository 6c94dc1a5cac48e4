"""When a state needs no exploration, since an explored one covers it.

Source: kernel/bpf/verifier.c (Linux 6.18): states_equal(), regsafe(), stacksafe(), refsafe(), check_ids().
"""

from __future__ import annotations

from .scalar import is_subset
from .state import (
    ADD_CONST,
    ALL_MISC,
    ALL_SPILL,
    DYNPTR,
    INVALID,
    IRQ_FLAG,
    ITER,
    MISC,
    NOT_INIT,
    NOT_INIT_REG,
    PTR_TO_ARENA,
    PTR_TO_BUF,
    PTR_TO_INSN,
    PTR_TO_MAP_KEY,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    PTR_TO_PACKET,
    PTR_TO_PACKET_META,
    PTR_TO_TP_BUFFER,
    SCALAR,
    SPILL,
    STACK_ZERO,
    UNKNOWN_REG,
    Frame,
    Reg,
    Slot,
    State,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# How alike states must be: as what was needed says; exactly; or also ranges of what was not marked as needed.
NOT_EXACT, EXACT, RANGE_WITHIN = range(3)

_RANGED = frozenset((PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE, PTR_TO_MEM, PTR_TO_BUF, PTR_TO_TP_BUFFER))
_MISC_OR_INVALID = frozenset((MISC, INVALID))


class Ids:
    """Which id of the old state stands for which of the current one: one for one."""

    __slots__ = ("fresh", "new", "old", "strict")

    def __init__(self, fresh: int, strict: bool = False) -> None:
        self.old: dict[int, int] = {}
        self.new: dict[int, int] = {}
        self.fresh = fresh
        self.strict = strict  # numbers must have the same bounds

    def match(self, old: int, new: int) -> bool:
        """Tell if the ids may be the same, and from now on are."""
        if old == 0 or new == 0:
            return old == new
        known = self.old.get(old)
        if known is not None:
            return known == new
        if new in self.new:
            return False
        self.old[old], self.new[new] = new, old
        return True

    def match_scalars(self, old: int, new: int) -> bool:
        """Tell the same of ids of numbers: an old one without may become any, a new one without is like no other."""
        if not old:
            return True
        if not new:
            self.fresh += 1
            new = self.fresh
        return self.match(old, new) and (not old & ADD_CONST or self.match(old & ~ADD_CONST, new & ~ADD_CONST))


def states_equal(
    old: State, new: State, live: Sequence[int], exact: int, fresh: int, privileged: int, *, strict: bool = False
) -> bool:  # fmt: skip
    """Tell if what was found out from `old` on holds from `new` on. `live` has the registers that are read, by slot.

    `privileged` is 0 for users without privilege, 2 where unset stack may be read, 3 where loops may set it otherwise.
    `strict`: numbers must have the same bounds, unless `exact` says more.
    """
    frames, others = old.frames, new.frames
    if len(frames) != len(others) or (old.speculative and not new.speculative) or old.may_sleep != new.may_sleep:
        return False
    ids = Ids(fresh, strict)
    if (old.rcu, old.preempt, len(old.refs), len(old.locks)) != (new.rcu, new.preempt, len(new.refs), len(new.locks)):
        return False
    for (kind, id, _), (other_kind, other_id, _) in zip(old.refs, new.refs):
        if kind != other_kind or not ids.match(id, other_id):
            return False
    for lock, other_lock in zip(old.locks, new.locks):
        if lock[::2] != other_lock[::2] or not ids.match(lock[1], other_lock[1]):
            return False
    top = len(frames) - 1
    for n in range(top + 1):
        frame, other = frames[n], others[n]
        if frame.callsite != other.callsite or frame.callback_depth > other.callback_depth:
            return False
        at = old.idx if n == top else frames[n + 1].callsite
        if not _frames_equal(frame, other, live[at], exact, ids, privileged):
            return False
    return True


def _frames_equal(old: Frame, new: Frame, live: int, exact: int, ids: Ids, privileged: int) -> bool:
    precise = old.precise_regs if privileged else -1
    new_regs = new.regs
    for i, reg in enumerate(old.regs):
        if live >> i & 1:
            other = new_regs[i]
            if (reg is not other or reg.id or reg.ref) and not reg_safe(reg, other, precise >> i & 1, exact, ids):
                return False
    return _stacks_safe(old, new, exact, ids, privileged)


def regs_exact(old: Reg, new: Reg, ids: Ids) -> bool:
    """Tell if two registers are the same but for the names of ids."""
    if old is new and not old.id and not old.ref:
        return True
    return (
        old.kind == new.kind and old.flags == new.flags and old.off == new.off and old.size == new.size
        and (old.num is new.num or old.num.key == new.num.key) and (old.obj is new.obj or old.obj == new.obj)
        and ids.match(old.id, new.id) and ids.match(old.ref, new.ref)
    )  # fmt: skip


def reg_safe(old: Reg, new: Reg, precise: int, exact: int, ids: Ids) -> bool:
    """Tell if the new register may do what the old one did."""
    if exact == EXACT:
        return regs_exact(old, new, ids)
    kind = old.kind
    if kind == NOT_INIT:
        return True
    if kind != new.kind or old.flags != new.flags:
        return False
    if kind == SCALAR:
        if ids.strict:
            return old.num.key == new.num.key and old.off == new.off and ids.match_scalars(old.id, new.id)
        if not precise and exact == NOT_EXACT:
            return True
        if old.id and ((old.id ^ new.id) & ADD_CONST or (old.id & ADD_CONST and old.off != new.off)):
            return False
        return is_subset(new.num, old.num) and ids.match_scalars(old.id, new.id)
    if kind in _RANGED:
        return (
            old.off == new.off and old.size == new.size and (old.obj is new.obj or old.obj == new.obj)
            and is_subset(new.num, old.num) and ids.match(old.id, new.id) and ids.match(old.ref, new.ref)
        )  # fmt: skip
    if kind in (PTR_TO_PACKET, PTR_TO_PACKET_META):
        if old.size != new.size and (old.size < 0 or new.size < 0 or old.size > new.size):
            return False
        return old.off == new.off and ids.match(old.id, new.id) and is_subset(new.num, old.num)
    if kind == PTR_TO_ARENA:
        return True
    if kind == PTR_TO_INSN:
        return old.obj == new.obj and old.off == new.off and is_subset(new.num, old.num)
    return regs_exact(old, new, ids)


def _number_in(slot: Slot, privileged: int) -> Reg | None:
    """Return the 64-bit number that a slot holds, None if it holds something else."""
    kinds = slot.kinds
    if kinds == ALL_SPILL:
        return slot.reg if slot.reg is not None and slot.reg.kind == SCALAR else None
    if kinds == ALL_MISC or (privileged > 1 and _MISC_OR_INVALID.issuperset(kinds)):
        return UNKNOWN_REG
    return None


def _stacks_safe(old: Frame, new: Frame, exact: int, ids: Ids, privileged: int) -> bool:
    others = new.stack
    count = len(others)
    precise_slots = old.precise_slots if privileged else -1
    same_kinds = (EXACT,) if privileged > 2 else (EXACT, RANGE_WITHIN)
    for spi, slot in enumerate(old.stack):
        other = others[spi] if spi < count else None
        if other is slot and (slot.reg is None or (not slot.reg.id and not slot.reg.ref)):
            continue
        kinds = slot.kinds
        if exact in same_kinds and (other is None or other.kinds != kinds):
            return False
        if privileged > 1 and _MISC_OR_INVALID.issuperset(kinds) and exact != EXACT:
            continue
        if not any(kinds):
            continue
        if other is None:
            return False
        number = _number_in(slot, privileged)
        if number is not None:
            other_number = _number_in(other, privileged)
            if other_number is not None:
                precise = precise_slots >> spi & 1 if number is slot.reg else not privileged
                if not reg_safe(number, other_number, precise, exact, ids):
                    return False
                continue
        other_kinds = other.kinds
        if kinds != other_kinds:
            for kind, other_kind in zip(kinds, other_kinds):
                if kind in (other_kind, INVALID) or (kind == MISC and (privileged > 1 or other_kind == STACK_ZERO)):
                    continue
                return False
        kind = kinds[0]
        if kind == SPILL:
            if other_kinds[0] == SPILL and not reg_safe(
                slot.reg or NOT_INIT_REG, other.reg or NOT_INIT_REG, precise_slots >> spi & 1, exact, ids
            ):
                return False
        elif kind in (DYNPTR, ITER, IRQ_FLAG):
            a, b = slot.reg, other.reg
            if a is None or b is None or (a.obj, a.flags, a.off) != (b.obj, b.flags, b.off):
                return False
            if not ids.match(a.ref, b.ref):
                return False
            if kind == DYNPTR and not ids.match(a.id, b.id):
                return False
    return True

"""Stored states: what was explored is not explored again, and loops end.

Source: kernel/bpf/verifier.c (Linux 6.18): is_state_visited(), clean_live_states(), clear_singular_ids(),
update_branch_counts(), maybe_enter_scc(), maybe_exit_scc(), propagate_backedges().
"""

from __future__ import annotations

from . import precision
from .equivalence import EXACT, NOT_EXACT, RANGE_WITHIN, states_equal
from .liveness import StackLiveness, live_registers
from .program import CALLBACK, FORCE, ITER_NEXT, JUMP, MAY_GOTO
from .state import ADD_CONST, INVALID_SLOT, ITER, NOT_INIT_REG, SCALAR, SPILL, Reg, Slot, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .explore import Verifier

MAX_BACKEDGES = 64
STATES_UNPRIVILEGED = 64  # BPF_COMPLEXITY_LIMIT_STATES
_HISTORY_AT_MOST = 40


class Stored:
    """A state that was kept, and how often it was of use."""

    __slots__ = ("hits", "misses", "state")

    def __init__(self, state: State) -> None:
        self.state = state
        self.hits = self.misses = 0


class _Visit:
    """One stay in a strongly connected component: the state that entered it, and where loops closed."""

    __slots__ = ("backedges", "entry")

    def __init__(self) -> None:
        self.entry: State | None = None
        self.backedges: list[tuple[State, State]] = []


class Pruning:
    """The states that were stored, with what makes them prune more: liveness and precision."""

    def __init__(self, v: Verifier) -> None:
        self.v = v
        self.stored: dict[tuple[int, int], list[Stored]] = {}
        self.live = live_registers(v.code, v.arguments_at)
        self.slots = StackLiveness(v.code)
        self.back_steps = precision.back_steps(v)
        self.scc, self.by_call = components(v)
        self.visits: dict[tuple[int, ...], _Visit] = {}
        self.last_processed = self.last_jumps = 0
        self.states_now = 0

    def forget(self) -> None:
        """Drop all stored states: another function is explored from its start."""
        self.stored.clear()
        self.visits.clear()
        self.states_now = 0

    # What the steps report.

    def mark_precise(self, number: int) -> None:
        """Note that the range of the number in a register of the current frame matters."""
        v = self.v
        state = v.state
        if v.regs[number].kind != SCALAR or not v.privileged or state.parent is None:
            return
        bt = precision.Backtrack(len(state.frames) - 1)
        bt.regs[bt.frame] = 1 << number
        state.idx = v.idx
        precision.mark_chain(v, state, bt)

    def mark_slot_precise(self, frame: int, spi: int) -> None:
        """Note that the range of the number in a stack slot matters."""
        v = self.v
        state = v.state
        if not v.privileged or state.parent is None:
            return
        bt = precision.Backtrack(len(state.frames) - 1)
        bt.slots[frame] = 1 << spi
        state.idx = v.idx
        precision.mark_chain(v, state, bt)

    def stack_read(self, frame: int, mask: int) -> None:
        """Note that the current instruction reads slots."""
        self.slots.read(self.v.frame.chain, frame, self.v.idx, mask)

    def stack_write(self, frame: int, mask: int) -> None:
        """Note that the current instruction overwrites whole slots."""
        self.slots.write(self.v.frame.chain, frame, self.v.idx, mask)

    # The states.

    def seen(self, idx: int) -> bool:
        """Tell if the current state is covered by a stored one; else perhaps store it. Raises: Refusal for loops."""
        v = self.v
        cur = v.state
        cur.last, cur.idx = v.prev, idx
        mark = v.code.marks[idx]
        force = bool(mark & FORCE) or len(cur.history) > _HISTORY_AT_MOST
        jumps, steps = v.jumps - self.last_jumps, v.processed - self.last_processed
        add = force or (jumps >= 2 and steps >= 8)
        key = idx, cur.frames[-1].callsite
        found = self.stored.get(key)
        if found is not None:
            count = len(found)
            for stored in found[:]:
                if self._covers(stored.state, cur, idx, mark):
                    stored.hits += 1
                    return True
                old = stored.state
                if old.branches and not force and jumps < 20 and steps < 100:
                    add = False
                if add:
                    stored.misses += 1
                n = 64 if mark & FORCE and old.branches else 3
                if stored.misses > stored.hits * n + n:
                    found.remove(stored)
                    self.states_now -= 1
            if count > v.stats.max_states_per_insn:
                v.stats.max_states_per_insn = count
            if not v.privileged and count > STATES_UNPRIVILEGED:
                return False
        if add:
            self._store(cur, key)
        return False

    def _covers(self, old: State, cur: State, idx: int, mark: int) -> bool:
        """Tell if a stored state covers the current one; its marks then hold for what led here, too."""
        v = self.v
        live, fresh, privileged = self.live, v.ids, v.stack_freedom
        strict = v.compares_exactly
        is_loop = False
        if old.branches:
            entries = old.frames[-1].async_entries
            if entries and entries != cur.frames[-1].async_entries:
                return False
            if mark & (ITER_NEXT | CALLBACK):
                if not states_equal(old, cur, live, RANGE_WITHIN, fresh, privileged, strict=strict):
                    return False
                if mark & ITER_NEXT and not _has_active_iterator(cur):
                    return False
                is_loop = True
            elif mark & MAY_GOTO and old.may_goto_depth != cur.may_goto_depth:
                is_loop = states_equal(old, cur, live, RANGE_WITHIN, fresh, privileged, strict=strict)
            if not is_loop:
                self._check_infinite(old, cur, idx)
                return False
        else:
            loop = self._incomplete_in(old)
            is_loop = bool(loop)
            if not is_loop and not old.cleaned:
                self._clean(old)
            exact = RANGE_WITHIN if is_loop else NOT_EXACT
            if loop in self.by_call and privileged > 1:
                privileged = 3
            if not states_equal(old, cur, live, exact, fresh, privileged, strict=strict):
                return False
        if mark & JUMP:
            cur.history.append((idx, v.prev, None, (), 0))
        precision.propagate(v, old, cur)
        if is_loop:
            chain = self._chain(old)
            if chain is not None:
                copy = cur.copy()
                copy.idx = idx
                self.visits.setdefault(chain, _Visit()).backedges.append((old, copy))
        return True

    def _check_infinite(self, old: State, cur: State, idx: int) -> None:
        """Refuse a loop that came back to where it was."""
        if len(old.frames) != len(cur.frames):
            return
        for a, b in zip(old.frames[-1].regs, cur.frames[-1].regs):
            if a is not b and (a.kind, a.off, a.id, a.num.key) != (b.kind, b.off, b.id, b.num.key):
                return
        v = self.v
        if (
            old.may_goto_depth == cur.may_goto_depth and old.callback_depth == cur.callback_depth
            and not _iterators_differ(old, cur)
            and states_equal(old, cur, self.live, EXACT, v.ids, v.stack_freedom)
        ):  # fmt: skip
            v.idx = idx
            raise v.refuse("infinite_loop", f"infinite loop detected at insn {idx}")

    def _store(self, cur: State, key: tuple[int, int]) -> None:
        v = self.v
        stats = v.stats
        stats.total_states += 1
        self.states_now += 1
        if self.states_now > stats.peak_states:
            stats.peak_states = self.states_now
        self.last_jumps, self.last_processed = v.jumps, v.processed
        if v.kernel >= (7, 0):
            clear_singular_ids(cur)
        new = cur.copy()
        new.idx = key[0]
        chain = self._chain(new)
        if chain is not None:
            visit = self.visits.setdefault(chain, _Visit())
            if visit.entry is None:
                visit.entry = new
        cur.parent = new
        cur.first = key[0]
        cur.history = []
        self.stored.setdefault(key, []).insert(0, Stored(new))

    def end_path(self, state: State) -> None:
        """Note that a path is finished: states without unfinished paths may prune others."""
        current: State | None = state
        while current is not None:
            current.branches -= 1
            if current.branches:
                return
            self._leave_component(current)
            current = current.parent

    def _clean(self, old: State) -> None:
        """Forget what nobody reads after an explored state."""
        old.cleaned = True
        marks = self.v.code.marks
        frames = old.frames
        alive = self.slots.alive(old, [frame.chain for frame in frames], marks, CALLBACK)
        top = len(frames) - 1
        for n, frame in enumerate(frames):
            live = self.live[old.idx if n == top else frames[n + 1].callsite]
            regs = frame.regs
            for i in range(10):
                if not live >> i & 1:
                    regs[i] = NOT_INIT_REG
            mask = alive[n]
            for i in range(len(frame.stack)):
                if not mask >> i & 1:
                    frame.stack[i] = INVALID_SLOT

    # Loops: strongly connected components of the code.

    def _chain(self, state: State) -> tuple[int, ...] | None:
        frames = state.frames
        chain: list[int] = []
        top = len(frames) - 1
        for n in range(top + 1):
            at = state.idx if n == top else frames[n + 1].callsite
            component = self.scc[at]
            if component:
                return (*chain, -component)
            chain.append(at)
        return None

    def _incomplete_in(self, state: State) -> int:
        """Return the number of the loop through a state that may still add marks to it, 0 if there is none."""
        chain = self._chain(state) if self.visits else None
        visit = self.visits.get(chain) if chain is not None else None
        return -chain[-1] if chain is not None and visit is not None and visit.backedges else 0

    def _leave_component(self, state: State) -> None:
        if not self.visits:
            return
        chain = self._chain(state)
        visit = self.visits.get(chain) if chain is not None else None
        if visit is None or visit.entry is not state:
            return
        visit.entry = None
        backedges, visit.backedges = visit.backedges, []
        if not backedges:
            return
        for _ in range(MAX_BACKEDGES):
            changed = False
            for old, copy in backedges:
                changed |= precision.propagate(self.v, old, copy)
            if not changed:
                return
        for _, copy in backedges:
            precision.mark_all(copy)


def _has_active_iterator(state: State) -> bool:
    """Tell if the iterator that the call at hand moves on is not yet at its end: r1 points to it."""
    reg = state.frames[-1].regs[1]
    slot = state.frames[reg.obj].stack[(-reg.off - reg.num.smin - 1) >> 3]
    return slot.reg is not None and bool(slot.reg.off)


def _iterators_differ(old: State, cur: State) -> bool:
    for frame, other in zip(old.frames, cur.frames):
        for slot, other_slot in zip(frame.stack, other.stack):
            if slot.kinds[0] == ITER and other_slot.kinds[0] == ITER and slot.reg and other_slot.reg:
                if slot.reg.size != other_slot.reg.size:
                    return True
    return False


def clear_singular_ids(state: State) -> None:
    """Take the ids from numbers that no other register or slot shares. Source: clear_singular_ids() (Linux 7.0)."""
    once: dict[int, tuple[list[Reg], list[Slot] | None, int]] = {}
    many: set[int] = set()
    for frame in state.frames:
        for i, reg in enumerate(frame.regs):
            if reg.id and reg.kind == SCALAR:
                id = reg.id & ~ADD_CONST
                if id in once:
                    many.add(id)
                else:
                    once[id] = frame.regs, None, i
        for i, slot in enumerate(frame.stack):
            spilled = slot.reg
            if spilled is not None and spilled.id and spilled.kind == SCALAR and slot.kinds[0] == SPILL:
                id = spilled.id & ~ADD_CONST
                if id in once:
                    many.add(id)
                else:
                    once[id] = frame.regs, frame.stack, i
    for id, (regs, stack, i) in once.items():
        if id in many:
            continue
        if stack is None:
            regs[i] = Reg(SCALAR, regs[i].num)
        else:
            spilled = stack[i].reg
            assert spilled is not None
            stack[i] = Slot(stack[i].kinds, Reg(SCALAR, spilled.num))


def components(v: Verifier) -> tuple[list[int], set[int]]:
    """Return for each slot the number of its strongly connected component, 0 where there is no loop.

    And the numbers of those that are loops only since a call calls a function again and again: kernels before 7.0 did
    not know of these, lost marks there, and took states for known that were not. They compare stacks like 7.0, so
    that they are not explored much more often.

    Source: compute_scc() (Linux 7.3): calls of the program's own functions are not followed.
    """
    code = v.code
    size = len(code.rows)
    after = [tuple(code.successors(slot)) for slot in range(size)]
    order, low, result = [0] * size, [0] * size, [0] * size
    on_stack = bytearray(size)
    stack: list[int] = []
    counter = number = 0
    by_call: set[int] = set()
    for root in range(size):
        if order[root] or code.rows[root] is None:
            continue
        work = [(root, 0)]
        while work:
            slot, n = work.pop()
            if not n:
                counter += 1
                order[slot] = low[slot] = counter
                stack.append(slot)
                on_stack[slot] = 1
            for k in range(n, len(after[slot])):
                target = after[slot][k]
                if not order[target]:
                    work.append((slot, k + 1))
                    work.append((target, 0))
                    break
                if on_stack[target]:
                    low[slot] = min(low[slot], order[target])
            else:
                if low[slot] == order[slot]:
                    members = []
                    while True:
                        member = stack.pop()
                        on_stack[member] = 0
                        members.append(member)
                        if member == slot:
                            break
                    is_loop = len(members) > 1 or slot in after[slot]
                    if is_loop or code.marks[slot] & CALLBACK:
                        number += 1
                        if not is_loop:
                            by_call.add(number)
                        for member in members:
                            result[member] = number
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[slot])
    return result, by_call

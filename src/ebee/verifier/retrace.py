"""The path to a refusal, walked once more: what each of its instructions changed in the registers.

The exploration keeps only the jumps of the current path, for precision tracking. They say which way the path went, so
that walk is repeated from its beginning; nothing is recorded while programs are explored.
"""

from __future__ import annotations

from ..record import Record, field
from .functions import entry_state, is_global
from .refusal import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .explore import Verifier
    from .state import Reg, State

MOST_SEGMENTS = 256  # of stored states back from the refusal
_UNTRACED = frozenset(("complexity", "jump_sequence"))  # these are about many paths, not about values


class Step(Record):
    """One instruction of the path, and the registers that hold something else behind it; `frame` is 0 in main."""

    slot: int
    frame: int
    changed: dict[int, Reg] = field(default_factory=dict)


class _NoPruning:
    """What steps report for pruning is not needed any more."""

    def __init__(self) -> None:
        self.slots, self.entries = self, {}  # type: ignore[var-annotated]

    def mark_precise(self, number: int) -> None:
        """Note nothing."""

    def mark_slot_precise(self, frame: int, spi: int) -> None:
        """Note nothing."""

    def stack_read(self, frame: int, mask: int) -> None:
        """Note nothing."""

    stack_write = stack_read


def retrace(v: Verifier, refusal: Refusal) -> list[Step]:
    """Return the path to a refusal that was raised in an exploration, in order; empty where there is none.

    The verification must be over: its states are used up.
    """
    end: State | None = refusal.state
    if end is None or not end.frames or not end.frames[0].chain or refusal.rule in _UNTRACED:
        return []
    segments: list[State] = []
    state: State | None = end
    while state is not None and len(segments) < MOST_SEGMENTS:
        segments.append(state)
        state = state.parent
    segments.reverse()
    entry = end.frames[0].chain[0]
    if state is not None or (entry and not is_global(v, v.code.subprog_at[entry])):
        del segments[0]  # begins at a state that was stored
        if not segments or segments[0].parent is None:
            return []
        start, first = segments[0].parent.copy(), segments[0].first
        start.parent = segments[0].parent
    else:
        start = entry_state(v, v.code.subprog_at[entry]) if entry else v.entry_state()
        first = entry
    slots: list[int] = []
    bounds: dict[int, State | None] = {}
    for n, segment in enumerate(segments):
        bounds[len(slots)] = segment.parent
        last = refusal.insn_idx if segment is end else segment.last
        part = _slots_of(segment, first if n == 0 else segment.first, last)
        if part is None:
            return []
        slots += part
    try:
        return _Walk(v, slots, bounds, refusal).run(start)
    except Exception:  # the explanation is poorer without the path; the verdict stands
        return []


def _slots_of(state: State, first: int, last: int) -> list[int] | None:
    """Return the slots that were walked since the stored state before, by the jumps in `history`."""
    history, left, i = state.history, len(state.history), last
    found: list[int] = []
    while i >= 0:
        found.append(i)
        if i == first and (left == 0 or (left == 1 and history[0][0] == i)):
            return found[::-1]
        if left and history[left - 1][0] == i:
            i = history[left - 1][1]
            left -= 1
        else:
            i -= 1
    return None


class _Walk:
    """The walk along known slots; where a step goes on in several states, the one is taken that leads to the end."""

    def __init__(self, v: Verifier, slots: list[int], bounds: dict[int, State | None], refusal: Refusal) -> None:
        rows = v.code.rows
        self.v, self.refusal = v, refusal
        at = {n: len([s for s in slots[:n] if rows[s] is not None]) for n in bounds}
        self.bounds = {at[n]: state for n, state in bounds.items()}
        self.slots = [slot for slot in slots if rows[slot] is not None]
        v.pruning = _NoPruning()  # type: ignore[assignment]
        v.collector = None

    def run(self, start: State) -> list[Step]:
        """Return the steps of the path."""
        v, slots = self.v, self.slots
        end = len(slots) - 1
        steps: list[Step] = []
        ways: list[tuple[int, State, Step | None]] = [(0, start, None)]
        for _ in range(4 * len(slots) + 1000):
            if not ways:
                return []
            at, state, before = ways.pop()
            steps[max(at - 1, 0) :] = [before] if before is not None else []
            if (stored := self.bounds.get(at)) is not None:
                state.parent = stored
            slot = slots[at]
            regs, depth = state.frames[-1].regs[:], len(state.frames)
            v.enter(state)
            v.pending = []
            v.idx, v.prev = slot, slots[at - 1] if at else -1
            try:
                op = v.ops[slot]
                following = op[0](v, op)
            except Refusal as e:
                if at == end and e.rule == self.refusal.rule:
                    return [*steps, Step(slot, depth - 1)]
                continue
            if at == end:
                if ways and self.refusal.rule != "infinite_loop":
                    continue
                return [*steps, Step(slot, depth - 1)]  # refused before the instruction was looked at
            pushed = [(v.state, following), *((other, to) for other, to, _prev in v.pending)]
            for way, to in reversed(pushed):
                if to == slots[at + 1]:
                    ways.append((at + 1, way, _step(slot, regs, depth, way)))
        return []


def _step(slot: int, before: list[Reg], depth: int, state: State) -> Step:
    """Return a step with what it changed: in the function that it was in, at a return the result."""
    regs = state.frames[-1].regs
    changed = {}
    if len(state.frames) == depth:
        changed = {i: reg for i, reg in enumerate(regs[:10]) if reg is not before[i]}
    elif len(state.frames) < depth:
        changed = {0: regs[0]}
    return Step(slot, depth - 1, changed)

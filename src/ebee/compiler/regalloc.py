"""Register allocation: linear scan over live intervals with holes.

First all ten registers are tried. If they do not suffice, the scan is done again with two of them (`SCRATCH_A`,
`SCRATCH_B`) set aside, and the values that are cheapest to keep on the stack go there for their whole life; the
instructions that use them go through the scratch registers. Two scans are always enough.

A value that lives across a call can only be in r6-r9. Positions count two for each instruction: it reads its operands
at the even one and writes its result at the odd one after.

Source: Poletto, Sarkar, "Linear Scan Register Allocation" (1999); Boissinot et al., "Computing Liveness Sets for
SSA-Form Programs" (2011) for `find_live_in`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from ..isa.opcodes import BPF_ADD, BPF_ALU, BPF_ALU64, BPF_AND, BPF_MUL, BPF_OR, BPF_X, BPF_XOR
from .machine import ALU_K, ALU_X, CALL, CMPXCHG, FETCH, FIRST_VREG, FRAME, JUMP, MOVE, RET
from .select import STACK_LIMIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .select import MFunction

SCRATCH_A, SCRATCH_B = 4, 5
FIRST_SLOT = 16  # a location from here up is a spill slot; below it is a register

_KEPT = (6, 7, 8, 9)  # over calls
_ALL = (0, 5, 4, 3, 2, 1, 6, 7, 8, 9)
_WITHOUT_SCRATCH = (0, 3, 2, 1, 6, 7, 8, 9)
_SPILLED = -2

COMMUTATIVE = frozenset(
    c | BPF_X | op for c in (BPF_ALU, BPF_ALU64) for op in (BPF_ADD, BPF_MUL, BPF_AND, BPF_OR, BPF_XOR)
)


class Allocation:
    """Where values are: `loc[v]` is a register (0-10) or `FIRST_SLOT` + n for spill slot n; -1 for no value.

    Below `FIRST_VREG`, `loc` has the machine registers themselves.

    `live_in` has for each block the registers of other blocks that live at its start, its parameters not counted.
    """

    __slots__ = ("live_in", "loc", "slots")

    def __init__(self, loc: list[int], slots: int, live_in: list[set[int]]) -> None:
        self.loc, self.slots, self.live_in = loc, slots, live_in


def allocate_registers(function: MFunction) -> Allocation:
    """Give each virtual register a machine register or a spill slot.

    Guarantees: values that live at the same time are in different places; in `d = a op b` of an operation that is
    not commutative, d is not where b is, and of FETCH not where a is; r4 and r5 hold nothing if there are spill slots.
    Raises: CompileError when the spill slots do not fit on the stack.
    """
    live_in = find_live_in(function)
    intervals = _Intervals(function, live_in)
    loc = _scan(intervals, _ALL, None)
    slots = 0
    if loc is None:
        loc = _scan(intervals, _WITHOUT_SCRATCH, _weights(function, intervals))
        assert loc is not None
        slots = _assign_slots(function, intervals, loc)
    loc[:FIRST_VREG] = range(FIRST_VREG)
    return Allocation(loc, slots, live_in)


def find_live_in(function: MFunction) -> list[set[int]]:
    """Return for each block the virtual registers that are defined elsewhere and still used in or after it."""
    blocks, def_block = function.blocks, function.def_block
    live_in: list[set[int]] = [set() for _ in blocks]
    for number, v in function.exposed:
        home = def_block[v]
        work = [number]
        while work:
            n = work.pop()
            if v not in live_in[n]:
                live_in[n].add(v)
                for p in blocks[n].preds:
                    if p != home:
                        work.append(p)
    return live_in


class _Intervals:
    """When each value lives: `of[v]` is [start, end, start, end, …], ends exclusive; and what would suit it.

    `hint[v]` is the register that it will be wanted in, `near[v]` the value that it is copied from or to; -1: none.
    """

    def __init__(self, function: MFunction, live_in: list[set[int]]) -> None:
        count = len(function.def_block)
        self.of: list[list[int]] = [[] for _ in range(count)]
        self.hint = [-1] * count
        self.near = [-1] * count
        self.calls: list[int] = []
        self.starts: list[int] = []
        at = 0
        for block in function.blocks:
            self.starts.append(at)
            at += 2 * len(block.insns)
        self.end = at
        for n in range(len(function.blocks) - 1, -1, -1):
            self._block(function, n, live_in)
        for interval in self.of:
            interval.reverse()
        self.calls.reverse()
        for n, v in enumerate(function.blocks[0].params):
            self.hint[v] = n + 1
        of = self.of
        self.order = [v for v in range(FIRST_VREG, count) if of[v]]
        self.order.sort(key=lambda v: of[v][0])

    def _block(self, function: MFunction, number: int, live_in: list[set[int]]) -> None:
        """Add what lives in a block. Blocks come last first, and intervals grow backwards: [end, start, …]."""
        block = function.blocks[number]
        of, hint, near, def_block = self.of, self.hint, self.near, function.def_block
        start = self.starts[number]
        at = start + 2 * len(block.insns)
        ends: dict[int, int] = {}
        for s in block.succs:
            for v in live_in[s]:
                ends[v] = at
        for insn in reversed(block.insns):
            at -= 2
            d, a, b, form = insn.d, insn.a, insn.b, insn.form
            if d >= 0:
                end = ends.pop(d, at + 2)
                interval = of[d]
                if interval and interval[-1] == end:
                    interval[-1] = at + 1
                else:
                    interval += (end, at + 1)
                if form in (ALU_X, ALU_K, MOVE, FETCH):
                    source = b if form == FETCH else a
                    near[d] = source
                    if hint[source] < 0:
                        hint[source] = hint[d]
            if b > FRAME and b not in ends:
                ends[b] = at + 1 if form != ALU_X or a == b or insn.opcode in COMMUTATIVE else at + 2
            if a > FRAME and a not in ends:
                ends[a] = at + 1 if form != FETCH else at + 2
            if form >= CALL:
                if form <= CMPXCHG:
                    self.calls.append(at)
                    if hint[d] < 0:
                        hint[d] = 0
                    args = insn.x[0]
                    for n, v in enumerate(args, 1):
                        if isinstance(v, int):
                            if hint[v] < 0:
                                hint[v] = n
                            if v not in ends:
                                ends[v] = at + 1
                elif form == JUMP:
                    for v, param in zip(insn.x, function.blocks[insn.imm].params, strict=True):
                        if isinstance(v, int):
                            # Of several values the one that was made first has its register first.
                            if near[param] < 0 or def_block[v] <= def_block[near[param]]:
                                near[param] = v
                            if near[v] < 0:
                                near[v] = param
                            if hint[v] < 0:
                                hint[v] = hint[param]
                            if v not in ends:
                                ends[v] = at + 1
                elif form == RET:
                    v = insn.x
                    if isinstance(v, int):
                        hint[v] = 0
                        if v not in ends:
                            ends[v] = at + 1
        for v in block.params:
            ends.setdefault(v, at + 1)
        for v, end in ends.items():
            interval = of[v]
            if interval and interval[-1] == end:
                interval[-1] = start
            else:
                interval += (end, start)

    def crosses_call(self, interval: Sequence[int]) -> bool:
        """Whether a value lives before and after one of the calls."""
        calls = self.calls
        for i in range(0, len(interval), 2):
            j = bisect_left(calls, interval[i])
            if j < len(calls) and calls[j] + 1 < interval[i + 1]:
                return True
        return False


class _Place:
    """A register or slot: when it is taken ([start, end, start, end, …], sorted), and by whom each time."""

    __slots__ = ("owners", "taken")

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.owners: list[int] = []

    def is_free(self, interval: Sequence[int]) -> bool:
        """Whether nobody has the place at any time of an interval."""
        taken = self.taken
        if not taken or taken[-1] <= interval[0]:
            return True
        for i in range(0, len(interval), 2):
            j = bisect_right(taken, interval[i])
            if j & 1 or (j < len(taken) and taken[j] < interval[i + 1]):
                return False
        return True

    def take(self, v: int, interval: Sequence[int]) -> None:
        """Give the place to v for an interval in which it is free."""
        taken = self.taken
        for i in range(0, len(interval), 2):
            j = bisect_right(taken, interval[i])
            taken[j:j] = interval[i : i + 2]
            self.owners.insert(j >> 1, v)

    def give_up(self, interval: Sequence[int]) -> None:
        """Take the place back from the one who has it for exactly this interval."""
        for i in range(0, len(interval), 2):
            j = bisect_right(self.taken, interval[i]) - 1
            del self.taken[j : j + 2], self.owners[j >> 1]

    def holders(self, interval: Sequence[int]) -> list[int]:
        """Return who has the place at some time of an interval."""
        taken, found = self.taken, dict[int, None]()
        for i in range(0, len(interval), 2):
            j = bisect_right(taken, interval[i]) & ~1
            while j < len(taken) and taken[j] < interval[i + 1]:
                found[self.owners[j >> 1]] = None
                j += 2
        return list(found)


def _scan(intervals: _Intervals, registers: tuple[int, ...], weights: list[int] | None) -> list[int] | None:
    """Assign registers in order of starts. Without weights, give up (None) when they do not suffice."""
    of, hint, near = intervals.of, intervals.hint, intervals.near
    loc = [-1] * len(of)
    places = [_Place() for _ in range(10)]
    kept = frozenset(_KEPT)
    usable = frozenset(registers)
    has_calls = bool(intervals.calls)
    for v in intervals.order:
        interval = of[v]
        crosses = has_calls and intervals.crosses_call(interval)
        candidates, allowed = (_KEPT, kept) if crosses else (registers, usable)
        beside = near[v]
        wanted: tuple[int, ...] = (hint[v],)
        if beside >= 0:
            wanted = hint[v], loc[beside], hint[beside]
            if loc[beside] < 0:  # it comes later
                other = near[beside]
                wanted += (loc[other] if other >= 0 else -1,)
                if has_calls and not crosses and intervals.crosses_call(of[beside]):
                    wanted = *(r for r in _KEPT if places[r].is_free(of[beside])), *wanted
        for r in (*(w for w in wanted if w in allowed), *candidates):
            if places[r].is_free(interval):
                places[r].take(v, interval)
                loc[v] = r
                break
        else:
            if weights is None:
                return None
            best, best_cost, evicted = -1, weights[v], list[int]()
            for r in candidates:
                holders = places[r].holders(interval)
                cost = sum(weights[u] for u in holders)
                if cost < best_cost:
                    best, best_cost, evicted = r, cost, holders
            loc[v] = best if best >= 0 else _SPILLED
            for u in evicted:
                places[best].give_up(of[u])
                loc[u] = _SPILLED
            if best >= 0:
                places[best].take(v, interval)
    return loc


def _weights(function: MFunction, intervals: _Intervals) -> list[int]:
    """Return what each value would cost on the stack: accesses, eightfold for each loop around them, per length."""
    blocks = function.blocks
    # A jump back makes a loop of the blocks between; loops are contiguous enough in this order for an estimate.
    change = [0] * (len(blocks) + 1)
    for n, block in enumerate(blocks):
        for s in block.succs:
            if s <= n:
                change[s] += 1
                change[n + 1] -= 1
    accesses = [0] * len(function.def_block)
    depth = 0
    for n, block in enumerate(blocks):
        depth += change[n]
        frequency = 8 ** min(depth, 6)
        for v in block.params:
            accesses[v] += frequency
        for insn in block.insns:
            for v in (insn.d, insn.a, insn.b):
                if v > FRAME:
                    accesses[v] += frequency
            if insn.form >= CALL:
                x = insn.x
                operands = x[0] if insn.form <= CMPXCHG else x if insn.form == JUMP else (x,)
                for v in operands:
                    if isinstance(v, int):
                        accesses[v] += frequency
    of = intervals.of
    return [
        (count << 20) // (sum(of[v][1::2]) - sum(of[v][::2]) + 8) if count else 0
        for v, count in enumerate(accesses)
    ]


def _assign_slots(function: MFunction, intervals: _Intervals, loc: list[int]) -> int:
    """Give spilled values slots; values that do not live at the same time share. Returns the number of slots."""
    of, near = intervals.of, intervals.near
    limit = (STACK_LIMIT - function.frame_bytes) // 8  # slots are aligned, so what is over is lost
    slots: list[_Place] = []
    for v in intervals.order:
        if loc[v] != _SPILLED:
            continue
        interval = of[v]
        beside = loc[near[v]] - FIRST_SLOT if near[v] >= 0 else -1
        for n in (beside, *range(len(slots))):
            if n >= 0 and slots[n].is_free(interval):
                break
        else:
            n = len(slots)
            slots.append(_Place())
        slots[n].take(v, interval)
        loc[v] = FIRST_SLOT + n
        if len(slots) > limit:
            function.stack_notes.append(f"{8 * len(slots)} bytes or more are for values that do not fit in registers")
            raise function.stack_error(function.frame_bytes + 8 * len(slots))
    return len(slots)

"""Register allocation: linear scan over live intervals with holes.

Where the ten registers do not suffice, `split` has some values go through the stack for a part of their life, and the
scan is done again.

A value that lives across a call can only be in r6-r9. Positions count two for each instruction: it reads its operands
at the even one and writes its result at the odd one after.

Source: Poletto, Sarkar, "Linear Scan Register Allocation" (1999); Boissinot et al., "Computing Liveness Sets for
SSA-Form Programs" (2011) for `find_live_in`.
"""

from __future__ import annotations

from _bisect import bisect_left, bisect_right

from ..isa.opcodes import BPF_ADD, BPF_ALU, BPF_ALU64, BPF_AND, BPF_MUL, BPF_OR, BPF_X, BPF_XOR
from .frame import lay_out_frame
from .machine import ALU_K, ALU_X, CALL, CMPXCHG, FETCH, FIRST_VREG, FRAME, JUMP, MOVE, RET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from .select import MFunction

_KEPT = (6, 7, 8, 9)  # over calls
_ALL = (0, 5, 4, 3, 2, 1, 6, 7, 8, 9)
IN_MEMORY = -2

COMMUTATIVE = frozenset(
    c | BPF_X | op for c in (BPF_ALU, BPF_ALU64) for op in (BPF_ADD, BPF_MUL, BPF_AND, BPF_OR, BPF_XOR)
)


class Allocation:
    """Where values are: `loc[v]` is a register (0-10) or `FIRST_SLOT` + n for slot n; -1 for no value.

    Below `FIRST_VREG`, `loc` has the machine registers themselves.

    `live_in` has for each block the registers of other blocks that live at its start, its parameters not counted;
    `allocas` where each alloca is, in bytes from r10; `frame_bytes` what they and the slots take.
    """

    __slots__ = ("allocas", "frame_bytes", "live_in", "loc")

    def __init__(self, loc: list[int], live_in: list[set[int]], allocas: list[int], frame_bytes: int) -> None:
        self.loc, self.live_in, self.allocas, self.frame_bytes = loc, live_in, allocas, frame_bytes


def allocate_registers(function: MFunction, *, frugal: bool = False) -> Allocation:
    """Give each virtual register a machine register or a slot on the stack, and each alloca its place there.

    `frugal` saves stack where values do not fit in registers, at the cost of instructions.
    Guarantees: values that live at the same time are in different places; in `d = a op b` of an operation that is
    not commutative, d is not where b is, and of FETCH not where a is; only moves, calls, jumps and returns use slots.
    Raises: CompileError when the stack does not suffice.
    """
    live_in = find_live_in(function)
    intervals = Intervals(function, live_in)
    loc = scan(intervals)
    if loc is None:
        from .split import allocate_with_splits

        live_in, intervals, loc = allocate_with_splits(function, frugal)
    allocas, frame_bytes = lay_out_frame(function, intervals, loc)
    loc[:FIRST_VREG] = range(FIRST_VREG)
    return Allocation(loc, live_in, allocas, frame_bytes)


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


class Intervals:
    """When each value lives: `of[v]` is [start, end, start, end, …], ends exclusive; and what would suit it.

    `hint[v]` is the register that it will be wanted in, `near[v]` the value that it is copied from or to, `into[v]` the
    one that is computed from it at its end; -1: none.
    """

    def __init__(self, function: MFunction, live_in: list[set[int]]) -> None:
        count = len(function.def_block)
        self.of: list[list[int]] = [[] for _ in range(count)]
        self.hint = [-1] * count
        self.near = [-1] * count
        self.into = [-1] * count
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
                    if source not in ends:
                        self.into[source] = d
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


    def meeting(self, v: int, u: int, over_call: bool) -> int:
        """Return the position from which v and u, which may be the same, are in each other's way."""
        a, b = self.of[v], self.of[u]
        if over_call:
            for i in range(0, len(a), 2):
                for call in self.calls[bisect_left(self.calls, a[i]) :]:
                    if call + 1 >= a[i + 1]:
                        break
                    j = bisect_right(b, call)
                    if j & 1 and call + 1 < b[j]:
                        return call + 1
        return next(
            max(a[i], b[j])
            for i in range(0, len(a), 2)
            for j in range(0, len(b), 2)
            if a[i] < b[j + 1] and b[j] < a[i + 1]
        )


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


def scan(
    intervals: Intervals,
    in_memory: Collection[int] = (),
    weights: Sequence[int] = (),
    evicted: list[tuple[int, int]] | None = None,
) -> list[int] | None:
    """Assign registers in order of starts. Where they do not suffice: give up (None), or fill `evicted`.

    Then the values that weigh least get none (IN_MEMORY, as those that are in memory already), and `evicted` says from
    which position on they are in the way.
    """
    of, hint, near = intervals.of, intervals.hint, intervals.near
    loc = [-1] * len(of)
    places = [_Place() for _ in range(10)]
    kept, usable = frozenset(_KEPT), frozenset(_ALL)
    has_calls = bool(intervals.calls)
    for v in intervals.order:
        if v in in_memory:
            loc[v] = IN_MEMORY
            continue
        interval = of[v]
        crosses = has_calls and intervals.crosses_call(interval)
        candidates, allowed = (_KEPT, kept) if crosses else (_ALL, usable)
        beside = near[v]
        wanted: tuple[int, ...] = (hint[v],)
        if beside >= 0:
            wanted = hint[v], loc[beside], hint[beside]
            if loc[beside] < 0:  # it comes later
                other = near[beside]
                wanted += (loc[other] if other >= 0 else -1,)
                if has_calls and not crosses and intervals.crosses_call(of[beside]):
                    wanted = *(r for r in _KEPT if places[r].is_free(of[beside])), *wanted
        if has_calls and not crosses:
            later = intervals.into[v]
            while later > v and later not in in_memory and not intervals.crosses_call(of[later]):
                later = intervals.into[later]
            if later > v and later not in in_memory:
                wanted = *(r for r in _KEPT if places[r].is_free(of[later])), *wanted
        for r in (*(w for w in wanted if w in allowed), *candidates):
            if places[r].is_free(interval):
                places[r].take(v, interval)
                loc[v] = r
                break
        else:
            if evicted is None:
                return None
            best, best_cost, losers = -1, weights[v], [v]
            for r in candidates:
                holders = places[r].holders(interval)
                cost = sum(weights[u] for u in holders)
                if cost < best_cost:
                    best, best_cost, losers = r, cost, holders
            for u in losers:
                if best >= 0:
                    places[best].give_up(of[u])
                loc[u] = IN_MEMORY
                evicted.append((u, intervals.meeting(v, u, crosses)))
            if best >= 0:
                places[best].take(v, interval)
                loc[v] = best
    return loc

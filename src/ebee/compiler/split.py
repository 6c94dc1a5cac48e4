"""Live-range splitting: where values do not fit in registers, those that cost least there go through the stack.

A value that has to give its register up at some place keeps it until there. It is stored once, and each use that can
come after that place reads the stack: a call or a jump directly, any other instruction through a register of its own,
in front of it (before the loop around it, if the place is outside). What is made from nothing is made again instead.
Then registers are assigned anew, until they suffice. Pieces become shorter each time they are split, the shortest
being one load and one use, so that comes to an end.
"""

from __future__ import annotations

from bisect import bisect_right

from ..ir.cfg import immediate_dominators
from ..isa.opcodes import BPF_ALU64, BPF_MOV, BPF_X
from .machine import BRANCH_K, BRANCH_X, CALL, CMPXCHG, FIRST_VREG, FRAME, JUMP, MAKE, MOVE, RET, MInsn, Remat
from .regalloc import Intervals, find_live_in, scan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .machine import Operand
    from .select import MFunction

# What a register is for: a whole value; its uses in a loop; its uses in a block, up to a call; a comparison and what
# follows it directly; one use.
WHOLE, IN_LOOP, IN_BLOCK, COMPARED, ONE_USE = range(5)
_NEVER = 1 << 60


def allocate_with_splits(function: MFunction, frugal: bool) -> tuple[list[set[int]], Intervals, list[int]]:
    """Split values until all that is not in memory has a register; return what is live, when, and where.

    If `frugal`, a value that has to give its register up does so for good: fewer values then take stack.

    Guarantees: the function computes the same; each virtual register is defined once; what `function.in_memory` has
    is used by moves, calls and jumps only.
    """
    splitter = _Splitter(function, frugal)
    while True:
        live_in = find_live_in(function)
        intervals = Intervals(function, live_in)
        evicted: list[tuple[int, int]] = []
        loc = scan(intervals, function.in_memory, splitter.weights(intervals), evicted)
        assert loc is not None
        if not evicted:
            return live_in, intervals, loc
        splitter.split(intervals, evicted)


class _Splitter:
    def __init__(self, function: MFunction, frugal: bool) -> None:
        self.function, self.frugal = function, frugal
        self.kind: dict[int, int] = {}  # of registers that splitting made
        self.slot: dict[int, int] = {}  # where a value is in memory
        self.store: dict[int, MInsn] = {}  # what puts it there
        self.stored_at_once: set[int] = set()
        self.idom = immediate_dominators(function.source.blocks)
        self.loops: list[tuple[set[int], int]] = []  # blocks, and the one before it or -1; outer ones first
        self.find_loops()
        self.depth = [sum(n in body for body, _ in self.loops) for n in range(len(function.blocks))]

    def find_loops(self) -> None:
        blocks = self.function.blocks
        bodies: dict[int, set[int]] = {}
        for n, block in enumerate(blocks):
            for head in block.succs:
                if self.dominates(head, n):
                    body = bodies.setdefault(head, {head})
                    work = [n]
                    while work:
                        m = work.pop()
                        if m not in body:
                            body.add(m)
                            work += blocks[m].preds
        for head, body in bodies.items():
            outside = [p for p in blocks[head].preds if p not in body]
            alone = len(outside) == 1 and blocks[outside[0]].succs == [head]
            self.loops.append((body, outside[0] if alone else -1))
        self.loops.sort(key=lambda loop: -len(loop[0]))

    def dominates(self, above: int, n: int) -> bool:
        while n > above:
            n = self.idom[n]
        return n == above

    def weights(self, intervals: Intervals) -> list[int]:
        """Return what each value would cost on the stack: accesses, eightfold for each loop around them, per length."""
        accesses = [0] * len(intervals.of)
        for n, block in enumerate(self.function.blocks):
            frequency = 8 ** min(self.depth[n], 6)
            for v in block.params:
                accesses[v] += frequency
            for insn in block.insns:
                for v in operands(insn):
                    accesses[v] += frequency
                if insn.d >= 0:
                    accesses[insn.d] += frequency
        for v in self.store:  # it is there already
            accesses[v] -= 2 * 8 ** min(self.depth[self.function.def_block[v]], 6)
        of = intervals.of
        weights = [
            (count << 20) // (sum(of[v][1::2]) - sum(of[v][::2]) + 8) if count > 0 else 0
            for v, count in enumerate(accesses)
        ]
        for v, kind in self.kind.items():
            if kind >= COMPARED:
                weights[v] = _NEVER if kind == ONE_USE else _NEVER >> 1
        return weights

    # One round

    def split(self, intervals: Intervals, evicted: list[tuple[int, int]]) -> None:
        """Split each value of (value, position) so that it needs no register at that position."""
        function = self.function
        self.starts = intervals.starts
        self.at: dict[MInsn, int] = {}
        self.segment: dict[MInsn, int] = {}  # how many calls come before, in all
        self.uses: dict[int, list[tuple[int, MInsn]]] = {}
        self.maker: dict[int, MInsn] = {}
        calls, at = 0, 0
        for n, block in enumerate(function.blocks):
            for insn in block.insns:
                self.at[insn], self.segment[insn] = at, calls
                at += 2
                calls += insn.form in (CALL, CMPXCHG)
                if insn.d >= 0:
                    self.maker[insn.d] = insn
                for v in set(operands(insn)):
                    self.uses.setdefault(v, []).append((n, insn))
        self.before: dict[MInsn, list[MInsn]] = {}
        self.behind: dict[MInsn, list[MInsn]] = {}
        self.gone: set[MInsn] = set()
        for v, position in dict(reversed(evicted)).items():
            self.give_up(v, position)
        for block in function.blocks:
            insns: list[MInsn] = []
            for insn in block.insns:
                insns += self.before.get(insn, ())
                insns.append(insn)
                insns += self.behind.get(insn, ())
            block.insns = [insn for insn in insns if insn not in self.gone]
        self.find_exposed()

    def find_exposed(self) -> None:
        function, def_block = self.function, self.function.def_block
        for n, block in enumerate(function.blocks):
            for insn in block.insns:
                if insn.d >= 0:
                    def_block[insn.d] = n
        function.exposed = [
            (n, v)
            for n, block in enumerate(function.blocks)
            for insn in block.insns
            for v in operands(insn)
            if def_block[v] != n
        ]

    def give_up(self, v: int, position: int) -> None:
        """Have nothing use the register of v after a position."""
        kind, store, maker = self.kind.get(v, WHOLE), self.store.get(v), self.maker.get(v)
        block = self.block_at(position)
        uses = [(n, insn) for n, insn in self.uses.get(v, ()) if insn is not store]
        after = [] if kind in (IN_BLOCK, COMPARED) or self.frugal else self.uses_after(v, uses, block, position)
        listed = {insn for _, insn in after}
        checks = {insn: n for n, insn in self.comparisons(v, after).values() if insn not in listed}
        if checks:
            after = sorted([*after, *((n, insn) for insn, n in checks.items())], key=lambda use: self.at[use[1]])
        if store is not None and v not in self.stored_at_once:
            if self.uses_after(v, [(self.block_at(self.at[store]), store)], block, position):
                self.store_at_once(v)
                if not after:
                    return
        # A parameter that is there for its store alone, or is one too many from the start.
        at_start = position == self.starts[self.function.def_block[v]]
        always = maker is None and (not uses or at_start or self.frugal)
        if not after or always:
            after = uses
        if not after and not always:
            self.kind[v] = ONE_USE
            return
        source: Operand
        if maker is not None and maker.form == MAKE:
            assert isinstance(maker.x, Remat)
            source = maker.x
        elif kind != WHOLE:
            source = self.slot[v]
        elif always:
            source = v
            self.keep_in_memory(v)
        else:
            source = self.in_memory(v, after, block, position)
        pieces: dict[tuple[int, int], list[MInsn]] = {}
        compared = self.comparisons(v, after) if kind != COMPARED else {}
        for n, insn in after:
            if insn.form in _WITH_OPERANDS:
                replace_operand(insn, v, source)
            if v in (insn.a, insn.b):
                loop = self.loop_around(n, block, v) if kind == WHOLE and not self.frugal else -1
                first, head = compared.get(insn, (n, insn))
                pieces.setdefault((-1, loop) if loop >= 0 else (first, self.segment[head]), []).append(insn)
        for (n, number), insns in pieces.items():
            if n < 0:
                ahead = self.loops[number][1]
                self.piece(v, source, insns, IN_LOOP, self.function.blocks[ahead].insns[-1])
            elif kind == IN_BLOCK and (follow := [insn for insn in insns if insn in compared]):
                own = {compared[insn][1] for insn in follow}
                for insn in insns:
                    if insn in own:
                        self.piece(v, source, [insn, *(i for i in follow if compared[i][1] is insn)], COMPARED, insn)
                    elif insn not in follow:
                        self.piece(v, source, [insn], ONE_USE, insn)
            elif kind >= IN_BLOCK or len(insns) == 1:
                for insn in insns:
                    self.piece(v, source, [insn], ONE_USE, insn)
            else:
                self.piece(v, source, insns, IN_BLOCK, insns[0])
        if len(after) == len(uses) and maker is not None and (kind != WHOLE or maker.form == MAKE):
            self.gone.add(maker)

    def uses_after(
        self, v: int, uses: list[tuple[int, MInsn]], block: int, position: int
    ) -> list[tuple[int, MInsn]]:
        """Return the uses of v that can come after a position before v is defined anew."""
        home, blocks = self.function.def_block[v], self.function.blocks
        reached: set[int] = set()
        work = [s for s in blocks[block].succs if s != home]
        while work:
            n = work.pop()
            if n not in reached:
                reached.add(n)
                work += [s for s in blocks[n].succs if s != home]
        return [
            (n, insn) for n, insn in uses if n in reached or (n == block and self.at[insn] >= position)
        ]

    def comparisons(self, v: int, uses: list[tuple[int, MInsn]]) -> dict[MInsn, tuple[int, MInsn]]:
        """Return the comparisons of v that end the one block before a use, with no call between, and in which block.

        What the verifier learns of a register from a comparison it need not know of the slot that it was loaded from:
        the use must be of the same register.
        """
        found: dict[MInsn, tuple[int, MInsn]] = {}
        blocks = self.function.blocks
        for n, insn in uses:
            preds = blocks[n].preds
            if len(preds) != 1 or insn.form in _WITH_OPERANDS:
                continue
            last = blocks[preds[0]].insns[-1]
            is_near = self.segment[insn] == self.segment[blocks[n].insns[0]]
            if is_near and last.form in _COMPARISONS and v in (last.a, last.b):
                found[insn] = preds[0], last
        return found

    def loop_around(self, n: int, block: int, v: int) -> int:
        """Return the outermost loop around block n that neither a block nor v's definition is in, or -1."""
        home = self.function.def_block[v]
        for number, (body, ahead) in enumerate(self.loops):
            if n in body and ahead >= 0 and block not in body and home not in body:
                return number
        return -1

    def piece(self, v: int, source: Operand, insns: list[MInsn], kind: int, where: MInsn) -> None:
        """Have some instructions use a register of their own in place of v, made before `where`."""
        w = self.new(where)
        self.kind[w] = kind
        if isinstance(source, Remat):
            made = MInsn(MAKE, 0, w, -1, -1, 0, 0, where.span, source)
        else:
            made = _move(w, source, where)
            self.slot[w] = source
        self.before.setdefault(where, []).append(made)
        for insn in insns:
            if insn.a == v:
                insn.a = w
            if insn.b == v:
                insn.b = w

    def new(self, where: MInsn) -> int:
        def_block = self.function.def_block
        def_block.append(self.block_at(self.at[where]))
        return len(def_block) - 1

    def in_memory(self, v: int, after: list[tuple[int, MInsn]], block: int, position: int) -> int:
        """Return where v is in memory for some of its uses, after a store of it has been put in a place for that."""
        function = self.function
        home, maker, old = function.def_block[v], self.maker.get(v), self.store.get(v)
        if old is not None:
            if v not in self.stored_at_once and not self.reaches(self.block_at(self.at[old]), self.at[old], after):
                self.store_at_once(v)
            return self.slot[v]
        where = function.blocks[block].insns[(position - self.starts[block]) // 2]
        self.slot[v] = slot = self.new(where)
        function.in_memory.add(slot)
        if (
            position & 1 and not self.frugal and where is not maker and self.depth[block] <= self.depth[home]
            and self.reaches(block, position - 1, after)
        ):  # fmt: skip
            self.store[v] = _move(slot, v, where)
            self.before.setdefault(where, []).insert(0, self.store[v])
        else:
            self.store_at_once(v)
        return slot

    def store_at_once(self, v: int) -> None:
        """Store v where it is made."""
        self.stored_at_once.add(v)
        if v in self.store:
            self.gone.add(self.store[v])
        maker = self.maker.get(v)
        if maker is None:
            where = self.function.blocks[self.function.def_block[v]].insns[0]
            place = self.before.setdefault(where, [])
        else:
            where = maker
            place = self.behind.setdefault(where, [])
        self.store[v] = _move(self.slot[v], v, where)
        place.insert(0, self.store[v])

    def keep_in_memory(self, v: int) -> None:
        """Have a parameter be in memory from the start."""
        self.function.in_memory.add(v)
        if v in self.store:
            self.gone.add(self.store.pop(v))
            self.rename(self.slot[v], v)

    def rename(self, old: int, new: int) -> None:
        """Use one place in memory instead of another."""
        self.function.in_memory.discard(old)
        for insns in (*(b.insns for b in self.function.blocks), *self.before.values(), *self.behind.values()):
            for insn in insns:
                if insn.a == old:
                    insn.a = new
                if insn.form in _WITH_OPERANDS:
                    replace_operand(insn, old, new)
        for v, slot in self.slot.items():
            if slot == old:
                self.slot[v] = new

    def block_at(self, position: int) -> int:
        return bisect_right(self.starts, position) - 1

    def reaches(self, block: int, position: int, uses: Iterable[tuple[int, MInsn]]) -> bool:
        """Whether a position is passed on every way to each of some uses."""
        return all(
            self.at[insn] > position if n == block else self.dominates(block, n) for n, insn in uses
        )


_COMPARISONS = frozenset((BRANCH_X, BRANCH_K))
_WITH_OPERANDS = frozenset((CALL, CMPXCHG, JUMP, RET))


def _move(d: int, a: int, where: MInsn) -> MInsn:
    return MInsn(MOVE, BPF_ALU64 | BPF_MOV | BPF_X, d, a, -1, 0, 0, where.span)


def operands(insn: MInsn) -> list[int]:
    """Return the virtual registers that an instruction reads."""
    found = [v for v in (insn.a, insn.b) if v > FRAME]
    if insn.form in _WITH_OPERANDS:
        x = insn.x
        listed = x[0] if insn.form in (CALL, CMPXCHG) else x if insn.form == JUMP else (x,)
        found += [v for v in listed if isinstance(v, int) and v >= FIRST_VREG]
    return found


def replace_operand(insn: MInsn, v: int, other: Operand) -> None:
    """Use another operand in place of v in a call, jump or return."""
    if insn.form == RET:
        insn.x = other if insn.x == v else insn.x
        return
    listed = insn.x if insn.form == JUMP else insn.x[0]
    listed[:] = [other if x == v else x for x in listed]

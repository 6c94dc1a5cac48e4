"""Distances of jumps. A jump reaches 32,767 slots; what is further goes by `gotol`, or in several jumps.

Where the target lacks `gotol`, *landings* are put into the code: rows of `ja` instructions, each on the way to one
block. The code around jumps over them.
"""

from __future__ import annotations

from ..errors import CompileError, Diagnostic
from ..isa.insn import Insn
from ..isa.opcodes import EXIT, GOTOL, JA, LDDW
from .layout import OPPOSITE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..errors import SourceSpan
    from .emit import FunctionCode

_REACH = 0x7FFF
_LANDING_DISTANCE = 8192  # slots between places where a landing may be


def resolve_branches(code: FunctionCode, *, has_gotol: bool) -> None:
    """Fill in the distance of every jump of a function.

    Raises: CompileError when a jump cannot reach its target.
    """
    at = positions(code.insns)
    index = {id(insn): i for i, insn in enumerate(code.insns)} if code.branches else {}
    far = False
    for insn, block in code.branches:
        off = at[code.starts[block]] - at[index[id(insn)]] - 1
        if -_REACH - 1 <= off <= _REACH:
            insn.off = off
        else:
            far = True
    if far:
        if has_gotol:
            _widen(code, index)
        else:
            _Landings(code, index).insert()


def positions(insns: Sequence[Insn]) -> list[int]:
    """Return the slot of each instruction, and the slot after the last."""
    at = 0
    result = [0]
    for insn in insns:
        at += 2 if insn.opcode == LDDW else 1
        result.append(at)
    return result


def _widen(code: FunctionCode, index: dict[int, int]) -> None:
    """Use `gotol` for far jumps; a conditional jump is turned round to jump over one."""
    insns, starts = code.insns, code.starts
    targets = {index[id(insn)]: block for insn, block in code.branches}
    extra: dict[int, int] = {}  # far jumps, and how many instructions each is longer
    while True:
        at, position = [], 0
        for i, insn in enumerate(insns):
            at.append(position)
            position += insn.slots + extra.get(i, 0)
        more = [
            i
            for i, block in targets.items()
            if i not in extra and not -_REACH - 1 <= at[starts[block]] - at[i] - 1 <= _REACH
        ]
        if not more:
            break
        for i in more:
            operation = insns[i].opcode & 0xF0
            extra[i] = 0 if insns[i].opcode == JA else 1 if operation in OPPOSITE else 2
    out: list[Insn] = []
    spans: list[SourceSpan | None] = []
    new_index: list[int] = []
    for i, insn in enumerate(insns):
        new_index.append(len(out))
        if i not in targets:
            out.append(insn)
        else:
            distance = at[starts[targets[i]]] - at[i] - 1
            if i not in extra:
                insn.off = distance
                out.append(insn)
            else:
                if extra[i] == 1:
                    operation = insn.opcode & 0xF0
                    insn.opcode, insn.off = insn.opcode ^ operation | OPPOSITE[operation], 1
                    out.append(insn)
                elif extra[i] == 2:
                    insn.off = 1
                    out += (insn, Insn(JA, off=1))
                out.append(Insn(GOTOL, imm=distance - extra[i]))
        spans += [code.spans[i]] * (len(out) - len(spans))
    code.insns, code.spans = out, spans
    code.starts = {block: new_index[i] for block, i in starts.items()}


class _Landings:
    """Places for intermediate jumps, `_LANDING_DISTANCE` apart; a place that no jump needs stays empty."""

    def __init__(self, code: FunctionCode, index: dict[int, int]) -> None:
        self.code, self.index = code, index
        self.places: list[int] = []  # index of the instruction that each landing comes before
        at = positions(code.insns)
        due = _LANDING_DISTANCE
        for i in range(len(code.insns)):
            if at[i] >= due:
                self.places.append(i)
                due = at[i] + _LANDING_DISTANCE
        # What each landing has: block -> the landing after it on the way there (-1: the block itself).
        self.rows: list[dict[int, int]] = [{} for _ in self.places]
        self.via = [-1] * len(code.branches)

    def skip(self, k: int) -> int:
        """How many instructions lead over landing k: none where the code before it does not go on."""
        before = self.code.insns[self.places[k] - 1].opcode
        return 0 if not self.rows[k] or before in (JA, EXIT) else 1

    def measure(self) -> None:
        self.base: list[int] = []  # slot of each landing
        self.at: list[int] = []
        position, k = 0, 0
        for i, insn in enumerate(self.code.insns):
            if k < len(self.places) and self.places[k] == i:
                self.base.append(position)
                position += self.skip(k) + len(self.rows[k])
                k += 1
            self.at.append(position)
            position += insn.slots
        self.entries = [
            {block: self.base[k] + self.skip(k) + n for n, block in enumerate(row)} for k, row in enumerate(self.rows)
        ]

    def target(self, block: int, via: int) -> int:
        return self.entries[via][block] if via >= 0 else self.at[self.code.starts[block]]

    def route(self, source: int, block: int, via: int) -> int:
        """Return how a jump from slot `source` gets to a block: -1, or the landing on the way that is furthest."""
        if via >= 0 and abs(self.entries[via][block] - source) < _REACH:
            return via
        goal = self.at[self.code.starts[block]]
        if abs(goal - source) < _REACH:
            return -1
        reach = _REACH - 2048  # what other landings may still add on the way
        if goal > source:
            usable = [k for k, p in enumerate(self.base) if source < p < source + reach]
            return usable[-1] if usable else -1
        usable = [k for k, p in enumerate(self.base) if source - reach < p < source]
        return usable[0] if usable else -1

    def add(self, via: int, block: int) -> None:
        if via >= 0:
            self.rows[via].setdefault(block, -1)

    def insert(self) -> None:
        branches, changed = self.code.branches, True
        self.measure()
        while changed:
            changed = False
            for n, (insn, block) in enumerate(branches):
                via = self.route(self.at[self.index[id(insn)]], block, self.via[n])
                if via != self.via[n]:
                    self.via[n], changed = via, True
                    self.add(via, block)
            for k, row in enumerate(self.rows):
                for block in list(row):
                    if block not in self.entries[k]:
                        changed = True
                        continue
                    via = self.route(self.entries[k][block], block, row[block])
                    if via != row[block]:
                        row[block], changed = via, True
                        self.add(via, block)
            self.measure()
        self.drop_unused()
        self.measure()
        self.write()

    def drop_unused(self) -> None:
        used = {(via, block) for via, (_, block) in zip(self.via, self.code.branches, strict=True) if via >= 0}
        work = list(used)
        while work:
            k, block = work.pop()
            following = (self.rows[k][block], block)
            if following[0] >= 0 and following not in used:
                used.add(following)
                work.append(following)
        self.rows = [
            {block: via for block, via in row.items() if (k, block) in used} for k, row in enumerate(self.rows)
        ]

    def distance(self, source: int, block: int, via: int) -> int:
        off = self.target(block, via) - source - 1
        if not -_REACH - 1 <= off <= _REACH:
            message = f"{self.code.source.name!r} is too long: a jump in it goes over {abs(off)} instructions"
            hint = "a kernel with long jumps (gotol, Linux 6.6) takes it, or move parts of it to functions"
            raise CompileError([Diagnostic(message, self.code.source.span, hint)])
        return off

    def write(self) -> None:
        code = self.code
        for (insn, block), via in zip(code.branches, self.via, strict=True):
            insn.off = self.distance(self.at[self.index[id(insn)]], block, via)
        out: list[Insn] = []
        spans: list[SourceSpan | None] = []
        new_index: list[int] = []
        k = 0
        for i, insn in enumerate(code.insns):
            if k < len(self.places) and self.places[k] == i:
                row = self.rows[k]
                if self.skip(k):
                    out.append(Insn(JA, off=len(row)))
                for block, via in row.items():
                    out.append(Insn(JA, off=self.distance(self.entries[k][block], block, via)))
                spans += [code.spans[i]] * (len(out) - len(spans))
                k += 1
            new_index.append(len(out))
            out.append(insn)
            spans.append(code.spans[i])
        code.insns, code.spans = out, spans
        code.starts = {block: new_index[i] for block, i in code.starts.items()}

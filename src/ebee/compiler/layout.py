"""Layout: the order of a function's blocks, and the jumps between them."""

from __future__ import annotations

from ..isa.insn import Insn
from ..isa.opcodes import (
    BPF_ALU,
    BPF_ALU64,
    BPF_ATOMIC,
    BPF_JEQ,
    BPF_JGE,
    BPF_JGT,
    BPF_JLE,
    BPF_JLT,
    BPF_JMP,
    BPF_JNE,
    BPF_JSGE,
    BPF_JSGT,
    BPF_JSLE,
    BPF_JSLT,
    BPF_K,
    BPF_MOV,
    BPF_STX,
    BPF_X,
    CALL,
    JA,
)
from .flow import holds
from .select import JUMPS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..errors import SourceSpan
    from .emit import FunctionCode

# Conditional jumps and their opposites; BPF_JSET and may_goto have none.
_PAIRS = (BPF_JEQ, BPF_JNE), (BPF_JGT, BPF_JLE), (BPF_JGE, BPF_JLT), (BPF_JSGT, BPF_JSLE), (BPF_JSGE, BPF_JSLT)
OPPOSITE = {a: b for x, y in _PAIRS for a, b in ((x, y), (y, x))}

_MOV_X = BPF_ALU64 | BPF_MOV | BPF_X
_MOV_K = BPF_ALU64 | BPF_MOV | BPF_K
_COMPARED = {BPF_JMP | opcode | BPF_K: cond for cond, opcode in JUMPS.items()}
_MOVES = frozenset((_MOV_X, _MOV_K, BPF_ALU | BPF_MOV | BPF_K))


class Piece:
    """The instructions of a block without the jumps at its end.

    `end` says where it goes: nowhere (), to one block (n,), or (then, els, opcode, a, b, imm) of a conditional jump.
    `rare` marks what runs when something is lost.
    """

    __slots__ = ("end", "insns", "rare", "span", "spans")

    def __init__(self) -> None:
        self.insns: list[Insn] = []
        self.spans: list[SourceSpan | None] = []
        self.end: tuple[int, ...] = ()
        self.span: SourceSpan | None = None  # of the end
        self.rare = False


def lay_out(pieces: list[Piece], out: FunctionCode) -> None:
    """Put pieces, the first one first, into `out`; empty ones are left out, and jumps to the next instruction too.

    Guarantees: what is marked rare comes last where that takes no instruction more.
    """
    waiting = {id(insn) for insn, _ in out.relocs}  # what they do is known when they are loaded
    for piece in pieces:
        _shorten(piece, pieces)
    entries = _count_entries(pieces)
    for n, piece in enumerate(pieces):
        if entries[n] and len(piece.end) == 1:
            _enter_loop(piece, pieces, entries, waiting)
    for n, piece in enumerate(pieces):
        if not entries[n]:
            continue
        if len(piece.end) == 1 and entries[piece.end[0]] == 1 and piece.end[0] and not pieces[piece.end[0]].insns:
            # Nobody else gets to this comparison.
            entries[piece.end[0]] = 0
            piece.end = pieces[piece.end[0]].end
        if len(piece.end) > 1:
            _move_before(piece, pieces, entries, waiting)
    order = _order(pieces, entries)
    index = {n: i for i, n in enumerate(order)}
    for i, n in enumerate(order):
        piece = pieces[n]
        out.starts[n] = len(out.insns)
        out.insns += piece.insns
        out.spans += piece.spans
        following = order[i + 1] if i + 1 < len(order) else -1
        end = piece.end
        if len(end) == 1 and end[0] != following:
            # Where only a comparison is done, do it here: a loop's turn takes one jump instead of two.
            test = pieces[end[0]].end
            before = pieces[order[index[end[0]] - 1]].end  # gets there in any case, so that the piece stays in use
            if (
                not pieces[end[0]].insns and len(test) > 1 and following in test[:2] and end[0] in before[:2]
                and test[2] & 0xF0 in OPPOSITE
            ):  # fmt: skip
                end = test
        jumps: list[tuple[Insn, int]] = []
        if len(end) > 1:
            then, els, opcode, a, b, imm = end
            operation = opcode & 0xF0
            if then == following and operation in OPPOSITE:
                opcode, then, els = opcode ^ operation | OPPOSITE[operation], els, then
            jumps.append((Insn(opcode, a, b, 0, imm), then))
            end = (els,)
        if end and end[0] != following:
            jumps.append((Insn(JA), end[0]))
        for jump in jumps:
            out.insns.append(jump[0])
            out.spans.append(piece.span)
            out.branches.append(jump)


def _shorten(piece: Piece, pieces: list[Piece]) -> None:
    """Lead the jumps at the end of a piece past empty ones that only jump on."""

    def onward(n: int) -> int:
        seen = set()
        while n and not pieces[n].insns and len(pieces[n].end) == 1 and n not in seen:
            seen.add(n)
            n = pieces[n].end[0]
        return n

    end = piece.end
    if len(end) > 1:
        then, els = onward(end[0]), onward(end[1])
        piece.end = (then,) if els == then else (then, els, *end[2:])
    elif end:
        piece.end = (onward(end[0]),)


def _enter_loop(piece: Piece, pieces: list[Piece], entries: list[int], waiting: set[int]) -> None:
    """Lead a jump past the comparison at a loop's start where it is known how that turns out the first time."""
    target = piece.end[0]
    test = pieces[target].end
    if entries[target] != 2 or pieces[target].insns or len(test) < 2 or test[2] not in _COMPARED:
        return
    register = test[3]
    writers = (i for i in reversed(piece.insns) if i.dst_reg == register or i.opcode == CALL or _is_atomic(i))
    last = next(writers, None)
    if last is not None and last.opcode == _MOV_K and last.dst_reg == register and id(last) not in waiting:
        onward = test[0] if holds(_COMPARED[test[2]], last.imm, test[5]) else test[1]
        piece.end = (onward,)
        entries[target] -= 1
        entries[onward] += 1


def _is_atomic(insn: Insn) -> bool:
    return insn.opcode & (0xE0 | 7) == BPF_STX | BPF_ATOMIC


def _count_entries(pieces: list[Piece]) -> list[int]:
    """Return how many jumps from pieces in use go to each; the first has one more."""
    entries = [0] * len(pieces)
    entries[0] = 1
    work = [0]
    while work:
        for target in pieces[work.pop()].end[:2]:
            if not entries[target]:
                work.append(target)
            entries[target] += 1
    return entries


def _move_before(piece: Piece, pieces: list[Piece], entries: list[int], waiting: set[int]) -> None:
    """Where both ways of a branch only set the same registers and meet, do what one of them does before the branch."""
    then, els, opcode, a, b, _ = piece.end
    ways = pieces[then], pieces[els]
    if (
        len(ways[0].end) != 1 or ways[0].end != ways[1].end or entries[then] != 1 or entries[els] != 1
        or opcode & 0xF0 not in OPPOSITE
        or any(i.opcode not in _MOVES or id(i) in waiting for way in ways for i in way.insns)
    ):  # fmt: skip
        return
    for n in (0, 1):
        first, second = ways[n], ways[1 - n]
        written = {i.dst_reg for i in first.insns}
        read = {a, b if opcode & BPF_X else a, *(i.src_reg for i in second.insns if i.opcode == _MOV_X)}
        if written and written <= {i.dst_reg for i in second.insns} and not written & read:
            piece.insns += first.insns
            piece.spans += first.spans
            join = first.end[0]
            piece.end = (join, els, *piece.end[2:]) if n == 0 else (then, join, *piece.end[2:])
            entries[els if n else then] = 0
            return


def _order(pieces: list[Piece], entries: list[int]) -> list[int]:
    """Return the pieces in use, in order; rare ones last where they do not need more jumps there."""
    order = [n for n, count in enumerate(entries) if count]
    last: list[int] = []
    i = 1
    while i < len(order) - 1:
        j = i
        if pieces[order[i]].rare:
            inside = {order[i]}
            j += 1
            while j < len(order) and _entered_from(order[j], inside, pieces) == entries[order[j]]:
                inside.add(order[j])
                j += 1
        if i < j < len(order):
            before, behind = pieces[order[i - 1]].end, pieces[order[j - 1]].end
            here = _jumps(before, order[i]) + _jumps(behind, order[j])
            if _jumps(before, order[j]) + _jumps(behind, -1) <= here:
                last += order[i:j]
                del order[i:j]
                continue
        i = max(j, i + 1)
    return order + last


def _entered_from(n: int, inside: set[int], pieces: list[Piece]) -> int:
    return sum(pieces[m].end[:2].count(n) for m in inside)


def _jumps(end: tuple[int, ...], following: int) -> int:
    """Return how many jumps an end takes before the piece `following`."""
    if len(end) < 2:
        return int(bool(end) and end[0] != following)
    return 1 if end[1] == following or (end[0] == following and end[2] & 0xF0 in OPPOSITE) else 2

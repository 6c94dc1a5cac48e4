"""Branches whose outcome is known from a branch before them."""

from __future__ import annotations

from ..ir.cfg import immediate_dominators, incoming_edges
from ..ir.core import INVERSE, PTR_PACKET, PTR_PACKET_END, Branch, Function, Jump, Op, Value
from .flow import drop_unreachable_blocks, remove_redundant_params, thread_jumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    # What holds in a block: (condition, a, b) → whether; (start, end) of a packet → bytes that are certainly there.
    Facts = dict[tuple[object, ...], int]


def remove_known_branches(function: Function) -> None:
    """Remove comparisons that have been made on every way here, and checks of a packet's length that a check of
    more bytes, from the same address, has covered.

    A check of fewer bytes covers none of more: packets in between go another way.

    Requires: reverse postorder, no unreachable blocks, equal operations are one value. Guarantees: the same.
    """
    order = function.blocks
    if sum(type(block.term) is Branch for block in order) < 2:
        return
    idom, incoming = immediate_dominators(order), incoming_edges(order)
    facts: list[Facts] = [{}]
    changed = False
    for n, block in enumerate(order):
        if n:
            above = order[idom[n]].term
            known = facts[idom[n]]
            if len(incoming[block]) == 1 and type(above) is Branch and block in (above.then.target, above.els.target):
                known = {**known, **_learnt(above, above.then.target is block)}
            facts.append(known)
        term = block.term
        if type(term) is Branch:
            outcome = _outcome(term, facts[n])
            if outcome is not None:
                edge = term.then if outcome else term.els
                block.term = Jump(edge.target, edge.args, term.span)
                changed = True
    if changed:
        drop_unreachable_blocks(function)
        remove_redundant_params(function)
        thread_jumps(function)
        drop_unreachable_blocks(function)


def _learnt(term: Branch, holds: bool) -> Facts:
    """Return what is known behind one way of a branch."""
    if term.cond == "spent":
        return {}
    known: Facts = {(term.cond, term.a, term.b): holds}
    if term.cond in INVERSE:
        known[INVERSE[term.cond], term.a, term.b] = not holds
    if term.a.type == PTR_PACKET and term.b.type == PTR_PACKET_END and term.cond == ("ule" if holds else "ugt"):
        start, size = _from_start(term.a)
        known[start, term.b] = size
    return known


def _outcome(term: Branch, known: Facts) -> int | None:
    """Return whether a branch's condition holds, if that is known."""
    if term.a.type == PTR_PACKET and term.b.type == PTR_PACKET_END:
        start, size = _from_start(term.a)
        if term.cond in ("ule", "ugt") and known.get((start, term.b), -1) >= size:
            return term.cond == "ule"
    return known.get((term.cond, term.a, term.b))


def _from_start(address: Value) -> tuple[Value, int]:
    """Return what an address was computed from, and how many bytes it is past that."""
    if isinstance(address, Op) and address.opcode == "add":
        by = address.args[1]
        if isinstance(by, Op) and by.opcode == "const" and by.imm >= 0:
            return address.args[0], by.imm
    return address, 0

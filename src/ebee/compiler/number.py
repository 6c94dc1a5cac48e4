"""Global value numbering: a pure operation that has been done on every way here is not done again."""

from __future__ import annotations

from ..ir.cfg import dominator_children, immediate_dominators
from ..ir.core import OPS, PURE, Function, Value
from .flow import replace_in_terminator

_MERGED = frozenset(opcode for opcode, row in OPS.items() if row[2] == PURE and opcode != "alloca")


def number_values(function: Function) -> None:
    """Use the earlier of two equal pure operations where it dominates the later one.

    Requires: blocks in reverse postorder.
    """
    order = function.blocks
    children = dominator_children(immediate_dominators(order)) if len(order) > 1 else [[]]
    same: dict[Value, Value] = {}
    table: dict[tuple[object, ...], Value] = {}
    added: list[list[tuple[object, ...]]] = []
    stack = [0]
    while stack:
        i = stack.pop()
        if i < 0:
            for key in added.pop():
                del table[key]
            continue
        new: list[tuple[object, ...]] = []
        added.append(new)
        stack.append(~i)
        stack.extend(reversed(children[i]))
        block = order[i]
        for op in block.ops:
            args = op.args
            for n in range(len(args)):
                if args[n] in same:
                    args[n] = same[args[n]]
            if op.opcode in _MERGED:
                key = (op.opcode, op.type, op.imm, op.size, op.symbol, *args)
                known = table.setdefault(key, op)
                if known is op:
                    new.append(key)
                else:
                    same[op] = known
    if same:
        for block in order:
            block.ops = [op for op in block.ops if op not in same]
            replace_in_terminator(block, same)

"""Global value numbering: what has been done on every way here, and would have the same result, is not done again."""

from __future__ import annotations

from ..abi.helpers import BPF_FUNC as FUNC
from ..ir.cfg import dominator_children, immediate_dominators
from ..ir.core import LOADS, OPS, PTR_CTX, PURE, Function, Value
from .flow import replace_in_terminator

_MERGED = frozenset(opcode for opcode, row in OPS.items() if row[2] == PURE and opcode not in ("alloca", "bound"))
# Helpers that give the same number all through one run of a program: it cannot change its task, and stays on its CPU.
_SAME_ALL_RUN = frozenset((FUNC.get_current_pid_tgid, FUNC.get_current_uid_gid, FUNC.get_smp_processor_id))


def number_values(function: Function) -> None:
    """Use the earlier of two equal pure operations, or calls that give one number, where it dominates the later one.

    Loads from the context are merged too, unless something in the function may write to it.

    Requires: blocks in reverse postorder.
    """
    order = function.blocks
    is_steady = _only_loads_from_context(function)
    children = dominator_children(immediate_dominators(order)) if len(order) > 1 else [[]]
    same: dict[Value, Value] = {}
    table: dict[tuple[object, ...], Value] = {}
    added: list[list[tuple[object, ...]]] = []
    stack = [0]
    while stack:
        i = stack.pop()
        if i < 0:
            for gone in added.pop():
                del table[gone]
            continue
        new: list[tuple[object, ...]] = []
        added.append(new)
        stack.append(~i)
        stack.extend(reversed(children[i]))
        block = order[i]
        key: tuple[object, ...]
        for op in block.ops:
            args = op.args
            for n in range(len(args)):
                if args[n] in same:
                    args[n] = same[args[n]]
            if op.opcode in _MERGED or (op.opcode == "call" and op.imm in _SAME_ALL_RUN):
                key = (op.opcode, op.type, op.imm, op.size, op.symbol, op.reloc, *args)
            elif is_steady and op.opcode in ("load", "load_sx") and args[0].type == PTR_CTX:
                key = (op.opcode, op.off, op.size, op.symbol, op.reloc, args[0])
            else:
                continue
            known = table.setdefault(key, op)
            if known is op:
                new.append(key)
            else:
                same[op] = known
    if same:
        for block in order:
            block.ops = [op for op in block.ops if op not in same]
            replace_in_terminator(block, same)


def _only_loads_from_context(function: Function) -> bool:
    """Whether the context is read, and neither written nor handed to anyone."""
    for op in function.ops():
        if op.opcode not in LOADS:
            for a in op.args:
                if a.type == PTR_CTX:
                    return False
    return True

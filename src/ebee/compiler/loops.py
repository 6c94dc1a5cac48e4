"""Loops: what is the same in every turn is done before them, and counters that run side by side become one."""

from __future__ import annotations

from ..ir.cfg import immediate_dominators, incoming_edges
from ..ir.core import CALL, I64, LOADS, OPS, PTR_CTX, PTR_PACKET, PURE, WRITE, Block, Branch, Function, Jump, Op, Value
from .flow import replace_values

_FREE = frozenset(("const", "bound", "map", "map_value", "alloca", "non_null", "core", "core_off", "ksym", "func_addr"))
_MOVABLE = frozenset(opcode for opcode, row in OPS.items() if row[2] == PURE) - _FREE
_STEADY = frozenset((PTR_CTX, PTR_PACKET))  # memory that nobody else writes to while the program runs


def merge_equal_params(function: Function) -> None:
    """Have one parameter of a loop do the work of another that starts alike and is changed alike in every turn.

    Requires: no unreachable blocks, equal operations are one value.
    """
    incoming = incoming_edges(function.blocks)
    same: dict[Value, Value] = {}
    for block in function.blocks[1:]:
        edges = incoming[block]
        for n in range(len(block.params) - 1, 0, -1):
            for m in range(n):
                a, b = block.params[m], block.params[n]
                if a.type == b.type and all(_is_alike(edge.args[m], edge.args[n], a, b) for edge in edges):
                    same[b] = a
                    del block.params[n]
                    for edge in edges:
                        del edge.args[n]
                    break
    for old, value in same.items():
        while value in same:
            value = same[value]
        same[old] = value
    if same:
        replace_values(function, same)


def _is_alike(x: Value, y: Value, a: Value, b: Value) -> bool:
    """Whether two values are equal if a and b are."""
    if x is y or (x is a and y is b):
        return True
    return (
        isinstance(x, Op) and isinstance(y, Op) and x.opcode == y.opcode and OPS[x.opcode][2] == PURE and bool(x.args)
        and (x.type, x.imm, x.off, x.size, x.symbol, x.reloc) == (y.type, y.imm, y.off, y.size, y.symbol, y.reloc)
        and all(p is q or (p is a and q is b) for p, q in zip(x.args, y.args))
    )  # fmt: skip


def move_out_of_loops(function: Function) -> None:
    """Do before a loop what gives the same in each of its turns: arithmetic on integers, and loads from the context
    and from packets that come before anything else in a loop without stores and calls.

    What the loop compares, and what is computed from it, stays: the verifier learns of it there. Addresses stay too.

    Requires: reverse postorder, no unreachable blocks.
    """
    order = function.blocks
    idom, incoming = immediate_dominators(order), incoming_edges(order)
    index = {block: n for n, block in enumerate(order)}
    source = {id(edge): block for block in order for edge in block.edges()}
    loops: dict[Block, set[Block]] = {}
    for block in order:
        for edge in block.edges():
            head = index[edge.target]
            if head <= index[block] and _is_above(head, index[block], idom):
                body = loops.setdefault(edge.target, {edge.target})
                work = [block]
                while work:
                    b = work.pop()
                    if b not in body:
                        body.add(b)
                        work += [source[id(e)] for e in incoming[b]]
    # Inner loops first, so that what leaves them can go on.
    for start, body in sorted(loops.items(), key=lambda item: len(item[1])):
        outside = [source[id(e)] for e in incoming[start] if source[id(e)] not in body]
        if len(outside) == 1 and type(outside[0].term) is Jump:
            latches = [index[source[id(e)]] for e in incoming[start] if source[id(e)] in body]
            _empty(start, sorted(body, key=index.__getitem__), outside[0], latches, idom, index)


def _is_above(above: int, n: int, idom: list[int]) -> bool:
    while n > above:
        n = idom[n]
    return n == above


def _empty(
    head: Block, body: list[Block], ahead: Block, latches: list[int], idom: list[int], index: dict[Block, int]
) -> None:
    """Move operations of one loop to the end of the block ahead of it."""
    inside: set[Value] = set()
    compared: set[Value] = set()
    quiet = True  # nothing is written
    for block in body:
        inside.update(block.params)
        inside.update(block.ops)
        quiet = quiet and not any(OPS[op.opcode][2] in (WRITE, CALL) for op in block.ops)
        if type(block.term) is Branch:
            compared.update((block.term.a, block.term.b))
    for block in body:
        for op in block.ops:
            if any(a in compared and not (isinstance(a, Op) and a.opcode == "const") for a in op.args):
                compared.add(op)
    for block in body:
        if not all(_is_above(index[block], n, idom) for n in latches):
            continue  # not in every turn
        kept: list[Op] = []
        for op in block.ops:
            movable = (
                op.opcode in _MOVABLE and op.type == I64 and op not in compared
                and all(a.type == I64 for a in op.args)
            ) or (
                quiet and block is head and op.opcode in LOADS and op.args[0].type in _STEADY and op not in compared
            )  # fmt: skip
            if movable and not any(a in inside for a in op.args):
                ahead.ops.append(op)
                inside.discard(op)
            else:
                kept.append(op)
        block.ops = kept

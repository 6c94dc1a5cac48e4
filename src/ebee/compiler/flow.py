"""Passes on the control flow graph and on block parameters."""

from __future__ import annotations

from ..ir.cfg import immediate_dominators, incoming_edges, reverse_postorder
from ..ir.core import OPS, PURE, READ, Block, Branch, Function, Jump, Op, Ret, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_REMOVABLE = frozenset(opcode for opcode, (_, _, effect) in OPS.items() if effect in (PURE, READ))


def drop_unreachable_blocks(function: Function) -> None:
    """Keep the blocks that can be reached.

    Guarantees: blocks are in reverse postorder.
    """
    function.blocks = reverse_postorder(function)


def replace_values(function: Function, same: Mapping[Value, Value]) -> None:
    """Use `same[v]` in place of v everywhere. No value of `same` is one of its keys."""
    get = same.get
    for block in function.blocks:
        for op in block.ops:
            if op.args:
                op.args = [get(a, a) for a in op.args]
        replace_in_terminator(block, same)


def replace_in_terminator(block: Block, same: Mapping[Value, Value]) -> None:
    """Use `same[v]` in place of v at the end of a block."""
    get = same.get
    term = block.term
    if type(term) is Branch:
        term.a, term.b = get(term.a, term.a), get(term.b, term.b)
    elif type(term) is Ret:
        term.value = get(term.value, term.value)
    for edge in block.edges():
        if edge.args:
            edge.args = [get(a, a) for a in edge.args]


def remove_redundant_params(function: Function) -> None:
    """Remove each block parameter that always has one and the same value.

    Requires: no unreachable blocks. Guarantees: a block with one incoming edge has no parameters (the entry excepted).
    """
    same: dict[Value, Value] = {}

    def resolve(value: Value) -> Value:
        while value in same:
            value = same[value]
        return value

    with_params = [b for b in function.blocks[1:] if b.params]
    if not with_params:
        return
    incoming = incoming_edges(function.blocks)
    changed = True
    while changed:
        changed = False
        for block in with_params:
            edges = incoming[block]
            for n in range(len(block.params) - 1, -1, -1):
                param = block.params[n]
                first: Value | None = None
                for edge in edges:
                    value = resolve(edge.args[n])
                    if value is param or value is first:
                        continue
                    if first is not None:
                        break
                    first = value
                else:
                    if first is None:
                        continue
                    same[param] = first
                    del block.params[n]
                    for edge in edges:
                        del edge.args[n]
                    changed = True
    if same:
        for value in same:
            same[value] = resolve(value)
        replace_values(function, same)


def remove_dead_ops(function: Function) -> None:
    """Remove pure operations, loads and block parameters whose values are not used.

    Requires: no unreachable blocks.
    """
    live: set[Value] = set()
    work: list[Value] = []

    def use(value: Value) -> None:
        if value not in live:
            live.add(value)
            work.append(value)

    slots: dict[Value, tuple[Block, int]] = {}
    for block in function.blocks:
        for n, param in enumerate(block.params):
            slots[param] = (block, n)
        for op in block.ops:
            if op.opcode not in _REMOVABLE:
                use(op)
        term = block.term
        if type(term) is Branch:
            use(term.a)
            use(term.b)
        elif type(term) is Ret:
            use(term.value)
    incoming = incoming_edges(function.blocks)
    while work:
        value = work.pop()
        if isinstance(value, Op):
            for arg in value.args:
                use(arg)
        else:
            block, n = slots[value]
            for edge in incoming[block]:
                use(edge.args[n])
    for block in function.blocks:
        block.ops = [op for op in block.ops if op in live]
        if block is function.entry:
            continue
        dead = [n for n, param in enumerate(block.params) if param not in live]
        for n in reversed(dead):
            del block.params[n]
            for edge in incoming[block]:
                del edge.args[n]


def thread_jumps(function: Function) -> None:
    """Lead jumps past blocks that only jump on, also where the outcome of a block's branch is known to the jump;
    join a block to the only one that jumps to it.

    Requires: no unreachable blocks; constants are in the entry block. Guarantees: no unreachable blocks.
    """
    passable = _passable_blocks(function)
    if passable:
        changed = False
        for block in function.blocks:
            for edge in block.edges():
                changed |= _lead_on(edge, passable)
            term = block.term
            if type(term) is Branch and _is_same(term.then, term.els):
                block.term = term.then
                changed = True
        if changed:
            drop_unreachable_blocks(function)
    _join_blocks(function)


def _is_same(a: Jump, b: Jump) -> bool:
    return a.target is b.target and all(x is y for x, y in zip(a.args, b.args, strict=True))


def _passable_blocks(function: Function) -> dict[Block, Block | None]:
    """Return the blocks that a jump may pass by: those without operations whose parameters are not used behind them.

    If they are used, but only where a successor leads that has no other way to it, the jump may pass by to the other
    successor; the one that it may not go to is the value here.
    """
    passable: dict[Block, Block | None] = {
        b: None for b in function.blocks[1:] if not b.ops and not isinstance(b.term, Ret)
    }
    owner: dict[Value, Block] = {p: b for b in passable for p in b.params}
    if not owner:
        return passable
    users: dict[Block, set[Block]] = {}
    for block in function.blocks:
        used = [a for op in block.ops for a in op.args]
        term = block.term
        if type(term) is Branch:
            used += (term.a, term.b)
        elif type(term) is Ret:
            used.append(term.value)
        for edge in block.edges():
            used += edge.args
        for value in used:
            home = owner.get(value)
            if home is not None and home is not block:
                users.setdefault(home, set()).add(block)
    if users:
        order = function.blocks
        idom, index = immediate_dominators(order), {block: n for n, block in enumerate(order)}
        incoming = incoming_edges(order)
        for block, where in users.items():
            for edge in block.edges() if type(block.term) is Branch else ():
                root = index[edge.target]
                if len(incoming[edge.target]) == 1 and all(_is_above(root, index[b], idom) for b in where):
                    passable[block] = edge.target
                    break
            else:
                del passable[block]
    return passable


def _is_above(above: int, n: int, idom: list[int]) -> bool:
    """Whether block `above` dominates block n."""
    while n > above:
        n = idom[n]
    return n == above


def _lead_on(edge: Jump, passable: dict[Block, Block | None]) -> bool:
    seen: set[Block] = set()
    while edge.target in passable and edge.target not in seen:
        block = edge.target
        known: dict[Value, Value] = dict(zip(block.params, edge.args, strict=True))
        term = block.term
        if type(term) is Branch:
            a, b = known.get(term.a, term.a), known.get(term.b, term.b)
            if not (isinstance(a, Op) and isinstance(b, Op) and a.opcode == b.opcode == "const"):
                break
            if term.cond == "spent":
                break
            onward = term.then if holds(term.cond, a.imm, b.imm) else term.els
        else:
            onward = block.edges()[0]
        if onward.target is passable[block]:
            break
        seen.add(block)
        edge.args = [known.get(v, v) for v in onward.args]
        edge.target = onward.target
    return bool(seen)


def holds(cond: str, a: int, b: int) -> bool:
    """Whether a condition holds between two 64-bit values, given signed or unsigned."""
    a, b = a & 0xFFFF_FFFF_FFFF_FFFF, b & 0xFFFF_FFFF_FFFF_FFFF
    if cond[0] == "s" and cond != "set":
        a, b = a ^ 1 << 63, b ^ 1 << 63
    if cond == "set":
        return a & b != 0
    order = cond[-2:]
    return (a == b and order in ("eq", "le", "ge")) or (a != b and order == "ne") or (
        a < b and order in ("lt", "le")
    ) or (a > b and order in ("gt", "ge"))


def _join_blocks(function: Function) -> None:
    incoming = incoming_edges(function.blocks)
    same: dict[Value, Value] = {}
    joined: set[Block] = set()
    for block in function.blocks:
        if block in joined:
            continue
        while True:
            term = block.term
            if type(term) is not Jump or len(incoming[term.target]) != 1 or term.target is block:
                break
            target = term.target
            for param, arg in zip(target.params, term.args, strict=True):
                same[param] = same.get(arg, arg)
            block.ops += target.ops
            block.term = target.term
            joined.add(target)
    if joined:
        function.blocks = [b for b in function.blocks if b not in joined]
    if same:
        for old, value in same.items():
            while value in same:
                value = same[value]
            same[old] = value
        replace_values(function, same)


def improve_loops(function: Function) -> None:
    """Do what `loops` can for the function's loops, if it has any.

    Requires: reverse postorder, no unreachable blocks, equal operations are one value.
    """
    index = {block: n for n, block in enumerate(function.blocks)}
    if any(index[edge.target] <= n for block, n in index.items() for edge in block.edges()):
        from .loops import merge_equal_params, move_out_of_loops

        merge_equal_params(function)
        move_out_of_loops(function)


def split_critical_edges(function: Function) -> None:
    """Give each branch that passes values a block on that edge, where moves can be put; equal edges share one.

    Requires: reverse postorder. Guarantees: only `Jump` terminators pass values; reverse postorder.
    """
    blocks: list[Block] = []
    middles: dict[tuple[object, ...], Block] = {}
    for block in reversed(function.blocks):
        term = block.term
        if type(term) is Branch:
            for edge in (term.els, term.then):
                if edge.args:
                    key = (edge.target, *edge.args)
                    middle = middles.get(key)
                    if middle is None:
                        middle = middles[key] = Block(f"{block.name}.{edge.target.name}")
                        middle.term = Jump(edge.target, edge.args, edge.span)
                        blocks.append(middle)
                    edge.target, edge.args = middle, []
        blocks.append(block)
    blocks.reverse()
    function.blocks = blocks

"""Analyses of the control flow graph: orders, predecessors, dominators."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .core import Block, Function, Jump


def reverse_postorder(function: Function) -> list[Block]:
    """Return the reachable blocks so that a block comes after all that dominate it; the entry is first.

    The block that a branch takes follows its branch directly where possible.
    """
    entry = function.entry
    seen = {entry}
    order: list[Block] = []
    stack = [(entry, iter(entry.edges()[::-1]))]
    while stack:
        block, edges = stack[-1]
        for edge in edges:
            target = edge.target
            if target not in seen:
                seen.add(target)
                stack.append((target, iter(target.edges()[::-1])))
                break
        else:
            order.append(block)
            stack.pop()
    order.reverse()
    return order


def incoming_edges(blocks: Sequence[Block]) -> dict[Block, list[Jump]]:
    """Return for each block the jumps that go to it, in block order."""
    incoming: dict[Block, list[Jump]] = {block: [] for block in blocks}
    for block in blocks:
        for edge in block.edges():
            incoming[edge.target].append(edge)
    return incoming


def immediate_dominators(order: Sequence[Block]) -> list[int]:
    """Return for each block of a reverse postorder the index of its immediate dominator; the entry's is 0.

    Source: Cooper, Harvey, Kennedy, "A Simple, Fast Dominance Algorithm" (2001).
    """
    index = {block: i for i, block in enumerate(order)}
    preds: list[list[int]] = [[] for _ in order]
    for i, block in enumerate(order):
        for edge in block.edges():
            preds[index[edge.target]].append(i)
    idom = [-1] * len(order)
    idom[0] = 0
    changed = True
    while changed:
        changed = False
        for i in range(1, len(order)):
            new = -1
            for p in preds[i]:
                if idom[p] < 0:
                    continue
                if new < 0:
                    new = p
                    continue
                while p != new:
                    while p > new:
                        p = idom[p]
                    while new > p:
                        new = idom[new]
            if idom[i] != new:
                idom[i] = new
                changed = True
    return idom


def dominator_children(idom: Sequence[int]) -> list[list[int]]:
    """Return for each block the blocks that it immediately dominates, in order."""
    children: list[list[int]] = [[] for _ in idom]
    for i in range(1, len(idom)):
        children[idom[i]].append(i)
    return children

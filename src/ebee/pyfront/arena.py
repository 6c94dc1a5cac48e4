"""Arenas in a probe: one large list, whose memory is reached by loads and stores alone.

Source: PTR_TO_ARENA in kernel/bpf/verifier.c, arena_map_direct_value_addr in kernel/bpf/arena.c (Linux 6.18).
"""

from __future__ import annotations

import _ast as ast

from ..ir.core import I64
from ..lower.numbers import Refusal
from ..types.arena import Arena
from .kinds import Elements, KnownKind
from .values import Entry, Known, ListPlace, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Block
    from .expressions import Expressions
    from .values import Val


class ArenaKind(KnownKind):
    """An Arena declaration."""

    def describe(self, front: Expressions, value: Known) -> str:
        return f"the arena {value.object.name}"

    def item(self, front: Expressions, value: Known, node: ast.Subscript) -> Val:
        elements = _elements(front, value)
        return front.kind(elements).item(front, elements, node)

    def set_item(self, front: Expressions, value: Known, node: ast.Subscript, new: Val) -> None:
        elements = _elements(front, value)
        front.kind(elements).set_item(front, elements, node, new)

    def augment_item(self, front: Expressions, value: Known, node: ast.Subscript, op: str, operand: ast.expr) -> None:
        elements = _elements(front, value)
        front.kind(elements).augment_item(front, elements, node, op, operand)

    def place_item(self, front: Expressions, value: Known, node: ast.Subscript) -> Place | None:
        elements = _elements(front, value)
        return front.kind(elements).place_item(front, elements, node)

    def length(self, front: Expressions, value: Known) -> Val:
        return Known(value.object.elements.count)

    def elements(self, front: Expressions, value: Known) -> Elements | None:
        elements = _elements(front, value)
        return front.kind(elements).elements(front, elements)

    def contains(self, front: Expressions, value: Known, item: Val, then: Block, els: Block) -> None:
        raise Refusal("whether an arena has a value is not found out at once", "go over it: for v in arena: …")

    def method(self, front: Expressions, value: Known, name: str, node: ast.Call) -> Val:
        raise Refusal(f"an Arena has no {name}() in a probe", "arena[i], arena[i].field, arena[i] = value")


def _elements(front: Expressions, value: Known) -> ListPlace:
    """The whole, as a list that others may change. Raises: Refusal for a second one."""
    decl: Arena[object] = value.object
    others = [d.name for d in front.low.obj.decls.values() if isinstance(d, Arena) and d is not decl]
    if others:
        raise Refusal(f"a program has one Arena, and {others[0]} is used already", "keep both in one struct")
    b = front.low.b
    start = b.op("retype", b.op("map_value", symbol=decl.name), type=I64)
    base = b.op("arena_cast", start)
    return ListPlace(base, 0, decl.elements, 8, Entry(base, decl.elements, decl, decl.name))

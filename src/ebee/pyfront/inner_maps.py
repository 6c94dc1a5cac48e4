"""Maps of maps in a probe: `inner = outer.lookup(k)` is a map, or None; everything that maps can do works on it."""

from __future__ import annotations

import _ast as ast
import copy

from ..ir.core import PTR_VALUE_OR_NULL
from ..lower.map_kinds import entry
from ..lower.numbers import Refusal
from .kinds import Kind
from .map_methods import MapKind
from .values import InnerMap, Known, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ir.core import Block
    from .expressions import Expressions
    from .values import Ranges, Val


def use_initial(front: Expressions, outer: Any) -> None:
    """Make the maps that are in a map of maps from the start part of the object. Raises: Refusal."""
    for at, (_key, inner) in enumerate(outer._initial.items()):
        variable = next((name for name, value in front.names.items() if value is inner), f"{outer.name}_{at}")
        front.low.obj.use_map(inner, variable)


class OuterKind(MapKind):
    """A map of maps. Only the program outside changes it."""

    def method(self, front: Expressions, value: Known, name: str, node: ast.Call) -> Val:
        if name not in ("get", "lookup"):
            raise Refusal(
                f"{value.object.name} is a {value.object.kind}, which has no method {name}() in a probe",
                "in a probe: m[k], m.lookup(k), k in m",
            )
        (key,) = front.arguments(node, name, 1, 1)
        return _inner(front, value, front.expr(key), front.source.text_of(node))

    def item(self, front: Expressions, value: Known, node: ast.Subscript) -> Val:
        return _inner(front, value, front.expr(node.slice), front.source.text_of(node))

    def _refuse(self, value: Known) -> Refusal:
        what = f"{value.object.name} is a {value.object.kind}, which a probe cannot change"
        return Refusal(what, "put maps in outside")

    def set_item(self, front: Expressions, value: Known, node: ast.Subscript, new: Val) -> None:
        raise self._refuse(value)

    def augment_item(self, front: Expressions, value: Known, node: ast.Subscript, op: str, operand: ast.expr) -> None:
        raise self._refuse(value)

    def place_item(self, front: Expressions, value: Known, node: ast.Subscript) -> Place:
        raise self._refuse(value)

    def delete_item(self, front: Expressions, value: Known, node: ast.Subscript) -> None:
        raise self._refuse(value)


class InnerKind(Kind):
    """A map that was looked up in a map of maps, or None: used while it is not there it ends the program, counted."""

    def describe(self, front: Expressions, value: InnerMap) -> str:
        return f"a {value.decl.kind} in {value.decl.name}, or None"

    def is_none(self, front: Expressions, value: InnerMap, then: Block, els: Block) -> None:
        front.b.branch("eq", value.pointer, front.b.const(0), then, els)

    def truth(
        self, front: Expressions, value: InnerMap, node: ast.expr, then: Block, els: Block
    ) -> tuple[Ranges, Ranges]:
        raise Refusal("whether a map is empty is not known in a probe", "test it with `is not None`")

    def kept(self, front: Expressions, name: str, value: InnerMap) -> Val:
        front.b.write(front.local(name), value.pointer)
        return value

    def merged(self, front: Expressions, name: str, values: list[InnerMap]) -> Val | None:
        first = values[0]
        if any(v.outer is not first.outer for v in values):
            return None
        return InnerMap(front.b.read(front.local(name), PTR_VALUE_OR_NULL), first.decl, first.outer, first.what)

    def method(self, front: Expressions, value: InnerMap, name: str, node: ast.Call) -> Val:
        known = _there(front, value)
        return front.kind(known).method(front, known, name, node)

    def has_effect(self, front: Expressions, value: InnerMap, name: str, node: ast.expr) -> bool:
        return MapKind().has_effect(front, Known(value.decl), name, node)

    def item(self, front: Expressions, value: InnerMap, node: ast.Subscript) -> Val:
        known = _there(front, value)
        return front.kind(known).item(front, known, node)

    def set_item(self, front: Expressions, value: InnerMap, node: ast.Subscript, new: Val) -> None:
        known = _there(front, value)
        front.kind(known).set_item(front, known, node, new)

    def augment_item(
        self, front: Expressions, value: InnerMap, node: ast.Subscript, op: str, operand: ast.expr
    ) -> None:
        known = _there(front, value)
        front.kind(known).augment_item(front, known, node, op, operand)

    def place_item(self, front: Expressions, value: InnerMap, node: ast.Subscript) -> Place | None:
        known = _there(front, value)
        return front.kind(known).place_item(front, known, node)

    def delete_item(self, front: Expressions, value: InnerMap, node: ast.Subscript) -> None:
        known = _there(front, value)
        front.kind(known).delete_item(front, known, node)

    def contains(self, front: Expressions, value: InnerMap, item: Val, then: Block, els: Block) -> None:
        known = _there(front, value)
        front.kind(known).contains(front, known, item, then, els)


def _inner(front: Expressions, outer: Known, key: Val, what: str) -> InnerMap:
    """The map at a key, or None."""
    decl = copy.copy(outer.object.inner)
    decl.name = outer.object.name
    pointer = front.low.lookup(outer.object, front.key(outer.object, key))
    return InnerMap(pointer, decl, outer.object, what)


def _there(front: Expressions, value: InnerMap) -> Known:
    """The map, as a declaration whose operations act on it."""
    decl = copy.copy(value.decl)
    decl.pointer = entry(front.low, value.pointer, value.what)  # type: ignore[attr-defined]
    decl.outer = value.outer  # type: ignore[attr-defined]
    return Known(decl)

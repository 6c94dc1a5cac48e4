"""Maps in a probe: their entries, and the methods that can be called, `m.get(k, d)` and its like, in `METHODS`."""

from __future__ import annotations

import _ast as ast

from ..abi.helpers import BPF_FUNC as FUNC
from ..lower.numbers import Num, Refusal
from ..types.maps import KeyedDecl, MapDecl
from ..types.scalars import IntType, NumType
from ..types.structs import StructType
from .atomics import change
from .kinds import KnownKind
from .values import Entries, Entry, Known, Peek, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..ir.core import Block
    from .expressions import Expressions
    from .values import Val


class MapKind(KnownKind):
    """A map declaration."""

    def describe(self, front: Expressions, value: Known) -> str:
        return f"the map {value.object.name or value.object.kind}"

    def method(self, front: Expressions, value: Known, name: str, node: ast.Call) -> Val:
        return call_method(front, value.object, name, node)

    def has_effect(self, front: Expressions, value: Known, name: str, node: ast.expr) -> bool:
        return name not in ("get", "items", "keys", "lookup", "peek", "values")

    def item(self, front: Expressions, value: Known, node: ast.Subscript) -> Val:
        decl = _keyed(front, value)
        key = front.expr(node.slice)
        if not isinstance(decl.value, NumType):
            return Peek(front.low.lookup(decl, front.key(decl, key)), 0, decl.value)
        return _as_meant(decl.value, front.low.read_entry(decl, decl.value, front.key(decl, key)))

    def set_item(self, front: Expressions, value: Known, node: ast.Subscript, new: Val) -> None:
        decl = _keyed(front, value)
        key = front.expr(node.slice)
        memory = front.value(decl, new)
        front.low.write_entry(decl, front.key(decl, key), memory)
        front.forget_entries(decl)

    def augment_item(self, front: Expressions, value: Known, node: ast.Subscript, op: str, operand: ast.expr) -> None:
        """m[k] += n, atomically. Python evaluates the key before the value."""
        decl = _keyed(front, value)
        key = front.expr(node.slice)
        operation, n = change(front, op, front.num(operand), decl.value, f"{decl.name}[…]")
        front.low.change_entry(decl, decl.value, front.key(decl, key), operation, n)

    def place_item(self, front: Expressions, value: Known, node: ast.Subscript) -> Place:
        """The entry at a key, made of zeros where there was none; without room for it the program ends, counted."""
        decl = _keyed(front, value)
        key = front.key(decl, front.expr(node.slice))
        lost, have = front.low.blocks(2)
        pointer = front.low.made_entry(decl, decl.value, key, lost)
        front.b.jump(have)
        front.b.start(lost)
        front.low.abort("map_full", decl.name)
        front.b.start(have)
        return Place(pointer, 0, decl.value, 8, Entry(pointer, decl.value, decl, front.source.text_of(node)))

    def delete_item(self, front: Expressions, value: Known, node: ast.Subscript) -> None:
        decl = _keyed(front, value)
        front.low.delete_entry(decl, front.key(decl, front.expr(node.slice)))
        front.forget_entries(decl)

    def length(self, front: Expressions, value: Known) -> Val:
        if value.object.kind in ("Array", "PerCpuArray"):
            return Known(value.object.max_entries)
        what = f"how many entries {value.object.name} has is not known in a probe"
        raise Refusal(what, f"count them: for k in {value.object.name}: n += 1")

    def contains(self, front: Expressions, value: Known, item: Val, then: Block, els: Block) -> None:
        decl = value.object
        if isinstance(decl, KeyedDecl):
            pointer = front.low.lookup(decl, front.key(decl, item))
            front.b.branch("ne", pointer, front.b.const(0), then, els)
        elif decl.has_values:
            from ..lower.map_kinds import may_contain

            may_contain(front.low, decl, front.value(decl, item), then, els)
        else:
            super().contains(front, value, item, then, els)


def _as_meant(type: NumType, n: Num) -> Val:
    """A number that was read from a map, as what its type says."""
    if isinstance(type, IntType):
        return n
    from .enums import meant

    return meant(type, n)


def _keyed(front: Expressions, value: Known) -> KeyedDecl[Any, Any]:
    if not isinstance(value.object, KeyedDecl):
        raise Refusal(f"{front.describe(value)} cannot be indexed in a probe", "only keyed maps can")
    return value.object


def call_method(front: Expressions, decl: MapDecl, name: str, node: ast.Call) -> Val:
    """Lower `decl.name(…)`. Raises: Refusal for a method that does not exist in a probe."""
    method = METHODS.get(name)
    if method is None or not hasattr(decl, name):
        hint = (
            "in a probe: m[k], m.get(k, d), m.lookup(k), m[k] = v, m[k] += n, k in m, del m[k], q.push(v), q.pop(d), "
            "q.peek(d), filter.add(v), v in filter, with ring.reserve() as record, ring.output(record), "
            "for k, v in m.items()"
        )
        if method is not None:
            raise Refusal(f"{decl.name} is a {decl.kind}, which has no method {name}()", hint)
        raise Refusal(f"the method {name}() of a map cannot be called here", hint)
    return method(front, decl, node)


def _get(front: Expressions, decl: MapDecl, node: ast.Call) -> Val:
    """m.get(k, d): the value at k, or d. Without d there is nothing that stands for None."""
    key, default = front.arguments(node, "get", 2, 2)
    if not isinstance(decl, KeyedDecl) or not isinstance(decl.value, NumType):
        raise Refusal(f"{decl.name}.get() is for maps whose values are integers", "use v = m.lookup(k)")
    # The key is written last: evaluating the default may write another one to the same place.
    key_value, other = front.expr(key), front.num(default)
    n = front.low.read_entry(decl, decl.value, front.key(decl, key_value), other)
    return _as_meant(decl.value, n) if (n.lo, n.hi) == (decl.value.lo, decl.value.hi) else n


def _lookup(front: Expressions, decl: MapDecl, node: ast.Call) -> Val:
    """m.lookup(k): the entry itself, to be read and written in place, or None."""
    (key,) = front.arguments(node, "lookup", 1, 1)
    if not isinstance(decl, KeyedDecl) or not (isinstance(decl.value, StructType) or hasattr(decl.value, "element")):
        raise Refusal(f"{decl.name}.lookup() is for maps whose values are Structs", "use m[k], m.get(k, d) or k in m")
    pointer = front.low.lookup(decl, front.key(decl, front.expr(key)))
    return Entry(pointer, decl.value, decl, front.source.text_of(node))


def _push(front: Expressions, decl: MapDecl, node: ast.Call) -> Val:
    """q.push(v, overwrite=True), filter.add(v)."""
    from ..lower.map_kinds import push

    overwrite: Val = Known(False)
    name = "push" if hasattr(decl, "push") else "add"
    if name == "push" and [k.arg for k in node.keywords] == ["overwrite"]:
        overwrite = front.expr(node.keywords[0].value)
        node = ast.Call(node.func, node.args, [])
    if not (isinstance(overwrite, Known) and isinstance(overwrite.object, bool)):
        raise Refusal("overwrite= must be True or False")
    (value,) = front.arguments(node, name, 1, 1)
    push(front.low, decl, front.value(decl, front.expr(value)), overwrite.object)
    return Known(None)


def _take(name: str, helper: int) -> Callable[[Expressions, MapDecl, ast.Call], Val]:
    def lower(front: Expressions, decl: MapDecl, node: ast.Call) -> Val:
        from ..lower.map_kinds import take

        if not isinstance(decl.value, IntType):
            raise Refusal(f"{decl.name}.{name}() is for values that are integers, not {decl.value}")
        if not node.args and not node.keywords:
            raise Refusal(
                f"{name}() needs a default in a probe, for when {decl.name} is empty", f"{decl.name}.{name}(0)"
            )
        (default,) = front.arguments(node, name, 1, 1)
        return take(front.low, helper, decl, decl.value, front.num(default))

    return lower


def _entries(what: str) -> Callable[[Expressions, MapDecl, ast.Call], Val]:
    def lower(front: Expressions, decl: MapDecl, node: ast.Call) -> Val:
        front.arguments(node, what, 0, 0)
        if not isinstance(decl, KeyedDecl):
            raise Refusal(f"{decl.name} has no entries")
        return Entries(decl, what)

    return lower


def _output(front: Expressions, decl: MapDecl, node: ast.Call) -> Val:
    """ring.output(record): a copy of a struct, or another value, as one record; counted when the ring is full."""
    from .arrays import copy
    from .records import place_of
    from .values import RecordRef, StructPlace, StructValue

    (given,) = front.arguments(node, "output", 1, 1)
    assert decl.value is not None
    value = front.expr(given)
    if isinstance(value, StructValue | RecordRef | Entry | StructPlace) and value.type is decl.value:
        place = place_of(front, value)  # of an entry that is not there the program ends before it reserves
    else:
        place = Place(front.value(decl, value), 0, decl.value)
    done = front.b.new_block()
    record = front.low.reserve_raw(decl.name, decl.value.size, done, "ring_full")
    copy(front, record, 0, 8, place)
    front.low.submit()
    front.b.jump(done)
    front.b.start(done)
    return Known(None)


METHODS: dict[str, Callable[[Expressions, MapDecl, ast.Call], Val]] = {
    "add": _push,
    "get": _get,
    "items": _entries("items"),
    "keys": _entries("keys"),
    "lookup": _lookup,
    "output": _output,
    "peek": _take("peek", FUNC.map_peek_elem),
    "pop": _take("pop", FUNC.map_pop_elem),
    "push": _push,
    "values": _entries("values"),
}

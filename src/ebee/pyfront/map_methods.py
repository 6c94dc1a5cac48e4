"""Maps in a probe: their entries, and the methods that can be called, `m.get(k, d)` and its like, in `METHODS`."""

from __future__ import annotations

import _ast as ast

from ..abi.bpf import (
    BPF_F_CURRENT_CPU,
    BPF_MAP_TYPE_LPM_TRIE,
    BPF_MAP_TYPE_PERF_EVENT_ARRAY,
    BPF_PROG_TYPE_TRACEPOINT,
)
from ..abi.helpers import BPF_FUNC as FUNC
from ..lower.numbers import Num, Refusal, check_assignable
from ..spec.sections import is_pattern, parse_section
from ..types.maps import KeyedDecl, MapDecl
from ..types.scalars import IntType, NumType
from ..types.structs import StructType
from .atomics import change, operand_of
from .kinds import KnownKind
from .order import is_place, may_write, steady
from .values import Context, Entries, Entry, Known, Maybe, Peek, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..ir.core import Block, Value
    from .expressions import Expressions
    from .values import Val


class MapKind(KnownKind):
    """A map declaration."""

    def describe(self, front: Expressions, value: Known) -> str:
        return f"the map {value.object.name or value.object.kind}"

    def method(self, front: Expressions, value: Known, name: str, node: ast.Call) -> Val:
        return call_method(front, value.object, name, node)

    def has_effect(self, front: Expressions, value: Known, name: str, node: ast.expr) -> bool:
        return name not in ("get", "items", "keys", "lookup", "lookup_cpu", "peek", "values")

    def item(self, front: Expressions, value: Known, node: ast.Subscript) -> Val:
        decl = _keyed(front, value)
        key = front.expr(node.slice)
        if not isinstance(decl.value, NumType):
            return Peek(front.low.lookup(decl, front.key(decl, key)), 0, decl.value)
        return as_meant(decl.value, front.low.read_entry(decl, decl.value, front.key(decl, key)))

    def set_item(self, front: Expressions, value: Known, node: ast.Subscript, new: Val) -> None:
        decl = _keyed(front, value)
        key = front.expr(node.slice)
        memory = front.value(decl, new)
        front.low.write_entry(decl, front.key(decl, key), memory)
        front.forget_entries(decl)

    def augment_item(self, front: Expressions, value: Known, node: ast.Subscript, op: str, operand: ast.expr) -> None:
        """m[k] += n, atomically. Python evaluates the key before the value."""
        decl = _keyed(front, value)
        key = steady(front, front.expr(node.slice), operand)
        if is_place(key) and may_write(front, [operand]):
            why = f"what follows {op}= may change the key, which Python looks up before and after"
            raise Refusal(why, "call the function on a line of its own")
        what = f"{decl.name}[…]"
        n = operand_of(front, operand, decl, what, f"{op}=")
        operation, n = change(front, op, n, decl.value, what)
        front.low.change_entry(decl, decl.value, front.key(decl, key), operation, n)
        front.map_writes.append(decl)

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


def as_meant(type: NumType, n: Num) -> Val:
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
            "in a probe: m[k], m.get(k), m.get(k, d), m.lookup(k), m[k] = v, m[k] += n, k in m, del m[k], m.pop(k, d), "
            "m.setdefault(k, v), m.insert(k, v), q.push(v), q.pop(d), q.peek(d), filter.add(v), v in filter, "
            "with ring.reserve() as record, ring.output(record), for k, v in m.items()"
        )
        if method is not None:
            raise Refusal(f"{decl.name} is a {decl.kind}, which has no method {name}()", hint)
        raise Refusal(f"the method {name}() of a map cannot be called here", hint)
    return method(front, decl, node)


def _get(front: Expressions, decl: MapDecl, node: ast.Call) -> Val:
    """m.get(k): the number at k, or None; m.get(k, d): or d."""
    key, *default = front.arguments(node, "get", 1, 2)
    if not isinstance(decl, KeyedDecl) or not (isinstance(decl.value, NumType) or default):
        what = f"{decl.name}.get() without a default is for maps whose values are integers"
        raise Refusal(what, "use v = m.lookup(k)")
    # The key is written last: evaluating the default may write another one to the same place.
    key_value = steady(front, front.expr(key), *default)
    other = front.expr(default[0]) if default else Known(None)
    pointer = front.low.lookup(decl, front.key(decl, key_value))
    return value_or(front, decl, pointer, other, front.source.text_of(node))


def value_or(front: Expressions, decl: MapDecl, pointer: Value, other: Val, what: str) -> Val:
    """A copy of what is at a pointer, or where that is null another value."""
    if isinstance(decl.value, NumType):
        return number_or(front, decl, pointer, other, what)
    from .records import whole_or

    return whole_or(front, decl, pointer, other)


def number_or(front: Expressions, decl: MapDecl, pointer: Value, other: Val, what: str) -> Val:
    """The number at a pointer, or where that is null another value, which may be None."""
    type = decl.value
    assert isinstance(type, NumType)

    def load(entry: Value) -> Num:
        return front.low.load_num(entry, 0, type)

    if isinstance(other, Known) and other.object is None:
        return number_or_none(front, pointer, type, load, what)
    n = front.low.number_or(pointer, type, load, front.as_num(other))
    return as_meant(type, n) if (n.lo, n.hi) == (type.lo, type.hi) else n


def number_or_none(
    front: Expressions, pointer: Value, type: NumType, load: Callable[[Value], Num], what: str
) -> Val:
    """The number that is loaded from a pointer, or None where that is null."""
    b = front.b
    there, missing, done = front.low.blocks(3)
    value, is_there = f"number {id(there)}", f"is there {id(there)}"
    b.branch("ne", pointer, b.const(0), there, missing)
    for block, number, flag in ((there, load, 1), (missing, None, 0)):
        b.start(block)
        b.write(value, number(b.non_null(pointer)).value if number else b.const(0))
        b.write(is_there, b.const(flag))
        b.jump(done)
    b.start(done)
    n = as_meant(type, Num(b.read(value), min(type.lo, 0), max(type.hi, 0)))
    if not isinstance(n, Num):
        raise Refusal(f"{what} may be None, and {front.describe(n)} cannot be", "use m[k] or m.get(k, d)")
    return Maybe(b.read(is_there), n, what)


def found(front: Expressions, decl: MapDecl, pointer: Value, what: str) -> Val:
    """What was looked up, or None: an entry to be used in place, or a copy of a number."""
    if isinstance(decl.value, NumType):
        return number_or(front, decl, pointer, Known(None), what)
    if not (isinstance(decl.value, StructType) or hasattr(decl.value, "element")):
        raise Refusal(f"{what} is for maps whose values are integers or Structs", "use m[k] or k in m")
    return Entry(pointer, decl.value, decl, what)


def _lookup(front: Expressions, decl: MapDecl, node: ast.Call) -> Val:
    """m.lookup(k): the entry itself, to be read and written in place, or None; of a number a copy."""
    (key,) = front.arguments(node, "lookup", 1, 1)
    pointer = front.low.lookup(decl, front.key(decl, front.expr(key)))  # type: ignore[arg-type]  # it has the method
    return found(front, decl, pointer, front.source.text_of(node))


def _lookup_cpu(front: Expressions, decl: MapDecl, node: ast.Call) -> Val:
    """m.lookup_cpu(k, cpu): as lookup, of another CPU."""
    from ..lower.map_kinds import lookup_cpu

    key, cpu = front.operands(front.arguments(node, "lookup_cpu", 2, 2))
    pointer = lookup_cpu(front.low, decl, front.key(decl, key), front.as_num(cpu))  # type: ignore[arg-type]
    return found(front, decl, pointer, front.source.text_of(node))


def _pop_key(front: Expressions, decl: KeyedDecl[Any, Any], node: ast.Call) -> Val:
    """m.pop(k, d): the number at k, or d; the entry is removed."""
    if len(node.args) == 1 and not node.keywords:
        raise Refusal(f"pop() needs a default in a probe, for a key that {decl.name} does not have",
                      f"{decl.name}.pop(k, 0), {decl.name}.pop(k, None)")  # fmt: skip
    key_value, other = front.operands(front.arguments(node, "pop", 2, 2))
    if decl.map_type == BPF_MAP_TYPE_LPM_TRIE:
        raise Refusal(f"{decl.name}.pop() would find the entry of a shorter prefix", "use n = m[k], then del m[k]")
    key = front.key(decl, key_value)
    value = value_or(front, decl, front.low.lookup(decl, key), other, front.source.text_of(node))
    front.low.delete_entry(decl, key)
    front.forget_entries(decl)
    return value


def _setdefault(front: Expressions, decl: MapDecl, node: ast.Call) -> Val:
    """m.setdefault(k, v): the entry at k, made with v if there is none; of a number a copy."""
    from ..lower.map_kinds import set_default

    key_value, new = front.operands(front.arguments(node, "setdefault", 2, 2))
    front.map_writes.append(decl)
    if decl.map_type == BPF_MAP_TYPE_LPM_TRIE:
        raise Refusal(f"{decl.name}.setdefault() would find the entry of a shorter prefix", f"{decl.name}.insert(k, v)")
    memory = front.value(decl, new)
    pointer = set_default(front.low, decl, front.key(decl, key_value), memory)  # type: ignore[arg-type]
    what = front.source.text_of(node)
    return entry_or(front, decl, pointer, new, what)


def entry_or(front: Expressions, decl: MapDecl, pointer: Value, new: Val, what: str) -> Val:
    """What setdefault() gives: a struct or list in place, of others a copy."""
    if isinstance(decl.value, StructType) or hasattr(decl.value, "element"):
        return found(front, decl, pointer, what)
    return value_or(front, decl, pointer, new, what)


def _insert(front: Expressions, decl: MapDecl, node: ast.Call) -> Val:
    """m.insert(k, v): whether there was no entry and one was made."""
    from ..lower.map_kinds import insert

    key_value, new = front.operands(front.arguments(node, "insert", 2, 2))
    front.map_writes.append(decl)
    memory = front.value(decl, new)
    return insert(front.low, decl, front.key(decl, key_value), memory)  # type: ignore[arg-type]


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

        if isinstance(decl, KeyedDecl):
            return _pop_key(front, decl, node)
        if not node.args and not node.keywords:
            raise Refusal(
                f"{name}() needs a default in a probe, for when {decl.name} is empty", f"{decl.name}.{name}(0)"
            )
        (default,) = front.arguments(node, name, 1, 1)
        if not isinstance(decl.value, IntType):
            return _take_whole(front, helper, decl, front.expr(default))
        return take(front.low, helper, decl, decl.value, front.num(default))

    return lower


def _take_whole(front: Expressions, helper: int, decl: MapDecl, other: Val) -> Val:
    """What a queue or stack of structs or strings gives, or another value where it is empty."""
    from .records import copied_or, store_default

    assert decl.value is not None
    low, b = front.low, front.b

    def copy(memory: Value, missing: Block) -> None:
        low.zero(memory, 0, decl.value.size)  # type: ignore[union-attr]
        have = b.new_block()
        b.branch("eq", b.call(helper, low.map(decl), memory), b.const(0), have, missing)
        b.start(have)

    return copied_or(front, decl.value, copy, lambda memory: store_default(front, decl, memory, other))


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
    if decl.map_type == BPF_MAP_TYPE_PERF_EVENT_ARRAY:
        return _send(front, decl, place)
    done = front.b.new_block()
    record = front.low.reserve_raw(decl.name, decl.value.size, done, "ring_full")
    copy(front, record, 0, 8, place)
    front.low.release()
    front.b.jump(done)
    front.b.start(done)
    return Known(None)


def _call(front: Expressions, decl: MapDecl, node: ast.Call) -> Val:
    """progs.call(ctx, i): go on with another program, or behind the call."""
    ctx, index = (front.expr(a) for a in front.arguments(node, "call", 2, 2))
    if not isinstance(ctx, Context):
        raise Refusal(f"call() takes the probe's context, not {front.describe(ctx)}", f"{decl.name}.call(ctx, i)")
    if not front.low.is_program:
        raise Refusal("from here no other program can be called", "call it from the probe, outside such a loop")
    section = parse_section(front.probe.section)
    if section.prog_type == BPF_PROG_TYPE_TRACEPOINT and is_pattern(section.attach_to):
        what = "a probe of many system calls cannot hand on its context"
        raise Refusal(what, "name one system call, or use raw_tracepoint('sys_enter')")
    if front.low.open_records:
        raise Refusal("a record is still open here, and may not be submitted again", "call it behind the `with`")
    n, b = front.as_num(index), front.b
    check_assignable(n, 0, (1 << 32) - 1, "the index of call() (u32)")
    beyond, inside = front.low.blocks(2)
    b.branch("uge", n.value, b.const(decl.max_entries), beyond, inside)
    b.start(inside)
    front.low.tail_call(decl, n.value)
    b.jump(beyond)
    b.start(beyond)
    return Known(None)


def _send(front: Expressions, decl: MapDecl, place: Place) -> Val:
    """events.output(record) of a PerfEventArray: what is in memory goes to the buffer of this CPU."""
    from ..abi.helper_hooks import has_helper

    low, b = front.low, front.b
    if not has_helper(parse_section(front.section).kind, "perf_event_output"):
        raise Refusal(f"a {front.context.noun} cannot send to {decl.name}", "use a RingBuf (Linux 5.8)")
    data, size = low.at(place.base, place.off), place.type.size
    result = b.call(FUNC.perf_event_output, low.ctx, low.map(decl), b.const(BPF_F_CURRENT_CPU), data, b.const(size))
    low.count_if("slt", result, "perf_full", decl.name)
    return Known(None)


def _reserve(front: Expressions, decl: MapDecl, node: ast.Call) -> Val:
    from .dynptrs import reserve

    return reserve(front, decl, node)


METHODS: dict[str, Callable[[Expressions, MapDecl, ast.Call], Val]] = {
    "add": _push,
    "call": _call,
    "get": _get,
    "insert": _insert,
    "items": _entries("items"),
    "keys": _entries("keys"),
    "lookup": _lookup,
    "lookup_cpu": _lookup_cpu,
    "output": _output,
    "peek": _take("peek", FUNC.map_peek_elem),
    "pop": _take("pop", FUNC.map_pop_elem),
    "push": _push,
    "reserve": _reserve,
    "setdefault": _setdefault,
    "values": _entries("values"),
}

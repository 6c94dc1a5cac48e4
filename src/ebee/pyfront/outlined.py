"""Loops whose body is a function of its own, which a helper calls for each turn: over maps, and where nothing else
bounds a loop.

The integers that the body assigns are kept in the frame (`lower.inner`) between turns; what it only uses comes through
the frame, too. A body that breaks, returns or ends the program says so in the frame's first word.
"""

from __future__ import annotations

import _ast as ast

from ..abi import bpf
from ..abi.helpers import BPF_FUNC as FUNC
from ..ir.core import I64, PTR_ARG, PTR_MAP, Function
from ..lower import inner
from ..lower.inner import Inner
from ..lower.numbers import Num, Refusal, union
from ..record import Record
from ..types.scalars import NumType
from .arrays import read
from .calls import Call
from .kinds import Kind
from .values import (
    Context,
    Entries,
    Entry,
    FieldRow,
    HeaderRef,
    Known,
    Many,
    Maybe,
    OptionValue,
    Payload,
    Place,
    Unusable,
    as_member,
)  # fmt: skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from ..ir.core import Block, Value
    from ..types.maps import KeyedDecl
    from ..types.scalars import Type
    from .calls import Calls
    from .loop_texts import Texts
    from .loops import Loop, Loops
    from .values import Ranges, Says, Val

_KEYED = (
    bpf.BPF_MAP_TYPE_HASH, bpf.BPF_MAP_TYPE_LRU_HASH, bpf.BPF_MAP_TYPE_PERCPU_HASH, bpf.BPF_MAP_TYPE_LRU_PERCPU_HASH,
    bpf.BPF_MAP_TYPE_ARRAY, bpf.BPF_MAP_TYPE_PERCPU_ARRAY,
)  # fmt: skip


class Outline(Record):
    """How a body is called: the types of its parameters, which of them is the frame, and the helper's call.

    `call` gets the callback's address and the frame's. `is_cut`: if no turn ended the loop, it was cut.
    """

    params: list[str]
    frame: int
    call: Callable[[Value, Value], Value]
    is_cut: bool = False


class EntriesKind(Kind):
    """m.items(), m.keys(), m.values()."""

    def describe(self, front: Any, value: Entries) -> str:
        return f"{value.decl.name}.{value.what}()"

    def kept(self, front: Any, name: str, value: Entries) -> Val:
        raise Refusal(f"{self.describe(front, value)} cannot get a name", "write it in the `for` statement")


def loop_of_turns(front: Loops) -> Outline:
    """A loop that bpf_loop turns, as often as the kernel lets it."""

    def call(callback: Value, frame: Value) -> Value:
        b = front.b
        return b.call(FUNC.loop, b.const(bpf.BPF_MAX_LOOPS), callback, frame, b.const(0))

    return Outline([I64, PTR_ARG], 1, call, is_cut=True)


def for_entries(front: Loops, node: ast.For, items: Entries) -> None:
    """`for k, v in m.items()` and its like. Raises: Refusal."""
    decl = items.decl
    if decl.map_type not in _KEYED:
        raise Refusal(
            f"the entries of {decl.name}, a {decl.kind}, cannot be gone over in a probe",
            "those of hash maps and arrays can",
        )

    def call(callback: Value, frame: Value) -> Value:
        return front.b.call(FUNC.for_each_map_elem, front.low.map(decl), callback, frame, front.b.const(0))

    def test(then: Block, els: Block) -> tuple[Ranges, Ranges]:
        front.b.jump(then)
        return {}, {}

    def begin() -> None:
        _, key, value, _ = front.b.function.entry.params
        parts: list[Val] = []
        if items.what != "values":
            parts.append(own_key(front, decl.key, key))
        if items.what != "keys":
            parts.append(shared_value(front, decl, value, front.source.text_of(node.iter)))
        front.assign(node.target, parts[0] if len(parts) == 1 else Many(parts))

    outline = Outline([PTR_MAP, PTR_ARG, PTR_ARG, PTR_ARG], 3, call)
    front.loop(node, [node.target, *node.body], node.body, node.orelse, test, lambda: None, 0, begin, (), outline)


def own_key(front: Loops, type: Type, place: Value) -> Val:
    """A copy of a key: the entry may go, and another one take its place."""
    if isinstance(type, NumType):
        return read(front, Place(place, 0, type))
    memory = front.b.alloca(-(-type.size // 8) * 8)
    front.low.copy(memory, 0, place, 0, type.size)
    return read(front, Place(memory, 0, type))


def shared_value(front: Loops, decl: KeyedDecl[Any, Any], place: Value, what: str) -> Val:
    """A value: a number is read now, a struct or list is used in place."""
    return read(front, Place(place, 0, decl.value, 8, Entry(place, decl.value, decl, what)))


def is_passed(value: Val) -> bool:
    """Whether a function beside the program's own can use a value."""
    if isinstance(value, Context):
        return not value.type.has_packet
    return not isinstance(value, HeaderRef | Payload | FieldRow | OptionValue)


def attempt(
    front: Loops,
    node: ast.While | ast.For,
    body: list[ast.stmt],
    test: Callable[[Block, Block], tuple[Says, Says]],
    step: Callable[[], None],
    begin: Callable[[], None] | None,
    start: dict[str, Val],
    guess: Ranges,
    hidden: tuple[str, ...],
    outline: Outline,
    texts: Texts,
) -> tuple[Ranges, Callable[[list[ast.stmt]], None]]:
    """Lower a loop's body as a function, with a guess; otherwise as `Loops.attempt`."""
    span = front.source.span(node.test if isinstance(node, ast.While) else node.iter)
    around, around_b = front.low, front.b
    name = around.obj.free_name(f"{front.function.name}__line_{span.line}")
    function = Function(name, outline.params, span=span, is_program=False)
    low = Inner(around, function, function.entry.params[outline.frame])
    variables = [*map(front.local, guess), *hidden]
    place = {variable: inner.VARIABLES + 8 * n for n, variable in enumerate(variables)}

    def write_back() -> None:
        texts.keep(start)
        for name in guess:
            value = front.env.get(name)
            if isinstance(value, Num | Known) and isinstance(getattr(value, "object", 0), int):
                low.b.store(low.frame, place[front.local(name)], 8, front.as_num(value).value)
        for variable in hidden:
            low.b.store(low.frame, place[variable], 8, low.b.read(variable))

    call = Call(None, span, low.b.new_block(), 0, "", is_in_loop=True, inner=low)
    front.low, front.b = low, low.b
    state = front.env, front.loops, front.turns, front.depth
    front.calls.append(call)
    front.loops, front.turns, front.depth = [], 1, 0
    low.opaque = low.opaque_zero()
    try:
        for variable in variables:
            low.b.write(variable, low.b.load(low.frame, place[variable], 8))
        front.env = {n: v if is_passed(v) else _NOT_PASSED for n, v in start.items()}
        for n, (lo, hi) in guess.items():
            value = start[n]
            assert isinstance(value, Num)
            front.env[n] = as_member(Num(low.b.read(front.local(n)), lo, hi, value.c_type))
            low.b.write(f"{front.local(n)} is there", low.b.const(1))
        heads = {n: v.value for n, v in front.env.items() if n in guess and isinstance(v, Num)}
        turn, over, following, done = low.blocks(4)
        entered = front.env
        whenever, otherwise = test(turn, over)
        loop: Loop = front.new_loop(following, done)
        front.loops.append(loop)
        if low.b.is_reachable(turn):
            low.b.start(turn)
            front.env = front.refined(entered, whenever)
            if begin is not None:
                begin()
            front.body(body)
            if not low.b.terminated:
                front.stmt_Continue(ast.Continue())
        front.loops.pop()
        after: Ranges = {}
        if loop.continues:
            front.note_stale(start, loop)
            front.join(following, loop.continues, start)
            step()
            after = front.after(start, guess)
            write_back()
            low.end(inner.NEXT)
        left: dict[str, Val] = {}
        if loop.breaks:
            front.join(done, loop.breaks, start)
            left = front.env
            write_back()
            low.end(inner.BREAK)
        is_left, found = low.b.is_reachable(over), {}
        if is_left:
            low.b.start(over)
            entered = front.refined(entered, otherwise)
            for n, v in entered.items():  # assigned by the loop's test
                if isinstance(v, Num) and (n not in start or n in heads and v.value is not heads[n]):
                    found[n] = v
                    place.setdefault(front.local(n), inner.VARIABLES + 8 * len(place))
                    low.b.store(low.frame, place[front.local(n)], 8, v.value)
            low.end(inner.OVER)
    finally:
        front.calls.pop()
        front.low, front.b = around, around_b
        front.env, front.loops, front.turns, front.depth = state

    def finish(orelse: list[ast.stmt]) -> None:
        b = around_b
        passed = low.close(inner.VARIABLES + 8 * len(place))
        around.below = max(around.below, low.stack)
        around.obj.add_function(function, _described(outline))
        frame = b.alloca(inner.VARIABLES + 8 * (len(place) + len(passed)), stays=True)
        b.store(frame, inner.STATUS, 8, b.const(0))
        if call.results:
            b.store(frame, inner.RESULT, 8, b.const(0))
        for off, value in [*((place[v], b.read(v)) for v in variables), *passed]:
            b.store(frame, off, 8, value)
        outline.call(around.function_address(name), frame)
        front.env = dict(start)
        for decl in call.written:
            front.forget_entries(decl)
        for replaced in call.replaced:
            front.replace(replaced)
        names = front.env
        status = b.load(frame, inner.STATUS, 8)

        def when(value: int, do: Callable[[], None]) -> None:
            here, other = around.blocks(2)
            b.branch("eq", status, b.const(value), here, other)
            b.start(here)
            do()
            b.start(other)

        def taken(left: dict[str, Val], kept: Iterable[str]) -> dict[str, Val]:
            """The names where the loop was left, with what the frame holds."""
            env = dict(names)
            for n in kept:
                value = left[n]
                if isinstance(value, Known) and isinstance(value.object, int):
                    value = front.as_num(value)
                if isinstance(value, Maybe):
                    value = Unusable("may be None where the loop was left", "test it first: if n is not None")
                if isinstance(value, Num):
                    loaded = value.replace(value=b.load(frame, place[front.local(n)], 8))
                    value = front.kind(loaded).kept(front, n, loaded)
                elif not isinstance(value, Known | Unusable):
                    value = Unusable("is an integer before the loop and none where it is left")
                env[n] = value
            return env

        ends: list[dict[str, Val]] = []
        end = b.new_block()

        def leave_broken() -> None:
            front.env = taken(left, guess)
            ends.append(front.env)
            b.jump(end)

        def leave_returned() -> None:
            front.env = dict(names)
            front.returned(_result(call, b.load(frame, inner.RESULT, 8)))

        if loop.breaks:
            when(inner.BREAK, leave_broken)
        if call.results:
            when(inner.RETURN, leave_returned)
        if low.can_abort:
            when(inner.ABORT, around.fail)
        if outline.is_cut:
            when(inner.NEXT, lambda: around.abort("loop_cut", "a loop turned too often"))
        if is_left or not outline.is_cut:
            front.env = taken(entered, {**guess, **found})
            front.body(orelse)
            if not b.terminated:
                ends.append(front.env)
                b.jump(end)
        else:
            around.fail()  # not reached
        front.join(end, ends, start)

    return after, finish


_NOT_PASSED = Unusable("is the packet's, which the body of this loop cannot use", "read what it needs before the loop")


def give(front: Calls, call: Call, value: Val) -> None:
    """`return value` in a body. Raises: Refusal for what is no integer."""
    low = call.inner
    assert low is not None
    if not (isinstance(value, Known) and value.object is None):
        try:
            value = front.as_num(front.never_none(value))
        except Refusal:
            what = f"from inside this loop numbers can be returned, not {front.describe(value)}"
            raise Refusal(what, "assign it to a name and `break`") from None
        low.b.store(low.frame, inner.RESULT, 8, value.value)
    if any(type(value) is not type(other) for other in call.results):
        raise Refusal("this loop returns a number on one way and None on another")
    call.results.append(value)
    low.submit_down_to(0)
    low.end(inner.RETURN)


def _result(body: Call, value: Value) -> Val:
    """What a body returned. Raises: Refusal if it is signed on one way and unsigned on another."""
    first, *rest = body.results
    for other in rest:
        if isinstance(first, Num) and isinstance(other, Num):
            first = union(first, other)
    return first.replace(value=value) if isinstance(first, Num) else first


def _described(outline: Outline) -> list[tuple[str, Any]]:
    names = ["index", "frame"] if len(outline.params) == 2 else ["map", "key", "value", "frame"]
    return [(name, None) for name in names]

"""Sequences: constants, tuples and lists of values at run time, `enumerate`, `zip` and `reversed`."""

from __future__ import annotations

import _ast as ast

from ..lower import numbers
from ..lower.numbers import Num, Refusal
from .constants import item, lookup, may_equal, one_of
from .kinds import Elements, Kind
from .order import is_place, own
from .values import SEQUENCES, VIEWS, Comm, Known, Lazy, Many, Text, UserStr, is_string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from ..ir.core import Block
    from .expressions import Expressions
    from .values import Ranges, Val

_MOST_ALTERNATIVES = 256
MOST_UNROLLED = 64


def contains(front: Expressions, container: Known, item: Val, then: Block, els: Block) -> None:
    """Jump to `then` if a value is in a sequence of integers or strings that is known now. Raises: Refusal."""
    items, b = container.object, front.b
    if isinstance(items, str):
        from .strings import contains as contains_string

        contains_string(front, container, item, then, els)
        return
    if isinstance(items, range) and items.step == 1 and len(items):
        n, above = front.as_num(item), b.new_block()
        low, high = numbers.constant(front.low, items.start), numbers.constant(front.low, items.stop)
        b.branch(numbers.condition(">=", n, low), n.value, low.value, above, els)
        b.start(above)
        b.branch(numbers.condition("<", n, high), n.value, high.value, then, els)
        return
    if isinstance(item, Known) and hasattr(type(items), "__members__") and type(item.object) is type(items):
        b.jump(then if item.object in items else els)
        return
    if not isinstance(items, tuple | frozenset | set | list | range | dict | VIEWS[0] | VIEWS[1]):
        raise Refusal(f"`in` works on keyed maps and constant sequences, not on {front.describe(container)}")
    if len(items) > _MOST_ALTERNATIVES:
        raise Refusal(f"`in` a sequence of {len(items)} items is too long", "use a map")
    if isinstance(item, Known):
        b.jump(then if item.object in items else els)
        return
    if is_string(item):
        from .strings import among

        among(front, item, items, then, els)
        return
    for element in items:
        if isinstance(element, float) and element.is_integer():
            element = int(element)
        if may_equal(front, item, element):
            following = b.new_block()
            front.compare_values("==", item, Known(element), then, following)
            if not b.is_reachable(following):
                return
            b.start(following)
    b.jump(els)


def constant_item(front: Expressions, container: Known, node: ast.Subscript) -> Val:
    """`NAMES[2]` and `TABLE[k]` of a sequence or dict that is known now. Raises: Refusal."""
    if not isinstance(container.object, tuple | list | dict | str | bytes | range):
        raise Refusal(f"{front.describe(container)} cannot be indexed in a probe", "only keyed maps can")
    at, what = node.slice, front.source.text_of(node.value)
    parts = (at.lower, at.upper, at.step) if isinstance(at, ast.Slice) else (at,)
    values = [Known(None) if part is None else front.expr(part) for part in parts]
    keys = [v.object for v in values if isinstance(v, Known)]
    if len(keys) < len(values):
        if isinstance(at, ast.Slice):
            raise Refusal("the bounds of a slice must be constants")
        if isinstance(container.object, dict):
            return lookup(front, container.object, values[0], None, what)
        return item(front, container.object, values[0], what)
    try:
        return front.known(container.object[keys[0] if len(keys) == 1 else slice(*keys)], "")
    except (LookupError, TypeError, ValueError) as e:
        raise Refusal(f"{front.source.text_of(node)}: {e}") from None


def items_of(front: Expressions, value: Val, most: int = MOST_UNROLLED) -> list[Val] | None:
    """The values that `for x in value` goes over, if their number is known now: read now. None: it is not.

    Raises: Refusal for too many.
    """
    turns = turns_of(front, value, most)
    return [turn() for turn in turns] if turns is not None else None


def turns_of(front: Expressions, value: Val, most: int = MOST_UNROLLED) -> list[Callable[[], Val]] | None:
    """What gives the values that `for x in value` goes over, each in its turn: elements of lists are read then.

    None: their number is not known now. Raises: Refusal for too many.
    """
    if isinstance(value, Lazy):
        return _lazy_turns(front, value)
    if isinstance(value, Many):
        return _given(value.values)
    if isinstance(value, Known):
        if not isinstance(value.object, SEQUENCES) or isinstance(value.object, set):
            return None
        if len(value.object) > most:
            raise Refusal(f"a constant sequence of {len(value.object)} items is too long to be unrolled")
        return _given([front.known(each, "") for each in value.object])
    if is_string(value):
        return None
    elements = front.kind(value).elements(front, value)
    if elements is None or isinstance(elements.count, Num):
        return None
    if elements.count > most:
        raise Refusal(f"{front.describe(value)} is too long to be unrolled", "go over it in a `for` statement")
    element, low = elements.at, front.low
    return [lambda at=at: element(numbers.constant(low, at)) for at in range(elements.count)]  # type: ignore[misc]


def _given(values: list[Val]) -> list[Callable[[], Val]]:
    return [lambda each=each: each for each in values]  # type: ignore[misc]


def tuple_of(values: list[Val], cls: type = tuple) -> Val:
    """A tuple or list of values; a constant if all of them are."""
    if all(isinstance(v, Known) for v in values):
        return Known(cls(v.object for v in values if isinstance(v, Known)))
    return Many(values, cls)


def concatenated(front: Expressions, op: str, a: Val, b: Val) -> Val:
    """`a + b` of tuples or lists, `a * n`, one of them with values at run time. Raises: Refusal."""
    classes = [v.cls if isinstance(v, Many) else type(v.object) if isinstance(v, Known) else None for v in (a, b)]
    if op == "+" and classes[0] is classes[1] and classes[0] in (tuple, list):
        return tuple_of([*(items_of(front, a) or ()), *(items_of(front, b) or ())], classes[0])
    if op == "*":
        for many, times in ((a, b), (b, a)):
            if isinstance(many, Many) and isinstance(times, Known) and isinstance(times.object, int):
                if len(many.values) * times.object > MOST_UNROLLED:
                    raise Refusal(f"{len(many.values) * times.object} values are too many for a probe")
                return tuple_of(many.values * times.object, many.cls)
    raise Refusal(f"the operator {op} is not supported between {front.describe(a)} and {front.describe(b)}")


def sliced(front: Expressions, node: ast.Slice) -> slice:
    """The bounds of a slice. Raises: Refusal for those that are not known."""
    bounds = [None if n is None else front.expr(n) for n in (node.lower, node.upper, node.step)]
    if not all(b is None or isinstance(b, Known) and isinstance(b.object, int | None) for b in bounds):
        raise Refusal("the bounds of a slice must be constants")
    start, stop, step = (b.object if isinstance(b, Known) else None for b in bounds)
    if step == 0:
        raise Refusal("slice step cannot be zero")
    return slice(start, stop, step)


class ManyKind(Kind):
    """A tuple or a list of values, not all known."""

    def describe(self, front: Expressions, value: Many) -> str:
        return "several values"

    def item(self, front: Expressions, value: Many, node: ast.Subscript) -> Val:
        if isinstance(node.slice, ast.Slice):
            return tuple_of(value.values[sliced(front, node.slice)], value.cls)
        from .arrays import index

        at = index(front, front.expr(node.slice), len(value.values), front.source.text_of(node.value))
        return value.values[at] if isinstance(at, int) else one_of(front, at, value.values)

    def length(self, front: Expressions, value: Many) -> Val:
        return Known(len(value.values))

    def truth(self, front: Expressions, value: Many, node: ast.expr, then: Block, els: Block) -> tuple[Ranges, Ranges]:
        front.b.jump(then if value.values else els)
        return {}, {}

    def contains(self, front: Expressions, value: Many, item: Val, then: Block, els: Block) -> None:
        for each in value.values:
            following = front.b.new_block()
            front.compare_values("==", each, item, then, following)
            if not front.b.is_reachable(following):
                return
            front.b.start(following)
        front.b.jump(els)

    def compare(self, front: Expressions, op: str, a: Val, b: Val, then: Block, els: Block) -> bool:
        cls = [v.cls if isinstance(v, Many) else type(v.object) if isinstance(v, Known) else None for v in (a, b)]
        if op not in ("==", "!=") or not set(cls) <= {tuple, list}:
            raise Refusal(f"{front.describe(a)} are compared with {front.describe(b)}", "compare them one by one")
        if op == "!=":
            then, els = els, then
        one, other = items_of(front, a) or [], items_of(front, b) or []
        if cls[0] is not cls[1] or len(one) != len(other):
            front.b.jump(els)
            return True
        for x, y in zip(one, other):
            following = front.b.new_block()
            front.compare_values("==", x, y, following, els)
            if not front.b.is_reachable(following):
                return True
            front.b.start(following)
        front.b.jump(then)
        return True

    def kept(self, front: Expressions, name: str, value: Many) -> Val:
        return Many([kept_part(front, v) for v in value.values], value.cls)


def kept_part(front: Expressions, value: Val) -> Val:
    """A value inside a tuple or list that gets a name: what is read later is read now. Raises: Refusal."""
    if is_place(value):
        raise Refusal("a tuple of structs or lists cannot get a name", "give each of them a name: a, b = …")
    if isinstance(value, Many | Lazy):
        return front.kind(value).kept(front, "", value)
    return front.written(value) if isinstance(value, Comm | UserStr | Text) else own(front, value)


class LazyKind(Kind):
    """`enumerate(items)`, `zip(a, b)`, `reversed(items)`: what Python goes over once."""

    def describe(self, front: Expressions, value: Lazy) -> str:
        return f"{value.name}() of {', '.join(front.describe(v) for v in value.over)}"

    def kept(self, front: Expressions, name: str, value: Lazy) -> Val:
        hint = f"write it where it is used, or tuple({value.name}(…))"
        raise Refusal(f"{value.name}() is gone over once and cannot get a name", hint)

    def elements(self, front: Expressions, value: Lazy) -> Elements | None:
        over = [front.kind(v).elements(front, v) for v in value.over]
        if not over or not all(over):
            return None
        parts = [e for e in over if e]
        if value.name == "enumerate":
            return Elements(parts[0].count, lambda index: Many([_number(front, value, index), parts[0].at(index)]))
        counts = [e.count for e in parts if not isinstance(e.count, Num)]
        if len(counts) < len(parts):
            raise Refusal(
                f"{front.describe(value)}: the number of its elements is not known", "take them by their index"
            )
        count = min(counts)
        if value.name == "zip":
            return Elements(count, lambda index: Many([e.at(index) for e in parts]))
        return Elements(count, lambda index: parts[0].at(_from_the_end(front, index, count)))


def _number(front: Expressions, value: Lazy, index: Num) -> Val:
    return front.binary("+", index, Known(value.start)) if value.start else index


def _from_the_end(front: Expressions, index: Num, count: int) -> Num:
    last = front.b.const(count - 1)
    return Num(front.b.op("sub", last, index.value), count - 1 - index.hi, count - 1 - index.lo)


def _lazy_turns(front: Expressions, value: Lazy) -> list[Callable[[], Val]] | None:
    over = [turns_of(front, v) for v in value.over]
    lists = [turns for turns in over if turns is not None]
    if len(lists) < len(over):
        return None
    if value.name == "reversed":
        return lists[0][::-1]
    if value.name == "enumerate":
        return [_row((lambda at=at: Known(at), each)) for at, each in enumerate(lists[0], value.start)]  # type: ignore[misc]
    return [_row(row) for row in zip(*lists)]


def _row(turns: Iterable[Callable[[], Val]]) -> Callable[[], Val]:
    return lambda: tuple_of([turn() for turn in turns])


def make_lazy(front: Expressions, name: str, over: list[Val], start: Any = 0) -> Val:
    """`enumerate(items, start)`, `zip(…)`, `reversed(items)`. Raises: Refusal."""
    for value in over:
        is_iterable = (
            isinstance(value, Many)
            or isinstance(value, Lazy) and name != "reversed"
            or isinstance(value, Known) and isinstance(value.object, SEQUENCES)
            and not (isinstance(value.object, set | frozenset) and name == "reversed")
            or not isinstance(value, Known | Num | Lazy) and front.kind(value).is_iterable
        )  # fmt: skip
        if not is_iterable:
            raise Refusal(f"{name}() does not take {front.describe(value)} in a probe")
    return Lazy(name, over, start)

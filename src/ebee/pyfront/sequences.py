"""Constant sequences: `x in (1, 2)`, `x in range(8)`, `NAMES[2]`; and `enumerate`."""

from __future__ import annotations

import _ast as ast

from ..lower import numbers
from ..lower.numbers import Num, Refusal
from .kinds import Elements, Kind
from .values import Enumerated, Known, Many, is_string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Block
    from .expressions import Expressions
    from .values import Val

_MOST_ALTERNATIVES = 256


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
    if not isinstance(items, tuple | frozenset | set | list | range):
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
    n = front.as_num(item)
    for element in items:
        if isinstance(element, float) and element.is_integer():
            element = int(element)
        if isinstance(element, int) and n.lo <= element <= n.hi:  # another is never equal to the number
            following = b.new_block()
            b.branch("eq", n.value, numbers.constant(front.low, element).value, then, following)
            b.start(following)
    b.jump(els)


def constant_item(front: Expressions, container: Known, node: ast.Subscript) -> Val:
    """`NAMES[2]` of a sequence or dict that is known now, and so must be the index. Raises: Refusal."""
    if not isinstance(container.object, tuple | list | dict | str | bytes | range):
        raise Refusal(f"{front.describe(container)} cannot be indexed in a probe", "only keyed maps can")
    at = node.slice
    parts = (at.lower, at.upper, at.step) if isinstance(at, ast.Slice) else (at,)
    values = [Known(None) if part is None else front.expr(part) for part in parts]
    if not all(isinstance(v, Known) for v in values):
        kind = type(container.object).__name__
        raise Refusal(f"the index of a constant {kind} must be a constant", "keep the values in an Array map")
    keys = [v.object for v in values if isinstance(v, Known)]
    try:
        return front.known(container.object[keys[0] if len(keys) == 1 else slice(*keys)], "")
    except (LookupError, TypeError) as e:
        raise Refusal(f"{front.source.text_of(node)}: {e}") from None


class EnumeratedKind(Kind):
    """`enumerate(items)`: pairs of a number and an element."""

    def describe(self, front: Expressions, value: Enumerated) -> str:
        return f"enumerate() of {front.describe(value.items)}"

    def elements(self, front: Expressions, value: Enumerated) -> Elements | None:
        items = front.kind(value.items).elements(front, value.items)
        if items is None:
            return None

        def at(index: Num) -> Val:
            number = front.binary("+", index, Known(value.start)) if value.start else index
            return Many([number, items.at(index)])

        return Elements(items.count, at)

"""Constant sequences: `x in (1, 2)`, `x in range(8)`."""

from __future__ import annotations

from ..lower import numbers
from ..lower.numbers import Refusal
from .values import Comm, Known, Memory, UserStr

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
    if isinstance(item, Comm | UserStr | Memory):
        from .strings import among

        among(front, item, items, then, els)
        return
    n = front.as_num(item)
    for element in items:
        if isinstance(element, int) and n.lo <= element <= n.hi:  # another is never equal to the number
            following = b.new_block()
            b.branch("eq", n.value, numbers.constant(front.low, element).value, then, following)
            b.start(following)
    b.jump(els)

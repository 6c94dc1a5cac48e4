"""Values that depend on a condition: `a and b`, `a or b`, `a if test else b`."""

from __future__ import annotations

import _ast as ast

from ..lower import numbers
from ..lower.numbers import Num, Refusal
from .values import Comm, HeaderRef, Known, Many, Text, Unusable, UserStr, as_member, is_bytes, is_lazy, is_string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ir.core import Block
    from .expressions import Expressions
    from .values import Says, Val


def and_or(front: Expressions, node: ast.BoolOp) -> Val:
    """`a and b`, `a or b` as values: the first operand that decides, as it is."""
    is_and = isinstance(node.op, ast.And)
    done, before = front.b.new_block(), front.env
    strings: list[Val] = []
    result: Num | None = None
    depth = front.depth
    ways: list[tuple[dict[str, Val], Says]] = []
    for at, part in enumerate(node.values):
        front.depth = depth + (at > 0)
        front.env = dict(front.env) if at else before
        value = front.expr(part)
        ways.append((front.env, {}))
        if isinstance(value, HeaderRef) and is_and and part is not node.values[-1]:
            front.b.write(f"value {id(node)}", front.b.const(0))  # an absent header is as good as False
            zero = Num(front.b.const(0), 0, 0)
            result = zero if result is None else numbers.union(result, zero)
            following = front.b.new_block()
            value.packet.test(value.name, following, done)
            front.b.start(following)
            continue
        if is_string(value) or strings:
            is_last = part is node.values[-1]
            if isinstance(value, Known) and is_string(value) and not is_last:
                if bool(value.object) is is_and:
                    continue  # it decides nothing
                is_last = True
            _same_kind(front, part, value, result)
            if _string_way(front, value, part, is_last, is_and, strings, done):
                break
            continue
        try:
            n = front.as_num(front.never_none(value, not is_and and part is not node.values[-1]))
        except Refusal as e:
            raise front.located(part, e) from None
        result = n if result is None else numbers.union(result, n)
        front.b.write(f"value {id(node)}", n.value)
        if part is node.values[-1]:
            front.b.jump(done)
        else:
            following = front.b.new_block()
            front.b.branch("eq" if is_and else "ne", n.value, front.b.const(0), done, following)
            front.b.start(following)
    front.depth = depth
    front.b.start(done)
    front.meet_again(before, *ways)
    if strings:
        return _merged_strings(front, strings)
    assert result is not None
    return as_member(result.replace(value=front.b.read(f"value {id(node)}")))


def _same_kind(front: Expressions, part: ast.expr, value: Val, number: Num | None) -> None:
    """Refuse a value that is no string where the other values are strings, and the other way round."""
    if number is not None or not is_string(value):
        other = "a number" if number is not None or isinstance(value, Num) else front.describe(value)
        raise front.located(part, Refusal(f"this expression is a string on one way and {other} on another"))


def _string_way(
    front: Expressions, value: Val, part: ast.expr, is_last: bool, is_and: bool, strings: list[Val], done: Block
) -> bool:
    """One operand of `and` or `or` of strings; return whether it is the last one that can be evaluated."""
    if isinstance(value, Comm | UserStr | Text):
        value = front.written(value)
    if not is_last:
        decides, following = front.low.blocks(2)
        front.kind(value).truth(front, value, part, *((following, decides) if is_and else (decides, following)))
        if front.b.is_reachable(decides):
            front.b.start(decides)
    else:
        decides = following = front.b.block
    if front.b.is_reachable(decides) or is_last:
        front.b.jump(done)
        strings.append(value)
    if is_last or not front.b.is_reachable(following):
        return True
    front.b.start(following)
    return False


def _merged_strings(front: Expressions, values: list[Val]) -> Val:
    """The string, or the bytes, that is one of several on the ways that lead here."""
    if len(values) == 1:
        return values[0]
    if is_bytes(values[0]):
        from .arrays import merged_bytes as merged
    else:
        from .strings import merged
    value = merged(front, values)
    if isinstance(value, Unusable):
        raise Refusal(f"this {value.why}", value.hint)
    return value


class Ways:
    """One value on each of several ways that meet again: integers, strings, bytes, or tuples or lists of them."""

    def __init__(self, front: Expressions, part: int | None = None) -> None:
        self.front = front
        if part is None:
            self.done = front.b.new_block()
        self.name = f"value {id(self)}"
        self.strings: list[Val] = []
        self.number: Num | None = None
        self.parts: list[Ways] | None = None
        self.cls: Any = None

    def add(self, value: Val) -> None:
        """End the current block, on whose way the value is `value`. Raises: Refusal."""
        self.take(value)
        self.front.b.jump(self.done)

    def take(self, value: Val) -> None:
        """On the current way the value is `value`. Raises: Refusal."""
        front = self.front
        if isinstance(value, Many) or isinstance(value, Known) and type(value.object) in (tuple, list):
            self._take_each(value)
        elif self.parts is not None:
            raise Refusal(f"this expression is several values on one way and {front.describe(value)} on another")
        elif is_string(value) or is_bytes(value) or self.strings:
            is_odd = self.strings and is_bytes(value) != is_bytes(self.strings[0])
            if self.number is not None or is_odd or not (is_string(value) or is_bytes(value)):
                what = "a string" if is_string(value) or self.strings and is_string(self.strings[0]) else "bytes"
                other = "a number" if self.number is not None or isinstance(value, Num) else front.describe(value)
                raise Refusal(f"this expression is {what} on one way and {other} on another")
            self.strings.append(front.written(value) if is_lazy(value) else value)
        else:
            n = front.as_num(front.never_none(value))
            self.number = n if self.number is None else numbers.union(self.number, n)
            front.b.write(self.name, n.value)

    def _take_each(self, value: Many | Known) -> None:
        from .sequences import items_of

        cls, items = value.cls if isinstance(value, Many) else type(value.object), items_of(self.front, value) or []
        if self.parts is None and (self.strings or self.number is not None):
            raise Refusal("this expression is several values on one way and one on another")
        if self.parts is None:
            self.cls, self.parts = cls, [Ways(self.front, part) for part in range(len(items))]
        if (self.cls, len(self.parts)) != (cls, len(items)):
            ways = f"a {self.cls.__name__} of {len(self.parts)} on one way and a {cls.__name__} of {len(items)}"
            raise Refusal(f"this expression is {ways} on another")
        for part, item in zip(self.parts, items):
            part.take(item)

    def result(self) -> Val:
        """What the value is where the ways meet. Raises: Refusal."""
        self.front.b.start(self.done)
        return self.met()

    def met(self) -> Val:
        """What the value is, in the block where the ways meet. Raises: Refusal."""
        if self.parts is not None:
            from .sequences import tuple_of

            return tuple_of([part.met() for part in self.parts], self.cls)
        if self.strings:
            return _merged_strings(self.front, self.strings)
        n = self.number
        assert n is not None
        return as_member(n.replace(value=self.front.b.read(self.name)))


def either(front: Expressions, node: ast.IfExp) -> Val:
    """`a if test else b` of integers, or of strings."""
    then, els = front.low.blocks(2)
    ways, says = Ways(front), front.condition(node.test, then, els)
    before = front.env
    front.depth += 1
    ends: list[tuple[dict[str, Val], Says]] = []
    is_known = not (front.b.is_reachable(then) and front.b.is_reachable(els))
    for block, part, known in zip((then, els), (node.body, node.orelse), says):
        if front.b.is_reachable(block):
            front.b.start(block)
            front.env = front.refined(before, known)
            value = front.expr(part)
            ends.append((front.env, {}))
            if is_known:
                front.depth -= 1
                front.meet_again(before, *ends)
                return value
            try:
                ways.add(value)
            except Refusal as e:
                raise front.located(part, e) from None
    front.depth -= 1
    result = ways.result()
    front.meet_again(before, *ends)
    return result

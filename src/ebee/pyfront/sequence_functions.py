"""Python's own functions of sequences, texts and constants. One table, `FUNCTIONS`."""

from __future__ import annotations

import _ast as ast
import builtins

from ..lower.numbers import Num, Refusal
from . import constants
from .formatting import formatted, text_of
from .functions import integers
from .order import steady
from .sequences import items_of, kept_part, make_lazy, tuple_of
from .values import BytesPlace, Known, Lazy, is_string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..ir.core import Block
    from .expressions import Expressions
    from .values import Val


def _folded(function: Any) -> Callable[[Expressions, ast.Call], Val]:
    """A function of Python's that computes with constants only."""
    name = function.__name__

    def lower(front: Expressions, node: ast.Call) -> Val:
        values, named = front.values_of(node)
        objects = [_constant(front, value, name) for value in values]
        options = {key: constants.plain(front, value, f"{name}()") for key, value in named.items()}
        if function is pow and len(objects) == 2:
            return front.binary("**", *values)
        return constants.fold(front, function, *objects, **options)

    return lower


def _constant(front: Expressions, value: Val, name: str) -> Any:
    if isinstance(value, Lazy):
        items = items_of(front, value) or []
        return [constants.plain(front, each, f"{name}()") for each in items]
    return constants.plain(front, value, f"{name}()")


def _pow(front: Expressions, node: ast.Call) -> Val:
    if len(node.args) == 2 and not node.keywords:
        return front.binary("**", *integers(front, node, "pow", 2, 2))
    return _folded(pow)(front, node)


def _listed(cls: Any) -> Callable[[Expressions, ast.Call], Val]:
    """tuple(x), list(x)."""

    def lower(front: Expressions, node: ast.Call) -> Val:
        if not node.args:
            return Known(cls(*integers(front, node, cls.__name__, 0, 0)))
        (value,) = _sequence(front, node, cls.__name__, 1, 1)
        return tuple_of([kept_part(front, v) for v in _items(front, value, cls.__name__)], cls)

    return lower


def _sequence(front: Expressions, node: ast.Call, name: str, low: int, high: int) -> list[Val]:
    """Arguments, of which the first one may be a generator expression: its values."""
    if node.args and isinstance(node.args[0], ast.GeneratorExp) and not node.keywords:
        from .comprehensions import values_of

        rest = integers(front, ast.Call(node.func, node.args[1:], []), name, low - 1, high - 1)
        return [tuple_of(values_of(front, node.args[0])), *rest]
    return integers(front, node, name, low, high)


def _items(front: Expressions, value: Val, name: str) -> list[Val]:
    items = items_of(front, value)
    if items is None:
        raise Refusal(f"{name}() does not take {front.describe(value)} in a probe", "write a loop")
    return items


def _sum(front: Expressions, node: ast.Call) -> Val:
    rest = node.args[1:] + [k.value for k in node.keywords if k.arg == "start"]
    if not 1 <= len(node.args) <= 2 or len(rest) > 1 or len(node.args) - 1 + len(node.keywords) != len(rest):
        raise Refusal("sum() takes what is added up, and where to start")
    if isinstance(node.args[0], ast.GeneratorExp):
        from .comprehensions import total

        return total(front, node.args[0], _start(front, rest))
    (value,) = front.values_of(ast.Call(node.func, node.args[:1], []))[0]
    value = steady(front, value, *rest)
    result = _start(front, rest)
    for item in _items(front, value, "sum"):
        result = front.binary("+", result, item)
    return result


def _start(front: Expressions, rest: list[ast.expr]) -> Val:
    start = front.expr(rest[0]) if rest else Known(0)
    front.as_num(start)
    return start


def _decides(is_any: bool) -> Callable[[Expressions, ast.Call], Val]:
    name = "any" if is_any else "all"

    def lower(front: Expressions, node: ast.Call) -> Val:
        if len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp) and not node.keywords:
            from .comprehensions import decides

            return decides(front, node.args[0], is_any)
        (value,) = integers(front, node, name, 1, 1)
        items = _items(front, value, name)
        if all(isinstance(item, Known) for item in items):
            return Known((any if is_any else all)(item.object for item in items if isinstance(item, Known)))

        def jump(then: Block, els: Block) -> None:
            for item in items:
                following = front.b.new_block()
                to = (then, following) if is_any else (following, els)
                front.kind(item).truth(front, item, node, *to)
                if not front.b.is_reachable(following):
                    return
                front.b.start(following)
            front.b.jump(els if is_any else then)

        return front.decided(jump)

    return lower


def _text(name: str, conversion: str, spec: str) -> Callable[[Expressions, ast.Call], Val]:
    """str(x), repr(x), hex(x) and their like: texts as an f-string makes them."""
    function = getattr(builtins, name)

    def lower(front: Expressions, node: ast.Call) -> Val:
        (value,) = integers(front, node, name, 1, 1)
        if isinstance(value, Known):
            return constants.fold(front, function, _constant(front, value, name))
        if spec and not isinstance(value, Num) or name == "str" and is_string(value):
            front.as_num(value) if spec else None
            return value
        return text_of(formatted(front, value, conversion, spec))

    return lower


def _from_bytes(front: Expressions, node: ast.Call) -> Val:
    from .arrays import as_integer, byte_order

    values, named = front.values_of(node)
    if not values or not isinstance(values[0], BytesPlace):
        given = [_constant(front, value, "int.from_bytes") for value in values]
        options = {key: constants.plain(front, value, "int.from_bytes()") for key, value in named.items()}
        return constants.fold(front, int.from_bytes, *given, **options)
    return as_integer(front, values[0], *byte_order(values[1:], named, "int.from_bytes()"))


def _enumerate(front: Expressions, node: ast.Call) -> Val:
    values, named = front.values_of(node)
    start = named.pop("start", None) or (values.pop() if len(values) == 2 else Known(0))
    if len(values) != 1 or named:
        raise Refusal("enumerate() takes what it goes over, and where to start")
    if not (isinstance(start, Known) and isinstance(start.object, int)):
        raise Refusal("the start of enumerate() must be a constant in a probe")
    return make_lazy(front, "enumerate", values, int(start.object))


def _lazy(name: str, most: int) -> Callable[[Expressions, ast.Call], Val]:
    return lambda front, node: make_lazy(front, name, integers(front, node, name, most == 1, most))


def compared(front: Expressions, node: ast.Call, name: str) -> list[Val]:
    """What min() or max() compares. Raises: Refusal."""
    values = _sequence(front, node, name, 1, 64)
    if len(values) == 1:
        values = _items(front, values[0], name)
        if not values:
            raise Refusal(f"{name}() of nothing")
    return values


FUNCTIONS: dict[Any, Callable[[Expressions, ast.Call], Val]] = {
    enumerate: _enumerate, int.from_bytes: _from_bytes,
    sum: _sum, any: _decides(True), all: _decides(False), zip: _lazy("zip", 8),
    reversed: _lazy("reversed", 1), pow: _pow,
    tuple: _listed(tuple), list: _listed(list), str: _text("str", "s", ""), repr: _text("repr", "r", ""),
    hex: _text("hex", "", "#x"), oct: _text("oct", "", "#o"), bin: _text("bin", "", "#b"),
    **{function: _folded(function) for function in (chr, dict, frozenset, round, set, sorted)},
}  # fmt: skip

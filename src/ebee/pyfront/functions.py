"""Python's own functions that mean something in a probe. One table, `BUILTINS`."""

from __future__ import annotations

import _ast as ast

from ..lower import numbers
from ..lower.numbers import Refusal
from .expressions import Expressions
from .values import Context, Known, Many

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .values import Val

_SIZED = (str, bytes, tuple, range, list, dict, set, frozenset)


class Builtins(Expressions):
    """Lowers calls of Python's own functions."""

    def call_builtin(self, node: ast.Call, function: Any) -> Val:
        """Lower `function(…)`. Raises: Refusal."""
        lower = BUILTINS.get(function)
        if lower is None:
            raise self.not_callable(function.__name__)
        return lower(self, node)


def _integers(front: Expressions, node: ast.Call, name: str, low: int, high: int) -> list[Val]:
    return [front.expr(a) for a in front.arguments(node, name, low, high)]


def _extreme(op: str) -> Callable[[Expressions, ast.Call], Val]:
    name = "min" if op == "<" else "max"

    def lower(front: Expressions, node: ast.Call) -> Val:
        values = _integers(front, node, name, 1, 16)
        if len(values) == 1 and isinstance(values[0], Known) and isinstance(values[0].object, tuple):
            values = [Known(item) for item in values[0].object]
        if len(values) < 2:
            raise Refusal(f"{name}() takes two or more integers in a probe")
        best = front.as_num(values[0])
        for value in values[1:]:
            best = numbers.choose(front.low, op, front.as_num(value), best, name == "min")
        return best

    return lower


def _abs(front: Expressions, node: ast.Call) -> Val:
    (value,) = _integers(front, node, "abs", 1, 1)
    return numbers.magnitude(front.low, front.as_num(value))


def _bool(front: Expressions, node: ast.Call) -> Val:
    return front.as_value(front.arguments(node, "bool", 1, 1)[0])


def _int(front: Expressions, node: ast.Call) -> Val:
    (value,) = _integers(front, node, "int", 1, 1)
    return front.as_num(value)


def _divmod(front: Expressions, node: ast.Call) -> Val:
    a, b = _integers(front, node, "divmod", 2, 2)
    return Many([front.binary("//", a, b), front.binary("%", a, b)])


def _len(front: Expressions, node: ast.Call) -> Val:
    (value,) = _integers(front, node, "len", 1, 1)
    if isinstance(value, Known) and isinstance(value.object, _SIZED):
        return Known(len(value.object))
    if isinstance(value, Context):
        return value.type.length(front.low)
    raise Refusal(f"the length of {front.describe(value)} is not known in a probe")


def _hasattr(front: Expressions, node: ast.Call) -> Val:
    from .kernel_types import has

    base, name = _integers(front, node, "hasattr", 2, 2)
    if not (isinstance(name, Known) and isinstance(name.object, str)):
        raise Refusal("hasattr() takes the name as a constant in a probe")
    return Known(has(front, base, name.object))


def _range(front: Expressions, node: ast.Call) -> Val:
    values = _integers(front, node, "range", 1, 3)
    if not all(isinstance(v, Known) and isinstance(v.object, int) for v in values):
        raise Refusal("here range() takes constants", "a `for` statement takes range() with any integers")
    try:
        return Known(range(*(v.object for v in values if isinstance(v, Known))))
    except ValueError as e:
        raise Refusal(str(e)) from None


# Python's own functions that mean something in a probe.
BUILTINS: dict[Any, Callable[[Expressions, ast.Call], Val]] = {
    min: _extreme("<"), max: _extreme(">"), abs: _abs, bool: _bool, int: _int, divmod: _divmod, len: _len,
    range: _range, hasattr: _hasattr,
}  # fmt: skip

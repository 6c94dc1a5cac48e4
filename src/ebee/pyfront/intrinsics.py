"""Calls of ebee's own functions: ebee.pid() and its like. One table, `INTRINSICS`."""

from __future__ import annotations

import _ast as ast

from ..lower.numbers import U64_HI, Refusal
from ..lower.program import TASK_NUMBERS, task_number
from ..types import intrinsics as declared
from .values import Comm, Known, UserStr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .expressions import Expressions
    from .values import Val

    Intrinsic = Callable[[Expressions, ast.Call], Val]


def call(front: Expressions, function: Any, node: ast.Call) -> Val:
    """Lower `ebee.function(…)`. Raises: Refusal."""
    name = function.__name__
    if not front.context.has_task and name not in ANYWHERE:
        raise Refusal(f"ebee.{name}() has no meaning in a {front.context.noun}: it runs on behalf of no task")
    return INTRINSICS[function](front, node)


def _task_number(name: str) -> Intrinsic:
    def lower(front: Expressions, node: ast.Call) -> Val:
        front.arguments(node, name, 0, 0)
        return task_number(front.low, name)

    return lower


def _comm(front: Expressions, node: ast.Call) -> Val:
    front.arguments(node, "comm", 0, 0)
    return Comm()


def _current_task(front: Expressions, node: ast.Call) -> Val:
    from . import kernel_types

    front.arguments(node, "current_task", 0, 0)
    return kernel_types.current_task(front)


def _user_str(front: Expressions, node: ast.Call) -> Val:
    arguments = front.arguments(node, "user_str", 1, 2)
    address = front.num(arguments[0])
    if "*" not in address.c_type and (address.lo, address.hi) != (0, U64_HI):
        raise Refusal(f"user_str() takes an address, not {address.describe()}")
    size = front.expr(arguments[1]) if len(arguments) > 1 else Known(0)
    if not (isinstance(size, Known) and isinstance(size.object, int) and 0 <= size.object <= 1 << 20):
        raise Refusal("the size of user_str() must be a constant, in bytes")
    return UserStr(address, size.object, front.source.text_of(arguments[0]))


INTRINSICS: dict[Any, Intrinsic] = {
    declared.comm: _comm,
    declared.current_task: _current_task,
    declared.user_str: _user_str,
    **{getattr(declared, name): _task_number(name) for name in TASK_NUMBERS},
}
# Those that mean something where a probe runs on behalf of no task.
ANYWHERE = frozenset(("cpu", "ktime"))
# Those that are called for what they do, not for their result.
EFFECTS: frozenset[Any] = frozenset()

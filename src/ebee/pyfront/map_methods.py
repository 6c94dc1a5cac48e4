"""Methods of maps that a probe can call: `m.get(k, d)` and its like. One table, `METHODS`."""

from __future__ import annotations

import _ast as ast

from ..lower.numbers import Refusal
from ..types.maps import KeyedDecl, MapDecl
from ..types.scalars import IntType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .expressions import Expressions
    from .values import Val


def call_method(front: Expressions, decl: MapDecl, name: str, node: ast.Call) -> Val:
    """Lower `decl.name(…)`. Raises: Refusal for a method that does not exist in a probe."""
    method = METHODS.get(name)
    if method is None:
        raise Refusal(
            f"the method {name}() of a map cannot be called here",
            "in a probe: m[k], m.get(k, d), m[k] = v, m[k] += n, k in m, del m[k], with ring.reserve() as record",
        )
    return method(front, decl, node)


def _get(front: Expressions, decl: MapDecl, node: ast.Call) -> Val:
    """m.get(k, d): the value at k, or d. Without d there is nothing that stands for None."""
    key, default = front.arguments(node, "get", 2, 2)
    if not isinstance(decl, KeyedDecl) or not isinstance(decl.value, IntType):
        raise Refusal(f"{decl.name}.get() is for maps whose values are integers")
    key_memory = front.key(decl, front.expr(key))
    return front.low.read_entry(decl, decl.value, key_memory, front.num(default))


METHODS: dict[str, Callable[[Expressions, MapDecl, ast.Call], Val]] = {"get": _get}

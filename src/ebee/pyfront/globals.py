"""Global variables in a probe: `limit.value`, read, assigned and changed atomically."""

from __future__ import annotations

import _ast as ast

from ..lower.numbers import Refusal
from . import arrays
from .kinds import KnownKind
from .values import Entry, Known, Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..types.globals import Global
    from .expressions import Expressions
    from .values import Val


class GlobalKind(KnownKind):
    """A Global declaration."""

    def describe(self, front: Expressions, value: Known) -> str:
        return f"the global variable {value.object.name}"

    def attribute(self, front: Expressions, value: Known, name: str, node: ast.expr) -> Val:
        return arrays.read(front, _place(front, value.object, name))

    def set_attribute(self, front: Expressions, value: Known, name: str, new: Val, node: ast.Attribute) -> None:
        p = _place(front, value.object, name)
        arrays.write(front, p, new, f"{value.object.name}.value ({p.type.name})")

    def augment_attribute(
        self, front: Expressions, value: Known, name: str, op: str, operand: ast.expr, node: ast.Attribute
    ) -> None:
        p = _place(front, value.object, name)
        arrays.augment_entry(front, p, op, operand, f"{value.object.name}.value ({p.type.name})")

    def place_attribute(self, front: Expressions, value: Known, name: str, node: ast.Attribute) -> Place:
        return _place(front, value.object, name)


def _place(front: Expressions, decl: Global[object], name: str) -> Place:
    if name != "value":
        raise Refusal(f"a global variable has no attribute {name!r}", f"it is {decl.name}.value")
    address = front.low.global_address(decl.name)
    # An entry says that others may change it; it is always there.
    shared = Entry(address, decl.type, decl, f"{decl.name}.value")  # type: ignore[arg-type]
    return Place(address, 0, decl.type, 8, shared, is_constant=decl.constant)

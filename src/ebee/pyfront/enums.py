"""Enums in a probe: members of IntEnum and IntFlag are numbers, those of a plain Enum are compared only."""

from __future__ import annotations

import _ast as ast

from ..lower.numbers import BOOL, Num, Refusal
from .formatting import name_of
from .kinds import Kind, NumKind
from .values import EnumNum, Known, Member, as_member, is_flag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ir.core import Block
    from ..types.scalars import NumType
    from .expressions import Expressions
    from .values import Val


def class_of(type: NumType) -> Any:
    """Return the enum class whose members a type holds, or None."""
    return getattr(getattr(type, "meaning", type), "cls", None)


def meant(type: NumType, n: Num) -> Num | Member:
    """A number that was read from memory of a type, as what it means there."""
    cls = class_of(type)
    if cls is None:
        is_bool = getattr(getattr(type, "meaning", None), "name", type.name) == "bool"
        return Num(n.value, n.lo, n.hi, BOOL) if is_bool else n
    return as_member(n, cls) if issubclass(cls, int) else Member(n, cls)


def as_kept(type: NumType, value: Val) -> Val:
    """What is written to memory of a type: of a member its number."""
    cls = class_of(type)
    if isinstance(value, Known) and cls is not None and isinstance(value.object, cls):
        return Known(value.object.value)
    return value.num if isinstance(value, Member) and value.cls is cls else value


def cast(front: Expressions, cls: Any, node: ast.Call) -> Val:
    """State(x): the member, or the number where there is none. Raises: Refusal."""
    (value,) = (front.expr(a) for a in front.arguments(node, cls.__name__, 1, 1))
    if isinstance(value, Known):
        try:
            return Known(cls(value.object))
        except ValueError as e:
            raise Refusal(str(e)) from None
    n = front.as_num(value)
    return as_member(n, cls) if issubclass(cls, int) else Member(n, cls)


class EnumNumKind(NumKind):
    """A number that is a member of an IntEnum or IntFlag."""

    def attribute(self, front: Expressions, value: Num, name: str, node: ast.expr) -> Val:
        assert isinstance(value, EnumNum)
        if name == "value":
            return Num(value.value, value.lo, value.hi)
        if name == "name":
            return name_of(front, value)
        return super().attribute(front, value, name, node)

    def contains(self, front: Expressions, value: EnumNum, item: Val, then: Block, els: Block) -> None:
        """`Mode.READ in e.mode`: all of its bits are set."""
        if not (isinstance(item, Known) and isinstance(item.object, value.cls) and is_flag(value.cls)):
            super().contains(front, value, item, then, els)
        assert isinstance(item, Known)
        bits = front.b.const(int(item.object))
        front.b.branch("eq", front.b.op("and", value.value, bits), bits, then, els)


class MemberKind(Kind):
    """A member of a plain Enum: no number."""

    def describe(self, front: Expressions, value: Member) -> str:
        return f"a {value.cls.__name__}"

    def attribute(self, front: Expressions, value: Member, name: str, node: ast.expr) -> Val:
        if name == "value":
            return value.num
        if name == "name":
            return name_of(front, value)
        return super().attribute(front, value, name, node)

    def compare(self, front: Expressions, op: str, a: Val, b: Val, then: Block, els: Block) -> bool:
        cls = a.cls if isinstance(a, Member) else b.cls  # type: ignore[union-attr]
        sides = [
            v.num if isinstance(v, Member) and v.cls is cls
            else front.as_num(Known(v.object.value)) if isinstance(v, Known) and isinstance(v.object, cls)
            else None
            for v in (a, b)
        ]  # fmt: skip
        if op not in ("==", "!=") or sides[0] is None or sides[1] is None:
            raise Refusal(
                f"{front.describe(a)} is compared with {front.describe(b)}",
                f"members of {cls.__name__} are compared with == and !=, and e.value is the number",
            )
        front.b.branch("eq" if op == "==" else "ne", sides[0].value, sides[1].value, then, els)
        return True

    def is_none(self, front: Expressions, value: Member, then: Block, els: Block) -> None:
        front.b.jump(els)

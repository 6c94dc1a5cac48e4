"""Numbers that may be None in a probe: what `m.get(k)` gives. They are copies, and stay what they are.

Each local name of a number has a second variable, which is 0 where the name is None.
"""

from __future__ import annotations

import _ast as ast

from ..lower import numbers
from ..lower.numbers import Num, Refusal
from .kinds import Kind
from .values import Known, Maybe, as_member

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Block
    from .expressions import Expressions
    from .values import Ranges, Val


class MaybeKind(Kind):
    """A number, or None."""

    def describe(self, front: Expressions, value: Maybe) -> str:
        return f"{value.num.describe()}, or None"

    def method(self, front: Expressions, value: Maybe, name: str, node: ast.Call) -> Val:
        n = number(front, value)
        return front.kind(n).method(front, n, name, node)

    def has_effect(self, front: Expressions, value: Maybe, name: str, node: ast.expr) -> bool:
        return front.kind(value.num).has_effect(front, value.num, name, node)

    def truth(self, front: Expressions, value: Maybe, node: ast.expr, then: Block, els: Block) -> tuple[Ranges, Ranges]:
        n = unless_none(front, value, els)
        front.b.branch("ne", n.value, front.b.const(0), then, els)
        return front.learned(node, value, (numbers.refine("!=", n, Num(n.value, 0, 0))[0], None))

    def is_none(self, front: Expressions, value: Maybe, then: Block, els: Block) -> None:
        front.b.branch("eq", value.is_there, front.b.const(0), then, els)

    def compare(self, front: Expressions, op: str, a: Val, b: Val, then: Block, els: Block) -> bool:
        """None equals no number; it is neither less nor greater, which ends the program."""
        if op not in ("==", "!="):
            return False
        maybe, other = (a, b) if isinstance(a, Maybe) else (b, a)
        assert isinstance(maybe, Maybe)
        if isinstance(other, Maybe):
            raise Refusal("two numbers that may both be None are compared", "test them first: if n is not None")
        n = unless_none(front, maybe, els if op == "==" else then)
        front.compare_values(op, n, other, then, els)
        return True

    def kept(self, front: Expressions, name: str, value: Maybe) -> Val:
        front.b.write(front.local(name), value.num.value)
        front.b.write(there(front, name), value.is_there)
        return value

    def merged(self, front: Expressions, name: str, values: list[Val]) -> Val | None:
        met: Num | None = None
        for value in values:
            n = value.num if isinstance(value, Maybe) else value
            if isinstance(n, Known) and isinstance(n.object, int) and not hasattr(n.object, "name"):
                n = Num(None, int(n.object), int(n.object))  # type: ignore[arg-type]  # only its range counts
            if isinstance(n, Known) and n.object is None:
                continue
            if type(n) is not Num or n.is_kernel_pointer or met is not None and not numbers.fits_together(met, n):
                return None
            met = numbers.union(met, n) if met is not None else n
        assert met is not None
        n = as_member(Num(front.b.read(front.local(name)), met.lo, met.hi, met.c_type))
        return Maybe(front.b.read(there(front, name)), n, name)


def there(front: Expressions, name: str) -> str:
    """The variable that says whether a local name is a number: 0 where it is None."""
    return f"{front.local(name)} is there"


def unless_none(front: Expressions, value: Maybe, where_none: Block) -> Num:
    """Go on with the number, and to another block where it is None."""
    if not front.b.is_non_null(value.is_there):
        following = front.b.new_block()
        front.b.branch("ne", value.is_there, front.b.const(0), following, where_none)
        front.b.start(following)
    return value.num


def number(front: Expressions, value: Maybe) -> Num:
    """The number; where it is None the program ends, counted, as an exception would end it."""
    if not front.b.is_non_null(value.is_there):
        front.low.abort_if("eq", value.is_there, front.b.const(0), "no_entry", value.what)
    return value.num


def decided(front: Expressions, value: Maybe, has_alternative: bool) -> Val:
    """A value that becomes one of several: a number, not None. With an alternative, None is as good as 0.

    Raises: Refusal where it may be None.
    """
    if has_alternative or front.b.is_non_null(value.is_there):
        return value.num
    raise Refusal("this may be None here, and a number on another way", "test it first: if n is not None")

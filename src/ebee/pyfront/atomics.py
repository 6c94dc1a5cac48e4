"""Atomic changes of numbers that other CPUs may change at the same time: `m[k] |= n`, `ebee.fetch_add(v.count, 1)`."""

from __future__ import annotations

import _ast as ast

from ..ir.core import PTR_ARENA
from ..lower.numbers import Num, Refusal, check_assignable, negate, wrap
from ..lower.program import check_atomic, is_plain
from .order import steady
from .values import Slice, may_be_same

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..types.maps import MapDecl
    from ..types.scalars import Type
    from .expressions import Expressions
    from .values import Place, Val

# Python's operators that have an atomic instruction; `-` adds the negated number.
_SIGNS = {"fetch_and": "&", "fetch_or": "|", "fetch_xor": "^"}
OPERATIONS = {"+": "add", "-": "add", "&": "and", "|": "or", "^": "xor"}


def change(front: Expressions, op: str, n: Num, type: Type, what: str) -> tuple[str, Num]:
    """Return the atomic operation that `op=` is, and its operand. Raises: Refusal."""
    whole = check_atomic(type, what)
    if op not in OPERATIONS:
        raise Refusal(f"{what} cannot be changed atomically by {op}=", "read it, compute, and assign it")
    if op == "-":
        n = negate(front.low, n)
    if op not in "+-":  # a sum that overflows wraps; bits that do not fit are a mistake
        check_assignable(n, whole.lo, whole.hi, what)
    return OPERATIONS[op], n


def check_changeable(p: Place, what: str) -> None:
    """Refuse a place that is only read."""
    if not p.is_constant:
        return
    if isinstance(p.entry, Slice):
        raise Refusal(f"{what} is in a slice that is only read", "d.slice_rdwr(off, Type) gives one to write to")
    raise Refusal(f"{what} is constant: a probe cannot change it", "declare it without constant=True")


def operand_of(front: Expressions, node: ast.expr, decl: MapDecl, what: str, op: str) -> Num:
    """The operand of an atomic change, which is evaluated before it. Raises: Refusal for one that writes to the map.

    Python reads the old number first, and writes the new one whatever was written meanwhile.
    """
    count = len(front.map_writes)
    n = front.num(node)
    if any(may_be_same(written, decl) for written in front.map_writes[count:]):
        why = f"{what} is changed atomically, and {decl.name} is written to by what follows {op}"
        raise Refusal(why, "call the function on a line of its own")
    return n


def check_atomic_place(p: Place, what: str) -> None:
    """Refuse a place whose number cannot be changed atomically."""
    check_changeable(p, what)
    check_atomic(p.type, what)
    if not is_plain(p.off, p.type, p.align):
        raise Refusal(f"{what} is not aligned, so that it cannot be changed atomically", "do not pack the struct")


def _place(front: Expressions, node: ast.expr, name: str) -> tuple[Place, str]:
    what = front.source.text_of(node)
    place: Place | None = None
    if isinstance(node, ast.Attribute):
        base = front.expr(node.value)
        place = front.kind(base).place_attribute(front, base, node.attr, node)
    elif isinstance(node, ast.Subscript):
        base = steady(front, front.expr(node.value), node.slice)
        place = front.kind(base).place_item(front, base, node)
    if place is None or not place.is_shared:
        raise Refusal(
            f"{name}() changes what others see: {what} is no number in a map or a Global",
            f"for example ebee.{name}(limit.value, …), or v = m.lookup(k), then ebee.{name}(v.field, …)",
        )
    check_atomic_place(place, what)
    if place.base.type == PTR_ARENA and name in ("fetch_and", "fetch_or", "fetch_xor"):
        raise Refusal(f"{name}() is not to be had in an arena", f"without the old value: {what} {_SIGNS[name]}= n")
    return place, what


def _operand(front: Expressions, node: ast.expr, place: Place, what: str) -> Num:
    assert place.entry is not None
    n = operand_of(front, node, place.entry.decl, what, "it")
    check_assignable(n, place.type.lo, place.type.hi, what)
    return n


def _old(front: Expressions, value: object, place: Place) -> Num:
    type = place.type
    n = Num(value, 0, (1 << 8 * type.size) - 1)  # type: ignore[arg-type]
    return wrap(front.low, n, type.size, type.signed) if type.signed else n


def fetch(operation: str, name: str) -> Callable[[Expressions, ast.Call], Val]:
    """Return how ebee.fetch_add(place, n) and its like, and ebee.xchg(place, n), are lowered."""

    def lower(front: Expressions, node: ast.Call) -> Val:
        at, operand = front.arguments(node, name, 2, 2)
        place, what = _place(front, at, name)
        n = _operand(front, operand, place, what)
        front.note_write(place)
        low, size = front.low, place.type.size
        return _old(front, low.atomic(operation, place.base, place.off, size, n.value, is_fetch=True), place)

    return lower


def compare_exchange(front: Expressions, node: ast.Call) -> Val:
    """ebee.cmpxchg(place, expected, new)."""
    at, *operands = front.arguments(node, "cmpxchg", 3, 3)
    place, what = _place(front, at, "cmpxchg")
    expected, new = (_operand(front, operand, place, what) for operand in operands)
    front.note_write(place)
    size = place.type.size
    # The whole register is compared: of a negative number the bits of the place alone count.
    bits = front.low.b.op("zext", expected.value, size=4) if size == 4 else expected.value
    return _old(front, front.low.compare_exchange(place.base, place.off, size, bits, new.value), place)

"""Conditions: jumps on what an expression is, and what each way then knows of local names."""

from __future__ import annotations

import _ast as ast

from ..lower import numbers
from ..lower.numbers import COMPARISONS, Num, Refusal
from ..types.scalars import Type
from .expressions import FOLD, Located
from .kinds import kind_of
from .order import steady
from .values import Known, Maybe, meet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Block
    from .expressions import Expressions
    from .values import Ranges, Val

COMPARE_OPERATORS = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
assert set(COMPARE_OPERATORS.values()) == set(COMPARISONS)


def condition(front: Expressions, node: ast.expr, then: Block, els: Block) -> tuple[Ranges, Ranges]:
    """Jump to `then` if an expression is true, else to `els`.

    Return what that says of local names: their ranges if it is true, and if it is false.
    """
    before = front.env, front.depth
    try:
        if isinstance(node, ast.BoolOp):
            return short_circuit(front, node, then, els)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            whenever, otherwise = front.condition(node.operand, els, then)
            return otherwise, whenever
        if isinstance(node, ast.Compare):
            return comparison(front, node, then, els)
        value = front.expr(node)
        return kind_of(value).truth(front, value, node, then, els)
    except (Refusal, Located) as e:
        front.env, front.depth = before
        raise e if isinstance(e, Located) else front.located(node, e) from None


def short_circuit(front: Expressions, node: ast.BoolOp, then: Block, els: Block) -> tuple[Ranges, Ranges]:
    """`and` and `or` in a condition: what the first parts say holds where the later ones are evaluated."""
    is_and = isinstance(node.op, ast.And)
    before: dict[str, Val] = front.env
    known: Ranges = {}
    depth = front.depth
    for at, part in enumerate(node.values):
        front.depth = depth + (at > 0)  # the first part is evaluated always
        last = at == len(node.values) - 1
        following = (then if is_and else els) if last else front.b.new_block()
        true, false = front.condition(part, following if is_and else then, els if is_and else following)
        known = meet(known, true if is_and else false)
        if last or not front.b.is_reachable(following):
            break
        front.b.start(following)
        front.env = front.refined(front.env, known)
    front.depth = depth
    front.env = before
    return (known, {}) if is_and else ({}, known)


def comparison(front: Expressions, node: ast.Compare, then: Block, els: Block) -> tuple[Ranges, Ranges]:
    """A comparison, also a chained one: each operand is evaluated once."""
    left, left_node = steady(front, front.expr(node.left), *node.comparators), node.left
    known: Ranges = {}
    depth = front.depth
    for at, (operator, right_node) in enumerate(zip(node.ops, node.comparators)):
        front.depth = depth + (at > 0)
        right = steady(front, front.expr(right_node), *node.comparators[at + 1 :])
        last = at == len(node.ops) - 1
        following = then if last else front.b.new_block()
        true, false = compare(front, operator, (left_node, left), (right_node, right), following, els)
        front.depth = depth
        known = meet(known, true)
        if last:
            return known, (false if at == 0 else {})
        if not front.b.is_reachable(following):
            break
        front.b.start(following)
        left, left_node = right, right_node
    return known, {}


def compare(
    front: Expressions, operator: ast.cmpop, a: tuple[ast.expr, Val], b: tuple[ast.expr, Val], then: Block, els: Block
) -> tuple[Ranges, Ranges]:
    """One comparison of two evaluated operands."""
    (left_node, left), (right_node, right) = a, b
    if isinstance(operator, ast.In | ast.NotIn):
        to = (then, els) if isinstance(operator, ast.In) else (els, then)
        if isinstance(left, Maybe):
            from .optional import unless_none

            left = unless_none(front, left, to[1])  # what is in a map or among numbers is not None
        kind_of(right).contains(front, right, left, *to)
        return {}, {}
    op = COMPARE_OPERATORS.get(type(operator))
    if op is None and isinstance(right, Known) and right.object is None:
        kind_of(left).is_none(front, left, *((then, els) if isinstance(operator, ast.Is) else (els, then)))
        if not isinstance(left, Maybe):
            return {}, {}
        says = front.learned(left_node, left, (None, (left.num.lo, left.num.hi)))
        return says if isinstance(operator, ast.Is) else (says[1], says[0])
    if op is None:
        if isinstance(left, Known) and isinstance(right, Known) and isinstance(right.object, type | Type):
            is_same = left.object is right.object
            front.b.jump(then if is_same == isinstance(operator, ast.Is) else els)
            return {}, {}
        raise Refusal("`is` is not supported in a probe, but for `is None`", "compare numbers with ==")
    pair = front.compare_values(op, left, right, then, els)
    if pair is None:
        return {}, {}
    x, y = pair
    left_says = front.learned(left_node, x, numbers.refine(op, x, y))
    right_says = front.learned(right_node, y, numbers.refine(numbers.MIRRORED[op], y, x))
    return meet(left_says[0], right_says[0]), meet(left_says[1], right_says[1])


def compare_values(
    front: Expressions, op: str, left: Val, right: Val, then: Block, els: Block
) -> tuple[Num, Num] | None:
    """Jump to `then` if `left op right`; return the operands if they are numbers at run time. Raises: Refusal."""
    if isinstance(left, Known) and isinstance(right, Known):
        try:
            front.b.jump(then if FOLD[op](left.object, right.object) else els)
        except TypeError as e:
            raise Refusal(str(e)) from None
        return None
    for value in (left, right):
        if kind_of(value).compare(front, op, left, right, then, els):
            return None
    x, y = front.as_num(left), front.as_num(right)
    front.b.branch(numbers.condition(op, x, y), x.value, y.value, then, els)
    return x, y

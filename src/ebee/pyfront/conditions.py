"""Conditions: jumps on what an expression is, and what each way then knows of local names."""

from __future__ import annotations

import _ast as ast

from ..lower import numbers
from ..lower.numbers import COMPARISONS, Num, Refusal
from ..types.scalars import Type
from .expressions import FOLD, Located
from .kinds import kind_of
from .order import steady
from .source import walk
from .values import Known, Maybe, differences, meet, ranges_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Block
    from .expressions import Expressions
    from .values import Ranges, Says, Val

COMPARE_OPERATORS = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip
assert set(COMPARE_OPERATORS.values()) == set(COMPARISONS)


def condition(front: Expressions, node: ast.expr, then: Block, els: Block) -> tuple[Says, Says]:
    """Jump to `then` if an expression is true, else to `els`.

    Return what that says of local names if it is true, and if it is false.
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


class Ways:
    """The ways through the parts of a condition of which the later ones may not be evaluated.

    `known` is what the parts said so far of names that none of them assigned since.
    """

    def __init__(self, front: Expressions) -> None:
        self.front, self.before, self.depth = front, front.env, front.depth
        self.known: Ranges = {}
        self.left: list[tuple[dict[str, Val], Says]] = []

    def enter(self, at: int, says: Says) -> None:
        """Begin with a part behind the first one, which says `says`."""
        self.front.depth = self.depth + (at > 0)  # the first part is evaluated always
        if at:
            self.front.env = self.front.refined(self.front.env, says)
        self.start = dict(self.front.env)

    def leave(self, on: Says, out: Says) -> None:
        """A part was evaluated, which says `on` where the next one is evaluated, and `out` where none is."""
        env = self.front.env
        self.left.append((env, out))
        kept = {n: r for n, r in self.known.items() if env.get(n) is self.start.get(n)}
        self.known, self.on = meet(kept, ranges_of(on)), on

    def close(self) -> tuple[Says, Says]:
        """Return what holds where all parts were evaluated, and where the last that was has decided."""
        front = self.front
        going = differences(self.before, [(front.env, {**self.on, **self.known})])
        gone = differences(self.before, self.left)
        front.env, front.depth = self.before, self.depth
        return {**self.known, **going}, {**self.left[0][1], **gone} if len(self.left) == 1 else gone


def short_circuit(front: Expressions, node: ast.BoolOp, then: Block, els: Block) -> tuple[Says, Says]:
    """`and` and `or` in a condition: what the first parts say holds where the later ones are evaluated."""
    is_and = isinstance(node.op, ast.And)
    ways = Ways(front)
    on: Says = {}
    for at, part in enumerate(node.values):
        ways.enter(at, on)
        last = at == len(node.values) - 1
        following = (then if is_and else els) if last else front.b.new_block()
        true, false = front.condition(part, following if is_and else then, els if is_and else following)
        ways.leave(*((true, false) if is_and else (false, true)))
        if last or not front.b.is_reachable(following):
            break
        front.b.start(following)
        on = {**ways.on, **ways.known}
    says = ways.close()
    return says if is_and else (says[1], says[0])


def comparison(front: Expressions, node: ast.Compare, then: Block, els: Block) -> tuple[Says, Says]:
    """A comparison, also a chained one: each operand is evaluated once."""
    left, left_node = steady(front, front.expr(node.left), *node.comparators), node.left
    ways = Ways(front)
    for at, (operator, right_node) in enumerate(zip(node.ops, node.comparators)):
        ways.enter(at, {})
        right = steady(front, front.expr(right_node), *node.comparators[at + 1 :])
        last = at == len(node.ops) - 1
        following = then if last else front.b.new_block()
        ways.leave(*compare(front, operator, (left_node, left), (right_node, right), following, els))
        if last or not front.b.is_reachable(following):
            break
        front.b.start(following)
        left, left_node = right, right_node
    return ways.close()


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
    pair = front.compare_values(op, _compared(front, right_node, right, left), _compared(front, left_node, left, right),
                                then, els)  # fmt: skip
    if pair is None:
        return {}, {}
    x, y = pair
    left_says = front.learned(left_node, x, numbers.refine(op, x, y))
    right_says = front.learned(right_node, y, numbers.refine(numbers.MIRRORED[op], y, x))
    return meet(left_says[0], right_says[0]), meet(left_says[1], right_says[1])


def _compared(front: Expressions, other_node: ast.expr, other: Val, n: Val) -> Val:
    """A number that is compared with another, which may be 0.

    An unsigned difference is compared with a limit (a constant from outside, an argument) that happens to be 0 as with
    any other one; whether it is below a 0 that is written there is refused.
    """
    if not (isinstance(n, Num) and n.may_borrow and isinstance(other, Num | Known)):
        return n
    functions = [call.func for call in walk([other_node]) if isinstance(call, ast.Call)]
    named = [x for x in walk([other_node]) if isinstance(x, ast.Name) and x not in functions]
    is_limit = named and all(name.id not in front.local_names for name in named)
    limit: Num = n.replace(may_borrow=False) if is_limit else n
    return limit


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

"""Comprehensions and generator expressions: one copy of the code for each element. Sets and dicts of constants."""

from __future__ import annotations

import _ast as ast

from ..lower import numbers
from ..lower.numbers import Num, Refusal
from .constants import fold, plain
from .order import steady
from .sequences import items_of, kept_part, tuple_of, turns_of
from .source import assigned_names, places, walk
from .values import Known, as_member

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..ir.core import Block
    from .expressions import Expressions
    from .values import Val

    Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def turns(
    front: Expressions,
    generators: list[ast.comprehension],
    parts: list[ast.expr],
    each: Callable[[bool], Block | None],
) -> None:
    """Lower a comprehension's clauses; `each(is_certain)` lowers the parts that stand before them, in every turn.

    It is certain unless a condition at run time decides. A block that `each` returns is where the turns go on; None
    and a current block that has ended: there are no more. Raises: Refusal.
    """
    for assignment in walk([*generators, *parts]):
        if isinstance(assignment, ast.NamedExpr):
            what = "an assignment in a comprehension has no place in a probe"
            raise front.located(assignment, Refusal(what, "write a loop"))
    names = assigned_names([g.target for g in generators])
    outermost = _items(front, generators, parts)
    prefix, front.serial = front.prefix, front.serial + 1
    hidden = {f"{name} outside {front.serial}": name for name in names if name in front.env}
    env = front.env
    front.env = {f"{n} outside {front.serial}" if n in names else n: v for n, v in env.items()}
    front.prefix, front.depth = f"{prefix}comprehension {front.serial} ", front.depth + 1
    try:
        _turns(front, generators, parts, outermost, each, True)
    finally:
        front.prefix, front.depth = prefix, front.depth - 1
        left = {hidden.get(n, n): v for n, v in front.env.items() if n not in names}
        env.clear()  # the same dict, which who evaluates the expression holds
        env.update(left)
        front.env = env


def _items(
    front: Expressions, generators: list[ast.comprehension], parts: list[ast.expr]
) -> list[Callable[[], Val]]:
    node = generators[0].iter
    value = steady(front, front.expr(node), *generators[0].ifs, *generators[1:], *parts)
    items = turns_of(front, value)
    if items is None:
        hint = "they take constants, tuples, lists and fields of a fixed length; otherwise write a loop"
        raise front.located(node, Refusal(f"a comprehension cannot go over {front.describe(value)}", hint))
    return items


def _turns(
    front: Expressions,
    generators: list[ast.comprehension],
    parts: list[ast.expr],
    items: list[Callable[[], Val]],
    each: Callable[[bool], Block | None],
    is_certain: bool,
) -> None:
    generator, *inner = generators
    if generator.is_async:
        raise Refusal("a probe cannot be async")
    for item in items:
        front.assign(generator.target, item())
        skipped: list[Block] = []
        is_left_out = False
        for test in generator.ifs:
            yes, no = front.low.blocks(2)
            front.condition(test, yes, no)
            is_left_out = not front.b.is_reachable(yes)
            if is_left_out:
                front.b.start(no)
                break
            front.b.start(yes)
            if front.b.is_reachable(no):
                skipped.append(no)
        if not is_left_out:
            if inner:
                _turns(front, inner, parts, _items(front, inner, parts), each, is_certain and not skipped)
            else:
                following = each(is_certain and not skipped)
                if following is not None:
                    front.b.start(following)
        for no in skipped:
            if not front.b.terminated:
                front.b.jump(no)
            front.b.start(no)
        if front.b.terminated:
            return


def values_of(front: Expressions, node: Comprehension) -> list[Val]:
    """The values of a comprehension, those of a dict as pairs. Raises: Refusal."""
    values: list[Val] = []

    def each(is_certain: bool) -> None:
        if not is_certain:
            raise Refusal("which elements there are is not known when the probe is compiled", "write a loop")
        if isinstance(node, ast.DictComp):
            values.append(tuple_of([front.expr(node.key), front.expr(node.value)]))
            return
        values.append(kept_part(front, front.expr(node.elt)))

    parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
    turns(front, node.generators, parts, each)
    return values


def comprehension(front: Expressions, node: Comprehension) -> Val:
    """A list, set or dict comprehension; sets and dicts are constants. Raises: Refusal."""
    values = values_of(front, node)
    if isinstance(node, ast.ListComp):
        return tuple_of(values, list)
    objects = [plain(front, v, "a set or dict") for v in values]
    try:
        return Known(dict(objects) if isinstance(node, ast.DictComp) else set(objects))
    except TypeError as e:
        raise Refusal(str(e)) from None


def literal(front: Expressions, node: ast.Dict | ast.Set) -> Val:
    """`{1: 2}`, `{1, 2}` of constants. Raises: Refusal."""
    if isinstance(node, ast.Set):
        return fold(front, set, [plain(front, v, "a set") for v in front.each(node.elts)])
    result: dict[Any, Any] = {}
    for key_node, value_node in zip(node.keys, node.values):
        key, value = None if key_node is None else front.expr(key_node), front.expr(value_node)
        if not (isinstance(value, Known) and (key is None or isinstance(key, Known))):
            raise Refusal("a dict in a probe is a constant", "declare a map at module level: Hash(u32, u64)")
        try:
            result.update(value.object if key is None else {key.object: value.object})
        except (TypeError, ValueError) as e:
            raise Refusal(str(e)) from None
    return Known(result)


# What goes over a generator expression


def total(front: Expressions, node: ast.GeneratorExp, start: Val) -> Val:
    """sum(x for …), also with conditions at run time. Raises: Refusal."""
    result = start
    if not any(generator.ifs for generator in node.generators):

        def add(is_certain: bool) -> None:
            nonlocal result
            result = front.binary("+", result, front.expr(node.elt))

        turns(front, node.generators, [node.elt], add)
        return result
    first = front.as_num(start)
    name, lo, hi = f"sum {front.prefix}{front.serial} {id(node)}", first.lo, first.hi
    front.b.write(name, first.value)

    def add_to_variable(is_certain: bool) -> None:
        nonlocal lo, hi
        before = Num(front.b.read(name), lo, hi)
        after = front.as_num(front.binary("+", before, front.expr(node.elt)))
        front.b.write(name, after.value)
        both = after if is_certain else numbers.union(before, after)
        lo, hi = both.lo, both.hi

    turns(front, node.generators, [node.elt], add_to_variable)
    return Num(front.b.read(name), lo, hi)


def extreme(front: Expressions, node: ast.Call, op: str, name: str) -> Val:
    """min(…, default=x), max(x for …), also with conditions at run time. Raises: Refusal."""
    from .functions import BUILTINS

    given, function = node.args[0], min if name == "min" else max
    if any(keyword.arg != "default" for keyword in node.keywords):
        raise Refusal(f"{name}() takes no argument but default= by name in a probe")
    others = [keyword.value for keyword in node.keywords]
    if not isinstance(given, ast.GeneratorExp):
        values = front.operands([given, *others])
        items = items_of(front, values[0])
        if items is None:
            raise Refusal(f"{name}() does not take {front.describe(values[0])} in a probe", "write a loop")
        return BUILTINS[function](front, ast.Call(node.func, node.args, [])) if items else values[1]
    if any(isinstance(n, ast.Call | ast.NamedExpr) for n in walk(others)):
        raise Refusal("what default= calls is called before the elements are taken", "give it a name before")
    if not others and not any(generator.ifs for generator in given.generators):
        values_of_all = ast.ListComp(given.elt, given.generators, **places(given))
        return BUILTINS[function](front, ast.Call(node.func, [values_of_all], []))
    other = front.expr(others[0]) if others else None
    default = front.as_num(other) if other is not None else None
    best, seen, b = f"best {front.prefix}{id(node)}", f"seen {front.prefix}{id(node)}", front.b
    b.write(best, default.value if default else b.const(0))
    b.write(seen, b.const(0))
    met = default
    constants: list[Any] | None = []  # as long as all of them are known

    def take(is_certain: bool) -> None:
        nonlocal met, constants
        value = front.never_none(front.expr(given.elt))
        is_known = constants is not None and is_certain and isinstance(value, Known)
        constants = [*constants, value.object] if is_known else None  # type: ignore[union-attr, misc]
        n, so_far = front.as_num(value), met
        met = n if so_far is None else numbers.union(so_far, n)
        better, compare, done = front.low.blocks(3)
        b.branch("eq", b.read(seen), b.const(0), better, compare)
        if b.is_reachable(compare):
            b.start(compare)
            now = Num(b.read(best), met.lo, met.hi)
            b.branch(numbers.condition(op, n, now), n.value, now.value, better, done)
        b.start(better)
        b.write(best, n.value)
        b.write(seen, b.const(1))
        b.jump(done)
        b.start(done)

    turns(front, given.generators, [given.elt], take)
    if constants:
        return fold(front, function, constants)
    if constants is not None and other is not None:
        return other
    if default is None:
        front.low.abort_if("eq", b.read(seen), b.const(0), "bad_index", f"{name}() of nothing")
    if met is None:
        raise Refusal(f"{name}() of nothing")
    return as_member(Num(b.read(best), met.lo, met.hi, met.c_type))


def decides(front: Expressions, node: ast.GeneratorExp, is_any: bool) -> Val:
    """any(x for …), all(x for …): nothing is evaluated behind what decides. Raises: Refusal."""

    def jump(then: Block, els: Block) -> None:
        def each(is_certain: bool) -> Block | None:
            following = front.b.new_block()
            front.condition(node.elt, *((then, following) if is_any else (following, els)))
            return following if front.b.is_reachable(following) else None

        turns(front, node.generators, [node.elt], each)
        if not front.b.terminated:
            front.b.jump(els if is_any else then)

    return front.decided(jump)

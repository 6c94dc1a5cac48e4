"""`match`: values, alternatives, names, structs by their fields, sequences, guards."""

from __future__ import annotations

import _ast as ast

from ..lower import numbers
from ..lower.numbers import Num, Refusal
from ..types.structs import Struct
from .expressions import Located
from .order import steady
from .sequences import contains, items_of, kept_part, tuple_of
from .values import (
    Comm,
    Entry,
    Known,
    ListPlace,
    Many,
    RecordRef,
    StructPlace,
    StructValue,
    Text,
    Unusable,
    UserStr,
    differences,
    is_string,
)  # fmt: skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Block
    from .expressions import Expressions
    from .statements import Statements
    from .values import Val

    Names = dict[str, Val]

_STRUCTS = (StructValue, RecordRef, Entry, StructPlace)


def lower_match(front: Statements, node: ast.Match) -> None:
    """Lower a `match` statement. Raises: Refusal."""
    subject, done = front.expr(node.subject), front.b.new_block()
    if isinstance(subject, Comm | UserStr | Text):
        subject = front.written(subject)
    subject = steady(front, subject, *(case.guard for case in node.cases if case.guard))
    before, ends = dict(front.env), []
    for case in node.cases:
        body, following = front.low.blocks(2)
        front.env = dict(before)
        names: Names = {}
        try:
            fits(front, case.pattern, subject, body, following, names)
        except Located:
            for block in (following, body):  # statements that follow may have refusals of their own
                if front.b.terminated and front.b.is_reachable(block):
                    front.b.start(block)
            raise
        if not front.b.is_reachable(body):
            front.b.start(following)
            continue
        front.b.start(body)
        for name, value in names.items():
            front.assign_name(name, value)
        if case.guard is not None:
            guarded = front.b.new_block()
            says = front.condition(case.guard, guarded, following)
            why = "may have been assigned by a `case` whose guard did not hold"
            assigned = [*names, *differences(before, [(front.env, says[1])])]
            before.update((name, Unusable(why, "use other names")) for name in assigned)
            if not front.b.is_reachable(guarded):
                front.b.start(following)
                continue
            front.b.start(guarded)
            front.env = front.refined(front.env, says[0])
        front.body(case.body)
        if not front.b.terminated:
            front.b.jump(done)
            ends.append(front.env)
        if not front.b.is_reachable(following):
            break
        front.b.start(following)
    else:
        front.b.jump(done)
        ends.append(before)
    front.join(done, ends, before)


def fits(front: Expressions, node: ast.pattern, subject: Val, then: Block, els: Block, names: Names) -> None:
    """Jump to `then` if a value fits a pattern; `names` gets what the pattern names. Raises: Located."""
    front.b.span = front.source.span(node)
    try:
        _fits(front, node, subject, then, els, names)
    except Refusal as e:
        raise front.located(node, e) from None


def _fits(front: Expressions, node: ast.pattern, subject: Val, then: Block, els: Block, names: Names) -> None:
    match node:
        case ast.MatchValue():
            value = front.expr(node.value)
            if is_string(subject):
                if not (isinstance(value, Known) and isinstance(value.object, str)):
                    raise Refusal(f"a case takes a string constant here, not {front.describe(value)}")
                contains(front, Known((value.object,)), subject, then, els)
            elif isinstance(subject, Num) and not isinstance(value, Num):
                if not (isinstance(value, Known) and isinstance(value.object, int)):
                    raise Refusal(f"a case takes an integer constant, not {front.describe(value)}")
                contains(front, Known((int(value.object),)), subject, then, els)
            else:
                front.compare_values("==", subject, value, then, els)
        case ast.MatchSingleton(value=None):
            front.kind(subject).is_none(front, subject, then, els)
        case ast.MatchSingleton(value=value):
            if isinstance(subject, Known):
                front.b.jump(then if subject.object is value else els)
            elif isinstance(subject, Num) and subject.c_type == numbers.BOOL:
                front.compare_values("==", subject, Known(value), then, els)
            else:
                raise Refusal(f"`case {value}` is for bools, not for {front.describe(subject)}", "test it with `if`")
        case ast.MatchOr():
            for alternative in node.patterns:
                following = els if alternative is node.patterns[-1] else front.b.new_block()
                found: Names = {}
                fits(front, alternative, subject, then, following, found)
                if found:
                    raise Refusal("names inside of a|b are not supported in a probe", "write two cases")
                if following is els or not front.b.is_reachable(following):
                    return
                front.b.start(following)
        case ast.MatchAs():
            if node.pattern is None:
                front.b.jump(then)
            else:
                fits(front, node.pattern, subject, then, els, names)
            if node.name:
                names[node.name] = subject
        case ast.MatchClass():
            _fits_struct(front, node, subject, then, els, names)
        case ast.MatchSequence():
            _fits_sequence(front, node, subject, then, els, names)
        case _:
            hint = "a case is a constant, a|b, _, a name, Point(x=0) or (a, b)"
            raise Refusal("this pattern is not supported in a probe", hint)


def _fits_struct(
    front: Expressions, node: ast.MatchClass, subject: Val, then: Block, els: Block, names: Names
) -> None:
    """`case Point(x=0, y=y)`."""
    cls = front.expr(node.cls)
    if not (isinstance(cls, Known) and isinstance(cls.object, type) and issubclass(cls.object, Struct)):
        raise Refusal(f"a case takes a Struct class, not {front.describe(cls)}")
    if node.patterns:
        name = cls.object.__name__
        raise Refusal(f"{name}() takes its fields by name", f"{name}({next(iter(cls.object._type.fields))}=…)")
    if not (isinstance(subject, _STRUCTS) and hasattr(subject.type, "cls")):
        raise Refusal(f"{front.describe(subject)} is no struct")
    if isinstance(subject, Entry):
        there = front.b.new_block()
        front.kind(subject).is_none(front, subject, els, there)
        front.b.start(there)
    if not issubclass(subject.type.cls, cls.object):
        front.b.jump(els)
        return
    for name, pattern in zip(node.kwd_attrs, node.kwd_patterns):
        following = front.b.new_block()
        value = front.kind(subject).attribute(front, subject, name, node.cls)
        fits(front, pattern, value, following, els, names)
        if not front.b.is_reachable(following):
            return
        front.b.start(following)
    front.b.jump(then)


def _fits_sequence(
    front: Expressions, node: ast.MatchSequence, subject: Val, then: Block, els: Block, names: Names
) -> None:
    """`case (a, 0)`, `case (a, *rest)`: of a tuple or a list of fixed length."""
    values: list[Val] | None = None
    patterns = list(node.patterns)
    star = next((at for at, p in enumerate(patterns) if isinstance(p, ast.MatchStar)), None)
    if isinstance(subject, Entry):
        there = front.b.new_block()
        front.kind(subject).is_none(front, subject, els, there)
        front.b.start(there)
    is_list = isinstance(subject, Entry) and hasattr(subject.type, "element")
    is_known = isinstance(subject, Known) and isinstance(subject.object, tuple | list | range)
    if is_list or is_known or isinstance(subject, Many | ListPlace):
        values = items_of(front, subject)
    if values is None or (len(values) != len(patterns) if star is None else len(values) < len(patterns) - 1):
        front.b.jump(els)
        return
    if star is not None:
        end = len(values) - (len(patterns) - 1 - star)
        rest = patterns.pop(star)
        assert isinstance(rest, ast.MatchStar)
        if rest.name:
            names[rest.name] = tuple_of([kept_part(front, v) for v in values[star:end]], list)
        values = [*values[:star], *values[end:]]
    for pattern, value in zip(patterns, values):
        following = front.b.new_block()
        fits(front, pattern, value, following, els, names)
        if not front.b.is_reachable(following):
            return
        front.b.start(following)
    front.b.jump(then)

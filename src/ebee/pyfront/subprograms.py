"""Python functions as subprograms: lowered once, called from several places.

A program is first lowered with every call in place. Where a long function was called several times with arguments of
the same types and ranges, the program is lowered again with that as a subprogram: for just these ranges, so that it
means the same. What its author wants as a subprogram is lowered for any numbers of its parameters' types.
"""

from __future__ import annotations

import _ast as ast

from ..errors import Diagnostic
from ..ir.core import PTR_ARG, Function
from ..lower.inner import MOST_ARGUMENTS, Global, Outside, outer_values
from ..lower.numbers import BOOL, S64_HI, S64_LO, U64_HI, Num, Refusal, check_assignable, wrap
from ..record import Record, field
from ..types.scalars import IntType
from ..types.subprograms import is_replaceable, is_subprogram
from .arrays import check_fresh
from .expressions import Located
from .source import walk
from .values import Context, Entry, EnumNum, Known, ListPlace, Memory, Place, RecordRef, StructPlace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from typing import Any

    from ..errors import SourceSpan
    from ..ir.core import Value
    from ..lower.object import Signature
    from ..types.maps import MapDecl
    from .calls import Call, Calls
    from .values import Range, Val

# A function becomes a subprogram where that saves so many nodes of the syntax tree, and is no smaller than that.
WORTHWHILE, SMALL = 150, 50
_CLASSES = ((0, (1 << 32) - 1), (0, S64_HI), (0, U64_HI), (-(1 << 31), (1 << 31) - 1), (S64_LO, S64_HI))


class Subprogram(Record):
    """A function that was lowered: what it returns, to what it writes, and the additional parameters.

    Entries of the maps that are `written` may be gone behind a call; `map_writes` are all whose numbers may be others.
    """

    name: str
    result: Val
    written: list[MapDecl]
    map_writes: list[MapDecl]
    replaced: list[Place | None]
    extra: list[str]
    stack: int
    memory_bytes: int = 0
    is_forgetful: bool = False  # the loops around a call cannot be followed


class Argument(Record):
    """An argument: what calls of one subprogram share, the value that is passed, and what the callee makes of it."""

    key: Hashable
    value: Value | None
    type: str
    make: Callable[[Any], Val]


class Subprograms(Record):
    """The subprograms of one program.

    `chosen` are the keys of those that pay; `seen` are all calls: their key, the size, and where they are. `made` has
    None for what cannot be a subprogram, and `reasons` why the last one could not.
    """

    chosen: frozenset[Hashable] = frozenset()
    seen: dict[Hashable, tuple[int, set[Hashable]]] = field(default_factory=dict)
    made: dict[Hashable, Subprogram | None] = field(default_factory=dict)
    reasons: list[Diagnostic] = field(default_factory=list)

    def worthwhile(self) -> frozenset[Hashable]:
        """The keys of functions that are so long, and called so often, that they should be subprograms."""
        return frozenset(k for k, (size, sites) in self.seen.items() if size * (len(sites) - 1) >= WORTHWHILE)


def call(front: Calls, call: Call, definition: ast.FunctionDef) -> Val | None:
    """Call a function as a subprogram, with the arguments in `front.env`; None: it has to be lowered here.

    Raises: Refusal for one that its author wants as a subprogram, and that cannot be one.
    """
    if is_replaceable(call.function):
        from .replaceable import call as call_replaceable

        return call_replaceable(front, call, definition)
    told = is_subprogram(call.function)
    size = 0 if told is not None else sum(1 for _ in walk(definition.body))
    if told is False or told is None and size < SMALL:
        return None
    if front.subprograms is None:
        front.subprograms = Subprograms(front.chosen)
    state = front.subprograms
    why, state.reasons = "", []
    for is_exact in (False, True) if told else (True,):
        try:
            arguments = [argument_of(front, definition, n, v, is_exact) for n, v in front.env.items()]
            passed = sum(a.value is not None for a in arguments)
            if passed > MOST_ARGUMENTS:
                raise Refusal(f"{passed} values would have to be passed, and it takes up to {MOST_ARGUMENTS}")
        except Refusal as e:
            why = e.message
            if not told:
                break
            continue
        has_loops = any(isinstance(n, ast.For | ast.While) for n in walk(definition.body))
        key = (call.function, tuple(a.key for a in arguments), front.turns if has_loops else 0)
        if not told:
            state.seen.setdefault(key, (size, set()))[1].add(tuple((s.file, s.line, s.col) for s in _sites(front)))
            if key not in state.chosen:
                return None
        known = state.made.get(key)
        if known is not None and known.name not in front.low.obj.functions:
            del state.made[key]  # it was made in an attempt that was given up
        if key not in state.made:
            state.made[key] = build(front, state, call, definition, arguments)
        if (known := state.made[key]) is not None:
            return emit(front, known, arguments)
    if told:
        why = why or next((d.message for d in state.reasons), "it was refused before")
        raise Refusal(f"{definition.name}() cannot be a subprogram: {why}", "leave out @ebee.subprogram")
    return None


def _sites(front: Calls) -> list[SourceSpan]:
    return [call.site for call in front.calls]


def emit(front: Calls, subprogram: Subprogram, arguments: list[Argument]) -> Val:
    """Call a subprogram; the program ends here if it has ended there."""
    b, low = front.b, front.low
    values = [a.value for a in arguments if a.value is not None]
    status = None
    for name in subprogram.extra:
        if name == "ctx":
            values.append(low.ctx)
        elif name == "memory":
            values.append(low.scratch(f"memory of {subprogram.name}", subprogram.memory_bytes))
        else:
            status = low.scratch("status", 8)
            b.store(status, 0, 8, b.const(0))
            values.append(status)
    low.below = max(low.below, subprogram.stack)
    value = low.call_function(subprogram.name, values)
    if status is not None:
        ended, on = low.blocks(2)
        b.branch("ne", b.load(status, 0, 8), b.const(0), ended, on)
        b.start(ended)
        low.fail()
        b.start(on)
    if subprogram.is_forgetful:
        front.forget_bounds()
    for v in front.env.values():
        if isinstance(v, RecordRef):
            v.touched.update(v.type.fields)
    front.calls[-1].written.extend(subprogram.written)
    front.calls[-1].replaced.extend(subprogram.replaced)
    front.map_writes.extend(subprogram.map_writes)
    return subprogram.result.replace(value=value) if isinstance(subprogram.result, Num) else subprogram.result


def build(
    front: Calls, state: Subprograms, call: Call, definition: ast.FunctionDef, arguments: list[Argument],
    signature: Signature | None = None,
) -> Subprogram | None:
    """Lower a function as a subprogram; None if that cannot be, and everything is as it was.

    With a signature it is a global one, under its own name.
    """
    obj = front.low.obj
    mark, errors, env, around = obj.checkpoint(), len(front.diagnostics), front.env, (front.low, front.b)
    writes = len(front.map_writes)
    function = Function(
        definition.name if signature else obj.free_name(f"{front.function.name}__{definition.name}"),
        [a.type for a in arguments if a.value is not None],
        span=front.source.span(definition),
        is_program=False,
    )
    low = (Global if signature else Outside)(obj, function, front.low.features)
    inside = call.replace(done=low.b.new_block(), records=0, results=[], written=[], replaced=[],
                          is_in_loop=False, is_forgetful=False)  # fmt: skip
    params = iter(list(function.entry.params))
    front.low, front.b = low, low.b
    front.calls.append(inside)
    result: Val | None = None
    try:
        front.env = {}
        for name, argument in zip(env, arguments):
            value = argument.make(next(params) if argument.value is not None else low)
            front.env[name] = value
            if isinstance(value, Num):
                low.b.write(front.local(name), value.value)
        front.body(definition.body)
        if not low.b.terminated:
            front.give(Known(None))
        if inside.results:
            low.b.start(inside.done)
            result = front.result(inside)
            if isinstance(result, Known) and type(result.object) in (int, bool):
                result = front.as_num(result)
            if signature is not None and isinstance(result, Num):
                check_assignable(result, signature.result.lo, signature.result.hi, f"the result of {definition.name}()")
                result = wrap(low, result, signature.result.size, signature.result.signed)
            low.b.ret(result.value if isinstance(result, Num) else low.b.const(0))
        if signature is None:
            low.close()
    except (Refusal, Located) as e:
        result = None
        if isinstance(e, Refusal):
            front.diagnostics.append(Diagnostic(e.message, function.span, e.hint))
        elif e.diagnostic is not None:
            front.diagnostics.append(e.diagnostic)
    finally:
        front.calls.pop()
        front.low, front.b = around
        front.env = env
    works = isinstance(result, Num) or isinstance(result, Known) and result.object is None and signature is None
    if signature is not None and low.extra and works:
        works, reasons = False, {"ctx": "it uses the program's context", "status": "it can end the program"}
        front.diagnostics.append(Diagnostic(reasons[next(iter(low.extra))], function.span))
    if not works or len(front.diagnostics) > errors or outer_values(function):
        if not works and len(front.diagnostics) == errors:
            what = "it never returns" if result is None else f"it returns {front.describe(result)}"
            front.diagnostics.append(Diagnostic(what, function.span))
        state.reasons += front.diagnostics[errors:]
        del front.diagnostics[errors:]
        obj.rollback(mark)
        return None
    assert result is not None
    if signature is not None:
        obj.add_function(function, signature.params, signature.result, is_global=True)
    else:
        obj.add_function(function, [(n, None) for n, a in zip(env, arguments) if a.value is not None])
    replaced: list[Place | None] = [None] if inside.replaced else []  # where, is another place for each call
    map_writes = list({id(decl): decl for decl in front.map_writes[writes:]}.values())
    return Subprogram(
        function.name, result, inside.written, map_writes, replaced, list(low.extra), low.stack, low.memory_bytes,
        inside.is_forgetful,
    )  # fmt: skip


def argument_of(front: Calls, definition: ast.FunctionDef, name: str, value: Val, is_exact: bool) -> Argument:
    """How an argument is passed. Raises: Refusal for what cannot be passed."""
    b = front.b
    if isinstance(value, Known):
        if type(value.object) not in (int, bool) or is_exact:
            return Argument((name, _identity(value.object)), None, "", lambda _: value)
        value = front.as_num(value)
    if isinstance(value, Num):
        n: Num = value
        lo, hi = (n.lo, n.hi) if is_exact or n.may_borrow else _widened(front, definition, name, n)
        key = (name, lo, hi, n.c_type, n.may_borrow, n.cls if isinstance(n, EnumNum) else None)
        return Argument(key, n.value, n.value.type, lambda p: n.replace(value=p, lo=lo, hi=hi))
    if isinstance(value, Context) and not value.type.has_packet:
        context = value
        return Argument((name, "ctx"), None, "", lambda low: context.replace(pointer=low.ctx))
    if isinstance(value, RecordRef):
        record = value
        fields = set(record.type.fields)
        return Argument(
            (name, "record", record.type, record.decl), record.pointer, PTR_ARG,
            lambda p: RecordRef(p, record.type, record.decl, set(fields)),
        )  # fmt: skip
    if isinstance(value, Memory):
        text = value
        alike: Hashable = (name, "text", text.size_bytes, text.is_field, text.has_end, text.is_char)
        return Argument(alike, front.low.at(text.base, text.off), PTR_ARG, lambda p: text.replace(base=p, off=0))
    check_fresh(value)
    if isinstance(value, Entry):
        if not b.is_non_null(value.pointer):
            raise Refusal(f"{name} is {front.describe(value)}")
        kind = ListPlace if hasattr(value.type, "element") else StructPlace
        value = kind(b.non_null(value.pointer), 0, value.type, 8, value)
    if isinstance(value, Place):
        place, entry = value, value.entry
        align = min(place.align, place.off & -place.off or 8)
        alike = (
            name, type(place), place.type, align, entry.decl if entry is not None else None,
            place.is_copy, place.is_constant, getattr(place, "is_own", False),
        )  # fmt: skip

        def make(p: Value) -> Place:
            again = None if entry is None else entry.replace(pointer=p)
            made: Place = place.replace(base=p, off=0, align=align, entry=again)
            return made

        return Argument(alike, front.low.at(place.base, place.off), PTR_ARG, make)
    raise Refusal(f"{name} is {front.describe(value)}")


def _widened(front: Calls, definition: ast.FunctionDef, name: str, n: Num) -> Range:
    """The range of a parameter for which a number is passed: that of its annotation, or of the type that it fits in."""
    if n.c_type:
        return (0, 1) if n.c_type == BOOL else (n.lo, n.hi)
    declared = front.declared(definition, name)
    if isinstance(declared, IntType):
        return declared.lo, declared.hi
    return next((lo, hi) for lo, hi in _CLASSES if lo <= n.lo and n.hi <= hi)


class _Same:
    """One object, kept: no other one gets its address while it is compared with."""

    __slots__ = ("kept",)

    def __init__(self, kept: object) -> None:
        self.kept = kept

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.kept is self.kept

    def __hash__(self) -> int:
        return id(self.kept)


def _identity(object: Any) -> Hashable:
    if type(object) is tuple:
        return tuple(map(_identity, object))
    if isinstance(object, int | str | bytes | None):
        return type(object), object
    return _Same(object)

"""Calls of other Python functions: the callee is lowered where it is called, its arguments bound, or as a subprogram.

The first is exact for every function that a probe may have: there is no recursion, and a name inside is the callee's.
"""

from __future__ import annotations

import _ast as ast

from ..errors import CompileError
from ..lower.numbers import Num, Refusal, check_assignable, wrap
from ..record import Record, field
from ..types.scalars import IntType
from .expressions import Expressions, Located
from .order import outlive
from .source import SourceText, assigned_names, find_function
from .values import Context, Entry, Known, Maybe, RecordRef, Unusable, is_lazy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping
    from typing import Any

    from ..errors import Diagnostic, SourceSpan
    from ..ir.core import Block, Function
    from ..lower.inner import Inner
    from ..types.maps import MapDecl
    from .loops import Loop
    from .source import ProbeSource
    from .subprograms import Subprograms
    from .values import Place, Val

_DEEPEST = 32


class Call(Record):
    """A call that is being lowered: where `return` goes, with what, and what the caller goes on with."""

    function: object
    site: SourceSpan
    done: Block
    records: int
    prefix: str
    results: list[Val] = field(default_factory=list)
    ends: list[dict[str, Val]] = field(default_factory=list)
    written: list[MapDecl] = field(default_factory=list)
    replaced: list[Place | None] = field(default_factory=list)
    is_in_loop: bool = False
    is_forgetful: bool = False
    inner: Inner | None = None  # of a loop's body that is a function of its own


class Calls(Expressions):
    """Lowers calls of Python functions."""

    calls: list[Call]
    loops: list[Loop]
    find_source: Callable[[Any], ProbeSource]
    subprograms: Subprograms | None  # as soon as a function is called
    chosen: frozenset[Hashable]
    turns: int
    diagnostics: list[Diagnostic]
    function: Function

    if TYPE_CHECKING:

        def body(self, nodes: list[ast.stmt]) -> None: ...
        def merged(self, name: str, values: list[Val | None]) -> Val: ...
        def forget_entries(self, decl: MapDecl) -> None: ...
        def replace(self, place: Place | None) -> None: ...
        def forget_bounds(self) -> None: ...

    @property
    def is_in_loop(self) -> bool:
        """Whether what is being lowered may run again: it stands in a loop, or is called from one."""
        return bool(self.loops) or bool(self.calls and self.calls[-1].is_in_loop)

    def call_python(self, node: ast.Call, function: Any) -> Val:
        """Lower `function(…)`. Raises: Refusal."""
        from .subprograms import call as call_subprogram

        name = function.__name__
        if any(call.function is function for call in self.calls):
            raise Refusal(f"{name}() calls itself, and a probe has no recursion", "write a loop")
        if len(self.calls) >= _DEEPEST:
            raise Refusal(f"{name}() is called too deep inside other functions")
        try:
            callee = self.find_source(function)
            source = SourceText(callee.file, callee.text)
            definition = find_function(source, callee)
        except CompileError as e:
            raise Refusal(e.diagnostics[0].message, e.diagnostics[0].hint) from None
        bound = self.bind(node, definition, name, callee.defaults)
        self.serial += 1
        site, prefix = self.source.span(node), f"{name} {self.serial} "
        call = Call(function, site, self.b.new_block(), len(self.low.open_records), prefix)
        caller = (self.source, self.names, self.local_names, self.definition, self.env, self.prefix, self.loops,
                  self.b.span, self.depth)  # fmt: skip
        call.is_in_loop = self.is_in_loop
        called: Val | None = None
        self.calls.append(call)
        self.source, self.names, self.env = source, callee.names, {}
        self.local_names, self.definition = assigned_names(definition.body), definition
        self.prefix, self.loops, self.depth = call.prefix, [], 0
        try:
            for argument, value in bound.items():
                if isinstance(value, Context | RecordRef):
                    self.env[argument] = value  # the callee looks at the same one
                else:
                    self.assign_name(argument, self.annotated(definition, argument, value))
            called = call_subprogram(self, call, definition)
            if called is None:
                self.body(definition.body)
                if not self.b.terminated:
                    self.give(Known(None))
        finally:
            self.calls.pop()
            (self.source, self.names, self.local_names, self.definition, self.env, self.prefix, self.loops, self.b.span,
             self.depth) = caller  # fmt: skip
        for decl in call.written:
            self.forget_entries(decl)
        for place in call.replaced:
            self.replace(place)
        if called is not None:
            return called
        if not call.results:
            # No way comes back; what follows is not reached.
            self.b.start(call.done)
            raise Refusal(f"{name}() never returns")
        self.b.start(call.done)
        value = self.result(call)
        if isinstance(value, Unusable) and not value.why:
            raise Located(None)
        return value

    def give(self, value: Val) -> None:
        """Return from the innermost call: its open records are submitted, the caller goes on with the value."""
        call = self.calls[-1]
        if call.inner is not None:
            from .outlined import give

            give(self, call, value)
            return
        value = outlive(self, value, self.low.held_from(call.records))
        self.low.submit_down_to(call.records)
        if isinstance(value, Num | Known | Entry | Maybe):
            self.kind(value).kept(self, "return", value)
        elif is_lazy(value):
            value = self.written(value)  # other ways may return other strings
        call.results.append(value)
        self.b.jump(call.done)

    def result(self, call: Call) -> Val:
        """What a call gives: what all its ways to return agree on."""
        prefix, self.prefix = self.prefix, call.prefix
        value = self.merged("return", list(call.results)) if len(call.results) > 1 else call.results[0]
        self.prefix = prefix
        return value

    def bind(
        self, node: ast.Call, definition: ast.FunctionDef, name: str, defaults: Mapping[str, Any]
    ) -> dict[str, Val]:
        """Evaluate the arguments, in Python's order, and bind them to the callee's names. Raises: Refusal."""
        a = definition.args
        positional = [arg.arg for arg in a.posonlyargs + a.args]
        allowed = [*positional, *(arg.arg for arg in a.kwonlyargs)]
        values, named = self.values_of(node)
        if len(values) > len(positional) and not a.vararg:
            raise Refusal(f"{name}() takes {len(positional)} positional arguments, not {len(values)}")
        bound: dict[str, Val] = dict(zip(positional, values))
        others: dict[str, Val] = {}
        for keyword, value in named.items():
            if keyword not in allowed or keyword in (arg.arg for arg in a.posonlyargs):
                if not a.kwarg:
                    raise Refusal(f"{name}() has no argument {keyword!r}")
                others[keyword] = value
                continue
            if keyword in bound:
                raise Refusal(f"{name}() gets the argument {keyword!r} twice")
            bound[keyword] = value
        if a.vararg:
            from .sequences import tuple_of

            bound[a.vararg.arg] = tuple_of(values[len(positional) :])
        if a.kwarg:
            plain = {key: value.object for key, value in others.items() if isinstance(value, Known)}
            if len(plain) < len(others):
                raise Refusal(f"**{a.kwarg.arg} of {name}() takes constants in a probe", "name the arguments")
            bound[a.kwarg.arg] = Known(plain)
        for parameter in allowed:
            if parameter not in bound:
                if parameter not in defaults:
                    raise Refusal(f"{name}() misses the argument {parameter!r}")
                bound[parameter] = self.known(defaults[parameter], parameter)
        return bound

    def annotated(self, definition: ast.FunctionDef, argument: str, value: Val) -> Val:
        """An argument, cut to the width that its annotation declares."""
        type = self.declared(definition, argument)
        if not isinstance(type, IntType):
            return value
        n = self.as_num(value)
        check_assignable(n, type.lo, type.hi, f"{argument} ({type.name})")
        return wrap(self.low, n, type.size, type.signed)

    def declared(self, definition: ast.FunctionDef, argument: str) -> object:
        """What the annotation of an argument is; None if it has none."""
        a = definition.args
        for arg in a.posonlyargs + a.args + a.kwonlyargs:
            if arg.arg == argument and arg.annotation is not None:
                annotation = self.expr(arg.annotation)
                return annotation.object if isinstance(annotation, Known) else None
        return None


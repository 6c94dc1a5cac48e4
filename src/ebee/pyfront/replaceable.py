"""Functions that are global in their program, and those that take their place: a context, integers and structs in, an
integer out.

The verifier checks such a function by itself, for any arguments; and its callers take any result of its type. Pointers
may be null for it, until they were compared.
Source: btf_prepare_func_args and btf_check_func_type_match in kernel/bpf/btf.c (Linux 6.18).
"""

from __future__ import annotations

import _ast as ast

from ..ir.core import I64, PTR_CTX, PTR_MEM_OR_NULL, Param
from ..lower.inner import MOST_ARGUMENTS
from ..lower.numbers import U64_HI, Num, Refusal, check_assignable, wrap
from ..lower.object import Signature
from ..lower.program import Lowering
from ..spec.sections import parse_section
from ..types.net_hooks import ContextStruct
from ..types.scalars import IntType
from ..types.structs import StructType
from ..types.subprograms import Context as ContextAnnotation
from . import subprograms
from .contexts import ContextType
from .network import NetContext
from .values import Context, Known, Place, RecordRef, StructPlace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ir.core import Value
    from ..spec.target import Target
    from ..types.scalars import Type
    from .calls import Call, Calls
    from .expressions import Expressions
    from .values import Val

_HINT = "annotate parameters and result: def f(port: u16) -> u32"


def signature_of(front: Expressions, definition: ast.FunctionDef, kind: str) -> Signature:
    """Return the types of a function's parameters and of its result; `kind` is that of the hook whose context it takes.

    Raises: Refusal unless they are a context, integers and structs, and an integer.
    """
    a = definition.args
    if a.vararg or a.kwonlyargs or a.kwarg:
        raise Refusal(f"{definition.name}() takes more than plain parameters", _HINT)
    params = [(p.arg, _type(front, p.annotation, p.arg, kind, n)) for n, p in enumerate(a.posonlyargs + a.args)]
    if len(params) > MOST_ARGUMENTS:
        raise Refusal(f"{len(params)} values would have to be passed, and it takes up to {MOST_ARGUMENTS}")
    result = _type(front, definition.returns, "the result", kind, -1)
    if not isinstance(result, IntType):
        raise Refusal("the result of a function that can be replaced is an integer", _HINT)
    return Signature(params, result)


def _type(front: Expressions, annotation: ast.expr | None, what: str, kind: str, n: int) -> Type:
    value = front.expr(annotation) if annotation is not None else None
    found: Any = value.object if isinstance(value, Known) else None
    if isinstance(found, IntType):
        return found
    if n >= 0 and isinstance(getattr(found, "_type", None), StructType):
        made: Type = found._type
        return made
    if found is ContextAnnotation:
        if n:
            raise Refusal(f"{what} is the context, which is the first parameter")
        if kind not in NetContext.KINDS:
            hint = "those of network hooks: xdp, tc, cgroup_skb and their like; freplace takes hook= for a target by id"
            raise Refusal("functions that can be replaced take no context of this kind", hint)
        return ContextStruct(kind.removesuffix(".frags"))
    raise Refusal(f"{what} of a function that can be replaced is no integer of a known width", _HINT)


def call(front: Calls, call: Call, definition: ast.FunctionDef) -> Val:
    """Call a function that can be replaced, with the arguments in `front.env`. Raises: Refusal if it cannot be one."""
    obj, name = front.low.obj, definition.name
    around = front.context
    kind = around.kind + (".frags" if around.has_frags else "") if isinstance(around, NetContext) else ""
    signature = signature_of(front, definition, kind)
    if front.subprograms is None:
        front.subprograms = subprograms.Subprograms(front.chosen)
    values = list(front.env.items())
    inner = NetContext(kind) if kind else around
    types = [type for _, type in signature.params]
    arguments = [_argument(front, definition, type, *given, inner) for type, given in zip(types, values)]
    known = obj.replaceable.get(call.function)
    if known is None or name not in obj.functions:
        state, reasons = front.subprograms, front.subprograms.reasons
        reasons.clear()
        front.context = inner
        try:
            known = subprograms.build(front, state, call, definition, arguments, signature)
        finally:
            front.context = around
        if known is None:
            why = reasons[0].message if reasons else "it was refused before"
            raise Refusal(f"{name}() cannot be replaceable: {why}", reasons[0].hint if reasons else "")
        known.replaced[:] = [None] if any(isinstance(type, StructType) for type in types) else []
        obj.replaceable[call.function] = known
    made = front.as_num(subprograms.emit(front, known, arguments))
    if arguments and arguments[0].type == PTR_CTX and isinstance(around, NetContext):
        if around.hook.start:
            packet = around.packet(front.low)
            packet.forget()
            packet.moved()
        if around.sockets:
            around.moved_socket(front.low)
    return wrap(front.low, Num(made.value, 0, U64_HI), signature.result.size, signature.result.signed)


def _argument(
    front: Calls, definition: ast.FunctionDef, type: Type, name: str, value: Val, inner: ContextType
) -> subprograms.Argument:
    """One that is in the range of its annotation already, and may be anything of it in the function."""
    if isinstance(type, IntType):
        low, high = type.lo, type.hi
        return subprograms.Argument(type, front.as_num(value).value, I64, lambda p: Num(p, low, high))
    if not isinstance(type, StructType):
        if not isinstance(value, Context):
            raise Refusal(f"{name} is the probe's context, not {front.describe(value)}")
        return subprograms.Argument(type, value.pointer, PTR_CTX, lambda p: Context(p, inner))
    passed = subprograms.argument_of(front, definition, name, value, True)
    place = passed.make(passed.value) if passed.value is not None else value
    if isinstance(place, Place) and place.is_shared:
        raise Refusal(f"{name} lies in a map, where others may change it", "pass a copy, and assign it afterwards")
    is_aligned = isinstance(place, RecordRef) or isinstance(place, StructPlace) and place.align >= type.align
    if not is_aligned or place.type is not type:  # type: ignore[union-attr]
        raise Refusal(f"{name} is {type.name}, not {front.describe(value)}")
    return subprograms.Argument(type, passed.value, PTR_MEM_OR_NULL, lambda p: _struct(front.low, p, type))


def _struct(low: Lowering, pointer: Value, type: StructType) -> RecordRef:
    """A struct that a caller has passed: it is there, and the verifier has to see that."""
    absent, there = low.blocks(2)
    low.b.branch("eq", pointer, low.b.const(0), absent, there)
    low.b.start(absent)
    low.b.ret(low.b.const(0))
    low.b.start(there)
    return RecordRef(low.b.non_null(pointer), type, touched=set(type.fields))


class Replacement(Lowering):
    """Lowers a function that takes the place of another: it has that one's arguments."""

    @property
    def ctx(self) -> Value:
        """The program's context, if the function takes it. Raises: Refusal."""
        params = self.b.function.entry.params
        if self.has_context and params:
            return params[0]
        raise Refusal("what replaces a function has its arguments, and not the context of the program")

    has_context = False


class ReplacementContext(ContextType):
    """The arguments of the function that is replaced, in registers."""

    noun = "replacement"
    argument = "port: u16"
    default_result = None
    result_hint = "return what the function that it replaces would"
    by_position = True
    lowering = Replacement
    signature: Signature

    def declare(self, front: Expressions, definition: ast.FunctionDef) -> None:
        """Note the types of parameters and result. Raises: Refusal."""
        section = (front.probe.options or {}).get("target_hook", "")
        kind = parse_section(section).kind if section else ""
        signature = signature_of(front, definition, kind)
        types = [type for _, type in signature.params]
        if types:
            registers = [Param(_REGISTERS.get(type.__class__, PTR_MEM_OR_NULL)) for type in types]
            front.b.function.entry.params[:] = registers
        made: ReplacementContext | NetReplacement = self
        if types and isinstance(types[0], ContextStruct):
            front.low.has_context = True  # type: ignore[attr-defined]
            made = front.context = NetReplacement(kind)
        made.signature = signature

    def bind(self, front: Expressions, pointer: Value, parameter: ast.arg) -> Val:
        """A parameter that is called `ctx`: an argument like any other."""
        return self.positional(front, pointer, parameter, 0)

    def positional(self, front: Expressions, pointer: Value, parameter: ast.arg, n: int) -> Val:
        """The argument of this name, whatever the caller has in the rest of the register."""
        return _received(front, self, parameter.arg)

    def returned(self, front: Expressions, value: Val) -> Num:
        """The result, cut to its type."""
        return _cut(front, self.signature, value)


class NetReplacement(NetContext):
    """The context of a network hook, beside the other arguments of the function that is replaced."""

    signature: Signature
    by_position = True

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.noun, self.argument, self.failure = "replacement", "pkt: Context", 0
        self.default_result, self.result_hint = None, ReplacementContext.result_hint

    def bind(self, front: Expressions, pointer: Value, parameter: ast.arg) -> Val:
        """A parameter that is called `ctx`: an argument like any other."""
        return self.positional(front, pointer, parameter, 0)

    def positional(self, front: Expressions, pointer: Value, parameter: ast.arg, n: int) -> Val:
        """The argument of this name: the context, or another."""
        return _received(front, self, parameter.arg)

    def returned(self, front: Expressions, value: Val) -> Num:
        """The result, cut to its type."""
        return _cut(front, self.signature, value)


_REGISTERS = {IntType: I64, ContextStruct: PTR_CTX}


def _received(front: Expressions, context: ReplacementContext | NetReplacement, name: str) -> Val:
    params = front.b.function.entry.params
    n = [known for known, _ in context.signature.params].index(name)
    type = context.signature.params[n][1]
    if isinstance(type, IntType):
        return wrap(front.low, Num(params[n], 0, U64_HI), type.size, type.signed)
    return _struct(front.low, params[n], type) if isinstance(type, StructType) else Context(params[n], context)


def _cut(front: Expressions, signature: Signature, value: Val) -> Num:
    n, type = front.as_num(value), signature.result
    check_assignable(n, type.lo, type.hi, f"the result ({type.name})")
    return wrap(front.low, n, type.size, type.signed)


def replacement_context(function: str, target: Target) -> ReplacementContext:
    """Return the context of what replaces a function."""
    return ReplacementContext()

"""Functions that are global in their program, and those that take their place: integers in, an integer out.

The verifier checks such a function by itself, for any arguments; and its callers take any result of its type.
Source: btf_prepare_func_args and btf_check_func_type_match in kernel/bpf/btf.c (Linux 6.18).
"""

from __future__ import annotations

import _ast as ast

from ..ir.core import I64, Param
from ..lower.inner import MOST_ARGUMENTS
from ..lower.numbers import U64_HI, Num, Refusal, check_assignable, wrap
from ..lower.object import Signature
from ..lower.program import Lowering
from ..types.scalars import IntType
from . import subprograms
from .contexts import ContextType
from .values import Known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Value
    from ..spec.target import Target
    from .calls import Call, Calls
    from .expressions import Expressions
    from .values import Val

_HINT = "annotate parameters and result: def f(port: u16) -> u32"


def signature_of(front: Expressions, definition: ast.FunctionDef) -> Signature:
    """Return the types of a function's parameters and of its result. Raises: Refusal unless all are integers."""
    a = definition.args
    if a.vararg or a.kwonlyargs or a.kwarg:
        raise Refusal(f"{definition.name}() takes more than plain parameters", _HINT)
    params = [(p.arg, _integer(front, p.annotation, p.arg)) for p in a.posonlyargs + a.args]
    if len(params) > MOST_ARGUMENTS:
        raise Refusal(f"{len(params)} values would have to be passed, and it takes up to {MOST_ARGUMENTS}")
    return Signature(params, _integer(front, definition.returns, "the result"))


def _integer(front: Expressions, annotation: ast.expr | None, what: str) -> IntType:
    value = front.expr(annotation) if annotation is not None else None
    if isinstance(value, Known) and isinstance(value.object, IntType):
        return value.object
    raise Refusal(f"{what} of a function that can be replaced is no integer of a known width", _HINT)


def call(front: Calls, call: Call, definition: ast.FunctionDef) -> Val:
    """Call a function that can be replaced, with the arguments in `front.env`. Raises: Refusal if it cannot be one."""
    obj, name = front.low.obj, definition.name
    signature = signature_of(front, definition)
    if front.subprograms is None:
        front.subprograms = subprograms.Subprograms(front.chosen)
    arguments = [_argument(front, type, value) for (_, type), value in zip(signature.params, front.env.values())]
    known = obj.replaceable.get(call.function)
    if known is None or name not in obj.functions:
        state, reasons = front.subprograms, front.subprograms.reasons
        reasons.clear()
        known = subprograms.build(front, state, call, definition, arguments, signature)
        if known is None:
            why = reasons[0].message if reasons else "it was refused before"
            raise Refusal(f"{name}() cannot be replaceable: {why}", reasons[0].hint if reasons else "")
        obj.replaceable[call.function] = known
    made = front.as_num(subprograms.emit(front, known, arguments))
    return wrap(front.low, Num(made.value, 0, U64_HI), signature.result.size, signature.result.signed)


def _argument(front: Calls, type: IntType, value: Val) -> subprograms.Argument:
    """One that is in the range of its annotation already, and may be anything of it in the function."""
    return subprograms.Argument(type, front.as_num(value).value, I64, lambda p: Num(p, type.lo, type.hi))


class Replacement(Lowering):
    """Lowers a function that takes the place of another: it has that one's arguments, and no context."""

    @property
    def ctx(self) -> Value:
        """Raises: Refusal."""
        raise Refusal("what replaces a function has its arguments, and not the context of the program")


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
        self.signature = signature_of(front, definition)
        if self.signature.params:
            front.b.function.entry.params[:] = [Param(I64) for _ in self.signature.params]

    def positional(self, front: Expressions, pointer: Value | None, parameter: ast.arg, n: int) -> Val:
        """The nth argument, whatever the caller has in the rest of the register."""
        type = self.signature.params[n][1]
        return wrap(front.low, Num(front.b.function.entry.params[n], 0, U64_HI), type.size, type.signed)

    def returned(self, front: Expressions, value: Val) -> Num:
        """The result, cut to its type."""
        n, type = front.as_num(value), self.signature.result
        check_assignable(n, type.lo, type.hi, f"the result ({type.name})")
        return wrap(front.low, n, type.size, type.signed)


def replacement_context(function: str, target: Target) -> ReplacementContext:
    """Return the context of what replaces a function."""
    return ReplacementContext()

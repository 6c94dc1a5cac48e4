"""Programs that are run by a call, on a struct that the caller gives: BPF_PROG_TYPE_SYSCALL."""

from __future__ import annotations

import _ast as ast

from ..lower.numbers import Refusal
from ..types.structs import Struct
from .contexts import ContextType
from .values import Known, RecordRef

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Value
    from ..spec.target import Target
    from .expressions import Expressions
    from .values import Val


class SyscallContext(ContextType):
    """The caller's struct, in place."""

    noun = "syscall program"
    argument = "args: Args"

    def bind(self, front: Expressions, pointer: Value, parameter: ast.arg) -> Val:
        """The struct that the parameter is annotated with."""
        annotation = front.expr(parameter.annotation) if parameter.annotation is not None else Known(None)
        cls = annotation.object if isinstance(annotation, Known) else None
        if not (isinstance(cls, type) and issubclass(cls, Struct)):
            hint = f"annotate it with a Struct: {parameter.arg}: Args"
            raise Refusal("a syscall program takes one argument, a struct of a known type", hint)
        return RecordRef(pointer, cls._type, touched=set(cls._type.fields))


def syscall_context(attach_to: str, target: Target) -> SyscallContext:
    """Return the context of such a program."""
    return SyscallContext()

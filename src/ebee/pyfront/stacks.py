"""Stacks in a probe: recorded in a map, or written into a field."""

from __future__ import annotations

import _ast as ast

from ..abi import bpf
from ..abi.helpers import BPF_FUNC as FUNC
from ..lower.numbers import Num, Refusal
from ..types import stacks as declared
from ..types.fields import ListType
from ..types.scalars import INT_TYPES
from .kinds import Kind
from .values import Known, StackFrames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ir.core import Value
    from ..types.scalars import Type
    from .expressions import Expressions
    from .values import Val

_EFAULT, _MOST_ERRNO = 14, 4095
U64 = INT_TYPES[3]


def stack_id(front: Expressions, node: ast.Call) -> Val:
    """ebee.stack_id(stacks, user=True, skip=1)"""
    flags = _flags(front, "stack_id", {k.arg: k.value for k in node.keywords})
    (where,) = front.arguments(ast.Call(node.func, node.args, []), "stack_id", 1, 1)
    stacks = front.expr(where)
    decl: Any = stacks.object if isinstance(stacks, Known) else None
    if not isinstance(decl, declared.StackTrace):
        raise Refusal(f"stack_id() takes a StackTrace, not {front.describe(stacks)}")
    low, b = front.low, front.b
    number: Value = b.call(FUNC.get_stackid, low.ctx, low.map(decl), b.const(flags))
    failed, lost, done = low.blocks(3)
    b.branch("slt", number, b.const(0), failed, done)
    b.start(failed)
    b.branch("eq", number, b.const(-_EFAULT), done, lost)  # that there is no such stack is no loss
    b.start(lost)
    low.lose("stack_lost", decl.name)
    b.jump(done)
    b.start(done)
    return Num(number, -_MOST_ERRNO, (1 << 31) - 1)


def frames(name: str) -> Any:
    """ebee.user_stack(skip), ebee.kernel_stack(skip)"""

    def lower(front: Expressions, node: ast.Call) -> Val:
        arguments = {k.arg: k.value for k in node.keywords}
        arguments |= dict(zip(("skip",), front.arguments(ast.Call(node.func, node.args, []), name, 0, 1)))
        flags = _flags(front, name, arguments)
        return StackFrames(flags | (bpf.BPF_F_USER_STACK if name == "user_stack" else 0))

    return lower


def _flags(front: Expressions, name: str, given: dict[str | None, ast.expr]) -> int:
    takes = ("user", "skip") if name == "stack_id" else ("skip",)
    flags = 0
    for word, node in given.items():
        value = front.expr(node)
        number = value.object if isinstance(value, Known) else None
        if word not in takes or not isinstance(number, int) or not 0 <= number <= (1 if word == "user" else 255):
            raise Refusal(f"{name}() takes {' and '.join(f'{n}=' for n in takes)} as constants")
        flags |= bpf.BPF_F_USER_STACK if word == "user" and number else 0 if word == "user" else number
    return flags


def store(front: Expressions, base: Value, off: int, type: Type, value: StackFrames, what: str) -> None:
    """Write a stack into a list of u64. Raises: Refusal."""
    if not isinstance(type, ListType) or type.element != U64:
        raise Refusal(f"{what} cannot hold a stack", "declare the field as List(u64, 32)")
    low = front.low
    low.b.call(FUNC.get_stack, low.ctx, low.at(base, off), low.b.const(type.size), low.b.const(value.flags))


class StackFramesKind(Kind):
    """A stack that is not yet written anywhere."""

    def describe(self, front: Expressions, value: StackFrames) -> str:
        return "a stack"

    def kept(self, front: Expressions, name: str, value: StackFrames) -> Val:
        raise Refusal("a stack has no name of its own", "assign it to a field List(u64, n), or use ebee.stack_id()")

"""Hooks on functions of programs: user-space probes. Their context is struct pt_regs; parameters are by position."""

from __future__ import annotations

import _ast as ast

from ..abi.helpers import BPF_FUNC as FUNC
from ..abi.pt_regs import PT_REGS
from ..lower.numbers import U64_HI, Num, Refusal, wrap
from ..types.scalars import IntType
from .contexts import ContextType
from .kprobe_contexts import stack_off
from .values import Arguments, Known, UserStr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Value
    from ..lower.program import Lowering
    from ..spec.target import Target
    from .expressions import Expressions
    from .values import Val

_MOST_ARGUMENTS = 12


class UserContext(ContextType):
    """Registers of a process, and arguments by position: `ctx.arg0`, `ctx.args[0]`, or the probe's own parameters.

    `slots` is how many arguments there are at most. `args` is there for `ctx.args`: nothing is known by name.
    """

    by_position = True
    is_read_only = True
    args: tuple[()] = ()

    def __init__(self, noun: str, arch: str, slots: int) -> None:
        self.noun, self.arch, self.slots, self.regs = noun, arch, slots, PT_REGS[arch]

    def attribute(self, low: Lowering, pointer: Value, name: str) -> Val:
        """`ctx.ip`, `ctx.sp`, `ctx.cookie`, `ctx.args`, `ctx.arg0` and so on."""
        if name in ("ip", "sp"):
            return Num(low.b.load(pointer, getattr(self.regs, name), 8), 0, U64_HI)
        if name == "cookie":
            return Num(low.b.call(FUNC.get_attach_cookie, pointer), 0, U64_HI)
        if self.slots and name == "args":
            return Arguments(pointer, self)
        if self.slots and name.startswith("arg") and name[3:].isdecimal():
            return self.at(low, pointer, int(name[3:]))
        raise Refusal(f"the argument of a {self.noun} has no attribute {name!r}", f"it has {', '.join(self.names())}")

    def names(self) -> list[str]:
        """Return what `attribute` knows, in words."""
        return ["ip", "sp", "cookie", *(["args", "arg0"] if self.slots else [])]

    def at(self, low: Lowering, pointer: Value, n: int) -> Num:
        """An argument by position. Raises: Refusal for one that there is not."""
        if n >= self.slots:
            raise Refusal(f"a {self.noun} has {self.slots or 'no'} arguments: there is no [{n}]")
        return self.passed(low, pointer, n)

    def passed(self, low: Lowering, pointer: Value, n: int) -> Num:
        """An argument as it was passed: in a register, or on the stack."""
        if n < len(self.regs.args):
            return Num(low.b.load(pointer, self.regs.args[n], 8), 0, U64_HI, "void *")
        stack: Value = low.b.load(pointer, self.regs.sp, 8)
        off = stack_off(self.arch, n - len(self.regs.args))
        return Num(read_user_number(low, low.at(stack, off), 8, f"argument {n}"), 0, U64_HI, "void *")

    def positional(self, front: Expressions, pointer: Value, parameter: ast.arg, n: int) -> Val:
        """What a parameter beside `ctx` is, the nth of them. Raises: Refusal."""
        if n >= self.slots:
            count = f"{self.slots} arguments" if self.slots else "no arguments"
            raise Refusal(f"a {self.noun} has {count}, and {parameter.arg} is one more")
        return declared(front, self.passed(front.low, pointer, n), parameter)


def declared(front: Expressions, n: Num, parameter: ast.arg) -> Val:
    """A number from a register as the type that a parameter is annotated with. Raises: Refusal."""
    if parameter.annotation is None:
        return n
    annotation = front.expr(parameter.annotation)
    type = annotation.object if isinstance(annotation, Known) else None
    if type is str:
        return UserStr(Num(n.value, 0, U64_HI, "char *"), 0, parameter.arg)
    if not isinstance(type, IntType):
        hint = "it is u8 to u64, s8 to s64, or str; what a pointer leads to: p: u64, then ebee.read_user(p, Point)"
        raise Refusal(f"an argument of a {front.context.noun} is a number or a string", hint)
    if type.signed and type.size == 8:
        return Num(n.value, -1 << 63, (1 << 63) - 1)
    return wrap(front.low, Num(n.value, 0, U64_HI), type.size, type.signed)


def read_user_number(low: Lowering, address: Value, size: int, what: str) -> Value:
    """The number at an address of the process, zero-extended; where it cannot be read it is 0, and that is counted."""
    memory = low.scratch("user", 8)
    result = low.b.call(FUNC.probe_read_user, memory, low.b.const(size), address)
    n = low.b.load(memory, 0, size)
    low.count_if("ne", result, "user_read_fault", what)
    return n


class UretprobeContext(UserContext):
    """Where a function has returned."""

    def __init__(self, noun: str, arch: str) -> None:
        super().__init__(noun, arch, 0)

    def attribute(self, low: Lowering, pointer: Value, name: str) -> Val:
        """`ctx.ret`, or as in a uprobe."""
        if name == "ret":
            return Num(low.b.load(pointer, self.regs.ret, 8), 0, U64_HI, "void *")
        return super().attribute(low, pointer, name)

    def names(self) -> list[str]:
        """Return what `attribute` knows, in words."""
        return ["ret", *super().names()]

    def positional(self, front: Expressions, pointer: Value, parameter: ast.arg, n: int) -> Val:
        """The one parameter beside `ctx`: the result."""
        if parameter.arg != "ret":
            hint = "the arguments are gone: write ctx, or ret"
            raise Refusal(f"a {self.noun} has no argument {parameter.arg!r}", hint)
        result = self.attribute(front.low, pointer, "ret")
        assert isinstance(result, Num)
        return declared(front, result, parameter)


class UprobeSessionContext(UserContext):
    """Where a function begins, and where the same call returns."""

    result_hint = "1, where the function begins, leaves out the return of this call"

    def attribute(self, low: Lowering, pointer: Value, name: str) -> Val:
        """`ctx.is_return`, `ctx.ret`, or as in a uprobe."""
        if name == "is_return":
            return Num(low.b.op("zext", low.call_kfunc("bpf_session_is_return", [pointer]), size=1), 0, 1)
        if name == "ret":
            return Num(low.b.load(pointer, self.regs.ret, 8), 0, U64_HI, "void *")
        return super().attribute(low, pointer, name)

    def names(self) -> list[str]:
        """Return what `attribute` knows, in words."""
        return ["is_return", "ret", *super().names()]

    def check_result(self, value: Val) -> None:
        """0 or 1."""
        if isinstance(value, Known) and isinstance(value.object, int):
            fits = value.object in (0, 1)
        else:
            fits = isinstance(value, Num) and value.lo >= 0 and value.hi <= 1
        if not fits:
            raise Refusal(f"a {self.noun} must return a number from 0 to 1", self.result_hint)


def _where(attach_to: str) -> tuple[str, str]:
    """Return the file and the function of a section's name, the file without its directories."""
    path, _, function = attach_to.rpartition(":")
    return path.rpartition("/")[2], function


def uprobe_context(attach_to: str, target: Target) -> UserContext:
    """Return the context of a function's beginning, or of an instruction inside it."""
    file, function = _where(attach_to)
    return UserContext(f"uprobe on {file}:{function}", target.arch, 0 if "+" in function else _MOST_ARGUMENTS)


def uretprobe_context(attach_to: str, target: Target) -> UserContext:
    """Return the context of a function's end."""
    return UretprobeContext("uretprobe on {}:{}".format(*_where(attach_to)), target.arch)


def uprobe_session_context(attach_to: str, target: Target) -> UserContext:
    """Return the context of a function's beginning and end."""
    return UprobeSessionContext("uprobe session on {}:{}".format(*_where(attach_to)), target.arch, _MOST_ARGUMENTS)

"""Hooks on the marks that programs have for tracers (USDT): typed arguments, wherever each place has them."""

from __future__ import annotations

import _ast as ast

from ..abi.helpers import BPF_FUNC as FUNC
from ..errors import EbeeError
from ..lower.numbers import U64_HI, Num, Refusal, union, wrap
from ..spec.usdt import CONSTANT, REGISTER, forms_of
from .user_contexts import UserContext, read_user_number
from .values import UserStr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Value
    from ..lower.program import Lowering
    from ..spec.target import Target
    from ..spec.usdt import UsdtArgument
    from .expressions import Expressions
    from .values import Val


class UsdtContext(UserContext):
    """A mark. `forms` are the ways in which its places have their arguments; a place's cookie says which is its own."""

    def __init__(self, noun: str, arch: str, forms: list[list[UsdtArgument | str]]) -> None:
        super().__init__(noun, arch, min(len(form) for form in forms))
        self.forms = forms

    def names(self) -> list[str]:
        """Return what `attribute` knows, in words."""
        return ["ip", "sp", *(["args", "arg0"] if self.slots else [])]

    def attribute(self, low: Lowering, pointer: Value, name: str) -> Val:
        """As in a uprobe; the cookie is ebee's own."""
        if name == "cookie":
            raise Refusal(f"a {self.noun} has no cookie", "places are told apart by ctx.ip")
        return super().attribute(low, pointer, name)

    def passed(self, low: Lowering, pointer: Value, n: int) -> Num:
        """An argument, with the width and sign that the file says."""
        ways: list[tuple[UsdtArgument, list[int]]] = []
        for cookie, form in enumerate(self.forms):
            arg = form[n]
            if isinstance(arg, str):
                raise Refusal(f"argument {n} of this {self.noun} cannot be read: {arg}")
            same = next((cookies for known, cookies in ways if known == arg), None)
            if same is None:
                ways.append((arg, [cookie]))
            else:
                same.append(cookie)
        if len(ways) == 1:
            return self.read(low, pointer, ways[0][0], n)
        return self.choose(low, pointer, ways, n)

    def choose(self, low: Lowering, pointer: Value, ways: list[tuple[UsdtArgument, list[int]]], n: int) -> Num:
        """An argument that is elsewhere at each place: the cookie says where."""
        b = low.b
        cookie = b.call(FUNC.get_attach_cookie, pointer)
        (done,) = low.blocks(1)
        name, whole = f"argument {n} {id(done)}", None
        for arg, cookies in ways[:-1]:
            here, following = low.blocks(2)
            for number in cookies[:-1]:
                (next_test,) = low.blocks(1)
                b.branch("eq", cookie, b.const(number), here, next_test)
                b.start(next_test)
            b.branch("eq", cookie, b.const(cookies[-1]), here, following)
            b.start(here)
            value = self.read(low, pointer, arg, n)
            b.write(name, value.value)
            whole = value if whole is None else union(whole, value)
            b.jump(done)
            b.start(following)
        value = self.read(low, pointer, ways[-1][0], n)
        b.write(name, value.value)
        b.jump(done)
        b.start(done)
        assert whole is not None
        whole = union(whole, value)
        return Num(b.read(name, value.value.type), whole.lo, whole.hi)

    def read(self, low: Lowering, pointer: Value, arg: UsdtArgument, n: int) -> Num:
        """An argument where a description says."""
        b = low.b
        if arg.kind == CONSTANT:
            bits = 8 * arg.size
            number = arg.number & (1 << bits) - 1
            if arg.is_signed and number >> bits - 1:
                number -= 1 << bits
            return Num(b.const(number), number, number)
        if arg.kind == REGISTER:
            raw: Value = b.load(pointer, arg.base, 8)
        else:
            parts = [b.load(pointer, arg.base, 8)] if arg.base >= 0 else []
            if arg.index >= 0:
                parts.append(b.op("mul", b.load(pointer, arg.index, 8), b.const(arg.scale)))
            address = parts[0] if len(parts) == 1 else b.op("add", *parts)
            raw = read_user_number(low, low.at(address, arg.number), arg.size, f"argument {n}")
        if arg.size == 8:
            return Num(raw, -1 << 63, (1 << 63) - 1) if arg.is_signed else Num(raw, 0, U64_HI, "void *")
        return wrap(low, Num(raw, 0, U64_HI), arg.size, arg.is_signed)

    def positional(self, front: Expressions, pointer: Value, parameter: ast.arg, n: int) -> Val:
        """What a parameter beside `ctx` is; without an annotation it has the type that the file says."""
        found = super().positional(front, pointer, parameter, n)
        if isinstance(found, UserStr):
            for form in self.forms:
                arg = form[n]
                if not isinstance(arg, str) and arg.size != 8:
                    raise Refusal(f"{parameter.arg} has {arg.size} bytes, and the address of a string has 8")
        return found


def usdt_context(attach_to: str, target: Target) -> UsdtContext:
    """Return the context of a mark. Raises: Refusal if the target does not have it."""
    path, _, mark = attach_to.partition(":")
    provider, _, name = mark.partition(":")
    noun = f"USDT probe on {path.rpartition('/')[2]}:{mark}"
    try:
        sites = target.usdt(path, provider, name)
    except EbeeError as e:
        raise Refusal(str(e), e.hint) from None
    return UsdtContext(noun, target.arch, forms_of(sites))



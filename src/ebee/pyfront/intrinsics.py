"""Calls of ebee's own functions: ebee.pid() and its like. One table, `INTRINSICS`."""

from __future__ import annotations

import _ast as ast

from ..abi.helpers import BPF_FUNC as FUNC
from ..lower.numbers import S64_HI, S64_LO, Num, Refusal, at_most, check_assignable
from ..lower.program import TASK_NUMBERS, task_number
from ..types import intrinsics as declared
from ..types.scalars import NumType, StrType
from .values import BytesPlace, Comm, Known, Place, Unread, UserStr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..ir.core import Value
    from ..types.scalars import Type
    from .expressions import Expressions
    from .values import Val

    Intrinsic = Callable[[Expressions, ast.Call], Val]

_MOST_COUNTED = 4096


def call(front: Expressions, function: Any, node: ast.Call) -> Val:
    """Lower `ebee.function(…)`. Raises: Refusal."""
    name = function.__name__
    if not front.context.has_task and name not in ANYWHERE:
        raise Refusal(f"ebee.{name}() has no meaning in a {front.context.noun}: it runs on behalf of no task")
    return INTRINSICS[function](front, node)


def _task_number(name: str) -> Intrinsic:
    def lower(front: Expressions, node: ast.Call) -> Val:
        front.arguments(node, name, 0, 0)
        return task_number(front.low, name)

    return lower


def _comm(front: Expressions, node: ast.Call) -> Val:
    front.arguments(node, "comm", 0, 0)
    return Comm()


def _current_task(front: Expressions, node: ast.Call) -> Val:
    from . import kernel_types

    front.arguments(node, "current_task", 0, 0)
    return kernel_types.current_task(front)


def _current_cgroup(front: Expressions, node: ast.Call) -> Val:
    from . import kernel_types

    front.arguments(node, "current_cgroup", 0, 0)
    return kernel_types.current_cgroup(front)


def _address(front: Expressions, node: ast.expr, name: str) -> Num:
    address = front.num(node)
    if "*" not in address.c_type and not (address.lo >= 0 and address.hi >= 1 << 32):
        raise Refusal(f"{name}() takes an address, not {address.describe()}")
    return address


def _string(name: str, *, is_kernel: bool = False) -> Intrinsic:
    def lower(front: Expressions, node: ast.Call) -> Val:
        arguments = front.arguments(node, name, 1, 2)
        address = _address(front, arguments[0], name)
        if address.is_kernel_pointer:
            from ..lower.kernel_types import struct_of

            raise Refusal(f"{name}() takes the address of a string, not a pointer to {struct_of(address)}")
        size = front.expr(arguments[1]) if len(arguments) > 1 else Known(0)
        what = front.source.text_of(arguments[0])
        if isinstance(size, Num):
            count = _count(size, _MOST_COUNTED, name)
            return UserStr(address, count.hi, what, is_kernel, count)
        if not (isinstance(size, Known) and isinstance(size.object, int) and 0 <= size.object <= 1 << 20):
            raise Refusal(f"the size of {name}() is a number of bytes")
        return UserStr(address, size.object, what, is_kernel)

    return lower


def _count(n: Num, most: int, name: str) -> Num:
    """A size in bytes that is known at run time. Raises: Refusal for one without bounds."""
    if n.lo < 0 or n.hi > most:
        raise Refusal(f"the size of {name}() is {n.describe()}", f"bound it from 0 to {most}: min(u32(n), {most})")
    return n


def _read(name: str, helper: int, *, is_kernel: bool = False) -> Intrinsic:
    def lower(front: Expressions, node: ast.Call) -> Val:
        where, of, *rest = front.arguments(node, name, 2, 3)
        address, type = _address(front, where, name), _type(front, of, name)
        what = front.source.text_of(where)
        count = _count(front.num(rest[0]), type.size, name) if rest else None
        if isinstance(type, StrType):
            return UserStr(address, type.size, what, is_kernel, count)
        if count is not None and isinstance(type, NumType):
            raise Refusal(f"a {type.name} is read whole", "give the size with Bytes, List or Str")
        unread = Unread(address, type, what, helper, is_kernel, count)
        return unread if front.into is node and not isinstance(type, NumType) else now(front, unread)

    return lower


def now(front: Expressions, unread: Unread) -> Val:
    """What is at an address, read to the stack."""
    from .arrays import read

    type = unread.type
    memory = front.b.alloca(-(-type.size // 8) * 8)
    read_to(front, unread, memory, 0, 8)
    value = read(front, Place(memory, 0, type, is_copy=True))
    return BytesPlace(memory, 0, type, is_own=True) if isinstance(value, BytesPlace) else value


def read_to(front: Expressions, unread: Unread, base: Value, off: int, align: int) -> None:
    """Read what is at an address to where it is to lie."""
    low, size = front.low, unread.type.size
    if unread.count is not None:
        low.zero(base, off, size, align)
    length = low.b.const(size) if unread.count is None else at_most(low, unread.count).value
    result = low.b.call(unread.helper, low.at(base, off), length, unread.address.value)  # zeros if it fails
    low.count_if("ne", result, "kernel_fault" if unread.is_kernel else "user_read_fault", unread.what)


def _type(front: Expressions, node: ast.expr, name: str) -> Type:
    from ..errors import UsageError
    from ..types.structs import type_of

    value = front.expr(node)
    try:
        return type_of(value.object if isinstance(value, Known) else None, f"{name}()")
    except UsageError as e:
        raise Refusal(str(e), e.hint) from None


# Helpers that say where a packet goes: their hooks, and how many arguments they take.
_REDIRECTS = {
    "redirect": (FUNC.redirect, ("xdp", "tcx/ingress", "tcx/egress", "netkit/primary", "netkit/peer", "lwt_xmit"), 2),
    "redirect_peer": (FUNC.redirect_peer, ("tcx/ingress", "netkit/primary", "netkit/peer"), 1),
}


def _redirect(name: str) -> Intrinsic:
    def lower(front: Expressions, node: ast.Call) -> Val:
        helper, hooks, most = _REDIRECTS[name]
        if getattr(front.context, "kind", "") not in hooks:
            raise Refusal(f"ebee.{name}() has no meaning in a {front.context.noun}")
        numbers = [front.num(argument) for argument in front.arguments(node, name, 1, most)]
        for n in numbers:
            check_assignable(n, 0, (1 << 32) - 1, f"an argument of {name}()")
        flags = numbers[1].value if len(numbers) > 1 else front.b.const(0)
        return Num(front.b.call(helper, numbers[0].value, flags), 0, 8)

    return lower


# Atomic operations that return what was there.
_FETCHES = {"fetch_add": "add", "fetch_and": "and", "fetch_or": "or", "fetch_xor": "xor", "xchg": "xchg"}


def _fetch(name: str) -> Intrinsic:
    def lower(front: Expressions, node: ast.Call) -> Val:
        from . import atomics

        return atomics.fetch(_FETCHES[name], name)(front, node)

    return lower


def _cmpxchg(front: Expressions, node: ast.Call) -> Val:
    from .atomics import compare_exchange

    return compare_exchange(front, node)


def _log2(front: Expressions, node: ast.Call) -> Val:
    from ..lower.bits import log2

    (argument,) = front.arguments(node, "log2", 1, 1)
    value = front.expr(argument)
    if isinstance(value, Known) and isinstance(value.object, int) and value.object >= 0:
        return Known(declared.log2(value.object))
    return log2(front.low, front.as_num(value))


def _signal(front: Expressions, node: ast.Call) -> Val:
    (number,) = (front.num(argument) for argument in front.arguments(node, "signal", 1, 1))
    check_assignable(number, 1, 64, "the number of a signal")
    return Num(front.b.call(FUNC.send_signal, number.value), S64_LO, S64_HI)


# What the kernel's types say when the program is loaded.
_ASKED = ("sizeof", "has_type", "has_enum_value", "enum_value")


def _ask(name: str) -> Intrinsic:
    def lower(front: Expressions, node: ast.Call) -> Val:
        from . import flavours

        answer: Intrinsic = getattr(flavours, name)
        return answer(front, node)

    return lower


_scope: list[Any] = []


def _followed(front: Expressions, node: ast.Call) -> Val:
    """ebee.followed(pid): whether the map of the scope has the process, or says that it has all."""
    from ..abi.bpf import BPF_F_NO_PREALLOC
    from ..lower.numbers import BOOL
    from ..spec.object import FOLLOWED, SCOPE_MAP, SCOPE_PROCESSES
    from ..types.maps import Hash
    from ..types.scalars import u8, u32

    if not _scope:
        _scope.append(Hash(u32, u8, max_entries=SCOPE_PROCESSES, name=SCOPE_MAP))
        _scope[0].map_flags = BPF_F_NO_PREALLOC
    decl, (given,) = _scope[0], front.arguments(node, "followed", 1, 1)
    low = front.low
    pid = Num(low.b.op("zext", front.num(given).value, size=4), 0, (1 << 32) - 1)  # the kernel's are s32
    front.low.obj.use_map(decl, SCOPE_MAP)
    states = [low.read_entry(decl, decl.value, front.key(decl, key)) for key in (pid, Known(0))]
    one = low.b.op("or", states[0].value, states[1].value)
    return Num(low.b.op("and", one, low.b.const(FOLLOWED)), 0, 1, BOOL)


INTRINSICS: dict[Any, Intrinsic] = {
    declared.followed: _followed,
    declared.log2: _log2,
    declared.signal: _signal,
    declared.comm: _comm,
    declared.current_cgroup: _current_cgroup,
    declared.current_task: _current_task,
    declared.user_str: _string("user_str"),
    declared.kernel_str: _string("kernel_str", is_kernel=True),
    declared.read_user: _read("read_user", FUNC.probe_read_user),
    declared.read_kernel: _read("read_kernel", FUNC.probe_read_kernel, is_kernel=True),
    **{getattr(declared, name): _task_number(name) for name in TASK_NUMBERS},
    **{getattr(declared, name): _redirect(name) for name in _REDIRECTS},
    declared.cmpxchg: _cmpxchg,
    **{getattr(declared, name): _ask(name) for name in _ASKED},
    **{getattr(declared, name): _fetch(name) for name in _FETCHES},
}
# Those that mean something where a probe runs on behalf of no task.
_NUMBERS = ("boot_ns", "cpu", "ktime", "log2", "numa_node", "random")
ANYWHERE = frozenset((*_NUMBERS, "followed", "kernel_str", "read_kernel", "cmpxchg", *_FETCHES, *_ASKED, *_REDIRECTS))
# Those that are called for what they do, not for their result.
EFFECTS: frozenset[Any] = frozenset(getattr(declared, name) for name in ("cmpxchg", "signal", *_FETCHES))

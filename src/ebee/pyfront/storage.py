"""Storage maps in a probe: values of tasks, inodes, sockets and control groups."""

from __future__ import annotations

import _ast as ast

from ..abi import bpf
from ..abi.helpers import BPF_FUNC as FUNC
from ..ir.core import PTR_BTF, PTR_VALUE_OR_NULL, Op
from ..lower import kernel_types as kernel
from ..lower.map_kinds import entry
from ..lower.numbers import Num, Refusal
from ..types.scalars import NumType
from .atomics import change, operand_of
from .map_methods import MapKind, as_meant, entry_or, found, value_or
from .values import Context, Entry, Known, Peek, Place, Sock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ir.core import Block, Value
    from .expressions import Expressions
    from .values import Val

_HELPERS = {
    bpf.BPF_MAP_TYPE_TASK_STORAGE: (FUNC.task_storage_get, FUNC.task_storage_delete),
    bpf.BPF_MAP_TYPE_INODE_STORAGE: (FUNC.inode_storage_get, FUNC.inode_storage_delete),
    bpf.BPF_MAP_TYPE_SK_STORAGE: (FUNC.sk_storage_get, FUNC.sk_storage_delete),
    bpf.BPF_MAP_TYPE_CGRP_STORAGE: (FUNC.cgrp_storage_get, FUNC.cgrp_storage_delete),
}
_SOCKET_CONTEXTS = ("cgroup/sock_", "cgroup/post_bind")  # whose argument is a socket
_OWN = {"task_struct": "ebee.current_task()", "cgroup": "ebee.current_cgroup()"}


class StorageKind(MapKind):
    """A storage map."""

    def method(self, front: Expressions, value: Known, name: str, node: ast.Call) -> Val:
        decl, what = value.object, front.source.text_of(node)
        if name == "get":
            owner, *default = front.arguments(node, name, 1, 2)
            if not (isinstance(decl.value, NumType) or default):
                what = f"{decl.name}.get() without a default is for maps whose values are integers"
                raise Refusal(what, "use v = m.lookup(owner)")
            pointer = _owner(front, decl, front.expr(owner))
            other = front.expr(default[0]) if default else Known(None)
            return value_or(front, decl, _value(front, decl, pointer), other, what)
        if name in ("pop", "setdefault"):
            given, other = front.operands(front.arguments(node, name, 2, 2))
            return (_pop if name == "pop" else _setdefault)(front, decl, _owner(front, decl, given), other, what)
        if name not in ("lookup", "get_or_create"):
            hint = "in a probe: m[owner], m.get(owner, d), m.lookup(owner), m.get_or_create(owner), m[owner] = v, "
            hint += "m[owner] += n, owner in m, del m[owner], m.pop(owner, d), m.setdefault(owner, v)"
            raise Refusal(f"{decl.name} is a {decl.kind}, which has no method {name}() in a probe", hint)
        (argument,) = front.arguments(node, name, 1, 1)
        owner_pointer = _owner(front, decl, front.expr(argument))
        if name == "lookup":
            return found(front, decl, _value(front, decl, owner_pointer), what)
        if isinstance(decl.value, NumType):
            raise Refusal(f"{decl.name}.get_or_create() is for Structs", f"{decl.name}[owner] += n")
        pointer = _value(front, decl, owner_pointer, create=True)
        front.low.count_if("eq", pointer, "map_full", decl.name)
        return found(front, decl, pointer, what)

    def has_effect(self, front: Expressions, value: Known, name: str, node: ast.expr) -> bool:
        return name in ("get_or_create", "pop", "setdefault")

    def item(self, front: Expressions, value: Known, node: ast.Subscript) -> Val:
        decl = value.object
        pointer = _value(front, decl, _owner(front, decl, front.expr(node.slice)))
        if not isinstance(decl.value, NumType):
            return Peek(pointer, 0, decl.value)
        low = front.low
        return as_meant(decl.value, low.number_or(pointer, decl.value, lambda p: low.load_num(p, 0, decl.value)))

    def set_item(self, front: Expressions, value: Known, node: ast.Subscript, new: Val) -> None:
        decl = value.object
        owner = _owner(front, decl, front.expr(node.slice))
        memory = front.value(decl, new)

        def copy(entry: Value) -> None:
            front.low.copy(entry, 0, memory, 0, decl.value.size)

        _created(front, decl, owner, copy)
        front.map_writes.append(decl)

    def augment_item(self, front: Expressions, value: Known, node: ast.Subscript, op: str, operand: ast.expr) -> None:
        decl = value.object
        owner = _owner(front, decl, front.expr(node.slice))
        what = f"{decl.name}[…]"
        n = operand_of(front, operand, decl, what, f"{op}=")
        operation, n = change(front, op, n, decl.value, what)

        def add(entry: Value) -> None:
            front.low.atomic(operation, entry, 0, decl.value.size, n.value)

        _created(front, decl, owner, add)
        front.map_writes.append(decl)

    def place_item(self, front: Expressions, value: Known, node: ast.Subscript) -> Place:
        decl, b = value.object, front.b
        pointer = _value(front, decl, _owner(front, decl, front.expr(node.slice)), create=True)
        front.low.abort_if("eq", pointer, b.const(0), "map_full", decl.name)
        there = b.non_null(pointer)
        return Place(there, 0, decl.value, 8, Entry(there, decl.value, decl, front.source.text_of(node)))

    def delete_item(self, front: Expressions, value: Known, node: ast.Subscript) -> None:
        decl = value.object
        owner = _owner(front, decl, front.expr(node.slice))
        front.b.call(_HELPERS[decl.map_type][1], front.low.map(decl), owner)
        front.forget_entries(decl)

    def contains(self, front: Expressions, value: Known, item: Val, then: Block, els: Block) -> None:
        pointer = _value(front, value.object, _owner(front, value.object, item))
        front.b.branch("ne", pointer, front.b.const(0), then, els)


def _owner(front: Expressions, decl: Any, value: Val) -> Value:
    """An owner as a pointer that the verifier knows. Raises: Refusal."""
    if decl.owner == "sock" and isinstance(value, Sock):
        return entry(front.low, value.pointer, value.what)
    if decl.owner == "sock" and isinstance(value, Context) and front.section.startswith(_SOCKET_CONTEXTS):
        return front.low.ctx
    if not isinstance(value, Num) or kernel.struct_of(value) != decl.owner:
        hint = f"for example {_OWN[decl.owner]}" if decl.owner in _OWN else "arguments of typed hooks are: tp_btf, lsm"
        is_pointer = isinstance(value, Num) and value.is_kernel_pointer
        what = f"a pointer to struct {kernel.struct_of(value)}" if is_pointer else front.describe(value)  # type: ignore[arg-type]
        raise Refusal(f"an owner in {decl.name} is a pointer to struct {decl.owner}, not {what}", hint)
    known = kernel.direct(value.value)
    if known is not None:
        # Older kernels take no pointer that may be null here, and nobody has a value for it.
        front.low.abort_if("eq", value.value, front.b.const(0), "null_owner", decl.name)
        return known
    if isinstance(value.value, Op) and value.value.opcode == "call" and value.value.imm == FUNC.get_current_task:
        return front.b.call(FUNC.get_current_task_btf, type=PTR_BTF)
    hint = "take an argument of a typed hook (tp_btf, fentry, lsm)"
    if decl.owner in _OWN:
        hint = f"take {_OWN[decl.owner]}, or an argument of a typed hook (tp_btf, fentry, lsm)"
    raise Refusal(f"the kernel does not know here what this pointer to struct {decl.owner} is", hint)


def _pop(front: Expressions, decl: Any, owner: Value, other: Val, what: str) -> Val:
    """m.pop(owner, d): the owner's value, or d; it has none then."""
    value = value_or(front, decl, _value(front, decl, owner), other, what)
    front.b.call(_HELPERS[decl.map_type][1], front.low.map(decl), owner)
    front.forget_entries(decl)
    return value


def _setdefault(front: Expressions, decl: Any, owner: Value, new: Val, what: str) -> Val:
    """m.setdefault(owner, v): the owner's value, which is v if it had none; of a number a copy."""
    pointer = _value(front, decl, owner, create=True, initial=front.value(decl, new))
    front.map_writes.append(decl)
    front.low.count_if("eq", pointer, "map_full", decl.name)
    return entry_or(front, decl, pointer, new, what)


def _value(
    front: Expressions, decl: Any, owner: Value, *, create: bool = False, initial: Value | None = None
) -> Value:
    """The address of the owner's value, or null; one that is made is a copy of `initial`, or zeros."""
    b = front.b
    flags = b.const(bpf.BPF_LOCAL_STORAGE_GET_F_CREATE if create else 0)
    first = b.const(0) if initial is None else initial
    return b.call(_HELPERS[decl.map_type][0], front.low.map(decl), owner, first, flags, type=PTR_VALUE_OR_NULL)


def _created(front: Expressions, decl: Any, owner: Value, do: Any) -> None:
    """Do something to the owner's value, which is made if it had none; a failure is counted."""
    low = front.low
    pointer = _value(front, decl, owner, create=True)
    there, missing, done = low.blocks(3)
    low.b.branch("ne", pointer, low.b.const(0), there, missing)
    low.b.start(missing)
    low.lose("map_full", decl.name)
    low.b.jump(done)
    low.b.start(there)
    do(low.b.non_null(pointer))
    low.b.jump(done)
    low.b.start(done)

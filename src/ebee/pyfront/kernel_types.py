"""Fields of the kernel's structs: `task.real_parent.tgid`. Types are those of the Target's BTF.

A pointer to a struct is a `Num` whose C type says so. A struct inside a struct, and an array, is a `KernelRef`: only
a way, until a field at its end is read.
"""

from __future__ import annotations

import _ast as ast

from ..abi.helpers import BPF_FUNC as FUNC
from ..btf.kinds import (
    BTF_INT_SIGNED,
    BTF_KIND_ARRAY,
    BTF_KIND_INT,
    BTF_KIND_PTR,
    BTF_KIND_STRUCT,
    BTF_KIND_UNION,
    MODIFIER_KINDS,
)
from ..btf.read import BtfType
from ..errors import BtfError
from ..ir.core import I64, PTR_BTF
from ..lower import kernel_types as lower
from ..lower.numbers import KERNEL, Num, Refusal
from ..spec.core_fields import core_symbol, find_field, find_struct, pointee, resolved, shape_of
from .kinds import Kind
from .values import KernelRef, Known, Memory, similar, spelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..btf.read import Btf, BtfField
    from ..ir.core import Value
    from .expressions import Expressions
    from .values import Val


# Fields of type pid_t that are from 1 to PID_MAX_LIMIT, 0 for idle tasks. Source: include/linux/threads.h (Linux 6.18).
_NEVER_NEGATIVE = {("task_struct", "pid"), ("task_struct", "tgid")}


class KernelKind(Kind):
    """A struct or an array inside a struct of the kernel."""

    def describe(self, front: Expressions, value: KernelRef) -> str:
        return describe(value)

    def attribute(self, front: Expressions, value: KernelRef, name: str, node: ast.expr) -> Val:
        return attribute(front, value, name, front.source.text_of(node))

    def item(self, front: Expressions, value: KernelRef, node: ast.Subscript) -> Val:
        return index(front, value, front.expr(node.slice), front.source.text_of(node))


def current_task(front: Expressions) -> Num:
    """ebee.current_task()."""
    return lower.current_task(front.low)


def current_cgroup(front: Expressions) -> Num:
    """ebee.current_cgroup(), as a pointer that the verifier knows. Raises: Refusal where kernel types are not known."""
    types(front)
    task = front.b.call(FUNC.get_current_task_btf, type=PTR_BTF)
    groups = attribute(front, lower.pointer(front.b.op("retype", task, type=I64), "task_struct"), "cgroups", "cgroups")
    assert isinstance(groups, Num)
    group = attribute(front, groups, "dfl_cgrp", "dfl_cgrp")
    assert isinstance(group, Num)
    return group


def cast(front: Expressions, node: ast.Call, name: str) -> Num:
    """ebee.linux.sock(address): a pointer to such a struct of the kernel. Raises: Refusal."""
    base = front.num(front.arguments(node, name, 1, 1)[0])
    if find_struct(types(front), name) is None:
        raise Refusal(f"the kernel has no struct {name!r}")
    if "*" not in base.c_type and (base.lo < 0 or base.hi < 1 << 32):
        raise Refusal(f"linux.{name}() takes an address, not {base.describe()}")
    is_other = base.is_kernel_pointer and lower.struct_of(base) != name
    return lower.pointer((lower.address(front.low, base) if is_other else base).value, name)


def types(front: Expressions) -> Btf:
    """Return the Target's BTF. Raises: Refusal."""
    btf = front.target.btf()
    if btf is None:
        raise Refusal(
            f"kernel types need the kernel's BTF; the target {front.target.name} has none",
            front.target.btf_hint,
        )
    return btf


def has(front: Expressions, base: Val, name: str) -> Val:
    """Whether the kernel has `base.name`. Raises: Refusal for what is no struct of the kernel.

    Of the Target's types that is known now. In an object for other kernels it is found when it is loaded.
    """
    if not (isinstance(base, KernelRef) or isinstance(base, Num) and base.is_kernel_pointer):
        raise Refusal(f"hasattr() is for the kernel's structs in a probe, not for {front.describe(base)}")
    from . import flavours

    cls = flavours.declared(front, base)
    if cls is not None:
        return flavours.has(front, base, cls, name)
    btf = types(front)
    type = base.type if isinstance(base, KernelRef) else find_struct(btf, lower.struct_of(base))
    if name not in members(btf, type) or not front.target.is_portable:
        return Known(name in members(btf, type))
    ref = place(base, name)
    shape = shape_of(btf, find_field(btf, ref.struct_name, ref.path))
    if not shape:
        raise Refusal(f"{describe(ref)} is of a type that no program can ask for")
    symbol = core_symbol(ref.struct_name, ref.path, shape)
    return Num(lower.core_number(front.low, "core_field_exists", symbol), 0, 1)


def place(base: Num | KernelRef, name: str) -> KernelRef:
    """The way to `base.name`."""
    if isinstance(base, KernelRef):
        return KernelRef(base.pointer, base.struct_name, f"{base.path}.{name}", base.type)
    return KernelRef(base.value, lower.struct_of(base), name, None)


def attribute(front: Expressions, base: Num | KernelRef, name: str, what: str) -> Val:
    """Return `base.name`, read now if it is a number, a pointer or a string. Raises: Refusal."""
    from . import flavours

    cls = flavours.declared(front, base)
    if cls is not None:
        return flavours.attribute(front, base, cls, name, what)
    btf = types(front)
    if isinstance(base, KernelRef) and base.type is not None and resolved(btf, base.type).kind == BTF_KIND_ARRAY:
        raise Refusal(f"{describe(base)} is an array, which has no attribute {name!r}", "take an element: a[0]")
    outer = base.type if isinstance(base, KernelRef) else find_struct(btf, lower.struct_of(base))
    if name.endswith("_"):
        name = spelled(name, members(btf, outer))
    ref = place(base, name)
    try:
        field = find_field(btf, ref.struct_name, ref.path)
    except BtfError:
        has = describe(base) if isinstance(base, KernelRef) else base.c_type.removesuffix(KERNEL).strip()
        hint = similar(name, members(btf, outer))
        if front.target.is_portable and not hint and isinstance(base, Num):
            own = f"{ref.struct_name}___other"
            hint = f"if other kernels have it: `class {own}(ebee.KernelStruct)` with that field, then {own}(…)"
        raise Refusal(f"{has} has no member {name!r}", hint) from None
    return element(front, btf, ref, field, what)


def index(front: Expressions, base: KernelRef, number: Val, what: str) -> Val:
    """Return `base[number]` of an array. Raises: Refusal for an index that is not a constant inside it."""
    btf = types(front)
    type = resolved(btf, base.type) if base.type is not None else None
    if type is None or type.kind != BTF_KIND_ARRAY:
        raise Refusal(f"{describe(base)} is a struct, which cannot be indexed")
    if not (isinstance(number, Known) and isinstance(number.object, int)):
        raise Refusal("the index of an array in the kernel must be a constant")
    count = type.array[2]
    if number.object < 0 or number.object >= count > 0:  # 0: a flexible array, whose length is not known
        raise Refusal(f"{describe(base)} has {count} elements: there is no [{number.object}]")
    ref = KernelRef(base.pointer, base.struct_name, f"{base.path}[{int(number.object)}]", base.type)
    return element(front, btf, ref, find_field(btf, ref.struct_name, ref.path), what)


def element(front: Expressions, btf: Btf, ref: KernelRef, field: BtfField, what: str) -> Val:
    """Return what the end of a way is."""
    shape = shape_of(btf, field)
    if shape == "struct" or (shape.endswith("]") and not (shape.startswith("char[") and shape.count("[") == 1)):
        ref.type = field.type
        return ref
    if shape.startswith("bits"):
        type = resolved(btf, field.type)
        symbol, bits = core_symbol(ref.struct_name, ref.path, shape), 8 * min(type.size_bytes, 8)
        is_signed = bool(type.int_encoding[0] & BTF_INT_SIGNED if type.kind == BTF_KIND_INT else type.kind_flag)
        value = lower.read_bits(front.low, ref.pointer, symbol, what, is_signed=is_signed)
        # Another kernel may have more bits of it, up to those of its type.
        return Num(value, -(1 << bits - 1), (1 << bits - 1) - 1) if is_signed else Num(value, 0, (1 << bits) - 1)
    if not shape:
        kind = resolved(btf, field.type).kind_name
        raise Refusal(f"{describe(ref)} is a {kind} of {field.size_bytes} bytes, which cannot be read in a probe")
    symbol = core_symbol(ref.struct_name, ref.path, shape)
    if shape.startswith("char["):
        text = lower.read_text(front.low, ref.pointer, symbol, field.size_bytes, what)
        return Memory(text, 0, field.size_bytes, True)
    type = resolved(btf, field.type)
    if type.kind != BTF_KIND_PTR:
        n = lower.read_field(front.low, ref.pointer, symbol, shape, what, is_known=True)
        if (ref.struct_name, ref.path) in _NEVER_NEGATIVE:
            n = Num(n.value, 0, n.hi, n.c_type)
        if not is_big_endian(btf, field.type):
            return n
        return Num(front.low.b.op("bswap", n.value, size=type.size_bytes), n.lo, n.hi)
    target = struct_at(btf, type)
    # What the verifier takes for a pointer to a struct must not be taken for a number here.
    is_known = target is not None or not leads_to_struct(btf, type)
    n = lower.read_field(front.low, ref.pointer, symbol, shape, what, is_known=is_known and "[" not in ref.path)
    return Num(n.value, n.lo, n.hi, "void *") if target is None else lower.pointer(n.value, target.name)


def store_array(
    front: Expressions, base: Value, off: int, type: Any, ref: KernelRef, what: str, align: int
) -> None:
    """Copy an array of numbers in a struct of the kernel to bytes, or to a list of such numbers. Raises: Refusal."""
    btf = types(front)
    outer = resolved(btf, ref.type) if isinstance(ref.type, BtfType) else None
    element, count = None, 0
    if outer is not None and outer.kind == BTF_KIND_ARRAY:
        element, count = btf.by_id(outer.array[0]), outer.array[2]
    path = f"{ref.path}[{count - 1}]"
    shape = shape_of(btf, find_field(btf, ref.struct_name, path)) if element is not None and count else ""
    size = resolved(btf, element).size_bytes if element is not None else 0
    wanted = getattr(type, "element", None)
    if shape[:1] not in ("s", "u") or not shape[1:].isdigit() or count * size != type.size:
        raise Refusal(f"{what} takes {type.size} bytes, not {describe(ref)}")
    if wanted is not None and (wanted.name != shape or element is not None and is_big_endian(btf, element)):
        raise Refusal(f"{what} takes a {type.name}, not {describe(ref)}, {count} numbers of type {shape}")
    # By the last element: a kernel with fewer of them, or others, is not served.
    lower.read_bytes(front.low, ref.pointer, core_symbol(ref.struct_name, path, shape), base, off, type.size, size,
                     describe(ref), align)  # fmt: skip


def is_big_endian(btf: Btf, type: BtfType) -> bool:
    """Whether the kernel's own types say that a number has the byte order of packets: `__be16`, `__be32`, `__be64`."""
    while type.kind in MODIFIER_KINDS:
        if type.name in ("__be16", "__be32", "__be64"):
            return True
        type = btf.by_id(type.type_id)
    return False


def struct_at(btf: Btf, pointer: BtfType) -> BtfType | None:
    """Return the struct that a pointer leads to, if its fields can be read.

    A kernel may have several structs of one name; by name only the first one is found when a program is loaded.
    """
    target = pointee(btf, pointer)
    return target if target is not None and find_struct(btf, target.name) == target else None


def leads_to_struct(btf: Btf, pointer: BtfType) -> bool:
    """Whether a pointer leads to a struct or union of any kind, also in memory that is not the kernel's."""
    return bool(pointer.type_id) and btf.resolve(pointer.type_id).kind in (BTF_KIND_STRUCT, BTF_KIND_UNION)


def members(btf: Btf, type: BtfType | None) -> list[str]:
    """Return the names of a struct's members, those of anonymous ones inside it included."""
    struct = resolved(btf, type) if type is not None else None
    if struct is None or struct.kind not in (BTF_KIND_STRUCT, BTF_KIND_UNION):
        return []
    found = []
    for member in struct.members:
        found += [member.name] if member.name else members(btf, btf.by_id(member.type_id))
    return found


def describe(ref: KernelRef) -> str:
    """Return a place in a kernel struct in words."""
    return f"{ref.path} of struct {ref.struct_name}"

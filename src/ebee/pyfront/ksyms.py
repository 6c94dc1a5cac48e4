"""Variables of the kernel that each CPU has its own of, typed from BTF.

The kernel's types tell of no others. Source: check_pseudo_btf_id in kernel/bpf/verifier.c, bpf_per_cpu_ptr and
bpf_this_cpu_ptr in kernel/bpf/helpers.c (Linux 6.18).
"""

from __future__ import annotations

import _ast as ast

from ..abi.helpers import BPF_FUNC as FUNC
from ..btf import kinds
from ..ir.core import I64, PTR_BTF, PTR_BTF_OR_NULL, PTR_MEM, PTR_MEM_OR_NULL
from ..lower import kernel_types
from ..lower.numbers import Refusal, check_assignable
from ..spec.core_fields import find_struct, resolved
from ..types.scalars import IntType, s8, s16, s32, s64, u8, u16, u32, u64
from .kernel_types import types
from .kinds import KnownKind
from .values import Known, similar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..ir.core import Value
    from .expressions import Expressions
    from .values import Val

_INTEGERS: dict[tuple[int, bool], Any] = {
    (1, False): u8, (2, False): u16, (4, False): u32, (8, False): u64,
    (1, True): s8, (2, True): s16, (4, True): s32, (8, True): s64,
}  # fmt: skip


class KsymKind(KnownKind):
    """A variable of the kernel."""

    def describe(self, front: Expressions, value: Known) -> str:
        return f"the kernel's variable {value.object.name}"

    def method(self, front: Expressions, value: Known, name: str, node: ast.Call) -> Val:
        if name != "this_cpu":
            what = f"{self.describe(front, value)} has no method {name}()"
            raise Refusal(what, "x.this_cpu() is this CPU's, x[cpu] another's")
        front.arguments(node, name, 0, 0)
        type = _type(front, value.object.name)
        pointer = front.low.kernel_variable(value.object.name)
        is_number = isinstance(type, IntType)
        found = front.b.call(FUNC.this_cpu_ptr, pointer, type=PTR_MEM if is_number else PTR_BTF)
        return _read(front, type, found)

    def item(self, front: Expressions, value: Known, node: ast.Subscript) -> Val:
        type, b = _type(front, value.object.name), front.b
        cpu = front.num(node.slice)
        check_assignable(cpu, 0, (1 << 32) - 1, "the number of a CPU (u32)")
        pointer = front.low.kernel_variable(value.object.name)
        kind = PTR_MEM_OR_NULL if isinstance(type, IntType) else PTR_BTF_OR_NULL
        found = b.call(FUNC.per_cpu_ptr, pointer, cpu.value, type=kind)
        front.low.abort_if("eq", found, b.const(0), "bad_index", "a CPU that is not there")
        return _read(front, type, b.non_null(found))

    def has_effect(self, front: Expressions, value: Known, name: str, node: ast.expr) -> bool:
        return False


def _type(front: Expressions, name: str) -> IntType | str:
    """Return the type of a variable, or the name of its struct. Raises: Refusal."""
    btf = types(front)
    variable = btf.by_name(name, kinds.BTF_KIND_VAR)
    if variable is None:
        known = similar(name, [type.name for type in btf.types(kinds.BTF_KIND_VAR)])
        raise Refusal(f"the kernel's types tell of no variable {name}", known or "they have those of each CPU")
    type = resolved(btf, btf.by_id(variable.type_id))
    if type.kind == kinds.BTF_KIND_STRUCT and find_struct(btf, type.name) == type:
        return str(type.name)
    is_signed = bool(type.kind == kinds.BTF_KIND_INT and type.int_encoding[0] & kinds.BTF_INT_SIGNED)
    if type.kind in (kinds.BTF_KIND_INT, kinds.BTF_KIND_ENUM) and (type.size_bytes, is_signed) in _INTEGERS:
        integer: IntType = _INTEGERS[type.size_bytes, is_signed]
        return integer
    raise Refusal(f"the kernel's variable {name} is a {type.kind_name}, neither a struct with a name nor a number")


def _read(front: Expressions, type: IntType | str, found: Value) -> Val:
    if isinstance(type, str):
        return kernel_types.pointer(front.b.op("retype", found, type=I64), type)
    return front.low.load_num(found, 0, type)

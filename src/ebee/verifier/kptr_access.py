"""Loads and stores of the kernel pointers in maps' values.

Source: kernel/bpf/verifier.c (Linux 6.18): check_map_kptr_access(), btf_ld_kptr_type(), map_kptr_match_type().
"""

from __future__ import annotations

from ..btf.special import KPTR_UNTRUSTED, PERCPU_KPTR, UPTR
from . import kernel_types
from .names import type_name
from .scalar import const
from .special_fields import Special
from .state import (
    MEM_ALLOC,
    MEM_PERCPU,
    MEM_RCU,
    PTR_MAYBE_NULL,
    PTR_TO_BTF_ID,
    PTR_TO_MEM,
    PTR_UNTRUSTED,
    SCALAR,
    UNKNOWN_REG,
    Reg,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .explore import Verifier

# Objects that live on until a grace period of RCU has passed. Source: rcu_protected_types.
_RCU_OBJECTS = frozenset(("cgroup", "bpf_cpumask", "task_struct", "prog_test_ref_kfunc", "bpf_crypto_ctx"))


def access(v: Verifier, field: Special, value: Reg | None, number: int) -> Reg:
    """Check a load or a store (of `value`, in r`number`, -1: a constant) of a field; return what is loaded."""
    row = v.code.rows[v.idx]
    problem = ""
    if row is not None and row.family == "atomic":
        problem = "kptr in map can only be accessed using BPF_MEM instruction mode"
    elif value is None:
        return _loaded(v, field)
    elif field.name == UPTR:
        problem = "store to uptr disallowed"
    elif field.name != KPTR_UNTRUSTED:
        problem = "store to referenced kptr disallowed"
    elif value.kind == SCALAR and not value.num.mask and not value.num.value:
        if number >= 0:
            v.pruning.mark_precise(number)
        return UNKNOWN_REG
    elif number < 0:
        problem = f"BPF_ST imm must be 0 when storing to kptr at off={field.off}"
    if problem:
        raise v.refuse("map_special_field", problem, field=field.name, off=field.off)
    assert value is not None
    check_stored(v, field, value, number)
    return UNKNOWN_REG


def _loaded(v: Verifier, field: Special) -> Reg:
    target = field.target
    assert target is not None
    if field.name == UPTR:
        return Reg(PTR_TO_MEM, const(0), v.new_id(), 0, PTR_MAYBE_NULL, size=target.size_bytes)
    in_kernel = kernel_types.struct_in_kernel(v, target)
    in_rcu = v.state.rcu or v.state.locks or not v.state.may_sleep
    outlives = field.name == PERCPU_KPTR or in_kernel is None or target.name in _RCU_OBJECTS
    if not in_rcu or not outlives or field.name == KPTR_UNTRUSTED:
        flags = PTR_UNTRUSTED
    elif field.name == PERCPU_KPTR:
        flags = MEM_RCU | MEM_PERCPU
    else:
        flags = MEM_RCU if in_kernel is not None else MEM_RCU | MEM_ALLOC
    return Reg(PTR_TO_BTF_ID, const(0), v.new_id(), 0, flags | PTR_MAYBE_NULL, in_kernel or target)


def check_stored(v: Verifier, field: Special, value: Reg, number: int) -> None:
    """Refuse to store what a field is not for. Raises: Refusal."""
    from .typed_access import check_moved

    target = field.target
    assert target is not None
    in_kernel = kernel_types.struct_in_kernel(v, target)
    own = value.obj if value.kind == PTR_TO_BTF_ID else None
    if own is not None and not value.flags & ~kernel_types.stored_flags(field.name, in_kernel is not None):
        check_moved(v, number, value, is_offset_ok=True)
        if kernel_types.is_at(own, value.off, target.name, strict=field.name != KPTR_UNTRUSTED):
            return
    message = f"invalid kptr access, R{number} type={type_name(value)}{own.name if own is not None else ''}"
    message += f" expected=ptr_{target.name}"
    if field.name == KPTR_UNTRUSTED:
        message += f" or untrusted_ptr_{target.name}"
    raise v.refuse("map_special_field", message, register=number, expected=target.name)

"""What kinds of registers are called in the kernel's messages.

Source: kernel/bpf/log.c (Linux 6.18): reg_type_str().
"""

from __future__ import annotations

from .state import (
    KIND_NAMES,
    MEM_ALLOC,
    MEM_PERCPU,
    MEM_RCU,
    MEM_RDONLY,
    MEM_RINGBUF,
    MEM_USER,
    NON_OWN_REF,
    PTR_MAYBE_NULL,
    PTR_TO_BTF_ID,
    PTR_TRUSTED,
    PTR_UNTRUSTED,
    Reg,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .scalar import Scalar

_PREFIXES = (
    (MEM_RDONLY, "rdonly_"), (MEM_RINGBUF, "ringbuf_"), (MEM_USER, "user_"), (MEM_PERCPU, "percpu_"),
    (MEM_RCU, "rcu_"), (PTR_UNTRUSTED, "untrusted_"), (PTR_TRUSTED, "trusted_"), (NON_OWN_REF, "non_own_ref_"),
)  # fmt: skip


def bits_of(num: Scalar) -> str:
    """Return the known bits and the mask of the unknown ones. Source: tnum_strn()."""
    if num.mask:
        return f"({num.value:#x}; {num.mask:#x})"
    return f"{num.value}" if num.value <= 0xFFFF else f"{num.value:#x}"


def type_name(reg: Reg) -> str:
    """Return the name of a register's kind with its flags, as the kernel's log has it."""
    flags = reg.flags
    prefix = "".join([word for bit, word in _PREFIXES if flags & bit]) if flags & ~PTR_MAYBE_NULL else ""
    if flags & MEM_ALLOC and reg.kind != PTR_TO_BTF_ID:
        prefix += "alloc_"
    name = KIND_NAMES[reg.kind]
    if flags & PTR_MAYBE_NULL:
        name = "ptr_or_null_" if reg.kind == PTR_TO_BTF_ID else f"{name}_or_null"
    return prefix + name

"""Access to what has fields of its own: contexts, sockets, the kernel's structs, and memory that hooks hand out.

Source: kernel/bpf/verifier.c (Linux 6.18): check_ctx_access(), check_sock_access(), check_ptr_to_btf_access(),
check_buffer_access(), check_flow_keys_access(); btf_struct_walk() in kernel/bpf/btf.c.
"""

from __future__ import annotations

from ..abi import bpf
from ..btf.kinds import BTF_KIND_ARRAY, BTF_KIND_PTR, BTF_KIND_STRUCT, BTF_KIND_TYPE_TAG, BTF_KIND_UNION, MODIFIER_KINDS
from .contexts import TableContext
from .memory import LOADED
from .names import bits_of, type_name
from .scalar import const, from_signed_range
from .special_fields import special_fields
from .state import (
    CONST_PTR_TO_MAP,
    KIND_NAMES,
    MEM_ALLOC,
    MEM_PERCPU,
    MEM_RCU,
    MEM_RDONLY,
    MEM_USER,
    PTR_MAYBE_NULL,
    PTR_TO_BTF_ID,
    PTR_TO_BUF,
    PTR_TO_CTX,
    PTR_TO_FLOW_KEYS,
    PTR_TO_SOCK_COMMON,
    PTR_TO_SOCKET,
    PTR_TO_TCP_SOCK,
    PTR_TO_TP_BUFFER,
    PTR_TO_XDP_SOCK,
    PTR_TRUSTED,
    PTR_UNTRUSTED,
    SCALAR,
    Reg,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..btf.read import BtfType
    from .contexts import Field
    from .explore import Verifier

_ZERO = const(0)
_KINDS = {name: kind for kind, name in enumerate(KIND_NAMES)}
_FLOW_KEYS_BYTES = 56  # struct bpf_flow_keys
_MOST_BUFFER_BYTES = 1 << 29
_SOCKETS = {
    PTR_TO_SOCK_COMMON: TableContext("sock_common"),
    PTR_TO_SOCKET: TableContext("sock"),
    PTR_TO_TCP_SOCK: TableContext("tcp_sock"),
}
_MAX_NESTING = 32
# Who may write the mark of a connection. Source: nf_conntrack_btf_struct_access().
_CONNECTION_WRITERS = (bpf.BPF_PROG_TYPE_SCHED_CLS, bpf.BPF_PROG_TYPE_SCHED_ACT, bpf.BPF_PROG_TYPE_XDP)
_CONNECTIONS, _MARK_BYTES = ("nf_conn", "nf_conn___init"), 4
# The kernel's struct of each kind of map. Source: map_btf_id of struct bpf_map_ops.
_MAP_STRUCTS = {
    getattr(bpf, f"BPF_MAP_TYPE_{word}"): name
    for name, words in {
        "bpf_array": "ARRAY PERCPU_ARRAY PROG_ARRAY PERF_EVENT_ARRAY CGROUP_ARRAY ARRAY_OF_MAPS",
        "bpf_htab": "HASH PERCPU_HASH LRU_HASH LRU_PERCPU_HASH HASH_OF_MAPS",
        "bpf_ringbuf_map": "RINGBUF USER_RINGBUF",
        "bpf_stack_map": "STACK_TRACE",
        "bpf_queue_stack": "QUEUE STACK",
        "lpm_trie": "LPM_TRIE",
        "bpf_stab": "SOCKMAP",
        "bpf_shtab": "SOCKHASH",
        "bpf_dtab": "DEVMAP DEVMAP_HASH",
        "bpf_cpu_map": "CPUMAP",
        "xsk_map": "XSKMAP",
        "reuseport_array": "REUSEPORT_SOCKARRAY",
        "bpf_local_storage_map": "SK_STORAGE INODE_STORAGE TASK_STORAGE CGRP_STORAGE",
        "bpf_bloom_filter": "BLOOM_FILTER",
    }.items()
    for word in words.split()
}
# Fields of trusted structs that are trusted, too, and fields that are safe in RCU regions: (struct, field).
# Source: BTF_TYPE_SAFE_TRUSTED, BTF_TYPE_SAFE_TRUSTED_OR_NULL, BTF_TYPE_SAFE_RCU, BTF_TYPE_SAFE_RCU_OR_NULL.
_TRUSTED_FIELDS = frozenset((
    ("bpf_iter_meta", "seq"), ("bpf_iter__task", "meta"), ("bpf_iter__task", "task"), ("linux_binprm", "file"),
    ("file", "f_inode"), ("dentry", "d_inode"), ("bpf_iter__bpf_map", "meta"),
))  # fmt: skip
_TRUSTED_OR_NULL = frozenset((
    ("socket", "sk"), ("vm_area_struct", "vm_mm"), ("vm_area_struct", "vm_file"), ("dentry", "d_inode"),
))  # fmt: skip
_RCU_FIELDS = frozenset((
    ("task_struct", "cpus_ptr"), ("task_struct", "css_set"), ("task_struct", "real_parent"), ("task_struct", "parent"),
    ("task_struct", "group_leader"), ("cgroup", "kn"), ("cgroup", "kernfs_node"), ("css_set", "dfl_cgrp"),
    ("cgroup_subsys_state", "cgroup"),
))  # fmt: skip
_RCU_OR_NULL = frozenset((
    ("mm_struct", "exe_file"), ("sk_buff", "sk"), ("request_sock", "sk"), ("task_struct", "mm"),
))  # fmt: skip


def check_fixed(v: Verifier, number: int, reg: Reg) -> None:
    """Refuse a pointer to something with fields that was moved away from its start. Source: check_ptr_off_reg()."""
    check_moved(v, number, reg, is_offset_ok=False)


def check_moved(v: Verifier, number: int, reg: Reg, *, is_offset_ok: bool) -> None:
    """Refuse a pointer that was moved back, by an unknown number, or at all. Source: __check_ptr_off_reg()."""
    name = type_name(reg)
    if reg.off < 0:
        message = f"negative offset {name} ptr R{number} off={reg.off} disallowed"
    elif reg.off and not is_offset_ok:
        message = f"dereference of modified {name} ptr R{number} off={reg.off} disallowed"
    elif reg.num.mask or reg.num.value:
        message = f"variable {name} access var_off={bits_of(reg.num)} disallowed"
    else:
        return
    raise v.refuse("context_modified", message, register=number, off=reg.off)


def context(v: Verifier, number: int, reg: Reg, off: int, size: int, value: Reg | None, other: int) -> Reg:
    """Check an access to the context; return what is loaded."""
    if value is not None and value.kind != SCALAR and not v.privileged:
        raise v.refuse("pointer_leak", f"R{other} leaks addr into ctx", register=other)
    check_fixed(v, number, reg)
    field = v.program.context.access(off, size, value is not None)
    if field is None:
        message = f"invalid bpf_context access off={off} size={size}"
        raise v.refuse("context_access", message, register=number, off=off, size=size, kind=v.program.kind)
    return LOADED[size] if field.kind == "scalar" and not field.is_retval else _from_field(v, field)


def _from_field(v: Verifier, field: Field) -> Reg:
    if field.is_retval:
        low, high = v.program.returns or (-(1 << 31), (1 << 31) - 1)
        return Reg(SCALAR, from_signed_range(low, high))
    flags = PTR_MAYBE_NULL * field.is_nullable | PTR_TRUSTED * field.is_trusted | MEM_RDONLY * field.is_rdonly
    flags |= MEM_USER * field.is_user | MEM_PERCPU * field.is_percpu | MEM_RCU * field.is_rcu
    id = v.new_id() if field.is_nullable else 0
    struct = field.type
    if field.kind == "ptr_" and struct is None and v.setting.kernel_btf is not None:
        struct = v.setting.kernel_btf.by_name(field.of, BTF_KIND_STRUCT)
    return Reg(_KINDS[field.kind], _ZERO, id, 0, flags, struct)


def socket(v: Verifier, number: int, reg: Reg, off: int, size: int, value: Reg | None, other: int) -> Reg:
    """Check an access to a socket."""
    name = type_name(reg)
    if value is not None:
        raise v.refuse("memory_read_only", f"R{number} cannot write into {name}", register=number)
    if reg.num.smin < 0:
        message = f"R{number} min value is negative, either use unsigned index or do a if (index >=0) check."
        raise v.refuse("offset_negative", message, register=number)
    at = reg.off + off
    table = _SOCKETS.get(reg.kind)
    allowed = table.access(at, size, False) is not None if table is not None else (at, size) == (0, 4)
    if reg.num.mask or reg.num.value or not allowed:
        message = f"R{number} invalid {name} access off={at} size={size}"
        raise v.refuse("memory_bounds", message, register=number, off=at, size=size)
    return LOADED[size]


def flow_keys(v: Verifier, number: int, reg: Reg, off: int, size: int, value: Reg | None, other: int) -> Reg:
    """Check an access to what a flow dissector fills in."""
    if value is not None and value.kind != SCALAR and not v.privileged:
        raise v.refuse("pointer_leak", f"R{other} leaks addr into flow keys", register=other)
    at = reg.off + off
    if at < 0 or at + size > _FLOW_KEYS_BYTES or reg.num.mask:
        message = f"invalid access to flow keys off={at} size={size}"
        raise v.refuse("memory_bounds", message, register=number, off=at, size=size)
    return LOADED[size]


def buffer(v: Verifier, number: int, reg: Reg, off: int, size: int, value: Reg | None, other: int) -> Reg:
    """Check an access to memory whose size is checked when the program is attached."""
    name = "tracepoint" if reg.kind == PTR_TO_TP_BUFFER else "rdonly" if reg.flags & MEM_RDONLY else "rdwr"
    if value is not None and reg.flags & MEM_RDONLY:
        raise v.refuse("memory_read_only", f"R{number} cannot write into {type_name(reg)}", register=number)
    if off < 0:
        message = f"R{number} invalid {name} buffer access: off={off}, size={size}"
        raise v.refuse("memory_bounds", message, register=number, off=off, size=size)
    if reg.num.mask or reg.num.value:
        message = f"R{number} invalid variable buffer offset: off={off}, var_off={bits_of(reg.num)}"
        raise v.refuse("memory_bounds", message, register=number, off=off)
    return LOADED[size]


def kernel_struct(v: Verifier, number: int, reg: Reg, off: int, size: int, value: Reg | None, other: int) -> Reg:
    """Check an access to a struct of the kernel; return what is loaded."""
    struct: BtfType | None = reg.obj
    name = struct.name if struct is not None else ""
    at = reg.off + off
    problem = ""
    if not v.privileged:
        problem = f"'struct {name}' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN"
    elif at < 0:
        problem = f"R{number} is ptr_{name} invalid negative access: off={at}"
    elif reg.num.mask or reg.num.value:
        problem = f"R{number} is ptr_{name} invalid variable offset: off={at}, var_off={bits_of(reg.num)}"
    elif reg.flags & MEM_USER:
        problem = f"R{number} is ptr_{name} access user memory: off={at}"
    elif reg.flags & MEM_PERCPU:
        problem = f"R{number} is ptr_{name} access percpu memory: off={at}"
    if problem:
        raise v.refuse("btf_access", problem, register=number, off=at, struct=name)
    is_trusted = not reg.flags & PTR_UNTRUSTED
    if value is not None and is_trusted and _is_writable(v, struct, at, size):
        return LOADED[size]
    if value is not None and not (is_trusted and reg.flags & MEM_ALLOC):
        raise v.refuse("memory_read_only", "only read is supported", register=number, off=at, struct=name)
    if struct is None:
        return LOADED[size]
    if reg.flags & MEM_ALLOC:
        for special in special_fields(struct.btf, struct.id, v.kernel):
            if at < special.off + special.size and at + size > special.off:
                message = f"direct access to {special.name} is disallowed"
                raise v.refuse("map_special_field", message, register=number, off=at, struct=name)
    found = _walk(v, number, struct, at, size)
    if found is None or value is not None or reg.flags & MEM_ALLOC:
        return LOADED[size]
    target, tags, field_name = found
    flags = _walked_flags(v, reg, name, field_name, tags)
    return Reg(PTR_TO_BTF_ID, _ZERO, v.new_id() if flags & PTR_MAYBE_NULL else 0, 0, flags, target)


def map_itself(v: Verifier, number: int, reg: Reg, off: int, size: int, value: Reg | None, other: int) -> Reg:
    """Check an access to the kernel's struct of a map. Source: check_ptr_to_map_access()."""
    name = _MAP_STRUCTS.get(reg.obj.map_type, "bpf_map")
    at = reg.off + off
    if not v.privileged:
        message = f"'struct {name}' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN"
        raise v.refuse("map_pointer", message, register=number)
    if at < 0:
        raise v.refuse("map_pointer", f"R{number} is {name} invalid negative access: off={at}", register=number, off=at)
    if value is not None:
        raise v.refuse("map_pointer", f"only read from {name} is supported", register=number)
    btf = v.setting.kernel_btf
    struct = btf.by_name(name, BTF_KIND_STRUCT) if btf is not None else None
    found = _walk(v, number, struct, at, size) if struct is not None else None
    return LOADED[size] if found is None else Reg(PTR_TO_BTF_ID, _ZERO, 0, 0, PTR_UNTRUSTED, found[0])


def _is_writable(v: Verifier, struct: BtfType | None, at: int, size: int) -> bool:
    """Tell if programs of this type may write there in a struct that the kernel owns."""
    if struct is not None and v.setting.prog_type in _CONNECTION_WRITERS and struct.name in _CONNECTIONS:
        connection = struct.btf.by_name("nf_conn", BTF_KIND_STRUCT)
        places = [m.bit_off // 8 for m in connection.members if m.name == "mark"] if connection is not None else []
        return at in places and size <= _MARK_BYTES
    if struct is None or v.setting.prog_type != bpf.BPF_PROG_TYPE_STRUCT_OPS:
        return False
    from .struct_ops import may_write

    return may_write(struct, at, size)


def _walked_flags(v: Verifier, reg: Reg, owner: str, field: str, tags: set[str]) -> int:
    """Return the flags of a pointer that was loaded from a field in a struct `owner`, or in a part of it.

    Source: check_ptr_to_btf_access().
    """
    place = (owner, field)
    flags = MEM_USER * ("user" in tags) | MEM_PERCPU * ("percpu" in tags) | MEM_RCU * ("rcu" in tags)
    if reg.flags & PTR_UNTRUSTED:
        return PTR_UNTRUSTED
    if not reg.flags & (PTR_TRUSTED | MEM_RCU | MEM_ALLOC) and not reg.ref:
        return flags & ~MEM_RCU
    if place in _TRUSTED_FIELDS:
        return flags & ~MEM_RCU | PTR_TRUSTED
    if place in _TRUSTED_OR_NULL:
        return flags & ~MEM_RCU | PTR_TRUSTED | PTR_MAYBE_NULL
    in_rcu = v.state.rcu or not v.state.may_sleep
    if in_rcu and not reg.flags & PTR_MAYBE_NULL:
        if place in _RCU_FIELDS:
            return flags | MEM_RCU
        if flags & MEM_RCU or place in _RCU_OR_NULL:
            return flags | MEM_RCU | PTR_MAYBE_NULL
        return flags if flags & (MEM_PERCPU | MEM_USER) else flags & ~MEM_RCU
    return PTR_UNTRUSTED


def _walk(v: Verifier, number: int, struct: BtfType, off: int, size: int) -> tuple[BtfType, set[str], str] | None:
    """Return what is at a place in a struct if that is a pointer to a struct: it, its tags, and the field.

    None stands for a number. Raises: Refusal.
    """
    btf = struct.btf
    for _ in range(_MAX_NESTING):
        if off + size > struct.size_bytes and not _has_flexible_end(struct):
            message = f"access beyond struct {struct.name} at off {off} size {size}"
            raise v.refuse("btf_access", message, register=number, off=off, size=size, struct=struct.name)
        inner = None
        for member in struct.members:
            at = member.bit_off // 8
            type_ = btf.resolve(member.type_id)
            if member.bitfield_size:
                continue
            length = btf.sizeof(member.type_id)
            end = at + length
            if type_.kind == BTF_KIND_ARRAY and at <= off < at + length:
                element, _, count = type_.array
                type_ = btf.resolve(element)
                step = length // max(1, count)
                at += (off - at) // max(1, step) * step
                length = step
            if not at <= off < at + length:
                continue
            if type_.kind in (BTF_KIND_STRUCT, BTF_KIND_UNION):
                inner = type_, off - at
                if type_.kind == BTF_KIND_UNION:
                    continue
                break
            if off + size > end:
                message = f"access beyond the end of member {member.name} (mend:{end})"
                raise _bad_member(v, number, message, struct, off, size)
            if type_.kind != BTF_KIND_PTR:
                return None
            if size != 8 or off != at:
                message = f"cannot access ptr member {member.name} with moff {at}"
                raise _bad_member(v, number, message, struct, off, size)
            return _pointee(type_, member.name)
        if inner is None:
            return None
        struct, off = inner
    return None


def _bad_member(v: Verifier, number: int, message: str, struct: BtfType, off: int, size: int) -> Exception:
    message = f"{message} in struct {struct.name} with off {off} size {size}"
    return v.refuse("btf_access", message, register=number, struct=struct.name)


def _has_flexible_end(struct: BtfType) -> bool:
    members = struct.members
    if not members:
        return False
    last = struct.btf.resolve(members[-1].type_id)
    return last.kind == BTF_KIND_ARRAY and last.array[2] == 0


def _pointee(pointer: BtfType, field: str) -> tuple[BtfType, set[str], str] | None:
    if not pointer.type_id:
        return None
    tags, at = set(), pointer.btf.by_id(pointer.type_id)
    while at.kind == BTF_KIND_TYPE_TAG or at.kind in MODIFIER_KINDS:
        if at.kind == BTF_KIND_TYPE_TAG:
            tags.add(at.name)
        at = pointer.btf.by_id(at.type_id)
    at = pointer.btf.resolve(at.id)
    return (at, tags, field) if at.kind == BTF_KIND_STRUCT else None


ACCESS = {
    CONST_PTR_TO_MAP: map_itself,
    PTR_TO_CTX: context,
    PTR_TO_SOCK_COMMON: socket,
    PTR_TO_SOCKET: socket,
    PTR_TO_TCP_SOCK: socket,
    PTR_TO_XDP_SOCK: socket,
    PTR_TO_FLOW_KEYS: flow_keys,
    PTR_TO_BUF: buffer,
    PTR_TO_TP_BUFFER: buffer,
    PTR_TO_BTF_ID: kernel_struct,
}

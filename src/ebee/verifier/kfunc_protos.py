"""Contracts of kernel functions: their BTF prototypes, suffixes of parameters' names, and flags.

Source: kernel/bpf/verifier.c (Linux 6.18): fetch_kfunc_meta(), is_kfunc_arg_*(), get_kfunc_ptr_arg_type().
"""

from __future__ import annotations

from ..abi import bpf
from ..abi.kfunc_flags import FLAGS
from ..abi.kfunc_hooks import EVERYWHERE, TYPES_OF
from ..btf.kinds import (
    BTF_KIND_ENUM,
    BTF_KIND_ENUM64,
    BTF_KIND_FUNC,
    BTF_KIND_FUNC_PROTO,
    BTF_KIND_INT,
    BTF_KIND_PTR,
    BTF_KIND_STRUCT,
    BTF_KIND_UNION,
)
from ..record import Record
from .versions import kfunc_differs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..btf.read import Btf, BtfType
    from .setting import Setting

_NUMBERS = (BTF_KIND_INT, BTF_KIND_ENUM, BTF_KIND_ENUM64)
_IGNORED = ("__ign", "__prog")
# What a parameter is by the struct that it points to.
_BY_STRUCT = {
    "bpf_dynptr": "dynptr", "bpf_dynptr_kern": "dynptr", "bpf_list_head": "list_head", "bpf_list_node": "list_node",
    "bpf_rb_root": "rb_root", "bpf_rb_node": "rb_node", "bpf_wq": "wq", "bpf_task_work": "task_work",
    "bpf_res_spin_lock": "res_spin_lock",
}  # fmt: skip
_BY_SUFFIX = {
    "__alloc": "alloc", "__refcounted_kptr": "refcounted", "__str": "str", "__map": "map", "__irq_flag": "irq_flag",
}  # fmt: skip
_PROJECTIONS = {"__sk_buff": "sk_buff", "xdp_md": "xdp_buff"}
# Types of programs that have the functions of another type. Source: bpf_prog_type_to_kfunc_hook().
_LIKE = {"LSM": "TRACING"}
# What only programs that run at a function's start and at its end may call. Source: bpf_kprobe_multi_filter().
_OF_SESSIONS = ("bpf_session_is_return", "bpf_session_cookie")
_SESSIONS = (bpf.BPF_TRACE_KPROBE_SESSION, bpf.BPF_TRACE_UPROBE_SESSION)
_CONGESTION = ("tcp_", "cubictcp_", "bbr_", "dctcp_")  # for struct_ops: net/ipv4/tcp_cong.c and beside it


class Param(Record):
    """A parameter. `kind` is what its type and name alone say; "" for pointers that depend on what is passed.

    `suffix` is that of its name, `target` what a pointer points to, None for void.
    """

    name: str
    kind: str
    suffix: str = ""
    target: BtfType | None = None
    size_suffix: str = ""


class Kfunc(Record):
    """A kernel function. `result` is its type without modifiers, None for void, `flags` as in abi.kfunc_flags."""

    name: str
    params: list[Param]
    result: BtfType | None
    flags: frozenset[str]
    type_id: int
    context: str = ""
    kernel_context: BtfType | None = None


def may_call(name: str, prog_type: int, expected_attach_type: int, kernel: str = "6.18") -> bool:
    """Tell if programs of a type may call a function of a kernel."""
    if name in EVERYWHERE:
        return True
    if name in _OF_SESSIONS:
        return prog_type == bpf.BPF_PROG_TYPE_KPROBE and expected_attach_type in _SESSIONS
    kind = bpf.PROG_TYPE_NAMES.get(prog_type, "").removeprefix("BPF_PROG_TYPE_")
    if prog_type != bpf.BPF_PROG_TYPE_STRUCT_OPS:
        differs = kfunc_differs(kernel, _LIKE.get(kind, kind), name)
        if differs is not None:
            return differs
    kinds = TYPES_OF.get(name, "").split()
    if prog_type == bpf.BPF_PROG_TYPE_STRUCT_OPS:
        return name.startswith(_CONGESTION) or ("TRACING" in kinds and "SYSCALL" in kinds)
    if prog_type == bpf.BPF_PROG_TYPE_TRACING and expected_attach_type == bpf.BPF_TRACE_ITER:
        return "iter" in kinds
    return _LIKE.get(kind, kind) in kinds


def _suffix(name: str) -> str:
    at = name.rfind("__")
    return name[at:] if at > 0 else ""


def pointee(pointer: BtfType) -> BtfType | None:
    """Return what a pointer points to, without modifiers; None for void."""
    target = pointer.btf.resolve(pointer.type_id) if pointer.type_id else None
    return target if target is not None and target.kind else None


def _param(btf: Btf, name: str, type_id: int, is_iterator: bool) -> Param:
    suffix = _suffix(name)
    if suffix in _IGNORED:
        return Param(name, "ignored", suffix)
    declared = btf.resolve(type_id)
    if declared.kind in _NUMBERS:
        return Param(name, "scalar", suffix)
    if declared.kind != BTF_KIND_PTR:
        return Param(name, "unknown", suffix)
    target = pointee(declared)
    kind = _BY_SUFFIX.get(suffix, "")
    if not kind and target is not None:
        kind = _BY_STRUCT.get(target.name, "") if target.kind == BTF_KIND_STRUCT else ""
        if target.kind == BTF_KIND_FUNC_PROTO:
            kind = "callback"
    if is_iterator or suffix == "__iter":
        kind = "iter"
    return Param(name, kind, suffix, target)


def kfunc_proto(setting: Setting, name: str) -> Kfunc | None:
    """Return the contract of a kernel function; None where the kernel's types do not have it."""
    btf = setting.kernel_btf
    function = btf.by_name(name, BTF_KIND_FUNC) if btf is not None else None
    if btf is None or function is None:
        return None
    proto = btf.by_id(function.type_id)
    flags = {flag for flag, names in FLAGS.items() if name in names}
    if name.startswith("bpf_iter_"):
        flags |= {f"iter_{word}" for word in ("new", "next", "destroy") if name.endswith(f"_{word}")}
    is_iterator = any(flag.startswith("iter_") for flag in flags)
    params = [_param(btf, param, id, is_iterator and not n) for n, (param, id) in enumerate(proto.params)]
    for param, after in zip(params, params[1:]):
        if after.kind == "scalar" and after.suffix in ("__sz", "__szk"):
            param.size_suffix = after.suffix
    result = btf.resolve(proto.type_id) if proto.type_id else None
    context, in_kernel = contexts_of(btf, setting.prog_type)
    return Kfunc(name, params, result, frozenset(flags), function.id, context, in_kernel)


def contexts_of(btf: Btf, prog_type: int) -> tuple[str, BtfType | None]:
    """Return the name of the struct that is a program's context, and what it is in the kernel."""
    table = btf.by_name("bpf_ctx_convert", BTF_KIND_STRUCT)
    word = bpf.PROG_TYPE_NAMES.get(prog_type, "")
    name, in_kernel = "", None
    for member in table.members if table is not None else ():
        if member.name == f"{word}_prog":
            name = btf.resolve(member.type_id).name
        elif member.name == f"{word}_kern":
            in_kernel = btf.resolve(member.type_id)
    return name, in_kernel


def is_context(kfunc: Kfunc, param: Param) -> bool:
    """Tell if a parameter is the program's context."""
    if kfunc.name == "bpf_cast_to_kern_ctx":
        return True
    name = param.target.name if param.target is not None else ""
    return bool(name) and name in (kfunc.context, _PROJECTIONS.get(kfunc.context))


def is_projection(of: str, name: str) -> bool:
    """Tell if a context's struct stands for one of the kernel."""
    return _PROJECTIONS.get(of) == name


def is_plain(struct: BtfType | None, depth: int = 0) -> bool:
    """Tell if a type is a number, or a struct of nothing else. Source: __btf_type_is_scalar_struct()."""
    from ..btf.kinds import BTF_KIND_ARRAY

    if struct is None:
        return False
    if struct.kind in _NUMBERS:
        return True
    if struct.kind not in (BTF_KIND_STRUCT, BTF_KIND_UNION) or depth > 3:
        return False
    for member in struct.members:
        type_ = struct.btf.resolve(member.type_id)
        if type_.kind == BTF_KIND_ARRAY:
            element, _, count = type_.array
            type_ = struct.btf.resolve(element)
            if not count or type_.kind not in _NUMBERS:
                return False
        elif not is_plain(type_, depth + 1):
            return False
    return True

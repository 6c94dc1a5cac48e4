"""Hooks on the kernel's own functions, in BTF: which type names a hook, and what its arguments are.

Source: btf_get_kernel_prefix_kind in libbpf.c (libbpf 1.6); __DECLARE_TRACE in include/linux/tracepoint.h (Linux 6.18).
"""

from __future__ import annotations

from ..btf.kinds import BTF_KIND_FUNC, BTF_KIND_TYPEDEF
from ..record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..btf.read import Btf, BtfType

# For a kind of section, without `.s` and `.multi`: prefix and kind of the type whose id a program is loaded with, and
# prefix of the function that has the arguments' names.
_TYPES = {
    "tp_btf": ("btf_trace_", BTF_KIND_TYPEDEF, "__traceiter_"),
    "raw_tracepoint": ("btf_trace_", BTF_KIND_TYPEDEF, "__traceiter_"),
    "iter": ("bpf_iter_", BTF_KIND_FUNC, "bpf_iter_"),
    "lsm": ("bpf_lsm_", BTF_KIND_FUNC, "bpf_lsm_"),
    "lsm_cgroup": ("bpf_lsm_", BTF_KIND_FUNC, "bpf_lsm_"),
}
_FUNCTION = ("", BTF_KIND_FUNC, "")


class Argument(Record):
    """An argument of a hook: its name, empty if that is not known, its type, and in which u64 of all it begins."""

    name: str
    type_id: int
    slot: int


class Prototype(Record):
    """What a function takes and returns. `ret_type_id` is 0 for nothing; `slots` are all u64s of the arguments."""

    args: list[Argument]
    ret_type_id: int
    slots: int


def base_kind(kind: str) -> str:
    """Return a kind of section without what says how it runs: `lsm.s` is `lsm`, `raw_tp` is `raw_tracepoint`."""
    kind = kind.partition(".")[0]
    return "raw_tracepoint" if kind == "raw_tp" else kind


def find_hook(btf: Btf, kind: str, name: str) -> BtfType | None:
    """Return the type that names a hook, or None if the kernel does not have it."""
    prefix, btf_kind, _ = _TYPES.get(base_kind(kind), _FUNCTION)
    return btf.by_name(prefix + name, btf_kind)


def hook_names(btf: Btf, kind: str) -> list[str]:
    """Return the names of all hooks of a kind, sorted. Looks at every type: for error messages."""
    prefix, btf_kind, _ = _TYPES.get(base_kind(kind), _FUNCTION)
    names = {type.name for type in btf.types(btf_kind)}
    return sorted(name.removeprefix(prefix) for name in names if name.startswith(prefix))


def find_prototype(btf: Btf, kind: str, name: str) -> Prototype | None:
    """Return what a hook's program is given, or None if the kernel's BTF does not say. Raises: BtfError."""
    kind = base_kind(kind)
    prefix, btf_kind, function_prefix = _TYPES.get(kind, _FUNCTION)
    is_tracepoint = btf_kind == BTF_KIND_TYPEDEF
    function = btf.by_name(function_prefix + name, BTF_KIND_FUNC)
    if function is not None:
        proto = btf.by_id(function.type_id)
    elif is_tracepoint and (typedef := btf.by_name(prefix + name, btf_kind)) is not None:
        proto = btf.by_id(btf.resolve(typedef.type_id).type_id)  # typedef void (*btf_trace_…)(void *__data, …)
    else:
        return None
    args, slot = [], 0
    for arg_name, type_id in proto.params[1 if is_tracepoint else 0 :]:
        if not type_id:
            break  # …
        args.append(Argument(arg_name, type_id, slot))
        slot += max(1, -(-btf.sizeof(type_id) // 8))
    return Prototype(args, 0 if is_tracepoint or kind == "iter" else proto.type_id, slot)


def functions_like(btf: Btf, pattern: str, limit: int) -> list[str]:
    """Return up to `limit` names of functions that a pattern of `*` and `?` fits. Looks at every type."""
    from fnmatch import fnmatchcase

    names = dict.fromkeys(type.name for type in btf.types(BTF_KIND_FUNC) if fnmatchcase(type.name, pattern))
    return list(names)[:limit]

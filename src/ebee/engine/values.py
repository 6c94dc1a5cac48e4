"""What a map's value holds for the system: timers, locks, pointers, lists. Programs and updates leave it alone.

Source: kernel/bpf/btf.c, btf_parse_fields() (Linux 6.18).
"""

from __future__ import annotations

from ..btf.kinds import BTF_KIND_ARRAY, BTF_KIND_DATASEC, BTF_KIND_PTR, BTF_KIND_STRUCT, BTF_KIND_TYPE_TAG
from ..btf.read import Btf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..btf.read import BtfType

_KEPT_STRUCTS = frozenset(
    (
        "bpf_spin_lock", "bpf_res_spin_lock", "bpf_timer", "bpf_wq", "bpf_task_work", "bpf_list_head", "bpf_list_node",
        "bpf_rb_root", "bpf_rb_node", "bpf_refcount",
    )
)  # fmt: skip
_POINTER_TAGS = frozenset(("kptr", "kptr_untrusted", "percpu_kptr", "uptr"))


def kept_fields(btf: bytes, type_id: int) -> list[tuple[int, int]]:
    """Return (offset, size) in bytes of what a value of this type holds for the system."""
    found: list[tuple[int, int]] = []
    types = Btf(btf)
    _walk(types, types.resolve(type_id), 0, found, 0)
    return found


def _walk(btf: Btf, type: BtfType, off: int, found: list[tuple[int, int]], depth: int) -> None:
    if depth > 8:
        return
    if type.kind == BTF_KIND_ARRAY:
        element, _, count = type.array
        inner: list[tuple[int, int]] = []
        _walk(btf, btf.resolve(element), 0, inner, depth + 1)
        if inner:
            size = btf.sizeof(element)
            found += [(off + i * size + at, length) for i in range(count) for at, length in inner]
    elif type.kind == BTF_KIND_DATASEC:  # global variables
        for var, at, _ in type.secinfos:
            _walk(btf, btf.resolve(btf.by_id(var).type_id), off + at, found, depth + 1)
    elif type.kind == BTF_KIND_STRUCT:
        if type.name in _KEPT_STRUCTS:
            found.append((off, type.size_bytes))
            return
        for member in type.members:
            at = off + member.bit_off // 8
            declared = btf.by_id(member.type_id)
            if declared.kind == BTF_KIND_PTR:
                target = btf.by_id(declared.type_id)
                if target.kind == BTF_KIND_TYPE_TAG and target.name in _POINTER_TAGS:
                    found.append((at, 8))
            else:
                _walk(btf, btf.resolve(member.type_id), at, found, depth + 1)

"""Types that the kernel looks for in the values of maps: locks, timers, lists, and pointers to its own objects.

It knows them by their names and sizes; the program's own data must not be there.
Source: btf_get_field_type and btf_find_kptr in kernel/bpf/btf.c, include/uapi/linux/bpf.h (Linux 6.18).
"""

from __future__ import annotations

from .kinds import Member

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .build import BtfBuilder

# struct: size and alignment in bytes.
SPECIAL_STRUCTS = {
    "bpf_spin_lock": (4, 4), "bpf_res_spin_lock": (4, 4), "bpf_refcount": (4, 4), "bpf_timer": (16, 8),
    "bpf_wq": (16, 8), "bpf_task_work": (8, 8), "bpf_list_head": (16, 8), "bpf_list_node": (24, 8),
    "bpf_rb_root": (16, 8), "bpf_rb_node": (32, 8),
}  # fmt: skip

# Type tags of a pointer in a map's value. `kptr`: owned, moved in and out by bpf_kptr_xchg; `kptr_untrusted`: stored
# plainly, only read; `percpu_kptr`: from bpf_percpu_obj_new; `uptr`: to memory of the user's, pinned (task storage).
KPTR, KPTR_UNTRUSTED, PERCPU_KPTR, UPTR = KPTR_TAGS = ("kptr", "kptr_untrusted", "percpu_kptr", "uptr")


def add_special(btf: BtfBuilder, name: str) -> int:
    """Add one of SPECIAL_STRUCTS; return its type id."""
    size, align = SPECIAL_STRUCTS[name]
    word = btf.add_int(f"u{8 * align}", align)
    type_id = word if size == align else btf.add_array(word, size // align)
    return btf.add_struct(name, size, [Member("__opaque", type_id, 0)])


def add_kptr(btf: BtfBuilder, struct_name: str, tag: str = KPTR) -> int:
    """Add a pointer to a struct of the kernel, by its name, with one of KPTR_TAGS; return its type id."""
    return btf.add_ptr(btf.add_type_tag(tag, btf.add_struct(struct_name, 0, [])))


def add_graph_root(btf: BtfBuilder, member_type_id: int, component_idx: int, struct_name: str, node: str) -> int:
    """Tag a member of a struct, a bpf_list_head or bpf_rb_root, with what it holds: by member `node` of a struct."""
    return btf.add_decl_tag(f"contains:{struct_name}:{node}", member_type_id, component_idx)

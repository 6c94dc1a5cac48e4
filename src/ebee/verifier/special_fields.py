"""Fields in the values of maps that are the kernel's own: locks, timers, lists, pointers to its objects.

Source: check_map_access() in kernel/bpf/verifier.c, btf_parse_fields() in kernel/bpf/btf.c (Linux 6.18).
"""

from __future__ import annotations

from ..btf.kinds import (
    BTF_KIND_ARRAY,
    BTF_KIND_DATASEC,
    BTF_KIND_DECL_TAG,
    BTF_KIND_PTR,
    BTF_KIND_STRUCT,
    BTF_KIND_TYPE_TAG,
)
from ..btf.special import KPTR_TAGS, SPECIAL_STRUCTS
from ..record import Record
from .state import MEM_ALLOC, PTR_TO_MAP_VALUE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..btf.read import Btf, BtfType
    from ..spec.object import MapSpec
    from .explore import Verifier
    from .state import Reg

GRAPH_ROOTS = frozenset(("bpf_list_head", "bpf_rb_root"))
LOCKS = frozenset(("bpf_spin_lock", "bpf_res_spin_lock"))
LATEST = (6, 18)
_KPTR_BYTES = 8
_MAX_NESTING = 4
_MAX_FIELDS = 11  # BTF_FIELDS_MAX
# Fields of which a value has at most one. Source: btf_get_field_type().
_ONCE = ("bpf_spin_lock", "bpf_res_spin_lock", "bpf_timer", "bpf_wq", "bpf_refcount", "bpf_task_work")


# Since when kernels know fields; what is not known yet are plain bytes. Source: btf_get_field_type().
_SINCE = {
    "bpf_list_head": (6, 2), "bpf_list_node": (6, 2), "bpf_rb_root": (6, 3), "bpf_rb_node": (6, 3),
    "bpf_refcount": (6, 4), "percpu_kptr": (6, 7), "bpf_wq": (6, 10), "uptr": (6, 13), "bpf_res_spin_lock": (6, 15),
    "bpf_task_work": (6, 18),
}  # fmt: skip
_KPTR_TAGS_BEFORE_6_4 = {"kptr": "kptr_untrusted", "kptr_ref": "kptr"}


class Special(Record):
    """A field: offset and size in bytes; `name` of its struct, or of its tag (KPTR_TAGS) with what it points to.

    A list or tree holds structs `target`, by their field `node` bytes from the start.
    """

    off: int
    size: int
    name: str
    target: BtfType | None = None
    node: int = 0


def special_fields(
    btf: Btf, type_id: int, kernel: tuple[int, ...] = LATEST, base: int = 0, depth: int = 0
) -> list[Special]:  # fmt: skip
    """Return what lies in a type that only helpers and kernel functions may touch."""
    found: list[Special] = []
    struct = btf.resolve(type_id)
    if struct.kind == BTF_KIND_DATASEC:  # the variables of a section
        members = [(btf.by_id(id).type_id, off, id, -1) for id, off, _ in struct.secinfos]
    elif struct.kind == BTF_KIND_STRUCT and depth <= _MAX_NESTING:
        members = [(member.type_id, member.bit_off // 8, struct.id, n) for n, member in enumerate(struct.members)]
    else:
        return found
    for type_id, at, tagged, component in members:
        off = base + at
        type_, count = btf.by_id(type_id), 1  # the kernel does not look through typedefs here
        while type_.kind == BTF_KIND_ARRAY:
            element, _, length = type_.array
            type_, count = btf.by_id(element), min(count * length, _MAX_FIELDS + 1)
        if type_.kind == BTF_KIND_STRUCT and type_.name in SPECIAL_STRUCTS and kernel >= _SINCE.get(type_.name, ()):
            size = SPECIAL_STRUCTS[type_.name][0]
            target, node = _contained(btf, tagged, component) if type_.name in GRAPH_ROOTS else (None, 0)
            found += [Special(off + n * size, size, type_.name, target, node) for n in range(count)]
        elif type_.kind == BTF_KIND_PTR and type_.type_id:
            tag = btf.by_id(type_.type_id)
            name = tag.name if tag.kind == BTF_KIND_TYPE_TAG else ""
            if kernel < (6, 4):
                name = _KPTR_TAGS_BEFORE_6_4.get(name, "")
            if name in KPTR_TAGS and kernel >= _SINCE.get(name, ()):
                target = btf.resolve(tag.type_id)
                found += [Special(off + n * _KPTR_BYTES, _KPTR_BYTES, name, target) for n in range(count)]
        elif type_.kind == BTF_KIND_STRUCT:
            for n in range(count):
                found += special_fields(btf, type_.id, kernel, off + n * type_.size_bytes, depth + 1)
    return found


def _contained(btf: Btf, tagged: int, component: int) -> tuple[BtfType | None, int]:
    """Return the struct that a list or tree holds, and where in it the node is. Source: btf_find_graph_root()."""
    tags = (tag.name for tag in btf.types(BTF_KIND_DECL_TAG) if (tag.type_id, tag.component_idx) == (tagged, component))
    words = next((tag.split(":") for tag in tags if tag.startswith("contains:")), [])
    struct = btf.by_name(words[1], BTF_KIND_STRUCT) if len(words) == 3 else None
    members = struct.members if struct is not None else ()
    at = next((member.bit_off // 8 for member in members if member.name == words[2]), None)
    return (None, 0) if at is None else (struct, at)


def fields_in(v: Verifier, reg: Reg) -> list[Special]:
    """Return the special fields in what a pointer to a map's value or to an allocated object leads to."""
    if reg.kind == PTR_TO_MAP_VALUE:
        return fields_of(v, reg.obj)
    if not reg.flags & MEM_ALLOC or reg.obj is None:
        return []
    known = v.program.special_structs
    if reg.obj.id not in known:
        known[reg.obj.id] = special_fields(reg.obj.btf, reg.obj.id, v.kernel)
    return known[reg.obj.id]


def fields_of(v: Verifier, map_: MapSpec) -> list[Special]:
    """Return the special fields of a map's value."""
    known = v.program.special
    fields = known.get(map_.name)
    if fields is None:
        btf = v.setting.btf
        fields = special_fields(btf, map_.value_type_id, v.kernel) if btf is not None and map_.value_type_id else []
        names = [field.name for field in fields]
        if len(fields) > _MAX_FIELDS or any(names.count(name) > 1 for name in _ONCE):
            fields = []  # the kernel then knows of none
        known[map_.name] = fields
    return fields


def has_lock(v: Verifier, map_: MapSpec) -> bool:
    """Tell if a map's value has a lock."""
    return any(field.name in LOCKS for field in fields_of(v, map_))


def leads_to_lock(v: Verifier, reg: Reg) -> bool:
    """Tell if a pointer leads to what has a lock, so that its id tells whose. Source: reg_may_point_to_spin_lock()."""
    return any(field.name in LOCKS for field in fields_in(v, reg))


def check_special(v: Verifier, number: int, reg: Reg, off: int, size: int, *, by_helper: bool) -> Special | None:
    """Refuse an access that touches a special field; return the kernel pointer that a plain access is to.

    Raises: Refusal.
    """
    fields = fields_of(v, reg.obj)
    if not fields:
        return None
    low, high = reg.off + off + reg.num.smin, reg.off + off + reg.num.umax + size
    for field in fields:
        if low >= field.off + field.size or high <= field.off:
            continue
        if field.name not in KPTR_TAGS or field.name == "uptr" and by_helper:
            problem = f"{field.name} cannot be accessed directly by load/store"
        elif by_helper:
            problem = "kptr cannot be accessed indirectly by helper"
        elif reg.num.mask:
            problem = "kptr access cannot have variable offset"
        elif low != field.off:
            problem = f"kptr access misaligned expected={field.off} off={low}"
        elif size != _KPTR_BYTES:
            problem = "kptr access size must be BPF_DW"
        else:
            return field
        raise v.refuse("map_special_field", problem, register=number, field=field.name, off=field.off)
    return None

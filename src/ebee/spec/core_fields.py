"""What a program may ask the running kernel's types for when it is loaded (CO-RE): how it is named and found.

The symbol of a field is `task_struct.real_parent:struct task_struct *`: the struct, the way through its members
(`signal.rlim[3].rlim_cur`, anonymous ones left out), and the shape that the program was compiled for. The symbol of a
type is `struct task_struct` (also `union` and `enum`), that of an enumerator `zone_type.ZONE_DMA`.
A name may have a flavour, `task_struct___old`, which the kernel does not have: one program can so know several layouts.
"""

from __future__ import annotations

from ..btf.kinds import (
    BTF_INT_SIGNED,
    BTF_KIND_ARRAY,
    BTF_KIND_ENUM,
    BTF_KIND_ENUM64,
    BTF_KIND_FWD,
    BTF_KIND_INT,
    BTF_KIND_PTR,
    BTF_KIND_STRUCT,
    BTF_KIND_TYPE_TAG,
    BTF_KIND_UNION,
    MODIFIER_KINDS,
)
from ..errors import BtfError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..btf.read import Btf, BtfField, BtfType

TYPE_WORDS = {
    "struct": (BTF_KIND_STRUCT,), "union": (BTF_KIND_UNION,), "enum": (BTF_KIND_ENUM, BTF_KIND_ENUM64),
}  # fmt: skip

# Type tags of pointers to memory that a kernel address does not reach as it is.
# Source: __user and __percpu in include/linux/compiler_types.h (Linux 6.18).
FOREIGN_TAGS = ("user", "percpu")


def core_symbol(struct_name: str, path: str, shape: str) -> str:
    """Return the symbol of a field."""
    return f"{struct_name}.{path}:{shape}"


def split_symbol(symbol: str) -> tuple[str, str, str]:
    """Return the struct's name, the path and the shape that a symbol names."""
    place, _, shape = symbol.partition(":")
    struct_name, _, path = place.partition(".")
    return struct_name, path, shape


def without_flavour(name: str) -> str:
    """Return the name that the kernel has."""
    return name.partition("___")[0]


def kernel_names(function: str) -> list[str]:
    """Return the names under which kernels may have a function: without a flavour, without and with `_impl`.

    Kernels rename what takes an argument that the verifier fills in. Since Linux 7.0 the types have both names, and
    only the one without `_impl` can be called. Source: find_ksym_btf_id in libbpf.c (libbpf 1.6).
    """
    name = without_flavour(function).removesuffix("_impl")
    return [name, f"{name}_impl"]


def is_symbol(kind: str, symbol: str) -> bool:
    """Whether a symbol names what a relocation of this kind can be for: a type, or an enumerator."""
    words = symbol.replace(".", " ", 1).split(" ") if kind.startswith("core_enum") else symbol.split(" ")
    if not kind.startswith("core_enum") and words[0] not in TYPE_WORDS:
        return False
    return len(words) == 2 and all(w.isascii() and w.isidentifier() for w in words)


_structs: dict[tuple[Btf, str], BtfType | None] = {}  # a cache of the process: each search takes a millisecond


def find_struct(btf: Btf, name: str) -> BtfType | None:
    """Return the struct of a name, the first one if there are several."""
    key = (btf, name)
    if key not in _structs:
        _structs[key] = btf.by_name(without_flavour(name), BTF_KIND_STRUCT)
    return _structs[key]


def find_field(btf: Btf, struct_name: str, path: str) -> BtfField:
    """Return a field of a struct. Raises: BtfError."""
    struct = find_struct(btf, struct_name)
    if struct is None:
        raise BtfError(f"there is no struct {struct_name!r}", section=".BTF")
    return btf.field_of(struct, path)


def split_path(path: str) -> list[str | int]:
    """Return the members' names and the array indices of a path."""
    parts = path.replace("[", ".[").split(".")
    return [int(p[1:-1]) if p[0] == "[" else p for p in parts]


def resolved(btf: Btf, type: BtfType) -> BtfType:
    """Return the type behind typedefs and qualifiers. Raises: BtfError."""
    return btf.resolve(type.type_id) if type.kind in MODIFIER_KINDS else type


def pointee(btf: Btf, pointer: BtfType, *, is_declared: bool = False) -> BtfType | None:
    """Return the struct with a name that a pointer leads to in kernel memory, or None.

    `is_declared`: one that is only declared will do.
    """
    type_id = pointer.type_id
    while (target := btf.by_id(type_id)).kind in MODIFIER_KINDS:
        if target.kind == BTF_KIND_TYPE_TAG and target.name in FOREIGN_TAGS:
            return None
        type_id = target.type_id
    is_struct = target.kind == BTF_KIND_STRUCT or (is_declared and target.kind == BTF_KIND_FWD and not target.kind_flag)
    return target if is_struct and target.name else None


def shape_of(btf: Btf, field: BtfField) -> str:
    """Return how a field is read, see `shape_of_type`. Raises: BtfError."""
    return shape_of_type(btf, field.type, is_bits=bool(field.bitfield_size or field.bit_off))


def shape_of_type(btf: Btf, type: BtfType, *, is_bits: bool = False, is_declared: bool = False) -> str:
    """Return how what is of a type is read: `s32`, `u64`, `u32 enum`, `struct mm_struct *`, `*` (other pointers),
    `char[16]`, `struct`, `u64[4]`.

    A bit field is `bits` or `bits enum`, and empty is what cannot be read. `is_declared`: a struct that is only
    declared counts as one. Raises: BtfError.
    """
    type = resolved(btf, type)
    if is_bits:
        return "bits" if type.kind == BTF_KIND_INT else "bits enum"
    if type.kind in (BTF_KIND_INT, BTF_KIND_ENUM, BTF_KIND_ENUM64):
        is_signed = type.int_encoding[0] & BTF_INT_SIGNED if type.kind == BTF_KIND_INT else type.kind_flag
        number = f"{'s' if is_signed else 'u'}{8 * type.size_bytes}{'' if type.kind == BTF_KIND_INT else ' enum'}"
        return number if type.size_bytes in (1, 2, 4, 8) else ""
    if type.kind == BTF_KIND_PTR:
        target = pointee(btf, type, is_declared=is_declared)
        return "*" if target is None else f"struct {target.name} *"
    if type.kind == BTF_KIND_ARRAY:
        element_id, _index, count = type.array
        element = btf.resolve(element_id)
        is_text = element.kind == BTF_KIND_INT and element.name == "char" and count
        inner = "char" if is_text else shape_of_type(btf, element)
        return f"{inner}[{count}]" if inner else ""
    return "struct" if type.kind in (BTF_KIND_STRUCT, BTF_KIND_UNION) else ""


def find_type(btf: Btf, symbol: str) -> BtfType | None:
    """Return the type that a symbol names."""
    word, _, name = symbol.partition(" ")
    return next((t for kind in TYPE_WORDS[word] if (t := btf.by_name(without_flavour(name), kind))), None)


def find_enumerator(btf: Btf, symbol: str) -> int | None:
    """Return the value of an enumerator, as a signed or unsigned number."""
    name, _, enumerator = symbol.partition(".")
    for kind in TYPE_WORDS["enum"]:
        for enum in btf.all_by_name(without_flavour(name), kind):
            for known, value in enum.values:
                if known == without_flavour(enumerator):
                    return value
    return None

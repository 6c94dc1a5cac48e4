"""Fields of kernel structs whose offset is found when a program is loaded (CO-RE): how they are named and found.

The symbol of such a field is `task_struct.real_parent:struct task_struct *`: the struct, the way through its members
(`signal.rlim[3].rlim_cur`, anonymous ones left out), and the shape that the program was compiled for.
"""

from __future__ import annotations

from ..btf.kinds import (
    BTF_INT_SIGNED,
    BTF_KIND_ARRAY,
    BTF_KIND_ENUM,
    BTF_KIND_ENUM64,
    BTF_KIND_INT,
    BTF_KIND_PTR,
    BTF_KIND_STRUCT,
    BTF_KIND_TYPE_TAG,
    BTF_KIND_UNION,
    MODIFIER_KINDS,
)
from ..errors import BtfError, NotSupported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..btf.read import Btf, BtfField, BtfType

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


_structs: dict[tuple[Btf, str], BtfType | None] = {}  # a cache of the process: each search takes a millisecond


def find_struct(btf: Btf, name: str) -> BtfType | None:
    """Return the struct of a name, the first one if there are several."""
    key = (btf, name)
    if key not in _structs:
        _structs[key] = btf.by_name(name, BTF_KIND_STRUCT)
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


def pointee(btf: Btf, pointer: BtfType) -> BtfType | None:
    """Return the struct with a name that a pointer leads to in kernel memory, or None."""
    type_id = pointer.type_id
    while (target := btf.by_id(type_id)).kind in MODIFIER_KINDS:
        if target.kind == BTF_KIND_TYPE_TAG and target.name in FOREIGN_TAGS:
            return None
        type_id = target.type_id
    return target if target.kind == BTF_KIND_STRUCT and target.name else None


def shape_of(btf: Btf, field: BtfField) -> str:
    """Return how a field is read: `s32`, `u64`, `u32 enum`, `struct mm_struct *`, `*` (other pointers), `char[16]`,
    `struct`, `array`.

    A bit field is `bits`, and empty is what cannot be read. Raises: BtfError.
    """
    if field.bitfield_size or field.bit_off:
        return "bits"
    type = resolved(btf, field.type)
    if type.kind in (BTF_KIND_INT, BTF_KIND_ENUM, BTF_KIND_ENUM64):
        is_signed = type.int_encoding[0] & BTF_INT_SIGNED if type.kind == BTF_KIND_INT else type.kind_flag
        number = f"{'s' if is_signed else 'u'}{8 * type.size_bytes}{'' if type.kind == BTF_KIND_INT else ' enum'}"
        return number if type.size_bytes in (1, 2, 4, 8) else ""
    if type.kind == BTF_KIND_PTR:
        target = pointee(btf, type)
        return "*" if target is None else f"struct {target.name} *"
    if type.kind == BTF_KIND_ARRAY:
        element_id, _index, count = type.array
        element = btf.resolve(element_id)
        return f"char[{count}]" if element.kind == BTF_KIND_INT and element.name == "char" and count else "array"
    return "struct" if type.kind in (BTF_KIND_STRUCT, BTF_KIND_UNION) else ""


def field_off(btf: Btf, symbol: str) -> int:
    """Return the offset in bytes at which a kernel has a field.

    Raises: NotSupported if it does not have it, or it is not what the program was compiled for.
    """
    struct_name, path, shape = split_symbol(symbol)
    try:
        field = find_field(btf, struct_name, path)
        found = shape_of(btf, field)
    except BtfError as e:
        raise NotSupported(f"{path!r} of struct {struct_name}", hint=f"this kernel does not have it: {e}") from None
    if found != shape:
        raise NotSupported(
            f"{path!r} of struct {struct_name} as {shape!r}",
            hint=f"in this kernel it is {found or 'of another kind'!r}: compile the program here",
        )
    return field.off_bytes

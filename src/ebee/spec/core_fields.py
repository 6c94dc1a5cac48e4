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
    BTF_KIND_INT,
    BTF_KIND_PTR,
    BTF_KIND_STRUCT,
    BTF_KIND_TYPE_TAG,
    BTF_KIND_UNION,
    MODIFIER_KINDS,
)
from ..errors import BtfError, NotSupported
from .object import CORE_EXISTENCE

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
    """Return the names under which kernels may have a function: without a flavour, with and without `_impl`.

    Kernels rename what takes an argument that the verifier fills in. Source: find_ksym_btf_id in libbpf.c (libbpf 1.6).
    """
    name = without_flavour(function)
    return [name, name.removesuffix("_impl") if name.endswith("_impl") else f"{name}_impl"]


def is_symbol(kind: str, symbol: str) -> bool:
    """Whether a symbol is one that a relocation of this kind can have."""
    import re

    name = r"[A-Za-z_]\w*"
    shape = rf"[su](8|16|32|64)( enum)?|(struct {name} )?\*|char\[\d{{1,6}}\]|struct|array|bits"
    pattern = rf"(struct|union|enum) {name}"
    if kind.startswith("core_field"):
        pattern = rf"{name}\.{name}(\[\d{{1,6}}\])*(\.{name}(\[\d{{1,6}}\])*)*:({shape})"
    elif kind.startswith("core_enum"):
        pattern = rf"{name}\.{name}"
    return re.fullmatch(pattern, symbol, re.ASCII) is not None


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


def core_value(btf: Btf, kind: str, symbol: str) -> int:
    """Return the number that a kernel's types give for a relocation; `kind` is a key of `CORE_KINDS`.

    Raises: NotSupported if there is no such type, field or enumerator, unless just that is asked.
    Source: bpf_core_calc_relo in tools/lib/bpf/relo_core.c (Linux 6.18).
    """
    if kind.startswith("core_field"):
        return _field_value(btf, kind, symbol)
    if kind.startswith("core_enum"):
        found = find_enumerator(btf, symbol)
        value = 0 if found is None else found & 0xFFFF_FFFF_FFFF_FFFF
    else:
        type = find_type(btf, symbol)
        found = None if type is None else type.id
        value = btf.sizeof(type.id) if type is not None and kind == "core_type_size" else found or 0
    if kind in CORE_EXISTENCE:
        return int(found is not None)
    if found is None:
        raise NotSupported(symbol, hint="this kernel does not have it: test for it before")
    return value


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


def _field_value(btf: Btf, kind: str, symbol: str) -> int:
    struct_name, path, shape = split_symbol(symbol)
    if kind == "core_field_exists":
        try:
            found = shape_of(btf, find_field(btf, struct_name, path))
        except BtfError:
            return 0
        return int(_sort(found) == _sort(shape))
    if kind == "core_field" and shape != "bits":
        return field_off(btf, symbol)
    try:
        field = find_field(btf, struct_name, path)
        type = resolved(btf, field.type)
        unit = btf.sizeof(type.id)
    except BtfError as e:
        raise NotSupported(f"{path!r} of struct {struct_name}", hint=f"this kernel does not have it: {e}") from None
    if kind == "core_field_signed":
        return int(type.int_encoding[0] & BTF_INT_SIGNED if type.kind == BTF_KIND_INT else type.kind_flag)
    # The smallest aligned integer that has all bits of the field.
    start, bits = 8 * field.off_bytes + field.bit_off, field.bitfield_size or 8 * unit
    off = start // 8 // unit * unit if field.bitfield_size else field.off_bytes
    while field.bitfield_size and start + bits > 8 * (off + unit) and unit < 8:
        unit *= 2
        off = start // 8 // unit * unit
    return {
        "core_field": off, "core_field_size": unit,
        "core_field_lshift": 64 - (start + bits - 8 * off), "core_field_rshift": 64 - bits,
    }[kind]  # fmt: skip


def _sort(shape: str) -> str:
    """Return what a field's shape has in common with those that a program may take it for."""
    if shape.endswith("*"):
        return "*"
    return shape.partition(" ")[2] or "int" if shape[:1] in "us" and shape[1:2].isdigit() else shape.partition("[")[0]

"""What reading and building BTF share: the kinds of types, the size of what follows each record, members.

Source: include/uapi/linux/btf.h (Linux 6.18), Documentation/bpf/btf.rst.
"""

from __future__ import annotations

BTF_MAGIC = 0xEB9F
BTF_VERSION = 1
BTF_HDR_LEN = 24

(
    BTF_KIND_UNKN,
    BTF_KIND_INT,
    BTF_KIND_PTR,
    BTF_KIND_ARRAY,
    BTF_KIND_STRUCT,
    BTF_KIND_UNION,
    BTF_KIND_ENUM,
    BTF_KIND_FWD,
    BTF_KIND_TYPEDEF,
    BTF_KIND_VOLATILE,
    BTF_KIND_CONST,
    BTF_KIND_RESTRICT,
    BTF_KIND_FUNC,
    BTF_KIND_FUNC_PROTO,
    BTF_KIND_VAR,
    BTF_KIND_DATASEC,
    BTF_KIND_FLOAT,
    BTF_KIND_DECL_TAG,
    BTF_KIND_TYPE_TAG,
    BTF_KIND_ENUM64,
) = range(20)

# The word of the kernel's `BTF_KIND_` name, by number; number 0 is void.
KIND_NAMES = (
    "void", "int", "ptr", "array", "struct", "union", "enum", "fwd", "typedef", "volatile", "const",
    "restrict", "func", "func_proto", "var", "datasec", "float", "decl_tag", "type_tag", "enum64",
)  # fmt: skip

# 32-bit words after the three words of struct btf_type, by kind: in any case, and for each of `vlen` entries.
FIXED_WORDS = (0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0)
ENTRY_WORDS = (0, 0, 0, 0, 3, 3, 2, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 0, 0, 3)

# Kinds whose third word is a size in bytes, and kinds whose third word is a type id.
SIZED_KINDS = frozenset((
    BTF_KIND_INT, BTF_KIND_STRUCT, BTF_KIND_UNION, BTF_KIND_ENUM, BTF_KIND_ENUM64, BTF_KIND_FLOAT,
    BTF_KIND_DATASEC,
))  # fmt: skip
REFERENCE_KINDS = frozenset((
    BTF_KIND_PTR, BTF_KIND_TYPEDEF, BTF_KIND_VOLATILE, BTF_KIND_CONST, BTF_KIND_RESTRICT, BTF_KIND_FUNC,
    BTF_KIND_FUNC_PROTO, BTF_KIND_VAR, BTF_KIND_DECL_TAG, BTF_KIND_TYPE_TAG,
))  # fmt: skip

# Kinds that change a type without changing its layout, with the typedef: what `Btf.resolve` skips.
MODIFIER_KINDS = frozenset((
    BTF_KIND_TYPEDEF, BTF_KIND_VOLATILE, BTF_KIND_CONST, BTF_KIND_RESTRICT, BTF_KIND_TYPE_TAG,
))  # fmt: skip

# encoding of BTF_KIND_INT
BTF_INT_SIGNED, BTF_INT_CHAR, BTF_INT_BOOL = 1, 2, 4

# linkage of BTF_KIND_FUNC, and of BTF_KIND_VAR
BTF_FUNC_STATIC, BTF_FUNC_GLOBAL, BTF_FUNC_EXTERN = 0, 1, 2
BTF_VAR_STATIC, BTF_VAR_GLOBAL_ALLOCATED, BTF_VAR_GLOBAL_EXTERN = 0, 1, 2

BTF_MAX_VLEN = 0xFFFF


class Member:
    """A member of a struct or union: `bit_off` from its start; `bitfield_size` in bits, 0: no bit field."""

    __slots__ = ("bit_off", "bitfield_size", "name", "type_id")

    def __init__(self, name: str, type_id: int, bit_off: int, bitfield_size: int = 0) -> None:
        self.name, self.type_id, self.bit_off, self.bitfield_size = name, type_id, bit_off, bitfield_size

    def __repr__(self) -> str:
        return f"Member({self.name!r}, {self.type_id}, {self.bit_off}, {self.bitfield_size})"

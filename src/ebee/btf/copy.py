"""Copying types from one BTF to another: what a function of the kernel takes, without all that is behind it."""

from __future__ import annotations

from .kinds import (
    BTF_KIND_ARRAY,
    BTF_KIND_CONST,
    BTF_KIND_ENUM,
    BTF_KIND_ENUM64,
    BTF_KIND_FLOAT,
    BTF_KIND_FUNC_PROTO,
    BTF_KIND_FWD,
    BTF_KIND_INT,
    BTF_KIND_PTR,
    BTF_KIND_STRUCT,
    BTF_KIND_UNION,
    MODIFIER_KINDS,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .build import BtfBuilder
    from .read import Btf


def copy_type(source: Btf, type_id: int, to: BtfBuilder) -> int:
    """Add a type of `source` to `to` and return its id there.

    Structs, unions and enums come without members, as libbpf compares the types of kernel functions by their kinds
    only; typedefs and qualifiers (except const) are left out. Raises: BtfError for damaged types.
    Source: bpf_core_types_are_compat in tools/lib/bpf/relo_core.c (Linux 6.18).
    """
    type = source.by_id(type_id)
    while type.kind in MODIFIER_KINDS and type.kind != BTF_KIND_CONST:
        type = source.by_id(type.type_id)
    kind = type.kind
    if kind == BTF_KIND_CONST:
        return to.add_const(copy_type(source, type.type_id, to))
    if kind == BTF_KIND_PTR:
        return to.add_ptr(copy_type(source, type.type_id, to))
    if kind == BTF_KIND_INT:
        return to.add_int(type.name, type.size_bytes, type.int_encoding[0])
    if kind == BTF_KIND_STRUCT:
        return to.add_struct(type.name, 0, [])
    if kind == BTF_KIND_UNION:
        return to.add_union(type.name, 0, [])
    if kind in (BTF_KIND_ENUM, BTF_KIND_ENUM64):
        return to.add_enum(type.name, [], type.size_bytes) if kind == BTF_KIND_ENUM else to.add_enum64(type.name, [])
    if kind == BTF_KIND_FWD:
        return to.add_fwd(type.name, is_union=type.kind_flag)
    if kind == BTF_KIND_ARRAY:
        element, _index, count = type.array
        return to.add_array(copy_type(source, element, to), count)
    if kind == BTF_KIND_FLOAT:
        return to.add_float(type.name, type.size_bytes)
    if kind == BTF_KIND_FUNC_PROTO:
        params = [(name, copy_type(source, param_id, to)) for name, param_id in type.params]
        return to.add_func_proto(copy_type(source, type.type_id, to), params)
    return 0

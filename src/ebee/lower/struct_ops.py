"""Structs of functions in objects: a variable of the kernel's struct, with the members that are set.

A loader puts each member where the running kernel has it, by its name.
Source: bpf_map__init_kern_struct_ops in libbpf.c (libbpf 1.5).
"""

from __future__ import annotations

from ..btf.build import BtfBuilder
from ..btf.copy import copy_type
from ..btf.kinds import Member
from ..spec.object import StructOpsSpec
from ..spec.struct_values import member_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..btf.read import Btf
    from ..spec.object import ObjectSpec

_POINTER_BYTES = 8


def add_struct(
    spec: ObjectSpec, kernel: Btf, name: str, struct: str, values: Mapping[str, int | bytes],
    programs: Mapping[str, str],
) -> None:
    """Add a variable `name` to an object: plain members, and programs of the object by member. Raises: UsageError."""
    btf = BtfBuilder.continuing(spec.btf)
    function_id = btf.add_ptr(btf.add_func_proto(btf.add_signed("int", 4)))
    data, members, pointers = bytearray(), [], {}
    for member, program in programs.items():
        members.append(Member(member, function_id, 8 * len(data)))
        pointers[len(data)] = program
        data += bytes(_POINTER_BYTES)
    for member, given in values.items():
        field, raw = member_bytes(kernel, struct, member, given, "little")
        data += bytes(-len(data) % (1 if isinstance(given, bytes) else len(raw)))
        members.append(Member(member, copy_type(kernel, field.type.id, btf), 8 * len(data)))
        data += raw
    data += bytes(-len(data) % _POINTER_BYTES)
    type_id = btf.add_struct(struct, len(data), members)
    spec.structs[name] = StructOpsSpec(name, struct, type_id, bytes(data), pointers)
    spec.btf = btf.encode()

"""Structs of functions that the kernel calls: which member a program is for, and registering them.

Source: bpf_struct_ops_map_alloc, bpf_struct_ops_map_update_elem and bpf_struct_ops_link_create in
kernel/bpf/bpf_struct_ops.c, check_struct_ops_btf_id in kernel/bpf/verifier.c (Linux 6.18).
"""

from __future__ import annotations

import sys

from ..abi import bpf as abi
from ..btf.kinds import BTF_KIND_STRUCT
from ..errors import NotSupported, SyscallError, UsageError
from ..spec.struct_values import member_bytes
from ..sys import bpf
from ..sys.map_elements import MapElements
from ..sys.os_seam import Fd
from .programs import KernelLink
from .vmlinux import vmlinux_btf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..btf.read import Btf, BtfType
    from .programs import KernelProgram

_VALUE = "bpf_struct_ops_"  # the kernel's struct around such a struct, which a map's value is
_EINVAL = 22


def _struct(name: str) -> tuple[Btf, BtfType, BtfType]:
    """Return the kernel's types, the struct, and the struct around it. Raises: NotSupported."""
    btf = vmlinux_btf()
    if btf is None:
        raise NotSupported("struct_ops", "5.6 with CONFIG_DEBUG_INFO_BTF")
    struct, value = btf.by_name(name, BTF_KIND_STRUCT), btf.by_name(_VALUE + name, BTF_KIND_STRUCT)
    if struct is None or value is None:
        raise NotSupported(f"struct_ops {name!r}", hint="this kernel registers no such struct")
    return btf, struct, value


def member_of(attach_to: str) -> tuple[int, int]:
    """Return the id of the struct and the index of the member that a program is for (`struct.member`).

    Raises: NotSupported if the kernel does not have them.
    """
    name, _, member = attach_to.partition(".")
    _, struct, _ = _struct(name)
    for index, found in enumerate(struct.members):
        if found.name == member:
            return struct.id, index
    raise NotSupported(f"struct_ops {name!r} with a member {member!r}")


def register(
    name: str, values: Mapping[str, int | bytes], programs: Mapping[str, KernelProgram], btf_fd: int
) -> KernelLink:
    """Have the kernel use a struct. Closing the link takes it away.

    `btf_fd` are types of the programs: the kernel asks for some, and does not look. Raises: NotSupported, UsageError,
    SyscallError.
    """
    btf, _, outer = _struct(name)
    value, data = bytearray(btf.sizeof(outer.id)), btf.field(outer.name, "data")
    for member, given in {**values, **{m: p.fd.number for m, p in programs.items()}}.items():
        field, raw = member_bytes(btf, name, member, given, sys.byteorder)
        at = data.off_bytes + field.off_bytes
        value[at : at + len(raw)] = raw
    try:
        map_fd = bpf.map_create(
            abi.BPF_MAP_TYPE_STRUCT_OPS, 4, len(value), 1, abi.BPF_F_LINK, name, btf_fd, vmlinux_value_type_id=outer.id
        )
    except SyscallError as e:
        if e.errno == _EINVAL:
            raise NotSupported("registering a struct_ops by a link", "6.4") from None
        raise
    try:
        MapElements(map_fd.number, 4, len(value), name).update(bytes(4), bytes(value), 0)
        link = bpf.link_create(map_fd.number, 0, abi.BPF_STRUCT_OPS)
        if link < 0:
            raise bpf.error(abi.BPF_LINK_CREATE, -link, f"struct_ops {name!r}")
    except SyscallError as e:
        map_fd.close()
        if e.errno == _EINVAL:
            hint = "functions that it cannot do without, or values, are missing or wrong"
            raise UsageError(f"the kernel does not take this {name}", hint=hint) from e
        raise
    return KernelLink(Fd(link), map_fd)

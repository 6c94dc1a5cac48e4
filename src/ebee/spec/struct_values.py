"""Plain members of the kernel's structs of functions (struct_ops): numbers and strings as bytes."""

from __future__ import annotations

from ..btf.kinds import BTF_KIND_ARRAY, BTF_KIND_STRUCT
from ..errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from ..btf.read import Btf, BtfField


def member_bytes(
    btf: Btf, struct: str, member: str, given: int | bytes, byteorder: Literal["little", "big"]
) -> tuple[BtfField, bytes]:
    """Return the place of a member in `struct`, and all its bytes. Raises: UsageError for what it does not take."""
    type = btf.by_name(struct, BTF_KIND_STRUCT)
    if type is None or not any(m.name == member for m in type.members):
        raise UsageError(f"struct {struct} has no member {member!r}")
    field = btf.field(struct, member)
    is_text = btf.resolve(field.type.id).kind == BTF_KIND_ARRAY
    if is_text != isinstance(given, bytes) or field.bitfield_size:
        raise UsageError(f"member {member!r} of {struct} does not take {given!r}")
    size = field.size_bytes
    if isinstance(given, bytes):
        if len(given) >= size:
            raise UsageError(f"member {member!r} of {struct} takes at most {size - 1} bytes")
        return field, given.ljust(size, b"\0")
    if not -(1 << 8 * size - 1) <= given < 1 << 8 * size:
        raise UsageError(f"{given} does not fit into member {member!r} of {struct}: it has {size} bytes")
    return field, (given & (1 << 8 * size) - 1).to_bytes(size, byteorder)

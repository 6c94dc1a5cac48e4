"""Reads and writes of map values.

Source: kernel/bpf/verifier.c (Linux 6.18): check_map_access(), check_map_access_type(), bpf_map_direct_read().
"""

from __future__ import annotations

from ..abi import bpf
from . import kptr_access, memory
from .special_fields import Special, check_special
from .state import PTR_TO_INSN, SCALAR, Reg, constant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..spec.object import MapSpec
    from .explore import Verifier

BPF_F_RDONLY_PROG, BPF_F_WRONLY_PROG = 1 << 7, 1 << 8


def value_bytes(used: MapSpec) -> int:
    """Return how many bytes lie behind a pointer into a map: of jump tables all addresses. Source: map_mem_size()."""
    return 8 * used.max_entries if used.map_type == bpf.BPF_MAP_TYPE_INSN_ARRAY else used.value_size


def check_map_value(
    v: Verifier, number: int, reg: Reg, off: int, size: int, *, is_write: bool, zero_ok: bool = False,
    by_helper: bool = False,
) -> Special | None:
    """Refuse what lies outside a map's value, and what the map's flags forbid."""
    used = reg.obj
    forbidden = BPF_F_RDONLY_PROG if is_write else BPF_F_WRONLY_PROG
    is_table = used.map_type == bpf.BPF_MAP_TYPE_INSN_ARRAY  # those have BPF_F_RDONLY_PROG by themselves
    if used.map_flags & forbidden or (is_table and is_write):
        what = "write into" if is_write else "read from"
        at = reg.off + off
        message = f"{what} map forbidden, value_size={value_bytes(used)} off={at} size={size}"
        raise v.refuse("map_read_only" if is_write else "map_write_only", message, map=used.name)
    memory.check_region(v, number, reg, off, size, value_bytes(used), zero_ok=zero_ok)
    return check_special(v, number, reg, off, size, by_helper=by_helper)


def access(v: Verifier, number: int, reg: Reg, off: int, size: int, value: Reg | None, other: int) -> Reg:
    """Check a load or store in a map's value; return what is loaded."""
    if value is not None and value.kind != SCALAR and not v.privileged:
        raise v.refuse("pointer_leak", f"R{other} leaks addr into map", register=other)
    field = check_map_value(v, number, reg, off, size, is_write=value is not None)
    if field is not None:
        return kptr_access.access(v, field, value, other)
    used = reg.obj
    if used.map_type == bpf.BPF_MAP_TYPE_INSN_ARRAY:
        if size != 8:
            message = f"Invalid read of {size} bytes from insn_array"
            raise v.refuse("cfg_jump_table", message, register=number, size=size)
        return Reg(PTR_TO_INSN, reg.num, off=reg.off + off, obj=used)
    if value is None and not reg.num.mask and used.frozen and used.map_flags & BPF_F_RDONLY_PROG:
        if used.map_type == bpf.BPF_MAP_TYPE_ARRAY and used.max_entries == 1:
            at = reg.off + off + reg.num.value
            content = used.initial[at : at + size].ljust(size, b"\0")
            return constant(int.from_bytes(content, "little"))
    return memory.LOADED[size]

"""Steps of wide loads: constants, maps, functions, and variables of the kernel.

Source: kernel/bpf/verifier.c (Linux 6.18): check_ld_imm(), resolve_pseudo_ldimm64().
"""

from __future__ import annotations

from ..abi import bpf
from .alu import MAX_VAR_OFF, check_dst
from .scalar import const
from .state import (
    CONST_PTR_TO_MAP,
    PTR_TO_ARENA,
    PTR_TO_FUNC,
    PTR_TO_MAP_VALUE,
    Reg,
    constant,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..isa.insn import Insn
    from ..isa.table import Row
    from .explore import Verifier

U64 = 0xFFFF_FFFF_FFFF_FFFF
# What gives the address of a kernel's variable; `steps` enters it.
KERNEL_VARIABLE: list[Callable[[Verifier, int], Reg]] = []


def decode_lddw(v: Verifier, row: Row, insn: Insn, slot: int) -> Any:
    """Decode a wide load: all that it gives is known in advance."""
    if row.name == "lddw_func" and v.is_global(v.code.subprog_at[v.code.callee(slot)]):
        return (_refused,)
    step = _lddw_func if row.name == "lddw_func" else _lddw
    return (step, slot + 2, insn.dst_reg, _loaded(v, row, insn, slot))


def _refused(v: Verifier, op: Any) -> int:
    raise v.refuse("call_function", "callback function not static")


def _lddw(v: Verifier, op: Any) -> int:
    check_dst(v, op[2])
    v.regs[op[2]] = op[3]
    return op[1]  # type: ignore[no-any-return]


def _lddw_func(v: Verifier, op: Any) -> int:
    v.addressed.setdefault(op[3].obj, v.idx)
    return _lddw(v, op)


def _loaded(v: Verifier, row: Row, insn: Insn, slot: int) -> Reg:
    if row.name == "lddw":
        return constant(insn.imm & U64)
    if row.name == "lddw_func":
        return Reg(PTR_TO_FUNC, const(0), obj=v.code.subprog_at[v.code.callee(slot)])
    if row.name == "lddw_btf_id":
        return KERNEL_VARIABLE[0](v, slot)
    used = v.setting.maps.get(slot)
    if used is None:
        v.idx = slot
        raise v.refuse("map_fd", f"fd {insn.imm & 0xFFFF_FFFF} is not pointing to valid bpf_map")
    if row.name in ("lddw_map_fd", "lddw_map_idx"):
        return Reg(CONST_PTR_TO_MAP, const(0), obj=used)
    off = insn.imm >> 32 & 0xFFFF_FFFF
    v.idx = slot
    if off >= MAX_VAR_OFF:
        message = f"direct value offset of {off} is not allowed"
        raise v.refuse("map_value_address", message, map=used.name, off=off)
    if used.map_type == bpf.BPF_MAP_TYPE_ARENA:
        return Reg(PTR_TO_ARENA, const(0), obj=used)
    if used.map_type == bpf.BPF_MAP_TYPE_INSN_ARRAY:
        if off % 8 or off // 8 >= used.max_entries:
            message = f"invalid access to map value pointer, value_size={used.value_size} off={off}"
            raise v.refuse("map_value_address", message, map=used.name, off=off, size=8 * used.max_entries)
        return Reg(PTR_TO_MAP_VALUE, const(0), off=off, obj=used)
    if used.map_type != bpf.BPF_MAP_TYPE_ARRAY or used.max_entries != 1:
        message = f"invalid access to map value pointer, value_size={used.value_size} off={off}"
        raise v.refuse("map_value_address", message, map=used.name, off=off, size=used.value_size)
    if off >= used.value_size:
        message = f"invalid access to map value pointer, value_size={used.value_size} off={off}"
        raise v.refuse("map_value_address", message, map=used.name, off=off, size=used.value_size)
    return Reg(PTR_TO_MAP_VALUE, const(0), off=off, obj=used)

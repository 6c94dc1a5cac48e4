"""Steps of loads, stores and atomic operations: each kind of pointer has its rules in a table.

Source: kernel/bpf/verifier.c (Linux 6.18): check_mem_access(), check_ptr_alignment(), check_map_access(),
check_packet_access(), check_atomic().
"""

from __future__ import annotations

from ..abi import bpf
from ..isa.opcodes import BPF_ADD
from . import calls, stack
from .alu import check_dst, check_read
from .names import bits_of, type_name
from .scalar import UNKNOWN, const, sign_extend, truncate
from .scalar_alu import alu64
from .state import (
    MEM_RDONLY,
    NOT_INIT_REG,
    PTR_MAYBE_NULL,
    PTR_TO_ARENA,
    PTR_TO_BTF_ID,
    PTR_TO_CTX,
    PTR_TO_FLOW_KEYS,
    PTR_TO_MAP_KEY,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    PTR_TO_PACKET,
    PTR_TO_PACKET_META,
    PTR_TO_SOCK_COMMON,
    PTR_TO_SOCKET,
    PTR_TO_STACK,
    PTR_TO_TCP_SOCK,
    PTR_TO_XDP_SOCK,
    PTR_UNTRUSTED,
    SCALAR,
    UNKNOWN_REG,
    ZERO_REG,
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

    # (verifier, register's number, pointer, offset, size, value to be stored or None for a load, its register or -1)
    # -> what was loaded
    Access = Callable[[Verifier, int, Reg, int, int, Reg | None, int], Reg]

U64 = 0xFFFF_FFFF_FFFF_FFFF
LOADED = {size: Reg(SCALAR, truncate(UNKNOWN, size)) for size in (1, 2, 4)} | {8: UNKNOWN_REG}


def decode_load(v: Verifier, row: Row, insn: Insn, slot: int) -> Any:
    """Decode a load."""
    return (_load, slot + 1, insn.dst_reg, insn.src_reg, insn.off, row.bits // 8, row.op == "ldxs")


def _load(v: Verifier, op: Any) -> int:
    _step, following, dst, src, off, size, is_signed = op
    reg = check_read(v, src)
    check_dst(v, dst)
    value = load(v, src, reg, off, size, dst)
    note_kind(v, reg, is_load=True)
    if is_signed and value.kind != SCALAR and reg.kind == PTR_TO_CTX:
        message = f"invalid bpf_context access off={off} size={size}"
        raise v.refuse("context_access", message, register=src, off=off, size=size, kind=v.program.kind)
    if value.kind == SCALAR and size != 8:
        if is_signed:
            value = Reg(SCALAR, sign_extend(value.num, size))
        elif value.num.umax >> size * 8:
            value = Reg(SCALAR, truncate(value.num, size, v.rules))
    v.regs[dst] = value
    return following  # type: ignore[no-any-return]


def load(v: Verifier, number: int, reg: Reg, off: int, size: int, dst: int) -> Reg:
    """Check a load through the pointer r`number` and return what it gives."""
    check_alignment(v, reg, off, size)
    if reg.kind == PTR_TO_STACK:
        return stack.read(v, number, reg, off, size, dst)
    access = ACCESS.get(reg.kind)
    if access is None or reg.flags & PTR_MAYBE_NULL:
        raise invalid_access(v, number, reg)
    return access(v, number, reg, off, size, None, dst)


def store(v: Verifier, number: int, reg: Reg, off: int, size: int, value: Reg, src: int) -> None:
    """Check a store of a register (`src` -1: a constant) through the pointer r`number`, and do it."""
    check_alignment(v, reg, off, size)
    if reg.kind == PTR_TO_STACK:
        stack.write(v, number, reg, off, size, value, src)
        return
    access = ACCESS.get(reg.kind)
    if access is None or reg.flags & PTR_MAYBE_NULL:
        raise invalid_access(v, number, reg)
    access(v, number, reg, off, size, value, src)


def invalid_access(v: Verifier, number: int, reg: Reg) -> Exception:
    """Return the refusal of memory behind something that is no pointer to memory."""
    name = type_name(reg)
    may_be_null = reg.flags & PTR_MAYBE_NULL
    rule = "pointer_may_be_null" if may_be_null else "address_is_number" if reg.kind == SCALAR else "pointer_deref"
    return v.refuse(rule, f"R{number} invalid mem access '{name}'", register=number, kind=name)


# What the message about misaligned accesses calls memory; that of arenas may be anywhere.
_PLACES = {
    PTR_TO_PACKET: "packet ", PTR_TO_PACKET_META: "packet ", PTR_TO_FLOW_KEYS: "flow keys ", PTR_TO_MAP_KEY: "key ",
    PTR_TO_MAP_VALUE: "value ", PTR_TO_CTX: "context ", PTR_TO_STACK: "stack ", PTR_TO_SOCKET: "sock ",
    PTR_TO_SOCK_COMMON: "sock_common ", PTR_TO_TCP_SOCK: "tcp_sock ", PTR_TO_XDP_SOCK: "xdp_sock ",
}  # fmt: skip
_NET_IP_ALIGN = 2


def check_alignment(v: Verifier, reg: Reg, off: int, size: int, *, strict: bool = False) -> None:
    """Refuse accesses that are not aligned to their size where that matters. Source: check_ptr_alignment()."""
    kind = reg.kind
    strict = strict or kind == PTR_TO_STACK or v.options.strict_alignment
    strict = strict or (kind == PTR_TO_MAP_VALUE and reg.obj.map_type == bpf.BPF_MAP_TYPE_INSN_ARRAY)
    if size == 1 or kind == PTR_TO_ARENA or not strict:
        return
    num = reg.num
    in_packet = kind in (PTR_TO_PACKET, PTR_TO_PACKET_META)
    if (num.value + reg.off + off + _NET_IP_ALIGN * in_packet | num.mask) & (size - 1):
        place = f"{_NET_IP_ALIGN}+" * in_packet + f"{bits_of(num)}+{reg.off}+{off}"
        message = f"misaligned {_PLACES.get(kind, '')}access off {place} size {size}"
        raise v.refuse("misaligned", message, off=reg.off + off, size=size)


# Kinds of pointers of which an instruction may meet only one. Source: reg_type_mismatch_ok().
_ONE_KIND = frozenset((
    PTR_TO_CTX, PTR_TO_SOCKET, PTR_TO_SOCK_COMMON, PTR_TO_TCP_SOCK, PTR_TO_XDP_SOCK, PTR_TO_BTF_ID, PTR_TO_ARENA,
))  # fmt: skip
_PROBED = (PTR_TO_MEM, PTR_TO_BTF_ID)
_FLAG_SHIFT = 8


def note_kind(v: Verifier, reg: Reg, *, is_load: bool) -> None:
    """Refuse an instruction that accesses memory of kinds which need different code. Source: save_aux_ptr_type()."""
    new, old = reg.flags << _FLAG_SHIFT | reg.kind, v.accessed[v.idx]
    if old == new:
        return
    if not old:
        v.accessed[v.idx] = new
        return
    kind = old & (1 << _FLAG_SHIFT) - 1
    if kind not in _ONE_KIND and reg.kind not in _ONE_KIND:
        return
    if is_load and kind in _PROBED and reg.kind in _PROBED:
        v.accessed[v.idx] = PTR_UNTRUSTED << _FLAG_SHIFT | (PTR_TO_MEM if PTR_TO_MEM in (kind, reg.kind) else kind)
        return
    raise v.refuse("access_kinds", "same insn cannot be used with different pointers", kind=type_name(reg))


def decode_store(v: Verifier, row: Row, insn: Insn, slot: int) -> Any:
    """Decode a store of a register, or of a constant."""
    size = row.bits // 8
    if row.src_reg == "reg":
        return (_store_reg, slot + 1, insn.dst_reg, insn.src_reg, insn.off, size)
    return (_store_imm, slot + 1, insn.dst_reg, constant(insn.imm & U64), insn.off, size)


def _store_reg(v: Verifier, op: Any) -> int:
    _step, following, dst, src, off, size = op
    value, reg = check_read(v, src), check_read(v, dst)
    store(v, dst, reg, off, size, value, src)
    note_kind(v, reg, is_load=False)
    return following  # type: ignore[no-any-return]


def _store_imm(v: Verifier, op: Any) -> int:
    _step, following, dst, value, off, size = op
    reg = check_read(v, dst)
    if reg.kind == PTR_TO_CTX and v.kernel < (6, 4):
        raise v.refuse("context_write", f"BPF_ST stores into R{dst} ctx is not allowed", register=dst)
    store(v, dst, reg, off, size, value, -1)
    note_kind(v, reg, is_load=False)
    return following  # type: ignore[no-any-return]


def check_region(v: Verifier, number: int, reg: Reg, off: int, size: int, limit: int, *, zero_ok: bool = False) -> None:
    """Refuse what may lie outside the `limit` bytes behind a pointer. Source: check_mem_region_access()."""
    num, at = reg.num, reg.off + off
    if reg.off and v.kernel >= (7, 0):  # which know one offset only
        num, at = alu64(BPF_ADD, num, const(reg.off & 0xFFFF_FFFF_FFFF_FFFF), v.rules), off
    if num.smin < 0 and (num.smin + at < 0 or num.smin + at > 0x7FFF_FFFF):
        message = f"R{number} min value is negative, either use unsigned index or do a if (index >=0) check."
        raise v.refuse("offset_negative", message, register=number, value=num)
    _check_within(v, number, reg, at + num.smin, size, limit, zero_ok, "min")
    if num.umax >= 1 << 29:
        message = f"R{number} unbounded memory access, make sure to bounds check any such access"
        raise v.refuse("access_unbounded", message, register=number, value=num)
    _check_within(v, number, reg, at + num.umax, size, limit, zero_ok, "max")


def _check_within(v: Verifier, number: int, reg: Reg, at: int, size: int, limit: int, zero_ok: bool, end: str) -> None:
    if at >= 0 and (size > 0 or (zero_ok and size == 0)) and at + size <= limit:
        return
    facts = {"register": number, "value": reg.num, "off": at, "size": size, "limit": limit}
    outside = f"; R{number} {end} value is outside of the allowed memory range"
    if reg.kind == PTR_TO_MAP_VALUE:
        message = f"invalid access to map value, value_size={limit} off={at} size={size}{outside}"
        raise v.refuse("map_value_bounds", message, **facts)
    if reg.kind == PTR_TO_MAP_KEY:
        message = f"invalid access to map key, key_size={limit} off={at} size={size}{outside}"
        raise v.refuse("map_key_bounds", message, **facts)
    message = f"invalid access to memory, mem_size={limit} off={at} size={size}{outside}"
    raise v.refuse("memory_bounds", message, **facts)


def _refuse_pointer(v: Verifier, src: int, value: Reg | None, where: str) -> None:
    """Without privileges no pointer may get where others can read it."""
    if value is not None and value.kind != SCALAR and not v.privileged:
        raise v.refuse("pointer_leak", f"R{src} leaks addr into {where}", register=src)


def _map_key(v: Verifier, number: int, reg: Reg, off: int, size: int, value: Reg | None, other: int) -> Reg:
    if value is not None:
        raise v.refuse("map_read_only", "write into map key forbidden", register=number)
    check_region(v, number, reg, off, size, reg.obj.key_size)
    return LOADED[size]


def _packet(v: Verifier, number: int, reg: Reg, off: int, size: int, value: Reg | None, other: int) -> Reg:
    if value is not None and not v.may_write_packet:
        raise v.refuse("packet_write", "cannot write into packet", register=number)
    _refuse_pointer(v, other, value, "packet")
    check_packet(v, number, reg, off, size)
    return LOADED[size]


def check_packet(v: Verifier, number: int, reg: Reg, off: int, size: int, *, zero_ok: bool = False) -> None:
    """Refuse packet memory that was not compared with the packet's end. Source: check_packet_access()."""
    if reg.num.smin < 0:
        message = f"R{number} min value is negative, either use unsigned index or do a if (index >=0) check."
        raise v.refuse("offset_negative", message, register=number, value=reg.num)
    limit = max(reg.size, 0)
    at = reg.off + off
    if at < 0 or at + size > limit or (size <= 0 and not (zero_ok and size == 0)):
        message = f"R{number} offset is outside of the packet"
        if reg.size >= 0:  # else it is compared with the end, but not within
            place = f"R{number}(id={reg.id},off={at},r={limit})"
            message = f"invalid access to packet, off={at} size={size}, {place}; {message}"
        raise v.refuse("packet_bounds", message, register=number, off=at, size=size, limit=limit, value=reg.num)


def _mem(v: Verifier, number: int, reg: Reg, off: int, size: int, value: Reg | None, other: int) -> Reg:
    if value is not None and reg.flags & MEM_RDONLY:
        name = type_name(reg)
        raise v.refuse("memory_read_only", f"R{number} cannot write into {name}", register=number)
    _refuse_pointer(v, other, value, "mem")
    check_region(v, number, reg, off, size, reg.size)
    return LOADED[size]


def _arena(v: Verifier, number: int, reg: Reg, off: int, size: int, value: Reg | None, other: int) -> Reg:
    return LOADED[size]


# How memory behind each kind of pointer is accessed; PTR_TO_STACK is `stack`'s. `steps` enters those of other modules.
ACCESS: dict[int, Access] = {
    PTR_TO_MAP_KEY: _map_key,
    PTR_TO_PACKET: _packet,
    PTR_TO_PACKET_META: _packet,
    PTR_TO_MEM: _mem,
    PTR_TO_ARENA: _arena,
}


def decode_atomic(v: Verifier, row: Row, insn: Insn, slot: int) -> Any:
    """Decode an atomic operation."""
    size = row.bits // 8
    if row.op == "load_acq":
        return (_load_acquire, slot + 1, insn.dst_reg, insn.src_reg, insn.off, size)
    if row.op == "store_rel":
        return (_store_release, slot + 1, insn.dst_reg, insn.src_reg, insn.off, size)
    result = {"cmpxchg": 0, "xchg": insn.src_reg}.get(row.op, insn.src_reg if row.op.startswith("fetch") else -1)
    return (_atomic, slot + 1, insn.dst_reg, insn.src_reg, insn.off, size, row.op == "cmpxchg", result)


_NO_ATOMICS = frozenset((
    PTR_TO_CTX, PTR_TO_PACKET, PTR_TO_PACKET_META, PTR_TO_FLOW_KEYS, PTR_TO_SOCK_COMMON, PTR_TO_SOCKET, PTR_TO_TCP_SOCK,
    PTR_TO_XDP_SOCK,
))  # fmt: skip


def _refuse_atomic_place(v: Verifier, number: int, reg: Reg, what: str = "stores into") -> None:
    if reg.kind in _NO_ATOMICS:
        name = type_name(reg)
        message = f"BPF_ATOMIC {what} R{number} {name} is not allowed"
        raise v.refuse("atomic_operand", message, register=number, kind=name)


def _load_acquire(v: Verifier, op: Any) -> int:
    _step, following, dst, src, off, size = op
    reg = check_read(v, src)
    check_alignment(v, reg, off, size, strict=True)
    _load(v, (None, following, dst, src, off, size, False))
    _refuse_atomic_place(v, src, reg, "loads from")
    return following  # type: ignore[no-any-return]


def _store_release(v: Verifier, op: Any) -> int:
    _step, following, dst, src, off, size = op
    value, reg = check_read(v, src), check_read(v, dst)
    _refuse_atomic_place(v, dst, reg)
    check_alignment(v, reg, off, size, strict=True)
    store(v, dst, reg, off, size, value, src)
    note_kind(v, reg, is_load=False)
    return following  # type: ignore[no-any-return]


def _atomic(v: Verifier, op: Any) -> int:
    _step, following, dst, src, off, size, compares, result = op
    value, reg = check_read(v, src), check_read(v, dst)
    if compares and check_read(v, 0).kind != SCALAR and not v.privileged:
        raise v.refuse("pointer_leak", "R0 leaks addr into mem", register=0)
    if value.kind != SCALAR and not v.privileged:
        raise v.refuse("pointer_leak", f"R{src} leaks addr into mem", register=src)
    _refuse_atomic_place(v, dst, reg)
    check_alignment(v, reg, off, size, strict=True)
    if reg.kind == PTR_TO_STACK:
        old = stack.read(v, dst, reg, off, size, result if result >= 0 else -1)
        stack.write(v, dst, reg, off, size, None, -1)
    else:
        old = load(v, dst, reg, off, size, result)
        store(v, dst, reg, off, size, UNKNOWN_REG, -1)
    if result >= 0:
        check_dst(v, result)
        if old.kind == SCALAR and size != 8 and old.num.umax >> 32:
            old = Reg(SCALAR, truncate(old.num, size))
        v.regs[result] = old
    return following  # type: ignore[no-any-return]


def decode_packet(v: Verifier, row: Row, insn: Insn, slot: int) -> Any:
    """Decode a load from the packet of a socket buffer."""
    return (_packet_load, slot + 1, insn.src_reg if row.op == "ldind" else -1)


def _packet_load(v: Verifier, op: Any) -> int:
    _step, following, src = op
    if not v.may_load_packet:
        message = "BPF_LD_[ABS|IND] instructions not allowed for this program type"
        raise v.refuse("packet_load_context", message)
    if len(v.state.frames) > 1 and not v.has_types:
        message = "BPF_LD_[ABS|IND] instructions cannot be mixed with bpf-to-bpf calls"
        raise v.refuse("packet_load_context", message)
    context = check_read(v, 6)
    calls.check_nothing_held(v, "BPF_LD_[ABS|IND]")
    if context.kind != PTR_TO_CTX:
        message = "at the time of BPF_LD_ABS|IND R6 != pointer to skb"
        raise v.refuse("packet_load_context", message)
    if src >= 0:
        check_read(v, src)
    if context.off or context.num.mask or context.num.value:
        message = f"dereference of modified ctx ptr R6 off={context.off} disallowed"
        raise v.refuse("context_modified", message, register=6)
    v.regs[:6] = [UNKNOWN_REG, *[NOT_INIT_REG] * 5]
    if len(v.state.frames) > 1:  # where there is no such data the function returns 0
        v.push(following, v.idx)
        v.regs[0] = ZERO_REG
        return calls.leave_function(v)
    return following  # type: ignore[no-any-return]

"""Steps of arithmetic: on scalars by `scalar`, on pointers by the rules here.

Source: kernel/bpf/verifier.c (Linux 6.18): check_alu_op(), adjust_reg_min_max_vals(), adjust_ptr_min_max_vals().
"""

from __future__ import annotations

from ..isa.opcodes import BPF_ADD, BPF_NEG, BPF_SUB
from . import sanitation
from .names import bits_of, type_name
from .scalar import UNKNOWN, bswap, const, sign_extend, zero_extend
from .scalar_alu import alu32, alu64, fork
from .state import (
    ADD_CONST,
    ADD_CONST32,
    ADD_CONST64,
    CONST_PTR_TO_DYNPTR,
    CONST_PTR_TO_MAP,
    NOT_INIT,
    PTR_MAYBE_NULL,
    PTR_TO_ARENA,
    PTR_TO_BTF_ID,
    PTR_TO_BUF,
    PTR_TO_CTX,
    PTR_TO_FLOW_KEYS,
    PTR_TO_FUNC,
    PTR_TO_MAP_KEY,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    PTR_TO_PACKET,
    PTR_TO_PACKET_META,
    PTR_TO_STACK,
    PTR_TO_TP_BUFFER,
    PTR_UNTRUSTED,
    SCALAR,
    UNKNOWN_REG,
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
    from .scalar import Rules, Scalar

U64, S32_MIN, S32_MAX = 0xFFFF_FFFF_FFFF_FFFF, -0x8000_0000, 0x7FFF_FFFF
S64_MIN = -(1 << 63)
MAX_VAR_OFF = 1 << 29  # BPF_MAX_VAR_OFF

_WITH_OFFSETS = frozenset((
    PTR_TO_CTX, PTR_TO_MAP_VALUE, PTR_TO_MAP_KEY, PTR_TO_STACK, PTR_TO_PACKET_META, PTR_TO_PACKET, PTR_TO_TP_BUFFER,
    PTR_TO_BTF_ID, PTR_TO_MEM, PTR_TO_BUF, PTR_TO_FUNC, CONST_PTR_TO_DYNPTR,
))  # fmt: skip
SIGNS = {"add": "+=", "sub": "-=", "mul": "*=", "div": "/=", "or": "|=", "and": "&=", "lsh": "<<=", "rsh": ">>=",
         "neg": "neg", "mod": "%=", "xor": "^=", "mov": "=", "arsh": "s>>=", "sdiv": "s/=", "smod": "s%="}  # fmt: skip


def check_read(v: Verifier, reg: int) -> Reg:
    """Return a register's value. Raises: Refusal where it has none."""
    value = v.regs[reg]
    if value.kind == NOT_INIT:
        raise v.refuse("register_unset", f"R{reg} !read_ok", register=reg)
    return value


def check_dst(v: Verifier, reg: int) -> None:
    """Refuse a write to the frame pointer."""
    if reg == 10:
        raise v.refuse("frame_pointer_written", "frame pointer is read only")


def with_id(v: Verifier, number: int) -> Reg:
    """Give a scalar register an id before it is copied, so that copies are known to be equal; return it."""
    reg = v.regs[number]
    if reg.kind != SCALAR or reg.num.is_const or (reg.id and not reg.id & ADD_CONST):
        return reg
    reg = v.regs[number] = Reg(SCALAR, reg.num, v.new_id())
    return reg


def decode_alu(v: Verifier, row: Row, insn: Insn, slot: int) -> Any:
    """Decode arithmetic with two operands, and moves."""
    by_register = row.src_reg == "reg"
    wide = row.bits == 64
    code = insn.opcode & 0xF0
    alu: Callable[[int, Scalar, Scalar, Rules], Scalar] = alu64 if wide else alu32
    if row.op == "mov":
        if by_register:
            return (_mov64 if wide else _mov32, slot + 1, insn.dst_reg, insn.src_reg)
        value = insn.imm & (U64 if wide else 0xFFFF_FFFF)
        return (_mov_imm, slot + 1, insn.dst_reg, constant(value))
    if row.op in ("div", "mod", "sdiv", "smod") and v.kernel >= (7, 0):
        from .quotients import QUOTIENTS

        alu = QUOTIENTS[row.op, wide]
    forks = row.op in ("and", "or") and v.kernel >= (6, 12)
    if by_register:
        return (_fork_reg if forks else _alu_reg, slot + 1, insn.dst_reg, insn.src_reg, row.op, code, alu, wide)
    imm = const(insn.imm & (U64 if wide else 0xFFFF_FFFF))
    if row.op in ("div", "mod", "sdiv", "smod") and insn.imm == 0:
        return (_refused, slot + 1, "division_by_zero", "div by zero")
    if row.op in ("lsh", "rsh", "arsh") and not 0 <= insn.imm < row.bits:
        return (_refused, slot + 1, "shift_amount", f"invalid shift {insn.imm}")
    return (_fork_imm if forks else _alu_imm, slot + 1, insn.dst_reg, imm, row.op, code, alu, wide)


def _refused(v: Verifier, op: Any) -> int:
    raise v.refuse(op[2], op[3])


def _mov_imm(v: Verifier, op: Any) -> int:
    check_dst(v, op[2])
    v.regs[op[2]] = op[3]
    return op[1]  # type: ignore[no-any-return]


def _mov64(v: Verifier, op: Any) -> int:
    _step, following, dst, src = op
    check_read(v, src)
    check_dst(v, dst)
    v.regs[dst] = with_id(v, src)
    return following  # type: ignore[no-any-return]


def _mov32(v: Verifier, op: Any) -> int:
    _step, following, dst, src = op
    reg = check_read(v, src)
    check_dst(v, dst)
    if reg.kind != SCALAR:
        if not v.privileged:
            raise v.refuse("pointer_leak", f"R{src} partial copy of pointer", register=src)
        v.regs[dst] = UNKNOWN_32
    elif reg.num.umax <= 0xFFFF_FFFF and v.kernel >= (6, 5):
        v.regs[dst] = with_id(v, src)
    else:
        v.regs[dst] = Reg(SCALAR, zero_extend(reg.num, v.rules))
    return following  # type: ignore[no-any-return]


def decode_movsx(v: Verifier, row: Row, insn: Insn, slot: int) -> Any:
    """Decode a move with sign extension."""
    return (_movsx, slot + 1, insn.dst_reg, insn.src_reg, insn.off, row.bits)


def _movsx(v: Verifier, op: Any) -> int:
    _step, following, dst, src, size, bits = op
    reg = check_read(v, src)
    check_dst(v, dst)
    if reg.kind != SCALAR:
        if not v.privileged:
            what = "sign-extension part of" if bits == 64 else "partial copy of"
            raise v.refuse("pointer_leak", f"R{src} {what} pointer", register=src)
        v.regs[dst] = UNKNOWN_REG if bits == 64 else UNKNOWN_32
        return following  # type: ignore[no-any-return]
    if reg.num.umax < 1 << (size - 1):
        v.regs[dst] = with_id(v, src)
        return following  # type: ignore[no-any-return]
    v.regs[dst] = Reg(SCALAR, sign_extend(reg.num, size // 8, bits == 32))
    return following  # type: ignore[no-any-return]


def decode_neg(v: Verifier, row: Row, insn: Insn, slot: int) -> Any:
    """Decode a negation."""
    return (_neg, slot + 1, insn.dst_reg, row.bits)


UNKNOWN_32 = Reg(SCALAR, zero_extend(UNKNOWN))


def _neg(v: Verifier, op: Any) -> int:
    _step, following, dst, bits = op
    reg = check_read(v, dst)
    check_dst(v, dst)
    if reg.kind != SCALAR:
        if not v.privileged:
            raise v.refuse("pointer_arithmetic", f"R{dst} pointer arithmetic prohibited", register=dst)
        v.regs[dst] = UNKNOWN_REG
    else:
        v.regs[dst] = Reg(SCALAR, (alu64 if bits == 64 else alu32)(BPF_NEG, reg.num, reg.num, v.rules))
    return following  # type: ignore[no-any-return]


def decode_endian(v: Verifier, row: Row, insn: Insn, slot: int) -> Any:
    """Decode a byte swap."""
    return (_endian, slot + 1, insn.dst_reg, row.bits, row.op)


def _endian(v: Verifier, op: Any) -> int:
    _step, following, dst, bits, name = op
    reg = check_read(v, dst)
    check_dst(v, dst)
    if reg.kind != SCALAR and not v.privileged:
        raise v.refuse("pointer_arithmetic", f"R{dst} pointer arithmetic prohibited", register=dst)
    if reg.kind == SCALAR and v.rules.byte_order:
        is_same = name == "le" and bits == 64
        num = bswap(reg.num, bits, name != "le")
        v.regs[dst] = Reg(SCALAR, num, reg.id, reg.off) if is_same else Reg(SCALAR, num)
    else:
        v.regs[dst] = UNKNOWN_REG
    return following  # type: ignore[no-any-return]


def decode_addr_space_cast(v: Verifier, row: Row, insn: Insn, slot: int) -> Any:
    """Decode a cast between an arena's addresses in the kernel (0) and in user space (1)."""
    return (_addr_space_cast, slot + 1, insn.dst_reg, insn.src_reg, insn.imm)


def _addr_space_cast(v: Verifier, op: Any) -> int:
    _step, following, dst, src, imm = op
    if not v.has_arena:
        message = "addr_space_cast insn can only be used in a program that has an associated arena"
        raise v.refuse("arena", message)
    if imm not in (1, 1 << 16):
        raise v.refuse("arena", "addr_space_cast insn has invalid address spaces")
    check_read(v, src)
    check_dst(v, dst)
    v.regs[dst] = Reg(PTR_TO_ARENA, UNKNOWN) if imm == 1 else UNKNOWN_REG
    return following  # type: ignore[no-any-return]


def _alu_imm(v: Verifier, op: Any) -> int:
    _step, following, dst, imm, name, code, alu, wide = op
    regs = v.regs
    reg = regs[dst]
    if reg.kind == SCALAR:
        total = alu(code, reg.num, imm, v.rules)
        regs[dst] = _linked(v, reg, name, wide, imm, total) if reg.id else Reg(SCALAR, total)
        return following  # type: ignore[no-any-return]
    check_read(v, dst)
    check_dst(v, dst)
    if reg.kind != PTR_TO_ARENA:
        regs[dst] = pointer_alu(v, name, wide, dst, reg, imm, True)
    return following  # type: ignore[no-any-return]


def _fork_imm(v: Verifier, op: Any) -> int:
    """Do `and` or `or`, of which some are followed as two."""
    _fork(v, op[2], op[3], op[5])
    return _alu_imm(v, op)


def _fork_reg(v: Verifier, op: Any) -> int:
    _fork(v, op[2], v.regs[op[3]].num, op[5])
    return _alu_reg(v, op)


def _fork(v: Verifier, dst: int, num: Scalar, code: int) -> None:
    """Follow a register that is all ones or zero as two: all ones now, zero later. Source: maybe_fork_scalars()."""
    reg = v.regs[dst]
    ways = fork(code, reg.num, num) if reg.kind == SCALAR else None
    if ways is not None:
        v.push(v.idx, v.idx).frames[-1].regs[dst] = Reg(SCALAR, ways[1])
        v.regs[dst] = Reg(SCALAR, ways[0])


def _alu_reg(v: Verifier, op: Any) -> int:
    _step, following, dst, src, name, code, alu, wide = op
    regs = v.regs
    a, b = regs[dst], regs[src]
    if a.kind == SCALAR and b.kind == SCALAR:
        if not v.privileged and name in ("add", "sub"):
            sanitation.numbers(v, dst, name)
        total = alu(code, a.num, b.num, v.rules)
        regs[dst] = _linked(v, a, name, wide, b.num, total) if a.id and dst != src else Reg(SCALAR, total)
        return following  # type: ignore[no-any-return]
    check_read(v, src)
    check_read(v, dst)
    check_dst(v, dst)
    if a.kind == PTR_TO_ARENA or b.kind == PTR_TO_ARENA:
        regs[dst] = a if a.kind == PTR_TO_ARENA else b
        return following  # type: ignore[no-any-return]
    if a.kind != SCALAR and b.kind != SCALAR:
        if name != "sub" or not v.privileged:
            message = f"R{dst} pointer {SIGNS[name]} pointer prohibited"
            raise v.refuse("pointer_arithmetic", message, register=dst, operation=name)
        regs[dst] = UNKNOWN_REG
    elif a.kind == SCALAR:
        v.pruning.mark_precise(dst)
        regs[dst] = pointer_alu(v, name, wide, dst, b, a.num, False, src)
    else:
        v.pruning.mark_precise(src)
        regs[dst] = pointer_alu(v, name, wide, dst, a, b.num, True, src)
    return following  # type: ignore[no-any-return]


def _linked(v: Verifier, reg: Reg, name: str, wide: bool, added: Scalar, total: Scalar) -> Reg:
    """Return a scalar plus or minus a constant, which stays linked to what the scalar is equal to.

    Before 6.18 only sums of 64 bits with what is not negative are, before 6.11 none.
    """
    unlinked = Reg(SCALAR, total)
    if name not in ("add", "sub") or not v.links_sums or reg.id & ADD_CONST:
        return unlinked
    if v.kernel < (6, 18):
        is_linked = name == "add" and wide and added.is_const and added.value <= S32_MAX
        return Reg(SCALAR, total, reg.id | ADD_CONST64, added.value) if is_linked else unlinked
    if wide:
        off = added.smin
        if not added.is_const or not S32_MIN <= off <= S32_MAX:
            return unlinked
    else:
        if added.mask & 0xFFFF_FFFF or reg.num.umax > 0xFFFF_FFFF:
            return unlinked
        off = ((added.value & 0xFFFF_FFFF) ^ 1 << 31) - (1 << 31)
    if name == "sub":
        if off == S32_MIN:
            return unlinked
        off = -off
    return Reg(SCALAR, total, reg.id | (ADD_CONST64 if wide else ADD_CONST32), off)


def pointer_alu(
    v: Verifier, name: str, wide: bool, dst: int, ptr: Reg, num: Scalar, is_left: bool, src: int = -1
) -> Reg:  # fmt: skip
    """Return a pointer plus or minus a number; `is_left` says that it is the pointer that stood in r`dst`.

    `src` is the other register, -1 for a constant.
    """
    if num.smin > num.smax or num.umin > num.umax:
        return UNKNOWN_REG
    if not wide:
        if name == "sub" and v.privileged:
            return UNKNOWN_REG
        raise v.refuse("pointer_arithmetic", f"R{dst} 32-bit pointer arithmetic prohibited", register=dst)
    kind = ptr.kind
    if ptr.flags & PTR_MAYBE_NULL:
        message = f"R{dst} pointer arithmetic on {type_name(ptr)} prohibited, null-check it first"
        raise v.refuse("pointer_may_be_null", message, register=dst)
    if kind == PTR_TO_MEM and ptr.flags & PTR_UNTRUSTED:
        return ptr
    if kind not in _WITH_OFFSETS:
        is_zero = num.is_const and num.value == 0 and name == "add"
        is_known = num.is_const and kind == PTR_TO_FLOW_KEYS
        if not is_known and not (is_zero and kind in (CONST_PTR_TO_MAP, PTR_TO_FLOW_KEYS)):
            message = f"R{dst} pointer arithmetic on {type_name(ptr)} prohibited"
            raise v.refuse("pointer_arithmetic", message, register=dst)
    _check_sane(v, ptr, num, 0)
    _check_sane(v, ptr, ptr.num, ptr.off)
    is_masked = not v.privileged and src >= 0 and name in ("add", "sub")
    window = sanitation.before(v, dst, src, name, ptr, num, is_left) if is_masked else None
    if name == "add":
        result = _moved(v, ptr, num, 1)
    elif name == "sub":
        if not is_left:
            message = f"R{dst} tried to subtract pointer from scalar"
            raise v.refuse("pointer_arithmetic", message, register=dst)
        if kind == PTR_TO_STACK:
            message = f"R{dst} subtraction from stack pointer prohibited"
            raise v.refuse("pointer_arithmetic", message, register=dst)
        result = _moved(v, ptr, num, -1)
    elif name in ("and", "or", "xor"):
        message = f"R{dst} bitwise operator {SIGNS[name]} on pointer prohibited"
        raise v.refuse("pointer_arithmetic", message, register=dst, operation=name)
    else:
        message = f"R{dst} pointer arithmetic with {SIGNS[name]} operator prohibited"
        raise v.refuse("pointer_arithmetic", message, register=dst, operation=name)
    _check_sane(v, ptr, result.num, result.off)
    if not v.privileged:
        _check_bounds_unprivileged(v, dst, result)
        sanitation.after(v, dst, name, window, result)
    return result


def _moved(v: Verifier, ptr: Reg, num: Scalar, sign: int) -> Reg:
    """Return a pointer moved by a number of bytes, forwards or back."""
    if num.is_const:
        off = ptr.off + sign * num.smin
        if -0x8000_0000 <= off <= 0x7FFF_FFFF:
            return Reg(ptr.kind, ptr.num, ptr.id, off, ptr.flags, ptr.obj, ptr.ref, ptr.size)
    number = alu64(BPF_ADD if sign > 0 else BPF_SUB, ptr.num, num, v.rules)
    if ptr.kind in (PTR_TO_PACKET, PTR_TO_PACKET_META):
        size = ptr.size if sign < 0 and num.smin >= 0 else 0
        return Reg(ptr.kind, number, v.new_id(), ptr.off, ptr.flags, ptr.obj, ptr.ref, size)
    return Reg(ptr.kind, number, ptr.id, ptr.off, ptr.flags, ptr.obj, ptr.ref, ptr.size)


def _check_sane(v: Verifier, ptr: Reg, num: Scalar, off: int) -> None:
    """Refuse offsets that might be beyond 2**29 bytes."""
    name, smin = type_name(ptr), num.smin
    if num.is_const and not -MAX_VAR_OFF < smin < MAX_VAR_OFF:
        message = f"math between {name} pointer and {smin} is not allowed"
    elif not -MAX_VAR_OFF < off < MAX_VAR_OFF:
        message = f"{name} pointer offset {off} is not allowed"
    elif smin == S64_MIN:
        message = f"math between {name} pointer and register with unbounded min value is not allowed"
    elif not -MAX_VAR_OFF < smin < MAX_VAR_OFF:
        message = f"value {smin} makes {name} pointer be out of bounds"
    else:
        return
    raise v.refuse("pointer_offset_range", message, value=num, offset=off)


def _check_bounds_unprivileged(v: Verifier, dst: int, ptr: Reg) -> None:
    """Refuse what would point outside its object for a moment: without privileges speculation must not see it."""
    if ptr.kind == PTR_TO_STACK:
        if not ptr.num.is_const:
            message = f"R{dst} variable stack access prohibited for !root, var_off={bits_of(ptr.num)} off={ptr.off}"
            raise v.refuse("stack_variable_offset", message, register=dst)
        off = ptr.off + ptr.num.smin
        if not -512 <= off < 0:
            message = f"R{dst} stack pointer arithmetic goes out of range, prohibited for !root; off={off}"
            raise v.refuse("speculation", message, register=dst)
    elif ptr.kind == PTR_TO_MAP_VALUE:
        low, high = ptr.off + ptr.num.smin, ptr.off + ptr.num.umax
        if low < 0 or high + 1 > ptr.obj.value_size:
            message = f"R{dst} pointer arithmetic of map value goes out of range, prohibited for !root"
            raise v.refuse("speculation", message, register=dst)

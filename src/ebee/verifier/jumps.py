"""Steps of jumps: which ways they may go, and what is known on each.

Source: kernel/bpf/verifier.c (Linux 6.18): check_cond_jmp_op(), is_branch_taken(), reg_set_min_max(),
sync_linked_regs(), mark_ptr_or_null_regs(), try_match_pkt_pointers().
"""

from __future__ import annotations

from ..abi import bpf
from .alu import MAX_VAR_OFF, check_read
from .equivalence import Ids, regs_exact
from .names import type_name
from .scalar import Rules, const
from .scalar_alu import alu32, alu64
from .scalar_branch import branch_outcome, refine
from .special_fields import has_lock, leads_to_lock
from .state import (
    ADD_CONST,
    ADD_CONST32,
    CONST_PTR_TO_MAP,
    MEM_ALLOC,
    PTR_MAYBE_NULL,
    PTR_TO_BTF_ID,
    PTR_TO_INSN,
    PTR_TO_MAP_KEY,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    PTR_TO_PACKET,
    PTR_TO_PACKET_END,
    PTR_TO_PACKET_META,
    PTR_TO_SOCK_COMMON,
    PTR_TO_SOCKET,
    PTR_TO_STACK,
    PTR_TO_TCP_SOCK,
    PTR_TO_XDP_SOCK,
    PTR_TRUSTED,
    PTR_UNTRUSTED,
    SCALAR,
    SPILL,
    UNKNOWN_REG,
    ZERO_REG,
    Reg,
    Slot,
    State,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..isa.insn import Insn
    from ..isa.table import Row
    from .explore import Verifier
    from .scalar import Scalar

U64 = 0xFFFF_FFFF_FFFF_FFFF
MAX_PACKET_OFF = 0xFFFF
_LINKED_AT_MOST = 6  # LINKED_REGS_MAX
_SOCKET_MAPS = {
    bpf.BPF_MAP_TYPE_XSKMAP: PTR_TO_XDP_SOCK, bpf.BPF_MAP_TYPE_SOCKMAP: PTR_TO_SOCKET,
    bpf.BPF_MAP_TYPE_SOCKHASH: PTR_TO_SOCKET,
}  # fmt: skip
_PACKETS = (PTR_TO_PACKET, PTR_TO_PACKET_META, PTR_TO_PACKET_END)
# Ranges of packet pointers that a comparison put at or beyond the end. Source: enum { AT_PKT_END, BEYOND_PKT_END }.
AT_PACKET_END, BEYOND_PACKET_END = -1, -2
_FLIPPED = {"jge": "jle", "jgt": "jlt", "jle": "jge", "jlt": "jgt", "jsge": "jsle", "jsgt": "jslt", "jsle": "jsge",
            "jslt": "jsgt"}  # fmt: skip
_NEVER_NULL = frozenset((
    PTR_TO_SOCKET, PTR_TO_TCP_SOCK, PTR_TO_MAP_VALUE, PTR_TO_MAP_KEY, PTR_TO_SOCK_COMMON, PTR_TO_MEM, CONST_PTR_TO_MAP,
))  # fmt: skip


def decode_jump(v: Verifier, row: Row, insn: Insn, slot: int) -> Any:
    """Decode a conditional jump."""
    target, bits = slot + 1 + insn.off, row.bits
    code = insn.opcode & 0xF0
    if row.src_reg == "reg":
        return (_jump_reg, slot + 1, insn.dst_reg, insn.src_reg, code, target, bits == 32, row.op)
    imm = Reg(SCALAR, const(insn.imm & U64))
    return (_jump_imm, slot + 1, insn.dst_reg, imm, code, target, bits == 32, row.op)


def _jump_imm(v: Verifier, op: Any) -> int:
    _step, following, dst, src, code, target, is32, name = op
    v.jumps += 1
    reg = v.regs[dst]
    if reg.kind == SCALAR:
        taken = branch_outcome(code, reg.num, src.num, is32, v.rules)
        if taken is None:
            return _branch(v, op, reg, src)
        v.pruning.mark_precise(dst)
        return _go(v, taken, target, following, dst)
    check_read(v, dst)
    if reg.kind == PTR_TO_STACK:
        v.note(stack_regs=1 << dst)
    taken = _pointer_outcome(reg, src, name, is32)
    if taken is not None:
        return _go(v, taken, target, following, dst)
    other = v.push(target, v.idx)
    if not is32 and name in ("jeq", "jne") and reg.flags & PTR_MAYBE_NULL and not src.num.value:
        settle_null(v, v.state, reg, is_null=name == "jne")
        settle_null(v, other, reg, is_null=name == "jeq")
    elif not v.privileged:
        raise v.refuse("pointer_compare", f"R{dst} pointer comparison prohibited", register=dst)
    return following  # type: ignore[no-any-return]


def _jump_reg(v: Verifier, op: Any) -> int:
    _step, following, dst, src, code, target, is32, name = op
    v.jumps += 1
    regs = v.regs
    a, b = check_read(v, dst), check_read(v, src)
    if a.kind == SCALAR and b.kind == SCALAR:
        taken = branch_outcome(code, a.num, b.num, is32, v.rules)
        if dst == src and v.kernel >= (6, 19):
            taken = _outcome_with_itself(name, a.num, is32)
        if taken is None:
            return _branch(v, op, a, b)
        v.pruning.mark_precise(dst)
        v.pruning.mark_precise(src)
        return _go(v, taken, target, following, dst, src)
    if b.kind != SCALAR and not v.privileged and not (a.kind in _PACKETS and b.kind in _PACKETS):
        raise v.refuse("pointer_compare", f"R{src} pointer comparison prohibited", register=src)
    stack_regs = (a.kind == PTR_TO_STACK) << dst | (b.kind == PTR_TO_STACK) << src
    if stack_regs:
        v.note(stack_regs=stack_regs)
    if a.kind in _PACKETS and b.kind in _PACKETS and not is32:
        taken = _packet_outcome(a, b, name)
    elif b.kind == SCALAR:
        taken = _pointer_outcome(a, b, name, is32)
    elif a.kind == SCALAR:
        taken = _pointer_outcome(b, a, _FLIPPED.get(name, name), is32)
    else:
        taken = None
    if taken is not None:
        if a.kind == SCALAR:
            v.pruning.mark_precise(dst)
        if b.kind == SCALAR:
            v.pruning.mark_precise(src)
        return _go(v, taken, target, following, dst, src)
    other = v.push(target, v.idx)
    if is32:
        if not v.privileged:
            raise v.refuse("pointer_compare", f"R{dst} pointer comparison prohibited", register=dst)
        return following  # type: ignore[no-any-return]
    if v.kernel >= (7, 0) and name in ("jeq", "jne") and a.flags & PTR_MAYBE_NULL and b.num.number == 0:
        v.pruning.mark_precise(src)
        settle_null(v, v.state, a, is_null=name == "jne")
        settle_null(v, other, a, is_null=name == "jeq")
        return following  # type: ignore[no-any-return]
    both = a.kind != SCALAR and b.kind != SCALAR
    if both and (a.flags ^ b.flags) & PTR_MAYBE_NULL and PTR_TO_BTF_ID not in (a.kind, b.kind):
        equal = other.frames[-1].regs if name == "jeq" else regs if name == "jne" else None
        if equal is not None:
            number = dst if a.flags & PTR_MAYBE_NULL else src
            equal[number] = not_null(equal[number])
    if not _learn_packet(v, name, dst, src, a, b, other) and a.kind != SCALAR and not v.privileged:
        raise v.refuse("pointer_compare", f"R{dst} pointer comparison prohibited", register=dst)
    return following  # type: ignore[no-any-return]


def _outcome_with_itself(name: str, num: Scalar, is32: bool) -> bool | None:
    """Tell how a comparison of a register with itself goes. Source: is_scalar_branch_taken() (Linux 7.3)."""
    if name != "jset":
        return name in ("jeq", "jge", "jle", "jsge", "jsle")
    ones = 0xFFFF_FFFF if is32 else U64
    if not num.mask & ones:
        return bool(num.value & ones)
    low, high = (num.smin32, num.smax32) if is32 else (num.smin, num.smax)
    return None if low <= 0 <= high else True


def _go(v: Verifier, taken: bool, target: int, following: int, *compared: int) -> int:
    """Go the one way that a comparison goes; kernels before 6.17 look at the other, too, which may be predicted.

    Of the compared registers nothing is known there. Source: sanitize_speculative_path().
    """
    if v.may_mispredict:
        other = v.push(following if taken else target, v.idx)
        other.speculative = True
        for number in compared:
            other.frames[-1].regs[number] = UNKNOWN_REG
    return target if taken else following


def _branch(v: Verifier, op: Any, a: Reg, b: Reg) -> int:
    """Go both ways at a comparison of two numbers: on without the jump, the other way later."""
    _step, following, dst, src, code, target, is32, _name = op
    regs = v.regs
    state = v.state
    b_number = src if src.__class__ is int else -1
    linked: list[tuple[int, bool, int]] = []
    if b_number >= 0 and b.id:
        collect_linked(v, b.id, linked)
    if a.id:
        collect_linked(v, a.id, linked)
    if len(linked) > 1:
        v.note(linked=tuple(linked))
    other = v.push(target, v.idx)
    other_regs = other.frames[-1].regs
    for is_taken, into, of in ((False, regs, state), (True, other_regs, other)):
        refined = refine(code, a.num, b.num, is_taken, is32, v.rules)
        if refined is None:
            continue
        new_a, new_b = refined
        if new_a is not a.num:
            into[dst] = Reg(SCALAR, new_a, a.id, a.off)
        if b_number >= 0:
            if new_b is not b.num and b_number != dst:
                into[b_number] = Reg(SCALAR, new_b, b.id, b.off)
            if b.id and len(linked) > 1 and new_b is not b.num:
                sync_linked(of, into[b_number], linked, v.rules)
        if a.id and len(linked) > 1 and new_a is not a.num:
            sync_linked(of, into[dst], linked, v.rules)
    return following  # type: ignore[no-any-return]


def collect_linked(v: Verifier, id: int, linked: list[tuple[int, bool, int]]) -> None:
    """Add the registers and slots that are equal to that of an id, or a constant apart: (frame, is register, index).

    Registers that nobody reads are left out since 6.18.
    """
    id &= ~ADD_CONST
    frames, at, live = v.state.frames, v.idx, 0x3FF
    for frame_no in range(len(frames) - 1, -1, -1):
        frame = frames[frame_no]
        if v.kernel >= (6, 18):
            live = v.live[at]
            at = frame.callsite
        for i, reg in enumerate(frame.regs):
            if not live >> i & 1:
                continue
            if reg.id & ~ADD_CONST == id and reg.kind == SCALAR and (frame_no, True, i) not in linked:
                if len(linked) == _LINKED_AT_MOST:
                    frame.regs[i] = Reg(SCALAR, reg.num)
                else:
                    linked.append((frame_no, True, i))
        for i, slot in enumerate(frame.stack):
            spilled = slot.reg
            if spilled is None or spilled.id & ~ADD_CONST != id or spilled.kind != SCALAR or slot.kinds[0] != SPILL:
                continue
            if (frame_no, False, i) not in linked:
                if len(linked) == _LINKED_AT_MOST:
                    frame.stack[i] = Slot(slot.kinds, Reg(SCALAR, spilled.num))
                else:
                    linked.append((frame_no, False, i))


def sync_linked(state: State, known: Reg, linked: list[tuple[int, bool, int]], rules: Rules) -> None:
    """Tell what is known of one register to those that are linked to it."""
    for frame_no, is_reg, i in linked:
        frame = state.frames[frame_no]
        slot = None if is_reg else frame.stack[i]
        reg = frame.regs[i] if slot is None else slot.reg
        if reg is None or reg is known or reg.kind != SCALAR or (reg.id ^ known.id) & ~ADD_CONST:
            continue
        if (reg.id ^ known.id) & ADD_CONST == ADD_CONST:
            continue  # a sum of 32 bits and one of 64
        if not (reg.id | known.id) & ADD_CONST or reg.off == known.off:
            new = known
        else:
            add = alu32 if (reg.id | known.id) & ADD_CONST32 else alu64
            new = Reg(SCALAR, add(0, known.num, const((reg.off - known.off) & U64), rules), reg.id, reg.off)
        if slot is None:
            frame.regs[i] = new
        else:
            frame.stack[i] = Slot(slot.kinds, new)


def _pointer_outcome(pointer: Reg, number: Reg, name: str, is32: bool) -> bool | None:
    """Tell how a comparison of a pointer that is never null with 0 goes."""
    num = number.num
    if num.mask or num.value or pointer.kind == SCALAR:
        return None
    if is32 and num.value & 0xFFFF_FFFF:
        return None
    if not is_not_null(pointer):
        return None
    return False if name == "jeq" else True if name == "jne" else None


def is_not_null(reg: Reg) -> bool:
    """Tell if a pointer is surely not null. Source: reg_not_null()."""
    if reg.flags & PTR_MAYBE_NULL or reg.num.smin <= -MAX_VAR_OFF or reg.num.smax >= MAX_VAR_OFF:
        return False
    if reg.kind == PTR_TO_BTF_ID:
        return bool(reg.ref) or bool(reg.flags & (PTR_TRUSTED | MEM_ALLOC)) and not reg.flags & PTR_UNTRUSTED
    return reg.kind in _NEVER_NULL and not (reg.kind == PTR_TO_MEM and reg.flags & PTR_UNTRUSTED)


def not_null(reg: Reg) -> Reg:
    """Return the pointer without PTR_MAYBE_NULL."""
    if not reg.flags & PTR_MAYBE_NULL:
        return reg
    return Reg(reg.kind, reg.num, reg.id, reg.off, reg.flags & ~PTR_MAYBE_NULL, reg.obj, reg.ref, reg.size)


def without_null(v: Verifier, reg: Reg) -> Reg:
    """Return a pointer that was found not to be null: of maps of maps and of sockets, what the value stands for.

    Only pointers to what may have locks are told apart any further. Source: mark_ptr_or_null_reg().
    """
    if reg.kind == PTR_TO_MAP_VALUE:
        used = reg.obj
        if used.inner is not None:
            return Reg(CONST_PTR_TO_MAP, reg.num, reg.id, reg.off, 0, used.inner, reg.ref)
        kind = _SOCKET_MAPS.get(used.map_type, PTR_TO_MAP_VALUE)
        id = reg.id if kind == PTR_TO_MAP_VALUE and has_lock(v, used) else 0
        return Reg(kind, reg.num, id, reg.off, 0, used if kind == PTR_TO_MAP_VALUE else None, reg.ref)
    id = reg.id if reg.flags & MEM_ALLOC and leads_to_lock(v, reg) else 0
    return Reg(reg.kind, reg.num, id, reg.off, reg.flags & ~PTR_MAYBE_NULL, reg.obj, reg.ref, reg.size)


def settle_null(v: Verifier, state: State, pointer: Reg, *, is_null: bool) -> None:
    """Tell all pointers that came from the same call whether they are null; a reference that is null is released."""
    id, ref = pointer.id, pointer.ref
    if is_null and ref and ref == id:
        state.refs = tuple([held for held in state.refs if held[1] != id])

    def settled(reg: Reg) -> Reg:
        if not reg.flags & PTR_MAYBE_NULL or reg.id != id:
            return reg
        if is_null:
            return ZERO_REG
        return without_null(v, reg)

    map_registers(state, settled, PTR_MAYBE_NULL)


def map_registers(state: State, change: Callable[[Reg], Reg], flags: int = 0) -> None:
    """Replace every pointer in registers and on the stack by what `change` gives; `flags` that one must have."""
    for frame in state.frames:
        regs = frame.regs
        for i, reg in enumerate(regs):
            if reg.kind > SCALAR and reg.flags & flags == flags:
                regs[i] = change(reg)
        for i, slot in enumerate(frame.stack):
            spilled = slot.reg
            if spilled is None or spilled.kind <= SCALAR or spilled.flags & flags != flags:
                continue
            if slot.kinds[0] == SPILL:
                new = change(spilled)
                if new is not spilled:
                    frame.stack[i] = Slot(slot.kinds, new)


def _packet_outcome(a: Reg, b: Reg, name: str) -> bool | None:
    """Tell how a comparison goes of a packet pointer that is known to be at or beyond the end."""
    if b.kind == PTR_TO_PACKET_END:
        pkt = a
    elif a.kind == PTR_TO_PACKET_END:
        pkt = b
        name = _FLIPPED.get(name, name)
    else:
        return None
    if pkt.size >= 0:
        return None
    if name == "jle":  # pkt <= pkt_end
        return False if pkt.size == BEYOND_PACKET_END else None
    if name == "jgt":
        return True if pkt.size == BEYOND_PACKET_END else None
    if name == "jlt":
        return False
    return True if name == "jge" else None


def _learn_packet(v: Verifier, name: str, dst: int, src: int, a: Reg, b: Reg, other: State) -> bool:
    """Learn how far a packet reaches from a comparison of two packet pointers; False if it is no such comparison."""
    if name not in ("jgt", "jlt", "jge", "jle"):
        return False
    if _is_end_of(a, b):
        pointer, number = a, dst
    elif _is_end_of(b, a):
        pointer, number = b, src
        name = _FLIPPED[name]
    else:
        return False
    this = v.state
    inside, outside = (this, other) if name in ("jgt", "jge") else (other, this)
    is_open = name in ("jge", "jlt")
    _set_range(inside, pointer, is_open)
    beyond = outside.frames[-1].regs
    reg = beyond[number]
    if reg.kind == PTR_TO_PACKET:
        size = BEYOND_PACKET_END if name in ("jgt", "jle") else AT_PACKET_END
        beyond[number] = Reg(reg.kind, reg.num, reg.id, reg.off, reg.flags, reg.obj, reg.ref, size)
    return True


def _is_end_of(a: Reg, b: Reg) -> bool:
    """Tell if b ends what a points into: the packet's end, or for metadata its beginning."""
    if a.kind == PTR_TO_PACKET:
        return b.kind == PTR_TO_PACKET_END
    is_start = b.kind == PTR_TO_PACKET and not b.off and not b.num.mask and not b.num.value
    return a.kind == PTR_TO_PACKET_META and is_start


def _set_range(state: State, pointer: Reg, is_open: bool) -> None:
    """Let the pointers of the same origin reach as far as `pointer` is from there; `is_open`: one byte more."""
    off = pointer.off
    if off < 0 or (off == 0 and is_open) or off > MAX_PACKET_OFF:
        return
    if pointer.num.umax + off > MAX_PACKET_OFF:
        return  # the pointer may have wrapped around
    size = off + is_open
    kind, id = pointer.kind, pointer.id

    def reaching(reg: Reg) -> Reg:
        if reg.kind != kind or reg.id != id or reg.size >= size:
            return reg
        return Reg(kind, reg.num, id, reg.off, reg.flags, reg.obj, reg.ref, size)

    map_registers(state, reaching)


def decode_ja(v: Verifier, row: Row, insn: Insn, slot: int) -> Any:
    """Decode a jump."""
    return (_ja, slot + 1 + (insn.imm if row.imm == "jump" else insn.off))


def _ja(v: Verifier, op: Any) -> int:
    v.jumps += 1
    return op[1]  # type: ignore[no-any-return]


def decode_may_goto(v: Verifier, row: Row, insn: Insn, slot: int) -> Any:
    """Decode a jump that is taken when the program's time is up."""
    return (_may_goto, slot + 1 + insn.off, slot + 1)


def _may_goto(v: Verifier, op: Any) -> int:
    v.jumps += 1
    earlier = find_earlier(v.state.parent, v.idx)
    other = v.push(op[2], v.idx)
    other.may_goto_depth += 1
    if earlier is not None:
        widen(earlier, other)
    return op[1]  # type: ignore[no-any-return]


def find_earlier(state: State | None, idx: int) -> State | None:
    """Return the latest stored state at a slot that the path to `state` went through. Source: find_prev_entry()."""
    if state is None:
        return None
    sites = [frame.callsite for frame in state.frames]
    earlier = state.parent
    while earlier is not None:
        if earlier.idx == idx and [frame.callsite for frame in earlier.frames] == sites:
            return earlier
        earlier = earlier.parent
    return None


def widen(old: State, cur: State) -> None:
    """Forget the ranges of numbers that change from one turn of a loop to the next and did not matter so far."""
    ids = Ids(0)
    for frame, other in zip(reversed(old.frames), reversed(cur.frames)):
        for i in range(10):
            a, b = frame.regs[i], other.regs[i]
            if not frame.precise_regs >> i & 1 and _changes(a, b, ids):
                other.regs[i] = UNKNOWN_REG
        for i, (slot, new) in enumerate(zip(frame.stack, other.stack)):
            if slot.reg is None or new.reg is None or frame.precise_slots >> i & 1:
                continue
            if slot.kinds[0] == SPILL and new.kinds[0] == SPILL and _changes(slot.reg, new.reg, ids):
                other.stack[i] = Slot(new.kinds, UNKNOWN_REG)


def _changes(a: Reg, b: Reg, ids: Ids) -> bool:
    return a.kind == SCALAR and b.kind == SCALAR and not regs_exact(a, b, ids)


def decode_gotox(v: Verifier, row: Row, insn: Insn, slot: int) -> Any:
    """Decode a jump to an address from a jump table."""
    return (_gotox, slot + 1, insn.dst_reg)


def _gotox(v: Verifier, op: Any) -> int:
    v.jumps += 1
    number = op[2]
    reg = check_read(v, number)
    if reg.kind != PTR_TO_INSN:
        message = f"R{number} has type {type_name(reg)}, expected PTR_TO_INSN"
        raise v.refuse("cfg_jump_table", message, register=number)
    num = reg.num
    table = v.setting.jump_tables[reg.obj.name]
    first, last = (reg.off + num.umin) // 8, (reg.off + num.umax) // 8
    if last >= len(table):
        message = f"R{number} points to outside of jump table: [{first},{last}] max_entries {len(table)}"
        raise v.refuse("cfg_jump_table", message, register=number, map=reg.obj.name)
    *others, target = sorted(set(table[first : last + 1]))
    for other in others:
        v.push(other, v.idx)
    return target

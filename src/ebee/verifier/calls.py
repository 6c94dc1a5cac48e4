"""Steps of calls: of the program's own functions, of what the kernel offers, and the return from them.

Source: kernel/bpf/verifier.c (Linux 6.18): check_func_call(), setup_func_entry(), prepare_func_exit(),
check_return_code().
"""

from __future__ import annotations

from . import functions
from .function_args import check_call, returns_void
from .jumps import find_earlier, widen
from .programs import check_return, ends_of
from .references import lose_packet
from .scalar import const
from .state import NOT_INIT_REG, PTR_TO_STACK, SCALAR, UNKNOWN_REG, Frame, Reg, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..isa.insn import Insn
    from ..isa.table import Row
    from .explore import Verifier

# Decoders of calls that leave the program, by a row's name; `steps` enters those of other modules.
OUTER: dict[str, Callable[[Verifier, Row, Insn, int], Any]] = {}
_SLEEPING_CALL = (
    "global functions that may sleep are not allowed in non-sleepable context,; i.e., in a RCU/IRQ/preempt-disabled"
    " section, or in; a non-sleepable BPF program context"
)
_CLOBBERED = [NOT_INIT_REG] * 6


def decode_call(v: Verifier, row: Row, insn: Insn, slot: int) -> Any:
    """Decode a call."""
    if row.name == "call_local":
        target = v.code.callee(slot)
        return (_call_local, slot + 1, target, v.code.subprog_at[target])
    return OUTER[row.name](v, row, insn, slot)


def decode_callx(v: Verifier, row: Row, insn: Insn, slot: int) -> Any:
    """Refuse the call of an address, which Linux does not have."""
    v.idx = slot
    raise v.refuse("insn_reserved", f"unknown opcode {insn.opcode:02x}")


def _call_local(v: Verifier, op: Any) -> int:
    _step, following, target, subprog = op
    v.jumps += 1
    if v.is_global(subprog):
        check_call(v, subprog)
        is_in_region = v.state.is_in_region() if v.kernel >= (6, 13) else v.state.preempt
        if is_in_region and subprog in functions.sleepers(v):
            raise v.refuse("helper_sleeps", _SLEEPING_CALL, function=f"func#{subprog}")
        v.called_globals.add(subprog)
        if v.kernel >= (6, 8) and subprog in functions.packet_movers(v):
            lose_packet(v)
        v.regs[:6] = _CLOBBERED if returns_void(v, subprog) else [UNKNOWN_REG, *_CLOBBERED[1:]]
        return following  # type: ignore[no-any-return]
    arguments = v.regs[1:6]
    enter_function(v, v.state, subprog, target, v.idx)
    v.regs[:6] = _CLOBBERED
    v.enter(v.state)
    v.regs[1:6] = arguments
    return target  # type: ignore[no-any-return]


def enter_function(v: Verifier, state: State, subprog: int, start: int, site: int, callback: Any = None) -> Frame:
    """Put a new frame on a state, without arguments, and return it. Raises: Refusal where there are too many."""
    depth = len(state.frames)
    if depth >= v.max_frames:
        raise v.refuse("call_depth", f"the call stack of {depth + 1} frames is too deep", depth=depth + 1)
    v.entered.add(subprog)
    chain = (*state.frames[-1].chain, site)
    v.pruning.slots.entries.setdefault(chain, set()).add(start)
    regs = [NOT_INIT_REG] * 11
    regs[10] = Reg(PTR_TO_STACK, const(0), obj=depth)
    frame = Frame(regs, [], subprog, site, chain, callback)
    state.frames.append(frame)
    return frame


def decode_exit(v: Verifier, row: Row, insn: Insn, slot: int) -> Any:
    """Decode the return from a function."""
    return (_exit, slot + 1)


def _exit(v: Verifier, op: Any) -> int:
    v.jumps += 1
    return leave_function(v)


def leave_function(v: Verifier) -> int:
    """Return from the current function; return the slot to go on at, -1 where the program ends."""
    state = v.state
    if len(state.frames) == 1:
        check_nothing_held(v, "BPF_EXIT instruction in main prog")
        check_return(v)
        return -1
    callee = state.frames[-1]
    result = callee.regs[0]
    if result.kind == PTR_TO_STACK:
        raise v.refuse("return_value", "cannot return stack pointer to the caller", register=0)
    callback = callee.callback
    if callback is None:
        state.frames.pop()
        v.enter(state)
        v.regs[0] = result
        return callee.callsite + 1
    if result.kind != SCALAR:
        raise v.refuse("return_value", "R0 not a scalar value", register=0)
    v.pruning.mark_precise(0)
    low, high = callback.result
    if not low <= result.num.smin <= result.num.smax <= high:
        message = f"At callback return the register R0 has{ends_of(result.num)} should have been in [{low}, {high}]"
        raise v.refuse("return_value", message, register=0, value=result.num, low=low, high=high)
    state.frames.pop()
    v.enter(state)
    state.last, state.idx = v.idx, callee.callsite
    earlier = find_earlier(state, callee.callsite)
    if earlier is not None:
        widen(earlier, state)
    return callee.callsite


def check_nothing_held(v: Verifier, what: str) -> None:
    """Refuse an end of the program while locks, references or regions are held. Source: check_resource_leak()."""
    state = v.state
    if state.locks:
        raise v.refuse("lock", f"{what} cannot be used inside bpf_spin_lock-ed region")
    held = [(id, insn) for kind, id, insn in state.refs if kind != "irq"]
    if held:
        lines = [f"Unreleased reference id={id} alloc_insn={insn}" for id, insn in held]
        message = "; ".join([*lines, f"{what} would lead to reference leak"])
        raise v.refuse("reference_leak", message, id=held[0][0], acquired=held[0][1])
    if state.refs:
        raise v.refuse("irq", f"{what} cannot be used inside bpf_local_irq_save-ed region")
    if state.rcu:
        raise v.refuse("rcu", f"{what} cannot be used inside bpf_rcu_read_lock-ed region")
    if state.preempt:
        raise v.refuse("preempt", f"{what} cannot be used inside bpf_preempt_disable-ed region")


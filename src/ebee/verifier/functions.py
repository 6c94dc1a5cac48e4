"""Functions that are verified on their own, what all may return and move, and how much stack they need together.

Source: kernel/bpf/verifier.c (Linux 6.18): do_check_subprogs(), check_btf_func(), check_max_stack_depth().
"""

from __future__ import annotations

from ..abi import bpf
from ..btf.kinds import BTF_FUNC_GLOBAL, BTF_KIND_DECL_TAG, BTF_KIND_FUNC, BTF_KIND_INT
from .function_args import NUMBERS, arguments_of, entry_registers
from .kfunc_protos import kfunc_proto
from .prototypes import helper_proto
from .refusal import Refusal
from .scalar import const
from .state import PTR_TO_STACK, STACK_BYTES, Frame, Reg, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..isa.table import Row
    from .explore import Verifier
    from .setting import Setting

EXCEPTION_CALLBACK = "exception_callback:"
_TAIL_CALL, _TAIL_CALL_STACK = 12, 256
_LEAST_PRIVATE = 64  # bytes of a frame: BPF_PRIV_STACK_MIN_SIZE
# Types of programs beside those of trampolines that may interrupt each other.
_OWN_STACKS = (
    bpf.BPF_PROG_TYPE_KPROBE, bpf.BPF_PROG_TYPE_TRACEPOINT, bpf.BPF_PROG_TYPE_PERF_EVENT,
    bpf.BPF_PROG_TYPE_RAW_TRACEPOINT,
)  # fmt: skip


def is_global(v: Verifier, subprog: int) -> bool:
    """Tell if a function is verified on its own."""
    btf, type_id = v.setting.btf, v.setting.func_types.get(v.code.starts[subprog])
    return subprog > 0 and btf is not None and bool(type_id) and btf.by_id(type_id or 0).linkage == BTF_FUNC_GLOBAL


def packet_movers(v: Verifier) -> set[int]:
    """Return the functions whose calls may move the packet: by a helper, a tail call, or what they call."""
    if v.packet_movers is None:
        v.packet_movers = _those_that(v, _moves_packet)
    return v.packet_movers


def sleepers(v: Verifier) -> set[int]:
    """Return the functions whose calls may sleep: by a helper, a kernel function, or what they call."""
    if v.sleepers is None:
        v.sleepers = _those_that(v, _sleeps)
    return v.sleepers


def _moves_packet(v: Verifier, slot: int, row: Row, number: int) -> bool:
    if row.name != "call_helper":
        return False
    proto = helper_proto(number, v.setting.prog_type)
    return number == _TAIL_CALL or (proto is not None and proto.moves_packet)


def _sleeps(v: Verifier, slot: int, row: Row, number: int) -> bool:
    if row.name == "call_helper":
        proto = helper_proto(number, v.setting.prog_type)
        return proto is not None and proto.might_sleep
    kfunc = kfunc_proto(v.setting, v.setting.kfuncs.get(slot, "")) if row.name == "call_kfunc" else None
    return kfunc is not None and "sleepable" in kfunc.flags


def _those_that(v: Verifier, does: Callable[[Verifier, int, Row, int], bool]) -> set[int]:
    """Return the functions with an instruction that does something, and those that call them."""
    code = v.code
    found: set[int] = set()
    callers: dict[int, set[int]] = {}
    for slot, row in enumerate(code.rows):
        insn = code.insns[slot]
        if row is None or insn is None:
            continue
        caller = code.subprog_of[slot]
        if row.name in ("call_local", "lddw_func"):
            callers.setdefault(code.subprog_at[code.callee(slot)], set()).add(caller)
        elif does(v, slot, row, insn.imm):
            found.add(caller)
    work = list(found)
    while work:
        new = callers.get(work.pop(), set()) - found
        found |= new
        work += new
    return found


def check_returns(v: Verifier) -> None:
    """Refuse functions that return nothing although an instruction of theirs may return. Source: check_btf_func()."""
    btf, code = v.setting.btf, v.code
    for subprog, start in enumerate(code.starts):
        if not subprog:
            continue
        returning = _returning(v, subprog)
        type_id = v.setting.func_types.get(start)
        if btf is None or not type_id:
            if returning == "tail_call":
                raise Refusal("tail_call", start, "tail_call is not allowed in subprogs without BTF")
            continue
        proto = btf.by_id(btf.by_id(type_id).type_id)
        result = btf.resolve(proto.type_id) if proto.type_id else None
        if result is not None and result.kind in NUMBERS and (result.kind != BTF_KIND_INT or result.size_bytes <= 8):
            continue
        if returning:
            rule = "tail_call" if returning == "tail_call" else "packet_load_context"
            raise Refusal(rule, start, f"{returning} is only allowed in functions that return 'int'.")


def _returning(v: Verifier, subprog: int) -> str:
    """Return what a function has that may return from its midst, as the kernel names it."""
    slots = range(v.code.starts[subprog], v.code.end_of(subprog))
    rows = [v.code.rows[slot] for slot in slots]
    if any(row is not None and row.family == "packet" for row in rows):
        return "LD_ABS"
    numbers = (insn.imm for slot, row in zip(slots, rows) if row is not None and row.name == "call_helper"
               and (insn := v.code.insns[slot]) is not None)  # fmt: skip
    return "tail_call" if _TAIL_CALL in numbers else ""


def entry_state(v: Verifier, subprog: int) -> State:
    """Return what is known where a global function starts. Raises: Refusal."""
    regs = [*entry_registers(v, subprog), Reg(PTR_TO_STACK, const(0), obj=0)]
    start = v.code.starts[subprog]
    state = State([Frame(regs, [], subprog, -1, (start,))])
    state.may_sleep = v.program.may_sleep
    if subprog == exception_callback(v) and [argument.kind for argument in arguments_of(v, subprog)] != ["scalar"]:
        raise Refusal("exception", start, "exception cb only supports single integer argument")
    state.first, state.last = start, -1
    return state


def thrown_to(setting: Setting) -> int | None:
    """Return the slot of the function that is called when the program throws; None if there is none.

    Raises: Refusal. Source: bpf_find_exception_callback_insn_off().
    """
    btf, types = setting.btf, setting.func_types
    if btf is None or not types or 0 not in types:
        return None
    tags = [tag.name for tag in btf.types(BTF_KIND_DECL_TAG) if tag.type_id == types[0] and tag.component_idx < 0]
    names = [tag.removeprefix(EXCEPTION_CALLBACK) for tag in tags if tag.startswith(EXCEPTION_CALLBACK)]
    if not names:
        return None
    function = btf.by_name(names[0], BTF_KIND_FUNC)
    problem, slot = "", 0
    if len(names) > 1:
        problem = "multiple exception callback tags for main subprog"
    elif function is None:
        problem = f"exception callback '{names[0]}' could not be found in BTF"
    elif function.linkage != BTF_FUNC_GLOBAL:
        problem = f"exception callback '{names[0]}' must have global linkage"
    else:
        slot = next((start for start, id in types.items() if id == function.id), 0)
        problem = "" if slot else "exception callback type id not found in func_info"
    if problem:
        raise Refusal("exception", 0, problem)
    return slot


def exception_callback(v: Verifier) -> int | None:
    """Return the number of the function that is called when the program throws; None if there is none."""
    slot = v.code.thrown_to
    return None if slot is None else v.code.subprog_at[slot]


def check_stack_depth(v: Verifier) -> int:
    """Refuse chains of calls that need more than 512 bytes of stack; return the deepest one's bytes."""
    code = v.code
    calls: list[list[tuple[int, int]]] = [[] for _ in code.starts]
    tail_calls = [False] * len(code.starts)
    for slot, row in enumerate(code.rows):
        insn = code.insns[slot]
        if row is None or insn is None:
            continue
        if row.name in ("call_local", "lddw_func"):
            calls[code.subprog_of[slot]].append((slot, code.subprog_at[code.callee(slot)]))
        elif row.name == "call_helper" and insn.imm == _TAIL_CALL:
            tail_calls[code.subprog_of[slot]] = True
    sizes = [-(-max(size, 1) // 16) * 16 for size in v.stack_bytes]
    deepest, callback = 0, exception_callback(v)
    later = v.called_later if callback is None else v.called_later | {callback}
    on_kernels: set[int] = set()  # whose stack is the kernel's, since they run later, too
    for root in (*sorted(later), 0):
        has_own = root == 0 and _has_private_stacks(v) and not any(tail_calls)
        work: list[tuple[int, int, int, tuple[int, ...]]] = [(root, 0, 1, (root,))]
        while work:
            subprog, above, frames, path = work.pop()
            if above >= _TAIL_CALL_STACK and tail_calls[subprog]:
                message = f"tail_calls are not allowed when call stack of previous frames is {above} bytes. Too large"
                raise Refusal("stack_size", code.starts[subprog], message, {"bytes": above})
            is_private = has_own and sizes[subprog] >= _LEAST_PRIVATE and subprog not in on_kernels
            if not has_own:
                on_kernels.add(subprog)
            total = above + sizes[subprog]
            deepest = max(deepest, sizes[subprog] if is_private else total)
            if is_private:
                total = above
            if total > STACK_BYTES:
                message = f"combined stack size of {frames} calls is {total}. Too large"
                raise Refusal("stack_size", code.starts[subprog], message, {"bytes": total, "calls": frames})
            for slot, callee in calls[subprog]:
                if callee == callback and not _is_address(v, slot):
                    raise Refusal("exception", slot, f"insn {slot} cannot call exception cb directly")
                if _is_address(v, slot) and callee in later:
                    continue
                if callee in path and not _is_address(v, slot):
                    raise Refusal("call_function", slot, "recursive call", {"function": callee})
                if frames >= v.max_frames:
                    message = f"the call stack of {frames} frames is too deep !"
                    raise Refusal("call_depth", slot, message, {"depth": frames + 1})
                work.append((callee, total, frames + 1, (*path, callee)))
    return deepest


def _has_private_stacks(v: Verifier) -> bool:
    """Tell if functions with a large frame have a stack of their own. Source: bpf_enable_priv_stack()."""
    setting = v.setting
    is_here = setting.target is None or setting.target.arch == "x86_64"
    is_traced = setting.prog_type == bpf.BPF_PROG_TYPE_TRACING and setting.expected_attach_type != bpf.BPF_TRACE_ITER
    return v.kernel >= (6, 13) and is_here and (is_traced or setting.prog_type in _OWN_STACKS)


def _is_address(v: Verifier, slot: int) -> bool:
    row = v.code.rows[slot]
    return row is not None and row.name == "lddw_func"


def check_addressed(v: Verifier) -> None:
    """Refuse an address of a function that is never called: the kernel removes it as dead, and then misses it.

    It takes the function behind it instead, if there is one, and does not look where no other function is left.
    Source: opt_remove_dead_code(), jit_subprogs().
    """
    last = max(v.entered)
    for subprog, slot in v.addressed.items():
        if subprog > last > 0 and v.privileged:
            v.idx = slot
            message = f"verifier bug: No program to jit at insn {slot} (subprog < 0)"
            raise v.refuse("function_removed", message, function=subprog)

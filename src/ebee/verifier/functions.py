"""Functions that are verified on their own, by their BTF signature, and how much stack all need together.

Source: kernel/bpf/btf.c: btf_prepare_func_args(); kernel/bpf/verifier.c: btf_check_func_arg_match(),
do_check_subprogs(), check_max_stack_depth() (Linux 6.18).
"""

from __future__ import annotations

from ..btf.kinds import (
    BTF_FUNC_GLOBAL,
    BTF_KIND_DECL_TAG,
    BTF_KIND_ENUM,
    BTF_KIND_ENUM64,
    BTF_KIND_INT,
    BTF_KIND_PTR,
    BTF_KIND_STRUCT,
)
from ..errors import EbeeError
from ..record import Record
from .refusal import Refusal
from .scalar import const
from .state import (
    MAX_FRAMES,
    NOT_INIT_REG,
    PTR_MAYBE_NULL,
    PTR_TO_ARENA,
    PTR_TO_CTX,
    PTR_TO_MEM,
    PTR_TO_STACK,
    SCALAR,
    STACK_BYTES,
    UNKNOWN_REG,
    Frame,
    Reg,
    State,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..btf.read import Btf, BtfType
    from .explore import Verifier

_NUMBERS = (BTF_KIND_INT, BTF_KIND_ENUM, BTF_KIND_ENUM64)
_TAIL_CALL, _TAIL_CALL_STACK = 12, 256
_ZERO = const(0)
# Structs that a parameter points to where it is a context. Source: BTF of bpf_ctx_convert.
CONTEXTS = frozenset((
    "__sk_buff", "xdp_md", "bpf_sock", "bpf_sock_addr", "bpf_sock_ops", "sk_msg_md", "sk_reuseport_md", "bpf_sk_lookup",
    "bpf_perf_event_data", "bpf_raw_tracepoint_args", "bpf_cgroup_dev_ctx", "bpf_sysctl", "bpf_sockopt", "pt_regs",
    "bpf_user_pt_regs_t", "user_pt_regs", "bpf_nf_ctx",
))  # fmt: skip


class Argument(Record):
    """An argument of a global function: `scalar`, `ctx`, `mem` or `arena`; `size_bytes` of memory."""

    kind: str
    size_bytes: int = 0
    is_nullable: bool = False


def is_global(v: Verifier, subprog: int) -> bool:
    """Tell if a function is verified on its own."""
    btf, type_id = v.setting.btf, v.setting.func_types.get(v.code.starts[subprog])
    return subprog > 0 and btf is not None and bool(type_id) and btf.by_id(type_id or 0).linkage == BTF_FUNC_GLOBAL


def arguments_of(v: Verifier, subprog: int) -> list[Argument]:
    """Return what a global function takes. Raises: Refusal."""
    btf, start = v.setting.btf, v.code.starts[subprog]
    assert btf is not None
    function = btf.by_id(v.setting.func_types[start])
    proto = btf.by_id(function.type_id)
    if len(proto.params) > 5:
        message = f"Global function {function.name}() with {len(proto.params)} > 5 args. Buggy compiler."
        raise Refusal("global_function", start, message)
    result = btf.resolve(proto.type_id) if proto.type_id else None
    if result is None or result.kind not in _NUMBERS:
        message = f"Global function {function.name}() doesn't return scalar. Only those are supported."
        raise Refusal("global_function", start, message)
    tags = _tags(btf, v.setting.func_types[start])
    return [
        _argument(v, btf, function.name, n, type_id, tags.get(n, set()), start)
        for n, (_name, type_id) in enumerate(proto.params)
    ]


def _tags(btf: Btf, func_id: int) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for tag in btf.types(BTF_KIND_DECL_TAG):
        if tag.type_id == func_id and tag.name.startswith("arg:"):
            found.setdefault(tag.component_idx, set()).add(tag.name[4:])
    return found


def _argument(v: Verifier, btf: Btf, name: str, n: int, type_id: int, tags: set[str], start: int) -> Argument:
    declared = btf.resolve(type_id)
    if declared.kind in _NUMBERS:
        return Argument("scalar")
    if declared.kind != BTF_KIND_PTR:
        raise Refusal("global_function", start, f"Arg#{n} type of {name}() is not supported yet.")
    target = btf.resolve(declared.type_id) if declared.type_id else None
    if "ctx" in tags or (target is not None and target.name in CONTEXTS and _is_context(target)):
        return Argument("ctx")
    if "arena" in tags:
        return Argument("arena")
    try:
        size = btf.sizeof(declared.type_id) if declared.type_id else 0
    except EbeeError:
        size = 0
    if tags - {"nonnull"} or not size:
        message = f"arg#{n} reference type('{target.name if target is not None else 'void'}') size cannot be determined"
        raise Refusal("global_function", start, message, {"tags": sorted(tags)})
    return Argument("mem", size, "nonnull" not in tags)


def _is_context(target: BtfType) -> bool:
    return target.kind == BTF_KIND_STRUCT


def packet_movers(v: Verifier) -> set[int]:
    """Return the functions whose calls may move the packet: by a helper, a tail call, or what they call."""
    if v.packet_movers is not None:
        return v.packet_movers
    from .prototypes import helper_proto

    code = v.code
    movers: set[int] = set()
    callers: dict[int, set[int]] = {}
    for slot, row in enumerate(code.rows):
        insn = code.insns[slot]
        if row is None or insn is None:
            continue
        caller = code.subprog_of[slot]
        if row.name in ("call_local", "lddw_func"):
            callers.setdefault(code.subprog_at[code.callee(slot)], set()).add(caller)
        elif row.name == "call_helper":
            proto = helper_proto(insn.imm, v.setting.prog_type)
            if insn.imm == _TAIL_CALL or (proto is not None and proto.moves_packet):
                movers.add(caller)
    found = list(movers)
    while found:
        new = callers.get(found.pop(), set()) - movers
        movers |= new
        found += new
    v.packet_movers = movers
    return movers


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
        if result is not None and result.kind in _NUMBERS and (result.kind != BTF_KIND_INT or result.size_bytes <= 8):
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


def check_call(v: Verifier, subprog: int) -> None:
    """Refuse arguments that a global function does not take. Raises: Refusal."""
    from .helper_args import check_memory

    name = f"func#{subprog}"
    if v.state.locks:
        message = "global function calls are not allowed while holding a lock, use static function instead"
        raise v.refuse("lock", message, function=name)
    for n, argument in enumerate(arguments_of(v, subprog)):
        reg, number = v.regs[n + 1], n + 1
        if argument.kind == "scalar" and reg.kind != SCALAR:
            raise v.refuse("global_function", f"R{number} is not a scalar", register=number)
        if argument.kind == "ctx" and (reg.kind != PTR_TO_CTX or reg.off or reg.num.mask or reg.num.value):
            raise v.refuse("global_function", f"arg#{n} expects pointer to ctx", register=number)
        if argument.kind == "arena" and reg.kind not in (PTR_TO_ARENA, SCALAR):
            message = f"R{number} is not a pointer to arena or scalar."
            raise v.refuse("global_function", message, register=number)
        if argument.kind == "mem":
            is_null = reg.kind == SCALAR and not reg.num.mask and not reg.num.value
            if reg.flags & PTR_MAYBE_NULL and not argument.is_nullable:
                raise v.refuse("global_function", f"arg#{n} is expected to be non-NULL", register=number)
            if not is_null:
                check_memory(v, number, argument.size_bytes, is_write=True, zero_ok=False, call=None)


def entry_state(v: Verifier, subprog: int) -> State:
    """Return what is known where a global function starts. Raises: Refusal."""
    regs = [NOT_INIT_REG] * 11
    regs[10] = Reg(PTR_TO_STACK, _ZERO, obj=0)
    for n, argument in enumerate(arguments_of(v, subprog)):
        if argument.kind == "ctx":
            regs[n + 1] = Reg(PTR_TO_CTX, _ZERO)
        elif argument.kind == "mem":
            flags = PTR_MAYBE_NULL if argument.is_nullable else 0
            regs[n + 1] = Reg(PTR_TO_MEM, _ZERO, v.new_id(), 0, flags, size=argument.size_bytes)
        else:
            regs[n + 1] = UNKNOWN_REG
    start = v.code.starts[subprog]
    state = State([Frame(regs, [], subprog, -1, (start,))])
    state.first, state.last = start, -1
    return state


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
    deepest = 0
    roots = {0, *(callee for sites in calls for slot, callee in sites if _is_address(v, slot))}
    for root in sorted(roots):
        work: list[tuple[int, int, int, tuple[int, ...]]] = [(root, 0, 1, (root,))]
        while work:
            subprog, above, frames, path = work.pop()
            if above >= _TAIL_CALL_STACK and tail_calls[subprog]:
                message = f"tail_calls are not allowed when call stack of previous frames is {above} bytes. Too large"
                raise Refusal("stack_size", code.starts[subprog], message, {"bytes": above})
            total = above + sizes[subprog]
            deepest = max(deepest, total)
            if total > STACK_BYTES:
                message = f"combined stack size of {frames} calls is {total}. Too large"
                raise Refusal("stack_size", code.starts[subprog], message, {"bytes": total, "calls": frames})
            for slot, callee in calls[subprog]:
                if _is_address(v, slot) and callee in path:
                    continue
                if callee in path:
                    raise Refusal("call_function", slot, "recursive call", {"function": callee})
                if frames >= MAX_FRAMES:
                    message = f"the call stack of {frames + 1} frames is too deep !"
                    raise Refusal("call_depth", slot, message, {"depth": frames + 1})
                work.append((callee, total, frames + 1, (*path, callee)))
    return deepest


def _is_address(v: Verifier, slot: int) -> bool:
    row = v.code.rows[slot]
    return row is not None and row.name == "lddw_func"

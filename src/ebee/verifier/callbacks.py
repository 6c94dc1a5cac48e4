"""Functions of the program that a helper calls: what they are given, and what they may return.

Source: kernel/bpf/verifier.c (Linux 6.18): push_callback_call(), set_*_callback_state().
"""

from __future__ import annotations

from ..abi import bpf
from ..btf.kinds import BTF_KIND_STRUCT
from ..record import Record
from .calls import enter_function
from .names import type_name
from .scalar import const
from .state import (
    CONST_PTR_TO_DYNPTR,
    CONST_PTR_TO_MAP,
    NOT_INIT_REG,
    PTR_TO_BTF_ID,
    PTR_TO_MAP_KEY,
    PTR_TO_MAP_VALUE,
    PTR_TO_STACK,
    SCALAR,
    UNKNOWN_REG,
    Frame,
    Reg,
    State,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .explore import Verifier
    from .helper_args import Call

_ZERO = const(0)
_NO = NOT_INIT_REG
_ITERABLE = frozenset(
    getattr(bpf, f"BPF_MAP_TYPE_{word}")
    for word in ("HASH", "LRU_HASH", "PERCPU_HASH", "LRU_PERCPU_HASH", "ARRAY", "PERCPU_ARRAY")
)


class Callback(Record):
    """What a frame is that a helper called: the least and the greatest number that it may return."""

    helper: str
    result: tuple[int, int]


def _element(v: Verifier, call: Call) -> list[Reg]:
    map_ = call.map
    assert map_ is not None
    if call.proto.name == "for_each_map_elem" and map_.map_type not in _ITERABLE:
        raise v.refuse("map_helper", "callback function not allowed for map", map=map_.name)
    last = v.regs[3] if call.proto.name == "for_each_map_elem" else _NO
    uid = call.map_uid
    return [Reg(CONST_PTR_TO_MAP, _ZERO, uid, obj=map_), Reg(PTR_TO_MAP_KEY, _ZERO, uid, obj=map_),
            Reg(PTR_TO_MAP_VALUE, _ZERO, uid, obj=map_), last, _NO]  # fmt: skip


def _turn(v: Verifier, call: Call) -> list[Reg]:
    return [UNKNOWN_REG, v.regs[3], _NO, _NO, _NO]


def _area(v: Verifier, call: Call) -> list[Reg]:
    btf = v.setting.kernel_btf
    struct = btf.by_name("vm_area_struct", BTF_KIND_STRUCT) if btf is not None else None
    return [v.regs[1], Reg(PTR_TO_BTF_ID, _ZERO, obj=struct), v.regs[4], _NO, _NO]


def _sample(v: Verifier, call: Call) -> list[Reg]:
    return [Reg(CONST_PTR_TO_DYNPTR, _ZERO, v.new_id(), obj=("local", True)), v.regs[3], _NO, _NO, _NO]


# helper: (what its function gets in r1 to r5, the least and greatest number that it may return)
CALLBACKS = {
    "for_each_map_elem": (_element, (0, 1)),
    "loop": (_turn, (0, 1)),
    "find_vma": (_area, (0, 1)),
    "user_ringbuf_drain": (_sample, (0, 1)),
    "timer_set_callback": (_element, (0, 0)),
}


def start_callback(v: Verifier, call: Call) -> None:
    """Let the function of a call be explored; what follows the call is explored without it, too. Raises: Refusal."""
    arguments, result = CALLBACKS[call.proto.name]
    regs, subprog = arguments(v, call), call.callback
    start = v.code.starts[subprog]
    callback = Callback(call.proto.name, result)
    if call.proto.is_async:
        frame = Frame([_NO] * 11, [], subprog, -1, (start,), callback)
        frame.regs[10] = Reg(PTR_TO_STACK, _ZERO, obj=0)
        frame.regs[1:6] = regs
        frame.async_entries = v.frame.async_entries + 1
        v.pending.append((State([frame]), start, v.idx))
        return
    if call.proto.name == "loop":
        if v.regs[1].kind != SCALAR:
            if (6, 18) <= v.kernel < (7, 0):
                raise v.refuse("kernel_limit", "verifier bug: backtracking misuse", register=1)
            message = f"R1 type={type_name(v.regs[1])} expected=scalar"
            raise v.refuse("argument_type", message, register=1)
        v.pruning.mark_precise(1)
        if v.frame.callback_depth >= v.regs[1].num.umax:
            v.frame.callback_depth = 0
            return
    state = v.push(start, v.idx)
    state.callback_depth += 1
    state.frames[-1].callback_depth += 1
    v.frame.callback_depth = 0
    frame = enter_function(v, state, subprog, start, v.idx, callback)
    frame.regs[1:6] = regs

"""Functions of the program that helpers and kernel functions call: what they are given, and what they may return.

Source: kernel/bpf/verifier.c (Linux 6.18): push_callback_call(), is_async_cb_sleepable(), set_*_callback_state().
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
    from ..spec.object import MapSpec
    from .explore import Verifier
    from .helper_args import Call

_ZERO = const(0)
_NO = NOT_INIT_REG
_ITERABLE = frozenset(
    getattr(bpf, f"BPF_MAP_TYPE_{word}")
    for word in ("HASH", "LRU_HASH", "PERCPU_HASH", "LRU_PERCPU_HASH", "ARRAY", "PERCPU_ARRAY")
)


class Calling(Record):
    """A kernel function that has a function called: what that may return, when it runs, and if it may sleep then.

    `map_in` is the argument that leads to the map whose value it is for.
    """

    result: tuple[int, int]
    is_async: bool = False
    may_sleep: bool = False
    map_in: int = 0


KFUNC_CALLBACKS = {
    "bpf_rbtree_add_impl": Calling((0, 1)),
    "bpf_wq_set_callback_impl": Calling((0, 0), True, True, 1),
    "bpf_task_work_schedule_signal_impl": Calling((-(1 << 31), (1 << 31) - 1), True, True, 3),
    "bpf_task_work_schedule_resume_impl": Calling((-(1 << 31), (1 << 31) - 1), True, True, 3),
}


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
    return [*element_arguments(map_, call.map_uid)[:3], last, _NO]


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


def element_arguments(map_: MapSpec, uid: int) -> list[Reg]:
    """Return what a function gets that is called for a map's value: the map, its key and its value."""
    kinds = (CONST_PTR_TO_MAP, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE)
    return [*(Reg(kind, _ZERO, uid, obj=map_) for kind in kinds), _NO, _NO]


def start_callback(v: Verifier, call: Call) -> None:
    """Let the function of a helper's call be explored, and what follows the call without it, too. Raises: Refusal."""
    arguments, result = CALLBACKS[call.proto.name]
    regs, callback = arguments(v, call), Callback(call.proto.name, result)
    if call.proto.is_async:
        call_later(v, call.callback, callback, regs)
        return
    count = v.regs[1]
    if call.proto.name == "loop" and count.kind != SCALAR:
        if (6, 18) <= v.kernel < (7, 0):
            raise v.refuse("kernel_limit", "verifier bug: backtracking misuse", register=1)
        if v.kernel >= (6, 7):  # those before look at the function once, whatever the count is
            message = f"R1 type={type_name(count)} expected=scalar"
            raise v.refuse("argument_type", message, register=1)
    elif call.proto.name == "loop":
        v.pruning.mark_precise(1)
        if v.frame.callback_depth >= count.num.umax:
            v.frame.callback_depth = 0
            return
    call_now(v, call.callback, callback, regs)


def call_later(v: Verifier, subprog: int, callback: Callback, regs: list[Reg], *, may_sleep: bool = False) -> None:
    """Let a function be explored that runs after the program, with these arguments."""
    start = v.code.starts[subprog]
    v.called_later.add(subprog)
    v.entered.add(subprog)
    frame = Frame([_NO] * 11, [], subprog, -1, (start,), callback)
    frame.regs[10] = Reg(PTR_TO_STACK, _ZERO, obj=0)
    frame.regs[1:6] = regs
    frame.async_entries = v.frame.async_entries + 1
    state = State([frame])
    state.may_sleep = may_sleep
    v.pending.append((state, start, v.idx))


def call_now(v: Verifier, subprog: int, callback: Callback, regs: list[Reg]) -> None:
    """Let a function be explored that runs during the call, and returns to it. Raises: Refusal."""
    start = v.code.starts[subprog]
    state = v.push(start, v.idx)
    state.callback_depth += 1
    state.frames[-1].callback_depth += 1
    v.frame.callback_depth = 0
    frame = enter_function(v, state, subprog, start, v.idx, callback)
    frame.regs[1:6] = regs

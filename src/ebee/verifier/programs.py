"""What depends on a program's type: its context, its maps, where it may sleep, what it may return.

Source: kernel/bpf/verifier.c (Linux 6.18): check_return_code(), check_map_prog_compatibility(),
may_access_direct_pkt_data().
"""

from __future__ import annotations

from ..abi import bpf
from ..abi.context_access import LIKE, RETURNS
from ..abi.map_helpers import SLEEPABLE_MAPS, TRACING_TYPES
from .contexts import context_of
from .function_args import returns_void
from .names import type_name
from .prototypes import hook_kind
from .special_fields import GRAPH_ROOTS, LOCKS, Special, fields_of
from .state import NOT_INIT, SCALAR
from .versions import has_kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..spec.object import MapSpec
    from .explore import Verifier
    from .refusal import Options
    from .scalar import Scalar
    from .setting import Setting

# Source: license_is_gpl_compatible(), include/linux/license.h.
GPL_LICENSES = frozenset(
    ("GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL")
)
# Types of programs that write to packets, that only read them, and that have BPF_LD_ABS and BPF_LD_IND.
# Source: may_access_direct_pkt_data(), may_access_skb().
WRITE_PACKETS = frozenset((
    bpf.BPF_PROG_TYPE_SCHED_CLS, bpf.BPF_PROG_TYPE_SCHED_ACT, bpf.BPF_PROG_TYPE_XDP, bpf.BPF_PROG_TYPE_LWT_XMIT,
    bpf.BPF_PROG_TYPE_SK_SKB, bpf.BPF_PROG_TYPE_SK_MSG, bpf.BPF_PROG_TYPE_CGROUP_SOCKOPT,
))  # fmt: skip
READ_PACKETS = frozenset((
    bpf.BPF_PROG_TYPE_LWT_IN, bpf.BPF_PROG_TYPE_LWT_OUT, bpf.BPF_PROG_TYPE_LWT_SEG6LOCAL,
    bpf.BPF_PROG_TYPE_SK_REUSEPORT, bpf.BPF_PROG_TYPE_FLOW_DISSECTOR, bpf.BPF_PROG_TYPE_CGROUP_SKB,
))  # fmt: skip
LOAD_PACKETS = frozenset((
    bpf.BPF_PROG_TYPE_SOCKET_FILTER, bpf.BPF_PROG_TYPE_SCHED_CLS, bpf.BPF_PROG_TYPE_SCHED_ACT,
))  # fmt: skip
_TRACING = bpf.BPF_PROG_TYPE_TRACING
_SLEEPERS = (
    bpf.BPF_PROG_TYPE_LSM, bpf.BPF_PROG_TYPE_KPROBE, bpf.BPF_PROG_TYPE_STRUCT_OPS, bpf.BPF_PROG_TYPE_SYSCALL,
)  # fmt: skip
_SLEEPING_HOOKS = (bpf.BPF_TRACE_FENTRY, bpf.BPF_TRACE_FEXIT, bpf.BPF_MODIFY_RETURN, bpf.BPF_TRACE_ITER)
_SLEEPERS_7 = (*_SLEEPERS, bpf.BPF_PROG_TYPE_RAW_TRACEPOINT, bpf.BPF_PROG_TYPE_TRACEPOINT)
_SLEEPING_HOOKS_7 = (*_SLEEPING_HOOKS, bpf.BPF_TRACE_RAW_TP)
_TRAMPOLINES = (bpf.BPF_TRACE_FENTRY, bpf.BPF_TRACE_FEXIT)
# Hooks of security modules that answer yes or no. Source: bool_lsm_hooks, kernel/bpf/bpf_lsm.c.
_BOOL_HOOKS = ("inode_xattr_skipcap", "xfrm_state_pol_flow_match", "key_permission")

# Since when there are maps of a type.
_MAPS_SINCE = {bpf.BPF_MAP_TYPE_CGRP_STORAGE: (6, 2), bpf.BPF_MAP_TYPE_ARENA: (6, 9)}


class Program:
    """A program's rules. `kind` is its kind of section, `kernel` the version whose rules hold, as (6, 18)."""

    def __init__(self, setting: Setting, options: Options) -> None:
        section, flags = setting.section, setting.prog_flags
        self.kind = section if section in LIKE or section in RETURNS else ""
        self.kind = self.kind or hook_kind(setting.prog_type, setting.expected_attach_type, flags)
        self.may_sleep = bool(flags & bpf.BPF_F_SLEEPABLE)
        self.is_gpl = setting.license in GPL_LICENSES
        self.special: dict[str, list[Special]] = {}
        self.special_structs: dict[int, list[Special]] = {}  # of the program's own types, by id
        self.context = context_of(
            setting.prog_type, self.kind, attach_type=setting.expected_attach_type, btf=setting.kernel_btf,
            attach_to=setting.attach_to, has_bpf=options.privileged, kernel=options.kernel,
        )  # fmt: skip
        self.context_is_memory = setting.prog_type == bpf.BPF_PROG_TYPE_SYSCALL
        self.returns = returned_by(setting, self.kind)
        self.is_void = is_void(setting)
        self.may_write_packet = setting.prog_type in WRITE_PACKETS
        self.may_read_packet = self.may_write_packet or setting.prog_type in READ_PACKETS
        self.may_load_packet = setting.prog_type in LOAD_PACKETS


def is_void(setting: Setting) -> bool:
    """Tell if what a program is for returns nothing."""
    btf, attach_to = setting.kernel_btf, setting.attach_to
    if btf is None:
        return False
    if setting.prog_type == bpf.BPF_PROG_TYPE_STRUCT_OPS:
        from .struct_ops import prototype_of

        proto = prototype_of(btf, attach_to)
        return proto is not None and not proto.type_id
    if setting.prog_type == bpf.BPF_PROG_TYPE_LSM and setting.expected_attach_type != bpf.BPF_LSM_CGROUP:
        from ..spec.btf_hooks import find_prototype

        hook = find_prototype(btf, "lsm", attach_to)
        return hook is not None and not hook.ret_type_id
    return False


def returned_by(setting: Setting, kind: str) -> tuple[int, int] | None:
    """Return the smallest and largest number that a program may return; None if it may return anything."""
    attach_type = setting.expected_attach_type
    if setting.prog_type == _TRACING:
        if attach_type in _TRAMPOLINES:
            return (0, 0)
        return (0, 1) if attach_type == bpf.BPF_TRACE_ITER else None
    if setting.prog_type == bpf.BPF_PROG_TYPE_LSM:
        return _lsm_returns(setting)
    return RETURNS.get(LIKE.get(kind, kind))


def _lsm_returns(setting: Setting) -> tuple[int, int] | None:
    if setting.attach_to in _BOOL_HOOKS:
        return (0, 1)
    btf = setting.kernel_btf
    from ..spec.btf_hooks import find_prototype

    proto = find_prototype(btf, "lsm", setting.attach_to) if btf is not None else None
    if proto is not None and not proto.ret_type_id:
        return (1, 1) if setting.expected_attach_type == bpf.BPF_LSM_CGROUP else None
    if setting.expected_attach_type == bpf.BPF_LSM_CGROUP:
        return (0, 1)
    return (-4095, 0)


def ends_of(num: Scalar) -> str:
    """Return the ends of a number's range as messages about returned ones have them."""
    known = "" if num.smin > -(1 << 63) or num.smax < (1 << 63) - 1 else " unknown scalar value"
    return known + f" smin={num.smin}" * (num.smin > -(1 << 63)) + f" smax={num.smax}" * (num.smax < (1 << 63) - 1)


def check_return(v: Verifier, number: int = 0) -> None:
    """Refuse what a program, or a callback that runs later, may not return in r`number`. Raises: Refusal."""
    from .functions import exception_callback

    callback = v.state.frames[0].callback
    may_return = v.program.returns if callback is None else callback.result
    where = "At program exit" if callback is None else "At async callback return"
    reg = v.regs[number]
    subprog = v.state.frames[0].subprog
    if callback is None and (returns_void(v, subprog) if subprog else v.program.is_void):
        return
    if reg.kind == NOT_INIT:
        raise v.refuse("register_unset", f"R{number} !read_ok", register=number)
    if reg.kind != SCALAR and not v.privileged:
        raise v.refuse("pointer_leak", f"R{number} leaks addr as return value", register=number)
    if callback is None and subprog and subprog != exception_callback(v):
        if reg.kind != SCALAR:
            message = f"At subprogram exit the register R{number} is not a scalar value ({type_name(reg)})"
            raise v.refuse("return_value", message, register=number)
        return
    if may_return is None:
        return
    if reg.kind != SCALAR:
        message = f"{where} the register R{number} is not a known value ({type_name(reg)})"
        raise v.refuse("return_value", message, register=number)
    v.pruning.mark_precise(number)
    low, high = may_return
    num = reg.num
    if num.smin < low or num.smax > high:
        message = f"{where} the register R{number} has{ends_of(num)} should have been in [{low}, {high}]"
        raise v.refuse("return_value", message, register=number, value=num, low=low, high=high)


def check_type(v: Verifier) -> None:
    """Refuse a type of programs, or of maps, that the kernel does not have yet. Raises: Refusal."""
    if not has_kind(v.options.kernel, v.program.kind):
        raise v.refuse("load_argument", "Invalid argument", kind=v.program.kind)
    for map_ in v.setting.maps.values():
        if v.kernel < _MAPS_SINCE.get(map_.map_type, ()):
            raise v.refuse("map_fd", "Invalid argument", map=map_.name)


def check_sleepable(v: Verifier) -> None:
    """Refuse programs that may sleep where their hook cannot. Source: can_be_sleepable(). Raises: Refusal."""
    prog_type = v.setting.prog_type
    sleepers, hooks = (_SLEEPERS_7, _SLEEPING_HOOKS_7) if v.kernel >= (7, 0) else (_SLEEPERS, _SLEEPING_HOOKS)
    may_sleep = prog_type in sleepers or (prog_type == _TRACING and v.setting.expected_attach_type in hooks)
    if v.program.may_sleep and not may_sleep:
        message = "Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable"
        raise v.refuse("attach_target", message)
    if prog_type == bpf.BPF_PROG_TYPE_STRUCT_OPS:
        from . import struct_ops

        struct_ops.check(v)


def check_maps(v: Verifier) -> None:
    """Refuse maps that programs of this type may not use. Raises: Refusal."""
    seen = set()
    for slot, map_ in v.setting.maps.items():
        if map_.name not in seen:
            seen.add(map_.name)
            v.idx = slot
            _check_map(v, map_)


def _check_map(v: Verifier, map_: MapSpec) -> None:
    prog_type, names = v.setting.prog_type, {field.name for field in fields_of(v, map_)}
    tracing, before_7 = prog_type in TRACING_TYPES, v.kernel < (7, 0)
    problem = ""
    if names & GRAPH_ROOTS and tracing:
        problem = "tracing progs cannot use bpf_{list_head,rb_root} yet"
    elif names & LOCKS and prog_type == bpf.BPF_PROG_TYPE_SOCKET_FILTER:
        problem = "socket filter progs cannot use bpf_spin_lock yet"
    elif tracing and (names & LOCKS if before_7 else "bpf_spin_lock" in names):
        problem = "tracing progs cannot use bpf_spin_lock yet"
    elif "bpf_timer" in names and tracing and before_7:
        problem = "tracing progs cannot use bpf_timer yet"
    elif "bpf_wq" in names and tracing and before_7:
        problem = "tracing progs cannot use bpf_wq yet"
    elif map_.map_type == bpf.BPF_MAP_TYPE_STRUCT_OPS:
        problem = "bpf_struct_ops map cannot be used in prog"
    elif v.program.may_sleep and map_.map_type not in SLEEPABLE_MAPS:
        problem = "Sleepable programs can only use array, hash, ringbuf and local storage maps"
    if problem:
        raise v.refuse("map_program", problem, map=map_.name, kind=v.program.kind)

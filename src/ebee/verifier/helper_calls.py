"""Steps of calls of helpers: what must hold, what the call gives, and what it makes invalid.

Source: kernel/bpf/verifier.c (Linux 6.18): check_helper_call(), check_map_func_compatibility(),
do_refine_retval_range().
"""

from __future__ import annotations

from ..abi import bpf
from ..abi.helpers import HELPER_IDS
from ..abi.map_helpers import HELPERS_OF, MAPS_OF, UPDATE_SOCKMAPS
from ..btf.kinds import BTF_KIND_STRUCT
from . import dynptrs, stack
from .callbacks import CALLBACKS, start_callback
from .calls import check_nothing_held, leave_function
from .helper_args import Call, check_memory, check_offset, check_size, check_string, check_type, is_null, read_argument
from .jumps import map_registers
from .kernel_types import check_struct, in_rcu, kptr_field
from .locks import field_at, in_order, leave_lock, take_lock
from .names import type_name
from .prototypes import helper_proto, may_call
from .references import acquire, lose_packet, release
from .scalar import const, from_signed_range
from .special_fields import has_lock
from .state import (
    MEM_ALLOC,
    MEM_PERCPU,
    MEM_RCU,
    MEM_RDONLY,
    MEM_RINGBUF,
    NOT_INIT_REG,
    PTR_MAYBE_NULL,
    PTR_TO_BTF_ID,
    PTR_TO_MAP_VALUE,
    PTR_TO_MEM,
    PTR_TO_PACKET,
    PTR_TO_PACKET_META,
    PTR_TO_SOCK_COMMON,
    PTR_TO_SOCKET,
    PTR_TO_STACK,
    PTR_TO_TCP_SOCK,
    PTR_TRUSTED,
    SCALAR,
    SPILL,
    STACK_ZERO,
    UNKNOWN_REG,
    Reg,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..isa.insn import Insn
    from ..isa.table import Row
    from ..spec.object import MapSpec
    from .explore import Verifier
    from .prototypes import Arg, HelperProto

_ZERO = const(0)
_CLOBBERED = [NOT_INIT_REG] * 6
MAX_ERRNO = 4095
MAX_CPUS = 8192  # the most that a kernel is configured for (NR_CPUS of x86); the running one knows how many it has

_MAP_NAMES = {number: name.removeprefix("BPF_MAP_TYPE_") for number, name in bpf.MAP_TYPE_NAMES.items()}
_SOCK_MAPS = (bpf.BPF_MAP_TYPE_SOCKMAP, bpf.BPF_MAP_TYPE_SOCKHASH)
_ARRAYS = (bpf.BPF_MAP_TYPE_ARRAY, bpf.BPF_MAP_TYPE_PERCPU_ARRAY)
# Helpers whose result is at most the size that they were given, or a negative error.
_GIVES_SIZE = frozenset((
    "get_stack", "get_task_stack", "probe_read_str", "probe_read_kernel_str", "probe_read_user_str",
))  # fmt: skip
# Helpers that give their argument as another type: the result belongs to the same reference.
_CASTS = frozenset((
    "tcp_sock", "sk_fullsock", "skc_to_tcp_sock", "skc_to_tcp6_sock", "skc_to_udp6_sock", "skc_to_mptcp_sock",
    "skc_to_tcp_timewait_sock", "skc_to_tcp_request_sock",
))  # fmt: skip
_CHANGES_MAP = frozenset(("map_update_elem", "map_delete_elem", "map_push_elem", "map_pop_elem"))
_ACQUIRES = frozenset(("sk_lookup_tcp", "sk_lookup_udp", "skc_lookup_tcp", "ringbuf_reserve", "kptr_xchg"))
_SOCK_KINDS = {"sock": PTR_TO_SOCKET, "skc": PTR_TO_SOCK_COMMON, "tcp_sock": PTR_TO_TCP_SOCK}


_SINCE_6_2 = 210  # helpers of this number and above: cgrp_storage_get


def decode_helper(v: Verifier, row: Row, insn: Insn, slot: int) -> Any:
    """Decode a call of a helper by its number."""
    return (_call_helper, slot + 1, insn.imm, helper_proto(insn.imm, v.setting.prog_type))


def _call_helper(v: Verifier, op: Any) -> int:
    _step, following, number, proto = op
    v.jumps += 1
    if proto is None or (number >= _SINCE_6_2 and v.kernel < (6, 2)):
        raise v.refuse("helper_unknown", f"invalid func unknown#{number}", number=number)
    check_helper(v, proto)
    if proto.name == "tail_call" and len(v.state.frames) > 1 and v.kernel >= (6, 18):
        return _end_by_tail_call(v, following)
    return following  # type: ignore[no-any-return]


def _end_by_tail_call(v: Verifier, following: int) -> int:
    """Return to the caller what the other program returned; where there is none, the function goes on, later."""
    v.push(following, v.idx)
    lose_packet(v)
    v.regs[0] = UNKNOWN_REG
    return leave_function(v)


def check_helper(v: Verifier, proto: HelperProto) -> None:
    """Check a call, and do to the state what it does. Raises: Refusal."""
    name = proto.name
    _check_allowed(v, proto)
    call = Call(proto)
    for n, arg in enumerate(proto.args):
        _check_argument(v, n + 1, arg, proto.args[n - 1] if n else None, call)
    if call.map is not None:
        check_map_helper(v, call.map, name)
    if name == "map_lookup_elem" and call.map is not None:
        call.key = _constant_key(v, call.map)
    for reg_number, reg, size in call.written:
        for off in range(size):
            stack.write(v, reg_number, reg, off, 1, None, -1)
    if call.released:
        _release(v, call)
    special = _SPECIAL.get(name)
    if special is not None:
        special(v, call)
    if name in CALLBACKS:
        start_callback(v, call)
    longest, result = call.longest, _result(v, call)
    v.regs[:6] = _CLOBBERED
    v.regs[0] = result
    if name == "get_smp_processor_id" and v.kernel > (6, 1):
        v.regs[0] = Reg(SCALAR, from_signed_range(0, MAX_CPUS - 1))
    if name in _GIVES_SIZE:
        v.regs[0] = Reg(SCALAR, from_signed_range(-MAX_ERRNO, min(longest, (1 << 31) - 1)))
    if proto.moves_packet or (name == "tail_call" and (6, 8) <= v.kernel < (6, 18)):
        lose_packet(v)


# Iterators that set and get options of sockets. Source: bpf_iter_tcp_get_func_proto(), bpf_iter_unix_get_func_proto().
_OF_SOCKETS = ("tcp", "unix")


def _check_allowed(v: Verifier, proto: HelperProto) -> None:
    setting, state, name = v.setting, v.state, proto.name
    full = f"bpf_{name}#{proto.number}"
    kind, kernel = v.program.kind, v.options.kernel
    is_iter = setting.prog_type == bpf.BPF_PROG_TYPE_TRACING and setting.expected_attach_type == bpf.BPF_TRACE_ITER
    of_sockets = is_iter and setting.attach_to in _OF_SOCKETS and name in ("setsockopt", "getsockopt")
    if not of_sockets and not may_call(name, kind, has_bpf=v.privileged, has_perfmon=v.privileged, kernel=kernel):
        message = f"program of this type cannot use helper {full}"
        raise v.refuse("helper_not_allowed", message, helper=name, kind=v.program.kind)
    if name in ("setsockopt", "getsockopt") and setting.attach_to == "tcp_congestion_ops.release":
        message = f"program of this type cannot use helper {full}"  # it may set another congestion control
        raise v.refuse("helper_not_allowed", message, helper=name, kind=v.program.kind)
    if proto.gpl_only and not v.program.is_gpl:
        message = "cannot call GPL-restricted function from non-GPL compatible program"
        raise v.refuse("helper_gpl", message, helper=name, license=setting.license)
    if proto.might_sleep and not v.state.may_sleep:
        raise v.refuse("helper_sleeps", "helper call might sleep in a non-sleepable prog", helper=name)
    if proto.might_sleep and state.rcu:
        raise v.refuse("rcu", f"sleepable helper {full} in rcu_read_lock region", helper=name)
    if proto.might_sleep and state.preempt:
        raise v.refuse("preempt", f"sleepable helper {full} in non-preemptible region", helper=name)
    if proto.might_sleep and any(kind == "irq" for kind, _, _ in state.refs):
        raise v.refuse("irq", f"sleepable helper {full} in IRQ-disabled region", helper=name)
    if state.locks and name != "spin_unlock":
        raise v.refuse("lock", "function calls are not allowed while holding a lock", helper=name)


def _check_argument(v: Verifier, number: int, arg: Arg, before: Arg | None, call: Call) -> None:
    """Check one argument, and note what it tells of the call. Raises: Refusal."""
    reg = read_argument(v, number, arg)
    if reg is None:
        return
    if reg.kind in (PTR_TO_PACKET, PTR_TO_PACKET_META):
        # The size that follows checks it again: with what is written.
        if not v.program.may_read_packet or not call.proto.pkt_access:
            raise v.refuse("packet_write", "helper access to the packet is not allowed", register=number)
    kind = _kind_for_map(arg, call)
    if not (arg.is_nullable and is_null(reg)):
        check_type(v, number, reg, arg, kind)
        if reg.kind == PTR_TO_BTF_ID:
            check_struct(v, number, reg, arg, kind, call)
        check_offset(v, number, reg, arg)
    if arg.is_released and kind != "dynptr":
        if not reg.ref and not is_null(reg):
            message = f"R{number} must be referenced when passed to release function"
            raise v.refuse("reference_release", message, register=number)
    if arg.is_released:
        call.released = number
    if reg.ref and kind != "kptr":
        if call.ref and kind != "dynptr":
            message = f"more than one arg with ref_obj_id R{number} {reg.ref} {call.ref}"
            raise v.refuse("reference_release", message, register=number)
        call.ref = reg.ref
    check = _CHECKS.get(kind)
    if check is not None:
        check(v, number, reg, arg, before, call)


def _kind_for_map(arg: Arg, call: Call) -> str:
    """Return the kind of an argument, which for values of maps depends on the map. Source: resolve_map_arg_type()."""
    if arg.kind != "value" or call.map is None:
        return arg.kind
    return "btf_skc" if call.map.map_type in _SOCK_MAPS else "value"


def _map(v: Verifier, number: int, reg: Reg, arg: Arg, before: Arg | None, call: Call) -> None:
    if call.map is not None and (call.map is not reg.obj or call.map_uid != reg.id):
        message = f"timer pointer in R1 map_uid={call.map_uid} doesn't match map pointer in R2 map_uid={reg.id}"
        raise v.refuse("timer", message, register=number)
    call.map, call.map_uid = reg.obj, reg.id


def _key(v: Verifier, number: int, reg: Reg, arg: Arg, before: Arg | None, call: Call) -> None:
    if call.map is None:
        raise v.refuse("map_helper", "invalid map_ptr to access map->key", register=number)
    check_memory(v, number, call.map.key_size, is_write=False, zero_ok=False, call=None)


def _value(v: Verifier, number: int, reg: Reg, arg: Arg, before: Arg | None, call: Call) -> None:
    if arg.is_nullable and is_null(reg):
        return
    if call.map is None:
        raise v.refuse("map_helper", "invalid map_ptr to access map->value", register=number)
    check_memory(
        v, number, call.map.value_size, is_write=arg.is_written, zero_ok=False, call=call, is_uninit=arg.is_uninit
    )


def _memory(v: Verifier, number: int, reg: Reg, arg: Arg, before: Arg | None, call: Call) -> None:
    if arg.size_bytes:
        check_memory(
            v, number, arg.size_bytes, is_write=arg.is_written, zero_ok=False, call=call, is_uninit=arg.is_uninit
        )
        at = reg.num.value + reg.off | reg.num.mask
        if arg.is_aligned and reg.kind != PTR_TO_PACKET and at & (arg.size_bytes - 1):
            what = "stack " if reg.kind == PTR_TO_STACK else "value "
            message = f"misaligned {what}access off {reg.num}+{reg.off}+0 size {arg.size_bytes}"
            raise v.refuse("misaligned", message, register=number, size=arg.size_bytes)


def _size(v: Verifier, number: int, reg: Reg, arg: Arg, before: Arg | None, call: Call) -> None:
    assert before is not None
    check_size(v, number, arg, before, call)


def _alloc(v: Verifier, number: int, reg: Reg, arg: Arg, before: Arg | None, call: Call) -> None:
    if reg.num.mask:
        raise v.refuse("argument_constant", f"R{number} is not a known constant'", register=number, value=reg.num)
    call.size_bytes = reg.num.value
    v.pruning.mark_precise(number)


def _string(v: Verifier, number: int, reg: Reg, arg: Arg, before: Arg | None, call: Call) -> None:
    call.target = check_string(v, number, reg)


def _func(v: Verifier, number: int, reg: Reg, arg: Arg, before: Arg | None, call: Call) -> None:
    call.callback = reg.obj


def _lock(v: Verifier, number: int, reg: Reg, arg: Arg, before: Arg | None, call: Call) -> None:
    if in_order(v):
        raise v.refuse("list_tree", "can't spin_{lock,unlock} in rbtree cb", register=number)
    (take_lock if call.proto.name == "spin_lock" else leave_lock)(v, number, reg)


def _timer(v: Verifier, number: int, reg: Reg, arg: Arg, before: Arg | None, call: Call) -> None:
    field_at(v, number, reg, "bpf_timer", call.proto.name)
    call.map, call.map_uid = reg.obj, 0


def _kptr(v: Verifier, number: int, reg: Reg, arg: Arg, before: Arg | None, call: Call) -> None:
    call.target = kptr_field(v, number, reg)


def _dynptr(v: Verifier, number: int, reg: Reg, arg: Arg, before: Arg | None, call: Call) -> None:
    found = dynptrs.check_dynptr(v, number, reg, arg)
    if found is None:
        dynptrs.make(v, reg, arg.of)
    else:
        call.dynptr = found


def _per_cpu(v: Verifier, number: int, reg: Reg, arg: Arg, before: Arg | None, call: Call) -> None:
    call.target, call.is_own = reg.obj, bool(reg.flags & MEM_RCU)


_CHECKS = {
    "map": _map, "key": _key, "value": _value, "mem": _memory, "size": _size, "size0": _size, "alloc": _alloc,
    "str": _string, "func": _func, "lock": _lock, "timer": _timer, "kptr": _kptr, "dynptr": _dynptr,
    "percpu": _per_cpu,
}  # fmt: skip


# Source: record_func_map().
_WRITERS = frozenset(("map_update_elem", "map_delete_elem", "map_push_elem", "map_pop_elem"))


def check_map_helper(v: Verifier, map_: MapSpec, name: str) -> None:
    """Refuse a map of a kind that a helper does not take. Raises: Refusal."""
    if map_.map_flags & bpf.BPF_F_RDONLY_PROG and name in _CHANGES_MAP:
        raise v.refuse("map_read_only", "write into map forbidden", map=map_.name)
    kind = _MAP_NAMES.get(map_.map_type, "")
    helpers, maps = HELPERS_OF.get(kind), MAPS_OF.get(name)
    fits = (helpers is None or name in helpers.split()) and (maps is None or kind in maps.split())
    if fits and map_.map_type in _SOCK_MAPS and name in ("map_update_elem", "map_delete_elem"):
        setting = v.setting
        fits = setting.prog_type in UPDATE_SOCKMAPS
        fits |= setting.prog_type == bpf.BPF_PROG_TYPE_TRACING and setting.expected_attach_type == bpf.BPF_TRACE_ITER
        fits |= setting.prog_type == bpf.BPF_PROG_TYPE_SOCK_OPS and name == "map_delete_elem"
        if not fits:
            message = "cannot update sockmap in this context"
            raise v.refuse("map_helper", message, map=map_.name, helper=name)
    if not fits:
        message = f"cannot pass map_type {map_.map_type} into func bpf_{name}#{HELPER_IDS[name]}"
        if name == "tail_call":
            raise v.refuse("tail_call", "expected prog array map for tail call", map=map_.name)
        raise v.refuse("map_helper", message, map=map_.name, helper=name, kind=kind)
    if name in _WRITERS and map_.map_flags & bpf.BPF_F_RDONLY_PROG:
        raise v.refuse("map_read_only", "write into map forbidden", map=map_.name, helper=name)


def _constant_key(v: Verifier, map_: MapSpec) -> int | None:
    """Return the key if it is a known number on the stack. Source: get_constant_map_key()."""
    reg = v.regs[2]
    if not v.privileged or map_.map_type not in _ARRAYS or reg.kind != PTR_TO_STACK or reg.num.mask:
        return None
    off = reg.off + reg.num.smin
    spi = stack.slot_of(off)
    frame_stack = v.state.frames[reg.obj].stack
    if spi >= len(frame_stack):
        return None
    slot = frame_stack[spi]
    part = slot.kinds[off & 7 : (off & 7) + map_.key_size]
    if part.count(STACK_ZERO) == map_.key_size:
        return 0
    spilled = slot.reg
    if spilled is None or off & 7 or spilled.kind != SCALAR or spilled.num.mask:
        return None
    if slot.kinds.count(SPILL) != map_.key_size:
        return None
    v.pruning.mark_slot_precise(reg.obj, spi)
    value: int = spilled.num.value
    return value


def _release(v: Verifier, call: Call) -> None:
    number = call.released
    reg = v.regs[number]
    if call.proto.args[number - 1].kind == "dynptr":
        dynptrs.unmake(v, reg)
        return
    if is_null(reg):
        return
    if call.proto.name == "kptr_xchg" and in_rcu(v):
        _keep_per_cpu(v, reg.ref)
    if not release(v, reg.ref):
        message = f"func bpf_{call.proto.name}#{call.proto.number} reference has not been acquired before"
        raise v.refuse("reference_release", message, register=number)


def _keep_per_cpu(v: Verifier, ref: int) -> None:
    """Let pointers to a per-CPU object that was stored be valid as long as RCU protects it."""

    def changed(reg: Reg) -> Reg:
        if reg.ref != ref or not reg.flags & MEM_ALLOC:
            return reg
        return Reg(reg.kind, reg.num, reg.id, reg.off, reg.flags & ~MEM_ALLOC | MEM_RCU, reg.obj, 0, reg.size)

    map_registers(v.state, changed, MEM_ALLOC | MEM_PERCPU)


def _tail_call(v: Verifier, call: Call) -> None:
    check_nothing_held(v, "tail_call")
    index = v.regs[3]
    if index.kind == SCALAR and not index.num.mask and call.map and index.num.value < call.map.max_entries:
        v.pruning.mark_precise(3)


def _local_storage(v: Verifier, call: Call) -> None:
    if not is_null(v.regs[2]):
        message = "get_local_storage() doesn't support non-zero flags"
        raise v.refuse("argument_constant", message, register=2)


def _dynptr_from_mem(v: Verifier, call: Call) -> None:
    if v.regs[1].kind != PTR_TO_MAP_VALUE:
        name = type_name(v.regs[1])
        raise v.refuse("dynptr", f"Unsupported reg type {name} for bpf_dynptr_from_mem data", register=1, kind=name)


def _dynptr_write(v: Verifier, call: Call) -> None:
    dynptr: Any = call.dynptr
    if dynptr.obj[0] in ("skb", "skb_meta"):
        lose_packet(v)


def _snprintf(v: Verifier, call: Call) -> None:
    size, text = v.regs[5].num, call.target
    if size.umin & 7 or size.umax & 7:
        raise v.refuse("argument_constant", "the data of snprintf is a multiple of 8 bytes", register=5, value=size)
    assert isinstance(text, bytes)
    if conversions(text) is None or len(conversions(text) or ()) > size.umin // 8 and not size.mask:
        raise v.refuse("argument_string", "Invalid format string", register=3)


def conversions(text: bytes) -> list[bytes] | None:
    """Return the conversions of a format that the kernel takes, None for one that it does not.

    Source: bpf_bprintf_prepare(), kernel/bpf/helpers.c (Linux 6.18).
    """
    found: list[bytes] = []
    at, end = 0, text.find(b"\0")
    text = text[:end]
    if any(not 32 <= c < 127 and c not in b"\t\n\v\f\r" for c in text):
        return None
    while (at := text.find(b"%", at)) >= 0:
        at += 1
        if text[at : at + 1] == b"%":
            at += 1
            continue
        while text[at : at + 1] and text[at : at + 1] in b"0+- ":
            at += 1
        while text[at : at + 1].isdigit():
            at += 1
        rest = text[at:]
        word = next((w for w in _CONVERSIONS if rest.startswith(w)), None)
        if word is None:
            return None
        found.append(word)
        at += len(word)
    return found


_CONVERSIONS = (
    b"pks", b"pus", b"pi4", b"pI4", b"pi6", b"pI6", b"pK", b"px", b"ps", b"pS", b"pB", b"p", b"s", b"c", b"lld", b"lli",
    b"llu", b"llx", b"llX", b"ld", b"li", b"lu", b"lx", b"lX", b"d", b"i", b"u", b"x", b"X",
)  # fmt: skip

# What some helpers ask for beyond their arguments.
_SPECIAL = {
    "tail_call": _tail_call,
    "get_local_storage": _local_storage,
    "dynptr_from_mem": _dynptr_from_mem,
    "dynptr_write": _dynptr_write,
    "snprintf": _snprintf,
}


def _result(v: Verifier, call: Call) -> Reg:
    """Return what the call leaves in R0."""
    proto = call.proto
    result = proto.result
    kind = result.kind
    if kind == "int":
        return UNKNOWN_REG
    if kind == "void":
        return NOT_INIT_REG
    flags = PTR_MAYBE_NULL if result.is_nullable else 0
    if kind == "value":
        return _map_value(v, call, flags)
    id = v.new_id() if flags else 0
    ref = 0
    if proto.name in _ACQUIRES:
        ref = id = acquire(v, proto.name, id)
    elif proto.name in _CASTS or kind == "dynptr_mem":
        ref = call.ref
    if kind in _SOCK_KINDS:
        return Reg(_SOCK_KINDS[kind], _ZERO, id, 0, flags, None, ref)
    if kind == "record":
        return Reg(PTR_TO_MEM, _ZERO, id, 0, flags | MEM_RINGBUF, None, ref, call.size_bytes)
    if kind == "dynptr_mem":
        dynptr: Any = call.dynptr
        held = (dynptr.id, dynptr.obj[0])
        return Reg(PTR_TO_MEM, _ZERO, id, 0, flags, held, dynptr.ref, call.size_bytes)
    if kind == "per_cpu":
        return _per_cpu_result(call, flags, id)
    if kind == "kptr":
        target: Any = call.target
        more = target.flags & (MEM_ALLOC | MEM_PERCPU)
        return Reg(PTR_TO_BTF_ID, _ZERO, id, 0, flags | more, target.type, ref)
    btf = v.setting.kernel_btf
    struct = btf.by_name(result.of, BTF_KIND_STRUCT) if btf is not None else None
    trusted = 0 if result.is_nullable else PTR_TRUSTED
    return Reg(PTR_TO_BTF_ID, _ZERO, id, 0, flags | trusted, struct, ref)


def _map_value(v: Verifier, call: Call, flags: int) -> Reg:
    map_ = call.map
    assert map_ is not None
    if call.key is not None and map_.map_type in _ARRAYS and call.key < map_.max_entries and v.kernel >= (6, 14):
        flags = 0
    id = v.new_id() if flags or has_lock(v, map_) else 0
    ref = 0
    if call.proto.name == "map_lookup_elem" and map_.map_type in _SOCK_MAPS:
        ref = id = acquire(v, "map_lookup_elem", id)
    return Reg(PTR_TO_MAP_VALUE, _ZERO, id, 0, flags, map_, ref)


def _per_cpu_result(call: Call, flags: int, id: int) -> Reg:
    struct: Any = call.target
    if call.is_own:
        return Reg(PTR_TO_BTF_ID, _ZERO, 0, 0, MEM_ALLOC | MEM_RCU, struct)
    resolved = struct.btf.resolve(struct.id)
    if resolved.kind == BTF_KIND_STRUCT:
        return Reg(PTR_TO_BTF_ID, _ZERO, id, 0, flags | MEM_RDONLY * 0, resolved)
    size = struct.btf.sizeof(struct.id)
    return Reg(PTR_TO_MEM, _ZERO, id, 0, flags | MEM_RDONLY, None, 0, size)

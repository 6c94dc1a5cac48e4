"""Calls of the kernel's helpers by their own names (`ebee.helpers`): arguments as the C prototype has them.

An argument is evaluated as what its parameter takes (a role), all of them in Python's order; only then are keys, values
and constants put into memory, where evaluating another argument might have changed them.
Source: struct bpf_func_proto of each helper, check_map_func_compatibility in kernel/bpf/verifier.c (Linux 6.18).
"""

from __future__ import annotations

import _ast as ast

from ..abi import bpf
from ..abi.helper_hooks import has_helper
from ..abi.helpers import HELPER_IDS
from ..abi.prototypes import C_INTEGERS, prototype
from ..ir.core import I64, PTR_BTF, PTR_CTX, PTR_VALUE_OR_NULL, Op
from ..lower import kernel_types, numbers
from ..lower.formatting import constant
from ..lower.numbers import U64_HI, Num, Refusal, check_assignable
from ..record import Record
from ..spec.core_fields import core_symbol, resolved
from ..spec.sections import parse_section
from ..types.maps import KeyedDecl, MapDecl
from ..types.scalars import IntType, NumType, StrType
from ..types.structs import StructType
from .arrays import check_fresh
from .atomics import check_changeable
from .records import field_of, place_of, taken
from .strings import encoded
from .values import (
    BytesPlace,
    Comm,
    Context,
    Entry,
    KernelRef,
    Known,
    Memory,
    Peek,
    Place,
    RecordRef,
    Sequence,
    Sock,
    StructPlace,
    StructValue,
    Text,
    UserStr,
)  # fmt: skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..abi.prototypes import Parameter, Prototype
    from ..ir.core import Value
    from .expressions import Expressions
    from .values import Val

# Helpers that mean something only together with others, or that the language has in another form: what to write.
_POLL = "with ring.reserve() as record: record.field = …"
INSTEAD: dict[str, str] = {
    "map_lookup_elem": "m[k], m.get(k, d), m.lookup(k) or k in m",
    "ringbuf_reserve": _POLL,
    "ringbuf_submit": _POLL,
    "ringbuf_discard": _POLL,
    "tail_call": "programs.call(ctx, i), with a ProgArray",
    "for_each_map_elem": "for k, v in m.items(): …",
    "loop": "for i in range(n): …",
    "find_vma": "",
    "user_ringbuf_drain": "for sample in ring.drain(): …, with a UserRingBuf",
    **dict.fromkeys(("timer_init", "timer_set_callback", "timer_start"), "v.t.start(ns, f), with a Timer in an entry"),
    "timer_cancel": "v.t.cancel(), with a Timer in an entry",
    **dict.fromkeys(("spin_lock", "spin_unlock"), "with v.lock: …"),
    **dict.fromkeys(
        ("ringbuf_reserve_dynptr", "ringbuf_submit_dynptr", "ringbuf_discard_dynptr"),
        "with ring.reserve(size) as record: record.write(off, value)",
    ),
    **dict.fromkeys(("dynptr_from_mem", "dynptr_read", "dynptr_write", "dynptr_data"), "d = ebee.dynptr(pkt)"),
    "kptr_xchg": "v.task = task, or with ebee.kptr_xchg(v.task, task) as old: …",
    "get_local_storage": "keep the value in a Hash, by ebee.helpers.bpf_get_current_cgroup_id()",
    **dict.fromkeys(("per_cpu_ptr", "this_cpu_ptr"), "x.this_cpu() or x[cpu], with x = ebee.ksym(…)"),
    "sk_release": "with bpf_sk_lookup_tcp(…) as sk: … gives it back",
}

# Maps that a helper takes, where it does not take any with such keys and values.
_PERF, _QUEUES = (bpf.BPF_MAP_TYPE_PERF_EVENT_ARRAY,), (bpf.BPF_MAP_TYPE_QUEUE, bpf.BPF_MAP_TYPE_STACK)
_BLOOM = bpf.BPF_MAP_TYPE_BLOOM_FILTER
_SOCKMAP, _SOCKHASH = (bpf.BPF_MAP_TYPE_SOCKMAP,), (bpf.BPF_MAP_TYPE_SOCKHASH,)
_DEVICES = (bpf.BPF_MAP_TYPE_DEVMAP, bpf.BPF_MAP_TYPE_DEVMAP_HASH, bpf.BPF_MAP_TYPE_CPUMAP, bpf.BPF_MAP_TYPE_XSKMAP)
_PER_CPU = (bpf.BPF_MAP_TYPE_PERCPU_ARRAY, bpf.BPF_MAP_TYPE_PERCPU_HASH, bpf.BPF_MAP_TYPE_LRU_PERCPU_HASH)
_STORAGE = {
    "sk_storage": bpf.BPF_MAP_TYPE_SK_STORAGE, "task_storage": bpf.BPF_MAP_TYPE_TASK_STORAGE,
    "inode_storage": bpf.BPF_MAP_TYPE_INODE_STORAGE, "cgrp_storage": bpf.BPF_MAP_TYPE_CGRP_STORAGE,
}  # fmt: skip
_MAPS: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("perf_event_read", "perf_event_output", "perf_event_read_value"), _PERF),
    **dict.fromkeys(("skb_output", "xdp_output"), _PERF),
    "get_stackid": (bpf.BPF_MAP_TYPE_STACK_TRACE,),
    **dict.fromkeys(("current_task_under_cgroup", "skb_under_cgroup"), (bpf.BPF_MAP_TYPE_CGROUP_ARRAY,)),
    "redirect_map": _DEVICES,
    **dict.fromkeys(("sk_redirect_map", "msg_redirect_map", "sock_map_update"), _SOCKMAP),
    **dict.fromkeys(("sk_redirect_hash", "msg_redirect_hash", "sock_hash_update"), _SOCKHASH),
    "sk_select_reuseport": (bpf.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, *_SOCKMAP, *_SOCKHASH),
    "map_push_elem": (*_QUEUES, _BLOOM),
    "map_pop_elem": _QUEUES,
    "map_peek_elem": (*_QUEUES, _BLOOM),
    "map_lookup_percpu_elem": _PER_CPU,
    **dict.fromkeys(("ringbuf_output", "ringbuf_query"), (bpf.BPF_MAP_TYPE_RINGBUF,)),
    **{f"{kind}_{what}": (type,) for kind, type in _STORAGE.items() for what in ("get", "delete")},
}

# Parameters that are not what their C type says: pointers that are plain addresses, and the context's many types.
_ADDRESSES = frozenset(("unsafe_ptr", "user_ptr"))
_CONTEXTS = frozenset(("ctx", "skb", "xdp_md", "skops", "msg", "reuse", "regs", "bpf_sock", "bpf_socket"))
_SOCKETS = ("sock", "sock_common", "request_sock", "timewait_sock")
# Helpers whose context is an object of the kernel in probes that have typed arguments, and in some others.
_TYPED = {
    "skb_output": ("sk_buff",), "xdp_output": ("xdp_buff",), "xdp_get_buff_len": ("xdp_buff",),
    "get_socket_cookie": _SOCKETS, "setsockopt": _SOCKETS, "getsockopt": _SOCKETS,
}  # fmt: skip
_OF_SOCKETS = frozenset(
    (
        ("cgroup/getsockopt", "getsockopt"), ("cgroup/setsockopt", "setsockopt"), ("cgroup/setsockopt", "getsockopt"),
        ("sk_reuseport", "get_socket_cookie"), ("sk_reuseport/migrate", "get_socket_cookie"),
    )
)  # fmt: skip
_TYPED_HOOKS = frozenset(("tp_btf", "fentry", "fexit", "fmod_ret", "lsm", "iter", "syscall"))
_STRUCTS = frozenset(
    f"struct {name} *" for name in ("task_struct", "file", "path", "inode", "seq_file", "cgroup", "linux_binprm")
)
_FIXED = {
    "u64 *": 8, "long *": 8, "unsigned long *": 8, "u32 *": 4, "struct iphdr *": 20, "struct ipv6hdr *": 40,
    "struct tcphdr *": 20,
}  # fmt: skip
# Memory that is only read, whatever the prototype says, and memory that may be left out, with a size of 0.
_READ = frozenset(
    (
        "from", "src", "data", "name", "tuple", "hdr", "param", "addr", "th", "iph", "ptr", "attr",
        "sysctl_set_new_value buf", "skb_set_tunnel_key key", "skb_set_tunnel_opt opt", "setsockopt optval",
        "redirect_neigh params", "csum_diff to",
    )
)  # fmt: skip
_OPTIONAL = frozenset(
    (
        "csum_diff from", "csum_diff to", "snprintf data", "snprintf str", "seq_printf data", "trace_vprintk data",
        "redirect_neigh params", "read_branch_records buf",
    )
)  # fmt: skip
# Helpers whose sizes may be 0.
_MAY_BE_EMPTY = frozenset(
    (
        "csum_diff", "get_stack", "get_task_stack", "perf_event_output", "skb_output", "xdp_output", "ringbuf_output",
        "probe_read", "probe_read_str", "probe_read_user", "probe_read_user_str", "probe_read_kernel",
        "probe_read_kernel_str", "copy_from_user", "copy_from_user_task", "seq_write", "d_path", "snprintf",
        "read_branch_records", "get_branch_snapshot", "seq_printf", "trace_vprintk",
    )
)  # fmt: skip
# Source: bpf_helper_changes_pkt_data in net/core/filter.c (Linux 6.18).
_MOVES_PACKET = frozenset(
    (
        "clone_redirect", "l3_csum_replace", "l4_csum_replace", "lwt_push_encap", "lwt_seg6_action",
        "lwt_seg6_adjust_srh", "lwt_seg6_store_bytes", "msg_pop_data", "msg_pull_data", "msg_push_data",
        "skb_adjust_room", "skb_change_head", "skb_change_proto", "skb_change_tail", "skb_ecn_set_ce", "skb_pull_data",
        "skb_store_bytes", "skb_vlan_pop", "skb_vlan_push", "store_hdr_opt", "xdp_adjust_head", "xdp_adjust_meta",
        "xdp_adjust_tail", "xdp_store_bytes",
    )
)  # fmt: skip
# Helpers that give sockets.
_SOCKS = frozenset(
    ("sk_fullsock", "get_listener_sock", "tcp_sock", "sk_lookup_tcp", "sk_lookup_udp", "skc_lookup_tcp")
)
_CHANGES_MAP = frozenset(("map_update_elem", "map_delete_elem", "map_push_elem", "map_pop_elem"))
# The decorators, and the kinds of section that stand for them.
_DECORATORS: dict[str, str] = {
    "tracepoint": "tracepoint", "raw_tracepoint": "raw_tracepoint", "tp_btf": "tp_btf", "kprobe": "kprobe",
    "fentry": "fentry", "fentry.s": "fentry(…, sleepable=True)", "fexit": "fexit", "fmod_ret": "fmod_ret", "lsm": "lsm",
    "lsm.s": "lsm(…, sleepable=True)", "iter": "iter", "syscall": "syscall_program", "xdp": "xdp",
    "tcx/ingress": "tc", "netkit/primary": "netkit", "cgroup_skb/ingress": "cgroup_skb",
    "cgroup/sock_create": "cgroup_sock", "cgroup/bind4": "cgroup_sock_addr", "cgroup/connect4": "cgroup_sock_addr",
    "cgroup/getsockopt": "sockopt", "cgroup/setsockopt": "sockopt", "cgroup/sysctl": "sysctl",
    "cgroup/dev": "cgroup_device", "sockops": "sock_ops", "sk_lookup": "sk_lookup", "sk_msg": "sk_msg",
    "sk_skb/stream_parser": "sk_skb", "sk_reuseport": "sk_reuseport", "flow_dissector": "flow_dissector",
    "socket": "socket_filter", "lwt_in": "lwt", "lwt_xmit": "lwt", "lwt_seg6local": "lwt",
}  # fmt: skip


class Given(Record):
    """An argument that was evaluated: `value` or a `place` in memory, for parameter `param` of function `name`."""

    name: str
    param: Parameter
    node: ast.expr
    value: Any = None
    place: Place | None = None
    prefix: str = "bpf_"

    def __str__(self) -> str:
        return f"{self.param.name} of {self.prefix}{self.name}()"


def has_effect(function: Any) -> bool:
    """Whether a helper is called for what it does, not only for its result."""
    return prototype(function.__name__.removeprefix("bpf_")).result not in ("u64", "u32")


def call(front: Expressions, function: Any, node: ast.Call) -> Val:
    """Lower `bpf_name(…)`. Raises: Refusal."""
    name = function.__name__.removeprefix("bpf_")
    if name in INSTEAD:
        raise Refusal(f"bpf_{name}() cannot be called by its name", INSTEAD[name])
    section = parse_section(front.section).kind
    if not has_helper(section, name):
        where = [word for kind, word in _DECORATORS.items() if has_helper(kind, name)]
        hint = f"these have it: {', '.join(dict.fromkeys(where))}" if where else ""
        raise Refusal(f"a {front.context.noun} cannot call bpf_{name}()", hint)
    proto = prototype(name)
    count = len(proto.params)
    nodes = front.arguments(node, f"bpf_{name}", count, 5 if proto.is_variadic else count)
    given = []
    for param, argument in zip(proto.params, nodes):
        try:
            given.append(_evaluate(front, Given(name, param, argument)))
        except Refusal as e:
            raise front.located(argument, e) from None
    more = [front.num(argument) for argument in nodes[count:]]
    values: list[Value] = []
    for at, g in enumerate(given):
        try:
            values.append(_pass(front, given, at))
        except Refusal as e:
            raise front.located(g.node, e) from None
    for n in more:
        numbers.check_number(n)
        values.append(n.value)
    if name in _SOCKS:
        from . import sockets

        return sockets.result(front, name, node, values, given)
    result = _result(front, name, proto, values, given)
    _after(front, name, given)
    return result


# Arguments


def _takes_memory(name: str, p: Parameter) -> bool:
    """Whether a parameter points to memory of the program's."""
    if not p.c_type.endswith("*") or p.c_type in _STRUCTS or p.name in ("map", "ringbuf", "sk", "sock", "inode"):
        return False
    if p.name in _CONTEXTS or p.name in _ADDRESSES or (name, p.name) in _KEYS_AND_VALUES or p.name == "fmt":
        return False
    return (name, p.name) != ("probe_write_user", "dst")


_KEYED = ("sock_map_update", "sock_hash_update", "msg_redirect_hash", "sk_redirect_hash", "sk_select_reuseport")
_KEYS_AND_VALUES = frozenset(
    (
        *((name, "key") for name in ("map_update_elem", "map_delete_elem", "map_lookup_percpu_elem", *_KEYED)),
        *((name, "value") for name in ("map_update_elem", "map_push_elem")),
        *((f"{kind}_get", "value") for kind in _STORAGE),
    )
)


def _evaluate(front: Expressions, g: Given) -> Given:
    """Evaluate an argument as what its parameter takes. Raises: Refusal."""
    p = g.param
    if _takes_memory(g.name, p):
        is_read = p.is_const or p.name in _READ or f"{g.name} {p.name}" in _READ
        return memory(front, g, is_read=is_read, fixed=_FIXED.get(p.c_type, 0))
    g.value = front.expr(g.node)
    return g


def _pass(front: Expressions, given: list[Given], at: int) -> Value:
    """Return an argument as the helper takes it. Raises: Refusal."""
    g, b, low = given[at], front.b, front.low
    p = g.param
    if p.is_size and (_takes_memory(g.name, given[at - 1].param) or p.name == "fmt_size"):
        return size(front, g, given[at - 1], least=0 if g.name in _MAY_BE_EMPTY else 1)
    if _takes_memory(g.name, p):
        return low.at(g.place.base, g.place.off) if g.place is not None else b.const(0)
    if p.c_type in C_INTEGERS:
        return number(front, g, *((8, True) if p.name == "netns" else C_INTEGERS[p.c_type]))
    if p.name in _ADDRESSES or (g.name, p.name) == ("probe_write_user", "dst"):
        return address(front, g)
    if p.name in ("map", "ringbuf"):
        return low.map(_map(front, g))
    if (g.name, p.name) in _KEYS_AND_VALUES:
        return _key_or_value(front, g, _map_of(given))
    if p.name == "fmt":
        return _format(front, g)
    if p.name in _CONTEXTS or g.name == "get_socket_cookie":
        hook = parse_section(front.section).kind.partition(".")[0]
        if (hook, g.name) not in _OF_SOCKETS and not (g.name in _TYPED and hook in _TYPED_HOOKS):
            return context(front, g)
    if isinstance(g.value, Sock):
        from .sockets import passed

        return passed(front, g)
    if g.name == "sk_assign" and isinstance(g.value, Known) and g.value.object is None and front.section == "sk_lookup":
        return b.const(0)
    if isinstance(g.value, Sequence) and p.c_type == "struct seq_file *":
        return g.value.pointer
    return kernel_object(front, g, _wanted(g))


_ERRORS = ("rc",)  # u64 in C, and meant for minus an error number


def number(front: Expressions, g: Given, size: int, signed: bool) -> Value:
    """An integer of a C type, in bytes. Raises: Refusal for one that does not fit."""
    n = front.as_num(g.value)
    numbers.check_number(n)
    is_signed = signed or g.param.name in _ERRORS
    lo, hi = (-1 << 8 * size - 1, (1 << 8 * size - 1) - 1) if is_signed else (0, (1 << 8 * size) - 1)
    check_assignable(n, lo, hi, f"{g} ({g.param.c_type})")
    return front.b.op("bswap", n.value, size=2) if g.param.c_type == "__be16" else n.value


def address(front: Expressions, g: Given) -> Value:
    n = front.as_num(g.value)
    if "*" not in n.c_type and (n.lo, n.hi) != (0, U64_HI):
        raise Refusal(f"{g} is an address, not {n.describe()}")
    return n.value


def _map(front: Expressions, g: Given) -> MapDecl:
    value, name = g.value, g.name
    decl = value.object if isinstance(value, Known) else None
    if not isinstance(decl, MapDecl):
        raise Refusal(f"{g} takes a map, not {front.describe(value)}")
    wanted = _MAPS.get(name)
    if wanted is not None and decl.map_type not in wanted:
        kinds = " or ".join(bpf.MAP_TYPE_NAMES[t].removeprefix("BPF_MAP_TYPE_").lower() for t in wanted)
        raise Refusal(f"{g} takes a map of type {kinds}, and {decl.name} is a {decl.kind}")
    if wanted is None and (decl.map_type in (*_SOCKMAP, *_SOCKHASH, *_DEVICES) or not isinstance(decl, KeyedDecl)):
        raise Refusal(f"{g} takes a map with keys and values, and {decl.name} is a {decl.kind}")
    return decl


def _map_of(given: list[Given]) -> MapDecl:
    return next(g.value.object for g in given if g.param.name in ("map", "ringbuf"))  # type: ignore[no-any-return]


def _key_or_value(front: Expressions, g: Given, decl: MapDecl) -> Value:
    if g.param.name == "key":
        assert isinstance(decl, KeyedDecl)
        return front.key(decl, g.value)
    if g.name.endswith("_storage_get") and isinstance(g.value, Known) and g.value.object is None:
        return front.b.const(0)
    return front.value(decl, g.value)


def _format(front: Expressions, g: Given) -> Value:
    text = g.value
    if not (isinstance(text, Known) and isinstance(text.object, str)):
        raise Refusal(f"{g} takes a constant string, not {front.describe(text)}")
    data = encoded(text.object)
    g.place = Place(constant(front.low, data), 0, StrType(len(data) + 1))
    return g.place.base


def context(front: Expressions, g: Given) -> Value:
    """The program's context. Raises: Refusal for anything else."""
    context = front.low.ctx
    if isinstance(g.value, Context) or isinstance(g.value, RecordRef) and g.value.pointer is context:
        return context
    raise Refusal(f"{g} is the probe's context, not {front.describe(g.value)}")


def kernel_object(front: Expressions, g: Given, wanted: tuple[str, ...]) -> Value:
    """A pointer to an object of the kernel's that the verifier knows, and that is not null. Raises: Refusal."""
    value, b = g.value, front.b
    what = f"{g} takes a pointer to struct {wanted[0]}"
    off = None
    if isinstance(value, KernelRef):
        struct, pointer = _embedded(front, value), value.pointer
        off = b.op("core_off", symbol=core_symbol(value.struct_name, value.path, "struct"))
    elif isinstance(value, Num) and value.is_kernel_pointer:
        struct, pointer = kernel_types.struct_of(value), value.value
    else:
        raise Refusal(f"{what}, not {front.describe(value)}")
    if struct not in wanted and not (wanted is _SOCKETS and struct.endswith("_sock")):
        raise Refusal(f"{what}, not to struct {struct}")
    known = kernel_types.direct(pointer)
    if known is None:
        hint = "take it from a typed hook's arguments, or ebee.helpers.bpf_get_current_task_btf()"
        raise Refusal(f"{what} that the verifier knows as one", hint)
    is_given = isinstance(known, Op) and (
        known.opcode == "non_null"
        or known.opcode == "call" and known.imm == HELPER_IDS["get_current_task_btf"]
        or known.opcode == "load_ptr" and known.args[0].type == PTR_CTX
    )
    if not is_given and not b.is_non_null(pointer):
        text = front.source.text_of(g.node) if g.node is not None else "what is assigned"
        hint = f"if {text} is not None: …" if text.isidentifier() else f"x = {text}, then if x is not None: …"
        raise Refusal(f"{text} may be null, and {g} may not", hint)
    return known if off is None else b.op("add", known, off)


def _wanted(g: Given) -> tuple[str, ...]:
    """Return the structs that a parameter takes pointers to."""
    if g.name in _TYPED:
        return _TYPED[g.name]
    if g.param.c_type in _STRUCTS:
        return (g.param.c_type.split()[1],)
    return ("inode",) if g.param.name == "inode" else _SOCKETS


def _embedded(front: Expressions, ref: KernelRef) -> str:
    """Return the name of the struct that lies inside another one."""
    from .kernel_types import types

    return resolved(types(front), ref.type).name if ref.type is not None else ""


# Memory


def memory(front: Expressions, g: Given, *, is_read: bool, fixed: int) -> Given:
    """Find the memory that an argument is: only read, or of a fixed size (0: of any). Raises: Refusal."""
    p = g.param
    value = field_place(front, g.node, not is_read)
    if isinstance(value, Known) and value.object is None and f"{g.name} {p.name}" in _OPTIONAL:
        return g
    place = value if type(value) is Place else _place(front, g, value, is_read)
    if place.is_copy and not is_read:
        raise Refusal(f"{g} is written to, and this is a copy", "v = m.lookup(k), then v.field")
    if not is_read:
        check_changeable(place, str(g))
        front.note_write(place)
    text = front.source.text_of(g.node)
    if place.type.size < fixed:
        raise Refusal(f"{g} takes {fixed} bytes, and {text} has {place.type.size}")
    if fixed in (2, 4, 8) and (place.align < fixed or place.off % fixed):
        raise Refusal(f"{g} takes memory that is aligned to {fixed} bytes, and {text} is not")
    g.place = place
    return g


def field_place(front: Expressions, node: ast.expr, is_written: bool) -> Val:
    """The place of `struct.field`, a `Place` that is not read; the value of any other expression."""
    if not isinstance(node, ast.Attribute):
        return front.expr(node)
    base = front.lowered(node.value)
    if not isinstance(base, RecordRef | StructValue | Entry | StructPlace):
        value = front.kind(base).attribute(front, base, node.attr, node)
        return taken(front, value) if isinstance(value, Peek) else value
    if is_written and isinstance(base, RecordRef):
        base.touched.update(base.type.fields)
    p = place_of(front, base)
    field = field_of(p.type, node.attr)
    if isinstance(field.type, NumType) and not isinstance(field.type, IntType):
        from ..types.fields import BitsType

        if isinstance(field.type, BitsType):
            raise Refusal(f"{p.type.name}.{node.attr} is a bit field, which has no address")
    if is_written:
        _touch(front, node)
    check_fresh(p)
    return p.inside(field.off_bytes, field.type)


def _touch(front: Expressions, node: ast.expr) -> None:
    """A record of which something is written to has no field any more that is known to be zero."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    base = front.env.get(node.id) if isinstance(node, ast.Name) else None
    if isinstance(base, RecordRef):
        base.touched.update(base.type.fields)


def _place(front: Expressions, g: Given, value: Val, is_read: bool) -> Place:
    """The memory that a value is. Raises: Refusal."""
    if isinstance(value, RecordRef | Entry | StructValue):
        if not is_read:
            _touch(front, g.node)
        return place_of(front, value)
    if isinstance(value, Place) and not (isinstance(value, BytesPlace) and value.is_own and not is_read):
        check_fresh(value)
        if not is_read:
            _touch(front, g.node)
        return value
    if is_read:
        if isinstance(value, Known) and isinstance(value.object, str | bytes):
            text = value.object
            data = text if isinstance(text, bytes) else encoded(text)
            size = len(data) + isinstance(text, str)
            return Place(constant(front.low, data), 0, StrType(max(size, 1)), 1)
        if isinstance(value, Comm | UserStr | Text):
            value = front.written(value)
        if isinstance(value, Memory):
            return Place(value.base, value.off, StrType(value.size_bytes))
    hint = "e = Event(), then e or e.field" if not is_read else "a struct, a field of one, or a string"
    raise Refusal(f"{g} takes memory, not {front.describe(value)}", hint)


def size(front: Expressions, g: Given, of: Given, *, least: int) -> Value:
    """The size of memory: certain to lie inside it, as the verifier sees, too. Raises: Refusal."""
    most = of.place.type.size if of.place is not None else 0
    least = least if of.place is not None else 0
    n = front.as_num(g.value)
    words = f"the size of {of.param.name}, which has {most} bytes" if of.place is not None else "the size of nothing"
    if n.lo == n.hi:
        if not least <= n.lo <= most:
            raise Refusal(f"{n.lo} is not {words}")
        return n.value
    if n.lo < least or n.hi > most:
        hint = f"bound it: min({'max(n, 1)' if least else 'n'}, {most})"
        raise Refusal(f"{n.describe()} may be more or less than {words}", hint)
    n = numbers.at_most(front.low, n)
    if least and n.lo >= least:
        n = numbers.choose(front.low, ">", n, numbers.constant(front.low, n.lo), False)
    return n.value


# Results


def _result(front: Expressions, name: str, proto: Prototype, values: list[Value], given: list[Given]) -> Val:
    """Call the helper; return what its C type says that it gives."""
    b, number = front.b, HELPER_IDS[name]
    if name == "task_pt_regs" or proto.result.startswith("struct "):
        from .kernel_types import types

        types(front)
        known = b.call(number, *values, type=PTR_BTF)
        struct = "pt_regs" if name == "task_pt_regs" else proto.result.split()[1]
        return kernel_types.pointer(b.op("retype", known, type=I64), struct)
    if proto.result == "void *":
        decl = _map_of(given)
        if not isinstance(decl.value, StructType):
            raise Refusal(f"bpf_{name}() is for maps whose values are Structs", "class Value(Struct): n: u64")
        return Entry(b.call(number, *values, type=PTR_VALUE_OR_NULL), decl.value, decl, f"bpf_{name}()")
    result: Value = b.call(number, *values)
    if proto.result == "void":
        return Known(None)
    size, signed = C_INTEGERS[proto.result]
    if size < 8:
        result = b.op("sext" if signed else "zext", result, size=size)
    return Num(result, *((-1 << 8 * size - 1, (1 << 8 * size - 1) - 1) if signed else (0, (1 << 8 * size) - 1)))


def _after(front: Expressions, name: str, given: list[Given]) -> None:
    """Forget what the helper may have changed."""
    if name == "sk_assign":
        from .sockets import assigned

        assigned(front)
    if name in _CHANGES_MAP:
        front.forget_entries(_map_of(given))
    packet = getattr(front.context, "packet", None)
    if name in _MOVES_PACKET and packet is not None and front.context.hook.start:  # type: ignore[attr-defined]
        found = packet(front.low)
        found.forget()
        found.moved()

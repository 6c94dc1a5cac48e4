"""Hooks of the network stack and of control groups: what a probe there is called with, and what it may return.

Source: check_return_code in kernel/bpf/verifier.c, may_access_direct_pkt_data there, *_is_valid_access in
net/core/filter.c (Linux 6.18); include/uapi/linux/bpf.h.
"""

from __future__ import annotations

from ..abi import bpf
from ..abi.contexts import ACCESS, STRUCTS
from ..record import Record
from .scalars import Type, u32, u64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..btf.build import BtfBuilder

# What a tc or tcx program makes of a packet. Source: include/uapi/linux/pkt_cls.h.
TC_ACT_UNSPEC, TC_ACT_OK, TC_ACT_RECLASSIFY, TC_ACT_SHOT, TC_ACT_PIPE = -1, 0, 1, 2, 3
TC_ACT_STOLEN, TC_ACT_QUEUED, TC_ACT_REPEAT, TC_ACT_REDIRECT, TC_ACT_TRAP = 4, 5, 6, 7, 8
SK_DROP: int = bpf.SK_DROP
SK_PASS: int = bpf.SK_PASS
NF_DROP, NF_ACCEPT = 0, 1  # include/uapi/linux/netfilter.h
BPF_OK: int = bpf.BPF_OK
BPF_DROP: int = bpf.BPF_DROP
BPF_REDIRECT: int = bpf.BPF_REDIRECT
BPF_LWT_REROUTE: int = bpf.BPF_LWT_REROUTE
BPF_FLOW_DISSECTOR_CONTINUE: int = bpf.BPF_FLOW_DISSECTOR_CONTINUE

# Where the bytes of a packet begin that a program sees; "" if it sees none.
LINK, NETWORK, TRANSPORT, PAYLOAD = "link", "network", "transport", "payload"


class NetHook(Record):
    """A kind of hook: `noun` and `argument` are what a probe there and its argument are called in messages.

    A probe returns a number from `low` to `high`, which `hint` explains; where it ends because of an error it returns
    `failure`. `default` is what running off its end returns, None if that is refused. `start` is where its packet
    begins, `writes` whether it may be changed, `copies` whether its bytes can be copied only; `has_task` says whether
    it runs on behalf of the task that caused it. Where `is_checked` the kernel refuses programs that may return another
    number.
    """

    noun: str
    argument: str
    low: int
    high: int
    hint: str
    failure: int = 0
    default: int | None = None
    start: str = ""
    writes: bool = False
    copies: bool = False
    has_task: bool = False
    is_checked: bool = True


_ALLOW = "return True to allow it, False to refuse it"
_TC = NetHook(
    "tc probe", "pkt", TC_ACT_UNSPEC, TC_ACT_TRAP, "return what becomes of the packet, e.g. ebee.TC_ACT_OK",
    TC_ACT_SHOT, start=LINK, writes=True, is_checked=False,
)  # fmt: skip
_SKB = NetHook("cgroup_skb probe", "pkt", 0, 1, "return True to let the packet pass, False to drop it", start=NETWORK)
_STREAM = NetHook(
    "sk_skb probe", "pkt", SK_DROP, SK_PASS, "return ebee.SK_PASS or ebee.SK_DROP", start=PAYLOAD, writes=True,
    is_checked=False,
)
_SOCK = NetHook("cgroup_sock probe", "ctx", 0, 1, _ALLOW, has_task=True)
_ADDRESS = NetHook("cgroup_sock_addr probe", "ctx", 0, 1, _ALLOW, has_task=True)
_ALWAYS = _ADDRESS.replace(low=1, failure=1, default=1, hint="return True: nothing can be refused here")
_BIND = _ADDRESS.replace(high=3, hint="return True to allow it, False to refuse it, 3 to allow ports below 1024")
_LWT = NetHook(
    "lwt probe", "pkt", BPF_OK, BPF_LWT_REROUTE, "return ebee.BPF_OK, BPF_DROP or BPF_LWT_REROUTE", BPF_DROP,
    start=NETWORK,
    is_checked=False,
)
_REUSEPORT = NetHook(
    "sk_reuseport probe", "pkt", SK_DROP, SK_PASS, "return ebee.SK_PASS or ebee.SK_DROP", start=TRANSPORT,
    is_checked=False,
)

NET_HOOKS: dict[str, NetHook] = {
    "xdp": NetHook(
        "packet probe", "pkt", bpf.XDP_ABORTED, bpf.XDP_REDIRECT,
        "return what becomes of the packet, e.g. ebee.XDP_PASS", start=LINK, writes=True, is_checked=False,
    ),
    "socket": NetHook(
        "socket_filter probe", "pkt", 0, 0xFFFF_FFFF, "return how many bytes of the packet to keep: 0 drops it",
        start=LINK, copies=True, is_checked=False,
    ),
    "tcx/ingress": _TC,
    "tcx/egress": _TC,
    "netkit/primary": _TC.replace(noun="netkit probe"),
    "netkit/peer": _TC.replace(noun="netkit probe"),
    "cgroup_skb/ingress": _SKB,
    "cgroup_skb/egress": _SKB.replace(high=3),
    "cgroup/sock_create": _SOCK,
    "cgroup/sock_release": _SOCK.replace(default=1, failure=1),
    "cgroup/post_bind4": _SOCK,
    "cgroup/post_bind6": _SOCK,
    **{f"cgroup/{name}": _BIND for name in ("bind4", "bind6")},
    **{
        f"cgroup/{name}": _ADDRESS
        for name in ("connect4", "connect6", "connect_unix", "sendmsg4", "sendmsg6", "sendmsg_unix")
    },
    **{
        f"cgroup/{name}{family}": _ALWAYS
        for name in ("recvmsg", "getpeername", "getsockname")
        for family in ("4", "6", "_unix")
    },
    "cgroup/getsockopt": NetHook(
        "sockopt probe", "ctx", 0, 1, "return True to go on, False to fail with EPERM", has_task=True
    ),
    "cgroup/setsockopt": NetHook(
        "sockopt probe", "ctx", 0, 1, "return True to go on, False to fail with EPERM", has_task=True
    ),
    "cgroup/sysctl": NetHook("sysctl probe", "ctx", 0, 1, _ALLOW, has_task=True),
    "cgroup/dev": NetHook("cgroup_device probe", "ctx", 0, 1, _ALLOW, has_task=True),
    "sockops": NetHook("sock_ops probe", "ctx", 0, 1, "return True, or nothing", failure=1, default=1),
    "sk_lookup": NetHook("sk_lookup probe", "ctx", SK_DROP, SK_PASS, "return ebee.SK_PASS or ebee.SK_DROP"),
    "sk_msg": NetHook(
        "sk_msg probe", "pkt", SK_DROP, SK_PASS, "return ebee.SK_PASS or ebee.SK_DROP", start=PAYLOAD, writes=True,
        is_checked=False,
    ),
    "sk_skb/stream_parser": _STREAM.replace(
        noun="sk_skb parser", low=-(1 << 31), high=(1 << 31) - 1,
        hint="return the length of the message in bytes, 0 if it is not known yet",
        writes=False, copies=True,
    ),
    "sk_skb/stream_verdict": _STREAM,
    "sk_skb/verdict": _STREAM,
    "sk_reuseport": _REUSEPORT,
    "sk_reuseport/migrate": _REUSEPORT,
    "flow_dissector": NetHook(
        "flow_dissector probe", "pkt", BPF_OK, BPF_FLOW_DISSECTOR_CONTINUE,
        "return ebee.BPF_OK, BPF_DROP or BPF_FLOW_DISSECTOR_CONTINUE", BPF_DROP,
        is_checked=False,
    ),
    "netfilter": NetHook(
        "netfilter probe", "ctx", NF_DROP, NF_ACCEPT, "return ebee.NF_ACCEPT or ebee.NF_DROP", start=NETWORK,
        copies=True,
    ),
    **{f"lwt_{way}": _LWT.replace(writes=way == "xmit") for way in ("in", "out", "xmit", "seg6local")},
}  # fmt: skip


class ContextField(Record):
    """A number in a context: `size_bytes` at `off_bytes`, `count` of them.

    `swap_bytes` is how many of its low bytes are in network order, 0 if it is in the machine's.
    """

    off_bytes: int
    size_bytes: int
    count: int
    swap_bytes: int
    signed: bool
    is_writable: bool


# Fields in network order, and in how many bytes. Source: include/uapi/linux/bpf.h, and for the ports, of which some
# are shifted by 16 bits, net/core/filter.c.
_ADDRESSES = dict.fromkeys(("remote_ip4", "local_ip4", "remote_ip6", "local_ip6"), 4)
_NETWORK_ORDER: Mapping[str, Mapping[str, int]] = {
    "__sk_buff": {"protocol": 2, "vlan_proto": 2, "remote_port": 4, **_ADDRESSES},
    "bpf_sk_lookup": {"remote_port": 2, **_ADDRESSES},
    "bpf_sock": {"dst_port": 2, **dict.fromkeys(("src_ip4", "src_ip6", "dst_ip4", "dst_ip6"), 4)},
    "bpf_sock_addr": {"user_port": 2, **dict.fromkeys(("user_ip4", "user_ip6", "msg_src_ip4", "msg_src_ip6"), 4)},
    "bpf_sock_ops": {"remote_port": 4, **_ADDRESSES},
    "sk_msg_md": {"remote_port": 4, **_ADDRESSES},
    "sk_reuseport_md": {"eth_protocol": 2},
}
_SIGNED = {"bpf_sockopt": ("level", "optname", "optlen", "retval"), "bpf_sock": ("rx_queue_mapping",)}
# What is no number: pointers, and the bounds of the packet.
_POINTERS = {"data", "data_end", "data_meta", "sk", "flow_keys", "optval", "optval_end", "skb_data", "skb_data_end",
             "migrating_sk"}  # fmt: skip
_KERNEL_POINTERS = {"bpf_nf_ctx": {"state": "nf_hook_state", "skb": "sk_buff"}}

# Sockets in contexts, by what the verifier takes them for. Source: *_is_valid_access in net/core/filter.c.
_SOCKETS = {
    "__sk_buff": {"sk": "sock_common"},
    **{f"bpf_{kind}": {"sk": "bpf_sock"} for kind in ("sk_lookup", "sock_addr", "sock_ops", "sockopt")},
    "sk_msg_md": {"sk": "bpf_sock"},
    "sk_reuseport_md": {"sk": "bpf_sock", "migrating_sk": "sock_common"},
}
_FULL_SOCKETS_ONLY = ("type", "protocol", "mark", "priority")


def context_sockets(section: str) -> dict[str, tuple[int, str]]:
    """Return the sockets in a context that a probe there may read: offset in bytes, and the struct that is known."""
    struct, readable, _ = ACCESS[section]
    sockets = _SOCKETS.get(struct, {})
    return {name: (STRUCTS[struct][name][0], sockets[name]) for name in readable.split() if name in sockets}


def sock_fields(struct: str) -> dict[str, ContextField]:
    """Return the fields of a "sock_common", "bpf_sock" or "bpf_tcp_sock"; none can be written through a pointer."""
    layout = "bpf_sock" if struct == "sock_common" else struct
    left_out = _FULL_SOCKETS_ONLY if struct == "sock_common" else ()
    swap, signed = _NETWORK_ORDER.get(layout, {}), _SIGNED.get(layout, ())
    return {
        name: ContextField(*place, swap.get(name, 0), name in signed, False)
        for name, place in STRUCTS[layout].items()
        if name not in left_out
    }


class ContextStruct(Type):
    """The struct that programs of a hook see as their context: a `struct xdp_md` or its like, whole."""

    __slots__ = ()

    def __init__(self, section: str) -> None:
        name = ACCESS[section][0]
        super().__init__(name, -(-max(off + size * n for off, size, n in STRUCTS[name].values()) // 8) * 8, 8)

    def btf_id(self, btf: BtfBuilder) -> int:
        from ..btf.kinds import Member

        words: dict[int, Type] = {4: u32, 8: u64}  # type: ignore[dict-item]
        members = []
        for name, (off, size, count) in STRUCTS[self.name].items():
            type_id = words[size].btf_id(btf) if size in words else btf.add_int("unsigned char", 1)
            members.append(Member(name, btf.add_array(type_id, count) if count > 1 else type_id, 8 * off, 0))
        return btf.add_struct(self.name, self.size, members)


def context_fields(section: str) -> dict[str, ContextField]:
    """Return the numbers that a probe of this kind of section may read or write in its context, by their C names."""
    struct, readable, writable = ACCESS[section]
    pointers = _POINTERS | _KERNEL_POINTERS.get(struct, {}).keys()
    swap, signed = _NETWORK_ORDER.get(struct, {}), _SIGNED.get(struct, ())
    changeable = writable.split()
    return {
        name: ContextField(*STRUCTS[struct][name], swap.get(name, 0), name in signed, name in changeable)
        for name in readable.split()
        if name not in pointers
    }


def context_pointers(section: str) -> dict[str, tuple[int, str]]:
    """Return the pointers to structs of the kernel in a context: offset in bytes and the struct's name."""
    struct = ACCESS[section][0]
    return {name: (STRUCTS[struct][name][0], to) for name, to in _KERNEL_POINTERS.get(struct, {}).items()}

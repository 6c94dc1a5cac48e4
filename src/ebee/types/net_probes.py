"""The decorators of network hooks and of those of control groups."""

from __future__ import annotations

from ..errors import UsageError
from .probes import Probe, check_function

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, overload

    Decorator = Callable[[Callable[..., object]], Probe]

def _declare(decorator: str, section: str, options: dict[str, Any]) -> Decorator:
    """Return the decorator that makes probes of a section; options that are not given are left to ebee.attach()."""

    def declare(function: Callable[..., object]) -> Probe:
        return Probe(check_function(f"@ebee.{decorator}", function), section, **{k: v for k, v in options.items() if v})

    return declare


def _one_of(decorator: str, value: str, sections: dict[str, str]) -> str:
    """Return the section that a word stands for. Raises: UsageError."""
    if not isinstance(value, str) or value not in sections:
        known = ", ".join(repr(name) for name in sections)
        raise UsageError(f"@ebee.{decorator} does not take {value!r}", hint=f"it takes {known}")
    return sections[value]


if TYPE_CHECKING:

    @overload
    def xdp(function: Callable[..., object], /) -> Probe: ...
    @overload
    def xdp(*, mode: str = "", frags: bool = False, interface: str = "") -> Decorator: ...


def xdp(
    function: Callable[..., object] | None = None, /, *, mode: str = "", frags: bool = False, interface: str = ""
) -> Probe | Decorator:
    """Run a function on every packet that a network interface receives, before the kernel looks at it.

    The function's one argument is the packet: its headers (`pkt.eth`, `vlan`, `ip`, `ip6`, `tcp`, `udp`, `icmp`,
    `icmp6`) are true where they are there and whole, and `len(pkt)` is its length in bytes. It returns what becomes of
    the packet: `ebee.XDP_PASS`, `XDP_DROP`, `XDP_TX`, `XDP_REDIRECT` or `XDP_ABORTED`.

    `mode` is `native` (the driver or nothing), `generic` or `offload`; without it the kernel chooses. With `frags` it
    sees packets of several pages, of which `pkt` is the first part. `interface` is that of ebee.attach().
    Raises: UsageError for a mode that there is not.
    """
    if mode:
        _one_of("xdp", mode, dict.fromkeys(("native", "generic", "offload"), ""))
    declare = _declare("xdp", "xdp.frags" if frags else "xdp", {"mode": mode, "interface": interface})
    return declare if function is None else declare(function)


def tc(direction: str, *, interface: str = "", mode: str = "", priority: int = 0) -> Decorator:
    """Run a function on every packet that enters (`ingress`) or leaves (`egress`) an interface, as an skb.

    It returns what becomes of the packet: `ebee.TC_ACT_OK` and its like. It is attached through tcx, beside others in
    the order that attach(…, before=, after=) says; with `mode="classic"`, or where the kernel has no tcx, as a filter
    of clsact, of which those with a lower `priority` run first. Raises: UsageError for another direction or mode.
    """
    section = _one_of("tc", direction, {"ingress": "tcx/ingress", "egress": "tcx/egress"})
    if mode:
        _one_of("tc", mode, {"classic": ""})
    return _declare("tc", section, {"interface": interface, "mode": mode, "priority": priority})


def netkit(end: str = "primary", *, interface: str = "") -> Decorator:
    """Run a function on every packet that is sent through one end of a netkit device: `primary` or `peer`.

    It returns what becomes of the packet, as `tc`. Both ends are attached at the primary one's interface.
    """
    section = _one_of("netkit", end, {"primary": "netkit/primary", "peer": "netkit/peer"})
    return _declare("netkit", section, {"interface": interface})


def socket_filter(function: Callable[..., object]) -> Probe:
    """Run a function on every packet that reaches a socket: attach(…, socket=s). It returns how many bytes stay."""
    return _declare("socket_filter", "socket", {})(function)


def cgroup_skb(direction: str, *, cgroup: str = "") -> Decorator:
    """Run a function on every IP packet that sockets of a control group receive (`ingress`) or send (`egress`).

    It returns whether the packet may pass. The packet begins with its IP header.
    """
    names = {"ingress": "cgroup_skb/ingress", "egress": "cgroup_skb/egress"}
    return _declare("cgroup_skb", _one_of("cgroup_skb", direction, names), {"cgroup": cgroup})


def cgroup_sock(event: str, *, cgroup: str = "") -> Decorator:
    """Run a function when a socket of a control group is made (`create`), closed (`release`) or was bound.

    The latter are `post_bind4` and `post_bind6`. It returns whether that is allowed.
    """
    names = {"create": "cgroup/sock_create", "release": "cgroup/sock_release"}
    names |= {name: f"cgroup/{name}" for name in ("post_bind4", "post_bind6")}
    return _declare("cgroup_sock", _one_of("cgroup_sock", event, names), {"cgroup": cgroup})


_SOCK_ADDR = {
    f"{call}{family}": f"cgroup/{call}{family}"
    for call in ("bind", "connect", "sendmsg", "recvmsg", "getpeername", "getsockname")
    for family in ("4", "6", "_unix")
    if (call, family) != ("bind", "_unix")
}


def cgroup_sock_addr(call: str, *, cgroup: str = "") -> Decorator:
    """Run a function when a socket of a control group names an address: `connect4`, `bind6`, `sendmsg4` …

    It sees and may change the address (`ctx.user_ip4`, `ctx.user_port`), and returns whether the call goes on.
    """
    return _declare("cgroup_sock_addr", _one_of("cgroup_sock_addr", call, _SOCK_ADDR), {"cgroup": cgroup})


def sockopt(call: str, *, cgroup: str = "") -> Decorator:
    """Run a function when a process of a control group calls getsockopt(2) (`get`, after the kernel) or setsockopt(2).

    The latter is `set`, before the kernel. It returns whether the call goes on.
    """
    names = {"get": "cgroup/getsockopt", "set": "cgroup/setsockopt"}
    return _declare("sockopt", _one_of("sockopt", call, names), {"cgroup": cgroup})


if TYPE_CHECKING:

    @overload
    def sysctl(function: Callable[..., object], /) -> Probe: ...
    @overload
    def sysctl(*, cgroup: str = "") -> Decorator: ...


def sysctl(
    function: Callable[..., object] | None = None, /, *, cgroup: str = ""
) -> Probe | Decorator:
    """Run a function when a process of a control group reads or writes /proc/sys; it returns whether it may."""
    declare = _declare("sysctl", "cgroup/sysctl", {"cgroup": cgroup})
    return declare if function is None else declare(function)


if TYPE_CHECKING:

    @overload
    def cgroup_device(function: Callable[..., object], /) -> Probe: ...
    @overload
    def cgroup_device(*, cgroup: str = "") -> Decorator: ...


def cgroup_device(
    function: Callable[..., object] | None = None, /, *, cgroup: str = ""
) -> Probe | Decorator:
    """Run a function when a process of a control group opens or makes a device; it returns whether it may."""
    declare = _declare("cgroup_device", "cgroup/dev", {"cgroup": cgroup})
    return declare if function is None else declare(function)


if TYPE_CHECKING:

    @overload
    def sock_ops(function: Callable[..., object], /) -> Probe: ...
    @overload
    def sock_ops(*, cgroup: str = "") -> Decorator: ...


def sock_ops(
    function: Callable[..., object] | None = None, /, *, cgroup: str = ""
) -> Probe | Decorator:
    """Run a function at events of TCP connections in a control group, such as `BPF_SOCK_OPS_STATE_CB`: `ctx.op`."""
    declare = _declare("sock_ops", "sockops", {"cgroup": cgroup})
    return declare if function is None else declare(function)


if TYPE_CHECKING:

    @overload
    def sk_lookup(function: Callable[..., object], /) -> Probe: ...
    @overload
    def sk_lookup(*, netns: str = "") -> Decorator: ...


def sk_lookup(
    function: Callable[..., object] | None = None, /, *, netns: str = ""
) -> Probe | Decorator:
    """Run a function when a packet needs a listening socket, in a network namespace (that of the caller)."""
    declare = _declare("sk_lookup", "sk_lookup", {"netns": netns})
    return declare if function is None else declare(function)


if TYPE_CHECKING:

    @overload
    def flow_dissector(function: Callable[..., object], /) -> Probe: ...
    @overload
    def flow_dissector(*, netns: str = "") -> Decorator: ...


def flow_dissector(
    function: Callable[..., object] | None = None, /, *, netns: str = ""
) -> Probe | Decorator:
    """Run a function where the kernel takes packets apart to hash them, in a network namespace (that of the caller)."""
    declare = _declare("flow_dissector", "flow_dissector", {"netns": netns})
    return declare if function is None else declare(function)


def sk_msg(function: Callable[..., object]) -> Probe:
    """Run a function on every message that is sent through a socket in a `SockMap` or `SockHash`: attach(…, map=m)."""
    return _declare("sk_msg", "sk_msg", {})(function)


def sk_skb(stage: str) -> Decorator:
    """Run a function on what a socket in a `SockMap` or `SockHash` receives: attach(…, map=m).

    `parser` returns the length of the message that begins here; `stream_verdict` (after a parser) and `verdict` return
    what becomes of it.
    """
    names = {"parser": "sk_skb/stream_parser", "stream_verdict": "sk_skb/stream_verdict", "verdict": "sk_skb/verdict"}
    return _declare("sk_skb", _one_of("sk_skb", stage, names), {})


if TYPE_CHECKING:

    @overload
    def sk_reuseport(function: Callable[..., object], /) -> Probe: ...
    @overload
    def sk_reuseport(*, migrate: bool = False) -> Decorator: ...


def sk_reuseport(
    function: Callable[..., object] | None = None, /, *, migrate: bool = False
) -> Probe | Decorator:
    """Run a function to choose among sockets that share a port (SO_REUSEPORT): attach(…, socket=s).

    With `migrate` it chooses for connections whose socket is closed, too.
    """
    declare = _declare("sk_reuseport", "sk_reuseport/migrate" if migrate else "sk_reuseport", {})
    return declare if function is None else declare(function)


NETFILTER_HOOKS = {"prerouting": 0, "input": 1, "forward": 2, "output": 3, "postrouting": 4}


def netfilter(hook: str, priority: int = 0, *, family: str = "ipv4", defrag: bool = False) -> Decorator:
    """Run a function at a hook of netfilter: `prerouting`, `input`, `forward`, `output` or `postrouting`.

    `family` is `ipv4` or `ipv6`; probes of a smaller `priority` run first. With `defrag` packets are whole. It returns
    `ebee.NF_ACCEPT` or `ebee.NF_DROP`.
    """
    _one_of("netfilter", hook, dict.fromkeys(NETFILTER_HOOKS, ""))
    _one_of("netfilter", family, dict.fromkeys(("ipv4", "ipv6"), ""))
    options = {"hook": hook, "priority": priority, "family": family, "defrag": defrag}
    return _declare("netfilter", "netfilter", options)


def lwt(way: str, *, route: str = "") -> Decorator:
    """Run a function on packets of a route: `in`, `out`, `xmit` or `seg6local`. It begins with the IP header.

    `route` is that of ebee.attach(): a new route, in the words of ip(8).
    """
    names = {name: f"lwt_{name}" for name in ("in", "out", "xmit", "seg6local")}
    return _declare("lwt", _one_of("lwt", way, names), {"route": route})

"""The socket of a packet, alike in the engine and in the kernel; what helpers make of it, and what must be given back."""

from __future__ import annotations

import pytest

import ebee
from ebee import be16, be32, packets, s64, u64
from ebee.helpers import (
    bpf_get_listener_sock,
    bpf_sk_assign,
    bpf_sk_fullsock,
    bpf_sk_lookup_tcp,
    bpf_sk_lookup_udp,
    bpf_skc_lookup_tcp,
    bpf_tcp_sock,
)

BACKENDS = ["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)]
out = ebee.Array(s64, max_entries=16)
marks = ebee.SkStorage(u64)


class Tuple(ebee.Struct):
    saddr: be32
    daddr: be32
    sport: be16
    dport: be16


@ebee.tc("ingress")
def fields(pkt):
    if not pkt.sk:
        return 1
    out[0] = pkt.sk.family
    out[1] = pkt.sk.state
    out[2] = pkt.sk.src_ip4
    out[3] = pkt.sk.dst_ip4
    out[4] = pkt.sk.rx_queue_mapping
    out[5] = pkt.sk.src_port + pkt.sk.dst_port + pkt.sk.bound_dev_if
    out[6] = s64(pkt.sk.src_ip6_hi)
    out[7] = s64(pkt.sk.dst_ip6_lo)
    sk = pkt.sk
    if sk is not None:
        full = bpf_sk_fullsock(sk)
        if full is not None:
            out[8] = full.type + full.protocol + full.mark + full.priority
            tcp = bpf_tcp_sock(full)
            if tcp:
                out[9] = tcp.snd_cwnd
            else:
                out[9] = 99
            if bpf_get_listener_sock(full) is None:
                out[10] = 7
    return 0


@ebee.tc("ingress")
def nothing_is_found(pkt):
    """No such sockets: no body runs."""
    ports = Tuple(saddr=0x7F000001, daddr=0x7F000001, sport=1, dport=2)
    found = 0
    with bpf_sk_lookup_tcp(pkt, ports, 12, -1, 0) as sk:
        tcp = bpf_tcp_sock(sk)
        if tcp:
            found += tcp.mss_cache
        for _ in range(len(pkt)):
            found += sk.mark
        if sk.state == 3:
            return 2
        found += 100 // sk.priority
    with bpf_sk_lookup_udp(pkt, ports, 12, -1, 0) as sk:
        found += 1
        assert sk.family == 2
    with bpf_skc_lookup_tcp(pkt, ports, 12, -1, 0) as sk:
        found += sk.dst_port
        if bpf_sk_assign(pkt, sk, 0) == 0 and pkt.sk:
            found += pkt.sk.state
    return found


@ebee.cgroup_skb("ingress")
def stored(pkt):
    if pkt.sk:
        marks[pkt.sk] += 5
        out[0] = s64(marks[pkt.sk])
        out[1] = pkt.sk in marks
    return True


@ebee.tc("ingress")
def unguarded(pkt):
    out[0] = pkt.sk.family
    sk = pkt.sk
    if sk:
        full = bpf_sk_fullsock(sk)
        out[1] = full.protocol
    return 0


PACKETS = {
    "IPv4": packets.tcp(),
    "IPv6": packets.udp(b"x", src="2001:db8::1", dst="2001:db8::2"),
    "ARP": packets.ethernet(bytes(46), proto=0x0806),
}
WANTED = {
    "IPv4": [2, 7, 0xC0000201, 0xC0000202, -1, 0, 0, 0],
    "IPv6": [10, 7, 0, 0, -1, 0, 0x20010DB8 << 32, 2],
    "ARP": [0, 7, 0, 0, -1, 0, 0, 0],
}


@pytest.mark.parametrize("name", BACKENDS)
def test_the_fields_of_a_packets_socket(name):
    with ebee.Session(backend=name) as session:
        for kind, packet in PACKETS.items():
            assert session.run(fields, packet=packet).retval == 0
            assert list(out.values())[:11] == [*WANTED[kind], 0, 99, 7], kind


@pytest.mark.parametrize("name", BACKENDS)
def test_sockets_that_are_not_there(name):
    with ebee.Session(backend=name) as session:
        assert session.run(nothing_is_found, packet=packets.tcp()).retval == 0
        assert not session.losses()


@pytest.mark.parametrize("name", BACKENDS)
def test_values_of_a_packets_socket(name):
    with ebee.Session(backend=name) as session:
        assert session.run(stored, packet=packets.tcp()).retval == 1
        assert list(out.values())[:2] == [5, 1]


@pytest.mark.parametrize("name", BACKENDS)
def test_a_none_that_is_used_ends_the_probe(name):
    """A socket operations program without a socket, and one whose socket is there."""

    @ebee.sk_lookup()
    def listening(ctx):
        out[0] = ctx.sk.state
        return ebee.SK_PASS

    with ebee.Session(backend=name) as session:
        assert session.run(unguarded, packet=packets.tcp()).retval == 0
        assert not session.losses()
        if name == "engine":
            assert session.run(listening, ctx=bytes(72)).retval == ebee.SK_DROP
            (loss,) = session.losses()
            assert (loss.kind, loss.count) == ("no_entry", 1)


@pytest.mark.needs_kernel
@pytest.mark.parametrize(
    "hook",
    [
        "cgroup_sock_addr('connect4')", "sockopt('get')", "sockopt('set')", "sk_msg", "sk_reuseport()", "sk_lookup()",
        "sock_ops()", "socket_filter", "lwt('in')", "sk_skb('verdict')", "cgroup_skb('egress')", "netkit()",
    ],
)  # fmt: skip
def test_the_kernel_takes_every_field_at_every_hook(hook, make_probe):
    from ebee.types.net_hooks import context_sockets, sock_fields
    from ebee.types.probes import Probe

    probe: Probe = make_probe(hook, "return 1")
    sockets = context_sockets(probe.section)
    assert sockets
    lines = []
    for name, (_, struct) in sockets.items():
        lines += [f"if it.{name} is not None:", "    pass"]
        for field, place in sock_fields(struct).items():
            names = [f"{field}_hi", f"{field}_lo"] if place.count == 4 else [field]
            lines += [f"    out[{n}] = ebee.u64(ebee.s64(it.{name}.{each}))" for n, each in enumerate(names)]
    session = ebee.Session(backend="kernel")
    with session:
        session._load([make_probe(hook, "\n    ".join([*lines, "return 1"]))], session._test_backend(), None)


@pytest.fixture
def make_probe():
    import itertools
    import sys

    from ebee.api.source import remember_source

    serial = itertools.count()

    def make(hook, body, before=""):
        file = f"<sockets {next(serial)}>"
        text = f"import ebee\nout = ebee.Array(ebee.u64, max_entries=4)\n{before}\n@ebee.{hook}\ndef probe(it):\n    {body}\n"
        remember_source(file, text)
        module = sys.modules[file] = type(sys)(file)
        exec(compile(text, file, "exec"), vars(module))
        return module.probe

    return make


@pytest.mark.needs_kernel
@pytest.mark.parametrize("hook", ["cgroup_sock('create')", "cgroup_sock('post_bind4')", "sock_ops()"])
def test_sockets_own_values_at_other_hooks(hook, make_probe):
    owner = "it" if hook.startswith("cgroup_sock") else "it.sk"
    body = f"kept[{owner}] += 1\n    out[0] = kept[{owner}]\n    return 1"
    probe = make_probe(hook, body, "kept = ebee.SkStorage(ebee.u64)")
    with ebee.Session(backend="kernel") as session:
        session._load([probe], session._test_backend(), None)

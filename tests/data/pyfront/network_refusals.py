"""What the compiler refuses to do at the hooks of the network. Read by tests/unit/pyfront/test_pyfront_refusals.py."""

import ebee
from ebee import Hash, u32, u64
from ebee.helpers import bpf_sk_assign, bpf_sk_fullsock, bpf_sk_lookup_tcp, bpf_sk_release, bpf_tcp_sock

counts = Hash(u32, u64)


class Tuple(ebee.Struct):
    ports: ebee.List(u32, 3)


devices = ebee.DevMap(max_entries=4)
sockets = ebee.SockMap(max_entries=4)
pool = ebee.ReuseportSockArray(max_entries=4)


@ebee.tc("egress")
def skb_fields(pkt):
    pkt.mark = 1 << 32  # error: 4294967296 does not fit in pkt.mark
    pkt.mark = -1  # error: -1 does not fit in pkt.mark
    pkt.len = 5  # error: a tc probe cannot change len | it can change mark, queue_mapping, priority, tc_index, cb, tc_classid, tstamp
    pkt.cb = 5  # error: cb is assigned element by element
    pkt.cb[5] = 5  # error: the index of cb must be a constant from 0 to 4
    counts[0] = pkt.cb[pkt.mark]  # error: the index of cb must be a constant from 0 to 4
    counts[1] = pkt.family  # error: a packet has no header 'family' | …
    counts[2] = pkt.data  # error: a packet has no header 'data' | …
    counts[3] = pkt.cb  # error: an integer is needed here, not the 5 numbers of cb
    return 9  # error: 9 is no result of a tc probe | return what becomes of the packet, e.g. ebee.TC_ACT_OK


@ebee.cgroup_skb("egress")
def ip_packets(pkt):
    if pkt.eth:  # error: the packet of a cgroup_skb probe begins with its IP header | test pkt.ip or pkt.ip6
        return True
    if pkt.ip:
        pkt.ip.ttl = 5  # error: a cgroup_skb probe cannot change packets | read ip.ttl, and return what becomes of it
    counts[0] = pkt.remote_ip6  # error: remote_ip6 has 128 bits, and numbers have 64 | read remote_ip6_hi and remote_ip6_lo
    return pkt.mark  # error: u32 may be no result of a cgroup_skb probe | return True to let the packet pass, False to drop it


@ebee.cgroup_sock_addr("connect4")
def addresses(ctx):
    ctx.user_family = 5  # error: a cgroup_sock_addr probe cannot change user_family | it can change user_ip4, user_port
    ctx.user_port = 65536  # error: 65536 does not fit in ctx.user_port
    ctx.user_ip6 = 5  # error: the argument of a cgroup_sock_addr probe has no attribute 'user_ip6' | did you mean …
    ctx.user_prot = 5  # error: the argument of a cgroup_sock_addr probe has no attribute 'user_prot' | did you mean user_port…
    counts[len(ctx)] = 1  # error: the argument of a cgroup_sock_addr probe has no len()
    ctx.header(5)  # error: the argument of a cgroup_sock_addr probe has no attribute 'header' | …
    return 2  # error: 2 is no result of a cgroup_sock_addr probe | return True to allow it, False to refuse it


@ebee.cgroup_sock_addr("getpeername4")
def nothing_to_refuse(ctx):
    return False  # error: False is no result of a cgroup_sock_addr probe | return True: nothing can be refused here


@ebee.sk_lookup()
def no_task_there(ctx):
    counts[ebee.pid()] += 1  # error: ebee.pid() has no meaning in a sk_lookup probe: it runs on behalf of no task
    return ebee.SK_PASS


@ebee.xdp
def through_maps(pkt):
    counts[0] = devices[0]  # error: devices is a DevMap, whose entries a probe cannot read or change
    devices[0] = 5  # error: devices is a DevMap, whose entries a probe cannot read or change
    devices[0] += 5  # error: devices is a DevMap, whose entries a probe cannot read or change
    del devices[0]  # error: devices is a DevMap, whose entries a probe cannot read or change
    if 5 in devices:  # error: devices is a DevMap, whose entries a probe cannot read or change
        return ebee.XDP_DROP
    if pkt.ip:
        return devices.redirect(pkt.ip.src, pkt.ip.ttl)  # error: the default of redirect() is a constant: ebee.XDP_ABORTED, XDP_DROP, XDP_PASS or XDP_TX
    if pkt.ip6:
        return devices.redirect(-1)  # error: -1 does not fit in a key of devices (u32)
    if pkt.vlan:
        return devices.send(1)  # error: devices is a DevMap, which has one method in a probe: redirect()
    if pkt.tcp:
        return sockets.redirect(1)  # error: sockets.redirect() is for sk_msg and sk_skb probes, not for a packet probe
    sockets.add(1)  # error: sockets.add() is for sockops probes, not for a packet probe
    pool.redirect(1)  # error: pool is a ReuseportSockArray, which has no method redirect() in a probe
    pool.add(1)  # error: pool is a ReuseportSockArray, which has no method add() in a probe
    devices.redirect(1)  # error: this statement has no effect: it only computes a number from 0 to 4 | its result is not used
    return ebee.redirect_peer(1)  # error: ebee.redirect_peer() has no meaning in a packet probe


@ebee.sk_msg
def messages(pkt):
    ebee.redirect(1)  # error: ebee.redirect() has no meaning in a sk_msg probe
    devices.redirect(1)  # error: devices.redirect() is for xdp probes, not for a sk_msg probe
    counts[0] = sockets.redirect(1, ingress=pkt[0])  # error: ingress= must be True or False
    pkt.pull()  # error: a sk_msg probe has no pull()
    pkt[0] = 256  # error: 256 does not fit in pkt[0]
    counts[1] = pkt.tcp  # error: the argument of a sk_msg probe has no attribute 'tcp' | …
    return ebee.SK_PASS


@ebee.sk_skb("parser")
def lengths(pkt):
    pkt[0] = 1  # error: a sk_skb parser cannot change packets | read pkt[0], and return what becomes of it
    pkt.pull()  # error: a sk_skb parser has no pull()
    return pkt[0]


@ebee.cgroup_sock_addr("bind4")
def no_packets(ctx):
    counts[0] = ctx[0]  # error: the probe's context cannot be indexed in a probe
    ctx[0] = 1  # error: the probe's context has no items that can be assigned
    return True


@ebee.cgroup_skb("ingress")
def read_only(pkt):
    pkt[0] = 1  # error: a cgroup_skb probe cannot change packets | read pkt[0], and return what becomes of it
    return True


@ebee.socket_filter
def copies(pkt):
    if pkt.tcp:
        pkt.tcp.dport = 5  # error: a socket_filter probe cannot change packets | read tcp.dport, and return what becomes of it
        if pkt.payload:
            counts[0] = len(pkt.payload)  # error: a socket_filter probe does not know the length of the payload | …
    pkt[0] = 1  # error: a socket_filter probe cannot change packets | read pkt[0], and return what becomes of it
    pkt.pull()  # error: a socket_filter probe has no pull()
    counts[1] = pkt.udp.dport  # error: the packet may have no whole UDP header here | …
    return 0


@ebee.netfilter("input")
def below_ip(ctx):
    if ctx.eth:  # error: the packet of a netfilter probe begins with its IP header | test pkt.ip or pkt.ip6
        return ebee.NF_DROP
    if ctx.ip:
        ctx.ip.ttl = 1  # error: a netfilter probe cannot change packets | read ip.ttl, and return what becomes of it
    return ebee.NF_ACCEPT


@ebee.tc("ingress")
def sockets_of_packets(pkt):
    if pkt.sk:
        counts[0] = pkt.sk.mark  # error: only full sockets have mark, and this may be none | full = ebee.helpers.bpf_sk_fullsock(pkt.sk), and if that is not None: full.mark
        counts[1] = pkt.sk.snd_cwnd  # error: only TCP sockets have snd_cwnd | tcp = ebee.helpers.bpf_tcp_sock(pkt.sk), and if that is not None: tcp.snd_cwnd
        counts[2] = pkt.sk.src_ip6  # error: src_ip6 has 128 bits, and numbers have 64 | read src_ip6_hi and src_ip6_lo
        counts[3] = pkt.sk.famly  # error: a socket has no field 'famly' in a probe | did you mean family?
        pkt.sk.mark = 5  # error: a socket that may be no full one, or None has no fields that can be assigned
        counts[4] = pkt.sk  # error: an integer is needed here, not a socket that may be no full one, or None
    full = bpf_sk_fullsock(pkt.sk)  # error: pkt.sk may be None, and sk of bpf_sk_fullsock() may not | if pkt.sk is not None: …
    return 0


@ebee.tc("ingress")
def sockets_that_are_held(pkt):
    ports = Tuple()
    bpf_sk_lookup_tcp(pkt, ports, 12, -1, 0)  # error: what bpf_sk_lookup_tcp(pkt, ports, 12, -1, 0) gives must be given back | with bpf_sk_lookup_tcp(…) as sk: …
    kept = bpf_sk_lookup_tcp(pkt, ports, 12, -1, 0)  # error: what bpf_sk_lookup_tcp(pkt, ports, 12, -1, 0) gives must be given back | with bpf_sk_lookup_tcp(…) as sk: …
    with bpf_sk_lookup_tcp(pkt, ports, 12, -1, 0) as sk:
        bpf_sk_release(sk)  # error: bpf_sk_release() cannot be called by its name | with bpf_sk_lookup_tcp(…) as sk: … gives it back
        for i in range(3):
            bpf_sk_assign(pkt, sk, 0)  # error: bpf_sk_assign() changes the probe's socket, and cannot be called in a loop | call it behind it
    counts[0] = sk.state  # error: sk was given back at the end of its `with`
    other = pkt.sk
    with bpf_sk_lookup_tcp(pkt, ports, 12, -1, 0) as sk:
        other = bpf_tcp_sock(sk)
    if other:  # error: …
        return 1
    return 0


@ebee.xdp
def no_socket(pkt):
    counts[0] = pkt.sk  # error: a packet has no header 'sk' | …
    return ebee.XDP_PASS


@ebee.sockopt("set")
def option_values(ctx):
    counts[0] = ctx.optval[0:]  # error: a slice of an option's value has constant bounds, from its start on | optval[0:4]
    counts[1] = ctx.optval[0:4]  # error: an integer is needed here, not 4 bytes
    ctx.optval[0:4] = b"abc"  # error: ctx.optval[0:4] takes 4 bytes, not 3: the value's size cannot be changed so | optlen
    ctx.optval[0:4] = 5  # error: ctx.optval[0:4] takes bytes or a struct, not 5 | …
    ctx.optval[0:4] += 5  # error: += is for single bytes of an option's value
    ctx.optval.read(0, u32)  # error: this statement has no effect: it only computes u32 | …
    counts[2] = ctx.optval.read(0, 4)  # error: read() takes a type of numbers or a Struct, not 4 | …
    ctx.optval.write(0, 5)  # error: write() takes bytes or a struct, not 5 | …
    ctx.optval.write(0, 5, Tuple)  # error: the third argument of write() is the type of a number | …
    ctx.optval.write(0, 1 << 32, u32)  # error: 4294967296 does not fit in ctx.optval.write(0, 1 << 32, u32) (u32)
    ctx.optval.grow(5)  # error: the value of a socket option has no method grow() | it has read() and write()
    return True

"""What the compiler refuses to do at the hooks of the network. Read by tests/unit/pyfront/test_pyfront_refusals.py."""

import ebee
from ebee import Hash, u32, u64

counts = Hash(u32, u64)


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

"""Probes for tests/api/test_pytest_plugin.py."""

from __future__ import annotations

import ebee
from ebee import Hash, RingBuf, Struct, u16, u32, u64


class Flow(Struct):
    source: u32
    port: u16


by_port = Hash(u32, u64, max_entries=16)
flows = RingBuf(Flow)


@ebee.xdp
def drop_telnet(pkt):
    if pkt.tcp and pkt.tcp.dport == 23:
        return ebee.XDP_DROP
    return ebee.XDP_PASS


@ebee.xdp
def flow(pkt):
    if not pkt.ip or not pkt.udp:
        return ebee.XDP_PASS
    by_port[pkt.udp.dport] += 1
    with flows.reserve() as e:
        e.source = pkt.ip.src
        e.port = pkt.udp.dport
    return ebee.XDP_PASS


@ebee.tracepoint("syscalls:sys_enter_openat")
def count_opens(ctx):
    by_port[u32(ctx.flags)] += 1

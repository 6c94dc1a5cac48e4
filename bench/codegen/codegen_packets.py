"""Packet programs of the code benchmark; each has a twin of the same name in C."""

from __future__ import annotations

import ebee
from ebee import Array, Hash, LpmTrie, Struct, u8, u16, u32, u64


class Flow(Struct):
    src: u32
    dst: u32
    sport: u16
    dport: u16
    proto: u8


telnet = Hash(u32, u64)
protocols = Array(u64, max_entries=256)
flows = Hash(Flow, u64)
syns = Hash(u32, u64)
blocked = LpmTrie(u32, u64)
lengths = Array(u64, max_entries=16)


@ebee.xdp
def drop_telnet(pkt):
    if pkt.tcp and pkt.tcp.dport == 23:
        if pkt.ip:
            telnet[pkt.ip.src] += 1
        return ebee.XDP_DROP
    return ebee.XDP_PASS


@ebee.xdp
def count_protocols(pkt):
    if pkt.ip:
        protocols[pkt.ip.proto] += 1
    return ebee.XDP_PASS


@ebee.xdp
def count_flows(pkt):
    if pkt.ip:
        ip = pkt.ip
        if pkt.tcp:
            flows[Flow(src=ip.src, dst=ip.dst, sport=pkt.tcp.sport, dport=pkt.tcp.dport, proto=6)] += 1
        elif pkt.udp:
            flows[Flow(src=ip.src, dst=ip.dst, sport=pkt.udp.sport, dport=pkt.udp.dport, proto=17)] += 1
    return ebee.XDP_PASS


@ebee.xdp
def count_syns(pkt):
    if pkt.ip and pkt.tcp:
        if pkt.tcp.syn and not pkt.tcp.ack:
            syns[pkt.ip.src] += 1
    return ebee.XDP_PASS


@ebee.xdp
def block_prefixes(pkt):
    if pkt.ip and pkt.ip.src in blocked:
        return ebee.XDP_DROP
    return ebee.XDP_PASS


@ebee.xdp
def length_classes(pkt):
    n = len(pkt)
    lengths[min(n // 100, 15)] += 1
    return ebee.XDP_PASS


@ebee.xdp
def dns_by_source(pkt):
    if pkt.ip and pkt.udp and pkt.udp.dport == 53:
        telnet[pkt.ip.src] += pkt.udp.len
    return ebee.XDP_PASS


@ebee.xdp
def ttl_classes(pkt):
    if pkt.ip:
        lengths[pkt.ip.ttl >> 4] += 1
    return ebee.XDP_PASS

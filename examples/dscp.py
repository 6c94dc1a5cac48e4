"""Marks what leaves an interface with a class of service, by port, and counts bytes.

    sudo ebee run examples/dscp.py -- eth0 22=48 5060=46

Packets to or from port 5060 leave with DSCP 46 (expedited forwarding), over IPv4 and IPv6. Runs until Ctrl-C; with -c
COMMAND, until the command ends.
"""

import sys

import ebee
from ebee import Hash, Struct, u8, u16, u32, u64


class Class(Struct):
    dscp: u8
    packets: u32
    bytes: u64


classes = Hash(u16, Class)


def mark(pkt, port):
    found = classes.lookup(port)
    if found is None:
        return False
    found.packets += 1
    found.bytes += len(pkt)
    pkt.priority = found.dscp
    if pkt.ip:
        pkt.ip.tos = found.dscp << 2 | pkt.ip.tos & 3
    if pkt.ip6:
        pkt.ip6.traffic_class = found.dscp << 2 | pkt.ip6.traffic_class & 3
    return True


@ebee.tc("egress")
def by_port(pkt):
    if pkt.tcp:
        if not mark(pkt, pkt.tcp.dport):
            mark(pkt, pkt.tcp.sport)
    elif pkt.udp:
        if not mark(pkt, pkt.udp.dport):
            mark(pkt, pkt.udp.sport)
    return ebee.TC_ACT_OK


if len(sys.argv) < 3:
    sys.exit(f"usage: ebee run {sys.argv[0]} -- INTERFACE PORT=DSCP…")
interface, *rules = sys.argv[1:]
with ebee.attach(by_port, interface=interface) as attachment:
    for rule in rules:
        port, _, dscp = rule.partition("=")
        classes[int(port)] = Class(dscp=int(dscp))
    attachment.wait()

for number, found in sorted(classes.items()):
    print(f"port {number:<6} DSCP {found.dscp:<3} {found.packets:>8} packets {found.bytes:>12} bytes")

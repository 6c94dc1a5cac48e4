"""A firewall that drops ports and prefixes, and says what it dropped.

    sudo ebee run examples/firewall.py -- eth0 23 10.9.0.0/16

Each argument behind the interface is a port of TCP and UDP, or a prefix of IPv4 source addresses. Runs until Ctrl-C;
with -c COMMAND, until the command ends.
"""

import sys

import ebee
from ebee import Hash, LpmTrie, u16, u32, u64

if len(sys.argv) < 2:
    sys.exit(f"usage: ebee run {sys.argv[0]} -- INTERFACE [PORT | PREFIX]…")

blocked_ports = Hash(u16, u64)  # dropped packets by port
blocked_sources = LpmTrie(u32, u32)  # prefix -> number of the rule
dropped = Hash(u32, u64)  # dropped packets by number of the rule


def drops_port(port):
    if port in blocked_ports:
        blocked_ports[port] += 1
        return True
    return False


@ebee.xdp
def firewall(pkt):
    if pkt.ip and pkt.ip.src in blocked_sources:
        dropped[blocked_sources[pkt.ip.src]] += 1
        return ebee.XDP_DROP
    if pkt.tcp and drops_port(pkt.tcp.dport):
        return ebee.XDP_DROP
    if pkt.udp and drops_port(pkt.udp.dport):
        return ebee.XDP_DROP
    return ebee.XDP_PASS


interface, *rules = sys.argv[1:]
with ebee.attach(firewall, interface=interface) as attachment:
    for number, rule in enumerate(rules):
        if "/" in rule:
            blocked_sources[rule] = number
        else:
            blocked_ports[int(rule)] = 0
    attachment.wait()

for number, rule in enumerate(rules):
    print(f"{rule:<20} {dropped[number] if '/' in rule else blocked_ports[int(rule)]:>10} dropped")

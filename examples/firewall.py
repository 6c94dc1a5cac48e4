"""A firewall that drops ports and prefixes, and says what it dropped.

    sudo ebee run examples/firewall.py -- eth0 23 10.9.0.0/16

Each argument behind the interface is a port of TCP and UDP, or a prefix of IPv4 source addresses. Runs until Ctrl-C;
with -c COMMAND, until the command ends.
"""

import sys

import ebee
from ebee import Hash, LpmTrie, Struct, u16, u32, u64


class Rule(Struct):
    dropped: u64


ports = Hash(u16, Rule)
sources = LpmTrie(u32, Rule)


def refuses(rule):
    if rule is None:
        return False
    rule.dropped += 1
    return True


@ebee.xdp
def firewall(pkt):
    if pkt.ip and refuses(sources.lookup(pkt.ip.src)):
        return ebee.XDP_DROP
    if pkt.tcp and refuses(ports.lookup(pkt.tcp.dport)):
        return ebee.XDP_DROP
    if pkt.udp and refuses(ports.lookup(pkt.udp.dport)):
        return ebee.XDP_DROP
    return ebee.XDP_PASS


if len(sys.argv) < 2:
    sys.exit(f"usage: ebee run {sys.argv[0]} -- INTERFACE [PORT | PREFIX]…")
interface, *rules = sys.argv[1:]
with ebee.attach(firewall, interface=interface) as attachment:
    for rule in rules:
        if "/" in rule:
            sources[rule] = Rule()
        else:
            ports[int(rule)] = Rule()
    attachment.wait()

for port, found in sorted(ports.items()):
    print(f"port {port:<20} {found.dropped:>10} dropped")
for prefix, found in sources.items():
    print(f"from {prefix:<20} {found.dropped:>10} dropped")

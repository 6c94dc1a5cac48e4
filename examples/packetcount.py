"""What kinds of packets come in at an interface?

    sudo ebee run examples/packetcount.py -- eth0

counts packets and bytes until Ctrl-C; with -c COMMAND, until the command ends.
"""

import sys

import ebee
from ebee import PerCpuHash, Str, Struct, u64


class Traffic(Struct):
    packets: u64
    size_bytes: u64


kinds = PerCpuHash(Str(16), Traffic)


def add(kind, size_bytes):
    traffic = kinds.lookup(kind)
    if traffic is None:
        kinds[kind] = Traffic(packets=1, size_bytes=size_bytes)
    else:
        traffic.packets += 1
        traffic.size_bytes += size_bytes


@ebee.xdp
def count(pkt):
    if pkt.tcp:
        add("tcp", len(pkt))
    elif pkt.udp:
        add("udp", len(pkt))
    elif pkt.icmp or pkt.icmp6:
        add("icmp", len(pkt))
    elif pkt.ip or pkt.ip6:
        add("other ip", len(pkt))
    else:
        add("other", len(pkt))
    return ebee.XDP_PASS


if len(sys.argv) != 2:
    sys.exit(f"usage: ebee run {sys.argv[0]} -- INTERFACE")
with ebee.attach(count, interface=sys.argv[1]) as attachment:
    attachment.wait()

for kind, on_cpus in sorted(kinds.items()):
    print(f"{kind:<8} {sum(t.packets for t in on_cpus):>10} packets {sum(t.size_bytes for t in on_cpus):>12} bytes")

"""Answers pings in the driver, before the kernel sees them, and says who asked.

    sudo ebee run examples/pingd.py -- eth0 192.0.2.99

The request becomes the reply where it lies: addresses change places, the type changes, and ebee updates the checksums.
Without an address it answers for all. Runs until Ctrl-C; with -c COMMAND, until the command ends.
"""

import ipaddress
import sys

import ebee
from ebee import Hash, u32, u64

MINE = int(ipaddress.IPv4Address(sys.argv[2])) if len(sys.argv) > 2 else 0
ECHO, ECHO_REPLY = 8, 0

asked = Hash(u32, u64)


@ebee.xdp
def answer(pkt):
    if not pkt.ip or not pkt.icmp or pkt.icmp.type != ECHO or pkt.icmp.code != 0:
        return ebee.XDP_PASS
    if MINE and pkt.ip.dst != MINE:
        return ebee.XDP_PASS
    asked[pkt.ip.src] += 1
    pkt.eth.src, pkt.eth.dst = pkt.eth.dst, pkt.eth.src
    pkt.ip.src, pkt.ip.dst = pkt.ip.dst, pkt.ip.src
    pkt.ip.ttl = 64
    pkt.icmp.type = ECHO_REPLY
    return ebee.XDP_TX


if len(sys.argv) < 2:
    sys.exit(f"usage: ebee run {sys.argv[0]} -- INTERFACE [ADDRESS]")
with ebee.attach(answer, interface=sys.argv[1]) as attachment:
    attachment.wait()

for address, count in sorted(asked.items()):
    print(f"{ipaddress.IPv4Address(address)!s:<16} {count:>8} pings")

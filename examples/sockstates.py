"""For which sockets are the TCP segments that come in at an interface? Counts them by port and by the socket's state.

    sudo ebee run examples/sockstates.py -- eth0

`none`: nobody listens there, and the kernel answers with a reset. Runs until Ctrl-C; with -c COMMAND, until the command
ends.
"""

import sys

import ebee
from ebee import Hash, Struct, be16, be32, u16, u64
from ebee.helpers import bpf_skc_lookup_tcp

# Source: include/net/tcp_states.h.
STATES = ["none", "established", "syn sent", "syn received", "fin wait 1", "fin wait 2", "time wait", "close",
          "close wait", "last ack", "listen", "closing", "new syn received", "bound inactive"]  # fmt: skip


class Tuple(Struct):
    saddr: be32
    daddr: be32
    sport: be16
    dport: be16


class Key(Struct):
    port: u16
    state: u16


segments = Hash(Key, u64)


@ebee.tc("ingress")
def arriving(pkt):
    if pkt.ip and pkt.tcp:
        state = 0
        ends = Tuple(saddr=pkt.ip.src, daddr=pkt.ip.dst, sport=pkt.tcp.sport, dport=pkt.tcp.dport)
        with bpf_skc_lookup_tcp(pkt, ends, 12, -1, 0) as sk:
            state = sk.state
        segments[Key(port=u16(pkt.tcp.dport), state=u16(state))] += 1
    return ebee.TC_ACT_UNSPEC


if len(sys.argv) != 2:
    sys.exit(f"usage: ebee run {sys.argv[0]} -- INTERFACE")
with ebee.attach(arriving, interface=sys.argv[1]) as attachment:
    attachment.wait()
    for key, count in sorted(segments.items(), key=lambda item: -item[1]):
        print(f"{count:>8} to port {key.port:<6} {STATES[key.state]}")

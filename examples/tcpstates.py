"""Through which states do TCP connections go, and how long is each in one?

    sudo ebee run examples/tcpstates.py -c 'curl -s http://localhost:8000/'
"""

import ipaddress
import socket

import ebee
from ebee import Hash, RingBuf, Str, Struct, u16, u32, u64

# Of include/net/tcp_states.h, from 1 on.
STATES = ["", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT",
          "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV"]  # fmt: skip


class Change(Struct):
    pid: u32
    old: u32
    new: u32
    port: u16
    peer_port: u16
    address: u32
    peer: u32
    in_state_ns: u64
    comm: str = Str(16)


since = Hash(u64, u64)  # by the socket's address in the kernel
changes = RingBuf(Change)


@ebee.tp_btf("inet_sock_set_state")
def on_change(sk, oldstate, newstate):
    if sk.sk_protocol != socket.IPPROTO_TCP or sk.__sk_common.skc_family != socket.AF_INET:
        return
    start = since[u64(sk)]
    now = ebee.ktime()
    with changes.reserve() as e:
        e.pid = ebee.pid()
        e.comm = ebee.comm()
        e.old = u32(oldstate)
        e.new = u32(newstate)
        e.port = sk.__sk_common.skc_num
        e.peer_port = sk.__sk_common.skc_dport
        e.address = sk.__sk_common.skc_rcv_saddr
        e.peer = sk.__sk_common.skc_daddr
        e.in_state_ns = now - start if start else 0
    if newstate == 7:  # TCP_CLOSE
        del since[u64(sk)]
    else:
        since[u64(sk)] = now


with ebee.attach(on_change):
    for c in changes:
        ends = f"{ipaddress.IPv4Address(c.address)}:{c.port} {ipaddress.IPv4Address(c.peer)}:{c.peer_port}"
        print(f"{c.comm:<16} {ends:<42} {STATES[c.old]} -> {STATES[c.new]} after {c.in_state_ns / 1e6:.3f} ms")

"""How long did TCP connections live, and how many bytes went each way?

    sudo ebee run examples/tcplife.py -c 'curl -s http://localhost:8000/'

The socket that a tracepoint is given is a part of a larger struct, which holds the counters.
"""

import socket

import ebee
from ebee import Bytes, Hash, RingBuf, Str, Struct, Union, be32, u16, u32, u64

TCP_ESTABLISHED, TCP_SYN_SENT, TCP_SYN_RECV, TCP_LAST_ACK, TCP_CLOSE = 1, 2, 3, 9, 7  # include/net/tcp_states.h


class Address(Union):
    v4: be32
    v6: bytes = Bytes(16)


class Birth(Struct):
    ns: u64
    pid: u32
    comm: str = Str(16)


class Life(Struct):
    pid: u32
    comm: str = Str(16)
    family: u16
    local_port: u16
    port: u16
    local: Address
    remote: Address
    sent: u64
    received: u64
    time_ns: u64


births = Hash(u64, Birth)  # by the socket's address in the kernel
lives = RingBuf(Life)


@ebee.tp_btf("inet_sock_set_state")
def on_change(sk, newstate):
    if sk.sk_protocol != socket.IPPROTO_TCP:
        return
    if newstate in (TCP_SYN_SENT, TCP_SYN_RECV):
        births[u64(sk)] = Birth(ns=ebee.ktime(), pid=ebee.pid(), comm=ebee.comm())
    birth = births.lookup(u64(sk))
    if newstate != TCP_CLOSE or not birth:
        return
    common, inet, tcp = sk.__sk_common, ebee.linux.inet_sock(sk), ebee.linux.tcp_sock(sk)
    with lives.reserve() as e:
        e.pid, e.comm = birth.pid, birth.comm
        e.family, e.local_port, e.port = common.skc_family, inet.inet_sport, common.skc_dport
        if common.skc_family == socket.AF_INET6:
            e.local.v6 = common.skc_v6_rcv_saddr.in6_u.u6_addr8
            e.remote.v6 = common.skc_v6_daddr.in6_u.u6_addr8
        else:
            e.local.v4, e.remote.v4 = common.skc_rcv_saddr, common.skc_daddr
        e.sent, e.received = tcp.bytes_sent, tcp.bytes_received  # the last one may count the FIN
        e.time_ns = ebee.ktime() - birth.ns
    del births[u64(sk)]


def text(family: int, address: Address, port: int) -> str:
    return f"{socket.inet_ntop(family, address.v6 if family == socket.AF_INET6 else address.v6[:4])}:{port}"


with ebee.attach(on_change):
    for e in lives:
        ends = f"{text(e.family, e.local, e.local_port):<24} {text(e.family, e.remote, e.port):<24}"
        print(f"{e.pid:<8} {e.comm:<16} {ends} sent {e.sent:<8} received {e.received:<8} {e.time_ns / 1e6:.3f} ms")

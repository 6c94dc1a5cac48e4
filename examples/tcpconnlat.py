"""How long does it take until TCP connections are established?

    sudo ebee run examples/tcpconnlat.py -c 'curl -s http://localhost:8000/'
"""

import ebee
from ebee import Hash, RingBuf, Str, Struct, u16, u32, u64

TCP_ESTABLISHED, TCP_SYN_SENT, TCP_CLOSE = 1, 2, 7  # include/net/tcp_states.h


class Start(Struct):
    ns: u64
    pid: u32
    comm: str = Str(16)


class Connection(Struct):
    pid: u32
    comm: str = Str(16)
    port: u16
    ok: bool
    time_ns: u64


starts = Hash(u64, Start)  # by the socket's address in the kernel
connections = RingBuf(Connection)


@ebee.tp_btf("inet_sock_set_state")
def on_change(sk, oldstate, newstate):
    if newstate == TCP_SYN_SENT:
        starts[u64(sk)] = Start(ns=ebee.ktime(), pid=ebee.pid(), comm=ebee.comm())
    elif oldstate == TCP_SYN_SENT and newstate in (TCP_ESTABLISHED, TCP_CLOSE):
        start = starts.lookup(u64(sk))
        if start is not None:
            with connections.reserve() as e:
                e.pid = start.pid
                e.comm = start.comm
                e.port = sk.__sk_common.skc_dport
                e.ok = newstate == TCP_ESTABLISHED
                e.time_ns = ebee.ktime() - start.ns
            del starts[u64(sk)]


with ebee.attach(on_change):
    for c in connections:
        result = "ok" if c.ok else "refused"
        print(f"{c.pid:<8} {c.comm:<16} port {c.port:<6} {result:<8} {c.time_ns / 1e6:.3f} ms")

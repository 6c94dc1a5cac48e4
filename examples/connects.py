"""Which connections does a command open, with what result, and how long does each connect take?

    ebee run examples/connects.py -c 'getent hosts localhost'

The path of a Unix socket begins two bytes behind the address family; other families have none.
"""

import errno

import ebee
from ebee import Hash, RingBuf, Str, Struct, s32, s64, u32, u64


class Start(Struct):
    ns: u64
    fd: s32
    size: s32
    path: str = Str(108)


class Connect(Struct):
    pid: u32
    comm: str = Str(16)
    fd: s32
    result: s64
    time_ns: u64
    path: str = Str(108)


starts = Hash(u32, Start)
connects = RingBuf(Connect)


@ebee.tracepoint("syscalls:sys_enter_connect")
def on_connect(ctx):
    start = Start(ns=ebee.ktime(), fd=s32(ctx.fd), size=ctx.addrlen)
    if ctx.addrlen > 28:  # longer than sockaddr_in6
        start.path = ebee.user_str(ctx.uservaddr + 2, 108)
    starts[ebee.tid()] = start


@ebee.tracepoint("syscalls:sys_exit_connect")
def on_connected(ctx):
    start = starts.lookup(ebee.tid())
    if start is None:
        return
    with connects.reserve() as e:
        e.pid = ebee.pid()
        e.comm = ebee.comm()
        e.fd = start.fd
        e.result = ctx.ret
        e.time_ns = ebee.ktime() - start.ns
        e.path = start.path
    del starts[ebee.tid()]


with ebee.attach(on_connect, on_connected):
    for c in connects:
        result = errno.errorcode[-c.result] if c.result else "ok"
        print(f"{c.pid:<8} {c.comm:<16} fd {c.fd:<4} {result:<14} {c.time_ns / 1000:>8.1f} us  {c.path}")

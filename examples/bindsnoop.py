"""Which addresses do sockets take, with what result?

    ebee run examples/bindsnoop.py -c 'timeout 1 python3 -m http.server --bind 127.0.0.1 8123'
"""

import errno
import ipaddress
import socket

import ebee
from ebee import Bytes, Hash, RingBuf, Str, Struct, be16, be32, s32, s64, u16, u32


class Address(Struct):  # what sockaddr_in and sockaddr_in6 begin with
    family: u16
    port: be16
    v4: be32
    v6: bytes = Bytes(16)


class Bind(Struct):
    pid: u32
    fd: s32
    result: s64
    comm: str = Str(16)
    address: Address


under_way = Hash(u32, Bind)  # by thread, between the entry and the exit of the call
binds = RingBuf(Bind)


@ebee.tracepoint("syscalls:sys_enter_bind")
def on_bind(ctx):
    bind = Bind(pid=ebee.pid(), fd=s32(ctx.fd), comm=ebee.comm())
    bind.address.family = ebee.read_user(ctx.umyaddr, u16)
    if bind.address.family == socket.AF_INET:
        bind.address.port = ebee.read_user(ctx.umyaddr + 2, be16)
        bind.address.v4 = ebee.read_user(ctx.umyaddr + 4, be32)
    elif bind.address.family == socket.AF_INET6:
        bind.address = ebee.read_user(ctx.umyaddr, Address)
    under_way[ebee.tid()] = bind


@ebee.tracepoint("syscalls:sys_exit_bind")
def on_bind_done(ctx):
    bind = under_way.lookup(ebee.tid())
    if bind is not None:
        bind.result = ctx.ret
        binds.output(bind)
        del under_way[ebee.tid()]


with ebee.attach(on_bind, on_bind_done):
    for b in binds:
        a = b.address
        if a.family == socket.AF_INET:
            place = f"{ipaddress.IPv4Address(a.v4)}:{a.port}"
        elif a.family == socket.AF_INET6:
            place = f"[{ipaddress.IPv6Address(a.v6)}]:{a.port}"
        else:
            place = socket.AddressFamily(a.family).name
        print(f"{b.pid:<8} {b.comm:<16} fd {b.fd:<4} {errno.errorcode[-b.result] if b.result else 'ok':<12} {place}")

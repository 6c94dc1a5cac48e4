"""Which reads and writes take longer than a millisecond?

    ebee run examples/slowcalls.py -c 'sh -c "(sleep 0.1; echo) | cat"'
    ebee run examples/slowcalls.py -c '…' -- 50         (longer than 50 ms)
"""

import sys

import ebee
from ebee import Hash, RingBuf, Str, Struct, s64, u32, u64

LIMIT_NS = int(sys.argv[1]) * 1_000_000 if len(sys.argv) > 1 else 1_000_000


class Call(Struct):
    start_ns: u64
    fd: u32


class Slow(Struct):
    pid: u32
    fd: u32
    comm: str = Str(16)
    name: str = Str(8)
    result: s64
    time_ns: u64


calls = Hash(u32, Call)
slow = RingBuf(Slow)


def enter(fd):
    calls[ebee.tid()] = Call(start_ns=ebee.ktime(), fd=u32(fd))


def leave(name, result):
    call = calls.lookup(ebee.tid())
    if call is None:
        return
    time_ns = ebee.ktime() - call.start_ns
    if time_ns > LIMIT_NS:
        with slow.reserve() as e:
            e.pid = ebee.pid()
            e.fd = call.fd
            e.comm = ebee.comm()
            e.name = name
            e.result = result
            e.time_ns = time_ns
    del calls[ebee.tid()]


@ebee.tracepoint("syscalls:sys_enter_read")
def enter_read(ctx):
    enter(ctx.fd)


@ebee.tracepoint("syscalls:sys_exit_read")
def exit_read(ctx):
    leave("read", ctx.ret)


@ebee.tracepoint("syscalls:sys_enter_write")
def enter_write(ctx):
    enter(ctx.fd)


@ebee.tracepoint("syscalls:sys_exit_write")
def exit_write(ctx):
    leave("write", ctx.ret)


with ebee.attach(enter_read, exit_read, enter_write, exit_write):
    for c in slow:
        print(f"{c.pid:<8} {c.comm:<16} {c.name:<6} fd {c.fd:<4} {c.time_ns / 1e6:>8.1f} ms {c.result:>8}")

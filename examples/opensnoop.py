"""Which opens succeed, which fail and why, and how long does each take?

    ebee run examples/opensnoop.py -c 'cat /etc/hostname /etc/nothing'

pairs the entry and the exit of every open by thread, and prints pid, command, result, microseconds and path.
"""

import errno

import ebee
from ebee import Hash, RingBuf, Str, Struct, s64, u32, u64


class Call(Struct):
    start_ns: u64
    path: str = Str(256)


class Open(Struct):
    pid: u32
    comm: str = Str(16)
    path: str = Str(256)
    result: s64  # a file descriptor, or minus an error number
    time_ns: u64


calls = Hash(u32, Call)
opens = RingBuf(Open, size="1M")


@ebee.tracepoint("syscalls:sys_enter_openat")
def on_enter(ctx):
    calls[ebee.tid()] = Call(start_ns=ebee.ktime(), path=ebee.user_str(ctx.filename, 256))


@ebee.tracepoint("syscalls:sys_exit_openat")
def on_exit(ctx):
    call = calls.lookup(ebee.tid())
    if call is None:
        return
    with opens.reserve() as e:
        e.pid = ebee.pid()
        e.comm = ebee.comm()
        e.path = call.path
        e.result = ctx.ret
        e.time_ns = ebee.ktime() - call.start_ns
    del calls[ebee.tid()]


with ebee.attach(on_enter, on_exit):
    for e in opens:
        result = f"fd {e.result}" if e.result >= 0 else errno.errorcode[-e.result]
        print(f"{e.pid:<8} {e.comm:<16} {result:<8} {e.time_ns / 1000:>8.1f} {e.path}")

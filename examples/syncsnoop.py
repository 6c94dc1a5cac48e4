"""Which calls force data to the disk, and how long do they take?

    ebee run examples/syncsnoop.py -c 'dd if=/dev/zero of=/tmp/zeros count=1 conv=fsync'
"""

import ebee
from ebee import Hash, RingBuf, Str, Struct, u32, u64


class Sync(Struct):
    pid: u32
    comm: str = Str(16)
    call: str = Str(16)
    time_ns: u64


starts = Hash(u32, u64)
syncs = RingBuf(Sync)


def begin():
    starts[ebee.tid()] = ebee.ktime()


def end(call):
    start_ns = starts[ebee.tid()]
    if start_ns:
        del starts[ebee.tid()]
        with syncs.reserve() as e:
            e.pid = ebee.pid()
            e.comm = ebee.comm()
            e.call = call
            e.time_ns = ebee.ktime() - start_ns


@ebee.tracepoint("syscalls:sys_enter_sync")
def enter_sync(ctx):
    begin()


@ebee.tracepoint("syscalls:sys_exit_sync")
def exit_sync(ctx):
    end("sync")


@ebee.tracepoint("syscalls:sys_enter_fsync")
def enter_fsync(ctx):
    begin()


@ebee.tracepoint("syscalls:sys_exit_fsync")
def exit_fsync(ctx):
    end("fsync")


@ebee.tracepoint("syscalls:sys_enter_fdatasync")
def enter_fdatasync(ctx):
    begin()


@ebee.tracepoint("syscalls:sys_exit_fdatasync")
def exit_fdatasync(ctx):
    end("fdatasync")


with ebee.attach(enter_sync, exit_sync, enter_fsync, exit_fsync, enter_fdatasync, exit_fdatasync):
    for s in syncs:
        print(f"{s.pid:<8} {s.comm:<16} {s.call:<10} {s.time_ns / 1e6:.3f} ms")

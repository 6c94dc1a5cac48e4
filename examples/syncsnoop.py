"""Which calls force data to the disk, and how long do they take?

    ebee run examples/syncsnoop.py -c 'dd if=/dev/zero of=/tmp/zeros count=1 conv=fsync'
"""

import ebee
from ebee import Hash, u32, u64

starts = Hash(u32, u64)


def begin():
    starts[ebee.tid()] = ebee.ktime()


def end(call):
    start_ns = starts[ebee.tid()]
    if start_ns:
        del starts[ebee.tid()]
        us = (ebee.ktime() - start_ns) // 1000
        print(f"{ebee.pid():<8} {ebee.comm():<16} {call:<10} {us // 1000}.{us % 1000:03} ms")


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


with ebee.attach(enter_sync, exit_sync, enter_fsync, exit_fsync, enter_fdatasync, exit_fdatasync) as attachment:
    attachment.wait()

"""From which files does a command read most, and to which does it write most?

    ebee run examples/filetop.py -c 'sh -c "cat /etc/services > /dev/null"'

The probes remember which path each descriptor of each process was opened for, and add up what is read and written.
A descriptor that was inherited or duplicated is not known, and not counted.
"""

import ebee
from ebee import Hash, Str, Struct, u32, u64


class Descriptor(Struct):
    pid: u32
    fd: u32


class Bytes(Struct):
    read: u64
    written: u64


opening = Hash(u32, Str(128))  # by thread, between the entry and the exit of openat
moving = Hash(u32, u32)  # by thread, between the entry and the exit of read or write: the descriptor
paths = Hash(Descriptor, Str(128))
files = Hash(Str(128), Bytes)


@ebee.tracepoint("syscalls:sys_enter_openat")
def enter_open(ctx):
    opening[ebee.tid()] = ebee.user_str(ctx.filename, 128)


@ebee.tracepoint("syscalls:sys_exit_openat")
def exit_open(ctx):
    if ctx.ret >= 0:
        paths[Descriptor(pid=ebee.pid(), fd=u32(ctx.ret))] = opening[ebee.tid()]


@ebee.tracepoint("syscalls:sys_enter_close")
def enter_close(ctx):
    descriptor = Descriptor(pid=ebee.pid(), fd=u32(ctx.fd))
    if descriptor in paths:
        del paths[descriptor]


@ebee.tracepoint("syscalls:sys_enter_read")
def enter_read(ctx):
    moving[ebee.tid()] = u32(ctx.fd)


@ebee.tracepoint("syscalls:sys_enter_write")
def enter_write(ctx):
    moving[ebee.tid()] = u32(ctx.fd)


def moved(read, written):
    descriptor = Descriptor(pid=ebee.pid(), fd=moving[ebee.tid()])
    if descriptor in paths:
        file = files.setdefault(paths[descriptor], Bytes())
        file.read += read
        file.written += written


@ebee.tracepoint("syscalls:sys_exit_read")
def exit_read(ctx):
    if ctx.ret > 0:
        moved(u64(ctx.ret), 0)


@ebee.tracepoint("syscalls:sys_exit_write")
def exit_write(ctx):
    if ctx.ret > 0:
        moved(0, u64(ctx.ret))


with ebee.attach(enter_open, exit_open, enter_close, enter_read, enter_write, exit_read, exit_write) as attachment:
    attachment.wait()

print(f"{'READ':>12} {'WRITTEN':>12} PATH")
for path, n in sorted(files.items(), key=lambda entry: -(entry[1].read + entry[1].written)):
    print(f"{n.read:>12} {n.written:>12} {path}")

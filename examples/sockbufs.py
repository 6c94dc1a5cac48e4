"""Holds the socket buffers of a control group down, and shows who wanted more.

    sudo mkdir /sys/fs/cgroup/test
    sudo ebee run examples/sockbufs.py -- /sys/fs/cgroup/test 65536

A process in the group that sets a larger buffer (SO_SNDBUF, SO_RCVBUF) gets that many bytes, and sees nothing of it.
Runs until Ctrl-C; with -c COMMAND, until the command ends.
"""

import sys

import ebee
from ebee import Global, RingBuf, Str, Struct, u32

SOL_SOCKET, SO_SNDBUF, SO_RCVBUF = 1, 7, 8


class Wanted(Struct):
    pid: u32
    option: u32
    size: u32
    comm: str = Str(16)


most = Global(u32)
wanted = RingBuf(Wanted)


@ebee.sockopt("set")
def held_down(ctx):
    if ctx.level == SOL_SOCKET and ctx.optname in (SO_SNDBUF, SO_RCVBUF) and len(ctx.optval) >= 4:
        size = ctx.optval.read(0, u32)
        if size > most.value:
            with wanted.reserve() as e:
                e.pid = ebee.pid()
                e.option = u32(ctx.optname)
                e.size = size
                e.comm = ebee.comm()
            ctx.optval.write(0, most.value, u32)
    return True


if len(sys.argv) != 3:
    sys.exit(f"usage: ebee run {sys.argv[0]} -- CGROUP BYTES")
most.value = int(sys.argv[2])
with ebee.attach(held_down, cgroup=sys.argv[1]):
    for e in wanted:
        name = "SO_SNDBUF" if e.option == SO_SNDBUF else "SO_RCVBUF"
        print(f"{e.pid:<8} {e.comm:<16} {name} {e.size} -> {sys.argv[2]}")

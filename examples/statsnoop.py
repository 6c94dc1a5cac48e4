"""Which paths are looked at with stat, and are they there?

    ebee run examples/statsnoop.py -c 'ls -l /etc/hostname /etc/nothing'

`ls` and most programs ask with newfstatat, newer ones with statx.
"""

import errno

import ebee
from ebee import Hash, RingBuf, Str, Struct, s64, u32


class Stat(Struct):
    pid: u32
    call: str = Str(16)
    path: str = Str(256)
    result: s64


asked = Hash(u32, Stat)
answered = RingBuf(Stat, size="1M")


def ask(call, address):
    asked[ebee.tid()] = Stat(pid=ebee.pid(), call=call, path=ebee.user_str(address, 256))


def answer(result):
    stat = asked.lookup(ebee.tid())
    if stat is None:
        return
    with answered.reserve() as e:
        e.pid = stat.pid
        e.call = stat.call
        e.path = stat.path
        e.result = result
    del asked[ebee.tid()]


@ebee.tracepoint("syscalls:sys_enter_newfstatat")
def on_fstatat(ctx):
    ask("newfstatat", ctx.filename)


@ebee.tracepoint("syscalls:sys_enter_statx")
def on_statx(ctx):
    ask("statx", ctx.filename)


@ebee.tracepoint("syscalls:sys_exit_newfstatat")
def on_fstatat_done(ctx):
    answer(ctx.ret)


@ebee.tracepoint("syscalls:sys_exit_statx")
def on_statx_done(ctx):
    answer(ctx.ret)


with ebee.attach(on_fstatat, on_statx, on_fstatat_done, on_statx_done):
    for s in answered:
        print(f"{s.pid:<8} {s.call:<12} {errno.errorcode.get(-s.result, 'ok'):<8} {s.path}")

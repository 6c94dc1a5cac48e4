"""Who sends which signal to whom, and does it arrive?

    ebee run examples/killsnoop.py -c 'sh -c "sleep 9 & kill -TERM $!"'
"""

import os
import signal

import ebee
from ebee import Hash, RingBuf, Str, Struct, s32, s64, u32


class Kill(Struct):
    pid: u32
    comm: str = Str(16)
    target: s32
    signal: s32
    result: s64


kills = Hash(u32, Kill)  # by thread, between the entry and the exit of the call
done = RingBuf(Kill)


@ebee.tracepoint("syscalls:sys_enter_kill")
def on_kill(ctx):
    kills[ebee.tid()] = Kill(pid=ebee.pid(), comm=ebee.comm(), target=s32(ctx.pid), signal=ctx.sig)


@ebee.tracepoint("syscalls:sys_exit_kill")
def on_kill_done(ctx):
    kill = kills.lookup(ebee.tid())
    if kill is None:
        return
    with done.reserve() as e:
        e.pid = kill.pid
        e.comm = kill.comm
        e.target = kill.target
        e.signal = kill.signal
        e.result = ctx.ret
    del kills[ebee.tid()]


with ebee.attach(on_kill, on_kill_done):
    for k in done:
        name = signal.Signals(k.signal).name if k.signal else "0"
        result = "ok" if k.result == 0 else os.strerror(-k.result)
        print(f"{k.pid:<8} {k.comm:<16} {name:<10} {k.target:<8} {result}")

"""Which processes end, how, and how long did they live?

    sudo ebee run examples/exitsnoop.py -c 'sh -c "sleep 0.1; false; kill -9 $$"'
"""

import signal

import ebee
from ebee import RingBuf, Str, Struct, s32, u32, u64


class Exit(Struct):
    pid: u32
    parent: s32
    code: u32  # as wait() gives it: the exit code in the second byte, the signal in the lowest seven bits
    age_ns: u64
    comm: str = Str(16)


exits = RingBuf(Exit)


@ebee.tracepoint("sched:sched_process_exit")
def on_exit(ctx):
    if ctx.pid != ebee.pid():  # a thread, not a process
        return
    task = ebee.current_task()
    with exits.reserve() as e:
        e.pid = ebee.pid()
        e.parent = task.real_parent.tgid
        e.code = u32(task.exit_code)
        e.age_ns = ebee.ktime() - task.start_time
        e.comm = ctx.comm


with ebee.attach(on_exit):
    for x in exits:
        how = signal.Signals(x.code & 127).name if x.code & 127 else f"code {x.code >> 8 & 255}"
        print(f"{x.pid:<8} {x.parent:<8} {x.comm:<16} {x.age_ns / 1e6:>10.1f} ms  {how}")

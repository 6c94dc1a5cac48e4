"""Which threads and processes are started?

    sudo ebee run examples/threadsnoop.py -c 'python3 -c "import threading as t; t.Thread(target=print).start()"'
"""

import ebee
from ebee import RingBuf, Str, Struct, s32, u32

CLONE_THREAD = 0x10000  # include/uapi/linux/sched.h


class Start(Struct):
    pid: u32
    child: s32
    is_thread: bool
    comm: str = Str(16)


starts = RingBuf(Start)


@ebee.tracepoint("task:task_newtask")
def on_new_task(ctx):
    with starts.reserve() as e:
        e.pid = ebee.pid()
        e.child = ctx.pid
        e.is_thread = ctx.clone_flags & CLONE_THREAD != 0
        e.comm = ctx.comm


with ebee.attach(on_new_task):
    for s in starts:
        print(f"{s.pid:<8} {s.comm:<16} starts {'thread' if s.is_thread else 'process'} {s.child}")

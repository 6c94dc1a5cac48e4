"""What did a command open last? A flight recorder: all is seen, the last ten are kept.

    ebee run examples/lastcalls.py -c 'ls /usr/share'

A queue that throws out its oldest value costs the same however long the command runs.
"""

import ebee
from ebee import Queue, Str, Struct, u32, u64


class Open(Struct):
    time_ns: u64
    pid: u32
    path: str = Str(100)


last = Queue(Open, max_entries=10)


@ebee.tracepoint("syscalls:sys_enter_openat")
def on_open(ctx):
    opened = Open(time_ns=ebee.ktime(), pid=ebee.pid(), path=ebee.user_str(ctx.filename, 100))
    last.push(opened, overwrite=True)


with ebee.attach(on_open) as attachment:
    attachment.wait()

first = None
while (opened := last.pop(None)) is not None:
    first = first or opened
    print(f"+{(opened.time_ns - first.time_ns) / 1e6:<10.3f} {opened.pid:<8} {opened.path}")

"""Which files does a command open?

    ebee run examples/opens.py -c 'ls -R /usr/share'

prints pid, command and path of every open as it happens, and at the end how many each process made.
"""

import ebee
from ebee import Hash, RingBuf, Str, Struct, u32, u64


class Open(Struct):
    pid: u32
    comm: str = Str(16)
    path: str = Str(256)


opens = RingBuf(Open, size="1M")
counts = Hash(u32, u64, max_entries=10_240)


@ebee.tracepoint("syscalls:sys_enter_openat")
def on_open(ctx):  # runs in the kernel; ctx is typed from the tracepoint's format
    counts[ebee.pid()] += 1  # atomic
    with opens.reserve() as e:  # submitted on every exit; a full ring skips the body and is counted
        e.pid = ebee.pid()
        e.comm = ebee.comm()
        e.path = ebee.user_str(ctx.filename)


with ebee.attach(on_open, command=["ls", "-R", "/usr/share"]):  # the command and its descendants
    for e in opens:
        print(e.pid, e.comm, e.path)

print()
for pid, n in sorted(counts.items()):
    print(f"process {pid} opened {n} files")

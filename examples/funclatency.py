"""How long do calls of a function of the kernel take, for a command? A histogram.

    sudo ebee run examples/funclatency.py -c 'ls -R /etc' -- vfs_read
"""

import sys

import ebee
from ebee import Array, Hash, u32, u64

FUNCTION = sys.argv[1] if len(sys.argv) > 1 else "vfs_read"
began = Hash(u32, u64)  # by thread
times = Array(u64, max_entries=40)


@ebee.kprobe(FUNCTION)
def on_call(ctx):
    began[ebee.tid()] = ebee.ktime()


@ebee.kretprobe(FUNCTION)
def on_return(ctx):
    if began[ebee.tid()]:
        times[min(ebee.log2(ebee.ktime() - began[ebee.tid()]), 39)] += 1
        del began[ebee.tid()]


with ebee.attach(on_call, on_return) as attachment:
    attachment.wait()
print(f"{FUNCTION}: {sum(times.values())} calls")
ebee.print_histogram(times, unit="ns")

"""How large are the reads and writes of a command?

    ebee run examples/rwsize.py -c 'cp /usr/bin/env /dev/null'

The probes sort what each call moved into powers of two; a row of the histogram is one slot.
"""

import ebee
from ebee import Array, u64

reads = Array(u64, max_entries=64)
writes = Array(u64, max_entries=64)


def log2(n):
    power = 0
    while n > 1:
        n = n // 2
        power += 1
    return power


@ebee.tracepoint("syscalls:sys_exit_read")
def on_read(ctx):
    if ctx.ret > 0:
        reads[log2(ctx.ret)] += 1


@ebee.tracepoint("syscalls:sys_exit_write")
def on_write(ctx):
    if ctx.ret > 0:
        writes[log2(ctx.ret)] += 1


with ebee.attach(on_read, on_write) as attachment:
    attachment.wait()

for title, sizes in ("reads", reads), ("writes", writes):
    slots = [(power, n) for power, n in sizes.items() if n]
    print(f"{title}: {sum(n for _, n in slots)}")
    for power, n in slots:
        bar = "#" * max(1, n * 40 // max(n for _, n in slots))
        print(f"{1 << power:>10} .. {(2 << power) - 1:<10} {n:>8} {bar}")

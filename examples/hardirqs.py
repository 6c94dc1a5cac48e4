"""Which devices interrupt, how often and for how long, on the whole machine while the command runs?

    sudo ebee run examples/hardirqs.py --all -c 'sleep 1'
"""

import ebee
from ebee import Hash, PerCpuArray, Str, Struct, u64


class Total(Struct):
    count: u64
    ns: u64


class Running(Struct):
    ns: u64
    name: str = Str(32)


running = PerCpuArray(Running, max_entries=1)
totals = Hash(Str(32), Total)


@ebee.tracepoint("irq:irq_handler_entry")
def on_entry(ctx):
    running[0] = Running(ns=ebee.ktime(), name=ctx.name)


@ebee.tracepoint("irq:irq_handler_exit")
def on_exit(ctx):
    now = running.lookup(0)
    if now is None or not now.ns:
        return
    total = totals.setdefault(now.name, Total())
    total.count += 1
    total.ns += ebee.ktime() - now.ns


with ebee.attach(on_entry, on_exit) as attachment:
    attachment.wait()

for name, total in sorted(totals.items()):
    print(f"{name:<32} {total.count:>8} {total.ns / 1e6:>12.3f} ms")

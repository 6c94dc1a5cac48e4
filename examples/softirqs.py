"""How much time goes into softirqs, on the whole machine while the command runs?

    sudo ebee run examples/softirqs.py --all -c 'sleep 1'
"""

import ebee
from ebee import Array, PerCpuArray, Struct, u64

NAMES = ["hi", "timer", "net_tx", "net_rx", "block", "irq_poll", "tasklet", "sched", "hrtimer", "rcu"]


class Total(Struct):
    count: u64
    ns: u64


began = PerCpuArray(u64, max_entries=1)
totals = Array(Total, max_entries=len(NAMES))


@ebee.tracepoint("irq:softirq_entry")
def on_entry(ctx):
    began[0] = ebee.ktime()


@ebee.tracepoint("irq:softirq_exit")
def on_exit(ctx):
    total = totals.lookup(ctx.vec)
    if total is not None and began[0]:
        total.count += 1
        total.ns += ebee.ktime() - began[0]


with ebee.attach(on_entry, on_exit) as attachment:
    attachment.wait()

for name, total in zip(NAMES, totals.values()):
    if total.count:
        print(f"{name:<10} {total.count:>8} {total.ns / 1e6:>12.3f} ms")

"""How long do the tasks of a command wait for a CPU, once they could run? A histogram.

    sudo ebee run examples/runqlat.py -c 'sh -c "seq 300000 | sort | tail -n 1"'

Who is woken, and who gets the CPU, is not the current task: so the probe asks itself whom it follows.
"""

import ebee
from ebee import Array, Hash, s32, u64

queued = Hash(s32, u64)  # by thread: since when it could run
waits = Array(u64, max_entries=32)  # by powers of two of microseconds


@ebee.tp_btf("sched_wakeup", "sched_wakeup_new")
def on_wakeup(p):
    if ebee.followed(p.tgid):
        queued[p.pid] = ebee.ktime()


@ebee.tp_btf("sched_switch")
def on_switch(preempt, prev, next):
    if ebee.followed(prev.tgid) and (preempt or prev.__state == 0):  # TASK_RUNNING: pushed aside
        queued[prev.pid] = ebee.ktime()
    since = queued[next.pid]
    if since:
        waits[min(ebee.log2((ebee.ktime() - since) // 1000), 31)] += 1
        del queued[next.pid]


with ebee.attach(on_wakeup, on_switch) as attachment:
    attachment.wait()
ebee.print_histogram(waits, unit="us")

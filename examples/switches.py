"""How often does each task of a command leave its CPU, and why: does it wait, or is it pushed aside?

    sudo ebee run examples/switches.py -c 'sh -c "sleep 0.1; seq 300000 | sort | tail -n 1"'
"""

import ebee
from ebee import Hash, Str, Struct, u32, u64


class Switches(Struct):
    comm: str = Str(16)
    waits: u64
    pushed: u64


tasks = Hash(u32, Switches)


@ebee.tracepoint("sched:sched_switch")
def on_switch(ctx):
    task = tasks.setdefault(ebee.tid(), Switches())  # the entry itself
    task.comm = ebee.comm()  # an execve may have changed it
    if ctx.prev_state == 0 or ctx.prev_state >= 256:  # still running: TASK_RUNNING, or preempted
        task.pushed += 1
    else:
        task.waits += 1


with ebee.attach(on_switch) as attachment:
    attachment.wait()

print(f"{'TID':<8} {'COMM':<16} {'WAITS':>8} {'PUSHED':>8}")
for tid, t in sorted(tasks.items()):
    print(f"{tid:<8} {t.comm:<16} {t.waits:>8} {t.pushed:>8}")

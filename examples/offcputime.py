"""Which threads of a command wait longest, asleep, blocked on a device, or ready to run, and where the longest time?

    sudo ebee run examples/offcputime.py -c 'sh -c "sleep 0.2; seq 300000 | sort | tail -n 1"'
"""

import ebee
from ebee import Hash, StackTrace, Str, Struct, s32, u8, u64

KINDS = ["ready", "asleep", "blocked"]


class Off(Struct):
    since_ns: u64
    kind: u8
    user: s32
    kernel: s32


class Waited(Struct):
    comm: str = Str(16)
    ready_ns: u64
    asleep_ns: u64
    blocked_ns: u64
    pid: s32
    longest_ns: u64
    user: s32  # the stacks of the longest time
    kernel: s32


stacks = StackTrace(depth=64, max_entries=1 << 16)
off = Hash(s32, Off)  # threads that are off their CPU
threads = Hash(s32, Waited)


@ebee.tp_btf("sched_switch")
def on_switch(preempt, prev, next):
    now = ebee.ktime()
    if ebee.followed(prev.tgid):
        kind = 0 if preempt or prev.__state & 3 == 0 else prev.__state & 3  # TASK_INTERRUPTIBLE, TASK_UNINTERRUPTIBLE
        user, kernel = ebee.stack_id(stacks, user=True), ebee.stack_id(stacks)
        off[prev.pid] = Off(since_ns=now, kind=u8(min(kind, 2)), user=user, kernel=kernel)
    began = off.lookup(next.pid)
    if began is None:
        return
    ns = now - began.since_ns
    waited = threads.setdefault(next.pid, Waited())
    waited.comm = next.comm  # an execve may have changed it
    if ns > waited.longest_ns:
        waited.pid, waited.longest_ns, waited.user, waited.kernel = next.tgid, ns, began.user, began.kernel
    match began.kind:
        case 0:
            waited.ready_ns += ns
        case 1:
            waited.asleep_ns += ns
        case _:
            waited.blocked_ns += ns
    del off[next.pid]


with ebee.attach(on_switch) as attachment:
    attachment.wait()

print(f"{'TID':<8} {'COMM':<16} {'READY':>12} {'ASLEEP':>12} {'BLOCKED':>12}  ms")
for tid, w in sorted(threads.items(), key=lambda t: -t[1].ready_ns - t[1].asleep_ns - t[1].blocked_ns):
    print(f"{tid:<8} {w.comm:<16} {w.ready_ns / 1e6:>12.3f} {w.asleep_ns / 1e6:>12.3f} {w.blocked_ns / 1e6:>12.3f}")
    for frame in stacks[w.kernel].symbols() + stacks[w.user].symbols(w.pid):
        print(f"    {frame}")

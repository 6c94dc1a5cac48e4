"""How long do the threads of a command stay on a CPU each time, and off it? Two histograms.

    sudo ebee run examples/cpudist.py -c 'sh -c "sleep 0.1; seq 300000 | sort | tail -n 1"'
"""

import ebee
from ebee import Array, Hash, s32, u64

since = Hash(s32, u64)  # by thread: its last change
on, off = Array(u64, max_entries=32), Array(u64, max_entries=32)  # by powers of two of microseconds


def changed(times, pid):
    if since[pid]:
        times[min(ebee.log2((ebee.ktime() - since[pid]) // 1000), 31)] += 1
    since[pid] = ebee.ktime()


@ebee.tp_btf("sched_switch")
def on_switch(prev, next):
    if ebee.followed(prev.tgid):
        changed(on, prev.pid)
    if ebee.followed(next.tgid):
        changed(off, next.pid)


with ebee.attach(on_switch) as attachment:
    attachment.wait()

for title, times in ("on a CPU", on), ("off it", off):
    print(f"{title}: {sum(times.values())}")
    ebee.print_histogram(times, unit="us")

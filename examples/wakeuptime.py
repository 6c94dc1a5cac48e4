"""Who wakes the threads of a command, and how long did they sleep until then?

    sudo ebee run examples/wakeuptime.py -c 'sh -c "seq 300000 | sort | tail -n 1"'
"""

import ebee
from ebee import Hash, Str, Struct, s32, u64


class Pair(Struct):
    sleeper: str = Str(16)
    waker: str = Str(16)


class Wakeups(Struct):
    count: u64
    asleep_ns: u64


asleep = Hash(s32, u64)  # by thread: since when
pairs = Hash(Pair, Wakeups)


@ebee.tp_btf("sched_switch")
def on_switch(preempt, prev):
    if ebee.followed(prev.tgid) and prev.__state != 0 and not preempt:
        asleep[prev.pid] = ebee.ktime()


@ebee.tp_btf("sched_waking")
def on_waking(p):
    since = asleep[p.pid]
    if since and ebee.followed(p.tgid):
        pair = Pair(sleeper=p.comm, waker=ebee.comm())
        wakeups = pairs.setdefault(pair, Wakeups())
        wakeups.count += 1
        wakeups.asleep_ns += ebee.ktime() - since
        del asleep[p.pid]


with ebee.attach(on_switch, on_waking) as attachment:
    attachment.wait()

for pair, w in sorted(pairs.items(), key=lambda item: -item[1].asleep_ns):
    print(f"{pair.waker:<16} wakes {pair.sleeper:<16} {w.count:>8} times, after {w.asleep_ns / 1e6:.3f} ms in all")

"""Which locks do threads wait for, how often and how long?

    sudo ebee run examples/futexctn.py -c 'python3 -m http.server'

A futex is known by its address; a wait that timed out is a wait, too.
"""

import ebee
from ebee import Hash, Str, Struct, u32, u64

FUTEX_CMD_MASK = 0x7F  # without FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME
WAITS = (0, 6, 9)  # FUTEX_WAIT, FUTEX_LOCK_PI, FUTEX_WAIT_BITSET: include/uapi/linux/futex.h


class Lock(Struct):
    pid: u32
    address: u64


class Begin(Struct):
    lock: Lock
    ns: u64


class Waits(Struct):
    count: u64
    total_ns: u64
    longest_ns: u64
    comm: str = Str(16)


begins = Hash(u32, Begin)  # by thread
locks = Hash(Lock, Waits)


@ebee.tracepoint("syscalls:sys_enter_futex")
def on_futex(ctx):
    if ctx.op & FUTEX_CMD_MASK in WAITS:
        begins[ebee.tid()] = Begin(lock=Lock(pid=ebee.pid(), address=u64(ctx.uaddr)), ns=ebee.ktime())


@ebee.tracepoint("syscalls:sys_exit_futex")
def on_futex_done(ctx):
    begin = begins.lookup(ebee.tid())
    if begin is None:
        return
    key, ns = begin.lock, ebee.ktime() - begin.ns
    waits = locks.setdefault(key, Waits(comm=ebee.comm()))
    waits.count += 1
    waits.total_ns += ns
    if ns > waits.longest_ns:
        waits.longest_ns = ns
    del begins[ebee.tid()]


with ebee.attach(on_futex, on_futex_done) as attachment:
    attachment.wait()

for lock, w in sorted(locks.items(), key=lambda entry: -entry[1].total_ns):
    mean_ms, longest_ms = w.total_ns / w.count / 1e6, w.longest_ns / 1e6
    times = f"{w.count:>6} waits, mean {mean_ms:.2f} ms, max {longest_ms:.2f} ms"
    print(f"{lock.pid:<8} {w.comm:<16} {lock.address:#x} {times}")

"""How often does a command call the functions of a library, and how long do they take?

    sudo ebee run examples/functime.py -c 'ls -l /etc' -- libc 'str*'

One probe for all functions that a pattern fits: `ctx.cookie` says which it was, as an index into
the list of their names.
"""

import sys

import ebee
from ebee import Hash, Struct, u32, u64

LIBRARY, PATTERN = sys.argv[1:] if len(sys.argv) == 3 else ("libc", "*env")
NAMES = ebee.user_functions(LIBRARY, PATTERN)


class Call(Struct):
    tid: u32
    function: u32


class Time(Struct):
    calls: u64
    ns: u64


started = Hash(Call, u64)
times = Hash(u32, Time, max_entries=65_536)


@ebee.uprobe(LIBRARY, PATTERN)
def on_call(ctx):
    started[Call(tid=ebee.tid(), function=u32(ctx.cookie))] = ebee.ktime()


@ebee.uretprobe(LIBRARY, PATTERN)
def on_return(ctx):
    call = Call(tid=ebee.tid(), function=u32(ctx.cookie))
    start = started.get(call, 0)
    if start == 0:
        return
    del started[call]
    if call.function not in times:
        times[call.function] = Time()
    time = times.lookup(call.function)
    if time:
        time.calls += 1
        time.ns += ebee.ktime() - start


with ebee.attach(on_call, on_return) as attachment:
    attachment.wait()

print(f"{'CALLS':>8} {'MEAN ns':>10}  FUNCTION")
for function, time in sorted(times.items(), key=lambda item: -item[1].ns):
    print(f"{time.calls:>8} {time.ns // time.calls:>10}  {NAMES[function]}")

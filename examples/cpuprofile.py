"""Where does a command spend its time? Samples of its stacks, those that were seen most.

    sudo ebee run examples/cpuprofile.py -c 'python3 -c "sum(range(50_000_000))"'
    sudo ebee run examples/cpuprofile.py -c 'make' -- 997                           # samples in a second
    sudo ebee run examples/cpuprofile.py -c 'make' -- 99 folded | flamegraph.pl     # all of them, for a flame graph

Samples are taken while a CPU works for the command, in the kernel too; each stack is kept once, by its number.
"""

import sys

import ebee
from ebee import Hash, StackTrace, Str, Struct, s32, u32, u64

HZ = int(sys.argv[1]) if len(sys.argv) > 1 else 99
FOLDED = "folded" in sys.argv[2:]


class Where(Struct):
    pid: u32
    user: s32
    kernel: s32
    comm: str = Str(16)


stacks = StackTrace(depth=64)
samples = Hash(Where, u64)


@ebee.profile(hz=HZ)
def on_sample(ctx):
    user = ebee.stack_id(stacks, user=True)
    kernel = ebee.stack_id(stacks)
    samples[Where(pid=ebee.pid(), user=user, kernel=kernel, comm=ebee.comm())] += 1


with ebee.attach(on_sample) as attachment:
    attachment.wait()

if not FOLDED:
    print(f"{sum(samples.values())} samples")
for where, n in sorted(samples.items(), key=lambda item: -item[1])[: None if FOLDED else 10]:
    user, kernel = stacks[where.user], stacks[where.kernel]
    if FOLDED:
        print(";".join(filter(None, [where.comm, user.folded(where.pid), kernel.folded()])), n)
        continue
    print(f"\n{n} x {where.comm}")
    for frame in kernel.symbols() + user.symbols(where.pid):
        print(f"    {frame}")

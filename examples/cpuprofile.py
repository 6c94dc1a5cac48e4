"""Where does a command spend its time? Samples of its stacks, those that were seen most.

    sudo ebee run examples/cpuprofile.py -c 'python3 -c "sum(range(50_000_000))"'
    sudo ebee run examples/cpuprofile.py -c 'make' -- 997                           # samples in a second

Samples are taken while a CPU works for the command, in the kernel too; each stack is kept once, by its number.
"""

import sys

import ebee
from ebee import Hash, StackTrace, Str, Struct, s32, u64

HZ = int(sys.argv[1]) if len(sys.argv) > 1 else 99


class Where(Struct):
    user: s32
    kernel: s32
    comm: str = Str(16)


stacks = StackTrace(depth=64)
samples = Hash(Where, u64)


@ebee.profile(hz=HZ)
def on_sample(ctx):
    user = ebee.stack_id(stacks, user=True)
    kernel = ebee.stack_id(stacks)
    samples[Where(user=user, kernel=kernel, comm=ebee.comm())] += 1


with ebee.attach(on_sample) as attachment:
    attachment.wait()

print(f"{sum(samples.values())} samples")
for where, n in sorted(samples.items(), key=lambda item: -item[1])[:10]:
    frames = [f"{ebee.kernel_symbol(ip)} [k]" for ip in stacks[where.kernel]]
    frames += [f"{ip:#x}" for ip in stacks[where.user]]
    print(f"\n{n} x {where.comm}")
    for frame in frames:
        print(f"    {frame}")

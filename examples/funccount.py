"""How often does a command make the kernel call functions, of those that a pattern fits?

    sudo ebee run examples/funccount.py -c 'ls -R /etc' -- 'vfs_*'
"""

import sys

import ebee
from ebee import Hash, u64

PATTERN = sys.argv[1] if len(sys.argv) > 1 else "vfs_*"
counts = Hash(u64, u64)  # by address


@ebee.kprobe(PATTERN)
def on_call(ctx):
    counts[ctx.ip] += 1


with ebee.attach(on_call) as attachment:
    attachment.wait()

with open("/proc/kallsyms") as file:
    names = {int(address, 16): name for address, _, name, *_ in map(str.split, file)}
for address, n in sorted(counts.items(), key=lambda item: item[1]):
    # A function may begin with an instruction of some bytes for branch tracking, before the place of the probe.
    name = next((names[address - back] for back in range(17) if address - back in names), hex(address))
    print(f"{n:>10} {name}")

"""Which system calls does a command make, and how many of each?

    ebee run examples/syscount.py -c 'ls /'

counts in a map by number; the names come from the kernel's list, which ebee carries along.
"""

import os

import ebee
from ebee import Hash, u64
from ebee.abi.syscalls import SYSCALLS

counts = Hash(u64, u64)


@ebee.tracepoint("raw_syscalls:sys_enter")
def on_call(ctx):
    counts[u64(ctx.id)] += 1


with ebee.attach(on_call) as attachment:
    attachment.wait()

arch = {"aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
names = {number: name for name, number in SYSCALLS[arch].items()}
for number, n in sorted(counts.items(), key=lambda entry: -entry[1]):
    print(f"{n:>8} {names.get(number, number)}")

"""How large are the blocks that a command asks malloc for, and how much is that together?

    sudo ebee run examples/mallocs.py -c 'ls -R /usr/share'
    sudo ebee run examples/mallocs.py -c 'my-program' -- /opt/lib/libjemalloc.so     # another library's malloc

A probe on a function of a library: its parameter is the function's first argument.
"""

import sys

import ebee
from ebee import Array, Hash, u32, u64

LIBRARY = sys.argv[1] if len(sys.argv) > 1 else "libc"
sizes = Array(u64, max_entries=65)
total = Hash(u32, u64)


@ebee.uprobe(LIBRARY, "malloc")
def on_malloc(size: u64):
    power = 0
    while size >> power > 1:
        power += 1
    sizes[power] += 1
    total[0] += 1
    total[1] += size


with ebee.attach(on_malloc) as attachment:
    attachment.wait()

print(f"{total[0]} blocks, {total[1]} bytes")
for power, n in sizes.items():
    if n:
        print(f"{1 << power:>12} .. {(2 << power) - 1:<12} {n:>8}")

"""Which arguments are system calls given? A histogram of each, or how often each value was seen.

    ebee run examples/argdist.py -c 'ls -R /usr/share'
    ebee run examples/argdist.py -c 'ls -R /usr/share' -- write:count read:fd openat:flags     # these arguments

Functions make the probes, one for each argument that was asked for, and the map that each of them counts in.
"""

import sys

import ebee
from ebee import Hash, u64


def distribution(event, value):
    """A probe on an event, and the map in which it counts values."""
    counts = Hash(u64, u64)

    @ebee.tracepoint(event)
    def probe(ctx):
        counts[value(ctx)] += 1

    return probe, counts


def argument(name):
    """A function that is known when the probe is compiled: a size is counted by its power of two."""
    if name == "count":
        return lambda ctx: ebee.log2(ctx.count)
    return lambda ctx: u64(getattr(ctx, name))


asked = [text.partition(":")[::2] for text in sys.argv[1:] or ["read:count", "write:count", "close:fd"]]
made = {f"{call}: {name}": distribution(f"syscalls:sys_enter_{call}", argument(name)) for call, name in asked}

with ebee.attach(*(probe for probe, _ in made.values())) as attachment:
    attachment.wait()

for title, (_, counts) in made.items():
    print(f"\n{title}")
    if title.endswith(": count"):
        ebee.print_histogram(counts, unit="bytes")
    else:
        for value, n in sorted(counts.items(), key=lambda item: -item[1])[:10]:
            print(f"{value:>12} {n:>8}")

"""Which different files does a command open? Each path once, when it is opened first.

    ebee run examples/firstopens.py -c 'sh -c "cat /etc/hostname; cat /etc/hostname"'

A Bloom filter keeps what was seen in a few bits a path, however long the paths are; one path in a hundred or so may be
taken for one that was seen.
"""

import ebee
from ebee import BloomFilter, RingBuf, Str, Struct


class Open(Struct):
    path: str = Str(256)


seen = BloomFilter(Str(256), max_entries=100_000)
opens = RingBuf(Open, size="1M")


@ebee.tracepoint("syscalls:sys_enter_openat")
def on_open(ctx):
    path = ebee.user_str(ctx.filename, 256)
    if path not in seen:
        seen.add(path)
        with opens.reserve() as e:
            e.path = path


with ebee.attach(on_open):
    for e in opens:
        print(e.path)

"""Which blocks did a command get from malloc and never free, and which code asked for them?

    sudo ebee run examples/memleak.py -c 'my-program'
    sudo ebee run examples/memleak.py -c 'my-program' -- /opt/lib/libjemalloc.so     # another library's malloc

A block stands in a map, by its address, from malloc's return to free. What is left at the end is grouped by its stack.
"""

import sys

import ebee
from ebee import Hash, StackTrace, Struct, s32, u32, u64

LIBRARY = sys.argv[1] if len(sys.argv) > 1 else "libc"


class Block(Struct):
    size: u64
    stack: s32


class Address(Struct):
    pid: u32
    at: u64


asked = Hash(u32, u64)  # by thread: how much it has asked for
blocks = Hash(Address, Block, max_entries=1 << 20)
stacks = StackTrace(depth=16, max_entries=1 << 16)


@ebee.uprobe(LIBRARY, "malloc")
def on_malloc(size: u64):
    asked[ebee.tid()] = size


@ebee.uretprobe(LIBRARY, "malloc")
def on_block(ret: u64):
    size = asked.pop(ebee.tid(), 0)
    if ret and size:
        blocks[Address(pid=ebee.pid(), at=ret)] = Block(size=size, stack=ebee.stack_id(stacks, user=True))


@ebee.uprobe(LIBRARY, "free")
def on_free(at: u64):
    block = Address(pid=ebee.pid(), at=at)
    if block in blocks:
        del blocks[block]


with ebee.attach(on_malloc, on_block, on_free) as attachment:
    attachment.wait()

left: dict[tuple[int, int], list[int]] = {}
for where, block in blocks.items():
    left.setdefault((where.pid, block.stack), []).append(block.size)
for (pid, stack), sizes in sorted(left.items(), key=lambda item: -sum(item[1]))[:10]:
    print(f"{sum(sizes)} bytes in {len(sizes)} blocks from")
    for frame in stacks[stack].symbols(pid):
        print(f"    {frame}")

"""How large are the requests that a command makes of disks? A histogram for each program.

    sudo ebee run examples/bitesize.py -c 'dd if=/etc/services of=/dev/null bs=4096 iflag=direct'
"""

import ebee
from ebee import Hash, Str, Struct, u32, u64


class Size(Struct):
    comm: str = Str(16)
    power: u32


sizes = Hash(Size, u64)


@ebee.tracepoint("block:block_rq_issue")
def on_issue(ctx):
    sizes[Size(comm=ctx.comm, power=ebee.log2(ctx.bytes))] += 1


with ebee.attach(on_issue) as attachment:
    attachment.wait()

for comm in sorted({size.comm for size in sizes}):
    print(f"{comm}:")
    ebee.print_histogram({size.power: n for size, n in sizes.items() if size.comm == comm}, unit="bytes")

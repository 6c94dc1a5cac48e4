"""How long do the requests that a command makes of disks take? A histogram.

    sudo ebee run examples/biolatency.py -c 'dd if=/etc/services of=/dev/null iflag=direct'
"""

import ebee
from ebee import Array, Hash, Struct, u32, u64


class Issued(Struct):
    ns: u64
    pid: u32


issued = Hash(u64, Issued)  # by the address of the kernel's struct request
times = Array(u64, max_entries=32)


@ebee.tp_btf("block_rq_issue")
def on_issue(rq):
    issued[u64(rq)] = Issued(ns=ebee.ktime(), pid=ebee.pid())


@ebee.tp_btf("block_rq_complete")
def on_complete(rq):
    request = issued.lookup(u64(rq))
    if request is not None:
        if ebee.followed(request.pid):
            times[min(ebee.log2((ebee.ktime() - request.ns) // 1000), 31)] += 1
        del issued[u64(rq)]


with ebee.attach(on_issue, on_complete) as attachment:
    attachment.wait()
ebee.print_histogram(times, unit="us")

"""Which requests does a command make of disks, and how long does each take?

    sudo ebee run examples/biosnoop.py -c 'dd if=/etc/services of=/dev/null iflag=direct'

A request ends while somebody else has the CPU: so it is looked up by its address, and the probe asks whom it follows.
"""

import ebee
from ebee import Hash, RingBuf, Str, Struct, u8, u32, u64

OPERATIONS = {0: "read", 1: "write", 2: "flush", 3: "discard"}  # enum req_op, include/linux/blk_types.h


class Request(Struct):
    pid: u32
    bytes: u32
    sector: u64
    ns: u64  # when it was issued, and then how long it took
    operation: u8
    comm: str = Str(16)
    disk: str = Str(32)


issued = Hash(u64, Request)  # by the address of the kernel's struct request
done = RingBuf(Request)


@ebee.tp_btf("block_rq_issue")
def on_issue(rq):
    issued[u64(rq)] = Request(
        pid=ebee.pid(), comm=ebee.comm(), bytes=rq.__data_len, sector=u64(rq.__sector), ns=ebee.ktime(),
        operation=u8(rq.cmd_flags & 255), disk=rq.q.disk.disk_name,
    )  # fmt: skip


@ebee.tp_btf("block_rq_complete")
def on_complete(rq):
    request = issued.lookup(u64(rq))
    if request is not None:
        if ebee.followed(request.pid):
            request.ns = ebee.ktime() - request.ns
            done.output(request)
        del issued[u64(rq)]


with ebee.attach(on_issue, on_complete):
    for r in done:
        what = OPERATIONS.get(r.operation, f"operation {r.operation}")
        print(f"{r.pid:<8} {r.comm:<16} {r.disk:<10} {what:<8} {r.sector:<12} {r.bytes:>8} {r.ns / 1e6:>10.3f} ms")

"""Which sockets listen, with what backlog, and with what result?

    ebee run examples/solisten.py -c 'timeout 1 python3 -m http.server --bind 127.0.0.1 8123'
"""

import errno

import ebee
from ebee import Hash, RingBuf, Str, Struct, s32, s64, u32


class Listen(Struct):
    pid: u32
    fd: s32
    backlog: s32
    result: s64
    comm: str = Str(16)


calls = Hash(u32, Listen)  # by thread, between the entry and the exit of the call
listens = RingBuf(Listen)


@ebee.tracepoint("syscalls:sys_enter_listen")
def on_listen(ctx):
    calls[ebee.tid()] = Listen(pid=ebee.pid(), fd=s32(ctx.fd), backlog=s32(ctx.backlog), comm=ebee.comm())


@ebee.tracepoint("syscalls:sys_exit_listen")
def on_listen_done(ctx):
    call = calls.lookup(ebee.tid())
    if call is not None:
        call.result = ctx.ret
        listens.output(call)
        del calls[ebee.tid()]


with ebee.attach(on_listen, on_listen_done):
    for x in listens:
        result = errno.errorcode[-x.result] if x.result else "ok"
        print(f"{x.pid:<8} {x.comm:<16} fd {x.fd:<4} backlog {x.backlog:<6} {result}")

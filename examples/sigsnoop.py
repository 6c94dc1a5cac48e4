"""Which signals are made, by whom and for whom, also those that no system call sends?

    sudo ebee run examples/sigsnoop.py -c 'sh -c "sleep 9 & kill $!; wait"'

Beside what kill() sends this shows SIGPIPE, SIGSEGV and their like, which the kernel sends itself.
"""

import signal

import ebee
from ebee import RingBuf, Str, Struct, s32, u32

RESULTS = ["delivered", "ignored", "pending already", "overflow", "lost"]  # enum in include/trace/events/signal.h


class Signal(Struct):
    pid: u32
    target: s32
    number: s32
    result: s32
    comm: str = Str(16)
    target_comm: str = Str(16)


signals = RingBuf(Signal)


@ebee.tracepoint("signal:signal_generate")
def on_signal(ctx):
    with signals.reserve() as e:
        e.pid = ebee.pid()
        e.target = ctx.pid
        e.number = ctx.sig
        e.result = ctx.result
        e.comm = ebee.comm()
        e.target_comm = ctx.comm


with ebee.attach(on_signal):
    for s in signals:
        name = signal.Signals(s.number).name if s.number in set(signal.Signals) else f"signal {s.number}"
        print(f"{s.pid:<8} {s.comm:<16} {name:<10} {s.target:<8} {s.target_comm:<16} {RESULTS[s.result]}")

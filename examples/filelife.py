"""Which files are made and removed again, and how long do they live?

    ebee run examples/filelife.py -c 'sh -c "touch /tmp/shortlived; sleep 0.1; rm /tmp/shortlived"'

A file is known by the path under which it was opened with O_CREAT: removing it under another one is not seen.
"""

import os

import ebee
from ebee import LruHash, RingBuf, Str, Struct, u64


class Life(Struct):
    path: str = Str(128)
    maker: str = Str(16)
    remover: str = Str(16)
    age_ns: u64


class Birth(Struct):
    time_ns: u64
    maker: str = Str(16)


births = LruHash(Str(128), Birth)
lives = RingBuf(Life)


@ebee.tracepoint("syscalls:sys_enter_openat")
def on_open(ctx):
    if ctx.flags & os.O_CREAT:
        births[ebee.user_str(ctx.filename, 128)] = Birth(time_ns=ebee.ktime(), maker=ebee.comm())


def removed(address):
    path = ebee.user_str(address, 128)
    birth = births.lookup(path)
    if birth is not None:
        with lives.reserve() as e:
            e.path = path
            e.maker = birth.maker
            e.remover = ebee.comm()
            e.age_ns = ebee.ktime() - birth.time_ns
        del births[path]


@ebee.tracepoint("syscalls:sys_enter_unlink")
def on_unlink(ctx):
    removed(ctx.pathname)


@ebee.tracepoint("syscalls:sys_enter_unlinkat")
def on_unlinkat(ctx):
    removed(ctx.pathname)


with ebee.attach(on_open, on_unlink, on_unlinkat):
    for life in lives:
        print(f"{life.path} lived {life.age_ns / 1e6:.1f} ms, from {life.maker} to {life.remover}")

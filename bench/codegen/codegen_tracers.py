"""Tracers of the code benchmark; each has a twin of the same name in C."""

from __future__ import annotations

import ebee
from ebee import Array, Hash, RingBuf, Str, Struct, s64, u32, u64


class Open(Struct):
    pid: u32
    comm: str = Str(16)
    path: str = Str(256)


class Exit(Struct):
    ts_ns: u64
    ret: s64
    pid: u32
    tid: u32
    comm: str = Str(16)


class Owner(Struct):
    pid: u32
    uid: u32


class Stat(Struct):
    count: u64
    last_ns: u64
    largest: u64


counts = Hash(u32, u64)
opens = RingBuf(Open, size="64K")
exits = RingBuf(Exit, size="64K")
started = Hash(u32, u64)
total_ns = Hash(u32, u64)
sizes = Array(u64, max_entries=64)
total = Array(u64, max_entries=4)
owners = Hash(Owner, u64)
stats = Hash(u32, Stat)
errors = Hash(u32, u64)


@ebee.tracepoint("syscalls:sys_enter_openat")
def count_by_pid(ctx):
    counts[ebee.pid()] += 1


@ebee.tracepoint("syscalls:sys_enter_openat")
def open_record(ctx):
    with opens.reserve() as e:
        e.pid = ebee.pid()
        e.comm = ebee.comm()
        e.path = ebee.user_str(ctx.filename)


@ebee.tracepoint("syscalls:sys_exit_openat")
def exit_record(ctx):
    with exits.reserve() as e:
        e.ts_ns = ebee.ktime()
        e.ret = ctx.ret
        e.pid = ebee.pid()
        e.tid = ebee.tid()
        e.comm = ebee.comm()


@ebee.tracepoint("syscalls:sys_enter_openat")
def latency_enter(ctx):
    started[ebee.tid()] = ebee.ktime()


@ebee.tracepoint("syscalls:sys_exit_openat")
def latency_exit(ctx):
    tid = ebee.tid()
    start = started[tid]
    if start:
        total_ns[ebee.pid()] += u64(ebee.ktime() - start)
        del started[tid]


@ebee.tracepoint("syscalls:sys_enter_mmap")
def histogram_log2(ctx):
    n = ctx.len
    bucket = 0
    if n >= 1 << 32:
        bucket += 32
        n >>= 32
    if n >= 1 << 16:
        bucket += 16
        n >>= 16
    if n >= 1 << 8:
        bucket += 8
        n >>= 8
    if n >= 1 << 4:
        bucket += 4
        n >>= 4
    if n >= 1 << 2:
        bucket += 2
        n >>= 2
    if n >= 1 << 1:
        bucket += 1
    sizes[bucket] += 1


@ebee.tracepoint("syscalls:sys_enter_openat")
def filter_by_comm(ctx):
    if ebee.comm() == "bash":
        total[0] += 1


@ebee.tracepoint("syscalls:sys_enter_openat")
def path_prefix(ctx):
    if ebee.user_str(ctx.filename, 32).startswith("/etc/"):
        total[0] += 1


@ebee.tracepoint("syscalls:sys_enter_openat")
def count_by_owner(ctx):
    owners[Owner(pid=ebee.pid(), uid=ebee.uid())] += 1


@ebee.tracepoint("syscalls:sys_enter_mmap")
def stat_in_place(ctx):
    pid = ebee.pid()
    stat = stats.lookup(pid)
    if stat is None:
        stats[pid] = Stat(count=1, last_ns=ebee.ktime(), largest=ctx.len)
        return
    stat.count += 1
    stat.last_ns = ebee.ktime()
    if ctx.len > stat.largest:
        stat.largest = ctx.len


@ebee.tracepoint("syscalls:sys_exit_openat")
def errors_by_number(ctx):
    if ctx.ret < 0:
        errors[u32(-ctx.ret)] += 1


@ebee.tracepoint("syscalls:sys_enter_mmap")
def pages_by_pid(ctx):
    pages = u64(ctx.len + 4095) >> 12
    if pages > 1:
        counts[ebee.pid()] += pages


@ebee.tracepoint("syscalls:sys_exit_openat")
def results(ctx):
    if ctx.ret >= 0:
        total[0] += 1
    elif ctx.ret == -2:
        total[1] += 1
    else:
        total[2] += 1

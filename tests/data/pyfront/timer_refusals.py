"""What the compiler refuses to do with timers. Read by tests/unit/pyfront/test_pyfront_refusals.py; see refusals.py."""

import ebee
from ebee import Hash, PerCpuHash, Struct, Timer, WorkQueue, u32, u64


class Held(Struct):
    n: u64
    timer: Timer


class Job(Struct):
    n: u64
    work: WorkQueue


class Outer(Struct):
    n: u64
    held: Held


held = Hash(u32, Held)
outers = Hash(u32, Outer)
jobs = Hash(u32, Job)
per_cpu = PerCpuHash(u32, Held)


def tick(m, key, value):
    value.n += 1


def other(m, key):
    pass


def gives(m, key, value):
    return value.n


@ebee.xdp
def work_queues(pkt):
    v = jobs.lookup(1)
    if v is None:
        return 2
    v.work.cancel()  # error: a WorkQueue has no cancel() | it has start(callback)
    v.work.start(5, tick)  # error: start() takes 1 arguments, not 2
    v.work.start(6)  # error: start() takes a function to be called, not 6
    v.work.start(other)  # error: other() takes other arguments than a work queue's callback | def other(m, key, value):
    w = v.work  # error: a WorkQueue cannot get a name | use it where it is: v.field.start(…)
    copy = jobs[1]  # error: a copy of Job would have its WorkQueue twice | take the fields: v = m.lookup(k), v.field
    local = Job(n=1)
    local.work.start(tick)  # error: a work queue works in an entry of a map only | v = m.lookup(k), then v.field.start(…)
    return 2


@ebee.tracepoint("syscalls:sys_enter_openat")
def anywhere_work(ctx):
    v = jobs.lookup(1)
    if v is not None:
        v.work.start(tick)  # error: a tracepoint probe may run anywhere, also where a work queue cannot be set | use fentry, tp_btf, lsm or a hook of the network


@ebee.xdp
def timers(pkt):
    v = held.lookup(1)
    if v is None:
        return ebee.XDP_PASS
    v.timer.stop()  # error: a Timer has no stop() | it has start(ns, callback) and cancel()
    v.timer.start(5)  # error: start() takes 2 arguments, not 1
    v.timer.start(-5, tick)  # error: -5 does not fit in the time of start() (u64)
    v.timer.start(5, 6)  # error: start() takes a function to be called, not 6
    v.timer.start(5, other)  # error: other() takes other arguments than a timer's callback | def other(m, key, value):
    v.timer.start(5, gives)  # error: gives() returns something, and nobody gets it | write `return` alone
    t = v.timer  # error: a Timer cannot get a name | use it where it is: v.field.start(…)
    v.timer = None  # error: Held.timer (Timer) cannot be assigned | it is started: v.field.start(…)
    copy = held[1]  # error: a copy of Held would have its Timer twice | take the fields: v = m.lookup(k), v.field
    local = Held()
    local.timer.start(5, tick)  # error: a timer works in an entry of a map only | v = m.lookup(k), then v.field.start(…)
    w = outers.lookup(1)
    if w is not None:
        w.held.timer.start(5, tick)  # error: a timer works in an entry of a map only | v = m.lookup(k), then v.field.start(…)
    x = per_cpu.lookup(1)
    if x is not None:
        x.timer.start(5, tick)  # error: per_cpu is a PerCpuHash, which has no timers | take a Hash or an Array
    return ebee.XDP_PASS


@ebee.tracepoint("syscalls:sys_enter_openat")
def anywhere(ctx):
    v = held.lookup(1)
    if v is not None:
        v.timer.start(5, tick)  # error: a tracepoint probe may run anywhere, also where a timer cannot be set | use fentry, tp_btf, lsm or a hook of the network


@ebee.xdp
def of_nobody(pkt):
    v = held.lookup(1)
    if v is not None:
        v.timer.start(5, who)
    return ebee.XDP_PASS

def who(m, key, value):
    value.n = ebee.pid()  # error: ebee.pid() has no meaning in a timer's callback: it runs on behalf of no task

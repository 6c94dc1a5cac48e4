"""What the compiler refuses of locks, kernel pointers and dynptrs. Each expected error stands beside the line that raises it."""

from synthetic_kernel import kernel_target

import ebee
from ebee import Array, Hash, Kptr, RingBuf, SpinLock, Struct, u32, u64

TARGET = kernel_target()


class Value(Struct):
    lock: SpinLock
    n: u64


class Plain(Struct):
    n: u64


class Kept(Struct):
    task: object = Kptr("task_struct")
    n: u64


counts = Hash(u32, u64)
values = Array(Value, max_entries=4)
kept = Array(Kept, max_entries=4)


@ebee.tp_btf("event")
def locks(p):
    v = values.lookup(0)
    if v is not None:
        with v.lock:
            v.n += 1
            counts[1] += 1  # error: while a lock is held nothing can be called: no function, no map but the entry itself | compute before, and write the entry's fields inside
        with v.lock:
            v.n = ebee.ktime()  # error: while a lock is held nothing can be called: no function, no map but the entry itself | compute before, and write the entry's fields inside
        a = v.lock  # error: a lock must be given back | with v.lock: …
        v.lock = 1  # error: Value.lock (bpf_spin_lock) is a lock, and cannot be assigned | with v.lock: …
    w = values[1]  # error: a Value holds a lock or a pointer of the kernel's, and cannot be copied or compared | v = m.lookup(k), then v.field
    x = values[1].lock  # error: a bpf_spin_lock holds a lock or a pointer of the kernel's, and cannot be copied or compared | v = m.lookup(k), then v.field
    y = Value()
    with y.lock:  # error: a bpf_spin_lock means something only in a map's entry | v = m.lookup(k), then v.field
        pass
    z = Value(lock=1)  # error: Value.lock (bpf_spin_lock) is the kernel's, and zero in a new value | v = m.lookup(k), then v.field


@ebee.tp_btf("event")
def pointers(p):
    v = kept.lookup(0)
    if v is not None:
        v.task = 5  # error: Kept.task (Kptr("task_struct")) takes a pointer to struct task_struct, not 5
        v.task = p.mm  # error: Kept.task (Kptr("task_struct")) takes a pointer to struct task_struct, not to struct mm_struct
        v.task = p.real_parent  # error: …may be null, and Kept.task (Kptr("task_struct")) may not | …
        t = ebee.kptr_xchg(v.task, None)  # error: what ebee.kptr_xchg(v.task, …) gives must be given back | with ebee.kptr_xchg(v.task, …) as old: …
        with ebee.kptr_xchg(v.n, None) as old:  # error: v.n is no pointer to an object of the kernel | declare the field as Kptr("task_struct")
            pass
        with ebee.kptr_xchg(5, None) as old:  # error: 5 is no field of a map's entry | ebee.kptr_xchg(v.task, None)
            pass


ring = RingBuf(Plain)
anything = RingBuf(bytes)


@ebee.xdp
def dynptrs(pkt):
    e = Plain()
    with ring.reserve(8) as r:  # error: ring.reserve() takes no size: its records are Plain | RingBuf(bytes)
        pass
    with anything.reserve() as r:  # error: the records of anything are bytes, not a Struct
        pass
    x = anything.reserve(8)  # error: what anything.reserve(8) gives must be given back | with anything.reserve(8) as record: …
    with anything.reserve(64) as r:
        r.read(0, e)  # error: a record is written, and read by who has the ring | record.write(off, from)
        r.write(-1, e)  # error: -1 does not fit in the offset of write() (u32)
        r.write(0, 5)  # error: value of write() takes memory, not 5 | a struct, a field of one, or a string
        r.write(0, e, 9)  # error: 9 is not the size of value, which has 8 bytes
        r.put(0)  # error: a record has no method put() | it has read(off, into) and write(off, from)
    r.write(0, e)  # error: r was given back at the end of its `with`
    d = ebee.dynptr(e)  # error: dynptr() takes a packet or a map's entry, not a Plain record
    p = ebee.dynptr(pkt)
    p.read(0, "text")  # error: value of read() takes memory, not 'text' | e = Event(), then e or e.field
    return 2

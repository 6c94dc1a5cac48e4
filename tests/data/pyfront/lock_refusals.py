"""What the compiler refuses of locks, kernel pointers and dynptrs. Each expected error stands beside the line that raises it."""

from synthetic_kernel import kernel_target

import ebee
from ebee import Array, Global, Hash, Kptr, RingBuf, SpinLock, Struct, u32, u64

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
limit = Global(Plain, constant=True)


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
        r.put(0)  # error: a record has no method put() | it has read, write, slice, slice_rdwr, clone, adjust, copy, memset, is_null, is_rdonly
        r.slice(0, Plain)  # error: a record is written, and read by who has the ring | record.write(off, from)
        r.adjust(0, 4)  # error: a record keeps its size | part = record.clone(), then part.adjust(start, end)
        part = r.clone()
        part.read(0, e)  # error: a record is written, and read by who has the ring | record.write(off, from)
        inside = r.slice_rdwr(0, Plain)
    part.write(0, e)  # error: part is not assigned on every way that leads here
    inside.n = 5  # error: inside is not assigned on every way that leads here
    r.write(0, e)  # error: r was given back at the end of its `with`
    d = ebee.dynptr(e)  # error: dynptr() takes a packet, or memory in a map, not a Plain record
    p = ebee.dynptr(pkt)
    s = p.slice(0, 5)  # error: slice() takes a Struct class, not 5
    s = p.slice(0, Plain)
    if s is not None:
        s.n = 1  # error: Plain.n (u64) is in a slice that is only read | d.slice_rdwr(off, Type) gives one to write to
        p.read(0, s)  # error: value of read() is in a slice that is only read | d.slice_rdwr(off, Type) gives one to write to
        ebee.fetch_add(s.n, 1)  # error: fetch_add() changes what others see: s.n is no number in a map or a Global | for example ebee.fetch_add(limit.value, …), or v = m.lookup(k), then ebee.fetch_add(v.field, …)
        p.write(0, e)
        counts[0] = s.n  # error: s may be gone: the packet was changed after pkt.slice(0, Plain) | take it again
    p.copy(0, e, 0, 4)  # error: copy() takes a dynptr, not a Plain record
    p.memset(0, 4, 256)  # error: 256 does not fit in the byte of memset() (u8)
    q = ebee.dynptr(limit.value)  # error: limit.value is constant: a probe cannot change it | declare it without constant=True
    p.read(0, "text")  # error: value of read() takes memory, not 'text' | e = Event(), then e or e.field
    return 2

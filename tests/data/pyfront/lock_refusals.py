"""What the compiler refuses of locks and kernel pointers. Each expected error stands beside the line that raises it."""

from synthetic_kernel import kernel_target

import ebee
from ebee import Array, Hash, Kptr, SpinLock, Struct, u32, u64

TARGET = kernel_target()


class Value(Struct):
    lock: SpinLock
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

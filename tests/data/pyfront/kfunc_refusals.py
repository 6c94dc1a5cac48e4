"""What the compiler refuses of functions of the kernel. Each expected error stands beside the line that raises it."""

from synthetic_kernel import kernel_target

import ebee
from ebee import Bytes, Hash, Struct, u32, u64

TARGET = kernel_target()


class Buffer(Struct):
    data: bytes = Bytes(16)


counts = Hash(u32, u64)
task_from_pid = ebee.kfunc("bpf_task_from_pid")
task_acquire = ebee.kfunc("bpf_task_acquire")
task_release = ebee.kfunc("bpf_task_release")
task_form_pid = ebee.kfunc("bpf_task_form_pid")
use = ebee.kfunc("bpf_use")
strange = ebee.kfunc("bpf_strange")
later = ebee.kfunc("bpf_later", optional=True)
things = ebee.kfunc_iter("thing")
strangers = ebee.kfunc_iter("strange")
thinks = ebee.kfunc_iter("think")
vmas = ebee.kfunc_iter("task_vma")
thing_next = ebee.kfunc("bpf_iter_thing_next")


@ebee.tp_btf("event")
def references(p):
    task = task_from_pid(1)  # error: what task_from_pid(1) gives must be given back | with task_from_pid(1) as x: …
    if task_from_pid(2) is None:  # error: what task_from_pid(2) gives must be given back | with task_from_pid(2) as x: …
        pass
    counts[1] = task_from_pid(1).tgid  # error: what task_from_pid(1) gives must be given back | with task_from_pid(1) as x: …
    task_from_pid(1)  # error: what task_from_pid(1) gives must be given back | with task_from_pid(1) as x: …
    with task_from_pid(1) as held:
        task_release(held)  # error: bpf_task_release() cannot be called by its name | with f(…) as x: … gives it back
        other = held
    counts[2] = held.tgid  # error: held was given back at the end of its `with`
    counts[3] = other.tgid  # error: other is not assigned on every way that leads here
    with task_acquire(p.real_parent) as x:  # error: p.real_parent may be null, and p of bpf_task_acquire() may not | x = p.real_parent, then if x is not None: …
        pass
    with ebee.ktime():  # error: this `with` is not supported in a probe | with ring.reserve() as record, with a function of the kernel's, or with ebee.rcu()
        pass
    with task_from_pid(1) as counts[1]:  # error: `as` takes one name here
        pass


@ebee.tp_btf("event")
def arguments(p):
    b = Buffer()
    task_form_pid(1)  # error: the kernel has no function bpf_task_form_pid() | did you mean bpf_task_from_pid or bpf_task_release?
    use(p, b, 16, 1)  # error: mm of bpf_use() takes a pointer to struct mm_struct, not to struct task_struct
    use(5, b, 16, 1)  # error: mm of bpf_use() takes a pointer to struct mm_struct, not 5
    if p.mm:
        use(p.mm, b, 16, 1)  # error: p.mm may be null, and mm of bpf_use() may not | x = p.mm, then if x is not None: …
    mm = p.mm
    if mm is not None:
        use(mm, b, 17, 1)  # error: 17 is not the size of buf, which has 16 bytes
        use(mm, b, 16, p.level)  # error: struct task_struct has no member 'level'
        use(mm, b, 16, u64(p.tgid))  # error: mode__k of bpf_use() takes a constant
        use(mm, b, 16)  # error: bpf_use() takes 4 arguments, not 3
    strange(p)  # error: p of bpf_strange() is of a type that a probe has no value of
    with task_from_pid(u32(ebee.ktime())):  # error: u32 is assigned to pid of bpf_task_from_pid() (s32): signed and unsigned are mixed | cast it to the field's type
        pass


@ebee.tp_btf("event")
def existence(p):
    if use.exists:  # error: bpf_use() is not optional: without it the program is not loaded | f = ebee.kfunc("bpf_use", optional=True)
        pass
    if later.exists:
        later(1, 2, 3)
    a = later.name  # error: the kernel's function bpf_later() has no attribute 'name' in a probe | f.exists
    f = ebee.kfunc("bpf_use")  # error: kfunc() cannot be called in a probe | declare it at module level: f = ebee.kfunc("…")


@ebee.tp_btf("event")
def iterators(p):
    numbers = ebee.iter_num(0, 3)  # error: ebee.iter_num() cannot get a name | write it in the `for` statement
    for i in ebee.iter_num(0, 1 << 40):  # error: 1099511627776 does not fit in a bound of iter_num() (s32)
        pass
    for i in ebee.iter_num(3):  # error: iter_num() takes 2 arguments, not 1
        pass
    each = things(p, 0)  # error: things(p, 0) cannot get a name | write it in the `for` statement
    things(None, 0)  # error: things(None, 0) cannot get a name | write it in the `for` statement
    for i in things(None):  # error: thing() takes 2 arguments, not 1
        pass
    for i in things(5, 0):  # error: of__nullable of bpf_iter_thing_new() takes a pointer to struct task_struct, not 5
        pass
    for i in strangers():  # error: what iterator 'strange' gives is neither a number nor a struct, and cannot be used in a probe
        pass
    for i in thinks():  # error: the kernel has no iterator 'think' | did you mean thing?
        pass
    for i in vmas(p, 0):  # error: the kernel has no iterator 'task_vma' | it has strange, thing
        pass
    thing_next(5)  # error: bpf_iter_thing_next() cannot be called by its name | thing = ebee.kfunc_iter("thing"), then for x in thing(…): …
    for i in things:  # error: a probe cannot iterate over the kernel's iterator thing | iterate over range(…), a map or a constant tuple
        pass
    ebee.rcu()  # error: ebee.rcu() must be given back | with ebee.rcu(): …

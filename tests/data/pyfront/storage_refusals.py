"""What the compiler refuses to do with storage maps. Read by tests/unit/pyfront/test_pyfront_refusals.py.

The kernel is the one of tests/synthetic_kernel.py.
"""

from synthetic_kernel import kernel_target

import ebee
from ebee import CgroupStorage, Hash, HashOfMaps, InodeStorage, Struct, TaskStorage, UserRingBuf, u32, u64

TARGET = kernel_target()


class Stat(Struct):
    count: u64


tasks = TaskStorage(u64)
stats = TaskStorage(Stat)
files = InodeStorage(u64)
groups = CgroupStorage(u64)


@ebee.tracepoint("syscalls:sys_enter_openat")
def storage(ctx):
    task = ebee.current_task()
    a = tasks[ebee.uid()]  # error: an owner in tasks is a pointer to struct task_struct, not u32 | for example ebee.current_task()
    tasks["a"] = 1  # error: an owner in tasks is a pointer to struct task_struct, not 'a' | for example ebee.current_task()
    files[task] += 1  # error: an owner in files is a pointer to struct inode, not a pointer to struct task_struct | arguments of typed hooks are: tp_btf, lsm
    groups[task] += 1  # error: an owner in groups is a pointer to struct cgroup, not a pointer to struct task_struct | for example ebee.current_cgroup()
    b = tasks[task.real_parent]  # error: the kernel does not know here what this pointer to struct task_struct is | take ebee.current_task(), or an argument of a typed hook (tp_btf, fentry, lsm)
    tasks[task] = "a"  # error: an integer is needed here, not 'a'
    tasks[task] *= 2  # error: tasks[…] cannot be changed atomically by *= | read it, compute, and assign it
    c = stats.get(task)  # error: stats.get() without a default is for maps whose values are integers | use v = m.lookup(owner)
    d = tasks.get_or_create(task)  # error: tasks.get_or_create() is for Structs | tasks[owner] += n
    e = tasks.insert(task, 0)  # error: tasks is a TaskStorage, which has no method insert() in a probe | …
    f = stats.pop(task, None)  # error: a copy of what is in stats cannot be None | …
    for k in tasks.keys():  # error: tasks is a TaskStorage, which has no method keys() in a probe | …
        pass
    stat = stats.lookup(task)
    stat.missing = 1  # error: Stat has no field 'missing'
    del stats[task]
    stat.count = 1  # error: stat may be gone: stats was written to after stats.lookup(task) | look it up again


inners = HashOfMaps(u32, Hash(u32, Stat))


@ebee.tracepoint("syscalls:sys_enter_openat")
def maps_of_maps(ctx):
    inners[1] = 2  # error: inners is a HashOfMaps, which a probe cannot change | put maps in outside
    inners[1] += 2  # error: inners is a HashOfMaps, which a probe cannot change | put maps in outside
    del inners[1]  # error: inners is a HashOfMaps, which a probe cannot change | put maps in outside
    inners.clear()  # error: inners is a HashOfMaps, which has no method clear() in a probe | in a probe: m[k], m.lookup(k), k in m
    a = inners.lookup("a")  # error: an integer is needed here, not 'a'
    inner = inners.lookup(1)
    b = inner + 1  # error: an integer is needed here, not a Hash in inners, or None
    if inner:  # error: whether a map is empty is not known in a probe | test it with `is not None`
        pass
    inner.push(1)  # error: inners is a Hash, which has no method push() | …
    inner[1] = 5  # error: a value of inners (Stat) takes a Stat, not 5
    stat = inner.lookup(1)
    del inners[2][1]
    stat.count = 1  # error: stat may be gone: inners was written to after inner.lookup(1) | look it up again


commands = UserRingBuf(Stat)


@ebee.tracepoint("syscalls:sys_enter_openat")
def user_rings(ctx):
    commands.push(1)  # error: commands is a UserRingBuf, which has no method push() in a probe | for record in commands.drain()
    a = commands.drain()  # error: commands.drain() cannot get a name | write it in the `for` statement
    for record in commands:  # error: a probe cannot iterate over the map commands | iterate over range(…), a map or a constant tuple
        pass
    for record in commands.drain(3):  # error: drain() takes 0 arguments, not 1
        pass
    b = commands[0]  # error: the map commands cannot be indexed in a probe | only keyed maps can

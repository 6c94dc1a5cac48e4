"""What the compiler refuses to do with kernel structs. Read by tests/unit/pyfront/test_pyfront_refusals.py.

The kernel is the one of tests/synthetic_kernel.py.
"""

from synthetic_kernel import kernel_target

import ebee
from ebee import Hash, u32, u64

TARGET = kernel_target()
counts = Hash(u32, u64)


@ebee.tracepoint("syscalls:sys_enter_openat")
def kernel_fields(ctx):
    task = ebee.current_task()
    counts[0] = task.__state
    counts[1] = task.tgi  # error: struct task_struct has no member 'tgi' | did you mean tgid?
    counts[2] = task.hiden  # error: struct task_struct has no member 'hiden' | did you mean hidden?
    counts[3] = task.cred.uid.value  # error: uid of struct cred has no member 'value' | did you mean val?
    counts[4] = task.cred.uid  # error: an integer is needed here, not uid of struct cred
    counts[6] = task.big  # error: big of struct task_struct is a int of 16 bytes, which cannot be read in a probe
    counts[7] = task.real  # error: real of struct task_struct is a float of 8 bytes, which cannot be read in a probe
    counts[8] = task.stack.tgid  # error: u64 has no attribute 'tgid' in a probe
    counts[9] = task.user.start_stack  # error: u64 has no attribute 'start_stack' in a probe
    counts[10] = ctx.filename.tgid  # error: u64 has no attribute 'tgid' in a probe
    counts[11] = task.comm  # error: an integer is needed here, not a string
    counts[12] = ebee.current_task(1)  # error: current_task() takes 0 arguments, not 1
    task.tgid = 1  # error: u64 has no fields that can be assigned
    counts[13] = (task.mm + 8).start_stack  # error: a pointer to struct mm_struct is no number to compute with | u64(p) is its address


@ebee.tracepoint("syscalls:sys_enter_openat")
def kernel_arrays(ctx):
    task = ebee.current_task()
    counts[0] = u64(u32(task.pids[1].nr))
    counts[1] = u64(u32(task.pids[2].nr))  # error: pids of struct task_struct has 2 elements: there is no [2]
    counts[2] = u64(u32(task.pids[-1].nr))  # error: pids of struct task_struct has 2 elements: there is no [-1]
    counts[3] = u64(u32(task.pids[ebee.cpu()].nr))  # error: the index of an array in the kernel must be a constant
    counts[4] = task.pids.nr  # error: pids of struct task_struct is an array, which has no attribute 'nr' | take an element: a[0]
    counts[5] = task.cred.uid[0]  # error: uid of struct cred is a struct, which cannot be indexed
    counts[6] = task.tgid[0]  # error: a number from 0 to 2147483647 cannot be indexed in a probe | only keyed maps can
    counts[8] = 1 if hasattr(task, "tgid") else task.nothing
    counts[9] = hasattr(task, ctx.flags)  # error: hasattr() takes the name as a constant in a probe
    counts[10] = hasattr(ctx, "flags")  # error: hasattr() is for the kernel's structs in a probe, not for the probe's context
    counts[7] = task.pids[0]  # error: an integer is needed here, not pids[0] of struct task_struct


@ebee.tracepoint("syscalls:sys_enter_openat")
def kernel_pointers(ctx):
    task = ebee.current_task()
    either = task.mm if ctx.flags else task.real_parent
    counts[0] = either.start_stack  # error: u64 has no attribute 'start_stack' in a probe
    walk = task
    while walk.tgid > 1:  # error: walk is a struct task_struct __kernel * before the loop and not after an iteration
        walk = walk.mm


@ebee.xdp
def kernel_task_of_a_packet(pkt):
    task = ebee.current_task()  # error: ebee.current_task() has no meaning in a packet probe: it runs on behalf of no task
    return ebee.XDP_PASS

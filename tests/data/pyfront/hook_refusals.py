"""What the compiler refuses of hooks on the kernel's functions. Read by tests/unit/pyfront/test_pyfront_refusals.py.

The kernel is the one of tests/synthetic_kernel.py.
"""

from synthetic_kernel import kernel_target

import ebee
from ebee import Hash, List, RingBuf, StackTrace, Str, Struct, s32, u32, u64

TARGET = kernel_target()
counts = Hash(u32, u64)


class Row(Struct):
    pid: u32
    comm: str = Str(16)


class Other(Struct):
    pid: u32


class Frames(Struct):
    few: List(u32, 4)
    frames: List(u64, 4)


stacks = StackTrace()
frames_of = RingBuf(Frames, size="64K")


@ebee.tp_btf("event")
def names(on, p, leve):  # error: a tp_btf probe on event has no argument 'leve' | did you mean level?
    counts[0] = on
    counts[1] = p.tgi  # error: struct task_struct has no member 'tgi' | did you mean tgid?
    counts[2] = on.tgid  # error: u8 has no attribute 'tgid' in a probe


@ebee.tp_btf("event")
def positions(ctx):
    counts[0] = ctx.prev  # error: a tp_btf probe on event has no argument 'prev' | it has on, p, c, level
    counts[1] = ctx.args[4]  # error: a tp_btf probe on event has 4 arguments: there is no [4]
    counts[2] = ctx.args[ctx.on]  # error: the index of an argument must be a constant, from 0
    counts[3] = ctx.args  # error: an integer is needed here, not all arguments of a tp_btf probe on event
    counts[4] = ctx.args[1] + 8  # error: a pointer to struct task_struct is no number to compute with | u64(p) is its address
    counts[6] = ctx.p ** 2  # error: a pointer to struct task_struct is no number to compute with | u64(p) is its address
    counts[7] = -ctx.p & ~ctx.p  # error: a pointer to struct task_struct is no number to compute with | u64(p) is its address
    counts[8] = abs(ctx.p)  # error: a pointer to struct task_struct is no number to compute with | u64(p) is its address
    counts[5] = ctx.args[1].comm  # error: an integer is needed here, not a string
    ctx.p.tgid = 1  # error: … has no fields that can be assigned


@ebee.tp_btf("event")
def strings(p, level):
    counts[0] = ebee.kernel_str(p, 16) == "x"  # error: kernel_str() takes the address of a string, not a pointer to task_struct
    counts[1] = ebee.user_str(level, 16) == "x"  # error: user_str() takes an address, not s32


@ebee.tp_btf("plain")
def has_no_names(p):  # error: a tp_btf probe on plain has no argument 'p' | write ctx, or any of its arguments: none
    pass


@ebee.tp_btf("evnt")  # error: there is no tp_btf hook 'evnt' | did you mean event?
def unknown_tracepoint(ctx):
    pass


@ebee.fentry("do_thin")  # error: there is no fentry hook 'do_thin' | did you mean do_thing or do_nothing?
def unknown_function(ctx):
    pass


@ebee.fentry("gone:do_thing")  # error: the kernel module gone is not loaded, or has no BTF
def unknown_module(ctx):
    pass


@ebee.fentry("do_thing")
def types(ctx, dfd=1):  # error: dfd is an argument of a fentry probe on do_thing, which has no default | call the constant otherwise
    pass


@ebee.fentry("do_thing")
def unreadable(
    ctx,
    list,  # error: list of this fentry probe on do_thing is a pointer to something that is neither a struct nor a number: the kernel gives it to no program | a kprobe has it
    who,  # error: who of this fentry probe on do_thing is a struct, which cannot be read in a probe
):
    counts[0] = ctx.user.start_stack  # error: u64 has no attribute 'start_stack' in a probe
    counts[1] = u64(ctx.after)
    return 1  # error: a fentry probe on do_thing must return 0 | what it returns means nothing here: `return` is enough


@ebee.fexit("do_nothing")
def nothing_is_returned(p, ret):  # error: a fexit probe on do_nothing has no argument 'ret' | write ctx, or any of its arguments: p, dfd
    pass


@ebee.kprobe("do_thing")
def after_a_struct(dfd, list, after):  # error: a kprobe on do_thing has no argument 'after' | write ctx, or any of its arguments: dfd, name, list
    counts[0] = list[0]  # error: u64 cannot be indexed in a probe | only keyed maps can


@ebee.kprobe("do_thing+0x10")
def in_the_middle(ctx):
    counts[0] = ctx.ip
    counts[1] = ctx.dfd  # error: a kprobe on do_thing+0x10 has no argument 'dfd'
    counts[2] = ctx.args[0]  # error: a kprobe on do_thing+0x10 has no argument 'args'


@ebee.kretprobe("do_nothing")
def no_result(ctx):
    counts[0] = ctx.ret  # error: there is no result: a kretprobe on do_nothing sees a function that returns nothing, or a struct
    counts[1] = ctx.p  # error: a kretprobe on do_nothing has no argument 'p'


@ebee.kprobe("do_*thing")
def many(dfd):  # error: a kprobe on do_*thing has no argument 'dfd' | write ctx, or any of its arguments: none
    pass


@ebee.ksyscall("opena")  # error: there is no system call 'opena' | did you mean openat or open?
def unknown_call(ctx):
    pass


@ebee.ksyscall("openat")
def call_arguments(filenam):  # error: a probe on system call openat has no argument 'filenam' | did you mean filename?
    pass


@ebee.lsm("file_open")
def decides(p):
    if p.tgid == 1:
        return 1  # error: a lsm probe on file_open must return a number from -4095 to 0 | 0 allows; minus an error number refuses: -1 is EPERM, -13 is EACCES
    return p.tgid  # error: a lsm probe on file_open must return a number from -4095 to 0 | 0 allows; minus an error number refuses: -1 is EPERM, -13 is EACCES


@ebee.lsm("gone")
def has_no_say(p):
    return -1  # error: a lsm probe on gone must return 0 | what it returns means nothing here: `return` is enough


@ebee.iter("task")
def writes(ctx, task):
    counts[0] = ebee.pid()  # error: ebee.pid() has no meaning in a task iterator: it runs on behalf of no task
    ctx.seq.write(Row(pid=u32(task.tgid)))
    ctx.seq.write(Other(pid=1))  # error: this probe writes rows of Row already | write one kind of struct
    ctx.seq.write(7)  # error: ctx.seq.write() takes a struct, not 7
    ctx.seq.send(1)  # error: ctx.seq has no send() | ctx.seq.write(Row(…)) gives a struct to the reader, ctx.seq.print(…) a line of text
    print("text", file=ctx.seq)  # error: this probe writes rows of Row already | write text in another probe
    ctx.seq.print(1, file=None)  # error: file= of print() takes sys.stdout or sys.stderr in a probe
    counts[1] = ctx.seq  # error: an integer is needed here, not what an iterator writes to
    return 2  # error: a task iterator must return a number from 0 to 1 | 0 goes on; 1 asks to be run on the same object again


@ebee.iter("task")
def texts(ctx, task):
    print(task.tgid, f"{task.tgid:,}", file=ctx.seq)  # error: the format :, is not for a text that is kept | kept: d, x, X with < or > and a width, or 0 and a width; print() has them all
    ctx.seq.print("text")
    ctx.seq.write(Row(pid=1))  # error: this probe writes text already | write rows in another probe


@ebee.iter("task", map=counts)  # error: a task iterator does not iterate over a map | leave out map=
def no_map(ctx, task):
    ctx.seq.print("text")


@ebee.syscall_program
def no_struct(args: u32):  # error: a syscall program takes one argument, a struct of a known type | annotate it with a Struct: args: Args
    pass


@ebee.tracepoint("irq:softirq_entry")
def in_an_interrupt(ctx):
    counts[0] = ebee.pid()  # error: ebee.pid() has no meaning in a tracepoint probe: it runs on behalf of no task
    counts[1] = ctx.vec


@ebee.uprobe("libc", "write")
def user_arguments(ctx, fd: int, buf: Row, *, more: u64):  # error: a uprobe on libc:write takes arguments in their order; user_arguments takes others | write `def user_arguments(ctx):`
    pass


@ebee.uprobe("libc", "write")
def user_constant(fd, size=5):  # error: a uprobe on libc:write takes arguments in their order: size is a constant | write it behind a star: *, size=…
    counts[0] = size


@ebee.uprobe("libc", "write")
def user_types(fd: s32, buf: Row, count: u64, path: str):  # error: an argument of a uprobe on libc:write is a number or a string | …
    counts[0] = count + path  # error: …


@ebee.uprobe("/lib/x.so", "write+8")
def user_place(ctx, fd):  # error: a uprobe on x.so:write+8 has no arguments, and fd is one more
    counts[0] = ctx.args[0]  # error: the argument of a uprobe on x.so:write+8 has no attribute 'args' | it has ip, sp, cookie
    counts[0] = ctx.ret  # error: the argument of a uprobe on x.so:write+8 has no attribute 'ret' | …


@ebee.uprobe("libc", "write")
def user_positions(ctx):
    counts[0] = ctx.arg12  # error: a uprobe on libc:write has 12 arguments: there is no [12]
    counts[0] = ctx.args[99]  # error: a uprobe on libc:write has 12 arguments: there is no [99]
    counts[0] = ctx.args  # error: an integer is needed here, not all arguments of a uprobe on libc:write
    counts[0] = len(ctx.args) + ctx.arg  # error: the argument of a uprobe on libc:write has no attribute 'arg' | …


@ebee.uretprobe("libc", "write")
def user_result(ctx, fd, ret: s32):  # error: a uretprobe on libc:write has no argument 'fd' | the arguments are gone: write ctx, or ret
    counts[0] = ctx.arg0  # error: the argument of a uretprobe on libc:write has no attribute 'arg0' | it has ret, ip, sp, cookie


@ebee.uprobe_session("libc", "write")
def user_session(ctx):
    return 2  # error: a uprobe session on libc:write must return a number from 0 to 1 | …


@ebee.usdt("libc", "libc", "setjmp")  # error: not supported here: looking for libc:setjmp in libc: this target has no programs | …
def user_mark(ctx):
    pass


@ebee.profile(hz=99)
def samples(ctx):
    counts[0] = ctx.register  # error: the argument of a perf event probe has no attribute 'register' | it has ip, sp, fp, sample_period, addr
    counts[1] = ctx.adr  # error: the argument of a perf event probe has no attribute 'adr' | did you mean addr?
    counts[2] = ebee.stack_id(counts)  # error: stack_id() takes a StackTrace, not the map counts
    counts[3] = u64(ebee.stack_id(stacks, user=ctx.ip))  # error: stack_id() takes user= and skip= as constants
    counts[4] = u64(ebee.stack_id(stacks, skip=256))  # error: stack_id() takes user= and skip= as constants
    counts[5] = u64(ebee.stack_id(stacks, kernel=True))  # error: stack_id() takes user= and skip= as constants
    counts[6] = u64(ebee.stack_id())  # error: stack_id() takes 1 arguments, not 0
    frames = ebee.user_stack()  # error: a stack has no name of its own | assign it to a field List(u64, n), or use ebee.stack_id()
    counts[7] = ebee.kernel_stack()  # error: an integer is needed here, not a stack


@ebee.profile()
def stack_fields(ctx):
    with frames_of.reserve() as e:
        e.few = ebee.user_stack()  # error: Frames.few (List(u32, 4)) cannot hold a stack | declare the field as List(u64, 32)
        e.frames = ebee.user_stack(user=True)  # error: user_stack() takes skip= as constants


@ebee.xdp
def packet_stack(pkt):
    counts[0] = u64(ebee.stack_id(stacks))  # error: ebee.stack_id() has no meaning in a packet probe
    return ebee.XDP_PASS

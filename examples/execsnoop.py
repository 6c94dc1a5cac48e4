"""Which programs does a command start, with what result, and how do they end?

    ebee run examples/execsnoop.py -c 'sh -c "ls /nowhere; true"'

prints a line for every execve that returns, and one for every process that exits.
"""

import errno

import ebee
from ebee import Hash, RingBuf, Str, Struct, s32, u32, u64


class Event(Struct):
    pid: u32
    is_exit: u32
    status: s32  # of execve: 0 or minus an error number; of a process: its exit code
    comm: str = Str(16)
    path: str = Str(256)
    time_ns: u64


class Program(Struct):
    start_ns: u64
    path: str = Str(256)


programs = Hash(u32, Program)  # by process
events = RingBuf(Event, size="1M")


@ebee.tracepoint("syscalls:sys_enter_execve")
def on_exec(ctx):
    programs[ebee.pid()] = Program(start_ns=ebee.ktime(), path=ebee.user_str(ctx.filename, 256))


def report(is_exit, status):
    program = programs.lookup(ebee.pid())
    if program is not None:
        with events.reserve() as e:
            e.pid = ebee.pid()
            e.comm = ebee.comm()
            e.is_exit = is_exit
            e.status = status
            e.path = program.path
            e.time_ns = ebee.ktime() - program.start_ns


@ebee.tracepoint("syscalls:sys_exit_execve")
def on_exec_done(ctx):
    report(0, s32(ctx.ret))


@ebee.tracepoint("syscalls:sys_enter_exit_group")
def on_exit(ctx):
    report(1, ctx.error_code)


with ebee.attach(on_exec, on_exec_done, on_exit):
    for e in events:
        if e.is_exit:
            what = f"exits with {e.status & 255} after {e.time_ns / 1e6:.1f} ms"
        else:
            what = f"starts {e.path}" if e.status == 0 else f"cannot start {e.path}: {errno.errorcode[-e.status]}"
        print(f"{e.pid:<8} {e.comm:<16} {what}")

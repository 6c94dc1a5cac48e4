"""Which programs does a command start, with what arguments and result, and how do they end?

    ebee run examples/execsnoop.py -c 'sh -c "ls /nowhere; true"'

prints a line for every execve that returns, and one for every process that exits.
"""

import errno

import ebee
from ebee import List, LruHash, RingBuf, Str, Struct, s32, u32, u64

MOST = 20  # arguments



class Event(Struct):
    pid: u32
    is_exit: u32
    status: s32  # of execve: 0 or minus an error number; of a process: its exit code
    comm: str = Str(16)
    path: str = Str(256)
    argc: u32
    argv: list[str] = List(Str(128), MOST)
    time_ns: u64


class Program(Struct):
    start_ns: u64
    path: str = Str(256)
    argc: u32
    argv: list[str] = List(Str(128), MOST)


programs = LruHash(u32, Program, max_entries=1024)  # by process
events = RingBuf(Event, size="1M")


@ebee.tracepoint("syscalls:sys_enter_execve")
def on_exec(ctx):
    program = Program(start_ns=ebee.ktime(), path=ebee.user_str(ctx.filename))
    for i in range(MOST):
        argument = ebee.read_user(ctx.argv + 8 * i, u64)
        if argument == 0:
            break
        program.argv[i] = ebee.user_str(argument)
        program.argc = i + 1
    programs[ebee.pid()] = program


def report(is_exit, status):
    program = programs.lookup(ebee.pid())
    if program is not None:
        with events.reserve() as e:
            e.pid = ebee.pid()
            e.comm = ebee.comm()
            e.is_exit = is_exit
            e.status = status
            e.path = program.path
            e.argc = program.argc
            e.argv = program.argv
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
            call = " ".join([e.path, *e.argv[1 : e.argc], *["…"] * (e.argc == MOST)])
            what = f"starts {call}" if e.status == 0 else f"cannot start {call}: {errno.errorcode[-e.status]}"
        print(f"{e.pid:<8} {e.comm:<16} {what}")

"""Which shared memory (System V) is made, attached and removed?

    ebee run examples/shmsnoop.py -c 'ipcmk -M 4096'
"""

import ebee
from ebee import Hash, u32, u64

asked = Hash(u32, u64)  # the size that shmget was asked for, by thread


@ebee.tracepoint("syscalls:sys_enter_shmget")
def on_get(ctx):
    asked[ebee.tid()] = u64(ctx.size)


@ebee.tracepoint("syscalls:sys_exit_shmget")
def on_got(ctx):
    print(f"{ebee.pid():<8} {ebee.comm():<16} shmget {asked[ebee.tid()]} bytes: {ctx.ret}")
    del asked[ebee.tid()]


@ebee.tracepoint("syscalls:sys_enter_shmat")
def on_attach(ctx):
    print(f"{ebee.pid():<8} {ebee.comm():<16} shmat {ctx.shmid}")


@ebee.tracepoint("syscalls:sys_enter_shmdt")
def on_detach(ctx):
    print(f"{ebee.pid():<8} {ebee.comm():<16} shmdt {ctx.shmaddr:#x}")


@ebee.tracepoint("syscalls:sys_enter_shmctl")
def on_control(ctx):
    if ctx.cmd == 0:  # IPC_RMID
        print(f"{ebee.pid():<8} {ebee.comm():<16} shmctl {ctx.shmid}: remove")

"""Which directories and names does a command make, rename and remove?

    ebee run examples/dirchanges.py -c 'sh -c "mkdir /tmp/a; mv /tmp/a /tmp/b; rmdir /tmp/b"'
"""

import ebee


def change(what, old, new=0):
    if new:
        print(f"{ebee.pid():<8} {what:<7} {ebee.user_str(old, 200)} -> {ebee.user_str(new, 200)}")
    else:
        print(f"{ebee.pid():<8} {what:<7} {ebee.user_str(old, 200)}")


@ebee.tracepoint("syscalls:sys_enter_mkdir")
def on_mkdir(ctx):
    change("mkdir", ctx.pathname)


@ebee.tracepoint("syscalls:sys_enter_rmdir")
def on_rmdir(ctx):
    change("rmdir", ctx.pathname)


@ebee.tracepoint("syscalls:sys_enter_rename")
def on_rename(ctx):
    change("rename", ctx.oldname, ctx.newname)


@ebee.tracepoint("syscalls:sys_enter_renameat2")
def on_renameat2(ctx):
    change("rename", ctx.oldname, ctx.newname)


@ebee.tracepoint("syscalls:sys_enter_unlinkat")
def on_unlinkat(ctx):
    change("remove", ctx.pathname)

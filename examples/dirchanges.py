"""Which directories and names does a command make, rename and remove?

    ebee run examples/dirchanges.py -c 'sh -c "mkdir /tmp/a; mv /tmp/a /tmp/b; rmdir /tmp/b"'
"""

import ebee
from ebee import RingBuf, Str, Struct, u32


class Change(Struct):
    pid: u32
    what: str = Str(8)
    old: str = Str(200)
    new: str = Str(200)


changes = RingBuf(Change, size="1M")


def change(what, old, new=0):
    with changes.reserve() as e:
        e.pid = ebee.pid()
        e.what = what
        e.old = ebee.user_str(old)
        if new:
            e.new = ebee.user_str(new)


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


with ebee.attach(on_mkdir, on_rmdir, on_rename, on_renameat2, on_unlinkat):
    for c in changes:
        print(f"{c.pid:<8} {c.what:<7} {c.old}{' -> ' + c.new if c.new else ''}")

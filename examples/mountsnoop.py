"""What is mounted and unmounted, where, and with what result?

    sudo ebee run examples/mountsnoop.py -c 'unshare -m sh -c "mount -t tmpfs none /mnt; umount /mnt"'
"""

import errno

import ebee
from ebee import Hash, RingBuf, Str, Struct, s64, u32


class Mount(Struct):
    pid: u32
    result: s64
    type: str = Str(32)
    source: str = Str(128)
    target: str = Str(128)


under_way = Hash(u32, Mount)  # by thread, between the entry and the exit of the call
mounts = RingBuf(Mount)


@ebee.tracepoint("syscalls:sys_enter_mount")
def on_mount(ctx):
    mount = Mount(pid=ebee.pid(), target=ebee.user_str(ctx.dir_name, 128))
    if ctx.dev_name:
        mount.source = ebee.user_str(ctx.dev_name, 128)
    if ctx.type:
        mount.type = ebee.user_str(ctx.type, 32)
    under_way[ebee.tid()] = mount


@ebee.tracepoint("syscalls:sys_enter_umount")
def on_umount(ctx):
    under_way[ebee.tid()] = Mount(pid=ebee.pid(), target=ebee.user_str(ctx.name, 128))


def report(result):
    mount = under_way.lookup(ebee.tid())
    if mount is not None:
        with mounts.reserve() as e:
            e.pid = mount.pid
            e.result = result
            e.type = mount.type
            e.source = mount.source
            e.target = mount.target
        del under_way[ebee.tid()]


@ebee.tracepoint("syscalls:sys_exit_mount")
def on_mount_done(ctx):
    report(ctx.ret)


@ebee.tracepoint("syscalls:sys_exit_umount")
def on_umount_done(ctx):
    report(ctx.ret)


with ebee.attach(on_mount, on_umount, on_mount_done, on_umount_done):
    for m in mounts:
        what = f"mount {m.source or '-'} {m.type or '-'}" if m.source or m.type else "umount"
        print(f"{m.pid:<8} {errno.errorcode[-m.result] if m.result else 'ok':<8} {what} {m.target}")

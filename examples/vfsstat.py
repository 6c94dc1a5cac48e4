"""How many calls of the virtual file system does a command cause, of each kind?

    sudo ebee run examples/vfsstat.py -c 'ls -R /etc'
"""

import ebee
from ebee import PerCpuArray, u64

KINDS = ["read", "write", "open", "create", "unlink", "mkdir", "rmdir"]
counts = PerCpuArray(u64, max_entries=len(KINDS))


def count(kind):
    counts[kind] += 1


@ebee.kprobe("vfs_read", "vfs_readv")
def on_read(ctx):
    count(0)


@ebee.kprobe("vfs_write", "vfs_writev")
def on_write(ctx):
    count(1)


@ebee.kprobe("vfs_open")
def on_open(ctx):
    count(2)


@ebee.kprobe("vfs_create")
def on_create(ctx):
    count(3)


@ebee.kprobe("vfs_unlink")
def on_unlink(ctx):
    count(4)


@ebee.kprobe("vfs_mkdir")
def on_mkdir(ctx):
    count(5)


@ebee.kprobe("vfs_rmdir")
def on_rmdir(ctx):
    count(6)


with ebee.attach(on_read, on_write, on_open, on_create, on_unlink, on_mkdir, on_rmdir) as attachment:
    attachment.wait()

for number, kind in enumerate(KINDS):
    print(f"{kind:<8} {counts.sum(number):>10}")

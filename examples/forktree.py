"""Which process starts which? A tree of a command and its descendants.

    sudo ebee run examples/forktree.py -c 'sh -c "ls | sort; (sleep 0.1; true)"'
"""

import ebee
from ebee import Hash, Str, u32

parents = Hash(u32, u32)  # of each task that was made
names = Hash(u32, Str(16))  # as of the last execve, or of the fork


@ebee.tracepoint("sched:sched_process_fork")
def on_fork(ctx):
    parents[u32(ctx.child_pid)] = u32(ctx.parent_pid)
    names[u32(ctx.child_pid)] = ebee.comm()


@ebee.tracepoint("sched:sched_process_exec")
def on_exec(ctx):
    names[ebee.pid()] = ebee.comm()


def show(task, depth=0):
    print(f"{'    ' * depth}{task} {names[task]}")
    for child in sorted(t for t, parent in parents.items() if parent == task):
        show(child, depth + 1)


with ebee.attach(on_fork, on_exec) as attachment:
    attachment.wait()

for root in sorted(set(parents.values()) - set(parents)):
    show(root)

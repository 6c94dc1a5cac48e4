"""Count the files that a command opens, per process: the smallest useful trace."""

from __future__ import annotations

import ebee
from ebee import Hash, u32, u64

opens = Hash(u32, u64, max_entries=1024)


@ebee.tracepoint("syscalls:sys_enter_openat")
def count(ctx):
    opens[ebee.pid()] += 1

"""File descriptors that name what values in storage maps belong to: processes and files."""

from __future__ import annotations

import os

from ..errors import SyscallError
from .os_seam import Fd


def open_process(pid: int) -> Fd:
    """Open a process. Raises: SyscallError with ESRCH if there is none."""
    try:
        return Fd(os.pidfd_open(pid))
    except OSError as e:
        raise SyscallError(f"pidfd_open {pid}", e.errno or 0) from None


def open_inode(path: str) -> Fd:
    """Open a file or directory for its name only. Raises: SyscallError with ENOENT and its like."""
    try:
        return Fd(os.open(path, os.O_PATH | os.O_CLOEXEC))
    except OSError as e:
        raise SyscallError(f"open {path}", e.errno or 0) from None

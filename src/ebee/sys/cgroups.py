"""Control groups and network namespaces, as files that programs are attached to."""

from __future__ import annotations

import os

from ..errors import SyscallError, UsageError
from .os_seam import Fd, current


def cgroup_root() -> str:
    """Return where the cgroup2 file system is mounted. Raises: UsageError if it is nowhere."""
    for line in current().read_file("/proc/self/mounts").decode().splitlines():
        _, path, kind, *_ = line.split(" ")
        if kind == "cgroup2":
            return path
    raise UsageError("no cgroup2 file system is mounted", hint="mount -t cgroup2 none /sys/fs/cgroup")


def open_cgroup(path: str) -> Fd:
    """Open a control group by its path, or by its path below the root of all. Raises: UsageError, SyscallError."""
    root = cgroup_root()
    full = path if path == root or path.startswith(root + "/") else os.path.join(root, path.lstrip("/"))
    try:
        return Fd(os.open(full, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"there is no control group {path!r}", hint=f"make it: mkdir {full}") from None
    except OSError as e:
        raise SyscallError(f"open {full}", e.errno or 0) from None


def open_netns(name: str = "") -> Fd:
    """Open a network namespace by its file or its name (`ip netns`); unnamed: that of the calling thread.

    Raises: UsageError, SyscallError.
    """
    path = name if "/" in name else f"/run/netns/{name}" if name else "/proc/thread-self/ns/net"
    try:
        return Fd(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
    except FileNotFoundError:
        hint = "`ip netns list` shows those with a name"
        raise UsageError(f"there is no network namespace {name!r}", hint=hint) from None
    except OSError as e:
        raise SyscallError(f"open {path}", e.errno or 0) from None


def cgroup_path(id: int) -> str:
    """Return the path of a control group by its id, empty where it is gone or not to be seen from here."""
    try:
        root = cgroup_root()
        found = next((path for path, _, _ in os.walk(root) if os.stat(path).st_ino == id), "")
    except (UsageError, OSError):
        return ""
    return found


def netns_name(ino: int) -> str:
    """Return the name (`ip netns`) of a network namespace, `this netns` for the calling thread's, else an empty one."""
    if os.stat("/proc/thread-self/ns/net").st_ino == ino:
        return "this netns"
    try:
        return next((entry.name for entry in os.scandir("/run/netns") if entry.stat().st_ino == ino), "")
    except OSError:
        return ""

"""tracefs: where the kernel describes its trace events. It is found mounted, or mounted for this process alone."""

from __future__ import annotations

import os

from ..errors import PermissionMissing, SyscallError, UnknownProbe
from .os_seam import Fd, current

# Source: Documentation/trace/ftrace.rst. The second is where kernels before 4.1 had it.
MOUNT_POINTS = ("/sys/kernel/tracing", "/sys/kernel/debug/tracing")

# Source: include/uapi/linux/mount.h.
_FSOPEN_CLOEXEC, _FSMOUNT_CLOEXEC = 1, 1
_FSCONFIG_CMD_CREATE = 6
_MOUNT_ATTR_NOSUID, _MOUNT_ATTR_NODEV, _MOUNT_ATTR_NOEXEC = 2, 4, 8

_EPERM, _ENODEV, _ENOSYS = 1, 19, 38


class Tracefs:
    """An open root of tracefs. `path` is where it is mounted, empty for a private mount."""

    def __init__(self, root: Fd, path: str = "") -> None:
        self._root, self.path = root, path

    def read(self, path: str) -> bytes:
        """Return a file below the root. Raises: OSError."""
        return current().read_file(path, dir_fd=self._root.number)

    def event_file(self, category: str, name: str, file: str) -> bytes:
        """Return `events/category/name/file` (`id`, `format`, …).

        Raises: UnknownProbe if there is no such event, PermissionMissing if it may not be read.
        """
        try:
            if not _is_name(category) or not _is_name(name):
                raise FileNotFoundError
            return self.read(f"events/{category}/{name}/{file}")
        except (FileNotFoundError, NotADirectoryError):
            raise UnknownProbe(f"tracepoint:{category}:{name}") from None
        except PermissionError:
            raise PermissionMissing("reading tracefs", ["CAP_DAC_READ_SEARCH"]) from None

    def event_id(self, category: str, name: str) -> int:
        """Return the number that perf_event_open(2) knows the event by. Raises: as `event_file`."""
        return int(self.event_file(category, name, "id"))

    def event_format(self, category: str, name: str) -> str:
        """Return the text that describes the event's record. Raises: as `event_file`."""
        return self.event_file(category, name, "format").decode()

    def event_names(self) -> list[str]:
        """Return every event as `category:name`, sorted. Reads a thousand directory entries: for error messages."""
        try:
            text = self.read("available_events").decode()
        except OSError:
            return []
        return sorted(line for line in text.splitlines() if ":" in line)

    def close(self) -> None:
        """Let go of it; a private mount ends with that."""
        self._root.close()


def _is_name(text: str) -> bool:
    return bool(text) and "/" not in text and "\0" not in text and text not in (".", "..")


def open_tracefs() -> Tracefs:
    """Open tracefs where it is mounted and may be read, otherwise through a mount that nothing else sees.

    Raises: PermissionMissing with what is missing, SyscallError.
    """
    found_closed = False
    for path in MOUNT_POINTS:
        try:
            fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except PermissionError:
            found_closed = True
            continue
        except OSError:
            continue
        root = Fd(fd)
        try:
            if "events" in os.listdir(fd):
                return Tracefs(root, path)
        except OSError:
            found_closed = True
        root.close()
    return Tracefs(_private_mount(found_closed))


def _private_mount(found_closed: bool) -> Fd:
    seam = current()
    context = seam.fsopen("tracefs", _FSOPEN_CLOEXEC)
    if context in (-_EPERM, -_ENOSYS):  # ENOSYS: before Linux 5.2, or hidden by a seccomp filter
        missing = "CAP_DAC_READ_SEARCH" if found_closed else "CAP_SYS_ADMIN"
        raise PermissionMissing("this tracepoint", [missing], hint=_HINT)
    if context < 0:
        detail = "this kernel has no tracefs" if context == -_ENODEV else ""
        raise SyscallError("fsopen(tracefs)", -context, detail)
    with Fd(context):
        error = seam.fsconfig(context, _FSCONFIG_CMD_CREATE)
        if error < 0:
            raise SyscallError("fsconfig(tracefs)", -error)
        attrs = _MOUNT_ATTR_NOSUID | _MOUNT_ATTR_NODEV | _MOUNT_ATTR_NOEXEC
        mount = seam.fsmount(context, _FSMOUNT_CLOEXEC, attrs)
    if mount < 0:
        raise SyscallError("fsmount(tracefs)", -mount)
    return Fd(mount)


_HINT = (
    "events other than system calls are described in tracefs: run with CAP_SYS_ADMIN, or have it mounted "
    "(mount -t tracefs nodev /sys/kernel/tracing) and readable for you"
)

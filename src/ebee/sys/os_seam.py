"""The one seam to the operating system: what `os` has no function for, swappable in tests."""

from __future__ import annotations

import ctypes
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import mmap
    from collections.abc import Callable
    from typing import Any

    Buffer = ctypes.Array[ctypes.c_char]

# System call numbers by machine. Source: asm/unistd_64.h (x86), asm-generic/unistd.h (arm64).
_NUMBERS = {
    "x86_64": {
        "ioctl": 16, "capget": 125, "prctl": 157, "perf_event_open": 298, "bpf": 321, "membarrier": 324,
        "fsopen": 430, "fsconfig": 431, "fsmount": 432, "pidfd_open": 434,
    },
    "aarch64": {
        "ioctl": 29, "capget": 90, "prctl": 167, "perf_event_open": 241, "bpf": 280, "membarrier": 283,
        "fsopen": 430, "fsconfig": 431, "fsmount": 432, "pidfd_open": 434,
    },
}  # fmt: skip

_ENOSYS = 38
_MAP_FIXED_NOREPLACE = 0x100000
PR_SET_PDEATHSIG = 1
_LINUX_CAPABILITY_VERSION_3 = 0x20080522
_CAP_MASKS_BYTES = 24  # two struct __user_cap_data_struct: effective, permitted, inheritable as u32, twice


class Os:
    """System calls of this machine. Results are the kernel's: what it returns, or minus the error number.

    Methods that wrap functions of Python's `os` raise OSError as those do.
    """

    def __init__(self) -> None:
        self.machine = os.uname().machine
        self._numbers = _NUMBERS.get(self.machine, {})
        libc = ctypes.CDLL(None, use_errno=True)
        long = ctypes.c_long
        self._syscall = libc["syscall"]
        self._syscall.argtypes, self._syscall.restype = [long] * 6, long
        self._syscall_bpf = libc["syscall"]  # a second object: its arguments are converted otherwise
        self._syscall_bpf.argtypes, self._syscall_bpf.restype = [long, long, ctypes.c_void_p, long], long
        self._bpf_number = self._numbers.get("bpf", -1)
        self._syscall_made = libc["syscall"]  # a third one: arguments that are C's already are not converted at all
        self._syscall_made.restype = long

    def bpf(self, cmd: int, attr: Buffer) -> int:
        """bpf(2): run command `cmd` on `union bpf_attr`, of which `attr` are the leading bytes."""
        result: int = self._syscall_bpf(self._bpf_number, cmd, attr, len(attr))
        return result if result >= 0 else -ctypes.get_errno()

    def prepared(self, cmd: int, attr: Buffer) -> tuple[Callable[..., int], tuple[Any, ...]]:
        """Return a function and its arguments, which run a command of bpf(2); `failure` is for a negative result."""
        if type(self).bpf is not Os.bpf:
            return self.bpf, (cmd, attr)
        long = ctypes.c_long
        return self._syscall_made, (long(self._bpf_number), long(cmd), attr, long(len(attr)))

    def failure(self, result: int) -> int:
        """Return minus the error number of a prepared command that has just failed in this thread."""
        return result if type(self).bpf is not Os.bpf else -ctypes.get_errno()

    def _call(self, name: str, *args: int) -> int:
        number = self._numbers.get(name)
        if number is None:
            return -_ENOSYS
        result: int = self._syscall(number, *args, *(0,) * (5 - len(args)))
        return result if result >= 0 else -ctypes.get_errno()

    def perf_event_open(self, attr: Buffer, pid: int, cpu: int, group_fd: int, flags: int) -> int:
        """perf_event_open(2): a file descriptor for the event that `struct perf_event_attr` describes."""
        return self._call("perf_event_open", ctypes.addressof(attr), pid, cpu, group_fd, flags)

    def ioctl(self, fd: int, request: int, arg: int) -> int:
        """ioctl(2) with an integer argument."""
        return self._call("ioctl", fd, request, arg)

    def pidfd_open(self, pid: int) -> int:
        """pidfd_open(2): a close-on-exec file descriptor that becomes readable when the process ends."""
        return self._call("pidfd_open", pid, 0)

    def wait_for_kernel(self) -> None:
        """membarrier(2) MEMBARRIER_CMD_GLOBAL: what runs under RCU now has ended after it."""
        self._call("membarrier", 1, 0)

    def fsopen(self, fs_name: str, flags: int) -> int:
        """fsopen(2): a context for a new mount of the file system `fs_name`."""
        name = ctypes.create_string_buffer(fs_name.encode())
        return self._call("fsopen", ctypes.addressof(name), flags)

    def fsconfig(self, fd: int, cmd: int) -> int:
        """fsconfig(2) without key and value (FSCONFIG_CMD_CREATE)."""
        return self._call("fsconfig", fd, cmd, 0, 0, 0)

    def fsmount(self, fd: int, flags: int, mount_attrs: int) -> int:
        """fsmount(2): a mount that is attached nowhere and lasts as long as the file descriptor."""
        return self._call("fsmount", fd, flags, mount_attrs)

    def capget(self) -> int:
        """Return this thread's effective capabilities, bit n for capability n; or minus the error number."""
        header = (ctypes.c_uint32 * 2)(_LINUX_CAPABILITY_VERSION_3, 0)
        data = (ctypes.c_uint32 * (_CAP_MASKS_BYTES // 4))()
        error = self._call("capget", ctypes.addressof(header), ctypes.addressof(data))
        return error if error < 0 else data[0] | data[3] << 32

    def pdeathsig(self, signal_number: int) -> int:
        """prctl(2) PR_SET_PDEATHSIG: the signal that this process gets when its parent dies, 0 for none."""
        return self._call("prctl", PR_SET_PDEATHSIG, signal_number)

    def map_shared(self, fd: int, length_bytes: int, off_bytes: int, writable: bool) -> mmap.mmap:
        """mmap(2), shared, readable and perhaps writable. Raises: OSError."""
        import mmap

        prot = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
        return mmap.mmap(fd, length_bytes, flags=mmap.MAP_SHARED, prot=prot, offset=off_bytes)

    def map_shared_at(self, fd: int, length_bytes: int, address: int) -> memoryview:
        """mmap(2), shared, readable and writable, at an address where nothing is yet. Raises: OSError."""
        import mmap
        from weakref import finalize

        libc = ctypes.CDLL(None, use_errno=True)
        libc.mmap.restype = ctypes.c_void_p
        libc.mmap.argtypes = (
            ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long
        )  # fmt: skip
        libc.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
        prot = mmap.PROT_READ | mmap.PROT_WRITE
        found = libc.mmap(address, length_bytes, prot, mmap.MAP_SHARED | _MAP_FIXED_NOREPLACE, fd, 0)
        if found != address:  # before Linux 4.17 it may be elsewhere
            raise OSError(ctypes.get_errno(), "mmap")
        memory = (ctypes.c_ubyte * length_bytes).from_address(address)
        finalize(memory, libc.munmap, address, length_bytes).atexit = False
        return memoryview(memory).cast("B")

    def read_file(self, path: str, dir_fd: int | None = None) -> bytes:
        """Return a whole file, whatever size it claims (those of /proc claim none). Raises: OSError."""
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=dir_fd)
        try:
            chunks = []
            while chunk := os.read(fd, 1 << 20):
                chunks.append(chunk)
            return b"".join(chunks)
        finally:
            os.close(fd)

    def map_file(self, path: str) -> bytes | mmap.mmap:
        """Return a whole file, as a private memory map where it has one (vmlinux BTF since Linux 6.16).

        Reading that in pages costs 20 ms. Raises: OSError.
        """
        import mmap

        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return mmap.mmap(fd, 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
        except (OSError, ValueError):
            return self.read_file(path)
        finally:
            os.close(fd)

    def file_key(self, path: str) -> tuple[int, int, int, int]:
        """Return what tells one version of a file from another: device, inode, time of change (ns), size (bytes).

        Raises: OSError.
        """
        found = os.stat(path)
        return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size

    def own_memory(self, address: int, size_bytes: int) -> bytes:
        """Return memory of this process, which has to be there."""
        return ctypes.string_at(address, size_bytes)

    def list_directory(self, path: str) -> list[str]:
        """Return the names in a directory. Raises: OSError."""
        return os.listdir(path)

    def close(self, fd: int, close: Callable[[int], None] = os.close) -> None:
        """close(2), also when Python has emptied its modules at the end. Raises: OSError."""
        close(fd)


_current: Os | None = None


def current() -> Os:
    """Return the operating system in use."""
    global _current
    if _current is None:
        _current = Os()
    return _current


def swap(other: Os | None) -> Os | None:
    """Use another `Os` from now on (None: the real one, made anew); return the one before."""
    global _current
    before, _current = _current, other
    return before


class swapped:
    """Use another `Os` inside a `with` block."""

    def __init__(self, other: Os) -> None:
        self._other = other
        self._before: Os | None = None

    def __enter__(self) -> Os:
        self._before = swap(self._other)
        return self._other

    def __exit__(self, *_exc: object) -> None:
        swap(self._before)


class Fd:
    """A file descriptor with one owner. Closing twice is allowed; it closes when the owner is collected."""

    __slots__ = ("_os", "number")

    def __init__(self, number: int) -> None:
        self.number, self._os = number, current()

    def fileno(self) -> int:
        """Return the number, for functions that take objects with a `fileno`."""
        return self.number

    def set_event(self) -> None:
        """Make an eventfd readable."""
        os.eventfd_write(self.number, 1)

    def clear_event(self) -> None:
        """Make an eventfd that does not block unreadable."""
        try:
            os.eventfd_read(self.number)
        except BlockingIOError:
            return

    def close(self) -> None:
        """Close it, once."""
        number, self.number = self.number, -1
        if number >= 0:
            self._os.close(number)

    __del__ = close

    def __enter__(self) -> Fd:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

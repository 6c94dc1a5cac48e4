"""ptrace(2), waiting for tracees, and what can be read about a stopped one: registers, memory, credentials.

Every ptrace request and every wait must come from the thread that seized the tracee. Tracees that vanish
(SIGKILL can end a stopped one at any time) are no errors: requests on them return False or None.
Source: ptrace(2); include/uapi/linux/ptrace.h.
"""

from __future__ import annotations

import ctypes
import os
import struct

from ..errors import SyscallError
from ..record import Record

O_TRACESYSGOOD, O_TRACEFORK, O_TRACEVFORK, O_TRACECLONE, O_TRACEEXEC = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4
O_TRACESECCOMP, O_EXITKILL = 1 << 7, 1 << 20

EVENT_FORK, EVENT_VFORK, EVENT_CLONE, EVENT_EXEC, EVENT_SECCOMP, EVENT_STOP = 1, 2, 3, 4, 7, 128
SYSCALL_STOP = 0x80 | 5  # the stop signal of a system-call stop: SIGTRAP marked by O_TRACESYSGOOD

SYSCALL_INFO_ENTRY, SYSCALL_INFO_EXIT, SYSCALL_INFO_SECCOMP = 1, 2, 3

_CONT, _SYSCALL, _GETEVENTMSG, _SEIZE, _LISTEN, _GET_SYSCALL_INFO = 7, 24, 0x4201, 0x4206, 0x4208, 0x420E
_GETREGSET = 0x4204
_NAMES = {
    _CONT: "CONT", _SYSCALL: "SYSCALL", _GETEVENTMSG: "GETEVENTMSG", _SEIZE: "SEIZE", _LISTEN: "LISTEN",
    _GET_SYSCALL_INFO: "GET_SYSCALL_INFO", _GETREGSET: "GETREGSET",
}  # fmt: skip
_NT_PRSTATUS = 1
# Machine: words of its registers, which of them is the program counter, and which the frame pointer.
_REGISTERS = {"x86_64": (27, 16, 4), "aarch64": (34, 32, 29)}
_SYSCALL_INFO_SIZE = 88  # sizeof(struct ptrace_syscall_info) as of Linux 5.3
_WNOTHREAD, _WALL = 0x20000000, 0x40000000
_ESRCH = 3
_PATH_YAMA = "/proc/sys/kernel/yama/ptrace_scope"

_entry = struct.Struct("=7Q").unpack_from  # nr, args[6], at offset 24
_rval = struct.Struct("=q").unpack_from


class Tracer:
    """ptrace requests, made from one thread. One instance a thread: it owns the buffers of its requests."""

    def __init__(self) -> None:
        # Requests never sleep: keeping the interpreter lock (PyDLL) is cheaper than giving it away.
        self._ptrace = ctypes.PyDLL(None, use_errno=True).ptrace
        self._ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
        self._ptrace.restype = ctypes.c_long
        self._info = ctypes.create_string_buffer(_SYSCALL_INFO_SIZE)
        self._info_address = ctypes.addressof(self._info)
        self._message = ctypes.c_ulong()

    def seize(self, pid: int, options: int) -> None:
        """Become the tracer of `pid` without stopping it. Raises: SyscallError (EPERM: a policy)."""
        if self._ptrace(_SEIZE, pid, 0, options) < 0:
            raise SyscallError("ptrace(PTRACE_SEIZE)", ctypes.get_errno())

    def cont(self, tid: int, signal: int, to_syscall: bool) -> bool:
        """Let a stopped tracee run, with `signal` delivered (0: none); perhaps to the next system-call stop."""
        return self._request(_SYSCALL if to_syscall else _CONT, tid, 0, signal)

    def listen(self, tid: int) -> bool:
        """Leave a tracee in its group stop, so that SIGCONT can end it."""
        return self._request(_LISTEN, tid, 0, 0)

    def event_message(self, tid: int) -> int | None:
        """Return what belongs to the event stop: the new tid (fork, clone), the former tid (exec)."""
        if not self._request(_GETEVENTMSG, tid, 0, ctypes.addressof(self._message)):
            return None
        return self._message.value

    def syscall_entry(self, tid: int) -> tuple[int, ...] | None:
        """Return (number, 6 arguments as u64) of a seccomp stop."""
        if not self._request(_GET_SYSCALL_INFO, tid, _SYSCALL_INFO_SIZE, self._info_address):
            return None
        return _entry(self._info, 24)

    def syscall_return(self, tid: int) -> int | None:
        """Return the result (s64, negative errno on failure) of a system-call stop; None if it is no exit."""
        if not self._request(_GET_SYSCALL_INFO, tid, _SYSCALL_INFO_SIZE, self._info_address):
            return None
        if self._info[0] != bytes((SYSCALL_INFO_EXIT,)):
            return None
        value: int = _rval(self._info, 24)[0]
        return value

    def code_and_frame(self, tid: int) -> tuple[int, int] | None:
        """Return the program counter and the frame pointer of a stopped tracee, None for one of 32 bits."""
        words, code, frame = _REGISTERS[os.uname().machine]
        registers = (ctypes.c_uint64 * words)()
        where = _Iovec(ctypes.addressof(registers), ctypes.sizeof(registers))
        if not self._request(_GETREGSET, tid, _NT_PRSTATUS, ctypes.addressof(where)):
            return None
        return (registers[code], registers[frame]) if where.len == ctypes.sizeof(registers) else None

    def _request(self, request: int, tid: int, addr: int, data: int) -> bool:
        if self._ptrace(request, tid, addr, data) >= 0:
            return True
        errno = ctypes.get_errno()
        if errno == _ESRCH:
            return False
        raise SyscallError(f"ptrace(PTRACE_{_NAMES[request]})", errno)


def wait_tracee() -> tuple[int, int] | None:
    """Wait for a tracee of this thread to stop or end: (tid, wait status). None when none is left.

    Children that other threads of this process started are not touched (__WNOTHREAD).
    """
    try:
        return os.waitpid(-1, _WALL | _WNOTHREAD)
    except ChildProcessError:
        return None


def reap(pid: int) -> int | None:
    """Wait for a child that ended; return its wait status, None if there is no such child."""
    try:
        return os.waitpid(pid, _WALL)[1]
    except ChildProcessError:
        return None


class _Iovec(ctypes.Structure):
    """struct iovec."""

    _fields_ = (("base", ctypes.c_void_p), ("len", ctypes.c_size_t))


class MemoryReader:
    """Reads memory of other processes. One instance a thread: it owns its buffer."""

    def __init__(self) -> None:
        self._readv = ctypes.CDLL(None, use_errno=True).process_vm_readv
        pointer, word = ctypes.c_void_p, ctypes.c_ulong
        self._readv.argtypes = (ctypes.c_int, pointer, word, pointer, word, word)
        self._readv.restype = ctypes.c_ssize_t
        self._local, self._remote = _Iovec(), _Iovec()
        self._local_address = ctypes.addressof(self._local)
        self._remote_address = ctypes.addressof(self._remote)
        self._grow(4096)

    def read(self, tid: int, address: int, size: int) -> bytes:
        """Return the readable prefix of `size` bytes at `address`, b'' when the first byte faults."""
        if size <= 0 or not 0 < address < 1 << 64:
            return b""
        if size > self._local.len:
            self._grow(size)
        self._remote.base, self._remote.len = address, size
        got: int = self._readv(tid, self._local_address, 1, self._remote_address, 1, 0)
        if got >= 0:
            return ctypes.string_at(self._base, got)
        if ctypes.get_errno() in (1, 38):  # EPERM, ENOSYS: a policy refuses this call, perhaps not the file
            return _read_proc_mem(tid, address, size)
        return b""

    def _grow(self, size: int) -> None:
        self._buffer = ctypes.create_string_buffer(size)
        self._base = ctypes.addressof(self._buffer)
        self._local.base, self._local.len = self._base, size


def _read_proc_mem(tid: int, address: int, size: int) -> bytes:
    if address >= 1 << 63:  # no file offset; no user address either
        return b""
    try:
        fd = os.open(f"/proc/{tid}/mem", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.pread(fd, size, address)
    except OSError:
        return b""
    finally:
        os.close(fd)


_WHO = (b"Tgid", b"Uid", b"Gid")


class Credentials(Record):
    """Who a task is: its process and its real user and group id."""

    tgid: int
    uid: int
    gid: int


def read_credentials(tid: int) -> Credentials | None:
    """Read /proc/TID/status; None when the task is gone."""
    try:
        with open(f"/proc/{tid}/status", "rb", 0) as f:
            text = f.read(4096)
        tgid, uid, gid = (int(text.split(b"\n" + key + b":\t", 1)[1].split(None, 1)[0]) for key in _WHO)
        return Credentials(tgid, uid, gid)
    except (OSError, IndexError):
        return None


def read_syscall_nr(tid: int) -> int:
    """Return the system call that a stopped task is in or comes from, from /proc/TID/syscall; -1: none."""
    try:
        with open(f"/proc/{tid}/syscall", "rb", 0) as f:
            return int(f.read(256).split()[0])
    except (OSError, ValueError, IndexError):
        return -1


class StatFile:
    """The /proc/TID/task/TID/stat of a task, kept open if asked: then a reading is one system call."""

    __slots__ = ("_fd", "_tid")

    def __init__(self, tid: int, keep_open: bool) -> None:
        self._tid = tid
        self._fd = self._open() if keep_open else -1

    def read(self) -> tuple[bytes, int] | None:
        """Return the task's present name (at most 15 bytes) and the cpu it last ran on; None: it is gone."""
        fd = self._fd if self._fd >= 0 else self._open()
        if fd < 0:
            return None
        try:
            text = os.pread(fd, 1024, 0)
        except OSError:
            return None
        finally:
            if fd != self._fd:
                os.close(fd)
        end = text.rindex(b")")
        comm = text[text.index(b"(") + 1 : end]
        if b"\\" in comm:  # `stat` escapes backslashes and newlines, `comm` does not
            comm = _read_comm(self._tid) or comm
        return comm, int(text[end + 2 :].split(b" ", 37)[36])

    def close(self) -> None:
        """Let go of the file. Closing twice is allowed."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _open(self) -> int:
        try:
            return os.open(f"/proc/{self._tid}/task/{self._tid}/stat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return -1


def _read_comm(tid: int) -> bytes:
    try:
        with open(f"/proc/{tid}/comm", "rb", 0) as f:
            return f.read(64)[:-1]
    except OSError:
        return b""


def refusals() -> list[str]:
    """Return the reasons, in words, why this process cannot trace its own children; cheap, starts nothing."""
    found = []
    try:
        with open(_PATH_YAMA, "rb", 0) as f:
            scope = int(f.read(16))
    except (OSError, ValueError):
        scope = 0
    if scope >= 3:
        found.append(f"ptrace is switched off on this machine ({_PATH_YAMA} is {scope})")
    elif scope == 2 and not _has_cap_sys_ptrace():
        found.append(f"ptrace is reserved for CAP_SYS_PTRACE on this machine ({_PATH_YAMA} is 2)")
    elif ctypes.PyDLL(None, use_errno=True).ptrace(_CONT, 0, None, None) == -1:
        # There is no task 0: ESRCH where ptrace is allowed, whatever else a policy answers.
        errno = ctypes.get_errno()
        if errno != _ESRCH:
            found.append(f"ptrace is refused by a policy of this container or sandbox ({os.strerror(errno)})")
    return found


def _has_cap_sys_ptrace() -> bool:
    try:
        with open("/proc/self/status", "rb", 0) as f:
            caps = f.read(4096).partition(b"CapEff:\t")[2].split()[0]
    except (OSError, IndexError):
        return False
    return bool(int(caps, 16) >> 19 & 1)

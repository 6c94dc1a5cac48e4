"""Classic-BPF seccomp filters that hand chosen system calls to a tracer: `SECCOMP_RET_TRACE`.

Source: include/uapi/linux/{seccomp,filter,audit,prctl}.h.
"""

from __future__ import annotations

import ctypes
import struct

from ..errors import NotSupported, PermissionMissing, SyscallError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# AUDIT_ARCH_*, by the kernel's name of the architecture.
AUDIT_ARCH = {"x86_64": 0xC000003E, "arm64": 0xC00000B7}

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, _PR_SET_NO_NEW_PRIVS = 22, 2, 38
_RET_TRACE, _RET_ALLOW = 0x7FF00000, 0x7FFF0000
_LD_W_ABS, _JEQ_K, _JGE_K, _RET_K = 0x20, 0x15, 0x35, 0x06
_OFF_NR, _OFF_ARCH = 0, 4  # struct seccomp_data
_X32_SYSCALL_BIT = 0x40000000  # the first number that is no system call of the native ABI
_EPERM, _ENOENT, _EIO, _EACCES, _EFAULT, _EINVAL, _EMEDIUMTYPE = 1, 2, 5, 13, 14, 22, 124
_PTRACE_DETACH, _PTRACE_SEIZE, _PTRACE_INTERRUPT, _PTRACE_SECCOMP_GET_FILTER = 17, 0x4206, 0x4207, 0x420C
_WALL = 0x40000000


def build_filter(arch: str, numbers: Iterable[int] | None) -> bytes:
    """Return an array of `struct sock_filter`: TRACE for `numbers` (None: all), ALLOW for everything else.

    System calls of another ABI (i386, x32, 32-bit Arm) are allowed: their numbers mean something else.

    Raises: NotSupported for an architecture without a table of system calls here.
    """
    if arch not in AUDIT_ARCH:
        raise NotSupported(f"live system-call events on {arch}", hint=f"only on {', '.join(AUDIT_ARCH)}")
    allow, trace = (_RET_K, 0, 0, _RET_ALLOW), (_RET_K, 0, 0, _RET_TRACE)
    insns = [
        (_LD_W_ABS, 0, 0, _OFF_ARCH), (_JEQ_K, 1, 0, AUDIT_ARCH[arch]), allow,
        (_LD_W_ABS, 0, 0, _OFF_NR), (_JGE_K, 0, 1, _X32_SYSCALL_BIT), allow,
    ]  # fmt: skip
    if numbers is None:
        insns.append(trace)
    else:
        for nr in sorted(set(numbers)):
            insns += (_JEQ_K, 0, 1, nr), trace
        insns.append(allow)
    return b"".join(struct.pack("=HBBI", *insn) for insn in insns)


class _SockFprog(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_void_p))


class Filter:
    """A filter that is ready to be installed: everything that `install` needs exists before a fork."""

    def __init__(self, program: bytes) -> None:
        self._program = ctypes.create_string_buffer(program, len(program))
        self._fprog = _SockFprog(len(program) // 8, ctypes.addressof(self._program))
        self._prctl = _prctl()

    def install(self) -> None:
        """Install the filter in the calling thread, for it and all that it starts; there is no way back.

        An unprivileged caller also gets `no_new_privs`: from then on set-uid programs give it no privilege.

        Raises: SyscallError.
        """
        fprog = ctypes.addressof(self._fprog)
        if self._prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, fprog, 0, 0) == 0:
            return
        if ctypes.get_errno() == _EACCES:
            if self._prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
                raise SyscallError("prctl(PR_SET_NO_NEW_PRIVS)", ctypes.get_errno())
            if self._prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, fprog, 0, 0) == 0:
                return
        raise SyscallError("seccomp(SECCOMP_SET_MODE_FILTER)", ctypes.get_errno())


def have_filter() -> bool:
    """Return whether this kernel and its policy let a process install a filter."""
    # A filter at address 0 is an EFAULT where filters exist at all; nothing is installed.
    return _prctl()(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, 0, 0, 0) == -1 and ctypes.get_errno() == _EFAULT


def _prctl() -> ctypes._NamedFuncPointer:
    prctl = ctypes.PyDLL(None, use_errno=True).prctl
    prctl.argtypes = (ctypes.c_int, *[ctypes.c_ulong] * 4)
    return prctl


def read_filters(pid: int) -> list[bytes]:
    """Return the classic programs that a process has installed, the first one first; empty for none.

    The process is stopped for that moment, as by a debugger.

    Raises: PermissionMissing without CAP_SYS_ADMIN; NotSupported where the kernel cannot tell; SyscallError.
    """
    import os

    ptrace = ctypes.PyDLL(None, use_errno=True).ptrace
    ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
    ptrace.restype = ctypes.c_long

    def request(what: int, addr: int = 0, data: int = 0) -> int:
        result: int = ptrace(what, pid, addr, data)
        return -ctypes.get_errno() if result < 0 else result

    if (failed := request(_PTRACE_SEIZE)) < 0:
        if failed == -_EPERM:
            raise PermissionMissing(f"reading the filters of process {pid}", ["CAP_SYS_PTRACE", "CAP_SYS_ADMIN"])
        raise SyscallError("ptrace(PTRACE_SEIZE)", -failed)
    try:
        request(_PTRACE_INTERRUPT)
        os.waitpid(pid, _WALL)
        programs: list[bytes] = []
        while True:
            count = request(_PTRACE_SECCOMP_GET_FILTER, len(programs))
            if count < 0:
                return _end_of_filters(programs, -count, pid)
            buffer = ctypes.create_string_buffer(8 * count)
            request(_PTRACE_SECCOMP_GET_FILTER, len(programs), ctypes.addressof(buffer))
            programs.append(buffer.raw)
    finally:
        request(_PTRACE_DETACH)


def _end_of_filters(programs: list[bytes], errno: int, pid: int) -> list[bytes]:
    """Return the programs if there are no more of them. Raises: as `read_filters`."""
    if errno in (_ENOENT, _EINVAL):  # EINVAL: the process has no filter at all
        return programs
    if errno == _EACCES:
        raise PermissionMissing(f"reading the filters of process {pid}", ["CAP_SYS_ADMIN"])
    if errno in (_EIO, _EMEDIUMTYPE):
        raise NotSupported("reading seccomp filters", hint="the kernel needs CONFIG_CHECKPOINT_RESTORE")
    raise SyscallError("ptrace(PTRACE_SECCOMP_GET_FILTER)", errno)

"""Memory at fixed addresses, executable memory, and handlers of signals that are machine code themselves.

Memory is never writable and executable at once: code is written first, then sealed.
Source: mmap(2), mprotect(2), sigaction(2) of Linux; struct sigaction of glibc and musl on 64-bit machines.
"""

from __future__ import annotations

import ctypes
import mmap
import os

from ..errors import SyscallError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

PAGE_BYTES = mmap.PAGESIZE
_MAP_FIXED_NOREPLACE, _MAP_NORESERVE = 0x100000, 0x4000
_SA_SIGINFO, _SA_ONSTACK, _SA_NODEFER = 4, 0x0800_0000, 0x4000_0000
SIGBUS, SIGSEGV = 7, 11

_libc = ctypes.CDLL(None, use_errno=True)
_mmap, _munmap, _mprotect = _libc["mmap"], _libc["munmap"], _libc["mprotect"]
_mmap.restype = ctypes.c_void_p
_mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long)
_munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
_mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)

Enter = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_void_p, ctypes.c_uint64)


class _SigAction(ctypes.Structure):
    _fields_ = (
        ("handler", ctypes.c_void_p),
        ("mask", ctypes.c_uint64 * 16),
        ("flags", ctypes.c_int),
        ("restorer", ctypes.c_void_p),
    )


def whole_pages(size: int) -> int:
    """Round up to whole pages."""
    return size + PAGE_BYTES - 1 & -PAGE_BYTES


def map_memory(size: int, address: int = 0) -> int:
    """Return the address of `size` bytes of zeros, readable and writable; at `address` unless that is 0.

    Raises: SyscallError, with EEXIST where something is at the address already.
    """
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_NORESERVE | (_MAP_FIXED_NOREPLACE if address else 0)
    found = _mmap(address, size, mmap.PROT_READ | mmap.PROT_WRITE, flags, -1, 0)
    if found in (None, (1 << 64) - 1):
        raise SyscallError("mmap", ctypes.get_errno(), f"{size} bytes for the engine")
    if address and found != address:
        _munmap(found, size)
        raise SyscallError("mmap", 17, f"{address:#x}")
    return int(found)


def unmap_memory(address: int, size: int) -> None:
    """Give memory back."""
    _munmap(address, size)


def view(address: int, size: int) -> memoryview:
    """Return mapped memory as bytes. It must not be used once the memory is given back."""
    return memoryview((ctypes.c_ubyte * size).from_address(address)).cast("B")


def place_code(code: bytes) -> int:
    """Return the address of executable memory with this content, which cannot be written any more."""
    size = whole_pages(len(code))
    address = map_memory(size)
    ctypes.memmove(address, code, len(code))
    if _mprotect(address, size, mmap.PROT_READ | mmap.PROT_EXEC):
        error = ctypes.get_errno()
        _munmap(address, size)
        raise SyscallError("mprotect", error, "memory for native code: is executable memory denied here?")
    return address


def protect_read_only(address: int, size: int) -> None:
    """Refuse writes from now on. Raises: SyscallError."""
    if _mprotect(address, size, mmap.PROT_READ):
        raise SyscallError("mprotect", ctypes.get_errno(), "memory of the engine")


def python_function(name: str) -> int:
    """Return the address of a function of Python's C API."""
    return ctypes.cast(ctypes.pythonapi[name], ctypes.c_void_p).value or 0


def install_handler(make: Callable[[int], bytes]) -> None:
    """Handle SIGSEGV and SIGBUS by native code; `make` gets the address of the handler that was there.

    Raises: SyscallError.
    """
    sigaction = _libc["sigaction"]
    sigaction.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
    for number in (SIGSEGV, SIGBUS):
        old = _SigAction()
        sigaction(number, None, ctypes.byref(old))
        new = _SigAction(handler=place_code(make(old.handler or 0)), flags=_SA_SIGINFO | _SA_ONSTACK | _SA_NODEFER)
        if sigaction(number, ctypes.byref(new), None):
            raise SyscallError("sigaction", ctypes.get_errno(), f"signal {number}")


def processor_flags() -> frozenset[str]:
    """Return the features of the processor that the kernel tells of, in its words."""
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith(("flags", "Features")):
                    return frozenset(line.partition(":")[2].split())
    except OSError:
        return frozenset()
    return frozenset()


def machine_name() -> str:
    """Return the machine as uname(2) names it: x86_64, aarch64."""
    return os.uname().machine

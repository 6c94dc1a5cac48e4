"""Filters of sockets.

Source: socket(7); include/uapi/asm-generic/socket.h, include/uapi/linux/filter.h; sk_get_filter in net/core/filter.c.
"""

from __future__ import annotations

import ctypes
import os
import socket

from ..errors import NotSupported, SyscallError

SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27
SO_GET_FILTER = SO_ATTACH_FILTER
_ENOENT, _EACCES = 2, 13


class _SockFprog(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def attach_classic(fd: int, program: bytes) -> None:
    """Attach a classic program, in the machine's byte order, to a socket, in place of its filter.

    Raises: SyscallError.
    """
    image = ctypes.create_string_buffer(program, len(program))
    fprog = _SockFprog(len(program) // 8, ctypes.addressof(image))
    _set_option(fd, SO_ATTACH_FILTER, bytes(fprog), "SO_ATTACH_FILTER")


def detach(fd: int) -> bool:
    """Take a socket's filter away; return whether there was one. Raises: SyscallError."""
    try:
        _set_option(fd, SO_DETACH_FILTER, bytes(4), "SO_DETACH_FILTER")
    except SyscallError as e:
        if e.errno == _ENOENT:
            return False
        raise
    return True


def _set_option(fd: int, option: int, value: bytes, name: str) -> None:
    with socket.socket(fileno=os.dup(fd)) as sock:
        try:
            sock.setsockopt(socket.SOL_SOCKET, option, value)
        except OSError as e:
            raise SyscallError(f"setsockopt({name})", e.errno or 0) from None


def read_classic(fd: int) -> bytes:
    """Return the classic program of a socket, empty if it has no filter.

    Raises: NotSupported if its filter is an eBPF program; SyscallError.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    # The option counts instructions, not bytes, which the socket module does not know.
    buffer = ctypes.create_string_buffer(4096 * 8)
    count = ctypes.c_uint(4096)
    if libc.getsockopt(fd, socket.SOL_SOCKET, SO_GET_FILTER, buffer, ctypes.byref(count)) != 0:
        errno = ctypes.get_errno()
        if errno == _EACCES:
            raise NotSupported("reading a socket's filter that was an eBPF program from the start")
        raise SyscallError("getsockopt(SO_GET_FILTER)", errno)
    return buffer.raw[: count.value * 8]

"""The kernel as an engine: BPF_PROG_TEST_RUN of socket filters, straight through bpf(2)."""

from __future__ import annotations

import ctypes
import os
import platform
import struct

from ebee.isa.encode import encode

BPF_PROG_LOAD, BPF_PROG_TEST_RUN, SOCKET_FILTER = 5, 10, 1
_NUMBER = {"x86_64": 321, "aarch64": 280}
_libc = ctypes.CDLL(None, use_errno=True)


class Refused(Exception):
    """The verifier's log."""


def _bpf(cmd, attr, size):
    result = _libc.syscall(_NUMBER[platform.machine()], cmd, attr, size)
    return result if result >= 0 else -ctypes.get_errno()


def run(insns, packet=bytes(50)):
    """Load and run a program that ends by itself; return the low 32 bits of r0. Raises: Refused.

    `packet` is what follows the Ethernet header, which such programs do not see.
    """
    image = encode(insns)
    code, licence = ctypes.create_string_buffer(image), ctypes.create_string_buffer(b"GPL")
    log = ctypes.create_string_buffer(1 << 20)
    address = ctypes.addressof
    attr = struct.pack("=IIQQ", SOCKET_FILTER, len(image) // 8, address(code), address(licence))
    fd = _bpf(BPF_PROG_LOAD, ctypes.create_string_buffer(attr, 144), 144)
    if fd < 0:
        attr += struct.pack("=IIQ", 1, len(log), address(log))
        _bpf(BPF_PROG_LOAD, ctypes.create_string_buffer(attr, 144), 144)
        raise Refused(f"{os.strerror(-fd)}: {log.value.decode()[-400:]}")
    try:
        frame = bytes(14) + packet
        data = ctypes.create_string_buffer(frame, len(frame))
        attr = struct.pack("=IIIIQQII", fd, 0, len(frame), 0, address(data), 0, 1, 0)
        attr = ctypes.create_string_buffer(attr, 144)
        error = _bpf(BPF_PROG_TEST_RUN, attr, 144)
        assert error == 0, os.strerror(-error)
        return struct.unpack_from("=I", attr, 4)[0]
    finally:
        os.close(fd)

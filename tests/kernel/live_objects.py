"""Objects in the kernel for tests that look at them, a bpffs of their own, and what bpftool says of the same ids."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys

from ebee.abi import bpf as abi
from ebee.isa.encode import encode
from ebee.isa.insn import Insn
from ebee.isa.opcodes import R0
from ebee.kernel.live_programs import Program
from ebee.kernel.stub import EXIT, mov_imm
from ebee.sys import bpf
from ebee.sys.os_seam import Fd


def program(prog_type, result=0, name="ebee_test", expected_attach_type=0):
    """Load a program that returns a number."""
    code = encode([mov_imm(R0, result), Insn(EXIT)], sys.byteorder)
    fd = bpf.ProgLoad(prog_type, code, name, "GPL", expected_attach_type=expected_attach_type).load()
    assert fd >= 0, os.strerror(-fd)
    return Program(Fd(fd))


def bpftool(*words):
    """Return what bpftool says as JSON."""
    ran = subprocess.run(["bpftool", "-j", *map(str, words)], capture_output=True, text=True, timeout=30)
    said = json.loads(ran.stdout)
    assert "error" not in said, ran.stdout + ran.stderr  # its exit code is an error's also where it has said all
    return said


class BpfFileSystem:
    """A bpffs of the test's own at a directory, taken away again with all that is in it."""

    def __init__(self, path):
        self.path = str(path)
        os.makedirs(self.path, exist_ok=True)
        self._libc = ctypes.CDLL(None, use_errno=True)
        assert self._libc.mount(b"bpf", self.path.encode(), b"bpf", 0, None) == 0, os.strerror(ctypes.get_errno())

    def __enter__(self):
        return self.path

    def __exit__(self, *_exc):
        assert self._libc.umount2(self.path.encode(), 0) == 0


XDP, SCHED_CLS, RAW_TP = abi.BPF_PROG_TYPE_XDP, abi.BPF_PROG_TYPE_SCHED_CLS, abi.BPF_PROG_TYPE_RAW_TRACEPOINT

"""C sources to object files, by the clang of the package `ziglang`, for users who have C."""

from __future__ import annotations

import os
import sys

from ..errors import CompileError, Diagnostic, NotSupported, SyscallError

_TARGETS = {"little": "bpfel-freestanding", "big": "bpfeb-freestanding"}
# What bpf_tracing.h wants to know: __TARGET_ARCH_*. Source: tools/lib/bpf/bpf_tracing.h (libbpf 1.6).
_ARCHES = {"x86_64": "x86", "aarch64": "arm64", "armv7l": "arm", "s390x": "s390", "ppc64le": "powerpc",
           "riscv64": "riscv", "loongarch64": "loongarch"}  # fmt: skip
# The system's headers come last: bpf/bpf_helpers.h, linux/bpf.h.
_INCLUDES = ("/usr/include", "/usr/include/{machine}-linux-gnu")
_TIME_S = 120


def compile_c(path: str, *, byteorder: str = sys.byteorder, flags: tuple[str, ...] = ()) -> bytes:
    """Return the object file of a C source.

    Raises: CompileError with what clang says, NotSupported without `ziglang`, SyscallError where there is no such file.
    """
    from importlib.util import find_spec

    if not os.path.exists(path):
        raise SyscallError(f"read {path}", 2)
    if find_spec("ziglang") is None:
        raise NotSupported(
            f"compiling {path}: the package ziglang, which has clang, is not installed",
            hint='pip install "ebee[c]"; or compile it yourself: clang --target=bpf -O2 -g -c',
        )
    import subprocess
    import tempfile

    machine = os.uname().machine
    includes = [word for place in _INCLUDES for word in ("-idirafter", place.format(machine=machine))]
    with tempfile.TemporaryDirectory(prefix="ebee-c-") as directory:
        out = os.path.join(directory, "out.o")
        argv = [
            sys.executable, "-m", "ziglang", "cc", "-target", _TARGETS[byteorder], "-mcpu=v3", "-O2", "-g", "-c",
            f"-D__TARGET_ARCH_{_ARCHES.get(machine, machine)}", *includes, *flags, path, "-o", out,
        ]  # fmt: skip
        done = subprocess.run(argv, capture_output=True, text=True, timeout=_TIME_S, check=False)
        if done.returncode or not os.path.exists(out):
            raise CompileError([Diagnostic(f"clang refused {path}:\n{done.stderr.strip()}")])
        if done.stderr.strip():
            from . import options

            options.notice(done.stderr.strip())
        with open(out, "rb") as file:
            return file.read()

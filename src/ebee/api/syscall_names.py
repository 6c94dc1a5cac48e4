"""Names of system calls, for the numbers that probes see."""

from __future__ import annotations

from ..abi import syscalls
from ..errors import UsageError
from .backends import host_arch

_names: dict[str, dict[int, str]] = {}


def syscall_name(number: int, arch: str = "") -> str:
    """Return the name of a system call by its number; `syscall_999` where there is none of that number.

    `arch` is `x86_64` or `arm64`, this machine's if it is empty. Raises: UsageError for another one.
    """
    arch = arch or host_arch()
    if arch not in _names:
        table = {"x86_64": "X86_64", "arm64": "ARM64"}.get(arch)
        if table is None:
            raise UsageError(f"there is no table of system calls for {arch!r}", hint="there are x86_64 and arm64")
        _names[arch] = {n: name for name, n in getattr(syscalls, table).items()}
    return _names[arch].get(number) or f"syscall_{number}"

"""System-call tracepoints as bytes: the records that programs see, and what recordings keep of them.

`syscalls:sys_enter_NAME` holds the arguments, `syscalls:sys_exit_NAME` the result; `raw_syscalls:sys_enter`
and `raw_syscalls:sys_exit` are hit by every system call. All are laid out as the kernel does: the common header
(type u16, flags u8, preempt count u8, pid s32 = the thread id), the number at 8, the arguments (u64) or the
result (s64) from 16 on. Source: kernel/trace/trace_syscalls.c, include/trace/events/syscalls.h.
"""

from __future__ import annotations

import struct

from ...abi.syscalls import SYSCALLS
from ...record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...spec.target import Target, TracepointField

_OFF_ARGS = 16
_RAW_ARGS = 6

# One layout for each number of arguments: header, number (s64 covers the s32 and its padding), arguments.
_PACK = [struct.Struct(f"<HBBiq{n}Q") for n in range(_RAW_ARGS + 1)]
_PACK_EXIT = struct.Struct("<HBBiqq")

_PREFIXES = {
    "syscalls:sys_enter_": False, "syscalls:sys_exit_": True, "raw_syscalls:sys_enter": False,
    "raw_syscalls:sys_exit": True,
}  # fmt: skip

# Tracepoints are named after the function in the kernel; where that is not the name of the system call.
_SYSCALL_OF = {
    "newstat": "stat", "newfstat": "fstat", "newlstat": "lstat", "newuname": "uname",
    "sendfile64": "sendfile", "umount": "umount2", "fadvise64_64": "fadvise64", "arm64_personality": "personality",
}  # fmt: skip

# `const char *` arguments that point at so many bytes, not at a string.
_NO_STRINGS = ("buf", "u_msg_ptr")


def syscall_numbers(arch: str) -> dict[str, int]:
    """Return an architecture's system-call numbers by name; empty for an unknown architecture."""
    return SYSCALLS.get(arch, {})


class SyscallEvent(Record):
    """One tracepoint of a system call. `nr` is the number on the target's architecture, None for all of them.

    `strings` are the indexes of the arguments that point at a NUL-terminated string.
    """

    event: str
    is_exit: bool
    nr: int | None
    arg_names: tuple[str, ...]
    strings: tuple[int, ...]

    def pack(self, tid: int, nr: int, args: tuple[int, ...]) -> bytes:
        """Return the record of an entry; surplus arguments are left out."""
        count = len(self.arg_names)
        return _PACK[count].pack(0, 0, 0, tid, nr, *args[:count])

    def pack_exit(self, tid: int, nr: int, ret: int) -> bytes:
        """Return the record of an exit."""
        return _PACK_EXIT.pack(0, 0, 0, tid, nr, ret)

    def unpack(self, record: bytes) -> tuple[int, tuple[int, ...]]:
        """Return (number, arguments) of an entry's record or (number, (result,)) of an exit's."""
        layout = _PACK_EXIT if self.is_exit else _PACK[len(self.arg_names)]
        fields = layout.unpack(record)
        return fields[4], fields[5:]


def parse_event(event: str, target: Target) -> SyscallEvent | None:
    """Return what the tracepoint `event` is on `target`; None if it is none of a system call there."""
    prefix = next((p for p in _PREFIXES if event.startswith(p)), None)
    fmt = target.tracepoint(event)
    if prefix is None or fmt is None:
        return None
    is_exit, name = _PREFIXES[prefix], event[len(prefix) :]
    if prefix.startswith("raw"):
        names = () if is_exit else tuple(f"arg{i}" for i in range(_RAW_ARGS))
        return None if name else SyscallEvent(event, is_exit, None, names, ())
    nr = syscall_numbers(target.arch).get(_SYSCALL_OF.get(name, name))
    if nr is None:
        return None
    fields = [] if is_exit else sorted(fmt.fields.values(), key=_off_bytes)
    fields = [f for f in fields if f.off_bytes >= _OFF_ARGS]
    strings = tuple(i for i, f in enumerate(fields) if _is_string(f))
    return SyscallEvent(event, is_exit, nr, tuple(f.name for f in fields), strings)


def _is_string(f: TracepointField) -> bool:
    return f.type.replace(" ", "") == "constchar*" and f.name not in _NO_STRINGS


def _off_bytes(f: TracepointField) -> int:
    return f.off_bytes

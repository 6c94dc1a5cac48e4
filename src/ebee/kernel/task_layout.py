"""Where the few fields of kernel structs lie that ebee's own programs read, from the running kernel's BTF."""

from __future__ import annotations

import os
from stat import S_ISREG

from ..btf.kinds import BTF_KIND_STRUCT
from ..errors import BtfError, NotSupported
from ..record import Record
from ..sys.os_seam import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from mmap import mmap
    from typing import TypeVar

    from ..btf.read import Btf

    Contents = TypeVar("Contents")

VMLINUX_BTF = "/sys/kernel/btf/vmlinux"
_MOST_OFF_BYTES = 1 << 16
_NT_GNU_BUILD_ID = 3

# What marks a task that makes 32-bit system calls: field of task_struct, bits of its first 32.
# Source: TS_COMPAT in arch/x86/include/asm/thread_info.h; TIF_32BIT in arch/arm64/include/asm/thread_info.h.
COMPAT_MARKS = {"x86_64": ("thread_info.status", 0x2), "aarch64": ("thread_info.flags", 1 << 22)}

_layout: TaskLayout | None = None


class TaskLayout(Record):
    """Offsets in bytes.

    `task_tgid`: task_struct.tgid (s32). `task_signal`: task_struct.signal (pointer). `signal_live`:
    signal_struct.live (s32), the number of threads that have not exited. `task_compat`: the 32-bit word of
    task_struct that COMPAT_MARKS names.
    """

    task_tgid: int
    task_signal: int
    signal_live: int
    task_compat: int


def task_layout() -> TaskLayout:
    """Return the layout of this kernel, remembered on disk under the kernel's build id.

    Raises: NotSupported if the kernel has no BTF.
    """
    global _layout
    if _layout is None:
        path = cache_path("task-layout")
        _layout = _read_cache(path) if path else None
        if _layout is None:
            _layout = _from_btf()
            if path:
                _write_cache(path, _layout)
    return _layout


def _from_btf() -> TaskLayout:
    from ..btf.read import Btf

    compat = COMPAT_MARKS.get(current().machine, ("thread_info.flags", 0))[0]
    try:
        btf = Btf(current().map_file(VMLINUX_BTF))
        return TaskLayout(
            _member_off(btf, "task_struct", "tgid"),
            _member_off(btf, "task_struct", "signal"),
            _member_off(btf, "signal_struct", "live"),
            sum(_member_off(btf, *pair) for pair in zip(("task_struct", "thread_info"), compat.split("."))),
        )
    except (OSError, BtfError) as e:
        raise NotSupported(
            "following processes", "5.10 with CONFIG_DEBUG_INFO_BTF", hint=f"{VMLINUX_BTF}: {e}"
        ) from None


def _member_off(btf: Btf, struct: str, name: str) -> int:
    """Return the offset of a member. The quick way decodes no other type; members may be in an anonymous struct."""
    found = btf.by_name(struct, BTF_KIND_STRUCT)
    for member in found.members if found is not None else ():
        if member.name == name:
            return member.bit_off // 8
    return btf.field(struct, name).off_bytes


def _build_id() -> str:
    """Return the running kernel's build id in hex, or an empty string."""
    import sys

    try:
        notes = current().read_file("/sys/kernel/notes")
    except OSError:
        return ""
    at = 0
    while at + 12 <= len(notes):
        name_size, desc_size, kind = (
            int.from_bytes(notes[at + i : at + i + 4], sys.byteorder) for i in (0, 4, 8)
        )
        desc = at + 12 + (name_size + 3 & ~3)
        if kind == _NT_GNU_BUILD_ID and notes[at + 12 : at + 16] == b"GNU\0":
            return notes[desc : desc + desc_size].hex()
        at = desc + (desc_size + 3 & ~3)
    return ""


def cache_path(what: str) -> str:
    """Return where something about the running kernel is kept for the next run, empty where that cannot be."""
    build_id = _build_id()
    home = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(home):
        home = os.path.join(os.path.expanduser("~"), ".cache")
    if not build_id or not os.path.isabs(home):
        return ""
    return os.path.join(home, "ebee", f"{what}-{current().machine}-{build_id}")


def read_own_file(path: str, most_bytes: int) -> bytes | None:
    """Return what an earlier run of this user kept, or None."""
    return _own_file(path, lambda fd: os.read(fd, most_bytes))


def map_own_file(path: str) -> mmap | None:
    """Return a memory map of what an earlier run of this user kept, or None. Such files are replaced, never changed."""
    from mmap import MAP_PRIVATE, PROT_READ, mmap

    return _own_file(path, lambda fd: mmap(fd, 0, flags=MAP_PRIVATE, prot=PROT_READ))


def _own_file(path: str, read: Callable[[int], Contents]) -> Contents | None:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            status = os.fstat(fd)
            return read(fd) if status.st_uid == os.geteuid() and S_ISREG(status.st_mode) else None
        finally:
            os.close(fd)
    except (OSError, ValueError):
        return None


def _read_cache(path: str) -> TaskLayout | None:
    """Return what an earlier run kept, if it is ours and makes sense."""
    try:
        numbers = [int(word) for word in (read_own_file(path, 256) or b"").split()]
    except ValueError:
        return None
    names = TaskLayout.__match_args__
    if len(numbers) != len(names) or any(n % 4 or not 0 <= n < _MOST_OFF_BYTES for n in numbers):
        return None
    return TaskLayout(*numbers)


def _write_cache(path: str, layout: TaskLayout) -> None:
    write_own_file(path, " ".join(str(getattr(layout, name)) for name in TaskLayout.__match_args__).encode())


def write_own_file(path: str, data: bytes) -> None:
    """Keep it for the next run; where that cannot be, nothing is lost but time."""
    folder = os.path.dirname(path)
    temporary = f"{path}.{os.getpid()}"
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        if os.stat(folder).st_uid != os.geteuid():
            return
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError:
        return
    try:
        try:
            is_whole = os.write(fd, data) == len(data)
        finally:
            os.close(fd)
        if is_whole:
            os.rename(temporary, path)
            return
    except OSError:
        pass
    try:
        os.unlink(temporary)
    except OSError:
        pass

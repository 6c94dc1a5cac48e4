"""Helpers that read memory of the kernel (here: the engine's own) and of the user's process."""

from __future__ import annotations

from errno import EFAULT, EINVAL

from ...errors import FaultError
from .common import U32, is_of_kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..interpreter import Machine


def _read_kernel(vm: Machine, address: int, size: int) -> bytes:
    """Return the readable prefix of engine memory, like TaskContext.read_user."""
    try:
        return vm.memory.read(address, size)
    except FaultError:
        return vm.memory.readable(address)[:size]


def _probe_read(vm: Machine, dst: int, size: int, address: int, read: Callable[[int, int], bytes]) -> int:
    out = vm.memory.window(dst, size)
    data = read(address, size) if size else b""
    if len(data) != size:
        out[:] = bytes(size)
        return -EFAULT
    out[:] = data
    return 0


def _probe_read_str(vm: Machine, dst: int, size: int, address: int, read: Callable[[int, int], bytes]) -> int:
    """Copy a string with its NUL; return the length with the NUL. Bytes behind it stay as they were."""
    out = vm.memory.window(dst, size)
    if not size:
        return 0
    data = read(address, size)
    end = data.find(b"\0")
    if end >= 0:
        out[: end + 1] = data[: end + 1]
        return end + 1
    if len(data) == size:
        out[:] = data[:-1] + b"\0"
        return size
    out[:] = bytes(size)
    return -EFAULT


def probe_read_user(vm: Machine, dst: int, size: int, address: int) -> int:
    return _probe_read(vm, dst, size & U32, address, vm.task.read_user)


def probe_read_kernel(vm: Machine, dst: int, size: int, address: int) -> int:
    return _probe_read(vm, dst, size & U32, address, lambda a, n: _read_kernel(vm, a, n))


def probe_read_user_str(vm: Machine, dst: int, size: int, address: int) -> int:
    return _probe_read_str(vm, dst, size & U32, address, vm.task.read_user)


def probe_read_kernel_str(vm: Machine, dst: int, size: int, address: int) -> int:
    return _probe_read_str(vm, dst, size & U32, address, lambda a, n: _read_kernel(vm, a, n))


def probe_read(vm: Machine, dst: int, size: int, address: int) -> int:
    return (probe_read_kernel if is_of_kernel(vm, address) else probe_read_user)(vm, dst, size, address)


def probe_read_str(vm: Machine, dst: int, size: int, address: int) -> int:
    return (probe_read_kernel_str if is_of_kernel(vm, address) else probe_read_user_str)(vm, dst, size, address)


def probe_write_user(vm: Machine, dst: int, src: int, size: int) -> int:
    """Write to the current task's memory; return 0, or -EPERM where that cannot be written."""
    return vm.task.write_user(dst, vm.memory.read(src, size & U32))


def copy_from_user(vm: Machine, dst: int, size: int, address: int) -> int:
    return probe_read_user(vm, dst, size, address)


def copy_from_user_task(vm: Machine, dst: int, size: int, address: int, task: int, flags: int) -> int:
    """Read another task's memory: the engine has that of the current one only."""
    if flags:
        return -EINVAL
    if vm.registry.id_at("task", task) != vm.task.pid:
        vm.memory.window(dst, size & U32)[:] = bytes(size & U32)
        return -EFAULT
    return probe_read_user(vm, dst, size, address)

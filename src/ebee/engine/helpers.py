"""The helper functions that programs in the engine can call: a table from the kernel's number to a function.

Each takes the machine and as many of r1..r5 as it needs, and returns r0; a negative result is a negative
errno.
Source: include/uapi/linux/bpf.h (numbers, contracts); kernel/bpf/helpers.c, kernel/trace/bpf_trace.c (Linux
6.18).
"""

from __future__ import annotations

from errno import E2BIG, EFAULT, EINVAL, ENOENT

from ..abi import bpf
from ..abi.helpers import BPF_FUNC
from ..errors import ExecutionError, FaultError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .interpreter import Machine
    from .maps import EngineMap, RingBuffer

_MAX_LOOPS = 8 << 20
_KERNEL_HALF = 1 << 63
_SIZE_MASK = 0xFFFF_FFFF


def _map(vm: Machine, handle: int) -> EngineMap:
    found = vm.maps.get(handle)
    if found is None:
        raise ExecutionError(f"{handle:#x} is no map")
    return found


def _ring(vm: Machine, handle: int) -> RingBuffer:
    from .maps import RingBuffer

    found = _map(vm, handle)
    if not isinstance(found, RingBuffer):
        raise ExecutionError(f"map {found.spec.name!r} is no ring buffer")
    return found


def _key(vm: Machine, m: EngineMap, address: int) -> bytes:
    if not m.spec.key_size:
        raise ExecutionError(f"map {m.spec.name!r} has no keys")
    return vm.memory.read(address, m.spec.key_size)


# Maps.


def map_lookup_elem(vm: Machine, handle: int, key: int) -> int:
    m = _map(vm, handle)
    return m.lookup_address(_key(vm, m, key))


def map_update_elem(vm: Machine, handle: int, key: int, value: int, flags: int) -> int:
    m = _map(vm, handle)
    m.check_program_writes()
    return m.update_value(_key(vm, m, key), vm.memory.read(value, m.spec.value_size), flags)


def map_delete_elem(vm: Machine, handle: int, key: int) -> int:
    m = _map(vm, handle)
    m.check_program_writes()
    return m.delete_key(_key(vm, m, key))


def map_push_elem(vm: Machine, handle: int, value: int, flags: int) -> int:
    m = _map(vm, handle)
    m.check_program_writes()
    return m.push_value(vm.memory.read(value, m.spec.value_size), flags)


def map_pop_elem(vm: Machine, handle: int, value: int) -> int:
    """Take a value; where there is none it reads as zeros, and the result is -ENOENT."""
    m = _map(vm, handle)
    m.check_program_writes()
    out = vm.memory.window(value, m.spec.value_size)
    taken = m.pop_value()
    out[:] = bytes(len(out)) if taken is None else taken
    return -ENOENT if taken is None else 0


def map_peek_elem(vm: Machine, handle: int, value: int) -> int:
    """Look at the value that would be taken; of a Bloom filter, ask for the value that is there."""
    m = _map(vm, handle)
    if m.spec.map_type == bpf.BPF_MAP_TYPE_BLOOM_FILTER:
        return 0 if m.has_value(vm.memory.read(value, m.spec.value_size)) else -ENOENT
    out = vm.memory.window(value, m.spec.value_size)
    found = m.peek_value()
    out[:] = bytes(len(out)) if found is None else found
    return -ENOENT if found is None else 0


def for_each_map_elem(vm: Machine, handle: int, callback: int, ctx: int, flags: int) -> int:
    m = _map(vm, handle)
    if flags:
        return -EINVAL
    depth = vm.depth + 1
    count = 0
    for key in m.all_keys():
        value = m.lookup_address(key)
        if not value:  # the callback deleted it
            continue
        count += 1
        key_address = vm.memory.map(key, f"a key of map {m.spec.name!r}")
        stop = vm.call(callback, depth, handle, key_address, value, ctx)
        vm.memory.unmap(key_address)
        if stop:
            break
    return count


def loop(vm: Machine, count: int, callback: int, ctx: int, flags: int) -> int:
    if flags:
        return -EINVAL
    count &= _SIZE_MASK
    if count > _MAX_LOOPS:
        return -E2BIG
    depth = vm.depth + 1
    for i in range(count):
        if vm.call(callback, depth, i, ctx):
            return i + 1
    return count


# Ring buffers.


def ringbuf_output(vm: Machine, handle: int, data: int, size: int, flags: int) -> int:
    return _ring(vm, handle).output(vm.memory.read(data, size), flags)


def ringbuf_reserve(vm: Machine, handle: int, size: int, flags: int) -> int:
    ring = _ring(vm, handle)
    address = ring.reserve(size, flags)
    if address:
        vm.reserved[address] = ring
    return address


def _commit(vm: Machine, address: int, flags: int, discard: bool) -> int:
    ring = vm.reserved.pop(address, None)
    if ring is None:
        raise ExecutionError(f"{address:#x} is no reserved ring-buffer record (any more)")
    ring.commit(address, flags, discard=discard)
    return 0


def ringbuf_submit(vm: Machine, address: int, flags: int) -> int:
    return _commit(vm, address, flags, False)


def ringbuf_discard(vm: Machine, address: int, flags: int) -> int:
    return _commit(vm, address, flags, True)


def ringbuf_query(vm: Machine, handle: int, what: int) -> int:
    return _ring(vm, handle).query(what)


# The task, time and chance.


def ktime_get_ns(vm: Machine) -> int:
    return vm.task.ktime_ns()


def get_prandom_u32(vm: Machine) -> int:
    return vm.task.random_u32() & 0xFFFF_FFFF


def get_smp_processor_id(vm: Machine) -> int:
    return vm.task.cpu


def get_current_pid_tgid(vm: Machine) -> int:
    return vm.task.tgid << 32 | vm.task.pid


def get_current_uid_gid(vm: Machine) -> int:
    return vm.task.gid << 32 | vm.task.uid


def get_current_comm(vm: Machine, buf: int, size: int) -> int:
    size &= _SIZE_MASK
    if not size:
        return -EINVAL
    out = vm.memory.window(buf, size)
    name = vm.task.comm[: min(15, size - 1)]
    out[:] = name + bytes(size - len(name))
    return 0


# Memory of the kernel (here: the engine's own) and of the user's process.


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
    return _probe_read(vm, dst, size & _SIZE_MASK, address, vm.task.read_user)


def probe_read_kernel(vm: Machine, dst: int, size: int, address: int) -> int:
    return _probe_read(vm, dst, size & _SIZE_MASK, address, lambda a, n: _read_kernel(vm, a, n))


def probe_read_user_str(vm: Machine, dst: int, size: int, address: int) -> int:
    return _probe_read_str(vm, dst, size & _SIZE_MASK, address, vm.task.read_user)


def probe_read_kernel_str(vm: Machine, dst: int, size: int, address: int) -> int:
    return _probe_read_str(vm, dst, size & _SIZE_MASK, address, lambda a, n: _read_kernel(vm, a, n))


def probe_read(vm: Machine, dst: int, size: int, address: int) -> int:
    return (probe_read_kernel if address >= _KERNEL_HALF else probe_read_user)(vm, dst, size, address)


def probe_read_str(vm: Machine, dst: int, size: int, address: int) -> int:
    return (probe_read_kernel_str if address >= _KERNEL_HALF else probe_read_user_str)(vm, dst, size, address)


# Text.


def strncmp(vm: Machine, s1: int, size: int, s2: int) -> int:
    a, b = vm.memory.read(s1, size & _SIZE_MASK), vm.memory.readable(s2)
    a = a.partition(b"\0")[0]
    b, nul, _ = b[:size].partition(b"\0")
    if not nul and len(b) < size and a[: len(b)] == b:
        raise vm.memory.fault(s2 + len(b), 1)
    return (a > b) - (a < b)


def trace_printk(vm: Machine, fmt: int, size: int, arg1: int, arg2: int, arg3: int) -> int:
    """Format as the kernel does and hand the line to `vm.trace`; return its length with the NUL, or
    -EINVAL."""
    from .bprintf import bprintf

    text = vm.memory.read(fmt, size & _SIZE_MASK)
    if text[-1:] != b"\0":
        return -EINVAL
    line = bprintf(text.partition(b"\0")[0], (arg1, arg2, arg3), lambda a: _string(vm, a))
    if line is None:
        return -EINVAL
    if vm.trace is not None:
        vm.trace(line)
    return len(line.encode()) + 1


def _string(vm: Machine, address: int) -> str:
    """Return the string at an address of the engine or the user, '' when it faults."""
    if address >= _KERNEL_HALF:
        data = vm.memory.readable(address)
    else:
        data = vm.task.read_user(address, 512)
    return data[:511].partition(b"\0")[0].decode("utf-8", "backslashreplace")


HELPERS: dict[int, Callable[..., int]] = {
    BPF_FUNC.map_lookup_elem: map_lookup_elem,
    BPF_FUNC.map_update_elem: map_update_elem,
    BPF_FUNC.map_delete_elem: map_delete_elem,
    BPF_FUNC.map_push_elem: map_push_elem,
    BPF_FUNC.map_pop_elem: map_pop_elem,
    BPF_FUNC.map_peek_elem: map_peek_elem,
    BPF_FUNC.probe_read: probe_read,
    BPF_FUNC.ktime_get_ns: ktime_get_ns,
    BPF_FUNC.trace_printk: trace_printk,
    BPF_FUNC.get_prandom_u32: get_prandom_u32,
    BPF_FUNC.get_smp_processor_id: get_smp_processor_id,
    BPF_FUNC.get_current_pid_tgid: get_current_pid_tgid,
    BPF_FUNC.get_current_uid_gid: get_current_uid_gid,
    BPF_FUNC.get_current_comm: get_current_comm,
    BPF_FUNC.probe_read_str: probe_read_str,
    BPF_FUNC.probe_read_user: probe_read_user,
    BPF_FUNC.probe_read_kernel: probe_read_kernel,
    BPF_FUNC.probe_read_user_str: probe_read_user_str,
    BPF_FUNC.probe_read_kernel_str: probe_read_kernel_str,
    BPF_FUNC.ktime_get_boot_ns: ktime_get_ns,  # the engine's machine never sleeps
    BPF_FUNC.ringbuf_output: ringbuf_output,
    BPF_FUNC.ringbuf_reserve: ringbuf_reserve,
    BPF_FUNC.ringbuf_submit: ringbuf_submit,
    BPF_FUNC.ringbuf_discard: ringbuf_discard,
    BPF_FUNC.ringbuf_query: ringbuf_query,
    BPF_FUNC.ktime_get_coarse_ns: ktime_get_ns,
    BPF_FUNC.for_each_map_elem: for_each_map_elem,
    BPF_FUNC.loop: loop,
    BPF_FUNC.strncmp: strncmp,
}

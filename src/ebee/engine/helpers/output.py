"""Helpers over ring buffers and perf buffers: records for user space, and user space's own."""

from __future__ import annotations

from errno import E2BIG, EFAULT, EINVAL, ENOENT

from ...abi import bpf
from ...errors import ExecutionError
from ..maps import RingBuffer
from .common import U32, map_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..interpreter import Machine

_MAX_USER_SAMPLES = 128 * 1024  # BPF_MAX_USER_RINGBUF_SAMPLES


def ring_at(vm: Machine, handle: int) -> RingBuffer:
    """Return the ring buffer that a program passed. Raises: ExecutionError."""
    found = map_at(vm, handle)
    if not isinstance(found, RingBuffer):
        raise ExecutionError(f"map {found.spec.name!r} is no ring buffer")
    return found


def ringbuf_output(vm: Machine, handle: int, data: int, size: int, flags: int) -> int:
    return ring_at(vm, handle).output(vm.memory.read(data, size), flags)


def ringbuf_reserve(vm: Machine, handle: int, size: int, flags: int) -> int:
    ring = ring_at(vm, handle)
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
    return ring_at(vm, handle).query(what)


def perf_event_output(vm: Machine, ctx: int, handle: int, flags: int, data: int, size: int) -> int:
    """Send a record to the buffer of a CPU. With a packet, bits 32 to 51 of `flags` say how much of it follows.

    Source: kernel/trace/bpf_trace.c, __bpf_perf_event_output(); net/core/filter.c, bpf_skb_event_output().
    """
    from ..mapkinds.perf import PerfEventArray

    m = map_at(vm, handle)
    if not isinstance(m, PerfEventArray):
        raise ExecutionError(f"map {m.spec.name!r} is no perf event array")
    record = vm.memory.read(data, size)
    packet_bytes = (flags & bpf.BPF_F_CTXLEN_MASK) >> 32
    if flags & ~bpf.BPF_F_INDEX_MASK:
        if vm.packet is None or flags & ~(bpf.BPF_F_INDEX_MASK | bpf.BPF_F_CTXLEN_MASK):
            return -EINVAL
        if packet_bytes > len(vm.packet.content):
            return -EFAULT
        record += bytes(vm.packet.content[:packet_bytes])
    index = flags & bpf.BPF_F_INDEX_MASK
    return m.output(vm.task.cpu if index == bpf.BPF_F_CURRENT_CPU else index, vm.task.cpu, record)


def _read_counter(vm: Machine, handle: int, flags: int) -> int:
    """Return why there is nothing to read: the engine's perf event arrays hold no counters."""
    m = map_at(vm, handle)
    index = flags & bpf.BPF_F_INDEX_MASK
    if flags & ~bpf.BPF_F_INDEX_MASK:
        return -EINVAL
    index = vm.task.cpu if index == bpf.BPF_F_CURRENT_CPU else index
    return -E2BIG if index >= m.spec.max_entries else -ENOENT


def perf_event_read(vm: Machine, handle: int, flags: int) -> int:
    return _read_counter(vm, handle, flags)


def perf_event_read_value(vm: Machine, handle: int, flags: int, buf: int, size: int) -> int:
    out = vm.memory.window(buf, size & U32)
    result = -EINVAL if len(out) != 24 else _read_counter(vm, handle, flags)
    out[:] = bytes(len(out))
    return result


def user_ringbuf_drain(vm: Machine, handle: int, callback: int, ctx: int, flags: int) -> int:
    """Pass each sample that user space wrote to the callback; return how many there were."""
    from ..mapkinds.perf import UserRingBuffer
    from .dynptr import RDONLY, make_dynptr

    m = map_at(vm, handle)
    if not isinstance(m, UserRingBuffer):
        raise ExecutionError(f"map {m.spec.name!r} is no user ring buffer")
    if flags & ~(bpf.BPF_RB_NO_WAKEUP | bpf.BPF_RB_FORCE_WAKEUP):
        return -EINVAL
    depth, count, stop = vm.depth + 1, 0, 0
    while not stop and count < _MAX_USER_SAMPLES:
        sample = m.take()
        if sample is None:
            break
        count += 1
        data = vm.memory.map(sample, f"a sample of {m.spec.name!r}")
        pointer = vm.memory.map(bytes(make_dynptr(data, len(sample), flags=RDONLY)), "a dynptr")
        stop = vm.call(callback, depth, pointer, ctx)
        vm.memory.unmap(pointer)
        vm.memory.unmap(data)
    return count

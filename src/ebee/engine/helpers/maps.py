"""Helpers over maps and what their values hold."""

from __future__ import annotations

from errno import EINVAL, ENOENT

from ...abi import bpf
from ...errors import ExecutionError
from .common import U32, map_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..interpreter import Machine
    from ..maps import EngineMap


def _key(vm: Machine, m: EngineMap, address: int) -> bytes:
    if not m.spec.key_size:
        raise ExecutionError(f"map {m.spec.name!r} has no keys")
    return vm.memory.read(address, m.spec.key_size)


def map_lookup_elem(vm: Machine, handle: int, key: int) -> int:
    m = map_at(vm, handle)
    return m.lookup_address(_key(vm, m, key))


def map_lookup_percpu_elem(vm: Machine, handle: int, key: int, cpu: int) -> int:
    m = map_at(vm, handle)
    if not m.per_cpu:
        raise ExecutionError(f"map {m.spec.name!r} has no values for each CPU")
    return m.lookup_on(_key(vm, m, key), cpu & U32)


def map_update_elem(vm: Machine, handle: int, key: int, value: int, flags: int) -> int:
    m = map_at(vm, handle)
    m.check_program_writes()
    return m.update_value(_key(vm, m, key), vm.memory.read(value, m.spec.value_size), flags)


def map_delete_elem(vm: Machine, handle: int, key: int) -> int:
    m = map_at(vm, handle)
    m.check_program_writes()
    return m.delete_key(_key(vm, m, key))


def map_push_elem(vm: Machine, handle: int, value: int, flags: int) -> int:
    m = map_at(vm, handle)
    m.check_program_writes()
    return m.push_value(vm.memory.read(value, m.spec.value_size), flags)


def map_pop_elem(vm: Machine, handle: int, value: int) -> int:
    """Take a value; where there is none it reads as zeros, and the result is -ENOENT."""
    m = map_at(vm, handle)
    m.check_program_writes()
    out = vm.memory.window(value, m.spec.value_size)
    taken = m.pop_value()
    out[:] = bytes(len(out)) if taken is None else taken
    return -ENOENT if taken is None else 0


def map_peek_elem(vm: Machine, handle: int, value: int) -> int:
    """Look at the value that would be taken; of a Bloom filter, ask for the value that is there."""
    m = map_at(vm, handle)
    if m.spec.map_type == bpf.BPF_MAP_TYPE_BLOOM_FILTER:
        return 0 if m.has_value(vm.memory.read(value, m.spec.value_size)) else -ENOENT
    out = vm.memory.window(value, m.spec.value_size)
    found = m.peek_value()
    out[:] = bytes(len(out)) if found is None else found
    return -ENOENT if found is None else 0


def for_each_map_elem(vm: Machine, handle: int, callback: int, ctx: int, flags: int) -> int:
    m = map_at(vm, handle)
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


# Spin locks. One program runs at a time, so that a lock that is taken can only be the program's own.


def spin_lock(vm: Machine, lock: int) -> int:
    word = vm.memory.window(lock, 4)
    if any(word):
        raise ExecutionError("bpf_spin_lock of a lock that is held: the program would wait for ever")
    word[0] = 1
    return 0


def spin_unlock(vm: Machine, lock: int) -> int:
    word = vm.memory.window(lock, 4)
    if not any(word):
        raise ExecutionError("bpf_spin_unlock of a lock that is not held")
    word[:] = bytes(4)
    return 0


# Pointers that values hold, and objects with a copy for each CPU.


def kptr_xchg(vm: Machine, place: int, pointer: int) -> int:
    """Put a pointer into a map's value (or 0) and return the one that was there."""
    field = vm.memory.window(place, 8)
    old = int.from_bytes(field, "little")
    field[:] = pointer.to_bytes(8, "little")
    return old


def per_cpu_ptr(vm: Machine, pointer: int, cpu: int) -> int:
    """Return the address of a CPU's copy of a per-CPU object, 0 for a CPU that is not there."""
    copies = vm.percpu.get(pointer)
    if copies is None:
        raise ExecutionError(f"{pointer:#x} is no per-CPU object of bpf_percpu_obj_new()")
    return copies[cpu & U32] if cpu & U32 < len(copies) else 0


def this_cpu_ptr(vm: Machine, pointer: int) -> int:
    copies = vm.percpu.get(pointer, ())
    return per_cpu_ptr(vm, pointer, vm.task.cpu % max(1, len(copies)))

"""The engine's other maps: per-CPU, LRU, longest prefix, queue, stack and Bloom filter."""

from __future__ import annotations

from errno import E2BIG, EINVAL, ENOSPC, EOPNOTSUPP

from ..abi import bpf
from ..errors import SyscallError
from .maps import ENOTSUPP, ArrayMap, EngineMap, HashMap, first_cpu

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from ..spec.object import MapSpec
    from .memory import Memory


class PerCpuHashMap(HashMap):
    """BPF_MAP_TYPE_PERCPU_HASH. An entry that a program makes is zero on the other CPUs."""

    per_cpu = True


class PerCpuArrayMap(ArrayMap):
    """BPF_MAP_TYPE_PERCPU_ARRAY."""

    allowed_flags = bpf.BPF_F_RDONLY_PROG
    per_cpu = True


class LruHashMap(HashMap):
    """BPF_MAP_TYPE_LRU_HASH: a full map throws out the entry that was used longest ago.

    The kernel's choice is approximate, and it may throw out entries of a map that is not quite full.
    """

    allowed_flags = HashMap.allowed_flags | bpf.BPF_F_NO_COMMON_LRU

    def check_sizes(self) -> None:
        super().check_sizes()
        if self.spec.map_flags & bpf.BPF_F_NO_PREALLOC:
            raise self._refused(ENOTSUPP, "its entries are always allocated in advance")

    def _touch(self, key: bytes) -> None:
        if key in self._entries:
            self._entries[key] = self._entries.pop(key)

    def make_room(self) -> bool:
        self.delete_key(next(iter(self._entries)))
        return True

    def lookup_address(self, key: bytes) -> int:
        self._touch(key)
        return super().lookup_address(key)

    def update_value(self, key: bytes, value: bytes, flags: int) -> int:
        result = super().update_value(key, value, flags)
        self._touch(key)
        return result


class LruPerCpuHashMap(LruHashMap):
    """BPF_MAP_TYPE_LRU_PERCPU_HASH."""

    per_cpu = True


class LpmTrieMap(HashMap):
    """BPF_MAP_TYPE_LPM_TRIE: keys are a u32 prefix length in bits and the address, most significant byte first.

    A look-up finds the entry with the longest prefix of the key. Source: kernel/bpf/lpm_trie.c (Linux 6.18).
    """

    allowed_flags = bpf.BPF_F_NO_PREALLOC | bpf.BPF_F_RDONLY_PROG
    full_errno = ENOSPC

    def check_sizes(self) -> None:
        super().check_sizes()
        if not 5 <= self.spec.key_size <= 4 + 256 or not self.spec.map_flags & bpf.BPF_F_NO_PREALLOC:
            raise self._refused(EINVAL, "an address of 1 to 256 bytes and BPF_F_NO_PREALLOC are needed")

    def _prefix(self, key: bytes, prefix_bits: int) -> bytes:
        """Return the key of the first bits of an address, the others zero."""
        address, rest = int.from_bytes(key[4:]), 8 * (len(key) - 4) - prefix_bits
        return prefix_bits.to_bytes(4, "little") + (address >> rest << rest).to_bytes(len(key) - 4)

    def _bits(self, key: bytes) -> int:
        """Return the prefix length of a key, -1 for one that is longer than the address."""
        bits = int.from_bytes(key[:4], "little")
        return bits if bits <= 8 * (len(key) - 4) else -1

    def find(self, key: bytes) -> bytes | None:
        for bits in range(self._bits(key), -1, -1):
            shorter = self._prefix(key, bits)
            if shorter in self._entries:
                return shorter
        return None

    def update_value(self, key: bytes, value: bytes, flags: int) -> int:
        bits = self._bits(key)
        return -EINVAL if bits < 0 else super().update_value(self._prefix(key, bits), value, flags)

    def delete_key(self, key: bytes) -> int:
        bits = self._bits(key)
        return -EINVAL if bits < 0 else super().delete_key(self._prefix(key, bits))


class QueueMap(EngineMap):
    """BPF_MAP_TYPE_QUEUE: first in, first out.

    Source: kernel/bpf/queue_stack_maps.c (Linux 6.18).
    """

    allowed_flags = bpf.BPF_F_RDONLY_PROG
    next_index = 0

    def __init__(
        self,
        spec: MapSpec,
        memory: Memory,
        lock: AbstractContextManager[object],
        cpu: Callable[[], int] = first_cpu,
    ) -> None:
        super().__init__(spec, memory, lock, cpu)
        self._values: list[bytes] = []

    def check_sizes(self) -> None:
        s = self.spec
        if s.key_size or not (s.value_size and s.max_entries):
            raise self._refused(EINVAL, "it has no key; value size and max_entries must not be 0")

    def update_value(self, key: bytes, value: bytes, flags: int) -> int:
        return self.push_value(value, flags)

    def push_value(self, value: bytes, flags: int) -> int:
        if flags not in (bpf.BPF_ANY, bpf.BPF_EXIST):
            return -EINVAL
        if len(self._values) >= self.spec.max_entries:
            if flags != bpf.BPF_EXIST:
                return -E2BIG
            del self._values[0]
        self._values.append(value)
        return 0

    def pop_value(self) -> bytes | None:
        return self._values.pop(self.next_index) if self._values else None

    def peek_value(self) -> bytes | None:
        return self._values[self.next_index] if self._values else None

    def lookup(self, key: bytes) -> bytes | None:
        """Return the value that `pop` would take."""
        self._check(key, "BPF_MAP_LOOKUP_ELEM")
        with self.lock:
            return self.peek_value()

    def delete(self, key: bytes) -> bool:
        raise SyscallError("BPF_MAP_DELETE_ELEM", EINVAL, f"map {self.spec.name!r} has no keys")

    def pop(self) -> bytes | None:
        with self.lock:
            return self.pop_value()


class StackMap(QueueMap):
    """BPF_MAP_TYPE_STACK: last in, first out."""

    next_index = -1


class BloomFilterMap(EngineMap):
    """BPF_MAP_TYPE_BLOOM_FILTER: says whether a value may have been added.

    The kernel's errs sometimes, on the side of yes; this one never does. Source: kernel/bpf/bloom_filter.c.
    """

    allowed_flags = bpf.BPF_F_ZERO_SEED | bpf.BPF_F_RDONLY_PROG

    def __init__(
        self,
        spec: MapSpec,
        memory: Memory,
        lock: AbstractContextManager[object],
        cpu: Callable[[], int] = first_cpu,
    ) -> None:
        super().__init__(spec, memory, lock, cpu)
        self._values: set[bytes] = set()

    def check_sizes(self) -> None:
        s = self.spec
        if s.key_size or not (s.value_size and s.max_entries):
            raise self._refused(EINVAL, "it has no key; value size and max_entries must not be 0")

    def update_value(self, key: bytes, value: bytes, flags: int) -> int:
        return self.push_value(value, flags)

    def push_value(self, value: bytes, flags: int) -> int:
        if flags != bpf.BPF_ANY:
            return -EINVAL
        self._values.add(value)
        return 0

    def delete(self, key: bytes) -> bool:
        raise SyscallError("BPF_MAP_DELETE_ELEM", EOPNOTSUPP, f"map {self.spec.name!r} has no keys")

    def has_value(self, value: bytes) -> bool:
        if len(value) != self.spec.value_size:
            raise SyscallError("BPF_MAP_LOOKUP_ELEM", EINVAL, f"values of {self.spec.value_size} bytes")
        with self.lock:
            return value in self._values


MAP_CLASSES: dict[int, type[EngineMap]] = {
    bpf.BPF_MAP_TYPE_PERCPU_HASH: PerCpuHashMap,
    bpf.BPF_MAP_TYPE_PERCPU_ARRAY: PerCpuArrayMap,
    bpf.BPF_MAP_TYPE_LRU_HASH: LruHashMap,
    bpf.BPF_MAP_TYPE_LRU_PERCPU_HASH: LruPerCpuHashMap,
    bpf.BPF_MAP_TYPE_LPM_TRIE: LpmTrieMap,
    bpf.BPF_MAP_TYPE_QUEUE: QueueMap,
    bpf.BPF_MAP_TYPE_STACK: StackMap,
    bpf.BPF_MAP_TYPE_BLOOM_FILTER: BloomFilterMap,
}

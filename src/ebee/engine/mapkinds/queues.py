"""Maps without keys: queue, stack and Bloom filter."""

from __future__ import annotations

from errno import E2BIG, EINVAL, EOPNOTSUPP

from ...abi import bpf
from ...errors import SyscallError
from ..maps import EngineMap


class QueueMap(EngineMap):
    """BPF_MAP_TYPE_QUEUE: first in, first out.

    Source: kernel/bpf/queue_stack_maps.c (Linux 6.18).
    """

    allowed_flags = bpf.BPF_F_RDONLY_PROG
    next_index = 0

    def set_up(self) -> None:
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

    def pop(self, key: bytes = b"") -> bytes | None:
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

    def set_up(self) -> None:
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
    bpf.BPF_MAP_TYPE_QUEUE: QueueMap,
    bpf.BPF_MAP_TYPE_STACK: StackMap,
    bpf.BPF_MAP_TYPE_BLOOM_FILTER: BloomFilterMap,
}

"""Buffers per CPU for perf events, the ring buffer that user space writes to, and stack traces.

Source: kernel/events/ring_buffer.c, kernel/bpf/ringbuf.c, kernel/bpf/stackmap.c (Linux 6.18).
"""

from __future__ import annotations

from errno import E2BIG, EEXIST, EINVAL, ENOENT, ENOSPC, EOPNOTSUPP

from ...abi import bpf
from ...errors import ExecutionError, SyscallError
from ..maps import EngineMap

_BUFFER_BYTES = 64 * 4096  # of each CPU
_RECORD_HEADER = 12  # struct perf_event_header, and the u32 size of PERF_SAMPLE_RAW
_PAGE_BYTES = 4096


class PerfEventArray(EngineMap):
    """BPF_MAP_TYPE_PERF_EVENT_ARRAY. Every slot has a reader: `drain` takes what programs sent, oldest first.

    A buffer has 64 pages; what does not fit until the next `drain` is refused with -ENOSPC and counted in `lost`.
    """

    carries_events = True

    def set_up(self) -> None:
        self.lost = 0
        self._records: list[bytes] = []
        self._used: dict[int, int] = {}

    def check_sizes(self) -> None:
        s = self.spec
        if (s.key_size, s.value_size) != (4, 4):
            raise self._refused(EINVAL, "key size and value size must be 4")

    def output(self, index: int, cpu: int, record: bytes) -> int:
        """Send a record to the buffer of a slot, which is that of the CPU with its number."""
        if self.spec.max_entries and index >= self.spec.max_entries:
            return -E2BIG
        if index != cpu:
            return -EOPNOTSUPP
        used = self._used.get(index, 0) + (_RECORD_HEADER + len(record) + 7 & ~7)
        if used > _BUFFER_BYTES:
            self.lost += 1
            return -ENOSPC
        self._used[index] = used
        self._records.append(record)
        self.announce()
        return 0

    def has_data(self) -> bool:
        """Return whether `drain` would return anything."""
        return bool(self._records)

    def drain(self, limit: int = 0) -> list[bytes]:
        """Take the records (all, or up to `limit`), oldest first."""
        with self.lock:
            taken = self._records[: limit or None]
            del self._records[: len(taken)]
            if not self._records:
                self._used.clear()
            self.all_taken()
        return taken

    def lookup_address(self, key: bytes) -> int:
        raise ExecutionError(f"programs cannot look into map {self.spec.name!r}")


class UserRingBuffer(EngineMap):
    """BPF_MAP_TYPE_USER_RINGBUF: user space pushes samples, programs drain them."""

    def set_up(self) -> None:
        self._samples: list[bytes] = []
        self._used = 0

    def check_sizes(self) -> None:
        s = self.spec
        if s.key_size or s.value_size or s.max_entries < _PAGE_BYTES or s.max_entries & s.max_entries - 1:
            raise self._refused(EINVAL, "it has no key and no value size; its size is a power of two, a page or more")

    def push(self, value: bytes, flags: int = 0) -> None:
        """Write a sample. Raises: SyscallError with ENOSPC when it does not fit now, E2BIG when it never will."""
        needed = len(value) + 7 + bpf.BPF_RINGBUF_HDR_SZ & ~7
        if needed > self.spec.max_entries:
            raise SyscallError("user_ring_buffer__reserve", E2BIG, f"map {self.spec.name!r}: {len(value)} bytes")
        with self.lock:
            if self._used + needed > self.spec.max_entries:
                raise SyscallError("user_ring_buffer__reserve", ENOSPC, f"map {self.spec.name!r} is full")
            self._used += needed
            self._samples.append(value)

    def take(self) -> bytes | None:
        """Return the oldest sample, which is gone then."""
        if not self._samples:
            return None
        sample = self._samples.pop(0)
        self._used -= len(sample) + 7 + bpf.BPF_RINGBUF_HDR_SZ & ~7
        return sample


_BPF_STACK_BUILD_ID_IP = 2
_IP_HEAD = _BPF_STACK_BUILD_ID_IP.to_bytes(4, "little") + bytes(bpf.BPF_BUILD_ID_SIZE)


class StackTraceMap(EngineMap):
    """BPF_MAP_TYPE_STACK_TRACE: the addresses of a stack's frames, innermost first, by an id of the stack.

    With BPF_F_STACK_BUILD_ID each is a `struct bpf_stack_build_id`, here always one that has an address.
    """

    allowed_flags = bpf.BPF_F_STACK_BUILD_ID

    def set_up(self) -> None:
        self._stacks: dict[int, bytes] = {}
        self._buckets = 1 << (self.spec.max_entries - 1).bit_length()

    def check_sizes(self) -> None:
        s = self.spec
        self._frame_bytes = 32 if s.map_flags & bpf.BPF_F_STACK_BUILD_ID else 8
        if s.key_size != 4 or not s.max_entries or s.value_size < self._frame_bytes or s.value_size % self._frame_bytes:
            what = f"keys of 4 bytes, values of some frames of {self._frame_bytes} bytes, and max_entries"
            raise self._refused(EINVAL, what)
        if s.value_size // self._frame_bytes > 127:
            raise self._refused(EINVAL, "at most 127 frames (kernel.perf_event_max_stack)")

    def remember(self, frames: list[int], flags: int) -> int:
        """Keep a stack; return its id, or -EEXIST if another one has it."""
        head = _IP_HEAD if self._frame_bytes > 8 else b""
        raw = b"".join(head + ip.to_bytes(8, "little") for ip in frames)[: self.spec.value_size]
        id = 0
        for byte in raw:
            id = (id ^ byte) * 0x0100_0193 & 0xFFFF_FFFF
        id &= self._buckets - 1
        old = self._stacks.get(id)
        if old is not None and old != raw and not flags & bpf.BPF_F_REUSE_STACKID:
            return -EEXIST
        self._stacks[id] = raw
        return id

    def lookup_address(self, key: bytes) -> int:
        raise ExecutionError(f"programs cannot look into map {self.spec.name!r}")

    def lookup(self, key: bytes) -> bytes | None:
        self._check(key, "BPF_MAP_LOOKUP_ELEM")
        with self.lock:
            found = self._stacks.get(int.from_bytes(key, "little"))
        return None if found is None else found.ljust(self.spec.value_size, b"\0")

    def update_value(self, key: bytes, value: bytes, flags: int) -> int:
        return -EINVAL

    def delete_key(self, key: bytes) -> int:
        id = int.from_bytes(key, "little")
        if id >= self._buckets:
            return -E2BIG
        return 0 if self._stacks.pop(id, None) is not None else -ENOENT

    def next_key(self, key: bytes | None) -> bytes | None:
        start = -1 if key is None else int.from_bytes(key, "little")
        later = sorted(id for id in self._stacks if id > start or start >= self._buckets)
        return later[0].to_bytes(4, "little") if later else None

    def all_keys(self) -> list[bytes]:
        return [id.to_bytes(4, "little") for id in sorted(self._stacks)]


MAP_CLASSES: dict[int, type[EngineMap]] = {
    bpf.BPF_MAP_TYPE_PERF_EVENT_ARRAY: PerfEventArray,
    bpf.BPF_MAP_TYPE_USER_RINGBUF: UserRingBuffer,
    bpf.BPF_MAP_TYPE_STACK_TRACE: StackTraceMap,
}

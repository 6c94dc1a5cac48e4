"""Live maps in the kernel."""

from __future__ import annotations

import sys
from errno import EINVAL, EOPNOTSUPP

from ..abi import bpf as abi
from ..abi.attr import MAP_INFO, MAP_INFO_SIZE_BYTES
from ..errors import NotSupported, SyscallError, UsageError
from ..sys import bpf
from .ringbuf import RingReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterator

    from ..spec.object import MapSpec
    from ..sys.map_elements import MapElements
    from ..sys.os_seam import Fd
    from .perfbuf import PerfReader
    from .user_ringbuf import RingWriter

PERCPU_MAP_TYPES = frozenset(
    (abi.BPF_MAP_TYPE_PERCPU_HASH, abi.BPF_MAP_TYPE_PERCPU_ARRAY, abi.BPF_MAP_TYPE_LRU_PERCPU_HASH)
)
# The kernel refuses key and value types for these (map_check_btf).
_MAP_TYPES_WITHOUT_BTF = frozenset(
    (
        abi.BPF_MAP_TYPE_RINGBUF,
        abi.BPF_MAP_TYPE_USER_RINGBUF,
        abi.BPF_MAP_TYPE_PERF_EVENT_ARRAY,
        abi.BPF_MAP_TYPE_STACK_TRACE,
        abi.BPF_MAP_TYPE_PROG_ARRAY,
        abi.BPF_MAP_TYPE_ARRAY_OF_MAPS,
        abi.BPF_MAP_TYPE_HASH_OF_MAPS,
        abi.BPF_MAP_TYPE_CGROUP_ARRAY,
        abi.BPF_MAP_TYPE_QUEUE,
        abi.BPF_MAP_TYPE_STACK,
        abi.BPF_MAP_TYPE_DEVMAP,
        abi.BPF_MAP_TYPE_DEVMAP_HASH,
        abi.BPF_MAP_TYPE_CPUMAP,
        abi.BPF_MAP_TYPE_XSKMAP,
        abi.BPF_MAP_TYPE_SOCKMAP,
        abi.BPF_MAP_TYPE_SOCKHASH,
        abi.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY,
    )
)
_BATCH_ENTRIES = 4096
_ARENA = abi.BPF_MAP_TYPE_ARENA

pin_directory = "/sys/fs/bpf"  # of maps with PIN_BY_NAME, as libbpf has it


class KernelMap:
    """A map. For per-CPU maps a value is that of every possible CPU in turn, each padded to 8 bytes."""

    def __init__(self, spec: MapSpec, btf_fd: int = 0) -> None:
        """Create it and set what it holds at first. Raises: SyscallError with the map's name, PermissionMissing."""
        self.spec = spec
        pinned = _pinned(spec) if spec.pinning else None
        self.fd = pinned or _create(spec, btf_fd)
        self.value_bytes, self.cpus = spec.value_size, 1
        if spec.map_type in PERCPU_MAP_TYPES:
            from ..sys.cpus import possible_cpus

            self.cpus = possible_cpus()
            self.value_bytes = (spec.value_size + 7 & ~7) * self.cpus
        self._elements: MapElements | None = None
        self.ring: RingReader | PerfReader | None = None
        if spec.map_type == abi.BPF_MAP_TYPE_RINGBUF:
            self.ring = RingReader(self.fd.number, spec.max_entries)
        elif spec.map_type == abi.BPF_MAP_TYPE_PERF_EVENT_ARRAY and not spec.max_entries:
            from .perfbuf import PerfReader

            self.ring = PerfReader(self.fd.number)
        self.shared: memoryview | None = memoryview(_arena(self.fd, spec)) if spec.map_type == _ARENA else None
        self.writer: RingWriter | None = None
        if spec.map_type == abi.BPF_MAP_TYPE_USER_RINGBUF:
            from .user_ringbuf import RingWriter

            self.writer = RingWriter(self.fd.number, spec.max_entries, spec.name)
        if spec.initial and pinned is None:
            self.update(bytes(spec.key_size), spec.initial)
        if spec.frozen and pinned is None:
            bpf.map_freeze(self.fd.number)
        if spec.pinning and pinned is None:
            bpf.obj_pin(_pin_path(spec), self.fd.number)

    def _ops(self) -> MapElements:
        if self._elements is None:
            from ..sys.map_elements import MapElements

            if self.fd.number < 0:
                raise UsageError(f"map {self.spec.name!r} is closed")
            if self.ring is not None:
                raise UsageError(f"map {self.spec.name!r} is a ring buffer: it has records, not keys and values")
            spec = self.spec
            self._elements = MapElements(self.fd.number, spec.key_size, self.value_bytes, spec.name)
        return self._elements

    def lookup(self, key: bytes) -> bytes | None:
        """Return the value, or None if there is none. Raises: SyscallError."""
        return self._ops().lookup(key)

    def update(self, key: bytes, value: bytes, flags: int = 0) -> None:
        """Set a value. Raises: SyscallError with E2BIG (full), EEXIST, ENOENT or EINVAL."""
        self._ops().update(key, value, flags)

    def delete(self, key: bytes) -> bool:
        """Remove a key; return whether it was there. Raises: SyscallError (EINVAL for arrays)."""
        return self._ops().delete(key)

    def push(self, value: bytes, flags: int = 0) -> None:
        """Queues, stacks, Bloom filters, user ring buffers: add a value.

        Raises: SyscallError with E2BIG or ENOSPC (full), EINVAL.
        """
        if self.writer is not None:
            self.writer.push(value)
            return
        self._ops().update(b"", value, flags)

    def pop(self, key: bytes = b"") -> bytes | None:
        """Take a key's value, of queues and stacks the next one; None if there is none. Raises: SyscallError."""
        return self._ops().take(key)

    def has_value(self, value: bytes) -> bool:
        """Bloom filters: whether a value may have been added. Raises: SyscallError."""
        return self._ops().has_value(value)

    def next_key(self, key: bytes | None) -> bytes | None:
        """Return the key after `key` (None: the first), or None at the end."""
        return self._ops().next_key(key)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over a live map; entries that vanish meanwhile are left out, none comes twice."""
        from ..sys.map_elements import map_lookup_batch

        ops, spec = self._ops(), self.spec
        key_bytes, value_bytes = spec.key_size, self.value_bytes
        room = min(_BATCH_ENTRIES, max(spec.max_entries, 1))
        chunks = map_lookup_batch(self.fd.number, key_bytes, value_bytes, room, spec.name)
        if chunks is None:
            yield from self._items_one_by_one(ops)
            return
        for keys, values, count in chunks:
            for i in range(count):
                yield (
                    keys[i * key_bytes : (i + 1) * key_bytes],
                    values[i * value_bytes : (i + 1) * value_bytes],
                )

    def _items_one_by_one(self, ops: MapElements) -> Iterator[tuple[bytes, bytes]]:
        seen: set[bytes] = set()  # the kernel starts again at the first key when the one given is gone
        key = ops.next_key(None)
        while key is not None and key not in seen:
            seen.add(key)
            value = ops.lookup(key)
            if value is not None:
                yield key, value
            key = ops.next_key(key)

    def drain(self, limit: int = 0) -> list[bytes]:
        """Ring buffers: take the finished records (all, or up to `limit`) without waiting, oldest first."""
        if self.ring is None:
            raise UsageError(f"map {self.spec.name!r} is no ring buffer")
        return self.ring.drain(limit)

    def close(self) -> None:
        """Let go of the map. Closing twice is allowed."""
        if self.ring is not None:
            self.ring.close()
        if self.writer is not None:
            self.writer.close()
        self._elements = self.shared = None
        self.fd.close()


def _create(spec: MapSpec, btf_fd: int) -> Fd:
    types = (0, 0, 0)
    if btf_fd > 0 and spec.value_type_id and spec.map_type not in _MAP_TYPES_WITHOUT_BTF:
        types = (btf_fd, spec.key_type_id, spec.value_type_id)
    inner = None if spec.inner is None else _create(spec.inner, btf_fd)  # the kernel looks at it and lets it go
    max_entries = spec.max_entries
    if spec.map_type == abi.BPF_MAP_TYPE_PERF_EVENT_ARRAY and not max_entries:
        from ..sys.cpus import possible_cpus

        max_entries = possible_cpus()
    try:
        return bpf.map_create(
            spec.map_type, spec.key_size, spec.value_size, max_entries, spec.map_flags, spec.name, *types,
            inner_map_fd=inner.number if inner is not None else 0, map_extra=spec.map_extra,
        )  # fmt: skip
    except SyscallError as e:
        if spec.map_type == _ARENA and e.errno in (EINVAL, EOPNOTSUPP):
            raise NotSupported(f"arena {spec.name!r}", "6.9") from None
        raise
    finally:
        if inner is not None:
            inner.close()


def _arena(fd: Fd, spec: MapSpec) -> mmap.mmap:
    """Map an arena before a program is loaded that uses it, all of its pages: writes to others would be lost.

    Source: arena_vm_fault in kernel/bpf/arena.c (Linux 6.18).
    """
    from mmap import PAGESIZE

    from ..sys.os_seam import current

    try:
        memory = current().map_shared(fd.number, spec.max_entries * PAGESIZE, 0, True)
    except OSError as e:
        raise SyscallError(f"mmap of arena {spec.name!r}", e.errno or 0) from None
    memory[::PAGESIZE] = bytes(spec.max_entries)
    return memory


def _pin_path(spec: MapSpec) -> str:
    return f"{pin_directory}/{spec.name}"


def _pinned(spec: MapSpec) -> Fd | None:
    """Return the map that is pinned under this one's name, if any. Raises: UsageError if it is of another make."""
    fd = bpf.obj_get(_pin_path(spec))
    if fd is None:
        return None
    names = ("type", "key_size", "value_size", "max_entries", "map_flags")
    info = bpf.info_by_fd(fd.number, MAP_INFO_SIZE_BYTES)
    found = [int.from_bytes(info[off : off + size], sys.byteorder) for off, size in (MAP_INFO[n] for n in names)]
    wanted = [spec.map_type, spec.key_size, spec.value_size, spec.max_entries, spec.map_flags]
    if found != wanted:
        what = ", ".join(f"{n} {a}, not {b}" for n, a, b in zip(names, found, wanted) if a != b)
        raise UsageError(f"{_pin_path(spec)} is another map: {what}", hint="remove it, or give this map another name=")
    return fd


def map_fd(live: object, name: str) -> int:
    """Return the file descriptor of a live map of this backend. Raises: UsageError for another backend's."""
    if not isinstance(live, KernelMap) or live.fd.number < 0:
        raise UsageError(f"map {name!r} is not a live map of the kernel backend")
    return live.fd.number

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
    from ..sys.map_batches import MapBatches
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
_RESTARTS = 64  # of going over a map one by one, from which others delete
_ARENA = abi.BPF_MAP_TYPE_ARENA

pin_directory = "/sys/fs/bpf"  # of maps with PIN_BY_NAME, as libbpf has it


class KernelMap:
    """A map. For per-CPU maps a value is that of every possible CPU in turn, each padded to 8 bytes."""

    def __init__(self, spec: MapSpec, btf_fd: int = 0, *, has_pages: bool = True) -> None:
        """Create it and set what it holds at first; an arena `has_pages`, unless programs allocate them.

        Raises: SyscallError with the map's name, PermissionMissing.
        """
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
            self.ring = RingReader(self.fd.number, spec.max_entries, spec.name)
        elif spec.map_type == abi.BPF_MAP_TYPE_PERF_EVENT_ARRAY and not spec.max_entries:
            from .perfbuf import PerfReader

            self.ring = PerfReader(self.fd.number)
        self._shared: memoryview | None = None
        if spec.map_type == _ARENA:
            self._shared = _arena(self.fd, spec, has_pages=has_pages)
        self.writer: RingWriter | None = None
        if spec.map_type == abi.BPF_MAP_TYPE_USER_RINGBUF:
            from .user_ringbuf import RingWriter

            self.writer = RingWriter(self.fd.number, spec.max_entries, spec.name)
        if spec.initial and pinned is None and spec.map_type == _ARENA:
            assert self.shared is not None
            self.shared[: len(spec.initial)] = spec.initial
        elif spec.initial and pinned is None:
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
            self.lookup = self._elements.lookup  # type: ignore[method-assign]  # one call less
        return self._elements

    @property
    def _batches(self) -> MapBatches:
        from ..sys.map_batches import MapBatches

        spec = self.spec
        return MapBatches(self.fd.number, spec.key_size, self.value_bytes, spec.max_entries, spec.name)

    @property
    def shared(self) -> memoryview | None:
        """The memory of an arena, or of an array with BPF_F_MMAPABLE: all elements, each padded to 8 bytes."""
        spec = self.spec
        if self._shared is None and spec.map_type == abi.BPF_MAP_TYPE_ARRAY and spec.map_flags & abi.BPF_F_MMAPABLE:
            self._shared = memoryview(_map_memory(self.fd, spec, (spec.value_size + 7 & ~7) * spec.max_entries))
        return self._shared

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
        key_bytes, value_bytes = self.spec.key_size, self.value_bytes
        for keys, values, count in self.chunks():
            for i in range(count):
                yield (
                    bytes(keys[i * key_bytes : (i + 1) * key_bytes]),
                    bytes(values[i * value_bytes : (i + 1) * value_bytes]),
                )

    def chunks(self, *, take: bool = False) -> Iterator[tuple[bytearray, bytearray, int]]:
        """Read the whole map: keys, values and their number, some at a time; with `take` remove what is read.

        Where the kernel has no command for many elements it is done one by one. Raises: SyscallError.
        """
        ops = self._ops()
        found = self._batches.read(take=take) if self.spec.key_size else None
        if found is not None:
            return found
        return self._chunks_one_by_one(ops, take)

    def _chunks_one_by_one(self, ops: MapElements, take: bool) -> Iterator[tuple[bytearray, bytearray, int]]:
        seen: set[bytes] = set()
        key, restarts = ops.next_key(None), 0
        while key is not None:
            after = ops.next_key(key)  # now, because it may be gone when the caller has seen it
            if key not in seen:
                seen.add(key)
                value = ops.lookup(key)
                if value is not None and not (take and not ops.delete(key)):
                    yield bytearray(key), bytearray(value), 1
            elif restarts > len(seen) + _RESTARTS:
                return
            else:
                restarts += 1  # the kernel starts again at the first key when the one given is gone
            key = after

    def update_many(self, keys: bytes, values: bytes, count: int, flags: int = 0) -> None:
        """Set many values; keys and values lie back to back. Raises: SyscallError, with how many were set before."""
        ops = self._ops()
        if self._batches.update(keys, values, count, flags):
            return
        key_bytes, value_bytes = self.spec.key_size, self.value_bytes
        for i in range(count):
            value = values[i * value_bytes : (i + 1) * value_bytes]
            ops.update(keys[i * key_bytes : (i + 1) * key_bytes], value, flags)

    def delete_many(self, keys: bytes, count: int) -> int:
        """Remove many keys, which lie back to back; return how many were there. Raises: SyscallError."""
        ops = self._ops()
        deleted = self._batches.delete(keys, count)
        if deleted is not None:
            return deleted
        size = self.spec.key_size
        return sum(ops.delete(keys[i * size : (i + 1) * size]) for i in range(count))

    def freeze(self) -> None:
        """Refuse all further writes from user space. Raises: SyscallError, EBUSY while it is mapped writable."""
        bpf.map_freeze(self.fd.number)

    def drain(self, limit: int = 0) -> list[bytes]:
        """Ring buffers: take the finished records (all, or up to `limit`) without waiting, oldest first."""
        if self.ring is None:
            raise UsageError(f"map {self.spec.name!r} is no ring buffer")
        return self.ring.drain(limit)

    def drain_packed(self, size: int, limit: int = 0) -> bytearray:
        """As `drain`, laid out as `types.records` says: records of one size, of longer ones the beginning.

        Raises: FormatError for a record that is shorter, which is passed over.
        """
        if isinstance(self.ring, RingReader):
            return self.ring.drain_packed(size, limit, self.spec.name)
        from ..types.records import pack_records

        return pack_records(self.drain(limit), size, self.spec.name)

    @property
    def lost(self) -> int:
        """Perf event arrays: how many records the kernel had no room for. 0 where only programs know."""
        return getattr(self.ring, "lost", 0)

    def fileno(self) -> int:
        """Ring buffers: a file descriptor that is readable while there are records. Raises: UsageError for others."""
        if self.ring is None:
            raise UsageError(f"map {self.spec.name!r} is no ring buffer")
        return self.fd.number if isinstance(self.ring, RingReader) else self.ring.fileno()

    def close(self) -> None:
        """Let go of the map. Closing twice is allowed."""
        if self.ring is not None:
            self.ring.close()
        if self.writer is not None:
            self.writer.close()
        if self._elements is not None:
            self._elements.close()
            del self.lookup
        self._elements = self._shared = None
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

    def create(types: tuple[int, int, int]) -> Fd:
        return bpf.map_create(
            spec.map_type, spec.key_size, spec.value_size, max_entries, spec.map_flags, spec.name, *types,
            inner_map_fd=inner.number if inner is not None else 0, map_extra=spec.map_extra, numa_node=spec.numa_node,
        )  # fmt: skip

    try:
        try:
            return create(types)
        except SyscallError as e:
            if not types[0] or e.errno != EINVAL:
                raise
            return create((0, 0, 0))  # types that it does not want, which only describe; libbpf does the same
    except SyscallError as e:
        if spec.map_type == _ARENA and e.errno in (EINVAL, EOPNOTSUPP):
            raise NotSupported(f"arena {spec.name!r}", "6.9") from None
        raise
    finally:
        if inner is not None:
            inner.close()


def _arena(fd: Fd, spec: MapSpec, *, has_pages: bool) -> memoryview:
    """Map an arena before a program is loaded that uses it, where `map_extra` says.

    If it `has_pages` all of them are there from the start: writes to others would be lost. Programs that allocate
    them find none free then. Source: arena_vm_fault, arena_map_mmap in kernel/bpf/arena.c (Linux 6.18).
    """
    from mmap import PAGESIZE

    size_bytes = spec.max_entries * PAGESIZE
    if spec.map_extra:
        memory = bpf.map_shared_at(fd.number, size_bytes, spec.map_extra, what=f"map {spec.name!r}")
    else:
        memory = memoryview(_map_memory(fd, spec, size_bytes))
    if has_pages:
        memory[::PAGESIZE] = bytes(spec.max_entries)
    return memory


def _map_memory(fd: Fd, spec: MapSpec, size_bytes: int) -> mmap.mmap:
    """Map what a map holds, writable. Raises: SyscallError, EPERM for one that is frozen."""
    return bpf.map_shared(fd.number, size_bytes, 0, writable=True, what=f"map {spec.name!r}")


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

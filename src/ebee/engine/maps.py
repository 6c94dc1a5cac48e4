"""The engine's maps: the reference model of the kernel's hash, array and ring-buffer maps.

Simple Python with the kernel's results, errors and accounting. Values that a program has a pointer to are
live regions of the engine's memory; an entry's address stays the same until the entry is deleted.
"""

from __future__ import annotations

from errno import E2BIG, EAGAIN, EEXIST, EINVAL, ENOENT, ENOMEM, EPERM

from ..abi import bpf
from ..errors import ExecutionError, NotSupported, SyscallError, UsageError
from .cells import Cells, FlatCells
from .memory import OFFSET_BITS
from .registry import Registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from ..spec.object import MapSpec
    from ..sys.os_seam import Fd
    from .cells import Cell
    from .memory import Buffer, Memory

ENOTSUPP = 524  # include/linux/errno.h: kernel-internal, yet what bpf(2) returns for operations a map lacks
_PAGE_BYTES = 4096
_MAX_ARRAY_BYTES = 1 << 31
MAX_PER_CPU_BYTES = 32 << 10  # PCPU_MIN_UNIT_SIZE


def first_cpu() -> int:
    """Return 0, the CPU of programs whose map is told nothing else."""
    return 0


class EngineMap:
    """What all maps share: a name, a handle that programs pass to helpers, and the lock of the backend.

    `handle` is an address that cannot be accessed. Methods that take bytes are for Python (the system call's
    side); those that return 0 or a negative errno, or an address, are for helpers.

    A per-CPU map keeps each value `cpus` times: a helper reaches that of the CPU which `cpu` names, Python's side
    has all of them back to back, each padded to 8 bytes. `cpus` grows when an event comes from a CPU beyond it.

    `kept` lists (offset, size) of what a value holds for the system: timers, locks, pointers (`values.kept_fields`).
    Updates leave them as they are, and Python's side sees zeros. `fd.number` names the map in maps of maps.
    """

    allowed_flags = 0
    per_cpu = False
    carries_events = False
    on_data: Callable[[], None] | None = None
    _signal: Fd | None = None

    def __init__(
        self,
        spec: MapSpec,
        memory: Memory,
        lock: AbstractContextManager[object],
        cpu: Callable[[], int] = first_cpu,
        registry: Registry | None = None,
        kept: Sequence[tuple[int, int]] = (),
    ) -> None:
        self.spec = spec
        self.memory = memory
        self.lock = lock
        self.cpu = cpu
        self.kept = kept
        self.is_frozen = spec.frozen  # for Python's side; programs may still write to one that was frozen later
        self.registry = Registry(memory) if registry is None else registry
        self.cpus = 1
        if self.per_cpu:
            from ..sys.cpus import possible_cpus

            self.cpus = possible_cpus()
        if spec.map_flags & ~self.allowed_flags:
            raise self._refused(EINVAL, f"flags {spec.map_flags:#x}")
        self.check_sizes()
        self.kind = f"the value of map {spec.name!r}"
        self.handle = memory.reserve(f"map {spec.name!r}") << OFFSET_BITS
        self.fd = self.registry.number(self)
        self.set_up()

    def set_up(self) -> None:
        """Make what a new map holds."""

    def check_sizes(self) -> None:
        """Raises: SyscallError with EINVAL for sizes that the kernel refuses too."""

    @property
    def value_bytes(self) -> int:
        """The size of a value on Python's side."""
        return (self.spec.value_size + 7 & ~7) * self.cpus if self.per_cpu else self.spec.value_size

    def current(self) -> int:
        """Return the index of the value that a helper reaches: the CPU's number, 0 where all share one."""
        if not self.per_cpu:
            return 0
        cpu = self.cpu()
        if cpu >= self.cpus:
            self.grow(cpu + 1)
        return cpu

    def grow(self, cpus: int) -> None:
        """Keep values, zero at first, for more CPUs."""
        self.cpus = cpus

    def shares(self, value: bytes) -> list[tuple[int, bytes]]:
        """Return which CPU's value becomes what: those of all CPUs from Python, the current one's from a helper."""
        size, padded = self.spec.value_size, self.spec.value_size + 7 & ~7
        if not self.per_cpu or len(value) == size:
            return [(self.current(), value)]
        return [(cpu, value[cpu * padded : cpu * padded + size]) for cpu in range(self.cpus)]

    def joined(self, values: Sequence[Buffer]) -> bytes:
        """Return what Python's side sees of the values of all CPUs."""
        if not self.per_cpu:
            return self.shown(values[0])
        return b"".join(self.shown(v).ljust(self.spec.value_size + 7 & ~7, b"\0") for v in values)

    def store(self, place: bytearray | memoryview, value: bytes) -> None:
        """Copy a value in, without what the system keeps in it."""
        saved = [(off, bytes(place[off : off + size])) for off, size in self.kept]
        place[:] = value
        for off, old in saved:
            place[off : off + len(old)] = old

    def shown(self, value: Buffer) -> bytes:
        """Return a value as Python's side sees it."""
        if not self.kept:
            return bytes(value)
        out = bytearray(value)
        for off, size in self.kept:
            out[off : off + size] = bytes(size)
        return bytes(out)

    def lookup_on(self, key: bytes, cpu: int) -> int:
        """Return the address of the value that a CPU has for a key, 0 if there is none or no such CPU."""
        if cpu >= self.cpus:
            return 0
        here, self.cpu = self.cpu, lambda: cpu
        try:
            return self.lookup_address(key)
        finally:
            self.cpu = here

    def key_at(self, address: int) -> bytes | None:
        """Return the key whose value a program has at an address, None if there is none (any more)."""
        size = self.spec.value_size
        return next((key for key in self.all_keys() if 0 <= address - self.lookup_address(key) < size), None)

    def has_lock(self) -> bool:
        """Return whether values hold a spin lock, so that BPF_F_LOCK means something."""
        return any(size == 4 for _, size in self.kept)

    def _refused(self, errno: int, detail: str) -> SyscallError:
        return SyscallError("BPF_MAP_CREATE", errno, f"map {self.spec.name!r}: {detail}")

    # The helpers' side. Here: what a map without keys answers.

    def lookup_address(self, key: bytes) -> int:
        """Return the address of the key's value, 0 if there is none."""
        return 0

    def update_value(self, key: bytes, value: bytes, flags: int) -> int:
        """Set a value; return 0 or a negative errno."""
        return -ENOTSUPP

    def delete_key(self, key: bytes) -> int:
        """Remove a key; return 0 or a negative errno."""
        return -ENOTSUPP

    def push_value(self, value: bytes, flags: int) -> int:
        """Add a value; return 0 or a negative errno."""
        return -ENOTSUPP

    def pop_value(self) -> bytes | None:
        """Take the next value, None if there is none."""
        return None

    def peek_value(self) -> bytes | None:
        """Return the next value, None if there is none."""
        return None

    def check_program_writes(self) -> None:
        """Raises: ExecutionError if programs may only read this map."""
        if self.spec.frozen or self.spec.map_flags & bpf.BPF_F_RDONLY_PROG:
            raise ExecutionError(f"map {self.spec.name!r} is read-only for programs")

    # Python's side.

    def lookup(self, key: bytes) -> bytes | None:
        """Return the value, or None if there is none. Raises: SyscallError with EINVAL, ENOTSUPP (no
        keys)."""
        raise SyscallError("BPF_MAP_LOOKUP_ELEM", ENOTSUPP, f"map {self.spec.name!r} has no keys")

    def update(self, key: bytes, value: bytes, flags: int = 0) -> None:
        """Set a value. Raises: SyscallError with E2BIG (full), EEXIST, ENOENT, EINVAL, EPERM (frozen)."""
        self._check(key, "BPF_MAP_UPDATE_ELEM")
        if len(value) != self.value_bytes:
            detail = f"map {self.spec.name!r} has values of {self.value_bytes} bytes"
            raise SyscallError("BPF_MAP_UPDATE_ELEM", EINVAL, detail)
        if self.is_frozen:
            raise SyscallError("BPF_MAP_UPDATE_ELEM", EPERM, f"map {self.spec.name!r} is frozen")
        with self.lock:
            result = self.update_value(key, value, flags)
        if result:
            raise SyscallError("BPF_MAP_UPDATE_ELEM", -result, f"map {self.spec.name!r}")

    def delete(self, key: bytes) -> bool:
        """Remove a key; return whether it was there. Raises: SyscallError with EINVAL, EPERM (frozen)."""
        self._check(key, "BPF_MAP_DELETE_ELEM")
        if self.is_frozen:
            raise SyscallError("BPF_MAP_DELETE_ELEM", EPERM, f"map {self.spec.name!r} is frozen")
        with self.lock:
            result = self.delete_key(key)
        if result not in (0, -ENOENT):
            raise SyscallError("BPF_MAP_DELETE_ELEM", -result, f"map {self.spec.name!r}")
        return result == 0

    def next_key(self, key: bytes | None) -> bytes | None:
        """Return the key after `key` (None, or one that is not there: the first), or None at the end."""
        raise SyscallError("BPF_MAP_GET_NEXT_KEY", ENOTSUPP, f"map {self.spec.name!r} has no keys")

    def all_keys(self) -> list[bytes]:
        """Return all keys, in the order of `next_key`."""
        return []

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over a live map; entries that vanish meanwhile are left out."""
        with self.lock:
            keys = self.all_keys()
        for key in keys:
            value = self.lookup(key)
            if value is not None:
                yield key, value

    def chunks(self, *, take: bool = False) -> Iterator[tuple[bytearray, bytearray, int]]:
        """Read the whole map: keys, values and their number; with `take` remove what is read."""
        with self.lock:
            found = list(self.items())
            if take:
                for key, _ in found:
                    self.delete(key)
        if found:
            yield bytearray().join(k for k, _ in found), bytearray().join(v for _, v in found), len(found)

    def update_many(self, keys: bytes, values: bytes, count: int, flags: int = 0) -> None:
        """Set many values; keys and values lie back to back. Raises: SyscallError as `update`."""
        key_bytes, value_bytes = self.spec.key_size, self.value_bytes
        for i in range(count):
            value = values[i * value_bytes : (i + 1) * value_bytes]
            self.update(keys[i * key_bytes : (i + 1) * key_bytes], value, flags)

    def delete_many(self, keys: bytes, count: int) -> int:
        """Remove many keys, which lie back to back; return how many were there. Raises: SyscallError."""
        size = self.spec.key_size
        return sum(self.delete(keys[i * size : (i + 1) * size]) for i in range(count))

    def freeze(self) -> None:
        """Refuse all further writes from Python's side."""
        self.is_frozen = True

    @property
    def shared(self) -> memoryview | None:
        """The memory of an arena or of an array with BPF_F_MMAPABLE: all elements."""
        return None

    def push(self, value: bytes, flags: int = 0) -> None:
        """Queues, stacks and Bloom filters: add a value. Raises: SyscallError with E2BIG (full), EINVAL."""
        self.update(b"", value, flags)

    def pop(self, key: bytes = b"") -> bytes | None:
        """Take a key's value, of queues and stacks the next one; None if there is none.

        Raises: SyscallError with ENOTSUPP for maps whose values cannot be taken.
        """
        raise SyscallError("BPF_MAP_LOOKUP_AND_DELETE_ELEM", ENOTSUPP, f"map {self.spec.name!r}")

    def has_value(self, value: bytes) -> bool:
        """Bloom filters: whether a value may have been added. Raises: SyscallError with EINVAL for other maps."""
        raise SyscallError("BPF_MAP_LOOKUP_ELEM", EINVAL, f"map {self.spec.name!r} is no Bloom filter")

    def has_data(self) -> bool:
        """Return whether `drain` would return anything."""
        return False

    def drain(self, limit: int = 0) -> list[bytes]:
        """Ring buffers: take the finished records. Raises: SyscallError with EINVAL for other maps."""
        raise SyscallError("drain", EINVAL, f"map {self.spec.name!r} is no ring buffer")

    def drain_packed(self, size: int, limit: int = 0) -> bytearray:
        """As `drain`, laid out as `types.records` says. Raises: FormatError for a record that is shorter."""
        from ..types.records import pack_records

        return pack_records(self.drain(limit), size, self.spec.name)

    lost = 0

    def fileno(self) -> int:
        """Ring buffers: a file descriptor that is readable while there are records. Raises: UsageError for others."""
        if not self.carries_events:
            raise UsageError(f"map {self.spec.name!r} is no ring buffer")
        with self.lock:
            if self._signal is None:
                import os

                from ..sys.os_seam import Fd

                self._signal = Fd(os.eventfd(int(self.has_data()), os.EFD_NONBLOCK | os.EFD_CLOEXEC))
            return self._signal.number

    def announce(self) -> None:
        """Tell those who wait for records that there are some."""
        if self._signal is not None:
            self._signal.set_event()
        if self.on_data is not None:
            self.on_data()

    def all_taken(self) -> None:
        """Let those who wait for records sleep again, if there are none left."""
        if self._signal is not None and not self.has_data():
            self._signal.clear_event()

    def close(self) -> None:
        """Let go of the map. Its contents stay readable until the backend is closed."""

    def _check(self, key: bytes, cmd: str) -> None:
        if len(key) != self.spec.key_size:
            raise SyscallError(cmd, EINVAL, f"map {self.spec.name!r} has keys of {self.spec.key_size} bytes")


class HashMap(EngineMap):
    """BPF_MAP_TYPE_HASH. Keys come in the order of their insertion.

    Source: kernel/bpf/hashtab.c, htab_map_update_elem() (Linux 6.18).
    """

    allowed_flags = bpf.BPF_F_NO_PREALLOC | bpf.BPF_F_ZERO_SEED | bpf.BPF_F_RDONLY_PROG
    full_errno = E2BIG

    def set_up(self) -> None:
        self._entries: dict[bytes, list[Cell]] = {}
        is_writable = not self.spec.map_flags & bpf.BPF_F_RDONLY_PROG
        kind_of_cells = FlatCells if self.memory.is_flat else Cells
        self.cells = kind_of_cells(self.memory, self.spec.value_size, self.kind, is_writable=is_writable)

    def check_sizes(self) -> None:
        s = self.spec
        if not (s.key_size > 0 and s.value_size > 0 and s.max_entries > 0):
            raise self._refused(EINVAL, "key size, value size and max_entries must not be 0")
        if self.per_cpu and s.value_size > MAX_PER_CPU_BYTES:
            raise self._refused(E2BIG, f"a per-CPU value of {s.value_size} bytes; the limit is {MAX_PER_CPU_BYTES}")

    def grow(self, cpus: int) -> None:
        for cells in self._entries.values():
            cells += [self.cells.take() for _ in range(cpus - self.cpus)]
        super().grow(cpus)

    def pop(self, key: bytes = b"") -> bytes | None:
        with self.lock:
            value = self.lookup(key)
            if value is not None:
                self.delete(key)
            return value

    def find(self, key: bytes) -> bytes | None:
        """Return the key of the entry that a look-up of `key` finds."""
        return key if key in self._entries else None

    def make_room(self) -> bool:
        """Called when the map is full: whether an entry could be thrown out for a new one."""
        return False

    def lookup_address(self, key: bytes) -> int:
        found = self.find(key)
        if found is None:
            return 0
        return self.cells.address(self._entries[found][self.current()])

    def update_value(self, key: bytes, value: bytes, flags: int) -> int:
        if flags & bpf.BPF_F_LOCK and self.has_lock():
            flags ^= bpf.BPF_F_LOCK
        if flags > bpf.BPF_EXIST:
            return -EINVAL
        is_new = key not in self._entries
        if not is_new and flags == bpf.BPF_NOEXIST:
            return -EEXIST
        if is_new:
            if flags == bpf.BPF_EXIST:
                return -ENOENT
            if len(self._entries) >= self.spec.max_entries and not self.make_room():
                return -self.full_errno
        self.put(key, value)
        return 0

    def put(self, key: bytes, value: bytes) -> None:
        """Set the value of an entry, which is made if it is new."""
        shares = self.shares(value)
        cells = self._entries.get(key)
        if cells is None:
            cells = self._entries[key] = [self.cells.take() for _ in range(self.cpus)]
        for cpu, part in shares:
            self.store(cells[cpu].data, part)

    def delete_key(self, key: bytes) -> int:
        cells = self._entries.pop(key, None)
        if cells is None:
            return -ENOENT
        for cell in cells:
            for off, size in self.kept:
                cell.data[off : off + size] = bytes(size)
            self.cells.give_back(cell)
        return 0

    def lookup(self, key: bytes) -> bytes | None:
        self._check(key, "BPF_MAP_LOOKUP_ELEM")
        with self.lock:
            found = self.find(key)
            return None if found is None else self.joined([cell.data for cell in self._entries[found]])

    def next_key(self, key: bytes | None) -> bytes | None:
        with self.lock:
            found = key is None or key not in self._entries
            for k in self._entries:
                if found:
                    return k
                found = k == key
        return None

    def all_keys(self) -> list[bytes]:
        return list(self._entries)


class ArrayMap(EngineMap):
    """BPF_MAP_TYPE_ARRAY. Keys are u32 indices; all entries exist, at first zero (entry 0: the spec's
    `initial`).

    Source: kernel/bpf/arraymap.c, array_map_update_elem() (Linux 6.18).
    """

    allowed_flags = bpf.BPF_F_MMAPABLE | bpf.BPF_F_RDONLY_PROG

    def set_up(self) -> None:
        self._addresses: dict[tuple[int, int], int] = {}
        self._first: list[int] = []  # where memory is flat: the address of the first value, for each CPU
        self._data = [self._values() for _ in range(self.cpus)]
        self._data[0][: len(self.spec.initial)] = self.spec.initial

    def _values(self) -> bytearray | memoryview:
        """Make one CPU's values."""
        size = self.spec.value_size * self.spec.max_entries
        if not self.memory.is_flat:
            return bytearray(size)
        address, data = self.memory.new_zeros(size, self.kind, is_writable=not self._is_readonly())
        self._first.append(address)
        return data

    def _is_readonly(self) -> bool:
        return bool(self.spec.frozen or self.spec.map_flags & bpf.BPF_F_RDONLY_PROG)

    def check_sizes(self) -> None:
        s = self.spec
        if not (s.key_size == 4 and s.value_size > 0 and s.max_entries > 0):
            raise self._refused(EINVAL, "key size must be 4, value size and max_entries must not be 0")
        if self.per_cpu and s.value_size > MAX_PER_CPU_BYTES:
            raise self._refused(E2BIG, f"a per-CPU value of {s.value_size} bytes; the limit is {MAX_PER_CPU_BYTES}")
        if s.value_size * s.max_entries > _MAX_ARRAY_BYTES:
            raise self._refused(ENOMEM, f"{s.value_size * s.max_entries} bytes; the engine's limit is 2 GiB")
        if len(s.initial) > s.value_size:
            raise self._refused(EINVAL, f"initial value of {len(s.initial)} bytes")

    def grow(self, cpus: int) -> None:
        self._data += [self._values() for _ in range(cpus - self.cpus)]
        super().grow(cpus)

    @property
    def shared(self) -> memoryview | None:
        return memoryview(self._data[0]) if self.spec.map_flags & bpf.BPF_F_MMAPABLE else None

    def _place(self, index: int) -> slice:
        size = self.spec.value_size
        return slice(index * size, (index + 1) * size)

    def value_address(self, index: int) -> int:
        """Return the address of an entry's value, 0 beyond the last entry."""
        cpu = self.current()
        if self._first:
            return self._first[cpu] + index * self.spec.value_size if index < self.spec.max_entries else 0
        address = self._addresses.get((cpu, index), 0)
        if not address and index < self.spec.max_entries:
            value = memoryview(self._data[cpu])[self._place(index)]
            address = self.memory.map(value.toreadonly() if self._is_readonly() else value, self.kind)
            self._addresses[cpu, index] = address
        return address

    def lookup_address(self, key: bytes) -> int:
        return self.value_address(int.from_bytes(key, "little"))

    def update_value(self, key: bytes, value: bytes, flags: int) -> int:
        index = int.from_bytes(key, "little")
        if flags & bpf.BPF_F_LOCK and self.has_lock():
            flags ^= bpf.BPF_F_LOCK
        if flags > bpf.BPF_EXIST:
            return -EINVAL
        if index >= self.spec.max_entries:
            return -E2BIG
        if flags == bpf.BPF_NOEXIST:
            return -EEXIST
        for cpu, part in self.shares(value):
            self.store(memoryview(self._data[cpu])[self._place(index)], part)
        return 0

    def delete_key(self, key: bytes) -> int:
        return -EINVAL

    def lookup(self, key: bytes) -> bytes | None:
        self._check(key, "BPF_MAP_LOOKUP_ELEM")
        index = int.from_bytes(key, "little")
        if index >= self.spec.max_entries:
            return None
        with self.lock:
            return self.joined([data[self._place(index)] for data in self._data])

    def next_key(self, key: bytes | None) -> bytes | None:
        index = -1 if key is None else int.from_bytes(key, "little")
        if index >= self.spec.max_entries:
            index = -1
        return (index + 1).to_bytes(4, "little") if index + 1 < self.spec.max_entries else None

    def all_keys(self) -> list[bytes]:
        return [i.to_bytes(4, "little") for i in range(self.spec.max_entries)]


class _Record:
    """A ring-buffer record: its bytes, whether the program still writes it, whether it was thrown away."""

    __slots__ = ("busy", "data", "discarded")

    def __init__(self, data: Buffer) -> None:
        self.data, self.busy, self.discarded = data, True, False


class RingBuffer(EngineMap):
    """BPF_MAP_TYPE_RINGBUF: `max_entries` bytes of records, each with a header of 8 bytes, rounded up to 8.

    A record is busy from `reserve` to `submit` or `discard`; the reader sees nothing behind a busy one.
    `on_data` is called after a submit that wakes readers.
    Source: kernel/bpf/ringbuf.c, __bpf_ringbuf_reserve() (Linux 6.18).
    """

    carries_events = True
    header_bytes = 8
    max_record_bytes = 0xFFFF_FFFF // 4

    def set_up(self) -> None:
        self._records: list[_Record] = []
        self._busy: dict[int, _Record] = {}
        self._producer_pos = 0
        self._consumer_pos = 0
        self.kind = f"a record of ring buffer {self.spec.name!r}"

    def check_sizes(self) -> None:
        s = self.spec
        n = s.max_entries
        if s.key_size or s.value_size:
            raise self._refused(EINVAL, "a ring buffer has no key and no value size")
        if n < _PAGE_BYTES or n & (n - 1):
            raise self._refused(EINVAL, f"{n} bytes; it must be a power of two and at least a page (4096)")

    def _length(self, size: int) -> int:
        return (size + self.header_bytes + 7) & ~7

    def reserve(self, size: int, flags: int) -> int:
        """Return the address of a new record of `size` bytes, or 0 if it does not fit now."""
        end = self._producer_pos + self._length(size)
        # At most capacity - 1 bytes are ever in use, so that full and empty differ.
        if flags or size > self.max_record_bytes or end - self._consumer_pos > self.spec.max_entries - 1:
            return 0
        address, data = self.memory.new(bytes(size), self.kind)
        record = _Record(data)
        self._records.append(record)
        self._busy[address] = record
        self._producer_pos = end
        return address

    def commit(self, address: int, flags: int, *, discard: bool) -> None:
        """Submit or discard the record that `reserve` gave the address of."""
        record = self._busy.pop(address)
        record.data = bytes(record.data)
        self.memory.unmap(address)
        record.busy, record.discarded = False, discard
        if not flags & bpf.BPF_RB_NO_WAKEUP:
            self.announce()

    def output(self, data: bytes, flags: int) -> int:
        """Copy a record in; return 0, or -EAGAIN if it does not fit now."""
        if flags & ~(bpf.BPF_RB_NO_WAKEUP | bpf.BPF_RB_FORCE_WAKEUP):
            return -EINVAL
        address = self.reserve(len(data), 0)
        if not address:
            return -EAGAIN
        self.memory.write(address, data)
        self.commit(address, flags, discard=False)
        return 0

    def query(self, what: int) -> int:
        """Return what bpf_ringbuf_query() does: BPF_RB_AVAIL_DATA, RING_SIZE, CONS_POS, PROD_POS in bytes;
        else 0."""
        answers = {
            bpf.BPF_RB_AVAIL_DATA: self._producer_pos - self._consumer_pos,
            bpf.BPF_RB_RING_SIZE: self.spec.max_entries,
            bpf.BPF_RB_CONS_POS: self._consumer_pos,
            bpf.BPF_RB_PROD_POS: self._producer_pos,
        }
        return answers.get(what, 0)

    def has_data(self) -> bool:
        """Return whether `drain` would return anything."""
        for record in self._records:
            if record.busy:
                return False
            if not record.discarded:
                return True
        return False

    def drain(self, limit: int = 0) -> list[bytes]:
        """Take the finished records (all, or up to `limit`) without waiting, oldest first."""
        out: list[bytes] = []
        with self.lock:
            taken = 0
            for record in self._records:
                if record.busy or (limit and len(out) >= limit):
                    break
                taken += 1
                self._consumer_pos += self._length(len(record.data))
                if not record.discarded:
                    out.append(bytes(record.data))
            del self._records[:taken]
            self.all_taken()
        return out


MAP_CLASSES: dict[int, type[EngineMap]] = {
    bpf.BPF_MAP_TYPE_HASH: HashMap,
    bpf.BPF_MAP_TYPE_ARRAY: ArrayMap,
    bpf.BPF_MAP_TYPE_RINGBUF: RingBuffer,
}


def create_map(
    spec: MapSpec,
    memory: Memory,
    lock: AbstractContextManager[object],
    cpu: Callable[[], int] = first_cpu,
    registry: Registry | None = None,
    btf: bytes = b"",
) -> EngineMap:
    """Create a map; `cpu` returns the CPU that the current program runs on, `btf` describes its value.

    Raises: NotSupported for types that the engine lacks, SyscallError as the kernel refuses.
    """
    cls = MAP_CLASSES.get(spec.map_type)
    if cls is None:
        from .mapkinds import map_class

        cls = map_class(spec.map_type)
    if cls is None:
        name = bpf.MAP_TYPE_NAMES.get(spec.map_type, f"map type {spec.map_type}")
        raise NotSupported(f"{name} in the engine (map {spec.name!r})", hint="run it in the kernel")
    kept: Sequence[tuple[int, int]] = ()
    if spec.value_type_id and (b"\0bpf_" in btf or b"kptr" in btf):
        from .values import kept_fields

        kept = kept_fields(btf, spec.value_type_id)
    return cls(spec, memory, lock, cpu, registry, kept)

"""Map declarations: `Hash`, `Array`, `RingBuf`; other kinds are in `map_kinds`.

The same object is used inside probes and by the program outside. A declaration is bound to a live map when a probe
that uses it is attached or loaded (`ebee.api`). Inside a probe it is read by the compiler, never called; outside, its
methods act on the live map.
"""

from __future__ import annotations

from struct import error as LayoutError

from ..abi import bpf
from ..errors import UsageError
from .scalars import Type, u32
from .structs import type_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import Any, Generic, Protocol, TypeVar, overload

    from ..btf.build import BtfBuilder
    from .call_stacks import Frame
    from .kfuncs import Dynptr

    K = TypeVar("K")
    V = TypeVar("V")

    class LiveMap(Protocol):
        """What a declaration needs of the map it is bound to. Bytes in, bytes out."""

        def lookup(self, key: bytes) -> bytes | None: ...
        def update(self, key: bytes, value: bytes, flags: int = 0) -> None: ...
        def delete(self, key: bytes) -> bool: ...
        def items(self) -> Iterator[tuple[bytes, bytes]]: ...
        def chunks(self, *, take: bool = False) -> Iterator[tuple[bytearray, bytearray, int]]: ...
        def update_many(self, keys: bytes, values: bytes, count: int, flags: int = 0) -> None: ...
        def delete_many(self, keys: bytes, count: int) -> int: ...
        def push(self, value: bytes, flags: int = 0) -> None: ...
        def pop(self, key: bytes = b"") -> bytes | None: ...
        def has_value(self, value: bytes) -> bool: ...
        @property
        def cpus(self) -> int: ...
        pending: Iterator[Any]

        def drain(self, limit: int = 0) -> list[bytes]: ...
        def drain_packed(self, size: int, limit: int = 0) -> bytearray: ...
        def wait_for(self, take: Callable[[int], list[Any]]) -> bool: ...
        def try_more(self, take: Callable[[int], list[Any]]) -> bool | None: ...
        def name_frames(self, addresses: Sequence[int], pid: int) -> list[Frame]: ...
        @property
        def lost(self) -> int: ...
        @property
        def session(self) -> Any: ...
        @property
        def map(self) -> Any: ...
        @property
        def inner_maps(self) -> InnerMaps: ...

    class InnerMaps(Protocol):
        """What is in a map of maps: declarations by the outer map's keys."""

        def get(self, key: bytes) -> Any: ...
        def put(self, key: bytes, decl: Any) -> None: ...
        def remove(self, key: bytes) -> bool: ...
        def items(self) -> Iterator[tuple[bytes, Any]]: ...

else:

    class Generic:
        """Stands in for typing.Generic, which is not imported at run time."""

        def __class_getitem__(cls, _parameters):
            return cls

    K = V = None


_ABSENT: Any = object()


def size_bytes(size: int | str, where: str) -> int:
    """Return a size given in bytes or as `64K`, `1M`, `1G`. Raises: UsageError."""
    if isinstance(size, str):
        number, unit = size.strip().removesuffix("B").removesuffix("i"), 1
        if number[-1:].upper() in ("K", "M", "G"):
            number, unit = number[:-1], 1 << 10 * ("KMG".index(number[-1].upper()) + 1)
        if not number.strip().isdecimal():
            raise UsageError(f"{where}: {size!r} is not a size", hint="write bytes, or 64K, 1M, 1G")
        size = int(number) * unit
    if not 1 <= size < 1 << 32:
        raise UsageError(f"{where}: a size of {size} bytes is out of range")
    return size


class MapDecl:
    """What all maps share: a name (given, or that of the variable which holds it), a kind and its sizes.

    `key` and `value` are None where the kind has none. A declaration may be bound more than once, by nested
    sessions; the innermost counts.
    """

    map_type: int = 0
    map_flags: int = 0
    has_special = False  # whether values may hold locks and kernel pointers
    has_values = False  # whether `in` asks for a value and not for a key
    kind = "map"

    def __init__(self, key: Type | None, value: Type | None, max_entries: int, name: str) -> None:
        if not isinstance(max_entries, int) or not 1 <= max_entries < 1 << 32:
            raise UsageError(f"{self.kind}: max_entries must be from 1 to 2**32 - 1, not {max_entries!r}")
        if value is not None and value.is_special and not self.has_special or key is not None and key.is_special:
            what = "keys" if key is not None and key.is_special else "the values of this kind of map"
            hint = "the values of Hash and Array can"
            raise UsageError(f"{self.kind}: {what} cannot hold a lock or kernel pointer", hint=hint)
        self.key, self.value, self.max_entries, self.name = key, value, max_entries, name
        self._bindings: list[LiveMap] = []

    @property
    def _live(self) -> LiveMap:
        if not self._bindings:
            raise UsageError(
                f"{self.kind} {self.name or '(not yet named)'} is not bound to a live map",
                hint="attach or load a probe that uses it first",
            )
        return self._bindings[-1]

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name or 'unnamed'}{'' if self._bindings else ', not bound'}>"


class KeyedDecl(MapDecl, Generic[K, V]):
    """A map with keys and values, and its dict-like side."""

    is_array = False  # whether keys are all numbers from 0
    key: Type
    value: Type

    def _key(self, key: K) -> bytes:
        try:
            return self.key.pack(key)
        except (TypeError, ValueError) as e:
            raise type(e)(f"key of {self.kind} {self.name}: {e}") from None

    def _value(self, value: V) -> bytes:
        try:
            return self.value.pack(value)
        except (TypeError, ValueError) as e:
            raise type(e)(f"value of {self.kind} {self.name}: {e}") from None

    def __getitem__(self, key: K) -> V:
        """Return the value; a missing key gives zero and inserts nothing, as inside a probe."""
        try:
            raw = self._bindings[-1].lookup(self._pack_key(key))
        except (IndexError, TypeError, ValueError, LayoutError):
            raw = self._live.lookup(self._key(key))  # says what is wrong
        return self._missing() if raw is None else self._read(raw)  # type: ignore[no-any-return]

    def _pack_key(self, key: K) -> bytes:
        self._pack_key = self.key.packer()  # type: ignore[assignment, method-assign]  # from now on without a call in between
        return self.key.pack(key)

    def _read(self, raw: bytes) -> Any:
        self._read = self.value.reader()  # type: ignore[assignment, method-assign]
        return self.value.unpack(raw)

    def _missing(self) -> Any:
        return self.value.zero()

    if TYPE_CHECKING:

        @overload
        def get(self, key: K) -> V | None: ...
        @overload
        def get(self, key: K, default: V) -> V: ...

    def get(self, key: K, default: V | None = None) -> V | None:
        """Return the value, or `default` for a missing key. Inside a probe, without one, for integers."""
        raw = self._live.lookup(self._key(key))
        return default if raw is None else self._read(raw)

    def lookup(self, key: K) -> V | None:
        """Return the value, or None for a missing key.

        Inside a probe, for Struct values: the entry itself, whose fields are read, assigned and added to in place.
        Outside it is a copy.
        """
        return self.get(key)

    def insert(self, key: K, value: V) -> bool:
        """Set the value of a key that has none; return whether that was so. Source: BPF_NOEXIST."""
        return self._inserted(self._key(key), self._value(value))

    def _inserted(self, key: bytes, value: bytes) -> bool:
        from errno import EEXIST

        from ..errors import SyscallError

        try:
            self._live.update(key, value, bpf.BPF_NOEXIST)
        except SyscallError as e:
            if e.errno != EEXIST:
                raise
            return False
        return True

    def __setitem__(self, key: K, value: V) -> None:
        self._live.update(self._key(key), self._value(value))

    def __delitem__(self, key: K) -> None:
        if not self._live.delete(self._key(key)):
            raise KeyError(key)

    def __contains__(self, key: K) -> bool:
        return self._live.lookup(self._key(key)) is not None

    def items(self) -> Iterator[tuple[K, V]]:
        """Iterate over keys and values; entries that come or go meanwhile may be missed."""
        for key, value in self._live.items():
            yield self.key.unpack(key), self._read(value)

    def keys(self) -> Iterator[K]:
        """Iterate over the keys."""
        return (k for k, _ in self.items())

    def values(self) -> Iterator[V]:
        """Iterate over the values."""
        return (v for _, v in self.items())

    def __iter__(self) -> Iterator[K]:
        return self.keys()

    def __len__(self) -> int:
        return sum(count for _, _, count in self._live.chunks())

    def update(self, entries: Mapping[K, V] | Iterable[tuple[K, V]]) -> None:
        """Set many values, of a mapping or of pairs, in as few system calls as it takes.

        Raises: SyscallError, with how many were set before; E2BIG when the map is full.
        """
        from .bulk import pack_entries

        self._live.update_many(*pack_entries(self, entries))

    def to_numpy(self) -> Any:
        """Return all entries as a structured numpy array with the fields `key` and `value`; of arrays the values.

        Where each CPU has a value, that is an axis more. Raises: UsageError without numpy.
        """
        from .bulk import entries_array

        return entries_array(self, self._live.chunks(), self._live.cpus)

    def to_pandas(self) -> Any:
        """Return all entries as a pandas DataFrame: columns of the key, then of the value; of arrays `index`.

        Where each CPU has a value, there is a row for each `cpu`. Raises: UsageError without pandas.
        """
        from .bulk import entries_frame

        return entries_frame(self, self.to_numpy())

    def freeze(self) -> None:
        """Refuse all further writes from outside; probes may go on writing. Source: BPF_MAP_FREEZE."""
        self._live.map.freeze()


class HashDecl(KeyedDecl[K, V]):
    """A map whose entries come and go. Inside a probe an insertion that fails is counted."""

    def __init__(self, key: type[K], value: type[V], *, max_entries: int = 10_240, name: str = "") -> None:
        kind = self.kind
        super().__init__(type_of(key, f"key of {kind}"), type_of(value, f"value of {kind}"), max_entries, name)

    if TYPE_CHECKING:

        @overload
        def pop(self, key: K) -> V: ...
        @overload
        def pop(self, key: K, default: V) -> V: ...
        @overload
        def pop(self, key: K, default: None) -> V | None: ...

    def pop(self, key: K, default: Any = _ABSENT) -> Any:
        """Remove a key and return its value, or `default` for a missing one.

        Inside a probe there has to be a default; a struct that is one is made there.
        Raises: KeyError for a missing key without a default.
        """
        raw = self._live.pop(self._key(key))
        if raw is None and default is _ABSENT:
            raise KeyError(key)
        return default if raw is None else self._read(raw)

    def setdefault(self, key: K, default: V) -> V:
        """Return the value; a missing key gets `default` first. Inside a probe, of Structs: the entry itself."""
        packed, value = self._key(key), self._value(default)
        while (raw := self._live.lookup(packed)) is None:
            self._inserted(packed, value)
        return self._read(raw)  # type: ignore[no-any-return]

    def clear(self) -> None:
        """Remove every entry."""
        for keys, _, count in list(self._live.chunks()):
            self._live.delete_many(bytes(keys), count)

    def delete_many(self, keys: Iterable[K]) -> int:
        """Remove many keys; return how many of them were there."""
        packed = [self._key(key) for key in keys]
        return self._live.delete_many(b"".join(packed), len(packed))

    def pop_items(self) -> Iterator[tuple[K, V]]:
        """Take all entries: each is removed as it is read, and no change of it is lost, where the kernel can do so.

        Source: BPF_MAP_LOOKUP_AND_DELETE_BATCH, which hash maps have; others are read, then removed.
        """
        size = self.key.size
        for keys, values, count in self._live.chunks(take=True):
            width = len(values) // count
            for at in range(count):
                key = self.key.unpack(bytes(keys[at * size : (at + 1) * size]))
                yield key, self._read(bytes(values[at * width : (at + 1) * width]))


class Hash(HashDecl[K, V]):
    """A hash map: BPF_MAP_TYPE_HASH. Inside a probe `m[k] += n` is atomic."""

    has_special = True
    map_type = bpf.BPF_MAP_TYPE_HASH
    kind = "Hash"


class Array(KeyedDecl[int, V]):
    """An array map: BPF_MAP_TYPE_ARRAY. Every index from 0 exists and starts as zero; none can be deleted."""

    has_special = is_array = True
    map_type = bpf.BPF_MAP_TYPE_ARRAY
    kind = "Array"

    def __init__(self, value: type[V], *, max_entries: int, name: str = "", mmapable: bool = False) -> None:
        super().__init__(u32, type_of(value, "value of Array"), max_entries, name)  # type: ignore[arg-type]
        if mmapable and self.value.is_special:
            raise UsageError("Array: values with locks, timers or kernel pointers cannot be mapped")
        if mmapable:
            self.map_flags = bpf.BPF_F_MMAPABLE

    def __len__(self) -> int:
        return self.max_entries

    @property
    def memory(self) -> memoryview:
        """The memory of an array that was declared `mmapable`, shared with probes: every element in turn, padded.

        Raises: UsageError for other arrays, and while it is not live; SyscallError.
        """
        shared = self._live.map.shared
        if shared is None:
            raise UsageError(f"Array {self.name} is not mapped", hint="declare it so: Array(…, mmapable=True)")
        return shared  # type: ignore[no-any-return]

    def view(self) -> Any:
        """Return a numpy array over `memory`: reading and writing it are accesses to the map, without system calls.

        Raises: UsageError as `memory`, without numpy, and for values with bit fields.
        """
        from .bulk import shared_array

        return shared_array(self.value, self.memory, self.max_entries)


def ring_bytes(size: int | str, record: Type, kind: str) -> int:
    """Return the size of a ring buffer's data: a power of two pages. Raises: UsageError for records that do not fit."""
    wanted, rounded = size_bytes(size, f"{kind} size"), 4096
    while rounded < wanted:
        rounded *= 2
    if record.size + 8 > rounded:
        raise UsageError(f"{kind}: a record of {record.size} bytes does not fit in {rounded} bytes")
    return rounded


class AnyBytes(Type):
    """Bytes of any number: a record of RingBuf(bytes)."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("bytes", 0, 1)

    def pack(self, value: bytes) -> bytes:
        return bytes(value)

    def unpack(self, data: bytes) -> bytes:
        return bytes(data)

    def btf_id(self, btf: BtfBuilder) -> int:
        return btf.add_int("unsigned char", 1)


class RingBuf(MapDecl, Generic[V]):
    """A ring buffer of records: BPF_MAP_TYPE_RINGBUF. `size` in bytes (or `1M`), rounded up to a power of two pages.

    Iterating yields records as they come, and ends when the traced command has ended, when the session is stopped
    or when nothing is attached any more.
    """

    map_type = bpf.BPF_MAP_TYPE_RINGBUF
    kind = "RingBuf"
    value: Type

    def __init__(self, value: type[V], *, size: int | str = "256K", name: str = "") -> None:
        record = AnyBytes() if value is bytes else type_of(value, "record of RingBuf")
        super().__init__(None, record, ring_bytes(size, record, self.kind), name)

    if TYPE_CHECKING:

        @overload
        def reserve(self) -> AbstractContextManager[V]: ...
        @overload
        def reserve(self, size: int) -> AbstractContextManager[Dynptr]: ...

    def reserve(self, size: int = 0) -> Any:
        """Inside a probe: `with ring.reserve() as record:`. Skips the body, and counts, when the ring is full.

        Of RingBuf(bytes) `size` is that of the record in bytes, which is filled with record.write(off, value).
        """
        raise UsageError("RingBuf.reserve() means something only inside a probe")

    def output(self, record: V) -> None:
        """Inside a probe: submit a copy of a struct that is there already; counted when the ring is full."""
        raise UsageError("RingBuf.output() means something only inside a probe")

    def __iter__(self) -> Iterator[V]:
        live = self._live
        _session = live.session  # stays open while somebody reads
        while True:
            yield from live.pending  # what is not taken of it now is there for the next reader
            if not live.wait_for(self._take):
                return

    async def __aiter__(self) -> AsyncIterator[V]:
        live = self._live
        session = live.session
        while True:
            for record in live.pending:
                yield record
            while not (more := live.try_more(self._take)):
                if more is None:
                    return
                await session.readable()

    def _take(self, limit: int) -> list[V]:
        """Take the records that are there, all or up to `limit`."""
        live = self._live
        if not self.value.size:
            return list(map(self.value.unpack, live.drain(limit)))
        return self.value.unpack_many(live.drain_packed(self.value.size, limit))

    def drain(self) -> list[V]:
        """Take the records that are there now, without waiting."""
        return [*self._live.pending, *self._take(0)]

    def poll(self, callback: Callable[[V], object], timeout_s: float | None = None) -> int:
        """Wait for records, and call a function with each that is there; return how many, 0 when no more will come.

        It also returns 0 when the time is up. What the function raises goes to the caller, and the records behind the
        one that it was called with are there for the next reader.
        """
        return self._live.session.poll({self: callback}, timeout_s)  # type: ignore[no-any-return]

    def fileno(self) -> int:
        """Return a file descriptor that is readable while there are records: for select, epoll, asyncio's add_reader.

        It belongs to the ring buffer. With `drain()` or `to_numpy()` the records are then taken.
        """
        return self._live.map.fileno()  # type: ignore[no-any-return]

    @property
    def lost(self) -> int:
        """How many records were lost so far, because there was no room for them."""
        return self._live.lost

    def to_numpy(self) -> Any:
        """Take the records that are there now, without waiting, as a structured numpy array.

        Raises: UsageError without numpy, and for RingBuf(bytes), whose records have no fields.
        """
        from .bulk import records_array, values_as_records

        if not self.value.size:
            raise UsageError(f"{self.kind} {self.name}: bytes of any number have no array", hint="ring.drain()")
        before = values_as_records(self.value, self._live.pending, self.name)
        packed = self._live.drain_packed(self.value.size)
        return records_array(self.value, before + packed if before else packed)

    def to_pandas(self) -> Any:
        """Take the records that are there now, without waiting, as a pandas DataFrame. Raises: as `to_numpy`."""
        from .bulk import records_frame

        return records_frame(self.value, self.to_numpy())

"""More kinds of maps: per-CPU, LRU, longest prefix, queue, stack and Bloom filter."""

from __future__ import annotations

from ..abi import bpf
from ..errors import UsageError
from .maps import _ABSENT, HashDecl, K, KeyedDecl, MapDecl, V
from .scalars import IntType, Type, u8, u32
from .structs import type_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Generic, NoReturn

    from ..btf.build import BtfBuilder
else:
    from .maps import Generic


class PerCpuDecl(KeyedDecl[K, V]):
    """A map with a value for each CPU.

    Inside a probe `m[k]` is the value of the CPU that it runs on. Outside it is the list of all values, one for
    each possible CPU, and is assigned as such a list.
    """

    def __getitem__(self, key: K) -> Any:
        """Return the list of values, one for each possible CPU; a missing key gives zeros."""
        return super().__getitem__(key)

    def __setitem__(self, key: K, value: Any) -> None:
        super().__setitem__(key, value)

    if TYPE_CHECKING:

        def items(self) -> Iterator[tuple[K, Any]]: ...
        def values(self) -> Iterator[Any]: ...

    def sum(self, key: K) -> int:
        """Return the sum of the values of all CPUs: 0 for a missing key."""
        if not isinstance(self.value, IntType):
            raise UsageError(f"{self.kind} {self.name}: only integers can be summed, not {self.value}")
        return sum(self[key])

    def lookup_cpu(self, key: K, cpu: int) -> V | None:
        """Return the value of one CPU, None for a missing key or CPU; inside a probe of Structs the entry itself."""
        values: list[V] | None = self.get(key)  # type: ignore[assignment]
        return values[cpu] if values is not None and 0 <= cpu < len(values) else None

    def _read(self, raw: bytes) -> Any:
        size, padded = self.value.size, self.value.size + 7 & ~7
        return [self.value.unpack(raw[at : at + size]) for at in range(0, len(raw), padded)]

    def _missing(self) -> Any:
        return [self.value.zero() for _ in range(self._live.cpus)]

    def _value(self, value: Any) -> bytes:
        count = self._live.cpus
        if not isinstance(value, list | tuple) or len(value) != count:
            raise TypeError(f"{self.kind} {self.name} takes a list of {count} values, one for each possible CPU")
        padded = self.value.size + 7 & ~7
        return b"".join(super(PerCpuDecl, self)._value(v).ljust(padded, b"\0") for v in value)


class PerCpuHash(PerCpuDecl[K, V], HashDecl[K, V]):
    """A hash map with a value for each CPU: BPF_MAP_TYPE_PERCPU_HASH."""

    map_type = bpf.BPF_MAP_TYPE_PERCPU_HASH
    kind = "PerCpuHash"


class PerCpuArray(PerCpuDecl[int, V]):
    """An array with a value for each CPU: BPF_MAP_TYPE_PERCPU_ARRAY. Every index exists and starts as zeros."""

    is_array = True
    map_type = bpf.BPF_MAP_TYPE_PERCPU_ARRAY
    kind = "PerCpuArray"

    def __init__(self, value: type[V], *, max_entries: int, name: str = "") -> None:
        super().__init__(u32, type_of(value, "value of PerCpuArray"), max_entries, name)  # type: ignore[arg-type]

    def __len__(self) -> int:
        return self.max_entries


class LruHash(HashDecl[K, V]):
    """A hash map that throws out entries not used lately when it is full: BPF_MAP_TYPE_LRU_HASH.

    The kernel may throw out entries of a map that is not quite full, and not always the oldest.
    """

    map_type = bpf.BPF_MAP_TYPE_LRU_HASH
    kind = "LruHash"


class LruPerCpuHash(PerCpuDecl[K, V], HashDecl[K, V]):
    """An `LruHash` with a value for each CPU: BPF_MAP_TYPE_LRU_PERCPU_HASH."""

    map_type = bpf.BPF_MAP_TYPE_LRU_PERCPU_HASH
    kind = "LruPerCpuHash"


class PrefixType(Type):
    """The key of an `LpmTrie`: prefix length and address, C `struct { u32 prefixlen; u8 data[]; }`.

    The address is a number of the type `address`, and lies in memory with its most significant byte first.
    Source: struct bpf_lpm_trie_key_u8 (Linux 6.18).
    """

    __slots__ = ("address",)

    def __init__(self, address: IntType) -> None:
        super().__init__(f"prefix of {address.name}", 4 + address.size, 4)
        self.address = address

    def pack(self, value: Any) -> bytes:
        number, bits = self._parse(value)
        size = self.address.size
        if not 0 <= number <= self.address.hi:
            raise ValueError(f"{number} does not fit in {self.address}")
        if not 0 <= bits <= 8 * size:
            raise ValueError(f"a prefix of {self.address} has 0 to {8 * size} bits, not {bits}")
        if number & (1 << 8 * size - bits) - 1:
            raise ValueError(f"{value!r} has bits set behind its prefix of {bits} bits")
        return bits.to_bytes(4, "little") + number.to_bytes(size)

    def _parse(self, value: Any) -> tuple[int, int]:
        """Return address and prefix length of what a user wrote."""
        full = 8 * self.address.size
        if isinstance(value, str) and full == 32:
            import ipaddress

            value = ipaddress.IPv4Network(value)
        network = getattr(value, "network_address", None)
        if network is not None and network.max_prefixlen == full:
            return int(network), value.prefixlen
        if getattr(value, "max_prefixlen", 0) == full:
            return int(value), full
        if isinstance(value, int):
            return value, full
        if isinstance(value, tuple) and len(value) == 2 and all(isinstance(n, int) for n in value):
            return value
        forms = "(address, bits)" + (' or "10.0.0.0/8"' if full == 32 else "")
        raise TypeError(f"{self.name} takes an address or {forms}, not {value!r}")

    def unpack(self, data: bytes) -> str | tuple[int, int]:
        bits = int.from_bytes(data[:4], "little")
        if self.address.size == 4:
            return f"{'.'.join(map(str, data[4:8]))}/{bits}"
        return int.from_bytes(data[4:]), bits

    def btf_id(self, btf: BtfBuilder) -> int:
        from ..btf.kinds import Member

        data = btf.add_array(type_of(u8, "").btf_id(btf), self.address.size)
        members = [Member("prefixlen", type_of(u32, "").btf_id(btf), 0), Member("data", data, 32)]
        return btf.add_struct(f"ebee_prefix_{self.address.name}", self.size, members)


class LpmTrie(HashDecl["int | str | tuple[int, int]", V]):
    """A map from address prefixes, in which the longest prefix that fits counts: BPF_MAP_TYPE_LPM_TRIE.

    `address` is an unsigned integer type. A key is `(address, bits)`, an address alone (all bits), or for u32 an
    IPv4 network as in `"10.0.0.0/8"`. `m[k]`, `get` and `in` look for the longest prefix of the key that is there;
    `m[k] = v` and `del m[k]` are for exactly that prefix. Inside a probe the key is an address, as a number.
    """

    map_type = bpf.BPF_MAP_TYPE_LPM_TRIE
    kind = "LpmTrie"
    map_flags = bpf.BPF_F_NO_PREALLOC

    def __init__(self, address: type[int], value: type[V], *, max_entries: int = 10_240, name: str = "") -> None:
        number = type_of(address, "address of LpmTrie")
        if not isinstance(number, IntType) or number.signed:
            raise UsageError(f"LpmTrie: the address is u8, u16, u32 or u64, not {number}")
        super().__init__(PrefixType(number), value, max_entries=max_entries, name=name)  # type: ignore[arg-type]

    def pop(self, key: Any, default: Any = None) -> NoReturn:
        """Not for prefixes: a look-up may find a shorter one than is removed. Raises: UsageError."""
        raise UsageError(f"LpmTrie {self.name} has no pop()", hint="take v = m[k], then del m[k]")

    def setdefault(self, key: Any, default: Any) -> NoReturn:
        """Not for prefixes: a look-up may find a shorter one. Raises: UsageError."""
        raise UsageError(f"LpmTrie {self.name} has no setdefault()", hint="m.insert(k, v) is for exactly that prefix")


class QueueDecl(MapDecl, Generic[V]):
    """A map of values without keys that are taken one by one."""

    value: Type

    def __init__(self, value: type[V], *, max_entries: int, name: str = "") -> None:
        super().__init__(None, type_of(value, f"value of {self.kind}"), max_entries, name)

    def push(self, value: V, *, overwrite: bool = False) -> None:
        """Add a value. A full map refuses, or with `overwrite` drops its oldest value.

        Inside a probe a refusal is counted. Raises: SyscallError with E2BIG when it is full.
        """
        self._live.push(self.value.pack(value), bpf.BPF_EXIST if overwrite else bpf.BPF_ANY)

    def pop(self, default: Any = _ABSENT) -> V:
        """Take a value. An empty map gives `default`. Raises: IndexError when it is empty and there is none."""
        return self._taken(self._live.pop(), default)

    def peek(self, default: Any = _ABSENT) -> V:
        """Return the value that `pop` would take, and leave it there. Raises: IndexError as `pop` does."""
        return self._taken(self._live.lookup(b""), default)

    def _taken(self, raw: bytes | None, default: Any) -> V:
        if raw is None and default is _ABSENT:
            raise IndexError(f"{self.kind} {self.name} is empty")
        return default if raw is None else self.value.unpack(raw)  # type: ignore[no-any-return]


class Queue(QueueDecl[V]):
    """First in, first out: BPF_MAP_TYPE_QUEUE."""

    map_type = bpf.BPF_MAP_TYPE_QUEUE
    kind = "Queue"


class Stack(QueueDecl[V]):
    """Last in, first out: BPF_MAP_TYPE_STACK."""

    map_type = bpf.BPF_MAP_TYPE_STACK
    kind = "Stack"


class BloomFilter(MapDecl, Generic[V]):
    """A set that never forgets and sometimes errs: BPF_MAP_TYPE_BLOOM_FILTER.

    `v in f` is always true for what was added, and rarely for what was not. `max_entries` is how many values it is
    made for; more make it err more often. None can be removed.
    """

    map_type = bpf.BPF_MAP_TYPE_BLOOM_FILTER
    kind = "BloomFilter"
    has_values = True
    value: Type

    def __init__(self, value: type[V], *, max_entries: int, name: str = "") -> None:
        super().__init__(None, type_of(value, "value of BloomFilter"), max_entries, name)

    def add(self, value: V) -> None:
        """Add a value."""
        self._live.push(self.value.pack(value))

    def __contains__(self, value: V) -> bool:
        return self._live.has_value(self.value.pack(value))

"""Maps whose values are maps."""

from __future__ import annotations

from ..abi import bpf
from ..errors import UsageError
from .maps import K, KeyedDecl, V
from .scalars import u32
from .structs import type_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any, overload

    from .maps import InnerMaps

_KINDS = "Hash, Array, LruHash, PerCpuHash, PerCpuArray, LruPerCpuHash or LpmTrie"


class _Initial:
    """The maps that are to be in a map of maps from the start."""

    def __init__(self, most: int, is_array: bool) -> None:
        self.most, self.is_array = most, is_array
        self.found: dict[bytes, Any] = {}

    def get(self, key: bytes) -> Any:
        return self.found.get(key)

    def put(self, key: bytes, decl: Any) -> None:
        is_outside = int.from_bytes(key, "little") >= self.most if self.is_array else len(self.found) >= self.most
        if is_outside and key not in self.found:
            raise UsageError(f"there are {self.most} places for maps", hint="give the map of maps more max_entries=")
        self.found[key] = decl

    def remove(self, key: bytes) -> bool:
        return self.found.pop(key, None) is not None

    def items(self) -> Iterator[tuple[bytes, Any]]:
        return iter(list(self.found.items()))


class OuterDecl(KeyedDecl[K, V]):
    """A map of maps. `inner` describes those that can be in it: kind, types, and for arrays their size.

    Inside a probe `m.lookup(k)` is a map, or None. Outside `m[k] = Hash(u32, u64)` puts a new map in, or one that is
    live already; `m[k]` is the declaration that was put in. What is put in before a probe is attached is there from the
    start, also in an object file.
    """

    inner: V

    def __init__(self, key: type[K], inner: V, max_entries: int, name: str) -> None:
        decl: Any = inner
        if not isinstance(decl, KeyedDecl) or decl.map_type not in _INNER:
            raise UsageError(f"{self.kind}: inside can be {_KINDS}, not {inner!r}")
        super().__init__(type_of(key, f"key of {self.kind}"), u32, max_entries, name)  # type: ignore[arg-type]
        self.inner = inner
        self._initial = _Initial(max_entries, self.map_type == bpf.BPF_MAP_TYPE_ARRAY_OF_MAPS)

    @property
    def _maps(self) -> InnerMaps:
        return self._live.inner_maps if self._bindings else self._initial

    def __contains__(self, key: K) -> bool:
        return self.get(key) is not None

    def __getitem__(self, key: K) -> V:
        """Return the map at a key. Raises: KeyError if there is none."""
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    if TYPE_CHECKING:

        @overload
        def get(self, key: K) -> V | None: ...
        @overload
        def get(self, key: K, default: V) -> V: ...

    def get(self, key: K, default: V | None = None) -> V | None:
        """Return the map at a key, or `default`."""
        found: V | None = self._maps.get(self._key(key))
        return default if found is None else found

    def __setitem__(self, key: K, value: V) -> None:
        """Put a map in, made now unless it is live already. Raises: UsageError for one of another make."""
        self._check(value)
        self._maps.put(self._key(key), value)

    def update(self, entries: Mapping[K, V] | Iterable[tuple[K, V]]) -> None:
        """Put many maps in."""
        pairs: Any = entries
        for key, value in getattr(entries, "items", lambda: pairs)():
            self[key] = value

    def to_numpy(self) -> Any:
        """Not for maps of maps. Raises: UsageError."""
        raise UsageError(f"{self.kind} {self.name} holds maps", hint="m[k].to_numpy()")

    def insert(self, key: K, value: V) -> bool:
        """Put a map in where there is none; return whether that was so."""
        if key in self:
            return False
        self[key] = value
        return True

    def __delitem__(self, key: K) -> None:
        if not self._maps.remove(self._key(key)):
            raise KeyError(key)

    def items(self) -> Iterator[tuple[K, V]]:
        """Iterate over the keys and maps."""
        for raw, found in self._maps.items():
            yield self.key.unpack(raw), found

    def __len__(self) -> int:
        return sum(1 for _ in self._maps.items())

    def _check(self, value: Any) -> None:
        wanted: Any = self.inner
        if not isinstance(value, KeyedDecl):
            raise UsageError(f"{self.kind} {self.name} takes maps, not {value!r}")
        names = ["kind", "key", "value"] + (["max_entries"] if wanted.map_type == bpf.BPF_MAP_TYPE_ARRAY else [])
        for name in names:
            a, b = getattr(value, name), getattr(wanted, name)
            if a != b and (name in ("kind", "max_entries") or a.name != b.name or a.size != b.size):
                raise UsageError(f"{self.kind} {self.name} takes a {wanted.kind} with {name} {b}, not {a}")


class ArrayOfMaps(OuterDecl[int, V]):
    """Maps by number from 0: BPF_MAP_TYPE_ARRAY_OF_MAPS."""

    map_type = bpf.BPF_MAP_TYPE_ARRAY_OF_MAPS
    kind = "ArrayOfMaps"

    def __init__(self, inner: V, *, max_entries: int, name: str = "") -> None:
        super().__init__(u32, inner, max_entries, name)


class HashOfMaps(OuterDecl[K, V]):
    """Maps by any key: BPF_MAP_TYPE_HASH_OF_MAPS."""

    map_type = bpf.BPF_MAP_TYPE_HASH_OF_MAPS
    kind = "HashOfMaps"

    def __init__(self, key: type[K], inner: V, *, max_entries: int = 10_240, name: str = "") -> None:
        super().__init__(key, inner, max_entries, name)


_INNER = (
    bpf.BPF_MAP_TYPE_HASH, bpf.BPF_MAP_TYPE_ARRAY, bpf.BPF_MAP_TYPE_LRU_HASH, bpf.BPF_MAP_TYPE_PERCPU_HASH,
    bpf.BPF_MAP_TYPE_PERCPU_ARRAY, bpf.BPF_MAP_TYPE_LRU_PERCPU_HASH, bpf.BPF_MAP_TYPE_LPM_TRIE,
)  # fmt: skip

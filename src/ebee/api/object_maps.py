"""The maps of an object, typed by its BTF: declarations of their kinds, as a program in Python would have made them."""

from __future__ import annotations

from ..abi import bpf
from ..errors import UsageError
from ..types.arena import Arena, ArenaType
from ..types.from_btf import described_type, raw_type
from ..types.inner_maps import ArrayOfMaps, HashOfMaps, _Initial
from ..types.map_kinds import (
    BloomFilter,
    LpmTrie,
    LruHash,
    LruPerCpuHash,
    PerCpuArray,
    PerCpuHash,
    Queue,
    Stack,
)
from ..types.maps import AnyBytes, Array, Hash, KeyedDecl, MapDecl, RingBuf
from ..types.net_maps import (
    SOCKET,
    CpuMap,
    DevMap,
    DevMapHash,
    ReuseportSockArray,
    SocketType,
    SockHash,
    SockMap,
    XskMap,
)
from ..types.perf_maps import PerfEventArray
from ..types.scalars import INT_TYPES
from ..types.stacks import BuildIdFramesType, FramesType, StackTrace
from ..types.storage import CgroupStorage, InodeStorage, OwnerType, SkStorage, StorageDecl, TaskStorage
from ..types.user_rings import UserRingBuf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..spec.object import MapSpec
    from ..types.from_btf import BtfTypes

_PAGE_BYTES = 4096
_U8 = next(t for t in INT_TYPES if t.name == "u8")
_U32 = next(t for t in INT_TYPES if t.name == "u32")


class ObjectPrograms(MapDecl):
    """Programs by number: `jumps[2] = obj.programs["next"]` puts one in, `del jumps[2]` takes it out."""

    map_type = bpf.BPF_MAP_TYPE_PROG_ARRAY
    kind = "ProgArray"

    def __setitem__(self, index: int, program: Any) -> None:
        fileno = getattr(program, "fileno", None)
        number = fileno() if fileno else program
        if not isinstance(number, int):
            hint = 'give one of the object\'s: obj.programs["NAME"], or a file descriptor'
            raise UsageError(f"{self.kind} {self.name} takes loaded programs, not {program!r}", hint=hint)
        self._live.update(_U32.pack(index), number.to_bytes(4, "little"))

    def __delitem__(self, index: int) -> None:
        if not self._live.delete(_U32.pack(index)):
            raise KeyError(index)

    def __contains__(self, index: int) -> bool:
        return self._live.lookup(_U32.pack(index)) is not None

    def __len__(self) -> int:
        return self.max_entries


class _NarrowSocket(SocketType):
    """A socket in a map of 4-byte values, which are written and cannot be read."""

    __slots__ = ()

    def pack(self, value: Any) -> bytes:
        return super().pack(value)[:4]


_NARROW_SOCKET = _NarrowSocket()
_NARROW_SOCKET.size = 4


class Keyed(KeyedDecl["Any", "Any"]):
    """A map of a kind that has no declaration: keys and values as they are."""


_KINDS: dict[int, Any] = {
    cls.map_type: cls
    for cls in (
        Array, ArrayOfMaps, BloomFilter, CgroupStorage, CpuMap, DevMap, DevMapHash, Hash, HashOfMaps, InodeStorage,
        LpmTrie, LruHash, LruPerCpuHash, PerfEventArray, ObjectPrograms, PerCpuArray, PerCpuHash, Queue,
        ReuseportSockArray, RingBuf, SkStorage, SockHash, SockMap, Stack, StackTrace, TaskStorage, UserRingBuf, Arena,
        XskMap,
    )
}  # fmt: skip


def declare(spec: MapSpec, types: BtfTypes, description: Any = None) -> Any:
    """Return the declaration of a map; `description` is what an object of `ebee.compile` says of its records."""
    cls = _KINDS.get(spec.map_type, Keyed)
    key = types.type(spec.key_type_id, spec.key_size) if spec.key_size else None
    value = types.type(spec.value_type_id, spec.value_size) if spec.value_size else None
    if issubclass(cls, Array | PerCpuArray | DevMap | CpuMap | XskMap | StackTrace | SockMap | ReuseportSockArray):
        key = _U32
    if issubclass(cls, SockMap | SockHash | ReuseportSockArray):
        value = SOCKET if spec.value_size == 8 else _NARROW_SOCKET
    elif issubclass(cls, DevMap | DevMapHash | CpuMap | XskMap):
        value = _U32 if spec.value_size == 4 else value
    elif cls is StackTrace:
        has_build_ids = spec.map_flags & bpf.BPF_F_STACK_BUILD_ID
        value = BuildIdFramesType(spec.value_size // 32) if has_build_ids else FramesType(spec.value_size // 8)
    elif issubclass(cls, StorageDecl):
        key = OwnerType(cls.words, cls.takes_paths)
    elif issubclass(cls, RingBuf | UserRingBuf):
        described = described_type(description) if not spec.value_type_id else None
        record = types.type(spec.value_type_id) if spec.value_type_id else described or raw_type(0)
        is_typed = record.size > 4 or (record.size > 0 and not issubclass(cls, PerfEventArray))
        key, value = None, record if is_typed else AnyBytes()
    elif cls is Arena:
        key, value = None, _U8
    decl = object.__new__(cls)
    MapDecl.__init__(decl, key, value, max(spec.max_entries, 1), spec.name)
    decl.max_entries = spec.max_entries
    decl.map_type, decl.map_flags = spec.map_type, spec.map_flags
    if cls is Arena:
        decl.elements = ArenaType(_U8, spec.max_entries * _PAGE_BYTES)
    elif cls is Keyed:
        decl.kind = bpf.MAP_TYPE_NAMES.get(spec.map_type, "map").removeprefix("BPF_MAP_TYPE_").lower()
    elif spec.inner is not None and issubclass(cls, ArrayOfMaps | HashOfMaps):
        decl.inner = declare(spec.inner, types)
        decl._initial = _Initial(spec.max_entries, cls is ArrayOfMaps)
    return decl

"""Storage maps: a value for each task, inode, socket or control group, which goes when its owner goes."""

from __future__ import annotations

from ..abi import bpf
from ..errors import UsageError
from .intrinsics import probe_only
from .maps import K, KeyedDecl, V
from .scalars import Type
from .structs import type_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, NoReturn

    from ..btf.build import BtfBuilder
    from . import linux

    # What outside or inside a probe names an owner.
    Task = int | linux.task_struct
    Inode = str | int | linux.inode
    Sock = Any | linux.sock
    Cgroup = str | int | linux.cgroup

NUMBER, PATH = b"n", b"p"


class OwnerType(Type):
    """The key of a storage map: in the system call a file descriptor of the owner, C `int`.

    Packed it is what the user named, for `ebee.api.storage` to open: `NUMBER` and 4 bytes, or `PATH` and a path.
    """

    __slots__ = ("takes_paths", "words")

    def __init__(self, words: str, takes_paths: bool) -> None:
        super().__init__("owner", 4, 4)
        self.words, self.takes_paths = words, takes_paths

    def pack(self, value: Any) -> bytes:
        fileno = getattr(value, "fileno", None)
        if self.takes_paths and hasattr(value, "__fspath__"):
            value = value.__fspath__()
        if self.takes_paths and isinstance(value, str):
            return PATH + value.encode("utf-8", "surrogateescape")
        number = fileno() if fileno else value
        if not isinstance(number, int) or isinstance(number, bool):
            raise TypeError(f"it is {self.words}, not {value!r}")
        if not 0 <= number < 1 << 31:
            raise ValueError(f"{number} is no {self.words}")
        return NUMBER + number.to_bytes(4, "little")

    def unpack(self, data: bytes) -> int:
        return int.from_bytes(data, "little")

    def btf_id(self, btf: BtfBuilder) -> int:
        return btf.add_signed("int", 4)


class StorageDecl(KeyedDecl[K, V]):
    """A map of values that belong to objects of the kernel, by the objects themselves.

    Inside a probe a key is a pointer to the object that the kernel's verifier knows: `ebee.current_task()`, or an
    argument of a typed hook. Nobody can iterate over the values.
    """

    map_flags = bpf.BPF_F_NO_PREALLOC
    owner = ""  # the struct of the kernel
    words = ""
    takes_paths = False

    def __init__(self, value: type[V], *, name: str = "") -> None:
        super().__init__(OwnerType(self.words, self.takes_paths), type_of(value, f"value of {self.kind}"), 1, name)
        self.max_entries = 0

    def get_or_create(self, owner: K) -> V:
        """Inside a probe, for Struct values: the owner's value, in place, made of zeros if it had none."""
        probe_only(f"{self.kind}.get_or_create")

    def pop(self, owner: K, default: V) -> V:
        """Return the owner's value, which it has no more, or `default` if it had none."""
        found = self.get(owner)
        if found is None:
            return default
        self._live.delete(self._key(owner))
        return found

    def setdefault(self, owner: K, default: V) -> V:
        """Return the owner's value; it gets `default` first if it had none. Inside a probe, of Structs: in place."""
        while (found := self.get(owner)) is None:
            self.insert(owner, default)
        return found

    def _refuse(self) -> NoReturn:
        raise UsageError(f"{self.kind} {self.name}: nobody can iterate over it", hint="ask for owners that you know")

    def items(self) -> NoReturn:
        """Not for storage maps. Raises: UsageError."""
        self._refuse()

    def keys(self) -> NoReturn:
        """Not for storage maps. Raises: UsageError."""
        self._refuse()

    def values(self) -> NoReturn:
        """Not for storage maps. Raises: UsageError."""
        self._refuse()

    def to_numpy(self) -> NoReturn:
        """Not for storage maps. Raises: UsageError."""
        self._refuse()

    def update(self, entries: Mapping[K, V] | Iterable[tuple[K, V]]) -> None:
        """Set the values of many owners."""
        pairs: Any = entries
        for key, value in getattr(entries, "items", lambda: pairs)():
            self[key] = value

    def __len__(self) -> int:
        return self._refuse()

    def __bool__(self) -> bool:
        return True


class TaskStorage(StorageDecl["Task", V]):
    """Values of tasks: BPF_MAP_TYPE_TASK_STORAGE. Outside, a key is a process id, or an open pidfd with `fileno()`."""

    map_type = bpf.BPF_MAP_TYPE_TASK_STORAGE
    kind = "TaskStorage"
    owner = "task_struct"
    words = "a process id"


class InodeStorage(StorageDecl["Inode", V]):
    """Values of files: BPF_MAP_TYPE_INODE_STORAGE. Outside, a key is a path, an open file or its descriptor."""

    map_type = bpf.BPF_MAP_TYPE_INODE_STORAGE
    kind = "InodeStorage"
    owner = "inode"
    words = "a path, an open file or its descriptor"
    takes_paths = True


class SkStorage(StorageDecl["Sock", V]):
    """Values of sockets: BPF_MAP_TYPE_SK_STORAGE. Outside, a key is a socket or its file descriptor."""

    map_type = bpf.BPF_MAP_TYPE_SK_STORAGE
    kind = "SkStorage"
    owner = "sock"
    words = "a socket or its file descriptor"


class CgroupStorage(StorageDecl["Cgroup", V]):
    """Values of control groups: BPF_MAP_TYPE_CGRP_STORAGE. Outside, a key is the path of its directory, or open.

    Inside a probe it is `ebee.current_cgroup()`, or an argument of a typed hook.
    """

    map_type = bpf.BPF_MAP_TYPE_CGRP_STORAGE
    kind = "CgroupStorage"
    owner = "cgroup"
    words = "the path of a control group's directory, or its file descriptor"
    takes_paths = True

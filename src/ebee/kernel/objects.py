"""Objects that are in the kernel, whoever made them: found by id, by the path where they are pinned, or all of them.

What is read here changes nothing. An object stays as long as somebody holds it, a `with` block or a pin, too.
"""

from __future__ import annotations

import os
import sys

from ..abi import bpf as abi
from ..btf.read import Btf
from ..errors import PermissionMissing, SyscallError, UsageError
from ..sys import bpf, objects
from ..sys.os_seam import Fd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, ClassVar, Self

    from ..sys.map_elements import MapElements

_ENOENT, _EACCES = 2, 13


def names_of(prefix: str) -> dict[int, str]:
    """Return the names of an enum of the kernel in small letters, as libbpf has them: `BPF_MAP_TYPE_HASH` is `hash`."""
    found: dict[int, str] = {}
    for name, number in vars(abi).items():
        if name.startswith(prefix) and name != f"{prefix}UNSPEC" and "DEPRECATED" not in name:
            found.setdefault(number, name[len(prefix) :].lower())
    return found


def attach_type_names() -> dict[int, str]:
    """Return the names of attach types as libbpf has them: `BPF_CGROUP_INET_INGRESS` is `cgroup_inet_ingress`."""
    first, last = "BPF_CGROUP_INET_INGRESS", "BPF_TRACE_UPROBE_SESSION"
    names = list(vars(abi))
    return {vars(abi)[n]: n[4:].lower() for n in names[names.index(first) : names.index(last) + 1]}


class LiveObject:
    """What the three kinds of objects have in common. It is held open until `close` or the end of a `with` block."""

    kind: ClassVar[str]  # as in /proc/PID/fdinfo: prog, map, link
    _next_id: ClassVar[int]
    _fd_by_id: ClassVar[int]

    def __init__(self, fd: Fd) -> None:
        self.fd = fd
        self._info: objects.Info | None = None

    @classmethod
    def from_id(cls, id: int) -> Self:
        """Open an object. Raises: UsageError if there is none of this id, PermissionMissing without CAP_SYS_ADMIN."""
        try:
            return cls(bpf.fd_by_id(cls._fd_by_id, id))
        except SyscallError as e:
            if e.errno == _ENOENT:
                raise UsageError(f"there is no {_WORDS[cls.kind]} of id {id}") from None
            raise _permission(e, f"opening {_WORDS[cls.kind]} {id}") from None

    @classmethod
    def from_pin(cls, path: str | os.PathLike[str]) -> Self:
        """Open what is pinned in a bpffs. Raises: UsageError where there is nothing, or something of another kind."""
        path = os.fspath(path)
        try:
            fd = bpf.obj_get(path)
        except SyscallError as e:
            if e.errno in (bpf.EPERM, _EACCES):
                hint = "it is no file of a bpffs, or not yours to open"
                raise UsageError(f"{path} cannot be opened as a pinned object", hint=hint) from None
            raise
        if fd is None:
            raise UsageError(f"nothing is pinned at {path}")
        found = kind_of(fd)
        if found != cls.kind:
            fd.close()
            raise UsageError(f"{path} is a {_WORDS.get(found, 'file')}, and no {_WORDS[cls.kind]}")
        return cls(fd)

    @classmethod
    def all(cls) -> Iterator[Self]:
        """Yield every one that there is, in the order of ids; what vanishes meanwhile is left out.

        Raises: PermissionMissing without CAP_SYS_ADMIN.
        """
        try:
            for id in bpf.ids(cls._next_id):
                try:
                    yield cls(bpf.fd_by_id(cls._fd_by_id, id))
                except SyscallError as e:
                    if e.errno != _ENOENT:
                        raise
        except SyscallError as e:
            raise _permission(e, f"listing {_WORDS[cls.kind]}s") from None

    if TYPE_CHECKING:

        def info(self) -> objects.Info:
            """Return what the kernel says of it now. Raises: SyscallError."""

    def cached(self) -> objects.Info:
        """Return what the kernel said of it first: for what never changes."""
        if self._info is None:
            self._info = self.info()
        return self._info

    @property
    def id(self) -> int:
        """Its id, which no other one of its kind has at the same time."""
        return self.cached()["id"]

    def fdinfo(self) -> dict[str, str]:
        """Return the lines of /proc/self/fdinfo: `memlock`, `frozen` and others as the kernel has them."""
        return objects.fdinfo(self.fd.number)

    @property
    def memlock_bytes(self) -> int:
        """The memory that it is charged for, in bytes."""
        return int(self.fdinfo().get("memlock", "0"))

    def pin(self, path: str | os.PathLike[str]) -> None:
        """Give it a name in a bpffs, under which it stays when nobody holds it. Raises: UsageError, SyscallError."""
        path = os.fspath(path)
        try:
            bpf.obj_pin(path, self.fd.number)
        except SyscallError as e:
            hints = {
                _ENOENT: "there is no such directory", 17: "something is there already: rm it, or choose another name",
                bpf.EPERM: "the directory is in no bpffs: mount -t bpf bpf DIRECTORY",
                _EACCES: "the directory is not yours to write to",
            }  # fmt: skip
            if e.errno in hints:
                raise UsageError(f"{path} cannot be made", hint=hints[e.errno]) from None
            raise

    def close(self) -> None:
        """Let go of it. Closing twice is allowed."""
        self.fd.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        if self.fd.number < 0:
            return f"<{type(self).__name__} (closed)>"
        return f"<{type(self).__name__} {self.id}>"


_WORDS = {"prog": "program", "map": "map", "link": "link"}


def _permission(e: SyscallError, what: str) -> Exception:
    return PermissionMissing(what, ["CAP_SYS_ADMIN"]) if e.errno == bpf.EPERM else e


def kind_of(fd: Fd) -> str:
    """Return what a file descriptor is: `prog`, `map`, `link`, or empty."""
    return objects.kind_of(objects.fdinfo(fd.number))


def unpin(path: str | os.PathLike[str]) -> None:
    """Take away the name of a pinned object, which ends if nobody else holds it. Raises: UsageError, SyscallError."""
    path = os.fspath(path)
    fd = None if not os.path.lexists(path) else _opened(path)
    if fd is None:
        raise UsageError(f"nothing is pinned at {path}")
    fd.close()
    try:
        os.unlink(path)
    except OSError as e:
        raise SyscallError("unlink", e.errno or 0, path) from None


def _opened(path: str) -> Fd | None:
    try:
        return bpf.obj_get(path)
    except SyscallError:
        return None


def pins() -> dict[tuple[str, int], list[str]]:
    """Return the paths of all pinned objects, in every mounted bpffs, by kind (`prog`, `map`, `link`) and id."""
    found: dict[tuple[str, int], list[str]] = {}
    for root in objects.bpf_file_systems():
        for directory, _, files in os.walk(root):
            for path in (os.path.join(directory, name) for name in sorted(files)):
                fd = _opened(path)
                if fd is None:
                    continue
                with fd:
                    kind = kind_of(fd)
                    if kind:
                        id = int(objects.fdinfo(fd.number)[f"{kind}_id"])
                        found.setdefault((kind, id), []).append(path)
    return found


def btf_of_id(id: int) -> Btf | None:
    """Return types by their id: a program's, a map's, the kernel's or a module's; None where there are none.

    Raises: SyscallError, PermissionMissing, BtfError.
    """
    if not id:
        return None
    try:
        fd = bpf.fd_by_id(abi.BPF_BTF_GET_FD_BY_ID, id)
    except SyscallError as e:
        raise _permission(e, f"reading types {id}") from None
    with fd:
        name = bpf.kernel_btf_name(fd.number)
        if name:
            from .vmlinux import module_btf, vmlinux_btf

            return vmlinux_btf() if name == "vmlinux" else module_btf(name)
        return Btf(bpf.btf_data(fd.number))


PERCPU_TYPES = frozenset(
    (
        abi.BPF_MAP_TYPE_PERCPU_HASH, abi.BPF_MAP_TYPE_PERCPU_ARRAY, abi.BPF_MAP_TYPE_LRU_PERCPU_HASH,
        abi.BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
    )
)  # fmt: skip


class Map(LiveObject):
    """A map in the kernel, whoever made it. Keys and values are bytes, or with types Python values (`entries`)."""

    kind = "map"
    _next_id, _fd_by_id = abi.BPF_MAP_GET_NEXT_ID, abi.BPF_MAP_GET_FD_BY_ID

    def info(self) -> objects.Info:
        """Return what the kernel says of it now. Raises: SyscallError."""
        return objects.map_info(self.fd.number)

    def __init__(self, fd: Fd) -> None:
        super().__init__(fd)
        self._elements: MapElements | None = None
        self._types: list[Btf | None] = []

    @property
    def name(self) -> str:
        return self.cached().text("name")

    @property
    def type(self) -> str:
        """The kind of map, as libbpf has it: `hash`, `percpu_array`."""
        number = self.cached()["type"]
        return names_of("BPF_MAP_TYPE_").get(number, f"type {number}")

    @property
    def key_size(self) -> int:
        return self.cached()["key_size"]

    @property
    def value_size(self) -> int:
        return self.cached()["value_size"]

    @property
    def max_entries(self) -> int:
        return self.cached()["max_entries"]

    @property
    def flags(self) -> int:
        return self.cached()["map_flags"]

    @property
    def frozen(self) -> bool:
        """Whether user space can no longer write."""
        return self.fdinfo().get("frozen", "0") != "0"

    def freeze(self) -> None:
        """Have user space no longer write to it, for good. Raises: SyscallError, EBUSY while it is mapped writable."""
        bpf.map_freeze(self.fd.number)

    @property
    def btf(self) -> Btf | None:
        """The types of keys and values. Raises: SyscallError, PermissionMissing."""
        if not self._types:
            self._types.append(btf_of_id(self.cached()["btf_id"]))
        return self._types[0]

    @property
    def cpus(self) -> int:
        """How many CPUs have a value of their own: 1 where all share one."""
        if self.cached()["type"] not in PERCPU_TYPES:
            return 1
        from ..sys.cpus import possible_cpus

        return possible_cpus()

    def _ops(self) -> MapElements:
        if self._elements is None:
            from ..sys.map_elements import MapElements

            size_bytes = self.value_size if self.cpus == 1 else (self.value_size + 7 & ~7) * self.cpus
            self._elements = MapElements(self.fd.number, self.key_size, size_bytes, self.name)
        return self._elements

    def lookup(self, key: bytes) -> bytes | None:
        """Return the value, of per-CPU maps those of all possible CPUs in turn; None if there is none."""
        return self._ops().lookup(key)

    def update(self, key: bytes, value: bytes, flags: int = 0) -> None:
        """Set a value. Raises: SyscallError with E2BIG (full), EEXIST, ENOENT, EPERM (frozen)."""
        self._ops().update(key, value, flags)

    def delete(self, key: bytes) -> bool:
        """Remove a key; return whether it was there. Raises: SyscallError (EINVAL for arrays)."""
        return self._ops().delete(key)

    def push(self, value: bytes, *, replace: bool = False) -> None:
        """Queues and stacks: add a value; with `replace` the oldest gives way to it. Bloom filters, too.

        Raises: SyscallError with E2BIG if it is full.
        """
        self._ops().update(b"", value, abi.BPF_EXIST if replace else abi.BPF_ANY)

    def peek(self) -> bytes | None:
        """Queues and stacks: return the next value and leave it there; None if there is none. Raises: SyscallError."""
        return self._ops().lookup(b"")

    def pop(self) -> bytes | None:
        """Queues and stacks: take the next value; None if there is none. Raises: SyscallError."""
        return self._ops().take()

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield keys and values; entries that vanish meanwhile, and places that hold nothing, are left out."""
        ops, seen = self._ops(), set()
        key = ops.next_key(None)
        while key is not None and key not in seen:
            seen.add(key)
            value = ops.lookup(key)
            if value is not None:
                yield key, value
            key = ops.next_key(key)

    def to_key(self, data: bytes) -> Any:
        """Return a key as a Python value: by its type, or without one the bytes."""
        return self._typed("btf_key_type_id", data)

    def to_value(self, data: bytes) -> Any:
        """Return a value as a Python value, of per-CPU maps a list: by its type, or without one bytes."""
        if self.cpus == 1:
            return self._typed("btf_value_type_id", data)
        size = self.value_size + 7 & ~7
        parts = (data[cpu * size : cpu * size + self.value_size] for cpu in range(self.cpus))
        return [self._typed("btf_value_type_id", part) for part in parts]

    def from_key(self, key: Any) -> bytes:
        """Return the bytes of a key. Raises: UsageError if there is no type for what is no bytes, BtfError."""
        return self._bytes("btf_key_type_id", key, self.key_size)

    def from_value(self, value: Any) -> bytes:
        """Return the bytes of a value; a per-CPU map takes a list of as many as there are CPUs, or one for all."""
        size = self.value_size
        if self.cpus == 1:
            return self._bytes("btf_value_type_id", value, size)
        if isinstance(value, bytes) and len(value) == (size + 7 & ~7) * self.cpus:
            return value
        values = value if isinstance(value, list) and len(value) == self.cpus else [value] * self.cpus
        return b"".join(self._bytes("btf_value_type_id", v, size).ljust(size + 7 & ~7, b"\0") for v in values)

    def _typed(self, field: str, data: bytes) -> Any:
        from ..btf.values import decode_value

        type_id = self.cached()[field]
        return decode_value(self.btf, type_id, data, sys.byteorder) if self.btf is not None and type_id else data

    def _bytes(self, field: str, value: Any, size_bytes: int) -> bytes:
        from ..btf.values import encode_value

        type_id = self.cached()[field]
        if isinstance(value, (bytes, bytearray)):
            return bytes(value)
        if self.btf is not None and type_id:
            return encode_value(self.btf, type_id, value, sys.byteorder)
        if isinstance(value, int):
            try:
                return value.to_bytes(size_bytes, sys.byteorder, signed=value < 0)
            except OverflowError:
                raise UsageError(f"{value} does not fit into {size_bytes} bytes") from None
        raise UsageError(f"map {self.name} has no types: {value!r} must be {size_bytes} bytes")

    def entries(self) -> Iterator[tuple[Any, Any]]:
        """Yield keys and values as Python values, by their types."""
        for key, value in self.items():
            yield self.to_key(key), self.to_value(value)

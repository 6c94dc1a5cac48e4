"""Storage maps from outside: their owners are opened for the one call that needs them."""

from __future__ import annotations

from errno import ENOENT, ESRCH

from ..abi import bpf
from ..errors import SyscallError
from ..sys.owners import open_inode, open_process
from ..types.storage import NUMBER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from ..spec.backend import BackendMap

    T = TypeVar("T")


class OwnedMap:
    """The commands on one storage map, by what `types.storage.OwnerType` packs."""

    def __init__(self, map: BackendMap, map_type: int) -> None:
        self.map, self.is_task = map, map_type == bpf.BPF_MAP_TYPE_TASK_STORAGE

    def lookup(self, key: bytes) -> bytes | None:
        """Return the owner's value, None if it has none, or is not there."""
        return self._unless_gone(key, self.map.lookup, None)

    def update(self, key: bytes, value: bytes, flags: int = 0) -> None:
        """Set the owner's value. Raises: SyscallError with ESRCH or ENOENT if it is not there."""
        self._with_owner(key, lambda fd: self.map.update(fd, value, flags))

    def delete(self, key: bytes) -> bool:
        """Remove the owner's value; return whether there was one."""
        return self._unless_gone(key, self.map.delete, False)

    def _unless_gone(self, key: bytes, call: Callable[[bytes], T], otherwise: T) -> T:
        try:
            return self._with_owner(key, call)
        except SyscallError as e:
            if e.errno not in (ESRCH, ENOENT):
                raise
            return otherwise

    def _with_owner(self, key: bytes, call: Callable[[bytes], T]) -> T:
        if key[:1] != NUMBER:
            fd = open_inode(key[1:].decode("utf-8", "surrogateescape"))
        elif self.is_task:
            fd = open_process(int.from_bytes(key[1:], "little"))
        else:
            return call(key[1:])
        try:
            return call(fd.number.to_bytes(4, "little"))
        finally:
            fd.close()


def is_owned(map_type: int) -> bool:
    """Whether a map's values belong to owners that are named by file descriptors."""
    return map_type in _OWNED


_OWNED = (
    bpf.BPF_MAP_TYPE_TASK_STORAGE, bpf.BPF_MAP_TYPE_INODE_STORAGE, bpf.BPF_MAP_TYPE_SK_STORAGE,
    bpf.BPF_MAP_TYPE_CGRP_STORAGE,
)  # fmt: skip

"""Storage maps: one value for each task, cgroup, socket or inode, which goes with its owner.

Outside of programs a key is a file descriptor: for tasks that of a process (pidfd), for cgroups that of a directory.
Source: kernel/bpf/bpf_local_storage.c, bpf_task_storage.c (Linux 6.18).
"""

from __future__ import annotations

import os
from errno import EBADF, EEXIST, EINVAL, ENOENT

from ...abi import bpf
from ...errors import ExecutionError, SyscallError
from ..maps import EngineMap, HashMap


class StorageMap(HashMap):
    """Values by the id of their owner, as 8 bytes."""

    owner_kind = "task"
    allowed_flags = bpf.BPF_F_NO_PREALLOC | bpf.BPF_F_CLONE
    needs_no_prealloc = True

    def check_sizes(self) -> None:
        s = self.spec
        has_flag = not self.needs_no_prealloc or s.map_flags & bpf.BPF_F_NO_PREALLOC
        if s.key_size != 4 or not s.value_size or s.max_entries or not has_flag:
            raise self._refused(EINVAL, "keys of 4 bytes, a value, max_entries 0 and BPF_F_NO_PREALLOC are needed")

    def owned_address(self, id: int) -> int:
        """Return the address of an owner's value, 0 if it has none."""
        return super().lookup_address(id.to_bytes(8, "little"))

    def create(self, id: int, value: bytes) -> None:
        """Give an owner its value."""
        self.put(id.to_bytes(8, "little"), value)

    def forget(self, id: int) -> bool:
        """Take an owner's value away; return whether there was one."""
        return super().delete_key(id.to_bytes(8, "little")) == 0

    def owner_of(self, fd: int) -> int:
        """Return the id of what a file descriptor stands for. Raises: SyscallError with EBADF, EINVAL."""
        try:
            if self.owner_kind != "task":
                return os.fstat(fd).st_ino
            with open(f"/proc/self/fdinfo/{fd}") as file:
                for line in file:
                    if line.startswith("Pid:"):
                        return int(line[4:])
        except OSError:
            raise SyscallError("bpf", EBADF, f"map {self.spec.name!r}: no file descriptor {fd}") from None
        raise SyscallError("bpf", EINVAL, f"map {self.spec.name!r}: file descriptor {fd} is of no process")

    def check_program_writes(self) -> None:
        raise ExecutionError(f"map {self.spec.name!r} is reached with bpf_{self.owner_kind}_storage_get()")

    def lookup_address(self, key: bytes) -> int:
        raise ExecutionError(f"map {self.spec.name!r} is reached with bpf_{self.owner_kind}_storage_get()")

    def _own(self, key: bytes, cmd: str) -> bytes:
        self._check(key, cmd)
        return self.owner_of(int.from_bytes(key, "little", signed=True)).to_bytes(8, "little")

    def lookup(self, key: bytes) -> bytes | None:
        owner = self._own(key, "BPF_MAP_LOOKUP_ELEM")
        with self.lock:
            cells = self._entries.get(owner)
            return None if cells is None else self.joined([cell.data for cell in cells])

    def update_value(self, key: bytes, value: bytes, flags: int) -> int:
        owner = self._own(key, "BPF_MAP_UPDATE_ELEM")
        if flags > bpf.BPF_EXIST:
            return -EINVAL
        if owner in self._entries and flags == bpf.BPF_NOEXIST:
            return -EEXIST
        if owner not in self._entries and flags == bpf.BPF_EXIST:
            return -ENOENT
        self.put(owner, value)
        return 0

    def delete_key(self, key: bytes) -> int:
        return super().delete_key(self._own(key, "BPF_MAP_DELETE_ELEM"))

    def next_key(self, key: bytes | None) -> bytes | None:
        return EngineMap.next_key(self, key)

    def all_keys(self) -> list[bytes]:
        return []

    def key_at(self, address: int) -> bytes | None:
        return None


class InodeStorage(StorageMap):
    """BPF_MAP_TYPE_INODE_STORAGE."""

    owner_kind = "inode"


class SkStorage(StorageMap):
    """BPF_MAP_TYPE_SK_STORAGE."""

    owner_kind = "sock"


class CgrpStorage(StorageMap):
    """BPF_MAP_TYPE_CGRP_STORAGE."""

    owner_kind = "cgroup"


class CgroupStorage(CgrpStorage):
    """BPF_MAP_TYPE_CGROUP_STORAGE: the value of the cgroup that the program is attached to."""

    allowed_flags = 0
    needs_no_prealloc = False

    def check_sizes(self) -> None:
        s = self.spec
        if s.key_size not in (8, 16) or not s.value_size or s.max_entries:
            raise self._refused(EINVAL, "keys of 8 or 16 bytes (struct bpf_cgroup_storage_key), a value, max_entries 0")

    def owner_of(self, fd: int) -> int:
        return fd

    def _own(self, key: bytes, cmd: str) -> bytes:
        self._check(key, cmd)
        return key[:8]


MAP_CLASSES: dict[int, type[EngineMap]] = {
    bpf.BPF_MAP_TYPE_TASK_STORAGE: StorageMap,
    bpf.BPF_MAP_TYPE_INODE_STORAGE: InodeStorage,
    bpf.BPF_MAP_TYPE_SK_STORAGE: SkStorage,
    bpf.BPF_MAP_TYPE_CGRP_STORAGE: CgrpStorage,
    bpf.BPF_MAP_TYPE_CGROUP_STORAGE: CgroupStorage,
}

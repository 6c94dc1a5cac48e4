"""Helpers over storage maps: values that belong to a task, cgroup, socket or inode.

Source: kernel/bpf/bpf_task_storage.c, bpf_cgrp_storage.c, net/core/bpf_sk_storage.c (Linux 6.18).
"""

from __future__ import annotations

from errno import EINVAL, ENOENT

from ...abi import bpf
from ...errors import ExecutionError
from ..mapkinds.storage import StorageMap
from .common import map_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..interpreter import Machine


def _map(vm: Machine, handle: int, kind: str) -> StorageMap:
    m = map_at(vm, handle)
    if not isinstance(m, StorageMap) or m.owner_kind != kind:
        raise ExecutionError(f"map {m.spec.name!r} has no storage of a {kind}")
    return m


def _get(vm: Machine, kind: str, handle: int, owner: int, value: int, flags: int) -> int:
    """Return the address of the owner's value, 0 if there is none and none is made."""
    m = _map(vm, handle, kind)
    if not owner or flags & ~bpf.BPF_LOCAL_STORAGE_GET_F_CREATE:
        return 0
    id = vm.registry.id_at(kind, owner)
    if id is None:
        raise ExecutionError(f"{owner:#x} is no {kind}")
    found = m.owned_address(id)
    if found or not flags:
        return found
    m.create(id, vm.memory.read(value, m.spec.value_size) if value else bytes(m.spec.value_size))
    return m.owned_address(id)


def _delete(vm: Machine, kind: str, handle: int, owner: int) -> int:
    m = _map(vm, handle, kind)
    if not owner:
        return -EINVAL
    id = vm.registry.id_at(kind, owner)
    if id is None:
        raise ExecutionError(f"{owner:#x} is no {kind}")
    return 0 if m.forget(id) else -ENOENT


def task_storage_get(vm: Machine, handle: int, owner: int, value: int, flags: int) -> int:
    return _get(vm, "task", handle, owner, value, flags)


def task_storage_delete(vm: Machine, handle: int, owner: int) -> int:
    return _delete(vm, "task", handle, owner)


def inode_storage_get(vm: Machine, handle: int, owner: int, value: int, flags: int) -> int:
    return _get(vm, "inode", handle, owner, value, flags)


def inode_storage_delete(vm: Machine, handle: int, owner: int) -> int:
    return _delete(vm, "inode", handle, owner)


def sk_storage_get(vm: Machine, handle: int, owner: int, value: int, flags: int) -> int:
    return _get(vm, "sock", handle, owner, value, flags)


def sk_storage_delete(vm: Machine, handle: int, owner: int) -> int:
    return _delete(vm, "sock", handle, owner)


def cgrp_storage_get(vm: Machine, handle: int, owner: int, value: int, flags: int) -> int:
    return _get(vm, "cgroup", handle, owner, value, flags)


def cgrp_storage_delete(vm: Machine, handle: int, owner: int) -> int:
    return _delete(vm, "cgroup", handle, owner)


def get_local_storage(vm: Machine, handle: int, flags: int) -> int:
    """Return the address of the value that the current task's cgroup has, made when it is first asked for."""
    cgroup = vm.registry.address("cgroup", vm.task.cgroup_id)
    return _get(vm, "cgroup", handle, cgroup, 0, bpf.BPF_LOCAL_STORAGE_GET_F_CREATE)

"""The engine's other maps, by the job that they do. A module is imported when a program has such a map."""

from __future__ import annotations

from ...abi import bpf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..maps import EngineMap

_KINDS = {
    "tables": "ARENA PERCPU_HASH PERCPU_ARRAY LRU_HASH LRU_PERCPU_HASH LPM_TRIE",
    "queues": "QUEUE STACK BLOOM_FILTER",
    "references": "PROG_ARRAY ARRAY_OF_MAPS HASH_OF_MAPS CGROUP_ARRAY DEVMAP DEVMAP_HASH CPUMAP",
    "perf": "PERF_EVENT_ARRAY USER_RINGBUF STACK_TRACE",
    "storage": "TASK_STORAGE INODE_STORAGE SK_STORAGE CGRP_STORAGE CGROUP_STORAGE",
}
_HOMES = {getattr(bpf, f"BPF_MAP_TYPE_{name}"): home for home, names in _KINDS.items() for name in names.split()}


def map_class(map_type: int) -> type[EngineMap] | None:
    """Return the class of a BPF_MAP_TYPE_* number that `maps` does not have, None if the engine lacks it."""
    home = _HOMES.get(map_type)
    if home is None:
        return None
    found: type[EngineMap] = __import__(f"{__name__}.{home}", fromlist=["MAP_CLASSES"]).MAP_CLASSES[map_type]
    return found

"""Which helpers take which kinds of maps, and which programs may use them.

`HELPERS_OF` names, for kinds of maps that only some helpers take, those helpers; `MAPS_OF`, for helpers that only take
some kinds of maps, those kinds. Names are those of the kernel without BPF_MAP_TYPE_ and BPF_FUNC_.

Source: check_map_func_compatibility, may_update_sockmap, check_map_prog_compatibility (Linux 6.18).
"""

from __future__ import annotations

from . import bpf

HELPERS_OF: dict[str, str] = {
    "PROG_ARRAY": "tail_call",
    "PERF_EVENT_ARRAY": "perf_event_read perf_event_output skb_output perf_event_read_value xdp_output",
    "RINGBUF": (
        "ringbuf_output ringbuf_reserve ringbuf_query ringbuf_reserve_dynptr ringbuf_submit_dynptr"
        " ringbuf_discard_dynptr"
    ),
    "USER_RINGBUF": "user_ringbuf_drain",
    "STACK_TRACE": "get_stackid",
    "CGROUP_ARRAY": "skb_under_cgroup current_task_under_cgroup",
    "CGROUP_STORAGE": "get_local_storage",
    "PERCPU_CGROUP_STORAGE": "get_local_storage",
    "DEVMAP": "redirect_map map_lookup_elem",
    "DEVMAP_HASH": "redirect_map map_lookup_elem",
    "CPUMAP": "redirect_map",
    "XSKMAP": "redirect_map map_lookup_elem",
    "ARRAY_OF_MAPS": "map_lookup_elem",
    "HASH_OF_MAPS": "map_lookup_elem",
    "SOCKMAP": (
        "sk_redirect_map sock_map_update msg_redirect_map sk_select_reuseport map_lookup_elem map_update_elem"
        " map_delete_elem"
    ),
    "SOCKHASH": (
        "sk_redirect_hash sock_hash_update msg_redirect_hash sk_select_reuseport map_lookup_elem map_update_elem"
        " map_delete_elem"
    ),
    "REUSEPORT_SOCKARRAY": "sk_select_reuseport",
    "QUEUE": "map_peek_elem map_pop_elem map_push_elem",
    "STACK": "map_peek_elem map_pop_elem map_push_elem",
    "SK_STORAGE": "sk_storage_get sk_storage_delete kptr_xchg",
    "INODE_STORAGE": "inode_storage_get inode_storage_delete kptr_xchg",
    "TASK_STORAGE": "task_storage_get task_storage_delete kptr_xchg",
    "CGRP_STORAGE": "cgrp_storage_get cgrp_storage_delete kptr_xchg",
    "BLOOM_FILTER": "map_peek_elem map_push_elem",
    "STRUCT_OPS": "",
    "ARENA": "",
}

MAPS_OF: dict[str, str] = {
    "tail_call": "PROG_ARRAY",
    "perf_event_read": "PERF_EVENT_ARRAY",
    "perf_event_output": "PERF_EVENT_ARRAY",
    "perf_event_read_value": "PERF_EVENT_ARRAY",
    "skb_output": "PERF_EVENT_ARRAY",
    "xdp_output": "PERF_EVENT_ARRAY",
    "ringbuf_output": "RINGBUF",
    "ringbuf_reserve": "RINGBUF",
    "ringbuf_query": "RINGBUF",
    "ringbuf_reserve_dynptr": "RINGBUF",
    "user_ringbuf_drain": "USER_RINGBUF",
    "get_stackid": "STACK_TRACE",
    "current_task_under_cgroup": "CGROUP_ARRAY",
    "skb_under_cgroup": "CGROUP_ARRAY",
    "redirect_map": "DEVMAP DEVMAP_HASH CPUMAP XSKMAP",
    "sk_redirect_map": "SOCKMAP",
    "msg_redirect_map": "SOCKMAP",
    "sock_map_update": "SOCKMAP",
    "sk_redirect_hash": "SOCKHASH",
    "msg_redirect_hash": "SOCKHASH",
    "sock_hash_update": "SOCKHASH",
    "get_local_storage": "CGROUP_STORAGE PERCPU_CGROUP_STORAGE",
    "sk_select_reuseport": "REUSEPORT_SOCKARRAY SOCKMAP SOCKHASH",
    "map_pop_elem": "QUEUE STACK",
    "map_peek_elem": "QUEUE STACK BLOOM_FILTER",
    "map_push_elem": "QUEUE STACK BLOOM_FILTER",
    "map_lookup_percpu_elem": "PERCPU_ARRAY PERCPU_HASH LRU_PERCPU_HASH",
    "sk_storage_get": "SK_STORAGE",
    "sk_storage_delete": "SK_STORAGE",
    "inode_storage_get": "INODE_STORAGE",
    "inode_storage_delete": "INODE_STORAGE",
    "task_storage_get": "TASK_STORAGE",
    "task_storage_delete": "TASK_STORAGE",
    "cgrp_storage_get": "CGRP_STORAGE",
    "cgrp_storage_delete": "CGRP_STORAGE",
}

# Types of programs that may call map_update_elem and map_delete_elem with maps of sockets; of TRACING only iterators.
UPDATE_SOCKMAPS = frozenset(
    getattr(bpf, f"BPF_PROG_TYPE_{word}")
    for word in ("SOCKET_FILTER", "SCHED_CLS", "SCHED_ACT", "XDP", "SK_REUSEPORT", "FLOW_DISSECTOR", "SK_LOOKUP")
)

# The only kinds of maps for programs that may sleep.
SLEEPABLE_MAPS = frozenset(
    getattr(bpf, f"BPF_MAP_TYPE_{word}")
    for word in (
        "HASH", "LRU_HASH", "ARRAY", "PERCPU_HASH", "PERCPU_ARRAY", "LRU_PERCPU_HASH", "ARRAY_OF_MAPS", "HASH_OF_MAPS",
        "RINGBUF", "USER_RINGBUF", "INODE_STORAGE", "SK_STORAGE", "TASK_STORAGE", "CGRP_STORAGE", "QUEUE", "STACK",
        "ARENA",
    )
)  # fmt: skip

# Types of programs that may run anywhere in the kernel: their maps have no locks and no timers.
TRACING_TYPES = frozenset(
    getattr(bpf, f"BPF_PROG_TYPE_{word}")
    for word in ("KPROBE", "TRACEPOINT", "PERF_EVENT", "RAW_TRACEPOINT", "RAW_TRACEPOINT_WRITABLE")
)

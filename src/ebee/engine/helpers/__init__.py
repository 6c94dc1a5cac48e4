"""The helper functions that programs in the engine can call: a table from the kernel's number to a function.

Each takes the machine and as many of r1..r5 as it needs, and returns r0; a negative result is a negative errno.
A family is imported when a program first calls one of its helpers. What is not in the table has no meaning outside
the kernel, and is refused when a program is loaded.
Source: include/uapi/linux/bpf.h (numbers, contracts); kernel/bpf/helpers.c, kernel/trace/bpf_trace.c,
net/core/filter.c (Linux 6.18).
"""

from __future__ import annotations

from ...abi.helpers import HELPER_NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

FAMILIES = {
    "maps": (
        "map_lookup_elem map_update_elem map_delete_elem map_push_elem map_pop_elem map_peek_elem"
        " map_lookup_percpu_elem for_each_map_elem spin_lock spin_unlock kptr_xchg per_cpu_ptr this_cpu_ptr"
    ),
    "storage": (
        "task_storage_get task_storage_delete inode_storage_get inode_storage_delete sk_storage_get sk_storage_delete"
        " cgrp_storage_get cgrp_storage_delete get_local_storage"
    ),
    "control": "tail_call loop timer_init timer_set_callback timer_start timer_cancel",
    "output": (
        "ringbuf_output ringbuf_reserve ringbuf_submit ringbuf_discard ringbuf_query perf_event_output"
        " perf_event_read perf_event_read_value user_ringbuf_drain"
    ),
    "dynptr": (
        "dynptr_from_mem dynptr_read dynptr_write dynptr_data"
        " ringbuf_reserve_dynptr ringbuf_submit_dynptr ringbuf_discard_dynptr"
    ),
    "task": (
        "ktime_get_ns ktime_get_boot_ns ktime_get_coarse_ns ktime_get_tai_ns jiffies64 get_prandom_u32"
        " get_smp_processor_id get_numa_node_id get_current_pid_tgid get_ns_current_pid_tgid get_current_uid_gid"
        " get_current_comm get_current_task get_current_task_btf get_current_cgroup_id get_current_ancestor_cgroup_id"
        " current_task_under_cgroup get_attach_cookie get_func_ip get_func_arg get_func_ret get_func_arg_cnt"
        " get_retval set_retval send_signal send_signal_thread get_stackid get_stack get_task_stack"
    ),
    "probe": (
        "probe_read probe_read_str probe_read_user probe_read_kernel probe_read_user_str probe_read_kernel_str"
        " probe_write_user copy_from_user copy_from_user_task"
    ),
    "text": "trace_printk trace_vprintk snprintf strncmp strtol strtoul",
    "checksum": "csum_diff",
    "skb": (
        "skb_store_bytes skb_load_bytes skb_load_bytes_relative skb_pull_data l3_csum_replace l4_csum_replace"
        " csum_update csum_level skb_change_tail skb_change_head skb_change_proto skb_change_type skb_adjust_room"
        " skb_vlan_push skb_vlan_pop get_hash_recalc set_hash_invalid set_hash skb_set_tstamp skb_ecn_set_ce"
        " skb_get_tunnel_key skb_get_tunnel_opt"
    ),
    "xdp": "xdp_adjust_head xdp_adjust_tail xdp_adjust_meta xdp_get_buff_len xdp_load_bytes xdp_store_bytes",
    "net": (
        "clone_redirect redirect redirect_neigh redirect_peer redirect_map fib_lookup sk_lookup_tcp sk_lookup_udp"
        " skc_lookup_tcp sk_assign sk_release sk_fullsock tcp_sock get_listener_sock get_socket_cookie get_socket_uid"
        " get_netns_cookie get_cgroup_classid skb_cgroup_classid skb_cgroup_id skb_ancestor_cgroup_id get_route_realm"
    ),
}
_HOMES = {name: family for family, names in FAMILIES.items() for name in names.split()}


def __getattr__(name: str) -> Callable[..., int]:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no helper {name!r}")
    function: Callable[..., int] = getattr(__import__(f"{__name__}.{home}", fromlist=[name]), name)
    return function


class HelperTable(dict[int, "Callable[..., int]"]):
    """Helpers by number. One that is asked for with [] is imported. Raises: KeyError for what is not there."""

    def __missing__(self, number: int) -> Callable[..., int]:
        name = HELPER_NAMES.get(number, "")
        if name not in _HOMES:
            raise KeyError(number)
        self[number] = __getattr__(name)
        return self[number]


def supported() -> list[str]:
    """Return the names of all helpers that the engine has, without `bpf_`."""
    return list(_HOMES)


HELPERS = HelperTable()

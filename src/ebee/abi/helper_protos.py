"""What the verifier asks of a call of each helper, and what the call gives: the kernel's `struct bpf_func_proto`.

A row is `result (arguments) flags`. Kinds of arguments and results are the kernel's ARG_* and RET_* in short:

    any             ARG_ANYTHING              map           ARG_CONST_MAP_PTR
    ctx             ARG_PTR_TO_CTX            key, value    ARG_PTR_TO_MAP_KEY, ARG_PTR_TO_MAP_VALUE
    mem             ARG_PTR_TO_MEM            memN          ARG_PTR_TO_FIXED_SIZE_MEM of N bytes
    size, size0     ARG_CONST_SIZE, ..._OR_ZERO             alloc         ARG_CONST_ALLOC_SIZE_OR_ZERO
    str             ARG_PTR_TO_CONST_STR      func, stack   ARG_PTR_TO_FUNC, ARG_PTR_TO_STACK
    sock            ARG_PTR_TO_SOCKET         skc, btf_skc  ARG_PTR_TO_SOCK_COMMON, ARG_PTR_TO_BTF_ID_SOCK_COMMON
    btf:T           ARG_PTR_TO_BTF_ID of T    percpu        ARG_PTR_TO_PERCPU_BTF_ID
    lock, timer     ARG_PTR_TO_SPIN_LOCK, ARG_PTR_TO_TIMER  kptr          ARG_KPTR_XCHG_DEST
    dynptr          ARG_PTR_TO_DYNPTR (:local, :ringbuf)    record        ARG_PTR_TO_RINGBUF_MEM
    ...             ARG_DONTCARE up to R5: may be anything, even uninitialised

`?` PTR_MAYBE_NULL; `=` is written to (MEM_WRITE); `=u` is written to and need not be initialised (MEM_UNINIT); `!` is
released (OBJ_RELEASE); `*` is aligned to its size (MEM_ALIGNED). Memory without `=` is only read (MEM_RDONLY).
Flags: `gpl` gpl_only, `pkt` pkt_access, `sleep` might_sleep, `moves` the packet may move (bpf_helper_changes_pkt_data),
`fast` allow_fastcall, `async` its callback runs later.

Source: Linux 6.18 kernel/bpf/helpers.c, kernel/trace/bpf_trace.c, net/core/filter.c, and others; what a kernel says to
programs that break each row is recorded in tests/data/verifier/helper_arguments.txt.
"""

from __future__ import annotations

HELPER_PROTOS: dict[str, str] = {
    "map_lookup_elem": "value? (map key) pkt",
    "map_update_elem": "int (map key value any) pkt",
    "map_delete_elem": "int (map key) pkt",
    "probe_read": "int (mem=u size0 any) gpl",
    "ktime_get_ns": "int ()",
    "trace_printk": "int (mem size ...) gpl",
    "get_prandom_u32": "int ()",
    "get_smp_processor_id": "int () fast",
    "skb_store_bytes": "int (ctx any mem size any) moves",
    "l3_csum_replace": "int (ctx any any any any) moves",
    "l4_csum_replace": "int (ctx any any any any) moves",
    "tail_call": "void (ctx map any)",
    "clone_redirect": "int (ctx any any) moves",
    "get_current_pid_tgid": "int ()",
    "get_current_uid_gid": "int ()",
    "get_current_comm": "int (mem=u size)",
    "get_cgroup_classid": "int ()",
    "skb_vlan_push": "int (ctx any any) moves",
    "skb_vlan_pop": "int (ctx) moves",
    "skb_get_tunnel_key": "int (ctx mem=u size any)",
    "skb_set_tunnel_key": "int (ctx mem size any)",
    "perf_event_read": "int (map any) gpl",
    "redirect": "int (any any)",
    "get_route_realm": "int (ctx)",
    "perf_event_output": "int (ctx map any mem size0) gpl",
    "skb_load_bytes": "int (ctx any mem=u size)",
    "get_stackid": "int (ctx map any) gpl",
    "csum_diff": "int (mem? size0 mem? size0 any) pkt",
    "skb_get_tunnel_opt": "int (ctx mem=u size)",
    "skb_set_tunnel_opt": "int (ctx mem size)",
    "skb_change_proto": "int (ctx any any) moves",
    "skb_change_type": "int (ctx any)",
    "skb_under_cgroup": "int (ctx map any)",
    "get_hash_recalc": "int (ctx)",
    "get_current_task": "int () gpl",
    "probe_write_user": "int (any mem size) gpl",
    "current_task_under_cgroup": "int (map any)",
    "skb_change_tail": "int (ctx any any) moves",
    "skb_pull_data": "int (ctx any) moves",
    "csum_update": "int (ctx any)",
    "set_hash_invalid": "int (ctx)",
    "get_numa_node_id": "int ()",
    "skb_change_head": "int (ctx any any) moves",
    "xdp_adjust_head": "int (ctx any) moves",
    "probe_read_str": "int (mem=u size0 any) gpl",
    "get_socket_cookie": "int (ctx)",
    "get_socket_uid": "int (ctx)",
    "set_hash": "int (ctx any)",
    "setsockopt": "int (ctx any any mem size)",
    "skb_adjust_room": "int (ctx any any any) moves",
    "redirect_map": "int (map any any)",
    "sk_redirect_map": "int (ctx map any any)",
    "sock_map_update": "int (ctx map key any) pkt",
    "xdp_adjust_meta": "int (ctx any) moves",
    "perf_event_read_value": "int (map any mem=u size) gpl",
    "perf_prog_read_value": "int (ctx mem=u size) gpl",
    "getsockopt": "int (ctx any any mem=u size)",
    "override_return": "int (ctx any) gpl",
    "sock_ops_cb_flags_set": "int (ctx any)",
    "msg_redirect_map": "int (ctx map any any)",
    "msg_apply_bytes": "int (ctx any)",
    "msg_cork_bytes": "int (ctx any)",
    "msg_pull_data": "int (ctx any any any) moves",
    "bind": "int (ctx mem size)",
    "xdp_adjust_tail": "int (ctx any) moves",
    "skb_get_xfrm_state": "int (ctx any mem=u size any)",
    "get_stack": "int (ctx mem=u size0 any) gpl",
    "skb_load_bytes_relative": "int (ctx any mem=u size any)",
    "fib_lookup": "int (ctx mem= size any) gpl",
    "sock_hash_update": "int (ctx map key any) pkt",
    "msg_redirect_hash": "int (ctx map key any)",
    "sk_redirect_hash": "int (ctx map key any)",
    "lwt_push_encap": "int (ctx any mem size) moves",
    "lwt_seg6_store_bytes": "int (ctx any mem size) moves",
    "lwt_seg6_adjust_srh": "int (ctx any any) moves",
    "lwt_seg6_action": "int (ctx any mem size) moves",
    "rc_repeat": "int (ctx) gpl",
    "rc_keydown": "int (ctx any any any) gpl",
    "skb_cgroup_id": "int (ctx)",
    "get_current_cgroup_id": "int ()",
    "get_local_storage": "value (map any)",
    "sk_select_reuseport": "int (ctx map key any)",
    "skb_ancestor_cgroup_id": "int (ctx any)",
    "sk_lookup_tcp": "sock? (ctx mem size0 any any) pkt",
    "sk_lookup_udp": "sock? (ctx mem size0 any any) pkt",
    "sk_release": "int (btf_skc!)",
    "map_push_elem": "int (map value any) pkt",
    "map_pop_elem": "int (map value=u)",
    "map_peek_elem": "int (map value=u)",
    "msg_push_data": "int (ctx any any any) moves",
    "msg_pop_data": "int (ctx any any any) moves",
    "rc_pointer_rel": "int (ctx any any) gpl",
    "spin_lock": "void (lock)",
    "spin_unlock": "void (lock)",
    "sk_fullsock": "sock? (skc)",
    "tcp_sock": "tcp_sock? (skc)",
    "skb_ecn_set_ce": "int (ctx)",
    "get_listener_sock": "sock? (skc)",
    "skc_lookup_tcp": "skc? (ctx mem size0 any any) pkt",
    "tcp_check_syncookie": "int (btf_skc mem size mem size) pkt",
    "sysctl_get_name": "int (ctx mem= size any)",
    "sysctl_get_current_value": "int (ctx mem=u size)",
    "sysctl_get_new_value": "int (ctx mem=u size)",
    "sysctl_set_new_value": "int (ctx mem size)",
    "strtol": "int (mem size any mem8=u*)",
    "strtoul": "int (mem size any mem8=u*)",
    "sk_storage_get": "value? (map btf_skc? value? any)",
    "sk_storage_delete": "int (map btf_skc?)",
    "send_signal": "int (any)",
    "tcp_gen_syncookie": "int (btf_skc mem size mem size) gpl pkt",
    "skb_output": "int (btf:sk_buff map any mem size0) gpl",
    "probe_read_user": "int (mem=u size0 any) gpl",
    "probe_read_kernel": "int (mem=u size0 any) gpl",
    "probe_read_user_str": "int (mem=u size0 any) gpl",
    "probe_read_kernel_str": "int (mem=u size0 any) gpl",
    "tcp_send_ack": "int (btf:tcp_sock any)",
    "send_signal_thread": "int (any)",
    "jiffies64": "int ()",
    "read_branch_records": "int (ctx mem?= size0 any) gpl",
    "get_ns_current_pid_tgid": "int (any any mem=u size)",
    "xdp_output": "int (btf:xdp_buff map any mem size0) gpl",
    "get_netns_cookie": "int (ctx?)",
    "get_current_ancestor_cgroup_id": "int (any)",
    "sk_assign": "int (ctx btf_skc any)",
    "ktime_get_boot_ns": "int ()",
    "seq_printf": "int (btf:seq_file mem size mem? size0) gpl",
    "seq_write": "int (btf:seq_file mem size0) gpl",
    "sk_cgroup_id": "int (btf_skc)",
    "sk_ancestor_cgroup_id": "int (btf_skc any)",
    "ringbuf_output": "int (map mem size0 any)",
    "ringbuf_reserve": "record? (map alloc any)",
    "ringbuf_submit": "void (record! any)",
    "ringbuf_discard": "void (record! any)",
    "ringbuf_query": "int (map any)",
    "csum_level": "int (ctx any)",
    "skc_to_tcp6_sock": "btf:tcp6_sock? (btf_skc)",
    "skc_to_tcp_sock": "btf:tcp_sock? (btf_skc)",
    "skc_to_tcp_timewait_sock": "btf:tcp_timewait_sock? (btf_skc)",
    "skc_to_tcp_request_sock": "btf:tcp_request_sock? (btf_skc)",
    "skc_to_udp6_sock": "btf:udp6_sock? (btf_skc)",
    "get_task_stack": "int (btf:task_struct mem=u size0 any)",
    "load_hdr_opt": "int (ctx mem= size any)",
    "store_hdr_opt": "int (ctx mem size any)",
    "reserve_hdr_opt": "int (ctx any any)",
    "inode_storage_get": "value? (map btf:inode? value? any)",
    "inode_storage_delete": "int (map btf:inode?)",
    "d_path": "int (btf:path mem= size0)",
    "copy_from_user": "int (mem=u size0 any) sleep",
    "snprintf_btf": "int (mem= size mem size any)",
    "seq_printf_btf": "int (btf:seq_file mem size0 any) gpl",
    "skb_cgroup_classid": "int (ctx)",
    "redirect_neigh": "int (any mem? size0 any)",
    "per_cpu_ptr": "per_cpu? (percpu any)",
    "this_cpu_ptr": "per_cpu (percpu)",
    "redirect_peer": "int (any any)",
    "task_storage_get": "value? (map btf:task_struct? value? any)",
    "task_storage_delete": "int (map btf:task_struct?)",
    "get_current_task_btf": "btf:task_struct () gpl",
    "bprm_opts_set": "int (btf:linux_binprm any)",
    "ktime_get_coarse_ns": "int ()",
    "ima_inode_hash": "int (btf:inode mem=u size) sleep",
    "sock_from_file": "btf:socket? (btf:file)",
    "check_mtu": "int (ctx any mem4=* any any) gpl",
    "for_each_map_elem": "int (map func stack? any)",
    "snprintf": "int (mem?= size0 str mem? size0) gpl",
    "sys_bpf": "int (any mem size)",
    "btf_find_by_name_kind": "int (mem size any any)",
    "sys_close": "int (any)",
    "timer_init": "int (timer map any) gpl",
    "timer_set_callback": "int (timer func) gpl async",
    "timer_start": "int (timer any any) gpl",
    "timer_cancel": "int (timer) gpl",
    "get_func_ip": "int (ctx) gpl",
    "get_attach_cookie": "int (ctx)",
    "task_pt_regs": "btf:pt_regs (btf:task_struct) gpl",
    "get_branch_snapshot": "int (mem=u size0 ...) gpl",
    "trace_vprintk": "int (mem size mem? size0) gpl",
    "skc_to_unix_sock": "btf:unix_sock? (btf_skc)",
    "kallsyms_lookup_name": "int (mem size0 any mem8=u*)",
    "find_vma": "int (btf:task_struct any func stack? any)",
    "loop": "int (any func stack? any)",
    "strncmp": "int (mem size str)",
    "get_func_arg": "int (ctx any mem8=u*)",
    "get_func_ret": "int (ctx mem8=u*)",
    "get_func_arg_cnt": "int (ctx)",
    "get_retval": "int ()",
    "set_retval": "int (any)",
    "xdp_get_buff_len": "int (ctx)",
    "xdp_load_bytes": "int (ctx any mem=u size)",
    "xdp_store_bytes": "int (ctx any mem size)",
    "copy_from_user_task": "int (mem=u size0 any btf:task_struct any) gpl sleep",
    "skb_set_tstamp": "int (ctx any any)",
    "ima_file_hash": "int (btf:file mem=u size) sleep",
    "kptr_xchg": "kptr? (kptr btf:kptr?!)",
    "map_lookup_percpu_elem": "value? (map key any) pkt",
    "skc_to_mptcp_sock": "btf:mptcp_sock? (skc)",
    "dynptr_from_mem": "int (mem=u size0 any dynptr:local=u)",
    "ringbuf_reserve_dynptr": "int (map any any dynptr:ringbuf=u)",
    "ringbuf_submit_dynptr": "void (dynptr:ringbuf! any)",
    "ringbuf_discard_dynptr": "void (dynptr:ringbuf! any)",
    "dynptr_read": "int (mem=u size0 dynptr any any)",
    "dynptr_write": "int (dynptr any mem size0 any)",
    "dynptr_data": "dynptr_mem? (dynptr any alloc)",
    "tcp_raw_gen_syncookie_ipv4": "int (mem20 mem size0) gpl pkt",
    "tcp_raw_gen_syncookie_ipv6": "int (mem40 mem size0) gpl pkt",
    "tcp_raw_check_syncookie_ipv4": "int (mem20 mem20) gpl pkt",
    "tcp_raw_check_syncookie_ipv6": "int (mem40 mem20) gpl pkt",
    "ktime_get_tai_ns": "int ()",
    "user_ringbuf_drain": "int (map func stack? any)",
    "cgrp_storage_get": "value? (map btf:cgroup? value? any)",
    "cgrp_storage_delete": "int (map btf:cgroup?)",
}

# Helpers that are other functions in programs of some types: (name, types of programs without BPF_PROG_TYPE_): row.
OTHER_PROTOS: dict[tuple[str, str], str] = {
    ("get_cgroup_classid", "SCHED_CLS SCHED_ACT LWT_IN LWT_OUT LWT_XMIT LWT_SEG6LOCAL"): "int (ctx)",
    ("get_socket_cookie", "TRACING LSM SYSCALL SK_REUSEPORT"): "int (btf_skc?)",
    ("sk_assign", "SK_LOOKUP"): "int (ctx sock? any)",
    ("setsockopt", "CGROUP_SOCKOPT LSM STRUCT_OPS TRACING"): "int (btf_skc any any mem size)",
    ("getsockopt", "CGROUP_SOCKOPT LSM STRUCT_OPS TRACING"): "int (btf_skc any any mem=u size)",
    ("sk_storage_get", "CGROUP_SOCK"): "value? (map ctx value? any)",
    ("sk_storage_get", "TRACING SYSCALL"): "value? (map btf:sock_common? value? any)",
    ("sk_storage_delete", "TRACING SYSCALL"): "int (map btf:sock_common?)",
    ("xdp_get_buff_len", "TRACING SYSCALL LSM"): "int (btf:xdp_buff)",
}

# Helpers of every type of program that need CAP_BPF, and those that need CAP_PERFMON as well.
# Source: bpf_base_func_proto and bpf_sk_base_func_proto (Linux 6.18), and its answers to programs that are loaded with
# CAP_BPF and CAP_NET_ADMIN alone; bpf_sys_bpf's callers need CAP_SYS_ADMIN or a token.
_NEEDS_BPF = """
    spin_lock spin_unlock jiffies64 per_cpu_ptr this_cpu_ptr timer_init timer_set_callback timer_start
    timer_cancel kptr_xchg for_each_map_elem loop user_ringbuf_drain ringbuf_reserve_dynptr
    ringbuf_submit_dynptr ringbuf_discard_dynptr dynptr_from_mem dynptr_read dynptr_write dynptr_data strncmp
    strtol strtoul snprintf get_current_uid_gid get_current_comm get_current_cgroup_id
    get_current_ancestor_cgroup_id get_cgroup_classid cgrp_storage_get
    cgrp_storage_delete task_storage_get task_storage_delete current_task_under_cgroup find_vma send_signal
    send_signal_thread map_lookup_percpu_elem skc_to_tcp6_sock skc_to_tcp_sock skc_to_tcp_timewait_sock
    skc_to_tcp_request_sock skc_to_udp6_sock skc_to_unix_sock skc_to_mptcp_sock
"""
NEEDS_BPF = frozenset(_NEEDS_BPF.split())
_NEEDS_PERFMON = """
    trace_printk trace_vprintk get_current_task get_current_task_btf probe_read probe_read_str probe_read_user
    probe_read_kernel probe_read_user_str probe_read_kernel_str snprintf_btf snprintf task_pt_regs
    perf_event_read perf_event_read_value get_task_stack get_branch_snapshot find_vma
    get_current_comm send_signal send_signal_thread skc_to_tcp6_sock skc_to_tcp_sock skc_to_tcp_timewait_sock
    skc_to_tcp_request_sock skc_to_udp6_sock skc_to_unix_sock skc_to_mptcp_sock
"""
NEEDS_PERFMON = frozenset(_NEEDS_PERFMON.split())
NEEDS_TOKEN_ADMIN = frozenset(["probe_write_user"])

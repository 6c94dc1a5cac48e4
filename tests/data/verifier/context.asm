// Contexts: which fields a program type has, and what may be done with them; values to return.

case context_socket_len
section socket
kernel 6.18 accepts 2
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = *(u32 *)(r1 + 0)
    exit

case context_socket_beyond
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = *(u32 *)(r1 + 300)                 ;! context_access: invalid bpf_context access off=300 size=4
    exit

case context_socket_negative
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = *(u32 *)(r1 - 4)                   ;! context_access: invalid bpf_context access off=-4 size=4
    exit

case context_socket_narrow
section socket
kernel 6.18 accepts 2
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = *(u8 *)(r1 + 0)
    exit

case context_socket_narrow_16
section socket
kernel 6.18 accepts 2
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = *(u16 *)(r1 + 2)
    exit

case context_socket_wide
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = *(u64 *)(r1 + 0)                   ;! context_access: invalid bpf_context access off=0 size=8
    exit

case context_socket_misaligned
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = *(u32 *)(r1 + 1)                   ;! context_access: invalid bpf_context access off=1 size=4
    exit

case context_socket_data
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = *(u32 *)(r1 + 76)                  ;! context_access: invalid bpf_context access off=76 size=4
    exit

case context_socket_write_len
section socket
kernel 6.18 refuses
like 6.18 6.12 7.3 6.12-user 7.3-user
kernel 6.1 refuses context_write: BPF_ST stores into R1 ctx is not allowed
kernel 6.1-user refuses context_write: BPF_ST stores into R1 ctx is not allowed
    *(u32 *)(r1 + 0) = 0                    ;! context_access: invalid bpf_context access off=0 size=4
    r0 = 0
    exit

case context_socket_write_cb
section socket
kernel 6.18 accepts 4
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r2 = 1
    *(u32 *)(r1 + 48) = r2
    r0 = 0
    exit

case context_socket_write_mark
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r2 = 1
    *(u32 *)(r1 + 8) = r2                   ;! context_access: invalid bpf_context access off=8 size=4
    r0 = 0
    exit

case context_tc_write_mark
section tc
kernel 6.18 accepts 4
like 6.18 6.1 6.12 7.3
    r2 = 1
    *(u32 *)(r1 + 8) = r2
    r0 = 0
    exit

case context_tc_write_mark_constant
section tc
kernel 6.18 accepts 3
like 6.18 6.12 7.3
kernel 6.1 refuses context_write: BPF_ST stores into R1 ctx is not allowed
    *(u32 *)(r1 + 8) = 1
    r0 = 0
    exit

case context_tc_write_len
section tc
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = 1
    *(u32 *)(r1 + 0) = r2                   ;! context_access: invalid bpf_context access off=0 size=4
    r0 = 0
    exit

case context_moved
section tc
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 += 8
    r0 = *(u32 *)(r1 + 0)                   ;! context_modified: dereference of modified ctx ptr R1 off=8 disallowed
    exit

case context_moved_passed_to_helper
section tc
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 += 8
    r2 = 0
    r3 = r10
    r3 += -8
    r4 = 8
    call skb_load_bytes                     ;! context_modified: dereference of modified ctx ptr R1 off=8 disallowed
    r0 = 0
    exit

case context_variable_offset
section tc
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u32 *)(r1 + 0)
    r2 &= 4
    r1 += r2
    r0 = *(u32 *)(r1 + 0)                   ;! context_modified: variable ctx access var_off=(0x0; 0x4) disallowed
    exit

case context_xdp_fields
section xdp
kernel 6.18 accepts 4
like 6.18 6.1 6.12 7.3
    r0 = *(u32 *)(r1 + 12)
    r0 = *(u32 *)(r1 + 16)
    r0 = 2
    exit

case context_xdp_egress_ifindex
section xdp
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r0 = *(u32 *)(r1 + 20)                  ;! context_access: invalid bpf_context access off=20 size=4
    r0 = 2
    exit

case context_xdp_beyond
section xdp
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r0 = *(u32 *)(r1 + 24)                  ;! context_access: invalid bpf_context access off=24 size=4
    exit

case context_xdp_write
section xdp
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = 0
    *(u32 *)(r1 + 16) = r2                  ;! context_access: invalid bpf_context access off=16 size=4
    r0 = 2
    exit

case context_xdp_data_narrow
section xdp
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u16 *)(r1 + 0)                   ;! context_access: invalid bpf_context access off=0 size=2
    r0 = 2
    exit

case context_raw_tp_argument
section raw_tp/sys_enter
kernel 6.18 accepts 3
like 6.18 6.1 6.12 7.3
    r0 = *(u64 *)(r1 + 8)
    r0 = 0
    exit

case context_raw_tp_narrow
section raw_tp/sys_enter
kernel 6.18 accepts 3
like 6.18 6.1 6.12 7.3
    r0 = *(u32 *)(r1 + 8)
    r0 = 0
    exit

case context_raw_tp_beyond
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r0 = *(u64 *)(r1 + 96)                  ;! context_access: invalid bpf_context access off=96 size=8
    r0 = 0
    exit

case context_raw_tp_write
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = 0
    *(u64 *)(r1 + 0) = r2                   ;! context_access: invalid bpf_context access off=0 size=8
    r0 = 0
    exit

case context_kprobe_register
section kprobe
kernel 6.18 accepts 2
like 6.18 6.1 6.12 7.3
    r0 = *(u64 *)(r1 + 112)
    exit

case context_kprobe_beyond
section kprobe
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r0 = *(u64 *)(r1 + 168)                 ;! context_access: invalid bpf_context access off=168 size=8
    exit

case context_kprobe_misaligned
section kprobe
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r0 = *(u64 *)(r1 + 4)                   ;! context_access: invalid bpf_context access off=4 size=8
    exit

case context_tracepoint_common
section tracepoint/syscalls/sys_enter_openat
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r0 = *(u64 *)(r1 + 0)                   ;! context_access: invalid bpf_context access off=0 size=8
    r0 = 0
    exit

case context_tracepoint_field
section tracepoint/syscalls/sys_enter_openat
kernel 6.18 accepts 3
like 6.18 6.1 6.12 7.3
    r0 = *(u64 *)(r1 + 16)
    r0 = 0
    exit

case context_tracepoint_write
section tracepoint/syscalls/sys_enter_openat
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses context_write: BPF_ST stores into R1 ctx is not allowed
    *(u64 *)(r1 + 16) = 0                   ;! context_access: invalid bpf_context access off=16 size=8
    r0 = 0
    exit

case context_perf_event
section perf_event
kernel 6.18 accepts 3
like 6.18 6.1 6.12 7.3
    r0 = *(u64 *)(r1 + 168)
    r0 = 0
    exit

case context_cgroup_skb_return_two
section cgroup_skb/ingress
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 2
    exit                                    ;! return_value: At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]

case context_cgroup_skb_egress_return_three
section cgroup_skb/egress
kernel 6.18 accepts 2
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 3
    exit

case context_cgroup_sock_return
section cgroup/sock_create
kernel 6.18 accepts 2
like 6.18 6.1 6.12 7.3
    r0 = 1
    exit

case context_cgroup_sock_return_five
section cgroup/sock_create
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r0 = 5
    exit                                    ;! return_value: At program exit the register R0 has smin=5 smax=5 should have been in [0, 1]

case context_cgroup_sock_mark
section cgroup/sock_create
kernel 6.18 accepts 4
like 6.18 6.1 6.12 7.3
    r2 = 7
    *(u32 *)(r1 + 16) = r2
    r0 = 1
    exit

case context_cgroup_sock_family_written
section cgroup/sock_create
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = 7
    *(u32 *)(r1 + 4) = r2                   ;! context_access: invalid bpf_context access off=4 size=4
    r0 = 1
    exit

case context_cgroup_connect4
section cgroup/connect4
kernel 6.18 accepts 4
like 6.18 6.1 6.12 7.3
    r2 = *(u32 *)(r1 + 4)
    *(u32 *)(r1 + 4) = r2
    r0 = 1
    exit

case context_cgroup_connect4_reads_ip6
section cgroup/connect4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u32 *)(r1 + 8)                   ;! context_access: invalid bpf_context access off=8 size=4
    r0 = 1
    exit

case context_cgroup_return_unknown
section cgroup/connect4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r0 = *(u32 *)(r1 + 0)
    exit                                    ;! return_value: At program exit the register R0 has smin=0 smax=4294967295 should have been in [0, 1]

case context_cgroup_return_masked
section cgroup/connect4
kernel 6.18 accepts 3
like 6.18 6.1 6.12 7.3
    r0 = *(u32 *)(r1 + 0)
    r0 &= 1
    exit

case context_cgroup_return_pointer
section cgroup/connect4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r0 = r1
    exit                                    ;! return_value: At program exit the register R0 is not a known value (ctx)

case context_cgroup_sysctl
section cgroup/sysctl
kernel 6.18 accepts 3
like 6.18 6.1 6.12 7.3
    r0 = *(u32 *)(r1 + 0)
    r0 = 1
    exit

case context_cgroup_device
section cgroup/dev
kernel 6.18 accepts 3
like 6.18 6.1 6.12 7.3
    r0 = *(u32 *)(r1 + 4)
    r0 = 1
    exit

case context_cgroup_sockopt_optval_unchecked
section cgroup/getsockopt
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u64 *)(r1 + 8)
    r0 = *(u8 *)(r2 + 0)                    ;! packet_bounds: invalid access to packet, off=0 size=1, R2(id=0,off=0,r=0); R2 offset is outside of the packet
    r0 = 1
    exit

case context_cgroup_sockopt_optval
section cgroup/getsockopt
kernel 6.18 accepts 9
like 6.18 6.1 6.12 7.3
    r2 = *(u64 *)(r1 + 8)
    r3 = *(u64 *)(r1 + 16)
    r4 = r2
    r4 += 4
    r0 = 1
    if r4 > r3 goto out
    r5 = *(u32 *)(r2 + 0)
  out:
    exit

case context_sk_lookup_return_pass
section sk_lookup
kernel 6.18 accepts 2
like 6.18 6.1 6.12 7.3
    r0 = 1
    exit

case context_sk_lookup_return_two
section sk_lookup
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r0 = 2
    exit                                    ;! return_value: At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]

case context_flow_dissector
section flow_dissector
kernel 6.18 accepts 4
like 6.18 6.1 6.12 7.3
    r2 = *(u64 *)(r1 + 144)
    r0 = *(u16 *)(r2 + 0)
    r0 = 0
    exit

case context_sockops_field
section sockops
kernel 6.18 accepts 3
like 6.18 6.1 6.12 7.3
    r0 = *(u32 *)(r1 + 0)
    r0 = 1
    exit

case context_sockops_reply
section sockops
kernel 6.18 accepts 4
like 6.18 6.1 6.12 7.3
    r2 = 1
    *(u32 *)(r1 + 4) = r2
    r0 = 1
    exit

case context_sk_msg
section sk_msg
kernel 6.18 accepts 9
like 6.18 6.1 6.12 7.3
    r2 = *(u64 *)(r1 + 0)
    r3 = *(u64 *)(r1 + 8)
    r4 = r2
    r4 += 8
    r0 = 1
    if r4 > r3 goto out
    r5 = *(u64 *)(r2 + 0)
  out:
    exit

case context_netfilter
section netfilter
kernel 6.18 accepts 2
like 6.18 6.12 7.3
kernel 6.1 refuses no_message: Invalid argument
    r0 = 1
    exit

case context_netfilter_return_five
section netfilter
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses no_message: Invalid argument
    r0 = 5
    exit                                    ;! return_value: At program exit the register R0 has smin=5 smax=5 should have been in [0, 1]

case context_lwt_write_packet
section lwt_in
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u32 *)(r1 + 76)
    r3 = *(u32 *)(r1 + 80)
    r4 = r2
    r4 += 8
    if r4 > r3 goto out
    *(u64 *)(r2 + 0) = 0                    ;! packet_write: cannot write into packet
  out:
    r0 = 0
    exit

case context_reuseport
section sk_reuseport
kernel 6.18 accepts 3
like 6.18 6.1 6.12 7.3
    r0 = *(u32 *)(r1 + 16)
    r0 = 1
    exit

case context_tp_btf_argument
section tp_btf/sched_switch
kernel 6.18 accepts 4
like 6.18 6.1 6.12 7.3
    r2 = *(u64 *)(r1 + 8)
    r0 = *(u32 *)(r2 + 0)
    r0 = 0
    exit

case context_tp_btf_argument_beyond
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u64 *)(r1 + 64)                  ;! context_access: func 'sched_switch' doesn't have 7-th argument; invalid bpf_context access off=64 size=8
    r0 = 0
    exit

case context_tp_btf_argument_narrow
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 accepts 3
    r2 = *(u32 *)(r1 + 8)                   ;! context_access: func 'sched_switch' size 4 must be 8; invalid bpf_context access off=8 size=4
    r0 = 0
    exit

case context_tp_btf_struct_beyond
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u64 *)(r1 + 8)
    r0 = *(u64 *)(r2 + 30000)               ;! btf_access: access beyond struct task_struct at off 30000 size 8
    r0 = 0
    exit

case context_tp_btf_struct_negative
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u64 *)(r1 + 8)
    r0 = *(u64 *)(r2 - 8)                   ;! btf_access: R2 is ptr_task_struct invalid negative access: off=-8
    r0 = 0
    exit

case context_tp_btf_struct_written
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u64 *)(r1 + 8)
    r3 = 0
    *(u64 *)(r2 + 0) = r3                   ;! memory_read_only: only read is supported
    r0 = 0
    exit

case context_tp_btf_struct_variable
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u64 *)(r1 + 8)
    r3 = *(u64 *)(r1 + 0)
    r3 &= 8
    r2 += r3
    r0 = *(u64 *)(r2 + 0)                   ;! btf_access: R2 is ptr_task_struct invalid variable offset: off=0, var_off=(0x0; 0x8)
    r0 = 0
    exit

case context_tp_btf_return_one
section tp_btf/sched_switch
kernel 6.18 accepts 2
like 6.18 6.1 6.12 7.3
    r0 = 1
    exit

case context_iter_task_unchecked
section iter/task
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u64 *)(r1 + 8)
    r0 = *(u32 *)(r2 + 0)                   ;! pointer_may_be_null: R2 invalid mem access 'trusted_ptr_or_null_'
    r0 = 0
    exit

case context_iter_task
section iter/task
kernel 6.18 accepts 6
like 6.18 6.1 6.12 7.3
    r2 = *(u64 *)(r1 + 8)
    r0 = 0
    if r2 == 0 goto out
    r3 = *(u32 *)(r2 + 0)
  out:
    exit

case context_iter_return_two
section iter/task
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r0 = 2
    exit                                    ;! return_value: At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]

case context_iter_write
section iter/task
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = 0
    *(u64 *)(r1 + 8) = r2                   ;! context_access: invalid bpf_context access off=8 size=8
    r0 = 0
    exit

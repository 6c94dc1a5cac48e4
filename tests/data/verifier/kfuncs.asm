; Kernel functions: arguments, flags, iterators, regions, dynptrs, objects of the program.

case kfunc_iter_num_loop
section tp_btf/sched_switch
kernel 6.18 accepts 48
like 6.18 6.12 7.3
    r6 = 0
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 10
    call bpf_iter_num_new
  again:
    r1 = r10
    r1 += -8
    call bpf_iter_num_next
    if r0 == 0 goto out
    r1 = *(u32 *)(r0 + 0)
    r6 += r1
    goto again
  out:
    r1 = r10
    r1 += -8
    call bpf_iter_num_destroy
    r0 = 0
    exit

case kfunc_iter_not_destroyed
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 10
    call bpf_iter_num_new
    r0 = 0
    exit                                    ;! reference_leak: Unreleased reference id=1 alloc_insn=4; BPF_EXIT instruction in main prog would lead to reference leak

case kfunc_iter_next_without_new
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    *(u64 *)(r10 - 8) = 0
    r1 = r10
    r1 += -8
    call bpf_iter_num_next                  ;! iterator: expected an initialized iter_num as arg #0
    r0 = 0
    exit

case kfunc_iter_new_twice
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 10
    call bpf_iter_num_new
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 10
    call bpf_iter_num_new                   ;! iterator: expected uninitialized iter_num as arg #0
    r0 = 0
    exit

case kfunc_iter_element_after_destroy
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    r7 = 0
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 10
    call bpf_iter_num_new
    r1 = r10
    r1 += -8
    call bpf_iter_num_next
    if r0 == 0 goto out
    r7 = r0
    r1 = r10
    r1 += -8
    call bpf_iter_num_destroy
    r0 = *(u32 *)(r7 + 0)                   ;! address_is_number: R7 invalid mem access 'scalar'
    r0 = 0
    exit
  out:
    r1 = r10
    r1 += -8
    call bpf_iter_num_destroy
    r0 = 0
    exit

case kfunc_iter_element_written
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 10
    call bpf_iter_num_new
    r1 = r10
    r1 += -8
    call bpf_iter_num_next
    if r0 == 0 goto out
    *(u32 *)(r0 + 0) = 1                    ;! memory_read_only: R0 cannot write into rdonly_mem
  out:
    r1 = r10
    r1 += -8
    call bpf_iter_num_destroy
    r0 = 0
    exit

case kfunc_iter_overwritten
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 10
    call bpf_iter_num_new
    *(u64 *)(r10 - 8) = 0
    r1 = r10
    r1 += -8
    call bpf_iter_num_destroy               ;! iterator: expected an initialized iter_num as arg #0
    r0 = 0
    exit

case kfunc_iter_read
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 10
    call bpf_iter_num_new
    r6 = *(u64 *)(r10 - 8)                  ;! stack_bounds: invalid read from stack off -8+0 size 8
    r1 = r10
    r1 += -8
    call bpf_iter_num_destroy
    r0 = 0
    exit

case kfunc_iter_number_argument
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = r10
    r3 = 10
    call bpf_iter_num_new                   ;! argument_type: R2 is not a scalar
    r0 = 0
    exit

case kfunc_iter_misaligned
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    r1 += -12
    r2 = 0
    r3 = 10
    call bpf_iter_num_new                   ;! iterator: cannot pass in iter at an offset=-12; expected uninitialized iter_num as arg #0
    r0 = 0
    exit

case kfunc_iter_in_map_value
section tp_btf/sched_switch
map vals array value 8
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:vals][0]+0
    r2 = 0
    r3 = 10
    call bpf_iter_num_new                   ;! btf_type: arg#0 expected pointer to an iterator on stack
    r0 = 0
    exit

case kfunc_iter_task
section tp_btf/sched_switch
kernel 6.18 accepts 25
like 6.18 6.12 7.3
    r1 = r10
    r1 += -24
    r2 = 0
    r3 = 0
    call bpf_iter_task_new
  again:
    r1 = r10
    r1 += -24
    call bpf_iter_task_next
    if r0 == 0 goto out
    r1 = *(u32 *)(r0 + 100)
    goto again
  out:
    r1 = r10
    r1 += -24
    call bpf_iter_task_destroy
    r0 = 0
    exit

case kfunc_iter_task_sleepable
section syscall
kernel 6.18 refuses
like 6.18 7.3
kernel 6.12 refuses iterator: expected an RCU CS when using bpf_iter_task_destroy
    r1 = r10
    r1 += -24
    r2 = 0
    r3 = 0
    call bpf_iter_task_new                  ;! rcu: kernel func bpf_iter_task_new requires RCU critical section protection
    r1 = r10
    r1 += -24
    call bpf_iter_task_destroy
    r0 = 0
    exit

case kfunc_iter_task_region_left
section syscall
kernel 6.18 refuses
like 6.18 6.12 7.3
    call bpf_rcu_read_lock
    r1 = r10
    r1 += -24
    r2 = 0
    r3 = 0
    call bpf_iter_task_new
    call bpf_rcu_read_unlock
    r1 = r10
    r1 += -24
    call bpf_iter_task_next                 ;! iterator: expected an RCU CS when using bpf_iter_task_next
    r1 = r10
    r1 += -24
    call bpf_iter_task_destroy
    r0 = 0
    exit

case kfunc_iter_css_task_not_sleepable
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 0
    call bpf_iter_css_task_new              ;! helper_sleeps: css_task_iter is only allowed in bpf_lsm, bpf_iter and sleepable progs
    r0 = 0
    exit

case kfunc_iter_bits
section tp_btf/sched_switch
kernel 6.18 accepts 20
like 6.18 6.12 7.3
    *(u64 *)(r10 - 24) = 5
    r1 = r10
    r1 += -16
    r2 = r10
    r2 += -24
    r3 = 1
    call bpf_iter_bits_new
  again:
    r1 = r10
    r1 += -16
    call bpf_iter_bits_next
    if r0 != 0 goto again
    r1 = r10
    r1 += -16
    call bpf_iter_bits_destroy
    r0 = 0
    exit

case kfunc_iter_wrong_type
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    r1 += -16
    r2 = 0
    r3 = 10
    call bpf_iter_num_new
    r1 = r10
    r1 += -16
    call bpf_iter_bits_destroy              ;! iterator: expected an initialized iter_bits as arg #0
    r0 = 0
    exit

case kfunc_iter_sleepable
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 7.3
    r1 = r10
    r1 += -8
    call bpf_iter_kmem_cache_new            ;! helper_sleeps: program must be sleepable to call sleepable kfunc bpf_iter_kmem_cache_new
    r0 = 0
    exit

case kfunc_rcu_nested
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12
kernel 7.3 accepts 6
    call bpf_rcu_read_lock
    call bpf_rcu_read_lock                  ;! rcu: nested rcu read lock (kernel function bpf_rcu_read_lock)
    call bpf_rcu_read_unlock
    call bpf_rcu_read_unlock
    r0 = 0
    exit

case kfunc_rcu_unmatched
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    call bpf_rcu_read_unlock                ;! rcu: unmatched rcu read unlock (kernel function bpf_rcu_read_unlock)
    r0 = 0
    exit

case kfunc_rcu_not_left
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    call bpf_rcu_read_lock
    r0 = 0
    exit                                    ;! rcu: BPF_EXIT instruction in main prog cannot be used inside bpf_rcu_read_lock-ed region

case kfunc_preempt_nested
section tp_btf/sched_switch
kernel 6.18 accepts 6
like 6.18 6.12 7.3
    call bpf_preempt_disable
    call bpf_preempt_disable
    call bpf_preempt_enable
    call bpf_preempt_enable
    r0 = 0
    exit

case kfunc_preempt_unmatched
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    call bpf_preempt_enable                 ;! preempt: unmatched attempt to enable preemption (kernel function bpf_preempt_enable)
    r0 = 0
    exit

case kfunc_preempt_sleeps
section syscall
kernel 6.18 refuses
like 6.18 7.3
kernel 6.12 refuses kfunc_not_allowed: calling kernel function bpf_lookup_user_key is not allowed
    call bpf_preempt_disable
    r1 = 1
    r2 = 0
    call bpf_lookup_user_key                ;! helper_sleeps: kernel func bpf_lookup_user_key is sleepable within non-preemptible region
    call bpf_preempt_enable
    r0 = 0
    exit

case kfunc_irq_sleeps
section syscall
kernel 6.18 refuses
like 6.18 7.3
    r1 = r10
    r1 += -8
    call bpf_local_irq_save
    r1 = 1
    r2 = 0
    call bpf_lookup_user_key                ;! irq: kernel func bpf_lookup_user_key is sleepable within IRQ-disabled region
    r0 = 0
    exit

case kfunc_irq_out_of_order
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 7.3
    r1 = r10
    r1 += -8
    call bpf_local_irq_save
    r1 = r10
    r1 += -16
    call bpf_local_irq_save
    r1 = r10
    r1 += -8
    call bpf_local_irq_restore              ;! irq: cannot restore irq state out of order, expected id=2 acquired at insn_idx=5
    r1 = r10
    r1 += -16
    call bpf_local_irq_restore
    r0 = 0
    exit

case kfunc_irq_saved_twice
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 7.3
    r1 = r10
    r1 += -8
    call bpf_local_irq_save
    r1 = r10
    r1 += -8
    call bpf_local_irq_save                 ;! irq: expected uninitialized irq flag as arg#0
    r0 = 0
    exit

case kfunc_irq_in_order
section tp_btf/sched_switch
kernel 6.18 accepts 14
like 6.18 7.3
    r1 = r10
    r1 += -8
    call bpf_local_irq_save
    r1 = r10
    r1 += -16
    call bpf_local_irq_save
    r1 = r10
    r1 += -16
    call bpf_local_irq_restore
    r1 = r10
    r1 += -8
    call bpf_local_irq_restore
    r0 = 0
    exit

case kfunc_irq_not_stack
section tp_btf/sched_switch
map vals array value 8
kernel 6.18 refuses
like 6.18 7.3
    r1 = map[fd:vals][0]+0
    call bpf_local_irq_save                 ;! irq: arg#0 doesn't point to an irq flag on stack
    r0 = 0
    exit

case kfunc_acquired_walked
section tp_btf/sched_switch
kernel 6.18 refuses
kernel 6.12 refuses btf_type: arg#0 pointer type STRUCT task_struct must point to scalar, or struct with scalar
kernel 7.3 refuses argument_type: R1 is scalar expected STRUCT task_struct
    r1 = *(u64 *)(r1 + 8)
    r1 = *(u64 *)(r1 + 2000)                ;! btf_access: access beyond the end of member on_dispatch (mend:25) in struct syscall_user_dispatch with off 24 size 8
    call bpf_task_acquire
    r0 = 0
    exit

case kfunc_release_twice
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12
kernel 7.3 refuses reference_release: release kfunc bpf_task_release expects referenced PTR_TO_BTF_ID passed to R1
    r1 = *(u64 *)(r1 + 8)
    call bpf_task_acquire
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call bpf_task_release
    r1 = r6
    call bpf_task_release                   ;! btf_type: arg#0 pointer type STRUCT task_struct must point to scalar, or struct with scalar
  out:
    r0 = 0
    exit

case kfunc_release_moved
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = *(u64 *)(r1 + 8)
    call bpf_task_acquire
    if r0 == 0 goto out
    r1 = r0
    r1 += 8
    call bpf_task_release                   ;! reference_release: R1 must have zero offset when passed to release func or trusted arg to kfunc
  out:
    r0 = 0
    exit

case kfunc_release_wrong_type
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = *(u64 *)(r1 + 8)
    call bpf_task_acquire
    if r0 == 0 goto out
    r1 = r0
    call bpf_cgroup_release                 ;! btf_type: kernel function bpf_cgroup_release args#0 expected pointer to STRUCT cgroup but R1 has a pointer to STRUCT task_struct
  out:
    r0 = 0
    exit

case kfunc_task_from_pid
section tp_btf/sched_switch
kernel 6.18 accepts 10
like 6.18 6.12 7.3
    r1 = 1
    call bpf_task_from_pid
    if r0 == 0 goto out
    r6 = *(u32 *)(r0 + 64)
    r1 = r0
    call bpf_task_release
  out:
    r0 = 0
    exit

case kfunc_number_is_pointer
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    call bpf_task_from_pid                  ;! argument_type: R1 is not a scalar
    r0 = 0
    exit

case kfunc_argument_unset
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    call bpf_task_from_pid                  ;! argument_type: R1 is not a scalar
    call bpf_task_from_pid
    r0 = 0
    exit

case kfunc_cpumask
section tp_btf/sched_switch
kernel 6.18 accepts 14
like 6.18 6.12 7.3
    call bpf_cpumask_create
    if r0 == 0 goto out
    r6 = r0
    r1 = 3
    r2 = r6
    call bpf_cpumask_set_cpu
    r1 = r6
    call bpf_cpumask_first
    r1 = r6
    call bpf_cpumask_release
  out:
    r0 = 0
    exit

case kfunc_cpumask_leaked
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    call bpf_cpumask_create
    r0 = 0
    exit                                    ;! reference_leak: Unreleased reference id=2 alloc_insn=0; BPF_EXIT instruction in main prog would lead to reference leak

case kfunc_cpumask_null
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    call bpf_cpumask_create
    r6 = r0
    r1 = 3
    r2 = r6
    call bpf_cpumask_set_cpu                ;! pointer_may_be_null: Possibly NULL pointer passed to trusted arg1
    r0 = 0
    exit

case kfunc_cpumask_written
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    call bpf_cpumask_create
    if r0 == 0 goto out
    *(u64 *)(r0 + 0) = 1                    ;! memory_read_only: only read is supported
    r1 = r0
    call bpf_cpumask_release
  out:
    r0 = 0
    exit

case kfunc_dynptr_slice_tc
section tc
kernel 6.18 accepts 16
like 6.18 6.12 7.3
    r2 = 0
    r3 = r10
    r3 += -16
    call bpf_dynptr_from_skb
    r1 = r10
    r1 += -16
    r2 = 0
    r3 = 0
    r4 = 14
    call bpf_dynptr_slice
    if r0 == 0 goto out
    r1 = *(u8 *)(r0 + 13)
  out:
    r0 = 0
    exit

case kfunc_dynptr_slice_beyond
section tc
kernel 6.18 refuses
like 6.18 6.12 7.3
    r2 = 0
    r3 = r10
    r3 += -16
    call bpf_dynptr_from_skb
    r1 = r10
    r1 += -16
    r2 = 0
    r3 = 0
    r4 = 14
    call bpf_dynptr_slice
    if r0 == 0 goto out
    r1 = *(u8 *)(r0 + 14)                   ;! memory_bounds: invalid access to memory, mem_size=14 off=14 size=1; R0 min value is outside of the allowed memory range
  out:
    r0 = 0
    exit

case kfunc_dynptr_slice_not_null
section tc
kernel 6.18 refuses
like 6.18 6.12 7.3
    r2 = 0
    r3 = r10
    r3 += -16
    call bpf_dynptr_from_skb
    r1 = r10
    r1 += -16
    r2 = 0
    r3 = 0
    r4 = 14
    call bpf_dynptr_slice
    r1 = *(u8 *)(r0 + 0)                    ;! pointer_may_be_null: R0 invalid mem access 'rdonly_mem_or_null'
    r0 = 0
    exit

case kfunc_dynptr_slice_written
section tc
kernel 6.18 refuses
like 6.18 6.12 7.3
    r2 = 0
    r3 = r10
    r3 += -16
    call bpf_dynptr_from_skb
    r1 = r10
    r1 += -16
    r2 = 0
    r3 = 0
    r4 = 14
    call bpf_dynptr_slice
    if r0 == 0 goto out
    *(u8 *)(r0 + 0) = 1                     ;! memory_read_only: R0 cannot write into rdonly_mem
  out:
    r0 = 0
    exit

case kfunc_dynptr_slice_rdwr
section tc
kernel 6.18 accepts 17
like 6.18 6.12 7.3
    r2 = 0
    r3 = r10
    r3 += -16
    call bpf_dynptr_from_skb
    r1 = r10
    r1 += -16
    r2 = 0
    r3 = r10
    r3 += -40
    r4 = 14
    call bpf_dynptr_slice_rdwr
    if r0 == 0 goto out
    *(u8 *)(r0 + 0) = 1
  out:
    r0 = 0
    exit

case kfunc_dynptr_slice_rdwr_read_only
section cgroup_skb/egress
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.12-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 7.3-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
    r2 = 0
    r3 = r10
    r3 += -16
    call bpf_dynptr_from_skb
    r1 = r10
    r1 += -16
    r2 = 0
    r3 = r10
    r3 += -40
    r4 = 14
    call bpf_dynptr_slice_rdwr              ;! packet_write: the prog does not allow writes to packet data
    r0 = 1
    exit

case kfunc_dynptr_slice_small_buffer
section tc
kernel 6.18 refuses
like 6.18 6.12 7.3
    r2 = 0
    r3 = r10
    r3 += -16
    call bpf_dynptr_from_skb
    r1 = r10
    r1 += -16
    r2 = 0
    r3 = r10
    r3 += -8
    r4 = 14
    call bpf_dynptr_slice                   ;! stack_bounds: invalid read from stack R3 off=-8 size=14; arg#2 arg#3 memory, len pair leads to invalid memory access
    r0 = 0
    exit

case kfunc_dynptr_slice_size_unknown
section tc
kernel 6.18 refuses
like 6.18 6.12 7.3
    r6 = *(u32 *)(r1 + 0)
    r6 &= 7
    r2 = 0
    r3 = r10
    r3 += -16
    call bpf_dynptr_from_skb
    r1 = r10
    r1 += -16
    r2 = 0
    r3 = 0
    r4 = r6
    call bpf_dynptr_slice                   ;! argument_constant: R4 must be a known constant
    r0 = 0
    exit

case kfunc_dynptr_slice_after_move
section tc
kernel 6.18 refuses
like 6.18 6.12 7.3
    r6 = r1
    r2 = 0
    r3 = r10
    r3 += -16
    call bpf_dynptr_from_skb
    r1 = r10
    r1 += -16
    r2 = 0
    r3 = 0
    r4 = 14
    call bpf_dynptr_slice
    if r0 == 0 goto out
    r7 = r0
    r1 = r6
    r2 = 14
    call bpf_skb_pull_data                  ;! kfunc_not_allowed: calling kernel function bpf_skb_pull_data is not allowed
    r1 = *(u8 *)(r7 + 0)
  out:
    r0 = 0
    exit

case kfunc_dynptr_uninitialised
section tc
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    r1 += -16
    call bpf_dynptr_size                    ;! dynptr: Expected an initialized dynptr as arg #0
    r0 = 0
    exit

case kfunc_dynptr_clone
section tc
kernel 6.18 accepts 19
like 6.18 6.12 7.3
    r2 = 0
    r3 = r10
    r3 += -16
    call bpf_dynptr_from_skb
    r1 = r10
    r1 += -16
    r2 = r10
    r2 += -32
    call bpf_dynptr_clone
    r1 = r10
    r1 += -32
    call bpf_dynptr_size
    r1 = r10
    r1 += -32
    r2 = 1
    r3 = 2
    call bpf_dynptr_adjust
    r0 = 0
    exit

case kfunc_dynptr_from_skb_no_context
section tc
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    r2 = 0
    r3 = r10
    r3 += -16
    call bpf_dynptr_from_skb                ;! btf_type: arg#0 expected pointer to ctx, but got fp
    r0 = 0
    exit

case kfunc_dynptr_from_xdp
section xdp
kernel 6.18 accepts 13
like 6.18 6.12 7.3
    r2 = 0
    r3 = r10
    r3 += -16
    call bpf_dynptr_from_xdp
    r1 = r10
    r1 += -16
    r2 = 0
    r3 = r10
    r3 += -40
    r4 = 14
    call bpf_dynptr_slice
    r0 = 2
    exit

case kfunc_cast_to_kern_ctx
section tc
kernel 6.18 accepts 4
like 6.18 6.12 7.3
    call bpf_cast_to_kern_ctx
    r1 = *(u64 *)(r0 + 16)
    r0 = 0
    exit

case kfunc_cast_to_kern_ctx_number
section tc
kernel 6.18 refuses
like 6.18 6.12
kernel 7.3 refuses pointer_may_be_null: Possibly NULL pointer passed to trusted R1
    r1 = 0
    call bpf_cast_to_kern_ctx               ;! btf_type: arg#0 expected pointer to ctx, but got scalar
    r0 = 0
    exit

case kfunc_rdonly_cast_number
section tc
kernel 6.18 refuses
like 6.18 6.12 7.3
    r2 = 1
    r1 = 0
    call bpf_rdonly_cast                    ;! kfunc_unknown: kfunc bpf_rdonly_cast type ID argument must be of a struct or void
    r0 = 0
    exit

case kfunc_strings
section tc
map text array value 8
kernel 6.18 accepts 5
like 6.18 7.3
    r1 = map[fd:text][0]+0
    r2 = r1
    call bpf_strcmp
    r0 = 0
    exit

case kfunc_map_sum
section tc
map counts hash key 4 value 8
kernel 6.18 accepts 4
like 6.18 6.12 7.3
    r1 = map[fd:counts]
    call bpf_map_sum_elem_count
    r0 = 0
    exit

case kfunc_map_sum_number
section tc
kernel 6.18 refuses
like 6.18 6.12
kernel 7.3 refuses argument_type: R1 is scalar expected STRUCT bpf_map or map_ptr
    r1 = 1
    call bpf_map_sum_elem_count             ;! btf_type: arg#0 pointer type STRUCT bpf_map must point to scalar, or struct with scalar
    r0 = 0
    exit

case kfunc_throw
section tc
kernel 6.18 accepts 2
like 6.18 6.12 7.3
    r1 = 0
    call bpf_throw
    r0 = 0
    exit

case kfunc_throw_with_reference
section tc
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = 1
    call bpf_task_from_pid
    r1 = 0
    call bpf_throw                          ;! reference_leak: Unreleased reference id=2 alloc_insn=1; bpf_throw would lead to reference leak
    r0 = 0
    exit

case kfunc_under_lock
section tc
struct elem lock:bpf_spin_lock n:u64
map elems array value elem
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:elems][0]+0
    r6 = r1
    call spin_lock
    r1 = 1
    call bpf_task_from_pid                  ;! lock: function calls are not allowed while holding a lock
    r1 = r6
    call spin_unlock
    r0 = 0
    exit

case kfunc_crypto_sleepable_only
section tc
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = 0
    r2 = 0
    r3 = 0
    call bpf_crypto_ctx_create              ;! kfunc_not_allowed: calling kernel function bpf_crypto_ctx_create is not allowed
    r0 = 0
    exit

case kfunc_sized_memory
section syscall
kernel 6.18 accepts 8
like 6.18 6.12 7.3
    r1 = r10
    r1 += -16
    r2 = 16
    r3 = 0
    r4 = 0
    call bpf_copy_from_user_str
    r0 = 0
    exit

case kfunc_sized_memory_beyond
section syscall
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    r1 += -16
    r2 = 17
    r3 = 0
    r4 = 0
    call bpf_copy_from_user_str             ;! stack_bounds: invalid read from stack R1 off=-16 size=17; arg#0 arg#1 memory, len pair leads to invalid memory access
    r0 = 0
    exit

case kfunc_sized_memory_negative
section syscall
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    r1 += -16
    r2 = -1
    r3 = 0
    r4 = 0
    call bpf_copy_from_user_str             ;! offset_negative: R2 min value is negative, either use unsigned or 'var &= const'; arg#0 arg#1 memory, len pair leads to invalid memory access
    r0 = 0
    exit

case kptr_load_task
section tp_btf/sched_switch
struct elem task:kptr(task_struct)
map elems array value elem
kernel 6.18 accepts 11
like 6.18 6.12 7.3
    r1 = map[fd:elems][0]+0
    r1 = *(u64 *)(r1 + 0)
    if r1 == 0 goto out
    call bpf_task_acquire
    if r0 == 0 goto out
    r1 = r0
    call bpf_task_release
  out:
    r0 = 0
    exit

case kptr_load_not_checked
section tp_btf/sched_switch
struct elem task:kptr(task_struct)
map elems array value elem
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = map[fd:elems][0]+0
    r1 = *(u64 *)(r1 + 0)
    r2 = *(u32 *)(r1 + 0)                   ;! pointer_may_be_null: R1 invalid mem access 'rcu_ptr_or_null_'
    r0 = 0
    exit

case kptr_store_owned
section tp_btf/sched_switch
struct elem task:kptr(task_struct)
map elems array value elem
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 accepts 5
    r2 = *(u64 *)(r1 + 8)
    r1 = map[fd:elems][0]+0
    *(u64 *)(r1 + 0) = r2                   ;! map_special_field: store to referenced kptr disallowed
    r0 = 0
    exit

case kptr_store_untrusted
section tp_btf/sched_switch
struct elem task:kptr_untrusted(task_struct)
map elems array value elem
kernel 6.18 accepts 6
like 6.18 6.1 6.12 7.3
    r2 = *(u64 *)(r1 + 8)
    r1 = map[fd:elems][0]+0
    *(u64 *)(r1 + 0) = r2
    r3 = *(u64 *)(r1 + 0)
    r0 = 0
    exit

case kptr_store_number
section tp_btf/sched_switch
struct elem task:kptr_untrusted(task_struct)
map elems array value elem
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 accepts 5
    r2 = 5
    r1 = map[fd:elems][0]+0
    *(u64 *)(r1 + 0) = r2                   ;! map_special_field: invalid kptr access, R2 type=scalar expected=ptr_task_struct or untrusted_ptr_task_struct
    r0 = 0
    exit

case kptr_store_zero
section tp_btf/sched_switch
struct elem task:kptr_untrusted(task_struct)
map elems array value elem
kernel 6.18 accepts 4
like 6.18 6.1 6.12 7.3
    r1 = map[fd:elems][0]+0
    *(u64 *)(r1 + 0) = 0
    r0 = 0
    exit

case kptr_store_constant
section tp_btf/sched_switch
struct elem task:kptr_untrusted(task_struct)
map elems array value elem
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 accepts 4
    r1 = map[fd:elems][0]+0
    *(u64 *)(r1 + 0) = 1                    ;! map_special_field: BPF_ST imm must be 0 when storing to kptr at off=0
    r0 = 0
    exit

case kptr_store_other_struct
section tp_btf/sched_switch
struct elem task:kptr_untrusted(cgroup)
map elems array value elem
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 accepts 5
    r2 = *(u64 *)(r1 + 8)
    r1 = map[fd:elems][0]+0
    *(u64 *)(r1 + 0) = r2                   ;! map_special_field: invalid kptr access, R2 type=trusted_ptr_task_struct expected=ptr_cgroup or untrusted_ptr_cgroup
    r0 = 0
    exit

// What is acquired is released; locks, RCU regions, timers, dynptrs, iterators, kernel functions.

case reference_ring_submitted
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 accepts 13
like 6.18 6.1 6.12 7.3
    r1 = map[fd:ring]
    r2 = 16
    r3 = 0
    call ringbuf_reserve
    if r0 == 0 goto out
    r6 = r0
    *(u64 *)(r6 + 8) = 1
    r1 = r6
    r2 = 0
    call ringbuf_submit
  out:
    r0 = 0
    exit

case reference_ring_forgotten
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = map[fd:ring]
    r2 = 16
    r3 = 0
    call ringbuf_reserve
    if r0 == 0 goto out
    *(u64 *)(r0 + 0) = 1
  out:
    r0 = 0
    exit                                    ;! reference_leak: Unreleased reference id=2 alloc_insn=4; BPF_EXIT instruction in main prog would lead to reference leak

case reference_ring_unchecked
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = map[fd:ring]
    r2 = 16
    r3 = 0
    call ringbuf_reserve
    *(u64 *)(r0 + 0) = 1                    ;! pointer_may_be_null: R0 invalid mem access 'ringbuf_mem_or_null'
    r0 = 0
    exit

case reference_ring_beyond
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = map[fd:ring]
    r2 = 16
    r3 = 0
    call ringbuf_reserve
    if r0 == 0 goto out
    r6 = r0
    *(u64 *)(r6 + 16) = 1                   ;! memory_bounds: invalid access to memory, mem_size=16 off=16 size=8; R6 min value is outside of the allowed memory range
    r1 = r6
    r2 = 0
    call ringbuf_submit
  out:
    r0 = 0
    exit

case reference_ring_twice
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = map[fd:ring]
    r2 = 16
    r3 = 0
    call ringbuf_reserve
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r2 = 0
    call ringbuf_submit
    r1 = r6
    r2 = 0
    call ringbuf_submit                     ;! argument_type: R1 type=scalar expected=ringbuf_mem
  out:
    r0 = 0
    exit

case reference_ring_used_after
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = map[fd:ring]
    r2 = 16
    r3 = 0
    call ringbuf_reserve
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r2 = 0
    call ringbuf_submit
    r0 = *(u64 *)(r6 + 0)                   ;! address_is_number: R6 invalid mem access 'scalar'
  out:
    r0 = 0
    exit

case reference_ring_moved
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = map[fd:ring]
    r2 = 16
    r3 = 0
    call ringbuf_reserve
    if r0 == 0 goto out
    r6 = r0
    r6 += 8
    r1 = r6
    r2 = 0
    call ringbuf_submit                     ;! reference_release: R1 must have zero offset when passed to release func or trusted arg to kfunc
  out:
    r0 = 0
    exit

case reference_ring_size_unknown
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 refuses
like 6.18 6.1 6.12
kernel 7.3 refuses argument_constant: R2 is not a const
    call get_prandom_u32
    r1 = map[fd:ring]
    r2 = r0
    r3 = 0
    call ringbuf_reserve                    ;! argument_type: R2 is not a known constant'
    r0 = 0
    exit

case reference_ring_submit_stack
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 0
    r6 = r10
    r6 += -8
    r1 = r6
    r2 = 0
    call ringbuf_submit                     ;! argument_type: R1 type=fp expected=ringbuf_mem
    r0 = 0
    exit

case reference_ring_discarded
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 accepts 11
like 6.18 6.1 6.12 7.3
    r1 = map[fd:ring]
    r2 = 16
    r3 = 0
    call ringbuf_reserve
    if r0 == 0 goto out
    r1 = r0
    r2 = 0
    call ringbuf_discard
  out:
    r0 = 0
    exit

case reference_ring_one_path
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = map[fd:ring]
    r2 = 16
    r3 = 0
    call ringbuf_reserve
    if r0 == 0 goto out
    r6 = r0
    r1 = *(u64 *)(r6 + 0)
    if r1 == 7 goto out
    r1 = r6
    r2 = 0
    call ringbuf_submit
  out:
    r0 = 0
    exit                                    ;! reference_leak: Unreleased reference id=2 alloc_insn=4; BPF_EXIT instruction in main prog would lead to reference leak

case reference_ring_output
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 accepts 9
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 0
    r1 = map[fd:ring]
    r2 = r10
    r2 += -8
    r3 = 8
    r4 = 0
    call ringbuf_output
    r0 = 0
    exit

case lock_region
section tc
struct elem lock:bpf_spin_lock n:u32
map elems array value elem
kernel 6.18 accepts 14
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call spin_lock
    *(u32 *)(r6 + 4) = 1
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case lock_not_released
section tc
struct elem lock:bpf_spin_lock n:u32
map elems array value elem
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call spin_lock
  out:
    r0 = 0
    exit                                    ;! lock: BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region

case lock_twice
section tc
struct elem lock:bpf_spin_lock n:u32
map elems array value elem
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    call spin_lock                          ;! lock: function calls are not allowed while holding a lock
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case lock_released_only
section tc
struct elem lock:bpf_spin_lock n:u32
map elems array value elem
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call spin_unlock                        ;! lock: bpf_spin_unlock without taking a lock
  out:
    r0 = 0
    exit

case lock_call_inside
section tc
struct elem lock:bpf_spin_lock n:u32
map elems array value elem
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call spin_lock
    call ktime_get_ns                       ;! lock: function calls are not allowed while holding a lock
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case lock_wrong_offset
section tc
struct elem lock:bpf_spin_lock n:u32
map elems array value elem
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r1 += 4
    call spin_lock                          ;! lock: off 4 doesn't point to 'struct bpf_spin_lock' that is at 0
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case lock_in_tracing
section raw_tp/sys_enter
struct elem lock:bpf_spin_lock n:u32
map elems array value elem
kernel 6.18 refuses map_program: tracing progs cannot use bpf_spin_lock yet
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case lock_map_without
section tc
map elems array value 8
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call spin_lock                          ;! map_special_field: map 'elems' has to have BTF in order to use bpf_spin_lock
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case timer_init
section tc
struct elem timer:bpf_timer n:u64
map elems array value elem
kernel 6.18 accepts 13
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r2 = map[fd:elems]
    r3 = 1
    call timer_init
  out:
    r0 = 0
    exit

case timer_wrong_map
section tc
struct elem timer:bpf_timer n:u64
map elems array value elem
map other array value elem
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r2 = map[fd:other]
    r3 = 1
    call timer_init                         ;! timer: timer pointer in R1 map_uid=0 doesn't match map pointer in R2 map_uid=0
  out:
    r0 = 0
    exit

case timer_read
section tc
struct elem timer:bpf_timer n:u64
map elems array value elem
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r1 = *(u64 *)(r0 + 0)                   ;! map_special_field: bpf_timer cannot be accessed directly by load/store
  out:
    r0 = 0
    exit

case timer_callback
section tc
struct elem timer:bpf_timer n:u64
map elems array value elem
kernel 6.18 accepts 22
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r2 = map[fd:elems]
    r3 = 1
    call timer_init
    r1 = r6
    r2 = subprog[fire]
    call timer_set_callback
    r1 = r6
    r2 = 0
    r3 = 0
    call timer_start
  out:
    r0 = 0
    exit
  fire:
    r0 = 0
    exit

case timer_callback_returns_one
section tc
struct elem timer:bpf_timer n:u64
map elems array value elem
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r2 = map[fd:elems]
    r3 = 1
    call timer_init
    r1 = r6
    r2 = subprog[fire]
    call timer_set_callback
  out:
    r0 = 0
    exit
  fire:
    r0 = 1
    exit                                    ;! return_value: At async callback return the register R0 has smin=1 smax=1 should have been in [0, 0]

case rcu_region
section tp_btf/sched_switch
kernel 6.18 accepts 4
like 6.18 6.12 7.3
    call bpf_rcu_read_lock
    call bpf_rcu_read_unlock
    r0 = 0
    exit

case rcu_not_closed
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    call bpf_rcu_read_lock
    r0 = 0
    exit                                    ;! rcu: BPF_EXIT instruction in main prog cannot be used inside bpf_rcu_read_lock-ed region

case rcu_closed_only
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    call bpf_rcu_read_unlock                ;! rcu: unmatched rcu read unlock (kernel function bpf_rcu_read_unlock)
    r0 = 0
    exit

case rcu_in_xdp_not_closed
section xdp
kernel 6.18 refuses
like 6.18 6.12 7.3
    call bpf_rcu_read_lock
    r0 = 2
    exit                                    ;! rcu: BPF_EXIT instruction in main prog cannot be used inside bpf_rcu_read_lock-ed region

case preempt_region
section tp_btf/sched_switch
kernel 6.18 accepts 4
like 6.18 6.12 7.3
    call bpf_preempt_disable
    call bpf_preempt_enable
    r0 = 0
    exit

case preempt_not_closed
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    call bpf_preempt_disable
    r0 = 0
    exit                                    ;! preempt: BPF_EXIT instruction in main prog cannot be used inside bpf_preempt_disable-ed region

case preempt_closed_only
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    call bpf_preempt_enable                 ;! preempt: unmatched attempt to enable preemption (kernel function bpf_preempt_enable)
    r0 = 0
    exit

case irq_region
section tp_btf/sched_switch
kernel 6.18 accepts 8
like 6.18 7.3
    r1 = r10
    r1 += -8
    call bpf_local_irq_save
    r1 = r10
    r1 += -8
    call bpf_local_irq_restore
    r0 = 0
    exit

case irq_not_restored
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 7.3
    r1 = r10
    r1 += -8
    call bpf_local_irq_save
    r0 = 0
    exit                                    ;! irq: BPF_EXIT instruction in main prog cannot be used inside bpf_local_irq_save-ed region

case irq_restored_only
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 7.3
    *(u64 *)(r10 - 8) = 0
    r1 = r10
    r1 += -8
    call bpf_local_irq_restore              ;! irq: expected an initialized irq flag as arg#0
    r0 = 0
    exit

case kfunc_task_released
section tp_btf/sched_switch
kernel 6.18 accepts 9
like 6.18 6.12 7.3
    r1 = *(u64 *)(r1 + 8)
    call bpf_task_acquire
    if r0 == 0 goto out
    r1 = r0
    call bpf_task_release
  out:
    r0 = 0
    exit

case kfunc_task_forgotten
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = *(u64 *)(r1 + 8)
    call bpf_task_acquire
    r0 = 0
    exit                                    ;! reference_leak: Unreleased reference id=2 alloc_insn=1; BPF_EXIT instruction in main prog would lead to reference leak

case kfunc_task_release_null
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = *(u64 *)(r1 + 8)
    call bpf_task_acquire
    r1 = r0
    call bpf_task_release                   ;! pointer_may_be_null: Possibly NULL pointer passed to trusted arg0
    r0 = 0
    exit

case kfunc_task_release_argument
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12
kernel 7.3 refuses reference_release: release kfunc bpf_task_release expects referenced PTR_TO_BTF_ID passed to R1
    r1 = *(u64 *)(r1 + 8)
    call bpf_task_release                   ;! btf_untrusted: release kernel function bpf_task_release expects refcounted PTR_TO_BTF_ID
    r0 = 0
    exit

case kfunc_task_acquire_number
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12
kernel 7.3 refuses argument_type: R1 is scalar expected STRUCT task_struct
    r1 = 5
    call bpf_task_acquire                   ;! btf_type: arg#0 pointer type STRUCT task_struct must point to scalar, or struct with scalar
    r0 = 0
    exit

case kfunc_not_for_program
section socket
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.12-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 7.3-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
    r1 = 5
    call bpf_task_acquire                   ;! kfunc_not_allowed: calling kernel function bpf_task_acquire is not allowed
    r0 = 0
    exit

case kfunc_license
section tp_btf/sched_switch
license Proprietary
kernel 6.18 refuses helper_gpl: cannot call kernel function from non-GPL compatible program
like 6.18 6.12 7.3
    r1 = *(u64 *)(r1 + 8)
    call bpf_task_acquire
    r0 = 0
    exit

case iterator_loop
section raw_tp/sys_enter
kernel 6.18 accepts 19
like 6.18 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 4
    call bpf_iter_num_new
  again:
    r1 = r10
    r1 += -8
    call bpf_iter_num_next
    if r0 == 0 goto done
    goto again
  done:
    r1 = r10
    r1 += -8
    call bpf_iter_num_destroy
    r0 = 0
    exit

case iterator_not_destroyed
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 4
    call bpf_iter_num_new
    r0 = 0
    exit                                    ;! reference_leak: Unreleased reference id=1 alloc_insn=4; BPF_EXIT instruction in main prog would lead to reference leak

case iterator_not_made
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    r1 += -8
    call bpf_iter_num_next                  ;! iterator: expected an initialized iter_num as arg #0
    r0 = 0
    exit

case iterator_made_twice
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 4
    call bpf_iter_num_new
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 4
    call bpf_iter_num_new                   ;! iterator: expected uninitialized iter_num as arg #0
    r1 = r10
    r1 += -8
    call bpf_iter_num_destroy
    r0 = 0
    exit

case iterator_next_after_destroy
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 4
    call bpf_iter_num_new
    r1 = r10
    r1 += -8
    call bpf_iter_num_destroy
    r1 = r10
    r1 += -8
    call bpf_iter_num_next                  ;! iterator: expected an initialized iter_num as arg #0
    r0 = 0
    exit

case iterator_element_unchecked
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 4
    call bpf_iter_num_new
    r1 = r10
    r1 += -8
    call bpf_iter_num_next
    r0 = *(u32 *)(r0 + 0)                   ;! address_is_number: R0 invalid mem access 'scalar'
    r1 = r10
    r1 += -8
    call bpf_iter_num_destroy
    r0 = 0
    exit

case iterator_overwritten
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 4
    call bpf_iter_num_new
    *(u64 *)(r10 - 8) = 0
    r1 = r10
    r1 += -8
    call bpf_iter_num_destroy               ;! iterator: expected an initialized iter_num as arg #0
    r0 = 0
    exit

case iterator_read
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 4
    call bpf_iter_num_new
    r0 = *(u64 *)(r10 - 8)                  ;! stack_bounds: invalid read from stack off -8+0 size 8
    r1 = r10
    r1 += -8
    call bpf_iter_num_destroy
    r0 = 0
    exit

case dynptr_submitted
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 accepts 12
like 6.18 6.1 6.12 7.3
    r1 = map[fd:ring]
    r2 = 16
    r3 = 0
    r4 = r10
    r4 += -16
    call ringbuf_reserve_dynptr
    r1 = r10
    r1 += -16
    r2 = 0
    call ringbuf_submit_dynptr
    r0 = 0
    exit

case dynptr_forgotten
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = map[fd:ring]
    r2 = 16
    r3 = 0
    r4 = r10
    r4 += -16
    call ringbuf_reserve_dynptr
    r0 = 0
    exit                                    ;! reference_leak: Unreleased reference id=2 alloc_insn=6; BPF_EXIT instruction in main prog would lead to reference leak

case dynptr_submitted_twice
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 refuses
like 6.18 6.1 6.12
kernel 7.3 refuses dynptr: Expected an initialized dynptr as R1
    r1 = map[fd:ring]
    r2 = 16
    r3 = 0
    r4 = r10
    r4 += -16
    call ringbuf_reserve_dynptr
    r1 = r10
    r1 += -16
    r2 = 0
    call ringbuf_submit_dynptr
    r1 = r10
    r1 += -16
    r2 = 0
    call ringbuf_submit_dynptr              ;! reference_release: arg 1 is an unacquired reference
    r0 = 0
    exit

case dynptr_overwritten
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses dynptr: Expected an initialized dynptr as arg #1
    r1 = map[fd:ring]
    r2 = 16
    r3 = 0
    r4 = r10
    r4 += -16
    call ringbuf_reserve_dynptr
    *(u64 *)(r10 - 16) = 0                  ;! reference_release: cannot overwrite referenced dynptr
    r1 = r10
    r1 += -16
    r2 = 0
    call ringbuf_submit_dynptr
    r0 = 0
    exit

case dynptr_read_as_number
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = map[fd:ring]
    r2 = 16
    r3 = 0
    r4 = r10
    r4 += -16
    call ringbuf_reserve_dynptr
    r0 = *(u64 *)(r10 - 16)                 ;! stack_bounds: invalid read from stack off -16+0 size 8
    r1 = r10
    r1 += -16
    r2 = 0
    call ringbuf_submit_dynptr
    r0 = 0
    exit

case dynptr_data
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 accepts 25
like 6.18 6.1 6.12 7.3
    r1 = map[fd:ring]
    r2 = 16
    r3 = 0
    r4 = r10
    r4 += -16
    call ringbuf_reserve_dynptr
    r1 = r10
    r1 += -16
    r2 = 0
    r3 = 8
    call dynptr_data
    if r0 == 0 goto out
    *(u64 *)(r0 + 0) = 1
  out:
    r1 = r10
    r1 += -16
    r2 = 0
    call ringbuf_submit_dynptr
    r0 = 0
    exit

case dynptr_data_unchecked
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = map[fd:ring]
    r2 = 16
    r3 = 0
    r4 = r10
    r4 += -16
    call ringbuf_reserve_dynptr
    r1 = r10
    r1 += -16
    r2 = 0
    r3 = 8
    call dynptr_data
    *(u64 *)(r0 + 0) = 1                    ;! pointer_may_be_null: R0 invalid mem access 'mem_or_null'
    r1 = r10
    r1 += -16
    r2 = 0
    call ringbuf_submit_dynptr
    r0 = 0
    exit

case dynptr_data_beyond
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = map[fd:ring]
    r2 = 16
    r3 = 0
    r4 = r10
    r4 += -16
    call ringbuf_reserve_dynptr
    r1 = r10
    r1 += -16
    r2 = 0
    r3 = 8
    call dynptr_data
    if r0 == 0 goto out
    *(u64 *)(r0 + 8) = 1                    ;! memory_bounds: invalid access to memory, mem_size=8 off=8 size=8; R0 min value is outside of the allowed memory range
  out:
    r1 = r10
    r1 += -16
    r2 = 0
    call ringbuf_submit_dynptr
    r0 = 0
    exit

case dynptr_not_made
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 refuses
like 6.18 6.1 6.12
kernel 7.3 refuses dynptr: Expected an initialized dynptr as R1
    *(u64 *)(r10 - 16) = 0
    *(u64 *)(r10 - 8) = 0
    r1 = r10
    r1 += -16
    r2 = 0
    call ringbuf_submit_dynptr              ;! reference_release: arg 1 is an unacquired reference
    r0 = 0
    exit

case socket_released
section tc
kernel 6.18 accepts 14
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 0
    *(u64 *)(r10 - 16) = 0
    r2 = r10
    r2 += -16
    r3 = 12
    r4 = 0
    r5 = 0
    call sk_lookup_tcp
    if r0 == 0 goto out
    r1 = r0
    call sk_release
  out:
    r0 = 0
    exit

case socket_forgotten
section tc
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 0
    *(u64 *)(r10 - 16) = 0
    r2 = r10
    r2 += -16
    r3 = 12
    r4 = 0
    r5 = 0
    call sk_lookup_tcp
    r0 = 0
    exit                                    ;! reference_leak: Unreleased reference id=2 alloc_insn=7; BPF_EXIT instruction in main prog would lead to reference leak

case socket_release_null
section tc
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 0
    *(u64 *)(r10 - 16) = 0
    r2 = r10
    r2 += -16
    r3 = 12
    r4 = 0
    r5 = 0
    call sk_lookup_tcp
    r1 = r0
    call sk_release                         ;! pointer_may_be_null: R1 type=sock_or_null expected=sock_common, sock, tcp_sock, xdp_sock, ptr_, trusted_ptr_
    r0 = 0
    exit

case socket_field
section tc
kernel 6.18 accepts 16
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 0
    *(u64 *)(r10 - 16) = 0
    r2 = r10
    r2 += -16
    r3 = 12
    r4 = 0
    r5 = 0
    call sk_lookup_tcp
    if r0 == 0 goto out
    r6 = r0
    r0 = *(u32 *)(r6 + 4)
    r1 = r6
    call sk_release
  out:
    r0 = 0
    exit

case socket_written
section tc
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 0
    *(u64 *)(r10 - 16) = 0
    r2 = r10
    r2 += -16
    r3 = 12
    r4 = 0
    r5 = 0
    call sk_lookup_tcp
    if r0 == 0 goto out
    r6 = r0
    r2 = 1
    *(u32 *)(r6 + 4) = r2                   ;! memory_read_only: R6 cannot write into sock
    r1 = r6
    call sk_release
  out:
    r0 = 0
    exit

case kptr_read_untrusted
section tp_btf/sched_switch
struct elem task:kptr(task_struct)
map elems array value elem
kernel 6.18 accepts 9
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r1 = *(u64 *)(r0 + 0)
  out:
    r0 = 0
    exit

case kptr_stored
section tp_btf/sched_switch
struct elem task:kptr(task_struct)
map elems array value elem
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 accepts 11
    r7 = *(u64 *)(r1 + 8)
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    *(u64 *)(r0 + 0) = r7                   ;! map_special_field: store to referenced kptr disallowed
  out:
    r0 = 0
    exit

case kptr_read_narrow
section tp_btf/sched_switch
struct elem task:kptr(task_struct)
map elems array value elem
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r1 = *(u32 *)(r0 + 0)                   ;! map_special_field: kptr access size must be BPF_DW
  out:
    r0 = 0
    exit

case kptr_exchanged
section tp_btf/sched_switch
struct elem task:kptr(task_struct)
map elems array value elem
kernel 6.18 accepts 21
like 6.18 6.12 7.3
    r1 = *(u64 *)(r1 + 8)
    call bpf_task_acquire
    if r0 == 0 goto out
    r6 = r0
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto drop
    r1 = r0
    r2 = r6
    call kptr_xchg
    if r0 == 0 goto out
    r1 = r0
    call bpf_task_release
    goto out
  drop:
    r1 = r6
    call bpf_task_release
  out:
    r0 = 0
    exit

case kptr_exchange_result_forgotten
section tp_btf/sched_switch
struct elem task:kptr(task_struct)
map elems array value elem
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses map_special_field: off=0 kptr isn't referenced kptr
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r1 = r0
    r2 = 0
    call kptr_xchg
  out:
    r0 = 0
    exit                                    ;! reference_leak: Unreleased reference id=2 alloc_insn=9; BPF_EXIT instruction in main prog would lead to reference leak

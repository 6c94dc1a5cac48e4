// Global functions by their signatures, and functions of the kernel's structs.

case global_result_is_any_number
section xdp
func any global
kernel 6.18 accepts 5
like 6.18 6.1 6.12 7.3
    call any
    r0 = 2
    exit
  any:
    r0 = 77
    exit

case global_result_is_a_pointer
section xdp
func any global *xdp_md
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call any
    r0 = 2
    exit
  any:
    r0 = r1
    exit                                    ;! return_value: At subprogram exit the register R0 is not a scalar value (ctx)

case global_memory_may_be_null
section xdp
struct pair a:u64 b:u64
func first global *pair
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = 0
    call first
    r0 = 2
    exit
  first:
    r0 = *(u64 *)(r1 + 0)                   ;! pointer_may_be_null: R1 invalid mem access 'mem_or_null'
    exit

case global_memory_is_not_there
section xdp
struct pair a:u64 b:u64
func first global *pair
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 0
    r1 = r10
    r1 += -8
    call first                              ;! stack_bounds: invalid read from stack R1 off=-8 size=16; Caller passes invalid args into func#1 ('first')
    r0 = 2
    exit
  first:
    r0 = 0
    exit

case global_number_wanted
section xdp
func twice global u64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call twice                              ;! argument_type: R1 is not a scalar; Caller passes invalid args into func#1 ('twice')
    r0 = 2
    exit
  twice:
    r0 = r1
    r0 += r0
    exit

case global_context_moved
section xdp
func look global *xdp_md
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 += 4
    call look                               ;! context_modified: dereference of modified ctx ptr R1 off=4 disallowed; Caller passes invalid args into func#1 ('look')
    r0 = 2
    exit
  look:
    r0 = 2
    exit

case global_trusted_task
section tp_btf/task_newtask
func look global *task_struct:trusted
kernel 6.18 accepts 6
like 6.18 6.12 7.3
kernel 6.1 refuses pointer_may_be_null: R1 invalid mem access 'mem_or_null'
    r1 = *(u64 *)(r1 + 0)
    call look
    r0 = 0
    exit
  look:
    r0 = *(u64 *)(r1 + 0)
    exit

case global_trusted_task_null
section tp_btf/task_newtask
func look global *task_struct:trusted
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses pointer_may_be_null: R1 invalid mem access 'mem_or_null'
    r1 = 0
    call look                               ;! argument_type: R1 type=scalar expected=ptr_, trusted_ptr_, rcu_ptr_; Caller passes invalid args into func#1 ('look')
    r0 = 0
    exit
  look:
    r0 = *(u64 *)(r1 + 0)
    exit

case global_trusted_or_null
section tp_btf/task_newtask
func look global *task_struct:trusted:nullable
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = 0
    call look
    r0 = 0
    exit
  look:
    r0 = *(u64 *)(r1 + 0)                   ;! pointer_may_be_null: R1 invalid mem access 'trusted_ptr_or_null_'
    exit

case global_trusted_or_null_compared
section tp_btf/task_newtask
func look global *task_struct:trusted:nullable
kernel 6.18 accepts 9
like 6.18 6.12 7.3
kernel 6.1 refuses memory_bounds: invalid access to memory, mem_size=0 off=0 size=8; R1 min value is outside of the allowed memory range
    r1 = 0
    call look
    r0 = 0
    exit
  look:
    r0 = 0
    if r1 == 0 goto out
    r0 = *(u64 *)(r1 + 0)
  out:
    exit

case global_trusted_nonnull
section tp_btf/task_newtask
func look global *task_struct:trusted:nonnull
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = *(u64 *)(r1 + 0)
    call look                               ;! argument_type: arg#0 has invalid combination of tags; Caller passes invalid args into func#1 ('look')
    r0 = 0
    exit
  look:
    r0 = 0
    exit

case global_tag_of_a_number
section xdp
func twice global u64:nonnull
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 accepts 6
    r1 = 4
    call twice                              ;! argument_type: arg#0 has pointer tag, but is not a pointer type; Caller passes invalid args into func#1 ('twice')
    r0 = 2
    exit
  twice:
    r0 = r1
    exit

case global_tag_unknown
section xdp
func twice global *xdp_md:wonderful
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 accepts 5
    call twice                              ;! argument_type: arg#0 has unsupported set of tags; Caller passes invalid args into func#1 ('twice')
    r0 = 2
    exit
  twice:
    r0 = 0
    exit

case global_dynptr
section tc
func look global *bpf_dynptr
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 accepts 7
    r1 = r10
    r1 += -16
    call look                               ;! dynptr: Expected an initialized dynptr as arg #0; Caller passes invalid args into func#1 ('look')
    r0 = 0
    exit
  look:
    r0 = 0
    exit

case global_function_sleeps_in_rcu
section syscall
func fetch global
kernel 6.18 refuses
kernel 6.12 accepts 12
kernel 7.3 refuses lock: sleepable global function fetch() called in rcu_read_lock region
    call bpf_rcu_read_lock
    call fetch                              ;! helper_sleeps: global functions that may sleep are not allowed in non-sleepable context,; i.e., in a RCU/IRQ/preempt-disabled section, or in; a non-sleepable BPF program context
    call bpf_rcu_read_unlock
    r0 = 0
    exit
  fetch:
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = 0
    call copy_from_user
    r0 = 0
    exit

case global_function_sleeps_in_preempt
section syscall
func fetch global
kernel 6.18 refuses
like 6.18 7.3
kernel 6.12 refuses preempt: global function calls are not allowed with preemption disabled,; use static function instead
    call bpf_preempt_disable
    call fetch                              ;! helper_sleeps: global functions that may sleep are not allowed in non-sleepable context,; i.e., in a RCU/IRQ/preempt-disabled section, or in; a non-sleepable BPF program context
    call bpf_preempt_enable
    r0 = 0
    exit
  fetch:
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = 0
    call copy_from_user
    r0 = 0
    exit

case global_function_sleeps
section syscall
func fetch global
kernel 6.18 accepts 10
like 6.18 6.1 6.12 7.3
    call fetch
    r0 = 0
    exit
  fetch:
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = 0
    call copy_from_user
    r0 = 0
    exit

case global_function_sleeps_far_in_rcu
section syscall
func step global
func fetch global
kernel 6.18 refuses
kernel 6.12 accepts 15
kernel 7.3 refuses lock: sleepable global function step() called in rcu_read_lock region
    call bpf_rcu_read_lock
    call step                               ;! helper_sleeps: global functions that may sleep are not allowed in non-sleepable context,; i.e., in a RCU/IRQ/preempt-disabled section, or in; a non-sleepable BPF program context
    call bpf_rcu_read_unlock
    r0 = 0
    exit
  step:
    call fetch
    r0 = 0
    exit
  fetch:
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = 0
    call copy_from_user
    r0 = 0
    exit

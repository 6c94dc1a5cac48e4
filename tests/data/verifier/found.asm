// Programs that were judged differently when they were found.

case found_11_0_strict
section socket
map values array value 16
kernel 6.18 accepts 3
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_privilege: bpf_array access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN
kernel 6.12-user refuses btf_access: 'struct bpf_array' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN
kernel 7.3-user refuses btf_access: 'struct bpf_array' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN
    r1 = map[fd:values]
    r0 = *(u64 *)(r1 + 0)
    exit

case found_11_1_unsafe
section socket
struct pair a:u32 b:u32
func read global *pair:nonnull
kernel 6.18 refuses
like 6.18 6.1 6.12
kernel 7.3 refuses argument_type: R1 is expected to be non-NULL; Caller passes invalid args into func#1 ('read')
    r1 = 0
    call read
    r0 = 0
    exit
  read:
    exit                                    ;! register_unset: R0 !read_ok

case found_11_2_unsafe
section socket
func many global u64 u64 u64 u64 u64 u64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call many                               ;! global_function: Global function many() with 6 > 5 args. Buggy compiler.; Caller passes invalid args into func#1 ('many')
    exit
  many:
    r0 = 0
    exit

case found_11_3_unsafe
section raw_tp/sys_enter
func read global ptr
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses no_message: Invalid argument
    call read                               ;! argument_type: Caller passes invalid args into func#1 ('read')
    exit
  read:
    r0 = 0
    exit

case found_11_4_failed
section socket
map values hash value 8
kernel 6.18 refuses map_value_address: no direct value access support for this map type
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r1 = map[fd:values][0]
    exit

case found_11_5_unsafe
section socket
map values array value 8 flags 0x80
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses stack_unwritten: invalid indirect read from stack R2 off -4+0 size 4
kernel 6.1-user refuses stack_unwritten: invalid indirect read from stack R2 off -4+0 size 4
kernel 6.12-user refuses stack_unwritten: invalid indirect read from stack R2 off -4+0 size 4
kernel 7.3-user refuses stack_bounds: invalid read from stack R2 off=-4 size=4
    r2 = r10
    r2 += -4
    r3 = r10
    r3 += -16
    r1 = map[fd:values]
    r4 = 0
    call map_update_elem                    ;! map_read_only: write into map forbidden
    exit

case found_11_6_failed
section socket
map values array value 8
kernel 6.18 refuses map_value_bounds: invalid access to map value pointer, value_size=8 off=8
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r1 = map[fd:values][0]+8
    exit

case found_11_7_unsafe
section socket
struct pair a:u32 b:u32
func read global *pair
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = r10
    r1 += -8
    call read
    exit
  read:
    r0 = *(u32 *)(r1 + 4)                   ;! pointer_may_be_null: R1 invalid mem access 'mem_or_null'
    exit

case found_21_0_unsafe
section raw_tp/sys_enter
kernel 6.18 refuses
kernel 6.1 refuses return_value: R0 not a scalar value
kernel 6.12 refuses argument_type: R1 type=ctx expected=scalar
kernel 7.3 refuses argument_type: R1 type=ctx expected=scalar
    r2 = subprog[turn]
    r3 = 0
    r4 = 1
    call loop                               ;! kernel_limit: verifier bug: backtracking misuse
    exit
  turn:
    exit

case found_21_1_strict
section tp_btf/sched_switch
kernel 6.18 accepts 7
kernel 7.3 refuses irq: cannot pass in irq_flag at an offset=0; expected an initialized irq flag as R1
    r1 = r10
    r1 += -8
    call bpf_local_irq_save
    r1 = r10
    call bpf_local_irq_restore
    r0 = 0
    exit

case found_21_2_unsafe
section tp_btf/sched_switch
struct elem task:kptr(task_struct)
map elems array value elem
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses stack_unwritten: invalid indirect read from stack R2 off -4+0 size 4
    r7 = *(u64 *)(r1 + 8)
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    *(u64 *)(r0 + 0) = r7                   ;! map_special_field: store to referenced kptr disallowed
  out:
    exit

case address_of_function_in_loop_without_turns
section raw_tp/sys_enter
kernel 6.18 accepts 7
    r1 = 0
    r2 = subprog[turn]
    r3 = 0
    r4 = 0
    call loop
    r0 = 0
    exit
  turn:
    r0 = 0
    exit

case address_of_function_never_called
section raw_tp/sys_enter
kernel 6.18 accepts 3
    r1 = subprog[turn]
    r0 = 0
    exit
  turn:
    r0 = 0
    exit

case address_of_function_in_dead_code
section raw_tp/sys_enter
kernel 6.18 accepts 4
    r6 = 0
    if r6 == 0 goto out
    r1 = subprog[turn]
  out:
    r0 = 0
    exit
  turn:
    r0 = 0
    exit

case address_of_function_called_elsewhere
section raw_tp/sys_enter
kernel 6.18 accepts 6
    r1 = subprog[turn]
    call turn
    r0 = 0
    exit
  turn:
    r0 = 0
    exit

case processor_number_is_small
section raw_tp/sys_enter
map values array value 64
kernel 6.18 accepts 5
    call get_smp_processor_id
    r1 = map[fd:values][0]
    r1 += r0
    r0 = 0
    exit

case processor_number_unbounded_access
section raw_tp/sys_enter
map values array value 64
kernel 6.18 refuses
    call get_smp_processor_id
    r1 = map[fd:values][0]
    r1 += r0
    r0 = *(u8 *)(r1 + 64)                   ;! map_value_bounds: invalid access to map value, value_size=64 off=64 size=1; R1 min value is outside of the allowed memory range
    exit

case address_of_function_that_is_removed
section raw_tp/sys_enter
kernel 6.18 accepts 10
    r1 = 0
    r2 = subprog[turn]
    r3 = 0
    r4 = 0
    call loop
    call other
    r0 = 0
    exit
  turn:
    r0 = 0
    exit
  other:
    r0 = 1
    exit

case address_of_function_that_is_removed_before_another
section raw_tp/sys_enter
kernel 6.18 refuses
    r6 = subprog[turn]
    call other
    r0 = 0
    exit
  other:
    r0 = 1
    exit
  turn:
    r0 = 0                                  ;! function_removed: verifier bug: No program to jit at insn 7 (subprog < 0)
    exit

case tracepoint_context_before_its_start
section tracepoint/syscalls/sys_enter_openat
differs the kernel compares the offset as an unsigned number, and lets what lies before the record be read
kernel 6.18 accepts 3
    r6 = *(u64 *)(r1 - 8)
    r0 = 0
    exit

case kfunc_argument_that_is_ignored
section tc
kernel 6.18 accepts 2
    call bpf_strcmp
    exit

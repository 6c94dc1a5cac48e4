// Calls of helpers: their arguments, what they give, who may call them.

case helper_unknown_number
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    call 100000                             ;! helper_unknown: invalid func unknown#100000
    exit

case helper_number_zero
section socket
kernel 6.18 refuses
like 6.18 6.12 7.3 6.12-user 7.3-user
kernel 6.1 refuses helper_unknown: unknown func bpf_unspec#0
kernel 6.1-user refuses helper_unknown: unknown func bpf_unspec#0
    call 0                                  ;! helper_not_allowed: program of this type cannot use helper bpf_unspec#0
    exit

case helper_of_other_program_type
section socket
kernel 6.18 accepts 3
like 6.18 6.12 7.3 6.12-user 7.3-user
kernel 6.1 refuses helper_unknown: unknown func bpf_get_current_pid_tgid#14
kernel 6.1-user refuses helper_unknown: unknown func bpf_get_current_pid_tgid#14
    call get_current_pid_tgid
    r0 = 0
    exit

case helper_needs_gpl
section raw_tp/sys_enter
license Proprietary
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = 0
    call probe_read_kernel                  ;! helper_gpl: cannot call GPL-restricted function from non-GPL compatible program
    r0 = 0
    exit

case helper_probe_read
section raw_tp/sys_enter
kernel 6.18 accepts 8
like 6.18 6.1 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = 0
    call probe_read_kernel
    r0 = *(u64 *)(r10 - 8)
    r0 = 0
    exit

case helper_size_negative
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = -1
    r3 = 0
    call probe_read_kernel                  ;! offset_negative: R2 min value is negative, either use unsigned or 'var &= const'
    r0 = 0
    exit

case helper_size_zero_allowed
section raw_tp/sys_enter
kernel 6.18 accepts 7
like 6.18 6.1 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 0
    call probe_read_kernel
    r0 = 0
    exit

case helper_size_zero_refused
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = 0
    call get_current_comm                   ;! size_zero: R2 invalid zero-sized read: u64=[0,0]
    r0 = 0
    exit

case helper_size_unbounded
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r2 = r0
    r1 = r10
    r1 += -8
    r3 = 0
    call probe_read_kernel                  ;! offset_negative: R2 min value is negative, either use unsigned or 'var &= const'
    r0 = 0
    exit

case helper_size_bounded
section raw_tp/sys_enter
kernel 6.18 accepts 9
like 6.18 6.12 7.3
kernel 6.1 refuses stack_unwritten: invalid indirect read from stack R1 off -8+0 size 7
    call get_prandom_u32
    r2 = r0
    r2 &= 7
    r1 = r10
    r1 += -8
    r3 = 0
    call probe_read_kernel
    r0 = 0
    exit

case helper_size_bounded_too_much
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r2 = r0
    r2 &= 15
    r1 = r10
    r1 += -8
    r3 = 0
    call probe_read_kernel                  ;! stack_bounds: invalid write to stack R1 off=-8 size=15
    r0 = 0
    exit

case helper_size_bounded_by_signed_compare
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses insn_reserved: BPF_MOV uses reserved fields
    call get_prandom_u32
    r2 = r0
    r2 = (s32)r2
    if r2 s> 8 goto out
    r1 = r10
    r1 += -8
    r3 = 0
    call probe_read_kernel                  ;! offset_negative: R2 min value is negative, either use unsigned or 'var &= const'
  out:
    r0 = 0
    exit

case helper_memory_is_context
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = 8
    r3 = 0
    call probe_read_kernel                  ;! argument_type: R1 type=ctx expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_
    r0 = 0
    exit

case helper_memory_is_number
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = 0
    r2 = 8
    r3 = 0
    call probe_read_kernel                  ;! argument_type: R1 type=scalar expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_
    r0 = 0
    exit

case helper_memory_in_map_value
section raw_tp/sys_enter
map values array value 16
kernel 6.18 accepts 6
like 6.18 6.1 6.12 7.3
    r1 = map[fd:values][0]
    r2 = 16
    r3 = 0
    call probe_read_kernel
    r0 = 0
    exit

case helper_memory_beyond_map_value
section raw_tp/sys_enter
map values array value 16
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = map[fd:values][0]+8
    r2 = 16
    r3 = 0
    call probe_read_kernel                  ;! map_value_bounds: invalid access to map value, value_size=16 off=8 size=16; R1 min value is outside of the allowed memory range
    r0 = 0
    exit

case helper_memory_maybe_null
section raw_tp/sys_enter
map values hash value 16
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    r1 = r0
    r2 = 16
    r3 = 0
    call probe_read_kernel                  ;! pointer_may_be_null: R1 type=map_value_or_null expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_
    r0 = 0
    exit

case helper_argument_unset
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = 8
    call probe_read_kernel                  ;! register_unset: R3 !read_ok
    r0 = 0
    exit

case helper_perf_output
section raw_tp/sys_enter
map events perf_event_array entries 2
kernel 6.18 accepts 9
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 0
    r2 = map[fd:events]
    r3 = 0xffffffff ll
    r4 = r10
    r4 += -8
    r5 = 8
    call perf_event_output
    r0 = 0
    exit

case helper_perf_output_wrong_map
section raw_tp/sys_enter
map events array value 8
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 0
    r2 = map[fd:events]
    r3 = 0xffffffff ll
    r4 = r10
    r4 += -8
    r5 = 8
    call perf_event_output                  ;! map_helper: cannot pass map_type 2 into func bpf_perf_event_output#25
    r0 = 0
    exit

case helper_perf_output_not_context
section raw_tp/sys_enter
map events perf_event_array entries 2
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 0
    r1 = r10
    r1 += -8
    r2 = map[fd:events]
    r3 = 0xffffffff ll
    r4 = r10
    r4 += -8
    r5 = 8
    call perf_event_output                  ;! argument_type: R1 type=fp expected=ctx
    r0 = 0
    exit

case helper_trace_printk
section raw_tp/sys_enter
kernel 6.18 accepts 7
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 0
    r1 = r10
    r1 += -8
    r2 = 8
    call trace_printk
    r0 = 0
    exit

case helper_sleeps_in_atomic
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses helper_unknown: unknown func bpf_copy_from_user#148
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = 0
    call copy_from_user                     ;! helper_sleeps: helper call might sleep in a non-sleepable prog
    r0 = 0
    exit

case helper_sleeps_in_sleepable
section syscall
kernel 6.18 accepts 7
like 6.18 6.1 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = 0
    call copy_from_user
    r0 = 0
    exit

case helper_strtol
section cgroup/sysctl
kernel 6.18 accepts 10
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 16) = 0x31
    r1 = r10
    r1 += -16
    r2 = 8
    r3 = 0
    r4 = r10
    r4 += -8
    call strtol
    r0 = 1
    exit

case helper_strtol_result_misaligned
section cgroup/sysctl
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 16) = 0x31
    r1 = r10
    r1 += -16
    r2 = 4
    r3 = 0
    r4 = r10
    r4 += -12
    call strtol                             ;! misaligned: misaligned stack access off 0+-12+0 size 8
    r0 = 1
    exit

case helper_snprintf_format_not_constant
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses stack_unwritten: invalid indirect read from stack R1 off -16+0 size 8
    *(u64 *)(r10 - 8) = 0
    r1 = r10
    r1 += -16
    r2 = 8
    r3 = r10
    r3 += -8
    r4 = 0
    r5 = 0
    call snprintf                           ;! argument_type: R3 type=fp expected=map_value
    r0 = 0
    exit

case helper_snprintf
section raw_tp/sys_enter
map rodata array value 4 flags 0x80 frozen data 6f6b0000
kernel 6.18 accepts 9
like 6.18 6.12 7.3
kernel 6.1 refuses stack_unwritten: invalid indirect read from stack R1 off -16+0 size 8
    r1 = r10
    r1 += -16
    r2 = 8
    r3 = map[fd:rodata][0]
    r4 = 0
    r5 = 0
    call snprintf
    r0 = 0
    exit

case helper_snprintf_no_nul
section raw_tp/sys_enter
map rodata array value 4 flags 0x80 frozen data 6f6b6f6b
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses stack_unwritten: invalid indirect read from stack R1 off -16+0 size 8
    r1 = r10
    r1 += -16
    r2 = 8
    r3 = map[fd:rodata][0]
    r4 = 0
    r5 = 0
    call snprintf                           ;! argument_string: string is not zero-terminated
    r0 = 0
    exit

case helper_snprintf_not_frozen
section raw_tp/sys_enter
map data array value 4 data 6f6b0000
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses stack_unwritten: invalid indirect read from stack R1 off -16+0 size 8
    r1 = r10
    r1 += -16
    r2 = 8
    r3 = map[fd:data][0]
    r4 = 0
    r5 = 0
    call snprintf                           ;! argument_string: R3 does not point to a readonly map'
    r0 = 0
    exit

case callback_loop
section raw_tp/sys_enter
kernel 6.18 accepts 10
like 6.18 6.1 6.12 7.3
    r1 = 10
    r2 = subprog[turn]
    r3 = 0
    r4 = 0
    call loop
    r0 = 0
    exit
  turn:
    r0 = 0
    exit

case callback_loop_returns_two
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = 10
    r2 = subprog[turn]
    r3 = 0
    r4 = 0
    call loop
    r0 = 0
    exit
  turn:
    r0 = 2
    exit                                    ;! return_value: At callback return the register R0 has smin=2 smax=2 should have been in [0, 1]

case callback_loop_flags
section raw_tp/sys_enter
kernel 6.18 accepts 10
like 6.18 6.1 6.12 7.3
    r1 = 10
    r2 = subprog[turn]
    r3 = 0
    r4 = 1
    call loop
    r0 = 0
    exit
  turn:
    r0 = 0
    exit

case callback_loop_counts
section raw_tp/sys_enter
kernel 6.18 accepts 23
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 0
    r1 = 10
    r2 = subprog[turn]
    r3 = r10
    r3 += -8
    r4 = 0
    call loop
    r0 = 0
    exit
  turn:
    r3 = *(u64 *)(r2 + 0)
    r3 += 1
    *(u64 *)(r2 + 0) = r3
    r0 = 0
    exit

case callback_loop_counter_as_index
section raw_tp/sys_enter
map values array value 16
kernel 6.18 accepts 133
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 0
    r1 = 10
    r2 = subprog[turn]
    r3 = r10
    r3 += -8
    r4 = 0
    call loop
    r1 = *(u64 *)(r10 - 8)
    r0 = map[fd:values][0]
    r0 += r1
    r0 = *(u8 *)(r0 + 0)
    r0 = 0
    exit
  turn:
    r3 = *(u64 *)(r2 + 0)
    r3 += 1
    *(u64 *)(r2 + 0) = r3
    r0 = 0
    exit

case callback_not_a_function
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = 10
    r2 = 0
    r3 = 0
    r4 = 0
    call loop                               ;! argument_type: R2 type=scalar expected=func
    r0 = 0
    exit

case callback_unset_argument
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = 10
    r2 = subprog[turn]
    r3 = 0
    r4 = 0
    call loop
    r0 = 0
    exit
  turn:
    r0 = r3                                 ;! register_unset: R3 !read_ok
    exit

case callback_for_each
section raw_tp/sys_enter
map counts hash value 8 entries 4
kernel 6.18 accepts 11
like 6.18 6.1 6.12 7.3
    r1 = map[fd:counts]
    r2 = subprog[each]
    r3 = 0
    r4 = 0
    call for_each_map_elem
    r0 = 0
    exit
  each:
    r0 = *(u64 *)(r3 + 0)
    r0 = 0
    exit

case callback_for_each_value_beyond
section raw_tp/sys_enter
map counts hash value 8 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = map[fd:counts]
    r2 = subprog[each]
    r3 = 0
    r4 = 0
    call for_each_map_elem
    r0 = 0
    exit
  each:
    r0 = *(u64 *)(r3 + 8)                   ;! map_value_bounds: invalid access to map value, value_size=8 off=8 size=8; R3 min value is outside of the allowed memory range
    r0 = 0
    exit

case callback_for_each_key_written
section raw_tp/sys_enter
map counts hash value 8 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = map[fd:counts]
    r2 = subprog[each]
    r3 = 0
    r4 = 0
    call for_each_map_elem
    r0 = 0
    exit
  each:
    *(u32 *)(r2 + 0) = 1                    ;! memory_read_only: write to change key R2 not allowed
    r0 = 0
    exit

case callback_for_each_key_beyond
section raw_tp/sys_enter
map counts hash value 8 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = map[fd:counts]
    r2 = subprog[each]
    r3 = 0
    r4 = 0
    call for_each_map_elem
    r0 = 0
    exit
  each:
    r0 = *(u64 *)(r2 + 0)                   ;! map_key_bounds: invalid access to map key, key_size=4 off=0 size=8; R2 min value is outside of the allowed memory range
    r0 = 0
    exit

case callback_global
section raw_tp/sys_enter
func turn global u64 ptr
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses no_message: Invalid argument
    r1 = 10
    r2 = subprog[turn]                      ;! call_function: callback function not static
    r3 = 0
    r4 = 0
    call loop
    r0 = 0
    exit
  turn:
    r0 = 0
    exit

case global_function
section socket
func add global u64 u64
kernel 6.18 accepts 8
like 6.18 6.1 6.12 7.3
    r1 = 1
    r2 = 2
    call add
    r0 = 0
    exit
  add:
    r0 = r1
    r0 += r2
    exit

case global_function_result_unknown
section socket
func one global u64
map values array value 16
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call one                                ;! argument_type: R1 is not a scalar; Caller passes invalid args into func#1 ('one')
    r1 = map[fd:values][0]
    r1 += r0
    r0 = *(u8 *)(r1 + 0)
    r0 = 0
    exit
  one:
    r0 = 1
    exit

case static_function_result_known
section socket
func one static u64
map values array value 16
kernel 6.18 accepts 8
like 6.18 6.1 6.12 7.3
    call one
    r1 = map[fd:values][0]
    r1 += r0
    r0 = *(u8 *)(r1 + 0)
    r0 = 0
    exit
  one:
    r0 = 1
    exit

case global_function_pointer_unchecked
section socket
struct pair a:u32 b:u32
func read global *pair
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 0
    r1 = r10
    r1 += -8
    call read
    r0 = 0
    exit
  read:
    r0 = *(u32 *)(r1 + 4)                   ;! pointer_may_be_null: R1 invalid mem access 'mem_or_null'
    exit

case global_function_pointer_checked
section socket
struct pair a:u32 b:u32
func read global *pair
kernel 6.18 accepts 11
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 0
    r1 = r10
    r1 += -8
    call read
    r0 = 0
    exit
  read:
    r0 = 0
    if r1 == 0 goto out
    r0 = *(u32 *)(r1 + 4)
  out:
    exit

case global_function_pointer_nonnull
section socket
struct pair a:u32 b:u32
func read global *pair:nonnull
kernel 6.18 accepts 8
like 6.18 6.12 7.3
kernel 6.1 refuses pointer_may_be_null: R1 invalid mem access 'mem_or_null'
    *(u64 *)(r10 - 8) = 0
    r1 = r10
    r1 += -8
    call read
    r0 = 0
    exit
  read:
    r0 = *(u32 *)(r1 + 4)
    exit

case global_function_pointer_beyond
section socket
struct pair a:u32 b:u32
func read global *pair:nonnull
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses pointer_may_be_null: R1 invalid mem access 'mem_or_null'
    *(u64 *)(r10 - 8) = 0
    r1 = r10
    r1 += -8
    call read
    r0 = 0
    exit
  read:
    r0 = *(u32 *)(r1 + 8)                   ;! memory_bounds: invalid access to memory, mem_size=8 off=8 size=4; R1 min value is outside of the allowed memory range
    exit

case global_function_passed_too_little
section socket
struct pair a:u32 b:u32
func read global *pair:nonnull
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses pointer_may_be_null: R1 invalid mem access 'mem_or_null'
    *(u32 *)(r10 - 4) = 0
    r1 = r10
    r1 += -4
    call read                               ;! stack_bounds: invalid read from stack R1 off=-4 size=8; Caller passes invalid args into func#1 ('read')
    r0 = 0
    exit
  read:
    r0 = *(u32 *)(r1 + 0)
    exit

case global_function_passed_number
section socket
struct pair a:u32 b:u32
func read global *pair:nonnull
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses pointer_may_be_null: R1 invalid mem access 'mem_or_null'
    r1 = 5
    call read                               ;! argument_type: R1 type=scalar expected=fp; Caller passes invalid args into func#1 ('read')
    r0 = 0
    exit
  read:
    r0 = *(u32 *)(r1 + 0)
    exit

case global_function_passed_null
section socket
struct pair a:u32 b:u32
func read global *pair:nonnull
kernel 6.18 accepts 6
like 6.18 6.12
kernel 6.1 refuses pointer_may_be_null: R1 invalid mem access 'mem_or_null'
kernel 7.3 refuses argument_type: R1 is expected to be non-NULL; Caller passes invalid args into func#1 ('read')
    r1 = 0
    call read
    r0 = 0
    exit
  read:
    r0 = *(u32 *)(r1 + 0)
    exit

case global_function_context
section tc
func read global ptr:ctx
kernel 6.18 accepts 5
like 6.18 6.12 7.3
kernel 6.1 refuses no_message: Invalid argument
    call read
    r0 = 0
    exit
  read:
    r0 = *(u32 *)(r1 + 0)
    exit

case global_function_context_expected
section tc
func read global ptr:ctx
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses no_message: Invalid argument
    r1 = r10
    call read                               ;! btf_type: arg#0 expects pointer to ctx; Caller passes invalid args into func#1 ('read')
    r0 = 0
    exit
  read:
    r0 = *(u32 *)(r1 + 0)
    exit

case global_function_void
section socket
func nothing global u64 -> void
kernel 6.18 refuses
like 6.18 6.1 6.12
kernel 7.3 accepts 6
    r1 = 1
    call nothing                            ;! global_function: Global function nothing() doesn't return scalar. Only those are supported.; Caller passes invalid args into func#1 ('nothing')
    r0 = 0
    exit
  nothing:
    r0 = 0
    exit

case global_function_returns_pointer
section socket
func point global -> *u64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call point                              ;! global_function: Global function point() doesn't return scalar. Only those are supported.; Caller passes invalid args into func#1 ('point')
    r0 = 0
    exit
  point:
    r0 = 0
    exit

case global_function_six_arguments
section socket
func many global u64 u64 u64 u64 u64 u64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = 1
    r2 = 1
    r3 = 1
    r4 = 1
    r5 = 1
    call many                               ;! global_function: Global function many() with 6 > 5 args. Buggy compiler.; Caller passes invalid args into func#1 ('many')
    r0 = 0
    exit
  many:
    r0 = 0
    exit

case global_function_wrong_itself
section socket
func wrong global u64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = 1
    call wrong
    r0 = 0
    exit
  wrong:
    r0 = *(u64 *)(r1 + 0)                   ;! address_is_number: R1 invalid mem access 'scalar'
    exit

case global_function_never_called_is_unreachable
section socket
func wrong global u64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r0 = 0
    exit
  wrong:
    r0 = 0                                  ;! cfg_unreachable: unreachable insn 2
    exit

case global_function_dynptr
section raw_tp/sys_enter
func read global ptr
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses no_message: Invalid argument
    r1 = r10
    call read                               ;! argument_type: Caller passes invalid args into func#1 ('read')
    r0 = 0
    exit
  read:
    r0 = 0
    exit

// The stack: 512 bytes below r10, written before it is read.

case stack_read_unwritten
section socket
kernel 6.18 accepts 2
like 6.18 6.12 7.3
kernel 6.1 refuses stack_bounds: invalid read from stack R10 off=-8 size=8
kernel 6.1-user refuses stack_bounds: invalid read from stack R10 off=-8 size=8
kernel 6.12-user refuses stack_bounds: invalid read from stack R10 off=-8 size=8
kernel 7.3-user refuses stack_bounds: invalid read from stack R10 off=-8 size=8
    r0 = *(u64 *)(r10 - 8)
    exit

case stack_write_then_read
section socket
kernel 6.18 accepts 4
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u64 *)(r10 - 8) = 7
    r0 = *(u64 *)(r10 - 8)
    r0 = 0
    exit

case stack_write_above
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u64 *)(r10 + 0) = 7                   ;! stack_bounds: invalid write to stack R10 off=0 size=8
    r0 = 0
    exit

case stack_write_positive
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 + 8) = 7                   ;! stack_bounds: invalid write to stack R10 off=8 size=4
    r0 = 0
    exit

case stack_lowest_slot
section socket
kernel 6.18 accepts 3
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u64 *)(r10 - 512) = 7
    r0 = 0
    exit

case stack_below_512
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u64 *)(r10 - 520) = 7                 ;! stack_bounds: invalid write to stack R10 off=-520 size=8
    r0 = 0
    exit

case stack_crosses_512
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u64 *)(r10 - 516) = 7                 ;! misaligned: misaligned stack access off 0+0+-516 size 8
    r0 = 0
    exit

case stack_crosses_top
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u64 *)(r10 - 4) = 7                   ;! misaligned: misaligned stack access off 0+0+-4 size 8
    r0 = 0
    exit

case stack_misaligned
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u64 *)(r10 - 12) = 7                  ;! misaligned: misaligned stack access off 0+0+-12 size 8
    r0 = 0
    exit

case stack_partly_written
section socket
kernel 6.18 accepts 4
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses stack_bounds: invalid read from stack off -8+4 size 8
kernel 6.12-user refuses stack_bounds: invalid read from stack off -8+4 size 8
kernel 7.3-user refuses stack_bounds: invalid read from stack off -8+4 size 8
    *(u32 *)(r10 - 8) = 7
    r0 = *(u64 *)(r10 - 8)
    r0 = 0
    exit

case stack_partly_written_read_part
section socket
kernel 6.18 accepts 4
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 8) = 7
    r0 = *(u32 *)(r10 - 8)
    r0 = 0
    exit

case stack_spill_pointer
section socket
kernel 6.18 accepts 4
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u64 *)(r10 - 8) = r1
    r1 = *(u64 *)(r10 - 8)
    r0 = *(u32 *)(r1 + 0)
    exit

case stack_spilled_pointer_in_part
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u64 *)(r10 - 8) = r1
    r0 = *(u32 *)(r10 - 8)                  ;! pointer_partial: invalid size of register fill
    r0 = 0
    exit

case stack_spilled_pointer_overwritten_in_part
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses pointer_partial: attempt to corrupt spilled pointer on stack
kernel 6.12-user refuses pointer_partial: attempt to corrupt spilled pointer on stack
kernel 7.3-user refuses pointer_partial: attempt to corrupt spilled pointer on stack
    *(u64 *)(r10 - 8) = r1
    *(u32 *)(r10 - 8) = 0
    r1 = *(u64 *)(r10 - 8)
    r0 = *(u32 *)(r1 + 0)                   ;! address_is_number: R1 invalid mem access 'scalar'
    exit

case stack_spill_pointer_narrow
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 8) = r1                  ;! pointer_partial: invalid size of register spill
    r0 = 0
    exit

case stack_spilled_number_is_known
section socket
map values array value 16
kernel 6.18 accepts 12
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses pointer_offset_range: math between map_value pointer and register with unbounded min value is not allowed
kernel 6.12-user refuses pointer_offset_range: math between map_value pointer and register with unbounded min value is not allowed
kernel 7.3-user refuses pointer_offset_range: math between map_value pointer and register with unbounded min value is not allowed
    *(u64 *)(r10 - 8) = 4
    *(u32 *)(r10 - 12) = 0
    r2 = r10
    r2 += -12
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    r1 = *(u64 *)(r10 - 8)
    r0 += r1
    r0 = *(u64 *)(r0 + 4)
  out:
    r0 = 0
    exit

case stack_variable_write
section socket
kernel 6.18 accepts 8
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses stack_variable_offset: R3 variable stack access prohibited for !root, var_off=(0x0; 0x7) off=-16
kernel 6.12-user refuses stack_variable_offset: R3 variable stack access prohibited for !root, var_off=(0x0; 0x7) off=-16
kernel 7.3-user refuses stack_variable_offset: R3 variable stack access prohibited for !root, var_off=(0xfffffffffffffff0; 0x7) off=-16
    r2 = *(u32 *)(r1 + 0)
    r2 &= 7
    r3 = r10
    r3 += -16
    r3 += r2
    *(u8 *)(r3 + 0) = 1
    r0 = 0
    exit

case stack_variable_write_unbounded
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses stack_variable_offset: R3 variable stack access prohibited for !root, var_off=(0x0; 0xffffffff) off=-16
kernel 6.12-user refuses stack_variable_offset: R3 variable stack access prohibited for !root, var_off=(0x0; 0xffffffff) off=-16
kernel 7.3-user refuses stack_variable_offset: R3 variable stack access prohibited for !root, var_off=(0x0; 0xffffffffffffffff) off=0
    r2 = *(u32 *)(r1 + 0)
    r3 = r10
    r3 += -16
    r3 += r2
    *(u8 *)(r3 + 0) = 1                     ;! stack_bounds: invalid unbounded variable-offset write to stack R3
    r0 = 0
    exit

case stack_variable_write_beyond
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses stack_variable_offset: R3 variable stack access prohibited for !root, var_off=(0x0; 0x1f) off=-16
kernel 6.12-user refuses stack_variable_offset: R3 variable stack access prohibited for !root, var_off=(0x0; 0x1f) off=-16
kernel 7.3-user refuses stack_variable_offset: R3 variable stack access prohibited for !root, var_off=(0x0; 0xffffffffffffffff) off=0
    r2 = *(u32 *)(r1 + 0)
    r2 &= 31
    r3 = r10
    r3 += -16
    r3 += r2
    *(u8 *)(r3 + 0) = 1                     ;! stack_bounds: invalid variable-offset write to stack R3 var_off=(0x0; 0x1f) off=-16 size=1
    r0 = 0
    exit

case stack_variable_read
section socket
kernel 6.18 accepts 9
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses stack_variable_offset: R3 variable stack access prohibited for !root, var_off=(0x0; 0x7) off=-16
kernel 6.12-user refuses stack_variable_offset: R3 variable stack access prohibited for !root, var_off=(0x0; 0x7) off=-16
kernel 7.3-user refuses stack_variable_offset: R3 variable stack access prohibited for !root, var_off=(0xfffffffffffffff0; 0x7) off=-16
    *(u64 *)(r10 - 8) = 0
    *(u64 *)(r10 - 16) = 0
    r2 = *(u32 *)(r1 + 0)
    r2 &= 7
    r3 = r10
    r3 += -16
    r3 += r2
    r0 = *(u8 *)(r3 + 0)
    exit

case stack_variable_read_unwritten
section socket
kernel 6.18 accepts 8
like 6.18 6.12 7.3
kernel 6.1 refuses stack_bounds: invalid variable-offset read from stack R3 var_off=(0x0; 0xf) size=1
kernel 6.1-user refuses stack_variable_offset: R3 variable stack access prohibited for !root, var_off=(0x0; 0xf) off=-16
kernel 6.12-user refuses stack_variable_offset: R3 variable stack access prohibited for !root, var_off=(0x0; 0xf) off=-16
kernel 7.3-user refuses stack_variable_offset: R3 variable stack access prohibited for !root, var_off=(0xfffffffffffffff0; 0xf) off=-16
    *(u64 *)(r10 - 8) = 0
    r2 = *(u32 *)(r1 + 0)
    r2 &= 15
    r3 = r10
    r3 += -16
    r3 += r2
    r0 = *(u8 *)(r3 + 0)
    exit

case stack_variable_write_over_pointer
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses stack_variable_offset: R3 variable stack access prohibited for !root, var_off=(0x0; 0x7) off=-8
kernel 6.12-user refuses stack_variable_offset: R3 variable stack access prohibited for !root, var_off=(0x0; 0x7) off=-8
kernel 7.3-user refuses stack_variable_offset: R3 variable stack access prohibited for !root, var_off=(0xfffffffffffffff8; 0x7) off=-8
    *(u64 *)(r10 - 8) = r1
    r2 = *(u32 *)(r1 + 0)
    r2 &= 7
    r3 = r10
    r3 += -8
    r3 += r2
    *(u8 *)(r3 + 0) = 1
    r1 = *(u64 *)(r10 - 8)
    r0 = *(u32 *)(r1 + 0)                   ;! address_is_number: R1 invalid mem access 'scalar'
    exit

case stack_written_on_one_path
section socket
kernel 6.18 accepts 9
like 6.18 6.12 7.3
kernel 6.1 refuses stack_bounds: invalid read from stack R10 off=-8 size=8
kernel 6.1-user refuses stack_bounds: invalid read from stack R10 off=-8 size=8
kernel 6.12-user refuses stack_bounds: invalid read from stack R10 off=-8 size=8
kernel 7.3-user refuses stack_bounds: invalid read from stack R10 off=-8 size=8
    r2 = *(u32 *)(r1 + 0)
    if r2 == 0 goto skip
    *(u64 *)(r10 - 8) = 0
  skip:
    r0 = *(u64 *)(r10 - 8)
    r0 = 0
    exit

case stack_pointer_of_caller
section socket
kernel 6.18 accepts 8
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 6.12-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 7.3-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
    *(u64 *)(r10 - 8) = 3
    r1 = r10
    r1 += -8
    call sub
    exit
  sub:
    r0 = *(u64 *)(r1 + 0)
    r0 = 0
    exit

case stack_callee_writes_caller
section socket
kernel 6.18 accepts 9
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 6.12-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 7.3-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
    r1 = r10
    r1 += -8
    call sub
    r0 = *(u64 *)(r10 - 8)
    r0 = 0
    exit
  sub:
    *(u64 *)(r1 + 0) = 1
    r0 = 0
    exit

case stack_pointer_to_own_frame_stored_in_caller
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 6.12-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 7.3-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
    r1 = r10
    r1 += -8
    call sub
    r0 = 0
    exit
  sub:
    *(u64 *)(r1 + 0) = r10                  ;! stack_escape: cannot spill pointers to stack into stack frame of the caller
    r0 = 0
    exit

case stack_pointer_returned
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 6.12-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 7.3-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
    call sub
    r0 = 0
    exit
  sub:
    r0 = r10
    exit                                    ;! stack_escape: cannot return stack pointer to the caller

case stack_of_two_frames_too_large
section socket
kernel 6.18 refuses stack_size: combined stack size of 2 calls is 544. Too large
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 6.12-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 7.3-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
    *(u64 *)(r10 - 264) = 0
    call sub
    r0 = 0
    exit
  sub:
    *(u64 *)(r10 - 264) = 0
    r0 = 0
    exit

case stack_of_two_frames_fits
section socket
kernel 6.18 accepts 7
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 6.12-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 7.3-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
    *(u64 *)(r10 - 256) = 0
    call sub
    r0 = 0
    exit
  sub:
    *(u64 *)(r10 - 256) = 0
    r0 = 0
    exit

case stack_key_not_written
section socket
map values hash key 8 value 8 entries 4
kernel 6.18 accepts 6
like 6.18 6.12 7.3
kernel 6.1 refuses stack_unwritten: invalid indirect read from stack R2 off -8+0 size 8
kernel 6.1-user refuses stack_unwritten: invalid indirect read from stack R2 off -8+0 size 8
kernel 6.12-user refuses stack_unwritten: invalid indirect read from stack R2 off -8+0 size 8
kernel 7.3-user refuses stack_bounds: invalid read from stack R2 off=-8 size=8
    r2 = r10
    r2 += -8
    r1 = map[fd:values]
    call map_lookup_elem
    r0 = 0
    exit

case stack_key_half_written
section socket
map values hash key 8 value 8 entries 4
kernel 6.18 accepts 7
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses stack_unwritten: invalid indirect read from stack R2 off -8+4 size 8
kernel 6.12-user refuses stack_unwritten: invalid indirect read from stack R2 off -8+4 size 8
kernel 7.3-user refuses stack_bounds: invalid read from stack R2 off -8+4 size 8
    *(u32 *)(r10 - 8) = 0
    r2 = r10
    r2 += -8
    r1 = map[fd:values]
    call map_lookup_elem
    r0 = 0
    exit

case stack_key_beyond_top
section socket
map values hash key 8 value 8 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u64 *)(r10 - 8) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem                    ;! stack_bounds: invalid read from stack R2 off=-4 size=8
    r0 = 0
    exit

case stack_helper_fills
section socket
kernel 6.18 accepts 6
like 6.18 7.3
kernel 6.1 refuses helper_unknown: unknown func bpf_get_current_comm#16
kernel 6.12 refuses helper_not_allowed: program of this type cannot use helper bpf_get_current_comm#16
kernel 6.1-user refuses helper_unknown: unknown func bpf_get_current_comm#16
kernel 6.12-user refuses helper_not_allowed: program of this type cannot use helper bpf_get_current_comm#16
kernel 7.3-user refuses helper_not_allowed: program of this type cannot use helper bpf_get_current_comm#16
    r1 = r10
    r1 += -16
    r2 = 16
    call get_current_comm
    r0 = *(u64 *)(r10 - 16)
    exit

case stack_helper_fills_tracepoint
section raw_tp/sys_enter
kernel 6.18 accepts 7
like 6.18 6.1 6.12 7.3
    r1 = r10
    r1 += -16
    r2 = 16
    call get_current_comm
    r0 = *(u64 *)(r10 - 16)
    r0 = 0
    exit

case stack_helper_fills_too_much
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = r10
    r1 += -16
    r2 = 17
    call get_current_comm                   ;! stack_bounds: invalid write to stack R1 off=-16 size=17
    r0 = 0
    exit

case stack_atomic_on_unwritten
section socket
kernel 6.18 accepts 4
like 6.18 6.12 7.3
kernel 6.1 refuses stack_bounds: invalid read from stack R10 off=-8 size=8
kernel 6.1-user refuses stack_bounds: invalid read from stack R10 off=-8 size=8
kernel 6.12-user refuses stack_bounds: invalid read from stack R10 off=-8 size=8
kernel 7.3-user refuses stack_bounds: invalid read from stack R10 off=-8 size=8
    r1 = 1
    lock *(u64 *)(r10 - 8) += r1
    r0 = 0
    exit

case stack_atomic
section socket
kernel 6.18 accepts 5
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u64 *)(r10 - 8) = 0
    r1 = 1
    lock *(u64 *)(r10 - 8) += r1
    r0 = 0
    exit

case stack_atomic_misaligned
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u64 *)(r10 - 16) = 0
    *(u64 *)(r10 - 8) = 0
    r1 = 1
    lock *(u64 *)(r10 - 12) += r1           ;! misaligned: misaligned stack access off 0+0+-12 size 8
    r0 = 0
    exit

case stack_of_its_own
section raw_tp/sys_enter
kernel 6.18 accepts 7
like 6.18 7.3
kernel 6.1 refuses stack_size: combined stack size of 2 calls is 576. Too large
kernel 6.12 refuses stack_size: combined stack size of 2 calls is 576. Too large
    *(u64 *)(r10 - 512) = 0
    call inner
    r0 = 0
    exit
  inner:
    *(u64 *)(r10 - 64) = 0
    r0 = 0
    exit

case stack_of_its_own_is_not_for_small_frames
section raw_tp/sys_enter
kernel 6.18 accepts 7
like 6.18 7.3
kernel 6.1 refuses stack_size: combined stack size of 2 calls is 544. Too large
kernel 6.12 refuses stack_size: combined stack size of 2 calls is 528. Too large
    *(u64 *)(r10 - 8) = 0
    call inner
    r0 = 0
    exit
  inner:
    *(u64 *)(r10 - 512) = 0
    r0 = 0
    exit

case stack_of_its_own_not_with_tail_calls
section raw_tp/sys_enter
map progs prog_array
kernel 6.18 refuses stack_size: combined stack size of 2 calls is 576. Too large
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 512) = 0
    r6 = r1
    call inner
    r1 = r6
    r2 = map[fd:progs]
    r3 = 0
    call tail_call
    r0 = 0
    exit
  inner:
    *(u64 *)(r10 - 64) = 0
    r0 = 0
    exit

case stack_of_its_own_not_in_tc
section tc
kernel 6.18 refuses stack_size: combined stack size of 2 calls is 576. Too large
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 512) = 0
    call inner
    r0 = 0
    exit
  inner:
    *(u64 *)(r10 - 64) = 0
    r0 = 0
    exit

case stack_of_a_timer_is_not_added
section tc
struct elem t:bpf_timer
map elems array value elem
kernel 6.18 accepts 15
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 512) = 0
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r1 = r0
    r2 = subprog[later]
    call timer_set_callback
  out:
    r0 = 0
    exit
  later:
    *(u64 *)(r10 - 512) = 0
    r0 = 0
    exit

case stack_of_a_loop_is_added
section tc
kernel 6.18 refuses stack_size: combined stack size of 2 calls is 576. Too large
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 512) = 0
    r1 = 4
    r2 = subprog[turn]
    r3 = 0
    r4 = 0
    call loop
    r0 = 0
    exit
  turn:
    *(u64 *)(r10 - 64) = 0
    r0 = 0
    exit

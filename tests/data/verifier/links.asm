# Numbers that are a constant apart, and what else states are compared by.

case links_difference_of_a_copy
section socket
map values array value 64
kernel 6.18 accepts 19
like 6.18 7.3
kernel 6.1 refuses pointer_offset_range: math between map_value pointer and register with unbounded min value is not allowed
kernel 6.12 refuses pointer_offset_range: math between map_value pointer and register with unbounded min value is not allowed
kernel 6.1-user refuses pointer_offset_range: math between map_value pointer and register with unbounded min value is not allowed
kernel 6.12-user refuses pointer_offset_range: math between map_value pointer and register with unbounded min value is not allowed
kernel 7.3-user refuses pointer_offset_range: math between map_value pointer and register with unbounded min value is not allowed
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r7 -= 8
    if r0 > 71 goto out
    if r0 < 8 goto out
    r6 += r7
    r0 = *(u8 *)(r6 + 0)
  out:
    r0 = 0
    exit

case links_difference_of_a_copy_too_large
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 7.3
kernel 6.1 refuses pointer_offset_range: math between map_value pointer and register with unbounded min value is not allowed
kernel 6.12 refuses pointer_offset_range: math between map_value pointer and register with unbounded min value is not allowed
kernel 6.1-user refuses pointer_offset_range: math between map_value pointer and register with unbounded min value is not allowed
kernel 6.12-user refuses pointer_offset_range: math between map_value pointer and register with unbounded min value is not allowed
kernel 7.3-user refuses pointer_offset_range: math between map_value pointer and register with unbounded min value is not allowed
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r7 -= 8
    if r0 > 72 goto out
    if r0 < 8 goto out
    r6 += r7
    r0 = *(u8 *)(r6 + 0)                    ;! map_value_bounds: invalid access to map value, value_size=64 off=64 size=1; R6 max value is outside of the allowed memory range
  out:
    r0 = 0
    exit

case links_sum_of_32_bits
section socket
map values array value 64
kernel 6.18 accepts 18
like 6.18 7.3
kernel 6.1 refuses access_unbounded: R6 unbounded memory access, make sure to bounds check any such access
kernel 6.12 refuses access_unbounded: R6 unbounded memory access, make sure to bounds check any such access
kernel 6.1-user refuses access_unbounded: R6 unbounded memory access, make sure to bounds check any such access; R6 pointer arithmetic of map value goes out of range, prohibited for !root
kernel 6.12-user refuses access_unbounded: R6 unbounded memory access, make sure to bounds check any such access; R6 pointer arithmetic of map value goes out of range, prohibited for !root
kernel 7.3-user refuses access_unbounded: R6 unbounded memory access, make sure to bounds check any such access
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    call get_prandom_u32
    w0 = w0
    r7 = r0
    w7 += 4
    if r0 > 59 goto out
    r6 += r7
    r0 = *(u8 *)(r6 + 0)
  out:
    r0 = 0
    exit

case links_sum_of_32_bits_of_a_wide_number
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    call ktime_get_ns
    r7 = r0
    w7 += 4
    if r0 > 59 goto out
    r6 += r7
    r0 = *(u8 *)(r6 + 0)                    ;! access_unbounded: R6 unbounded memory access, make sure to bounds check any such access
  out:
    r0 = 0
    exit

case links_sums_of_32_and_64_bits
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    call get_prandom_u32
    w0 = w0
    r7 = r0
    w7 += 4
    r8 = r0
    r8 += 4
    if r8 > 59 goto out
    r6 += r7
    r0 = *(u8 *)(r6 + 0)                    ;! access_unbounded: R6 unbounded memory access, make sure to bounds check any such access
  out:
    r0 = 0
    exit

case links_two_sums_of_32_bits
section socket
map values array value 64
kernel 6.18 accepts 20
like 6.18 7.3
kernel 6.1 refuses access_unbounded: R6 unbounded memory access, make sure to bounds check any such access
kernel 6.12 refuses access_unbounded: R6 unbounded memory access, make sure to bounds check any such access
kernel 6.1-user refuses access_unbounded: R6 unbounded memory access, make sure to bounds check any such access; R6 pointer arithmetic of map value goes out of range, prohibited for !root
kernel 6.12-user refuses access_unbounded: R6 unbounded memory access, make sure to bounds check any such access; R6 pointer arithmetic of map value goes out of range, prohibited for !root
kernel 7.3-user refuses access_unbounded: R6 unbounded memory access, make sure to bounds check any such access
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    call get_prandom_u32
    w0 = w0
    r7 = r0
    w7 += 4
    r8 = r0
    w8 -= 4
    if r8 > 50 goto out
    r6 += r7
    r0 = *(u8 *)(r6 + 0)
  out:
    r0 = 0
    exit

case links_of_other_numbers_are_no_reason_to_stop
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    call get_prandom_u32
    r9 = r0
    r9 &= 1
    call get_prandom_u32
    r8 = r0
    call get_prandom_u32
    w0 = w0
    w8 = w8
    r7 = r0
    if r9 == 0 goto same
    r7 = r8
  same:
    r7 += 4
    if r0 > 50 goto out
    r6 += r7
    r0 = *(u8 *)(r6 + 0)                    ;! access_unbounded: R6 unbounded memory access, make sure to bounds check any such access
  out:
    r0 = 0
    exit

case load_acquire_of_a_socket
section sk_reuseport
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u64 *)(r1 + 40)
    w0 = load_acquire((u32 *)(r2 + 4))      ;! atomic_operand: BPF_ATOMIC loads from R2 sock is not allowed
    r0 = 0
    exit

case load_acquire_of_a_context
section sk_reuseport
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    w0 = load_acquire((u32 *)(r1 + 16))     ;! atomic_operand: BPF_ATOMIC loads from R1 ctx is not allowed
    r0 = 0
    exit

case trap_of_a_compiler
section socket
kernel 6.18 refuses
like 6.18 7.3
kernel 7.3-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
    call __bpf_trap                         ;! register_unset: unexpected __bpf_trap() due to uninitialized variable?
    r0 = 0
    exit

case timer_that_sets_itself_again
section tc
struct elem t:bpf_timer
map elems array value elem
kernel 6.18 accepts 49
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r2 = subprog[fires]
    call timer_set_callback
    r1 = r6
    r2 = 1
    r3 = 0
    call timer_start
  out:
    r0 = 0
    exit
  fires:
    r6 = r3
    call get_prandom_u32
    r7 = r0
    if r7 == 7 goto again
    if r7 == 8 goto again
    if r7 == 9 goto again
    r7 = 0
  again:
    r1 = r6
    r2 = subprog[fires]
    call timer_set_callback
    r1 = r6
    r2 = 1
    r3 = 0
    call timer_start
    r0 = 0
    exit

case callback_loop_of_a_context
section tc
kernel 6.18 refuses
kernel 6.1 accepts 8
kernel 6.12 refuses argument_type: R1 type=ctx expected=scalar
kernel 7.3 refuses argument_type: R1 type=ctx expected=scalar
    r2 = subprog[turn]
    r3 = 0
    r4 = 0
    call loop                               ;! kernel_limit: verifier bug: backtracking misuse
    r0 = 0
    exit
  turn:
    r0 = 0
    exit

case callback_widens_what_its_last_turn_changed
section tc
kernel 6.18 accepts 23
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 0
    r1 = 100
    r2 = subprog[turn]
    r3 = r10
    r3 += -8
    r4 = 0
    call loop
    r0 = 0
    exit
  turn:
    r1 = *(u64 *)(r2 + 0)
    r1 += 1
    *(u64 *)(r2 + 0) = r1
    r0 = 0
    exit

case jump_compares_a_register_with_itself
section tc
kernel 6.18 refuses
like 6.18 6.1 6.12
kernel 7.3 accepts 5
    call get_prandom_u32
    if r0 == r0 goto same
    r0 = *(u64 *)(r10 - 520)                ;! stack_bounds: invalid read from stack R10 off=-520 size=8
  same:
    if w0 s< w0 goto never
    r0 = 0
    exit
  never:
    r0 = *(u64 *)(r10 - 520)
    exit

case jump_tests_the_bits_of_a_register_with_itself
section tc
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r0 |= 1
    if r0 & r0 goto out
    r0 = *(u64 *)(r10 - 520)                ;! stack_bounds: invalid read from stack R10 off=-520 size=8
  out:
    r0 = 0
    exit

case timer_function_that_names_itself_and_is_not_set
section tc
struct elem t:bpf_timer
map elems array value elem
kernel 6.18 refuses call_depth: the call stack of 8 frames is too deep !
like 6.18 6.1 6.12 7.3
    r2 = subprog[fires]
    r0 = 0
    exit
  fires:
    r1 = r3
    r2 = subprog[fires]
    call timer_set_callback
    r0 = 0
    exit

case loop_function_that_loops_over_itself
section tc
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = 2
    r2 = subprog[turn]
    r3 = 0
    r4 = 0
    call loop
    r0 = 0
    exit
  turn:
    if r1 == 1 goto out
    r1 = 2
    r2 = subprog[turn]
    r3 = 0
    r4 = 0
    call loop                               ;! call_depth: the call stack of 9 frames is too deep
  out:
    r0 = 0
    exit

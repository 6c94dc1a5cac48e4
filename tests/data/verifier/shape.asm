// The shape of a program: what is checked before any path is followed.

case shape_return_zero
section socket
kernel 6.18 accepts 2
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 0
    exit

case shape_no_exit
section socket
kernel 6.18 refuses cfg_fallthrough: last insn is not an exit or jmp
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 0

case shape_exit_without_value
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    exit                                    ;! register_unset: R0 !read_ok

case shape_unreachable
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 0
    exit
    r0 = 1                                  ;! cfg_unreachable: unreachable insn 2
    exit

case shape_unreachable_behind_goto
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 0
    goto end
    r0 = 1                                  ;! cfg_unreachable: unreachable insn 2
  end:
    exit

case shape_jump_beyond_end
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 0
    if r0 == 0 goto +5                      ;! cfg_jump_range: jump out of range from insn 1 to 7
    exit

case shape_jump_before_start
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 0
    if r0 == 0 goto -4                      ;! cfg_jump_range: jump out of range from insn 1 to -2
    exit

case shape_jump_into_wide
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 0
    if r0 == 1 goto +1
    r0 = 1 ll                               ;! cfg_jump_range: jump into the middle of ldimm64 insn 2
    exit

case shape_falls_into_function
section socket
kernel 6.18 refuses cfg_fallthrough: last insn is not an exit or jmp
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 6.12-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 7.3-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
    r0 = 0
    call sub
    r0 = 0
  sub:
    r0 = 1
    exit

case shape_goto_into_function
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 6.12-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 7.3-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
    r0 = 0
    if r0 == 0 goto inside                  ;! cfg_jump_range: jump out of range from insn 1 to 5
    call sub
    exit
  sub:
    r0 = 1
  inside:
    exit

case shape_endless_loop
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 1 to 1
kernel 6.12-user refuses cfg_loop: back-edge from insn 1 to 1
kernel 7.3-user refuses cfg_loop: back-edge from insn 1 to 1
    r0 = 0
  again:
    goto again                              ;! infinite_loop: infinite loop detected at insn 1

case shape_endless_conditional_loop
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 1 to 1
kernel 6.12-user refuses cfg_loop: back-edge from insn 1 to 1
kernel 7.3-user refuses cfg_loop: back-edge from insn 1 to 1
    r0 = 0
  again:
    if r0 == 0 goto again                   ;! infinite_loop: infinite loop detected at insn 1
    exit

case shape_loop_without_progress
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 2 to 2
kernel 6.12-user refuses cfg_loop: back-edge from insn 2 to 2
kernel 7.3-user refuses cfg_loop: back-edge from insn 2 to 2
    r6 = *(u32 *)(r1 + 0)
    r0 = 0
  again:
    if r6 == 7 goto again                   ;! infinite_loop: infinite loop detected at insn 2
    exit

case shape_bounded_loop
section socket
kernel 6.18 accepts 22
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 2 to 1
kernel 6.12-user refuses cfg_loop: back-edge from insn 2 to 1
kernel 7.3-user refuses cfg_loop: back-edge from insn 2 to 1
    r0 = 0
  again:
    r0 += 1
    if r0 < 10 goto again
    exit

case shape_bounded_loop_unknown_count
section socket
kernel 6.18 accepts 82
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 7 to 4
kernel 6.12-user refuses cfg_loop: back-edge from insn 7 to 4
kernel 7.3-user refuses cfg_loop: back-edge from insn 7 to 4
    r6 = *(u32 *)(r1 + 0)
    r6 &= 15
    r0 = 0
    r7 = 0
  again:
    if r7 >= r6 goto out
    r0 += r7
    r7 += 1
    goto again
  out:
    r0 = 0
    exit

case shape_reserved_field_exit
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 0
    .insn 0x95 0 0 0 7                      ;! insn_reserved: BPF_EXIT uses reserved fields

case shape_reserved_field_mov
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    .insn 0xb7 0 0 3 0                      ;! insn_reserved: BPF_MOV uses reserved fields
    exit

case shape_reserved_field_neg
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 1
    .insn 0x87 0 1 0 0                      ;! insn_reserved: BPF_NEG uses reserved fields
    exit

case shape_reserved_field_ja
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 0
    .insn 0x05 1 0 0 0                      ;! insn_reserved: BPF_JA uses reserved fields
    exit

case shape_reserved_field_ldx
section socket
kernel 6.18 refuses insn_reserved: BPF_LDX uses reserved fields
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    .insn 0x61 0 1 0 5
    exit

case shape_reserved_field_st
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    .insn 0x7a 10 1 -8 0                    ;! insn_reserved: BPF_ST uses reserved fields
    r0 = 0
    exit

case shape_unknown_alu_code
section socket
kernel 6.18 refuses insn_reserved: unknown opcode f7
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 0
    .insn 0xf7 0 0 0 0
    exit

case shape_unknown_jump_code
section socket
kernel 6.18 refuses insn_reserved: unknown opcode f5
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 0
    .insn 0xf5 0 0 0 0
    exit

case shape_unknown_opcode
section socket
kernel 6.18 refuses insn_reserved: unknown opcode ff
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 0
    .insn 0xff 0 0 0 0
    exit

case shape_opcode_zero
section socket
kernel 6.18 refuses insn_reserved: unknown opcode 00
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 0
    .insn 0x00 0 0 0 0
    exit

case shape_register_eleven
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 0
    .insn 0xb7 11 0 0 0                     ;! register_number: R11 is invalid
    exit

case shape_source_register_twelve
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    .insn 0xbf 0 12 0 0                     ;! register_number: R12 is invalid
    exit

case shape_frame_pointer_moved
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r10 = 0                                 ;! frame_pointer_written: frame pointer is read only
    r0 = 0
    exit

case shape_frame_pointer_added
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r10 += 8                                ;! frame_pointer_written: frame pointer is read only
    r0 = 0
    exit

case shape_wide_reserved_source
section socket
kernel 6.18 refuses insn_reserved: unrecognized bpf_ld_imm64 insn
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    .insn 0x18 0 9 0 0
    exit

case shape_bad_atomic_operation
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 0
    *(u64 *)(r10 - 8) = 0                   ;! atomic_operand: BPF_ATOMIC uses invalid atomic opcode 77
    .insn 0xdb 10 0 -8 0x77
    exit

case shape_atomic_byte
section socket
kernel 6.18 refuses
like 6.18 7.3 7.3-user
kernel 6.1 refuses insn_reserved: unknown opcode d3
kernel 6.12 refuses insn_reserved: unknown opcode d3
kernel 6.1-user refuses insn_reserved: unknown opcode d3
kernel 6.12-user refuses insn_reserved: unknown opcode d3
    r0 = 0
    *(u64 *)(r10 - 8) = 0
    .insn 0xd3 10 0 -8 0                    ;! atomic_operand: invalid atomic operand size
    exit

case shape_byteswap_width
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 0
    .insn 0xdc 0 0 0 24                     ;! insn_reserved: BPF_END uses reserved fields
    exit

case shape_sign_extending_move
section socket
kernel 6.18 accepts 3
like 6.18 6.12 7.3 6.12-user 7.3-user
kernel 6.1 refuses insn_reserved: BPF_MOV uses reserved fields
kernel 6.1-user refuses insn_reserved: BPF_MOV uses reserved fields
    r1 = 200
    r0 = (s8)r1
    exit

case shape_sign_extending_move_width
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r1 = 200
    .insn 0xbf 0 1 24 0                     ;! insn_reserved: BPF_MOV uses reserved fields
    exit

case shape_shift_by_64
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 1
    r0 <<= 64                               ;! shift_amount: invalid shift 64
    exit

case shape_shift_by_63
section socket
kernel 6.18 accepts 3
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 1
    r0 <<= 63
    exit

case shape_shift32_by_32
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 1
    w0 <<= 32                               ;! shift_amount: invalid shift 32
    exit

case shape_shift_negative
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 1
    r0 >>= -1                               ;! shift_amount: invalid shift -1
    exit

case shape_divide_by_zero_constant
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 1
    r0 /= 0                                 ;! division_by_zero: div by zero
    exit

case shape_modulo_by_zero_constant
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 1
    w0 %= 0                                 ;! division_by_zero: div by zero
    exit

case shape_divide_by_zero_register
section socket
kernel 6.18 accepts 4
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 1
    r1 = 0
    r0 /= r1
    exit

case shape_signed_divide
section socket
kernel 6.18 accepts 3
like 6.18 6.12 7.3 6.12-user 7.3-user
kernel 6.1 refuses insn_reserved: BPF_ALU uses reserved fields
kernel 6.1-user refuses insn_reserved: BPF_ALU uses reserved fields
    r0 = -7
    r0 s/= 2
    exit

case shape_goto_long
section socket
kernel 6.18 accepts 3
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 0
    gotol end
  end:
    exit

case shape_may_goto
section socket
kernel 6.18 accepts 7
like 6.18 6.12 7.3
kernel 6.1 refuses insn_reserved: unknown opcode e5
kernel 6.1-user refuses insn_reserved: unknown opcode e5
kernel 6.12-user refuses cfg_loop: back-edge from insn 3 to 1
kernel 7.3-user refuses cfg_loop: back-edge from insn 3 to 1
    r0 = 0
  again:
    r0 = 1
    may_goto out
    goto again
  out:
    exit

case shape_function_called
section socket
kernel 6.18 accepts 7
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 6.12-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 7.3-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
    r1 = 5
    call double
    r0 = 0
    exit
  double:
    r0 = r1
    r0 += r1
    exit

case shape_function_recursive
section socket
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses cfg_loop: back-edge from insn 3 to 3
kernel 6.1-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 6.12-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 7.3-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
    call sub
    r0 = 0
    exit
  sub:
    call sub                                ;! call_depth: the call stack of 9 frames is too deep
    r0 = 0
    exit

case shape_function_reads_unset_argument
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
    r0 = r2                                 ;! register_unset: R2 !read_ok
    exit

case shape_callee_saved_registers
section socket
kernel 6.18 accepts 7
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 6.12-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 7.3-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
    r6 = 1
    call sub
    r0 = r6
    exit
  sub:
    r6 = 2
    r0 = 0
    exit

case shape_caller_saved_register_lost
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 6.12-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 7.3-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
    r1 = 0
    call sub
    r0 = r1                                 ;! register_unset: R1 !read_ok
    exit
  sub:
    r0 = 0
    exit

case shape_call_depth_9
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12
kernel 7.3 accepts 18
kernel 6.1-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 6.12-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 7.3-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
    call f1
    exit
  f1:
    call f2
    exit
  f2:
    call f3
    exit
  f3:
    call f4
    exit
  f4:
    call f5
    exit
  f5:
    call f6
    exit
  f6:
    call f7
    exit
  f7:
    call f8                                 ;! call_depth: the call stack of 9 frames is too deep
    exit
  f8:
    r0 = 0
    exit

case shape_call_depth_8
section socket
kernel 6.18 accepts 16
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 6.12-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 7.3-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
    call f1
    exit
  f1:
    call f2
    exit
  f2:
    call f3
    exit
  f3:
    call f4
    exit
  f4:
    call f5
    exit
  f5:
    call f6
    exit
  f6:
    call f7
    exit
  f7:
    r0 = 0
    exit

case shape_call_into_middle
section socket
kernel 6.18 refuses call_function: call to invalid destination
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 6.12-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 7.3-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
    r0 = 0
    call +100
    exit

case shape_wide_at_end
section socket
kernel 6.18 refuses cfg_fallthrough: last insn is not an exit or jmp
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 0
    exit
    .insn 0x18 0 0 0 0

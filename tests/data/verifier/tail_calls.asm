case tail_call_without_types
section socket
map jumps prog_array entries 2
kernel 6.18 refuses tail_call: tail_call is not allowed in subprogs without BTF
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 6.12-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 7.3-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
    r6 = r1
    call f
    r1 = r10
    r1 += r0
    *(u8 *)(r1 - 16) = 0
    r0 = 0
    exit
  f:
    r2 = map[fd:jumps]
    r3 = 0
    call tail_call
    r0 = 0
    exit

case function_ends_by_tail_call
section socket
map jumps prog_array entries 2
func f static
kernel 6.18 refuses
like 6.18 7.3
kernel 6.1 accepts 12
kernel 6.12 accepts 12
    r6 = r1
    call f
    r1 = r10
    r1 += r0                                ;! pointer_offset_range: math between fp pointer and register with unbounded min value is not allowed
    *(u8 *)(r1 - 16) = 0
    r0 = 0
    exit
  f:
    r2 = map[fd:jumps]
    r3 = 0
    call tail_call
    r0 = 0
    exit

case function_ends_by_tail_call_and_nobody_asks
section socket
map jumps prog_array entries 2
func f static
kernel 6.18 accepts 11
like 6.18 6.1 6.12 7.3
    r6 = r1
    call f
    r0 = 0
    exit
  f:
    r2 = map[fd:jumps]
    r3 = 0
    call tail_call
    r0 = 0
    exit

case function_ends_by_tail_call_before_it_writes
section socket
map jumps prog_array entries 2
func f static
kernel 6.18 accepts 15
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 1000
    r2 = r10
    r2 += -8
    call f
    r3 = *(u64 *)(r10 - 8)
    r0 = 0
    exit
  f:
    r6 = r2
    r2 = map[fd:jumps]
    r3 = 0
    call tail_call
    *(u64 *)(r6 + 0) = 1
    r0 = 0
    exit

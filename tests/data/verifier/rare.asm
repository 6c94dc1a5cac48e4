// Rules that few programs break.

case size_of_memory_unbounded
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u64 *)(r1 + 0)
    r2 >>= 1
    r1 = r10
    r1 += -8
    r3 = 0
    call probe_read_kernel                  ;! size_unbounded: R2 unbounded memory access, use 'var &= const' or 'if (var < const)'
    r0 = 0
    exit

case map_lookup_of_write_only
section socket
map values array value 8 entries 4 flags 0x100
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    r0 = *(u64 *)(r0 + 0)                   ;! map_write_only: read from map forbidden, value_size=8 off=0 size=8
  out:
    r0 = 0
    exit

case map_write_of_write_only
section socket
map values array value 8 entries 4 flags 0x100
kernel 6.18 accepts 9
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    *(u64 *)(r0 + 0) = 1
  out:
    r0 = 0
    exit

case map_update_from_write_only
section socket
map values array value 8 entries 4 flags 0x100
map others array value 8 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    r3 = r0
    r2 = r10
    r2 += -4
    r4 = 0
    r1 = map[fd:others]
    call map_update_elem                    ;! map_write_only: read from map forbidden, value_size=8 off=0 size=8
  out:
    r0 = 0
    exit

case arena_cast_without_arena
section socket
kernel 6.18 refuses
like 6.18 6.12 7.3 6.12-user 7.3-user
kernel 6.1 refuses insn_reserved: BPF_MOV uses reserved fields
kernel 6.1-user refuses insn_reserved: BPF_MOV uses reserved fields
    r1 = 0
    r0 = addr_space_cast(r1, 0, 1)          ;! arena: addr_space_cast insn can only be used in a program that has an associated arena
    r0 = 0
    exit

case arena_cast
section syscall
map memory arena entries 1
kernel 6.18 accepts 7
like 6.18 6.12 7.3
    r2 = map[fd:memory]
    r1 = 0
    r1 = addr_space_cast(r1, 0, 1)
    *(u64 *)(r1 + 8) = 1
    r0 = *(u64 *)(r1 + 8)
    r0 = 0
    exit

case branches_that_wait
section socket
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 8 to 2
kernel 6.12-user refuses cfg_loop: back-edge from insn 8 to 2
kernel 7.3-user refuses cfg_loop: back-edge from insn 8 to 2
    r6 = 0
    r7 = 0
  again:
    call get_prandom_u32
    if r0 > 100 goto odd                    ;! jump_sequence: The sequence of 8193 jumps is too complex.
    r6 += 1
  odd:
    r7 += 1
    *(u64 *)(r10 - 8) = r6
    if r6 > 134217727 goto out
    if r7 != 2147483647 goto again
  out:
    r0 = 0
    exit

case throw
section tc
kernel 6.18 accepts 2
like 6.18 6.12 7.3
    r1 = 0
    call bpf_throw
    exit

case throw_with_reference
section tc
map ring ringbuf entries 4096
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = map[fd:ring]
    r2 = 8
    r3 = 0
    call ringbuf_reserve
    if r0 == 0 goto out
    r1 = 0
    call bpf_throw                          ;! reference_leak: Unreleased reference id=2 alloc_insn=4; bpf_throw would lead to reference leak
  out:
    r0 = 0
    exit

case list_pushed_without_lock
section tc
struct node link:bpf_list_node n:u64
struct elem lock:bpf_spin_lock head:bpf_list_head(node.link)
map lists array value elem
kernel 6.18 refuses
like 6.18 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:lists]
    call map_lookup_elem
    if r0 == 0 goto out
    r1 = r0
    r1 += 8
    call bpf_list_pop_front                 ;! lock: bpf_spin_lock at off=0 must be held for bpf_list_head
  out:
    r0 = 0
    exit

case tail_call_with_reference
section tc
map ring ringbuf entries 4096
map jumps prog_array entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r6 = r1
    r1 = map[fd:ring]
    r2 = 8
    r3 = 0
    call ringbuf_reserve
    if r0 == 0 goto out
    r1 = r6
    r2 = map[fd:jumps]
    r3 = 0
    call tail_call                          ;! reference_leak: Unreleased reference id=2 alloc_insn=5; tail_call would lead to reference leak
  out:
    r0 = 0
    exit

case tail_call_by_map_of_values
section tc
map values array value 8 entries 4
kernel 6.18 refuses
like 6.18 7.3
kernel 6.1 refuses kernel_limit: kernel subsystem misconfigured verifier
kernel 6.12 refuses kernel_limit: kernel subsystem misconfigured verifier
    r2 = map[fd:values]
    r3 = 0
    call tail_call                          ;! tail_call: expected prog array map for tail call
    r0 = 0
    exit

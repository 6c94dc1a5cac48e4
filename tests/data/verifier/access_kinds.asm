// Which memory one instruction may access, and how.

case load_of_context_or_stack
section tc
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r6 = r1
    call get_prandom_u32
    r2 = r6
    if r0 == 0 goto load
    r2 = r10
    r2 += -8
    *(u64 *)(r2 + 0) = 1
  load:
    r0 = *(u32 *)(r2 + 0)                   ;! access_kinds: same insn cannot be used with different pointers
    exit

case load_of_stack_or_map
section tc
map counts array value 8
kernel 6.18 accepts 12
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 8) = 0
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:counts]
    call map_lookup_elem
    r2 = r10
    r2 += -8
    if r0 == 0 goto load
    r2 = r0
  load:
    r0 = *(u32 *)(r2 + 0)
    exit

case store_to_context_or_map
section tc
map counts array value 64
kernel 6.18 accepts 10
like 6.18 7.3
kernel 6.1 refuses context_write: BPF_ST stores into R0 ctx is not allowed
kernel 6.12 refuses access_kinds: same insn cannot be used with different pointers
    r6 = r1
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:counts]
    call map_lookup_elem
    if r0 != 0 goto store
    r0 = r6
  store:
    *(u32 *)(r0 + 8) = 7
    r0 = 0
    exit

case atomic_add_misaligned
section tc
map counts array value 16
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:counts]
    call map_lookup_elem
    if r0 == 0 goto out
    r1 = 1
    lock *(u32 *)(r0 + 6) += r1             ;! misaligned: misaligned value access off 0+0+6 size 4
  out:
    r0 = 0
    exit

case store_misaligned_is_fine
section tc
map counts array value 16
kernel 6.18 accepts 9
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:counts]
    call map_lookup_elem
    if r0 == 0 goto out
    *(u32 *)(r0 + 6) = 1
  out:
    r0 = 0
    exit

case context_pointer_with_sign
section xdp
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses insn_reserved: BPF_LDX uses reserved fields
    r2 = *(s32 *)(r1 + 0)                   ;! context_access: invalid bpf_context access off=0 size=4
    r0 = 0
    exit

case tail_call_moves_the_packet
section tc
map progs prog_array entries 4
kernel 6.18 accepts 15
like 6.18 6.1 7.3
kernel 6.12 refuses address_is_number: R7 invalid mem access 'scalar'
    r6 = r1
    r7 = *(u32 *)(r1 + 76)
    r8 = *(u32 *)(r1 + 80)
    r2 = r7
    r2 += 4
    if r2 > r8 goto out
    r1 = r6
    r2 = map[fd:progs]
    r3 = 0
    call tail_call
    r0 = *(u32 *)(r7 + 0)
  out:
    r0 = 0
    exit

case global_function_moves_the_packet
section tc
func pull global *__sk_buff
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 accepts 17
    r6 = r1
    r7 = *(u32 *)(r1 + 76)
    r8 = *(u32 *)(r1 + 80)
    r2 = r7
    r2 += 4
    if r2 > r8 goto out
    r1 = r6
    call pull
    r0 = *(u32 *)(r7 + 0)                   ;! address_is_number: R7 invalid mem access 'scalar'
  out:
    r0 = 0
    exit
  pull:
    r2 = 0
    call skb_pull_data
    r0 = 0
    exit

case kptr_owned_is_not_stored
section tc
struct elem task:kptr(task_struct)
map elems array value elem
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 accepts 10
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    *(u64 *)(r0 + 0) = 0                    ;! map_special_field: store to referenced kptr disallowed
  out:
    r0 = 0
    exit

case kptr_stored_number
section tc
struct elem task:kptr_untrusted(task_struct)
map elems array value elem
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 accepts 10
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    *(u64 *)(r0 + 0) = 1                    ;! map_special_field: BPF_ST imm must be 0 when storing to kptr at off=0
  out:
    r0 = 0
    exit

case kptr_stored_null
section tc
struct elem task:kptr_untrusted(task_struct)
map elems array value elem
kernel 6.18 accepts 10
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r1 = 0
    *(u64 *)(r0 + 0) = r1
  out:
    r0 = 0
    exit

case kptr_stored_map_value
section tc
struct elem task:kptr_untrusted(task_struct) n:u64
map elems array value elem
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 accepts 12
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r1 = r0
    r1 += 8
    *(u64 *)(r0 + 0) = r1                   ;! map_special_field: invalid kptr access, R1 type=map_value expected=ptr_task_struct or untrusted_ptr_task_struct
  out:
    r0 = 0
    exit

case kptr_copied_within_a_value
section tc
struct elem task:kptr_untrusted(task_struct) other:kptr_untrusted(task_struct)
map elems array value elem
kernel 6.18 accepts 10
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r1 = *(u64 *)(r0 + 0)
    *(u64 *)(r0 + 8) = r1
  out:
    r0 = 0
    exit

case kptr_moved_before_it_is_stored
section tc
struct elem task:kptr_untrusted(task_struct) other:kptr_untrusted(task_struct)
map elems array value elem
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 accepts 16
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r1 = *(u64 *)(r0 + 0)
    if r1 == 0 goto out
    r1 += 16
    *(u64 *)(r0 + 8) = r1                   ;! map_special_field: invalid kptr access, R1 type=untrusted_ptr_task_struct expected=ptr_task_struct or untrusted_ptr_task_struct
  out:
    r0 = 0
    exit

case kptr_loaded_without_comparing
section tc
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
    r1 = *(u64 *)(r0 + 0)
    r0 = *(u64 *)(r1 + 0)                   ;! pointer_may_be_null: R1 invalid mem access 'rcu_ptr_or_null_'
  out:
    r0 = 0
    exit

case kptr_of_rcu_is_read
section tc
struct elem task:kptr(task_struct)
map elems array value elem
kernel 6.18 accepts 13
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r1 = *(u64 *)(r0 + 0)
    if r1 == 0 goto out
    r0 = *(u64 *)(r1 + 0)
  out:
    r0 = 0
    exit

case kptr_atomic
section tc
struct elem task:kptr_untrusted(task_struct)
map elems array value elem
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 accepts 11
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r1 = 0
    lock *(u64 *)(r0 + 0) += r1             ;! map_special_field: kptr in map can only be accessed using BPF_MEM instruction mode
  out:
    r0 = 0
    exit

case helper_writes_into_task
section tp_btf/task_newtask
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r6 = *(u64 *)(r1 + 0)
    r1 = r6
    r2 = 8
    r3 = r6
    call probe_read_kernel                  ;! argument_type: bpf_probe_read_kernel() may write into memory pointed by R1 type=trusted_ptr_
    r0 = 0
    exit

case packet_load_in_function
section socket
func part static *__sk_buff
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 accepts 8
    r6 = r1
    call part
    if r0 != 0 goto out
    r0 = r9                                 ;! register_unset: R9 !read_ok
  out:
    exit
  part:
    r6 = r1
    r0 = *(u8 *)skb[0]
    r0 = 1
    exit

case sleeping_where_it_cannot
section raw_tp/sys_enter
options sleepable
kernel 6.18 refuses attach_target: Only fentry/fexit/fmod_ret, lsm, iter, uprobe, and struct_ops programs can be sleepable
like 6.18 6.1 6.12
kernel 7.3 accepts 2
    r0 = 0
    exit

case struct_ops_member_may_sleep
section struct_ops.s/bpf_dummy_ops.test_sleepable
kernel 6.18 accepts 2
like 6.18 6.12 7.3
    r0 = 0
    exit

case struct_ops_member_may_not_sleep
section struct_ops.s/bpf_dummy_ops.test_2
kernel 6.18 refuses attach_target: attach to unsupported member test_2 of struct bpf_dummy_ops
like 6.18 6.1 6.12 7.3
    r0 = 0
    exit

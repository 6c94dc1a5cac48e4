// Maps: lookups may give null, values have their size, each kind has its helpers.

case map_lookup_unchecked
section socket
map values array value 16
kernel 6.18 accepts 8
like 6.18 7.3
kernel 6.1 refuses pointer_may_be_null: R0 invalid mem access 'map_value_or_null'
kernel 6.12 refuses pointer_may_be_null: R0 invalid mem access 'map_value_or_null'
kernel 6.1-user refuses pointer_may_be_null: R0 invalid mem access 'map_value_or_null'
kernel 6.12-user refuses pointer_may_be_null: R0 invalid mem access 'map_value_or_null'
kernel 7.3-user refuses pointer_may_be_null: R0 invalid mem access 'map_value_or_null'
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    r0 = *(u64 *)(r0 + 0)
    r0 = 0
    exit

case map_lookup_checked
section socket
map values array value 16
kernel 6.18 accepts 9
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    r0 = *(u64 *)(r0 + 8)
    r0 = 0
  out:
    exit

case map_lookup_checked_copy
section socket
map values hash value 16
kernel 6.18 accepts 11
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    r6 = r0
    if r0 == 0 goto out
    r0 = *(u64 *)(r6 + 8)
    r0 = 0
  out:
    exit

case map_lookup_wrong_branch
section socket
map values hash value 16
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 != 0 goto out
    r0 = *(u64 *)(r0 + 8)                   ;! address_is_number: R0 invalid mem access 'scalar'
  out:
    r0 = 0
    exit

case map_value_beyond
section socket
map values hash value 16
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    r0 = *(u64 *)(r0 + 16)                  ;! map_value_bounds: invalid access to map value, value_size=16 off=16 size=8; R0 min value is outside of the allowed memory range
  out:
    r0 = 0
    exit

case map_value_crosses_end
section socket
map values hash value 16
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    r0 = *(u64 *)(r0 + 9)                   ;! map_value_bounds: invalid access to map value, value_size=16 off=9 size=8; R0 min value is outside of the allowed memory range
  out:
    r0 = 0
    exit

case map_value_before
section socket
map values hash value 16
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    r0 = *(u8 *)(r0 - 1)                    ;! map_value_bounds: invalid access to map value, value_size=16 off=-1 size=1; R0 min value is outside of the allowed memory range
  out:
    r0 = 0
    exit

case map_value_index_unbounded
section socket
map values hash value 16
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r6 = *(u32 *)(r1 + 0)
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    r0 += r6
    r0 = *(u8 *)(r0 + 0)                    ;! access_unbounded: R0 unbounded memory access, make sure to bounds check any such access
  out:
    r0 = 0
    exit

case map_value_index_bounded_by_compare
section socket
map values hash value 16
kernel 6.18 accepts 16
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r6 = *(u32 *)(r1 + 0)
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    if r6 > 15 goto out
    r0 += r6
    r0 = *(u8 *)(r0 + 0)
  out:
    r0 = 0
    exit

case map_value_index_bounded_one_too_far
section socket
map values hash value 16
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r6 = *(u32 *)(r1 + 0)
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    if r6 > 16 goto out
    r0 += r6
    r0 = *(u8 *)(r0 + 0)                    ;! map_value_bounds: invalid access to map value, value_size=16 off=16 size=1; R0 max value is outside of the allowed memory range
  out:
    r0 = 0
    exit

case map_value_index_masked
section socket
map values hash value 16
kernel 6.18 accepts 13
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r6 = *(u32 *)(r1 + 0)
    r6 &= 8
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    r0 += r6
    r0 = *(u64 *)(r0 + 0)
  out:
    r0 = 0
    exit

case map_value_index_signed
section socket
map values hash value 16
kernel 6.18 accepts 3
like 6.18 6.12 7.3
kernel 6.1 refuses insn_reserved: BPF_LDX uses reserved fields
kernel 6.1-user refuses insn_reserved: BPF_LDX uses reserved fields
kernel 6.12-user refuses stack_bounds: invalid read from stack R10 off=-4 size=4
kernel 7.3-user refuses stack_bounds: invalid read from stack R10 off=-4 size=4
    r6 = *(s32 *)(r10 - 4)
    r0 = 0
    exit

case map_value_index_negative
section socket
map values array value 16
kernel 6.18 refuses
like 6.18 6.12 7.3 6.12-user 7.3-user
kernel 6.1 refuses insn_reserved: BPF_MOV uses reserved fields
kernel 6.1-user refuses insn_reserved: BPF_MOV uses reserved fields
    r6 = *(u32 *)(r1 + 0)
    r6 = (s32)r6
    if r6 s> 15 goto out
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    r0 += r6                                ;! pointer_offset_range: value -2147483648 makes map_value pointer be out of bounds
    r0 = *(u8 *)(r0 + 0)
  out:
    r0 = 0
    exit

case map_lookup_of_ringbuf
section socket
map ring ringbuf
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:ring]
    call map_lookup_elem                    ;! size_zero: invalid zero-sized read
    r0 = 0
    exit

case map_lookup_of_number
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = 0
    call map_lookup_elem                    ;! argument_type: R1 type=scalar expected=map_ptr
    r0 = 0
    exit

case map_lookup_of_queue
section socket
map queue queue value 8 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:queue]
    call map_lookup_elem                    ;! size_zero: invalid zero-sized read
    r0 = 0
    exit

case map_push_queue
section socket
map queue queue value 8 entries 4
kernel 6.18 accepts 8
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 0
    r2 = r10
    r2 += -8
    r1 = map[fd:queue]
    r3 = 0
    call map_push_elem
    r0 = 0
    exit

case map_update
section socket
map counts hash value 8 entries 4
kernel 6.18 accepts 11
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    *(u64 *)(r10 - 16) = 0
    r2 = r10
    r2 += -4
    r3 = r10
    r3 += -16
    r1 = map[fd:counts]
    r4 = 0
    call map_update_elem
    r0 = 0
    exit

case map_update_value_unwritten
section socket
map counts hash value 8 entries 4
kernel 6.18 accepts 10
like 6.18 6.12 7.3
kernel 6.1 refuses stack_unwritten: invalid indirect read from stack R3 off -16+0 size 8
kernel 6.1-user refuses stack_unwritten: invalid indirect read from stack R3 off -16+0 size 8
kernel 6.12-user refuses stack_unwritten: invalid indirect read from stack R3 off -16+0 size 8
kernel 7.3-user refuses stack_bounds: invalid read from stack R3 off=-16 size=8
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r3 = r10
    r3 += -16
    r1 = map[fd:counts]
    r4 = 0
    call map_update_elem
    r0 = 0
    exit

case map_update_value_number
section socket
map counts hash value 8 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r3 = 5
    r1 = map[fd:counts]
    r4 = 0
    call map_update_elem                    ;! argument_type: R3 type=scalar expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_
    r0 = 0
    exit

case map_update_from_map_value
section socket
map counts hash value 8 entries 4
map values array value 8
kernel 6.18 accepts 14
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
    r1 = map[fd:counts]
    r4 = 0
    call map_update_elem
  out:
    r0 = 0
    exit

case map_delete
section socket
map counts hash value 8 entries 4
kernel 6.18 accepts 7
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:counts]
    call map_delete_elem
    r0 = 0
    exit

case map_read_only_written
section socket
map values array value 8 flags 0x80
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    *(u64 *)(r0 + 0) = 1                    ;! map_read_only: write into map forbidden, value_size=8 off=0 size=8
  out:
    r0 = 0
    exit

case map_read_only_updated
section socket
map values array value 8 flags 0x80
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    *(u64 *)(r10 - 16) = 0
    r2 = r10
    r2 += -4
    r3 = r10
    r3 += -16
    r1 = map[fd:values]
    r4 = 0
    call map_update_elem                    ;! map_read_only: write into map forbidden
    r0 = 0
    exit

case map_write_only_read
section socket
map values array value 8 flags 0x100
kernel 6.18 accepts 7
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    r0 = 0
    exit

case map_value_direct
section socket
map values array value 8
kernel 6.18 accepts 4
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r1 = map[fd:values][0]
    r0 = *(u64 *)(r1 + 0)
    r0 = 0
    exit

case map_value_direct_offset
section socket
map values array value 8
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r1 = map[fd:values][0]+4
    r0 = *(u64 *)(r1 + 0)                   ;! map_value_bounds: invalid access to map value, value_size=8 off=4 size=8; R1 min value is outside of the allowed memory range
    r0 = 0
    exit

case map_value_direct_beyond
section socket
map values array value 8
kernel 6.18 refuses map_value_bounds: invalid access to map value pointer, value_size=8 off=8
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r1 = map[fd:values][0]+8
    r0 = 0
    exit

case map_value_direct_of_hash
section socket
map values hash value 8
kernel 6.18 refuses map_value_address: no direct value access support for this map type
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r1 = map[fd:values][0]
    r0 = 0
    exit

case map_frozen_constant
section socket
map rodata array value 8 flags 0x80 frozen data 0300000000000000
map values array value 16
kernel 6.18 accepts 7
like 6.18 6.1 6.12 7.3 6.12-user 7.3-user
    r6 = map[fd:rodata][0]
    r6 = *(u64 *)(r6 + 0)
    r7 = map[fd:values][0]
    r7 += r6
    r0 = *(u64 *)(r7 + 5)
    r0 = 0
    exit

case map_frozen_constant_too_far
section socket
map rodata array value 8 flags 0x80 frozen data 0900000000000000
map values array value 16
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.12-user 7.3-user
    r6 = map[fd:rodata][0]
    r6 = *(u64 *)(r6 + 0)
    r7 = map[fd:values][0]
    r7 += r6
    r0 = *(u64 *)(r7 + 0)                   ;! map_value_bounds: invalid access to map value, value_size=16 off=9 size=8; R7 min value is outside of the allowed memory range
    r0 = 0
    exit

case map_frozen_branch_is_dead
section socket
map rodata array value 8 flags 0x80 frozen data 0100000000000000
kernel 6.18 accepts 5
like 6.18 6.1 6.12 7.3 7.3-user
kernel 6.12-user refuses address_is_number: R6 invalid mem access 'scalar'
    r6 = map[fd:rodata][0]
    r6 = *(u64 *)(r6 + 0)
    r0 = 0
    if r6 == 1 goto out
    r0 = *(u64 *)(r6 + 0)
  out:
    exit

case map_of_maps
section socket
map outer array_of_maps value 4 inner array value 8
kernel 6.18 accepts 16
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:outer]
    call map_lookup_elem
    if r0 == 0 goto out
    r1 = r0
    r2 = r10
    r2 += -4
    call map_lookup_elem
    if r0 == 0 goto out
    r0 = *(u64 *)(r0 + 0)
  out:
    r0 = 0
    exit

case map_of_maps_inner_unchecked
section socket
map outer array_of_maps value 4 inner array value 8
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:outer]
    call map_lookup_elem
    r1 = r0
    r2 = r10
    r2 += -4
    call map_lookup_elem                    ;! pointer_may_be_null: R1 type=map_value_or_null expected=map_ptr
    r0 = 0
    exit

case map_of_maps_inner_value_beyond
section socket
map outer array_of_maps value 4 inner array value 8
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:outer]
    call map_lookup_elem
    if r0 == 0 goto out
    r1 = r0
    r2 = r10
    r2 += -4
    call map_lookup_elem
    if r0 == 0 goto out
    r0 = *(u64 *)(r0 + 4)                   ;! map_value_bounds: invalid access to map value, value_size=8 off=4 size=8; R0 min value is outside of the allowed memory range
  out:
    r0 = 0
    exit

case map_tail_call
section socket
map jumps prog_array entries 2
kernel 6.18 accepts 5
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r2 = map[fd:jumps]
    r3 = 0
    call tail_call
    r0 = 0
    exit

case map_tail_call_wrong_map
section socket
map values array value 4
kernel 6.18 refuses
like 6.18 7.3 7.3-user
kernel 6.1 refuses kernel_limit: kernel subsystem misconfigured verifier
kernel 6.12 refuses kernel_limit: kernel subsystem misconfigured verifier
kernel 6.1-user refuses kernel_limit: kernel subsystem misconfigured verifier
kernel 6.12-user refuses kernel_limit: kernel subsystem misconfigured verifier
    r2 = map[fd:values]
    r3 = 0
    call tail_call                          ;! tail_call: expected prog array map for tail call
    r0 = 0
    exit

case map_spin_lock_value_accessed
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
    *(u32 *)(r0 + 0) = 1                    ;! map_special_field: bpf_spin_lock cannot be accessed directly by load/store
  out:
    r0 = 0
    exit

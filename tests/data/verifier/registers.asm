// Registers: set before they are read, pointers used as pointers, numbers as numbers.

case register_unset
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = r2                                 ;! register_unset: R2 !read_ok
    exit

case register_unset_on_one_path
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r2 = *(u32 *)(r1 + 0)
    if r2 == 0 goto out
    r0 = 0
  out:
    exit                                    ;! register_unset: R0 !read_ok

case register_unset_as_operand
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 0
    r0 += r5                                ;! register_unset: R5 !read_ok
    exit

case register_unset_in_compare
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 0
    if r3 == 0 goto +0                      ;! register_unset: R3 !read_ok
    exit

case register_unset_stored
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u64 *)(r10 - 8) = r4                  ;! register_unset: R4 !read_ok
    r0 = 0
    exit

case register_lost_in_call
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r3 = 1
    call get_prandom_u32
    r0 = r3                                 ;! register_unset: R3 !read_ok
    exit

case register_kept_in_call
section socket
kernel 6.18 accepts 4
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r6 = 1
    call get_prandom_u32
    r0 = r6
    exit

case register_return_pointer
section socket
kernel 6.18 accepts 2
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses pointer_leak: R0 leaks addr as return value
kernel 6.12-user refuses pointer_leak: R0 leaks addr as return value
kernel 7.3-user refuses pointer_leak: R0 leaks addr as return value
    r0 = r1
    exit

case register_number_as_address
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r1 = 0x1000
    r0 = *(u64 *)(r1 + 0)                   ;! address_is_number: R1 invalid mem access 'scalar'
    exit

case register_loaded_number_as_address
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r1 = *(u32 *)(r1 + 0)
    r0 = *(u64 *)(r1 + 0)                   ;! address_is_number: R1 invalid mem access 'scalar'
    exit

case register_store_through_number
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r1 = 0
    *(u64 *)(r1 + 0) = r1                   ;! address_is_number: R1 invalid mem access 'scalar'
    r0 = 0
    exit

case pointer_multiply
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r1 *= 2                                 ;! pointer_arithmetic: R1 pointer arithmetic with *= operator prohibited
    r0 = 0
    exit

case pointer_shift
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r1 <<= 1                                ;! pointer_arithmetic: R1 pointer arithmetic with <<= operator prohibited
    r0 = 0
    exit

case pointer_negate
section socket
kernel 6.18 accepts 3
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses pointer_arithmetic: R1 pointer arithmetic prohibited
kernel 6.12-user refuses pointer_arithmetic: R1 pointer arithmetic prohibited
kernel 7.3-user refuses pointer_arithmetic: R1 pointer arithmetic prohibited
    r1 = -r1
    r0 = 0
    exit

case pointer_plus_pointer
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r2 = r10
    r2 += r1                                ;! pointer_arithmetic: R2 pointer += pointer prohibited
    r0 = 0
    exit

case pointer_minus_pointer
section socket
kernel 6.18 accepts 4
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses pointer_arithmetic: R2 pointer -= pointer prohibited
kernel 6.12-user refuses pointer_arithmetic: R2 pointer -= pointer prohibited
kernel 7.3-user refuses pointer_arithmetic: R2 pointer -= pointer prohibited
    r2 = r10
    r2 -= r10
    r0 = 0
    exit

case pointer_number_minus_pointer
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r2 = 5
    r2 -= r10                               ;! pointer_arithmetic: R2 tried to subtract pointer from scalar
    r0 = 0
    exit

case pointer_and
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r2 = r10
    r2 &= -8                                ;! pointer_arithmetic: R2 bitwise operator &= on pointer prohibited
    r0 = 0
    exit

case pointer_add32
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r2 = r10
    w2 += 4                                 ;! pointer_arithmetic: R2 32-bit pointer arithmetic prohibited
    r0 = 0
    exit

case pointer_move32
section socket
kernel 6.18 accepts 3
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses pointer_arithmetic: R10 partial copy of pointer
kernel 6.12-user refuses pointer_arithmetic: R10 partial copy of pointer
kernel 7.3-user refuses pointer_arithmetic: R10 partial copy of pointer
    w2 = w10
    r0 = 0
    exit

case pointer_byteswap
section socket
kernel 6.18 accepts 3
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses pointer_arithmetic: R1 pointer arithmetic prohibited
kernel 6.12-user refuses pointer_arithmetic: R1 pointer arithmetic prohibited
kernel 7.3-user refuses pointer_arithmetic: R1 pointer arithmetic prohibited
    r1 = be64 r1
    r0 = 0
    exit

case pointer_add_unbounded
section socket
map values array value 16
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r6 = *(u32 *)(r1 + 0)
    r6 <<= 32
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    r0 += r6                                ;! pointer_offset_range: math between map_value pointer and register with unbounded min value is not allowed
    r0 = *(u8 *)(r0 + 0)
  out:
    r0 = 0
    exit

case pointer_add_huge_constant
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r2 = r10
    r3 = 0x40000000 ll
    r2 += r3                                ;! pointer_offset_range: math between fp pointer and 1073741824 is not allowed
    r0 = 0
    exit

case pointer_compared_with_number
section socket
kernel 6.18 accepts 4
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses pointer_compare: R1 pointer comparison prohibited
kernel 6.12-user refuses pointer_compare: R1 pointer comparison prohibited
kernel 7.3-user refuses pointer_compare: R1 pointer comparison prohibited
    r0 = 0
    if r1 > 5 goto +0
    exit

case pointer_compared_with_null
section socket
kernel 6.18 accepts 4
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses pointer_compare: R1 pointer comparison prohibited
kernel 6.12-user refuses pointer_compare: R1 pointer comparison prohibited
kernel 7.3-user refuses pointer_compare: R1 pointer comparison prohibited
    r0 = 0
    if r1 == 0 goto +0
    exit

case pointer_compared_with_pointer
section socket
kernel 6.18 accepts 4
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses pointer_compare: R10 pointer comparison prohibited
kernel 6.12-user refuses pointer_compare: R10 pointer comparison prohibited
kernel 7.3-user refuses pointer_compare: R10 pointer comparison prohibited
    r0 = 0
    if r1 > r10 goto +0
    exit

case pointer_to_map_dereferenced
section socket
map values array value 16
kernel 6.18 accepts 4
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_privilege: bpf_array access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN
kernel 6.12-user refuses btf_access: 'struct bpf_array' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN
kernel 7.3-user refuses btf_access: 'struct bpf_array' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN
    r1 = map[fd:values]
    r0 = *(u64 *)(r1 + 0)
    r0 = 0
    exit

case pointer_to_map_written
section socket
map values array value 16
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_privilege: bpf_array access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN
kernel 6.12-user refuses btf_access: 'struct bpf_array' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN
kernel 7.3-user refuses btf_access: 'struct bpf_array' access is allowed only to CAP_PERFMON and CAP_SYS_ADMIN
    r1 = map[fd:values]
    *(u64 *)(r1 + 0) = 0                    ;! map_pointer: only read from bpf_array is supported
    r0 = 0
    exit

case pointer_to_map_arithmetic
section socket
map values array value 16
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r1 = map[fd:values]
    r1 += 8                                 ;! pointer_arithmetic: R1 pointer arithmetic on map_ptr prohibited
    r0 = 0
    exit

case pointer_null_plus
section socket
map values array value 16
kernel 6.18 accepts 10
like 6.18 7.3
kernel 6.1 refuses pointer_arithmetic: R0 pointer arithmetic on map_value_or_null prohibited, null-check it first
kernel 6.12 refuses pointer_arithmetic: R0 pointer arithmetic on map_value_or_null prohibited, null-check it first
kernel 6.1-user refuses pointer_arithmetic: R0 pointer arithmetic on map_value_or_null prohibited, null-check it first
kernel 6.12-user refuses pointer_arithmetic: R0 pointer arithmetic on map_value_or_null prohibited, null-check it first
kernel 7.3-user refuses pointer_arithmetic: R0 pointer arithmetic on map_value_or_null prohibited, null-check it first
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    r0 += 8
    if r0 == 0 goto out
    r0 = *(u64 *)(r0 + 0)
  out:
    r0 = 0
    exit

case pointer_atomic_on_context
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 1
    lock *(u32 *)(r1 + 0) += r0             ;! atomic_operand: BPF_ATOMIC stores into R1 ctx is not allowed
    r0 = 0
    exit

case pointer_store_into_map_value
section socket
map values array value 16
kernel 6.18 accepts 10
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses pointer_leak: R6 leaks addr into map
kernel 6.12-user refuses pointer_leak: R6 leaks addr into map
kernel 7.3-user refuses pointer_leak: R6 leaks addr into map
    r6 = r1
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    *(u64 *)(r0 + 0) = r6
  out:
    r0 = 0
    exit

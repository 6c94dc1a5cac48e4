// What differed in programs that ebee compiles.

case arena_pointer_on_the_right
section socket
map nodes arena entries 4 flags 0x400
kernel 6.18 accepts 9
like 6.18 6.12 7.3
    r2 = *(u32 *)(r1 + 0)
    r8 = map[fd:nodes]
    r9 = 4096
    r9 = addr_space_cast(r9, 0, 1)
    r2 &= 511
    r2 += r9
    *(u32 *)(r2 + 28) = 9
    r0 = 0
    exit

case arena_pointer_and_another
section socket
map nodes arena entries 4 flags 0x400
kernel 6.18 accepts 8
like 6.18 6.12 7.3
    r8 = map[fd:nodes]
    r9 = 4096
    r9 = addr_space_cast(r9, 0, 1)
    r2 = r10
    r2 *= r9
    *(u32 *)(r2 + 28) = 9
    r0 = 0
    exit

case part_of_a_slot_that_may_have_been_written
section socket
kernel 6.18 accepts 12
like 6.18 6.12 7.3
kernel 6.1 refuses stack_bounds: invalid read from stack off -1+0 size 1
kernel 6.1-user refuses stack_variable_offset: R4 variable stack access prohibited for !root, var_off=(0x0; 0xb) off=-16
kernel 6.12-user refuses stack_variable_offset: R4 variable stack access prohibited for !root, var_off=(0x0; 0xb) off=-16
kernel 7.3-user refuses stack_variable_offset: R4 variable stack access prohibited for !root, var_off=(0xfffffffffffffff0; 0xb) off=-16
    r2 = *(u32 *)(r1 + 0)
    r3 = *(u32 *)(r1 + 4)
    *(u64 *)(r10 - 8) = 7
    *(u64 *)(r10 - 16) = r3
    r2 &= 11
    r4 = r10
    r4 += -16
    r4 += r2
    *(u8 *)(r4 + 0) = r3
    r5 = *(u32 *)(r10 - 16)
    r0 = *(u8 *)(r10 - 1)
    exit

case part_of_a_slot_in_a_helper
section raw_tp
kernel 6.18 accepts 14
like 6.18 6.1 6.12 7.3
    r2 = *(u64 *)(r1 + 0)
    *(u64 *)(r10 - 8) = 7
    *(u64 *)(r10 - 16) = 0
    r2 &= 11
    r4 = r10
    r4 += -16
    r4 += r2
    *(u8 *)(r4 + 0) = 3
    r1 = r10
    r1 += -16
    r2 = 16
    call get_current_comm
    r0 = 0
    exit

case zeros_at_an_unknown_offset
section socket
map counts array key 4 value 8 entries 4
kernel 6.18 accepts 15
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses stack_variable_offset: R4 variable stack access prohibited for !root, var_off=(0x0; 0xf) off=-16
kernel 6.12-user refuses stack_variable_offset: R4 variable stack access prohibited for !root, var_off=(0x0; 0xf) off=-16
kernel 7.3-user refuses stack_variable_offset: R4 variable stack access prohibited for !root, var_off=(0xfffffffffffffff0; 0xf) off=-16
    r2 = *(u32 *)(r1 + 0)
    *(u64 *)(r10 - 8) = 0
    *(u64 *)(r10 - 16) = 5
    r2 &= 15
    r4 = r10
    r4 += -16
    r4 += r2
    r3 = 0
    *(u8 *)(r4 + 0) = r3
    r5 = *(u64 *)(r10 - 8)
    r6 = r10
    r6 += r5
    *(u64 *)(r6 - 24) = 1
    r0 = 0
    exit

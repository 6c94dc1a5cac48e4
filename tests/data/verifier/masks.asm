// Sums of pointers and numbers without privilege: the kernel masks the number, by one mask for each instruction.

case mask_of_either_sign
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12
kernel 7.3 accepts 15
kernel 6.1-user refuses pointer_offset_range: R6 has unknown scalar with mixed signed bounds, pointer arithmetic with it prohibited for !root
kernel 6.12-user refuses pointer_offset_range: R6 has unknown scalar with mixed signed bounds, pointer arithmetic with it prohibited for !root
kernel 7.3-user refuses pointer_offset_range: R6 has unknown scalar with mixed signed bounds, pointer arithmetic with it prohibited for !root
    call get_prandom_u32
    r6 = r0
    r6 <<= 62
    r6 s>>= 62
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    r0 += 8
    r0 += r6
    *(u8 *)(r0 + 0) = 1                     ;! access_unbounded: R0 unbounded memory access, make sure to bounds check any such access
  out:
    r0 = 0
    exit

case mask_of_a_constant_and_a_number
section socket
map values array value 64
kernel 6.18 accepts 25
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses pointer_arithmetic: R0 tried to add from different maps, paths or scalars, pointer arithmetic with it prohibited for !root
kernel 6.12-user refuses pointer_arithmetic: R0 tried to add from different maps, paths or scalars, pointer arithmetic with it prohibited for !root
kernel 7.3-user refuses pointer_arithmetic: R0 tried to add from different maps, paths or scalars, pointer arithmetic with it prohibited for !root
    call get_prandom_u32
    r6 = r0
    r6 &= 3
    if r6 > 2 goto chosen
    r6 = 1
  chosen:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    r0 += r6
    *(u8 *)(r0 + 0) = 1
  out:
    r0 = 0
    exit

case mask_of_two_ranges
section socket
map values array value 64
kernel 6.18 accepts 19
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses pointer_arithmetic: R0 tried to add from different maps, paths or scalars, pointer arithmetic with it prohibited for !root
kernel 6.12-user refuses pointer_arithmetic: R0 tried to add from different maps, paths or scalars, pointer arithmetic with it prohibited for !root
kernel 7.3-user refuses pointer_arithmetic: R0 tried to add from different maps, paths or scalars, pointer arithmetic with it prohibited for !root
    call get_prandom_u32
    r6 = r0
    r6 &= 3
    call get_prandom_u32
    if r0 > 2 goto chosen
    call get_prandom_u32
    r6 = r0
    r6 &= 7
  chosen:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    r0 += r6
    *(u8 *)(r0 + 0) = 1
  out:
    r0 = 0
    exit

case mask_of_two_places
section socket
map values array value 64
kernel 6.18 accepts 21
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    call get_prandom_u32
    r6 = r0
    r6 &= 3
    call get_prandom_u32
    r7 = r0
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    if r7 > 5 goto chosen
    r0 += 16
  chosen:
    r0 += r6
    *(u8 *)(r0 + 0) = 1
  out:
    r0 = 0
    exit

case mask_of_a_pointer_and_of_a_number
section socket
map values array value 64
kernel 6.18 accepts 19
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses pointer_arithmetic: R0 tried to add from different maps, paths or scalars, pointer arithmetic with it prohibited for !root
kernel 6.12-user refuses pointer_arithmetic: R0 tried to add from different maps, paths or scalars, pointer arithmetic with it prohibited for !root
kernel 7.3-user refuses pointer_arithmetic: R0 tried to add from different maps, paths or scalars, pointer arithmetic with it prohibited for !root
    call get_prandom_u32
    r6 = r0
    r6 &= 3
    call get_prandom_u32
    r7 = r0
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    if r7 > 5 goto chosen
    r0 = 3
  chosen:
    r0 += r6
  out:
    r0 = 0
    exit

case mask_of_the_context
section socket
kernel 6.18 accepts 4
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses pointer_arithmetic: R1 has pointer with unsupported alu operation, pointer arithmetic with it prohibited for !root
kernel 6.12-user refuses pointer_arithmetic: R1 has pointer with unsupported alu operation, pointer arithmetic with it prohibited for !root
kernel 7.3-user refuses pointer_arithmetic: R1 has pointer with unsupported alu operation, pointer arithmetic with it prohibited for !root
    r6 = 4
    r1 += r6
    r0 = 0
    exit

case mask_of_the_stack
section socket
kernel 6.18 accepts 6
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r6 = -8
    r1 = r10
    r1 += r6
    *(u64 *)(r1 + 0) = 0
    r0 = 0
    exit

case mask_of_one_way
section socket
map values array value 64
kernel 6.18 accepts 13
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    call get_prandom_u32
    r6 = r0
    r6 &= 31
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 += r0
    *(u8 *)(r6 + 32) = 1
  out:
    r0 = 0
    exit

case mask_only_where_predicted
section socket
map values array value 64
kernel 6.18 accepts 15
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    call get_prandom_u32
    r6 = r0
    r6 &= 31
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    r1 = r0
    r1 += 16
    r1 += r6
    *(u8 *)(r1 - 16) = 1
  out:
    r0 = 0
    exit

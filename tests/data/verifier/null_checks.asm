case null_check_by_a_register
section socket
map counts hash key 4 value 8
kernel 6.18 refuses
like 6.18 6.1 6.12
kernel 7.3 accepts 11
kernel 6.1-user refuses pointer_compare: R0 pointer comparison prohibited
kernel 6.12-user refuses pointer_compare: R0 pointer comparison prohibited
kernel 7.3-user accepts 11
    *(u32 *)(r10 - 4) = 0
    r1 = map[fd:counts]
    r2 = r10
    r2 += -4
    call map_lookup_elem
    r6 = 0
    if r0 == r6 goto out
    r0 = *(u64 *)(r0 + 0)                   ;! pointer_may_be_null: R0 invalid mem access 'map_value_or_null'
  out:
    r0 = 0
    exit

case null_check_by_a_constant
section socket
map counts hash key 4 value 8
kernel 6.18 accepts 10
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    r1 = map[fd:counts]
    r2 = r10
    r2 += -4
    call map_lookup_elem
    if r0 == 0 goto out
    r0 = *(u64 *)(r0 + 0)
  out:
    r0 = 0
    exit

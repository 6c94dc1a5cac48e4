// Packets: data is read and written as far as it was compared with data_end.

case packet_unchecked
section tc
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u32 *)(r1 + 76)
    r0 = *(u8 *)(r2 + 0)                    ;! packet_bounds: invalid access to packet, off=0 size=1, R2(id=0,off=0,r=0); R2 offset is outside of the packet
    exit

case packet_checked
section tc
kernel 6.18 accepts 9
like 6.18 6.1 6.12 7.3
    r2 = *(u32 *)(r1 + 76)
    r3 = *(u32 *)(r1 + 80)
    r4 = r2
    r4 += 14
    r0 = 0
    if r4 > r3 goto out
    r5 = *(u16 *)(r2 + 12)
  out:
    exit

case packet_checked_one_too_few
section tc
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u32 *)(r1 + 76)
    r3 = *(u32 *)(r1 + 80)
    r4 = r2
    r4 += 13
    r0 = 0
    if r4 > r3 goto out
    r5 = *(u16 *)(r2 + 12)                  ;! packet_bounds: invalid access to packet, off=12 size=2, R2(id=0,off=12,r=13); R2 offset is outside of the packet
  out:
    exit

case packet_checked_wrong_branch
section tc
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u32 *)(r1 + 76)
    r3 = *(u32 *)(r1 + 80)
    r4 = r2
    r4 += 14
    r0 = 0
    if r4 <= r3 goto out
    r5 = *(u8 *)(r2 + 0)                    ;! packet_bounds: invalid access to packet, off=0 size=1, R2(id=0,off=0,r=0); R2 offset is outside of the packet
  out:
    exit

case packet_checked_end_first
section tc
kernel 6.18 accepts 9
like 6.18 6.1 6.12 7.3
    r2 = *(u32 *)(r1 + 76)
    r3 = *(u32 *)(r1 + 80)
    r4 = r2
    r4 += 14
    r0 = 0
    if r3 < r4 goto out
    r5 = *(u8 *)(r2 + 13)
  out:
    exit

case packet_checked_less_or_equal
section tc
kernel 6.18 accepts 9
like 6.18 6.1 6.12 7.3
    r2 = *(u32 *)(r1 + 76)
    r3 = *(u32 *)(r1 + 80)
    r4 = r2
    r4 += 14
    r0 = 0
    if r4 >= r3 goto out
    r5 = *(u8 *)(r2 + 14)
  out:
    exit

case packet_end_dereferenced
section tc
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r3 = *(u32 *)(r1 + 80)
    r0 = *(u8 *)(r3 + 0)                    ;! pointer_deref: R3 invalid mem access 'pkt_end'
    exit

case packet_end_moved
section tc
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r3 = *(u32 *)(r1 + 80)
    r3 += 1                                 ;! pointer_arithmetic: R3 pointer arithmetic on pkt_end prohibited
    r0 = 0
    exit

case packet_written
section tc
kernel 6.18 accepts 9
like 6.18 6.1 6.12 7.3
    r2 = *(u32 *)(r1 + 76)
    r3 = *(u32 *)(r1 + 80)
    r4 = r2
    r4 += 14
    r0 = 0
    if r4 > r3 goto out
    *(u8 *)(r2 + 0) = 1
  out:
    exit

case packet_variable_offset
section xdp
kernel 6.18 accepts 15
like 6.18 6.1 6.12 7.3
    r2 = *(u32 *)(r1 + 0)
    r3 = *(u32 *)(r1 + 4)
    r4 = r2
    r4 += 1
    r0 = 2
    if r4 > r3 goto out
    r5 = *(u8 *)(r2 + 0)
    r2 += r5
    r4 = r2
    r4 += 4
    if r4 > r3 goto out
    r5 = *(u32 *)(r2 + 0)
  out:
    exit

case packet_variable_offset_unchecked
section xdp
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u32 *)(r1 + 0)
    r3 = *(u32 *)(r1 + 4)
    r4 = r2
    r4 += 1
    r0 = 2
    if r4 > r3 goto out
    r5 = *(u8 *)(r2 + 0)
    r2 += r5
    r5 = *(u32 *)(r2 + 0)                   ;! packet_bounds: invalid access to packet, off=0 size=4, R2(id=1,off=0,r=0); R2 offset is outside of the packet
  out:
    exit

case packet_variable_offset_too_large
section xdp
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u32 *)(r1 + 0)
    r3 = *(u32 *)(r1 + 4)
    r4 = r2
    r4 += 4
    r0 = 2
    if r4 > r3 goto out
    r5 = *(u32 *)(r2 + 0)
    r2 += r5
    r4 = r2
    r4 += 4
    if r4 > r3 goto out
    r5 = *(u32 *)(r2 + 0)                   ;! packet_bounds: invalid access to packet, off=0 size=4, R2(id=1,off=0,r=0); R2 offset is outside of the packet
  out:
    exit

case packet_negative
section xdp
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u32 *)(r1 + 0)
    r3 = *(u32 *)(r1 + 4)
    r4 = r2
    r4 += 4
    r0 = 2
    if r4 > r3 goto out
    r5 = *(u8 *)(r2 - 1)                    ;! packet_bounds: invalid access to packet, off=-1 size=1, R2(id=0,off=-1,r=4); R2 offset is outside of the packet
  out:
    exit

case packet_metadata
section xdp
kernel 6.18 accepts 9
like 6.18 6.1 6.12 7.3
    r2 = *(u32 *)(r1 + 8)
    r3 = *(u32 *)(r1 + 0)
    r4 = r2
    r4 += 4
    r0 = 2
    if r4 > r3 goto out
    r5 = *(u32 *)(r2 + 0)
  out:
    exit

case packet_metadata_unchecked
section xdp
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u32 *)(r1 + 8)
    r0 = *(u32 *)(r2 + 0)                   ;! packet_bounds: invalid access to packet, off=0 size=4, R2(id=0,off=0,r=0); R2 offset is outside of the packet
    r0 = 2
    exit

case packet_check_lost_by_helper
section tc
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r6 = r1
    r7 = *(u32 *)(r1 + 76)
    r3 = *(u32 *)(r1 + 80)
    r4 = r7
    r4 += 14
    if r4 > r3 goto out
    r2 = 14
    call skb_pull_data
    r0 = *(u8 *)(r7 + 0)                    ;! address_is_number: R7 invalid mem access 'scalar'
  out:
    r0 = 0
    exit

case packet_passed_to_helper
section xdp
map seen hash key 8 value 8 entries 4
kernel 6.18 accepts 10
like 6.18 6.1 6.12 7.3
    r2 = *(u32 *)(r1 + 0)
    r3 = *(u32 *)(r1 + 4)
    r4 = r2
    r4 += 8
    if r4 > r3 goto out
    r1 = map[fd:seen]
    call map_lookup_elem
  out:
    r0 = 2
    exit

case packet_passed_to_helper_unchecked
section xdp
map seen hash key 8 value 8 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u32 *)(r1 + 0)
    r1 = map[fd:seen]
    call map_lookup_elem                    ;! packet_bounds: invalid access to packet, off=0 size=8, R2(id=0,off=0,r=0); R2 offset is outside of the packet
    r0 = 2
    exit

case packet_returned
section xdp
kernel 6.18 accepts 2
like 6.18 6.1 6.12 7.3
    r0 = *(u32 *)(r1 + 0)
    exit

case packet_minus_packet
section xdp
kernel 6.18 accepts 5
like 6.18 6.1 6.12 7.3
    r2 = *(u32 *)(r1 + 0)
    r3 = *(u32 *)(r1 + 4)
    r3 -= r2
    r0 = 2
    exit

case packet_strict_alignment
section xdp
options strict_alignment
kernel 6.18 accepts 9
like 6.18 6.1 6.12 7.3
    r2 = *(u32 *)(r1 + 0)
    r3 = *(u32 *)(r1 + 4)
    r4 = r2
    r4 += 14
    r0 = 2
    if r4 > r3 goto out
    r5 = *(u32 *)(r2 + 2)
  out:
    exit

case packet_strict_alignment_misaligned
section xdp
options strict_alignment
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u32 *)(r1 + 0)
    r3 = *(u32 *)(r1 + 4)
    r4 = r2
    r4 += 14
    r0 = 2
    if r4 > r3 goto out
    r5 = *(u32 *)(r2 + 4)                   ;! misaligned: misaligned packet access off 2+0+0+4 size 4
  out:
    exit

case packet_load_absolute
section socket
kernel 6.18 accepts 4
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r6 = r1
    r0 = *(u16 *)skb[12]
    r0 = 0
    exit

case packet_load_absolute_without_context
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r6 = 0
    r0 = *(u16 *)skb[12]                    ;! packet_load_context: at the time of BPF_LD_ABS|IND R6 != pointer to skb
    exit

case packet_load_absolute_clobbers
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r6 = r1
    r0 = *(u16 *)skb[12]
    r0 = r1                                 ;! register_unset: R1 !read_ok
    exit

case packet_load_indirect
section socket
kernel 6.18 accepts 5
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r6 = r1
    r7 = 4
    r0 = *(u8 *)skb[r7 + 2]
    r0 = 0
    exit

case packet_load_absolute_in_xdp
section xdp
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r6 = r1
    r0 = *(u16 *)skb[12]                    ;! packet_load_context: BPF_LD_[ABS|IND] instructions not allowed for this program type
    exit

case packet_atomic
section xdp
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u32 *)(r1 + 0)
    r3 = *(u32 *)(r1 + 4)
    r4 = r2
    r4 += 8
    r0 = 2
    if r4 > r3 goto out
    r5 = 1
    lock *(u32 *)(r2 + 0) += r5             ;! atomic_operand: BPF_ATOMIC stores into R2 pkt is not allowed
  out:
    exit

case packet_null_check_is_no_bound
section xdp
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u32 *)(r1 + 0)
    r0 = 2
    if r2 == 0 goto out
    r5 = *(u8 *)(r2 + 0)                    ;! packet_bounds: invalid access to packet, off=0 size=1, R2(id=0,off=0,r=0); R2 offset is outside of the packet
  out:
    exit

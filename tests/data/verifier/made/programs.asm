// Programs that agree.py makes.

case made_1_0
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 accepts 14
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r7 = 3
    call get_prandom_u32
    r8 = r0
    r8 &= 64
    r9 = 8
    if r8 == r7 goto l1
    call get_prandom_u32
    r6 = r0
    r6 &= 31
  l1:
    r8 s>>= 0
    r0 = 1
    exit

case made_1_1
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r9 = r1
    r6 = 255
    call get_prandom_u32
    r7 = r0
    r7 &= 127
    call get_prandom_u32
    r8 = r0
    r8 &= 15
    r6 >>= 4
    if r8 s> r8 goto l2
    *(u64 *)(r10 - 12) = r6                 ;! misaligned: misaligned stack access off 0+0+-12 size 8
    r6 = *(u32 *)(r10 - 12)
  l2:
    *(u16 *)(r10 - 32) = r8
    r7 = (s8)r7
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 1
    if r4 > r3 goto l3
    r5 = *(u64 *)(r2 + 13)
  l3:
    r0 = 1
    exit

case made_1_2
section xdp
func twice global u64:nonnull
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 accepts 6
    r1 = 4
    call twice                              ;! argument_type: arg#0 has pointer tag, but is not a pointer type; Caller passes invalid args into func#1 ('twice')
    r0 = 2
    exit
  twice:
    r0 = r1
    exit

case made_1_3
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.12 7.3 6.12-user 7.3-user
kernel 6.1 refuses insn_reserved: BPF_MOV uses reserved fields
kernel 6.1-user refuses insn_reserved: BPF_MOV uses reserved fields
    call get_prandom_u32
    r6 = r0
    r6 &= 127
    r7 = 64
    r8 = 0
    call get_prandom_u32
    r9 = r0
    r9 &= 127
    *(u64 *)(r10 - 16) = r7
    r7 = *(u16 *)(r10 - 16)
    r6 = (s8)r6
    call ktime_get_ns
    r8 = r0
    r8 &= 127
    *(u64 *)(r10 - 12) = r7                 ;! misaligned: misaligned stack access off 0+0+-12 size 8
    r7 = *(u32 *)(r10 - 12)
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l4
    *(u16 *)(r0 -1) = 1
  l4:
    r6 >>= 63
    r0 = 1
    exit

case made_1_4
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 127
    r7 = 63
    r8 = -8
    call get_prandom_u32
    r9 = r0
    r9 &= 56
    r6 %= r6
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l5
    r0 += r7
    r7 = *(u8 *)(r0 +64)                    ;! map_value_bounds: invalid access to map value, value_size=64 off=127 size=1; R0 min value is outside of the allowed memory range
  l5:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l6
    r0 += r6
    r6 = *(u32 *)(r0 +0)
  l6:
    r6 %= 32
    if r7 s> 0 goto l7
    r7 -= r7
  l7:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l8
    if r6 > 7 goto l8
    *(u16 *)(r0 +64) = 1
  l8:
    r0 = 2
    exit

case made_1_5
section socket
map values array value 16
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r7 = map[fd:values]
    r6 += 8                                 ;! register_unset: R6 !read_ok
    r0 = 0
    exit

case made_1_6
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_unknown: unknown func bpf_probe_read_kernel#113
kernel 6.12-user refuses helper_not_allowed: program of this type cannot use helper bpf_probe_read_kernel#113
kernel 7.3-user refuses helper_not_allowed: program of this type cannot use helper bpf_probe_read_kernel#113
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    call get_prandom_u32
    r7 = r0
    r8 = 2
    r1 = r10
    r1 += -128
    r2 = r7
    r3 = 0
    call probe_read_kernel                  ;! offset_negative: R2 min value is negative, either use unsigned or 'var &= const'
    *(u64 *)(r10 - 12) = r6
    r6 = *(u8 *)(r10 - 12)
    r6 /= r7
    if w8 == 2147483647 goto l9
    r8 <<= 4
  l9:
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 34
    if r4 > r3 goto l10
    r5 = *(u16 *)(r2 + 12)
  l10:
    r0 = 0
    exit

case made_1_7
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses stack_unwritten: invalid indirect read from stack R1 off -64+0 size 63
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    r7 = 8
    r8 = 3
    if w8 > 63 goto l11
    r6 = 7
  l11:
    call ktime_get_ns
    r6 = r0
    r6 &= 63
    r7 = 0
  l12:
    r7 += 1
    if r7 != 20 goto l12
    w8 -= 2
    r1 = r10
    r1 += -64
    r2 = r6
    r3 = 0
    call probe_read_kernel
    r8 <<= 0
    r6 |= r7
    if r8 s<= r6 goto l13
    r7 -= r6
  l13:
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 1
    if r4 > r3 goto l14
    r5 = *(u16 *)(r2 + 13)                  ;! packet_bounds: invalid access to packet, off=13 size=2, R2(id=0,off=13,r=1); R2 offset is outside of the packet
  l14:
    r0 = 0
    exit

case made_1_8
section xdp
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = 0
    *(u32 *)(r1 + 16) = r2                  ;! context_access: invalid bpf_context access off=16 size=4
    r0 = 2
    exit

case made_1_9
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 accepts 40
like 6.18 6.1 6.12 7.3
    r6 = 4095
    r7 = 8
    call get_prandom_u32
    r8 = r0
    r8 &= 7
    call get_prandom_u32
    r9 = r0
    *(u64 *)(r10 - 64) = r7
    w7 /= 4
    *(u64 *)(r10 - 64) = r8
    *(u16 *)(r10 - 24) = r7
    r6 = 0
  l15:
    r7 -= -2147483648
    r6 += 1
    if r6 s< 8 goto l15
    r6 ^= r8
    *(u8 *)(r10 - 24) = r8
    r0 = 5
    exit

case made_1_10
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 accepts 23
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 127
    r7 = 2
    r8 = 0
    r9 = 63
    if r6 > 3 goto l16
    r6 = 4
  l16:
    r7 = 0
  l17:
    r7 += 1
    if r7 < 3 goto l17
    *(u64 *)(r10 - 64) = r8
    r8 = *(u8 *)(r10 - 64)
    *(u16 *)(r10 - 16) = r8
    *(u64 *)(r10 - 32) = r6
    r6 = *(u16 *)(r10 - 32)
    r0 = 2
    exit

case made_1_11
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 1
    .insn 0x87 0 1 0 0                      ;! insn_reserved: BPF_NEG uses reserved fields
    exit

case made_1_12
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 accepts 75
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 31
    r7 = 4095
    r8 = 255
    call get_prandom_u32
    r9 = r0
    r9 &= 64
    *(u16 *)(r10 - 16) = r8
    r7 = 0
  l18:
    r8 <<= 1
    r7 += 1
    if r7 < 20 goto l18
    w8 ^= w8
    if r7 == 15 goto l19
    r8 = 15
  l19:
    r0 = 0
    exit

case made_1_13
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 accepts 45
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 63
    call get_prandom_u32
    r7 = r0
    r8 = 31
    call get_prandom_u32
    r9 = r0
    r9 &= 64
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l20
    if r8 > 57 goto l20
    r8 = *(u64 *)(r0 +0)
  l20:
    if r8 s< 1 goto l21
    r7 = 7
  l21:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l22
    if r6 > 55 goto l22
    *(u32 *)(r0 +0) = 1
  l22:
    r8 %= 3
    r7 <<= 8
    if w6 < -2147483648 goto l23
    call get_prandom_u32
    r8 = r0
    r8 &= 31
  l23:
    r8 s>>= 0
    r0 = 1
    exit

case made_1_14
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 6.12-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 7.3-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
    if r0 == 0 goto inside                  ;! cfg_jump_range: jump out of range from insn 0 to 4
    call sub
    exit
  sub:
    r0 = 1
  inside:
    call sub

case made_1_15
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r6 = 4
    call get_prandom_u32
    r7 = r0
    r7 &= 63
    call get_prandom_u32
    r8 = r0
    call get_prandom_u32
    r9 = r0
    *(u64 *)(r10 - 8) = r10
    r8 = *(u32 *)(r10 - 8)                  ;! pointer_partial: invalid size of register fill
    if w6 & 8 goto l24
    r6 -= 1
  l24:
    r8 ^= 32
    if r6 & r8 goto l25
    *(u32 *)(r10 - 12) = r7
  l25:
    *(u64 *)(r10 - 512) = r6
    r7 %= r8
    if w8 & 255 goto l26
    call get_prandom_u32
    r8 = r0
    r8 &= 7
  l26:
    if r8 >= 64 goto l27
    call get_prandom_u32
    r8 = r0
    r8 &= 56
  l27:
    r0 = 2
    exit

case made_1_16
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 6.1-user 6.12-user
kernel 7.3 refuses misaligned: misaligned stack access off 0+-12 size 8
kernel 7.3-user refuses misaligned: misaligned stack access off 0+-12 size 8
    r9 = r1
    r6 = 0
    call get_prandom_u32
    r7 = r0
    r7 &= 64
    call get_prandom_u32
    r8 = r0
    r8 &= 31
    r6 /= 64
    if r6 < -8 goto l28
    *(u64 *)(r10 - 520) = r7                ;! stack_bounds: invalid write to stack R10 off=-520 size=8
    r7 = *(u16 *)(r10 - 520)
  l28:
    *(u64 *)(r10 - 16) = r8
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l29
    r0 += r6
    *(u8 *)(r0 +60) = 1
  l29:
    if r6 s>= r7 goto l30
    *(u64 *)(r10 - 12) = r6
    r6 = *(u8 *)(r10 - 12)
  l30:
    *(u8 *)(r10 - 16) = r8
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l31
    if r8 > 31 goto l31
    r0 += r8
    r8 = *(u64 *)(r0 +0)
  l31:
    r8 ^= 16
    r0 = 5
    exit

case made_1_17
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses insn_reserved: BPF_MOV uses reserved fields
    call get_prandom_u32
    r2 = r0
    r2 = (s32)r2
    if r2 s> 8 goto out
    r2 = r0
    r1 += -8                                ;! register_unset: R1 !read_ok
    r3 = -4
    call probe_read_kernel
  out:
    r0 = 0
    exit

case made_1_18
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r9 = r1
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r7 &= 64
    r8 = 16
    *(u16 *)(r10 - 520) = r6                ;! stack_bounds: invalid write to stack R10 off=-520 size=2
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l32
    if r6 > 63 goto l32
    r0 += r6
    r6 = *(u8 *)(r0 +1)
  l32:
    if r6 < r6 goto l33
    r6 %= -1
  l33:
    w8 *= 16
    if r7 <= r6 goto l34
    r7 = 16
  l34:
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 1
    if r4 > r3 goto l35
    r5 = *(u8 *)(r2 + 0)
  l35:
    r0 = 0
    exit

case made_1_19
section socket
map values array value 64
kernel 6.18 accepts 17
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    call get_prandom_u32
    r6 = r0
    r6 &= 56
    call get_prandom_u32
    r7 = r0
    r7 &= 15
    r8 = 4
    call get_prandom_u32
    r9 = r0
    r9 &= 56
    call ktime_get_ns
    r8 = r0
    r8 &= 15
    r8 |= r6
    w7 -= w7
    r0 = 2
    exit

case made_1_20
section sk_lookup
kernel 6.18 accepts 2
like 6.18 6.1 6.12 7.3
    r0 = 1
    exit

case made_1_21
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_unknown: unknown func bpf_probe_read_kernel#113
kernel 6.12-user refuses helper_not_allowed: program of this type cannot use helper bpf_probe_read_kernel#113
kernel 7.3-user refuses helper_not_allowed: program of this type cannot use helper bpf_probe_read_kernel#113
    r9 = r1
    r6 = 16
    call get_prandom_u32
    r7 = r0
    r7 &= 7
    call get_prandom_u32
    r8 = r0
    if r7 != r8 goto l36
    call get_prandom_u32
    r6 = r0
    r6 &= 64
  l36:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l37
    r0 += r8
    r8 = *(u16 *)(r0 +0)
  l37:
    r1 = r10
    r1 += -8
    r2 = r7
    r3 = 0
    call probe_read_kernel
    r0 = 5
    exit                                    ;! return_value: At program exit the register R0 has smin=5 smax=5 should have been in [0, 3]

case made_1_22
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 31
    r7 = -8
    r8 = 4
    call get_prandom_u32
    r9 = r0
    w8 |= 31
    r7 += 31
    r7 -= r8
    r8 &= 63
    *(u64 *)(r10 - 520) = r6                ;! stack_bounds: invalid write to stack R10 off=-520 size=8
    r6 = *(u16 *)(r10 - 520)
    r0 = 1
    exit

case made_1_23
section socket
map jumps prog_array entries 2
kernel 6.18 refuses cfg_fallthrough: last insn is not an exit or jmp
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
    r1 += r0

case made_1_24
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 32
    r7 = 63
    r8 = 2
    if w7 s< -8 goto l38
    *(u64 *)(r10 - 12) = r7                 ;! misaligned: misaligned stack access off 0+0+-12 size 8
    r7 = *(u32 *)(r10 - 12)
  l38:
    r7 ^= r7
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 34
    if r4 < r3 goto l39
    r5 = *(u8 *)(r2 + 12)
  l39:
    r0 = 1
    exit

case made_1_25
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r6 = -1
    call get_prandom_u32
    r7 = r0
    r8 = 15
    call get_prandom_u32
    r9 = r0
    r9 &= 31
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l40
    if r7 > 55 goto l40
    r0 += r7
    r7 = *(u16 *)(r0 +0)
  l40:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l41
    if r8 > 64 goto l41
    r0 += r8
    *(u8 *)(r0 +0) = 1
  l41:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l42
    if r8 > 63 goto l42
    r0 += r8
    *(u8 *)(r0 +0) = 1
  l42:
    r6 s>>= 63
    *(u64 *)(r10 - 24) = r7
    r7 = *(u32 *)(r10 - 24)
    *(u64 *)(r10 - 520) = r6                ;! stack_bounds: invalid write to stack R10 off=-520 size=8
    r6 = *(u64 *)(r10 - 520)
    *(u64 *)(r10 - 16) = r6
    r6 = *(u64 *)(r10 - 16)
    r7 = be16 r7
    r0 = 0
    exit

case made_1_26
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

case made_1_27
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r7 &= 7
    r8 = 256
    r9 = 31
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l43
    r0 += r6                                ;! pointer_offset_range: math between map_value pointer and register with unbounded min value is not allowed
    *(u32 *)(r0 -1) = 1
  l43:
    r7 = (s8)r7
    if r7 < 255 goto l44
    call get_prandom_u32
    r7 = r0
    r7 &= 15
  l44:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l45
    if r7 > 55 goto l45
    r0 += r7
    *(u32 *)(r0 +0) = 1
  l45:
    call ktime_get_ns
    r6 = r0
    r6 &= 127
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l46
    if r8 > 55 goto l46
    r0 += r8
    r8 = *(u8 *)(r0 +64)
  l46:
    if r7 < 7 goto l47
    call get_prandom_u32
    r7 = r0
    r7 &= 63
  l47:
    r0 = 2
    exit

case made_1_28
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 127
    call get_prandom_u32
    r7 = r0
    r7 &= 127
    call get_prandom_u32
    r8 = r0
    if w6 > w6 goto l48
    r6 |= r6
  l48:
    r6 = 0
  l49:
    r7 /= r6
    r6 += 1
    if r6 s< 1 goto l49
    r1 = r10
    r1 += -128
    r2 = r6
    r3 = 0
    call probe_read_kernel
    r8 = 0
  l50:
    r6 |= r8
    r8 += 1
    if r8 != 1 goto l50
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l51
    r0 += r8
    *(u64 *)(r0 +8) = 1
  l51:
    if w6 < 3 goto l52
    r8 = -1
  l52:
    if r8 s>= 31 goto l53
    call get_prandom_u32
    r6 = r0
    r6 &= 127
  l53:
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 20
    if r4 >= r3 goto l54
    r5 = *(u8 *)(r2 + 34)                   ;! packet_bounds: invalid access to packet, off=34 size=1, R2(id=0,off=34,r=21); R2 offset is outside of the packet
  l54:
    r0 = 1
    exit

case made_1_29
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 1 to 1
kernel 6.12-user refuses cfg_loop: back-edge from insn 1 to 1
kernel 7.3-user refuses cfg_loop: back-edge from insn 1 to 1
    goto again
  again:
    goto again                              ;! infinite_loop: infinite loop detected at insn 1

case made_1_30
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12
kernel 7.3 refuses packet_bounds: invalid access to packet, off=16 size=8, R2(id=0,off=16,r=15); R2 min value is outside of the allowed memory range
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    r7 = 255
    call get_prandom_u32
    r8 = r0
    r8 &= 7
    r8 = 0
  l55:
    r6 <<= 4
    r8 += 1
    if r8 != 8 goto l55
    r6 >>= 4
    r6 /= -2147483648
    r7 s>>= 32
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l56
    if r6 > 55 goto l56
    r0 += r6
    r6 = *(u16 *)(r0 +8)                    ;! map_value_bounds: invalid access to map value, value_size=64 off=63 size=2; R0 max value is outside of the allowed memory range
  l56:
    *(u8 *)(r10 - 4) = r8
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 14
    if r4 >= r3 goto l57
    r5 = *(u64 *)(r2 + 16)
  l57:
    r0 = 0
    exit

case made_1_31
section socket
map values array value 64
kernel 6.18 accepts 19
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r7 &= 64
    r8 = 32
    r9 = -1
    r7 ^= 4
    r8 += r7
    r7 &= r7
    r7 ^= r8
    if r7 < r8 goto l58
    call get_prandom_u32
    r8 = r0
    r8 &= 127
  l58:
    r0 = 1
    exit

case made_1_32
section socket
kernel 6.18 refuses
like 6.18 6.12 7.3 6.12-user 7.3-user
kernel 6.1 refuses context_write: BPF_ST stores into R1 ctx is not allowed
kernel 6.1-user refuses context_write: BPF_ST stores into R1 ctx is not allowed
    *(u32 *)(r1 + 0) = 0                    ;! context_access: invalid bpf_context access off=0 size=4
    r0 = 0
    exit

case made_1_33
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    call get_prandom_u32
    r7 = r0
    r7 &= 7
    call get_prandom_u32
    r8 = r0
    r8 &= 15
    r9 = 255
    *(u32 *)(r10 - 12) = r7
    r8 -= r8
    *(u8 *)(r10 - 4) = r8
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l59
    if r6 > 63 goto l59
    *(u16 *)(r0 +64) = 1                    ;! map_value_bounds: invalid access to map value, value_size=64 off=64 size=2; R0 min value is outside of the allowed memory range
  l59:
    r0 = 5
    exit

case made_1_34
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 31
    r7 = 64
    call get_prandom_u32
    r8 = r0
    r8 &= 63
    r8 %= r8
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l60
    r0 += r7
    *(u8 *)(r0 +60) = 1                     ;! map_value_bounds: invalid access to map value, value_size=64 off=124 size=1; R0 min value is outside of the allowed memory range
  l60:
    if r8 s<= 255 goto l61
    r7 += r8
  l61:
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 20
    if r4 >= r3 goto l62
    r5 = *(u32 *)(r2 + 16)
  l62:
    r0 = 5
    exit

case made_1_35
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r1 = 5
    r1 = 5
    r0 = 0
    exit
  double:
    r0 = r1                                 ;! cfg_unreachable: unreachable insn 4
    r0 += r1
    exit

case made_1_36
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r6 = 1
    call get_prandom_u32
    r7 = r0
    r7 &= 64
    r8 = 1
    call get_prandom_u32
    r9 = r0
    r9 &= 31
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l63
    if r7 > 63 goto l63
    r7 = *(u16 *)(r0 +0)
  l63:
    r8 *= -1
    r8 += 15
    r1 = r10
    r1 += -8
    r2 = r7
    r3 = 0
    call probe_read_kernel                  ;! stack_bounds: invalid write to stack R1 off=-8 size=65535
    r0 = 0
    exit

case made_1_37
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    call get_prandom_u32
    r7 = r0
    r7 &= 56
    r8 = 8
    if r7 == 3 goto l64
    r6 <<= 8
  l64:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l65
    if r6 > 57 goto l65
    r6 = *(u32 *)(r0 +0)
  l65:
    *(u32 *)(r10 - 8) = r6
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l66
    r0 += r8
    *(u64 *)(r0 +0) = 1
  l66:
    r7 *= 8
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 14
    if r4 < r3 goto l67
    r5 = *(u8 *)(r2 + 0)                    ;! packet_bounds: invalid access to packet, off=0 size=1, R2(id=0,off=0,r=0); R2 offset is outside of the packet
  l67:
    r0 = 1
    exit

case made_1_38
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    call bpf_cpumask_create
    r1 = 3
    r2 = r6                                 ;! register_unset: R6 !read_ok
    call bpf_cpumask_set_cpu
    r0 = 0
    exit

case made_1_39
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 64
    call get_prandom_u32
    r7 = r0
    r8 = 64
    call get_prandom_u32
    r9 = r0
    r9 &= 64
    if r6 > 3 goto l68
    r6 += 4095
  l68:
    *(u64 *)(r10 - 12) = r8                 ;! misaligned: misaligned stack access off 0+0+-12 size 8
    r8 = *(u32 *)(r10 - 12)
    r0 = 1
    exit

case made_1_40
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 64
    r7 = 8
    call get_prandom_u32
    r8 = r0
    r8 &= 15
    *(u8 *)(r10 - 64) = r6
    r7 |= 255
    r6 |= r6
    *(u64 *)(r10 - 24) = r6
    r6 = *(u64 *)(r10 - 24)
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 34
    if r4 > r3 goto l69
    r5 = *(u8 *)(r2 + 34)                   ;! packet_bounds: invalid access to packet, off=34 size=1, R2(id=0,off=34,r=34); R2 offset is outside of the packet
  l69:
    r0 = 2
    exit

case made_1_41
section raw_tp/sys_enter
func read global ptr
kernel 6.18 refuses cfg_fallthrough: last insn is not an exit or jmp
like 6.18 6.1 6.12 7.3
    r1 = r10
    call read
    r0 = 0
    exit
  read:
    r0 = 0

case made_1_42
section socket
map values array value 64
kernel 6.18 accepts 54
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 25 to 23
kernel 6.12-user refuses cfg_loop: back-edge from insn 25 to 23
kernel 7.3-user refuses cfg_loop: back-edge from insn 25 to 23
    call get_prandom_u32
    r6 = r0
    r6 &= 64
    r7 = -2147483648
    r8 = -8
    call get_prandom_u32
    r9 = r0
    if r7 < 8 goto l70
    r6 |= 7
  l70:
    w7 &= w8
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l71
    if r8 > 56 goto l71
    r0 += r8
    *(u8 *)(r0 +0) = 1
  l71:
    if r7 >= r6 goto l72
    w8 &= -8
  l72:
    r7 = 0
  l73:
    r8 s>>= 1
    r7 += 1
    if r7 != 8 goto l73
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l74
    if r8 > 64 goto l74
    r0 += r8
    *(u64 *)(r0 -1) = 1
  l74:
    r8 *= r8
    r8 = be16 r8
    r0 = 1
    exit

case made_1_43
section tc
map values array value 64
kernel 6.18 accepts 68
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 127
    r7 = -8
    r8 = 1
    r8 s>>= 63
    call ktime_get_ns
    r6 = r0
    r6 &= 127
    if r8 & r7 goto l75
    call get_prandom_u32
    r7 = r0
    r7 &= 31
  l75:
    call ktime_get_ns
    r6 = r0
    r6 &= 7
    r6 = 0
  l76:
    r6 += 1
    if r6 != 20 goto l76
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 34
    if r4 >= r3 goto l77
    r5 = *(u64 *)(r2 + 16)
  l77:
    r0 = 0
    exit

case made_1_44
section tc
struct elem timer:bpf_timer n:u64
map elems array value elem
map other array value elem
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u32 *)(r3 - 4) = 0                    ;! register_unset: R3 !read_ok
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    r2 = map[fd:other]
    r3 = 1
    call timer_init
  out:
    r0 = 0
    exit

case made_1_45
section tc
map values array value 64
kernel 6.18 accepts 37
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    call get_prandom_u32
    r7 = r0
    r7 &= 31
    r8 = -2147483648
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l78
    *(u8 *)(r0 +0) = 1
  l78:
    r7 ^= r7
    *(u8 *)(r10 - 12) = r7
    *(u64 *)(r10 - 16) = r8
    r8 = *(u8 *)(r10 - 16)
    if w8 < w6 goto l79
    *(u64 *)(r10 - 64) = r8
    r8 = *(u64 *)(r10 - 64)
  l79:
    *(u64 *)(r10 - 24) = r6
    r6 = *(u8 *)(r10 - 24)
    r7 s>>= 4
    *(u16 *)(r10 - 32) = r6
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 20
    if r4 > r3 goto l80
    r5 = *(u8 *)(r2 + 0)
  l80:
    r0 = 0
    exit

case made_1_46
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses context_access: invalid bpf_context access off=76 size=4
kernel 6.12-user refuses context_access: invalid bpf_context access off=76 size=4
kernel 7.3-user refuses context_access: invalid bpf_context access off=76 size=4
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 31
    call get_prandom_u32
    r7 = r0
    r8 = -8
    *(u32 *)(r10 - 12) = r7
    if r7 >= r7 goto l81
    w8 += -2147483648
  l81:
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 14
    if r4 > r3 goto l82
    r5 = *(u32 *)(r2 + 16)                  ;! packet_bounds: invalid access to packet, off=16 size=4, R2(id=0,off=16,r=14); R2 offset is outside of the packet
  l82:
    r0 = 1
    exit

case made_1_47
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 7.3
    r1 = r10
    r1 += -8
    call bpf_iter_kmem_cache_new            ;! helper_sleeps: program must be sleepable to call sleepable kfunc bpf_iter_kmem_cache_new
    r0 = 0
    exit

case made_1_48
section tc
map values array value 64
kernel 6.18 accepts 17
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 31
    r7 = 0
    r8 = 4095
    r8 += r6
    w8 &= 4095
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 20
    if r4 > r3 goto l83
    r5 = *(u16 *)(r2 + 13)
  l83:
    r0 = 1
    exit

case made_1_49
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r6 = -2147483648
    r7 = 2147483647
    call get_prandom_u32
    r8 = r0
    r8 &= 7
    call get_prandom_u32
    r9 = r0
    *(u64 *)(r10 - 4) = r8                  ;! misaligned: misaligned stack access off 0+0+-4 size 8
    r7 &= -8
    r8 = 0
  l84:
    r8 += 1
    if r8 != 20 goto l84
    *(u32 *)(r10 - 12) = r6
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l85
    if r7 > 55 goto l85
    r0 += r7
    r7 = *(u8 *)(r0 +64)
  l85:
    if r8 == r8 goto l86
    *(u64 *)(r10 - 512) = r8
    r8 = *(u16 *)(r10 - 512)
  l86:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l87
    r0 += r7
    r7 = *(u8 *)(r0 +8)
  l87:
    r0 = 0
    exit

case made_1_50
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 accepts 6
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r1 = map[fd:ring]
    r2 = r0
    r3 = 0
    r0 = 0
    exit

case made_1_51
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 64
    call get_prandom_u32
    r7 = r0
    r7 &= 15
    call get_prandom_u32
    r8 = r0
    r8 &= 56
    call get_prandom_u32
    r9 = r0
    r9 &= 64
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l88
    if r8 > 55 goto l88
    r0 += r8
    *(u64 *)(r0 -1) = 1                     ;! map_value_bounds: invalid access to map value, value_size=64 off=-1 size=8; R0 min value is outside of the allowed memory range
  l88:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r6 > 31 goto l89
    r6 = *(u16 *)(r0 +1)
  l89:
    if r8 & r6 goto l90
    call get_prandom_u32
    r8 = r0
    r8 &= 64
  l90:
    if r6 s<= r7 goto l91
    *(u32 *)(r10 - 12) = r8
  l91:
    w8 |= 31
    if w8 < w6 goto l92
    call get_prandom_u32
    r8 = r0
  l92:
    if r8 != r6 goto l93
    r6 = 1
  l93:
    r0 = 0
    exit

case made_1_52
section socket
map values array value 64
kernel 6.18 accepts 24
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    call get_prandom_u32
    r6 = r0
    r6 &= 64
    call get_prandom_u32
    r7 = r0
    r7 &= 7
    r8 = 32
    r9 = 0
    r6 >>= 1
    *(u32 *)(r10 - 24) = r8
    if r6 & 15 goto l94
    *(u8 *)(r10 - 4) = r6
  l94:
    r6 &= 8
    w7 *= w6
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l95
    if r7 > 31 goto l95
    r7 = *(u16 *)(r0 +0)
  l95:
    r0 = 0
    exit

case made_1_53
section cgroup_skb/ingress
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 6
    exit                                    ;! return_value: At program exit the register R0 has smin=6 smax=6 should have been in [0, 1]

case made_1_54
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 64
    r7 = 8
    r8 = 63
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l96
    if r8 > 63 goto l96
    r0 += r8
    *(u64 *)(r0 +1) = 1                     ;! map_value_bounds: invalid access to map value, value_size=64 off=64 size=8; R0 min value is outside of the allowed memory range
  l96:
    if w6 <= w7 goto l97
    *(u64 *)(r10 - 64) = r7
    r7 = *(u32 *)(r10 - 64)
  l97:
    if r7 > 63 goto l98
    r6 = 31
  l98:
    if r6 s<= r6 goto l99
    r6 = 2
  l99:
    r7 %= 8
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 34
    if r4 >= r3 goto l100
    r5 = *(u64 *)(r2 + 0)
  l100:
    r0 = 0
    exit

case made_1_55
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    call get_prandom_u32
    r7 = r0
    r7 &= 7
    call get_prandom_u32
    r8 = r0
    r8 &= 31
    call get_prandom_u32
    r9 = r0
    r9 &= 127
    r8 = 0
  l101:
    r8 += 1
    if r8 s< 1 goto l101
    r2 = r10
    r2 *= r8                                ;! pointer_arithmetic: R2 pointer arithmetic with *= operator prohibited
    r7 ^= r8
    r7 /= r6
    r0 = 0
    exit

case made_1_56
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12
kernel 7.3 refuses reference_release: release kfunc bpf_task_release expects referenced PTR_TO_BTF_ID passed to R1
    r1 = *(u64 *)(r1 + 8)
    call bpf_task_release                   ;! btf_untrusted: release kernel function bpf_task_release expects refcounted PTR_TO_BTF_ID
    exit

case made_1_57
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 63
    call get_prandom_u32
    r7 = r0
    call get_prandom_u32
    r8 = r0
    *(u64 *)(r10 - 12) = r7                 ;! misaligned: misaligned stack access off 0+0+-12 size 8
    r7 = *(u16 *)(r10 - 12)
    w6 |= w6
    r6 >>= 4
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l102
    if r6 > 64 goto l102
    r0 += r6
    *(u64 *)(r0 +1) = 1
  l102:
    r8 %= r8
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 1
    if r4 >= r3 goto l103
    r5 = *(u64 *)(r2 + 0)
  l103:
    r0 = 1
    exit

case made_1_58
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 2
    call get_prandom_u32
    r7 = r0
    r7 &= 63
    call get_prandom_u32
    r8 = r0
    r8 &= 31
    *(u64 *)(r10 - 512) = r7
    r7 = *(u32 *)(r10 - 512)
    r8 %= r7
    r7 |= -1
    if r6 s>= r8 goto l104
    r6 = 2147483647
  l104:
    *(u32 *)(r10 - 16) = r8
    if r7 == r7 goto l105
    r7 &= r6
  l105:
    *(u64 *)(r10 - 64) = r7
    r7 = *(u64 *)(r10 - 64)
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l106
    if r8 > 56 goto l106
    r0 += r8
    *(u64 *)(r0 +0) = 1
  l106:
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 20
    if r4 < r3 goto l107
    r5 = *(u16 *)(r2 + 12)                  ;! packet_bounds: invalid access to packet, off=12 size=2, R2(id=0,off=12,r=0); R2 offset is outside of the packet
  l107:
    r0 = 2
    exit

case made_1_59
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

case made_1_60
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r6 = 256
    call get_prandom_u32
    r7 = r0
    r7 &= 31
    call get_prandom_u32
    r8 = r0
    r9 = 4095
    r6 /= r6
    r10 += r7                               ;! frame_pointer_written: frame pointer is read only
    if w6 s> 7 goto l108
    call get_prandom_u32
    r8 = r0
    r8 &= 64
  l108:
    if r6 < -8 goto l109
    call get_prandom_u32
    r7 = r0
  l109:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l110
    r0 += r8
    *(u64 *)(r0 -1) = 1
  l110:
    r0 = 1
    exit

case made_1_61
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 31
    call get_prandom_u32
    r7 = r0
    r7 &= 64
    r8 = -8
    r7 *= r7
    call ktime_get_ns
    r8 = r0
    r8 &= 31
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l111
    if r6 > 64 goto l111
    r0 += r6
    *(u8 *)(r0 +0) = 1
  l111:
    *(u32 *)(r10 - 520) = r7                ;! stack_bounds: invalid write to stack R10 off=-520 size=4
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l112
    if r7 > 56 goto l112
    r0 += r7
    r7 = *(u8 *)(r0 +0)
  l112:
    r0 = 1
    exit

case made_1_62
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

case made_1_63
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 accepts 25
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 127
    call get_prandom_u32
    r7 = r0
    call get_prandom_u32
    r8 = r0
    r8 &= 64
    r9 = 1
    r7 s>>= 4
    if r7 < 4095 goto l113
    *(u64 *)(r10 - 64) = r8
    r8 = *(u64 *)(r10 - 64)
  l113:
    w7 *= 7
    r7 ^= 2147483647
    if r7 >= 256 goto l114
    r6 = -8
  l114:
    r0 = 5
    exit

case made_1_64
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 accepts 48
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 31
    call get_prandom_u32
    r7 = r0
    r8 = 0
    r9 = 63
    *(u64 *)(r10 - 24) = r8
    r8 = *(u64 *)(r10 - 24)
    r7 = 0
  l115:
    w6 ^= w7
    r7 += 1
    if r7 != 8 goto l115
    *(u16 *)(r10 - 24) = r8
    *(u16 *)(r10 - 32) = r7
    r7 -= r7
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l116
    if r6 > 56 goto l116
    r0 += r6
    r6 = *(u32 *)(r0 +1)
  l116:
    r0 = 0
    exit

case made_1_65
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 7.3
    r3 = r10
    r1 += -8
    call bpf_local_irq_save                 ;! context_modified: negative offset ctx ptr R1 off=-8 disallowed
    r1 = r10
    call bpf_local_irq_restore
    r0 = 0
    exit

case made_1_66
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 accepts 45
like 6.18 6.12 7.3
kernel 6.1 refuses stack_bounds: invalid read from stack R10 off=-8 size=8
    call get_prandom_u32
    r6 = r0
    r6 &= 64
    call get_prandom_u32
    r7 = r0
    r7 &= 15
    r8 = 7
    r9 = 4095
    if r8 <= r8 goto l117
    r6 ^= 7
  l117:
    lock *(u64 *)(r10 - 8) += r7
    r7 &= r8
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l118
    if r8 > 64 goto l118
    r0 += r8
    *(u8 *)(r0 +0) = 1
  l118:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l119
    if r6 > 56 goto l119
    r6 = *(u64 *)(r0 +8)
  l119:
    if r7 >= 64 goto l120
    r6 = 4
  l120:
    r0 = 0
    exit

case made_1_67
section socket
map values array value 64
kernel 6.18 accepts 19
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r6 = 64
    call get_prandom_u32
    r7 = r0
    r7 &= 63
    r8 = 7
    call get_prandom_u32
    r9 = r0
    r7 <<= 1
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l121
    if r8 > 55 goto l121
    r0 += r8
    r8 = *(u8 *)(r0 -1)
  l121:
    r0 = 2
    exit

case made_1_68
section socket
map jumps prog_array entries 2
func f static
kernel 6.18 refuses
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
    call tail_call                          ;! register_unset: R3 !read_ok
    *(u64 *)(r6 + 0) = 1
    r0 = 0
    exit

case made_1_69
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 15
    call get_prandom_u32
    r7 = r0
    r7 &= 15
    call get_prandom_u32
    r8 = r0
    r8 &= 15
    w8 += 3
    *(u64 *)(r10 - 16) = r8
    r8 = *(u8 *)(r10 - 16)
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l122
    if r7 > 56 goto l122
    r0 += r7
    *(u64 *)(r0 +64) = 1                    ;! map_value_bounds: invalid access to map value, value_size=64 off=64 size=8; R0 min value is outside of the allowed memory range
  l122:
    if r8 != r6 goto l123
    r7 = 63
  l123:
    r0 = 0
    exit

case made_1_70
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 28 to 27
kernel 6.12-user refuses cfg_loop: back-edge from insn 28 to 27
kernel 7.3-user refuses cfg_loop: back-edge from insn 28 to 27
    call get_prandom_u32
    r6 = r0
    r6 &= 7
    call get_prandom_u32
    r7 = r0
    r8 = 31
    call get_prandom_u32
    r9 = r0
    r9 &= 56
    if r7 <= r8 goto l124
    *(u64 *)(r10 - 32) = r7
    r7 = *(u16 *)(r10 - 32)
  l124:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l125
    if r7 > 57 goto l125
    r0 += r7
    r7 = *(u64 *)(r0 +64)                   ;! map_value_bounds: invalid access to map value, value_size=64 off=64 size=8; R0 min value is outside of the allowed memory range
  l125:
    *(u64 *)(r10 - 512) = r7
    r7 = *(u64 *)(r10 - 512)
    *(u64 *)(r10 - 24) = r7
    r6 >>= 63
    r7 = 0
  l126:
    r7 += 1
    if r7 != 3 goto l126
    r0 = 1
    exit

case made_1_71
section raw_tp/sys_enter
map events perf_event_array entries 2
kernel 6.18 accepts 9
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 0
    r2 = map[fd:events]
    r3 = 0xffffffff ll
    r4 = r10
    r4 += -8
    r5 = 8
    call perf_event_output
    r0 = -4
    exit

case made_1_72
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 127
    r7 = 2
    call get_prandom_u32
    r8 = r0
    r8 &= 64
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l127
    if r8 > 7 goto l127
    r0 += r8
    r8 = *(u32 *)(r0 +64)                   ;! map_value_bounds: invalid access to map value, value_size=64 off=64 size=4; R0 min value is outside of the allowed memory range
  l127:
    if w6 < w7 goto l128
    call get_prandom_u32
    r6 = r0
    r6 &= 63
  l128:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l129
    if r6 > 64 goto l129
    r0 += r6
    r6 = *(u32 *)(r0 +60)
  l129:
    r8 &= r6
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 20
    if r4 < r3 goto l130
    r5 = *(u64 *)(r2 + 13)
  l130:
    r0 = 5
    exit

case made_1_73
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_unknown: unknown func bpf_probe_read_kernel#113
kernel 6.12-user refuses helper_not_allowed: program of this type cannot use helper bpf_probe_read_kernel#113
kernel 7.3-user refuses helper_not_allowed: program of this type cannot use helper bpf_probe_read_kernel#113
    r6 = 1
    call get_prandom_u32
    r7 = r0
    call get_prandom_u32
    r8 = r0
    call get_prandom_u32
    r9 = r0
    r1 = r10
    r1 += -16
    r2 = r6
    r3 = 0
    call probe_read_kernel
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l131
    r0 += r6
    r6 = *(u16 *)(r0 +1)
  l131:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l132
    if r8 > 63 goto l132
    r8 = *(u8 *)(r0 +64)                    ;! map_value_bounds: invalid access to map value, value_size=64 off=64 size=1; R0 min value is outside of the allowed memory range
  l132:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l133
    r0 += r8
    *(u16 *)(r0 +60) = 1
  l133:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l134
    r0 += r7
    *(u64 *)(r0 +0) = 1
  l134:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l135
    if r7 > 31 goto l135
    r0 += r7
    r7 = *(u8 *)(r0 +0)
  l135:
    r0 = 2
    exit

case made_1_74
section socket
kernel 6.18 refuses cfg_fallthrough: last insn is not an exit or jmp
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 0
    exit
    r0 = 1

case made_1_75
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r9 = r1
    r6 = 4
    call get_prandom_u32
    r7 = r0
    r7 &= 56
    call get_prandom_u32
    r8 = r0
    r8 &= 15
    r8 <<= 4
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l136
    if r7 > 63 goto l136
    r0 += r7
    *(u32 *)(r0 +0) = 1
  l136:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l137
    if r6 > 64 goto l137
    r0 += r6
    r6 = *(u16 *)(r0 +0)
  l137:
    lock *(u64 *)(r10 - 8) += r6
    *(u64 *)(r10 - 520) = r6                ;! stack_bounds: invalid write to stack R10 off=-520 size=8
    r6 = *(u64 *)(r10 - 520)
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l138
    r0 += r8
    *(u8 *)(r0 +1) = 1
  l138:
    r0 = 0
    exit

case made_1_76
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 7
    r7 = 1
    call get_prandom_u32
    r8 = r0
    r8 &= 7
    if r8 >= r7 goto l139
    r6 = 15
  l139:
    *(u64 *)(r10 - 32) = r8
    r8 = *(u16 *)(r10 - 32)
    if w8 > 32 goto l140
    *(u64 *)(r10 - 16) = r7
    r7 = *(u16 *)(r10 - 16)
  l140:
    r7 &= r6
    call ktime_get_ns
    r6 = r0
    r6 &= 56
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l141
    *(u32 *)(r0 -1) = 1                     ;! map_value_bounds: invalid access to map value, value_size=64 off=-1 size=4; R0 min value is outside of the allowed memory range
  l141:
    r0 = 0
    exit

case made_1_77
section socket
kernel 6.18 accepts 2
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = *(u32 *)(r1 + 0)
    exit

case made_1_78
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 accepts 18
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r7 &= 15
    call get_prandom_u32
    r8 = r0
    r8 &= 15
    r9 = 31
    *(u64 *)(r10 - 32) = r7
    r7 = *(u32 *)(r10 - 32)
    w6 += w6
    if r6 == r8 goto l142
    r6 += r6
  l142:
    r0 = 1
    exit

case made_1_79
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 accepts 12
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 63
    call get_prandom_u32
    r7 = r0
    r7 &= 15
    r8 = 4
    r9 = 2147483647
    *(u16 *)(r10 - 512) = r7
    if r7 s>= -8 goto l143
    r7 = 7
  l143:
    r0 = 1
    exit

case made_1_80
section tp_btf/sched_switch
struct elem task:kptr(task_struct)
map elems array value elem
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    call map_lookup_elem                    ;! argument_type: R1 type=ctx expected=map_ptr
    if r0 == 0 goto out
    r1 = *(u64 *)(r0 + 0)
  out:
    r0 = 0
    exit

case made_1_81
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r6 = 32
    r7 = 32
    r8 = 255
    call get_prandom_u32
    r9 = r0
    r9 &= 127
    r1 = r10
    r1 += -8
    r2 = r6
    r3 = 0
    call probe_read_kernel                  ;! stack_bounds: invalid write to stack R1 off=-8 size=32
    r7 s>>= 8
    *(u64 *)(r10 - 32) = r6
    r6 = *(u16 *)(r10 - 32)
    r5 = r4
    call ktime_get_ns
    r7 = r0
    r7 &= 63
    call ktime_get_ns
    r6 = r0
    r6 &= 7
    r0 = 2
    exit

case made_1_82
section xdp
map values hash value 64 entries 4
kernel 6.18 accepts 70
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 127
    r7 = 1
    call get_prandom_u32
    r8 = r0
    r8 &= 15
    w7 %= w6
    if r7 <= 4095 goto l144
    call get_prandom_u32
    r6 = r0
    r6 &= 56
  l144:
    if r8 s<= 15 goto l145
    w8 /= w8
  l145:
    if r7 > r7 goto l146
    w7 %= 31
  l146:
    if r7 != r7 goto l147
    w8 |= 32
  l147:
    if r7 != r8 goto l148
    r7 ^= 4095
  l148:
    *(u8 *)(r10 - 8) = r8
    if r8 <= r7 goto l149
    r8 = 256
  l149:
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 14
    if r4 > r3 goto l150
    r5 = *(u8 *)(r2 + 12)
  l150:
    r0 = 1
    exit

case made_1_83
section socket
map values hash key 8 value 8 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 8) = 0
    r2 = r10
    r2 += -8
    r2 = r10
    call map_lookup_elem                    ;! argument_type: R1 type=ctx expected=map_ptr
    r0 = 0
    exit

case made_1_84
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 accepts 25
like 6.18 6.1 6.12 7.3
    r6 = 1
    r7 = 0
    call get_prandom_u32
    r8 = r0
    call get_prandom_u32
    r9 = r0
    r9 &= 56
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l151
    r0 += r7
    r7 = *(u8 *)(r0 +60)
  l151:
    *(u64 *)(r10 - 64) = r7
    r7 = *(u64 *)(r10 - 64)
    r7 <<= 1
    r0 = 0
    exit

case made_1_85
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 accepts 60
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 63
    call get_prandom_u32
    r7 = r0
    r7 &= 56
    call get_prandom_u32
    r8 = r0
    r8 &= 31
    call get_prandom_u32
    r9 = r0
    r9 &= 56
    if w7 > w6 goto l152
    r6 = 64
  l152:
    r8 |= r7
    w6 -= w7
    if w6 s<= w8 goto l153
    call get_prandom_u32
    r7 = r0
    r7 &= 31
  l153:
    if r8 s> 32 goto l154
    r6 >>= 31
  l154:
    if w6 > 255 goto l155
    r7 ^= 3
  l155:
    r0 = 0
    exit

case made_1_86
section perf_event
kernel 6.18 refuses cfg_fallthrough: last insn is not an exit or jmp
like 6.18 6.1 6.12 7.3
    r2 = *(u64 *)(r1 + 168)
    r0 = 0
    r2 = *(u64 *)(r1 + 168)

case made_1_87
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 4
    call get_prandom_u32
    r7 = r0
    r7 &= 31
    call get_prandom_u32
    r8 = r0
    r8 &= 7
    if r7 != 8 goto l156
    *(u64 *)(r10 - 520) = r7                ;! stack_bounds: invalid write to stack R10 off=-520 size=8
    r7 = *(u32 *)(r10 - 520)
  l156:
    *(u64 *)(r10 - 12) = r6
    r6 = *(u16 *)(r10 - 12)
    r0 = 0
    exit

case made_1_88
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r6 = 7
    r7 = 256
    call get_prandom_u32
    r8 = r0
    r8 &= 31
    call get_prandom_u32
    r9 = r0
    w7 -= 255
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l157
    if r7 > 63 goto l157
    r7 = *(u8 *)(r0 +8)
  l157:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l158
    if r6 > 57 goto l158
    r0 += r6
    *(u32 *)(r0 +60) = 1                    ;! map_value_bounds: invalid access to map value, value_size=64 off=67 size=4; R0 min value is outside of the allowed memory range
  l158:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l159
    if r6 > 64 goto l159
    r6 = *(u8 *)(r0 +60)
  l159:
    r8 += 2147483647
    if r7 s>= r7 goto l160
    call get_prandom_u32
    r7 = r0
    r7 &= 63
  l160:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l161
    if r8 > 63 goto l161
    *(u64 *)(r0 -1) = 1
  l161:
    r0 = 1
    exit

case made_1_89
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u64 *)(r1 + 8)
    r3 = *(u64 *)(r6 + 0)                   ;! register_unset: R6 !read_ok
    r3 &= 8
    r2 += r3
    r0 = *(u64 *)(r2 + 0)
    r0 = 0
    exit

case made_1_90
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 accepts 39
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 63
    call get_prandom_u32
    r7 = r0
    r7 &= 63
    call get_prandom_u32
    r8 = r0
    r8 &= 56
    call get_prandom_u32
    r9 = r0
    r9 &= 64
    if w7 >= 16 goto l162
    r6 %= r6
  l162:
    w6 -= w6
    if r7 s>= r7 goto l163
    call get_prandom_u32
    r8 = r0
    r8 &= 63
  l163:
    call ktime_get_ns
    r6 = r0
    r6 &= 127
    *(u64 *)(r10 - 64) = r8
    r8 = *(u16 *)(r10 - 64)
    w8 += -2147483648
    r8 += 31
    r0 = 1
    exit

case made_1_91
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 64
    r7 = 4
    call get_prandom_u32
    r8 = r0
    if r7 s<= r8 goto l164
    r7 -= r7
  l164:
    r6 /= 16
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 20
    if r4 < r3 goto l165
    r5 = *(u8 *)(r2 + 13)                   ;! packet_bounds: invalid access to packet, off=13 size=1, R2(id=0,off=13,r=0); R2 offset is outside of the packet
  l165:
    r0 = 0
    exit

case made_1_92
section raw_tp/sys_enter
map values array value 16
kernel 6.18 accepts 13
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 0
    r1 = 10
    r2 = subprog[turn]
    r3 = r10
    r3 += -8
    r4 = 0
    r1 = *(u64 *)(r10 - 8)
    r1 = *(u64 *)(r10 - 8)
    r0 = map[fd:values][0]
    r0 += r1
    r0 = *(u8 *)(r0 + 0)
    r0 = 0
    exit
  turn:
    r3 = *(u64 *)(r2 + 0)
    r3 += 1
    *(u64 *)(r2 + 0) = r3
    r0 = 0
    exit

case made_1_93
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r9 = r1
    r6 = 63
    r7 = 0
    call get_prandom_u32
    r8 = r0
    if w6 s< 2 goto l166
    *(u64 *)(r10 - 16) = r7
    r7 = *(u16 *)(r10 - 16)
  l166:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l167
    if r6 > 64 goto l167
    *(u32 *)(r0 +8) = 1
  l167:
    r6 |= r7
    r0 = 5
    exit                                    ;! return_value: At program exit the register R0 has smin=5 smax=5 should have been in [0, 3]

case made_1_94
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    r7 = 63
    call get_prandom_u32
    r8 = r0
    r8 &= 127
    call get_prandom_u32
    r9 = r0
    r9 &= 7
    if r8 s> 255 goto l168
    *(u64 *)(r10 - 64) = r7
    r7 = *(u32 *)(r10 - 64)
  l168:
    r7 ^= r7
    r1 = r10
    r1 += -16
    r2 = r6
    r3 = 0
    call probe_read_kernel
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l169
    if r8 > 56 goto l169
    r8 = *(u8 *)(r0 +60)
  l169:
    *(u64 *)(r10 - 520) = r7                ;! stack_bounds: invalid write to stack R10 off=-520 size=8
    r0 = 5
    exit

case made_1_95
section xdp
struct pair a:u64 b:u64
func first global *pair
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = 0
    call first
    r0 = 2
    exit
  first:
    r0 = *(u64 *)(r1 + 0)                   ;! pointer_may_be_null: R1 invalid mem access 'mem_or_null'
    exit

case made_1_96
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 accepts 38
like 6.18 7.3
kernel 6.1 refuses pointer_arithmetic: R0 pointer arithmetic on map_value_or_null prohibited, null-check it first
kernel 6.12 refuses pointer_arithmetic: R0 pointer arithmetic on map_value_or_null prohibited, null-check it first
    call get_prandom_u32
    r6 = r0
    r7 = 4
    r8 = -1
    r9 = 4
    if r6 < 8 goto l170
    call get_prandom_u32
    r7 = r0
    r7 &= 31
  l170:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r7 > 63 goto l171
    r0 += r7
    *(u64 *)(r0 +0) = 1
  l171:
    if w7 s<= w6 goto l172
    r7 = 3
  l172:
    *(u16 *)(r10 - 8) = r7
    *(u64 *)(r10 - 24) = r8
    r8 = *(u64 *)(r10 - 24)
    r0 = 0
    exit

case made_1_97
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 256
    r7 = 16
    call get_prandom_u32
    r8 = r0
    r8 &= 15
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l173
    if r7 > 56 goto l173
    r0 += r7
    r7 = *(u8 *)(r0 +60)                    ;! map_value_bounds: invalid access to map value, value_size=64 off=76 size=1; R0 min value is outside of the allowed memory range
  l173:
    r2 = r10
    r2 *= r6
    if w8 & 2147483647 goto l174
    r8 = 64
  l174:
    r6 s>>= 63
    if w6 s>= 255 goto l175
    r7 += r7
  l175:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l176
    r0 += r7
    r7 = *(u32 *)(r0 -1)
  l176:
    r7 s>>= 0
    if w6 & 64 goto l177
    r8 = 7
  l177:
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 34
    if r4 > r3 goto l178
    r5 = *(u16 *)(r2 + 16)
  l178:
    r0 = 1
    exit

case made_1_98
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r6 = 256
    call get_prandom_u32
    r7 = r0
    r7 &= 64
    call get_prandom_u32
    r8 = r0
    r8 &= 63
    r9 = 64
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l179
    r0 += r8
    *(u32 *)(r0 +56) = 1                    ;! map_value_bounds: invalid access to map value, value_size=64 off=119 size=4; R0 max value is outside of the allowed memory range
  l179:
    if r8 & r8 goto l180
    w6 |= w6
  l180:
    r6 <<= 4
    r0 = 2
    exit

case made_1_99
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 1
    call get_prandom_u32
    r7 = r0
    r7 &= 56
    r8 = 63
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l181
    if r7 > 55 goto l181
    *(u32 *)(r0 +64) = 1                    ;! map_value_bounds: invalid access to map value, value_size=64 off=64 size=4; R0 min value is outside of the allowed memory range
  l181:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l182
    if r7 > 55 goto l182
    r0 += r7
    r7 = *(u64 *)(r0 +1)
  l182:
    if r8 s<= r7 goto l183
    *(u64 *)(r10 - 512) = r7
    r7 = *(u64 *)(r10 - 512)
  l183:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l184
    r0 += r6
    *(u8 *)(r0 +0) = 1
  l184:
    w7 ^= 256
    r0 = 0
    exit

case made_1_100
section socket
kernel 6.18 accepts 3
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 0
    r0 = 1
  end:
    exit

case made_1_101
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 4
    r7 = 3
    call get_prandom_u32
    r8 = r0
    r8 &= 56
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l185
    r0 += r6
    *(u16 *)(r0 +0) = 1
  l185:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l186
    r0 += r6
    r6 = *(u8 *)(r0 +56)
  l186:
    r6 = 0
  l187:
    w7 %= w8
    r6 += 1
    if r6 < 20 goto l187
    w6 -= 8
    if w7 != w7 goto l188
    r8 *= r6
  l188:
    *(u64 *)(r10 - 8) = r10
    r8 = *(u32 *)(r10 - 8)                  ;! pointer_partial: invalid size of register fill
    r7 = (s8)r7
    if r7 s< 2147483647 goto l189
    call get_prandom_u32
    r8 = r0
  l189:
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 34
    if r4 < r3 goto l190
    r5 = *(u32 *)(r2 + 34)
  l190:
    r0 = 0
    exit

case made_1_102
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r7 = 2147483647
    call get_prandom_u32
    r8 = r0
    r8 &= 7
    r7 = 0
  l191:
    r6 %= 4095
    r7 += 1
    if r7 s< 3 goto l191
    *(u32 *)(r10 - 4) = r8
    *(u64 *)(r10 - 16) = r7
    r7 = *(u8 *)(r10 - 16)
    r8 = 0
  l192:
    r6 %= r7
    r8 += 1
    if r8 != 1 goto l192
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 20
    if r4 > r3 goto l193
    r5 = *(u64 *)(r2 + 16)                  ;! packet_bounds: invalid access to packet, off=16 size=8, R2(id=0,off=16,r=20); R2 offset is outside of the packet
  l193:
    r0 = 0
    exit

case made_1_103
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r10 = 0
    exit
    exit                                    ;! cfg_unreachable: unreachable insn 2

case made_1_104
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r6 = 1
    call get_prandom_u32
    r7 = r0
    call get_prandom_u32
    r8 = r0
    r8 &= 56
    call get_prandom_u32
    r9 = r0
    r9 &= 127
    r8 /= 256
    *(u64 *)(r10 - 24) = r6
    r6 = *(u8 *)(r10 - 24)
    if w7 != w6 goto l194
    *(u64 *)(r10 - 16) = r8
    r8 = *(u64 *)(r10 - 16)
  l194:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l195
    if r7 > 7 goto l195
    r0 += r7
    *(u16 *)(r0 +64) = 1                    ;! map_value_bounds: invalid access to map value, value_size=64 off=65 size=2; R0 min value is outside of the allowed memory range
  l195:
    r6 s>>= 32
    r0 = 2
    exit

case made_1_105
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r7 &= 127
    call get_prandom_u32
    r8 = r0
    if r8 != r8 goto l196
    r8 = -8
  l196:
    if r8 >= r6 goto l197
    *(u64 *)(r10 - 520) = r8                ;! stack_bounds: invalid write to stack R10 off=-520 size=8
    r8 = *(u32 *)(r10 - 520)
  l197:
    r1 = r10
    r1 += -8
    r2 = r7
    r3 = 0
    call probe_read_kernel
    r0 = 0
    exit

case made_1_106
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

case made_1_107
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 7
    call get_prandom_u32
    r7 = r0
    call get_prandom_u32
    r8 = r0
    r8 &= 31
    r2 = r10
    r2 *= r8                                ;! pointer_arithmetic: R2 pointer arithmetic with *= operator prohibited
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l198
    if r7 > 7 goto l198
    *(u64 *)(r0 +56) = 1
  l198:
    r8 s>>= 4
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l199
    r0 += r6
    r6 = *(u64 *)(r0 +56)
  l199:
    call ktime_get_ns
    r7 = r0
    r7 &= 64
    if w8 > 15 goto l200
    r6 >>= 32
  l200:
    r10 += r7
    r0 = 5
    exit

case made_1_108
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r7 = 4
    call get_prandom_u32
    r8 = r0
    r8 &= 64
    call get_prandom_u32
    r9 = r0
    r9 &= 15
    call ktime_get_ns
    r6 = r0
    r6 &= 31
    r5 = r4                                 ;! register_unset: R4 !read_ok
    r1 = r10
    r1 += -8
    r2 = r8
    r3 = 0
    call probe_read_kernel
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l201
    if r8 > 63 goto l201
    r0 += r8
    *(u64 *)(r0 +56) = 1
  l201:
    if r6 != 7 goto l202
    call get_prandom_u32
    r6 = r0
  l202:
    *(u8 *)(r10 - 24) = r7
    r0 = 1
    exit

case made_1_109
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 refuses
like 6.18 6.1 6.12
kernel 7.3 refuses dynptr: Expected an initialized dynptr as R1
    *(u64 *)(r10 - 16) = 0
    *(u64 *)(r10 - 8) = 0
    r1 = r10
    r1 += -16
    r1 += -16
    call ringbuf_submit_dynptr              ;! reference_release: arg 1 is an unacquired reference
    r0 = 0
    exit

case made_1_110
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r6 = 32
    call get_prandom_u32
    r7 = r0
    r7 &= 127
    call get_prandom_u32
    r8 = r0
    r8 &= 31
    call get_prandom_u32
    r9 = r0
    r9 &= 127
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l203
    r0 += r7
    *(u8 *)(r0 +56) = 1                     ;! map_value_bounds: invalid access to map value, value_size=64 off=183 size=1; R0 max value is outside of the allowed memory range
  l203:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l204
    r0 += r7
    *(u8 *)(r0 +0) = 1
  l204:
    r7 ^= 63
    *(u16 *)(r10 - 512) = r6
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l205
    if r7 > 7 goto l205
    r0 += r7
    *(u32 *)(r0 +60) = 1
  l205:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l206
    if r6 > 7 goto l206
    r0 += r6
    *(u32 *)(r0 +0) = 1
  l206:
    r8 /= 8
    r7 <<= 0
    r0 = 5
    exit

case made_1_111
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 7
    call get_prandom_u32
    r7 = r0
    r7 &= 64
    call get_prandom_u32
    r8 = r0
    r8 &= 7
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l207
    if r7 > 63 goto l207
    r0 += r7
    r7 = *(u8 *)(r0 +56)
  l207:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l208
    if r8 > 31 goto l208
    *(u8 *)(r0 +1) = 1
  l208:
    *(u16 *)(r10 - 12) = r6
    r8 |= 64
    r7 <<= 4
    r6 %= 2
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 34
    if r4 < r3 goto l209
    r5 = *(u64 *)(r2 + 12)                  ;! packet_bounds: invalid access to packet, off=12 size=8, R2(id=0,off=12,r=0); R2 offset is outside of the packet
  l209:
    r0 = 0
    exit

case made_1_112
section cgroup/sock_create
kernel 6.18 refuses cfg_fallthrough: last insn is not an exit or jmp
like 6.18 6.1 6.12 7.3
    *(u32 *)(r1 + 16) = r2
    r0 = 1

case made_1_113
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses address_is_number: R2 invalid mem access 'scalar'
    r6 = 0
    r7 = 2
    call get_prandom_u32
    r8 = r0
    r9 = 31
    r7 = 0
  l210:
    r8 s>>= 31
    r7 += 1
    if r7 < 20 goto l210
    if r7 s> r8 goto l211
    r7 = 31
  l211:
    r2 = r10
    r2 -= r8                                ;! pointer_arithmetic: R2 subtraction from stack pointer prohibited
    *(u8 *)(r2 - 1) = 1
    call ktime_get_ns
    r7 = r0
    r0 = 1
    exit

case made_1_114
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r6 = 4095
    r7 = 16
    call get_prandom_u32
    r8 = r0
    call get_prandom_u32
    r9 = r0
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l212
    if r8 > 56 goto l212
    r0 += r8
    *(u64 *)(r0 +0) = 1
  l212:
    r8 = 0
  l213:
    r8 += 1
    if r8 < 1 goto l213
    call ktime_get_ns
    r8 = r0
    r8 &= 15
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l214
    if r8 > 55 goto l214
    r0 += r8
    *(u16 *)(r0 +0) = 1
  l214:
    if r7 & 2147483647 goto l215
    r7 &= 4095
  l215:
    *(u32 *)(r10 - 520) = r7                ;! stack_bounds: invalid write to stack R10 off=-520 size=4
    r0 = 0
    exit

case made_1_115
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 0
    .insn 0x05 1 0 0 0                      ;! insn_reserved: BPF_JA uses reserved fields
    exit

case made_1_116
section tc
map values array value 64
kernel 6.18 accepts 15
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r7 &= 56
    r8 = 4
    w7 /= w8
    if r6 & r6 goto l216
    *(u64 *)(r10 - 512) = r8
    r8 = *(u32 *)(r10 - 512)
  l216:
    r0 = 0
    exit

case made_1_117
section socket
map values array value 64
kernel 6.18 accepts 55
like 6.18 6.12 7.3
kernel 6.1 refuses map_value_bounds: invalid access to map value, value_size=64 off=64 size=1; R0 max value is outside of the allowed memory range
kernel 6.1-user refuses map_value_bounds: invalid access to map value, value_size=64 off=64 size=1; R0 max value is outside of the allowed memory range; R0 pointer arithmetic of map value goes out of range, prohibited for !root
kernel 6.12-user refuses map_value_bounds: invalid access to map value, value_size=64 off=64 size=1; R0 max value is outside of the allowed memory range; R0 pointer arithmetic of map value goes out of range, prohibited for !root
kernel 7.3-user refuses map_value_bounds: invalid access to map value, value_size=64 off=64 size=1; R0 max value is outside of the allowed memory range
    call get_prandom_u32
    r6 = r0
    r6 &= 56
    call get_prandom_u32
    r7 = r0
    r7 &= 7
    r8 = 32
    r9 = 31
    if r7 != r7 goto l217
    *(u32 *)(r10 - 12) = r6
  l217:
    call ktime_get_ns
    r6 = r0
    r6 &= 31
    if r6 s>= 7 goto l218
    *(u64 *)(r10 - 512) = r6
    r6 = *(u8 *)(r10 - 512)
  l218:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l219
    if r6 > 64 goto l219
    r0 += r6
    *(u8 *)(r0 +0) = 1
  l219:
    r6 ^= 2
    *(u8 *)(r10 - 16) = r6
    r8 s>>= 0
    *(u64 *)(r10 - 8) = r7
    r7 = *(u8 *)(r10 - 8)
    r0 = 1
    exit

case made_1_118
section socket
func many global u64 u64 u64 u64 u64 u64
kernel 6.18 refuses cfg_fallthrough: last insn is not an exit or jmp
like 6.18 6.1 6.12 7.3
    call many
  many:
    r0 = 0
    exit

case made_1_119
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 2147483647
    call get_prandom_u32
    r7 = r0
    r8 = 8
    if r6 s< r6 goto l220
    *(u64 *)(r10 - 520) = r8                ;! stack_bounds: invalid write to stack R10 off=-520 size=8
    r8 = *(u8 *)(r10 - 520)
  l220:
    if r6 > -1 goto l221
    w6 *= w7
  l221:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l222
    if r7 > 56 goto l222
    r0 += r7
    *(u64 *)(r0 +60) = 1
  l222:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r8 > 63 goto l223
    r0 += r8
    r8 = *(u32 *)(r0 +64)
  l223:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l224
    r7 = *(u16 *)(r0 +64)
  l224:
    r1 = r10
    r1 += -8
    r2 = r7
    r3 = 0
    call probe_read_kernel
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 14
    if r4 > r3 goto l225
    r5 = *(u32 *)(r2 + 34)
  l225:
    r0 = 1
    exit

case made_1_120
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 12 to 10
kernel 6.12-user refuses cfg_loop: back-edge from insn 12 to 10
kernel 7.3-user refuses cfg_loop: back-edge from insn 12 to 10
    r9 = r1
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r7 &= 63
    call get_prandom_u32
    r8 = r0
    r8 &= 7
    r7 = 0
  l226:
    r8 -= r6
    r7 += 1
    if r7 < 3 goto l226
    *(u16 *)(r10 - 512) = r6
    if w7 != w7 goto l227
    r7 >>= 63
  l227:
    r5 = r4                                 ;! register_unset: R4 !read_ok
    r8 &= r6
    call ktime_get_ns
    r6 = r0
    *(u32 *)(r10 - 16) = r8
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 14
    if r4 >= r3 goto l228
    r5 = *(u8 *)(r2 + 0)
  l228:
    r0 = 5
    exit

case made_1_121
section iter/task
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r0 = 0
    r0 = *(u32 *)(r2 + 0)                   ;! register_unset: R2 !read_ok
    r0 = 0
    exit

case made_1_122
section cgroup_skb/egress
map values array value 64
kernel 6.18 accepts 36
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 10 to 8
kernel 6.12-user refuses cfg_loop: back-edge from insn 10 to 8
kernel 7.3-user refuses cfg_loop: back-edge from insn 10 to 8
    r9 = r1
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r7 &= 7
    r8 = 0
    r6 = 0
  l229:
    r8 *= -2147483648
    r6 += 1
    if r6 < 3 goto l229
    *(u64 *)(r10 - 32) = r8
    r8 = *(u16 *)(r10 - 32)
    r6 <<= 63
    *(u64 *)(r10 - 32) = r7
    r7 = *(u16 *)(r10 - 32)
    r6 = r10
    r6 -= r10
    *(u64 *)(r10 - 512) = r6
    r6 = *(u64 *)(r10 - 512)
    r7 >>= 32
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 34
    if r4 >= r3 goto l230
    r5 = *(u16 *)(r2 + 13)
  l230:
    r0 = 0
    exit

case made_1_123
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    call get_prandom_u32
    r7 = r0
    call get_prandom_u32
    r8 = r0
    r8 &= 64
    r7 >>= 1
    r7 = 0
  l231:
    r6 += 256
    r7 += 1
    if r7 s< 20 goto l231
    r8 = 0
  l232:
    r8 += 1
    if r8 != 8 goto l232
    w8 -= 15
    w8 %= 15
    *(u64 *)(r10 - 8) = r10
    r7 = *(u32 *)(r10 - 8)                  ;! pointer_partial: invalid size of register fill
    r5 = r4
    r0 = 5
    exit

case made_1_124
section tp_btf/sched_switch
struct elem task:kptr_untrusted(task_struct)
map elems array value elem
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses context_write: BPF_ST stores into R1 ctx is not allowed
    *(u64 *)(r1 + 0) = 0                    ;! context_access: invalid bpf_context access off=0 size=8
    r0 = 8
    exit

case made_1_125
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 63
    call get_prandom_u32
    r7 = r0
    call get_prandom_u32
    r8 = r0
    *(u64 *)(r10 - 8) = r10
    r8 = *(u32 *)(r10 - 8)                  ;! pointer_partial: invalid size of register fill
    r6 *= r6
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 20
    if r4 > r3 goto l233
    r5 = *(u64 *)(r2 + 0)
  l233:
    r0 = 5
    exit

case made_1_126
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 accepts 15
like 6.18 6.1 6.12 7.3
    r6 = 63
    call get_prandom_u32
    r7 = r0
    r7 &= 31
    call get_prandom_u32
    r8 = r0
    r8 &= 127
    r9 = 31
    r8 >>= 4
    if r8 s> 255 goto l234
    r6 = 1
  l234:
    r7 &= r8
    *(u16 *)(r10 - 16) = r8
    r0 = 2
    exit

case made_1_127
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = -1
    call get_prandom_u32
    r7 = r0
    r7 &= 63
    call get_prandom_u32
    r8 = r0
    r8 &= 7
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l235
    if r7 > 57 goto l235
    r0 += r7
    *(u64 *)(r0 +0) = 1                     ;! map_value_bounds: invalid access to map value, value_size=64 off=57 size=8; R0 max value is outside of the allowed memory range
  l235:
    *(u64 *)(r10 - 64) = r7
    r7 = *(u32 *)(r10 - 64)
    w8 += w6
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l236
    if r8 > 57 goto l236
    r0 += r8
    r8 = *(u8 *)(r0 +60)
  l236:
    *(u64 *)(r10 - 512) = r6
    r6 = *(u64 *)(r10 - 512)
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r7 > 31 goto l237
    r0 += r7
    *(u8 *)(r0 +1) = 1
  l237:
    r7 = 0
  l238:
    r7 += 1
    if r7 < 3 goto l238
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 1
    if r4 >= r3 goto l239
    r5 = *(u32 *)(r2 + 0)
  l239:
    r0 = 2
    exit

case made_1_128
section tc
map values array value 64
kernel 6.18 accepts 73
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 31
    call get_prandom_u32
    r7 = r0
    r7 &= 31
    r8 = -2147483648
    if r8 s< 4095 goto l240
    *(u64 *)(r10 - 4) = r7
  l240:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l241
    if r7 > 63 goto l241
    r7 = *(u16 *)(r0 +1)
  l241:
    r8 /= r8
    *(u64 *)(r10 - 24) = r7
    r7 = *(u32 *)(r10 - 24)
    r7 = 0
  l242:
    r7 += 1
    if r7 < 20 goto l242
    r8 *= r7
    r7 *= -8
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 34
    if r4 > r3 goto l243
    r5 = *(u16 *)(r2 + 0)
  l243:
    r0 = 2
    exit

case made_1_129
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = r2                                 ;! register_unset: R2 !read_ok
    exit

case made_1_130
section tc
map values array value 64
kernel 6.18 accepts 14
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 2
    r7 = 2147483647
    r8 = 31
    if r7 == 63 goto l244
    r7 = 63
  l244:
    r6 = 0
  l245:
    w8 /= w6
    r6 += 1
    if r6 s< 1 goto l245
    if w7 == 31 goto l246
    r6 <<= 8
  l246:
    r0 = 5
    exit

case made_1_131
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    r7 = 7
    call get_prandom_u32
    r8 = r0
    r8 &= 64
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l247
    if r6 > 56 goto l247
    r6 = *(u64 *)(r0 +64)                   ;! map_value_bounds: invalid access to map value, value_size=64 off=64 size=8; R0 min value is outside of the allowed memory range
  l247:
    if r6 > 15 goto l248
    call get_prandom_u32
    r7 = r0
    r7 &= 31
  l248:
    r1 = r10
    r1 += -128
    r2 = r6
    r3 = 0
    call probe_read_kernel
    call ktime_get_ns
    r7 = r0
    r7 &= 56
    *(u64 *)(r10 - 4) = r8
    r8 = *(u8 *)(r10 - 4)
    w7 -= 7
    call ktime_get_ns
    r8 = r0
    r8 &= 63
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r6 > 63 goto l249
    r0 += r6
    *(u32 *)(r0 +60) = 1
  l249:
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 34
    if r4 < r3 goto l250
    r5 = *(u64 *)(r2 + 12)
  l250:
    r0 = 1
    exit

case made_1_132
section sockops
kernel 6.18 accepts 3
like 6.18 6.1 6.12 7.3
    r0 = *(u32 *)(r1 + 0)
    r0 = 1
    exit

case made_1_133
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 64
    call get_prandom_u32
    r7 = r0
    r7 &= 64
    r8 = 7
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l251
    if r6 > 31 goto l251
    r0 += r6
    *(u8 *)(r0 +60) = 1
  l251:
    if w6 > w8 goto l252
    call get_prandom_u32
    r7 = r0
  l252:
    if w8 >= w6 goto l253
    r8 &= r8
  l253:
    if r8 == 63 goto l254
    r7 &= 255
  l254:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l255
    if r7 > 64 goto l255
    r7 = *(u16 *)(r0 +60)
  l255:
    r1 = r10
    r1 += -64
    r2 = r7
    r3 = 0
    call probe_read_kernel                  ;! stack_bounds: invalid write to stack R1 off=-64 size=65535
    r6 -= 64
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 34
    if r4 < r3 goto l256
    r5 = *(u8 *)(r2 + 13)
  l256:
    r0 = 5
    exit

case made_1_134
section socket
map values array value 64
kernel 6.18 accepts 29
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r7 &= 31
    r8 = 7
    call get_prandom_u32
    r9 = r0
    r9 &= 15
    call ktime_get_ns
    r6 = r0
    r6 &= 56
    call ktime_get_ns
    r7 = r0
    r7 &= 64
    if w6 != 256 goto l257
    *(u16 *)(r10 - 24) = r6
  l257:
    r6 <<= 32
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l258
    if r7 > 56 goto l258
    r7 = *(u32 *)(r0 +56)
  l258:
    r0 = 5
    exit

case made_1_135
section xdp
struct pair a:u64 b:u64
func first global *pair
kernel 6.18 accepts 6
like 6.18 6.1 6.12 7.3
    r1 = 0
    call first
    r0 = 2
    exit
  first:
    r0 = 2
    exit

case made_1_136
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 31
    call get_prandom_u32
    r7 = r0
    r8 = 8
    r5 = r4                                 ;! register_unset: R4 !read_ok
    r7 = 0
  l259:
    r6 s>>= 63
    r7 += 1
    if r7 < 1 goto l259
    *(u16 *)(r10 - 8) = r6
    r7 += -8
    *(u8 *)(r10 - 24) = r8
    r1 = r10
    r1 += -8
    r2 = r6
    r3 = 0
    call probe_read_kernel
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l260
    if r6 > 7 goto l260
    r0 += r6
    *(u8 *)(r0 +56) = 1
  l260:
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 14
    if r4 > r3 goto l261
    r5 = *(u8 *)(r2 + 0)
  l261:
    r0 = 0
    exit

case made_1_137
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 accepts 45
like 6.18 6.1 6.12 7.3
    r6 = 31
    call get_prandom_u32
    r7 = r0
    r7 &= 64
    call get_prandom_u32
    r8 = r0
    r8 &= 15
    r9 = 2
    if r7 >= 8 goto l262
    call get_prandom_u32
    r8 = r0
    r8 &= 7
  l262:
    r7 s>>= 4
    *(u64 *)(r10 - 24) = r8
    r8 = *(u32 *)(r10 - 24)
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l263
    r8 = *(u64 *)(r0 +1)
  l263:
    w6 -= 3
    r7 |= -8
    r8 ^= -1
    *(u64 *)(r10 - 64) = r6
    r6 = *(u32 *)(r10 - 64)
    r0 = 0
    exit

case made_1_138
section raw_tp/sys_enter
kernel 6.18 refuses cfg_fallthrough: last insn is not an exit or jmp
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 0
    r1 = r10
    r1 += -16
    r2 = 8
    r3 = r10
    r3 += -8
    r4 = -8
    r5 = 0
    call snprintf
    r0 = 0
    r2 = 8

case made_1_139
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 7
    r7 = 256
    r8 = 4095
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l264
    if r7 > 7 goto l264
    r7 = *(u16 *)(r0 +56)
  l264:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l265
    r0 += r7
    r7 = *(u8 *)(r0 +60)                    ;! map_value_bounds: invalid access to map value, value_size=64 off=316 size=1; R0 min value is outside of the allowed memory range
  l265:
    r7 /= r8
    r8 s>>= 1
    r7 <<= 63
    r6 s>>= 63
    r0 = 2
    exit

case made_1_140
section tc
map values array value 64
kernel 6.18 accepts 28
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 64
    call get_prandom_u32
    r7 = r0
    r7 &= 15
    call get_prandom_u32
    r8 = r0
    r8 &= 7
    if w8 < w6 goto l266
    *(u64 *)(r10 - 64) = r7
    r7 = *(u32 *)(r10 - 64)
  l266:
    w7 *= w6
    *(u64 *)(r10 - 16) = r8
    r8 = *(u32 *)(r10 - 16)
    r6 = be16 r6
    r8 ^= 64
    if w6 s< 63 goto l267
    *(u32 *)(r10 - 64) = r6
  l267:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l268
    if r7 > 56 goto l268
    r0 += r7
    *(u16 *)(r0 +8) = 1
  l268:
    r0 = 0
    exit

case made_1_141
section tp_btf/sched_switch
kernel 6.18 accepts 8
like 6.18 7.3
    r1 = r10
    r1 += -8
    call bpf_local_irq_save
    r1 = r10
    r1 += -8
    call bpf_local_irq_restore
    r0 = 0
    exit

case made_1_142
section cgroup_skb/egress
map values array value 64
kernel 6.18 accepts 81
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 13 to 11
kernel 6.12-user refuses cfg_loop: back-edge from insn 13 to 11
kernel 7.3-user refuses cfg_loop: back-edge from insn 13 to 11
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 63
    call get_prandom_u32
    r7 = r0
    r7 &= 64
    call get_prandom_u32
    r8 = r0
    r7 &= 8
    r6 = 0
  l269:
    r8 %= 255
    r6 += 1
    if r6 != 20 goto l269
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 20
    if r4 > r3 goto l270
    r5 = *(u8 *)(r2 + 13)
  l270:
    r0 = 0
    exit

case made_1_143
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r6 = 31
    call get_prandom_u32
    r7 = r0
    r7 &= 63
    call get_prandom_u32
    r8 = r0
    r9 = 2
    if r8 <= 31 goto l271
    w7 &= 15
  l271:
    r8 = 0
  l272:
    r8 += 1
    if r8 s< 1 goto l272
    r6 >>= 1
    if r6 s< 4 goto l273
    *(u64 *)(r10 - 8) = r7
    r7 = *(u32 *)(r10 - 8)
  l273:
    *(u64 *)(r10 - 12) = r8                 ;! misaligned: misaligned stack access off 0+0+-12 size 8
    r8 = *(u8 *)(r10 - 12)
    r0 = 5
    exit

case made_1_144
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = *(u64 *)(r1 + 8)
    exit
    if r0 == 0 goto out                     ;! cfg_unreachable: unreachable insn 2
    r1 = r0
    call bpf_task_release
  out:
    r0 = 0
    exit

case made_1_145
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    call get_prandom_u32
    r6 = r0
    r7 = 32
    call get_prandom_u32
    r8 = r0
    r8 &= 127
    r9 = 256
    if r7 >= r7 goto l274
    *(u64 *)(r10 - 32) = r6
    r6 = *(u8 *)(r10 - 32)
  l274:
    *(u8 *)(r10 - 512) = r7
    *(u64 *)(r10 - 512) = r6
    r6 = *(u8 *)(r10 - 512)
    *(u64 *)(r10 - 12) = r8                 ;! misaligned: misaligned stack access off 0+0+-12 size 8
    r8 = *(u32 *)(r10 - 12)
    r0 = 0
    exit

case made_1_146
section xdp
map values hash value 64 entries 4
kernel 6.18 accepts 23
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 63
    r7 = 16
    call get_prandom_u32
    r8 = r0
    r8 &= 64
    *(u16 *)(r10 - 64) = r6
    r8 >>= 31
    r1 = r10
    r1 += -8
    r2 = r8
    r3 = 0
    call probe_read_kernel
    r8 &= 64
    call ktime_get_ns
    r6 = r0
    r6 &= 64
    if w8 <= w8 goto l275
    r6 |= 31
  l275:
    if w6 >= 0 goto l276
    r6 += r7
  l276:
    r0 = 0
    exit

case made_1_147
section socket
kernel 6.18 refuses cfg_fallthrough: last insn is not an exit or jmp
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r1 = be64 r1
    r0 = 0
    r1 = 0

case made_1_148
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 accepts 14
like 6.18 6.12 7.3
kernel 6.1 refuses stack_bounds: invalid read from stack R10 off=-8 size=8
    call get_prandom_u32
    r6 = r0
    r7 = 1
    r8 = -8
    r9 = 63
    call ktime_get_ns
    r8 = r0
    lock *(u64 *)(r10 - 8) += r6
    r6 = 0
  l277:
    r7 *= 31
    r6 += 1
    if r6 != 1 goto l277
    r0 = 2
    exit

case made_1_149
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r8 = 255
    call get_prandom_u32
    r9 = r0
    if r7 s< 63 goto l278
    *(u32 *)(r10 - 8) = r8
  l278:
    r6 s>>= 0
    call ktime_get_ns
    r8 = r0
    r8 &= 127
    r7 &= 15
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l279
    if r8 > 56 goto l279
    *(u8 *)(r0 +60) = 1
  l279:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l280
    r0 += r7
    *(u16 *)(r0 +60) = 1                    ;! map_value_bounds: invalid access to map value, value_size=64 off=75 size=2; R0 max value is outside of the allowed memory range
  l280:
    *(u8 *)(r10 - 24) = r6
    r0 = 2
    exit

case made_1_150
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r2 = r3                                 ;! register_unset: R3 !read_ok
    r10 = 0x40000000 ll
    r2 += r3
    r0 = 0
    exit

case made_1_151
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    r7 = 32
    call get_prandom_u32
    r8 = r0
    r8 &= 64
    r1 = r10
    r1 += -128
    r2 = r7
    r3 = 0
    call probe_read_kernel
    if w7 >= 63 goto l281
    *(u64 *)(r10 - 8) = r8
    r8 = *(u32 *)(r10 - 8)
  l281:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l282
    if r8 > 31 goto l282
    r0 += r8
    *(u16 *)(r0 -1) = 1                     ;! map_value_bounds: invalid access to map value, value_size=64 off=-1 size=2; R0 min value is outside of the allowed memory range
  l282:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r7 > 64 goto l283
    r0 += r7
    *(u8 *)(r0 +1) = 1
  l283:
    r8 s>>= 31
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l284
    r0 += r6
    *(u8 *)(r0 +60) = 1
  l284:
    r0 = 2
    exit

case made_1_152
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 accepts 53
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 7
    r7 = 0
    call get_prandom_u32
    r8 = r0
    call get_prandom_u32
    r9 = r0
    r9 &= 127
    if w7 s< w8 goto l285
    *(u16 *)(r10 - 12) = r8
  l285:
    if r6 s> r6 goto l286
    *(u64 *)(r10 - 16) = r8
    r8 = *(u8 *)(r10 - 16)
  l286:
    if r6 s>= r6 goto l287
    call get_prandom_u32
    r6 = r0
    r6 &= 127
  l287:
    *(u16 *)(r10 - 8) = r8
    if r8 s>= r7 goto l288
    w7 *= w7
  l288:
    r0 = 1
    exit

case made_1_153
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    call bpf_rcu_read_lock
    call bpf_rcu_read_unlock
    call bpf_rcu_read_unlock                ;! rcu: unmatched rcu read unlock (kernel function bpf_rcu_read_unlock)
    exit

case made_1_154
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    r7 = 31
    call get_prandom_u32
    r8 = r0
    r8 &= 31
    call get_prandom_u32
    r9 = r0
    r9 &= 7
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l289
    if r6 > 55 goto l289
    r0 += r6
    *(u64 *)(r0 +1) = 1
  l289:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l290
    if r8 > 56 goto l290
    r8 = *(u32 *)(r0 +64)                   ;! map_value_bounds: invalid access to map value, value_size=64 off=64 size=4; R0 min value is outside of the allowed memory range
  l290:
    r1 = r10
    r1 += -64
    r2 = r6
    r3 = 0
    call probe_read_kernel
    r6 ^= r7
    r7 >>= 63
    r0 = 1
    exit

case made_1_155
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 31
    r7 = 0
    r8 = 255
    call get_prandom_u32
    r9 = r0
    r9 &= 56
    if w6 < 3 goto l291
    *(u32 *)(r10 - 8) = r8
  l291:
    if r6 == r8 goto l292
    *(u8 *)(r10 - 512) = r6
  l292:
    r8 %= 32
    if w7 != 1 goto l293
    w7 *= 256
  l293:
    *(u64 *)(r10 - 520) = r6                ;! stack_bounds: invalid write to stack R10 off=-520 size=8
    r6 = *(u64 *)(r10 - 520)
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l294
    if r6 > 57 goto l294
    r0 += r6
    r6 = *(u16 *)(r0 +1)
  l294:
    *(u64 *)(r10 - 4) = r7
    r7 = *(u64 *)(r10 - 4)
    if r8 & 63 goto l295
    r6 <<= 1
  l295:
    r0 = 0
    exit

case made_1_156
section socket
map values array value 16
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    call map_lookup_elem                    ;! argument_type: R1 type=ctx expected=map_ptr
    if r0 == 0 goto out
    r0 = *(u64 *)(r0 + 8)
    r0 = 0
  out:
    exit

case made_1_157
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 accepts 37
like 6.18 7.3
kernel 6.1 refuses pointer_may_be_null: R0 invalid mem access 'map_value_or_null'
kernel 6.12 refuses pointer_may_be_null: R0 invalid mem access 'map_value_or_null'
    call get_prandom_u32
    r6 = r0
    r6 &= 56
    call get_prandom_u32
    r7 = r0
    call get_prandom_u32
    r8 = r0
    r8 &= 63
    call get_prandom_u32
    r9 = r0
    r9 &= 7
    *(u64 *)(r10 - 16) = r7
    r7 = *(u32 *)(r10 - 16)
    r8 *= 256
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r8 > 31 goto l296
    r8 = *(u16 *)(r0 +0)
  l296:
    if w6 != w7 goto l297
    *(u64 *)(r10 - 8) = r6
    r6 = *(u16 *)(r10 - 8)
  l297:
    if r7 s> r8 goto l298
    w8 ^= 1
  l298:
    *(u64 *)(r10 - 8) = r7
    r0 = 0
    exit

case made_1_158
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 accepts 37
like 6.18 6.1 6.12 7.3
    r6 = 64
    r7 = 1
    call get_prandom_u32
    r8 = r0
    r8 &= 15
    call get_prandom_u32
    r9 = r0
    r9 &= 15
    r1 = r10
    r1 += -8
    r2 = r7
    r3 = 0
    call probe_read_kernel
    r1 = r10
    r1 += -8
    r2 = r7
    r3 = 0
    call probe_read_kernel
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l299
    if r7 > 7 goto l299
    r7 = *(u8 *)(r0 +8)
  l299:
    r6 *= r6
    if r7 > r7 goto l300
    w7 += w8
  l300:
    r0 = 1
    exit

case made_1_159
section tc
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r0 = *(u8 *)(r2 + 0)                    ;! register_unset: R2 !read_ok
    exit

case made_1_160
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_unknown: unknown func bpf_probe_read_kernel#113
kernel 6.12-user refuses helper_not_allowed: program of this type cannot use helper bpf_probe_read_kernel#113
kernel 7.3-user refuses helper_not_allowed: program of this type cannot use helper bpf_probe_read_kernel#113
    r9 = r1
    r6 = 4095
    call get_prandom_u32
    r7 = r0
    r7 &= 63
    call get_prandom_u32
    r8 = r0
    r8 &= 31
    r1 = r10
    r1 += -16
    r2 = r6
    r3 = 0
    call probe_read_kernel                  ;! stack_bounds: invalid write to stack R1 off=-16 size=4095
    r6 %= r7
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 14
    if r4 > r3 goto l301
    r5 = *(u8 *)(r2 + 13)
  l301:
    r0 = 1
    exit

case made_1_161
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 0
    call get_prandom_u32
    r7 = r0
    call get_prandom_u32
    r8 = r0
    *(u64 *)(r10 - 12) = r7                 ;! misaligned: misaligned stack access off 0+0+-12 size 8
    r7 = *(u16 *)(r10 - 12)
    r7 -= -8
    r8 += r7
    r0 = 0
    exit

case made_1_162
section tp_btf/task_newtask
func look global *task_struct:trusted:nonnull
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 accepts 5
    call look                               ;! argument_type: arg#0 has invalid combination of tags; Caller passes invalid args into func#1 ('look')
    r0 = 0
    exit
  look:
    r0 = 0
    exit

case made_1_163
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r6 = 4095
    r7 = -1
    call get_prandom_u32
    r8 = r0
    r8 &= 56
    call get_prandom_u32
    r9 = r0
    r7 >>= 0
    r8 += r8
    r6 >>= 0
    r7 = 0
  l302:
    r8 -= r8
    r7 += 1
    if r7 s< 1 goto l302
    r2 = r10
    r2 -= r6                                ;! pointer_arithmetic: R2 subtraction from stack pointer prohibited
    *(u8 *)(r2 - 1) = 1
    r7 s>>= 8
    *(u32 *)(r10 - 12) = r7
    r0 = 5
    exit

case made_1_164
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 accepts 78
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 63
    r7 = 2
    call get_prandom_u32
    r8 = r0
    r9 = 64
    r8 %= 63
    *(u16 *)(r10 - 24) = r7
    *(u16 *)(r10 - 32) = r7
    w6 ^= 31
    r7 ^= r7
    if r7 > r6 goto l303
    call get_prandom_u32
    r7 = r0
  l303:
    r7 = 0
  l304:
    w6 += 2
    r7 += 1
    if r7 != 20 goto l304
    r0 = 0
    exit

case made_1_165
section tp_btf/sched_switch
kernel 6.18 refuses cfg_fallthrough: last insn is not an exit or jmp
like 6.18 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 10
    call bpf_iter_num_new
    *(u64 *)(r10 - 8) = 0
    r1 = r10
    r1 += -8
    call bpf_iter_num_destroy
    r1 += -8
    r1 += -8

case made_1_166
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 64
    call get_prandom_u32
    r7 = r0
    r7 &= 31
    call get_prandom_u32
    r8 = r0
    call get_prandom_u32
    r9 = r0
    r9 &= 63
    *(u16 *)(r10 - 16) = r8
    if r8 != r8 goto l305
    *(u64 *)(r10 - 4) = r8                  ;! misaligned: misaligned stack access off 0+0+-4 size 8
  l305:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l306
    *(u32 *)(r0 -1) = 1
  l306:
    r7 = 0
  l307:
    w8 %= 16
    r7 += 1
    if r7 != 20 goto l307
    r7 <<= 32
    r0 = 1
    exit

case made_1_167
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 accepts 17
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 56
    call get_prandom_u32
    r7 = r0
    r8 = 1
    r9 = 63
    if r8 s> 4095 goto l308
    call get_prandom_u32
    r6 = r0
    r6 &= 64
  l308:
    if r6 s> r6 goto l309
    r6 >>= 1
  l309:
    r0 = 1
    exit

case made_1_168
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.1 6.12
kernel 7.3 refuses context_modified: negative offset ctx ptr R1 off=-8 disallowed
    r1 += -8
    r2 = 0
    r3 = 0
    call probe_read_kernel                  ;! argument_type: R1 type=ctx expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_
    r0 = 0
    exit

case made_1_169
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 63
    r7 = 8
    call get_prandom_u32
    r8 = r0
    *(u64 *)(r10 - 520) = r7                ;! stack_bounds: invalid write to stack R10 off=-520 size=8
    r7 = *(u16 *)(r10 - 520)
    if r6 > 31 goto l310
    *(u8 *)(r10 - 520) = r7
  l310:
    r0 = 5
    exit

case made_1_170
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 24 to 23
kernel 6.12-user refuses cfg_loop: back-edge from insn 24 to 23
kernel 7.3-user refuses cfg_loop: back-edge from insn 24 to 23
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 64
    call get_prandom_u32
    r7 = r0
    r7 &= 56
    call get_prandom_u32
    r8 = r0
    r8 &= 31
    call ktime_get_ns
    r7 = r0
    r7 &= 15
    call ktime_get_ns
    r6 = r0
    r6 &= 31
    if r6 > -2147483648 goto l311
    r7 = -1
  l311:
    *(u64 *)(r10 - 12) = r6                 ;! misaligned: misaligned stack access off 0+0+-12 size 8
    r2 = r10
    r2 -= r6
    *(u8 *)(r2 - 1) = 1
    r8 = 0
  l312:
    r8 += 1
    if r8 < 1 goto l312
    *(u64 *)(r10 - 16) = r8
    r8 = *(u32 *)(r10 - 16)
    if r8 s<= 7 goto l313
    *(u64 *)(r10 - 24) = r6
    r6 = *(u32 *)(r10 - 24)
  l313:
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 20
    if r4 > r3 goto l314
    r5 = *(u8 *)(r2 + 0)
  l314:
    r0 = 1
    exit

case made_1_171
section tp_btf/sched_switch
kernel 6.18 refuses cfg_fallthrough: last insn is not an exit or jmp
like 6.18 6.12 7.3
    call bpf_rcu_read_lock
    r0 = 0
    r0 = 0

case made_1_172
section cgroup_skb/egress
map values array value 64
kernel 6.18 accepts 44
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 25 to 23
kernel 6.12-user refuses cfg_loop: back-edge from insn 25 to 23
kernel 7.3-user refuses cfg_loop: back-edge from insn 25 to 23
    r9 = r1
    r6 = 256
    call get_prandom_u32
    r7 = r0
    r8 = -8
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l315
    if r8 > 55 goto l315
    r0 += r8
    *(u16 *)(r0 +56) = 1
  l315:
    *(u64 *)(r10 - 16) = r8
    r8 = *(u32 *)(r10 - 16)
    if w7 <= w6 goto l316
    r7 %= r8
  l316:
    call ktime_get_ns
    r8 = r0
    r8 &= 7
    r8 = 0
  l317:
    r6 >>= 0
    r8 += 1
    if r8 < 3 goto l317
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 34
    if r4 > r3 goto l318
    r5 = *(u32 *)(r2 + 16)
  l318:
    r0 = 2
    exit

case made_1_173
section xdp
map values hash value 64 entries 4
kernel 6.18 accepts 31
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    call get_prandom_u32
    r7 = r0
    r7 &= 7
    call get_prandom_u32
    r8 = r0
    r8 &= 15
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l319
    if r6 > 7 goto l319
    r0 += r6
    *(u16 *)(r0 +0) = 1
  l319:
    *(u16 *)(r10 - 4) = r8
    r7 ^= r8
    r0 = 0
    exit

case made_1_174
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 0
    r6 = r10
    r6 += -8
    r1 = r6
    r2 = 0
    call ringbuf_submit                     ;! argument_type: R1 type=fp expected=ringbuf_mem
    r1 = 0
    exit

case made_1_175
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    call get_prandom_u32
    r6 = r0
    r6 &= 127
    r7 = 8
    call get_prandom_u32
    r8 = r0
    r8 &= 15
    call get_prandom_u32
    r9 = r0
    r9 &= 63
    *(u16 *)(r10 - 520) = r6                ;! stack_bounds: invalid write to stack R10 off=-520 size=2
    w7 *= w8
    if w8 != 7 goto l320
    *(u64 *)(r10 - 32) = r8
    r8 = *(u16 *)(r10 - 32)
  l320:
    *(u32 *)(r10 - 12) = r7
    r0 = 0
    exit

case made_1_176
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 31
    call get_prandom_u32
    r7 = r0
    call get_prandom_u32
    r8 = r0
    r8 &= 7
    if r7 & r6 goto l321
    *(u16 *)(r10 - 520) = r7                ;! stack_bounds: invalid write to stack R10 off=-520 size=2
  l321:
    w8 *= 31
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l322
    if r8 > 31 goto l322
    r0 += r8
    *(u32 *)(r0 +1) = 1
  l322:
    *(u64 *)(r10 - 512) = r7
    r7 = *(u8 *)(r10 - 512)
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 1
    if r4 >= r3 goto l323
    r5 = *(u16 *)(r2 + 12)
  l323:
    r0 = 2
    exit

case made_1_177
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = -8
    r7 = 32
    call get_prandom_u32
    r8 = r0
    r8 &= 56
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l324
    r0 += r8
    *(u32 *)(r0 -1) = 1                     ;! map_value_bounds: invalid access to map value, value_size=64 off=-1 size=4; R0 min value is outside of the allowed memory range
  l324:
    if r8 s>= 63 goto l325
    *(u64 *)(r10 - 16) = r6
    r6 = *(u8 *)(r10 - 16)
  l325:
    *(u8 *)(r10 - 16) = r7
    r7 = r10
    r7 -= r10
    r8 >>= 31
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l326
    if r8 > 7 goto l326
    r0 += r8
    r8 = *(u16 *)(r0 +64)
  l326:
    *(u8 *)(r10 - 16) = r7
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 1
    if r4 >= r3 goto l327
    r5 = *(u16 *)(r2 + 0)
  l327:
    r0 = 0
    exit

case made_1_178
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 64
    call get_prandom_u32
    r7 = r0
    r7 &= 15
    r8 = 2147483647
    *(u16 *)(r10 - 16) = r8
    if r8 & r7 goto l328
    w6 ^= w8
  l328:
    call ktime_get_ns
    r6 = r0
    r6 &= 64
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 1
    if r4 >= r3 goto l329
    r5 = *(u64 *)(r2 + 34)                  ;! packet_bounds: invalid access to packet, off=34 size=8, R2(id=0,off=34,r=2); R2 offset is outside of the packet
  l329:
    r0 = 1
    exit

case made_1_179
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = map[fd:ring]
    r2 = 16
    r3 = -4
    r4 = r10
    r4 += -16
    call ringbuf_reserve_dynptr
    r1 = r10
    r1 += -16
    r2 = 0
    r3 = 8
    call dynptr_data
    *(u64 *)(r0 + 0) = 1                    ;! pointer_may_be_null: R0 invalid mem access 'mem_or_null'
    r1 = r10
    r1 += -16
    r2 = 0
    call ringbuf_submit_dynptr
    r0 = 0
    exit

case made_1_180
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses offset_negative: R2 min value is negative, either use unsigned or 'var &= const'
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    call get_prandom_u32
    r7 = r0
    r7 &= 56
    r8 = 256
    r6 |= 256
    if r8 s<= r7 goto l330
    w7 &= w7
  l330:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l331
    *(u8 *)(r0 +0) = 1
  l331:
    w8 ^= w6
    r1 = r10
    r1 += -8
    r2 = r8
    r3 = 0
    call probe_read_kernel                  ;! stack_bounds: invalid write to stack R1 off=-8 size=15
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l332
    if r7 > 31 goto l332
    r0 += r7
    *(u16 *)(r0 +0) = 1
  l332:
    if r7 <= -1 goto l333
    *(u64 *)(r10 - 520) = r7
  l333:
    r0 = 0
    exit

case made_1_181
section xdp
map values hash value 64 entries 4
kernel 6.18 accepts 32
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = -1
    r7 = 2147483647
    r8 = 64
    if w6 s<= -8 goto l334
    w8 *= w7
  l334:
    *(u64 *)(r10 - 8) = r6
    r6 = *(u64 *)(r10 - 8)
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l335
    if r8 > 31 goto l335
    r0 += r8
    r8 = *(u64 *)(r0 +56)
  l335:
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 20
    if r4 > r3 goto l336
    r5 = *(u64 *)(r2 + 12)
  l336:
    r0 = 1
    exit

case made_1_182
section tc
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r6 = r1
    r7 = *(u32 *)(r1 + 76)
    r3 = *(u32 *)(r1 + 80)
    r4 = r7
    r3 = *(u32 *)(r1 + 80)
    if r4 > r3 goto out
    r2 = 14
    call skb_pull_data
    r0 = *(u8 *)(r7 + 0)                    ;! address_is_number: R7 invalid mem access 'scalar'
  out:
    r0 = 0
    exit

case made_1_183
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 accepts 25
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 64
    r7 = 0
    call get_prandom_u32
    r8 = r0
    call get_prandom_u32
    r9 = r0
    r9 &= 56
    *(u64 *)(r10 - 16) = r8
    r8 = *(u64 *)(r10 - 16)
    *(u32 *)(r10 - 64) = r6
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l337
    if r8 > 57 goto l337
    r0 += r8
    r8 = *(u8 *)(r0 +0)
  l337:
    r0 = 0
    exit

case made_1_184
section socket
map values array value 64
kernel 6.18 accepts 80
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 13 to 11
kernel 6.12-user refuses cfg_loop: back-edge from insn 13 to 11
kernel 7.3-user refuses cfg_loop: back-edge from insn 13 to 11
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    call get_prandom_u32
    r7 = r0
    r7 &= 15
    r8 = 3
    call get_prandom_u32
    r9 = r0
    r9 &= 64
    r7 = 0
  l338:
    r8 -= r7
    r7 += 1
    if r7 s< 20 goto l338
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l339
    if r8 > 64 goto l339
    r0 += r8
    r8 = *(u32 *)(r0 +64)
  l339:
    r0 = 0
    exit

case made_1_185
section syscall
kernel 6.18 refuses
like 6.18 6.12 7.3
    call bpf_rcu_read_lock
    r1 = r10
    r1 += -24
    r2 = 0
    r3 = 0
    call bpf_iter_task_new
    call bpf_rcu_read_unlock
    r1 = r10
    r1 += -24
    call bpf_iter_task_next                 ;! iterator: expected an RCU CS when using bpf_iter_task_next
    r1 = r10
    r1 += -24
    call bpf_iter_task_destroy
    r0 = 0
    exit

case made_1_186
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r9 = r1
    r6 = 256
    call get_prandom_u32
    r7 = r0
    r8 = 31
    if w8 <= w6 goto l340
    *(u64 *)(r10 - 512) = r6
    r6 = *(u16 *)(r10 - 512)
  l340:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l341
    if r6 > 56 goto l341
    r0 += r6
    r6 = *(u8 *)(r0 +1)
  l341:
    if r7 == r6 goto l342
    r6 = -2147483648
  l342:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l343
    if r7 > 63 goto l343
    r0 += r7
    *(u32 *)(r0 +60) = 1                    ;! map_value_bounds: invalid access to map value, value_size=64 off=123 size=4; R0 max value is outside of the allowed memory range
  l343:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l344
    *(u32 *)(r0 +0) = 1
  l344:
    if w7 == w7 goto l345
    *(u8 *)(r10 - 12) = r7
  l345:
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 20
    if r4 >= r3 goto l346
    r5 = *(u16 *)(r2 + 12)
  l346:
    r0 = 5
    exit

case made_1_187
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 127
    call get_prandom_u32
    r7 = r0
    r7 &= 56
    call get_prandom_u32
    r8 = r0
    if r8 & r6 goto l347
    *(u16 *)(r10 - 4) = r6
  l347:
    r7 ^= 4
    r7 += 31
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l348
    r0 += r8                                ;! pointer_offset_range: math between map_value pointer and register with unbounded min value is not allowed
    *(u64 *)(r0 +0) = 1
  l348:
    r7 = 0
  l349:
    r8 <<= 63
    r7 += 1
    if r7 != 3 goto l349
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 1
    if r4 > r3 goto l350
    r5 = *(u16 *)(r2 + 0)
  l350:
    r0 = 2
    exit

case made_1_188
section xdp
kernel 6.18 accepts 13
like 6.18 6.12 7.3
    r2 = 0
    r3 = r10
    r3 += -16
    call bpf_dynptr_from_xdp
    r1 = r10
    r1 += -16
    r2 = 8
    r3 = r10
    r3 += -40
    r4 = 14
    call bpf_dynptr_slice
    r0 = 2
    exit

case made_1_189
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 23 to 21
kernel 6.12-user refuses cfg_loop: back-edge from insn 23 to 21
kernel 7.3-user refuses cfg_loop: back-edge from insn 23 to 21
    r9 = r1
    r6 = -2147483648
    r7 = 1
    call get_prandom_u32
    r8 = r0
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l351
    if r6 > 57 goto l351
    r0 += r6
    r6 = *(u32 *)(r0 +60)
  l351:
    *(u64 *)(r10 - 4) = r7                  ;! misaligned: misaligned stack access off 0+0+-4 size 8
    r7 = *(u32 *)(r10 - 4)
    r6 <<= 1
    if r6 s< -1 goto l352
    r7 ^= r8
  l352:
    r7 = 0
  l353:
    r8 s>>= 4
    r7 += 1
    if r7 != 1 goto l353
    call ktime_get_ns
    r8 = r0
    r8 &= 31
    if r7 != -1 goto l354
    r7 s>>= 8
  l354:
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 14
    if r4 > r3 goto l355
    r5 = *(u8 *)(r2 + 34)
  l355:
    r0 = 0
    exit

case made_1_190
section tc
map values array value 64
kernel 6.18 accepts 142
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 31
    r7 = 3
    call get_prandom_u32
    r8 = r0
    r7 = 0
  l356:
    r8 &= r7
    r7 += 1
    if r7 < 20 goto l356
    if r6 >= 2 goto l357
    r6 |= r6
  l357:
    r6 s>>= 31
    *(u16 *)(r10 - 16) = r8
    r6 = 0
  l358:
    w7 += -1
    r6 += 1
    if r6 != 20 goto l358
    r0 = 1
    exit

case made_1_191
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r2 = r10
    r2 += -4
    r1 = 0
    call map_lookup_elem                    ;! argument_type: R1 type=scalar expected=map_ptr
    r0 = 0
    exit

case made_1_192
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r6 = 31
    call get_prandom_u32
    r7 = r0
    r8 = 1
    call get_prandom_u32
    r9 = r0
    r9 &= 127
    r1 = r10
    r1 += -8
    r2 = r6
    r3 = 0
    call probe_read_kernel                  ;! stack_bounds: invalid write to stack R1 off=-8 size=31
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l359
    if r6 > 57 goto l359
    r0 += r6
    *(u32 *)(r0 +0) = 1
  l359:
    r7 /= r8
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l360
    if r7 > 31 goto l360
    r7 = *(u64 *)(r0 -1)
  l360:
    r0 = 0
    exit

case made_1_193
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r7 = -8
    call get_prandom_u32
    r8 = r0
    call get_prandom_u32
    r9 = r0
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l361
    if r6 > 55 goto l361
    r0 += r6
    r6 = *(u8 *)(r0 +56)                    ;! map_value_bounds: invalid access to map value, value_size=64 off=111 size=1; R0 max value is outside of the allowed memory range
  l361:
    r1 = r10
    r1 += -128
    r2 = r8
    r3 = 0
    call probe_read_kernel
    r0 = 0
    exit

case made_1_194
section raw_tp/sys_enter
kernel 6.18 accepts 10
like 6.18 6.1 6.12 7.3
    r1 = 10
    r2 = subprog[turn]
    r3 = 0
    r4 = 1
    call loop
    r0 = 0
    exit
  turn:
    r0 = 0
    exit

case made_1_195
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 21 to 19
kernel 6.12-user refuses cfg_loop: back-edge from insn 21 to 19
kernel 7.3-user refuses cfg_loop: back-edge from insn 21 to 19
    r9 = r1
    r6 = 32
    call get_prandom_u32
    r7 = r0
    r7 &= 56
    r8 = 7
    r2 = r10
    r2 *= r7                                ;! pointer_arithmetic: R2 pointer arithmetic with *= operator prohibited
    r8 *= r6
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l362
    if r8 > 56 goto l362
    *(u8 *)(r0 +60) = 1
  l362:
    r8 = 0
  l363:
    r6 >>= 0
    r8 += 1
    if r8 < 3 goto l363
    w7 %= 4095
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 1
    if r4 >= r3 goto l364
    r5 = *(u32 *)(r2 + 13)
  l364:
    r0 = 0
    exit

case made_1_196
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 63
    call get_prandom_u32
    r7 = r0
    r7 &= 31
    r8 = 0
    r9 = 15
    if r7 == -2147483648 goto l365
    r8 = -8
  l365:
    r1 = r10
    r1 += -8
    r2 = r6
    r3 = 0
    call probe_read_kernel                  ;! stack_bounds: invalid write to stack R1 off=-8 size=63
    if w7 != w8 goto l366
    *(u16 *)(r10 - 512) = r8
  l366:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l367
    if r6 > 57 goto l367
    r0 += r6
    *(u8 *)(r0 +1) = 1
  l367:
    r8 -= 255
    r0 = 5
    exit

case made_1_197
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 4
    call bpf_iter_num_new
    *(u64 *)(r10 - 8) = 0
    r1 = r10
    r1 += -8
    call bpf_iter_num_destroy               ;! iterator: expected an initialized iter_num as arg #0
    r0 = 1
    exit

case made_1_198
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 accepts 40
like 6.18 6.1 6.12 7.3
    r6 = -8
    call get_prandom_u32
    r7 = r0
    r7 &= 127
    r8 = 4095
    call get_prandom_u32
    r9 = r0
    r8 = 0
  l368:
    w6 -= 2
    r8 += 1
    if r8 != 3 goto l368
    r6 <<= 31
    if r6 <= 2147483647 goto l369
    r7 = 2147483647
  l369:
    r8 = 0
  l370:
    r6 |= -8
    r8 += 1
    if r8 < 3 goto l370
    call ktime_get_ns
    r7 = r0
    w8 -= 3
    if w7 & w7 goto l371
    *(u64 *)(r10 - 16) = r7
    r7 = *(u8 *)(r10 - 16)
  l371:
    r0 = 2
    exit

case made_1_199
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 accepts 34
like 6.18 6.1 6.12 7.3
    r6 = 7
    call get_prandom_u32
    r7 = r0
    r7 &= 56
    call get_prandom_u32
    r8 = r0
    call get_prandom_u32
    r9 = r0
    r9 &= 31
    r7 s>>= 32
    r7 *= r6
    call ktime_get_ns
    r6 = r0
    r6 &= 56
    r8 = 0
  l372:
    r6 |= r8
    r8 += 1
    if r8 s< 3 goto l372
    r6 |= 3
    call ktime_get_ns
    r8 = r0
    call ktime_get_ns
    r7 = r0
    r7 &= 15
    if w8 s< -2147483648 goto l373
    w8 *= w8
  l373:
    r0 = 0
    exit

case made_1_200
section tp_btf/sched_switch
kernel 6.18 accepts 2
like 6.18 6.1 6.12 7.3
    r0 = 0
    exit

case made_1_201
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r7 &= 63
    call get_prandom_u32
    r8 = r0
    r8 &= 56
    r9 = 7
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l374
    r0 += r6                                ;! pointer_offset_range: math between map_value pointer and register with unbounded min value is not allowed
    r6 = *(u32 *)(r0 +0)
  l374:
    w8 -= 31
    r6 <<= 0
    *(u64 *)(r10 - 32) = r6
    r6 = *(u8 *)(r10 - 32)
    *(u64 *)(r10 - 512) = r8
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l375
    r0 += r7
    *(u32 *)(r0 +0) = 1
  l375:
    if r8 != 4095 goto l376
    *(u64 *)(r10 - 16) = r6
    r6 = *(u8 *)(r10 - 16)
  l376:
    r0 = 0
    exit

case made_1_202
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 31
    r7 = 2
    call get_prandom_u32
    r8 = r0
    call get_prandom_u32
    r9 = r0
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l377
    if r8 > 64 goto l377
    r0 += r8
    *(u64 *)(r0 +56) = 1                    ;! map_value_bounds: invalid access to map value, value_size=64 off=120 size=8; R0 max value is outside of the allowed memory range
  l377:
    r6 -= 4
    r7 = r10
    r7 -= r10
    r7 <<= 0
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l378
    if r7 > 7 goto l378
    r0 += r7
    *(u8 *)(r0 +56) = 1
  l378:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l379
    if r8 > 55 goto l379
    r0 += r8
    *(u8 *)(r0 +0) = 1
  l379:
    r0 = 2
    exit

case made_1_203
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = map[fd:ring]
    r2 = 16
    r3 = 0
    call ringbuf_reserve
    if r0 == 0 goto out
    r6 = r0
    *(u64 *)(r6 + 8) = 1
    r1 = r6
    r6 = r0
    call ringbuf_submit                     ;! register_unset: R2 !read_ok
  out:
    r0 = 0
    exit

case made_1_204
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 accepts 42
like 6.18 6.12 7.3
kernel 6.1 refuses stack_unwritten: invalid indirect read from stack R1 off -16+0 size 7
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    call get_prandom_u32
    r8 = r0
    r8 &= 7
    r9 = 63
    call ktime_get_ns
    r7 = r0
    r7 &= 127
    r6 = 0
  l380:
    r6 += 1
    if r6 < 8 goto l380
    r1 = r10
    r1 += -16
    r2 = r8
    r3 = 0
    call probe_read_kernel
    r6 = 0
  l381:
    r6 += 1
    if r6 s< 1 goto l381
    if w7 <= w8 goto l382
    r8 ^= r8
  l382:
    r0 = 0
    exit

case made_1_205
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    call get_prandom_u32
    r7 = r0
    r7 &= 56
    call get_prandom_u32
    r8 = r0
    call get_prandom_u32
    r9 = r0
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l383
    r0 += r6
    r6 = *(u16 *)(r0 +56)                   ;! map_value_bounds: invalid access to map value, value_size=64 off=71 size=2; R0 max value is outside of the allowed memory range
  l383:
    if w7 s<= w8 goto l384
    r6 /= r6
  l384:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l385
    if r6 > 63 goto l385
    r0 += r6
    *(u64 *)(r0 +0) = 1
  l385:
    r7 ^= 64
    call ktime_get_ns
    r8 = r0
    r8 &= 64
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l386
    r0 += r7
    r7 = *(u8 *)(r0 +60)
  l386:
    r0 = 1
    exit

case made_1_206
section socket
kernel 6.18 refuses cfg_fallthrough: last insn is not an exit or jmp
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
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
    if r7 >= r6 goto out

case made_1_207
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 4095
    call get_prandom_u32
    r7 = r0
    r7 &= 127
    r8 = -2147483648
    r6 <<= 32
    *(u64 *)(r10 - 8) = r8
    r8 = *(u32 *)(r10 - 8)
    r8 %= 31
    r8 <<= 1
    *(u64 *)(r10 - 12) = r6                 ;! misaligned: misaligned stack access off 0+0+-12 size 8
    r6 = *(u16 *)(r10 - 12)
    r0 = 5
    exit

case made_1_208
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r6 = 1
    call get_prandom_u32
    r7 = r0
    r7 &= 15
    r8 = 4095
    r9 = 1
    *(u64 *)(r10 - 64) = r6
    r6 = *(u16 *)(r10 - 64)
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l387
    r0 += r6
    r6 = *(u32 *)(r0 +64)                   ;! map_value_bounds: invalid access to map value, value_size=64 off=65 size=4; R0 min value is outside of the allowed memory range
  l387:
    r0 = 0
    exit

case made_1_209
section socket
map jumps prog_array entries 2
func f static
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 1000
    r2 = r10
    r2 = r10
    call f
    r3 = *(u64 *)(r10 - 8)
    r0 = 0
    exit
  f:
    r6 = r2
    r2 = map[fd:jumps]
    r3 = 0
    call tail_call
    *(u64 *)(r6 + 0) = 1                    ;! stack_bounds: invalid write to stack R6 off=0 size=8
    r0 = 0
    exit

case made_1_210
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r9 = r1
    r6 = 3
    r7 = 3
    r8 = 15
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l388
    if r7 > 57 goto l388
    r0 += r7
    r7 = *(u64 *)(r0 +60)                   ;! map_value_bounds: invalid access to map value, value_size=64 off=63 size=8; R0 min value is outside of the allowed memory range
  l388:
    *(u64 *)(r10 - 32) = r7
    if r7 s> 3 goto l389
    r6 = 4095
  l389:
    r0 = 0
    exit

case made_1_211
section cgroup_skb/egress
map values array value 64
kernel 6.18 accepts 33
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r9 = r1
    r6 = -1
    call get_prandom_u32
    r7 = r0
    r7 &= 127
    r8 = 0
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l390
    if r8 > 56 goto l390
    r0 += r8
    r8 = *(u16 *)(r0 +60)
  l390:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l391
    if r8 > 57 goto l391
    *(u8 *)(r0 +0) = 1
  l391:
    *(u32 *)(r10 - 24) = r6
    r8 s>>= 32
    w8 %= 1
    r0 = 0
    exit

case made_1_212
section socket
map counts hash value 8 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    *(u64 *)(r10 - 16) = 0
    r2 = r2                                 ;! register_unset: R2 !read_ok
    r2 += -4
    r3 = r10
    r3 += -16
    r1 = map[fd:counts]
    r4 = 0
    call map_update_elem
    r0 = 0
    exit

case made_1_213
section tc
map values array value 64
kernel 6.18 accepts 22
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 7
    call get_prandom_u32
    r7 = r0
    call get_prandom_u32
    r8 = r0
    r8 &= 7
    r6 &= 7
    *(u16 *)(r10 - 16) = r6
    *(u64 *)(r10 - 64) = r6
    r6 = *(u8 *)(r10 - 64)
    r7 *= r6
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l392
    r6 = *(u64 *)(r0 +0)
  l392:
    r6 >>= 4
    r0 = 1
    exit

case made_1_214
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r9 = r1
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r7 &= 127
    call get_prandom_u32
    r8 = r0
    r6 /= r6
    r6 += r6
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l393
    if r8 > 55 goto l393
    r0 += r8
    r8 = *(u64 *)(r0 +64)                   ;! map_value_bounds: invalid access to map value, value_size=64 off=64 size=8; R0 min value is outside of the allowed memory range
  l393:
    r8 <<= 63
    r8 *= r6
    w7 *= 64
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l394
    r0 += r6
    r6 = *(u16 *)(r0 +0)
  l394:
    if r7 s>= r8 goto l395
    r8 = 256
  l395:
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 20
    if r4 > r3 goto l396
    r5 = *(u8 *)(r2 + 12)
  l396:
    r0 = 0
    exit

case made_1_215
section xdp
struct pair a:u64 b:u64
func first global *pair
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call first                              ;! argument_type: R1 type=ctx expected=fp; Caller passes invalid args into func#1 ('first')
    r1 = r10
    r1 += -8
    call first
    r0 = 2
    exit
  first:
    r0 = 0
    exit

case made_1_216
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 31
    call get_prandom_u32
    r7 = r0
    r8 = -1
    r8 &= r6
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l397
    if r8 > 55 goto l397
    r0 += r8
    *(u32 *)(r0 +0) = 1
  l397:
    r8 -= 7
    if r7 s> 4095 goto l398
    w7 ^= -1
  l398:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l399
    if r8 > 63 goto l399
    r8 = *(u8 *)(r0 -1)                     ;! map_value_bounds: invalid access to map value, value_size=64 off=-1 size=1; R0 min value is outside of the allowed memory range
  l399:
    w7 %= w6
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 34
    if r4 > r3 goto l400
    r5 = *(u64 *)(r2 + 0)
  l400:
    r0 = 0
    exit

case made_1_217
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 31
    call get_prandom_u32
    r7 = r0
    r7 &= 127
    r8 = 2147483647
    r2 = r10
    r2 *= r6                                ;! pointer_arithmetic: R2 pointer arithmetic with *= operator prohibited
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l401
    if r6 > 57 goto l401
    r0 += r6
    r6 = *(u32 *)(r0 +0)
  l401:
    if r7 >= r8 goto l402
    r8 <<= 0
  l402:
    r6 = 0
  l403:
    r6 += 1
    if r6 s< 1 goto l403
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l404
    if r8 > 56 goto l404
    r8 = *(u8 *)(r0 +0)
  l404:
    r1 = r10
    r1 += -8
    r2 = r6
    r3 = 0
    call probe_read_kernel
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 14
    if r4 > r3 goto l405
    r5 = *(u32 *)(r2 + 34)
  l405:
    r0 = 0
    exit

case made_1_218
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12
kernel 7.3 accepts 35
kernel 6.1-user refuses pointer_arithmetic: R0 tried to add from different maps, paths or scalars, pointer arithmetic with it prohibited for !root
kernel 6.12-user refuses pointer_arithmetic: R0 tried to add from different maps, paths or scalars, pointer arithmetic with it prohibited for !root
kernel 7.3-user accepts 61
    call get_prandom_u32
    r6 = r0
    r6 &= 7
    call get_prandom_u32
    r7 = r0
    r7 &= 63
    call get_prandom_u32
    r8 = r0
    r8 &= 56
    call get_prandom_u32
    r9 = r0
    r9 &= 63
    r7 -= -2147483648
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l406
    if r6 > 55 goto l406
    *(u16 *)(r0 +1) = 1
  l406:
    r7 ^= r7
    if r7 != r7 goto l407
    r6 s>>= 1
  l407:
    w7 /= w7
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l408
    r0 += r6
    r6 = *(u8 *)(r0 +60)                    ;! map_value_bounds: invalid access to map value, value_size=64 off=67 size=1; R0 max value is outside of the allowed memory range
  l408:
    r0 = 0
    exit

case made_1_219
section socket
map values array value 64
kernel 6.18 accepts 13
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r6 = 255
    r7 = 1
    call get_prandom_u32
    r8 = r0
    r8 &= 64
    r9 = 16
    r6 /= 63
    *(u64 *)(r10 - 64) = r7
    r7 = *(u32 *)(r10 - 64)
    r6 <<= 1
    r6 += r8
    r0 = 5
    exit

case made_1_220
section socket
func point global -> *u64
kernel 6.18 refuses cfg_fallthrough: last insn is not an exit or jmp
like 6.18 6.1 6.12 7.3
    call point
    r0 = 0
    r0 = 0
  point:
    r0 = 0
    exit

case made_1_221
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 7
    call get_prandom_u32
    r7 = r0
    r7 &= 64
    r8 = 4
    if w7 s>= 15 goto l409
    call get_prandom_u32
    r8 = r0
    r8 &= 31
  l409:
    r8 >>= 1
    r2 = r10
    r2 *= r6                                ;! pointer_arithmetic: R2 pointer arithmetic with *= operator prohibited
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l410
    if r8 > 55 goto l410
    r0 += r8
    *(u64 *)(r0 +1) = 1
  l410:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l411
    if r6 > 56 goto l411
    *(u16 *)(r0 +64) = 1
  l411:
    if w7 s< w8 goto l412
    r7 = 16
  l412:
    r0 = 0
    exit

case made_1_222
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 64
    r7 = 64
    r8 = 255
    if r8 <= r7 goto l413
    r8 = 2147483647
  l413:
    *(u32 *)(r10 - 16) = r6
    r2 = r10
    r2 -= r8                                ;! pointer_offset_range: math between fp pointer and 2147483647 is not allowed
    *(u8 *)(r2 - 1) = 1
    r1 = r10
    r1 += -64
    r2 = r6
    r3 = 0
    call probe_read_kernel
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 14
    if r4 >= r3 goto l414
    r5 = *(u32 *)(r2 + 13)
  l414:
    r0 = 0
    exit

case made_1_223
section xdp
func twice global u64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call twice                              ;! argument_type: R1 is not a scalar; Caller passes invalid args into func#1 ('twice')
    r0 = 2
    exit
  twice:
    r0 = r1
    r0 += r0
    exit

case made_1_224
section cgroup_skb/egress
map values array value 64
kernel 6.18 accepts 21
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r9 = r1
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r7 &= 7
    r8 = 0
    r7 |= r7
    if r8 != r8 goto l415
    w6 += -1
  l415:
    r7 %= r7
    if r6 & 1 goto l416
    r8 /= 15
  l416:
    *(u64 *)(r10 - 16) = r7
    r7 = *(u32 *)(r10 - 16)
    r0 = 0
    exit

case made_1_225
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 accepts 49
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 56
    call get_prandom_u32
    r7 = r0
    r7 &= 56
    r8 = 7
    call get_prandom_u32
    r9 = r0
    r9 &= 127
    if r8 == 4 goto l417
    call get_prandom_u32
    r6 = r0
    r6 &= 31
  l417:
    w7 %= w6
    if w7 s> w7 goto l418
    call get_prandom_u32
    r6 = r0
    r6 &= 127
  l418:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l419
    if r8 > 63 goto l419
    r8 = *(u16 *)(r0 +0)
  l419:
    *(u8 *)(r10 - 12) = r8
    *(u64 *)(r10 - 64) = r8
    r8 = *(u8 *)(r10 - 64)
    r0 = 1
    exit

case made_1_226
section tp_btf/sched_switch
kernel 6.18 accepts 11
like 6.18 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 10
    call bpf_iter_num_new
    r3 = 10
    r1 = r10
    r1 += -8
    call bpf_iter_num_destroy
    r0 = 0
    exit

case made_1_227
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 9 to 8
kernel 6.12-user refuses cfg_loop: back-edge from insn 9 to 8
kernel 7.3-user refuses cfg_loop: back-edge from insn 9 to 8
    r9 = r1
    r6 = 2147483647
    call get_prandom_u32
    r7 = r0
    r8 = 8
    *(u64 *)(r10 - 520) = r6                ;! stack_bounds: invalid write to stack R10 off=-520 size=8
    r6 = *(u64 *)(r10 - 520)
    r6 = 0
  l420:
    r6 += 1
    if r6 < 8 goto l420
    r0 = 1
    exit

case made_1_228
section tc
map values array value 64
kernel 6.18 accepts 32
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    r7 = 8
    r8 = 16
    call ktime_get_ns
    r8 = r0
    r6 <<= 32
    *(u64 *)(r10 - 512) = r7
    r7 = *(u64 *)(r10 - 512)
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l421
    if r7 > 63 goto l421
    r0 += r7
    *(u8 *)(r0 +0) = 1
  l421:
    if r7 s>= r7 goto l422
    call get_prandom_u32
    r6 = r0
    r6 &= 7
  l422:
    r6 s>>= 31
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l423
    *(u16 *)(r0 +56) = 1
  l423:
    *(u8 *)(r10 - 512) = r7
    r0 = 0
    exit

case made_1_229
section socket
map values array value 16
kernel 6.18 refuses
like 6.18 6.12 7.3 6.12-user 7.3-user
kernel 6.1 refuses context_write: BPF_ST stores into R1 ctx is not allowed
kernel 6.1-user refuses context_write: BPF_ST stores into R1 ctx is not allowed
    *(u64 *)(r1 + 0) = 0                    ;! context_access: invalid bpf_context access off=0 size=8
    *(u64 *)(r1 + 0) = 0
    r0 = 0
    exit

case made_1_230
section socket
map values array value 64
kernel 6.18 accepts 44
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r7 &= 7
    r8 = 255
    call get_prandom_u32
    r9 = r0
    if w6 <= w7 goto l424
    call get_prandom_u32
    r7 = r0
    r7 &= 64
  l424:
    if r6 <= r7 goto l425
    r8 |= 1
  l425:
    *(u64 *)(r10 - 24) = r7
    r7 = *(u32 *)(r10 - 24)
    if w7 >= -8 goto l426
    r8 >>= 32
  l426:
    r7 >>= 0
    if r7 >= r8 goto l427
    r7 ^= r7
  l427:
    r8 /= r7
    r0 = 1
    exit

case made_1_231
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r9 = r1
    r6 = 0
    r7 = 4095
    call get_prandom_u32
    r8 = r0
    r8 &= 56
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l428
    r0 += r7
    r7 = *(u64 *)(r0 +56)                   ;! map_value_bounds: invalid access to map value, value_size=64 off=4151 size=8; R0 min value is outside of the allowed memory range
  l428:
    if r8 s> r6 goto l429
    w6 -= 256
  l429:
    *(u64 *)(r10 - 8) = r10
    r8 = *(u32 *)(r10 - 8)
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l430
    if r7 > 64 goto l430
    r7 = *(u32 *)(r0 -1)
  l430:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l431
    if r6 > 57 goto l431
    r0 += r6
    r6 = *(u8 *)(r0 +56)
  l431:
    r6 ^= r6
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l432
    *(u16 *)(r0 +64) = 1
  l432:
    r0 = 0
    exit

case made_1_232
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r2 = r0
    r1 = r10
    r1 += -8
    r3 = 8
    call probe_read_kernel                  ;! offset_negative: R2 min value is negative, either use unsigned or 'var &= const'
    r0 = 0
    exit

case made_1_233
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 7.3
kernel 6.1 refuses pointer_may_be_null: R0 invalid mem access 'map_value_or_null'
kernel 6.12 refuses pointer_may_be_null: R0 invalid mem access 'map_value_or_null'
    r9 = r1
    r6 = 256
    call get_prandom_u32
    r7 = r0
    r7 &= 56
    call get_prandom_u32
    r8 = r0
    if r7 != 15 goto l433
    r8 <<= 32
  l433:
    r7 ^= -1
    r6 *= r6
    r6 = 0
  l434:
    r7 ^= r7
    r6 += 1
    if r6 != 3 goto l434
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r7 > 57 goto l435
    *(u64 *)(r0 +56) = 1
  l435:
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 14
    if r4 < r3 goto l436
    r5 = *(u16 *)(r2 + 16)                  ;! packet_bounds: invalid access to packet, off=16 size=2, R2(id=0,off=16,r=0); R2 offset is outside of the packet
  l436:
    r0 = 2
    exit

case made_1_234
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 32
    r7 = -8
    r8 = 31
    r6 <<= 63
    r7 /= 4095
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 20
    if r4 < r3 goto l437
    r5 = *(u8 *)(r2 + 12)                   ;! packet_bounds: invalid access to packet, off=12 size=1, R2(id=0,off=12,r=0); R2 offset is outside of the packet
  l437:
    r0 = 0
    exit

case made_1_235
section iter/task
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r0 = -6
    exit                                    ;! return_value: At program exit the register R0 has smin=-6 smax=-6 should have been in [0, 1]

case made_1_236
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 7.3
kernel 6.1 refuses pointer_arithmetic: R0 pointer arithmetic on map_value_or_null prohibited, null-check it first
kernel 6.12 refuses pointer_arithmetic: R0 pointer arithmetic on map_value_or_null prohibited, null-check it first
kernel 6.1-user refuses pointer_arithmetic: R0 pointer arithmetic on map_value_or_null prohibited, null-check it first
kernel 6.12-user refuses pointer_arithmetic: R0 pointer arithmetic on map_value_or_null prohibited, null-check it first
kernel 7.3-user refuses pointer_arithmetic: R0 pointer arithmetic on map_value_or_null prohibited, null-check it first
    r9 = r1
    r6 = 8
    r7 = 15
    call get_prandom_u32
    r8 = r0
    r8 &= 15
    r7 >>= 8
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l438
    if r7 > 56 goto l438
    r0 += r7
    *(u64 *)(r0 +1) = 1
  l438:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r6 > 64 goto l439
    r0 += r6
    r6 = *(u32 *)(r0 -1)
  l439:
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 1
    if r4 > r3 goto l440
    r5 = *(u64 *)(r2 + 12)                  ;! packet_bounds: invalid access to packet, off=12 size=8, R2(id=0,off=12,r=1); R2 offset is outside of the packet
  l440:
    r0 = 0
    exit

case made_1_237
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 31
    r7 = 2
    r8 = 15
    r6 s>>= 8
    r8 |= 4
    if r7 > 63 goto l441
    r7 = 64
  l441:
    *(u64 *)(r10 - 8) = r10
    r8 = *(u32 *)(r10 - 8)                  ;! pointer_partial: invalid size of register fill
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 34
    if r4 < r3 goto l442
    r5 = *(u32 *)(r2 + 12)
  l442:
    r0 = 0
    exit

case made_1_238
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
    r2 = map[fd:jumps]
    r1 = r6
    r2 = map[fd:jumps]
    r3 = 0
    call tail_call                          ;! reference_leak: Unreleased reference id=2 alloc_insn=5; tail_call would lead to reference leak
  out:
    r0 = 0
    exit

case made_1_239
section tc
map values array value 64
kernel 6.18 accepts 16
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 4
    r7 = 7
    r8 = 0
    r6 *= r8
    r7 >>= 8
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 34
    if r4 > r3 goto l443
    r5 = *(u8 *)(r2 + 0)
  l443:
    r0 = 1
    exit

case made_1_240
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 2147483647
    call get_prandom_u32
    r7 = r0
    r7 &= 64
    call get_prandom_u32
    r8 = r0
    r8 &= 7
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l444
    r0 += r8
    r8 = *(u32 *)(r0 +64)                   ;! map_value_bounds: invalid access to map value, value_size=64 off=64 size=4; R0 min value is outside of the allowed memory range
  l444:
    r8 += r8
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l445
    if r7 > 64 goto l445
    r0 += r7
    *(u32 *)(r0 +0) = 1
  l445:
    w6 &= 4
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l446
    if r8 > 31 goto l446
    r0 += r8
    r8 = *(u16 *)(r0 +0)
  l446:
    w6 += 4095
    r0 = 1
    exit

case made_1_241
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

case made_1_242
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r6 = 256
    call get_prandom_u32
    r7 = r0
    call get_prandom_u32
    r8 = r0
    r8 &= 31
    call get_prandom_u32
    r9 = r0
    r9 &= 15
    r7 >>= 0
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l447
    if r6 > 56 goto l447
    *(u16 *)(r0 +0) = 1
  l447:
    r8 ^= 32
    *(u64 *)(r10 - 12) = r7                 ;! misaligned: misaligned stack access off 0+0+-12 size 8
    r7 = *(u16 *)(r10 - 12)
    r0 = 0
    exit

case made_1_243
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses insn_reserved: BPF_MOV uses reserved fields
    r9 = r1
    r6 = 32
    call get_prandom_u32
    r7 = r0
    r7 &= 63
    call get_prandom_u32
    r8 = r0
    r8 &= 15
    r7 = (s8)r7
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l448
    if r6 > 56 goto l448
    r0 += r6
    r6 = *(u32 *)(r0 +56)                   ;! map_value_bounds: invalid access to map value, value_size=64 off=88 size=4; R0 min value is outside of the allowed memory range
  l448:
    *(u16 *)(r10 - 16) = r6
    *(u64 *)(r10 - 16) = r8
    r8 = *(u16 *)(r10 - 16)
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l449
    if r8 > 57 goto l449
    r8 = *(u16 *)(r0 +64)
  l449:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l450
    if r6 > 31 goto l450
    *(u64 *)(r0 +0) = 1
  l450:
    r8 -= r6
    *(u64 *)(r10 - 512) = r6
    r6 = *(u8 *)(r10 - 512)
    r0 = 0
    exit

case made_1_244
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
    r6 = r0
    r1 = r0
    call spin_lock
    r1 = r6
    call spin_lock                          ;! lock: function calls are not allowed while holding a lock
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case made_1_245
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 256
    call get_prandom_u32
    r7 = r0
    r8 = 32
    if w6 < w7 goto l451
    *(u16 *)(r10 - 512) = r6
  l451:
    if r6 s> 4 goto l452
    *(u16 *)(r10 - 8) = r7
  l452:
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 20
    if r4 < r3 goto l453
    r5 = *(u8 *)(r2 + 12)                   ;! packet_bounds: invalid access to packet, off=12 size=1, R2(id=0,off=12,r=0); R2 offset is outside of the packet
  l453:
    r0 = 0
    exit

case made_1_246
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 accepts 18
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 56
    call get_prandom_u32
    r7 = r0
    r7 &= 56
    r8 = 15
    r9 = 0
    r6 += 63
    r7 = 0
  l454:
    r7 += 1
    if r7 != 3 goto l454
    r0 = 1
    exit

case made_1_247
section tc
struct elem lock:bpf_spin_lock n:u32
map elems array value elem
kernel 6.18 accepts 16
like 6.18 6.12 7.3
kernel 6.1 refuses stack_unwritten: invalid indirect read from stack R2 off -12+0 size 4
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -12
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call spin_lock
    *(u32 *)(r6 + 4) = 1
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case made_1_248
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 63
    call get_prandom_u32
    r7 = r0
    r7 &= 7
    call get_prandom_u32
    r8 = r0
    r8 &= 15
    if w6 > w8 goto l455
    r6 = -1
  l455:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l456
    if r6 > 31 goto l456
    *(u16 *)(r0 -1) = 1
  l456:
    w8 /= -8
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l457
    if r6 > 63 goto l457
    r0 += r6
    r6 = *(u16 *)(r0 +0)
  l457:
    *(u64 *)(r10 - 4) = r8                  ;! misaligned: misaligned stack access off 0+0+-4 size 8
    r8 = *(u8 *)(r10 - 4)
    *(u16 *)(r10 - 520) = r8
    w7 += 7
    r8 = 0
  l458:
    r7 <<= 0
    r8 += 1
    if r8 < 3 goto l458
    r0 = 1
    exit

case made_1_249
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r6 = -2147483648
    r7 = 1
    r8 = 256
    call get_prandom_u32
    r9 = r0
    r9 &= 127
    call ktime_get_ns
    r7 = r0
    r7 &= 7
    r6 &= 15
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l459
    if r8 > 56 goto l459
    *(u8 *)(r0 +60) = 1
  l459:
    call ktime_get_ns
    r8 = r0
    r8 &= 7
    r10 += r7                               ;! frame_pointer_written: frame pointer is read only
    r0 = 0
    exit

case made_1_250
section tc
kernel 6.18 refuses
like 6.18 6.12
kernel 7.3 refuses other: variable ? access var_off=(0x0; 0xffffffffffffffff) disallowed
    r6 = 0
    r3 = r10
    r3 += -16
    call bpf_dynptr_from_skb                ;! argument_type: R2 is not a scalar
    r1 = r10
    r1 += -16
    r2 = 0
    r3 = 0
    r4 = 14
    call bpf_dynptr_slice
    if r0 == 0 goto out
    *(u8 *)(r0 + 0) = 1
  out:
    r0 = 0
    exit

case made_1_251
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r6 = -8
    call get_prandom_u32
    r7 = r0
    r8 = -2147483648
    call get_prandom_u32
    r9 = r0
    r7 >>= 31
    *(u64 *)(r10 - 520) = r6                ;! stack_bounds: invalid write to stack R10 off=-520 size=8
    if r6 s<= 8 goto l460
    r6 %= 7
  l460:
    if r8 s> 32 goto l461
    r7 = 8
  l461:
    w7 |= -1
    r0 = 5
    exit

case made_1_252
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r6 = 2
    r7 = 4095
    r8 = 1
    call get_prandom_u32
    r9 = r0
    r9 &= 64
    r7 *= 16
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l462
    r0 += r8
    r8 = *(u16 *)(r0 +0)
  l462:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l463
    if r8 > 57 goto l463
    r8 = *(u8 *)(r0 +0)
  l463:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l464
    if r8 > 64 goto l464
    r0 += r8
    r8 = *(u16 *)(r0 +64)                   ;! map_value_bounds: invalid access to map value, value_size=64 off=64 size=2; R0 min value is outside of the allowed memory range
  l464:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l465
    r0 += r6
    r6 = *(u8 *)(r0 +64)
  l465:
    r0 = 0
    exit

case made_1_253
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r2 = *(u64 *)(r1 + 0)
    r3 = 0
    *(u64 *)(r2 + 0) = r3                   ;! address_is_number: R2 invalid mem access 'scalar'
    r0 = 0
    exit

case made_1_254
section tc
map values array value 64
kernel 6.18 accepts 27
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 63
    call get_prandom_u32
    r7 = r0
    r7 &= 56
    r8 = 63
    if r8 > 0 goto l466
    call get_prandom_u32
    r8 = r0
    r8 &= 64
  l466:
    if r6 == 1 goto l467
    call get_prandom_u32
    r6 = r0
  l467:
    r6 *= r6
    r6 /= r6
    if w6 s< w6 goto l468
    r6 = 4
  l468:
    w8 *= 2
    r6 += -1
    r0 = 1
    exit

case made_1_255
section socket
map values array value 64
kernel 6.18 accepts 55
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 22 to 20
kernel 6.12-user refuses cfg_loop: back-edge from insn 22 to 20
kernel 7.3-user refuses cfg_loop: back-edge from insn 22 to 20
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r7 &= 15
    r8 = -8
    call get_prandom_u32
    r9 = r0
    r9 &= 127
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l469
    if r7 > 64 goto l469
    r0 += r7
    r7 = *(u16 *)(r0 +0)
  l469:
    r7 = 0
  l470:
    r8 += r6
    r7 += 1
    if r7 != 8 goto l470
    *(u64 *)(r10 - 24) = r6
    r6 = *(u16 *)(r10 - 24)
    if r7 < r8 goto l471
    r6 = 63
  l471:
    w7 -= w7
    r8 s>>= 4
    r0 = 0
    exit

case made_1_256
section socket
kernel 6.18 accepts 3
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 1
    r0 <<= 63
    exit

case made_1_257
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_unknown: unknown func bpf_probe_read_kernel#113
kernel 6.12-user refuses helper_not_allowed: program of this type cannot use helper bpf_probe_read_kernel#113
kernel 7.3-user refuses helper_not_allowed: program of this type cannot use helper bpf_probe_read_kernel#113
    r9 = r1
    r6 = 4095
    r7 = 7
    call get_prandom_u32
    r8 = r0
    r8 &= 64
    *(u64 *)(r10 - 32) = r7
    r7 = *(u64 *)(r10 - 32)
    r1 = r10
    r1 += -8
    r2 = r6
    r3 = 0
    call probe_read_kernel                  ;! stack_bounds: invalid write to stack R1 off=-8 size=4095
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 1
    if r4 > r3 goto l472
    r5 = *(u16 *)(r2 + 0)
  l472:
    r0 = 0
    exit

case made_1_258
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 26 to 24
kernel 6.12-user refuses cfg_loop: back-edge from insn 26 to 24
kernel 7.3-user refuses cfg_loop: back-edge from insn 26 to 24
    r6 = 63
    call get_prandom_u32
    r7 = r0
    r8 = 64
    call get_prandom_u32
    r9 = r0
    *(u64 *)(r10 - 520) = r8                ;! stack_bounds: invalid write to stack R10 off=-520 size=8
    r8 = *(u32 *)(r10 - 520)
    *(u64 *)(r10 - 8) = r10
    r6 = *(u32 *)(r10 - 8)
    *(u8 *)(r10 - 64) = r8
    w7 %= 256
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l473
    if r7 > 31 goto l473
    r0 += r7
    *(u8 *)(r0 +0) = 1
  l473:
    r8 &= -1
    r7 = 0
  l474:
    r6 /= r7
    r7 += 1
    if r7 < 1 goto l474
    r0 = 0
    exit

case made_1_259
section xdp
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses insn_reserved: BPF_LDX uses reserved fields
    r2 = *(s32 *)(r1 + 4)                   ;! context_access: invalid bpf_context access off=4 size=4
    r0 = 0
    exit

case made_1_260
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 31
    call get_prandom_u32
    r7 = r0
    call get_prandom_u32
    r8 = r0
    r8 &= 63
    call ktime_get_ns
    r7 = r0
    r7 &= 63
    r6 = r10
    r6 -= r10
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l475
    if r6 > 31 goto l475
    r0 += r6
    *(u8 *)(r0 -1) = 1                      ;! map_value_bounds: invalid access to map value, value_size=64 off=-1 size=1; R0 min value is outside of the allowed memory range
  l475:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l476
    if r7 > 63 goto l476
    r7 = *(u64 *)(r0 +60)
  l476:
    *(u64 *)(r10 - 8) = r8
    r8 = *(u32 *)(r10 - 8)
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 14
    if r4 >= r3 goto l477
    r5 = *(u64 *)(r2 + 34)
  l477:
    r0 = 1
    exit

case made_1_261
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r9 = r1
    r6 = 256
    call get_prandom_u32
    r7 = r0
    call get_prandom_u32
    r8 = r0
    if r6 <= r6 goto l478
    call get_prandom_u32
    r8 = r0
    r8 &= 15
  l478:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l479
    r0 += r6
    *(u8 *)(r0 +1) = 1                      ;! map_value_bounds: invalid access to map value, value_size=64 off=257 size=1; R0 min value is outside of the allowed memory range
  l479:
    r8 = *(u32 *)(r8 + 0)
    *(u64 *)(r10 - 8) = r6
    if r8 < r6 goto l480
    *(u64 *)(r10 - 32) = r6
  l480:
    r0 = 5
    exit

case made_1_262
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 31
    call get_prandom_u32
    r7 = r0
    r7 &= 31
    call get_prandom_u32
    r8 = r0
    r8 &= 127
    w6 |= 256
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l481
    if r8 > 63 goto l481
    r0 += r8
    *(u16 *)(r0 +0) = 1                     ;! map_value_bounds: invalid access to map value, value_size=64 off=63 size=2; R0 max value is outside of the allowed memory range
  l481:
    *(u16 *)(r10 - 32) = r7
    r0 = 1
    exit

case made_1_263
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 56
    r7 = 16
    r8 = 7
    if w6 & 64 goto l482
    *(u64 *)(r10 - 32) = r8
    r8 = *(u64 *)(r10 - 32)
  l482:
    w7 %= w6
    r6 s>>= 32
    if r6 <= r6 goto l483
    call get_prandom_u32
    r8 = r0
  l483:
    r8 = r10
    r8 -= r10
    r7 |= 255
    *(u64 *)(r10 - 8) = r8
    r8 = *(u32 *)(r10 - 8)
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l484
    r7 = *(u32 *)(r0 +64)                   ;! map_value_bounds: invalid access to map value, value_size=64 off=64 size=4; R0 min value is outside of the allowed memory range
  l484:
    r0 = 5
    exit

case made_1_264
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = map[fd:ring]
    r3 = 0
    r3 = 0
    r4 = r10
    r4 += -16
    call ringbuf_reserve_dynptr             ;! register_unset: R2 !read_ok
    r0 = 0
    exit

case made_1_265
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 accepts 32
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 56
    call get_prandom_u32
    r7 = r0
    r7 &= 15
    r8 = 8
    call get_prandom_u32
    r9 = r0
    if r7 <= r7 goto l485
    r8 /= r8
  l485:
    r6 -= r6
    *(u64 *)(r10 - 512) = r6
    r7 *= -1
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l486
    *(u8 *)(r0 +0) = 1
  l486:
    r0 = 0
    exit

case made_1_266
section cgroup_skb/egress
map values array value 64
kernel 6.18 accepts 31
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses context_access: invalid bpf_context access off=76 size=4
kernel 6.12-user refuses context_access: invalid bpf_context access off=76 size=4
kernel 7.3-user refuses context_access: invalid bpf_context access off=76 size=4
    r9 = r1
    r6 = 4095
    call get_prandom_u32
    r7 = r0
    r7 &= 7
    r8 = 63
    r6 %= 32
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l487
    *(u16 *)(r0 +60) = 1
  l487:
    if r6 != -2147483648 goto l488
    r6 /= r6
  l488:
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 34
    if r4 > r3 goto l489
    r5 = *(u16 *)(r2 + 12)
  l489:
    r0 = 0
    exit

case made_1_267
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r1 = 200
    .insn 0xbf 0 1 24 0                     ;! insn_reserved: BPF_MOV uses reserved fields
    exit

case made_1_268
section socket
map values array value 64
kernel 6.18 accepts 43
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 29 to 28
kernel 6.12-user refuses cfg_loop: back-edge from insn 29 to 28
kernel 7.3-user refuses cfg_loop: back-edge from insn 29 to 28
    r6 = 31
    r7 = 15
    call get_prandom_u32
    r8 = r0
    r8 &= 31
    call get_prandom_u32
    r9 = r0
    r9 &= 127
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l490
    if r6 > 56 goto l490
    r0 += r6
    *(u64 *)(r0 +0) = 1
  l490:
    r6 ^= 3
    *(u64 *)(r10 - 24) = r8
    call ktime_get_ns
    r6 = r0
    r6 &= 64
    r7 ^= 16
    if r8 > 16 goto l491
    *(u64 *)(r10 - 24) = r8
    r8 = *(u16 *)(r10 - 24)
  l491:
    r6 = 0
  l492:
    r6 += 1
    if r6 < 3 goto l492
    *(u64 *)(r10 - 16) = r6
    r6 = *(u16 *)(r10 - 16)
    r0 = 1
    exit

case made_1_269
section socket
map values array value 64
kernel 6.18 accepts 22
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    call get_prandom_u32
    r7 = r0
    r7 &= 7
    r8 = 8
    call get_prandom_u32
    r9 = r0
    r9 &= 15
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l493
    if r8 > 64 goto l493
    r8 = *(u8 *)(r0 +56)
  l493:
    r7 |= 1
    r7 >>= 8
    r0 = 1
    exit

case made_1_270
section tc
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r3 = *(u32 *)(r1 + 80)
    r7 += 1                                 ;! register_unset: R7 !read_ok
    r0 = 0
    exit

case made_1_271
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r7 &= 7
    r8 = 2147483647
    if r8 s> r7 goto l494
    w7 &= w8
  l494:
    call ktime_get_ns
    r7 = r0
    call ktime_get_ns
    r6 = r0
    r6 &= 127
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 1
    if r4 < r3 goto l495
    r5 = *(u8 *)(r2 + 34)                   ;! packet_bounds: invalid access to packet, off=34 size=1, R2(id=0,off=34,r=0); R2 offset is outside of the packet
  l495:
    r0 = 2
    exit

case made_1_272
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 127
    r7 = 3
    call get_prandom_u32
    r8 = r0
    r8 &= 64
    call get_prandom_u32
    r9 = r0
    r9 &= 7
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l496
    if r7 > 55 goto l496
    r0 += r7
    *(u64 *)(r0 +64) = 1                    ;! map_value_bounds: invalid access to map value, value_size=64 off=67 size=8; R0 min value is outside of the allowed memory range
  l496:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l497
    if r8 > 57 goto l497
    r0 += r8
    *(u16 *)(r0 +0) = 1
  l497:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l498
    if r6 > 31 goto l498
    *(u64 *)(r0 +0) = 1
  l498:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l499
    r7 = *(u32 *)(r0 +0)
  l499:
    if w6 & 256 goto l500
    r8 *= 4
  l500:
    w8 /= 16
    if w8 & -8 goto l501
    r7 = -8
  l501:
    r0 = 1
    exit

case made_1_273
section raw_tp/sys_enter
kernel 6.18 accepts 5
like 6.18 6.1 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = 8
    r0 = 0
    exit

case made_1_274
section cgroup_skb/egress
map values array value 64
kernel 6.18 accepts 41
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses context_access: invalid bpf_context access off=76 size=4
kernel 6.12-user refuses context_access: invalid bpf_context access off=76 size=4
kernel 7.3-user refuses context_access: invalid bpf_context access off=76 size=4
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 63
    call get_prandom_u32
    r7 = r0
    r7 &= 64
    call get_prandom_u32
    r8 = r0
    r8 &= 64
    r8 /= 7
    r7 &= 16
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l502
    if r7 > 31 goto l502
    r0 += r7
    r7 = *(u8 *)(r0 +0)
  l502:
    *(u32 *)(r10 - 24) = r7
    if r8 s>= r6 goto l503
    call get_prandom_u32
    r7 = r0
    r7 &= 64
  l503:
    *(u64 *)(r10 - 16) = r8
    r8 = *(u32 *)(r10 - 16)
    r7 %= r7
    r8 |= r6
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 34
    if r4 > r3 goto l504
    r5 = *(u32 *)(r2 + 12)
  l504:
    r0 = 1
    exit

case made_1_275
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r6 = 15
    r7 = 4095
    r8 = 63
    call get_prandom_u32
    r9 = r0
    r9 &= 127
    r6 >>= 0
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l505
    if r6 > 63 goto l505
    r0 += r6
    r6 = *(u64 *)(r0 +0)
  l505:
    if r7 <= r8 goto l506
    *(u8 *)(r10 - 8) = r8
  l506:
    *(u16 *)(r10 - 4) = r6
    if r7 > 15 goto l507
    r7 = -1
  l507:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l508
    if r6 > 7 goto l508
    r0 += r6
    r6 = *(u8 *)(r0 +1)
  l508:
    call ktime_get_ns
    r8 = r0
    r8 &= 15
    *(u64 *)(r10 - 520) = r6                ;! stack_bounds: invalid write to stack R10 off=-520 size=8
    r6 = *(u16 *)(r10 - 520)
    r0 = 0
    exit

case made_1_276
section socket
kernel 6.18 accepts 3
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u64 *)(r10 - 8) = 7
    r0 = 0
    exit

case made_1_277
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 accepts 16
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 127
    r7 = 32
    call get_prandom_u32
    r8 = r0
    r8 &= 15
    call get_prandom_u32
    r9 = r0
    r9 &= 64
    r8 ^= r6
    r7 |= 2
    r8 ^= 64
    r6 %= r6
    r0 = 0
    exit

case made_1_278
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 accepts 27
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 63
    call get_prandom_u32
    r7 = r0
    r8 = 8
    call get_prandom_u32
    r9 = r0
    r9 &= 15
    r6 = 0
  l509:
    r6 += 1
    if r6 != 1 goto l509
    if r6 >= r7 goto l510
    w8 |= 31
  l510:
    r1 = r10
    r1 += -16
    r2 = r6
    r3 = 0
    call probe_read_kernel
    r0 = 1
    exit

case made_1_279
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
    r6 = r0
    r1 = r6
    call spin_lock
  out:
    exit                                    ;! lock: BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region

case made_1_280
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    call get_prandom_u32
    r6 = r0
    r6 &= 56
    r7 = 3
    call get_prandom_u32
    r8 = r0
    call get_prandom_u32
    r9 = r0
    r9 &= 64
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l511
    if r8 > 64 goto l511
    *(u32 *)(r0 +56) = 1
  l511:
    r5 = r4                                 ;! register_unset: R4 !read_ok
    if r7 < r6 goto l512
    *(u64 *)(r10 - 12) = r6
    r6 = *(u32 *)(r10 - 12)
  l512:
    r0 = 1
    exit

case made_1_281
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 64
    r7 = 64
    call get_prandom_u32
    r8 = r0
    r8 &= 7
    r6 -= 2
    if r6 s<= 2147483647 goto l513
    *(u64 *)(r10 - 16) = r8
    r8 = *(u8 *)(r10 - 16)
  l513:
    *(u64 *)(r10 - 8) = r10
    r6 = *(u32 *)(r10 - 8)                  ;! pointer_partial: invalid size of register fill
    *(u8 *)(r10 - 16) = r8
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l514
    r0 += r7
    r7 = *(u16 *)(r0 +60)
  l514:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l515
    *(u8 *)(r0 +0) = 1
  l515:
    r6 s>>= 63
    r0 = 0
    exit

case made_1_282
section syscall
func step global
func fetch global
kernel 6.18 refuses
kernel 6.12 refuses rcu: bpf_rcu_read_unlock is missing
kernel 7.3 refuses lock: sleepable global function step() called in rcu_read_lock region
    call bpf_rcu_read_lock
    call step                               ;! helper_sleeps: global functions that may sleep are not allowed in non-sleepable context,; i.e., in a RCU/IRQ/preempt-disabled section, or in; a non-sleepable BPF program context
    call bpf_rcu_read_unlock
    call bpf_rcu_read_lock
    exit
  step:
    call fetch
    r0 = 0
    exit
  fetch:
    r1 = r10
    r1 += -8
    r2 = 8
    r3 = 0
    call copy_from_user
    r0 = 0
    exit

case made_1_283
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses context_access: invalid bpf_context access off=76 size=4
kernel 6.12-user refuses context_access: invalid bpf_context access off=76 size=4
kernel 7.3-user refuses context_access: invalid bpf_context access off=76 size=4
    r9 = r1
    r6 = 16
    r7 = 2147483647
    call get_prandom_u32
    r8 = r0
    r8 &= 31
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l516
    if r6 > 57 goto l516
    r0 += r6
    r6 = *(u32 *)(r0 -1)
  l516:
    r6 <<= 8
    r7 s>>= 0
    r7 s>>= 8
    r6 += r7
    *(u64 *)(r10 - 16) = r6
    r6 = *(u8 *)(r10 - 16)
    r7 -= r7
    *(u64 *)(r10 - 8) = r6
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 1
    if r4 < r3 goto l517
    r5 = *(u16 *)(r2 + 12)                  ;! packet_bounds: invalid access to packet, off=12 size=2, R2(id=0,off=12,r=0); R2 offset is outside of the packet
  l517:
    r0 = 0
    exit

case made_1_284
section tc
map values array value 64
kernel 6.18 accepts 47
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 31
    r7 = 64
    call get_prandom_u32
    r8 = r0
    r8 &= 31
    if r6 s>= r7 goto l518
    *(u16 *)(r10 - 512) = r7
  l518:
    if r6 s> r6 goto l519
    r6 >>= 31
  l519:
    *(u64 *)(r10 - 32) = r8
    r8 = *(u32 *)(r10 - 32)
    call ktime_get_ns
    r8 = r0
    r8 &= 127
    if r6 != r8 goto l520
    *(u64 *)(r10 - 512) = r7
    r7 = *(u8 *)(r10 - 512)
  l520:
    if w8 == w8 goto l521
    *(u64 *)(r10 - 8) = r6
    r6 = *(u8 *)(r10 - 8)
  l521:
    r0 = 0
    exit

case made_1_285
section socket
struct pair a:u32 b:u32
func read global *pair
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 8) = 0
    r1 += -8
    call read                               ;! context_modified: negative offset ctx ptr R1 off=-8 disallowed; Caller passes invalid args into func#1 ('read')
    exit
  read:
    r0 = 0
    if r1 == 0 goto out
    r0 = *(u32 *)(r1 + 4)
  out:
    exit

case made_1_286
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 accepts 16
like 6.18 6.12 7.3
kernel 6.1 refuses insn_reserved: BPF_MOV uses reserved fields
    r6 = -2147483648
    call get_prandom_u32
    r7 = r0
    r7 &= 63
    call get_prandom_u32
    r8 = r0
    r9 = 2147483647
    r8 <<= 8
    if w7 s>= w7 goto l522
    w8 &= w8
  l522:
    r8 = (s8)r8
    r0 = 5
    exit

case made_1_287
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses offset_negative: R2 min value is negative, either use unsigned or 'var &= const'
    call get_prandom_u32
    r6 = r0
    r6 &= 63
    call get_prandom_u32
    r7 = r0
    r7 &= 31
    call get_prandom_u32
    r8 = r0
    r8 &= 7
    call get_prandom_u32
    r9 = r0
    r9 &= 64
    r8 ^= r6
    r6 -= r7
    if r8 != r8 goto l523
    *(u64 *)(r10 - 16) = r6
  l523:
    *(u64 *)(r10 - 512) = r7
    if w7 <= -1 goto l524
    r6 *= 8
  l524:
    r1 = r10
    r1 += -16
    r2 = r8
    r3 = 0
    call probe_read_kernel                  ;! stack_bounds: invalid write to stack R1 off=-16 size=63
    r0 = 1
    exit

case made_1_288
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
    r6 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    call spin_lock                          ;! lock: function calls are not allowed while holding a lock
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case made_1_289
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r6 = 2
    r7 = 2147483647
    call get_prandom_u32
    r8 = r0
    r8 &= 56
    call get_prandom_u32
    r9 = r0
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l525
    if r7 > 7 goto l525
    r0 += r7
    r7 = *(u32 *)(r0 +0)
  l525:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l526
    r0 += r8
    r8 = *(u32 *)(r0 +64)                   ;! map_value_bounds: invalid access to map value, value_size=64 off=64 size=4; R0 min value is outside of the allowed memory range
  l526:
    *(u32 *)(r10 - 16) = r8
    r7 ^= 3
    r1 = r10
    r1 += -16
    r2 = r6
    r3 = 0
    call probe_read_kernel
    r6 s>>= 32
    w7 -= 63
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l527
    if r6 > 31 goto l527
    *(u8 *)(r0 -1) = 1
  l527:
    r0 = 2
    exit

case made_1_290
section cgroup_skb/egress
map values array value 64
kernel 6.18 accepts 12
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r9 = r1
    r6 = 4
    call get_prandom_u32
    r7 = r0
    r7 &= 64
    call get_prandom_u32
    r8 = r0
    r8 &= 15
    w8 += w8
    r7 *= 8
    r0 = 1
    exit

case made_1_291
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r2 = *(u32 *)(r1 + 300)                 ;! context_access: invalid bpf_context access off=300 size=4
    exit

case made_1_292
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 7.3
kernel 6.1 refuses pointer_may_be_null: R0 invalid mem access 'map_value_or_null'
kernel 6.12 refuses pointer_may_be_null: R0 invalid mem access 'map_value_or_null'
kernel 6.1-user refuses pointer_may_be_null: R0 invalid mem access 'map_value_or_null'
kernel 6.12-user refuses pointer_may_be_null: R0 invalid mem access 'map_value_or_null'
kernel 7.3-user refuses pointer_may_be_null: R0 invalid mem access 'map_value_or_null'
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 127
    r7 = 16
    r8 = 32
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r7 > 63 goto l528
    *(u8 *)(r0 +1) = 1
  l528:
    if r7 s> r8 goto l529
    r6 = 255
  l529:
    *(u64 *)(r10 - 16) = r8
    r8 = *(u64 *)(r10 - 16)
    if r6 == r8 goto l530
    r7 = 2
  l530:
    r6 /= 4095
    *(u64 *)(r10 - 512) = r6
    r6 = *(u64 *)(r10 - 512)
    if r6 s>= r8 goto l531
    r8 = 63
  l531:
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 14
    if r4 > r3 goto l532
    r5 = *(u64 *)(r2 + 12)                  ;! packet_bounds: invalid access to packet, off=12 size=8, R2(id=0,off=12,r=14); R2 offset is outside of the packet
  l532:
    r0 = 0
    exit

case made_1_293
section tc
map values array value 64
kernel 6.18 accepts 31
like 6.18 6.12 7.3
kernel 6.1 refuses stack_unwritten: invalid indirect read from stack R1 off -128+0 size 64
    r9 = r1
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r7 &= 64
    call get_prandom_u32
    r8 = r0
    r8 &= 63
    if r6 & r6 goto l533
    *(u64 *)(r10 - 64) = r6
    r6 = *(u32 *)(r10 - 64)
  l533:
    r6 |= r8
    r1 = r10
    r1 += -128
    r2 = r7
    r3 = 0
    call probe_read_kernel
    r6 |= r6
    call ktime_get_ns
    r8 = r0
    *(u32 *)(r10 - 16) = r6
    r0 = 0
    exit

case made_1_294
section tc
struct elem task:kptr_untrusted(task_struct)
map elems array value elem
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    lock *(u64 *)(r0 + 0) += r1             ;! register_unset: R1 !read_ok
  out:
    r0 = 0
    exit

case made_1_295
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses offset_negative: R2 min value is negative, either use unsigned or 'var &= const'
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r7 &= 56
    call get_prandom_u32
    r8 = r0
    r9 = -1
    w7 *= w7
    if r8 s< r8 goto l534
    r6 += r7
  l534:
    w6 &= w6
    r1 = r10
    r1 += -16
    r2 = r7
    r3 = 0
    call probe_read_kernel                  ;! stack_bounds: invalid write to stack R1 off=-16 size=3136
    if r8 & r6 goto l535
    *(u64 *)(r10 - 32) = r8
    r8 = *(u16 *)(r10 - 32)
  l535:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l536
    if r7 > 31 goto l536
    r0 += r7
    r7 = *(u64 *)(r0 +56)
  l536:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l537
    r0 += r7
    *(u8 *)(r0 +60) = 1
  l537:
    r6 s>>= 4
    r0 = 0
    exit

case made_1_296
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 accepts 43
like 6.18 6.1 6.12 7.3
    r6 = 7
    call get_prandom_u32
    r7 = r0
    r7 &= 7
    call get_prandom_u32
    r8 = r0
    r9 = -8
    if w6 > w7 goto l538
    *(u8 *)(r10 - 8) = r8
  l538:
    r6 = 0
  l539:
    r7 &= r8
    r6 += 1
    if r6 < 8 goto l539
    r0 = 1
    exit

case made_1_297
section tc
struct elem lock:bpf_spin_lock n:u32
map elems array value elem
kernel 6.18 accepts 11
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r2 = r6
    r6 = r0
  out:
    r0 = 0
    exit

case made_1_298
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 accepts 17
like 6.18 6.1 6.12 7.3
    r6 = 3
    r7 = 64
    call get_prandom_u32
    r8 = r0
    r8 &= 31
    call get_prandom_u32
    r9 = r0
    w7 |= w8
    r8 = 0
  l540:
    r8 += 1
    if r8 < 3 goto l540
    r0 = 1
    exit

case made_1_299
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses offset_negative: R2 min value is negative, either use unsigned or 'var &= const'
    call get_prandom_u32
    r6 = r0
    r6 &= 31
    call get_prandom_u32
    r7 = r0
    r7 &= 15
    call get_prandom_u32
    r8 = r0
    r8 &= 7
    call get_prandom_u32
    r9 = r0
    r9 &= 63
    r8 = 0
  l541:
    r7 ^= r7
    r8 += 1
    if r8 < 3 goto l541
    r1 = r10
    r1 += -16
    r2 = r7
    r3 = 0
    call probe_read_kernel
    r8 &= r8
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l542
    r0 += r6
    *(u16 *)(r0 +56) = 1                    ;! map_value_bounds: invalid access to map value, value_size=64 off=87 size=2; R0 max value is outside of the allowed memory range
  l542:
    r7 |= r8
    if r6 s> 16 goto l543
    r8 s>>= 8
  l543:
    if r6 s< 0 goto l544
    r7 = 15
  l544:
    r0 = 1
    exit

case made_1_300
section tc
struct elem lock:bpf_spin_lock n:u32
map elems array value elem
kernel 6.18 accepts 13
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r6 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case made_1_301
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 16
    call get_prandom_u32
    r7 = r0
    r7 &= 64
    call get_prandom_u32
    r8 = r0
    r1 = r10
    r1 += -64
    r2 = r8
    r3 = 0
    call probe_read_kernel                  ;! offset_negative: R2 min value is negative, either use unsigned or 'var &= const'
    r1 = r10
    r1 += -8
    r2 = r7
    r3 = 0
    call probe_read_kernel
    r7 |= r6
    w6 |= -1
    r6 += 31
    if r6 == r7 goto l545
    call get_prandom_u32
    r6 = r0
  l545:
    r7 <<= 63
    r0 = 0
    exit

case made_1_302
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 accepts 45
like 6.18 6.12 7.3
kernel 6.1 refuses stack_bounds: invalid read from stack R10 off=-8 size=8
    r6 = 15
    r7 = 255
    r8 = -8
    call get_prandom_u32
    r9 = r0
    r9 &= 64
    lock *(u64 *)(r10 - 8) += r6
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l546
    if r8 > 57 goto l546
    r0 += r8
    *(u32 *)(r0 +56) = 1
  l546:
    if w7 > w7 goto l547
    r6 = 7
  l547:
    if w8 s<= w6 goto l548
    call get_prandom_u32
    r7 = r0
    r7 &= 15
  l548:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l549
    if r8 > 63 goto l549
    *(u32 *)(r0 +8) = 1
  l549:
    if r8 s> r6 goto l550
    *(u64 *)(r10 - 64) = r7
    r7 = *(u8 *)(r10 - 64)
  l550:
    r6 >>= 0
    r0 = 1
    exit

case made_1_303
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = *(u64 *)(r1 + 4)                   ;! context_access: invalid bpf_context access off=4 size=8
    call bpf_task_acquire
    if r0 == 0 goto out
    r1 = r0
    r1 += 8
    call bpf_task_release
  out:
    r0 = 0
    exit

case made_1_304
section tc
map values array value 64
kernel 6.18 accepts 27
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    call get_prandom_u32
    r7 = r0
    r8 = 255
    r8 /= 3
    if r7 s< 1 goto l551
    r7 *= r7
  l551:
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 34
    if r4 >= r3 goto l552
    r5 = *(u64 *)(r2 + 0)
  l552:
    r0 = 0
    exit

case made_1_305
section tc
map values array value 64
kernel 6.18 accepts 17
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    r7 = 4095
    call get_prandom_u32
    r8 = r0
    if r7 <= 15 goto l553
    *(u64 *)(r10 - 16) = r7
    r7 = *(u32 *)(r10 - 16)
  l553:
    r6 %= 63
    r8 s>>= 0
    call ktime_get_ns
    r8 = r0
    r8 &= 31
    r0 = 0
    exit

case made_1_306
section socket
map values hash value 16
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r6 = *(u32 *)(r1 + 0)
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r1 = map[fd:values]
    call map_lookup_elem                    ;! stack_bounds: invalid read from stack R2 off=0 size=4
    if r0 == 0 goto out
    r0 += r6
  out:
    r0 = 0
    exit

case made_1_307
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 14 to 12
kernel 6.12-user refuses cfg_loop: back-edge from insn 14 to 12
kernel 7.3-user refuses cfg_loop: back-edge from insn 14 to 12
    r9 = r1
    r6 = -8
    call get_prandom_u32
    r7 = r0
    call get_prandom_u32
    r8 = r0
    r8 &= 31
    r6 = 0
  l554:
    r6 += 1
    if r6 < 3 goto l554
    w6 += w7
    r8 = 0
  l555:
    w6 *= 16
    r8 += 1
    if r8 != 8 goto l555
    w8 ^= w7
    if r6 s>= r6 goto l556
    r8 -= 2
  l556:
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 1
    if r4 > r3 goto l557
    r5 = *(u32 *)(r2 + 16)                  ;! packet_bounds: invalid access to packet, off=16 size=4, R2(id=0,off=16,r=1); R2 offset is outside of the packet
  l557:
    r0 = 0
    exit

case made_1_308
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 10 to 9
kernel 6.12-user refuses cfg_loop: back-edge from insn 10 to 9
kernel 7.3-user refuses cfg_loop: back-edge from insn 10 to 9
    r9 = r1
    r6 = 7
    call get_prandom_u32
    r7 = r0
    r7 &= 63
    r8 = 4
    *(u64 *)(r10 - 12) = r6                 ;! misaligned: misaligned stack access off 0+0+-12 size 8
    r6 = *(u32 *)(r10 - 12)
    r6 = 0
  l558:
    r6 += 1
    if r6 < 3 goto l558
    if r7 s>= r7 goto l559
    call get_prandom_u32
    r6 = r0
    r6 &= 127
  l559:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l560
    r0 += r8
    r8 = *(u8 *)(r0 +56)
  l560:
    r8 /= r8
    *(u8 *)(r10 - 512) = r8
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 34
    if r4 >= r3 goto l561
    r5 = *(u8 *)(r2 + 16)
  l561:
    r0 = 2
    exit

case made_1_309
section tc
struct elem task:kptr_untrusted(task_struct) other:kptr_untrusted(task_struct)
map elems array value elem
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    exit
    r2 += -4                                ;! cfg_unreachable: unreachable insn 2
    r1 = map[fd:elems]
    call map_lookup_elem
    if r0 == 0 goto out
    r1 = *(u64 *)(r0 + 0)
    if r1 == 0 goto out
    r1 += 16
    *(u64 *)(r0 + 8) = r1
  out:
    r0 = 0
    exit

case made_1_310
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r7 = 16
    r8 = 4
    call get_prandom_u32
    r9 = r0
    r9 &= 15
    r8 -= 255
    r7 &= 2147483647
    r7 &= r7
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    r0 += r7                                ;! pointer_arithmetic: R0 pointer arithmetic on map_value_or_null prohibited, null-check it first
    *(u64 *)(r0 +8) = 1
  l562:
    call ktime_get_ns
    r8 = r0
    r8 &= 15
    *(u64 *)(r10 - 32) = r6
    r0 = 1
    exit

case made_1_311
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 64
    call get_prandom_u32
    r7 = r0
    r8 = 2
    if r6 == -1 goto l563
    *(u32 *)(r10 - 16) = r6
  l563:
    call ktime_get_ns
    r8 = r0
    r8 &= 31
    call ktime_get_ns
    r6 = r0
    r6 &= 56
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l564
    if r7 > 31 goto l564
    r0 += r7
    *(u16 *)(r0 +56) = 1                    ;! map_value_bounds: invalid access to map value, value_size=64 off=87 size=2; R0 max value is outside of the allowed memory range
  l564:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l565
    *(u64 *)(r0 +56) = 1
  l565:
    r7 s>>= 8
    *(u32 *)(r10 - 32) = r6
    r0 = 5
    exit

case made_1_312
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 63
    call get_prandom_u32
    r7 = r0
    call get_prandom_u32
    r8 = r0
    if r7 >= 32 goto l566
    r8 = 4
  l566:
    w8 %= w8
    r8 s>>= 32
    *(u64 *)(r10 - 520) = r8                ;! stack_bounds: invalid write to stack R10 off=-520 size=8
    r8 = *(u64 *)(r10 - 520)
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 34
    if r4 > r3 goto l567
    r5 = *(u16 *)(r2 + 0)
  l567:
    r0 = 0
    exit

case made_1_313
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    r7 = 4095
    r8 = 2147483647
    r9 = 64
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l568
    if r6 > 64 goto l568
    r0 += r6
    *(u32 *)(r0 +1) = 1
  l568:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l569
    r0 += r6
    *(u32 *)(r0 +56) = 1                    ;! map_value_bounds: invalid access to map value, value_size=64 off=71 size=4; R0 max value is outside of the allowed memory range
  l569:
    call ktime_get_ns
    r7 = r0
    r7 &= 127
    w8 %= w8
    if w7 s< w8 goto l570
    r6 = 0
  l570:
    *(u64 *)(r10 - 16) = r7
    r7 = *(u8 *)(r10 - 16)
    r0 = 0
    exit

case made_1_314
section socket
map values hash key 8 value 8 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r3 - 8) = 0                    ;! register_unset: R3 !read_ok
    r2 = r10
    r2 += -8
    r1 = map[fd:values]
    call map_lookup_elem
    r0 = 0
    exit

case made_1_315
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r6 = 4095
    r7 = 32
    call get_prandom_u32
    r8 = r0
    r8 &= 64
    r9 = 4
    r1 = r10
    r1 += -8
    r2 = r8
    r3 = 0
    call probe_read_kernel                  ;! stack_bounds: invalid write to stack R1 off=-8 size=64
    if r8 == r8 goto l571
    *(u64 *)(r10 - 12) = r8
    r8 = *(u32 *)(r10 - 12)
  l571:
    if w7 <= 8 goto l572
    call get_prandom_u32
    r6 = r0
    r6 &= 64
  l572:
    *(u64 *)(r10 - 512) = r6
    r6 = *(u16 *)(r10 - 512)
    if r8 == r8 goto l573
    r6 = 16
  l573:
    r6 &= r7
    *(u16 *)(r10 - 24) = r8
    *(u64 *)(r10 - 8) = r7
    r7 = *(u32 *)(r10 - 8)
    r0 = 0
    exit

case made_1_316
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 accepts 16
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 64
    r7 = 15
    call get_prandom_u32
    r8 = r0
    r8 &= 7
    r9 = 255
    if r6 <= 4 goto l574
    r8 = 3
  l574:
    *(u8 *)(r10 - 64) = r7
    r0 = 5
    exit

case made_1_317
section raw_tp/sys_enter
func read global ptr
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    call read                               ;! argument_type: Caller passes invalid args into func#1 ('read')
    r0 = 0
    exit
  read:
    r10 = 0
    exit

case made_1_318
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r7 = 64
    call get_prandom_u32
    r8 = r0
    r8 &= 63
    r9 = 255
    r10 += r8                               ;! frame_pointer_written: frame pointer is read only
    r7 &= 256
    if w7 <= w6 goto l575
    r8 &= 2
  l575:
    if r8 >= 63 goto l576
    call get_prandom_u32
    r6 = r0
  l576:
    *(u16 *)(r10 - 24) = r6
    *(u32 *)(r10 - 512) = r6
    r0 = 1
    exit

case made_1_319
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 8
    r7 = 64
    call get_prandom_u32
    r8 = r0
    r8 &= 127
    *(u16 *)(r10 - 520) = r8                ;! stack_bounds: invalid write to stack R10 off=-520 size=2
    if r6 < r8 goto l577
    *(u32 *)(r10 - 8) = r8
  l577:
    if r6 & r7 goto l578
    call get_prandom_u32
    r6 = r0
    r6 &= 64
  l578:
    if r7 s>= 4 goto l579
    call get_prandom_u32
    r6 = r0
    r6 &= 64
  l579:
    r1 = r10
    r1 += -128
    r2 = r8
    r3 = 0
    call probe_read_kernel
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 34
    if r4 > r3 goto l580
    r5 = *(u8 *)(r2 + 12)
  l580:
    r0 = 2
    exit

case made_1_320
section raw_tp/sys_enter
map data array value 4 data 6f6b0000
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = r10
    r1 += -16
    r3 = map[fd:data][0]
    r4 = 0
    r5 = 0
    call snprintf                           ;! register_unset: R2 !read_ok
    r0 = 0
    exit

case made_1_321
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 4095
    call get_prandom_u32
    r7 = r0
    r7 &= 56
    call get_prandom_u32
    r8 = r0
    *(u64 *)(r10 - 4) = r6                  ;! misaligned: misaligned stack access off 0+0+-4 size 8
    r6 = *(u16 *)(r10 - 4)
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l581
    if r6 > 56 goto l581
    r6 = *(u16 *)(r0 +1)
  l581:
    w6 %= w8
    r8 += r7
    *(u64 *)(r10 - 520) = r6
    r6 = *(u16 *)(r10 - 520)
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 20
    if r4 > r3 goto l582
    r5 = *(u8 *)(r2 + 34)
  l582:
    r0 = 5
    exit

case made_1_322
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 4095
    call get_prandom_u32
    r7 = r0
    r7 &= 15
    call get_prandom_u32
    r8 = r0
    r8 &= 15
    r7 -= 32
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r7 > 55 goto l583
    r0 += r7
    *(u32 *)(r0 +8) = 1
  l583:
    if r7 s>= r7 goto l584
    w6 *= w7
  l584:
    if r7 s>= 3 goto l585
    *(u32 *)(r10 - 520) = r7                ;! stack_bounds: invalid write to stack R10 off=-520 size=4
  l585:
    if r6 s< 15 goto l586
    call get_prandom_u32
    r8 = r0
    r8 &= 7
  l586:
    w7 %= w7
    r0 = 0
    exit

case made_1_323
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

case made_1_324
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 56
    r7 = 32
    call get_prandom_u32
    r8 = r0
    call get_prandom_u32
    r9 = r0
    w6 %= w7
    r6 = 0
  l587:
    w7 *= w7
    r6 += 1
    if r6 < 8 goto l587
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l588
    if r6 > 55 goto l588
    r0 += r6
    *(u8 *)(r0 +8) = 1
  l588:
    r8 >>= 1
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l589
    if r8 > 64 goto l589
    r0 += r8
    r8 = *(u64 *)(r0 +0)                    ;! map_value_bounds: invalid access to map value, value_size=64 off=64 size=8; R0 max value is outside of the allowed memory range
  l589:
    r7 |= r6
    *(u16 *)(r10 - 520) = r8
    r8 = 0
  l590:
    w7 *= w8
    r8 += 1
    if r8 != 1 goto l590
    r0 = 1
    exit

case made_1_325
section socket
map values array value 64
kernel 6.18 accepts 17
like 6.18 6.12 7.3 7.3-user
kernel 6.1 refuses misaligned: misaligned stack access off (0x0; 0x0)+0+-4 size 8
kernel 6.1-user refuses misaligned: misaligned stack access off (0x0; 0x0)+0+-4 size 8
kernel 6.12-user refuses misaligned: misaligned stack access off 0+0+-4 size 8
    r6 = 256
    r7 = -1
    call get_prandom_u32
    r8 = r0
    r8 &= 127
    call get_prandom_u32
    r9 = r0
    r9 &= 63
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r7 > 57 goto l591
    *(u32 *)(r0 +56) = 1
  l591:
    if w7 >= w8 goto l592
    *(u64 *)(r10 - 4) = r7
    r7 = *(u16 *)(r10 - 4)
  l592:
    r0 = 1
    exit

case made_1_326
section tc
map progs prog_array entries 4
kernel 6.18 refuses cfg_fallthrough: last insn is not an exit or jmp
like 6.18 6.1 6.12 7.3
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
    r2 = map[fd:progs]
  out:
    r0 = 0
    r0 = 0

case made_1_327
section cgroup_skb/egress
map values array value 64
kernel 6.18 accepts 28
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r9 = r1
    r6 = 64
    call get_prandom_u32
    r7 = r0
    call get_prandom_u32
    r8 = r0
    r8 &= 63
    call ktime_get_ns
    r6 = r0
    r6 &= 7
    *(u64 *)(r10 - 8) = r8
    r8 = *(u16 *)(r10 - 8)
    r8 -= 256
    if w8 s<= w8 goto l593
    call get_prandom_u32
    r7 = r0
    r7 &= 63
  l593:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l594
    r8 = *(u32 *)(r0 +8)
  l594:
    *(u8 *)(r10 - 24) = r6
    r0 = 0
    exit

case made_1_328
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 7
    call get_prandom_u32
    r7 = r0
    r7 &= 64
    r8 = 63
    call ktime_get_ns
    r8 = r0
    r8 &= 64
    if r8 >= r6 goto l595
    r8 /= r7
  l595:
    r6 s>>= 1
    *(u64 *)(r10 - 16) = r8
    r7 -= -1
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l596
    if r8 > 55 goto l596
    r0 += r8
    r8 = *(u32 *)(r0 +0)
  l596:
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 34
    if r4 > r3 goto l597
    r5 = *(u32 *)(r2 + 34)                  ;! packet_bounds: invalid access to packet, off=34 size=4, R2(id=0,off=34,r=34); R2 offset is outside of the packet
  l597:
    r0 = 1
    exit

case made_1_329
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    r1 += -8
    r2 = 0
    r3 = 4
    call bpf_iter_num_new
    r1 = r10
    r1 += -8
    call bpf_iter_num_destroy
    r1 += -8                                ;! register_unset: R1 !read_ok
    call bpf_iter_num_next
    r0 = 0
    exit

case made_1_330
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 accepts 11
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r7 = 15
    call get_prandom_u32
    r8 = r0
    r8 &= 127
    r9 = 32
    r6 &= 64
    w7 |= 31
    r0 = 2
    exit

case made_1_331
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    call get_prandom_u32
    r6 = r0
    r6 &= 31
    r7 = 8
    r8 = 1
    r9 = 8
    r5 = r4                                 ;! register_unset: R4 !read_ok
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l598
    r0 += r7
    *(u16 *)(r0 +56) = 1
  l598:
    r0 = 0
    exit

case made_1_332
section socket
func many global u64 u64 u64 u64 u64 u64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call many                               ;! global_function: Global function many() with 6 > 5 args. Buggy compiler.; Caller passes invalid args into func#1 ('many')
    exit
  many:
    r0 = 0
    exit

case made_1_333
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r9 = r1
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r7 &= 56
    r8 = 3
    w6 *= w8
    r6 |= 2147483647
    *(u64 *)(r10 - 24) = r8
    r8 = *(u8 *)(r10 - 24)
    r7 -= 31
    *(u64 *)(r10 - 12) = r6                 ;! misaligned: misaligned stack access off 0+0+-12 size 8
    r6 = *(u16 *)(r10 - 12)
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l599
    if r8 > 56 goto l599
    r0 += r8
    *(u64 *)(r0 -1) = 1
  l599:
    if w7 s>= w7 goto l600
    *(u32 *)(r10 - 12) = r7
  l600:
    r0 = 0
    exit

case made_1_334
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses stack_unwritten: invalid indirect read from stack R1 off -64+0 size 15
    r9 = r1
    r6 = 63
    call get_prandom_u32
    r7 = r0
    r7 &= 127
    call get_prandom_u32
    r8 = r0
    r8 &= 15
    w7 &= w6
    call ktime_get_ns
    r6 = r0
    r6 &= 56
    r1 = r10
    r1 += -64
    r2 = r8
    r3 = 0
    call probe_read_kernel
    if w7 s> w7 goto l601
    r7 <<= 8
  l601:
    r8 = *(u32 *)(r8 + 0)                   ;! address_is_number: R8 invalid mem access 'scalar'
    r8 >>= 0
    r7 |= r6
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 20
    if r4 >= r3 goto l602
    r5 = *(u16 *)(r2 + 16)
  l602:
    r0 = 0
    exit

case made_1_335
section tc
struct elem lock:bpf_spin_lock n:u32
map elems array value elem
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    *(u32 *)(r10 - 4) = 0
    r2 += -4
    if r0 == 0 goto out                     ;! register_unset: R0 !read_ok
    r6 = r0
    r1 = r6
    call spin_lock
    r1 = r6
    call spin_lock
    r1 = r6
    call spin_unlock
  out:
    r0 = 0
    exit

case made_1_336
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 accepts 39
like 6.18 6.1 6.12 7.3
    r6 = 0
    call get_prandom_u32
    r7 = r0
    call get_prandom_u32
    r8 = r0
    call get_prandom_u32
    r9 = r0
    r9 &= 127
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l603
    if r8 > 56 goto l603
    r8 = *(u8 *)(r0 +60)
  l603:
    if r8 == r8 goto l604
    r6 += -1
  l604:
    if r8 s< 64 goto l605
    *(u32 *)(r10 - 8) = r8
  l605:
    r0 = 5
    exit

case made_1_337
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 8
    call get_prandom_u32
    r7 = r0
    r7 &= 15
    call get_prandom_u32
    r8 = r0
    r8 &= 31
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l606
    if r7 > 64 goto l606
    *(u64 *)(r0 +8) = 1
  l606:
    *(u64 *)(r10 - 32) = r6
    r6 = *(u32 *)(r10 - 32)
    r6 &= r8
    r8 s>>= 63
    if r6 < r6 goto l607
    w8 /= 4095
  l607:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l608
    if r6 > 64 goto l608
    r0 += r6
    *(u64 *)(r0 +56) = 1                    ;! map_value_bounds: invalid access to map value, value_size=64 off=64 size=8; R0 max value is outside of the allowed memory range
  l608:
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 34
    if r4 < r3 goto l609
    r5 = *(u32 *)(r2 + 0)
  l609:
    r0 = 5
    exit

case made_1_338
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
    r6 = r0
    r1 = r6
    call spin_lock
  out:
    r0 = 0
    exit                                    ;! lock: BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region

case made_1_339
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    call get_prandom_u32
    r8 = r0
    r8 &= 15
    *(u64 *)(r10 - 8) = r10
    r7 = *(u32 *)(r10 - 8)                  ;! pointer_partial: invalid size of register fill
    *(u64 *)(r10 - 8) = r10
    r6 = *(u32 *)(r10 - 8)
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l610
    if r6 > 7 goto l610
    r0 += r6
    *(u16 *)(r0 +1) = 1
  l610:
    r0 = 1
    exit

case made_1_340
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 4
    r7 = 63
    r8 = 255
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l611
    if r7 > 57 goto l611
    r7 = *(u16 *)(r0 +0)
  l611:
    *(u64 *)(r10 - 512) = r6
    r6 = *(u8 *)(r10 - 512)
    r8 *= r8
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l612
    if r6 > 31 goto l612
    *(u8 *)(r0 -1) = 1                      ;! map_value_bounds: invalid access to map value, value_size=64 off=-1 size=1; R0 min value is outside of the allowed memory range
  l612:
    w7 &= 63
    w8 |= w7
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l613
    r0 += r6
    r6 = *(u64 *)(r0 +1)
  l613:
    if r7 s> r8 goto l614
    r8 /= r7
  l614:
    r0 = 0
    exit

case made_1_341
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = 10
    r2 = subprog[turn]
    r4 = 0
    call loop                               ;! register_unset: R3 !read_ok
    r0 = 0
    exit
  turn:
    r0 = 2
    exit

case made_1_342
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r6 = 2147483647
    call get_prandom_u32
    r7 = r0
    r7 &= 63
    call get_prandom_u32
    r8 = r0
    call get_prandom_u32
    r9 = r0
    r9 &= 64
    r6 = 0
  l615:
    r6 += 1
    if r6 < 3 goto l615
    *(u64 *)(r10 - 64) = r6
    r6 = *(u8 *)(r10 - 64)
    r8 >>= 31
    r1 = r10
    r1 += -8
    r2 = r8
    r3 = 0
    call probe_read_kernel                  ;! size_unbounded: R2 unbounded memory access, use 'var &= const' or 'if (var < const)'
    r8 = 0
  l616:
    r7 >>= 8
    r8 += 1
    if r8 s< 1 goto l616
    r8 ^= 8
    if r8 != 255 goto l617
    r6 = 64
  l617:
    r0 = 0
    exit

case made_1_343
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 3
    call get_prandom_u32
    r7 = r0
    r7 &= 127
    call get_prandom_u32
    r8 = r0
    call ktime_get_ns
    r8 = r0
    r7 -= r6
    r6 >>= 63
    if w6 != w6 goto l618
    *(u64 *)(r10 - 520) = r6                ;! stack_bounds: invalid write to stack R10 off=-520 size=8
  l618:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l619
    r0 += r6
    r6 = *(u8 *)(r0 -1)
  l619:
    if r6 & 255 goto l620
    r6 = 1
  l620:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l621
    r0 += r6
    *(u32 *)(r0 +8) = 1
  l621:
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 20
    if r4 > r3 goto l622
    r5 = *(u32 *)(r2 + 16)
  l622:
    r0 = 0
    exit

case made_1_344
section tc
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u64 *)(r10 - 16) = 0
    *(u64 *)(r10 - 16) = 0
    r2 = r10
    r2 += -16
    r3 = 12
    r4 = 0
    r5 = 0
    call sk_lookup_tcp
    if r0 == 0 goto out
    r6 = r0
    r2 = 1
    *(u32 *)(r6 + 4) = r2                   ;! memory_read_only: R6 cannot write into sock
    r1 = r6
    call sk_release
  out:
    r0 = 0
    exit

case made_1_345
section socket
map values array value 64
kernel 6.18 accepts 18
like 6.18 7.3 7.3-user
kernel 6.1 refuses map_value_bounds: invalid access to map value, value_size=64 off=67 size=2; R0 max value is outside of the allowed memory range
kernel 6.12 refuses map_value_bounds: invalid access to map value, value_size=64 off=67 size=2; R0 max value is outside of the allowed memory range
kernel 6.1-user refuses map_value_bounds: invalid access to map value, value_size=64 off=67 size=2; R0 max value is outside of the allowed memory range
kernel 6.12-user refuses map_value_bounds: invalid access to map value, value_size=64 off=67 size=2; R0 max value is outside of the allowed memory range
    r6 = 256
    call get_prandom_u32
    r7 = r0
    r7 &= 15
    r8 = 15
    r9 = 1
    r8 = be16 r8
    w7 += w7
    r7 |= r8
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l623
    if r8 > 7 goto l623
    r0 += r8
    *(u16 *)(r0 +60) = 1
  l623:
    r0 = 0
    exit

case made_1_346
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 127
    call get_prandom_u32
    r7 = r0
    r7 &= 31
    call get_prandom_u32
    r8 = r0
    call ktime_get_ns
    r6 = r0
    r6 &= 56
    r1 = r10
    r1 += -8
    r2 = r8
    r3 = 0
    call probe_read_kernel                  ;! offset_negative: R2 min value is negative, either use unsigned or 'var &= const'
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l624
    if r7 > 56 goto l624
    *(u16 *)(r0 +8) = 1
  l624:
    lock *(u64 *)(r10 - 8) += r8
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 34
    if r4 > r3 goto l625
    r5 = *(u16 *)(r2 + 34)
  l625:
    r0 = 0
    exit

case made_1_347
section tc
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = 1
    call bpf_task_from_pid
    r1 = 0
    call bpf_throw                          ;! reference_leak: Unreleased reference id=2 alloc_insn=1; bpf_throw would lead to reference leak
    r0 = 0
    exit

case made_1_348
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12
kernel 7.3 accepts 38
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    call get_prandom_u32
    r8 = r0
    r8 &= 56
    call get_prandom_u32
    r9 = r0
    r9 &= 64
    r7 = 0
  l626:
    w6 ^= 63
    r7 += 1
    if r7 != 3 goto l626
    r6 %= r8
    r8 %= 4
    r1 = r10
    r1 += -64
    r2 = r8
    r3 = 0
    call probe_read_kernel                  ;! offset_negative: R2 min value is negative, either use unsigned or 'var &= const'
    *(u64 *)(r10 - 32) = r8
    r8 = *(u8 *)(r10 - 32)
    if w7 > -2147483648 goto l627
    w6 += w6
  l627:
    r7 = r10
    r7 -= r10
    call ktime_get_ns
    r8 = r0
    r8 &= 63
    r0 = 1
    exit

case made_1_349
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 63
    call get_prandom_u32
    r7 = r0
    r7 &= 64
    call get_prandom_u32
    r8 = r0
    r9 = -1
    if r7 s<= r8 goto l628
    r7 = 4
  l628:
    *(u16 *)(r10 - 16) = r7
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l629
    if r7 > 55 goto l629
    r0 += r7
    r7 = *(u32 *)(r0 +64)                   ;! map_value_bounds: invalid access to map value, value_size=64 off=68 size=4; R0 min value is outside of the allowed memory range
  l629:
    r6 = (s8)r6
    call ktime_get_ns
    r8 = r0
    r8 &= 31
    call ktime_get_ns
    r8 = r0
    r8 &= 56
    r1 = r10
    r1 += -64
    r2 = r7
    r3 = 0
    call probe_read_kernel
    r0 = 1
    exit

case made_1_350
section socket
map values array value 16
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r1 = map[fd:values]
    r1 += 8                                 ;! pointer_arithmetic: R1 pointer arithmetic on map_ptr prohibited
    r0 = 0
    exit

case made_1_351
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 7.3
kernel 6.1 refuses address_is_number: R0 invalid mem access 'scalar'
kernel 6.12 refuses address_is_number: R0 invalid mem access 'scalar'
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 64
    r7 = -1
    call get_prandom_u32
    r8 = r0
    r8 &= 127
    call ktime_get_ns
    r7 = r0
    r7 &= 64
    if w7 <= 16 goto l630
    r6 = 32
  l630:
    r6 %= r7
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l631
    if r7 > 31 goto l631
    r0 += r7
    *(u32 *)(r0 +64) = 1
  l631:
    *(u8 *)(r10 - 12) = r8
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l632
    if r8 > 64 goto l632
    r0 += r8
    r8 = *(u16 *)(r0 +8)                    ;! map_value_bounds: invalid access to map value, value_size=64 off=72 size=2; R0 max value is outside of the allowed memory range
  l632:
    *(u64 *)(r10 - 32) = r6
    r6 = *(u16 *)(r10 - 32)
    r8 |= 3
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 14
    if r4 < r3 goto l633
    r5 = *(u64 *)(r2 + 34)
  l633:
    r0 = 0
    exit

case made_1_352
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    call get_prandom_u32
    r6 = r0
    r6 &= 7
    call get_prandom_u32
    r7 = r0
    r7 &= 63
    call get_prandom_u32
    r8 = r0
    call get_prandom_u32
    r9 = r0
    *(u64 *)(r10 - 12) = r7                 ;! misaligned: misaligned stack access off 0+0+-12 size 8
    r7 = *(u64 *)(r10 - 12)
    r6 += -1
    if r8 s<= r7 goto l634
    call get_prandom_u32
    r6 = r0
    r6 &= 15
  l634:
    *(u64 *)(r10 - 32) = r8
    r8 = *(u16 *)(r10 - 32)
    r0 = 2
    exit

case made_1_353
section socket
map rodata array value 8 flags 0x80 frozen data 0300000000000000
map values array value 16
kernel 6.18 accepts 6
like 6.18 6.1 6.12 7.3 6.12-user 7.3-user
    r6 = map[fd:rodata][0]
    r6 = *(u64 *)(r6 + 0)
    r7 = map[fd:values][0]
    r7 += r6
    r0 = 0
    exit

case made_1_354
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses access_unbounded: R0 unbounded memory access, make sure to bounds check any such access
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    call get_prandom_u32
    r7 = r0
    r7 &= 63
    call get_prandom_u32
    r8 = r0
    r8 &= 63
    if r6 & 0 goto l635
    *(u64 *)(r10 - 512) = r7
    r7 = *(u8 *)(r10 - 512)
  l635:
    *(u64 *)(r10 - 32) = r6
    r6 = *(u8 *)(r10 - 32)
    r8 += -2147483648
    *(u64 *)(r10 - 512) = r8
    r8 = *(u32 *)(r10 - 512)
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l636
    r0 += r8                                ;! pointer_offset_range: value 2147483648 makes map_value pointer be out of bounds
    r8 = *(u16 *)(r0 +56)
  l636:
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 14
    if r4 > r3 goto l637
    r5 = *(u16 *)(r2 + 12)
  l637:
    r0 = 2
    exit

case made_1_355
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses context_access: invalid bpf_context access off=76 size=4
kernel 6.12-user refuses context_access: invalid bpf_context access off=76 size=4
kernel 7.3-user refuses context_access: invalid bpf_context access off=76 size=4
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 7
    call get_prandom_u32
    r7 = r0
    r7 &= 31
    call get_prandom_u32
    r8 = r0
    r8 &= 64
    if w7 s> w8 goto l638
    r7 <<= 8
  l638:
    if r7 s>= r7 goto l639
    call get_prandom_u32
    r6 = r0
  l639:
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 34
    if r4 > r3 goto l640
    r5 = *(u16 *)(r2 + 34)                  ;! packet_bounds: invalid access to packet, off=34 size=2, R2(id=0,off=34,r=34); R2 offset is outside of the packet
  l640:
    r0 = 0
    exit

case made_1_356
section tp_btf/sched_switch
kernel 6.18 refuses cfg_fallthrough: last insn is not an exit or jmp
like 6.18 6.12 7.3
    r1 = r10
    call bpf_task_from_pid
    r0 = 0
    r1 = r10

case made_1_357
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r9 = r1
    r6 = -8
    r7 = 256
    r8 = -2147483648
    if r8 s> r7 goto l641
    call get_prandom_u32
    r6 = r0
    r6 &= 64
  l641:
    if w6 s< 2 goto l642
    w7 %= w6
  l642:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l643
    if r7 > 7 goto l643
    r0 += r7
    r7 = *(u64 *)(r0 +56)                   ;! map_value_bounds: invalid access to map value, value_size=64 off=63 size=8; R0 max value is outside of the allowed memory range
  l643:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l644
    if r6 > 56 goto l644
    *(u64 *)(r0 +56) = 1
  l644:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l645
    if r8 > 55 goto l645
    r0 += r8
    *(u64 *)(r0 +0) = 1
  l645:
    w6 %= 31
    r7 |= r7
    if r8 s>= r8 goto l646
    *(u64 *)(r10 - 32) = r8
    r8 = *(u32 *)(r10 - 32)
  l646:
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 34
    if r4 > r3 goto l647
    r5 = *(u8 *)(r2 + 13)
  l647:
    r0 = 2
    exit

case made_1_358
section cgroup_skb/egress
map values array value 64
kernel 6.18 accepts 25
like 6.18 7.3
kernel 6.1 refuses pointer_may_be_null: R0 invalid mem access 'map_value_or_null'
kernel 6.12 refuses pointer_may_be_null: R0 invalid mem access 'map_value_or_null'
kernel 6.1-user refuses pointer_may_be_null: R0 invalid mem access 'map_value_or_null'
kernel 6.12-user refuses pointer_may_be_null: R0 invalid mem access 'map_value_or_null'
kernel 7.3-user refuses pointer_may_be_null: R0 invalid mem access 'map_value_or_null'
    r9 = r1
    r6 = 64
    call get_prandom_u32
    r7 = r0
    r7 &= 31
    call get_prandom_u32
    r8 = r0
    r8 &= 56
    if w8 < w6 goto l648
    *(u64 *)(r10 - 24) = r7
    r7 = *(u32 *)(r10 - 24)
  l648:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r7 > 64 goto l649
    *(u16 *)(r0 +8) = 1
  l649:
    if r6 s>= 31 goto l650
    r6 = 0
  l650:
    *(u64 *)(r10 - 32) = r8
    r8 = *(u64 *)(r10 - 32)
    if r7 s> -8 goto l651
    call get_prandom_u32
    r7 = r0
  l651:
    *(u64 *)(r10 - 512) = r8
    r8 = *(u64 *)(r10 - 512)
    r7 += r8
    r0 = 2
    exit

case made_1_359
section tc
struct elem task:kptr(task_struct)
map elems array value elem
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:elems]
    if r0 == 0 goto out                     ;! register_unset: R0 !read_ok
    if r0 == 0 goto out
    r1 = *(u64 *)(r0 + 0)
    r0 = *(u64 *)(r1 + 0)
  out:
    r0 = 0
    exit

case made_1_360
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 accepts 36
like 6.18 6.1 6.12 7.3
    r6 = 4095
    r7 = 256
    call get_prandom_u32
    r8 = r0
    r8 &= 127
    call get_prandom_u32
    r9 = r0
    r9 &= 56
    r8 ^= -1
    r7 = 0
  l652:
    r6 &= r7
    r7 += 1
    if r7 s< 8 goto l652
    r0 = 1
    exit

case made_1_361
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_unknown: unknown func bpf_probe_read_kernel#113
kernel 6.12-user refuses helper_not_allowed: program of this type cannot use helper bpf_probe_read_kernel#113
kernel 7.3-user refuses helper_not_allowed: program of this type cannot use helper bpf_probe_read_kernel#113
    r6 = 255
    call get_prandom_u32
    r7 = r0
    r7 &= 64
    r8 = 4
    call get_prandom_u32
    r9 = r0
    r9 &= 127
    if r8 != 31 goto l653
    r8 -= 64
  l653:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l654
    r0 += r8
    *(u64 *)(r0 -1) = 1
  l654:
    r1 = r10
    r1 += -16
    r2 = r6
    r3 = 0
    call probe_read_kernel                  ;! stack_bounds: invalid write to stack R1 off=-16 size=255
    r0 = 5
    exit

case made_1_362
section cgroup/sock_create
kernel 6.18 accepts 3
like 6.18 6.1 6.12 7.3
    r2 = 7
    r0 = 1
    exit

case made_1_363
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 26 to 24
kernel 6.12-user refuses cfg_loop: back-edge from insn 26 to 24
kernel 7.3-user refuses cfg_loop: back-edge from insn 26 to 24
    call get_prandom_u32
    r6 = r0
    r6 &= 63
    r7 = 7
    r8 = 256
    call get_prandom_u32
    r9 = r0
    w7 |= 7
    if w7 s>= 1 goto l655
    *(u64 *)(r10 - 520) = r8
    r8 = *(u32 *)(r10 - 520)
  l655:
    w8 ^= w8
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l656
    if r6 > 64 goto l656
    r0 += r6
    *(u16 *)(r0 +56) = 1                    ;! map_value_bounds: invalid access to map value, value_size=64 off=119 size=2; R0 max value is outside of the allowed memory range
  l656:
    r7 s>>= 32
    r7 = 0
  l657:
    r6 <<= 4
    r7 += 1
    if r7 s< 8 goto l657
    r0 = 2
    exit

case made_1_364
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 63
    r7 = 2
    r8 = -2147483648
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l658
    if r6 > 56 goto l658
    r0 += r6
    *(u32 *)(r0 +0) = 1
  l658:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l659
    if r8 > 31 goto l659
    *(u8 *)(r0 +0) = 1
  l659:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l660
    if r7 > 57 goto l660
    *(u8 *)(r0 +0) = 1
  l660:
    r2 = r10
    r2 *= r8                                ;! pointer_offset_range: math between fp pointer and -2147483648 is not allowed
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l661
    if r7 > 63 goto l661
    r0 += r7
    r7 = *(u64 *)(r0 +0)
  l661:
    call ktime_get_ns
    r6 = r0
    r6 &= 63
    *(u8 *)(r10 - 512) = r8
    r1 = r10
    r1 += -16
    r2 = r6
    r3 = 0
    call probe_read_kernel
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 1
    if r4 > r3 goto l662
    r5 = *(u16 *)(r2 + 12)
  l662:
    r0 = 0
    exit

case made_1_365
section xdp
map values hash value 64 entries 4
kernel 6.18 accepts 37
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    r7 = 8
    r8 = 4
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l663
    if r8 > 31 goto l663
    *(u32 *)(r0 +0) = 1
  l663:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l664
    *(u64 *)(r0 +0) = 1
  l664:
    *(u64 *)(r10 - 512) = r8
    if w7 s< 8 goto l665
    r6 = 64
  l665:
    r0 = 0
    exit

case made_1_366
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 127
    call get_prandom_u32
    r7 = r0
    r7 &= 15
    r8 = 7
    r9 = 2147483647
    if r8 > r6 goto l666
    *(u32 *)(r10 - 8) = r6
  l666:
    if w7 == 7 goto l667
    r6 = 256
  l667:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l668
    if r7 > 31 goto l668
    r0 += r7
    *(u16 *)(r0 +56) = 1                    ;! map_value_bounds: invalid access to map value, value_size=64 off=71 size=2; R0 max value is outside of the allowed memory range
  l668:
    r7 s>>= 32
    r0 = 0
    exit

case made_1_367
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
    call bpf_preempt_enable                 ;! preempt: unmatched attempt to enable preemption (kernel function bpf_preempt_enable)
    r0 = 0
    exit

case made_1_368
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    r7 = 2
    call get_prandom_u32
    r8 = r0
    call get_prandom_u32
    r9 = r0
    r9 &= 56
    r8 &= 4095
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l669
    if r7 > 64 goto l669
    r0 += r7
    *(u8 *)(r0 +1) = 1
  l669:
    *(u16 *)(r10 - 512) = r8
    *(u32 *)(r10 - 8) = r6
    *(u64 *)(r10 - 4) = r8                  ;! misaligned: misaligned stack access off 0+0+-4 size 8
    r8 = *(u32 *)(r10 - 4)
    w7 %= 64
    *(u64 *)(r10 - 4) = r7
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l670
    if r7 > 57 goto l670
    r7 = *(u16 *)(r0 +56)
  l670:
    r0 = 0
    exit

case made_1_369
section socket
map values array value 64
kernel 6.18 accepts 33
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r6 = -1
    r7 = 31
    r8 = 0
    call get_prandom_u32
    r9 = r0
    r9 &= 127
    call ktime_get_ns
    r7 = r0
    r7 &= 7
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l671
    *(u8 *)(r0 +0) = 1
  l671:
    call ktime_get_ns
    r8 = r0
    r8 &= 7
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l672
    if r7 > 57 goto l672
    r0 += r7
    *(u64 *)(r0 +0) = 1
  l672:
    if r7 > r6 goto l673
    *(u64 *)(r10 - 8) = r6
    r6 = *(u8 *)(r10 - 8)
  l673:
    r0 = 5
    exit

case made_1_370
section socket
map values hash value 16
kernel 6.18 accepts 15
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses map_value_bounds: invalid access to map value, value_size=16 off=16 size=1; R0 max value is outside of the allowed memory range; R0 pointer arithmetic of map value goes out of range, prohibited for !root
kernel 6.12-user refuses map_value_bounds: invalid access to map value, value_size=16 off=16 size=1; R0 max value is outside of the allowed memory range; R0 pointer arithmetic of map value goes out of range, prohibited for !root
kernel 7.3-user refuses map_value_bounds: invalid access to map value, value_size=16 off=16 size=1; R0 max value is outside of the allowed memory range
    r6 = *(u32 *)(r1 + 0)
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto out
    if r6 > 16 goto out
    r0 += r6
  out:
    r0 = 0
    exit

case made_1_371
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r7 = 31
    r8 = 16
    call get_prandom_u32
    r9 = r0
    r9 &= 63
    r8 = 0
  l674:
    r7 <<= 32
    r8 += 1
    if r8 != 8 goto l674
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l675
    if r6 > 64 goto l675
    r0 += r6
    *(u32 *)(r0 +0) = 1                     ;! map_value_bounds: invalid access to map value, value_size=64 off=64 size=4; R0 max value is outside of the allowed memory range
  l675:
    if r7 < r8 goto l676
    r8 >>= 0
  l676:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l677
    if r8 > 31 goto l677
    r0 += r8
    r8 = *(u16 *)(r0 +64)
  l677:
    r7 = 0
  l678:
    w8 %= w6
    r7 += 1
    if r7 != 1 goto l678
    r6 >>= 31
    if w6 != -2147483648 goto l679
    r6 = 63
  l679:
    r0 = 0
    exit

case made_1_372
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 accepts 20
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 63
    r7 = -2147483648
    call get_prandom_u32
    r8 = r0
    r8 &= 127
    r9 = 8
    if w8 <= w6 goto l680
    r6 >>= 4
  l680:
    *(u64 *)(r10 - 64) = r8
    r8 = *(u8 *)(r10 - 64)
    w8 &= w7
    r0 = 5
    exit

case made_1_373
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 6.12-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
kernel 7.3-user refuses helper_privilege: loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN
    r0 = 0
    call sub
    r0 = r6                                 ;! register_unset: R6 !read_ok
    exit
  sub:
    r6 = 2
    r0 = 0
    exit

case made_1_374
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses stack_unwritten: invalid indirect read from stack R1 off -64+0 size 63
    r9 = r1
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r7 &= 63
    r8 = 15
    r8 /= r8
    w8 %= 8
    r6 = 0
  l681:
    r7 -= r6
    r6 += 1
    if r6 s< 1 goto l681
    r1 = r10
    r1 += -64
    r2 = r7
    r3 = 0
    call probe_read_kernel
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 20
    if r4 < r3 goto l682
    r5 = *(u32 *)(r2 + 0)                   ;! packet_bounds: invalid access to packet, off=0 size=4, R2(id=0,off=0,r=0); R2 offset is outside of the packet
  l682:
    r0 = 0
    exit

case made_1_375
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    r7 = 255
    call get_prandom_u32
    r8 = r0
    r8 &= 63
    r9 = 16
    call ktime_get_ns
    r8 = r0
    r8 &= 7
    r8 <<= 8
    r5 = r4                                 ;! register_unset: R4 !read_ok
    r7 -= 15
    r7 /= r8
    r0 = 5
    exit

case made_1_376
section raw_tp/sys_enter
func turn global u64 ptr
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = 10
    r2 = subprog[turn]                      ;! call_function: callback function not static
    r3 = 0
    r4 = 0
    call loop
    r0 = 0
    exit
  turn:
    r0 = 0
    exit

case made_1_377
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 31
    call get_prandom_u32
    r7 = r0
    call get_prandom_u32
    r8 = r0
    r6 += r8
    *(u64 *)(r10 - 16) = r7
    r7 = *(u16 *)(r10 - 16)
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l683
    if r6 > 55 goto l683
    *(u16 *)(r0 +0) = 1
  l683:
    *(u64 *)(r10 - 4) = r6                  ;! misaligned: misaligned stack access off 0+0+-4 size 8
    r6 = *(u8 *)(r10 - 4)
    call ktime_get_ns
    r7 = r0
    r7 &= 31
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 1
    if r4 < r3 goto l684
    r5 = *(u64 *)(r2 + 0)
  l684:
    r0 = 1
    exit

case made_1_378
section socket
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r6 = -2147483648
    call get_prandom_u32
    r7 = r0
    r7 &= 7
    call get_prandom_u32
    r8 = r0
    r8 &= 127
    call get_prandom_u32
    r9 = r0
    *(u64 *)(r10 - 12) = r6                 ;! misaligned: misaligned stack access off 0+0+-12 size 8
    *(u32 *)(r10 - 16) = r6
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l685
    if r8 > 64 goto l685
    r8 = *(u8 *)(r0 +64)
  l685:
    if w7 != w6 goto l686
    call get_prandom_u32
    r7 = r0
    r7 &= 15
  l686:
    r8 s>>= 4
    r6 -= r8
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l687
    *(u8 *)(r0 +1) = 1
  l687:
    *(u64 *)(r10 - 4) = r7
    r7 = *(u64 *)(r10 - 4)
    r0 = 0
    exit

case made_1_379
section raw_tp/sys_enter
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = 10
    r2 = 0
    r3 = 0
    r1 = 0
    call loop                               ;! argument_type: R2 type=scalar expected=func
    r0 = 0
    exit

case made_1_380
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = -8
    call get_prandom_u32
    r7 = r0
    r7 &= 15
    call get_prandom_u32
    r8 = r0
    r8 &= 64
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l688
    r6 = *(u8 *)(r0 -1)                     ;! map_value_bounds: invalid access to map value, value_size=64 off=-1 size=1; R0 min value is outside of the allowed memory range
  l688:
    if r8 == 8 goto l689
    *(u32 *)(r10 - 16) = r8
  l689:
    if r6 s>= r6 goto l690
    *(u16 *)(r10 - 12) = r7
  l690:
    if r8 s<= r7 goto l691
    *(u32 *)(r10 - 520) = r6
  l691:
    if r8 s< 4 goto l692
    r6 s>>= 63
  l692:
    if r6 < r8 goto l693
    r6 -= 8
  l693:
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 20
    if r4 > r3 goto l694
    r5 = *(u32 *)(r2 + 0)
  l694:
    r0 = 5
    exit

case made_1_381
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 56
    call get_prandom_u32
    r7 = r0
    r7 &= 64
    r8 = 2
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l695
    if r7 > 56 goto l695
    r0 += r7
    r7 = *(u8 *)(r0 +0)
  l695:
    r7 = 0
  l696:
    w8 %= w8
    r7 += 1
    if r7 s< 3 goto l696
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l697
    if r6 > 56 goto l697
    r0 += r6
    *(u64 *)(r0 +0) = 1
  l697:
    r6 |= r7
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l698
    if r7 > 31 goto l698
    r0 += r7
    *(u16 *)(r0 -1) = 1
  l698:
    if w6 < 0 goto l699
    r8 s>>= 4
  l699:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l700
    if r8 > 64 goto l700
    r0 += r8
    *(u64 *)(r0 +0) = 1                     ;! map_value_bounds: invalid access to map value, value_size=64 off=64 size=8; R0 max value is outside of the allowed memory range
  l700:
    r0 = 1
    exit

case made_1_382
section cgroup/dev
kernel 6.18 accepts 2
like 6.18 6.1 6.12 7.3
    r0 = 1
    exit

case made_1_383
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r7 &= 63
    call get_prandom_u32
    r8 = r0
    r8 &= 7
    call get_prandom_u32
    r9 = r0
    r9 &= 127
    r8 >>= 31
    call ktime_get_ns
    r8 = r0
    r1 = r10
    r1 += -64
    r2 = r6
    r3 = 0
    call probe_read_kernel                  ;! offset_negative: R2 min value is negative, either use unsigned or 'var &= const'
    if w7 <= -1 goto l701
    r6 = 64
  l701:
    w7 &= 16
    r0 = 0
    exit

case made_1_384
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 7.3
kernel 6.1 refuses pointer_arithmetic: R0 pointer arithmetic on map_value_or_null prohibited, null-check it first
kernel 6.12 refuses pointer_arithmetic: R0 pointer arithmetic on map_value_or_null prohibited, null-check it first
    r6 = 256
    r7 = 0
    call get_prandom_u32
    r8 = r0
    r8 &= 31
    r9 = -8
    r8 ^= 1
    if r7 s>= 2 goto l702
    r7 += 3
  l702:
    call ktime_get_ns
    r7 = r0
    r7 &= 15
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r8 > 64 goto l703
    r0 += r8
    r8 = *(u16 *)(r0 +56)                   ;! map_value_bounds: invalid access to map value, value_size=64 off=87 size=2; R0 max value is outside of the allowed memory range
  l703:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l704
    if r8 > 63 goto l704
    r8 = *(u8 *)(r0 +8)
  l704:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l705
    if r8 > 64 goto l705
    r0 += r8
    r8 = *(u8 *)(r0 +0)
  l705:
    r0 = 1
    exit

case made_1_385
section xdp
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r0 = *(u32 *)(r1 + 24)                  ;! context_access: invalid bpf_context access off=24 size=4
    r0 = 2
    exit

case made_1_386
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 127
    call get_prandom_u32
    r7 = r0
    r7 &= 56
    call get_prandom_u32
    r8 = r0
    r8 &= 64
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l706
    if r6 > 56 goto l706
    r0 += r6
    r6 = *(u64 *)(r0 +8)                    ;! map_value_bounds: invalid access to map value, value_size=64 off=64 size=8; R0 max value is outside of the allowed memory range
  l706:
    w7 -= w6
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l707
    *(u16 *)(r0 +1) = 1
  l707:
    *(u32 *)(r10 - 32) = r7
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l708
    r0 += r8
    *(u16 *)(r0 +0) = 1
  l708:
    if w6 s> 7 goto l709
    r8 %= r8
  l709:
    if r8 > -8 goto l710
    w8 += w7
  l710:
    r0 = 2
    exit

case made_1_387
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 64
    call get_prandom_u32
    r7 = r0
    r7 &= 56
    call get_prandom_u32
    r8 = r0
    call get_prandom_u32
    r9 = r0
    r1 = r10
    r1 += -8
    r2 = r6
    r3 = 0
    call probe_read_kernel                  ;! stack_bounds: invalid write to stack R1 off=-8 size=64
    r8 <<= 4
    r8 |= r8
    r1 = r10
    r1 += -128
    r2 = r8
    r3 = 0
    call probe_read_kernel
    r0 = 0
    exit

case made_1_388
section cgroup_skb/egress
map values array value 64
kernel 6.18 accepts 13
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r9 = r1
    r6 = 1
    r7 = 2147483647
    call get_prandom_u32
    r8 = r0
    r8 &= 64
    r8 /= r7
    if w7 < 3 goto l711
    *(u64 *)(r10 - 512) = r6
  l711:
    if r7 s> r7 goto l712
    *(u32 *)(r10 - 24) = r6
  l712:
    r0 = 0
    exit

case made_1_389
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 refuses stack_unwritten: invalid indirect read from stack R1 off -128+0 size 15
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 15
    r7 = 255
    r8 = 64
    call ktime_get_ns
    r8 = r0
    r8 &= 64
    r1 = r10
    r1 += -128
    r2 = r6
    r3 = 0
    call probe_read_kernel
    *(u64 *)(r10 - 520) = r8                ;! stack_bounds: invalid write to stack R10 off=-520 size=8
    r8 = *(u64 *)(r10 - 520)
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 20
    if r4 < r3 goto l713
    r5 = *(u64 *)(r2 + 0)
  l713:
    r0 = 5
    exit

case made_1_390
section raw_tp/sys_enter
map ring ringbuf
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = map[fd:ring]
    r2 = 16
    r3 = 0
    r4 = r10
    r4 += -16
    call ringbuf_reserve_dynptr
    r1 = r10
    r1 += -16
    r2 = 0
    r0 = 0
    exit                                    ;! reference_leak: Unreleased reference id=2 alloc_insn=6; BPF_EXIT instruction in main prog would lead to reference leak

case made_1_391
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 64
    call get_prandom_u32
    r7 = r0
    r7 &= 63
    call get_prandom_u32
    r8 = r0
    r8 &= 127
    r8 &= r8
    lock *(u64 *)(r10 - 8) += r7
    if r7 s>= r8 goto l714
    *(u8 *)(r10 - 12) = r7
  l714:
    *(u16 *)(r10 - 512) = r7
    r1 = r10
    r1 += -16
    r2 = r7
    r3 = 0
    call probe_read_kernel                  ;! stack_bounds: invalid write to stack R1 off=-16 size=63
    r0 = 1
    exit

case made_1_392
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r6 = 2
    call get_prandom_u32
    r7 = r0
    call get_prandom_u32
    r8 = r0
    r8 &= 56
    call get_prandom_u32
    r9 = r0
    r9 &= 63
    r8 += r6
    if r7 == -2147483648 goto l715
    r7 = -1
  l715:
    r1 = r10
    r1 += -64
    r2 = r7
    r3 = 0
    call probe_read_kernel                  ;! offset_negative: R2 min value is negative, either use unsigned or 'var &= const'
    if r6 s> r6 goto l716
    *(u64 *)(r10 - 64) = r7
    r7 = *(u8 *)(r10 - 64)
  l716:
    if r7 s<= 2 goto l717
    call get_prandom_u32
    r6 = r0
  l717:
    *(u8 *)(r10 - 512) = r7
    r8 /= -1
    r0 = 1
    exit

case made_1_393
section raw_tp/sys_enter
map counts hash value 8 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r1 = map[fd:counts]
    r3 = 0
    r4 = 0
    call for_each_map_elem
    r0 = 0
    exit
  each:
    r0 = *(u64 *)(r3 + 8)                   ;! cfg_unreachable: unreachable insn 7
    r0 = 0
    exit

case made_1_394
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 7
    r7 = 16
    r8 = 0
    r9 = 255
    w8 ^= w7
    if r6 s> 8 goto l718
    r6 ^= 255
  l718:
    *(u64 *)(r10 - 520) = r7                ;! stack_bounds: invalid write to stack R10 off=-520 size=8
    r7 = *(u16 *)(r10 - 520)
    if r8 s< r7 goto l719
    r8 = 4
  l719:
    r0 = 5
    exit

case made_1_395
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 accepts 14
like 6.18 6.1 6.12 7.3
    r6 = -1
    call get_prandom_u32
    r7 = r0
    r7 &= 127
    r8 = 3
    r9 = 0
    if w7 != w7 goto l720
    r8 = -2147483648
  l720:
    *(u64 *)(r10 - 64) = r7
    r7 = *(u64 *)(r10 - 64)
    r7 %= 2147483647
    r0 = 0
    exit

case made_1_396
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 7.3
    r1 = r10
    r1 += -8
    call bpf_local_irq_save
    r1 = r10
    r1 += -8
    call bpf_local_irq_save                 ;! irq: expected uninitialized irq flag as arg#0
    exit

case made_1_397
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 accepts 15
like 6.18 6.1 6.12 7.3
    r6 = 0
    call get_prandom_u32
    r7 = r0
    r7 &= 15
    call get_prandom_u32
    r8 = r0
    r8 &= 7
    call get_prandom_u32
    r9 = r0
    r9 &= 31
    w8 |= w7
    w8 -= w6
    w8 -= w6
    r0 = 1
    exit

case made_1_398
section tracepoint/syscalls/sys_enter_openat
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    r6 &= 63
    call get_prandom_u32
    r7 = r0
    r7 &= 64
    r8 = 31
    call get_prandom_u32
    r9 = r0
    r9 &= 15
    r8 = r10
    r8 -= r10
    *(u64 *)(r10 - 512) = r6
    *(u16 *)(r10 - 520) = r7                ;! stack_bounds: invalid write to stack R10 off=-520 size=2
    r7 <<= 0
    *(u64 *)(r10 - 24) = r7
    r7 = *(u8 *)(r10 - 24)
    call ktime_get_ns
    r8 = r0
    r8 &= 56
    if r7 s< r7 goto l721
    *(u64 *)(r10 - 16) = r8
    r8 = *(u16 *)(r10 - 16)
  l721:
    r0 = 0
    exit

case made_1_399
section socket
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    if r0 == 1 goto +1
    r0 = 1 ll                               ;! cfg_jump_range: jump into the middle of ldimm64 insn 1
    exit

case made_1_400
section xdp
map values hash value 64 entries 4
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 31
    r7 = 255
    call get_prandom_u32
    r8 = r0
    if r8 != 8 goto l722
    r6 >>= 63
  l722:
    r7 += r6
    r6 <<= 1
    if r8 > 3 goto l723
    r8 %= -2147483648
  l723:
    *(u8 *)(r10 - 520) = r6                 ;! stack_bounds: invalid write to stack R10 off=-520 size=1
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l724
    if r6 > 57 goto l724
    r6 = *(u16 *)(r0 +56)
  l724:
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 14
    if r4 >= r3 goto l725
    r5 = *(u8 *)(r2 + 0)
  l725:
    r0 = 2
    exit

case made_1_401
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses context_access: invalid bpf_context access off=76 size=4
kernel 6.12-user refuses context_access: invalid bpf_context access off=76 size=4
kernel 7.3-user refuses context_access: invalid bpf_context access off=76 size=4
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 56
    r7 = -1
    r8 = 2147483647
    r6 >>= 32
    w7 += w6
    r8 &= 4
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 20
    if r4 > r3 goto l726
    r5 = *(u8 *)(r2 + 16)
  l726:
    r0 = 5
    exit                                    ;! return_value: At program exit the register R0 has smin=5 smax=5 should have been in [0, 3]

case made_1_402
section socket
map counts hash value 8 entries 4
kernel 6.18 accepts 6
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:counts]
    call map_delete_elem
    exit

case made_1_403
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r9 = r1
    call get_prandom_u32
    r6 = r0
    r6 &= 7
    call get_prandom_u32
    r7 = r0
    r7 &= 56
    call get_prandom_u32
    r8 = r0
    r6 -= r8
    r7 <<= 32
    r7 += r8
    r5 = r4                                 ;! register_unset: R4 !read_ok
    lock *(u64 *)(r10 - 8) += r7
    r6 >>= 1
    lock *(u64 *)(r10 - 8) += r6
    if w7 == 63 goto l727
    r7 s>>= 8
  l727:
    r0 = 1
    exit

case made_1_404
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 40 to 38
kernel 6.12-user refuses cfg_loop: back-edge from insn 40 to 38
kernel 7.3-user refuses cfg_loop: back-edge from insn 40 to 38
    r9 = r1
    r6 = 16
    call get_prandom_u32
    r7 = r0
    r7 &= 127
    call get_prandom_u32
    r8 = r0
    r8 &= 15
    if r7 == 63 goto l728
    *(u64 *)(r10 - 24) = r7
    r7 = *(u64 *)(r10 - 24)
  l728:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l729
    if r7 > 57 goto l729
    r0 += r7
    r7 = *(u32 *)(r0 +0)
  l729:
    r6 *= r8
    r1 = r10
    r1 += -16
    r2 = r7
    r3 = 0
    call probe_read_kernel                  ;! size_unbounded: R2 unbounded memory access, use 'var &= const' or 'if (var < const)'
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l730
    if r6 > 63 goto l730
    r0 += r6
    r6 = *(u8 *)(r0 +56)
  l730:
    r6 = 0
  l731:
    r8 *= 1
    r6 += 1
    if r6 s< 8 goto l731
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 1
    if r4 >= r3 goto l732
    r5 = *(u64 *)(r2 + 0)
  l732:
    r0 = 5
    exit

case made_1_405
section socket
kernel 6.18 accepts 2
like 6.18 6.1 6.12 7.3 6.1-user 6.12-user 7.3-user
    r0 = 1
    exit

case made_1_406
section tc
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
    r9 = r1
    r6 = 32
    call get_prandom_u32
    r7 = r0
    r7 &= 7
    call get_prandom_u32
    r8 = r0
    r8 &= 56
    if w6 s< w8 goto l733
    r7 |= r8
  l733:
    if w7 == w6 goto l734
    call get_prandom_u32
    r8 = r0
    r8 &= 64
  l734:
    w6 ^= 7
    w7 /= 31
    call ktime_get_ns
    r7 = r0
    r7 &= 15
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l735
    if r7 > 7 goto l735
    r7 = *(u64 *)(r0 +8)
  l735:
    r6 /= r6
    *(u64 *)(r10 - 4) = r6                  ;! misaligned: misaligned stack access off 0+0+-4 size 8
    r6 = *(u32 *)(r10 - 4)
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 1
    if r4 > r3 goto l736
    r5 = *(u32 *)(r2 + 0)
  l736:
    r0 = 1
    exit

case made_1_407
section xdp
map values hash value 64 entries 4
kernel 6.18 accepts 53
like 6.18 6.12 7.3
kernel 6.1 refuses stack_bounds: invalid indirect access to stack R1 off=-16 size=255
    r9 = r1
    r6 = 8
    r7 = 8
    r8 = 0
    if r7 s< r7 goto l737
    *(u64 *)(r10 - 16) = r7
    r7 = *(u8 *)(r10 - 16)
  l737:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l738
    if r6 > 55 goto l738
    r6 = *(u16 *)(r0 +0)
  l738:
    *(u32 *)(r10 - 4) = 0
    r2 = r10
    r2 += -4
    r1 = map[fd:values]
    call map_lookup_elem
    if r0 == 0 goto l739
    r6 = *(u8 *)(r0 +60)
  l739:
    r1 = r10
    r1 += -16
    r2 = r7
    r3 = 0
    call probe_read_kernel
    r2 = *(u32 *)(r9 + 0)
    r3 = *(u32 *)(r9 + 4)
    r4 = r2
    r4 += 34
    if r4 > r3 goto l740
    r5 = *(u16 *)(r2 + 13)
  l740:
    r0 = 1
    exit

case made_1_408
section syscall
kernel 6.18 refuses
like 6.18 6.12 7.3
    r1 = r10
    r1 += -15
    r2 = 17
    r3 = 0
    r4 = 0
    call bpf_copy_from_user_str             ;! stack_bounds: invalid read from stack R1 off=-15 size=17; arg#0 arg#1 memory, len pair leads to invalid memory access
    r0 = 0
    exit

case made_1_409
section raw_tp/sys_enter
map values hash value 64 entries 4
kernel 6.18 accepts 12
like 6.18 6.1 6.12 7.3
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r8 = -1
    call get_prandom_u32
    r9 = r0
    r9 &= 15
    r6 /= -1
    if r8 s>= -8 goto l741
    r6 = 31
  l741:
    r0 = 5
    exit

case made_1_410
section cgroup_skb/egress
map values array value 64
kernel 6.18 refuses
like 6.18 6.1 6.12 7.3
kernel 6.1-user refuses cfg_loop: back-edge from insn 12 to 10
kernel 6.12-user refuses cfg_loop: back-edge from insn 12 to 10
kernel 7.3-user refuses cfg_loop: back-edge from insn 12 to 10
    r9 = r1
    call get_prandom_u32
    r6 = r0
    call get_prandom_u32
    r7 = r0
    r7 &= 127
    call get_prandom_u32
    r8 = r0
    r7 &= 8
    r8 = 0
  l742:
    r6 <<= 0
    r8 += 1
    if r8 < 20 goto l742
    r7 = r10
    r7 -= r10
    r2 = *(u32 *)(r9 + 76)
    r3 = *(u32 *)(r9 + 80)
    r4 = r2
    r4 += 34
    if r4 < r3 goto l743
    r5 = *(u64 *)(r2 + 12)                  ;! packet_bounds: invalid access to packet, off=12 size=8, R2(id=0,off=12,r=0); R2 offset is outside of the packet
  l743:
    r0 = 1
    exit

case made_1_411
section tp_btf/sched_switch
kernel 6.18 refuses
like 6.18 6.12 7.3
kernel 6.1 accepts 3
    r2 = *(u32 *)(r1 + 8)                   ;! context_access: func 'sched_switch' size 4 must be 8; invalid bpf_context access off=8 size=4
    r0 = 0
    exit

    r6 = *(u64 *)(r1 +0)
    r3 = *(u64 *)(r1 +8)
    r0 = map[fd:0][0]+0
    lock *(u64 *)(r0 +0) += r6
    lock *(u64 *)(r0 +0) &= r6
    lock *(u32 *)(r0 +4) |= r3
    lock *(u64 *)(r0 +8) ^= r3
    r2 = r6
    r2 = atomic64_fetch_add((u64 *)(r0 +0), r2)
    r1 = r6
    r1 = atomic_fetch_or((u32 *)(r0 +4), r1)
    r4 = r3
    r4 = atomic64_xchg((u64 *)(r0 +8), r4)
    *(u64 *)(r10 -8) = r4
    r8 = r2
    r8 = atomic64_fetch_and((u64 *)(r0 +8), r8)
    r9 = r1
    r9 = atomic64_fetch_xor((u64 *)(r0 +8), r9)
    r2 = r3
    r0 = r6
    r1 = map[fd:0][0]+0
    r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)
    r7 = r0
    r2 = r6
    r0 = r7
    r1 = map[fd:0][0]+0
    r0 = atomic_cmpxchg((u32 *)(r1 +8), r0, r2)
    r3 = *(u64 *)(r10 -8)
    r3 += r8
    r9 += r3
    r7 += r9
    r0 += r7
    exit
; relocation at 2: map_value counters + 16
; relocation at 20: map_value counters + 16
; relocation at 25: map_value counters + 16
; stack: 32 bytes

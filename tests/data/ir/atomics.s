    r6 = *(u64 *)(r1 +0)
    r3 = *(u64 *)(r1 +8)
    r0 = map[fd:0][0]+0
    lock *(u64 *)(r0 +0) += r6
    lock *(u64 *)(r0 +0) &= r6
    lock *(u32 *)(r0 +4) |= r3
    lock *(u64 *)(r0 +8) ^= r3
    r7 = r6
    r7 = atomic64_fetch_add((u64 *)(r0 +0), r7)
    r8 = r6
    r8 = atomic_fetch_or((u32 *)(r0 +4), r8)
    r5 = r3
    r5 = atomic64_xchg((u64 *)(r0 +8), r5)
    *(u64 *)(r10 -8) = r5
    r7 = atomic64_fetch_and((u64 *)(r0 +8), r7)
    r8 = atomic64_fetch_xor((u64 *)(r0 +8), r8)
    r2 = r3
    r0 = r6
    r1 = map[fd:0][0]+0
    r0 = atomic64_cmpxchg((u64 *)(r1 +0), r0, r2)
    r9 = r0
    r2 = r6
    r0 = r9
    r1 = map[fd:0][0]+0
    r0 = atomic_cmpxchg((u32 *)(r1 +8), r0, r2)
    r5 = *(u64 *)(r10 -8)
    r5 += r7
    r8 += r5
    r9 += r8
    r0 += r9
    exit
; relocation at 2: map_value counters + 16
; relocation at 18: map_value counters + 16
; relocation at 23: map_value counters + 16
; stack: 32 bytes

    r6 = r1
    r1 = *(u32 *)(r6 +0)
    *(u64 *)(r10 -8) = 0
    r2 = subprog[each]
    r3 = r10
    r3 += -8
    r4 = 0
    call 181
    r1 = map[fd:0][0]+0
    r2 = subprog[alarm]
    call 170
    r0 = *(u32 *)(r10 -4)
    r0 <<= 32
    r0 s>>= 32
    r5 = *(u8 *)(r6 +4)
    r5 <<= 56
    r5 s>>= 56
    r0 += r5
    exit
each:
    lock *(u64 *)(r2 +0) += r1
    r0 = 0
    exit
alarm:
    r6 = *(u32 *)(r2 +0)
    *(u32 *)(r10 -504) = r6
    r1 = r3
    r2 = subprog[alarm]
    call 170
    r2 = r6
    r1 = r10
    r1 += -504
    call 6
    r0 = 0
    exit
; relocation at 8: map_value timers + 0
; stack: 64 bytes

    call 14
    r0 >>= 32
    *(u32 *)(r10 -4) = r0
    r1 = map[fd:0]
    r2 = r10
    r2 += -4
    call 1
    if r0 != 0x0 goto L24
    *(u64 *)(r10 -16) = 0
    r1 = map[fd:0]
    r2 = r10
    r2 += -4
    r3 = r10
    r3 += -16
    r4 = 1
    call 2
    r1 = map[fd:0]
    r2 = r10
    r2 += -4
    call 1
    if r0 == 0x0 goto L28
L24:
    r5 = 1
    lock *(u64 *)(r0 +0) += r5
L26:
    r0 = 0
    exit
L28:
    r0 = 1
    r5 = map[fd:0][0]+0
    lock *(u64 *)(r5 +0) += r0
    goto L26
; relocation at 3: map counts + 0
; relocation at 9: map counts + 0
; relocation at 16: map counts + 0
; relocation at 26: map_value ebee.lost + 8
; stack: 32 bytes

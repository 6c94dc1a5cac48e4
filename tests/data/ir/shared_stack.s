    r3 = *(u64 *)(r1 +0)
    *(u32 *)(r10 -4) = r3
    r1 = r10
    r1 += -304
    r2 = 300
    call 4
    r6 = *(u64 *)(r10 -304)
    if r6 == 0x0 goto L21
    r3 = r6
    r1 = r10
    r1 += -304
    r2 = 300
    call 4
    r1 = map[fd:0]
    r2 = r10
    r2 += -4
    r3 = r10
    r3 += -304
    r4 = 0
    call 2
L21:
    r1 = map[fd:0]
    r2 = r10
    r2 += -4
    call 3
    r0 = r6
    exit
; relocation at 13: map seen + 0
; relocation at 20: map seen + 0
; stack: 320 bytes

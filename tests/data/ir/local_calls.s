    r6 = *(u64 *)(r1 +0)
    r7 = *(u64 *)(r1 +8)
    *(u64 *)(r10 -16) = r6
    *(u64 *)(r10 -8) = r7
    r3 = r7
    r2 = r7
    r1 = r6
    call turn
    r1 = r0
    r3 = r7
    r2 = r6
    call turn
    r6 = r0
    r1 = r10
    r1 += -8
    call peek
    r0 += r6
    exit
turn:
    if r1 != 0x0 goto L21
    r0 = r3
    exit
L21:
    r0 = r1
    r1 = r2
    r2 = r3
    r3 = r0
    call rest
    exit
rest:
    r0 = r1
    r0 -= r2
    r0 -= r3
    exit
peek:
    r0 = *(u64 *)(r1 +0)
    exit
; stack: 96 bytes

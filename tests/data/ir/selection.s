    r0 = *(u64 *)(r1 +0)
    r5 = 1
    if r0 > 0x2 goto L4
    r5 = 2
L4:
    r0 += r5
    exit
; stack: 32 bytes

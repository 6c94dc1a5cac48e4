    r0 = *(u64 *)(r1 +0)
    r5 = *(u64 *)(r1 +8)
    r4 = r0
    r4 *= r5
    if r4 <= 0x2 goto L7
    r4 += r0
    goto L9
L7:
    r4 = r0
    r4 += r5
L9:
    r5 += r0
    r4 += r5
    r0 += r4
    exit
; stack: 32 bytes

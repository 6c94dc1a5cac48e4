    r0 = *(u64 *)(r1 +0)
    r5 = 0
    r4 = 0
    if r5 >= 0x10 goto L9
L4:
    r3 = r5
    r3 *= r0
    r4 += r3
    r5 += 1
    if r5 < 0x10 goto L4
L9:
    r0 = r4
    exit
; stack: 32 bytes

    r0 = *(u64 *)(r1 +0)
    r5 = 0
    r4 = 0
L3:
    r3 = r5
    r3 *= r0
    r4 += r3
    r5 += 1
    if r5 < 0x10 goto L3
    r0 = r4
    exit
; stack: 32 bytes

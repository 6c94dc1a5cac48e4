    r0 = *(u64 *)(r1 +0)
    r5 = 0
    r4 = 0
L3:
    if r5 >= 0x8 goto L14
L4:
    r3 = r0
    r3 >>= r5
    if r3 & 0x4 goto L8
    goto L9
L8:
    r4 += r3
L9:
    r3 &= 8
    r5 += 1
    if r3 == 0x0 goto L3
    r4 += r3
    if r5 < 0x8 goto L4
L14:
    r0 = r4
    exit
; stack: 32 bytes

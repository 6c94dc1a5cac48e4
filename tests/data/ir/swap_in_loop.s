    r0 = *(u64 *)(r1 +0)
    r5 = 0
    r4 = 1
    r3 = 0
L4:
    if r3 >= 0x5a goto L16
L5:
    r3 += 1
    r2 = r5
    r2 += r0
    if r3 != r0 goto L13
    r1 = r5
    r5 = r4
    r4 = r1
    goto L4
L13:
    r5 = r4
    r4 = r2
    if r3 < 0x5a goto L5
L16:
    r0 = r5
    r0 ^= r4
    exit
; stack: 32 bytes

    r0 = *(u64 *)(r1 +0)
    r5 = *(u64 *)(r1 +8)
    if r0 != 0x1 goto L6
    r0 = r5
    r0 += 1
    r0 *= r0
L6:
    r0 += r5
    if r0 == 0x0 goto L10
    r6 = 0
    goto L11
L10:
    r6 = *(u64 *)(r1 +16)
L11:
    call 5
    r0 += r6
    exit
; stack: 32 bytes

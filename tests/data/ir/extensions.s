    r0 = *(u8 *)(r1 +0)
    r5 = *(u64 *)(r1 +8)
    w4 = w5
    r3 = r5
    w3 += w0
    r2 = (s16)r5
    r5 = (s32)r5
    r1 = r0
    r1 += r4
    r1 += r4
    r1 += r3
    r1 *= r2
    r1 *= r5
    r0 *= r1
    exit
; stack: 32 bytes

    r0 = *(u64 *)(r1 +0)
    if r0 <= 0x7 goto L5
    if r0 & 0x7 goto L5
    r0 = 7
    exit
L5:
    exit
; stack: 32 bytes

    r1 = map[fd:0]
    r2 = 32
    r3 = 0
    call 131
    r6 = r0
    if r6 == 0x0 goto L18
    call 14
    *(u64 *)(r6 +0) = r0
    r1 = r6
    r1 += 8
    r2 = 16
    call 16
    *(u32 *)(r6 +24) = r0
    *(u32 *)(r6 +28) = 0
    r1 = r6
    r2 = 0
    call 132
L18:
    r0 = 0
    exit
; relocation at 0: map events + 0
; stack: 32 bytes

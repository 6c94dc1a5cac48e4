    r6 = *(u64 *)(r1 +0)
    *(u64 *)(r10 -8) = r6
    r1 = map[fd:0]
    r2 = r10
    r2 += -8
    call 1
    r1 = map[fd:0]
    r2 = 40
    r3 = 0
    call 131
    r7 = r0
    if r7 == 0x0 goto L61
    *(u64 *)(r7 +8) = 0
    *(u64 *)(r7 +24) = 0
    *(u32 *)(r7 +0) = r6
    *(u32 *)(r7 +4) = r6
    r1 = r7
    r1 += 8
    r2 = 16
    call 16
    *(u32 *)(r7 +28) = r6
    *(u64 *)(r10 -24) = 0
    *(u64 *)(r10 -16) = 0
    r3 = r6
    r3 &= 8
    r0 = r10
    r0 += -24
    r0 += r3
    r0 = *(u8 *)(r0 +0)
    *(u64 *)(r10 -24) = r0
    r1 = r7
    r1 += 16
    r3 = r6
    r2 = 8
    call 114
    *(u64 *)(r7 +16) = r0
    r1 = map[fd:0]
    r2 = r10
    r2 += -8
    call 3
    *(u64 *)(r10 -8) = r6
    r1 = map[fd:0]
    r2 = r10
    r2 += -8
    call 3
    *(u64 *)(r10 -8) = 0
    r1 = r10
    r1 += -8
    r2 = 8
    call 16
    r0 = *(u64 *)(r10 -24)
    r5 = *(u64 *)(r10 -8)
    r0 += r5
    *(u64 *)(r7 +32) = r0
    r1 = r7
    r2 = 0
    call 132
L61:
    r0 = 0
    exit
; relocation at 2: map counts + 0
; relocation at 6: map events + 0
; relocation at 36: map counts + 0
; relocation at 41: map counts + 0
; stack: 32 bytes

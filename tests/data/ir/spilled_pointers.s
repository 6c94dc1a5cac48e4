    *(u32 *)(r10 -4) = 0
    r1 = map[fd:0]
    r2 = r10
    r2 += -4
    call 1
    *(u64 *)(r10 -16) = r0
    r1 = map[fd:0]
    r2 = r10
    r2 += -4
    call 1
    r6 = r0
    r1 = map[fd:0]
    r2 = r10
    r2 += -4
    call 1
    r7 = r0
    r1 = map[fd:0]
    r2 = r10
    r2 += -4
    call 1
    r8 = r0
    r1 = map[fd:0]
    r2 = r10
    r2 += -4
    call 1
    *(u64 *)(r10 -24) = r0
    r1 = map[fd:0]
    r2 = r10
    r2 += -4
    call 1
    r9 = r0
    call 5
    r0 = *(u64 *)(r10 -16)
    if r0 == 0x0 goto L46
    if r6 == 0x0 goto L46
    if r7 == 0x0 goto L46
    if r8 == 0x0 goto L46
    r0 = *(u64 *)(r10 -24)
    if r0 == 0x0 goto L46
    if r9 != 0x0 goto L48
L46:
    r0 = 0
    exit
L48:
    r0 = 1
    r5 = *(u64 *)(r10 -16)
    lock *(u64 *)(r5 +0) += r0
    lock *(u64 *)(r6 +0) += r0
    lock *(u64 *)(r7 +0) += r0
    lock *(u64 *)(r8 +0) += r0
    r5 = *(u64 *)(r10 -24)
    lock *(u64 *)(r5 +0) += r0
    lock *(u64 *)(r9 +0) += r0
    r0 = *(u32 *)(r9 +0)
    exit
; relocation at 1: map values + 0
; relocation at 6: map values + 0
; relocation at 11: map values + 0
; relocation at 16: map values + 0
; relocation at 21: map values + 0
; relocation at 26: map values + 0
; stack: 32 bytes

    r6 = *(u32 *)(r1 +0)
    r7 = *(u64 *)(r1 +4)
    r3 = *(u64 *)(r1 +0)
    r1 = r10
    r1 += -16
    r2 = 16
    call 114
    r5 = *(u8 *)(r10 -1)
    r6 += r7
    r6 += r5
    r0 += r6
    exit
; relocation at 0: tp_field fd + 0, 4 bytes
; relocation at 1: tp_field flags + 4, 8 bytes
; relocation at 2: tp_field filename + 0, 8 bytes
; stack: 32 bytes

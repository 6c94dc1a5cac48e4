    r0 = *(u64 *)(r1 +0)
    r5 = 0
L2:
    may_goto L11
    if r5 >= r0 goto L6
    r5 += 1
    goto L2
L6:
    r4 = map[fd:0][0]+0
    lock *(u64 *)(r4 +0) += r0
    r0 = r5
    exit
L11:
    r0 = 1
    r5 = map[fd:0][0]+0
    lock *(u64 *)(r5 +0) += r0
    r0 = 0
    exit
; relocation at 6: map_value ebee.lost + 0
; relocation at 11: map_value ebee.lost + 8
; stack: 32 bytes

    call 14
    r6 = r0
    call 5
    r7 = r0
    if r6 == 0x0 goto L7
    call 15
    goto L8
L7:
    call 15
L8:
    call 15
    r8 = r0
    call 5
    r9 = r0
    r9 -= r7
    call 8
    r8 += r6
    r0 += r0
    r0 += r8
    r0 += r9
    exit
; stack: 32 bytes

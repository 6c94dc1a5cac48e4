"""Random classic programs, with hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from ebee.isa import classic as c
from ebee.isa.classic import ClassicInsn

NUMBERS = st.one_of(st.integers(0, 80), st.sampled_from([0, 1, 31, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]), st.integers(0, 0xFFFFFFFF))
OFFSETS = st.one_of(st.integers(0, 70), st.integers(0, 10), st.sampled_from([0x7FFFFFFF, 0xFFFFFF, 0x80000000]), st.sampled_from([c.NET_OFF, c.LL_OFF, c.NET_OFF + 9, c.LL_OFF + 3, c.LL_OFF - 1]))


@st.composite
def programs(draw, ancillary=(), least=1, most=24, seccomp=False):
    """A program that the kernel admits; cells are written at its start."""
    count = draw(st.integers(least, most))
    insns = [ClassicInsn(c.ST, 0, 0, k) for k in range(3)] + [ClassicInsn(c.STX, 0, 0, 15)]
    rows = [row for row in c.ROWS.values() if row.seccomp or not seccomp]
    for at in range(count):
        row = draw(st.sampled_from(rows))
        code, left = row.code, count - at
        jt = jf = 0
        k = draw(NUMBERS)
        if code & 7 == c.JMP:
            if row.is_branch:
                jt, jf = draw(st.integers(0, min(left - 1, 6))), draw(st.integers(0, min(left - 1, 6)))
            else:
                k = draw(st.integers(0, min(left - 1, 6)))
        elif code in (c.LD | c.MEM, c.LDX | c.MEM, c.ST, c.STX):
            k = draw(st.sampled_from([0, 1, 2, 15]))
        elif code & 7 == c.RET:
            if draw(st.booleans()):
                row = c.ROWS[c.MISC | c.TAX]
                code = row.code
        elif code & 7 == c.ALU and code & c.X == 0:
            op = code & 0xF0
            if op in (c.LSH, c.RSH):
                k %= 32
            elif op in (c.DIV, c.MOD):
                k = k or 1
        elif code & 7 in (c.LD, c.LDX) and code & 0xE0 in (c.ABS, c.IND, c.MSH):
            k = draw(st.sampled_from(range(0, 64, 4))) if seccomp else draw(OFFSETS)
            if code & 0xE7 == c.LD | c.ABS and ancillary and draw(st.integers(0, 3)) == 0:
                k = c.AD_OFF + draw(st.sampled_from(ancillary))
        insns.append(ClassicInsn(code, jt, jf, k))
    return [*insns, ClassicInsn(c.RET | draw(st.sampled_from([c.A, c.A, c.K])), 0, 0, draw(NUMBERS))]

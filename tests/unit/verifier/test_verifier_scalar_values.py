"""Scalars at their full width: random knowledge, random members, and no result outside what is said of it."""

from __future__ import annotations

import random

import pytest

from ebee.isa import opcodes
from ebee.verifier import scalar, scalar_alu, scalar_branch
from ebee.verifier.scalar import U32_MAX, UNKNOWN, Scalar, const

M64 = (1 << 64) - 1
EDGES = (0, 1, 2, 7, 8, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 32, (1 << 63) - 1)
ALU = {
    opcodes.BPF_ADD: lambda a, b, w: a + b,
    opcodes.BPF_SUB: lambda a, b, w: a - b,
    opcodes.BPF_MUL: lambda a, b, w: a * b,
    opcodes.BPF_AND: lambda a, b, w: a & b,
    opcodes.BPF_OR: lambda a, b, w: a | b,
    opcodes.BPF_XOR: lambda a, b, w: a ^ b,
    opcodes.BPF_LSH: lambda a, b, w: a << (b & w - 1),
    opcodes.BPF_RSH: lambda a, b, w: (a & (1 << w) - 1) >> (b & w - 1),
    opcodes.BPF_ARSH: lambda a, b, w: signed(a, w) >> (b & w - 1),
    opcodes.BPF_NEG: lambda a, b, w: -a,
    opcodes.BPF_MOV: lambda a, b, w: b,
}
COMPARE = {
    opcodes.BPF_JEQ: lambda a, b, w: a == b,
    opcodes.BPF_JNE: lambda a, b, w: a != b,
    opcodes.BPF_JGT: lambda a, b, w: a > b,
    opcodes.BPF_JGE: lambda a, b, w: a >= b,
    opcodes.BPF_JLT: lambda a, b, w: a < b,
    opcodes.BPF_JLE: lambda a, b, w: a <= b,
    opcodes.BPF_JSGT: lambda a, b, w: signed(a, w) > signed(b, w),
    opcodes.BPF_JSGE: lambda a, b, w: signed(a, w) >= signed(b, w),
    opcodes.BPF_JSLT: lambda a, b, w: signed(a, w) < signed(b, w),
    opcodes.BPF_JSLE: lambda a, b, w: signed(a, w) <= signed(b, w),
    opcodes.BPF_JSET: lambda a, b, w: bool(a & b),
}


def signed(number: int, width: int) -> int:
    sign = 1 << width - 1
    return ((number & (1 << width) - 1) ^ sign) - sign


def a_number(rng: random.Random) -> int:
    near = rng.choice(EDGES) + rng.randint(-2, 2)
    number = rng.choice((near, rng.getrandbits(64), rng.getrandbits(rng.randint(1, 64))))
    return rng.choice((number, -number, ~number)) & M64


def a_scalar(rng: random.Random) -> tuple[Scalar, int]:
    """A scalar as programs make them, and one of its members."""
    if rng.random() < 0.3:
        number = a_number(rng)
        return const(number), number
    number, known = a_number(rng), UNKNOWN
    for _ in range(rng.randint(0, 4)):
        kind = rng.randint(0, 3)
        if kind == 0:
            other = a_number(rng)
            op = rng.choice(tuple(ALU))
            wide = rng.random() < 0.6
            if op in (opcodes.BPF_LSH, opcodes.BPF_RSH, opcodes.BPF_ARSH):
                other &= 63 if wide else 31
            known = (scalar_alu.alu64 if wide else scalar_alu.alu32)(op, known, const(other))
            number = ALU[op](number, other, 64 if wide else 32) & (M64 if wide else U32_MAX)
        else:
            other, is32 = a_number(rng), rng.random() < 0.4
            op = rng.choice(tuple(COMPARE))
            if scalar_branch.branch_outcome(op, known, const(other), is32) is None:
                ones, width = (U32_MAX, 32) if is32 else (M64, 64)
                taken = COMPARE[op](number & ones, other & ones, width)
                pair = scalar_branch.refine(op, known, const(other), taken, is32)
                assert pair
                known = pair[0]
        assert known.holds(number), (known, hex(number))
    return known, number


def test_results_are_members() -> None:
    rng = random.Random(1)
    for _ in range(3000):
        (a, x), (b, y) = a_scalar(rng), a_scalar(rng)
        for wide in (True, False):
            op = rng.choice(tuple(ALU))
            width, ones = (64, M64) if wide else (32, U32_MAX)
            alu = scalar_alu.alu64 if wide else scalar_alu.alu32
            for rules in (scalar.LINUX_6_18, scalar.LINUX_6_12, scalar.LINUX_6_1):
                result = alu(op, a, b, rules)
                assert result.holds(ALU[op](x, y, width) & ones), (op, wide, a, b, x, y, result)
            compare = rng.choice(tuple(COMPARE))
            outcome = scalar_branch.branch_outcome(compare, a, b, not wide)
            truth = COMPARE[compare](x & ones, y & ones, width)
            assert outcome in (None, truth)
            if outcome is None:
                pair = scalar_branch.refine(compare, a, b, truth, not wide)
                assert pair and pair[0].holds(x) and pair[1].holds(y), (compare, wide, a, b, x, y, pair)
        size = rng.choice((1, 2, 4))
        low = x & (1 << 8 * size) - 1
        assert scalar.truncate(a, size).holds(low)
        assert scalar.sign_extend(a, size).holds(signed(low, 8 * size) & M64)
        if size < 4:
            assert scalar.sign_extend(a, size, is32=True).holds(signed(low, 8 * size) & U32_MAX)
        both, one = scalar.union(a, b), scalar.intersect(a, scalar.union(a, b))
        assert both.holds(x) and both.holds(y)
        assert scalar.is_subset(a, both)
        assert one and one.holds(x)


@pytest.mark.parametrize("number", EDGES)
def test_constants_stay_constants(number: int) -> None:
    for op, meaning in ALU.items():
        count = number & 31
        result = scalar_alu.alu64(op, const(number), const(count))
        assert result is const(meaning(number, count, 64)), op

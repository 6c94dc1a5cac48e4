"""Proofs by trying everything: the verifier's arithmetic at small widths, with the source that runs at 64 bits.

What a scalar stands for is the set of numbers that it `holds`. EBEE_COMPLETE=1 tries more: wider values, all pairs.
"""

from __future__ import annotations

import itertools
import os
import random

import pytest
from narrow_scalars import at_width
from test_verifier_scalar_values import ALU, COMPARE

from ebee.isa import opcodes

COMPLETE = bool(os.environ.get("EBEE_COMPLETE"))
SHIFTS = (opcodes.BPF_LSH, opcodes.BPF_RSH, opcodes.BPF_ARSH)


def tnums(bits: int) -> list[tuple[int, int, list[int]]]:
    """Every tnum of a width, with its members."""
    numbers = range(1 << bits)
    return [
        (value, mask, [n for n in numbers if n & ~mask == value])
        for mask in numbers
        for value in numbers
        if not value & mask
    ]


def ranges(low: int, high: int) -> list[tuple[int, int]]:
    return [(a, b) for a in range(low, high + 1) for b in range(a, high + 1)]


def reversed_sign(number: int, sign: int) -> int:
    return (number ^ sign) - sign


BITS = 5 if COMPLETE else 4
PAIRS = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "mul_by_parts": lambda a, b: a * b,
    "and_": lambda a, b: a & b,
    "or_": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
}


@pytest.mark.parametrize("name", PAIRS)
def test_every_pair_of_tnums(name: str) -> None:
    tnum, exact = at_width(BITS).tnum, PAIRS[name]
    ones = (1 << BITS) - 1
    for (av, am, a_members), (bv, bm, b_members) in itertools.product(tnums(BITS), repeat=2):
        value, mask = getattr(tnum, name)(av, am, bv, bm)
        assert not value & mask and not (value | mask) & ~ones
        known = ~mask & ones
        for a in a_members:
            for b in b_members:
                assert exact(a, b) & known == value, (av, am, bv, bm, a, b)


def test_sets_of_tnums() -> None:
    tnum = at_width(BITS).tnum
    for (av, am, a_members), (bv, bm, b_members) in itertools.product(tnums(BITS), repeat=2):
        a_set, b_set = set(a_members), set(b_members)
        assert tnum.is_subset(av, am, bv, bm) == (a_set <= b_set)
        assert tnum.overlap(av, am, bv, bm) == bool(a_set & b_set)
        value, mask = tnum.union(av, am, bv, bm)
        assert all(n & ~mask == value for n in a_set | b_set)
        if both := a_set & b_set:
            value, mask = tnum.intersect(av, am, bv, bm)
            assert {n for n in range(1 << BITS) if n & ~mask == value} == both


def test_each_tnum() -> None:
    tnum, sign = at_width(BITS).tnum, 1 << (BITS - 1)
    ones = 2 * sign - 1
    for value, mask, members in tnums(BITS):
        for shift in range(BITS):
            for name, exact in (
                ("lsh", lambda n, s: n << s),
                ("rsh", lambda n, s: n >> s),
                ("arsh", lambda n, s: reversed_sign(n, sign) >> s),
            ):
                more = (sign,) if name == "arsh" else ()
                got = getattr(tnum, name)(value, mask, shift, *more)
                assert all(exact(n, shift) & ones & ~got[1] == got[0] for n in members)
        for number in range(1 << BITS):
            assert tnum.step(value, mask, number) == min((n for n in members if n > number), default=max(members))
    for low, high in ranges(0, ones):
        value, mask = tnum.between(low, high)
        assert all(n & ~mask == value for n in range(low, high + 1))


def test_every_pair_of_ranges() -> None:
    bits = 4
    top, sign = (1 << bits) - 1, 1 << (bits - 1)
    alu = at_width(2 * bits).scalar_alu
    for exact, unsigned, signed_, wraps in (
        (lambda a, b: a + b, alu._add_unsigned, alu._add_signed, True),
        (lambda a, b: a - b, alu._sub_unsigned, alu._sub_signed, True),
        (lambda a, b: a * b, alu._mul_unsigned, alu._mul_signed, False),
    ):
        for (amin, amax), (bmin, bmax) in itertools.product(ranges(0, top), repeat=2):
            results = {exact(a, b) & top for a in range(amin, amax + 1) for b in range(bmin, bmax + 1)}
            for more in ((True,), (False,)) if wraps else ((),):
                low, high = unsigned(amin, amax, bmin, bmax, top, *more)
                assert low <= min(results) and max(results) <= high <= top
        for (amin, amax), (bmin, bmax) in itertools.product(ranges(-sign, sign - 1), repeat=2):
            results = {
                reversed_sign(exact(a, b) & top, sign) for a in range(amin, amax + 1) for b in range(bmin, bmax + 1)
            }
            low, high = signed_(amin, amax, bmin, bmax, sign)
            assert low <= min(results) and max(results) <= high < sign


def all_parts(bits: int):
    """Every state that the ten values of a scalar can be in, each bound within its width, low to high."""
    half = bits // 2
    sign, sign32 = 1 << (bits - 1), 1 << (half - 1)
    return (
        [(value, mask) for value, mask, _ in tnums(bits)],
        ranges(0, 2 * sign - 1),
        ranges(-sign, sign - 1),
        ranges(0, 2 * sign32 - 1),
        ranges(-sign32, sign32 - 1),
    )


@pytest.mark.parametrize(("bits", "some"), [(2, 0), (4, 2_000_000 if COMPLETE else 40_000), (8, 20_000)])
def test_parts_that_tell_each_other_lose_nothing(bits: int, some: int) -> None:
    """`sync`: what fulfils all parts fulfils the result; and the result is not wider than any part."""
    scalar = at_width(bits).scalar
    parts = all_parts(bits)
    rng = random.Random(bits)
    states = ([rng.choice(part) for part in parts] for _ in range(some)) if some else itertools.product(*parts)
    held = 0
    for state in states:
        given = scalar.Scalar(tuple(itertools.chain(*state)))
        members = [n for n in range(1 << bits) if given.holds(n)]
        result = scalar.sync(*given.key)
        for number in members:
            assert result.holds(number), (given, number, result)
        held += bool(members)
        if members:
            assert scalar.possible(result) is result
            assert result.umin >= given.umin and result.umax <= given.umax and result.smin >= given.smin
    assert held > 100


class Numbers:
    """Scalars of 8 bits (halves of 4) as programs make them, with the numbers they hold."""

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self.modules = at_width(bits)
        self.scalar, self.alu, self.branch = self.modules.scalar, self.modules.scalar_alu, self.modules.scalar_branch
        self.members: dict[object, list[int]] = {}
        rng = random.Random(bits)
        scalar, known = self.scalar, [self.scalar.UNKNOWN]
        for low, high in ranges(0, (1 << bits) - 1):
            known.append(scalar.from_range(low, high))
            known.append(scalar.from_signed_range(low - (1 << bits - 1), high - (1 << bits - 1)))
        known += [scalar.sync(value, mask, *scalar.FREE) for value, mask, _ in tnums(bits)]
        parts = all_parts(bits)
        for _ in range(2000):
            state = scalar.Scalar(tuple(itertools.chain(*(rng.choice(part) for part in parts))))
            if any(state.holds(n) for n in range(1 << bits)):
                known.append(scalar.sync(*state.key))
        self.all = list(dict.fromkeys(known))

    def holding(self, s: object) -> list[int]:
        if s not in self.members:
            self.members[s] = [n for n in range(1 << self.bits) if s.holds(n)]
        return self.members[s]


@pytest.fixture(scope="module")
def of4() -> Numbers:
    return Numbers(4)


@pytest.fixture(scope="module")
def of8() -> Numbers:
    return Numbers(8)


def pairs_of(numbers: Numbers, rng: random.Random, some: int):
    for _ in range(some):
        yield rng.choice(numbers.all), rng.choice(numbers.all)


def members_of(numbers: Numbers, s, rng: random.Random) -> list[int]:
    members = numbers.holding(s)
    return members if len(members) < 12 else [members[0], members[-1], *rng.sample(members, 8)]


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("op", ALU)
def test_operations(bits: int, op: int, of4: Numbers, of8: Numbers) -> None:
    """Every operation, of 64 and of 32 bits: the exact result of members is a member of the result."""
    numbers, rng = (of4 if bits == 4 else of8), random.Random(op)
    scalar, alu, exact = numbers.scalar, numbers.alu, ALU[op]
    for a, b in pairs_of(numbers, rng, 20_000 if COMPLETE else 400):
        for function, width in ((alu.alu64, bits), (alu.alu32, bits // 2)):
            if op in SHIFTS:
                b = scalar.const(rng.randrange(width))
            ones = (1 << width) - 1
            for rules in (scalar.LINUX_6_18, scalar.LINUX_6_12, scalar.LINUX_6_1):
                result = function(op, a, b, rules)
                for x in members_of(numbers, a, rng):
                    for y in members_of(numbers, b, rng):
                        assert result.holds(exact(x, y, width) & ones), (a, b, result, x, y, width)


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("op", COMPARE)
def test_comparisons(bits: int, op: int, of4: Numbers, of8: Numbers) -> None:
    """Every comparison: an outcome that is told is that of all members; behind it no member is lost."""
    numbers, rng = (of4 if bits == 4 else of8), random.Random(op)
    branch, exact = numbers.branch, COMPARE[op]
    told = 0
    for a, b in pairs_of(numbers, rng, 20_000 if COMPLETE else 500):
        for is32, width in ((False, bits), (True, bits // 2)):
            ones = (1 << width) - 1
            outcome = branch.branch_outcome(op, a, b, is32)
            told += outcome is not None
            behind = {
                taken: branch.refine(op, a, b, taken, is32) for taken in (True, False) if outcome is None
            }
            for x in members_of(numbers, a, rng):
                for y in members_of(numbers, b, rng):
                    truth = exact(x & ones, y & ones, width)
                    assert outcome in (None, truth), (a, b, x, y, is32)
                    if outcome is None:
                        new_a, new_b = behind[truth]
                        assert new_a.holds(x) and new_b.holds(y), (a, b, x, y, is32, new_a, new_b)
    assert told > 5


def test_extensions_and_forks(of8: Numbers) -> None:
    scalar, alu = of8.scalar, of8.alu
    for s in of8.all if COMPLETE else of8.all[::101]:
        members = of8.holding(s)
        for size in (1, 2, 4, 8):  # of 1, 2, 4, 8 bits at this width
            ones, sign = (1 << size) - 1, 1 << (size - 1)
            cut = scalar.truncate(s, size)
            assert all(cut.holds(n & ones) for n in members)
            if size < 8:
                wide, half = scalar.sign_extend(s, size), scalar.sign_extend(s, size, is32=True) if size < 4 else None
                for n in members:
                    extended = reversed_sign(n & ones, sign)
                    assert wide.holds(extended & 255)
                    assert half is None or half.holds(extended & 15)
        assert all(scalar.zero_extend(s).holds(n & 15) for n in members)
        if ways := alu.fork(opcodes.BPF_AND, s, scalar.const(3)):
            assert all(ways[0].holds(n) or ways[1].holds(n) for n in members)
    ends = scalar.from_signed_range(-1, 0)
    assert alu.fork(opcodes.BPF_OR, ends, scalar.const(3)) == (scalar.const(255), scalar.const(0))


def test_sets(of8: Numbers) -> None:
    rng, scalar = random.Random(3), of8.scalar
    subsets = 0
    for a, b in pairs_of(of8, rng, 20_000 if COMPLETE else 500):
        both = scalar.union(a, b)
        a_set, b_set = set(of8.holding(a)), set(of8.holding(b))
        assert all(map(both.holds, a_set | b_set))
        assert scalar.is_subset(a, both) and scalar.is_subset(b, both)
        if scalar.is_subset(a, b):
            subsets += 1
            assert a_set <= b_set
        common = scalar.intersect(a, b)
        assert not a_set & b_set if common is None else all(map(common.holds, a_set & b_set))
    assert subsets

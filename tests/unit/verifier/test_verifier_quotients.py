"""Division by a constant, as Linux 7.0 and later follow it: whatever may come out is in what is told."""

from __future__ import annotations

import random

import pytest

from ebee.verifier.quotients import QUOTIENTS
from ebee.verifier.scalar import LINUX_7_0, UNKNOWN, const, from_signed_range

DIVISORS = (1, 2, 3, 7, 64, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF, 1 << 63, 0)


def divided(name, number, by, bits):
    """What the instruction gives."""
    ones = (1 << bits) - 1
    number, by = number & ones, by & ones
    if not by:
        return 0 if name.endswith("div") else number
    if name[0] == "s":
        sign = 1 << bits - 1
        number, by = (number ^ sign) - sign, (by ^ sign) - sign
    quotient = abs(number) // abs(by) * (1 if (number < 0) == (by < 0) else -1)
    return (quotient if name.endswith("div") else number - quotient * by) & ones


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("name", ["div", "mod", "sdiv", "smod"])
def test_nothing_else_comes_out(name, wide):
    chance = random.Random(name + str(wide))
    ends = [0, 1, -1, 5, -5, 63, 64, 2**31, -(2**31), 2**31 - 1, 2**32, -(2**63), 2**63 - 1]
    for _ in range(1500):
        near = (chance.choice(ends) + chance.randrange(-3, 4) for _ in range(2))
        low, high = sorted(min(max(number, -(2**63)), 2**63 - 1) for number in near)
        by = chance.choice(DIVISORS)
        told = QUOTIENTS[name, wide](0, from_signed_range(low, high), const(by), LINUX_7_0)
        for number in {low, high, *(chance.randint(low, high) for _ in range(6))}:
            result = divided(name, number, by, 64 if wide else 32)
            assert told.holds(result), (name, wide, low, high, by, number, result, told)


def test_ranges_become_small():
    told = QUOTIENTS["mod", True](0, UNKNOWN, const(10), LINUX_7_0)
    assert (told.umin, told.umax) == (0, 9)
    told = QUOTIENTS["sdiv", False](0, from_signed_range(-40, 80), const((1 << 64) - 8), LINUX_7_0)
    assert (told.smin32, told.smax32) == (-10, 5)
    assert QUOTIENTS["div", True](0, UNKNOWN, UNKNOWN, LINUX_7_0) is UNKNOWN

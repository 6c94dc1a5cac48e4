"""What runs is inside what was proven: no register or stack slot has a value that the verifier's states exclude.

    EBEE_PROGRAMS=100000 pytest tests/engines/test_verifier_soundness.py    takes a quarter of an hour; EBEE_SEED moves on.
"""

from __future__ import annotations

import itertools
import os
import random

import pytest
from random_verified import Verified, is_fact, random_program, run_inside

from ebee.errors import EbeeError
from ebee.isa.asm import assemble
from ebee.verifier.scalar import UNKNOWN

PROGRAMS = int(os.environ.get("EBEE_PROGRAMS", "300"))
SEED = int(os.environ.get("EBEE_SEED", "0"))
EDGES = (0, 1, 7, 255, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)


def test_what_runs_is_inside_what_was_proven():
    accepted, compared, rules, told = 0, 0, set(), 0
    for seed in range(SEED, SEED + PROGRAMS):
        rng = random.Random(seed)
        insns = random_program(rng)
        verified, pruned = Verified(insns), Verified(insns, pruning=True)
        refused = {v.refusal.rule for v in (verified, pruned) if v.refusal is not None}
        rules |= refused
        if "complexity" not in refused and pruned.refusal is not None:
            assert verified.refusal is not None, (seed, pruned.refusal)
        if refused:
            continue
        accepted += 1
        facts = pruned.facts
        told += sum(s is not UNKNOWN for numbers in facts.numbers.values() for s in numbers)
        for _ in range(3):
            inputs = [rng.choice((rng.getrandbits(64), rng.choice(EDGES))) for _ in range(4)]
            try:
                outside, slots = run_inside(insns, verified, inputs)
                not_fact, _ = run_inside(insns, pruned, inputs, is_fact)
            except EbeeError as error:
                pytest.fail(f"program {seed} was accepted, and with {inputs} it did this: {error}")
            compared += len(slots)
            assert outside is None, (seed, inputs, outside, verified.states[outside[0]][:3])
            assert not_fact is None, (seed, inputs, not_fact, facts.numbers.get(not_fact[0]))
            for slot, following in itertools.pairwise(slots):
                assert slot not in facts.jumps or (following != slot + 1) == facts.jumps[slot], (seed, slot)
    assert 0.3 < accepted / PROGRAMS < 0.7
    assert compared > 30 * PROGRAMS
    assert len(rules) > 4
    assert told > 20 * accepted


def test_a_state_that_is_too_narrow_is_found():
    """The comparison itself: without the states of one slot, what runs there is outside."""
    rng = random.Random(2)
    found = 0
    for seed in range(40):
        insns = random_program(random.Random(seed))
        verified = Verified(insns)
        if verified.refusal is None:
            del verified.states[5]
            found += run_inside(insns, verified, [rng.getrandbits(64)] * 4)[0][0] == 5
    assert found > 10


@pytest.mark.parametrize(("operation", "is_two"), [("&=", True), ("|=", True), ("^=", False)])
@pytest.mark.parametrize(("register", "shift"), [("r1", 63), ("w1", 31)])
def test_a_sign_that_fills_all_bits_is_followed_as_two_numbers(register, shift, operation, is_two):
    insns = assemble(f"""
        r0 = 0
        {register} s>>= {shift}
        {register} {operation} 8
        if w1 == {8 if operation == "&=" else -1} goto +2
        if w1 == {0 if operation == "&=" else 8} goto +1
        r0 = *(u64 *)(r10 + 8)
        exit
    """)
    assert (Verified(list(insns)).refusal is None) == is_two

"""What runs is inside what was proven: no register or stack slot has a value that the verifier's states exclude.

    EBEE_PROGRAMS=100000 pytest tests/engines/test_verifier_soundness.py    takes a quarter of an hour; EBEE_SEED moves on.
"""

from __future__ import annotations

import os
import random

import pytest
from random_verified import Verified, random_program, run_inside

from ebee.errors import EbeeError

PROGRAMS = int(os.environ.get("EBEE_PROGRAMS", "300"))
SEED = int(os.environ.get("EBEE_SEED", "0"))
EDGES = (0, 1, 7, 255, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)


def test_what_runs_is_inside_what_was_proven():
    accepted, compared, rules = 0, 0, set()
    for seed in range(SEED, SEED + PROGRAMS):
        rng = random.Random(seed)
        insns = random_program(rng)
        verified = Verified(insns)
        if verified.refusal is not None:
            rules.add(verified.refusal.rule)
        with_pruning = Verified(insns, pruning=True).refusal
        if "complexity" not in (with_pruning and with_pruning.rule, verified.refusal and verified.refusal.rule):
            assert (with_pruning is None) == (verified.refusal is None), (seed, with_pruning, verified.refusal)
        if verified.refusal is not None:
            continue
        accepted += 1
        for _ in range(3):
            inputs = [rng.choice((rng.getrandbits(64), rng.choice(EDGES))) for _ in range(4)]
            try:
                outside, count = run_inside(insns, verified, inputs)
            except EbeeError as error:
                pytest.fail(f"program {seed} was accepted, and with {inputs} it did this: {error}")
            compared += count
            assert outside is None, (seed, inputs, outside, verified.states[outside[0]][:3])
    assert 0.3 < accepted / PROGRAMS < 0.7
    assert compared > 30 * PROGRAMS
    assert len(rules) > 4


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

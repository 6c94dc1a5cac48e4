"""What runs is inside what was proven: no register or stack slot has a value that the verifier's states exclude.

    EBEE_PROGRAMS=100000 pytest tests/engines/test_verifier_soundness.py    takes half an hour; EBEE_SEED moves on.

Of the programs, half have numbers only. The other half are whole: maps, contexts, packets, helpers, callbacks and
functions, made by chance; cases of tests/data/verifier that are changed; and real programs that are changed.
"""

from __future__ import annotations

import itertools
import os
import random
from collections import Counter

import pytest
from random_cases import Generator, real_programs, texts
from random_verified import is_fact, numbers_verified, random_program, run_inside
from verdict_cases import CaseError, parse
from whole_verified import Whole, may_run, told

from ebee.errors import EbeeError
from ebee.isa.asm import assemble
from ebee.spec.default_target import default_target
from ebee.verifier.scalar import UNKNOWN
from ebee.verifier.state import PTR_TO_CTX, PTR_TO_MAP_VALUE, PTR_TO_PACKET, SCALAR

PROGRAMS = int(os.environ.get("EBEE_PROGRAMS", "400")) // 2
SEED = int(os.environ.get("EBEE_SEED", "0"))
EDGES = (0, 1, 7, 255, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)


def test_what_runs_is_inside_what_was_proven():
    accepted, compared, rules, told = 0, 0, set(), 0
    for seed in range(SEED, SEED + PROGRAMS):
        rng = random.Random(seed)
        insns = random_program(rng)
        verified, pruned = numbers_verified(insns), numbers_verified(insns, pruning=True)
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


def test_what_whole_programs_do_is_inside_what_was_proven():
    target, counts, compared, followed = default_target("x86_64"), Counter(), 0, 0
    for index, text in enumerate(texts(Generator(SEED), PROGRAMS, real_programs(every=1 if PROGRAMS > 1000 else 10))):
        try:
            case = parse(text)[0]
            whole = Whole(case, target) if may_run(case) else None
        except (CaseError, EbeeError):
            counts["not a program"] += 1
            continue
        if whole is None or whole.pruned.refusal is not None:
            counts["calls something else" if whole is None else "refused"] += 1
            continue
        refusal = whole.verified.refusal
        assert refusal is None or refusal.rule == "complexity", (text, refusal)
        counts["with states" if refusal is None else "with facts only"] += 1
        followed += told(whole.pruned.facts)
        for turn in range(2):
            try:
                outside, not_fact, slots = whole.run(random.Random(f"{SEED} {index} {turn}"))
            except EbeeError as error:
                pytest.fail(f"program {index} was accepted, and did this: {error}\n{text}")
            compared += len(slots)
            assert outside is None, (index, outside, whole.verified.states.get(outside[0], [])[:3], text)
            assert not_fact is None, (index, not_fact, whole.pruned.facts.numbers.get(not_fact[0]), text)
    assert 0.3 < (counts["with states"] + counts["with facts only"]) / PROGRAMS < 0.8, counts
    assert counts["with states"] > 0.3 * PROGRAMS and compared > 10 * PROGRAMS and followed > 20 * PROGRAMS, counts


def test_whole_programs_outside_are_found():
    """The comparison itself: where numbers of the context, of pointers and of the packet are said to be narrower."""
    found = Counter()
    for seed in range(25):
        case = parse(Generator(seed, ("xdp", "tc"), mistake=0).program())[0]
        whole = Whole(case, default_target("x86_64"))
        if whole.pruned.refusal is None and whole.verified.refusal is None:
            for kind in (SCALAR, PTR_TO_PACKET, PTR_TO_CTX, PTR_TO_MAP_VALUE):
                outside, _, _ = whole.run(random.Random(seed), narrowed=kind)
                found[kind] += outside is not None
    assert all(found[kind] > 2 for kind in (SCALAR, PTR_TO_PACKET, PTR_TO_CTX, PTR_TO_MAP_VALUE)), found


def test_a_state_that_is_too_narrow_is_found():
    """The comparison itself: without the states of one slot, what runs there is outside."""
    rng = random.Random(2)
    found = 0
    for seed in range(40):
        insns = random_program(random.Random(seed))
        verified = numbers_verified(insns)
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
    assert (numbers_verified(list(insns)).refusal is None) == is_two

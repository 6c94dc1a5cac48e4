"""Facts for compilers: what holds at an instruction, whatever path led there."""

from __future__ import annotations

from ebee.isa.asm import assemble
from ebee.verifier.explore import verify
from ebee.verifier.facts import Facts
from ebee.verifier.refusal import Options
from ebee.verifier.scalar import UNKNOWN, const
from ebee.verifier.setting import Setting


def facts_of(text: str) -> Facts:
    verdict = verify(Setting("test", 1, insns=list(assemble(text))), Options(collect_facts=True))
    assert verdict.accepted, verdict.refusal
    assert verdict.facts is not None
    return verdict.facts


def test_ranges_join_where_paths_meet() -> None:
    facts = facts_of("""
        *(u64 *)(r10 - 8) = 0
        r6 = *(u32 *)(r10 - 8)
        r7 = 3
        if r6 > 100 goto +1
        r7 = 9
        r0 = r7
        exit
    """)
    assert facts.numbers[4][6].umax == 100
    r7 = facts.numbers[5][7]
    assert (r7.umin, r7.umax, r7.mask) == (3, 9, 10)
    assert facts.numbers[2][6].umax == (1 << 32) - 1


def test_the_range_of_a_loop() -> None:
    facts = facts_of("""
        r6 = 0
        r7 = 0
    again:
        r7 += 8
        r6 += 1
        if r6 < 1000 goto again
        r0 = r6
        exit
    """)
    r6 = facts.numbers[2][6]
    assert r6.umin == 0 and r6.umax <= 1023
    assert facts.numbers[4][6].umin == 1
    assert facts.numbers[5][6].umin == 1000 and facts.numbers[5][6].umax <= 1024
    assert facts.numbers[2][7].holds(7992)


def test_what_a_path_that_was_left_out_holds() -> None:
    """The walk sees r6 as 1 first and leaves the second path out, since r6 does not matter: facts know of both."""
    facts = facts_of("""
        *(u64 *)(r10 - 8) = 0
        r7 = *(u8 *)(r10 - 7)
        r6 = 1
        if r7 == 5 goto +1
        r6 = 70
        r0 = 0
        r0 = r6
        exit
    """)
    assert facts.numbers[6][6].holds(1) and facts.numbers[6][6].holds(70)


def test_dead_code_and_jumps_of_one_way() -> None:
    facts = facts_of("""
        r6 = 5
        if r6 > 3 goto +1
        r6 = 1
        if r6 == 9 goto +0
        r0 = 0
        exit
    """)
    assert facts.jumps == {1: True, 3: False}
    assert facts.dead == {2}
    assert facts.numbers[4][6] is const(5)


def test_pointers() -> None:
    facts = facts_of("""
        r2 = r10
        r2 += -16
        *(u64 *)(r2 + 8) = r1
        r3 = *(u64 *)(r2 + 8)
        r0 = 0
        exit
    """)
    stored = facts.pointers[2]
    assert (stored[2].kind, stored[2].region, stored[2].target) == ("fp", "stack", 0)
    assert (stored[2].low, stored[2].high, stored[2].not_null) == (-16, -16, True)
    assert (stored[1].kind, stored[1].region, stored[1].not_null) == ("ctx", "context", True)
    assert facts.numbers[4][3] is UNKNOWN
    assert facts.map_of(2) is None


def test_facts_are_for_those_who_ask() -> None:
    setting = Setting("test", 1, insns=list(assemble("r0 = 0\nexit")))
    assert verify(setting).facts is None
    refused = Setting("test", 1, insns=list(assemble("exit")))
    assert verify(refused, Options(collect_facts=True)).facts is None

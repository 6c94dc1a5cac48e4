"""Facts for compilers: what holds at an instruction, whatever path led there."""

from __future__ import annotations

from ebee.abi.helpers import HELPER_IDS
from ebee.isa.asm import assemble
from ebee.verifier.explore import verify
from ebee.verifier.facts import Facts
from ebee.verifier.refusal import Options
from ebee.verifier.scalar import UNKNOWN, const
from ebee.verifier.setting import Setting


def facts_of(text: str) -> Facts:
    verdict = verify(Setting("test", 1, insns=list(assemble(text, helpers=HELPER_IDS))), Options(collect_facts=True))
    assert verdict.accepted, verdict.refusal
    assert verdict.facts is not None
    return verdict.facts


def test_ranges_join_where_paths_meet() -> None:
    facts = facts_of("""
        r1 = *(u32 *)(r1 + 0)
        r6 = r1
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
        r2 = *(u32 *)(r1 + 0)
        r7 = *(u32 *)(r1 + 4)
        r6 = 1
        if r7 == 5 goto +1
        r6 = 70
        r0 = 0
        r0 = r6
        exit
    """)
    assert facts.numbers[6][6].holds(1) and facts.numbers[6][6].holds(70)


def test_numbers_that_were_spilled() -> None:
    facts = facts_of("""
        r6 = *(u32 *)(r1 + 0)
        r6 &= 15
        *(u64 *)(r10 - 8) = r6
        *(u32 *)(r10 - 16) = 7
        call get_prandom_u32
        r7 = *(u64 *)(r10 - 8)
        r8 = *(u8 *)(r10 - 8)
        r9 = *(u32 *)(r10 - 16)
        *(u8 *)(r10 - 8) = 200
        r1 = *(u64 *)(r10 - 8)
        r2 = *(s8 *)(r10 - 8)
        r0 = 0
        exit
    """)
    before_exit = facts.numbers[11]
    assert (before_exit[7].umax, before_exit[8].umax, before_exit[9]) == (15, 15, const(7))
    assert before_exit[1] is UNKNOWN
    assert before_exit[2].smin == -56


def test_numbers_that_a_pointer_to_the_stack_may_have_changed() -> None:
    """A helper changes what lies from its pointers on, a store what it hits, a function of the program everything."""
    for change, kept in (
        ("r1 = r10\nr1 += -8\nr2 = 8\ncall get_current_comm", {"r7"}),
        ("r2 = r10\nr2 += -16\n*(u64 *)(r2 + 8) = 1", {"r7"}),
        ("r2 = r10\nr2 += -16\n*(u64 *)(r2 + 0) = 1", {"r8"}),
        ("r2 = r10\nr2 += -48\n*(u64 *)(r2 + 0) = 1", {"r7", "r8"}),
        ("r1 = r10\ncall local", set()),
        ("r1 = 0\ncall local", {"r7", "r8"}),
    ):
        facts = facts_of(f"""
            *(u64 *)(r10 - 16) = 7
            *(u64 *)(r10 - 8) = 8
            {change}
            r7 = *(u64 *)(r10 - 16)
            r8 = *(u64 *)(r10 - 8)
            r0 = 0
            exit
            {"local: r0 = 0" if "local" in change else ""}
            {"exit" if "local" in change else ""}
        """)
        last = facts.numbers[next(slot for slot, numbers in facts.numbers.items() if numbers[0] is const(0))]
        found = {name for name, number in (("r7", 7), ("r8", 8)) if last[number] is const(number)}
        assert found == kept, change


def test_a_load_of_four_bytes_that_gives_a_pointer() -> None:
    setting = Setting("test", 6, insns=list(assemble("r2 = *(u32 *)(r1 + 0)\nr3 = *(u32 *)(r1 + 12)\nr0 = 0\nexit")))
    facts = verify(setting, Options(collect_facts=True)).facts
    assert facts is not None and facts.numbers[3][2] is UNKNOWN and facts.numbers[3][3].umax == (1 << 32) - 1


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

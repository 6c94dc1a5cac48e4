"""The cases of tests/data/verifier: what the kernel said when they were recorded, and what it says today."""

from __future__ import annotations

import functools
import random

import pytest
from compare import KERNEL, KNOWN, compare, known_names, target_with_types
from host_verdict import kernel_verdict, kernel_version
from verdict_cases import FOLDER, CaseError, Verdict, parse, read_cases, with_other, with_verdict

from ebee.errors import EbeeError
from ebee.verifier.entry import verify_program
from ebee.verifier.refusal import Options
from ebee.verifier.rules import OTHER, RULES, TABLE, rule_of

FILES = sorted(FOLDER.glob("*.asm"))


@functools.cache
def cases(path):
    return read_cases([path])


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_cases_are_read_and_written_alike(path):
    for case in cases(path):
        assert case.verdicts, f"{case.name}: run tools/verdicts/record.py --new"
        for kernel, verdict in case.verdicts.items():
            if len(case.verdicts) == 1:
                assert with_verdict(case, kernel, verdict) == case.text


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_message_has_a_rule(path):
    for case in cases(path):
        for kernel, verdict in case.verdicts.items():
            # Other kernels have messages that no rule tells of, and refuse more without a word.
            if not verdict.accepted and (kernel == "6.18" or verdict.rule not in (OTHER, "no_message")):
                assert verdict.rule == rule_of(verdict.message).name != OTHER, f"{case.name}: {verdict.message}"


def test_names_of_cases_are_unique():
    assert len(read_cases()) > 150


@pytest.mark.needs_kernel
@pytest.mark.needs_root
@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_the_kernel_says_what_was_recorded(path):
    kernel = kernel_version()
    asked = [(case, case.verdicts[kernel]) for case in cases(path) if kernel in case.verdicts]
    if not asked:
        pytest.skip(f"no verdicts of Linux {kernel} are recorded")
    for case, recorded in asked:
        if case.options & {"unprivileged"}:
            continue
        verdict = kernel_verdict(case)
        assert (verdict.accepted, verdict.rule, verdict.line) == (recorded.accepted, recorded.rule, recorded.line), case.name


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_the_verifier_says_what_the_kernel_says(path):
    known, target = set(KNOWN.read_text().split()), target_with_types()
    for case in cases(path):
        if KERNEL in case.verdicts and case.name not in known:
            found = compare(case, target)
            assert found.kind in ("same", "other"), f"{case.name}: {found.words}"


def test_what_is_listed_as_judged_otherwise_still_is():
    known, target = set(KNOWN.read_text().split()), target_with_types()
    found = {case.name: compare(case, target) for case in read_cases() if case.name in known}
    assert known == set(found), "there is no such case"
    agreed = sorted(name for name, said in found.items() if said.kind in ("same", "other"))
    assert not agreed, f"take from {KNOWN.name}: {agreed}"


def test_what_is_listed_only_becomes_less():
    assert known_names({"a", "b", "c"}, ["d", "c", "b", "e"], {"c", "e"}, add=False) == ["b", "c"]
    assert known_names({"a", "b", "c"}, ["d", "c", "b", "e"], {"c", "e"}, add=True) == ["b", "c", "d"]


# Rules that no case can break in a moment, or as its text: where they are tested instead, or why there is none.
WITHOUT_CASES = {
    "btf_write": "writes into the kernel's structs need a struct_ops program of the running kernel",
    "cfg_jump_table": "gotox came with Linux 6.19: test_jump_tables",
    "complexity": "it takes a million instructions: test_retrace, test_fuzz_verifier",
    "exception": "a second exception callback is a tag of BTF that cases do not have",
    "kfunc_unknown": "a case's kernel functions are those of the kernel that is asked",
    "line_info": "cases have none",
    "list_tree": "the kernel's own allocations: bpf_obj_new",
    "load_argument": "no message of a verifier",
    "map_fd": "a case's maps are made",
    "privilege": "cases are recorded with privilege",
    "program_size": "test_fuzz_verifier",
    "speculation": "seen by users without privilege only",
}


def test_rules_without_a_case():
    broken = {verdict.rule for case in read_cases() for verdict in case.verdicts.values() if not verdict.accepted}
    without = set(RULES) - broken - {OTHER}
    assert without <= set(WITHOUT_CASES), f"write cases for {sorted(without - set(WITHOUT_CASES))}"
    assert not set(WITHOUT_CASES) - set(RULES)


def test_types_that_are_changed_are_refused_or_none_are_needed():
    pick, refused = random.Random(1), 0
    with_types = [case for case in read_cases() if case.spec.btf]
    for _ in range(300):
        case = pick.choice(with_types)
        data = bytearray(case.spec.btf)
        for _ in range(pick.choice((1, 2, 5))):
            data[pick.randrange(len(data))] = pick.choice((0, 1, 255, pick.randrange(256)))
        verdict = verify_program(case.program, case.spec.replace(btf=bytes(data)), None, Options(max_insns=5000))
        refused += verdict.refusal is not None and verdict.refusal.rule == "line_info"
    assert 30 < refused < 300


def test_verdicts_of_other_kernels_are_written_beside_a_case():
    text = "case x\nsection socket\nkernel 6.18 accepts 2\n    r0 = 0\n    exit\n"
    refused = Verdict(False, 0, "unknown opcode 95", "insn_reserved")
    said = {"6.12": Verdict(True, 2), "6.1": Verdict(True, 2), "6.12-user": Verdict(True, 2), "6.1-user": refused}
    lines = with_other(parse(text)[0], said)
    assert lines[3:5] == ["like 6.18 6.1 6.12 6.12-user", "kernel 6.1-user refuses insn_reserved: unknown opcode 95"]
    again = parse("\n".join(lines))[0]
    assert again.verdicts["6.12-user"].accepted and again.verdicts["6.1-user"] == refused
    assert with_other(again, {}) == lines


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("case x\nsection socket\n    r0 = 0\n    exot\n", "<cases>:4"),
        ("case x\nsecton socket\n    r0 = 0\n", "'secton' is no word"),
        ("case x\nmap m shelf\n    r0 = 0\n", "map: KeyError('shelf')"),
        ("case x\nsection socket\n", "without code"),
        ("case x\nstruct s a=b\n    exit\n", "is no member"),
    ],
)
def test_cases_that_cannot_be_read(text, words):
    with pytest.raises((CaseError, EbeeError)) as e:
        parse(text)
    assert words in str(e.value)


def test_rules_have_names_and_words():
    assert len(RULES) == len(TABLE) > 80
    for rule in TABLE:
        assert rule.words.endswith(".") and rule.hint and not rule.hint.endswith("."), rule.name
        assert rule.patterns, rule.name
        for language in ("", "python", "c", "bpftrace", "asm"):
            assert rule.advice(language), rule.name

"""Calls of every helper: our verdict on each call whose verdict by a kernel is recorded."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from ebee.abi import bpf
from ebee.abi.helpers import HELPER_IDS
from ebee.abi.map_helpers import MAPS_OF
from ebee.isa.asm import assemble
from ebee.isa.opcodes import LDDW
from ebee.spec.object import MapSpec
from ebee.spec.sections import SECTIONS
from ebee.verifier.explore import verify
from ebee.verifier.prototypes import helper_proto
from ebee.verifier.setting import Setting, slots_of

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools" / "gen"))
import verifier_helper_arguments as generator  # noqa: E402 - of the generator's folder

RECORDED = ROOT / "tests" / "data" / "verifier" / "helper_arguments.txt"
TEXT = b"%d".ljust(64, b"\0")
MAPS = {"map": 1, "hash": 2, "data": 3, "text": 4}


def map_of(name: str, kind: str) -> MapSpec:
    if name == "data":
        return MapSpec("data", bpf.BPF_MAP_TYPE_ARRAY, 4, 64, 1)
    if name == "text":
        flags = bpf.BPF_F_RDONLY_PROG
        return MapSpec("text", bpf.BPF_MAP_TYPE_ARRAY, 4, 64, 1, flags, initial=TEXT, frozen=True)
    kind = "HASH" if name == "hash" else kind
    key, value, entries = generator.sizes(kind)
    return MapSpec(name, getattr(bpf, f"BPF_MAP_TYPE_{kind}"), key, value, entries)


def ours(kind: str, text: str, map_kind: str) -> str:
    """Return our verdict as the file has the kernel's."""
    prog_type, attach_type, _, flags = SECTIONS[kind]
    insns = list(assemble(text, symbols=MAPS))
    names = {number: name for name, number in MAPS.items()}
    maps = {
        slot: map_of(names[insn.imm & 0xFFFF_FFFF], map_kind)
        for insn, slot in zip(insns, slots_of(insns), strict=True)
        if insn.opcode == LDDW
    }
    setting = Setting("t", prog_type, attach_type, prog_flags=flags, section=kind, insns=insns, maps=maps)
    setting.attach_to = generator.HOOKS.get(kind, "")
    verdict = verify(setting)
    return "ok" if verdict.refusal is None else verdict.refusal.message


def cases() -> list[tuple[str, str, str, str]]:
    """Return (name, kind of program, its text, what the kernel said)."""
    found = []
    for line in RECORDED.read_text().splitlines():
        if line.startswith("#"):
            continue
        head, _, answer = line.partition(": ")
        kind, helper, number, whats = head.split()
        proto = helper_proto(HELPER_IDS[helper], SECTIONS[kind][0])
        assert proto is not None
        right = [generator.right(arg, kind) for arg in proto.args]
        for what in whats.split(","):
            values = right[:]
            if number != "0":
                values[int(number) - 1] = generator.WRONG[what]
            end = values.index(None) if None in values else len(values)
            text = generator.program(kind, proto, [value for value in values[:end] if value is not None])
            found.append((f"{kind} {helper} {number}={what}", kind, text, answer))
    return found


def is_same(ours: str, kernel: str) -> bool:
    kernel = "" if "reference leak" in kernel else kernel  # the line before it is the reason
    kernel = "" if kernel == "refused without a reason" else kernel
    return kernel in re.sub(r"type=\w+ ", "type=* ", ours)


# What is decided elsewhere: by the kernel's configuration, and by types that a kernel without BTF does not tell.
ELSEWHERE = ("probe_write_user", "override_return", "d_path")


@pytest.mark.parametrize("part", range(4))
def test_our_verdicts_are_the_kernels(part: int) -> None:
    wrong = []
    for name, kind, text, answer in cases()[part::16]:
        helper = name.split()[1]
        if helper in ELSEWHERE:
            continue
        said = ours(kind, text, MAPS_OF.get(helper, "HASH").split()[0])
        if (said == "ok") != (answer == "ok") or not is_same(said, answer):
            wrong.append((name, answer, said))
    assert wrong == []

"""Programs that one kernel's arithmetic proves and an older one's does not: the verdict is that of the running kernel."""

from __future__ import annotations

import os

import pytest
from scalar_log import verifier_log

from ebee.isa.asm import assemble
from ebee.verifier.explore import verify
from ebee.verifier.refusal import Options
from ebee.verifier.setting import Setting

KERNELS = ("6.1", "6.12", "6.18")
# The first kernel that knows r6 to be 0 to 7 after each.
CASES = [
    ("6.1", "r6 &= 7"),
    ("6.1", "if r6 > 7 goto +8"),
    ("6.12", "r7 &= 7\nif r6 > r7 goto +8"),
    ("6.18", "r6 &= 7\nr6 -= 7\nr6 *= -1"),
    ("6.18", "r6 &= 7\nr6 = -r6\nr6 = -r6"),
    ("6.18", "r6 &= 0x700\nr6 = bswap16 r6"),
]


def _program(lines):
    return assemble(f"""
        call 7
        r6 = r0
        call 7
        r7 = r0
        {lines}
        r1 = r10
        r1 += -8
        r1 += r6
        r2 = 0
        *(u8 *)(r1 + 0) = r2
        r0 = 0
        r0 = 0
        r0 = 0
        r0 = 0
        exit
    """)


def _is_accepted(lines, kernel):
    return verify(Setting("numbers", 1, insns=_program(lines)), Options(kernel=kernel)).accepted


@pytest.mark.parametrize(("since", "lines"), CASES)
def test_rules_are_those_of_the_kernel_asked_for(since, lines):
    assert [_is_accepted(lines, kernel) for kernel in KERNELS] == [
        kernel in KERNELS[KERNELS.index(since) :] for kernel in KERNELS
    ]


@pytest.mark.needs_kernel
@pytest.mark.parametrize(("since", "lines"), CASES)
def test_verdict_is_that_of_the_running_kernel(since, lines):
    version = ".".join(os.uname().release.split(".")[:2])
    if "bswap" in lines and version in ("6.1",):
        pytest.skip("the instruction came with Linux 6.6")
    accepted, log = verifier_log(_program(lines))
    assert accepted == _is_accepted(lines, version), log

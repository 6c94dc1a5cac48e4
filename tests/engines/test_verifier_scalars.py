"""Numbers of the verifier, field by field, beside those of the kernel's own log.

EBEE_PROGRAMS=20000 pytest tests/engines/test_verifier_scalars.py -k kernel    takes half a minute; EBEE_SEED moves on.
"""

from __future__ import annotations

import os
import random

import pytest
from scalar_log import Model, number_of, random_program, verifier_log

from ebee.verifier.scalar import UNKNOWN, const, from_range, truncate

PROGRAMS = int(os.environ.get("EBEE_PROGRAMS", "600"))
SEED = int(os.environ.get("EBEE_SEED", "0"))


def test_numbers_in_logs_are_read():
    assert number_of("scalar()") is UNKNOWN
    assert number_of("-7") is const(-7)
    assert number_of("0xffff") is const(0xFFFF)
    assert number_of("scalar(smin=smin32=0,smax=umax=smax32=umax32=255,var_off=(0x0; 0xff))") is truncate(UNKNOWN, 1)
    assert number_of("scalar(id=4,smin=umin=smin32=umin32=8,smax=umax=smax32=umax32=9,var_off=(0x8; 0x1))") is from_range(
        8, 9
    )
    assert number_of("ctx()") is None


@pytest.mark.needs_kernel
def test_numbers_are_those_of_the_kernel():
    if os.uname().release.split(".")[:2] != ["6", "18"]:
        pytest.skip("the rules compared are those of Linux 6.18")
    compared = 0
    for seed in range(SEED, SEED + PROGRAMS):
        insns = random_program(random.Random(seed))
        accepted, log = verifier_log(insns)
        assert accepted, log[-2000:]
        model = Model(insns)
        model.follow(log)
        compared += model.compared
        assert not model.differences, (seed, *model.differences[0])
    assert compared > 20 * PROGRAMS

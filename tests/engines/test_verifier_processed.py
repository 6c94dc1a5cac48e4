"""The verifier explores what the kernel's does: of every example the same number of instructions."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import ebee
from ebee.api import options
from ebee.cli.disasm import probes_of

pytestmark = pytest.mark.needs_kernel
EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.py"))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_as_many_instructions_as_the_kernel(file):
    before = options.current
    try:
        made = ebee.compile(*probes_of(str(file)), target="kernel")
    finally:
        options.current = before
        sys.path[:] = [entry for entry in sys.path if entry != str(file.parent)]
    theirs = {verdict.program: verdict for verdict in ebee.verify(made, log="kernel")}
    for mine in ebee.verify(made, target="kernel"):
        kernel = theirs[mine.program]
        assert mine.accepted and kernel.accepted, str(mine)
        if os.uname().release.startswith("6.18."):
            assert (mine.processed, mine.total_states) == (kernel.processed, kernel.total_states), mine.program
        else:
            assert mine.processed <= 1.5 * kernel.processed, mine.program

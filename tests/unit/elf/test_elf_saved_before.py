"""Objects that `ebee compile` of an earlier format wrote: `core_fields` where there is `exact` now.

saved_core_fields.bpf.o: a raw tracepoint's `counts[task.pid] = task.real_parent.tgid`, compiled before relocations of
Python programs were those of C.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import ebee
from ebee.api.compile import find_target
from ebee.elf.read import read_object
from ebee.elf.write import write_object

SAVED = Path(__file__).parents[2] / "data/objects/saved_core_fields.bpf.o"


def test_fields_of_the_kernel_follow_its_types():
    """Their types in the file say too little for exact relocations: they follow a field of another width, as C's do."""
    spec = read_object(SAVED.read_bytes())
    relos = spec.programs["on_exec"].core_relos
    assert [relo.insn_idx for relo in relos] == [2, 14, 27] and not any(relo.is_exact for relo in relos)
    again = read_object(write_object(spec, find_target("default")))
    assert again.programs["on_exec"].core_relos == relos
    assert again.programs["on_exec"].insns == spec.programs["on_exec"].insns


@pytest.mark.needs_kernel
def test_they_load():
    with ebee.load(SAVED, backend="kernel") as loaded:
        loaded.programs["on_exec"].attach()
        subprocess.run(["true"], check=True)
        assert os.getpid() in [parent for _, parent in loaded.maps["counts"].items()]

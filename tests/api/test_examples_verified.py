"""What is compiled for every tool in examples/ verifies here, and in the kernel where there is one to ask."""

from __future__ import annotations

import functools
import os

import pytest
from test_examples_load import EXAMPLES, compiled

from ebee.api.compile import find_target
from ebee.verifier.entry import verify_program

spec_of = functools.cache(lambda file: compiled(file)[0].spec)
each = pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)


@each
def test_it_verifies(file):
    obj = spec_of(file)
    target = find_target("kernel" if os.path.exists("/sys/kernel/btf/vmlinux") else "auto")
    verdicts = {prog.name: verify_program(prog, obj, target) for prog in obj.programs.values()}
    assert {name: str(verdict.refusal) for name, verdict in verdicts.items() if not verdict.accepted} == {}


@pytest.mark.needs_kernel
@each
def test_the_kernel_says_so_too(file):
    from ebee.kernel.backend import KernelBackend

    backend, obj = KernelBackend(), spec_of(file)
    try:
        maps = {name: backend.create_map(spec, obj) for name, spec in obj.maps.items()}
        for prog in obj.programs.values():
            result, log = backend.verifier_log(prog, obj, maps, 1, 1 << 20)
            assert result == 0 or not log, log  # without a log it is not the verifier that refused
    finally:
        backend.close()

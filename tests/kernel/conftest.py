from __future__ import annotations

import time

import pytest
from kernel_programs import object_of

from ebee.kernel.backend import KernelBackend


@pytest.fixture
def backend():
    made = KernelBackend()
    yield made
    made.close()


class Run:
    """A command that was run under programs: its exit status and the records of each ring."""

    def __init__(self, backend, argv, programs, maps, timeout_s=60, **of_object):
        obj = object_of(*programs, maps=maps, **of_object)
        live = {m.name: backend.create_map(m, obj) for m in maps}
        self.scope = backend.scope()
        self.programs = [backend.load_program(p, obj, live, self.scope) for p in programs]
        links = [backend.attach(p) for p in self.programs]
        self.command = backend.spawn(argv, self.scope)
        self.records = {name: [] for name in live}
        end = time.monotonic() + timeout_s
        while self.command.poll() is None:
            assert time.monotonic() < end, "the command does not end"
            backend.wait(1)
            self._drain(live)
        self._drain(live)
        for link in links:
            link.close()
        self.status = self.command.poll()
        self.live = live

    def _drain(self, live):
        for name, m in live.items():
            if m.ring is not None:
                self.records[name] += m.drain()


@pytest.fixture
def run(backend):
    return lambda argv, programs, maps, **more: Run(backend, argv, programs, maps, **more)

"""What tests of maps share: declarations made live on either backend, and probes over them made from text.

On the kernel a probe is compiled as for a tracepoint and loaded as a raw tracepoint program, which BPF_PROG_TEST_RUN
takes: nothing is attached. Its arguments are constants in its text.
"""

from __future__ import annotations

import collections
import contextlib
import itertools
import sys
from pathlib import Path

import pytest

import ebee
from ebee import (
    Str,
    Struct,
    s32,
    u8,
    u32,
    u64,
)
from ebee.abi import bpf
from ebee.api.live import LiveMap
from ebee.api.losses import losses_of
from ebee.api.source import compile_probes, remember_source
from ebee.errors import SyscallError
from ebee.lower.object import ObjectBuilder
from ebee.spec.backend import TestRun as Run
from ebee.spec.object import LOSS_MAP
from ebee.sys.cpus import possible_cpus

CPUS = possible_cpus()
ROOT = Path(__file__).parents[2]


class Key(Struct):
    pid: u32
    cpu: u8
    when: u64


class Stat(Struct):
    count: u64
    small: u8
    total: s32
    name: str = Str(16)


def make_backend(name):
    if name == "kernel":
        from ebee.kernel.backend import KernelBackend

        return KernelBackend()
    from ebee.engine.backend import EngineBackend

    return EngineBackend()


@pytest.fixture(params=["engine", pytest.param("kernel", marks=pytest.mark.needs_kernel)])
def backend(request):
    made = make_backend(request.param)
    yield made
    made.close()


class Holder:
    """What holds live maps, in place of a session: those that are made inside others."""

    def __init__(self):
        self.adopted = []

    def adopt(self, decl, live):
        self.adopted.append(decl)


@contextlib.contextmanager
def bound(spec, decls, backend):
    """Bind declarations to live maps of a backend, as a session does."""
    maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
    holder = Holder()
    for name, decl in decls.items():
        decl._bindings.append(LiveMap(holder, spec.maps[name], maps[name], lambda m: backend.create_map(m, spec)))
    try:
        yield maps
    finally:
        for decl in [*decls.values(), *holder.adopted]:
            decl._bindings.pop()


@pytest.fixture
def live(backend):
    """A function that makes declarations live."""
    with contextlib.ExitStack() as stack:

        def bind(*decls):
            builder = ObjectBuilder("maps")
            for i, decl in enumerate(decls):
                builder.use_map(decl, f"m{i}")
            stack.enter_context(bound(builder.finish(backend.target), builder.decls, backend))
            return decls if len(decls) > 1 else decls[0]

        yield bind


_serial = itertools.count()


class Probe:
    """A probe over maps, made from text. `run()` runs it once; `losses` says what was counted."""

    def __init__(self, stack, backend, body, maps):
        file = f"<map kinds {next(_serial)}>"
        lines = [line for line in body.splitlines() if line.strip()]
        indent = len(lines[0]) - len(lines[0].lstrip())
        text = "import ebee\n@ebee.tracepoint('syscalls:sys_enter_getpid')\ndef probe(ctx):\n"
        text += "".join(f"    {line[indent:]}\n" for line in lines)
        remember_source(file, text)
        names = {"__name__": file, **vars(ebee), "Key": Key, "Stat": Stat, "u8": u8, "u32": u32, "u64": u64, **maps}
        sys.modules[file] = type(sys)(file)
        exec(compile(text, file, "exec"), names)
        self.spec, decls = compile_probes([names["probe"]], backend.target)
        self.backend = backend
        self.maps = stack.enter_context(bound(self.spec, decls, backend))
        program = self.spec.programs["probe"]
        if backend.name == "kernel":
            program.prog_type, program.section, program.attach_to = bpf.BPF_PROG_TYPE_RAW_TRACEPOINT, "raw_tp/test", ""
        self.program = backend.load_program(program, self.spec, self.maps)

    def run(self, times=1):
        for _ in range(times):
            self.backend.test_run(self.program, Run(ctx=bytes(64)))

    @property
    def losses(self):
        if LOSS_MAP not in self.maps:
            return {}
        found = losses_of(self.spec.loss_sites, self.maps[LOSS_MAP].lookup(bytes(4)))
        assert all(str(loss) for loss in found)
        return dict(collections.Counter((loss.kind, loss.what) for loss in found for _ in range(loss.count)))


@pytest.fixture
def probe(backend):
    """A function (body, **maps) that makes a probe and runs it once."""
    with contextlib.ExitStack() as stack:

        def make(body, times=1, **maps):
            made = Probe(stack, backend, body, maps)
            made.run(times)
            return made

        yield make


def refused(number, call, *args, **named):
    with pytest.raises(SyscallError) as caught:
        call(*args, **named)
    assert caught.value.errno == number

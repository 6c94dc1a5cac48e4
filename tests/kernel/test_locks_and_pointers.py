"""Locks and kernel pointers in values: docs/locks.md, every way out, what is no place for them."""

import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import ebee
from ebee import Array, Hash, Kptr, List, PerCpuArray, RingBuf, SpinLock, Struct, Union, u32, u64
from ebee.api.source import compile_probes, remember_source
from ebee.engine.backend import EngineBackend
from ebee.errors import UsageError
from ebee.kernel.backend import KernelBackend
from ebee.spec.backend import TestRun as Run
from ebee.spec.object import LOSS_MAP

PAGE = Path(__file__).resolve().parents[2] / "docs" / "locks.md"
BOTH = [EngineBackend, pytest.param(KernelBackend, marks=[pytest.mark.needs_kernel, pytest.mark.vm])]


@pytest.fixture(scope="module")
def page():
    (text,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    remember_source(str(PAGE), text)
    module = sys.modules["docs_locks"] = type(sys)("docs_locks")
    exec(compile(text, str(PAGE), "exec"), module.__dict__)
    return module


def run(backend, probe, *runs):
    """Run a probe; return the maps' first values as bytes, and what was lost."""
    backend = backend()
    try:
        spec, _decls = compile_probes([probe], backend.target)
        maps = {n: backend.create_map(m, spec) for n, m in spec.maps.items()}
        program = backend.load_program(next(iter(spec.programs.values())), spec, maps)
        for r in runs:
            backend.test_run(program, r)
        found = {n: [m.lookup(struct.pack("<I", k)) for k in range(4)] for n, m in maps.items() if m.spec.key_size == 4}
        return found, sum(struct.unpack("<Q", b"".join(found.pop(LOSS_MAP)[:1])[:8]) if LOSS_MAP in found else (0,))
    finally:
        backend.close()


@pytest.mark.parametrize("backend", BOTH)
def test_locks_of_the_page(page, backend):
    found, _lost = run(backend, page.count, Run(data=bytes(100)), Run(data=bytes(64)))
    assert page.Account._type.unpack(found["accounts"][0]) == page.Account(total=164, largest=100)


class Locked(Struct):
    n: u64
    lock: SpinLock
    m: u64


entries = Array(Locked, max_entries=2)
out = Array(u64, max_entries=4)


@ebee.xdp
def ways(pkt):
    v = entries.lookup(0)
    if v is not None:
        for i in range(4):
            with v.lock:
                if i == 1:
                    continue
                v.n += 1
                if i == 2:
                    break
        out[0] = v.n
        with v.lock:
            v.m = pkt[0]
            if v.m == 9:
                return ebee.XDP_DROP
            assert v.m != 8
        out[1] += 1
    return ebee.XDP_PASS


@pytest.mark.parametrize("backend", BOTH)
def test_every_way_out_lets_go(backend):
    packets = [Run(data=bytes([n]) + bytes(63)) for n in (9, 8, 7, 7)]
    found, _lost = run(backend, ways, *packets)
    assert [int.from_bytes(value, "little") for value in found["out"][:2]] == [8, 2]
    assert found["entries"][0] == struct.pack("<QIIQ", 8, 0, 0, 7)


@pytest.mark.needs_kernel
@pytest.mark.needs_feature("may_goto")  # bpf_task_acquire of a reference that is held: Linux 6.7
def test_pointers_of_the_page(page):
    child = subprocess.Popen(["sleep", "60"])
    try:
        found, lost = run(KernelBackend, page.watch, Run(ctx=struct.pack("<i", child.pid)))
    finally:
        child.kill()
        child.wait()
    assert [int.from_bytes(value, "little") for value in found["seen"][:3]] == [child.pid, child.pid, 0] and lost == 0


class WithPointer(Struct):
    task: object = Kptr("task_struct")
    n: u64


def test_outside_of_probes_they_are_none():
    value = Locked(n=1)
    assert value.lock is None and Locked._type.unpack(Locked._type.pack(value)) == value
    assert WithPointer().task is None
    with pytest.raises(TypeError, match="is the kernel's: only probes use it"):
        Locked._type.pack(Locked(lock=1))


def test_where_they_cannot_be():
    for make, what in (
        (lambda: PerCpuArray(Locked, max_entries=1), "cannot hold a lock or kernel pointer"),
        (lambda: RingBuf(Locked), "cannot hold a lock or kernel pointer"),
        (lambda: Hash(Locked, u32), "Hash: keys cannot hold"),
        (lambda: Kptr("file"), "Kptr() does not know struct 'file'"),
        (lambda: type("A", (Struct,), {"__annotations__": {"a": SpinLock, "b": SpinLock}}), "A.b: a value has one lock"),
        (lambda: type("A", (Struct,), {"__annotations__": {"a": Locked}}), "A.a: a lock or kernel pointer stands in"),
        (lambda: type("A", (Union,), {"__annotations__": {"a": SpinLock}}), "A.a: a lock or kernel pointer stands in"),
        (lambda: List(Locked, 2), "List(): a lock or kernel pointer stands in"),
    ):
        with pytest.raises(UsageError, match=re.escape(what)):
            make()

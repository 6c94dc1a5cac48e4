"""Records through a perf event array, in the engine and in the kernel."""

from __future__ import annotations

import sys

import pytest

import ebee
from ebee import PerfEventArray, Struct, s32, u8, u32, u64
from ebee.errors import CompileError, UsageError


class Close(Struct):
    pid: u32
    number: s32
    odd: u8


class Big(Struct):
    text: bytes = ebee.Bytes(200)


closes = PerfEventArray(Close)
numbers = PerfEventArray(u64)
big = PerfEventArray(Big)

BACKENDS = ["engine", pytest.param("kernel", marks=[pytest.mark.needs_kernel, pytest.mark.vm])]


@ebee.tracepoint("syscalls:sys_enter_fdatasync")
def on_sync(ctx):
    closes.output(Close(pid=ebee.pid(), number=s32(ctx.fd), odd=u8(ctx.fd & 1)))
    numbers.output(u64(ctx.fd) + 1)


@pytest.mark.needs_ptrace
@pytest.mark.parametrize("backend", BACKENDS)
def test_records_come_in_order(backend):
    code = "import os\nfor n in range(1000, 1200):\n    try: os.fdatasync(n)\n    except OSError: pass"
    with ebee.Session(backend=backend) as session:
        with session.attach(on_sync, command=[sys.executable, "-S", "-c", code]) as attached:
            seen = [e for e in closes if e.number >= 1000]
            pid = attached.command.pid
        assert not attached.losses
        assert [(e.pid, e.number, e.odd) for e in seen] == [(pid, n, n & 1) for n in range(1000, 1200)]
        assert [n for n in numbers.drain() if n > 1000] == list(range(1001, 1201)) and numbers.drain() == []


@ebee.tracepoint("syscalls:sys_enter_fdatasync")
def flood(ctx):
    record = Big()
    for _ in range(2000):
        big.output(record)


@pytest.mark.needs_ptrace
@pytest.mark.parametrize("backend", BACKENDS)
def test_what_does_not_fit_is_counted(backend):
    code = "import os\ntry: os.fdatasync(999)\nexcept OSError: pass"
    lost = []
    with ebee.Session(backend=backend) as session:
        attached = session.attach(flood, command=[sys.executable, "-S", "-c", code], on_loss=lost.extend)
        with attached:
            assert attached.wait() == 0
            seen = big.drain()
    assert 1000 < len(seen) < 1400 and all(len(e.text) == 200 for e in seen)
    assert [(loss.kind, loss.what, loss.count + len(seen)) for loss in lost] == [("perf_full", "big", 2000)]
    assert "the buffer of a CPU of 'big' was full" in str(lost[0])


def test_what_is_refused():
    @ebee.tracepoint("syscalls:sys_enter_fdatasync")
    def reserves(ctx):
        with closes.reserve() as e:
            e.pid = 1

    @ebee.sk_lookup()
    def no_output(ctx):
        numbers.output(1)
        return ebee.SK_PASS

    with pytest.raises(CompileError, match=r"has no reserve\(\)"):
        ebee.compile(reserves)
    with pytest.raises(UsageError, match=r"has no reserve\(\)"):
        closes.reserve()
    with pytest.raises(UsageError, match="at most 65507 bytes"):
        PerfEventArray(ebee.Bytes(70_000))


def test_objects_leave_the_number_of_cpus_to_the_loader():
    spec = ebee.compile(on_sync).spec
    assert (spec.maps["closes"].key_size, spec.maps["closes"].value_size, spec.maps["closes"].max_entries) == (4, 4, 0)

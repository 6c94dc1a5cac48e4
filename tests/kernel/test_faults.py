"""Fault injection at the seam: whichever system call fails, the error is one of ebee's, and nothing stays open."""

from __future__ import annotations

import contextlib
import errno
import gc
import os

import pytest

import ebee
from ebee import Array, Hash, PerfEventArray, RingBuf, Struct, UserRingBuf, u32, u64
from ebee.abi import bpf as abi
from ebee.errors import EbeeError, SyscallError
from ebee.kernel import maps
from ebee.kernel.backend import KernelBackend
from ebee.spec.object import MapSpec, ObjectSpec
from ebee.sys.os_seam import Os, swapped
from fd_leaks import leaked, open_fds

pytestmark = [pytest.mark.needs_kernel, pytest.mark.needs_root]

ERRORS = (errno.EPERM, errno.ENOMEM, errno.EINTR)
CALLS = ("bpf", "perf_event_open", "ioctl", "pidfd_open", "fsopen", "fsconfig", "fsmount", "map_shared", "read_file",
         "map_file")  # fmt: skip
RAISING = ("map_shared", "read_file", "map_file")


class FaultyOs(Os):
    """The machine, on which the call with a number fails (0: none). `made` are the calls there were."""

    def __init__(self, number=0, error=0):
        super().__init__()
        self.number, self.error, self.made = number, error, []


def _faulty(name):
    def call(self, *args, **named):
        self.made.append(name)
        if len(self.made) == self.number:
            if name in RAISING:
                raise OSError(self.error, os.strerror(self.error))
            return -self.error
        return getattr(Os, name)(self, *args, **named)

    return call


for _name in CALLS:
    setattr(FaultyOs, _name, _faulty(_name))


class Event(Struct):
    number: u64
    cpu: u32


# Flows: what users do, from nothing to nothing


def flow_attach():
    counts, events = Hash(u32, u64), RingBuf(Event)

    @ebee.tracepoint("syscalls:sys_enter_openat")
    def opened(ctx):
        counts[ebee.pid()] += 1
        events.output(Event(number=counts[ebee.pid()], cpu=ebee.cpu()))

    with ebee.Session(backend="kernel") as session:
        with session.attach(opened, command=["cat", "/dev/null"], on_loss=lambda losses: None):
            found = list(events)
        assert len(found) == sum(counts.values()) > 0


def flow_load_and_run():
    counts, slots = Hash(u32, u64), Array(u64, max_entries=2, mmapable=True)
    events, frames = RingBuf(Event), PerfEventArray(Event)

    @ebee.xdp
    def seen(pkt):
        counts[len(pkt)] += 1
        slots[0] += 1
        events.output(Event(number=len(pkt)))
        frames.output(Event(number=len(pkt)))
        return ebee.XDP_PASS

    with ebee.Session(backend="kernel") as session:
        session.run(seen, packet=bytes(60))
        assert counts[60] == 1 and slots.memory[:8] == b"\1" + bytes(7)
        counts.update({1: 1, 2: 2})
        assert counts.delete_many([1, 2, 3]) == 2 and dict(counts.pop_items()) == {60: 1}
        assert [e.number for e in events.drain()] == [60] == [e.number for e in frames]


def flow_user_ring():
    ring, out = UserRingBuf(Event), Array(u64, max_entries=1)

    @ebee.syscall_program
    def take(ctx: Event):
        for event in ring.drain():
            out[0] += event.number

    with ebee.Session(backend="kernel") as session:
        session.load(take)
        ring.push(Event(number=3))
        session.run(take, ctx=Event())
        assert out[0] == 3


def flow_pins():
    """A map is pinned in a bpffs that is mounted nowhere, and found again by its name."""
    from ebee.sys.os_seam import current

    seam = current()
    with contextlib.ExitStack() as stack:
        context = seam.fsopen("bpf", 1)
        if context < 0:
            raise SyscallError("fsopen", -context)
        stack.callback(os.close, context)
        if (result := seam.fsconfig(context, 6)) < 0:
            raise SyscallError("fsconfig", -result)
        mount = seam.fsmount(context, 1, 0)
        if mount < 0:
            raise SyscallError("fsmount", -mount)
        stack.callback(os.close, mount)
        before, maps.pin_directory = maps.pin_directory, f"/proc/self/fd/{mount}"
        try:
            backend = KernelBackend()
            stack.callback(backend.close)
            spec = MapSpec("kept", abi.BPF_MAP_TYPE_HASH, 4, 8, 5, pinning=1)
            backend.create_map(spec, ObjectSpec("o")).update(bytes(4), bytes([7] * 8))
            assert backend.create_map(spec, ObjectSpec("o")).lookup(bytes(4)) == bytes([7] * 8)
        finally:
            maps.pin_directory = before


FLOWS = [flow_attach, flow_load_and_run, flow_user_ring, flow_pins]


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__[5:])
def test_every_call_may_fail(flow):
    """The nth call fails, for every n: the flow works all the same, or raises an EbeeError; all is closed."""
    with swapped(FaultyOs()) as machine:
        flow()  # what is made once for the process is there afterwards
        machine.made.clear()
        flow()
        calls = list(machine.made)
    assert "bpf" in calls
    raised = 0
    for number in range(1, len(calls) + 1):
        error = ERRORS[number % len(ERRORS)]
        before = open_fds()
        with swapped(FaultyOs(number, error)) as faulty:
            try:
                flow()
            except EbeeError:
                raised += 1
            except AssertionError as e:
                if faulty.made[number - 1] != "bpf":
                    raise
                raise AssertionError(f"call {number} of {flow.__name__} failed unnoticed with {error}") from e
        gc.collect()
        left = leaked(before, open_fds())
        assert not left, f"{faulty.made[number - 1]}, call {number} of {flow.__name__}, {errno.errorcode[error]}: {left}"
        with pytest.raises(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)
    assert raised > len(calls) // 4

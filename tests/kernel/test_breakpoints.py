"""Hardware breakpoints as perf events: on memory of this process, and on variables of the kernel."""

from __future__ import annotations

import ctypes
import os
import time

import pytest

import ebee
from ebee import Hash, u32, u64
from ebee.abi.perf_events import find_breakpoint
from ebee.errors import PermissionMissing, SyscallError, UnknownProbe, UsageError

seen = Hash(u32, u64)


def writes(address, **options):
    @ebee.breakpoint(address, **options)
    def on_access(ctx):
        seen[0] += 1
        seen[1] = ctx.addr
        seen[2] = u64(ebee.pid())

    return on_access


def targets():
    found = []
    for link in ebee.Link.all():
        with link:
            if link.type == "perf_event":
                found.append(link.target())
    return found


def attached(session, probe, **where):
    try:
        return session.attach(probe, **where)
    except (SyscallError, UsageError, PermissionMissing, ebee.NotSupported) as e:
        pytest.skip(f"no breakpoints here: {e}")


@pytest.mark.vm
@pytest.mark.needs_kernel
def test_writes_of_this_process_are_seen():
    memory = ctypes.c_uint64()
    address = ctypes.addressof(memory)
    probe = writes(address, length=8, on="w")
    with ebee.Session(backend="kernel") as session:
        with attached(session, probe, pid=os.getpid()):
            for n in range(5):
                memory.value = n
            got = memory.value
            assert got == 4
            assert "breakpoint" in targets() or "" in targets()  # the kernel tells since Linux 6.6
        memory.value = 9
        assert (seen[0], seen[1], seen[2]) == (5, address, os.getpid())
        again = ebee.perf_event(f"mem:{address:#x}/8:w")(probe.function)
        with session.attach(again, pid=os.getpid()):
            memory.value = 10
        assert seen[0] == 6


@pytest.mark.needs_kernel
def test_what_the_cpu_does_not_watch():
    memory = (ctypes.c_uint64 * 2)()
    address = ctypes.addressof(memory)
    with ebee.Session(backend="kernel") as session:
        attached(session, writes(address, length=4), pid=os.getpid()).detach()
        with pytest.raises(UsageError, match="does not watch mem:"):
            session.attach(writes(address + 1, length=4, on="w"), pid=os.getpid())
        with pytest.raises(UnknownProbe) as caught:
            session.attach(writes("nosuchthing", on="w"), pid=os.getpid())
        assert "'nosuchthing'" in caught.value.hint
        held = []
        with pytest.raises(UsageError, match="no more breakpoints"):
            for n in range(64):
                held.append(session.attach(writes(address + n % 16, length=1), pid=os.getpid()))
        assert held


@pytest.mark.vm
@pytest.mark.needs_kernel
@pytest.mark.needs_feature("fentry")
def test_writes_to_a_variable_of_the_kernel_are_seen():
    with ebee.Session(backend="kernel") as session, session.attach(writes("jiffies", length=8, on="w")):
        end = time.monotonic() + 5
        while not seen.lookup(0) and time.monotonic() < end:
            time.sleep(0.05)
        assert seen[0] and seen[1] >> 63


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("mem:0x1000", ("", 0x1000, 4, 3)),
        ("mem:4096/8:w", ("", 4096, 8, 2)),
        ("mem:jiffies+8/1:wr", ("jiffies", 8, 1, 3)),
        ("mem:do_exit:x", ("do_exit", 0, 8, 4)),
        *((f"mem:{wrong}", None) for wrong in ("", "/8", "x+", "1/3", "1:y", "0x1ffffffffffffffff", "a+z", "1/x")),
        ("cycles", None),
    ],
)
def test_names_of_breakpoints(name, found):
    assert find_breakpoint(name) == found


@pytest.mark.parametrize(
    ("address", "options"),
    [(-1, {}), (1 << 64, {}), (8, {"length": 3}), (8, {"on": "wx"}), (True, {}), ("", {}), (None, {})],
)
def test_breakpoints_that_there_are_not(address, options):
    with pytest.raises(UsageError, match="there is no breakpoint"):
        ebee.breakpoint(address, **options)

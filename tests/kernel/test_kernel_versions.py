"""What differs between kernels: what ebee says of each, and that it serves old ones, or refuses with the reason."""

from __future__ import annotations

import os

import pytest

import ebee
import kernel_features
from ebee import Hash, RingBuf, Str, Struct, u32, u64
from ebee.kernel import features

pytestmark = [pytest.mark.needs_kernel, pytest.mark.vm]

# Not a matter of the version, but of the configuration and the user.
CONFIGURED = {"unprivileged_bpf", "lirc_mode2", "CAP_SYS_RESOURCE"}
BACKPORTED = {"gotol"}  # to 6.1.y


def test_features_agree_with_the_version():
    """Whatever a feature's first kernel says holds: this kernel has it from then on, and not before."""
    wrong = {}
    for feature in features.probe():
        first = kernel_features.numbers(feature.min_kernel or "0.0")
        should = features.YES if kernel_features.release() >= first else features.NO
        if feature.name in CONFIGURED or feature.state == should:
            continue
        if feature.name not in BACKPORTED if should == features.NO else kernel_features.in_guest():
            wrong[feature.name] = (feature.min_kernel, feature.state, feature.why)
    assert wrong == {}


@pytest.mark.parametrize("name", kernel_features.FEATURES)
def test_a_kernel_has_what_the_tests_take_for_granted(name):
    reason = kernel_features.missing(name)
    if reason:
        pytest.skip(reason)
    assert not kernel_features.too_old(name)


class Exec(Struct):
    pid: u32
    comm: str = Str(16)


execs = RingBuf(Exec, size="64K")
opens = Hash(Exec, u64)
steps = Hash(u32, u64)


@ebee.tracepoint("sched:sched_process_exec")
def on_exec(ctx):
    with execs.reserve() as e:
        e.pid = ebee.pid()
        e.comm = ebee.comm()


@ebee.tracepoint("syscalls:sys_enter_openat")
def on_open(ctx):
    opens[Exec(pid=ebee.pid(), comm=ebee.comm())] += 1


def test_events_and_counts_of_a_command():
    """A tracepoint through a perf event, and one of a system call; a struct with a string is one key."""
    command = ["sh", "-c", "cat /dev/null; cat /dev/null"]
    with ebee.Session(backend="kernel") as session, session.attach(on_exec, on_open, command=command) as attachment:
        seen = [(e.pid, e.comm) for e in execs]
        assert attachment.wait() == 0 and attachment.losses == []
        counts = list(opens.items())
    assert [comm for _, comm in seen] == ["sh", "cat", "cat"]
    counted = {(key.pid, key.comm): n for key, n in counts}
    assert len(counted) == len(counts) == 3
    assert set(counted) == set(seen) and min(counted.values()) >= 1


@ebee.tracepoint("syscalls:sys_enter_openat")
def collatz(ctx):
    n, count = ebee.pid(), 0
    while n > 1:
        n = 3 * n + 1 if n % 2 else n // 2
        count += 1
    steps[ebee.pid()] = count


def test_a_loop_without_a_bound_runs():
    """With the kernel's budget for loops, or turned by bpf_loop (Linux 5.17)."""
    with ebee.Session(backend="kernel") as session:
        with session.attach(collatz, command=["cat", os.devnull]) as attachment:
            assert attachment.wait() == 0
        [(pid, count)] = steps.items()
        expected = 0
        while pid > 1:
            pid = 3 * pid + 1 if pid % 2 else pid // 2
            expected += 1
        assert count == expected


@ebee.tracepoint("syscalls:sys_enter_openat")
def divided(ctx):
    """Signed division: an instruction since Linux 6.6."""
    low = -ebee.pid()
    steps[0] = low // 7 == -((ebee.pid() + 6) // 7)
    steps[1] = low % 7 < 7


def test_instructions_that_old_kernels_lack_are_not_needed():
    with ebee.Session(backend="kernel") as session, session.attach(divided, command=["cat", os.devnull]) as attachment:
        assert attachment.wait() == 0
        assert dict(steps.items()) == {0: 1, 1: 1}

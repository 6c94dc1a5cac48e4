"""The tracepoints that ship with ebee, and the default target made of them."""

from __future__ import annotations

import pytest

from ebee.abi import tracepoints
from ebee.errors import UsageError
from ebee.spec.default_target import default_target


def test_a_system_call():
    assert tracepoints.lookup("syscalls:sys_enter_openat") == (
        ("__syscall_nr", "int", 8, 4, True),
        ("dfd", "int", 16, 8, False),
        ("filename", "const char *", 24, 8, False),
        ("flags", "int", 32, 8, False),
        ("mode", "umode_t", 40, 8, False),
    )


def test_arrays_and_strings():
    fields = {row[0]: row[1:] for row in tracepoints.lookup("sched:sched_switch")}
    assert fields["prev_comm"] == ("char[16]", 8, 16, False)
    assert {row[0]: row[1] for row in tracepoints.lookup("sched:sched_process_exec")}["filename"] == "__data_loc char[]"


@pytest.mark.parametrize(
    "event",
    ["", ":", "sched", "sched:", ":sched_switch", "sched:sched_swit", "ched:sched_switch", "prev_comm char[16]",
     "sched:sched_switch |prev_comm", "syscalls:sys_enter_openat syscalls:sys_enter_openat2", "a:b:c", "a:\udcff"],
)  # fmt: skip
def test_unknown_events(event):
    assert tracepoints.lookup(event) is None


def test_every_event_can_be_looked_up():
    names = tracepoints.names()
    assert len(names) > 2000 and names == sorted(set(names))
    for name in names:
        fields = tracepoints.lookup(name)
        assert fields is not None
        assert len({row[0] for row in fields}) == len(fields)
        for field, type_, off, size, _signed in fields:
            assert field and type_ and off >= 8 and size >= 0, (name, field)


def test_system_calls_have_eight_bytes_for_each_argument():
    for name in tracepoints.names():
        if name.startswith("syscalls:sys_enter_"):
            arguments = [row for row in tracepoints.lookup(name) if not row[0].startswith("__")]
            assert [row[2:4] for row in arguments] == [(16 + 8 * i, 8) for i in range(len(arguments))], name


@pytest.mark.parametrize("arch", ["x86_64", "arm64"])
def test_default_target(arch):
    target = default_target(arch)
    assert (target.name, target.arch, target.features) == (f"default-{arch}", arch, frozenset(("bpf_loop", "may_goto")))
    format_ = target.tracepoint("syscalls:sys_enter_openat")
    assert list(format_.fields) == ["__syscall_nr", "dfd", "filename", "flags", "mode"]
    assert format_.fields["filename"].off_bytes == 24
    assert target.tracepoint("syscalls:sys_enter_nope") is None
    assert "sched:sched_switch" in target.tracepoint_names()


def test_no_such_architecture():
    with pytest.raises(UsageError, match="'pdp11'"):
        default_target("pdp11")

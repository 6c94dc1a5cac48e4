"""docs/helpers.md: its probe runs, and its tables name what there is; ebee.syscall_name."""

import re
import signal
import sys
from pathlib import Path

import pytest

import ebee
from ebee.api.source import remember_source
from ebee.errors import UsageError
from ebee.pyfront.helpers import INSTEAD

PAGE = Path(__file__).resolve().parents[2] / "docs" / "helpers.md"
BACKENDS = [
    pytest.param("kernel", marks=pytest.mark.needs_kernel),
    pytest.param("engine", marks=pytest.mark.needs_ptrace),
]


@pytest.fixture(scope="module")
def page():
    (text,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    remember_source(str(PAGE), text)
    module = sys.modules["docs_helpers"] = type(sys)("docs_helpers")
    exec(compile(text, str(PAGE), "exec"), module.__dict__)
    return module


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_page_runs(page, backend):
    with ebee.Session(backend=backend) as session:
        with session.attach(page.opens, command=["cat", "/etc/hostname", "/etc/hostname"]) as attachment:
            attachment.wait()
        assert [len(page.first), page.known[0] > 0, page.known[1] >= 2, page.known[2] > 0] == [1, True, True, True]


def test_what_is_not_called_by_its_name_stands_in_the_page():
    rows = PAGE.read_text().partition("## What is not called")[2].partition("## Short")[0]
    for name in INSTEAD:
        known = f"bpf_{name}`" in rows or any(
            name.startswith(start) for start in ("timer_", "dynptr_", "ringbuf_", "spin_", "sk_lookup_")
        )
        assert known, name


class Sent(ebee.Struct):
    result: ebee.s64


sent = ebee.RingBuf(Sent)


@ebee.tracepoint("syscalls:sys_enter_getppid")
def stop(ctx):
    with sent.reserve() as e:
        e.result = ebee.signal(signal.SIGUSR1)


@pytest.mark.needs_kernel
def test_a_signal_reaches_the_command():
    code = "import os, signal; signal.signal(signal.SIGUSR1, lambda *_: os._exit(7)); os.getppid(); os._exit(1)"
    with ebee.Session(backend="kernel") as session, session.attach(stop, command=[sys.executable, "-c", code]) as a:
        assert [e.result for e in sent] == [0]
        assert a.wait() == 7


def test_names_of_system_calls():
    assert ebee.syscall_name(0, "x86_64") == "read" and ebee.syscall_name(56, "arm64") == "openat"
    assert ebee.syscall_name(9999) == "syscall_9999"
    assert ebee.syscall_name(ebee.syscall_name and 39, "x86_64") == "getpid"
    with pytest.raises(UsageError, match="no table of system calls for 'vax'"):
        ebee.syscall_name(1, "vax")


def test_helpers_mean_something_in_probes_only():
    with pytest.raises(UsageError, match=r"ebee.helpers.bpf_ktime_get_boot_ns\(\) means something only inside a probe"):
        ebee.helpers.bpf_ktime_get_boot_ns()

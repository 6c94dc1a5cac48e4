"""What nobody closed: sessions that are dropped, descriptors that are kept until the process ends, stars."""

from __future__ import annotations

import builtins
import gc
import os
import subprocess
import sys
import warnings

import pytest

import ebee
from ebee import Hash, RingBuf, Str, u32, u64
from ebee.sys.os_seam import Fd

BACKENDS = [
    pytest.param("kernel", marks=pytest.mark.needs_kernel),
    pytest.param("engine", marks=pytest.mark.needs_ptrace),
]
counts = Hash(u32, u64)
names = RingBuf(Str(16))


@ebee.tracepoint("syscalls:sys_enter_openat")
def counting(ctx):
    counts[0] += 1
    names.output(ebee.comm())


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_dropped_session_is_closed_and_told(backend):
    session = ebee.Session(backend=backend)
    attachment = session.attach(counting, command=["sleep", "60"])
    pid = attachment.command.pid
    assert os.path.exists(f"/proc/{pid}")
    del session
    gc.collect()
    assert attachment.links, "an attachment keeps its session"
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        del attachment
        gc.collect()
    assert [str(w.message) for w in told if w.category is ResourceWarning and "session" in str(w.message)] == [
        "a session was dropped, not closed: counting"
    ]
    assert not os.path.exists(f"/proc/{pid}")
    with pytest.raises(ebee.UsageError, match="not bound to a live map"):
        len(counts)


@pytest.mark.parametrize("backend", BACKENDS)
def test_who_reads_keeps_the_session_open(backend):
    ebee.Session(backend=backend).attach(counting, command=["cat", "/etc/hostname"])
    records = iter(names)
    first = next(records)
    gc.collect()
    assert {first, *records} <= {"cat", "python3", "python"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        del records
        gc.collect()


@pytest.mark.needs_kernel
def test_a_fork_does_not_end_what_its_parent_attached():
    with ebee.Session(backend="kernel") as session:
        attachment = session.attach(counting, command=["sleep", "60"])
        child = os.fork()
        if not child:
            try:
                session.__del__()
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        assert attachment.returncode is None and attachment.links


KEPT = """
import sys
import ebee
from ebee import Hash, u32, u64
counts = Hash(u32, u64)

@ebee.tracepoint("syscalls:sys_enter_openat")
def counting(ctx):
    counts[0] += 1

class Kept:
    pass

sys.kept = kept = Kept()  # collected after the modules
kept.session = ebee.Session(backend="kernel")
kept.attachment = kept.session.attach(counting, command=["true"])
from ebee.sys.os_seam import Fd
import os
kept.fds = [Fd(os.dup(0)) for _ in range(3)]
builtin = __import__("builtins")
builtin.kept_to_the_last = kept
print(kept.attachment.wait())
"""


@pytest.mark.needs_kernel
def test_descriptors_that_are_kept_to_the_end_are_closed_in_silence(tmp_path):
    file = tmp_path / "kept.py"
    file.write_text(KEPT)
    done = subprocess.run([sys.executable, "-X", "dev", str(file)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")


def test_a_star_hides_nothing_of_pythons():
    space = {}
    exec("from ebee import *", space)
    stdlib = set(sys.stdlib_module_names) | set(dir(builtins))
    assert sorted(set(space) & stdlib - {"__builtins__", "__doc__", "__name__"}) == ["profile"]
    assert {"Hash", "attach", "pid", "tracepoint"} < set(space)
    assert callable(ebee.signal) and callable(ebee.iter)


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_it_holds_may_be_collected_before_it(backend):
    session = ebee.Session(backend=backend)
    pid = session.attach(counting, command=["sleep", "60"]).command.pid
    held = [o for o in gc.get_objects() if type(o) is Fd and o.number >= 0]
    for fd in held:
        fd.close()
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore", ResourceWarning)
        unraisable = []
        patch.setattr("sys.unraisablehook", unraisable.append)
        del session
        gc.collect()
    assert not unraisable
    assert not os.path.exists(f"/proc/{pid}")

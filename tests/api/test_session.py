"""Declarations and sessions mean the same on every backend."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import ebee
from ebee import Array, Hash, RingBuf, Str, Struct, u32, u64

BACKENDS = [
    pytest.param("kernel", marks=pytest.mark.needs_kernel),
    pytest.param("engine", marks=pytest.mark.needs_ptrace),
]
ROOT = Path(__file__).resolve().parents[2]


class Open(Struct):
    pid: u32
    comm: str = Str(16)
    path: str = Str(256)


opens = RingBuf(Open, size="64K")
counts = Hash(Str(16), u64)
flags = Array(u64, max_entries=4)
few = Hash(u32, u64, max_entries=1)
unused = Hash(u32, u32)


@ebee.tracepoint("syscalls:sys_enter_openat")
def on_open(ctx):
    counts[ebee.comm()] += 1
    with opens.reserve() as e:
        e.pid = ebee.pid()
        e.comm = ebee.comm()
        e.path = ebee.user_str(ctx.filename)


@ebee.tracepoint("syscalls:sys_enter_close")
def on_close(ctx):
    flags[0] += 1


@ebee.tracepoint("syscalls:sys_exit_openat")
def on_opened(ctx):
    if ctx.ret < 0:
        flags[1] += 1
        return
    flags[2] += 1


@ebee.tracepoint("syscalls:sys_enter_openat")
def overfills(ctx):
    few[u32(ctx.filename)] += 1
    few[1] = 2
    few[1] += 1


@pytest.fixture(params=BACKENDS)
def session(request):
    with ebee.Session(backend=request.param) as session:
        yield session


def test_events_and_maps_of_a_command(session):
    with session.attach(on_open, command=["cat", "/etc/hostname"]) as attachment:
        events = list(opens)
    assert attachment.returncode == 0
    assert [e for e in events if e.path == "/etc/hostname" and e.comm == "cat"]
    assert {e.pid for e in events} == {attachment.command.pid} or os.readlink("/proc/self/ns/pid") != "pid:[4026531836]"
    # After detaching, contents stay readable until the session is closed.
    assert counts["cat"] == len(events)
    assert dict(counts.items()) == {"cat": len(events)}
    assert "cat" in counts and "dog" not in counts
    assert counts["dog"] == 0 and counts.get("dog") is None and len(counts) == 1
    counts["dog"] = 7
    assert counts["dog"] == 7
    del counts["dog"]
    with pytest.raises(KeyError):
        del counts["dog"]
    with pytest.raises(ValueError, match="does not fit"):
        counts["cat"] = 1 << 64
    with pytest.raises(TypeError, match="takes an int"):
        counts["cat"] = "many"


def test_maps_are_shared_by_attachments_of_a_session(session):
    for expected in (1, 2):
        with session.attach(on_open, command=["cat", "/etc/hostname"]):
            paths = [e.path for e in opens if e.path == "/etc/hostname"]
        assert len(paths) == 1
        assert counts["cat"] % expected == 0


def test_two_probes_at_once_and_exits(session):
    with session.attach(on_open, on_close, on_opened, command=["cat", "/etc/hostname", "/nonexistent-file"]) as a:
        a.wait()
        assert a.returncode == 1
    assert flags[0] > 0
    assert flags[1] >= 1
    assert flags[2] >= 1
    assert counts["cat"] == flags[1] + flags[2]


def test_closing_the_session_unbinds(session):
    with session.attach(on_close, command=["true"]) as a:
        a.wait()
    assert flags[0] > 0
    session.close()
    with pytest.raises(ebee.UsageError, match="Array flags is not bound"):
        flags[0]


def test_sessions_are_isolated(session):
    with session.attach(on_close, command=["true"]) as a:
        a.wait()
    outer = flags[0]
    with ebee.Session(backend=session._wanted) as inner:
        with inner.attach(on_close, command=["sh", "-c", "cat /etc/hostname; cat /etc/hostname"]) as b:
            b.wait()
        assert flags[0] > outer
    assert flags[0] == outer


def test_a_full_map_is_counted(session):
    with session.attach(overfills, command=["cat", "/etc/hostname"], on_loss=lambda losses: None) as a:
        a.wait()
    losses = a.losses
    assert {loss.kind for loss in losses} == {"map_full"}
    assert all(loss.what == "few" and loss.file == __file__ for loss in losses)
    assert len({loss.line for loss in losses}) >= 2
    assert len(few) == 1


def test_leaving_early_ends_the_command(session):
    with session.attach(on_open, command=["sh", "-c", "cat /etc/hostname; sleep 100"]) as a:
        for e in opens:
            if e.path == "/etc/hostname":
                break
    assert a.returncode < 0
    with pytest.raises(ProcessLookupError):
        os.kill(a.command.pid, 0)


def test_an_exception_in_the_loop_reaches_the_caller_and_detaches(session):
    a = session.attach(on_open, command=["sh", "-c", "cat /etc/hostname; sleep 100"])
    with pytest.raises(ZeroDivisionError), a:
        for e in opens:
            e.pid // 0
    assert a.links == []
    assert a.returncode is not None


def test_a_command_that_fails_to_start_leaves_nothing(session):
    with pytest.raises(ebee.CommandError, match="no-such-command"):
        session.attach(on_open, command=["no-such-command"])
    assert session.is_finished()


def test_events_of_the_whole_tree(session):
    script = "(cat /etc/hostname) & sh -c 'exec cat /etc/hostname' & wait"
    with session.attach(on_open, command=["sh", "-c", script]):
        pids = {e.pid for e in opens if e.path == "/etc/hostname"}
    assert len(pids) == 2


def test_stop_ends_iteration_after_what_is_there(session):
    with session.attach(on_open, command=["sh", "-c", "cat /etc/hostname; sleep 100"]):
        seen = 0
        for e in opens:
            seen += 1
            if e.path == "/etc/hostname":
                session.stop()
        assert seen
        assert session.is_finished()


def test_reading_after_a_fork_is_refused(session):
    with session.attach(on_open, command=["true"]) as a:
        a.wait()
        pid = os.fork()
        if pid == 0:
            try:
                opens.drain()
            except ebee.UsageError:
                os._exit(7)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7


def test_one_session_runs_in_one_place(session):
    with session.attach(on_open, command=["true"]) as a:
        a.wait()
    other = "engine" if session._wanted == "kernel" else "kernel"
    with pytest.raises(ebee.UsageError, match="the session runs in the"):
        session.attach(on_open, command=["true"], backend=other)


@pytest.mark.needs_kernel
def test_attaching_twice_is_one_load_and_two_links():
    ours = os.getpid()

    @ebee.tracepoint("syscalls:sys_enter_getppid")
    def twice(ctx):
        if ebee.pid() == ours:
            flags[3] += 1

    with ebee.Session(backend="kernel") as session:
        first, second = session.attach(twice), session.attach(twice)
        assert first._loaded is second._loaded
        os.getppid()
        assert flags[3] == 2
        first.detach()
        os.getppid()
        assert flags[3] == 3
        second.detach()
        os.getppid()
        assert flags[3] == 3


# What needs no backend.


def test_unbound_declarations_say_so():
    for use in (lambda: unused[1], lambda: len(unused), lambda: unused.clear(), lambda: list(RingBuf(Open))):
        with pytest.raises(ebee.UsageError, match="is not bound to a live map") as caught:
            use()
        assert "attach" in caught.value.hint


def test_probe_functions_mean_nothing_outside():
    for call in (ebee.pid, ebee.comm, ebee.ktime, lambda: ebee.user_str(0), lambda: opens.reserve()):
        with pytest.raises(ebee.UsageError, match="only inside a probe"):
            call()
    with pytest.raises(ebee.UsageError, match="cannot be called"):
        on_open(None)


@pytest.mark.parametrize("event", ["openat", "a:b:c", ":x", "x:", "", 5])
def test_tracepoint_names_are_checked_at_once(event):
    with pytest.raises(ebee.UsageError, match="category:name"):
        ebee.tracepoint(event)


def test_struct_mistakes_are_told_at_the_class():
    for annotations, words in [
        ({"x": int}, "S.x: int is not a type with a fixed size"),
        ({"x": str}, "S.x: str is not a type with a fixed size"),
        ({}, "has no fields"),
        ({"x": "nonsense"}, "S.x: name 'nonsense' is not defined"),
    ]:
        with pytest.raises(ebee.UsageError, match=words):
            type("S", (Struct,), {"__annotations__": annotations, "__module__": __name__})
    with pytest.raises(ebee.UsageError, match="cannot have a default"):
        type("S", (Struct,), {"__annotations__": {"x": u32}, "x": 5, "__module__": __name__})
    for bad in (0, -1, "a", 1 << 21):
        with pytest.raises(ValueError, match="Str\\(\\) takes"):
            Str(bad)
    for size in ("12 parsecs", "K", 0, "5G"):
        with pytest.raises(ebee.UsageError, match="size"):
            RingBuf(Open, size=size)
    with pytest.raises(ebee.UsageError, match="max_entries"):
        Hash(u32, u32, max_entries=0)


def test_struct_layout_is_cs():
    class Mixed(Struct):
        a: ebee.u8
        b: u64
        c: ebee.s16
        d: str = Str(3)
        e: u32

    layout = {f.name: f.off_bytes for f in Mixed._type.fields.values()}
    assert (layout, Mixed._type.size) == ({"a": 0, "b": 8, "c": 16, "d": 18, "e": 24}, 32)
    value = Mixed(a=1, b=2**64 - 1, c=-5, d="hé"[:1], e=9)
    assert Mixed._type.unpack(Mixed._type.pack(value)) == value
    assert Mixed._type.unpack(b"\x00" * 18 + b"\xff\xfe\x00" + b"\x00" * 11).d == "\\xff\\xfe"


def test_the_import_of_ebee_is_lazy_and_complete():
    code = textwrap.dedent(
        """
        import sys, ebee
        assert not any(m.startswith("ebee.") and m != "ebee.version" for m in sys.modules), sorted(sys.modules)
        for name in ebee.__all__:
            getattr(ebee, name)
        """
    )
    env = {"PYTHONPATH": str(ROOT / "src"), "PATH": os.environ["PATH"]}
    subprocess.run([sys.executable, "-c", code], check=True, env=env)


def test_a_closed_session_is_not_used_again():
    session = ebee.Session(backend="engine")
    session.close()
    session.close()
    before = os.listdir("/proc/self/fd")
    with pytest.raises(ebee.UsageError, match="the session is closed"):
        session.attach(on_close, command=["true"])
    assert os.listdir("/proc/self/fd") == before

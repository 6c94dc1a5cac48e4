"""Live system-call events: what is seen of a command, its threads and its descendants, and what stays as it was."""

from __future__ import annotations

import collections
import ctypes
import os
import platform
import re
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ebee.engine.hooks import syscalls
from ebee.engine.hooks.events import parse_event, syscall_numbers
from ebee.engine.hooks.syscalls import start_command, unavailable
from ebee.errors import CommandError, NotSupported
from ebee.spec.default_target import default_target
from ebee.sys import ptrace, seccomp

pytestmark = pytest.mark.needs_ptrace

ARCH = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
OPENAT, OPENAT_EXIT = "syscalls:sys_enter_openat", "syscalls:sys_exit_openat"
DEADLINE_S = 20

Seen = collections.namedtuple("Seen", "event pid tgid uid gid comm nr args path")


class Sink:
    """Keeps every event."""

    target = default_target(ARCH)

    def __init__(self, *events, fails=False):
        self._events, self._fails = events, fails
        self.seen, self.changed = [], threading.Event()
        self._layouts = {e: parse_event(e, self.target) for e in events}

    def attached_events(self):
        return self._events

    def notify(self):
        self.changed.set()

    def fire(self, event, record, task):
        if self._fails:
            raise RuntimeError("the program failed")
        nr, args = self._layouts[event].unpack(record)
        path = b""
        if self._layouts[event].strings:
            path = task.read_user(args[self._layouts[event].strings[0]], 256).partition(b"\0")[0]
        assert struct.unpack_from("<HBBi", record) == (0, 0, 0, task.pid)
        assert time.monotonic_ns() - 10**10 < task.ktime_ns() <= time.monotonic_ns()
        who = (task.pid, task.tgid, task.uid, task.gid, task.comm)
        self.seen.append(Seen(event, *who, nr, args, path.decode()))

    def paths(self, event=OPENAT):
        return [s.path for s in self.seen if s.event == event]


def wait_for(sink, command):
    deadline = time.monotonic() + DEADLINE_S
    while (status := command.poll()) is None:
        assert sink.changed.wait(deadline - time.monotonic()), "the command hangs"
        sink.changed.clear()
    return status


def run(events, argv):
    """Run a command to its end; return its exit status and what was seen."""
    sink = Sink(*events)
    command = start_command(sink, argv)
    try:
        return wait_for(sink, command), sink
    finally:
        command.close()


def python(code):
    return [sys.executable, "-S", "-c", code]


def has_ended(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def until(predicate):
    deadline = time.monotonic() + DEADLINE_S
    while not predicate():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


# What is seen


def test_the_first_event_is_the_return_of_the_commands_execve(tmp_path):
    script = tmp_path / "greet"
    script.write_text("#!/bin/sh\nexit 5\n")
    script.chmod(0o755)
    events = ("syscalls:sys_enter_execve", "syscalls:sys_exit_execve")
    status, sink = run(events, [str(script)])
    assert status == 5
    leave = sink.seen[0]  # its entry was ebee's own child's call, before there was a command
    assert (leave.event, leave.args, leave.comm) == (events[1], (0,), b"greet")
    assert leave.nr == syscall_numbers(ARCH)["execve"]


def test_arguments_results_and_strings(tmp_path):
    there = tmp_path / "there"
    there.write_text("x")
    code = f"""
import os
os.open({str(there)!r}, os.O_CREAT | os.O_RDONLY, 0o640)
try: os.open("/no/such", os.O_RDWR)
except OSError: pass
"""
    status, sink = run((OPENAT, OPENAT_EXIT), python(code))
    assert status == 0
    at = sink.paths().index(str(there))
    entries = [s for s in sink.seen if s.event == OPENAT]
    exits = [s for s in sink.seen if s.event == OPENAT_EXIT]
    assert len(entries) == len(exits)
    dfd, _address, flags, mode = entries[at].args
    assert dfd & 0xFFFFFFFF == 0xFFFFFF9C and flags & 3 == os.O_RDONLY and mode == 0o640
    assert exits[at].args[0] >= 3
    assert exits[[s.path for s in entries].index("/no/such")].args == (-2,)
    assert {(s.uid, s.gid) for s in sink.seen} == {(os.getuid(), os.getgid())}


@pytest.mark.needs_tool("strace")
def test_as_many_opens_as_strace_counts():
    script = "ls / > /dev/null; cat /etc/hostname /etc/passwd > /dev/null; (ls -d /usr /bin > /dev/null)"
    argv = ["sh", "-c", script]
    traced = subprocess.run(["strace", "-f", "-e", "trace=openat", *argv], capture_output=True, text=True)
    if traced.returncode != 0:
        pytest.skip(f"strace does not work here: {traced.stderr[:80]}")
    want = re.findall(r'openat\([^,]*, "([^"]*)"', traced.stderr)
    status, sink = run((OPENAT,), argv)
    assert status == 0
    assert sink.paths() == want


def test_every_system_call():
    status, sink = run(("raw_syscalls:sys_enter", "raw_syscalls:sys_exit", OPENAT), ["true"])
    numbers = syscall_numbers(ARCH)
    assert status == 0
    entered = [s.nr for s in sink.seen if s.event == "raw_syscalls:sys_enter"]
    left = [s.nr for s in sink.seen if s.event == "raw_syscalls:sys_exit"]
    assert left[0] == numbers["execve"] and entered[-1] == numbers["exit_group"]
    assert entered[:-1] == left[1:]  # exit_group never comes back
    assert entered.count(numbers["openat"]) == len(sink.paths()) > 0


def test_descendants_through_every_kind_of_fork(tmp_path):
    code = f"""
import os
def child(n):
    os.open({str(tmp_path)!r} + "/" + n, os.O_CREAT | os.O_RDWR)
for n in "abc":
    if (pid := os.fork()) == 0:
        child(n)
        if os.fork() == 0:
            child(n + n)
            os._exit(0)
        os.wait()
        os._exit(0)
    os.waitpid(pid, 0)
os.posix_spawn("/bin/sh", ["sh", "-c", "exec 3> {tmp_path}/spawned"], {{}})
os.wait()
os.system("exec 3> {tmp_path}/system")
"""
    status, sink = run((OPENAT,), python(code))
    made = [s for s in sink.seen if s.path.startswith(str(tmp_path))]
    assert status == 0
    assert [Path(s.path).name for s in made] == ["a", "aa", "b", "bb", "c", "cc", "spawned", "system"]
    assert len({s.pid for s in made}) == 8
    assert all(s.pid == s.tgid for s in made)


def test_a_fork_returns_twice():
    forks = ("clone", "clone3", "vfork", "fork") if ARCH == "x86_64" else ("clone", "clone3")
    exits = tuple(f"syscalls:sys_exit_{name}" for name in forks)
    status, sink = run(exits, python("import os; os.fork() or os._exit(0); os.wait()"))
    assert status == 0
    child, parent = sorted(sink.seen, key=lambda s: s.args)
    assert child.args == (0,) and parent.args == (child.pid,) and child.pid != parent.pid


def test_threads(tmp_path):
    code = f"""
import os, threading
def work(n):
    for i in range(20):
        os.close(os.open("{tmp_path}/%d.%d" % (n, i), os.O_CREAT | os.O_RDWR))
threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
for t in threads: t.start()
for t in threads: t.join()
"""
    status, sink = run((OPENAT,), python(code))
    made = [s for s in sink.seen if s.path.startswith(str(tmp_path))]
    assert status == 0
    assert len(made) == 160 and len({s.pid for s in made}) == 8
    assert len({s.tgid for s in made}) == 1 and made[0].tgid not in {s.pid for s in made}
    for n in range(8):
        mine = [s for s in made if Path(s.path).name.startswith(f"{n}.")]
        assert [s.path for s in mine] == [f"{tmp_path}/{n}.{i}" for i in range(20)]
        assert len({s.pid for s in mine}) == 1


def test_exec_by_a_thread_that_is_not_the_leader(tmp_path):
    code = f"""
import os, threading, time
def work():
    os.execv("/bin/sh", ["sh", "-c", "exec 3> {tmp_path}/after; exit 9"])
threading.Thread(target=work).start()
time.sleep(30)
"""
    events = ("syscalls:sys_enter_execve", "syscalls:sys_exit_execve", OPENAT)
    status, sink = run(events, python(code))
    assert status == 9
    execs = [s for s in sink.seen if "execve" in s.event][1:]
    assert [s.args[0] if "exit" in s.event else s.path for s in execs] == ["/bin/sh", 0]
    entry, leave = execs
    assert entry.pid != entry.tgid == leave.pid == leave.tgid  # it took over the leader's id
    after = next(s for s in sink.seen if s.path == f"{tmp_path}/after")
    assert (after.pid, after.tgid, after.comm) == (leave.pid, leave.pid, b"sh")


def test_a_chain_of_execs_and_names(tmp_path):
    code = f"""
import ctypes, os
name = lambda n: ctypes.CDLL(None).prctl(15, n, 0, 0, 0)
name(b"first"); os.open("{tmp_path}/1", os.O_CREAT)
name(b"a )(b \\\\n"); os.open("{tmp_path}/2", os.O_CREAT)
os.execvp("sh", ["sh", "-c", "exec sh -c 'exec 3> {tmp_path}/3'"])
"""
    status, sink = run((OPENAT,), python(code))
    assert status == 0
    names = {Path(s.path).name: s.comm for s in sink.seen if s.path.startswith(str(tmp_path))}
    assert names == {"1": b"first", "2": b"a )(b \\n", "3": b"sh"}
    assert len({s.pid for s in sink.seen}) == 1


@pytest.mark.needs_root
def test_the_user_id_is_the_present_one(tmp_path):
    code = f"""
import os
os.open("{tmp_path}/before", os.O_CREAT)
os.setresgid(1234, 1234, 1234); os.setresuid(4321, 0, 0)
os.open("{tmp_path}/after", os.O_CREAT)
"""
    status, sink = run((OPENAT,), python(code))
    assert status == 0
    ids = {Path(s.path).name: (s.uid, s.gid) for s in sink.seen if s.path.startswith(str(tmp_path))}
    assert ids == {"before": (0, os.getgid()), "after": (4321, 1234)}


def test_nothing_attached_changes_nothing():
    assert run((), ["sh", "-c", "ls / > /dev/null; exit 3"])[0] == 3


def test_an_event_of_another_kind_is_left_alone():
    status, sink = run(("sched:sched_switch", OPENAT), ["true"])
    assert status == 0 and {s.event for s in sink.seen} == {OPENAT}


# Signals and job control


def test_signals_reach_the_command(tmp_path):
    code = f"""
import os, signal
got = []
signal.signal(signal.SIGUSR1, lambda *a: got.append("usr1"))
signal.signal(signal.SIGTRAP, lambda *a: got.append("trap"))
signal.signal(signal.SIGCHLD, lambda *a: got.append("chld"))
os.kill(os.getpid(), signal.SIGUSR1)
os.kill(os.getpid(), signal.SIGTRAP)
if os.fork() == 0:
    os.open("{tmp_path}/child", os.O_CREAT)
    os.kill(os.getpid(), signal.SIGKILL)
status = os.wait()[1]
os.open("{tmp_path}/" + "-".join([*got, str(status)]), os.O_CREAT)
os.kill(os.getpid(), signal.SIGSEGV)
"""
    status, _ = run((OPENAT, OPENAT_EXIT), python(code))
    assert status == -signal.SIGSEGV
    assert sorted(os.listdir(tmp_path)) == ["child", "usr1-trap-chld-9"]


def test_a_child_that_stops_and_goes_on(tmp_path):
    code = f"""
import os, signal
pid = os.fork()
if pid == 0:
    os.kill(os.getpid(), signal.SIGSTOP)
    os.open("{tmp_path}/continued", os.O_CREAT)
    os._exit(4)
seen = [os.waitpid(pid, os.WUNTRACED)[1]]
assert not os.path.exists("{tmp_path}/continued")
os.kill(pid, signal.SIGCONT)
seen.append(os.waitpid(pid, os.WCONTINUED)[1])
seen.append(os.waitpid(pid, 0)[1])
os.open("{tmp_path}/" + "-".join(map(str, seen)), os.O_CREAT)
"""
    status, _ = run((OPENAT, OPENAT_EXIT), python(code))
    assert status == 0
    want = f"{signal.SIGSTOP << 8 | 0x7F}-{0xFFFF}-{4 << 8}"
    assert sorted(os.listdir(tmp_path)) == sorted([want, "continued"])


def test_a_sleeper_is_stopped_and_continued_from_outside():
    sink = Sink("raw_syscalls:sys_enter", "raw_syscalls:sys_exit")
    command = start_command(sink, ["sleep", "0.6"])
    numbers = syscall_numbers(ARCH)
    sleeps = {numbers["nanosleep"], numbers["clock_nanosleep"]} & set(numbers.values())

    def state():
        return Path(f"/proc/{command.pid}/stat").read_text().rpartition(")")[2].split()[0]

    try:
        until(lambda: any(s.nr in sleeps for s in sink.seen))
        os.kill(command.pid, signal.SIGSTOP)
        until(lambda: state() == "t")
        time.sleep(0.05)
        stopped_at = len(sink.seen)
        time.sleep(0.1)
        assert len(sink.seen) == stopped_at and command.poll() is None
        os.kill(command.pid, signal.SIGCONT)
        assert wait_for(sink, command) == 0
    finally:
        command.close()


def test_terminate_also_a_stopped_command():
    sink = Sink(OPENAT)
    command = start_command(sink, ["sleep", "60"])
    os.kill(command.pid, signal.SIGSTOP)
    time.sleep(0.05)
    command.terminate()
    assert wait_for(sink, command) == -signal.SIGTERM
    command.close()
    command.close()
    command.terminate()


# Life and death


def test_other_children_of_the_process_are_not_reaped():
    other = subprocess.Popen(["sh", "-c", "exit 7"])
    status, _ = run((OPENAT,), ["sleep", "0.2"])
    assert status == 0
    assert other.wait() == 7


def test_two_commands_at_once():
    sinks = Sink(OPENAT), Sink(OPENAT)
    script = "cat /etc/passwd > /dev/null; exit "
    commands = [start_command(s, ["sh", "-c", script + str(i)]) for i, s in enumerate(sinks)]
    assert [wait_for(s, c) for s, c in zip(sinks, commands, strict=True)] == [0, 1]
    for s, c in zip(sinks, commands, strict=True):
        c.close()
        assert "/etc/passwd" in s.paths() and {e.tgid for e in s.seen} >= {c.pid}


@pytest.mark.parametrize("argv", [["no-such-command-here"], ["/etc/passwd"], ["/"], [""], ["/bin/sh\0"]])
def test_a_command_that_cannot_be_executed(argv):
    threads = threading.active_count()
    with pytest.raises(CommandError):
        start_command(Sink(OPENAT), argv)
    assert threading.active_count() == threads


def test_nothing_stays_open():
    run((OPENAT,), ["true"])
    before = sorted(os.listdir("/proc/self/fd"))
    run((OPENAT,), ["sh", "-c", "ls / > /dev/null"])
    with pytest.raises(CommandError):
        start_command(Sink(OPENAT), ["/etc/passwd"])
    assert sorted(os.listdir("/proc/self/fd")) == before


def test_descendants_that_outlive_the_command(tmp_path, capfd):
    late = tmp_path / "late"
    sink = Sink(OPENAT)
    command = start_command(sink, ["sh", "-c", f"(sleep 0.6; exec 3> {late}) & exit 2"])
    assert wait_for(sink, command) == 2
    assert not late.exists()
    command.close()
    assert late.exists() and str(late) in sink.paths()
    error = capfd.readouterr().err
    want = r"ebee: [12] process(es)? of 'sh' still runs?; waiting for the end \(Ctrl-C kills\)\n"
    assert re.fullmatch(want, error)


def test_a_program_that_fails_ends_nothing_but_itself():
    sink = Sink(OPENAT, fails=True)
    command = start_command(sink, ["sh", "-c", "cat /etc/passwd > /dev/null; exit 6"])
    deadline = time.monotonic() + DEADLINE_S
    with pytest.raises(RuntimeError, match="the program failed"):
        while command.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert wait_for(sink, command) == 6
    command.close()


def test_a_failing_tracer_is_reported_and_leaves_nothing(monkeypatch):
    sink = Sink(OPENAT)
    command = start_command(sink, ["sh", "-c", "sleep 0.2; ls / > /dev/null; sleep 60"])
    monkeypatch.setattr(command._tracer, "syscall_entry", lambda tid: 1 // 0)
    until(command._gone.is_set)
    with pytest.raises(ZeroDivisionError):
        command.poll()
    assert command.poll() == -signal.SIGKILL
    command.close()


TRACER = """
import sys, time
sys.path.insert(0, {source!r})
from ebee.engine.hooks.syscalls import start_command
from ebee.spec.default_target import default_target
class Sink:
    target = default_target({arch!r})
    seen = 0
    def attached_events(self): return ["syscalls:sys_enter_openat"]
    def notify(self): pass
    def fire(self, event, record, task): self.seen += 1; self.who = task.uid
sink = Sink()
command = start_command(sink, {argv!r})
print(command.pid, flush=True)
{rest}
"""


def tracer(argv, rest):
    source = str(Path(syscalls.__file__).parents[3])
    return [sys.executable, "-c", TRACER.format(source=source, arch=ARCH, argv=argv, rest=rest)]


def test_a_killed_tracer_leaves_nothing():
    loop = "(while :; do ls / > /dev/null; done) & sleep 60 & echo $! >&2; wait"
    process = subprocess.Popen(
        tracer(["sh", "-c", loop], "time.sleep(60)"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    pids = [int(process.stdout.readline()), int(process.stderr.readline())]
    time.sleep(0.1)
    assert not any(map(has_ended, pids))
    process.kill()
    process.wait()
    until(lambda: all(map(has_ended, pids)))
    process.stdout.close()
    process.stderr.close()


def test_ctrl_c_while_descendants_are_awaited():
    rest = "while command.poll() is None: time.sleep(0.01)\ncommand.close()\nprint('closed')"
    process = subprocess.Popen(
        tracer(["sh", "-c", "setsid sleep 60 & echo $!"], rest),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    lines = [int(process.stdout.readline()) for _ in range(2)]
    assert "1 process of 'sh' still runs" in process.stderr.readline()
    assert not all(map(has_ended, lines))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, out, err) == (0, "closed\n", "")
    until(lambda: all(map(has_ended, lines)))


def test_an_ordinary_user(as_user):
    rest = (
        "while command.poll() is None: time.sleep(0.01)\n"
        "command.close()\nprint(command.poll(), sink.seen > 3, sink.who)"
    )
    argv = as_user(tracer(["sh", "-c", "ls / > /dev/null; exit 8"], rest))
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert done.stdout.split()[1:3] == ["8", "True"]
    assert int(done.stdout.split()[3]) != 0


# Refusals


def test_it_is_available_here():
    assert unavailable() == []


@pytest.mark.parametrize("scope, capable, refused", [(0, False, False), (1, False, False), (2, True, False),
                                                     (2, False, True), (3, True, True)])  # fmt: skip
def test_yama(tmp_path, monkeypatch, scope, capable, refused):
    (tmp_path / "ptrace_scope").write_text(f"{scope}\n")
    monkeypatch.setattr(ptrace, "_PATH_YAMA", str(tmp_path / "ptrace_scope"))
    monkeypatch.setattr(ptrace, "_has_cap_sys_ptrace", lambda: capable)
    assert bool(ptrace.refusals()) == refused
    if refused:
        with pytest.raises(NotSupported, match="ptrace_scope"):
            start_command(Sink(OPENAT), ["true"])


def test_a_refused_filter_is_told_with_its_reason(monkeypatch):
    def refuse(self):
        raise seccomp.SyscallError("seccomp", 1)

    monkeypatch.setattr(seccomp.Filter, "install", refuse)
    with pytest.raises(NotSupported, match="Operation not permitted"):
        start_command(Sink(OPENAT), ["true"])


def test_a_refused_seize_is_told_and_leaves_nothing(monkeypatch):
    def refuse(self, pid, options):
        pids.append(pid)
        raise ptrace.SyscallError("ptrace(PTRACE_SEIZE)", 1)

    pids = []
    monkeypatch.setattr(ptrace.Tracer, "seize", refuse)
    with pytest.raises(NotSupported, match="PTRACE_SEIZE"):
        start_command(Sink(OPENAT), ["true"])
    assert not os.path.exists(f"/proc/{pids[0]}")


def test_programs_for_another_architecture():
    sink = Sink(OPENAT)
    sink.target = default_target("arm64" if ARCH == "x86_64" else "x86_64")
    with pytest.raises(NotSupported, match="the programs are for"):
        start_command(sink, ["true"])


# The parts


def run_filter(program, arch, nr):
    """A classic-BPF machine for seccomp filters: return the action for a system call."""
    insns = [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]
    data = struct.pack("=II", nr, arch)
    at = accumulator = 0
    while True:
        code, jump_true, jump_false, k = insns[at]
        at += 1
        if code == 0x06:
            return k
        if code == 0x20:
            accumulator = struct.unpack_from("=I", data, k)[0]
        else:
            at += jump_true if {0x15: accumulator == k, 0x35: accumulator >= k}[code] else jump_false


@pytest.mark.parametrize("arch", ["x86_64", "arm64"])
def test_filters(arch):
    trace, allow, native = 0x7FF00000, 0x7FFF0000, seccomp.AUDIT_ARCH[arch]
    numbers = set(range(0, 450, 3)) | {257}
    program = seccomp.build_filter(arch, numbers)
    for nr in range(470):
        assert run_filter(program, native, nr) == (trace if nr in numbers else allow)
    for nr in (0, 257, 0x40000000, 0x40000101, 0xFFFFFFFF):
        assert run_filter(program, 0x40000003, nr) == allow  # i386
        everything = seccomp.build_filter(arch, None)
        assert run_filter(everything, native, nr) == (trace if nr < 0x40000000 else allow)
    with pytest.raises(NotSupported):
        seccomp.build_filter("riscv64", [1])


def test_memory_is_read_up_to_the_fault():
    import mmap

    area = mmap.mmap(-1, 3 * mmap.PAGESIZE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(area))
    area[:] = bytes(range(256)) * (len(area) // 256)
    ctypes.CDLL(None).mprotect(ctypes.c_void_p(address + 2 * mmap.PAGESIZE), mmap.PAGESIZE, 0)
    reader, page, me = ptrace.MemoryReader(), mmap.PAGESIZE, os.getpid()
    for read in (reader.read, ptrace._read_proc_mem):
        assert read(me, address + 5, 300) == area[5:305]
        assert read(me, address + 1, 2 * page - 1) == area[1 : 2 * page]
        assert read(me, 0xFFFF_8000_0000_0000, 8) == read(me, 8, 8) == b""
    assert reader.read(me, address + page, 2 * page) == area[page : 2 * page]
    assert reader.read(me, address + 2 * page, 8) == b""
    assert reader.read(me, address, 0) == reader.read(me, 0, 8) == reader.read(me, 1 << 64, 8) == b""
    assert reader.read(2**22 + 1, address, 8) == b""


def test_every_named_system_call_has_its_event():
    target = default_target(ARCH)
    names = [n for n in target.tracepoint_names() if n.startswith("syscalls:sys_")]
    known = [parse_event(n, target) for n in names]
    unknown = [n for n, e in zip(names, known, strict=True) if e is None]
    assert len(names) > 600
    if ARCH == "x86_64":
        assert unknown == []
    assert all(len(e.arg_names) <= 6 for e in known if e is not None)
    others = ("sched:sched_switch", "x", "syscalls:sys_enter_", "raw_syscalls:sys_enterx")
    assert [parse_event(n, target) for n in others] == [None] * 4

"""Whom scoped programs see: a command and its descendants, from its exec to the exit of each; and nobody else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from kernel_programs import args, recorder, ring, words

from ebee.abi import bpf as abi
from ebee.errors import SyscallError, UsageError
from ebee.kernel import scope as scope_module
from ebee.sys import bpf

pytestmark = [pytest.mark.needs_kernel, pytest.mark.vm]

PYTHON = [sys.executable, "-S", "-E", "-c"]

# Processes show themselves by closing a file descriptor that does not exist.
MARK = textwrap.dedent("""
    import os, sys
    def mark(n):
        try: os.close(1_000_000 + n)
        except OSError: pass
""")


def marks(result, name="ring"):
    found = [(words(r)[2] - 1_000_000, words(r)[0] >> 32) for r in result.records[name]]
    return [(n, tgid) for n, tgid in found if 0 <= n < 1000]


def watch_closes():
    return [recorder("syscalls:sys_enter_close", args(1))], [ring()]


def test_children_threads_and_orphans_are_followed(run):
    code = MARK + textwrap.dedent("""
        import threading, time, subprocess
        mark(1)
        def in_thread():
            mark(2)
            if os.fork() == 0:           # a child of a thread
                mark(3)
                os.execv(sys.executable, [sys.executable, "-S", "-E", "-c", sys.argv[1]])
            os.wait()
        t = threading.Thread(target=in_thread); t.start(); t.join()
        r, w = os.pipe()
        if os.fork() == 0:               # an orphan, in a session of its own
            os.setsid()
            if os.fork() == 0:
                os.close(r)
                time.sleep(0.05)
                mark(5)
                os.write(w, b"x")
                os._exit(0)
            os._exit(0)
        os.wait(); os.close(w); os.read(r, 1)
        pid = os.posix_spawn("/bin/sh", ["sh", "-c", "true & true; wait"], os.environ)  # vfork
        os.waitpid(pid, 0)
        mark(6)
    """)
    result = run([*PYTHON, code, MARK + "mark(4)"], *watch_closes())
    assert result.status == 0
    found = marks(result)
    assert sorted(n for n, _ in found) == [1, 2, 3, 4, 5, 6]
    tgid = dict(found)
    assert tgid[1] == tgid[2] == tgid[6]
    assert tgid[3] == tgid[4]
    assert len({tgid[1], tgid[3], tgid[5]}) == 3
    assert result.scope.lost == 0
    deadline = time.monotonic() + 5
    while result.scope.process_count() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert result.scope.process_count() == 0


def test_others_are_not_seen(run):
    other = subprocess.Popen([*PYTHON, MARK + "while True: mark(9)"])
    try:
        result = run([*PYTHON, MARK + "mark(1)\nimport time\ntime.sleep(0.1)\nmark(2)"], *watch_closes())
    finally:
        other.kill()
        other.wait()
    assert [n for n, _ in marks(result)] == [1, 2]


def test_nothing_before_the_exec_is_the_commands(run):
    """All system calls of a command that makes almost none: nothing of the fork that became it is among them."""
    result = run(["true"], [recorder("sys_enter", [(8, 8)])], [ring()])
    numbers = [words(r)[1] for r in result.records["ring"]]
    bpf_number = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
    assert numbers and bpf_number not in numbers
    execve_exits = run(["true"], [recorder("syscalls:sys_exit_bpf", [(8, 4)])], [ring("ring")])
    assert execve_exits.records["ring"] == []


def test_process_ends_and_execs_are_seen_themselves(run):
    """Programs on the tracepoints that the scope itself hangs on see the process that it is about."""
    programs = [
        recorder("sched:sched_process_exit", [(24, 4)], "exits", name="exits"),
        recorder("sched:sched_process_exec", [(12, 4)], "execs", name="execs"),
        recorder("sched:sched_process_fork", [(8, 4)], "forks", name="forks"),
    ]
    result = run(["sh", "-c", "cat /dev/null; :"], programs, [ring("exits"), ring("execs"), ring("forks")])
    execs = [words(r)[1] for r in result.records["execs"]]
    assert len(execs) == 2
    assert sorted(words(r)[1] for r in result.records["exits"]) == sorted(execs)
    assert len(result.records["forks"]) == 1


def test_two_commands_are_kept_apart(backend):
    from kernel_programs import object_of

    def start(code):
        spec = ring()
        prog = recorder("syscalls:sys_enter_close", args(1))
        obj = object_of(prog, maps=[spec])
        live = backend.create_map(spec, obj)
        scope = backend.scope()
        backend.attach(backend.load_program(prog, obj, {"ring": live}, scope))
        return live, backend.spawn([*PYTHON, MARK + code], scope)

    a, first = start("for _ in range(50): mark(1)")
    b, second = start("for _ in range(50): mark(2)")
    while first.poll() is None or second.poll() is None:
        backend.wait(1)
    for live, n in ((a, 1), (b, 2)):
        found = [words(r)[2] - 1_000_000 for r in live.drain()]
        assert [x for x in found if 0 <= x < 1000] == [n] * 50


def test_descendants_that_do_not_fit_are_counted(monkeypatch, run):
    monkeypatch.setattr(scope_module, "MAX_PROCESSES", 2)
    code = MARK + textwrap.dedent("""
        import time
        pids = []
        for i in range(6):
            pid = os.fork()
            if pid == 0:
                mark(i)
                time.sleep(0.3)
                os._exit(0)
            pids.append(pid)
        for pid in pids: os.waitpid(pid, 0)
    """)
    result = run([*PYTHON, code], *watch_closes())
    seen = len(marks(result))
    assert 1 <= seen < 6
    assert result.scope.lost == 6 - seen


def test_a_process_is_gone_from_the_scope_when_it_exits(backend):
    scope = backend.scope()
    command = backend.spawn(["sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do /bin/true; done"], scope)
    while command.poll() is None:
        backend.wait(1)
    assert scope.process_count() == 0


def test_a_thread_that_exits_does_not_end_its_process(run):
    code = MARK + textwrap.dedent("""
        import threading
        for i in range(20):
            t = threading.Thread(target=mark, args=(i,)); t.start(); t.join()
        mark(100)
    """)
    result = run([*PYTHON, code], *watch_closes())
    assert [n for n, _ in marks(result)] == [*range(20), 100]


def test_an_exec_from_a_thread_stays_in_the_scope(run):
    code = MARK + textwrap.dedent("""
        import threading, time
        def f(): os.execv(sys.executable, [sys.executable, "-S", "-E", "-c", sys.argv[1]])
        threading.Thread(target=f).start()
        time.sleep(10)
    """)
    result = run([*PYTHON, code, MARK + "mark(7)"], *watch_closes())
    assert [n for n, _ in marks(result)] == [7]


def test_a_command_in_a_pid_namespace_of_its_own(run):
    if os.geteuid() != 0:
        pytest.skip("needs root, for a pid namespace")
    if subprocess.run(["unshare", "--pid", "--fork", "true"], capture_output=True).returncode:
        pytest.skip("pid namespaces cannot be made here")
    result = run(["unshare", "--pid", "--fork", *PYTHON, MARK + "mark(os.getpid())"], *watch_closes())
    assert [n for n, _ in marks(result)] == [1]


def test_a_closed_scope_is_refused(backend):
    scope = backend.scope()
    scope.close()
    scope.close()
    with pytest.raises(UsageError):
        scope.seed()


TRACER = textwrap.dedent("""
    import sys, time
    sys.path[:0] = sys.argv[1:]
    from kernel_programs import args, object_of, recorder, ring
    from ebee.kernel.backend import KernelBackend
    backend = KernelBackend()
    programs = [recorder("syscalls:sys_enter_close", args(1), name="ebee_kill_fast"),
                recorder("syscalls:sys_exit_close", [(16, 8)], name="ebee_kill_slow", stack_size=512)]
    obj = object_of(*programs, maps=[ring()])
    live = {"ring": backend.create_map(obj.maps["ring"], obj)}
    scope = backend.scope()
    for p in programs:
        backend.attach(backend.load_program(p, obj, live, scope))
    command = backend.spawn(["sleep", "30"], scope)
    print(command.pid, flush=True)
    time.sleep(30)
""")


def own_programs(names):
    """The ids of programs with these names that are in the kernel now."""
    found = set()
    try:
        for number in bpf.ids(abi.BPF_PROG_GET_NEXT_ID):
            try:
                with bpf.fd_by_id(abi.BPF_PROG_GET_FD_BY_ID, number) as fd:
                    name = bpf.info_by_fd(fd.number, 80)[64:80].rstrip(b"\0").decode()
            except SyscallError:
                continue
            if name in names:
                found.add(number)
    except SyscallError as e:
        pytest.skip(f"program ids cannot be listed: {e}")
    return found


def test_a_killed_tracer_leaves_nothing(request):
    names = {"ebee_kill_fast", "ebee_kill_slow", "ebee_fork", "ebee_exec", "ebee_exit", "ebee_seed"}
    before = own_programs(names)
    here = os.path.dirname(__file__)
    src = os.path.dirname(os.path.dirname(os.path.dirname(scope_module.__file__)))
    tracer = subprocess.Popen([sys.executable, "-c", TRACER, here, src], stdout=subprocess.PIPE, text=True)
    pid = int(tracer.stdout.readline())
    try:
        during = own_programs(names) - before
        assert len(during) >= 5
        tracer.kill()
        tracer.wait()
        deadline = time.monotonic() + 10
        while (left := own_programs(names) & during) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not left
        os.kill(pid, 0)  # the command just goes on
    finally:
        tracer.stdout.close()
        os.kill(pid, signal.SIGKILL)

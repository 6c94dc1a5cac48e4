"""Live system-call events of a command and its descendants, without any privilege: seccomp and ptrace.

A seccomp filter stops the traced processes at the probed system calls only; all others run at full speed. One
thread is the tracer: ptrace ties every request and every wait to the thread that seized the process.
"""

from __future__ import annotations

import errno
import os
import sys
import time

from ...errors import CommandError, NotSupported, SyscallError
from ...sys import ptrace
from ...sys.ptrace import MemoryReader, StatFile, Tracer, read_credentials, read_syscall_nr, wait_tracee
from ...sys.seccomp import Filter, build_filter, have_filter
from ...sys.spawn import confirm_exec, fork_exec
from ..task import TaskContext
from .events import parse_event, syscall_numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    import threading
    from collections.abc import Callable, Sequence

    from . import EventSink
    from .events import SyscallEvent
else:
    import _signal  # `signal` itself imports enum

# The kernel's names of the architectures that have live events, by machine name.
_ARCH = {"x86_64": "x86_64", "aarch64": "arm64"}

_OPTIONS = (
    ptrace.O_EXITKILL | ptrace.O_TRACESECCOMP | ptrace.O_TRACESYSGOOD | ptrace.O_TRACEFORK
    | ptrace.O_TRACEVFORK | ptrace.O_TRACECLONE | ptrace.O_TRACEEXEC
)  # fmt: skip

_GROUP_STOPS = frozenset((_signal.SIGSTOP, _signal.SIGTSTP, _signal.SIGTTIN, _signal.SIGTTOU))

# Signals for the process, which its main thread is to see.
_NOT_FOR_THE_TRACER = (
    _signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP, _signal.SIGQUIT, _signal.SIGUSR1, _signal.SIGUSR2,
    _signal.SIGCHLD, _signal.SIGALRM, _signal.SIGWINCH,
)  # fmt: skip

# After these a task may have another user or group id.
_CREDENTIAL_SYSCALLS = ("setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid")
_EXEC_SYSCALLS = ("execve", "execveat")
_FORK_SYSCALLS = ("clone", "clone3", "fork", "vfork")

# So many tasks keep a file open, so that a command with thousands of threads leaves the user descriptors.
_MAX_OPEN_FILES = 128
_LEAVE_IN_PEACE_S = 0.25  # how long `close` waits for descendants before it says that it waits


def unavailable() -> list[str]:
    """Return why `start_command` cannot work here, in words; empty when it can. Starts nothing."""
    if not sys.platform.startswith("linux"):
        return [f"system calls can be followed on Linux only, and this is {sys.platform}"]
    machine = os.uname().machine
    if machine not in _ARCH or sys.maxsize < 1 << 32:
        word = 64 if sys.maxsize > 1 << 32 else 32
        here = f"{word}-bit process on {machine}"
        return [f"system calls can be followed on {' and '.join(_ARCH)}, 64-bit, and this is a {here}"]
    reasons = ptrace.refusals()
    if not have_filter():
        reasons.append("seccomp filters are missing in this kernel or refused by a container's policy")
    return reasons


def start_command(backend: EventSink, argv: Sequence[str]) -> LiveCommand:
    """Start `argv` and feed the system calls of it and its descendants to `backend`.

    Events that are attached later are not seen. Before the command's `execve` only that call itself is shown.

    Raises: NotSupported with the reason, CommandError when the command cannot be executed.
    """
    reasons = unavailable()
    if not reasons and backend.target.arch != _ARCH[os.uname().machine]:
        reasons = [f"the programs are for {backend.target.arch}, and this is {os.uname().machine}"]
    if reasons:
        raise _not_supported("; ".join(reasons))
    return LiveCommand(backend, argv)


def _not_supported(reason: str) -> NotSupported:
    return NotSupported(
        f"live system-call events without privileges: {reason}",
        hint="run with CAP_BPF and CAP_PERFMON to use the kernel, or replay a recording made elsewhere",
    )


class _Calls:
    """What the programs want to see of one system call: its entry and its exit events."""

    __slots__ = ("enter", "exit")

    def __init__(self, events: list[SyscallEvent]) -> None:
        self.enter = [e for e in events if not e.is_exit]
        self.exit = [e for e in events if e.is_exit]


class _Task:
    """One traced thread."""

    __slots__ = ("awaited", "context", "credentials_known", "nr", "stat", "tid")

    def __init__(self, tid: int, memory: MemoryReader, stack: Callable[[_Task], list[int]], keep_open: bool) -> None:
        self.tid = tid
        self.nr = -1
        self.awaited: list[SyscallEvent] = []  # exit events of the system call that it is in
        self.stat = StatFile(tid, keep_open)
        self.credentials_known = False

        def read_user(address: int, size: int) -> bytes:
            return memory.read(tid, address, size)

        self.context = TaskContext(
            tgid=tid, pid=tid, ktime_ns=time.monotonic_ns, random_u32=_random_u32, read_user=read_user,
            stack=lambda is_user: stack(self) if is_user else [],
        )  # fmt: skip

    def current(self) -> TaskContext:
        """Return the task as it is now. It must be stopped."""
        context = self.context
        if not self.credentials_known:
            who = read_credentials(self.tid)
            if who is not None:
                context.tgid, context.uid, context.gid = who.tgid, who.uid, who.gid
                self.credentials_known = True
        now = self.stat.read()
        if now is not None:
            context.comm, context.cpu = now
        return context


def _random_u32() -> int:
    return int.from_bytes(os.urandom(4), "little")


class LiveCommand:
    """A command whose system calls are followed; see `ebee.spec.backend.Command`.

    `poll`, `terminate` and `close` are for the thread that started it. What goes wrong in the tracer's thread
    is raised by the next `poll` or `close`.
    """

    def __init__(self, sink: EventSink, argv: Sequence[str]) -> None:
        self.argv = [str(a) for a in argv]
        self._sink = sink
        self._status: int | None = None
        self._failure: BaseException | None = None
        self._executed = False  # whether the root process became the command
        self._killing = False
        self._silent = False  # after a failure the command goes on, and nothing is fired any more
        self._thread: threading.Thread | None = None
        self._tasks: dict[int, _Task] = {}
        self._tracer = Tracer()
        self._memory = MemoryReader()
        self._plan()
        self._start()

    def poll(self) -> int | None:
        """Return None while it runs, then its exit status, once every event of it was fired."""
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        return self._status

    def terminate(self) -> None:
        """Send SIGTERM, and SIGCONT so that a stopped command gets it, too."""
        if self._status is None:
            _send(self.pid, _signal.SIGTERM)
            _send(self.pid, _signal.SIGCONT)

    def close(self) -> None:
        """Terminate the command if it runs, then wait for its descendants: without us their calls would fail.

        Ctrl-C meanwhile kills them.
        """
        self.terminate()
        try:
            if not self._gone.wait(_LEAVE_IN_PEACE_S):
                print(f"ebee: {self._describe_rest()}; waiting for the end (Ctrl-C kills)", file=sys.stderr)
                self._gone.wait()
        except KeyboardInterrupt:
            self._kill()
            self._gone.wait()
        except BaseException:
            self._kill()
            raise
        self._join()
        self.poll()

    def _describe_rest(self) -> str:
        known = [read_credentials(tid) for tid in list(self._tasks)]
        count = len({who.tgid for who in known if who is not None})
        processes, runs = ("process", "runs") if count == 1 else ("processes", "run")
        return f"{count} {processes} of {self.argv[0]!r} still {runs}"

    def _kill(self) -> None:
        """Kill everything that is traced, including what is being born."""
        self._killing = True
        for tid in list(self._tasks):
            _send(tid, _signal.SIGKILL)

    def _join(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def _plan(self) -> None:
        """Find out which system calls must stop, and what to fire at each."""
        target = self._sink.target
        parsed = (parse_event(event, target) for event in self._sink.attached_events())
        events = [e for e in parsed if e is not None]
        # As in the kernel, programs of raw_syscalls come before those of the system call itself.
        raw = [e for e in events if e.nr is None]
        self._calls = {
            nr: _Calls(raw + [e for e in events if e.nr == nr])
            for nr in {e.nr for e in events if e.nr is not None}
        }
        self._other_calls = _Calls(raw)
        numbers = syscall_numbers(target.arch)
        self._credential_nrs = frozenset(numbers[name] for name in _CREDENTIAL_SYSCALLS)
        self._exec_nrs = frozenset(numbers[name] for name in _EXEC_SYSCALLS)
        fork_nrs = (numbers[name] for name in _FORK_SYSCALLS if name in numbers)
        self._sees_forks = any(self._calls.get(nr, self._other_calls).exit for nr in fork_nrs)
        stops = None if raw else {*self._calls, *self._credential_nrs}
        self._filter = Filter(build_filter(target.arch, stops)) if events else None

    def _install(self) -> None:
        """In the child: install the filter; its exit status tells why that was refused."""
        if self._filter is not None:
            try:
                self._filter.install()
            except SyscallError as e:
                os._exit(e.errno or 1)

    def _start(self) -> None:
        import threading

        self._settled = threading.Event()  # the root process became the command, or ended
        self._gone = threading.Event()  # nothing is traced any more
        self._go_r, self._go_w = os.pipe()
        try:
            self.pid = fork_exec(self.argv, self._install, self._go_r)
            try:
                self._thread = threading.Thread(target=self._trace, name="ebee-tracer", daemon=True)
                self._thread.start()
                self._settled.wait()
                confirm_exec(self.pid)
                if not self._executed:
                    self._gone.wait()
                    raise self._failure or self._never_started()
            except BaseException:
                if self._status is None:
                    self._killing = True
                    _send(self.pid, _signal.SIGKILL)
                if self._thread is None:
                    ptrace.reap(self.pid)
                self._join()
                raise
        finally:
            os.close(self._go_r)
            os.close(self._go_w)

    def _never_started(self) -> Exception:
        status = self._status or 0
        if status < 0:
            return CommandError(self.argv, errno.EINTR, f"signal {-status} ended it before it started")
        return _not_supported(f"a seccomp filter is refused ({os.strerror(status)})")

    # What follows runs in the tracer's thread.

    def _trace(self) -> None:
        _signal.pthread_sigmask(_signal.SIG_BLOCK, _NOT_FOR_THE_TRACER)
        try:
            self._add(self.pid)
            self._seize()
            self._serve()
        except BaseException as e:
            self._failure = e
            self._kill()
            self._serve()
        finally:
            if self._status is None:
                # Not seized; or somebody else in this process took the status, which then is unknown.
                status = ptrace.reap(self.pid)
                self._status = 0 if status is None else os.waitstatus_to_exitcode(status)
            for task in self._tasks.values():  # who never was seized
                task.stat.close()
            self._settled.set()
            self._gone.set()
            self._sink.notify()

    def _serve(self) -> None:
        """Wait for stops and act on them until nothing is traced any more."""
        while (waited := wait_tracee()) is not None:
            tid, status = waited
            if os.WIFSTOPPED(status):
                self._stopped(tid, status >> 8 & 0xFF, status >> 16)
            else:
                self._ended(tid, status)

    def _seize(self) -> None:
        try:
            self._tracer.seize(self.pid, _OPTIONS)
        except OSError as e:
            raise _not_supported(f"{e}; another tracer or a security policy holds the command") from None
        os.write(self._go_w, b"x")

    def _add(self, tid: int) -> _Task:
        task = self._tasks[tid] = _Task(tid, self._memory, self._stack, len(self._tasks) < _MAX_OPEN_FILES)
        return task

    def _stack(self, task: _Task) -> list[int]:
        """Return the stack of a task that is stopped, and have what it has mapped noted: for this thread only."""
        from .stacks import user_stack

        self._sink.has_stack(task.context.tgid)
        return user_stack(self._tracer, self._memory, task.tid)

    def _ended(self, tid: int, status: int) -> None:
        task = self._tasks.pop(tid, None)
        if task is not None:
            task.stat.close()
        if tid == self.pid:
            self._status = os.waitstatus_to_exitcode(status)
            self._sink.notify()

    def _stopped(self, tid: int, signal: int, event: int) -> None:
        """Act on one stop and let the task go on. The stops are those of ptrace(2), PTRACE_SEIZE."""
        if self._killing:
            _send(tid, _signal.SIGKILL)
            return
        task = self._tasks.get(tid)
        is_new = task is None
        if task is None:
            task = self._add(tid)
        deliver = 0
        if event == ptrace.EVENT_SECCOMP:
            self._entered(task)
        elif event == 0 and signal == ptrace.SYSCALL_STOP:
            self._left(task)
        elif event == 0:
            deliver = signal
        elif event == ptrace.EVENT_EXEC:
            task = self._executed_as(task)
        elif event == ptrace.EVENT_STOP:
            if is_new:
                self._born(task)
            if signal in _GROUP_STOPS:
                self._tracer.listen(tid)
                return
        self._tracer.cont(tid, deliver, bool(task.awaited))

    def _entered(self, task: _Task) -> None:
        entry = self._tracer.syscall_entry(task.tid)
        if entry is None:
            return
        nr, args = entry[0], entry[1:]
        calls = self._calls.get(nr, self._other_calls)
        # Until its exec the root process is ebee's own child: the exec is where the command comes back from.
        if self._executed or nr in self._exec_nrs:
            if calls.enter and self._executed:
                context = task.current()
                for e in calls.enter:
                    self._fire(e.event, e.pack(task.tid, nr, args), context)
            task.nr, task.awaited = nr, calls.exit
        if nr in self._credential_nrs:
            task.credentials_known = False

    def _left(self, task: _Task) -> None:
        awaited, task.awaited = task.awaited, []
        ret = self._tracer.syscall_return(task.tid)
        if ret is not None:
            self._fire_exits(task, awaited, ret)

    def _born(self, task: _Task) -> None:
        """A new task's first stop. In the kernel it, too, comes back from the call that made it, with 0."""
        if self._sees_forks:
            task.nr = read_syscall_nr(task.tid)
            self._fire_exits(task, self._calls.get(task.nr, self._other_calls).exit, 0)

    def _executed_as(self, leader: _Task) -> _Task:
        """An exec happened. A thread that was not its group's leader has taken over the leader's id."""
        former_tid = self._tracer.event_message(leader.tid) or leader.tid
        former = self._tasks.pop(former_tid, leader)
        former.stat.close()
        leader.stat.close()
        task = self._add(leader.tid)
        task.nr, task.awaited = former.nr, former.awaited
        if task.tid == self.pid:
            self._executed = True
            self._settled.set()
        return task

    def _fire_exits(self, task: _Task, events: list[SyscallEvent], ret: int) -> None:
        if events:
            context = task.current()
            for e in events:
                self._fire(e.event, e.pack_exit(task.tid, task.nr, ret), context)

    def _fire(self, event: str, record: bytes, context: TaskContext) -> None:
        if self._silent:
            return
        try:
            self._sink.fire(event, record, context)
        except BaseException as e:
            self._failure, self._silent = e, True
            self._sink.notify()


def _send(tid: int, signal: int) -> None:
    # The task may have been reaped a moment ago; its number is not given out again so soon.
    try:
        os.kill(tid, signal)
    except (ProcessLookupError, PermissionError):
        return

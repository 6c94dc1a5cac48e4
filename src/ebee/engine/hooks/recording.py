"""Recordings: system-call events of a command in a file, as JSON lines, to be replayed on any machine.

The first line is the header: `{"ebee_events": 1, "arch": …, "kernel": …, "command": […], "started": …}`. Each
other line is one event: `event t_ns tgid pid uid gid comm cpu syscall`, then `args` (name → u64) of an entry or
`ret` (s64) of an exit, and `mem`, the user memory that programs may read: pairs of address and content. Content
is a string (its UTF-8 bytes) if that is printable up to a final NUL, else `{"base64": …}`. `syscall` is the name
of the system call, or its number if it has no name here: numbers differ between architectures, names do not.
"""

from __future__ import annotations

import os
import time

from ...errors import SyscallError, UnknownProbe
from ...record import Record
from ...sys.spawn import find_executable
from .events import parse_event, syscall_numbers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any, TextIO

    from ...spec.target import Target
    from ..task import TaskContext
    from . import EventSink

VERSION = 1
MAX_STRING_BYTES = 4096  # PATH_MAX; what is longer is cut there


class RecordingSummary(Record):
    """What a recording holds. `exit_status` is the command's (negative: the signal that ended it).

    `strings_cut` were longer than 4096 bytes; `strings_unreadable` could not be read, and fault at replay, too.
    """

    events: int = 0
    exit_status: int = 0
    strings_cut: int = 0
    strings_unreadable: int = 0


class Recorder:
    """Writes a recording to an open text file."""

    def __init__(
        self, file: TextIO, name: str, target: Target, events: Iterable[str], command: Sequence[str]
    ) -> None:
        import json

        self.summary = RecordingSummary()
        self._file, self._name, self._dumps = file, name, json.dumps
        parsed = (parse_event(event, target) for event in events)
        self._events = {e.event: e for e in parsed if e is not None}
        self._syscall_names = {nr: syscall for syscall, nr in syscall_numbers(target.arch).items()}
        header = {
            "ebee_events": VERSION,
            "arch": target.arch,
            "kernel": os.uname().release,
            "command": list(command),
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        self._write(header)

    def add(
        self, event: str, record: bytes, task: TaskContext, t_ns: int, memory: Iterable[tuple[int, bytes]]
    ) -> None:
        """Write one event. Raises: SyscallError when the file cannot take it."""
        layout = self._events[event]
        nr, values = layout.unpack(record)
        line: dict[str, Any] = {
            "event": event, "t_ns": t_ns, "tgid": task.tgid, "pid": task.pid, "uid": task.uid,
            "gid": task.gid, "comm": task.comm.decode("utf-8", "surrogateescape"), "cpu": task.cpu,
            "syscall": self._syscall_names.get(nr, nr),
        }  # fmt: skip
        if layout.is_exit:
            line["ret"] = values[0]
        else:
            line["args"] = dict(zip(layout.arg_names, values, strict=True))
        mem = [[address, encode_memory(content)] for address, content in memory if content]
        if mem:
            line["mem"] = mem
        self._write(line)
        self.summary.events += 1

    def strings(self, event: str, record: bytes, task: TaskContext) -> list[tuple[int, bytes]]:
        """Read the strings that an entry's arguments point at, with their NUL: (address, content)."""
        layout = self._events[event]
        if not layout.strings:
            return []
        found = []
        values = layout.unpack(record)[1]
        for address in (values[i] for i in layout.strings):
            content = task.read_user(address, MAX_STRING_BYTES)
            end = content.find(0) + 1
            if end:
                content = content[:end]
            elif len(content) == MAX_STRING_BYTES:
                self.summary.strings_cut += 1
            elif address:
                self.summary.strings_unreadable += 1
            found.append((address, content))
        return found

    def _write(self, line: dict[str, Any]) -> None:
        try:
            self._file.write(self._dumps(line, separators=(",", ":")) + "\n")
        except OSError as e:
            raise SyscallError(f"write {self._name}", e.errno or 0) from None


class RecordingSink:
    """An event sink that writes what it gets: a recording without any program."""

    def __init__(
        self, file: TextIO, name: str, target: Target, events: Sequence[str], command: Sequence[str]
    ) -> None:
        import threading

        self.target = target
        self.changed = threading.Event()
        self._wanted = list(events)
        self.recorder = Recorder(file, name, target, events, command)

    def attached_events(self) -> list[str]:
        """Return the events that are recorded."""
        return self._wanted

    def fire(self, event: str, record: bytes, task: TaskContext) -> None:
        """Write one event with the strings that its arguments point at."""
        memory = self.recorder.strings(event, record, task)
        self.recorder.add(event, record, task, task.ktime_ns(), memory)

    def has_stack(self, pid: int) -> None:
        """Nothing: recordings have no stacks."""

    def notify(self) -> None:
        """Let `record_command` ask the command."""
        self.changed.set()


class RecordingTee:
    """An event sink before another: programs run, and what they saw and read is recorded."""

    def __init__(self, inner: EventSink, file: TextIO, name: str, command: Sequence[str]) -> None:
        self._inner = inner
        self.target = inner.target
        self.recorder = Recorder(file, name, inner.target, inner.attached_events(), command)

    def attached_events(self) -> Iterable[str]:
        """Return the events that the inner sink wants."""
        return self._inner.attached_events()

    def fire(self, event: str, record: bytes, task: TaskContext) -> None:
        """Pass one event on, then write it."""
        t_ns = task.ktime_ns()
        seen: dict[int, bytes] = {}
        read_user = task.read_user

        def read_and_keep(address: int, size: int) -> bytes:
            content = read_user(address, size)
            if len(content) > len(seen.get(address, b"")):
                seen[address] = content
            return content

        # One event has one time, so that the replay gives the program what it got here.
        shown = task.replace(ktime_ns=lambda: t_ns, read_user=read_and_keep)
        self._inner.fire(event, record, shown)
        self.recorder.add(event, record, task, t_ns, seen.items())

    def has_stack(self, pid: int) -> None:
        """Pass it on."""
        self._inner.has_stack(pid)

    def notify(self) -> None:
        """Pass it on."""
        self._inner.notify()


def record_command(argv: Sequence[str], events: Sequence[str], path: str, target: Target) -> RecordingSummary:
    """Run a command to its end and write its system-call events to the file `path`.

    Ctrl-C ends the command and keeps what was recorded. Descendants that outlive it are recorded, too.

    Raises: UnknownProbe for an event that is no system call's, NotSupported, CommandError, SyscallError.
    """
    from .syscalls import start_command

    for event in events:
        if parse_event(event, target) is None:
            raise _unknown(event, target)
    find_executable(argv[0] if argv else "")  # a mistyped command must not cost an old recording
    try:
        file = open(path, "w", encoding="ascii", newline="\n")  # noqa: SIM115  # closed below
    except OSError as e:
        raise SyscallError(f"open {path}", e.errno or 0) from None
    try:
        sink = RecordingSink(file, path, target, events, argv)
        command = start_command(sink, argv)
        try:
            while command.poll() is None:
                sink.changed.wait()
                sink.changed.clear()
        except KeyboardInterrupt:
            pass
        finally:
            command.close()
    finally:
        try:
            file.close()
        except OSError as e:
            raise SyscallError(f"write {path}", e.errno or 0) from None
    summary = sink.recorder.summary
    summary.exit_status = command.poll() or 0
    return summary


def _unknown(event: str, target: Target) -> UnknownProbe:
    import difflib

    served = [n for n in target.tracepoint_names() if n.startswith(("syscalls:", "raw_syscalls:"))]
    hint = "events are syscalls:sys_enter_NAME, syscalls:sys_exit_NAME, raw_syscalls:sys_enter, raw_syscalls:sys_exit"
    return UnknownProbe(event, difflib.get_close_matches(event, served, 3), hint=hint)


def encode_memory(content: bytes) -> str | dict[str, str]:
    """Return bytes as JSON: text if that is printable UTF-8 up to a final NUL, else base64."""
    try:
        text = content.decode()
        if (text[:-1] if text.endswith("\0") else text).isprintable():
            return text
    except UnicodeDecodeError:
        pass
    import base64

    return {"base64": base64.b64encode(content).decode()}

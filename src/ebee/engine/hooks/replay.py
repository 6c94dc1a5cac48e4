"""Replay: feed a recording to the attached programs. Needs no privilege, no Linux and no thread.

See `ebee.engine.hooks.recording` for the file. A recording of one architecture replays on another.
"""

from __future__ import annotations

from ...errors import FormatError
from ..task import TaskContext
from .events import parse_event, syscall_numbers
from .recording import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, BinaryIO

    from . import EventSink
    from .events import SyscallEvent

_MAX_LINE_BYTES = 1 << 24
_SIGTERM = 15
_U64, _U32, _PID, _CPU, _COMM_BYTES = (1 << 64) - 1, (1 << 32) - 1, (1 << 31) - 1, 0xFFFF, 15


def start_replay(backend: EventSink, path: str, file: BinaryIO | None = None) -> Replay:
    """Start to feed the recording `path` to `backend`; `file` is its open content, if it is open already.

    Raises: FormatError for a file that is no recording or cannot be opened.
    """
    if file is None:
        try:
            file = open(path, "rb")  # noqa: SIM115  # the replay closes it
        except OSError as e:
            raise FormatError(f"cannot be read: {e.strerror}", file=path) from None
    try:
        return Replay(backend, path, file)
    except BaseException:
        file.close()
        raise


class Replay:
    """A recording that is being replayed; see `ebee.spec.backend.Command`. `argv` is the recorded command.

    Each `poll` feeds one event and wakes the reader, who so sees every event before the next one comes: a ring
    buffer that can take one event's records loses none. Lines are checked as they come.
    """

    pid = 0

    def __init__(self, sink: EventSink, path: str, file: BinaryIO) -> None:
        self._sink, self._path, self._file = sink, path, file
        self._line_number = 0
        self._status: int | None = None
        self._numbers = syscall_numbers(sink.target.arch)
        parsed = (parse_event(event, sink.target) for event in sink.attached_events())
        self._wanted = {e.event: e for e in parsed if e is not None}
        header = self._next_line()
        if header is None or "ebee_events" not in header:
            raise self._wrong("this is no recording of events", "make one with `ebee record`")
        version = header["ebee_events"]
        if type(version) is not int or version != VERSION:
            raise self._wrong(f"its version is {version!r}, and this ebee reads version {VERSION}")
        command = header.get("command")
        if not isinstance(command, list) or not all(isinstance(arg, str) for arg in command):
            raise self._wrong("`command` must be a list of strings")
        if not isinstance(header.get("arch"), str):
            raise self._wrong("`arch` must be the name of an architecture")
        self.argv: list[str] = command
        self._same_arch = header["arch"] == sink.target.arch
        sink.notify()

    def poll(self) -> int | None:
        """Feed the next event to the programs; return 0 when none was left (after `terminate`: -15).

        Raises: FormatError with the line that is wrong; the replay is over then.
        """
        if self._status is None:
            try:
                if not self._feed_one():
                    self._status = 0
            except BaseException:
                self._status = -_SIGTERM
                raise
            self._sink.notify()
        return self._status

    def terminate(self) -> None:
        """Stop the replay."""
        if self._status is None:
            self._status = -_SIGTERM

    def close(self) -> None:
        """Stop the replay and close the file. Closing twice is allowed."""
        self.terminate()
        self._file.close()

    def _feed_one(self) -> bool:
        """Feed events until one was wanted; return False at the end of the file."""
        while (line := self._next_line()) is not None:
            try:
                name, t_ns = _text(line, "event"), _number(line, "t_ns", _U64)
                task = _read_task(line, t_ns)
                layout = self._wanted.get(name)
                record = b"" if layout is None else self._read_record(line, layout, task.pid)
            except ValueError as e:
                raise self._wrong(str(e)) from None
            if layout is not None:
                self._sink.fire(name, record, task)
                return True
        return False

    def _read_record(self, line: dict[str, Any], layout: SyscallEvent, tid: int) -> bytes:
        nr = layout.nr
        if nr is None:
            syscall = line.get("syscall")
            if type(syscall) is int and -1 <= syscall < 1 << 31:
                nr = syscall if self._same_arch else -1
            elif isinstance(syscall, str):
                nr = self._numbers.get(syscall, -1)
            else:
                raise ValueError("`syscall` must be the name or number of a system call")
        if layout.is_exit:
            return layout.pack_exit(tid, nr, _number(line, "ret", _U64 >> 1, -1 << 63))
        args = line.get("args")
        if not isinstance(args, dict):
            raise ValueError("`args` must be an object with the arguments")
        return layout.pack(tid, nr, tuple(_number(args, n, _U64) for n in layout.arg_names))

    def _next_line(self) -> dict[str, Any] | None:
        import json

        try:
            raw = self._file.readline(_MAX_LINE_BYTES)
        except OSError as e:
            raise FormatError(f"cannot be read: {e.strerror}", file=self._path) from None
        if not raw:
            return None
        self._line_number += 1
        if not raw.endswith(b"\n"):
            raise self._wrong("the recording is cut off in this line")
        try:
            line = json.loads(raw.decode())
        except (ValueError, RecursionError):
            raise self._wrong("this line is no JSON") from None
        if not isinstance(line, dict):
            raise self._wrong("this line is no JSON object")
        return line

    def _wrong(self, what: str, hint: str = "") -> FormatError:
        return FormatError(what, file=self._path, section=f"line {max(1, self._line_number)}", hint=hint)


def _number(line: dict[str, Any], key: str, highest: int, lowest: int = 0) -> int:
    value = line.get(key)
    if type(value) is not int or not lowest <= value <= highest:
        raise ValueError(f"`{key}` must be a whole number from {lowest} to {highest}")
    return value


def _text(line: dict[str, Any], key: str) -> str:
    value = line.get(key)
    if not isinstance(value, str):
        raise ValueError(f"`{key}` must be a string")
    return value


def _read_task(line: dict[str, Any], t_ns: int) -> TaskContext:
    comm = _text(line, "comm").encode("utf-8", "surrogateescape")
    if len(comm) > _COMM_BYTES or b"\0" in comm:
        raise ValueError(f"`comm` must be a task's name, at most {_COMM_BYTES} bytes")
    regions = _read_memory(line.get("mem", []))

    def read_user(address: int, size: int) -> bytes:
        found = (content[address - at :][:size] for at, content in regions if at <= address)
        return max(found, key=len, default=b"")

    return TaskContext(
        tgid=_number(line, "tgid", _PID),
        pid=_number(line, "pid", _PID),
        uid=_number(line, "uid", _U32),
        gid=_number(line, "gid", _U32),
        comm=comm,
        cpu=_number(line, "cpu", _CPU),
        ktime_ns=lambda: t_ns,
        read_user=read_user,
    )


def _read_memory(mem: object) -> list[tuple[int, bytes]]:
    if not isinstance(mem, list):
        raise ValueError("`mem` must be a list of pairs of address and content")
    regions = []
    for pair in mem:
        if not isinstance(pair, list) or len(pair) != 2:
            raise ValueError("`mem` must be a list of pairs of address and content")
        regions.append((_number({"address": pair[0]}, "address", _U64), _decode_memory(pair[1])))
    return regions


def _decode_memory(content: object) -> bytes:
    if isinstance(content, str):
        return content.encode()
    encoded = content.get("base64") if isinstance(content, dict) else None
    if not isinstance(encoded, str):
        raise ValueError("the content of memory must be a string or base64")
    import binascii

    return binascii.a2b_base64(encoded, strict_mode=True)

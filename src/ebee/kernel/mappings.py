"""What processes map, execute and fork, as it happens: for the names of functions in processes that have ended.

Each CPU has a buffer of records with their times. Of a command: an event of this thread, inherited by the command
and its descendants, that begins with its exec. Otherwise: of all processes.
Source: PERF_RECORD_MMAP2, _FORK, _COMM, _LOST in include/uapi/linux/perf_event.h (Linux 6.18).
"""

from __future__ import annotations

import struct
from _thread import allocate_lock

from ..sys.cpus import online_cpus
from . import perf_events as perf
from .perfbuf import DATA_HEAD, DATA_TAIL, HEADER, PerfBuffer

_LOST, _FORK, _MMAP2 = 2, 7, 10
_MISC_DATA = 1 << 13  # PERF_RECORD_MISC_MMAP_DATA: memory that is not executable
_PROT_EXEC = 4
_MMAP2_HEAD = struct.Struct("=IIQQQIIQQII")  # pid, tid, addr, len, pgoff, maj, min, ino, ino_generation, prot, flags
_PAIR = struct.Struct("=II")  # pid, ppid
_NAMES = {b"//anon": "", b"[vdso]": "[vdso]"}

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..spec.backend import MappingEvent


class MappingEvents:
    """The one consumer of those records. Raises: PermissionMissing, SyscallError."""

    def __init__(self, *, is_for_command: bool) -> None:
        flags = perf.DISABLED | perf.INHERIT | perf.ENABLE_ON_EXEC if is_for_command else 0
        self._barrier = allocate_lock()
        self._barrier.acquire()
        self._buffers: list[PerfBuffer] = []
        try:
            for cpu in online_cpus():
                self._buffers.append(PerfBuffer(perf.open_mappings(0 if is_for_command else -1, cpu, flags)))
        except BaseException:
            self.close()
            raise

        self.fds = [buffer.fd.number for buffer in self._buffers]

    def take(self) -> list[MappingEvent]:
        """Take what has happened since, in order: see `Backend.mapping_events`."""
        found: list[tuple[int, MappingEvent]] = []
        for buffer in self._buffers:
            at, end = buffer.words[DATA_TAIL], buffer.words[DATA_HEAD]
            self._fence()
            while at < end:
                type, misc, size = HEADER.unpack(buffer.take(at, HEADER.size))
                body = buffer.take(at + HEADER.size, size - HEADER.size)
                event = _event(type, misc, body)
                if event is not None:
                    found.append((int.from_bytes(body[-8:], "little"), event))
                at += size
            self._fence()
            buffer.words[DATA_TAIL] = at
        found.sort(key=lambda one: one[0])
        return [event for _, event in found]

    def _fence(self) -> None:
        self._barrier.release()
        self._barrier.acquire()

    def close(self) -> None:
        """Stop. Closing twice is allowed."""
        while self._buffers:
            self._buffers.pop().close()


def _event(type: int, misc: int, body: bytes) -> MappingEvent | None:
    if type == _MMAP2 and not misc & _MISC_DATA:
        pid, _, start, length, off, _, _, inode, _, prot, _ = _MMAP2_HEAD.unpack_from(body)
        raw = body[_MMAP2_HEAD.size : -8]
        name = raw[: raw.find(b"\0")]
        path = _NAMES.get(name)
        path = name.decode("utf-8", "surrogateescape") if path is None else path
        return ("map", pid, start, start + length, off, inode, path) if prot & _PROT_EXEC else None
    if type == _FORK:
        pid, parent = _PAIR.unpack_from(body)
        return ("fork", pid, parent, 0, 0, 0, "") if pid != parent else None
    if type == _LOST:
        return ("lost", 0, int.from_bytes(body[8:16], "little"), 0, 0, 0, "")
    return None

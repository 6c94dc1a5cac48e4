"""Reading the buffers of a perf event array: one for each CPU, through shared memory.

Each has a page of positions (struct perf_event_mmap_page), then the data. What programs could not send they know
themselves, and ebee's count it; the kernel's own notes of it (PERF_RECORD_LOST) are summed for those that do not.
Source: include/uapi/linux/perf_event.h, kernel/events/ring_buffer.c (Linux 6.18).
"""

from __future__ import annotations

import os
import select
import struct
import sys
from _thread import allocate_lock

from ..errors import UsageError
from ..sys.bpf import map_shared
from ..sys.cpus import online_cpus
from ..sys.map_elements import MapElements
from .perf_events import open_output

TYPE_CHECKING = False
if TYPE_CHECKING:
    import mmap

    from ..sys.os_seam import Fd

_PAGES = 64
DATA_HEAD, DATA_TAIL = 1024 // 8, 1032 // 8  # u64s of the first page
HEADER = struct.Struct("=IHH")  # type, misc, size
_SAMPLE = struct.Struct("=QI")  # time in ns, size of what follows
_PERF_RECORD_LOST, _PERF_RECORD_SAMPLE = 2, 9
_LOST = struct.Struct("=QQ")  # id, number of records


class PerfBuffer:
    """The buffer of an event, which it owns: the records of one CPU."""

    def __init__(self, fd: Fd) -> None:
        page_bytes = os.sysconf("SC_PAGESIZE")
        self.fd = fd
        length_bytes = (1 + _PAGES) * page_bytes
        self.memory: mmap.mmap = map_shared(fd.number, length_bytes, 0, writable=True, what="the records of an event")
        self.words = memoryview(self.memory).cast("Q")
        self.size, self.start = _PAGES * page_bytes, page_bytes

    def has_data(self) -> bool:
        return self.words[DATA_HEAD] != self.words[DATA_TAIL]

    def take(self, at: int, length: int) -> bytes:
        """Return bytes at a position, which may be in two parts."""
        off = at % self.size
        first = self.memory[self.start + off : self.start + min(off + length, self.size)]
        return first + self.memory[self.start : self.start + length - len(first)]

    def close(self) -> None:
        self.words.release()
        self.memory.close()
        self.fd.close()


class PerfReader:
    """The one consumer of a perf event array, whose file descriptor is `map_fd`. Raises: as `open_output`."""

    def __init__(self, map_fd: int) -> None:
        self._pid, self._closed = os.getpid(), False
        self._barrier = allocate_lock()  # to release and take a lock is a full memory barrier on every machine
        self._barrier.acquire()
        self._buffers: list[PerfBuffer] = []
        self._all: select.epoll | None = None
        self.lost = 0
        elements = MapElements(map_fd, 4, 4, "perf events")
        try:
            for cpu in online_cpus():
                self._buffers.append(buffer := PerfBuffer(open_output(cpu)))
                elements.update(cpu.to_bytes(4, sys.byteorder), buffer.fd.number.to_bytes(4, sys.byteorder), 0)
        except BaseException:
            self.close()
            raise
        self.fds = [buffer.fd.number for buffer in self._buffers]

    def has_data(self) -> bool:
        """Whether a record waits."""
        return not self._closed and any(buffer.has_data() for buffer in self._buffers)

    def drain(self, limit: int = 0) -> list[bytes]:
        """Take the records that are there, all or about `limit` of each CPU, oldest first. Never waits.

        Raises: UsageError in a process that was forked: a buffer has one consumer.
        """
        if self._closed:
            return []
        if os.getpid() != self._pid:
            raise UsageError("a perf event array is read in the process that opened it, not in a fork of it")
        found: list[tuple[int, bytes]] = []
        for buffer in self._buffers:
            at, end = buffer.words[DATA_TAIL], buffer.words[DATA_HEAD]
            self._fence()  # the position is read before the data below it
            taken = 0
            while at < end and not (limit and taken >= limit):
                type, _, size = HEADER.unpack(buffer.take(at, HEADER.size))
                if type == _PERF_RECORD_SAMPLE:
                    body = buffer.take(at + HEADER.size, size - HEADER.size)
                    time, length = _SAMPLE.unpack_from(body)
                    found.append((time, body[_SAMPLE.size : _SAMPLE.size + length]))
                    taken += 1
                elif type == _PERF_RECORD_LOST:
                    self.lost += _LOST.unpack(buffer.take(at + HEADER.size, _LOST.size))[1]
                at += size
            self._fence()  # data is read before its space is given back
            buffer.words[DATA_TAIL] = at
        found.sort(key=lambda record: record[0])
        return [record for _, record in found]

    def _fence(self) -> None:
        self._barrier.release()
        self._barrier.acquire()

    def fileno(self) -> int:
        """Return a file descriptor that is readable when one of the buffers got records."""
        if self._all is None:
            self._all = select.epoll()
            for fd in self.fds:
                self._all.register(fd, select.EPOLLIN)
        return self._all.fileno()

    def close(self) -> None:
        """Unmap. Closing twice is allowed."""
        self._closed = True
        if self._all is not None:
            self._all.close()
        while self._buffers:
            self._buffers.pop().close()

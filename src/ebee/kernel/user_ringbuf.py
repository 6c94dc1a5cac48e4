"""Writing a user ring buffer through shared memory.

The file descriptor offers the same areas as that of a ring buffer (`ringbuf`), with the rights the other way round: the
consumer's page can be read, the producer's page and the data are written.
Source: kernel/bpf/ringbuf.c, user_ring_buffer__reserve() (Linux 6.18, libbpf 1.6).
"""

from __future__ import annotations

import os
from _thread import allocate_lock
from errno import E2BIG, ENOSPC

from ..abi.bpf import BPF_RINGBUF_HDR_SZ
from ..errors import SyscallError, UsageError
from ..sys.bpf import map_shared


class RingWriter:
    """The one producer of a user ring buffer. `size_bytes` is the size of the data, a power of two."""

    def __init__(self, fd: int, size_bytes: int, name: str) -> None:
        what = f"map {name!r}"
        page_bytes = os.sysconf("SC_PAGESIZE")
        self._size_bytes, self._name = size_bytes, name
        self._consumer = map_shared(fd, page_bytes, 0, writable=False, what=what)
        self._producer = map_shared(fd, page_bytes + 2 * size_bytes, page_bytes, writable=True, what=what)
        self._consumer_words = memoryview(self._consumer).cast("Q")
        producer = memoryview(self._producer)
        self._producer_words = producer[:page_bytes].cast("Q")
        self._data = producer[page_bytes:]
        self._pid = os.getpid()
        self._lock = allocate_lock()  # taking and releasing it are barriers, too
        self._closed = False

    def push(self, record: bytes) -> None:
        """Write a record. Raises: SyscallError with ENOSPC when it does not fit now, E2BIG when it never will."""
        if self._closed or os.getpid() != self._pid:
            raise UsageError(f"user ring buffer {self._name} is written while open, in the process that opened it")
        taken = len(record) + BPF_RINGBUF_HDR_SZ + 7 & ~7
        if taken > self._size_bytes:
            raise SyscallError("user_ring_buffer__reserve", E2BIG, f"map {self._name!r}: {len(record)} bytes")
        with self._lock:
            at, consumed = self._producer_words[0], self._consumer_words[0]
            if at + taken - consumed > self._size_bytes:
                raise SyscallError("user_ring_buffer__reserve", ENOSPC, f"map {self._name!r} is full")
            off = at & self._size_bytes - 1
            header = len(record).to_bytes(4, "little") + bytes(4)
            self._data[off : off + BPF_RINGBUF_HDR_SZ + len(record)] = header + record
        with self._lock:  # the record is there before its end is announced
            self._producer_words[0] = at + taken

    def close(self) -> None:
        """Unmap. Closing twice is allowed."""
        if self._closed:
            return
        self._closed = True
        for view in (self._consumer_words, self._producer_words, self._data):
            view.release()
        self._consumer.close()
        self._producer.close()

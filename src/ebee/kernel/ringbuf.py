"""Reading a BPF ring buffer through shared memory.

The file descriptor offers three areas: one page that the consumer writes (its position), one page that producers
write (theirs), and the data twice in a row, so that no record is ever split. Positions are u64 that only grow.
Source: kernel/bpf/ringbuf.c; include/uapi/linux/bpf.h (Linux 6.18).
"""

from __future__ import annotations

import os
from _thread import allocate_lock

from ..abi.bpf import BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT, BPF_RINGBUF_HDR_SZ
from ..errors import UsageError
from ..sys.bpf import map_shared
from ..types.records import RECORD_LEAD, record_step, too_short

_CHUNK_RECORDS, _WALK_RECORDS = 1024, 256
_FLAGS = BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT


class RingReader:
    """The one consumer of a ring buffer. `size_bytes` is the size of the data, a power of two."""

    def __init__(self, fd: int, size_bytes: int, name: str) -> None:
        what = f"map {name!r}"
        page_bytes = os.sysconf("SC_PAGESIZE")
        self._mask = size_bytes - 1
        self._consumer = map_shared(fd, page_bytes, 0, writable=True, what=what)
        self._producer = map_shared(fd, page_bytes + 2 * size_bytes, page_bytes, writable=False, what=what)
        self._data_off_bytes = page_bytes
        self._consumer_words = memoryview(self._consumer).cast("Q")
        producer = memoryview(self._producer)
        self._producer_words = producer[:page_bytes].cast("Q")
        self._headers = producer[page_bytes:].cast("I")
        self._pid = os.getpid()
        # A lock that is always held: to release and take it again is a full memory barrier on every machine.
        self._barrier = allocate_lock()
        self._barrier.acquire()
        self._closed = False

    def _fence(self) -> None:
        self._barrier.release()
        self._barrier.acquire()

    def has_data(self) -> bool:
        """Whether a finished record waits (or one that was given up and only needs skipping)."""
        if self._closed:
            return False
        at = self._consumer_words[0]
        return self._producer_words[0] != at and not self._headers[(at & self._mask) >> 2] & BPF_RINGBUF_BUSY_BIT

    def drain(self, limit: int = 0) -> list[bytes]:
        """Take the finished records, all or up to `limit`, oldest first. Never waits.

        Records that a program has reserved and not yet submitted hold back those after them.
        Raises: UsageError in a process that was forked: a ring buffer has one consumer.
        """
        if self._closed:
            return []
        if os.getpid() != self._pid:
            raise UsageError("a ring buffer is read in the process that opened it, not in a fork of it")
        headers, mask, data, base = self._headers, self._mask, self._producer, self._data_off_bytes
        records: list[bytes] = []
        start = at = self._consumer_words[0]
        while True:
            end = self._producer_words[0]
            self._fence()  # the position is read before the headers below it
            spans: list[tuple[int, int]] = []
            room = limit - len(records) if limit else -1
            while at < end and room != len(spans):
                off = at & mask
                header = headers[off >> 2]
                if header & BPF_RINGBUF_BUSY_BIT:
                    break
                length = header & ~_FLAGS
                if not header & BPF_RINGBUF_DISCARD_BIT:
                    first = base + off + BPF_RINGBUF_HDR_SZ
                    spans.append((first, first + length))
                at += (length + BPF_RINGBUF_HDR_SZ + 7) & ~7
            if at == start:
                return records
            self._fence()  # headers are read before the data that they announce
            records += [data[a:b] for a, b in spans]
            self._fence()  # data is read before its space is given back
            self._consumer_words[0] = start = at
            # A producer wakes a reader only if it sees that it has caught up, so look again after saying so.
            self._fence()
            if limit and len(records) >= limit:
                return records

    def drain_packed(self, size: int, limit: int, name: str) -> bytearray:
        """Take the records that are finished now, all or up to `limit`, in one piece, as `types.records` lays them out.

        Many records of one size are copied at once, where none was given up or is still written. Of longer ones the
        first `size` bytes are taken. Raises: FormatError for a shorter one, which is passed over; UsageError in a fork.
        """
        out = bytearray()
        if self._closed:
            return out
        if os.getpid() != self._pid:
            raise UsageError("a ring buffer is read in the process that opened it, not in a fork of it")
        headers, data, base, mask = self._headers, self._producer, self._data_off_bytes, self._mask
        step = record_step(size)
        plain = size.to_bytes(4, "little") * _CHUNK_RECORDS
        wanted = limit * step if limit else -1
        at, end = self._consumer_words[0], self._producer_words[0]
        self._fence()  # the position is read before the headers below it
        while at < end and (wanted < 0 or len(out) < wanted):
            off, room = at & mask, end - at if wanted < 0 else min(end - at, wanted - len(out))
            count = min(room // step, _CHUNK_RECORDS)
            span = headers[off >> 2 : off + count * step >> 2 : step >> 2]
            if count and bytes(span) == plain[: 4 * count]:
                self._fence()  # headers are read before the data that they announce
                out += memoryview(data)[base + off : base + off + count * step]
                at += count * step
            else:
                after = self._walk(at, end, size, wanted - len(out) if wanted >= 0 else -1, out, name)
                if after == at:
                    return out
                at = after
            self._fence()  # data is read before its space is given back
            self._consumer_words[0] = at
        # A producer wakes a reader only if it sees that it has caught up, so whoever waits looks again before.
        self._fence()
        return out

    def _walk(self, at: int, end: int, size: int, most: int, out: bytearray, name: str) -> int:
        """Take some records one by one; return the position behind them."""
        headers, data, base, mask, step = self._headers, self._producer, self._data_off_bytes, self._mask, 0
        rest = bytes(record_step(size) - RECORD_LEAD - size)
        begin = len(out)
        for _ in range(_WALK_RECORDS):
            off = at & mask
            header = headers[off >> 2] if at < end else BPF_RINGBUF_BUSY_BIT
            if header & BPF_RINGBUF_BUSY_BIT or 0 <= most <= len(out) - begin:
                break
            length = header & ~_FLAGS
            step = (length + BPF_RINGBUF_HDR_SZ + 7) & ~7
            if not header & BPF_RINGBUF_DISCARD_BIT:
                if length < size:
                    if len(out) > 0:
                        break  # what was found before it is given first
                    self._consumer_words[0] = at + step
                    raise too_short(length, size, name)
                self._fence()
                out += data[base + off : base + off + RECORD_LEAD + size] + rest
            at += step
        return at

    def close(self) -> None:
        """Unmap. Closing twice is allowed."""
        if self._closed:
            return
        self._closed = True
        for view in (self._consumer_words, self._producer_words, self._headers):
            view.release()
        self._consumer.close()
        self._producer.close()

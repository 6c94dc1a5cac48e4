"""Records of one size one behind the other, as they lie in a ring buffer: a header of 8 bytes, the record, padding."""

from __future__ import annotations

from ..errors import FormatError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

RECORD_LEAD = 8  # bytes of the header: BPF_RINGBUF_HDR_SZ


def record_step(size: int) -> int:
    """Return how many bytes a record of `size` takes, with its header."""
    return size + RECORD_LEAD + 7 & ~7


def pack_records(records: Iterable[bytes], size: int, name: str) -> bytearray:
    """Lay records out so, of longer ones the first `size` bytes. Raises: FormatError for one that is shorter."""
    lead, rest = bytes(RECORD_LEAD), bytes(record_step(size) - RECORD_LEAD - size)
    out = bytearray()
    for record in records:
        if len(record) < size:
            raise too_short(len(record), size, name)
        out += lead + record[:size] + rest
    return out


def too_short(length: int, size: int, name: str) -> FormatError:
    """Return the error for a record that cannot hold the type that it should."""
    return FormatError(f"{name}: a record has {length} bytes, and its type {size}")

"""What print() in a program sends to user space: records of a number, which place it was, and of the values.

`ObjectSpec.notes["prints"]` has an entry for each place: {"stream": "stdout" or "stderr", "parts": […]}. A part is a
text, or a list of a value's offset and size in bytes, its kind ("u" and "s": an unsigned or signed integer, "b": a
bool, "t": a string up to its first zero, "y": bytes), its conversion and its format specification as in f-strings, and
perhaps the texts of numbers that are members of an enum, by the number in decimal.
"""

from __future__ import annotations

from ..spec.object import PRINT_MAP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Block, Value
    from .program import Lowering

SITE_BYTES = 4


class Layout:
    """The record of one place: the place's number as a u32, then values at their natural alignment."""

    def __init__(self) -> None:
        self.size_bytes = SITE_BYTES

    def place(self, size_bytes: int, align: int) -> int:
        """Return the offset of a new value."""
        off = -(-self.size_bytes // align) * align
        self.size_bytes = off + size_bytes
        return off

    def reserve(self, low: Lowering, site: int, skipped: Block) -> Value:
        """Reserve the record; when the ring is full count it and go to `skipped`. The caller writes and submits."""
        record = low.reserve_raw(PRINT_MAP, self.size_bytes, skipped, "print_full")
        low.b.store(record, 0, SITE_BYTES, low.b.const(site))
        return record


def integer_field(lo: int, hi: int) -> tuple[int, str]:
    """Return the size in bytes and the kind that hold the numbers from `lo` to `hi`."""
    bits = max(lo.bit_length(), hi.bit_length()) if lo >= 0 else max((~lo).bit_length(), hi.bit_length()) + 1
    size = next(s for s in (1, 2, 4, 8) if bits <= 8 * s)
    return size, "s" if lo < 0 else "u"

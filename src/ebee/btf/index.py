"""Where each type of a .BTF blob starts, and its name: made by one scan, and worth keeping."""

from __future__ import annotations

from array import array
from bisect import bisect_left

from ..errors import BtfError
from .kinds import ENTRY_WORDS, FIXED_WORDS, KIND_NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class _Steps(dict[int, int]):
    """The number of words of a type, by its info word; filled as new info words are met."""

    def __missing__(self, info: int) -> int:
        kind = info >> 24 & 0x1F
        if not 0 < kind < len(KIND_NAMES):
            raise BtfError(f"type of unknown kind {kind}", section=".BTF")
        words = self[info] = 3 + FIXED_WORDS[kind] + ENTRY_WORDS[kind] * (info & 0xFFFF)
        return words


class TypeIndex:
    """Word numbers in the type section at which types start: `offsets` by id, `by_name` by the offset of their names,
    without those that have none.

    `has_tails`: a name may be the end of a longer string (no compiler's linker in use makes such).
    """

    __slots__ = ("by_name", "has_tails", "offsets")

    def __init__(self, offsets: Sequence[int], by_name: Sequence[int], has_tails: bool) -> None:
        self.offsets, self.by_name, self.has_tails = offsets, by_name, has_tails

    @classmethod
    def scan(cls, words: memoryview | array[int], strings: bytes, str_base: int) -> TypeIndex:
        """Return the index of a type section; its own strings begin at offset `str_base`.

        Raises: BtfError; IndexError if the section ends within a type.
        """
        from operator import itemgetter

        if isinstance(words, memoryview):  # an array is read in half the time
            words = array("I", words.cast("B").tobytes())
        steps, end = _Steps(), len(words)
        offsets: list[int] = []
        append = offsets.append
        word = 0
        while word < end:
            append(word)
            word += steps[words[word + 1]]
        if word != end:
            raise IndexError
        by_name = sorted([word for word in offsets if words[word]], key=words.__getitem__)
        names = [words[word] for word in by_name]
        if str_base or (names and names[-1] > len(strings)):
            names = [n - str_base for n in names if str_base < n < str_base + len(strings)]
        has_tails = any(itemgetter(0, 0, *names)(b"\0" + strings))  # what stands before each
        return cls(array("I", offsets), array("I", by_name), has_tails)

    @classmethod
    def from_bytes(cls, data: memoryview, word_count: int) -> TypeIndex:
        """Return an index that `to_bytes` wrote. Raises: BtfError if it is damaged or of other data."""
        from binascii import crc32

        numbers = data[: len(data) // 4 * 4].cast("I")
        head = numbers[:5].tolist()
        if len(head) < 5 or head[1] != word_count or 5 + sum(head[3:]) != len(numbers) or head[0] != crc32(data[4:]):
            raise BtfError("this index is damaged or belongs to other data", section=".BTF")
        first = 5 + head[3]
        return cls(numbers[5:first], numbers[first:], bool(head[2]))

    def to_bytes(self, word_count: int) -> bytes:
        """Return the index: CRC-32 of the rest, size of the type section in words, `has_tails`, two lengths, the lists.

        All are of 32 bits in the machine's byte order.
        """
        from binascii import crc32

        head = array("I", [word_count, self.has_tails, len(self.offsets), len(self.by_name)])
        rest = head.tobytes() + b"".join(array("I", x).tobytes() for x in (self.offsets, self.by_name))
        return array("I", [crc32(rest)]).tobytes() + rest

    def position(self, word: int) -> int:
        """Return the number of the type that starts at a word, -1 if none does."""
        at = bisect_left(self.offsets, word)
        return at if at < len(self.offsets) and self.offsets[at] == word else -1

    def named(self, name_offs: Iterable[int], words: memoryview | array[int]) -> list[int]:
        """Return where types with one of these names start, in order."""
        found = []
        for off in name_offs:
            if not off:
                found += [word for word in self.offsets if not words[word]]
            at = bisect_left(self.by_name, off, key=words.__getitem__)
            while at < len(self.by_name) and words[self.by_name[at]] == off:
                found.append(self.by_name[at])
                at += 1
        return sorted(found)

"""Where each type of a .BTF blob starts, and its name: made by one scan, and worth keeping."""

from __future__ import annotations

from _bisect import bisect_left  # without the module around it: the start path loads this

from ..errors import BtfError
from .kinds import ENTRY_WORDS, FIXED_WORDS, KIND_NAMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable, Sequence

_MANY = 1 << 16  # words, from which on they are kept in arrays: a list takes ten times the memory


class _Steps(dict[int, int]):
    """The number of words of a type, by its info word; filled as new info words are met."""

    def __missing__(self, info: int) -> int:
        kind = info >> 24 & 0x1F
        if not 0 < kind < len(KIND_NAMES):
            raise BtfError(f"type of unknown kind {kind}", section=".BTF")
        words = self[info] = 3 + FIXED_WORDS[kind] + ENTRY_WORDS[kind] * (info & 0xFFFF)
        return words


def _array(words: bytes | Iterable[int]) -> array[int]:
    """Return u32 in an array, whose module imports a dozen others."""
    from array import array

    return array("I", words)


def _flavoured(strings: bytes, str_base: int) -> list[int]:
    """Return where strings begin that have three underscores behind their first character."""
    found = []
    at = strings.find(b"___")
    while at >= 0:
        start = strings.rfind(b"\0", 0, at) + 1
        end = strings.find(b"\0", at)
        if strings.find(b"___", start + 1, end) >= 0:
            found.append(start + str_base)
        at = strings.find(b"___", end)
    return found


class TypeIndex:
    """Word numbers in the type section at which types start: `offsets` by id, `by_name` by the offset of their names,
    without those that have none.

    `has_tails`: a name may be the end of a longer string (no compiler's linker in use makes such). `flavoured` are the
    offsets of the own strings with three underscores behind their first character, as names of flavours have.
    """

    __slots__ = ("by_name", "flavoured", "has_tails", "offsets")

    def __init__(
        self, offsets: Sequence[int], by_name: Sequence[int], flavoured: Sequence[int], has_tails: bool
    ) -> None:
        self.offsets, self.by_name, self.flavoured, self.has_tails = offsets, by_name, flavoured, has_tails

    @classmethod
    def scan(cls, words: Sequence[int] | memoryview | array[int], strings: bytes, str_base: int) -> TypeIndex:
        """Return the index of a type section; its own strings begin at offset `str_base`.

        Raises: BtfError; IndexError if the section ends within a type.
        """
        from _operator import itemgetter

        if isinstance(words, memoryview):  # a list or an array is read in half the time
            words = words.tolist() if len(words) < _MANY else _array(words.cast("B").tobytes())
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
        flavoured = _flavoured(strings, str_base)
        if end < _MANY:
            return cls(offsets, by_name, flavoured, has_tails)
        return cls(_array(offsets), _array(by_name), flavoured, has_tails)

    @classmethod
    def from_bytes(cls, data: memoryview, word_count: int) -> TypeIndex:
        """Return an index that `to_bytes` wrote. Raises: BtfError if it is damaged or of other data."""
        from binascii import crc32

        numbers = data[: len(data) // 4 * 4].cast("I")
        head = numbers[:6].tolist()
        if len(head) < 6 or head[1] != word_count or 6 + sum(head[3:]) != len(numbers) or head[0] != crc32(data[4:]):
            raise BtfError("this index is damaged or belongs to other data", section=".BTF")
        first, last = 6 + head[3], 6 + head[3] + head[4]
        return cls(numbers[6:first], numbers[first:last], numbers[last:], bool(head[2]))

    def to_bytes(self, word_count: int) -> bytes:
        """Return the index: CRC-32 of the rest, size of the type section in words, `has_tails`, three lengths, the
        lists.

        All are of 32 bits in the machine's byte order.
        """
        from binascii import crc32

        lists = self.offsets, self.by_name, self.flavoured
        head = _array([word_count, self.has_tails, *map(len, lists)])
        rest = head.tobytes() + b"".join(_array(x).tobytes() for x in lists)
        return _array([crc32(rest)]).tobytes() + rest

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

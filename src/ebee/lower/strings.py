"""Operations on strings and bytes in memory. A string of `size` bytes is padded with zeros after its end.

Every loop here turns a number of times that is known when the program is compiled, so that a verifier follows it.
"""

from __future__ import annotations

from ..record import Record
from .numbers import Num, Refusal
from .program import chunks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..ir.core import Block, Value
    from .program import Lowering

# A search for one string in another turns at most this often.
MOST_TURNS = 4096


class Chars(Record):
    """The bytes of a string: `size_bytes` at `base` + `off`, of which at most `most` are characters."""

    base: Value
    off: int
    size_bytes: int
    most: int


def byte_at(low: Lowering, s: Chars, index: Value, ahead: int = 0) -> Value:
    """The byte at a run-time index plus `ahead`, which must be inside."""
    return low.b.load(low.b.op("add", s.base, index), s.off + ahead, 1)


def length(low: Lowering, s: Chars) -> Num:
    """How many bytes a string has before its padding: a binary search without branches."""
    b = low.b
    found: Value = b.const(0)
    left = s.most
    while left:
        half = -(-left // 2)
        # 1 if the byte before `found + half` is a character: then at least `half` more are.
        byte = byte_at(low, s, found, half - 1)
        is_char = b.op("lshr", b.op("add", byte, b.const(255)), b.const(8))
        found = b.op("add", found, b.op("mul", is_char, b.const(half)) if half > 1 else is_char)
        left -= half
    return Num(found, 0, s.most)


def branch_bytes(low: Lowering, s: Chars, at: Value | None, data: bytes, then: Block, els: Block) -> None:
    """Jump to `then` if the bytes at a run-time index (None: the start) are `data`."""
    b = low.b
    if at is None:
        for off, size in chunks(s.off, s.off + len(data)):
            part = int.from_bytes(data[off - s.off : off - s.off + size], "little")
            following = b.new_block()
            b.branch("eq", b.load(s.base, off, size), b.const(part), following, els)
            b.start(following)
    else:
        address = b.op("add", s.base, at)
        for ahead, byte in enumerate(data):
            following = b.new_block()
            b.branch("eq", b.load(address, s.off + ahead, 1), b.const(byte), following, els)
            b.start(following)
    b.jump(then)


def ends_with(low: Lowering, s: Chars, data: bytes, then: Block, els: Block) -> None:
    """Jump to `then` if a string ends with `data`."""
    if len(data) > s.most:
        low.b.jump(els)
        return
    n, enough = length(low, s), low.b.new_block()
    low.b.branch("uge", n.value, low.b.const(len(data)), enough, els)
    low.b.start(enough)
    branch_bytes(low, s, low.b.op("sub", n.value, low.b.const(len(data))), data, then, els)


def search(low: Lowering, s: Chars, data: bytes, found: Block, missing: Block, position: str) -> None:
    """Jump to `found` with the variable `position` set if `data` is in a string, to `missing` if it is not."""
    b = low.b
    if not data or len(data) > s.most:
        b.write(position, b.const(0))
        b.jump(missing if data else found)
        return
    _turns(low, position, s.most - len(data) + 1, missing, lambda at, on: branch_bytes(low, s, at, data, found, on))


def search_string(low: Lowering, s: Chars, needle: Chars, found: Block, missing: Block, position: str) -> None:
    """As `search`, for a string that is known at run time only. Raises: Refusal for strings that are too long."""
    if s.most * needle.most > MOST_TURNS:
        raise Refusal(
            f"a string of {needle.most} bytes is searched for in one of {s.most}: too many comparisons",
            "make them shorter: s[:32]",
        )
    b = low.b
    inner = f"{position} inner"

    def compare(at: Value, on: Block) -> None:
        b.write(inner, b.const(0))

        def turn(index: Value, following: Block) -> None:
            wanted, inside, other = byte_at(low, needle, index), b.new_block(), b.new_block()
            b.branch("eq", wanted, b.const(0), found, inside)
            b.start(inside)
            where = b.op("add", at, index)
            b.branch("ult", where, b.const(s.most), other, missing)
            b.start(other)
            b.branch("eq", byte_at(low, s, where), wanted, following, on)

        _turns(low, inner, needle.most, found, turn)

    # Also where a string has no characters: an empty one is found.
    b.write(position, b.const(0))
    if not needle.most:
        b.jump(found)
        return
    _turns(low, position, s.most + 1, missing, compare)


def _turns(low: Lowering, counter: str, count: int, over: Block, turn: Callable[[Value, Block], None]) -> None:
    """Run `turn` for 0 … count - 1, with the count and the block where the next turn begins; then go to `over`."""
    b = low.b
    head, step = low.blocks(2)
    b.write(counter, b.const(0))
    b.jump(head)
    b.start(head, seal=False)
    at = b.read(counter)
    turn(at, step)
    if b.is_reachable(step):
        b.start(step)
        following = b.op("add", at, b.const(1))
        b.write(counter, following)
        b.branch("ult", following, b.const(count), head, over)
    b.seal(head)


def order(low: Lowering, x: Chars, y: Chars, less: Block, equal: Block, greater: Block) -> None:
    """Compare two strings by their bytes, as Python does."""
    b = low.b
    common = min(x.most, y.most)
    step = 8
    while (x.off - y.off) % step:
        step //= 2
    for at, size in chunks(x.off, x.off + common):
        width = min(size, step)
        for part in range(at, at + size, width):
            one, other = b.load(x.base, part, width), b.load(y.base, part - x.off + y.off, width)
            differ, on = low.blocks(2)
            b.branch("eq", one, other, on, differ)
            b.start(differ)
            if width > 1:  # the first byte counts most
                one, other = b.op("bswap", one, size=width), b.op("bswap", other, size=width)
            b.branch("ult", one, other, less, greater)
            b.start(on)
    for longer, way in ((x, greater), (y, less)):
        if longer.most > common:
            rest = b.load(longer.base, longer.off + common, 1)
            on = b.new_block()
            b.branch("ne", rest, b.const(0), way, on)
            b.start(on)
    b.jump(equal)


def equal(low: Lowering, x: Chars, y: Chars, then: Block, els: Block) -> None:
    """Jump to `then` if two strings are equal; what one has beyond the other must be its padding."""
    if x.size_bytes > y.size_bytes:
        x, y = y, x
    b, step = low.b, 8
    while (x.off - y.off) % step:
        step //= 2
    for at, size in chunks(x.off, x.off + x.size_bytes):
        width = min(size, step)
        for part in range(at, at + size, width):
            following = b.new_block()
            one, other = b.load(x.base, part, width), b.load(y.base, part - x.off + y.off, width)
            b.branch("eq", one, other, following, els)
            b.start(following)
    for at, size in chunks(y.off + x.size_bytes, y.off + y.size_bytes):
        following = b.new_block()
        b.branch("eq", b.load(y.base, at, size), b.const(0), following, els)
        b.start(following)
    b.jump(then)


def any_of(low: Lowering, tests: Sequence[Callable[[Block, Block], None]], then: Block, els: Block) -> None:
    """Jump to `then` if one of several tests does."""
    for test in tests:
        following = low.b.new_block()
        test(then, following)
        if not low.b.is_reachable(following):
            return
        low.b.start(following)
    low.b.jump(els)

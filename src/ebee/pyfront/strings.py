"""Strings: what can be done with them. A string in a probe is bytes, padded with zeros after its end.

Lengths and positions count bytes, a constant stands for its UTF-8 bytes: what Python says of ASCII text.
"""

from __future__ import annotations

import _ast as ast

from ..lower import strings as lower
from ..lower.numbers import BOOL, Num, Refusal
from ..lower.strings import Chars
from ..types.scalars import StrType
from .constants import fold_method
from .kinds import Elements, Kind, KnownKind
from .values import Comm, Known, Memory, Piece, Text, Unusable, UserStr, is_string, size_of_string

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..ir.core import Block, Value
    from .expressions import Expressions
    from .values import Ranges, Val

    String = Comm | UserStr | Memory | Text
    Test = Callable[[Block, Block], None]


class StringKind(Kind):
    """Strings: in memory, or still to be read."""

    is_iterable = True

    def describe(self, front: Expressions, value: Val) -> str:
        return "a string"

    def method(self, front: Expressions, value: String, name: str, node: ast.Call) -> Val:
        if name not in METHODS:
            hint = f"there are {', '.join(METHODS)}, in, ==, <, len(), [i] and [a:b]"
            raise Refusal(f"the method {name}() of strings is not supported in a probe", hint)
        (argument,) = front.arguments(node, name, 1, 1)
        return METHODS[name](front, value, front.expr(argument))

    def has_effect(self, front: Expressions, value: String, name: str, node: ast.expr) -> bool:
        return False

    def compare(self, front: Expressions, op: str, a: Val, b: Val, then: Block, els: Block) -> bool:
        compare(front, op, a, b, then, els)
        return True

    def truth(
        self, front: Expressions, value: String, node: ast.expr, then: Block, els: Block
    ) -> tuple[Ranges, Ranges]:
        match_bytes(front, value, b"\0", els, then)
        return {}, {}

    def contains(self, front: Expressions, value: String, item: Val, then: Block, els: Block) -> None:
        contains(front, value, item, then, els)

    def length(self, front: Expressions, value: String) -> Val:
        return lower.length(front.low, chars_of(front, value))

    def elements(self, front: Expressions, value: String) -> Elements:
        s = chars_of(front, value)

        def at(index: Num) -> Val:
            # Never so, but a verifier does not follow the length through the loop's comparison.
            front.low.abort_if("uge", index.value, front.b.const(s.most), "bad_index", "an index is out of range")
            return _character(front, s, index.value)

        return Elements(lower.length(front.low, s), at)

    def item(self, front: Expressions, value: String, node: ast.Subscript) -> Val:
        if isinstance(node.slice, ast.Slice):
            return _slice(front, in_memory(front, value), node.slice)
        return _index(front, chars_of(front, value), front.expr(node.slice))

    def kept(self, front: Expressions, name: str, value: String) -> Val:
        return value if isinstance(value, Memory) and not value.is_field else front.written(value)


class ConstantKind(KnownKind):
    """Strings that are known now."""

    def method(self, front: Expressions, value: Known, name: str, node: ast.Call) -> Val:
        if name not in METHODS:
            return super().method(front, value, name, node)
        values, named = front.values_of(node)
        if all(isinstance(v, Known) for v in (*values, *named.values())) or len(values) != 1:
            return fold_method(front, value, name, values, named)
        (argument,) = values
        s = chars_of(front, value)
        return METHODS[name](front, Memory(s.base, s.off, s.size_bytes), argument)

    def item(self, front: Expressions, value: Known, node: ast.Subscript) -> Val:
        if isinstance(node.slice, ast.Slice):
            start, stop, step = _bounds(front, node.slice)
            return Known(value.object[start:stop:step])
        index = front.expr(node.slice)
        if not isinstance(index, Known):
            return _index(front, chars_of(front, value), index)
        try:
            return Known(value.object[index.object])
        except (IndexError, TypeError) as e:
            raise Refusal(str(e)) from None


# What strings are


def in_memory(front: Expressions, value: Val) -> Memory:
    """A string's memory; one that is still to be read is read now. Raises: Refusal."""
    if isinstance(value, Comm | UserStr | Text):
        return front.written(value)
    if not isinstance(value, Memory):
        raise Refusal(f"a string is compared with {front.describe(value)}")
    return value


def chars_of(front: Expressions, value: Val) -> Chars:
    """The bytes of a string, those of a constant written to scratch memory. Raises: Refusal."""
    if isinstance(value, Known) and isinstance(value.object, str):
        data = encoded(value.object)
        memory = front.low.scratch("constant", -(-(len(data) + 1) // 8) * 8)
        front.low.store_bytes(memory, 0, data + b"\0")
        return Chars(memory, 0, len(data) + 1, len(data))
    s = in_memory(front, value)
    return Chars(s.base, s.off, s.size_bytes, s.size_bytes - s.has_end)


def encoded(text: str) -> bytes:
    """The bytes of a constant. Raises: Refusal for one that no C string can hold."""
    try:
        data = text.encode()
    except UnicodeEncodeError as e:
        raise Refusal(f"{text!r} is no text: {e.reason}") from None
    if b"\0" in data:
        raise Refusal("a string in a probe has no zero inside")
    return data


def _constant(front: Expressions, value: Val, name: str) -> str:
    if not (isinstance(value, Known) and isinstance(value.object, str)):
        raise Refusal(f"{name}() takes a constant string in a probe, not {front.describe(value)}")
    return value.object


# Comparisons


def compare(front: Expressions, op: str, left: Val, right: Val, then: Block, els: Block) -> None:
    """Jump to `then` if `left op right` of strings. Raises: Refusal."""
    for value in (left, right):
        if not is_string(value):
            raise Refusal(f"a string is compared with {front.describe(value)}")
    if op not in ("==", "!="):
        less, equal, greater = (then if holds else els for holds in _ORDERS[op])
        if isinstance(left, Known):
            x, y = chars_of(front, left), chars_of(front, right)
        else:
            y, x = chars_of(front, right), chars_of(front, left)
        lower.order(front.low, x, y, less, equal, greater)
        return
    if op == "!=":
        then, els = els, then
    if isinstance(left, Known):
        left, right = right, left
    if not isinstance(right, Known):
        lower.equal(front.low, chars_of(front, left), chars_of(front, right), then, els)
    elif "\0" in right.object:
        front.b.jump(els)  # no C string has a zero inside
    else:
        match_bytes(front, left, encoded(right.object) + b"\0", then, els)


# Whether it holds where the left string is less than, equal to or greater than the right one.
_ORDERS = {"<": (True, False, False), "<=": (True, True, False), ">": (False, False, True), ">=": (False, True, True)}


def among(front: Expressions, value: Val, items: Iterable[object], then: Block, els: Block) -> None:
    """Jump to `then` if a string is one of constants; it is read once."""
    value = in_memory(front, value)

    def test(text: str) -> Test:
        return lambda yes, no: compare(front, "==", value, Known(text), yes, no)

    lower.any_of(front.low, [test(item) for item in items if isinstance(item, str)], then, els)


def match_bytes(front: Expressions, value: Val, data: bytes, then: Block, els: Block) -> None:
    """Jump to `then` if a string begins with `data`, of which a zero at the end means the string's end."""
    if isinstance(value, UserStr) and value.count is None:
        if value.size_bytes and len(data) > value.size_bytes:
            front.b.jump(els)
            return
        # One byte more than is compared: what is cut off there is no loss, it does not matter.
        size = len(data) + 1
        memory = Memory(front.low.scratch("string", -(-size // 8) * 8), 0, size)
        front.low.zero(memory.base, 0, size)
        front.low.read_user_str(
            memory.base, 0, size, value.address, value.what, cut_is_loss=False, is_kernel=value.is_kernel
        )
    else:
        memory = in_memory(front, value)
    if not memory.has_end and len(data) == memory.size_bytes + 1 and data.endswith(b"\0"):
        data = data[:-1]  # the string cannot go on
    if len(data) > memory.size_bytes:
        front.b.jump(els)
        return
    lower.branch_bytes(front.low, Chars(memory.base, memory.off, memory.size_bytes, 0), None, data, then, els)


def contains(front: Expressions, value: Val, item: Val, then: Block, els: Block) -> None:
    """Jump to `then` if `item in value`, of strings. Raises: Refusal."""
    if isinstance(value, Known) and isinstance(item, Known) and isinstance(item.object, str):
        front.b.jump(then if item.object in value.object else els)
    else:
        _search(front, value, item, then, els)


def _search(front: Expressions, value: Val, item: Val, then: Block, els: Block) -> str:
    """Search a string in another; return the variable that holds where it is."""
    if not is_string(item):
        raise Refusal(f"`in` a string looks for a string, not {front.describe(item)}")
    position = f"position {id(then)}"
    if isinstance(item, Known):
        data = item.object
        lower.search(front.low, chars_of(front, value), encoded(data), then, els, position)
    else:
        s = chars_of(front, value)
        lower.search_string(front.low, s, chars_of(front, item), then, els, position)
    return position


# Methods


def _answer(front: Expressions, test: Test, value: Callable[[], Num] | None = None) -> Num:
    """What a test says, as True or False; with `value` its number where it holds, and else -1."""
    yes, no, done = front.low.blocks(3)
    name = f"answer {id(done)}"
    test(yes, no)
    result = Num(front.b.const(0), 0, 1, BOOL) if value is None else None
    for block, holds in ((yes, True), (no, False)):
        if front.b.is_reachable(block):
            front.b.start(block)
            if value is None:
                front.b.write(name, front.b.const(int(holds)))
            elif holds:
                result = value()
                front.b.write(name, result.value)
            else:
                front.b.write(name, front.b.const(-1))
            front.b.jump(done)
    front.b.start(done)
    hi = result.hi if result is not None else -1
    return Num(front.b.read(name), 0 if value is None else -1, hi, BOOL if value is None else "")


def _affix(name: str, test: Callable[[Expressions, Val, bytes, Block, Block], None]) -> Method:
    def lower_method(front: Expressions, value: String, argument: Val) -> Val:
        many = isinstance(argument, Known) and isinstance(argument.object, tuple)
        texts = argument.object if many else (argument,)  # type: ignore[union-attr]
        data = [encoded(_constant(front, Known(t) if many else t, name)) for t in texts]
        s = in_memory(front, value) if len(data) != 1 else value

        def one(part: bytes) -> Test:
            return lambda yes, no: test(front, s, part, yes, no)

        return _answer(front, lambda yes, no: lower.any_of(front.low, [one(part) for part in data], yes, no))

    return lower_method


def _ends(front: Expressions, value: Val, data: bytes, then: Block, els: Block) -> None:
    lower.ends_with(front.low, chars_of(front, value), data, then, els)


def _find(front: Expressions, value: String, argument: Val) -> Val:
    """s.find(t): where it is first, in bytes, or -1."""
    s = in_memory(front, value)
    position = ""

    def test(yes: Block, no: Block) -> None:
        nonlocal position
        position = _search(front, s, argument, yes, no)

    def found() -> Num:
        at = front.b.read(position)
        if front.low.opaque is not None:  # each position is a way of its own to the verifier, with one number
            at = front.b.op("add", at, front.low.opaque)
        return Num(at, 0, s.size_bytes)

    return _answer(front, test, found)


if TYPE_CHECKING:
    Method = Callable[[Expressions, String, Val], Val]

METHODS: dict[str, Method] = {
    "startswith": _affix("startswith", match_bytes),
    "endswith": _affix("endswith", _ends),
    "find": _find,
}


# Parts


def _character(front: Expressions, s: Chars, index: Value | int) -> Memory:
    """The character at an index that is inside the memory. The program ends where the string is shorter."""
    b = front.b
    byte = b.load(s.base, s.off + index, 1) if isinstance(index, int) else lower.byte_at(front.low, s, index)
    front.low.abort_if("eq", byte, b.const(0), "bad_index", "an index is out of range")
    memory = b.alloca(8)
    b.store(memory, 0, 1, byte)
    return Memory(memory, 0, 1, has_end=False, is_char=True)


def _index(front: Expressions, s: Chars, index: Val) -> Val:
    """s[i]: a character. Raises: Refusal."""
    n = front.as_num(index)
    if n.lo == n.hi:
        if not -s.most <= n.lo < s.most:
            raise Refusal(f"the index {n.lo} is always out of range: the string has at most {s.most} bytes")
        if n.lo >= 0:
            return _character(front, s, n.lo)
        count = lower.length(front.low, s).value
        front.low.abort_if("ult", count, front.b.const(-n.lo), "bad_index", "an index is out of range")
        at = front.b.op("add", count, front.b.const(n.lo))
        # Never so, but the verifier of Linux 6.1 does not follow the length.
        front.low.abort_if("uge", at, front.b.const(s.most), "bad_index", "an index is out of range")
        return _character(front, s, at)
    if n.lo < 0:
        raise Refusal(f"the index may be negative: it is {n.describe()}", "cast it: u32(i)")
    front.low.abort_if("uge", n.value, front.b.const(s.most), "bad_index", "an index is out of range")
    return _character(front, s, n.value)


def _bounds(front: Expressions, node: ast.Slice) -> list[int | None]:
    """The three parts of a slice. Raises: Refusal for one that is not known."""
    bounds = []
    for part in (node.lower, node.upper, node.step):
        value = front.expr(part) if part is not None else Known(None)
        if not (isinstance(value, Known) and (value.object is None or isinstance(value.object, int))):
            raise Refusal("the bounds of a slice must be constants")
        bounds.append(value.object)
    if bounds[2] == 0:
        raise Refusal("slice step cannot be zero")
    return bounds


def _slice(front: Expressions, s: Memory, node: ast.Slice) -> Val:
    """s[a:b] with constants, s[-a:]. Raises: Refusal."""
    low, stop, step = _bounds(front, node)
    start, most = low or 0, s.size_bytes - s.has_end
    if step not in (None, 1):
        raise Refusal("a slice of a string takes every byte in a probe")
    if start < 0 and stop is None:
        return s if -start >= most else _tail(front, s, -start)
    if start < 0 or (stop is not None and stop < 0):
        raise Refusal("a slice may count from the end as s[-4:] only", "s[a:b] with a and b from 0 on")
    if start >= most or stop is not None and stop <= start:
        return Known("")
    if stop is None or stop >= most:
        return Memory(s.base, s.off + start, s.size_bytes - start, s.is_field, s.has_end)
    return Memory(s.base, s.off + start, stop - start, s.is_field, has_end=False)


def _tail(front: Expressions, s: Memory, count: int) -> Memory:
    """The last `count` bytes of a string, fewer than it may have; all of one that is shorter."""
    b, low = front.b, front.low
    chars = Chars(s.base, s.off, s.size_bytes, s.size_bytes - s.has_end)
    name, (longer, done) = f"tail {id(s)}", low.blocks(2)
    n = lower.length(low, chars).value
    b.write(name, b.const(0))
    b.branch("ugt", n, b.const(count), longer, done)
    b.start(longer)
    b.write(name, b.op("sub", n, b.const(count)))
    b.jump(done)
    b.start(done)
    memory, at = b.alloca(-(-count // 8) * 8), b.op("add", s.base, b.read(name))
    for i in range(count):
        b.store(memory, i, 1, b.load(at, s.off + i, 1))
    return Memory(memory, 0, count, has_end=False)


def character_code(front: Expressions, value: Val) -> Num:
    """ord(c) of a character of a string. Raises: Refusal."""
    if not (isinstance(value, Memory) and value.is_char):
        raise Refusal(f"ord() takes one character, not {front.describe(value)}", "index the string: ord(s[i])")
    return Num(front.b.load(value.base, value.off, 1), 0, 255)


# Where ways meet


def merged(front: Expressions, values: list[Val]) -> Val:
    """A string that is each of `values` on the ways to this block: a copy, made at the end of each way."""
    b, ways = front.b, front.b.ways()
    sizes = []
    for value in values:
        if isinstance(value, UserStr):
            return Unusable("is a string of unknown size", "give it in bytes: ebee.user_str(address, 64)")
        sizes.append(len(encoded(value.object)) + 1 if isinstance(value, Known) else size_of_string(value))  # type: ignore[arg-type]
    size = max(sizes)
    memory = b.alloca(-(-size // 8) * 8)
    assert len(ways) == len(values)
    for way, value in zip(ways, values):
        with b.before_leaving(way):
            front.store(memory, 0, StrType(size), value, "a string")
    return Memory(memory, 0, size)


def added(front: Expressions, a: Val, b: Val) -> Text:
    """`a + b` of strings: a text that is put together where it is needed. Raises: Refusal."""
    parts: list[str | Piece] = []
    for value in (a, b):
        if not (is_string(value) or isinstance(value, Text)):
            raise Refusal(f"a string and {front.describe(value)} cannot be added")
        if isinstance(value, Text):
            parts += value.parts
        else:
            parts.append(value.object if isinstance(value, Known) else Piece(value))
    return Text(parts)

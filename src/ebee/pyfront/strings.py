"""Strings in conditions: `==`, `!=` and `startswith`. A string in memory is padded with zeros after its end."""

from __future__ import annotations

import _ast as ast

from ..lower.numbers import Num, Refusal
from ..lower.program import chunks
from .kinds import Kind
from .values import Comm, Known, Memory, UserStr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..ir.core import Block
    from .expressions import Expressions
    from .values import Val


class StringKind(Kind):
    """Strings: in memory, or still to be read."""

    def describe(self, front: Expressions, value: Val) -> str:
        return "a string"

    def method(self, front: Expressions, value: Val, name: str, node: ast.Call) -> Val:
        if name != "startswith":
            raise Refusal(f"the method {name}() of strings is not supported in a probe yet")
        return startswith(front, value, node)

    def has_effect(self, front: Expressions, value: Val, name: str, node: ast.expr) -> bool:
        return False

    def compare(self, front: Expressions, op: str, a: Val, b: Val, then: Block, els: Block) -> bool:
        compare(front, op, a, b, then, els)
        return True

    def kept(self, front: Expressions, name: str, value: Comm | UserStr | Memory) -> Val:
        return value if isinstance(value, Memory) and not value.is_field else front.written(value)


def compare(front: Expressions, op: str, left: Val, right: Val, then: Block, els: Block) -> None:
    """Jump to `then` if `left op right` of strings. Raises: Refusal."""
    if op not in ("==", "!="):
        raise Refusal("strings can be compared with == and != only in a probe")
    if op == "!=":
        then, els = els, then
    if isinstance(left, Known):
        left, right = right, left
    if isinstance(right, Known):
        if not isinstance(right.object, str):
            raise Refusal(f"a string is compared with {front.describe(right)}")
        data = right.object.encode()
        if b"\0" in data:
            front.b.jump(els)  # no C string has a zero inside
        else:
            match_bytes(front, left, data + b"\0", then, els)
        return
    match_strings(front, in_memory(front, left), in_memory(front, right), then, els)


def among(front: Expressions, value: Val, items: Iterable[object], then: Block, els: Block) -> None:
    """Jump to `then` if a string is one of constants; it is read once."""
    texts = [item for item in items if isinstance(item, str)]
    value = in_memory(front, value)
    for text in texts:
        following = front.b.new_block()
        compare(front, "==", value, Known(text), then, following)
        front.b.start(following)
    front.b.jump(els)


def startswith(front: Expressions, value: Val, node: ast.Call) -> Val:
    """`s.startswith("prefix")`: 1 or 0. Raises: Refusal for a prefix that is not a constant."""
    prefix = front.expr(front.arguments(node, "startswith", 1, 1)[0])
    if not (isinstance(prefix, Known) and isinstance(prefix.object, str)):
        raise Refusal("startswith() takes a constant string in a probe")
    name, (yes, no, done) = f"starts {id(node)}", front.low.blocks(3)
    match_bytes(front, value, prefix.object.encode(), yes, no)
    for block, result in ((yes, 1), (no, 0)):
        if front.b.is_reachable(block):
            front.b.start(block)
            front.b.write(name, front.b.const(result))
            front.b.jump(done)
    front.b.start(done)
    return Num(front.b.read(name), 0, 1)


def match_bytes(front: Expressions, value: Val, data: bytes, then: Block, els: Block) -> None:
    """Jump to `then` if a string begins with `data`, of which a zero at the end means the string's end."""
    if isinstance(value, UserStr):
        if value.size_bytes and len(data) > value.size_bytes:
            front.b.jump(els)
            return
        # One byte more than is compared: what is cut off there is no loss, it does not matter.
        size = len(data) + 1
        memory = Memory(front.low.scratch("string", -(-size // 8) * 8), 0, size)
        front.low.zero(memory.base, 0, size)
        front.low.read_user_str(memory.base, 0, size, value.address, value.what, cut_is_loss=False)
    else:
        memory = in_memory(front, value)
    if len(data) > memory.size_bytes:
        front.b.jump(els)
        return
    for at, size in chunks(memory.off, memory.off + len(data)):
        part = data[at - memory.off : at - memory.off + size]
        following = front.b.new_block()
        loaded = front.b.load(memory.base, at, size)
        front.b.branch("eq", loaded, front.b.const(int.from_bytes(part, "little")), following, els)
        front.b.start(following)
    front.b.jump(then)


def match_strings(front: Expressions, a: Memory, b: Memory, then: Block, els: Block) -> None:
    """Jump to `then` if two strings in memory are equal; what one has beyond the other must be its padding."""
    if a.size_bytes > b.size_bytes:
        a, b = b, a
    step = 8
    while (a.off - b.off) % step:
        step //= 2
    low = front.b
    for at, size in chunks(a.off, a.off + a.size_bytes):
        for part in range(at, at + size, min(size, step)):
            width, following = min(size, step), low.new_block()
            one, other = low.load(a.base, part, width), low.load(b.base, part - a.off + b.off, width)
            low.branch("eq", one, other, following, els)
            low.start(following)
    for at, size in chunks(b.off + a.size_bytes, b.off + b.size_bytes):
        following = low.new_block()
        low.branch("eq", low.load(b.base, at, size), low.const(0), following, els)
        low.start(following)
    low.jump(then)


def in_memory(front: Expressions, value: Val) -> Memory:
    """A string's memory; one that is still to be read is read now. Raises: Refusal."""
    if isinstance(value, Comm | UserStr):
        return front.written(value)
    if not isinstance(value, Memory):
        raise Refusal(f"a string is compared with {front.describe(value)}")
    return value

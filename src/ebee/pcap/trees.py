"""What a filter asks: a tree of tests of numbers in the packet.

A test compares a number of the packet with another one. Numbers are trees, too: a load, a constant, an
operation on two.
"""

from __future__ import annotations

from ..isa import classic as c

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    # ("const", n), ("len",), ("load", size_bytes, off, index or None), ("header", off): 4*([off]&0xf),
    # (operation of classic.ALU, number, number)
    Number = tuple[object, ...]
    # ("test", operation of classic.JMP, Number, Number), ("and", Tree, Tree), ("or", Tree, Tree), ("not", Tree), True,
    # False
    Tree = tuple[object, ...] | bool

LEN: Number = ("len",)


def const(value: int) -> Number:
    """A number known now, u32."""
    return ("const", value & 0xFFFFFFFF)


def load(size: int, off: int, index: Number | None = None) -> Number:
    """`size` bytes at `off`, and at what `index` adds to that."""
    if index is not None and index[0] == "const":
        off, index = off + int(index[1]) & 0xFFFFFFFF, None  # type: ignore[call-overload]
    return ("load", size, off, index)


def calculate(op: int, a: Number, b: Number) -> Number:
    """An operation on two numbers; done now if both are known."""
    if a[0] == b[0] == "const":
        x, y = a[1], b[1]
        assert isinstance(x, int) and isinstance(y, int)
        if not (op in (c.DIV, c.MOD) and y == 0):
            return const(
                {
                    c.ADD: lambda: x + y, c.SUB: lambda: x - y, c.MUL: lambda: x * y, c.DIV: lambda: x // y,
                    c.MOD: lambda: x % y, c.OR: lambda: x | y, c.AND: lambda: x & y, c.XOR: lambda: x ^ y,
                    c.LSH: lambda: x << y if y < 32 else 0, c.RSH: lambda: x >> y if y < 32 else 0,
                }[op]()
            )  # fmt: skip
    return (op, a, b)


def test(op: int, a: Number, b: Number | int) -> Tree:
    """A comparison (JEQ, JGT, JGE, JSET) of u32 numbers."""
    number = const(b) if isinstance(b, int) else b
    if a[0] == number[0] == "const":
        x, y = a[1], number[1]
        assert isinstance(x, int) and isinstance(y, int)
        return {c.JEQ: x == y, c.JGT: x > y, c.JGE: x >= y, c.JSET: x & y != 0}[op]
    if op == c.JEQ and number[0] == "const" and a[0] == c.AND and a[2][0] == "const":  # type: ignore[index]
        value, mask = number[1], a[2][1]  # type: ignore[index]
        if value == 0:
            return negate(("test", c.JSET, a[1], a[2]))
        if value == mask and mask & mask - 1 == 0:
            return ("test", c.JSET, a[1], a[2])
    return ("test", op, a, number)


def equal(a: Number, value: int, mask: int = 0xFFFFFFFF) -> Tree:
    """Whether a number has this value, in the bits of the mask."""
    if mask != 0xFFFFFFFF:
        a = calculate(c.AND, a, const(mask))
    return test(c.JEQ, a, value)


def all_of(trees: Iterable[Tree]) -> Tree:
    """Whether all hold; asked in their order, until one does not."""
    result: Tree = True
    for tree in trees:
        result = tree if result is True else ("and", result, tree)
    return result


def any_of(trees: Iterable[Tree]) -> Tree:
    """Whether one holds; asked in their order, until one does."""
    result: Tree = False
    for tree in trees:
        result = tree if result is False else ("or", result, tree)
    return result


def negate(tree: Tree) -> Tree:
    """Whether it does not hold."""
    return not tree if isinstance(tree, bool) else ("not", tree)

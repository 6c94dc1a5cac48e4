"""Constant folding, algebraic identities, cheaper operations, and extensions that change nothing.

A value's *bits* are how many of its low bits can be set. They are trusted only where the kernel's verifier sees
them too (it knows nothing about a quotient), so that removing a mask does not remove a bound that it needs.
"""

from __future__ import annotations

from ..ir.core import ATOMICS, OPS, Block, Branch, Function, Jump, Op, Value
from .flow import holds, replace_in_terminator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_ALL = (1 << 64) - 1
_COMMUTATIVE = frozenset(("add", "mul", "and", "or", "xor"))
_SWAPPED = {
    "eq": "eq", "ne": "ne", "set": "set", "ult": "ugt", "ugt": "ult", "ule": "uge", "uge": "ule",
    "slt": "sgt", "sgt": "slt", "sle": "sge", "sge": "sle",
}  # fmt: skip


def to_signed(value: int) -> int:
    """Return a 64-bit value, given signed or unsigned, as a signed number."""
    value &= _ALL
    return value - (1 << 64) if value >> 63 else value


def sign_extend(value: int, size: int) -> int:
    """Return the low `size` bytes of a value as a 64-bit value with their sign."""
    sign = 1 << (8 * size - 1)
    return (((value & (2 * sign - 1)) ^ sign) - sign) & _ALL


def swap_bytes(value: int, size: int) -> int:
    """Return the low `size` bytes of a value in reverse order."""
    return int.from_bytes((value & ((1 << 8 * size) - 1)).to_bytes(size, "little"), "big")


# What an operation makes of 64-bit unsigned values; `size` of the extensions comes as second argument.
EVALUATE: dict[str, Callable[[int, int], int]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "udiv": lambda a, b: a // b if b else 0,
    "umod": lambda a, b: a % b if b else a,
    "and": lambda a, b: a & b,
    "bound": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "shl": lambda a, b: a << (b & 63),
    "lshr": lambda a, b: a >> (b & 63),
    "ashr": lambda a, b: to_signed(a) >> (b & 63),
    "neg": lambda a, _: -a,
    "zext": lambda a, size: a & ((1 << 8 * size) - 1),
    "sext": sign_extend,
    "bswap": lambda a, size: swap_bytes(a, size),
}


def fold_constants(function: Function) -> None:
    """Replace operations by their results or by cheaper operations, and branches whose outcome is known by jumps.

    Requires: blocks in reverse postorder. Guarantees: a constant is the second operand of an operation or branch;
    addresses of loads and stores hold their constant part in `off`; each constant is one value, of the entry block.
    May leave unreachable blocks.
    """
    folder = _Folder()
    for block in function.blocks:
        folder.block(block)
    function.entry.ops[:0] = folder.made.values()
    same = folder.same
    if same:
        for block in function.blocks:
            for edge in block.edges():
                if edge.args:
                    edge.args = [same.get(a, a) for a in edge.args]


class _Folder:
    def __init__(self) -> None:
        self.same: dict[Value, Value] = {}  # replaced operations
        self.made: dict[int, Op] = {}  # unsigned 64-bit value: its constant
        self.consts: dict[Value, int] = {}  # the other way round
        self.bits: dict[Value, int] = {}  # how many low bits can be set, where it is not 64

    def block(self, block: Block) -> None:
        same = self.same
        kept: list[Op] = []
        rules = _RULES
        for op in block.ops:
            args = op.args
            for i in range(len(args)):
                if args[i] in same:
                    args[i] = same[args[i]]
            rule = rules.get(op.opcode)
            if rule is not None:
                value = rule(self, op)
                if value is not op:
                    same[op] = value
                    continue
            kept.append(op)
        block.ops = kept
        replace_in_terminator(block, same)
        if type(block.term) is Branch:
            self.branch(block, block.term)

    # New operations

    def constant(self, value: int) -> Op:
        value &= _ALL
        op = self.made.get(value)
        if op is None:
            op = self.made[value] = Op("const", imm=to_signed(value))
            self.consts[op] = value
            self.bits[op] = value.bit_length()
        return op

    def again(self, op: Op, opcode: str, a: Value, b: Value | int | None = None, size: int = 0) -> Value:
        """Make `op` another operation and simplify that."""
        op.opcode, op.size = opcode, size
        op.args = [a] if b is None else [a, self.constant(b) if isinstance(b, int) else b]
        return _RULES[opcode](self, op)

    # Rules: each returns the operation itself or the value that replaces it.

    def const(self, op: Op) -> Value:
        return self.constant(op.imm)

    def binary(self, op: Op) -> Value:
        a, b = op.args
        ca, cb = self.consts.get(a), self.consts.get(b)
        if ca is not None:
            if cb is not None:
                return self.constant(EVALUATE[op.opcode](ca, cb))
            if op.opcode in _COMMUTATIVE:
                op.args = [b, a]
                a, b, cb = b, a, ca
        value = _BINARY[op.opcode](self, op, a, b, cb)
        if value is op and cb is not None and op.opcode in ("add", "and", "or", "xor", "mul"):
            # (x op c1) op c2
            inner = op.args[0]
            if isinstance(inner, Op) and inner.opcode == op.opcode and inner.args[1] in self.consts:
                c = EVALUATE[op.opcode](self.consts[inner.args[1]], self.consts[op.args[1]])
                return self.again(op, op.opcode, inner.args[0], c)
        return value

    def add(self, op: Op, a: Value, b: Value, c: int | None) -> Value:
        if c == 0:
            return a
        self.set_bits(op, max(self.width(a), self.width(b)) + 1)
        return op

    def sub(self, op: Op, a: Value, b: Value, c: int | None) -> Value:
        if c is not None:
            return self.again(op, "add", a, -c)
        if a is b:
            return self.constant(0)
        if self.consts.get(a) == 0:
            return self.again(op, "neg", b)
        return op

    def mul(self, op: Op, a: Value, b: Value, c: int | None) -> Value:
        if c is not None:
            if c == 0:
                return b
            if c == 1:
                return a
            if c == _ALL:
                return self.again(op, "neg", a)
            if c & (c - 1) == 0:
                return self.again(op, "shl", a, c.bit_length() - 1)
        self.set_bits(op, self.width(a) + self.width(b))
        return op

    def udiv(self, op: Op, a: Value, b: Value, c: int | None) -> Value:
        if c is not None:
            if c == 0:
                return b
            if c & (c - 1) == 0:
                return self.again(op, "lshr", a, c.bit_length() - 1)
        return op

    def umod(self, op: Op, a: Value, b: Value, c: int | None) -> Value:
        if c is not None:
            if c == 0:
                return a
            if c & (c - 1) == 0:
                return self.again(op, "and", a, c - 1)
        return op

    def bit_and(self, op: Op, a: Value, b: Value, c: int | None) -> Value:
        if a is b:
            return a
        if c is not None:
            if c == 0:
                return b
            reach = (1 << self.width(a)) - 1
            if c & reach == reach:
                return a
            if c == 0xFFFF_FFFF:
                return self.again(op, "zext", a, size=4)
        self.set_bits(op, min(self.width(a), self.width(b)))
        return op

    def bit_or(self, op: Op, a: Value, b: Value, c: int | None) -> Value:
        if a is b or c == 0:
            return a
        if c == _ALL:
            return b
        self.set_bits(op, max(self.width(a), self.width(b)))
        return op

    def xor(self, op: Op, a: Value, b: Value, c: int | None) -> Value:
        if c == 0:
            return a
        if a is b:
            return self.constant(0)
        self.set_bits(op, max(self.width(a), self.width(b)))
        return op

    def shift(self, op: Op, a: Value, b: Value, c: int | None) -> Value:
        if self.consts.get(a) == 0:
            return a
        if c is None:
            return op
        distance = c & 63
        if distance == 0:
            return a
        if c != distance:
            return self.again(op, op.opcode, a, distance)
        opcode, width = op.opcode, self.width(a)
        if opcode == "ashr" and width < 64:
            return self.again(op, "lshr", a, distance)
        inner = a.opcode if isinstance(a, Op) else ""
        before = self.consts.get(a.args[1]) if isinstance(a, Op) and len(a.args) == 2 else None
        if before is not None and isinstance(a, Op):
            if inner == opcode:
                total = (before & 63) + distance
                if total < 64:
                    return self.again(op, opcode, a.args[0], total)
                if opcode != "ashr":
                    return self.constant(0)
            elif inner == "shl" and before == distance == 32:
                return self.again(op, "zext" if opcode == "lshr" else "sext", a.args[0], size=4)
        if opcode == "lshr":
            if distance >= width:
                return self.constant(0)
            self.set_bits(op, width - distance)
        elif opcode == "shl":
            self.set_bits(op, width + distance)
        return op

    def neg(self, op: Op) -> Value:
        a = op.args[0]
        if a in self.consts:
            return self.constant(-self.consts[a])
        if isinstance(a, Op) and a.opcode == "neg":
            return a.args[0]
        return op

    def bound(self, op: Op, a: Value, b: Value, c: int | None) -> Value:
        return op  # also where it changes nothing

    def zext(self, op: Op) -> Value:
        a, size = op.args[0], op.size
        if a in self.consts:
            return self.constant(EVALUATE["zext"](self.consts[a], size))
        if self.width(a) <= 8 * size:
            return a
        mask = (1 << 8 * size) - 1
        if isinstance(a, Op):
            if a.opcode in ("zext", "sext") and a.size >= size:
                return self.again(op, "zext", a.args[0], size=size)
            if a.opcode == "and" and a.args[1] in self.consts:
                kept = self.consts[a.args[1]] & mask
                return self.again(op, "and", a.args[0], kept)
        if size < 4:
            return self.again(op, "and", a, mask)
        self.set_bits(op, 8 * size)
        return op

    def sext(self, op: Op) -> Value:
        a, size = op.args[0], op.size
        if a in self.consts:
            return self.constant(sign_extend(self.consts[a], size))
        if self.width(a) < 8 * size:
            return a
        if isinstance(a, Op):
            mask = (1 << 8 * size) - 1
            if a.opcode == "sext" and a.size <= size:
                return a
            if a.opcode in ("zext", "sext") and a.size >= size:
                return self.again(op, "sext", a.args[0], size=size)
            if a.opcode == "and" and self.consts.get(a.args[1], 0) & mask == mask:
                return self.again(op, "sext", a.args[0], size=size)
        return op

    def bswap(self, op: Op) -> Value:
        # The verifier knows nothing about the result, so its bits are not set.
        a = op.args[0]
        if isinstance(a, Op) and a.opcode == "bswap" and a.size == op.size:
            return a.args[0] if op.size == 8 else self.again(op, "zext", a.args[0], size=op.size)
        return self.constant(swap_bytes(self.consts[a], op.size)) if a in self.consts else op

    def address(self, op: Op) -> None:
        base, off = op.args[0], op.off
        while isinstance(base, Op) and base.opcode == "add" and base.args[1] in self.consts:
            off += to_signed(self.consts[base.args[1]])
            base = base.args[0]
            if -0x8000 <= off <= 0x7FFF:
                op.args[0], op.off = base, off

    def load(self, op: Op) -> Value:
        self.address(op)
        self.set_bits(op, 8 * op.size)
        return op

    def store(self, op: Op) -> Value:
        self.address(op)
        # What the store cuts off need not be cut off before.
        value = op.args[1]
        mask = (1 << 8 * op.size) - 1
        while isinstance(value, Op) and op.size < 8:
            if not (
                (value.opcode in ("zext", "sext") and value.size >= op.size)
                or (value.opcode == "and" and self.consts.get(value.args[1], 0) & mask == mask)
            ):
                break
            value = op.args[1] = value.args[0]
        return op

    def addressed(self, op: Op) -> Value:
        self.address(op)
        return op

    def fetch(self, op: Op) -> Value:
        self.address(op)
        self.set_bits(op, 8 * op.size)
        return op

    def width(self, value: Value) -> int:
        return self.bits.get(value, 64)

    def set_bits(self, op: Op, bits: int) -> None:
        if bits < 64:
            self.bits[op] = bits

    # The end of a block

    def branch(self, block: Block, term: Branch) -> None:
        if term.cond == "spent":
            return
        consts = self.consts
        if term.a in consts and term.b not in consts:
            term.a, term.b, term.cond = term.b, term.a, _SWAPPED[term.cond]
        c = consts.get(term.b)
        swapped = term.a
        if c is not None and term.cond in ("eq", "ne") and isinstance(swapped, Op) and swapped.opcode == "bswap":
            # Compare what was loaded with the constant in its byte order.
            if self.width(swapped.args[0]) <= 8 * swapped.size and c < 1 << 8 * swapped.size:
                term.a, term.b = swapped.args[0], self.constant(swap_bytes(c, swapped.size))
                c = consts[term.b]
        outcome: bool | None = None
        if c is not None and term.a in consts:
            outcome = holds(term.cond, consts[term.a], c)
        elif term.a is term.b and term.cond != "set":
            outcome = term.cond in ("eq", "ule", "uge", "sle", "sge")
        elif c == 0 and term.cond in ("ult", "uge", "set"):
            outcome = term.cond == "uge"
        elif c == 0 and term.cond in ("ule", "ugt"):
            term.cond = "eq" if term.cond == "ule" else "ne"
        elif c == 1 and term.cond in ("ult", "uge"):
            term.b, term.cond = self.constant(0), "eq" if term.cond == "ult" else "ne"
        if outcome is not None:
            edge = term.then if outcome else term.els
            block.term = Jump(edge.target, edge.args, term.span)


_BINARY = {
    "add": _Folder.add,
    "sub": _Folder.sub,
    "mul": _Folder.mul,
    "udiv": _Folder.udiv,
    "umod": _Folder.umod,
    "and": _Folder.bit_and,
    "bound": _Folder.bound,
    "or": _Folder.bit_or,
    "xor": _Folder.xor,
    "shl": _Folder.shift,
    "lshr": _Folder.shift,
    "ashr": _Folder.shift,
}
_RULES: dict[str, Callable[[_Folder, Op], Value]] = {
    **dict.fromkeys(_BINARY, _Folder.binary),
    "const": _Folder.const,
    "neg": _Folder.neg,
    "zext": _Folder.zext,
    "sext": _Folder.sext,
    "bswap": _Folder.bswap,
    "load": _Folder.load,
    "store": _Folder.store,
    "load_sx": _Folder.addressed,
    "load_ptr": _Folder.addressed,
    **{opcode: _Folder.fetch if OPS[opcode][1] else _Folder.addressed for opcode in ATOMICS},
}

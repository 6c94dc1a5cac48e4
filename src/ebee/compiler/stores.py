"""Stores to memory of the program's own: constants next to each other in one store, and results stored at once."""

from __future__ import annotations

from ..ir.core import ATOMICS, CALLS, LOADS, Block, Function, Op
from .memory import Memory

_S32 = range(-0x8000_0000, 0x8000_0000)


def fuse_stores(function: Function) -> None:
    """Write neighbouring constants in one store, of what is left of them when other stores follow.

    Requires: constants are one value each. Guarantees: stores are as aligned as their memory is.
    """
    memory = Memory(function)
    if memory.has_stores:
        for block in function.blocks:
            _fuse_in(block, memory, function)


class _Group:
    """Constants that have been stored to one allocation, not read yet: byte → value, and what stored them."""

    __slots__ = ("bytes", "stores")

    def __init__(self) -> None:
        self.bytes: dict[int, int] = {}
        self.stores: list[Op] = []


def _fuse_in(block: Block, memory: Memory, function: Function) -> None:
    place = memory.place
    groups: dict[Op, _Group] = {}
    ahead: dict[Op, list[Op]] = {}  # new stores before an operation
    gone: set[Op] = set()

    def close(root: Op, before: Op | None) -> None:
        group = groups.pop(root, None)
        if group is None or len(group.stores) < 2:
            return
        cover = _cover(group.bytes, root.size if root.opcode == "alloca" else 8)
        if len(cover) >= len(group.stores):
            return
        last = group.stores[-1]
        address = last.args[0]
        start = place[address][1] or 0
        new = []
        for off, size, imm in cover:
            value = Op("const", imm=imm)
            function.entry.ops.insert(0, value)
            new.append(Op("store", [address, value], "", off=off - start, size=size, span=last.span))
        gone.update(group.stores)
        if before is None:
            trailing.extend(new)
        else:
            ahead.setdefault(before, []).extend(new)

    trailing: list[Op] = []
    for op in block.ops:
        opcode, args = op.opcode, op.args
        if opcode in CALLS:
            for root in memory.roots(args):
                close(root, op)
        elif (opcode in LOADS or opcode in ATOMICS or opcode == "store") and args[0] in place:
            root, off = place[args[0]]
            if opcode != "store" or off is None or op.reloc:
                close(root, op)
                continue
            touched = range(off + op.off, off + op.off + op.size)
            group = groups.setdefault(root, _Group())
            value = args[1]
            if isinstance(value, Op) and value.opcode == "const":
                group.stores.append(op)
                group.bytes.update(zip(touched, (value.imm & (1 << 64) - 1).to_bytes(8, "little")))
            else:
                for n in touched:
                    group.bytes.pop(n, None)
    for root in list(groups):
        close(root, None)
    if gone:
        kept: list[Op] = []
        for op in block.ops:
            kept += ahead.get(op, ())
            if op not in gone:
                kept.append(op)
        block.ops = kept + trailing


def _cover(values: dict[int, int], align: int) -> list[tuple[int, int, int]]:
    """Return aligned stores of (offset, size, immediate) that write some bytes."""
    stores = []
    left = dict(sorted(values.items()))
    while left:
        off = next(iter(left))
        for size in (8, 4, 2, 1):
            if size <= align and off % size == 0 and all(n in left for n in range(off, off + size)):
                imm = int.from_bytes(bytes(left[n] for n in range(off, off + size)), "little", signed=True)
                if imm in _S32:
                    break
        stores.append((off, size, imm))
        for n in range(off, off + size):
            del left[n]
    return stores


def store_early(function: Function) -> None:
    """Store to the stack before calls what was there before them: it needs no register over these.

    Requires: no stores that are overwritten.
    """
    memory = Memory(function)
    if memory.has_stores:
        for block in function.blocks:
            _store_early_in(block, memory)


def _store_early_in(block: Block, memory: Memory) -> None:
    place = memory.place
    made: dict[object, int] = {}
    last_call = -1
    touched: dict[Op, int] = {}  # the last operation that accesses an allocation
    moves: list[tuple[int, int]] = []
    for n, op in enumerate(block.ops):
        opcode, args = op.opcode, op.args
        if opcode in CALLS:
            last_call = n
            for root in memory.roots(args):
                touched[root] = n
        elif (opcode in LOADS or opcode in ATOMICS or opcode == "store") and args[0] in place:
            root = place[args[0]][0]
            after = max(made.get(args[1], -1), made.get(args[0], -1), touched.get(root, -1)) if len(args) > 1 else n
            if opcode == "store" and root.opcode == "alloca" and after < last_call and args[1] in made:
                moves.append((n, after))
                touched[root] = max(touched.get(root, -1), after)
            else:
                touched[root] = n
        if opcode != "const":
            made[op] = n
    if moves:
        behind: dict[int, list[Op]] = {}
        for n, after in moves:
            behind.setdefault(after, []).append(block.ops[n])
        moved = {n for n, _ in moves}
        kept: list[Op] = []
        for n, op in enumerate(block.ops):
            if n not in moved:
                kept.append(op)
            kept += behind.get(n, ())
        block.ops = kept

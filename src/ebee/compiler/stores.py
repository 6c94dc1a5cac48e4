"""Stores to memory of the program's own: constants next to each other in one store, and results stored at once."""

from __future__ import annotations

from ..ir.core import ATOMICS, CALLS, LOADS, Block, Function, Op
from .memory import Memory, remove_needless_stores

_ACCESSES = frozenset(("store", *LOADS, *ATOMICS))
_S32 = range(-0x8000_0000, 0x8000_0000)


def improve_stores(function: Function) -> None:
    """Remove stores that change nothing, fuse constants that are left, and store results before calls.

    Requires: reverse postorder; equal constants are one value.
    """
    memory = Memory(function)
    if memory.has_stores:
        remove_needless_stores(function, memory)
        for block in function.blocks:
            fuse_stores(block, memory, function)
            store_early(block, memory)


class _Group:
    """What has been stored to one allocation, and not read yet: (byte, operation).

    `narrow` are the words with constants of less than a word: others need as many stores as they have.
    """

    __slots__ = ("narrow", "stores")

    def __init__(self) -> None:
        self.stores: list[tuple[int, Op]] = []
        self.narrow: set[int] = set()


def fuse_stores(block: Block, memory: Memory, function: Function) -> None:
    """Write neighbouring constants in one store, of what is left of them when other stores follow.

    Guarantees: stores are as aligned as their memory is.
    """
    place = memory.place
    groups: dict[Op, _Group] = {}
    ahead: dict[Op | None, list[Op]] = {}  # new stores before an operation, or at the end
    gone: set[Op] = set()

    def close(root: Op, before: Op | None) -> None:
        group = groups.pop(root, None)
        if group is None or not group.narrow:
            return
        values: dict[int, int] = {}
        constants = []
        for at, op in group.stores:
            if at >> 3 not in group.narrow and at + op.size - 1 >> 3 not in group.narrow:
                continue
            touched, value = range(at, at + op.size), op.args[1]
            if isinstance(value, Op) and value.opcode == "const":
                constants.append(op)
                values.update(zip(touched, (value.imm & (1 << 64) - 1).to_bytes(8, "little")))
            else:
                for n in touched:
                    values.pop(n, None)
        cover = _cover(values, root.size if root.opcode == "alloca" else 8)
        if len(cover) >= len(constants):
            return
        address, span = constants[-1].args[0], constants[-1].span
        start = place[address][1] or 0
        for off, size, imm in cover:
            value = Op("const", imm=imm)
            function.entry.ops.insert(0, value)
            store = Op("store", [address, value], "", off=off - start, size=size, span=span)
            ahead.setdefault(before, []).append(store)
        gone.update(constants)

    for op in block.ops:
        opcode, args = op.opcode, op.args
        if opcode in CALLS:
            for root in memory.roots(args) if groups else ():
                close(root, op)
        elif opcode in _ACCESSES and args[0] in place:
            root, off = place[args[0]]
            if opcode != "store" or off is None or op.reloc:
                close(root, op)
                continue
            group = groups.get(root)
            if group is None:
                group = groups[root] = _Group()
            group.stores.append((off + op.off, op))
            value = args[1]
            if op.size < 8 and isinstance(value, Op) and value.opcode == "const":
                group.narrow.add(off + op.off >> 3)
    for root in list(groups):
        close(root, None)
    if gone:
        kept: list[Op] = []
        for op in block.ops:
            kept += ahead.get(op, ())
            if op not in gone:
                kept.append(op)
        block.ops = kept + ahead.get(None, [])


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


def store_early(block: Block, memory: Memory) -> None:
    """Store to the stack before calls what was there before them: it needs no register over these."""
    if not any(op.opcode in CALLS for op in block.ops):
        return
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
        elif opcode in _ACCESSES and args[0] in place:
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

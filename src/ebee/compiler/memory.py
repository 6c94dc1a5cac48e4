"""Stores that change nothing: of bytes that are written again before anybody reads them, and of what is there already.

Looked at are stack memory and ring buffer records, as long as every use of their address is known: in loads, stores
and atomics, and as an argument of a call.
"""

from __future__ import annotations

from ..abi.helpers import BPF_FUNC as FUNC
from ..ir.cfg import incoming_edges
from ..ir.core import (
    ATOMICS,
    CALLS,
    I64,
    LOADS,
    PTR_RECORD,
    PTR_RECORD_OR_NULL,
    PTR_STACK,
    PTR_VALUE_OR_NULL,
    Block,
    Function,
    Op,
    Ret,
    Value,
)

# Results of calls that point to no memory that the call was given.
_FRESH = frozenset((I64, PTR_VALUE_OR_NULL, PTR_RECORD_OR_NULL))
_CHANGES = frozenset(("store", *ATOMICS))
_ACCESSES = _CHANGES | LOADS
_POINTERS = frozenset((PTR_STACK, PTR_RECORD))
# Helpers that write to their first argument and read none of it; the size is the second.
_FILLING = frozenset(
    (
        FUNC.get_current_comm, FUNC.probe_read, FUNC.probe_read_str, FUNC.probe_read_kernel, FUNC.probe_read_kernel_str,
        FUNC.probe_read_user, FUNC.probe_read_user_str,
    )
)  # fmt: skip
# Those of them that always write every byte.
_FILLING_WHOLE = frozenset((FUNC.probe_read, FUNC.probe_read_kernel, FUNC.probe_read_user))
# Helpers that only read what their arguments point to.
_READING = frozenset((FUNC.map_lookup_elem, FUNC.map_update_elem, FUNC.map_delete_elem))


def remove_needless_stores(function: Function, memory: Memory) -> None:
    """Remove stores whose bytes are overwritten, or hold the same value already, in memory of the program's own.

    Requires: reverse postorder; equal constants are one value. Source: kernel/trace/bpf_trace.c and
    kernel/bpf/helpers.c (Linux 6.18) for which helpers fill their buffer also when they fail.
    """
    _remove_repeated(function, memory)
    for block in function.blocks:
        _remove_overwritten(block, memory)


class Memory:
    """Where addresses point: `place[v]` is the allocation and an offset in bytes, or None if that varies."""

    def __init__(self, function: Function) -> None:
        self.place: dict[Value, tuple[Op, int | None]] = {}
        self.escaped: set[Value] = set()
        self.has_stores = False
        place, escaped = self.place, self.escaped
        for block in function.blocks:
            for op in block.ops:
                opcode, args = op.opcode, op.args
                if opcode == "alloca" or op.type == PTR_RECORD_OR_NULL:
                    place[op] = op, 0
                elif opcode == "non_null":
                    if args[0] in place:
                        place[op] = place[args[0]]
                elif opcode == "add" and op.type in _POINTERS:
                    if args[0] in place:
                        root, off = place[args[0]]
                        by = args[1]
                        if off is not None and isinstance(by, Op) and by.opcode == "const":
                            place[op] = root, off + by.imm
                        else:
                            place[op] = root, None
                elif opcode in _ACCESSES:
                    self.has_stores |= opcode == "store" and args[0] in place
                    for a in args[1:]:
                        self._escapes(a)
                elif opcode not in CALLS or op.type not in _FRESH:
                    for a in args:
                        self._escapes(a)
            if type(block.term) is Ret:
                self._escapes(block.term.value)
            for edge in block.edges():
                for a in edge.args:
                    self._escapes(a)
        for v in [v for v, (root, _) in place.items() if root in escaped]:
            del place[v]

    def _escapes(self, value: Value) -> None:
        if value in self.place:
            self.escaped.add(self.place[value][0])

    def roots(self, args: list[Value]) -> dict[Op, None]:
        return dict.fromkeys(self.place[a][0] for a in args if a in self.place)

    def filled(self, op: Op) -> tuple[Op, range] | None:
        """Return what a call certainly writes, if anything."""
        if op.imm not in _FILLING_WHOLE or op.args[0] not in self.place:
            return None
        (root, off), size = self.place[op.args[0]], op.args[1]
        if off is None or not (isinstance(size, Op) and size.opcode == "const"):
            return None
        return root, range(off, off + size.imm)


def _remove_overwritten(block: Block, memory: Memory) -> None:
    place = memory.place
    later: dict[Op, set[int]] = {}  # bytes that are written before they are read, from here on
    kept: list[Op] = []
    for op in reversed(block.ops):
        opcode = op.opcode
        if opcode in _ACCESSES and op.args[0] in place:
            root, off = place[op.args[0]]
            written = later.setdefault(root, set())
            if off is None:
                if opcode != "store":
                    written.clear()
            else:
                touched = range(off + op.off, off + op.off + op.size)
                if opcode != "store":
                    written.difference_update(touched)
                elif written.issuperset(touched):
                    continue
                else:
                    written.update(touched)
        elif opcode in CALLS:
            filling = opcode == "call" and op.imm in _FILLING
            for root in memory.roots(op.args[1:] if filling else op.args):
                later.pop(root, None)
            whole = memory.filled(op) if filling else None
            if whole is not None:
                later.setdefault(whole[0], set()).update(whole[1])
        kept.append(op)
    kept.reverse()
    block.ops = kept


def _remove_repeated(function: Function, memory: Memory) -> None:
    place = memory.place
    incoming = incoming_edges(function.blocks)
    home = {id(edge): block for block in function.blocks for edge in block.edges()}
    after: dict[Block, dict[tuple[Op, int, int], Value]] = {}
    for block in function.blocks:
        edges = incoming[block]
        # What is known at the end of the one block before this one; nothing where ways meet.
        known = dict(after.get(home[id(edges[0])], {})) if len(edges) == 1 else {}
        kept = []
        for op in block.ops:
            opcode = op.opcode
            if opcode in _CHANGES and op.args[0] in place:
                root, off = place[op.args[0]]
                key = (root, -1 if off is None else off + op.off, op.size)
                if opcode == "store" and off is not None and known.get(key) is op.args[1]:
                    continue
                for other in [k for k in known if k[0] is root and (off is None or _overlap(k, key))]:
                    del known[other]
                if opcode == "store" and off is not None:
                    known[key] = op.args[1]
            elif opcode in CALLS and (opcode != "call" or op.imm not in _READING):
                roots = memory.roots(op.args)
                if roots:
                    known = {k: v for k, v in known.items() if k[0] not in roots}
            kept.append(op)
        block.ops = kept
        after[block] = known


def _overlap(a: tuple[Op, int, int], b: tuple[Op, int, int]) -> bool:
    return a[1] < b[1] + b[2] and b[1] < a[1] + a[2]

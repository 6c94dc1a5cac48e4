"""Variables that do not fit on the stack are moved to the value of a map, which a run of the program claims for itself.

The map is a per-CPU array with `PLACES` values for each program. The first word of a value says whether a run has it:
it is swapped for 1 where the program begins, and zero again where it returns. So a run that interrupts another one of
the same program, or takes its CPU, gets the next value; where none is left the program ends there, counted. Source of
who may interrupt whom: bpf_prog_check_recur in include/linux/bpf_verifier.h, bpf_prog_run_array_uprobe in
include/linux/bpf.h, bpf_cgroup_run_filter_skb in kernel/bpf/cgroup.c (Linux 6.18).
"""

from __future__ import annotations

from ..abi.helpers import BPF_FUNC as FUNC
from ..errors import CompileError, Diagnostic
from ..ir.core import (
    ATOMICS,
    I64,
    LOADS,
    PTR_MAP,
    PTR_STACK,
    PTR_VALUE,
    PTR_VALUE_OR_NULL,
    Block,
    Branch,
    Function,
    Jump,
    Op,
    Param,
    Ret,
    Value,
)
from ..record import Record

PLACES = 4  # a task, and what may interrupt it: a softirq, an interrupt, an NMI
HEAD_BYTES = 8  # the word that says whether a run has the value
MOST_BYTES = 32768 - HEAD_BYTES  # PCPU_MIN_UNIT_SIZE in include/linux/percpu.h (Linux 6.18)
KEPT_BYTES = 256  # on the stack, of a program that has to move something: the rest is for values and calls
_ACCESSES = LOADS | ATOMICS | {"store"}


class Claim(Record):
    """Where a program's memory is: from value `first` of `map` on. `size_bytes` says how large values must be.

    Where all are taken, the u64 at byte `loss_off` of the value of `loss_map` counts it and the result is `failure`.
    """

    map: str
    first: int
    loss_map: str
    loss_off: int
    failure: int = 0
    size_bytes: int = 0


def movable(function: Function) -> list[Op]:
    """The allocas that need not be on the stack, the largest first."""
    found = [op for op in function.entry.ops if op.opcode == "alloca" and not op.off]
    return sorted(found, key=lambda op: -op.imm)


def move_to_scratch(function: Function, claim: Claim, kept_bytes: int = KEPT_BYTES) -> None:
    """Move the largest allocas to the value that a run claims, until the others take `kept_bytes` at most.

    Requires: only `Jump` passes values. Guarantees: the same; reverse postorder.
    Raises: CompileError where the values of a map cannot be so large, or a tail call would keep the value.
    """
    if any(op.opcode == "call" and op.imm == FUNC.tail_call for op in function.ops()):
        hint = "keep large data in a PerCpuArray, or do the tail call in a probe without it"
        what = "its variables do not fit on the stack, and a tail call would not give back other memory"
        raise _error(function, what, hint)
    kept = sum(op.imm for op in function.entry.ops if op.opcode == "alloca")
    place: dict[Value, int] = {}  # addresses in the value, with their offsets
    size = HEAD_BYTES
    for op in movable(function):
        if kept <= kept_bytes:
            break
        place[op] = size
        size += -(-op.imm // 8) * 8
        kept -= op.imm
    if size - HEAD_BYTES > MOST_BYTES:
        what = f"it needs {size - HEAD_BYTES} bytes for its variables; a program has {MOST_BYTES}"
        raise _error(function, what, "keep large data in the values of a map of your own")
    claim.size_bytes = max(claim.size_bytes, size)
    _follow(function, place)
    base = _begin(function, claim)
    _replace(function, place, base)
    for block in function.blocks[1:]:
        if isinstance(block.term, Ret) and block is not function.blocks[_LOST]:
            zero = Op("const", (), I64, imm=0, span=block.term.span)
            block.ops += zero, Op("store", (base, zero), "", size=8, span=block.term.span)


def _error(function: Function, what: str, hint: str) -> CompileError:
    return CompileError([Diagnostic(f"{function.name!r}: {what}", function.span, hint)])


def _follow(function: Function, place: dict[Value, int]) -> None:
    """Find what is computed from addresses: at known distances they are places, too; others change their type."""
    moved: set[Value] = set(place)
    changed = True
    while changed:
        changed = False
        for block in function.blocks:
            for op in block.ops:
                if op not in moved and op.type == PTR_STACK and op.opcode in ("add", "sub") and op.args[0] in moved:
                    moved.add(op)
                    changed = True
                    by = op.args[1]
                    if op.args[0] in place and op.opcode == "add" and isinstance(by, Op) and by.opcode == "const":
                        place[op] = place[op.args[0]] + by.imm
                    else:
                        op.type = PTR_VALUE
            for edge in block.edges():
                for arg, param in zip(edge.args, edge.target.params):
                    if arg in moved and param not in moved:
                        moved.add(param)
                        param.type, changed = PTR_VALUE, True


_LOST = 5  # the block, of those that `_begin` puts first


def _begin(function: Function, claim: Claim) -> Op:
    """Have the function claim a value before it does anything else; return its address."""
    old, span = function.entry, function.span
    names = ("entry", "try", "found", "taken", "again", "lost")
    entry, head, found, taken, again, lost = (Block(f"scratch.{name}") for name in names)
    entry.name, old.name, entry.params, old.params = old.name, "claimed", old.params, []
    entry.ops = [op for op in old.ops if op.opcode == "alloca"]
    old.ops = [op for op in old.ops if op.opcode != "alloca"]

    def add(block: Block, opcode: str, *args: Value, type: str = I64, **attrs: int | str) -> Op:
        op = Op(opcode, args, type, span=span, **attrs)  # type: ignore[arg-type]
        block.ops.append(op)
        return op

    key = add(entry, "alloca", type=PTR_STACK, imm=8, size=8)
    entry.term = Jump(head, [add(entry, "const", imm=claim.first)], span)
    index = Param(I64)
    head.params = [index]
    add(head, "store", key, index, type="", size=4)
    map = add(head, "map", type=PTR_MAP, symbol=claim.map)
    entry_of_map = add(head, "call", map, key, type=PTR_VALUE_OR_NULL, imm=FUNC.map_lookup_elem)
    head.term = Branch("eq", entry_of_map, add(head, "const", imm=0), Jump(lost), Jump(found), span)
    base = add(found, "non_null", entry_of_map, type=PTR_VALUE)
    was = add(found, "xchg", base, add(found, "const", imm=1), size=8)
    found.term = Branch("eq", was, add(found, "const", imm=0), Jump(old), Jump(taken), span)
    following = add(taken, "add", index, add(taken, "const", imm=1))
    end = add(taken, "const", imm=claim.first + PLACES)
    taken.term = Branch("ult", following, end, Jump(again), Jump(lost), span)
    again.term = Jump(head, [following], span)
    counter = add(lost, "map_value", type=PTR_VALUE, symbol=claim.loss_map, imm=claim.loss_off)
    add(lost, "atomic_add", counter, add(lost, "const", imm=1), type="", size=8)
    lost.term = Ret(add(lost, "const", imm=claim.failure), span)
    function.blocks[:0] = [entry, head, found, taken, again, lost]
    return base


def _replace(function: Function, place: dict[Value, int], base: Op) -> None:
    """Have every access to what was moved start at `base`; other addresses are made where they are used."""
    for block in function.blocks:
        ops: list[Op] = []

        def address(value: Value, ops: list[Op] = ops) -> Value:
            if value not in place:
                return value
            by = Op("const", (), I64, imm=place[value])
            ops.extend((by, Op("add", (base, by), PTR_VALUE)))
            return ops[-1]

        for op in block.ops:
            if op in place:
                continue
            first = op.args[0] if op.args else None
            if op.opcode in _ACCESSES and first in place and -0x8000 <= op.off + place[first] <= 0x7FFF:
                op.off += place[first]
                op.args = [base, *map(address, op.args[1:])]
            else:
                op.args = [address(a) for a in op.args]
            ops.append(op)
        term = block.term
        if isinstance(term, Branch):
            term.a, term.b = address(term.a), address(term.b)
        elif isinstance(term, Ret):
            term.value = address(term.value)
        for edge in block.edges():
            edge.args = [address(a) for a in edge.args]
        block.ops = ops

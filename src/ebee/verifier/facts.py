"""What was proved of a program, for those who compile it: by instruction, whatever path led there.

Ranges of numbers come from `number_flow`. Kinds of pointers come from the walk itself: where it left a path out,
every pointer that is read later was of the same kind and led to the same thing.
"""

from __future__ import annotations

from ..record import Record, field
from .callbacks import CALLBACKS
from .jumps import is_not_null
from .number_flow import number_flow
from .prototypes import helper_proto
from .state import (
    KIND_NAMES,
    PTR_TO_CTX,
    PTR_TO_MAP_VALUE,
    PTR_TO_PACKET,
    PTR_TO_PACKET_END,
    PTR_TO_PACKET_META,
    PTR_TO_STACK,
    SCALAR,
    STACK_BYTES,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .explore import Verifier
    from .program import Code
    from .scalar import Scalar
    from .state import Reg

_NEVER_NULL = frozenset((PTR_TO_STACK, PTR_TO_CTX, PTR_TO_PACKET, PTR_TO_PACKET_META, PTR_TO_PACKET_END))
_REGIONS = {
    PTR_TO_STACK: "stack",
    PTR_TO_CTX: "context",
    PTR_TO_MAP_VALUE: "map value",
    PTR_TO_PACKET: "packet",
    PTR_TO_PACKET_META: "packet",
}
_WHOLE = -STACK_BYTES, 0
_NUMBERS = frozenset(("any", "size", "size0", "alloc"))  # kinds of arguments that nothing is written through
_READ_DST = frozenset(("neg", "endian", "jump", "store", "atomic", "gotox"))


class Pointer(Record):
    """A register that always holds a pointer of one kind.

    `kind` is the kernel's word in its log. `target` is what it always leads to: a map, a type, the number of a stack
    frame; None where that varies. `low` and `high` are the offset in bytes from the target's beginning (of the stack:
    from the frame pointer). `region` names memory that no pointer of another region reaches, "" where that is open.
    """

    kind: str
    target: Any
    low: int
    high: int
    not_null: bool
    region: str


class Facts(Record):
    """`numbers` has r0 to r10 before each slot, `pointers` the registers that the instruction of a slot reads.

    `dead` are slots that are never reached, `jumps` the conditional jumps that always (True) or never jump. Of a call,
    `pointers` holds r1 to r5, of which only those that it takes mean something.
    """

    numbers: dict[int, tuple[Scalar, ...]] = field(default_factory=dict)
    pointers: dict[int, dict[int, Pointer]] = field(default_factory=dict)
    dead: frozenset[int] = frozenset()
    jumps: dict[int, bool] = field(default_factory=dict)

    def map_of(self, slot: int, register: int = 1) -> Any:
        """Return the one map whose address a call takes in a register, None if it is not always the same."""
        pointer = self.pointers.get(slot, {}).get(register)
        return pointer.target if pointer is not None and pointer.kind == "map_ptr" else None


class Collector:
    """Stands before each instruction of a walk and notes which pointers it reads and which way it goes."""

    def __init__(self, verifier: Verifier) -> None:
        self.verifier = verifier
        self.ways: dict[int, int] = {}
        self.loads_pointer: set[int] = set()
        self.pointers: dict[int, dict[int, Pointer | None]] = {}
        rows, insns = verifier.code.rows, verifier.code.insns
        for slot, operation in enumerate(verifier.ops):
            row, insn = rows[slot], insns[slot]
            if row is None or insn is None or operation is None:
                continue
            read = []
            if row.family in ("call", "callx"):
                read += [1, 2, 3, 4, 5]
            elif row.family in _READ_DST or (row.family == "alu" and row.op != "mov"):
                read.append(insn.dst_reg)
            if row.src_reg == "reg" and insn.src_reg not in read:
                read.append(insn.src_reg)
            self.pointers[slot] = {}
            loaded = insn.dst_reg if row.family == "load" else -1
            verifier.ops[slot] = (self._step, slot, read, operation, loaded)

    def _step(self, verifier: Verifier, operation: Any) -> int:
        _, slot, read, inner, loaded = operation
        known, regs = self.pointers[slot], verifier.regs
        for number in read:
            old = known.get(number, _NEW)
            if old is not None:
                known[number] = _joined(old, regs[number])
        waiting = len(verifier.pending)
        following: int = inner[0](verifier, inner)
        if loaded >= 0 and regs[loaded].kind != SCALAR:
            self.loads_pointer.add(slot)
        both = len(verifier.pending) > waiting
        self.ways[slot] = self.ways.get(slot, 0) | (3 if both else 1 if following == slot + 1 else 2)
        return following

    def facts(self) -> Facts:
        """Return what holds for all paths of a program that was accepted."""
        code = self.verifier.code
        pointers = {}
        for slot, by_register in self.pointers.items():
            if kept := {number: pointer for number, pointer in by_register.items() if pointer is not None}:
                pointers[slot] = kept
        one_way = {
            slot: ways == 2
            for slot, ways in self.ways.items()
            if ways != 3 and (row := code.rows[slot]) is not None and row.family == "jump"
        }
        dead = frozenset(slot for slot in self.pointers if slot not in self.ways)
        shared = _functions_that_share(code)
        numbers = number_flow(code, self.loads_pointer, lambda slot: self._written(slot) if slot in shared else None)
        return Facts(numbers, pointers, dead, one_way)

    def _written(self, slot: int) -> tuple[int, int] | None:
        """Return which bytes of a stack an instruction may change through pointers to it."""
        row, insn = self.verifier.code.rows[slot], self.verifier.code.insns[slot]
        assert row is not None and insn is not None
        pointers = self.pointers.get(slot, {})
        if row.family in ("store", "atomic"):
            if insn.dst_reg not in pointers:  # the instruction is never reached
                return _WHOLE
            pointer = pointers[insn.dst_reg]
            if pointer is None:
                return _WHOLE
            end = pointer.high + insn.off + row.bits // 8
            return (pointer.low + insn.off, end) if pointer.kind == "fp" else None
        if row.family not in ("call", "callx"):
            return None
        proto = helper_proto(insn.imm, self.verifier.setting.prog_type) if row.name == "call_helper" else None
        if proto is None or proto.name in CALLBACKS:
            return _WHOLE
        low = 0
        for number, arg in enumerate(proto.args, 1):
            pointer = pointers.get(number)
            if pointer is not None:
                low = min(low, pointer.low) if pointer.kind == "fp" else low
            elif arg.kind not in _NUMBERS:
                return _WHOLE
        return (low, 0) if low else None


def _functions_that_share(code: Code) -> set[int]:
    """Return the slots of functions that make a pointer to their stack, beside the frame pointer."""
    slots: set[int] = set()
    starts = [*sorted(code.starts), len(code.rows)]
    for start, end in zip(starts, starts[1:]):
        for row, insn in zip(code.rows[start:end], code.insns[start:end]):
            if row is not None and insn is not None and insn.src_reg == 10 and row.src_reg == "reg":
                if row.family != "load" and row.op != "load_acq":
                    slots.update(range(start, end))
    return slots


_NEW = Pointer("", None, 0, 0, True, "")


def _joined(old: Pointer, reg: Reg) -> Pointer | None:
    if reg.kind <= SCALAR:
        return None
    low, high = reg.off + reg.num.smin, reg.off + reg.num.smax
    not_null = reg.kind in _NEVER_NULL or is_not_null(reg)
    kind = KIND_NAMES[reg.kind]
    if old is _NEW:
        return Pointer(kind, reg.obj, low, high, not_null, _REGIONS.get(reg.kind, ""))
    if old.kind != kind:
        return None
    target = old.target if old.target == reg.obj else None
    return Pointer(kind, target, min(old.low, low), max(old.high, high), old.not_null and not_null, old.region)

"""Functions that are lowered while another is: a loop's body, with what it uses of the code around, and subprograms.

Whatever a body uses that was made around it is found when it is complete, and comes through a frame: memory on the
stack of the function around it, whose address it is given.
"""

from __future__ import annotations

from ..ir.builder import Builder
from ..ir.core import I64, OPS, PTR_ARG, PTR_CTX, PTR_STACK, Branch, Op, Param, Ret
from .numbers import Refusal
from .program import Lowering

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

    from ..ir.core import Block, Function, Value
    from .object import ObjectBuilder

# What a body says of how it ended, in the frame's first word; a result is in the second.
STATUS, RESULT, VARIABLES = 0, 8, 16
NEXT, BREAK, OVER, RETURN, ABORT = range(5)
MOST_ARGUMENTS = 5
MOST_STACK = 128  # bytes, of a function with what it calls; what is larger is kept by those that call it
# Made anew where they are used: they are not computed.
_MADE_ANEW = frozenset(name for name, (count, _, _) in OPS.items() if not count and name != "alloca")


class InnerBuilder(Builder):
    """Reads variables of the function around where its own were not written."""

    def __init__(self, function: Function, around: Builder) -> None:
        super().__init__(function)
        self.around, self.span = around, around.span

    def _read(self, name: str, block: Block, type: str) -> Value:
        if block is self.function.entry and name not in self._defs.get(block, {}):
            return self.around.read(name, type)
        return super()._read(name, block, type)


class Inner(Lowering):
    """Lowers a function that is called where it stands. `frame` is the parameter that holds the frame's address."""

    is_program = False

    def __init__(self, around: Lowering, function: Function, frame: Param) -> None:
        super().__init__(around.obj, function, around.features)
        self.around, self.frame = around, frame
        self.b = InnerBuilder(function, around.b)
        self.can_abort = False

    @property
    def ctx(self) -> Value:
        """The program's context."""
        return self.around.ctx

    def fail(self) -> None:
        """End the program: here, and then around."""
        self.can_abort = True
        self.discard()
        self.end(ABORT)

    def end(self, status: int) -> None:
        """Go back, and say how it ended; the helper that called goes on with the next turn after NEXT alone."""
        if status != NEXT:
            self.b.store(self.frame, STATUS, 8, self.b.const(status))
        self.b.ret(self.b.const(int(status != NEXT)))

    def close(self, off: int) -> list[tuple[int, Value]]:
        """Have what was made around come through the frame, from byte `off` on; return what has to be put there."""
        self.around.b.function.entry.ops[:0] = taken_out(self)
        found = outer_values(self.b.function)
        replaced: dict[Value, Value] = {}
        passed, ops = [], []
        for value in found:
            if isinstance(value, Op) and value.opcode in _MADE_ANEW:
                new = Op(value.opcode, (), value.type, imm=value.imm, off=value.off, size=value.size,
                         symbol=value.symbol, reloc=value.reloc, span=value.span)  # fmt: skip
            else:
                type = PTR_ARG if value.type == PTR_STACK else value.type
                new = Op("load" if type == I64 else "load_ptr", (self.frame,), type, off=off, size=8)
                passed.append((off, value))
                off += 8
            replaced[value] = new
            ops.append(new)
        _replace(self.b.function, replaced)
        self.b.function.entry.ops[:0] = ops
        _retype(self.b.function)
        return passed


class Outside(Lowering):
    """Lowers a function that is called with arguments, from several places. What else it needs are more parameters.

    `extra` says which: "status", memory whose first word says whether the program is to end; "ctx", the context;
    "memory", `memory_bytes` of the caller's for variables that are too large for this function's part of the stack.
    """

    is_program = False

    def __init__(self, obj: ObjectBuilder, function: Function, features: Container[str]) -> None:
        super().__init__(obj, function, features)
        self.extra: dict[str, Param] = {}
        self.memory_bytes = 0

    def parameter(self, name: str, type: str) -> Param:
        """Return an additional parameter. Raises: Refusal when there are too many."""
        if name not in self.extra:
            params = self.b.function.entry.params
            if len(params) == MOST_ARGUMENTS:
                what = f"{len(params) + 1} values would have to be passed, and it takes up to {MOST_ARGUMENTS}"
                raise Refusal(what)
            self.extra[name] = Param(type)
            params.append(self.extra[name])
        return self.extra[name]

    @property
    def ctx(self) -> Value:
        """The program's context."""
        return self.parameter("ctx", PTR_CTX)

    def close(self) -> None:
        """Have the caller provide memory for what is too large. Raises: Refusal when there are too many parameters."""
        replaced: dict[Value, Value] = {}
        made: list[Op] = []
        for op in taken_out(self):
            by = Op("const", imm=self.memory_bytes)
            address = Op("add", (self.parameter("memory", PTR_ARG), by), PTR_ARG, span=op.span)
            made += by, address
            replaced[op] = address
            self.memory_bytes += -(-op.imm // 8) * 8
        if replaced:
            _replace(self.b.function, replaced)
            self.b.function.entry.ops[:0] = made
            _retype(self.b.function)

    def fail(self) -> None:
        """Go back to the caller, which ends the program."""
        self.discard()
        self.b.store(self.parameter("status", PTR_ARG), 0, 8, self.b.const(ABORT))
        self.b.ret(self.b.const(0))


class Global(Outside):
    """Lowers a global function, whose first parameter may be the context."""

    @property
    def ctx(self) -> Value:
        """The program's context."""
        first = self.b.function.entry.params[:1]
        return first[0] if first and first[0].type == PTR_CTX else super().ctx


def taken_out(low: Lowering) -> list[Op]:
    """Take the largest allocas out of a function, until it and what it calls need `MOST_STACK` at most."""
    entry = low.b.function.entry
    taken: list[Op] = []
    for op in sorted((op for op in entry.ops if op.opcode == "alloca" and not op.off), key=lambda op: -op.imm):
        if low.stack - sum(op.imm for op in taken) <= MOST_STACK:
            break
        taken.append(op)
    gone = set(taken)
    if gone:
        entry.ops = [op for op in entry.ops if op not in gone]
    return taken


def outer_values(function: Function) -> list[Value]:
    """Return the values that a function uses and does not define, in the order of their first use."""
    own = {v for block in function.blocks for v in (*block.params, *block.ops)}
    used: dict[Value, None] = {}
    for block in function.blocks:
        for op in block.ops:
            used.update(dict.fromkeys(op.args))
        if isinstance(block.term, Branch):
            used.update({block.term.a: None, block.term.b: None})
        elif isinstance(block.term, Ret):
            used[block.term.value] = None
        for edge in block.edges():
            used.update(dict.fromkeys(edge.args))
    return [v for v in used if v not in own]


def _replace(function: Function, by: dict[Value, Value]) -> None:
    for block in function.blocks:
        for op in block.ops:
            op.args = [by.get(a, a) for a in op.args]
        if isinstance(block.term, Branch):
            block.term.a, block.term.b = by.get(block.term.a, block.term.a), by.get(block.term.b, block.term.b)
        elif isinstance(block.term, Ret):
            block.term.value = by.get(block.term.value, block.term.value)
        for edge in block.edges():
            edge.args = [by.get(a, a) for a in edge.args]


def _retype(function: Function) -> None:
    """What is computed from memory of the function around is an address there, too."""
    changed = True
    while changed:
        changed = False
        for block in function.blocks:
            for op in block.ops:
                if op.type == PTR_STACK and op.opcode in ("add", "sub") and op.args[0].type == PTR_ARG:
                    op.type, changed = PTR_ARG, True
            for edge in block.edges():
                for arg, param in zip(edge.args, edge.target.params):
                    if arg.type == PTR_ARG and param.type == PTR_STACK:
                        param.type, changed = PTR_ARG, True

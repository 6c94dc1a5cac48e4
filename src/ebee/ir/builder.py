"""Builds functions operation by operation, and puts named variables into SSA form on the way.

Variables follow Braun et al., "Simple and Efficient Construction of Static Single Assignment Form" (CC 2013), with
block parameters in place of phi functions.
"""

from __future__ import annotations

from ..errors import InternalError
from .core import CALLS, I64, NON_NULL, OPS, PTR_STACK, Block, Branch, Function, Jump, Op, Param, Ret, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..errors import SourceSpan
    from .core import Terminator


_FORGOTTEN = Value(I64)  # what a variable holds that must not be read


class Builder:
    """Appends to `block`, the current block. `span` is given to everything that is appended.

    After a terminator there is no current block (`block` is None) until `start` is called; whatever is appended
    meanwhile cannot be reached and goes to a block that is dropped.
    """

    def __init__(self, function: Function) -> None:
        self.function = function
        self.block: Block = function.entry
        self.span: SourceSpan | None = function.span
        self.is_leaving = False  # in `before_leaving`: no blocks can be made
        self._names = 0
        self._defs: dict[Block, dict[str, Value]] = {}
        self._preds: dict[Block, list[Jump]] = {}
        self._pred_blocks: dict[Block, list[Block]] = {}
        self._sealed: set[Block] = {function.entry}
        self._incomplete: dict[Block, dict[str, Param]] = {}
        self._consts: dict[tuple[Block, int], Op] = {}

    # Blocks

    def new_block(self, name: str = "b") -> Block:
        """Make a block that is not yet part of the function; `start` adds it."""
        self._names += 1
        return Block(f"{name}{self._names}")

    def start(self, block: Block, *, seal: bool = True) -> None:
        """Continue in `block`. Seal it now unless jumps to it are still to come (a loop's head)."""
        self.function.blocks.append(block)
        self.block = block
        if seal:
            self.seal(block)

    def seal(self, block: Block) -> None:
        """Say that every jump to `block` has been made."""
        self._sealed.add(block)
        for name, param in self._incomplete.pop(block, {}).items():
            self._fill_param(block, name, param)

    @property
    def terminated(self) -> bool:
        """Whether the current block has ended, so that what follows cannot be reached."""
        return self.block.term is not None

    def is_reachable(self, block: Block) -> bool:
        """Whether a jump to `block` has been made."""
        return block is self.function.entry or bool(self._preds.get(block))

    def is_non_null(self, pointer: Value) -> bool:
        """Whether every way here takes a branch that has shown that a pointer is not null.

        Ways that come back from a loop's end pass its head.
        """
        seen = {self.block}
        work = [self.block]
        while work:
            block = work.pop()
            if not self._preds.get(block):
                return False
            for edge, pred in zip(self._preds[block], self._pred_blocks[block]):
                if not _shows_non_null(pred.term, edge, pointer) and pred not in seen:
                    seen.add(pred)
                    work.append(pred)
        return True

    def ways(self) -> list[Block]:
        """Return the blocks from which jumps lead to the current block, in the order in which they were made."""
        return list(self._pred_blocks.get(self.block, ()))

    def before_leaving(self, block: Block) -> BeforeLeaving:
        """`with` it: append to a block that has ended, before its terminator. Operations only."""
        return BeforeLeaving(self, block)

    # Terminators

    def _leave(self, edge: Jump) -> Jump:
        self._preds.setdefault(edge.target, []).append(edge)
        self._pred_blocks.setdefault(edge.target, []).append(self.block)
        return edge

    def jump(self, target: Block, args: Sequence[Value] = ()) -> None:
        """End the block with a jump."""
        if not self.terminated:
            self.block.term = self._leave(Jump(target, args, self.span))

    def branch(self, cond: str, a: Value, b: Value, then: Block, els: Block) -> None:
        """End the block with a conditional jump; blocks that take values get them from variables."""
        if not self.terminated:
            self.block.term = Branch(
                cond, a, b, self._leave(Jump(then, (), self.span)), self._leave(Jump(els, (), self.span)), self.span
            )

    def ret(self, value: Value) -> None:
        """End the block and the function."""
        if not self.terminated:
            self.block.term = Ret(value, self.span)

    # Going back

    def checkpoint(self) -> tuple[Block, int]:
        """Remember where building stands. Only while the current block has not ended."""
        return self.block, len(self.function.blocks)

    def rollback(self, mark: tuple[Block, int]) -> None:
        """Drop every block that was started since, and continue where the checkpoint was.

        What earlier blocks have learned of variables stays: it is as true as before.
        """
        block, count = mark
        dropped = set(self.function.blocks[count:])
        del self.function.blocks[count:]
        for table in (self._defs, self._preds, self._pred_blocks, self._incomplete):
            for gone in dropped & table.keys():
                del table[gone]
        self._sealed -= dropped
        block.term = None
        self.block = block

    # Operations

    def op(self, opcode: str, *args: Value, type: str = "", **attrs: int | str) -> Op:
        """Append an operation; `type` is needed where `OPS` leaves it open."""
        result = OPS[opcode][1]
        if result == "*":
            result = type or (args[0].type if args and opcode not in CALLS else I64)
        op = Op(opcode, args, result, span=self.span, **attrs)  # type: ignore[arg-type]
        if not self.terminated:
            self.block.ops.append(op)
        return op

    def const(self, value: int) -> Op:
        """A 64-bit constant, given as a signed or unsigned number; made once per block."""
        if not -(1 << 63) <= value < 1 << 64:
            raise InternalError(f"constant {value} does not fit in 64 bits")
        key = (self.block, value)
        if key not in self._consts:
            self._consts[key] = self.op("const", imm=value)
        return self._consts[key]

    def alloca(self, size_bytes: int, align: int = 8, *, stays: bool = False) -> Op:
        """Reserve stack memory, in the entry block so that it is reserved once.

        It `stays` there if the kernel wants it there: what holds pointers, iterators and dynptrs. Other memory may
        be moved.
        """
        op = Op("alloca", (), PTR_STACK, imm=size_bytes, size=align, off=int(stays), span=self.span)
        self.function.entry.ops.insert(0, op)
        return op

    def load_ptr(self, off: int, size: int, type: str) -> Op:
        """Load a pointer that the program's context holds, at the program's start so that it is there everywhere."""
        entry = self.function.entry
        op = Op("load_ptr", (entry.params[0],), type, off=off, size=size, span=self.function.span)
        entry.ops.insert(0, op)
        return op

    def load(self, address: Value, off: int, size: int, *, symbol: str = "", reloc: str = "") -> Op:
        """Load `size` bytes, little end first, zero-extended."""
        return self.op("load", address, off=off, size=size, symbol=symbol, reloc=reloc)

    def store(self, address: Value, off: int, size: int, value: Value) -> None:
        """Store the low `size` bytes of a value."""
        self.op("store", address, value, off=off, size=size)

    def call(self, helper: int, *args: Value, type: str = I64) -> Op:
        """Call a helper by its number."""
        return self.op("call", *args, type=type, imm=helper)

    def non_null(self, pointer: Value) -> Op:
        """The pointer, known not to be null from here on."""
        return self.op("non_null", pointer, type=NON_NULL[pointer.type])

    # Variables

    def write(self, name: str, value: Value) -> None:
        """Give a variable its value from here on."""
        if not self.terminated:
            self._defs.setdefault(self.block, {})[name] = value

    def write_at_start(self, name: str, value: Value) -> None:
        """Give a variable that was not yet written the value that it has from the function's start on."""
        self._defs.setdefault(self.function.entry, {}).setdefault(name, value)

    def forget(self, name: str) -> None:
        """Take a variable for not written from here on. Not in a loop that began where it was written."""
        if not self.terminated:
            self._defs.setdefault(self.block, {})[name] = _FORGOTTEN

    def read(self, name: str, type: str = I64) -> Value:
        """Return a variable's value here. It must have been written on every way to this place."""
        return self._read(name, self.block, type)

    def is_written(self, name: str) -> bool:
        """Whether a variable has been written on every way to this place, and not been forgotten since.

        Ways that come back from a loop's end pass its head, so that what holds there holds for them.
        """
        seen = {self.block}
        work = [self.block]
        while work:
            block = work.pop()
            known = self._defs.get(block, {}).get(name)
            if known is _FORGOTTEN:
                return False
            if known is not None:
                continue
            preds = self._pred_blocks.get(block)
            if not preds:
                return False
            work += [p for p in preds if p not in seen]
            seen.update(preds)
        return True

    def _read(self, name: str, block: Block, type: str) -> Value:
        known = self._defs.get(block, {}).get(name)
        if known is not None:
            return known
        preds = self._pred_blocks.get(block, [])
        value: Value
        if block not in self._sealed:
            value = self._add_param(block, type)
            self._incomplete.setdefault(block, {})[name] = value
        elif len(preds) == 1:
            value = self._read(name, preds[0], type)
        elif not preds:
            raise InternalError(f"variable {name!r} is read before it is written")
        else:
            param = self._add_param(block, type)
            self._defs.setdefault(block, {})[name] = param  # ends the recursion in loops
            value = self._fill_param(block, name, param)
        self._defs.setdefault(block, {})[name] = value
        return value

    def _add_param(self, block: Block, type: str) -> Param:
        param = Param(type)
        block.params.append(param)
        return param

    def _fill_param(self, block: Block, name: str, param: Param) -> Value:
        for edge, pred in zip(self._preds[block], self._pred_blocks[block]):
            edge.args.append(self._read(name, pred, param.type))
        return param


def _shows_non_null(term: Terminator | None, edge: Jump, pointer: Value) -> bool:
    """Whether a way is taken only if a pointer is not null."""
    if not isinstance(term, Branch) or term.a is not pointer or term.then.target is term.els.target:
        return False
    if not (isinstance(term.b, Op) and term.b.opcode == "const" and term.b.imm == 0):
        return False
    return edge is {"ne": term.then, "eq": term.els}.get(term.cond)


class BeforeLeaving:
    """Moves a builder to the end of a block that has a terminator already, and back."""

    def __init__(self, builder: Builder, block: Block) -> None:
        self._builder, self._block = builder, block

    def __enter__(self) -> None:
        b, block = self._builder, self._block
        self._was, self._term = b.block, block.term
        b.block, block.term, b.is_leaving = block, None, True

    def __exit__(self, *_exception: object) -> None:
        self._block.term = self._term
        self._builder.block, self._builder.is_leaving = self._was, False

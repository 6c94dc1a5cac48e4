"""Emission: machine code with its allocation to final instructions, block by block."""

from __future__ import annotations

from ..isa.insn import Insn
from ..isa.opcodes import (
    BPF_ADD,
    BPF_ALU,
    BPF_ALU64,
    BPF_ATOMIC,
    BPF_DW,
    BPF_K,
    BPF_LDX,
    BPF_MEM,
    BPF_MOV,
    BPF_PSEUDO_BTF_ID,
    BPF_PSEUDO_CALL,
    BPF_PSEUDO_FUNC,
    BPF_PSEUDO_KFUNC_CALL,
    BPF_PSEUDO_MAP_FD,
    BPF_PSEUDO_MAP_VALUE,
    BPF_ST,
    BPF_STX,
    BPF_X,
    EXIT,
    LDDW,
    R10,
)  # fmt: skip
from ..isa.opcodes import (
    CALL as CALL_OPCODE,
)
from ..spec.object import LOSS_MAP, RELO_KFUNC, RELO_KSYM, RELO_MAP, RELO_MAP_VALUE, Reloc
from .layout import Piece, lay_out
from .machine import (
    ALU_K,
    ALU_X,
    BRANCH_K,
    BRANCH_X,
    CALL,
    CMPXCHG,
    CONST,
    CORE,
    FETCH,
    FIRST_SLOT,
    FRAME,
    FUNCTION,
    JUMP,
    KSYM,
    LOAD,
    MAKE,
    MAP,
    MAP_VALUE,
    MOVE,
    RET,
    STACK_ADDRESS,
    STORE_K,
    STORE_X,
    MInsn,
    Remat,
    alloca_of,
    offset_in_alloca,
)  # fmt: skip
from .select import STACK_LIMIT, fits_s32, low_s32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from ..errors import SourceSpan
    from .machine import Operand
    from .regalloc import Allocation
    from .select import MFunction

_MOV_X = BPF_ALU64 | BPF_MOV | BPF_X
_MOV_K = BPF_ALU64 | BPF_MOV | BPF_K
_MOV32_K = BPF_ALU | BPF_MOV | BPF_K
_ADD_K = BPF_ALU64 | BPF_ADD | BPF_K
_LOAD = BPF_LDX | BPF_MEM | BPF_DW
_STORE_X = BPF_STX | BPF_MEM | BPF_DW
_WIDE_CORE = frozenset(("core_enum_value", "core_type_id", "core_type_id_local"))
_STORE_K = BPF_ST | BPF_MEM | BPF_DW


class FunctionCode:
    """The instructions of one function. Jumps in `branches` (instruction, block) have no distances yet.

    `starts` has the index of each block's first instruction. `relocs` and `calls` hold the instructions themselves,
    since their indexes are not final: (instruction, relocation), and (instruction, function name); what takes the
    address of a function counts as a call of it. `later` are functions that run on a stack of their own.
    """

    __slots__ = ("branches", "calls", "frame_bytes", "insns", "later", "relocs", "source", "spans", "starts")

    def __init__(self, source: MFunction) -> None:
        self.source = source.source
        self.insns: list[Insn] = []
        self.spans: list[SourceSpan | None] = []
        self.starts: dict[int, int] = {}
        self.branches: list[tuple[Insn, int]] = []
        self.relocs: list[tuple[Insn, Reloc]] = []
        self.calls: list[tuple[Insn, str]] = []
        self.later: set[str] = set()
        self.frame_bytes = 0


def emit_function(function: MFunction, allocation: Allocation) -> FunctionCode:
    """Return the instructions of a function.

    Guarantees: values move in parallel where they meet (block parameters, arguments); no register is read before it
    is written.
    """
    return _Emitter(function, allocation).run()


class _Emitter:
    def __init__(self, function: MFunction, allocation: Allocation) -> None:
        self.function, self.allocation = function, allocation
        self.loc = allocation.loc
        self.frame_bytes = allocation.frame_bytes
        self.out = FunctionCode(function)
        self.piece: Piece
        self.code: list[Insn] = []
        self.lost: set[int] = set()  # registers that hold the address of a loss counter

    def run(self) -> FunctionCode:
        pieces: list[Piece] = []
        handlers = _HANDLERS
        for n, block in enumerate(self.function.blocks):
            self.piece = piece = Piece()
            pieces.append(piece)
            self.code, spans = piece.insns, piece.spans
            code = self.code
            if n == 0 and block.params:
                arguments = [(self.loc[v], r) for r, v in enumerate(block.params, 1)]
                self.move(arguments, ())
                spans += [self.function.source.span] * len(code)
            for insn in block.insns:
                handlers[insn.form](self, insn)
                spans += [insn.span] * (len(code) - len(spans))
            piece.span = block.insns[-1].span
        lay_out(pieces, self.out)
        if self.frame_bytes + self.function.budget_bytes > STACK_LIMIT:
            raise self.function.stack_error(self.frame_bytes + self.function.budget_bytes)
        self.out.frame_bytes = self.frame_bytes
        return self.out

    # Pieces of code

    def emit(self, opcode: int, dst: int = 0, src: int = 0, off: int = 0, imm: int = 0) -> Insn:
        insn = Insn(opcode, dst, src, off, imm)
        self.code.append(insn)
        return insn

    def slot(self, loc: int) -> int:
        return -8 * (loc - FIRST_SLOT + 1)

    def on_stack(self, address: int) -> int:
        """Return the offset from r10 of an address in an alloca."""
        return self.allocation.allocas[alloca_of(address)] + offset_in_alloca(address)

    def make(self, dst: int, remat: Remat) -> None:
        kind, imm = remat.kind, remat.imm
        if kind == CONST:
            if fits_s32(imm):
                self.emit(_MOV_K, dst, imm=imm)
            elif 0 <= imm < 1 << 32:
                self.emit(_MOV32_K, dst, imm=low_s32(imm))
            else:
                self.emit(LDDW, dst, imm=imm & 0xFFFF_FFFF_FFFF_FFFF)
        elif kind == STACK_ADDRESS:
            self.emit(_MOV_X, dst, R10)
            self.emit(_ADD_K, dst, imm=self.on_stack(imm))
        elif kind == CORE:
            # Numbers of 64 bits take a wide load.
            insn = self.emit(LDDW if remat.reloc in _WIDE_CORE else _MOV_K, dst)
            self.out.relocs.append((insn, Reloc(0, remat.reloc, remat.symbol)))
        elif kind == KSYM:
            insn = self.emit(LDDW, dst, BPF_PSEUDO_BTF_ID)
            self.out.relocs.append((insn, Reloc(0, RELO_KSYM, remat.symbol, is_weak=bool(imm))))
        elif kind == FUNCTION:
            self.out.calls.append((self.emit(LDDW, dst, BPF_PSEUDO_FUNC), remat.symbol))
            if imm:
                self.out.later.add(remat.symbol)
        elif kind == MAP:
            insn = self.emit(LDDW, dst, BPF_PSEUDO_MAP_FD)
            self.out.relocs.append((insn, Reloc(0, RELO_MAP, remat.symbol)))
        else:
            insn = self.emit(LDDW, dst, BPF_PSEUDO_MAP_VALUE)
            self.out.relocs.append((insn, Reloc(0, RELO_MAP_VALUE, remat.symbol, imm)))

    def copy(self, dst: int, src: int, held: Collection[int]) -> None:
        """Move between two locations. `held` are registers that have to keep what they hold."""
        if src >= FIRST_SLOT and dst >= FIRST_SLOT:
            register, saved = self.borrow(held)
            self.emit(_LOAD, register, R10, self.slot(src))
            self.emit(_STORE_X, R10, register, self.slot(dst))
            self.give_back(register, saved)
        elif src >= FIRST_SLOT:
            self.emit(_LOAD, dst, R10, self.slot(src))
        elif dst >= FIRST_SLOT:
            self.emit(_STORE_X, R10, src, self.slot(dst))
        elif dst != src:
            self.emit(_MOV_X, dst, src)

    def borrow(self, held: Collection[int]) -> tuple[int, int]:
        """Return a register to use for a moment, and the slot where its value is kept meanwhile or -1."""
        for register in range(10):
            if register not in held:
                return register, -1
        saved = self.extra_slot(0)
        self.emit(_STORE_X, R10, 0, self.slot(saved))
        return 0, saved

    def give_back(self, register: int, saved: int) -> None:
        if saved >= 0:
            self.emit(_LOAD, register, R10, self.slot(saved))

    def extra_slot(self, number: int) -> int:
        """Return one of two slots that hold something for a moment."""
        slot = (self.allocation.frame_bytes + 7) // 8 + number
        self.frame_bytes = max(self.frame_bytes, 8 * slot + 8)
        return FIRST_SLOT + slot

    def move(self, moves: Sequence[tuple[int, Operand]], busy: Collection[int]) -> None:
        """Move values to locations as if all at once. A source is a location or a `Remat`.

        `busy` are locations that are not free, besides the destinations.
        """
        pending: dict[int, int] = {}
        readers: dict[int, int] = {}
        held = set(busy)
        for dst, src in moves:
            if src == dst:
                held.add(dst)
            elif isinstance(src, int):
                pending[dst] = src
                readers[src] = readers.get(src, 0) + 1
        ready = [dst for dst in pending if dst not in readers]
        while pending:
            while ready:
                dst = ready.pop()
                src = pending.pop(dst)
                self.copy(dst, src, held | readers.keys() if dst >= FIRST_SLOT else ())
                held.add(dst)
                readers[src] -= 1
                if not readers[src]:
                    del readers[src]
                    if src in pending:
                        ready.append(src)
            if pending:
                # Only cycles are left: keep one value aside, so that its place becomes free.
                dst = next(iter(pending))
                aside = next((r for r in range(10) if r not in held and r not in readers), -1)
                if aside < 0:
                    aside = self.extra_slot(1)
                self.copy(aside, dst, held | readers.keys())
                held.add(aside)
                for d, s in pending.items():
                    if s == dst:
                        pending[d] = aside
                readers[aside] = readers.pop(dst)
                ready.append(dst)
        for dst, remat in moves:
            if not isinstance(remat, int):
                self.make_at(dst, remat, held)
                held.add(dst)

    def make_at(self, dst: int, remat: Remat, held: Collection[int]) -> None:
        if dst < FIRST_SLOT:
            self.make(dst, remat)
        elif remat.kind == CONST and fits_s32(remat.imm):
            self.emit(_STORE_K, R10, 0, self.slot(dst), remat.imm)
        else:
            register, saved = self.borrow(held)
            self.make(register, remat)
            self.emit(_STORE_X, R10, register, self.slot(dst))
            self.give_back(register, saved)

    def placed(self, operand: Operand) -> Operand:
        """Return the location of an operand, or the `Remat` that it is."""
        return self.loc[operand] if isinstance(operand, int) else operand

    # Instructions

    def alu_x(self, m: MInsn) -> None:
        loc = self.loc
        a, b, d = loc[m.a], loc[m.b], loc[m.d]
        if d == b:  # commutative
            b = a
        elif a != d:
            self.emit(_MOV_X, d, a)
        self.emit(m.opcode, d, b)

    def alu_k(self, m: MInsn) -> None:
        a, d = self.loc[m.a], self.loc[m.d]
        if a != d:
            self.emit(_MOV_X, d, a)
        self.emit(m.opcode, d, imm=m.imm)

    def move_insn(self, m: MInsn) -> None:
        a, d = self.loc[m.a], self.loc[m.d]
        if a >= FIRST_SLOT or d >= FIRST_SLOT:
            self.copy(d, a, ())
        elif a != d or m.off or m.opcode != _MOV_X:
            self.emit(m.opcode, d, a, m.off, m.imm)

    def make_insn(self, m: MInsn) -> None:
        remat = m.x
        assert isinstance(remat, Remat)
        if remat.kind == MAP_VALUE and remat.symbol == LOSS_MAP:
            self.lost.add(m.d)
        self.make(self.loc[m.d], remat)

    def place(self, m: MInsn) -> tuple[int, int]:
        """Return register and offset of the memory that an instruction accesses."""
        return (R10, self.on_stack(m.off)) if m.a == FRAME else (self.loc[m.a], m.off)

    def load(self, m: MInsn) -> None:
        self.relocate(m, self.emit(m.opcode, self.loc[m.d], *self.place(m)))

    def store_x(self, m: MInsn) -> None:
        self.piece.rare |= m.opcode & 0xE0 == BPF_ATOMIC and m.a in self.lost
        a, off = self.place(m)
        self.relocate(m, self.emit(m.opcode, a, self.loc[m.b], off, m.imm))

    def fetch(self, m: MInsn) -> None:
        b, d = self.loc[m.b], self.loc[m.d]
        if b != d:
            self.emit(_MOV_X, d, b)
        a, off = self.place(m)
        self.relocate(m, self.emit(m.opcode, a, d, off, m.imm))

    def store_k(self, m: MInsn) -> None:
        a, off = self.place(m)
        self.relocate(m, self.emit(m.opcode, a, 0, off, m.imm))

    def relocate(self, m: MInsn, insn: Insn) -> None:
        if m.x is not None:
            kind, symbol, size = m.x
            self.out.relocs.append((insn, Reloc(0, kind, symbol, m.off, size)))

    def call(self, m: MInsn) -> None:
        args, symbol = m.x
        # What lives on after the call is in r6-r9.
        self.move([(n, self.placed(a)) for n, a in enumerate(args, 1)], (6, 7, 8, 9))
        if m.off == BPF_PSEUDO_KFUNC_CALL:
            insn = self.emit(CALL_OPCODE, 0, m.off)
            self.out.relocs.append((insn, Reloc(0, RELO_KFUNC, symbol, is_weak=bool(m.imm))))
        else:
            insn = self.emit(CALL_OPCODE, 0, m.off, 0, m.imm)
            if m.off == BPF_PSEUDO_CALL:
                self.out.calls.append((insn, symbol))
        self.copy(self.loc[m.d], 0, ())

    def cmpxchg(self, m: MInsn) -> None:
        (address, expected, new), _ = m.x
        moves = [(1, self.placed(address)), (0, self.placed(expected)), (2, self.placed(new))]
        self.move(moves, (6, 7, 8, 9))
        insn = self.emit(m.opcode, 1, 2, m.off, m.imm)
        if m.x[1] is not None:
            kind, symbol, size = m.x[1]
            self.out.relocs.append((insn, Reloc(0, kind, symbol, m.off, size)))
        self.copy(self.loc[m.d], 0, ())

    def jump(self, m: MInsn) -> None:
        target = self.function.blocks[m.imm]
        if target.params:
            loc = self.loc
            moves = [(loc[p], self.placed(a)) for p, a in zip(target.params, m.x, strict=True)]
            self.move(moves, [loc[v] for v in self.allocation.live_in[m.imm]])
        self.piece.end = (m.imm,)

    def branch_x(self, m: MInsn) -> None:
        self.piece.end = (*m.x, m.opcode, self.loc[m.a], self.loc[m.b], 0)

    def branch_k(self, m: MInsn) -> None:
        a = self.loc[m.a] if m.a >= 0 else 0  # may_goto compares nothing
        self.piece.end = (*m.x, m.opcode, a, 0, m.imm)

    def ret(self, m: MInsn) -> None:
        x = m.x
        self.move([(0, self.placed(x))], ())
        self.emit(EXIT)


_HANDLERS: dict[int, Callable[[_Emitter, MInsn], None]] = {
    ALU_X: _Emitter.alu_x,
    ALU_K: _Emitter.alu_k,
    MOVE: _Emitter.move_insn,
    MAKE: _Emitter.make_insn,
    LOAD: _Emitter.load,
    STORE_X: _Emitter.store_x,
    STORE_K: _Emitter.store_k,
    FETCH: _Emitter.fetch,
    CALL: _Emitter.call,
    CMPXCHG: _Emitter.cmpxchg,
    JUMP: _Emitter.jump,
    BRANCH_X: _Emitter.branch_x,
    BRANCH_K: _Emitter.branch_k,
    RET: _Emitter.ret,
}

"""Instruction selection: IR operations to eBPF instructions on virtual registers."""

from __future__ import annotations

from ..errors import CompileError, Diagnostic
from ..ir.core import I64, PTR_CTX, PTR_RECORD_OR_NULL, PTR_VALUE_OR_NULL, Block, Branch, Function, Jump, Op, Ret, Value
from ..isa.opcodes import (
    BPF_ADD,
    BPF_ALU,
    BPF_ALU64,
    BPF_AND,
    BPF_ARSH,
    BPF_ATOMIC,
    BPF_CMPXCHG,
    BPF_DIV,
    BPF_END,
    BPF_FETCH,
    BPF_HELPER_CALL,
    BPF_JCOND,
    BPF_JEQ,
    BPF_JGE,
    BPF_JGT,
    BPF_JLE,
    BPF_JLT,
    BPF_JMP,
    BPF_JNE,
    BPF_JSET,
    BPF_JSGE,
    BPF_JSGT,
    BPF_JSLE,
    BPF_JSLT,
    BPF_K,
    BPF_LDX,
    BPF_LSH,
    BPF_MEM,
    BPF_MEMSX,
    BPF_MOD,
    BPF_MOV,
    BPF_MUL,
    BPF_NEG,
    BPF_OR,
    BPF_PSEUDO_CALL,
    BPF_PSEUDO_KFUNC_CALL,
    BPF_RSH,
    BPF_ST,
    BPF_STX,
    BPF_SUB,
    BPF_X,
    BPF_XCHG,
    BPF_XOR,
    SIZE_BITS,
)  # fmt: skip
from ..spec.object import RELO_CORE_FIELD, RELO_TP_FIELD
from .machine import (
    ALLOCA_SPACE,
    ALU_K,
    ALU_X,
    BRANCH_K,
    BRANCH_X,
    CALL,
    CMPXCHG,
    CONST,
    CORE,
    FETCH,
    FIRST_VREG,
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
    MBlock,
    MInsn,
    Remat,
    offset_in_alloca,
)  # fmt: skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..errors import SourceSpan
    from .machine import Operand

STACK_LIMIT = 512  # bytes; MAX_BPF_STACK in include/linux/filter.h
MAY_GOTO_BYTES = 16  # of stack, for its count and its time; bpf_do_misc_fixups in kernel/bpf/verifier.c (Linux 6.18)

_ALU = {
    "add": BPF_ADD, "sub": BPF_SUB, "mul": BPF_MUL, "udiv": BPF_DIV, "umod": BPF_MOD, "and": BPF_AND, "bound": BPF_AND,
    "or": BPF_OR, "xor": BPF_XOR, "shl": BPF_LSH, "lshr": BPF_RSH, "ashr": BPF_ARSH, "neg": BPF_NEG,
}  # fmt: skip
JUMPS = {
    "eq": BPF_JEQ, "ne": BPF_JNE, "ugt": BPF_JGT, "uge": BPF_JGE, "ult": BPF_JLT, "ule": BPF_JLE,
    "sgt": BPF_JSGT, "sge": BPF_JSGE, "slt": BPF_JSLT, "sle": BPF_JSLE, "set": BPF_JSET,
}  # fmt: skip
# imm of atomic instructions.
_ATOMICS = {
    "atomic_add": BPF_ADD, "atomic_and": BPF_AND, "atomic_or": BPF_OR, "atomic_xor": BPF_XOR,
    "fetch_add": BPF_ADD | BPF_FETCH, "fetch_and": BPF_AND | BPF_FETCH, "fetch_or": BPF_OR | BPF_FETCH,
    "fetch_xor": BPF_XOR | BPF_FETCH, "xchg": BPF_XCHG, "cmpxchg": BPF_CMPXCHG,
}  # fmt: skip
_CALLS = {"call": BPF_HELPER_CALL, "call_local": BPF_PSEUDO_CALL, "call_kfunc": BPF_PSEUDO_KFUNC_CALL}  # src_reg
_SHIFTS = frozenset(("shl", "lshr", "ashr"))
_DIVISIONS = frozenset(("udiv", "umod"))
# Operations whose low 32 result bits depend on the low 32 bits of their operands only.
_NARROW = frozenset(("add", "sub", "mul", "and", "or", "xor", "neg", "shl"))


_FAR = 0x7000  # bytes from an alloca, so that 16 bits have it wherever that is
# Results of calls that point to no memory that the call was given.
_FRESH = frozenset((I64, PTR_VALUE_OR_NULL, PTR_RECORD_OR_NULL))


class MFunction:
    """What selection makes of a function.

    `def_block` has for each virtual register the number of the block that defines it; `exposed` lists uses
    (block, register) in other blocks than that. `allocas` are (size, alignment) in bytes; `aliases` registers whose
    value, from a call, may point to what the call was given. `in_memory` are values that are on the stack all the time.
    `budget_bytes` is what the kernel takes of the stack for a budget of loop turns.
    """

    __slots__ = (
        "aliases", "allocas", "blocks", "budget_bytes", "def_block", "exposed", "in_memory", "source", "stack_notes",
    )  # fmt: skip

    def __init__(self, source: Function) -> None:
        self.source = source
        self.blocks: list[MBlock] = []
        self.def_block: list[int] = [-1] * FIRST_VREG
        self.exposed: list[tuple[int, int]] = []
        self.allocas: list[tuple[int, int]] = []
        self.aliases: set[int] = set()
        self.in_memory: set[int] = set()
        self.budget_bytes = 0
        self.stack_notes: list[str] = []

    def stack_error(self, used_bytes: int) -> CompileError:
        """Return the error that says what fills the stack."""
        name = self.source.name
        hint = "keep some of the numbers in a struct, or compute them where they are used"
        message = f"{name!r} needs at least {used_bytes} bytes of stack; eBPF has {STACK_LIMIT}"
        return CompileError([Diagnostic(message, self.source.span, hint, notes=self.stack_notes)])


def select_instructions(function: Function, *, has_movsx: bool = False) -> MFunction:
    """Choose instructions. `has_movsx` allows sign-extending moves (ISA v4).

    Requires: reverse postorder, only `Jump` passes values, constants are second operands.
    Guarantees: each virtual register is defined once.
    """
    return _Selector(function, has_movsx).run()


def fits_s32(value: int) -> bool:
    """Whether a signed 64-bit value is the sign extension of its low 32 bits."""
    return -0x8000_0000 <= value <= 0x7FFF_FFFF


def low_s32(value: int) -> int:
    """Return the low 32 bits of a value as a signed number."""
    return ((value & 0xFFFF_FFFF) ^ 0x8000_0000) - 0x8000_0000


class _Selector:
    def __init__(self, function: Function, has_movsx: bool) -> None:
        self.function, self.has_movsx = function, has_movsx
        self.out = MFunction(function)
        self.def_block = self.out.def_block
        self.where: dict[Value, Operand] = {}
        self.made: dict[Remat, int] = {}
        self.number = 0
        self.insns: list[MInsn] = []

    def run(self) -> MFunction:
        function, out, where = self.function, self.out, self.where
        numbers = {block: n for n, block in enumerate(function.blocks)}
        for n, block in enumerate(function.blocks):
            self.number = n
            params = [self.new() for _ in block.params]
            where.update(zip(block.params, params, strict=True))
            out.blocks.append(MBlock(params))
        self.fused = _fused_ops(function)
        rules = _RULES
        for n, block in enumerate(function.blocks):
            self.number = n
            self.made.clear()
            mblock = out.blocks[n]
            self.insns = mblock.insns
            for op in block.ops:
                rules[op.opcode](self, op)
            self.terminator(block, numbers)
            for edge in block.edges():
                target = numbers[edge.target]
                mblock.succs.append(target)
                out.blocks[target].preds.append(n)
        return out

    # Operands

    def new(self) -> int:
        self.def_block.append(self.number)
        return len(self.def_block) - 1

    def operand(self, value: Value) -> Operand:
        x = self.where[value]
        if isinstance(x, int) and self.def_block[x] != self.number:
            self.out.exposed.append((self.number, x))
        return x

    def use(self, value: Value, span: SourceSpan | None) -> int:
        x = self.where[value]
        if isinstance(x, int):
            if self.def_block[x] != self.number:
                self.out.exposed.append((self.number, x))
            return x
        if x not in self.made:
            v = self.new()
            self.insns.append(MInsn(MAKE, 0, v, -1, -1, 0, 0, span, x))
            self.made[x] = v
        return self.made[x]

    def address(self, op: Op) -> tuple[int, int]:
        x = self.where[op.args[0]]
        if not isinstance(x, int) and x.kind == STACK_ADDRESS and abs(offset_in_alloca(x.imm) + op.off) < _FAR:
            return FRAME, x.imm + op.off
        return self.use(op.args[0], op.span), op.off

    def small(self, value: Value) -> int | None:
        """Return a constant that fits a signed 32-bit immediate."""
        x = self.where[value]
        return x.imm if not isinstance(x, int) and x.kind == CONST and fits_s32(x.imm) else None

    # Operations

    def const(self, op: Op) -> None:
        self.where[op] = Remat(CONST, op.imm)

    def alloca(self, op: Op) -> None:
        out = self.out
        self.where[op] = Remat(STACK_ADDRESS, ALLOCA_SPACE * len(out.allocas))
        out.allocas.append((op.imm, max(op.size, 1)))
        at = f" at {op.span}" if op.span is not None else ""
        out.stack_notes.append(f"{op.imm} bytes are for a variable or buffer{at}")

    def map(self, op: Op) -> None:
        self.where[op] = Remat(MAP, 0, op.symbol)

    def map_value(self, op: Op) -> None:
        self.where[op] = Remat(MAP_VALUE, op.imm, op.symbol)

    def core(self, op: Op) -> None:
        self.where[op] = Remat(CORE, 0, op.symbol, op.reloc or RELO_CORE_FIELD)

    def ksym(self, op: Op) -> None:
        self.where[op] = Remat(KSYM, op.imm, op.symbol)

    def func_addr(self, op: Op) -> None:
        self.where[op] = Remat(FUNCTION, op.imm, op.symbol)

    def non_null(self, op: Op) -> None:
        """The same bits under another type."""
        self.where[op] = self.where[op.args[0]]

    def binary(self, op: Op) -> None:
        if op in self.fused:
            return
        a = self.where[op.args[0]]
        if op.opcode == "add" and not isinstance(a, int) and a.kind == STACK_ADDRESS:
            # Not so for map values: the kernel refuses to load an address past a value's end.
            c = self.small(op.args[1])
            if c is not None and abs(offset_in_alloca(a.imm) + c) < _FAR:
                self.where[op] = Remat(a.kind, a.imm + c, a.symbol)
                return
        self.alu(op, op, BPF_ALU64)

    def alu(self, op: Op, result: Op, alu_class: int) -> None:
        opcode = alu_class | _ALU[op.opcode]
        args = op.args
        imm: int | None = 0
        if len(args) == 2:
            imm = self.small(args[1])
            if imm is None and alu_class == BPF_ALU:
                x = self.where[args[1]]
                imm = low_s32(x.imm) if not isinstance(x, int) and x.kind == CONST else None
        if imm is not None and op.opcode in _SHIFTS:
            imm &= 63
        if imm is None or (imm == 0 and op.opcode in _DIVISIONS):
            # The verifier refuses a division by the immediate 0; by a register it is defined.
            b = self.use(args[1], op.span)
            a = self.use(args[0], op.span)
            d = self.new()
            self.insns.append(MInsn(ALU_X, opcode | BPF_X, d, a, b, 0, 0, op.span))
        else:
            a = self.use(args[0], op.span)
            d = self.new()
            self.insns.append(MInsn(ALU_K, opcode | BPF_K, d, a, -1, 0, imm, op.span))
        self.where[result] = d

    def zext(self, op: Op) -> None:
        a = op.args[0]
        if op.size == 4:
            if isinstance(a, Op) and a in self.fused:
                self.alu(a, op, BPF_ALU)
                return
            self.move(op, BPF_ALU | BPF_MOV | BPF_X, 0)
        else:
            self.alu_k(op, BPF_ALU64 | BPF_AND, (1 << 8 * op.size) - 1)

    def sext(self, op: Op) -> None:
        bits = 8 * op.size
        if self.has_movsx:
            self.move(op, BPF_ALU64 | BPF_MOV | BPF_X, bits)
        else:
            self.alu_k(op, BPF_ALU64 | BPF_LSH, 64 - bits)
            a, d = self.where[op], self.new()
            assert isinstance(a, int)
            self.insns.append(MInsn(ALU_K, BPF_ALU64 | BPF_ARSH, d, a, -1, 0, 64 - bits, op.span))
            self.where[op] = d

    def arena_cast(self, op: Op) -> None:
        """To the kernel's view of an arena (address space 0) from the user's (1). Source: bpf_addr_space_cast."""
        self.move(op, BPF_ALU64 | BPF_MOV | BPF_X, 1, 1)

    def bswap(self, op: Op) -> None:
        self.alu_k(op, BPF_ALU | BPF_END | BPF_X, 8 * op.size)  # BPF_TO_BE

    def move(self, op: Op, opcode: int, off: int, imm: int = 0) -> None:
        a = self.use(op.args[0], op.span)
        d = self.where[op] = self.new()
        self.insns.append(MInsn(MOVE, opcode, d, a, -1, off, imm, op.span))

    def alu_k(self, op: Op, opcode: int, imm: int) -> None:
        a = self.use(op.args[0], op.span)
        d = self.where[op] = self.new()
        self.insns.append(MInsn(ALU_K, opcode, d, a, -1, 0, imm, op.span))

    def load(self, op: Op) -> None:
        a, off = self.address(op)
        d = self.where[op] = self.new()
        opcode = BPF_LDX | BPF_MEM | SIZE_BITS[op.size]
        self.insns.append(MInsn(LOAD, opcode, d, a, -1, off, 0, op.span, self.reloc(op)))

    def load_sx(self, op: Op) -> None:
        a, off = self.address(op)
        d, reloc = self.new(), self.reloc(op)
        if self.has_movsx:
            opcode = BPF_LDX | BPF_MEMSX | SIZE_BITS[op.size]
            self.insns.append(MInsn(LOAD, opcode, d, a, -1, off, 0, op.span, reloc))
        else:
            opcode = BPF_LDX | BPF_MEM | SIZE_BITS[op.size]
            self.insns.append(MInsn(LOAD, opcode, d, a, -1, off, 0, op.span, reloc))
            for shift in (BPF_LSH, BPF_ARSH):
                a, d = d, self.new()
                self.insns.append(MInsn(ALU_K, BPF_ALU64 | shift, d, a, -1, 0, 64 - 8 * op.size, op.span))
        self.where[op] = d

    def store(self, op: Op) -> None:
        value = self.where[op.args[1]]
        size = SIZE_BITS[op.size]
        # Kernels before 6.3 refuse to store an immediate to the context.
        if not isinstance(value, int) and value.kind == CONST and op.args[0].type != PTR_CTX:
            imm = value.imm if op.size == 8 else low_s32(value.imm & ((1 << 8 * op.size) - 1))
            if fits_s32(imm):
                a, off = self.address(op)
                self.insns.append(
                    MInsn(STORE_K, BPF_ST | BPF_MEM | size, -1, a, -1, off, imm, op.span, self.reloc(op))
                )
                return
        b = self.use(op.args[1], op.span)
        a, off = self.address(op)
        self.insns.append(MInsn(STORE_X, BPF_STX | BPF_MEM | size, -1, a, b, off, 0, op.span, self.reloc(op)))

    def atomic(self, op: Op) -> None:
        imm = _ATOMICS[op.opcode]
        opcode = BPF_STX | BPF_ATOMIC | SIZE_BITS[op.size]
        if imm == BPF_CMPXCHG:
            args = [self.operand(a) for a in op.args]
            d = self.where[op] = self.new()
            self.insns.append(MInsn(CMPXCHG, opcode, d, -1, -1, op.off, imm, op.span, (args, self.reloc(op))))
            self.made.clear()
            return
        b = self.use(op.args[1], op.span)
        a, off = self.address(op)
        if imm & BPF_FETCH:
            d = self.where[op] = self.new()
            self.insns.append(MInsn(FETCH, opcode, d, a, b, off, imm, op.span, self.reloc(op)))
        else:
            self.insns.append(MInsn(STORE_X, opcode, -1, a, b, off, imm, op.span, self.reloc(op)))

    @staticmethod
    def reloc(op: Op) -> tuple[str, str, int] | None:
        return (op.reloc, op.symbol, (op.imm or op.size) if op.reloc == RELO_TP_FIELD else 0) if op.reloc else None

    def call(self, op: Op) -> None:
        args = [self.operand(a) for a in op.args]
        d = self.where[op] = self.new()
        source = _CALLS[op.opcode]
        if op.type not in _FRESH:
            self.out.aliases.add(d)
        self.insns.append(MInsn(CALL, 0, d, -1, -1, source, op.imm, op.span, (args, op.symbol)))
        self.made.clear()  # keeping these over a call costs more than making them again

    # The end of a block

    def terminator(self, block: Block, numbers: dict[Block, int]) -> None:
        term = block.term
        if isinstance(term, Jump):
            args = [self.operand(a) for a in term.args]
            self.insns.append(MInsn(JUMP, 0, -1, -1, -1, 0, numbers[term.target], term.span, args))
        elif isinstance(term, Branch):
            targets = (numbers[term.then.target], numbers[term.els.target])
            if term.cond == "spent":
                self.out.budget_bytes = MAY_GOTO_BYTES
                self.insns.append(MInsn(BRANCH_K, BPF_JMP | BPF_JCOND, -1, -1, -1, 0, 0, term.span, targets))
                return
            if isinstance(term.a, Op) and term.a in self.fused:
                # A test of bits.
                a, bits = self.use(term.a.args[0], term.span), self.small(term.a.args[1])
                assert bits is not None
                targets = targets if term.cond == "ne" else targets[::-1]
                opcode = BPF_JMP | BPF_JSET | BPF_K
                self.insns.append(MInsn(BRANCH_K, opcode, -1, a, -1, 0, bits, term.span, targets))
                return
            imm = self.small(term.b)
            opcode = BPF_JMP | JUMPS[term.cond]
            if imm is None:
                b = self.use(term.b, term.span)
                a = self.use(term.a, term.span)
                self.insns.append(MInsn(BRANCH_X, opcode | BPF_X, -1, a, b, 0, 0, term.span, targets))
            else:
                a = self.use(term.a, term.span)
                self.insns.append(MInsn(BRANCH_K, opcode | BPF_K, -1, a, -1, 0, imm, term.span, targets))
        elif isinstance(term, Ret):
            self.insns.append(MInsn(RET, 0, -1, -1, -1, 0, 0, term.span, self.operand(term.value)))


def _fused_ops(function: Function) -> frozenset[Value]:
    """Return the operations that another instruction does too, being their only use, in the same block: those that a
    `zext.4` cuts off, by a 32-bit instruction; an `and` that is compared with zero, by a test of bits.
    """
    found: dict[Value, int] = {}
    for block in function.blocks:
        local: set[Value] | None = None
        for op in block.ops:
            if op.opcode == "zext" and op.size == 4:
                a = op.args[0]
                if isinstance(a, Op) and a.opcode in _NARROW and all(x.type == I64 for x in a.args):
                    local = set(block.ops) if local is None else local
                    if a in local and (a.opcode != "shl" or _is_const_below(a.args[1], 32)):
                        found[a] = 0
        term = block.term
        if type(term) is Branch and term.cond in ("eq", "ne") and _is_const_below(term.b, 1):
            a = term.a
            if isinstance(a, Op) and a.opcode == "and" and _is_const_below(a.args[1], 1 << 31) and a in block.ops:
                found[a] = 0
    if not found:
        return frozenset()
    for block in function.blocks:
        used = [a for op in block.ops for a in op.args]
        if isinstance(block.term, Branch):
            used += (block.term.a, block.term.b)
        elif isinstance(block.term, Ret):
            used.append(block.term.value)
        for edge in block.edges():
            used += edge.args
        for value in used:
            if value in found:
                found[value] += 1
    return frozenset(op for op, uses in found.items() if uses == 1)


def _is_const_below(value: Value, limit: int) -> bool:
    return isinstance(value, Op) and value.opcode == "const" and 0 <= value.imm < limit


_RULES: dict[str, Callable[[_Selector, Op], None]] = {
    **dict.fromkeys(_ALU, _Selector.binary),
    "const": _Selector.const,
    "zext": _Selector.zext,
    "sext": _Selector.sext,
    "bswap": _Selector.bswap,
    "arena_cast": _Selector.arena_cast,
    "alloca": _Selector.alloca,
    "map": _Selector.map,
    "map_value": _Selector.map_value,
    "core_off": _Selector.core,
    "core": _Selector.core,
    "ksym": _Selector.ksym,
    "func_addr": _Selector.func_addr,
    "non_null": _Selector.non_null,
    "retype": _Selector.non_null,
    "load": _Selector.load,
    "load_sx": _Selector.load_sx,
    "load_ptr": _Selector.load,
    "store": _Selector.store,
    **dict.fromkeys(_ATOMICS, _Selector.atomic),
    **dict.fromkeys(_CALLS, _Selector.call),
}

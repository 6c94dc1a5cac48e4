"""The IR: functions of basic blocks in SSA form, with block parameters in place of phi nodes.

Every value has 64 bits, as eBPF registers have; narrower integers are made by explicit `zext`/`sext` operations
and by the width of loads and stores. A value's `type` says what its bits mean: `i64`, or a pointer and the memory
that it points into. `OPS` is the one table of operations; builder, checker, text form and instruction selection
read it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..errors import SourceSpan

I64 = "i64"
PTR_CTX = "ptr.ctx"  # the program's context
PTR_STACK = "ptr.stack"  # an alloca of this function
PTR_MAP = "ptr.map"  # a map itself, as helpers take it
PTR_VALUE = "ptr.value"  # inside a map's value; never null
PTR_VALUE_OR_NULL = "ptr.value?"  # what a look-up returns
PTR_RECORD = "ptr.record"  # reserved ring buffer memory; never null
PTR_RECORD_OR_NULL = "ptr.record?"
PTR_PACKET = "ptr.packet"  # inside a packet; readable below a bound that was compared with its end
PTR_PACKET_END = "ptr.packet_end"  # where a packet ends
PTR_ARG = "ptr.arg"  # memory that a caller passed to this subprogram
PTR_MEM = "ptr.mem"  # memory of known size that a helper or kfunc returned (a dynptr's slice); never null
PTR_MEM_OR_NULL = "ptr.mem?"
PTR_ARENA = "ptr.arena"  # memory of an arena; reached by loads and stores, passed to nobody
PTR_BTF = "ptr.btf"  # an object of the kernel whose type the verifier knows: fields are read by plain loads
PTR_BTF_OR_NULL = "ptr.btf?"  # what a kfunc returns, or a kptr is taken from a map as
PTR_FUNC = "ptr.func"  # a function of the module, as helpers take it
TYPES = frozenset(
    (
        I64, PTR_CTX, PTR_STACK, PTR_MAP, PTR_VALUE, PTR_VALUE_OR_NULL, PTR_RECORD, PTR_RECORD_OR_NULL, PTR_PACKET,
        PTR_PACKET_END, PTR_ARG, PTR_MEM, PTR_MEM_OR_NULL, PTR_BTF, PTR_BTF_OR_NULL, PTR_FUNC,
        PTR_ARENA,
    )
)
# What a null check turns a nullable pointer into.
NON_NULL = {
    PTR_VALUE_OR_NULL: PTR_VALUE, PTR_RECORD_OR_NULL: PTR_RECORD, PTR_MEM_OR_NULL: PTR_MEM, PTR_BTF_OR_NULL: PTR_BTF,
}  # fmt: skip

# Effects, from weakest to strongest: `pure` may be removed, merged and moved; `read` may be removed when unused;
# `write` and `call` stay where they are.
PURE, READ, WRITE, CALL = "pure", "read", "write", "call"

# opcode: (number of arguments or -1, result type: i64, "" for none, "*" for stated by the operation, effect)
OPS: dict[str, tuple[int, str, str]] = {
    "const": (0, I64, PURE),  # imm: any 64-bit value, given as a signed or unsigned Python int
    "add": (2, "*", PURE),  # pointer + i64 keeps the pointer's type
    "sub": (2, "*", PURE),
    "mul": (2, I64, PURE),
    "udiv": (2, I64, PURE),  # x / 0 is 0, x % 0 is x, as RFC 9669 has it; front ends check before
    "umod": (2, I64, PURE),
    "and": (2, I64, PURE),
    "bound": (2, I64, PURE),  # as `and`, neither merged nor moved: it is there for the verifier to see
    "or": (2, I64, PURE),
    "xor": (2, I64, PURE),
    "shl": (2, I64, PURE),  # the distance is taken modulo 64
    "lshr": (2, I64, PURE),
    "ashr": (2, I64, PURE),
    "neg": (1, I64, PURE),
    "zext": (1, I64, PURE),  # size: keep the low 1, 2 or 4 bytes, fill with zeros
    "sext": (1, I64, PURE),  # size: keep the low 1, 2 or 4 bytes, fill with the sign
    "bswap": (1, I64, PURE),  # size: the low 2, 4 or 8 bytes in reverse order, fill with zeros
    "alloca": (0, PTR_STACK, PURE),  # imm: bytes on the stack, size: alignment, off 1: stays there; undefined
    "map": (0, PTR_MAP, PURE),  # symbol: the map's name
    "map_value": (0, PTR_VALUE, PURE),  # symbol: a map of one value, imm: byte offset in it
    "core_off": (0, I64, PURE),  # symbol: a field of a kernel struct (spec.core_fields); the loader puts its offset
    "core": (0, I64, PURE),  # reloc: one of CORE_KINDS, symbol (spec.core_fields): a number that the loader puts
    "ksym": (0, "*", PURE),  # symbol: address of a kernel variable or function; imm 1: weak, 0 if it is not there
    "func_addr": (0, PTR_FUNC, PURE),  # symbol: a function of the module; imm 1: it runs later, on its own stack
    "non_null": (1, "*", PURE),  # the same pointer, after a branch has shown that it is not null; no instruction
    # A relocated load of a part of a larger field has the field's size in imm.
    "load": (1, I64, READ),  # args: address; off, size; zero-extended; reloc/symbol: the loader adds the offset
    "load_sx": (1, I64, READ),  # as `load`, sign-extended; size 1, 2 or 4
    "load_ptr": (1, "*", READ),  # as `load`: a pointer that memory holds; from the context however narrow
    "store": (2, "", WRITE),  # args: address, value; off, size
    "atomic_add": (2, "", WRITE),  # args: address, value; off, size 4 or 8
    "atomic_and": (2, "", WRITE),
    "atomic_or": (2, "", WRITE),
    "atomic_xor": (2, "", WRITE),
    "fetch_add": (2, I64, WRITE),  # as `atomic_add`; gives what was there before, zero-extended
    "fetch_and": (2, I64, WRITE),
    "fetch_or": (2, I64, WRITE),
    "fetch_xor": (2, I64, WRITE),
    "xchg": (2, I64, WRITE),  # stores the value, gives what was there before
    "cmpxchg": (3, I64, WRITE),  # args: address, expected, new: stores `new` if `expected` is there; gives what was
    "retype": (1, "*", PURE),  # the same bits: a ptr.btf as i64, or back, or an arena's ptr.value; no instruction
    "arena_cast": (1, PTR_ARENA, PURE),  # the user's address of memory in an arena, as programs reach it
    "call": (-1, "*", CALL),  # imm: helper number; up to 5 arguments
    "call_local": (-1, "*", CALL),  # symbol: a function of the module; up to 5 arguments
    "call_kfunc": (-1, "*", CALL),  # symbol: a function of the kernel; imm 1: weak; up to 5 arguments
}
# Operations on memory that nothing comes between; args: address, value (or expected, new).
ATOMICS = frozenset(
    (
        "atomic_add", "atomic_and", "atomic_or", "atomic_xor", "fetch_add", "fetch_and", "fetch_or", "fetch_xor",
        "xchg", "cmpxchg",
    )
)
LOADS = frozenset(("load", "load_sx", "load_ptr"))
CALLS = frozenset(("call", "call_local", "call_kfunc"))

# "spent" compares nothing: it holds when the program has used up its budget of loop turns (may_goto).
CONDITIONS = ("eq", "ne", "ult", "ule", "ugt", "uge", "slt", "sle", "sgt", "sge", "set", "spent")
INVERSE = {
    "eq": "ne", "ne": "eq", "ult": "uge", "uge": "ult", "ule": "ugt", "ugt": "ule",
    "slt": "sge", "sge": "slt", "sle": "sgt", "sgt": "sle",
}  # fmt: skip


class Value:
    """Something an operation can use: a `Param` or the result of an `Op`."""

    __slots__ = ("type",)

    def __init__(self, type: str) -> None:
        self.type = type


class Param(Value):
    """A parameter of a block (for the entry block: of the function)."""

    __slots__ = ()


class Op(Value):
    """An operation and, if it has one, its result. Which fields count is said in `OPS`."""

    __slots__ = ("args", "imm", "off", "opcode", "reloc", "size", "span", "symbol")

    def __init__(
        self,
        opcode: str,
        args: Sequence[Value] = (),
        type: str = I64,
        *,
        imm: int = 0,
        off: int = 0,
        size: int = 0,
        symbol: str = "",
        reloc: str = "",
        span: SourceSpan | None = None,
    ) -> None:
        self.opcode, self.args, self.type = opcode, list(args), type
        self.imm, self.off, self.size, self.symbol, self.reloc, self.span = imm, off, size, symbol, reloc, span


class Jump:
    """Go to a block; `args` become its parameters."""

    __slots__ = ("args", "span", "target")

    def __init__(self, target: Block, args: Sequence[Value] = (), span: SourceSpan | None = None) -> None:
        self.target, self.args, self.span = target, list(args), span


class Branch:
    """Go to `then` if the condition holds between `a` and `b`, else to `els`; both compare as 64-bit values."""

    __slots__ = ("a", "b", "cond", "els", "span", "then")

    def __init__(
        self, cond: str, a: Value, b: Value, then: Jump, els: Jump, span: SourceSpan | None = None
    ) -> None:
        self.cond, self.a, self.b, self.then, self.els, self.span = cond, a, b, then, els, span


class Ret:
    """Leave the function with a value."""

    __slots__ = ("span", "value")

    def __init__(self, value: Value, span: SourceSpan | None = None) -> None:
        self.value, self.span = value, span


if TYPE_CHECKING:
    Terminator = Jump | Branch | Ret


class Block:
    """A basic block. `term` is None only while the block is being built."""

    __slots__ = ("name", "ops", "params", "term")

    def __init__(self, name: str) -> None:
        self.name = name
        self.params: list[Param] = []
        self.ops: list[Op] = []
        self.term: Terminator | None = None

    def edges(self) -> list[Jump]:
        """Return the jumps that leave this block, the taken one first."""
        term = self.term
        if isinstance(term, Jump):
            return [term]
        if isinstance(term, Branch):
            return [term.then, term.els]
        return []


class Function:
    """A function: its entry block's parameters are its own (up to 5; a program has one, its context)."""

    __slots__ = ("blocks", "is_program", "name", "span")

    def __init__(
        self, name: str, params: Sequence[str] = (), *, span: SourceSpan | None = None, is_program: bool = True
    ) -> None:
        entry = Block("entry")
        entry.params = [Param(t) for t in params]
        self.name, self.blocks, self.span, self.is_program = name, [entry], span, is_program

    @property
    def entry(self) -> Block:
        """The block where the function starts; no jump may go to it."""
        return self.blocks[0]

    def ops(self) -> Iterator[Op]:
        """Iterate over every operation, in block order."""
        for block in self.blocks:
            yield from block.ops


class Module:
    """Functions that belong together: a program and the subprograms it may call."""

    __slots__ = ("functions",)

    def __init__(self, functions: Sequence[Function] = ()) -> None:
        self.functions = list(functions)

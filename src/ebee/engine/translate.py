"""Bytecode to Python source: one function for each BPF function, one line for each instruction.

Registers are local variables that hold 0 .. 2**64-1. A function is a loop over its basic blocks; `b` is the
number of the block to run, found by a binary tree of `if`s, and a block that falls through goes straight to
the next test:

    def f0(r1, r2, r3, r4, r5, depth):
        (prologue: the stack frame)
        b = 0
        while True:
            if b < 1:
                if (n := n - 2) < 0: raise spent()
                r2 = u32(R[(a := r1 + 8 & 0xffffffffffffffff) >> 32], a & 0xffffffff)[0]
                if r2 == 7: b = 2; continue
                b = 1
            ...

Memory is checked by what Python checks anyway: an unmapped region is a KeyError, an access past the end a
struct.error or IndexError, a write to read-only bytes a TypeError. `where` gives each line's instruction, so
that the interpreter can name the instruction and the address (the variable `a`) afterwards, at no cost
before.

The budget `n` is taken for a whole block when it is entered: a block runs only if the budget covers all of
it.
Source: RFC 9669; kernel/bpf/verifier.c (Linux 6.18) for may_goto.
"""

from __future__ import annotations

from ..errors import ExecutionError, NotSupported
from .memory import CODE_REGION, OFFSET_BITS, STACK_REGION
from .program import Program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..isa.insn import Insn
    from ..isa.table import Row

    # Gives the 64-bit value of a wide load with a pseudo source: (row, instruction) -> value.
    ResolveWide = Callable[[Row, Insn], int]

MAX_FRAMES = 8
STACK_BYTES = 512
MAX_LOOPS = 8 << 20  # BPF_MAX_LOOPS: how often the may_gotos of one call let the program go on
CODE_BASE = CODE_REGION << OFFSET_BITS
CALLBACK_HELPERS = frozenset((164, 181, 209))  # for_each_map_elem, loop, user_ringbuf_drain: they call back
TAIL_CALL = 12

U64 = 0xFFFF_FFFF_FFFF_FFFF
U32 = 0xFFFF_FFFF

# Expressions over {d} and {s}, unsigned numbers of the operation's width; {m} masks it, {h} is its sign bit,
# {k} masks a shift. Flipping the sign bits turns a signed comparison into an unsigned one.
ALU = {
    "add": "{d} + {s} & {m}",
    "sub": "{d} - {s} & {m}",
    "mul": "{d} * {s} & {m}",
    "div": "{d} // {s} if {s} else 0",
    "sdiv": "sdiv({d}, {s}, {h}) & {m}",
    "or": "{d} | {s}",
    "and": "{d} & {s}",
    "lsh": "{d} << ({s} & {k}) & {m}",
    "rsh": "{d} >> ({s} & {k})",
    "mod": "{d} % {s} if {s} else {d}",
    "smod": "smod({d}, {s}, {h}) & {m}",
    "xor": "{d} ^ {s}",
    "mov": "{s}",
    "arsh": "({d} ^ {h}) - {h} >> ({s} & {k}) & {m}",
}
# Operations whose result is the same for a small negative literal as for its unsigned form.
_SIGNED_LITERAL = frozenset(("add", "sub", "mul", "and"))

JUMP = {
    "jeq": "{d} == {s}",
    "jne": "{d} != {s}",
    "jgt": "{d} > {s}",
    "jge": "{d} >= {s}",
    "jlt": "{d} < {s}",
    "jle": "{d} <= {s}",
    "jset": "{d} & {s}",
    "jsgt": "({d} ^ {h}) > ({s} ^ {h})",
    "jsge": "({d} ^ {h}) >= ({s} ^ {h})",
    "jslt": "({d} ^ {h}) < ({s} ^ {h})",
    "jsle": "({d} ^ {h}) <= ({s} ^ {h})",
}

# What an atomic operation stores, over the old value {v}; fetching ones leave that in a register.
ATOMIC = {
    "add": "{v} + {s} & {m}",
    "or": "{v} | {s}",
    "and": "{v} & {s}",
    "xor": "{v} ^ {s}",
    "xchg": "{s}",
    "cmpxchg": "{s} if v == (r0 & {m}) else v",
}

# Instructions that are one plain statement, by row name.
PLAIN = {
    "exit": "del R[f]; vm.left = n; return r0",
    "callx": "vm.left = n; r0 = vm.call(r{d}, depth + 1, r1, r2, r3, r4, r5); n = vm.left",
    "addr_space_cast": "r{d} = arena(vm, r{s})",
    "gotox": "b = goto(targets, r{d}); continue",
}


def _masked(reg: int, bits: int) -> str:
    return f"r{reg}" if bits == 64 else f"(r{reg} & {(1 << bits) - 1:#x})"


def _literal(imm: int, bits: int, op: str) -> str:
    return f"({imm})" if op in _SIGNED_LITERAL else f"{imm & ((1 << bits) - 1)}"


def _address(reg: int, off_bytes: int) -> str:
    if not off_bytes:
        return f"(a := r{reg})"
    sign = "+" if off_bytes > 0 else "-"
    return f"(a := r{reg} {sign} {abs(off_bytes)} & {U64:#x})"


def _operands(row: Row, insn: Insn) -> dict[str, str]:
    """Return the substitutions for ALU and JUMP expressions."""
    bits = row.bits
    by_register = row.src_reg == "reg"
    return {
        "d": _masked(insn.dst_reg, bits),
        "s": _masked(insn.src_reg, bits) if by_register else _literal(insn.imm, bits, row.op),
        "m": f"{(1 << bits) - 1:#x}",
        "h": f"{1 << (bits - 1):#x}",
        "k": f"{bits - 1}",
    }


def _load(place: str, bits: int, signed: bool) -> str:
    if signed:
        return f"s{bits}(R[{place} >> 32], a & {U32:#x})[0] & {U64:#x}"
    if bits == 8:
        return f"R[{place} >> 32][a & {U32:#x}]"
    return f"u{bits}(R[{place} >> 32], a & {U32:#x})[0]"


def _store(place: str, bits: int, value: str) -> str:
    return f"p{bits}(R[{place} >> 32], a & {U32:#x}, {value})"


def _alu(row: Row, insn: Insn) -> str:
    return f"r{insn.dst_reg} = " + ALU[row.op].format_map(_operands(row, insn))


def _neg(row: Row, insn: Insn) -> str:
    return f"r{insn.dst_reg} = -r{insn.dst_reg} & {(1 << row.bits) - 1:#x}"


def _movsx(row: Row, insn: Insn) -> str:
    sign = 1 << (insn.off - 1)
    extended = f"(r{insn.src_reg} & {2 * sign - 1:#x} ^ {sign:#x}) - {sign:#x}"
    return f"r{insn.dst_reg} = {extended} & {(1 << row.bits) - 1:#x}"


def _endian(row: Row, insn: Insn) -> str:
    value = _masked(insn.dst_reg, row.bits)
    return f"r{insn.dst_reg} = " + (value if row.op == "le" else f"swap({value}, {row.bits // 8})")


def _load_insn(row: Row, insn: Insn) -> str:
    return f"r{insn.dst_reg} = " + _load(_address(insn.src_reg, insn.off), row.bits, row.op == "ldxs")


def _load_pointer_insn(row: Row, insn: Insn) -> str:
    """A load of 4 bytes, which may be one of the context's pointers."""
    return f"r{insn.dst_reg} = P[a] if {_address(insn.src_reg, insn.off)} in P else {_load('a', 32, False)}"


def _store_insn(row: Row, insn: Insn) -> str:
    value = _masked(insn.src_reg, row.bits) if row.src_reg == "reg" else f"{insn.imm & ((1 << row.bits) - 1)}"
    return _store(_address(insn.dst_reg, insn.off), row.bits, value)


def _atomic(row: Row, insn: Insn) -> str:
    if row.op == "load_acq":
        return f"r{insn.dst_reg} = " + _load(_address(insn.src_reg, insn.off), row.bits, False)
    if row.op == "store_rel":
        return _store(_address(insn.dst_reg, insn.off), row.bits, _masked(insn.src_reg, row.bits))
    new = ATOMIC[row.op.removeprefix("fetch_")].format(
        v="v", s=_masked(insn.src_reg, row.bits), m=f"{(1 << row.bits) - 1:#x}"
    )
    read = f"v = u{row.bits}(R[{_address(insn.dst_reg, insn.off)} >> 32], a & {U32:#x})[0]"
    line = f"{read}; {_store('a', row.bits, new)}"
    if row.op in ("add", "or", "and", "xor"):
        return line
    return f"{line}; r{0 if row.op == 'cmpxchg' else insn.src_reg} = v"


def _packet(row: Row, insn: Insn) -> str:
    off = f"r{insn.src_reg} + {insn.imm}" if row.op == "ldind" else f"{insn.imm}"
    return f"if (r0 := vm.load_packet({off}, {row.bits // 8})) < 0: del R[f]; vm.left = n; return 0"


# How the rows of a family become one line of Python. Jumps, calls and wide loads need to know their
# surroundings and are written by `_Translator`; the rows of PLAIN are there.
FAMILIES: dict[str, Callable[[Row, Insn], str]] = {
    "alu": _alu,
    "neg": _neg,
    "movsx": _movsx,
    "endian": _endian,
    "load": _load_insn,
    "store": _store_insn,
    "atomic": _atomic,
    "packet": _packet,
}


class Translation:
    """Python source for a program. `where[i]` is the slot of the instruction that line i + 1 belongs to.

    `functions` holds the slots at which functions start; the Python name of each is `f` and the slot.
    `targets` maps each code address to the block number it has in its function, for programs with gotox.
    `called` holds the helpers and kernel functions by the names that they have in the source.
    """

    __slots__ = ("called", "functions", "insn_at", "lines", "row_at", "slots", "targets", "where")

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.where: list[int] = []
        self.functions: list[int] = []
        self.targets: dict[int, dict[int, int]] = {}
        self.called: dict[str, Callable[..., int]] = {}
        self.slots: list[int] = []
        self.insn_at: dict[int, Insn] = {}
        self.row_at: dict[int, Row] = {}

    @property
    def source(self) -> str:
        """The whole text."""
        return "\n".join(self.lines) + "\n"


def unresolved_wide(row: Row, insn: Insn) -> int:
    """Refuse a wide load whose value nobody supplied."""
    raise ExecutionError(f"{row.name}: the program must be relocated before it runs")


def translate(
    insns: Sequence[Insn],
    helpers: Mapping[int, Callable[..., int]],
    resolve_wide: ResolveWide = unresolved_wide,
    *,
    has_pointers: bool = False,
    kfuncs: Sequence[Callable[..., int]] = (),
) -> Translation:
    """Return the Python source for a program, helpers as `h<id>`, kernel functions as `k<index>` into `kfuncs`.

    With `has_pointers`, loads of 4 bytes from an address that is in the dictionary `P` give what stands there.

    Raises: FormatError for what is no instruction; ExecutionError for a jump that leaves its function or hits
    the middle of an instruction, and for a write to r10; NotSupported for helpers and kernel functions that
    are not there.
    """
    return _Translator(insns, helpers, resolve_wide, has_pointers, kfuncs).run()


class _Translator:
    def __init__(
        self,
        insns: Sequence[Insn],
        helpers: Mapping[int, Callable[..., int]],
        resolve_wide: ResolveWide,
        has_pointers: bool,
        kfuncs: Sequence[Callable[..., int]],
    ) -> None:
        self.helpers = helpers
        self.kfuncs = dict(enumerate(kfuncs))
        self.has_pointers = has_pointers
        self.resolve_wide = resolve_wide
        self.program = program = Program(insns)
        self.target, self.end = program.target, program.end
        out = self.out = Translation()
        out.insn_at, out.row_at, out.slots = program.insn_at, program.row_at, program.slots

    def run(self) -> Translation:
        self.out.functions = self.program.functions
        for start, slots, heads in self.program.bodies():
            self.function(start, slots, heads)
        return self.out

    # Lines.

    def emit(self, depth: int, text: str, slot: int) -> None:
        self.out.lines.append(" " * depth + text)
        self.out.where.append(slot)

    def function(self, start: int, slots: list[int], leaders: set[int]) -> None:
        out = self.out
        families = {out.row_at[s].family for s in slots}
        heads = [s for s in slots if s in leaders]
        block_of = {head: number for number, head in enumerate(heads)}
        out.targets[start] = {CODE_BASE + head * 8: number for head, number in block_of.items()}

        blocks: list[list[int]] = []
        for slot in slots:
            if slot in block_of:
                blocks.append([])
            blocks[-1].append(slot)

        self.emit(0, f"def f{start}(r1, r2, r3, r4, r5, depth):", start)
        self.emit(1, f"if depth >= {MAX_FRAMES}: raise too_deep()", start)
        self.emit(1, f"f = {STACK_REGION} + depth; R[f] = bytearray({STACK_BYTES})", start)
        self.emit(1, f"r10 = (f << {OFFSET_BITS}) + {STACK_BYTES}; n = vm.left", start)
        self.emit(1, "r0 = r6 = r7 = r8 = r9 = b = 0", start)
        if "may_goto" in families:
            self.emit(1, f"left = {MAX_LOOPS}", start)
        if "gotox" in families:
            self.emit(1, f"targets = T[{start}]", start)
        self.emit(1, "while True:", start)
        self.tree(2, 0, blocks, block_of)

    def tree(self, depth: int, first: int, blocks: list[list[int]], block_of: dict[int, int]) -> None:
        """Write the blocks from number `first` on. Here `first <= b < first + len(blocks)` holds."""
        if len(blocks) == 1:
            self.block(depth, first, blocks[0], block_of)
            return
        half = len(blocks) // 2
        middle = first + half
        self.emit(depth, f"if b < {middle}:", blocks[0][0])
        self.tree(depth + 1, first, blocks[:half], block_of)
        self.emit(depth, f"if b >= {middle}:", blocks[half][0])
        self.tree(depth + 1, middle, blocks[half:], block_of)

    def block(self, depth: int, number: int, slots: list[int], block_of: dict[int, int]) -> None:
        count = len(slots)
        self.emit(depth, f"if (n := n - {count}) < 0: raise spent()", slots[0])
        for slot in slots:
            insn, row = self.out.insn_at[slot], self.out.row_at[slot]
            write = FAMILIES.get(row.family)
            if self.has_pointers and row.family == "load" and row.bits == 32 and row.op == "ldx":
                write = _load_pointer_insn
            if write is not None:
                self.emit(depth, write(row, insn), slot)
            elif row.name in PLAIN:
                self.emit(depth, PLAIN[row.name].format(d=insn.dst_reg, s=insn.src_reg), slot)
            else:
                self.emit(depth, _SURROUNDED[row.family](self, slot, block_of), slot)
        last = self.out.row_at[slots[-1]]
        if last.family in ("exit", "gotox") or last.family == "ja":
            return
        if number + 1 < len(block_of):
            self.emit(depth, f"b = {number + 1}", slots[-1])
        else:
            self.emit(depth, "raise past_end()", slots[-1])

    def jump(self, slot: int, block_of: dict[int, int]) -> str:
        insn, row = self.out.insn_at[slot], self.out.row_at[slot]
        condition = JUMP[row.op].format_map(_operands(row, insn))
        return f"if {condition}: b = {block_of[self.target(slot)]}; continue"

    def always(self, slot: int, block_of: dict[int, int]) -> str:
        return f"b = {block_of[self.target(slot)]}; continue"

    def may_goto(self, slot: int, block_of: dict[int, int]) -> str:
        return f"if (left := left - 1) < 0: b = {block_of[self.target(slot)]}; continue"

    def call(self, slot: int, block_of: dict[int, int]) -> str:
        insn, row = self.out.insn_at[slot], self.out.row_at[slot]
        if row.op == "local":
            call = f"f{self.target(slot)}(r1, r2, r3, r4, r5, depth + 1)"
            return f"vm.left = n; r0 = {call}; n = vm.left"
        functions, letter = (self.helpers, "h") if row.op == "helper" else (self.kfuncs, "k")
        try:
            function = functions[insn.imm]
        except KeyError:
            what = helper_name(insn.imm) if row.op == "helper" else "calls of kernel functions by BTF id"
            raise NotSupported(f"{what} in the engine (instruction {slot})", hint="run it in the kernel") from None
        self.out.called[f"{letter}{insn.imm}"] = function
        args = "".join(f", r{i}" for i in range(1, function.__code__.co_argcount))
        call = f"{letter}{insn.imm}(vm{args})"
        if row.op == "helper" and insn.imm in CALLBACK_HELPERS:
            return f"vm.left = n; vm.depth = depth; r0 = {call} & {U64:#x}; n = vm.left"
        if row.op == "helper" and insn.imm == TAIL_CALL:
            return f"if not {call}: vm.left = n; del R[f]; return vm.go_on(r1, depth)"
        if row.op == "kfunc":  # int: 32 bits; pointers are never negative
            return f"r0 = {call}; r0 &= {U64:#x} if r0 >= 0 else {U32:#x}"
        return f"r0 = {call} & {U64:#x}"

    def wide(self, slot: int, block_of: dict[int, int]) -> str:
        insn, row = self.out.insn_at[slot], self.out.row_at[slot]
        if row.name == "lddw":
            value = insn.imm
        elif row.name == "lddw_func":
            value = CODE_BASE + self.target(slot) * 8
        else:
            value = self.resolve_wide(row, insn)
        return f"r{insn.dst_reg} = {value:#x}"


_SURROUNDED: dict[str, Callable[[_Translator, int, dict[int, int]], str]] = {
    "jump": _Translator.jump,
    "ja": _Translator.always,
    "may_goto": _Translator.may_goto,
    "call": _Translator.call,
    "lddw": _Translator.wide,
}


def helper_name(number: int) -> str:
    """Return the name of a helper function for messages, its number where the name is unknown."""
    from ..abi.helpers import HELPER_NAMES

    name = HELPER_NAMES.get(number)
    return f"helper {number}" if name is None else f"helper bpf_{name}"


def has_handler(row: Row) -> bool:
    """Return whether the interpreter knows how to run the instructions of a row."""
    known = {"alu": ALU, "jump": JUMP, "call": ("local", "helper", "kfunc")}.get(row.family)
    if known is not None:
        return row.op in known
    if row.family == "atomic":
        return row.op.removeprefix("fetch_") in ATOMIC or row.op in ("load_acq", "store_rel")
    return row.family in FAMILIES or row.family in _SURROUNDED or row.name in PLAIN

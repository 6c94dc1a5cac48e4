"""Machine code before registers are assigned: eBPF instructions on virtual registers.

A virtual register is a number from `FIRST_VREG` up; 10 is the frame pointer. What costs no more to make again than
to keep (constants, addresses on the stack, maps) is no register but a `Remat`, made where it is used.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..errors import SourceSpan

FRAME = 10
FIRST_VREG = 11
FIRST_SLOT = 16  # a location from here up is a slot of 8 bytes on the stack; below it is a register

ALLOCA_SPACE = 1 << 20

# What a `Remat` makes: the constant `imm`; the address `imm` on the stack (see `alloca_of`); the map `symbol`; byte
# `imm` of the value of map `symbol`; the number that the running kernel's types say (`reloc`, `symbol`); the address of
# the kernel's `symbol` (`imm` 1: weak); the address of the function `symbol` (`imm` 1: it runs on its own stack).
CONST, STACK_ADDRESS, MAP, MAP_VALUE, CORE, KSYM, FUNCTION = range(7)


class Remat:
    """A value that is made anew at each use."""

    __slots__ = ("imm", "kind", "reloc", "symbol")

    def __init__(self, kind: int, imm: int = 0, symbol: str = "", reloc: str = "") -> None:
        self.kind, self.imm, self.symbol, self.reloc = kind, imm, symbol, reloc


def alloca_of(address: int) -> int:
    """Return which alloca an address is in: they are `ALLOCA_SPACE` apart until the frame is laid out."""
    return (address + ALLOCA_SPACE // 2) // ALLOCA_SPACE


def offset_in_alloca(address: int) -> int:
    """Return how many bytes an address is past the start of its alloca."""
    return address - ALLOCA_SPACE * alloca_of(address)


if TYPE_CHECKING:
    Operand = int | Remat

# Forms of instructions, by what they do with `d`, `a` and `b`.
ALU_X = 0  # d = a op b
ALU_K = 1  # d = a op imm (BPF_NEG too: its imm is 0)
MOVE = 2  # d = move of a (opcode, off and imm say which: mov, mov32, movsx, addr_space_cast)
MAKE = 3  # d = the Remat `x`
LOAD = 4  # d = *(a + off); x: (relocation kind, symbol, size in bytes) or None
STORE_X = 5  # *(a + off) = b, atomics that give nothing too (imm says which); x as for LOAD
STORE_K = 6  # *(a + off) = imm; x as for LOAD
FETCH = 7  # d = what was at a + off before the atomic operation imm with b; x as for LOAD
CALL = 8  # d = call imm(*x[0]); off is src_reg (a helper, the function or kfunc x[1])
CMPXCHG = 9  # d = cmpxchg(a + off, r0, b): operands are x[0], x[1] as x for LOAD; takes registers as a call does
JUMP = 10  # goto block `imm`, whose parameters become x
BRANCH_X = 11  # if a op b goto block x[0], else goto block x[1]
BRANCH_K = 12  # if a op imm goto …
RET = 13  # return a


class MInsn:
    """One instruction, or the end of a block. `d`, `a` and `b` are virtual registers or -1."""

    __slots__ = ("a", "b", "d", "form", "imm", "off", "opcode", "span", "x")

    def __init__(
        self,
        form: int,
        opcode: int,
        d: int,
        a: int,
        b: int,
        off: int,
        imm: int,
        span: SourceSpan | None,
        x: Any = None,
    ) -> None:
        self.form, self.opcode, self.d, self.a, self.b = form, opcode, d, a, b
        self.off, self.imm, self.span, self.x = off, imm, span, x


class MBlock:
    """A basic block: parameters (virtual registers), instructions with the terminator last, numbers of neighbours."""

    __slots__ = ("insns", "params", "preds", "succs")

    def __init__(self, params: Sequence[int]) -> None:
        self.params = list(params)
        self.insns: list[MInsn] = []
        self.preds: list[int] = []
        self.succs: list[int] = []

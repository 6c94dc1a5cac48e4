"""How native code is made, what it calls, and what comes of it."""

from __future__ import annotations

from ...record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ...isa.insn import Insn
    from ...isa.table import Row

    # What an instruction calls: (row, instruction, slot) -> function.
    FindCallee = Callable[[Row, Insn, int], "Callee"]



class Options(Record):
    """How native code is made.

    `is_checked`: each access is checked against the bounds of its region; without, the program must be verified.
    `has_budget`: instructions are counted, and a program ends with an error when its budget is spent.
    `has_pointers`: loads of 4 bytes may be of one of the context's pointers.
    `may_bmi2`: the processor has BMI2 (x86-64).
    """

    is_checked: bool = True
    has_budget: bool = True
    has_pointers: bool = False
    may_bmi2: bool = False


class Callee(Record):
    """A C function of up to six u64 at an address; or the address of a Python function, which takes six numbers."""

    address: int
    is_python: bool = False


class NativeText(Record):
    """Machine code that can be placed anywhere.

    `entries` maps the slot of each function to its offset in bytes, `offsets` has (offset, slot) of each instruction
    in order.
    """

    code: bytes
    entries: dict[int, int]
    offsets: list[tuple[int, int]]

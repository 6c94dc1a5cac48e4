"""`Setting`: everything about a program that the verifier is told, with nothing left to look up elsewhere.

`setting_of` makes it from an object's program and a Target.
"""

from __future__ import annotations

from ..isa.insn import Insn
from ..isa.opcodes import BPF_PSEUDO_KFUNC_CALL, BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE, CALL
from ..record import Record, field
from ..spec.object import RELO_FUNC, RELO_KFUNC, RELO_MAP, RELO_MAP_VALUE, RELO_SUBPROG, RELO_TP_FIELD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..btf.read import Btf
    from ..spec.object import MapSpec, ObjectSpec, ProgramSpec
    from ..spec.target import Target


class Setting(Record):
    """A program to be verified. Instructions are relocated, except for what these say by slot:

    `maps` has the map of each wide load that loads a map's address or the address of its value, `kfuncs` the name of
    each kernel function that is called, `ksyms` that of each kernel variable. `btf` are the object's types, `kernel_btf`
    the kernel's.
    """

    name: str
    prog_type: int
    expected_attach_type: int = 0
    attach_to: str = ""
    prog_flags: int = 0
    section: str = ""
    license: str = "GPL"
    insns: list[Insn] = field(default_factory=list)
    maps: dict[int, MapSpec] = field(default_factory=dict)
    kfuncs: dict[int, str] = field(default_factory=dict)
    ksyms: dict[int, str] = field(default_factory=dict)
    func_types: dict[int, int] = field(default_factory=dict)
    btf: Btf | None = None
    kernel_btf: Btf | None = None
    target: Target | None = None


def slots_of(insns: list[Insn]) -> list[int]:
    """Return the slot of each instruction."""
    slots, slot = [], 0
    for insn in insns:
        slots.append(slot)
        slot += insn.slots
    return slots

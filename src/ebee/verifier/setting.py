"""`Setting`: everything about a program that the verifier is told, with nothing left to look up elsewhere.

`setting_of` makes it from an object's program and a Target.
"""

from __future__ import annotations

from ..isa.insn import Insn
from ..record import Record, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..btf.read import Btf
    from ..spec.object import MapSpec
    from ..spec.target import Target


class Setting(Record):
    """A program to be verified. Instructions are relocated, except for what these say by slot:

    `maps` has the map of each wide load that loads a map's address or the address of its value, `kfuncs` the name of
    each kernel function that is called, `ksyms` that of each kernel variable, `func_types` the FUNC of each function
    that starts there. `jump_tables` has by map's name the slots that its elements lead to. `btf` are the object's
    types, `kernel_btf` the kernel's.
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
    jump_tables: dict[str, list[int]] = field(default_factory=dict)
    target: Target | None = None


def slots_of(insns: list[Insn]) -> list[int]:
    """Return the slot of each instruction."""
    slots, slot = [], 0
    for insn in insns:
        slots.append(slot)
        slot += insn.slots
    return slots

"""`Setting`: everything about a program that the verifier is told, with nothing left to look up elsewhere.

`setting_of` makes it from an object's program and a Target.
"""

from __future__ import annotations

from ..abi import bpf
from ..btf.kinds import BTF_KIND_FUNC, BTF_KIND_VAR
from ..isa.insn import Insn
from ..isa.opcodes import BPF_PSEUDO_BTF_ID, BPF_PSEUDO_KFUNC_CALL, BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE, CALL, JA
from ..record import Record, field
from ..spec.core_fields import kernel_names
from ..spec.object import (
    RELO_JUMP_TABLE,
    RELO_KFUNC,
    RELO_KSYM,
    RELO_MAP,
    RELO_MAP_VALUE,
    RELO_TP_FIELD,
    MapSpec,
)
from .versions import has_kfunc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..btf.read import Btf
    from ..spec.object import ObjectSpec, ProgramSpec
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
    slots: list[int] = []
    slot = 0
    for insn in insns:
        slots.append(slot)
        slot += insn.slots
    return slots


def setting_of(
    prog: ProgramSpec, obj: ObjectSpec, target: Target | None = None, kernel: str = "6.18"
) -> Setting:  # fmt: skip
    """Return what the verifier is told of a program. The kernel's types are the target's, if it has them.

    Of `kernel`, the version whose rules hold, it is asked which functions are there.

    Offsets that wait for the target's tracepoints are filled in where it knows them, and what CO-RE asks of its types;
    where it has no types, the values stay that the object's own types give.
    """
    insns = list(prog.insns)  # those that change are copied
    wide = _relocate_core(prog, obj, target, insns)
    slots: list[int] = []
    slot = 0
    for i, insn in enumerate(insns):
        slots.append(slot)
        slot += insn.slots + wide.count(i)
    made = Setting(
        prog.name, prog.prog_type, prog.expected_attach_type, prog.attach_to, prog.prog_flags, prog.section,
        obj.license, insns, target=target,
    )  # fmt: skip
    for reloc in prog.relocs:
        at, slot = reloc.insn_idx, slots[reloc.insn_idx]
        insn = made.insns[at].copy()
        if reloc.kind in (RELO_MAP, RELO_MAP_VALUE):
            if reloc.symbol in obj.maps:  # the address of what is not there is refused where it is loaded
                made.maps[slot] = obj.maps[reloc.symbol]
            is_value = reloc.kind == RELO_MAP_VALUE
            insn.src_reg = BPF_PSEUDO_MAP_VALUE if is_value else BPF_PSEUDO_MAP_FD
            insn.imm = reloc.addend << 32 if is_value else 0
        elif reloc.kind == RELO_JUMP_TABLE:
            table = [slots[i] for i in prog.jump_tables[reloc.symbol]]
            made.jump_tables[reloc.symbol] = table
            made.maps[slot] = MapSpec(reloc.symbol, bpf.BPF_MAP_TYPE_INSN_ARRAY, 4, 16, len(table))
            insn.src_reg, insn.imm = BPF_PSEUDO_MAP_VALUE, 0
        elif reloc.kind == RELO_KFUNC:
            made.kfuncs[slot] = _function_name(target, reloc.symbol)
            insn.opcode, insn.src_reg = CALL, BPF_PSEUDO_KFUNC_CALL
        elif reloc.kind == RELO_KSYM and reloc.is_weak and not _has_symbol(target, reloc.symbol, kernel):
            insn.src_reg = insn.imm = 0
        elif reloc.kind == RELO_KSYM:
            made.ksyms[slot] = reloc.symbol
            insn.src_reg = BPF_PSEUDO_BTF_ID
        elif reloc.kind == RELO_TP_FIELD and target is not None:
            layout = target.tracepoint(prog.attach_to)
            found = layout.fields.get(reloc.symbol) if layout is not None else None
            if found is not None:
                insn.off = found.off_bytes + reloc.addend
        made.insns[at] = insn
    for i in sorted(wide, reverse=True):
        made.insns.insert(i + 1, Insn(JA))
    made.func_types = {slots[info.insn_idx]: info.type_id for info in prog.func_info}
    if obj.btf:
        from ..btf.read import Btf

        made.btf = Btf(obj.btf)
    if target is not None:
        made.kernel_btf = target.btf()
    return made


def _function_name(target: Target | None, name: str) -> str:
    """Return under which name the target's types have a kernel function, the given one where they do not."""
    btf = target.btf() if target is not None else None
    names = kernel_names(name) if btf is not None else ()
    return next((n for n in names if btf is not None and btf.by_name(n, BTF_KIND_FUNC) is not None), name)


def _has_symbol(target: Target | None, name: str, kernel: str) -> bool:
    """Tell if the target's types have a variable or function, True if it has no types at all."""
    btf = target.btf() if target is not None else None
    return btf is None or btf.by_name(name, BTF_KIND_VAR) is not None or any(
        btf.by_name(n, BTF_KIND_FUNC) is not None and has_kfunc(kernel, n) for n in kernel_names(name)
    )


def _relocate_core(prog: ProgramSpec, obj: ObjectSpec, target: Target | None, insns: list[Insn]) -> list[int]:
    """Fill in what programs ask of the kernel's types; return the wide loads that became one slot shorter."""
    kernel = target.btf() if target is not None and prog.core_relos else None
    if target is None or kernel is None:
        return []
    from ..btf.read import Btf
    from ..spec.core_relo import CoreTarget, Relocator

    relocator = Relocator(Btf(obj.btf), CoreTarget(target.name, kernel))
    wide = []
    for relo in prog.core_relos:
        insns[relo.insn_idx], *rest = relocator.relocate(prog, relo, insns[relo.insn_idx])
        wide += [relo.insn_idx] * len(rest)
    return wide

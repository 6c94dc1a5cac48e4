"""CO-RE in the engine: what programs ask of a kernel's types, answered by those of a kernel that is not under them."""

from __future__ import annotations

from ..btf.read import Btf
from ..errors import ExecutionError, NotSupported
from ..isa.insn import Insn
from ..isa.opcodes import BPF_ALU64, BPF_MOV, BPF_PSEUDO_KFUNC_CALL, BPF_ST, BPF_STX, CALL, JA
from ..spec.core_relo import CoreTarget, Relocator, asked
from ..spec.object import RELO_CORE_FIELD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..spec.core_report import CoreResult
    from ..spec.object import ObjectSpec, ProgramSpec
    from ..spec.target import Target
    from .interpreter import Machine


def relocator(
    obj: ObjectSpec, given: CoreTarget | None, target: Target, running: Callable[[], CoreTarget] | None
) -> Relocator:
    """Return what relocates an object: against types that were given, the target's, or the running kernel's.

    Raises: NotSupported.
    """
    btf = target.btf()
    if given is None and btf is not None:
        given = CoreTarget(target.name, btf)
    if given is None:
        if running is None:
            raise NotSupported("CO-RE relocations in the engine without a kernel's types", hint="name a file: btf=")
        given = running()
    return Relocator(Btf(obj.btf), given)


def refuse_kernel_memory(prog: ProgramSpec, obj: ObjectSpec) -> None:
    """Raises: NotSupported for the kernel's memory, which Python programs mean by the fields of its structs.

    C programs may mean those of the context.
    """
    for relo in prog.core_relos:
        if relo.is_exact and relo.kind == RELO_CORE_FIELD:
            what = f"reading {asked(Btf(obj.btf), relo)} in the engine: the kernel's memory is not there"
            raise NotSupported(what, hint="run it in the kernel")


def relocate(prog: ProgramSpec, core: Relocator, insns: list[Insn], kfuncs: list[Callable[..., int]]) -> None:
    """Carry out a program's CO-RE relocations in its instructions. What is missing is an error where it is reached."""
    wide = []
    for relo in prog.core_relos:
        i = relo.insn_idx
        is_wide = insns[i].slots > 1
        insns[i], *_rest = core.relocate(prog, relo, insns[i])
        result = core.report.results[-1]
        if result.is_poisoned:
            insns[i] = Insn(CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, len(kfuncs))
            kfuncs.append(_missing(result))
            wide += [i] if is_wide else []
    for i in sorted(wide, reverse=True):
        insns.insert(i + 1, Insn(JA))


def answered(prog: ProgramSpec, core: Relocator) -> ProgramSpec:
    """Return a program as the guard is to see it: CO-RE relocated, with numbers in place of what is missing.

    Nothing runs behind an instruction that asks for what is missing. A wide one keeps the number it has.
    """
    insns, told = list(prog.insns), len(core.report.results)
    for relo in prog.core_relos:
        insn = insns[relo.insn_idx]
        made = core.relocate(prog, relo, insn)[0]
        if not core.report.results[-1].is_poisoned:
            insns[relo.insn_idx] = made
        elif insn.slots == 1:
            is_store = insn.opcode & 7 in (BPF_ST, BPF_STX)
            insns[relo.insn_idx] = Insn(JA) if is_store else Insn(BPF_ALU64 | BPF_MOV, insn.dst_reg)
    del core.report.results[told:]
    answer: ProgramSpec = prog.replace(insns=insns)
    return answer


def _missing(result: CoreResult) -> Callable[..., int]:
    """Return what runs in place of an instruction that asks for what is not there."""

    def absent(_vm: Machine) -> int:
        raise ExecutionError(f"{result.local}: {result.why}")

    return absent

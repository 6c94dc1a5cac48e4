"""The way into the verifier from an object's program: what it says, and how a refusal is explained."""

from __future__ import annotations

import re

from ..errors import Explanation, FormatError, InternalError, SourceSpan
from ..isa.disasm import format_insn
from .explain import language_of, numbers_of
from .explore import verify
from .kernel_registers import describe
from .names import type_name
from .refusal import Refusal, Verdict
from .rules import OTHER, find_rule
from .setting import setting_of, slots_of
from .state import NOT_INIT, SCALAR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..spec.object import ObjectSpec, ProgramSpec
    from ..spec.target import Target
    from .refusal import Options


MOST_INSNS = 1_000_000  # BPF_COMPLEXITY_LIMIT_INSNS


def verify_program(
    prog: ProgramSpec, obj: ObjectSpec, target: Target | None = None, options: Options | None = None
) -> Verdict:
    """Return the verdict on a program of an object.

    Raises: InternalError if the verifier itself fails, which is to count as a refusal.
    """
    count = len(prog.insns)
    if not 0 < count <= MOST_INSNS:
        return Verdict(False, Refusal("program_size", 0, f"a program of {count} instructions"))
    try:
        return verify(setting_of(prog, obj, target), options)
    except Exception as e:
        what = f"the verifier failed on program {prog.name!r}: {type(e).__name__}: {e}"
        raise InternalError(what, hint="the program counts as refused") from e


def explain_refusal(
    refusal: Refusal, prog: ProgramSpec, spans: dict[int, SourceSpan], *, language: str = ""
) -> Explanation:
    """Explain a refusal of ebee's verifier; `spans` has the sources of instructions by slot."""
    rule = find_rule(refusal.rule)
    span = spans.get(refusal.insn_idx)
    made = Explanation(rule.name, rule.words, refusal.message, refusal.message, refusal.insn_idx)
    by_slot = dict(zip(slots_of(prog.insns), prog.insns))
    if refusal.insn_idx in by_slot:
        try:
            made.insn = format_insn(by_slot[refusal.insn_idx], refusal.insn_idx)
        except FormatError:  # an instruction that has no text
            made.insn = repr(by_slot[refusal.insn_idx])
    made.span = span
    made.registers = _registers(refusal)
    made.numbers = numbers_of(refusal.message)
    if rule.name != OTHER:
        made.hint = rule.advice(language or language_of(span))
    return made


def _registers(refusal: Refusal) -> list[str]:
    """Return in words what the registers hold that a refusal names."""
    if refusal.state is None:
        return []
    found = []
    for number in dict.fromkeys(int(n) for n in re.findall(r"\bR(\d)\b", refusal.message)):
        reg = refusal.state.frames[-1].regs[number]
        if reg.kind == NOT_INIT:
            continue
        name = "scalar" if reg.kind == SCALAR else type_name(reg)
        num, off = reg.num, "" if reg.kind == SCALAR else f"off={reg.off},"
        bounds = f"umin={num.umin},umax={num.umax}" if num.smin >= 0 else f"smin={num.smin},smax={num.smax}"
        if words := describe(f"{name}({off}{bounds})"):
            found.append(f"r{number} is {words}")
    return found

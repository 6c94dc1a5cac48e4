"""A refusal of ebee's verifier, explained: the rule, the values that led there, what to write instead."""

from __future__ import annotations

import re

from ..abi.helpers import HELPER_NAMES
from ..errors import Explanation, FormatError, SourceSpan
from ..isa.disasm import format_insn
from ..isa.opcodes import CALL
from .explain import LogStep, language_of, numbers_of, values_before
from .kernel_registers import describe
from .names import type_name
from .rules import OTHER, find_rule
from .scalar import UNKNOWN
from .setting import slots_of
from .state import (
    CONST_PTR_TO_MAP,
    NOT_INIT,
    PTR_MAYBE_NULL,
    PTR_TO_BTF_ID,
    PTR_TO_MAP_KEY,
    PTR_TO_MAP_VALUE,
    PTR_TO_PACKET,
    SCALAR,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..isa.insn import Insn
    from ..spec.object import ProgramSpec
    from .refusal import Refusal
    from .state import Reg


_OF_MAPS = (CONST_PTR_TO_MAP, PTR_TO_MAP_KEY, PTR_TO_MAP_VALUE)
MOST_TRACED = 4000  # instructions of a path that are explained, the last ones


def explain_refusal(
    refusal: Refusal, prog: ProgramSpec, spans: dict[int, SourceSpan], *, language: str = ""
) -> Explanation:
    """Explain a refusal of ebee's verifier; `spans` has the sources of instructions by slot."""
    rule = find_rule(refusal.rule)
    span = spans.get(refusal.insn_idx)
    language = language or language_of(next(iter(spans.values()), None))
    made = Explanation(rule.name, rule.words, refusal.message, refusal.message, refusal.insn_idx)
    by_slot = dict(zip(slots_of(prog.insns), prog.insns))
    if refusal.insn_idx in by_slot:
        made.insn = _text(by_slot[refusal.insn_idx], refusal.insn_idx)
    made.span = span
    about = refusal.facts.get("register")
    steps = _log_steps(refusal, by_slot, spans)
    made.path = values_before(steps, refusal.message, [about] if isinstance(about, int) else [])
    made.registers = _registers(refusal)
    made.numbers = numbers_of(refusal.message)
    if rule.name != OTHER:
        made.hint = rule.advice(language)
    return made


def _text(insn: Insn, slot: int) -> str:
    if insn.opcode == CALL and not insn.src_reg and insn.imm in HELPER_NAMES:
        return f"call bpf_{HELPER_NAMES[insn.imm]}#{insn.imm}"
    try:
        return format_insn(insn, slot)
    except FormatError:  # an instruction that has no text
        return repr(insn)


def _log_steps(refusal: Refusal, by_slot: dict[int, Insn], spans: dict[int, SourceSpan]) -> list[LogStep]:
    """Return the end of the path to a refusal as a log of the kernel has it."""
    return [
        LogStep(
            step.slot, _text(by_slot[step.slot], step.slot), {i: _state_text(reg) for i, reg in step.changed.items()},
            spans.get(step.slot), step.frame,
        )
        for step in refusal.path[-MOST_TRACED:]
        if step.slot in by_slot
    ]  # fmt: skip


def _state_text(reg: Reg) -> str:
    """Return what a register holds as the kernel's log has it."""
    if reg.kind == NOT_INIT:
        return ""
    num = reg.num
    parts = []
    name = "scalar" if reg.kind == SCALAR else type_name(reg)
    if reg.kind == PTR_TO_BTF_ID:
        name = type_name(reg).replace("ptr_or_null_", "ptr_") + getattr(reg.obj, "name", "")
        name += "_or_null" * bool(reg.flags & PTR_MAYBE_NULL)
    if reg.kind in _OF_MAPS and reg.obj is not None:
        parts += [f"map={reg.obj.name}", *([f"vs={reg.obj.value_size}"] if reg.kind == PTR_TO_MAP_VALUE else [])]
    if reg.kind == PTR_TO_PACKET:
        parts.append(f"r={max(reg.size, 0)}")
    if reg.kind != SCALAR:
        parts.append(f"off={reg.off}")
    if num != UNKNOWN:
        parts.append(f"umin={num.umin},umax={num.umax}" if num.smin >= 0 else f"smin={num.smin},smax={num.smax}")
    return f"{name}({','.join(parts)})"


def _registers(refusal: Refusal) -> list[str]:
    """Return in words what the registers hold that a refusal names."""
    if refusal.state is None:
        return []
    regs = refusal.state.frames[-1].regs
    named = dict.fromkeys(int(n) for n in re.findall(r"\bR(\d)\b", refusal.message))
    return [f"r{number} is {words}" for number in named if (words := describe(_state_text(regs[number])))]

"""The engine's guard: ebee's verifier looks at a program before it runs there."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..spec.object import ObjectSpec, ProgramSpec
    from ..spec.target import Target

# Rules that need the kernel's types; without them the engine's own checks are what is left.
_TYPES_MISSING = frozenset(("kfunc_unknown",))
_WITH_JUMP_TABLES = "7.3"  # the rules for programs that older kernels know nothing of


def refuse_unsafe(prog: ProgramSpec, obj: ObjectSpec, target: Target) -> None:
    """Refuse a program that ebee's verifier refuses, unless it only lacks the kernel's types.

    Raises: VerifierError, InternalError if the verifier itself fails.
    """
    from ..verifier.entry import verify_program
    from ..verifier.refusal import Options

    kernel = _WITH_JUMP_TABLES if prog.jump_tables else Options().kernel
    refusal = verify_program(prog, obj, target, Options(kernel)).refusal
    if refusal is None or refusal.rule in _TYPES_MISSING:
        return
    from ..errors import VerifierError
    from ..kernel.types import source_spans
    from ..verifier.explain_refusal import explain_refusal

    refusal = verify_program(prog, obj, target, Options(kernel, trace_refusal=True)).refusal or refusal
    spans = source_spans(prog, obj.btf)
    made = explain_refusal(refusal, prog, spans)
    hint = f"{made.words[:-1]}: {made.hint}" if made.hint else made.words
    raise VerifierError(
        prog.name, refusal.message, insn_idx=refusal.insn_idx, span=made.span, notes=made.notes(), hint=hint,
        explanation=made,
    )  # fmt: skip

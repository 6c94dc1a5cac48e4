"""Every exception that ebee raises on purpose, and what they are made of.

Fields come first; the message is computed from them. A user's mistake is never a bare Python exception and our
own mistakes are `InternalError`, so that the command line can map each class to one exit code.
"""

from __future__ import annotations

from .record import Record, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class SourceSpan(Record):
    """A place in a source text. Lines count from 1, columns from 0 in characters; the end is exclusive."""

    file: str
    line: int
    col: int = 0
    end_line: int = 0
    end_col: int = 0
    text: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.col + 1}"


class Diagnostic(Record):
    """One thing to tell the user: what, where, and what to write instead."""

    message: str
    span: SourceSpan | None = None
    hint: str = ""
    severity: str = "error"
    notes: list[str] = field(default_factory=list)

    def render(self) -> str:
        """Return the diagnostic as text: location, message, the source line with a caret, the hint."""
        lines = []
        if self.span is not None:
            lines.append(f"{self.span}: {self.severity}: {self.message}")
            if self.span.text:
                source = self.span.text.rstrip("\n")
                number = str(self.span.line)
                same_line = self.span.end_line in (0, self.span.line)
                width = self.span.end_col - self.span.col if same_line else len(source) - self.span.col
                # Tabs are kept in the padding, so that the caret stands under its column in any terminal.
                pad = "".join("\t" if c == "\t" else " " for c in source[: self.span.col])
                lines.append(f"  {number} | {source}")
                lines.append(f"  {' ' * len(number)} | {pad}{'^' * max(1, width)}")
        else:
            lines.append(f"{self.severity}: {self.message}")
        lines += [f"  note: {n}" for n in self.notes]
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


class PathStep(Record):
    """One instruction on the way to a refusal: what `register` holds behind it, in words, and `how` it came to that.

    `name` is that of the variable which is in the register there, where it is known.
    """

    insn_idx: int
    insn: str
    register: int
    words: str
    how: str = ""
    span: SourceSpan | None = None
    name: str = ""

    def __str__(self) -> str:
        span = self.span
        where = f"instruction {self.insn_idx} `{self.insn}`"
        if span is not None and span.text:
            where = (f"line {span.line} " if span.line else "") + f"`{span.text.strip()}`"
        how = f" ({self.how})" if self.how else ""
        what = f"`{self.name}` (r{self.register})" if self.name else f"r{self.register}"
        return f"{where}: {what} is {self.words}{how}"


class Explanation(Record):
    """Why a verifier refused a program.

    `rule` is a name of `ebee.verifier.rules`, `words` say what it demands, `message` is the verifier's own text and
    `reason` the longest that it says. `insn` at slot `insn_idx` is refused, made from `span`. `numbers` say those of
    the message in words, `registers` what the registers hold there, `path` how they came to hold it. `hint` says what
    to write instead, in the language of the source.
    """

    rule: str
    words: str
    message: str
    reason: str = ""
    insn_idx: int | None = None
    insn: str = ""
    span: SourceSpan | None = None
    numbers: str = ""
    registers: list[str] = field(default_factory=list)
    path: list[PathStep] = field(default_factory=list)
    hint: str = ""

    def notes(self) -> list[str]:
        """Return what is to be said beside the reason: the numbers, the registers, and the way to them."""
        said = {step.words for step in self.path}
        registers = [r for r in self.registers if r.partition(" is ")[2] not in said]
        return [*([self.numbers] if self.numbers else []), *registers, *map(str, self.path)]

    def to_dict(self) -> dict[str, object]:
        """Return it as data for JSON."""
        span = self.span
        return {
            "rule": self.rule, "words": self.words, "message": self.message, "reason": self.reason,
            "insn_idx": self.insn_idx, "insn": self.insn, "numbers": self.numbers, "registers": self.registers,
            "source": None if span is None else {"file": span.file, "line": span.line, "text": span.text},
            "path": [
                {"insn_idx": s.insn_idx, "insn": s.insn, "register": s.register, "words": s.words, "how": s.how,
                 "name": s.name, "line": s.span.line if s.span else 0}
                for s in self.path
            ],
            "hint": self.hint,
        }  # fmt: skip


class EbeeError(Exception):
    """The base of every error that ebee raises on purpose."""

    hint: str = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def render(self) -> str:
        """Return the whole message for a terminal, without the leading program name."""
        return f"{self}\n  hint: {self.hint}" if self.hint else str(self)


class CompileError(EbeeError):
    """The source was refused; `diagnostics` says each reason with its place."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = list(diagnostics)
        super().__init__("\n".join(d.render() for d in self.diagnostics))


class VerifierError(EbeeError):
    """A verifier (the kernel's or ebee's) refused a program.

    `insn_idx` counts 8-byte slots as the kernel does and is None when unknown; `log` is the verifier's own text,
    `notes` say what it knew of the registers. `explanation` has all this in parts.
    """

    def __init__(
        self,
        program: str,
        reason: str,
        *,
        insn_idx: int | None = None,
        span: SourceSpan | None = None,
        log: str = "",
        hint: str = "",
        notes: Sequence[str] = (),
        explanation: Explanation | None = None,
    ) -> None:
        self.explanation = explanation
        self.program, self.reason, self.insn_idx, self.span, self.log = program, reason, insn_idx, span, log
        self.notes = list(notes)
        where = "" if insn_idx is None else f" (instruction {insn_idx})"
        message = f"the verifier refused program {program!r}: {reason}{where}"
        lines = [Diagnostic(message, span).render() if span else message, *(f"  note: {n}" for n in self.notes)]
        super().__init__("\n".join(lines), hint=hint)


class NotSupported(EbeeError):
    """This kernel, machine or user cannot do `feature`; `min_kernel` is the first kernel that can, if that is it."""

    def __init__(self, feature: str, min_kernel: str = "", *, hint: str = "") -> None:
        self.feature, self.min_kernel = feature, min_kernel
        since = f" (needs Linux {min_kernel} or newer)" if min_kernel else ""
        super().__init__(f"not supported here: {feature}{since}", hint=hint)


class PermissionMissing(EbeeError):
    """The user lacks a privilege; `missing` names the capabilities or files."""

    def __init__(self, what: str, missing: Sequence[str], *, hint: str = "") -> None:
        self.what, self.missing = what, list(missing)
        super().__init__(f"{what} needs {' and '.join(missing)}", hint=hint)


class UnknownProbe(EbeeError):
    """A probe, event or function name that does not exist here; `similar` holds close names."""

    def __init__(self, probe: str, similar: Sequence[str] = (), *, hint: str = "") -> None:
        self.probe, self.similar = probe, list(similar)
        maybe = f"; did you mean {' or '.join(similar)}?" if similar else ""
        super().__init__(f"there is no probe {probe!r}{maybe}", hint=hint)


class UsageError(EbeeError):
    """The API or command line was used in a way that cannot mean anything (unbound map, wrong argument)."""


class CommandError(EbeeError):
    """The traced command could not be started; `errno` is the reason."""

    def __init__(self, argv: Sequence[str], errno: int, reason: str) -> None:
        self.argv, self.errno = list(argv), errno
        super().__init__(f"cannot run {argv[0]!r}: {reason}")


class FormatError(EbeeError):
    """A file or text is not what it should be; `off_bytes` is where, when known."""

    def __init__(
        self, what: str, *, file: str = "", section: str = "", off_bytes: int | None = None, hint: str = ""
    ) -> None:
        self.what, self.file, self.section, self.off_bytes = what, file, section, off_bytes
        where = [p for p in (file, section, "" if off_bytes is None else f"offset {off_bytes}") if p]
        super().__init__(f"{': '.join(where)}: {what}" if where else what, hint=hint)


class ElfError(FormatError):
    """An ELF object that cannot be read."""


class BtfError(FormatError):
    """Type information that cannot be read, or that does not hold what was asked for."""


class AsmError(FormatError):
    """Assembly text that cannot be read; `span` points at it."""

    def __init__(self, what: str, span: SourceSpan | None = None, *, hint: str = "") -> None:
        super().__init__(what, hint=hint)
        self.span = span
        if span is not None:
            self.args = (Diagnostic(what, span).render(),)


class SyscallError(EbeeError, OSError):
    """A system call failed; `cmd` says which (for bpf(2) its command), `errno` why."""

    def __init__(self, cmd: str, errno: int, detail: str = "", *, hint: str = "") -> None:
        import os

        self.cmd, self.detail = cmd, detail
        text = f"{cmd}: {os.strerror(errno)}" + (f" ({detail})" if detail else "")
        EbeeError.__init__(self, text, hint=hint)
        self.errno = errno
        self.strerror = os.strerror(errno)

    def __str__(self) -> str:
        return str(self.args[0])


class FaultError(EbeeError):
    """A program in the engine touched memory outside its regions; `address` and `size` in bytes."""

    def __init__(self, address: int, size: int, why: str = "", insn_idx: int | None = None) -> None:
        self.address, self.size, self.why, self.insn_idx = address, size, why, insn_idx
        at = "" if insn_idx is None else f" at instruction {insn_idx}"
        text = f"access of {size} bytes at {address:#x}{at} is outside the program's memory"
        super().__init__(f"{text}: {why}" if why else text)


class ExecutionError(EbeeError):
    """A program in the engine cannot go on (bad instruction, unknown helper, budget used up)."""

    def __init__(self, why: str, insn_idx: int | None = None) -> None:
        self.why, self.insn_idx = why, insn_idx
        super().__init__(why if insn_idx is None else f"{why} (instruction {insn_idx})")


class InternalError(EbeeError):
    """A mistake of ebee's own."""

"""Read the log of the kernel's verifier: what was refused, at which instruction, and what to do about it."""

from __future__ import annotations

import re

from ..record import Record, field
from .kernel_registers import explain_registers


class LogReport(Record):
    """What a refusal says. `insn_idx` counts 8-byte slots and is None when the log names no instruction.

    `message` is the verifier's own short sentence, `reason` the longest explanation that the log gives; `registers`
    says in words what the registers held that it is about.
    """

    reason: str
    message: str = ""
    insn_idx: int | None = None
    hint: str = ""
    registers: list[str] = field(default_factory=list)


# Lines that trace the exploration and are never the refusal itself. They follow `log_level` 1 and 2.
_TRACE = re.compile(
    r"""\s | $ | ; | \d+: | from\ \d+\ to\ \d+ | func\#\d | processed\ \d | verification\ time | stack\ depth
    | caller: | callee: | returning\ from\ callee | to\ caller\ at | Validating\ | Func\#\d+ | Live\ regs
    | (?:last_idx|first_idx|regs=|parent|mark_precise|propagating|falling\ back|frame\d*:)
    | R\d+(?:_\w+)?=\S | fp-\d+ | safe$ | arg\#\d+\ reference | max_states
    """,
    re.VERBOSE,
)
_INSN = re.compile(r"(\d+): \([0-9a-f]{2}\)")
_INSN_IN_MESSAGE = re.compile(r"\binsn[ #]+(\d+)|\binsn_idx (\d+)|\bat (\d+)$")

# A refusal of the kernel -> what to do. First match wins.
_HINTS = [
    (
        r"map_value_or_null|_or_null'",
        "check the result of the lookup or reservation for null before using it",
    ),
    (r"!read_ok|unreadable register", "a value is used that is not set on every path"),
    (
        r"invalid mem access '(inv|scalar|mem)",
        "a plain number is used as an address: read that memory with a probe_read helper",
    ),
    (r"invalid access to map value", "bound the index or offset by the size of the map's value"),
    (r"invalid access to packet", "compare the packet pointer with data_end before the access"),
    (
        r"invalid bpf_context access|dereference of modified ctx",
        "this program type's context has no such field",
    ),
    (
        r"unbounded (min|max|memory)|min value is negative|max value is outside",
        "bound the variable (compare it or mask it) before it is an offset or a size",
    ),
    (
        r"invalid (indirect )?(read from|access to) stack|invalid.*stack",
        "the program reads stack memory that it never wrote, or beyond its frame",
    ),
    (
        r"Unreleased reference|BPF_EXIT instruction.*(reference|lock)",
        "submit, discard or release it on every path",
    ),
    (
        r"combined stack size|stack.*[Tt]oo large",
        "the call chain needs more than 512 bytes of stack: move large values into a map",
    ),
    (
        r"program is too large|too many|sequence of \d+ jumps",
        "the program has too many paths: bound its loops or split it",
    ),
    (r"infinite loop|back-edge|loop is not bounded", "give the loop a bound that the verifier can see"),
    (r"unreachable insn", "some instructions can never run: remove them"),
    (r"RCU critical section", "write it inside `with ebee.rcu():`"),
    (
        r"must be sleepable|sleepable kfunc|css_task_iter is only allowed",
        "only programs that may sleep can: a syscall_program, or lsm, fentry, uprobe with sleepable=True",
    ),
    (r"calling kernel function \S+ is not allowed", "the kernel has this function for other types of programs only"),
    (r"GPL", "this helper is only for programs under a GPL-compatible licence"),
    (r"unknown func|invalid func unknown", "this kernel has no such helper"),
    (
        r"cannot use helper|helper call is not allowed|not allowed in probe",
        "this program type, or this kernel's lockdown, does not allow the helper",
    ),
    (r"type=.* expected=", "the helper wants another kind of argument"),
    (r"pointer arithmetic|prohibited", "this arithmetic on a pointer is not allowed"),
    (r"misaligned", "align the access to its size"),
]


def explain(message: str) -> str:
    """Return what to do about a verifier's message, or an empty string."""
    for pattern, hint in _HINTS:
        if re.search(pattern, message):
            return hint
    return ""


def read_log(log: str) -> LogReport:
    """Find the refusal in a verifier log of any kernel; an empty log gives an empty `message`.

    Before Linux 7.3 the refusal is what stands between the last instruction and the statistics. Since then a
    report with the headings Reason, At and Suggestion follows it (kernel commit ce7c9f6c599b).
    """
    lines = [line.rstrip() for line in log.replace("\0", "").splitlines()]
    report_at = next((i for i, line in enumerate(lines) if line.startswith("Verification failed:")), len(lines))
    insn_idx: int | None = None
    message: list[str] = []
    for line in lines[:report_at]:
        if found := _INSN.match(line):
            insn_idx, message = int(found[1]), []
        elif not _TRACE.match(line):
            message.append(line)
    text = "; ".join(message)
    if insn_idx is None and (found := _INSN_IN_MESSAGE.search(text)):
        insn_idx = int(next(g for g in found.groups() if g))
    reason = text or (log.strip() and "the log gives no reason") or "no reason was given"
    hint = explain(text)
    if report_at < len(lines):
        blocks = _blocks(lines[report_at + 1 :])
        title = lines[report_at].removeprefix("Verification failed:").strip()
        reason = blocks.get("Reason") or text or title
        hint = blocks.get("Suggestion") or hint or explain(title)
        if found := re.search(r"\binsn (\d+)", blocks.get("At", "")):
            insn_idx = int(found[1])
        text = text or title
    return LogReport(reason, text, insn_idx, hint, explain_registers(lines[:report_at], text))


def _blocks(lines: list[str]) -> dict[str, str]:
    """Return heading -> text of a report whose headings end with a colon at column 0 and whose text is indented."""
    blocks: dict[str, list[str]] = {}
    heading = ""
    for line in lines:
        if line and not line[0].isspace():
            heading = line[:-1] if line.endswith(":") else ""
        elif heading and line.strip():
            blocks.setdefault(heading, []).append(line.strip())
    return {name: " ".join(text) for name, text in blocks.items()}

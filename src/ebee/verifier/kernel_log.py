"""Read the log of the kernel's verifier: what was refused, at which instruction, and what to do about it."""

from __future__ import annotations

import re

from ..record import Record, field
from .kernel_registers import explain_registers
from .rules import OTHER, rule_of


class LogReport(Record):
    """What a refusal says. `insn_idx` counts 8-byte slots and is None when the log names no instruction.

    `message` is the verifier's own short sentence, `reason` the longest explanation that the log gives; `registers`
    says in words what the registers held that it is about; `rule` is the name of the rule (`rules`) that was broken.
    `is_new_format` is that of Linux 7.3.
    """

    reason: str
    message: str = ""
    insn_idx: int | None = None
    hint: str = ""
    registers: list[str] = field(default_factory=list)
    rule: str = OTHER
    is_new_format: bool = False


# Lines that trace the exploration and are never the refusal itself. They follow `log_level` 1 and 2.
_TRACE = re.compile(
    r"""\s | $ | ; | \d+: | from\ \d+\ to\ \d+ | func\#\d | processed\ \d | verification\ time | stack\ depth
    | caller: | callee: | returning\ from\ callee | to\ caller\ at | Validating\ | Func\#\d+ | Live\ regs
    | (?:last_idx|first_idx|regs=|parent|mark_precise|propagating|falling\ back|frame\d*:)
    | R\d+(?:_\w+)?=\S | fp-\d+ | safe$ | arg\#\d+\ reference | max_states | cur\ state: | old\ state:
    | subprog\ \d+\ \(\S+\)\ .*insns_self
    """,
    re.VERBOSE,
)
_INSN = re.compile(r"(\d+): \([0-9a-f]{2}\)")
_TIME = re.compile(r"verification time \d+ usec$")  # behind a message that the kernel does not end with a newline
_INSN_IN_MESSAGE = re.compile(r"\binsn[ #]+(\d+)|\binsn_idx (\d+)|\bat (\d+)$")

def explain(message: str) -> str:
    """Return what to do about a verifier's message, or an empty string."""
    rule = rule_of(message)
    return "" if rule.name == OTHER else f"{rule.words[:-1]}: {rule.hint}"


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
            message.append(_TIME.sub("", line))
    text = "; ".join(message)
    if insn_idx is None and (found := _INSN_IN_MESSAGE.search(text)):
        insn_idx = int(next(g for g in found.groups() if g))
    reason = text or (log.strip() and "the log gives no reason") or "no reason was given"
    hint = explain(text)
    blocks: dict[str, str] = {}
    if report_at < len(lines):
        blocks = _blocks(lines[report_at + 1 :])
        title = lines[report_at].removeprefix("Verification failed:").strip()
        reason = blocks.get("Reason") or text or title
        hint = blocks.get("Suggestion") or hint or explain(title)
        if found := re.search(r"\binsn (\d+)", blocks.get("At", "")):
            insn_idx = int(found[1])
        text = text or title
    registers = explain_registers(lines[:report_at], text)
    is_new = bool(blocks.get("Suggestion"))
    return LogReport(reason, text, insn_idx, hint, registers, rule_of(text).name, is_new)


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

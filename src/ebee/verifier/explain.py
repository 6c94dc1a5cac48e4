"""From a refusal to an explanation: the rule, the instruction, and how the values came to be what they are.

A log of the kernel has the path that was refused, instruction by instruction, with the registers that each changed.
The registers that the refusal is about are followed backwards through it: to the load, the call or the comparison that
last said something about them.
"""

from __future__ import annotations

import re

from ..errors import Explanation, PathStep, SourceSpan
from ..record import Record, field
from .kernel_log import read_log
from .kernel_registers import describe, read_states
from .rules import OTHER, RULES, WRITTEN, find_rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_STEPS = 8  # of a path, the last ones

_STEP = re.compile(r"(\d+): \(([0-9a-f]{2})\) ([^;]*?)\s*(?:;(.*))?$")
_SOURCE = re.compile(r"; (.*?)(?: @ ([^@]+):(\d+))?$")
_FROM = re.compile(r"from \d+ to \d+(?: \(speculative execution\))?:")
_REGISTER = re.compile(r"\b[rw](\d+)\b")
_DEFINES = re.compile(r"[rw](\d+) (?:s?[-+*/|&^%]|s?>>|<<|)= ?(.*)$")
_CALL = re.compile(r"call (?:pc|bpf_)?\S*")
_LANGUAGES = {".py": "python", ".bt": "bpftrace", ".c": "c", ".h": "c", ".asm": "asm", ".S": "asm"}

# What a message says in numbers, in words. First match wins.
_NUMBERS: tuple[tuple[str, str], ...] = (
    (
        r"invalid access to map (value|key),? (?:\w+_size=)(\d+) off=(-?\d+) size=(\d+)",
        "the access is to {3} at offset {2}; the map's {0} has {1}",
    ),
    (
        r"invalid access to map (value) pointer, value_size=(\d+) off=(-?\d+)()",
        "the address is that of byte {2}; the map's {0} has {1}",
    ),
    (r"invalid access to memory, mem_size=()(\d+) off=(-?\d+) size=(\d+)", "the access is to {3} at offset {2} of {1}"),
    (
        r"invalid access to packet, off=()()(-?\d+) size=(\d+)",
        "the access is to {3} at offset {2} of the packet, which has not been compared with data_end that far",
    ),
    (
        r"invalid bpf_context access off=()()(-?\d+) size=(\d+)",
        "the access is to {3} at offset {2} of the context",
    ),
    (
        r"invalid (?:variable-offset )?(?:write to|read from|access to|indirect access to) stack()() R\d+ "
        r"(?:var_off=\S+ \S+ )?off=?\s?(-?\d+)\S* size[= ](\d+)",
        "the access is to {3} at offset {2} of the frame, which goes from -512 to 0",
    ),
    (r"combined stack size of ()(\d+) calls is (\d+)()", "the chain of calls needs {2} bytes of stack, 512 are there"),
    (r"Unreleased reference id=()()(\d+) alloc_insn=(\d+)", "what instruction {3!s} acquired is still held"),
)


class LogStep(Record):
    """One instruction of a log: `states` are the registers that it changed or used, as they are behind it.

    `starts` says that the registers before it are those of another path: all that is known is in `states`.
    """

    insn_idx: int
    insn: str
    states: dict[int, str] = field(default_factory=dict)
    span: SourceSpan | None = None
    frame: int = 0


def language_of(span: SourceSpan | None) -> str:
    """Return the language of a source, by its file's name; empty for one that is not known.

    Only Python has sources without a file: `<stdin>`, `<string>`.
    """
    if span is None:
        return ""
    if span.file.startswith("<") and span.file.endswith(">"):
        return "python"
    return _LANGUAGES.get("." + span.file.rpartition(".")[2], "")


def read_steps(log: str) -> list[LogStep]:
    """Return the path in a log, in order; of a log of all paths the last one's."""
    steps: list[LogStep] = []
    span: SourceSpan | None = None
    frame = 0
    for line in log.replace("\0", "").splitlines():
        if line.startswith("Verification failed:"):
            break
        if found := _STEP.match(line):
            states = read_states(found[4] or "")
            step = LogStep(int(found[1]), found[3].strip(), states, span, frame)
            steps.append(step)
            if (call := _FRAME.search(found[4] or "")) is not None:
                frame = int(call[1])
        elif line.startswith("; ") and (found := _SOURCE.match(line)):
            file, number = found[2] or "", int(found[3] or 0)
            span = SourceSpan(file, number, text=found[1]) if found[1] else None
        elif _FROM.match(line) or line.startswith((" R", " frame")):
            if steps:
                steps[-1].states.update(read_states(line))
            if (call := _FRAME.search(line)) is not None:
                frame = int(call[1])
            else:
                frame = 0
    return steps


_FRAME = re.compile(r"\bframe(\d+):")


def explain_log(
    log: str,
    span: SourceSpan | None = None,
    *,
    language: str = "",
    shift_slots: int = 0,
    spans: dict[int, SourceSpan] | None = None,
) -> Explanation:
    """Explain the refusal that a log of the kernel tells of; `span` is the source of the refused instruction.

    `shift_slots` instructions stand before the program's own; they are not counted. `spans` has the sources of
    instructions by slot, better than the log knows them.
    """
    report = read_log(log)
    steps = read_steps(log)
    at = report.insn_idx
    last = next((step for step in reversed(steps) if step.insn_idx == at), None)
    if span is None and last is not None:
        span = last.span
    rule = find_rule(report.rule)
    path: list[PathStep] = []
    if last is not None:
        steps = steps[: len(steps) - steps[::-1].index(last)]
        for step in steps:
            step.insn_idx -= shift_slots
            step.span = (spans or {}).get(step.insn_idx, step.span)
        path = values_before(steps, report.message)
    explanation = Explanation(rule.name, rule.words, report.message)
    explanation.reason = report.reason
    explanation.insn_idx = None if at is None or at < shift_slots else at - shift_slots
    explanation.insn = last.insn if last is not None else ""
    explanation.span = span
    explanation.numbers = numbers_of(report.message)
    explanation.registers = report.registers
    explanation.path = path
    language = language or language_of(span)
    explanation.hint = getattr(rule, language, "") if language in WRITTEN else ""
    if not explanation.hint and report.is_new_format:
        explanation.hint = report.hint
    elif rule.name != OTHER:
        explanation.hint = rule.advice(language)
    return explanation


def numbers_of(message: str) -> str:
    """Return what a message says in numbers, as a sentence; empty where it has none."""
    for pattern, words in _NUMBERS:
        if found := re.search(pattern, message):
            what, size, off, length = found.groups()
            return words.format(what, _bytes(size), off, length if "!s" in words else _bytes(length))
    return ""


def _bytes(count: str) -> str:
    return f"{count} byte{'s' * (count != '1')}" if count else ""


def values_before(steps: Sequence[LogStep], message: str, registers: Sequence[int] = ()) -> list[PathStep]:
    """Follow the registers that a refusal at the last step is about backwards; return what said something of them.

    These are `registers`, else those that the message names, else those that the step reads.
    """
    if not steps:
        return []
    last = steps[-1]
    named = [int(n) for n in re.findall(r"\bR(\d+)\b", message)]
    read = [int(n) for n in _REGISTER.findall(re.sub(r"^r\d+ = ", "", last.insn))]
    wanted = [n for n in dict.fromkeys(registers or named or read) if n != 10]
    found: dict[int, PathStep] = {}
    seen: set[tuple[int, int]] = set()
    for register in wanted:
        _follow(steps, len(steps) - 1, register, found, seen)
    path = [found[i] for i in sorted(found)]
    _name_variables(path, steps, found)
    kept = {(step.span.line if step.span and step.span.line else ~step.insn_idx, step.register): step for step in path}
    return [step for step in path if kept.get(_place(step)) is step][-MOST_STEPS:]


_ASSIGNMENT = re.compile(r"\s*(?:[A-Za-z_][\w. *]*?[\s*])?([A-Za-z_]\w*)(?:\s*:\s*[\w.\[\] ]+)?\s*[-+*/%&|^<>]*=(?!=)")


def _name_variables(path: list[PathStep], steps: Sequence[LogStep], found: dict[int, PathStep]) -> None:
    """Give registers the names of variables: of a line that assigns to one, the last register that it defines."""
    names: dict[tuple[int, int], str] = {}
    for at, step in zip(sorted(found), path):
        frame = steps[at].frame
        place = frame, step.register
        span, language = step.span, language_of(step.span)
        if language not in ("python", "c") or span is None:
            continue
        if step.insn.startswith("if "):
            step.name = names.get(place, "")
            continue
        names.pop(place, None)
        assigned = _ASSIGNMENT.match(span.text)
        if assigned is None:
            continue
        last = at
        for i in range(at, len(steps)):
            later = steps[i]
            if later.frame < frame or later.frame == frame and (later.span is None or later.span.line != span.line):
                break
            if later.frame == frame and (_DEFINES.match(later.insn) or _CALL.match(later.insn)):
                last = i
        defines = _DEFINES.match(steps[last].insn)
        if last == at:
            step.name = names[place] = assigned[1]
        elif defines is not None and defines[2] == f"r{step.register}":  # only moved
            step.name = names[place] = names[frame, int(defines[1])] = assigned[1]


def _place(step: PathStep) -> tuple[int, int]:
    return (step.span.line if step.span and step.span.line else ~step.insn_idx, step.register)


def _follow(
    steps: Sequence[LogStep], at: int, register: int, found: dict[int, PathStep], seen: set[tuple[int, int]],
    frame: int | None = None,
) -> None:
    """Look before step `at` for what gave `register` of a frame its value, and go on with what that was made of."""
    frame = steps[at].frame if frame is None else frame
    while at > 0:
        following = steps[at]
        at -= 1
        step = steps[at]
        if (at, register) in seen:
            return
        if step.frame > frame:
            if register == 0 and following.frame == frame and step.insn == "exit":  # what a function returned
                _follow(steps, at + 1, 0, found, seen, step.frame)
                return
            continue
        if step.frame < frame:
            if following.frame == frame and 1 <= register <= 5 and step.insn.startswith("call"):  # an argument
                _follow(steps, at, register, found, seen, step.frame)
            return
        words = describe(step.states[register]) if register in step.states else ""
        if step.insn.startswith("if ") and register in map(int, _REGISTER.findall(step.insn)):
            seen.add((at, register))
            if words:
                how = "jumped" if following.insn_idx != step.insn_idx + 1 else "not jumped"
                found.setdefault(at, PathStep(step.insn_idx, step.insn, register, words, how, step.span))
            continue
        if _CALL.match(step.insn) and register <= 5:
            if register == 0 and words:
                found.setdefault(at, PathStep(step.insn_idx, step.insn, 0, words, "what the call gave", step.span))
            return
        defines = _DEFINES.match(step.insn)
        if defines is None or int(defines[1]) != register:
            continue
        seen.add((at, register))
        is_load = defines[2].startswith("*(")
        stored = _store_of(steps, at, defines[2]) if is_load else None
        if words and stored is None:
            how = "read from memory" if is_load else ""
            found.setdefault(at, PathStep(step.insn_idx, step.insn, register, words, how, step.span))
        if stored is not None:
            _follow(steps, stored[0], stored[1], found, seen)
        if is_load:
            return
        sources = [int(n) for n in _REGISTER.findall(defines[2]) if n != "10"]
        for source in sources:
            if source != register:
                _follow(steps, at, source, found, seen)
        if re.match(r"[rw]\d+ = ", step.insn):
            return


_STACK_PLACE = re.compile(r"\*\(u64 \*\)\(r10 [+-] ?\d+\)$")


def _store_of(steps: Sequence[LogStep], at: int, place: str) -> tuple[int, int] | None:
    """Return which step spilled what a load at step `at` gets from the stack, and from which register."""
    if not _STACK_PLACE.match(place):
        return None
    frame = steps[at].frame
    for i in range(at - 1, -1, -1):
        step = steps[i]
        if step.frame < frame:
            return None
        if step.frame == frame and step.insn.startswith(f"{place} = "):
            register = re.fullmatch(r"r(\d+)", step.insn[len(place) + 3 :])
            return None if register is None else (i, int(register[1]))
    return None


def catalogue() -> str:
    """Return all rules as Markdown, for the documentation."""
    lines = []
    for rule in RULES.values():
        lines += [f"### {rule.name}", "", rule.words[0].upper() + rule.words[1:], "", f"What to do: {rule.hint}.", ""]
        for language, title in (("python", "Python"), ("c", "C"), ("bpftrace", "bpftrace")):
            if text := getattr(rule, language):
                lines.append(f"- {title}: {text}")
        lines += [""] if lines[-1] else []
    return "\n".join(lines)

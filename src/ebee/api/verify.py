"""`ebee.verify`: what a verifier says of programs, ebee's own anywhere, or the running kernel's."""

from __future__ import annotations

from os import fspath

from ..errors import Explanation, FormatError, InternalError, PermissionMissing, SourceSpan, SyscallError
from ..record import Record, field
from .compile import compile, find_target
from .objects import Object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from os import PathLike
    from typing import Any

    from ..spec.object import ObjectSpec, ProgramSpec
    from ..types.probes import Probe
    from ..types.struct_ops import StructOps

KERNELS = ("6.1", "6.12", "6.18", "7.3")
INSN_LIMIT = 1_000_000
_PATH, _ALL_PATHS, _STATS = 1, 2, 4  # log levels
_LOG_BYTES = 1 << 24
_EPERM, _ENOSPC = 1, 28


class ProgramVerdict(Record):
    """What a verifier said of one program; `explanation` is None where it was accepted.

    `verifier` is `ebee` or `Linux VERSION`. `processed` instructions were explored, of 1,000,000 that may be;
    `longest_path` of them on one path (0: not known). `total_states` were kept, `peak_states` at once and
    `max_states_per_insn` at one instruction. `stack_bytes` is the stack of each function, the program's own first, and
    `deepest_stack` that of the dearest chain of calls (0: not known). `costs` has how often instructions of each source
    line were explored, `pruned` how often a path ended there because the rest was known; the most frequent first.
    `log` is the kernel's own text.
    """

    program: str
    section: str
    verifier: str
    accepted: bool
    explanation: Explanation | None = None
    insns: int = 0
    processed: int = 0
    longest_path: int = 0
    total_states: int = 0
    peak_states: int = 0
    max_states_per_insn: int = 0
    deepest_stack: int = 0
    stack_bytes: list[int] = field(default_factory=list)
    costs: list[tuple[SourceSpan, int]] = field(default_factory=list)
    pruned: list[tuple[SourceSpan, int]] = field(default_factory=list)
    log: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as data for JSON."""
        return {
            "program": self.program, "section": self.section, "verifier": self.verifier, "accepted": self.accepted,
            "explanation": None if self.explanation is None else self.explanation.to_dict(), "insns": self.insns,
            "processed": self.processed, "longest_path": self.longest_path, "total_states": self.total_states,
            "peak_states": self.peak_states,
            "max_states_per_insn": self.max_states_per_insn, "deepest_stack": self.deepest_stack,
            "stack_bytes": self.stack_bytes,
            "costs": [{"file": s.file, "line": s.line, "text": s.text, "explored": n} for s, n in self.costs],
            "pruned": [{"file": s.file, "line": s.line, "text": s.text, "paths": n} for s, n in self.pruned],
        }  # fmt: skip

    def render(self) -> str:
        """Return it as text for people."""
        head = f"{self.program}: {self.section}, {self.insns} instructions: "
        e = self.explanation
        if e is not None:
            where = "" if e.insn_idx is None else f" (instruction {e.insn_idx}{f': {e.insn}' if e.insn else ''})"
            lines = [f"{head}refused by {self.verifier}", f"  {e.reason or e.message}{where}"]
            if e.span is not None and e.span.text:
                place = f"{e.span.file}:{e.span.line}: " if e.span.line else ""
                lines.append(f"  at {place}{e.span.text.strip()}")
            lines.append(f"  rule {e.rule}: {e.words}")
            lines += [f"  note: {note}" for note in e.notes()]
            return "\n".join([*lines, f"  hint: {e.hint}"] if e.hint else lines)
        share = 100 * self.processed / INSN_LIMIT
        lines = [f"{head}accepted by {self.verifier}"]
        lines.append(f"  explored {self.processed:,} instructions, {share:.2g} % of what may be")
        if self.longest_path:
            lines.append(f"  longest path {self.longest_path:,} instructions")
        most = f"{self.max_states_per_insn} at one instruction"
        lines.append(f"  states kept {self.total_states}, at once {self.peak_states}, {most}")
        if self.stack_bytes:
            deepest = f", {self.deepest_stack} in the deepest chain of calls" if self.deepest_stack else ""
            lines.append(f"  stack {' + '.join(map(str, self.stack_bytes))} bytes of 512{deepest}")
        if self.pruned:
            (span, count), total = self.pruned[0], sum(n for _span, n in self.pruned)
            lines.append(f"  paths that ended early {total:,}, most of them ({count:,}) at {span.file}:{span.line}")
        for span, count in self.costs[:5]:
            lines.append(f"  {count:8,} x {span.file}:{span.line}: {span.text.strip()}")
        return "\n".join(lines)


def verify(
    *programs: Probe | type[StructOps] | Object | str | PathLike[str], log: str = "ebee", kernel: str = "6.18",
    unprivileged: bool = False, strict_alignment: bool = False, target: str = "auto",
    kconfig: Mapping[str, str | int] | None = None,
) -> list[ProgramVerdict]:
    """Return the verdict on each program: of probes, of an object, or of the object file of that name.

    ebee's own verifier needs no privilege and judges by the rules of `kernel`; with `log="kernel"` the running kernel
    is asked, which loads the programs and lets them go. `unprivileged` judges for users without CAP_BPF. What objects
    want to know of the kernel's configuration is filled in as `load` does, first from `kconfig`; the version is that of
    the rules.
    Raises: CompileError, UsageError, FormatError, NotSupported for a variable of `.kconfig` that is nowhere;
    InternalError, with a file to report, if the verifier itself fails;
    for the kernel's verdict also PermissionMissing and SyscallError.
    """
    from ..errors import UsageError

    if log not in ("ebee", "kernel"):
        raise UsageError(f"there is no verifier {log!r}", hint="log is ebee or kernel")
    if kernel not in KERNELS:
        raise UsageError(f"the rules of Linux {kernel} are not known", hint=f"there are: {', '.join(KERNELS)}")
    specs: list[ObjectSpec] = []
    probes: list[Probe | type[StructOps]] = []
    for given in programs:
        if isinstance(given, str) or hasattr(given, "__fspath__"):
            specs.append(_read(fspath(given)))
        elif isinstance(given, Object):
            specs.append(given.spec)
        else:
            probes.append(given)
    if probes:
        specs.append(compile(*probes, target=target).spec)
    if not specs:
        raise UsageError("there is nothing to verify", hint="give probes, an object, or a file's name")
    found: list[ProgramVerdict] = []
    for spec in specs:
        if spec.kconfig:
            spec = _configured(spec, {} if log == "kernel" else _virtual_values(kernel), kconfig or {})
        if log == "kernel":
            found += _ask_kernel(spec)
        else:
            for prog in spec.programs.values():
                found.append(_ask_ebee(prog, spec, kernel, unprivileged, strict_alignment, target))
    return found


def _virtual_values(kernel: str) -> dict[str, str | int]:
    """Return what `.kconfig` has beside the configuration, on a kernel of that version."""
    major, minor = map(int, kernel.split("."))
    return {
        "LINUX_KERNEL_VERSION": major << 16 | minor << 8, "LINUX_HAS_BPF_COOKIE": "y", "LINUX_HAS_SYSCALL_WRAPPER": "y",
    }  # fmt: skip


def _configured(spec: ObjectSpec, virtual: dict[str, str | int], given: Mapping[str, str | int]) -> ObjectSpec:
    """Return the object with its map `.kconfig` filled in."""
    from .object_kconfig import MAP, fill

    spec = spec.replace(maps={**spec.maps, MAP: spec.maps[MAP].replace()})
    fill(spec, "kernel", {**virtual, **given})
    return spec


def _read(file: str) -> ObjectSpec:
    from ..elf.read import read_object

    try:
        with open(file, "rb") as f:
            return read_object(f.read(), file)
    except OSError as e:
        raise FormatError(f"cannot be read: {e.strerror}", file=file) from None


def _ask_ebee(
    prog: ProgramSpec, obj: ObjectSpec, kernel: str, unprivileged: bool, strict_alignment: bool, target: str
) -> ProgramVerdict:
    from ..kernel.types import source_spans
    from ..verifier.entry import verify_program
    from ..verifier.refusal import Options

    options = Options(kernel, not unprivileged, strict_alignment, count_visits=True, trace_refusal=True)
    try:
        verdict = verify_program(prog, obj, find_target(target), options)
    except InternalError as e:
        hint = f"the program counts as refused; please report it with {_write_reproducer(prog, obj)}"
        raise InternalError(str(e), hint=hint) from e
    spans, stats = source_spans(prog, obj.btf), verdict.stats
    made = ProgramVerdict(prog.name, prog.section, "ebee", verdict.accepted, insns=sum(i.slots for i in prog.insns))
    if verdict.refusal is not None:
        from ..verifier.explain_refusal import explain_refusal

        made.explanation = explain_refusal(verdict.refusal, prog, spans)
    made.processed, made.longest_path = stats.processed, stats.longest_path
    made.total_states, made.peak_states, made.stack_bytes = stats.total_states, stats.peak_states, stats.stack_bytes
    made.max_states_per_insn, made.deepest_stack = stats.max_states_per_insn, stats.deepest_stack
    made.costs, made.pruned = _costs(stats.visits, spans), _costs(stats.pruned, spans)
    return made


def _costs(visits: dict[int, int], spans: dict[int, SourceSpan]) -> list[tuple[SourceSpan, int]]:
    """Return how often instructions of each line were explored, the dearest first."""
    counts: dict[tuple[str, int], int] = {}
    places: dict[tuple[str, int], SourceSpan] = {}
    for slot, count in visits.items():
        if (span := spans.get(slot)) is not None:
            place = span.file, span.line
            counts[place] = counts.get(place, 0) + count
            places.setdefault(place, span)
    return sorted(((places[place], n) for place, n in counts.items()), key=lambda row: -row[1])


def _write_reproducer(prog: ProgramSpec, obj: ObjectSpec) -> str:
    """Write a program on which the verifier failed to a file; return the file's name."""
    import os
    import tempfile

    from ..isa.encode import encode

    one = obj.replace(programs={prog.name: prog})
    try:
        data, suffix = Object(one).to_bytes(), ".bpf.o"
    except Exception:  # what cannot be written as an object is kept as bytecode, if it is that
        try:
            data, suffix = encode(prog.insns), ".bpf.bin"
        except FormatError:
            data, suffix = repr(prog.insns).encode(), ".txt"
    fd, path = tempfile.mkstemp(suffix, f"ebee-verify-{prog.name}-")
    with os.fdopen(fd, "wb") as f:
        f.write(data)
    return path


def _ask_kernel(obj: ObjectSpec) -> list[ProgramVerdict]:
    import os

    from ..kernel.backend import KernelBackend
    from ..kernel.types import source_spans
    from ..spec.object import PIN_NONE

    verifier = f"Linux {os.uname().release}"
    backend = KernelBackend()
    try:
        # Maps that are pinned by name are not looked for, and none is left behind.
        maps = {name: backend.create_map(spec.replace(pinning=PIN_NONE), obj) for name, spec in obj.maps.items()}
        found = []
        for prog in obj.programs.values():
            result, log = backend.verifier_log(prog, obj, maps, _PATH | _STATS, _LOG_BYTES)
            if result == -_EPERM and not log:
                raise PermissionMissing(f"loading program {prog.name!r}", ["CAP_BPF", "CAP_PERFMON"])
            accepted = result == 0
            made = ProgramVerdict(prog.name, prog.section, verifier, accepted, insns=sum(i.slots for i in prog.insns))
            made.log, spans = log, source_spans(prog, obj.btf)
            _read_stats(log, made)
            if accepted:
                result, log = backend.verifier_log(prog, obj, maps, _ALL_PATHS, _LOG_BYTES)
                if result != -_ENOSPC:
                    made.costs = _costs(_count(_VISIT, log), spans)
                    made.pruned = _costs(_count(_SAFE, log), spans)
            elif not log:
                raise SyscallError("BPF_PROG_LOAD", -result, f"program {prog.name!r}")
            else:
                from ..verifier.explain import explain_log, language_of

                language = language_of(next(iter(spans.values()), None))
                made.explanation = explain_log(log, spans=spans, language=language)
                if (at := made.explanation.insn_idx) is not None:
                    made.explanation.span = spans.get(at, made.explanation.span)
            found.append(made)
        return found
    finally:
        backend.close()


_VISIT, _SAFE = r"^(\d+): \([0-9a-f]{2}\)", r"^(?:from \d+ to )?(\d+)(?: \(speculative execution\))?: safe$"


def _count(pattern: str, log: str) -> dict[int, int]:
    """Return how often a log has lines about each instruction."""
    import re

    counts: dict[int, int] = {}
    for slot in re.findall(pattern, log, re.M):
        counts[int(slot)] = counts.get(int(slot), 0) + 1
    return counts


_STATISTICS = r"^processed (\d+) insns .*?max_states_per_insn (\d+) total_states (\d+) peak_states (\d+)"


def _read_stats(log: str, made: ProgramVerdict) -> None:
    import re

    if found := re.search(_STATISTICS, log, re.M):
        made.processed, made.max_states_per_insn, made.total_states, made.peak_states = map(int, found.groups())
    if found := re.search(r"^stack depth ([\d+]+)", log, re.M):
        made.stack_bytes = [int(n) for n in found[1].split("+")]


def verdicts_accept(verdicts: Sequence[ProgramVerdict]) -> bool:
    """Tell whether all programs were accepted."""
    return all(verdict.accepted for verdict in verdicts)

"""Cases for the verifier: short programs as text, with what a kernel said about each.

A file has any number of cases. Words at the start of a line say what a program is; its code is indented:

    case stack_read_before_write
    section socket
    kernel 6.18 refuses
        r0 = *(u64 *)(r10 - 8)      ;! stack_read_unwritten: invalid read from stack R10 off -8+0 size 8
        exit

`;!` stands beside the instruction that is refused: the name of the rule (`ebee.verifier.rules`) and the message of
the kernel that was recorded last. What belongs to no instruction stands on the verdict's own line:

    kernel 6.18 refuses cfg_unreachable: unreachable insn 1
    kernel 6.18 accepts 12                  (instructions processed)
    kernel 7.3 accepts 9                    (another kernel, another verdict)
    kernel 6.12-user refuses pointer_leak: R0 leaks addr        (to a user without privilege)
    like 6.18 6.1 6.12                      (these say what 6.18 says: verdict and rule)

What a case may say before its code:

    section tp_btf/sched_switch             the program's section, as in object files
    license Proprietary                     else GPL
    options unprivileged strict_alignment sleepable
    map counts hash key 4 value 8 entries 16 flags 0x1 frozen data 0102
    map elems array value elem              the value is a struct of this case, one entry
    map outer array_of_maps inner array value 8
    struct elem lock:bpf_spin_lock n:u64 task:kptr(task_struct) head:bpf_list_head(node.link)
    func add global u64 *elem:nonnull       a function of the code by its label: linkage and arguments
    func test global ptr throws:caught      the main function, and which function is called when it throws
    ksym runqueues int                      a variable of the kernel, used as var[btf_id:runqueues]
    differs WHY                             ebee's verifier is known to say something else

`.insn OPCODE DST SRC OFF IMM` writes an instruction that has no text, `type(elem)` the number of a struct's type. The
kernel's functions are called by name.
"""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ebee.abi import bpf as abi
from ebee.abi.helpers import HELPER_IDS
from ebee.btf.build import BtfBuilder
from ebee.btf.kinds import BTF_FUNC_GLOBAL, BTF_FUNC_STATIC, Member
from ebee.btf.special import SPECIAL_STRUCTS, add_graph_root, add_kptr, add_special
from ebee.errors import AsmError
from ebee.isa.asm import assemble_listing
from ebee.isa.insn import Insn
from ebee.isa.opcodes import (
    BPF_PSEUDO_BTF_ID,
    BPF_PSEUDO_CALL,
    BPF_PSEUDO_FUNC,
    BPF_PSEUDO_KFUNC_CALL,
    BPF_PSEUDO_MAP_FD,
    BPF_PSEUDO_MAP_VALUE,
    CALL,
    LDDW,
)
from ebee.spec.object import (
    RELO_KFUNC,
    RELO_KSYM,
    RELO_MAP,
    RELO_MAP_VALUE,
    FuncInfo,
    MapSpec,
    ObjectSpec,
    ProgramSpec,
    Reloc,
)
from ebee.spec.sections import parse_section

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "data" / "verifier"
MADE = FOLDER / "made"  # cases that agree.py made
MARK = ";!"
MAIN = "6.18"  # the kernel whose verdicts stand beside instructions
USER = "-user"  # behind a kernel's version: its verdict for users without privilege
OPTIONS = {"unprivileged": 0, "strict_alignment": abi.BPF_F_STRICT_ALIGNMENT, "sleepable": abi.BPF_F_SLEEPABLE}
_MAP_TYPES = {name.removeprefix("BPF_MAP_TYPE_").lower(): number for number, name in abi.MAP_TYPE_NAMES.items()}
_WITHOUT_KEYS = frozenset(("ringbuf", "user_ringbuf", "queue", "stack", "bloom_filter", "arena"))
_STORAGE = frozenset(("sk_storage", "task_storage", "inode_storage", "cgrp_storage"))
_NO_PREALLOC = 1
_SIZES = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "int": 4, "long": 8}
_MEMBER = re.compile(r"(\w+):(\w+)(?:\(([\w.]+)\))?(?:\[(\d+)\])?$")


class Verdict(NamedTuple):
    """What a kernel said. `line` is the line of its file that holds the refused instruction, 0 for none of them."""

    accepted: bool
    processed: int = 0
    message: str = ""
    rule: str = ""
    line: int = 0


class Case(NamedTuple):
    """A case: its text as it stands in a file, and what was made of it. `lines` has each instruction's line there."""

    name: str
    file: str
    first_line: int
    text: list[str]
    spec: ObjectSpec
    lines: list[int]
    options: frozenset[str]
    verdicts: dict[str, Verdict]
    differs: str = ""

    @property
    def program(self) -> ProgramSpec:
        return self.spec.programs["test"]

    def line_of_slot(self, slot: int) -> int:
        """Return the line of the instruction that has this slot; 0 if there is none."""
        at = 0
        for insn, line in zip(self.program.insns, self.lines):
            if at <= slot < at + insn.slots:
                return line
            at += insn.slots
        return 0


class CaseError(ValueError):
    """A case that cannot be read."""


def all_files() -> list[Path]:
    """Return all files of cases, also those that were made."""
    return sorted(FOLDER.glob("*.asm")) + sorted(MADE.glob("*.asm"))


def read_cases(paths: Iterable[Path] = ()) -> list[Case]:
    """Read the cases of these files, else all of them. Raises: CaseError."""
    found = [case for path in paths or sorted(FOLDER.glob("*.asm")) for case in parse(path.read_text(), str(path))]
    names: set[str] = set()
    for case in found:
        if case.name in names:
            raise CaseError(f"{case.file}:{case.first_line}: there are two cases {case.name}")
        names.add(case.name)
    return found


def parse(text: str, file: str = "<cases>") -> list[Case]:
    """Read the cases of a text. Raises: CaseError."""
    lines = text.splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("case ")]
    return [_Reader(file, start, lines[start:end]).case() for start, end in zip(starts, [*starts[1:], len(lines)])]


class _Reader:
    def __init__(self, file: str, start: int, lines: list[str]) -> None:
        self.file, self.start, self.lines = file, start, lines
        self.btf = BtfBuilder()
        self.structs: dict[str, tuple[int, int]] = {}  # id, size
        self.functions: dict[str, list[str]] = {}
        self.ksyms: dict[str, str] = {}
        self.spec = ObjectSpec("case")
        self.options: set[str] = set()
        self.section = "socket"
        self.names_types = False
        self.differs = ""
        self.verdicts: dict[str, Verdict] = {}
        self.like: list[tuple[str, str]] = []
        self.at = 0

    def wrong(self, what: str) -> CaseError:
        return CaseError(f"{self.file}:{self.start + self.at + 1}: {what}")

    def case(self) -> Case:
        name = self.lines[0].split(None, 1)[1].strip()
        marked = Verdict(False)
        code: list[str] = []
        for at, line in enumerate(self.lines):
            self.at = at
            is_code = bool(at) and line[:1] in (" ", "\t")
            code.append(line if is_code else "")
            if is_code:
                if MARK in line:
                    rule, _, message = line.partition(MARK)[2].strip().partition(": ")
                    marked = Verdict(False, 0, message, rule, self.start + self.at + 1)
            elif self.at and line.strip() and not line.startswith("//"):
                word, _, rest = line.partition(" ")
                reader = getattr(self, "_" + word, None)
                if reader is None:
                    raise self.wrong(f"{word!r} is no word of a case")
                try:
                    reader(rest.strip())
                except (KeyError, IndexError, ValueError, StopIteration) as e:
                    raise e if isinstance(e, CaseError) else self.wrong(f"{word}: {e!r}") from None
        for kernel, verdict in self.verdicts.items():
            if not verdict.accepted and not verdict.message:
                self.verdicts[kernel] = marked
        for kernel, other in self.like:
            self.verdicts[kernel] = self.verdicts[other]
        lines = self._assemble(name, code)
        return Case(
            name, self.file, self.start + 1, self.lines, self.spec, lines, frozenset(self.options), self.verdicts,
            self.differs,
        )  # fmt: skip

    # -- words before the code ------------------------------------------------------------------------------

    def _section(self, rest: str) -> None:
        self.section = rest

    def _license(self, rest: str) -> None:
        self.spec.license = rest

    def _options(self, rest: str) -> None:
        self.options |= {option for option in rest.split() if OPTIONS[option] >= 0}

    def _differs(self, rest: str) -> None:
        self.differs = rest

    def _kernel(self, rest: str) -> None:
        version, verb, *more = rest.split(None, 2)
        if verb == "accepts":
            self.verdicts[version] = Verdict(True, int(more[0]) if more else 0)
        else:
            rule, _, message = (more[0] if more else "").partition(": ")
            self.verdicts[version] = Verdict(False, 0, message, rule)

    def _like(self, rest: str) -> None:
        other, *kernels = rest.split()
        self.like += [(kernel, other) for kernel in kernels]

    def _struct(self, rest: str) -> None:
        name, *members = rest.split()
        at, align_most = 0, 1
        made: list[Member] = []
        roots: list[tuple[int, str, str]] = []
        for index, text in enumerate(members):
            found = _MEMBER.match(text)
            if found is None:
                raise self.wrong(f"{text!r} is no member")
            field, kind, inside, count = found.groups()
            if kind in ("kptr", "kptr_untrusted", "percpu_kptr"):
                size = align = 8
                type_id = self._own_kptr(inside, kind) if inside in self.structs else add_kptr(self.btf, inside, kind)
            elif kind in SPECIAL_STRUCTS:
                (size, align), type_id = SPECIAL_STRUCTS[kind], add_special(self.btf, kind)
            elif kind in self.structs:
                (type_id, size), align = self.structs[kind], 8
            else:
                size = align = _SIZES[kind]
                type_id = self._scalar(kind)
            if kind in ("bpf_list_head", "bpf_rb_root") and inside:
                contained, _, node = inside.partition(".")
                roots.append((index, contained, node))
            if count:
                type_id, size = self.btf.add_array(type_id, int(count)), size * int(count)
            at = at + align - 1 & -align
            made.append(Member(field, type_id, at * 8))
            at, align_most = at + size, max(align, align_most)
        size = at + align_most - 1 & -align_most
        struct_id = self.btf.add_struct(name, size, made)
        self.structs[name] = (struct_id, size)
        for index, contained, node in roots:
            add_graph_root(self.btf, struct_id, index, contained, node)

    def _own_kptr(self, name: str, tag: str) -> int:
        return self.btf.add_ptr(self.btf.add_type_tag(tag, self.structs[name][0]))

    def _scalar(self, kind: str) -> int:
        add = self.btf.add_signed if kind in ("int", "long") else self.btf.add_int
        return add(kind, _SIZES[kind])

    def _func(self, rest: str) -> None:
        name, *words = rest.split()
        self.functions[name] = words

    def _ksym(self, rest: str) -> None:
        name, kind = rest.split()
        self.ksyms[name] = kind

    def _map(self, rest: str) -> None:
        name, kind, *words = rest.split()
        self.spec.maps[name] = self._map_spec(name, kind, words)

    def _map_spec(self, name: str, kind: str, words: list[str]) -> MapSpec:
        made = MapSpec(name, _MAP_TYPES[kind], 0 if kind in _WITHOUT_KEYS else 4, 4, 1)
        if kind in ("ringbuf", "user_ringbuf"):
            made.value_size, made.max_entries = 0, 4096
        elif kind == "arena":
            made.value_size, made.map_flags = 0, abi.BPF_F_MMAPABLE
        elif kind in _STORAGE:
            made.max_entries, made.map_flags = 0, _NO_PREALLOC
        given = iter(words)
        for word in given:
            if word == "frozen":
                made.frozen = True
            elif word == "inner":
                made.inner = self._map_spec(name + ".inner", next(given), list(given))
            elif word == "value" and (value := next(given)) in self.structs:
                made.value_type_id, made.value_size = self.structs[value]
                made.key_type_id = self._scalar("int" if made.key_size == 4 else "u64") if made.key_size else 0
            elif word == "value":
                made.value_size = int(value)
            elif word == "data":
                made.initial = bytes.fromhex(next(given)).ljust(made.value_size, b"\0")
            else:
                field = {"key": "key_size", "entries": "max_entries", "flags": "map_flags", "extra": "map_extra"}[word]
                setattr(made, field, int(next(given), 0))
        return made

    # -- code -----------------------------------------------------------------------------------------------

    def _assemble(self, name: str, code: list[str]) -> list[int]:
        raw: dict[int, Insn] = {}
        source = []
        for i, line in enumerate(code):
            line = line.partition(MARK)[0]
            words = line.split()
            if words[:1] == [".insn"]:
                raw[i + 1] = Insn(*(int(word, 0) for word in words[1:6]))
                line = "w0 = w0"
            self.names_types |= "type(" in line
            source.append(re.sub(r"type\((\w+)\)", lambda found: str(self.structs[found[1]][0]), line))
        text = "\n".join(source)
        labels = set(re.findall(r"^\s*([A-Za-z_]\w*):", text, re.M))
        called = dict.fromkeys(re.findall(r"\bcall\s+([A-Za-z_]\w*)\s*(?:$|;|//)", text, re.M))
        kfuncs = [f for f in called if f not in labels and f not in HELPER_IDS and "bpf_" + f not in HELPER_IDS]
        names = [*self.spec.maps, *self.ksyms]
        try:
            listing = assemble_listing(
                text, self.file, helpers=HELPER_IDS, kfuncs={f: i + 1 for i, f in enumerate(kfuncs)},
                symbols={n: i for i, n in enumerate(names)},
            )  # fmt: skip
        except AsmError as e:
            self.at = e.span.line - 1 if e.span else 0
            raise self.wrong(str(e)) from None
        insns = [raw.get(span.line, insn) for insn, span in zip(listing.insns, listing.spans)]
        if not insns:
            raise self.wrong("a case without code")
        relocs = []
        for i, insn in enumerate(insns):
            if listing.spans[i].line in raw:
                continue
            if insn.opcode == LDDW and insn.src_reg in (BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE):
                is_value = insn.src_reg == BPF_PSEUDO_MAP_VALUE
                symbol = names[insn.imm & 0xFFFFFFFF]
                relocs.append(Reloc(i, RELO_MAP_VALUE if is_value else RELO_MAP, symbol, insn.imm >> 32))
                insn.imm = 0
            elif insn.opcode == LDDW and insn.src_reg == BPF_PSEUDO_BTF_ID:
                relocs.append(Reloc(i, RELO_KSYM, names[insn.imm & 0xFFFFFFFF]))
                insn.imm = 0
            elif insn.opcode == CALL and insn.src_reg == BPF_PSEUDO_KFUNC_CALL:
                relocs.append(Reloc(i, RELO_KFUNC, kfuncs[insn.imm - 1]))
                insn.imm = 0
        for symbol, kind in self.ksyms.items():
            self.spec.externs[symbol] = self._scalar(kind) if kind in _SIZES else self.structs[kind][0]
        section = parse_section(self.section)
        flags = section.prog_flags
        for option in self.options:
            flags |= OPTIONS[option]
        program = ProgramSpec(
            "test", self.section, section.prog_type, section.attach_to, section.expected_attach_type, flags, insns,
            relocs,
        )  # fmt: skip
        program.func_info = self._functions(insns, listing.labels)
        self.spec.programs["test"] = program
        if self.functions or self.structs or program.func_info or self.ksyms:
            self.spec.btf = self.btf.encode()
        return [self.start + span.line for span in listing.spans]

    def _functions(self, insns: list[Insn], labels: dict[str, int]) -> list[FuncInfo]:
        """Return where functions begin, if the case tells of one, or takes the address of one."""
        slots: list[int] = []
        at = 0
        for insn in insns:
            slots.append(at)
            at += insn.slots
        starts = {0}
        takes_address = self.names_types  # what has the types of the program, too
        for slot, insn in zip(slots, insns):
            if insn.opcode == LDDW and insn.src_reg == BPF_PSEUDO_FUNC:
                takes_address = True
                starts.add(slot + 1 + struct.unpack("<i", struct.pack("<I", insn.imm & 0xFFFFFFFF))[0])
            elif insn.opcode == CALL and insn.src_reg == BPF_PSEUDO_CALL:
                starts.add(slot + 1 + insn.imm)
        thrown_to = {word[7:] for words in self.functions.values() for word in words if word.startswith("throws:")}
        starts |= {slot for label, slot in labels.items() if label in thrown_to}
        if not (self.functions or takes_address):
            return []
        by_slot = {slot: label for label, slot in labels.items()}
        found = []
        for slot in sorted(starts & set(slots)):
            label = by_slot.get(slot, f"function_{slot}") if slot else "test"
            words = self.functions.get(label, ["global", "ptr"] if not slot else ["static"])
            found.append(FuncInfo(slots.index(slot), self._function(label, words)))
        return found

    def _function(self, name: str, words: list[str]) -> int:
        linkage = BTF_FUNC_GLOBAL if words[0] == "global" else BTF_FUNC_STATIC
        returns, arguments = self._scalar("int"), words[1:]
        if "->" in arguments:
            at = arguments.index("->")
            returns = 0 if arguments[at + 1] == "void" else self._argument(arguments[at + 1])
            arguments = arguments[:at]
        tags: list[tuple[int, str]] = []
        parameters = []
        throws = [word.partition(":")[2] for word in arguments if word.startswith("throws:")]
        arguments = [word for word in arguments if not word.startswith("throws:")]
        for i, word in enumerate(arguments):
            kind, *given = word.split(":")
            tags += [(i, f"arg:{tag}") for tag in given]
            parameters.append((f"a{i}", self._argument(kind)))
        func_id = self.btf.add_func(name, self.btf.add_func_proto(returns, parameters), linkage)
        for i, tag in tags + [(-1, f"exception_callback:{handler}") for handler in throws]:
            self.btf.add_decl_tag(tag, func_id, i)
        return func_id

    def _argument(self, kind: str) -> int:
        if kind == "ptr":
            return self.btf.add_ptr(0)
        if not kind.startswith("*"):
            return self._scalar(kind)
        name = kind[1:]
        if name in _SIZES:
            return self.btf.add_ptr(self._scalar(name))
        if name not in self.structs:  # the kernel's
            self.structs[name] = (self.btf.add_struct(name, 0, []), 0)
        return self.btf.add_ptr(self.structs[name][0])


def encode_slots(insns: Iterable[Insn]) -> bytes:
    """Return the machine form of instructions, also of those that are none: registers up to 15, any opcode."""
    data = bytearray()
    for insn in insns:
        registers = insn.dst_reg & 15 | (insn.src_reg & 15) << 4
        low = insn.imm & 0xFFFFFFFF
        data += struct.pack("<BBhI", insn.opcode, registers, insn.off, low)
        if insn.opcode == LDDW:
            data += struct.pack("<BBhI", 0, 0, 0, insn.imm >> 32 & 0xFFFFFFFF)
    return bytes(data)


def with_verdict(case: Case, kernel: str, verdict: Verdict) -> list[str]:
    """Return the lines of a case with a kernel's verdict in place of what was there for it."""
    lines = [line.partition(MARK)[0].rstrip() if line[:1] in (" ", "\t") else line for line in case.text]
    others = [v for k, v in case.verdicts.items() if k != kernel and not v.accepted and v.line]
    marks = {verdict.line: verdict} if verdict.line and not verdict.accepted else {v.line: v for v in others}
    for line, marked in marks.items():
        at = line - case.first_line
        lines[at] = f"{lines[at]:<43} {MARK} {marked.rule}: {marked.message}"
    words = f"kernel {kernel} accepts {verdict.processed}"
    if not verdict.accepted:
        words = f"kernel {kernel} refuses"
        if not verdict.line:
            words += f" {verdict.rule}: {verdict.message}"
    old = next((i for i, line in enumerate(lines) if line.startswith(f"kernel {kernel} ")), None)
    if old is not None:
        lines[old] = words
    else:
        before_code = next(i for i, line in enumerate(lines) if line[:1] in (" ", "\t"))
        lines.insert(before_code, words)
    return lines


def with_other(case: Case, verdicts: dict[str, Verdict]) -> list[str]:
    """Return the lines of a case with verdicts of kernels beside MAIN's: `like` where verdict and rule are alike."""
    main = case.verdicts.get(MAIN)
    known = {kernel: said for kernel, said in case.verdicts.items() if kernel != MAIN} | verdicts
    lines = [line for line in case.text if not line.startswith("like ") and not _is_other(line)]
    at = next(i for i, line in enumerate(lines) if line[:1] in (" ", "\t"))
    alike = [kernel for kernel, said in known.items() if main and said[0] == main[0] and said.rule == main.rule]
    made = [f"like {MAIN} {' '.join(sorted(alike, key=_by_version))}"] if alike else []
    for kernel in sorted(known.keys() - set(alike), key=_by_version):
        said = known[kernel]
        words = f"accepts {said.processed}" if said.accepted else f"refuses {said.rule}: {said.message}"
        made.append(f"kernel {kernel} {words}")
    return lines[:at] + made + lines[at:]


def _is_other(line: str) -> bool:
    return line.startswith("kernel ") and not line.startswith(f"kernel {MAIN} ")


def _by_version(kernel: str) -> tuple[bool, list[int]]:
    return kernel.endswith(USER), [int(part) for part in kernel.removesuffix(USER).split(".")]

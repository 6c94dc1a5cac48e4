"""Classic programs as text: tcpdump's three listings and the language of bpf_asm, both ways.

- "tcpdump" (`tcpdump -d`): `(000) ldh      [12]`, jumps as `jt 2 jf 5`, the numbers of instructions;
- "c" (`-dd`): `{ 0x28, 0, 0, 0x0000000c },`; "numbers" (`-ddd`): the count, then four decimal numbers a line;
- "asm" (bpf_asm): `ldh [12]`, `jeq #0x800,L2,L5`, ancillary data by its name (`ld vlan_tci`).

`assemble` reads all of them, and iptables' `4,48 0 0 9,21 0 1 6,…`.

Source: bpf_image.c of libpcap; Documentation/networking/filter.rst, tools/bpf/bpf_exp.y (Linux 6.18).
"""

from __future__ import annotations

import re

from ..errors import AsmError, SourceSpan
from . import classic as c
from .classic import ClassicInsn, Row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal, NoReturn

    Style = Literal["tcpdump", "c", "numbers", "asm"]


def disassemble(insns: Sequence[ClassicInsn], style: Style = "tcpdump") -> list[str]:
    """Return the lines of a listing. Raises: FormatError for an instruction that is not in the table."""
    if style == "c":
        return [f"{{ {i.code:#x}, {i.jt}, {i.jf}, {i.k:#010x} }}," for i in insns]
    if style == "numbers":
        return [str(len(insns)), *(f"{i.code} {i.jt} {i.jf} {i.k}" for i in insns)]
    if style == "tcpdump":
        return [f"({at:03}) {line}" for at, line in enumerate(_tcpdump(insns))]
    targets = {t for at, i in enumerate(insns) if i.code & 7 == c.JMP for t in _targets(at, i)}
    return [
        (f"L{at}: " if at in targets else "").ljust(6) + _asm(at, insn) for at, insn in enumerate(insns)
    ]


def _targets(at: int, insn: ClassicInsn) -> tuple[int, ...]:
    return (at + 1 + insn.k,) if insn.code == c.JMP | c.JA else (at + 1 + insn.jt, at + 1 + insn.jf)


def _operand(row: Row, insn: ClassicInsn, at: int, label: str) -> str:
    k = c.signed(insn.k) if row.operand in ("#{k}", "[{k}]", "[x + {k}]") else insn.k
    return row.operand.format(k=k, x=f"{insn.k:#x}", target=f"{label}{at + 1 + insn.k}")


def _tcpdump(insns: Sequence[ClassicInsn]) -> list[str]:
    lines = []
    for at, insn in enumerate(insns):
        row = c.row_of(insn, at)
        operand = _operand(row, insn, at, "")
        line = f"{row.mnemonic:<8} {operand}"
        if row.is_branch:
            line = f"{row.mnemonic:<8} {operand:<16} jt {at + 1 + insn.jt}\tjf {at + 1 + insn.jf}"
        lines.append(line if operand else row.mnemonic)
    return lines


def _asm(at: int, insn: ClassicInsn) -> str:
    row = c.row_of(insn, at)
    word = c.ancillary_of(insn)
    operand = word if word and word != "xor" else _operand(row, insn, at, "L")
    if insn.code == c.RET | c.A:
        operand = "a"
    line = f"{row.mnemonic} {operand}".rstrip()
    if row.is_branch:
        line += f",L{at + 1 + insn.jt},L{at + 1 + insn.jf}"
    return line


# Reading

_NUMBER = r"[-+]?(?:0[xX][0-9a-fA-F]+|\d+)"
_LABEL = re.compile(r"\s*(?:\((\d+)\)|([A-Za-z_]\w*)\s*:(?!\s*:)|(\d+)\s*:)\s*")
_JT_JF = re.compile(r"\s+jt\s+(\d+)\s+jf\s+(\d+)\s*$")
_STATEMENT = re.compile(r"([a-z]+)\s*(.*?)\s*$", re.S)
_COMMENT = re.compile(r"/\*.*?\*/|;[^\n]*", re.S)
_C_ROW = re.compile(rf"\{{\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\}}")
_NUMBERS = re.compile(r"[\s\d,]+")

# The shapes of operands; each captures at most one number.
_SHAPES = (
    ("mem", re.compile(rf"m\s*\[\s*({_NUMBER})\s*\]", re.I)),
    ("msh", re.compile(rf"4\s*\*\s*\(\s*\[\s*({_NUMBER})\s*\]\s*&\s*0xf\s*\)", re.I)),
    ("ind", re.compile(rf"\[\s*%?x\s*(?:\+\s*({_NUMBER}))?\s*\]", re.I)),
    ("ind", re.compile(r"\[\s*%?x\s*(-\s*(?:0x[0-9a-f]+|\d+))\s*\]", re.I)),
    ("abs", re.compile(rf"\[\s*({_NUMBER})\s*\]")),
    ("len", re.compile(r"#?(?:pktlen|len)", re.I)),
    ("imm", re.compile(rf"#?\s*({_NUMBER})")),
    ("x", re.compile(r"%?x", re.I)),
    ("a", re.compile(r"%?a", re.I)),
    ("", re.compile(r"")),
)
_EXTENSIONS = {word: distance for distance, word in c.ANCILLARY.items() if word != "xor"}
_OF_MODE = {c.IMM: "imm", c.ABS: "abs", c.IND: "ind", c.MEM: "mem", c.LEN: "len", c.MSH: "msh"}
# Mnemonics that are others with their ways out exchanged, and further spellings.
_INVERSE = {"jne": "jeq", "jneq": "jeq", "jlt": "jge", "jle": "jgt"}
_SPELLINGS = {"jmp": "ja", "ldi": "ld", "ldxi": "ldx"}


def _shape_of(row: Row) -> str:
    kind = row.code & 7
    if kind in (c.LD, c.LDX):
        return _OF_MODE[row.code & 0xE0]
    if kind in (c.ST, c.STX):
        return "mem"
    if kind == c.RET:
        return "a" if row.code & c.A else "imm"
    return {"x": "x", "": ""}.get(row.operand, "imm")


_FORMS: dict[tuple[str, str], Row] = {(row.mnemonic, _shape_of(row)): row for row in c.ROWS.values()}
_FORMS["ret", ""] = c.ROWS[c.RET | c.A]
_FORMS["ldx", "msh"] = c.ROWS[c.LDX | c.MSH | c.B]


def assemble(text: str, file: str = "<classic>") -> list[ClassicInsn]:
    """Return the instructions of a listing in any of the styles. Raises: AsmError at what is not understood."""
    rows = _C_ROW.findall(text)
    if rows and not _C_ROW.sub("", text).strip(" \t\r\n,;{}"):
        return [_of_numbers(*(int(n, 0) for n in row)) for row in rows]
    if any(map(str.isdigit, text)) and _NUMBERS.fullmatch(text):
        return _read_numbers(text, file)
    return _Reader(file).read(text)


def _of_numbers(code: int, jt: int, jf: int, k: int) -> ClassicInsn:
    if not (0 <= code < 1 << 16 and 0 <= jt < 256 and 0 <= jf < 256 and -(1 << 31) <= k < 1 << 32):
        raise AsmError(f"{code}, {jt}, {jf}, {k} are not the u16, u8, u8 and u32 of an instruction")
    return ClassicInsn(code, jt, jf, k & 0xFFFFFFFF)


def _read_numbers(text: str, file: str) -> list[ClassicInsn]:
    count, *numbers = (int(n) for n in text.replace(",", " ").split())
    if len(numbers) != 4 * count:
        raise AsmError(f"{file}: {count} instructions have {4 * count} numbers, not {len(numbers)}")
    return [_of_numbers(*numbers[at : at + 4]) for at in range(0, len(numbers), 4)]


class _Reader:
    """Reads statements one by one, and puts in the distances of jumps when all labels are known."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.insns: list[ClassicInsn] = []
        self.labels: dict[str, int] = {}
        self.jumps: list[tuple[int, list[str], SourceSpan]] = []

    def read(self, text: str) -> list[ClassicInsn]:
        blank = _COMMENT.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
        for number, line in enumerate(blank.split("\n"), 1):
            self.statement(line, SourceSpan(self.file, number, 0, number, len(line), line))
        if not self.insns:
            raise AsmError(f"{self.file}: there is no instruction")
        for at, names, span in self.jumps:
            distances = [self.distance(at, name, span) for name in names]
            insn = self.insns[at]
            if insn.code == c.JMP | c.JA:
                insn.k = distances[0]
            elif max(distances) > 255:
                raise AsmError("a conditional jump skips at most 255 instructions", span, hint="jump to a ja")
            else:
                insn.jt, insn.jf = distances
        return self.insns

    def distance(self, at: int, name: str, span: SourceSpan) -> int:
        target = at + 1 if not name else self.labels.get(name, int(name) if name.isdecimal() else -1)
        if target < 0:
            raise AsmError(f"there is no label {name}", span)
        if target <= at:
            raise AsmError(f"the jump to {name} goes backwards: classic programs only jump forward", span)
        return target - at - 1

    def statement(self, line: str, span: SourceSpan) -> None:
        at = 0
        while label := _LABEL.match(line, at):
            name = label[1] or label[2] or label[3]
            key = str(int(name)) if name.isdecimal() else name
            if key in self.labels:
                raise AsmError(f"the label {name} is there twice", span)
            self.labels[key] = len(self.insns)
            at = label.end()
        rest = line[at:].strip()
        if not rest:
            return
        span = span.replace(col=len(line) - len(line[at:].lstrip()), end_col=len(line.rstrip()))
        ways: list[str] | None = None
        if found := _JT_JF.search(rest):
            ways, rest = [found[1], found[2]], rest[: found.start()]
        match = _STATEMENT.match(rest)
        if match is None:
            self.refuse(rest, span)
        mnemonic = _SPELLINGS.get(match[1], match[1])
        operand, *names = (part.strip() for part in match[2].split(","))
        if mnemonic == "ja":
            self.jumps.append((len(self.insns), [operand], span))
            self.insns.append(ClassicInsn(c.JMP | c.JA))
            return
        inverted = mnemonic in _INVERSE
        row, k = self.form(_INVERSE.get(mnemonic, mnemonic), operand, rest, span)
        if row.is_branch:
            ways = ways or (names + [""])[:2]
            if not ways[0] or len(names) > 2:
                raise AsmError(f"{mnemonic} needs a label: {mnemonic} {operand or '#1'},THEN,ELSE", span)
            self.jumps.append((len(self.insns), ways[::-1] if inverted else ways, span))
        elif names or ways:
            raise AsmError(f"{mnemonic} does not jump", span)
        self.insns.append(ClassicInsn(row.code, 0, 0, k))

    def form(self, mnemonic: str, operand: str, text: str, span: SourceSpan) -> tuple[Row, int]:
        """Return the row that a mnemonic and an operand make, and the operand's number."""
        word = operand.lstrip("#")
        if word in _EXTENSIONS and mnemonic in ("ld", "ldh", "ldb"):
            return _FORMS[mnemonic, "abs"], c.AD_OFF + _EXTENSIONS[word]
        for shape, pattern in _SHAPES:
            match = pattern.fullmatch(operand)
            row = _FORMS.get((mnemonic, shape))
            if match is None or row is None:
                continue
            digits = (match[1] or "0").replace(" ", "") if pattern.groups else "0"
            k = int(digits, 0 if "x" in digits.lower() else 10)
            if not -(1 << 31) <= k < 1 << 32:
                raise AsmError(f"{digits} does not fit in 32 bits", span)
            return row, k & 0xFFFFFFFF
        self.refuse(text, span)

    def refuse(self, text: str, span: SourceSpan) -> NoReturn:
        known = sorted({m for m, _ in _FORMS} | _INVERSE.keys() | _SPELLINGS.keys())
        word = text.split()[0]
        if word in known:
            named = {"k": "K", "x": "K", "target": "LABEL"}
            forms = [f"{word} {r.operand.format(**named)}".strip() for (m, _), r in _FORMS.items() if m == word]
            raise AsmError("this is no classic instruction", span, hint=f"write {', '.join(forms)}" if forms else "")
        raise AsmError(f"there is no classic instruction {word!r}", span, hint=f"there are {', '.join(known)}")

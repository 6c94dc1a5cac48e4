"""Text to instructions.

One instruction or label a line, or a label and an instruction. Each line may be in any of these syntaxes:

- canonical, as `disasm` writes it and the kernel's verifier log and bpftool do (`if r1 s> 0x7 goto pc+3`);
- that of LLVM and of inline assembly in C (`if r1 s> 7 goto +3`, `w0 = *(u8 *)(r1 + 4)`, `r1 = 5 ll`,
  `w2 = xchg32_32(r1 + 0, w2)`), which differs in little;
- that of the bpf_conformance suite (`jsgt %r1, 7, +3`, `ldxb r0, [r1+4]`, `lock fetch add [r1], r2`).

A jump's target is a distance in slots with its sign (`+3`, `-2`, `pc+3`), a label, or a numeric label with
its direction (`1f`, `1b`). `exit` as a target means the first `exit` instruction, unless there is such a
label. Numbers are decimal, 0x, 0o or 0b. `;`, `//` and `#` begin a comment, the latter not within a word
(`name#1`). A listing's `12: (b7) ` before an instruction is skipped. Mnemonics and registers may be in
capitals.

A line is read by its shape: its tokens, with registers, numbers and names replaced by their sort. The rows'
syntax patterns are turned into shapes once; reading is a look-up.
"""

from __future__ import annotations

import re

from ..errors import AsmError, SourceSpan
from ..record import Record
from .insn import Insn
from .opcodes import LDDW
from .table import IMM_PARTS, ROWS, Row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TOKENS = r"""
    (?P<reg>%?[rRwW]\d+\b)
  | (?P<local>\d+[fb]\b)
  | (?P<num>[+-]?\s*(?:0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|\d+)(?!\w))
  | (?P<op>[sS](?:>>=|/=|%=|>=|<=|>|<)|>>=|<<=|[-+*/|&^%=!<>]=|[-+*/()\[\]{}<>=&,:|^%#])
  | (?P<word>kernel-function\b|[A-Za-z_.$][\w.$]*)
"""
_TOKEN = re.compile(_TOKENS, re.X)
_TEMPLATE_TOKEN = re.compile(r"(?P<field>(?P<prefix>%?[rw])?\{(?P<part>\w+)\})|" + _TOKENS, re.X)
_COMMENT = re.compile(r";|//|(?<!\w)\#")
_LISTING = re.compile(r"\s*\d+: \([0-9a-fA-F]{2}\) ")
_LABEL = re.compile(r"\s*([A-Za-z_.$][\w.$]*|\d+)\s*:")

# How an operand of a kind may be written, as the shapes of its tokens; other kinds: ("#",).
_WAYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "mem": (("#",), ()),
    "pkt_off": (("#",), ()),
    "value_off": (("#",), ()),
    "jump": (("#",), ("pc", "#"), ("@",)),
    "func": (("#",), ("@",)),
    "fd_idx": ((), ("fd_idx", "#")),
    "btf_fd": ((), ("btf_fd", ":", "#")),
    "helper": (("#",), ("@",), ("@", "##", "#")),
    "kfunc": (("#",), ("@",), ("@", "##", "#"), ("kernel-function", "##", "#")),
    "imm64": (("#",), ("@",)),
    "map_fd": (("#",), ("@",)),
    "map_idx": (("#",), ("@",)),
    "btf_id": (("#",), ("@",)),
}

# Lowest and highest number of a kind, and the bits it is stored in; other kinds: s32, also written as u32.
_RANGES = {
    "mem": (-(1 << 15), (1 << 15) - 1, 16),
    "off": (-(1 << 15), (1 << 15) - 1, 16),
    "fd_idx": (0, (1 << 15) - 1, 16),
    "imm64": (-(1 << 63), (1 << 64) - 1, 64),
    "addr_space": (0, (1 << 16) - 1, 16),
}
_S32 = (-(1 << 31), (1 << 32) - 1, 32)


class Listing(Record):
    """Assembled text: the instructions, the place of each, and the slot number of each label."""

    insns: list[Insn]
    spans: list[SourceSpan]
    labels: dict[str, int]


class _Token(Record):
    """`shape` is what it contributes to a line's shape; `value` the register, the number or the name."""

    shape: str
    value: int | str
    col: int
    text: str


class _Item(Record):
    """What a token of a pattern gives: a part of the instruction or, if "", a check for the legal value."""

    part: str
    kind: str = ""
    value: int | str = ""


class _Pattern(Record):
    row: Row
    items: list[_Item]


class _Statement(Record):
    tokens: list[_Token]
    patterns: list[_Pattern]
    span: SourceSpan
    slot: int


def _token_of(match: re.Match[str]) -> tuple[str, int | str]:
    """Return the shape and the value of a token of a line or of a template."""
    text = match.group()
    if match["reg"]:
        number = text.lstrip("%")
        return "%" + number[0].lower(), int(number[1:])
    if match["num"]:
        digits = text.replace(" ", "").replace("\t", "").lower().lstrip("+-")
        number_value = int(digits, 0 if digits[:2] in ("0x", "0o", "0b") else 10)
        return "#", -number_value if text[0] == "-" else number_value
    if match["local"]:
        return "@", text
    if match["op"]:
        return ("##" if text == "#" else text.lower()), ""
    return text.lower(), text


def _patterns_of(row: Row, template: str) -> Iterator[tuple[tuple[str, ...], list[_Item]]]:
    """Yield each shape that a template can have, with what its tokens stand for."""
    variants: list[tuple[tuple[str, ...], list[_Item]]] = [((), [])]
    for match in _TEMPLATE_TOKEN.finditer(template):
        if not match["field"]:
            shape, value = _token_of(match)
            fixed = value if shape in ("%r", "%w", "#") else ""
            variants = [((*s, shape), [*i, _Item("", "", fixed)]) for s, i in variants]
        elif match["prefix"]:
            register = _Item(match["part"] + "_reg", "reg")
            variants = [((*s, "%" + match["prefix"][-1]), [*i, register]) for s, i in variants]
        else:
            part = match["part"]
            kind = _kind_of(row, part)
            ways = _WAYS.get(kind, (("#",),))
            variants = [
                (s + way, i + [_Item(part if w in "#@" else "", kind) for w in way])
                for s, i in variants
                for way in ways
            ]
    yield from variants


def _kind_of(row: Row, part: str) -> str:
    if part in ("lo", "hi"):
        return IMM_PARTS[row.imm][part == "hi"]
    kind = str(getattr(row, part))
    return "imm64" if kind in IMM_PARTS else kind


_INDEX: dict[tuple[str, ...], list[_Pattern]] = {}
_WORDS: set[str] = set()


def _index() -> dict[tuple[str, ...], list[_Pattern]]:
    """Return the patterns by shape, made on first use; in a shape's list those of earlier rows come first."""
    if not _INDEX:
        for row in ROWS:
            for template in (row.syntax, row.conformance, *row.aliases):
                for shape, items in _patterns_of(row, template):
                    patterns = _INDEX.setdefault(shape, [])
                    if not any(p.row is row and p.items == items for p in patterns):
                        patterns.append(_Pattern(row, items))
                    _WORDS.update(element for element in shape if element[0].isalpha() or element[0] == "_")
    return _INDEX


class _Assembler:
    def __init__(
        self,
        filename: str,
        helpers: Mapping[str, int],
        kfuncs: Mapping[str, int],
        symbols: Mapping[str, int],
    ) -> None:
        self.filename, self.helpers, self.kfuncs, self.symbols = filename, helpers, kfuncs, symbols
        self.labels: dict[str, int] = {}
        self.local_labels: list[tuple[str, int]] = []
        self.statements: list[_Statement] = []
        self.slot = 0

    # Reading: lines to statements, and the slots of labels.

    def read(self, text: str) -> None:
        for number, line in enumerate(text.splitlines(), 1):
            comment = _COMMENT.search(line)
            end = comment.start() if comment else len(line)
            prefix = _LISTING.match(line, 0, end)
            start = prefix.end() if prefix else 0
            while label := _LABEL.match(line, start, end):
                self.define(label[1], self.span(number, line, label.start(1), label.end(1)))
                start = label.end()
            if line[start:end].strip():
                self.statement(number, line, start, end)

    def define(self, label: str, span: SourceSpan) -> None:
        if label.isdigit():
            self.local_labels.append((label, self.slot))
        elif label in self.labels:
            raise AsmError(f"the label {label!r} is defined twice", span)
        else:
            self.labels[label] = self.slot

    def statement(self, number: int, line: str, start: int, end: int) -> None:
        tokens = self.tokens(number, line, start, end)
        first, last = tokens[0], tokens[-1]
        span = self.span(number, line, first.col, last.col + len(last.text))
        patterns = self.patterns(tokens, span)
        self.statements.append(_Statement(tokens, patterns, span, self.slot))
        self.slot += 2 if patterns[0].row.opcode == LDDW else 1

    def tokens(self, number: int, line: str, start: int, end: int) -> list[_Token]:
        tokens = []
        position = start
        while position < end:
            if line[position].isspace():
                position += 1
                continue
            match = _TOKEN.match(line, position, end)
            if match is None:
                span = self.span(number, line, position, position + 1)
                raise AsmError(f"{line[position]!r} means nothing here", span)
            try:
                shape, value = _token_of(match)
            except ValueError:  # thousands of digits, or digits that are not ASCII
                raise AsmError("this number cannot be read", self.span(number, line, *match.span())) from None
            if shape in ("%r", "%w") and isinstance(value, int) and value > 10:
                span = self.span(number, line, *match.span())
                raise AsmError(f"there is no register {match.group()}", span, hint="registers are r0 to r10")
            tokens.append(_Token(shape, value, position, match.group()))
            position = match.end()
        return tokens

    def patterns(self, tokens: list[_Token], span: SourceSpan) -> list[_Pattern]:
        index = _index()
        for token in tokens:
            if token.value and isinstance(token.value, str) and token.shape not in _WORDS:
                token.shape = "@"
        shape = tuple(token.shape for token in tokens)
        if shape in index:
            return index[shape]
        # A name may be spelled like a word of the language: a label `exit`, a map `map`.
        for position in range(len(tokens) - 1, 0, -1):
            if isinstance(tokens[position].value, str) and tokens[position].value:
                other = (*shape[:position], "@", *shape[position + 1 :])
                if other in index:
                    tokens[position].shape = "@"
                    return index[other]
        raise self.unreadable(tokens, span)

    def unreadable(self, tokens: list[_Token], span: SourceSpan) -> AsmError:
        from difflib import get_close_matches

        from .disasm import format_insn

        by_text = {" ".join(shape): patterns[0].row for shape, patterns in _index().items()}
        firsts = {shape[0] for shape in _index() if shape[0].isidentifier() and len(shape[0]) > 1}
        first = tokens[0]
        if first.shape == "@" and str(first.value).lower() not in firsts and len(tokens) > 1:
            close = get_close_matches(str(first.value).lower(), sorted(firsts), 2)
            hint = f"did you mean {' or '.join(close)}?" if close else ""
            return AsmError(f"there is no instruction {first.text!r}", span, hint=hint)
        text = " ".join(token.shape for token in tokens[:40])
        alike = [shape for shape in by_text if shape.split(" ", 1)[0] == first.shape] or list(by_text)
        close = get_close_matches(text, alike, 1, 0.5)
        hint = ""
        if close:
            row = by_text[close[0]]
            fields = [4 if k == "mem" else 1 if k == "reg" else 2 for _f, k in row.operands]
            example = Insn(row.opcode, **dict(row.fixed))
            for (field, _kind), value in zip(row.operands, fields, strict=True):
                setattr(example, field, value)
            conformance = first.shape == row.mnemonic
            text = format_insn(example, style="conformance" if conformance else "kernel")
            hint = f"an instruction of this kind is: {text}"
        return AsmError("this is not an instruction", span, hint=hint)

    # Building: statements to instructions, now that all labels are known.

    def build(self) -> list[Insn]:
        if "exit" not in self.labels:
            for statement in self.statements:
                if statement.patterns[0].row.name == "exit":
                    self.labels["exit"] = statement.slot
                    break
        return [self.insn(statement) for statement in self.statements]

    def insn(self, statement: _Statement) -> Insn:
        first_error = None
        for pattern in statement.patterns:
            try:
                return self.fill(statement, pattern)
            except AsmError as error:
                first_error = first_error or error
        assert first_error is not None
        raise first_error

    def fill(self, statement: _Statement, pattern: _Pattern) -> Insn:
        row = pattern.row
        parts: dict[str, int] = {}
        for token, item in zip(statement.tokens, pattern.items, strict=True):
            if not item.part:
                if item.value != "" and token.value != item.value:
                    prefix = token.shape.lstrip("%#")
                    raise self.wrong(statement, token, f"this must be {prefix}{item.value}")
                if item.kind and token.shape == "@":
                    self.check_name(statement, token, item.kind)
                continue
            if item.kind == "reg":
                value = int(token.value)
                if parts.setdefault(item.part, value) != value:
                    raise self.wrong(statement, token, f"both must be the same register, r{parts[item.part]}")
            elif token.shape == "@":
                following = any(i.part == item.part and i is not item for i in pattern.items)
                if following:  # NAME#NUMBER: the number counts
                    self.check_name(statement, token, item.kind)
                else:
                    parts[item.part] = self.named(statement, token, item, row)
            else:
                parts[item.part] = self.number(statement, token, item)
        if "lo" in parts or "hi" in parts:
            width = 16 if row.imm == "addr_spaces" else 32
            mask = (1 << width) - 1
            imm = (parts.pop("hi", 0) & mask) << width | parts.pop("lo", 0) & mask
            parts["imm"] = imm - (imm >> 31 << 32) if width == 16 else imm
        return Insn(row.opcode, **(dict(row.fixed) | parts))

    def number(self, statement: _Statement, token: _Token, item: _Item) -> int:
        value = int(token.value)
        signed = token.text[0] in "+-"
        if item.kind == "jump" and not signed:
            raise self.wrong(statement, token, "a distance needs its sign", f"write +{value}, or a label")
        if item.kind in ("helper", "kfunc") and signed:
            raise self.wrong(statement, token, "a function's number has no sign")
        low, high, bits = _RANGES.get("off" if item.part == "off" else item.kind, _S32)
        if item.kind == "jump" and item.part == "imm":
            high = (1 << 31) - 1
        if not low <= value <= high:
            raise self.wrong(statement, token, f"{token.text} is out of range", f"it may be {low} to {high}")
        if item.kind == "imm64":
            return value & ((1 << 64) - 1)
        return value - (1 << 32) if bits == 32 and value >= 1 << 31 else value

    def named(self, statement: _Statement, token: _Token, item: _Item, row: Row) -> int:
        """Return the value of a name in the place of an operand."""
        name = str(token.value)
        value: int | None
        if item.kind in ("jump", "func"):
            target = self.target(name, statement.slot)
            value = None if target is None else target - statement.slot - 1
            if value is not None and item.part == "off" and not -(1 << 15) <= value < 1 << 15:
                hint = "use gotol" if row.name == "ja" else "jump over a gotol"
                raise self.wrong(statement, token, f"{name} is {value} slots away, too far for s16", hint)
        elif item.kind == "helper":
            value = self.helpers.get(name, self.helpers.get("bpf_" + name))
        elif item.kind == "kfunc":
            value = self.kfuncs.get(name)
        else:
            value = self.symbols.get(name)
        if value is None:
            from difflib import get_close_matches

            if row.family == "call":
                what, known = "function", [*self.labels, *self.helpers, *self.kfuncs]
            elif item.kind in ("jump", "func"):
                what, known = "label", list(self.labels)
            else:
                what, known = "symbol", list(self.symbols)
            close = get_close_matches(name, known, 2)
            hint = f"did you mean {' or '.join(close)}?" if close else ""
            raise self.wrong(statement, token, f"there is no {what} {name!r}", hint)
        return value

    def target(self, name: str, slot: int) -> int | None:
        """Return the slot of a label, as seen from `slot`."""
        if name in self.labels:
            return self.labels[name]
        if name[0].isdigit():
            places = [place for label, place in self.local_labels if label == name[:-1]]
            if name[-1] == "f":
                return min((place for place in places if place > slot), default=None)
            return max((place for place in places if place <= slot), default=None)
        return None

    def check_name(self, statement: _Statement, token: _Token, kind: str) -> None:
        """Check the NAME of NAME#NUMBER: it must not belong to the other sort of function."""
        name = str(token.value)
        if kind == "helper" and name in self.kfuncs and name not in self.helpers:
            raise self.wrong(statement, token, f"{name} is a kernel function")

    def wrong(self, statement: _Statement, token: _Token, what: str, hint: str = "") -> AsmError:
        line, text = statement.span.line, statement.span.text
        return AsmError(what, self.span(line, text, token.col, token.col + len(token.text)), hint=hint)

    def span(self, number: int, line: str, start: int, end: int) -> SourceSpan:
        return SourceSpan(self.filename, number, start, number, end, line)


def assemble_listing(
    text: str,
    filename: str = "<asm>",
    *,
    helpers: Mapping[str, int] | None = None,
    kfuncs: Mapping[str, int] | None = None,
    symbols: Mapping[str, int] | None = None,
) -> Listing:
    """Assemble `text`; `helpers` (name to id) and `kfuncs` (name to BTF id) are what `call NAME` knows
    besides labels.

    `symbols` are names for wide immediates, map fds and indices, and BTF ids: `r1 = map[fd:counts]`, `r1 =
    NAME ll`.

    Raises: AsmError, with the place, for what is not an instruction, a number out of range or an unknown
    name.
    """
    assembler = _Assembler(filename, helpers or {}, kfuncs or {}, symbols or {})
    assembler.read(text)
    labels = dict(assembler.labels)
    insns = assembler.build()
    return Listing(insns, [statement.span for statement in assembler.statements], labels)


def assemble(
    text: str,
    filename: str = "<asm>",
    *,
    helpers: Mapping[str, int] | None = None,
    kfuncs: Mapping[str, int] | None = None,
    symbols: Mapping[str, int] | None = None,
) -> list[Insn]:
    """Return the instructions of `text`; see `assemble_listing`."""
    return assemble_listing(text, filename, helpers=helpers, kfuncs=kfuncs, symbols=symbols).insns

"""Instructions to text.

The canonical ("kernel") syntax is what the kernel's verifier log and bpftool print (`r0 += 4`, `w1 = w2`,
`if r1 s> 0x7 goto pc+3`, `r1 = *(u32 *)(r10 -4)`, `r2 = atomic64_fetch_add((u64 *)(r1 +0), r2)`), with what
is needed to read every instruction back:

- a wide immediate ends in `ll`, as in LLVM: `r1 = 0x5 ll`;
- its pseudo forms are `map[fd:3]`, `map[fd:3][0]+16`, `map[idx:0]`, `map[idx:0][0]+16`, `var[btf_id:7]`,
  `var[btf_id:7 btf_fd:5]` and `subprog[+2]`;
- a helper without a name is `call 5`, with one `call bpf_ktime_get_ns#5`; a kernel function is `call
  kernel-function#1234` or `call NAME#1234`, ending in `fd_idx 2` when it is of another BTF than vmlinux's;
- with labels, jumps and local calls name their target: `goto L7`.

The "conformance" syntax is that of the bpf_conformance suite (`mov32 %r0, 1`, `ldxw %r0, [%r1+4]`),
extended in its manner to the instructions that the suite lacks.

Source: Linux kernel/bpf/disasm.c, tools/bpf/bpftool/xlated_dumper.c; bpf_conformance src/bpf_assembler.cc.
"""

from __future__ import annotations

from .encode import slot_offsets
from .table import IMM_PARTS, Row, row_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Literal

    from .insn import Insn

    Style = Literal["kernel", "conformance"]
    # Asked with a kind (helper, kfunc, map_fd, map_idx, btf_id, subprog) and the operand's value or, for
    # subprog, a slot number; returns the name to print, or None to print the number.
    Names = Callable[[str, int], str | None]

_NAMED = frozenset(("helper", "kfunc", "map_fd", "map_idx", "btf_id"))


def format_insn(
    insn: Insn,
    slot: int = 0,
    *,
    style: Style = "kernel",
    names: Names | None = None,
    labels: dict[int, str] | None = None,
) -> str:
    """Return the text of one instruction; `labels` maps target slots to the names that jumps print.

    Raises: FormatError if it is not an instruction of the table.
    """
    row = row_of(insn, slot)
    template = row.syntax if style == "kernel" else row.conformance

    def text(kind: int | str, value: int) -> str:
        return _operand(kind, value, style, names, (labels or {}).get(slot + 1 + value))

    imm = insn.imm
    values = {"dst": insn.dst_reg, "src": insn.src_reg, "off": text(row.off, insn.off), "imm": ""}
    if row.imm in IMM_PARTS:
        low_kind, high_kind = IMM_PARTS[row.imm]
        width = 16 if row.imm == "addr_spaces" else 32
        low, high = imm & ((1 << width) - 1), imm >> width & ((1 << width) - 1)
        values["lo"] = text(low_kind, low - (low >> 31 << 32) if low_kind == "func" else low)
        values["hi"] = text(high_kind, high)
    else:
        values["imm"] = text(row.imm, imm)
    return template.format_map(values)


def _operand(kind: int | str, value: int, style: str, names: Names | None, label: str | None) -> str:
    kernel = style == "kernel"
    name = names(str(kind), value) if names is not None and kind in _NAMED else None
    if kind == "jump":
        return label or f"pc{value:+d}" if kernel else label or f"{value:+d}"
    if kind == "func":
        return label or f"{value:+d}"
    if kind in ("mem", "value_off"):
        return f"{value:+d}"
    if kind == "pkt_off":
        return f"{'-' if value < 0 else '+'} {abs(value)}"
    if kind == "imm64":
        return f"{value:#x}"
    if kind == "cmp" and kernel:
        return f"{value & 0xFFFFFFFF:#x}"
    if kind in ("helper", "kfunc"):
        number = value & 0xFFFFFFFF
        if kernel and kind == "kfunc":
            return f"{name or 'kernel-function'}#{number}"
        return (f"{name}#{number}" if kernel else name) if name else str(number)
    if kind == "fd_idx":
        return f" fd_idx {value}" if value else ""
    if kind == "btf_fd":
        return f" btf_fd:{value}" if value else ""
    return name or str(value)


def jump_targets(insns: Sequence[Insn]) -> dict[int, bool]:
    """Map each slot that a jump or a reference to a function leads to, to whether it is entered as a
    function.

    Only slots where an instruction of `insns` begins are in it.
    """
    targets: dict[int, bool] = {}
    offsets = slot_offsets(insns)
    starts = set(offsets[:-1])
    for insn, slot in zip(insns, offsets, strict=False):
        row = row_of(insn, slot)
        target = _target(row, insn, slot)
        if target in starts:
            targets[target] = targets.get(target, False) or row.family in ("call", "lddw")
    return targets


def _target(row: Row, insn: Insn, slot: int) -> int:
    """Return the slot that the instruction at `slot` refers to, or -1."""
    field = row.jump_field
    if not field:
        return -1
    distance = insn.off if field == "off" else (insn.imm & 0xFFFFFFFF ^ 1 << 31) - (1 << 31)
    return slot + 1 + distance


def disassemble(
    insns: Sequence[Insn],
    *,
    style: Style = "kernel",
    labels: bool = True,
    names: Names | None = None,
    slots: bool = False,
    source_line: Callable[[int], str | None] | None = None,
) -> list[str]:
    """Return the lines of the text of a program; joined with newlines, `asm.assemble` reads them back.

    With `labels` the targets of jumps carry labels (`L7:` for slot 7, or the name of the subprog) and
    instructions are indented; without, jumps print distances (`pc+3`). With `slots` instructions begin as
    in a verifier log: `7: (b7) `. `source_line(slot)` may return a line to print before the instruction as
    `; line`.

    Raises: FormatError if one of them is not an instruction of the table.
    """
    label_of: dict[int, str] = {}
    if labels:
        for target, is_function in sorted(jump_targets(insns).items()):
            name = names("subprog", target) if is_function and names is not None else None
            label_of[target] = name or f"L{target}"
    indent = "    " if labels and not slots else ""
    lines = []
    for insn, slot in zip(insns, slot_offsets(insns), strict=False):
        if slot in label_of:
            lines.append(f"{label_of[slot]}:")
        source = source_line(slot) if source_line is not None else None
        if source is not None:
            lines += [f"; {line}" for line in source.splitlines()]
        prefix = f"{slot:4d}: ({insn.opcode:02x}) " if slots else indent
        lines.append(prefix + format_insn(insn, slot, style=style, names=names, labels=label_of))
    return lines

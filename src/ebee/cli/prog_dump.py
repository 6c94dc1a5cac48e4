"""`ebee prog dump`: the code of a program in the kernel, between the lines of source that it comes from."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from ..errors import EbeeError, PermissionMissing
from ..isa.disasm import format_insn
from ..isa.encode import encode, slot_offsets
from .columns import print_json
from .terminal import BOLD, paint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..isa.disasm import Names
    from ..isa.insn import Insn
    from ..kernel.live_programs import Program, SourceLine

_GREEN = "32"


def _hidden(program: Program, what: str) -> PermissionMissing:
    hint = "kernel.kptr_restrict and kernel.bpf_jit_harden hide it, too"
    return PermissionMissing(f"the {what} of program {program.id}", ["CAP_PERFMON", "CAP_SYSLOG"], hint=hint)


def _call_base() -> int:
    """Return the address that helpers are counted from, 0 where addresses are hidden."""
    from ..sys.os_seam import current

    try:
        at = (text := current().read_file("/proc/kallsyms")).find(b" __bpf_call_base\n")
    except OSError:
        return 0
    return 0 if at < 0 else int(text[text.rfind(b"\n", 0, at) + 1 : at].split()[0], 16)


def _names() -> Names:
    """Return what names helpers: the kernel shows them as distances from one of its functions."""
    from ..symbols.kernel import kernel_symbol

    base = _call_base()

    def name(kind: str, value: int) -> str | None:
        return kernel_symbol(base + value) if kind in ("helper", "kfunc") and base else None

    return name


def _text(insn: Insn, slot: int, names: Names) -> str:
    """Return the text of an instruction as bpftool has it: helpers by name, maps by id."""
    try:
        text = format_insn(insn, slot, names=names)
    except EbeeError:  # instructions that only the kernel's own changes make
        return f"(code {insn.opcode:#04x}) r{insn.dst_reg} r{insn.src_reg} {insn.off:+d} {insn.imm:#x}"
    return text.replace("map[fd:", "map[id:")


def _lines_by_place(lines: Sequence[SourceLine]) -> dict[int, SourceLine]:
    return {line.at: line for line in lines}


def dump_xlated(program: Program, as_hex: bool, with_source: bool, as_json: bool) -> int:
    """Print the instructions of a program and return the exit code. Raises: PermissionMissing where they are hidden."""
    insns = program.xlated()
    if not insns:
        raise _hidden(program, "instructions")
    slots = slot_offsets(insns)
    lines = _lines_by_place(program.lines()) if with_source else {}
    functions = {f.at: f.name for f in program.functions() if f.name}
    names = _names()
    texts = [_text(insn, slot, names) for insn, slot in zip(insns, slots)]
    if as_json:
        rows: list[dict[str, Any]] = []
        for insn, slot, text in zip(insns, slots, texts):
            row: dict[str, Any] = {"slot": slot, "disasm": text, "opcodes": encode([insn], sys.byteorder).hex(" ")}
            if slot in functions:
                row["proto"] = functions[slot]
            rows.append(row | _source(lines.get(slot)))
        print_json(rows)
        return 0
    width = len(str(slots[-2] if len(slots) > 1 else 0))
    for insn, slot, text in zip(insns, slots, texts):
        _print_heads(functions.get(slot), lines.get(slot))
        code = f"  {encode([insn], sys.byteorder).hex(' '):<47}" if as_hex else ""
        print(f"{slot:>{width + 2}}: ({insn.opcode:02x}){code} {text}")
    return 0


def _source(line: SourceLine | None) -> dict[str, Any]:
    if line is None:
        return {}
    return {"src": line.text.strip(), "file": line.file, "line_num": line.line, "line_col": line.column}


def _print_heads(function: str | None, line: SourceLine | None) -> None:
    if function is not None:
        print(paint(f"{function}:", BOLD, sys.stdout))
    if line is not None:
        print(paint(f"; {line.text.strip()}  [{line.file}:{line.line}]", _GREEN, sys.stdout))


def _disassembler() -> Callable[[bytes, int], Iterator[tuple[int, bytes, str]]] | None:
    """Return what disassembles machine code of this machine, if capstone is installed and knows it."""
    import platform

    try:
        capstone: Any = importlib.import_module("capstone")
    except ImportError:
        return None
    kinds = {"x86_64": ("CS_ARCH_X86", "CS_MODE_64"), "aarch64": ("CS_ARCH_ARM64", "CS_MODE_ARM")}
    kind = kinds.get(platform.machine())
    if kind is None:
        return None
    made = capstone.Cs(*(getattr(capstone, name) for name in kind))
    made.skipdata = True
    return lambda code, at: (
        (i.address, bytes(i.bytes), f"{i.mnemonic} {i.op_str}".rstrip()) for i in made.disasm(code, at)
    )


_BYTES_A_LINE = 16


def _chunks(code: bytes, at: int, breaks: set[int]) -> Iterator[tuple[int, bytes, str]]:
    """Yield bytes in lines, a new one wherever a line of source begins."""
    start = 0
    while start < len(code):
        end = min(start + _BYTES_A_LINE, len(code))
        end = min((b - at for b in breaks if start < b - at < end), default=end)
        yield at + start, code[start:end], ""
        start = end


def dump_jited(program: Program, as_hex: bool, with_source: bool, as_json: bool) -> int:
    """Print the machine code of a program and return the exit code. Raises: PermissionMissing where it is hidden."""
    code = program.jited()
    if not any(code):
        raise _hidden(program, "machine code")
    disassembler = _disassembler()
    lines = _lines_by_place(program.jited_lines()) if with_source else {}
    found, start = [], 0
    for function in program.functions():
        size = function.size_bytes or len(code) - start
        part = code[start : start + size]
        start += size
        rows = disassembler(part, function.address) if disassembler else _chunks(part, function.address, set(lines))
        found.append((function, list(rows)))
    if as_json:
        print_json([
            {"name": function.name, "address": f"{function.address:#x}", "insns": [
                {"pc": f"{at:#x}", "opcodes": data.hex(" "), "disasm": text, **_source(lines.get(at))}
                for at, data, text in rows
            ]}
            for function, rows in found
        ])  # fmt: skip
        return 0
    for number, (function, parts) in enumerate(found):
        print(("\n" if number else "") + paint(f"{function.name or program.name}:", BOLD, sys.stdout))
        for at, data, text in parts:
            _print_heads(None, lines.get(at))
            bytes_text = f"  {data.hex(' '):<{3 * 11}}" if as_hex and text else "" if text else f"  {data.hex(' ')}"
            print(f"  {at:016x}:{bytes_text} {text}".rstrip())
    if disassembler is None:
        print("; to see instructions here: pip install capstone", file=sys.stderr)
    return 0

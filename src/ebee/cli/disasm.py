"""`ebee disasm`: bytecode as text, beside the source that it was made from."""

from __future__ import annotations

import os
import sys

from ..api import options
from ..api.compile import find_target
from ..api.source import compile_probes, expand, remember_source
from ..elf.read import is_elf, read_object
from ..errors import CompileError, EbeeError, FormatError, UsageError
from ..isa.disasm import disassemble
from ..isa.encode import decode, encode, slot_offsets
from ..pyfront.source import syntax_diagnostic
from ..types.probes import Probe, declared
from .run import line_of, read_source, told_at_its_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import Any

    from ..isa.insn import Insn
    from ..spec.object import ObjectSpec, ProgramSpec
    from ..types.struct_ops import StructOps


def disasm(file: str, names: Sequence[str], style: Any, as_hex: bool, target: str = "auto") -> int:
    """Print the disassembly of a file and return the exit code. Raises: EbeeError."""
    if file.endswith(".py"):
        probes = {p.name: p for p in expand(declarations_of(file))[1]}
        check_names(names, probes, file)
        spec, _ = compile_probes([probes[name] for name in names or probes], find_target(target))
    else:
        data = _bytecode(file)
        if not is_elf(data):
            show(decode(data), style, as_hex, None)
            return 0
        spec = read_object(data, file)
        check_names(names, spec.programs, file)
    for at, program in enumerate(spec.programs[name] for name in names or spec.programs):
        count = len(encode(program.insns)) // 8
        print(("\n" if at else "") + f"{program.name}: {program.section}, {count} instructions")
        show(program.insns, style, as_hex, _source_lines(program, spec))
    return 0


def check_names(names: Sequence[str], known: Collection[str], file: str) -> None:
    """Refuse names of probes that are not there, and a file without any. Raises: UsageError."""
    unknown = sorted(set(names).difference(known))
    if unknown or not known:
        what = f"no probe called {unknown[0]!r}" if unknown else "no probe"
        raise UsageError(f"there is {what} in {file}")


def show(insns: list[Insn], style: Any, as_hex: bool, source_line: Callable[[int], str | None] | None) -> None:
    """Print instructions."""
    lines = disassemble(insns, style=style, slots=style == "kernel", labels=style != "kernel", source_line=source_line)
    if not as_hex:
        print("\n".join(lines))
        return
    codes = iter(encode([insn]).hex(" ") for insn in insns)
    for line in lines:
        is_source = line.lstrip().startswith(";") or line.rstrip().endswith(":")
        print(line if is_source else f"{line:<60} {next(codes)}")


def _source_lines(program: ProgramSpec, spec: ObjectSpec) -> Callable[[int], str | None]:
    """Return a function from slot to source line, where a new line begins; relocations are said there, too."""
    strings = spec.btf[24 + int.from_bytes(spec.btf[16:20], "little") :]
    slots = slot_offsets(program.insns)

    def text(off: int) -> str:
        return strings[off : strings.index(b"\0", off)].decode()

    notes = {slots[info.insn_idx]: f"{info.line_num}: {text(info.line_off)}" for info in program.line_info}
    for reloc in program.relocs:
        slot = slots[reloc.insn_idx]
        what = f"{reloc.kind} {reloc.symbol}" + (f" + {reloc.addend}" if reloc.addend else "")
        notes[slot] = f"{notes[slot]}   [{what}]" if slot in notes else f"[{what}]"
    for core in program.core_relos:
        slot = slots[core.insn_idx]
        what = f"{core.kind} type {core.type_id} {core.access}"
        notes[slot] = f"{notes[slot]}   [{what}]" if slot in notes else f"[{what}]"
    return notes.get


def probes_of(file: str) -> list[Probe]:
    """Execute a file as a module, with attaching refused, and return its probes."""
    return [v for v in declarations_of(file) if isinstance(v, Probe)]


def declarations_of(file: str) -> list[Probe | type[StructOps]]:
    """Execute a file as a module, with attaching refused; return its probes, and its structs of functions."""
    text = read_source(file)
    remember_source(file, text)
    try:
        code = compile(text, file, "exec", dont_inherit=True)
    except SyntaxError as e:
        raise CompileError([syntax_diagnostic(e, file)]) from None
    module = type(sys)("ebee_compile")
    module.__file__ = file
    sys.modules[module.__name__] = module

    before = options.current, sys.argv
    options.current, sys.argv = options.RunOptions(declarations_only=True), [file]
    sys.path.insert(0, os.path.dirname(os.path.abspath(file)))
    try:
        exec(code, vars(module))
    except (options.DeclarationsOnly, SystemExit):
        pass  # the file attaches, or misses its arguments: what it declares stands before that
    except EbeeError as e:
        raise told_at_its_line(e, file, text) from None
    except Exception as e:
        what = f"{file} cannot be executed: line {line_of(e, file)}: {type(e).__name__}: {e}"
        raise UsageError(what) from e
    finally:
        options.current, sys.argv = before
    return declared(vars(module))


def _bytecode(file: str) -> bytes:
    """Read an object file, raw or hexadecimal bytecode. Raises: FormatError."""
    try:
        if file == "-":
            data = sys.stdin.buffer.read()
        else:
            with open(file, "rb") as f:
                data = f.read()
    except OSError as e:
        raise FormatError(f"cannot be read: {e.strerror}", file=file) from None
    try:
        return bytes.fromhex(data.decode("ascii"))
    except ValueError:
        return data

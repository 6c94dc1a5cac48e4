"""`ebee compile`: a Python file's probes, or a C source, to an object file."""

from __future__ import annotations

import os
import sys

from ..abi.bpf import MAP_TYPE_NAMES
from ..api.compile import compile
from ..api.objects import write_file
from ..errors import UsageError
from .disasm import check_names, declarations_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..spec.object import ObjectSpec

SUFFIX = ".bpf.o"


def compile_file(file: str, output: str | None, target: str) -> int:
    """Compile a file's probes, write the object, say what is in it, and return the exit code. Raises: EbeeError."""
    output = output or file.removesuffix(".py").removesuffix(".c").removesuffix(".bpf") + SUFFIX
    if output == "-" and sys.stdout.isatty():
        raise UsageError("an object file is no text for a terminal", hint="name a file with -o, or redirect the output")
    if file.endswith(".c"):
        from ..api.c_sources import compile_c
        from ..elf.read import read_object

        data = compile_c(file)
        spec = read_object(data, file)
    else:
        probes = declarations_of(file)
        check_names((), [p.__name__ if isinstance(p, type) else p.name for p in probes], file)
        made = compile(*probes, target=target)
        data, spec = made.to_bytes(), made.spec
    if output == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return 0
    write_file(output, data)
    print(f"{output}: {os.stat(output).st_size} bytes")
    print("\n".join(summary(spec)))
    return 0


def summary(spec: ObjectSpec) -> list[str]:
    """Return a line for each program and map."""
    lines = []
    for program in spec.programs.values():
        count = sum(insn.slots for insn in program.insns)
        lines.append(f"  program {program.name}: {program.section}, {count} instructions")
    for struct in spec.structs.values():
        lines.append(f"  struct {struct.name}: {struct.struct} of {', '.join(struct.programs.values())}")
    for map in spec.maps.values():
        kind = MAP_TYPE_NAMES.get(map.map_type, str(map.map_type)).removeprefix("BPF_MAP_TYPE_").lower()
        sizes = f"key {map.key_size} bytes, value {map.value_size} bytes, " if map.value_size else ""
        lines.append(f"  map {map.name}: {kind}, {sizes}max_entries {map.max_entries}")
    return lines

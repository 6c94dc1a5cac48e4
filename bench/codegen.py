"""Compare ebee's code with clang's: the programs of `codegen/`, each written in Python and in C.

    python bench/codegen.py                          # clang from the package ziglang, in this interpreter's environment
    python bench/codegen.py --ziglang VENV/bin/python
    python bench/codegen.py --only gcd --dump        # both programs, side by side
    python bench/codegen.py --kernel                 # packet programs also in the kernel (CAP_BPF, CAP_NET_ADMIN)

Both objects run in ebee's engine on the same inputs; results, maps and records must be equal. What counts is the
number of instructions in the program (in slots of 8 bytes, as the kernel counts them) and the number executed,
which has no noise. Without clang the ratios are left out.
"""

from __future__ import annotations

import argparse
import io
import math
import subprocess
import sys
import tempfile
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elftools.elf.elffile import ELFFile

from ebee import packets
from ebee.api.source import compile_probes
from ebee.engine.backend import EngineBackend
from ebee.engine.task import TaskContext
from ebee.errors import VerifierError
from ebee.isa.disasm import disassemble
from ebee.isa.encode import decode
from ebee.isa.insn import Insn
from ebee.spec.backend import TestRun
from ebee.spec.default_target import default_target
from ebee.spec.object import LOSS_MAP, RELO_MAP, RELO_MAP_VALUE, MapSpec, ObjectSpec, ProgramSpec, Reloc
from ebee.types.probes import Probe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ebee.spec.backend import Backend, BackendMap

HERE = Path(__file__).resolve().parent / "codegen"
CLANG = ("-target", "bpfel-freestanding", "-mcpu=v3", "-O2", "-g", "-fno-jump-tables", "-Wall", "-c")
MODULES = ("codegen_tracers", "codegen_packets", "codegen_arithmetic")
PATH_AT, LONG_AT = 0x1000, 0x8000
KERNEL_REPEAT, KERNEL_TURNS = 20_000, 9


def user_memory(address: int, size: int) -> bytes:
    """Two strings: a path, and one that is longer than every buffer."""
    for start, text in ((PATH_AT, b"/etc/hostname\0"), (LONG_AT, b"/" * 600 + b"\0")):
        if start <= address < start + len(text):
            return text[address - start : address - start + size]
    return b""


def ticks() -> Any:
    """A clock that advances by the same step at each look."""
    times = iter(range(1000, 1 << 40, 17))
    return lambda: next(times)


def word(number: int, size: int = 8) -> bytes:
    return (number % (1 << 8 * size)).to_bytes(size, "little")


def call_record(*arguments: int) -> bytes:
    return bytes(8) + word(257) + b"".join(word(a) for a in arguments)


OPENS = [call_record(-100, at, 0, 0, 0, 0) for at in (PATH_AT, PATH_AT, LONG_AT, 0)]
EXITS = [call_record(3), call_record(-2), call_record(-13)]
MMAPS = [call_record(0, n, 0, 0, 0, 0) for n in (4096, 1, 0, 123456789, 1 << 40, 8192)]
FRAMES = [
    packets.tcp(b"x", dport=23, src="192.0.2.7"), packets.tcp(dport=23, src="192.0.2.7"), packets.tcp(dport=80),
    packets.tcp(dport=23, src="2001:db8::1"), packets.tcp(dport=23, vlan=5), packets.udp(dport=53),
    packets.udp(b"y" * 700, dport=53), packets.icmp(), packets.tcp(dport=23)[:40], packets.udp()[:30],
]  # fmt: skip
HEADERS = [
    bytes.fromhex(f"{a:012x}{b:012x}{proto:04x}") + bytes(20)
    for a, b, proto in (
        (3_000_000_021, 1_800_000_009, 0x0800), (1 << 40, 1 << 20, 27), (0xFFFF_FFFF_FFFF, 97, 9973),
        (123, 45, 0x86DD), (10**14, 10**9 + 7, 0x88CC), (0, 0, 1),
    )
]  # fmt: skip
# Entries that are there before the program runs: map, key, value.
PREPARED = {
    "latency_exit": ("started", word(1, 4), word(500)),
    "block_prefixes": ("blocked", word(24, 4) + bytes((192, 0, 2, 0)), word(1)),
}


def inputs_of(probe: Probe) -> list[TestRun]:
    """Return what a program is run on."""
    if probe.section == "xdp":
        arithmetic = probe.function.__module__ == "codegen_arithmetic" and probe.name != "checksum"
        return [TestRun(data=frame) for frame in (HEADERS if arithmetic else FRAMES)]
    records = EXITS if "sys_exit" in probe.section else MMAPS if "mmap" in probe.section else OPENS
    return [TestRun(ctx=record) for record in records]


def load_probes() -> list[Probe]:
    """Return the Python twins, in source order."""
    sys.path.insert(0, str(HERE))
    return [p for name in MODULES for p in vars(__import__(name)).values() if isinstance(p, Probe)]


def clang(python: str, source: Path, directory: str) -> bytes:
    """Compile a file of C. Raises: SystemExit with clang's messages."""
    result = Path(directory) / f"{source.stem}.o"
    command = [python, "-m", "ziglang", "cc", *CLANG, str(source), "-o", str(result)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=source.parent)
    if ran.returncode:
        sys.exit(f"clang refuses {source.name}:\n{ran.stderr}")
    return result.read_bytes()


def has_clang(python: str) -> bool:
    """Whether an interpreter has ziglang."""
    return subprocess.run([python, "-m", "ziglang", "version"], capture_output=True).returncode == 0


def twin_object(data: bytes, ours: ObjectSpec) -> ObjectSpec:
    """Return clang's program as an object with the maps of ours, which have the same names."""
    elf = ELFFile(io.BytesIO(data))
    (ours_program,) = ours.programs.values()
    code = elf.get_section_by_name(ours_program.section.partition("/")[0])
    insns = decode(code.data())
    at = {slot: n for n, slot in enumerate(slot_offsets(insns))}
    relocs = []
    table = elf.get_section_by_name(f".rel{code.name}")
    for row in table.iter_relocations() if table is not None else ():
        symbol = elf.get_section_by_name(".symtab").get_symbol(row["r_info_sym"])
        index = at[row["r_offset"] // 8]
        if symbol.name == "lost":
            insns[index].src_reg = 2  # BPF_PSEUDO_MAP_VALUE
            relocs.append(Reloc(index, RELO_MAP_VALUE, LOSS_MAP, insns[index].imm))
        elif symbol.name in ours.maps:
            insns[index].src_reg = 1  # BPF_PSEUDO_MAP_FD
            relocs.append(Reloc(index, RELO_MAP, symbol.name))
        else:
            sys.exit(f"{ours_program.name}.c uses {symbol.name!r}, which is no map of the Python program")
    program = copy(ours_program)
    program.insns, program.relocs, program.func_info, program.line_info = insns, relocs, [], []
    maps = {}
    for name, spec in ours.maps.items():
        maps[name] = copy(spec)
        maps[name].key_type_id = maps[name].value_type_id = 0
    maps[LOSS_MAP] = MapSpec(LOSS_MAP, 2, 4, 64, 1)
    return ObjectSpec(ours.name, {program.name: program}, maps)


def slot_offsets(insns: list[Insn]) -> list[int]:
    """Return the slot of each instruction."""
    at, result = 0, []
    for insn in insns:
        result.append(at)
        at += insn.slots
    return result


def program_of(spec: ObjectSpec) -> ProgramSpec:
    return next(iter(spec.programs.values()))


def set_up(spec: ObjectSpec, backend: Backend) -> tuple[Any, dict[str, BackendMap]]:
    """Load a program with maps of its own."""
    maps = {name: backend.create_map(m, spec) for name, m in spec.maps.items()}
    program = program_of(spec)
    if program.name in PREPARED:
        name, key, value = PREPARED[program.name]
        maps[name].update(key, value)
    return backend.load_program(program, spec, maps), maps


def execute(spec: ObjectSpec, inputs: list[TestRun]) -> tuple[int, object]:
    """Run a program in the engine; return how many instructions it executed, and all that can be seen of it."""
    task = TaskContext(tgid=7, uid=5, comm=b"bash", ktime_ns=ticks(), read_user=user_memory)
    backend = EngineBackend(default_target(), task=task)
    program, maps = set_up(spec, backend)
    executed, seen = 0, []
    for run in inputs:
        seen.append(backend.test_run(program, run).retval)
        executed += backend.machine.executed
    contents = {
        name: m.drain() if spec.maps[name].map_type == 27 else sorted(m.items())
        for name, m in maps.items()
        if name != LOSS_MAP
    }
    lost = 0
    if LOSS_MAP in maps:
        value = maps[LOSS_MAP].lookup(bytes(4)) or b""
        lost = sum(int.from_bytes(value[i : i + 8], "little") for i in range(0, len(value), 8))
    backend.close()
    return executed, (seen, contents, lost)


def kernel_ns(specs: Sequence[ObjectSpec], inputs: list[TestRun]) -> list[float]:
    """Return the mean duration of a run of each program in the kernel, over all inputs; of one it refuses, nothing.

    The programs take turns, and of each the shortest duration of each input counts: what else the machine does makes a
    run longer, never shorter. They are loaded anew each turn, because where the kernel's compiler happens to put a loop
    changes its duration by a tenth.
    """
    from ebee.kernel.backend import KernelBackend

    turns: list[list[list[int]]] = []
    for _ in range(KERNEL_TURNS):
        backend = KernelBackend()
        try:
            turns.append([])
            for spec in specs:
                program, _ = set_up(spec, backend)
                runs = [TestRun(data=r.data, repeat=KERNEL_REPEAT) for r in inputs]
                turns[-1].append([backend.test_run(program, run).duration_ns for run in runs])
        except VerifierError:
            return []
        finally:
            backend.close()
    return [sum(map(min, zip(*(turn[n] for turn in turns)))) / len(inputs) for n in range(len(specs))]


def mean(ratios: list[float]) -> float:
    """Return the geometric mean."""
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def main() -> None:
    """Print one row for each program, and the geometric means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--ziglang", default=sys.executable, metavar="PYTHON", help="an interpreter that has ziglang")
    parser.add_argument("--only", action="append", metavar="NAME", help="this program alone; may be repeated")
    parser.add_argument("--dump", action="store_true", help="print both programs")
    parser.add_argument("--kernel", action="store_true", help="time packet programs in the kernel, too")
    options = parser.parse_args()
    compare = has_clang(options.ziglang)
    if not compare:
        print(f"{options.ziglang} has no clang: pip install ziglang, or name another interpreter with --ziglang")
    ratios: dict[str, list[float]] = {"instructions": [], "executed": [], "kernel": []}
    head = "program            instructions: ebee  clang  ratio  executed: ebee   clang  ratio"
    print(head + ("   ns: ebee  clang  ratio" if options.kernel else ""))

    def beside(kind: str, ours: float, theirs: float) -> str:
        ratios[kind].append(ours / theirs)
        return f"{ours / theirs:6.2f}"

    with tempfile.TemporaryDirectory() as directory:
        for probe in load_probes():
            if options.only and probe.name not in options.only:
                continue
            ours, _ = compile_probes([probe], default_target())
            inputs = inputs_of(probe)
            count = sum(i.slots for i in program_of(ours).insns)
            executed, seen = execute(ours, inputs)
            if not compare:
                print(f"{probe.name:18} {count:18} {'':>6} {'':>6}  {executed:14}")
                continue
            twin = twin_object(clang(options.ziglang, HERE / f"{probe.name}.c", directory), ours)
            if options.dump:
                for title, spec in (("ebee", ours), ("clang", twin)):
                    print(f"{probe.name}, {title}", *disassemble(program_of(spec).insns), sep="\n")
            their_count = sum(i.slots for i in program_of(twin).insns)
            their_executed, their_seen = execute(twin, inputs)
            if seen != their_seen:
                sys.exit(f"{probe.name}: the two programs differ\n  ebee:  {seen}\n  clang: {their_seen}")
            row = (
                f"{probe.name:18} {count:18} {their_count:6} {beside('instructions', count, their_count)}"
                f"  {executed:14} {their_executed:7} {beside('executed', executed, their_executed)}"
            )
            if options.kernel and probe.section == "xdp":
                times = kernel_ns((ours, twin), inputs)
                a, b = times or (0.0, 0.0)
                row += f"  {a:9.1f} {b:6.1f} {beside('kernel', a, b)}" if times else "  refused by the verifier"
            print(row)
    for kind, values in ratios.items():
        if values:
            print(f"{kind}: geometric mean {mean(values):.3f}, worst {max(values):.2f}")


if __name__ == "__main__":
    main()

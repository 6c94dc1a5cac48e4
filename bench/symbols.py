"""Measure how fast addresses get names: the first look-up of a kind, those after it, and the memory that it takes.

Each first look-up is in a new process, so that nothing is remembered but what the kernel has of files. The program is
the interpreter that runs this, or its library; another one is named by --file with a function of it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src"

COLD = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
import ebee
from ebee.symbols.names import Symbols
from ebee.symbols import kernel, elf_file
kind, path, address = sys.argv[2], sys.argv[3], int(sys.argv[4])
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20
before = resident()
began, cpu = time.perf_counter(), time.process_time()
if kind == "kernel":
    frame = Symbols().kernel(address)
else:
    symbols = Symbols(lines=kind == "line")
    frame = symbols.file(path, address)
ms, cpu_ms = (time.perf_counter() - began) * 1e3, (time.process_time() - cpu) * 1e3
print(ms, cpu_ms, resident() - before, frame.function or "?", f"{frame.file}:{frame.line}")
"""


def cold(kind: str, path: str, address: int, runs: int) -> dict[str, object]:
    """Return what the first look-up takes, as the median of new processes."""
    rows = []
    for _ in range(runs):
        argv = [sys.executable, "-c", COLD, str(SOURCE), kind, path, str(address)]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        rows.append(done.stdout.split())
    return {
        "ms": round(statistics.median(float(row[0]) for row in rows), 1),
        "cpu_ms": round(statistics.median(float(row[1]) for row in rows), 1),
        "mib": round(statistics.median(float(row[2]) for row in rows), 1),
        "answer": " ".join(rows[0][3:]),
    }


def warm(count: int) -> dict[str, float]:
    """Return how many addresses of this process get names in a second: one asked again and again, and stacks of ten."""
    import ctypes
    import time

    sys.path.insert(0, str(SOURCE))
    from ebee.symbols.names import Symbols

    symbols, pid = Symbols(), os.getpid()
    start = ctypes.cast(ctypes.CDLL(None).malloc, ctypes.c_void_p).value or 0
    symbols.user(pid, start)
    began = time.perf_counter()
    for _ in range(count):
        symbols.user(pid, start)
    single = count / (time.perf_counter() - began)
    stack = [start + n for n in range(10)]
    symbols.frames(stack, pid)
    began = time.perf_counter()
    for _ in range(count // 10):
        symbols.frames(stack, pid)
    return {"single": single, "stacks of 10, frames": count / (time.perf_counter() - began)}


def own_library() -> str:
    """Return the interpreter's library, or the interpreter."""
    mapped = [line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "python" in line]
    return next((path for path in mapped if "/libpython" in path), os.path.realpath(sys.executable))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", default=own_library(), help="a program or library")
    parser.add_argument("--function", default="PyObject_Call", help="a function of it")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--max-kernel-ms", type=float, default=0.0, help="fail when the kernel takes more CPU time")
    args = parser.parse_args()

    sys.path.insert(0, str(SOURCE))
    from ebee.symbols.elf_file import open_elf
    from ebee.symbols.kernel import kernel_table

    table, elf = kernel_table(), open_elf(args.file)
    place = next((f.addr for f in elf.functions() if f.name == args.function), 0) + 4
    figures: dict[str, object] = {
        "file": f"{args.file}, {os.path.getsize(args.file) / 1e6:.1f} MB",
        "kernel, first": cold("kernel", "", table.first_address + 4096, args.runs),
        "function, first": cold("function", args.file, place, args.runs),
        "line, first": cold("line", args.file, place, args.runs),
        "look-ups in a second": {name: round(n) for name, n in warm(200_000).items()},
    }
    if args.json:
        print(json.dumps(figures, indent=2))
    else:
        for name, value in figures.items():
            print(f"{name:<24}", " ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value)
    ms = figures["kernel, first"]
    if args.max_kernel_ms and isinstance(ms, dict) and ms["cpu_ms"] > args.max_kernel_ms:
        sys.exit(f"the kernel's list took {ms['cpu_ms']} ms, more than {args.max_kernel_ms}")


if __name__ == "__main__":
    main()

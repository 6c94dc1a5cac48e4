"""Measure the first look-up in the running kernel's types: cold, and with the index that an earlier run left.

Each look-up is the first of a new process; a cold one also makes and writes the index.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src"

FIRST = """
import sys, time
sys.path.insert(0, sys.argv[1])
from ebee.kernel import vmlinux
began, cpu = time.perf_counter(), time.process_time()
found = vmlinux.vmlinux_btf().field("task_struct", "pid")
ms, cpu_ms = (time.perf_counter() - began) * 1e3, (time.process_time() - cpu) * 1e3
began = time.perf_counter()
vmlinux.vmlinux_btf().field("file", "f_path.dentry")
print(ms, cpu_ms, (time.perf_counter() - began) * 1e3)
"""


def first_lookups(runs: int) -> dict[str, dict[str, float]]:
    """Return wall and CPU time of the first look-up and wall time of the second, medians in milliseconds, in turns."""
    rows: dict[str, list[list[float]]] = {"cold": [], "indexed": []}
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as cache:
            for name in rows:
                argv = [sys.executable, "-c", FIRST, str(SOURCE)]
                env = {**os.environ, "XDG_CACHE_HOME": cache}
                done = subprocess.run(argv, capture_output=True, text=True, check=True, env=env)
                rows[name].append([float(word) for word in done.stdout.split()])
    keys = ("ms", "cpu_ms", "next_ms")
    return {
        name: {key: round(statistics.median(column), 2) for key, column in zip(keys, zip(*measured), strict=True)}
        for name, measured in rows.items()
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--max-cold-ms", type=float, help="fail if the CPU time of a cold look-up is above this")
    parser.add_argument("--max-indexed-ms", type=float, help="fail if the CPU time of an indexed look-up is above this")
    options = parser.parse_args()
    found = first_lookups(options.runs)
    if options.json:
        print(json.dumps(found))
    else:
        for name, row in found.items():
            print(f"{name:8} {row['ms']:7.2f} ms, CPU {row['cpu_ms']:.2f} ms; the next look-up {row['next_ms']:.2f} ms")
    limits = {"cold": options.max_cold_ms, "indexed": options.max_indexed_ms}
    return int(any(limit is not None and found[name]["cpu_ms"] > limit for name, limit in limits.items()))


if __name__ == "__main__":
    sys.exit(main())

"""Measure `syscalls:sys_enter_*`, all of them attached and left again, beside a run that attaches nothing.

Both commands run in turns in one run, after one round that is not counted; wall time is that of whole processes. The
promise is at most 0.3 s above the empty run: `--max-seconds 0.3` fails above that.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCRIPT = HERE / "count_syscalls.py"


def seconds(argv: list[str]) -> float:
    """Run a command and return its wall time. Raises: SystemExit with its output when it fails."""
    start = time.perf_counter()
    done = subprocess.run(argv, capture_output=True, text=True)
    elapsed = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return elapsed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--max-seconds", type=float, help="fail if the median is more than so much above the empty run")
    options = parser.parse_args()
    ebee = [sys.executable, "-m", "ebee", "run"]
    rows = {
        "empty": [sys.executable, str(HERE / "empty.py"), "/bin/true"],
        "sys_enter_*": [*ebee, str(SCRIPT), "-c", "/bin/true"],
    }
    times: dict[str, list[float]] = {name: [] for name in rows}
    for turn in range(options.runs + 1):
        for name, argv in rows.items():
            took = seconds(argv)
            if turn:
                times[name].append(took)
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, values in times.items():
        print(f"{name:12} {medians[name] * 1e3:7.1f} ms  ({min(values) * 1e3:.1f}-{max(values) * 1e3:.1f})")
    above = medians["sys_enter_*"] - medians["empty"]
    print(f"above the empty run: {above * 1e3:.1f} ms")
    if options.max_seconds is not None and above > options.max_seconds:
        sys.exit(f"more than {options.max_seconds} s")


if __name__ == "__main__":
    main()

"""Measure a whole command that attaches one tracepoint count and leaves at once, beside bpftrace.

Both commands run in turns in one run, after one round that is not counted. Wall time is from the start to the
end of the process, detaching included; CPU time is that of all processes of the command, user and system: where wall
time is much more, the command waited, for the kernel or for others. Memory is the largest resident set of any of them.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCRIPT = "tracepoint:syscalls:sys_enter_openat /pid == cpid/ { @[comm] = count(); }"
TRACED = "/bin/true"
FLOOR = "python"


# Linux counts the resident set of the process that starts a command towards the command's peak, so a bare
# interpreter starts it: the smallest figure that can be seen is that of a Python which does nothing.
STARTER = """
import os, sys, time
result = int(sys.argv[1])
os.set_inheritable(result, False)
start_ns = time.perf_counter_ns()
pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(pid, 0)
elapsed_ns = time.perf_counter_ns() - start_ns
cpu_ns = int((usage.ru_utime + usage.ru_stime) * 1e9)
os.write(result, b"%d %d %d %d" % (os.waitstatus_to_exitcode(status), elapsed_ns, cpu_ns, usage.ru_maxrss))
"""


def run_once(argv: list[str], counts: bool) -> tuple[float, float, float]:
    """Run `argv` and return its wall time and CPU time in milliseconds, and its peak resident set in MiB.

    Raises: SystemExit with the command's output when it fails, or ends without a count in its last line.
    """
    reader, writer = os.pipe()
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", STARTER, str(writer), *argv],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=[writer],
    )
    os.close(writer)
    with open(reader, encoding="ascii") as result:
        fields = result.read().split()
    code = int(fields[0]) if fields else ran.returncode
    output = ran.stdout.decode(errors="replace")
    if code != 0:
        sys.exit(f"{shlex.join(argv)} ended with {code}:\n{output}")
    if counts and not "".join(output.split()[-1:]).isdecimal():
        sys.exit(f"{shlex.join(argv)} counted nothing:\n{output}")
    return int(fields[1]) / 1e6, int(fields[2]) / 1e6, int(fields[3]) / 1024


def in_turns(commands: dict[str, list[str]], runs: int) -> dict[str, dict[str, object]]:
    """Run every command `runs` times, A B A B …, and return the figures of each."""
    samples: dict[str, list[tuple[float, float, float]]] = {name: [] for name in commands}
    for round_no in range(runs + 1):
        for name, argv in commands.items():
            sample = run_once(argv, counts=name != FLOOR)
            if round_no > 0:
                samples[name].append(sample)
    return {
        name: {
            "command": shlex.join(commands[name]),
            "wall_ms": round(statistics.median(row[0] for row in rows), 1),
            "wall_ms_min": round(min(row[0] for row in rows), 1),
            "wall_ms_max": round(max(row[0] for row in rows), 1),
            "cpu_ms": round(statistics.median(row[1] for row in rows), 1),
            "peak_mib": round(statistics.median(row[2] for row in rows), 1),
        }
        for name, rows in samples.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=11, metavar="N", help="counted runs (default 11)")
    parser.add_argument(
        "--ebee", default=f"{sys.executable} -m ebee", metavar="COMMAND", help="how to start ebee"
    )
    parser.add_argument(
        "--bpftrace", default="bpftrace", metavar="COMMAND", help="how to start bpftrace; '' leaves it out"
    )
    parser.add_argument("--no-ebee", action="store_true", help="measure the peer alone")
    parser.add_argument("--max-ratio", type=float, metavar="R", help="fail when a ratio is above R")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()

    commands: dict[str, list[str]] = {}
    if not options.no_ebee:
        commands["ebee"] = [*shlex.split(options.ebee), "run", str(HERE / "count_opens.py"), "-c", TRACED]
    if options.bpftrace:
        commands["bpftrace"] = [*shlex.split(options.bpftrace), "-e", SCRIPT, "-c", TRACED]
    # What a Python that does nothing takes: the floor of the first.
    commands[FLOOR] = [sys.executable, "-c", "pass"]

    figures = in_turns(commands, options.runs)
    ratios: dict[str, float] = {}
    if "ebee" in figures and "bpftrace" in figures:
        for key in ("wall_ms", "peak_mib"):
            ours, theirs = figures["ebee"][key], figures["bpftrace"][key]
            assert isinstance(ours, float) and isinstance(theirs, float)
            ratios[key] = round(ours / theirs, 3)

    if options.json:
        print(json.dumps({"runs": options.runs, "figures": figures, "ratios": ratios}, indent=2))
    else:
        for name, row in figures.items():
            spread = f"{row['wall_ms_min']} to {row['wall_ms_max']}"
            print(f"{name:10} {row['wall_ms']:>8} ms ({spread})  CPU {row['cpu_ms']:>7} ms  {row['peak_mib']:>7} MiB")
        for key, ratio in ratios.items():
            print(f"ebee / bpftrace, {key}: {ratio}")
    if options.max_ratio is not None:
        if not ratios:
            sys.exit("there is no ratio to check: both commands must be measured")
        if max(ratios.values()) > options.max_ratio:
            sys.exit(f"a ratio is above {options.max_ratio}")


if __name__ == "__main__":
    main()

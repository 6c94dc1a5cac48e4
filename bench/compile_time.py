"""Measure what `examples/opens.py` costs from function object to loaded program, cold, and where the time goes.

    python bench/compile_time.py                 # loads into the kernel (CAP_BPF and CAP_PERFMON)
    python bench/compile_time.py --backend engine
    python bench/compile_time.py --max-ms 20 --max-mib 35

Every sample is a process of its own that compiles for the first time; time is CPU time of that process, user and
system. In `ebee run` the command has imported sessions and the front end before it runs the file; in a script that
python runs the first decorator imports them, as `declared` shows: from `import ebee` to the function object. The parts
are those of the first.
`load` holds whatever of a whole load is not the compiler's: features, maps, BTF, the verifier. A part's own time is
without the parts inside it. Peak memory is that of the process at its end.
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
from typing import Any

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "opens.py"
CHILD = r"""
import json, resource, sys, time
path, backend, kind = sys.argv[1:]
if kind != "script":   # as `ebee run` does
    from ebee.cli import collect_rarely
    collect_rarely()
    import ebee.cli.run
    import ebee.api.source
clock = time.process_time_ns
declaring = clock()
import ebee
names = {"__name__": "example"}
sys.modules["example"] = type(sys)("example")
exec(compile(open(path).read(), path, "exec"), names)
probe = names["on_open"]
declared = clock() - declaring
spent, stack = {}, []

def measured(part, function):
    def call(*args, **named):
        start = clock()
        stack.append(0)
        try:
            return function(*args, **named)
        finally:
            whole = clock() - start
            spent[part] = spent.get(part, 0) + whole - stack.pop()
            if stack:
                stack[-1] += whole
    return call

start = clock()
if kind == "parts":
    import ebee.api.source as source
    import ebee.compiler.passes as passes
    import ebee.lower.object as obj
    import ebee.pyfront.source as front
    __import__(f"ebee.{backend}.backend")
    imports = clock() - start
    front.SourceText.tree = measured("parse", front.SourceText.tree)
    source.compile_probe = measured("front end", source.compile_probe)
    passes.PASSES = tuple(measured("passes", p) for p in passes.PASSES)
    passes.select_instructions = measured("selection", passes.select_instructions)
    passes.allocate_registers = measured("registers", passes.allocate_registers)
    passes.emit_function = measured("emission", passes.emit_function)
    passes.resolve_branches = measured("emission", passes.resolve_branches)
    obj.ObjectBuilder.finish = measured("object, BTF", obj.ObjectBuilder.finish)
    start += clock() - start - imports   # what the wrapping took does not count
with ebee.Session(backend=backend) as session:
    session._load([probe], session._use_backend(backend, True, False, False), None)
    total = clock() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
if kind == "parts":
    spent["imports"] = imports
    spent["load"] = total - sum(spent.values())
print(json.dumps({"declared": declared, "total": total, "peak": peak, "parts": spent}))
"""


def sample(example: str, backend: str, kind: str) -> dict[str, Any]:
    """Run one process. Raises: SystemExit with its output when it fails."""
    command = [sys.executable, "-c", CHILD, example, backend, kind]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    ran = subprocess.run(command, capture_output=True, text=True, env=kept)
    if ran.returncode:
        sys.exit(f"{EXAMPLE.name} was not loaded:\n{ran.stderr}")
    result: dict[str, Any] = json.loads(ran.stdout)
    return result


def main() -> None:
    """Print the whole, the parts, and the peak of memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=11, metavar="N", help="processes of each kind, in turns")
    parser.add_argument("--backend", default="kernel", choices=("kernel", "engine"))
    parser.add_argument("--max-ms", type=float, metavar="MS", help="fail when the median in `ebee run` is above")
    parser.add_argument("--max-mib", type=float, metavar="MIB", help="fail when the peak of memory is above")
    options = parser.parse_args()
    totals: dict[str, list[float]] = {"run": [], "script": [], "declared": []}
    peaks, parts = [], dict[str, list[float]]()
    with tempfile.TemporaryDirectory() as directory:
        declarations = Path(directory) / EXAMPLE.name  # what is before it attaches
        declarations.write_text(EXAMPLE.read_text().partition("with ebee.attach(")[0])
        for round_no in range(options.runs + 1):
            made = {kind: sample(str(declarations), options.backend, kind) for kind in ("run", "script", "parts")}
            if round_no == 0:
                continue  # files were cold
            for kind in ("run", "script"):
                totals[kind].append(made[kind]["total"] / 1e6)
            totals["declared"].append(made["script"]["declared"] / 1e6)
            peaks.append(made["run"]["peak"] / 1024)
            for part, spent in made["parts"]["parts"].items():
                parts.setdefault(part, []).append(spent / 1e6)
    print("function object to loaded program, CPU time:")
    for kind, what in (("run", "in `ebee run`"), ("script", "in a script"), ("declared", "  declared")):
        row = totals[kind]
        print(f"{what:14} {statistics.median(row):5.1f} ms ({min(row):.1f} to {max(row):.1f})")
    for part, row in parts.items():
        print(f"  {part:12} {statistics.median(row):5.1f} ms")
    median, peak_mib = statistics.median(totals["run"]), statistics.median(peaks)
    print(f"peak memory: {peak_mib:.1f} MiB")
    if options.max_ms is not None and median > options.max_ms:
        sys.exit(f"more than {options.max_ms} ms")
    if options.max_mib is not None and peak_mib > options.max_mib:
        sys.exit(f"more than {options.max_mib} MiB")


if __name__ == "__main__":
    main()

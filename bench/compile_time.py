"""Measure what `examples/opens.py` costs from function object to loaded program, cold, and where the time goes.

    python bench/compile_time.py                 # loads into the kernel (CAP_BPF and CAP_PERFMON)
    python bench/compile_time.py --backend engine
    python bench/compile_time.py --max-ms 20 --max-mib 35

Every sample is a process of its own that has imported ebee, and compiles for the first time; time is CPU time of that
process, user and system. `load` holds whatever of a whole load is not the compiler's: features, maps, BTF, the
verifier. A part's own time is without the parts inside it. Peak memory is that of the process at its end.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "opens.py"
CHILD = r"""
import json, resource, sys, time
import ebee
from ebee import Hash, RingBuf, Str, Struct, u32, u64   # as the example does

path, backend, with_parts = sys.argv[1], sys.argv[2], sys.argv[3] == "parts"
text = open(path).read().partition("with ebee.attach(")[0]
from ebee.api.source import remember_source
remember_source(path, text)
names = {"__name__": "example"}
sys.modules["example"] = type(sys)("example")
exec(compile(text, path, "exec"), names)
probe = names["on_open"]
clock = time.process_time_ns
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
if with_parts:
    import ebee.api.session
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
if with_parts:
    spent["imports"] = imports
    spent["load"] = total - sum(spent.values())
print(json.dumps({"total": total, "peak": peak, "parts": spent}))
"""


def sample(backend: str, kind: str) -> dict[str, object]:
    """Run one process. Raises: SystemExit with its output when it fails."""
    ran = subprocess.run([sys.executable, "-c", CHILD, str(EXAMPLE), backend, kind], capture_output=True, text=True)
    if ran.returncode:
        sys.exit(f"{EXAMPLE.name} was not loaded:\n{ran.stderr}")
    result: dict[str, object] = json.loads(ran.stdout)
    return result


def main() -> None:
    """Print the whole, the parts, and the peak of memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=11, metavar="N", help="processes for the whole, and for the parts")
    parser.add_argument("--backend", default="kernel", choices=("kernel", "engine"))
    parser.add_argument("--max-ms", type=float, metavar="MS", help="fail when the median of the whole is above")
    parser.add_argument("--max-mib", type=float, metavar="MIB", help="fail when the peak of memory is above")
    options = parser.parse_args()
    totals, peaks, parts = [], [], dict[str, list[float]]()
    for round_no in range(options.runs + 1):
        whole, apart = sample(options.backend, "whole"), sample(options.backend, "parts")
        if round_no == 0:
            continue  # files were cold
        total, peak, split = whole["total"], whole["peak"], apart["parts"]
        assert isinstance(total, int) and isinstance(peak, int) and isinstance(split, dict)
        totals.append(total / 1e6)
        peaks.append(peak / 1024)
        for part, spent in split.items():
            parts.setdefault(part, []).append(spent / 1e6)
    median, peak_mib = statistics.median(totals), statistics.median(peaks)
    print(f"function object to loaded program: {median:.1f} ms ({min(totals):.1f} to {max(totals):.1f}) of CPU time")
    for part, row in parts.items():
        print(f"  {part:12} {statistics.median(row):5.1f} ms")
    print(f"peak memory: {peak_mib:.1f} MiB")
    if options.max_ms is not None and median > options.max_ms:
        sys.exit(f"more than {options.max_ms} ms")
    if options.max_mib is not None and peak_mib > options.max_mib:
        sys.exit(f"more than {options.max_mib} MiB")


if __name__ == "__main__":
    main()

"""How fast ebee's verifier is: instructions explored per second, growth with size, memory, a typical tracer.

    PYTHONPATH=src python bench/verifier.py [TURNS ...]

A loop that is followed turn by turn is verified with TURNS turns (1,000 to 100,000), each in a process of its own.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from time import perf_counter, process_time

from ebee.isa.asm import assemble
from ebee.verifier.explore import verify
from ebee.verifier.setting import Setting

SOCKET_FILTER = 1
TURNS = (1_000, 3_000, 10_000, 30_000, 100_000)
WIDTH = 50
LOOP = """
r6 = 0
again:
r7 = r6
r7 &= 7
r8 = r10
r8 += -8
r8 += r7
*(u8 *)(r8 + 0) = 1
r6 += 1
if r6 < {turns} goto again
r0 = 0
exit
"""


def measure(turns: int) -> None:
    """Print instructions explored, seconds and kB of one verification."""
    setting = Setting("loop", SOCKET_FILTER, insns=assemble(LOOP.format(turns=turns)))
    start = process_time()
    verdict = verify(setting)
    seconds = process_time() - start
    assert verdict.accepted, verdict.refusal
    print(verdict.stats.processed, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def tracer() -> tuple[int, float, float]:
    """Return instructions explored, and seconds of the first verification of a tracer and of the next."""
    import ebee
    from ebee.api.compile import find_target
    from ebee.verifier.entry import verify_program

    counts = ebee.Hash(ebee.u32, ebee.u64)

    @ebee.tracepoint("syscalls:sys_enter_openat")
    def opened(ctx: ebee.Context) -> None:
        counts[ebee.pid()] += 1
        print(ebee.comm(), ebee.pid(), ctx.flags)

    spec, target = ebee.compile(opened).spec, find_target("auto")
    times = []
    for _ in range(2):
        start = perf_counter()
        verdict = verify_program(spec.programs["opened"], spec, target)
        times.append(perf_counter() - start)
    assert verdict.accepted, verdict.refusal
    return verdict.stats.processed, times[0], times[1]


def main() -> None:
    if sys.argv[1:2] == ["--one"]:
        measure(int(sys.argv[2]))
        return
    explored, first, second = tracer()
    print(f"a tracer of {explored} instructions: {1e3 * first:.1f} ms, again {1e3 * second:.1f} ms\n")
    print(f"{'explored':>10} {'seconds':>8} {'per second':>11} {'MB':>6}")
    rows = []
    for turns in map(int, sys.argv[1:] or TURNS):
        argv = [sys.executable, __file__, "--one", str(turns)]
        out = subprocess.run(argv, capture_output=True, text=True, check=True)
        insns, seconds, kb = out.stdout.split()
        rows.append((int(insns), float(seconds), int(kb)))
    for count, taken, peak in rows:
        bar = "#" * round(WIDTH * taken / max(row[1] for row in rows))
        print(f"{count:10,} {taken:8.2f} {count / taken:11,.0f} {peak / 1024:6.0f} {bar}")


if __name__ == "__main__":
    main()

"""Load and attach an object of 15 programs beside libbpf, in turns: bpftool, without what it takes to start it.

    unshare -m sh -c 'mount -t bpf bpf /mnt; python bench/objects.py --bpffs /mnt'

The programs are for tracepoints of system calls (5), raw (5) and typed (5) tracepoints, share maps and variables, and
read a field of a kernel struct; each is for one process, which there is not. `bpftool version` is the empty run of
bpftool, a process that imports ebee that of ebee: `fresh` is what a process takes above that, with compiled modules at
hand; `warm` is everything once more in one process. bpftool needs tracefs:
mount -t tracefs tracefs /sys/kernel/tracing.
"""

from __future__ import annotations

import argparse
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CALLS = ("getpgid", "getsid", "setpgid", "mincore", "getpriority")
EVENTS = ("sched_process_fork", "sched_process_exit", "sched_process_exec", "sched_wakeup_new", "signal_generate")
HEAD = """
typedef unsigned int u32; typedef unsigned long long u64;
#define SEC(name) __attribute__((section(name), used))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name
struct task_struct { int tgid; struct task_struct *group_leader; } __attribute__((preserve_access_index));
struct { __uint(type, 1); __uint(max_entries, 1024); __type(key, u32); __type(value, u64); } counts SEC(".maps");
struct { __uint(type, 27); __uint(max_entries, 65536); } events SEC(".maps");
const volatile u32 wanted = 0xffffffff;
u64 total;
static void *(*lookup)(void *, const void *) = (void *)1;
static long (*update)(void *, const void *, const void *, u64) = (void *)2;
static u64 (*pid_tgid)(void) = (void *)14;
static u64 (*current)(void) = (void *)35;
static long (*read_kernel)(void *, u32, const void *) = (void *)113;
static long (*output)(void *, void *, u64, u64) = (void *)130;
static __attribute__((always_inline)) int see(u32 which)
{
    u32 pid = pid_tgid() >> 32;
    if (pid != wanted) return 0;
    u64 one = 1, *count = lookup(&counts, &which);
    if (count) __sync_fetch_and_add(count, 1); else update(&counts, &which, &one, 1);
    struct task_struct *task = (void *)current(), *leader = 0;
    read_kernel(&leader, 8, &task->group_leader);
    output(&events, &leader, 8, 0);
    total++;
    return 0;
}
char LICENSE[] SEC("license") = "GPL";
"""
ONCE = "import ebee, os\nobj = ebee.read(PATH).load()\nobj.attach()\nos._exit(0)"
EMPTY = "import ebee, os\nos._exit(0)"


def source() -> str:
    """Return the object's source."""
    sections = [f"tp/syscalls/sys_enter_{call}" for call in CALLS]
    sections += [f"{kind}/{event}" for kind in ("raw_tp", "tp_btf") for event in EVENTS]
    return HEAD + "".join(f'SEC("{s}") int p{n}(void *ctx) {{ return see({n}); }}\n' for n, s in enumerate(sections))


def seconds(argv: list[str]) -> float:
    """Run a command and return its wall time. Raises: SystemExit with its output when it fails."""
    start = time.perf_counter()
    done = subprocess.run(argv, capture_output=True, text=True)
    elapsed = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return elapsed


def again(path: str) -> float:
    """Load and attach in this process; return the time."""
    import ebee

    start = time.perf_counter()
    with ebee.read(path) as obj:
        obj.load()
        obj.attach()
        return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--bpftool", default="bpftool", help="the command, of several words if need be")
    parser.add_argument("--bpffs", required=True, help="a bpffs of your own, where bpftool pins what it makes")
    parser.add_argument("--max-ratio", type=float, help="fail if ebee, warm, takes more times libbpf's time")
    options = parser.parse_args()
    bpftool = shlex.split(options.bpftool)
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="ebee-bench-") as directory:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = directory  # what users have
        path = Path(directory, "fifteen.bpf.o")
        from ebee.api.c_sources import compile_c

        Path(directory, "fifteen.bpf.c").write_text(source())
        path.write_bytes(compile_c(str(Path(directory, "fifteen.bpf.c"))))
        python = [sys.executable, "-c"]
        for turn in range(options.runs + 1):
            pins = f"{options.bpffs}/ebee_bench_{os.getpid()}_{turn}"
            rows = {
                "bpftool version": [*bpftool, "version"],
                "bpftool loadall": [*bpftool, "prog", "loadall", str(path), pins, "autoattach"],
                "import ebee": [*python, EMPTY],
                "ebee": [*python, ONCE.replace("PATH", repr(str(path)))],
            }
            took = {name: seconds(argv) for name, argv in rows.items()}
            took["ebee, again"] = again(str(path))
            for name, value in took.items() if turn else ():
                times.setdefault(name, []).append(value)
            for pin in Path(pins).iterdir():
                pin.unlink()
            Path(pins).rmdir()
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, values in times.items():
        print(f"{name:16} {medians[name] * 1e3:7.1f} ms  ({min(values) * 1e3:.1f}-{max(values) * 1e3:.1f})")
    libbpf = medians["bpftool loadall"] - medians["bpftool version"]
    own = medians["ebee"] - medians["import ebee"]
    warm = medians["ebee, again"]
    print(f"libbpf {libbpf * 1e3:.1f} ms; ebee fresh {own * 1e3:.1f} ms, {own / libbpf:.2f} times", end="")
    print(f"; warm {warm * 1e3:.1f} ms, {warm / libbpf:.2f} times")
    if options.max_ratio is not None and warm > options.max_ratio * libbpf:
        sys.exit(f"more than {options.max_ratio} times")


if __name__ == "__main__":
    main()

"""Records from the kernel: as structured arrays, and as Python objects, with a producer on the other CPU.

The producer is a program of ebee's that is run with BPF_PROG_TEST_RUN by a process of its own, bound to another CPU: it
sends a given number of records per second for some seconds, and stops. Each run of it is 20,000 turns of a loop.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time

import ebee
from ebee import RingBuf, Struct, u32, u64

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_TURNS = 20_000
_SIZE = "64M"
_LATE_S = 0.02


class Event(Struct):
    number: u64
    ns: u64
    cpu: u32
    kind: u32


class Start(Struct):
    number: u64


ring = RingBuf(Event, size=_SIZE)


@ebee.syscall_program
def send(ctx: Start) -> None:
    number = ctx.number
    ns = ebee.ktime()
    for i in range(_TURNS):
        with ring.reserve() as e:
            e.number = number + i
            e.ns = ns
            e.kind = 7


def produce(session: ebee.Session, rate: float, seconds: float, cpu: int) -> int:
    """Fork a process that sends `rate` records a second; return its id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.alarm(int(seconds) + 10)
        os.sched_setaffinity(0, {cpu})
        start, sent, most = time.monotonic(), 0, int(rate * seconds)
        while sent < most and time.monotonic() - start < seconds + 5:
            early = start + sent / rate - time.monotonic()
            if early > 0:
                time.sleep(early)
            elif early < -_LATE_S:  # this process was kept waiting: records do not come all at once for it
                start -= early
            session.run(send, ctx=Start(number=sent))
            sent += _TURNS
    finally:
        os._exit(0)


def as_arrays(_session: ebee.Session) -> tuple[int, int]:
    """Take what is there as an array; return how many, and the sum of their numbers."""
    found = ring.to_numpy()
    return len(found), int(found["number"].sum())


def as_objects(_session: ebee.Session) -> tuple[int, int]:
    """Take what is there as objects; return how many, and the sum of their numbers."""
    count = total = 0
    for event in ring:  # ends when nothing is there: nothing is attached
        count += 1
        total += event.number
    return count, total


def measure(take: Callable[[ebee.Session], tuple[int, int]], rate: float, seconds: float) -> dict[str, Any]:
    """Read what a producer sends; return rates, losses and the share of a CPU that reading took."""
    cpus = sorted(os.sched_getaffinity(0))
    with ebee.Session(backend="kernel") as session:
        session.load(send)
        take(session)  # what is made once
        producer = produce(session, rate, seconds, cpus[-1])
        os.sched_setaffinity(0, {cpus[0]})
        count = total = 0
        first = last = time.monotonic()
        used, done = time.process_time(), False
        try:
            while True:
                more, numbers = take(session)
                if more:
                    first, last = first if count else time.monotonic(), time.monotonic()
                    count, total = count + more, total + numbers
                elif done:
                    break
                done = done or os.waitpid(producer, os.WNOHANG)[0] != 0
                if more < 1000:
                    time.sleep(0.001)
        finally:
            os.sched_setaffinity(0, cpus)
            if not done:
                os.kill(producer, signal.SIGKILL)
                os.waitpid(producer, 0)
        used = time.process_time() - used
        lost = ring.lost
    assert lost or total == count * (count - 1) // 2, "records came twice, or not at all"
    return {
        "records": count, "lost": lost, "per_second": count / max(last - first, 1e-9), "seconds": last - first,
        "cpu_per_second": count / used, "cpu": used / max(last - first, 1e-9),
    }  # fmt: skip


WAYS = {"arrays": (as_arrays, 5.5e6), "objects": (as_objects, 0.75e6)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rate", type=float, default=0.0, help="records a second, for both ways")
    parser.add_argument("--only", choices=WAYS)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--check", action="store_true", help="fail below 5 M/s as arrays, 0.7 M/s as objects")
    args = parser.parse_args()
    found = {}
    for name, (take, rate) in WAYS.items():
        if args.only in (None, name):
            found[name] = measure(take, args.rate or rate, args.seconds)
    if args.json:
        print(json.dumps(found))
    for name, r in found.items() if not args.json else ():
        sustained = f"{r['per_second'] / 1e6:6.2f} M/s for {r['seconds']:.1f} s, {r['lost']:,} lost of {r['records']:,}"
        used = f"{r['cpu_per_second'] / 1e6:.1f} M per second of CPU time ({r['cpu']:.0%} of one)"
        print(f"{name:8} {sustained}; {used}")
    if args.check:
        least = {"arrays": 5e6, "objects": 0.7e6}
        return int(any(r["per_second"] < least[name] or r["lost"] for name, r in found.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())

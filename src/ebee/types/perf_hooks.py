"""Decorators of hooks on counters of the kernel and the CPU: perf events, samples of what runs, and intervals."""

from __future__ import annotations

from ..abi.perf_events import BREAKPOINT_ON, EVENTS, find_event
from ..errors import UsageError
from .probes import Probe, on

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Decorator = Callable[[Callable[..., object]], Probe]

_NS_PER_S = 1_000_000_000


def _check_number(decorator: str, name: str, value: Any, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise UsageError(f"{decorator}: {name}= is a number from {least} to {most}, not {value!r}")
    return value


def _hook(decorator: str, options: dict[str, Any]) -> Decorator:
    given = {name: value for name, value in options.items() if value}
    if options.get("cpu") is not None:
        given["cpu"] = _check_number(decorator, "cpu", options["cpu"], 0, 8191)
    return on(f"@ebee.{decorator}(…)", "perf_event", **given)


def perf_event(
    event: str, *, period: int = 0, freq: int = 0, pid: int = 0, cgroup: str = "", cpu: int | None = None
) -> Decorator:
    """Run a function each time that an event has happened `period` times, or about `freq` times in a second.

    Events of the kernel: `cpu-clock` (nanoseconds), `task-clock`, `page-faults`, `context-switches`, `cpu-migrations`,
    `minor-faults`, `major-faults`; of the CPU: `cycles`, `instructions`, `cache-misses`, `branch-misses` and others,
    of its caches `LLC-load-misses` and its like, by number `r01c2` (the event, and above it the unit, in hexadecimal);
    accesses of memory `mem:0x7f12a0/8:w`, as for `breakpoint`.
    Without `period` and `freq` it runs on every event (`period=1`); clocks need one of them. `pid` is one process,
    `cgroup` a control group; with a command it is that and its descendants, else the whole machine. `cpu` is one CPU.

    Raises: UsageError for an event that there is not, and for numbers that mean nothing.
    """
    if not isinstance(event, str) or find_event(event) is None:
        hint = f"there are: {', '.join(EVENTS)}; of caches LLC-load-misses and its like; r01c2 by number"
        raise UsageError(f"there is no perf event {event!r}", hint=hint)
    if period and freq:
        raise UsageError("perf_event takes period= or freq=, not both")
    _check_number("perf_event", "period", period, 0, (1 << 63) - 1)
    _check_number("perf_event", "freq", freq, 0, 100_000)
    _check_number("perf_event", "pid", pid, 0, (1 << 31) - 1)
    if event.endswith("-clock") and not freq and period < 10_000:
        raise UsageError(f"{event} counts nanoseconds", hint="give freq=99 (in a second), or period=1_000_000 (1 ms)")
    options = {"event": event, "sample_freq": freq, "sample_period": 0 if freq else period or 1, "pid": pid}
    return _hook("perf_event", options | {"cgroup": cgroup, "cpu": cpu})


def breakpoint(
    address: int | str, *, length: int = 0, on: str = "rw", pid: int = 0, cgroup: str = "", cpu: int | None = None
) -> Decorator:
    """Run a function each time that memory is written to (`on="w"`), read or written ("rw"), or executed ("x").

    `address` is a number, a symbol of the kernel, or that with an offset: "jiffies", "loops_per_jiffy+8". It is a
    multiple of `length`, which is 1, 2, 4 (if it is not given) or 8 bytes; of "x" it is 8. The CPU has a few of them,
    four on x86, which cannot wait for reads alone. Whom it watches is said as for `perf_event`: an address of a process
    means something with its `pid`. Raises: UsageError.
    """
    if isinstance(address, int) and not isinstance(address, bool) and 0 <= address < 1 << 64:
        address = f"{address:#x}"
    event = f"mem:{address}{f'/{length}' if length else ''}:{on}"
    if on not in BREAKPOINT_ON or not isinstance(address, str) or find_event(event) is None:
        hint = 'address: a number or a symbol; length: 1, 2, 4 or 8; on: "w", "rw", "r" or "x"'
        raise UsageError(f"there is no breakpoint {event[4:]!r}", hint=hint)
    _check_number("breakpoint", "pid", pid, 0, (1 << 31) - 1)
    return _hook("breakpoint", {"event": event, "sample_period": 1, "pid": pid, "cgroup": cgroup, "cpu": cpu})


def profile(hz: int = 99, *, pid: int = 0, cgroup: str = "", cpu: int | None = None) -> Decorator:
    """Run a function about `hz` times in each second that a CPU works for what is watched: to see what runs.

    Whom it watches is said as for `perf_event`. Raises: UsageError.
    """
    _check_number("profile", "hz", hz, 1, 100_000)
    return _hook("profile", {"event": "cpu-clock", "sample_freq": hz, "pid": pid, "cgroup": cgroup, "cpu": cpu})


def interval(seconds: float = 1) -> Decorator:
    """Run a function every so many seconds, on one CPU, whatever runs there: to report, or to look at maps.

    Raises: UsageError for less than 100 microseconds.
    """
    period = int(seconds * _NS_PER_S) if isinstance(seconds, int | float) else 0
    if not 100_000 <= period < 1 << 62:
        raise UsageError(f"interval takes seconds, at least 0.0001, not {seconds!r}")
    return _hook("interval", {"event": "cpu-clock", "sample_period": period, "one_cpu": True})

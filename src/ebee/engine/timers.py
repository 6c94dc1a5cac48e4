"""Timers in map values. They fire when the clock of the current task has passed their time.

The engine has no thread of its own: it looks for due timers after each run of a program, after each event and in
`EngineBackend.wait`. A look runs each timer that was due when it began at most once, the earliest first, so that a
timer which starts itself again with 0 does not stop everything else.
"""

from __future__ import annotations

from ..errors import FaultError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .interpreter import Code, Machine
    from .maps import EngineMap


class Timer:
    """A bpf_timer or bpf_wq. `expires_ns` is None while it is not started, `code` until it has a callback."""

    __slots__ = ("address", "callback", "clock", "code", "expires_ns", "map")

    def __init__(self, m: EngineMap, address: int, clock: int = 1) -> None:
        self.map, self.address, self.clock = m, address, clock
        self.callback = 0
        self.code: Code | None = None
        self.expires_ns: int | None = None


def run_timers(vm: Machine) -> None:
    """Run what is due now. Raises: what a callback raises."""
    if not vm.timers:
        return
    now = vm.task.ktime_ns()
    gone = [address for address in vm.timers if _is_gone(vm, address)]
    for address in gone:
        del vm.timers[address]
    due = [t for t in vm.timers.values() if t.expires_ns is not None and t.expires_ns <= now]
    for timer in sorted(due, key=lambda t: t.expires_ns or 0):
        _fire(vm, timer)


def _is_gone(vm: Machine, address: int) -> bool:
    """Return whether the value that held a timer was deleted."""
    try:
        return not any(vm.memory.read(address, 16))
    except FaultError:
        return True


def _fire(vm: Machine, timer: Timer) -> None:
    key = timer.map.key_at(timer.address)
    # An earlier callback may have deleted the value, or stopped the timer.
    if key is None or timer.code is None or timer.expires_ns is None:
        return
    timer.expires_ns = None
    value = timer.map.lookup_address(key)
    key_address = vm.memory.map(key, f"a key of map {timer.map.spec.name!r}")
    vm.running_timer = timer
    try:
        timer.code.run_callback(timer.callback, timer.map.handle, key_address, value)
    finally:
        vm.running_timer = None
        vm.memory.unmap(key_address)

"""Helpers that decide what runs next: loops, tail calls and timers."""

from __future__ import annotations

from errno import E2BIG, EBUSY, EDEADLK, EINVAL, ENOENT

from ...abi import bpf
from ...errors import ExecutionError
from ..mapkinds.references import ProgArray
from ..timers import Timer
from .common import U32, map_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..interpreter import Machine

_CLOCKS = (0, 1, 7)  # CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME
MAX_TAIL_CALLS = 33  # MAX_TAIL_CALL_CNT


def loop(vm: Machine, count: int, callback: int, ctx: int, flags: int) -> int:
    if flags:
        return -EINVAL
    count &= U32
    if count > bpf.BPF_MAX_LOOPS:
        return -E2BIG
    depth = vm.depth + 1
    for i in range(count):
        if vm.call(callback, depth, i, ctx):
            return i + 1
    return count


def tail_call(vm: Machine, ctx: int, handle: int, index: int) -> int:
    """Find the program that replaces this one: 0 if there is one (`vm.next_code`), otherwise -ENOENT.

    Source: kernel/bpf/core.c, JMP_TAIL_CALL (Linux 6.18).
    """
    m = map_at(vm, handle)
    if not isinstance(m, ProgArray):
        raise ExecutionError(f"map {m.spec.name!r} is no array of programs")
    code = m.code_at(index & U32)
    if code is None or vm.tail_calls >= MAX_TAIL_CALLS:
        return -ENOENT
    vm.tail_calls += 1
    vm.next_code = code
    return 0


# Timers. Source: kernel/bpf/helpers.c, bpf_timer_init() (Linux 6.18).


def timer_init(vm: Machine, address: int, handle: int, flags: int) -> int:
    m = map_at(vm, handle)
    if flags >= 16 or flags not in _CLOCKS:
        return -EINVAL
    field = vm.memory.window(address, 16)
    if any(field):
        return -EBUSY
    field[0] = 1
    vm.timers[address] = Timer(m, address, flags)
    return 0


def _timer(vm: Machine, address: int) -> Timer | None:
    return vm.timers.get(address) if any(vm.memory.read(address, 16)) else None


def timer_set_callback(vm: Machine, address: int, callback: int) -> int:
    timer = _timer(vm, address)
    if timer is None:
        return -EINVAL
    timer.code, timer.callback = vm.code, callback
    return 0


def timer_start(vm: Machine, address: int, ns: int, flags: int) -> int:
    timer = _timer(vm, address)
    if flags & ~(bpf.BPF_F_TIMER_ABS | bpf.BPF_F_TIMER_CPU_PIN) or timer is None or timer.code is None:
        return -EINVAL
    timer.expires_ns = ns if flags & bpf.BPF_F_TIMER_ABS else vm.task.ktime_ns() + ns
    return 0


def timer_cancel(vm: Machine, address: int) -> int:
    """Stop a timer; return 1 if it was running, 0 if not."""
    timer = _timer(vm, address)
    if timer is None:
        return -EINVAL
    if timer is vm.running_timer:
        return -EDEADLK
    was_running = timer.expires_ns is not None
    timer.expires_ns = timer.code = None
    return int(was_running)

"""Attaching programs to perf events: samples of a process, a command, a control group or the machine.

Source: perf_event_open(2); perf_event_set_bpf_prog and inherit_event in kernel/events/core.c (Linux 6.18).
"""

from __future__ import annotations

import os

from ..abi.perf_events import find_breakpoint, find_event
from ..errors import SyscallError, UnknownProbe, UsageError
from ..sys.cgroups import open_cgroup
from ..sys.cpus import online_cpus
from . import perf_events as perf
from .programs import KernelLink

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..spec.backend import AttachOptions
    from .programs import KernelProgram

_ESRCH, _EINVAL = 3, 22


def attach_to_samples(program: KernelProgram, options: AttachOptions) -> KernelLink:
    """Attach a program to the events that the options name.

    Of a command: an event of this thread that counts nothing here, is inherited by the command, and begins with its
    exec. Of a process: one for each of its threads, inherited by those that they start.

    Raises: UsageError, NotSupported, PermissionMissing, SyscallError.
    """
    if not options.event:
        raise UsageError(f"which event should {program.spec.name} see?", hint="for example @ebee.profile(hz=99)")
    if sum(map(bool, (options.pid, options.cgroup, program.is_for_command))) > 1:
        raise UsageError("a probe sees one process, a control group, or a command", hint="leave out the others")
    cpus, any_cpu = online_cpus(), -1
    if options.cpu is not None:
        any_cpu = options.cpu
        if any_cpu not in cpus:
            raise UsageError(f"there is no CPU {any_cpu}", hint=f"there are {', '.join(map(str, cpus))}")
        cpus = [any_cpu]
    if options.one_cpu:
        return _attach(program, options, [(-1, cpus[0])])
    if program.is_for_command:
        return _attach(program, options, [(0, any_cpu)], perf.INHERIT | perf.ENABLE_ON_EXEC)
    if options.pid:
        return _attach(program, options, [(tid, any_cpu) for tid in _threads(options.pid)], perf.INHERIT)
    if options.cgroup:
        with open_cgroup(options.cgroup) as group:
            return _attach(program, options, [(group.number, cpu) for cpu in cpus], is_cgroup=True)
    return _attach(program, options, [(-1, cpu) for cpu in cpus])


def _breakpoint(event: str) -> tuple[int, int, int] | None:
    """Return the address, length and bits of a breakpoint, None for other events. Raises: UnknownProbe."""
    found = find_breakpoint(event)
    if found is None:
        return None
    symbol, off, length, bits = found
    if symbol:
        from .ksyms import address_of

        address = address_of(symbol)
        if not address:
            raise UnknownProbe(event, hint=f"the kernel has no symbol {symbol!r}: see /proc/kallsyms")
        off += address
    return off, length, bits


def _threads(pid: int) -> list[int]:
    try:
        return sorted(map(int, os.listdir(f"/proc/{pid}/task")))
    except FileNotFoundError:
        raise UsageError(f"there is no process {pid}") from None


def _attach(
    program: KernelProgram, options: AttachOptions, targets: list[tuple[int, int]], flags: int = 0, *,
    is_cgroup: bool = False,
) -> KernelLink:
    found = find_event(options.event)
    if found is None:
        raise UsageError(f"there is no perf event {options.event!r}")
    type, config = found
    watched = _breakpoint(options.event)
    flags |= perf.DISABLED | (perf.FREQ if options.sample_freq else 0)
    links: list[KernelLink] = []
    try:
        for target, cpu in targets:
            sample = options.sample_freq or options.sample_period
            try:
                event = perf.open_samples(
                    type, config, flags, sample, target, cpu, options.event, is_cgroup=is_cgroup, breakpoint=watched
                )
            except SyscallError as e:
                if e.errno == _ESRCH and len(targets) > 1:
                    continue  # a thread that has ended meanwhile
                if e.errno == _EINVAL and options.sample_freq:
                    hint = "it is at most what /proc/sys/kernel/perf_event_max_sample_rate says"
                    raise UsageError(f"{options.sample_freq} times in a second is too often here", hint=hint) from None
                raise
            is_enabled = not flags & perf.ENABLE_ON_EXEC
            links.append(perf.attach_to_event(program.fd.number, event, options.event, is_enabled=is_enabled))
    except BaseException:
        KernelLink(*links).close()
        raise
    return KernelLink(*links)

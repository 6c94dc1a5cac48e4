"""Perf events that programs are attached to: tracepoints, kprobes."""

from __future__ import annotations

from ..abi import attr as layouts
from ..abi.perf_events import PERF_TYPE_SOFTWARE
from ..errors import NotSupported, PermissionMissing, SyscallError, UsageError
from ..sys import bpf
from ..sys.caps import missing_for_tracing
from ..sys.os_seam import Fd, current
from .programs import KernelLink

_EINVAL, _EACCES, _ENOSPC = 22, 13, 28

# Source: struct perf_event_attr, include/uapi/linux/perf_event.h.
PERF_TYPE_TRACEPOINT = 2
_PERF_FLAG_FD_CLOEXEC = 8
_PERF_EVENT_ATTR: layouts.Layout = {
    "type": (0, 4),
    "size": (4, 4),
    "config": (8, 8),
    "sample_period": (16, 8),
    "sample_type": (24, 8),
    "flags": (40, 8),
    "wakeup_events": (48, 4),
    "bp_type": (52, 4),
    "config1": (56, 8),
    "config2": (64, 8),
    "end": (72, 0),  # PERF_ATTR_SIZE_VER1
}
_PERF_SAMPLE_RAW = 1 << 10
_PERF_EVENT_IOC_ENABLE, _PERF_EVENT_IOC_SET_BPF = 0x2400, 0x40042408


# Bits of `flags`.
DISABLED, INHERIT, FREQ, ENABLE_ON_EXEC = 1 << 0, 1 << 1, 1 << 10, 1 << 12
PERF_FLAG_PID_CGROUP = 4


def open_samples(
    type: int, config: int, flags: int, sample: int, target: int, cpu: int, what: str, *, is_cgroup: bool = False,
    breakpoint: tuple[int, int, int] | None = None,
) -> Fd:
    """Open an event that runs a program each `sample` times, or with FREQ so often in a second.

    `target` is a thread, 0 for this one, -1 for all, or a control group's file descriptor; `cpu` -1 means all.
    `breakpoint` is the address, length and bits of one.
    Raises: NotSupported for an event that this machine does not count, PermissionMissing, UsageError, SyscallError.
    """
    fields: dict[str, int | bytes] = {
        "type": type,
        "size": _PERF_EVENT_ATTR["end"][0],
        "config": config,
        "sample_period": sample,
        "flags": flags,
    }
    if breakpoint is not None:
        fields |= dict(zip(("config1", "config2", "bp_type"), breakpoint))
    attr = bpf.make_attr(_PERF_EVENT_ATTR, fields)
    more = PERF_FLAG_PID_CGROUP if is_cgroup else 0
    fd = current().perf_event_open(attr, target, cpu, -1, _PERF_FLAG_FD_CLOEXEC | more)
    if fd in (-bpf.EPERM, -_EACCES):
        raise PermissionMissing(f"sampling {what}", missing_for_tracing() or ["CAP_PERFMON"])
    if fd in (-bpf.ENOENT, -bpf.EOPNOTSUPP):
        raise NotSupported(f"the event {what}", hint="this machine does not count it; a virtual one has few counters")
    if fd == -_ENOSPC and breakpoint is not None:
        raise UsageError(f"{what}: the CPU has no more breakpoints", hint="others hold them: x86 has four in all")
    if fd == -_EINVAL and breakpoint is not None:
        hint = "the address is a multiple of the length, of x the length is 8, and x86 cannot wait for reads alone"
        raise UsageError(f"this machine does not watch {what}", hint=hint)
    if fd < 0:
        raise SyscallError("perf_event_open", -fd, what)
    return Fd(fd)


_PERF_COUNT_SW_BPF_OUTPUT, _PERF_SAMPLE_TIME = 10, 1 << 2


def open_output(cpu: int) -> Fd:
    """Open the event through which programs send records on a CPU. Raises: PermissionMissing, SyscallError."""
    fields: dict[str, int | bytes] = {
        "type": PERF_TYPE_SOFTWARE,
        "size": _PERF_EVENT_ATTR["end"][0],
        "config": _PERF_COUNT_SW_BPF_OUTPUT,
        "sample_period": 1,
        "sample_type": _PERF_SAMPLE_RAW | _PERF_SAMPLE_TIME,
        "wakeup_events": 1,
    }
    fd = current().perf_event_open(bpf.make_attr(_PERF_EVENT_ATTR, fields), -1, cpu, -1, _PERF_FLAG_FD_CLOEXEC)
    if fd in (-bpf.EPERM, -_EACCES):
        raise PermissionMissing("receiving records of programs", missing_for_tracing() or ["CAP_PERFMON"])
    if fd < 0:
        raise SyscallError("perf_event_open", -fd, f"for the records of CPU {cpu}")
    return Fd(fd)


# What PERF_COUNT_SW_DUMMY tells of processes, as bits of `flags`: mmap, task, watermark, sample_id_all, mmap2.
_PERF_COUNT_SW_DUMMY, _TELL = 9, 1 << 8 | 1 << 13 | 1 << 14 | 1 << 18 | 1 << 23
_WATERMARK_BYTES = 1 << 17


def open_mappings(target: int, cpu: int, flags: int) -> Fd:
    """Open an event whose buffer gets a record of what is mapped, executed and forked on a CPU, with its time.

    `target` is a thread, 0 for this one, -1 for all. Raises: PermissionMissing, SyscallError.
    """
    fields: dict[str, int | bytes] = {
        "type": PERF_TYPE_SOFTWARE,
        "size": _PERF_EVENT_ATTR["end"][0],
        "config": _PERF_COUNT_SW_DUMMY,
        "sample_type": _PERF_SAMPLE_TIME,
        "flags": flags | _TELL,
        "wakeup_events": _WATERMARK_BYTES,
    }
    fd = current().perf_event_open(bpf.make_attr(_PERF_EVENT_ATTR, fields), target, cpu, -1, _PERF_FLAG_FD_CLOEXEC)
    if fd in (-bpf.EPERM, -_EACCES):
        raise PermissionMissing("following what processes map", missing_for_tracing() or ["CAP_PERFMON"])
    if fd < 0:
        raise SyscallError("perf_event_open", -fd, f"for mappings on CPU {cpu}")
    return Fd(fd)


def open_event(type: int, config: int, what: str, config1: int = 0, config2: int = 0, *, pid: int = 0) -> Fd:
    """Open an event for a program that is to run on every CPU, for one process if `pid` is not 0.

    Raises: PermissionMissing, SyscallError.
    """
    fields: dict[str, int | bytes] = {
        "type": type,
        "size": _PERF_EVENT_ATTR["end"][0],
        "config": config,
        "config1": config1,
        "config2": config2,
        "sample_period": 1,
        "sample_type": _PERF_SAMPLE_RAW,
        "wakeup_events": 1,
    }
    # The event counts on CPU 0 only, but a program on it runs for the event on every CPU.
    attr = bpf.make_attr(_PERF_EVENT_ATTR, fields)
    fd = current().perf_event_open(attr, pid or -1, -1 if pid else 0, -1, _PERF_FLAG_FD_CLOEXEC)
    if fd in (-bpf.EPERM, -_EACCES):
        raise PermissionMissing(f"attaching to {what}", missing_for_tracing() or ["CAP_PERFMON"])
    if fd < 0:
        raise SyscallError("perf_event_open", -fd, what)
    return Fd(fd)


def attach_to_event(prog_fd: int, perf: Fd, what: str, cookie: int = 0, *, is_enabled: bool = True) -> KernelLink:
    """Attach to an event: a BPF link, or before Linux 5.15 the event's own reference, which has no cookie.

    `is_enabled`: it begins to count now, and not when a command starts. Raises: NotSupported, SyscallError.
    """
    seam = current()
    link = bpf.link_create_perf_event(prog_fd, perf.number, cookie)
    fds = [Fd(link), perf] if link >= 0 else [perf]
    if link == -_EINVAL and cookie:
        perf.close()
        raise NotSupported(f"{what} with a cookie", "5.15")
    if link == -_EINVAL:
        link = seam.ioctl(perf.number, _PERF_EVENT_IOC_SET_BPF, prog_fd)
    if link < 0:
        perf.close()
        hint = "the program reads beyond the record that this kernel gives" if link == -_EACCES else ""
        raise SyscallError("BPF_LINK_CREATE", -link, what, hint=hint)
    enabled = seam.ioctl(perf.number, _PERF_EVENT_IOC_ENABLE, 0) if is_enabled else 0
    if enabled < 0:
        KernelLink(*fds).close()
        raise SyscallError("PERF_EVENT_IOC_ENABLE", -enabled, what)
    return KernelLink(*fds)

"""Attaching loaded programs: one row per kind of program in `ATTACHERS`."""

from __future__ import annotations

from ..abi import attr as layouts
from ..abi import bpf as abi
from ..errors import NotSupported, PermissionMissing, SyscallError, UnknownProbe, UsageError
from ..sys import bpf
from ..sys.caps import missing_for_tracing
from ..sys.os_seam import Fd, current
from .programs import KernelLink
from .relocate import unknown_probe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..spec.backend import AttachOptions
    from .programs import KernelProgram
    from .target import Tracepoints

    Attacher = Callable[[KernelProgram, AttachOptions, Tracepoints], KernelLink]

_ENOENT, _EINVAL, _EACCES = 2, 22, 13

# Source: include/uapi/linux/perf_event.h.
_PERF_TYPE_TRACEPOINT = 2
_PERF_FLAG_FD_CLOEXEC = 8
_PERF_EVENT_ATTR: layouts.Layout = {
    "type": (0, 4),
    "size": (4, 4),
    "config": (8, 8),
    "sample_period": (16, 8),
    "sample_type": (24, 8),
    "wakeup_events": (48, 4),
    "end": (64, 0),  # PERF_ATTR_SIZE_VER0
}
_PERF_SAMPLE_RAW = 1 << 10
_PERF_EVENT_IOC_ENABLE, _PERF_EVENT_IOC_SET_BPF = 0x2400, 0x40042408


def attach(program: KernelProgram, options: AttachOptions, tracepoints: Tracepoints) -> KernelLink:
    """Attach to the hook that the program's spec names, where the options say.

    Raises: UnknownProbe, NotSupported, PermissionMissing, UsageError for options, SyscallError.
    """
    takes, attacher = ATTACHERS.get(program.spec.prog_type, ("", None))
    if program.raw_tracepoint:
        takes, attacher = "", _raw_tracepoint
    if attacher is None:
        raise NotSupported(f"attaching a program of section {program.spec.section!r}")
    for name in options.given():
        if name not in takes.split():
            what = f"{program.spec.name}, a program of section {program.spec.section!r}"
            raise UsageError(f"{name}= means nothing to {what}")
    return attacher(program, options, tracepoints)


def _raw_tracepoint(program: KernelProgram, options: AttachOptions, tracepoints: Tracepoints) -> KernelLink:
    try:
        return KernelLink(bpf.raw_tracepoint_open(program.raw_tracepoint, program.fd.number))
    except SyscallError as e:
        if e.errno in (_ENOENT, _EINVAL) and program.spec.prog_type == abi.BPF_PROG_TYPE_RAW_TRACEPOINT:
            raise UnknownProbe(f"raw_tp:{program.raw_tracepoint}") from None
        raise


def _by(module: str, function: str) -> Attacher:
    """Return an attacher that is imported when it is used."""

    def attacher(program: KernelProgram, options: AttachOptions, tracepoints: Tracepoints) -> KernelLink:
        attach = getattr(__import__(f"{__package__}.{module}", fromlist=(function,)), function)
        return KernelLink(attach(program, options))

    return attacher


def _tracepoint(program: KernelProgram, options: AttachOptions, tracepoints: Tracepoints) -> KernelLink:
    """Attach through a perf event: a BPF link, or before Linux 5.15 the event's own reference."""
    event = program.spec.attach_to
    try:
        number = tracepoints.event_id(event)
    except UnknownProbe:
        raise unknown_probe(event, tracepoints) from None
    seam = current()
    attr = bpf.make_attr(
        _PERF_EVENT_ATTR,
        {
            "type": _PERF_TYPE_TRACEPOINT,
            "size": _PERF_EVENT_ATTR["end"][0],
            "config": number,
            "sample_period": 1,
            "sample_type": _PERF_SAMPLE_RAW,
            "wakeup_events": 1,
        },
    )
    # The event counts on CPU 0 only, but a program on it runs for the tracepoint on every CPU.
    fd = seam.perf_event_open(attr, -1, 0, -1, _PERF_FLAG_FD_CLOEXEC)
    if fd in (-bpf.EPERM, -_EACCES):
        raise PermissionMissing(f"attaching to tracepoint:{event}", missing_for_tracing() or ["CAP_PERFMON"])
    if fd < 0:
        raise SyscallError("perf_event_open", -fd, f"tracepoint:{event}")
    perf = Fd(fd)
    link = bpf.link_create_perf_event(program.fd.number, fd)
    fds = [Fd(link), perf] if link >= 0 else [perf]
    if link == -_EINVAL:
        link = seam.ioctl(fd, _PERF_EVENT_IOC_SET_BPF, program.fd.number)
    if link < 0:
        perf.close()
        if link == -_EACCES:
            hint = "the program reads beyond the record that this kernel gives"
            raise SyscallError("BPF_LINK_CREATE", -link, f"tracepoint:{event}", hint=hint)
        raise SyscallError("BPF_LINK_CREATE", -link, f"tracepoint:{event}")
    enabled = seam.ioctl(fd, _PERF_EVENT_IOC_ENABLE, 0)
    if enabled < 0:
        KernelLink(*fds).close()
        raise SyscallError("PERF_EVENT_IOC_ENABLE", -enabled, f"tracepoint:{event}")
    return KernelLink(*fds)


# What a kind of program can be attached with, as names of AttachOptions, and how.
ATTACHERS: dict[int, tuple[str, Attacher | None]] = {
    abi.BPF_PROG_TYPE_TRACEPOINT: ("", _tracepoint),
    abi.BPF_PROG_TYPE_XDP: ("interface mode", _by("interfaces", "attach_to_interface")),
    abi.BPF_PROG_TYPE_SCHED_CLS: ("interface", _by("interfaces", "attach_to_interface")),
    **dict.fromkeys(
        (
            abi.BPF_PROG_TYPE_CGROUP_SKB, abi.BPF_PROG_TYPE_CGROUP_SOCK, abi.BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
            abi.BPF_PROG_TYPE_CGROUP_SOCKOPT, abi.BPF_PROG_TYPE_CGROUP_SYSCTL, abi.BPF_PROG_TYPE_CGROUP_DEVICE,
            abi.BPF_PROG_TYPE_SOCK_OPS,
        ),
        ("cgroup", _by("network", "attach_to_cgroup")),
    ),
    **dict.fromkeys(
        (abi.BPF_PROG_TYPE_SK_LOOKUP, abi.BPF_PROG_TYPE_FLOW_DISSECTOR),
        ("netns", _by("network", "attach_to_netns")),
    ),
    **dict.fromkeys((abi.BPF_PROG_TYPE_SK_MSG, abi.BPF_PROG_TYPE_SK_SKB), ("map", _by("network", "attach_to_map"))),
    **dict.fromkeys(
        (abi.BPF_PROG_TYPE_SOCKET_FILTER, abi.BPF_PROG_TYPE_SK_REUSEPORT),
        ("socket", _by("network", "attach_to_socket")),
    ),
    abi.BPF_PROG_TYPE_NETFILTER: ("hook family priority defrag", _by("network", "attach_to_netfilter")),
    **dict.fromkeys(
        (
            abi.BPF_PROG_TYPE_LWT_IN, abi.BPF_PROG_TYPE_LWT_OUT, abi.BPF_PROG_TYPE_LWT_XMIT,
            abi.BPF_PROG_TYPE_LWT_SEG6LOCAL,
        ),
        ("", _by("network", "refuse_lwt")),
    ),
}  # fmt: skip

"""Attaching loaded programs: one row per kind of program in `ATTACHERS`."""

from __future__ import annotations

from ..abi import bpf as abi
from ..errors import NotSupported, SyscallError, UnknownProbe, UsageError
from ..sys import bpf
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

_ENOENT, _EINVAL, _EEXIST = 2, 22, 17


def attach(program: KernelProgram, options: AttachOptions, tracepoints: Tracepoints) -> KernelLink:
    """Attach to the hook that the program's spec names, where the options say.

    Raises: UnknownProbe, NotSupported, PermissionMissing, UsageError for options, SyscallError.
    """
    takes, attacher = ATTACHERS.get(program.spec.prog_type, ("", None))
    if program.replaces is not None:
        from .replace import attach_replacement

        return attach_replacement(program)
    if program.raw_tracepoint:
        takes, attacher = "cookie", _raw_tracepoint
    if attacher is None:
        raise NotSupported(f"attaching a program of section {program.spec.section!r}")
    for name in options.given():
        if name not in takes.split():
            what = f"{program.spec.name}, a program of section {program.spec.section!r}"
            raise UsageError(f"{name}= means nothing to {what}")
    return attacher(program, options, tracepoints)


def _raw_tracepoint(program: KernelProgram, options: AttachOptions, tracepoints: Tracepoints) -> KernelLink:
    try:
        return KernelLink(bpf.raw_tracepoint_open(program.raw_tracepoint, program.fd.number, options.cookie))
    except SyscallError as e:
        if options.cookie and e.errno in (_EINVAL, bpf.E2BIG):
            raise NotSupported(f"{program.raw_tracepoint} with a cookie", "6.10") from None
        if e.errno in (_ENOENT, _EINVAL) and program.spec.prog_type == abi.BPF_PROG_TYPE_RAW_TRACEPOINT:
            raise _unknown_raw_tracepoint(program.raw_tracepoint) from None
        if e.errno == _EEXIST:
            raise NotSupported(
                f"{program.spec.name} a second time on {program.raw_tracepoint}", "6.10", hint="load it once more"
            ) from None
        raise


def _unknown_raw_tracepoint(name: str) -> UnknownProbe:
    from .btf_ids import close_names
    from .vmlinux import vmlinux_btf

    btf = vmlinux_btf()
    return UnknownProbe(f"raw_tp:{name}", [] if btf is None else close_names(btf, "raw_tracepoint", name))


def _by(module: str, function: str) -> Attacher:
    """Return an attacher that is imported when it is used."""

    def attacher(program: KernelProgram, options: AttachOptions, tracepoints: Tracepoints) -> KernelLink:
        attach = getattr(__import__(f"{__package__}.{module}", fromlist=(function,)), function)
        made = attach(program, options)
        return made if isinstance(made, KernelLink) else KernelLink(made)

    return attacher


def _tracepoint(program: KernelProgram, options: AttachOptions, tracepoints: Tracepoints) -> KernelLink:
    """Attach through a perf event: a BPF link, or before Linux 5.15 the event's own reference."""
    from .perf_events import PERF_TYPE_TRACEPOINT, attach_to_event, open_event

    event = program.spec.attach_to
    try:
        number = tracepoints.event_id(event)
    except UnknownProbe:
        raise unknown_probe(event, tracepoints) from None
    perf = open_event(PERF_TYPE_TRACEPOINT, number, f"tracepoint:{event}")
    return attach_to_event(program.fd.number, perf, f"tracepoint:{event}", options.cookie)


def _tracing(program: KernelProgram, options: AttachOptions, tracepoints: Tracepoints) -> KernelLink:
    """Attach to what the program was loaded for: typed tracepoints, trampolines, security hooks; make an iterator."""
    if program.spec.expected_attach_type == abi.BPF_TRACE_ITER:
        from .iterators import attach_iterator

        return attach_iterator(program, options)
    for name in options.given():
        if name != "cookie":
            raise UsageError(f"{name}= means nothing to {program.spec.name}: only iterators take it")
    if program.spec.prog_type == abi.BPF_PROG_TYPE_LSM:
        _check_lsm()
    if options.cookie:
        return _traced_with_cookie(program, options.cookie)
    return KernelLink(bpf.raw_tracepoint_open("", program.fd.number))


def _traced_with_cookie(program: KernelProgram, cookie: int) -> KernelLink:
    """Attach a program of a trampoline or typed tracepoint with a cookie (Linux 5.19, of tracepoints 6.10)."""
    spec = program.spec
    if spec.expected_attach_type == abi.BPF_TRACE_RAW_TP:
        try:
            return KernelLink(bpf.raw_tracepoint_open("", program.fd.number, cookie))
        except SyscallError as e:
            if e.errno in (_EINVAL, bpf.E2BIG):
                raise NotSupported(f"{spec.attach_to} with a cookie", "6.10") from None
            raise
    link = bpf.link_create(program.fd.number, 0, spec.expected_attach_type, tracing__cookie=cookie)
    if link in (-_EINVAL, -bpf.E2BIG):
        raise NotSupported(f"{spec.attach_to} with a cookie", "5.19")
    if link < 0:
        raise bpf.error(abi.BPF_LINK_CREATE, -link, spec.section)
    return KernelLink(Fd(link))


def _lsm(program: KernelProgram, options: AttachOptions, tracepoints: Tracepoints) -> KernelLink:
    """Attach a security program: to the machine's hooks, or to those of a control group."""
    if program.spec.expected_attach_type == abi.BPF_LSM_CGROUP:
        from .network import attach_to_cgroup

        _check_lsm()
        return KernelLink(attach_to_cgroup(program, options))
    return _tracing(program, options, tracepoints)


def _check_lsm() -> None:
    """Raises: NotSupported where the kernel would attach a security program and never ask it."""
    try:
        active = current().read_file("/sys/kernel/security/lsm").decode().strip()
    except OSError:
        return  # securityfs is not mounted: nobody knows
    if "bpf" not in active.split(","):
        hint = f"boot with lsm={active},bpf"
        raise NotSupported(f"security programs: of {active} none is bpf", hint=hint)


def _kprobe(program: KernelProgram, options: AttachOptions, tracepoints: Tracepoints) -> KernelLink:
    if program.spec.section.lstrip("?").startswith("u"):
        from .uprobes import attach_uprobe

        return attach_uprobe(program, options)
    from .kprobes import attach_kprobe

    if options.pid:
        raise UsageError(f"pid= means nothing to {program.spec.name}, a probe on a function of the kernel")
    return attach_kprobe(program, options, tracepoints)


# What a kind of program can be attached with, as names of AttachOptions, and how.
ATTACHERS: dict[int, tuple[str, Attacher | None]] = {
    abi.BPF_PROG_TYPE_TRACEPOINT: ("cookie", _tracepoint),
    abi.BPF_PROG_TYPE_XDP: ("interface mode before after", _by("interfaces", "attach_to_interface")),
    abi.BPF_PROG_TYPE_SCHED_CLS: (
        "interface mode priority before after revision", _by("interfaces", "attach_to_interface")
    ),
    **dict.fromkeys(
        (
            abi.BPF_PROG_TYPE_CGROUP_SKB, abi.BPF_PROG_TYPE_CGROUP_SOCK, abi.BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
            abi.BPF_PROG_TYPE_CGROUP_SOCKOPT, abi.BPF_PROG_TYPE_CGROUP_SYSCTL, abi.BPF_PROG_TYPE_CGROUP_DEVICE,
            abi.BPF_PROG_TYPE_SOCK_OPS,
        ),
        ("cgroup before after revision allow", _by("network", "attach_to_cgroup")),
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
        ("route", _by("network", "attach_to_route")),
    ),
    abi.BPF_PROG_TYPE_TRACING: ("pid tid map cgroup order cookie", _tracing),
    abi.BPF_PROG_TYPE_LSM: ("cookie cgroup before after revision", _lsm),
    abi.BPF_PROG_TYPE_PERF_EVENT: (
        "event sample_period sample_freq one_cpu cpu pid cgroup", _by("samples", "attach_to_samples")
    ),
    abi.BPF_PROG_TYPE_KPROBE: ("pid cookie", _kprobe),
}  # fmt: skip

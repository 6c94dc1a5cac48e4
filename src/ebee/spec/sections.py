"""Section names of object files: what a program in such a section is, and back.

Source: section_defs and sec_def_matches in libbpf.c (Linux 7.2, libbpf 1.8);
Documentation/bpf/libbpf/program_types.rst.
"""

from __future__ import annotations

from ..abi import bpf
from ..abi.bpf import BPF_F_SLEEPABLE, BPF_F_XDP_HAS_FRAGS
from ..errors import FormatError
from ..record import Record

# Properties of a definition, beside its prog_flags.
TARGET = 1  # the name may go on with `/` and what to attach to
AUTO = 2  # that says all that is needed to attach
ATTACH_BTF = 4  # it names a BTF function or typedef, whose id the program is loaded with

_KPROBE, _TRACING = bpf.BPF_PROG_TYPE_KPROBE, bpf.BPF_PROG_TYPE_TRACING
_TRACEPOINT, _RAW_TRACEPOINT = bpf.BPF_PROG_TYPE_TRACEPOINT, bpf.BPF_PROG_TYPE_RAW_TRACEPOINT
_RAW_TRACEPOINT_WRITABLE = bpf.BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE
_CLS, _XDP, _LSM = bpf.BPF_PROG_TYPE_SCHED_CLS, bpf.BPF_PROG_TYPE_XDP, bpf.BPF_PROG_TYPE_LSM
_SOCK_ADDR, _SOCK = bpf.BPF_PROG_TYPE_CGROUP_SOCK_ADDR, bpf.BPF_PROG_TYPE_CGROUP_SOCK
_SK_SKB, _SOCKOPT = bpf.BPF_PROG_TYPE_SK_SKB, bpf.BPF_PROG_TYPE_CGROUP_SOCKOPT
_REUSEPORT, _CGROUP_SKB = bpf.BPF_PROG_TYPE_SK_REUSEPORT, bpf.BPF_PROG_TYPE_CGROUP_SKB
_PROBE = TARGET | AUTO
_BTF_PROBE = TARGET | AUTO | ATTACH_BTF
_SLEEPABLE, _FRAGS = BPF_F_SLEEPABLE, BPF_F_XDP_HAS_FRAGS
# Attach types that came after Linux 6.18. Source: enum bpf_attach_type, include/uapi/linux/bpf.h (Linux 7.2).
_FSESSION, _FENTRY_MULTI, _FEXIT_MULTI, _FSESSION_MULTI = 58, 59, 60, 61

# name: (prog_type, expected_attach_type, properties, prog_flags). Of several names the usual is first.
SECTIONS: dict[str, tuple[int, int, int, int]] = {
    "socket": (bpf.BPF_PROG_TYPE_SOCKET_FILTER, 0, 0, 0),
    "sk_reuseport/migrate": (_REUSEPORT, bpf.BPF_SK_REUSEPORT_SELECT_OR_MIGRATE, 0, 0),
    "sk_reuseport": (_REUSEPORT, bpf.BPF_SK_REUSEPORT_SELECT, 0, 0),
    # kernel and user-space probes
    "kprobe": (_KPROBE, 0, _PROBE, 0),
    "uprobe": (_KPROBE, 0, _PROBE, 0),
    "uprobe.s": (_KPROBE, 0, _PROBE, _SLEEPABLE),
    "kretprobe": (_KPROBE, 0, _PROBE, 0),
    "uretprobe": (_KPROBE, 0, _PROBE, 0),
    "uretprobe.s": (_KPROBE, 0, _PROBE, _SLEEPABLE),
    "kprobe.multi": (_KPROBE, bpf.BPF_TRACE_KPROBE_MULTI, _PROBE, 0),
    "kretprobe.multi": (_KPROBE, bpf.BPF_TRACE_KPROBE_MULTI, _PROBE, 0),
    "kprobe.session": (_KPROBE, bpf.BPF_TRACE_KPROBE_SESSION, _PROBE, 0),
    "uprobe.multi": (_KPROBE, bpf.BPF_TRACE_UPROBE_MULTI, _PROBE, 0),
    "uretprobe.multi": (_KPROBE, bpf.BPF_TRACE_UPROBE_MULTI, _PROBE, 0),
    "uprobe.session": (_KPROBE, bpf.BPF_TRACE_UPROBE_SESSION, _PROBE, 0),
    "uprobe.multi.s": (_KPROBE, bpf.BPF_TRACE_UPROBE_MULTI, _PROBE, _SLEEPABLE),
    "uretprobe.multi.s": (_KPROBE, bpf.BPF_TRACE_UPROBE_MULTI, _PROBE, _SLEEPABLE),
    "uprobe.session.s": (_KPROBE, bpf.BPF_TRACE_UPROBE_SESSION, _PROBE, _SLEEPABLE),
    "ksyscall": (_KPROBE, 0, _PROBE, 0),
    "kretsyscall": (_KPROBE, 0, _PROBE, 0),
    "usdt": (_KPROBE, 0, _PROBE, 0),
    "usdt.s": (_KPROBE, 0, _PROBE, _SLEEPABLE),
    # traffic control
    "tcx/ingress": (_CLS, bpf.BPF_TCX_INGRESS, 0, 0),
    "tcx/egress": (_CLS, bpf.BPF_TCX_EGRESS, 0, 0),
    "tc/ingress": (_CLS, bpf.BPF_TCX_INGRESS, 0, 0),
    "tc/egress": (_CLS, bpf.BPF_TCX_EGRESS, 0, 0),
    "tc": (_CLS, 0, 0, 0),
    "classifier": (_CLS, 0, 0, 0),
    "action": (bpf.BPF_PROG_TYPE_SCHED_ACT, 0, 0, 0),
    "netkit/primary": (_CLS, bpf.BPF_NETKIT_PRIMARY, 0, 0),
    "netkit/peer": (_CLS, bpf.BPF_NETKIT_PEER, 0, 0),
    # tracepoints
    "tracepoint": (_TRACEPOINT, 0, _PROBE, 0),
    "tp": (_TRACEPOINT, 0, _PROBE, 0),
    "raw_tracepoint": (_RAW_TRACEPOINT, 0, _PROBE, 0),
    "raw_tp": (_RAW_TRACEPOINT, 0, _PROBE, 0),
    "raw_tracepoint.w": (_RAW_TRACEPOINT_WRITABLE, 0, _PROBE, 0),
    "raw_tp.w": (_RAW_TRACEPOINT_WRITABLE, 0, _PROBE, 0),
    "tp_btf": (_TRACING, bpf.BPF_TRACE_RAW_TP, _BTF_PROBE, 0),
    "tracepoint.s": (_TRACEPOINT, 0, _PROBE, _SLEEPABLE),
    "tp.s": (_TRACEPOINT, 0, _PROBE, _SLEEPABLE),
    "raw_tracepoint.s": (_RAW_TRACEPOINT, 0, _PROBE, _SLEEPABLE),
    "raw_tp.s": (_RAW_TRACEPOINT, 0, _PROBE, _SLEEPABLE),
    "tp_btf.s": (_TRACING, bpf.BPF_TRACE_RAW_TP, _BTF_PROBE, _SLEEPABLE),
    # trampolines, security hooks, iterators
    "fentry": (_TRACING, bpf.BPF_TRACE_FENTRY, _BTF_PROBE, 0),
    "fmod_ret": (_TRACING, bpf.BPF_MODIFY_RETURN, _BTF_PROBE, 0),
    "fexit": (_TRACING, bpf.BPF_TRACE_FEXIT, _BTF_PROBE, 0),
    "fentry.s": (_TRACING, bpf.BPF_TRACE_FENTRY, _BTF_PROBE, _SLEEPABLE),
    "fmod_ret.s": (_TRACING, bpf.BPF_MODIFY_RETURN, _BTF_PROBE, _SLEEPABLE),
    "fexit.s": (_TRACING, bpf.BPF_TRACE_FEXIT, _BTF_PROBE, _SLEEPABLE),
    "fsession": (_TRACING, _FSESSION, _BTF_PROBE, 0),
    "fsession.s": (_TRACING, _FSESSION, _BTF_PROBE, _SLEEPABLE),
    "fentry.multi": (_TRACING, _FENTRY_MULTI, _PROBE, 0),
    "fentry.multi.s": (_TRACING, _FENTRY_MULTI, _PROBE, _SLEEPABLE),
    "fexit.multi": (_TRACING, _FEXIT_MULTI, _PROBE, 0),
    "fexit.multi.s": (_TRACING, _FEXIT_MULTI, _PROBE, _SLEEPABLE),
    "fsession.multi": (_TRACING, _FSESSION_MULTI, _PROBE, 0),
    "fsession.multi.s": (_TRACING, _FSESSION_MULTI, _PROBE, _SLEEPABLE),
    "freplace": (bpf.BPF_PROG_TYPE_EXT, 0, _BTF_PROBE, 0),
    "lsm": (_LSM, bpf.BPF_LSM_MAC, _BTF_PROBE, 0),
    "lsm.s": (_LSM, bpf.BPF_LSM_MAC, _BTF_PROBE, _SLEEPABLE),
    "lsm_cgroup": (_LSM, bpf.BPF_LSM_CGROUP, TARGET | ATTACH_BTF, 0),
    "iter": (_TRACING, bpf.BPF_TRACE_ITER, _BTF_PROBE, 0),
    "iter.s": (_TRACING, bpf.BPF_TRACE_ITER, _BTF_PROBE, _SLEEPABLE),
    "syscall": (bpf.BPF_PROG_TYPE_SYSCALL, 0, 0, _SLEEPABLE),
    # packets
    "xdp.frags/devmap": (_XDP, bpf.BPF_XDP_DEVMAP, 0, _FRAGS),
    "xdp/devmap": (_XDP, bpf.BPF_XDP_DEVMAP, 0, 0),
    "xdp.frags/cpumap": (_XDP, bpf.BPF_XDP_CPUMAP, 0, _FRAGS),
    "xdp/cpumap": (_XDP, bpf.BPF_XDP_CPUMAP, 0, 0),
    "xdp.frags": (_XDP, bpf.BPF_XDP, 0, _FRAGS),
    "xdp": (_XDP, bpf.BPF_XDP, 0, 0),
    "perf_event": (bpf.BPF_PROG_TYPE_PERF_EVENT, 0, 0, 0),
    "lwt_in": (bpf.BPF_PROG_TYPE_LWT_IN, 0, 0, 0),
    "lwt_out": (bpf.BPF_PROG_TYPE_LWT_OUT, 0, 0, 0),
    "lwt_xmit": (bpf.BPF_PROG_TYPE_LWT_XMIT, 0, 0, 0),
    "lwt_seg6local": (bpf.BPF_PROG_TYPE_LWT_SEG6LOCAL, 0, 0, 0),
    # sockets
    "sockops": (bpf.BPF_PROG_TYPE_SOCK_OPS, bpf.BPF_CGROUP_SOCK_OPS, 0, 0),
    "sk_skb/stream_parser": (_SK_SKB, bpf.BPF_SK_SKB_STREAM_PARSER, 0, 0),
    "sk_skb/stream_verdict": (_SK_SKB, bpf.BPF_SK_SKB_STREAM_VERDICT, 0, 0),
    "sk_skb/verdict": (_SK_SKB, bpf.BPF_SK_SKB_VERDICT, 0, 0),
    "sk_skb": (_SK_SKB, 0, 0, 0),
    "sk_msg": (bpf.BPF_PROG_TYPE_SK_MSG, bpf.BPF_SK_MSG_VERDICT, 0, 0),
    "lirc_mode2": (bpf.BPF_PROG_TYPE_LIRC_MODE2, bpf.BPF_LIRC_MODE2, 0, 0),
    "flow_dissector": (bpf.BPF_PROG_TYPE_FLOW_DISSECTOR, bpf.BPF_FLOW_DISSECTOR, 0, 0),
    # control groups
    "cgroup_skb/ingress": (_CGROUP_SKB, bpf.BPF_CGROUP_INET_INGRESS, 0, 0),
    "cgroup_skb/egress": (_CGROUP_SKB, bpf.BPF_CGROUP_INET_EGRESS, 0, 0),
    "cgroup/skb": (_CGROUP_SKB, 0, 0, 0),
    "cgroup/sock_create": (_SOCK, bpf.BPF_CGROUP_INET_SOCK_CREATE, 0, 0),
    "cgroup/sock_release": (_SOCK, bpf.BPF_CGROUP_INET_SOCK_RELEASE, 0, 0),
    "cgroup/sock": (_SOCK, bpf.BPF_CGROUP_INET_SOCK_CREATE, 0, 0),
    "cgroup/post_bind4": (_SOCK, bpf.BPF_CGROUP_INET4_POST_BIND, 0, 0),
    "cgroup/post_bind6": (_SOCK, bpf.BPF_CGROUP_INET6_POST_BIND, 0, 0),
    "cgroup/bind4": (_SOCK_ADDR, bpf.BPF_CGROUP_INET4_BIND, 0, 0),
    "cgroup/bind6": (_SOCK_ADDR, bpf.BPF_CGROUP_INET6_BIND, 0, 0),
    "cgroup/connect4": (_SOCK_ADDR, bpf.BPF_CGROUP_INET4_CONNECT, 0, 0),
    "cgroup/connect6": (_SOCK_ADDR, bpf.BPF_CGROUP_INET6_CONNECT, 0, 0),
    "cgroup/connect_unix": (_SOCK_ADDR, bpf.BPF_CGROUP_UNIX_CONNECT, 0, 0),
    "cgroup/sendmsg4": (_SOCK_ADDR, bpf.BPF_CGROUP_UDP4_SENDMSG, 0, 0),
    "cgroup/sendmsg6": (_SOCK_ADDR, bpf.BPF_CGROUP_UDP6_SENDMSG, 0, 0),
    "cgroup/sendmsg_unix": (_SOCK_ADDR, bpf.BPF_CGROUP_UNIX_SENDMSG, 0, 0),
    "cgroup/recvmsg4": (_SOCK_ADDR, bpf.BPF_CGROUP_UDP4_RECVMSG, 0, 0),
    "cgroup/recvmsg6": (_SOCK_ADDR, bpf.BPF_CGROUP_UDP6_RECVMSG, 0, 0),
    "cgroup/recvmsg_unix": (_SOCK_ADDR, bpf.BPF_CGROUP_UNIX_RECVMSG, 0, 0),
    "cgroup/getpeername4": (_SOCK_ADDR, bpf.BPF_CGROUP_INET4_GETPEERNAME, 0, 0),
    "cgroup/getpeername6": (_SOCK_ADDR, bpf.BPF_CGROUP_INET6_GETPEERNAME, 0, 0),
    "cgroup/getpeername_unix": (_SOCK_ADDR, bpf.BPF_CGROUP_UNIX_GETPEERNAME, 0, 0),
    "cgroup/getsockname4": (_SOCK_ADDR, bpf.BPF_CGROUP_INET4_GETSOCKNAME, 0, 0),
    "cgroup/getsockname6": (_SOCK_ADDR, bpf.BPF_CGROUP_INET6_GETSOCKNAME, 0, 0),
    "cgroup/getsockname_unix": (_SOCK_ADDR, bpf.BPF_CGROUP_UNIX_GETSOCKNAME, 0, 0),
    "cgroup/sysctl": (bpf.BPF_PROG_TYPE_CGROUP_SYSCTL, bpf.BPF_CGROUP_SYSCTL, 0, 0),
    "cgroup/getsockopt": (_SOCKOPT, bpf.BPF_CGROUP_GETSOCKOPT, 0, 0),
    "cgroup/setsockopt": (_SOCKOPT, bpf.BPF_CGROUP_SETSOCKOPT, 0, 0),
    "cgroup/dev": (bpf.BPF_PROG_TYPE_CGROUP_DEVICE, bpf.BPF_CGROUP_DEVICE, 0, 0),
    # the rest
    "sk_lookup": (bpf.BPF_PROG_TYPE_SK_LOOKUP, bpf.BPF_SK_LOOKUP, 0, 0),
    "struct_ops": (bpf.BPF_PROG_TYPE_STRUCT_OPS, 0, TARGET, 0),
    "struct_ops.s": (bpf.BPF_PROG_TYPE_STRUCT_OPS, 0, TARGET, _SLEEPABLE),
    "netfilter": (bpf.BPF_PROG_TYPE_NETFILTER, bpf.BPF_NETFILTER, 0, 0),
}


class Section(Record):
    """What a section name says. `kind` is its key in `SECTIONS`; `attach_to` is empty if it names no hook.

    For tracepoints `attach_to` is `category:name`, for the others what follows the kind. `prog_flags` may
    have BPF_F_SLEEPABLE and BPF_F_XDP_HAS_FRAGS. A name that begins with `?` has `is_autoload` off.
    """

    kind: str
    prog_type: int
    expected_attach_type: int
    attach_to: str = ""
    prog_flags: int = 0
    is_auto_attach: bool = False
    has_attach_btf: bool = False
    is_autoload: bool = True


def parse_section(name: str) -> Section:
    """Return what programs in a section are. Raises: FormatError for a name that libbpf does not know."""
    kind, attach_to = name.removeprefix("?"), ""
    if kind not in SECTIONS:
        kind, slash, attach_to = kind.partition("/")
        if kind not in SECTIONS or (slash and not SECTIONS[kind][2] & TARGET):
            raise FormatError(f"{name!r} is no section name of programs", hint=_hint(kind))
    prog_type, attach_type, properties, prog_flags = SECTIONS[kind]
    if attach_to and prog_type == _TRACEPOINT:
        category, slash, event = attach_to.partition("/")
        if not (category and event) or "/" in event:
            raise FormatError(f"{name!r} does not name a tracepoint", hint=f"write {kind}/CATEGORY/NAME")
        attach_to = f"{category}:{event}"
    return Section(
        kind,
        prog_type,
        attach_type,
        attach_to,
        prog_flags,
        bool(properties & AUTO and attach_to),
        bool(properties & ATTACH_BTF),
        not name.startswith("?"),
    )


def section_of_file(name: str) -> Section:
    """Return what programs in a section of an object file are: those in one of no known name are of no type."""
    try:
        return parse_section(name)
    except FormatError:
        return Section("", bpf.BPF_PROG_TYPE_UNSPEC, 0)


def make_section(kind: str, attach_to: str = "") -> str:
    """Return the section name of a kind and a hook as `Section` has them. Raises: as `parse_section`."""
    if attach_to and kind in SECTIONS and SECTIONS[kind][0] == _TRACEPOINT:
        attach_to = attach_to.replace(":", "/", 1)
    name = f"{kind}/{attach_to}" if attach_to else kind
    if parse_section(name).kind != kind:
        raise FormatError(f"{kind!r} is no kind of section", hint=_hint(kind))
    return name


def section_of(
    prog_type: int, expected_attach_type: int = 0, attach_to: str = "", prog_flags: int = 0
) -> str:
    """Return the usual section name of such a program; of kinds that share all this, the first in `SECTIONS`.

    Raises: FormatError if there is none.
    """
    flags = prog_flags & (_SLEEPABLE | _FRAGS)
    for kind, (type_, attach_type, _properties, its_flags) in SECTIONS.items():
        if (type_, attach_type, its_flags) == (prog_type, expected_attach_type, flags):
            return make_section(kind, attach_to)
    type_name = bpf.PROG_TYPE_NAMES.get(prog_type, str(prog_type))
    what = f"{type_name} with attach type {expected_attach_type} and flags {flags:#x}"
    raise FormatError(f"no section name is for {what}")


# Tracepoints of interrupts: the task that is current then has nothing to do with them.
# Source: include/trace/events/irq.h, napi.h, ipi.h; arch/x86/include/asm/trace/irq_vectors.h (Linux 6.18).
_INTERRUPT_CATEGORIES = frozenset(("irq", "irq_vectors", "napi", "ipi"))
_INTERRUPTS = (
    "irq_handler_", "softirq_", "tasklet_", "napi_poll", "local_timer_", "reschedule_", "call_function_",
    "thermal_apic_", "threshold_apic_", "deferred_error_apic_", "error_apic_", "spurious_apic_", "x86_platform_ipi_",
    "ipi_",
)  # fmt: skip


def is_pattern(event: str) -> bool:
    """Whether a tracepoint's name stands for many system calls: `syscalls:sys_enter_*`."""
    return event.startswith(("syscalls:sys_enter_", "syscalls:sys_exit_")) and ("*" in event or "?" in event)


def runs_for_task(section: Section) -> bool:
    """Whether the task that is current while such a program runs has to do with it; True where nothing is known."""
    if section.prog_type == _TRACEPOINT:
        return section.attach_to.partition(":")[0] not in _INTERRUPT_CATEGORIES
    if section.prog_type == _RAW_TRACEPOINT or section.kind in ("tp_btf", "tp_btf.s"):
        return not section.attach_to.startswith(_INTERRUPTS)
    return section.kind not in ("iter", "iter.s")


def _hint(kind: str) -> str:
    alike = [name for name in SECTIONS if kind and name.startswith(kind[:3])]
    return f"there are {', '.join(alike or SECTIONS)}"

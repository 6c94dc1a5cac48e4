"""What loading and attaching needs, and what may refuse it in spite of all capabilities, in words.

Source: bpf_prog_load, is_net_admin_prog_type and is_perfmon_prog_type in kernel/bpf/syscall.c, enum lockdown_reason in
include/linux/security.h (Linux 6.18).
"""

from __future__ import annotations

from ..abi import bpf as abi
from ..errors import PermissionMissing
from ..sys.caps import missing_of, unprivileged_bpf_disabled
from ..sys.os_seam import current

_PERFMON = frozenset(
    (
        abi.BPF_PROG_TYPE_KPROBE, abi.BPF_PROG_TYPE_TRACEPOINT, abi.BPF_PROG_TYPE_PERF_EVENT,
        abi.BPF_PROG_TYPE_RAW_TRACEPOINT, abi.BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, abi.BPF_PROG_TYPE_TRACING,
        abi.BPF_PROG_TYPE_LSM, abi.BPF_PROG_TYPE_STRUCT_OPS, abi.BPF_PROG_TYPE_EXT,
    )
)  # fmt: skip
_NET_ADMIN = frozenset(
    (
        abi.BPF_PROG_TYPE_SCHED_CLS, abi.BPF_PROG_TYPE_SCHED_ACT, abi.BPF_PROG_TYPE_XDP, abi.BPF_PROG_TYPE_LWT_IN,
        abi.BPF_PROG_TYPE_LWT_OUT, abi.BPF_PROG_TYPE_LWT_XMIT, abi.BPF_PROG_TYPE_LWT_SEG6LOCAL,
        abi.BPF_PROG_TYPE_SK_SKB, abi.BPF_PROG_TYPE_SK_MSG, abi.BPF_PROG_TYPE_FLOW_DISSECTOR,
        abi.BPF_PROG_TYPE_CGROUP_DEVICE, abi.BPF_PROG_TYPE_CGROUP_SOCK, abi.BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
        abi.BPF_PROG_TYPE_CGROUP_SOCKOPT, abi.BPF_PROG_TYPE_CGROUP_SYSCTL, abi.BPF_PROG_TYPE_SOCK_OPS,
        abi.BPF_PROG_TYPE_EXT, abi.BPF_PROG_TYPE_NETFILTER,
    )
)  # fmt: skip
# Who may load these without CAP_BPF, if the machine lets ordinary users load any.
_UNPRIVILEGED = frozenset((abi.BPF_PROG_TYPE_SOCKET_FILTER, abi.BPF_PROG_TYPE_CGROUP_SKB))


def needed_for(prog_type: int) -> list[str]:
    """Return the capabilities that loading a program of this type needs; CAP_SYS_ADMIN stands for all of them."""
    if prog_type in _UNPRIVILEGED and unprivileged_bpf_disabled() == 0:
        return []
    needed = ["CAP_BPF"]
    if prog_type in _PERFMON:
        needed.append("CAP_PERFMON")
    if prog_type in _NET_ADMIN:
        needed.append("CAP_NET_ADMIN")
    return needed


def refusal(what: str, needed: list[str], *, hint: str = "") -> PermissionMissing:
    """Return the error for what the kernel answered EPERM to: the capabilities that are missing, or what else it is."""
    missing = missing_of(needed)
    if missing:
        return PermissionMissing(what, missing, hint=hint or how_to(missing))
    reasons = policies()
    return PermissionMissing(what, reasons or ["what this machine's policy (container, LSM) refuses"], hint=hint)


def how_to(missing: list[str]) -> str:
    """Return what gives a user capabilities."""
    names = ",".join(name.lower() for name in missing)
    extra = ""
    if "CAP_BPF" in missing and unprivileged_bpf_disabled():
        extra = f" (kernel.unprivileged_bpf_disabled is {unprivileged_bpf_disabled()}: nobody may without them)"
    return f"run as root (sudo), or give the interpreter those: setcap {names}=ep PROGRAM{extra}"


def _read(path: str) -> str:
    try:
        return current().read_file(path).decode("utf-8", "replace")
    except OSError:
        return ""


def lockdown() -> str:
    """Return how locked down the kernel is: `none`, `integrity`, `confidentiality`; empty where nobody can tell."""
    return _read("/sys/kernel/security/lockdown").partition("[")[2].partition("]")[0]


def has_seccomp_filter() -> bool:
    """Whether a seccomp filter is on this thread: it may refuse system calls, with any error."""
    lines = _read("/proc/thread-self/status").splitlines()
    return any(line.split() == ["Seccomp:", "2"] for line in lines)


def is_in_user_namespace() -> bool:
    """Whether capabilities count in a user namespace only, and not for the kernel's own bpf(2)."""
    words = _read("/proc/self/uid_map").split()
    return bool(words) and words != ["0", "0", "4294967295"]


def policies() -> list[str]:
    """Return what may refuse bpf(2) here in spite of capabilities, as nouns that follow `needs`."""
    reasons = []
    if is_in_user_namespace():
        reasons.append("capabilities of the machine, not only of this user namespace (container)")
    if has_seccomp_filter():
        reasons.append("the seccomp filter of this process to let bpf(2) and perf_event_open(2) through")
    if lockdown() == "confidentiality":
        reasons.append("a kernel that is not locked down for confidentiality (/sys/kernel/security/lockdown)")
    return reasons

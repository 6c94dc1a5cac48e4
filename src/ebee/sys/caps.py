"""The capabilities of this process, as far as eBPF asks for them."""

from __future__ import annotations

from .os_seam import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# Numbers of the capabilities that eBPF and tracing ask for. Source: include/uapi/linux/capability.h.
CAP_NUMBERS = {
    "CAP_DAC_OVERRIDE": 1,
    "CAP_DAC_READ_SEARCH": 2,
    "CAP_NET_ADMIN": 12,
    "CAP_SYS_PTRACE": 19,
    "CAP_SYS_ADMIN": 21,
    "CAP_SYS_RESOURCE": 24,
    "CAP_PERFMON": 38,
    "CAP_BPF": 39,
}

# What tracing programs need: all of it, or CAP_SYS_ADMIN alone. Source: bpf_prog_load in kernel/bpf/syscall.c.
TRACING_CAPS = ("CAP_BPF", "CAP_PERFMON")


def effective_capabilities() -> frozenset[str]:
    """Return the names, of those in `CAP_NUMBERS`, that this thread has in its own user namespace."""
    mask = current().capget()
    return frozenset(name for name, number in CAP_NUMBERS.items() if mask > 0 and mask >> number & 1)


# What programs on packets and sockets need.
NETWORK_CAPS = ("CAP_BPF", "CAP_NET_ADMIN")


def missing_of(wanted: Sequence[str]) -> list[str]:
    """Return those of these capabilities that this thread lacks; CAP_SYS_ADMIN stands for all of them."""
    mask = current().capget()
    has = {name for name in (*wanted, "CAP_SYS_ADMIN") if mask > 0 and mask >> CAP_NUMBERS[name] & 1}
    return [] if "CAP_SYS_ADMIN" in has else [name for name in wanted if name not in has]


def missing_for_tracing() -> list[str]:
    """Return the capabilities that loading a tracing program needs and this thread lacks."""
    return missing_of(TRACING_CAPS)


def unprivileged_bpf_disabled() -> int | None:
    """Return the sysctl: 0 bpf(2) is open to all, 1 it is not, for good, 2 it is not; None when unreadable."""
    try:
        return int(current().read_file("/proc/sys/kernel/unprivileged_bpf_disabled"))
    except (OSError, ValueError):
        return None

"""The Target for where no system is at hand: the tracepoints of a recent kernel, and its budget for loops."""

from __future__ import annotations

from ..abi import tracepoints
from ..abi.pt_regs import PT_REGS
from ..errors import UsageError
from .target import Target, TracepointField, TracepointFormat


def default_target(arch: str = "x86_64") -> Target:
    """Return the Target that ships with ebee, for the kernel's name of an architecture.

    Raises: UsageError for an architecture that ebee has no tables of.
    """
    if arch not in PT_REGS:
        known = ", ".join(PT_REGS)
        raise UsageError(f"there is no target for the architecture {arch!r}", hint=f"known: {known}")
    return Target(
        name=f"default-{arch}", arch=arch, tracepoint=_tracepoint, tracepoint_names=tracepoints.names,
        features=frozenset(("may_goto", "bpf_loop")),
    )


def _tracepoint(event: str) -> TracepointFormat | None:
    rows = tracepoints.lookup(event)
    return None if rows is None else TracepointFormat(event, {row[0]: TracepointField(*row) for row in rows})

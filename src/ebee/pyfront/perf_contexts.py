"""Perf events: struct bpf_perf_event_data, the registers of what was interrupted and what is known of the event.

Source: include/uapi/linux/bpf_perf_event.h; pe_prog_is_valid_access in kernel/trace/bpf_trace.c (Linux 6.18).
"""

from __future__ import annotations

from ..abi.pt_regs import PT_REGS
from ..lower.numbers import U64_HI, Num, Refusal
from .contexts import ContextType
from .values import similar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..ir.core import Value
    from ..lower.program import Lowering
    from ..spec.target import Target
    from .values import Val

_REGS_BYTES = {"x86_64": 168, "arm64": 272}  # bpf_user_pt_regs_t: on arm64 struct user_pt_regs


class PerfEventContext(ContextType):
    """What was interrupted."""

    noun = "perf event probe"

    def __init__(self, arch: str) -> None:
        regs, end = PT_REGS[arch], _REGS_BYTES[arch]
        self.offs = {"ip": regs.ip, "sp": regs.sp, "fp": regs.fp, "sample_period": end, "addr": end + 8}

    def attribute(self, low: Lowering, pointer: Value, name: str) -> Val:
        """`ctx.ip`, `ctx.sp`, `ctx.fp`, `ctx.sample_period`, `ctx.addr`."""
        if name not in self.offs:
            hint = similar(name, self.offs) or f"it has {', '.join(self.offs)}"
            raise Refusal(f"the argument of a {self.noun} has no attribute {name!r}", hint)
        return Num(low.b.load(pointer, self.offs[name], 8), 0, U64_HI)


def perf_event_context(attach_to: str, target: Target) -> PerfEventContext:
    """Return the context of a perf event."""
    return PerfEventContext(target.arch)

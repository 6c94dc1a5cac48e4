"""What a probe is run on, without being attached: arguments by position, or a struct."""

from __future__ import annotations

from ..abi import bpf as abi
from ..abi.pt_regs import PT_REGS
from ..errors import UsageError
from ..spec.sections import parse_section

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..types.probes import Probe

_MOST_ARGUMENTS = 12  # MAX_BPF_FUNC_ARGS, include/linux/filter.h
_ARRAYS = frozenset(
    (
        abi.BPF_PROG_TYPE_RAW_TRACEPOINT, abi.BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, abi.BPF_PROG_TYPE_TRACING,
        abi.BPF_PROG_TYPE_LSM,
    )
)  # fmt: skip


def context_of(probe: Probe, args: Sequence[int], arch: str) -> bytes:
    """Return the context of a hook whose arguments, or whose result, are these.

    Raises: UsageError for a hook that has no arguments, or for too many.
    """
    section = parse_section(probe.section)
    words = [(n & (1 << 64) - 1).to_bytes(8, "little") for n in args]
    if section.prog_type in _ARRAYS:
        most = _MOST_ARGUMENTS
        context = b"".join(words).ljust(8 * most, b"\0")
    elif section.kind.partition(".")[0] in ("kprobe", "kretprobe", "uprobe", "uretprobe"):
        regs = PT_REGS[arch]
        offs = (regs.ret,) if "ret" in section.kind else regs.args
        most, registers = len(offs), bytearray(regs.size_bytes)
        for off, word in zip(offs, words):
            registers[off : off + 8] = word
        context = bytes(registers)
    else:
        raise UsageError(f"{probe.name} has no arguments that could be given by position", hint="give ctx=")
    if len(words) > most:
        raise UsageError(f"{len(words)} arguments are given to {probe.name}; it takes up to {most}")
    return context

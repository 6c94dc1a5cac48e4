"""Stacks of traced processes: followed by frame pointers while a task is stopped, as the kernel follows them.

Source: perf_callchain_user in arch/x86/events/core.c, arch/arm64/kernel/stacktrace.c (Linux 6.18): the first address is
where the task is; at the frame pointer lie that of the caller and the address that the call returns to.
"""

from __future__ import annotations

from ...symbols.process import parse_maps
from ...sys.os_seam import current

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...spec.backend import MappingEvent
    from ...sys.ptrace import MemoryReader, Tracer

_MOST_FRAMES = 127  # PERF_MAX_STACK_DEPTH


def user_stack(tracer: Tracer, memory: MemoryReader, tid: int) -> list[int]:
    """Return where a stopped task is, and what it returns to, innermost first; [] for one of 32 bits."""
    place = tracer.code_and_frame(tid)
    if place is None:
        return []
    address, frame = place
    found = [address]
    while len(found) < _MOST_FRAMES and frame and not frame % 8:
        two = memory.read(tid, frame, 16)
        caller, address = int.from_bytes(two[:8], "little"), int.from_bytes(two[8:], "little")
        if len(two) < 16 or not address:
            break
        found.append(address)
        if caller <= frame:  # stacks grow downward
            break
        frame = caller
    return found


class MappingLog:
    """What processes had mapped when their stacks were asked for; see `Backend.mapping_events`."""

    def __init__(self) -> None:
        self._events: list[MappingEvent] = []
        self._texts: dict[int, bytes] = {}

    def look(self, pid: int) -> None:
        """Note what is new in a process, which is stopped."""
        try:
            text = current().read_file(f"/proc/{pid}/maps")
        except OSError:
            return
        before = self._texts.get(pid)
        if text == before:
            return
        known = set(before.split(b"\n")) if before else set()
        self._texts[pid] = text
        new = b"\n".join(line for line in text.split(b"\n") if line not in known)
        self._events += [("map", pid, m.start, m.end, m.off, m.inode, m.path) for m in parse_maps(new)]

    def take(self) -> list[MappingEvent]:
        """Take what has been noted since, in order."""
        events, self._events = self._events, []
        return events

"""Records through buffers of each CPU: what kernels had before ring buffers."""

from __future__ import annotations

from ..abi import bpf
from ..errors import UsageError
from .maps import RingBuf, V
from .scalars import u32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST_BYTES = 65_507  # of a record: its size and header are u16


class PerfEventArray(RingBuf[V]):
    """Records through a buffer for each CPU: BPF_MAP_TYPE_PERF_EVENT_ARRAY. What Linux had before 5.8.

    A probe sends them with `events.output(record)`; one that finds its CPU's buffer (64 pages) full is counted. They
    are read as those of a `RingBuf`: in the order of their time, as far as they are there.
    """

    map_type = bpf.BPF_MAP_TYPE_PERF_EVENT_ARRAY
    kind = "PerfEventArray"

    def __init__(self, value: type[V], *, name: str = "") -> None:
        super().__init__(value, size=1 << 18, name=name)
        if self.value.size > _MOST_BYTES:
            raise UsageError(f"PerfEventArray: a record has at most {_MOST_BYTES} bytes, not {self.value.size}")
        self.key = u32  # type: ignore[assignment]
        self.max_entries = 0  # as many as the machine has CPUs

    def reserve(self, size: int = 0) -> Any:
        """Records are made first, and then sent. Raises: UsageError."""
        raise UsageError("PerfEventArray has no reserve()", hint="make the record, then events.output(record)")

"""`UserRingBuf`: records that the program outside sends to its probes."""

from __future__ import annotations

from ..abi import bpf
from .intrinsics import probe_only
from .maps import MapDecl, V, ring_bytes
from .structs import type_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Generic

    from .scalars import Type
else:
    from .maps import Generic


class UserRingBuf(MapDecl, Generic[V]):
    """A ring buffer that user space writes to: BPF_MAP_TYPE_USER_RINGBUF. `size` is as of `RingBuf`.

    Outside `ring.push(record)` sends a record; in a probe `for record in ring.drain():` takes those that are there.
    """

    map_type = bpf.BPF_MAP_TYPE_USER_RINGBUF
    kind = "UserRingBuf"
    value: Type

    def __init__(self, value: type[V], *, size: int | str = "256K", name: str = "") -> None:
        record = type_of(value, "record of UserRingBuf")
        super().__init__(None, record, ring_bytes(size, record, self.kind), name)

    def push(self, record: V) -> None:
        """Send a record. Raises: SyscallError with ENOSPC when no probe has made room yet."""
        self._live.push(self.value.pack(record))

    def drain(self) -> Iterator[V]:
        """Inside a probe: `for record in ring.drain():` takes the records that are there, at most 131,072."""
        probe_only(f"{self.kind}.drain")

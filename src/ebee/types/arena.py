"""`Arena`: memory that probes and the program outside share, as one large list."""

from __future__ import annotations

from ..abi import bpf
from ..errors import UsageError
from .fields import ListType
from .maps import MapDecl, V
from .scalars import Type
from .structs import type_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Generic
else:
    from .maps import Generic

_PAGE_BYTES, _MOST_BYTES = 4096, 1 << 30


class ArenaType(ListType):
    """All of an arena's elements, as the list that they are."""

    __slots__ = ()

    def __init__(self, element: Any, count: int) -> None:
        self.element, self.count = element, count
        Type.__init__(self, f"Arena({element.name}, {count})", count * element.size, element.align)


class Arena(MapDecl, Generic[V]):
    """A list of `max_entries` values in memory of the program's own, which the kernel's probes use too.

    On both sides `nodes[i]` is a value, and `nodes[i] = v` sets it. In a probe `nodes[i].field` is read, assigned and
    added to in place, atomically; an index outside ends the run of the probe, counted. Values refer to each other by
    their indices. Outside `nodes.memory` is the memory itself. All of it is there from the start: what is written to it
    is never lost. BPF_MAP_TYPE_ARENA (Linux 6.9). Raises: UsageError for more than 1 GiB.
    """

    map_type = bpf.BPF_MAP_TYPE_ARENA
    map_flags = bpf.BPF_F_MMAPABLE
    kind = "Arena"
    value: Type

    def __init__(self, value: type[V], *, max_entries: int, name: str = "") -> None:
        element = type_of(value, "element of Arena")
        if any(hasattr(field.type, "is_timer") for field in getattr(element, "fields", {}).values()):
            raise UsageError(f"Arena: its elements cannot hold a timer or work queue, as {element.name} does")
        if not isinstance(max_entries, int) or not 1 <= max_entries * element.size <= _MOST_BYTES:
            raise UsageError(f"Arena: its elements fill 1 byte to 1 GiB: max_entries cannot be {max_entries!r}")
        self.elements = ArenaType(element, max_entries)
        super().__init__(None, element, -(-self.elements.size // _PAGE_BYTES), name)

    @property
    def memory(self) -> memoryview:
        """The bytes of all elements, shared with the probes. Raises: UsageError while it is not live."""
        return self._live.map.shared[: self.elements.size]  # type: ignore[no-any-return]

    def _place(self, index: int) -> slice:
        if not isinstance(index, int):
            raise TypeError(f"Arena {self.name} takes an index, not {index!r}")
        count, size = self.elements.count, self.value.size
        if not -count <= index < count:
            raise IndexError(f"Arena {self.name} has {count} elements: there is no [{index}]")
        return slice(index % count * size, (index % count + 1) * size)

    def __getitem__(self, index: int) -> V:
        """A copy of an element."""
        found: V = self.value.unpack(bytes(self.memory[self._place(index)]))
        return found

    def __setitem__(self, index: int, value: V) -> None:
        self.memory[self._place(index)] = self.value.pack(value)

    def __len__(self) -> int:
        return self.elements.count

    def __iter__(self) -> Iterator[V]:
        return (self[index] for index in range(len(self)))

"""Memory that native code and Python share: regions at real addresses.

An address is `region number << 32 | offset` as in `engine.memory`, and here the process has memory just there, with
nothing around it: between two regions lie almost 4 GiB that fault. What native code looks at to check bounds, two
tables of lengths by region number, lies in the machine's state (`layout`), where programs cannot reach it.

What only names something, as map handles do, has a region number of the upper half, which is no address at all.
"""

from __future__ import annotations

from weakref import finalize

from ...errors import ExecutionError, InternalError, SyscallError
from ...sys import native
from ..memory import OFFSET_BITS, Memory
from . import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..memory import Buffer

_EEXIST = 17
_KEPT_PAGES = 64  # regions of one page that are kept for the next ones
_RESTING_PAGES = 8  # those that were given back last: what still points there shall fault


class NativeMemory(Memory):
    """The memory of one native machine. `state` is the address of its state, `limits_read` and `limits_write` say how
    many bytes native code may reach in each region."""

    __slots__ = (
        "__weakref__", "_free", "_mapped", "_next_native", "limits_read", "limits_write", "state", "state_bytes",
    )  # fmt: skip

    is_flat = True

    def __init__(self) -> None:
        super().__init__()
        self._next_native = layout.FIRST_REGION
        self.state = native.map_memory(layout.STATE_BYTES)
        self.state_bytes = native.view(self.state, layout.STATE_BYTES)
        entries = 4 << 15
        self.limits_read = self.state_bytes[layout.LIMITS_READ :][:entries].cast("I")
        self.limits_write = self.state_bytes[layout.LIMITS_WRITE :][:entries].cast("I")
        self._mapped: dict[int, int] = {}  # region number: bytes that the process has there
        self._free: list[int] = []
        finalize(self, _give_back, self.state, self._mapped)

    def new(self, data: Buffer, kind: str, *, is_writable: bool = True) -> tuple[int, memoryview]:
        address, whole = self.new_zeros(len(data), kind, is_writable=is_writable)
        whole[:] = data
        return address, whole

    def new_zeros(self, size: int, kind: str, *, is_writable: bool = True) -> tuple[int, memoryview]:
        return self._fill(self._take(size), size, kind, is_writable)

    def place(self, number: int, data: Buffer, kind: str) -> int:
        raise InternalError(f"{kind} cannot be placed at region {number:#x} of native memory")

    def map(self, data: Buffer, kind: str) -> int:
        if not isinstance(data, bytes) and not (isinstance(data, memoryview) and data.readonly):
            raise InternalError(f"{kind} is memory of Python's, which native code cannot share")
        return self.new(data, kind, is_writable=False)[0]

    def unmap(self, address: int) -> None:
        number = address >> OFFSET_BITS
        data = self.regions.pop(number, None)
        self._kinds.pop(number, None)
        if data is None:
            return
        self.limits_read[number] = self.limits_write[number] = 0
        size = self._mapped[number]
        if size == native.PAGE_BYTES and len(self._free) < _KEPT_PAGES:
            native.view(number << OFFSET_BITS, size)[:] = bytes(size)
            self._free.append(number)
        else:
            native.unmap_memory(number << OFFSET_BITS, size)
            del self._mapped[number]

    def _fill(self, number: int, size: int, kind: str, is_writable: bool) -> tuple[int, memoryview]:
        address = number << OFFSET_BITS
        whole = native.view(address, max(size, 1))[:size]
        self.limits_read[number] = size
        self.limits_write[number] = size if is_writable else 0
        self.regions[number] = whole if is_writable else whole.toreadonly()
        self._kinds[number] = kind
        return address, whole

    def _take(self, size: int) -> int:
        """Return the number of a region that has memory for `size` bytes. Raises: ExecutionError, SyscallError."""
        if size <= native.PAGE_BYTES and len(self._free) > _RESTING_PAGES:
            return self._free.pop(0)
        size = native.whole_pages(max(size, 1))
        for _ in range(layout.END_REGION - layout.FIRST_REGION):
            number = self._next_native
            self._next_native = number + 1 if number + 1 < layout.END_REGION else layout.FIRST_REGION
            if number not in self._mapped:
                try:
                    native.map_memory(size, number << OFFSET_BITS)
                except SyscallError as error:
                    if error.errno != _EEXIST:
                        raise
                    continue
                self._mapped[number] = size
                return number
        raise ExecutionError("the engine's native memory has no regions left")

    def stack(self, frames: int, frame_bytes: int) -> int:
        """Make a stack of regions that follow each other; return the address behind the first one's last byte."""
        first = layout.FIRST_REGION
        while first + frames <= layout.END_REGION:
            made = []
            try:
                for number in range(first, first + frames):
                    native.map_memory(native.PAGE_BYTES, number << OFFSET_BITS)
                    made.append(number)
            except SyscallError as error:
                for number in made:
                    native.unmap_memory(number << OFFSET_BITS, native.PAGE_BYTES)
                if error.errno != _EEXIST:
                    raise
                first += len(made) + 1
                continue
            for depth, number in enumerate(made):
                self._mapped[number] = native.PAGE_BYTES
                self._fill(number, frame_bytes, "the stack" if not depth else f"stack frame {depth}", True)
                self.limits_read[number] = self.limits_write[number] = 0  # until a function owns it
            return (first << OFFSET_BITS) + frame_bytes
        raise ExecutionError("the engine's native memory has no regions left for a stack")


def _give_back(state: int, mapped: dict[int, int]) -> None:
    for number, size in mapped.items():
        native.unmap_memory(number << OFFSET_BITS, size)
    native.unmap_memory(state, layout.STATE_BYTES)

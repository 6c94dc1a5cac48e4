"""Where the values of hash maps lie in the engine's memory."""

from __future__ import annotations

from .memory import MAX_REGION_BYTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .memory import Memory

_RESTING_CELLS = 16  # places of values that were deleted last, which are used again only in need


class Cell:
    """A value in memory. `address` is 0 until a program asks for it, and stays from then on."""

    __slots__ = ("address", "data")

    def __init__(self, data: bytearray | memoryview, address: int = 0) -> None:
        self.data, self.address = data, address


class Cells:
    """Where the values of a map lie, zeros at first: each is a region of its own, from when a program asks for it."""

    def __init__(self, memory: Memory, size: int, kind: str, *, is_writable: bool) -> None:
        self.memory, self.size, self.kind, self.is_writable = memory, size, kind, is_writable

    def take(self) -> Cell:
        """Make a value."""
        return Cell(bytearray(self.size))

    def address(self, cell: Cell) -> int:
        """Return where programs find a value."""
        if not cell.address:
            cell.address, cell.data = self.memory.new(cell.data, self.kind, is_writable=self.is_writable)
        return cell.address

    def give_back(self, cell: Cell) -> None:
        """Take a value away."""
        if cell.address:
            self.memory.unmap(cell.address)


class FlatCells(Cells):
    """Values side by side, in regions that grow in number as they are used up. A value that was taken away can still
    be reached, as in the kernel, until its place is used again."""

    def __init__(self, memory: Memory, size: int, kind: str, *, is_writable: bool) -> None:
        super().__init__(memory, size, kind, is_writable=is_writable)
        self._step = size + 7 & ~7
        self._next = self._end = self._first = 0
        self._whole: bytearray | memoryview = bytearray()
        self._count = 32
        self._free: list[Cell] = []

    def take(self) -> Cell:
        if self._free and (len(self._free) > _RESTING_CELLS or self._next == self._end):
            cell = self._free.pop(-min(len(self._free), _RESTING_CELLS + 1))
            cell.data[:] = bytes(self.size)
            return cell
        if self._next == self._end:
            self._count = min(2 * self._count, max(1, MAX_REGION_BYTES // self._step))
            self._first, self._whole = self.memory.new_zeros(
                self._count * self._step, self.kind, is_writable=self.is_writable
            )
            self._next, self._end = self._first, self._first + self._count * self._step
        at = self._next - self._first
        self._next += self._step
        return Cell(memoryview(self._whole)[at : at + self.size], self._first + at)

    def address(self, cell: Cell) -> int:
        return cell.address

    def give_back(self, cell: Cell) -> None:
        self._free.append(cell)

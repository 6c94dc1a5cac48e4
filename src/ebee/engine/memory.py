"""The engine's memory: bounds-checked regions in a 64-bit address space of its own.

An address is `region number << 32 | offset`, so that finding its region is one look-up. Region numbers start
at 2**31: like kernel addresses, the engine's lie in the upper half, so that no address of a user process and
no small integer ever names a region, and the null page is never mapped. A number is used again only when all
others were. The memory of the traced process is not here: programs reach it through helpers.
"""

from __future__ import annotations

from ..errors import ExecutionError, FaultError

TYPE_CHECKING = False
if TYPE_CHECKING:
    Buffer = bytes | bytearray | memoryview

OFFSET_BITS = 32
OFFSET_MASK = 0xFFFF_FFFF
MAX_REGION_BYTES = 1 << 31

# Regions with fixed numbers: one stack frame for each depth of call, and the code (which cannot be read).
STACK_REGION = 0x8000_0001
CODE_REGION = 0x8000_0100
_FIRST_REGION = 0x8000_1000
_END_REGION = 0xFFFF_0000


class Memory:
    """All memory that programs of one backend can touch.

    `regions` maps a region number to its bytes. A region of `bytes`, or of a read-only memoryview, cannot be
    written.
    """

    __slots__ = ("_kinds", "_next", "has_arena", "regions")

    is_flat = False  # whether values that follow each other have addresses that do

    def __init__(self) -> None:
        self.regions: dict[int, Buffer] = {}
        self._kinds: dict[int, str] = {}
        self._next, self.has_arena = _FIRST_REGION, False

    def reserve(self, kind: str) -> int:
        """Take a region number, without memory yet. `kind` is for messages.

        Raises: ExecutionError when the address space is used up.
        """
        number = self._next
        for _ in range(_END_REGION - _FIRST_REGION):
            if number >= _END_REGION:
                number = _FIRST_REGION
            if number not in self._kinds:
                self._next = number + 1
                self._kinds[number] = kind
                return number
            number += 1
        raise ExecutionError(f"the engine has no addresses left for {kind}")

    def place(self, number: int, data: Buffer, kind: str) -> int:
        """Put bytes at a reserved or fixed region number; return the address of the first."""
        if len(data) > MAX_REGION_BYTES:
            raise ExecutionError(f"{kind} of {len(data)} bytes is larger than the engine's limit of 2 GiB")
        self.regions[number] = data
        self._kinds[number] = kind
        return number << OFFSET_BITS

    def map(self, data: Buffer, kind: str) -> int:
        """Make bytes readable (and writable, if the buffer is) for programs; return the address of the
        first."""
        return self.place(self.reserve(kind), data, kind)

    def new(self, data: Buffer, kind: str, *, is_writable: bool = True) -> tuple[int, bytearray | memoryview]:
        """Make memory with this content, which programs may write if `is_writable`; return its address and bytes.

        The bytes are writable for Python in any case, and the same that programs see.
        """
        own = bytearray(data)
        return self.map(own if is_writable else memoryview(own).toreadonly(), kind), own

    def new_zeros(self, size: int, kind: str, *, is_writable: bool = True) -> tuple[int, bytearray | memoryview]:
        """As `new`, of a size only."""
        return self.new(bytes(size), kind, is_writable=is_writable)

    def unmap(self, address: int) -> None:
        """Take the region of `address` away: later accesses fault. One that is not there is ignored."""
        number = address >> OFFSET_BITS
        self.regions.pop(number, None)
        self._kinds.pop(number, None)

    def read(self, address: int, size: int) -> bytes:
        """Return `size` bytes. Raises: FaultError."""
        data = self.regions.get(address >> OFFSET_BITS)
        off = address & OFFSET_MASK
        if data is None or size < 0 or off + size > len(data):
            raise self.fault(address, size)
        return bytes(data[off : off + size])

    def readable(self, address: int) -> bytes:
        """Return what is readable from `address` to the end of its region: b'' where nothing is."""
        return bytes(self.regions.get(address >> OFFSET_BITS, b"")[address & OFFSET_MASK :])

    def window(self, address: int, size: int) -> memoryview:
        """Return `size` writable bytes in place. Raises: FaultError."""
        data = self.regions.get(address >> OFFSET_BITS)
        off = address & OFFSET_MASK
        if data is None or size < 0 or off + size > len(data) or not is_writable(data):
            raise self.fault(address, size, write=True)
        return memoryview(data)[off : off + size]

    def write(self, address: int, data: bytes) -> None:
        """Store bytes. Raises: FaultError, with nothing written."""
        self.window(address, len(data))[:] = data

    def name_fixed(self, number: int, kind: str) -> None:
        """Give a fixed region number its words for messages."""
        self._kinds[number] = kind

    def fault(
        self, address: int, size: int, *, write: bool = False, insn_idx: int | None = None
    ) -> FaultError:
        """Return the error that describes a wrong access."""
        number, off = address >> OFFSET_BITS, address & OFFSET_MASK
        data = self.regions.get(number)
        # One step below the start of a region lands at the far end of the number before it.
        before = (1 << OFFSET_BITS) - off
        if address < 4096:
            why = "a null pointer"
        elif before < 1 << 20 and number + 1 in self.regions:
            why = f"{before} bytes before {self._kinds[number + 1]}"
        elif data is None:
            kind = self._kinds.get(number)
            why = "nothing is there (any more)" if kind is None else f"{kind} cannot be accessed directly"
        elif off + size > len(data):
            why = f"{self._kinds[number]} has {len(data)} bytes, and this is at offset {off}"
        elif write and not is_writable(data):
            why = f"{self._kinds[number]} is read-only"
        else:
            why = f"a bad access to {self._kinds[number]}"
        return FaultError(address, size, why, insn_idx)


def is_writable(data: Buffer) -> bool:
    """Return whether programs may write to a region that consists of `data`."""
    return not data.readonly if isinstance(data, memoryview) else isinstance(data, bytearray)

"""What helpers of several families need: their arguments, checked."""

from __future__ import annotations

from ...errors import ExecutionError
from ..memory import OFFSET_BITS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..interpreter import Machine
    from ..maps import EngineMap

U32 = 0xFFFF_FFFF
U64 = 0xFFFF_FFFF_FFFF_FFFF
KERNEL_HALF = 1 << 63


def map_at(vm: Machine, handle: int) -> EngineMap:
    """Return the map that a program passed. Raises: ExecutionError."""
    found = vm.maps.get(handle)
    if found is None:
        raise ExecutionError(f"{handle:#x} is no map")
    return found


def is_of_kernel(vm: Machine, address: int) -> bool:
    """Return whether an address is one of the kernel's, that is of the engine's own memory."""
    return address >= KERNEL_HALF or address >> OFFSET_BITS in vm.memory.regions


def signed(value: int, bits: int) -> int:
    """Return the low bits of a register as a signed number."""
    half = 1 << bits - 1
    return (value & 2 * half - 1 ^ half) - half

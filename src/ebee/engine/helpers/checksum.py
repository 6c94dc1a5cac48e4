"""The Internet checksum as the kernel keeps it: 32 bits that are folded to 16, with carries added at the end.

Source: include/net/checksum.h, lib/checksum.c, net/core/filter.c (Linux 6.18).
"""

from __future__ import annotations

from errno import EINVAL

from .common import U32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..interpreter import Machine

U16 = 0xFFFF


def add32(a: int, b: int) -> int:
    """Add two sums of 32 bits."""
    total = a + b
    return (total & U32) + (total >> 32)


def sub32(a: int, b: int) -> int:
    """Take a sum away from another."""
    return add32(a, ~b & U32)


def fold16(value: int) -> int:
    """Return a sum of 32 bits in 16 bits."""
    value = (value & U16) + (value >> 16)
    return (value & U16) + (value >> 16)


def partial(data: bytes, seed: int) -> int:
    """Add the 16-bit words of some bytes to a sum."""
    total = seed + sum(int.from_bytes(data[i : i + 4], "little") for i in range(0, len(data), 4))
    while total > U32:
        total = (total & U32) + (total >> 32)
    return total


def csum_diff(vm: Machine, old: int, old_size: int, new: int, new_size: int, seed: int) -> int:
    """Return `seed` and the new bytes without the old ones, folded to 16 bits."""
    old_size, new_size, seed = old_size & U32, new_size & U32, seed & U32
    if old_size % 4 or new_size % 4:
        return -EINVAL
    before = vm.memory.read(old, old_size) if old_size else b""
    after = vm.memory.read(new, new_size) if new_size else b""
    if before and after:
        return fold16(sub32(partial(after, seed), partial(before, 0)))
    if after:
        return fold16(partial(after, seed))
    if before:
        return fold16(~partial(before, ~seed & U32) & U32)
    return fold16(seed)


def replaced(check: int, old: int, new: int, size: int) -> int:
    """Return a header's checksum after a change: of `size` 2 or 4 bytes, or (0) by the sum `new` of the difference."""
    if size == 2:
        total = add32(add32(~check & U16, ~old & U16), new & U16)
        return ~fold16(total) & U16
    if size == 4:
        return ~fold16(add32(sub32(~check & U32, old & U32), new & U32)) & U16
    return ~fold16(add32(new & U32, ~check & U32)) & U16

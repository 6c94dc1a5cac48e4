"""Dynamic pointers: 16 opaque bytes of the program that say where data is and how much.

They are laid out as the kernel's: address u64, size u32 with type and flags in its upper bits, offset u32. That of a
packet has the address of the context. A null dynptr is 16 zeros.
Source: struct bpf_dynptr_kern in include/linux/bpf.h; kernel/bpf/helpers.c (Linux 6.18).
"""

from __future__ import annotations

import struct
from errno import E2BIG, EINVAL

from ...errors import ExecutionError
from .common import U32
from .output import ring_at, ringbuf_discard, ringbuf_reserve, ringbuf_submit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..interpreter import Machine
    from ..packets import Packet

_LAYOUT = struct.Struct("<QII")
LOCAL, RINGBUF, SKB, XDP, SKB_META = 1, 2, 3, 4, 5
RDONLY = 1 << 31
MAX_SIZE = (1 << 24) - 1
NULL = bytes(16)


class Dynptr:
    """A dynptr, decoded. `size` counts from `off`."""

    __slots__ = ("data", "flags", "off", "size", "type")
    data: int
    off: int
    size: int
    type: int
    flags: int

    def __init__(self, raw: bytes) -> None:
        self.data, size, self.off = _LAYOUT.unpack(raw)
        self.size, self.type, self.flags = size & MAX_SIZE, size >> 28 & 7, size & RDONLY

    def encode(self) -> bytes:
        """Return its 16 bytes."""
        return _LAYOUT.pack(self.data, self.flags | self.type << 28 | self.size, self.off)

    def has(self, off: int, size: int) -> bool:
        """Return whether these bytes are inside."""
        return off <= self.size and size <= self.size - off


def make_dynptr(data: int, size: int, type: int = LOCAL, flags: int = 0) -> bytes:
    """Return the bytes of a dynptr."""
    return _LAYOUT.pack(data, flags | type << 28 | size, 0)


def dynptr_at(vm: Machine, address: int) -> Dynptr:
    """Return the dynptr at an address. Raises: FaultError."""
    return Dynptr(vm.memory.read(address, 16))


def read_bytes(vm: Machine, ptr: Dynptr, off: int, size: int) -> bytes:
    """Return bytes that are inside. Raises: FaultError for memory that is gone."""
    if ptr.type in (SKB, XDP):
        return bytes(packet_of(vm, ptr).content[ptr.off + off : ptr.off + off + size])
    return vm.memory.read(ptr.data + ptr.off + off, size)


def packet_of(vm: Machine, ptr: Dynptr) -> Packet:
    """Return the packet that a dynptr is of."""
    if vm.packet is None or vm.packet.ctx_address != ptr.data:
        raise ExecutionError("the packet of this dynptr is gone")
    return vm.packet


def dynptr_from_mem(vm: Machine, data: int, size: int, flags: int, out: int) -> int:
    size &= U32
    field = vm.memory.window(out, 16)
    if size > MAX_SIZE or flags:
        field[:] = NULL
        return -E2BIG if size > MAX_SIZE else -EINVAL
    vm.memory.window(data, size)
    field[:] = make_dynptr(data, size)
    return 0


def dynptr_read(vm: Machine, dst: int, size: int, src: int, off: int, flags: int) -> int:
    ptr, size, off = dynptr_at(vm, src), size & U32, off & U32
    out = vm.memory.window(dst, size)
    if not ptr.data or flags:
        return -EINVAL
    if not ptr.has(off, size):
        return -E2BIG
    out[:] = read_bytes(vm, ptr, off, size)
    return 0


def dynptr_write(vm: Machine, dst: int, off: int, src: int, size: int, flags: int) -> int:
    ptr, size, off = dynptr_at(vm, dst), size & U32, off & U32
    data = vm.memory.read(src, size)
    if not ptr.data or ptr.flags & RDONLY:
        return -EINVAL
    if not ptr.has(off, size):
        return -E2BIG
    if ptr.type == SKB:
        from .skb import store_bytes

        return store_bytes(vm, packet_of(vm, ptr), ptr.off + off, data, flags)
    if flags:
        return -EINVAL
    if ptr.type == XDP:
        packet_of(vm, ptr).content[ptr.off + off : ptr.off + off + size] = data
    else:
        vm.memory.write(ptr.data + ptr.off + off, data)
    return 0


def dynptr_data(vm: Machine, src: int, off: int, size: int) -> int:
    """Return the address of bytes in local or ring-buffer memory that can be written, 0 for anything else."""
    ptr, size, off = dynptr_at(vm, src), size & U32, off & U32
    if not ptr.data or not ptr.has(off, size) or ptr.flags & RDONLY or ptr.type not in (LOCAL, RINGBUF):
        return 0
    return ptr.data + ptr.off + off


def ringbuf_reserve_dynptr(vm: Machine, handle: int, size: int, flags: int, out: int) -> int:
    ring_at(vm, handle)
    size &= U32
    field = vm.memory.window(out, 16)
    field[:] = NULL
    if flags:
        return -EINVAL
    if size > MAX_SIZE:
        return -E2BIG
    address = ringbuf_reserve(vm, handle, size, 0)
    if not address:
        return -EINVAL
    field[:] = make_dynptr(address, size, RINGBUF)
    return 0


def ringbuf_submit_dynptr(vm: Machine, address: int, flags: int) -> int:
    ptr = dynptr_at(vm, address)
    if ptr.data:
        ringbuf_submit(vm, ptr.data, flags)
        vm.memory.write(address, NULL)
    return 0


def ringbuf_discard_dynptr(vm: Machine, address: int, flags: int) -> int:
    ptr = dynptr_at(vm, address)
    if ptr.data:
        ringbuf_discard(vm, ptr.data, flags)
        vm.memory.write(address, NULL)
    return 0

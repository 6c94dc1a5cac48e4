"""The reference interpreter of classic BPF: what a program returns for a packet or a system call.

Source: bpf_convert_filter, bpf_skb_load_helper_*, __skb_get_nlattr in net/core/filter.c,
bpf_internal_load_pointer_neg_helper in kernel/bpf/core.c (Linux 6.18).
"""

from __future__ import annotations

import struct

from . import classic as c

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .classic import ClassicInsn

    Ancillary = Mapping[str, int]

_U32 = 0xFFFFFFFF
OPERATIONS: dict[int, Callable[[int, int], int]] = {
    c.ADD: lambda a, b: a + b,
    c.SUB: lambda a, b: a - b,
    c.MUL: lambda a, b: a * b,
    c.DIV: lambda a, b: a // b,
    c.MOD: lambda a, b: a % b,
    c.OR: lambda a, b: a | b,
    c.AND: lambda a, b: a & b,
    c.XOR: lambda a, b: a ^ b,
    c.LSH: lambda a, b: a << (b & 31),
    c.RSH: lambda a, b: a >> (b & 31),
    c.NEG: lambda a, _: -a,
}
_JUMPS: dict[int, Callable[[int, int], bool]] = {
    c.JEQ: lambda a, b: a == b,
    c.JGT: lambda a, b: a > b,
    c.JGE: lambda a, b: a >= b,
    c.JSET: lambda a, b: a & b != 0,
}


class _Outside(Exception):
    """A load past the packet's end: the program ends and returns 0."""


class Packet:
    """What a program reads: bytes in network order, and what the kernel knows beside them.

    `network_off` is where the network header is. `length` is the packet's own where `data` is only its beginning.
    `ancillary` has values by the words of `classic.ANCILLARY`; what is missing is 0.
    """

    def __init__(
        self, data: bytes, *, network_off: int = 0, length: int | None = None, ancillary: Ancillary | None = None
    ) -> None:
        self.data, self.network_off, self.ancillary = data, network_off, ancillary or {}
        self.length = len(data) if length is None else length

    def load(self, off: int, size: int) -> int:
        """Return the number of `size` bytes at a u32 offset."""
        at = c.signed(off)
        if at < 0:
            if at < c.signed(c.LL_OFF):
                raise _Outside
            at = at - c.signed(c.NET_OFF) + self.network_off if at >= c.signed(c.NET_OFF) else at - c.signed(c.LL_OFF)
        if at + size > len(self.data):
            raise _Outside
        return int.from_bytes(self.data[at : at + size], "big")

    def extension(self, word: str, a: int, x: int) -> int:
        """Return what A is after a load of ancillary data."""
        if word == "xor":
            return a ^ x
        if word in ("nla", "nlan"):
            return self._attribute(a, x, nested=word == "nlan")
        return self.ancillary.get(word, 0) & _U32

    def _attribute(self, start: int, wanted: int, nested: bool) -> int:
        """Return where the netlink attribute `wanted` is, of those from `start` on or inside that one; 0: nowhere."""
        data, end = self.data, len(self.data)
        if start > end - 4:
            return 0
        if nested:
            size = struct.unpack_from("=H", data, start)[0]
            if not 4 <= size <= end - start:
                return 0
            start, end = start + 4, start + size
        while end - start >= 4:
            size, kind = struct.unpack_from("=HH", data, start)
            if not 4 <= size <= end - start:
                return 0
            if kind & 0x3FFF == wanted:
                return start
            start += size + 3 & ~3
        return 0


class SeccompData(Packet):
    """`struct seccomp_data` (64 bytes, of the machine that `byteorder` says), which seccomp's filters read."""

    def __init__(
        self, nr: int, arch: int, args: Sequence[int] = (), instruction_pointer: int = 0, *, byteorder: str = "little"
    ) -> None:
        order = "<" if byteorder == "little" else ">"
        six = [a & (1 << 64) - 1 for a in (*args, *[0] * (6 - len(args)))]
        super().__init__(struct.pack(f"{order}iIQ6Q", c.signed(nr & _U32), arch, instruction_pointer, *six))
        self._u32 = struct.Struct(f"{order}I")

    def load(self, off: int, size: int) -> int:
        """Return the u32 at an offset, in the machine's byte order."""
        value: int = self._u32.unpack_from(self.data, off)[0]
        return value


def run(insns: Sequence[ClassicInsn], packet: Packet) -> int:
    """Run a program that `classic.check` admits and return its u32.

    A load past the packet's end and a division by 0 end it with 0.
    """
    try:
        return _run(insns, packet)
    except (_Outside, ZeroDivisionError):
        return 0


def is_short(insns: Sequence[ClassicInsn], packet: Packet) -> bool:
    """Return whether a program ends because it reads past the packet's end."""
    try:
        _run(insns, packet)
    except _Outside:
        return True
    except ZeroDivisionError:
        return False
    return False


def _run(insns: Sequence[ClassicInsn], packet: Packet) -> int:
    a = x = at = 0
    cells = [0] * c.CELLS
    while True:
        insn = insns[at]
        code, k = insn.code, insn.k
        kind, mode, at = code & 7, code & 0xE0, at + 1
        if kind == c.ALU:
            a = OPERATIONS[code & 0xF0](a, x if code & c.X else k) & _U32
        elif kind == c.JMP:
            if code & 0xF0 == c.JA:
                at += k
            else:
                at += insn.jt if _JUMPS[code & 0xF0](a, x if code & c.X else k) else insn.jf
        elif kind == c.RET:
            return a if code & 0x18 == c.A else k
        elif kind == c.MISC:
            if code & 0xF8 == c.TXA:
                a = x
            else:
                x = a
        elif kind == c.ST:
            cells[k] = a
        elif kind == c.STX:
            cells[k] = x
        else:
            if mode == c.IMM:
                value = k
            elif mode == c.MEM:
                value = cells[k]
            elif mode == c.LEN:
                value = packet.length
            elif mode == c.MSH:
                value = 4 * (packet.load(k, 1) & 0xF)
            else:
                word = c.ancillary_of(insn)
                size = c.SIZE_BYTES[code & 0x18]
                off = k + x & _U32 if mode == c.IND else k
                value = packet.extension(word, a, x) if word else packet.load(off, size)
            if kind == c.LD:
                a = value
            else:
                x = value
